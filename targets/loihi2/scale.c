/* targets/loihi2/scale.c: from what a weight is worth to the integer that the chip has. Synapses, bias and threshold of a population share one scale; weights
 * are even, so that 8 bits hold them whatever their signs. */
#include <math.h>

#include "targets/loihi2/loihi2.h"

enum { MAX_TRIES = 400 };                            /* of a scale, each 1/256 below the one before at least */

typedef struct scaler {
  nirc_loihi2_net *net;
  nirc_loihi2_population *p;
  nirc_diag *d;
  nirc_loihi2_synapse **synapses;                    /* those that arrive */
  size_t n;
  double *bias;                                      /* of each neuron, before scaling */
  double scale;
} scaler;

/* rint, without a call: what is not above half is lost beside a number as large. */
static double whole(double v)
{
  const double large = 6755399441055744;             /* 1.5 * 2^52 */
  return fabs(v) < 1e15 ? v + large - large : rint(v);
}

static double rounded(double w, double scale)
{
  return 2 * whole(w * scale / 2);
}

static double larger(double a, double b)
{
  return a > b ? a : b;
}

static size_t weights_of(nirc_loihi2_synapse *s, double **value)
{
  *value = s->kind == NIRC_LOIHI2_CONV ? s->conv.value : s->matrix.value;
  return s->kind == NIRC_LOIHI2_CONV ? nirc_conv_count(&s->conv) : s->matrix.first[s->matrix.rows];
}

/* ---- what is scaled ------------------------------------------------------------------------------------------------------------------ */

/* Weights times gain; with a scale of its own choice, in units of the threshold. A clock also sends what leaks, where no filter is between. */
static void normalise(scaler *x)
{
  nirc_loihi2_population *p = x->p;
  bool fixed = x->net->options.scale > 0, by_clock = false;
  for (size_t k = 0; k < x->n; k++) {
    nirc_loihi2_synapse *s = x->synapses[k];
    bool clock = s->from != NIRC_LOIHI2_INPUT && x->net->populations[s->from].clock;
    bool conv = s->kind == NIRC_LOIHI2_CONV;
    size_t rows = conv ? (size_t)s->conv.out[0] : s->matrix.rows, each = conv ? nirc_conv_count(&s->conv) / rows : 0, step = p->count / rows;
    by_clock = by_clock || (clock && !p->filtered);
    for (size_t i = 0; i < rows; i++) {
      double theta = fixed ? 1 : p->theta[i * step], extra = clock && !p->filtered ? p->leak[i * step] : 0;
      size_t from = conv ? i * each : s->matrix.first[i], to = conv ? from + each : s->matrix.first[i + 1];
      double *value = conv ? s->conv.value : s->matrix.value;
      for (size_t e = from; e < to; e++)
        value[e] = (value[e] * p->gain[i * step] + extra) / theta;
    }
  }
  x->bias = NIRC_NEW_ARRAY(x->net->arena, double, p->count);
  for (size_t i = 0; i < p->count; i++)
    x->bias[i] = ((p->drive ? p->drive[i] * p->gain[i] : 0) + (by_clock ? 0 : p->leak[i])) / (fixed ? 1 : p->theta[i]);
}

static double largest(const double *v, size_t n)
{
  double most = 0;
  for (size_t i = 0; i < n; i++)
    most = larger(fabs(v[i]), most);
  return most;
}

/* ---- what the chip holds --------------------------------------------------------------------------------------------------------------- */

/* A matrix without a positive weight whose least is a power of two: Lava shifts it to -256 and cuts that to -255. */
static bool is_off_by_one(nirc_loihi2_synapse *s, double scale)
{
  double *value, least = 0;
  size_t n = weights_of(s, &value);
  for (size_t i = 0; i < n; i++) {
    double w = rounded(value[i], scale);
    if (w > 0 || s->kind == NIRC_LOIHI2_CONV)
      return false;
    least = fmin(least, w);
  }
  int exponent;
  return least < 0 && frexp(-least, &exponent) == 0.5;
}

