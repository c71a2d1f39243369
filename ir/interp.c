#include "ir/interp.h"

#include <stdlib.h>
#include <string.h>

#include "ir/dialect_snn.h"
#include "ir/interp_parts.h"
#include "ir/numbering.h"

/* A state and what it becomes when the step is over. */
typedef struct state {
  const nirc_op *op;
  cells now, next;
} state;

typedef struct port {
  const char *name;
  cells at;                                          /* copied in or out */
} port;

typedef struct port_list {
  port *ports;
  nirc_interp_port *shown;
  size_t n;
} port_list;

struct nirc_interp {
  const nirc_heap *heap;
  nirc_arena *arena;
  instruction *program;
  size_t n_instructions;                             /* the ops of populations behind them, as in the text */
  state *states;
  size_t n_states;
  port_list inputs, outputs, probes;
  nirc_counters counting;
  uint64_t *counters;                                /* NULL: nobody counts */
  bool on_chip;
};

/* ---- building ------------------------------------------------------------------------------------------------------ */

static cells new_cells(nirc_arena *a, const nirc_type *type)
{
  cells c = {.type = type};
  switch (type->elem) {
  case NIRC_F64: c.d = NIRC_NEW_ARRAY(a, double, type->count); break;
  case NIRC_I16: c.h = NIRC_NEW_ARRAY(a, int16_t, type->count); break;
  case NIRC_I32: c.i = NIRC_NEW_ARRAY(a, int32_t, type->count); break;
  case NIRC_I64: c.l = NIRC_NEW_ARRAY(a, int64_t, type->count); break;
  default: c.f = NIRC_NEW_ARRAY(a, float, type->count);
  }
  return c;
}

static const nirc_region *step_of(const nirc_module *m)
{
  NIRC_ASSERT(m->body.first && m->body.first->code == SNN_STEP);
  return m->body.first->body;
}

static size_t count_code(const nirc_region *step, nirc_opcode code)
{
  size_t n = 0;
  NIRC_FOR_EACH_OP(op, step)
    n += op->code == code;
  return n;
}

static int by_port_name(const void *pa, const void *pb)
{
  const port *a = pa, *b = pb;
  return strcmp(a->name, b->name);
}

/* Ports of one kind by byte order of their names. */
static void collect_ports(nirc_interp *x, const nirc_region *step, nirc_opcode code, port_list *l)
{
  l->n = count_code(step, code);
  l->ports = NIRC_NEW_ARRAY(x->arena, port, l->n);
  l->shown = NIRC_NEW_ARRAY(x->arena, nirc_interp_port, l->n);
  size_t n = 0;
  for (size_t i = 0; i < x->n_instructions; i++) {
    const instruction *k = &x->program[i];
    if (k->op->code == code)
      l->ports[n++] = (port){.name = nirc_op_attr(k->op, "name")->s, .at = code == SNN_INPUT ? k->out[0] : k->in[0]};
  }
  qsort(l->ports, l->n, sizeof *l->ports, by_port_name);
  for (size_t i = 0; i < l->n; i++)
    l->shown[i] = (nirc_interp_port){.name = l->ports[i].name, .type = l->ports[i].at.type};
}

/* States get a second place each, which their snn.update writes. */
static void collect_states(nirc_interp *x, const nirc_region *step)
{
  x->states = NIRC_NEW_ARRAY(x->arena, state, count_code(step, SNN_STATE));
  for (size_t i = 0; i < x->n_instructions; i++) {
    instruction *k = &x->program[i];
    if (k->op->code == SNN_STATE)
      x->states[x->n_states++] = (state){.op = k->op, .now = k->out[0], .next = new_cells(x->arena, k->out[0].type)};
  }
  for (size_t i = 0; i < x->n_instructions; i++) {
    instruction *k = &x->program[i];
    for (size_t s = 0; k->op->code == SNN_UPDATE && s < x->n_states; s++)
      if (x->states[s].op == nirc_op_operand(k->op, 0)->def)
        k->out[0] = x->states[s].next;
  }
}

