/* targets/spinnaker2/write.c: network.json, mapping.json and run_spinnaker2.py, from the chip's numbers. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "targets/spinnaker2/spinnaker2.h"
#include "targets/target.h"

extern const char *const nirc_s2_script_text[];      /* lines of run_spinnaker2.py; NULL behind the last */

bool nirc_s2_alike(const float *x, size_t n)
{
  for (size_t i = 1; i < n; i++)
    if (memcmp(&x[0], &x[i], sizeof *x) != 0)
      return false;
  return true;
}

const char *nirc_s2_model_name(const nirc_s2_population *p)
{
  switch (p->kind) {
  case NIRC_S2_SOURCE: return "spike_list";
  case NIRC_S2_LIF: return p->is_map ? "lif_conv2d" : p->delayed ? "lif" : "lif_no_delay";
  default: return p->delayed ? "lif_curr_exp" : "lif_curr_exp_no_delay";
  }
}

size_t nirc_s2_parameters(const nirc_s2_population *p, nirc_s2_parameter list[NIRC_S2_PARAMETERS])
{
  const nirc_s2_numbers *n = &p->numbers;
  const nirc_s2_parameter all[] = {{"threshold", n->threshold, false}, {"alpha_decay", n->decay, false}, {"i_offset", n->offset, false},
                                   {"v_init", n->start, false}, {"v_reset", n->reset, false}, {"exc_decay", n->synapse, false},
                                   {"inh_decay", n->synapse, false}, {"w_scale", n->w_scale, true}, {"v_scale", n->v_scale, true}};
  size_t k = 0;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (all[i].values)
      list[k++] = all[i];
  return k;
}

static json_t *integer(size_t n) { return json_integer((json_int_t)n); }

/* ---- network.json --------------------------------------------------------------------------------------------------------------- */

/* A number where all neurons agree, else where to find them. */
static json_t *value(const nirc_s2_network *net, size_t population, const nirc_s2_parameter *q)
{
  if (nirc_s2_alike(q->values, net->populations[population].size))
    return json_real((double)q->values[0]);
  return json_pack("{s:o}", "dataset", json_sprintf("/populations/%zu/%s", population, q->name));
}

static json_t *population_json(const nirc_s2_network *net, size_t i)
{
  const nirc_s2_population *p = &net->populations[i];
  json_t *shape = json_array(), *record = json_array(), *params = json_object();
  for (uint32_t k = 0; k < p->shape.rank; k++)
    json_array_append_new(shape, integer((size_t)p->shape.dims[k]));
  if (p->record_spikes)
    json_array_append_new(record, json_string("spikes"));
  if (p->record_v)
    json_array_append_new(record, json_string("v"));
  json_t *o = json_pack("{s:o, s:s, s:s, s:o, s:o, s:s, s:o, s:o, s:o}", "id", integer(i), "name", p->name, "nir_node", p->name, "size", integer(p->size),
                        "shape", shape, "neuron_model", nirc_s2_model_name(p), "params", params, "record", record, "phase", integer(p->phase));
  nirc_s2_parameter list[NIRC_S2_PARAMETERS];
  size_t n = nirc_s2_parameters(p, list);
  for (size_t k = 0; k < n; k++)
    json_object_set_new(list[k].is_scale ? o : params, list[k].name, value(net, i, &list[k]));
  if (p->kind == NIRC_S2_CURRENT)
    json_object_set_new(params, "t_refrac", json_integer(0));
  if (p->kind != NIRC_S2_SOURCE)
    json_object_set_new(params, "reset", json_string(net->options.subtract ? "reset_by_subtraction" : "reset_to_v_reset"));
  return o;
}

static json_t *projection_json(const nirc_s2_network *net, size_t i)
{
  const nirc_s2_projection *p = &net->projections[i];
  const nirc_s2_kernel *k = &p->kernel;
  json_t *o = json_pack("{s:o, s:o, s:o, s:b, s:s}", "id", integer(i), "pre", integer(p->pre), "post", integer(p->post), "recurrent", (int)p->recurrent, "type",
                        p->is_conv ? "conv2d" : "list");
  if (!p->is_conv) {
    json_object_set_new(o, "connections", json_sprintf("/projections/%zu/connections", i));
    json_object_set_new(o, "n_connections", integer(p->n_rows));
    return o;
  }
  json_object_set_new(o, "weights", json_sprintf("/projections/%zu/weights", i));
  json_object_set_new(o, "params", json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "in_height", integer(k->in_height), "in_width",
                                             integer(k->in_width), "stride_x", integer(k->stride), "stride_y", integer(k->stride), "pool_x", integer(k->pool),
                                             "pool_y", integer(k->pool), "pad_top", integer(k->pad), "pad_bottom", integer(k->pad), "pad_left",
                                             integer(k->pad), "pad_right", integer(k->pad)));
  return o;
}

static json_t *inputs_json(const nirc_s2_network *net)
{
  json_t *list = json_array();
  for (size_t i = 0; i < net->n_populations; i++)
    if (net->populations[i].kind == NIRC_S2_SOURCE)
      json_array_append_new(list, json_pack("{s:s, s:o}", "name", net->populations[i].name, "population", integer(i)));
  return list;
}

static json_t *outputs_json(const nirc_s2_network *net)
{
  json_t *list = json_array();
  for (size_t i = 0; i < net->n_outputs; i++) {
    const nirc_s2_population *p = &net->populations[net->outputs[i].population];
    json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:s}", "name", net->outputs[i].name, "population", integer(net->outputs[i].population), "latency",
                                          integer(p->phase), "variable", p->readout ? "v" : "spikes"));
  }
  return list;
}

