#include "frontend/report.h"

#include <stdlib.h>
#include <string.h>

#include "frontend/graph.h"
#include "ir/dialect_nir.h"

static uint64_t plus(uint64_t a, uint64_t b)
{
  return a > NIRC_REPORT_MOST - b ? NIRC_REPORT_MOST : a + b;
}

static uint64_t times(uint64_t a, uint64_t b)
{
  uint64_t product;
  return __builtin_mul_overflow(a, b, &product) || product > NIRC_REPORT_MOST ? NIRC_REPORT_MOST : product;
}

/* ---- windows -------------------------------------------------------------------------------------------------------------- */

/* One axis of a convolution or pooling. */
typedef struct axis { int64_t in, out, kernel, stride, dilation, before; } axis;

static int64_t divide_up(int64_t a, int64_t b)
{
  return a > 0 ? (a + b - 1) / b : -(-a / b);
}

/* Pairs of an output and a tap of its window that lies inside the input: output o and tap k meet input o*stride + k*dilation - before. */
static uint64_t pairs_inside(const axis *a)
{
  uint64_t n = 0;
  for (int64_t k = 0; k < a->kernel; k++) {
    int64_t offset = a->before - k * a->dilation;
    int64_t first = divide_up(offset, a->stride), end = divide_up(offset + a->in, a->stride);
    first = first < 0 ? 0 : first;
    end = end > a->out ? a->out : end;
    n += end > first ? (uint64_t)(end - first) : 0;
  }
  return n;
}

static uint64_t node_pairs(const nirc_window *w, const nirc_shape *in, const nirc_shape *out)
{
  uint64_t n = 1;
  for (int i = 0; i < w->n_axes; i++)
    n = times(n, pairs_inside(&(axis){(int64_t)in->dims[i + 1], (int64_t)out->dims[i + 1], w->kernel[i], w->stride[i], w->dilation[i], w->before[i]}));
  return n;
}

/* The same of snn.conv and the pools. */
uint64_t nirc_report_pairs(const nirc_op *op)
{
  const nirc_shape *in = &nirc_op_operand(op, 0)->type->shape, *out = &op->results[0].type->shape, *stride = nirc_op_shape(op, "stride");
  const nirc_shape *before = nirc_op_shape(op, "before"), *weight = op->code == SNN_CONV ? &nirc_op_blob(op, "weight")->shape : NULL;
  uint64_t n = 1;
  for (int i = 0; i < 2; i++) {
    uint64_t kernel = weight ? weight->dims[i + 2] : nirc_op_shape(op, "kernel_size")->dims[i];
    n = times(n, pairs_inside(&(axis){(int64_t)in->dims[i + 1], (int64_t)out->dims[i + 1], (int64_t)kernel, (int64_t)stride->dims[i],
                                      weight ? (int64_t)nirc_op_shape(op, "dilation")->dims[i] : 1, (int64_t)before->dims[i]}));
  }
  return n;
}

/* ---- the network as read --------------------------------------------------------------------------------------------------- */

static bool is_parameter(const nirc_attr_def *def)
{
  return def->kind == NIRC_ATTR_DENSE && (def->rule == NIRC_SHAPE_LAYER || strcmp(def->name, "weight") == 0 || strcmp(def->name, "bias") == 0);
}

/* Pairs of an input and an output that a Linear, Affine or Conv weighs. */
static uint64_t connections_of(nirc_module *m, const nirc_op *op, const nirc_type *in, const nirc_type *out)
{
  const nirc_blob *weight = nirc_op_blob(op, "weight");
  if (!weight)
    return 0;
  if (!op->def->n_axes)
    return weight->count;
  nirc_window w;
  nirc_diag silent;
  nirc_diag_init(&silent, stderr, "nirc");
  silent.errors = NIRC_MAX_ERRORS;                   /* the reader has checked the window */
  if (!in || !out || !nirc_nir_window(m, op, &w, &silent))
    return 0;
  return times(times(weight->shape.dims[0], weight->shape.dims[1]), node_pairs(&w, &in->shape, &out->shape));
}

/* By node its first in-edge; the number of edges where there is none. */
static size_t *first_edges(nirc_arena *a, const nirc_graph *g)
{
  size_t *first = NIRC_NEW_ARRAY(a, size_t, g->n_nodes);
  for (size_t n = 0; n < g->n_nodes; n++)
    first[n] = g->n_edges;
  for (size_t e = g->n_edges; e-- > 0;)
    first[g->edges[e].to] = e;
  return first;
}

/* at[n]: where node n comes when every node stands behind those that it receives from in the same step, by a search against the edges from the first node on.
 * A cycle that compiling refuses is cut somewhere. */
