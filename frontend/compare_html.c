/* frontend/compare_html.c: a comparison as sections of a page: a table for each pair, and rasters side by side, inline SVG. */
#include <inttypes.h>

#include "frontend/compare_table.h"
#include "frontend/html.h"

enum { CELL = 3, ROW = 6, MARK_WIDTH = 2, MARK_HEIGHT = 5, LEFT = 34, BELOW = 16 };      /* pixels of a raster */

const char nirc_compare_style[] =
  ":root{--differs:#c62839}\n@media(prefers-color-scheme:dark){:root{--differs:#ff8a80}}\n"
  "h3{font-size:1rem;margin:1.4rem 0 .2rem;overflow-wrap:anywhere}\n"
  ".compared{margin-top:1rem}.rasters{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(26rem,100%),1fr));gap:.8rem 1rem}\n"
  ".rasters figure{margin:0}.rasters figcaption{font-size:.82rem}\n"
  ".rasters svg{display:block;width:100%;height:auto}.rasters text{fill:var(--soft);font-size:9px}.rasters .last{text-anchor:end}\n"
  ".rasters path{fill:var(--ink)}.rasters .axis{fill:none;stroke:var(--line)}.rasters .differs{fill:var(--differs)}"
  ".rasters .missing{fill:none;stroke:var(--differs);stroke-width:.7}\n"
  "@media print{:root{--differs:#c62839}.rasters{display:block}.rasters figure{break-inside:avoid}}\n";

/* ---- tables ----------------------------------------------------------------------------------------------------------------- */

static bool is_place(size_t column)
{
  return column == 4 || column == 8;
}

static void add_header(nirc_strbuf *b, nirc_arena *a, const nirc_comparison *c, const nirc_compare_pair *p)
{
  const char *cells[NIRC_COMPARE_COLUMNS];
  nirc_compare_header(cells, a, c, p);
  nirc_strbuf_add(b, "<thead><tr>");
  for (size_t i = 0; i < NIRC_COMPARE_COLUMNS; i++) {
    nirc_strbuf_addf(b, "<th scope=\"col\"%s>", nirc_compare_is_number(i) ? " class=\"n\"" : "");
    nirc_html_add_escaped(b, cells[i]);
    nirc_strbuf_add(b, "</th>");
  }
  nirc_strbuf_add(b, "</tr></thead>\n<tbody>\n");
}

static void add_pair(nirc_strbuf *b, nirc_arena *a, const nirc_comparison *c, size_t at)
{
  const nirc_compare_pair *p = &c->pairs[at];
  nirc_strbuf text;
  nirc_strbuf_init(&text, b->heap);
  nirc_strbuf_addf(b, "<section aria-labelledby=\"pair-%zu\">\n<h2 id=\"pair-%zu\">", at, at);
  nirc_html_add_name(b, c->variants[p->a].name);
  nirc_strbuf_add(b, " against ");
  nirc_html_add_name(b, c->variants[p->b].name);
  nirc_strbuf_add(b, "</h2>\n<p>");
  nirc_compare_add_summary(&text, c, p);
  nirc_html_add_escaped(b, text.data);
  text.size = 0;
  text.data[0] = '\0';
  nirc_compare_add_notes(&text, " ", c, p);
  nirc_html_add_escaped(b, text.data);
  nirc_strbuf_deinit(&text);
  nirc_strbuf_addf(b, "</p>\n<div class=\"wide\" role=\"region\" aria-labelledby=\"pair-%zu\" tabindex=\"0\"><table>\n", at);
  add_header(b, a, c, p);
  for (size_t n = 0; n < c->n_layers; n++) {
    const char *cells[NIRC_COMPARE_COLUMNS];
    nirc_compare_row(cells, a, c, p, n);
    nirc_strbuf_add(b, "<tr><th scope=\"row\">");
    nirc_html_add_escaped(b, cells[0]);
    nirc_strbuf_add(b, "</th>");
    for (size_t i = 1; i < NIRC_COMPARE_COLUMNS; i++) {
      nirc_strbuf_addf(b, "<td%s>", nirc_compare_is_number(i) ? " class=\"n\"" : is_place(i) ? " class=\"shape\"" : "");
      nirc_html_add_escaped(b, cells[i]);
      nirc_strbuf_add(b, "</td>");
    }
    nirc_strbuf_add(b, "</tr>\n");
  }
  nirc_strbuf_add(b, "</tbody>\n</table></div>\n</section>\n");
}

/* ---- rasters -------------------------------------------------------------------------------------------------------------------- */

typedef enum mark { MARK_NONE, MARK_SPIKE, MARK_DIFFERS, MARK_MISSING } mark;

/* A spike that the first variant has, too; one that it has not, or of another size; the place of one that only the first has. Of the first itself: seen from all others. */
static mark mark_at(const nirc_comparison *c, const nirc_compare_raster *x, size_t variant, size_t at)
{
  float here = x->values[variant][at];
  bool differs = false;
  for (size_t k = 0; k < c->n_variants; k++)
    differs |= (variant == 0 || k == 0) && x->values[k][at] != here;
  return here != 0 ? (differs ? MARK_DIFFERS : MARK_SPIKE) : differs && variant != 0 ? MARK_MISSING : MARK_NONE;
}

static void add_marks(nirc_strbuf *b, const nirc_comparison *c, const nirc_compare_raster *x, size_t variant, mark which, const char *class)
{
  bool any = false;
  for (uint64_t t = 0; t < c->n_steps; t++)
    for (size_t e = 0; e < x->n_elements; e++)
      if (mark_at(c, x, variant, t * x->n_elements + e) == which) {
        if (!any)
          nirc_strbuf_addf(b, "<path class=\"%s\" d=\"", class);
        any = true;
        nirc_strbuf_addf(b, "M%" PRIu64 " %zuh%dv%dh-%dz", LEFT + t * CELL, e * ROW, MARK_WIDTH, MARK_HEIGHT, MARK_WIDTH);
      }
  if (any)
    nirc_strbuf_add(b, "\"/>\n");
}

