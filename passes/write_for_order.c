/* passes/write_for_order.c: loops as an importer wants them, names, and the order of edges. */
#include <ctype.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "passes/write_for.h"

/* ---- loops --------------------------------------------------------------------------------------------------------------- */

static bool is_matrix(const nirc_op *op)
{
  return op->code == NIR_LINEAR || op->code == NIR_AFFINE;
}

/* A matrix from a neuron node to itself, and nowhere else. */
static bool is_own_matrix(const nirc_op *w, const nirc_op *op)
{
  const nirc_use *u = w->results[0].uses;
  return is_matrix(w) && op->def->integrates && w->n_operands == 1 && nirc_op_operand(w, 0)->def == op && u && !u->next;
}

static bool settle_bias(nirc_for *x, nirc_op *w)
{
  const nirc_blob *bias = nirc_op_blob(w, "bias");
  if (!bias || nirc_blob_is_all(bias, 0) || (x->from->drops_loop_bias && x->to->drops_loop_bias))
    return true;
  if (x->to->drops_loop_bias)
    return nirc_for_refuse(x, w, "the bias of a recurrent Affine is dropped there");
  if (!x->from->drops_loop_bias)
    return true;
  nirc_op_set_blob(x->m, w, "bias", nirc_module_hold(x->m, nirc_blob_splat(x->m->heap, NIRC_F32, &bias->shape, 0)));
  nirc_remark(x->d, w->loc, "'%s': its bias is 0 in the file, for %s drops it", w->name, x->from->title);
  return true;
}

static nirc_op *new_port(nirc_for *x, nirc_op *graph, nirc_opcode code, const char *name, const nirc_type *type)
{
  nirc_op *port = nirc_op_new(x->m, graph->body, code, name, graph->loc);
  nirc_shape list = nirc_shape_1d(type->shape.rank);
  void *data;
  nirc_blob *b = nirc_module_hold(x->m, nirc_blob_new(x->m->heap, NIRC_I64, &list, false, &data));
  memcpy(data, type->shape.dims, type->shape.rank * sizeof type->shape.dims[0]);
  nirc_op_set_blob(x->m, port, "shape", b);
  nirc_op_result(port)->type = nirc_type_get(&x->m->types, NIRC_F32, &type->shape);
  return port;
}

static void set_edges(nirc_for *x, nirc_op *op, const int64_t *places)
{
  void *data;
  nirc_shape shape = nirc_shape_1d(op->n_operands);
  nirc_blob *b = nirc_module_hold(x->m, nirc_blob_new(x->m->heap, NIRC_I64, &shape, false, &data));
  memcpy(data, places, op->n_operands * sizeof *places);
  nirc_op_set_blob(x->m, op, "edge", b);
}

/* Neuron and matrix become a graph of four nodes that has the neuron's name; its other in-edges come first. */
static void nest(nirc_for *x, nirc_op *op, nirc_op *w)
{
  nirc_op *g = nirc_op_new_before(x->m, op, NIR_GRAPH, op->name, op->loc);
  nirc_value **in = NIRC_NEW_ARRAY(x->a, nirc_value *, op->n_operands);
  size_t n = 0;
  for (uint32_t k = 0; k < op->n_operands; k++)
    if (nirc_op_operand(op, k)->def != w)
      in[n++] = nirc_op_operand(op, k);
  nirc_op_set_operands(x->m, g, in, n);
  nirc_op_result(g)->type = nirc_type_get(&x->m->types, NIRC_F32, &op->results[0].type->shape);      /* its Output's */
  nirc_value_replace(nirc_op_result(op), nirc_op_result(g));
  nirc_op *from = new_port(x, g, NIR_INPUT, "input", op->results[0].type), *to = new_port(x, g, NIR_OUTPUT, "output", op->results[0].type);
  nirc_op_move_to(op, g->body);
  nirc_op_move_to(w, g->body);
  op->name = "lif";
  w->name = "w_rec";
  nirc_op_set_operands(x->m, op, (nirc_value *[]){nirc_op_result(from), nirc_op_result(w)}, 2);
  nirc_op_set_operands(x->m, w, (nirc_value *[]){nirc_op_result(op)}, 1);
  nirc_op_set_operands(x->m, to, (nirc_value *[]){nirc_op_result(op)}, 1);
  set_edges(x, op, (const int64_t[]){0, 2});
  set_edges(x, w, (const int64_t[]){1});
  set_edges(x, to, (const int64_t[]){3});
}

