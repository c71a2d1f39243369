/* frontend/options_completion.c: the scripts by which bash, zsh and fish complete a command line, from the table of options.
 * Each defines functions and variables named after the program only, so that several can be loaded into one shell. */
#include <string.h>

#include "frontend/options.h"

/* Does an argument follow that is not joined to the option? */
static bool wants_argument(const nirc_option *o)
{
  return o->argument && strncmp(o->argument, "[=", 2) != 0;
}

/* The program's name as a part of an identifier: "nirc_run". */
static void print_identifier(FILE *to, const char *program)
{
  for (; *program; program++)
    fputc(*program == '-' ? '_' : *program, to);
}

enum { SHORT_SUMMARY = 28 };                           /* from here on a comma ends a summary, too */

/* How much of a help text a list of options has room for: up to a colon, a semicolon or a parenthesis, but two words at least; all of a text that tells the
 * default first. */
static size_t summary_length(const char *help)
{
  size_t words = 1, length = strlen(help);
  const char *told = strstr(help, "default");
  for (size_t i = 0; i < length; i++) {
    bool end = strncmp(help + i, ": ", 2) == 0 || strncmp(help + i, "; ", 2) == 0 || strncmp(help + i, " (", 2) == 0 ||
               (i >= SHORT_SUMMARY && strncmp(help + i, ", ", 2) == 0);
    if (end && words >= 2 && !(told && told < help + i))
      return i;
    words += help[i] == ' ';
  }
  return length;
}

/* The summary without its backquotes, in single quotes of the shell's: each byte of `special` behind a backslash, `quote` for a quote. */
static void print_summary(FILE *to, const char *help, const char *special, const char *quote)
{
  size_t n = summary_length(help);
  for (size_t i = 0; i < n; i++) {
    if (help[i] == '\'')
      fputs(quote, to);
    else if (help[i] != '`')
      fprintf(to, "%s%c", strchr(special, help[i]) ? "\\" : "", help[i]);
  }
}

static void print_choices(FILE *to, const nirc_option *o)
{
  for (size_t i = 0; o->choices[i]; i++)
    fprintf(to, "%s%s", i ? " " : "", o->choices[i]);
}

static void print_heading(FILE *to, int id, const char *program)
{
  fprintf(to, "# Completes the command line of %s; printed by `%s --print-completion %s`, not to be edited.\n", program, program,
          nirc_option_shells[id - NIRC_OPTION_BASH]);
}

/* ---- bash ------------------------------------------------------------------------------------------------------------------ */

/* Functions from behind the program's name on, which begins theirs. They need nothing of the package bash-completion. */
static const char bash_files[] =
  "_files()\n"
  "{\n"
  "  local suffix\n"
  "  compopt -o filenames 2>/dev/null\n"
  "  mapfile -t COMPREPLY < <(\n"
  "    for suffix in $1; do\n"
  "      compgen -f -P \"$prefix\" -X \"!*$suffix\" -- \"$cur\"\n"
  "    done\n"
  "    compgen -d -P \"$prefix\" -- \"$cur\")\n"
  "  if [[ ${#COMPREPLY[@]} -eq 0 ]]; then\n"
  "    mapfile -t COMPREPLY < <(compgen -f -P \"$prefix\" -- \"$cur\")\n"
  "  fi\n"
  "}\n";

static const char bash_start[] =
  "()\n"
  "{\n"
  "  local cur=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD-1]} prefix= operand= i\n"
  "  COMPREPLY=()\n"
  "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
  "    [[ ${COMP_WORDS[i]} != -- ]] || operand=yes\n"
  "  done\n"
  "  if [[ $cur == = ]]; then                             # --option=, `=` being a word of its own\n"
  "    cur=\n"
  "  elif [[ $option == = ]]; then\n"
  "    option=${COMP_WORDS[COMP_CWORD-2]}\n"
  "  elif [[ $cur == --*=* ]]; then                       # the same, where COMP_WORDBREAKS has no `=`\n"
  "    option=${cur%%=*} prefix=$option= cur=${cur#*=}\n"
  "  fi\n"
  "  [[ -z $operand ]] || option=\n"
  "  case $option in\n";

