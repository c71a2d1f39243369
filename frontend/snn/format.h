/* frontend/snn/format.h: a text of the network language in its one canonical layout.
 * Must not know: what names mean. */
#ifndef NIRC_FRONTEND_SNN_FORMAT_H
#define NIRC_FRONTEND_SNN_FORMAT_H

#include "frontend/snn/syntax.h"
#include "ir/base/strbuf.h"

/* Appends the whole file: a statement a line, two blanks an indent, at most 120 columns where a bracket can be opened up, comments kept, one blank line where there was at
 * least one. Formatting the result changes nothing. */
void nirc_snn_format(nirc_strbuf *b, const nirc_snn_file *f);

/* A name as it has to be written: bare, or in quotes. Text in quotes. */
void nirc_snn_add_name(nirc_strbuf *b, const char *name);
void nirc_snn_add_text(nirc_strbuf *b, const char *text);

#endif
