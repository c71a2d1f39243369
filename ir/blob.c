#include "ir/blob.h"

#include <math.h>
#include <string.h>
#include <xxhash.h>

#include "ir/base/diag.h"

static nirc_blob *make(const nirc_heap *h, nirc_dtype dtype, const nirc_shape *shape, bool splat)
{
  nirc_blob *b = nirc_heap_alloc(h, sizeof *b);
  *b = (nirc_blob){.refs = 1, .dtype = dtype, .shape = *shape, .splat = splat, .heap = h};
  NIRC_ASSERT(nirc_shape_count(shape, &b->count));
  return b;
}

nirc_blob *nirc_blob_new(const nirc_heap *h, nirc_dtype dtype, const nirc_shape *shape, bool splat, void **data)
{
  nirc_blob *b = make(h, dtype, shape, splat);
  void *p = nirc_heap_alloc(h, nirc_blob_bytes(b));
  *data = p;
  b->data = p;
  return b;
}

nirc_blob *nirc_blob_borrow(const nirc_heap *h, nirc_dtype dtype, const nirc_shape *shape, const void *data)
{
  nirc_blob *b = make(h, dtype, shape, false);
  b->data = data;
  b->borrowed = true;
  return b;
}

nirc_blob *nirc_blob_splat(const nirc_heap *h, nirc_dtype dtype, const nirc_shape *shape, double value)
{
  void *data;
  nirc_blob *b = nirc_blob_new(h, dtype, shape, true, &data);
  float single = (float)value;
  if (dtype == NIRC_F32)
    memcpy(data, &single, sizeof single);
  else
    memcpy(data, &value, sizeof value);
  return b;
}

nirc_blob *nirc_blob_ref(nirc_blob *b)
{
  b->refs++;
  return b;
}

void nirc_blob_unref(nirc_blob *b)
{
  if (!b || --b->refs)
    return;
  if (!b->borrowed)
    b->heap->free(b->heap->user, (void *)(uintptr_t)b->data);
  b->heap->free(b->heap->user, b);
}

double nirc_blob_get(const nirc_blob *b, size_t i)
{
  return nirc_dtype_get(b->dtype, b->data, b->splat ? 0 : i);
}

bool nirc_blob_get_int(const nirc_blob *b, size_t i, int64_t *out)
{
  return nirc_dtype_get_int(b->dtype, b->data, b->splat ? 0 : i, out);
}

size_t nirc_blob_bytes(const nirc_blob *b)
{
  return (b->splat ? 1 : b->count) * nirc_dtype_size(b->dtype);
}

uint64_t nirc_blob_hash(const nirc_blob *b)
{
  uint64_t seed = XXH3_64bits(b->shape.dims, b->shape.rank * sizeof b->shape.dims[0]);
  seed = seed * 31 + (uint64_t)b->dtype * 2 + b->splat;
  return XXH3_64bits_withSeed(b->data, nirc_blob_bytes(b), seed);
}

bool nirc_blob_all_finite(const nirc_blob *b)
{
  if (!nirc_dtype_is_float(b->dtype))
    return true;
  size_t n = b->splat ? 1 : b->count;
  for (size_t i = 0; i < n; i++)
    if (!isfinite(nirc_dtype_get(b->dtype, b->data, i)))
      return false;
  return true;
}

bool nirc_blob_is_all(const nirc_blob *b, double x)
{
  size_t n = b->splat && b->count ? 1 : b->count;
  for (size_t i = 0; i < n; i++)
    if (nirc_blob_get(b, i) != x)
      return false;
  return n > 0;
}

bool nirc_blob_is_identity(const nirc_blob *b)
{
  uint32_t rank = b->shape.rank;
  if (rank < 2 || b->shape.dims[rank - 1] != b->shape.dims[rank - 2])
    return false;
  size_t n = (size_t)b->shape.dims[rank - 1];
  if (b->splat && n > 1)
    return false;
  for (size_t i = 0; i < b->count; i++)
    if (nirc_blob_get(b, i) != (i / n % n == i % n ? 1 : 0))
      return false;
  return true;
}
