/* frontend/compare.c: one comparison, from a module to what is known of its layers under each profile. */
#include "frontend/compare.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/compare_run.h"
#include "frontend/snn/random.h"
#include "ir/print.h"
#include "passes/pass.h"

enum { RANDOM_STEPS = 100 };

/* ---- layers ---------------------------------------------------------------------------------------------------------------- */

static bool is_layer(const nirc_op *op)
{
  return op->def->integrates || op->def->spikes;
}

/* An Output of what is no layer itself shows what the network gives. */
static bool is_bare_output(const nirc_op *op)
{
  return op->code == NIR_OUTPUT && !(op->n_operands == 1 && is_layer(nirc_op_operand(op, 0)->def));
}

/* Lists the layers, and marks them to be recorded. */
static void list_layers(nirc_comparison *c, nirc_arena *a, nirc_module *m)
{
  const nirc_region *graph = m->body.first->body;
  size_t n = 0;
  NIRC_FOR_EACH_OP(op, graph)
    n += is_layer(op) || is_bare_output(op);
  c->layers = NIRC_NEW_ARRAY(a, nirc_compare_layer, n);
  NIRC_FOR_EACH_OP(op, graph) {
    if (!is_layer(op) && !is_bare_output(op))
      continue;
    const nirc_type *t = op->results[0].type;
    c->layers[c->n_layers++] = (nirc_compare_layer){.name = nirc_arena_strdup(a, op->name), .type = op->def->nir_type, .shape = t->shape, .count = t->count,
                                                    .spikes = op->def->spikes, .has_v = op->def->integrates};
    nirc_op_set_int(m, op, "probe", 1);
  }
}

typedef struct place { nirc_compare_layer layer; size_t at; } place;

static int by_place(const void *a, const void *b)
{
  const place *x = a, *y = b;
  return x->at != y->at ? (x->at > y->at) - (x->at < y->at) : strcmp(x->layer.name, y->layer.name);
}

void nirc_compare_sort_layers(nirc_comparison *c, nirc_arena *a, const nirc_module *step)
{
  place *places = NIRC_NEW_ARRAY(a, place, c->n_layers);
  for (size_t n = 0; n < c->n_layers; n++)
    places[n] = (place){c->layers[n], SIZE_MAX};
  size_t at = 0;
  NIRC_FOR_EACH_OP(op, step->body.first->body) {
    at++;
    if (op->code == SNN_STATE || op->code == SNN_UPDATE || op->code == SNN_PROBE)
      continue;
    for (size_t n = 0; n < c->n_layers; n++)
      if (strcmp(places[n].layer.name, op->name) == 0)
        places[n].at = at;
  }
  qsort(places, c->n_layers, sizeof *places, by_place);
  for (size_t n = 0; n < c->n_layers; n++)
    c->layers[n] = places[n].layer;
}

/* ---- input --------------------------------------------------------------------------------------------------------------------------- */

/* docs/compare.md: a draw for each element, by port in order of name, step, element. */
static bool draw_input(nirc_compare_job *j, uint64_t steps, nirc_diag *d)
{
  const nirc_compare_options *o = &j->o->compare;
  nirc_random r;
  nirc_random_init(&r, o->seed);
  j->input = (nirc_run_input){.steps = steps, .batch = 1, .values = NIRC_NEW_ARRAY(j->arena, const float *, j->info->n_inputs)};
  for (uint32_t k = 0; k < j->info->n_inputs; k++) {
    size_t count = j->info->inputs[k].count;
    float *to = nirc_run_input_room(j->arena, steps, 1, count, nirc_loc_none(), d);
    if (!to)
      return false;
    for (size_t i = 0; i < steps * count; i++)
      to[i] = (float)nirc_random_bernoulli(&r, o->rate);
    j->input.values[k] = to;
  }
  return true;
}

