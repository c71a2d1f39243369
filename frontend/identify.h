/* frontend/identify.h: which program wrote a .nir file, by the evidence in it; and the time step that follows.
 * Owns: the table of exporters and the table of evidence (identify_evidence.c).
 * Must not know: passes, what a profile computes. Source: docs/identify.md. */
#ifndef NIRC_FRONTEND_IDENTIFY_H
#define NIRC_FRONTEND_IDENTIFY_H

#include "frontend/identify_scene.h"

typedef enum nirc_exporter_id {
  NIRC_BY_NORSE, NIRC_BY_SNNTORCH, NIRC_BY_SINABS, NIRC_BY_ROCKPOOL, NIRC_BY_SPIKINGJELLY, NIRC_BY_SPYX, NIRC_BY_LAVADL, NIRC_BY_NENGO, NIRC_BY_NEUROCUDA,
  NIRC_BY_OTHER,                                     /* by hand, or by a program that the table does not have */
  NIRC_N_EXPORTERS
} nirc_exporter_id;

typedef struct nirc_exporter {
  const char *name;                                  /* for programs: "snntorch" */
  const char *title;                                 /* for people: "snnTorch" */
  const char *profile;                               /* of --semantics */
  const char *unit;                                  /* what it means by a time constant */
  nirc_time_rule rule;                               /* by which it writes r; NIRC_N_TIME_RULES: by none */
  double dt;                                         /* its time step, unless the parameters tell another; 0: it has none of its own */
} nirc_exporter;
extern const nirc_exporter nirc_exporters[NIRC_N_EXPORTERS];

/* Something that was seen in the file. */
typedef struct nirc_sign {
  const char *place;                                 /* object in the file */
  const char *detail;                                /* what it shows there: a value, a count; NULL: nothing more to say */
  const char *sentence;                              /* what that is */
  const signed char *weights;                        /* bits for or against each exporter, NIRC_N_EXPORTERS of them */
} nirc_sign;

typedef struct nirc_identity {
  const char *path, *version;                        /* version: as the file says; NULL: it does not */
  nirc_sign *signs;
  size_t n_signs;
  int score[NIRC_N_EXPORTERS];                       /* sum of the weights */
  double share[NIRC_N_EXPORTERS];                    /* 2^score over the sum of all */
  nirc_exporter_id order[NIRC_N_EXPORTERS];          /* likeliest first */
  size_t n_likely;                                   /* of those, how many the evidence hardly tells apart; 1: one stands out */
  double dt;
  const char *dt_why;
  const char *command;                               /* for the likeliest */
  bool needs_lenient, refused;                       /* nirc reads the file only with --lenient; not even then */
} nirc_identity;

/* What is seen in the scene, row by row of the table. *n: how many. */
nirc_sign *nirc_identify_signs(const nirc_scene *s, size_t *n);

/* The file is read as --lenient would, but no fault of the network hinders. NULL after a diagnostic, where it is no HDF5 or holds no network. */
const nirc_identity *nirc_identify(const char *path, nirc_arena *a, nirc_diag *d);

const char *nirc_identity_confidence(const nirc_identity *i);            /* "sure", "likely", "unsure" */
void nirc_identity_print_text(const nirc_identity *i, nirc_strbuf *b);
void nirc_identity_print_json(const nirc_identity *i, nirc_strbuf *b);

#endif
