/* passes/sparsify.c: weights that are exactly 0 go, where spikes are what they are multiplied with; what is left is kept by input, in blocks of
 * consecutive outputs. No bit of a result changes:
 *
 * - The operand has to be i1. There a term is the weight itself, and one that is 0 can only show in a sum that is -0. An operand of f32 might be
 *   infinite or NaN, and 0 times that is NaN: such an op is left alone.
 * - A sum that does not start as -0 never becomes -0: a + b is -0 only where both are. It starts as +0 without a bias; in the rows whose bias is
 *   -0, weights of +0 are kept. A weight of -0 changes no sum at all. With a scale the bias comes last: each sum starts as +0. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "passes/pass.h"

enum { VECTOR = 8 };                                 /* outputs that one instruction adds; a single one takes as long */

static const nirc_pass_option options[] = {
  {"work", NIRC_OPTION_SHARE, "taken where it needs at most this share of the matrix's work, estimated in vectors of 8 outputs and one more for each block", "0.25"},
};

/* The matrices [lead, out, in] of an op. */
typedef struct matrices { const nirc_blob *weight, *bias, *scale; size_t lead, out, in; } matrices;

static bool is_zero(const matrices *x, size_t k, size_t o, size_t j)
{
  double w = nirc_blob_get(x->weight, (k * x->out + o) * x->in + j), start = x->bias && !x->scale ? nirc_blob_get(x->bias, k * x->out + o) : 0;
  return w == 0 && (signbit(w) || !(start == 0 && signbit(start)));
}

static bool block_is_zero(const matrices *x, size_t k, size_t row, size_t size, size_t j)
{
  for (size_t t = 0; t < size; t++)
    if (!is_zero(x, k, row + t, j))
      return false;
  return true;
}

static size_t count_blocks(const matrices *x, size_t size)
{
  size_t n = 0;
  for (size_t k = 0; k < x->lead; k++)
    for (size_t row = 0; row < x->out; row += size)
      for (size_t j = 0; j < x->in; j++)
        n += !block_is_zero(x, k, row, size, j);
  return n;
}

static double vectors(size_t outputs)
{
  return (double)((outputs + VECTOR - 1) / VECTOR);
}

/* The size of blocks, a divisor of the number of outputs, that needs least work; *work as a share of the whole matrix's. */
static size_t best_size(const matrices *x, double *work)
{
  size_t best = 0;
  for (size_t size = 1; size <= x->out; size++) {
    if (x->out % size || (size > VECTOR && size % VECTOR && size * 8 < x->out))
      continue;                                      /* at most a few dozen candidates, each a walk over all weights */
    double share = (double)count_blocks(x, size) * (vectors(size) + 1) / ((double)(x->lead * x->in) * (vectors(x->out) + 1));
    if (!best || share <= *work) {
      best = size;
      *work = share;
    }
  }
  return best;
}

static void *new_blob(nirc_module *m, nirc_op *op, const char *name, nirc_dtype t, const nirc_shape *shape)
{
  void *data;
  nirc_op_set_blob(m, op, name, nirc_module_hold(m, nirc_blob_new(m->heap, t, shape, false, &data)));
  return data;
}

static void store_blocks(nirc_module *m, nirc_op *op, const matrices *x, size_t size)
{
  size_t n = count_blocks(x, size), b = 0;
  int32_t *first = new_blob(m, op, "first", NIRC_I32, &(nirc_shape){.rank = 1, .dims = {x->lead * x->in + 1}});
  int32_t *rows = new_blob(m, op, "row", NIRC_I32, &(nirc_shape){.rank = 1, .dims = {n}});
  size_t width = nirc_dtype_size(x->weight->dtype);
  char *weight = new_blob(m, op, "weight", x->weight->dtype, &(nirc_shape){.rank = 2, .dims = {n, size}});
  first[0] = 0;
  for (size_t k = 0; k < x->lead; k++)
    for (size_t j = 0; j < x->in; j++) {
      for (size_t row = 0; row < x->out; row += size) {
        if (block_is_zero(x, k, row, size, j))
          continue;
        for (size_t t = 0; t < size; t++)
          memcpy(weight + (b * size + t) * width, (const char *)x->weight->data + (x->weight->splat ? 0 : (k * x->out + row + t) * x->in + j) * width, width);
        rows[b++] = (int32_t)row;
      }
      first[k * x->in + j + 1] = (int32_t)b;
    }
}

static bool sparsify(nirc_module *m, nirc_op *op, double most)
{
  matrices x = {.weight = nirc_op_blob(op, "weight"), .bias = nirc_op_blob(op, "bias"), .scale = nirc_op_blob(op, "scale")};
  const nirc_shape *w = &x.weight->shape;
  x.out = (size_t)w->dims[w->rank - 2];
  x.in = (size_t)w->dims[w->rank - 1];
  double work = 1;
  if (nirc_op_operand(op, 0)->type->elem != NIRC_BOOL || !x.weight->count || x.weight->count >= INT32_MAX)
    return false;
  x.lead = x.weight->count / (x.out * x.in);
  size_t size = best_size(&x, &work);
  if (work > most || work >= 1)
    return false;
  nirc_op *sparse = nirc_op_new_before(m, op, SNN_SPARSE_DENSE, op->name, op->loc);
  nirc_op_set_operands(m, sparse, (nirc_value *[]){nirc_op_operand(op, 0)}, 1);
  store_blocks(m, sparse, &x, size);
  if (x.bias)
    nirc_op_set_blob(m, sparse, "bias", nirc_op_blob(op, "bias"));
  if (x.scale)
    nirc_op_set_blob(m, sparse, "scale", nirc_op_blob(op, "scale"));
  nirc_op_result(sparse)->type = nirc_op_result(op)->type;
  nirc_value_replace(nirc_op_result(op), nirc_op_result(sparse));
  nirc_op_erase(op);
  return true;
}

static bool run(nirc_module *m, nirc_pass_ctx *ctx)
{
  double most = ctx->values[0] ? strtod(ctx->values[0], NULL) : 0.25;
  for (nirc_op *op = m->body.first->body->first, *next; op; op = next) {
    next = op->next;
    if (op->code == SNN_DENSE)
      ctx->counters[0] += sparsify(m, op, most);
  }
  return true;
}

static const char *const counters[] = {"matrices"};

const nirc_pass nirc_pass_sparsify = {
  .name = "sparsify", .summary = "leave out weights that are exactly 0, in blocks, where spikes arrive",
  .doc = "Exact: where spikes arrive a term is the weight itself, and a weight of 0 shows only in a sum that is -0; such rows keep it. Matrices that real numbers arrive at "
         "are left alone, as 0 times an infinite value is NaN. Few or scattered zeros cost more to find than to add, hence the limit `work`; raise it for a smaller "
         "model, at the price of time. Synaptic operations are counted as those of the whole matrix.",
  .needs = NIRC_LEVEL_SNN, .leaves = NIRC_LEVEL_SNN, .options = options, .n_options = sizeof options / sizeof *options,
  .counters = counters, .n_counters = sizeof counters / sizeof *counters, .run = run,
};
