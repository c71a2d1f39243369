#include "frontend/driver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "codegen/cpu.h"
#include "frontend/calibrate.h"
#include "frontend/check.h"
#include "frontend/crash.h"
#include "frontend/crash_file.h"
#include "frontend/evaluate_run.h"
#include "frontend/graph.h"
#include "frontend/identify.h"
#include "frontend/measure.h"
#include "frontend/named_pipeline.h"
#include "frontend/nir_build.h"
#include "frontend/nir_write.h"
#include "frontend/nirc_options.h"
#include "frontend/print.h"
#include "frontend/report.h"
#include "frontend/snn/format.h"
#include "frontend/snn/read.h"
#include "frontend/snn/write.h"
#include "frontend/text_input.h"
#include "ir/base/sink.h"
#include "ir/check_text.h"
#include "ir/parse.h"
#include "ir/print.h"
#include "ir/verify.h"

typedef struct driver {
  nirc_options o;
  nirc_diag d;
  nirc_heap heap;                                    /* malloc, and an end that leaves no temporary behind */
  nirc_arena *arena;
  nirc_sink *out, *report_out;                       /* while something is being written */
  nirc_report *report;                               /* NULL: none is wanted */
  nirc_module *m;
  nirc_source source;                                /* the input, where it is text; kept for messages */
  char *text;
  const char *name;                                  /* base name of the outputs: --name, or from the input's */
  double since;                                      /* when the last thing was done; 0: nothing yet */
  int stage;                                         /* where the compilation is */
  bool ports_repaired;                               /* -t all: in a way that only some targets allow */
  bool check_text;                                   /* NIRC_CHECK_TEXT=1 in the environment: for tests */
  bool rerun;                                        /* the other process after a fault (frontend/crash.h) */
  int stop_before;                                   /* the stage at which that one writes its file and ends */
  nirc_strbuf crash_text;                            /* what it will write */
} driver;

static void exhausted(void *user, size_t size)
{
  driver *x = user;
  nirc_sink_discard(x->report_out);                  /* it may lie in a folder that the other has made */
  nirc_sink_discard(x->out);
  fprintf(stderr, "nirc: error: out of memory (%zu bytes wanted)\n", size);
  exit(NIRC_STATUS_LIMIT);
}

/* -v: what is done, and how long the last thing took. */
static void say(driver *x, const char *what)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  double now = (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
  if (x->d.verbose && x->since > 0)
    fprintf(stderr, "nirc: %.3f s: %s\n", now - x->since, what);
  x->since = now;
}

static bool write_stdout(driver *x, const nirc_strbuf *b)
{
  if (fwrite(b->data, 1, b->size, stdout) == b->size && fflush(stdout) == 0)
    return true;
  nirc_error_status(&x->d, NIRC_STATUS_IO, nirc_loc_none(), "standard output cannot be written");
  return false;
}

/* ---- reading -------------------------------------------------------------------------------------------------------------- */

/* The input as text, in x->text, where messages find it. */
static bool load_text(driver *x, size_t limit)
{
  size_t size = 0;
  x->text = nirc_text_read(&x->heap, x->o.input, limit, &size, &x->d);
  if (!x->text)
    return false;
  x->source = (nirc_source){.path = nirc_arena_strdup(x->arena, x->o.input), .text = x->text, .size = size};
  nirc_diag_add_source(&x->d, &x->source);
  if (strcmp(x->o.input, "-") == 0)
    nirc_crash_set_input(x->text, size);
  return true;
}

static void read_text(driver *x)
{
  if (!load_text(x, nirc_h5_limits_default().max_tensor_bytes))
    return;
  const nirc_source *s = &x->source;
  switch (nirc_text_kind_of(s->text, s->size, s->path)) {
  case NIRC_TEXT_NIRT: x->m = nirc_module_parse(s->text, s->size, s->path, &x->heap, &x->d); return;
  case NIRC_TEXT_SNN: x->m = nirc_snn_read(s->text, s->size, s->path, x->o.network, x->name, x->arena, &x->heap, &x->d); return;
  default: nirc_error(&x->d, nirc_loc_file(s->path), "no network: its first word is neither `nirc` (the network language) nor `nirt` (IR text)");
  }
}

