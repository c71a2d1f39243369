#include "ir/base/heap.h"

#include <stdio.h>
#include <stdlib.h>

static void *default_alloc(void *user, size_t size)
{
  (void)user;
  return malloc(size);
}

static void default_free(void *user, void *p)
{
  (void)user;
  free(p);
}

static void default_exhausted(void *user, size_t size)
{
  (void)user;
  fprintf(stderr, "nirc: error: out of memory (%zu bytes wanted)\n", size);
  exit(4);
}

static const nirc_heap default_heap = {.alloc = default_alloc, .free = default_free, .exhausted = default_exhausted};

const nirc_heap *nirc_heap_default(void)
{
  return &default_heap;
}

void *nirc_heap_alloc(const nirc_heap *h, size_t size)
{
  void *p = h->alloc(h->user, size ? size : 1);
  if (!p) {
    h->exhausted(h->user, size);
    abort();
  }
  return p;
}

void nirc_heap_free(const nirc_heap *h, void *p)
{
  h->free(h->user, p);
}

bool nirc_mul_size(size_t *out, size_t a, size_t b)
{
  size_t r;
  if (__builtin_mul_overflow(a, b, &r))
    return false;
  *out = r;
  return true;
}

bool nirc_add_size(size_t *out, size_t a, size_t b)
{
  size_t r;
  if (__builtin_add_overflow(a, b, &r))
    return false;
  *out = r;
  return true;
}
