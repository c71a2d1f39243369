/* passes/complete_inputs.c: an Input in front of every node that nothing feeds, as the nir package adds them on reading (--lenient). */
#include <search.h>
#include <string.h>

#include "passes/pass.h"

static int compare(const void *a, const void *b)
{
  return strcmp(a, b);
}

static void keep(void *name)
{
  (void)name;                                        /* the arena's */
}

/* input_NODE, with _0, _1, ... behind it where that is taken; it is then taken, too. */
static const char *free_name(nirc_module *m, const nirc_op *op, void **names)
{
  const char *base = nirc_arena_printf(m->arena, "input_%s", op->name), *name = base;
  for (int i = 0; tfind(name, names, compare); i++)
    name = nirc_arena_printf(m->arena, "%s_%d", base, i);
  tsearch(name, names, compare);
  return name;
}

static void add_input(nirc_module *m, nirc_op *op, void **names, nirc_pass_ctx *ctx)
{
  nirc_shape shape;
  if (!op->def->input_shape || !op->def->input_shape(op, &shape))
    shape = nirc_op_result(op)->type->shape;
  nirc_op *in = nirc_op_new_before(m, op, NIR_INPUT, free_name(m, op, names), op->loc);
  nirc_shape list = nirc_shape_1d(shape.rank);
  void *data;
  nirc_blob *b = nirc_module_hold(m, nirc_blob_new(m->heap, NIRC_I64, &list, false, &data));
  memcpy(data, shape.dims, shape.rank * sizeof shape.dims[0]);
  nirc_op_set_blob(m, in, "shape", b);
  nirc_op_result(in)->type = nirc_type_get(&m->types, NIRC_F32, &shape);
  nirc_value *v = nirc_op_result(in);
  nirc_op_set_operands(m, op, &v, 1);
  nirc_warning(ctx->d, op->loc, "'%s': nothing feeds this %s; assumed: an Input '%s' of shape %s", op->name,
               op->def->nir_type ? op->def->nir_type : "port", in->name, nirc_shape_text(m->arena, &shape));
  ctx->counters[0]++;
}

static bool run(nirc_module *m, nirc_pass_ctx *ctx)
{
  nirc_region *region = m->body.first->body;
  void *names = NULL;                                /* a tree of those that are taken */
  NIRC_FOR_EACH_OP(op, region)
    tsearch(op->name, &names, compare);
  NIRC_FOR_EACH_OP(op, region)
    if (!op->n_operands && op->code != NIR_INPUT && op->code != NIR_GRAPH && nirc_op_result(op)->type)
      add_input(m, op, &names, ctx);
  tdestroy(names, keep);
  return true;
}

static const char *const counters[] = {"inputs-added"};

const nirc_pass nirc_pass_complete_inputs = {
  .name = "complete-inputs", .summary = "add an Input in front of every node that nothing feeds",
  .doc = "Changes what the file says, with one warning for each node: an Input called `input_NODE`, of the shape that the node takes, feeds it from then on. No network "
         "that compiles without this pass is changed, because `discretise` refuses nodes without an in-edge. Use it, by `--lenient`, for files written by programs "
         "that leave the Inputs out.",
  .needs = NIRC_LEVEL_NIR, .leaves = NIRC_LEVEL_NIR, .counters = counters, .n_counters = 1, .run = run,
};
