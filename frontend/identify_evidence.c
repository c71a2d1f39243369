/* frontend/identify_evidence.c: what tells one exporter from another. A row is something that can be seen in a file, and for each exporter what it
 * weighs: bits, how many times likelier (as a power of two) it is in a file of that exporter than in any file. They were set by what the exporters'
 * code does, and tried on files that they wrote. */
#include <math.h>
#include <regex.h>
#include <string.h>

#include "frontend/identify.h"

typedef struct row row;
/* False where it is not to be seen. Else place and detail are filled in. */
typedef bool look(const nirc_scene *s, const row *r, nirc_sign *found);

struct row {
  look *look;
  const char *pattern;                               /* extended regular expression: of a name or type */
  int rule;                                          /* nirc_time_rule */
  double low, high;                                  /* of a time constant, or of dt */
  const char *sentence;
  signed char weights[NIRC_N_EXPORTERS];
};

/* ---- helpers ------------------------------------------------------------------------------------------------------------ */

static bool seen(nirc_sign *f, const char *place, const char *detail)
{
  f->place = place;
  f->detail = detail;
  return true;
}

static bool is_pattern(regex_t *re, const char *pattern)
{
  NIRC_ASSERT(regcomp(re, pattern, REG_EXTENDED | REG_NOSUB) == 0);
  return true;
}

static bool matches(const regex_t *re, const char *text)
{
  return regexec(re, text, 0, NULL, 0) == 0;
}

static const char *number_text(const nirc_scene *s, const char *name, const nirc_h5_object *o)
{
  return nirc_arena_printf(s->arena, "%s = %g", name, nirc_dtype_get(o->dtype, o->data, 0));
}

static bool is_float(const nirc_h5_object *o)
{
  return o && nirc_dtype_is_float(o->dtype);
}

/* ---- names and types ------------------------------------------------------------------------------------------------------ */

/* Every node of the outermost graph but its ports is called so. */
static bool all_names(const nirc_scene *s, const row *r, nirc_sign *f)
{
  regex_t re;
  size_t n = 0;
  bool ok = is_pattern(&re, r->pattern);
  for (size_t k = 0; ok && k < s->n; k++) {
    const nirc_scene_node *node = &s->nodes[k];
    if (node->port || node->nested)
      continue;
    ok = matches(&re, node->name);
    if (!n++)
      f->place = node->object->path;
  }
  regfree(&re);
  return ok && n && seen(f, f->place, nirc_arena_printf(s->arena, "%zu node%s", n, n == 1 ? "" : "s"));
}

static bool first_match(const nirc_scene *s, const char *pattern, bool by_type, bool (*wanted)(const nirc_scene_node *), nirc_sign *f)
{
  regex_t re;
  const nirc_scene_node *found = NULL;
  is_pattern(&re, pattern);
  for (size_t k = 0; !found && k < s->n; k++)
    if (wanted(&s->nodes[k]) && matches(&re, by_type ? s->nodes[k].type : s->nodes[k].name))
      found = &s->nodes[k];
  regfree(&re);
  return found && seen(f, found->object->path, NULL);
}

static bool is_any(const nirc_scene_node *n)
{
  (void)n;
  return true;
}

static bool is_input(const nirc_scene_node *n)
{
  return n->code == NIR_INPUT && !n->nested;
}

static bool any_name(const nirc_scene *s, const row *r, nirc_sign *f)
{
  return first_match(s, r->pattern, false, is_any, f);
}

static bool input_name(const nirc_scene *s, const row *r, nirc_sign *f)
{
  return first_match(s, r->pattern, false, is_input, f);
}

static bool any_type(const nirc_scene *s, const row *r, nirc_sign *f)
{
  return first_match(s, r->pattern, true, is_any, f);
}

/* ---- time ------------------------------------------------------------------------------------------------------------------- */

