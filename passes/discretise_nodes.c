/* passes/discretise_nodes.c: one node of the nir level to ops of the snn level. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "ir/dialect_nir.h"
#include "passes/discretise.h"

enum { MAX_STATE_BYTES = 1 << 30 };                  /* of one Delay */

/* ---- making ops -------------------------------------------------------------------------------------------------------- */

static nirc_op *append(nirc_discretiser *x, const nirc_op *from, nirc_opcode code, nirc_value *const *in, size_t n)
{
  nirc_op *op = nirc_op_new(x->m, x->step->body, code, from->name, from->loc);
  nirc_op_set_operands(x->m, op, in, n);
  return op;
}

static void set_type(nirc_discretiser *x, nirc_op *op, uint32_t result, nirc_dtype elem, const nirc_shape *shape)
{
  op->results[result].type = nirc_type_get(&x->m->types, elem, shape);
}

/* A blob of float32 in `shape`, from f(element); uniform ones become splats. */
typedef double (*element_fn)(const nirc_discretiser *x, const nirc_blob *source, size_t element);

static nirc_blob *make_blob(nirc_discretiser *x, const nirc_shape *shape, const nirc_blob *source, element_fn f)
{
  void *data;
  nirc_blob *b = nirc_blob_new(x->m->heap, NIRC_F32, shape, false, &data);
  float *out = data;
  bool uniform = b->count > 0;
  for (size_t e = 0; e < b->count; e++) {
    out[e] = (float)f(x, source, source->count == 1 ? 0 : e);
    uniform = uniform && memcmp(&out[e], &out[0], sizeof *out) == 0;
  }
  if (uniform && b->count > 1) {
    nirc_blob *splat = nirc_blob_splat(x->m->heap, NIRC_F32, shape, (double)out[0]);
    memcpy((void *)(uintptr_t)splat->data, out, sizeof *out);            /* bits of a NaN included */
    nirc_blob_unref(b);
    b = splat;
  }
  return nirc_module_hold(x->m, b);
}

static double plain(const nirc_discretiser *x, const nirc_blob *source, size_t e)
{
  (void)x;
  return nirc_blob_get(source, e);
}

static double decay(const nirc_discretiser *x, const nirc_blob *tau, size_t e)
{
  double ratio = x->dt / nirc_blob_get(tau, e);
  return x->profile->decay == NIRC_DECAY_EXACT ? -expm1(-ratio) : ratio;
}

static double gain(const nirc_discretiser *x, const nirc_blob *r, size_t e)
{
  return x->profile->gain == NIRC_GAIN_R ? nirc_blob_get(r, e) : x->dt * nirc_blob_get(r, e);
}

/* Weights as float32; as they stand where they are that already. */
static nirc_blob *weights(nirc_discretiser *x, nirc_blob *b, const nirc_shape *shape)
{
  if (b->dtype != NIRC_F32 || b->splat || b->count == 1)
    return make_blob(x, shape, b, plain);
  if (nirc_shape_equal(&b->shape, shape))
    return b;
  return nirc_module_hold(x->m, nirc_blob_borrow(x->m->heap, NIRC_F32, shape, b->data));
}

/* True where every element is +0, so that sums may as well start from nothing. */
static bool all_zero(const nirc_blob *b)
{
  for (size_t e = 0; e < b->count; e++) {
    double v = nirc_blob_get(b, e);
    if (v != 0 || signbit(v))
      return false;
  }
  return true;
}

nirc_value *nirc_discretise_state(nirc_discretiser *x, const nirc_op *from, const char *field, nirc_dtype elem, const nirc_shape *shape, nirc_blob *init)
{
  nirc_op *op = append(x, from, SNN_STATE, NULL, 0);
  nirc_op_set_string(x->m, op, "name", nirc_arena_printf(x->m->arena, "%s/%s", from->name, field));
  nirc_op_set_blob(x->m, op, "init", nirc_module_hold(x->m, init));
  set_type(x, op, 0, elem, shape);
  return nirc_op_result(op);
}

void nirc_discretise_update(nirc_discretiser *x, const nirc_op *from, nirc_value *state, nirc_value *next)
{
  append(x, from, SNN_UPDATE, (nirc_value *[]){state, next}, 2);
}

/* ---- neurons -------------------------------------------------------------------------------------------------------------- */

