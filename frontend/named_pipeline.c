#include "frontend/named_pipeline.h"

#include <string.h>

static void add_quoted(nirc_strbuf *b, const char *s)
{
  nirc_strbuf_add(b, "\"");
  for (; *s; s++) {
    if (*s == '"' || *s == '\\')
      nirc_strbuf_add(b, "\\");
    nirc_strbuf_add_bytes(b, s, 1);
  }
  nirc_strbuf_add(b, "\"");
}

/* A file for a simulator (--for). */
static void add_write_for(const nirc_options *o, nirc_strbuf *b)
{
  nirc_strbuf_addf(b, "write-for{simulator=%s,profile=%s", o->simulator, o->profile ? o->profile : "nir");
  if (o->dt)
    nirc_strbuf_addf(b, ",dt=%s", o->dt);
  if (o->reset)
    nirc_strbuf_addf(b, ",reset=%s", o->reset);
  nirc_strbuf_add(b, "}");
}

static bool is_option_of(const nirc_target *t, const char *word, size_t n)
{
  for (size_t i = 0; i < t->n_options; i++)
    if (strlen(t->options[i].name) == n && strncmp(t->options[i].name, word, n) == 0)
      return true;
  return false;
}

/* Those of the given options that this target has, and one to try: --check -t all may come with options of several. */
static void add_target_options(const nirc_options *o, const nirc_target *t, const char *trial, nirc_strbuf *b)
{
  nirc_strbuf own;
  nirc_strbuf_init(&own, b->heap);
  for (const char *at = o->target_options ? o->target_options : ""; *at; at += strspn(at, " ")) {
    size_t n = strcspn(at, " ");
    if (is_option_of(t, at, strcspn(at, "= "))) {
      nirc_strbuf_add(&own, own.size ? " " : "");
      nirc_strbuf_add_bytes(&own, at, n);
    }
    at += n;
  }
  if (trial)
    nirc_strbuf_addf(&own, "%s%s", own.size ? " " : "", trial);
  if (own.size) {
    nirc_strbuf_add(b, ",options=");
    add_quoted(b, own.data);
  }
  nirc_strbuf_deinit(&own);
}

const char *nirc_named_profile(const nirc_options *o, const nirc_target *t)
{
  return o->profile ? o->profile : t->profiles ? t->profiles[0] : "nir";
}

void nirc_named_pipeline_add_adapting(nirc_strbuf *b, const nirc_options *o, const nirc_target *t)
{
  nirc_strbuf_addf(b, "adapt{target=%s", t->name);
  if (o->dt)
    nirc_strbuf_addf(b, ",dt=%s", o->dt);
  add_target_options(o, t, NULL, b);
  nirc_strbuf_add(b, "},");
}

void nirc_named_pipeline_add_lowering(nirc_strbuf *b, const nirc_options *o, const nirc_target *t, const char *reset, const char *trial, const char *without)
{
  nirc_strbuf_addf(b, "lower{target=%s,profile=%s", t->name, nirc_named_profile(o, t));
  if (o->dt)
    nirc_strbuf_addf(b, ",dt=%s", o->dt);
  if (reset)
    nirc_strbuf_addf(b, ",reset=%s", reset);
  if (o->partition && t->cuts)
    nirc_strbuf_addf(b, ",partition=%s", o->partition);
  add_target_options(o, t, trial, b);
  if (without)
    nirc_strbuf_addf(b, ",without=\"%s\"", without);
  nirc_strbuf_add(b, "}");
}

void nirc_named_pipeline_add(const nirc_options *o, const nirc_target *t, nirc_level from, nirc_strbuf *b)
{
  const char *last = o->job.level && from != NIRC_LEVEL_HW ? NIRC_OPTIMISING_PASSES : "";        /* what was lowered is what goes on the chip */
  const char *quantise = o->quantise && from != NIRC_LEVEL_HW ? o->quantise : "";
  if (nirc_level_has_steps(from)) {
    nirc_strbuf_addf(b, "%s%s%s", quantise, *quantise && *last ? "," : "", last);
    return;
  }
  nirc_strbuf_addf(b, "inline-subgraphs,%s", o->lenient ? "complete-inputs," : "");
  if (o->simulator) {
    add_write_for(o, b);
    return;
  }
  for (size_t i = 0; i < o->n_probes; i++) {
    nirc_strbuf_add(b, "probe{node=");
    add_quoted(b, o->probes[i]);
    nirc_strbuf_add(b, "},");
  }
  if (t->lower) {
    nirc_named_pipeline_add_lowering(b, o, t, o->reset, NULL, NULL);
    return;
  }
  nirc_strbuf_addf(b, "discretise{profile=%s", nirc_named_profile(o, t));
  if (o->dt)
    nirc_strbuf_addf(b, ",dt=%s", o->dt);
  if (o->reset)
    nirc_strbuf_addf(b, ",reset=%s", o->reset);
  nirc_strbuf_addf(b, "}%s%s%s%s", *quantise ? "," : "", quantise, *last ? "," : "", last);
}

void nirc_named_pipelines_print_reference(nirc_strbuf *b)
{
  nirc_strbuf named;
  nirc_strbuf_init(&named, b->heap);
  for (int level = 0; level <= 3; level++) {
    nirc_strbuf_addf(&named, "    -O%d   ", level);
    nirc_named_pipeline_add(&(nirc_options){.job.level = level}, nirc_targets[0], NIRC_LEVEL_NIR, &named);
    nirc_strbuf_add(&named, "\n");
  }
  nirc_passes_print_reference(b, named.data);
  nirc_strbuf_deinit(&named);
}
