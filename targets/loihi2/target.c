/* targets/loihi2/target.c: Intel Loihi 2; the options, and the parts in the order that loihi2.h gives. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "targets/loihi2/loihi2.h"
#include "targets/target.h"

extern const char *const nirc_loihi2_script_text[];  /* lines of run_lava.py */

enum { SCALE, BIAS, CHIPS, CORES, STRICT, RESET_ZERO };

static const char *const biases[] = {"mant", "clock", NULL}, *const profiles[] = {"unit", "nir", NULL};

static const nirc_target_option options[] = {
  [SCALE] = {.name = "loihi2-scale", .argument = "auto|N",
             .help = "`auto` (default): each population as fine as 8 bits allow; N: what every weight and threshold is multiplied with"},
  [BIAS] = {.name = "loihi2-bias", .argument = "KIND", .choices = biases,
            .help = "`mant` (default): a bias acts from the first step; `clock`: from the step in which the first input can arrive, by clock neurons"},
  [CHIPS] = {.name = "loihi2-chips", .argument = "N", .help = "at most so many chips; default: no limit"},
  [CORES] = {.name = "loihi2-cores-per-chip", .argument = "N", .help = "cores to use of each chip; default: 120"},
  [STRICT] = {.name = "loihi2-strict", .help = "warnings about arithmetic are errors"},
  [RESET_ZERO] = {.name = "loihi2-allow-reset-zero", .help = "with `--reset subtract`: return to v_reset all the same, with a warning"},
};

static const nirc_target_constraint constraints[] = {
  [NIRC_LOIHI2_WEIGHTS] = {.name = "weights", .summary = "8-bit weights, whole biases and thresholds", .is_weights = true},
  [NIRC_LOIHI2_TIME_CONSTANTS] = {.name = "time-constants", .summary = "decays in steps of 1/4096"},
  [NIRC_LOIHI2_ROUNDING] = {.name = "rounding", .summary = "what is left after a decay is rounded toward zero"},
  [NIRC_LOIHI2_RANGE] = {.name = "range", .summary = "a current wraps at 24 bits, a potential ends there"},
  [NIRC_LOIHI2_START] = {.name = "start", .summary = "v begins at v_reset, not at v_leak, and moves before input can arrive"},
  [NIRC_LOIHI2_DELAY] = {.name = "delay", .summary = "a step for each synapse"},
  [NIRC_LOIHI2_RESET] = {.name = "reset", .summary = "a spike sets v to v_reset", .with_subtract = true},
};

static bool usage(const nirc_lower_job *job, int option, const char *wanted, nirc_diag *d)
{
  nirc_error_status(d, NIRC_STATUS_USAGE, nirc_loc_none(), "--%s '%s': %s is wanted", options[option].name, job->options[option], wanted);
  return false;
}

/* A whole number of at least 1; `absent` where the option was not given. */
static bool count(const nirc_lower_job *job, int option, size_t absent, size_t *out, nirc_diag *d)
{
  const char *text = job->options[option];
  char *end;
  *out = absent;
  if (!text)
    return true;
  errno = 0;
  unsigned long n = strtoul(text, &end, 10);
  if (*text < '0' || *text > '9' || *end || errno || n < 1 || n > INT32_MAX)
    return usage(job, option, "a whole number of at least 1", d);
  *out = (size_t)n;
  return true;
}

static bool take_scale(const nirc_lower_job *job, double *out, nirc_diag *d)
{
  const char *text = job->options[SCALE];
  char *end;
  *out = 0;
  if (!text || strcmp(text, "auto") == 0)
    return true;
  *out = strtod(text, &end);
  return (*text && !*end && isfinite(*out) && *out > 0) || usage(job, SCALE, "auto or a number above 0", d);
}

static bool choose(nirc_loihi2_options *o, const nirc_lower_job *job, nirc_diag *d)
{
  bool ok = take_scale(job, &o->scale, d);
  ok &= count(job, CHIPS, 0, &o->chips, d);
  ok &= count(job, CORES, NIRC_LOIHI2_CHIP_CORES, &o->cores_per_chip, d);
  o->clock_bias = job->options[BIAS] && strcmp(job->options[BIAS], "clock") == 0;
  o->strict = job->options[STRICT] != NULL;
  o->reset_zero = job->options[RESET_ZERO] != NULL;
  o->reset_given = job->reset_given;
  o->min_cut = job->min_cut;
  o->subtract = job->reset_given && job->subtract;
  o->without = job->without;
  o->unit = strcmp(job->profile, "unit") == 0;
  return ok;
}