/* --format: the text again, in its layout. */
static bool format(driver *x)
{
  if (!load_text(x, NIRC_SNN_MAX_BYTES))
    return false;
  const nirc_source *s = &x->source;
  if (nirc_text_kind_of(s->text, s->size, s->path) != NIRC_TEXT_SNN) {
    nirc_error(&x->d, nirc_loc_file(s->path), "no text of the network language: its first word is not `nirc`");
    return false;
  }
  const nirc_snn_file *f = nirc_snn_parse(x->arena, s->path, s->text, s->size, &x->d);
  if (!f)
    return false;
  nirc_strbuf b;
  nirc_strbuf_init(&b, &x->heap);
  nirc_snn_format(&b, f);
  bool ok = write_stdout(x, &b);
  nirc_strbuf_deinit(&b);
  return ok;
}

/* --identify: who wrote the file. */
static bool identify(driver *x)
{
  if (nirc_text_is_input(x->o.input)) {
    nirc_error_status(&x->d, NIRC_STATUS_USAGE, nirc_loc_none(), "--identify: %s is text; only .nir files (HDF5) were written by an exporter", x->o.input);
    return false;
  }
  const nirc_identity *found = nirc_identify(x->o.input, x->arena, &x->d);
  if (!found)
    return false;
  nirc_strbuf b;
  nirc_strbuf_init(&b, &x->heap);
  (x->o.identify_json ? nirc_identity_print_json : nirc_identity_print_text)(found, &b);
  bool ok = write_stdout(x, &b);
  nirc_strbuf_deinit(&b);
  return ok;
}

/* -t all: as the most tolerant target takes it; what is said to be repaired then is known. */
static nirc_module *build_for_all(driver *x, const nirc_h5_file *file)
{
  nirc_module *strict = nirc_nir_try(file, x->name, NIRC_REPAIR_NONE, &x->heap);
  x->ports_repaired = !strict;
  nirc_module_free(strict);
  return nirc_nir_build(file, x->name, NIRC_REPAIR_PORTS, &x->heap, &x->d);
}

static nirc_module *build(driver *x, const nirc_h5_file *file)
{
  const nirc_target *t = x->o.target;
  if (!t && !x->o.lenient)
    return build_for_all(x, file);
  return nirc_nir_build(file, x->name, x->o.lenient ? NIRC_REPAIR_ALL : t->drops_units ? NIRC_REPAIR_PORTS : NIRC_REPAIR_NONE, &x->heap, &x->d);
}

static bool read_module(driver *x)
{
  const nirc_options *o = &x->o;
  x->name = o->name ? o->name : nirc_default_name(x->arena, o->input);
  if (nirc_text_is_input(o->input)) {
    read_text(x);
  } else {
    nirc_h5_limits limits = nirc_h5_limits_default();
    nirc_h5_file *file = nirc_h5_read(x->arena, o->input, &limits, &x->d);
    x->m = file ? build(x, file) : NULL;
  }
  /* Text that is only written again keeps the name that it has. */
  if (x->m && (o->name || o->emit == NIRC_EMIT_TARGET || o->emit > NIRC_EMIT_NIRT))
    x->m->name = nirc_arena_strdup(x->m->arena, x->name);
  return x->m && !nirc_diag_failed(&x->d);
}

/* ---- passes ----------------------------------------------------------------------------------------------------------------- */

/* Options that `discretise` would have taken, for a module that is past it. */
static bool too_late(driver *x)
{
  const nirc_options *o = &x->o;
  if (x->m->level == NIRC_LEVEL_NIR || o->pipeline || !(o->dt || o->profile || o->reset || o->n_probes || o->lenient || o->partition))
    return false;
  nirc_error_status(&x->d, NIRC_STATUS_USAGE, nirc_loc_none(), "%s is at the %s level: --dt, --semantics, --reset, --probe, --lenient and --partition come too late", o->input,
                    nirc_level_name(x->m->level));
  return true;
}

static void enter(driver *x, int stage)
{
  x->stage = stage;
  nirc_crash_set_stage(stage);
}

