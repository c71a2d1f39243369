/* frontend/nir_h5_describe.h: what a dataset or attribute is, told before any of it is read, and whether it is taken.
 * Must not know: the pipe, the walk. Runs in the child only: it calls libhdf5. */
#ifndef NIRC_FRONTEND_NIR_H5_DESCRIBE_H
#define NIRC_FRONTEND_NIR_H5_DESCRIBE_H

#define H5_USE_110_API 1                             /* later libraries: the calls as they were in 1.10 */
#include <hdf5.h>

#include "frontend/nir_h5_wire.h"

/* A dataset or attribute, described but not yet read. */
typedef struct nirc_h5_item {
  nirc_h5_record record;
  hid_t memory_type;                                 /* as in the file, but for byte order */
  size_t count, element_bytes, file_bytes;
  size_t chunk_bytes;                                /* 0: not chunked */
  bool variable, boolean;
  H5T_str_t padding;
  nirc_status status;                                /* why it is refused: status and words */
  char why[NIRC_H5_MAX_FAULT_TEXT];
} nirc_h5_item;

/* False, with status and words in the item. */
bool nirc_h5_refuse(nirc_h5_item *it, nirc_status status, const char *why);
/* `ok`; where that is false and nothing was refused, the library is to blame. */
bool nirc_h5_settle(nirc_h5_item *it, bool ok);
/* The last library call failed: that it did, in its words, or that memory ran out. Any further call clears the cause. */
nirc_status nirc_h5_blame(char *why, size_t size, const char *what);

/* Number or string type, rank, sizes; takes `type` and `space`, which may be invalid handles. False where it is refused or damaged (the item says why). */
bool nirc_h5_describe(nirc_h5_item *it, hid_t type, hid_t space);
/* How a dataset is stored: refused are external and virtual storage, other filters than deflate, shuffle and fletcher32, chunks above `max_tensor_bytes`, and more
 * contiguous bytes than the file's `image_bytes`. */
bool nirc_h5_check_storage(size_t image_bytes, size_t max_tensor_bytes, nirc_h5_item *it, hid_t dataset);

#endif