typedef struct coefficient {
  const char *name, *source;                         /* attribute of the snn op, parameter of the node */
  element_fn make;
  double absent;                                     /* value of a parameter that is not there */
} coefficient;

typedef struct neuron {
  nirc_opcode nir, snn;
  coefficient coefficients[8];
} neuron;

#define G {"g", "r", gain, 0}
#define K {"k", "tau", decay, 0}
#define K_SYN {"k_syn", "tau_syn", decay, 0}
#define K_MEM {"k_mem", "tau_mem", decay, 0}
#define PLAIN(n) {n, n, plain, 0}
#define W_IN {"w_in", "w_in", plain, 1}

static const neuron neurons[] = {
  {NIR_I, SNN_I_STEP, {G}},
  {NIR_IF, SNN_IF_STEP, {G, PLAIN("v_threshold"), PLAIN("v_reset")}},
  {NIR_LI, SNN_LI_STEP, {K, PLAIN("r"), PLAIN("v_leak")}},
  {NIR_LIF, SNN_LIF_STEP, {K, PLAIN("r"), PLAIN("v_leak"), PLAIN("v_threshold"), PLAIN("v_reset")}},
  {NIR_CUBA_LI, SNN_CUBA_LI_STEP, {K_SYN, K_MEM, W_IN, PLAIN("r"), PLAIN("v_leak")}},
  {NIR_CUBA_LIF, SNN_CUBA_LIF_STEP, {K_SYN, K_MEM, W_IN, PLAIN("r"), PLAIN("v_leak"), PLAIN("v_threshold"), PLAIN("v_reset")}},
};

static void set_coefficients(nirc_discretiser *x, nirc_op *step, const nirc_op *node, const neuron *n, const nirc_shape *shape)
{
  for (const coefficient *c = n->coefficients; c->name; c++) {
    nirc_blob *source = nirc_op_blob(node, c->source);
    nirc_op_set_blob(x->m, step, c->name, source ? make_blob(x, shape, source, c->make)
                                                 : nirc_module_hold(x->m, nirc_blob_splat(x->m->heap, NIRC_F32, shape, c->absent)));
  }
  if (step->def->spikes) {
    nirc_op_set_enum(x->m, step, "reset", x->reset);
    nirc_op_set_enum(x->m, step, "compare", x->profile->compare);
  }
}

/* v starts at v_leak, where there is one; i at 0. */
static bool discretise_neuron(nirc_discretiser *x, const nirc_op *node, const neuron *n, nirc_value *in)
{
  const nirc_shape *shape = &node->results[0].type->shape;
  nirc_blob *leak = nirc_op_blob(node, "v_leak"), *zero = nirc_blob_splat(x->m->heap, NIRC_F32, shape, 0);
  nirc_value *v = nirc_discretise_state(x, node, "v", NIRC_F32, shape, leak ? nirc_blob_ref(make_blob(x, shape, leak, plain)) : nirc_blob_ref(zero)), *i = NULL;
  bool synapse = nirc_op_defs[n->snn]->n_operands == 3;
  if (synapse)
    i = nirc_discretise_state(x, node, "i", NIRC_F32, shape, nirc_blob_ref(zero));
  nirc_blob_unref(zero);
  nirc_op *step = append(x, node, n->snn, (nirc_value *[]){in, v, i}, synapse ? 3 : 2);
  set_coefficients(x, step, node, n, shape);
  uint32_t next = 0;
  if (step->def->spikes)
    set_type(x, step, next++, NIRC_BOOL, shape);
  set_type(x, step, next, NIRC_F32, shape);
  x->v[node->id] = &step->results[next++];
  if (synapse) {
    set_type(x, step, next, NIRC_F32, shape);
    x->i[node->id] = &step->results[next];
    nirc_discretise_update(x, node, i, x->i[node->id]);
  }
  nirc_discretise_update(x, node, v, x->v[node->id]);
  x->value[node->id] = &step->results[0];
  return true;
}

/* ---- linear maps ------------------------------------------------------------------------------------------------------------- */

