#include "test/diff/random_network.h"

#include <stdio.h>
#include <string.h>

#include "ir/dialect_nir.h"
#include "test/diff/random_builder.h"

enum { MAX_NODES = 64, MAX_DEPTH = 2 };

/* A node that others may be connected to. */
typedef struct node {
  nirc_op *op;
  nirc_shape shape;                                  /* of what it sends */
  bool breaks;                                       /* a neuron, or a nested graph in which every path meets one */
  bool closed;                                       /* no further in-edge: its weights have NaN where the input is silent */
} node;

typedef struct scope {
  nirc_op *graph;
  node nodes[MAX_NODES];
  size_t n;
  size_t first_source;                               /* nodes before this one are not used as sources of new ones */
} scope;

/* ---- nodes and edges --------------------------------------------------------------------------------------------------------- */

static nirc_op *new_op(random_builder *b, scope *s, nirc_opcode code, const char *prefix)
{
  static const char *const odd[] = {"n", "N", "a b", "\xc3\xa4", "q\"", "x\\", "t\t", "\xe6\x97\xa5", "0", "-", "%s", "z.y", "~", "{", "\xf0\x9f\x98\x80", "#"};
  if (!prefix)
    prefix = odd[random_below(&b->r, sizeof odd / sizeof *odd)];
  const char *name = nirc_arena_printf(b->m->arena, "%s%u", prefix, b->serial++);
  nirc_loc loc = {.file = b->m->path, .object = nirc_arena_printf(b->m->arena, "/node/nodes/%s", name)};
  return nirc_op_new(b->m, s->graph->body, code, name, loc);
}

static node *keep(scope *s, nirc_op *op, const nirc_shape *shape)
{
  s->nodes[s->n] = (node){.op = op, .shape = *shape, .breaks = op->def->integrates};
  return &s->nodes[s->n++];
}

static bool connected(const nirc_op *from, const nirc_op *to)
{
  for (uint32_t i = 0; i < to->n_operands; i++)
    if (nirc_op_operand(to, i)->def == from)
      return true;
  return false;
}

static void connect(random_builder *b, nirc_op *from, nirc_op *to)
{
  nirc_value *in[16];
  if (connected(from, to) || to->n_operands >= 8)
    return;
  uint32_t n = to->n_operands, at = (uint32_t)random_below(&b->r, n + 1);
  for (uint32_t i = 0; i < n; i++)
    in[i + (i >= at)] = nirc_op_operand(to, i);
  in[at] = nirc_op_result(from);
  nirc_op_set_operands(b->m, to, in, n + 1);
}

/* More in-edges, from nodes before `before` that send the same shape as `source`. */
static void join(random_builder *b, scope *s, nirc_op *to, const node *source, size_t before, unsigned percent)
{
  if (!random_with(b, RANDOM_JOINS) || !random_chance(&b->r, percent))
    return;
  unsigned more = 1 + (unsigned)random_below(&b->r, 3);
  for (unsigned tries = 0; tries < 12 && more; tries++) {
    const node *k = &s->nodes[s->first_source + random_below(&b->r, before - s->first_source)];
    if (k->op != to && nirc_shape_equal(&k->shape, &source->shape) && !connected(k->op, to)) {
      connect(b, k->op, to);
      more--;
    }
  }
}

/* ---- kinds of nodes ------------------------------------------------------------------------------------------------------------ */

static nirc_op *add_neuron(random_builder *b, scope *s, const nirc_shape *shape)
{
  nirc_op *op = new_op(b, s, b->neurons[random_below(&b->r, b->n_neurons)], NULL);
  random_set_neuron(b, op, shape);
  return op;
}

/* In seconds; none: every element at least 1 ms. */
static nirc_op *add_delay(random_builder *b, scope *s, const nirc_shape *shape, bool registers)
{
  nirc_op *op = new_op(b, s, NIR_DELAY, NULL);
  double low = registers ? 1e-3 : 0, high = registers || random_chance(&b->r, random_with(b, RANDOM_PATTERNS) ? 60 : 80) ? 4.4e-3 : 0;
  random_set_param(b, op, "delay", shape, low, high);
  return op;
}

