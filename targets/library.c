/* targets/library.c: a native library, its header, and a description: NAME.so, NAME.h, NAME.json; what the CPU target writes, and chips beside their own files. */
#include "codegen/cpu.h"
#include "targets/target.h"

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

bool nirc_target_write_library(const nirc_module *m, const nirc_target_job *job, const char *target, nirc_sink *out, nirc_diag *d)
{
  nirc_cpu_options o = {.triple = job->triple, .cpu = job->cpu, .level = job->level, .target = target};
  nirc_arena *a = nirc_arena_new(m->heap);
  const char *library = nirc_sink_file(out, nirc_arena_printf(a, "%s.so", m->name));
  bool ok = library && nirc_cpu_write_library(m, &o, library, d) && write_texts(m, &o, out, a, d);
  nirc_arena_free(a);
  return ok;
}
