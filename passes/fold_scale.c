/* passes/fold_scale.c: a factor becomes part of the weights next to it. A factor is snn.scale, or what a neuron multiplies its input with first (g, r, w_in, ...),
 * which is then 1; 1 * x is x. The value between the two must have no other use. No bit of a result changes:
 *
 * - Behind a weighted sum of spikes, factors that are powers of two, s > 0. Each weight and the bias times s must be exact, and the sum of their magnitudes
 *   times s (and times 1) within half of FLT_MAX, so that nothing overflows. Then every partial sum of the new weights is s times the old one: rounding is
 *   relative where both are normal; where one of them is subnormal, both are sums of multiples of the least number there is at that scale, hence exact.
 *   (A sum of f32 would need the products w * x to be exact, too.)
 * - Between spikes and a weighted sum, any finite factor but 0: each term is w * s, rounded once, either way. A factor of 0 is left: sums skip such inputs.
 * - Between spikes and another factor, where the product of the two is finite: t * (s * 1) is t * s, rounded once, and zeros get the same sign.
 *
 * With `rounds`, every finite factor: a weight is then rounded once more than the sum was, and a remark says by how much. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "ir/neuron.h"
#include "passes/pass.h"

static const nirc_pass_option options[] = {
  {"rounds", NIRC_OPTION_FLAG, "also factors that change how results are rounded", "false"},
};

/* Rows of weights, one sum each, of an op that has them. */
typedef struct sums {
  nirc_op *op;
  const nirc_blob *weight, *bias;
  size_t rows, row;                                  /* how many; weights in each */
  size_t spread;                                     /* results of one row (a convolution's channel) */
} sums;

static bool has_weights(const nirc_op *op)
{
  return op->code == SNN_DENSE || op->code == SNN_CONV;
}

static sums sums_of(nirc_op *op)
{
  sums x = {.op = op, .weight = nirc_op_blob(op, "weight"), .bias = nirc_op_blob(op, "bias")};
  const nirc_shape *w = &x.weight->shape;
  size_t results = nirc_op_result(op)->type->count;
  if (!x.weight->count || !results)
    return x;
  x.row = op->code == SNN_DENSE ? (size_t)w->dims[w->rank - 1] : x.weight->count / (size_t)w->dims[0];
  x.rows = x.weight->count / x.row;
  x.spread = results / x.rows;
  return x;
}

/* The attribute that an op multiplies its first operand with before anything else. */
static const char *factor_name(nirc_module *m, const nirc_op *op)
{
  return op->code == SNN_SCALE ? "scale" : nirc_neuron_factor(m->arena, op);
}

static bool is_spikes(const nirc_value *v)
{
  return v->type->elem == NIRC_BOOL;
}

/* Where the first operand comes from, reshapes left out; NULL where anything else uses it. */
static nirc_op *source(const nirc_op *op)
{
  const nirc_value *v;
  do {
    v = nirc_op_operand(op, 0);
    if (v->uses->next || v->index)
      return NULL;
    op = v->def;
  } while (op->code == SNN_RESHAPE);
  return v->def;
}

static double factor_at(const nirc_blob *factor, size_t i, size_t spread)
{
  return nirc_blob_get(factor, i * spread);
}

/* Is it one number for each `spread` elements? */
static bool is_spread(const nirc_blob *factor, size_t spread)
{
  for (size_t e = 0; !factor->splat && e < factor->count; e++)
    if (nirc_blob_get(factor, e) != nirc_blob_get(factor, e / spread * spread))
      return false;
  return true;
}

/* ---- weights times factors ------------------------------------------------------------------------------------------------ */

typedef struct folding {
  nirc_module *m;
  nirc_pass_ctx *ctx;
  bool rounds;
} folding;

/* a * b as float32; *change, where larger, becomes how far that is from the product, relative to it. The product itself is exact in float64. */
static float product(double a, double b, double *change)
{
  double exact = a * b;
  float rounded = (float)exact;
  double off = exact == (double)rounded ? 0 : fabs(((double)rounded - exact) / exact);
  if (!(off <= *change))
    *change = off;
  return rounded;
}

static nirc_blob *new_like(folding *f, const nirc_blob *b, float **data)
{
  void *p;
  nirc_blob *made = nirc_module_hold(f->m, nirc_blob_new(f->m->heap, NIRC_F32, &b->shape, false, &p));
  *data = p;
  return made;
}

static void report(folding *f, const nirc_op *from, const nirc_op *into, double change)
{
  if (change > 0)
    nirc_remark(f->ctx->d, from->loc, "'%s': folded into the weights of '%s', of which each is rounded by at most %.2g of itself", from->name, into->name,
                change);
}

