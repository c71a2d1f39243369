#include "frontend/nir_lenient.h"

#include <string.h>

#include "ir/dialect_nir.h"

/* ---- new parameters ------------------------------------------------------------------------------------------------------------ */

static void set_list(nirc_module *m, nirc_op *op, const char *name, const uint64_t *values, size_t n)
{
  nirc_shape s = nirc_shape_1d(n);
  void *data;
  nirc_blob *b = nirc_module_hold(m, nirc_blob_new(m->heap, NIRC_I64, &s, false, &data));
  memcpy(data, values, n * sizeof *values);
  nirc_op_set_blob(m, op, name, b);
}

static bool is_layer(const nirc_op *op, const nirc_attr *a)
{
  const nirc_attr_def *def = nirc_op_def_attr(op->def, a->name);
  return def && def->rule == NIRC_SHAPE_LAYER && a->kind == NIRC_ATTR_DENSE;
}

/* The one number of b in every element of `shape`; its number type stays. */
static void spread(nirc_module *m, nirc_attr *a, const nirc_shape *shape)
{
  void *data;
  nirc_blob *b = nirc_module_hold(m, nirc_blob_new(m->heap, a->blob->dtype, shape, true, &data));
  memcpy(data, a->blob->data, nirc_dtype_size(b->dtype));
  a->blob = b;
}

static void spread_layer(nirc_module *m, nirc_op *op, const nirc_shape *shape, nirc_diag *d)
{
  for (nirc_attr *a = op->attrs; a; a = a->next)
    if (is_layer(op, a))
      spread(m, a, shape);
  nirc_warning(d, op->loc, "'%s': parameters are single numbers; assumed for the whole layer of shape %s", op->name, nirc_shape_text(m->arena, shape));
}

/* The same elements in another shape. */
static void reshape_layer(nirc_module *m, nirc_op *op, const nirc_shape *shape, nirc_diag *d)
{
  for (nirc_attr *a = op->attrs; a; a = a->next)
    if (is_layer(op, a) && a->blob->count != 1)
      a->blob = nirc_module_hold(m, nirc_blob_borrow(m->heap, a->blob->dtype, shape, a->blob->data));
    else if (is_layer(op, a))
      spread(m, a, shape);
  nirc_warning(d, op->loc, "'%s': parameters have axes of length 1 that what arrives has not; assumed: shape %s", op->name, nirc_shape_text(m->arena, shape));
}

void nirc_lenient_parameters(nirc_module *m, nirc_op *op, nirc_diag *d)
{
  nirc_blob *b = nirc_op_blob(op, "shape");
  int64_t n;
  if ((op->code == NIR_INPUT || op->code == NIR_OUTPUT) && b && b->shape.rank == 0 && nirc_blob_get_int(b, 0, &n) && n >= 0) {
    set_list(m, op, "shape", &(uint64_t){(uint64_t)n}, 1);
    nirc_warning(d, nirc_op_attr_loc(m, op, "shape"), "'%s': shape is a single number; assumed: one axis of that length", op->name);
  }
  b = nirc_op_blob(op, "input_shape");
  if (b && b->count != (size_t)op->def->n_axes) {
    nirc_warning(d, nirc_op_attr_loc(m, op, "input_shape"), "'%s': input_shape has shape %s, no size of %d axes; taken as missing", op->name,
                 nirc_shape_text(m->arena, &b->shape), op->def->n_axes);
    nirc_op_remove_attr(op, "input_shape");
  }
  const nirc_blob *widest = NULL;
  bool narrow = false;
  for (nirc_attr *a = op->attrs; a; a = a->next)
    if (is_layer(op, a) && (!widest || a->blob->count > widest->count || (a->blob->count == widest->count && a->blob->shape.rank > widest->shape.rank)))
      widest = a->blob;
  for (nirc_attr *a = op->attrs; a; a = a->next)
    if (is_layer(op, a) && a->blob->count == 1 && !nirc_shape_equal(&a->blob->shape, &widest->shape) && !nirc_op_def_attr(op->def, a->name)->or_one) {
      spread(m, a, &widest->shape);
      narrow = true;
    }
  if (narrow)
    nirc_warning(d, op->loc, "'%s': some parameters are single numbers; assumed for the whole layer of shape %s", op->name, nirc_shape_text(m->arena, &widest->shape));
}

/* ---- along the edges ---------------------------------------------------------------------------------------------------------------- */