static nirc_op *add_linear(random_builder *b, scope *s, const nirc_shape *in, nirc_shape *out, size_t silent)
{
  nirc_op *op = new_op(b, s, random_chance(&b->r, 50) ? NIR_LINEAR : NIR_AFFINE, NULL);
  nirc_shape w = *in;                                /* [..., in] becomes [..., out, in] */
  uint64_t fan_in = in->dims[in->rank - 1];
  w.dims[w.rank - 1] = out->dims[out->rank - 1];
  w.dims[w.rank++] = fan_in;
  if (random_with(b, RANDOM_PATTERNS) && !silent && random_chance(&b->r, 12))
    random_set_identity(b, op, "weight", &w);
  else
    random_set_weights(b, op, "weight", &w, (size_t)fan_in, silent, (size_t)out->dims[out->rank - 1]);      /* of the first matrix */
  nirc_shape bias = nirc_shape_1d(out->dims[out->rank - 1]);
  if (op->code == NIR_AFFINE)
    random_set_weights(b, op, "bias", random_chance(&b->r, 50) || out->rank == 1 ? &bias : out, 30, 0, 0);
  return op;
}

/* Sizes of one axis of a window that fits n elements. */
typedef struct axis { int64_t kernel, stride, padding, dilation, out; } axis;

static axis random_axis(random_builder *b, int64_t n, bool pool, bool same, bool valid)
{
  axis a = {.kernel = 1 + (int64_t)random_below(&b->r, pool ? 3 : 4), .stride = same ? 1 : 1 + (int64_t)random_below(&b->r, 3), .dilation = 1};
  if (!pool)
    a.dilation += (int64_t)random_below(&b->r, 2);
  if (!same && !valid)
    a.padding = (int64_t)random_below(&b->r, 3);
  int64_t room = same ? INT64_MAX : n + 2 * a.padding;
  if (a.dilation * (a.kernel - 1) + 1 > room)
    a.kernel = a.dilation = 1;
  a.out = same ? n : (n + 2 * a.padding - a.dilation * (a.kernel - 1) - 1) / a.stride + 1;
  return a;
}

#define COLUMN(axes, member) ((int64_t[]){(axes)[0].member, (axes)[1].member})

static nirc_op *add_conv(random_builder *b, scope *s, const nirc_shape *in, nirc_shape *out, bool silent)
{
  size_t n = in->rank - 1;
  nirc_op *op = new_op(b, s, n == 1 ? NIR_CONV1D : NIR_CONV2D, NULL);
  bool same = random_chance(&b->r, 25), valid = !same && random_chance(&b->r, 25);
  axis axes[2] = {{0}};
  uint64_t groups = in->dims[0] > 1 && random_chance(&b->r, 40) ? in->dims[0] : 1;
  if (groups % 2 == 0 && random_chance(&b->r, 50))
    groups = 2;
  nirc_shape w = {.rank = in->rank + 1, .dims = {groups * (1 + random_below(&b->r, 3)), in->dims[0] / groups}};
  *out = (nirc_shape){.rank = in->rank, .dims = {w.dims[0]}};
  size_t fan_in = (size_t)w.dims[1];
  for (size_t i = 0; i < n; i++) {
    axes[i] = random_axis(b, (int64_t)in->dims[i + 1], false, same, valid);
    w.dims[i + 2] = (uint64_t)axes[i].kernel;
    out->dims[i + 1] = (uint64_t)axes[i].out;
    fan_in *= (size_t)axes[i].kernel;
  }
  random_set_shape(b, op, "input_shape", in->dims + 1, n);
  random_set_weights(b, op, "weight", &w, fan_in, silent ? fan_in / (size_t)w.dims[1] : 0, (size_t)(w.dims[0] / groups));      /* of the first group */
  random_set_ints(b, op, "stride", COLUMN(axes, stride), n);
  random_set_ints(b, op, "dilation", COLUMN(axes, dilation), n);
  if (same || valid)
    nirc_op_set_string(b->m, op, "padding", same ? "same" : "valid");
  else
    random_set_ints(b, op, "padding", COLUMN(axes, padding), n);
  random_set_ints(b, op, "groups", (int64_t[]){(int64_t)groups}, 1);
  nirc_shape bias = nirc_shape_1d(w.dims[0]);
  random_set_weights(b, op, "bias", &bias, 30, 0, 0);
  return op;
}

