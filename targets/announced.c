/* targets/announced.c: the chips whose code is not in this version. Their names and options are known, so that a command line
 * means today what it will mean then: an option with another target, a profile or a missing --dt is refused as wrong usage, and the
 * target itself with a plain word. A chip that comes leaves this file for a folder of its own. */
#include "targets/target.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof *(a))

static const char *const chip_profiles[] = {"unit", "nir", NULL};

static const nirc_target_option loihi2_options[] = {
  {.name = "loihi2-scale", .argument = "auto|N", .help = "scale of weights and thresholds"},
  {.name = "loihi2-bias", .argument = "KIND", .help = "mant or clock"},
  {.name = "loihi2-chips", .argument = "N", .help = "number of chips"},
  {.name = "loihi2-cores-per-chip", .argument = "N", .help = "cores to use of each chip"},
  {.name = "loihi2-strict", .help = "warnings about arithmetic are errors"},
  {.name = "loihi2-allow-reset-zero", .help = "take reset to 0 where the network resets by subtraction"},
};

#define CHIP(chip, summary_, dt) \
  const nirc_target nirc_target_##chip = {.name = #chip, .summary = summary_, .profiles = chip_profiles, .needs_dt = dt, \
                                          .options = chip##_options, .n_options = N_ELEMENTS(chip##_options)};
CHIP(loihi2, "Intel Loihi 2", false)
