/* ir/interp_count.c: what an op has done, counted one by one: the oracle of compiled counters. Operands are still what they were before the op. */
#include "ir/interp_parts.h"

static uint64_t count_spikes(const instruction *k, const nirc_count *c)
{
  cells z = k->out[nirc_snn_fires(k->op)];
  uint64_t n = 0;
  for (size_t e = c->first; e < c->first + c->n; e++)
    n += z.type->elem == NIRC_BOOL ? cell_get(z, e) != 0 : (uint64_t)events(z, e, INT64_MAX);
  return n;
}

/* Places of the kernel of a convolution under which an input at `at` of one axis is seen. */
static uint64_t count_taps(const nirc_op *op, int axis, int64_t at, int64_t out)
{
  int64_t stride = (int64_t)nirc_op_shape(op, "stride")->dims[axis], dilation = (int64_t)nirc_op_shape(op, "dilation")->dims[axis],
          before = (int64_t)nirc_op_shape(op, "before")->dims[axis];
  uint64_t n = 0;
  for (int64_t o = 0; o < out; o++)
    for (int64_t tap = 0; tap < (int64_t)nirc_op_blob(op, "weight")->shape.dims[2 + axis]; tap++)
      n += o * stride + tap * dilation - before == at;
  return n;
}

static uint64_t count_operations(const instruction *k, bool on_chip)
{
  const nirc_op *op = k->op;
  cells x = k->in[op->code == HW_PROJECT];
  const nirc_shape *in = &x.type->shape, *out = &k->out[0].type->shape;
  uint64_t n = 0;
  for (size_t e = 0; e < x.type->count; e++) {
    uint64_t times = on_chip && x.type->elem != NIRC_BOOL ? (uint64_t)events(x, e, op->code == HW_PROJECT ? nirc_op_int(op, "most") : INT64_MAX) : cell_get(x, e) != 0;
    uint64_t weights = times ? nirc_count_weights(op, e, on_chip) : 0;
    if (weights && op->code == SNN_CONV)
      weights *= count_taps(op, 0, (int64_t)(e / in->dims[2] % in->dims[1]), (int64_t)out->dims[1]) *
                 count_taps(op, 1, (int64_t)(e % in->dims[2]), (int64_t)out->dims[2]);
    n += times * weights;
  }
  return n;
}

static uint64_t count_named(const instruction *k, uint32_t index)
{
  const nirc_neuron *read = &k->neuron->read;
  nirc_eq_value *values = nirc_heap_alloc(nirc_heap_default(), read->counting.n_nodes * sizeof *values);
  uint32_t result = read->counting.results[index];
  uint64_t n = 0;
  for (size_t e = 0; e < k->out[0].type->count; e++) {
    neuron_inputs(k, e);
    nirc_equation_eval(&read->counting, k->neuron->inputs, values);
    n += read->counting.nodes[result].type == NIRC_I64 ? (uint64_t)values[result].i : values[result].f != 0;
  }
  nirc_heap_free(nirc_heap_default(), values);
  return n;
}

static uint64_t count_saturations(const instruction *k)
{
  const nirc_blob *weight = nirc_op_blob(k->op, "weight");
  size_t n = k->out[0].type->count;
  uint64_t saturated = 0;
  for (size_t o = 0; o < n; o++) {
    int64_t state = k->in[0].h[o];
    for (size_t j = 0; j < k->in[1].type->count; j++)
      for (int64_t left = events(k->in[1], j, nirc_op_int(k->op, "most")); left > 0; left--) {
        int64_t sum = state + whole(weight, j * n + o);
        state = sum > INT16_MAX ? INT16_MAX : sum < INT16_MIN ? INT16_MIN : sum;
        saturated += state != sum;
      }
  }
  return saturated;
}

/* All cores, run again for it. */
static void count_cores(const instruction *k, const nirc_counters *c, uint64_t *counters)
{
  const nirc_heap *h = nirc_heap_default();
  size_t n = k->in[0].type->count, core = 0;
  uint64_t counts[NIRC_CORES_MAX][NIRC_COUNT_KINDS] = {{0}};
  int64_t *v = nirc_heap_alloc(h, n * sizeof *v);
  double *z = nirc_heap_alloc(h, n * sizeof *z);
  nirc_interp_run_cores(k, v, z, counts);
  NIRC_FOR_EACH_OP(op, k->op->body) {
    for (size_t i = 0; i < c->n_counts; i++)
      if (c->counts[i].op == op)
        counters[c->counts[i].row] += counts[core][c->counts[i].kind];
    core++;
  }
  nirc_heap_free(h, z);
  nirc_heap_free(h, v);
}

void nirc_interp_count_op(const instruction *k, const nirc_counters *c, bool on_chip, uint64_t *counters)
{
  if (k->op->code == HW_CORE)                        /* with the op around it */
    return;
  if (k->op->code == HW_CORES)
    count_cores(k, c, counters);
  for (size_t i = 0; i < c->n_counts; i++) {
    const nirc_count *what = &c->counts[i];
    if (what->op != k->op)
      continue;
    switch (what->kind) {
    case NIRC_COUNT_SPIKES: counters[what->row] += count_spikes(k, what); break;
    case NIRC_COUNT_OPERATIONS: counters[what->row] += count_operations(k, on_chip); break;
    case NIRC_COUNT_NAMED: counters[what->row] += count_named(k, what->index); break;
    default: counters[what->row] += count_saturations(k);
    }
  }
}
