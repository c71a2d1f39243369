/* test/diff/test_cpu_diff.c: compiled networks against the reference interpreter, bit for bit.
 *
 *   test_cpu_diff [N [FIRST [PROFILE]]]      seeds FIRST .. FIRST + N - 1 (default 16 from 1) of every profile, or of one; PROFILE may be `mix` or `step`, too;
 *                                            of steps, which are small, four times as many
 *
 * Each seed gives a network for each profile, one for a profile with choices of others (`mix`), and a step of tensor ops in float32 and float64; then inputs for
 * LANES lanes and STEPS steps. What the interpreter makes of them is what `run`, `step`, `step_events` and a run cut in two by a saved state have to give, at
 * two of the levels 0 to 3, and without fused multiply-add. Above 100 seeds each network is compiled in one of these ways only, by turns. Prints the first
 * difference of each seed. A network that a profile refuses is counted: too many of them, or layers that are too quiet, fail the test. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codegen/cpu.h"
#include "codegen/nirc_model.h"
#include "test/diff/experiment.h"
#include "test/diff/random_network.h"

/* ---- the compiled model ------------------------------------------------------------------------------------------------------------ */

static void *allocate(void *user, size_t size, size_t align)
{
  void *p;
  (void)user;
  return posix_memalign(&p, align, size) ? NULL : memset(p, 0xa5, size);
}

static void release(void *user, void *p, size_t size)
{
  (void)user; (void)size;
  free(p);
}

static nirc_model *new_model(const nirc_model_api *api, uint32_t batch)
{
  static const nirc_allocator a = {.alloc = allocate, .free = release};
  nirc_model *model = NULL;
  return api->create(batch, &a, &model) == NIRC_OK ? experiment_must(model) : NULL;
}

static bool check_info(const experiment *x, const nirc_model_info *info)
{
  if (info->n_inputs != x->n_in || info->n_outputs != x->n_out || info->n_outputs + info->n_probes != x->n_ports)
    return experiment_differs(x, "%u inputs, %u outputs, %u probes in the info", info->n_inputs, info->n_outputs, info->n_probes);
  for (size_t p = 0; p < x->n_in; p++)
    if (strcmp(info->inputs[p].name, x->in[p].name) || info->inputs[p].count != x->in[p].count)
      return experiment_differs(x, "input %zu is '%s' in the info, not '%s'", p, info->inputs[p].name, x->in[p].name);
  for (size_t p = 0; p < x->n_ports; p++) {
    const nirc_port *port = p < x->n_out ? &info->outputs[p] : &info->probes[p - x->n_out];
    if (strcmp(port->name, x->want[p].name) || port->count != x->want[p].count)
      return experiment_differs(x, "output or probe %zu is '%s' in the info, not '%s'", p, port->name, x->want[p].name);
  }
  return true;
}

/* Room for one step's outputs and probes of `lanes` lanes, filled so that what is not written shows. */
static void new_outputs(const experiment *x, size_t values_per_element, float *out[MAX_PORTS])
{
  for (size_t p = 0; p < x->n_ports; p++) {
    size_t n = x->want[p].count * values_per_element;
    out[p] = experiment_must(malloc((n + 1) * sizeof(float)));
    for (size_t i = 0; i <= n; i++)
      out[p][i] = 12345;
  }
}

static bool free_outputs(const experiment *x, size_t values_per_element, float *out[MAX_PORTS])
{
  bool ok = true;
  for (size_t p = 0; p < x->n_ports; p++) {
    if (ok && out[p][x->want[p].count * values_per_element] != 12345)
      ok = experiment_differs(x, "written behind the end of '%s'", x->want[p].name);
    free(out[p]);
  }
  return ok;
}

/* Steps `from` to `to` of lanes first .. first + lanes - 1, which are the whole batch. */
static bool check_steps(const experiment *x, const nirc_model_api *api, nirc_model *model, size_t from, size_t to, size_t first, size_t lanes)
{
  const void *in[MAX_PORTS];
  float *out[MAX_PORTS];
  bool ok = true;
  new_outputs(x, lanes, out);
  for (size_t step = from; ok && step < to; step++) {
    for (size_t p = 0; p < x->n_in; p++)
      in[p] = trace_at(&x->in[p], step, first);
    if (api->step(model, in, (void *const *)out) != NIRC_OK)
      ok = experiment_differs(x, "step failed");
    ok = ok && experiment_check(x, step, first, lanes, out);
  }
  return free_outputs(x, lanes, out) && ok;
}

