/* targets/loihi2/netx.c: network.net, for networks that are a plain chain: what lava-dl's netx reads. */
#include <string.h>

#include "targets/loihi2/hdf5.h"
#include "targets/loihi2/loihi2.h"

/* ---- which networks ---------------------------------------------------------------------------------------------------------------- */

static bool refuse(nirc_loihi2_chain *c, const nirc_loihi2_net *x, const char *what, int p)
{
  c->reason = nirc_arena_printf(x->arena, "%s ('%s')", what, nirc_loihi2_name(x, p));
  c->n = 0;
  return false;
}

/* Of one population, or the input: the last synapse that leaves it, leads back to it, arrives from elsewhere; and how many there are of each. */
typedef struct ends { const nirc_loihi2_synapse *next, *self; size_t n_next, n_self, n_arriving; } ends;

/* The input's first. */
static ends *list_ends(const nirc_loihi2_net *x)
{
  ends *list = NIRC_NEW_ARRAY(x->arena, ends, x->n_populations + 1);
  for (size_t k = 0; k < x->n_synapses; k++) {
    const nirc_loihi2_synapse *s = &x->synapses[k];
    ends *from = &list[s->from + 1], *to = &list[s->to + 1];
    if (from == to) {
      to->self = s;
      to->n_self++;
    } else {
      from->next = s;
      from->n_next++;
      to->n_arriving++;
    }
  }
  return list;
}

static bool check_link(const nirc_loihi2_net *x, nirc_loihi2_chain *c, const nirc_loihi2_synapse *s, const ends *to)
{
  const nirc_loihi2_synapse *self = to->self;
  if (to->n_arriving > 1 || to->n_self > 1)
    return refuse(c, x, "several synapses lead to a population", s->to);
  if (s->kind == NIRC_LOIHI2_SPARSE || (self && self->kind == NIRC_LOIHI2_SPARSE))
    return refuse(c, x, "netx has no sparse synapse", s->to);
  if (self && (self->kind == NIRC_LOIHI2_CONV || s->kind == NIRC_LOIHI2_CONV))
    return refuse(c, x, "netx has no recurrent convolution", s->to);
  if (self && (self->delay || s->delay))
    return refuse(c, x, "netx has no delay on a recurrent layer", s->to);
  if (s->recurrent)
    return refuse(c, x, "a loop leads through several populations", s->to);
  c->forward[c->n] = s;
  c->recurrent[c->n] = self;
  return true;
}

bool nirc_loihi2_find_chain(const nirc_loihi2_net *x, nirc_loihi2_chain *c)
{
  size_t n = x->n_populations;
  int layer = 0, at = NIRC_LOIHI2_INPUT;
  const ends *all = list_ends(x), *here = all;
  c->population = NIRC_NEW_ARRAY(x->arena, int, n);
  c->layer = NIRC_NEW_ARRAY(x->arena, int, n);
  c->forward = NIRC_NEW_ARRAY(x->arena, const nirc_loihi2_synapse *, n);
  c->recurrent = NIRC_NEW_ARRAY(x->arena, const nirc_loihi2_synapse *, n);
  c->reason = "";
  for (size_t p = 0; p < n; p++)
    c->layer[p] = -1;
  for (size_t p = 0; p < n; p++)
    if (x->populations[p].clock)
      return refuse(c, x, "netx has no clock neuron", (int)p);
  for (; here->n_next == 1 && c->n < n; here = &all[at + 1]) {
    const nirc_loihi2_synapse *next = here->next;
    bool after_map = c->n && c->forward[c->n - 1]->kind == NIRC_LOIHI2_CONV;
    if (!check_link(x, c, next, &all[next->to + 1]))
      return false;
    if (c->n && next->kind == NIRC_LOIHI2_CONV && !after_map)
      return refuse(c, x, "netx has no convolution behind a dense layer", next->to);
    at = c->population[c->n++] = next->to;
  }
  if (here->n_next > 1)
    return refuse(c, x, "more than one synapse leaves a population", at);
  if (here->n_next || c->n < n || at != x->last)
    return refuse(c, x, "the populations are no chain that ends at the output", at);
  for (size_t k = 0; k < n; k++) {
    bool conv = c->forward[k]->kind == NIRC_LOIHI2_CONV, after_map = k && c->forward[k - 1]->kind == NIRC_LOIHI2_CONV;
    layer += (conv && !k) || (!conv && after_map);   /* the input's shape; a flatten */
    c->layer[c->population[k]] = layer++;
  }
  return true;
}

