/* passes/adapt.c: what the options of a chip say of the network itself, before anything of it is rounded; the chip's folder under targets/ does it. */
#include "passes/lower.h"
#include "passes/pass.h"

static const nirc_pass_option options[] = {
  {"target", NIRC_OPTION_WORD, "the chip", NULL},
  {"dt", NIRC_OPTION_QUANTITY, "time step", "the network's own, else what the chip's document says"},
  {"options", NIRC_OPTION_WORD, "the chip's own options, NAME=VALUE with spaces between", "none"},
};

static bool run(nirc_module *m, nirc_pass_ctx *ctx)
{
  const nirc_lowering l = {.target = ctx->values[0], .dt = ctx->values[1], .options = ctx->values[2]};
  return nirc_adapt(m, &l, ctx->d);
}

const nirc_pass nirc_pass_adapt = {
  .name = "adapt", .summary = "the network as the options of a chip read it",
  .doc = "`--xylo-gain=unit` says that the numbers of a file do not mean what NIR says of them: w_in and r of each CubaLIF become what makes a weight of 1 count as 1. Of other options "
         "nothing is changed. `--evaluate` puts it before `discretise`, so that the network beside the chip is the same one; `lower` does not need it.",
  .needs = NIRC_LEVEL_NIR, .leaves = NIRC_LEVEL_NIR, .options = options, .n_options = sizeof options / sizeof *options, .run = run,
};
