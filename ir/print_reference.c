/* ir/print_reference.c: docs/ops.md from the op table. */
#include <string.h>

#include "ir/print.h"

static const char *kind_text(const nirc_attr_def *a)
{
  static const char *const text[] = {"int", "float", "string", "word", "shape", "dense", "strings", "dictionary"};
  return a->or_string ? "dense or string" : text[a->kind];
}

static const char *rule_text(const nirc_attr_def *a)
{
  static const char *const text[] = {"", "layer", "one number", "one number, or one per axis", "list"};
  return a->kind == NIRC_ATTR_DENSE ? text[a->rule] : "";
}

/* A cell of a table: a bar would end it. */
static void add_cell(nirc_strbuf *b, const char *text)
{
  for (; *text; text++)
    if (*text == '|')
      nirc_strbuf_add(b, "\\|");
    else
      nirc_strbuf_add_bytes(b, text, 1);
}

static void add_attributes(nirc_strbuf *b, const nirc_op_def *def)
{
  if (!def->n_attrs)
    return;
  nirc_strbuf_add(b, "\n| attribute | kind | shape | unit | needed | |\n|---|---|---|---|---|---|\n");
  for (size_t i = 0; i < def->n_attrs; i++) {
    const nirc_attr_def *a = &def->attrs[i];
    nirc_strbuf_addf(b, "| `%s` | %s", a->name, kind_text(a));
    nirc_strbuf_addf(b, " | %s | %s | %s | ", rule_text(a), nirc_dim_unit(a->dim), a->optional ? "no" : "yes");
    add_cell(b, a->doc);
    nirc_strbuf_add(b, " |\n");
  }
}

static void add_counts(nirc_strbuf *b, const nirc_op_def *def)
{
  if (def->n_operands < 0)
    nirc_strbuf_add(b, "Operands: any number");
  else
    nirc_strbuf_addf(b, "Operands: %d", def->n_operands);
  if (def->n_results < 0)
    nirc_strbuf_add(b, def->has_region ? "; results: those of its last op" : "; results: any number");
  else
    nirc_strbuf_addf(b, "; results: %d", def->n_results);
  if (def->spikes)
    nirc_strbuf_add(b, ", the first of them i1");
  nirc_strbuf_addf(b, "%s.\n", def->has_region ? "; has a region" : "");
}

static void add_op(nirc_strbuf *b, const nirc_op_def *def)
{
  nirc_strbuf_addf(b, "\n### %s\n\n%s\n", def->mnemonic, def->doc);
  if (def->nir_type)
    nirc_strbuf_addf(b, "In a .nir file: a node of type `%s`.\n", def->nir_type);
  add_counts(b, def);
  if (def->equation)
    nirc_strbuf_addf(b, "\n    %s\n", def->equation);
  add_attributes(b, def);
}

static void add_level(nirc_strbuf *b, nirc_level level, const char *title)
{
  nirc_strbuf_addf(b, "\n## %s\n", title);
  for (int i = 0; i < NIRC_N_OPS; i++)
    if (nirc_op_defs[i]->level == level)
      add_op(b, nirc_op_defs[i]);
}

void nirc_ops_print_reference(nirc_strbuf *b)
{
  nirc_strbuf_add(b, "# Ops\n\n"
                     "Made from the op table (`ir/ops.def`); not to be edited. `ir.md` says what levels and attributes are.\n"
                     "Numbers are in SI units. A shape of *layer* is the shape of the node's values.\n"
                     "An op of the nir level adds up its operands, in their order, before anything else; every one may also carry the\n"
                     "attributes `metadata` (dictionary), `edge` (dense i64: place of each in-edge in the file's list of edges) and `probe`\n"
                     "(int: its values are to be recorded).\n");
  add_level(b, NIRC_LEVEL_NIR, "nir: what a .nir file says");
  add_level(b, NIRC_LEVEL_SNN, "snn: one time step");
  add_level(b, NIRC_LEVEL_HW, "hw: what is on a chip; beside the ops of the snn level");
}
