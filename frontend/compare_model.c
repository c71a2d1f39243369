/* frontend/compare_model.c: the network under one set of choices, compiled and loaded. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codegen/cpu.h"
#include "frontend/compare_run.h"
#include "ir/parse.h"
#include "ir/print.h"
#include "passes/pass.h"

/* The step as text. What its arithmetic and its reset are called does not count. */
static void print_step(nirc_strbuf *b, const nirc_compare_job *j, nirc_module *m)
{
  nirc_op *step = m->body.first;
  const char *profile = nirc_arena_strdup(j->arena, nirc_op_attr(step, "profile")->s);
  const nirc_attr *reset = nirc_op_attr(step, "reset");
  const char *kind = reset ? nirc_arena_strdup(j->arena, reset->s) : NULL;
  nirc_op_set_string(m, step, "profile", "");
  nirc_op_remove_attr(step, "reset");
  nirc_module_print(b, m, true);
  nirc_op_set_string(m, step, "profile", profile);
  if (kind)
    nirc_op_set_string(m, step, "reset", kind);
}

bool nirc_compare_model_make_by(nirc_compare_model *x, nirc_compare_job *j, const char *pipeline, nirc_diag *d)
{
  *x = (nirc_compare_model){.module = nirc_module_parse(j->network, j->network_size, j->path, j->heap, d)};
  if (!x->module)
    return false;
  nirc_strbuf_init(&x->text, j->heap);
  if (!nirc_pipeline_run(x->module, pipeline, &(nirc_pipeline_hooks){.verify_each = true, .check_text = j->check_text}, d))
    return false;
  x->dt = nirc_op_attr(x->module->body.first, "dt")->f;
  print_step(&x->text, j, x->module);
  return true;
}

bool nirc_compare_model_make(nirc_compare_model *x, nirc_compare_job *j, const nirc_compare_choices *choices, nirc_diag *d)
{
  nirc_strbuf b;
  nirc_strbuf_init(&b, j->heap);
  nirc_strbuf_addf(&b, "discretise{profile=%s", choices->profile);
  const struct { const char *name, *value; } given[] = {{"dt", choices->dt}, {"reset", choices->reset}, {"mix", choices->mix}};
  for (size_t i = 0; i < sizeof given / sizeof *given; i++)
    if (given[i].value)
      nirc_strbuf_addf(&b, ",%s=\"%s\"", given[i].name, given[i].value);
  nirc_strbuf_addf(&b, "}%s%s", choices->pass ? "," : "", choices->pass ? choices->pass : "");
  bool ok = nirc_compare_model_make_by(x, j, b.data, d);
  nirc_strbuf_deinit(&b);
  return ok;
}

/* The library is gone from the file system as soon as it is loaded. */
static bool load(nirc_compare_model *x, nirc_compare_job *j, nirc_diag *d)
{
  const char *base = getenv("TMPDIR");
  char *dir = nirc_arena_printf(j->arena, "%s/nirc-XXXXXX", base && *base ? base : "/tmp");
  if (!mkdtemp(dir)) {
    nirc_error_status(d, NIRC_STATUS_IO, nirc_loc_file(dir), "cannot make a temporary directory: %s", strerror(errno));
    return false;
  }
  const char *path = nirc_arena_printf(j->arena, "%s/model.so", dir);
  nirc_cpu_options o = {.level = j->o->job.level, .target = j->target ? j->target : "cpu"};
  bool ok = nirc_cpu_write_library(x->module, &o, path, d) && nirc_run_model_open(&x->model, j->arena, path, d);
  unlink(path);
  rmdir(dir);
  return ok;
}

bool nirc_compare_model_compile(nirc_compare_model *x, nirc_compare_job *j, nirc_diag *d)
{
  x->levels = nirc_compare_levels(j->arena, j->c, x->module);
  nirc_pipeline_hooks hooks = {.verify_each = j->o->hooks.verify_each, .check_text = j->check_text};
  bool as_is = !j->o->job.level || x->module->level == NIRC_LEVEL_HW;
  return (as_is || nirc_pipeline_run(x->module, NIRC_OPTIMISING_PASSES, &hooks, d)) && load(x, j, d);
}

void nirc_compare_model_free(nirc_compare_model *x)
{
  nirc_run_model_close(&x->model);
  nirc_module_free(x->module);
  if (x->text.heap)
    nirc_strbuf_deinit(&x->text);
  *x = (nirc_compare_model){0};
}
