/* ir/dialect_nir.c: the NIR primitives as ops: their parameters, shapes and equations.
 * Source of every rule: the NIR file format as nir 1.0.8 has it (docs/nir.md says where we depart from it). */
#include <inttypes.h>
#include <string.h>

#include "ir/dialect_nir.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof *(a))
#define DENSE(n, rule_, doc_) {.name = n, .kind = NIRC_ATTR_DENSE, .rule = rule_, .doc = doc_}
#define OPTIONAL(n, rule_, doc_) {.name = n, .kind = NIRC_ATTR_DENSE, .optional = true, .rule = rule_, .doc = doc_}
#define DENSE_OR(n, rule_, fallback_, doc_) {.name = n, .kind = NIRC_ATTR_DENSE, .rule = rule_, .fallback = fallback_, .doc = doc_}
#define LAYER_OR(n, dim_, fallback_, doc_) {.name = n, .kind = NIRC_ATTR_DENSE, .dim = dim_, .rule = NIRC_SHAPE_LAYER, .fallback = fallback_, .doc = doc_}
#define LAYER(n, dim_, doc_) {.name = n, .kind = NIRC_ATTR_DENSE, .dim = dim_, .rule = NIRC_SHAPE_LAYER, .doc = doc_}
#define LAYER_OPTIONAL(n, dim_, doc_) \
  {.name = n, .kind = NIRC_ATTR_DENSE, .dim = dim_, .optional = true, .rule = NIRC_SHAPE_LAYER, .doc = doc_}
#define PADDING {.name = "padding", .kind = NIRC_ATTR_DENSE, .rule = NIRC_SHAPE_AXES, .or_string = true, .fallback = "0", \
                 .doc = "zeros at both ends of each axis; or `same` or `valid`"}

/* ---- reading parameters -------------------------------------------------------------------------------------------- */

bool nirc_nir_ints(const nirc_op *op, const char *name, int n, int64_t out[])
{
  const nirc_blob *b = nirc_op_blob(op, name);
  if (!b || (b->count != 1 && b->count != (size_t)n))
    return false;
  for (int i = 0; i < n; i++)
    if (!nirc_blob_get_int(b, b->count == 1 ? 0 : (size_t)i, &out[i]))
      return false;
  return true;
}

/* Integers of an attribute within [low, high]; a diagnostic where they are not. */
static bool ints_within(nirc_module *m, const nirc_op *op, const char *name, int n, int64_t low, int64_t high, int64_t out[], nirc_diag *d)
{
  if (!nirc_nir_ints(op, name, n, out)) {
    nirc_error(d, nirc_op_attr_loc(m, op, name), "'%s': %s must be %s whole number%s", op->name, name,
               n == 1 ? "one" : "one or two", n == 1 ? "" : "s");
    return false;
  }
  for (int i = 0; i < n; i++)
    if (out[i] < low || out[i] > high) {
      nirc_error(d, nirc_op_attr_loc(m, op, name), "'%s': %s = %" PRId64 " is out of range, %" PRId64 " to %" PRId64 " is wanted", op->name, name, out[i], low, high);
      return false;
    }
  return true;
}

/* The first parameter that has the shape of the layer. */
static const nirc_blob *layer_blob(const nirc_op *op)
{
  for (size_t i = 0; i < op->def->n_attrs; i++) {
    const nirc_blob *b = op->def->attrs[i].rule == NIRC_SHAPE_LAYER ? nirc_op_blob(op, op->def->attrs[i].name) : NULL;
    if (b)
      return b;
  }
  return NULL;
}

/* ---- hooks: one shape for all parameters, in and out ------------------------------------------------------------------ */

static bool layer_shape(const nirc_op *op, nirc_shape *out)
{
  *out = layer_blob(op)->shape;
  return true;
}

static bool infer_layer(nirc_module *m, const nirc_op *op, const nirc_shape *in, nirc_shape *out, nirc_diag *d)
{
  (void)m; (void)in; (void)d;
  return layer_shape(op, out);
}

