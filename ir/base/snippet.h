/* ir/base/snippet.h: the line of a text that a message is about, with a mark below.
 * Must not know: what the message says.
 *
 *      12 |   act = LIF(tua = 20 ms)
 *         |             ^~~
 *         |             tau                              (where there is a fix) */
#ifndef NIRC_IR_BASE_SNIPPET_H
#define NIRC_IR_BASE_SNIPPET_H

#include "ir/base/diag.h"
#include "ir/base/strbuf.h"

/* Nothing where the text has no such line. What could disturb a terminal is shown as `?`; of a long line, the part around the place. fix may be NULL. */
void nirc_snippet_add(nirc_strbuf *b, const nirc_source *s, nirc_loc loc, const char *fix, bool colour);

#endif
