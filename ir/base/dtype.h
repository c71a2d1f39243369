/* ir/base/dtype.h: the number types of files and tensors.
 * Must not know: tensors, HDF5. */
#ifndef NIRC_IR_BASE_DTYPE_H
#define NIRC_IR_BASE_DTYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum nirc_dtype {
  NIRC_BOOL,                                         /* one byte, 0 or 1; `i1` in IR text */
  NIRC_I8, NIRC_I16, NIRC_I32, NIRC_I64,
  NIRC_U8, NIRC_U16, NIRC_U32, NIRC_U64,
  NIRC_F16, NIRC_F32, NIRC_F64,
  NIRC_N_DTYPES
} nirc_dtype;

const char *nirc_dtype_name(nirc_dtype t);           /* "i1", "i8", ..., "u64", "f16", "f32", "f64" */
size_t nirc_dtype_size(nirc_dtype t);                /* bytes of one element */
bool nirc_dtype_is_float(nirc_dtype t);

/* Element i of a packed native-endian array as a double (64-bit integers are rounded to nearest). */
double nirc_dtype_get(nirc_dtype t, const void *data, size_t i);
/* Element i as an integer; false where it is not whole or does not fit. */
bool nirc_dtype_get_int(nirc_dtype t, const void *data, size_t i, int64_t *out);

/* Shortest decimal text that reads back as the same value of type f32 or f64; NaN and infinities as the bit pattern
 * (0x7fc00000). text must hold 32 bytes. */
void nirc_float_text(char *text, nirc_dtype t, double x);

#endif
