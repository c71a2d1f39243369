/* test/diff/test_cores_diff.c: hw.cores compiled against the interpreter.
 *
 *   test_cores_diff [N [FIRST]]      seeds FIRST .. FIRST + N - 1 (default 12 from 1)
 *
 * Each seed gives some cores that feed one another, with branches and pooling, in any order, and inputs for STEPS steps; some elements of them are no
 * number of events. Spikes and potentials of all neurons, and counters, are compared, at one of the levels 0 to 3. The interpreter has a queue; compiled code has none, and
 * works in rounds where it has to, which enough of the seeds have to show. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codegen/cpu.h"
#include "codegen/nirc_model.h"
#include "ir/cores.h"
#include "ir/interp.h"
#include "ir/parse.h"
#include "ir/verify.h"
#include "test/diff/random_network.h"

enum { STEPS = 6, MAX_CORES = 6, MAX_NEURONS = 8192, MAX_INPUT = 512, MAX_COUNTERS = 7 * MAX_CORES };

typedef struct core { uint64_t map[3], out[3], kernel, stride[2], before[2]; uint64_t to[MAX_CORES], pooling[MAX_CORES]; size_t n_to; bool fed; } core;

typedef struct values {
  float in[STEPS][2][MAX_INPUT], want[STEPS][2][MAX_NEURONS], got[STEPS][2][MAX_NEURONS];
  uint64_t wanted[MAX_COUNTERS], counted[MAX_COUNTERS];
  size_t n_counters;
} values;

/* ---- the module ------------------------------------------------------------------------------------------------------------ */

static void choose_kernel(random_source *r, core *k)
{
  uint64_t least = k->map[1] < k->map[2] ? k->map[1] : k->map[2];
  k->kernel = 1 + random_below(r, least < 3 ? least : 3);
  bool same = random_chance(r, 60) && k->kernel % 2;           /* so that others can take its place */
  k->out[0] = same ? k->map[0] : 1 + random_below(r, 3);
  for (int a = 0; a < 2; a++) {
    k->stride[a] = same ? 1 : 1 + random_below(r, 2);
    k->before[a] = same ? k->kernel / 2 : random_below(r, 3);
    k->out[1 + a] = (k->map[1 + a] + 2 * k->before[a] - k->kernel) / k->stride[a] + 1;
  }
}

/* The core's events go to `to` as well, if there is a pooling with which they fit. */
static bool join(core *from, size_t to, const uint64_t map[3], uint64_t pooling)
{
  if (from->out[0] != map[0] || from->out[1] / pooling != map[1] || from->out[2] / pooling != map[2])
    return false;
  from->to[from->n_to] = to;
  from->pooling[from->n_to++] = pooling;
  return true;
}

static size_t make_cores(random_source *r, core c[MAX_CORES])
{
  size_t n = 1 + random_below(r, MAX_CORES);
  memset(c, 0, MAX_CORES * sizeof *c);
  memcpy(c[0].map, (uint64_t[]){1 + random_below(r, 2), 2 + random_below(r, 5), 2 + random_below(r, 5)}, sizeof c[0].map);
  for (size_t k = 0; k < n; k++) {
    size_t from = k ? (random_chance(r, 70) ? k - 1 : random_below(r, k)) : 0;
    uint64_t p = 1 + random_below(r, 2);
    if (k)
      memcpy(c[k].map, (uint64_t[]){c[from].out[0], c[from].out[1] / p, c[from].out[2] / p}, sizeof c[k].map);
    if (!c[k].map[1] || !c[k].map[2])
      return k;
    for (size_t i = 0; i < k; i++)
      if (i == from ? !join(&c[i], k, c[k].map, p) : random_chance(r, 50) && !join(&c[i], k, c[k].map, 1))
        join(&c[i], k, c[k].map, 2);
    c[k].fed = k == 0 || (memcmp(c[k].map, c[0].map, sizeof c[0].map) == 0 && random_chance(r, 50));
    choose_kernel(r, &c[k]);
  }
  return n;
}

