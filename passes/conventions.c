#include "passes/conventions.h"

#include <math.h>
#include <string.h>

#define N_ELEMENTS(a) (sizeof(a) / sizeof *(a))
#define ROWS(a) .neurons = a, .n_neurons = N_ELEMENTS(a)

/* A tau so long that nothing decays: its dt/tau is lost in 1 - dt/tau and exp(-dt/tau) in float32. And one so short that exp(-dt/tau) is 0 there. */
static const double never_decays = 1 << 30, decays_at_once = 1.0 / 128;

static const double nearly_1 = 1e-5;                 /* numpy.allclose: such a gain is taken for 1 */

/* ---- the tables -------------------------------------------------------------------------------------------------------- */

#define SPIKES_NIR .fires = NIRC_FIRES_ABOVE, .resets = NIRC_RESETS_TO_V_RESET, .or_resets = NIRC_RESETS_BY_THRESHOLD
#define LEAKS .pull = NIRC_PULLS_K_LEAK, .start = NIRC_STARTS_AT_LEAK
#define NIR_ROWS(d, g) \
  {.node = NIR_I, .gain = g}, \
  {.node = NIR_IF, .gain = g, SPIKES_NIR}, \
  {.node = NIR_LI, .decay = d, .gain = NIRC_GAINS_K_FACTOR, LEAKS}, \
  {.node = NIR_LIF, .decay = d, .gain = NIRC_GAINS_K_FACTOR, LEAKS, SPIKES_NIR}, \
  {.node = NIR_CUBA_LI, .decay = d, .gain = NIRC_GAINS_K_FACTOR, LEAKS, .decay_syn = d, .gain_syn = NIRC_GAINS_K_FACTOR}, \
  {.node = NIR_CUBA_LIF, .decay = d, .gain = NIRC_GAINS_K_FACTOR, LEAKS, .decay_syn = d, .gain_syn = NIRC_GAINS_K_FACTOR, \
   SPIKES_NIR}
static const nirc_convention nir[] = {NIR_ROWS(NIRC_DECAYS_EULER, NIRC_GAINS_DT_FACTOR)};
static const nirc_convention nir_exact[] = {NIR_ROWS(NIRC_DECAYS_EXP, NIRC_GAINS_DT_FACTOR)};
static const nirc_convention unit[] = {NIR_ROWS(NIRC_DECAYS_EULER, NIRC_GAINS_FACTOR)};

#define RESETS_0 .fires = NIRC_FIRES_ABOVE, .resets = NIRC_RESETS_TO_0
static const nirc_convention norse[] = {
  {.node = NIR_IF, RESETS_0},
  {.node = NIR_LIF, .decay = NIRC_DECAYS_EULER, .gain = NIRC_GAINS_K, LEAKS, RESETS_0},
  {.node = NIR_CUBA_LIF, .decay = NIRC_DECAYS_EULER, .gain = NIRC_GAINS_K_FACTOR, LEAKS, .decay_syn = NIRC_DECAYS_EULER, .gain_syn = NIRC_GAINS_K_FACTOR,
   .pull_syn = NIRC_PULLS_K_LEAK, .start_syn = NIRC_STARTS_AT_LEAK, RESETS_0, .or_resets = NIRC_RESETS_BY_THRESHOLD},
};

/* IF is leaky there (0.9) and works as the last node only: it is read, and written as a LIF that does not decay. */
static const nirc_convention snntorch[] = {
  {.node = NIR_LIF, .decay = NIRC_DECAYS_CLIPPED, RESETS_0, .threshold = NIRC_THRESHOLD_OVER_LEAST_GAIN, .r = NIRC_WANTS_TAU_OVER_DT,
   .alike = NIRC_ALIKE_THRESHOLD},
  {.node = NIR_CUBA_LIF, .decay = NIRC_DECAYS_EULER, .decay_syn = NIRC_DECAYS_EULER, RESETS_0, .threshold = NIRC_THRESHOLD_OVER_SYNAPSE,
   .r = NIRC_WANTS_TAU_OVER_DT, .w_in = NIRC_WANTS_TAU_OVER_DT, .alike = NIRC_ALIKE_THRESHOLD},
  {.node = NIR_IF, .decay = NIRC_DECAYS_TO_0_9, .fires = NIRC_FIRES_ABOVE, .resets = NIRC_RESETS_BY_THRESHOLD, .read_only = true},
};