static const neuron_values *new_neuron(nirc_arena *a, const nirc_op *op)
{
  neuron_values *n = NIRC_NEW(a, neuron_values);
  const char *fault;
  NIRC_ASSERT(nirc_neuron_read(&n->read, a, op, &fault));
  n->inputs = NIRC_NEW_ARRAY(a, nirc_eq_value, n->read.n_operands + n->read.n_coefficients);
  n->values = NIRC_NEW_ARRAY(a, nirc_eq_value, n->read.equation.n_nodes);
  return n;
}

/* `around`: the population that the region is of, or NULL. */
static void add_instructions(nirc_interp *x, const nirc_numbering *numbers, const nirc_region *region, const instruction *around)
{
  NIRC_FOR_EACH_OP(op, region) {
    instruction *k = &x->program[x->n_instructions++];
    k->op = op;
    if (op->code == SNN_NEURON)
      k->neuron = new_neuron(x->arena, op);
    NIRC_ASSERT(op->n_operands <= MAX_OPERANDS && op->n_results <= MAX_RESULTS);
    for (uint32_t i = 0; i < op->n_operands; i++) {
      const nirc_value *v = nirc_op_operand(op, i);  /* numbers count snn.step, the instructions do not */
      k->in[i] = x->program[nirc_numbering_find(numbers, v->def)->number - 1].out[v->index];
    }
    if (op->code == SNN_OPERAND) {
      k->out[0] = around->in[nirc_op_int(op, "index")];
    } else if (op->code == SNN_POPULATION) {
      add_instructions(x, numbers, op->body, k);
      memcpy(k->out, x->program[x->n_instructions - 1].out, sizeof k->out);
    } else {
      for (uint32_t i = 0; i < op->n_results; i++)
        k->out[i] = new_cells(x->arena, op->results[i].type);
    }
    if (op->code == HW_CORES)                          /* evaluated as one; those inside only have numbers */
      add_instructions(x, numbers, op->body, k);
  }
}

static void build_program(nirc_interp *x, const nirc_module *m)
{
  const nirc_region *step = step_of(m);
  nirc_numbering numbers;
  nirc_numbering_init(&numbers, m);
  x->program = NIRC_NEW_ARRAY(x->arena, instruction, numbers.n);
  add_instructions(x, &numbers, step, NULL);
  nirc_numbering_deinit(&numbers);
  collect_states(x, step);
  collect_ports(x, step, SNN_INPUT, &x->inputs);
  collect_ports(x, step, SNN_OUTPUT, &x->outputs);
  collect_ports(x, step, SNN_PROBE, &x->probes);
}

nirc_interp *nirc_interp_new(const nirc_module *m)
{
  nirc_arena *arena = nirc_arena_new(m->heap);
  nirc_interp *x = NIRC_NEW(arena, nirc_interp);
  x->heap = m->heap;
  x->arena = arena;
  x->on_chip = m->level == NIRC_LEVEL_HW;
  build_program(x, m);
  nirc_counters_find(&x->counting, arena, m->body.first);
  nirc_interp_reset(x);
  return x;
}

void nirc_interp_free(nirc_interp *x)
{
  if (x)
    nirc_arena_free(x->arena);
}

void nirc_interp_reset(nirc_interp *x)
{
  for (size_t s = 0; s < x->n_states; s++) {
    const nirc_blob *init = nirc_op_blob(x->states[s].op, "init");
    cells c = x->states[s].now;
    for (size_t e = 0; e < c.type->count; e++)
      if (c.l)                                       /* more digits than a double has */
        c.l[e] = whole(init, e);
      else
        cell_put(c, e, nirc_blob_get(init, e));
  }
}

static size_t show(const port_list *l, const nirc_interp_port **ports)
{
  *ports = l->shown;
  return l->n;
}

