#include "frontend/print.h"

#include "frontend/named_pipeline.h"
#include "frontend/nirc_option_table.h"
#include "frontend/selftest.h"
#include "ir/print.h"
#include "passes/profiles.h"

bool nirc_print(nirc_strbuf *b, const nirc_options *o, nirc_arena *a, nirc_diag *d)
{
  switch (o->print) {
  case NIRC_PRINT_TARGETS: nirc_targets_print_list(b); break;
  case NIRC_PRINT_PASSES: nirc_passes_print_list(b); break;
  case NIRC_PRINT_OPS: nirc_ops_print_reference(b); break;
  case NIRC_PRINT_PASS_REFERENCE: nirc_named_pipelines_print_reference(b); break;
  case NIRC_PRINT_PROFILE_REFERENCE: nirc_profiles_print_reference(b); break;
  case NIRC_PRINT_EDITOR: nirc_editor_print(b, o->editor); break;
  case NIRC_PRINT_SELFTEST: return nirc_selftest(b, b->heap, d);
  case NIRC_PRINT_PIPELINE:
    nirc_named_pipeline_add(o, o->target ? o->target : nirc_targets[0], NIRC_LEVEL_NIR, b);
    nirc_strbuf_add(b, "\n");
    break;
  case NIRC_PRINT_PROFILES:
    for (const nirc_profile *p = nirc_profiles; p->name; p++)
      nirc_strbuf_addf(b, "%-13s %s\n", p->name, p->summary);
    break;
  default: nirc_options_show(stdout, o->print, a);
  }
  return true;
}