static nirc_op *add_pool(random_builder *b, scope *s, const nirc_shape *in, nirc_shape *out)
{
  bool whole = random_with(b, RANDOM_PATTERNS) && random_chance(&b->r, 20);        /* the kernel is the map */
  nirc_op *op = new_op(b, s, random_chance(&b->r, 50) ? NIR_SUM_POOL2D : NIR_AVG_POOL2D, NULL);
  axis axes[2] = {random_axis(b, (int64_t)in->dims[1], true, false, false), random_axis(b, (int64_t)in->dims[2], true, false, false)};
  if (random_with(b, RANDOM_PATTERNS) && random_chance(&b->r, 35))
    axes[0] = axes[1] = (axis){.kernel = 1, .stride = 1, .dilation = 1}, axes[0].out = (int64_t)in->dims[1], axes[1].out = (int64_t)in->dims[2];
  for (size_t i = 0; i < 2 && whole; i++)
    axes[i] = (axis){.kernel = (int64_t)in->dims[i + 1], .stride = 1, .dilation = 1, .out = 1};
  *out = (nirc_shape){.rank = 3, .dims = {in->dims[0], (uint64_t)axes[0].out, (uint64_t)axes[1].out}};
  random_set_ints(b, op, "kernel_size", COLUMN(axes, kernel), 2);
  random_set_ints(b, op, "stride", COLUMN(axes, stride), 2);
  random_set_ints(b, op, "padding", COLUMN(axes, padding), 2);
  return op;
}

static nirc_op *add_flatten(random_builder *b, scope *s, const nirc_shape *in, nirc_shape *out)
{
  nirc_op *op = new_op(b, s, NIR_FLATTEN, NULL);
  uint32_t first = (uint32_t)random_below(&b->r, 2), last = in->rank - 1;
  int64_t end = random_chance(&b->r, 50) ? -1 : (int64_t)last;
  random_set_ints(b, op, "start_dim", (int64_t[]){first}, 1);
  random_set_ints(b, op, "end_dim", &end, 1);
  random_set_shape(b, op, "input_type", in->dims, in->rank);
  *out = *in;
  out->rank = first + 1;
  for (uint32_t i = first + 1; i <= last; i++)
    out->dims[first] *= in->dims[i];
  return op;
}

static nirc_op *add_elementwise(random_builder *b, scope *s, const nirc_shape *shape)
{
  bool scale = random_chance(&b->r, 60);
  nirc_op *op = new_op(b, s, scale ? NIR_SCALE : NIR_THRESHOLD, NULL);
  if (scale && random_with(b, RANDOM_PATTERNS) && random_chance(&b->r, 60))
    random_set_powers(b, op, "scale", shape);
  else
    random_set_param(b, op, scale ? "scale" : "threshold", shape, scale ? -1 : -0.2, scale ? 2 : 0.8);
  return op;
}

/* A node like one that there is, with the same in-edges; NULL where that one is a port or a graph. */
static nirc_op *add_equal(random_builder *b, scope *s, const node *like)
{
  nirc_value *in[16];
  const nirc_op *from = like->op;
  if (from->code == NIR_GRAPH || from->code == NIR_INPUT || from->code == NIR_OUTPUT)
    return NULL;
  nirc_op *op = new_op(b, s, from->code, NULL);
  for (const nirc_attr *a = from->attrs; a; a = a->next) {
    nirc_attr *copy = nirc_op_set_attr(b->m, op, a->name, a->kind), *next = copy->next;
    *copy = *a;
    copy->next = next;
  }
  for (uint32_t i = 0; i < from->n_operands; i++)
    in[i] = nirc_op_operand(from, i);
  nirc_op_set_operands(b->m, op, in, from->n_operands);
  return op;
}

/* ---- growing a graph --------------------------------------------------------------------------------------------------------------- */

static nirc_op *add_graph(random_builder *b, scope *outer, const node *source, nirc_shape *out, bool *breaks);

static uint64_t random_size(random_builder *b)
{
  return random_with(b, RANDOM_WIDE) && random_chance(&b->r, 15) ? 30 + random_below(&b->r, 200) : 1 + random_below(&b->r, 20);
}

static size_t elements(const nirc_shape *s)
{
  size_t n = 1;
  for (uint32_t i = 0; i < s->rank; i++)
    n *= (size_t)s->dims[i];
  return n;
}

/* Factors, matrices and neurons more often where passes look at them: behind spikes, and behind weights. */
static uint64_t pattern(random_builder *b, const nirc_op *source, uint64_t kind)
{
  static const uint64_t kinds[][5] = {{75, 90, 90, 90, 90}, {75, 75, 50, 50, 50}, {75, 75, 75, 50, 90}};
  unsigned which = nirc_op_attr(source, "weight") ? 2 : source->def->spikes;
  return random_chance(&b->r, which ? 20 : 60) ? kind : kinds[which][random_below(&b->r, 5)];
}

