/* frontend/named_pipeline.h: the passes that the options of a command line stand for.
 * Must not know: what passes do, where modules come from. */
#ifndef NIRC_FRONTEND_NAMED_PIPELINE_H
#define NIRC_FRONTEND_NAMED_PIPELINE_H

#include "frontend/nirc_options.h"

/* Appends the pipeline of the options for that target, from where a module is, in the syntax of --pass-pipeline. -O0 leaves out what makes code smaller or faster. */
void nirc_named_pipeline_add(const nirc_options *o, const nirc_target *t, nirc_level from, nirc_strbuf *b);

/* Appends `lower` alone. `trial`: one more of the target's options, "NAME=VALUE"; `without`: constraints that are not to hold; NULL: none. */
void nirc_named_pipeline_add_lowering(nirc_strbuf *b, const nirc_options *o, const nirc_target *t, const char *reset, const char *trial, const char *without);
/* Appends `adapt`, and a comma. */
void nirc_named_pipeline_add_adapting(nirc_strbuf *b, const nirc_options *o, const nirc_target *t);
const char *nirc_named_profile(const nirc_options *o, const nirc_target *t);           /* --semantics, or the target's default */

/* Appends docs/passes.md, with the pipelines of -O0 to -O3. */
void nirc_named_pipelines_print_reference(nirc_strbuf *b);

#endif
