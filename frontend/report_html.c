/* frontend/report_html.c: a report as one page: no script, no other file, readable in light, in dark and on paper. Names are untrusted: they stand only
 * where text stands, escaped, and a policy in the page lets nothing be fetched or run whatever they hold. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "frontend/graph.h"
#include "frontend/graph_svg.h"
#include "frontend/html.h"
#include "frontend/report.h"
#include "ir/base/quantity.h"

/* Colours by class of node, the same in the drawing and in the table. */
static const char style[] =
  ":root{color-scheme:light dark;--page:#fff;--ink:#1b1f24;--soft:#5b6570;--line:#d5dae0;--panel:#f6f7f9;--bar:#bcd4ee;"
  "--port:#e4e7eb;--weights:#d6e6f7;--neuron:#fce3bf;--state:#dcefd4;--other:#fff}\n"
  "@media(prefers-color-scheme:dark){:root{--page:#15181c;--ink:#e7eaee;--soft:#9aa5b1;--line:#363d46;--panel:#1d2126;--bar:#29486a;"
  "--port:#363d46;--weights:#243f5c;--neuron:#5c4318;--state:#2b4a26;--other:#1d2126}}\n"
  "*{box-sizing:border-box}\n"
  "body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}\n"
  "main{max-width:76rem;margin:0 auto;padding:2rem 1.25rem 3rem}\n"
  "h1{font-size:1.7rem;line-height:1.2;margin:0 0 .3rem;overflow-wrap:anywhere}h2{font-size:1.15rem;margin:2.2rem 0 .7rem}\n"
  "p{margin:.3rem 0}.soft,.zero,caption,footer{color:var(--soft)}\n"
  "dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(15.5rem,1fr));gap:.7rem;margin:1.4rem 0 0}\n"
  "dl div{background:var(--panel);border:1px solid var(--line);border-radius:.5rem;padding:.65rem .85rem}\n"
  "dt{color:var(--soft);font-size:.82rem}dd{margin:0;font-size:1.3rem;font-variant-numeric:tabular-nums}dd small{display:block;font-size:.82rem;color:var(--soft)}\n"
  ".wide{overflow:auto;border:1px solid var(--line);border-radius:.5rem}\n"
  "table{border-collapse:collapse;width:100%;font-size:.88rem}\n"
  "caption{caption-side:bottom;text-align:left;padding:.6rem .75rem;border-top:1px solid var(--line);font-size:.82rem}\n"
  "th,td{padding:.38rem .75rem;text-align:left;vertical-align:top;border-top:1px solid var(--line)}\n"
  "thead th{border-top:0;background:var(--panel);font-weight:600;vertical-align:bottom}tbody th{font-weight:500;overflow-wrap:anywhere;min-width:8rem}\n"
  "tfoot th,tfoot td{border-top:2px solid var(--line);font-weight:600;background:var(--panel)}\n"
  ".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}.shape{white-space:nowrap}thead .n{white-space:normal}\n"
  ".bar{background:linear-gradient(var(--bar),var(--bar)) right bottom/var(--share) 4px no-repeat}\n"
  ".key{display:inline-block;width:.75em;height:.75em;border:1px solid var(--soft);border-radius:.2em;margin-right:.45em}\n"
  ".key.port{background:var(--port)}.key.weights{background:var(--weights)}.key.neuron{background:var(--neuron)}.key.state{background:var(--state)}"
  ".key.other{background:var(--other)}\n"
  ".drawing{max-height:85vh;padding:1rem}.drawing svg{display:block;margin:0 auto;max-width:100%;height:auto}\n"
  ".drawing text{fill:var(--ink)}.graph>polygon{fill:none;stroke:none}.cluster polygon,.cluster path{fill:none;stroke:var(--soft)}"
  ".node path,.node polygon{fill:var(--other);stroke:var(--soft)}.node.port path{fill:var(--port)}.node.weights path{fill:var(--weights)}"
  ".node.neuron path{fill:var(--neuron)}.node.state path{fill:var(--state)}.edge path{stroke:var(--soft)}.edge polygon{fill:var(--soft);stroke:var(--soft)}"
  ".edge text{fill:var(--soft)}\n"
  "footer{margin-top:2.5rem;font-size:.82rem;overflow-wrap:anywhere}\n"
  "@media(max-width:40rem){dl{grid-template-columns:1fr 1fr}}\n"
  "@media print{@page{margin:14mm}:root{color-scheme:light;--page:#fff;--ink:#000;--soft:#444;--line:#bbb;--panel:#f4f4f4;--bar:#bcd4ee;--port:#e4e7eb;--weights:#d6e6f7;"
  "--neuron:#fce3bf;--state:#dcefd4;--other:#fff}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}main{max-width:none;padding:0}"
  "body{font-size:10pt}.wide{overflow:visible;border:0;max-height:none}table{font-size:7.5pt}.drawing{padding:0}.drawing svg{max-height:128mm}"
  "th,td{padding:.25rem .35rem}tbody th{min-width:5.5rem}caption{font-size:7.5pt;padding:.3rem .35rem}"
  "tfoot{display:table-row-group}tr,dl div{break-inside:avoid}h2{break-after:avoid}dl{grid-template-columns:repeat(4,1fr)}dd{font-size:12pt}}\n";

