/* passes/quantise.c: the weights of a weighted sum become i8 with a scale: weight = number * scale. What is computed then is the equation of the op (docs/ops.md):
 * the sum over whole numbers, times the scale, plus the bias, which stays as it is.
 *
 * Sums are numbered as the result's elements are, those of a convolution as its channels: a scale belongs to one of them. Neurons of a channel share their
 * weights, so there is nothing finer. Weights of 1 that only put values into another order, and all others that are whole numbers, stay what they are (scale 1). */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ir/base/quantity.h"
#include "ir/dialect_snn.h"
#include "passes/pass.h"
#include "passes/quantise_rule.h"

enum { SCHEME, BITS, PERCENTILE, POWER };            /* options */

static const nirc_pass_option options[] = {
  [SCHEME] = {"scheme", NIRC_OPTION_WORD, "what has a scale of its own: `layer`, all weights of a node; `channel`, an output row of a matrix, an output channel of a convolution; "
              "`neuron`, the finest there is, which is the same, as neurons of a channel share their weights", "channel"},
  [BITS] = {"bits", NIRC_OPTION_WORD, "2 to 8: weights become whole numbers of at most 2^(bits-1) - 1 either way, 127 of 8 bits", "8"},
  [PERCENTILE] = {"percentile", NIRC_OPTION_WORD, "above 0, at most 100: the least magnitude that so many per cent of the weights do not exceed gets the largest number; what is larger is clipped, "
                  "with a warning. 100: the largest magnitude, nothing is clipped", "100"},
  [POWER] = {"power", NIRC_OPTION_FLAG, "scales are powers of two: the least that reaches as far", "false"},
};

typedef struct quantiser {
  nirc_module *m;
  nirc_pass_ctx *ctx;
  nirc_quantise_rule rule;
  bool by_layer;
  bool failed;
  nirc_quantise_error all;
  double worst;                                      /* the largest error of a weight in a layer, as a share of the layer's largest weight */
  const char *worst_node;
} quantiser;

/* The weights of an op, sum by sum. */
typedef struct weights {
  const nirc_blob *blob;
  size_t n_sums;
  size_t *first;                                     /* [n_sums + 1] */
  size_t *order;                                     /* index of each weight; NULL: they stand in order */
} weights;

/* ---- options ------------------------------------------------------------------------------------------------------------- */

#define REFUSED(...) (nirc_error_status(ctx->d, NIRC_STATUS_USAGE, nirc_loc_none(), __VA_ARGS__), false)

static bool read_scheme(quantiser *q, nirc_pass_ctx *ctx)
{
  static const char *const schemes[] = {"layer", "channel", "neuron"};
  const char *v = ctx->values[SCHEME] ? ctx->values[SCHEME] : "channel";
  q->by_layer = strcmp(v, "layer") == 0;
  for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
    if (strcmp(v, schemes[i]) == 0)
      return true;
  return REFUSED("pass quantise: scheme = `%s`, layer, channel or neuron is wanted", v);
}

static bool read_options(quantiser *q, nirc_pass_ctx *ctx)
{
  const char *bits = ctx->values[BITS] ? ctx->values[BITS] : "8", *percentile = ctx->values[PERCENTILE] ? ctx->values[PERCENTILE] : "100";
  if (strlen(bits) != 1 || *bits < '2' || *bits > '8')
    return REFUSED("pass quantise: bits = `%s`, a whole number from 2 to 8 is wanted", bits);
  size_t n = nirc_decimal_length(percentile);
  double share = n && !percentile[n] ? strtod(percentile, NULL) : 0;
  if (!(share > 0 && share <= 100))
    return REFUSED("pass quantise: percentile = `%s`, a number above 0 and at most 100 is wanted", percentile);
  q->rule = (nirc_quantise_rule){.bits = *bits - '0', .percentile = share, .power_of_two = ctx->values[POWER] && strcmp(ctx->values[POWER], "true") == 0};
  return read_scheme(q, ctx);
}

/* ---- which weights make which sum ------------------------------------------------------------------------------------------ */

static int64_t whole(const nirc_blob *b, size_t i)
{
  int64_t v = 0;
  NIRC_ASSERT(nirc_blob_get_int(b, i, &v));
  return v;
}

