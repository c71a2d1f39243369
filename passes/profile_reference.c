/* passes/profile_reference.c: docs/profiles.md, from the table of the profiles: the equations printed are the ones that are compiled. */
#include "passes/profiles.h"

#include <ctype.h>
#include <string.h>

static const char introduction[] =
  "# Profiles: what each simulator computes\n\n"
  "Made from the table of the profiles (`passes/profiles.c`, `passes/profile_rules.c`) by `nirc --print-profiles`; not to be edited. The equations are not a description: they are\n"
  "the text that nirc reads, types and compiles, so that what stands here is what a network computes under `--semantics PROFILE`. Each was obtained from the importer of the simulator\n"
  "in the version named, and confirmed by running it: 166 traces of the simulators, single neurons to convolutional and recurrent networks, are reproduced without one differing\n"
  "spike, and with equal bits of v wherever sums are exact in any order. `semantics.md` says what is common to all profiles: order of nodes, loops, delays, linear maps.\n"
  "To cite it: nirc, version as `nirc --version` prints it, profile by name.\n\n"
  "## How to read the equations\n\n"
  "x is what arrives at the node in this step (the sum of its in-edges, in edge order), f the part of it that back edges deliver where a simulator adds that apart (`[+ f]`: nothing is\n"
  "added where there are none); v and i are the states (others are named by *start*), h the potential before the threshold test, z how often the node fires in this step. All other\n"
  "names are the node's parameters in NIR, or *coefficients*, which are computed once, and may replace a parameter. Statements run in order, and a name may be assigned again. A\n"
  "condition counts as 0 or 1; `C ? A : B` is A where C holds.\n\n"
  "Each operation is rounded by itself, to the type of its operands: **potentials and sums** are computed in the profile's *number* type, **coefficients** from the parameters in the\n"
  "type that *parameters* names (`as stored`: float32 where the file has float32, else float64), rounded to the number type at the end. dt and written numbers take the type of the\n"
  "other operand. `fma(a, b, c)` is a*b + c with one rounding; `rint` rounds half to even; `i64(a)` cuts the fraction off, and division of i64 rounds toward zero; `exp`, `expm1` and\n"
  "`log` are computed in float64 and rounded. Over a layer: `first`, `least`, `most`, `mean`; `alike(a)`: all within 1e-6 of each other. `near(a, b)`: equal within 1e-5.\n\n"
  "*needs*: what the importer demands; another value is refused, with the value found. *warns*: where the condition fails, nirc compiles what the simulator computes, and says this. A\n"
  "parameter that no equation names is ignored by the simulator; nirc warns unless it is neutral (r = 1, w_in = 1, others 0). A node type without equations here is computed as `nir` has\n"
  "it, with a remark: there is nothing to reproduce.\n\n"
  "## Overview\n\n"
  "| profile | computes as | number | parameters | dt | a back edge delivers | bias of a recurrent Affine | Flatten |\n|---|---|---|---|---|---|---|---|\n";

static const char *precision_text(nirc_precision p)
{
  return p == NIRC_AS_F32 ? "f32" : p == NIRC_AS_F64 ? "f64" : "as stored";
}

static void add_dt(nirc_strbuf *b, const nirc_profile *p)
{
  switch (p->dt_rule) {
  case NIRC_DT_STEPS: nirc_strbuf_add(b, "`--dt`, 1: time in steps"); break;
  case NIRC_DT_FIXED: nirc_strbuf_addf(b, "%g s, fixed", p->dt); break;
  case NIRC_DT_DERIVED: nirc_strbuf_add(b, "from r, layer by layer"); break;
  case NIRC_DT_COUNTS: nirc_strbuf_addf(b, "`--dt`, %g s; 1 with I or IF and no tau", p->dt); break;
  default: nirc_strbuf_addf(b, "`--dt`, %g s", p->dt);
  }
}

