/* ir/nir_infer.c: shapes of a whole nir.graph. Source: the NIR file format, "type inference and type check".
 *
 * Every node's attributes must be complete (readers see to that). Nested graphs come first: what they want and send is what their single
 * Input and Output say. One fault gives one message: a node that is faulty, or whose shape hangs on a faulty one, is not looked at again. A
 * node without in-edges is no fault here as long as its own parameters tell its shape; compiling decides about those. */
#include <string.h>

#include "ir/dialect_nir.h"

/* What is known of one op; op->id is the index. */
typedef struct node {
  bool faulty;                                       /* reported, or excused by a node before it that was */
  bool excused;                                      /* a nested graph with a fault inside: not to be blamed for an unknown shape */
  bool mismatch;                                     /* an in-edge was reported */
  bool has_want;
  nirc_shape want;                                   /* of what it receives */
} node;

typedef struct inference {
  nirc_module *m;
  nirc_diag *d;
  nirc_op **ops;
  node *nodes;
  nirc_op **queue;                                   /* each op enters once */
  size_t n, head, tail;
} inference;

static const nirc_shape *sent(const nirc_value *v)
{
  return v->type ? &v->type->shape : NULL;
}

static bool fits(inference *x, const nirc_op *op, const nirc_shape *s, const char *what)
{
  size_t count;
  if (nirc_shape_count(s, &count))
    return true;
  nirc_error_status(x->d, NIRC_STATUS_LIMIT, op->loc, "'%s': %s shape %s, which is more than any network has", op->name, what, nirc_shape_text(x->m->arena, s));
  x->nodes[op->id].faulty = true;
  return false;
}

/* Types the op's result, given what arrives or NULL; the op then waits in the queue to tell its users. Where the hook neither succeeds
 * nor complains, more has to be known first. */
static void infer_op(inference *x, nirc_op *op, const nirc_shape *in)
{
  node *k = &x->nodes[op->id];
  nirc_shape out;
  unsigned errors = x->d->errors;
  if (!op->def->infer(x->m, op, k->has_want ? &k->want : in, &out, x->d)) {
    k->faulty = x->d->errors != errors;
    return;
  }
  if (!fits(x, op, &out, "sends values of"))
    return;
  if (!k->has_want && in) {
    k->has_want = true;
    k->want = *in;
  }
  nirc_op_result(op)->type = nirc_type_get(&x->m->types, op->def->spikes ? NIRC_BOOL : NIRC_F32, &out);
  x->queue[x->tail++] = op;
}

static unsigned count_ports(const nirc_op *graph, nirc_opcode code)
{
  unsigned n = 0;
  NIRC_FOR_EACH_OP(op, graph->body)
    n += op->code == code;
  return n;
}

/* An edge to a nested graph feeds its Input, an edge from it takes its Output: that has to be plain. Without edges any number will do. */
static bool ports_are_plain(inference *x, const nirc_op *graph)
{
  unsigned in = count_ports(graph, NIR_INPUT), out = count_ports(graph, NIR_OUTPUT);
  bool ok = true;
  if (graph->n_operands && in != 1) {
    nirc_error(x->d, graph->loc, "'%s': an edge leads to this graph, which has %u Input nodes; exactly one is wanted", graph->name, in);
    ok = false;
  }
  if (graph->results[0].uses && out != 1) {
    nirc_error(x->d, graph->loc, "'%s': an edge comes from this graph, which has %u Output nodes; exactly one is wanted", graph->name, out);
    ok = false;
  }
  return ok;
}

/* What the op says by itself. */
static void begin_op(inference *x, nirc_op *op)
{
  node *k = &x->nodes[op->id];
  nirc_op_result(op)->type = NULL;
  if (op->body && !ports_are_plain(x, op))
    k->faulty = true;
  if (op->def->verify && !op->def->verify(x->m, op, x->d))
    k->faulty = true;
  if (k->faulty)
    return;
  if (op->def->input_shape && op->def->input_shape(op, &k->want)) {
    if (!fits(x, op, &k->want, "wants values of"))
      return;
    k->has_want = true;
  }
  infer_op(x, op, NULL);
}

static void follow_edges(inference *x)
{
  while (x->head < x->tail) {
    const nirc_value *v = nirc_op_result(x->queue[x->head++]);
    for (const nirc_use *u = v->uses; u; u = u->next)
      if (!sent(nirc_op_result(u->user)) && !x->nodes[u->user->id].faulty)
        infer_op(x, u->user, sent(v));
  }
}

