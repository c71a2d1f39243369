#include "frontend/calibrate.h"

#include <inttypes.h>
#include <string.h>

#include "ir/parse.h"
#include "ir/print.h"

/* docs/quantise.md: from the largest weight on down. */
static const struct { const char *name, *pass; } ways[] = {
  {"float32", NULL}, {"int8", "quantise"}, {"int8, percentile 99.9", "quantise{percentile=99.9}"}, {"int8, percentile 99", "quantise{percentile=99}"},
  {"int8, percentile 95", "quantise{percentile=95}"}};

enum { N_WAYS = sizeof ways / sizeof *ways };

/* How far a quantised network is from the one with float32 weights: by its spikes; where these are alike, by v. */
typedef struct distance { double spikes, differing, v; } distance;

static distance distance_of(const nirc_comparison *c, const nirc_compare_pair *p)
{
  distance x = {0, 0, 0};
  for (size_t n = 0; n < c->n_layers; n++) {
    if (c->layers[n].spikes) {
      x.spikes += c->spikes[p->a][n] + c->spikes[p->b][n];
      x.differing += (double)p->layers[n].n;
    }
    x.v += p->layers[n].mean_v;
  }
  return x;
}

static double loss_of(const nirc_comparison *c, size_t pair)
{
  distance x = distance_of(c, &c->pairs[pair]);
  return x.spikes > 0 ? x.differing : x.v;
}

/* The least loss; the first, without clipping, where no other has less by a tenth: so much may be chance. */
static size_t best_pair(const nirc_comparison *c)
{
  size_t best = 0;
  for (size_t p = 1; p + 1 < c->n_variants; p++)
    if (loss_of(c, p) < loss_of(c, best))
      best = p;
  return loss_of(c, best) < 0.9 * loss_of(c, 0) ? best : 0;
}

/* Of all spikes of both, those that both have, in per cent. */
static double agreement(double spikes, double differing)
{
  return spikes > 0 ? 100 * (1 - differing / spikes) : 100;
}

static void say_layer(const nirc_comparison *c, const nirc_compare_pair *p, size_t n, const nirc_module *m, nirc_diag *d)
{
  const nirc_compare_layer *l = &c->layers[n];
  const nirc_compare_difference *x = &p->layers[n];
  double before = c->spikes[p->a][n], after = c->spikes[p->b][n];
  nirc_strbuf b;
  nirc_strbuf_init(&b, m->heap);
  if (l->spikes)
    nirc_strbuf_addf(&b, "%.10g spikes with float32 weights, %.10g quantised, which agree by %.4g %%", before, after, agreement(before + after, (double)x->n));
  if (l->has_v)
    nirc_strbuf_addf(&b, "%sv is off by %.4g on average, by %.4g at most", b.size ? "; " : "", x->mean_v, x->most);
  if (l->has_v && l->spikes)
    nirc_strbuf_addf(&b, ", by %.4g while spikes are equal", x->most_agreed);
  if (b.size)
    nirc_remark(d, nirc_loc_file(m->path), "'%s': %s", l->name, b.data);
  nirc_strbuf_deinit(&b);
}

static void say(const nirc_comparison *c, size_t best, const nirc_module *m, nirc_diag *d)
{
  const nirc_compare_pair *p = &c->pairs[best];
  distance x = distance_of(c, p);
  nirc_strbuf input;
  nirc_strbuf_init(&input, m->heap);
  nirc_compare_add_input(&input, c);
  if (x.spikes > 0)
    nirc_remark(d, nirc_loc_file(m->path), "%s: on %s, spikes agree by %.4g %% with those of float32 weights", c->variants[p->b].name, input.data, agreement(x.spikes, x.differing));
  else
    nirc_remark(d, nirc_loc_file(m->path), "%s: on %s, no layer spikes", c->variants[p->b].name, input.data);
  for (size_t k = 0; d->verbose && k + 1 < c->n_variants; k++) {
    distance other = distance_of(c, &c->pairs[k]);
    nirc_note(d, nirc_loc_file(m->path), "%s: spikes agree by %.4g %%%s", c->variants[c->pairs[k].b].name, agreement(other.spikes, other.differing), k == best ? "; taken" : "");
  }
  for (size_t n = 0; d->verbose && n < c->n_layers; n++)
    say_layer(c, p, n, m, d);
  nirc_strbuf_deinit(&input);
}

/* A copy to be used up. */
static nirc_module *copy_module(const nirc_module *m, nirc_strbuf *text, nirc_diag *d)
{
  nirc_module_print(text, m, false);
  return nirc_module_parse(text->data, text->size, m->path, m->heap, d);
}

/* What the passes say, they say again when the network is compiled. */
static const nirc_comparison *run_quietly(nirc_arena *a, nirc_module *copy, const nirc_options *o, bool check_text, bool rasters, nirc_diag *d)
{
  nirc_diag before = *d;
  d->quiet = true;
  d->warnings_are_errors = false;
  const nirc_comparison *c = nirc_compare_run(a, copy, o, check_text, rasters, d);
  d->quiet = before.quiet;
  d->warnings_are_errors = before.warnings_are_errors;
  d->warnings = before.warnings;
  return c;
}

bool nirc_calibrate(nirc_arena *a, const nirc_module *m, nirc_options *o, bool check_text, nirc_report *report, nirc_diag *d)
{
  nirc_semantics profiles[N_WAYS];
  const char *passes[N_WAYS];
  nirc_options own = *o;
  for (size_t k = 0; k < N_WAYS; k++) {
    profiles[k] = (nirc_semantics){.text = ways[k].name, .profile = o->profile ? o->profile : "nir", .dt = o->dt, .reset = o->reset};
    passes[k] = ways[k].pass;
  }
  own.compare = (nirc_compare_options){.profiles = profiles, .n_profiles = N_WAYS, .passes = passes, .input = o->calibrate};
  nirc_strbuf text;
  nirc_strbuf_init(&text, m->heap);
  nirc_module *copy = copy_module(m, &text, d);
  const nirc_comparison *c = copy ? run_quietly(a, copy, &own, check_text, report != NULL, d) : NULL;
  nirc_module_free(copy);
  nirc_strbuf_deinit(&text);
  if (!c || nirc_diag_failed(d))
    return false;
  size_t best = best_pair(c);
  o->quantise = passes[best + 1];
  say(c, best, m, d);
  if (report)
    report->calibration = c;
  return true;
}
