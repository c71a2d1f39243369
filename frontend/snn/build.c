#include "frontend/snn/build.h"

#include <stdlib.h>
#include <string.h>

#include "ir/dialect_nir.h"

/* One graph while its shapes are found. */
typedef struct builder {
  nirc_snn_eval *x;
  nirc_snn_graph *g;
  nirc_snn_node **nodes;                             /* primitives and nested graphs, by id */
  nirc_shape *out;                                   /* by id, of nodes that are done */
  nirc_shape *received;                              /* by id: what a node without a wish of its own got first */
  unsigned char *progress;                           /* by id: nirc_snn_progress */
  uint32_t *queue;
  size_t n, head, tail;
  size_t *first;                                     /* out-edges of node i: follow[first[i]] to follow[first[i + 1]] */
  const nirc_snn_edge **follow;
} builder;

static bool build_graph(nirc_snn_eval *x, nirc_snn_graph *g, nirc_op *graph, const nirc_shape *in);

static int by_name(const void *a, const void *b)
{
  return strcmp((*(nirc_snn_node *const *)a)->name, (*(nirc_snn_node *const *)b)->name);
}

/* The ops, in byte order of their names; ids become places in that order. */
static void make_ops(builder *b, nirc_op *graph)
{
  nirc_arena *a = b->x->m->arena;
  b->nodes = NIRC_NEW_ARRAY(a, nirc_snn_node *, b->g->n_nodes);
  for (nirc_snn_node *n = b->g->nodes; n; n = n->next)
    if (n->kind == NIRC_SNN_PRIMITIVE || n->kind == NIRC_SNN_NESTED)
      b->nodes[b->n++] = n;
  qsort(b->nodes, b->n, sizeof *b->nodes, by_name);
  for (size_t i = 0; i < b->n; i++) {
    b->nodes[i]->id = (uint32_t)i;
    b->nodes[i]->op = nirc_op_new(b->x->m, graph->body, nirc_op_def_code(b->nodes[i]->def), b->nodes[i]->name, b->nodes[i]->loc);
  }
}

static void collect_edges(builder *b)
{
  nirc_arena *a = b->x->m->arena;
  b->first = NIRC_NEW_ARRAY(a, size_t, b->n + 2);
  b->follow = NIRC_NEW_ARRAY(a, const nirc_snn_edge *, b->g->n_edges);
  for (size_t i = 0; i < b->g->n_edges; i++)
    b->first[b->g->edges[i].from->id + 2]++;
  for (size_t i = 2; i < b->n + 2; i++)
    b->first[i] += b->first[i - 1];
  for (size_t i = 0; i < b->g->n_edges; i++)
    b->follow[b->first[b->g->edges[i].from->id + 1]++] = &b->g->edges[i];
}

/* ---- shapes along edges -------------------------------------------------------------------------------------------------- */

/* A nested graph is built when all is known that it needs; an Input without a shape takes what arrives. */
static nirc_snn_progress complete_nested(builder *b, nirc_snn_node *n, const nirc_shape *in, nirc_shape *out)
{
  bool open = false;
  for (nirc_snn_node *k = n->graph->nodes; k; k = k->next) {
    bool told = k->has_shape;
    for (const nirc_snn_param *p = k->params; p; p = p->next)
      told |= strcmp(p->name, "shape") == 0;
    open |= k->def == nirc_op_defs[NIR_INPUT] && !told;
  }
  if (open && !in)
    return NIRC_SNN_WAITS;
  if (!build_graph(b->x, n->graph, n->op, in))
    return NIRC_SNN_FAILED;
  if (n->def->infer(b->x->m, n->op, NULL, out, b->x->d))
    return NIRC_SNN_DONE;
  if (b->first[n->id] == b->first[n->id + 1]) {      /* nothing takes its value */
    *out = (nirc_shape){0};
    return NIRC_SNN_DONE;
  }
  nirc_error(b->x->d, n->loc, "'%s': an edge comes from this graph, which has not exactly one Output", n->name);
  return NIRC_SNN_FAILED;
}

static void attempt(builder *b, nirc_snn_node *n, const nirc_shape *in)
{
  if (b->progress[n->id] != NIRC_SNN_WAITS)
    return;
  nirc_shape out;
  size_t count;
  nirc_snn_progress how = n->kind == NIRC_SNN_NESTED ? complete_nested(b, n, in, &out) : nirc_snn_complete(b->x, n, in, &out);
  if (how == NIRC_SNN_DONE && !nirc_shape_count(&out, &count)) {
    nirc_error_status(b->x->d, NIRC_STATUS_LIMIT, n->loc, "'%s': sends values of shape %s, which is more than any network has", n->name, nirc_shape_text(b->x->m->arena, &out));
    how = NIRC_SNN_FAILED;
  }
  b->progress[n->id] = (unsigned char)how;
  if (how != NIRC_SNN_DONE)
    return;
  b->out[n->id] = out;
  if (in)
    b->received[n->id] = *in;
  b->queue[b->tail++] = n->id;
}

static void find_shapes(builder *b, const nirc_shape *in)
{
  for (size_t i = 0; i < b->n; i++)
    attempt(b, b->nodes[i], in && b->nodes[i]->def == nirc_op_defs[NIR_INPUT] ? in : NULL);
  while (b->head < b->tail) {
    uint32_t id = b->queue[b->head++];
    for (size_t k = b->first[id]; k < b->first[id + 1]; k++)
      attempt(b, b->follow[k]->to, &b->out[id]);
  }
}

