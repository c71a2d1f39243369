/* ir/dialect_hw.c: what is on a chip. A module of this level is a snn.step whose numbers are whole: states of stated width, weights of the chip, neurons whose
 * equations saturate and shift as the chip does. It is executed as the snn level is, so what is written for the chip and what emulates it are one thing. */
#include <inttypes.h>

#include "ir/cores.h"

#define OP(mnemonic_, operands, results) .mnemonic = mnemonic_, .level = NIRC_LEVEL_HW, .n_operands = operands, .n_results = results
#define ATTRS(a) .attrs = a, .n_attrs = sizeof(a) / sizeof *(a)

static bool fault(const nirc_op *op, nirc_diag *d, const char *text)
{
  nirc_error_status(d, NIRC_STATUS_INTERNAL, op->loc, "'%s' (%s): %s", op->name, op->def->mnemonic, text);
  return false;
}

static bool verify_project(nirc_module *m, const nirc_op *op, nirc_diag *d)
{
  (void)m;
  const nirc_type *state = nirc_op_operand(op, 0)->type, *x = nirc_op_operand(op, 1)->type;
  const nirc_blob *w = nirc_op_blob(op, "weight");
  bool ok = true;
  if (state->elem != NIRC_I16 || op->results[0].type != state)
    ok = fault(op, d, "the state and what becomes of it must be i16, of one shape");
  if (x->elem != NIRC_I16 && x->elem != NIRC_F32 && x->elem != NIRC_BOOL)
    ok = fault(op, d, "events must be i1, i16 or f32");
  if (w->dtype != NIRC_I8 || w->shape.rank != 2 || w->shape.dims[0] != x->count || w->shape.dims[1] != state->count)
    ok = fault(op, d, "weight must be i8, [elements of the events, elements of the state]");
  if (nirc_op_int(op, "most") < 0 || nirc_op_int(op, "most") > INT16_MAX)
    ok = fault(op, d, "most is out of range");
  return ok;
}

static bool verify_cores(nirc_module *m, const nirc_op *op, nirc_diag *d)
{
  nirc_arena *a = nirc_arena_new(m->heap);
  nirc_cores c;
  const char *why;
  bool ok = nirc_cores_read(&c, a, op, &why) || fault(op, d, why);
  nirc_arena_free(a);
  return ok;
}

static bool verify_core(nirc_module *m, const nirc_op *op, nirc_diag *d)
{
  (void)m;
  if (!op->parent->parent || op->parent->parent->code != HW_CORES)
    return fault(op, d, "stands in no hw.cores");
  return !nirc_op_attr(op, "core") || (nirc_op_int(op, "core") >= 0 && nirc_op_int(op, "core") < NIRC_COUNT_CORES) || fault(op, d, "core is not from 0 to 65535");
}

static bool verify_place(nirc_module *m, const nirc_op *op, nirc_diag *d)
{
  (void)m;
  const nirc_blob *cores = nirc_op_blob(op, "cores");
  bool ok = !cores || cores->dtype == NIRC_I64;
  for (size_t i = 0; ok && cores && i < (cores->splat ? 1 : cores->count); i++) {
    int64_t core = -1;
    ok = nirc_blob_get_int(cores, i, &core) && core >= 0 && core < NIRC_COUNT_CORES;
  }
  return ok || fault(op, d, "cores must be i64, from 0 to 65535");
}

static bool verify_slice(nirc_module *m, const nirc_op *op, nirc_diag *d)
{
  (void)m;
  const nirc_type *from = nirc_op_operand(op, 0)->type, *to = op->results[0].type;
  int64_t first = nirc_op_int(op, "first");
  if (from->elem == to->elem && first >= 0 && (uint64_t)first <= from->count && to->count <= from->count - (size_t)first)
    return true;
  return fault(op, d, "its elements are not among those of the operand");
}

static const nirc_attr_def project_attrs[] = {
  {.name = "weight", .kind = NIRC_ATTR_DENSE, .doc = "i8, [elements of the events, elements of the state]"},
  {.name = "most", .kind = NIRC_ATTR_INT, .doc = "events of one element and step that count"},
  {.name = "node", .kind = NIRC_ATTR_STRING, .optional = true, .doc = "node whose state it is, for `counts`"},
  {.name = "counts", .kind = NIRC_ATTR_STRING, .optional = true, .doc = "key under which additions that saturate are counted, where the host counts"}};