static bool settle_loop(nirc_for *x, nirc_op *op, nirc_op *w)
{
  if (x->to->loops == NIRC_LOOPS_NONE)
    return nirc_for_refuse(x, op, "it is part of a loop, and its importer fails at loops");
  bool own = is_own_matrix(w, op);
  if (own && !settle_bias(x, w))
    return false;
  if (x->to->loops == NIRC_LOOPS_ANY)
    return true;
  if (!own || op->results[0].type->shape.rank != 1)
    return nirc_for_refuse(x, op, "the edge from '%s' closes a loop, and loops there are a layer of neurons and one Linear or Affine from it to itself",
                           w->name);
  for (uint32_t k = 0; k < op->n_operands; k++)
    if (nirc_op_operand(op, k)->def != w && is_own_matrix(nirc_op_operand(op, k)->def, op))
      return nirc_for_refuse(x, op, "two matrices lead from it to itself, and one is possible there");
  if (x->to->loops == NIRC_LOOPS_NESTED)
    nest(x, op, w);
  return true;
}

bool nirc_for_loops(nirc_for *x)
{
  unsigned before = x->d->errors;
  for (size_t i = 0; i < x->schedule.n; i++) {
    nirc_op *op = x->op[i];
    for (uint32_t k = 0; k < op->n_operands; k++) {
      if (!x->schedule.back[i][k])
        continue;
      x->loop = true;
      if (!settle_loop(x, op, nirc_op_operand(op, k)->def) || x->to->loops == NIRC_LOOPS_NESTED)
        break;                                       /* its operands are others now */
    }
  }
  return x->d->errors == before;
}

/* ---- names ----------------------------------------------------------------------------------------------------------------- */

/* Attributes of the objects that importers keep nodes in: a node of such a name cannot be added. */
static const char *const taken_names[] = {
  "add_module", "apply", "bfloat16", "buffers", "call_super_init", "children", "compile", "cpu", "cuda", "double", "dump_patches", "eval",
  "execution_order", "extra_repr", "float", "forward", "graph", "half", "keys", "items", "modules", "parameters", "pop", "return_state",
  "share_memory", "state", "state_dict", "stateful_modules", "to", "train", "training", "type", "update", "values", "xpu", "zero_grad"
};

static int compare(const void *a, const void *b)
{
  return strcmp(a, b);
}

static void keep(void *name)
{
  (void)name;                                        /* the arena's */
}

/* Letters, digits and _ only. */
static char *plain_name(nirc_for *x, const char *name)
{
  char *plain = nirc_arena_strdup(x->m->arena, name);
  for (char *s = plain; *s; s++)
    if (!isalnum((unsigned char)*s) || (unsigned char)*s > 127)
      *s = '_';
  return *plain ? plain : nirc_arena_strdup(x->m->arena, "node");
}

static void rename_node(nirc_for *x, nirc_op *op, void **names)
{
  const char *name = op->code == NIR_INPUT ? "input" : op->code == NIR_OUTPUT ? "output" : plain_name(x, op->name);
  const char *base = name;
  for (int i = 1; op->code != NIR_INPUT && op->code != NIR_OUTPUT && tfind(name, names, compare); i++)
    name = nirc_arena_printf(x->m->arena, "%s_%d", base, i);
  tsearch(name, names, compare);
  if (strcmp(name, op->name))
    nirc_remark(x->d, op->loc, "'%s': is called '%s' in the file", op->name, name);
  op->name = name;
}

