/* passes/conventions.h: what each simulator makes of the parameters of a neuron, as a table that is read both ways: from parameters to the update of one
 * step, and from an update to parameters that give it.
 * Must not know: graphs, ops' attributes. Source: docs/write-for.md.
 *
 * One step of a neuron, in normal form (i is x where there is no synapse):
 *
 *     i = decay_syn*i + gain_syn*x + pull_syn
 *     h = decay*v + gain*i + pull
 *     a spike where h passes threshold; v = reset, or v = h - threshold, where it does; else v = h
 */
#ifndef NIRC_PASSES_CONVENTIONS_H
#define NIRC_PASSES_CONVENTIONS_H

#include "ir/op.h"

typedef struct nirc_update {
  double decay_syn, gain_syn, pull_syn, start_syn;
  double decay, gain, pull, start;
  double threshold, reset;
} nirc_update;

/* Of one neuron, as a file has them; tau is tau_mem where there is a synapse. */
typedef struct nirc_parameters { double tau_syn, w_in, tau, r, v_leak, v_threshold, v_reset; } nirc_parameters;

typedef enum nirc_decay_rule {
  NIRC_DECAYS_NOT,                                   /* 1 */
  NIRC_DECAYS_EULER,                                 /* 1 - dt/tau */
  NIRC_DECAYS_CLIPPED,                               /* the same, within 0 and 1 */
  NIRC_DECAYS_EXP,                                   /* exp(-dt/tau) */
  NIRC_DECAYS_TO_0_9                                 /* 0.9, whatever the file says */
} nirc_decay_rule;

/* k is 1 - decay; the factor is r for the membrane, w_in for the synapse. */
typedef enum nirc_gain_rule {
  NIRC_GAINS_1, NIRC_GAINS_K, NIRC_GAINS_K_FACTOR, NIRC_GAINS_FACTOR, NIRC_GAINS_DT_FACTOR,
  NIRC_GAINS_DECAY                                   /* what arrives decays in its own step */
} nirc_gain_rule;

typedef enum nirc_pull_rule { NIRC_PULLS_NOT, NIRC_PULLS_K_LEAK, NIRC_PULLS_LEAK, NIRC_PULLS_K_RESET } nirc_pull_rule;
typedef enum nirc_start_rule { NIRC_STARTS_AT_0, NIRC_STARTS_AT_LEAK, NIRC_STARTS_AT_RESET } nirc_start_rule;

typedef enum nirc_fires {
  NIRC_FIRES_NEVER,                                  /* its output is v */
  NIRC_FIRES_ABOVE, NIRC_FIRES_AT,                   /* h > threshold; h >= threshold */
  NIRC_FIRES_OFTEN                                   /* as often as the threshold fits into h */
} nirc_fires;

typedef enum nirc_resets {
  NIRC_RESETS_NOT,
  NIRC_RESETS_TO_V_RESET, NIRC_RESETS_TO_0,
  NIRC_RESETS_BY_THRESHOLD,                          /* subtraction */
  NIRC_RESETS_LATE                                   /* subtraction in the next step, from what has decayed by then */
} nirc_resets;

/* h is at least that. */
typedef enum nirc_floor { NIRC_FLOOR_NONE, NIRC_FLOOR_0, NIRC_FLOOR_MINUS_THRESHOLD } nirc_floor;

typedef enum nirc_threshold_rule {
  NIRC_THRESHOLD_PLAIN,
  NIRC_THRESHOLD_OVER_LEAST_GAIN,                    /* v_threshold / least r*dt/tau of the layer */
  NIRC_THRESHOLD_OVER_SYNAPSE,                       /* v_threshold / (w_in*dt/tau_syn) */
  NIRC_THRESHOLD_TIMES_R
} nirc_threshold_rule;

/* What an importer wants of r or w_in, where they do not enter the update. */
typedef enum nirc_wanted { NIRC_WANTS_1, NIRC_WANTS_TAU_OVER_DT, NIRC_WANTS_DT_RULE /* tau/(1 + r) is taken for dt */ } nirc_wanted;

enum { NIRC_ALIKE_TAU = 1, NIRC_ALIKE_THRESHOLD = 2 };                   /* what has to be one number in a layer; the first tau counts for all */

