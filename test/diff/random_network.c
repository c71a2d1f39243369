#include "test/diff/random_network.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ir/dialect_nir.h"

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

typedef struct builder {
  nirc_module *m;
  random_source r;
  unsigned flags;
  unsigned depth;
  unsigned serial;                                   /* of names */
} builder;

/* ---- numbers ------------------------------------------------------------------------------------------------------------ */

uint64_t random_bits(random_source *r)               /* splitmix64 */
{
  uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

uint64_t random_below(random_source *r, uint64_t n)
{
  return random_bits(r) % n;
}

bool random_chance(random_source *r, unsigned percent)
{
  return random_below(r, 100) < percent;
}

double random_between(random_source *r, double low, double high)
{
  return low + (high - low) * (double)(random_bits(r) >> 11) * 0x1p-53;
}

static bool with(const builder *b, unsigned flag)
{
  return (b->flags & flag) != 0;
}

/* ---- attributes ----------------------------------------------------------------------------------------------------------- */

static void store(nirc_dtype t, void *data, size_t i, double x)
{
  switch (t) {
  case NIRC_I8: ((int8_t *)data)[i] = (int8_t)x; break;
  case NIRC_I32: ((int32_t *)data)[i] = (int32_t)x; break;
  case NIRC_I64: ((int64_t *)data)[i] = (int64_t)x; break;
  case NIRC_F16: {                                   /* cut off to 10 bits; small numbers become 0 */
    int exponent;
    double m = frexp(fabs(x), &exponent);
    uint16_t h = fabs(x) < 0x1p-13 ? 0 : (uint16_t)((unsigned)(exponent + 14) << 10 | ((unsigned)(m * 2048) & 1023));
    ((uint16_t *)data)[i] = (uint16_t)(h | (x < 0 ? 0x8000 : 0));
    break;
  }
  case NIRC_F32: ((float *)data)[i] = (float)x; break;
  default: ((double *)data)[i] = x; break;
  }
}

/* Integers as files have them: one number at rank 0, or a list; two equal ones sometimes as one. */
static void set_ints(builder *b, nirc_op *op, const char *name, const int64_t *v, size_t n)
{
  bool one = n == 1 || (n == 2 && v[0] == v[1] && random_chance(&b->r, 30));
  nirc_shape s = one && random_chance(&b->r, 70) ? nirc_shape_scalar() : nirc_shape_1d(one ? 1 : n);
  void *data;
  nirc_op_set_blob(b->m, op, name, nirc_module_hold(b->m, nirc_blob_new(b->m->heap, NIRC_I64, &s, false, &data)));
  memcpy(data, v, (one ? 1 : n) * sizeof *v);
}

static void set_shape(builder *b, nirc_op *op, const char *name, const uint64_t *dims, size_t n)
{
  nirc_shape s = nirc_shape_1d(n);
  void *data;
  nirc_op_set_blob(b->m, op, name, nirc_module_hold(b->m, nirc_blob_new(b->m->heap, NIRC_I64, &s, false, &data)));
  memcpy(data, dims, n * sizeof *dims);
}

/* A neuron's parameter: per element or uniform, stored once or spread out. */
static void set_param(builder *b, nirc_op *op, const char *name, const nirc_shape *shape, double low, double high)
{
  nirc_dtype t = with(b, RANDOM_DTYPES) && random_chance(&b->r, 25) ? NIRC_F64 : NIRC_F32;
  bool uniform = random_chance(&b->r, 40), splat = uniform && random_chance(&b->r, 50);
  double x = random_between(&b->r, low, high);
  void *data;
  nirc_blob *blob = nirc_module_hold(b->m, nirc_blob_new(b->m->heap, t, shape, splat, &data));
  for (size_t i = 0; i < (splat ? 1 : blob->count); i++)
    store(t, data, i, uniform ? x : random_between(&b->r, low, high));
  nirc_op_set_blob(b->m, op, name, blob);
}

/* Factors: all 1, one power of two, or one for each element or channel; a few of them negative. */
static void set_powers(builder *b, nirc_op *op, const char *name, const nirc_shape *shape)
{
  bool one = random_chance(&b->r, 25), uniform = one || random_chance(&b->r, 50), negative = random_chance(&b->r, 15);
  double x = one ? 1 : ldexp(negative ? -1 : 1, (int)random_below(&b->r, 7) - 3);
  void *data;
  nirc_blob *blob = nirc_module_hold(b->m, nirc_blob_new(b->m->heap, NIRC_F32, shape, false, &data));
  for (size_t i = 0; i < blob->count; i++) {
    if (!uniform && i % (blob->count / (size_t)shape->dims[0]) == 0)
      x = ldexp(negative ? -1 : 1, (int)random_below(&b->r, 7) - 3);
    store(NIRC_F32, data, i, x);
  }
  nirc_op_set_blob(b->m, op, name, blob);
}

/* Matrices [..., n, n] of ones on the diagonal; all zeros where they are not square. */
static void set_identity(builder *b, nirc_op *op, const char *name, const nirc_shape *shape)
{
  size_t columns = (size_t)shape->dims[shape->rank - 1], rows = (size_t)shape->dims[shape->rank - 2];
  bool zero = rows != columns || random_chance(&b->r, 20);
  void *data;
  nirc_blob *blob = nirc_module_hold(b->m, nirc_blob_new(b->m->heap, NIRC_F32, shape, false, &data));
  for (size_t i = 0; i < blob->count; i++)
    store(NIRC_F32, data, i, !zero && i / columns % rows == i % columns ? 1 : 0);
  nirc_op_set_blob(b->m, op, name, blob);
}

static double any_weight(builder *b)                /* NaN, infinite, or 1 */
{
  return random_chance(&b->r, 50) ? (double)NAN : random_chance(&b->r, 50) ? (double)INFINITY : 1;
}

/* Zeros from here to there: most of a matrix of `stored` elements in rows of `row`, in pieces that run along its rows, whole rows, or columns. */
static void clear_blocks(builder *b, nirc_dtype t, void *data, size_t stored, size_t row)
{
  unsigned rows = 1 + (unsigned)random_below(&b->r, 8), columns = 1 + (unsigned)random_below(&b->r, 8), share = 50 + (unsigned)random_below(&b->r, 50);
  bool whole_columns = random_chance(&b->r, 30);
  uint64_t salt = random_bits(&b->r);
  for (size_t i = 0; i < stored; i++) {
    random_source piece = {salt + (whole_columns ? 0 : i / row / rows * 1000) + i % row / columns};
    if (random_chance(&piece, share))
      store(t, data, i, 0);
  }
}

/* Weights: not dyadic, so that the order of a sum shows; some exactly 0. `fan_in` terms make one sum; with `silent`, anything may stand at the first
 * `silent` of them for each of the first `rows` outputs. */
static void set_weights(builder *b, nirc_op *op, const char *name, const nirc_shape *shape, size_t fan_in, size_t silent, size_t rows)
{
  static const nirc_dtype other[] = {NIRC_F64, NIRC_F64, NIRC_F16, NIRC_I8, NIRC_I32, NIRC_I64};
  nirc_dtype t = with(b, RANDOM_DTYPES) && !silent && random_chance(&b->r, 25) ? other[random_below(&b->r, 6)] : NIRC_F32;
  bool splat = !silent && random_chance(&b->r, 4);
  double scale = nirc_dtype_is_float(t) ? 2 / sqrt((double)fan_in) : 3;
  void *data;
  nirc_blob *blob = nirc_module_hold(b->m, nirc_blob_new(b->m->heap, t, shape, splat, &data));
  size_t stored = splat ? 1 : blob->count;
  for (size_t i = 0; i < stored; i++)
    store(t, data, i, random_chance(&b->r, 15) ? (random_chance(&b->r, 30) ? -0.0 : 0) : scale * random_between(&b->r, -0.8, 1));
  if (!splat && random_chance(&b->r, 40))
    clear_blocks(b, t, data, stored, fan_in);
  for (size_t row = 0; silent && row < rows; row++)
    for (size_t i = 0; i < silent; i++)
      store(t, data, row * fan_in + i, any_weight(b));
  nirc_op_set_blob(b->m, op, name, blob);
}

/* ---- nodes and edges --------------------------------------------------------------------------------------------------------- */

static nirc_op *new_op(builder *b, scope *s, nirc_opcode code, const char *prefix)
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

static void connect(builder *b, nirc_op *from, nirc_op *to)
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
static void join(builder *b, scope *s, nirc_op *to, const node *source, size_t before, unsigned percent)
{
  if (!with(b, RANDOM_JOINS) || !random_chance(&b->r, percent))
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

static nirc_op *add_neuron(builder *b, scope *s, const nirc_shape *shape)
{
  static const nirc_opcode codes[] = {NIR_LIF, NIR_LIF, NIR_IF, NIR_I, NIR_LI, NIR_CUBA_LI, NIR_CUBA_LIF};
  nirc_op *op = new_op(b, s, codes[random_below(&b->r, 7)], NULL);
  const nirc_op_def *def = op->def;
  bool counts = op->code == NIR_I || op->code == NIR_IF;                 /* dt*r per step, or r: see the profiles */
  for (size_t i = 0; i < def->n_attrs; i++) {
    const char *name = def->attrs[i].name;
    if (def->attrs[i].optional && random_chance(&b->r, 40))
      continue;
    if (strncmp(name, "tau", 3) == 0)
      set_param(b, op, name, shape, 2e-3, 3e-2);
    else if ((strcmp(name, "r") == 0 || strcmp(name, "w_in") == 0) && with(b, RANDOM_PATTERNS) && random_chance(&b->r, 50))
      set_powers(b, op, name, shape);
    else if (strcmp(name, "r") == 0)
      set_param(b, op, name, shape, counts ? 300 : 1, counts ? 1500 : 12);
    else if (strcmp(name, "v_threshold") == 0)
      set_param(b, op, name, shape, 0.2, 0.7);
    else if (strcmp(name, "w_in") == 0 && random_chance(&b->r, 30))
      set_param(b, op, name, &(nirc_shape){0}, 0.5, 8);
    else
      set_param(b, op, name, shape, strcmp(name, "w_in") == 0 ? 0.5 : -0.1, strcmp(name, "w_in") == 0 ? 8 : 0.15);
  }
  return op;
}

/* In seconds; none: every element at least 1 ms. */
static nirc_op *add_delay(builder *b, scope *s, const nirc_shape *shape, bool registers)
{
  nirc_op *op = new_op(b, s, NIR_DELAY, NULL);
  double low = registers ? 1e-3 : 0, high = registers || random_chance(&b->r, with(b, RANDOM_PATTERNS) ? 60 : 80) ? 4.4e-3 : 0;
  set_param(b, op, "delay", shape, low, high);
  return op;
}

static nirc_op *add_linear(builder *b, scope *s, const nirc_shape *in, nirc_shape *out, size_t silent)
{
  nirc_op *op = new_op(b, s, random_chance(&b->r, 50) ? NIR_LINEAR : NIR_AFFINE, NULL);
  nirc_shape w = *in;                                /* [..., in] becomes [..., out, in] */
  uint64_t fan_in = in->dims[in->rank - 1];
  w.dims[w.rank - 1] = out->dims[out->rank - 1];
  w.dims[w.rank++] = fan_in;
  if (with(b, RANDOM_PATTERNS) && !silent && random_chance(&b->r, 12))
    set_identity(b, op, "weight", &w);
  else
    set_weights(b, op, "weight", &w, (size_t)fan_in, silent, (size_t)out->dims[out->rank - 1]);      /* of the first matrix */
  nirc_shape bias = nirc_shape_1d(out->dims[out->rank - 1]);
  if (op->code == NIR_AFFINE)
    set_weights(b, op, "bias", random_chance(&b->r, 50) || out->rank == 1 ? &bias : out, 30, 0, 0);
  return op;
}

/* Sizes of one axis of a window that fits n elements. */
typedef struct axis { int64_t kernel, stride, padding, dilation, out; } axis;

static axis random_axis(builder *b, int64_t n, bool pool, bool same, bool valid)
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

static nirc_op *add_conv(builder *b, scope *s, const nirc_shape *in, nirc_shape *out, bool silent)
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
  set_shape(b, op, "input_shape", in->dims + 1, n);
  set_weights(b, op, "weight", &w, fan_in, silent ? fan_in / (size_t)w.dims[1] : 0, (size_t)(w.dims[0] / groups));      /* of the first group */
  set_ints(b, op, "stride", COLUMN(axes, stride), n);
  set_ints(b, op, "dilation", COLUMN(axes, dilation), n);
  if (same || valid)
    nirc_op_set_string(b->m, op, "padding", same ? "same" : "valid");
  else
    set_ints(b, op, "padding", COLUMN(axes, padding), n);
  set_ints(b, op, "groups", (int64_t[]){(int64_t)groups}, 1);
  nirc_shape bias = nirc_shape_1d(w.dims[0]);
  set_weights(b, op, "bias", &bias, 30, 0, 0);
  return op;
}

static nirc_op *add_pool(builder *b, scope *s, const nirc_shape *in, nirc_shape *out)
{
  nirc_op *op = new_op(b, s, random_chance(&b->r, 50) ? NIR_SUM_POOL2D : NIR_AVG_POOL2D, NULL);
  axis axes[2] = {random_axis(b, (int64_t)in->dims[1], true, false, false), random_axis(b, (int64_t)in->dims[2], true, false, false)};
  if (with(b, RANDOM_PATTERNS) && random_chance(&b->r, 35))
    axes[0] = axes[1] = (axis){.kernel = 1, .stride = 1, .dilation = 1}, axes[0].out = (int64_t)in->dims[1], axes[1].out = (int64_t)in->dims[2];
  *out = (nirc_shape){.rank = 3, .dims = {in->dims[0], (uint64_t)axes[0].out, (uint64_t)axes[1].out}};
  set_ints(b, op, "kernel_size", COLUMN(axes, kernel), 2);
  set_ints(b, op, "stride", COLUMN(axes, stride), 2);
  set_ints(b, op, "padding", COLUMN(axes, padding), 2);
  return op;
}

static nirc_op *add_flatten(builder *b, scope *s, const nirc_shape *in, nirc_shape *out)
{
  nirc_op *op = new_op(b, s, NIR_FLATTEN, NULL);
  uint32_t first = (uint32_t)random_below(&b->r, 2), last = in->rank - 1;
  int64_t end = random_chance(&b->r, 50) ? -1 : (int64_t)last;
  set_ints(b, op, "start_dim", (int64_t[]){first}, 1);
  set_ints(b, op, "end_dim", &end, 1);
  set_shape(b, op, "input_type", in->dims, in->rank);
  *out = *in;
  out->rank = first + 1;
  for (uint32_t i = first + 1; i <= last; i++)
    out->dims[first] *= in->dims[i];
  return op;
}

static nirc_op *add_elementwise(builder *b, scope *s, const nirc_shape *shape)
{
  bool scale = random_chance(&b->r, 60);
  nirc_op *op = new_op(b, s, scale ? NIR_SCALE : NIR_THRESHOLD, NULL);
  if (scale && with(b, RANDOM_PATTERNS) && random_chance(&b->r, 60))
    set_powers(b, op, "scale", shape);
  else
    set_param(b, op, scale ? "scale" : "threshold", shape, scale ? -1 : -0.2, scale ? 2 : 0.8);
  return op;
}

/* A node like one that there is, with the same in-edges; NULL where that one is a port or a graph. */
static nirc_op *add_equal(builder *b, scope *s, const node *like)
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

static nirc_op *add_graph(builder *b, scope *outer, const node *source, nirc_shape *out, bool *breaks);

static uint64_t random_size(builder *b)
{
  return with(b, RANDOM_WIDE) && random_chance(&b->r, 15) ? 30 + random_below(&b->r, 200) : 1 + random_below(&b->r, 20);
}

static size_t elements(const nirc_shape *s)
{
  size_t n = 1;
  for (uint32_t i = 0; i < s->rank; i++)
    n *= (size_t)s->dims[i];
  return n;
}

/* Factors, matrices and neurons more often where passes look at them: behind spikes, and behind weights. */
static uint64_t pattern(builder *b, const nirc_op *source, uint64_t kind)
{
  static const uint64_t kinds[][5] = {{75, 90, 90, 90, 90}, {75, 75, 50, 50, 50}, {75, 75, 75, 50, 90}};
  unsigned which = nirc_op_attr(source, "weight") ? 2 : source->def->spikes;
  return random_chance(&b->r, which ? 20 : 60) ? kind : kinds[which][random_below(&b->r, 5)];
}

/* A node behind `source`; its shape goes to *out. */
static nirc_op *add_node(builder *b, scope *s, const node *source, nirc_shape *out, bool *breaks, bool *closed)
{
  const nirc_shape *in = &source->shape;
  uint64_t kind = random_below(&b->r, 100);
  *out = *in;
  if (kind < 8 && with(b, RANDOM_NESTED) && b->depth < MAX_DEPTH)
    return add_graph(b, s, source, out, breaks);
  if (with(b, RANDOM_PATTERNS))
    kind = pattern(b, source->op, kind);
  bool silent = with(b, RANDOM_NAN) && strncmp(source->op->name, "silent", 6) == 0 && random_chance(&b->r, 60);
  if (kind < (in->rank == 1 ? 58 : 16) && elements(in) < 600) {
    *closed = silent;
    if (!with(b, RANDOM_PATTERNS) || random_chance(&b->r, 70))
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

static void grow(builder *b, scope *s, size_t n)
{
  for (size_t i = 0; i < n && s->n + 8 < MAX_NODES; i++) {
    size_t before = s->n, span = before - s->first_source;
    size_t at = s->first_source + (random_chance(&b->r, with(b, RANDOM_PATTERNS) ? 80 : 60) ? span - 1 : random_below(&b->r, span));
    node source = s->nodes[at];
    nirc_shape shape;
    bool breaks = false, closed = false;
    nirc_op *equal = with(b, RANDOM_PATTERNS) && random_chance(&b->r, 10) ? add_equal(b, s, &source) : NULL;
    if (equal) {
      *keep(s, equal, &source.shape) = (node){.op = equal, .shape = source.shape, .breaks = source.breaks, .closed = source.closed};
      continue;
    }
    nirc_op *op = add_node(b, s, &source, &shape, &breaks, &closed);
    connect(b, source.op, op);
    if (!closed)
      join(b, s, op, &source, before, with(b, RANDOM_PATTERNS) ? 8 : 30);
    node *k = keep(s, op, &shape);
    k->breaks |= breaks;
    k->closed = closed;
  }
}

/* ---- loops --------------------------------------------------------------------------------------------------------------------------- */

/* An edge from `from` to `to`, whose input has the shape of `to_shape`, over a node in between where one is wanted or needed. */
static bool connect_back(builder *b, scope *s, const node *from, const node *to, const nirc_shape *to_shape, bool registers)
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

static void close_loops(builder *b, scope *s)
{
  unsigned n = with(b, RANDOM_LOOPS) ? (unsigned)random_below(&b->r, 4) : 0;
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

static nirc_op *add_port(builder *b, scope *s, nirc_opcode code, const nirc_shape *shape, const char *name)
{
  nirc_op *op = new_op(b, s, code, name);
  set_shape(b, op, "shape", shape->dims, shape->rank);
  return op;
}

static nirc_op *add_graph(builder *b, scope *outer, const node *source, nirc_shape *out, bool *breaks)
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

static nirc_shape random_shape(builder *b)
{
  switch (random_below(&b->r, 6)) {
  case 0: return (nirc_shape){.rank = 2, .dims = {1 + random_below(&b->r, 4), 1 + random_below(&b->r, 12)}};
  case 1: case 2: case 3:
    return (nirc_shape){.rank = 3, .dims = {1 + random_below(&b->r, 4), 1 + random_below(&b->r, 12), 1 + random_below(&b->r, 12)}};
  default: return nirc_shape_1d(random_size(b));
  }
}

static void build(builder *b)
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

nirc_module *random_network(uint64_t seed, unsigned flags)
{
  builder b = {.m = nirc_module_new(nirc_heap_default(), "random.nir", "random"), .r = {seed * 2 + 1}, .flags = flags};
  b.m->source_hash[0] = seed;
  build(&b);
  nirc_diag d;
  nirc_diag_init(&d, stderr, "random_network");
  if (nirc_nir_infer(b.m, b.m->body.first, &d))
    return b.m;
  nirc_module_free(b.m);
  return NULL;
}
