/* frontend/estimate_html.c: estimates in the report's page. The word stands beside every number. */
#include <inttypes.h>
#include <math.h>

#include "frontend/estimate.h"
#include "frontend/html.h"

#define ESTIMATE "<small> estimate</small>"
#define HEAD_NUMBER "<th scope=\"col\" class=\"n\">"

/* Three digits, in a unit that makes them readable. */
static void add_scaled(nirc_strbuf *b, double x, const char *unit)
{
  static const char *const prefixes[] = {"p", "n", "µ", "m", "", "k", "M", "G", "T"};
  int at = 4;
  for (; x > 0 && x < 1 && at > 0; at--)
    x *= 1000;
  for (; x >= 999.5 && at < 8; at++)
    x /= 1000;
  nirc_strbuf_addf(b, "%.3g %s%s", x, prefixes[at], unit);
}

/* Whole from 1000 on. */
static void add_count(nirc_strbuf *b, double x)
{
  if (x >= 999.5 && x < 1e15)
    nirc_html_add_number(b, (uint64_t)(x + 0.5));
  else
    nirc_strbuf_addf(b, "%.3g", x);
}

static void add_count_cell(nirc_strbuf *b, double x, const char *label)
{
  nirc_strbuf_addf(b, "<td class=\"n%s\">", x == 0 ? " zero" : "");
  if (isfinite(x) && x >= 0) {
    add_count(b, x);
    nirc_strbuf_add(b, label);
  } else {
    nirc_strbuf_add(b, "—");
  }
  nirc_strbuf_add(b, "</td>");
}

static void add_joules_cell(nirc_strbuf *b, double least, double most)
{
  nirc_strbuf_add(b, "<td class=\"n\">");
  if (isfinite(least)) {
    nirc_strbuf_add(b, isfinite(most) ? "" : "at least ");
    add_scaled(b, least, "J");
    if (isfinite(most) && most > least) {
      nirc_strbuf_add(b, " to ");
      add_scaled(b, most, "J");
    }
    nirc_strbuf_add(b, ESTIMATE);
  } else {
    nirc_strbuf_add(b, "—");
  }
  nirc_strbuf_add(b, "</td>");
}

/* ---- what it follows from ----------------------------------------------------------------------------------------------------------- */

static void add_activity(const nirc_estimate *e, nirc_strbuf *b)
{
  const nirc_activity *a = &e->activity;
  nirc_strbuf_add(b, "<p class=\"soft\">");
  if (a->measured) {
    nirc_strbuf_add(b, "How often neurons spike was measured on ");
    nirc_html_add_name(b, a->input);
    nirc_strbuf_addf(b, ", %" PRIu64 " steps, %" PRIu64 " sample%s.", a->steps, a->samples, a->samples == 1 ? "" : "s");
  } else {
    nirc_strbuf_addf(b, "How often neurons spike is assumed: %g spikes of every neuron and every element of an Input in a step%s.", a->rate,
                     a->given ? "" : " (nothing was said; <code>--activity</code> measures it on data)");
  }
  nirc_strbuf_addf(b, " An inference has %" PRIu64 " steps, %s.</p>\n", e->steps,
                   e->steps_given ? "as <code>--steps</code> says" : a->measured ? "those of the input"
                                                                 : "which is assumed, too (<code>--steps</code> says otherwise)");
}

static void add_time(const nirc_estimate *e, const char *what, const nirc_energy_figure *f, nirc_strbuf *b)
{
  nirc_strbuf_addf(b, "%s %g to %g %s [%zu] (", what, f->least, f->most, f->unit, nirc_estimate_source(e, f->source) + 1);
  nirc_html_add_escaped(b, f->conditions);
  nirc_strbuf_add(b, ")");
}