static bool discretise_linear(nirc_discretiser *x, const nirc_op *node, nirc_value *in)
{
  nirc_blob *w = nirc_op_blob(node, "weight"), *bias = nirc_op_blob(node, "bias");
  const nirc_shape *shape = &node->results[0].type->shape;
  nirc_op *op = append(x, node, SNN_DENSE, &in, 1);
  nirc_op_set_blob(x->m, op, "weight", weights(x, w, &w->shape));
  if (bias && !all_zero(bias)) {
    size_t out = shape->dims[shape->rank - 1], all = node->results[0].type->count;
    if (bias->count != 1 && bias->count != out && bias->count != all) {
      nirc_error(x->d, nirc_op_attr_loc(x->m, node, "bias"), "'%s': bias has shape %s, the output %s", node->name,
                 nirc_shape_text(x->m->arena, &bias->shape), nirc_shape_text(x->m->arena, shape));
      return false;
    }
    if (bias->count == out && out != all) {          /* the same bias for each leading index */
      void *data;
      nirc_blob *wide = nirc_module_hold(x->m, nirc_blob_new(x->m->heap, NIRC_F32, shape, false, &data));
      for (size_t e = 0; e < all; e++)
        ((float *)data)[e] = (float)nirc_blob_get(bias, e % out);
      bias = wide;
    }
    nirc_op_set_blob(x->m, op, "bias", weights(x, bias, shape));
  }
  set_type(x, op, 0, NIRC_F32, shape);
  x->value[node->id] = nirc_op_result(op);
  return true;
}

static nirc_value *reshape(nirc_discretiser *x, const nirc_op *node, nirc_value *v, const nirc_shape *shape)
{
  nirc_op *op = append(x, node, SNN_RESHAPE, &v, 1);
  set_type(x, op, 0, v->type->elem, shape);
  return nirc_op_result(op);
}

/* [channels, n] as [channels, 1, n]. */
static nirc_shape one_row(const nirc_shape *s)
{
  return s->rank == 2 ? (nirc_shape){.rank = 3, .dims = {s->dims[0], 1, s->dims[1]}} : *s;
}

/* A pair of a window's numbers; one-dimensional windows have one row, where the number is `other`. */
static void set_pair(nirc_discretiser *x, nirc_op *op, const char *name, const nirc_window *w, const int64_t v[2], uint64_t other)
{
  nirc_shape s = {.rank = 2, .dims = {w->n_axes == 2 ? (uint64_t)v[0] : other, (uint64_t)v[w->n_axes - 1]}};
  nirc_op_set_shape(x->m, op, name, &s);
}

static bool discretise_window(nirc_discretiser *x, const nirc_op *node, nirc_value *in)
{
  nirc_window w;
  if (!nirc_nir_window(x->m, node, &w, x->d))
    return false;
  const nirc_shape *shape = &node->results[0].type->shape;
  nirc_shape in_shape = one_row(&in->type->shape), out_shape = one_row(shape);
  if (w.n_axes == 1)
    in = reshape(x, node, in, &in_shape);
  nirc_blob *weight = nirc_op_blob(node, "weight");
  nirc_op *op = append(x, node, weight ? SNN_CONV : node->code == NIR_AVG_POOL2D ? SNN_AVG_POOL : SNN_SUM_POOL, &in, 1);
  if (weight) {
    nirc_shape full = {.rank = 4, .dims = {weight->shape.dims[0], weight->shape.dims[1], w.n_axes == 2 ? weight->shape.dims[2] : 1,
                                           weight->shape.dims[w.n_axes + 1]}};
    nirc_op_set_blob(x->m, op, "weight", weights(x, weight, &full));
    nirc_blob *bias = nirc_op_blob(node, "bias");
    nirc_shape channels = nirc_shape_1d(full.dims[0]);
    if (!all_zero(bias))
      nirc_op_set_blob(x->m, op, "bias", weights(x, bias, &channels));
  } else {
    set_pair(x, op, "kernel_size", &w, w.kernel, 1);
  }
  set_pair(x, op, "stride", &w, w.stride, 1);
  if (weight)
    set_pair(x, op, "dilation", &w, w.dilation, 1);
  set_pair(x, op, "before", &w, w.before, 0);
  if (weight)
    nirc_op_set_int(x->m, op, "groups", w.groups);
  set_type(x, op, 0, NIRC_F32, &out_shape);
  x->value[node->id] = w.n_axes == 1 ? reshape(x, node, nirc_op_result(op), shape) : nirc_op_result(op);
  return true;
}