static bool verify_layer(nirc_module *m, const nirc_op *op, nirc_diag *d)
{
  const nirc_blob *first = layer_blob(op);
  bool ok = true;
  for (const nirc_attr *a = op->attrs; a; a = a->next) {
    const nirc_attr_def *def = nirc_op_def_attr(op->def, a->name);
    if (!def || def->rule != NIRC_SHAPE_LAYER || a->kind != NIRC_ATTR_DENSE || nirc_shape_equal(&a->blob->shape, &first->shape))
      continue;
    if (def->or_one && a->blob->count == 1)            /* nir multiplies a scalar w_in out */
      continue;
    nirc_error(d, nirc_op_attr_loc(m, op, a->name), "'%s': %s has shape %s, other parameters of this %s have %s", op->name, a->name,
               nirc_shape_text(m->arena, &a->blob->shape), op->def->nir_type, nirc_shape_text(m->arena, &first->shape));
    nirc_note(d, op->loc, "all parameters of a node must have one shape, that of the layer; --lenient spreads single numbers over the layer");
    ok = false;
  }
  return ok;
}

/* ---- hooks: Input, Output, NIRGraph, Flatten --------------------------------------------------------------------------- */

/* A shape that a parameter holds as a list of numbers; false where it is none. */
static bool listed_shape(const nirc_blob *b, nirc_shape *out)
{
  if (!b || b->shape.rank > 1 || b->count > NIRC_MAX_RANK)
    return false;
  out->rank = (uint32_t)b->count;
  for (uint32_t i = 0; i < out->rank; i++) {
    int64_t n;
    if (!nirc_blob_get_int(b, i, &n) || n < 0)
      return false;
    out->dims[i] = (uint64_t)n;
  }
  return true;
}

static bool shape_attr(const nirc_op *op, nirc_shape *out)
{
  return listed_shape(nirc_op_blob(op, "shape"), out);
}

static bool infer_port(nirc_module *m, const nirc_op *op, const nirc_shape *in, nirc_shape *out, nirc_diag *d)
{
  (void)m; (void)in; (void)d;
  return shape_attr(op, out);
}

static bool verify_port(nirc_module *m, const nirc_op *op, nirc_diag *d)
{
  nirc_shape s;
  size_t count;
  if (nirc_op_blob(op, "shape")->shape.rank != 1) {
    nirc_error(d, nirc_op_attr_loc(m, op, "shape"), "'%s': shape must be a list of whole numbers, it has rank %u", op->name,
               nirc_op_blob(op, "shape")->shape.rank);
    return false;
  }
  if (shape_attr(op, &s) && nirc_shape_count(&s, &count))
    return true;
  nirc_error(d, nirc_op_attr_loc(m, op, "shape"), "'%s': shape must be at most %d whole numbers that are not negative", op->name, NIRC_MAX_RANK);
  return false;
}

/* The single Input (Output) node of a nested graph; NULL where there is none or more than one. */
static const nirc_op *single_port(const nirc_op *graph, nirc_opcode code)
{
  const nirc_op *found = NULL;
  NIRC_FOR_EACH_OP(op, graph->body)
    if (op->code == code) {
      if (found)
        return NULL;
      found = op;
    }
  return found;
}

static bool graph_input(const nirc_op *op, nirc_shape *out)
{
  const nirc_op *in = single_port(op, NIR_INPUT);
  return in && shape_attr(in, out);
}

static bool infer_graph(nirc_module *m, const nirc_op *op, const nirc_shape *in, nirc_shape *out, nirc_diag *d)
{
  (void)m; (void)in; (void)d;
  const nirc_op *port = single_port(op, NIR_OUTPUT);
  return port && shape_attr(port, out);
}

static bool infer_identity(nirc_module *m, const nirc_op *op, const nirc_shape *in, nirc_shape *out, nirc_diag *d)
{
  (void)m; (void)op; (void)d;
  if (in)
    *out = *in;
  return in != NULL;
}

/* input_type as it stands in the file, where it says something: old files hold zeros. */
static bool flatten_input(const nirc_op *op, nirc_shape *out)
{
  const nirc_blob *b = nirc_op_blob(op, "input_type");
  return b && b->shape.rank == 1 && listed_shape(b, out);
}

