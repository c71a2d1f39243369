/* targets/loihi2/traffic.c: which blocks the spikes of a block reach, and how many arrive elsewhere than on their own core or chip. */
#include "targets/loihi2/place.h"

#include <math.h>

#include "passes/partition_nets.h"

typedef struct lister {
  const nirc_loihi2_placer *x;
  const nirc_loihi2_blocks *b;
  nirc_partition_nets nets;
} lister;

static uint32_t block_of(const lister *l, int p, size_t position)
{
  return p == NIRC_LOIHI2_INPUT ? NIRC_PARTITION_NONE : l->b->block_of[p][position];
}

/* Outputs that an element of the source reaches along one axis: for each element, at most `kernel` of them. */
typedef struct axis { size_t *first; uint32_t *out; } axis;

static axis list_axis(nirc_arena *a, const nirc_conv *c, int which)
{
  size_t in = (size_t)c->in[1 + which], n = 0;
  axis x = {NIRC_NEW_ARRAY(a, size_t, in + 1), NIRC_NEW_ARRAY(a, uint32_t, in * (size_t)c->kernel[which])};
  for (size_t i = 0; i < in; i++) {
    for (uint64_t k = 0; k < c->kernel[which]; k++) {
      uint64_t from = i + c->padding[which], back = k * c->dilation[which];
      if (from >= back && (from - back) % c->stride[which] == 0 && (from - back) / c->stride[which] < c->out[1 + which])
        x.out[n++] = (uint32_t)((from - back) / c->stride[which]);
    }
    x.first[i + 1] = n;
  }
  return x;
}

static void list_convolution(lister *l, const nirc_loihi2_synapse *s, double rate)
{
  const nirc_conv *c = &s->conv;
  nirc_arena *a = l->x->a;
  axis rows = list_axis(a, c, 0), columns = list_axis(a, c, 1);
  for (size_t y = 0; y < c->in[1]; y++)
    for (size_t x = 0; x < c->in[2]; x++) {
      for (size_t i = rows.first[y]; i < rows.first[y + 1]; i++)
        for (size_t k = columns.first[x]; k < columns.first[x + 1]; k++)
          nirc_partition_nets_reach(&l->nets, l->b->block_of[s->to][rows.out[i] * c->out[2] + columns.out[k]]);
      nirc_partition_nets_add(&l->nets, block_of(l, s->from, y * (size_t)c->in[2] + x), rate * (double)c->in[0]);
    }
}

/* Every source to every block. */
static void list_dense(lister *l, const nirc_loihi2_synapse *s, double rate)
{
  const nirc_shape *from = nirc_loihi2_shape(l->x->net, s->from), *to = &l->x->net->populations[s->to].shape;
  size_t n = nirc_loihi2_positions(from), targets = nirc_loihi2_positions(to);
  double each = rate * (double)nirc_loihi2_channels(from);
  for (size_t i = 0, k; i < n; i = k) {
    for (k = i + 1; k < n && block_of(l, s->from, k) == block_of(l, s->from, i); k++)
      ;
    for (size_t t = 0; t < targets; t++)
      if (!t || l->b->block_of[s->to][t] != l->b->block_of[s->to][t - 1])
        nirc_partition_nets_reach(&l->nets, l->b->block_of[s->to][t]);
    nirc_partition_nets_add(&l->nets, block_of(l, s->from, i), each * (double)(k - i));
  }
}

/* By sources: what is known is by positions of targets. */
static void list_sparse(lister *l, const nirc_loihi2_synapse *s, double rate)
{
  const nirc_loihi2_reach *r = &l->x->reach[s - l->x->net->synapses];
  const nirc_shape *from = nirc_loihi2_shape(l->x->net, s->from);
  size_t positions = nirc_loihi2_positions(&l->x->net->populations[s->to].shape), sources = nirc_loihi2_positions(from), channels = nirc_loihi2_channels(from);
  size_t *next = NIRC_NEW_ARRAY(l->x->a, size_t, s->matrix.columns + 2);
  uint32_t *block = NIRC_NEW_ARRAY(l->x->a, uint32_t, r->first[positions]);
  for (size_t e = 0; e < r->first[positions]; e++)
    next[r->source[e] + 2]++;
  for (size_t j = 0; j < s->matrix.columns; j++)
    next[j + 2] += next[j + 1];
  for (size_t i = 0; i < positions; i++)
    for (size_t e = r->first[i]; e < r->first[i + 1]; e++)
      block[next[r->source[e] + 1]++] = l->b->block_of[s->to][i];
  for (size_t i = 0; i < sources; i++)
    for (size_t c = 0; c < channels; c++) {
      size_t j = c * sources + i;
      for (size_t e = next[j]; e < next[j + 1]; e++)
        nirc_partition_nets_reach(&l->nets, block[e]);
      nirc_partition_nets_add(&l->nets, block_of(l, s->from, i), rate);
    }
}

