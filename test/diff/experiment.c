#include "test/diff/experiment.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ir/interp.h"
#include "ir/verify.h"
#include "passes/pass.h"
#include "test/diff/profile_network.h"
#include "test/diff/random_step.h"

bool experiment_differs(const experiment *x, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  printf("%s, seed %llu: %s: ", x->t->name, (unsigned long long)x->seed, x->part);
  vprintf(format, args);
  printf("\n");
  va_end(args);
  return false;
}

void *experiment_must(void *p)
{
  if (!p) {
    fprintf(stderr, "test_cpu_diff: out of memory\n");
    exit(2);
  }
  return p;
}

static uint32_t bits(float f)
{
  uint32_t u;
  memcpy(&u, &f, sizeof u);
  return u;
}

bool experiment_equal(float a, float b)                  /* every NaN is as good as another */
{
  return bits(a) == bits(b) || (a != a && b != b);
}

/* ---- the network -------------------------------------------------------------------------------------------------------- */

static bool run_pipeline(nirc_module *m, const char *text, nirc_diag *d)
{
  nirc_diag_init(d, stdout, "test_cpu_diff");
  d->quiet = true;
  nirc_pipeline_hooks hooks = {.verify_each = true};
  return nirc_module_verify(m, d) && nirc_pipeline_run(m, text, &hooks, d) && nirc_module_verify(m, d);
}

/* Makes a step of the network. A refusal comes with a message, which is not worth a line here. */
static bool discretise(experiment *x, const profile_network *n, bool probes, bool *refused)
{
  char text[256];
  nirc_diag d;
  FILE *lost = experiment_must(fopen("/dev/null", "w"));
  snprintf(text, sizeof text, "%s%s", probes ? "probe{node=all}," : "", n->discretise);
  nirc_diag_init(&d, getenv("NIRC_DIFF_VERBOSE") ? stdout : lost, "test_cpu_diff");
  bool ok = nirc_module_verify(n->m, &d) && nirc_pipeline_run(n->m, text, &(nirc_pipeline_hooks){.verify_each = true}, &d);
  fclose(lost);
  *refused = !ok && d.errors && d.status != NIRC_STATUS_INTERNAL;
  return ok || *refused || experiment_differs(x, "%s fails without a message", text);
}

/* Weights that are no numbers cannot be quantised. */
static bool finite_weights(const nirc_module *m)
{
  NIRC_FOR_EACH_OP(op, m->body.first->body)
    if (nirc_op_blob(op, "weight") && !nirc_blob_all_finite(nirc_op_blob(op, "weight")))
      return false;
  return true;
}

nirc_module *experiment_module(experiment *x, bool plain, bool *refused)
{
  random_source r = {x->seed ^ 0xd1ff};
  size_t n_profiles = 0;
  char text[256] = "";
  nirc_diag d;
  while (nirc_profiles[n_profiles].name)
    n_profiles++;
  const nirc_profile *p = &nirc_profiles[random_below(&r, n_profiles)];
  profile_network n = profile_network_make(x->seed, x->t->profile ? x->t->profile : p, !x->t->profile);
  bool probes = random_chance(&r, 60), canonical = random_chance(&r, 50), folded = random_chance(&r, 40), fused = random_chance(&r, 60);
  const char *sparse = random_chance(&r, 60) ? random_chance(&r, 50) ? ",sparsify{work=1}" : ",sparsify" : "";
  static const char *const quantised[] = {",quantise", ",quantise{scheme=layer,bits=4,power=true}", ",quantise{percentile=80}"};
  const char *quantise = random_chance(&r, 40) ? quantised[random_below(&r, 3)] : "";
  x->part = "passes";
  if (!n.m)
    experiment_differs(x, "the network is refused");
  else if (discretise(x, &n, probes && !plain, refused) && !*refused) {
    if (!finite_weights(n.m))
      quantise = "";
    if (plain)
      snprintf(text, sizeof text, "%s", quantise);
    else
      snprintf(text, sizeof text, "%s%s%s%s%s", quantise, canonical ? ",canonicalize" : "", folded ? ",cse,fold-scale,uniform-to-splat" : "", sparse,
               fused ? ",fuse-neuron" : "");
    if (!*text || run_pipeline(n.m, text + 1, &d))
      return n.m;
    experiment_differs(x, "%s%s refused", n.discretise, text);
  }
  nirc_module_free(n.m);
  return NULL;
}

nirc_module *experiment_step(experiment *x, bool plain)
{
  nirc_module *m = random_step(x->seed);
  nirc_diag d;
  x->part = "passes";
  if (run_pipeline(m, plain ? "uniform-to-splat" : "canonicalize,cse,fold-scale,sparsify{work=1},fuse-affine{rounds=false},uniform-to-splat,canonicalize", &d))
    return m;
  experiment_differs(x, "refused");
  nirc_module_free(m);
  return NULL;
}

/* ---- inputs, and what the interpreter makes of them ---------------------------------------------------------------------------- */

static void make_input(trace *t, const nirc_shape *shape, random_source *r)
{
  size_t silent = strncmp(t->name, "silent", 6) == 0 ? random_silent(shape) : 0;
  bool spikes = random_chance(r, 60);
  unsigned density = 5 + (unsigned)random_below(r, 70), zeros = (unsigned)random_below(r, 60);
  size_t n = t->count * LANES * STEPS;
  t->values = experiment_must(calloc(n + 1, sizeof(float)));
  for (size_t i = 0; i < n; i++)
    if (i % t->count < silent)
      t->values[i] = 0;
    else if (spikes)
      t->values[i] = random_chance(r, density) ? 1 : 0;
    else
      t->values[i] = random_chance(r, zeros) ? (random_chance(r, 10) ? -0.0f : 0) : (float)random_between(r, -1, 2);
}