static bool infer_flatten(nirc_module *m, const nirc_op *op, const nirc_shape *in, nirc_shape *out, nirc_diag *d)
{
  nirc_shape own;
  if (!in && flatten_input(op, &own))
    in = &own;
  if (!in)
    return false;
  int64_t start = 1, end = -1;                       /* the defaults of the format */
  if ((nirc_op_attr(op, "start_dim") && !nirc_nir_ints(op, "start_dim", 1, &start)) ||
      (nirc_op_attr(op, "end_dim") && !nirc_nir_ints(op, "end_dim", 1, &end))) {
    nirc_error(d, op->loc, "'%s': start_dim and end_dim must be one whole number each", op->name);
    return false;
  }
  int64_t rank = in->rank, first = start < 0 ? start + rank : start, last = end < 0 ? end + rank : end;
  if (first < 0 || last >= rank || first > last) {
    nirc_error(d, op->loc, "'%s': start_dim = %" PRId64 ", end_dim = %" PRId64 " do not fit an input of shape %s", op->name, start, end,
               nirc_shape_text(m->arena, in));
    return false;
  }
  *out = (nirc_shape){0};
  for (int64_t i = 0; i < rank; i++)
    if (i > first && i <= last)
      out->dims[out->rank - 1] *= in->dims[i];
    else
      out->dims[out->rank++] = in->dims[i];
  return true;
}

/* ---- hooks: Linear, Affine ------------------------------------------------------------------------------------------------ */

static bool linear_input(const nirc_op *op, nirc_shape *out)
{
  *out = nirc_op_blob(op, "weight")->shape;          /* leading axes are batch axes: (..., out, in) */
  out->dims[out->rank - 2] = out->dims[out->rank - 1];
  out->rank--;
  return true;
}

static bool infer_linear(nirc_module *m, const nirc_op *op, const nirc_shape *in, nirc_shape *out, nirc_diag *d)
{
  (void)m; (void)in; (void)d;
  *out = nirc_op_blob(op, "weight")->shape;
  out->rank--;
  return true;
}

static bool verify_rank(nirc_module *m, const nirc_op *op, const char *name, uint32_t low, uint32_t high, nirc_diag *d)
{
  uint32_t rank = nirc_op_blob(op, name)->shape.rank;
  if (rank >= low && rank <= high)
    return true;
  nirc_error(d, nirc_op_attr_loc(m, op, name), "'%s': %s has rank %u, %s %u is wanted", op->name, name, rank, low == high ? "rank" : "at least", low);
  return false;
}

static bool verify_linear(nirc_module *m, const nirc_op *op, nirc_diag *d)
{
  return verify_rank(m, op, "weight", 2, NIRC_MAX_RANK, d);
}

/* ---- hooks: convolutions and pooling ------------------------------------------------------------------------------------------ */

enum { MAX_WINDOW = 1 << 20 };                       /* kernel, stride, padding, dilation: keeps every product in 64 bits */

bool nirc_nir_window(nirc_module *m, const nirc_op *op, nirc_window *w, nirc_diag *d)
{
  int n = op->def->n_axes;
  const nirc_blob *weight = nirc_op_blob(op, "weight");
  *w = (nirc_window){.n_axes = n, .groups = 1, .dilation = {1, 1}};
  bool ok = true;
  if (weight) {
    for (int i = 0; i < n; i++)
      w->kernel[i] = (int64_t)weight->shape.dims[2 + i];
    ok &= ints_within(m, op, "dilation", n, 1, MAX_WINDOW, w->dilation, d);
    ok &= ints_within(m, op, "groups", 1, 1, INT32_MAX, &w->groups, d);
  } else {
    ok &= ints_within(m, op, "kernel_size", n, 1, MAX_WINDOW, w->kernel, d);
  }
  ok &= ints_within(m, op, "stride", n, 1, MAX_WINDOW, w->stride, d);
  const nirc_attr *padding = nirc_op_attr(op, "padding");
  if (padding->kind == NIRC_ATTR_STRING) {
    w->same = strcmp(padding->s, "same") == 0;
    if (!w->same && strcmp(padding->s, "valid") != 0) {
      nirc_error(d, nirc_op_attr_loc(m, op, "padding"), "'%s': padding = \"%s\", only \"same\" and \"valid\" have a meaning", op->name, padding->s);
      ok = false;
    }
  } else {
    ok &= ints_within(m, op, "padding", n, 0, MAX_WINDOW, w->before, d);
    memcpy(w->after, w->before, sizeof w->after);
  }
  for (int i = 0; w->same && i < n; i++) {           /* the odd zero last */
    int64_t total = w->dilation[i] * (w->kernel[i] - 1);
    w->before[i] = total / 2;
    w->after[i] = total - total / 2;
  }
  return ok;
}