static const nirc_attr_def place_attrs[] = {
  {.name = "node", .kind = NIRC_ATTR_STRING, .doc = "node name"},
  {.name = "cores", .kind = NIRC_ATTR_DENSE, .optional = true, .doc = "i64, of each neuron of the op of that name: the core that it stands on, for counters"},
  {.name = "placement", .kind = NIRC_ATTR_DICT, .doc = "what the target has decided for it: place, figures, scales"}};

const nirc_op_def nirc_def_hw_project = {
  OP("hw.project", 2, 1), ATTRS(project_attrs), .verify = verify_project, .doc = "(state, events): every event adds its weights to the state, one addition after the other, each saturated.",
  .equation = "for each element j of the events in ascending order, for each of its min(x[j], most) events (a fraction counts as none), for each k: "
              "state[k] = max(-32768, min(32767, state[k] + weight[j, k]))"};
const nirc_op_def nirc_def_hw_place = {OP("hw.place", 0, 0), ATTRS(place_attrs), .verify = verify_place, .doc = "Where a node stands on the chip, for what is written; computes nothing."};

#define SHAPE(n, doc_) {.name = n, .kind = NIRC_ATTR_SHAPE, .doc = doc_}
static const nirc_attr_def core_attrs[] = {
  {.name = "weight", .kind = NIRC_ATTR_DENSE, .doc = "i8, or i32 where they are finer than the chip's, [features out, features in, rows, columns], square"},
  {.name = "bias", .kind = NIRC_ATTR_DENSE, .optional = true, .doc = "i64, [features out]; absent: none"},
  SHAPE("map", "what arrives: [features, rows, columns]"), SHAPE("stride", "[rows, columns]"), SHAPE("before", "zeros at both ends: [rows, columns]"),
  {.name = "v_threshold", .kind = NIRC_ATTR_INT, .doc = "a spike needs at least that"},
  {.name = "v_low", .kind = NIRC_ATTR_INT, .doc = "the lowest potential"},
  {.name = "to_zero", .kind = NIRC_ATTR_INT, .doc = "1: a spike sets the potential to 0; 0: takes the threshold from it"},
  SHAPE("to", "numbers of the cores, from 0, that its events go to; ways do not come back"),
  SHAPE("pooling", "for each, the squares that become one place of the map there"),
  SHAPE("inputs", "numbers of the operands whose events come to it"),
  {.name = "core", .kind = NIRC_ATTR_INT, .optional = true, .doc = "its number on the chip, for counters"},
  {.name = "synapse", .kind = NIRC_ATTR_STRING, .optional = true, .doc = "node that the weights are of, for counters"}};
static const nirc_attr_def slice_attrs[] = {{.name = "first", .kind = NIRC_ATTR_INT, .doc = "the first element that is taken"}};

const nirc_op_def nirc_def_hw_cores = {
  OP("hw.cores", -1, -1), .has_region = true, .verify = verify_cores,
  .doc = "(potentials of all neurons, events of inputs ...) to (how often each neuron fires, potentials): one step of convolving cores, a hw.core each in "
         "its region, that work event by event, first in, first out. First biases are added, core by core, to all neurons of a core; then the events of each "
         "input are queued in ascending order of its elements, as many as the element says, each at all cores that it goes to before the next. An event adds "
         "weights to the neurons that it reaches; one that comes to v_threshold fires once, the others are kept at v_low or above. Those that fire, by (feature, "
         "row, column), put an event each at the end of the queue, for each core that they go to.",
  .equation = "v = v + weight; where v >= v_threshold: one event, v = v - v_threshold or 0; else v = max(v, v_low)"};
const nirc_op_def nirc_def_hw_core = {
  OP("hw.core", 0, 0), ATTRS(core_attrs), .verify = verify_core,
  .doc = "One core of a hw.cores. Its neurons stand behind those of the core before it."};
const nirc_op_def nirc_def_hw_slice = {
  OP("hw.slice", 1, 1), ATTRS(slice_attrs), .verify = verify_slice, .doc = "Elements one behind the other, from `first` on, in the shape of the result."};