static bool get_input(nirc_compare_job *j, nirc_diag *d)
{
  const nirc_compare_options *o = &j->o->compare;
  nirc_comparison *c = j->c;
  if (o->input ? !nirc_run_input_read(&j->input, j->arena, j->info, o->input, d) : !draw_input(j, o->has_steps ? o->steps : RANDOM_STEPS, d))
    return false;
  c->input = o->input ? nirc_report_file_name(j->arena, o->input) : NULL;
  c->seed = o->seed;
  c->rate = o->rate;
  c->steps = o->has_steps ? o->steps : j->input.steps;
  c->samples = j->input.batch;
  c->batched = j->input.batched;
  return true;
}

/* ---- all of it -------------------------------------------------------------------------------------------------------------------------- */

bool nirc_compare_prepare(nirc_compare_job *j, nirc_module *m, const char *option, nirc_strbuf *text, nirc_diag *d)
{
  if (m->level != NIRC_LEVEL_NIR) {
    nirc_error_status(d, NIRC_STATUS_USAGE, nirc_loc_none(), "%s is at the %s level: %s comes too late", j->o->input, m->level == NIRC_LEVEL_HW ? "hw" : "snn", option);
    return false;
  }
  nirc_pipeline_hooks hooks = {.verify_each = j->o->hooks.verify_each, .check_text = j->check_text};
  if (!nirc_pipeline_run(m, j->o->lenient ? "inline-subgraphs,complete-inputs" : "inline-subgraphs", &hooks, d))
    return false;
  list_layers(j->c, j->arena, m);
  nirc_module_print(text, m, false);
  j->network = text->data;
  j->network_size = text->size;
  return true;
}

/* Notes and lines of source belong to the message above them. */
static bool begins_message(const char *line, size_t n)
{
  static const char *const marks[] = {": error: ", ": warning: ", ": remark: ", "\"severity\":\"error\"", "\"severity\":\"warning\"", "\"severity\":\"remark\""};
  bool any = false;
  for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
    any |= memmem(line, n, marks[i], strlen(marks[i])) != NULL;
  return any;
}

/* Messages about one variant, but for those that were printed for one before. */
static void print_once(FILE *to, nirc_strbuf *said, const char *text, size_t size)
{
  for (size_t at = 0, end; at < size; at = end) {
    for (end = at; end < size;) {
      const char *newline = memchr(text + end, '\n', size - end);
      size_t next = newline ? (size_t)(newline - text) + 1 : size;
      if (end > at && begins_message(text + end, next - end))
        break;
      end = next;
    }
    if (memmem(said->data, said->size, text + at, end - at))
      continue;
    fwrite(text + at, 1, end - at, to);
    nirc_strbuf_add_bytes(said, text + at, end - at);
  }
}

static bool make_variant(nirc_compare_job *j, nirc_compare_model *x, const nirc_semantics *s, nirc_strbuf *said, nirc_diag *d)
{
  char *text = NULL;
  size_t size = 0;
  FILE *stream = d->stream;
  d->stream = open_memstream(&text, &size);
  if (!d->stream) {
    d->stream = stream;
    nirc_error_status(d, NIRC_STATUS_LIMIT, nirc_loc_none(), "there is no memory for messages");
    return false;
  }
  const char *pass = j->c->without_causes ? j->o->compare.passes[s - j->o->compare.profiles] : NULL;
  const nirc_compare_choices choices = {.profile = s->profile, .dt = s->dt, .reset = s->reset, .pass = pass};
  bool ok = nirc_compare_model_make(x, j, &choices, d) && !nirc_diag_failed(d);
  if (!ok && !j->c->without_causes)
    nirc_note(d, nirc_loc_none(), "that is %s of --compare; the others can be compared without it", s->text);
  fclose(d->stream);
  d->stream = stream;
  print_once(stream, said, text, size);
  free(text);
  return ok;
}

