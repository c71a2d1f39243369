/* targets/cpu/target.c: a native library, its header, and a description: NAME.so, NAME.h, NAME.json. */
#include "codegen/cpu.h"
#include "targets/target.h"

static nirc_cpu_options options_of(const nirc_target_job *job)
{
  return (nirc_cpu_options){.triple = job->triple, .cpu = job->cpu, .level = job->level, .target = "cpu"};
}

static bool check(const nirc_module *m, const nirc_target_job *job, nirc_diag *d)
{
  (void)job;
  nirc_arena *a = nirc_arena_new(m->heap);
  nirc_cpu_plan plan;
  bool ok = nirc_cpu_plan_make(&plan, a, m, d);
  nirc_arena_free(a);
  return ok;
}

static bool write_texts(const nirc_module *m, const nirc_cpu_options *o, nirc_sink *out, nirc_arena *a, nirc_diag *d)
{
  nirc_cpu_plan plan;
  if (!nirc_cpu_plan_make(&plan, a, m, d))
    return false;
  nirc_strbuf header, json;
  nirc_strbuf_init(&header, m->heap);
  nirc_strbuf_init(&json, m->heap);
  nirc_cpu_print_header(&plan, &header);
  nirc_cpu_print_json(&plan, o, &json);
  bool ok = nirc_sink_write(out, nirc_arena_printf(a, "%s.h", m->name), header.data, header.size) &&
            nirc_sink_write(out, nirc_arena_printf(a, "%s.json", m->name), json.data, json.size);
  nirc_strbuf_deinit(&json);
  nirc_strbuf_deinit(&header);
  return ok;
}

static bool emit(const nirc_module *m, const nirc_target_job *job, nirc_sink *out, nirc_diag *d)
{
  nirc_cpu_options o = options_of(job);
  nirc_arena *a = nirc_arena_new(m->heap);
  const char *library = nirc_sink_file(out, nirc_arena_printf(a, "%s.so", m->name));
  bool ok = library && nirc_cpu_write_library(m, &o, library, d) && write_texts(m, &o, out, a, d);
  nirc_arena_free(a);
  return ok;
}

const nirc_target nirc_target_cpu = {
  .name = "cpu", .summary = "a native library with a C interface", .available = true, .check = check, .emit = emit,
};