static void before_pass(void *user, const nirc_module *m, unsigned number, const char *rest)
{
  driver *x = user;
  enter(x, (int)number);
  if (!x->rerun || (x->stop_before != (int)number && x->stop_before != NIRC_STAGE_VERIFY))
    return;
  nirc_crash_file_make(&x->crash_text, m, rest, x->name);
  if (x->stop_before != NIRC_STAGE_VERIFY)
    nirc_crash_file_write(&x->crash_text);
}

/* The other process says nothing of its own, and verifies where it looks for the pass. */
static void prepare_rerun(driver *x)
{
  x->o.hooks = (nirc_pipeline_hooks){.stop_after = x->o.hooks.stop_after, .verify_each = x->stop_before == NIRC_STAGE_VERIFY};
  x->d.verbose = false;
  x->d.quiet = true;
  x->d.stream = fopen("/dev/null", "w");
  if (!x->d.stream)
    _Exit(NIRC_STATUS_IO);
}

/* The passes are done, or one has failed: here the other process ends at the latest. */
static void end_rerun(driver *x, bool ok)
{
  if (!x->rerun)
    return;
  if (ok && x->stop_before == NIRC_STAGE_CODE)
    nirc_crash_file_make(&x->crash_text, x->m, "", x->name);
  if (ok ? x->stop_before == NIRC_STAGE_CODE : x->stop_before == NIRC_STAGE_VERIFY && x->crash_text.size)
    nirc_crash_file_write(&x->crash_text);
  _Exit(NIRC_STATUS_INTERNAL);
}

static void observe(void *user, const nirc_pass *pass, const nirc_pass_ctx *ctx, const nirc_module *m)
{
  driver *x = user;
  nirc_report_add_pass(x->report, pass->name, pass->counters, ctx->counters, pass->n_counters, m);
  for (const nirc_pass_figure *f = ctx->figures; f; f = f->next)
    nirc_report_add_figure(x->report, f->node, f->name, f->value);
}

static bool run_passes(driver *x, const nirc_target *t)
{
  if (too_late(x))
    return false;
  x->o.hooks.check_text = x->check_text;
  x->o.hooks.before = before_pass;
  x->o.hooks.user = x;
  nirc_strbuf text;
  nirc_strbuf_init(&text, &x->heap);
  if (x->o.pipeline)
    nirc_strbuf_add(&text, x->o.pipeline);
  else
    nirc_named_pipeline_add(&x->o, t, x->m->level, &text);
  x->o.hooks.observe = x->report ? observe : NULL;
  bool ok = nirc_pipeline_run(x->m, text.data, &x->o.hooks, &x->d);
  nirc_strbuf_deinit(&text);
  end_rerun(x, ok);
  if (!ok && x->d.status == NIRC_STATUS_INTERNAL)
    nirc_crash_report(x->stage);
  enter(x, NIRC_STAGE_CODE);
  if (ok && !nirc_module_verify(x->m, &x->d)) {
    x->d.status = NIRC_STATUS_INTERNAL;
    nirc_crash_report(NIRC_STAGE_VERIFY);
    ok = false;
  }
  return ok && !nirc_diag_failed(&x->d);             /* -Werror */
}

static bool reach_snn(driver *x)
{
  if (nirc_level_has_steps(x->m->level))
    return true;
  nirc_error_status(&x->d, NIRC_STATUS_USAGE, nirc_loc_none(), "the passes leave the module at the nir level; code needs `discretise` among them");
  return false;
}

/* ---- writing ------------------------------------------------------------------------------------------------------------------ */

static bool commit_sink(nirc_sink **sink)
{
  nirc_sink *out = *sink;
  *sink = NULL;
  return nirc_sink_commit(out);
}

static double given_dt(const driver *x)
{
  double dt = 0;
  if (x->o.dt)
    nirc_parse_time(x->o.dt, &dt);
  return dt;
}

/* A sink for the folder of `path`. */
static nirc_sink *sink_for_file(driver *x, const char *path)
{
  return nirc_sink_new(nirc_arena_strndup(x->arena, path, (size_t)(nirc_file_part(path) - path)), &x->d);
}