static bool discretise_elementwise(nirc_discretiser *x, const nirc_op *node, nirc_value *in)
{
  bool scale = node->code == NIR_SCALE;
  const char *name = scale ? "scale" : "threshold";
  const nirc_shape *shape = &node->results[0].type->shape;
  nirc_op *op = append(x, node, scale ? SNN_SCALE : SNN_THRESHOLD, &in, 1);
  nirc_op_set_blob(x->m, op, name, make_blob(x, shape, nirc_op_blob(node, name), plain));
  set_type(x, op, 0, scale ? NIRC_F32 : NIRC_BOOL, shape);
  x->value[node->id] = nirc_op_result(op);
  return true;
}

/* ---- delays -------------------------------------------------------------------------------------------------------------------- */

double nirc_delay_steps(const nirc_op *op, size_t element, double dt)
{
  return rint(nirc_blob_get(nirc_op_blob(op, "delay"), element) / dt);
}

/* The ring buffer of a Delay: slots for the last steps, and the slot that this step writes. v and i are not used by a Delay: they keep both. */
static void make_buffer(nirc_discretiser *x, const nirc_op *node, uint64_t slots)
{
  const nirc_shape *shape = &node->results[0].type->shape;
  nirc_shape full = {.rank = shape->rank + 1, .dims = {slots}}, scalar = nirc_shape_scalar();
  memcpy(full.dims + 1, shape->dims, shape->rank * sizeof shape->dims[0]);
  void *zero;
  nirc_blob *start = nirc_blob_new(x->m->heap, NIRC_I32, &scalar, true, &zero);
  memset(zero, 0, sizeof(int32_t));
  x->v[node->id] = nirc_discretise_state(x, node, "buffer", NIRC_F32, &full, nirc_blob_splat(x->m->heap, NIRC_F32, &full, 0));
  x->i[node->id] = nirc_discretise_state(x, node, "slot", NIRC_I32, &scalar, start);
}

static uint64_t longest(const nirc_discretiser *x, const nirc_op *node)
{
  double most = 0;
  for (size_t e = 0; e < node->results[0].type->count; e++)
    most = fmax(most, nirc_delay_steps(node, e, x->dt));
  return (uint64_t)most;
}

static void read_buffer(nirc_discretiser *x, const nirc_op *node, nirc_value *buffer)
{
  const nirc_shape *shape = &node->results[0].type->shape;
  nirc_op *op = append(x, node, SNN_DELAY_READ, (nirc_value *[]){buffer, x->i[node->id]}, 2);
  void *data;
  nirc_blob *steps = nirc_module_hold(x->m, nirc_blob_new(x->m->heap, NIRC_I64, shape, false, &data));
  for (size_t e = 0; e < steps->count; e++)
    ((int64_t *)data)[e] = (int64_t)nirc_delay_steps(node, e, x->dt);
  nirc_op_set_blob(x->m, op, "steps", steps);
  set_type(x, op, 0, NIRC_F32, shape);
  x->value[node->id] = nirc_op_result(op);
}

void nirc_discretise_register(nirc_discretiser *x, const nirc_op *node)
{
  if (x->value[node->id])
    return;
  make_buffer(x, node, longest(x, node));
  read_buffer(x, node, x->v[node->id]);
}

/* A register reads before this step's input is written; with an element of 0 steps among others, reading comes after. */
static bool discretise_delay(nirc_discretiser *x, const nirc_op *node, nirc_value *in)
{
  bool is_register = x->schedule.is_register[node->id];
  uint64_t slots = longest(x, node);
  if (!slots) {
    x->value[node->id] = in;
    return true;
  }
  if (is_register)
    nirc_discretise_register(x, node);
  else
    make_buffer(x, node, slots + 1);
  nirc_value *buffer = x->v[node->id], *slot = x->i[node->id];
  nirc_op *write = append(x, node, SNN_DELAY_WRITE, (nirc_value *[]){buffer, slot, in}, 3);
  set_type(x, write, 0, NIRC_F32, &buffer->type->shape);
  if (!is_register)
    read_buffer(x, node, nirc_op_result(write));
  nirc_op *advance = append(x, node, SNN_ADVANCE, (nirc_value *[]){slot, buffer}, 2);
  set_type(x, advance, 0, NIRC_I32, &slot->type->shape);
  nirc_discretise_update(x, node, buffer, nirc_op_result(write));
  nirc_discretise_update(x, node, slot, nirc_op_result(advance));
  x->v[node->id] = x->i[node->id] = NULL;            /* nothing to probe */
  return true;
}

/* ---- any node ------------------------------------------------------------------------------------------------------------------- */

