#include "frontend/report_partition.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "frontend/html.h"

/* In the order of the table. */
static const struct { const char *name, *text; } rows[] = {
  {"cores", "cores in use"},
  {"chips", "chips in use"},
  {"input_to_cores", "spikes per step from the input to cores"},
  {"input_to_chips", "spikes per step from the input to chips"},
  {"between_cores", "spikes per step from core to core"},
  {"between_chips", "spikes per step from chip to chip"},
  {"core_balance", "fullest core, as a multiple of the mean"},
  {"chip_balance", "fullest chip, as a multiple of the mean"},
};

static const nirc_attr *find(const nirc_attr *entries, const char *name)
{
  while (entries && strcmp(entries->name, name))
    entries = entries->next;
  return entries;
}

static void add_cell(nirc_strbuf *b, const nirc_attr *a)
{
  nirc_strbuf_add(b, "<td class=\"n\">");
  if (a && a->kind == NIRC_ATTR_INT && a->i >= 0)
    nirc_html_add_number(b, (uint64_t)a->i);
  else if (a && a->kind == NIRC_ATTR_FLOAT && a->f >= 1e4 && a->f < 1e15)
    nirc_html_add_number(b, (uint64_t)rint(a->f));
  else if (a && a->kind == NIRC_ATTR_FLOAT)
    nirc_strbuf_addf(b, "%.4g", a->f);
  else
    nirc_strbuf_add(b, "—");
  nirc_strbuf_add(b, "</td>");
}

void nirc_partition_print_html(const nirc_attr *entries, nirc_strbuf *b)
{
  const nirc_attr *method = find(entries, "method"), *rate = find(entries, "assumed_rate"), *input = find(entries, "measured_on"), *other = find(entries, "first_fit");
  if (!entries)
    return;
  other = other && other->kind == NIRC_ATTR_DICT ? other : NULL;
  nirc_strbuf_add(b, "<div class=\"wide\" role=\"region\" aria-label=\"Cut into cores\" tabindex=\"0\"><table>\n<caption>Cut into cores. All of these are estimates");
  if (rate && rate->kind == NIRC_ATTR_FLOAT)
    nirc_strbuf_addf(b, ": of a core’s memory, and of %.4g spikes of each neuron and input element in a step, which are assumed", rate->f);
  if (input && input->kind == NIRC_ATTR_STRING) {
    nirc_strbuf_add(b, ": of a core’s memory, and of how often neurons spiked on ");
    nirc_html_add_name(b, input->s);
  }
  nirc_strbuf_add(b, ".</caption>\n<thead><tr><th scope=\"col\"></th><th scope=\"col\" class=\"n\">");
  nirc_html_add_escaped(b, method && method->kind == NIRC_ATTR_STRING ? method->s : "");
  nirc_strbuf_addf(b, " (estimate)</th>%s</tr></thead>\n<tbody>\n", other ? "<th scope=\"col\" class=\"n\">first-fit (estimate)</th>" : "");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    nirc_strbuf_addf(b, "<tr><th scope=\"row\">%s</th>", rows[i].text);
    add_cell(b, find(entries, rows[i].name));
    if (other)
      add_cell(b, find(other->dict, rows[i].name));
    nirc_strbuf_add(b, "</tr>\n");
  }
  nirc_strbuf_add(b, "</tbody>\n</table></div>\n");
}

static void add_values(json_t *to, const nirc_attr *entries)
{
  for (const nirc_attr *a = entries; a; a = a->next)
    if (a->kind == NIRC_ATTR_DICT) {
      json_t *inner = json_object();
      add_values(inner, a->dict);
      json_object_set_new(to, a->name, inner);
    } else if (a->kind == NIRC_ATTR_INT || a->kind == NIRC_ATTR_FLOAT || a->kind == NIRC_ATTR_STRING) {
      json_object_set_new(to, a->name, a->kind == NIRC_ATTR_INT ? json_integer(a->i) : a->kind == NIRC_ATTR_STRING ? json_string(a->s)
                                       : isfinite(a->f) ? json_real(a->f) : json_null());
    }
}

json_t *nirc_partition_json(const nirc_attr *entries)
{
  if (!entries)
    return json_null();
  json_t *o = json_pack("{s:b}", "estimate", 1);
  add_values(o, entries);
  return o;
}
