/* passes/write_for_range.c: bounds of what nodes give, by interval arithmetic: spikes are 0 or 1, Inputs are taken to be within 0 and 1. */
#include <math.h>

#include "ir/dialect_nir.h"
#include "passes/write_for.h"

static size_t count_of(const nirc_op *op)
{
  return op->results[0].type->count;
}

static nirc_range new_range(nirc_for *x, const nirc_op *op, double low, double high)
{
  size_t n = count_of(op);
  nirc_range r = {NIRC_NEW_ARRAY(x->a, double, n), NIRC_NEW_ARRAY(x->a, double, n)};
  for (size_t e = 0; e < n; e++) {
    r.low[e] = low;
    r.high[e] = high;
  }
  return r;
}

void nirc_for_arriving(const nirc_for *x, const nirc_op *op, size_t e, double *low, double *high)
{
  *low = *high = 0;
  for (uint32_t k = 0; k < op->n_operands; k++) {
    nirc_range r = x->range[nirc_op_operand(op, k)->def->id];
    *low = r.low ? *low + r.low[e] : -INFINITY;
    *high = r.high ? *high + r.high[e] : INFINITY;
    if (!r.low)
      return;
  }
}

static void add_term(double w, double low, double high, double *sum_low, double *sum_high)
{
  *sum_low += w > 0 ? w * low : w * high;
  *sum_high += w > 0 ? w * high : w * low;
}

static bool known(const nirc_for *x, const nirc_op *op)
{
  for (uint32_t k = 0; k < op->n_operands; k++)
    if (!x->range[nirc_op_operand(op, k)->def->id].low)
      return false;
  return op->n_operands > 0;
}

/* Matrices of rank 2, the only ones that importers take. */
static void bound_matrix(nirc_for *x, const nirc_op *op)
{
  const nirc_blob *w = nirc_op_blob(op, "weight"), *b = nirc_op_blob(op, "bias");
  if (w->shape.rank != 2)
    return;
  size_t n_in = (size_t)w->shape.dims[1];
  nirc_range out = new_range(x, op, 0, 0), in = {NIRC_NEW_ARRAY(x->a, double, n_in), NIRC_NEW_ARRAY(x->a, double, n_in)};
  for (size_t j = 0; j < n_in; j++)
    nirc_for_arriving(x, op, j, &in.low[j], &in.high[j]);
  for (size_t i = 0; i < count_of(op); i++) {
    out.low[i] = out.high[i] = b ? nirc_blob_get(b, b->count == 1 ? 0 : i) : 0;
    for (size_t j = 0; j < n_in; j++)
      add_term(nirc_blob_get(w, i * n_in + j), in.low[j], in.high[j], &out.low[i], &out.high[i]);
  }
  x->range[op->id] = out;
}

/* The least and the largest of all that arrives, and the zeros around it. */
static void bound_all_arriving(const nirc_for *x, const nirc_op *op, double *low, double *high)
{
  size_t n = count_of(nirc_op_operand(op, 0)->def);
  *low = *high = 0;
  for (size_t e = 0; e < n; e++) {
    double l, h;
    nirc_for_arriving(x, op, e, &l, &h);
    *low = fmin(*low, l);
    *high = fmax(*high, h);
  }
}

static void bound_conv(nirc_for *x, const nirc_op *op)
{
  const nirc_blob *w = nirc_op_blob(op, "weight"), *b = nirc_op_blob(op, "bias");
  size_t channels = (size_t)w->shape.dims[0], per = w->count / channels, spread = count_of(op) / channels;
  double low, high;
  bound_all_arriving(x, op, &low, &high);
  nirc_range out = new_range(x, op, 0, 0);
  for (size_t c = 0; c < channels; c++) {
    double sum_low = b ? nirc_blob_get(b, c) : 0, sum_high = sum_low;
    for (size_t k = 0; k < per; k++)
      add_term(nirc_blob_get(w, c * per + k), low, high, &sum_low, &sum_high);
    for (size_t e = c * spread; e < (c + 1) * spread; e++) {
      out.low[e] = sum_low;
      out.high[e] = sum_high;
    }
  }
  x->range[op->id] = out;
}

static void bound_pool(nirc_for *x, const nirc_op *op)
{
  nirc_window w;
  double low, high;
  if (!nirc_nir_window(x->m, op, &w, x->d))
    return;
  bound_all_arriving(x, op, &low, &high);
  double area = op->code == NIR_SUM_POOL2D ? (double)w.kernel[0] * (double)w.kernel[1] : 1;
  x->range[op->id] = new_range(x, op, low * area, high * area);
}

static void bound_copy(nirc_for *x, const nirc_op *op)
{
  nirc_range out = new_range(x, op, 0, 0);
  for (size_t e = 0; e < count_of(op); e++)
    nirc_for_arriving(x, op, e, &out.low[e], &out.high[e]);
  x->range[op->id] = out;
}

static void bound(nirc_for *x, const nirc_op *op)
{
  if (x->range[op->id].low || !known(x, op))
    return;
  switch (op->code) {
  case NIR_LINEAR: case NIR_AFFINE: bound_matrix(x, op); return;
  case NIR_CONV2D: bound_conv(x, op); return;
  case NIR_SUM_POOL2D: case NIR_AVG_POOL2D: bound_pool(x, op); return;
  case NIR_FLATTEN: bound_copy(x, op); return;
  default: return;
  }
}

void nirc_for_find_ranges(nirc_for *x)
{
  for (size_t i = 0; i < x->schedule.n; i++) {
    const nirc_op *op = x->schedule.by_name[i];
    const nirc_convention *c = nirc_convention_find(x->from, op->code);
    if (op->code == NIR_INPUT || op->code == NIR_THRESHOLD || (c && (c->fires == NIRC_FIRES_ABOVE || c->fires == NIRC_FIRES_AT)))
      x->range[i] = new_range(x, op, 0, 1);
  }
  for (int sweep = 0; sweep < 2; sweep++)            /* the second one for what a back edge brings */
    for (size_t i = 0; i < x->schedule.n; i++)
      bound(x, x->schedule.order[i]);
}
