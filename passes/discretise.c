/* passes/discretise.c: from differential equations to one time step. The choices of a profile become attributes of the
 * snn ops; back edges and delays become states. Source: docs/semantics.md. */
#include "passes/discretise.h"
#include "passes/rule.h"

#include <math.h>
#include <string.h>

#include "ir/activity.h"
#include "passes/check_time.h"

static const nirc_pass_option options[] = {
  {"profile", NIRC_OPTION_WORD, "whose arithmetic: a name of --list-profiles", "nir"},
  {"dt", NIRC_OPTION_QUANTITY, "time step", "the network's own, else the profile's, or 1 for a graph with I or IF and no time constant"},
  {"reset", NIRC_OPTION_WORD, "what a spike does to the membrane: v_reset or subtract", "the profile's"},
  {"mix", NIRC_OPTION_WORD, "choices of other profiles, CHOICE:PROFILE and more behind +", "none"},
};

/* ---- choices ------------------------------------------------------------------------------------------------------------ */

static const nirc_profile *find_profile(nirc_discretiser *x, const char *name)
{
  const nirc_profile *p = nirc_profile_find(name);
  if (!p) {
    nirc_error_status(x->d, NIRC_STATUS_USAGE, nirc_loc_none(), "unknown profile '%s'", name);
    nirc_profile_guess(name, x->d);
    nirc_note(x->d, nirc_loc_none(), "--list-profiles shows what there is");
  }
  return p;
}

static bool choose_profile(nirc_discretiser *x, const char *name)
{
  const nirc_profile *p = find_profile(x, name ? name : "nir");
  for (int c = 0; c < NIRC_N_CHOICES; c++)
    x->by[c] = p;
  return p != NULL;
}

/* `fires:norse+reset:norse`: single choices from elsewhere. */
static bool choose_mix(nirc_discretiser *x, const char *text)
{
  for (const char *at = text; at && *at; at += *at == '+') {
    size_t n = strcspn(at, ":+"), c = 0;
    while (c < NIRC_N_CHOICES && (strlen(nirc_choice_names[c]) != n || strncmp(nirc_choice_names[c], at, n)))
      c++;
    if (c == NIRC_N_CHOICES || at[n] != ':') {
      nirc_error_status(x->d, NIRC_STATUS_USAGE, nirc_loc_none(), "mix '%s': CHOICE:PROFILE is wanted, with a choice such as %s", at, nirc_choice_names[0]);
      return false;
    }
    size_t length = strcspn(at + n + 1, "+");
    x->by[c] = find_profile(x, nirc_arena_strndup(x->m->arena, at + n + 1, length));
    if (!x->by[c])
      return false;
    at += n + 1 + length;
  }
  return true;
}

static bool choose_reset(nirc_discretiser *x, const char *name)
{
  x->reset_given = name != NULL;
  x->subtract = name && strcmp(name, "subtract") == 0;
  if (!name || x->subtract || strcmp(name, "v_reset") == 0)
    return true;
  nirc_error_status(x->d, NIRC_STATUS_USAGE, nirc_loc_none(), "reset '%s' is not known; v_reset and subtract are", name);
  nirc_reset_guess(name, x->d);
  return false;
}

/* What the choice of dt depends on. */
typedef struct survey { bool gain, tau, delay; } survey;                 /* I or IF; a time constant; a Delay */

static void survey_node(survey *s, const nirc_op *op)
{
  s->gain |= op->code == NIR_I || op->code == NIR_IF;
  s->delay |= op->code == NIR_DELAY;
  for (const nirc_attr *a = op->attrs; a; a = a->next)
    s->tau |= strncmp(a->name, "tau", 3) == 0 && a->kind == NIRC_ATTR_DENSE;
}

/* The shortest that the profile derives from a layer; 0: none. */
static double derived_dt(nirc_discretiser *x, const nirc_op *graph)
{
  double least = 0;
  NIRC_FOR_EACH_OP(op, graph->body) {
    double dt = nirc_discretise_derived_dt(x, op);
    if (dt > 0 && (least == 0 || dt < least))
      least = dt;
  }
  return least;
}

