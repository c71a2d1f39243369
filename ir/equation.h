/* ir/equation.h: what happens to each element of a layer, written as text: `h = v + k*((v_leak - v) + r*x); z = h > v_threshold; v = z ? v_reset : h`.
 * Statements run in order and may assign a name again. The text becomes a list of typed operations; the interpreter, code generation and the making of
 * coefficients all work from that list.
 * Must not know: ops, what any name means.
 *
 *     statements  NAME = E; ...          E ? E : E     || &&     > >= < <= == !=     >>     + -     * /     -E     (E)     FUNCTION(E, ...)
 *     types       f32, f64, i64, bool (what a comparison gives), i16 (of states: i64 where it is read)
 *
 * Each operation is rounded by itself to its type. A number has no type of its own: it takes that of the other operand (rounded to it); where there is none,
 * and where two bools meet, that is the equation's own number type. f32 next to f64 becomes f64, which is exact; i64 and floats do not mix: f32(), f64(), i64()
 * convert (i64: toward zero, saturating, NaN to 0). i64 wraps; its division rounds toward zero, and gives 0 where the divisor is not positive. a >> b of i64 shifts with
 * floor, by 0 to 63 (other b: as by 63). i16(a) saturates to 16 bits; wrap16(a) keeps the lower 16 bits, with sign.
 *     fma(a, b, c): one rounding    trunc, floor, rint (half to even), abs    max(a, b): a > b ? a : b    min(a, b): a < b ? a : b
 * For coefficients only, since they are computed once: exp, expm1, log (in f64, rounded to the type); near(a, b): equal within 1e-5 of the larger; and over a
 * whole layer: first, least, most, mean, alike (bool: within 1e-6 of each other). */
#ifndef NIRC_IR_EQUATION_H
#define NIRC_IR_EQUATION_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/base/arena.h"
#include "ir/base/dtype.h"

typedef enum nirc_eq_code {
  NIRC_EQ_INPUT, NIRC_EQ_NUMBER, NIRC_EQ_CONVERT, NIRC_EQ_NEG, NIRC_EQ_ADD, NIRC_EQ_SUB, NIRC_EQ_MUL, NIRC_EQ_DIV, NIRC_EQ_GT, NIRC_EQ_GE, NIRC_EQ_LT,
  NIRC_EQ_LE, NIRC_EQ_EQ, NIRC_EQ_NE, NIRC_EQ_AND, NIRC_EQ_OR, NIRC_EQ_SELECT, NIRC_EQ_FMA, NIRC_EQ_TRUNC, NIRC_EQ_FLOOR, NIRC_EQ_RINT, NIRC_EQ_ABS,
  NIRC_EQ_MAX, NIRC_EQ_MIN, NIRC_EQ_SHIFT, NIRC_EQ_WRAP16,
  NIRC_EQ_EXP, NIRC_EQ_EXPM1, NIRC_EQ_LOG, NIRC_EQ_NEAR,                 /* coefficients only, from here on */
  NIRC_EQ_FIRST, NIRC_EQ_LEAST, NIRC_EQ_MOST, NIRC_EQ_MEAN, NIRC_EQ_ALIKE  /* over a layer, from here on */
} nirc_eq_code;

/* A value of any type: `i` of i64 and i16, else `f` (bool: 0 or 1; f32: a float's value). */
typedef struct nirc_eq_value { double f; int64_t i; } nirc_eq_value;

typedef struct nirc_eq_node {
  nirc_eq_code code;
  nirc_dtype type;                                   /* NIRC_F32, NIRC_F64, NIRC_I64, NIRC_I16 or NIRC_BOOL */
  uint32_t arg[3];                                   /* earlier nodes; of an input: its number in arg[0] */
  nirc_eq_value number;
} nirc_eq_node;

/* A name that statements may use before they assign it. */
typedef struct nirc_eq_name {
  const char *name;
  nirc_dtype type;
  bool is_number;                                    /* a number without a type, of that value */
  bool fixed;                                        /* statements that assign it are left out */
  double value;
} nirc_eq_name;

typedef struct nirc_equation {
  nirc_eq_node *nodes;                               /* only those that the results need */
  uint32_t n_nodes;
  uint32_t *results;                                 /* nodes of the wanted names */
  bool *used;                                        /* of the known names: whether the results need it */
} nirc_equation;

/* Reads `text`; the results are the final values of `wanted`. False with a sentence in *fault (from the arena) where the text has a fault or a wanted name is
 * never assigned and not known. */
bool nirc_equation_parse(nirc_equation *q, nirc_arena *a, const char *text, const nirc_eq_name *known, size_t n_known, const char *const *wanted, size_t n_wanted,
                         nirc_dtype number, const char **fault);

unsigned nirc_eq_n_args(nirc_eq_code c);             /* operands of an operation */

/* One node from the values of its arguments; not for inputs, numbers and what goes over a layer. */
nirc_eq_value nirc_eq_apply(const nirc_equation *q, const nirc_eq_node *n, const nirc_eq_value arg[3]);

/* All nodes of one element, values[n_nodes]; `inputs` by known name. For equations without operations over a layer. */
void nirc_equation_eval(const nirc_equation *q, const nirc_eq_value *inputs, nirc_eq_value *values);

/* All nodes for n elements, node by node: values[node * n + element]. inputs[name] points to n values, or to one where single[name]. */
void nirc_equation_eval_layer(const nirc_equation *q, const nirc_eq_value *const *inputs, const bool *single, size_t n, nirc_eq_value *values);

/* True where the operation belongs to coefficients only. */
static inline bool nirc_eq_is_once(nirc_eq_code c) { return c >= NIRC_EQ_EXP; }

/* Does result r need the known name? */
bool nirc_equation_depends(const nirc_equation *q, size_t result, size_t name);

#endif
