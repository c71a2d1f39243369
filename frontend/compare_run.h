/* frontend/compare_run.h: running a network under several profiles: what --compare does.
 * Owns: the compiled variants, as long as they run.
 * Must not know: how tables, pages and JSON are laid out. */
#ifndef NIRC_FRONTEND_COMPARE_RUN_H
#define NIRC_FRONTEND_COMPARE_RUN_H

#include "frontend/compare.h"
#include "frontend/nirc_options.h"
#include "frontend/report.h"
#include "tools/run_input.h"
#include "tools/run_model.h"

/* Compiles and runs the module (at the nir level; it is used up) under the profiles of --compare. Appends what goes to standard output, a table, or JSON where
 * messages are JSON; nothing where the report goes there. The comparison becomes part of the report (NULL: none is wanted), with rasters. False after a
 * diagnostic. */
bool nirc_compare_profiles(nirc_strbuf *out, nirc_arena *a, nirc_module *m, const nirc_options *o, bool check_text, nirc_report *report, nirc_diag *d);

/* The same without an output: NULL after a diagnostic. With o->compare.passes, the networks differ in these, and no cause is looked for. */
const nirc_comparison *nirc_compare_run(nirc_arena *a, nirc_module *m, const nirc_options *o, bool check_text, bool rasters, nirc_diag *d);

/* ---- among the files of the comparison ------------------------------------------------------------------------------------ */

/* What discretise is told. */
typedef struct nirc_compare_choices {
  const char *profile, *dt, *reset;                  /* dt, reset NULL: not given */
  const char *mix;                                   /* choices of other profiles, "reset:snntorch+start:snntorch"; NULL: none */
  const char *pass;                                  /* that runs behind discretise, "quantise{percentile=99}"; NULL: none */
} nirc_compare_choices;

/* The potential at which the neurons of a layer fire: one number, or one for each. All zeros: it has none. */
typedef struct nirc_compare_level { const nirc_blob *each; double number; } nirc_compare_level;

/* The network under one set of choices, ready to run. */
typedef struct nirc_compare_model {
  nirc_run_model model;
  double dt;
  nirc_strbuf text;                                  /* its step without the name of a profile, with arrays by their hash: equal for equal steps */
  nirc_compare_level *levels;                        /* by layer; borrowed from `module` */
  nirc_module *module;
} nirc_compare_model;

typedef struct nirc_compare_job {
  nirc_arena *arena;
  const nirc_heap *heap;
  const nirc_options *o;
  bool check_text;
  const char *network;                               /* text of the module: nested graphs inlined, layers probed */
  size_t network_size;
  const char *path;
  const char *target;                                /* what is said in the description of the models; NULL: cpu */
  nirc_comparison *c;
  nirc_run_input input;
  const nirc_model_info *info;                       /* of the first variant: ports */
} nirc_compare_job;

/* compare.c: nested graphs are inlined, layers marked, and the module is kept as text: each variant begins with it. `option`: for the message where it is too late. */
bool nirc_compare_prepare(nirc_compare_job *j, nirc_module *m, const char *option, nirc_strbuf *text, nirc_diag *d);
/* compare.c: layers in the order in which the step computes them. */
void nirc_compare_sort_layers(nirc_comparison *c, nirc_arena *a, const nirc_module *step);

/* compare_model.c. make: one step, as the choices (the passes) have it; compile: ready to run, with the layers of `c` known. False after a diagnostic. */
bool nirc_compare_model_make(nirc_compare_model *x, nirc_compare_job *j, const nirc_compare_choices *choices, nirc_diag *d);
bool nirc_compare_model_make_by(nirc_compare_model *x, nirc_compare_job *j, const char *pipeline, nirc_diag *d);
bool nirc_compare_model_compile(nirc_compare_model *x, nirc_compare_job *j, nirc_diag *d);
void nirc_compare_model_free(nirc_compare_model *x);                     /* accepts one that is all zeros */

/* compare_unit.c: of a step before any pass of -O; and whether their quotients, all above 0, say that v is kept in two units. */
nirc_compare_level *nirc_compare_levels(nirc_arena *a, const nirc_comparison *c, const nirc_module *m);
double nirc_compare_level_at(const nirc_compare_level *level, size_t element);
bool nirc_compare_units_differ(const nirc_compare_level *a, const nirc_compare_level *b, size_t count);

/* compare_steps.c: all models in lock-step. differences[k][n], k from 1: layer n of model k (b) from model 0 (a). spikes[k][n]: NULL where not wanted. */
bool nirc_compare_steps(nirc_compare_job *j, nirc_compare_model *const *models, size_t n, nirc_compare_difference **differences, double **spikes, nirc_diag *d);
/* Fills c->rasters from another run, of the sample and around the step of `first` (NULL: of the first difference of a pair). late[k][n]: steps by which layer n of model k is
 * behind, which its raster is shifted by; NULL: none is. */
bool nirc_compare_rasters(nirc_compare_job *j, nirc_compare_model *const *models, size_t n, const nirc_compare_place *first, const uint32_t *const *late, nirc_diag *d);

/* compare_cause.c: fills choices and together of a pair whose variants are ready to run. */
bool nirc_compare_find_cause(nirc_compare_job *j, nirc_compare_pair *p, nirc_compare_model *a, nirc_compare_model *b, nirc_diag *d);

#endif
