/* passes/pipeline.c: the syntax of pipelines, and running them. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "ir/base/guess.h"
#include "ir/check_text.h"
#include "ir/print.h"
#include "ir/verify.h"
#include "passes/pass.h"

typedef struct parser {
  const char *at;
  nirc_arena *arena;
  nirc_diag *d;
} parser;

static bool fail(parser *p, const char *what)
{
  nirc_error_status(p->d, NIRC_STATUS_USAGE, nirc_loc_none(), "pass pipeline: %s at `%s`", what, p->at);
  return false;
}

static const char *word(parser *p)
{
  size_t n = strspn(p->at, "abcdefghijklmnopqrstuvwxyz0123456789-_");
  const char *s = nirc_arena_strndup(p->arena, p->at, n);
  p->at += n;
  return n ? s : NULL;
}

/* An option's value: up to `,` or `}`, or in double quotes with \" and \\. NULL, still at the opening quote, where the closing one is missing. */
static const char *value(parser *p)
{
  if (*p->at != '"') {
    size_t n = strcspn(p->at, ",}");
    const char *s = nirc_arena_strndup(p->arena, p->at, n);
    p->at += n;
    return s;
  }
  const char *quote = p->at++;
  char *s = nirc_arena_strdup(p->arena, p->at), *to = s;
  for (; *p->at && *p->at != '"'; p->at++) {
    if (*p->at == '\\' && p->at[1])
      p->at++;
    *to++ = *p->at;
  }
  *to = '\0';
  if (!*p->at) {
    p->at = quote;
    return NULL;
  }
  p->at++;
  return s;
}

static bool is_share(const char *text)
{
  char *end;
  double x = strtod(text, &end);
  return strchr("0123456789.", text[0]) && text[0] && !*end && x >= 0 && x <= 1;
}

static bool check_value(parser *p, const nirc_pass *pass, const nirc_pass_option *o, const char *v)
{
  double seconds;
  bool ok = o->kind == NIRC_OPTION_WORD || (o->kind == NIRC_OPTION_QUANTITY && nirc_parse_time(v, &seconds)) ||
            (o->kind == NIRC_OPTION_FLAG && (strcmp(v, "true") == 0 || strcmp(v, "false") == 0)) ||
            (o->kind == NIRC_OPTION_SHARE && is_share(v));
  if (ok)
    return true;
  nirc_error_status(p->d, NIRC_STATUS_USAGE, nirc_loc_none(), "pass %s: %s = `%s`, %s is wanted", pass->name, o->name, v,
                    o->kind == NIRC_OPTION_FLAG ? "true or false" : o->kind == NIRC_OPTION_SHARE ? "a number from 0 to 1" : "a time such as 1ms");
  if (o->kind == NIRC_OPTION_FLAG)
    nirc_guess_word(v, (const char *const[]){"true", "false"}, 2, p->d);
  return false;
}

/* The place of an option in the pass's table; n_options after a diagnostic. */
static size_t find_option(parser *p, const nirc_pass *pass, const char *name)
{
  nirc_guess g = {0};
  for (size_t i = 0; i < pass->n_options; i++) {
    if (strcmp(pass->options[i].name, name) == 0)
      return i;
    nirc_guess_consider(&g, name, pass->options[i].name);
  }
  nirc_error_status(p->d, NIRC_STATUS_USAGE, nirc_loc_none(), "pass %s has no option `%s`; --list-passes shows what it has", pass->name, name);
  nirc_guess_note(&g, p->d, nirc_loc_none());
  return pass->n_options;
}

/* {name=value,...} behind a pass's name. */
static bool parse_options(parser *p, const nirc_pass *pass, nirc_pass_ctx *ctx)
{
  p->at++;
  while (*p->at != '}') {
    const char *name = word(p);
    if (!name || *p->at != '=')
      return fail(p, "`option=value` expected");
    size_t i = find_option(p, pass, name);
    if (i == pass->n_options)
      return false;
    p->at++;
    const char *v = value(p);
    if (!v)
      return fail(p, "closing quote expected");
    if (!check_value(p, pass, &pass->options[i], v))
      return false;
    ctx->values[i] = v;
    if (*p->at == ',')
      p->at++;
    else if (*p->at != '}')
      return fail(p, "`,` or `}` expected");
  }
  p->at++;
  return true;
}

/* The next pass of the text; NULL after a diagnostic. */
static const nirc_pass *parse_pass(parser *p, nirc_pass_ctx *ctx)
{
  const char *start = p->at, *name = word(p);
  const nirc_pass *pass = name ? nirc_pass_find(name) : NULL;
  if (!pass) {
    p->at = start;
    fail(p, name ? "unknown pass" : "a pass's name expected");
    if (name)
      nirc_pass_guess(name, p->d);
    return NULL;
  }
  if (*p->at == '{' && !parse_options(p, pass, ctx))
    return NULL;
  if (*p->at && *p->at != ',') {
    fail(p, "`,` expected");
    return NULL;
  }
  if (*p->at && !*++p->at) {
    fail(p, "a pass's name expected");
    return NULL;
  }
  return pass;
}

/* ---- around a pass ------------------------------------------------------------------------------------------------- */

