/* passes/discretise_neurons.c: a neuron of the nir level to snn.neuron, from the equations that the profile has for it. */
#include <math.h>
#include <string.h>

#include "ir/neuron.h"
#include "passes/rule.h"

enum { MAX_NAMES = 48 };

/* A neuron on its way: whose equations, and what they know. */
typedef struct nirc_layer {
  const nirc_op *node;
  const nirc_rule *rule;                             /* of the profile itself, or of `nir` */
  nirc_parameters parameters;
  const char *texts[NIRC_N_EQUATIONS];
  const char *equation, *output;                     /* all statements of a step; the name of what is sent */
  const char **states, **candidates;                 /* names: of states; of what may become a coefficient */
  size_t n_states, n_candidates;
  nirc_value **state;
  nirc_dtype *types;                                 /* of candidates, as evaluated; I64 or rounded to the profile's number */
} nirc_layer;

/* ---- which equations ------------------------------------------------------------------------------------------------------ */

/* The rule of the profile whose choice it is; that of `nir`, which has them all, where the profile has none. */
static const nirc_rule *rule_of(nirc_discretiser *x, nirc_choice c, const nirc_op *node, const nirc_profile **whose)
{
  *whose = x->by[c];
  const nirc_rule *r = nirc_rule_find(x->by[c], x->m->heap, node, x->dt);
  if (r)
    return r;
  *whose = &nirc_profiles[0];
  return nirc_rule_find(*whose, x->m->heap, node, x->dt);
}

static void choose_texts(nirc_discretiser *x, nirc_layer *l)
{
  for (int c = 0; c < NIRC_N_EQUATIONS; c++) {
    const nirc_profile *whose;
    const nirc_rule *r = rule_of(x, (nirc_choice)c, l->node, &whose);
    bool subtract = c == NIRC_CHOICE_RESET && r->subtract;
    x->reset_used |= subtract;
    l->texts[c] = subtract && x->subtract ? r->subtract : r->equations[c] ? r->equations[c] : "";
  }
}

static bool is_apart(const nirc_layer *l)
{
  return strchr(l->texts[NIRC_CHOICE_INTEGRATION], '[') != NULL;
}

/* `... [+ f] ...` with or without f. */
static const char *with_f(nirc_arena *a, const char *text, bool f)
{
  const char *open = strchr(text, '[');
  if (!open)
    return text;
  const char *close = strchr(open, ']');
  return nirc_arena_printf(a, "%.*s%.*s%s", (int)(open - text), text, f ? (int)(close - open - 1) : 0, open + 1, with_f(a, close + 1, f));
}

static void compose(nirc_discretiser *x, nirc_layer *l, bool f)
{
  nirc_arena *a = x->m->arena;
  const nirc_choice *order = nirc_rule_order(l->rule);
  const char *output = l->texts[NIRC_CHOICE_OUTPUT], *sends = strchr(output, '=');
  l->output = sends ? nirc_arena_strndup(a, output, strcspn(output, " =")) : output;
  l->equation = nirc_arena_printf(a, "%s; %s; %s; %s", with_f(a, l->texts[order[0]], f), with_f(a, l->texts[order[1]], f), with_f(a, l->texts[order[2]], f), sends ? output : "");
}

double nirc_discretise_derived_dt(nirc_discretiser *x, const nirc_op *op)
{
  if (!op->def->integrates || op->code == NIR_DELAY || x->by[NIRC_CHOICE_DT]->dt_rule != NIRC_DT_DERIVED)
    return 0;
  const nirc_profile *p = x->by[NIRC_CHOICE_DT];
  const nirc_rule *r = nirc_rule_find(p, x->m->heap, op, p->dt);
  const char *wanted = "dt", *text = r ? r->equations[NIRC_CHOICE_COEFFICIENTS] : "", *fault;
  if (strncmp(text, "dt =", 4))
    return 0;
  nirc_parameters params = nirc_parameters_of(x->m->arena, op, p->parameters, p->dt, false);
  nirc_eq_value *values = NIRC_NEW_ARRAY(x->m->arena, nirc_eq_value, params.n);
  nirc_dtype type;
  NIRC_ASSERT(nirc_parameters_eval(&params, text, &wanted, 1, values, &type, &fault));
  return values[0].f;
}

