/* passes/simplify.c: nodes without effect go from a graph, for those who write .nir again. No bit of a result changes:
 *
 * - Nodes from which no Output and no probed node can be reached. What is left cannot be reached from them either, so the search for back edges meets the
 *   same nodes in the same order. Inputs stay. All stay where the time step that `discretise` would assume depends on one of them (docs/semantics.md).
 * - A node that gives back what it gets over its one in-edge: Identity, a Flatten to the same shape, a Scale of 1, a Delay of 0, and, behind spikes (0 and 1
 *   only: sums start from +0, so they change -0), an identity Linear and a window of 1. Only in networks without any cycle: the names of nodes decide which
 *   edge is the back edge of one. Where a user is reached from the source already, the node stays: a graph holds an edge once. In-edges keep their order
 *   and `edge`, their places in the file.
 *
 * Both hold for profiles that count no step for a Linear and take no dt from parameters (nirc_profile's `late`, NIRC_DT_DERIVED): this pass knows no profile. */
#include <string.h>

#include "ir/dialect_nir.h"
#include "passes/pass.h"

/* ---- what is needed ----------------------------------------------------------------------------------------------------- */

static uint32_t number(const nirc_region *region)
{
  uint32_t n = 0;
  NIRC_FOR_EACH_OP(op, region)
    op->id = n++;
  return n;
}

static bool has_probe(const nirc_op *op)
{
  if (nirc_op_attr(op, "probe"))
    return true;
  if (op->body)
    NIRC_FOR_EACH_OP(inner, op->body)
      if (has_probe(inner))
        return true;
  return false;
}

typedef struct live { bool *is; nirc_op **stack; size_t depth; } live;

static void mark(live *x, nirc_op *op)
{
  if (x->is[op->id])
    return;
  x->is[op->id] = true;
  x->stack[x->depth++] = op;
}

/* ids are places in x.is; valid until the next region is numbered. */
static live find_live(const nirc_region *region, nirc_arena *a)
{
  uint32_t n = number(region);
  live x = {.is = NIRC_NEW_ARRAY(a, bool, n), .stack = NIRC_NEW_ARRAY(a, nirc_op *, n)};
  NIRC_FOR_EACH_OP(op, region) {
    if (op->code == NIR_INPUT || op->code == NIR_OUTPUT || has_probe(op))
      mark(&x, op);
    while (x.depth) {
      nirc_op *at = x.stack[--x.depth];
      for (uint32_t i = 0; i < at->n_operands; i++)
        mark(&x, nirc_op_operand(at, i)->def);
    }
  }
  return x;
}

/* What the assumed time step depends on: I or IF, a time constant. */
typedef struct survey { bool gain, tau; } survey;

static void survey_op(survey *s, const nirc_op *op)
{
  s->gain |= op->code == NIR_I || op->code == NIR_IF;
  for (const nirc_attr *a = op->attrs; a; a = a->next)
    s->tau |= strncmp(a->name, "tau", 3) == 0 && a->kind == NIRC_ATTR_DENSE;
  if (op->body)
    NIRC_FOR_EACH_OP(inner, op->body)
      survey_op(s, inner);
}

static void survey_live(survey *s, const nirc_region *region, nirc_arena *a)
{
  live x = find_live(region, a);
  NIRC_FOR_EACH_OP(op, region)
    if (x.is[op->id] && !op->body)
      survey_op(s, op);
  NIRC_FOR_EACH_OP(op, region)
    if (x.is[op->id] && op->body)
      survey_live(s, op->body, a);
}

static bool counts_steps(const survey *s)
{
  return s->gain && !s->tau;
}

static void remove_dead(nirc_module *m, nirc_region *region, nirc_arena *a, nirc_pass_ctx *ctx)
{
  live x = find_live(region, a);
  NIRC_FOR_EACH_OP(op, region)                       /* dead nodes may form cycles: edges first */
    if (!x.is[op->id])
      nirc_op_set_operands(m, op, NULL, 0);
  for (nirc_op *op = region->first, *next; op; op = next) {
    next = op->next;
    if (x.is[op->id])
      continue;
    nirc_op_erase(op);
    ctx->counters[0]++;
  }
  NIRC_FOR_EACH_OP(op, region)
    if (op->body)
      remove_dead(m, op->body, a, ctx);
}

/* ---- cycles ------------------------------------------------------------------------------------------------------------------ */

