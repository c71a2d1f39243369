/* tools/run_file.h: HDF5 files that nirc-run writes.
 * Owns: the open file; the only part of nirc-run that includes hdf5.h. No times are stored, so equal calls give equal bytes.
 * Must not know: what is written.
 *
 * The first thing that fails is reported (status 3) and makes all later calls do nothing, so only the end has to be looked at. */
#ifndef NIRC_TOOLS_RUN_FILE_H
#define NIRC_TOOLS_RUN_FILE_H

#include "ir/base/diag.h"
#include "ir/base/dtype.h"

typedef struct nirc_run_file nirc_run_file;

/* Writes to the existing file `temporary`; messages name `path`. Never NULL. Both strings are borrowed. */
nirc_run_file *nirc_run_file_open(const char *temporary, const char *path, nirc_diag *d);

/* Consumes f; true where everything has been written. */
bool nirc_run_file_close(nirc_run_file *f);

enum { NIRC_RUN_FILE_MAX_RANK = 32 };

typedef struct nirc_run_array {
  nirc_dtype dtype;                                  /* NIRC_F32 or NIRC_U8 */
  uint32_t rank;
  uint64_t dims[NIRC_RUN_FILE_MAX_RANK];             /* of the dataset */
  const void *data;
  bool swapped;                                      /* rank is 3, and data lies as [dims[1]][dims[0]][dims[2]] */
  int level;                                         /* of deflate; 0: none, contiguous */
} nirc_run_array;

/* name: path from the root; groups on the way are made. */
void nirc_run_file_dataset(nirc_run_file *f, const char *name, const nirc_run_array *a);

/* Attributes of the existing object `name` ("/" for the root). One that is there already is left as it is. */
void nirc_run_file_double(nirc_run_file *f, const char *name, const char *key, double value);
void nirc_run_file_u64(nirc_run_file *f, const char *name, const char *key, uint64_t value);
void nirc_run_file_string(nirc_run_file *f, const char *name, const char *key, const char *value);

#endif
