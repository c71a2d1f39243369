/* targets/loihi2/numbers.c: what the parameters of neurons are to the chip: decays, thresholds, what a weight and a bias is worth. All in double. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "targets/loihi2/loihi2.h"

const char *const nirc_loihi2_kind_names[] = {"dense", "sparse", "conv"};

/* ---- lists of a network ----------------------------------------------------------------------------------------------------------- */

static void *grown(nirc_arena *a, const void *old, size_t n, size_t *most, size_t size)
{
  *most = *most ? 2 * *most : 16;
  unsigned char *list = nirc_arena_alloc_array(a, *most, size, alignof(max_align_t));
  for (size_t i = 0; i < n * size; i++)
    list[i] = ((const unsigned char *)old)[i];
  return list;
}

nirc_loihi2_population *nirc_loihi2_add_population(nirc_loihi2_net *x, const char *name)
{
  if (x->n_populations == x->max_populations)
    x->populations = grown(x->arena, x->populations, x->n_populations, &x->max_populations, sizeof *x->populations);
  nirc_loihi2_population *p = &x->populations[x->n_populations++];
  *p = (nirc_loihi2_population){.name = name};
  return p;
}

nirc_loihi2_synapse *nirc_loihi2_add_synapse(nirc_loihi2_net *x)
{
  if (x->n_synapses == x->max_synapses)
    x->synapses = grown(x->arena, x->synapses, x->n_synapses, &x->max_synapses, sizeof *x->synapses);
  nirc_loihi2_synapse *s = &x->synapses[x->n_synapses++];
  *s = (nirc_loihi2_synapse){0};
  return s;
}

void nirc_loihi2_warn(nirc_loihi2_net *x, nirc_diag *d, bool strict, nirc_loc loc, const char *format, ...)
{
  char text[512];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (strict && x->options.strict) {
    nirc_error_code(d, "loihi2-strict", loc, "%s", text);
    return;
  }
  nirc_warning(d, loc, "%s", text);
  if (x->n_warnings == x->max_warnings)
    x->warnings = grown(x->arena, x->warnings, x->n_warnings, &x->max_warnings, sizeof *x->warnings);
  x->warnings[x->n_warnings++] = nirc_arena_strdup(x->arena, text);
}

/* ---- as few numbers as say it all ---------------------------------------------------------------------------------------------------- */

static size_t map_size(const nirc_shape *s)
{
  return s->rank == 3 ? (size_t)(s->dims[1] * s->dims[2]) : 1;
}

nirc_loihi2_numbers nirc_loihi2_reduce(nirc_arena *a, const nirc_shape *shape, const int64_t *value)
{
  size_t each = map_size(shape), n = shape->rank == 3 ? (size_t)shape->dims[0] * each : (size_t)shape->dims[0];
  bool alike = true, by_channel = true;
  for (size_t i = 0; i < n; i++) {
    alike = alike && value[i] == value[0];
    by_channel = by_channel && value[i] == value[i / each * each];
  }
  size_t step = alike ? n : by_channel ? each : 1;
  nirc_loihi2_numbers r = {.n = n / step};
  r.value = NIRC_NEW_ARRAY(a, int64_t, r.n);
  for (size_t i = 0; i < r.n; i++)
    r.value[i] = value[i * step];
  return r;
}

static bool differs_in_map(const nirc_shape *s, const double *v)
{
  size_t each = map_size(s), n = s->rank == 3 ? (size_t)s->dims[0] * each : 0;
  for (size_t i = 0; v && i < n; i++)
    if (v[i] != v[i / each * each])
      return true;
  return false;
}

/* ---- neurons ---------------------------------------------------------------------------------------------------------------------------- */

typedef struct finder {
  nirc_loihi2_net *net;
  nirc_loihi2_population *p;
  nirc_module *m;
  nirc_diag *d;
  int64_t *i_decay, *v_decay;
  double *tau_syn, *tau_mem;                         /* NULL: none */
} finder;

static double number(const finder *x, const char *name, size_t i, double absent)
{
  const nirc_blob *b = nirc_op_blob(x->p->node, name);
  return b && b->count ? nirc_blob_get(b, b->count == 1 ? 0 : i) : absent;
}

/* dt/tau of each neuron. */
static double *shares(finder *x, const char *name)
{
  double *share = NIRC_NEW_ARRAY(x->net->arena, double, x->p->count), dt = x->net->options.dt;
  bool said = false;
  for (size_t i = 0; i < x->p->count; i++) {
    share[i] = dt / number(x, name, i, 1);
    if (share[i] > 1 + 1e-6 && !said) {
      nirc_error_code(x->d, "loihi2-time-constant", nirc_op_attr_loc(x->m, x->p->node, name), "'%s': %s = %g s (element %zu) is shorter than dt = %g s",
                      x->p->node->name, name,
                      number(x, name, i, 1), i, dt);
      said = true;
    }
  }
  return share;
}

static int64_t decay(double share)
{
  double d = rint(NIRC_LOIHI2_DECAY_ONE * share);
  return d < 0 ? 0 : d > NIRC_LOIHI2_DECAY_ONE ? NIRC_LOIHI2_DECAY_ONE : (int64_t)d;
}

