/* ir/blob.h: dense constant payloads (weights, thresholds).
 * Owns: the bytes (unless borrowed), their reference count, their content hash.
 * Must not know: ops, passes, HDF5, LLVM. Readers hand it bytes; it never opens a model file. */
#ifndef NIRC_IR_BLOB_H
#define NIRC_IR_BLOB_H

#include "ir/type.h"

/* Immutable once made. A splat stores one element that stands for all. */
typedef struct nirc_blob {
  unsigned refs;
  nirc_dtype dtype;
  nirc_shape shape;
  size_t count;                                      /* elements that the shape has */
  bool splat;
  const void *data;                                  /* packed, native byte order, aligned for dtype */
  const nirc_heap *heap;
  bool borrowed;                                     /* data belongs to someone who outlives the blob */
} nirc_blob;

/* One reference for the caller. *data is where to write the elements (one for a splat) before the blob is shared. */
nirc_blob *nirc_blob_new(const nirc_heap *h, nirc_dtype dtype, const nirc_shape *shape, bool splat, void **data);
/* The same over bytes that outlive the blob; nothing is copied. */
nirc_blob *nirc_blob_borrow(const nirc_heap *h, nirc_dtype dtype, const nirc_shape *shape, const void *data);
nirc_blob *nirc_blob_splat(const nirc_heap *h, nirc_dtype dtype, const nirc_shape *shape, double value);   /* f32 or f64 */
nirc_blob *nirc_blob_ref(nirc_blob *b);
void nirc_blob_unref(nirc_blob *b);                  /* accepts NULL */

/* Element i of `count`, splat or not. */
double nirc_blob_get(const nirc_blob *b, size_t i);
bool nirc_blob_get_int(const nirc_blob *b, size_t i, int64_t *out);
/* The same where the type is known, for the millions. */
static inline int32_t nirc_blob_i32(const nirc_blob *b, size_t i) { return ((const int32_t *)b->data)[b->splat ? 0 : i]; }
static inline double nirc_blob_f64(const nirc_blob *b, size_t i) { return ((const double *)b->data)[b->splat ? 0 : i]; }

size_t nirc_blob_bytes(const nirc_blob *b);          /* stored at data */
uint64_t nirc_blob_hash(const nirc_blob *b);         /* of dtype, shape and content: XXH3 */
bool nirc_blob_all_finite(const nirc_blob *b);
bool nirc_blob_is_all(const nirc_blob *b, double x); /* at least one element, and each equals x (-0 equals 0) */
bool nirc_blob_is_identity(const nirc_blob *b);      /* [..., n, n], each matrix the identity */

#endif
