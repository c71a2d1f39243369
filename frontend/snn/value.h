/* frontend/snn/value.h: what an expression of the network language is worth.
 * Owns: arithmetic, units, functions, files of values.
 * Must not know: nodes, templates, parameters of primitives. Source: docs/language.md. */
#ifndef NIRC_FRONTEND_SNN_VALUE_H
#define NIRC_FRONTEND_SNN_VALUE_H

#include "frontend/snn/syntax.h"
#include "frontend/snn/table.h"
#include "ir/base/guess.h"
#include "ir/base/quantity.h"
#include "ir/op.h"

typedef enum nirc_snn_kind {
  NIRC_SNN_V_NUMBER,                                 /* x, dims; whole, negative, magnitude where it was written as a whole number */
  NIRC_SNN_V_BITS,                                   /* magnitude */
  NIRC_SNN_V_ARRAY,                                  /* shape, data, dims; whole: every element was */
  NIRC_SNN_V_TYPED,                                  /* blob, dims */
  NIRC_SNN_V_RANDOM,                                 /* random; shape where `shaped` */
  NIRC_SNN_V_TEXT,                                   /* text */
  NIRC_SNN_V_TEXTS,                                  /* texts, shape */
  NIRC_SNN_V_GROUP,                                  /* group */
  NIRC_SNN_V_FAULTY                                  /* of a constant, whose error was reported */
} nirc_snn_kind;

typedef struct nirc_snn_random { char kind; uint64_t seed; double a, b; nirc_dims dims; } nirc_snn_random;       /* u: low, high; n: mean, std; b: p */

typedef struct nirc_snn_value {
  nirc_snn_kind kind;
  nirc_loc loc;
  nirc_dims dims;
  double x;                                          /* SI */
  bool whole, negative, shaped, rounded;             /* rounded: a whole number among the elements is not the one that was written */
  uint64_t magnitude;
  nirc_shape shape;
  const double *data;
  nirc_blob *blob;                                   /* borrowed from the module */
  nirc_snn_random random;
  const char *text;
  const char *const *texts;
  nirc_attr *group;
} nirc_snn_value;

/* Names that an expression may use, from the inside out; and how the text that it stands in came to be used. */
typedef struct nirc_snn_name { nirc_loc loc; nirc_snn_value value; } nirc_snn_name;
typedef struct nirc_snn_scope { nirc_snn_table names; const struct nirc_snn_scope *outer; const nirc_via *via; } nirc_snn_scope;

typedef struct nirc_snn_eval {
  nirc_module *m;                                    /* everything lives in its arena */
  nirc_diag *d;
  nirc_arena *files;                                 /* outlives the module: what was read from files */
  struct nirc_snn_data *data;                        /* files that were read */
  size_t work;                                       /* elements that were made, expressions that were evaluated */
} nirc_snn_eval;

enum { NIRC_SNN_MAX_ELEMENTS = 1 << 27, NIRC_SNN_MAX_WORK = 1 << 28 };   /* elements of an array; nirc_snn_eval's work */

/* The place, seen from the scope. */
nirc_loc nirc_snn_at(const nirc_snn_scope *s, nirc_loc loc);

const nirc_snn_name *nirc_snn_lookup(const nirc_snn_scope *s, const char *name);         /* NULL where unknown, else in the innermost scope that has it */
/* False after a diagnostic: it is there already, in this very scope. */
bool nirc_snn_define(nirc_snn_eval *x, nirc_snn_scope *s, const char *name, nirc_loc loc, const nirc_snn_value *v);

/* All of these: false after a diagnostic. */
bool nirc_snn_evaluate(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_expr *e, nirc_snn_value *out);
/* Lists in lists count as their elements; a number is a shape of one axis. */
bool nirc_snn_evaluate_shape(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_expr *e, nirc_shape *out);
bool nirc_snn_evaluate_whole(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_expr *e, int64_t *out);
bool nirc_snn_call(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_expr *e, nirc_snn_value *out);             /* functions.c */
bool nirc_snn_load(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_expr *e, nirc_snn_value *out);             /* data.c */

/* A file's path, relative to the text that names it. */
const char *nirc_snn_beside(nirc_arena *a, const char *text_path, const char *name);
/* The bytes of a regular file; NULL after a diagnostic (status 3; 4 where there are more than `limit`). The caller frees them with nirc_heap_free. */
void *nirc_snn_read_bytes(nirc_snn_eval *x, const char *path, size_t limit, size_t *size);
/* Counts the elements of one more array; false after a diagnostic where they are too many. */
bool nirc_snn_spend(nirc_snn_eval *x, const nirc_snn_scope *s, nirc_loc loc, size_t n);
/* Takes the dimension of an element into that of the list; false after a diagnostic where another element has another. */
bool nirc_snn_same_dims(nirc_snn_eval *x, const nirc_snn_scope *s, nirc_snn_value *list, const nirc_snn_value *v);
const char *nirc_snn_function_name(size_t i);        /* NULL behind the last */

/* How many elements an array of that shape has, which is about to be made: within the limits of an array and of all arrays. */
bool nirc_snn_count(nirc_snn_eval *x, const nirc_snn_scope *s, nirc_loc loc, const nirc_shape *shape, size_t *n);
/* A whole number of a value; without a diagnostic. */
bool nirc_snn_whole(const nirc_snn_value *v, int64_t *out);
/* A number, an array of numbers, a drawn random array as elements; a single number has rank 0. Reports what has none. */
bool nirc_snn_elements(nirc_snn_eval *x, const nirc_snn_scope *s, nirc_snn_value *v);
/* One number of that type to *to. */
bool nirc_snn_store(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_value *v, nirc_dtype t, void *to);
/* The list of which v is an element has that element's dimension, or a bare number is among them. */
bool nirc_snn_same_dims(nirc_snn_eval *x, const nirc_snn_scope *s, nirc_snn_value *list, const nirc_snn_value *v);
/* A blob of that type: v's elements, or one for all of `shape` (NULL: v's own). */
nirc_blob *nirc_snn_blob(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_value *v, nirc_dtype t, const nirc_shape *shape);
const char *nirc_snn_describe(nirc_snn_eval *x, const nirc_snn_value *v);         /* "a time", "text", "an array of shape [3]", ... */

#endif
