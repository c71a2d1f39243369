/* passes/fuse_affine.c: two matrices in a row become their product: W2 (W1 x + b1) + b2 = (W2 W1) x + (W2 b1 + b2), computed in float64 and rounded once.
 * The first may be a convolution, whose matrix most of all has zeros; a reshape may stand between.
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
  const nirc_op *first;
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

/* Where the window of output `at` meets input `from` along an axis: the place in the kernel, or -1. */
static int64_t tap(const nirc_op *conv, int axis, size_t at, size_t from)
{
  int64_t stride = (int64_t)nirc_op_shape(conv, "stride")->dims[axis], dilation = (int64_t)nirc_op_shape(conv, "dilation")->dims[axis];
  int64_t off = (int64_t)from + (int64_t)nirc_op_shape(conv, "before")->dims[axis] - (int64_t)at * stride;
  return off >= 0 && off % dilation == 0 && off / dilation < (int64_t)nirc_op_blob(conv, "weight")->shape.dims[2 + axis] ? off / dilation : -1;
}

/* Element (k, i) of the matrix of a convolution from [channels, rows, columns] to the same. */
static double conv_at(const product *p, size_t k, size_t i)
{
  const uint64_t *in = nirc_op_operand(p->first, 0)->type->shape.dims, *out = p->first->results[0].type->shape.dims, *w = p->w1->shape.dims;
  size_t c = k / (size_t)(out[1] * out[2]), from = i / (size_t)(in[1] * in[2]), per_group = (size_t)(out[0] / (uint64_t)nirc_op_int(p->first, "groups"));
  int64_t y = tap(p->first, 0, k / (size_t)out[2] % (size_t)out[1], i / (size_t)in[2] % (size_t)in[1]), x = tap(p->first, 1, k % (size_t)out[2], i % (size_t)in[2]);
  if (c / per_group != from / (size_t)w[1] || y < 0 || x < 0)
    return 0;
  return nirc_blob_get(p->w1, ((c * (size_t)w[1] + from % (size_t)w[1]) * (size_t)w[2] + (size_t)y) * (size_t)w[3] + (size_t)x);
}

static bool describe(product *p, const nirc_op *first, const nirc_op *second)
{
  *p = (product){.first = first, .w1 = nirc_op_blob(first, "weight"), .b1 = nirc_op_blob(first, "bias")};
  p->w2 = nirc_op_blob(second, "weight");
  p->b2 = nirc_op_blob(second, "bias");
  if (p->w1->dtype != NIRC_F32 || p->w2->dtype != NIRC_F32)
    return false;                                    /* the product of float64 would have to be computed in more */
  if (!p->w1->count || !p->w2->count || !is_finite(p->w1) || !is_finite(p->w2) || !is_finite(p->b1) || !is_finite(p->b2))
    return false;
  bool conv = first->code == SNN_CONV;
  p->in = conv ? nirc_op_operand(first, 0)->type->count : dim_from_end(p->w1, 0);
  p->between = conv ? first->results[0].type->count : dim_from_end(p->w1, 1);
  p->out = dim_from_end(p->w2, 1);
  p->lead = conv ? 1 : p->w1->count / (p->between * p->in);
  size_t most;
  return (!conv || p->w2->shape.rank == 2) && nirc_mul_size(&most, p->out, p->in) && p->lead * most <= p->w1->count + p->w2->count;
}

static double first_at(const product *p, size_t lead, size_t k, size_t i)
{
  return p->first->code == SNN_CONV ? conv_at(p, k, i) : nirc_blob_get(p->w1, (lead * p->between + k) * p->in + i);
}

static double first_bias(const product *p, size_t lead, size_t k)
{
  size_t channels = (size_t)p->first->results[0].type->shape.dims[0];
  return nirc_blob_get(p->b1, p->first->code == SNN_CONV ? k / (p->between / channels) : lead * p->between + k);
}

/* Sum over the values between: row `row` of W2, where row = lead * out + o, times column i of W1, or times b1. */
static double weight_at(const product *p, size_t row, size_t i)
{
  size_t lead = row / p->out;
  double sum = 0;
  for (size_t k = 0; k < p->between; k++)
    sum += nirc_blob_get(p->w2, row * p->between + k) * first_at(p, lead, k, i);
  return sum;
}

static double bias_at(const product *p, size_t row)
{
  double sum = p->b2 ? nirc_blob_get(p->b2, row) : 0;
  for (size_t k = 0; p->b1 && k < p->between; k++)
    sum += nirc_blob_get(p->w2, row * p->between + k) * first_bias(p, row / p->out, k);
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

/* The second takes what the first took; a convolution's [channels, rows, columns] as one axis. */
static nirc_value *input_of(nirc_module *m, const product *p, nirc_op *second)
{
  nirc_value *x = nirc_op_operand(p->first, 0);
  if (p->first->code != SNN_CONV)
    return x;
  nirc_op *flat = nirc_op_new_before(m, second, SNN_RESHAPE, p->first->name, p->first->loc);
  nirc_shape shape = nirc_shape_1d(p->in);
  nirc_op_set_operands(m, flat, &x, 1);
  nirc_op_result(flat)->type = nirc_type_get(&m->types, x->type->elem, &shape);
  return nirc_op_result(flat);
}

static bool fuse(nirc_module *m, nirc_op *second, nirc_pass_ctx *ctx)
{
  nirc_op *reshape = nirc_op_operand(second, 0)->def, *first = reshape->code == SNN_RESHAPE ? nirc_op_operand(reshape, 0)->def : reshape;
  product p;
  nirc_blob *weight, *bias;
  if (nirc_op_operand(second, 0)->uses->next || !(first->code == SNN_CONV || (first->code == SNN_DENSE && first == reshape)) || nirc_op_result(first)->uses->next)
    return false;
  if (!describe(&p, first, second) || !multiply(m, &p, second, &weight, &bias))
    return false;
  nirc_op_set_blob(m, second, "weight", weight);
  if (bias)
    nirc_op_set_blob(m, second, "bias", bias);
  nirc_value *x = input_of(m, &p, second);
  nirc_op_set_operands(m, second, &x, 1);
  nirc_remark(ctx->d, second->loc, "'%s' and '%s' became one matrix, of which each weight is rounded by at most %.2g of itself", first->name, second->name,
              p.change);
  if (reshape != first)
    nirc_op_erase(reshape);
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
  .doc = "Affine and Affine, or Conv and Affine, with nothing but a Flatten between them, become one matrix, where it has no more weights than the two together. Sums then have "
         "another order, so nothing happens without `rounds`; a remark says how far weights were rounded.",
  .needs = NIRC_LEVEL_SNN, .leaves = NIRC_LEVEL_SNN, .options = options, .n_options = sizeof options / sizeof *options,
  .counters = counters, .n_counters = sizeof counters / sizeof *counters, .run = run,
};
