/* targets/announced.c: the chips whose code is not in this version. Their names and options are known, so that a command line
 * means today what it will mean then: an option with another target, a profile or a missing --dt is refused as wrong usage, and the
 * target itself with a plain word. A chip that comes leaves this file for a folder of its own. */
#include "targets/target.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof *(a))

static const char *const chip_profiles[] = {"unit", "nir", NULL};

static const nirc_target_option spinnaker2_options[] = {
  {.name = "s2-scale", .argument = "KIND", .help = "one weight scale per population or per neuron"},
  {.name = "s2-percentile", .argument = "P", .help = "percentile of the weights that sets the scale"},
  {.name = "s2-round", .argument = "KIND", .help = "rounding of weights"},
  {.name = "s2-start", .argument = "KIND", .help = "initial state"},
  {.name = "s2-record", .argument = "LIST", .help = "what the script records"},
  {.name = "s2-steps", .argument = "N", .help = "steps that the script runs"},
  {.name = "s2-sys-tick", .argument = "SECONDS", .help = "system tick"},
  {.name = "s2-integrator", .argument = "KIND", .help = "integrator of neurons with a synapse"},
  {.name = "s2-no-conv2d", .help = "no convolution projections"},
  {.name = "s2-max-atoms", .argument = "N", .help = "neurons per core"},
  {.name = "s2-board", .argument = "NAME", .help = "board that the script runs on"},
};

#define CHIP(chip, summary_, dt) \
  const nirc_target nirc_target_##chip = {.name = #chip, .summary = summary_, .profiles = chip_profiles, .needs_dt = dt, \
                                          .options = chip##_options, .n_options = N_ELEMENTS(chip##_options)};
CHIP(spinnaker2, "SpiNNaker 2", false)