/* The sum of |w| that can arrive at each neuron in one step. */
static double *totals(const scaler *x, double scale)
{
  double *sum = NIRC_NEW_ARRAY(x->net->arena, double, x->p->count);
  for (size_t k = 0; k < x->n; k++) {
    nirc_loihi2_synapse *s = x->synapses[k];
    bool conv = s->kind == NIRC_LOIHI2_CONV;
    size_t rows = conv ? (size_t)s->conv.out[0] : s->matrix.rows, each = conv ? nirc_conv_count(&s->conv) / rows : 0, step = x->p->count / rows;
    for (size_t i = 0; i < rows; i++) {
      size_t from = conv ? i * each : s->matrix.first[i], to = conv ? from + each : s->matrix.first[i + 1];
      double one = 0;
      for (size_t e = from; e < to; e++)
        one += fabs(rounded(conv ? s->conv.value[e] : s->matrix.value[e], scale));
      for (size_t t = 0; t < step; t++)
        sum[i * step + t] += one;
    }
  }
  return sum;
}

/* Bounds of |u| and |v|; infinite where nothing decays. */
static void find_bounds(const scaler *x, double *u, double *v)
{
  double *sum = totals(x, x->scale);
  *u = *v = 0;
  for (size_t i = 0; i < x->p->count; i++) {
    double keep = (double)nirc_loihi2_number(&x->p->i_decay, x->p, i) / NIRC_LOIHI2_DECAY_ONE,
           leak = (double)nirc_loihi2_number(&x->p->v_decay, x->p, i) / NIRC_LOIHI2_DECAY_ONE;
    double most_u = sum[i] > 0 ? 64 * sum[i] / keep : 0, arrives = most_u + 64 * fabs(rint(x->bias[i] * x->scale));
    *u = larger(*u, most_u);
    *v = larger(*v, arrives > 0 ? arrives / leak : 0);
  }
}

static bool refuse(scaler *x, const char *code, const char *what)
{
  nirc_error_code(x->d, code, x->p->node->loc, "'%s': %s", x->p->node->name, what);
  return false;
}

/* ---- the scale -------------------------------------------------------------------------------------------------------------------------- */

/* Lower until the integers keep every rule. */
static bool lower_scale(scaler *x)
{
  const double end = 64.0 * NIRC_LOIHI2_MAX_THRESHOLD;
  for (int t = 0; t < MAX_TRIES; t++) {
    double factor = 1, u, v = 0;
    for (size_t k = 0; k < x->n; k++)
      if (is_off_by_one(x->synapses[k], x->scale))
        factor = 255.0 / 256;
    if (x->p->readout)
      find_bounds(x, &u, &v);
    if (isfinite(v) && v >= end)
      factor = fmin(factor, end / v * (255.0 / 256));
    if (factor == 1)
      return true;
    x->scale *= factor;
  }
  return refuse(x, "loihi2-weights", "no scale was found at which the weights fit an 8-bit synapse");
}

static bool choose_scale(scaler *x)
{
  double most = 0, bias = largest(x->bias, x->p->count);
  for (size_t k = 0; k < x->n; k++) {
    double *value;
    size_t n = weights_of(x->synapses[k], &value);
    most = fmax(most, largest(value, n));
  }
  if (!(most > 0))
    return refuse(x, "loihi2-weights", "no weight other than 0 leads here; one is wanted");
  if (x->net->options.scale > 0) {
    x->scale = x->net->options.scale;
    return true;
  }
  x->scale = NIRC_LOIHI2_MAX_WEIGHT / most;
  if (!x->p->readout)
    x->scale = fmin(x->scale, NIRC_LOIHI2_MAX_THRESHOLD);
  if (bias > 0)
    x->scale = fmin(x->scale, NIRC_LOIHI2_MAX_BIAS / bias);
  return lower_scale(x) &&
         (rounded(most, x->scale) > 0 || refuse(x, "loihi2-weights", "all weights are rounded to 0: they are too small beside the threshold"));
}