/* ---- text and numbers ------------------------------------------------------------------------------------------------------- */

/* Bytes in the unit that makes them readable. */
static void add_bytes(nirc_strbuf *b, uint64_t n)
{
  static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  double scaled = (double)n / 1024;
  for (; scaled >= 1024 && unit < sizeof units / sizeof *units - 1; unit++)
    scaled /= 1024;
  if (n < 1024)
    nirc_strbuf_addf(b, n == 1 ? "%" PRIu64 " byte" : "%" PRIu64 " bytes", n);
  else
    nirc_strbuf_addf(b, "%.1f %s", scaled, units[unit]);
}

/* Three digits of a measured number, or all of a whole one from 1000 on. */
static void add_measured(nirc_strbuf *b, double x)
{
  if (x >= 999.5)
    nirc_html_add_number(b, x < (double)NIRC_REPORT_MOST ? (uint64_t)(x + 0.5) : NIRC_REPORT_MOST);
  else
    nirc_strbuf_addf(b, x < 0.0005 && x > 0 ? "%.1e" : x < 10 ? "%.3g" : "%.4g", x);
}

/* With a bar for a share above 0. */
static void add_measured_cell(nirc_strbuf *b, bool known, double x, double share)
{
  if (known && share > 0)
    nirc_strbuf_addf(b, "<td class=\"n bar\" style=\"--share:%.1f%%\">", 100 * share);
  else
    nirc_strbuf_addf(b, "<td class=\"n%s\">", known && x == 0 ? " zero" : "");
  if (known)
    add_measured(b, x);
  else
    nirc_strbuf_add(b, "—");
  nirc_strbuf_add(b, "</td>");
}

/* A cell with a number; an em dash where it is not known. */
static void add_cell(nirc_strbuf *b, bool known, uint64_t n)
{
  nirc_strbuf_addf(b, "<td class=\"n%s\">", known && !n ? " zero" : "");
  if (known)
    nirc_html_add_number(b, n);
  else
    nirc_strbuf_add(b, "—");
  nirc_strbuf_add(b, "</td>");
}

/* The same with a bar for its share of `whole`. */
static void add_share(nirc_strbuf *b, bool known, uint64_t n, uint64_t whole)
{
  if (!known || !n || !whole) {
    add_cell(b, known, n);
    return;
  }
  nirc_strbuf_addf(b, "<td class=\"n bar\" style=\"--share:%.1f%%\">", 100.0 * (double)n / (double)whole);
  nirc_html_add_number(b, n);
  nirc_strbuf_add(b, "</td>");
}

