#include "test/diff/profile_network.h"

#include <stdio.h>
#include <string.h>

#include "ir/dialect_nir.h"
#include "passes/pass.h"
#include "passes/rule.h"
#include "test/diff/random_builder.h"

enum { MAX_NODES = 512 };

typedef struct fitter {
  random_builder b;
  const nirc_profile *profile;
  double dt;
  bool dt_given;
} fitter;

/* ---- parameters --------------------------------------------------------------------------------------------------------- */

static nirc_region *nodes(const fitter *f)
{
  return f->b.m->body.first->body;
}

/* One value, or one for each element of `shape`. */
static void set_values(fitter *f, nirc_op *op, const char *name, const nirc_shape *shape, nirc_dtype type, const nirc_eq_value *values, size_t n)
{
  void *data;
  nirc_blob *b = nirc_module_hold(f->b.m, nirc_blob_new(f->b.m->heap, type, shape, n == 1, &data));
  for (size_t e = 0; e < (n == 1 ? 1 : b->count); e++)
    if (type == NIRC_F64)
      ((double *)data)[e] = values[e].f;
    else
      ((float *)data)[e] = (float)values[e].f;
  nirc_op_set_blob(f->b.m, op, name, b);
}

static void scale(fitter *f, nirc_op *op, const char *name, double factor)
{
  const nirc_blob *b = nirc_op_blob(op, name);
  nirc_eq_value *values = NIRC_NEW_ARRAY(f->b.m->arena, nirc_eq_value, b->count);
  for (size_t e = 0; e < b->count; e++)
    values[e].f = nirc_blob_get(b, e) * factor;
  set_values(f, op, name, &b->shape, b->dtype, values, b->splat ? 1 : b->count);
}

static void make_uniform(fitter *f, nirc_op *op, const char *name)
{
  const nirc_blob *b = nirc_op_blob(op, name);
  if (b)
    set_values(f, op, name, &b->shape, b->dtype, &(nirc_eq_value){.f = nirc_blob_get(b, 0)}, 1);
}

/* What a condition compares: `alike(NAME)`, `near(NAME, EXPRESSION)`, `NAME == EXPRESSION`. */
static bool split(const char *condition, const char *format, char name[32], char other[64])
{
  *other = 0;
  return sscanf(condition, format, name, other) >= 1 + (strstr(format, "%63") != NULL);
}

static void assign(fitter *f, nirc_op *op, const char *name, const char *expression)
{
  nirc_arena *a = f->b.m->arena;
  nirc_parameters p = nirc_parameters_of(a, op, NIRC_AS_STORED, f->dt, true);
  nirc_eq_value *values = NIRC_NEW_ARRAY(a, nirc_eq_value, p.n);
  const char *wanted = "value", *fault;
  nirc_dtype type;
  NIRC_ASSERT(nirc_parameters_eval(&p, nirc_arena_printf(a, "value = %s", expression), &wanted, 1, values, &type, &fault));
  bool same = nirc_op_blob(op, expression) != NULL;  /* as it is stored, so that both are equal */
  set_values(f, op, name, &op->results[0].type->shape, same ? nirc_op_blob(op, expression)->dtype : NIRC_F32, values, p.n);
}

/* Gives parameters values so that the condition holds; of those that are computed from others, `last` ones only. */
static void satisfy(fitter *f, nirc_op *op, const char *condition, bool last)
{
  char name[32], other[64];
  if (split(condition, "alike(%31[a-z_])", name, other)) {
    if (!last)
      make_uniform(f, op, name);
  } else if (split(condition, "near(%31[a-z_], %63[^)])", name, other) || split(condition, "%31[a-z_] == %63[a-z_0]", name, other)) {
    if (last)
      assign(f, op, name, other);
  }
}

static void satisfy_all(fitter *f, nirc_op *op, const char *conditions)
{
  for (int last = 0; last < 2; last++)
    for (const char *at = conditions; at && *at; at += strspn(at, "; ")) {
      const char *condition = nirc_arena_strndup(f->b.m->arena, at, strcspn(at, ";"));
      satisfy(f, op, condition, last != 0);
      at += strlen(condition);
    }
}

