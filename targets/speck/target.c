/* targets/speck/target.c: SynSense Speck 2e and 2f. speck.h says in which order a network becomes a configuration. */
#include <string.h>

#include "ir/cores.h"
#include "targets/speck/lower.h"
#include "targets/speck/write.h"
#include "targets/target.h"

enum { CHIP, INPUT, READOUT, MODEL };

static const char *const chips[] = {"speck2f", "speck2e", NULL}, *const inputs[] = {"host", "dvs", NULL}, *const models[] = {"frame", "event", NULL};

static const nirc_target_option options[] = {
  [CHIP] = {.name = "speck-chip", .argument = "NAME", .help = "`speck2f` (default) or `speck2e`; the two have the same resources", .choices = chips},
  [INPUT] = {.name = "speck-input", .argument = "KIND", .help = "`host` (default): events are sent to the input cores; `dvs`: the chip's own sensor feeds them",
             .choices = inputs},
  [READOUT] = {.name = "speck-readout", .help = "the last layer feeds the chip's readout"},
  [MODEL] = {.name = "speck-model", .argument = "KIND",
             .help = "what `--emulate` compiles: `frame` (default), all events of a step at once, or `event`, one by one", .choices = models},
};

static const char *const profiles[] = {"unit", "nir", NULL};

static const nirc_target_constraint constraints[] = {
  [NIRC_SPECK_WEIGHTS] = {.name = "weights", .summary = "8-bit weights and biases, whole thresholds", .is_weights = true},
  [NIRC_SPECK_SPIKES] = {.name = "spikes", .summary = "as many spikes in a step as thresholds fit into v, at the threshold itself"},
  [NIRC_SPECK_LOWER_BOUND] = {.name = "lower-bound", .summary = "v does not fall below minus the threshold"},
  [NIRC_SPECK_EVENTS] = {.name = "events", .summary = "each event by itself, not all of a step at once", .with = "speck-model=event"},
  [NIRC_SPECK_RESET] = {.name = "reset", .summary = "a spike takes the threshold from v", .is_reset = true},
};

static const char *const trials[] = {"speck-model=event", NULL};

/* What was assumed. Speck counts steps: dt stands in the factor of `nir` only, and in what is said of an emulated model. */
static void remark_choices(const nirc_module *m, const nirc_lower_job *job, nirc_diag *d)
{
  nirc_loc file = nirc_loc_file(m->path);
  if (!job->dt) {
    nirc_remark(d, file, "dt = 1: the graph has IF and no time constant, so it counts steps");
    nirc_note(d, file, "--dt says otherwise");
  }
  if (!job->reset_given) {
    nirc_warning(d, file, "a spike takes the threshold from v, as sinabs deploys an IF; NIR's own rule returns v to 0");
    nirc_note(d, file, "--reset subtract says so without this warning, --reset v_reset returns to 0");
  }
}

/* The op that has all cores takes so many Inputs and no more. */
static bool takes_inputs(const nirc_module *m, const nirc_speck_options *o, nirc_diag *d)
{
  unsigned n = 0;
  NIRC_FOR_EACH_OP(op, m->body.first->body)
    n += op->code == NIR_INPUT;
  if (!o->event || n < NIRC_CORES_MAX_OPERANDS)
    return true;
  nirc_error(d, nirc_loc_file(m->path), "the network has %u Inputs; --speck-model=event takes at most %d", n, NIRC_CORES_MAX_OPERANDS - 1);
  return false;
}

static bool is_given(const nirc_lower_job *job, int option, const char *value)
{
  return job->options[option] && strcmp(job->options[option], value) == 0;
}

static nirc_speck_options options_of(const nirc_lower_job *job)
{
  return (nirc_speck_options){.chip = job->options[CHIP] ? job->options[CHIP] : chips[0], .dvs = is_given(job, INPUT, "dvs"),
                              .readout = job->options[READOUT] != NULL, .event = is_given(job, MODEL, "event"),
                              .to_zero = (job->reset_given && !job->subtract) || job->without >> NIRC_SPECK_RESET & 1, .without = job->without};
}

static bool lower(nirc_module *m, const nirc_lower_job *job, nirc_diag *d)
{
  nirc_arena *a = nirc_arena_new(m->heap);
  nirc_speck_net *net = NIRC_NEW(a, nirc_speck_net);
  net->arena = a;
  net->options = options_of(job);
  double dt = job->dt > 0 ? job->dt : 1;
  bool ok = takes_inputs(m, &net->options, d) && nirc_speck_map_network(net, m, strcmp(job->profile, "nir") == 0 ? dt : 1, d);
  if (ok) {
    remark_choices(m, job, d);
    nirc_speck_build(net, m, job->profile, dt, d);
  }
  nirc_arena_free(a);
  return ok;
}

static bool check(const nirc_module *m, const nirc_target_job *job, nirc_diag *d)
{
  (void)job;
  nirc_arena *a = nirc_arena_new(m->heap);
  bool ok = nirc_speck_read(NIRC_NEW(a, nirc_speck_net), a, m, d);
  nirc_arena_free(a);
  return ok;
}

static bool emit(const nirc_module *m, const nirc_target_job *job, nirc_sink *out, nirc_diag *d)
{
  nirc_arena *a = nirc_arena_new(m->heap);
  nirc_speck_net *net = NIRC_NEW(a, nirc_speck_net);
  bool ok = nirc_speck_read(net, a, m, d) && nirc_speck_write(net, out) && (!job->emulate || nirc_target_write_library(m, job, "speck", out, d));
  nirc_arena_free(a);
  return ok;
}

const nirc_target nirc_target_speck = {
  .name = "speck", .summary = "SynSense Speck 2e and 2f", .available = true, .profiles = profiles, .options = options, .n_options = sizeof options / sizeof *options,
  .constraints = constraints, .n_constraints = sizeof constraints / sizeof *constraints, .trials = trials, .variants = &options[CHIP],
  .lower = lower, .check = check, .emit = emit,
};