/* Faulty ops and all untyped ones that hang on them: nothing more is said of those. */
static void excuse_users(inference *x, nirc_op *op)
{
  size_t head = 0, tail = 0;
  x->nodes[op->id].faulty = true;
  for (x->queue[tail++] = op; head < tail; head++)
    for (const nirc_use *u = nirc_op_result(x->queue[head])->uses; u; u = u->next) {
      node *k = &x->nodes[u->user->id];
      if (!k->faulty && !sent(nirc_op_result(u->user))) {
        k->faulty = true;
        x->queue[tail++] = u->user;
      }
    }
}

static void report_unknown(inference *x, nirc_op *op)
{
  if (x->nodes[op->id].faulty || sent(nirc_op_result(op)) || (op->body && !op->results[0].uses))
    return;
  const char *type = op->def->nir_type ? op->def->nir_type : "node";
  if (x->nodes[op->id].excused)
    ;
  else if (op->n_operands)
    nirc_error(x->d, op->loc, "'%s': nothing tells the shape of this %s: neither its parameters nor what it receives from '%s'", op->name, type,
               nirc_op_operand(op, 0)->def->name);
  else
    nirc_error(x->d, op->loc, "'%s': nothing tells the shape of this %s: no edge leads to it", op->name, type);
  excuse_users(x, op);
}

/* Ops without in-edges first: what comes behind them is excused; the rest are cycles in which nobody knows. */
static void report_unknowns(inference *x)
{
  for (size_t i = 0; i < x->n; i++)
    if (x->nodes[i].faulty && !sent(nirc_op_result(x->ops[i])))
      excuse_users(x, x->ops[i]);
  for (size_t i = 0; i < x->n; i++)
    if (!x->ops[i]->n_operands)
      report_unknown(x, x->ops[i]);
  for (size_t i = 0; i < x->n; i++)
    report_unknown(x, x->ops[i]);
}

/* Was the source's shape reported at one of its in-edges already? A node that sends what it wants to receive cannot be wrong twice. */
static bool blamed(const inference *x, const nirc_op *source)
{
  const node *k = &x->nodes[source->id];
  return k->mismatch && nirc_shape_equal(&k->want, sent(&source->results[0]));
}

static void check_edges(inference *x, const nirc_op *op)
{
  node *k = &x->nodes[op->id];
  if (k->faulty || !k->has_want)
    return;
  for (uint32_t i = 0; i < op->n_operands; i++) {
    const nirc_shape *s = sent(nirc_op_operand(op, i));
    if (s && !nirc_shape_equal(s, &k->want) && !blamed(x, nirc_op_operand(op, i)->def)) {
      k->mismatch = true;
      nirc_error(x->d, op->loc, "'%s': receives shape %s from '%s', wants %s", op->name, nirc_shape_text(x->m->arena, s), nirc_op_operand(op, i)->def->name,
                 nirc_shape_text(x->m->arena, &k->want));
    }
  }
}

static void infer_region(nirc_module *m, nirc_region *region, nirc_diag *d)
{
  const nirc_heap *h = m->heap;
  inference x = {.m = m, .d = d};
  NIRC_FOR_EACH_OP(op, region)
    x.n++;
  size_t bytes = 0;
  NIRC_ASSERT(nirc_mul_size(&bytes, x.n, sizeof *x.nodes));
  x.ops = nirc_heap_alloc(h, x.n * sizeof *x.ops);
  x.queue = nirc_heap_alloc(h, x.n * sizeof *x.queue);
  x.nodes = nirc_heap_alloc(h, bytes);
  memset(x.nodes, 0, bytes);
  uint32_t id = 0;
  NIRC_FOR_EACH_OP(op, region) {
    op->id = id;
    x.ops[id++] = op;
    unsigned errors = d->errors;
    if (op->body)
      infer_region(m, op->body, d);
    x.nodes[op->id].excused = d->errors != errors;
  }
  for (size_t i = 0; i < x.n; i++)
    begin_op(&x, x.ops[i]);
  follow_edges(&x);
  report_unknowns(&x);
  for (size_t i = 0; i < x.n; i++)
    check_edges(&x, x.ops[i]);
  nirc_heap_free(h, x.nodes);
  nirc_heap_free(h, x.queue);
  nirc_heap_free(h, x.ops);
}

bool nirc_nir_infer(nirc_module *m, nirc_op *graph, nirc_diag *d)
{
  unsigned before = d->errors;
  infer_region(m, graph->body, d);
  nirc_shape out;
  size_t count;
  graph->results[0].type = NULL;                     /* of a root with one Output; with several it stays untyped */
  if (d->errors == before && graph->def->infer(m, graph, NULL, &out, d) && nirc_shape_count(&out, &count))
    graph->results[0].type = nirc_type_get(&m->types, NIRC_F32, &out);
  return d->errors == before;
}
