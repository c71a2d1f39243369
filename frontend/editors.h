/* frontend/editors.h: what text editors want to know of .snn and .nirt: grammars of TextMate (Visual Studio Code and others) and of Vim.
 * Owns: the words of both languages, from the tables that the compiler itself reads, and the patterns around them (editors_*.c).
 * Must not know: how either language is parsed; a grammar colours what it recognises and refuses nothing. */
#ifndef NIRC_FRONTEND_EDITORS_H
#define NIRC_FRONTEND_EDITORS_H

#include <stdbool.h>

#include "ir/base/arena.h"
#include "ir/base/strbuf.h"

typedef enum nirc_editor_file { NIRC_EDITOR_TEXTMATE_SNN, NIRC_EDITOR_TEXTMATE_NIRT, NIRC_EDITOR_VIM_SNN, NIRC_EDITOR_VIM_NIRT } nirc_editor_file;
extern const char *const nirc_editor_files[];        /* their names ("textmate-snn"), NULL-terminated */

void nirc_editor_print(nirc_strbuf *b, nirc_editor_file file);

/* ---- between the files of this module --------------------------------------------------------------------------------------- */

/* A part of patterns: <name> in a pattern stands for its text, in which further parts may stand. */
typedef struct nirc_editor_part { const char *name, *text; } nirc_editor_part;

/* Lists of words as parts, ended by a NULL name: the words of each with `bar` between them, a regular expression's "or".
 * units, primitives, parameters, functions, keywords, dtypes (.snn); mnemonics, attributes, choices (.nirt). */
const nirc_editor_part *nirc_editor_words(nirc_arena *a, const char *bar);

/* Adds `pattern` with its parts, those of `words` or of `own`, put in. */
void nirc_editor_expand(nirc_strbuf *b, const char *pattern, const nirc_editor_part *words, const nirc_editor_part *own);

void nirc_editor_textmate(nirc_strbuf *b, nirc_arena *a, const nirc_editor_part *words, bool nirt);
void nirc_editor_vim(nirc_strbuf *b, const nirc_editor_part *words, bool nirt);

#endif