static size_t *reading_order(nirc_arena *a, const nirc_graph *g, const size_t *first)
{
  enum { UNSEEN, OPEN, PLACED };
  typedef struct frame { size_t node, edge; } frame;
  size_t *at = NIRC_NEW_ARRAY(a, size_t, g->n_nodes), placed = 0;
  unsigned char *seen = NIRC_NEW_ARRAY(a, unsigned char, g->n_nodes);
  frame *stack = NIRC_NEW_ARRAY(a, frame, g->n_nodes);
  for (size_t n = 0; n < g->n_nodes; n++) {
    size_t depth = 0;
    if (seen[n] == UNSEEN) {
      seen[n] = OPEN;
      stack[depth++] = (frame){n, first[n]};
    }
    while (depth) {
      frame *top = &stack[depth - 1];
      if (top->edge == g->n_edges || g->edges[top->edge].to != top->node) {
        seen[top->node] = PLACED;
        at[top->node] = placed++;
        depth--;
        continue;
      }
      const nirc_graph_edge *edge = &g->edges[top->edge++];
      if (!edge->back && seen[edge->from] == UNSEEN) {
        seen[edge->from] = OPEN;
        stack[depth++] = (frame){edge->from, first[edge->from]};
      }
    }
  }
  return at;
}

static void add_nodes(nirc_report *r, nirc_module *m, const nirc_graph *g)
{
  r->n_layers = g->n_nodes;
  r->layers = NIRC_NEW_ARRAY(r->arena, nirc_report_layer, g->n_nodes);
  const size_t *at = reading_order(r->arena, g, r->first_edge = first_edges(r->arena, g));
  r->at = at;
  for (size_t n = 0; n < g->n_nodes; n++) {
    const nirc_graph_node *node = &g->nodes[n];
    r->layers[at[n]] = (nirc_report_layer){.name = node->path, .type = node->type, .kind = nirc_graph_kind(node->op),
                                           .out = node->op->code == NIR_OUTPUT ? NULL : node->value};
  }
  for (size_t e = 0; e < g->n_edges; e++) {
    r->layers[at[g->edges[e].to]].in = g->edges[e].value;
    r->layers[at[g->edges[e].from]].out = g->edges[e].value;             /* an Output of a nested graph sends */
  }
  for (size_t n = 0; n < g->n_nodes; n++) {
    nirc_report_layer *l = &r->layers[at[n]];
    const nirc_op *op = g->nodes[n].op;
    for (size_t i = 0; i < op->def->n_attrs; i++) {
      const nirc_blob *b = is_parameter(&op->def->attrs[i]) ? nirc_op_blob(op, op->def->attrs[i].name) : NULL;
      l->parameters += b ? b->count : 0;
      l->parameter_bytes += b ? times(b->count, nirc_dtype_size(b->dtype)) : 0;
    }
    l->connections = connections_of(m, op, l->in, l->out);
  }
}

/* ---- the step --------------------------------------------------------------------------------------------------------------- */

/* An op of the step and the layer it belongs to: ops carry the path of the node that they came from. */
typedef struct member { nirc_op *op; size_t place; nirc_report_layer *layer; } member;

static int by_name(const void *a, const void *b)
{
  const member *x = a, *y = b;
  int names = strcmp(x->op->name, y->op->name);
  return names ? names : (x->place > y->place) - (x->place < y->place);
}

static int by_place(const void *a, const void *b)
{
  const member *x = a, *y = b;
  return (x->place > y->place) - (x->place < y->place);
}

static int layers_by_name(const void *a, const void *b)
{
  return strcmp((*(nirc_report_layer *const *)a)->name, (*(nirc_report_layer *const *)b)->name);
}

/* Is it what the layer is for, rather than what is around it? */
static bool is_main(const nirc_op *op)
{
  return op->code != SNN_STATE && op->code != SNN_UPDATE && op->code != SNN_ADD && op->code != SNN_PROBE && op->code != SNN_RESHAPE && op->code != HW_PLACE;
}

/* The layer of that name; NULL: none. */
static nirc_report_layer *layer_named(nirc_report_layer *const *sorted, size_t n, const char *name)
{
  const nirc_report_layer key = {.name = name}, *wanted = &key;
  nirc_report_layer *const *found = n ? bsearch(&wanted, sorted, n, sizeof *sorted, layers_by_name) : NULL;
  return found ? *found : NULL;
}

