#include "ir/verify.h"

#include <stdlib.h>
#include <string.h>

#include "ir/dialect_snn.h"

/* One run. Ops get their place in `ops` as id, so that "is an op of this module" costs one comparison. */
typedef struct verifier {
  nirc_module *m;
  nirc_diag *d;
  nirc_op **ops;                                     /* all, in the order of the text */
  size_t n;
  size_t n_operands;                                 /* of all ops */
} verifier;

#define FAULT(x, op, format, ...) \
  nirc_error_status((x)->d, NIRC_STATUS_INTERNAL, (op)->loc, "'%s' (%s): " format, (op)->name, (op)->def->mnemonic, __VA_ARGS__)

/* ---- lists -------------------------------------------------------------------------------------------------------------- */

/* Parents and neighbours of one region's ops. Nothing else can be trusted before this holds. */
static bool links_agree(nirc_region *region, size_t *n)
{
  nirc_op *before = NULL;
  for (nirc_op *op = region->first; op; before = op, op = op->next) {
    if (op->prev != before || op->parent != region || op->code < 0 || op->code >= NIRC_N_OPS || op->def != nirc_op_defs[op->code] || !op->name)
      return false;
    if ((op->body != NULL) != op->def->has_region || (op->body && (op->body->parent != op || !links_agree(op->body, n))))
      return false;
    ++*n;
  }
  return region->last == before;
}

static void number(verifier *x, nirc_region *region)
{
  NIRC_FOR_EACH_OP(op, region) {
    op->id = (uint32_t)x->n;
    x->ops[x->n++] = op;
    x->n_operands += op->n_operands;
    if (op->body)
      number(x, op->body);
  }
}

static bool is_op(const verifier *x, const nirc_op *op)
{
  return op && op->id < x->n && x->ops[op->id] == op;
}

static bool is_result(const verifier *x, const nirc_value *v)
{
  return v && is_op(x, v->def) && v->index < v->def->n_results && &v->def->results[v->index] == v;
}

/* ---- operands and uses ----------------------------------------------------------------------------------------------------- */

static void verify_operands(verifier *x, const nirc_op *op)
{
  if (op->def->n_operands >= 0 && op->n_operands != (uint32_t)op->def->n_operands)
    FAULT(x, op, "%u operands, %d are wanted", op->n_operands, op->def->n_operands);
  for (uint32_t i = 0; i < op->n_operands; i++) {
    const nirc_use *u = &op->operands[i];
    if (u->user != op || u->index != i)
      FAULT(x, op, "operand %u does not know its place", i);
    if (!is_result(x, u->value)) {
      FAULT(x, op, "operand %u is no value of this module", i);
    } else if (u->value->def->parent != op->parent) {
      FAULT(x, op, "operand %u, '%s', is defined in another region", i, u->value->def->name);
    } else if (nirc_level_has_steps(op->def->level) && u->value->def->id >= op->id) {        /* a nir graph has no order */
      FAULT(x, op, "operand %u, '%s', is used before it is defined", i, u->value->def->name);
    }
  }
}

/* Every entry of a use list is the operand it says it is; returns their number. With the lists as long in sum as there are operands, each
 * operand is in exactly one list. Stops at the first fault: a broken list may have no end. */
static size_t verify_uses(verifier *x, const nirc_op *op, const nirc_value *v)
{
  size_t n = 0;
  const nirc_use *before = NULL;
  for (const nirc_use *u = v->uses; u; before = u, u = u->next) {
    if (u->value != v || u->prev != before || !is_op(x, u->user) || u->index >= u->user->n_operands || &u->user->operands[u->index] != u ||
        n++ >= x->n_operands) {
      FAULT(x, op, "the list of uses of result %u is broken", v->index);
      break;
    }
  }
  return n;
}

static size_t verify_results(verifier *x, const nirc_op *op)
{
  size_t uses = 0;
  if (op->def->n_results >= 0 && op->n_results != (uint32_t)op->def->n_results)
    FAULT(x, op, "%u results, %d are wanted", op->n_results, op->def->n_results);
  for (uint32_t i = 0; i < op->n_results; i++) {
    const nirc_value *v = &op->results[i];
    if (v->def != op || v->index != i)
      FAULT(x, op, "result %u does not know its place", i);
    if (!v->type && !(op->code == NIR_GRAPH && !v->uses))
      FAULT(x, op, "result %u has no type", i);
    uses += verify_uses(x, op, v);
  }
  return uses;
}

/* ---- attributes -------------------------------------------------------------------------------------------------------------- */