static bool discretise_port(nirc_discretiser *x, const nirc_op *node, nirc_value *in)
{
  bool input = node->code == NIR_INPUT;
  nirc_op *op = append(x, node, input ? SNN_INPUT : SNN_OUTPUT, &in, input ? 0 : 1);
  nirc_op_set_string(x->m, op, "name", node->name);
  if (input)
    set_type(x, op, 0, NIRC_F32, &node->results[0].type->shape);
  x->value[node->id] = input ? nirc_op_result(op) : in;
  return true;
}

bool nirc_discretise_node(nirc_discretiser *x, const nirc_op *node, nirc_value *in)
{
  for (size_t n = 0; n < sizeof neurons / sizeof *neurons; n++)
    if (neurons[n].nir == node->code)
      return discretise_neuron(x, node, &neurons[n], in);
  switch (node->code) {
  case NIR_INPUT: case NIR_OUTPUT: return discretise_port(x, node, in);
  case NIR_LINEAR: case NIR_AFFINE: return discretise_linear(x, node, in);
  case NIR_CONV1D: case NIR_CONV2D: case NIR_SUM_POOL2D: case NIR_AVG_POOL2D: return discretise_window(x, node, in);
  case NIR_SCALE: case NIR_THRESHOLD: return discretise_elementwise(x, node, in);
  case NIR_DELAY: return discretise_delay(x, node, in);
  case NIR_FLATTEN: x->value[node->id] = reshape(x, node, in, &node->results[0].type->shape); return true;
  default:
    NIRC_ASSERT(node->code == NIR_IDENTITY);
    x->value[node->id] = in;
    return true;
  }
}

/* ---- checks ---------------------------------------------------------------------------------------------------------------------- */

static void check_numbers(nirc_discretiser *x, const nirc_op *op, const nirc_attr *a)
{
  bool tau = strncmp(a->name, "tau", 3) == 0;
  for (size_t e = 0; e < a->blob->count; e++) {
    double v = nirc_blob_get(a->blob, e), rounded = (double)(float)v;
    if (!isfinite(rounded) || (tau && !(v > 0))) {
      nirc_error(x->d, nirc_op_attr_loc(x->m, op, a->name), "'%s': %s = %g (element %zu), %s is wanted", op->name, a->name, v, e,
                 tau ? "a time above 0" : isfinite(v) ? "a number within the range of float32" : "a finite number");
      return;
    }
  }
}

static void check_delay(nirc_discretiser *x, const nirc_op *op)
{
  const nirc_type *t = op->results[0].type;
  double most = 0;
  for (size_t e = 0; e < t->count; e++) {
    double steps = nirc_delay_steps(op, e, x->dt);
    if (!(steps >= 0)) {
      nirc_error(x->d, nirc_op_attr_loc(x->m, op, "delay"), "'%s': delay = %g (element %zu), at least 0 is wanted", op->name,
                 nirc_blob_get(nirc_op_blob(op, "delay"), e), e);
      return;
    }
    most = fmax(most, steps);
  }
  if ((most + 1) * (double)t->count * 4 > (double)MAX_STATE_BYTES)
    nirc_error_status(x->d, NIRC_STATUS_LIMIT, nirc_op_attr_loc(x->m, op, "delay"), "'%s': %.0f steps of delay for %zu elements need more than %d MiB", op->name, most,
                      t->count, MAX_STATE_BYTES >> 20);
}

bool nirc_discretise_check_node(nirc_discretiser *x, const nirc_op *op)
{
  unsigned before = x->d->errors;
  for (const nirc_attr *a = op->attrs; op->def->integrates && a; a = a->next)
    if (a->kind == NIRC_ATTR_DENSE && nirc_op_def_attr(op->def, a->name))
      check_numbers(x, op, a);
  if (op->code == NIR_DELAY)
    check_delay(x, op);
  nirc_window w;
  if (op->def->n_axes && nirc_nir_window(x->m, op, &w, x->d) && w.same && (w.stride[0] != 1 || (w.n_axes == 2 && w.stride[1] != 1))) {
    nirc_error(x->d, nirc_op_attr_loc(x->m, op, "padding"), "'%s': padding \"same\" with a stride other than 1 has no agreed meaning", op->name);
    nirc_note(x->d, op->loc, "give the padding in numbers");
  }
  return x->d->errors == before;
}