/* In this region or one within. A cycle through a nested graph shows as one through its node. */
static bool has_cycle(const nirc_region *region, nirc_arena *a)
{
  uint32_t n = number(region), done = 0, depth = 0;
  uint32_t *waits = NIRC_NEW_ARRAY(a, uint32_t, n);
  nirc_op **ready = NIRC_NEW_ARRAY(a, nirc_op *, n);
  NIRC_FOR_EACH_OP(op, region) {
    waits[op->id] = op->n_operands;
    if (!op->n_operands)
      ready[depth++] = op;
  }
  while (depth) {
    const nirc_op *op = ready[--depth];
    done++;
    for (const nirc_use *u = op->n_results ? op->results[0].uses : NULL; u; u = u->next)
      if (--waits[u->user->id] == 0)
        ready[depth++] = u->user;
  }
  if (done < n)
    return true;
  NIRC_FOR_EACH_OP(op, region)
    if (op->body && has_cycle(op->body, a))
      return true;
  return false;
}

/* ---- nodes that give back what they get ------------------------------------------------------------------------------------------ */

static bool is_window_of_one(nirc_module *m, const nirc_op *op, nirc_diag *d)
{
  nirc_window w;
  if (!nirc_nir_window(m, op, &w, d) || w.same)
    return false;
  for (int i = 0; i < w.n_axes; i++)
    if (w.kernel[i] != 1 || w.stride[i] != 1 || w.before[i] || w.after[i])
      return false;
  return true;
}

static bool is_noop(nirc_module *m, const nirc_op *op, nirc_diag *d)
{
  const nirc_value *in = nirc_op_operand(op, 0);
  bool spikes = in->def->def->spikes;
  if (!nirc_shape_equal(&in->type->shape, &op->results[0].type->shape))
    return false;
  switch (op->code) {
  case NIR_IDENTITY: case NIR_FLATTEN: return true;
  case NIR_SCALE: return nirc_blob_is_all(nirc_op_blob(op, "scale"), 1);
  case NIR_DELAY: return nirc_blob_is_all(nirc_op_blob(op, "delay"), 0);
  case NIR_LINEAR: return spikes && nirc_blob_is_identity(nirc_op_blob(op, "weight"));
  case NIR_SUM_POOL2D: case NIR_AVG_POOL2D: return spikes && is_window_of_one(m, op, d);
  default: return false;
  }
}

static bool reaches(const nirc_value *v, const nirc_op *user)
{
  for (uint32_t i = 0; i < user->n_operands; i++)
    if (nirc_op_operand(user, i) == v)
      return true;
  return false;
}

static bool can_go(nirc_module *m, const nirc_op *op, nirc_diag *d)
{
  if (op->n_operands != 1 || op->n_results != 1 || op->body || nirc_op_attr(op, "probe") || !is_noop(m, op, d))
    return false;
  for (const nirc_use *u = op->results[0].uses; u; u = u->next)
    if (reaches(nirc_op_operand(op, 0), u->user))
      return false;
  return true;
}

static bool remove_noops(nirc_module *m, nirc_region *region, nirc_pass_ctx *ctx)
{
  bool any = false;
  for (nirc_op *op = region->first, *next; op; op = next) {
    next = op->next;
    if (op->body)
      any |= remove_noops(m, op->body, ctx);
    if (!can_go(m, op, ctx->d))
      continue;
    nirc_value_replace(nirc_op_result(op), nirc_op_operand(op, 0));
    nirc_op_erase(op);
    ctx->counters[1]++;
    any = true;
  }
  return any;
}

static bool run(nirc_module *m, nirc_pass_ctx *ctx)
{
  nirc_arena *a = nirc_arena_new(m->heap);
  nirc_op *graph = m->body.first;
  survey all = {0}, kept = {0};
  survey_op(&all, graph);
  survey_live(&kept, graph->body, a);
  if (counts_steps(&all) == counts_steps(&kept))
    remove_dead(m, graph->body, a, ctx);
  if (!has_cycle(graph->body, a))
    while (remove_noops(m, graph->body, ctx))        /* a node may have become one behind spikes */
      ;
  nirc_arena_free(a);
  return true;
}

static const char *const counters[] = {"dead-nodes", "identity-nodes"};

const nirc_pass nirc_pass_simplify = {
  .name = "simplify", .summary = "remove nodes that no output depends on, and those that give back what they get",
  .doc = "For files that are written again (`--emit nir`): nodes that no Output hears, and nodes that give what they receive. The latter only in networks without a loop, for the names of "
         "nodes decide which edge of a loop delivers the value of the step before. "
         "Not for networks meant for a profile under which a Linear takes a step of its own, or dt follows from the parameters.",
  .needs = NIRC_LEVEL_NIR, .leaves = NIRC_LEVEL_NIR, .counters = counters, .n_counters = sizeof counters / sizeof *counters, .run = run,
};
