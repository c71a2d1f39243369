/* frontend/report.h: what is known about a network and its compiling, layer by layer: collected once, printed as JSON or as a page.
 * Owns: nothing; all of it lies in the caller's arena, types are borrowed from the module.
 * Must not know: passes, targets, where the report goes. docs/report.md says what each number means. */
#ifndef NIRC_FRONTEND_REPORT_H
#define NIRC_FRONTEND_REPORT_H

#include "frontend/compare.h"
#include "frontend/estimate.h"
#include "frontend/evaluate.h"
#include "frontend/graph.h"
#include "frontend/report_chip.h"

/* Counts stop at this instead of wrapping: the largest integer of JSON readers that have 64 bits. */
#define NIRC_REPORT_MOST ((uint64_t)INT64_MAX)

enum { NIRC_REPORT_MOST_DRAWN = 1000 };              /* nodes */

/* What one step costs, each a number of times a step and sample. */
typedef struct nirc_report_cost { uint64_t state_bytes, multiply_adds, neuron_updates, elementwise; } nirc_report_cost;

/* What a trace says of what a layer sends. */
typedef struct nirc_report_active {
  bool known, spikes;                                /* its spikes, else its values */
  double per_step, share;                            /* elements that are not 0, each step of a sample; of all its elements */
} nirc_report_active;

typedef struct nirc_report_layer {
  const char *name, *type;                           /* GRAPH/NODE; "LIF", or a mnemonic where the network was read at the snn level */
  const char *kind;                                  /* nirc_graph_kind */
  const nirc_type *in, *out;                         /* NULL: receives, sends nothing */
  uint64_t parameters, parameter_bytes, connections; /* as in the file */
  nirc_report_cost cost;                             /* where the report has steps */
  nirc_report_active active;
  bool has_operations;
  double operations;                                 /* synaptic ones, each step of a sample, for what arrived */
} nirc_report_layer;

typedef struct nirc_report_counter { const char *name; uint64_t value; } nirc_report_counter;
typedef struct nirc_report_size { uint64_t ops, constant_bytes; } nirc_report_size;

/* A number that a pass tells of a node. */
typedef struct nirc_report_figure { const char *node, *name; double value; struct nirc_report_figure *next; } nirc_report_figure;

typedef struct nirc_report_pass {
  const char *name;
  const nirc_report_counter *counters;
  size_t n_counters;
  nirc_report_size before, after;
  nirc_report_figure *figures, *last_figure;
  struct nirc_report_pass *next;
} nirc_report_pass;

typedef struct nirc_report {
  nirc_arena *arena;
  const char *name, *source;                         /* base name of the input, nothing invisible in it */
  uint64_t source_hash[2];
  const char *target, *profile;                      /* NULL: none */
  double dt;                                         /* seconds; 0: not known */
  bool has_nodes, has_steps;                         /* read at the nir level; brought to the snn level */
  nirc_report_layer *layers;                         /* sources before their users; what only the step knows behind them */
  size_t n_layers, n_nodes, n_edges;                 /* nodes and edges of the drawing */
  const nirc_graph *graph;                           /* as read, */
  const size_t *at, *first_edge;                     /* where its nodes are among the layers, and their first in-edge; NULL where it has none */
  const char *dot;                                   /* of the network as read; NULL where it is too large to be drawn */
  uint64_t parameters, parameter_bytes, connections; /* of all layers */
  nirc_report_cost cost;
  nirc_report_pass *passes, *last_pass;
  const char *trace;                                 /* base name of its file; NULL: none was given */
  uint64_t steps, samples;
  double trace_dt;                                   /* seconds; 0: not known */
  bool has_operations;                               /* of all layers that have connections */
  double operations;
  const nirc_comparison *comparison;                 /* of profiles; NULL: none. Then no pass of the report's own has run */
  const nirc_evaluation *evaluation;                 /* on a chip; NULL: none. The same is true then */
  const nirc_comparison *calibration;                /* of float32 weights with quantised ones; NULL: none */
  uint64_t inference_steps;                          /* as --steps says; 0: it does not */
  const nirc_estimate *estimate;                     /* NULL: there is no step */
  const nirc_chip *chip;                             /* where the network stands on it; NULL: on none */
  nirc_report_size size;                             /* of the module, as the last pass left it */
} nirc_report;

/* The facts of a module as it was read, before any pass. dt as for nirc_graph_make. The module outlives the report. */
nirc_report *nirc_report_begin(nirc_arena *a, nirc_module *m, double dt);

/* The activity of the module as it was read, from a trace of nirc-run (nir_h5.h says how it is read). False after a diagnostic: no trace, one of another network. */
bool nirc_report_read_activity(nirc_report *r, nirc_module *m, const char *path, nirc_diag *d);

/* Of a convolution or pool of the snn level: pairs of an output position and a tap of its kernel that lies inside the input, of one channel. */
uint64_t nirc_report_pairs(const nirc_op *op);

/* The file's name without its folder, nothing invisible in it: no directory of this machine goes into an output. */
const char *nirc_report_file_name(nirc_arena *a, const char *path);

/* A pass has run. Names are borrowed. */
void nirc_report_add_pass(nirc_report *r, const char *name, const char *const *counter_names, const uint64_t *counters, size_t n, const nirc_module *m);
/* A number that the last one tells of a node; those of a node one behind the other. */
void nirc_report_add_figure(nirc_report *r, const char *node, const char *name, double value);

/* The facts of the module as the passes left it. */
void nirc_report_end(nirc_report *r, const nirc_module *m);

void nirc_report_print_json(const nirc_report *r, nirc_strbuf *b);
/* One page that needs nothing else: no script, no other file. */
void nirc_report_print_html(const nirc_report *r, nirc_strbuf *b);

#endif