/* Gives every op its layer, where there is one of its name, or of its name without the last part: a state of a chip is called NODE/v. */
static void find_layers(const nirc_report *r, member *ops, size_t n_ops)
{
  nirc_report_layer **sorted = NIRC_NEW_ARRAY(r->arena, nirc_report_layer *, r->n_layers + 1);
  for (size_t n = 0; n < r->n_layers; n++)
    sorted[n] = &r->layers[n];
  qsort(sorted, r->n_layers, sizeof *sorted, layers_by_name);
  for (size_t k = 0; k < n_ops; k++) {
    const char *name = ops[k].op->name, *slash = strrchr(name, '/');
    ops[k].layer = layer_named(sorted, r->n_layers, name);
    if (!ops[k].layer && slash && !is_main(ops[k].op))
      ops[k].layer = layer_named(sorted, r->n_layers, nirc_arena_strndup(r->arena, name, (size_t)(slash - name)));
  }
}

/* Layers for ops that belong to none: all of a module that was read at the snn level, and what a pass has put in. */
static void add_layers(nirc_report *r, const member *ops, size_t n_ops)
{
  member *fresh = NIRC_NEW_ARRAY(r->arena, member, n_ops);
  size_t n = 0;
  for (size_t k = 0; k < n_ops; k++) {
    bool first = n == 0 || strcmp(fresh[n - 1].op->name, ops[k].op->name) != 0;
    if (!ops[k].layer && first)
      fresh[n++] = ops[k];
    else if (!ops[k].layer && !is_main(fresh[n - 1].op) && is_main(ops[k].op))
      fresh[n - 1].op = ops[k].op;
  }
  if (!n)
    return;
  qsort(fresh, n, sizeof *fresh, by_place);
  nirc_report_layer *all = NIRC_NEW_ARRAY(r->arena, nirc_report_layer, r->n_layers + n);
  if (r->n_layers)
    memcpy(all, r->layers, r->n_layers * sizeof *all);
  for (size_t k = 0; k < n; k++) {
    const nirc_op *op = fresh[k].op;
    all[r->n_layers++] = (nirc_report_layer){.name = op->name, .type = op->def->mnemonic, .kind = nirc_graph_kind(op),
                                             .in = op->n_operands ? nirc_op_operand(op, 0)->type : NULL, .out = op->n_results ? op->results[0].type : NULL};
  }
  r->layers = all;
}

static void add_cost(nirc_report_cost *c, const nirc_op *op)
{
  uint64_t elements = op->n_results ? op->results[0].type->count : 0;
  switch (op->code) {
  case SNN_STATE: c->state_bytes = plus(c->state_bytes, times(elements, nirc_dtype_size(nirc_op_blob(op, "init")->dtype))); break;
  case SNN_DENSE: case SNN_SPARSE_DENSE: case HW_PROJECT: c->multiply_adds = plus(c->multiply_adds, nirc_op_blob(op, "weight")->count); break;
  case SNN_CONV: {
    const nirc_shape *w = &nirc_op_blob(op, "weight")->shape;
    c->multiply_adds = plus(c->multiply_adds, times(times(w->dims[0], w->dims[1]), nirc_report_pairs(op)));
    break;
  }
  case SNN_SUM_POOL: case SNN_AVG_POOL:
    c->elementwise = plus(c->elementwise, plus(times(op->results[0].type->shape.dims[0], nirc_report_pairs(op)), op->code == SNN_AVG_POOL ? elements : 0));
    break;
  case SNN_ADD: case SNN_SCALE: case SNN_THRESHOLD: c->elementwise = plus(c->elementwise, elements); break;
  case SNN_NEURON:
    c->neuron_updates = plus(c->neuron_updates, elements);
    break;
  default: break;                                    /* ports and what only moves values */
  }
}

/* A population counts by what is in it. */
static size_t count_members(const nirc_region *region)
{
  size_t n = 0;
  NIRC_FOR_EACH_OP(op, region)
    n += op->body ? count_members(op->body) : 1;
  return n;
}

static void add_members(const nirc_region *region, member *ops, size_t *n)
{
  NIRC_FOR_EACH_OP(op, region)
    if (op->body) {
      add_members(op->body, ops, n);
    } else {
      ops[*n] = (member){.op = op, .place = *n};
      ++*n;
    }
}

static member *members_of(nirc_report *r, const nirc_op *step, size_t *n)
{
  member *ops = NIRC_NEW_ARRAY(r->arena, member, count_members(step->body));
  *n = 0;
  add_members(step->body, ops, n);
  qsort(ops, *n, sizeof *ops, by_name);
  find_layers(r, ops, *n);
  return ops;
}

/* ---- passes ------------------------------------------------------------------------------------------------------------------- */

