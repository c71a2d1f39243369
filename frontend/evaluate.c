/* frontend/evaluate.c: a network on labelled data: as it is, quantised, on the chip, and on the chip without one constraint after the other. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/compare_runner.h"
#include "frontend/evaluate_run.h"
#include "frontend/named_pipeline.h"
#include "frontend/nir_h5.h"

enum { MOST_TRIALS = 4, MOST_VARIANTS = 3 + NIRC_TARGET_MOST_CONSTRAINTS + MOST_TRIALS };

typedef struct evaluator {
  nirc_compare_job j;
  nirc_evaluation *e;
  const nirc_target *target;
  const char *reset;                                 /* as the chip and the network beside it have it; NULL: the profile's */
  int64_t *labels;                                   /* by sample */
  nirc_compare_model models[MOST_VARIANTS];
  uint32_t shown;                                    /* the sample of the rasters: the first that the chip has in another class than the network, */
  bool differs;                                      /* if there is one */
  nirc_diag silent;                                  /* what is said of the chip itself is not said again of each variant */
  FILE *nowhere;
} evaluator;

/* ---- variants ------------------------------------------------------------------------------------------------------------- */

/* Everything in a fixed order: printers rely on the first three. */
static nirc_evaluate_variant *new_variant(evaluator *x, nirc_evaluate_kind kind, const char *name, const char *what)
{
  nirc_evaluation *e = x->e;
  NIRC_ASSERT(e->n_variants < MOST_VARIANTS);
  nirc_evaluate_variant *v = &e->variants[e->n_variants++];
  *v = (nirc_evaluate_variant){.kind = kind, .name = name, .what = what, .layers = NIRC_NEW_ARRAY(x->j.arena, nirc_evaluate_layer, x->j.c->n_layers)};
  return v;
}

/* All constraints but those of the weights and the reset, which is the network's, too. */
static const char *all_but_weights(const evaluator *x)
{
  nirc_strbuf b;
  nirc_strbuf_init(&b, x->j.heap);
  for (size_t i = 0; i < x->target->n_constraints; i++)
    if (!x->target->constraints[i].is_weights && !x->target->constraints[i].is_reset)
      nirc_strbuf_addf(&b, "%s%s", b.size ? " " : "", x->target->constraints[i].name);
  const char *list = nirc_arena_strdup(x->j.arena, b.data);
  nirc_strbuf_deinit(&b);
  return list;
}

static bool lower(evaluator *x, nirc_compare_model *model, const char *trial, const char *without, nirc_diag *d)
{
  nirc_strbuf b;
  nirc_strbuf_init(&b, x->j.heap);
  nirc_named_pipeline_add_lowering(&b, x->j.o, x->target, without || trial ? x->reset : x->j.o->reset, trial, without);
  bool ok = nirc_compare_model_make_by(model, &x->j, b.data, d);
  nirc_strbuf_deinit(&b);
  return ok;
}

/* One more on the chip: it may be that an option makes it refuse the network. */
static bool add_variant(evaluator *x, nirc_evaluate_kind kind, const char *name, const char *what, const char *trial, const char *without, nirc_diag *d)
{
  nirc_compare_model *model = &x->models[x->e->n_variants];
  nirc_evaluate_variant *v = new_variant(x, kind, name, what);
  unsigned before = x->silent.errors;
  v->refused = !lower(x, model, trial, without, &x->silent) || x->silent.errors != before;
  return v->refused || nirc_compare_model_compile(model, &x->j, d);
}

/* Is it given, with this value or another? */
static bool is_given(const char *options, const char *trial)
{
  size_t n = strcspn(trial, "=") + 1;
  for (const char *at = options; at && *at; at += strspn(at, " ")) {
    if (strncmp(at, trial, n) == 0)
      return true;
    at += strcspn(at, " ");
  }
  return false;
}

/* Is it given with that value? */
static bool is_chosen(const char *options, const char *option)
{
  size_t n = strlen(option);
  for (const char *at = options; at && *at; at += strspn(at, " ")) {
    if (strcspn(at, " ") == n && strncmp(at, option, n) == 0)
      return true;
    at += strcspn(at, " ");
  }
  return false;
}

