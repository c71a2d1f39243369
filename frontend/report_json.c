/* frontend/report_json.c: a report as JSON. Its fields are described in docs/report.md. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "frontend/report.h"
#include "ir/base/json.h"

static json_t *number(uint64_t n)
{
  return json_integer((json_int_t)n);
}

static json_t *known(bool is_known, uint64_t n)
{
  return is_known ? number(n) : json_null();
}

static json_t *text(const char *s)
{
  return s ? json_string(s) : json_null();
}

static json_t *shape_json(const nirc_type *t)
{
  if (!t)
    return json_null();
  json_t *list = json_array();
  for (uint32_t i = 0; i < t->shape.rank; i++)
    json_array_append_new(list, number(t->shape.dims[i]));
  return list;
}

static json_t *operations_json(bool is_known, const nirc_report_cost *c)
{
  if (!is_known)
    return json_null();
  return json_pack("{s:o, s:o, s:o}", "multiply_adds", number(c->multiply_adds), "neuron_updates", number(c->neuron_updates), "elementwise", number(c->elementwise));
}

/* JSON has no infinity, which a rate over a tiny dt may reach. */
static json_t *real(bool is_known, double x)
{
  return is_known && isfinite(x) ? json_real(x) : json_null();
}

static json_t *active_json(const nirc_report *r, const nirc_report_active *a)
{
  if (!a->known)
    return json_null();
  return json_pack("{s:s, s:f, s:f, s:o}", "of", a->spikes ? "spikes" : "value", "active_per_step", a->per_step, "active_share", a->share, "rate_hz",
                   real(a->spikes && r->trace_dt > 0, a->share / r->trace_dt));
}

static json_t *trace_json(const nirc_report *r)
{
  if (!r->trace)
    return json_null();
  return json_pack("{s:s, s:o, s:o, s:o}", "trace", r->trace, "steps", number(r->steps), "samples", number(r->samples), "dt", real(r->trace_dt > 0, r->trace_dt));
}

static json_t *layer_json(const nirc_report *r, const nirc_report_layer *l)
{
  return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name", l->name, "type", l->type, "input_shape", shape_json(l->in),
                   "output_shape", shape_json(l->out), "parameters", known(r->has_nodes, l->parameters), "parameter_bytes", known(r->has_nodes, l->parameter_bytes),
                   "connections", known(r->has_nodes, l->connections), "state_bytes", known(r->has_steps, l->cost.state_bytes),
                   "operations", operations_json(r->has_steps, &l->cost), "activity", active_json(r, &l->active),
                   "synaptic_operations", real(l->has_operations, l->operations));
}

static json_t *size_json(const nirc_report_size *s)
{
  return json_pack("{s:o, s:o}", "ops", number(s->ops), "constant_bytes", number(s->constant_bytes));
}

/* One object for each node; its figures by their names. */
static json_t *figures_json(const nirc_report_pass *p)
{
  json_t *list = json_array(), *node = NULL;
  for (const nirc_report_figure *f = p->figures, *last = NULL; f; last = f, f = f->next) {
    if (!last || strcmp(last->node, f->node))
      json_array_append_new(list, node = json_pack("{s:s}", "name", f->node));
    json_object_set_new(node, f->name, real(true, f->value));
  }
  return list;
}

static json_t *pass_json(const nirc_report_pass *p)
{
  json_t *counters = json_object();
  for (size_t i = 0; i < p->n_counters; i++)
    json_object_set_new(counters, p->counters[i].name, number(p->counters[i].value));
  return json_pack("{s:s, s:o, s:o, s:o, s:o}", "name", p->name, "counters", counters, "before", size_json(&p->before), "after", size_json(&p->after), "nodes",
                   figures_json(p));
}

void nirc_report_print_json(const nirc_report *r, nirc_strbuf *b)
{
  json_t *layers = json_array(), *passes = json_array();
  for (size_t n = 0; n < r->n_layers; n++)
    json_array_append_new(layers, layer_json(r, &r->layers[n]));
  for (const nirc_report_pass *p = r->passes; p; p = p->next)
    json_array_append_new(passes, pass_json(p));
  char hash[33];
  snprintf(hash, sizeof hash, "%016" PRIx64 "%016" PRIx64, r->source_hash[0], r->source_hash[1]);
  json_t *totals = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "layers", number(r->n_layers), "parameters", known(r->has_nodes, r->parameters), "parameter_bytes",
                             known(r->has_nodes, r->parameter_bytes), "connections", known(r->has_nodes, r->connections), "state_bytes",
                             known(r->has_steps, r->cost.state_bytes), "operations", operations_json(r->has_steps, &r->cost),
                             "synaptic_operations", real(r->has_operations, r->operations));
  json_t *comparison = r->comparison ? nirc_compare_json(r->comparison) : json_null();
  json_t *calibration = r->calibration ? nirc_compare_json(r->calibration) : json_null();
  json_t *evaluation = r->evaluation ? nirc_evaluate_json(r->evaluation) : json_null();
  json_t *root = json_pack("{s:i, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "report", 1, "name", r->name, "compiler", "nirc " PACKAGE_VERSION,
                           "source", r->source, "source_xxh128", hash, "target", text(r->target), "profile", text(r->profile),
                           "dt", real(r->dt > 0, r->dt), "activity", trace_json(r), "totals", totals, "layers", layers, "passes", passes,
                           "comparison", comparison, "calibration", calibration, "evaluation", evaluation, "chip", r->chip ? nirc_chip_json(r->chip) : json_null(), "estimate",
                           nirc_estimate_json(r->estimate));
  nirc_strbuf_add_json(b, root, 2);
}