/* A scale that was given breaks a range: a refusal. */
static bool check_fixed(scaler *x)
{
  double most = 0, u, v;
  bool off = false;
  for (size_t k = 0; k < x->n; k++) {
    double *value;
    size_t n = weights_of(x->synapses[k], &value);
    most = fmax(most, rounded(largest(value, n), x->scale));
    off = off || is_off_by_one(x->synapses[k], x->scale);
  }
  find_bounds(x, &u, &v);
  double bias = rint(largest(x->bias, x->p->count) * x->scale);
  char text[160];
  snprintf(text, sizeof text, "--loihi2-scale=%g makes a %s of %g, at most %d is wanted", x->scale, most > NIRC_LOIHI2_MAX_WEIGHT ? "weight" : "bias",
           most > NIRC_LOIHI2_MAX_WEIGHT ? most : bias, most > NIRC_LOIHI2_MAX_WEIGHT ? NIRC_LOIHI2_MAX_WEIGHT : NIRC_LOIHI2_MAX_BIAS);
  if (most > NIRC_LOIHI2_MAX_WEIGHT || bias > NIRC_LOIHI2_MAX_BIAS)
    return refuse(x, "loihi2-weights", text);
  if (most == 0)
    return refuse(x, "loihi2-weights", "--loihi2-scale makes all weights 0; a larger one is wanted");
  if (off)
    return refuse(x, "loihi2-weights",
                  "--loihi2-scale makes a synapse without positive weights whose least is a power of two, which Lava gets wrong by one; another scale "
                  "is wanted");
  if (x->p->readout && isfinite(v) && v >= 64.0 * NIRC_LOIHI2_MAX_THRESHOLD)
    return refuse(x, "loihi2-weights", "--loihi2-scale lets the v of this readout reach the largest threshold; a smaller one is wanted");
  return true;
}

static void warn_bounds(scaler *x)
{
  double u, v;
  find_bounds(x, &u, &v);
  if (!isfinite(u))
    nirc_loihi2_warn(x->net, x->d, true, x->p->node->loc, "'%s': the current does not decay, so it may wrap", x->p->node->name);
  else if (u >= NIRC_LOIHI2_CURRENT_END)
    nirc_loihi2_warn(x->net, x->d, true, x->p->node->loc, "'%s': the current may wrap: it may come to %.0f, and ends at %d", x->p->node->name, u,
                     NIRC_LOIHI2_CURRENT_END);
  if (x->p->readout && !isfinite(v))
    nirc_loihi2_warn(x->net, x->d, true, x->p->node->loc, "'%s': v does not decay, so it may reach the largest threshold and return to 0", x->p->node->name);
}

/* ---- integers ------------------------------------------------------------------------------------------------------------------------------ */

static bool round_neurons(scaler *x)
{
  nirc_loihi2_population *p = x->p;
  int64_t *threshold = NIRC_NEW_ARRAY(x->net->arena, int64_t, p->count), *bias = NIRC_NEW_ARRAY(x->net->arena, int64_t, p->count);
  p->exact_threshold = NIRC_NEW_ARRAY(x->net->arena, double, p->count);
  p->exact_bias = NIRC_NEW_ARRAY(x->net->arena, double, p->count);
  for (size_t i = 0; i < p->count; i++) {
    p->exact_threshold[i] = p->readout ? NIRC_LOIHI2_MAX_THRESHOLD : x->scale * (x->net->options.scale > 0 ? p->theta[i] : 1);
    p->exact_bias[i] = x->bias[i] * x->scale;
    double t = rint(p->exact_threshold[i]);
    char text[240];
    snprintf(text, sizeof text, "the threshold becomes %g (element %zu), 1 to %d are wanted: it does not go with the weights", t, i, NIRC_LOIHI2_MAX_THRESHOLD);
    if (!(t >= 1 && t <= NIRC_LOIHI2_MAX_THRESHOLD))
      return refuse(x, x->net->options.scale > 0 ? "loihi2-weights" : "loihi2-threshold", text);
    threshold[i] = (int64_t)t;
    bias[i] = (int64_t)rint(p->exact_bias[i]);
  }
  p->scale = x->scale;
  p->threshold = nirc_loihi2_reduce(x->net->arena, &p->shape, threshold);
  p->bias = nirc_loihi2_reduce(x->net->arena, &p->shape, bias);
  return true;
}