#define COUNTS .fires = NIRC_FIRES_OFTEN, .resets = NIRC_RESETS_BY_THRESHOLD
static const nirc_convention sinabs[] = {
  {.node = NIR_IF, COUNTS, .floor = NIRC_FLOOR_MINUS_THRESHOLD},
  {.node = NIR_LIF, .decay = NIRC_DECAYS_EXP, COUNTS},
  {.node = NIR_LI, .decay = NIRC_DECAYS_EXP},
};

static const nirc_convention rockpool[] = {
  {.node = NIR_CUBA_LIF, .decay = NIRC_DECAYS_EXP, .pull = NIRC_PULLS_LEAK, .decay_syn = NIRC_DECAYS_EXP, .gain_syn = NIRC_GAINS_DECAY, COUNTS,
   .r = NIRC_WANTS_DT_RULE},
};

static const nirc_convention spyx[] = {
  {.node = NIR_IF, .fires = NIRC_FIRES_ABOVE, .resets = NIRC_RESETS_LATE, .late = 1},
  {.node = NIR_LIF, .decay = NIRC_DECAYS_CLIPPED, .fires = NIRC_FIRES_ABOVE, .resets = NIRC_RESETS_LATE, .late = 1},
  {.node = NIR_CUBA_LIF, .decay = NIRC_DECAYS_EULER, .decay_syn = NIRC_DECAYS_EULER, .fires = NIRC_FIRES_ABOVE, .resets = NIRC_RESETS_BY_THRESHOLD, .late = 1,
   .flat = true},
  {.node = NIR_LI, .decay = NIRC_DECAYS_EULER},
};

#define RESETS_V .fires = NIRC_FIRES_AT, .resets = NIRC_RESETS_TO_V_RESET
static const nirc_convention spikingjelly[] = {
  {.node = NIR_IF, .gain = NIRC_GAINS_DT_FACTOR, .start = NIRC_STARTS_AT_RESET, RESETS_V},
  {.node = NIR_LIF, .decay = NIRC_DECAYS_EULER, .gain = NIRC_GAINS_K_FACTOR, .pull = NIRC_PULLS_K_RESET, .start = NIRC_STARTS_AT_RESET, RESETS_V},
  {.node = NIR_CUBA_LIF, .decay = NIRC_DECAYS_EULER, .decay_syn = NIRC_DECAYS_EULER, .start = NIRC_STARTS_AT_RESET, RESETS_V},
};

static const nirc_convention nengo[] = {
  {.node = NIR_IF, RESETS_0},
  {.node = NIR_LIF, .decay = NIRC_DECAYS_EXP, .gain = NIRC_GAINS_K, RESETS_0, .floor = NIRC_FLOOR_0, .alike = NIRC_ALIKE_TAU, .high = true},
  {.node = NIR_LI, .decay = NIRC_DECAYS_EXP, .gain = NIRC_GAINS_K, .late = 1, .alike = NIRC_ALIKE_TAU},
  {.node = NIR_CUBA_LIF, .decay = NIRC_DECAYS_EXP, .gain = NIRC_GAINS_K_FACTOR, .decay_syn = NIRC_DECAYS_EULER, .gain_syn = NIRC_GAINS_K_FACTOR, RESETS_0,
   .floor = NIRC_FLOOR_0, .late = 1, .alike = NIRC_ALIKE_TAU | NIRC_ALIKE_THRESHOLD},
};

static const nirc_convention lavadl[] = {
  {.node = NIR_IF, .fires = NIRC_FIRES_AT, .resets = NIRC_RESETS_TO_0, .threshold = NIRC_THRESHOLD_TIMES_R, .alike = NIRC_ALIKE_THRESHOLD, .whole = true},
  {.node = NIR_CUBA_LIF, .decay = NIRC_DECAYS_EULER, .decay_syn = NIRC_DECAYS_EULER, .gain_syn = NIRC_GAINS_K_FACTOR, .fires = NIRC_FIRES_AT,
   .resets = NIRC_RESETS_TO_0, .r = NIRC_WANTS_TAU_OVER_DT, .w_in = NIRC_WANTS_TAU_OVER_DT, .alike = NIRC_ALIKE_TAU | NIRC_ALIKE_THRESHOLD, .whole = true},
};

