#include "passes/profiles.h"

#include <string.h>

#include "ir/base/guess.h"

#define LATER(n, s) {.name = n, .summary = s}

const nirc_profile nirc_profiles[] = {
  {.name = "nir", .summary = "forward Euler of the NIR equations, every parameter honoured", .available = true, .decay = NIRC_DECAY_EULER,
   .gain = NIRC_GAIN_DT_R, .compare = NIRC_COMPARE_GT, .reset = NIRC_RESET_V_RESET, .dt = 1e-4},
  {.name = "nir_exact", .summary = "as nir, with exponential decay: exact while the input is held during a step", .available = true,
   .decay = NIRC_DECAY_EXACT, .gain = NIRC_GAIN_DT_R, .compare = NIRC_COMPARE_GT, .reset = NIRC_RESET_V_RESET, .dt = 1e-4},
  {.name = "unit", .summary = "as nir, but I and IF integrate r*x per step whatever dt is, as most simulators and the chips do", .available = true,
   .decay = NIRC_DECAY_EULER, .gain = NIRC_GAIN_R, .compare = NIRC_COMPARE_GT, .reset = NIRC_RESET_V_RESET, .dt = 1e-4},
  LATER("norse", "Norse 1.1.0"),
  LATER("snntorch", "snnTorch 1.0.0"),
  LATER("sinabs", "Sinabs 3.1.3"),
  LATER("rockpool", "Rockpool 3.0.3"),
  LATER("spyx", "Spyx 1.0.0"),
  LATER("spikingjelly", "SpikingJelly 2.0.0"),
  LATER("nengo", "Nengo 4.1.0"),
  LATER("lava_float", "lava-nc 0.10.0, floating point"),
  LATER("lava_fixed", "lava-nc 0.10.0, fixed point"),
  LATER("lavadl", "lava-dl 0.6.0"),
  LATER("neurocuda", "NeuroCUDA nir_executor"),
  {0},
};

const nirc_profile *nirc_profile_find(const char *name)
{
  for (const nirc_profile *p = nirc_profiles; p->name; p++)
    if (strcmp(p->name, name) == 0)
      return p;
  return NULL;
}

void nirc_profile_guess(const char *name, nirc_diag *d)
{
  nirc_guess g = {0};
  for (const nirc_profile *p = nirc_profiles; p->name; p++)
    nirc_guess_consider(&g, name, p->name);
  nirc_guess_note(&g, d, nirc_loc_none());
}

void nirc_reset_guess(const char *name, nirc_diag *d)
{
  nirc_guess_word(name, (const char *const[]){"v_reset", "subtract"}, 2, d);
}
