/* targets/cpu/target.c: this machine. */
#include "codegen/cpu.h"
#include "targets/target.h"

static bool check(const nirc_module *m, const nirc_target_job *job, nirc_diag *d)
{
  (void)job;
  nirc_arena *a = nirc_arena_new(m->heap);
  nirc_cpu_plan plan;
  bool ok = nirc_cpu_plan_make(&plan, a, m, d);
  nirc_arena_free(a);
  return ok;
}

static bool emit(const nirc_module *m, const nirc_target_job *job, nirc_sink *out, nirc_diag *d)
{
  return nirc_target_write_library(m, job, "cpu", out, d);
}

const nirc_target nirc_target_cpu = {
  .name = "cpu", .summary = "a native library with a C interface", .available = true, .check = check, .emit = emit,
};
