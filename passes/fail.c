/* passes/fail.c: a fault of nirc's own, on purpose: tests want to see what comes of one. In no list of passes. */
#include <signal.h>
#include <string.h>

#include "passes/pass.h"

static const nirc_pass_option options[] = {
  {"how", NIRC_OPTION_WORD, "assert, verify or segv", NULL},
};

static bool run(nirc_module *m, nirc_pass_ctx *ctx)
{
  const char *how = ctx->values[0] ? ctx->values[0] : "";
  if (strcmp(how, "verify") == 0) {
    nirc_op_set_int(m, m->body.first, "made by the pass fail", 1);
    return true;
  }
  if (strcmp(how, "segv") == 0)
    raise(SIGSEGV);
  NIRC_ASSERT(strcmp(how, "assert"));
  nirc_error_status(ctx->d, NIRC_STATUS_USAGE, nirc_loc_none(), "pass fail: how = `%s`, assert, verify or segv is wanted", how);
  return false;
}

const nirc_pass nirc_pass_fail = {
  .name = "fail", .summary = "fail like a program with a fault", .needs = NIRC_LEVEL_ANY, .leaves = NIRC_LEVEL_ANY, .options = options, .n_options = 1, .run = run,
};
