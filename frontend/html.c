#include "frontend/html.h"

#include <inttypes.h>
#include <stdio.h>

#include "frontend/graph.h"

void nirc_html_add_escaped(nirc_strbuf *b, const char *text)
{
  for (const char *s = text; *s; s++)
    switch (*s) {
    case '&': nirc_strbuf_add(b, "&amp;"); break;
    case '<': nirc_strbuf_add(b, "&lt;"); break;
    case '>': nirc_strbuf_add(b, "&gt;"); break;
    case '"': nirc_strbuf_add(b, "&quot;"); break;
    case '\'': nirc_strbuf_add(b, "&#39;"); break;
    default: nirc_strbuf_add_bytes(b, s, 1);
    }
}

void nirc_html_add_name(nirc_strbuf *b, const char *name)
{
  nirc_strbuf visible;
  nirc_strbuf_init(&visible, b->heap);
  nirc_graph_add_visible(&visible, name, "\\\\", "\\");
  nirc_html_add_escaped(b, visible.data);
  nirc_strbuf_deinit(&visible);
}

/* 1234567 as 1,234,567. */
void nirc_html_add_number(nirc_strbuf *b, uint64_t n)
{
  char digits[24];
  size_t length = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, n);
  for (size_t i = 0; i < length; i++) {
    if (i && (length - i) % 3 == 0)
      nirc_strbuf_add(b, ",");
    nirc_strbuf_add_bytes(b, &digits[i], 1);
  }
}
