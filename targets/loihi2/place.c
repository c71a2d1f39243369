/* targets/loihi2/place.c: what a core holds, which is an estimate; populations to cores in order of latency and name, one on each: as few equal slices as fit. */
#include "targets/loihi2/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- words ------------------------------------------------------------------------------------------------------------------------ */

/* Connected sources of a sparse synapse that reach a slice and are not marked yet. */
static size_t mark_axons(nirc_loihi2_placer *x, const nirc_loihi2_synapse *s, const nirc_loihi2_slice *slice)
{
  const nirc_loihi2_reach *r = &x->reach[s - x->net->synapses];
  size_t n = 0, end = r->first[slice->end];
  for (size_t e = r->first[slice->start]; e < end; e++) {
    n += x->mark[r->source[e]] != x->stamp;
    x->mark[r->source[e]] = x->stamp;
  }
  return n;
}

/* All sources of a dense synapse, connected ones of a sparse one. */
static size_t count_axons(nirc_loihi2_placer *x, const nirc_loihi2_synapse *s, const nirc_loihi2_slice *slices, size_t n)
{
  size_t axons = 0;
  if (s->kind == NIRC_LOIHI2_DENSE)
    return s->matrix.columns;
  x->stamp++;
  for (size_t i = 0; i < n; i++)
    axons += mark_axons(x, s, &slices[i]);
  return axons;
}

size_t nirc_loihi2_kernel_words(const nirc_conv *c)
{
  uint64_t out = c->out[0] / c->groups, per = NIRC_LOIHI2_CONV_WEIGHTS_PER_WORD;
  return (size_t)(c->in[0] * c->kernel[0] * c->kernel[1] * ((out + per - 1) / per));
}

/* Slices of one population, on a core of so many neurons. */
static void add_words(nirc_loihi2_placer *x, const nirc_loihi2_slice *slices, size_t n, size_t neurons, nirc_loihi2_words *w)
{
  int p = slices->population;
  for (size_t i = 0; i < n; i++)
    w->axon_out += (slices[i].end - slices[i].start) * nirc_loihi2_channels(&x->net->populations[p].shape) * x->fan_out[p];
  for (size_t k = x->first[p]; k < x->first[p + 1]; k++) {
    const nirc_loihi2_synapse *s = x->by_target[k];
    size_t axons = s->kind == NIRC_LOIHI2_CONV ? 1 : count_axons(x, s, slices, n);
    w->axon_in += axons;
    w->synapse += s->kind == NIRC_LOIHI2_CONV ? nirc_loihi2_kernel_words(&s->conv) : axons * (neurons * NIRC_LOIHI2_WEIGHTS_PER_64_WORDS / 64 + 1);
  }
}

nirc_loihi2_words nirc_loihi2_count_words(nirc_loihi2_placer *x, const nirc_loihi2_slice *slices, size_t n)
{
  nirc_loihi2_words w = {0};
  for (size_t i = 0; i < n; i++)
    w.neuron += (slices[i].end - slices[i].start) * nirc_loihi2_channels(&x->net->populations[slices[i].population].shape);
  for (size_t i = 0, k; i < n; i = k) {
    for (k = i + 1; k < n && slices[k].population == slices[i].population; k++)
      ;
    add_words(x, slices + i, k - i, w.neuron, &w);
  }
  return w;
}

static int compare_slices(const void *a, const void *b)
{
  const nirc_loihi2_slice *x = a, *y = b;
  return x->population != y->population ? (x->population > y->population) - (x->population < y->population) : (x->start > y->start) - (x->start < y->start);
}

void nirc_loihi2_sort_slices(nirc_loihi2_slice *slices, size_t n)
{
  qsort(slices, n, sizeof *slices, compare_slices);
}

bool nirc_loihi2_words_fit(const nirc_loihi2_words *w)
{
  return w->neuron <= NIRC_LOIHI2_CORE_NEURONS && w->axon_in <= NIRC_LOIHI2_TABLE_WORDS && w->synapse <= NIRC_LOIHI2_TABLE_WORDS &&
         w->axon_out <= NIRC_LOIHI2_TABLE_WORDS && w->neuron + w->axon_in + w->synapse + w->axon_out <= NIRC_LOIHI2_CORE_WORDS;
}