#define DROPPED "the node and its edges vanish when the file is loaded"
#define ONE_SAMPLE "it has a Flatten, which merges the batch axis, too: give it one sample at a time"
#define FAILS "loading the file fails"
const nirc_simulator nirc_simulators[] = {
  {.name = "nir", .title = "nir", ROWS(nir), .dt = 1e-4, .dt_1_without_tau = true},
  {.name = "nir_exact", .title = "nir_exact", ROWS(nir_exact), .dt = 1e-4, .dt_1_without_tau = true},
  {.name = "unit", .title = "unit", ROWS(unit), .dt = 1e-4, .dt_1_without_tau = true},
  {.name = "norse", .title = "Norse", ROWS(norse), .dt = 1e-3, .load = "norse.torch.from_nir(graph, dt=dt)", .load_takes_dt = true,
   .reset_argument = "reset_method=norse.torch.functional.reset.reset_subtract",
   .takes = {NIR_AFFINE, NIR_LINEAR, NIR_CONV2D, NIR_SUM_POOL2D, NIR_FLATTEN}, .loops = NIRC_LOOPS_ANY, .walk = NIRC_WALK_PREORDER,
   .flatten_hint = ONE_SAMPLE, .drops = DROPPED},
  {.name = "snntorch", .title = "snnTorch", ROWS(snntorch), .dt = 1e-4, .leak_is_0 = true, .load = "snntorch.import_nir.import_from_nir(graph)", .dt_written = 1e-4,
   .takes = {NIR_AFFINE, NIR_LINEAR, NIR_CONV2D, NIR_SUM_POOL2D, NIR_AVG_POOL2D, NIR_FLATTEN}, .loops = NIRC_LOOPS_NONE, .walk = NIRC_WALK_FREE,
   .flatten_hint = ONE_SAMPLE, .drops = FAILS},
  {.name = "sinabs", .title = "Sinabs", ROWS(sinabs), .dt = 1, .leak_is_0 = true, .load = "sinabs.nir.from_nir(graph, batch_size=1)", .dt_written = 1,
   .takes = {NIR_AFFINE, NIR_CONV2D, NIR_SUM_POOL2D, NIR_FLATTEN}, .loops = NIRC_LOOPS_ANY, .walk = NIRC_WALK_PREORDER, .no_linear = true,
   .loop_hint = "it has a loop: run it step by step, passing the state on; over a whole sequence the loop is ignored", .drops = DROPPED},
  {.name = "rockpool", .title = "Rockpool", ROWS(rockpool), .dt = 1e-4, .dt_derived = true, .load = "rockpool.nn.modules.torch.nir.from_nir(graph)",
   .takes = {NIR_AFFINE, NIR_LINEAR}, .loops = NIRC_LOOPS_NESTED, .walk = NIRC_WALK_PREORDER, .drops_loop_bias = true, .drops = FAILS},
  {.name = "spyx", .title = "Spyx", ROWS(spyx), .dt = 1, .load = "spyx.nir.from_nir(graph, input)", .dt_written = 1,
   .takes = {NIR_AFFINE, NIR_LINEAR, NIR_CONV2D, NIR_SUM_POOL2D, NIR_FLATTEN}, .loops = NIRC_LOOPS_NESTED, .walk = NIRC_WALK_CHAIN, .drops_loop_bias = true,
   .channels_last = true, .needs_threshold_after_li = true,
   .image_hint = "its input is an image: its axes are row, column, channel there",
   .drops = "the node is left out when the file is loaded"},
  {.name = "spikingjelly", .title = "SpikingJelly", ROWS(spikingjelly), .dt = 1e-4},
  {.name = "nengo", .title = "Nengo", ROWS(nengo), .dt = 1e-3, .leak_is_0 = true,
   .load = "nir_to_nengo(graph, dt=dt)", .load_takes_dt = true, .takes = {NIR_AFFINE, NIR_LINEAR}, .loops = NIRC_LOOPS_SELF,
   .walk = NIRC_WALK_FREE, .drops_loop_bias = true, .drops = FAILS},
  {.name = "lavadl", .title = "Lava-DL", ROWS(lavadl), .dt = 1e-4, .leak_is_0 = true, .load = "nir_to_lavadl(graph)", .dt_written = 1e-4,
   .takes = {NIR_AFFINE, NIR_CONV2D, NIR_SUM_POOL2D, NIR_FLATTEN}, .loops = NIRC_LOOPS_SELF, .walk = NIRC_WALK_FREE, .drops_loop_bias = true,
   .no_linear = true, .no_conv_bias = true, .drops = FAILS},
  {0},
};