/* Output size of one axis: floor((n + pads - dilation*(k-1) - 1)/stride + 1); `same` keeps n whatever the stride. */
static int64_t window_size(const nirc_window *w, int axis, int64_t n)
{
  int64_t span = n + w->before[axis] + w->after[axis] - w->dilation[axis] * (w->kernel[axis] - 1) - 1;
  return w->same ? n : span < 0 ? 0 : span / w->stride[axis] + 1;
}

static bool infer_window(nirc_module *m, const nirc_op *op, const nirc_shape *in, nirc_shape *out, nirc_diag *d)
{
  nirc_shape own;
  if (!in && op->def->input_shape && op->def->input_shape(op, &own))
    in = &own;
  if (!in)
    return false;
  nirc_window w;
  if (!nirc_nir_window(m, op, &w, d))
    return false;
  if (in->rank != (uint32_t)w.n_axes + 1) {
    nirc_error(d, op->loc, "'%s': a %s takes %d axes, what arrives has shape %s", op->name, op->def->nir_type, w.n_axes + 1, nirc_shape_text(m->arena, in));
    return false;
  }
  const nirc_blob *weight = nirc_op_blob(op, "weight");
  *out = *in;
  if (weight)
    out->dims[0] = weight->shape.dims[0];
  for (int i = 0; i < w.n_axes; i++) {
    int64_t n = in->dims[i + 1] > (uint64_t)1 << 40 ? 0 : window_size(&w, i, (int64_t)in->dims[i + 1]);
    if (n < 1) {
      nirc_error(d, op->loc, "'%s': the window of %" PRId64 " does not fit into an input of shape %s", op->name, w.kernel[i], nirc_shape_text(m->arena, in));
      return false;
    }
    out->dims[i + 1] = (uint64_t)n;
  }
  return true;
}

/* (C, spatial...): C from the weight times groups, unlike nir 1.0.8, which forgets the groups. */
static bool conv_input(const nirc_op *op, nirc_shape *out)
{
  int64_t groups, size[2];
  int n = op->def->n_axes;
  const nirc_blob *given = nirc_op_blob(op, "input_shape");
  if (!given || given->count != (size_t)n || !nirc_nir_ints(op, "input_shape", n, size) || !nirc_nir_ints(op, "groups", 1, &groups))
    return false;
  *out = (nirc_shape){.rank = (uint32_t)n + 1};
  out->dims[0] = nirc_op_blob(op, "weight")->shape.dims[1] * (uint64_t)groups;
  for (int i = 0; i < n; i++) {
    if (size[i] < 0)
      return false;
    out->dims[i + 1] = (uint64_t)size[i];
  }
  return true;
}