static void add_shape(nirc_strbuf *b, const nirc_type *t)
{
  nirc_strbuf_add(b, "<td class=\"shape\">");
  for (uint32_t i = 0; t && i < t->shape.rank; i++)
    nirc_strbuf_addf(b, "%s%" PRIu64, i ? " × " : "", t->shape.dims[i]);
  nirc_strbuf_add(b, !t ? "—</td>" : t->shape.rank ? "</td>" : "one number</td>");
}

/* ---- summary ------------------------------------------------------------------------------------------------------------------ */

/* `add` prints the number; an em dash where it is not known. */
static void add_tile(nirc_strbuf *b, const char *what, bool known, uint64_t n, void (*add)(nirc_strbuf *b, uint64_t n), const char *small)
{
  nirc_strbuf_addf(b, "<div><dt>%s</dt><dd>", what);
  if (known)
    add(b, n);
  else
    nirc_strbuf_add(b, "—");
  nirc_strbuf_addf(b, "<small>%s</small></dd></div>\n", small);
}

static void add_summary(nirc_strbuf *b, const nirc_report *r)
{
  nirc_strbuf_add(b, "<header>\n<h1>");
  nirc_html_add_name(b, r->name);
  nirc_strbuf_add(b, "</h1>\n<p class=\"soft\">");
  nirc_html_add_escaped(b, r->source);
  if (r->target)
    nirc_strbuf_addf(b, ", for %s", r->target);
  if (r->profile)
    nirc_strbuf_addf(b, ", profile %s", r->profile);
  char dt[NIRC_QUANTITY_TEXT];
  if (r->dt > 0 && nirc_quantity_text(dt, NIRC_F64, r->dt, (nirc_dims){1, 0, 0}))
    nirc_strbuf_addf(b, ", a step of %s", dt);
  nirc_strbuf_add(b, "</p>\n");
  if (r->trace) {
    nirc_strbuf_add(b, "<p class=\"soft\">Activity from ");
    nirc_html_add_escaped(b, r->trace);
    nirc_strbuf_addf(b, ": %" PRIu64 " steps, %" PRIu64 " sample%s</p>\n", r->steps, r->samples, r->samples == 1 ? "" : "s");
  }
  nirc_strbuf_add(b, "<dl>\n");
  add_tile(b, "Layers", true, r->n_layers, nirc_html_add_number, "nodes of the network");
  add_tile(b, "Parameters", r->has_nodes, r->parameters, nirc_html_add_number, "weights, biases, neurons");
  add_tile(b, "Parameters in the file", r->has_nodes, r->parameter_bytes, add_bytes, "as they are stored");
  add_tile(b, "Connections", r->has_nodes, r->connections, nirc_html_add_number, "weighted, whatever the weight");
  add_tile(b, "State", r->has_steps, r->cost.state_bytes, add_bytes, "for each sample");
  add_tile(b, "Multiply-adds", r->has_steps, r->cost.multiply_adds, nirc_html_add_number, "at most, each step");
  add_tile(b, "Neuron updates", r->has_steps, r->cost.neuron_updates, nirc_html_add_number, "each step");
  add_tile(b, "Other operations", r->has_steps, r->cost.elementwise, nirc_html_add_number, "elements added, scaled, compared");
  nirc_strbuf_add(b, "</dl>\n</header>\n");
}

/* ---- drawing ------------------------------------------------------------------------------------------------------------------------- */

