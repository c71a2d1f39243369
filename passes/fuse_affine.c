/* passes/fuse_affine.c: two matrices in a row become their product: W2 (W1 x + b1) + b2 = (W2 W1) x + (W2 b1 + b2), computed in float64 and rounded once.
 *
 * That changes the order of the sums, so results differ in their last bits: it is done only where `rounds` asks for it, and a remark says how far weights
 * were rounded. Without it, nothing is: for no bit of a result to change, W1 would have to pick inputs, in their order. The value between must have no other
 * use, and the product must not have more weights than the two: a narrow layer between wide ones is there to save work. */
#include <math.h>
#include <string.h>

#include "passes/pass.h"

static const nirc_pass_option options[] = {
  {"rounds", NIRC_OPTION_FLAG, "do it, though results are rounded in another way", "false"},
};

typedef struct product {
  const nirc_blob *w1, *w2, *b1, *b2;
  size_t lead, in, between, out;                     /* [lead, between, in], [lead, out, between] */
  double change;                                     /* largest rounding of a weight, relative to it */
} product;

static size_t dim_from_end(const nirc_blob *b, uint32_t i)
{
  return (size_t)b->shape.dims[b->shape.rank - 1 - i];
}

static float rounded(product *p, double x)
{
  double off = x == (double)(float)x ? 0 : fabs(((double)(float)x - x) / x);
  p->change = fmax(p->change, off);
  return (float)x;
}

static bool is_finite(const nirc_blob *b)
{
  return !b || nirc_blob_all_finite(b);
}

static bool describe(product *p, const nirc_op *first, const nirc_op *second)
{
  *p = (product){.w1 = nirc_op_blob(first, "weight"), .b1 = nirc_op_blob(first, "bias")};
  p->w2 = nirc_op_blob(second, "weight");
  p->b2 = nirc_op_blob(second, "bias");
  if (!p->w1->count || !p->w2->count || !is_finite(p->w1) || !is_finite(p->w2) || !is_finite(p->b1) || !is_finite(p->b2))
    return false;
  p->in = dim_from_end(p->w1, 0);
  p->between = dim_from_end(p->w1, 1);
  p->out = dim_from_end(p->w2, 1);
  p->lead = p->w1->count / (p->between * p->in);
  return p->out * p->in <= p->between * (p->in + p->out);
}

/* Sum over the values between: row `row` of W2, where row = lead * out + o, times column i of W1, or times b1. */
static double weight_at(const product *p, size_t row, size_t i)
{
  size_t lead = row / p->out;
  double sum = 0;
  for (size_t k = 0; k < p->between; k++)
    sum += nirc_blob_get(p->w2, row * p->between + k) * nirc_blob_get(p->w1, (lead * p->between + k) * p->in + i);
  return sum;
}

static double bias_at(const product *p, size_t row)
{
  double sum = p->b2 ? nirc_blob_get(p->b2, row) : 0;
  for (size_t k = 0; p->b1 && k < p->between; k++)
    sum += nirc_blob_get(p->w2, row * p->between + k) * nirc_blob_get(p->b1, row / p->out * p->between + k);
  return sum;
}

static nirc_blob *new_blob(nirc_module *m, const nirc_shape *shape, float **data)
{
  void *p;
  nirc_blob *b = nirc_module_hold(m, nirc_blob_new(m->heap, NIRC_F32, shape, false, &p));
  *data = p;
  return b;
}

/* What would replace the two; false where a number of it is beyond float32. */
static bool multiply(nirc_module *m, product *p, const nirc_op *second, nirc_blob **w, nirc_blob **b)
{
  nirc_shape shape = p->w2->shape;
  float *weight, *bias = NULL;
  bool ok = true;
  shape.dims[shape.rank - 1] = p->in;
  *w = new_blob(m, &shape, &weight);
  *b = p->b1 || p->b2 ? new_blob(m, &second->results[0].type->shape, &bias) : NULL;
  for (size_t row = 0; ok && row < p->lead * p->out; row++) {
    for (size_t i = 0; i < p->in; i++) {
      weight[row * p->in + i] = rounded(p, weight_at(p, row, i));
      ok = ok && isfinite(weight[row * p->in + i]);
    }
    if (bias) {
      bias[row] = rounded(p, bias_at(p, row));
      ok = ok && isfinite(bias[row]);
    }
  }
  return ok;
}

static bool fuse(nirc_module *m, nirc_op *second, nirc_pass_ctx *ctx)
{
  nirc_value *between = nirc_op_operand(second, 0);
  nirc_op *first = between->def;
  product p;
  nirc_blob *weight, *bias;
  if (first->code != SNN_DENSE || between->uses->next || !describe(&p, first, second) || !multiply(m, &p, second, &weight, &bias))
    return false;
  nirc_op_set_blob(m, second, "weight", weight);
  if (bias)
    nirc_op_set_blob(m, second, "bias", bias);
  nirc_op_set_operands(m, second, (nirc_value *[]){nirc_op_operand(first, 0)}, 1);
  nirc_remark(ctx->d, second->loc, "'%s' and '%s' became one matrix, of which each weight is rounded by at most %.2g of itself", first->name, second->name,
              p.change);
  nirc_op_erase(first);
  ctx->counters[0]++;
  return true;
}

static bool run(nirc_module *m, nirc_pass_ctx *ctx)
{
  if (!ctx->values[0] || strcmp(ctx->values[0], "true"))
    return true;
  NIRC_FOR_EACH_OP(op, m->body.first->body)
    while (op->code == SNN_DENSE && fuse(m, op, ctx))
      ;
  return true;
}

static const char *const counters[] = {"matrices"};

const nirc_pass nirc_pass_fuse_affine = {
  .name = "fuse-affine", .summary = "make one matrix of two in a row",
  .needs = NIRC_LEVEL_SNN, .leaves = NIRC_LEVEL_SNN, .options = options, .n_options = sizeof options / sizeof *options,
  .counters = counters, .n_counters = sizeof counters / sizeof *counters, .run = run,
};
