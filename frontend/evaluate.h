/* frontend/evaluate.h: how well a network does its task on a chip, and what takes how much of that away: collected once, printed as text,
 * JSON or part of a page.
 * Owns: nothing; all of it lies in the caller's arena.
 * Must not know: how a network is compiled or run. docs/evaluate.md says what each number means. */
#ifndef NIRC_FRONTEND_EVALUATE_H
#define NIRC_FRONTEND_EVALUATE_H

#include "frontend/compare.h"

typedef enum nirc_evaluate_kind {
  NIRC_EVALUATE_NETWORK, NIRC_EVALUATE_QUANTISED, NIRC_EVALUATE_CHIP, NIRC_EVALUATE_WITHOUT, NIRC_EVALUATE_TRIAL
} nirc_evaluate_kind;

/* A layer of a variant beside that of the network. */
typedef struct nirc_evaluate_layer {
  double spikes;                                     /* how many, over all steps and samples */
  uint32_t latency;                                  /* steps behind the network's */
  uint64_t equal, elements;                          /* of those that were compared: step t + latency with step t of the network */
} nirc_evaluate_layer;

typedef struct nirc_evaluate_variant {
  nirc_evaluate_kind kind;
  const char *name, *what;                           /* "saturation", an option; what it is */
  bool refused;                                      /* nothing else is known then */
  uint32_t correct, agreeing;                        /* samples: of the right class; of the class that the network gives */
  nirc_evaluate_layer *layers;
  uint64_t equal, elements;                          /* of all layers with spikes */
} nirc_evaluate_variant;

typedef struct nirc_evaluation {
  const nirc_comparison *run;                        /* source, input, steps, samples, layers; no variants */
  const char *target, *profile, *reset, *options;    /* reset, options NULL: none */
  double dt;
  size_t classes;
  nirc_evaluate_variant *variants;                   /* the network, the quantised one, the chip, then one for each constraint and option that was tried */
  size_t n_variants;                                 /* 1 or 2 where the target is no chip */
} nirc_evaluation;

static inline bool nirc_evaluate_has_chip(const nirc_evaluation *e) { return e->n_variants > NIRC_EVALUATE_CHIP; }

/* "0.968 (330/341)" */
const char *nirc_evaluate_share(nirc_arena *a, uint64_t n, uint64_t of);
/* What the chip would gain, in samples: those of `v` that are right, less those of the chip. */
int64_t nirc_evaluate_gain(const nirc_evaluation *e, const nirc_evaluate_variant *v);

/* What the printers share: the tables, as rows of cells; the first row is the header. */
typedef struct nirc_evaluate_table {
  const char *title;
  size_t n_rows, n_columns;
  const char **cells;                                /* [n_rows][n_columns] */
  const bool *is_number;                             /* by column */
} nirc_evaluate_table;

enum { NIRC_EVALUATE_TABLES = 4 };

/* evaluate_text.c. Tables without a row are left out; returns how many there are. */
size_t nirc_evaluate_tables(nirc_evaluate_table tables[NIRC_EVALUATE_TABLES], nirc_arena *a, const nirc_evaluation *e);
void nirc_evaluate_add_summary(nirc_strbuf *b, const nirc_evaluation *e);               /* a sentence or two */
void nirc_evaluate_add_notes(nirc_strbuf *b, const char *lead, const nirc_evaluation *e);

void nirc_evaluate_print_text(const nirc_evaluation *e, nirc_strbuf *b);
json_t *nirc_evaluate_json(const nirc_evaluation *e);                    /* a reference for the caller */
void nirc_evaluate_print_json(const nirc_evaluation *e, nirc_strbuf *b);
void nirc_evaluate_print_html(const nirc_evaluation *e, nirc_strbuf *b); /* sections of a page */

#endif
