/* targets/loihi2/cut.c: blocks to cores and cores to chips so that few spikes cross (docs/partition.md). What several blocks of a population share of a core, its
 * kernels and the sources of its dense synapses, counts once; a sparse synapse's sources are counted for each block, which is safe. */
#include "targets/loihi2/place.h"

#include <string.h>

enum { NEURONS, KERNELS, AXONS, KERNEL_WORDS, AXON_OUT, GROUPS, N_RESOURCES };
enum { MOST_DIVISOR = 4 };                          /* blocks of a core, tried from one to so many */

/* ---- blocks to cores --------------------------------------------------------------------------------------------------------------- */

static bool core_fits(const uint64_t *t, const void *user)
{
  (void)user;
  nirc_loihi2_words w = {(size_t)t[NEURONS], (size_t)(t[KERNELS] + t[AXONS]),
                         (size_t)(t[KERNEL_WORDS] + t[AXONS] * (t[NEURONS] * NIRC_LOIHI2_WEIGHTS_PER_64_WORDS / 64 + 1)), (size_t)t[AXON_OUT]};
  return t[GROUPS] <= NIRC_LOIHI2_CORE_GROUPS && nirc_loihi2_words_fit(&w);
}

/* What all blocks of a population share. */
static void count_shared(nirc_loihi2_placer *x, int p, uint32_t *shared)
{
  for (size_t k = x->first[p]; k < x->first[p + 1]; k++) {
    const nirc_loihi2_synapse *s = x->by_target[k];
    const nirc_conv *c = &s->conv;
    if (s->kind == NIRC_LOIHI2_DENSE)
      shared[AXONS] += (uint32_t)s->matrix.columns;
    if (s->kind != NIRC_LOIHI2_CONV)
      continue;
    shared[KERNELS]++;
    shared[KERNEL_WORDS] += (uint32_t)nirc_loihi2_kernel_words(c);
  }
}

static void count_block(nirc_loihi2_placer *x, const nirc_loihi2_slice *slices, size_t n, const uint32_t *shared, uint32_t *amount)
{
  nirc_loihi2_words w = nirc_loihi2_count_words(x, slices, n);
  amount[NEURONS] = (uint32_t)w.neuron;
  amount[AXONS] = (uint32_t)w.axon_in - shared[KERNELS] - shared[AXONS];
  amount[AXON_OUT] = (uint32_t)w.axon_out;
  amount[GROUPS] = (uint32_t)n;
}

static void describe_blocks(nirc_loihi2_placer *x, const nirc_loihi2_blocks *b, nirc_partition_problem *p)
{
  uint32_t *amount = NIRC_NEW_ARRAY(x->a, uint32_t, b->n * N_RESOURCES), *shared = NIRC_NEW_ARRAY(x->a, uint32_t, x->net->n_populations * N_RESOURCES);
  uint32_t *family = NIRC_NEW_ARRAY(x->a, uint32_t, b->n);
  for (size_t k = 0; k < x->net->n_populations; k++)
    count_shared(x, (int)k, shared + k * N_RESOURCES);
  for (size_t u = 0; u < b->n; u++) {
    family[u] = (uint32_t)b->slices[b->first[u]].population;
    count_block(x, b->slices + b->first[u], b->first[u + 1] - b->first[u], shared + family[u] * N_RESOURCES, amount + u * N_RESOURCES);
  }
  p->n_resources = N_RESOURCES;
  p->n_families = x->net->n_populations;
  p->amount = amount;
  p->family = family;
  p->shared = shared;
  p->fits = core_fits;
}

/* ---- cores to chips ------------------------------------------------------------------------------------------------------------------- */

static bool chip_fits(const uint64_t *t, const void *user)
{
  return *t <= *(const size_t *)user;
}

/* No more chips than are needed. */
static void assign_chips(nirc_loihi2_placer *x, const nirc_partition_problem *nets, const nirc_partition *cores, nirc_partition *chips)
{
  nirc_arena *a = nirc_arena_new(nirc_arena_heap(x->a));
  nirc_partition_problem p = nirc_partition_contract(nets, a, cores);
  nirc_partition found;
  uint32_t *one = NIRC_NEW_ARRAY(a, uint32_t, p.n_units);
  for (size_t c = 0; c < p.n_units; c++)
    one[c] = 1;
  p.n_resources = 1;
  p.amount = one;
  p.fits = chip_fits;
  p.user = &x->net->options.cores_per_chip;
  p.most_parts = (p.n_units + x->net->options.cores_per_chip - 1) / x->net->options.cores_per_chip;
  bool ok = nirc_partition_min_cut(&p, a, &found);
  NIRC_ASSERT(ok);                                   /* in order, they fill so many */
  *chips = (nirc_partition){found.n_parts, NIRC_NEW_ARRAY(x->a, uint32_t, p.n_units)};
  memcpy(chips->part, found.part, p.n_units * sizeof *chips->part);
  nirc_arena_free(a);
}

/* ---- a placement of it --------------------------------------------------------------------------------------------------------------------- */

/* Cores by chip, in their order. */
static void number_cores(nirc_loihi2_placer *x, const nirc_partition *chips, size_t n, size_t *index_of, nirc_loihi2_placement *out)
{
  size_t *next = NIRC_NEW_ARRAY(x->a, size_t, chips->n_parts + 1), *base = NIRC_NEW_ARRAY(x->a, size_t, chips->n_parts + 1);
  for (size_t c = 0; c < n; c++)
    next[chips->part[c] + 1]++;
  for (size_t k = 0; k < chips->n_parts; k++)
    base[k + 1] = next[k + 1] += next[k];
  for (size_t c = 0; c < n; c++) {
    size_t chip = chips->part[c], at = next[chip]++;
    index_of[c] = at;
    out->cores[at] = (nirc_loihi2_core){.chip = chip, .number = at - base[chip]};
  }
}

