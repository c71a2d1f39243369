/* frontend/evaluate_html.c: an evaluation as sections of a page. */
#include "frontend/evaluate.h"
#include "frontend/html.h"

static void add_cell(nirc_strbuf *b, const nirc_evaluate_table *t, size_t row, size_t column)
{
  bool head = row == 0 || column == 0;
  nirc_strbuf_addf(b, "<%s%s%s>", head ? "th" : "td", row == 0 ? " scope=\"col\"" : column == 0 ? " scope=\"row\"" : "",
                   t->is_number[column] ? " class=\"n\"" : "");
  nirc_html_add_escaped(b, t->cells[row * t->n_columns + column]);
  nirc_strbuf_add(b, head ? "</th>" : "</td>");
}

static void add_table(nirc_strbuf *b, const nirc_evaluate_table *t, size_t number)
{
  nirc_strbuf_addf(b, "<section aria-labelledby=\"evaluation-%zu\">\n<h2 id=\"evaluation-%zu\">", number, number);
  nirc_html_add_escaped(b, t->title);
  nirc_strbuf_addf(b, "</h2>\n<div class=\"wide\" role=\"region\" aria-labelledby=\"evaluation-%zu\" tabindex=\"0\"><table>\n", number);
  for (size_t row = 0; row < t->n_rows; row++) {
    nirc_strbuf_add(b, row == 0 ? "<thead><tr>" : "<tr>");
    for (size_t i = 0; i < t->n_columns; i++)
      add_cell(b, t, row, i);
    nirc_strbuf_add(b, row == 0 ? "</tr></thead>\n<tbody>\n" : "</tr>\n");
  }
  nirc_strbuf_add(b, "</tbody>\n</table></div>\n</section>\n");
}

void nirc_evaluate_print_html(const nirc_evaluation *e, nirc_strbuf *b)
{
  nirc_arena *a = nirc_arena_new(b->heap);
  nirc_strbuf words;
  nirc_strbuf_init(&words, b->heap);
  nirc_compare_add_input(&words, e->run);
  nirc_strbuf_add(b, "<p class=\"soft compared\">Evaluated on ");
  nirc_html_add_escaped(b, words.data);
  nirc_strbuf_addf(b, ", %zu classes, for %s.</p>\n<p>", e->classes, e->target);
  words.size = 0;
  nirc_evaluate_add_summary(&words, e);
  nirc_evaluate_add_notes(&words, " ", e);
  nirc_html_add_escaped(b, words.data);
  nirc_strbuf_add(b, "</p>\n");
  nirc_strbuf_deinit(&words);
  nirc_evaluate_table tables[NIRC_EVALUATE_TABLES];
  size_t n = nirc_evaluate_tables(tables, a, e);
  for (size_t i = 0; i < n; i++)
    add_table(b, &tables[i], i);
  if (e->run->rasters)
    nirc_compare_print_rasters(e->run, nirc_evaluate_has_chip(e) ? " What a layer of the chip fires is drawn as many steps earlier as the layer is behind." : "", b);
  nirc_arena_free(a);
}
