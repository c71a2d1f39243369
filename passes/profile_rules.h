/* passes/profile_rules.h: the equations of the profiles, for their table (profiles.c). Each ends with a row without equations. */
#ifndef NIRC_PASSES_PROFILE_RULES_H
#define NIRC_PASSES_PROFILE_RULES_H

#include "passes/profiles.h"

extern const nirc_rule nirc_rules_nir[], nirc_rules_nir_exact[], nirc_rules_unit[], nirc_rules_norse[], nirc_rules_snntorch[], nirc_rules_sinabs[],
  nirc_rules_rockpool[], nirc_rules_spyx[], nirc_rules_spikingjelly[], nirc_rules_nengo[], nirc_rules_lava_float[], nirc_rules_lava_fixed[],
  nirc_rules_lavadl[], nirc_rules_neurocuda[];

#endif
