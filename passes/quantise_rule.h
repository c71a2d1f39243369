/* passes/quantise_rule.h: weights as whole numbers times a scale: which scale, how a weight is rounded, what is clipped, how far off that is.
 * Owns: nothing.
 * Must not know: ops, targets. The CPU's pass `quantise` and targets that quantise this way share it. */
#ifndef NIRC_PASSES_QUANTISE_RULE_H
#define NIRC_PASSES_QUANTISE_RULE_H

#include "ir/base/dtype.h"

enum { NIRC_QUANTISE_MOST_BITS = 16 };

typedef struct nirc_quantise_rule {
  int bits;                                          /* 2 to NIRC_QUANTISE_MOST_BITS: numbers are at most 2^(bits-1) - 1 either way */
  double percentile;                                 /* above 0, at most 100: of the magnitudes, which one gets the largest number; 100: the largest */
  bool power_of_two;                                 /* the scale is the least power of two that reaches as far */
  nirc_dtype type;                                   /* of the scale: f32 or f64 */
} nirc_quantise_rule;

/* How far numbers times their scale are from the weights; all zeros to begin with. */
typedef struct nirc_quantise_error {
  size_t n, clipped;                                 /* weights; of them beyond what the largest number stands for */
  double largest_clipped;                            /* magnitude */
  double largest, sum;                               /* |number * scale - weight|: the largest, the sum over all */
} nirc_quantise_error;

int64_t nirc_quantise_most(const nirc_quantise_rule *r);                 /* the largest number */

/* The scale of n finite weights, which are put into another order. 1 where all are 0, or whole numbers that need no rounding. */
double nirc_quantise_scale(const nirc_quantise_rule *r, double *weights, size_t n);

/* weight / scale in float64, rounded half to even, then clipped. The error may be NULL. */
int64_t nirc_quantise_number(const nirc_quantise_rule *r, double weight, double scale, nirc_quantise_error *e);

#endif