/* Thresholds low enough, often, for what the profile makes of the weights; and what the rule demands. */
static void fit_neuron(fitter *f, nirc_op *op)
{
  static const double factors[] = {1, 1, 0.3, 0.1, 0.03};
  random_source *r = &f->b.r;
  if (nirc_op_blob(op, "v_threshold"))
    scale(f, op, "v_threshold", factors[random_below(r, 5)]);
  for (const nirc_rule *rule = f->profile->rules; rule->equations[NIRC_CHOICE_INTEGRATION]; rule++)
    if (rule->node == op->code && rule->when && random_chance(r, 50))
      satisfy_all(f, op, rule->when);
  const nirc_rule *rule = nirc_rule_find(f->profile, f->b.m->heap, op, f->dt);
  if (!rule)
    return;
  satisfy_all(f, op, rule->needs);
  bool whole_seconds = nirc_rule_mentions(rule->doubts, "trunc");
  if (whole_seconds && random_chance(r, 70))
    scale(f, op, "tau", 1000);
  else if (!whole_seconds && random_chance(r, 60))
    satisfy_all(f, op, rule->doubts);
}

/* ---- nodes ------------------------------------------------------------------------------------------------------------------ */

/* A node behind `op`, between it and all that it leads to. */
static nirc_op *insert_behind(fitter *f, nirc_op *op, nirc_opcode code)
{
  nirc_module *m = f->b.m;
  const char *name = nirc_arena_printf(m->arena, "%s behind", op->name);
  nirc_loc loc = {.file = m->path, .object = nirc_arena_printf(m->arena, "/node/nodes/%s", name)};
  nirc_op *made = nirc_op_new(m, nodes(f), code, name, loc);
  nirc_value_replace(nirc_op_result(op), nirc_op_result(made));
  nirc_op_set_operands(m, made, &(nirc_value *){nirc_op_result(op)}, 1);
  nirc_op_result(made)->type = nirc_type_get(&m->types, made->def->spikes ? NIRC_BOOL : NIRC_F32, &op->results[0].type->shape);
  return made;
}

/* A node of another type in its place, with what attributes that has, too. */
static void replace(fitter *f, nirc_op *op, nirc_opcode code)
{
  nirc_module *m = f->b.m;
  nirc_op *made = nirc_op_new_before(m, op, code, op->name, op->loc);
  for (const nirc_attr *a = op->attrs; a; a = a->next)
    if (nirc_op_def_attr(made->def, a->name))
      nirc_op_set_blob(m, made, a->name, a->blob);
  nirc_value **from = NIRC_NEW_ARRAY(m->arena, nirc_value *, op->n_operands);
  for (uint32_t i = 0; i < op->n_operands; i++)
    from[i] = nirc_op_operand(op, i);
  nirc_op_set_operands(m, made, from, op->n_operands);
  nirc_op_result(made)->type = nirc_op_result(op)->type;
  nirc_value_replace(nirc_op_result(op), nirc_op_result(made));
  nirc_op_erase(op);
}

static bool is_linear(const nirc_op *op)
{
  return op->code == NIR_LINEAR || op->code == NIR_AFFINE;
}

/* Its weights take in the time constants of one layer of LIF behind it, which nothing else leads to; it has no bias. */
static void fit_linear(fitter *f, nirc_op *op)
{
  const nirc_blob *bias = nirc_op_blob(op, "bias");
  if (bias)
    set_values(f, op, "bias", &bias->shape, NIRC_F32, &(nirc_eq_value){.f = 0}, 1);
  const nirc_use *use = op->results[0].uses;
  if (!use || use->next || use->user->code != NIR_LIF || use->user->n_operands != 1)
    random_set_neuron(&f->b, insert_behind(f, op, NIR_LIF), &op->results[0].type->shape);
}

