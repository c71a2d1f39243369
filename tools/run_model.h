/* tools/run_model.h: a compiled model, found and loaded.
 * Owns: the handle of the shared object.
 * Must not know: inputs, outputs. */
#ifndef NIRC_TOOLS_RUN_MODEL_H
#define NIRC_TOOLS_RUN_MODEL_H

#include "codegen/nirc_model.h"
#include "ir/base/diag.h"

typedef struct nirc_run_model {
  const char *path;                                  /* of the shared object, for messages */
  const nirc_model_api *api;
  const nirc_model_info *info;
  void *handle;
} nirc_run_model;

/* path: a shared object, or a directory that holds just one. It is looked at before it is loaded, so that a file of another
 * kind or one cut short is a diagnostic (status 1; 3 where it is not there) and not a crash. Strings go to `a`. */
bool nirc_run_model_open(nirc_run_model *m, nirc_arena *a, const char *path, nirc_diag *d);

/* nirc_model_info.most_events; 0 of a model that is older than it. */
double nirc_run_most_events(const nirc_model_info *info);

void nirc_run_model_close(nirc_run_model *m);        /* accepts one that is all zeros */

#endif