/* What the profile has where neither the user nor the network says: fixed, derived from parameters, a unit of steps, or a default. */
static void choose_default_dt(nirc_discretiser *x, const nirc_op *graph, const survey *s)
{
  const nirc_profile *p = x->by[NIRC_CHOICE_DT];
  nirc_loc file = nirc_loc_file(x->m->path);
  x->dt = p->dt;
  if (s->gain && !s->tau && p->dt_rule == NIRC_DT_COUNTS) {
    x->dt = 1;
    nirc_remark(x->d, file, "dt = 1: the graph has I or IF and no time constant, so it counts steps");
    nirc_note(x->d, file, "--dt says otherwise");
    return;
  }
  double derived = derived_dt(x, graph);
  if (derived > 0) {
    x->dt = derived;
    nirc_remark(x->d, file, "dt = %g s follows from r, as '%s' has it, for each layer by itself (the shortest is named here; --dt says otherwise)", derived, p->name);
  } else if (s->tau || s->delay) {
    nirc_remark(x->d, file, p->dt_rule == NIRC_DT_STEPS ? "dt = %g is assumed: '%s' counts steps (--dt says how long one is)" : "dt = %g s is assumed (--dt says otherwise)",
                x->dt, p->name);
  }
}

/* Does its IF integrate dt*r*x, rather than r*x or x? */
static bool gain_takes_dt(const nirc_profile *p)
{
  for (const nirc_rule *r = p->rules; r->equations[NIRC_CHOICE_INTEGRATION]; r++) {
    const char *text = r->equations[NIRC_CHOICE_COEFFICIENTS];
    if (r->node == NIR_IF)
      return nirc_rule_mentions(text, "dt") && nirc_rule_mentions(text, "r");
  }
  return false;
}

/* --dt as given; else the network's own; else the profile's. Says what was assumed, and warns where it looks wrong. */
static void choose_dt(nirc_discretiser *x, const nirc_op *graph, const char *given)
{
  survey s = {0};
  NIRC_FOR_EACH_OP(op, graph->body)
    survey_node(&s, op);
  const nirc_profile *p = x->by[NIRC_CHOICE_DT];
  nirc_loc file = nirc_loc_file(x->m->path);
  const nirc_attr *own = nirc_op_attr(graph, "dt");
  x->dt_given = given || own;
  if (given)
    nirc_parse_time(given, &x->dt);
  else if (own)
    x->dt = own->f;
  else
    choose_default_dt(x, graph, &s);
  double simulator = p->dt_rule == NIRC_DT_FIXED ? p->dt : derived_dt(x, graph);
  if (x->dt_given && simulator > 0 && fabs(x->dt - simulator) > 1e-6 * x->dt)
    nirc_remark(x->d, file, "dt = %g s replaces %g s, which '%s' %s", x->dt, simulator, p->name, p->dt_rule == NIRC_DT_FIXED ? "has fixed" : "derives from r");
  nirc_check_time(graph, x->dt, gain_takes_dt(x->by[NIRC_CHOICE_COEFFICIENTS]), file, x->d);
}

/* ---- checks ------------------------------------------------------------------------------------------------------------------- */

static bool check_graph(nirc_discretiser *x, const nirc_op *graph)
{
  unsigned before = x->d->errors, inputs = 0, outputs = 0;
  NIRC_FOR_EACH_OP(op, graph->body) {
    inputs += op->code == NIR_INPUT;
    outputs += op->code == NIR_OUTPUT;
    if (op->code == NIR_GRAPH)
      nirc_error(x->d, op->loc, "'%s': nested graph; the pass inline-subgraphs has to run first", op->name);
    if (op->code == NIR_INPUT && op->n_operands)
      nirc_error(x->d, op->loc, "'%s': an Input of the network cannot have an in-edge", op->name);
    if (op->code != NIR_INPUT && !op->n_operands) {
      nirc_error(x->d, op->loc, "'%s': no edge leads to this %s", op->name, op->def->nir_type ? op->def->nir_type : "port of a nested graph");
      nirc_note(x->d, op->loc, "--lenient puts an Input before it");
    }
    nirc_discretise_check_node(x, op);
  }
  if (!inputs || !outputs)
    nirc_error(x->d, nirc_loc_file(x->m->path), "the network has no %s", inputs ? "Output" : "Input");
  return x->d->errors == before;
}

static bool is_register(const nirc_op *op, const void *user)
{
  const nirc_discretiser *x = user;
  if (op->code == NIR_LINEAR || op->code == NIR_AFFINE)
    return x->by[NIRC_CHOICE_INTEGRATION]->late;
  if (op->code != NIR_DELAY)
    return false;
  size_t n = nirc_op_blob(op, "delay")->count;
  for (size_t e = 0; e < n; e++)
    if (nirc_delay_steps(op, e, x->dt) < 1)
      return false;
  return n > 0;
}

/* ---- the step -------------------------------------------------------------------------------------------------------------------- */

typedef struct builder {
  nirc_value **last;                                 /* by node id: the state that holds its value of the step before */
  bool *built, *building;
} builder;

