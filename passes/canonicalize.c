/* passes/canonicalize.c: what has no effect goes: ops whose results nobody uses, states that only feed themselves, reshapes to the same
 * shape. No bit of a result changes. */
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

static bool run(nirc_module *m, nirc_pass_ctx *ctx)
{
  nirc_region *region = m->body.first->body;
  for (nirc_op *op = region->first, *next; op; op = next) {
    next = op->next;
    if (op->code == SNN_RESHAPE && nirc_op_operand(op, 0)->type == op->results[0].type) {
      nirc_value_replace(nirc_op_result(op), nirc_op_operand(op, 0));
      nirc_op_erase(op);
      ctx->counters[1]++;
    }
  }
  remove_dead(m, region, ctx);
  return true;
}

static const char *const counters[] = {"dead-ops", "identity-reshapes"};

const nirc_pass nirc_pass_canonicalize = {
  .name = "canonicalize", .summary = "remove what has no effect: unused values, states that only feed themselves, reshapes to the same shape",
  .needs = NIRC_LEVEL_SNN, .leaves = NIRC_LEVEL_SNN, .counters = counters, .n_counters = 2, .run = run,
};
