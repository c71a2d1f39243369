#include "frontend/driver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "codegen/cpu.h"
#include "frontend/graph.h"
#include "frontend/nir_build.h"
#include "frontend/nir_write.h"
#include "frontend/nirc_options.h"
#include "frontend/selftest.h"
#include "frontend/snn/read.h"
#include "ir/base/sink.h"
#include "ir/parse.h"
#include "ir/print.h"
#include "ir/verify.h"
#include "passes/profiles.h"

typedef struct driver {
  nirc_options o;
  nirc_diag d;
  nirc_heap heap;                                    /* malloc, and an end that leaves no temporary behind */
  nirc_arena *arena;
  nirc_sink *out;                                    /* while something is being written */
  nirc_module *m;
  const char *name;                                  /* base name of the outputs: --name, or from the input's */
  double since;                                      /* when the last thing was done; 0: nothing yet */
} driver;

static void exhausted(void *user, size_t size)
{
  driver *x = user;
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

/* ---- names -------------------------------------------------------------------------------------------------------------- */

static const char *file_part(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/* The input's file name without its suffix, as a C identifier. */
static const char *default_name(nirc_arena *a, const char *input)
{
  if (strcmp(input, "-") == 0)
    return "model";
  const char *file = file_part(input), *dot = strrchr(file, '.');
  size_t n = dot && dot != file ? (size_t)(dot - file) : strlen(file);
  char *name = nirc_arena_alloc(a, n + 2, 1), *to = name;
  if (n && strchr("0123456789", file[0]))
    *to++ = '_';
  for (size_t i = 0; i < n; i++)
    *to++ = strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_", file[i]) ? file[i] : '_';
  return *name ? name : "model";
}

/* ---- reading -------------------------------------------------------------------------------------------------------------- */

/* All of a file, or of standard input, or a little more than `limit` bytes; NULL where it cannot be read. The caller frees it with nirc_heap_free. */
static char *slurp(driver *x, const char *path, size_t limit, size_t *size)
{
  FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
  if (!f)
    return NULL;
  nirc_strbuf b;
  nirc_strbuf_init(&b, &x->heap);
  char part[65536];
  for (size_t n; b.size <= limit && (n = fread(part, 1, sizeof part, f)) > 0;)
    nirc_strbuf_add_bytes(&b, part, n);
  bool ok = !ferror(f);
  if (f != stdin)
    fclose(f);
  *size = b.size;
  if (ok)
    return b.data;
  nirc_strbuf_deinit(&b);
  return NULL;
}

/* Is that the first word, behind blanks and comments? */
static bool starts_with(const char *text, size_t size, const char *word)
{
  const char *at = text, *end = text + size;
  while (at < end && (strchr(" \t\r\n", *at) ? *at != '\0' : *at == '#'))
    if (*at++ == '#')
      while (at < end && *at != '\n')
        at++;
  size_t n = strlen(word);
  return (size_t)(end - at) > n && memcmp(at, word, n) == 0 && at[n] && strchr(" \t\r\n#", at[n]);
}

static bool is_named_snn(const char *path)
{
  const char *dot = strrchr(path, '.');
  return dot && strcmp(dot, ".snn") == 0;
}

/* Is it text, by its first word or its name? What is no regular file (a pipe would make us wait) or cannot be read is none: the reader of HDF5 says so. */
static bool is_text_file(const char *path)
{
  struct stat st;
  char start[65536];
  FILE *f = stat(path, &st) == 0 && S_ISREG(st.st_mode) ? fopen(path, "rb") : NULL;
  size_t n = f ? fread(start, 1, sizeof start, f) : 0;
  if (f)
    fclose(f);
  bool named = f && is_named_snn(path) && !(n && start[0] == '\x89');                   /* \x89: HDF5 under another name */
  return named || starts_with(start, n, "nirt") || starts_with(start, n, "nirc");
}

static void read_text(driver *x)
{
  const char *input = x->o.input;
  size_t size = 0, limit = nirc_h5_limits_default().max_tensor_bytes;
  char *text = slurp(x, input, limit, &size);
  if (!text) {
    nirc_error_status(&x->d, NIRC_STATUS_IO, nirc_loc_file(input), "cannot be read: %s", strerror(errno));
    return;
  }
  nirc_loc loc = nirc_loc_file(input);
  if (size > limit)
    nirc_error_status(&x->d, NIRC_STATUS_LIMIT, loc, "more than %zu bytes of text", limit);
  else if (starts_with(text, size, "nirt"))
    x->m = nirc_module_parse(text, size, nirc_arena_strdup(x->arena, input), &x->heap, &x->d);
  else if (starts_with(text, size, "nirc") || is_named_snn(input))
    x->m = nirc_snn_read(text, size, nirc_arena_strdup(x->arena, input), x->o.network, x->name, x->arena, &x->heap, &x->d);
  else
    nirc_error(&x->d, loc, "no network: its first word is neither `nirc` (the network language) nor `nirt` (IR text)");
  nirc_heap_free(&x->heap, text);
}

static bool read_module(driver *x)
{
  const nirc_options *o = &x->o;
  x->name = o->name ? o->name : default_name(x->arena, o->input);
  if (strcmp(o->input, "-") == 0 || is_text_file(o->input)) {
    read_text(x);
  } else {
    nirc_h5_limits limits = nirc_h5_limits_default();
    nirc_h5_file *file = nirc_h5_read(x->arena, o->input, &limits, &x->d);
    x->m = file ? nirc_nir_build(file, x->name, o->lenient, &x->heap, &x->d) : NULL;
  }
  /* Text that is only written again keeps the name that it has. */
  if (x->m && (o->name || (o->emit != NIRC_EMIT_NIR && o->emit != NIRC_EMIT_NIRT)))
    x->m->name = nirc_arena_strdup(x->m->arena, x->name);
  return x->m && !nirc_diag_failed(&x->d);
}

/* ---- passes ----------------------------------------------------------------------------------------------------------------- */

static void add_quoted(nirc_strbuf *b, const char *s)
{
  nirc_strbuf_add(b, "\"");
  for (; *s; s++) {
    if (*s == '"' || *s == '\\')
      nirc_strbuf_add(b, "\\");
    nirc_strbuf_add_bytes(b, s, 1);
  }
  nirc_strbuf_add(b, "\"");
}

/* The pipeline that the options stand for, from where a module is. -O0 leaves out what makes code smaller or faster. */
static void named_pipeline(const nirc_options *o, const nirc_target *t, nirc_level from, nirc_strbuf *b)
{
  const char *last = o->job.level ? "canonicalize,uniform-to-splat,sparsify" : "";
  if (from == NIRC_LEVEL_SNN) {
    nirc_strbuf_add(b, last);
    return;
  }
  nirc_strbuf_addf(b, "inline-subgraphs,%s", o->lenient ? "complete-inputs," : "");
  for (size_t i = 0; i < o->n_probes; i++) {
    nirc_strbuf_add(b, "probe{node=");
    add_quoted(b, o->probes[i]);
    nirc_strbuf_add(b, "},");
  }
  nirc_strbuf_addf(b, "discretise{profile=%s", o->profile ? o->profile : t->profiles ? t->profiles[0] : "nir");
  if (o->dt)
    nirc_strbuf_addf(b, ",dt=%s", o->dt);
  if (o->reset)
    nirc_strbuf_addf(b, ",reset=%s", o->reset);
  nirc_strbuf_addf(b, "}%s%s", *last ? "," : "", last);
}

/* Options that `discretise` would have taken, for a module that is past it. */
static bool too_late(driver *x)
{
  const nirc_options *o = &x->o;
  if (x->m->level == NIRC_LEVEL_NIR || o->pipeline || !(o->dt || o->profile || o->reset || o->n_probes || o->lenient))
    return false;
  nirc_error_status(&x->d, NIRC_STATUS_USAGE, nirc_loc_none(), "%s is at the snn level: --dt, --semantics, --reset, --probe and --lenient come too late", o->input);
  return true;
}

static bool run_passes(driver *x, const nirc_target *t)
{
  if (too_late(x))
    return false;
  nirc_strbuf text;
  nirc_strbuf_init(&text, &x->heap);
  if (x->o.pipeline)
    nirc_strbuf_add(&text, x->o.pipeline);
  else
    named_pipeline(&x->o, t, x->m->level, &text);
  bool ok = nirc_pipeline_run(x->m, text.data, &x->o.hooks, &x->d);
  nirc_strbuf_deinit(&text);
  if (ok && !nirc_module_verify(x->m, &x->d)) {
    x->d.status = NIRC_STATUS_INTERNAL;
    ok = false;
  }
  return ok && !nirc_diag_failed(&x->d);             /* -Werror */
}

static bool reach_snn(driver *x)
{
  if (x->m->level == NIRC_LEVEL_SNN)
    return true;
  nirc_error_status(&x->d, NIRC_STATUS_USAGE, nirc_loc_none(), "the passes leave the module at the nir level; code needs `discretise` among them");
  return false;
}

/* ---- writing ------------------------------------------------------------------------------------------------------------------ */

static bool commit(driver *x)
{
  nirc_sink *out = x->out;
  x->out = NULL;
  return nirc_sink_commit(out);
}

static bool make_text(driver *x, nirc_strbuf *b)
{
  static const nirc_cpu_kind kinds[] = {[NIRC_EMIT_LLVM] = NIRC_CPU_LLVM, [NIRC_EMIT_ASM] = NIRC_CPU_ASM, [NIRC_EMIT_OBJ] = NIRC_CPU_OBJECT};
  if (x->o.emit == NIRC_EMIT_NIRT) {
    nirc_module_print(b, x->m, false);
    return true;
  }
  if (x->o.emit == NIRC_EMIT_DOT) {
    double dt = 0;
    if (x->o.dt)
      nirc_parse_time(x->o.dt, &dt);
    nirc_graph g;
    nirc_graph_make(&g, x->arena, x->m, dt);
    nirc_graph_print_dot(&g, x->arena, b);
    return true;
  }
  nirc_cpu_options o = {.triple = x->o.job.triple, .cpu = x->o.job.cpu, .level = x->o.job.level, .target = "cpu"};
  return reach_snn(x) && nirc_cpu_emit(x->m, &o, kinds[x->o.emit], b, &x->d);
}

static bool write_stdout(driver *x, const nirc_strbuf *b)
{
  if (fwrite(b->data, 1, b->size, stdout) == b->size && fflush(stdout) == 0)
    return true;
  nirc_error_status(&x->d, NIRC_STATUS_IO, nirc_loc_none(), "standard output cannot be written");
  return false;
}

/* --emit: one file, or standard output. */
static bool write_file(driver *x)
{
  static const char *const suffix[] = {[NIRC_EMIT_NIR] = "nir", [NIRC_EMIT_NIRT] = "nirt", [NIRC_EMIT_LLVM] = "ll", [NIRC_EMIT_ASM] = "s", [NIRC_EMIT_OBJ] = "o",
                                       [NIRC_EMIT_DOT] = "dot"};
  const char *path = x->o.output ? x->o.output : nirc_arena_printf(x->arena, "%s.%s", x->name, suffix[x->o.emit]), *file = file_part(path);
  bool to_stdout = strcmp(path, "-") == 0, ok = false;
  if (to_stdout && x->o.emit == NIRC_EMIT_NIR) {
    nirc_error_status(&x->d, NIRC_STATUS_USAGE, nirc_loc_none(), "--emit nir writes a file; name it with -o");
    return false;
  }
  nirc_strbuf b;
  nirc_strbuf_init(&b, &x->heap);
  if (x->o.emit == NIRC_EMIT_NIR || make_text(x, &b)) {
    if (to_stdout) {
      ok = write_stdout(x, &b);
    } else if ((x->out = nirc_sink_new(nirc_arena_strndup(x->arena, path, (size_t)(file - path)), &x->d))) {
      const char *temporary = x->o.emit == NIRC_EMIT_NIR ? nirc_sink_file(x->out, file) : NULL;
      ok = x->o.emit == NIRC_EMIT_NIR ? temporary && nirc_nir_write(x->m, temporary, &x->d) : nirc_sink_write(x->out, file, b.data, b.size);
      ok = ok && commit(x);
    }
  }
  nirc_strbuf_deinit(&b);
  return ok;
}

static bool write_target(driver *x)
{
  if (!reach_snn(x))
    return false;
  x->out = nirc_sink_new(x->o.output ? x->o.output : x->name, &x->d);
  return x->out && x->o.target->emit(x->m, &x->o.job, x->out, &x->d) && commit(x);
}

/* ---- what one invocation does ---------------------------------------------------------------------------------------------------- */

static bool available(driver *x, const nirc_target *t)
{
  if (t->available)
    return true;
  nirc_error(&x->d, nirc_loc_file(x->o.input), "-t %s is not in this version", t->name);
  return false;
}

/* --check: one line on standard output for each target that was asked for. */
static bool check_targets(driver *x)
{
  bool all = !x->o.target, any = false;
  for (size_t i = 0; nirc_targets[i]; i++) {
    const nirc_target *t = nirc_targets[i];
    if (!all && t != x->o.target)
      continue;
    if (!t->available) {
      if (!all)
        return available(x, t);
      printf("%s: not in this version\n", t->name);
      continue;
    }
    bool ok = run_passes(x, t) && reach_snn(x) && t->check(x->m, &x->o.job, &x->d);
    printf("%s: %s\n", t->name, ok ? "yes" : "no");
    any = any || ok;
  }
  return any;
}

static bool compile(driver *x)
{
  if (!x->o.check && x->o.emit == NIRC_EMIT_TARGET && !available(x, x->o.target))
    return false;
  say(x, "started");
  if (!read_module(x))
    return false;
  say(x, "read and checked the network");
  if (x->o.check)
    return check_targets(x);
  bool untouched = (x->o.emit == NIRC_EMIT_NIR || x->o.emit == NIRC_EMIT_NIRT || x->o.emit == NIRC_EMIT_DOT) && !x->o.pipeline && !x->o.hooks.stop_after;
  if (!untouched && !run_passes(x, x->o.target))
    return false;
  say(x, "ran the passes");
  if (x->o.emit == NIRC_EMIT_NIR && x->m->level != NIRC_LEVEL_NIR) {
    nirc_error_status(&x->d, NIRC_STATUS_USAGE, nirc_loc_none(), "--emit nir: the passes leave the nir level");
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
  bool ok = true;
  switch (x->o.print) {
  case NIRC_PRINT_TARGETS: nirc_targets_print_list(&b); break;
  case NIRC_PRINT_PASSES: nirc_passes_print_list(&b); break;
  case NIRC_PRINT_OPS: nirc_ops_print_reference(&b); break;
  case NIRC_PRINT_SELFTEST: ok = nirc_selftest(&b, &x->heap, &x->d); break;
  case NIRC_PRINT_PIPELINE:
    named_pipeline(&x->o, x->o.target ? x->o.target : nirc_targets[0], NIRC_LEVEL_NIR, &b);
    nirc_strbuf_add(&b, "\n");
    break;
  case NIRC_PRINT_PROFILES:
    for (const nirc_profile *p = nirc_profiles; p->name; p++)
      nirc_strbuf_addf(&b, "%-13s %s%s\n", p->name, p->summary, p->available ? "" : " (not in this version)");
    break;
  default: nirc_options_show(stdout, x->o.print, x->arena);
  }
  ok = write_stdout(x, &b) && ok;
  nirc_strbuf_deinit(&b);
  return ok;
}

nirc_status nirc_driver_main(int argc, char **argv)
{
  driver x = {.heap = *nirc_heap_default()};
  x.heap.exhausted = exhausted;
  x.heap.user = &x;
  x.arena = nirc_arena_new(&x.heap);
  nirc_diag_init(&x.d, stderr, "nirc");
  bool ok = nirc_options_read(&x.o, argc, argv, x.arena, &x.d) && (x.o.print ? print(&x) : compile(&x)) && !nirc_diag_failed(&x.d);
  nirc_sink_discard(x.out);
  nirc_module_free(x.m);
  nirc_arena_free(x.arena);
  if (ok)
    return NIRC_STATUS_OK;
  return x.d.errors ? x.d.status : NIRC_STATUS_REFUSED;
}
