/* ir/base/arena.h: memory that is released all at once.
 * Owns: the blocks it got from its heap. Nothing in an arena is freed singly.
 * Must not know: what is stored. */
#ifndef NIRC_IR_BASE_ARENA_H
#define NIRC_IR_BASE_ARENA_H

#include <stdalign.h>
#include <stddef.h>

#include "ir/base/heap.h"

typedef struct nirc_arena nirc_arena;

nirc_arena *nirc_arena_new(const nirc_heap *h);      /* h is borrowed and must outlive the arena */
void nirc_arena_free(nirc_arena *a);                 /* accepts NULL */

/* Zeroed memory; align is a power of two up to 64. */
void *nirc_arena_alloc(nirc_arena *a, size_t size, size_t align);
char *nirc_arena_strdup(nirc_arena *a, const char *s);
char *nirc_arena_strndup(nirc_arena *a, const char *s, size_t n);
char *nirc_arena_printf(nirc_arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

const nirc_heap *nirc_arena_heap(const nirc_arena *a);

#define NIRC_NEW(arena, type) ((type *)nirc_arena_alloc((arena), sizeof(type), alignof(type)))
/* n elements; a size that overflows is reported as exhausted memory. */
#define NIRC_NEW_ARRAY(arena, type, n) ((type *)nirc_arena_alloc_array((arena), (n), sizeof(type), alignof(type)))
void *nirc_arena_alloc_array(nirc_arena *a, size_t n, size_t size, size_t align);

#endif
