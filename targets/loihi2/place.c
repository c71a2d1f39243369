/* targets/loihi2/place.c: populations to cores, one population on each: as few equal slices as fit, in order of latency and name. What a core holds is an
 * estimate. */
#include <stdlib.h>
#include <string.h>

#include "targets/loihi2/loihi2.h"

typedef struct placer {
  const nirc_loihi2_net *net;
  const nirc_loihi2_synapse **by_target;
  size_t *first, *fan_out;                           /* by population: of by_target; synapses that leave it */
  size_t *mark, stamp;                               /* sources seen in the slice at hand */
} placer;

static size_t positions(const nirc_shape *s)
{
  return s->rank == 3 ? (size_t)(s->dims[1] * s->dims[2]) : (size_t)s->dims[0];
}

/* Sources that reach a slice: all of them of a dense synapse, connected ones of a sparse one. */
static size_t count_axons(placer *x, const nirc_loihi2_synapse *s, size_t start, size_t end)
{
  const nirc_shape *shape = &x->net->populations[s->to].shape;
  size_t each = positions(shape), channels = shape->rank == 3 ? (size_t)shape->dims[0] : 1, n = 0;
  if (s->kind == NIRC_LOIHI2_DENSE)
    return s->matrix.columns;
  x->stamp++;
  for (size_t c = 0; c < channels; c++)
    for (size_t i = c * each + start; i < c * each + end; i++)
      for (size_t e = s->matrix.first[i]; e < s->matrix.first[i + 1]; e++)
        if (s->matrix.value[e] != 0 && x->mark[s->matrix.column[e]] != x->stamp) {
          x->mark[s->matrix.column[e]] = x->stamp;
          n++;
        }
  return n;
}

static nirc_loihi2_words count_words(placer *x, int p, size_t start, size_t end)
{
  const nirc_shape *shape = &x->net->populations[p].shape;
  size_t n = (end - start) * (shape->rank == 3 ? (size_t)shape->dims[0] : 1), leave = x->fan_out[p] > 1 ? x->fan_out[p] : 1;
  nirc_loihi2_words w = {.neuron = n, .axon_out = n * leave};
  for (size_t k = x->first[p]; k < x->first[p + 1]; k++) {
    const nirc_loihi2_synapse *s = x->by_target[k];
    if (s->kind == NIRC_LOIHI2_CONV) {
      uint64_t out = s->conv.out[0] / s->conv.groups, per = NIRC_LOIHI2_CONV_WEIGHTS_PER_WORD;
      w.axon_in++;
      w.synapse += (size_t)(s->conv.in[0] * s->conv.kernel[0] * s->conv.kernel[1] * ((out + per - 1) / per));
    } else {
      size_t axons = count_axons(x, s, start, end);
      w.axon_in += axons;
      w.synapse += axons * (n * NIRC_LOIHI2_WEIGHTS_PER_64_WORDS / 64 + 1);
    }
  }
  return w;
}

static bool fits(const nirc_loihi2_words *w)
{
  return w->neuron <= NIRC_LOIHI2_CORE_NEURONS && w->axon_in <= NIRC_LOIHI2_TABLE_WORDS && w->synapse <= NIRC_LOIHI2_TABLE_WORDS &&
         w->axon_out <= NIRC_LOIHI2_TABLE_WORDS && w->neuron + w->axon_in + w->synapse + w->axon_out <= NIRC_LOIHI2_CORE_WORDS;
}

/* `parts` contiguous slices, the first ones larger by one where it does not divide; false at the first that does not fit. */
static bool cut(placer *x, int p, size_t parts, nirc_loihi2_slice *out)
{
  size_t n = positions(&x->net->populations[p].shape), at = 0;
  for (size_t k = 0; k < parts; k++) {
    size_t size = n / parts + (k < n % parts);
    nirc_loihi2_words w = count_words(x, p, at, at + size);
    if (!fits(&w))
      return false;
    if (out)
      out[k] = (nirc_loihi2_slice){p, at, at + size, w};
    at += size;
  }
  return true;
}