size_t nirc_interp_inputs(const nirc_interp *x, const nirc_interp_port **ports) { return show(&x->inputs, ports); }
size_t nirc_interp_outputs(const nirc_interp *x, const nirc_interp_port **ports) { return show(&x->outputs, ports); }
size_t nirc_interp_probes(const nirc_interp *x, const nirc_interp_port **ports) { return show(&x->probes, ports); }

size_t nirc_interp_counters(const nirc_interp *x, const nirc_counter_row **rows)
{
  *rows = x->counting.rows;
  return x->counting.n_rows;
}

void nirc_interp_count(nirc_interp *x, uint64_t *counters)
{
  x->counters = counters;
}

/* ---- what the ops compute ---------------------------------------------------------------------------------------------
 * Every operation is rounded by itself, in the order of the equation in the op table (this file is compiled without
 * contraction); sums follow docs/semantics.md. */

/* n elements of `from`, beginning at from_at, to those of `to` at to_at: bit by bit, or as numbers where the types differ. */
static void copy_some(cells to, size_t to_at, cells from, size_t from_at, size_t n)
{
  if (to.f && from.f)
    memcpy(to.f + to_at, from.f + from_at, n * sizeof *to.f);
  else if (to.l && from.l)
    memcpy(to.l + to_at, from.l + from_at, n * sizeof *to.l);
  else
    for (size_t e = 0; e < n; e++)
      cell_put(to, to_at + e, cell_get(from, from_at + e));
}

static void copy_cells(cells to, cells from)
{
  copy_some(to, 0, from, 0, to.type->count);
}

/* What an operation gives: rounded to the element type of the op's result. Sums, products and quotients of float32 numbers that are rounded to float64 and
 * then to float32 are those that are rounded to float32 at once: 53 bits are more than twice 24. */
static double rounded(const instruction *k, double v)
{
  return k->out[0].d ? v : (double)(float)v;
}

/* y + weight[i] * x where x is not 0. */
static double plus_product(const instruction *k, double y, const nirc_blob *weight, size_t i, double x)
{
  return x != 0 ? rounded(k, y + rounded(k, nirc_blob_get(weight, i) * x)) : y;
}

/* What sum i starts as. */
static double sum_begin(const instruction *k, size_t i)
{
  const nirc_blob *bias = nirc_op_blob(k->op, "bias");
  return bias && !nirc_op_blob(k->op, "scale") ? nirc_blob_get(bias, i) : 0;
}

/* Sum i where all its terms are in it. */
static double sum_end(const instruction *k, size_t i, double y)
{
  const nirc_blob *bias = nirc_op_blob(k->op, "bias"), *scale = nirc_op_blob(k->op, "scale");
  if (!scale)
    return y;
  y = rounded(k, nirc_blob_get(scale, i) * y);
  return bias ? rounded(k, y + nirc_blob_get(bias, i)) : y;
}

static void eval_dense(const instruction *k)
{
  const nirc_blob *weight = nirc_op_blob(k->op, "weight");
  size_t n_in = (size_t)weight->shape.dims[weight->shape.rank - 1];
  for (size_t o = 0; o < k->out[0].type->count; o++) {
    size_t matrix = o / (size_t)weight->shape.dims[weight->shape.rank - 2];              /* one for each leading index */
    double y = sum_begin(k, o);
    for (size_t j = 0; j < n_in; j++)
      y = plus_product(k, y, weight, o * n_in + j, cell_get(k->in[0], matrix * n_in + j));
    cell_put(k->out[0], o, sum_end(k, o, y));
  }
}