static bool add_constraints(evaluator *x, nirc_diag *d)
{
  const nirc_target *t = x->target;
  for (size_t i = 0; i < t->n_constraints; i++) {
    const nirc_target_constraint *k = &t->constraints[i];
    if (k->is_reset && x->j.o->reset)
      continue;                                      /* it was asked for, so it costs nothing */
    if (k->with && !is_chosen(x->j.o->target_options, k->with))
      continue;                                      /* that is another model of the chip */
    if (k->with_subtract && !(x->j.o->reset && strcmp(x->j.o->reset, "subtract") == 0))
      continue;                                      /* the network does the same */
    if (!add_variant(x, NIRC_EVALUATE_WITHOUT, k->name, k->summary, NULL, k->name, d))
      return false;
  }
  for (size_t i = 0; t->trials && t->trials[i]; i++)
    if (!is_given(x->j.o->target_options, t->trials[i]) &&
        !add_variant(x, NIRC_EVALUATE_TRIAL, nirc_arena_printf(x->j.arena, "--%s", t->trials[i]), "", t->trials[i], NULL, d))
      return false;
  return true;
}

/* The network itself; `dt`: as the chip has it; 0: as the options say. `pass`: one that runs behind; NULL: none. */
static bool make_network(evaluator *x, nirc_compare_model *model, double dt, const char *pass, nirc_diag *d)
{
  const nirc_options *o = x->j.o;
  nirc_strbuf b;
  nirc_strbuf_init(&b, x->j.heap);
  if (x->target->adapt)
    nirc_named_pipeline_add_adapting(&b, o, x->target);
  nirc_strbuf_addf(&b, "discretise{profile=%s", x->e->profile);
  if (dt > 0)
    nirc_strbuf_addf(&b, ",dt=%.17g", dt);
  else if (o->dt)
    nirc_strbuf_addf(&b, ",dt=%s", o->dt);
  if (x->reset)
    nirc_strbuf_addf(&b, ",reset=%s", x->reset);
  nirc_strbuf_addf(&b, "}%s%s", pass ? "," : "", pass ? pass : "");
  bool ok = nirc_compare_model_make_by(model, &x->j, b.data, d);
  nirc_strbuf_deinit(&b);
  return ok;
}

/* -t cpu --quantise */
static bool add_quantised(evaluator *x, nirc_diag *d)
{
  nirc_compare_model *model = &x->models[NIRC_EVALUATE_QUANTISED];
  new_variant(x, NIRC_EVALUATE_QUANTISED, "quantised", "weights of 8 bits, else the network");
  return make_network(x, model, x->e->dt, x->j.o->quantise, d) && !nirc_diag_failed(d) && nirc_compare_model_compile(model, &x->j, d);
}

static bool make_variants(evaluator *x, nirc_diag *d)
{
  bool chip = x->target->lower != NULL;
  nirc_compare_model on_chip = {0};
  if (chip && (!lower(x, &on_chip, NULL, NULL, d) || nirc_diag_failed(d))) {
    nirc_compare_model_free(&on_chip);
    return false;
  }
  x->models[chip ? 2 : 1] = on_chip;
  if (!make_network(x, &x->models[0], on_chip.dt, NULL, d) || nirc_diag_failed(d))
    return false;
  nirc_compare_sort_layers(x->j.c, x->j.arena, x->models[0].module);
  x->e->dt = x->models[0].dt;
  x->e->variants = NIRC_NEW_ARRAY(x->j.arena, nirc_evaluate_variant, MOST_VARIANTS);
  new_variant(x, NIRC_EVALUATE_NETWORK, "network", "as it is, in float32");
  if (!nirc_compare_model_compile(&x->models[0], &x->j, d))
    return false;
  x->j.info = x->models[0].model.info;
  if (!chip)
    return !x->j.o->quantise || add_quantised(x, d);
  x->j.target = x->target->name;
  if (!add_variant(x, NIRC_EVALUATE_QUANTISED, "quantised", "the chip's weights and thresholds, else the network", NULL, all_but_weights(x), d))
    return false;
  new_variant(x, NIRC_EVALUATE_CHIP, "chip", "its arithmetic, bit for bit");
  return nirc_compare_model_compile(&x->models[2], &x->j, d) && add_constraints(x, d);
}

