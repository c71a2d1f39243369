/* targets/xylo/quantise.c: the chip's numbers: gain into the weights, time constants as bit shifts, 8-bit weights and biases, 16-bit thresholds; and whether
 * they fit. All arithmetic is in float64, each operation rounded by itself; rint is half to even. */
#include <float.h>
#include <math.h>
#include <stddef.h>

#include "targets/xylo/xylo.h"

#define UNIT_GAIN_TOLERANCE 1e-5                     /* a gain so near 1 is 1 */
#define LOW_GAIN 0.5                                 /* where every gain is below: the file's numbers are probably of another kind */
#define COARSE_TAU 0.200001                          /* relative error of a time constant that draws a warning; files hold tau as float32 */

typedef struct quantiser {
  nirc_xylo_network *net;
  nirc_module *m;
  nirc_diag *d;
  nirc_xylo_layer *layer;                            /* the one at hand */
} quantiser;

/* Parameter `name` of neuron i; one number may stand for all. */
static double parameter(const nirc_xylo_layer *l, const char *name, size_t i, double absent)
{
  const nirc_blob *b = nirc_op_blob(l->node, name);
  return b ? nirc_blob_get(b, b->count == 1 ? 0 : i) : absent;
}

static nirc_loc place_of(quantiser *x, const char *name)
{
  return nirc_op_attr_loc(x->m, x->layer->node, name);
}

/* ---- gain --------------------------------------------------------------------------------------------------------------------- */

/* How far v jumps for a weight of 1 in one Euler step. */
static double gain_of(const quantiser *x, size_t i)
{
  const nirc_xylo_layer *l = x->layer;
  double dt = x->net->choices.dt;
  double g = (parameter(l, "w_in", i, 1) * dt / parameter(l, "tau_syn", i, 0)) * (parameter(l, "r", i, 0) * dt / parameter(l, "tau_mem", i, 0));
  return fabs(g - 1) < UNIT_GAIN_TOLERANCE ? 1 : g;
}

static bool apply_gain(quantiser *x, bool *low)
{
  for (size_t i = 0; i < x->layer->count; i++) {
    double g = x->net->choices.unit_gain ? 1 : gain_of(x, i);
    *low &= g < LOW_GAIN;
    for (size_t k = 0; k < x->layer->n_blocks; k++) {
      nirc_xylo_block *b = &x->net->blocks[x->layer->blocks + k];
      for (size_t row = 0; row < b->rows; row++) {
        double *w = &b->value[row * b->columns + i];
        *w *= g;
        if (isfinite(*w))
          continue;
        nirc_error(x->d, x->layer->node->loc, "'%s': a weight to neuron %zu times its gain %g is %g, a finite number is wanted", x->layer->name, i, g, *w);
        return false;
      }
    }
  }
  return true;
}

/* ---- time constants ------------------------------------------------------------------------------------------------------------- */

/* tau as a number of bits; false after a refusal. */
static bool make_dash(quantiser *x, const char *name, int least, int64_t *dash, double *error)
{
  const nirc_xylo_layer *l = x->layer;
  double dt = x->net->choices.dt, low = INFINITY, high = -INFINITY, shortest = INFINITY, longest = 0;
  *error = 0;
  for (size_t i = 0; i < l->count; i++) {
    double tau = parameter(l, name, i, 0), bits = rint(log2(tau / dt));
    low = fmin(low, bits);
    high = fmax(high, bits);
    shortest = fmin(shortest, tau);
    longest = fmax(longest, tau);
    if (bits < least || bits > NIRC_XYLO_MAX_DASH)
      continue;
    dash[i] = (int64_t)bits;
    *error = fmax(*error, fabs(ldexp(dt, (int)dash[i]) / tau - 1));
  }
  if (l->count == 0 || (low >= least && high <= NIRC_XYLO_MAX_DASH))
    return true;
  nirc_loc loc = place_of(x, name);
  nirc_error_code(x->d, "xylo-time-constant", loc, "%s: bit-shift %.0f..%.0f outside %d..%d at dt %g", name, low, high, least, NIRC_XYLO_MAX_DASH, dt);
  double most = shortest * exp2(0.5 - least), fewest = longest * exp2(-0.5 - NIRC_XYLO_MAX_DASH);
  if (fewest < most)
    nirc_note(x->d, loc, "layer %s: times from %g to %g s; a --dt between %g and %g fits them", l->name, shortest, longest, fewest, most);
  else
    nirc_note(x->d, loc, "layer %s: times from %g to %g s; no --dt fits them all", l->name, shortest, longest);
  return false;
}

