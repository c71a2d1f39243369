/* tools/nirc-run.c: runs what nirc compiled (cli.md, "nirc-run").
 * Owns: the order of things in one invocation, standard output, the exit status.
 * Must not know: HDF5, threads. */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tools/run_input.h"
#include "tools/run_loop.h"
#include "tools/run_model.h"
#include "tools/run_options.h"
#include "tools/run_output.h"
#include "tools/run_state.h"

static void *heap_alloc(void *user, size_t size)
{
  (void)user;
  return malloc(size);
}

static void heap_free(void *user, void *p)
{
  (void)user;
  free(p);
}

static void heap_exhausted(void *user, size_t size)
{
  nirc_error_status(user, NIRC_STATUS_LIMIT, nirc_loc_none(), "out of memory (%zu bytes wanted)", size);
  exit(NIRC_STATUS_LIMIT);
}

static int compare_doubles(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The two lines of cli.md. The second is computed from the first as printed, so that they agree to the last digit. */
static void print_times(double *seconds, uint64_t runs, uint64_t steps, uint32_t batch)
{
  qsort(seconds, runs, sizeof *seconds, compare_doubles);
  double divisor = steps ? (double)steps * batch : 1;          /* a run of no steps takes no time */
  double minimum = seconds[0] / divisor, median = (seconds[(runs - 1) / 2] + seconds[runs / 2]) / 2 / divisor;
  char text[2][32];
  snprintf(text[0], sizeof text[0], "%.6e", steps ? minimum : 0);
  snprintf(text[1], sizeof text[1], "%.6e", steps ? median : 0);
  printf("seconds_per_step_sample minimum %s median %s runs %" PRIu64 "\n", text[0], text[1], runs);
  printf("seconds_per_step minimum %.6e median %.6e runs %" PRIu64 "\n", strtod(text[0], NULL) * batch, strtod(text[1], NULL) * batch, runs);
}

/* Control characters of a node's name would forge lines. */
static void print_name(const char *s)
{
  for (; *s; s++) {
    unsigned char c = (unsigned char)*s;
    if (c < 0x20 || c == 0x7f)
      printf("\\x%02x", c);
    else
      putchar(c);
  }
}

static void print_counters(const nirc_model_info *info, const uint64_t *counters)
{
  for (uint32_t k = 0; k < info->n_counters; k++) {
    fputs("stat ", stdout);
    print_name(info->counters[k].node);
    printf(" %s %" PRIu64 "\n", info->counters[k].key, counters[k]);
  }
}

/* What the messages of -v say. */
static void describe(const nirc_run_plan *p, nirc_diag *d)
{
  const nirc_model_info *info = p->model->info;
  if (d->verbose)
    nirc_remark(d, nirc_loc_file(p->model->path), "'%s' for %s, %s, dt = %g, by %s; %" PRIu64 " steps of %" PRIu32 " samples, %" PRIu64 " runs",
                info->name, info->target, info->profile, info->dt, info->compiler, p->steps, p->input->batch, p->runs);
}

enum { MANY_SPIKES = 65536 };                         /* in one step: no network is meant to fire so often (docs/semantics.md) */

/* Where neurons fire several times a step, an excitatory loop can grow without bound. */
static void warn_of_counts(const nirc_run_plan *p, const nirc_run_result *r, nirc_diag *d)
{
  const nirc_model_info *info = p->model->info;
  for (uint32_t k = 0; k < info->n_outputs + info->n_probes; k++) {
    const nirc_port *port = k < info->n_outputs ? &info->outputs[k] : &info->probes[k - info->n_outputs];
    const char *part = k < info->n_outputs ? "/spikes" : strrchr(port->name, '/');
    uint64_t row = p->input->batch * port->count;
    for (uint64_t i = 0; r->out[k] && part && strcmp(part, "/spikes") == 0 && i < p->steps * row; i++)
      if (r->out[k][i] > MANY_SPIKES) {
        nirc_warning(d, nirc_loc_file(p->model->path), "'%s' is %g at step %" PRIu64 ", sample %" PRIu64 ", element %" PRIu64
                     ": above %d; where that is a number of spikes, a loop of the network runs away", port->name, (double)r->out[k][i], i / row,
                     i % row / port->count, i % port->count, MANY_SPIKES);
        break;
      }
  }
}

static void run(const nirc_run_options *o, nirc_run_model *model, nirc_arena *a, nirc_diag *d)
{
  nirc_run_input input;
  nirc_run_result result;
  if (!nirc_run_model_open(model, a, o->model, d) || !nirc_run_input_read(&input, a, model->info, o->input, d))
    return;
  nirc_run_plan plan = {.model = model, .input = &input, .steps = o->has_steps ? o->steps : input.steps, .runs = o->runs, .threads = o->threads,
                        .time = o->time, .count = o->stats, .probes = o->output != NULL, .keep_state = o->save_state != NULL};
  if (!nirc_run_input_check_events(&input, model->info, plan.steps, d))
    return;
  if (o->load_state) {
    plan.initial = nirc_run_state_read(a, o->load_state, model->info, input.batch, d);
    if (!plan.initial)
      return;
  }
  describe(&plan, d);
  if (!nirc_run_loop(&plan, a, &result, d))
    return;
  warn_of_counts(&plan, &result, d);
  if (!nirc_run_publish(o, &plan, &result, a, d))
    return;
  if (o->time)
    print_times(result.seconds, plan.runs, plan.steps, input.batch);
  if (o->stats)
    print_counters(model->info, result.counters);
}

int main(int argc, char **argv)
{
  nirc_diag d;
  nirc_run_options options;
  nirc_diag_init(&d, stderr, "nirc-run");
  signal(SIGXFSZ, SIG_IGN);                          /* a file size limit is an error of write, not a death with a temporary left */
  if (nirc_run_options_parse(&options, argc, argv, &d)) {
    nirc_heap heap = {.alloc = heap_alloc, .free = heap_free, .exhausted = heap_exhausted, .user = &d};
    nirc_run_model model = {0};
    nirc_arena *a = nirc_arena_new(&heap);
    if (options.print)
      nirc_run_options_print(stdout, options.print);
    else
      run(&options, &model, a, &d);
    nirc_run_model_close(&model);
    nirc_arena_free(a);
  }
  if (fflush(stdout) != 0 || ferror(stdout))
    nirc_error_status(&d, NIRC_STATUS_IO, nirc_loc_none(), "standard output cannot be written");
  return nirc_diag_failed(&d) ? (int)d.status : 0;
}
