/* frontend/snn/npy.h: arrays in NumPy's `.npy` format, versions 1.0, 2.0 and 3.0.
 * Owns: nothing.
 * Must not know: files, the language. */
#ifndef NIRC_FRONTEND_SNN_NPY_H
#define NIRC_FRONTEND_SNN_NPY_H

#include "ir/base/diag.h"
#include "ir/blob.h"

/* The array whose file has these bytes, native and in C order, whatever it was; one reference for the caller, nothing is borrowed. NULL after one error at loc:
 * elements that are not bool, integers of 1, 2, 4 or 8 bytes or floats of 2, 4 or 8, more than 8 dimensions, a header that is not as NumPy writes it, data that
 * is too short or too long for the shape. */
nirc_blob *nirc_npy_read(const nirc_heap *h, const void *bytes, size_t size, nirc_loc loc, nirc_diag *d);

#endif