static void add_computing(const nirc_estimate *e, nirc_strbuf *b)
{
  nirc_strbuf_add(b, "<p>The hardware computes at least ");
  add_scaled(b, e->computing, "s");
  nirc_strbuf_add(b, ESTIMATE " a step, ");
  add_scaled(b, e->computing * (double)(e->steps + e->latency), "s");
  nirc_strbuf_add(b, ESTIMATE " an inference, by figures of <strong>");
  nirc_html_add_escaped(b, e->update_time->chip);
  nirc_strbuf_addf(b, "</strong>, if its neurons were spread evenly over the %" PRIu64 " core%s in use and nothing else took time", e->cores,
                   e->cores == 1 ? "" : "s");
  add_time(e, ": a neuron", e->update_time, b);
  if (e->step_time)
    add_time(e, ", a step", e->step_time, b);
  nirc_strbuf_add(b, ".</p>\n");
}

static void add_latency(const nirc_estimate *e, nirc_strbuf *b)
{
  nirc_strbuf_addf(b, "<p>Latency: the answer is there after %" PRIu64 " steps" ESTIMATE, e->steps + e->latency);
  if (e->latency)
    nirc_strbuf_addf(b, ", %" PRIu64 " of them because the chip is later than the network", e->latency);
  if (e->step_seconds > 0) {
    nirc_strbuf_add(b, "; in real time, ");
    add_scaled(b, e->step_seconds, "s");
    nirc_strbuf_add(b, ESTIMATE " a step, that is ");
    add_scaled(b, e->step_seconds * (double)(e->steps + e->latency), "s");
    nirc_strbuf_add(b, ESTIMATE);
  }
  nirc_strbuf_add(b, ".</p>\n");
  if (!e->update_time)
    nirc_strbuf_add(b, "<p>How long the hardware computes: no published figure read.</p>\n");
  else if (isfinite(e->computing))
    add_computing(e, b);
}

/* ---- tables ------------------------------------------------------------------------------------------------------------------------------ */

static void begin(nirc_strbuf *b, const char *label, const char *caption)
{
  nirc_strbuf_addf(b, "<div class=\"wide\" role=\"region\" aria-label=\"%s\" tabindex=\"0\"><table>\n<caption>%s</caption>\n<thead><tr>"
                      "<th scope=\"col\">%s</th>", label, caption, label);
}

static void add_counts(const nirc_estimate *e, nirc_strbuf *b)
{
  static const char *const names[] = {"Synaptic operations", "Neuron updates", "Spikes of neurons", "Messages: spikes that leave a core"};
  begin(b, "Estimated counts", "An em dash: not known; on a CPU nothing leaves a core.");
  nirc_strbuf_add(b, HEAD_NUMBER "A step</th>" HEAD_NUMBER "An inference</th></tr></thead>\n<tbody>\n");
  for (int k = 0; k < NIRC_ESTIMATE_COUNTS; k++) {
    nirc_strbuf_addf(b, "<tr><th scope=\"row\">%s</th>", names[k]);
    add_count_cell(b, e->counts[k], ESTIMATE);
    add_count_cell(b, e->counts[k] * (double)e->steps, ESTIMATE);
    nirc_strbuf_add(b, "</tr>\n");
  }
  nirc_strbuf_add(b, "</tbody>\n</table></div>\n");
}

static void add_figure(const nirc_estimate *e, const nirc_energy_figure *f, nirc_strbuf *b)
{
  if (!f) {
    nirc_strbuf_add(b, "<td>no published figure read</td>");
    return;
  }
  nirc_strbuf_addf(b, "<td>%s%g", isfinite(f->most) ? "" : "at least ", f->least);
  if (isfinite(f->most) && f->most > f->least)
    nirc_strbuf_addf(b, " to %g", f->most);
  nirc_strbuf_addf(b, " %s [%zu]<br><strong>", f->unit, nirc_estimate_source(e, f->source) + 1);
  nirc_html_add_escaped(b, f->chip);
  nirc_strbuf_add(b, "</strong>; ");
  nirc_html_add_escaped(b, f->conditions);
  nirc_strbuf_add(b, "</td>");
}