/* Is dt what was given, rather than what the rule derives? The same up to the rounding of the parameters changes nothing. */
static bool is_dt_fixed(nirc_discretiser *x, const nirc_op *node)
{
  double derived = nirc_discretise_derived_dt(x, node);
  return derived == 0 || (x->dt_given && fabs(derived - x->dt) > 1e-6 * x->dt);
}

static nirc_layer *new_layer(nirc_discretiser *x, const nirc_op *node)
{
  nirc_layer *l = NIRC_NEW(x->m->arena, nirc_layer);
  const nirc_profile *whose;
  l->node = node;
  rule_of(x, NIRC_CHOICE_COEFFICIENTS, node, &whose);
  nirc_precision precision = whose->parameters;
  l->rule = rule_of(x, NIRC_CHOICE_INTEGRATION, node, &whose);
  l->parameters = nirc_parameters_of(x->m->arena, node, precision, x->dt, is_dt_fixed(x, node));
  choose_texts(x, l);
  return l;
}

/* ---- checks and remarks ------------------------------------------------------------------------------------------------------- */

/* A condition as a person writes it: `near(a, b)` as a = b, `alike(a)` as equal a throughout. */
static const char *readable(nirc_arena *a, const char *condition)
{
  size_t n = strlen(condition);
  if (strncmp(condition, "alike(", 6) == 0 && condition[n - 1] == ')')
    return nirc_arena_printf(a, "one %.*s throughout the layer", (int)(n - 7), condition + 6);
  const char *comma = strchr(condition, ',');
  if (strncmp(condition, "near(", 5) == 0 && comma && condition[n - 1] == ')')
    return nirc_arena_printf(a, "%.*s = %.*s", (int)(comma - condition - 5), condition + 5, (int)(condition + n - comma - 3), comma + 2);
  return condition;
}

/* `, r = 12, tau = 0.02`: the parameters that a text mentions, of one element. */
static const char *values_text(const nirc_parameters *p, const char *text, size_t element)
{
  const char *out = "";
  for (size_t i = 0; i < p->n_names; i++)
    if (nirc_rule_mentions(text, p->names[i].name))
      out = nirc_arena_printf(p->arena, "%s%s%s = %g", out, *out ? ", " : "", p->names[i].name,
                              p->names[i].is_number ? p->names[i].value : p->values[i][p->single[i] ? 0 : element].f);
  return out;
}

/* Where weights take in the time constant of the neurons, these must have weights in front. */
static bool check_weighted(nirc_discretiser *x, const nirc_op *op)
{
  const nirc_profile *p = x->by[NIRC_CHOICE_INTEGRATION];
  const nirc_op *source = op->n_operands == 1 ? nirc_op_operand(op, 0)->def : NULL;
  if (!p->weight || !nirc_rule_find(p, x->m->heap, op, x->dt) || (source && (source->code == NIR_LINEAR || source->code == NIR_AFFINE)))
    return true;
  nirc_error(x->d, op->loc, "'%s': under profile '%s' a %s follows one Linear or Affine, whose weights take in its time constant", op->name, p->name, op->def->nir_type);
  return false;
}

bool nirc_discretise_check_neuron(nirc_discretiser *x, const nirc_op *op)
{
  if (!check_weighted(x, op))
    return false;
  const nirc_layer *l = new_layer(x, op);
  nirc_arena *a = x->m->arena;
  const char *type = op->def->nir_type, *name = x->by[NIRC_CHOICE_INTEGRATION]->name;
  for (const char *at = l->rule->needs; at && *at; at += strspn(at, "; ")) {
    const char *condition = nirc_arena_strndup(a, at, strcspn(at, ";"));
    size_t element;
    at += strlen(condition);
    if (nirc_parameters_hold(&l->parameters, condition, &element))
      continue;
    nirc_error(x->d, op->loc, "'%s': under profile '%s' a %s must have %s; here %s (element %zu)", op->name, name, type, readable(a, condition),
               values_text(&l->parameters, condition, element), element);
    nirc_note(x->d, op->loc, "that is what this simulator's importer demands; --semantics nir honours every parameter%s",
              nirc_rule_mentions(condition, "dt") ? ", and --dt may be meant to be another" : "");
    return false;
  }
  return true;
}