/* Takes the scale out, between its operand and its uses, or makes the factor 1. */
static void drop_factor(folding *f, nirc_op *op)
{
  if (op->code == SNN_SCALE) {
    nirc_value_replace(nirc_op_result(op), nirc_op_operand(op, 0));
    nirc_op_erase(op);
    return;
  }
  const char *name = factor_name(f->m, op);
  nirc_op_set_blob(f->m, op, name, nirc_module_hold(f->m, nirc_blob_splat(f->m->heap, NIRC_F32, &nirc_op_blob(op, name)->shape, 1)));
}

/* The same for a scale before `into`: the reshapes between give what they get, be it spikes. */
static void drop_scale(folding *f, nirc_op *scale, const nirc_op *into)
{
  nirc_dtype elem = nirc_op_operand(scale, 0)->type->elem;
  drop_factor(f, scale);
  for (nirc_op *r = nirc_op_operand(into, 0)->def; r->code == SNN_RESHAPE && r->results[0].type->elem != elem; r = nirc_op_operand(r, 0)->def)
    r->results[0].type = nirc_type_get(&f->m->types, elem, &r->results[0].type->shape);
}

/* ---- behind a weighted sum ---------------------------------------------------------------------------------------------------- */

static bool is_power_of_two(double s)
{
  int exponent;
  return s > 0 && isfinite(s) && frexp(s, &exponent) == 0.5;
}

/* Is s times the sum of row i, of whatever spikes, the sum of s times each? */
static bool scales_exactly(const sums *x, size_t i, double s)
{
  double total = x->bias ? fabs(nirc_blob_get(x->bias, i)) : 0;
  double change = 0;
  if (!is_power_of_two(s) || (x->bias && !isfinite(product(nirc_blob_get(x->bias, i), s, &change))))
    return false;
  for (size_t j = 0; j < x->row; j++) {
    double w = nirc_blob_get(x->weight, i * x->row + j);
    product(w, s, &change);
    total += fabs(w);
  }
  return change == 0 && total * fmax(s, 1) <= (double)FLT_MAX / 2;       /* false for NaN, too */
}

/* Are all products finite? */
static bool scales_finitely(const sums *x, size_t i, double s)
{
  double change = 0;
  bool ok = isfinite(s) && (!x->bias || isfinite(product(nirc_blob_get(x->bias, i), s, &change)));
  for (size_t j = 0; ok && j < x->row; j++)
    ok = isfinite(product(nirc_blob_get(x->weight, i * x->row + j), s, &change));
  return ok;
}

static bool fold_behind(folding *f, nirc_op *op, const nirc_blob *factor, nirc_op *into)
{
  sums x = sums_of(into);
  bool exact = is_spikes(nirc_op_operand(into, 0));
  if (!x.rows || nirc_blob_is_all(factor, 1) || !is_spread(factor, x.spread))
    return false;
  for (size_t i = 0; exact && i < x.rows; i++)
    exact = scales_exactly(&x, i, factor_at(factor, i, x.spread));
  for (size_t i = 0; !exact && i < x.rows; i++)
    if (!f->rounds || !scales_finitely(&x, i, factor_at(factor, i, x.spread)))
      return false;
  double change = 0;
  float *weight, *bias;
  nirc_blob *new_weight = new_like(f, x.weight, &weight), *new_bias = x.bias ? new_like(f, x.bias, &bias) : NULL;
  for (size_t i = 0; i < x.rows; i++) {
    double s = factor_at(factor, i, x.spread);
    for (size_t j = 0; j < x.row; j++)
      weight[i * x.row + j] = product(nirc_blob_get(x.weight, i * x.row + j), s, &change);
    if (x.bias)
      bias[i] = product(nirc_blob_get(x.bias, i), s, &change);
  }
  nirc_op_set_blob(f->m, into, "weight", new_weight);
  if (new_bias)
    nirc_op_set_blob(f->m, into, "bias", new_bias);
  report(f, op, into, change);
  drop_factor(f, op);
  f->ctx->counters[0]++;
  return true;
}

/* ---- before a weighted sum ------------------------------------------------------------------------------------------------------ */

/* The element of the input, or its channel of a convolution, that weight w belongs to. */
static size_t input_of(const sums *x, size_t w)
{
  const nirc_shape *s = &x->weight->shape;
  size_t row = w / x->row;
  if (x->op->code == SNN_DENSE)
    return row / (size_t)s->dims[s->rank - 2] * x->row + w % x->row;
  size_t per_group = (size_t)s->dims[1], group = row / (x->rows / (size_t)nirc_op_int(x->op, "groups"));
  return group * per_group + w % x->row / (x->row / per_group);
}