static void find_neuron(finder *x, size_t i)
{
  nirc_loihi2_population *p = x->p;
  double dt = x->net->options.dt, r = number(x, "r", i, 1), reset = p->readout ? 0 : number(x, "v_reset", i, 0);
  switch (p->node->code) {
  case NIR_I: case NIR_IF: p->gain[i] = x->net->options.unit ? r : dt * r; break;
  case NIR_THRESHOLD: p->gain[i] = 1; break;
  case NIR_LI: case NIR_LIF: p->gain[i] = x->tau_mem[i] * r; break;
  default: p->gain[i] = x->tau_syn[i] * number(x, "w_in", i, 1) * x->tau_mem[i] * r; break;
  }
  p->leak[i] = x->tau_mem ? x->tau_mem[i] * (number(x, "v_leak", i, 0) - reset) : 0;
  p->theta[i] = p->readout ? 1 : p->node->code == NIR_THRESHOLD ? number(x, "threshold", i, 0) : number(x, "v_threshold", i, 0) - reset;
  x->i_decay[i] = x->tau_syn ? decay(x->tau_syn[i]) : NIRC_LOIHI2_DECAY_ONE;
  x->v_decay[i] = x->tau_mem ? decay(x->tau_mem[i]) : p->node->code == NIR_THRESHOLD ? NIRC_LOIHI2_DECAY_ONE : 0;
  p->start[i] = (x->tau_mem ? number(x, "v_leak", i, 0) : 0) - reset;
  p->keep_u[i] = x->tau_syn ? 1 - x->tau_syn[i] : 0;
  p->keep_v[i] = x->tau_mem ? 1 - x->tau_mem[i] : p->node->code == NIR_THRESHOLD ? 0 : 1;
}

static void check_neuron(finder *x)
{
  const nirc_op *op = x->p->node;
  bool no_leak = false, shifted = false;
  for (size_t i = 0; i < x->p->count; i++) {
    no_leak = no_leak || (x->tau_mem && x->v_decay[i] == 0);
    shifted = shifted || (!x->p->readout && number(x, "v_reset", i, 0) != 0);
  }
  for (size_t i = 0; i < x->p->count; i++)
    if (!(x->p->theta[i] > 0)) {
      nirc_error_code(x->d, "loihi2-threshold", op->loc, "'%s': the threshold is %g above the reset potential (element %zu), more than 0 is wanted", op->name,
                      x->p->theta[i], i);
      break;
    }
  if (no_leak)
    nirc_loihi2_warn(x->net, x->d, false, op->loc, "'%s': a time constant is so long beside dt that the decay of v is rounded to 0", op->name);
  if (shifted)
    nirc_loihi2_warn(x->net, x->d, false, op->loc, "'%s': v_reset is not 0, so v begins at v_reset and not at 0", op->name);
  if (op->code == NIR_THRESHOLD)
    nirc_loihi2_warn(x->net, x->d, false, op->loc, "'%s': vDecay = %d, as a Threshold needs it; the chip's register holds %d", op->name, NIRC_LOIHI2_DECAY_ONE,
                     NIRC_LOIHI2_DECAY_REGISTER);
}

/* Numbers that differ within a channel: neurons in a list, not a map, so what arrives is a matrix. */
static void flatten_map(finder *x)
{
  nirc_loihi2_population *p = x->p;
  double *decays[2] = {x->tau_syn, x->tau_mem};
  bool differs = differs_in_map(&p->shape, p->gain) || differs_in_map(&p->shape, p->theta) || differs_in_map(&p->shape, p->leak) ||
                 differs_in_map(&p->shape, p->drive);
  for (int k = 0; k < 2; k++)
    differs = differs || differs_in_map(&p->shape, decays[k]);
  if (!differs)
    return;
  p->shape = nirc_shape_1d(p->count);
  nirc_loihi2_warn(x->net, x->d, true, p->node->loc,
                   "'%s': parameters or biases differ within a channel, so convolutions from and to it become sparse matrices", p->node->name);
}

bool nirc_loihi2_find_parameters(nirc_loihi2_net *net, nirc_module *m, nirc_diag *d)
{
  unsigned before = d->errors;
  for (size_t k = 0; k < net->n_populations; k++) {
    nirc_loihi2_population *p = &net->populations[k];
    bool leaky = p->node->code == NIR_LI || p->node->code == NIR_LIF;
    finder x = {.net = net, .p = p, .m = m, .d = d, .i_decay = NIRC_NEW_ARRAY(net->arena, int64_t, p->count),
                .v_decay = NIRC_NEW_ARRAY(net->arena, int64_t, p->count)};
    x.tau_syn = p->filtered ? shares(&x, "tau_syn") : NULL;
    x.tau_mem = p->filtered ? shares(&x, "tau_mem") : leaky ? shares(&x, "tau") : NULL;
    p->gain = NIRC_NEW_ARRAY(net->arena, double, p->count);
    p->theta = NIRC_NEW_ARRAY(net->arena, double, p->count);
    p->leak = NIRC_NEW_ARRAY(net->arena, double, p->count);
    p->start = NIRC_NEW_ARRAY(net->arena, double, p->count);
    p->keep_u = NIRC_NEW_ARRAY(net->arena, double, p->count);
    p->keep_v = NIRC_NEW_ARRAY(net->arena, double, p->count);
    for (size_t i = 0; i < p->count; i++)
      find_neuron(&x, i);
    check_neuron(&x);
    flatten_map(&x);
    p->i_decay = nirc_loihi2_reduce(net->arena, &p->shape, x.i_decay);
    p->v_decay = nirc_loihi2_reduce(net->arena, &p->shape, x.v_decay);
    p->heterogeneous = p->i_decay.n > 1 || p->v_decay.n > 1;
    if (p->heterogeneous)
      nirc_loihi2_warn(net, d, true, p->node->loc,
                       "'%s': time constants differ within the population; that the chip's own compiler takes such decays is not known", p->node->name);
  }
  return d->errors == before;
}
