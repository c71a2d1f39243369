/* targets/speck/advice.c: notes behind speck-no-placement: which layers are too many for which cores, and what would make the network fit. Each proposal
 * changes one layer and was tried: with the memory that it would take there is an assignment. */
#include <inttypes.h>
#include <string.h>

#include "targets/speck/speck.h"

enum { CORES = NIRC_SPECK_CORES };

/* ---- trying ------------------------------------------------------------------------------------------------------------------- */

static bool has_placement(nirc_speck_net *net)
{
  bool fits[CORES][CORES] = {{false}};
  int core[CORES];
  for (size_t i = 0; i < net->n; i++) {
    nirc_speck_count_words(net, &net->layers[i]);
    for (int c = 0; c < CORES; c++)
      fits[i][c] = nirc_speck_fits(&net->layers[i], c);
  }
  return nirc_speck_match(fits, net->n, core);
}

static size_t count_sources(const nirc_speck_net *net, size_t layer)
{
  size_t n = net->layers[layer].n_inputs;
  for (size_t s = 0; s < net->n; s++)
    for (size_t t = 0; t < net->layers[s].n_to; t++)
      n += net->layers[s].to[t].layer == layer;
  return n;
}

/* With layer `i` as in *changed, and the layers behind it taking in what it then sends. */
static bool would_fit(const nirc_speck_net *net, size_t i, const nirc_speck_layer *changed)
{
  nirc_speck_net trial = *net;
  trial.layers[i] = *changed;
  for (size_t t = 0; t < changed->n_to; t++)
    if (count_sources(net, changed->to[t].layer) == 1)
      trial.layers[changed->to[t].layer].in.features = changed->out.features;
  return has_placement(&trial);
}

/* ---- proposals ------------------------------------------------------------------------------------------------------------------ */

static void propose_features(const nirc_speck_net *net, size_t i, nirc_diag *d)
{
  nirc_speck_layer l = net->layers[i];
  uint64_t have = l.out.features;
  while (--l.out.features)
    if (would_fit(net, i, &l)) {
      nirc_note(d, l.weight_op->loc, "'%s': %" PRIu64 " features instead of %" PRIu64 " would do", l.weight, l.out.features, have);
      return;
    }
}

static void propose_kernel(const nirc_speck_net *net, size_t i, nirc_diag *d)
{
  nirc_speck_layer l = net->layers[i];
  int64_t have = l.kernel;
  while (l.weight_op->code == NIR_CONV2D && --l.kernel)
    if (would_fit(net, i, &l)) {
      nirc_note(d, l.weight_op->loc, "'%s': a kernel of %" PRId64 "x%" PRId64 " instead of %" PRId64 "x%" PRId64 " would do", l.weight, l.kernel, l.kernel, have, have);
      return;
    }
}

uint64_t nirc_speck_window_count(const nirc_speck_layer *l, int axis, int64_t stride)
{
  int64_t size = (int64_t)(axis ? l->in.columns : l->in.rows) + 2 * l->padding[axis] - l->kernel;
  return size < 0 ? 0 : (uint64_t)(size / stride + 1);
}

static void propose_stride(const nirc_speck_net *net, size_t i, nirc_diag *d)
{
  nirc_speck_layer l = net->layers[i];
  int64_t have[] = {l.stride[0], l.stride[1]};
  for (int64_t s = 2; l.weight_op->code == NIR_CONV2D && s <= NIRC_SPECK_MAX_STRIDE; s *= 2) {
    l.stride[0] = s > have[0] ? s : have[0];
    l.stride[1] = s > have[1] ? s : have[1];
    l.out.rows = nirc_speck_window_count(&l, 0, l.stride[0]);
    l.out.columns = nirc_speck_window_count(&l, 1, l.stride[1]);
    if ((l.stride[0] == have[0] && l.stride[1] == have[1]) || !would_fit(net, i, &l))
      continue;
    nirc_note(d, l.weight_op->loc, "'%s': a stride of %" PRId64 "x%" PRId64 " instead of %" PRId64 "x%" PRId64 " would do: a map of %" PRIu64 "x%" PRIu64, l.weight, l.stride[0],
              l.stride[1], have[0], have[1], l.out.rows, l.out.columns);
    return;
  }
}

/* Destinations that are left to every layer before this one. */
static size_t free_destinations(const nirc_speck_net *net, size_t layer)
{
  size_t least = CORES;
  for (size_t s = 0; s < net->n; s++)
    for (size_t t = 0; t < net->layers[s].n_to; t++)
      if (net->layers[s].to[t].layer == layer && NIRC_SPECK_DESTINATIONS - net->layers[s].n_to < least)
        least = NIRC_SPECK_DESTINATIONS - net->layers[s].n_to;
  return least;
}