/* The rule holds, for a dt between low and high. */
static bool rule_holds(const nirc_scene *s, const row *r, nirc_sign *f)
{
  const nirc_time_fit *fit = &s->time.fit[r->rule];
  if (!fit->holds || fit->dt < r->low || fit->dt > r->high)
    return false;
  const nirc_scene_node *n = fit->who;
  const char *text = nirc_time_rule_text((nirc_time_rule)r->rule), *plural = fit->nodes == 1 ? "" : "s";
  return seen(f, n->object->path, nirc_arena_printf(s->arena, "%s holds for dt = %g, to %.1g, in %u node%s; here the parameter is %g", text, fit->dt,
                                                    nirc_time_fit_off(fit), fit->nodes, plural, fit->value));
}

/* r = 1 throughout, and all time constants from low to high. */
static bool plain_tau(const nirc_scene *s, const row *r, nirc_sign *f)
{
  const nirc_time_survey *t = &s->time;
  if (!t->unit_r || !t->has_tau || t->least_tau < r->low || t->greatest_tau > r->high)
    return false;
  const nirc_scene_node *n = t->fastest;
  return seen(f, n->object->path, nirc_arena_printf(s->arena, "time constants of %g to %g", t->least_tau, t->greatest_tau));
}

static bool counts_steps(const nirc_scene *s, const row *r, nirc_sign *f)
{
  (void)r;
  if (!s->time.unit_r || s->time.has_tau || !s->time.unit_if)
    return false;
  return first_match(s, "^IF$", true, is_any, f);
}

/* An r other than 1, and no rule fits it. */
static bool free_r(const nirc_scene *s, const row *r, nirc_sign *f)
{
  for (int k = 0; k < NIRC_N_TIME_RULES; k++)
    if (s->time.fit[k].dt > 0)
      return false;
  (void)r;
  for (size_t k = 0; k < s->n; k++) {
    const nirc_h5_object *value = nirc_scene_numbers(&s->nodes[k], "r");
    if (value && !nirc_scene_is_all(value, 1))
      return seen(f, value->path, number_text(s, "r", value));
  }
  return false;
}

/* tau = dt*4096/n for a whole n, dt being 1e-4 s: a decay of 12 bits. Powers of two are no evidence, simple numbers give them. */
static bool twelve_bits(const nirc_scene *s, const row *r, nirc_sign *f)
{
  static const char *const names[] = {"tau", "tau_mem", "tau_syn"};
  bool telling = false;
  for (size_t k = 0; k < s->n; k++)
    for (size_t j = 0; j < sizeof names / sizeof *names; j++) {
      const nirc_h5_object *tau = nirc_scene_numbers(&s->nodes[k], names[j]);
      for (size_t i = 0; tau && i < tau->count; i++) {
        double n = 1e-4 * 4096 / nirc_dtype_get(tau->dtype, tau->data, i), whole = nearbyint(n);
        if (!(whole >= 1 && whole <= 4096 && fabs(n - whole) <= 0x1p-22 * n))
          return false;
        if (!telling && ((unsigned)whole & ((unsigned)whole - 1)))
          telling = seen(f, tau->path, nirc_arena_printf(s->arena, "%s = 1e-4*4096/%g", names[j], whole));
      }
    }
  (void)r;
  return telling;
}

static bool negative_tau(const nirc_scene *s, const row *r, nirc_sign *f)
{
  (void)r;
  for (size_t k = 0; k < s->n; k++) {
    const nirc_h5_object *tau = nirc_scene_numbers(&s->nodes[k], "tau");
    for (size_t i = 0; tau && i < tau->count; i++)
      if (nirc_dtype_get(tau->dtype, tau->data, i) < 0)
        return seen(f, tau->path, nirc_arena_printf(s->arena, "%g", nirc_dtype_get(tau->dtype, tau->data, i)));
  }
  return false;
}

/* ---- values -------------------------------------------------------------------------------------------------------------------- */

/* A parameter of a neuron, named by the pattern, that is not 0. */
static bool not_zero(const nirc_scene *s, const row *r, nirc_sign *f)
{
  for (size_t k = 0; k < s->n; k++) {
    const nirc_h5_object *o = nirc_scene_numbers(&s->nodes[k], r->pattern);
    if (o && !nirc_scene_is_all(o, 0))
      return seen(f, o->path, number_text(s, r->pattern, o));
  }
  return false;
}