const char *const nirc_written_simulators[] = {"norse", "snntorch", "sinabs", "rockpool", "spyx", "lavadl", "nengo", NULL};

const nirc_simulator *nirc_simulator_find(const char *name)
{
  for (const nirc_simulator *s = nirc_simulators; s->name; s++)
    if (strcmp(s->name, name) == 0)
      return s;
  return NULL;
}

const nirc_convention *nirc_convention_find(const nirc_simulator *s, nirc_opcode node)
{
  for (size_t i = 0; i < s->n_neurons; i++)
    if (s->neurons[i].node == node)
      return &s->neurons[i];
  return NULL;
}

/* ---- from parameters to the update --------------------------------------------------------------------------------------- */

static double decay_of(nirc_decay_rule rule, double tau, double dt)
{
  switch (rule) {
  case NIRC_DECAYS_EULER: return 1 - dt / tau;
  case NIRC_DECAYS_CLIPPED: return fmin(fmax(1 - dt / tau, 0), 1);
  case NIRC_DECAYS_EXP: return exp(-dt / tau);
  case NIRC_DECAYS_TO_0_9: return 0.9;
  default: return 1;
  }
}

static double gain_of(nirc_gain_rule rule, double decay, double factor, double dt)
{
  switch (rule) {
  case NIRC_GAINS_K: return 1 - decay;
  case NIRC_GAINS_K_FACTOR: return (1 - decay) * factor;
  case NIRC_GAINS_FACTOR: return factor;
  case NIRC_GAINS_DT_FACTOR: return dt * factor;
  case NIRC_GAINS_DECAY: return decay;
  default: return 1;
  }
}

static double pull_of(nirc_pull_rule rule, double decay, const nirc_parameters *p)
{
  switch (rule) {
  case NIRC_PULLS_K_LEAK: return (1 - decay) * p->v_leak;
  case NIRC_PULLS_LEAK: return p->v_leak;
  case NIRC_PULLS_K_RESET: return (1 - decay) * p->v_reset;
  default: return 0;
  }
}

static double start_of(nirc_start_rule rule, const nirc_parameters *p)
{
  return rule == NIRC_STARTS_AT_LEAK ? p->v_leak : rule == NIRC_STARTS_AT_RESET ? p->v_reset : 0;
}

static double threshold_of(nirc_threshold_rule rule, const nirc_parameters *p, size_t n, size_t e, double dt)
{
  double gain = INFINITY;
  switch (rule) {
  case NIRC_THRESHOLD_OVER_LEAST_GAIN:
    for (size_t i = 0; i < n; i++)
      gain = fmin(gain, p[i].r * dt / p[i].tau);
    return p[e].v_threshold / (fabs(gain - 1) < nearly_1 ? 1 : gain);
  case NIRC_THRESHOLD_OVER_SYNAPSE:
    gain = p[e].w_in * dt / p[e].tau_syn;
    return p[e].v_threshold / (fabs(gain - 1) < nearly_1 ? 1 : gain);
  case NIRC_THRESHOLD_TIMES_R: return p[e].v_threshold * p[e].r;
  default: return p[e].v_threshold;
  }
}

double nirc_convention_derived_dt(const nirc_parameters *p, size_t n)
{
  double least = INFINITY;
  for (size_t i = 0; i < n; i++)
    least = fmin(least, p[i].tau / (1 + p[i].r));
  return least;
}

nirc_update nirc_convention_update(const nirc_convention *c, const nirc_parameters *p, size_t n, size_t e, double dt)
{
  const nirc_parameters *own = &p[e], *times = c->alike & NIRC_ALIKE_TAU ? &p[0] : own;
  nirc_update u = {.decay_syn = 0, .gain_syn = 1, .decay = decay_of(c->decay, times->tau, dt)};
  if (nirc_convention_has_synapse(c)) {
    u.decay_syn = decay_of(c->decay_syn, times->tau_syn, dt);
    u.gain_syn = gain_of(c->gain_syn, u.decay_syn, own->w_in, dt);
    u.pull_syn = pull_of(c->pull_syn, u.decay_syn, own);
    u.start_syn = start_of(c->start_syn, own);
  }
  u.gain = gain_of(c->gain, u.decay, own->r, dt);
  u.pull = pull_of(c->pull, u.decay, own);
  u.start = start_of(c->start, own);
  u.threshold = threshold_of(c->threshold, p, n, e, dt);
  u.reset = c->resets == NIRC_RESETS_TO_V_RESET ? own->v_reset : 0;
  return u;
}

