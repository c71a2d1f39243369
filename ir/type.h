/* ir/type.h: shapes and tensor types.
 * Owns: nothing; types live in the arena of the module that made them, one object per type, so that equality is pointer equality.
 * Must not know: ops. */
#ifndef NIRC_IR_TYPE_H
#define NIRC_IR_TYPE_H

#include "ir/base/arena.h"
#include "ir/base/dtype.h"
#include "ir/base/strbuf.h"

enum { NIRC_MAX_RANK = 8 };

typedef struct nirc_shape {
  uint32_t rank;                                     /* 0: scalar */
  uint64_t dims[NIRC_MAX_RANK];
} nirc_shape;

/* Number of elements; false where it does not fit size_t or exceeds 2^40 (no network that is meant has that). */
bool nirc_shape_count(const nirc_shape *s, size_t *count);
bool nirc_shape_equal(const nirc_shape *a, const nirc_shape *b);
void nirc_shape_add_text(nirc_strbuf *b, const nirc_shape *s);           /* "[2, 34, 34]" */
const char *nirc_shape_text(nirc_arena *a, const nirc_shape *s);         /* the same, in the arena */
static inline nirc_shape nirc_shape_scalar(void) { return (nirc_shape){0}; }
static inline nirc_shape nirc_shape_1d(uint64_t n) { return (nirc_shape){.rank = 1, .dims = {n}}; }

/* A tensor of static shape. i1 stands for spikes: the numbers 0 and 1. */
typedef struct nirc_type {
  nirc_dtype elem;
  nirc_shape shape;
  size_t count;                                      /* elements */
  struct nirc_type *next;                            /* of the table */
} nirc_type;

typedef struct nirc_type_table { nirc_arena *arena; nirc_type *types; } nirc_type_table;

/* The one object for that type. The shape's count must fit (nirc_shape_count). */
const nirc_type *nirc_type_get(nirc_type_table *t, nirc_dtype elem, const nirc_shape *shape);
void nirc_type_add_text(nirc_strbuf *b, const nirc_type *t);             /* "f32[2,34,34]" */

#endif