/* A parameter that no equation looks at. */
static bool is_ignored(const nirc_layer *l, const char *name)
{
  for (int c = 0; c < NIRC_N_EQUATIONS; c++)
    if (nirc_rule_mentions(l->texts[c], name))
      return false;
  return !nirc_rule_mentions(l->rule->needs, name) && !nirc_rule_mentions(l->rule->when, name);
}

static void warn_ignored(nirc_discretiser *x, const nirc_layer *l)
{
  const nirc_op *op = l->node;
  for (size_t i = 0; i < op->def->n_attrs; i++) {
    const char *name = op->def->attrs[i].name;
    const nirc_blob *b = nirc_op_blob(op, name);
    double neutral = strcmp(name, "r") == 0 || strcmp(name, "w_in") == 0;
    if (!b || !is_ignored(l, name))
      continue;
    for (size_t e = 0; e < b->count; e++)
      if (nirc_blob_get(b, e) != neutral) {
        nirc_warning(x->d, nirc_op_attr_loc(x->m, op, name), "'%s': %s = %g (element %zu) has no effect under profile '%s'%s", op->name, name, nirc_blob_get(b, e), e,
                     x->by[NIRC_CHOICE_INTEGRATION]->name, strcmp(name, "v_reset") == 0 && x->subtract && l->rule->subtract ? " with --reset subtract" : "");
        break;
      }
  }
}

void nirc_discretise_remark(nirc_discretiser *x, const nirc_op *op)
{
  const nirc_profile *p = x->by[NIRC_CHOICE_INTEGRATION];
  const char *says = nirc_import_says(p, op);
  if (says && !x->said[op->code]) {
    nirc_remark(x->d, op->loc, "'%s' (%s): the importer of '%s' %s; it is computed as NIR defines it", op->name, op->def->nir_type, p->name, says);
    x->said[op->code] = true;
  }
  if (!op->def->integrates || op->code == NIR_DELAY)
    return;
  const nirc_layer *l = new_layer(x, op);
  size_t element = 0;
  if (l->rule->doubt && (!l->rule->doubts || !nirc_parameters_hold(&l->parameters, l->rule->doubts, &element)))
    nirc_warning(x->d, op->loc, "'%s': %s", op->name, l->rule->doubt);
  warn_ignored(x, l);
}

/* ---- constants ------------------------------------------------------------------------------------------------------------------ */

static void store(void *data, nirc_dtype elem, size_t e, nirc_eq_value v)
{
  switch (elem) {
  case NIRC_I64: ((int64_t *)data)[e] = v.i; break;
  case NIRC_F64: ((double *)data)[e] = v.f; break;
  default: ((float *)data)[e] = (float)v.f;
  }
}

nirc_blob *nirc_discretise_constant(nirc_discretiser *x, nirc_dtype elem, const nirc_shape *shape, const nirc_eq_value *values, size_t n)
{
  void *data;
  bool same = true;
  for (size_t e = 1; e < n && same; e++)
    same = elem == NIRC_I64 ? values[e].i == values[0].i : memcmp(&values[e].f, &values[0].f, sizeof values[0].f) == 0;
  size_t count = 0;
  nirc_shape_count(shape, &count);
  nirc_blob *b = nirc_blob_new(x->m->heap, elem, shape, same && n && count > 1, &data);
  for (size_t e = 0; e < (same && n && count > 1 ? 1 : count); e++)
    store(data, elem, e, values[n == 1 ? 0 : e]);
  return nirc_module_hold(x->m, b);
}

static bool no_sense(nirc_discretiser *x, const nirc_layer *l, const char *fault)
{
  nirc_error_status(x->d, NIRC_STATUS_USAGE, l->node->loc, "'%s': these choices of profiles do not go together: %s", l->node->name, fault);
  return false;
}