/* Cores stand in any order, however they feed one another: core k is number place[k]. */
static void shuffle(random_source *r, size_t n, uint64_t place[MAX_CORES])
{
  for (size_t k = 0; k < n; k++)
    place[k] = k;
  for (size_t k = n; k-- > 1;) {
    size_t other = (size_t)random_below(r, k + 1);
    uint64_t t = place[k];
    place[k] = place[other];
    place[other] = t;
  }
}

static void add_list(nirc_strbuf *b, const char *name, const uint64_t *list, size_t n)
{
  nirc_strbuf_addf(b, ", %s = [", name);
  for (size_t i = 0; i < n; i++)
    nirc_strbuf_addf(b, "%s%llu", i ? ", " : "", (unsigned long long)list[i]);
  nirc_strbuf_add(b, "]");
}

/* The numbers of a core as a splat or in a blob behind the module. */
static void add_core(nirc_strbuf *b, nirc_strbuf *blobs, random_source *r, const core *k, size_t number)
{
  unsigned long long f = k->out[0], in = k->map[0], size = k->kernel;
  nirc_strbuf_addf(b, "    hw.core @c%zu {weight = dense<i8[%llu,%llu,%llu,%llu] @w%zu>", number, f, in, size, size, number);
  nirc_strbuf_addf(blobs, "blob @w%zu : i8[%llu,%llu,%llu,%llu] = hex\"", number, f, in, size, size);
  for (unsigned long long i = 0; i < f * in * size * size; i++)
    nirc_strbuf_addf(blobs, "%02x", (unsigned)(random_between(r, -20, 60)) & 0xff);
  nirc_strbuf_add(blobs, "\"\n");
  if (random_chance(r, 50))
    nirc_strbuf_addf(b, ", bias = splat<i64[%llu] %lld>", f, (long long)random_between(r, -20, 40));
  add_list(b, "map", k->map, 3);
  add_list(b, "stride", k->stride, 2);
  add_list(b, "before", k->before, 2);
  nirc_strbuf_addf(b, ", v_threshold = %lld, v_low = %lld, to_zero = %d", (long long)random_between(r, 30, 120), (long long)random_between(r, -60, 0),
                   random_chance(r, 40));
  add_list(b, "to", k->to, k->n_to);
  add_list(b, "pooling", k->pooling, k->n_to);
  add_list(b, "inputs", (uint64_t[]){1, 2}, k->fed ? 1 + random_below(r, 2) : 0);
  nirc_strbuf_addf(b, ", core = %zu, synapse = \"w%llu\"}\n", number, (unsigned long long)random_below(r, 2));
}