static void add_source(size_t number, const nirc_energy_source *s, nirc_strbuf *b)
{
  nirc_strbuf_addf(b, "<p class=\"soft\">[%zu] ", number);
  nirc_html_add_escaped(b, s->authors);
  nirc_strbuf_add(b, ": ");
  nirc_html_add_escaped(b, s->title);
  nirc_strbuf_add(b, ". ");
  nirc_html_add_escaped(b, s->where);
  nirc_strbuf_addf(b, ", %d, ", s->year);
  nirc_html_add_escaped(b, s->link);
  nirc_strbuf_add(b, ". Read: ");
  nirc_html_add_escaped(b, s->read);
  nirc_strbuf_add(b, ".</p>\n");
}

static void add_energy(const nirc_estimate *e, nirc_strbuf *b)
{
  static const char *const names[] = {"Synaptic operations", "Neuron updates", "Messages", "Power at rest"};
  begin(b, "Estimated energy", "What was counted times published figures. The total is of the rows that have one: what is not known is not in it, "
                              "so it is no figure of the chip as a whole.");
  nirc_strbuf_add(b, HEAD_NUMBER "A step</th>" HEAD_NUMBER "An inference</th><th scope=\"col\">Published, each</th></tr></thead>\n<tbody>\n");
  for (nirc_energy_quantity q = 0; q < NIRC_ENERGY_PARTS; q++) {
    const nirc_estimate_part *p = &e->parts[q];
    nirc_strbuf_addf(b, "<tr><th scope=\"row\">%s</th>", names[q]);
    add_joules_cell(b, p->least, p->most);
    add_joules_cell(b, p->least * (double)e->steps, p->most * (double)e->steps);
    add_figure(e, p->figure, b);
    nirc_strbuf_add(b, "</tr>\n");
  }
  nirc_strbuf_add(b, "</tbody>\n<tfoot><tr><th scope=\"row\">Total of these</th>");
  add_joules_cell(b, e->least, e->most);
  add_joules_cell(b, e->least * (double)e->steps, e->most * (double)e->steps);
  nirc_strbuf_add(b, "<td>");
  if (e->figures_of) {
    nirc_strbuf_add(b, "by figures of <strong>");
    nirc_html_add_escaped(b, e->figures_of);
    nirc_strbuf_add(b, "</strong>");
  }
  nirc_strbuf_add(b, "</td></tr></tfoot>\n</table></div>\n");
  for (size_t i = 0; i < e->n_sources; i++)
    add_source(i + 1, e->sources[i], b);
}

static void add_layers(const nirc_estimate *e, nirc_strbuf *b)
{
  begin(b, "Estimates by layer", "All numbers are estimates, of a step of one sample.");
  nirc_strbuf_add(b, HEAD_NUMBER "Synaptic operations, estimate</th>" HEAD_NUMBER "Neuron updates, estimate</th>"
                     HEAD_NUMBER "Spikes, estimate</th></tr></thead>\n<tbody>\n");
  for (size_t n = 0; n < e->n_layers; n++) {
    nirc_strbuf_add(b, "<tr><th scope=\"row\">");
    nirc_html_add_name(b, e->layers[n].from ? e->layers[n].from : e->layers[n].node);
    if (e->layers[n].from) {
      nirc_strbuf_add(b, " to ");
      nirc_html_add_name(b, e->layers[n].to);
    }
    nirc_strbuf_add(b, "</th>");
    for (int k = 0; k < NIRC_ESTIMATE_OF_LAYERS; k++)
      add_count_cell(b, e->layers[n].counts[k], "");
    nirc_strbuf_add(b, "</tr>\n");
  }
  nirc_strbuf_add(b, "</tbody>\n</table></div>\n");
}

void nirc_estimate_print_html(const nirc_estimate *e, nirc_strbuf *b)
{
  nirc_strbuf_add(b, "<section aria-labelledby=\"estimate\">\n<h2 id=\"estimate\">Estimates</h2>\n");
  add_activity(e, b);
  add_counts(e, b);
  add_latency(e, b);
  add_energy(e, b);
  add_layers(e, b);
  nirc_strbuf_add(b, "</section>\n");
}