static void print_bash_files(FILE *to, const char *program, const char *files)
{
  if (strcmp(files, "/") == 0 || !*files) {
    fprintf(to, "compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -%c -P \"$prefix\" -- \"$cur\")", *files ? 'd' : 'f');
  } else {
    fputc('_', to);
    print_identifier(to, program);
    fprintf(to, "_files '%s'", files);
  }
}

static void print_bash_argument(FILE *to, const char *program, const nirc_option *o)
{
  if (!wants_argument(o) || !o->name)
    return;
  fputs("  ", to);
  if (o->letter)
    fprintf(to, "-%c|", o->letter);
  fprintf(to, "--%s) ", o->name);
  if (o->choices) {
    fputs("mapfile -t COMPREPLY < <(compgen -P \"$prefix\" -W '", to);
    print_choices(to, o);
    fputs("' -- \"$cur\"); ", to);
  } else if (o->files) {
    print_bash_files(to, program, o->files);
    fputs("; ", to);
  }
  fputs("return ;;\n", to);
}

/* The words by which the option may begin; an argument that is joined to its letter (-O2) is a part of the word. */
static void print_bash_words(FILE *to, const nirc_option *o, const char *before)
{
  fputs(before, to);
  if (!o->name)
    for (size_t i = 0; o->choices && o->choices[i]; i++)
      fprintf(to, "%s-%c%s", i ? " " : "", o->letter, o->choices[i]);
  else if (o->letter)
    fprintf(to, "-%c --%s", o->letter, o->name);
  else
    fprintf(to, "--%s", o->name);
}

static void print_bash(FILE *to, const nirc_manual *m, const nirc_option *table, size_t n)
{
  fputs("\n_", to);
  print_identifier(to, m->program);
  fputs(bash_files, to);
  fputs("\n_", to);
  print_identifier(to, m->program);
  fputs(bash_start, to);
  for (size_t i = 0; i < n; i++)
    if (!table[i].hidden)
      print_bash_argument(to, m->program, &table[i]);
  fputs("  esac\n"
        "  if [[ $cur == -* && -z $operand ]]; then\n"
        "    mapfile -t COMPREPLY < <(compgen -W '", to);
  const char *before = "";
  for (size_t i = 0; i < n; i++)
    if (!table[i].hidden) {
      print_bash_words(to, &table[i], before);
      before = " ";
    }
  fputs("' -- \"$cur\")\n"
        "  else\n"
        "    ", to);
  print_bash_files(to, m->program, m->files);
  fputs("\n"
        "  fi\n"
        "}\n"
        "\n"
        "complete -F _", to);
  print_identifier(to, m->program);
  fprintf(to, " %s\n", m->program);
}

/* ---- zsh ------------------------------------------------------------------------------------------------------------------- */

static void print_zsh_files(FILE *to, const char *files)
{
  if (strcmp(files, "/") == 0) {
    fputs("_files -/", to);
  } else if (!*files) {
    fputs("_files", to);
  } else {
    fputs("_files -g \"*", to);
    for (; *files; files++)
      fputs(*files == ' ' ? " *" : (char[]){*files, '\0'}, to);
    fputc('"', to);
  }
}

/* One specification of _arguments. spelling: the option with the sign of how its argument comes. */
static void print_zsh_option(FILE *to, const nirc_option *o, const char *spelling)
{
  fputs(" \\\n  '", to);
  if (o->repeats)
    fputc('*', to);
  else if (o->letter && o->name)
    fprintf(to, "(-%c --%s)", o->letter, o->name);
  fprintf(to, "%s[", spelling);
  print_summary(to, o->help, "[]:\\", "'\\''");
  fputc(']', to);
  if (wants_argument(o)) {
    fprintf(to, ":%s:", o->argument);
    if (o->choices) {
      fputc('(', to);
      print_choices(to, o);
      fputc(')', to);
    } else if (o->files) {
      print_zsh_files(to, o->files);
    } else {
      fputc(' ', to);
    }
  }
  fputc('\'', to);
}

