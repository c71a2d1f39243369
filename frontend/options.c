#include "frontend/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ir/base/guess.h"

enum {
  LONG_BASE = 256,                                   /* getopt's value of the long name of entry 0; below are letters */
  HELP_COLUMN = 26,
  HELP_WIDTH = 79
};

const char *const nirc_option_diag_formats[] = {"text", "json", NULL};
const char *const nirc_option_colors[] = {"auto", "always", "never", NULL};
const char *const nirc_option_shells[] = {"bash", "zsh", "fish", NULL};

static bool takes_argument(const nirc_option *o)
{
  return o->argument != NULL;
}

static bool argument_is_optional(const nirc_option *o)
{
  return o->argument && strncmp(o->argument, "[=", 2) == 0;
}

const char *nirc_option_text(const nirc_option *o, char *text)
{
  if (o->name)
    snprintf(text, NIRC_OPTION_TEXT, "--%s", o->name);
  else
    snprintf(text, NIRC_OPTION_TEXT, "-%c", o->letter);
  return text;
}

/* --- parsing ----------------------------------------------------------------------------------- */

typedef struct parser {
  const nirc_option *table;
  size_t n;
  struct option *names;                              /* for getopt_long, ended by zeros */
  char *letters;                                     /* "-:" and the letters: operands in order, ':' where an argument lacks */
} parser;

static void parser_init(parser *p, const nirc_option *table, size_t n)
{
  const nirc_heap *h = nirc_heap_default();
  *p = (parser){.table = table, .n = n};
  p->names = nirc_heap_alloc(h, (n + 1) * sizeof *p->names);
  p->letters = nirc_heap_alloc(h, 3 * n + 3);
  memset(p->names, 0, (n + 1) * sizeof *p->names);
  size_t used = 0;
  char *l = p->letters;
  *l++ = '-';
  *l++ = ':';
  for (size_t i = 0; i < n; i++) {
    const nirc_option *o = &table[i];
    int has = !takes_argument(o) ? no_argument : argument_is_optional(o) ? optional_argument : required_argument;
    if (o->name)
      p->names[used++] = (struct option){.name = o->name, .has_arg = has, .val = LONG_BASE + (int)i};
    if (o->letter) {
      *l++ = o->letter;
      for (int k = 0; k < has; k++)                  /* "x", "x:", "x::" */
        *l++ = ':';
    }
  }
  *l = '\0';
}

static void parser_deinit(parser *p)
{
  nirc_heap_free(nirc_heap_default(), p->names);
  nirc_heap_free(nirc_heap_default(), p->letters);
}

/* Entry of a value that getopt gave; NULL where there is none. */
static const nirc_option *find(const parser *p, int value)
{
  if (value >= LONG_BASE && (size_t)(value - LONG_BASE) < p->n)
    return &p->table[value - LONG_BASE];
  for (size_t i = 0; i < p->n; i++)
    if (value > 0 && value < LONG_BASE && p->table[i].letter == value)
      return &p->table[i];
  return NULL;
}

/* word: what stood behind "--", n bytes of it without an argument. */
static void report_unknown_name(const parser *p, const char *word, size_t n, nirc_diag *d)
{
  const nirc_option *first = NULL, *second = NULL;
  nirc_guess near = {0};
  char *name = nirc_heap_alloc(nirc_heap_default(), n + 1), text[NIRC_OPTION_TEXT];
  memcpy(name, word, n);
  name[n] = '\0';
  for (size_t i = 0; i < p->n; i++) {
    const nirc_option *o = &p->table[i];
    if (!o->name || o->hidden)
      continue;
    if (strncmp(o->name, name, n) == 0) {
      second = first && !second ? o : second;
      first = first ? first : o;
    }
    nirc_guess_consider(&near, name, o->name);
  }
  if (second)
    nirc_error_status(d, NIRC_STATUS_USAGE, nirc_loc_none(), "option '--%s' is ambiguous; it may mean '--%s' or '--%s'", name, first->name, second->name);
  else
    nirc_error_status(d, NIRC_STATUS_USAGE, nirc_loc_none(), "unknown option '--%s' (see --help)", name);
  if (!second && near.name) {
    snprintf(text, sizeof text, "--%s", near.name);
    near.name = text;
    nirc_guess_note(&near, d, nirc_loc_none());
  }
  nirc_heap_free(nirc_heap_default(), name);
}

