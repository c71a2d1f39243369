/* frontend/compare_json.c: a comparison as JSON. Its fields are described in docs/compare.md. */
#include <math.h>

#include "frontend/compare.h"
#include "ir/base/json.h"

static json_t *number(uint64_t n)
{
  return json_integer((json_int_t)n);
}

/* JSON has no infinity and no NaN. */
static json_t *real(bool known, double x)
{
  return known && isfinite(x) ? json_real(x) : json_null();
}

static json_t *text(const char *s)
{
  return s ? json_string(s) : json_null();
}

static json_t *element_json(const nirc_compare_layer *l, size_t element)
{
  json_t *list = json_array();
  size_t below = l->count;
  for (uint32_t i = 0; i < l->shape.rank; i++) {
    below /= (size_t)l->shape.dims[i];
    json_array_append_new(list, number(element / below % l->shape.dims[i]));
  }
  return list;
}

static json_t *place_json(const nirc_compare_layer *l, const nirc_compare_place *p)
{
  if (!p->known)
    return json_null();
  return json_pack("{s:o, s:o, s:o}", "step", number(p->step), "sample", number(p->sample), "element", element_json(l, p->element));
}

static json_t *shape_json(const nirc_shape *s)
{
  json_t *list = json_array();
  for (uint32_t i = 0; i < s->rank; i++)
    json_array_append_new(list, number(s->dims[i]));
  return list;
}

static json_t *input_json(const nirc_comparison *c)
{
  return json_pack("{s:o, s:o, s:o, s:o, s:o}", "file", text(c->input), "seed", c->input ? json_null() : number(c->seed), "rate", real(!c->input, c->rate),
                   "steps", number(c->steps), "samples", number(c->samples));
}

static json_t *v_json(const nirc_compare_layer *l, const nirc_compare_difference *d)
{
  if (!l->has_v)
    return json_null();
  return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o}", "first_difference", place_json(l, &d->first_v), "largest", real(true, d->most), "at",
                   place_json(l, &d->most_v), "values", json_pack("[o, o]", real(d->most_v.known, d->a), real(d->most_v.known, d->b)), "largest_before",
                   real(l->spikes, d->most_agreed), "before_at", place_json(l, &d->most_v_agreed), "scaled_by_threshold", (int)d->scaled, "mean", real(true, d->mean_v));
}

static json_t *shift_json(const nirc_compare_layer *l, const nirc_compare_difference *d)
{
  return l->spikes && d->shift != NIRC_COMPARE_NO_SHIFT ? json_integer(d->shift) : json_null();
}

static json_t *pair_layer_json(const nirc_comparison *c, const nirc_compare_pair *p, size_t n)
{
  const nirc_compare_layer *l = &c->layers[n];
  const nirc_compare_difference *d = &p->layers[n];
  nirc_strbuf cause;
  nirc_strbuf_init(&cause, nirc_heap_default());
  nirc_compare_add_cause(&cause, p, n);
  json_t *spikes = l->spikes ? json_pack("[f, f]", c->spikes[p->a][n], c->spikes[p->b][n]) : json_null();
  json_t *all = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "name", l->name, "spikes", spikes, "first_difference", place_json(l, &d->first), "differing",
                          number(d->n), "shift", shift_json(l, d), "v", v_json(l, d), "because_of", text(cause.size ? cause.data : NULL));
  nirc_strbuf_deinit(&cause);
  return all;
}

/* How far the layers part from the second variant when this choice alone is the second's. */
static json_t *choice_layers_json(const nirc_comparison *c, const nirc_compare_choice *k)
{
  if (!k->layers)
    return json_null();
  json_t *list = json_array();
  for (size_t n = 0; n < c->n_layers; n++)
    json_array_append_new(list, json_pack("{s:s, s:o, s:o}", "name", c->layers[n].name, "first_difference", place_json(&c->layers[n], &k->layers[n].first),
                                          "first_difference_in_v", place_json(&c->layers[n], &k->layers[n].first_v)));
  return list;
}

static json_t *choice_json(const nirc_comparison *c, const nirc_compare_choice *k)
{
  return json_pack("{s:s, s:b, s:b, s:b, s:o}", "choice", k->name, "differs", (int)k->differs, "alone_refused", (int)k->refused, "alone_agrees", (int)k->agrees, "layers",
                   choice_layers_json(c, k));
}

static json_t *responsible_json(const nirc_compare_pair *p)
{
  json_t *list = json_array();
  bool alone = false, differ = p->subject != NIRC_COMPARE_NOTHING;
  for (size_t k = 0; k < p->n_choices; k++)
    alone |= p->choices[k].agrees;
  for (size_t k = 0; differ && k < p->n_choices; k++)
    if (alone ? p->choices[k].agrees : p->together && p->together[k])
      json_array_append_new(list, json_string(p->choices[k].name));
  return json_pack("{s:o, s:o}", "choices", list, "together", json_boolean(differ && !alone && p->together));
}

static json_t *pair_json(const nirc_comparison *c, const nirc_compare_pair *p)
{
  static const char *const subjects[] = {[NIRC_COMPARE_V] = "v", [NIRC_COMPARE_VALUES] = "value", [NIRC_COMPARE_SPIKES] = "spikes"};
  json_t *layers = json_array(), *choices = json_array(), *first = json_null();
  size_t n = nirc_compare_first_layer(c, p->layers, p->subject);
  if (n < c->n_layers)
    first = json_pack("{s:s, s:s, s:o}", "of", subjects[p->subject], "layer", c->layers[n].name, "at",
                      place_json(&c->layers[n], nirc_compare_first(c, p->layers, n, p->subject)));
  for (size_t i = 0; i < c->n_layers; i++)
    json_array_append_new(layers, pair_layer_json(c, p, i));
  for (size_t k = 0; k < p->n_choices; k++)
    json_array_append_new(choices, choice_json(c, &p->choices[k]));
  nirc_strbuf summary;
  nirc_strbuf_init(&summary, nirc_heap_default());
  nirc_compare_add_summary(&summary, c, p);
  json_t *all = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "first", c->variants[p->a].name, "second", c->variants[p->b].name, "summary", summary.data,
                          "first_difference", first, "responsible", responsible_json(p), "layers", layers, "choices", choices);
  nirc_strbuf_deinit(&summary);
  return all;
}

json_t *nirc_compare_json(const nirc_comparison *c)
{
  json_t *variants = json_array(), *layers = json_array(), *pairs = json_array();
  for (size_t k = 0; k < c->n_variants; k++) {
    const nirc_compare_variant *v = &c->variants[k];
    json_array_append_new(variants, json_pack("{s:s, s:s, s:o, s:f}", "name", v->name, "profile", v->profile, "reset", text(v->reset), "dt", v->dt));
  }
  for (size_t n = 0; n < c->n_layers; n++) {
    const nirc_compare_layer *l = &c->layers[n];
    json_array_append_new(layers, json_pack("{s:s, s:s, s:o, s:s}", "name", l->name, "type", l->type, "shape", shape_json(&l->shape), "compared",
                                            l->spikes ? "spikes" : "value"));
  }
  for (size_t p = 0; p + 1 < c->n_variants; p++)
    json_array_append_new(pairs, pair_json(c, &c->pairs[p]));
  return json_pack("{s:i, s:s, s:o, s:o, s:o, s:o}", "comparison", 1, "source", c->source, "input", input_json(c), "variants", variants, "layers", layers, "pairs", pairs);
}

void nirc_compare_print_json(const nirc_comparison *c, nirc_strbuf *b)
{
  nirc_strbuf_add_json(b, nirc_compare_json(c), 2);
}