/* A Linear in front of the neurons; a map becomes IF, which the profile leaves to NIR. */
static void fit_weighted(fitter *f, nirc_op *op)
{
  nirc_module *m = f->b.m;
  const nirc_shape *shape = &op->results[0].type->shape;
  if (op->n_operands == 1 && is_linear(nirc_op_operand(op, 0)->def))
    return;
  if (shape->rank != 1) {
    replace(f, op, NIR_IF);
    return;
  }
  const char *name = nirc_arena_printf(m->arena, "%s before", op->name);
  nirc_loc loc = {.file = m->path, .object = nirc_arena_printf(m->arena, "/node/nodes/%s", name)};
  nirc_op *linear = nirc_op_new_before(m, op, NIR_LINEAR, name, loc);
  nirc_value **from = NIRC_NEW_ARRAY(m->arena, nirc_value *, op->n_operands);
  for (uint32_t i = 0; i < op->n_operands; i++)
    from[i] = nirc_op_operand(op, i);
  nirc_op_set_operands(m, linear, from, op->n_operands);
  nirc_op_set_operands(m, op, &(nirc_value *){nirc_op_result(linear)}, 1);
  nirc_shape w = {.rank = 2, .dims = {shape->dims[0], shape->dims[0]}};
  random_set_weights(&f->b, linear, "weight", &w, (size_t)shape->dims[0], 0, 0);
  nirc_op_result(linear)->type = nirc_type_get(&m->types, NIRC_F32, shape);
}

/* The kernel of an AvgPool2d is the map, or it becomes a SumPool2d. */
static void fit_pool(fitter *f, nirc_op *op)
{
  const nirc_shape *in = &nirc_op_operand(op, 0)->type->shape;
  nirc_window w;
  nirc_diag d;
  nirc_diag_init(&d, stderr, "profile_network");
  NIRC_ASSERT(nirc_nir_window(f->b.m, op, &w, &d));
  if (w.kernel[0] != (int64_t)in->dims[1] || w.kernel[1] != (int64_t)in->dims[2] || w.before[0] || w.before[1])
    replace(f, op, NIR_SUM_POOL2D);
}

/* ---- loops within a step ------------------------------------------------------------------------------------------------------ */

/* Does what the node sends depend on what arrives in the same step? */
static bool waits(const fitter *f, const nirc_op *op)
{
  nirc_arena *a = f->b.m->arena;
  if (op->code == NIR_DELAY) {
    const nirc_blob *delay = nirc_op_blob(op, "delay");
    for (size_t e = 0; e < delay->count; e++)
      if (nirc_delay_steps(op, e, f->dt) < 1)
        return true;
    return false;
  }
  const nirc_rule *r = op->def->integrates ? nirc_rule_find(f->profile, nirc_arena_heap(a), op, f->dt) : NULL;
  if (!r)
    return true;
  const char *sends = r->equations[NIRC_CHOICE_OUTPUT], *h = r->equations[NIRC_CHOICE_INTEGRATION], *z = r->equations[NIRC_CHOICE_FIRES];
  const char *text = nirc_arena_printf(a, "%s; %s", r->order == NIRC_INTEGRATES_FIRES_RESETS ? h : z ? z : "",
                                       r->order == NIRC_INTEGRATES_FIRES_RESETS && z ? z : "");
  return nirc_rule_mentions(nirc_rule_prune(a, text, &sends, 1), "x");
}

/* Can `to` be reached from what `from` leads to, by nodes that wait? */
static bool reaches(const fitter *f, const nirc_op *from, const nirc_op *to, const nirc_op **seen, size_t *n)
{
  for (const nirc_use *u = from->n_results ? from->results[0].uses : NULL; u; u = u->next) {
    bool known = false;
    for (size_t i = 0; i < *n && !known; i++)
      known = seen[i] == u->user;
    if (u->user == to)
      return true;
    if (known || !waits(f, u->user))
      continue;
    NIRC_ASSERT(*n < MAX_NODES);
    seen[(*n)++] = u->user;
    if (reaches(f, u->user, to, seen, n))
      return true;
  }
  return false;
}

/* Where a back edge delivers within the step, something in the loop has to know what it sends before: a Delay is put behind neurons where nothing does. */
static void fit_loop(fitter *f, nirc_op *op)
{
  const nirc_op *seen[MAX_NODES];
  size_t n = 0;
  if (waits(f, op) && reaches(f, op, op, seen, &n))
    random_set_param(&f->b, insert_behind(f, op, NIR_DELAY), "delay", &op->results[0].type->shape, f->dt, 3 * f->dt);
}

/* ---- all ------------------------------------------------------------------------------------------------------------------------ */