static bool named(const char *wanted, const nirc_pass *pass)
{
  return wanted && (strcmp(wanted, "all") == 0 || strcmp(wanted, pass->name) == 0);
}

static void print_ir(const nirc_module *m, const char *when, const nirc_pass *pass)
{
  nirc_strbuf b;
  nirc_strbuf_init(&b, m->heap);
  nirc_strbuf_addf(&b, "# IR %s %s\n", when, pass->name);
  nirc_module_print(&b, m, true);
  fwrite(b.data, 1, b.size, stderr);
  nirc_strbuf_deinit(&b);
}

static bool dump_ir(const nirc_module *m, const char *dir, unsigned number, const nirc_pass *pass, nirc_diag *d)
{
  nirc_strbuf path, text;
  nirc_strbuf_init(&path, m->heap);
  nirc_strbuf_init(&text, m->heap);
  nirc_strbuf_addf(&path, "%s/%02u-%s.nirt", dir, number, pass->name);
  nirc_module_print(&text, m, false);
  if (mkdir(dir, 0777) && errno != EEXIST)
    nirc_error_status(d, NIRC_STATUS_IO, nirc_loc_file(dir), "cannot be made: %s", strerror(errno));
  FILE *f = fopen(path.data, "w");
  bool ok = f && fwrite(text.data, 1, text.size, f) == text.size;
  if (f && fclose(f))
    ok = false;
  if (!ok)
    nirc_error_status(d, NIRC_STATUS_IO, nirc_loc_file(path.data), "cannot be written: %s", strerror(errno));
  nirc_strbuf_deinit(&path);
  nirc_strbuf_deinit(&text);
  return ok;
}

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* One more element of --stats=json. */
static void add_counters(json_t *passes, const nirc_pass *pass, const nirc_pass_ctx *ctx)
{
  json_t *counters = json_object();
  for (size_t i = 0; i < pass->n_counters; i++)
    json_object_set_new(counters, pass->counters[i], json_integer((json_int_t)ctx->counters[i]));
  json_array_append_new(passes, json_pack("{s:s, s:o}", "pass", pass->name, "counters", counters));
}

/* Takes ownership of passes. */
static void print_counters(json_t *passes)
{
  json_t *root = json_pack("{s:o}", "passes", passes);
  char *line = root ? json_dumps(root, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
  NIRC_ASSERT(line);                                 /* all names are ours */
  fprintf(stderr, "%s\n", line);
  free(line);
  json_decref(root);
}

static bool run_pass(nirc_module *m, const nirc_pass *pass, nirc_pass_ctx *ctx, const nirc_pipeline_hooks *h, unsigned number)
{
  if (pass->needs != NIRC_LEVEL_ANY && !nirc_level_allows(m->level, pass->needs)) {
    nirc_error_status(ctx->d, NIRC_STATUS_USAGE, nirc_loc_none(), "pass %s works on the %s level, the module is at the %s level", pass->name,
                      nirc_level_name(pass->needs), nirc_level_name(m->level));
    return false;
  }
  if (named(h->print_before, pass))
    print_ir(m, "before", pass);
  double start = now();
  if (!pass->run(m, ctx))
    return false;
  if (h->time_passes)
    fprintf(stderr, "time %-20s %10.3f ms\n", pass->name, (now() - start) * 1e3);
  for (size_t i = 0; h->stats && i < pass->n_counters; i++)
    fprintf(stderr, "stat %s %s %llu\n", pass->name, pass->counters[i], (unsigned long long)ctx->counters[i]);
  if (pass->leaves != NIRC_LEVEL_ANY && pass->leaves != pass->needs)
    m->level = pass->leaves;
  if (h->observe)
    h->observe(h->user, pass, ctx, m);
  if (named(h->print_after, pass))
    print_ir(m, "after", pass);
  if (h->dump_dir && !dump_ir(m, h->dump_dir, number, pass, ctx->d))
    return false;
  if ((h->verify_each && !nirc_module_verify(m, ctx->d)) || (h->check_text && !nirc_module_check_text(m, ctx->d))) {
    nirc_note(ctx->d, nirc_loc_none(), "after pass %s", pass->name);
    return false;
  }
  return true;
}

bool nirc_pipeline_run(nirc_module *m, const char *text, const nirc_pipeline_hooks *hooks, nirc_diag *d)
{
  static const nirc_pipeline_hooks none = {0};
  const nirc_pipeline_hooks *h = hooks ? hooks : &none;
  nirc_arena *a = nirc_arena_new(m->heap);
  parser p = {.at = text, .arena = a, .d = d};
  json_t *counted = h->stats_json ? json_array() : NULL;
  bool ok = true, stop = false;
  for (unsigned number = 1; ok && !stop && *p.at; number++) {
    nirc_pass_ctx ctx = {.d = d};
    const char *rest = p.at;
    const nirc_pass *pass = parse_pass(&p, &ctx);
    if (pass && h->before)
      h->before(h->user, m, number, rest);
    ok = pass && run_pass(m, pass, &ctx, h, number);
    if (ok && counted)
      add_counters(counted, pass, &ctx);
    stop = ok && h->stop_after && strcmp(h->stop_after, pass->name) == 0;
  }
  if (h->stats_json)
    print_counters(counted);
  nirc_arena_free(a);
  return ok;
}
