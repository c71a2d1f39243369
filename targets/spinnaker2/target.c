/* targets/spinnaker2/target.c: SpiNNaker 2 through py-spinnaker2; the options, and the parts in their order. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "passes/pass.h"
#include "targets/spinnaker2/spinnaker2.h"
#include "targets/target.h"

enum { INTEGRATOR, ROUND, SCALE, PERCENTILE, START, RECORD, BOARD, STEPS, MAX_ATOMS, SYS_TICK, NO_CONV2D };      /* by place in the table */

static const char *const integrators[] = {"forward", "exponential", NULL}, *const rounds[] = {"nearest", "trunc", NULL},
  *const scales[] = {"neuron", "population", NULL};
static const char *const starts[] = {"compensate", "plain", NULL}, *const boards[] = {"chip", "board48", NULL}, *const profiles[] = {"unit", "nir", NULL};

static const nirc_target_option options[] = {
  [INTEGRATOR] = {.name = "s2-integrator", .argument = "KIND", .choices = integrators,
                  .help = "forward (default): dt/tau of the way to equilibrium in a step; exponential: 1 - exp(-dt/tau)"},
  [ROUND] = {.name = "s2-round", .argument = "KIND", .choices = rounds,
             .help = "weights to the nearest whole number (default), half to even, or trunc: toward zero"},
  [SCALE] = {.name = "s2-scale", .argument = "KIND", .choices = scales,
             .help = "neuron (default) or population: one scale of weights for each target neuron, or for all"},
  [PERCENTILE] = {.name = "s2-percentile", .argument = "P",
                  .help = "percentile of the weights' magnitudes that becomes the largest weight; default 100, the rest saturates"},
  [START] = {.name = "s2-start", .argument = "KIND", .choices = starts,
             .help = "compensate (default): v is at its start when input first arrives; plain: v is 0 when the chip starts"},
  [RECORD] = {.name = "s2-record", .argument = "LIST", .help = "populations whose spikes are recorded, beside the Outputs', with commas between"},
  [BOARD] = {.name = "s2-board", .argument = "NAME", .choices = boards, .help = "chip (default), 148 cores, or board48, 7104"},
  [STEPS] = {.name = "s2-steps", .argument = "N", .help = "steps that the memory of recordings is reckoned for; default 1000"},
  [MAX_ATOMS] = {.name = "s2-max-atoms", .argument = "N", .help = "neurons on a core at most; default 250"},
  [SYS_TICK] = {.name = "s2-sys-tick", .argument = "TIME", .help = "wall-clock time of a step; default 1ms"},
  [NO_CONV2D] = {.name = "s2-no-conv2d", .help = "write every convolution as a list of synapses"},
};

static const nirc_target_constraint constraints[] = {
  [NIRC_S2_WEIGHTS] = {.name = "weights", .summary = "weights of 8 bits, of 5 where synapses have delays", .is_weights = true},
  [NIRC_S2_ROUNDING] = {.name = "rounding", .summary = "parameters and states are float32, in the scale of the weights"},
  [NIRC_S2_FILTER] = {.name = "filter", .summary = "a bias acts on v at once, not through the synapse"},
  [NIRC_S2_START] = {.name = "start", .summary = "a population begins before input can arrive"},
  [NIRC_S2_FEEDBACK] = {.name = "feedback", .summary = "feedback from a layer behind is late"},
};

/* ---- options -------------------------------------------------------------------------------------------------------------------- */

static bool refuse(int option, const char *value, const char *wanted, nirc_diag *d)
{
  nirc_error_status(d, NIRC_STATUS_USAGE, nirc_loc_none(), "--%s '%s': %s is wanted", options[option].name, value, wanted);
  return false;
}

/* Is the second choice chosen? The first is the default. */
static bool second(const nirc_lower_job *job, int option, bool *out, nirc_diag *d)
{
  const char *value = job->options[option];
  const char *const *choices = options[option].choices;
  *out = value && strcmp(value, choices[1]) == 0;
  if (!value || *out || strcmp(value, choices[0]) == 0)
    return true;
  nirc_error_status(d, NIRC_STATUS_USAGE, nirc_loc_none(), "--%s '%s': %s and %s are known", options[option].name, value, choices[0], choices[1]);
  return false;
}

static bool count(const nirc_lower_job *job, int option, size_t most, size_t *out, const char *wanted, nirc_diag *d)
{
  const char *value = job->options[option];
  size_t n = 0;
  if (!value)
    return true;
  for (const char *c = value; *c; c++) {
    n = *c >= '0' && *c <= '9' ? 10 * n + (size_t)(*c - '0') : most + 1;
    if (n > most)
      return refuse(option, value, wanted, d);
  }
  *out = n;
  return n > 0 || refuse(option, value, wanted, d);
}