static void print_zsh(FILE *to, const nirc_manual *m, const nirc_option *table, size_t n)
{
  fputs("\n_arguments -s -S", to);
  for (size_t i = 0; i < n; i++) {
    const nirc_option *o = &table[i];
    char spelling[NIRC_OPTION_TEXT];
    if (o->hidden)
      continue;
    if (o->letter) {
      snprintf(spelling, sizeof spelling, "-%c%s", o->letter, !wants_argument(o) ? "" : o->name ? "+" : "-");
      print_zsh_option(to, o, spelling);
    }
    if (o->name) {
      snprintf(spelling, sizeof spelling, "--%s%s", o->name, wants_argument(o) ? "=" : "");
      print_zsh_option(to, o, spelling);
    }
  }
  fputs(" \\\n  '1:file:", to);
  print_zsh_files(to, m->files);
  fputs("'\n", to);
}

/* ---- fish ------------------------------------------------------------------------------------------------------------------ */

/* $argv: suffixes. Directories are kept, for what is wanted may be below; where nothing fits, every file is offered. */
static const char fish_files[] =
  "_files\n"
  "    set -l all (__fish_complete_path (string replace -r -- '^--[^=]*=' '' (commandline -ct)))\n"
  "    set -l ends (string join '|' / (string escape --style=regex -- $argv))\n"
  "    string match -r -- \"^[^\\t]*(?:$ends)(?:\\t.*)?\\$\" $all; or printf '%s\\n' $all\n"
  "end\n";

static void print_fish_files(FILE *to, const char *program, const char *files)
{
  if (strcmp(files, "/") == 0) {
    fputs(" -x -a '(__fish_complete_directories (string replace -r -- \"^--[^=]*=\" \"\" (commandline -ct)))'", to);
  } else if (!*files) {
    fputs(" -r -F", to);
  } else {
    fputs(" -x -a '(__", to);
    print_identifier(to, program);
    fprintf(to, "_files %s)'", files);
  }
}

static void print_fish_option(FILE *to, const char *program, const nirc_option *o)
{
  fprintf(to, "complete -c %s", program);
  if (o->letter)
    fprintf(to, " -s %c", o->letter);
  if (o->name)
    fprintf(to, " -l %s", o->name);
  if (wants_argument(o) && o->choices) {
    fputs(" -x -a '", to);
    print_choices(to, o);
    fputc('\'', to);
  } else if (wants_argument(o) && o->files) {
    print_fish_files(to, program, o->files);
  } else if (wants_argument(o)) {
    fputs(" -x", to);
  }
  fputs(" -d '", to);
  print_summary(to, o->help, "\\", "\\'");
  fputs("'\n", to);
}

static void print_fish(FILE *to, const nirc_manual *m, const nirc_option *table, size_t n)
{
  fputs("\nfunction __", to);
  print_identifier(to, m->program);
  fputs(fish_files, to);
  fprintf(to, "\ncomplete -c %s -f -a '(__", m->program);
  print_identifier(to, m->program);
  fprintf(to, "_files %s)'\n", m->files);
  for (size_t i = 0; i < n; i++)
    if (!table[i].hidden)
      print_fish_option(to, m->program, &table[i]);
}

void nirc_options_completion(FILE *to, int id, const nirc_manual *m, const nirc_option *table, size_t n)
{
  if (id == NIRC_OPTION_ZSH)
    fprintf(to, "#compdef %s\n", m->program);          /* has to be the first line */
  print_heading(to, id, m->program);
  if (id == NIRC_OPTION_BASH)
    print_bash(to, m, table, n);
  else if (id == NIRC_OPTION_ZSH)
    print_zsh(to, m, table, n);
  else
    print_fish(to, m, table, n);
}