static bool check_run(experiment *x, const nirc_model_api *api)
{
  x->part = "run";
  const void *in[MAX_PORTS];
  float *out[MAX_PORTS], *here[MAX_PORTS];
  nirc_model *model = new_model(api, LANES);
  new_outputs(x, LANES * STEPS, out);
  for (size_t p = 0; p < x->n_in; p++)
    in[p] = x->in[p].values;
  bool ok = (model && api->run(model, STEPS, in, (void *const *)out) == NIRC_OK) || experiment_differs(x, "run failed");
  for (size_t step = 0; ok && step < STEPS; step++) {
    for (size_t p = 0; p < x->n_ports; p++)
      here[p] = out[p] + step * LANES * x->want[p].count;
    ok = experiment_check(x, step, 0, LANES, here);
  }
  api->destroy(model);
  return free_outputs(x, LANES * STEPS, out) && ok;
}

/* Steps of a whole batch; at CUT its state goes to another instance, which has been somewhere else before. */
static bool check_batch(experiment *x, const nirc_model_api *api)
{
  x->part = "step, batch 5";
  nirc_model *model = new_model(api, LANES), *other = new_model(api, LANES);
  if (!model || !other)
    return experiment_differs(x, "create failed");
  size_t size = api->state_size(model);
  void *state = experiment_must(malloc(size + 1));
  bool ok = check_steps(x, api, model, 0, CUT, 0, LANES);
  ok = ok && (api->state_save(model, state, size) == NIRC_OK || experiment_differs(x, "state_save failed"));
  ok = ok && check_steps(x, api, model, CUT, STEPS, 0, LANES);
  x->part = "step after reset";
  ok = ok && (api->reset(model) == NIRC_OK || experiment_differs(x, "reset failed")) && check_steps(x, api, model, 0, 3, 0, LANES);
  x->part = "step, state saved and loaded";
  ok = ok && check_steps(x, api, other, 0, 2, 0, LANES);
  ok = ok && (api->state_load(other, state, size) == NIRC_OK || experiment_differs(x, "state_load failed"));
  ok = ok && check_steps(x, api, other, CUT, STEPS, 0, LANES);
  free(state);
  api->destroy(model);
  api->destroy(other);
  return ok;
}

/* Rows of nodes whose spikes, or whose weights, nothing has folded away. */
static bool check_counts(const experiment *x, const nirc_model_info *info, const uint64_t *counters)
{
  bool ok = true;
  for (uint32_t k = 0; ok && k < info->n_counters; k++) {
    char *name = experiment_row_name(info->counters[k].node, info->counters[k].key);
    for (size_t n = 0; ok && n < x->n_counts; n++)
      if (strcmp(x->counted[n], name) == 0 && x->counts[n] != counters[k])
        ok = experiment_differs(x, "%s counts %llu, the interpreter %llu", name, (unsigned long long)counters[k], (unsigned long long)x->counts[n]);
    free(name);
  }
  return ok;
}

/* Each lane by itself; with counters on, which must not matter. */
static bool check_single(experiment *x, const nirc_model_api *api, const nirc_model_info *info)
{
  uint64_t *counters = experiment_must(calloc((size_t)info->n_counters + 1, sizeof *counters));
  bool ok = true;
  for (size_t lane = 0; ok && lane < LANES; lane++) {
    nirc_model *model = new_model(api, 1);
    x->part = lane % 2 ? "step, batch 1, counting" : "step, batch 1";
    if (lane % 2)
      api->count(model, counters);
    ok = check_steps(x, api, model, 0, STEPS, lane, 1);
    api->destroy(model);
  }
  ok = ok && check_counts(x, info, counters);
  free(counters);
  return ok;
}

/* ---- events --------------------------------------------------------------------------------------------------------------------------- */