/* ---- in order ------------------------------------------------------------------------------------------------------------------------- */

/* Slice k of `parts` near-equal ones, the first ones larger by one where it does not divide. */
static nirc_loihi2_slice slice_of(const nirc_loihi2_placer *x, int p, size_t parts, size_t k)
{
  size_t n = nirc_loihi2_positions(&x->net->populations[p].shape), size = n / parts, larger = n % parts;
  size_t start = k * size + (k < larger ? k : larger);
  return (nirc_loihi2_slice){p, start, start + size + (k < larger)};
}

static bool slice_fits(nirc_loihi2_placer *x, int p, size_t parts, size_t k)
{
  nirc_loihi2_slice s = slice_of(x, p, parts, k);
  nirc_loihi2_words w = nirc_loihi2_count_words(x, &s, 1);
  return nirc_loihi2_words_fit(&w);
}

/* Do all fit? *worst, where the last cut failed, is tried first: where sources are dense, a finer cut fails, too. */
static bool all_fit(nirc_loihi2_placer *x, int p, size_t parts, double *worst)
{
  if (!slice_fits(x, p, parts, (size_t)(*worst * (double)parts)))
    return false;
  for (size_t k = 0; k < parts; k++)
    if (!slice_fits(x, p, parts, k)) {
      *worst = (double)k / (double)parts;
      return false;
    }
  return true;
}

/* The smallest number of slices that fit; 0: none does. What does not depend on where the cut is rules out small numbers at once. */
static size_t count_slices(nirc_loihi2_placer *x, int p)
{
  const nirc_shape *shape = &x->net->populations[p].shape;
  size_t n = nirc_loihi2_positions(shape), channels = nirc_loihi2_channels(shape), leave = x->fan_out[p];
  size_t most = NIRC_LOIHI2_CORE_NEURONS < NIRC_LOIHI2_TABLE_WORDS / leave ? NIRC_LOIHI2_CORE_NEURONS : NIRC_LOIHI2_TABLE_WORDS / leave;
  double worst = 0;
  if (channels > most)
    return 0;
  for (size_t parts = (n * channels + most - 1) / most; parts <= n; parts++)
    if (all_fit(x, p, parts, &worst))
      return parts;
  return 0;
}

void nirc_loihi2_place_in_order(nirc_loihi2_placer *x, nirc_loihi2_placement *out)
{
  size_t per_chip = x->net->options.cores_per_chip, n = 0, at = 0;
  for (size_t p = 0; p < x->net->n_populations; p++)
    n += x->n_slices[p];
  *out = (nirc_loihi2_placement){.slices = NIRC_NEW_ARRAY(x->a, nirc_loihi2_slice, n), .cores = NIRC_NEW_ARRAY(x->a, nirc_loihi2_core, n + 1), .n_slices = n,
                                 .n_cores = n, .n_chips = (n + per_chip - 1) / per_chip};
  for (size_t i = 0; i < x->net->n_populations; i++)
    for (size_t k = 0; k < x->n_slices[x->order[i]]; k++, at++) {
      out->slices[at] = slice_of(x, x->order[i], x->n_slices[x->order[i]], k);
      out->cores[at] = (nirc_loihi2_core){at / per_chip, at % per_chip, at, nirc_loihi2_count_words(x, &out->slices[at], 1)};
    }
  out->cores[n].first = n;
}

/* ---- what reaches positions ------------------------------------------------------------------------------------------------------------ */

/* Appends those of one position; `to` NULL: counts them. */
static size_t list_reach(nirc_loihi2_placer *x, const nirc_loihi2_synapse *s, size_t position, uint32_t *to, size_t n)
{
  const nirc_shape *shape = &x->net->populations[s->to].shape;
  size_t each = nirc_loihi2_positions(shape), rows = each * nirc_loihi2_channels(shape);
  x->stamp++;
  for (size_t i = position; i < rows; i += each)
    for (size_t e = s->matrix.first[i]; e < s->matrix.first[i + 1]; e++) {
      uint32_t source = s->matrix.column[e];
      if (s->matrix.value[e] == 0 || x->mark[source] == x->stamp)
        continue;
      x->mark[source] = x->stamp;
      if (to)
        to[n] = source;
      n++;
    }
  return n;
}

