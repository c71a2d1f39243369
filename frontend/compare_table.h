/* frontend/compare_table.h: what the printers of a comparison share: a header, and one row for each layer of a pair, as text.
 * Owns: nothing.
 * Must not know: terminals, pages. */
#ifndef NIRC_FRONTEND_COMPARE_TABLE_H
#define NIRC_FRONTEND_COMPARE_TABLE_H

#include "frontend/compare.h"

enum { NIRC_COMPARE_COLUMNS = 11 };

void nirc_compare_header(const char *cells[NIRC_COMPARE_COLUMNS], nirc_arena *a, const nirc_comparison *c, const nirc_compare_pair *p);
void nirc_compare_row(const char *cells[NIRC_COMPARE_COLUMNS], nirc_arena *a, const nirc_comparison *c, const nirc_compare_pair *p, size_t n);
bool nirc_compare_is_number(size_t column);

/* What has to be said of a pair's table; `lead` before each sentence. */
void nirc_compare_add_notes(nirc_strbuf *b, const char *lead, const nirc_comparison *c, const nirc_compare_pair *p);

#endif
