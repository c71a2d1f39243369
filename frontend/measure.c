#include "frontend/measure.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "frontend/named_pipeline.h"
#include "ir/activity.h"
#include "ir/neuron.h"
#include "ir/print.h"
#include "tools/run_loop.h"
#include "tools/run_model.h"

typedef struct measurement {
  nirc_compare_job j;
  nirc_compare_model model;
  uint64_t steps;
  nirc_activity_count *spikes, *operations;
  nirc_activity result;
} measurement;

/* ---- a trace -------------------------------------------------------------------------------------------------------------------- */

static nirc_activity of_trace(nirc_arena *a, const nirc_report *r)
{
  nirc_activity_count *spikes = NIRC_NEW_ARRAY(a, nirc_activity_count, r->n_layers), *operations = NIRC_NEW_ARRAY(a, nirc_activity_count, r->n_layers);
  nirc_activity x = {.measured = true, .input = r->trace, .steps = r->steps, .samples = r->samples, .spikes = spikes, .operations = operations};
  for (size_t n = 0; n < r->n_layers; n++) {
    const nirc_report_layer *l = &r->layers[n];
    if (l->active.known && l->active.spikes)
      spikes[x.n_spikes++] = (nirc_activity_count){l->name, l->out->count, l->active.per_step};
    if (l->has_operations)
      operations[x.n_operations++] = (nirc_activity_count){l->name, l->in->count, l->operations};
  }
  return x;
}

/* ---- a run -------------------------------------------------------------------------------------------------------------------- */

/* What the passes say, they say again when the network is compiled. */
static bool make_model(measurement *x, const char *pipeline, nirc_diag *d)
{
  nirc_diag before = *d;
  d->quiet = true;
  d->warnings_are_errors = false;
  bool ok = nirc_compare_model_make_by(&x->model, &x->j, pipeline, d) && nirc_compare_model_compile(&x->model, &x->j, d);
  d->quiet = before.quiet;
  d->warnings_are_errors = before.warnings_are_errors;
  d->warnings = before.warnings;
  return ok;
}

static bool check_finite(const measurement *x, uint32_t port, nirc_diag *d)
{
  const nirc_run_input *input = &x->j.input;
  size_t count = x->j.info->inputs[port].count, n = (size_t)input->steps * input->batch * count;
  for (size_t i = 0; i < n; i++)
    if (!isfinite(input->values[port][i])) {
      nirc_error(d, input->locs[port], "step %zu, sample %zu, element %zu is %g: activity is measured on finite numbers", i / count / input->batch,
                 i / count % input->batch, i % count, (double)input->values[port][i]);
      return false;
    }
  return true;
}

static bool read_input(measurement *x, nirc_diag *d)
{
  const nirc_compare_options *o = &x->j.o->compare;
  if (!nirc_run_input_read(&x->j.input, x->j.arena, x->j.info, x->j.o->activity, d))
    return false;
  x->steps = o->has_steps ? o->steps : x->j.input.steps;
  if (!x->steps || !x->j.input.batch) {
    nirc_error(d, nirc_loc_file(x->j.o->activity), "%" PRIu64 " steps of %" PRIu32 " samples: there is nothing to measure", x->steps, x->j.input.batch);
    return false;
  }
  bool ok = nirc_run_input_check_events(&x->j.input, x->j.info, x->steps, d);
  for (uint32_t k = 0; ok && k < x->j.info->n_inputs; k++)
    ok = check_finite(x, k, d);
  return ok;
}

/* The elements of the op that a counter counts spikes of; 0 where none has the name. */
static uint64_t elements_of(const nirc_region *region, const char *node)
{
  uint64_t n = 0;
  for (const nirc_op *op = region->first; op && !n; op = op->next) {
    int fires = op->body ? -1 : nirc_snn_fires(op);
    n = op->body ? elements_of(op->body, node) : fires >= 0 && strcmp(op->name, node) == 0 ? op->results[fires].type->count : 0;
  }
  return n;
}

/* Of an Input: elements that are not 0, or on a chip events. A text of the hw level is a chip's whether a target is named or not. */
static double events_of(const measurement *x, uint32_t port)
{
  const nirc_run_input *input = &x->j.input;
  uint64_t rows = x->steps < input->steps ? x->steps : input->steps;
  size_t n = (size_t)rows * input->batch * x->j.info->inputs[port].count;
  float most = (float)nirc_run_most_events(x->j.info);
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += input->values[port][i] == 0 ? 0 : most > 0 ? (double)fminf(input->values[port][i], most) : 1;
  return sum;
}