typedef struct shapes {
  nirc_module *m;
  nirc_diag *d, silent;
  bool only_ports;                                   /* nothing else is repaired */
  nirc_op **ops;                                     /* by id */
  nirc_shape *out;                                   /* by id */
  bool *known;
  nirc_op **queue;                                   /* those whose output is known; each enters once */
  size_t n, head, tail;
} shapes;

/* Equal but for axes of length 1. */
static bool same_but_units(const nirc_shape *a, const nirc_shape *b)
{
  uint32_t i = 0, k = 0;
  for (;;) {
    while (i < a->rank && a->dims[i] == 1)
      i++;
    while (k < b->rank && b->dims[k] == 1)
      k++;
    if (i == a->rank || k == b->rank)
      return i == a->rank && k == b->rank;
    if (a->dims[i++] != b->dims[k++])
      return false;
  }
}

static void set_port(shapes *x, nirc_op *port, const nirc_shape *shape)
{
  set_list(x->m, port, "shape", shape->dims, shape->rank);
  x->out[port->id] = *shape;
  nirc_warning(x->d, nirc_op_attr_loc(x->m, port, "shape"), "'%s': shape has axes of length 1 that the network has not (batch or time?); assumed: %s", port->name,
               nirc_shape_text(x->m->arena, shape));
}

/* Axes of length 1 in front, down to `rank` axes. */
static bool drop_leading_units(nirc_shape *s, uint32_t rank)
{
  while (s->rank > rank && s->dims[0] == 1) {
    memmove(s->dims, s->dims + 1, (s->rank - 1) * sizeof s->dims[0]);
    s->rank--;
  }
  return s->rank == rank;
}

/* Equal but for axes of length 1, of which `port` has more, in front. */
static bool has_leading_units(nirc_shape port, const nirc_shape *wanted)
{
  return port.rank > wanted->rank && drop_leading_units(&port, wanted->rank) && nirc_shape_equal(&port, wanted);
}

static bool may_set_port(const shapes *x, const nirc_shape *port, const nirc_shape *wanted)
{
  return x->only_ports ? has_leading_units(*port, wanted) : same_but_units(port, wanted);
}

static void repair_conv(shapes *x, nirc_op *op, const nirc_op *source, nirc_shape *in)
{
  uint32_t axes = (uint32_t)op->def->n_axes;
  nirc_shape dropped = *in;
  if (in->rank > axes + 1 && source->code == NIR_INPUT && drop_leading_units(&dropped, axes + 1)) {
    set_port(x, x->ops[source->id], &dropped);
    *in = dropped;
  }
  if (!nirc_op_blob(op, "weight") || nirc_op_attr(op, "input_shape") || in->rank != axes + 1)
    return;
  set_list(x->m, op, "input_shape", in->dims + 1, axes);
  nirc_warning(x->d, op->loc, "'%s': input_shape is missing; assumed from what arrives: %s", op->name, nirc_shape_text(x->m->arena, in));
}

/* What the users of op all want to receive, where they say so. */
static bool wanted_by_users(const nirc_op *op, nirc_shape *wanted)
{
  bool any = false;
  for (const nirc_use *u = op->results[0].uses; u; u = u->next) {
    nirc_shape s;
    if (!u->user->def->input_shape || !u->user->def->input_shape(u->user, &s) || (any && !nirc_shape_equal(&s, wanted)))
      return false;
    *wanted = s;
    any = true;
  }
  return any;
}

static void repair_flatten(shapes *x, nirc_op *op, const nirc_shape *in)
{
  nirc_shape own, out, wanted;
  if (op->def->input_shape(op, &own) && !nirc_shape_equal(&own, in)) {
    set_list(x->m, op, "input_type", in->dims, in->rank);
    nirc_warning(x->d, nirc_op_attr_loc(x->m, op, "input_type"), "'%s': input_type is %s; assumed what arrives: %s", op->name, nirc_shape_text(x->m->arena, &own),
                 nirc_shape_text(x->m->arena, in));
  }
  int64_t start = 1;
  size_t count;
  if (!nirc_shape_count(in, &count) || !wanted_by_users(op, &wanted) || wanted.rank != 1 || wanted.dims[0] != count || !op->def->infer(x->m, op, in, &out, &x->silent) ||
      nirc_shape_equal(&out, &wanted) || (nirc_op_attr(op, "start_dim") && !nirc_nir_ints(op, "start_dim", 1, &start)) || start != 1)
    return;
  void *data;
  nirc_shape one = nirc_shape_scalar();
  nirc_op_set_blob(x->m, op, "start_dim", nirc_module_hold(x->m, nirc_blob_new(x->m->heap, NIRC_I64, &one, false, &data)));
  memset(data, 0, sizeof(int64_t));
  nirc_warning(x->d, op->loc, "'%s': start_dim = 1 leaves %s, what follows takes %s; assumed: start_dim = 0", op->name, nirc_shape_text(x->m->arena, &out),
               nirc_shape_text(x->m->arena, &wanted));
}