static void fit(fitter *f)
{
  double times = f->dt == 1 ? 1000 : 1;              /* networks are made for steps of at most 1 ms */
  for (nirc_op *op = nodes(f)->first; op; op = op->next) {
    for (size_t i = 0; i < op->def->n_attrs; i++)
      if (times != 1 && strncmp(op->def->attrs[i].name, "tau", 3) == 0)
        scale(f, op, op->def->attrs[i].name, times);
    if (op->code == NIR_DELAY && (times != 1 || !f->dt_given))
      scale(f, op, "delay", times != 1 ? times : 30);
  }
  for (nirc_op *op = nodes(f)->first, *next; op; op = next) {
    next = op->next;
    if (op->code == NIR_AVG_POOL2D && f->profile->averages_maps)
      fit_pool(f, op);
    else if (is_linear(op) && f->profile->late)
      fit_linear(f, op);
  }
  for (nirc_op *op = nodes(f)->first, *next; op && f->profile->late; op = next) {
    next = op->next;
    if (op->code == NIR_LIF)
      fit_weighted(f, op);
  }
  for (nirc_op *op = nodes(f)->first; op; op = op->next)
    if (op->def->integrates && op->code != NIR_DELAY)
      fit_neuron(f, op);
  for (nirc_op *op = nodes(f)->first; op && f->profile->same_step; op = op->next)
    if (op->def->integrates && op->code != NIR_DELAY)
      fit_loop(f, op);
}

/* Types that the profile has rules for, and now and then others, which are computed as NIR defines them. */
static size_t neurons_of(const nirc_profile *p, nirc_opcode codes[32])
{
  static const nirc_opcode all[] = {NIR_LIF, NIR_IF, NIR_I, NIR_LI, NIR_CUBA_LI, NIR_CUBA_LIF};
  size_t n = 0;
  for (const nirc_rule *r = p->rules; r->equations[NIRC_CHOICE_INTEGRATION]; r++)
    for (int i = 0; i < 3 && n < 24; i++)
      codes[n++] = r->node;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    codes[n++] = all[i];
  return n;
}

static void add_mix(random_source *r, char *text, size_t size)
{
  size_t n = 0;
  while (nirc_profiles[n].name)
    n++;
  for (uint64_t i = 0, k = 1 + random_below(r, 2); i < k; i++) {
    const char *choice = nirc_choice_names[random_below(r, NIRC_N_CHOICES)], *profile = nirc_profiles[random_below(r, n)].name;
    size_t at = strlen(text);
    snprintf(text + at, size - at, "%s%s:%s", i ? "+" : ",mix=", choice, profile);
  }
}

profile_network profile_network_make(uint64_t seed, const nirc_profile *p, bool mixed)
{
  static const struct { const char *text; double seconds; } dts[] = {{"0.001", 1e-3}, {"1ms", 1e-3}, {"0.0005", 5e-4}, {"300us", 3e-4}};
  profile_network n = {NULL};
  nirc_opcode codes[32];
  size_t n_codes = neurons_of(p, codes), dt = 0;
  fitter f = {.b = {.r = {seed ^ 0x5eed}}, .profile = p};
  random_source *r = &f.b.r;
  unsigned flags = random_chance(r, 70) ? RANDOM_ALL : (unsigned)random_below(r, RANDOM_ALL + 1);
  if (p->late && random_chance(r, 75))
    flags |= RANDOM_FLAT;
  n.m = random_network(seed, flags, codes, n_codes);
  dt = random_below(r, 4);
  f.dt_given = p->dt_rule == NIRC_DT_COUNTS || random_chance(r, 75);
  f.dt = f.dt_given ? dts[dt].seconds : p->dt;
  snprintf(n.discretise, sizeof n.discretise, "discretise{profile=%s%s%s", p->name, f.dt_given ? ",dt=" : "", f.dt_given ? dts[dt].text : "");
  size_t at = strlen(n.discretise);
  if (random_chance(r, 60))
    snprintf(n.discretise + at, sizeof n.discretise - at, ",reset=%s", random_chance(r, 50) ? "subtract" : "v_reset");
  if (mixed)
    add_mix(r, n.discretise, sizeof n.discretise - 2);
  strcat(n.discretise, "}");
  nirc_diag d;
  nirc_diag_init(&d, stderr, "profile_network");
  if (n.m && nirc_pipeline_run(n.m, "inline-subgraphs", NULL, &d)) {
    f.b.m = n.m;
    f.b.flags = flags;
    fit(&f);
    return n;
  }
  nirc_module_free(n.m);
  n.m = NULL;
  return n;
}