static void collect(measurement *x, const nirc_run_result *r)
{
  const nirc_model_info *info = x->j.info;
  double runs = (double)x->steps * (double)x->j.input.batch;
  nirc_activity *y = &x->result;
  x->spikes = NIRC_NEW_ARRAY(x->j.arena, nirc_activity_count, info->n_inputs + info->n_counters);
  x->operations = NIRC_NEW_ARRAY(x->j.arena, nirc_activity_count, info->n_counters);
  for (uint32_t k = 0; k < info->n_inputs; k++)
    x->spikes[y->n_spikes++] = (nirc_activity_count){info->inputs[k].name, info->inputs[k].count, events_of(x, k) / runs};
  for (uint32_t k = 0; k < info->n_counters; k++) {
    const nirc_counter *c = &info->counters[k];
    double per_step = (double)r->counters[k] / runs;
    if (strcmp(c->key, "synaptic_operations") == 0)
      x->operations[y->n_operations++] = (nirc_activity_count){c->node, 0, per_step};
    else if (strcmp(c->key, "spikes") == 0 && c->node[0] != '/' && nirc_activity_sum(x->spikes, y->n_spikes, c->node) < 0)
      x->spikes[y->n_spikes++] = (nirc_activity_count){c->node, elements_of(x->model.module->body.first->body, c->node), per_step};
  }
  y->spikes = x->spikes;
  y->operations = x->operations;
}

static bool run(measurement *x, nirc_module *m, nirc_diag *d)
{
  const nirc_options *o = x->j.o;
  nirc_strbuf pipeline;
  nirc_strbuf_init(&pipeline, m->heap);
  nirc_named_pipeline_add(o, o->target, m->level, &pipeline);
  bool ok = make_model(x, pipeline.data, d);
  nirc_strbuf_deinit(&pipeline);
  x->j.info = x->model.model.info;
  if (!ok || !read_input(x, d))
    return false;
  const nirc_run_plan plan = {.model = &x->model.model, .input = &x->j.input, .steps = x->steps, .runs = 1, .threads = 1, .count = true};
  nirc_run_result r = {0};
  if (!nirc_run_loop(&plan, x->j.arena, &r, d))
    return false;
  x->result = (nirc_activity){.measured = true, .input = nirc_report_file_name(x->j.arena, o->activity), .steps = x->steps, .samples = x->j.input.batch};
  collect(x, &r);
  nirc_activity_set(m, &x->result);
  return true;
}

static bool run_on_data(nirc_arena *a, nirc_module *m, const nirc_options *o, bool check_text, nirc_diag *d)
{
  const char *other = !o->target ? "-t all" : o->pipeline ? "--pass-pipeline" : o->simulator ? "--for" : NULL;
  if (other) {
    nirc_error_status(d, NIRC_STATUS_USAGE, nirc_loc_none(), "--activity %s is an input: to run the network on it has no meaning with %s", o->activity, other);
    return false;
  }
  nirc_comparison nothing = {0};
  const char *chip = o->target->lower ? o->target->name : NULL;
  measurement x = {.j = {.arena = a, .heap = m->heap, .o = o, .check_text = check_text, .path = m->path, .target = chip, .c = &nothing}};
  nirc_strbuf text;
  nirc_strbuf_init(&text, m->heap);
  nirc_module_print(&text, m, false);
  x.j.network = text.data;
  x.j.network_size = text.size;
  bool ok = run(&x, m, d);
  nirc_compare_model_free(&x.model);
  nirc_strbuf_deinit(&text);
  return ok;
}

/* ---- all of it ------------------------------------------------------------------------------------------------------------------ */

/* What nirc-run wrote, not what it reads? */
static bool is_trace(nirc_arena *a, const char *path, bool *trace, nirc_diag *d)
{
  nirc_h5_limits limits = nirc_h5_limits_default();
  const nirc_h5_file *f = nirc_h5_read(a, path, &limits, d);
  *trace = f && nirc_h5_child(f->root, "trace") && !nirc_h5_child(f->root, "input");
  return f != NULL;
}

bool nirc_measure(nirc_arena *a, nirc_module *m, const nirc_options *o, bool check_text, nirc_report *report, nirc_diag *d)
{
  bool trace;
  if (o->activity_assumed) {
    nirc_activity_set(m, &(nirc_activity){.rate = o->activity_rate});
    return true;
  }
  if (!is_trace(a, o->activity, &trace, d))
    return false;
  if (!trace)
    return run_on_data(a, m, o, check_text, d);
  nirc_report *r = report ? report : nirc_report_begin(a, m, 0);
  if (!nirc_report_read_activity(r, m, o->activity, d))
    return false;
  nirc_activity x = of_trace(a, r);
  if (x.steps && x.samples)
    nirc_activity_set(m, &x);
  return true;
}
