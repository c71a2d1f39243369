#include "frontend/selftest.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codegen/cpu.h"
#include "codegen/nirc_model.h"
#include "ir/dialect_nir.h"
#include "ir/interp.h"
#include "passes/pass.h"

enum { N_IN = 16, N_HIDDEN = 33, N_OUT = 5, STEPS = 64 };

/* ---- the network --------------------------------------------------------------------------------------------------------- */

/* Numbers in [0, 1), the same on every machine (splitmix64). */
static double next_number(uint64_t *state)
{
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static void set_random(nirc_module *m, nirc_op *op, const char *name, nirc_shape shape, double low, double high, uint64_t *seed)
{
  void *data;
  nirc_blob *b = nirc_module_hold(m, nirc_blob_new(m->heap, NIRC_F64, &shape, false, &data));
  for (size_t i = 0; i < b->count; i++)
    ((double *)data)[i] = low + (high - low) * next_number(seed);
  nirc_op_set_blob(m, op, name, b);
}

static nirc_op *node(nirc_module *m, nirc_op *graph, nirc_opcode code, const char *name)
{
  return nirc_op_new(m, graph->body, code, name, nirc_loc_file("selftest"));
}

static nirc_op *port(nirc_module *m, nirc_op *graph, nirc_opcode code, const char *name, int64_t n)
{
  nirc_op *op = node(m, graph, code, name);
  nirc_shape one = nirc_shape_1d(1);
  void *data;
  nirc_op_set_blob(m, op, "shape", nirc_module_hold(m, nirc_blob_new(m->heap, NIRC_I64, &one, false, &data)));
  memcpy(data, &n, sizeof n);
  return op;
}

static void feed(nirc_module *m, nirc_op *to, nirc_op *a, nirc_op *b)
{
  nirc_value *v[] = {nirc_op_result(a), b ? nirc_op_result(b) : NULL};
  nirc_op_set_operands(m, to, v, b ? 2 : 1);
}

static nirc_module *make_network(const nirc_heap *h)
{
  nirc_module *m = nirc_module_new(h, "selftest", "selftest");
  nirc_op *g = nirc_op_new(m, &m->body, NIR_GRAPH, "selftest", nirc_loc_file("selftest"));
  nirc_op *in = port(m, g, NIR_INPUT, "input", N_IN), *fc = node(m, g, NIR_AFFINE, "fc"), *lif = node(m, g, NIR_LIF, "lif"), *head = node(m, g, NIR_LINEAR, "head");
  nirc_op *rec = node(m, g, NIR_LINEAR, "rec"), *cuba = node(m, g, NIR_CUBA_LIF, "cuba"), *out = port(m, g, NIR_OUTPUT, "output", N_OUT);
  uint64_t seed = 1;
  set_random(m, fc, "weight", (nirc_shape){.rank = 2, .dims = {N_HIDDEN, N_IN}}, -1, 1.5, &seed);
  set_random(m, fc, "bias", nirc_shape_1d(N_HIDDEN), 0, 0.5, &seed);
  set_random(m, head, "weight", (nirc_shape){.rank = 2, .dims = {N_OUT, N_HIDDEN}}, -0.5, 1, &seed);
  set_random(m, rec, "weight", (nirc_shape){.rank = 2, .dims = {N_OUT, N_OUT}}, -1, 1, &seed);
  static const struct { const char *name; double low, high; bool synapse, membrane; } params[] = {
    {"tau", 0.002, 0.02, false, true}, {"tau_mem", 0.002, 0.02, true, false}, {"tau_syn", 0.002, 0.01, true, false},     {"r", 0.5, 2, true, true},
    {"v_leak", -0.1, 0.1, true, true}, {"v_threshold", 0.2, 0.6, true, true}, {"v_reset", -0.2, 0.1, true, true}, {"w_in", 0.5, 2, true, false}};
  for (size_t i = 0; i < sizeof params / sizeof *params; i++) {
    if (params[i].membrane)
      set_random(m, lif, params[i].name, nirc_shape_1d(N_HIDDEN), params[i].low, params[i].high, &seed);
    if (params[i].synapse)
      set_random(m, cuba, params[i].name, nirc_shape_1d(N_OUT), params[i].low, params[i].high, &seed);
  }
  feed(m, fc, in, NULL);
  feed(m, lif, fc, NULL);
  feed(m, head, lif, NULL);
  feed(m, cuba, head, rec);
  feed(m, rec, cuba, NULL);
  feed(m, out, cuba, NULL);
  return m;
}

/* ---- running both ------------------------------------------------------------------------------------------------------------- */

static void *allocate(void *user, size_t size, size_t align)
{
  (void)user;
  void *p;
  return posix_memalign(&p, align, size) ? NULL : p;
}

static void release(void *user, void *p, size_t size)
{
  (void)user; (void)size;
  free(p);
}

typedef struct stimulus { float x[STEPS][N_IN]; } stimulus;
typedef struct trace { float v[STEPS][N_OUT], spikes[STEPS][N_OUT]; } trace;

static bool run_library(const char *path, const stimulus *input, trace *t)
{
  void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  void *symbol = handle ? dlsym(handle, "nirc_model_query") : NULL;
  const nirc_model_api *(*query)(uint32_t) = NULL;
  memcpy(&query, &symbol, sizeof query);             /* ISO C has no cast from object to function pointers */
  const nirc_model_api *api = query ? query(NIRC_MODEL_ABI) : NULL;
  nirc_allocator a = {allocate, release, NULL};
  nirc_model *x = NULL;
  bool ok = api && api->create(1, &a, &x) == NIRC_OK;
  if (ok) {
    const nirc_model_info *info = api->info(NIRC_MODEL_ABI);
    void *out[4] = {t->spikes};
    for (uint32_t k = 0; k < info->n_probes && k < 3; k++)
      out[1 + k] = strcmp(info->probes[k].name, "cuba/v") == 0 ? t->v : NULL;
    ok = api->run(x, STEPS, (const void *const[]){input->x}, out) == NIRC_OK;
    api->destroy(x);
  }
  if (handle)
    dlclose(handle);
  return ok;
}

static void run_interpreter(const nirc_module *m, const stimulus *input, trace *t)
{
  nirc_interp *x = nirc_interp_new(m);
  const nirc_interp_port *probes;
  size_t n = nirc_interp_probes(x, &probes), v = 0;
  while (v < n && strcmp(probes[v].name, "cuba/v"))
    v++;
  for (int s = 0; s < STEPS; s++) {
    float *out[5] = {t->spikes[s]};
    out[1 + v] = t->v[s];
    nirc_interp_step(x, (const float *const[]){input->x[s]}, out, 1 + n);
  }
  nirc_interp_free(x);
}

static bool test_level(const nirc_module *m, int level, const char *path, const stimulus *input, const trace *want, nirc_diag *d)
{
  nirc_cpu_options o = {.level = level, .target = "cpu"};
  trace got = {0};
  if (!nirc_cpu_write_library(m, &o, path, d))
    return false;
  bool ok = run_library(path, input, &got) && memcmp(&got, want, sizeof got) == 0;
  if (!ok)
    nirc_error_status(d, NIRC_STATUS_INTERNAL, nirc_loc_none(), "self-test: code of -O%d and the interpreter disagree", level);
  return ok;
}

bool nirc_selftest(nirc_strbuf *out, const nirc_heap *h, nirc_diag *d)
{
  char path[] = "/tmp/nirc-selftest-XXXXXX";
  int fd = mkstemp(path);
  if (fd < 0) {
    nirc_error_status(d, NIRC_STATUS_IO, nirc_loc_file(path), "a temporary file cannot be made");
    return false;
  }
  close(fd);
  nirc_module *m = make_network(h);
  bool ok = nirc_nir_infer(m, m->body.first, d) &&
            nirc_pipeline_run(m, "inline-subgraphs,probe{node=cuba},discretise{dt=1ms},canonicalize", &(nirc_pipeline_hooks){.verify_each = true}, d);
  if (ok) {
    stimulus input;
    uint64_t seed = 2;
    for (int s = 0; s < STEPS; s++)
      for (int i = 0; i < N_IN; i++)
        input.x[s][i] = next_number(&seed) < 0.4 ? 1.0f : 0.0f;
    trace want = {0};
    run_interpreter(m, &input, &want);
    unsigned spikes = 0;
    for (int s = 0; s < STEPS * N_OUT; s++)
      spikes += want.spikes[s / N_OUT][s % N_OUT] != 0;
    for (int level = 0; ok && level <= 3; level++)
      ok = test_level(m, level, path, &input, &want, d);
    if (ok)
      nirc_strbuf_addf(out, "self-test: %d steps, %u spikes, equal bits at -O0 to -O3\n", STEPS, spikes);
  }
  nirc_module_free(m);
  unlink(path);
  return ok;
}