static void eval_sparse_dense(const instruction *k)
{
  const nirc_blob *weight = nirc_op_blob(k->op, "weight");
  const nirc_blob *first = nirc_op_blob(k->op, "first"), *row = nirc_op_blob(k->op, "row");
  const nirc_shape *in = &k->in[0].type->shape, *out = &k->out[0].type->shape;
  size_t n_in = (size_t)in->dims[in->rank - 1], n_out = (size_t)out->dims[out->rank - 1], size = (size_t)weight->shape.dims[1];
  for (size_t o = 0; o < k->out[0].type->count; o++)
    cell_put(k->out[0], o, sum_begin(k, o));
  for (size_t j = 0; j < k->in[0].type->count; j++) {
    double x = cell_get(k->in[0], j);
    for (size_t b = (size_t)whole(first, j); x != 0 && b < (size_t)whole(first, j + 1); b++) {
      size_t y = j / n_in * n_out + (size_t)whole(row, b);
      for (size_t t = 0; t < size; t++)
        cell_put(k->out[0], y + t, plus_product(k, cell_get(k->out[0], y + t), weight, b * size + t, x));
    }
  }
  for (size_t o = 0; o < k->out[0].type->count; o++)
    cell_put(k->out[0], o, sum_end(k, o, cell_get(k->out[0], o)));
}

/* Geometry of a convolution or pooling window. */
typedef struct window {
  int64_t rows, columns;                             /* of the kernel */
  int64_t stride[2], dilation[2], before[2];
  int64_t in_rows, in_columns, out_rows, out_columns;
} window;

static void window_axes(const nirc_op *op, const char *name, int64_t out[2])
{
  const nirc_shape *s = nirc_op_shape(op, name);
  out[0] = (int64_t)s->dims[0];
  out[1] = (int64_t)s->dims[1];
}

static window window_of(const instruction *k)
{
  const nirc_shape *in = &k->in[0].type->shape, *out = &k->out[0].type->shape;
  window w = {.dilation = {1, 1}, .in_rows = (int64_t)in->dims[1], .in_columns = (int64_t)in->dims[2],
              .out_rows = (int64_t)out->dims[1], .out_columns = (int64_t)out->dims[2]};
  window_axes(k->op, "stride", w.stride);
  window_axes(k->op, "before", w.before);
  if (k->op->code == SNN_CONV) {
    const nirc_shape *weight = &nirc_op_blob(k->op, "weight")->shape;
    w.rows = (int64_t)weight->dims[2];
    w.columns = (int64_t)weight->dims[3];
    window_axes(k->op, "dilation", w.dilation);
  } else {
    int64_t size[2];
    window_axes(k->op, "kernel_size", size);
    w.rows = size[0];
    w.columns = size[1];
  }
  return w;
}

/* Input element under tap (row, column) of the window at (y, x) of a channel; false where that is padding. */
static bool tap(const instruction *k, const window *w, int64_t channel, int64_t y, int64_t x, int64_t row, int64_t column, double *value)
{
  int64_t r = y * w->stride[0] + row * w->dilation[0] - w->before[0];
  int64_t c = x * w->stride[1] + column * w->dilation[1] - w->before[1];
  if (r < 0 || r >= w->in_rows || c < 0 || c >= w->in_columns)
    return false;
  *value = cell_get(k->in[0], (size_t)((channel * w->in_rows + r) * w->in_columns + c));
  return true;
}

static double conv_sum(const instruction *k, const window *w, int64_t channel, int64_t y, int64_t x)
{
  const nirc_blob *weight = nirc_op_blob(k->op, "weight");
  int64_t per_group = (int64_t)weight->shape.dims[1], channels = (int64_t)weight->shape.dims[0];
  int64_t group = channel / (channels / nirc_op_int(k->op, "groups"));
  size_t tap_index = (size_t)(channel * per_group * w->rows * w->columns);
  double sum = sum_begin(k, (size_t)channel), in;
  for (int64_t c = 0; c < per_group; c++)
    for (int64_t row = 0; row < w->rows; row++)
      for (int64_t column = 0; column < w->columns; column++, tap_index++)
        if (tap(k, w, group * per_group + c, y, x, row, column, &in))
          sum = plus_product(k, sum, weight, tap_index, in);
  return sum_end(k, (size_t)channel, sum);
}