/* What any nir op may carry besides what the table says: what a reader kept, and the mark of the pass `probe`. */
static bool is_generic(const nirc_op *op, const nirc_attr *a)
{
  if (op->def->level != NIRC_LEVEL_NIR)
    return false;
  if (strcmp(a->name, "edge") == 0)
    return a->kind == NIRC_ATTR_DENSE && a->blob && a->blob->dtype == NIRC_I64 && a->blob->shape.rank == 1 && a->blob->count == op->n_operands;
  return (strcmp(a->name, "metadata") == 0 && a->kind == NIRC_ATTR_DICT) || (strcmp(a->name, "probe") == 0 && a->kind == NIRC_ATTR_INT);
}

static void verify_dense(verifier *x, const nirc_op *op, const nirc_attr_def *def, const nirc_attr *a)
{
  if (!a->blob || !a->blob->data) {
    FAULT(x, op, "%s has no data", a->name);
    return;
  }
  size_t count = a->blob->count;
  if (def->rule == NIRC_SHAPE_ONE && count != 1)
    FAULT(x, op, "%s has %zu elements, one is wanted", a->name, count);
  if (def->rule == NIRC_SHAPE_AXES && count != 1 && count != (size_t)op->def->n_axes)
    FAULT(x, op, "%s has %zu elements, one or %d are wanted", a->name, count, op->def->n_axes);
}

static void verify_attr(verifier *x, const nirc_op *op, const nirc_attr *a)
{
  if (nirc_op_attr(op, a->name) != a)
    FAULT(x, op, "attribute %s is there twice", a->name);
  const nirc_attr_def *def = nirc_op_def_attr(op->def, a->name);
  if (!def) {
    if (!is_generic(op, a))
      FAULT(x, op, "unknown attribute %s, or one of the wrong kind", a->name);
    return;
  }
  if (a->kind != def->kind && !(def->or_string && a->kind == NIRC_ATTR_STRING))
    FAULT(x, op, "attribute %s is of the wrong kind", a->name);
  else if (a->kind == NIRC_ATTR_DENSE)
    verify_dense(x, op, def, a);
  else if (a->kind == NIRC_ATTR_STRING && !a->s)
    FAULT(x, op, "attribute %s has no text", a->name);
  else if (a->kind == NIRC_ATTR_SHAPE && a->shape.rank > NIRC_MAX_RANK)
    FAULT(x, op, "attribute %s has %u numbers", a->name, a->shape.rank);
}

static void verify_attrs(verifier *x, const nirc_op *op)
{
  for (const nirc_attr *a = op->attrs; a; a = a->next)
    verify_attr(x, op, a);
  for (size_t i = 0; i < op->def->n_attrs; i++)
    if (!op->def->attrs[i].optional && !nirc_op_attr(op, op->def->attrs[i].name))
      FAULT(x, op, "attribute %s is missing", op->def->attrs[i].name);
}

/* ---- levels, states, ports ------------------------------------------------------------------------------------------------------ */

static void verify_level(verifier *x, const nirc_op *op)
{
  if (!nirc_level_allows(x->m->level, op->def->level))
    FAULT(x, op, "not an op of this module's level (%s)", nirc_level_name(x->m->level));
  bool top = op->parent == &x->m->body;
  if (op->code == SNN_STEP ? !top : top && op->code != NIR_GRAPH)
    FAULT(x, op, "stands %s", top ? "outside of a graph or step" : "inside of another op");
}

static bool same_name(const nirc_op *a, const nirc_op *b)
{
  return a->code == b->code && strcmp(nirc_op_attr(a, "name")->s, nirc_op_attr(b, "name")->s) == 0;
}

static int by_code_and_name(const void *pa, const void *pb)
{
  const nirc_op *a = *(nirc_op *const *)pa, *b = *(nirc_op *const *)pb;
  int c = (a->code > b->code) - (a->code < b->code);
  if (!c)
    c = strcmp(nirc_op_attr(a, "name")->s, nirc_op_attr(b, "name")->s);
  return c ? c : (a->id > b->id) - (a->id < b->id);
}

/* Ports and probes by name, states by name: the C interface finds them by it. */
static void verify_names(verifier *x)
{
  nirc_op **named = nirc_heap_alloc(x->m->heap, x->n * sizeof *named);
  size_t n = 0;
  for (size_t i = 0; i < x->n; i++)
    if (x->ops[i]->code == SNN_INPUT || x->ops[i]->code == SNN_OUTPUT || x->ops[i]->code == SNN_PROBE || x->ops[i]->code == SNN_STATE)
      named[n++] = x->ops[i];
  qsort(named, n, sizeof *named, by_code_and_name);
  for (size_t i = 1; i < n; i++)
    if (same_name(named[i - 1], named[i]))
      FAULT(x, named[i], "a second one with the name \"%s\"", nirc_op_attr(named[i], "name")->s);
  nirc_heap_free(x->m->heap, named);
}