static void add_drawing(nirc_strbuf *b, const nirc_report *r)
{
  nirc_strbuf title, desc, svg;
  nirc_strbuf_init(&title, b->heap);
  nirc_strbuf_init(&desc, b->heap);
  nirc_strbuf_init(&svg, b->heap);
  nirc_html_add_name(&title, r->name);
  nirc_strbuf_addf(&desc, "%zu nodes and %zu edges, drawn from the inputs down; a dashed edge delivers the value of the step before.", r->n_nodes, r->n_edges);
  nirc_strbuf_add(b, "<section aria-labelledby=\"network\">\n<h2 id=\"network\">Network</h2>\n");
  if (r->dot && nirc_graph_draw_svg(r->dot, title.data, desc.data, &svg)) {
    nirc_strbuf_add(b, "<div class=\"wide drawing\" role=\"region\" aria-labelledby=\"network\" tabindex=\"0\">\n");
    nirc_strbuf_add_bytes(b, svg.data, svg.size);
    nirc_strbuf_addf(b, "</div>\n<p class=\"soft\">%s</p>\n", desc.data);
  } else if (r->dot) {
    nirc_strbuf_addf(b, "<p class=\"soft\">The network, %zu nodes and %zu edges, could not be drawn in the time and memory that a drawing may take.</p>\n",
                     r->n_nodes, r->n_edges);
  } else {
    nirc_strbuf_addf(b, "<p class=\"soft\">The network has %zu nodes and %zu edges; it is drawn up to %d nodes.</p>\n", r->n_nodes, r->n_edges,
                     NIRC_REPORT_MOST_DRAWN);
  }
  nirc_strbuf_add(b, "</section>\n");
  nirc_strbuf_deinit(&title);
  nirc_strbuf_deinit(&desc);
  nirc_strbuf_deinit(&svg);
}

/* ---- tables ---------------------------------------------------------------------------------------------------------------------- */

static void add_costs(nirc_strbuf *b, const nirc_report *r, const nirc_report_cost *c)
{
  add_share(b, r->has_steps, c->state_bytes, r->cost.state_bytes);
  add_share(b, r->has_steps, c->multiply_adds, r->cost.multiply_adds);
  add_share(b, r->has_steps, c->neuron_updates, r->cost.neuron_updates);
  add_share(b, r->has_steps, c->elementwise, r->cost.elementwise);
}

/* A way of a chip is called after its ends. */
static void begin_layer(nirc_strbuf *b, const nirc_report *r, const nirc_report_layer *l)
{
  const nirc_chip_way *way = r->chip ? nirc_chip_find_way(r->chip, l->name) : NULL;
  nirc_strbuf_addf(b, "<tr><th scope=\"row\"><span class=\"key %s\"></span>", l->kind);
  nirc_html_add_name(b, way && way->from && way->to ? way->from : l->name);
  if (way && way->from && way->to) {
    nirc_strbuf_add(b, " to ");
    nirc_html_add_name(b, way->to);
  }
  nirc_strbuf_add(b, "</th>");
}

static void add_layer(nirc_strbuf *b, const nirc_report *r, const nirc_report_layer *l)
{
  begin_layer(b, r, l);
  nirc_strbuf_addf(b, "<td>%s</td>", l->type);
  add_shape(b, l->in);
  add_shape(b, l->out);
  add_share(b, r->has_nodes, l->parameters, r->parameters);
  add_share(b, r->has_nodes, l->connections, r->connections);
  add_costs(b, r, &l->cost);
  nirc_strbuf_add(b, "</tr>\n");
}