/* The state that holds the value of `source` of the step before; one for all back edges from it. */
static nirc_value *last_value(nirc_discretiser *x, nirc_value **last, const nirc_op *source)
{
  if (!last[source->id]) {
    const nirc_type *t = source->results[0].type;
    last[source->id] = nirc_discretise_state(x, source, "last", x->number, &t->shape, nirc_blob_splat(x->m->heap, x->number, &t->shape, 0));
  }
  return last[source->id];
}

/* The state was made before it was known that spikes are what it holds. */
static void holds_spikes(nirc_discretiser *x, nirc_value *state)
{
  state->type = nirc_type_get(&x->m->types, NIRC_BOOL, &state->type->shape);
  for (const nirc_use *u = state->uses; u; u = u->next)
    if (u->user->code == SNN_RESHAPE)
      holds_spikes(x, nirc_op_result(u->user));
}

static nirc_value *add(nirc_discretiser *x, const nirc_op *op, nirc_value *a, nirc_value *b)
{
  if (!a || !b)
    return a ? a : b;
  nirc_op *sum = nirc_discretise_append(x, op, SNN_ADD, (nirc_value *[]){a, b}, 2);
  nirc_discretise_set_type(x, sum, 0, x->number, &a->type->shape);
  return nirc_op_result(sum);
}

static bool value_now(nirc_discretiser *x, builder *b, const nirc_op *op);

/* What arrives at a node: the values of its in-edges, added in edge order; those of back edges apart, where `apart` is given. False after an error. */
static bool gather(nirc_discretiser *x, builder *b, const nirc_op *op, nirc_value **in, nirc_value **apart)
{
  *in = NULL;
  for (uint32_t k = 0; k < op->n_operands; k++) {
    const nirc_op *source = nirc_op_operand(op, k)->def;
    bool back = x->schedule.back[op->id][k];
    nirc_value **sum = back && apart ? apart : in, *v;
    if (back && !x->by[NIRC_CHOICE_LOOP]->same_step) {
      v = last_value(x, b->last, source);
    } else {
      if (!value_now(x, b, source))
        return false;
      v = x->value[source->id];
    }
    *sum = add(x, op, *sum, v);
  }
  return true;
}

/* The ops of a node, once. */
static bool build_node(nirc_discretiser *x, builder *b, const nirc_op *op)
{
  if (b->built[op->id])
    return true;
  if (b->building[op->id]) {
    nirc_error(x->d, op->loc, "'%s': under profile '%s' a loop delivers within the step, so that one of its neurons must send what follows from the state before the step alone; in this loop none does",
               op->name, x->by[NIRC_CHOICE_LOOP]->name);
    return false;
  }
  b->building[op->id] = true;
  nirc_value *in, *f = NULL;
  bool neuron = op->def->integrates && op->code != NIR_DELAY;
  if (!gather(x, b, op, &in, neuron && nirc_discretise_apart(x, op) ? &f : NULL))
    return false;
  bool ok = neuron ? nirc_discretise_neuron(x, op, in, f) : nirc_discretise_node(x, op, in);
  b->building[op->id] = false;
  return b->built[op->id] = ok;
}

/* Makes the value of a node in this step known. A neuron that was not built yet is in a loop: it sends what its states alone say, if they do. */
static bool value_now(nirc_discretiser *x, builder *b, const nirc_op *op)
{
  if (x->schedule.is_register[op->id])
    nirc_discretise_register(x, op);
  if (x->value[op->id])
    return true;
  bool neuron = op->def->integrates && op->code != NIR_DELAY, loops = x->by[NIRC_CHOICE_LOOP]->same_step;
  unsigned before = x->d->errors;
  if (neuron && loops && nirc_discretise_early(x, op))
    return true;
  return x->d->errors == before && build_node(x, b, op);
}

static void add_probe(nirc_discretiser *x, const nirc_op *op, const char *what, nirc_value *v)
{
  if (!v)
    return;
  nirc_op *p = nirc_op_new(x->m, x->step->body, SNN_PROBE, op->name, op->loc);
  nirc_op_set_string(x->m, p, "name", nirc_arena_printf(x->m->arena, "%s/%s", op->name, what));
  nirc_op_set_operands(x->m, p, &v, 1);
}

static void add_probes(nirc_discretiser *x)
{
  for (size_t n = 0; n < x->schedule.n; n++) {
    const nirc_op *op = x->schedule.by_name[n];
    if (!nirc_op_attr(op, "probe"))
      continue;
    add_probe(x, op, "i", x->i[n]);
    if (x->z[n])
      add_probe(x, op, "spikes", x->z[n]);
    else
      add_probe(x, op, "value", x->value[n]);
    add_probe(x, op, "v", x->v[n]);
  }
}