static bool verify_conv(nirc_module *m, const nirc_op *op, nirc_diag *d)
{
  uint32_t rank = (uint32_t)op->def->n_axes + 2;
  if (!verify_rank(m, op, "weight", rank, rank, d))
    return false;
  const nirc_shape *s = &nirc_op_blob(op, "weight")->shape;
  bool ok = true;
  for (uint32_t i = 0; i < rank; i++)
    if (s->dims[i] == 0 || s->dims[i] > MAX_WINDOW) {
      nirc_error(d, nirc_op_attr_loc(m, op, "weight"), "'%s': weight has shape %s", op->name, nirc_shape_text(m->arena, s));
      return false;
    }
  nirc_window w;
  ok &= nirc_nir_window(m, op, &w, d);
  const nirc_blob *size = nirc_op_blob(op, "input_shape");               /* only a lenient reader may lack it for a while */
  if (size && size->count != (size_t)op->def->n_axes) {
    nirc_error(d, nirc_op_attr_loc(m, op, "input_shape"), "'%s': input_shape has shape %s; one number per spatial axis (%d) is wanted", op->name,
               nirc_shape_text(m->arena, &size->shape), op->def->n_axes);
    ok = false;
  }
  if (ok && (s->dims[0] % (uint64_t)w.groups)) {
    nirc_error(d, nirc_op_attr_loc(m, op, "groups"), "'%s': %" PRIu64 " output channels cannot be split into %" PRId64 " groups", op->name, s->dims[0], w.groups);
    ok = false;
  }
  size_t bias = nirc_op_blob(op, "bias")->count;
  if (bias != s->dims[0]) {
    nirc_error(d, nirc_op_attr_loc(m, op, "bias"), "'%s': bias has %zu elements, the weight %" PRIu64 " output channels", op->name, bias, s->dims[0]);
    ok = false;
  }
  return ok;
}

static bool verify_pool(nirc_module *m, const nirc_op *op, nirc_diag *d)
{
  nirc_window w;
  return nirc_nir_window(m, op, &w, d);
}

/* ---- the table --------------------------------------------------------------------------------------------------------------- */

static const nirc_attr_def port_attrs[] = {DENSE_OR("shape", NIRC_SHAPE_LIST, "input", "shape of the values, without batch and time axes")};
static const nirc_attr_def graph_attrs[] = {
  {.name = "version", .kind = NIRC_ATTR_STRING, .optional = true, .doc = "root only: version of the package that wrote the file"},
  {.name = "dt", .kind = NIRC_ATTR_FLOAT, .optional = true, .doc = "root only: time step that the network is meant for, in seconds; a .nir file has no place for it"},
  {.name = "activity", .kind = NIRC_ATTR_DICT, .optional = true, .doc = "root only: how often its elements spike, measured or assumed (`--activity`); of no file"}};
static const nirc_attr_def flatten_attrs[] = {
  OPTIONAL("start_dim", NIRC_SHAPE_ONE, "first axis to merge, counted without batch; absent = 1"),
  OPTIONAL("end_dim", NIRC_SHAPE_ONE, "last axis to merge, negative from the end; absent = -1"),
  {.name = "input_type", .kind = NIRC_ATTR_DENSE, .optional = true, .rule = NIRC_SHAPE_LIST, .fallback = "input", .doc = "shape of the input; absent = inferred"},
};
static const nirc_attr_def linear_attrs[] = {DENSE("weight", NIRC_SHAPE_ANY, "matrix [out, in]; leading axes: one matrix each")};
static const nirc_attr_def affine_attrs[] = {
  DENSE("weight", NIRC_SHAPE_ANY, "matrix [out, in]; leading axes: one matrix each"), DENSE_OR("bias", NIRC_SHAPE_ANY, "0", "[out]")};