/* word: the argument of argv that getopt has just refused. */
static void report_refused(const parser *p, const char *word, nirc_diag *d)
{
  const nirc_option *o = find(p, optopt);
  if (o && optopt >= LONG_BASE)
    nirc_error_status(d, NIRC_STATUS_USAGE, nirc_loc_none(), "option '--%s' takes no argument", o->name);
  else if (optopt)
    nirc_error_status(d, NIRC_STATUS_USAGE, nirc_loc_none(), "unknown option '-%c' (see --help)", optopt);
  else
    report_unknown_name(p, word + 2, strcspn(word + 2, "="), d);
}

static void report_no_argument(const parser *p, nirc_diag *d)
{
  char text[NIRC_OPTION_TEXT];
  const nirc_option *o = find(p, optopt);
  NIRC_ASSERT(o);
  nirc_error_status(d, NIRC_STATUS_USAGE, nirc_loc_none(), "option '%s' wants an argument (%s)", nirc_option_text(o, text), o->argument);
}

bool nirc_options_parse(const nirc_option *table, size_t n, int argc, char **argv, nirc_option_take take, void *user, nirc_diag *d)
{
  parser p;
  parser_init(&p, table, n);
  bool ok = true;
  opterr = 0;
  optind = 0;                                        /* glibc: start afresh */
  for (int value; (value = getopt_long(argc, argv, p.letters, p.names, NULL)) != -1;) {
    if (value == '?' || value == ':') {
      if (value == '?')
        report_refused(&p, argv[optind - 1], d);
      else
        report_no_argument(&p, d);
      ok = false;
    } else {
      ok &= take(user, value == 1 ? NULL : find(&p, value), optarg, d);
    }
  }
  for (int i = optind; i < argc; i++)                /* behind "--" */
    ok &= take(user, NULL, argv[i], d);
  parser_deinit(&p);
  return ok;
}

/* --- arguments --------------------------------------------------------------------------------- */

bool nirc_option_number(const nirc_option *o, const char *argument, uint64_t min, uint64_t max, uint64_t *out, nirc_diag *d)
{
  char text[NIRC_OPTION_TEXT], *end = NULL;
  errno = 0;
  unsigned long long x = *argument >= '0' && *argument <= '9' ? strtoull(argument, &end, 10) : 0;
  if (end && *end == '\0' && errno == 0 && x >= min && x <= max) {
    *out = x;
    return true;
  }
  nirc_option_text(o, text);
  if (max == UINT64_MAX)
    nirc_error_status(d, NIRC_STATUS_USAGE, nirc_loc_none(), "%s: '%s' is not a whole number of at least %llu", text, argument,
                      (unsigned long long)min);
  else
    nirc_error_status(d, NIRC_STATUS_USAGE, nirc_loc_none(), "%s: '%s' is not a whole number from %llu to %llu", text, argument,
                      (unsigned long long)min, (unsigned long long)max);
  return false;
}

bool nirc_option_choice(const nirc_option *o, const char *argument, size_t *out, nirc_diag *d)
{
  const char *const *names = o->choices;
  size_t n = 0;
  while (names[n])
    n++;
  for (size_t i = 0; i < n; i++)
    if (strcmp(argument, names[i]) == 0) {
      *out = i;
      return true;
    }
  char text[NIRC_OPTION_TEXT], list[256] = "";
  for (size_t i = 0; i < n; i++) {
    size_t used = strlen(list);
    snprintf(list + used, sizeof list - used, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " or ", names[i]);
  }
  nirc_error_status(d, NIRC_STATUS_USAGE, nirc_loc_none(), "%s: '%s' is not one of %s", nirc_option_text(o, text), argument, list);
  nirc_guess_word(argument, names, n, d);
  return false;
}

