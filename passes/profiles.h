/* passes/profiles.h: the semantics profiles: whose arithmetic a network is compiled to.
 * Owns: the table; a profile is a row of choices, and nothing outside the table asks for a profile's name.
 * Must not know: ops. Source: docs/semantics.md. */
#ifndef NIRC_PASSES_PROFILES_H
#define NIRC_PASSES_PROFILES_H

#include <stdbool.h>

#include "ir/base/diag.h"
#include "ir/dialect_snn.h"

typedef enum nirc_decay {
  NIRC_DECAY_EULER,                                  /* k = dt/tau */
  NIRC_DECAY_EXACT                                   /* k = -expm1(-dt/tau): the input is held during the step */
} nirc_decay;

typedef enum nirc_gain {
  NIRC_GAIN_DT_R,                                    /* I and IF: g = dt*r */
  NIRC_GAIN_R                                        /* g = r: they count steps */
} nirc_gain;

typedef struct nirc_profile {
  const char *name, *summary;
  bool available;                                    /* false: known by name, its arithmetic is not in this version */
  nirc_decay decay;
  nirc_gain gain;
  nirc_compare compare;
  nirc_reset reset;                                  /* unless --reset says otherwise */
  double dt;                                         /* seconds, unless --dt says otherwise */
} nirc_profile;

extern const nirc_profile nirc_profiles[];           /* ends with a row without name */
const nirc_profile *nirc_profile_find(const char *name);                 /* NULL where unknown */
void nirc_profile_guess(const char *name, nirc_diag *d);                 /* a note where it is nearly that of a profile */
void nirc_reset_guess(const char *name, nirc_diag *d);                   /* the same for --reset */

#endif
