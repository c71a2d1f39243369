/* passes/discretise_nodes.c: one node of the nir level to ops of the snn level. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "ir/dialect_nir.h"
#include "passes/discretise.h"

enum { MAX_STATE_BYTES = 1 << 30 };                  /* of one Delay */

/* ---- making ops -------------------------------------------------------------------------------------------------------- */

nirc_op *nirc_discretise_append(nirc_discretiser *x, const nirc_op *from, nirc_opcode code, nirc_value *const *in, size_t n)
{
  nirc_op *op = nirc_op_new(x->m, x->step->body, code, from->name, from->loc);
  nirc_op_set_operands(x->m, op, in, n);
  return op;
}

void nirc_discretise_set_type(nirc_discretiser *x, nirc_op *op, uint32_t result, nirc_dtype elem, const nirc_shape *shape)
{
  op->results[result].type = nirc_type_get(&x->m->types, elem, shape);
}

/* Numbers as the profile computes; as they stand where they are that already. */
static nirc_blob *numbers(nirc_discretiser *x, nirc_blob *b, const nirc_shape *shape)
{
  if (b->dtype == x->number && !b->splat && b->count > 1)
    return nirc_shape_equal(&b->shape, shape) ? b : nirc_module_hold(x->m, nirc_blob_borrow(x->m->heap, x->number, shape, b->data));
  nirc_eq_value *values = nirc_heap_alloc(x->m->heap, b->count * sizeof *values + 1);
  for (size_t e = 0; e < b->count; e++)
    values[e].f = nirc_blob_get(b, e);
  nirc_blob *made = nirc_discretise_constant(x, x->number, shape, values, b->count);
  nirc_heap_free(x->m->heap, values);
  return made;
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
  nirc_op *op = nirc_discretise_append(x, from, SNN_STATE, NULL, 0);
  nirc_op_set_string(x->m, op, "name", nirc_arena_printf(x->m->arena, "%s/%s", from->name, field));
  nirc_op_set_blob(x->m, op, "init", nirc_module_hold(x->m, init));
  nirc_discretise_set_type(x, op, 0, elem, shape);
  return nirc_op_result(op);
}

void nirc_discretise_update(nirc_discretiser *x, const nirc_op *from, nirc_value *state, nirc_value *next)
{
  nirc_discretise_append(x, from, SNN_UPDATE, (nirc_value *[]){state, next}, 2);
}

/* ---- linear maps ------------------------------------------------------------------------------------------------------------- */

static bool is_linear(const nirc_op *node)
{
  return node->code == NIR_LINEAR || node->code == NIR_AFFINE;
}

/* Is an out-edge of this node a back edge? */
static bool closes_loop(const nirc_discretiser *x, const nirc_op *node)
{
  for (const nirc_use *u = node->results[0].uses; u; u = u->next)
    if (x->schedule.back[u->user->id][u->index])
      return true;
  return false;
}

/* The bias, unless it is nothing, or the profile drops that of a recurrent Affine. */
static nirc_blob *bias_of(nirc_discretiser *x, const nirc_op *node)
{
  nirc_blob *bias = nirc_op_blob(node, "bias");
  const nirc_profile *p = x->by[NIRC_CHOICE_RECURRENT_BIAS];
  if (!bias || all_zero(bias) || !p->drops_recurrent_bias || !closes_loop(x, node))
    return bias && all_zero(bias) ? NULL : bias;
  nirc_warning(x->d, nirc_op_attr_loc(x->m, node, "bias"), "'%s': the bias of a recurrent Affine has no effect under profile '%s'", node->name, p->name);
  return NULL;
}

/* The sum of the step before, as a state. */
static void make_late(nirc_discretiser *x, const nirc_op *node)
{
  const nirc_shape *shape = &node->results[0].type->shape;
  x->value[node->id] = nirc_discretise_state(x, node, "sum", x->number, shape, nirc_blob_splat(x->m->heap, x->number, shape, 0));
}

