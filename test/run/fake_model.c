/* A model by hand, for the tests of nirc-run: two Inputs (`a` [3], `b` [2, 2]; with -DONE only `a`), two Outputs (`sum`, `twice` [2];
 * with -DONE only `sum`) and a probe of the nested node `g/n`. Per lane:
 *   n += sum of the inputs (exact for whole numbers), sum = n, twice = {2 n, step}, probe = {n, -n}; counters: steps, and inputs above 0.
 * -DTARGET="xylo" names the target, -DMOST=15 says how many events it tells apart, -DOLD leaves that out of the table, -DABI=2 a later interface, -DFINGERPRINT=2 another model, -DBAD_HEADER a header that changes. */
#include "codegen/nirc_model.h"

#include <string.h>

#ifndef MOST
#define MOST 0
#endif
#ifdef OLD
#define INFO_SIZE offsetof(nirc_model_info, most_events)
#else
#define INFO_SIZE sizeof(nirc_model_info)
#endif
#ifndef TARGET
#define TARGET cpu
#endif
#ifndef ABI
#define ABI NIRC_MODEL_ABI
#endif
#ifndef FINGERPRINT
#define FINGERPRINT 1
#endif
#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

#ifdef ONE
enum { N_IN = 1, N_OUT = 1 };
#else
enum { N_IN = 2, N_OUT = 2 };
#endif

typedef struct lane { float n, steps; } lane;
typedef struct header { uint64_t fingerprint; uint32_t batch, steps; } header;

struct nirc_model {
  uint32_t batch, steps;
  nirc_allocator allocator;
  uint64_t *counters;
  lane lanes[];
};

static const uint64_t shape_a[] = {3}, shape_b[] = {2, 2}, shape_2[] = {2}, shape_1[] = {1};
static const nirc_port inputs[] = {{"a", 3, shape_a, 1, 0}, {"b", 4, shape_b, 2, 0}};
static const nirc_port outputs[] = {{"sum", 1, shape_1, 1, 0}, {"twice", 2, shape_2, 1, 0}};
static const nirc_port probes[] = {{"g/n/v", 2, shape_2, 1, 0}};
static const nirc_state_field fields[] = {{"g/n/v", "f32", 0, 1}, {"steps", "f32", 4, 1}};
static const nirc_counter counters[] = {{"g/n", "spikes"}, {"a", "synaptic_operations"}};
static const nirc_model_info model_info = {
  .abi = ABI, .struct_size = INFO_SIZE, .name = "fake", .source_hash = "0", .compiler = "by hand", .profile = "nir",
  .target = TEXT(TARGET), .dt = 0.001, .fingerprint = FINGERPRINT, .n_inputs = N_IN, .n_outputs = N_OUT, .n_probes = 1, .n_fields = 2,
  .n_counters = 2, .inputs = inputs, .outputs = outputs, .probes = probes, .fields = fields, .counters = counters,
  .state_header = sizeof(header), .state_lane = sizeof(lane), .most_events = MOST};

static const nirc_model_info *info(uint32_t abi) { return abi < ABI ? NULL : &model_info; }
static size_t size(uint32_t batch) { return sizeof(nirc_model) + batch * sizeof(lane); }

static nirc_rc reset(nirc_model *x)
{
  x->steps = 0;
  memset(x->lanes, 0, x->batch * sizeof(lane));
  return NIRC_OK;
}

static nirc_rc init(void *mem, size_t n, uint32_t batch, nirc_model **out)
{
  if (n < size(batch))
    return NIRC_E_SIZE;
  *out = mem;
  memset(mem, 0, sizeof(nirc_model));
  (*out)->batch = batch;
  return reset(*out);
}

static nirc_rc create(uint32_t batch, const nirc_allocator *a, nirc_model **out)
{
  void *mem = a->alloc(a->user, size(batch), 64);
  if (!mem)
    return NIRC_E_NOMEM;
  init(mem, size(batch), batch, out);
  (*out)->allocator = *a;
  return NIRC_OK;
}

static void destroy(nirc_model *x)
{
  if (x)
    x->allocator.free(x->allocator.user, x, size(x->batch));
}

static nirc_rc run(nirc_model *x, uint64_t steps, const void *const in[], void *const out[])
{
  for (uint64_t row = 0; row < steps * x->batch; row++) {
    lane *l = &x->lanes[row % x->batch];
    for (int k = 0; k < N_IN; k++)
      for (uint64_t i = 0; i < inputs[k].count; i++) {
        float v = ((const float *)in[k])[row * inputs[k].count + i];
        l->n += v;
        if (x->counters && v > 0)
          x->counters[1]++;
      }
    l->steps += 1;
    if (x->counters)
      x->counters[0]++;
    ((float *)out[0])[row] = l->n;
    if (N_OUT > 1) {
      ((float *)out[1])[2 * row] = 2 * l->n;
      ((float *)out[1])[2 * row + 1] = l->steps;
    }
    if (out[N_OUT]) {
      ((float *)out[N_OUT])[2 * row] = l->n;
      ((float *)out[N_OUT])[2 * row + 1] = -l->n;
    }
  }
  x->steps += (uint32_t)steps;
  return NIRC_OK;
}

static nirc_rc step(nirc_model *x, const void *const in[], void *const out[]) { return run(x, 1, in, out); }

static size_t state_size(const nirc_model *x) { return sizeof(header) + x->batch * sizeof(lane); }

static nirc_rc state_save(const nirc_model *x, void *buf, size_t n)
{
  header h = {FINGERPRINT, x->batch, 0};
#ifdef BAD_HEADER
  h.steps = x->steps;
#endif
  if (n != state_size(x))
    return NIRC_E_SIZE;
  memcpy(buf, &h, sizeof h);
  memcpy((char *)buf + sizeof h, x->lanes, x->batch * sizeof(lane));
  return NIRC_OK;
}

static nirc_rc state_load(nirc_model *x, const void *buf, size_t n)
{
  header h;
  if (n != state_size(x))
    return NIRC_E_SIZE;
  memcpy(&h, buf, sizeof h);
  if (h.fingerprint != FINGERPRINT || h.batch != x->batch)
    return NIRC_E_STATE;
  memcpy(x->lanes, (const char *)buf + sizeof h, x->batch * sizeof(lane));
  return NIRC_OK;
}

static nirc_rc count(nirc_model *x, uint64_t *to)
{
  x->counters = to;
  return NIRC_OK;
}

static const nirc_model_api api = {.abi = ABI, .struct_size = sizeof(nirc_model_api), .info = info, .size = size, .create = create, .init = init,
                                   .destroy = destroy, .reset = reset, .step = step, .run = run, .state_size = state_size,
                                   .state_save = state_save, .state_load = state_load, .count = count};

const nirc_model_api *nirc_model_query(uint32_t max_abi) { return max_abi < ABI ? NULL : &api; }