static void begin_table(nirc_strbuf *b, const char *id, const char *title)
{
  nirc_strbuf_addf(b, "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">%s</h2>\n", id, id, title);
  nirc_strbuf_addf(b, "<div class=\"wide\" role=\"region\" aria-labelledby=\"%s\" tabindex=\"0\"><table>\n", id);
}

static void add_layers(nirc_strbuf *b, const nirc_report *r)
{
  begin_table(b, "layers", "Layers");
  nirc_strbuf_add(b, "<caption>Bytes are those of one sample, operations those of one step of one sample as the passes left it, as if no input were 0; "
                     "connections count every weighted pair of an input and an output. A bar is a layer’s share of the column.</caption>\n"
                     "<thead><tr><th scope=\"col\">Layer</th><th scope=\"col\">Type</th><th scope=\"col\">Receives</th><th scope=\"col\">Sends</th>"
                     "<th scope=\"col\" class=\"n\">Parameters</th><th scope=\"col\" class=\"n\">Connections</th>"
                     "<th scope=\"col\" class=\"n\">State, bytes</th><th scope=\"col\" class=\"n\">Multiply-<wbr>adds</th>"
                     "<th scope=\"col\" class=\"n\">Neuron updates</th>"
                     "<th scope=\"col\" class=\"n\">Other</th></tr></thead>\n<tbody>\n");
  for (size_t n = 0; n < r->n_layers; n++)
    add_layer(b, r, &r->layers[n]);
  nirc_strbuf_add(b, "</tbody>\n<tfoot><tr><th scope=\"row\" colspan=\"4\">Total</th>");
  add_cell(b, r->has_nodes, r->parameters);
  add_cell(b, r->has_nodes, r->connections);
  add_cell(b, r->has_steps, r->cost.state_bytes);
  add_cell(b, r->has_steps, r->cost.multiply_adds);
  add_cell(b, r->has_steps, r->cost.neuron_updates);
  add_cell(b, r->has_steps, r->cost.elementwise);
  nirc_strbuf_add(b, "</tr></tfoot>\n</table></div>\n</section>\n");
}

/* Means over steps and samples. */
static void add_activity(nirc_strbuf *b, const nirc_report *r)
{
  begin_table(b, "activity", "Activity");
  nirc_strbuf_addf(b, "<caption>Means over %" PRIu64 " steps and %" PRIu64 " sample%s. Active elements are those that are not 0 in what a layer sends; "
                      "the rate is that of a neuron’s spikes; synaptic operations are active inputs times their connections.</caption>\n",
                   r->steps, r->samples, r->samples == 1 ? "" : "s");
  nirc_strbuf_add(b, "<thead><tr><th scope=\"col\">Layer</th><th scope=\"col\">Measured</th><th scope=\"col\" class=\"n\">Active elements, a step</th>"
                     "<th scope=\"col\" class=\"n\">Active, %</th><th scope=\"col\" class=\"n\">Rate, Hz</th>"
                     "<th scope=\"col\" class=\"n\">Synaptic operations, a step</th>"
                     "</tr></thead>\n<tbody>\n");
  for (size_t n = 0; n < r->n_layers; n++) {
    const nirc_report_layer *l = &r->layers[n];
    const nirc_report_active *a = &l->active;
    bool rate = a->known && a->spikes && r->trace_dt > 0;
    begin_layer(b, r, l);
    nirc_strbuf_addf(b, "<td>%s</td>", !a->known ? "—" : a->spikes ? "spikes" : "values");
    add_measured_cell(b, a->known, a->per_step, 0);
    add_measured_cell(b, a->known, 100 * a->share, a->share);
    add_measured_cell(b, rate, rate ? a->share / r->trace_dt : 0, 0);
    add_measured_cell(b, l->has_operations, l->operations, r->has_operations && r->operations > 0 ? l->operations / r->operations : 0);
    nirc_strbuf_add(b, "</tr>\n");
  }
  nirc_strbuf_add(b, "</tbody>\n<tfoot><tr><th scope=\"row\" colspan=\"5\">Total</th>");
  add_measured_cell(b, r->has_operations, r->operations, 0);
  nirc_strbuf_add(b, "</tr></tfoot>\n</table></div>\n</section>\n");
}

/* "12 → 9", or the one number where nothing changed. */
static void add_change(nirc_strbuf *b, uint64_t before, uint64_t after)
{
  nirc_strbuf_add(b, "<td class=\"n\">");
  if (before != after) {
    nirc_html_add_number(b, before);
    nirc_strbuf_add(b, " → ");
  }
  nirc_html_add_number(b, after);
  nirc_strbuf_add(b, "</td>");
}

static void add_pass(nirc_strbuf *b, const nirc_report_pass *p)
{
  nirc_strbuf_addf(b, "<tr><th scope=\"row\">%s</th><td>", p->name);
  const char *between = "";
  for (size_t i = 0; i < p->n_counters; i++)
    if (p->counters[i].value) {
      nirc_strbuf_addf(b, "%s%s: ", between, p->counters[i].name);
      nirc_html_add_number(b, p->counters[i].value);
      between = ", ";
    }
  nirc_strbuf_add(b, *between ? "</td>" : p->n_counters ? "nothing</td>" : "—</td>");
  add_change(b, p->before.ops, p->after.ops);
  add_change(b, p->before.constant_bytes, p->after.constant_bytes);
  nirc_strbuf_add(b, "</tr>\n");
}

/* What a pass tells of nodes: a row for each, a column for each figure. */
static void add_figures(nirc_strbuf *b, const nirc_report_pass *p)
{
  const nirc_report_figure *f = p->figures;
  begin_table(b, p->name, p->name);
  nirc_strbuf_add(b, "<thead><tr><th scope=\"col\">Node</th>");
  for (const nirc_report_figure *g = f; g && strcmp(g->node, f->node) == 0; g = g->next) {
    nirc_strbuf_add(b, "<th scope=\"col\" class=\"n\">");
    for (const char *s = g->name; *s; s++)
      nirc_strbuf_add_bytes(b, *s == '_' ? " " : s, 1);
    nirc_strbuf_add(b, "</th>");
  }
  nirc_strbuf_add(b, "</tr></thead>\n<tbody>\n");
  for (const nirc_report_figure *last = NULL; f; last = f, f = f->next) {
    if (!last || strcmp(last->node, f->node)) {
      nirc_strbuf_addf(b, "%s<tr><th scope=\"row\">", last ? "</tr>\n" : "");
      nirc_html_add_name(b, f->node);
      nirc_strbuf_add(b, "</th>");
    }
    nirc_strbuf_addf(b, "<td class=\"n\">%.6g</td>", f->value);
  }
  nirc_strbuf_add(b, "</tr>\n</tbody>\n</table></div>\n</section>\n");
}

static void add_passes(nirc_strbuf *b, const nirc_report *r)
{
  if (!r->passes) {
    nirc_strbuf_add(b, "<section>\n<h2>Passes</h2>\n<p class=\"soft\">No pass ran.</p>\n</section>\n");
    return;
  }
  begin_table(b, "passes", "Passes");
  nirc_strbuf_add(b, "<thead><tr><th scope=\"col\">Pass</th><th scope=\"col\">What it counted</th><th scope=\"col\" class=\"n\">Ops</th>"
                     "<th scope=\"col\" class=\"n\">Constants, bytes</th></tr></thead>\n<tbody>\n");
  for (const nirc_report_pass *p = r->passes; p; p = p->next)
    add_pass(b, p);
  nirc_strbuf_add(b, "</tbody>\n</table></div>\n</section>\n");
  for (const nirc_report_pass *p = r->passes; p; p = p->next)
    if (p->figures)
      add_figures(b, p);
}

void nirc_report_print_html(const nirc_report *r, nirc_strbuf *b)
{
  nirc_strbuf_add(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
  nirc_html_add_name(b, r->name);
  nirc_strbuf_addf(b, ": nirc report</title>\n<style>\n%s%s%s</style>\n</head>\n<body>\n<main>\n", style,
                   r->comparison || r->calibration || r->evaluation ? nirc_compare_style : "", r->chip ? nirc_chip_style : "");
  add_summary(b, r);
  if (r->comparison)
    nirc_compare_print_html(r->comparison, b);
  if (r->evaluation)
    nirc_evaluate_print_html(r->evaluation, b);
  add_drawing(b, r);
  if (r->chip)
    nirc_chip_print_html(r->chip, b);
  add_layers(b, r);
  if (r->estimate)
    nirc_estimate_print_html(r->estimate, b);
  if (r->trace)
    add_activity(b, r);
  if (!r->comparison && !r->evaluation)
    add_passes(b, r);
  if (r->calibration)
    nirc_compare_print_html(r->calibration, b);
  nirc_strbuf_addf(b, "<footer><p>nirc %s. XXH128 of the input: %016" PRIx64 "%016" PRIx64 "</p></footer>\n</main>\n</body>\n</html>\n",
                   PACKAGE_VERSION, r->source_hash[0], r->source_hash[1]);
}