static bool discretise_linear(nirc_discretiser *x, const nirc_op *node, nirc_value *in)
{
  const nirc_profile *p = x->by[NIRC_CHOICE_INTEGRATION];
  nirc_blob *w = nirc_op_blob(node, "weight"), *bias = bias_of(x, node);
  const nirc_shape *shape = &node->results[0].type->shape;
  nirc_blob *numeric = x->by[NIRC_CHOICE_COEFFICIENTS]->weight ? nirc_discretise_weights(x, node) : numbers(x, w, &w->shape);
  if (!numeric)
    return false;
  if (p->late && bias) {
    nirc_error(x->d, nirc_op_attr_loc(x->m, node, "bias"), "'%s': under profile '%s' an Affine has no bias", node->name, p->name);
    return false;
  }
  if (p->late && !x->value[node->id])
    make_late(x, node);
  if (p->late)
    in = nirc_discretise_nonzero(x, node, in);
  nirc_op *op = nirc_discretise_append(x, node, SNN_DENSE, &in, 1);
  nirc_op_set_blob(x->m, op, "weight", numeric);
  if (bias) {
    size_t out = shape->dims[shape->rank - 1], all = node->results[0].type->count;
    if (bias->count != 1 && bias->count != out && bias->count != all) {
      nirc_error(x->d, nirc_op_attr_loc(x->m, node, "bias"), "'%s': bias has shape %s, the output %s", node->name,
                 nirc_shape_text(x->m->arena, &bias->shape), nirc_shape_text(x->m->arena, shape));
      return false;
    }
    if (bias->count == out && out != all) {          /* the same bias for each leading index */
      nirc_eq_value *values = NIRC_NEW_ARRAY(x->m->arena, nirc_eq_value, all);
      for (size_t e = 0; e < all; e++)
        values[e].f = nirc_blob_get(bias, e % out);
      bias = nirc_discretise_constant(x, x->number, shape, values, all);
    }
    nirc_op_set_blob(x->m, op, "bias", numbers(x, bias, shape));
  }
  nirc_discretise_set_type(x, op, 0, x->number, shape);
  if (p->late)
    nirc_discretise_update(x, node, x->value[node->id], nirc_op_result(op));
  else
    x->value[node->id] = nirc_op_result(op);
  return true;
}

static nirc_value *reshape(nirc_discretiser *x, const nirc_op *node, nirc_value *v, const nirc_shape *shape)
{
  nirc_op *op = nirc_discretise_append(x, node, SNN_RESHAPE, &v, 1);
  nirc_discretise_set_type(x, op, 0, v->type->elem, shape);
  return nirc_op_result(op);
}

/* Reads elements in another order: element e of the result is element from[e], by way of a matrix with one 1 in each row. */
static nirc_value *reorder(nirc_discretiser *x, const nirc_op *node, nirc_value *in, const size_t *from)
{
  size_t n = in->type->count;
  nirc_shape flat = nirc_shape_1d(n), firsts = nirc_shape_1d(n + 1), column = {.rank = 2, .dims = {n, 1}};
  nirc_value *line = reshape(x, node, in, &flat);
  nirc_op *op = nirc_discretise_append(x, node, SNN_SPARSE_DENSE, &line, 1);
  void *first, *row;
  nirc_op_set_blob(x->m, op, "first", nirc_module_hold(x->m, nirc_blob_new(x->m->heap, NIRC_I32, &firsts, false, &first)));
  nirc_op_set_blob(x->m, op, "row", nirc_module_hold(x->m, nirc_blob_new(x->m->heap, NIRC_I32, &flat, false, &row)));
  for (size_t e = 0; e < n; e++) {
    ((int32_t *)first)[e + 1] = (int32_t)(e + 1);
    ((int32_t *)row)[from[e]] = (int32_t)e;
  }
  ((int32_t *)first)[0] = 0;
  nirc_op_set_blob(x->m, op, "weight", nirc_discretise_constant(x, x->number, &column, &(nirc_eq_value){.f = 1}, 1));
  nirc_discretise_set_type(x, op, 0, x->number, &flat);
  return nirc_op_result(op);
}

/* [channel, row, column] in the order (row, column, channel). */
static nirc_value *channels_last(nirc_discretiser *x, const nirc_op *node, nirc_value *in)
{
  const uint64_t *d = in->type->shape.dims;
  size_t *from = NIRC_NEW_ARRAY(x->m->arena, size_t, in->type->count), n = 0;
  for (uint64_t r = 0; r < d[1]; r++)
    for (uint64_t c = 0; c < d[2]; c++)
      for (uint64_t k = 0; k < d[0]; k++)
        from[n++] = (size_t)((k * d[1] + r) * d[2] + c);
  nirc_warning(x->d, node->loc, "'%s': profile '%s' flattens by (row, column, channel); a matrix behind it that was trained elsewhere finds its inputs in another order",
               node->name, x->by[NIRC_CHOICE_FLATTEN]->name);
  return reorder(x, node, in, from);
}

