/* frontend/html.h: text and numbers as they stand in a page. Names are untrusted: nothing of them may act as markup.
 * Must not know: what a page shows. */
#ifndef NIRC_FRONTEND_HTML_H
#define NIRC_FRONTEND_HTML_H

#include <stdint.h>

#include "ir/base/strbuf.h"

void nirc_html_add_escaped(nirc_strbuf *b, const char *text);
void nirc_html_add_name(nirc_strbuf *b, const char *name);               /* escaped, with what cannot be seen as \xNN */
void nirc_html_add_number(nirc_strbuf *b, uint64_t n);                   /* 1234567 as 1,234,567 */

#endif