/* A node behind `source`; its shape goes to *out. */
static nirc_op *add_node(random_builder *b, scope *s, const node *source, nirc_shape *out, bool *breaks, bool *closed)
{
  const nirc_shape *in = &source->shape;
  uint64_t kind = random_below(&b->r, 100);
  *out = *in;
  if (kind < 8 && random_with(b, RANDOM_NESTED) && b->depth < MAX_DEPTH)
    return add_graph(b, s, source, out, breaks);
  if (random_with(b, RANDOM_PATTERNS))
    kind = pattern(b, source->op, kind);
  bool silent = random_with(b, RANDOM_NAN) && strncmp(source->op->name, "silent", 6) == 0 && random_chance(&b->r, 60);
  if (kind < (in->rank == 1 ? 58 : 16) && elements(in) < 600) {
    *closed = silent;
    if (!random_with(b, RANDOM_PATTERNS) || random_chance(&b->r, 70))
      out->dims[out->rank - 1] = random_size(b);
    return add_linear(b, s, in, out, *closed ? 1 : 0);
  }
  if (kind < 62 && in->rank > 1) {
    if (random_chance(&b->r, 10))
      return add_flatten(b, s, in, out);
    if (in->rank == 3 && random_chance(&b->r, 45))
      return add_pool(b, s, in, out);
    *closed = silent && in->dims[0] > 1;
    return add_conv(b, s, in, out, *closed);
  }
  if (kind < 72)
    return add_delay(b, s, in, random_chance(&b->r, 40));
  if (kind < 80)
    return add_elementwise(b, s, in);
  return add_neuron(b, s, in);
}

static void grow(random_builder *b, scope *s, size_t n)
{
  for (size_t i = 0; i < n && s->n + 8 < MAX_NODES; i++) {
    size_t before = s->n, span = before - s->first_source;
    size_t at = s->first_source + (random_chance(&b->r, random_with(b, RANDOM_PATTERNS) ? 80 : 60) ? span - 1 : random_below(&b->r, span));
    node source = s->nodes[at];
    nirc_shape shape;
    bool breaks = false, closed = false;
    nirc_op *equal = random_with(b, RANDOM_PATTERNS) && random_chance(&b->r, 10) ? add_equal(b, s, &source) : NULL;
    if (equal) {
      *keep(s, equal, &source.shape) = (node){.op = equal, .shape = source.shape, .breaks = source.breaks, .closed = source.closed};
      continue;
    }
    nirc_op *op = add_node(b, s, &source, &shape, &breaks, &closed);
    connect(b, source.op, op);
    if (!closed)
      join(b, s, op, &source, before, random_with(b, RANDOM_PATTERNS) ? 8 : 30);
    node *k = keep(s, op, &shape);
    k->breaks |= breaks;
    k->closed = closed;
  }
}

/* ---- loops --------------------------------------------------------------------------------------------------------------------------- */

/* An edge from `from` to `to`, whose input has the shape of `to_shape`, over a node in between where one is wanted or needed. */
static bool connect_back(random_builder *b, scope *s, const node *from, const node *to, const nirc_shape *to_shape, bool registers)
{
  bool alike = nirc_shape_equal(&from->shape, to_shape);
  nirc_op *between = NULL;
  if (!alike && (registers || from->shape.rank != 1 || to_shape->rank != 1))
    return false;
  nirc_shape out = *to_shape;
  if (registers)
    between = add_delay(b, s, to_shape, true);
  else if (!alike || (out.rank == 1 && random_chance(&b->r, 60)))
    between = add_linear(b, s, &from->shape, &out, 0);
  else if (random_chance(&b->r, 60))
    between = random_chance(&b->r, 50) ? add_elementwise(b, s, to_shape) : add_delay(b, s, to_shape, false);
  if (between) {
    connect(b, from->op, between);
    keep(s, between, to_shape);
  }
  connect(b, between ? between : from->op, to->op);
  return true;
}

static void close_loops(random_builder *b, scope *s)
{
  unsigned n = random_with(b, RANDOM_LOOPS) ? (unsigned)random_below(&b->r, 4) : 0;
  for (unsigned tries = 0; tries < 30 && n && s->n + 2 < MAX_NODES; tries++) {
    size_t t = random_below(&b->r, s->n), l = t + random_below(&b->r, s->n - t);
    node to = s->nodes[t], from = s->nodes[l];
    bool registers = random_chance(&b->r, 35);
    nirc_shape shape = to.shape;
    if (to.closed || (to.op->code == NIR_INPUT && (b->depth == 0 || !registers)))      /* not onto the Inputs of the network */
      continue;
    if (!to.op->def->integrates && (!to.op->def->input_shape || !to.op->def->input_shape(to.op, &shape)))
      continue;
    if ((registers || to.breaks) && connect_back(b, s, &from, &to, &shape, registers))
      n--;
  }
}