static bool make_variants(nirc_compare_job *j, nirc_compare_model *models, nirc_diag *d)
{
  nirc_comparison *c = j->c;
  c->variants = NIRC_NEW_ARRAY(j->arena, nirc_compare_variant, c->n_variants);
  nirc_strbuf said;
  nirc_strbuf_init(&said, j->heap);
  for (size_t k = 0; k < c->n_variants; k++) {
    const nirc_semantics *s = &j->o->compare.profiles[k];
    if (!make_variant(j, &models[k], s, &said, d))
      break;
    c->variants[k] = (nirc_compare_variant){.name = s->text, .profile = s->profile, .reset = s->reset, .dt = models[k].dt};
    if (k == 0)
      nirc_compare_sort_layers(c, j->arena, models[k].module);
  }
  nirc_strbuf_deinit(&said);
  for (size_t k = 0; k < c->n_variants; k++)
    if (nirc_diag_failed(d) || !nirc_compare_model_compile(&models[k], j, d))
      return false;
  j->info = models[0].model.info;
  return true;
}

static bool compare_all(nirc_compare_job *j, nirc_compare_model *models, bool rasters, nirc_diag *d)
{
  nirc_comparison *c = j->c;
  nirc_compare_model *list[NIRC_SEMANTICS_MOST];
  nirc_compare_difference *differences[NIRC_SEMANTICS_MOST] = {NULL};
  c->spikes = NIRC_NEW_ARRAY(j->arena, double *, c->n_variants);
  c->pairs = NIRC_NEW_ARRAY(j->arena, nirc_compare_pair, c->n_variants - 1);
  for (size_t k = 0; k < c->n_variants; k++) {
    list[k] = &models[k];
    c->spikes[k] = NIRC_NEW_ARRAY(j->arena, double, c->n_layers);
    if (k)
      c->pairs[k - 1] = (nirc_compare_pair){.a = 0, .b = k, .layers = differences[k] = NIRC_NEW_ARRAY(j->arena, nirc_compare_difference, c->n_layers)};
  }
  if (!nirc_compare_steps(j, list, c->n_variants, differences, c->spikes, d))
    return false;
  for (size_t k = 1; k < c->n_variants; k++)
    if (!nirc_compare_find_cause(j, &c->pairs[k - 1], &models[0], &models[k], d))
      return false;
  return !rasters || nirc_compare_rasters(j, list, c->n_variants, NULL, NULL, d);
}

const nirc_comparison *nirc_compare_run(nirc_arena *a, nirc_module *m, const nirc_options *o, bool check_text, bool rasters, nirc_diag *d)
{
  nirc_compare_model models[NIRC_SEMANTICS_MOST] = {0};
  nirc_compare_job j = {.arena = a, .heap = m->heap, .o = o, .check_text = check_text, .path = m->path, .c = NIRC_NEW(a, nirc_comparison)};
  *j.c = (nirc_comparison){.source = nirc_report_file_name(a, m->path), .n_variants = o->compare.n_profiles, .without_causes = o->compare.passes != NULL};
  nirc_strbuf text;
  nirc_strbuf_init(&text, m->heap);
  bool ok = nirc_compare_prepare(&j, m, "--compare", &text, d) && make_variants(&j, models, d) && get_input(&j, d) && compare_all(&j, models, rasters, d);
  for (size_t k = 0; k < j.c->n_variants; k++)
    nirc_compare_model_free(&models[k]);
  nirc_strbuf_deinit(&text);
  return ok ? j.c : NULL;
}

bool nirc_compare_profiles(nirc_strbuf *out, nirc_arena *a, nirc_module *m, const nirc_options *o, bool check_text, nirc_report *report, nirc_diag *d)
{
  const nirc_comparison *c = nirc_compare_run(a, m, o, check_text, report != NULL, d);
  if (!c || nirc_diag_failed(d))
    return false;
  if (report)
    report->comparison = c;
  if (!report || strcmp(o->report, "-"))
    (d->json ? nirc_compare_print_json : nirc_compare_print_text)(c, out);
  return true;
}
