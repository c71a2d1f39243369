/* targets/xylo/advice.c: notes behind a refusal: which layers take how much of what is short, and what each would have to become so that the network fits.
 * Each figure is about one limit and one layer, all others as they are. */
#include "targets/xylo/xylo.h"

enum { MOST_NOTES = 8 };                             /* layers that are named */

static void note_rest(size_t n, nirc_loc loc, nirc_diag *d)
{
  if (n > MOST_NOTES)
    nirc_note(d, loc, "and %zu more", n - MOST_NOTES);
}

void nirc_xylo_advise_layers(const nirc_xylo_network *net, size_t from, size_t to, size_t excess, nirc_diag *d)
{
  for (size_t k = from; k < to && k < from + MOST_NOTES; k++) {
    const nirc_xylo_layer *l = &net->layers[k];
    size_t last = l->first + (l->count ? l->count - 1 : 0);
    if (l->count > excess)
      nirc_note(d, l->node->loc, "layer %s: %zu neurons, numbers %zu to %zu; %zu fewer (%zu) would do", l->name, l->count, l->first, last, excess, l->count - excess);
    else
      nirc_note(d, l->node->loc, "layer %s: %zu neurons, numbers %zu to %zu", l->name, l->count, l->first, last);
  }
  note_rest(to - from, net->layers[from].node->loc, d);
}

static bool is_recurrent(const nirc_xylo_network *net, const nirc_xylo_block *b)
{
  return b->from != NIRC_XYLO_INPUT && !nirc_xylo_is_output(net, b->to);
}

static size_t count_weights(const nirc_xylo_block *b, size_t row)
{
  size_t n = 0;
  for (size_t c = 0; c < b->columns; c++)
    n += b->weight[row * b->columns + c] != 0;
  return n;
}

void nirc_xylo_advise_connections(const nirc_xylo_network *net, size_t excess, nirc_diag *d)
{
  size_t n = 0;
  const nirc_xylo_block *first = NULL;
  for (size_t k = 0; k < net->n_blocks; k++) {
    const nirc_xylo_block *b = &net->blocks[k];
    size_t count = 0;
    for (size_t row = 0; is_recurrent(net, b) && row < b->rows; row++)
      count += count_weights(b, row);
    first = first || !count ? first : b;
    const char *from = count ? net->layers[b->from].name : NULL, *to = net->layers[b->to].name;
    if (!count || ++n > MOST_NOTES)
      continue;
    if (count > excess)
      nirc_note(d, b->node->loc, "from layer %s to %s: %zu weights that are not 0; %zu fewer (%zu) would do", from, to, count, excess, count - excess);
    else
      nirc_note(d, b->node->loc, "from layer %s to %s: %zu weights that are not 0", from, to, count);
  }
  if (first)
    note_rest(n, first->node->loc, d);
}

/* Targets of neuron `row` of a layer. */
static size_t fanout_of(const nirc_xylo_network *net, size_t layer, size_t row)
{
  size_t n = 0;
  for (size_t k = 0; k < net->n_blocks; k++)
    if (net->blocks[k].from == (int)layer && is_recurrent(net, &net->blocks[k]))
      n += count_weights(&net->blocks[k], row);
  return n;
}

void nirc_xylo_advise_fanout(const nirc_xylo_network *net, nirc_diag *d)
{
  size_t limit = net->choices.chip->fanout, n = 0, first = 0;
  for (size_t k = 0; k + 1 < net->n_layers; k++) {
    const nirc_xylo_layer *l = &net->layers[k];
    size_t over = 0, most = 0, excess = 0;
    for (size_t row = 0; row < l->count; row++) {
      size_t targets = fanout_of(net, k, row);
      over += targets > limit;
      excess += targets > limit ? targets - limit : 0;
      most = targets > most ? targets : most;
    }
    first = over && !n ? k : first;
    if (over && ++n <= MOST_NOTES)
      nirc_note(d, l->node->loc, "layer %s: %zu of its %zu neurons have more than %zu targets, up to %zu; %zu weights fewer (0 in the chip's numbers) would do", l->name,
                over, l->count, limit, most, excess);
  }
  if (n)
    note_rest(n, net->layers[first].node->loc, d);
}

size_t nirc_xylo_first_source(const nirc_xylo_network *net)
{
  size_t first = net->n_layers - 1;
  for (size_t k = 0; k < net->n_blocks; k++)
    if (nirc_xylo_is_output(net, net->blocks[k].to) && (size_t)net->blocks[k].from < first)
      first = (size_t)net->blocks[k].from;
  return first;
}

size_t nirc_xylo_end_of_targets(const nirc_xylo_network *net)
{
  size_t end = 0;
  for (size_t k = 0; k < net->n_blocks; k++)
    if (net->blocks[k].from == NIRC_XYLO_INPUT && (size_t)net->blocks[k].to >= end)
      end = (size_t)net->blocks[k].to + 1;
  return end;
}