static nirc_module *make_module(uint64_t seed, size_t *n_in, size_t *n_neurons)
{
  random_source r = {seed};
  core c[MAX_CORES];
  uint64_t place[MAX_CORES];
  size_t n = make_cores(&r, c);
  shuffle(&r, n, place);
  for (size_t k = 0; k < n; k++)
    for (size_t t = 0; t < c[k].n_to; t++)
      c[k].to[t] = place[c[k].to[t]];
  nirc_strbuf b, blobs;
  nirc_diag d;
  nirc_strbuf_init(&b, nirc_heap_default());
  nirc_strbuf_init(&blobs, nirc_heap_default());
  nirc_diag_init(&d, stdout, "test_cores_diff");
  *n_in = (size_t)(c[0].map[0] * c[0].map[1] * c[0].map[2]);
  *n_neurons = 0;
  for (size_t k = 0; k < n; k++)
    *n_neurons += (size_t)(c[k].out[0] * c[k].out[1] * c[k].out[2]);
  nirc_strbuf_addf(&b, "nirt 1\nmodule m {level = hw, path = \"m\", source_hash = 0x%032d}\nsnn.step @m attributes {dt = 1.0, profile = \"unit\"} {\n", 1);
  for (int i = 0; i < 2; i++)
    nirc_strbuf_addf(&b, "  %%i%d = snn.input {name = \"i%d\"} : f32[%zu]\n", i, i, *n_in);
  nirc_strbuf_addf(&b, "  %%v = snn.state {name = \"v\", init = splat<i64[%zu] 0>} : i64[%zu]\n", *n_neurons, *n_neurons);
  nirc_strbuf_addf(&b, "  %%z = hw.cores %%v, %%i0, %%i1 : f64[%zu], i64[%zu] {\n", *n_neurons, *n_neurons);
  for (size_t at = 0; at < n; at++)
    for (size_t k = 0; k < n; k++)
      if (place[k] == at)
        add_core(&b, &blobs, &r, &c[k], at);
  nirc_strbuf_addf(&b, "  }\n  snn.update @v %%v, %%z#1\n  %%s = hw.slice %%z {first = 1} : f64[%zu]\n  snn.output @a %%s {name = \"a\"}\n", *n_neurons - 1);
  nirc_strbuf_addf(&b, "  snn.output @b %%z#1 {name = \"b\"}\n}\n%s", blobs.data);
  nirc_module *m = nirc_module_parse(b.data, b.size, "text", nirc_heap_default(), &d);
  if (m && !nirc_module_verify(m, &d)) {
    nirc_module_free(m);
    m = NULL;
  }
  nirc_strbuf_deinit(&b);
  nirc_strbuf_deinit(&blobs);
  return m;
}

static void make_inputs(values *v, uint64_t seed)
{
  static const float odd[] = {-1, 0.75f, 1.5f, 3};
  random_source r = {seed ^ 0xc0de};
  for (size_t t = 0; t < STEPS; t++)
    for (size_t i = 0; i < 2 * MAX_INPUT; i++)
      v->in[t][i / MAX_INPUT][i % MAX_INPUT] = random_chance(&r, 60) ? 0 : random_chance(&r, 80) ? 1 : odd[random_below(&r, 4)];
}

/* ---- both ways ---------------------------------------------------------------------------------------------------------------- */

static void interpret(const nirc_module *m, values *v)
{
  nirc_interp *x = nirc_interp_new(m);
  const nirc_counter_row *rows;
  v->n_counters = nirc_interp_counters(x, &rows);
  memset(v->wanted, 0, sizeof v->wanted);
  nirc_interp_count(x, v->n_counters <= MAX_COUNTERS ? v->wanted : NULL);
  for (size_t t = 0; t < STEPS; t++)
    nirc_interp_step(x, (const float *const[]){v->in[t][0], v->in[t][1]}, (float *const[]){v->want[t][0], v->want[t][1]}, 2);
  nirc_interp_free(x);
}

static void *allocate(void *user, size_t size, size_t align)
{
  void *p;
  (void)user;
  return posix_memalign(&p, align, size) ? NULL : p;
}

static void release(void *user, void *p, size_t size)
{
  (void)user; (void)size;
  free(p);
}

static bool run_library(const char *path, values *v)
{
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  const nirc_model_api *(*query)(uint32_t max_abi) = NULL;
  if (library)
    *(void **)&query = dlsym(library, "nirc_model_query");
  const nirc_model_api *api = query ? query(NIRC_MODEL_ABI) : NULL;
  nirc_model *model = NULL;
  bool ok = api && api->create(1, &(nirc_allocator){.alloc = allocate, .free = release}, &model) == NIRC_OK;
  ok = ok && api->info(NIRC_MODEL_ABI)->n_counters == v->n_counters && v->n_counters <= MAX_COUNTERS;
  memset(v->counted, 0, sizeof v->counted);
  for (int counts = 0; ok && counts < 2; counts++) {
    ok = api->reset(model) == NIRC_OK && api->count(model, counts ? v->counted : NULL) == NIRC_OK;
    for (size_t t = 0; ok && t < STEPS; t++) {
      static float again[2][MAX_NEURONS];
      void *const to[] = {counts ? again[0] : v->got[t][0], counts ? again[1] : v->got[t][1]};
      ok = api->step(model, (const void *const[]){v->in[t][0], v->in[t][1]}, to) == NIRC_OK;
      ok = ok && (!counts || memcmp(again[1], v->got[t][1], (size_t)api->info(NIRC_MODEL_ABI)->outputs[1].count * sizeof(float)) == 0);
    }
  }
  if (model)
    api->destroy(model);
  if (library)
    dlclose(library);
  if (!ok)
    printf("%s cannot be run\n", path);
  return ok;
}

