/* passes/profiles.h: the semantics profiles: whose arithmetic a network is compiled to.
 * Owns: the table; a profile is a row of choices, and nothing outside the table asks for a profile's name.
 * Must not know: how any of it is executed. Source of each row: docs/semantics.md; confirmed by traces of the simulators. */
#ifndef NIRC_PASSES_PROFILES_H
#define NIRC_PASSES_PROFILES_H

#include <stdbool.h>

#include "ir/base/diag.h"
#include "ir/op.h"

/* What a profile chooses; the first six for each type of neuron, as equations (ir/equation.h). */
typedef enum nirc_choice {
  NIRC_CHOICE_COEFFICIENTS,                          /* from parameters and dt; may give a parameter another value */
  NIRC_CHOICE_INTEGRATION,                           /* h, the potential before the threshold test, from x, what arrives, and the states */
  NIRC_CHOICE_FIRES,                                 /* z */
  NIRC_CHOICE_RESET,                                 /* v, where it fires and elsewhere */
  NIRC_CHOICE_START,                                 /* the states, and their values before the first step */
  NIRC_CHOICE_OUTPUT,                                /* what the node sends: a name, or a statement */
  NIRC_CHOICE_LOOP,                                  /* what crosses a back edge */
  NIRC_CHOICE_RECURRENT_BIAS, NIRC_CHOICE_FLATTEN, NIRC_CHOICE_NUMBER, NIRC_CHOICE_DT,
  NIRC_N_CHOICES
} nirc_choice;

enum { NIRC_N_EQUATIONS = NIRC_CHOICE_OUTPUT + 1 };

extern const char *const nirc_choice_names[NIRC_N_CHOICES];

/* Where a reset that looks at the state before the step stands. */
typedef enum nirc_order { NIRC_INTEGRATES_FIRES_RESETS, NIRC_FIRES_INTEGRATES_RESETS, NIRC_FIRES_RESETS_INTEGRATES } nirc_order;

/* One type of neuron under a profile. Equations know the node's parameters (by NIR's names) and dt; `[+ f]` stands where the value of the back edges is added
 * apart from x: it falls away where there are none. */
typedef struct nirc_rule {
  nirc_opcode node;
  const char *when;                                  /* which of several rules for that node: a condition on every element; NULL: always */
  const char *needs;                                 /* what the importer demands, `CONDITION; CONDITION`; else the network is refused */
  const char *doubts, *doubt;                        /* a warning with that sentence where the condition does not hold (NULL: always) */
  nirc_order order;
  const char *equations[NIRC_N_EQUATIONS];           /* by choice */
  const char *subtract;                              /* the reset of --reset subtract; NULL: no choice */
} nirc_rule;

/* In which precision the parameters enter the coefficients. */
typedef enum nirc_precision { NIRC_AS_STORED, NIRC_AS_F32, NIRC_AS_F64 } nirc_precision;

typedef enum nirc_dt_rule {
  NIRC_DT_GIVEN,                                     /* the user's choice */
  NIRC_DT_COUNTS,                                    /* the same; and 1 for a graph of I and IF without time constant */
  NIRC_DT_STEPS,                                     /* time is counted in steps: 1 */
  NIRC_DT_FIXED,                                     /* the simulator has no other */
  NIRC_DT_DERIVED                                    /* from parameters, by the rules' own `dt = ...` */
} nirc_dt_rule;

/* Where an importer fails, or drops a node or what it says; NIR's own meaning stands in, and a remark says so. With `attribute`, only where an element of that is not
 * `neutral`. */
typedef struct nirc_import { nirc_opcode node; const char *says, *attribute; double neutral; } nirc_import;

typedef struct nirc_profile {
  const char *name, *summary;
  nirc_dtype number;                                 /* of potentials and of what is sent: NIRC_F32 or NIRC_F64 */
  nirc_precision parameters;
  nirc_dt_rule dt_rule;
  double dt;                                         /* seconds (steps: 1), unless --dt says otherwise */
  bool same_step;                                    /* a back edge delivers what its source sends in this step (its neuron fires on the state before it) */
  bool drops_recurrent_bias;                         /* of an Affine whose out-edge is a back edge */
  bool channels_last;                                /* Flatten goes by (row, column, channel) */
  bool averages_maps;                                /* AvgPool2d takes the mean of the whole map */
  const char *weight;                                /* equation of what a Linear's weights become, from `weight` and the parameters of the neurons behind; NULL: as they are */
  bool late;                                         /* a Linear sends the sum of the step before, and sees of its input which elements are not 0 */
  const nirc_rule *rules;                            /* end with a row without equations */
  const nirc_import *imports;                        /* end with a row without text; NULL: takes everything */
  const char *loops;                                 /* where the importer fails at loops: what it does; NULL: it takes them */
} nirc_profile;

extern const nirc_profile nirc_profiles[];           /* ends with a row without name */
const nirc_profile *nirc_profile_find(const char *name);                 /* NULL where unknown */
const nirc_choice *nirc_rule_order(const nirc_rule *r);                  /* integration, fires, reset, in the rule's order */
const char *nirc_import_says(const nirc_profile *p, const nirc_op *node);        /* NULL: it is imported as it is */
void nirc_profiles_print_reference(nirc_strbuf *b);                      /* docs/profiles.md */
void nirc_profile_guess(const char *name, nirc_diag *d);                 /* a note where it is nearly that of a profile */
void nirc_reset_guess(const char *name, nirc_diag *d);                   /* the same for --reset */

#endif