static double pool_sum(const instruction *k, const window *w, int64_t channel, int64_t y, int64_t x)
{
  double sum = 0, in;
  for (int64_t row = 0; row < w->rows; row++)
    for (int64_t column = 0; column < w->columns; column++)
      if (tap(k, w, channel, y, x, row, column, &in))
        sum = rounded(k, sum + in);
  return k->op->code == SNN_AVG_POOL ? rounded(k, sum / rounded(k, (double)(w->rows * w->columns))) : sum;
}

static void eval_window(const instruction *k)
{
  window w = window_of(k);
  int64_t channels = (int64_t)k->out[0].type->shape.dims[0];
  size_t o = 0;
  for (int64_t c = 0; c < channels; c++)
    for (int64_t y = 0; y < w.out_rows; y++)
      for (int64_t x = 0; x < w.out_columns; x++)
        cell_put(k->out[0], o++, k->op->code == SNN_CONV ? conv_sum(k, &w, c, y, x) : pool_sum(k, &w, c, y, x));
}

static void eval_delay_read(const instruction *k)
{
  const nirc_blob *steps = nirc_op_blob(k->op, "steps");
  int64_t slots = (int64_t)k->in[0].type->shape.dims[0];
  size_t n = k->out[0].type->count;
  for (size_t e = 0; e < n; e++) {
    int64_t delay = 0;
    NIRC_ASSERT(nirc_blob_get_int(steps, e, &delay));
    int64_t from = (k->in[1].i[0] - delay) % slots;
    copy_some(k->out[0], e, k->in[0], (size_t)(from < 0 ? from + slots : from) * n + e, 1);
  }
}

static void eval_delay_write(const instruction *k)
{
  size_t n = k->in[2].type->count;
  copy_cells(k->out[0], k->in[0]);
  copy_some(k->out[0], (size_t)k->in[1].i[0] * n, k->in[2], 0, n);
}

static void eval_project(const instruction *k)
{
  const nirc_blob *weight = nirc_op_blob(k->op, "weight");
  size_t n = k->out[0].type->count;
  copy_cells(k->out[0], k->in[0]);
  for (size_t j = 0; j < k->in[1].type->count; j++)
    for (int64_t left = events(k->in[1], j, nirc_op_int(k->op, "most")); left > 0; left--)
      for (size_t o = 0; o < n; o++) {
        int64_t sum = k->out[0].h[o] + whole(weight, j * n + o);
        k->out[0].h[o] = (int16_t)(sum > INT16_MAX ? INT16_MAX : sum < INT16_MIN ? INT16_MIN : sum);
      }
}

/* Events of operand `o` at all cores that it goes to. */
static void eval_input(const instruction *k, nirc_cores_run *r, uint32_t o)
{
  const nirc_cores *c = r->cores;
  for (size_t e = 0; e < k->in[o].type->count; e++)
    for (int64_t left = events(k->in[o], e, INT64_MAX); left > 0; left--)
      for (size_t core = 0; core < c->n; core++)
        for (uint32_t i = 0; i < c->core[core].inputs->rank; i++)
          if (c->core[core].inputs->dims[i] == o)
            nirc_cores_add_event(r, core, e);
}

void nirc_interp_run_cores(const instruction *k, int64_t *v, double *z, uint64_t (*counts)[NIRC_COUNT_KINDS])
{
  nirc_arena *a = nirc_arena_new(nirc_heap_default());
  nirc_cores c;
  nirc_cores_run r;
  const char *why;
  NIRC_ASSERT(nirc_cores_read(&c, a, k->op, &why));
  memcpy(v, k->in[0].l, k->in[0].type->count * sizeof *v);
  memset(z, 0, k->in[0].type->count * sizeof *z);
  nirc_cores_begin(&r, &c, nirc_heap_default(), v, z, counts);
  for (uint32_t o = 1; o < k->op->n_operands; o++)
    eval_input(k, &r, o);
  nirc_cores_end(&r);
  nirc_arena_free(a);
}