static json_t *network_json(const nirc_s2_network *net, const nirc_module *m)
{
  const nirc_s2_options *o = &net->options;
  const char *slash = strrchr(m->path, '/');
  json_t *populations = json_array(), *projections = json_array();
  for (size_t i = 0; i < net->n_populations; i++)
    json_array_append_new(populations, population_json(net, i));
  for (size_t i = 0; i < net->n_projections; i++)
    json_array_append_new(projections, projection_json(net, i));
  json_t *conversion = json_pack("{s:s, s:s, s:s, s:s, s:s, s:f, s:s}", "integrator", o->exponential ? "exponential" : "forward", "reset",
                                 o->subtract ? "subtract" : "v_reset", "profile", net->profile, "rounding", o->truncate ? "trunc" : "nearest", "scale",
                                 o->per_population ? "population" : "neuron", "percentile", o->percentile, "start", o->plain ? "plain" : "compensate");
  return json_pack("{s:s, s:i, s:s, s:f, s:f, s:s, s:o, s:o, s:o, s:o, s:o}", "format", "nirc-spinnaker2", "version", 1, "name", slash ? slash + 1 : m->path,
                   "dt", o->dt, "sys_tick_s", o->sys_tick, "weights_file", "weights.h5", "conversion", conversion, "populations", populations, "projections",
                   projections, "inputs", inputs_json(net), "outputs", outputs_json(net));
}

/* ---- mapping.json ------------------------------------------------------------------------------------------------------------------ */

static json_t *slice_json(size_t i, const nirc_s2_slice *s, size_t chip, size_t pe)
{
  const nirc_s2_bytes *b = &s->bytes;
  json_t *sram = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "params", integer(b->params), "synapses", integer(b->synapses), "rows", integer(b->rows),
                           "table", integer(b->table), "ring", integer(b->ring), "recording", integer(b->recording), "total", integer(b->total));
  return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o}", "id", integer(i), "population", integer(s->population), "start", integer(s->start), "stop",
                   integer(s->stop), "chip", integer(chip), "pe", integer(pe), "key", integer(256 * i), "mask", (json_int_t)0xFFFFFF00,
                   "sram", sram);
}

/* For every slice whose population projects, the slices that it reaches, in ascending order. */
static json_t *routes_json(const nirc_s2_network *net, const nirc_s2_slice *slices, size_t n)
{
  json_t *routes = json_array();
  bool *reached = NIRC_NEW_ARRAY(net->arena, bool, net->n_populations);
  for (size_t i = 0; i < n; i++) {
    json_t *targets = json_array();
    memset(reached, 0, net->n_populations * sizeof *reached);
    for (size_t k = 0; k < net->n_projections; k++)
      if (net->projections[k].pre == slices[i].population)
        reached[net->projections[k].post] = true;
    for (size_t k = 0; k < n; k++)
      if (reached[slices[k].population])
        json_array_append_new(targets, integer(k));
    if (json_array_size(targets))
      json_array_append_new(routes, json_pack("{s:o, s:o}", "source", integer(i), "targets", targets));
    else
      json_decref(targets);
  }
  return routes;
}

static json_t *mapping_json(const nirc_s2_network *net)
{
  size_t n, synapses = 0, used[NIRC_S2_CHIPS] = {0};
  const nirc_s2_slice *slices = nirc_s2_slices(net, &n);
  json_t *populations = json_array(), *list = json_array(), *routes = routes_json(net, slices, n);
  for (size_t i = 0; i < net->n_populations; i++)
    json_array_append_new(populations, json_pack("{s:o, s:o}", "population", integer(i), "max_atoms_per_core", integer(net->populations[i].atoms)));
  for (size_t i = 0; i < n; i++)
    json_array_append_new(list, slice_json(i, &slices[i], net->chip_of[i], used[net->chip_of[i]]++));
  for (size_t k = 0; k < net->n_projections; k++)
    synapses += net->projections[k].n_rows;
  json_t *totals = json_pack("{s:o, s:o, s:o}", "pes", integer(n), "routes", integer(json_array_size(routes)), "synapses", integer(synapses));
  return json_pack("{s:s, s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "format", "nirc-spinnaker2-mapping", "version", 1, "target",
                   net->options.board48 ? "board48" : "chip", "record_steps", integer(net->options.steps), "populations", populations, "slices", list,
                   "routes", routes, "totals", totals, "partition",
                   nirc_figures_json(&net->figures, net->options.min_cut ? &net->in_order : NULL, &net->activity));
}

/* ---- the files ------------------------------------------------------------------------------------------------------------------------ */

static bool write_json(nirc_sink *out, const char *name, json_t *root)
{
  char *text = root ? json_dumps(root, JSON_INDENT(1) | JSON_PRESERVE_ORDER) : NULL;
  NIRC_ASSERT(text);                                 /* names were checked to be UTF-8 when they were read */
  bool ok = nirc_sink_write(out, name, text, strlen(text));
  free(text);
  json_decref(root);
  return ok;
}

bool nirc_s2_write(const nirc_s2_network *net, const nirc_module *m, nirc_sink *out)
{
  return write_json(out, "network.json", network_json(net, m)) && write_json(out, "mapping.json", mapping_json(net)) &&
         nirc_target_write_script(m, "run_spinnaker2.py", nirc_s2_script_text, out);
}