static bool discretise_flatten(nirc_discretiser *x, const nirc_op *node, nirc_value *in)
{
  const nirc_shape *s = &in->type->shape, *shape = &node->results[0].type->shape;
  if (x->by[NIRC_CHOICE_FLATTEN]->channels_last && s->rank == 3 && shape->rank == 1 && s->dims[0] > 1 && s->dims[1] * s->dims[2] > 1)
    in = channels_last(x, node, in);
  x->value[node->id] = reshape(x, node, in, shape);
  return true;
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
  nirc_op *op = nirc_discretise_append(x, node, weight ? SNN_CONV : node->code == NIR_AVG_POOL2D ? SNN_AVG_POOL : SNN_SUM_POOL, &in, 1);
  if (weight) {
    nirc_shape full = {.rank = 4, .dims = {weight->shape.dims[0], weight->shape.dims[1], w.n_axes == 2 ? weight->shape.dims[2] : 1,
                                           weight->shape.dims[w.n_axes + 1]}};
    nirc_op_set_blob(x->m, op, "weight", numbers(x, weight, &full));
    nirc_blob *bias = nirc_op_blob(node, "bias");
    nirc_shape channels = nirc_shape_1d(full.dims[0]);
    if (!all_zero(bias))
      nirc_op_set_blob(x->m, op, "bias", numbers(x, bias, &channels));
  } else {
    set_pair(x, op, "kernel_size", &w, w.kernel, 1);
  }
  set_pair(x, op, "stride", &w, w.stride, 1);
  if (weight)
    set_pair(x, op, "dilation", &w, w.dilation, 1);
  set_pair(x, op, "before", &w, w.before, 0);
  if (weight)
    nirc_op_set_int(x->m, op, "groups", w.groups);
  nirc_discretise_set_type(x, op, 0, x->number, &out_shape);
  x->value[node->id] = w.n_axes == 1 ? reshape(x, node, nirc_op_result(op), shape) : nirc_op_result(op);
  return true;
}

/* snn.threshold compares in the type of its operand. Spikes and inputs have fewer digits than a float64 threshold: they are widened, not the threshold cut. */
static void widening_threshold(nirc_discretiser *x, const nirc_op *node, nirc_value *in)
{
  const nirc_shape *shape = &node->results[0].type->shape;
  nirc_op *op = nirc_discretise_append(x, node, SNN_NEURON, &in, 1);
  const nirc_type *type = nirc_type_get(&x->m->types, NIRC_BOOL, shape);
  nirc_op_set_results(x->m, op, &type, 1);
  nirc_op_set_string(x->m, op, "takes", "x");
  nirc_op_set_string(x->m, op, "gives", "z");
  nirc_op_set_string(x->m, op, "equation", "z = x > v_threshold");
  nirc_op_set_blob(x->m, op, "v_threshold", numbers(x, nirc_op_blob(node, "threshold"), shape));
  x->value[node->id] = x->z[node->id] = nirc_op_result(op);
}

static bool discretise_elementwise(nirc_discretiser *x, const nirc_op *node, nirc_value *in)
{
  bool scale = node->code == NIR_SCALE;
  const char *name = scale ? "scale" : "threshold";
  const nirc_shape *shape = &node->results[0].type->shape;
  if (!scale && x->number == NIRC_F64 && in->type->elem != NIRC_F64) {
    widening_threshold(x, node, in);
    return true;
  }
  nirc_op *op = nirc_discretise_append(x, node, scale ? SNN_SCALE : SNN_THRESHOLD, &in, 1);
  nirc_op_set_blob(x->m, op, name, numbers(x, nirc_op_blob(node, name), shape));
  nirc_discretise_set_type(x, op, 0, scale ? x->number : NIRC_BOOL, shape);
  x->z[node->id] = scale ? NULL : nirc_op_result(op);
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
  x->v[node->id] = nirc_discretise_state(x, node, "buffer", x->number, &full, nirc_blob_splat(x->m->heap, x->number, &full, 0));
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
  nirc_op *op = nirc_discretise_append(x, node, SNN_DELAY_READ, (nirc_value *[]){buffer, x->i[node->id]}, 2);
  void *data;
  nirc_blob *steps = nirc_module_hold(x->m, nirc_blob_new(x->m->heap, NIRC_I64, shape, false, &data));
  for (size_t e = 0; e < steps->count; e++)
    ((int64_t *)data)[e] = (int64_t)nirc_delay_steps(node, e, x->dt);
  nirc_op_set_blob(x->m, op, "steps", steps);
  nirc_discretise_set_type(x, op, 0, x->number, shape);
  x->value[node->id] = nirc_op_result(op);
}