/* All weights are whole numbers, and not just 0 and 1. With low = 1: one is not. */
static bool whole_weights(const nirc_scene *s, const row *r, nirc_sign *f)
{
  bool large = false;
  const nirc_h5_object *first = NULL;
  for (size_t k = 0; k < s->n; k++) {
    const nirc_h5_object *w = nirc_scene_numbers(&s->nodes[k], "weight");
    for (size_t i = 0; w && i < w->count; i++) {
      double x = nirc_dtype_get(w->dtype, w->data, i);
      if (!(x == nearbyint(x)))
        return r->low > 0 && seen(f, w->path, NULL);
      large = large || fabs(x) > 1;
    }
    if (w && is_float(w) && !first)
      first = w;
  }
  return r->low <= 0 && first && large && seen(f, first->path, number_text(s, "weight", first));
}

static bool conv_without_bias(const nirc_scene *s, const row *r, nirc_sign *f)
{
  (void)r;
  for (size_t k = 0; k < s->n; k++) {
    const nirc_h5_object *bias = s->nodes[k].code == NIR_CONV2D || s->nodes[k].code == NIR_CONV1D ? nirc_scene_numbers(&s->nodes[k], "bias") : NULL;
    if (bias && nirc_scene_is_all(bias, 0))
      return seen(f, bias->path, NULL);
  }
  return false;
}

static bool padding_word(const nirc_scene *s, const row *r, nirc_sign *f)
{
  (void)r;
  for (size_t k = 0; k < s->n; k++) {
    const nirc_h5_object *padding = nirc_h5_child(s->nodes[k].object, "padding");
    if (padding && padding->kind == NIRC_H5_STRINGS)
      return seen(f, padding->path, NULL);
  }
  return false;
}

/* Convolutions of several maps, all said to be of 1 x 1. */
static bool placeholder_maps(const nirc_scene *s, const row *r, nirc_sign *f)
{
  size_t n = 0;
  (void)r;
  for (size_t k = 0; k < s->n; k++) {
    const nirc_h5_object *shape = s->nodes[k].code == NIR_CONV2D ? nirc_scene_numbers(&s->nodes[k], "input_shape") : NULL;
    if (shape && !nirc_scene_is_all(shape, 1))
      return false;
    n += shape != NULL;
    f->place = shape ? shape->path : f->place;
  }
  return n > 1 && seen(f, f->place, nirc_arena_printf(s->arena, "%zu nodes", n));
}

/* An Output of [1, 1, ...]: batch and time. */
static bool batch_and_time(const nirc_scene *s, const row *r, nirc_sign *f)
{
  (void)r;
  for (size_t k = 0; k < s->n; k++) {
    const nirc_h5_object *shape = s->nodes[k].code == NIR_OUTPUT ? nirc_scene_numbers(&s->nodes[k], "shape") : NULL;
    if (shape && shape->count == 3 && nirc_dtype_get(shape->dtype, shape->data, 0) == 1 && nirc_dtype_get(shape->dtype, shape->data, 1) == 1)
      return seen(f, shape->path, nirc_arena_printf(s->arena, "[1, 1, %g]", nirc_dtype_get(shape->dtype, shape->data, 2)));
  }
  return false;
}

static bool several_ports(const nirc_scene *s, const row *r, nirc_sign *f)
{
  unsigned inputs = 0, outputs = 0;
  (void)r;
  for (size_t k = 0; k < s->n; k++) {
    inputs += !s->nodes[k].nested && s->nodes[k].code == NIR_INPUT;
    outputs += !s->nodes[k].nested && s->nodes[k].code == NIR_OUTPUT;
  }
  return (inputs > 1 || outputs > 1) && seen(f, s->root->path, nirc_arena_printf(s->arena, "%u Inputs, %u Outputs", inputs, outputs));
}