typedef struct nirc_convention {
  nirc_opcode node;
  nirc_decay_rule decay;
  nirc_gain_rule gain;
  nirc_pull_rule pull;
  nirc_start_rule start;
  nirc_decay_rule decay_syn;                         /* CubaLI, CubaLIF only, the next three too */
  nirc_gain_rule gain_syn;
  nirc_pull_rule pull_syn;
  nirc_start_rule start_syn;
  nirc_fires fires;
  nirc_resets resets, or_resets;                     /* or_resets: with --reset subtract; 0: no choice */
  nirc_floor floor;
  nirc_threshold_rule threshold;
  int late;                                          /* steps from where h passes the threshold to where the spike is seen */
  nirc_wanted r, w_in;
  int alike;
  bool flat;                                         /* runs in layers of one axis only */
  bool whole;                                        /* its states are whole numbers */
  bool high;                                         /* its importer makes spikes as high as 1/dt; the profile does not */
  bool read_only;                                    /* its importer does not take such a node, or not everywhere */
} nirc_convention;

/* What a simulator does with loops, and what of a graph its importer follows. */
typedef enum nirc_loops {
  NIRC_LOOPS_NONE,
  NIRC_LOOPS_SELF, NIRC_LOOPS_NESTED,                /* a neuron and a matrix; written as a nested graph */
  NIRC_LOOPS_ANY
} nirc_loops;
typedef enum nirc_walk {
  NIRC_WALK_FREE,
  NIRC_WALK_PREORDER,                               /* depth-first from the Input, edges in the order of the file, a node before its successors */
  NIRC_WALK_CHAIN                                   /* the first out-edge of each node */
} nirc_walk;

typedef struct nirc_simulator {
  const char *name, *title;                          /* profile; what messages call it */
  const nirc_convention *neurons;
  size_t n_neurons;
  double dt;                                         /* that it assumes where none is given */
  bool dt_derived;                                   /* dt is in the file: the least tau/(1 + r) of a layer */
  bool leak_is_0;                                    /* its importer takes no other v_leak */
  bool dt_1_without_tau;                             /* dt is 1 for a graph with I or IF and no time constant */

  /* Writing; `load` is NULL where nothing is written for it. */
  const char *load, *reset_argument;                 /* how a file is loaded; how its other reset is asked for */
  bool load_takes_dt;
  double dt_written;                                 /* dt that a file is written for; 0: the source's */
  nirc_opcode takes[8];                              /* stateless nodes, ends with 0 (NIR_GRAPH) */
  nirc_loops loops;
  nirc_walk walk;
  bool drops_loop_bias, channels_last, no_linear, no_conv_bias, needs_threshold_after_li;
  const char *loop_hint, *flatten_hint, *image_hint; /* what has to be known of a network with such; NULL: nothing */
  const char *drops;                                 /* what becomes of a node that its importer does not know */
} nirc_simulator;

extern const nirc_simulator nirc_simulators[];       /* ends with a row without name */
extern const char *const nirc_written_simulators[];  /* names of those that files are written for; NULL-terminated */
const nirc_simulator *nirc_simulator_find(const char *name);             /* NULL where unknown */

/* The row for such a node; NULL where its update is not in the table. */
const nirc_convention *nirc_convention_find(const nirc_simulator *s, nirc_opcode node);

/* Has it a synapse? */
static inline bool nirc_convention_has_synapse(const nirc_convention *c) { return c->node == NIR_CUBA_LIF || c->node == NIR_CUBA_LI; }

/* The time step that a layer of n neurons says by itself (dt_derived). */
double nirc_convention_derived_dt(const nirc_parameters *p, size_t n);

/* The update of neuron e of n. */
nirc_update nirc_convention_update(const nirc_convention *c, const nirc_parameters *p, size_t n, size_t e, double dt);

/* What a gain is where neither r nor w_in enters; NAN: it can be anything. `decay`: of the same equation. */
double nirc_gain_fixed(nirc_gain_rule rule, double decay);

/* Parameters that give the update, before rounding; what the row does not read is what its importer wants. NULL, or why there are none. */
const char *nirc_convention_parameters(const nirc_convention *c, const nirc_update *u, double dt, nirc_parameters *p);

#endif
