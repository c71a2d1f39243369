/* targets/loihi2/write.c: network.lava.h5, the process graph, and placement.json. */
#include <jansson.h>
#include <string.h>

#include "ir/base/json.h"
#include "targets/loihi2/hdf5.h"
#include "targets/loihi2/loihi2.h"

/* ---- network.lava.h5 ---------------------------------------------------------------------------------------------------------------- */

static void put_dims(nirc_loihi2_file *f, hid_t g, const char *name, uint32_t n, const uint64_t *dims)
{
  int64_t v[3];
  for (uint32_t i = 0; i < n; i++)
    v[i] = (int64_t)dims[i];
  nirc_loihi2_put_ints(f, g, name, H5T_STD_I32LE, 1, &(uint64_t){n}, v);
}

static void put_numbers(nirc_loihi2_file *f, hid_t g, const char *name, const nirc_loihi2_numbers *n)
{
  nirc_loihi2_put_ints(f, g, name, H5T_STD_I32LE, n->n > 1, &(uint64_t){n->n}, n->value);
}

static void write_population(nirc_loihi2_file *f, hid_t in, const nirc_loihi2_population *p)
{
  hid_t g = nirc_loihi2_group(f, in, p->name);
  put_dims(f, g, "shape", p->shape.rank, p->shape.dims);
  put_numbers(f, g, "iDecay", &p->i_decay);
  put_numbers(f, g, "vDecay", &p->v_decay);
  put_numbers(f, g, "vThMant", &p->threshold);
  if (p->bias.n > 1 || p->bias.value[0])
    put_numbers(f, g, "bias", &p->bias);
  H5Gclose(g);
}

static void write_dense(nirc_loihi2_file *f, hid_t g, const nirc_loihi2_synapse *s)
{
  const nirc_matrix *m = &s->matrix;
  uint64_t dims[] = {m->rows, m->columns};
  int32_t *w = NIRC_NEW_ARRAY(f->arena, int32_t, m->rows * m->columns), *delay = s->delays ? NIRC_NEW_ARRAY(f->arena, int32_t, m->rows * m->columns) : NULL;
  for (size_t i = 0; i < m->rows; i++)
    for (size_t e = m->first[i]; e < m->first[i + 1]; e++) {
      w[i * m->columns + m->column[e]] = (int32_t)m->value[e];
      if (delay)
        delay[i * m->columns + m->column[e]] = s->delays[e];
    }
  nirc_loihi2_put_small(f, g, "weight", 2, dims, w);
  if (delay)
    nirc_loihi2_put_small(f, g, "delay", 2, dims, delay);
  else if (s->delay)
    nirc_loihi2_put_int(f, g, "delay", H5T_STD_I32LE, (int64_t)s->delay);
}

static void write_sparse(nirc_loihi2_file *f, hid_t g, const nirc_loihi2_synapse *s)
{
  nirc_matrix m = nirc_loihi2_select(f->arena, s, (unsigned)s->delay);
  uint64_t n = m.first[m.rows];
  int32_t *row = NIRC_NEW_ARRAY(f->arena, int32_t, n), *value = NIRC_NEW_ARRAY(f->arena, int32_t, n);
  for (size_t i = 0; i < m.rows; i++)
    for (size_t e = m.first[i]; e < m.first[i + 1]; e++) {
      row[e] = (int32_t)i;
      value[e] = (int32_t)m.value[e];
    }
  put_dims(f, g, "shape", 2, (uint64_t[]){m.rows, m.columns});
  nirc_loihi2_put_small(f, g, "row", 1, &n, row);
  nirc_loihi2_put_small(f, g, "col", 1, &n, m.column);
  nirc_loihi2_put_small(f, g, "value", 1, &n, value);
  nirc_loihi2_put_int(f, g, "delay", H5T_STD_I32LE, (int64_t)s->delay);
}

