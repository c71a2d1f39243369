/* frontend/report_chip_html.c: a chip in the report's page: its cores (or layers) as boxes in a row, bars for what is used of their memories, in the colours of the layers;
 * connections as arcs, forward above and back below; and tables of the figures. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "frontend/html.h"
#include "frontend/report_chip.h"
#include "frontend/report_partition.h"

enum {
  BOX = 120, GAP = 20, MARGIN = 14, PAD = 10,        /* in the drawing's units, which are pixels where there is room */
  TITLE = 40, BAR = 8, BAR_PITCH = 42,               /* of a box: its head; a bar, and from one to the next with two lines of text between */
  ARC = 26, ARC_STEP = 11, MOST_ARC = 130,           /* height of an arc to the next box, what each further one adds, and the most */
  STRIP = 14, STRIP_PITCH = 38,                      /* populations below the boxes */
  NAME_LETTERS = 15, MOST_BOXES = 64
};

#define LEAST_SCALE 0.75                             /* where the page has less room than that, the drawing scrolls */

const char nirc_chip_style[] =
  ".chip text{fill:var(--ink);font:12px system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}.chip .small{font-size:10.5px;fill:var(--soft)}\n"
  ".chip .over{paint-order:stroke;stroke:var(--page);stroke-width:3px}\n"
  ".chip .box{fill:var(--panel);stroke:var(--soft)}.chip .idle .box{stroke:var(--line);stroke-dasharray:4 3}.chip .room{fill:var(--page);stroke:var(--line)}\n"
  ".chip .way{fill:none;stroke:var(--soft);stroke-width:1.4}.chip .head{fill:var(--soft)}\n"
  ".chip .share,.key.layer{fill:hsl(var(--hue) 60% 66%);background:hsl(var(--hue) 60% 66%)}\n"
  "section>.wide+.wide,section>p+.wide{margin-top:.8rem}@media print{.chip svg{min-width:0!important}}\n"
  "@media(prefers-color-scheme:dark){.chip .share,.key.layer{fill:hsl(var(--hue) 42% 48%);background:hsl(var(--hue) 42% 48%)}}\n";

/* Colours far from each other for layers next to each other. */
static unsigned hue_of(size_t layer)
{
  return (unsigned)((210 + layer * 137) % 360);
}

/* ---- text ----------------------------------------------------------------------------------------------------------------------- */

/* A name cut to what a box has room for; the whole of it stands in the box's title. */
static void add_short_name(nirc_strbuf *b, nirc_arena *a, const char *name)
{
  size_t letters = 0, end = 0;
  for (; name[end] && letters <= NAME_LETTERS; end++)
    letters += ((unsigned char)name[end] & 0xc0) != 0x80;
  while (name[end] && ((unsigned char)name[end] & 0xc0) == 0x80)
    end++;
  if (!name[end] && letters <= NAME_LETTERS) {
    nirc_html_add_name(b, name);
    return;
  }
  for (end = 0, letters = 0; letters < NAME_LETTERS; end++)
    letters += ((unsigned char)name[end + 1] & 0xc0) != 0x80;
  nirc_html_add_name(b, nirc_arena_strndup(a, name, end));
  nirc_strbuf_add(b, "…");
}

/* kernel_words as "kernel words". */
static void add_words(nirc_strbuf *b, const char *name)
{
  for (; *name; name++)
    if (*name == '_')
      nirc_strbuf_add(b, " ");
    else
      nirc_html_add_escaped(b, (const char[]){*name, '\0'});
}

static void add_use(nirc_strbuf *b, uint64_t used, uint64_t limit)
{
  nirc_html_add_number(b, used);
  nirc_strbuf_add(b, " of ");
  nirc_html_add_number(b, limit);
}

/* ---- boxes ------------------------------------------------------------------------------------------------------------------------ */

typedef struct drawing {
  const nirc_chip *c;
  nirc_strbuf *b;
  size_t n;                                          /* boxes that are drawn */
  double width, height, top, box_height;
  size_t *box;                                       /* by layer; n_boxes: it is in none that is drawn */
} drawing;

static double x_of(size_t box)
{
  return MARGIN + (double)box * (BOX + GAP);
}

