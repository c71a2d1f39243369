/* frontend/identify_print.c: what nirc_identify found, for people and for programs. docs/identify.md describes both. */
#include <jansson.h>
#include <math.h>

#include "frontend/identify.h"
#include "ir/base/json.h"

static const nirc_exporter *nth(const nirc_identity *i, size_t k)
{
  return &nirc_exporters[i->order[k]];
}

/* Pieces of evidence that go together count as if they did not, so there is no certainty; least of all that it was none of those that one knows. */
static int percent(const nirc_identity *i, size_t k)
{
  int p = (int)nearbyint(100 * i->share[i->order[k]]), most = i->order[k] == NIRC_BY_OTHER ? 90 : 99;
  return p > most ? most : p;
}

/* ---- text -------------------------------------------------------------------------------------------------------------------- */

/* Names in a file may hold anything: what would end the line or steer a terminal is escaped. */
static void add_name(nirc_strbuf *b, const char *s)
{
  for (; *s; s++)
    if ((unsigned char)*s < 0x20 || *s == 0x7f)
      nirc_strbuf_addf(b, "\\x%02x", (unsigned char)*s);
    else
      nirc_strbuf_add_bytes(b, s, 1);
}

/* What speaks for the likeliest, or against it; for one that the evidence hardly tells from it, too. */
static void add_signs(nirc_strbuf *b, const nirc_identity *i, bool against)
{
  for (size_t n = 0; n < i->n_signs; n++) {
    const nirc_sign *f = &i->signs[n];
    int w = f->weights[i->order[0]];
    if (against ? w >= 0 : w <= 0)
      continue;
    nirc_strbuf_add(b, against ? "against:  " : "evidence: ");
    add_name(b, f->place);
    nirc_strbuf_addf(b, ": %s", f->sentence);
    if (f->detail)
      nirc_strbuf_addf(b, " (%s)", f->detail);
    nirc_strbuf_addf(b, " [%+d]\n", w);
  }
}

void nirc_identity_print_text(const nirc_identity *i, nirc_strbuf *b)
{
  nirc_strbuf_addf(b, "exporter: %s (%s, %d %%)\n", nth(i, 0)->title, nirc_identity_confidence(i), percent(i, 0));
  for (size_t k = 1; k < i->n_likely; k++)
    nirc_strbuf_addf(b, "or:       %s (%d %%), --semantics %s\n", nth(i, k)->title, percent(i, k), nth(i, k)->profile);
  nirc_strbuf_add(b, "written:  ");
  if (i->version) {
    nirc_strbuf_add(b, "with nir ");
    add_name(b, i->version);
    nirc_strbuf_add(b, "\n");
  } else {
    nirc_strbuf_add(b, "the file does not say with which version of nir\n");
  }
  add_signs(b, i, false);
  add_signs(b, i, true);
  nirc_strbuf_addf(b, "time:     %s; dt = %g: %s\n", nth(i, 0)->unit, i->dt, i->dt_why);
  nirc_strbuf_add(b, "command:  ");
  add_name(b, i->command);
  nirc_strbuf_add(b, "\n");
  if (i->refused)
    nirc_strbuf_add(b, "note:     nirc refuses this file, with --lenient as well; the command is for one that was repaired\n");
}

/* ---- JSON -------------------------------------------------------------------------------------------------------------------- */

static json_t *candidates_json(const nirc_identity *i)
{
  json_t *list = json_array();
  for (size_t k = 0; k < NIRC_N_EXPORTERS; k++)
    json_array_append_new(list, json_pack("{s:s, s:s, s:i, s:f}", "exporter", nth(i, k)->name, "profile", nth(i, k)->profile, "score", i->score[i->order[k]], "share",
                                          i->share[i->order[k]]));
  return list;
}

static json_t *evidence_json(const nirc_identity *i)
{
  json_t *list = json_array();
  for (size_t n = 0; n < i->n_signs; n++) {
    const nirc_sign *f = &i->signs[n];
    json_t *weights = json_object();
    for (int k = 0; k < NIRC_N_EXPORTERS; k++)
      if (f->weights[k])
        json_object_set_new(weights, nirc_exporters[k].name, json_integer(f->weights[k]));
    json_array_append_new(list, json_pack("{s:s, s:s, s:s?, s:o}", "place", f->place, "observation", f->sentence, "detail", f->detail, "weights", weights));
  }
  return list;
}

void nirc_identity_print_json(const nirc_identity *i, nirc_strbuf *b)
{
  json_t *likely = json_array();
  for (size_t k = 0; k < i->n_likely; k++)
    json_array_append_new(likely, json_string(nth(i, k)->name));
  json_t *time = json_pack("{s:s, s:f, s:s}", "unit", nth(i, 0)->unit, "dt", i->dt, "why", i->dt_why);
  /* The path and the command have it as it was given, which need not be UTF-8: then null. */
  json_t *path = json_string(i->path), *command = json_string(i->command);
  json_t *root = json_pack("{s:i, s:o, s:s?, s:s, s:s, s:s, s:f, s:o, s:o, s:o, s:o, s:s, s:o}", "identify", 1, "file", path ? path : json_null(), "version", i->version, "exporter",
                           nth(i, 0)->name, "title", nth(i, 0)->title, "confidence", nirc_identity_confidence(i), "share", i->share[i->order[0]], "likely", likely,
                           "candidates", candidates_json(i), "evidence", evidence_json(i), "time", time, "reads", i->refused ? "no" : i->needs_lenient ? "lenient" : "yes",
                           "command", command ? command : json_null());
  nirc_strbuf_add_json(b, root, 2);
}