/* ---- the file ------------------------------------------------------------------------------------------------------------------------ */

typedef struct writer {
  const nirc_loihi2_net *net;
  nirc_loihi2_file file;
  hid_t layers;
  int n;
} writer;

static hid_t begin_layer(writer *w, const char *type)
{
  char name[16];
  snprintf(name, sizeof name, "%d", w->n++);
  hid_t g = nirc_loihi2_group(&w->file, w->layers, name);
  nirc_loihi2_put_text(&w->file, g, "type", type, 10, true);
  return g;
}

static void put_shape(writer *w, hid_t g, uint32_t rank, const uint64_t *dims)
{
  int64_t v[3];
  for (uint32_t i = 0; i < rank; i++)
    v[i] = (int64_t)dims[i];
  nirc_loihi2_put_ints(&w->file, g, "shape", H5T_STD_I64LE, 1, &(uint64_t){rank}, v);
}

static void put_pair(writer *w, hid_t g, const char *name, const uint64_t v[2])
{
  nirc_loihi2_put_ints(&w->file, g, name, H5T_STD_I64LE, 1, &(uint64_t){2}, (int64_t[]){(int64_t)v[0], (int64_t)v[1]});
}

static void put_numbers(writer *w, hid_t g, const char *name, const nirc_loihi2_numbers *n)
{
  nirc_loihi2_put_ints(&w->file, g, name, H5T_STD_I64LE, n->n > 1, &(uint64_t){n->n}, n->value);
}

static void put_neurons(writer *w, hid_t layer, const nirc_loihi2_population *p)
{
  hid_t g = nirc_loihi2_group(&w->file, layer, "neuron");
  nirc_loihi2_put_text(&w->file, g, "type", "CUBA", 0, false);
  put_numbers(w, g, "iDecay", &p->i_decay);
  put_numbers(w, g, "vDecay", &p->v_decay);
  put_numbers(w, g, "vThMant", &p->threshold);
  nirc_loihi2_put_int(&w->file, g, "refDelay", H5T_STD_I64LE, 1);
  nirc_loihi2_put_false(&w->file, g, "gradedSpike");
  H5Gclose(g);
}

/* One for each output (channel). */
static void put_bias(writer *w, hid_t g, const nirc_loihi2_population *p, size_t n)
{
  double *v = NIRC_NEW_ARRAY(w->net->arena, double, n);
  bool any = false;
  for (size_t i = 0; i < n; i++) {
    v[i] = (double)p->bias.value[i * p->bias.n / n];
    any = any || v[i] != 0;
  }
  if (any)
    nirc_loihi2_put_reals(&w->file, g, "bias", H5T_IEEE_F32LE, 1, &(uint64_t){n}, v);
}

static void put_matrix(writer *w, hid_t g, const char *name, const nirc_loihi2_synapse *s)
{
  const nirc_matrix *m = &s->matrix;
  size_t n = m->rows * m->columns;
  double *v = NIRC_NEW_ARRAY(w->net->arena, double, n), *delay = s->delays ? NIRC_NEW_ARRAY(w->net->arena, double, n) : NULL;
  uint64_t dims[] = {m->rows, m->columns};
  for (size_t i = 0; i < m->rows; i++)
    for (size_t e = m->first[i]; e < m->first[i + 1]; e++) {
      v[i * m->columns + m->column[e]] = m->value[e];
      if (delay)
        delay[i * m->columns + m->column[e]] = s->delays[e];
    }
  nirc_loihi2_put_reals(&w->file, g, name, H5T_IEEE_F32LE, 2, dims, v);
  if (delay)
    nirc_loihi2_put_reals(&w->file, g, "delay", H5T_IEEE_F32LE, 2, dims, delay);
}