static void eval_neuron(const instruction *k)
{
  const neuron_values *n = k->neuron;
  const nirc_neuron *read = &n->read;
  for (size_t e = 0; e < k->out[0].type->count; e++) {
    neuron_inputs(k, e);
    nirc_equation_eval(&read->equation, n->inputs, n->values);
    for (uint32_t r = 0; r < k->op->n_results; r++)
      eq_put(k->out[r], e, n->values[read->equation.results[r]]);
  }
}

/* Ops that treat each element by itself. */
static void eval_element(const instruction *k, size_t e)
{
  switch (k->op->code) {
  case SNN_ADD: cell_put(k->out[0], e, cell_get(k->in[0], e) + cell_get(k->in[1], e)); break;
  case SNN_SCALE: cell_put(k->out[0], e, nirc_blob_get(nirc_op_blob(k->op, "scale"), e) * cell_get(k->in[0], e)); break;
  case SNN_THRESHOLD: cell_put(k->out[0], e, cell_get(k->in[0], e) > nirc_blob_get(nirc_op_blob(k->op, "threshold"), e)); break;
  default: NIRC_ASSERT(false);
  }
}

static void eval(const instruction *k)
{
  switch (k->op->code) {
  case SNN_INPUT: case SNN_STATE: case SNN_OUTPUT: case SNN_PROBE: case SNN_POPULATION: case SNN_OPERAND: break;
  case SNN_UPDATE: copy_cells(k->out[0], k->in[1]); break;
  case SNN_NEURON: eval_neuron(k); break;
  case HW_PROJECT: eval_project(k); break;
  case HW_CORES: nirc_interp_run_cores(k, k->out[1].l, k->out[0].d, NULL); break;
  case HW_SLICE: copy_some(k->out[0], 0, k->in[0], (size_t)nirc_op_int(k->op, "first"), k->out[0].type->count); break;
  case HW_PLACE: case HW_CORE: break;
  case SNN_DENSE: eval_dense(k); break;
  case SNN_SPARSE_DENSE: eval_sparse_dense(k); break;
  case SNN_CONV: case SNN_SUM_POOL: case SNN_AVG_POOL: eval_window(k); break;
  case SNN_RESHAPE: copy_cells(k->out[0], k->in[0]); break;
  case SNN_DELAY_READ: eval_delay_read(k); break;
  case SNN_DELAY_WRITE: eval_delay_write(k); break;
  case SNN_ADVANCE: k->out[0].i[0] = (int32_t)((k->in[0].i[0] + 1) % (int64_t)k->in[1].type->shape.dims[0]); break;
  default:
    for (size_t e = 0; e < k->out[0].type->count; e++)
      eval_element(k, e);
  }
}

/* Ports are float32 whatever is computed with. */
static void give(const port_list *l, float *const out[], size_t n_out)
{
  for (size_t p = 0; p < l->n && p < n_out; p++)
    if (out[p] && l->ports[p].at.type->count)
      copy_some((cells){.f = out[p]}, 0, l->ports[p].at, 0, l->ports[p].at.type->count);
}

void nirc_interp_step(nirc_interp *x, const float *const in[], float *const out[], size_t n_out)
{
  for (size_t p = 0; p < x->inputs.n; p++)
    if (x->inputs.ports[p].at.type->count)
      memcpy(x->inputs.ports[p].at.f, in[p], x->inputs.ports[p].at.type->count * sizeof(float));
  for (size_t i = 0; i < x->n_instructions; i++) {
    eval(&x->program[i]);
    if (x->counters)
      nirc_interp_count_op(&x->program[i], &x->counting, x->on_chip, x->counters);
  }
  give(&x->outputs, out, n_out);
  if (n_out > x->outputs.n)
    give(&x->probes, out + x->outputs.n, n_out - x->outputs.n);
  for (size_t s = 0; s < x->n_states; s++)
    copy_cells(x->states[s].now, x->states[s].next);
}