/* The slices of each core; neighbours become one. */
static void fill(nirc_loihi2_placer *x, const nirc_loihi2_blocks *b, const nirc_partition *cores, const size_t *index_of, nirc_loihi2_placement *out)
{
  size_t n = cores->n_parts, *first = NIRC_NEW_ARRAY(x->a, size_t, n + 2), kept = 0, at = 0;
  nirc_loihi2_slice *all = NIRC_NEW_ARRAY(x->a, nirc_loihi2_slice, b->n_slices);
  for (size_t u = 0; u < b->n; u++)
    first[index_of[cores->part[u]] + 2] += b->first[u + 1] - b->first[u];
  for (size_t c = 0; c < n; c++)
    first[c + 2] += first[c + 1];
  for (size_t u = 0; u < b->n; u++)
    for (size_t i = b->first[u]; i < b->first[u + 1]; i++)
      all[first[index_of[cores->part[u]] + 1]++] = b->slices[i];
  out->slices = all;
  for (size_t c = 0; c < n; c++) {
    out->cores[c].first = kept;
    nirc_loihi2_sort_slices(all + at, first[c + 1] - at);
    for (; at < first[c + 1]; at++)
      if (kept > out->cores[c].first && all[kept - 1].population == all[at].population && all[kept - 1].end == all[at].start)
        all[kept - 1].end = all[at].end;
      else
        all[kept++] = all[at];
  }
  out->cores[n].first = out->n_slices = kept;
}

static void make_placement(nirc_loihi2_placer *x, const nirc_loihi2_blocks *b, const nirc_partition *cores, const nirc_partition *chips, nirc_loihi2_placement *out)
{
  size_t n = cores->n_parts, *index_of = NIRC_NEW_ARRAY(x->a, size_t, n);
  *out = (nirc_loihi2_placement){.cores = NIRC_NEW_ARRAY(x->a, nirc_loihi2_core, n + 1), .n_cores = n, .n_chips = chips->n_parts};
  number_cores(x, chips, n, index_of, out);
  fill(x, b, cores, index_of, out);
  for (size_t c = 0; c < n; c++)
    out->cores[c].words = nirc_loihi2_count_words(x, out->slices + out->cores[c].first, out->cores[c + 1].first - out->cores[c].first);
}

/* ---- the best of several ---------------------------------------------------------------------------------------------------------------------- */

/* What is to be small: a spike to another chip counts twice, since it goes to another core, too. */
static double crossing(const nirc_figures *t)
{
  return t->input_to_cores + t->input_to_chips + t->between_cores + t->between_chips;
}

/* Chips that are there: as many as the options allow, else as many as are needed in order. */
static size_t most_chips(const nirc_loihi2_placer *x, const nirc_loihi2_placement *in_order)
{
  return x->net->options.chips ? x->net->options.chips : in_order->n_chips;
}

static void copy(nirc_arena *a, const nirc_loihi2_placement *from, nirc_loihi2_placement *to)
{
  *to = *from;
  to->slices = NIRC_NEW_ARRAY(a, nirc_loihi2_slice, from->n_slices);
  to->cores = NIRC_NEW_ARRAY(a, nirc_loihi2_core, from->n_cores + 1);
  memcpy(to->slices, from->slices, from->n_slices * sizeof *to->slices);
  memcpy(to->cores, from->cores, (from->n_cores + 1) * sizeof *to->cores);
}

/* divisor 0: the cores as they are, only their chips are chosen. */
static void try_blocks(const nirc_loihi2_placer *placer, size_t divisor, const nirc_loihi2_placement *in_order, nirc_loihi2_placement *best)
{
  nirc_arena *a = nirc_arena_new(nirc_arena_heap(placer->a));
  nirc_loihi2_placer x = *placer;
  nirc_loihi2_blocks b;
  nirc_loihi2_placement found;
  x.a = a;
  if (divisor)
    nirc_loihi2_make_blocks(&x, divisor, &b);
  else
    nirc_loihi2_cores_as_blocks(&x, in_order, &b);
  nirc_loihi2_nets nets = nirc_loihi2_list_nets(&x, &b);
  nirc_partition cores = {b.n, NIRC_NEW_ARRAY(a, uint32_t, b.n)}, chips;
  for (size_t u = 0; u < b.n; u++)
    cores.part[u] = (uint32_t)u;
  if (divisor) {
    describe_blocks(&x, &b, &nets.nets);
    nirc_partition_min_cut(&nets.nets, a, &cores);
  }
  assign_chips(&x, &nets.nets, &cores, &chips);
  make_placement(&x, &b, &cores, &chips, &found);
  nirc_loihi2_measure(&x, &found);
  size_t most = most_chips(&x, in_order);
  if (found.n_chips <= most && (best->n_chips > most || crossing(&found.figures) < crossing(&best->figures)))
    copy(placer->a, &found, best);
  nirc_arena_free(a);
}

void nirc_loihi2_place_min_cut(nirc_loihi2_placer *x, const nirc_loihi2_placement *in_order, nirc_loihi2_placement *out)
{
  *out = *in_order;
  try_blocks(x, 0, in_order, out);
  for (size_t divisor = 1; divisor <= MOST_DIVISOR; divisor++)
    try_blocks(x, divisor, in_order, out);
}