static void write_conv(nirc_loihi2_file *f, hid_t g, const nirc_conv *c)
{
  uint64_t dims[] = {c->out[0], c->in[0] / c->groups, c->kernel[0], c->kernel[1]};
  nirc_loihi2_put_reals(f, g, "weight", H5T_STD_I32LE, 4, dims, c->value);
  put_dims(f, g, "stride", 2, c->stride);
  put_dims(f, g, "padding", 2, c->padding);
  put_dims(f, g, "dilation", 2, c->dilation);
  nirc_loihi2_put_int(f, g, "groups", H5T_STD_I32LE, (int64_t)c->groups);
}

static void write_synapse(nirc_loihi2_file *f, hid_t in, const nirc_loihi2_net *x, size_t index)
{
  const nirc_loihi2_synapse *s = &x->synapses[index];
  char name[24];
  snprintf(name, sizeof name, "%zu", index);
  hid_t g = nirc_loihi2_group(f, in, name);
  nirc_loihi2_put_text(f, g, "from", nirc_loihi2_name(x, s->from), 0, false);
  nirc_loihi2_put_text(f, g, "to", nirc_loihi2_name(x, s->to), 0, false);
  nirc_loihi2_put_text(f, g, "kind", nirc_loihi2_kind_names[s->kind], 0, false);
  if (s->kind == NIRC_LOIHI2_DENSE)
    write_dense(f, g, s);
  else if (s->kind == NIRC_LOIHI2_SPARSE)
    write_sparse(f, g, s);
  else
    write_conv(f, g, &s->conv);
  H5Gclose(g);
}

bool nirc_loihi2_write_graph(const nirc_loihi2_net *x, nirc_sink *out, nirc_diag *d)
{
  nirc_loihi2_file f;
  nirc_loihi2_file_open(&f, x->arena);
  nirc_loihi2_set_attributes(&f, "nirc-lava-graph", 1);
  hid_t g = nirc_loihi2_group(&f, f.file, "input");
  put_dims(&f, g, "shape", x->input_shape.rank, x->input_shape.dims);
  H5Gclose(g);
  g = nirc_loihi2_group(&f, f.file, "output");
  nirc_loihi2_put_text(&f, g, "from", x->populations[x->last].name, 0, false);
  H5Gclose(g);
  g = nirc_loihi2_group(&f, f.file, "population");
  for (size_t p = 0; p < x->n_populations; p++)
    write_population(&f, g, &x->populations[p]);
  H5Gclose(g);
  g = nirc_loihi2_group(&f, f.file, "synapse");
  for (size_t k = 0; k < x->n_synapses; k++)
    write_synapse(&f, g, x, k);
  H5Gclose(g);
  return nirc_loihi2_file_commit(&f, "network.lava.h5", out, d);
}

/* ---- placement.json ------------------------------------------------------------------------------------------------------------------- */

static json_t *whole(size_t n)
{
  return json_integer((json_int_t)n);
}

static json_t *texts(const char *const *list, size_t n)
{
  json_t *a = json_array();
  for (size_t i = 0; i < n; i++)
    json_array_append_new(a, json_string(list[i]));
  return a;
}

static json_t *numbers(const nirc_loihi2_numbers *n)
{
  if (n->n == 1)
    return json_integer(n->value[0]);
  json_t *a = json_array();
  for (size_t i = 0; i < n->n; i++)
    json_array_append_new(a, json_integer(n->value[i]));
  return a;
}

static json_t *population_json(const nirc_loihi2_population *p, int layer)
{
  json_t *shape = json_array();
  for (uint32_t i = 0; i < p->shape.rank; i++)
    json_array_append_new(shape, whole((size_t)p->shape.dims[i]));
  return json_pack("{s:s, s:o, s:o, s:o, s:o, s:f, s:o, s:i, s:i, s:b, s:b}", "name", p->name, "nodes", texts(p->nodes, p->n_nodes), "shape", shape,
                   "neurons", whole(p->count), "latency", whole(p->latency), "scale", p->scale, "vThMant", numbers(&p->threshold), "weight_bits", 8,
                   "netx_layer", layer, "readout", (int)p->readout, "heterogeneous_decay", (int)p->heterogeneous);
}