static void write_dense(writer *w, const nirc_loihi2_population *p, const nirc_loihi2_synapse *s, const nirc_loihi2_synapse *self)
{
  hid_t g = begin_layer(w, self ? "dense_rec" : "dense");
  put_shape(w, g, 1, &(uint64_t){p->count});
  nirc_loihi2_put_int(&w->file, g, "inFeatures", H5T_STD_I64LE, (int64_t)s->matrix.columns);
  nirc_loihi2_put_int(&w->file, g, "outFeatures", H5T_STD_I64LE, (int64_t)s->matrix.rows);
  put_matrix(w, g, "weight", s);
  if (s->delay && !s->delays)
    nirc_loihi2_put_reals(&w->file, g, "delay", H5T_IEEE_F32LE, 0, NULL, &(double){(double)s->delay});
  if (self)
    put_matrix(w, g, "weight_rec", self);
  put_bias(w, g, p, p->count);
  put_neurons(w, g, p);
  H5Gclose(g);
}

static void write_conv(writer *w, const nirc_loihi2_population *p, const nirc_conv *c)
{
  hid_t g = begin_layer(w, "conv");
  uint64_t dims[] = {c->out[0], c->in[0] / c->groups, c->kernel[0], c->kernel[1]};
  put_shape(w, g, 3, c->out);
  nirc_loihi2_put_int(&w->file, g, "inChannels", H5T_STD_I64LE, (int64_t)c->in[0]);
  nirc_loihi2_put_int(&w->file, g, "outChannels", H5T_STD_I64LE, (int64_t)c->out[0]);
  put_pair(w, g, "kernelSize", c->kernel);
  put_pair(w, g, "stride", c->stride);
  put_pair(w, g, "padding", c->padding);
  put_pair(w, g, "dilation", c->dilation);
  nirc_loihi2_put_int(&w->file, g, "groups", H5T_STD_I64LE, (int64_t)c->groups);
  nirc_loihi2_put_reals(&w->file, g, "weight", H5T_IEEE_F32LE, 4, dims, c->value);
  put_bias(w, g, p, (size_t)c->out[0]);
  put_neurons(w, g, p);
  H5Gclose(g);
}

static void write_shape_layer(writer *w, const char *type, uint32_t rank, const uint64_t *dims)
{
  hid_t g = begin_layer(w, type);
  put_shape(w, g, rank, dims);
  H5Gclose(g);
}

bool nirc_loihi2_write_netx(const nirc_loihi2_net *x, const nirc_loihi2_chain *c, nirc_sink *out, nirc_diag *d)
{
  writer w = {.net = x};
  nirc_loihi2_file_open(&w.file, x->arena);
  w.layers = nirc_loihi2_group(&w.file, w.file.file, "layer");
  for (size_t k = 0; k < c->n; k++) {
    const nirc_loihi2_population *p = &x->populations[c->population[k]];
    bool conv = c->forward[k]->kind == NIRC_LOIHI2_CONV;
    if (conv && !k)
      write_shape_layer(&w, "input", 3, x->input_shape.dims);
    if (!conv && k && c->forward[k - 1]->kind == NIRC_LOIHI2_CONV)
      write_shape_layer(&w, "flatten", 3, (uint64_t[]){x->populations[c->population[k - 1]].count, 1, 1});
    if (conv)
      write_conv(&w, p, &c->forward[k]->conv);
    else
      write_dense(&w, p, c->forward[k], c->recurrent[k]);
  }
  H5Gclose(w.layers);
  return nirc_loihi2_file_commit(&w.file, "network.net", out, d);
}