static void remark_loop(const nirc_discretiser *x)
{
  const nirc_profile *p = x->by[NIRC_CHOICE_LOOP];
  for (size_t n = 0; p->loops && n < x->schedule.n; n++) {
    const nirc_op *op = x->schedule.order[n];
    for (uint32_t k = 0; k < op->n_operands; k++)
      if (x->schedule.back[op->id][k]) {
        nirc_remark(x->d, op->loc, "'%s' is in a loop: the importer of '%s' %s; here the edge from '%s' delivers the value of the step before", op->name, p->name, p->loops,
                    nirc_op_operand(op, k)->def->name);
        return;
      }
  }
}

static bool build_step(nirc_discretiser *x)
{
  nirc_arena *a = x->m->arena;
  const nirc_schedule *s = &x->schedule;
  builder b = {NIRC_NEW_ARRAY(a, nirc_value *, s->n), NIRC_NEW_ARRAY(a, bool, s->n), NIRC_NEW_ARRAY(a, bool, s->n)};
  x->layer = NIRC_NEW_ARRAY(a, struct nirc_layer *, s->n);
  x->value = NIRC_NEW_ARRAY(a, nirc_value *, s->n);
  x->z = NIRC_NEW_ARRAY(a, nirc_value *, s->n);
  x->v = NIRC_NEW_ARRAY(a, nirc_value *, s->n);
  x->i = NIRC_NEW_ARRAY(a, nirc_value *, s->n);
  for (size_t n = 0; n < s->n; n++)                  /* ports in order of name */
    if (s->by_name[n]->code == NIR_INPUT && !nirc_discretise_node(x, s->by_name[n], NULL))
      return false;
  for (size_t n = 0; n < s->n; n++) {
    const nirc_op *op = s->order[n];
    nirc_discretise_remark(x, op);
    if (op->code != NIR_INPUT && !build_node(x, &b, op))
      return false;
  }
  for (size_t n = 0; n < s->n; n++)
    if (b.last[n]) {
      if (x->value[n]->type->elem == NIRC_BOOL && x->number == NIRC_F32)
        holds_spikes(x, b.last[n]);
      nirc_discretise_update(x, s->by_name[n], b.last[n], x->value[n]);
    }
  add_probes(x);
  return true;
}

static bool run(nirc_module *m, nirc_pass_ctx *ctx)
{
  nirc_op *graph = m->body.first;
  nirc_discretiser x = {.m = m, .d = ctx->d, .said = NIRC_NEW_ARRAY(m->arena, bool, NIRC_N_OPS)};
  if (!choose_profile(&x, ctx->values[0]) || !choose_reset(&x, ctx->values[2]) || !choose_mix(&x, ctx->values[3]))
    return false;
  x.number = x.by[NIRC_CHOICE_NUMBER]->number;
  choose_dt(&x, graph, ctx->values[1]);
  if (!check_graph(&x, graph) || !nirc_schedule_graph(&x.schedule, m->arena, graph, is_register, &x, ctx->d))
    return false;
  x.step = nirc_op_new(m, &m->body, SNN_STEP, graph->name, graph->loc);
  nirc_op_set_attr(m, x.step, "dt", NIRC_ATTR_FLOAT)->f = x.dt;
  nirc_op_set_string(m, x.step, "profile", x.by[NIRC_CHOICE_INTEGRATION]->name);
  nirc_activity_carry(m, x.step, nirc_op_attr(graph, NIRC_ACTIVITY));
  remark_loop(&x);
  if (!build_step(&x))
    return false;
  if (x.reset_used)
    nirc_op_set_string(m, x.step, "reset", x.subtract ? "subtract" : "v_reset");
  else if (x.reset_given)
    nirc_warning(ctx->d, nirc_loc_file(m->path), "--reset changes nothing here: under profile '%s' these neurons keep the reset of the simulator", x.by[NIRC_CHOICE_RESET]->name);
  nirc_op_erase(graph);
  return true;
}

const nirc_pass nirc_pass_discretise = {
  .name = "discretise", .summary = "from differential equations to one time step, as a profile has it",
  .doc = "Where meaning is decided: differential equations become one step of length dt. What is lost is continuous time. The profile says how: by the forward Euler "
         "method or with exponential decay, and the shorter dt is against the time constants, the nearer the result; where dt is longer than one, a warning says so. "
         "A delay becomes a whole number of steps, and an edge that closes a cycle delivers the value of the step before. `semantics.md` has the equations. Code is "
         "generated from the snn level only, so every pipeline that ends in code has this pass; nested graphs have to be inlined before.",
  .needs = NIRC_LEVEL_NIR, .leaves = NIRC_LEVEL_SNN, .options = options, .n_options = sizeof options / sizeof *options, .run = run,
};
