/* passes/probe.c: marks nodes whose values and states are to be recorded; discretise reads the mark. */
#include <string.h>

#include "passes/pass.h"

static const nirc_pass_option options[] = {
  {"node", NIRC_OPTION_WORD, "name of a node (GRAPH/NODE in a nested graph), or all", NULL},
};

static bool run(nirc_module *m, nirc_pass_ctx *ctx)
{
  const char *name = ctx->values[0];
  if (!name) {
    nirc_error_status(ctx->d, NIRC_STATUS_USAGE, nirc_loc_none(), "pass probe: option node is missing");
    return false;
  }
  bool all = strcmp(name, "all") == 0, found = all;
  NIRC_FOR_EACH_OP(op, m->body.first->body)
    if (all || strcmp(op->name, name) == 0) {
      nirc_op_set_int(m, op, "probe", 1);
      found = true;
    }
  if (!found)
    nirc_error(ctx->d, nirc_loc_file(m->path), "--probe %s: the network has no node of that name", name);
  return found;
}

const nirc_pass nirc_pass_probe = {
  .name = "probe", .summary = "record a node's state and value beside the outputs",
  .doc = "Exact: outputs do not change. The node is only marked; `discretise` then records what it has. What is recorded has to be computed and stored, so passes behind it "
         "can leave out less and steps take longer. Once for each node, as `--probe NODE` does.",
  .needs = NIRC_LEVEL_NIR, .leaves = NIRC_LEVEL_NIR, .options = options, .n_options = 1, .run = run,
};