/* ---- data ---------------------------------------------------------------------------------------------------------------------- */

/* "labels" of the file: a whole number for each sample. */
static bool read_labels(evaluator *x, nirc_diag *d)
{
  nirc_h5_limits limits = nirc_h5_limits_default();
  const nirc_h5_file *f = nirc_h5_read(x->j.arena, x->j.o->evaluate, &limits, d);
  if (!f)
    return false;
  nirc_loc loc = {.file = f->path, .object = "/labels"};
  const nirc_h5_object *o = nirc_h5_child(f->root, "labels");
  uint32_t samples = x->j.input.batch;
  if (!o || o->kind != NIRC_H5_NUMBERS) {
    nirc_error(d, loc, "there is no such dataset; --evaluate wants the class of each sample there, whole numbers from 0 on");
    return false;
  }
  if (o->rank > 1 || o->count != samples) {
    nirc_error(d, loc, "%zu labels of rank %" PRIu32 ", the input has %" PRIu32 " sample%s: one for each is wanted", o->count, o->rank, samples,
               samples == 1 ? "" : "s");
    return false;
  }
  x->labels = NIRC_NEW_ARRAY(x->j.arena, int64_t, samples);
  for (size_t i = 0; i < samples; i++)
    if (!nirc_dtype_get_int(o->dtype, o->data, i, &x->labels[i]) || x->labels[i] < 0 || (uint64_t)x->labels[i] >= x->e->classes) {
      nirc_error(d, loc, "element %zu is %g; the output has %zu elements, so classes are 0 to %zu", i, nirc_dtype_get(o->dtype, o->data, i), x->e->classes,
                 x->e->classes - 1);
      return false;
    }
  return true;
}

static bool get_data(evaluator *x, nirc_diag *d)
{
  const nirc_options *o = x->j.o;
  nirc_comparison *c = x->j.c;
  const nirc_model_info *info = x->j.info;
  if (info->n_outputs != 1) {
    nirc_error(d, nirc_loc_file(x->j.path), "--evaluate takes the class from the only Output; this network has %" PRIu32, info->n_outputs);
    return false;
  }
  x->e->classes = (size_t)info->outputs[0].count;
  if (!nirc_run_input_read(&x->j.input, x->j.arena, info, o->evaluate, d) || !read_labels(x, d))
    return false;
  c->input = nirc_report_file_name(x->j.arena, o->evaluate);
  c->steps = o->compare.has_steps ? o->compare.steps : x->j.input.steps;
  c->samples = x->j.input.batch;
  c->batched = x->j.input.batched;
  return !nirc_evaluate_has_chip(x->e) || nirc_run_input_check_events(&x->j.input, x->models[2].model.info, c->steps, d);
}

/* ---- running ---------------------------------------------------------------------------------------------------------------------- */

/* The variants that run, in lock-step. */
typedef struct race {
  nirc_runner r;
  nirc_evaluate_variant *variants[MOST_VARIANTS];
  nirc_compare_model *models[MOST_VARIANTS];
  size_t n;
  double *sums[MOST_VARIANTS];                       /* [lanes][classes]: the output, summed over steps */
} race;

static uint32_t latency_of(const nirc_model_info *info, uint32_t port)
{
  return port < info->n_outputs ? info->outputs[port].latency : info->probes[port - info->n_outputs].latency;
}

/* The last of the classes' sums that is larger than all before it: of equals, the first. */
static size_t class_of(const double *sums, size_t n)
{
  size_t best = 0;
  for (size_t i = 1; i < n; i++)
    if (sums[i] > sums[best])
      best = i;
  return best;
}

