/* frontend/options.h: command lines from a table.
 * Owns: the meaning of one table of options: parsing, --help and the manual page all come from it, so they cannot disagree.
 * Must not know: what any option of a program does.
 *
 * Help texts and manual texts share a small markup: `word` is bold on the page and plain on the terminal. In the texts of a
 * manual a blank line ends a paragraph, a line that begins with two spaces is printed as it stands, and a line TAG<tab>TEXT is an
 * entry of a list. */
#ifndef NIRC_FRONTEND_OPTIONS_H
#define NIRC_FRONTEND_OPTIONS_H

#include "ir/base/diag.h"

typedef struct nirc_option {
  int id;                                            /* above 0 */
  char letter;                                       /* 0: none */
  const char *name;                                  /* long name; NULL: none, and the argument is joined to the letter (-O2) */
  const char *argument;                              /* NULL: takes none; text that begins with "[=": may be left out */
  const char *help;                                  /* sentences without a final full stop */
  bool hidden;                                       /* parsed, but not shown */
  const char *heading;                               /* not NULL: begins a group of this title */
  /* What the shells complete. An argument with neither is completed with nothing. */
  const char *const *choices;                        /* the words that the argument may be, NULL-terminated; NULL: no such list */
  const char *files;                                 /* the argument is a path: of files with one of these suffixes (".nir .snn"), of any file (""),
                                                      * of a directory ("/"); NULL: no path */
  bool repeats;                                      /* each occurrence counts, so it is offered again */
} nirc_option;

/* Options that both programs have. */
enum {
  NIRC_OPTION_HELP = 1,
  NIRC_OPTION_VERSION,
  NIRC_OPTION_MAN,
  NIRC_OPTION_DIAG_FORMAT,
  NIRC_OPTION_COLOR,
  NIRC_OPTION_VERBOSE,
  NIRC_OPTION_QUIET,
  NIRC_OPTION_COMPLETION,
  NIRC_OPTION_BASH,                                  /* only printed: what --print-completion SHELL asks for, in the order of its choices */
  NIRC_OPTION_ZSH,
  NIRC_OPTION_FISH,
  NIRC_OPTION_OWN = 32                               /* first id of a program's own options */
};

extern const char *const nirc_option_diag_formats[], *const nirc_option_colors[], *const nirc_option_shells[];      /* choices */

#define NIRC_OPTIONS_COMMON \
  {.id = NIRC_OPTION_DIAG_FORMAT, .name = "diag-format", .argument = "FORMAT", .heading = "Messages", .choices = nirc_option_diag_formats, \
   .help = "how messages are written to standard error: `text` (default) or `json`, one object a line"}, \
  {.id = NIRC_OPTION_COLOR, .name = "color", .argument = "WHEN", .choices = nirc_option_colors, \
   .help = "colour in messages: `auto` (default: on a terminal, unless NO_COLOR is set), `always` or `never`"}, \
  {.id = NIRC_OPTION_VERBOSE, .letter = 'v', .name = "verbose", .help = "say more about what is done"}, \
  {.id = NIRC_OPTION_QUIET, .letter = 'q', .name = "quiet", .help = "print errors only"}, \
  {.id = NIRC_OPTION_HELP, .letter = 'h', .name = "help", .help = "print this summary and end"}, \
  {.id = NIRC_OPTION_VERSION, .name = "version", .help = "print the version and end"}, \
  {.id = NIRC_OPTION_MAN, .name = "print-man", .help = "print the manual page (roff) and end", .hidden = true}, \
  {.id = NIRC_OPTION_COMPLETION, .name = "print-completion", .argument = "SHELL", .choices = nirc_option_shells, \
   .help = "print the completion of the command line for this shell and end", .hidden = true}

/* Called for every option in order, and with o NULL for every operand. False after a diagnostic. */
typedef bool (*nirc_option_take)(void *user, const nirc_option *o, const char *argument, nirc_diag *d);

/* Walks argv[1..]; options and operands may be mixed, "--" ends the options, an unambiguous beginning of a long name will do.
 * Every fault is reported with status 2; false where there was one. Not reentrant (getopt_long). */
bool nirc_options_parse(const nirc_option *table, size_t n, int argc, char **argv, nirc_option_take take, void *user, nirc_diag *d);

/* Sets `d` from one of the options diag-format, color, verbose, quiet; false after a diagnostic. Others are left alone. */
bool nirc_option_common(const nirc_option *o, const char *argument, nirc_diag *d);

/* How the option is called in a message: "--threads", or "-O" where it has no long name. text must hold NIRC_OPTION_TEXT bytes. */
enum { NIRC_OPTION_TEXT = 80 };
const char *nirc_option_text(const nirc_option *o, char *text);

/* The argument as a whole number in decimal, or as one of the choices; false after a diagnostic of status 2. */
bool nirc_option_number(const nirc_option *o, const char *argument, uint64_t min, uint64_t max, uint64_t *out, nirc_diag *d);
bool nirc_option_choice(const nirc_option *o, const char *argument, size_t *out, nirc_diag *d);

/* --print-completion: *id becomes what nirc_options_print is to be asked for. */
bool nirc_option_completion(const nirc_option *o, const char *argument, int *id, nirc_diag *d);

typedef struct nirc_manual_section { const char *title, *text; } nirc_manual_section;

typedef struct nirc_manual {
  const char *program, *version;
  const char *summary;                               /* one line, for NAME */
  const char *synopsis;                              /* without the program's name */
  const char *about;                                 /* a sentence or two for --help */
  const char *description;
  const nirc_manual_section *sections;               /* behind OPTIONS */
  size_t n_sections;
  const char *files;                                 /* what the operand is, as `files` of an option */
} nirc_manual;

void nirc_options_help(FILE *to, const nirc_manual *m, const nirc_option *table, size_t n);     /* at most 80 columns */
void nirc_options_man(FILE *to, const nirc_manual *m, const nirc_option *table, size_t n);      /* roff, section 1, no date */

/* options_completion.c: a script that completes the program's command line; what is hidden is not offered. id: NIRC_OPTION_BASH and so on. */
void nirc_options_completion(FILE *to, int id, const nirc_manual *m, const nirc_option *table, size_t n);

/* What NIRC_OPTION_HELP, NIRC_OPTION_VERSION, NIRC_OPTION_MAN or NIRC_OPTION_BASH and so on ask for. */
void nirc_options_print(FILE *to, int id, const nirc_manual *m, const nirc_option *table, size_t n);

#endif
