/* passes/lower.c: from NIR to what is on a chip; the chip's folder under targets/ does it. */
#include "passes/lower.h"

#include "passes/pass.h"

static const nirc_pass_option options[] = {
  {"target", NIRC_OPTION_WORD, "the chip", NULL},
  {"dt", NIRC_OPTION_QUANTITY, "time step", "the network's own, else what the chip's document says"},
  {"reset", NIRC_OPTION_WORD, "what a spike does to the membrane: v_reset or subtract", "the chip's"},
  {"profile", NIRC_OPTION_WORD, "unit or nir: whether I and IF carry the factor dt", "unit"},
  {"options", NIRC_OPTION_WORD, "the chip's own options, NAME=VALUE with spaces between", "none"},
  {"without", NIRC_OPTION_WORD, "constraints of the chip that are not to hold (docs/evaluate.md), with spaces between; the result is for measuring", "none"},
  {"partition", NIRC_OPTION_WORD, "how a network is cut into cores, where the chip has many: first-fit or min-cut", "first-fit"},
};

static bool run(nirc_module *m, nirc_pass_ctx *ctx)
{
  const nirc_lowering l = {.target = ctx->values[0], .dt = ctx->values[1], .reset = ctx->values[2], .profile = ctx->values[3], .options = ctx->values[4],
                            .without = ctx->values[5], .partition = ctx->values[6]};
  return nirc_lower(m, &l, ctx->d);
}

const nirc_pass nirc_pass_lower = {
  .name = "lower", .summary = "from a network to what is on a chip: mapped, quantised, placed and checked against the chip's limits",
  .doc = "What is lost is what the chip's document says: weights and thresholds become whole numbers, time constants what the chip can count. The result is what the chip's files are "
         "written from, and what `--emulate` compiles: the same numbers, bit for bit.",
  .needs = NIRC_LEVEL_NIR, .leaves = NIRC_LEVEL_HW, .options = options, .n_options = sizeof options / sizeof *options, .run = run,
};
