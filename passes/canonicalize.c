/* passes/canonicalize.c: what has no effect goes: ops whose results nobody uses, states that only feed themselves, reshapes to the same
 * shape, factors of 1, identity matrices and windows of 1 on spikes. No bit of a result changes:
 *
 *   1 * x is x, be it -0, infinite or NaN.
 *   A weighted sum starts from +0 and skips inputs that are 0, so it turns -0 into +0, and 0 * x of the zeros of an identity matrix is NaN where x is not
 *   finite; pooling starts from +0, too. So identity matrices and windows of 1 go only where the input is i1: 0 + 1*1 and 0 + 1 are 1, the sum of nothing is 0. */
#include "passes/pass.h"

/* ops[] by id; marks op live and, through `stack`, all it depends on. */
static void mark(nirc_op *op, bool *live, nirc_op **stack, size_t *depth)
{
  if (live[op->id])
    return;
  live[op->id] = true;
  stack[(*depth)++] = op;
}

static void mark_from(nirc_op *root, bool *live, nirc_op **stack)
{
  size_t depth = 0;
  mark(root, live, stack, &depth);
  while (depth) {
    nirc_op *op = stack[--depth];
    for (uint32_t i = 0; i < op->n_operands; i++)
      mark(nirc_op_operand(op, i)->def, live, stack, &depth);
    if (op->code == SNN_STATE)                       /* a state that is read has to be kept up */
      for (const nirc_use *u = op->results[0].uses; u; u = u->next)
        if (u->user->code == SNN_UPDATE && u->index == 0)
          mark(u->user, live, stack, &depth);
  }
}

static void remove_dead(nirc_module *m, nirc_region *region, nirc_pass_ctx *ctx)
{
  uint32_t n = 0;
  NIRC_FOR_EACH_OP(op, region)
    op->id = n++;
  bool *live = NIRC_NEW_ARRAY(m->arena, bool, n);
  nirc_op **stack = NIRC_NEW_ARRAY(m->arena, nirc_op *, n);
  NIRC_FOR_EACH_OP(op, region)
    if (op->code == SNN_OUTPUT || op->code == SNN_PROBE || op->code == SNN_INPUT)
      mark_from(op, live, stack);
  for (nirc_op *op = region->last, *prev; op; op = prev) {
    prev = op->prev;
    if (live[op->id])
      continue;
    nirc_op_erase(op);
    ctx->counters[0]++;
  }
}

static bool is_pair(const nirc_op *op, const char *name, uint64_t n)
{
  const nirc_shape *s = nirc_op_shape(op, name);
  return s->dims[0] == n && s->dims[1] == n;
}

/* Does the op give back its operand, bit for bit? */
static bool is_noop(const nirc_op *op)
{
  if (op->n_operands != 1 || op->n_results != 1 || !nirc_shape_equal(&nirc_op_operand(op, 0)->type->shape, &op->results[0].type->shape))
    return false;
  bool spikes = nirc_op_operand(op, 0)->type->elem == NIRC_BOOL;
  if (op->results[0].type->elem == NIRC_F64 && nirc_op_operand(op, 0)->type->elem != NIRC_F64)
    return false;                                    /* it widens, and what takes it has attributes of that type */
  switch (op->code) {
  case SNN_RESHAPE: return true;
  case SNN_SCALE: return nirc_blob_is_all(nirc_op_blob(op, "scale"), 1);
  case SNN_DENSE: return spikes && !nirc_op_blob(op, "bias") && !nirc_op_blob(op, "scale") && nirc_blob_is_identity(nirc_op_blob(op, "weight"));
  case SNN_SUM_POOL: case SNN_AVG_POOL: return spikes && is_pair(op, "kernel_size", 1) && is_pair(op, "stride", 1) && is_pair(op, "before", 0);
  default: return false;
  }
}

static bool run(nirc_module *m, nirc_pass_ctx *ctx)
{
  nirc_region *region = m->body.first->body;
  for (nirc_op *op = region->first, *next; op; op = next) {
    next = op->next;
    if (op->code == SNN_RESHAPE)                     /* spikes may have taken the place of f32 */
      op->results[0].type = nirc_type_get(&m->types, nirc_op_operand(op, 0)->type->elem, &op->results[0].type->shape);
    if (!is_noop(op))
      continue;
    nirc_value_replace(nirc_op_result(op), nirc_op_operand(op, 0));
    ctx->counters[op->code == SNN_RESHAPE ? 1 : 2]++;
    nirc_op_erase(op);
  }
  if (m->level != NIRC_LEVEL_HW)                     /* what is on a chip is there, whether anything comes of it or not */
    remove_dead(m, region, ctx);
  return true;
}

static const char *const counters[] = {"dead-ops", "identity-reshapes", "identity-maps"};

const nirc_pass nirc_pass_canonicalize = {
  .name = "canonicalize", .summary = "remove what has no effect: unused values, states that only feed themselves, maps that change nothing",
  .doc = "Exact, since only what gives back its operand bit for bit goes: reshapes to the same shape, factors of 1, and, where spikes arrive, identity matrices and "
         "windows of 1. Elsewhere these two stay: a weighted sum turns -0 into +0 and takes 0 times an infinite value for NaN. Then ops go whose results reach "
         "no output and no probe; a state that is removed is not saved either. Use it behind `discretise` and before what costs more, for it leaves less to look at.",
  .needs = NIRC_LEVEL_SNN, .leaves = NIRC_LEVEL_SNN, .counters = counters, .n_counters = 3, .run = run,
};