/* Of those that wait, one is to blame: the first that no edge leads to, else the first; of others nothing is said. */
static bool report_waiting(builder *b)
{
  const nirc_snn_node *blamed = NULL;
  for (size_t i = 0; i < b->n; i++) {
    const nirc_snn_node *n = b->nodes[i];
    if (b->progress[i] == NIRC_SNN_FAILED)
      return false;
    if (b->progress[i] == NIRC_SNN_WAITS && (!blamed || (!n->in && blamed->in)))
      blamed = n;
  }
  if (!blamed)
    return true;
  nirc_error(b->x->d, blamed->loc, "'%s': nothing tells the shape of this %s: neither its parameters nor what arrives", blamed->name, blamed->def->nir_type);
  nirc_note(b->x->d, blamed->loc, blamed->in ? "say it here, or at a node before it" : "no edge leads to it; say its shape");
  return false;
}

/* ---- edges ---------------------------------------------------------------------------------------------------------------- */

/* The ports that the edge leads through; each is reported once. */
static bool check_ports(builder *b, const nirc_snn_edge *e)
{
  const nirc_shape *sent = &b->out[e->from->id];
  bool ok = true;
  for (const nirc_snn_through *t = e->through; t; t = t->next) {
    if (nirc_shape_equal(sent, &t->port->shape))
      continue;
    ok = false;
    if (!t->port->state)
      nirc_error(b->x->d, t->port->shape_loc, "'%s' sends shape %s, the port '%s' takes %s", e->from->name, nirc_shape_text(b->x->m->arena, sent), t->port->name,
                 nirc_shape_text(b->x->m->arena, &t->port->shape));
    t->port->state = 1;
  }
  return ok;
}

static bool check_edge(builder *b, const nirc_snn_edge *e)
{
  nirc_shape wanted;
  const nirc_shape *sent = &b->out[e->from->id];
  if (!check_ports(b, e))
    return false;
  bool told = e->to->def->input_shape && e->to->def->input_shape(e->to->op, &wanted);
  if (!told)
    wanted = b->received[e->to->id];
  if (nirc_shape_equal(sent, &wanted) || (e->to->kind == NIRC_SNN_NESTED && !told))
    return true;
  nirc_error(b->x->d, e->loc, "'%s' sends shape %s, '%s' wants %s", e->from->name, nirc_shape_text(b->x->m->arena, sent), e->to->name,
             nirc_shape_text(b->x->m->arena, &wanted));
  nirc_note(b->x->d, e->to->loc, "'%s' is here", e->to->name);
  return false;
}

/* Operands in order, and each edge's place in the network's list. */
static void set_operands(builder *b)
{
  nirc_arena *a = b->x->m->arena;
  size_t *count = NIRC_NEW_ARRAY(a, size_t, b->n + 1);
  nirc_value ***in = NIRC_NEW_ARRAY(a, nirc_value **, b->n);
  int64_t **places = NIRC_NEW_ARRAY(a, int64_t *, b->n);
  for (size_t i = 0; i < b->g->n_edges; i++)
    count[b->g->edges[i].to->id]++;
  for (size_t i = 0; i < b->n; i++) {
    if (!count[i])
      continue;
    nirc_shape s = nirc_shape_1d(count[i]);
    void *data;
    nirc_blob *blob = nirc_module_hold(b->x->m, nirc_blob_new(b->x->m->heap, NIRC_I64, &s, false, &data));
    nirc_op_set_blob(b->x->m, b->nodes[i]->op, "edge", blob);
    places[i] = data;
    in[i] = NIRC_NEW_ARRAY(a, nirc_value *, count[i]);
    count[i] = 0;
  }
  for (size_t i = 0; i < b->g->n_edges; i++) {
    const nirc_snn_edge *e = &b->g->edges[i];
    places[e->to->id][count[e->to->id]] = (int64_t)i;
    in[e->to->id][count[e->to->id]++] = nirc_op_result(e->from->op);
  }
  for (size_t i = 0; i < b->n; i++)
    if (count[i])
      nirc_op_set_operands(b->x->m, b->nodes[i]->op, in[i], count[i]);
}

/* ---- graphs ------------------------------------------------------------------------------------------------------------------ */

static bool build_graph(nirc_snn_eval *x, nirc_snn_graph *g, nirc_op *graph, const nirc_shape *in)
{
  builder b = {.x = x, .g = g};
  nirc_arena *a = x->m->arena;
  if (g->metadata)
    nirc_op_set_attr(x->m, graph, "metadata", NIRC_ATTR_DICT)->dict = g->metadata;
  make_ops(&b, graph);
  collect_edges(&b);
  b.out = NIRC_NEW_ARRAY(a, nirc_shape, b.n);
  b.received = NIRC_NEW_ARRAY(a, nirc_shape, b.n);
  b.progress = NIRC_NEW_ARRAY(a, unsigned char, b.n);
  b.queue = NIRC_NEW_ARRAY(a, uint32_t, b.n);
  memset(b.progress, NIRC_SNN_WAITS, b.n);
  find_shapes(&b, in);
  if (!report_waiting(&b))
    return false;
  set_operands(&b);
  bool ok = true;
  for (size_t i = 0; i < g->n_edges; i++)
    ok &= check_edge(&b, &g->edges[i]);
  return ok;
}

bool nirc_snn_build(nirc_snn_eval *x, nirc_snn_graph *g, const char *name)
{
  nirc_op *root = nirc_op_new(x->m, &x->m->body, NIR_GRAPH, name, g->loc);
  unsigned errors = x->d->errors;
  return build_graph(x, g, root, NULL) && nirc_nir_infer(x->m, root, x->d) && x->d->errors == errors && nirc_snn_check_marks(x, g);
}