static void add_overview(nirc_strbuf *b, const nirc_profile *p)
{
  nirc_strbuf_addf(b, "| [`%s`](#%s) | %s | %s | %s | ", p->name, p->name, p->summary, nirc_dtype_name(p->number), precision_text(p->parameters));
  add_dt(b, p);
  nirc_strbuf_addf(b, " | %s | %s | %s |\n", p->same_step ? "the same step" : "the step before",
                   p->drops_recurrent_bias ? "dropped" : p->same_step ? "from t = 0" : "from t = 1", p->channels_last ? "(row, column, channel)" : "as NIR");
}

/* A text of statements, one a line. */
static void add_statements(nirc_strbuf *b, const char *label, const char *text)
{
  for (const char *at = text; at && *at;) {
    size_t n = strcspn(at, ";");
    nirc_strbuf_addf(b, "    %-13s %.*s\n", at == text ? label : "", (int)n, at);
    at += n;
    at += strspn(at, "; ");
  }
}

static void add_rule(nirc_strbuf *b, const nirc_rule *r)
{
  const nirc_choice *order = nirc_rule_order(r);
  nirc_strbuf_addf(b, "\n**%s**%s%s%s\n\n", nirc_op_defs[r->node]->nir_type, r->when ? ", where `" : "", r->when ? r->when : "", r->when ? "`" : "");
  add_statements(b, "start", r->equations[NIRC_CHOICE_START]);
  add_statements(b, "coefficients", r->equations[NIRC_CHOICE_COEFFICIENTS]);
  for (int k = 0; k < 3; k++) {
    add_statements(b, k ? "" : "each step", r->equations[order[k]]);
    if (order[k] == NIRC_CHOICE_RESET)
      add_statements(b, "or, subtract", r->subtract);
  }
  add_statements(b, "sends", r->equations[NIRC_CHOICE_OUTPUT]);
  if (r->needs)
    nirc_strbuf_addf(b, "\nneeds `%s`\n", r->needs);
  if (r->doubt)
    nirc_strbuf_addf(b, "\nwarns %s%s%s%s.\n", r->doubts ? "unless `" : "always", r->doubts ? r->doubts : "", r->doubts ? "`: " : ": ", r->doubt);
}

static void add_imports(nirc_strbuf *b, const nirc_profile *p)
{
  if (!p->imports)
    return;
  nirc_strbuf_add(b, "\nIts importer:\n");
  for (const nirc_import *i = p->imports; i->says; i++) {
    bool first = true;
    for (const nirc_import *k = p->imports; k < i; k++)
      first &= strcmp(k->says, i->says) != 0;
    if (!first)
      continue;
    nirc_strbuf_addf(b, "\n* %s: ", i->says);
    const char *separator = "";
    for (const nirc_import *k = i; k->says; k++)
      if (strcmp(k->says, i->says) == 0) {
        nirc_strbuf_addf(b, "%s%s", separator, nirc_op_defs[k->node]->nir_type);
        separator = ", ";
      }
  }
  if (p->loops)
    nirc_strbuf_addf(b, "\n* %s", p->loops);
  nirc_strbuf_add(b, "\n");
}

void nirc_profiles_print_reference(nirc_strbuf *b)
{
  nirc_strbuf_add(b, introduction);
  for (const nirc_profile *p = nirc_profiles; p->name; p++)
    add_overview(b, p);
  for (const nirc_profile *p = nirc_profiles; p->name; p++) {
    nirc_strbuf_addf(b, "\n## %s\n\n%c%s.\n", p->name, toupper((unsigned char)*p->summary), p->summary + 1);
    for (const nirc_rule *r = p->rules; r->equations[NIRC_CHOICE_INTEGRATION]; r++)
      add_rule(b, r);
    if (p->weight) {
      nirc_strbuf_add(b, "\n**Linear, Affine**\n\n");
      add_statements(b, "weights", p->weight);
    }
    if (p->late)
      nirc_strbuf_add(b, "\nThe sum is that of the step before, over the inputs that are not 0, each counted as 1. No bias; one layer of neurons behind.\n");
    if (p->averages_maps)
      nirc_strbuf_add(b, "\nAvgPool2d takes the mean of the whole map whatever its kernel: another kernel is refused.\n");
    add_imports(b, p);
  }
}