static bool has_metadata(const nirc_scene *s, const row *r, nirc_sign *f)
{
  (void)r;
  return s->metadata && seen(f, s->root->path, NULL);
}

static bool version(const nirc_scene *s, const row *r, nirc_sign *f)
{
  regex_t re;
  is_pattern(&re, r->pattern);
  bool ok = s->version && matches(&re, s->version);
  regfree(&re);
  return ok && seen(f, "/version", s->version);
}

/* ---- how numbers are stored ---------------------------------------------------------------------------------------------------- */

/* All parameters of that name are float64. */
static bool all_float64(const nirc_scene *s, const row *r, nirc_sign *f)
{
  const nirc_h5_object *first = NULL;
  for (size_t k = 0; k < s->n; k++) {
    const nirc_h5_object *o = nirc_scene_numbers(&s->nodes[k], r->pattern);
    if (o && o->dtype != NIRC_F64)
      return false;
    first = first ? first : o;
  }
  return first && seen(f, first->path, NULL);
}

/* v_threshold of whole numbers beside a tau of floating-point ones: of 32 bits (low = 32) or 64. */
static bool whole_beside_float(const nirc_scene *s, const row *r, nirc_sign *f)
{
  for (size_t k = 0; k < s->n; k++) {
    const nirc_scene_node *n = &s->nodes[k];
    const nirc_h5_object *threshold = nirc_scene_numbers(n, "v_threshold"), *tau = nirc_scene_numbers(n, "tau");
    tau = tau ? tau : nirc_scene_numbers(n, "tau_mem");
    if (threshold && !is_float(threshold) && is_float(tau) && (double)nirc_dtype_size(tau->dtype) * 8 == r->low)
      return seen(f, threshold->path, nirc_arena_printf(s->arena, "%s, tau is %s", nirc_dtype_name(threshold->dtype), nirc_dtype_name(tau->dtype)));
  }
  return false;
}

static bool single_numbers(const nirc_scene *s, const row *r, nirc_sign *f)
{
  (void)r;
  for (size_t k = 0; k < s->n; k++) {
    const nirc_h5_object *threshold = nirc_scene_numbers(&s->nodes[k], "v_threshold");
    if (threshold && threshold->rank == 0)
      return seen(f, threshold->path, NULL);
  }
  return false;
}

/* Since 1.0.8 the nir package deflates arrays of NumPy and leaves tensors of PyTorch as they are. This parameter: plain (low = 0) or deflated
 * everywhere, in a file that has deflated ones. */
static bool stored(const nirc_scene *s, const row *r, nirc_sign *f)
{
  bool any = false;
  const nirc_h5_object *first = NULL;
  for (size_t k = 0; k < s->n; k++) {
    const nirc_h5_object *o = nirc_scene_numbers(&s->nodes[k], r->pattern), *shape = nirc_scene_numbers(&s->nodes[k], "shape");
    any = any || (shape && shape->compressed);
    if (o && o->rank && o->compressed != (r->low > 0))
      return false;
    first = first ? first : o && o->rank ? o : NULL;
  }
  return any && first && seen(f, first->path, NULL);
}

/* ---- edges ------------------------------------------------------------------------------------------------------------------------ */

static const nirc_scene_node *outer_node(const nirc_scene *s, const char *name)
{
  for (size_t k = 0; k < s->n; k++)
    if (!s->nodes[k].nested && strcmp(s->nodes[k].name, name) == 0)
      return &s->nodes[k];
  return NULL;
}

/* Does an edge of the outermost graph leave a node before any led to it? */
static bool is_shuffled(const nirc_scene *s, const nirc_h5_object *edges, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    const char *from = edges->strings[2 * i];
    const nirc_scene_node *node = outer_node(s, from);
    bool reached = node && node->code == NIR_INPUT;
    for (size_t k = 0; !reached && k < i; k++)
      reached = strcmp(edges->strings[2 * k + 1], from) == 0;
    if (!reached)
      return true;
  }
  return false;
}