/* The smallest number of slices that fit; 0: none does. What does not depend on where the cut is rules out small numbers at once. */
static size_t count_parts(placer *x, int p)
{
  size_t n = positions(&x->net->populations[p].shape), channels = x->net->populations[p].count / n, leave = x->fan_out[p] > 1 ? x->fan_out[p] : 1;
  size_t most = NIRC_LOIHI2_CORE_NEURONS < NIRC_LOIHI2_TABLE_WORDS / leave ? NIRC_LOIHI2_CORE_NEURONS : NIRC_LOIHI2_TABLE_WORDS / leave;
  if (channels > most)
    return 0;
  for (size_t parts = (n * channels + most - 1) / most; parts <= n; parts++)
    if (cut(x, p, parts, NULL))
      return parts;
  return 0;
}

typedef struct rank { const nirc_loihi2_population *population; int index; size_t parts; } rank;

static int compare_ranks(const void *a, const void *b)
{
  const nirc_loihi2_population *x = ((const rank *)a)->population, *y = ((const rank *)b)->population;
  return x->latency != y->latency ? (x->latency > y->latency) - (x->latency < y->latency) : strcmp(x->name, y->name);
}

static void list_synapses(placer *x)
{
  const nirc_loihi2_net *net = x->net;
  size_t sources = 0;
  x->first = NIRC_NEW_ARRAY(net->arena, size_t, net->n_populations + 2);
  x->fan_out = NIRC_NEW_ARRAY(net->arena, size_t, net->n_populations);
  x->by_target = NIRC_NEW_ARRAY(net->arena, const nirc_loihi2_synapse *, net->n_synapses);
  for (size_t s = 0; s < net->n_synapses; s++) {
    const nirc_loihi2_synapse *y = &net->synapses[s];
    x->first[y->to + 2]++;
    if (y->from != NIRC_LOIHI2_INPUT)
      x->fan_out[y->from]++;
    sources = y->kind != NIRC_LOIHI2_CONV && y->matrix.columns > sources ? y->matrix.columns : sources;
  }
  for (size_t p = 0; p < net->n_populations; p++)
    x->first[p + 2] += x->first[p + 1];
  for (size_t s = 0; s < net->n_synapses; s++)
    x->by_target[x->first[net->synapses[s].to + 1]++] = &net->synapses[s];
  x->mark = NIRC_NEW_ARRAY(net->arena, size_t, sources);
}

bool nirc_loihi2_place(const nirc_loihi2_net *net, nirc_loihi2_slice **slices, size_t *n, nirc_loc loc, nirc_diag *d)
{
  placer x = {.net = net};
  rank *order = NIRC_NEW_ARRAY(net->arena, rank, net->n_populations);
  size_t at = 0;
  bool ok = true;
  list_synapses(&x);
  *n = 0;
  for (size_t p = 0; p < net->n_populations; p++) {
    order[p] = (rank){&net->populations[p], (int)p, count_parts(&x, (int)p)};
    *n += order[p].parts;
    if (!order[p].parts)
      nirc_error_code(d, "loihi2-chips", loc, "'%s': not even one of its neurons fits a core; fewer synapses or sources are wanted", net->populations[p].name);
    ok = ok && order[p].parts;
  }
  size_t cores = net->options.cores_per_chip, chips = (*n + cores - 1) / cores;
  if (ok && net->options.chips && chips > net->options.chips) {
    nirc_error_code(d, "loihi2-chips", loc, "%zu cores are needed, which is %zu chips of %zu cores; --loihi2-chips=%zu are allowed (an estimate)", *n, chips,
                    cores, net->options.chips);
    ok = false;
  }
  if (!ok)
    return false;
  qsort(order, net->n_populations, sizeof *order, compare_ranks);
  *slices = NIRC_NEW_ARRAY(net->arena, nirc_loihi2_slice, *n);
  for (size_t k = 0; k < net->n_populations; at += order[k++].parts)
    cut(&x, order[k].index, order[k].parts, *slices + at);
  return true;
}
