/* targets/spinnaker2/cut.c: slices to chips: in order, or so that few spikes go from chip to chip. What a core holds is settled before (place.c): the host library
 * cuts populations itself, into equal slices, and only which of them share a chip is free. A slice's spikes go to all slices of the populations that its own projects
 * to: that is what its route says. */
#include <math.h>

#include "passes/partition_nets.h"
#include "targets/spinnaker2/spinnaker2.h"

typedef struct cutter {
  nirc_s2_network *net;
  nirc_arena *a;                                     /* of this cut alone */
  const nirc_s2_slice *slices;
  size_t n, n_input, *first;                         /* slices; nets of sources, which come first; the first slice of each population */
  nirc_partition_problem p;
} cutter;

static void list_nets(cutter *x)
{
  const nirc_s2_network *net = x->net;
  nirc_partition_nets nets;
  bool *reached = NIRC_NEW_ARRAY(x->a, bool, net->n_populations);
  nirc_partition_nets_init(&nets, x->a, x->n);
  for (size_t i = 0; i < x->n; i++) {
    size_t p = x->slices[i].population;
    for (size_t k = 0; k < net->n_populations; k++)
      reached[k] = false;
    for (size_t k = 0; k < net->n_projections; k++)
      if (net->projections[k].pre == p)
        reached[net->projections[k].post] = true;
    for (size_t k = 0; k < x->n; k++)
      if (reached[x->slices[k].population])
        nirc_partition_nets_reach(&nets, (uint32_t)k);
    nirc_partition_nets_add(&nets, (uint32_t)i, nirc_figures_rate(&net->activity, net->populations[p].name) * (double)(x->slices[i].stop - x->slices[i].start));
    x->n_input = net->populations[p].kind == NIRC_S2_SOURCE ? nets.n : x->n_input;
  }
  x->p = nirc_partition_nets_problem(&nets, x->n);
}

static bool chip_fits(const uint64_t *total, const void *user)
{
  (void)user;
  return *total <= NIRC_S2_PES;
}

static double arriving(const cutter *x, bool of_input, const nirc_partition *parts)
{
  nirc_partition_problem some = of_input ? nirc_partition_some_nets(&x->p, 0, x->n_input) : nirc_partition_some_nets(&x->p, x->n_input, x->p.n_nets - x->n_input);
  return rint(nirc_partition_cut(&some, x->a, parts) * 1e6) / 1e6;
}

static nirc_figures measure(const cutter *x, const nirc_partition *chips)
{
  nirc_partition each = {x->n, NIRC_NEW_ARRAY(x->a, uint32_t, x->n)};
  size_t *on_chip = NIRC_NEW_ARRAY(x->a, size_t, chips->n_parts), most = 0, sum = 0, fullest = 0;
  for (size_t i = 0; i < x->n; i++) {
    size_t bytes = x->slices[i].bytes.total, n = ++on_chip[chips->part[i]];
    each.part[i] = (uint32_t)i;
    sum += bytes;
    most = bytes > most ? bytes : most;
    fullest = n > fullest ? n : fullest;
  }
  return (nirc_figures){.n_cores = x->n, .n_chips = chips->n_parts, .input_to_cores = arriving(x, true, &each), .input_to_chips = arriving(x, true, chips),
                        .between_cores = arriving(x, false, &each), .between_chips = arriving(x, false, chips),
                        .core_balance = sum ? (double)most * (double)x->n / (double)sum : 1, .chip_balance = (double)fullest * (double)chips->n_parts / (double)x->n};
}

/* As many chips as in order. */
static void cut(cutter *x, const nirc_partition *in_order, nirc_partition *out)
{
  uint32_t *one = NIRC_NEW_ARRAY(x->a, uint32_t, x->n);
  for (size_t i = 0; i < x->n; i++)
    one[i] = 1;
  x->p.n_resources = 1;
  x->p.amount = one;
  x->p.fits = chip_fits;
  x->p.most_parts = in_order->n_parts;
  if (!nirc_partition_min_cut(&x->p, x->a, out))
    *out = *in_order;
}

bool nirc_s2_assign_chips(nirc_s2_network *net, const nirc_module *m, const uint32_t *given)
{
  cutter x = {.net = net, .a = nirc_arena_new(nirc_arena_heap(net->arena))};
  x.slices = nirc_s2_slices(net, &x.n);
  net->activity = nirc_activity_of(m, net->arena);
  list_nets(&x);
  nirc_partition in_order = {(x.n - 1) / NIRC_S2_PES + 1, NIRC_NEW_ARRAY(x.a, uint32_t, x.n)}, chips = in_order;
  net->chip_of = NIRC_NEW_ARRAY(net->arena, uint32_t, x.n);
  for (size_t i = 0; i < x.n; i++)
    in_order.part[i] = (uint32_t)(i / NIRC_S2_PES);
  if (given)
    chips.part = NIRC_NEW_ARRAY(x.a, uint32_t, x.n);
  else if (net->options.min_cut)
    cut(&x, &in_order, &chips);
  size_t *used = NIRC_NEW_ARRAY(x.a, size_t, in_order.n_parts);
  bool ok = true;
  for (size_t i = 0; ok && i < x.n; i++) {
    net->chip_of[i] = chips.part[i] = given ? given[i] : chips.part[i];
    ok = chips.part[i] < in_order.n_parts && ++used[chips.part[i]] <= NIRC_S2_PES;
  }
  if (ok) {
    net->figures = measure(&x, &chips);
    net->in_order = measure(&x, &in_order);
  }
  nirc_arena_free(x.a);
  return ok;
}