static bool all_finite_but_zero(const nirc_blob *b)
{
  for (size_t e = 0; e < (b->splat ? 1 : b->count); e++)
    if (!isfinite(nirc_blob_get(b, e)) || nirc_blob_get(b, e) == 0)
      return false;
  return true;
}

static bool fold_before(folding *f, nirc_op *scale, nirc_op *into)
{
  const nirc_blob *factor = nirc_op_blob(scale, "scale");
  const nirc_type *in = nirc_op_operand(into, 0)->type;
  sums x = sums_of(into);
  bool spikes = is_spikes(nirc_op_operand(scale, 0));
  if (!x.rows || !in->count || !all_finite_but_zero(factor) || (!spikes && !f->rounds))
    return false;
  size_t spread = into->code == SNN_CONV ? in->count / (size_t)in->shape.dims[0] : 1;
  if (!is_spread(factor, spread))
    return false;
  float *weight;
  double change = 0;
  nirc_blob *made = new_like(f, x.weight, &weight);
  for (size_t w = 0; w < made->count; w++) {
    weight[w] = product(nirc_blob_get(x.weight, w), factor_at(factor, input_of(&x, w), spread), &change);
    if (!spikes && !isfinite(weight[w]))
      return false;
  }
  nirc_op_set_blob(f->m, into, "weight", made);
  report(f, scale, into, spikes ? 0 : change);
  drop_scale(f, scale, into);
  f->ctx->counters[0]++;
  return true;
}

/* ---- a factor before another ------------------------------------------------------------------------------------------------------ */

static bool fold_factors(folding *f, nirc_op *scale, nirc_op *into)
{
  const char *name = factor_name(f->m, into);
  const nirc_blob *a = nirc_op_blob(scale, "scale"), *b = nirc_op_blob(into, name);
  if (!is_spikes(nirc_op_operand(scale, 0)) || !nirc_blob_all_finite(a) || !nirc_blob_all_finite(b))
    return false;
  float *data;
  double change = 0;
  nirc_blob *made = new_like(f, b, &data);
  for (size_t e = 0; e < made->count; e++) {
    data[e] = product(nirc_blob_get(a, e), nirc_blob_get(b, e), &change);
    if (!isfinite(data[e]))
      return false;
  }
  nirc_op_set_blob(f->m, into, name, made);
  drop_scale(f, scale, into);
  f->ctx->counters[1]++;
  return true;
}

/* The arguments above are for float32: numbers of float64 have no exact products to round. */
static bool is_single(nirc_module *m, const nirc_op *op)
{
  return nirc_op_blob(op, has_weights(op) ? "weight" : factor_name(m, op))->dtype == NIRC_F32;
}

static bool fold(folding *f, nirc_op *op)
{
  const char *name = factor_name(f->m, op);
  nirc_op *from = name || has_weights(op) ? source(op) : NULL;
  if (!from || !(has_weights(from) || factor_name(f->m, from)) || !is_single(f->m, from) || !is_single(f->m, op))
    return false;
  if (from->code == SNN_SCALE)
    return has_weights(op) ? fold_before(f, from, op) : fold_factors(f, from, op);
  return name && has_weights(from) && fold_behind(f, op, nirc_op_blob(op, name), from);
}

static bool run(nirc_module *m, nirc_pass_ctx *ctx)
{
  folding f = {.m = m, .ctx = ctx, .rounds = ctx->values[0] && strcmp(ctx->values[0], "true") == 0};
  for (nirc_op *op = m->body.first->body->first, *next; op; op = next) {
    next = op->next;
    while (fold(&f, op) && op->code != SNN_SCALE)    /* what stood before is gone: look at what stands there now */
      ;
  }
  return true;
}

static const char *const counters[] = {"into-weights", "into-factors"};

const nirc_pass nirc_pass_fold_scale = {
  .name = "fold-scale", .summary = "make a factor part of the weights, or of the factor, next to it",
  .doc = "Exact where a factor is a power of two, or stands between spikes and weights, so that each product is rounded as before; the head of `passes/fold_scale.c` has the argument. "
         "With `rounds` also where results are rounded in another way, and a remark says how far.",
  .needs = NIRC_LEVEL_SNN, .leaves = NIRC_LEVEL_SNN, .options = options, .n_options = sizeof options / sizeof *options,
  .counters = counters, .n_counters = sizeof counters / sizeof *counters, .run = run,
};
