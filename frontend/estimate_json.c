/* frontend/estimate_json.c: estimates in the report's JSON. No number that is an estimate has a name without that word. */
#include <math.h>

#include "frontend/estimate.h"

static json_t *real(double x)
{
  return isfinite(x) && x >= 0 ? json_real(x) : json_null();
}

static json_t *activity_json(const nirc_estimate *e)
{
  const nirc_activity *a = &e->activity;
  if (a->measured)
    return json_pack("{s:s, s:s, s:I, s:I}", "is", "measured", "input", a->input, "steps", (json_int_t)a->steps, "samples", (json_int_t)a->samples);
  return json_pack("{s:s, s:f, s:b}", "is", "assumed", "spikes_of_an_element_and_step", a->rate, "by_default", !a->given);
}

static json_t *counts_json(const nirc_estimate *e)
{
  static const char *const names[] = {"synaptic_operations", "neuron_updates", "spikes", "messages"};
  json_t *o = json_object();
  for (int k = 0; k < NIRC_ESTIMATE_COUNTS; k++)
    json_object_set_new(o, names[k], json_pack("{s:o, s:o}", "estimate_per_step", real(e->counts[k]), "estimate_per_inference",
                                               real(e->counts[k] * (double)e->steps)));
  return o;
}

static json_t *joules_json(const nirc_estimate *e, double least, double most)
{
  double steps = (double)e->steps;
  return json_pack("{s:[o, o], s:[o, o]}", "estimate_joules_per_step", real(least), real(most), "estimate_joules_per_inference",
                   real(least * steps), real(most * steps));
}

static json_t *source_json(const nirc_energy_source *s)
{
  return json_pack("{s:s, s:s, s:s, s:i, s:s, s:s}", "authors", s->authors, "title", s->title, "where", s->where, "year", s->year, "link", s->link,
                   "read", s->read);
}

static json_t *figure_json(const nirc_estimate *e, const nirc_energy_figure *f)
{
  if (!f)
    return json_null();
  return json_pack("{s:[o, o], s:s, s:s, s:s, s:I}", "published", real(f->least), real(f->most), "unit", f->unit, "chip", f->chip, "conditions", f->conditions,
                   "source", (json_int_t)nirc_estimate_source(e, f->source));
}

static json_t *part_json(const nirc_estimate *e, nirc_energy_quantity q)
{
  const nirc_estimate_part *p = &e->parts[q];
  json_t *o = joules_json(e, p->least, p->most);
  json_object_set_new(o, "figure", figure_json(e, p->figure));
  return o;
}

static json_t *energy_json(const nirc_estimate *e)
{
  json_t *o = joules_json(e, e->least, e->most), *lacks = json_array();
  for (nirc_energy_quantity q = 0; q < NIRC_ENERGY_PARTS; q++)
    if (isnan(e->parts[q].least))
      json_array_append_new(lacks, json_string(nirc_energy_name(q)));
  json_object_set_new(o, "lacks", lacks);
  json_object_set_new(o, "figures_of", e->figures_of ? json_string(e->figures_of) : json_null());
  for (nirc_energy_quantity q = 0; q < NIRC_ENERGY_PARTS; q++)
    json_object_set_new(o, nirc_energy_name(q), part_json(e, q));
  return o;
}

static json_t *latency_json(const nirc_estimate *e)
{
  double steps = (double)(e->steps + e->latency), step = e->step_seconds > 0 ? e->step_seconds : NAN;
  return json_pack("{s:I, s:o, s:o, s:[o, n], s:[o, n], s:o, s:o}", "estimate_steps", (json_int_t)(e->steps + e->latency),
                   "estimate_seconds_per_step_in_real_time", real(step), "estimate_seconds_per_inference_in_real_time", real(step * steps),
                   "estimate_seconds_per_step_of_computing", real(e->computing), "estimate_seconds_per_inference_of_computing", real(e->computing * steps),
                   "update_time", figure_json(e, e->update_time), "step_time", figure_json(e, e->step_time));
}

static json_t *layer_json(const nirc_estimate_layer *l)
{
  return json_pack("{s:s, s:s?, s:s?, s:o, s:o, s:o}", "name", l->node, "from", l->from, "to", l->to,
                   "estimate_synaptic_operations_per_step", real(l->counts[NIRC_ESTIMATE_OPERATIONS]),
                   "estimate_neuron_updates_per_step", real(l->counts[NIRC_ESTIMATE_UPDATES]), "estimate_spikes_per_step", real(l->counts[NIRC_ESTIMATE_SPIKES]));
}

json_t *nirc_estimate_json(const nirc_estimate *e)
{
  if (!e)
    return json_null();
  json_t *layers = json_array(), *sources = json_array();
  for (size_t i = 0; i < e->n_sources; i++)
    json_array_append_new(sources, source_json(e->sources[i]));
  for (size_t n = 0; n < e->n_layers; n++)
    json_array_append_new(layers, layer_json(&e->layers[n]));
  const char *steps_are = e->steps_given ? "given" : e->activity.measured ? "those of the input" : "assumed";
  return json_pack("{s:s, s:o, s:I, s:s, s:o, s:o, s:o, s:o, s:o}", "target", e->target, "activity", activity_json(e), "steps_of_an_inference", (json_int_t)e->steps,
                   "steps_are", steps_are, "counts", counts_json(e), "energy", energy_json(e), "latency", latency_json(e), "layers", layers, "sources",
                   sources);
}