/* A list whose rows are the positions is that already. */
static nirc_loihi2_reach find_reach(nirc_loihi2_placer *x, const nirc_loihi2_synapse *s)
{
  const nirc_matrix *m = &s->matrix;
  size_t positions = nirc_loihi2_positions(&x->net->populations[s->to].shape), zeros = 0;
  for (size_t e = 0; positions == m->rows && e < m->first[m->rows]; e++)
    zeros += m->value[e] == 0;
  if (positions == m->rows && !zeros)
    return (nirc_loihi2_reach){m->first, m->column};
  size_t *first = NIRC_NEW_ARRAY(x->a, size_t, positions + 1);
  for (size_t i = 0; i < positions; i++)
    first[i + 1] = list_reach(x, s, i, NULL, first[i]);
  uint32_t *source = NIRC_NEW_ARRAY(x->a, uint32_t, first[positions]);
  for (size_t i = 0; i < positions; i++)
    list_reach(x, s, i, source, first[i]);
  return (nirc_loihi2_reach){first, source};
}

/* ---- beginning -------------------------------------------------------------------------------------------------------------------------- */

static void list_synapses(nirc_loihi2_placer *x)
{
  const nirc_loihi2_net *net = x->net;
  size_t sources = 0;
  x->first = NIRC_NEW_ARRAY(x->a, size_t, net->n_populations + 2);
  x->fan_out = NIRC_NEW_ARRAY(x->a, size_t, net->n_populations);
  x->by_target = NIRC_NEW_ARRAY(x->a, const nirc_loihi2_synapse *, net->n_synapses);
  for (size_t s = 0; s < net->n_synapses; s++) {
    const nirc_loihi2_synapse *y = &net->synapses[s];
    x->first[y->to + 2]++;
    if (y->from != NIRC_LOIHI2_INPUT)
      x->fan_out[y->from]++;
    sources = y->kind != NIRC_LOIHI2_CONV && y->matrix.columns > sources ? y->matrix.columns : sources;
  }
  for (size_t p = 0; p < net->n_populations; p++) {
    x->first[p + 2] += x->first[p + 1];
    x->fan_out[p] += !x->fan_out[p];
  }
  for (size_t s = 0; s < net->n_synapses; s++)
    x->by_target[x->first[net->synapses[s].to + 1]++] = &net->synapses[s];
  x->mark = NIRC_NEW_ARRAY(x->a, size_t, sources);
  x->reach = NIRC_NEW_ARRAY(x->a, nirc_loihi2_reach, net->n_synapses);
  for (size_t s = 0; s < net->n_synapses; s++)
    if (net->synapses[s].kind == NIRC_LOIHI2_SPARSE)
      x->reach[s] = find_reach(x, &net->synapses[s]);
}

typedef struct rank { const nirc_loihi2_population *population; int index; } rank;

static int compare_ranks(const void *a, const void *b)
{
  const nirc_loihi2_population *x = ((const rank *)a)->population, *y = ((const rank *)b)->population;
  return x->latency != y->latency ? (x->latency > y->latency) - (x->latency < y->latency) : strcmp(x->name, y->name);
}

static void sort_populations(nirc_loihi2_placer *x)
{
  size_t n = x->net->n_populations;
  rank *ranks = NIRC_NEW_ARRAY(x->a, rank, n);
  x->order = NIRC_NEW_ARRAY(x->a, int, n);
  for (size_t p = 0; p < n; p++)
    ranks[p] = (rank){&x->net->populations[p], (int)p};
  qsort(ranks, n, sizeof *ranks, compare_ranks);
  for (size_t i = 0; i < n; i++)
    x->order[i] = ranks[i].index;
}

bool nirc_loihi2_placer_init(nirc_loihi2_placer *x, const nirc_loihi2_net *net, nirc_arena *a, nirc_loc loc, nirc_diag *d)
{
  bool ok = true;
  *x = (nirc_loihi2_placer){.net = net, .a = a, .n_slices = NIRC_NEW_ARRAY(a, size_t, net->n_populations)};
  list_synapses(x);
  sort_populations(x);
  for (size_t p = 0; p < net->n_populations; p++) {
    x->n_slices[p] = count_slices(x, (int)p);
    if (!x->n_slices[p])
      nirc_error_code(d, "loihi2-chips", loc, "'%s': not even one of its neurons fits a core; fewer synapses or sources are wanted", net->populations[p].name);
    ok = ok && x->n_slices[p];
  }
  return ok;
}