/* What stands in full where the pointer rests: "core 0: conv1; kernel words 256 of 16,384; ...". */
static void add_box_title(const drawing *x, const nirc_chip_box *box)
{
  nirc_strbuf *b = x->b;
  nirc_strbuf_add(b, "<title>");
  if (box->core >= 0)
    nirc_strbuf_addf(b, "core %" PRId64 ": ", box->core);
  for (size_t i = 0; i < box->n_layers; i++) {
    nirc_strbuf_add(b, i ? ", " : "");
    nirc_html_add_name(b, x->c->layers[box->layers[i]].node);
  }
  if (!box->n_layers)
    nirc_strbuf_add(b, "not in use");
  for (size_t i = 0; i < box->n_bars; i++) {
    nirc_strbuf_add(b, "; ");
    add_words(b, box->bars[i].name);
    nirc_strbuf_add(b, " ");
    add_use(b, box->bars[i].used, box->bars[i].limit);
  }
  nirc_strbuf_add(b, "</title>");
}

static void add_share_rect(const drawing *x, size_t layer, double left, double top, double width, double height)
{
  nirc_strbuf_addf(x->b, "<rect class=\"share\" style=\"--hue:%u\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"/>", hue_of(layer), left, top, width, height);
}

static void draw_bar(const drawing *x, const nirc_chip_bar *bar, double left, double top)
{
  nirc_strbuf *b = x->b;
  double room = BOX - 2 * PAD, at = left;
  nirc_strbuf_addf(b, "<text class=\"small\" x=\"%.2f\" y=\"%.2f\">", left, top - 16);
  add_words(b, bar->name);
  nirc_strbuf_addf(b, "</text><text class=\"small\" x=\"%.2f\" y=\"%.2f\">", left, top - 4);
  add_use(b, bar->used, bar->limit);
  nirc_strbuf_addf(b, "</text><rect class=\"room\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%d\"/>", left, top, room, BAR);
  for (size_t i = 0; i < bar->n_shares; i++) {
    double width = room * fmin(1, (double)bar->shares[i].used / (double)bar->limit);
    add_share_rect(x, bar->shares[i].layer, at, top, width, BAR);
    at += width;
  }
  nirc_strbuf_add(b, "\n");
}

/* Events from outside arrive on the left, spikes that leave the chip go on the right. */
static void draw_ports(const drawing *x, const nirc_chip_box *box, double left)
{
  bool in = false, out = false;
  for (size_t i = 0; i < box->n_layers; i++) {
    in |= x->c->layers[box->layers[i]].in;
    out |= x->c->layers[box->layers[i]].out;
  }
  if (in)
    nirc_strbuf_addf(x->b, "<path class=\"way\" d=\"M%.2f,%.2fv14\"/><polygon class=\"head\" points=\"%.2f,%.2f %.2f,%.2f %.2f,%.2f\"/><text class=\"small\" x=\"%.2f\" y=\"%.2f\">in</text>\n",
                     left + 16, x->top - 18, left + 16, x->top, left + 12.5, x->top - 7, left + 19.5, x->top - 7, left + 22, x->top - 10);
  double bottom = x->top + x->box_height, right = left + BOX - 16;
  if (out)
    nirc_strbuf_addf(x->b, "<path class=\"way\" d=\"M%.2f,%.2fv14\"/><polygon class=\"head\" points=\"%.2f,%.2f %.2f,%.2f %.2f,%.2f\"/><text class=\"small\" x=\"%.2f\" y=\"%.2f\">out</text>\n",
                     right, bottom, right, bottom + 18, right - 3.5, bottom + 11, right + 3.5, bottom + 11, right - 24, bottom + 16);
}

static void draw_box(const drawing *x, size_t index)
{
  const nirc_chip_box *box = &x->c->boxes[index];
  nirc_strbuf *b = x->b;
  double left = x_of(index);
  nirc_strbuf_addf(b, "<g class=\"%s\">", box->n_layers ? "used" : "idle");
  add_box_title(x, box);
  nirc_strbuf_addf(b, "<rect class=\"box\" x=\"%.2f\" y=\"%.2f\" width=\"%d\" height=\"%.2f\" rx=\"6\"/>", left, x->top, BOX, x->box_height);
  nirc_strbuf_addf(b, "<text x=\"%.2f\" y=\"%.2f\">", left + PAD, x->top + 18);
  if (box->core >= 0)
    nirc_strbuf_addf(b, "core %" PRId64, box->core);
  else
    add_short_name(b, x->c->arena, x->c->layers[box->layers[0]].node);
  nirc_strbuf_addf(b, "</text><text class=\"small\" x=\"%.2f\" y=\"%.2f\">", left + PAD, x->top + 33);
  const nirc_chip_layer *first = box->n_layers ? &x->c->layers[box->layers[0]] : NULL;
  if (!first)
    nirc_strbuf_add(b, "not in use");
  else if (box->core >= 0)
    add_short_name(b, x->c->arena, first->node);
  else if (first->part && first->count)
    nirc_html_add_escaped(b, nirc_arena_printf(x->c->arena, "%s %" PRIu64 " to %" PRIu64, first->part, first->first, first->first + first->count - 1));
  if (box->n_layers > 1)
    nirc_strbuf_addf(b, " and %zu more", box->n_layers - 1);
  nirc_strbuf_add(b, "</text>\n");
  for (size_t i = 0; i < box->n_bars; i++)
    draw_bar(x, &box->bars[i], left + PAD, x->top + TITLE + 24 + (double)i * BAR_PITCH);
  draw_ports(x, box, left);
  nirc_strbuf_add(b, "</g>\n");
}

/* ---- connections --------------------------------------------------------------------------------------------------------------------- */

static double arc_height(size_t from, size_t to)
{
  size_t span = from < to ? to - from : from - to;
  return fmin(MOST_ARC, ARC + ARC_STEP * (double)(span ? span - 1 : 0));
}

static bool is_back(size_t from, size_t to)
{
  return to <= from;
}

static void draw_edge(const drawing *x, const nirc_chip_edge *e)
{
  nirc_strbuf *b = x->b;
  size_t from = x->box[e->from], to = x->box[e->to];
  if (from >= x->n || to >= x->n)
    return;
  bool back = is_back(from, to);
  double x1 = x_of(from) + BOX * (back ? 0.36 : 0.64), x2 = x_of(to) + BOX * (back ? 0.64 : 0.36), y = back ? x->top + x->box_height : x->top;
  double up = (back ? 1 : -1) * arc_height(from, to);
  nirc_strbuf_add(b, "<g><title>");
  nirc_html_add_name(b, x->c->layers[e->from].node);
  nirc_strbuf_add(b, " to ");
  nirc_html_add_name(b, x->c->layers[e->to].node);
  if (e->numbered) {
    nirc_strbuf_add(b, ": ");
    add_words(b, x->c->edge_number);
    nirc_strbuf_addf(b, " %" PRId64, e->number);
  }
  /* The end is a straight piece, so that the arrow's head stands on the box. The top of the curve lies at three quarters of its handles. */
  double end = y + (back ? 8 : -8);
  nirc_strbuf_addf(b, "</title><path class=\"way\" d=\"M%.2f,%.2fC%.2f,%.2f %.2f,%.2f %.2f,%.2f\"/>", x1, y, x1, y + up / 0.75, x2, y + up / 0.75, x2, end);
  nirc_strbuf_addf(b, "<polygon class=\"head\" points=\"%.2f,%.2f %.2f,%.2f %.2f,%.2f\"/>", x2, y, x2 - 3.5, end, x2 + 3.5, end);
  if (e->numbered)
    nirc_strbuf_addf(b, "<text class=\"small over\" text-anchor=\"middle\" x=\"%.2f\" y=\"%.2f\">%" PRId64 "</text>", (x1 + x2) / 2, y + up + (back ? 12 : -4), e->number);
  nirc_strbuf_add(b, "</g>\n");
}

/* Room for arcs on one side. */
static double room_for_arcs(const drawing *x, bool back)
{
  double most = 0;
  for (size_t i = 0; i < x->c->n_edges; i++) {
    size_t from = x->box[x->c->edges[i].from], to = x->box[x->c->edges[i].to];
    if (from < x->n && to < x->n && is_back(from, to) == back)
      most = fmax(most, arc_height(from, to) + 18);
  }
  return most;
}

/* ---- populations ----------------------------------------------------------------------------------------------------------------------- */

static void draw_part(const drawing *x, const nirc_chip_use *part, double top)
{
  nirc_strbuf *b = x->b;
  double room = x->width - 2 * MARGIN;
  nirc_strbuf_addf(b, "<text class=\"small\" x=\"%d\" y=\"%.2f\">", MARGIN, top - 5);
  add_words(b, part->name);
  nirc_strbuf_add(b, ": ");
  add_use(b, part->used, part->limit);
  nirc_strbuf_addf(b, "</text><rect class=\"room\" x=\"%d\" y=\"%.2f\" width=\"%.2f\" height=\"%d\"/>", MARGIN, top, room, STRIP);
  for (size_t l = 0; l < x->c->n_layers; l++) {
    const nirc_chip_layer *layer = &x->c->layers[l];
    if (layer->part && strcmp(layer->part, part->name) == 0 && layer->first < part->limit)
      add_share_rect(x, l, MARGIN + room * (double)layer->first / (double)part->limit, top,
                     room * fmin((double)layer->count, (double)(part->limit - layer->first)) / (double)part->limit, STRIP);
  }
  nirc_strbuf_add(b, "\n");
}

/* ---- the drawing ------------------------------------------------------------------------------------------------------------------------ */

static void measure(drawing *x)
{
  const nirc_chip *c = x->c;
  size_t bars = 0;
  x->n = c->n_boxes < MOST_BOXES ? c->n_boxes : MOST_BOXES;
  x->box = NIRC_NEW_ARRAY(c->arena, size_t, c->n_layers + 1);
  for (size_t l = 0; l < c->n_layers; l++)
    x->box[l] = c->n_boxes;
  for (size_t i = 0; i < x->n; i++) {
    bars = c->boxes[i].n_bars > bars ? c->boxes[i].n_bars : bars;
    for (size_t k = 0; k < c->boxes[i].n_layers; k++)
      x->box[c->boxes[i].layers[k]] = i;
  }
  x->width = x_of(x->n) - GAP + MARGIN;
  x->box_height = TITLE + 4 + (double)bars * BAR_PITCH;
  x->top = MARGIN + fmax(room_for_arcs(x, false), 24);
  x->height = x->top + x->box_height + fmax(room_for_arcs(x, true), 24) + (double)c->n_parts * STRIP_PITCH + MARGIN;
}

static void draw(const nirc_chip *c, nirc_strbuf *b)
{
  drawing x = {.c = c, .b = b};
  measure(&x);
  nirc_strbuf_addf(b, "<div class=\"wide drawing chip\" role=\"region\" aria-labelledby=\"chip\" tabindex=\"0\">\n"
                      "<svg role=\"img\" aria-labelledby=\"chip-title chip-desc\" xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" style=\"min-width:%.0fpx\">\n",
                   x.width, x.height, x.width, x.height, x.width * LEAST_SCALE);
  nirc_strbuf_addf(b, "<title id=\"chip-title\">Layers on the chip</title>\n<desc id=\"chip-desc\">%zu layers, %zu connections between them.</desc>\n", c->n_layers, c->n_edges);
  for (size_t span = x.n + 1; span-- > 0;)           /* long arcs first: the numbers of short ones then lie above them */
    for (size_t i = 0; i < c->n_edges; i++) {
      size_t from = x.box[c->edges[i].from], to = x.box[c->edges[i].to];
      if ((from < to ? to - from : from - to) == span)
        draw_edge(&x, &c->edges[i]);
    }
  for (size_t i = 0; i < x.n; i++)
    draw_box(&x, i);
  double top = x.height - MARGIN - (double)c->n_parts * STRIP_PITCH + STRIP_PITCH - STRIP;
  for (size_t i = 0; i < c->n_parts; i++)
    draw_part(&x, &c->parts[i], top + (double)i * STRIP_PITCH);
  nirc_strbuf_add(b, "</svg></div>\n<p class=\"soft\">");
  if (c->n_boxes > x.n)
    nirc_strbuf_addf(b, "The first %zu of %zu cores in use. ", x.n, c->n_boxes);
  nirc_strbuf_add(b, "A bar is what is used of what there is, in the colours of the layers. Arcs above lead forward, arcs below back");
  if (c->edge_number) {
    nirc_strbuf_add(b, "; the number at an arc: ");
    add_words(b, c->edge_number);
  }
  nirc_strbuf_add(b, ".</p>\n");
}

/* ---- tables -------------------------------------------------------------------------------------------------------------------------------- */

static void add_resources(const nirc_chip *c, nirc_strbuf *b)
{
  nirc_strbuf_add(b, "<div class=\"wide\" role=\"region\" aria-label=\"Resources\" tabindex=\"0\"><table>\n<thead><tr><th scope=\"col\">Of the chip</th><th scope=\"col\" class=\"n\">Used</th>"
                     "<th scope=\"col\" class=\"n\">There is</th></tr></thead>\n<tbody>\n");
  for (size_t i = 0; i < c->n_resources; i++) {
    const nirc_chip_use *u = &c->resources[i];
    nirc_strbuf_add(b, "<tr><th scope=\"row\">");
    add_words(b, u->name);
    nirc_strbuf_addf(b, "</th><td class=\"n bar\" style=\"--share:%.1f%%\">", 100 * fmin(1, (double)u->used / (double)u->limit));
    nirc_html_add_number(b, u->used);
    nirc_strbuf_add(b, "</td><td class=\"n\">");
    nirc_html_add_number(b, u->limit);
    nirc_strbuf_add(b, "</td></tr>\n");
  }
  nirc_strbuf_add(b, "</tbody>\n</table></div>\n");
}

/* A number, or the range of an array. */
static void add_real_cell(nirc_strbuf *b, const nirc_attr *a)
{
  nirc_strbuf_add(b, "<td class=\"n\">");
  if (a && a->kind == NIRC_ATTR_FLOAT) {
    nirc_strbuf_addf(b, "%.4g", a->f);
  } else if (a && a->kind == NIRC_ATTR_DENSE && a->blob->count) {
    double least = INFINITY, largest = -INFINITY;
    for (size_t i = 0; i < a->blob->count; i++) {
      least = fmin(least, nirc_blob_get(a->blob, i));
      largest = fmax(largest, nirc_blob_get(a->blob, i));
    }
    nirc_strbuf_addf(b, least < largest ? "%.4g to %.4g" : "%.4g", least, largest);
  } else {
    nirc_strbuf_add(b, "—");
  }
  nirc_strbuf_add(b, "</td>");
}

static void add_layers(const nirc_chip *c, nirc_strbuf *b)
{
  nirc_strbuf_add(b, "<div class=\"wide\" role=\"region\" aria-label=\"Layers on the chip\" tabindex=\"0\"><table>\n"
                     "<caption>Scale: what the network’s numbers were multiplied with before they were rounded. Errors: what rounding has changed of the weights, in the network’s numbers."
                     "</caption>\n<thead><tr><th scope=\"col\">Layer</th><th scope=\"col\">Place</th><th scope=\"col\" class=\"n\">Scale</th>"
                     "<th scope=\"col\" class=\"n\">Largest error</th><th scope=\"col\" class=\"n\">Mean error</th></tr></thead>\n<tbody>\n");
  for (size_t l = 0; l < c->n_layers; l++) {
    const nirc_chip_layer *layer = &c->layers[l];
    nirc_strbuf_addf(b, "<tr><th scope=\"row\"><span class=\"key layer\" style=\"--hue:%u\"></span>", hue_of(l));
    nirc_html_add_name(b, layer->node);
    nirc_strbuf_add(b, "</th><td>");
    if (layer->core >= 0)
      nirc_strbuf_addf(b, "core %" PRId64, layer->core);
    else if (layer->part && layer->count)
      nirc_html_add_escaped(b, nirc_arena_printf(c->arena, "%s %" PRIu64 " to %" PRIu64, layer->part, layer->first, layer->first + layer->count - 1));
    else
      nirc_strbuf_add(b, "—");
    nirc_strbuf_add(b, "</td>");
    add_real_cell(b, nirc_chip_entry(layer->placement, "scale"));
    add_real_cell(b, nirc_chip_entry(layer->placement, "weight_error_max"));
    add_real_cell(b, nirc_chip_entry(layer->placement, "weight_error_mean"));
    nirc_strbuf_add(b, "</tr>\n");
  }
  nirc_strbuf_add(b, "</tbody>\n</table></div>\n");
}

void nirc_chip_print_html(const nirc_chip *c, nirc_strbuf *b)
{
  const nirc_attr *variant = nirc_chip_entry(c->entries, "variant");
  nirc_strbuf_add(b, "<section aria-labelledby=\"chip\">\n<h2 id=\"chip\">On the chip: ");
  nirc_html_add_name(b, c->target);
  if (variant && variant->kind == NIRC_ATTR_STRING) {
    nirc_strbuf_add(b, ", ");
    nirc_html_add_name(b, variant->s);
  }
  nirc_strbuf_add(b, "</h2>\n");
  if (c->n_boxes)
    draw(c, b);
  if (c->n_resources)
    add_resources(c, b);
  nirc_partition_print_html(c->partition, b);
  add_layers(c, b);
  nirc_strbuf_add(b, "</section>\n");
}