/* The states, and what may become a coefficient: every parameter, and what the equations of coefficients assign. */
static bool make_states(nirc_discretiser *x, nirc_layer *l)
{
  nirc_arena *a = x->m->arena;
  const nirc_parameters *p = &l->parameters;
  const nirc_shape *shape = &l->node->results[0].type->shape;
  const char **assigned, *fault, *coefficients = l->texts[NIRC_CHOICE_COEFFICIENTS];
  size_t n = nirc_rule_assigned(a, coefficients, &assigned);
  l->candidates = NIRC_NEW_ARRAY(a, const char *, n + p->n_names);
  for (size_t i = 0; i < n + p->n_names; i++) {
    const char *name = i < n ? assigned[i] : p->names[i - n].name;
    bool known = strcmp(name, "dt") == 0;
    for (size_t k = 0; k < l->n_candidates; k++)
      known |= strcmp(l->candidates[k], name) == 0;
    if (!known)
      l->candidates[l->n_candidates++] = name;
  }
  l->types = NIRC_NEW_ARRAY(a, nirc_dtype, l->n_candidates);
  if (!nirc_parameters_eval(p, coefficients, l->candidates, l->n_candidates, NULL, l->types, &fault))
    return no_sense(x, l, fault);
  for (size_t k = 0; k < l->n_candidates; k++)
    l->types[k] = l->types[k] == NIRC_I64 ? NIRC_I64 : x->number;
  l->n_states = nirc_rule_assigned(a, l->texts[NIRC_CHOICE_START], &l->states);
  l->state = NIRC_NEW_ARRAY(a, nirc_value *, l->n_states);
  nirc_arena *scratch = nirc_arena_new(x->m->heap);
  nirc_eq_value *values = NIRC_NEW_ARRAY(scratch, nirc_eq_value, l->n_states * p->n);
  nirc_dtype *types = NIRC_NEW_ARRAY(a, nirc_dtype, l->n_states);
  const char *start = nirc_arena_printf(a, "%s; %s", coefficients, l->texts[NIRC_CHOICE_START]);
  bool ok = nirc_parameters_eval(p, start, l->states, l->n_states, values, types, &fault) || no_sense(x, l, fault);
  for (size_t s = 0; ok && s < l->n_states; s++) {
    nirc_dtype elem = types[s] == NIRC_I64 ? NIRC_I64 : x->number;
    nirc_blob *init = nirc_discretise_constant(x, elem, shape, values + s * p->n, p->n);
    l->state[s] = nirc_discretise_state(x, l->node, l->states[s], elem, shape, nirc_blob_ref(init));
  }
  nirc_arena_free(scratch);
  return ok;
}

/* ---- the op --------------------------------------------------------------------------------------------------------------------- */

typedef struct operands { nirc_eq_name names[MAX_NAMES]; nirc_value *values[MAX_NAMES]; size_t n; } operands;

static void add_operand(operands *o, const char *name, nirc_value *v)
{
  if (v) {
    o->names[o->n] = (nirc_eq_name){.name = name, .type = v->type->elem};
    o->values[o->n++] = v;
  }
}

/* The operands that there are: x, f, the states; behind them the candidates. */
static operands operands_of(const nirc_layer *l, nirc_value *in, nirc_value *f)
{
  operands o = {.n = 0};
  add_operand(&o, "x", in);
  add_operand(&o, "f", f);
  for (size_t s = 0; s < l->n_states; s++)
    add_operand(&o, l->states[s], l->state[s]);
  for (size_t k = 0; k < l->n_candidates; k++)
    o.names[o.n + k] = (nirc_eq_name){.name = l->candidates[k], .type = l->types[k]};
  return o;
}

static bool set_coefficients(nirc_discretiser *x, const nirc_layer *l, nirc_op *op, const bool *used)
{
  const nirc_parameters *p = &l->parameters;
  const char *fault;
  nirc_arena *scratch = nirc_arena_new(x->m->heap);
  nirc_eq_value *values = NIRC_NEW_ARRAY(scratch, nirc_eq_value, p->n);
  for (size_t k = 0; k < l->n_candidates; k++) {
    nirc_dtype type;
    if (!used[k])
      continue;
    NIRC_ASSERT(nirc_parameters_eval(p, l->texts[NIRC_CHOICE_COEFFICIENTS], &l->candidates[k], 1, values, &type, &fault));
    nirc_op_set_blob(x->m, op, l->candidates[k], nirc_discretise_constant(x, l->types[k], &l->node->results[0].type->shape, values, p->n));
  }
  nirc_arena_free(scratch);
  return true;
}