void nirc_for_names(nirc_for *x)
{
  void *names = NULL;                                /* a tree of those that are taken */
  for (size_t i = 0; i < sizeof taken_names / sizeof *taken_names; i++)
    tsearch(taken_names[i], &names, compare);
  tsearch("input", &names, compare);
  tsearch("output", &names, compare);
  NIRC_FOR_EACH_OP(op, x->graph->body)
    rename_node(x, op, &names);
  tdestroy(names, keep);
}

/* ---- the order of edges -------------------------------------------------------------------------------------------------------- */

typedef struct out_edge { nirc_op *user; uint32_t operand; size_t key; } out_edge;

typedef struct ordering {
  nirc_for *x;
  nirc_schedule s;                                   /* of the graph as it is now */
  size_t *place;                                     /* by id: where it stands in s.order */
  out_edge **out;                                    /* by id: out-edges in the order of the file */
  size_t *n_out;
  size_t *visited;                                   /* by id: when the importer runs it, from 1; 0: never */
  nirc_op **sequence;
} ordering;

static int compare_edges(const void *a, const void *b)
{
  const out_edge *p = a, *q = b;
  return (p->key > q->key) - (p->key < q->key);
}

/* Nearer users first, so that what lies on the longer way runs before what both ways meet at; the Output last. */
static void sort_out_edges(ordering *o)
{
  for (size_t i = 0; i < o->s.n; i++)
    o->place[o->s.order[i]->id] = i;
  for (size_t i = 0; i < o->s.n; i++) {
    nirc_value *v = nirc_op_result(o->s.by_name[i]);
    size_t n = 0;
    for (const nirc_use *u = v->uses; u; u = u->next)
      n++;
    o->out[i] = NIRC_NEW_ARRAY(o->x->a, out_edge, n);
    for (const nirc_use *u = v->uses; u; u = u->next)
      o->out[i][o->n_out[i]++] = (out_edge){u->user, u->index, u->user->code == NIR_OUTPUT ? o->s.n : o->place[u->user->id]};
    qsort(o->out[i], n, sizeof *o->out[i], compare_edges);
  }
}

/* Depth-first, each node before its successors: as NIRTorch's `load` runs them. */
static size_t visit_preorder(ordering *o, nirc_op *input)
{
  nirc_op **path = NIRC_NEW_ARRAY(o->x->a, nirc_op *, o->s.n);
  size_t *next = NIRC_NEW_ARRAY(o->x->a, size_t, o->s.n), depth = 0, n = 0;
  path[depth++] = input;
  o->sequence[n] = input;
  o->visited[input->id] = ++n;
  while (depth) {
    uint32_t id = path[depth - 1]->id;
    if (next[id] == o->n_out[id]) {
      depth--;
      continue;
    }
    nirc_op *user = o->out[id][next[id]++].user;
    if (o->visited[user->id])
      continue;
    o->sequence[n] = user;
    o->visited[user->id] = ++n;
    path[depth++] = user;
  }
  return n;
}

static bool check_preorder(ordering *o)
{
  nirc_op *input = NULL;
  for (size_t i = 0; i < o->s.n; i++)
    if (o->s.by_name[i]->code == NIR_INPUT)
      input = o->s.by_name[i];
  size_t n = visit_preorder(o, input);
  for (size_t i = 0; i < o->s.n; i++) {
    const nirc_op *op = o->s.by_name[i];
    if (!o->visited[i])
      return nirc_for_refuse(o->x, op, "no way leads from the Input to it, and its importer runs such nodes never");
    if (op->code == NIR_OUTPUT && o->visited[i] != n)
      return nirc_for_refuse(o->x, o->sequence[n - 1], "its importer would return the value of this node, which it runs last, in place of the Output's");
    for (uint32_t k = 0; k < op->n_operands; k++) {
      const nirc_op *from = nirc_op_operand(op, k)->def;
      bool before = o->visited[from->id] < o->visited[i];
      if (before == o->s.back[i][k])
        return nirc_for_refuse(o->x, op, "its importer runs nodes depth-first, so that this one would run %s '%s' has, whatever the order of edges",
                               before ? "after" : "before", from->name);
    }
  }
  return true;
}