static void add_raster(nirc_strbuf *b, const nirc_comparison *c, size_t n, size_t variant)
{
  const nirc_compare_raster *x = &c->rasters[n];
  uint64_t width = LEFT + c->n_steps * CELL, height = x->n_elements * ROW;
  nirc_strbuf_add(b, "<figure><figcaption>");
  nirc_html_add_name(b, c->variants[variant].name);
  nirc_strbuf_addf(b, "</figcaption>\n<svg role=\"img\" viewBox=\"0 0 %" PRIu64 " %" PRIu64 "\" style=\"max-width:%" PRIu64 "px\" aria-labelledby=\"raster-%zu-%zu\">\n"
                      "<title id=\"raster-%zu-%zu\">Spikes of ", width, height + BELOW, 2 * width, n, variant, n, variant);
  nirc_html_add_name(b, c->layers[n].name);
  nirc_strbuf_add(b, c->pairs ? " under " : ": ");
  nirc_html_add_name(b, c->variants[variant].name);
  nirc_strbuf_addf(b, "</title>\n<path class=\"axis\" d=\"M%d 0V%" PRIu64 "H%" PRIu64 "\"/>\n", LEFT - 1, height, width);
  static const struct { mark which; const char *class; } kinds[] = {{MARK_SPIKE, "spike"}, {MARK_DIFFERS, "differs"}, {MARK_MISSING, "missing"}};
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
    add_marks(b, c, x, variant, kinds[k].which, kinds[k].class);
  nirc_strbuf_addf(b, "<text x=\"%d\" y=\"%" PRIu64 "\">step %" PRIu64 "</text>", LEFT, height + BELOW - 4, c->first_step);
  nirc_strbuf_addf(b, "<text x=\"%" PRIu64 "\" y=\"%" PRIu64 "\" class=\"last\">%" PRIu64 "</text>", width, height + BELOW - 4, c->first_step + c->n_steps - 1);
  nirc_strbuf_addf(b, "<text x=\"%d\" y=\"8\" class=\"last\">%zu</text>", LEFT - 4, x->elements[0]);
  if (x->n_elements > 2)
    nirc_strbuf_addf(b, "<text x=\"%d\" y=\"%" PRIu64 "\" class=\"last\">%zu</text>", LEFT - 4, height - 1, x->elements[x->n_elements - 1]);
  nirc_strbuf_add(b, "\n</svg></figure>\n");
}

static void add_cut(nirc_strbuf *b, const nirc_comparison *c, size_t n)
{
  const nirc_compare_layer *l = &c->layers[n];
  const nirc_compare_raster *x = &c->rasters[n];
  nirc_strbuf_add(b, "<p class=\"soft\">");
  if (x->n_elements < l->count)
    nirc_strbuf_addf(b, "%zu of %zu elements, those that differ first among them, ", x->n_elements, l->count);
  else
    nirc_strbuf_addf(b, "All %zu element%s, ", l->count, l->count == 1 ? "" : "s");
  if (c->n_steps < c->steps)
    nirc_strbuf_addf(b, "steps %" PRIu64 " to %" PRIu64 " of %" PRIu64, c->first_step, c->first_step + c->n_steps - 1, c->steps);
  else
    nirc_strbuf_addf(b, "all %" PRIu64 " step%s", c->steps, c->steps == 1 ? "" : "s");
  if (c->batched)
    nirc_strbuf_addf(b, ", of sample %" PRIu32 " of %" PRIu32, c->sample, c->samples);
  nirc_strbuf_add(b, ".</p>\n");
}

void nirc_compare_print_rasters(const nirc_comparison *c, const char *more, nirc_strbuf *b)
{
  nirc_strbuf_add(b, "<section aria-labelledby=\"rasters\">\n<h2 id=\"rasters\">Spikes</h2>\n<p class=\"soft\">An element a row, in the order of its index, a "
                     "step a column. In colour: spikes of the first that another has not (or in another number), and spikes of another that the first has not; hollow: "
                     "where the first has one and the other has none.");
  nirc_strbuf_addf(b, "%s</p>\n", more);
  for (size_t n = 0; n < c->n_layers; n++) {
    if (!c->rasters[n].n_elements || !c->n_steps)
      continue;
    nirc_strbuf_add(b, "<h3>");
    nirc_html_add_name(b, c->layers[n].name);
    nirc_strbuf_add(b, "</h3>\n");
    add_cut(b, c, n);
    nirc_strbuf_add(b, "<div class=\"rasters\">\n");
    for (size_t k = 0; k < c->n_variants; k++)
      add_raster(b, c, n, k);
    nirc_strbuf_add(b, "</div>\n");
  }
  nirc_strbuf_add(b, "</section>\n");
}

void nirc_compare_print_html(const nirc_comparison *c, nirc_strbuf *b)
{
  nirc_arena *a = nirc_arena_new(b->heap);
  nirc_strbuf input;
  nirc_strbuf_init(&input, b->heap);
  nirc_compare_add_input(&input, c);
  nirc_strbuf_add(b, "<p class=\"soft compared\">Compared on ");
  nirc_html_add_escaped(b, input.data);
  nirc_strbuf_add(b, ".</p>\n");
  nirc_strbuf_deinit(&input);
  for (size_t p = 0; p + 1 < c->n_variants; p++)
    add_pair(b, a, c, p);
  if (c->rasters)
    nirc_compare_print_rasters(c, "", b);
  nirc_arena_free(a);
}