/* ---- whole graphs ------------------------------------------------------------------------------------------------------------------------ */

static nirc_op *add_port(random_builder *b, scope *s, nirc_opcode code, const nirc_shape *shape, const char *name)
{
  nirc_op *op = new_op(b, s, code, name);
  random_set_shape(b, op, "shape", shape->dims, shape->rank);
  return op;
}

static nirc_op *add_graph(random_builder *b, scope *outer, const node *source, nirc_shape *out, bool *breaks)
{
  scope s = {.graph = new_op(b, outer, NIR_GRAPH, NULL)};
  b->depth++;
  node *input = keep(&s, add_port(b, &s, NIR_INPUT, &source->shape, "input"), &source->shape);
  *breaks = random_chance(&b->r, 50);
  if (*breaks) {                                     /* every path through the graph passes this neuron */
    nirc_op *op = add_neuron(b, &s, &source->shape);
    connect(b, input->op, op);
    keep(&s, op, &source->shape);
    s.first_source = 1;
  }
  grow(b, &s, 1 + random_below(&b->r, 4));
  const node *last = &s.nodes[s.n - 1];
  nirc_op *output = add_port(b, &s, NIR_OUTPUT, &last->shape, "output");
  *out = last->shape;
  connect(b, last->op, output);
  join(b, &s, output, last, s.n, 25);
  close_loops(b, &s);
  b->depth--;
  return s.graph;
}

size_t random_silent(const nirc_shape *input)
{
  return input->rank > 1 && input->dims[0] > 1 ? elements(input) / (size_t)input->dims[0] : 1;
}

static nirc_shape random_shape(random_builder *b)
{
  switch (random_with(b, RANDOM_FLAT) ? 4 : random_below(&b->r, 6)) {
  case 0: return (nirc_shape){.rank = 2, .dims = {1 + random_below(&b->r, 4), 1 + random_below(&b->r, 12)}};
  case 1: case 2: case 3:
    return (nirc_shape){.rank = 3, .dims = {1 + random_below(&b->r, 4), 1 + random_below(&b->r, 12), 1 + random_below(&b->r, 12)}};
  default: return nirc_shape_1d(random_size(b));
  }
}

static void build(random_builder *b)
{
  scope s = {.graph = nirc_op_new(b->m, &b->m->body, NIR_GRAPH, "network", nirc_loc_file(b->m->path))};
  nirc_shape shape = random_shape(b);
  for (uint64_t n = 1 + random_below(&b->r, 3); n; n--) {
    keep(&s, add_port(b, &s, NIR_INPUT, &shape, random_chance(&b->r, 50) ? "silent" : NULL), &shape);
    if (random_chance(&b->r, 50))
      shape = random_shape(b);
  }
  grow(b, &s, 2 + random_below(&b->r, 12));
  size_t before = s.n;
  for (uint64_t n = 1 + random_below(&b->r, 3); n; n--) {
    const node source = s.nodes[n == 1 ? before - 1 : random_below(&b->r, before)];
    nirc_op *output = add_port(b, &s, NIR_OUTPUT, &source.shape, NULL);
    connect(b, source.op, output);
    join(b, &s, output, &source, before, 20);
    keep(&s, output, &source.shape);
  }
  close_loops(b, &s);
  NIRC_ASSERT(s.n <= MAX_NODES);
}

nirc_module *random_network(uint64_t seed, unsigned flags, const nirc_opcode *neurons, size_t n_neurons)
{
  static const nirc_opcode all[] = {NIR_LIF, NIR_LIF, NIR_IF, NIR_I, NIR_LI, NIR_CUBA_LI, NIR_CUBA_LIF};
  random_builder b = {.m = nirc_module_new(nirc_heap_default(), "random.nir", "random"), .r = {seed * 2 + 1}, .flags = flags, .neurons = neurons ? neurons : all,
                      .n_neurons = neurons ? n_neurons : sizeof all / sizeof *all};
  b.m->source_hash[0] = seed;
  build(&b);
  nirc_diag d;
  nirc_diag_init(&d, stderr, "random_network");
  if (nirc_nir_infer(b.m, b.m->body.first, &d))
    return b.m;
  nirc_module_free(b.m);
  return NULL;
}