static void count_row(nirc_evaluate_layer *y, const nirc_runner *r, size_t k, size_t n, uint64_t t)
{
  const nirc_runner_tap *x = &r->taps[k][n];
  size_t count = nirc_runner_lanes(r) * r->j->c->layers[n].count;
  const float *sent = x->sent[t % r->rows];
  for (size_t i = 0; x->active[t % r->rows] && i < count; i++)
    y->spikes += (double)sent[i];
  if (t < y->latency)
    return;
  const float *network = r->taps[0][n].sent[(t - y->latency) % r->rows];
  for (size_t i = 0; i < count; i++)
    y->equal += sent[i] == network[i];
  y->elements += count;
}

static void count_step(race *s, size_t classes, uint64_t t)
{
  const nirc_runner *r = &s->r;
  for (size_t k = 0; k < s->n; k++) {
    for (size_t n = 0; n < r->j->c->n_layers; n++)
      count_row(&s->variants[k]->layers[n], r, k, n, t);
    const float *out = r->out[k][0];
    for (size_t i = 0; i < nirc_runner_lanes(r) * classes; i++)
      s->sums[k][i] += (double)out[i];
  }
}

/* The variant that is looked at beside the network: the chip, else the quantised one; 0: there is neither. */
static size_t beside(const nirc_evaluation *e)
{
  return nirc_evaluate_has_chip(e) ? NIRC_EVALUATE_CHIP : e->n_variants - 1;
}

static void count_classes(evaluator *x, race *s)
{
  size_t classes = x->e->classes;
  for (uint32_t lane = 0; lane < nirc_runner_lanes(&s->r); lane++) {
    size_t network = class_of(s->sums[0] + lane * classes, classes), label = (size_t)x->labels[s->r.first + lane];
    for (size_t k = 0; k < s->n; k++) {
      size_t class = class_of(s->sums[k] + lane * classes, classes);
      s->variants[k]->correct += class == label;
      s->variants[k]->agreeing += class == network;
      if (s->variants[k] == &x->e->variants[beside(x->e)] && class != network && !x->differs) {
        x->shown = s->r.first + lane;
        x->differs = true;
      }
    }
  }
}

static bool run_all(evaluator *x, race *s, size_t rows, nirc_diag *d)
{
  if (!nirc_runner_open(&s->r, &x->j, s->models, s->n, rows, 0, d))
    return false;
  size_t row = s->r.lanes * x->e->classes;
  for (size_t k = 0; k < s->n; k++)
    s->sums[k] = NIRC_NEW_ARRAY(x->j.arena, double, row);
  for (size_t k = 0; k < s->n; k++)
    for (size_t n = 0; n < x->j.c->n_layers; n++)
      s->variants[k]->layers[n].latency = latency_of(s->models[k]->model.info, s->r.taps[k][n].sent_port);
  for (uint32_t first = 0; first < x->j.input.batch; first += s->r.lanes) {
    nirc_runner_begin(&s->r, first);
    for (size_t k = 0; k < s->n; k++)
      memset(s->sums[k], 0, row * sizeof(double));
    for (uint64_t t = 0; t < x->j.c->steps; t++) {
      nirc_runner_step(&s->r, t);
      count_step(s, x->e->classes, t);
    }
    count_classes(x, s);
  }
  return true;
}

static void add_up(evaluator *x, nirc_evaluate_variant *v)
{
  for (size_t n = 0; n < x->j.c->n_layers; n++)
    if (x->j.c->layers[n].spikes) {
      v->equal += v->layers[n].equal;
      v->elements += v->layers[n].elements;
    }
}

static bool race_variants(evaluator *x, nirc_diag *d)
{
  race s = {.n = 0};
  uint32_t latency = 0;
  for (size_t k = 0; k < x->e->n_variants; k++) {
    if (x->e->variants[k].refused)
      continue;
    const nirc_model_info *info = x->models[k].model.info;
    for (uint32_t p = 0; p < info->n_outputs + info->n_probes; p++)
      latency = latency_of(info, p) > latency ? latency_of(info, p) : latency;
    s.variants[s.n] = &x->e->variants[k];
    s.models[s.n++] = &x->models[k];
  }
  bool ok = run_all(x, &s, (size_t)latency + 1, d);
  nirc_runner_close(&s.r);
  for (size_t k = 0; ok && k < s.n; k++)
    add_up(x, s.variants[k]);
  return ok;
}