/* The values other than 0 of one step and lane, in a random order. */
static size_t gather_events(const experiment *x, size_t step, size_t lane, nirc_event *events, random_source *r)
{
  size_t n = 0;
  for (size_t p = 0; p < x->n_in; p++)
    for (size_t i = 0; i < x->in[p].count; i++)
      if (trace_at(&x->in[p], step, lane)[i] != 0)
        events[n++] = (nirc_event){(uint32_t)p, (uint32_t)i, trace_at(&x->in[p], step, lane)[i]};
  for (size_t i = n; i > 1; i--) {
    size_t k = (size_t)random_below(r, i);
    nirc_event e = events[k];
    events[k] = events[i - 1];
    events[i - 1] = e;
  }
  return n;
}

static bool check_event_list(const experiment *x, size_t step, size_t lane, const nirc_event *got, size_t n)
{
  size_t k = 0;
  for (size_t p = 0; p < x->n_out; p++)
    for (size_t i = 0; i < x->want[p].count; i++) {
      float want = trace_at(&x->want[p], step, lane)[i];
      if (want == 0)
        continue;
      if (k == n || got[k].port != p || got[k].index != i || !experiment_equal(got[k].value, want))
        return experiment_differs(x, "output '%s', step %zu, lane %zu: event %zu of %zu is (%u, %u, %.9g), the interpreter has element %zu = %.9g", x->want[p].name, step,
                       lane, k, n, k < n ? got[k].port : 0, k < n ? got[k].index : 0, k < n ? (double)got[k].value : 0, i, (double)want);
      k++;
    }
  return k == n || experiment_differs(x, "step %zu, lane %zu: %zu output events, the interpreter has %zu", step, lane, n, k);
}

static bool check_events(experiment *x, const nirc_model_api *api)
{
  x->part = "step_events";
  size_t n_in = 0, cap = 0, n;
  for (size_t p = 0; p < x->n_in; p++)
    n_in += x->in[p].count;
  for (size_t p = 0; p < x->n_out; p++)
    cap += x->want[p].count;
  nirc_event *in = experiment_must(malloc((n_in + 1) * sizeof *in)), *out = experiment_must(malloc((cap + 1) * sizeof *out));
  nirc_model *model = new_model(api, LANES);
  random_source r = {x->seed};
  bool ok = true;
  for (size_t step = 0; ok && step < STEPS; step++)
    for (size_t lane = 0; ok && lane < LANES; lane += 2) {               /* the lanes between stay where they are */
      size_t given = gather_events(x, step, lane, in, &r);
      n = SIZE_MAX;
      ok = api->step_events(model, (uint32_t)lane, in, given, out, cap, &n) == NIRC_OK || experiment_differs(x, "step_events failed");
      ok = ok && check_event_list(x, step, lane, out, n);
    }
  if (ok && n_in) {                                  /* the same event twice is refused, and nothing happens */
    in[0] = in[1] = (nirc_event){0, 0, 1};
    ok = api->step_events(model, 0, in, 2, out, cap, &n) == NIRC_E_ARG || experiment_differs(x, "an event given twice is taken");
  }
  api->destroy(model);
  free(in);
  free(out);
  return ok;
}

/* ---- all ---------------------------------------------------------------------------------------------------------------------------------- */

static bool check_library(experiment *x, const char *path)
{
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return experiment_differs(x, "%s", dlerror());
  const nirc_model_api *(*query)(uint32_t max_abi);
  *(void **)&query = dlsym(library, "nirc_model_query");
  const nirc_model_api *api = query ? query(NIRC_MODEL_ABI) : NULL;
  const nirc_model_info *info = api ? api->info(NIRC_MODEL_ABI) : NULL;
  bool ok = info ? check_info(x, info) : experiment_differs(x, "no nirc_model_query, or no info");
  ok = ok && check_run(x, api) && check_batch(x, api) && check_single(x, api, info) && check_events(x, api);
  dlclose(library);
  return ok;
}

static bool check_level(experiment *x, const nirc_module *m, int level, const char *cpu, const char *folder)
{
  char path[4096];
  nirc_diag d;
  nirc_diag_init(&d, stdout, "test_cpu_diff");
  nirc_cpu_options o = {.level = level, .target = "cpu", .cpu = cpu};
  snprintf(path, sizeof path, "%s/%s%llu-%d.so", folder, x->t->name, (unsigned long long)x->seed, level);
  x->part = "compiling";
  bool ok = nirc_cpu_write_library(m, &o, path, &d) ? check_library(x, path) : experiment_differs(x, "refused");
  if (!ok)
    printf("%s, seed %llu: at level %d%s%s\n", x->t->name, (unsigned long long)x->seed, level, cpu ? ", --mcpu " : "", cpu ? cpu : "");
  unlink(path);
  return ok;
}