static bool all_single(const nirc_op *op)
{
  bool any = false;
  for (const nirc_attr *a = op->attrs; a; a = a->next)
    if (is_layer(op, a)) {
      if (a->blob->count != 1)
        return false;
      any = true;
    }
  return any;
}

static bool has_layer(const nirc_op *op)
{
  for (const nirc_attr *a = op->attrs; a; a = a->next)
    if (is_layer(op, a))
      return true;
  return false;
}

/* The first layer parameter's own shape contradicts what arrives. */
static void repair_layer(shapes *x, nirc_op *op, const nirc_shape *own, const nirc_shape *in)
{
  if (all_single(op))
    spread_layer(x->m, op, in, x->d);
  else if (has_layer(op) && same_but_units(own, in))
    reshape_layer(x->m, op, in, x->d);
}

static void repair_node(shapes *x, nirc_op *op, nirc_op *source)
{
  nirc_shape in = x->out[source->id], own;
  if (op->def->n_axes && !x->only_ports) {
    repair_conv(x, op, source, &in);
    return;
  }
  if (op->code == NIR_FLATTEN && !x->only_ports) {
    repair_flatten(x, op, &in);
    return;
  }
  if (!op->def->input_shape || !op->def->input_shape(op, &own) || nirc_shape_equal(&own, &in))
    return;
  if (op->code == NIR_OUTPUT && may_set_port(x, &own, &in))
    set_port(x, op, &in);
  else if (source->code == NIR_INPUT && may_set_port(x, &in, &own) && !all_single(op))
    set_port(x, source, &own);
  else if (!x->only_ports)
    repair_layer(x, op, &own, &in);
}

/* Repairs op by what `source` sends (NULL: nothing is known) and gives it its output shape; it then waits in the queue to tell its users. */
static void visit(shapes *x, nirc_op *op, nirc_op *source)
{
  if (source)
    repair_node(x, op, source);
  x->known[op->id] = op->def->infer(x->m, op, source ? &x->out[source->id] : NULL, &x->out[op->id], &x->silent);
  if (x->known[op->id])
    x->queue[x->tail++] = op;
}

/* Everything that can be reached from what is known. */
static void propagate(shapes *x)
{
  while (x->head < x->tail) {
    nirc_op *source = x->queue[x->head++];
    for (const nirc_use *u = nirc_op_result(source)->uses; u; u = u->next)
      if (!x->known[u->user->id])
        visit(x, u->user, source);
  }
}

static void repair_graph(nirc_module *m, nirc_op *graph, bool only_ports, nirc_diag *d)
{
  shapes x = {.m = m, .d = d, .silent = *d, .only_ports = only_ports};
  x.silent.errors = NIRC_MAX_ERRORS;                 /* the check afterwards reports what is left */
  x.silent.quiet = true;
  NIRC_FOR_EACH_OP(op, graph->body) {
    if (op->code == NIR_GRAPH)
      repair_graph(m, op, only_ports, d);
    op->id = (uint32_t)x.n++;
  }
  x.ops = NIRC_NEW_ARRAY(m->arena, nirc_op *, x.n);
  x.out = NIRC_NEW_ARRAY(m->arena, nirc_shape, x.n);
  x.known = NIRC_NEW_ARRAY(m->arena, bool, x.n);
  NIRC_FOR_EACH_OP(op, graph->body)
    x.ops[op->id] = op;
  x.queue = NIRC_NEW_ARRAY(m->arena, nirc_op *, x.n);
  for (size_t i = 0; i < x.n; i++)
    if (!x.ops[i]->n_operands)
      visit(&x, x.ops[i], NULL);
  propagate(&x);
  for (size_t i = 0; i < x.n; i++)                   /* loops that no Input reaches: one node at a time by its own parameters */
    if (!x.known[i]) {
      visit(&x, x.ops[i], NULL);
      propagate(&x);
    }
}

void nirc_lenient_shapes(nirc_module *m, nirc_op *graph, nirc_diag *d)
{
  repair_graph(m, graph, false, d);
}

void nirc_lenient_ports(nirc_module *m, nirc_op *graph, nirc_diag *d)
{
  repair_graph(m, graph, true, d);
}
