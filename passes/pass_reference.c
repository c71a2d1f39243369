/* passes/pass_reference.c: --list-passes and docs/passes.md, from the tables of the passes. */
#include <string.h>

#include "passes/pass.h"

enum { LINE = 160 };                                 /* of running text in docs/ */

static const char *kind_text(nirc_option_kind kind)
{
  static const char *const text[] = {"time, as `1ms` or a number of seconds", "word", "`true` or `false`", "number from 0 to 1"};
  return text[kind];
}

static const char *level_text(nirc_level level)
{
  return nirc_level_name(level);
}

/* `text` without the marks of Markdown, for a terminal. */
static void add_plain(nirc_strbuf *b, const char *text)
{
  for (; *text; text++)
    if (*text != '`')
      nirc_strbuf_add_bytes(b, text, 1);
}

static void list_option(nirc_strbuf *b, const nirc_pass_option *o)
{
  nirc_strbuf_addf(b, "    option %s: %s\n        ", o->name, o->doc);
  add_plain(b, kind_text(o->kind));
  nirc_strbuf_addf(b, "; %s%s\n", o->by_default ? "default: " : "has to be given", o->by_default ? o->by_default : "");
}

void nirc_passes_print_list(nirc_strbuf *b)
{
  for (size_t i = 0; nirc_passes[i]; i++) {
    const nirc_pass *p = nirc_passes[i];
    nirc_strbuf_addf(b, "%s\n    %s\n    level needed: %s; level left: %s\n", p->name, p->summary, level_text(p->needs), level_text(p->leaves));
    for (size_t k = 0; k < p->n_options; k++)
      list_option(b, &p->options[k]);
    for (size_t k = 0; k < p->n_counters; k++)
      nirc_strbuf_addf(b, "%s%s%s", k ? ", " : "    counts: ", p->counters[k], k + 1 < p->n_counters ? "" : "\n");
  }
}

/* ---- docs/passes.md --------------------------------------------------------------------------------------------------------- */

/* A paragraph, broken at spaces. */
static void add_wrapped(nirc_strbuf *b, const char *text)
{
  for (size_t at = 0, n; *text; text += n + strspn(text + n, " ")) {
    n = strcspn(text, " ");
    bool fits = at + 1 + n <= LINE;
    if (at)
      nirc_strbuf_add(b, fits ? " " : "\n");
    at = at && fits ? at + 1 + n : n;
    nirc_strbuf_add_bytes(b, text, n);
  }
  nirc_strbuf_add(b, "\n");
}

static void add_options(nirc_strbuf *b, const nirc_pass *p)
{
  if (!p->n_options)
    return;
  nirc_strbuf_add(b, "\n| option | value | default | |\n|---|---|---|---|\n");
  for (size_t k = 0; k < p->n_options; k++) {
    const nirc_pass_option *o = &p->options[k];
    nirc_strbuf_addf(b, "| `%s` | %s | %s | %s |\n", o->name, kind_text(o->kind), o->by_default ? o->by_default : "has to be given", o->doc);
  }
}

static void add_counters(nirc_strbuf *b, const nirc_pass *p)
{
  for (size_t k = 0; k < p->n_counters; k++)
    nirc_strbuf_addf(b, "%s`%s`%s", k ? ", " : "\nCounts: ", p->counters[k], k + 1 < p->n_counters ? "" : ".\n");
}

static void add_pass(nirc_strbuf *b, const nirc_pass *p)
{
  char first = p->summary[0];
  if (first >= 'a' && first <= 'z')
    first = (char)(first - 'a' + 'A');
  nirc_strbuf_addf(b, "\n### %s\n\n%c%s.\n", p->name, first, p->summary + 1);
  if (p->needs == NIRC_LEVEL_ANY && p->leaves == NIRC_LEVEL_ANY)
    nirc_strbuf_add(b, "Works at any level, and leaves the module there.\n");
  else
    nirc_strbuf_addf(b, "Level needed: %s; level left: %s.\n", level_text(p->needs), level_text(p->leaves));
  if (p->doc) {
    nirc_strbuf_add(b, "\n");
    add_wrapped(b, p->doc);
  }
  add_options(b, p);
  add_counters(b, p);
}

static const char introduction[] =
  "# Passes\n\n"
  "Made from the tables of the passes (`passes/passes.def`) and the named pipelines; not to be edited. `ir.md` says what levels are.\n"
  "\n"
  "A pass turns a module into another one. A *pipeline* is a list of passes that run one after another. nirc makes one from its other options;\n"
  "`--pass-pipeline` gives another instead:\n"
  "\n"
  "    nirc net.nir --pass-pipeline 'inline-subgraphs,probe{node=\"my node\"},discretise{profile=nir,dt=1ms}'\n"
  "\n"
  "    PIPELINE = PASS { \",\" PASS }\n"
  "    PASS     = NAME [ \"{\" [ OPTION \"=\" VALUE { \",\" OPTION \"=\" VALUE } ] \"}\" ]\n"
  "    VALUE    = bytes up to a comma or a closing brace, or a text in double quotes (\\\" and \\\\ stand for \" and \\)\n"
  "\n"
  "There is no space between these. An option given twice has its last value. A pass that needs another level than the module is at, an unknown name and a\n"
  "bad value end nirc with status 2.\n"
  "\n"
  "## Named pipelines\n\n"
  "What -O0 to -O3 stand for, with no other option:\n\n";

static const char around[] =
  "\n"
  "`--print-pipeline` prints the pipeline that the options given with it stand for. What `--dt`, `--semantics`, `--reset`, `--quantise`, `--probe` and `--lenient` ask\n"
  "for is in it; beside `--pass-pipeline` they change nothing, but that `--lenient` still repairs a file. A module that is at the snn level already enters\n"
  "behind `discretise`. Results do not depend on -O, bit for bit.\n"
  "\n"
  "## Watching passes\n\n"
  "| option of nirc | |\n|---|---|\n"
  "| `--print-ir-before=PASS`, `--print-ir-after=PASS` | prints the IR before or after this pass, `all` for every one, to standard error; long arrays are left out |\n"
  "| `--dump-dir=DIR` | writes the IR after each pass to DIR/NN-PASS.nirt, from which nirc goes on |\n"
  "| `--time-passes` | prints to standard error how long each pass took |\n"
  "| `--stats` | prints to standard error what each pass counted: `stat PASS COUNTER NUMBER`, a line each |\n"
  "| `--stats=json` | the same as one line of JSON, when the passes are done: `{\"passes\": [{\"pass\": PASS, \"counters\": {COUNTER: NUMBER}}]}`, in the order in which they ran |\n"
  "| `--verify-each` | verifies the IR after each pass |\n"
  "| `--stop-after=PASS` | ends after this pass; with `--emit nirt` or `dot` |\n"
  "\n"
  "## The passes\n";

void nirc_passes_print_reference(nirc_strbuf *b, const char *named)
{
  nirc_strbuf_add(b, introduction);
  nirc_strbuf_add(b, named);
  nirc_strbuf_add(b, around);
  for (size_t i = 0; nirc_passes[i]; i++)
    add_pass(b, nirc_passes[i]);
}