static const nirc_attr_def scale_attrs[] = {LAYER("scale", NIRC_DIM_NONE, "factor per element")};
static const nirc_attr_def delay_attrs[] = {LAYER("delay", NIRC_DIM_SECOND, "delay per element")};
static const nirc_attr_def threshold_attrs[] = {LAYER("threshold", NIRC_DIM_NONE, "threshold per element")};
static const nirc_attr_def conv_attrs[] = {
  DENSE_OR("input_shape", NIRC_SHAPE_AXES, "input", "spatial size of the input"),
  DENSE("weight", NIRC_SHAPE_ANY, "kernels [out, in/groups, spatial...]"),
  DENSE_OR("stride", NIRC_SHAPE_AXES, "1", "step between windows"),
  PADDING,
  DENSE_OR("dilation", NIRC_SHAPE_AXES, "1", "distance between taps of the kernel"),
  DENSE_OR("groups", NIRC_SHAPE_ONE, "1", "number of separate groups of channels"),
  DENSE_OR("bias", NIRC_SHAPE_ANY, "0", "[out]"),
};
static const nirc_attr_def pool_attrs[] = {
  DENSE("kernel_size", NIRC_SHAPE_AXES, "size of the window"),
  DENSE_OR("stride", NIRC_SHAPE_AXES, "kernel_size", "step between windows"),
  DENSE_OR("padding", NIRC_SHAPE_AXES, "0", "zeros at both ends of each axis"),
};
static const nirc_attr_def i_attrs[] = {LAYER_OR("r", NIRC_DIM_OHM, "1", "resistance")};
#define R LAYER_OR("r", NIRC_DIM_OHM, "1", "resistance")
#define V_LEAK LAYER_OR("v_leak", NIRC_DIM_VOLT, "0", "leak potential: what v decays to")
#define V_THRESHOLD LAYER_OR("v_threshold", NIRC_DIM_VOLT, "1", "firing threshold; a spike needs v > v_threshold")
#define V_RESET LAYER_OPTIONAL("v_reset", NIRC_DIM_VOLT, "potential after a spike; absent = 0")
#define W_IN {.name = "w_in", .kind = NIRC_ATTR_DENSE, .optional = true, .rule = NIRC_SHAPE_LAYER, .or_one = true, \
              .doc = "weight of the input into the synapse, one number or the layer's shape; absent = 1"}
#define TAU_SYN LAYER("tau_syn", NIRC_DIM_SECOND, "synaptic time constant")
#define TAU_MEM LAYER("tau_mem", NIRC_DIM_SECOND, "membrane time constant")
#define TAU LAYER("tau", NIRC_DIM_SECOND, "membrane time constant")
static const nirc_attr_def if_attrs[] = {R, V_THRESHOLD, V_RESET};
static const nirc_attr_def li_attrs[] = {TAU, R, V_LEAK};
static const nirc_attr_def lif_attrs[] = {TAU, R, V_LEAK, V_THRESHOLD, V_RESET};
static const nirc_attr_def cuba_li_attrs[] = {TAU_SYN, TAU_MEM, R, V_LEAK, W_IN};
static const nirc_attr_def cuba_lif_attrs[] = {TAU_SYN, TAU_MEM, R, V_LEAK, V_THRESHOLD, V_RESET, W_IN};

#define NODE(mnemonic_, type_, attrs_) \
  .mnemonic = mnemonic_, .nir_type = type_, .level = NIRC_LEVEL_NIR, .n_operands = -1, .n_results = 1, .attrs = attrs_, .n_attrs = N_ELEMENTS(attrs_)
#define NEURON .input_shape = layer_shape, .infer = infer_layer, .verify = verify_layer, .integrates = true
#define SPIKE "; z = 1 if v > v_threshold, then v = v_reset"

const nirc_op_def nirc_def_nir_graph = {
  NODE("nir.graph", "NIRGraph", graph_attrs), .has_region = true, .input_shape = graph_input, .infer = infer_graph,
  .doc = "A network, or a nested one: an edge to it feeds its Input, an edge from it takes its Output."};
const nirc_op_def nirc_def_nir_input = {
  NODE("nir.input", "Input", port_attrs), .input_shape = shape_attr, .infer = infer_port, .verify = verify_port, .doc = "Where values enter."};
const nirc_op_def nirc_def_nir_output = {
  NODE("nir.output", "Output", port_attrs), .input_shape = shape_attr, .infer = infer_port, .verify = verify_port, .doc = "Where values leave."};
const nirc_op_def nirc_def_nir_identity = {
  .mnemonic = "nir.identity", .level = NIRC_LEVEL_NIR, .n_operands = -1, .n_results = 1, .infer = infer_identity,
  .doc = "The sum of what arrives; a port of a nested graph after inlining."};
const nirc_op_def nirc_def_nir_flatten = {
  NODE("nir.flatten", "Flatten", flatten_attrs), .input_shape = flatten_input, .infer = infer_flatten, .doc = "Merges axes start_dim to end_dim into one."};
