#include "passes/quantise_rule.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

int64_t nirc_quantise_most(const nirc_quantise_rule *r)
{
  return (INT64_C(1) << (r->bits - 1)) - 1;
}

static int by_magnitude(const void *a, const void *b)
{
  double x = fabs(*(const double *)a), y = fabs(*(const double *)b);
  return (x > y) - (x < y);
}

static double largest_of(const double *weights, size_t n)
{
  double most = 0;
  for (size_t i = 0; i < n; i++)
    most = fmax(most, fabs(weights[i]));
  return most;
}

/* The least magnitude that `percentile` per cent of the weights do not exceed; the largest where that one is 0, as of weights that are mostly pruned. */
static double range_of(const nirc_quantise_rule *r, double *weights, size_t n)
{
  if (r->percentile >= 100)
    return largest_of(weights, n);
  qsort(weights, n, sizeof *weights, by_magnitude);
  size_t rank = (size_t)ceil(r->percentile * (double)n / 100);
  double range = fabs(weights[rank < 1 ? 0 : rank > n ? n - 1 : rank - 1]);
  return range > 0 ? range : fabs(weights[n - 1]);
}

/* Is the scale 1 without any loss? */
static bool all_whole(const double *weights, size_t n, double most)
{
  for (size_t i = 0; i < n; i++)
    if (weights[i] != rint(weights[i]) || fabs(weights[i]) > most)
      return false;
  return true;
}

static double rounded(nirc_dtype type, double x)
{
  return type == NIRC_F32 ? (double)(float)x : x;
}

double nirc_quantise_scale(const nirc_quantise_rule *r, double *weights, size_t n)
{
  double most = (double)nirc_quantise_most(r);
  if (all_whole(weights, n, most))
    return 1;
  double scale = range_of(r, weights, n) / most;
  int exponent;
  if (r->power_of_two)                               /* frexp: scale = fraction * 2^exponent, fraction in [0.5, 1) */
    scale = ldexp(1, frexp(scale, &exponent) == 0.5 ? exponent - 1 : exponent);
  scale = rounded(r->type, scale);
  return scale > 0 ? scale : r->type == NIRC_F32 ? (double)FLT_TRUE_MIN : DBL_TRUE_MIN;
}

int64_t nirc_quantise_number(const nirc_quantise_rule *r, double weight, double scale, nirc_quantise_error *e)
{
  double most = (double)nirc_quantise_most(r), number = rint(weight / scale);
  bool clips = fabs(number) > most;
  number = clips ? copysign(most, number) : number;
  if (e) {
    double off = fabs(number * scale - weight);
    e->n++;
    e->sum += off;
    e->largest = fmax(e->largest, off);
    e->clipped += clips;
    e->largest_clipped = clips ? fmax(e->largest_clipped, fabs(weight)) : e->largest_clipped;
  }
  return (int64_t)number;
}
