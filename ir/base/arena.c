#include "ir/base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK_BYTES = 32 * 1024 };

typedef struct block {
  struct block *next;
  size_t size;                                       /* payload bytes behind this header */
} block;

struct nirc_arena {
  const nirc_heap *heap;
  block *blocks;                                     /* newest first */
  unsigned char *at, *end;                           /* free part of the newest block */
};

nirc_arena *nirc_arena_new(const nirc_heap *h)
{
  nirc_arena *a = nirc_heap_alloc(h, sizeof *a);
  *a = (nirc_arena){.heap = h};
  return a;
}

void nirc_arena_free(nirc_arena *a)
{
  if (!a)
    return;
  for (block *b = a->blocks, *next; b; b = next) {
    next = b->next;
    nirc_heap_free(a->heap, b);
  }
  nirc_heap_free(a->heap, a);
}

const nirc_heap *nirc_arena_heap(const nirc_arena *a)
{
  return a->heap;
}

static unsigned char *align_up(unsigned char *p, size_t align)
{
  size_t over = (uintptr_t)p & (align - 1);
  return over ? p + (align - over) : p;
}

static void grow(nirc_arena *a, size_t at_least)
{
  size_t size = at_least > BLOCK_BYTES ? at_least : BLOCK_BYTES;
  size_t total;
  if (!nirc_add_size(&total, size, sizeof(block)))
    total = SIZE_MAX;                                /* no heap has that: exhausted */
  block *b = nirc_heap_alloc(a->heap, total);
  *b = (block){.next = a->blocks, .size = size};
  a->blocks = b;
  a->at = (unsigned char *)(b + 1);
  a->end = a->at + size;
}

void *nirc_arena_alloc(nirc_arena *a, size_t size, size_t align)
{
  unsigned char *p = a->at ? align_up(a->at, align) : NULL;
  if (!p || p > a->end || (size_t)(a->end - p) < size) {
    size_t need;
    if (!nirc_add_size(&need, size, align))
      need = SIZE_MAX;
    grow(a, need);
    p = align_up(a->at, align);
  }
  a->at = p + size;
  return memset(p, 0, size);
}

void *nirc_arena_alloc_array(nirc_arena *a, size_t n, size_t size, size_t align)
{
  size_t total;
  if (!nirc_mul_size(&total, n, size))
    total = SIZE_MAX;
  return nirc_arena_alloc(a, total, align);
}

char *nirc_arena_strndup(nirc_arena *a, const char *s, size_t n)
{
  char *copy = nirc_arena_alloc(a, n + 1, 1);
  memcpy(copy, s, n);
  return copy;
}

char *nirc_arena_strdup(nirc_arena *a, const char *s)
{
  return nirc_arena_strndup(a, s, strlen(s));
}

char *nirc_arena_printf(nirc_arena *a, const char *format, ...)
{
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, args);
  va_end(args);
  size_t size = n < 0 ? 1 : (size_t)n + 1;
  char *s = nirc_arena_alloc(a, size, 1);
  vsnprintf(s, size, format, again);
  va_end(again);
  return s;
}