/* Where the report would replace what the target writes. */
static bool report_clashes(driver *x, const char *dir)
{
  const char *report = x->o.report;
  for (const char *const *suffix = (const char *const[]){"so", "h", "json", NULL}; *suffix; suffix++)
    if (strcmp(report, nirc_arena_printf(x->arena, "%s/%s.%s", dir, x->name, *suffix)) == 0) {
      nirc_error_status(&x->d, NIRC_STATUS_USAGE, nirc_loc_none(), "--report %s: the target writes a file of that name", report);
      return true;
    }
  return false;
}

static void print_report(driver *x, nirc_strbuf *b)
{
  size_t n = strlen(x->o.report);
  if (n >= 5 && strcmp(x->o.report + n - 5, ".html") == 0)
    nirc_report_print_html(x->report, b);
  else
    nirc_report_print_json(x->report, b);
}

/* All that can fail before anything is published. */
static bool prepare_report(driver *x)
{
  if (!x->report)
    return true;
  nirc_report_end(x->report, x->m);
  if (strcmp(x->o.report, "-") == 0)
    return true;
  nirc_strbuf b;
  nirc_strbuf_init(&b, &x->heap);
  print_report(x, &b);
  x->report_out = sink_for_file(x, x->o.report);
  bool ok = x->report_out && nirc_sink_write(x->report_out, nirc_file_part(x->o.report), b.data, b.size);
  nirc_strbuf_deinit(&b);
  return ok;
}

static bool publish_report(driver *x)
{
  if (!x->report)
    return true;
  if (x->report_out)
    return commit_sink(&x->report_out);
  nirc_strbuf b;
  nirc_strbuf_init(&b, &x->heap);
  print_report(x, &b);
  bool ok = write_stdout(x, &b);
  nirc_strbuf_deinit(&b);
  return ok;
}

/* The report appears last, and only beside a complete output. */
static bool publish(driver *x)
{
  return prepare_report(x) && (!x->out || commit_sink(&x->out)) && publish_report(x);
}

static bool make_text(driver *x, nirc_strbuf *b)
{
  static const nirc_cpu_kind kinds[] = {[NIRC_EMIT_LLVM] = NIRC_CPU_LLVM, [NIRC_EMIT_ASM] = NIRC_CPU_ASM, [NIRC_EMIT_OBJ] = NIRC_CPU_OBJECT};
  if (x->o.emit == NIRC_EMIT_NIRT) {
    nirc_module_print(b, x->m, false);
    return true;
  }
  if (x->o.emit == NIRC_EMIT_DOT) {
    nirc_graph g;
    nirc_graph_make(&g, x->arena, x->m, given_dt(x));
    nirc_graph_print_dot(&g, x->arena, b);
    return true;
  }
  nirc_cpu_options o = {.triple = x->o.job.triple, .cpu = x->o.job.cpu, .level = x->o.job.level, .target = "cpu"};
  return reach_snn(x) && nirc_cpu_emit(x->m, &o, kinds[x->o.emit], b, &x->d);
}

/* The files of --emit, in x->out: most have one. */
static bool write_files(driver *x, const char *file, const nirc_strbuf *text, const char *side)
{
  if (x->o.emit == NIRC_EMIT_NIR) {
    const char *temporary = nirc_sink_file(x->out, file);
    return temporary && nirc_nir_write(x->m, temporary, &x->d);
  }
  const char *temporary = side ? nirc_sink_file(x->out, side) : NULL;
  return (!side || (temporary && nirc_nir_write_arrays(x->m, nirc_snn_is_large, temporary, &x->d))) && nirc_sink_write(x->out, file, text->data, text->size);
}