/* snn.neuron that gives `wanted`; NULL after a diagnostic. */
static nirc_op *make_op(nirc_discretiser *x, const nirc_layer *l, nirc_value *in, nirc_value *f, const char *const *wanted, size_t n_wanted)
{
  nirc_arena *a = x->m->arena;
  operands o = operands_of(l, in, f);
  nirc_equation q;
  const char *fault, *takes = "", *gives = "", *text = nirc_rule_prune(a, l->equation, wanted, n_wanted);
  if (!nirc_equation_parse(&q, a, text, o.names, o.n + l->n_candidates, wanted, n_wanted, x->number, &fault)) {
    no_sense(x, l, fault);
    return NULL;
  }
  nirc_value *used[MAX_NAMES];
  size_t n_used = 0;
  for (size_t i = 0; i < o.n; i++)
    if (q.used[i]) {
      takes = nirc_arena_printf(a, "%s%s%s", takes, n_used ? " " : "", o.names[i].name);
      used[n_used++] = o.values[i];
    }
  const nirc_type **types = NIRC_NEW_ARRAY(a, const nirc_type *, n_wanted);
  for (size_t w = 0; w < n_wanted; w++) {
    gives = nirc_arena_printf(a, "%s%s%s", gives, w ? " " : "", wanted[w]);
    types[w] = nirc_type_get(&x->m->types, q.nodes[q.results[w]].type, &l->node->results[0].type->shape);
  }
  nirc_op *op = nirc_discretise_append(x, l->node, SNN_NEURON, used, n_used);
  nirc_op_set_results(x->m, op, types, n_wanted);
  nirc_op_set_string(x->m, op, "takes", takes);
  nirc_op_set_string(x->m, op, "gives", gives);
  nirc_op_set_string(x->m, op, "equation", text);
  set_coefficients(x, l, op, q.used + o.n);
  nirc_neuron n;
  if (nirc_neuron_read(&n, a, op, &fault))           /* also what an equation of another number cannot do */
    return op;
  no_sense(x, l, fault);
  return NULL;
}

/* ---- a neuron ------------------------------------------------------------------------------------------------------------------- */

static void want(const char **wanted, size_t *n, const char *name)
{
  for (size_t i = 0; i < *n; i++)
    if (strcmp(wanted[i], name) == 0)
      return;
  wanted[(*n)++] = name;
}

static nirc_value *result(nirc_op *op, const char *const *wanted, size_t n, const char *name)
{
  for (size_t i = 0; i < n; i++)
    if (strcmp(wanted[i], name) == 0)
      return &op->results[i];
  return NULL;
}

static bool fires(const nirc_layer *l)
{
  return *l->texts[NIRC_CHOICE_FIRES] != 0;
}

bool nirc_discretise_apart(nirc_discretiser *x, const nirc_op *op)
{
  return op->def->integrates && op->code != NIR_DELAY && is_apart(new_layer(x, op));
}

/* Does `name` come from the states alone? */
static bool is_early(nirc_discretiser *x, const nirc_layer *l, const char *name)
{
  const char *text = nirc_rule_prune(x->m->arena, l->equation, &name, 1);
  return !nirc_rule_mentions(text, "x") && !nirc_rule_mentions(text, "f");
}

bool nirc_discretise_early(nirc_discretiser *x, const nirc_op *op)
{
  nirc_layer *l = new_layer(x, op);
  compose(x, l, is_apart(l));
  if (!is_early(x, l, l->output) || (fires(l) && !is_early(x, l, "z")) || !make_states(x, l))
    return false;
  const char *wanted[2];
  size_t n = 0;
  want(wanted, &n, l->output);
  if (fires(l))
    want(wanted, &n, "z");
  nirc_op *made = make_op(x, l, NULL, NULL, wanted, n);
  if (!made)
    return false;
  x->layer[op->id] = l;
  x->value[op->id] = result(made, wanted, n, l->output);
  x->z[op->id] = result(made, wanted, n, "z");
  return true;
}

/* In a mix, another profile may give a state's name to something else. */
static bool update_states(nirc_discretiser *x, const nirc_layer *l, nirc_op *made, const char *const *wanted, size_t n)
{
  for (size_t s = 0; s < l->n_states; s++) {
    nirc_value *next = result(made, wanted, n, l->states[s]);
    if (next->type != l->state[s]->type)
      return no_sense(x, l, nirc_arena_printf(x->m->arena, "'%s' is %s, its state %s", l->states[s], nirc_dtype_name(next->type->elem),
                                              nirc_dtype_name(l->state[s]->type->elem)));
    nirc_discretise_update(x, l->node, l->state[s], next);
  }
  return true;
}

