/* targets/xylo/target.c: SynSense Xylo Audio 2, Audio 3 and IMU; the options, and the parts in their order. */
#include <string.h>

#include "targets/target.h"
#include "targets/xylo/xylo.h"

enum { VARIANT, GAIN, MATCH, QUANT };                /* by place in the table */

static const char *const gains[] = {"nir", "unit", NULL}, *const matches[] = {"none", "dc", NULL}, *const quants[] = {"channel", "global", NULL};
static const char *const profiles[] = {"unit", "nir", NULL};         /* they differ in I and IF only, which Xylo does not have */

static const nirc_target_option options[] = {
  [VARIANT] = {.name = "xylo-variant", .argument = "NAME", .help = "audio2 (default), audio3 or imu", .choices = nirc_xylo_chip_names},
  [GAIN] = {.name = "xylo-gain", .argument = "KIND", .choices = gains,
            .help = "nir (default): weights times w_in*dt/tau_syn * r*dt/tau_mem; unit: weights as they are, for rockpool's files"},
  [MATCH] = {.name = "xylo-match", .argument = "KIND", .choices = matches,
             .help = "none (default), or dc: thresholds such that a constant input has the network's effect"},
  [QUANT] = {.name = "quant", .argument = "KIND", .choices = quants, .help = "channel (default) or global: one scale of weights per neuron, or for all"},
};

static const nirc_target_constraint constraints[] = {
  [NIRC_XYLO_WEIGHTS] = {.name = "weights", .summary = "8-bit weights and biases, whole thresholds", .is_weights = true},
  [NIRC_XYLO_TIME_CONSTANTS] = {.name = "time-constants", .summary = "time constants of dt times powers of two"},
  [NIRC_XYLO_ROUNDING] = {.name = "rounding", .summary = "decays are whole numbers, at least 1"},
  [NIRC_XYLO_SATURATION] = {.name = "saturation", .summary = "states saturate at 16 bits"},
  [NIRC_XYLO_SPIKES] = {.name = "spikes", .summary = "up to 31 spikes of a hidden neuron in a step, at the threshold itself"},
  [NIRC_XYLO_ORDER] = {.name = "order", .summary = "a synapse decays before it reaches the membrane"},
  [NIRC_XYLO_DELAY] = {.name = "delay", .summary = "a step from a hidden layer to the next"},
  [NIRC_XYLO_START] = {.name = "start", .summary = "v begins at 0, not at v_leak, and moves before input can arrive"},
  [NIRC_XYLO_RESET] = {.name = "reset", .summary = "a spike takes the threshold from v", .is_reset = true},
};

static const char *const trials[] = {"xylo-match=dc", "quant=global", NULL};

/* Index of the option's value among its choices; 0, the default, where it was not given. -1 after an error. */
static int chosen(const nirc_lower_job *job, int option, nirc_diag *d)
{
  const char *value = job->options[option], *known = "";
  const char *const *choices = options[option].choices;
  for (int i = 0; choices[i]; i++) {
    if (!value || strcmp(value, choices[i]) == 0)
      return i;
    known = choices[i];
  }
  nirc_error_status(d, NIRC_STATUS_USAGE, nirc_loc_none(), "--%s '%s': %s to %s are known", options[option].name, value, choices[0], known);
  return -1;
}

static bool choose(nirc_xylo_choices *c, const nirc_lower_job *job, nirc_diag *d)
{
  int variant = chosen(job, VARIANT, d), gain = chosen(job, GAIN, d), match = chosen(job, MATCH, d), quant = chosen(job, QUANT, d);
  if (variant < 0 || gain < 0 || match < 0 || quant < 0)
    return false;
  *c = (nirc_xylo_choices){&nirc_xylo_chips[variant], job->dt, job->reset_given, job->subtract, .unit_gain = gain, .match_dc = match, .global = quant,
                             .without = job->without};
  return true;
}

static bool lower(nirc_module *m, const nirc_lower_job *job, nirc_diag *d)
{
  nirc_arena *a = nirc_arena_new(m->heap);
  nirc_xylo_network net = {.arena = a};
  bool ok = choose(&net.choices, job, d) && nirc_xylo_map(&net, m, d) && nirc_xylo_quantise(&net, m, d);
  if (ok)
    nirc_xylo_lower(&net, m, job->profile, d);
  nirc_arena_free(a);
  return ok;
}

/* tau/dt in f64: with it, a weight of 1 counts as 1. */
static void set_steps(nirc_module *m, nirc_op *op, const char *name, const char *tau, double dt)
{
  const nirc_blob *from = nirc_op_blob(op, tau);
  void *data;
  nirc_blob *b = nirc_module_hold(m, nirc_blob_new(m->heap, NIRC_F64, &from->shape, from->splat, &data));
  for (size_t i = 0; i < (from->splat ? 1 : from->count); i++)
    ((double *)data)[i] = nirc_blob_get(from, i) / dt;
  nirc_op_set_blob(m, op, name, b);
}

static bool adapt(nirc_module *m, const nirc_lower_job *job, nirc_diag *d)
{
  int gain = chosen(job, GAIN, d);
  NIRC_FOR_EACH_OP(op, m->body.first->body)
    if (gain > 0 && op->code == NIR_CUBA_LIF) {      /* unit */
      set_steps(m, op, "w_in", "tau_syn", job->dt);
      set_steps(m, op, "r", "tau_mem", job->dt);
    }
  return gain >= 0;
}

static bool check(const nirc_module *m, const nirc_target_job *job, nirc_diag *d)
{
  (void)job;
  nirc_arena *a = nirc_arena_new(m->heap);
  nirc_xylo_network net = {.arena = a};
  bool ok = nirc_xylo_read(&net, m, d);
  nirc_arena_free(a);
  return ok;
}

static bool emit(const nirc_module *m, const nirc_target_job *job, nirc_sink *out, nirc_diag *d)
{
  nirc_arena *a = nirc_arena_new(m->heap);
  nirc_xylo_network net = {.arena = a};
  bool ok = nirc_xylo_read(&net, m, d) && nirc_xylo_write(&net, out) && (!job->emulate || nirc_target_write_library(m, job, "xylo", out, d));
  nirc_arena_free(a);
  return ok;
}

const nirc_target nirc_target_xylo = {
  .name = "xylo", .summary = "SynSense Xylo Audio 2, Audio 3 and IMU", .available = true, .profiles = profiles, .drops_units = true, .needs_dt = true, .options = options,
  .n_options = sizeof options / sizeof *options, .constraints = constraints, .n_constraints = sizeof constraints / sizeof *constraints, .trials = trials,
  .variants = &options[VARIANT], .lower = lower, .adapt = adapt, .check = check, .emit = emit,
};