static json_t *synapse_json(const nirc_loihi2_net *x, const nirc_loihi2_synapse *s)
{
  return json_pack("{s:s, s:s, s:s, s:o, s:o, s:b}", "from", nirc_loihi2_name(x, s->from), "to", nirc_loihi2_name(x, s->to), "kind",
                   nirc_loihi2_kind_names[s->kind], "delay", whole(s->delay), "balance", whole(s->balance), "recurrent", (int)s->recurrent);
}

static json_t *core_json(const nirc_loihi2_net *x, const nirc_loihi2_core *core)
{
  const nirc_loihi2_words *w = &core->words;
  json_t *slices = json_array();
  for (size_t i = core->first; i < core[1].first; i++) {
    const nirc_loihi2_slice *s = &x->placement->slices[i];
    json_array_append_new(slices, json_pack("{s:s, s:o, s:o}", "population", x->populations[s->population].name, "start", whole(s->start), "end", whole(s->end)));
  }
  return json_pack("{s:o, s:o, s:o, s:{s:o, s:o, s:o, s:o, s:o}}", "chip", whole(core->chip), "core", whole(core->number), "slices", slices, "words", "neuron",
                   whole(w->neuron), "axon_in", whole(w->axon_in), "synapse", whole(w->synapse), "axon_out", whole(w->axon_out), "total",
                   whole(w->neuron + w->axon_in + w->synapse + w->axon_out));
}

static json_t *placement_json(const nirc_loihi2_net *x, const nirc_loihi2_chain *c, const char *model)
{
  const nirc_loihi2_placement *p = x->placement;
  json_t *populations = json_array(), *synapses = json_array(), *cores = json_array();
  const nirc_loihi2_population *last = &x->populations[x->last];
  for (size_t i = 0; i < x->n_populations; i++)
    json_array_append_new(populations, population_json(&x->populations[i], c->layer[i]));
  for (size_t k = 0; k < x->n_synapses; k++)
    json_array_append_new(synapses, synapse_json(x, &x->synapses[k]));
  for (size_t k = 0; k < p->n_cores; k++)
    json_array_append_new(cores, core_json(x, &p->cores[k]));
  json_t *limits = json_pack("{s:i, s:i, s:i, s:i, s:o}", "words", NIRC_LOIHI2_CORE_WORDS, "table_words", NIRC_LOIHI2_TABLE_WORDS, "neurons",
                             NIRC_LOIHI2_CORE_NEURONS, "groups", NIRC_LOIHI2_CORE_GROUPS, "cores_per_chip", whole(x->options.cores_per_chip));
  return json_pack("{s:s, s:i, s:s, s:f, s:b, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:{s:s, s:o}, s:o}", "format", "nirc-loihi2-placement", "version", 1,
                   "model", model, "dt", x->options.dt, "netx", (int)!*c->reason, "netx_reason", c->reason, "limits", limits, "populations", populations,
                   "synapses", synapses, "cores", cores, "chips", whole(p->n_chips), "partition",
                   nirc_figures_json(&p->figures, x->options.min_cut ? &x->in_order->figures : NULL, &x->activity), "core_count_is_estimate", 1,
                   "output", "population", last->name, "latency", whole(last->latency), "warnings", texts(x->warnings, x->n_warnings));
}

bool nirc_loihi2_write_placement(const nirc_loihi2_net *x, const nirc_loihi2_chain *c, const char *path, nirc_sink *out)
{
  const char *slash = strrchr(path, '/');
  nirc_strbuf b;
  nirc_strbuf_init(&b, nirc_arena_heap(x->arena));
  nirc_strbuf_add_json(&b, placement_json(x, c, slash ? slash + 1 : path), 1);
  bool ok = nirc_sink_write(out, "placement.json", b.data, b.size);
  nirc_strbuf_deinit(&b);
  return ok;
}