static void warn_of_tau(quantiser *x, const char *name, double error)
{
  if (error > COARSE_TAU)
    nirc_warning(x->d, place_of(x, name), "'%s': %s is off by up to %.1f %%: Xylo has dt times powers of two", x->layer->name, name, error * 100);
}

static bool make_dashes(quantiser *x)
{
  nirc_xylo_layer *l = x->layer;
  l->dash_mem = NIRC_NEW_ARRAY(x->net->arena, int64_t, l->count);
  l->dash_syn = NIRC_NEW_ARRAY(x->net->arena, int64_t, l->count);
  bool mem = make_dash(x, "tau_mem", 0, l->dash_mem, &l->tau_mem_error), syn = make_dash(x, "tau_syn", 1, l->dash_syn, &l->tau_syn_error);
  if (!mem || !syn)
    return false;
  warn_of_tau(x, "tau_mem", l->tau_mem_error);
  warn_of_tau(x, "tau_syn", l->tau_syn_error);
  return true;
}

/* ---- weights, thresholds, biases -------------------------------------------------------------------------------------------------- */

/* The largest weight that arrives at neuron i. */
static double largest_weight(const quantiser *x, size_t i)
{
  double most = 0;
  for (size_t k = 0; k < x->layer->n_blocks; k++) {
    const nirc_xylo_block *b = &x->net->blocks[x->layer->blocks + k];
    for (size_t row = 0; row < b->rows; row++)
      most = fmax(most, fabs(b->value[row * b->columns + i]));
  }
  return most;
}

/* The largest that arrives at any output neuron (any hidden one). */
static double largest_of_all(const nirc_xylo_network *net, bool output)
{
  double most = 0;
  for (size_t k = 0; k < net->n_blocks; k++) {
    const nirc_xylo_block *b = &net->blocks[k];
    for (size_t n = 0; nirc_xylo_is_output(net, b->to) == output && n < b->rows * b->columns; n++)
      most = fmax(most, fabs(b->value[n]));
  }
  return most;
}

/* Threshold in the network's numbers; --xylo-match=dc: such that a constant input has the effect that it has under Euler. Constraints that do not hold have no
 * effect to make up for. */
static double threshold_of(const quantiser *x, size_t i)
{
  const nirc_xylo_layer *l = x->layer;
  double v = parameter(l, "v_threshold", i, 0), dt = x->net->choices.dt;
  if (!x->net->choices.match_dc)
    return v;
  double syn = parameter(l, "tau_syn", i, 0) / dt, mem = parameter(l, "tau_mem", i, 0) / dt;
  bool exact = nirc_xylo_lacks(x->net, NIRC_XYLO_TIME_CONSTANTS);
  double decays = exact ? syn : exp2((double)l->dash_syn[i]), first = nirc_xylo_lacks(x->net, NIRC_XYLO_ORDER) ? 0 : 1;
  double on_chip = (decays - first) * (exact ? mem : exp2((double)l->dash_mem[i]));
  return v * (on_chip / (syn * mem));
}

/* The first value out of range, once for a layer. */
typedef struct fault { bool any; double value; size_t neuron; } fault;         /* value: before it is rounded */

static void note_fault(fault *f, bool ok, double value, size_t neuron)
{
  if (!ok && !f->any)
    *f = (fault){true, value, neuron};
}

static bool report_faults(quantiser *x, const fault *threshold, const fault *bias)
{
  if (threshold->any) {
    nirc_loc loc = place_of(x, "v_threshold");
    nirc_error_code(x->d, "xylo-threshold-range", loc, "threshold: quantised value %.0f outside 1..%d", rint(threshold->value), NIRC_XYLO_MAX_THRESHOLD);
    nirc_note(x->d, loc, "neuron %zu of layer %s; its largest weight becomes %d", threshold->neuron, x->layer->name, NIRC_XYLO_MAX_WEIGHT);
    if (threshold->value > 0 && threshold->value <= 0.5)
      nirc_note(x->d, loc, "v_threshold more than %.4g times as large would do, or weights to this neuron less than %.4g times as large", 0.5 / threshold->value,
                threshold->value / 0.5);
  }
  if (bias->any) {
    nirc_loc loc = place_of(x, "v_leak");
    nirc_error_code(x->d, "xylo-bias-range", loc, "bias: quantised value %.0f outside -%d..%d", rint(bias->value), NIRC_XYLO_MAX_BIAS, NIRC_XYLO_MAX_BIAS);
    nirc_note(x->d, loc, "neuron %zu of layer %s; v_leak * dt / tau_mem has the scale of its weights, whose largest becomes %d", bias->neuron, x->layer->name,
              NIRC_XYLO_MAX_WEIGHT);
    nirc_note(x->d, loc, "v_leak less than %.4g times as large would do", (NIRC_XYLO_MAX_BIAS + 0.5) / fabs(bias->value));
  }
  return !threshold->any && !bias->any;
}