/* Only a layer that feeds no other can be split: what two cores send to one would need two weight nodes there. */
static void propose_split(const nirc_speck_net *net, size_t i, nirc_diag *d)
{
  const nirc_speck_layer *l = &net->layers[i];
  for (size_t parts = 2; !l->n_to && !net->options.readout && net->n + parts - 1 <= CORES && parts <= l->out.features && parts - 1 <= free_destinations(net, i); parts++) {
    nirc_speck_net trial = *net;
    nirc_speck_layer part = *l;
    part.out.features = (l->out.features + parts - 1) / parts;
    trial.layers[i] = part;
    for (size_t k = 1; k < parts; k++)
      trial.layers[trial.n++] = part;
    if (!has_placement(&trial))
      continue;
    nirc_note(d, l->weight_op->loc, "'%s': split into %zu layers of at most %" PRIu64 " features, each with an Output of its own, would do", l->weight, parts, part.out.features);
    return;
  }
}

/* ---- who is in the way ------------------------------------------------------------------------------------------------------------- */

/* By how much a layer is too large for every core. */
static void note_excess(const nirc_speck_layer *l, nirc_diag *d)
{
  nirc_speck_words most = {0};
  for (int c = 0; c < CORES; c++) {
    most.kernel = nirc_speck_memory[c].kernel > most.kernel ? nirc_speck_memory[c].kernel : most.kernel;
    most.neuron = nirc_speck_memory[c].neuron > most.neuron ? nirc_speck_memory[c].neuron : most.neuron;
  }
  nirc_loc loc = l->weight_op->loc;
  bool kernel = l->words.kernel > most.kernel, neuron = l->words.neuron > most.neuron;
  if (kernel)
    nirc_note(d, loc, "'%s': %" PRIu64 " kernel words more than any core has (%" PRIu64 ")", l->weight, l->words.kernel - most.kernel, most.kernel);
  if (neuron)
    nirc_note(d, loc, "'%s': %" PRIu64 " neuron words more than any core has (%" PRIu64 ")", l->weight, l->words.neuron - most.neuron, most.neuron);
  for (int c = 0; !kernel && !neuron && c < CORES; c++) {
    const nirc_speck_words *m = &nirc_speck_memory[c];
    if (c && !memcmp(m, m - 1, sizeof *m))
      continue;
    bool too_many = l->words.kernel > m->kernel;
    uint64_t by = too_many ? l->words.kernel - m->kernel : l->words.neuron > m->neuron ? l->words.neuron - m->neuron : l->words.bias - m->bias;
    nirc_note(d, loc, "'%s': core %d has %" PRIu64 " %s words too few", l->weight, c, by, too_many ? "kernel" : l->words.neuron > m->neuron ? "neuron" : "bias");
  }
}

/* The layers that want the cores that `left` wants, and those that they could move to, and so on: one more than these cores. */
static void find_rivals(const nirc_speck_net *net, bool (*fits)[CORES], size_t left, bool rival[], bool wanted[])
{
  rival[left] = true;
  for (bool more = true; more;) {
    more = false;
    for (size_t i = 0; i < net->n; i++)
      for (int c = 0; rival[i] && c < CORES; c++)
        if (fits[i][c] && !wanted[c])
          wanted[c] = more = true;
    for (size_t i = 0; i < net->n; i++)
      if (net->layers[i].core >= 0 && wanted[net->layers[i].core] && !rival[i])
        rival[i] = more = true;
  }
}

static void note_rivals(nirc_speck_net *net, const bool rival[], const bool wanted[], nirc_loc loc, nirc_diag *d)
{
  const char *names = "", *cores = "";
  size_t n_rivals = 0, n_cores = 0;
  for (size_t i = 0; i < net->n; i++)
    if (rival[i])
      names = nirc_arena_printf(net->arena, "%s%s'%s'", names, n_rivals++ ? ", " : "", net->layers[i].weight);
  for (int c = 0; c < CORES; c++)
    if (wanted[c])
      cores = nirc_arena_printf(net->arena, "%s%s%d", cores, n_cores++ ? ", " : "", c);
  nirc_note(d, loc, "%s: %zu layers for %s %s", names, n_rivals, n_cores == 1 ? "the one core" : "the cores", cores);
}

void nirc_speck_advise(nirc_speck_net *net, bool (*fits)[NIRC_SPECK_CORES], size_t left, nirc_diag *d)
{
  bool rival[CORES] = {false}, wanted[CORES] = {false};
  find_rivals(net, fits, left, rival, wanted);
  bool nowhere = !memchr(wanted, true, sizeof wanted);
  if (nowhere)
    note_excess(&net->layers[left], d);
  else
    note_rivals(net, rival, wanted, net->layers[left].weight_op->loc, d);
  for (size_t i = 0; i < net->n; i++)
    if (rival[i]) {
      propose_features(net, i, d);
      propose_kernel(net, i, d);
      propose_stride(net, i, d);
      propose_split(net, i, d);
    }
}