/* Calls back with each weight of a snn.sparse_dense and its sum. */
static void each_sparse(const nirc_op *op, weights *w, void (*take)(weights *w, size_t weight, size_t sum))
{
  const nirc_blob *first = nirc_op_blob(op, "first"), *row = nirc_op_blob(op, "row");
  const nirc_shape *in = &nirc_op_operand(op, 0)->type->shape, *out = &op->results[0].type->shape;
  size_t n_in = (size_t)in->dims[in->rank - 1], n_out = (size_t)out->dims[out->rank - 1], size = (size_t)w->blob->shape.dims[1];
  for (size_t j = 0; j + 1 < first->count; j++)
    for (size_t b = (size_t)whole(first, j); b < (size_t)whole(first, j + 1); b++)
      for (size_t t = 0; t < size; t++)
        take(w, b * size + t, j / n_in * n_out + (size_t)whole(row, b) + t);
}

static void count_weight(weights *w, size_t weight, size_t sum)
{
  (void)weight;
  w->first[sum + 1]++;
}

static void place_weight(weights *w, size_t weight, size_t sum)
{
  w->order[w->first[sum]++] = weight;
}

static weights weights_of(nirc_arena *a, const nirc_op *op)
{
  weights w = {.blob = nirc_op_blob(op, "weight"), .n_sums = op->results[0].type->count};
  if (op->code == SNN_CONV)
    w.n_sums = (size_t)w.blob->shape.dims[0];
  w.first = NIRC_NEW_ARRAY(a, size_t, w.n_sums + 2);
  if (op->code != SNN_SPARSE_DENSE) {
    for (size_t s = 1; s <= w.n_sums; s++)
      w.first[s] = s * (w.blob->count / w.n_sums);
    return w;
  }
  w.order = NIRC_NEW_ARRAY(a, size_t, w.blob->count);
  w.first++;                                         /* so that placing moves each beginning to where it belongs */
  each_sparse(op, &w, count_weight);
  for (size_t s = 1; s <= w.n_sums; s++)
    w.first[s] += w.first[s - 1];
  each_sparse(op, &w, place_weight);
  w.first--;
  return w;
}

/* ---- one op ------------------------------------------------------------------------------------------------------------------ */

/* Sums from .. to - 1 have one scale. */
static double quantise_sums(quantiser *q, const weights *w, size_t from, size_t to, double *buffer, int8_t *numbers, nirc_quantise_error *e)
{
  size_t begin = w->first[from], n = w->first[to] - begin;
  for (size_t i = 0; i < n; i++)
    buffer[i] = nirc_blob_get(w->blob, w->order ? w->order[begin + i] : begin + i);
  double scale = nirc_quantise_scale(&q->rule, buffer, n);
  for (size_t i = 0; i < n; i++) {
    size_t at = w->order ? w->order[begin + i] : begin + i;
    numbers[at] = (int8_t)nirc_quantise_number(&q->rule, nirc_blob_get(w->blob, at), scale, e);
  }
  return scale;
}

static size_t largest_group(const weights *w, bool by_layer)
{
  size_t most = by_layer ? w->blob->count : 0;
  for (size_t s = 0; s < w->n_sums; s++)
    most = w->first[s + 1] - w->first[s] > most ? w->first[s + 1] - w->first[s] : most;
  return most;
}

static void say(quantiser *q, const nirc_op *op, const nirc_quantise_error *e, double low, double high, double largest)
{
  double mean = e->n ? e->sum / (double)e->n : 0;
  const struct { const char *name; double value; } figures[] = {
    {"bits", q->rule.bits}, {"weights", (double)e->n}, {"scale_least", low}, {"scale_most", high}, {"clipped", (double)e->clipped}, {"largest_clipped", e->largest_clipped},
    {"largest_weight", largest}, {"largest_error", e->largest}, {"mean_error", mean}};
  for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
    nirc_pass_add_figure(q->m, q->ctx, op->name, figures[i].name, figures[i].value);
  if (e->clipped)
    nirc_warning(q->ctx->d, op->loc, "'%s': %zu of %zu weights are clipped, the largest of them %.6g; a higher `percentile` clips less", op->name, e->clipped, e->n, e->largest_clipped);
  if (q->ctx->d->verbose)
    nirc_remark(q->ctx->d, op->loc, "'%s': %zu weights in %d bits, scales from %.6g to %.6g, the largest error %.6g, the mean %.6g", op->name, e->n, q->rule.bits, low, high,
                e->largest, mean);
}

static bool is_finite(quantiser *q, const nirc_op *op, const nirc_blob *w)
{
  for (size_t i = 0; i < w->count; i++)
    if (!isfinite(nirc_blob_get(w, i))) {
      nirc_error(q->ctx->d, nirc_op_attr_loc(q->m, op, "weight"), "'%s': weight %zu is %g, which has no whole number; repair it, or compile without quantisation", op->name, i, nirc_blob_get(w, i));
      q->failed = true;
      return false;
    }
  return true;
}