static void round_weights(scaler *x)
{
  for (size_t k = 0; k < x->n; k++) {
    double *value;
    size_t n = weights_of(x->synapses[k], &value);
    for (size_t i = 0; i < n; i++)
      value[i] = (nirc_loihi2_lacks(x->net, NIRC_LOIHI2_WEIGHTS) ? value[i] * x->scale : rounded(value[i], x->scale)) + 0.0;         /* no -0 */
  }
}

/* Synapses of which nothing is left. */
static void drop_empty(nirc_loihi2_net *x, nirc_diag *d)
{
  size_t kept = 0;
  for (size_t k = 0; k < x->n_synapses; k++) {
    double *value;
    size_t n = weights_of(&x->synapses[k], &value);
    const nirc_loihi2_synapse *s = &x->synapses[k];
    const nirc_op *to = x->populations[s->to].node;
    if (largest(value, n) > 0)
      x->synapses[kept++] = *s;
    else
      nirc_loihi2_warn(x, d, false, to->loc, "'%s': the weights of what comes from '%s' are 0 on the chip; this synapse is left out", to->name,
                       nirc_loihi2_name(x, s->from));
  }
  x->n_synapses = kept;
}

/* Where nothing is rounded and nothing ends, the scale has no say: a power of two keeps what is equal to the threshold equal to it. */
static double scale_of(const scaler *x)
{
  const nirc_loihi2_net *net = x->net;
  bool free = nirc_loihi2_lacks(net, NIRC_LOIHI2_WEIGHTS) && nirc_loihi2_lacks(net, NIRC_LOIHI2_ROUNDING) && nirc_loihi2_lacks(net, NIRC_LOIHI2_RANGE);
  return free ? exp2(floor(log2(x->scale))) : x->scale;
}

bool nirc_loihi2_quantise(nirc_loihi2_net *net, nirc_diag *d)
{
  unsigned before = d->errors;
  size_t *first = NIRC_NEW_ARRAY(net->arena, size_t, net->n_populations + 2);
  nirc_loihi2_synapse **by_target = NIRC_NEW_ARRAY(net->arena, nirc_loihi2_synapse *, net->n_synapses);
  for (size_t s = 0; s < net->n_synapses; s++)
    first[net->synapses[s].to + 2]++;
  for (size_t p = 0; p < net->n_populations; p++)
    first[p + 2] += first[p + 1];
  for (size_t s = 0; s < net->n_synapses; s++)
    by_target[first[net->synapses[s].to + 1]++] = &net->synapses[s];
  for (size_t p = 0; p < net->n_populations; p++) {
    scaler x = {.net = net, .p = &net->populations[p], .d = d, .synapses = by_target + first[p], .n = first[p + 1] - first[p]};
    if (x.p->clock)
      continue;
    normalise(&x);
    if (!choose_scale(&x) || (net->options.scale > 0 && !check_fixed(&x)))
      continue;
    x.scale = scale_of(&x);
    if (!round_neurons(&x))
      continue;
    warn_bounds(&x);
    round_weights(&x);
  }
  if (d->errors > before)
    return false;
  drop_empty(net, d);
  return true;
}