static void quantise_weights(quantiser *x, size_t i, double f)
{
  for (size_t k = 0; k < x->layer->n_blocks; k++) {
    nirc_xylo_block *b = &x->net->blocks[x->layer->blocks + k];
    for (size_t row = 0; row < b->rows; row++)
      b->weight[row * b->columns + i] = (int8_t)rint(b->value[row * b->columns + i] * f);
  }
}

/* What is lost of the weights to the layer at hand. */
static void measure_error(quantiser *x)
{
  nirc_xylo_layer *l = x->layer;
  double sum = 0, n = 0;
  for (size_t k = 0; k < l->n_blocks; k++) {
    const nirc_xylo_block *b = &x->net->blocks[l->blocks + k];
    for (size_t i = 0; i < b->rows * b->columns; i++) {
      double error = fabs(b->value[i] - b->weight[i] / l->scale[i % b->columns]);
      l->weight_error_max = fmax(l->weight_error_max, error);
      sum += error;
      n++;
    }
  }
  l->weight_error_mean = n > 0 ? sum / n : 0;
}

static bool quantise_layer(quantiser *x, double global_most)
{
  const nirc_xylo_network *net = x->net;
  nirc_xylo_layer *l = x->layer;
  l->threshold = NIRC_NEW_ARRAY(net->arena, int64_t, l->count);
  l->bias = NIRC_NEW_ARRAY(net->arena, int64_t, l->count);
  l->scale = NIRC_NEW_ARRAY(net->arena, double, l->count);
  l->exact_threshold = NIRC_NEW_ARRAY(net->arena, double, l->count);
  l->exact_bias = NIRC_NEW_ARRAY(net->arena, double, l->count);
  fault bad_threshold = {0}, bad_bias = {0};
  for (size_t i = 0; i < l->count; i++) {
    double most = net->choices.global ? global_most : largest_weight(x, i), threshold = threshold_of(x, i);
    double f = most > 0 ? fmin(NIRC_XYLO_MAX_WEIGHT / most, DBL_MAX) : 1;
    if (rint(threshold * f) > NIRC_XYLO_MAX_THRESHOLD)
      f = NIRC_XYLO_MAX_THRESHOLD / threshold;
    double exact = parameter(l, "v_leak", i, 0) * net->choices.dt / parameter(l, "tau_mem", i, 0) * f, q = rint(threshold * f), b = rint(exact);
    bool threshold_ok = q >= 1 && q <= NIRC_XYLO_MAX_THRESHOLD, bias_ok = fabs(b) <= NIRC_XYLO_MAX_BIAS;
    note_fault(&bad_threshold, threshold_ok, threshold * f, i);
    note_fault(&bad_bias, bias_ok, exact, i);
    if (!threshold_ok || !bias_ok)
      continue;
    l->scale[i] = f;
    l->threshold[i] = (int64_t)q;
    l->bias[i] = (int64_t)b;
    l->exact_threshold[i] = threshold * f;
    l->exact_bias[i] = exact;
    quantise_weights(x, i, f);
  }
  if (!report_faults(x, &bad_threshold, &bad_bias))
    return false;
  measure_error(x);
  return true;
}

/* ---- what it takes ------------------------------------------------------------------------------------------------------------------ */

