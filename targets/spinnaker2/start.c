/* targets/spinnaker2/start.c: a population of phase p begins p steps before the network's first step gets to it. In these steps no input can have arrived,
 * so what happens in them is known here: the chip's own arithmetic, from v_init, gives the states and spikes that step 0 of the network finds. */
#include <string.h>

#include "targets/spinnaker2/spinnaker2.h"

typedef struct runner {
  nirc_s2_network *net;
  const size_t *first;                               /* of the projections to each population: from first[p] to first[p + 1] */
  uint8_t **history;                                 /* by population, [phase][size]; NULL: phase 0, or a source */
  double *positive, *negative;                       /* what arrives at the population at hand */
} runner;

/* Spikes of a population in a step of the network below 0; NULL: it has not begun. */
static const uint8_t *spikes_of(const runner *x, size_t population, int64_t t)
{
  const nirc_s2_population *p = &x->net->populations[population];
  return x->history[population] && t + (int64_t)p->phase >= 0 ? x->history[population] + (size_t)(t + (int64_t)p->phase) * p->size : NULL;
}

static void add_weight(runner *x, size_t post, double weight)
{
  *(weight > 0 ? &x->positive[post] : &x->negative[post]) += weight > 0 ? weight : -weight;
}

static void add_rows(runner *x, const nirc_s2_projection *p, int64_t t)
{
  const nirc_s2_population *pre = &x->net->populations[p->pre];
  int64_t shift = 1 + (int64_t)pre->phase - (int64_t)x->net->populations[p->post].phase - (int64_t)p->lag;
  for (size_t i = 0; i < p->n_rows; i++) {
    const nirc_s2_row *r = &p->rows[i];
    int64_t at = t - shift - r->delay;
    const uint8_t *spikes = at < 0 ? spikes_of(x, p->pre, at) : NULL;
    if (spikes && spikes[r->pre])
      add_weight(x, r->post, nirc_s2_weight(p, i));
  }
}

static void add_spike(runner *x, const nirc_s2_projection *p, size_t channel, size_t y, size_t c)
{
  const nirc_s2_kernel *k = &p->kernel;
  size_t pooled_height = k->in_height / k->pool, pooled_width = k->in_width / k->pool;
  size_t height = (pooled_height + 2 * k->pad - k->rows) / k->stride + 1, width = (pooled_width + 2 * k->pad - k->columns) / k->stride + 1;
  if (y / k->pool >= pooled_height || c / k->pool >= pooled_width)
    return;
  for (size_t a = 0; a < k->rows; a++)
    for (size_t b = 0; b < k->columns; b++) {
      size_t top = y / k->pool + k->pad, left = c / k->pool + k->pad;
      if (top < a || left < b || (top - a) % k->stride || (left - b) % k->stride || (top - a) / k->stride >= height || (left - b) / k->stride >= width)
        continue;
      for (size_t out = 0; out < k->out; out++)
        add_weight(x, (out * height + (top - a) / k->stride) * width + (left - b) / k->stride,
                   nirc_s2_kernel_weight(k, ((channel * k->out + out) * k->rows + a) * k->columns + b));
    }
}

static void add_kernel(runner *x, const nirc_s2_projection *p, int64_t t)
{
  const nirc_s2_population *pre = &x->net->populations[p->pre];
  int64_t at = t - 1 - (int64_t)pre->phase + (int64_t)x->net->populations[p->post].phase + (int64_t)p->lag;
  const uint8_t *spikes = at < 0 ? spikes_of(x, p->pre, at) : NULL;
  size_t area = p->kernel.in_height * p->kernel.in_width;
  for (size_t i = 0; spikes && i < pre->size; i++)
    if (spikes[i])
      add_spike(x, p, i / area, i % area / p->kernel.in_width, i % p->kernel.in_width);
}

/* Rounded to float32, as the chip does after each operation. In double these are so exact that the result is that of float32 arithmetic. */
static double single(const runner *x, double v)
{
  return nirc_s2_lacks(x->net, NIRC_S2_ROUNDING) ? v : (double)(float)v;
}

/* One step of the chip's arithmetic, as lower.c's equations have it. */
static void step(runner *x, nirc_s2_population *p, uint8_t *spikes)
{
  const nirc_s2_reals *n = &p->reals;
  for (size_t i = 0; i < p->size; i++) {
    double in = single(x, x->positive[i] - x->negative[i]);
    if (p->kind == NIRC_S2_CURRENT) {
      p->excitation[i] = single(x, single(x, n->synapse[i] * p->excitation[i]) + single(x, x->positive[i]));
      p->inhibition[i] = single(x, single(x, n->synapse[i] * p->inhibition[i]) + single(x, x->negative[i]));
      if (n->drive)
        p->excitation[i] = single(x, p->excitation[i] + n->drive[i]);
      in = single(x, p->excitation[i] - p->inhibition[i]);
    }
    double u = single(x, single(x, single(x, n->decay[i] * p->v[i]) + n->offset[i]) + in);
    spikes[i] = u > n->threshold[i];
    p->v[i] = !spikes[i] ? u : x->net->options.subtract ? single(x, u - n->threshold[i]) : n->reset[i];
  }
}

static void run_population(runner *x, size_t population, int64_t t)
{
  nirc_s2_network *net = x->net;
  nirc_s2_population *p = &net->populations[population];
  memset(x->positive, 0, p->size * sizeof *x->positive);
  memset(x->negative, 0, p->size * sizeof *x->negative);
  for (size_t k = x->first[population]; k < x->first[population + 1]; k++)
    if (net->projections[k].is_conv)
      add_kernel(x, &net->projections[k], t);
    else
      add_rows(x, &net->projections[k], t);
  step(x, p, (uint8_t *)spikes_of(x, population, t));
}

void nirc_s2_run_in(nirc_s2_network *net, uint8_t **history)
{
  size_t most = 0, last = 0;
  nirc_arena *a = net->arena;
  for (size_t i = 0; i < net->n_populations; i++) {
    nirc_s2_population *p = &net->populations[i];
    most = p->size > most ? p->size : most;
    last = p->phase > last ? p->phase : last;
    if (p->kind == NIRC_S2_SOURCE)
      continue;
    p->v = NIRC_NEW_ARRAY(a, double, p->size);
    p->excitation = NIRC_NEW_ARRAY(a, double, p->size);
    p->inhibition = NIRC_NEW_ARRAY(a, double, p->size);
    memcpy(p->v, p->reals.start, p->size * sizeof *p->v);
    if (p->phase && !nirc_s2_lacks(net, NIRC_S2_START))
      history[i] = NIRC_NEW_ARRAY(a, uint8_t, p->phase * p->size);
  }
  runner x = {net, nirc_s2_projections_to(net, a), history, NIRC_NEW_ARRAY(a, double, most), NIRC_NEW_ARRAY(a, double, most)};
  if (nirc_s2_lacks(net, NIRC_S2_START))
    return;
  for (int64_t t = -(int64_t)last; t < 0; t++)
    for (size_t i = 0; i < net->n_populations; i++)  /* by phase: what reaches a population in the same step has been */
      if (net->populations[i].kind != NIRC_S2_SOURCE && t + (int64_t)net->populations[i].phase >= 0)
        run_population(&x, i, t);
}