static void quantise(quantiser *q, nirc_op *op)
{
  const nirc_blob *blob = nirc_op_blob(op, "weight");
  if (nirc_op_blob(op, "scale") || !blob->count || !is_finite(q, op, blob))
    return;
  nirc_arena *a = nirc_arena_new(q->m->heap);
  weights w = weights_of(a, op);
  nirc_shape sums = op->code == SNN_CONV ? nirc_shape_1d(w.n_sums) : op->results[0].type->shape;
  nirc_quantise_error e = {0};
  double *buffer = NIRC_NEW_ARRAY(a, double, largest_group(&w, q->by_layer)), low = INFINITY, high = 0, largest = 0;
  void *numbers, *scales;
  nirc_blob *scale = nirc_module_hold(q->m, nirc_blob_new(q->m->heap, q->rule.type = nirc_snn_arithmetic(op), &sums, q->by_layer, &scales));
  nirc_blob *number = nirc_module_hold(q->m, nirc_blob_new(q->m->heap, NIRC_I8, &blob->shape, false, &numbers));
  for (size_t s = 0; s < (q->by_layer ? 1 : w.n_sums); s++) {
    double each = quantise_sums(q, &w, s, q->by_layer ? w.n_sums : s + 1, buffer, numbers, &e);
    low = fmin(low, each);
    high = fmax(high, each);
    if (q->rule.type == NIRC_F64)
      ((double *)scales)[s] = each;
    else
      ((float *)scales)[s] = (float)each;
  }
  for (size_t i = 0; i < blob->count; i++)
    largest = fmax(largest, fabs(nirc_blob_get(blob, i)));
  nirc_op_set_blob(q->m, op, "weight", number);
  nirc_op_set_blob(q->m, op, "scale", scale);
  say(q, op, &e, low, high, largest);
  if (e.largest > q->worst * largest) {
    q->worst = e.largest / largest;
    q->worst_node = op->name;
  }
  q->all.n += e.n;
  q->all.clipped += e.clipped;
  q->ctx->counters[0]++;
  nirc_arena_free(a);
}

static void quantise_region(quantiser *q, nirc_region *region)
{
  NIRC_FOR_EACH_OP(op, region) {
    if (nirc_snn_is_synapse(op->code))
      quantise(q, op);
    if (op->body)
      quantise_region(q, op->body);
  }
}

static bool run(nirc_module *m, nirc_pass_ctx *ctx)
{
  quantiser q = {.m = m, .ctx = ctx};
  if (!read_options(&q, ctx))
    return false;
  if (m->level == NIRC_LEVEL_HW)
    return REFUSED("pass quantise: the module is at the hw level, where weights are whole numbers already");
  quantise_region(&q, m->body.first->body);
  ctx->counters[1] = q.all.n;
  ctx->counters[2] = q.all.clipped;
  if (q.all.n && q.worst_node)
    nirc_remark(ctx->d, nirc_loc_file(m->path), "%zu weights became whole numbers of %d bits; they are off by at most %.2g %% of the largest weight of their node ('%s')", q.all.n,
                q.rule.bits, q.worst * 100, q.worst_node);
  else if (q.all.n)
    nirc_remark(ctx->d, nirc_loc_file(m->path), "%zu weights became whole numbers of %d bits, and lost nothing", q.all.n, q.rule.bits);
  return !q.failed;
}

static const char *const counters[] = {"nodes", "weights", "clipped"};

const nirc_pass nirc_pass_quantise = {
  .name = "quantise", .summary = "make weights whole numbers of a few bits, with a scale for each sum",
  .doc = "Lossy: weights are rounded, half to even, to multiples of a scale, and what is computed from then on are sums of whole numbers, times the scale, plus the bias. A remark says how far "
         "weights are off, with `-v` for each node; `--report` has it as numbers. Weights that are whole numbers already and fit keep their value. Biases, neurons and what they compute "
         "with stay as they are. Put it behind `discretise`: passes that come later do not change a bit of the result. See `quantise.md`.",
  .needs = NIRC_LEVEL_SNN, .leaves = NIRC_LEVEL_SNN, .options = options, .n_options = sizeof options / sizeof *options,
  .counters = counters, .n_counters = sizeof counters / sizeof *counters, .run = run,
};