bool nirc_discretise_neuron(nirc_discretiser *x, const nirc_op *op, nirc_value *in, nirc_value *f)
{
  nirc_layer *l = x->layer[op->id];
  const char *wanted[MAX_NAMES], **assigned;
  size_t n = 0;
  bool early = l != NULL;
  if (!early) {
    l = new_layer(x, op);
    compose(x, l, f != NULL);
    if (!make_states(x, l))
      return false;
    want(wanted, &n, l->output);
    if (fires(l))
      want(wanted, &n, "z");
  } else {
    compose(x, l, f != NULL);
  }
  for (size_t s = 0; s < l->n_states; s++)
    want(wanted, &n, l->states[s]);
  size_t n_assigned = nirc_rule_assigned(x->m->arena, l->equation, &assigned);
  for (size_t k = 0; nirc_op_attr(op, "probe") && k < n_assigned; k++)
    if (strcmp(assigned[k], "v") == 0 || strcmp(assigned[k], "i") == 0)
      want(wanted, &n, assigned[k]);
  nirc_op *made = make_op(x, l, in, f, wanted, n);
  if (!made)
    return false;
  if (!early) {
    x->value[op->id] = result(made, wanted, n, l->output);
    x->z[op->id] = result(made, wanted, n, "z");
  }
  x->v[op->id] = result(made, wanted, n, "v");
  x->i[op->id] = result(made, wanted, n, "i");
  return update_states(x, l, made, wanted, n);
}

/* ---- linear maps that know their neurons ------------------------------------------------------------------------------------------- */

nirc_value *nirc_discretise_nonzero(nirc_discretiser *x, const nirc_op *node, nirc_value *in)
{
  if (in->type->elem == NIRC_BOOL)
    return in;
  nirc_op *op = nirc_discretise_append(x, node, SNN_NEURON, &in, 1);
  const nirc_type *type = nirc_type_get(&x->m->types, NIRC_BOOL, &in->type->shape);
  nirc_op_set_results(x->m, op, &type, 1);
  nirc_op_set_string(x->m, op, "takes", "x");
  nirc_op_set_string(x->m, op, "gives", "y");
  nirc_op_set_string(x->m, op, "equation", "y = x != 0");
  return nirc_op_result(op);
}

nirc_blob *nirc_discretise_weights(nirc_discretiser *x, const nirc_op *node)
{
  const nirc_profile *p = x->by[NIRC_CHOICE_COEFFICIENTS];
  nirc_arena *a = x->m->arena;
  nirc_blob *w = nirc_op_blob(node, "weight");
  const nirc_use *use = node->results[0].uses;
  const nirc_op *behind = use && !use->next ? use->user : NULL;
  if (!behind || !nirc_rule_find(p, x->m->heap, behind, x->dt) || w->shape.rank != 2) {
    nirc_error(x->d, node->loc, "'%s': under profile '%s' a %s leads to one layer of neurons, whose time constant its weights take in", node->name, p->name, node->def->nir_type);
    return NULL;
  }
  nirc_parameters q = nirc_parameters_of(a, behind, p->parameters, x->dt, true), all = {.arena = a, .n = w->count, .count = w->count, .n_names = q.n_names + 1};
  all.names = NIRC_NEW_ARRAY(a, nirc_eq_name, all.n_names);
  all.values = NIRC_NEW_ARRAY(a, const nirc_eq_value *, all.n_names);
  all.single = NIRC_NEW_ARRAY(a, bool, all.n_names);
  for (size_t i = 0; i < all.n_names; i++) {
    nirc_eq_value *values = NIRC_NEW_ARRAY(a, nirc_eq_value, w->count);
    bool weight = i == q.n_names;
    all.names[i] = weight ? (nirc_eq_name){.name = "weight", .type = NIRC_F64} : q.names[i];
    for (size_t e = 0; e < w->count && (weight || q.values[i]); e++)
      values[e] = weight ? (nirc_eq_value){.f = nirc_blob_get(w, e)} : q.values[i][q.single[i] ? 0 : e / (size_t)w->shape.dims[1]];
    all.values[i] = values;
  }
  const char *wanted = "weight", *fault;
  nirc_eq_value *made = NIRC_NEW_ARRAY(a, nirc_eq_value, w->count);
  nirc_dtype type;
  NIRC_ASSERT(nirc_parameters_eval(&all, p->weight, &wanted, 1, made, &type, &fault));
  return nirc_discretise_constant(x, x->number, &w->shape, made, w->count);
}