const nirc_op_def nirc_def_nir_linear = {
  NODE("nir.linear", "Linear", linear_attrs), .input_shape = linear_input, .infer = infer_linear, .verify = verify_linear,
  .doc = "Linear map.", .equation = "y = W x"};
const nirc_op_def nirc_def_nir_affine = {
  NODE("nir.affine", "Affine", affine_attrs), .input_shape = linear_input, .infer = infer_linear, .verify = verify_linear,
  .doc = "Affine map.", .equation = "y = W x + b"};
const nirc_op_def nirc_def_nir_scale = {
  NODE("nir.scale", "Scale", scale_attrs), .input_shape = layer_shape, .infer = infer_layer, .verify = verify_layer,
  .doc = "Elementwise product.", .equation = "y = s x"};
const nirc_op_def nirc_def_nir_delay = {
  NODE("nir.delay", "Delay", delay_attrs), .input_shape = layer_shape, .infer = infer_layer, .verify = verify_layer,
  .doc = "Delay, per element.", .equation = "y(t) = x(t - delay)"};
const nirc_op_def nirc_def_nir_threshold = {
  NODE("nir.threshold", "Threshold", threshold_attrs), .input_shape = layer_shape, .infer = infer_layer, .verify = verify_layer, .spikes = true,
  .doc = "Spike where the input is above a threshold.", .equation = "y = 1 if x > threshold else 0"};
const nirc_op_def nirc_def_nir_conv1d = {
  NODE("nir.conv1d", "Conv1d", conv_attrs), .n_axes = 1, .input_shape = conv_input, .infer = infer_window, .verify = verify_conv,
  .doc = "Cross-correlation over one axis, channels first, zero padding."};
const nirc_op_def nirc_def_nir_conv2d = {
  NODE("nir.conv2d", "Conv2d", conv_attrs), .n_axes = 2, .input_shape = conv_input, .infer = infer_window, .verify = verify_conv,
  .doc = "Cross-correlation over two axes, channels first, zero padding."};
const nirc_op_def nirc_def_nir_sum_pool2d = {
  NODE("nir.sum_pool2d", "SumPool2d", pool_attrs), .n_axes = 2, .infer = infer_window, .verify = verify_pool, .doc = "Sum over windows."};
const nirc_op_def nirc_def_nir_avg_pool2d = {
  NODE("nir.avg_pool2d", "AvgPool2d", pool_attrs), .n_axes = 2, .infer = infer_window, .verify = verify_pool,
  .doc = "Sum over windows divided by the full window area, padding counted."};
const nirc_op_def nirc_def_nir_i = {NODE("nir.i", "I", i_attrs), NEURON, .doc = "Integrators.", .equation = "dv/dt = r I; output v"};
const nirc_op_def nirc_def_nir_if = {
  NODE("nir.if", "IF", if_attrs), NEURON, .spikes = true, .doc = "Population of integrate-and-fire neurons.", .equation = "dv/dt = r I" SPIKE};
const nirc_op_def nirc_def_nir_li = {
  NODE("nir.li", "LI", li_attrs), NEURON, .doc = "Leaky integrators.", .equation = "tau dv/dt = (v_leak - v) + r I; output v"};
const nirc_op_def nirc_def_nir_lif = {
  NODE("nir.lif", "LIF", lif_attrs), NEURON, .spikes = true, .doc = "Population of leaky integrate-and-fire neurons.",
  .equation = "tau dv/dt = (v_leak - v) + r I" SPIKE};
const nirc_op_def nirc_def_nir_cuba_li = {
  NODE("nir.cuba_li", "CubaLI", cuba_li_attrs), NEURON, .doc = "Leaky integrators behind a current-based synapse.",
  .equation = "tau_syn di/dt = -i + w_in I; tau_mem dv/dt = (v_leak - v) + r i; output v"};
const nirc_op_def nirc_def_nir_cuba_lif = {
  NODE("nir.cuba_lif", "CubaLIF", cuba_lif_attrs), NEURON, .spikes = true, .doc = "Leaky integrate-and-fire neurons behind a current-based synapse.",
  .equation = "tau_syn di/dt = -i + w_in I; tau_mem dv/dt = (v_leak - v) + r i" SPIKE};