/* Edges in no order (low = 0) or in that of a forward pass, `high` at least. A few may be in order by chance, of many the beginning tells. */
static bool edge_order(const nirc_scene *s, const row *r, nirc_sign *f)
{
  enum { FEW = 4, MANY = 100 };
  const nirc_h5_object *edges = nirc_h5_child(s->root, "edges");
  size_t n = edges && edges->kind == NIRC_H5_STRINGS && edges->rank == 2 && edges->dims[1] == 2 ? (size_t)edges->dims[0] : 0;
  if (n < FEW || (double)n < r->high || is_shuffled(s, edges, n < MANY ? n : MANY) != (r->low == 0))
    return false;
  return seen(f, edges->path, nirc_arena_printf(s->arena, "%zu edges", n));
}

/* ---- the table ---------------------------------------------------------------------------------------------------------------------- */

/* In the order of nirc_exporter_id. */
#define W(norse, snntorch, sinabs, rockpool, spikingjelly, spyx, lavadl, nengo, neurocuda, other) \
  {norse, snntorch, sinabs, rockpool, spikingjelly, spyx, lavadl, nengo, neurocuda, other}

static const row rows[] = {
  /* names */
  {all_names, .pattern = "^[0-9]+(\\.[a-z_]+)?$", .sentence = "nodes are called by number, as modules in a Sequential of PyTorch are",
   .weights = W( 2,  2,  2, -3, -3, -3, -3, -3, -3, -1)},
  {any_name, .pattern = "^[0-9]+_[A-Za-z]+Torch$", .sentence = "nodes are called by number and class, as Rockpool does",
   .weights = W(-4, -4, -4,  8, -4, -4, -4, -4, -4, -2)},
  {all_names, .pattern = "^_[0-9]+$", .sentence = "nodes are called _0, _1, ..., as a traced Sequential of PyTorch is",
   .weights = W(-3, -3, -3, -3,  6, -3, -3, -3, -3, -2)},
  {input_name, .pattern = "^input_1$", .sentence = "the Input is called input_1, as the argument of a traced Sequential is",
   .weights = W(-2, -2, -2, -2,  4, -2, -2, -2, -2,  0)},
  {all_names, .pattern = "^layer_[0-9]+(_threshold)?$", .sentence = "nodes are called layer_0, layer_1, ..., as Spyx does",
   .weights = W(-3, -3, -3, -3, -3,  5, -3, -3, -3,  0)},
  {any_name, .pattern = "^layer_[0-9]+/layer_[0-9]+\\.", .sentence = "nodes of a nested graph have its name before theirs, as Spyx does",
   .weights = W(-4, -4, -4, -4, -4,  4, -4, -4, -4,  0)},
  {all_names, .pattern = "^(linear|conv2_d|flatten|sum_pool|LIF|LI|IF|CuBaLIF|ALIF|RLIF)(_[0-9]+)?$", .sentence = "nodes are called by class, as Haiku does, on which Spyx is built",
   .weights = W(-2, -2, -2, -2, -2,  4, -2, -2, -2,  0)},
  {any_name, .pattern = "^[^/]+\\.w_rec$", .sentence = "a loop is flattened into NAME.w_rec and its neuron, as snnTorch does",
   .weights = W( 0,  3, -3, -3, -2, -3, -2, -2, -3,  0)},
  {any_name, .pattern = "^[^/]+\\.(input|output)$", .sentence = "ports of a nested graph are left over where it was flattened, as early snnTorch left them",
   .weights = W(-1,  3, -1, -1, -2, -2, -2, -2, -2,  0)},
  {all_names, .pattern = "^(c|if|avg|flat|fc)[0-9]+$", .sentence = "nodes are called by kind and number (c0, if1, avg2), as NeuroCUDA does",
   .weights = W(-3, -3, -3, -3, -3, -3, -3, -3,  6, -1)},
  {any_name, .pattern = "(_weights|_probe|_enc|_ir)$|^syn[0-9]+$", .sentence = "nodes are called by their part in a Nengo model: encoders, synapses, probes",
   .weights = W(-2, -2, -2, -2, -2, -2, -2,  4, -2,  0)},
  {all_names, .pattern = "^n[0-9]+$", .sentence = "nodes are called n0, n1, ..., as scripts do that build a graph by hand",
   .weights = W(-2, -2, -2, -2, -2, -2, -2, -2, -2,  3)},
  {any_name, .pattern = "^w[0-9]+$", .sentence = "weights are called w0, w1, ..., as converters from Lava-DL and Nengo do",
   .weights = W(-1, -1, -1, -1, -1, -1,  2,  1, -1,  0)},
  /* time */
  {rule_holds, .rule = NIRC_TIME_R_TAU, .low = 0.99999e-4, .high = 1.00001e-4, .sentence = "r has a step of 1e-4 s in it, to which snnTorch and Lava-DL are fixed",
   .weights = W(-6,  6, -6, -6,  4, -6,  5, -6, -6, -1)},
  {rule_holds, .rule = NIRC_TIME_R_TAU, .high = 0.99998e-4, .sentence = "r has a step in it that only SpikingJelly lets one choose",
   .weights = W(-6, -6, -6, -6,  3, -6, -6, -6, -6,  0)},
  {rule_holds, .rule = NIRC_TIME_R_TAU, .low = 1.00002e-4, .high = 1e9, .sentence = "r has a step in it that only SpikingJelly lets one choose",
   .weights = W(-6, -6, -6, -6,  3, -6, -6, -6, -6,  0)},
  {rule_holds, .rule = NIRC_TIME_W_IN, .high = 1e9, .sentence = "w_in has the step in it, as snnTorch, SpikingJelly and Lava-DL write it",
   .weights = W(-4,  3, -4, -4,  2, -4,  3, -4, -4, -1)},
  {rule_holds, .rule = NIRC_TIME_R_DECAYED, .high = 1e9, .sentence = "r has the step and a decay in it, as Rockpool writes it",
   .weights = W(-5, -5, -5,  9, -5, -5, -5, -5, -5, -2)},
  {rule_holds, .rule = NIRC_TIME_R_INVERSE, .high = 1e9, .sentence = "r of IF is the inverse of a step, as SpikingJelly writes it",
   .weights = W(-5, -5, -5, -5,  7, -5, -5, -5, -5, -1)},
  {rule_holds, .rule = NIRC_TIME_R_BETA, .high = 1e9, .sentence = "r is the decay of a step, as Spyx writes it",
   .weights = W(-5, -5, -5, -5, -5,  8, -5, -5, -5, -2)},
  {plain_tau, .high = 1e-4, .sentence = "r = 1 and time constants of microseconds: multiplied by a step, as Norse does",
   .weights = W( 6, -5, -6, -5, -3, -5, -5, -4, -5, -3)},
  {plain_tau, .low = 1e-4, .high = 1, .sentence = "r = 1 and time constants in seconds",
   .weights = W( 1, -6, -5, -6,  1, -5, -6,  2,  0,  2)},
  {plain_tau, .low = 1, .high = 1e4, .sentence = "r = 1 and time constants in steps, as Sinabs writes them",
   .weights = W(-5, -6,  5, -5, -5, -1, -6, -5,  0,  0)},
  {counts_steps, .sentence = "IF with r = 1 and no time constant: the network counts steps",
   .weights = W( 1, -3,  2, -6, -5,  1, -2,  0,  1,  1)},
  {free_r, .sentence = "r follows no exporter's rule",
   .weights = W(-4, -3, -4, -4, -4, -4, -4, -4, -4,  4)},
  {twelve_bits, .sentence = "time constants are those of decays of 12 bits and a step of 1e-4 s, as Lava has them",
   .weights = W(-3, -3, -3, -3, -3, -3,  8, -3, -3, -1)},
  {negative_tau, .sentence = "a negative time constant: beta was above 1, which Spyx allows",
   .weights = W(-1, -1, -1, -1, -1,  3, -1, -1, -1, -1)},
  /* types: what an exporter cannot write */
  {any_type, .pattern = "^CubaLIF$", .sentence = "CubaLIF, which Sinabs and NeuroCUDA do not have",
   .weights = W( 0,  0, -8,  0,  0,  0,  0,  0, -8,  0)},
  {any_type, .pattern = "^LIF$", .sentence = "LIF, which Lava-DL and NeuroCUDA do not have",
   .weights = W( 0,  0,  0, -1,  0,  0, -8,  0, -8,  0)},
  {any_type, .pattern = "^IF$", .sentence = "IF, which snnTorch and Rockpool do not write",
   .weights = W( 0, -5,  0, -8,  0,  0, -1, -1,  0,  0)},
  {any_type, .pattern = "^LI$", .sentence = "LI, which snnTorch, SpikingJelly, Lava-DL and NeuroCUDA do not write",
   .weights = W( 0, -5,  0,  0, -6,  0, -5,  2, -8,  0)},
  {any_type, .pattern = "^Linear$", .sentence = "Linear, where Norse and Sinabs write Affine with a bias of zeros",
   .weights = W(-6,  0, -6,  0,  0,  0,  0,  0, -2,  0)},
  {any_type, .pattern = "^Conv1d$", .sentence = "Conv1d, which Sinabs and SpikingJelly write",
   .weights = W(-5, -5,  1, -6,  0, -5, -3, -3, -4,  0)},
  {any_type, .pattern = "^(Conv2d|Flatten)$", .sentence = "layers of images, which Rockpool does not have",
   .weights = W( 0,  0,  0, -6,  0,  0,  0, -2,  0,  0)},
  {any_type, .pattern = "^Flatten$", .sentence = "Flatten, which Norse does not write",
   .weights = W(-4,  0,  0,  0,  0,  0,  0,  0,  0,  0)},
  {any_type, .pattern = "^AvgPool2d$", .sentence = "AvgPool2d, which snnTorch, SpikingJelly and NeuroCUDA write",
   .weights = W(-5,  1, -5, -6,  1, -5, -2, -3,  2,  0)},
  {any_type, .pattern = "^SumPool2d$", .sentence = "SumPool2d, which Sinabs and Spyx pool with",
   .weights = W(-5, -5,  3, -6, -5,  1, -2, -2, -6,  0)},
  {any_type, .pattern = "^NIRGraph$", .sentence = "a nested graph",
   .weights = W( 0, -2, -4, -3, -3,  1, -3, -3, -4,  1)},
  {any_type, .pattern = "^Threshold$", .sentence = "Threshold, which of these exporters only Spyx writes, behind an LI",
   .weights = W(-4, -4, -4, -4, -4,  1, -4, -4, -4,  2)},
  {any_type, .pattern = "^(I|CubaLI|Scale|Delay)$", .sentence = "a type that none of these exporters writes",
   .weights = W(-4, -4, -4, -4, -4, -4, -4, -4, -4,  4)},
  {conv_without_bias, .sentence = "a convolution without bias got one of zeros; Norse fails there",
   .weights = W(-4,  1,  2, -2,  1,  1, -2, -2, -2,  0)},
  {padding_word, .sentence = "padding as a word, as Spyx writes it",
   .weights = W(-2, -2, -2, -2, -2,  4, -2, -2, -4,  1)},
  {placeholder_maps, .sentence = "maps of 1 x 1 stand for maps of any size, as NeuroCUDA writes them",
   .weights = W(-3, -3, -3, -3, -3, -3, -3, -3,  7, -2)},
  {batch_and_time, .sentence = "the Output keeps axes of batch and time, as Rockpool's do",
   .weights = W(-3, -3, -3,  5, -3, -3, -3, -3, -3,  0)},
  {several_ports, .sentence = "several Inputs or Outputs, which no exporter here writes",
   .weights = W(-3, -3, -3, -3, -3, -3, -3, -3, -3,  2)},
  {version, .pattern = "^0[.]", .sentence = "a version of nir older than the exporters of SpikingJelly and NeuroCUDA",
   .weights = W( 0,  0,  0,  0, -6,  0,  0,  0, -6,  0)},
  {has_metadata, .sentence = "metadata, which no exporter here writes",
   .weights = W(-2, -2, -2, -2, -2, -2, -2, -2, -2,  2)},
  {not_zero, .pattern = "v_leak", .sentence = "v_leak is not 0, which Norse lets one choose, and SpikingJelly together with v_reset",
   .weights = W( 1, -6, -6, -6, -3, -6, -6, -6, -6,  2)},
  {not_zero, .pattern = "v_reset", .sentence = "v_reset is not 0, which only SpikingJelly lets one choose",
   .weights = W(-6, -6, -6, -6,  1, -6, -6, -6, -6,  4)},
  {whole_weights, .sentence = "all weights are whole numbers, as quantised ones of Lava-DL are",
   .weights = W(-4, -4, -4, -4, -4, -4,  4, -4, -4,  1)},
  {whole_weights, .low = 1, .sentence = "weights are no whole numbers, and Lava-DL stores quantised ones",
   .weights = W( 0,  0,  0,  0,  0,  0, -5,  0,  0,  0)},
  /* storage */
  {all_float64, .pattern = "r", .sentence = "parameters of neurons are float64",
   .weights = W(-5,  1, -5, -5,  2, -4,  2,  2, -5,  1)},
  {all_float64, .pattern = "weight", .sentence = "weights are float64, as of these exporters only Nengo's are",
   .weights = W(-4, -4, -4, -4, -4, -4, -4,  4, -4,  1)},
  {whole_beside_float, .low = 64, .sentence = "a threshold of integers",
   .weights = W(-3, -3, -3, -3, -3, -3, -3,  3, -3,  1)},
  {whole_beside_float, .low = 32, .sentence = "a threshold of integers, as Spyx writes it in nested graphs",
   .weights = W(-3, -3, -3, -3, -3,  3, -3, -3, -3,  0)},
  {single_numbers, .sentence = "single numbers stand for whole layers",
   .weights = W( 1,  0,  1, -3, -4, -4, -3, -3, -3, -1)},
  {stored, .pattern = "r", .sentence = "parameters of neurons were PyTorch tensors when they were written: they are not deflated",
   .weights = W( 3, -3,  3, -3, -4, -4, -4, -4, -2, -2)},
  {stored, .pattern = "weight", .sentence = "weights were PyTorch tensors when they were written: they are not deflated",
   .weights = W( 0,  0,  0,  3, -4, -4, -4, -4, -2, -2)},
  {stored, .pattern = "weight", .low = 1, .sentence = "weights were NumPy arrays when they were written: they are deflated",
   .weights = W(-4,  0, -4, -3,  0,  0,  0,  0,  0,  0)},
  {edge_order, .low = 0, .sentence = "edges in no order, as NIRTorch's sets of edges come out",
   .weights = W( 1,  1,  1,  1, -4, -4, -3,  0,  1, -2)},
  {edge_order, .low = 1, .sentence = "edges in the order of a forward pass",
   .weights = W(-2, -2, -2, -2,  1,  1,  1,  0, -2,  1)},
  {edge_order, .low = 1, .high = 6, .sentence = "too many of them for that order to be an accident",
   .weights = W(-3, -3, -3, -3,  0,  0,  0,  0, -3,  0)},
};

nirc_sign *nirc_identify_signs(const nirc_scene *s, size_t *n)
{
  enum { N_ROWS = sizeof rows / sizeof *rows };
  nirc_sign *signs = NIRC_NEW_ARRAY(s->arena, nirc_sign, N_ROWS);
  *n = 0;
  for (size_t k = 0; k < N_ROWS; k++) {
    nirc_sign *f = &signs[*n];
    *f = (nirc_sign){.sentence = rows[k].sentence, .weights = rows[k].weights};
    *n += rows[k].look(s, &rows[k], f);
  }
  return signs;
}