/* --emit: one file, or standard output; a text of the network language may have its large arrays in a second one beside it. */
static bool write_file(driver *x)
{
  static const char *const suffix[] = {[NIRC_EMIT_NIR] = "nir", [NIRC_EMIT_SNN] = "snn", [NIRC_EMIT_NIRT] = "nirt", [NIRC_EMIT_LLVM] = "ll", [NIRC_EMIT_ASM] = "s",
                                       [NIRC_EMIT_OBJ] = "o", [NIRC_EMIT_DOT] = "dot"};
  const char *path = x->o.output ? x->o.output : nirc_arena_printf(x->arena, "%s.%s", x->name, suffix[x->o.emit]), *file = nirc_file_part(path);
  bool to_stdout = strcmp(path, "-") == 0, ok = false, refers = false;
  if (to_stdout && x->o.emit == NIRC_EMIT_NIR) {
    nirc_error_status(&x->d, NIRC_STATUS_USAGE, nirc_loc_none(), "--emit nir writes a file; name it with -o");
    return false;
  }
  const char *side = to_stdout || x->o.emit != NIRC_EMIT_SNN ? NULL : nirc_arena_printf(x->arena, "%s.h5", file);
  nirc_strbuf b;
  nirc_strbuf_init(&b, &x->heap);
  if (x->o.emit == NIRC_EMIT_SNN)
    nirc_snn_write(&b, x->m, side, &refers);
  if (x->o.emit == NIRC_EMIT_NIR || x->o.emit == NIRC_EMIT_SNN || make_text(x, &b)) {
    if (to_stdout)
      ok = prepare_report(x) && write_stdout(x, &b) && publish_report(x);
    else if ((x->out = sink_for_file(x, path)))
      ok = write_files(x, file, &b, refers ? side : NULL) && publish(x);
  }
  nirc_strbuf_deinit(&b);
  return ok;
}

static bool write_target(driver *x)
{
  if (!reach_snn(x))
    return false;
  const char *dir = x->o.output ? x->o.output : x->name;
  if (x->report && report_clashes(x, dir))
    return false;
  x->out = nirc_sink_new(dir, &x->d);
  return x->out && x->o.target->emit(x->m, &x->o.job, x->out, &x->d) && publish(x);
}

/* ---- what one invocation does ---------------------------------------------------------------------------------------------------- */

static bool available(driver *x, const nirc_target *t)
{
  if (t->available)
    return true;
  nirc_error(&x->d, nirc_loc_file(x->o.input), "-t %s is not in this version", t->name);
  return false;
}

static bool lower(void *user, const nirc_target *t)
{
  return run_passes(user, t) && reach_snn(user);
}

/* --check: a line for each target on standard output. */
static bool check(driver *x)
{
  nirc_report *report = x->report;
  nirc_check c = {&x->o, x->arena, &x->heap, &x->d, &x->m, lower, x, x->ports_repaired};
  nirc_strbuf b;
  nirc_strbuf_init(&b, &x->heap);
  x->report = x->o.target ? report : NULL;           /* of all targets: of none */
  bool ok = x->o.target ? nirc_check_target(&c, &b) : nirc_check_all_targets(&c, &b);
  x->report = report;
  ok = write_stdout(x, &b) && ok;
  nirc_strbuf_deinit(&b);
  return ok;
}

/* What shows the module itself: passes run only where they are asked for. */
static bool is_text_of_module(const driver *x)
{
  return x->o.emit == NIRC_EMIT_SNN || x->o.emit == NIRC_EMIT_NIRT || x->o.emit == NIRC_EMIT_DOT;
}

static bool compare(driver *x)
{
  end_rerun(x, false);
  nirc_strbuf b;
  nirc_strbuf_init(&b, &x->heap);
  bool ok = nirc_compare_profiles(&b, x->arena, x->m, &x->o, x->check_text, x->report, &x->d) && publish(x) && write_stdout(x, &b);
  nirc_strbuf_deinit(&b);
  return ok;
}

static bool evaluate(driver *x)
{
  end_rerun(x, false);
  nirc_strbuf b;
  nirc_strbuf_init(&b, &x->heap);
  bool ok = nirc_evaluate(&b, x->arena, x->m, &x->o, x->check_text, x->report, &x->d) && publish(x) && write_stdout(x, &b);
  nirc_strbuf_deinit(&b);
  return ok;
}