static bool check_chain(ordering *o)
{
  for (size_t i = 0; i < o->s.n; i++) {
    const nirc_op *op = o->s.by_name[i];
    if (op->n_operands > 1)
      return nirc_for_refuse(o->x, op, "its importer follows a chain of nodes, and %u edges lead here", op->n_operands);
    if (op->code != NIR_OUTPUT && o->n_out[i] != 1)
      return nirc_for_refuse(o->x, op, "its importer follows a chain of nodes, and %zu edges lead from here", o->n_out[i]);
  }
  return true;
}

/* Places in the file's list: by source as it is run, then by user. Operands follow them. */
static void number_edges(ordering *o)
{
  int64_t place = 0;
  nirc_value ***in = NIRC_NEW_ARRAY(o->x->a, nirc_value **, o->s.n);
  int64_t **places = NIRC_NEW_ARRAY(o->x->a, int64_t *, o->s.n);
  size_t *n = NIRC_NEW_ARRAY(o->x->a, size_t, o->s.n);
  for (size_t i = 0; i < o->s.n; i++) {
    in[i] = NIRC_NEW_ARRAY(o->x->a, nirc_value *, o->s.by_name[i]->n_operands);
    places[i] = NIRC_NEW_ARRAY(o->x->a, int64_t, o->s.by_name[i]->n_operands);
  }
  for (size_t i = 0; i < o->s.n; i++) {
    nirc_op *source = o->sequence[i];
    for (size_t k = 0; k < o->n_out[source->id]; k++) {
      uint32_t user = o->out[source->id][k].user->id;
      places[user][n[user]] = place++;
      in[user][n[user]++] = nirc_op_result(source);
    }
  }
  for (size_t i = 0; i < o->s.n; i++)
    if (n[i]) {
      nirc_op_set_operands(o->x->m, o->s.by_name[i], in[i], n[i]);
      set_edges(o->x, o->s.by_name[i], places[i]);
    }
}

static bool no_register(const nirc_op *op, const void *user)
{
  (void)op; (void)user;
  return false;                                      /* no importer takes a Delay */
}

bool nirc_for_schedule(nirc_for *x, nirc_schedule *s)
{
  return nirc_schedule_graph(s, x->a, x->graph, no_register, NULL, x->d);
}

/* Names decide which edge closes a loop: new ones may not move it. A nested graph has its loop inside. */
static bool check_loops(const ordering *o)
{
  for (size_t i = 0; i < o->x->schedule.n; i++) {
    const nirc_op *op = o->x->op[i];
    for (uint32_t k = 0; op->parent == o->x->graph->body && k < op->n_operands; k++)
      if (o->s.back[op->id][k] != o->x->schedule.back[i][k])
        return nirc_for_refuse(o->x, op, "with the names that its importer takes, another edge closes the loop that it is part of; rename the nodes of the loop");
  }
  return true;
}

bool nirc_for_edges(nirc_for *x)
{
  ordering o = {.x = x};
  if (!nirc_for_schedule(x, &o.s) || !check_loops(&o))
    return false;
  o.place = NIRC_NEW_ARRAY(x->a, size_t, o.s.n);
  o.out = NIRC_NEW_ARRAY(x->a, out_edge *, o.s.n);
  o.n_out = NIRC_NEW_ARRAY(x->a, size_t, o.s.n);
  o.visited = NIRC_NEW_ARRAY(x->a, size_t, o.s.n);
  o.sequence = NIRC_NEW_ARRAY(x->a, nirc_op *, o.s.n);
  sort_out_edges(&o);
  memcpy(o.sequence, o.s.order, o.s.n * sizeof *o.sequence);
  if (x->to->walk == NIRC_WALK_PREORDER && !check_preorder(&o))
    return false;
  if (x->to->walk == NIRC_WALK_CHAIN && !check_chain(&o))
    return false;
  number_edges(&o);
  return true;
}