#ifdef __x86_64__
#define PLAIN "x86-64"                               /* without fused multiply-add and instructions that round to whole numbers */
#else
#define PLAIN NULL
#endif

/* Two ways to compile a network, by seed. */
typedef struct setting { int level; const char *cpu; } setting;
static const setting settings[4][2] = {{{0, NULL}, {2, NULL}}, {{0, NULL}, {3, PLAIN}}, {{0, PLAIN}, {2, NULL}}, {{1, PLAIN}, {3, NULL}}};

/* `quick`: one of the two, by turns. */
static void run_seed(uint64_t seed, tally *t, bool quick, const char *folder)
{
  experiment x = {.seed = seed, .t = t};
  bool refused = false, refused_plain = false;
  nirc_module *m = t->step ? experiment_step(&x, false) : experiment_module(&x, false, &refused);
  nirc_module *plain = t->step ? experiment_step(&x, true) : experiment_module(&x, true, &refused_plain);
  /* A mix may make sense only where no probe asks for a state. */
  bool ok = refused == refused_plain || !t->profile || experiment_differs(&x, "refused with probes only, or without only");
  refused |= refused_plain;
  ok = ok && (refused || (m && plain && experiment_same_outputs(&x, m, plain)));
  for (size_t k = 0; k < 2 && ok && !refused; k++)
    if (!quick || seed / 4 % 2 == k) {
      const setting *s = &settings[seed % 4][k];
      ok = check_level(&x, m, s->level, s->cpu, folder);
    }
  t->networks++;
  t->refused += refused;
  t->failed += !ok;
  experiment_free(&x);
  nirc_module_free(m);
  nirc_module_free(plain);
}

/* Networks that say nothing about a profile are a fault of the test: most have to be taken, and their neurons have to be busy. */
static bool is_fair(const tally *t)
{
  bool several = t->profile && (strcmp(t->name, "sinabs") == 0 || strcmp(t->name, "rockpool") == 0);
  return t->networks < 16 || t->step || (t->refused * 100 <= t->networks * (t->profile ? 20 : 60) && t->spiking * 100 >= t->layers * 25 && t->inhibited > 0 &&
                                         (!several || t->counting * 100 >= t->layers * 20));
}

static bool report(const tally *t)
{
  bool fair = is_fair(t);
  printf("%s: %llu networks, %llu refused, %llu differ; %llu layers probed: %llu spike, %llu several times in a step, %llu with a negative potential%s\n",
         t->name, t->networks, t->refused, t->failed, t->layers, t->spiking, t->counting, t->inhibited, fair ? "" : ": too many refused, or too quiet");
  return fair && !t->failed;
}

int main(int argc, char **argv)
{
  unsigned long long n = argc > 1 ? strtoull(argv[1], NULL, 10) : 16, first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1, failed = 0, kinds = 0;
  const char *tmp = getenv("TMPDIR"), *only = argc > 3 ? argv[3] : NULL;
  char folder[2048];
  tally tallies[64] = {{0}};
  size_t n_tallies = 0;
  snprintf(folder, sizeof folder, "%s/nirc-diff-XXXXXX", tmp ? tmp : "/tmp");
  if (!mkdtemp(folder)) {
    perror(folder);
    return 2;
  }
  for (const nirc_profile *p = nirc_profiles; p->name; p++)
    tallies[n_tallies++] = (tally){.name = p->name, .profile = p};
  tallies[n_tallies++] = (tally){.name = "mix"};
  tallies[n_tallies++] = (tally){.name = "step", .step = true};
  for (tally *t = tallies; t < tallies + n_tallies; t++) {
    if (only && strcmp(only, t->name))
      continue;
    for (unsigned long long seed = first; seed < first + (t->step ? 4 * n : n); seed++) {
      run_seed(seed, t, n > 100, folder);
      fflush(stdout);
    }
    failed += !report(t);
    kinds++;
  }
  rmdir(folder);
  printf("%llu kinds of networks, %llu seeds of each, %llu kinds failed\n", kinds, n, failed);
  return failed != 0 || !kinds;
}