nirc_xylo_use nirc_xylo_measure(const nirc_xylo_network *net)
{
  nirc_xylo_use use = {0};
  for (size_t k = 0; k < net->n_blocks; k++) {
    const nirc_xylo_block *b = &net->blocks[k];
    if (b->from == NIRC_XYLO_INPUT && net->layers[b->to].first + b->columns > use.input_targets)
      use.input_targets = net->layers[b->to].first + b->columns;
    if (nirc_xylo_is_output(net, b->to) && net->n_hidden - net->layers[b->from].first > use.output_sources)
      use.output_sources = net->n_hidden - net->layers[b->from].first;
  }
  if (!net->choices.chip->samna_class)               /* Audio 2: its matrices span all hidden neurons */
    use.input_targets = use.output_sources = net->n_hidden;
  size_t *fanout = use.fanouts = NIRC_NEW_ARRAY(net->arena, size_t, net->n_hidden);
  for (size_t k = 0; k < net->n_blocks; k++) {
    const nirc_xylo_block *b = &net->blocks[k];
    for (size_t n = 0; b->from != NIRC_XYLO_INPUT && !nirc_xylo_is_output(net, b->to) && n < b->rows * b->columns; n++)
      fanout[net->layers[b->from].first + n / b->columns] += b->weight[n] != 0;
  }
  for (size_t i = 0; i < net->n_hidden; i++) {
    use.connections += fanout[i];
    if (fanout[i] > use.fanout) {
      use.fanout = fanout[i];
      use.fanout_neuron = i;
    }
  }
  return use;
}

static bool check_fanout(quantiser *x, const nirc_xylo_use *use)
{
  const nirc_xylo_network *net = x->net;
  if (use->fanout <= net->choices.chip->fanout)
    return true;
  size_t l = 0;
  while (net->layers[l].first + net->layers[l].count <= use->fanout_neuron)
    l++;
  nirc_loc loc = net->layers[l].node->loc;
  nirc_error_code(x->d, "xylo-fanout", loc, "recurrent fan-out %zu of hidden neuron %zu (layer %s), limit %zu", use->fanout, use->fanout_neuron,
                  net->layers[l].name, net->choices.chip->fanout);
  nirc_xylo_suggest(net, use->fanout, offsetof(nirc_xylo_chip, fanout), loc, x->d);
  nirc_xylo_advise_fanout(net, x->d);
  return false;
}

static bool check_use(quantiser *x)
{
  const nirc_xylo_network *net = x->net;
  const nirc_xylo_chip *c = net->choices.chip;
  nirc_xylo_use use = nirc_xylo_measure(net);
  nirc_loc file = nirc_loc_file(x->m->path);
  bool ok = check_fanout(x, &use);
  if (!nirc_xylo_fits(net, use.connections, offsetof(nirc_xylo_chip, connections), "xylo-too-many-connections", "recurrent connections", file, x->d)) {
    nirc_xylo_advise_connections(net, use.connections - c->connections, x->d);
    ok = false;
  }
  if (!nirc_xylo_fits(net, use.input_targets, offsetof(nirc_xylo_chip, input_targets), "xylo-input-targets", "input target neurons", file, x->d)) {
    nirc_xylo_advise_layers(net, 0, nirc_xylo_end_of_targets(net), use.input_targets - c->input_targets, x->d);
    ok = false;
  }
  if (!nirc_xylo_fits(net, use.output_sources, offsetof(nirc_xylo_chip, output_sources), "xylo-output-sources", "output source neurons", file, x->d)) {
    nirc_xylo_advise_layers(net, nirc_xylo_first_source(net), net->n_layers - 1, use.output_sources - c->output_sources, x->d);
    ok = false;
  }
  return ok;
}

/* ---- in order -------------------------------------------------------------------------------------------------------------------------- */

bool nirc_xylo_quantise(nirc_xylo_network *net, nirc_module *m, nirc_diag *d)
{
  quantiser x = {.net = net, .m = m, .d = d};
  bool ok = true, low = !net->choices.unit_gain;
  for (size_t l = 0; l < net->n_layers; l++) {
    x.layer = &net->layers[l];
    ok = make_dashes(&x) && ok;
  }
  for (size_t l = 0; ok && l < net->n_layers; l++) {
    x.layer = &net->layers[l];
    ok = apply_gain(&x, &low);
  }
  if (!ok)
    return false;
  if (low) {
    nirc_warning(d, nirc_loc_file(m->path), "every gain (w_in * dt / tau_syn) * (r * dt / tau_mem) is below %g: weights become small against thresholds",
                 LOW_GAIN);
    nirc_note(d, nirc_loc_file(m->path), "--xylo-gain=unit is for files that rockpool has written");
  }
  double hidden = largest_of_all(net, false), output = largest_of_all(net, true);
  for (size_t l = 0; l < net->n_layers; l++) {
    x.layer = &net->layers[l];
    ok = quantise_layer(&x, nirc_xylo_is_output(net, (int)l) ? output : hidden) && ok;
  }
  return ok && check_use(&x);
}
