/* ir/time_rules.h: which time step the parameters of a network were made with.
 * Owns: the rules by which exporters put their time step into r and w_in, solved for it.
 * Must not know: files, passes, who writes by which rule (frontend/identify.h).
 * Source: the exporters' code and files that they wrote (docs/identify.md). */
#ifndef NIRC_IR_TIME_RULES_H
#define NIRC_IR_TIME_RULES_H

#include "ir/op.h"

typedef enum nirc_time_rule {
  NIRC_TIME_R_INVERSE,                               /* IF: r = 1/dt */
  NIRC_TIME_R_TAU,                                   /* r = tau/dt */
  NIRC_TIME_R_DECAYED,                               /* r = tau*exp(-dt/tau)/dt */
  NIRC_TIME_R_BETA,                                  /* r = 1 - dt/tau */
  NIRC_TIME_W_IN,                                    /* w_in = tau_syn/dt */
  NIRC_N_TIME_RULES
} nirc_time_rule;
const char *nirc_time_rule_text(nirc_time_rule r);

/* A neuron's parameters; NULL where it has none of that name. */
typedef struct nirc_time_node {
  nirc_opcode code;
  const nirc_blob *r, *w_in, *tau, *tau_mem, *tau_syn;
  const void *who;                                   /* the caller's; given back where the node is an example */
} nirc_time_node;

/* How a rule fits the nodes that it could have been used for. r = 1 and w_in = 1 say nothing and are left out. */
typedef struct nirc_time_fit {
  unsigned nodes, misfits;
  double low, high;                                  /* dt lies between, as far as the rounding of the parameters lets one see */
  double least_dt, greatest_dt;                      /* of what the single elements give */
  double least, greatest;                            /* of the parameter */
  double value, tau;                                 /* an example, */
  const void *who;                                   /* and whose it is */
  double dt;                                         /* that all elements give, maybe by accident; 0: they do not agree */
  bool holds;                                        /* every element of every node gives one dt, which is no accident */
} nirc_time_fit;
double nirc_time_fit_off(const nirc_time_fit *f);    /* where it holds: how far, relative to dt, an element's own is from it at most */

typedef struct nirc_time_survey {
  nirc_time_fit fit[NIRC_N_TIME_RULES];
  unsigned integrators;                              /* I and IF */
  bool has_tau, unit_r;                              /* a time constant above 0; every r is 1 (or there is none) */
  bool unit_if;                                      /* there is an IF whose r is 1 throughout */
  double least_tau, greatest_tau;                    /* of those above 0 */
  const void *fastest;                               /* whose the least is */
} nirc_time_survey;

void nirc_time_survey_begin(nirc_time_survey *s);
void nirc_time_survey_add(nirc_time_survey *s, const nirc_time_node *n);
void nirc_time_survey_add_op(nirc_time_survey *s, const nirc_op *op);    /* of the nir level; `who` is the op */
void nirc_time_survey_end(nirc_time_survey *s);

enum { NIRC_TIME_WHY = 160 };                        /* bytes that hold any text of the next */

typedef enum nirc_time_kind { NIRC_TIME_UNKNOWN, NIRC_TIME_BY_RULE, NIRC_TIME_SCALED, NIRC_TIME_STEPS } nirc_time_kind;

/* The time step that the parameters themselves ask for, and why. NIRC_TIME_BY_RULE: a rule holds. NIRC_TIME_SCALED: time constants of microseconds, as where an exporter
 * multiplies them by its dt of 1e-3 s (below 2e-6: of 1e-4 s): the square of that. NIRC_TIME_STEPS: time constants above 1 everywhere, numbers of steps: 1. Else nothing tells, *dt is untouched. */
nirc_time_kind nirc_time_suggest(const nirc_time_survey *s, double *dt, char why[NIRC_TIME_WHY]);

#endif