static void add_size(nirc_report_size *s, const nirc_region *region)
{
  NIRC_FOR_EACH_OP(op, region) {
    s->ops++;
    for (const nirc_attr *a = op->attrs; a; a = a->next)
      if (a->kind == NIRC_ATTR_DENSE)
        s->constant_bytes = plus(s->constant_bytes, nirc_blob_bytes(a->blob));
    if (op->body)
      add_size(s, op->body);
  }
}

static nirc_report_size size_of(const nirc_module *m)
{
  nirc_report_size s = {0};
  add_size(&s, m->body.first->body);
  return s;
}

void nirc_report_add_pass(nirc_report *r, const char *name, const char *const *counter_names, const uint64_t *counters, size_t n, const nirc_module *m)
{
  nirc_report_counter *list = NIRC_NEW_ARRAY(r->arena, nirc_report_counter, n);
  for (size_t i = 0; i < n; i++)
    list[i] = (nirc_report_counter){counter_names[i], counters[i]};
  nirc_report_pass *p = NIRC_NEW(r->arena, nirc_report_pass);
  *p = (nirc_report_pass){.name = name, .counters = list, .n_counters = n, .before = r->size, .after = size_of(m)};
  r->size = p->after;
  if (r->last_pass)
    r->last_pass->next = p;
  else
    r->passes = p;
  r->last_pass = p;
}

void nirc_report_add_figure(nirc_report *r, const char *node, const char *name, double value)
{
  nirc_report_pass *p = r->last_pass;
  nirc_report_figure *f = NIRC_NEW(r->arena, nirc_report_figure);
  *f = (nirc_report_figure){.node = node, .name = name, .value = value};
  if (p->last_figure)
    p->last_figure->next = f;
  else
    p->figures = f;
  p->last_figure = f;
}

/* ---- all of it ------------------------------------------------------------------------------------------------------------------ */

const char *nirc_report_file_name(nirc_arena *a, const char *path)
{
  const char *slash = strrchr(path, '/');
  nirc_strbuf b;
  nirc_strbuf_init(&b, nirc_arena_heap(a));
  nirc_graph_add_visible(&b, slash ? slash + 1 : path, "\\\\", "\\");
  const char *name = nirc_arena_strdup(a, b.data);
  nirc_strbuf_deinit(&b);
  return name;
}

static void keep_drawing(nirc_report *r, const nirc_graph *g)
{
  r->n_nodes = g->n_nodes;
  r->n_edges = g->n_edges;
  if (g->n_nodes > NIRC_REPORT_MOST_DRAWN)
    return;
  nirc_strbuf b;
  nirc_strbuf_init(&b, nirc_arena_heap(r->arena));
  nirc_graph_print_dot(g, r->arena, &b);
  r->dot = nirc_arena_strdup(r->arena, b.data);
  nirc_strbuf_deinit(&b);
}

nirc_report *nirc_report_begin(nirc_arena *a, nirc_module *m, double dt)
{
  nirc_report *r = NIRC_NEW(a, nirc_report);
  *r = (nirc_report){.arena = a, .name = m->name, .source = nirc_report_file_name(a, m->path), .dt = dt, .size = size_of(m),
                      .source_hash = {m->source_hash[0], m->source_hash[1]}};
  r->has_nodes = m->level == NIRC_LEVEL_NIR;
  nirc_graph *g = NIRC_NEW(a, nirc_graph);
  nirc_graph_make(g, a, m, dt);
  r->graph = g;
  keep_drawing(r, g);
  if (r->has_nodes) {
    add_nodes(r, m, g);
  } else {
    size_t n;
    const member *ops = members_of(r, m->body.first, &n);
    add_layers(r, ops, n);
  }
  return r;
}

void nirc_report_end(nirc_report *r, const nirc_module *m)
{
  const nirc_op *step = m->body.first;
  r->has_steps = nirc_level_has_steps(m->level);
  if (r->has_steps) {
    size_t n;
    const member *ops = members_of(r, step, &n);
    add_layers(r, ops, n);
    ops = members_of(r, step, &n);
    for (size_t k = 0; k < n; k++) {
      add_cost(&ops[k].layer->cost, ops[k].op);
      add_cost(&r->cost, ops[k].op);
    }
    r->dt = nirc_op_attr(step, "dt")->f;
    r->profile = nirc_op_attr(step, "profile")->s;
    r->chip = m->level == NIRC_LEVEL_HW ? nirc_chip_read(r->arena, step) : NULL;
    r->estimate = nirc_estimate_make(r->arena, m, r->inference_steps);
  }
  for (size_t n = 0; n < r->n_layers; n++) {
    r->parameters = plus(r->parameters, r->layers[n].parameters);
    r->parameter_bytes = plus(r->parameter_bytes, r->layers[n].parameter_bytes);
    r->connections = plus(r->connections, r->layers[n].connections);
  }
}