static void list_synapse(lister *l, const nirc_loihi2_synapse *s)
{
  double rate = l->x->net->rate[s->from + 1];
  if (s->kind == NIRC_LOIHI2_CONV)
    list_convolution(l, s, rate);
  else if (s->kind == NIRC_LOIHI2_DENSE)
    list_dense(l, s, rate);
  else
    list_sparse(l, s, rate);
}

nirc_loihi2_nets nirc_loihi2_list_nets(const nirc_loihi2_placer *x, const nirc_loihi2_blocks *b)
{
  lister l = {.x = x, .b = b};
  size_t n_input = 0;
  nirc_partition_nets_init(&l.nets, x->a, b->n);
  for (int inner = 0; inner < 2; inner++) {
    for (size_t s = 0; s < x->net->n_synapses; s++)
      if ((x->net->synapses[s].from != NIRC_LOIHI2_INPUT) == inner)
        list_synapse(&l, &x->net->synapses[s]);
    n_input = inner ? n_input : l.nets.n;
  }
  return (nirc_loihi2_nets){nirc_partition_nets_problem(&l.nets, b->n), n_input};
}

void nirc_loihi2_find_rates(nirc_loihi2_net *x, const nirc_module *m)
{
  x->activity = nirc_activity_of(m, x->arena);
  x->rate = NIRC_NEW_ARRAY(x->arena, double, x->n_populations + 1);
  NIRC_FOR_EACH_OP(op, m->body.first->body)
    if (op->code == NIR_INPUT || op->code == SNN_INPUT)
      x->rate[0] = nirc_figures_rate(&x->activity, op->name);
  for (size_t p = 0; p < x->n_populations; p++)
    x->rate[p + 1] = x->populations[p].clock ? 1 : nirc_figures_rate(&x->activity, x->populations[p].name);
}

/* ---- what crosses --------------------------------------------------------------------------------------------------------------------- */

/* What arrives from other parts, of the input's nets or of the others; no digits that only show the order of additions. */
static double arriving(const nirc_loihi2_nets *nets, bool of_input, nirc_arena *a, const nirc_partition *x)
{
  const nirc_partition_problem *all = &nets->nets;
  nirc_partition_problem p = of_input ? nirc_partition_some_nets(all, 0, nets->n_input) : nirc_partition_some_nets(all, nets->n_input, all->n_nets - nets->n_input);
  return rint(nirc_partition_cut(&p, a, x) * 1e6) / 1e6;
}

/* The fullest core and chip, by words and cores, as multiples of the mean. */
static void balance(const nirc_loihi2_placement *p, size_t *cores_of_chip, nirc_figures *f)
{
  size_t sum = 0, most = 0, fullest = 0;
  for (size_t c = 0; c < p->n_cores; c++) {
    const nirc_loihi2_words *w = &p->cores[c].words;
    size_t words = w->neuron + w->axon_in + w->synapse + w->axon_out, n = ++cores_of_chip[p->cores[c].chip];
    sum += words;
    most = words > most ? words : most;
    fullest = n > fullest ? n : fullest;
  }
  f->core_balance = (double)most * (double)p->n_cores / (double)sum;
  f->chip_balance = (double)fullest * (double)p->n_chips / (double)p->n_cores;
}

void nirc_loihi2_measure(const nirc_loihi2_placer *x, nirc_loihi2_placement *p)
{
  nirc_arena *a = nirc_arena_new(nirc_arena_heap(x->a));
  nirc_loihi2_placer own = *x;
  nirc_loihi2_blocks b;
  own.a = a;
  nirc_loihi2_cores_as_blocks(&own, p, &b);
  nirc_loihi2_nets nets = nirc_loihi2_list_nets(&own, &b);
  nirc_partition cores = {p->n_cores, NIRC_NEW_ARRAY(a, uint32_t, p->n_cores)}, chips = {p->n_chips, NIRC_NEW_ARRAY(a, uint32_t, p->n_cores)};
  for (size_t c = 0; c < p->n_cores; c++) {
    cores.part[c] = (uint32_t)c;
    chips.part[c] = (uint32_t)p->cores[c].chip;
  }
  p->figures = (nirc_figures){.n_cores = p->n_cores, .n_chips = p->n_chips, .input_to_cores = arriving(&nets, true, a, &cores),
                              .input_to_chips = arriving(&nets, true, a, &chips), .between_cores = arriving(&nets, false, a, &cores),
                              .between_chips = arriving(&nets, false, a, &chips)};
  balance(p, NIRC_NEW_ARRAY(a, size_t, p->n_chips), &p->figures);
  nirc_arena_free(a);
}