static bool calibrate(driver *x)
{
  if (x->m->level != NIRC_LEVEL_NIR) {
    nirc_error_status(&x->d, NIRC_STATUS_USAGE, nirc_loc_none(), "%s is at the %s level: --calibrate comes too late", x->o.input, nirc_level_name(x->m->level));
    return false;
  }
  return nirc_calibrate(x->arena, x->m, &x->o, x->check_text, x->report, &x->d);
}

static bool compile(driver *x)
{
  if (x->o.identify || x->o.identify_json)
    return identify(x);
  if (!x->o.check && x->o.emit == NIRC_EMIT_TARGET && !available(x, x->o.target))
    return false;
  if (x->o.format)
    return format(x);
  say(x, "started");
  if (!read_module(x))
    return false;
  if (x->check_text && !nirc_module_check_text(x->m, &x->d))
    return false;
  say(x, "read and checked the network");
  if (x->o.report) {
    x->report = nirc_report_begin(x->arena, x->m, given_dt(x));
    x->report->inference_steps = x->o.compare.has_steps ? x->o.compare.steps : 0;
    x->report->target = (x->o.check || x->o.emit == NIRC_EMIT_TARGET) && x->o.target && !x->o.compare.profiles ? x->o.target->name : NULL;
  }
  if (x->o.activity && !nirc_measure(x->arena, x->m, &x->o, x->check_text, x->report, &x->d))
    return false;
  if (x->o.compare.profiles)
    return compare(x);
  if (x->o.calibrate && !calibrate(x))
    return false;
  if (x->o.evaluate)
    return evaluate(x);
  if (x->o.check)
    return check(x) && !nirc_diag_failed(&x->d) && publish(x);
  bool untouched = (is_text_of_module(x) || x->o.emit == NIRC_EMIT_NIR) && !x->o.pipeline && !x->o.hooks.stop_after && !x->o.simulator;
  if (!untouched && !run_passes(x, x->o.target))
    return false;
  say(x, "ran the passes");
  if ((x->o.emit == NIRC_EMIT_NIR || x->o.emit == NIRC_EMIT_SNN) && x->m->level != NIRC_LEVEL_NIR) {
    nirc_error_status(&x->d, NIRC_STATUS_USAGE, nirc_loc_none(), "--emit %s: the passes leave the nir level", x->o.emit == NIRC_EMIT_NIR ? "nir" : "snn");
    return false;
  }
  if (x->o.emit == NIRC_EMIT_TARGET ? !write_target(x) : !write_file(x))
    return false;
  say(x, "generated and wrote the output");
  return true;
}

static bool print(driver *x)
{
  nirc_strbuf b;
  nirc_strbuf_init(&b, &x->heap);
  bool ok = nirc_print(&b, &x->o, x->arena, &x->d);
  ok = write_stdout(x, &b) && ok;
  nirc_strbuf_deinit(&b);
  return ok;
}

nirc_status nirc_driver_main(int argc, char **argv)
{
  driver x = {.heap = *nirc_heap_default()};
  x.heap.exhausted = exhausted;
  x.heap.user = &x;
  x.rerun = nirc_crash_is_rerun(&argc, argv, &x.stop_before);
  if (!x.rerun)
    nirc_crash_watch(argc, argv);
  const char *check_text = getenv("NIRC_CHECK_TEXT");
  x.check_text = !x.rerun && check_text && strcmp(check_text, "1") == 0;
  x.arena = nirc_arena_new(&x.heap);
  nirc_strbuf_init(&x.crash_text, &x.heap);
  nirc_diag_init(&x.d, stderr, "nirc");
  bool ok = nirc_options_read(&x.o, argc, argv, x.arena, &x.d);
  if (ok && x.rerun)
    prepare_rerun(&x);
  ok = ok && (x.o.print ? print(&x) : compile(&x)) && !nirc_diag_failed(&x.d);
  nirc_sink_discard(x.report_out);
  nirc_sink_discard(x.out);
  nirc_module_free(x.m);
  nirc_heap_free(&x.heap, x.text);
  nirc_strbuf_deinit(&x.crash_text);
  nirc_arena_free(x.arena);
  if (ok)
    return NIRC_STATUS_OK;
  return x.d.errors ? x.d.status : NIRC_STATUS_REFUSED;
}