/* ---- from the update to parameters ------------------------------------------------------------------------------------------- */

double nirc_gain_fixed(nirc_gain_rule rule, double decay)
{
  return rule == NIRC_GAINS_1 || rule == NIRC_GAINS_K || rule == NIRC_GAINS_DECAY ? gain_of(rule, decay, 1, 1) : NAN;
}

/* The tau that gives a decay: dt/(1 - decay), or -dt/log(decay). NULL, or why there is none. */
static const char *tau_of(nirc_decay_rule rule, double decay, double dt, double *tau)
{
  *tau = dt * never_decays;
  if (decay == 1)
    return NULL;
  if (!(decay < 1))
    return "its potential grows by itself";
  switch (rule) {
  case NIRC_DECAYS_EULER: *tau = dt / (1 - decay); return NULL;
  case NIRC_DECAYS_CLIPPED: *tau = dt / (1 - decay); break;
  case NIRC_DECAYS_EXP: *tau = decay > 0 ? -dt / log(decay) : dt * decays_at_once; break;
  default: return "it leaks";
  }
  return decay >= 0 ? NULL : "dt is longer than its time constant, so that what is left of v changes its sign in each step";
}

static double factor_of(nirc_gain_rule rule, double gain, double decay, double dt)
{
  return rule == NIRC_GAINS_K_FACTOR ? gain / (1 - decay) : rule == NIRC_GAINS_DT_FACTOR ? gain / dt : rule == NIRC_GAINS_FACTOR ? gain : 1;
}

static double wanted(nirc_wanted w, double tau, double dt)
{
  return w == NIRC_WANTS_TAU_OVER_DT ? tau / dt : w == NIRC_WANTS_DT_RULE ? tau / dt - 1 : 1;
}

static const char *leak_of(const nirc_convention *c, const nirc_update *u, double *v_leak)
{
  *v_leak = c->pull == NIRC_PULLS_K_LEAK && u->decay != 1 ? u->pull / (1 - u->decay) : c->pull == NIRC_PULLS_LEAK ? u->pull : 0;
  double start = c->start == NIRC_STARTS_AT_LEAK ? *v_leak : 0;
  if (c->pull == NIRC_PULLS_NOT && u->pull != 0)
    return "its v_leak is not its v_reset, and there is no leak potential";
  if (fabs(start - u->start) > 1e-6 * fabs(u->start))
    return "it starts where it cannot start there";
  if (c->pull_syn == NIRC_PULLS_NOT && (u->pull_syn != 0 || u->start_syn != 0))
    return "its synapse leaks to v_leak";
  if ((c->pull_syn == NIRC_PULLS_K_LEAK || c->start_syn == NIRC_STARTS_AT_LEAK) && *v_leak != 0)
    return "its v_leak is not its v_reset, and the synapse, too, would leak to v_leak";
  return NULL;
}

const char *nirc_convention_parameters(const nirc_convention *c, const nirc_update *u, double dt, nirc_parameters *p)
{
  *p = (nirc_parameters){.v_threshold = u->threshold, .tau = dt, .tau_syn = dt, .v_reset = c->resets == NIRC_RESETS_TO_V_RESET ? u->reset : 0};
  const char *why = tau_of(c->decay, u->decay, dt, &p->tau);
  if (!why && nirc_convention_has_synapse(c))
    why = tau_of(c->decay_syn, u->decay_syn, dt, &p->tau_syn);
  if (!why)
    why = leak_of(c, u, &p->v_leak);
  bool reads_r = c->gain == NIRC_GAINS_K_FACTOR || c->gain == NIRC_GAINS_FACTOR || c->gain == NIRC_GAINS_DT_FACTOR;
  bool reads_w = c->gain_syn == NIRC_GAINS_K_FACTOR;
  p->r = reads_r ? factor_of(c->gain, u->gain, u->decay, dt) : wanted(c->r, p->tau, dt);
  p->w_in = reads_w ? factor_of(c->gain_syn, u->gain_syn, u->decay_syn, dt) : wanted(c->w_in, p->tau_syn, dt);
  return why;
}