static bool percentile(const nirc_lower_job *job, double *out, nirc_diag *d)
{
  const char *value = job->options[PERCENTILE];
  nirc_dims dims;
  return !value || (nirc_quantity_parse(value, strlen(value), NULL, out, &dims) && *out > 0 && *out <= 100) ||
         refuse(PERCENTILE, value, "a number above 0, at most 100,", d);
}

static bool choose(nirc_s2_options *o, const nirc_lower_job *job, nirc_diag *d)
{
  *o = (nirc_s2_options){.dt = job->dt, .percentile = 100, .sys_tick = 1e-3, .subtract = job->subtract, .times_dt = strcmp(job->profile, "nir") == 0,
                         .no_conv2d = job->options[NO_CONV2D] != NULL, .min_cut = job->min_cut, .steps = 1000, .max_atoms = NIRC_S2_ATOMS,
                         .record = job->options[RECORD], .without = job->without};
  bool ok = second(job, INTEGRATOR, &o->exponential, d) && second(job, ROUND, &o->truncate, d) && second(job, SCALE, &o->per_population, d) &&
            second(job, START, &o->plain, d) && second(job, BOARD, &o->board48, d) && percentile(job, &o->percentile, d) &&
            count(job, STEPS, 1000000000, &o->steps, "a whole number from 1 to 1000000000", d) &&
            count(job, MAX_ATOMS, NIRC_S2_ATOMS, &o->max_atoms, "a whole number from 1 to 250", d);
  const char *tick = job->options[SYS_TICK];
  if (ok && tick && (!nirc_parse_time(tick, &o->sys_tick) || !(o->sys_tick > 0) || !isfinite(o->sys_tick)))
    ok = refuse(SYS_TICK, tick, "a time above 0", d);
  return ok;
}

/* As the profiles that count steps have it (docs/semantics.md). */
static void choose_dt(nirc_s2_options *o, const nirc_module *m, nirc_diag *d)
{
  bool gain = false, tau = false, delay = false;
  nirc_loc file = nirc_loc_file(m->path);
  if (o->dt > 0)
    return;
  NIRC_FOR_EACH_OP(op, m->body.first->body) {
    gain |= op->code == NIR_I || op->code == NIR_IF;
    tau |= nirc_op_attr(op, "tau") || nirc_op_attr(op, "tau_mem");
    delay |= op->code == NIR_DELAY;
  }
  o->dt = gain && !tau ? 1 : 1e-4;
  if (gain && !tau) {
    nirc_remark(d, file, "dt = 1: the graph has I or IF and no time constant, so it counts steps");
    nirc_note(d, file, "--dt says otherwise");
  } else if (tau || delay) {
    nirc_remark(d, file, "dt = %g s is assumed (--dt says otherwise)", o->dt);
  }
}

/* ---- in order --------------------------------------------------------------------------------------------------------------------- */

static bool lower(nirc_module *m, const nirc_lower_job *job, nirc_diag *d)
{
  nirc_arena *a = nirc_arena_new(m->heap);
  nirc_s2_network net = {.arena = a, .profile = job->profile};
  bool ok = choose(&net.options, job, d);
  if (ok)
    choose_dt(&net.options, m, d);
  ok = ok && nirc_s2_map(&net, m, d) && nirc_s2_quantise(&net, m, d) &&
       (net.options.without || (nirc_s2_place(&net, m, d) && nirc_s2_assign_chips(&net, m, NULL)));
  if (ok)
    nirc_s2_lower(&net, m, d);
  nirc_arena_free(a);
  return ok;
}

static bool check(const nirc_module *m, const nirc_target_job *job, nirc_diag *d)
{
  (void)job;
  nirc_arena *a = nirc_arena_new(m->heap);
  nirc_s2_network net = {.arena = a};
  bool ok = nirc_s2_read(&net, m, d);
  nirc_arena_free(a);
  return ok;
}

static bool emit(const nirc_module *m, const nirc_target_job *job, nirc_sink *out, nirc_diag *d)
{
  nirc_arena *a = nirc_arena_new(m->heap);
  nirc_s2_network net = {.arena = a};
  bool ok = nirc_s2_read(&net, m, d) && nirc_s2_write(&net, m, out) && nirc_s2_write_weights(&net, out, d) &&
            (!job->emulate || nirc_target_write_library(m, job, "spinnaker2", out, d));
  nirc_arena_free(a);
  return ok;
}

const nirc_target nirc_target_spinnaker2 = {
  .name = "spinnaker2", .summary = "SpiNNaker 2", .available = true, .cuts = true, .profiles = profiles, .options = options,
  .n_options = sizeof options / sizeof *options, .constraints = constraints, .n_constraints = sizeof constraints / sizeof *constraints, .lower = lower,
  .check = check, .emit = emit,
};