/* --dt; else the network's own; else what the profile `unit` has. */
static double choose_dt(const nirc_module *m, const nirc_lower_job *job, nirc_diag *d)
{
  nirc_loc file = nirc_loc_file(m->path);
  bool tau = false, gain = false;
  if (job->dt > 0)
    return job->dt;
  NIRC_FOR_EACH_OP(op, m->body.first->body) {
    tau = tau || nirc_op_blob(op, "tau") || nirc_op_blob(op, "tau_mem") || op->code == NIR_DELAY;
    gain = gain || op->code == NIR_I || op->code == NIR_IF;
  }
  if (gain && !tau) {
    nirc_remark(d, file, "dt = 1: the graph has I or IF and no time constant, so it counts steps");
    nirc_note(d, file, "--dt says otherwise");
    return 1;
  }
  nirc_remark(d, file, "dt = %g s is assumed (--dt says otherwise)", 1e-4);
  return 1e-4;
}

static bool check_reset(nirc_loihi2_net *net, const nirc_module *m, nirc_diag *d)
{
  if (!net->options.subtract)
    return true;
  if (!net->options.reset_zero) {
    nirc_error_code(d, "loihi2-reset", nirc_loc_file(m->path), "subtractive reset is not available");
    nirc_note(d, nirc_loc_file(m->path), "--loihi2-allow-reset-zero returns v to v_reset instead");
    return false;
  }
  nirc_loihi2_warn(net, d, false, nirc_loc_file(m->path), "subtractive reset is not available; a spike returns v to v_reset");
  return true;
}

static bool lower(nirc_module *m, const nirc_lower_job *job, nirc_diag *d)
{
  nirc_arena *a = nirc_arena_new(m->heap);
  nirc_loihi2_net net = {.arena = a};
  bool ok = choose(&net.options, job, d) && check_reset(&net, m, d);
  if (ok)
    net.options.dt = choose_dt(m, job, d);
  ok = ok && nirc_loihi2_map(&net, m, d) && nirc_loihi2_find_parameters(&net, m, d) && nirc_loihi2_order(&net, d) && nirc_loihi2_quantise(&net, d);
  if (ok)
    nirc_loihi2_find_rates(&net, m);
  ok = ok && (net.options.without || nirc_loihi2_place(&net, nirc_loc_file(m->path), d));
  if (ok)
    nirc_loihi2_lower(&net, m, job->profile, d);
  nirc_arena_free(a);
  return ok;
}

static bool check(const nirc_module *m, const nirc_target_job *job, nirc_diag *d)
{
  (void)job;
  nirc_arena *a = nirc_arena_new(m->heap);
  nirc_loihi2_net net = {.arena = a};
  bool ok = nirc_loihi2_read(&net, m, d);
  nirc_arena_free(a);
  return ok;
}

static bool emit(const nirc_module *m, const nirc_target_job *job, nirc_sink *out, nirc_diag *d)
{
  nirc_arena *a = nirc_arena_new(m->heap);
  nirc_loihi2_net net = {.arena = a};
  nirc_loihi2_chain chain = {0};
  bool ok = nirc_loihi2_read(&net, m, d);
  if (ok && nirc_loihi2_find_chain(&net, &chain))
    ok = nirc_loihi2_write_netx(&net, &chain, out, d);
  ok = ok && nirc_loihi2_write_graph(&net, out, d) && nirc_loihi2_write_placement(&net, &chain, m->path, out) &&
       nirc_target_write_script(m, "run_lava.py", nirc_loihi2_script_text, out) && (!job->emulate || nirc_target_write_library(m, job, "loihi2", out, d));
  nirc_arena_free(a);
  return ok;
}

const nirc_target nirc_target_loihi2 = {
  .name = "loihi2", .summary = "Intel Loihi 2", .available = true, .cuts = true, .profiles = profiles, .options = options,
  .n_options = sizeof options / sizeof *options, .constraints = constraints, .n_constraints = sizeof constraints / sizeof *constraints, .lower = lower,
  .check = check, .emit = emit,
};
