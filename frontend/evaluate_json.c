/* frontend/evaluate_json.c: an evaluation as JSON. Its fields are described in docs/evaluate.md. */

#include "frontend/evaluate.h"
#include "ir/base/json.h"

static json_t *number(uint64_t n)
{
  return json_integer((json_int_t)n);
}

static json_t *text(const char *s)
{
  return s ? json_string(s) : json_null();
}

static json_t *share(uint64_t n, uint64_t of)
{
  return of ? json_real((double)n / (double)of) : json_null();
}

static json_t *layers_json(const nirc_evaluation *e, const nirc_evaluate_variant *v)
{
  json_t *list = json_array();
  for (size_t n = 0; n < e->run->n_layers; n++) {
    const nirc_evaluate_layer *y = &v->layers[n];
    if (e->run->layers[n].spikes)
      json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:f, s:o, s:o}", "name", e->run->layers[n].name, "type", e->run->layers[n].type, "latency",
                                            number(y->latency), "spikes", y->spikes, "equal", number(y->equal), "elements", number(y->elements)));
  }
  return list;
}

static json_t *variant_json(const nirc_evaluation *e, const nirc_evaluate_variant *v)
{
  static const char *const kinds[] = {[NIRC_EVALUATE_NETWORK] = "network", [NIRC_EVALUATE_QUANTISED] = "quantised", [NIRC_EVALUATE_CHIP] = "chip",
                                      [NIRC_EVALUATE_WITHOUT] = "without", [NIRC_EVALUATE_TRIAL] = "with"};
  if (v->refused)
    return json_pack("{s:s, s:s, s:b}", "kind", kinds[v->kind], "name", v->name, "refused", 1);
  return json_pack("{s:s, s:s, s:b, s:o, s:o, s:o, s:o}", "kind", kinds[v->kind], "name", v->name, "refused", 0, "accuracy", share(v->correct, e->run->samples),
                   "correct", number(v->correct), "network_class", number(v->agreeing), "layers", layers_json(e, v));
}

json_t *nirc_evaluate_json(const nirc_evaluation *e)
{
  json_t *variants = json_array();
  for (size_t k = 0; k < e->n_variants; k++)
    json_array_append_new(variants, variant_json(e, &e->variants[k]));
  json_t *input = json_pack("{s:s, s:o, s:o}", "file", e->run->input, "steps", number(e->run->steps), "samples", number(e->run->samples));
  return json_pack("{s:i, s:s, s:s, s:o, s:s, s:o, s:f, s:o, s:o, s:o}", "evaluation", 1, "source", e->run->source, "target", e->target, "options",
                   text(e->options), "profile", e->profile, "reset", text(e->reset), "dt", e->dt, "input", input, "classes", number(e->classes), "variants", variants);
}

void nirc_evaluate_print_json(const nirc_evaluation *e, nirc_strbuf *b)
{
  nirc_strbuf_add_json(b, nirc_evaluate_json(e), 2);
}