static void verify_state(verifier *x, const nirc_op *op)
{
  unsigned updates = 0;
  for (const nirc_use *u = op->results[0].uses; u; u = u->next)
    updates += u->user->code == SNN_UPDATE && u->index == 0;
  const nirc_type *t = op->results[0].type;
  const nirc_blob *init = nirc_op_blob(op, "init");
  if (t->elem != NIRC_F32 && t->elem != NIRC_F64 && t->elem != NIRC_BOOL && t->elem != NIRC_I32 && t->elem != NIRC_I64 && t->elem != NIRC_I16)
    FAULT(x, op, "a state cannot have elements %s", nirc_dtype_name(t->elem));
  if (init->dtype != (t->elem == NIRC_BOOL ? NIRC_F32 : t->elem) || !nirc_shape_equal(&init->shape, &t->shape))
    FAULT(x, op, "init is %s%s", nirc_dtype_name(init->dtype), nirc_shape_text(x->m->arena, &init->shape));
  if (updates != 1)
    FAULT(x, op, "%u snn.update belong to this state, one is wanted", updates);
}

/* Spikes are the numbers 0 and 1: they may go where f32 is wanted; and either where f64 is. */
static bool fits(const nirc_type *wanted, const nirc_type *given)
{
  bool widens = (wanted->elem == NIRC_F32 || wanted->elem == NIRC_F64) && (given->elem == NIRC_BOOL || given->elem == NIRC_F32);
  return wanted == given || (widens && nirc_shape_equal(&wanted->shape, &given->shape));
}

static void verify_update(verifier *x, const nirc_op *op)
{
  if (nirc_op_operand(op, 0)->def->code != SNN_STATE)
    FAULT(x, op, "'%s' is no state", nirc_op_operand(op, 0)->def->name);
  if (!fits(nirc_op_operand(op, 0)->type, nirc_op_operand(op, 1)->type))
    FAULT(x, op, "state '%s' and its new value have different types", nirc_op_operand(op, 0)->def->name);
}

/* Ports and probes carry numbers, as float32: what comes in is f32, what goes out is rounded to it. */
static void verify_port(verifier *x, const nirc_op *op)
{
  const nirc_type *t = op->code == SNN_INPUT ? op->results[0].type : nirc_op_operand(op, 0)->type;
  bool ok = t->elem == NIRC_F32 || (op->code != SNN_INPUT && (t->elem == NIRC_BOOL || t->elem == NIRC_F64 || t->elem == NIRC_I64 || t->elem == NIRC_I16));
  if (!ok)
    FAULT(x, op, "its value has elements %s", nirc_dtype_name(t->elem));
}

/* ---- all ---------------------------------------------------------------------------------------------------------------------------- */

static bool verify_structure(verifier *x)
{
  size_t uses = 0;
  for (size_t i = 0; i < x->n; i++) {
    verify_level(x, x->ops[i]);
    verify_operands(x, x->ops[i]);
    uses += verify_results(x, x->ops[i]);
    verify_attrs(x, x->ops[i]);
  }
  if (uses != x->n_operands && !nirc_diag_failed(x->d))
    nirc_error_status(x->d, NIRC_STATUS_INTERNAL, nirc_loc_none(), "module '%s': %zu operands, but %zu uses", x->m->name, x->n_operands, uses);
  return !nirc_diag_failed(x->d);
}

static void verify_meaning(verifier *x)
{
  for (size_t i = 0; i < x->n; i++) {
    const nirc_op *op = x->ops[i];
    if (op->code == SNN_STATE)
      verify_state(x, op);
    if (op->code == SNN_UPDATE)
      verify_update(x, op);
    if (op->code == SNN_INPUT || op->code == SNN_OUTPUT || op->code == SNN_PROBE)
      verify_port(x, op);
    if (op->def->verify)
      op->def->verify(x->m, op, x->d);
  }
  if (nirc_level_has_steps(x->m->level))
    verify_names(x);
}

bool nirc_module_verify(nirc_module *m, nirc_diag *d)
{
  /* The caller's diagnostics may hold errors already; what is found here counts by itself. */
  unsigned before = d->errors;
  nirc_diag own = *d;
  own.errors = 0;
  verifier x = {.m = m, .d = &own};
  size_t n = 0;
  if (!links_agree(&m->body, &n)) {
    nirc_error_status(&own, NIRC_STATUS_INTERNAL, nirc_loc_none(), "module '%s': the lists of ops are broken", m->name);
  } else {
    x.ops = nirc_heap_alloc(m->heap, n * sizeof *x.ops);
    number(&x, &m->body);
    if (n == 0 || m->body.first != m->body.last)
      nirc_error_status(&own, NIRC_STATUS_INTERNAL, nirc_loc_none(), "module '%s': %s at its top, one is wanted", m->name, n ? "several ops" : "no op");
    if (verify_structure(&x))                        /* the hooks rely on it */
      verify_meaning(&x);
    nirc_heap_free(m->heap, x.ops);
  }
  bool ok = own.errors == 0;
  nirc_status first = before ? d->status : own.status;
  *d = own;
  d->errors += before;
  d->status = first;
  return ok;
}