static bool same_values(const values *v, uint64_t seed, size_t n_neurons, double *spikes)
{
  for (size_t t = 0; t < STEPS; t++)
    for (size_t p = 0; p < 2; p++)
      for (size_t i = 0; i < n_neurons - (p == 0); i++) {
        *spikes += p == 0 ? (double)v->want[t][p][i] : 0;
        if (memcmp(&v->want[t][p][i], &v->got[t][p][i], sizeof(float)) == 0)
          continue;
        printf("seed %llu, step %zu: %s %zu is %g, the interpreter has %g\n", (unsigned long long)seed, t, p ? "v" : "z", i, (double)v->got[t][p][i],
               (double)v->want[t][p][i]);
        return false;
      }
  for (size_t k = 0; k < v->n_counters; k++)
    if (v->wanted[k] != v->counted[k]) {
      printf("seed %llu: counter %zu is %llu, the interpreter has %llu\n", (unsigned long long)seed, k, (unsigned long long)v->counted[k],
             (unsigned long long)v->wanted[k]);
      return false;
    }
  return true;
}

static bool has_rounds(const nirc_module *m)
{
  nirc_arena *a = nirc_arena_new(nirc_heap_default());
  nirc_cores c = {0};
  const char *why;
  NIRC_FOR_EACH_OP(op, m->body.first->body)
    if (op->code == HW_CORES)
      nirc_cores_read(&c, a, op, &why);
  nirc_arena_free(a);
  return c.rounds > 0;
}

static bool check_seed(values *v, uint64_t seed, const char *folder, double *spikes, unsigned long long *rounds)
{
  char path[4096];
  size_t n_in, n_neurons;
  nirc_diag d;
  nirc_diag_init(&d, stdout, "test_cores_diff");
  nirc_module *m = make_module(seed, &n_in, &n_neurons);
  if (!m || n_neurons > MAX_NEURONS || n_in > MAX_INPUT)
    return false;
  *rounds += has_rounds(m);
  make_inputs(v, seed);
  interpret(m, v);
  nirc_cpu_options o = {.level = (int)(seed % 4), .target = "cpu"};
  snprintf(path, sizeof path, "%s/c%llu.so", folder, (unsigned long long)seed);
  bool ok = nirc_cpu_write_library(m, &o, path, &d) && run_library(path, v) && same_values(v, seed, n_neurons, spikes);
  unlink(path);
  nirc_module_free(m);
  return ok;
}

int main(int argc, char **argv)
{
  unsigned long long n = argc > 1 ? strtoull(argv[1], NULL, 10) : 12, first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1, failed = 0, rounds = 0;
  const char *tmp = getenv("TMPDIR");
  char folder[2048];
  double spikes = 0;
  values *v = calloc(1, sizeof *v);
  snprintf(folder, sizeof folder, "%s/nirc-diff-XXXXXX", tmp ? tmp : "/tmp");
  if (!v || !mkdtemp(folder)) {
    perror(folder);
    return 2;
  }
  for (unsigned long long seed = first; seed < first + n; seed++)
    failed += !check_seed(v, seed, folder, &spikes, &rounds);
  rmdir(folder);
  free(v);
  printf("%llu seeds, %llu differ; %llu with rounds, %.0f spikes\n", n, failed, rounds, spikes);
  return failed || spikes < 10 * (double)n || rounds < n / 6;
}
