/* targets/loihi2/hdf5.h: a small HDF5 file, made in memory.
 * Must not know: what is in it. */
#ifndef NIRC_TARGETS_LOIHI2_HDF5_H
#define NIRC_TARGETS_LOIHI2_HDF5_H

#include <hdf5.h>

#include "ir/base/sink.h"
#include "ir/type.h"

typedef struct nirc_loihi2_file { hid_t file, link; nirc_arena *arena; bool failed; } nirc_loihi2_file;

void nirc_loihi2_file_open(nirc_loihi2_file *f, nirc_arena *a);
/* Hands the file to the sink and closes it. */
bool nirc_loihi2_file_commit(nirc_loihi2_file *f, const char *name, nirc_sink *out, nirc_diag *d);

hid_t nirc_loihi2_group(nirc_loihi2_file *f, hid_t in, const char *name);                     /* caller closes with H5Gclose */
/* Numbers, stored as `type`, of 64 or 32 bits; reals as float32 or int32. Rank 0: one. */
void nirc_loihi2_put_ints(nirc_loihi2_file *f, hid_t in, const char *name, hid_t type, uint32_t rank, const uint64_t *dims, const int64_t *value);
/* Of 32 bits, signed or below 2^31: stored as they are. */
void nirc_loihi2_put_small(nirc_loihi2_file *f, hid_t in, const char *name, uint32_t rank, const uint64_t *dims, const void *value);
void nirc_loihi2_put_int(nirc_loihi2_file *f, hid_t in, const char *name, hid_t type, int64_t value);
void nirc_loihi2_put_reals(nirc_loihi2_file *f, hid_t in, const char *name, hid_t type, uint32_t rank, const uint64_t *dims, const double *value);
/* Text of fixed length, that of the text where `length` is 0; in an array of one, or scalar. */
void nirc_loihi2_put_text(nirc_loihi2_file *f, hid_t in, const char *name, const char *text, size_t length, bool array);
void nirc_loihi2_put_false(nirc_loihi2_file *f, hid_t in, const char *name);
void nirc_loihi2_set_attributes(nirc_loihi2_file *f, const char *format, int32_t version);

#endif