float *trace_at(const trace *t, size_t step, size_t lane)
{
  return t->values + (step * LANES + lane) * t->count;
}

static void interpret_lane(experiment *x, nirc_interp *interp, size_t lane)
{
  const float *in[MAX_PORTS];
  float *out[MAX_PORTS];
  nirc_interp_reset(interp);
  for (size_t step = 0; step < STEPS; step++) {
    for (size_t p = 0; p < x->n_in; p++)
      in[p] = trace_at(&x->in[p], step, lane);
    for (size_t p = 0; p < x->n_ports; p++)
      out[p] = trace_at(&x->want[p], step, lane);
    nirc_interp_step(interp, in, out, x->n_ports);
  }
}

/* Is the network alive? */
static void take_stock(const experiment *x, const trace *t)
{
  const char *field = strrchr(t->name, '/');
  bool spikes = field && strcmp(field, "/spikes") == 0, any = false, several = false, negative = false;
  for (size_t i = 0; i < t->count * LANES * STEPS; i++) {
    any |= t->values[i] != 0;
    several |= t->values[i] > 1;
    negative |= t->values[i] < 0;
  }
  x->t->layers += spikes;
  x->t->spiking += spikes && any;
  x->t->counting += spikes && several;
  x->t->inhibited += field && strcmp(field, "/v") == 0 && negative;
}

char *experiment_row_name(const char *node, const char *key)
{
  size_t n = strlen(node) + strlen(key) + 2;
  char *name = experiment_must(malloc(n));
  snprintf(name, n, "%s %s", node, key);
  return name;
}

static void interpret(experiment *x, const nirc_module *m)
{
  nirc_interp *interp = nirc_interp_new(m);
  const nirc_interp_port *in, *out, *probes;
  x->n_in = nirc_interp_inputs(interp, &in);
  x->n_out = nirc_interp_outputs(interp, &out);
  x->n_ports = x->n_out + nirc_interp_probes(interp, &probes);
  NIRC_ASSERT(x->n_in <= MAX_PORTS && x->n_ports <= MAX_PORTS);
  random_source r = {x->seed ^ 0xf00d};
  for (size_t p = 0; p < x->n_in; p++) {
    x->in[p] = (trace){.name = in[p].name, .count = in[p].type->count};
    make_input(&x->in[p], &in[p].type->shape, &r);
  }
  for (size_t p = 0; p < x->n_ports; p++) {
    const nirc_interp_port *port = p < x->n_out ? &out[p] : &probes[p - x->n_out];
    x->want[p] = (trace){.name = port->name, .count = port->type->count};
    x->want[p].values = experiment_must(calloc(x->want[p].count * LANES * STEPS + 1, sizeof(float)));
  }
  const nirc_counter_row *rows;
  x->n_counts = nirc_interp_counters(interp, &rows);
  x->counts = experiment_must(calloc(x->n_counts + 1, sizeof *x->counts));
  x->counted = experiment_must(calloc(x->n_counts + 1, sizeof *x->counted));
  for (size_t k = 0; k < x->n_counts; k++)
    x->counted[k] = experiment_row_name(rows[k].node, rows[k].key);
  for (size_t lane = 0; lane < LANES; lane++) {
    nirc_interp_count(interp, lane % 2 ? x->counts : NULL);
    interpret_lane(x, interp, lane);
  }
  for (size_t p = x->n_out; p < x->n_ports; p++)
    take_stock(x, &x->want[p]);
  nirc_interp_free(interp);
}

void experiment_free(experiment *x)
{
  for (size_t p = 0; p < x->n_in; p++)
    free(x->in[p].values);
  for (size_t p = 0; p < x->n_ports; p++)
    free(x->want[p].values);
  for (size_t k = 0; k < x->n_counts; k++)
    free(x->counted[k]);
  free(x->counted);
  free(x->counts);
  x->n_in = x->n_ports = x->n_counts = 0;
}

/* Values `got` of lanes first .. first + lanes - 1 at a step, against what is wanted. */
static bool check_port(const experiment *x, size_t p, size_t step, size_t first, size_t lanes, const float *got)
{
  const trace *t = &x->want[p];
  const float *want = trace_at(t, step, first);
  for (size_t i = 0; i < lanes * t->count; i++)
    if (!experiment_equal(want[i], got[i]))
      return experiment_differs(x, "%s '%s', step %zu, lane %zu, element %zu: %.9g (0x%08x), the interpreter has %.9g (0x%08x)", p < x->n_out ? "output" : "probe",
                     t->name, step, first + i / t->count, i % t->count, (double)got[i], bits(got[i]), (double)want[i], bits(want[i]));
  return true;
}

bool experiment_check(const experiment *x, size_t step, size_t first, size_t lanes, float *const got[])
{
  for (size_t p = 0; p < x->n_ports; p++)
    if (!check_port(x, p, step, first, lanes, got[p]))
      return false;
  return true;
}

bool experiment_same_outputs(experiment *x, const nirc_module *m, const nirc_module *plain)
{
  tally lost = *x->t;
  experiment other = {.seed = x->seed, .t = &lost};
  interpret(x, m);
  interpret(&other, plain);
  bool ok = true;
  x->part = "interpreter, without probes, canonicalize, sparsify and fuse-neuron";
  for (size_t p = 0; ok && p < x->n_out; p++)
    for (size_t step = 0; ok && step < STEPS; step++)
      ok = check_port(x, p, step, 0, LANES, trace_at(&other.want[p], step, 0));
  experiment_free(&other);
  return ok;
}
