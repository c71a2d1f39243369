/* ir/base/heap.h: where all memory of the compiler comes from.
 * Owns: nothing; a heap is a table of functions that the caller supplies.
 * Must not know: arenas, IR, diagnostics.
 *
 * Running out is not an error code that every caller would have to pass on: nirc_heap_alloc either returns memory or calls
 * `exhausted`, which must not return (the programs report it and leave with status 4, tests jump out). */
#ifndef NIRC_IR_BASE_HEAP_H
#define NIRC_IR_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>

typedef struct nirc_heap {
  void *(*alloc)(void *user, size_t size);           /* NULL when there is no more */
  void (*free)(void *user, void *p);                 /* accepts NULL */
  void (*exhausted)(void *user, size_t size);        /* must not return */
  void *user;
} nirc_heap;

/* malloc and free; exhausted prints one line and exits with status 4. */
const nirc_heap *nirc_heap_default(void);

/* size bytes, uninitialised, aligned for any type; never NULL, size 0 included. Caller frees with nirc_heap_free. */
void *nirc_heap_alloc(const nirc_heap *h, size_t size);
void nirc_heap_free(const nirc_heap *h, void *p);

/* *out = a * b (a + b); false, *out untouched, where that overflows. For every size that a file can influence. */
bool nirc_mul_size(size_t *out, size_t a, size_t b);
bool nirc_add_size(size_t *out, size_t a, size_t b);

#endif
