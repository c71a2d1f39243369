/* passes/discretise.c: from differential equations to one time step. The choices of a profile become attributes of the
 * snn ops; back edges and delays become states. Source: docs/semantics.md. */
#include "passes/discretise.h"

#include <math.h>
#include <string.h>

#include "passes/check_time.h"

static const nirc_pass_option options[] = {
  {"profile", NIRC_OPTION_WORD, "whose arithmetic: a name of --list-profiles", "nir"},
  {"dt", NIRC_OPTION_QUANTITY, "time step", "the network's own, else the profile's, or 1 for a graph with I or IF and no time constant"},
  {"reset", NIRC_OPTION_WORD, "what a spike does to the membrane: v_reset or subtract", "the profile's"},
};

/* ---- choices ------------------------------------------------------------------------------------------------------------ */

static bool choose_profile(nirc_discretiser *x, const char *name)
{
  x->profile = nirc_profile_find(name ? name : "nir");
  if (x->profile && x->profile->available)
    return true;
  nirc_error_status(x->d, NIRC_STATUS_USAGE, nirc_loc_none(), x->profile ? "profile '%s' is not available in this version" : "unknown profile '%s'", name);
  if (!x->profile)
    nirc_profile_guess(name, x->d);
  nirc_note(x->d, nirc_loc_none(), "--list-profiles shows what there is");
  return false;
}

static bool choose_reset(nirc_discretiser *x, const char *name)
{
  x->reset = !name ? x->profile->reset : strcmp(name, "subtract") == 0 ? NIRC_RESET_SUBTRACT : NIRC_RESET_V_RESET;
  if (!name || strcmp(name, "subtract") == 0 || strcmp(name, "v_reset") == 0)
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

/* --dt as given; else the network's own; else 1 for a graph that only counts steps, else the profile's. Says what was assumed, and warns where it looks wrong. */
static void choose_dt(nirc_discretiser *x, const nirc_op *graph, const char *given)
{
  survey s = {0};
  NIRC_FOR_EACH_OP(op, graph->body)
    survey_node(&s, op);
  nirc_loc file = nirc_loc_file(x->m->path);
  const nirc_attr *own = nirc_op_attr(graph, "dt");
  if (given) {
    nirc_parse_time(given, &x->dt);
  } else if (own) {
    x->dt = own->f;
  } else if (s.gain && !s.tau) {
    x->dt = 1;
    nirc_remark(x->d, file, "dt = 1: the graph has I or IF and no time constant, so it counts steps");
    nirc_note(x->d, file, "--dt says otherwise");
  } else {
    x->dt = x->profile->dt;
    if (s.tau || s.delay)
      nirc_remark(x->d, file, "dt = %g s is assumed (--dt says otherwise)", x->dt);
  }
  nirc_check_time(graph, x->dt, x->profile->gain == NIRC_GAIN_DT_R, file, x->d);
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
  const double *dt = user;
  if (op->code != NIR_DELAY)
    return false;
  size_t n = nirc_op_blob(op, "delay")->count;
  for (size_t e = 0; e < n; e++)
    if (nirc_delay_steps(op, e, *dt) < 1)
      return false;
  return n > 0;
}

/* ---- the step -------------------------------------------------------------------------------------------------------------------- */

/* The state that holds the value of `source` of the step before; one for all back edges from it. */
static nirc_value *last_value(nirc_discretiser *x, nirc_value **last, const nirc_op *source)
{
  if (!last[source->id]) {
    const nirc_type *t = source->results[0].type;
    nirc_blob *zero = nirc_blob_splat(x->m->heap, NIRC_F32, &t->shape, 0);
    last[source->id] = nirc_discretise_state(x, source, "last", t->elem, &t->shape, zero);
  }
  return last[source->id];
}

static nirc_value *add(nirc_discretiser *x, const nirc_op *op, nirc_value *a, nirc_value *b)
{
  nirc_op *sum = nirc_op_new(x->m, x->step->body, SNN_ADD, op->name, op->loc);
  nirc_op_set_operands(x->m, sum, (nirc_value *[]){a, b}, 2);
  nirc_op_result(sum)->type = nirc_type_get(&x->m->types, NIRC_F32, &a->type->shape);
  return nirc_op_result(sum);
}

/* What arrives at a node: the values of its in-edges, added in edge order. NULL where there are none. */
static nirc_value *gather(nirc_discretiser *x, nirc_value **last, const nirc_op *op)
{
  nirc_value *sum = NULL;
  for (uint32_t k = 0; k < op->n_operands; k++) {
    const nirc_op *source = nirc_op_operand(op, k)->def;
    nirc_value *v;
    if (x->schedule.back[op->id][k]) {
      v = last_value(x, last, source);
    } else {
      if (x->schedule.is_register[source->id])
        nirc_discretise_register(x, source);
      v = x->value[source->id];
    }
    sum = sum ? add(x, op, sum, v) : v;
  }
  return sum;
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
    add_probe(x, op, op->def->spikes ? "spikes" : "value", x->value[n]);
    add_probe(x, op, "v", x->v[n]);
  }
}

static bool build_step(nirc_discretiser *x)
{
  nirc_arena *a = x->m->arena;
  const nirc_schedule *s = &x->schedule;
  nirc_value **last = NIRC_NEW_ARRAY(a, nirc_value *, s->n);
  x->value = NIRC_NEW_ARRAY(a, nirc_value *, s->n);
  x->v = NIRC_NEW_ARRAY(a, nirc_value *, s->n);
  x->i = NIRC_NEW_ARRAY(a, nirc_value *, s->n);
  for (size_t n = 0; n < s->n; n++)                  /* ports in order of name */
    if (s->by_name[n]->code == NIR_INPUT && !nirc_discretise_node(x, s->by_name[n], NULL))
      return false;
  for (size_t n = 0; n < s->n; n++) {
    const nirc_op *op = s->order[n];
    if (op->code == NIR_INPUT)
      continue;
    nirc_value *in = gather(x, last, op);
    if (!nirc_discretise_node(x, op, in))
      return false;
  }
  for (size_t n = 0; n < s->n; n++)
    if (last[n])
      nirc_discretise_update(x, s->by_name[n], last[n], x->value[n]);
  add_probes(x);
  return true;
}

static bool run(nirc_module *m, nirc_pass_ctx *ctx)
{
  nirc_op *graph = m->body.first;
  nirc_discretiser x = {.m = m, .d = ctx->d};
  if (!choose_profile(&x, ctx->values[0]) || !choose_reset(&x, ctx->values[2]))
    return false;
  choose_dt(&x, graph, ctx->values[1]);
  if (!check_graph(&x, graph) || !nirc_schedule_graph(&x.schedule, m->arena, graph, is_register, &x.dt, ctx->d))
    return false;
  x.step = nirc_op_new(m, &m->body, SNN_STEP, graph->name, graph->loc);
  nirc_op_set_attr(m, x.step, "dt", NIRC_ATTR_FLOAT)->f = x.dt;
  nirc_op_set_string(m, x.step, "profile", x.profile->name);
  if (!build_step(&x))
    return false;
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