void nirc_discretise_register(nirc_discretiser *x, const nirc_op *node)
{
  if (x->value[node->id])
    return;
  if (is_linear(node)) {
    make_late(x, node);
    return;
  }
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
  nirc_op *write = nirc_discretise_append(x, node, SNN_DELAY_WRITE, (nirc_value *[]){buffer, slot, in}, 3);
  nirc_discretise_set_type(x, write, 0, x->number, &buffer->type->shape);
  if (!is_register)
    read_buffer(x, node, nirc_op_result(write));
  nirc_op *advance = nirc_discretise_append(x, node, SNN_ADVANCE, (nirc_value *[]){slot, buffer}, 2);
  nirc_discretise_set_type(x, advance, 0, NIRC_I32, &slot->type->shape);
  nirc_discretise_update(x, node, buffer, nirc_op_result(write));
  nirc_discretise_update(x, node, slot, nirc_op_result(advance));
  x->v[node->id] = x->i[node->id] = NULL;            /* nothing to probe */
  return true;
}

/* ---- any node ------------------------------------------------------------------------------------------------------------------- */

static bool discretise_port(nirc_discretiser *x, const nirc_op *node, nirc_value *in)
{
  bool input = node->code == NIR_INPUT;
  nirc_op *op = nirc_discretise_append(x, node, input ? SNN_INPUT : SNN_OUTPUT, &in, input ? 0 : 1);
  nirc_op_set_string(x->m, op, "name", node->name);
  if (input)
    nirc_discretise_set_type(x, op, 0, NIRC_F32, &node->results[0].type->shape);
  x->value[node->id] = input ? nirc_op_result(op) : in;
  return true;
}

bool nirc_discretise_node(nirc_discretiser *x, const nirc_op *node, nirc_value *in)
{
  switch (node->code) {
  case NIR_INPUT: case NIR_OUTPUT: return discretise_port(x, node, in);
  case NIR_LINEAR: case NIR_AFFINE: return discretise_linear(x, node, in);
  case NIR_CONV1D: case NIR_CONV2D: case NIR_SUM_POOL2D: case NIR_AVG_POOL2D: return discretise_window(x, node, in);
  case NIR_SCALE: case NIR_THRESHOLD: return discretise_elementwise(x, node, in);
  case NIR_DELAY: return discretise_delay(x, node, in);
  case NIR_FLATTEN: return discretise_flatten(x, node, in);
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

/* A simulator that averages whole maps whatever the kernel agrees with the file where the kernel is the map, without padding. */
static void check_whole_map(nirc_discretiser *x, const nirc_op *op)
{
  nirc_window w;
  if (!op->n_operands || !nirc_nir_window(x->m, op, &w, x->d))
    return;
  const nirc_shape *in = &nirc_op_operand(op, 0)->type->shape;
  const char *name = x->by[NIRC_CHOICE_INTEGRATION]->name;
  if ((uint64_t)w.kernel[0] != in->dims[1] || (uint64_t)w.kernel[1] != in->dims[2])
    nirc_error(x->d, op->loc, "'%s': profile '%s' takes the mean of the whole map whatever the kernel; here the kernel is (%" PRId64 ", %" PRId64 ") on maps of (%" PRIu64 ", %" PRIu64
               ")", op->name, name, w.kernel[0], w.kernel[1], in->dims[1], in->dims[2]);
  else if (w.before[0] || w.before[1])
    nirc_error(x->d, op->loc, "'%s': profile '%s' takes the mean of the map itself; here it is padded", op->name, name);
}

bool nirc_discretise_check_node(nirc_discretiser *x, const nirc_op *op)
{
  unsigned before = x->d->errors;
  for (const nirc_attr *a = op->attrs; op->def->integrates && a; a = a->next)
    if (a->kind == NIRC_ATTR_DENSE && nirc_op_def_attr(op->def, a->name))
      check_numbers(x, op, a);
  if (op->code == NIR_DELAY)
    check_delay(x, op);
  else if (op->def->integrates && x->d->errors == before)
    nirc_discretise_check_neuron(x, op);
  if (op->code == NIR_AVG_POOL2D && x->by[NIRC_CHOICE_INTEGRATION]->averages_maps)
    check_whole_map(x, op);
  nirc_window w;
  if (op->def->n_axes && nirc_nir_window(x->m, op, &w, x->d) && w.same && (w.stride[0] != 1 || (w.n_axes == 2 && w.stride[1] != 1))) {
    nirc_error(x->d, nirc_op_attr_loc(x->m, op, "padding"), "'%s': padding \"same\" with a stride other than 1 has no agreed meaning", op->name);
    nirc_note(x->d, op->loc, "give the padding in numbers");
  }
  return x->d->errors == before;
}