/* ---- rasters ----------------------------------------------------------------------------------------------------------------------------- */

/* The network and the chip, of one sample. */
static bool draw(evaluator *x, nirc_diag *d)
{
  nirc_comparison *c = x->j.c;
  size_t k = beside(x->e);
  nirc_compare_model *models[] = {&x->models[0], &x->models[k]};
  uint32_t *late[2];
  c->n_variants = k ? 2 : 0;
  if (!k || !c->samples)
    return true;
  c->variants = NIRC_NEW_ARRAY(x->j.arena, nirc_compare_variant, c->n_variants);
  for (size_t i = 0; i < c->n_variants; i++) {
    const nirc_evaluate_variant *v = &x->e->variants[i ? k : 0];
    c->variants[i].name = v->name;
    late[i] = NIRC_NEW_ARRAY(x->j.arena, uint32_t, c->n_layers);
    for (size_t n = 0; n < c->n_layers; n++)
      late[i][n] = v->layers[n].latency;
  }
  return nirc_compare_rasters(&x->j, models, c->n_variants, &(nirc_compare_place){.known = true, .sample = x->shown}, (const uint32_t *const *)late, d);
}

/* ---- all of it -------------------------------------------------------------------------------------------------------------------------- */

/* What the network does on a spike: as it is told, else as the chip does it. */
static const char *reset_of(const nirc_target *t, const nirc_options *o)
{
  bool subtracts = false;
  for (size_t i = 0; i < t->n_constraints; i++)
    subtracts |= t->constraints[i].is_reset;
  return o->reset ? o->reset : subtracts ? "subtract" : NULL;
}

static const nirc_evaluation *evaluate(nirc_arena *a, nirc_module *m, const nirc_options *o, bool check_text, bool rasters, nirc_diag *d)
{
  evaluator *x = NIRC_NEW(a, evaluator);
  *x = (evaluator){.j = {.arena = a, .heap = m->heap, .o = o, .check_text = check_text, .path = m->path, .c = NIRC_NEW(a, nirc_comparison)},
                   .e = NIRC_NEW(a, nirc_evaluation), .target = o->target, .reset = reset_of(o->target, o), .nowhere = fopen("/dev/null", "w")};
  if (!x->nowhere) {
    nirc_error_status(d, NIRC_STATUS_IO, nirc_loc_file("/dev/null"), "cannot be opened");
    return NULL;
  }
  nirc_diag_init(&x->silent, x->nowhere, "nirc");
  *x->j.c = (nirc_comparison){.source = nirc_report_file_name(a, m->path)};
  *x->e = (nirc_evaluation){.run = x->j.c, .target = o->target->name, .profile = nirc_named_profile(o, o->target), .reset = x->reset,
                            .options = o->target_options};
  nirc_strbuf text;
  nirc_strbuf_init(&text, m->heap);
  bool ok = nirc_compare_prepare(&x->j, m, "--evaluate", &text, d) && make_variants(x, d) && get_data(x, d) && race_variants(x, d) && (!rasters || draw(x, d));
  for (size_t k = 0; k < MOST_VARIANTS; k++)
    nirc_compare_model_free(&x->models[k]);
  nirc_strbuf_deinit(&text);
  fclose(x->nowhere);
  return ok ? x->e : NULL;
}

bool nirc_evaluate(nirc_strbuf *out, nirc_arena *a, nirc_module *m, const nirc_options *o, bool check_text, nirc_report *report, nirc_diag *d)
{
  const nirc_evaluation *e = evaluate(a, m, o, check_text, report != NULL, d);
  if (!e || nirc_diag_failed(d))
    return false;
  if (report)
    report->evaluation = e;
  if (!report || strcmp(o->report, "-"))
    (d->json ? nirc_evaluate_print_json : nirc_evaluate_print_text)(e, out);
  return true;
}
