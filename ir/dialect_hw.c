/* ir/dialect_hw.c: what is on a chip. A module of this level is a snn.step whose numbers are whole: states of stated width, weights of the chip, neurons whose
 * equations saturate and shift as the chip does. It is executed as the snn level is, so what is written for the chip and what emulates it are one thing. */
#include <inttypes.h>

#include "ir/op.h"

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

static const nirc_attr_def project_attrs[] = {
  {.name = "weight", .kind = NIRC_ATTR_DENSE, .doc = "i8, [elements of the events, elements of the state]"},
  {.name = "most", .kind = NIRC_ATTR_INT, .doc = "events of one element and step that count"}};
static const nirc_attr_def place_attrs[] = {
  {.name = "node", .kind = NIRC_ATTR_STRING, .doc = "node name"},
  {.name = "placement", .kind = NIRC_ATTR_DICT, .doc = "what the target has decided for it: place, figures, scales"}};

const nirc_op_def nirc_def_hw_project = {
  OP("hw.project", 2, 1), ATTRS(project_attrs), .verify = verify_project, .doc = "(state, events): every event adds its weights to the state, one addition after the other, each saturated.",
  .equation = "for each element j of the events in ascending order, for each of its min(x[j], most) events (a fraction counts as none), for each k: "
              "state[k] = max(-32768, min(32767, state[k] + weight[j, k]))"};
const nirc_op_def nirc_def_hw_place = {OP("hw.place", 0, 0), ATTRS(place_attrs), .doc = "Where a node stands on the chip, for what is written; computes nothing."};