static bool terminal_has_colour(FILE *stream)
{
  const char *term = getenv("TERM"), *no = getenv("NO_COLOR");
  return isatty(fileno(stream)) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

bool nirc_option_completion(const nirc_option *o, const char *argument, int *id, nirc_diag *d)
{
  size_t k = 0;
  if (!nirc_option_choice(o, argument, &k, d))
    return false;
  *id = NIRC_OPTION_BASH + (int)k;
  return true;
}

bool nirc_option_common(const nirc_option *o, const char *argument, nirc_diag *d)
{
  size_t k = 0;
  switch (o->id) {
  case NIRC_OPTION_DIAG_FORMAT:
    if (!nirc_option_choice(o, argument, &k, d))
      return false;
    d->json = k == 1;
    break;
  case NIRC_OPTION_COLOR:
    if (!nirc_option_choice(o, argument, &k, d))
      return false;
    d->colour = k == 1 || (k == 0 && terminal_has_colour(d->stream));
    break;
  case NIRC_OPTION_VERBOSE:
    d->verbose = true;
    break;
  case NIRC_OPTION_QUIET:
    d->quiet = true;
    break;
  default:
    break;
  }
  return true;
}

/* --- --help ------------------------------------------------------------------------------------ */

/* Words of text from column `at` on, further lines from `indent` on; then a line end. Backquotes are not printed. */
static void print_wrapped(FILE *to, const char *text, size_t at, size_t indent)
{
  bool first = true;                                 /* in its line */
  while (*(text += strspn(text, " \n\t"))) {
    size_t n = strcspn(text, " \n\t"), width = 0;
    for (size_t i = 0; i < n; i++)
      width += text[i] != '`';
    if (!first && at + 1 + width > HELP_WIDTH) {
      fprintf(to, "\n%*s", (int)indent, "");
      at = indent;
      first = true;
    }
    if (!first)
      fputc(' ', to);
    at += width + !first;
    first = false;
    for (size_t i = 0; i < n; i++)
      if (text[i] != '`')
        fputc(text[i], to);
    text += n;
  }
  fputc('\n', to);
}

static void print_option_help(FILE *to, const nirc_option *o)
{
  int n;
  const char *argument = o->argument ? o->argument : "";
  const char *space = takes_argument(o) && !argument_is_optional(o) ? " " : "";
  if (!o->name)
    n = fprintf(to, "  -%c%s", o->letter, argument);
  else if (o->letter)
    n = fprintf(to, "  -%c, --%s%s%s", o->letter, o->name, space, argument);
  else
    n = fprintf(to, "      --%s%s%s", o->name, space, argument);
  if (n + 2 > HELP_COLUMN) {
    fputc('\n', to);
    n = 0;
  }
  fprintf(to, "%*s", HELP_COLUMN - n, "");
  print_wrapped(to, o->help, HELP_COLUMN, HELP_COLUMN);
}

void nirc_options_help(FILE *to, const nirc_manual *m, const nirc_option *table, size_t n)
{
  fprintf(to, "Usage: %s %s\n", m->program, m->synopsis);
  print_wrapped(to, m->about, 0, 0);
  for (size_t i = 0; i < n; i++) {
    if (table[i].heading)
      fprintf(to, "\n%s:\n", table[i].heading);
    if (!table[i].hidden)
      print_option_help(to, &table[i]);
  }
}

/* --- manual page ------------------------------------------------------------------------------- */

/* n bytes as roff text; `line_start`: a leading dot or apostrophe would be a request. */
static void roff_text(FILE *to, const char *s, size_t n, bool line_start)
{
  bool bold = false;
  for (size_t i = 0; i < n; i++) {
    if (i == 0 && line_start && (s[i] == '.' || s[i] == '\''))
      fputs("\\&", to);
    if (s[i] == '`') {
      fputs(bold ? "\\fR" : "\\fB", to);
      bold = !bold;
    } else if (s[i] == '\\') {
      fputs("\\e", to);
    } else if (s[i] == '-') {
      fputs("\\-", to);
    } else if (s[i] == '\'') {
      fputs("\\(aq", to);
    } else {
      fputc(s[i], to);
    }
  }
}

static void roff_line(FILE *to, const char *s, size_t n)
{
  roff_text(to, s, n, true);
  fputc('\n', to);
}

/* The markup of options.h. */
static void roff_markup(FILE *to, const char *text)
{
  bool verbatim = false, gap = false;                /* gap: a paragraph ends before the next line */
  for (const char *line = text; *line;) {
    size_t n = strcspn(line, "\n"), tag = strcspn(line, "\t\n");
    bool as_is = strncmp(line, "  ", 2) == 0;
    if (as_is != verbatim)
      fputs(as_is ? ".RS 4\n.nf\n" : ".fi\n.RE\n", to);
    verbatim = as_is;
    if (gap && n)
      fputs(".PP\n", to);
    gap = n == 0;
    if (as_is) {
      roff_line(to, line + 2, n - 2);
    } else if (tag < n) {
      fputs(".TP\n\\fB", to);
      roff_text(to, line, tag, false);
      fputs("\\fR\n", to);
      roff_line(to, line + tag + 1, n - tag - 1);
    } else if (n) {
      roff_line(to, line, n);
    }
    line += n + (line[n] == '\n');
  }
  if (verbatim)
    fputs(".fi\n.RE\n", to);
}

static void roff_option(FILE *to, const nirc_option *o)
{
  fputs(".TP\n", to);
  if (o->letter)
    fprintf(to, "\\fB\\-%c\\fR%s", o->letter, o->name ? ", " : "");
  if (o->name) {
    fputs("\\fB\\-\\-", to);
    roff_text(to, o->name, strlen(o->name), false);
    fputs("\\fR", to);
  }
  if (o->argument) {
    fputs(o->name && !argument_is_optional(o) ? " \\fI" : "\\fI", to);
    roff_text(to, o->argument, strlen(o->argument), false);
    fputs("\\fR", to);
  }
  fputc('\n', to);
  roff_text(to, o->help, strlen(o->help), true);
  fputs(".\n", to);
}

/* s in upper case where `upper`, as the argument of a request. */
static void roff_word(FILE *to, const char *s, bool upper)
{
  for (; *s; s++) {
    char c = upper && *s >= 'a' && *s <= 'z' ? (char)(*s - 'a' + 'A') : *s;
    roff_text(to, &c, 1, false);
  }
}

void nirc_options_man(FILE *to, const nirc_manual *m, const nirc_option *table, size_t n)
{
  fputs(".TH ", to);
  roff_word(to, m->program, true);
  fprintf(to, " 1 \"\" \"nirc %s\" \"User Commands\"\n.SH NAME\n", m->version);
  roff_word(to, m->program, false);
  fputs(" \\- ", to);
  roff_line(to, m->summary, strlen(m->summary));
  fputs(".SH SYNOPSIS\n.B ", to);
  roff_word(to, m->program, false);
  fputc('\n', to);
  roff_line(to, m->synopsis, strlen(m->synopsis));
  fputs(".SH DESCRIPTION\n", to);
  roff_markup(to, m->description);
  fputs(".SH OPTIONS\n", to);
  for (size_t i = 0; i < n; i++) {
    if (table[i].heading) {
      fputs(".SS ", to);
      roff_word(to, table[i].heading, false);
      fputc('\n', to);
    }
    if (!table[i].hidden)
      roff_option(to, &table[i]);
  }
  for (size_t i = 0; i < m->n_sections; i++) {
    fputs(".SH ", to);
    roff_word(to, m->sections[i].title, false);
    fputc('\n', to);
    roff_markup(to, m->sections[i].text);
  }
}

void nirc_options_print(FILE *to, int id, const nirc_manual *m, const nirc_option *table, size_t n)
{
  if (id == NIRC_OPTION_VERSION)
    fprintf(to, "%s %s\n", m->program, m->version);
  else if (id == NIRC_OPTION_MAN)
    nirc_options_man(to, m, table, n);
  else if (id >= NIRC_OPTION_BASH && id <= NIRC_OPTION_FISH)
    nirc_options_completion(to, id, m, table, n);
  else
    nirc_options_help(to, m, table, n);
}