/* ---- one that was read back ----------------------------------------------------------------------------------------------------------------- */

/* Every position once, and no core or chip beyond what it holds. */
static bool is_placement(nirc_loihi2_placer *x, nirc_loihi2_placement *p)
{
  const nirc_loihi2_net *net = x->net;
  size_t n = 0, wanted = 0, *end = NIRC_NEW_ARRAY(x->a, size_t, net->n_populations);
  nirc_loihi2_slice *all = NIRC_NEW_ARRAY(x->a, nirc_loihi2_slice, p->n_slices);
  memcpy(all, p->slices, p->n_slices * sizeof *all);
  nirc_loihi2_sort_slices(all, p->n_slices);
  for (size_t i = 0; i < p->n_slices; i++) {
    if (all[i].start != end[all[i].population] || all[i].end <= all[i].start || all[i].end > nirc_loihi2_positions(&net->populations[all[i].population].shape))
      return false;
    n += all[i].end - all[i].start;
    end[all[i].population] = all[i].end;
  }
  for (size_t k = 0; k < net->n_populations; k++)
    wanted += nirc_loihi2_positions(&net->populations[k].shape);
  for (size_t c = 0; c < p->n_cores; c++) {
    nirc_loihi2_core *core = &p->cores[c];
    size_t slices = p->cores[c + 1].first - core->first;
    bool next_core = c && core->chip == core[-1].chip && core->number == core[-1].number + 1;
    bool follows = next_core || (!core->number && core->chip == (c ? core[-1].chip + 1 : 0));
    if (!follows || !slices || slices > NIRC_LOIHI2_CORE_GROUPS || core->number >= net->options.cores_per_chip)
      return false;
    core->words = nirc_loihi2_count_words(x, p->slices + core->first, slices);
    if (!nirc_loihi2_words_fit(&core->words))
      return false;
  }
  return n == wanted;
}

bool nirc_loihi2_complete_placement(const nirc_loihi2_net *net, nirc_loihi2_placement *p)
{
  nirc_loihi2_placer x = {.net = net, .a = net->arena};
  list_synapses(&x);
  if (!is_placement(&x, p))
    return false;
  p->n_chips = p->cores[p->n_cores - 1].chip + 1;
  nirc_loihi2_measure(&x, p);
  return true;
}

/* ---- all of it ---------------------------------------------------------------------------------------------------------------------------- */

/* Seconds of this process. */
static double processor_time(void)
{
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

bool nirc_loihi2_place(nirc_loihi2_net *net, nirc_loc loc, nirc_diag *d)
{
  nirc_loihi2_placer x;
  nirc_loihi2_placement *in_order = NIRC_NEW(net->arena, nirc_loihi2_placement), *out = in_order;
  const nirc_loihi2_options *o = &net->options;
  double begun = processor_time(), ordered;
  if (!nirc_loihi2_placer_init(&x, net, net->arena, loc, d))
    return false;
  nirc_loihi2_place_in_order(&x, in_order);
  nirc_loihi2_measure(&x, in_order);
  ordered = processor_time();
  if (o->min_cut) {
    out = NIRC_NEW(net->arena, nirc_loihi2_placement);
    nirc_loihi2_place_min_cut(&x, in_order, out);
  }
  if (d->verbose)
    fprintf(stderr, "nirc: %.3f s of processor time: first-fit; %.3f s: min-cut\n", ordered - begun, processor_time() - ordered);
  net->placement = out;
  net->in_order = in_order;
  if (!o->chips || out->n_chips <= o->chips)
    return true;
  nirc_error_code(d, "loihi2-chips", loc, "%zu cores are needed, which is %zu chips of %zu cores; --loihi2-chips=%zu are allowed (an estimate)", out->n_cores,
                  out->n_chips, o->cores_per_chip, o->chips);
  return false;
}
