/* targets/speck/graph.c: which nodes are a layer, and how layers are joined. Nodes are visited in topological order; each knows by which ways
 * spikes arrive, through pooling, Flatten and ports of nested graphs, from an Input, an IF or a weight node. */
#include <inttypes.h>
#include <string.h>

#include "ir/dialect_nir.h"
#include "targets/speck/speck.h"

typedef struct way {
  const nirc_op *source;                             /* Input, IF or weight node */
  const nirc_op *pool;                               /* the last pooling on the way; NULL: none */
  int64_t pooling;                                   /* product of the chain */
  int64_t area;                                      /* by what average pooling divides */
  bool twice;                                        /* there are two ways from that source */
} way;

/* What is known of one op; op->id is the index. */
typedef struct node {
  way *in;                                           /* by which ways spikes arrive; of an op that passes them on, also how they leave */
  size_t n_in;
  bool excused;                                      /* something on the way was refused: what looks wrong behind it is no fault of its own */
  bool taken;                                        /* of a source: another op was found to follow */
  size_t layer;                                      /* of an IF or a weight node with an IF: index; else NONE */
} node;

enum { NONE = NIRC_SPECK_CORES, MAX_WAYS = 3 * NIRC_SPECK_CORES };       /* Inputs, IFs, weight nodes: no more than cores each */

typedef struct finder {
  nirc_speck_net *net;
  nirc_module *m;
  nirc_diag *d;
  nirc_region *graph;
  const nirc_op **order;                             /* topological */
  node *nodes;
  size_t n, n_ordered;
} finder;

static bool is_weight(const nirc_op *op)
{
  return op->code == NIR_CONV2D || op->code == NIR_AFFINE || op->code == NIR_LINEAR;
}

static bool is_pool(const nirc_op *op)
{
  return op->code == NIR_SUM_POOL2D || op->code == NIR_AVG_POOL2D;
}

static bool passes_on(const nirc_op *op)
{
  return is_pool(op) || op->code == NIR_FLATTEN || op->code == NIR_IDENTITY;
}

static bool is_known(const nirc_op *op)
{
  return is_weight(op) || passes_on(op) || op->code == NIR_IF || op->code == NIR_INPUT || op->code == NIR_OUTPUT;
}

static const char *type_of(const nirc_op *op)
{
  return op->def->nir_type ? op->def->nir_type : "port of a nested graph";
}

/* ---- what can be said of the nodes alone ------------------------------------------------------------------------------------------ */

/* The op that is one too many for the chip, if any. */
static const nirc_op *beyond(const nirc_region *graph, bool (*counts)(const nirc_op *), unsigned *n)
{
  const nirc_op *first = NULL;
  *n = 0;
  NIRC_FOR_EACH_OP(op, graph)
    if (counts(op) && ++*n == NIRC_SPECK_CORES + 1)
      first = op;
  return first;
}

static bool is_if(const nirc_op *op) { return op->code == NIR_IF; }
static bool is_input(const nirc_op *op) { return op->code == NIR_INPUT; }

static void check_counts(finder *x)
{
  unsigned n;
  const nirc_op *op = beyond(x->graph, is_if, &n);
  if (!op)
    op = beyond(x->graph, is_weight, &n);
  if (op) {
    nirc_error_code(x->d, "speck-too-many-layers", op->loc, "'%s': the network has %u layers (%s nodes), the chip %d cores", op->name, n,
                    is_if(op) ? "IF" : "weight", NIRC_SPECK_CORES);
    nirc_note(x->d, op->loc, "each pair of a weight node and an IF takes a core of its own; %u too many", n - NIRC_SPECK_CORES);
  }
  op = beyond(x->graph, is_input, &n);
  if (op)
    nirc_error_code(x->d, "speck-pattern", op->loc, "'%s': the network has %u Input nodes, the chip %d cores to feed", op->name, n, NIRC_SPECK_CORES);
}

static void check_node(finder *x, const nirc_op *op)
{
  if (!is_known(op)) {
    nirc_error_code(x->d, "speck-node", op->loc, "'%s': a %s cannot be mapped", op->name, type_of(op));
    nirc_note(x->d, op->loc, "a core holds Conv2d, Affine or Linear, then IF; SumPool2d, AvgPool2d and Flatten may lie between two cores");
  } else if (op->code == NIR_INPUT && op->n_operands) {
    nirc_error_code(x->d, "speck-pattern", op->loc, "'%s': an Input of the network cannot have an in-edge", op->name);
  } else if (op->code != NIR_INPUT && !op->n_operands) {
    nirc_error_code(x->d, "speck-pattern", op->loc, "'%s': no edge leads to this %s", op->name, type_of(op));
  }
}

static bool check_nodes(finder *x)
{
  unsigned before = x->d->errors, outputs = 0, inputs = 0;
  check_counts(x);
  NIRC_FOR_EACH_OP(op, x->graph) {
    check_node(x, op);
    inputs += op->code == NIR_INPUT;
    outputs += op->code == NIR_OUTPUT;
  }
  if (!inputs || !outputs)
    nirc_error_code(x->d, "speck-pattern", nirc_loc_file(x->m->path), "the network has no %s", inputs ? "Output" : "Input");
  return x->d->errors == before;
}

/* ---- order --------------------------------------------------------------------------------------------------------------------------- */

/* From an op that is left over back along edges: after as many steps as there are ops, that is on a cycle. */
static void report_cycle(finder *x, const uint32_t *waiting)
{
  const nirc_op *op = x->graph->first;
  while (!waiting[op->id])
    op = op->next;
  for (size_t step = 0; step < x->n; step++)
    for (uint32_t k = 0; k < op->n_operands; k++)
      if (waiting[nirc_op_operand(op, k)->def->id]) {
        op = nirc_op_operand(op, k)->def;
        break;
      }
  const nirc_op *at = op;
  const char *names = nirc_arena_printf(x->net->arena, "'%s'", op->name);
  size_t n = 0;
  do {
    uint32_t k = 0;
    while (!waiting[nirc_op_operand(at, k)->def->id])
      k++;
    at = nirc_op_operand(at, k)->def;
    if (++n < 9)
      names = nirc_arena_printf(x->net->arena, "'%s' -> %s", at->name, names);
    else if (n == 9)
      names = nirc_arena_printf(x->net->arena, "... -> %s", names);
  } while (at != op);
  nirc_error_code(x->d, "speck-cycle", op->loc, "'%s': %s (%s)", op->name, n == 1 ? "feeds itself" : "is in a cycle", names);
  nirc_note(x->d, op->loc, "within a time step events go forward only: recurrent networks cannot be mapped");
}

/* Kahn's algorithm, edge by edge. */
static bool order_nodes(finder *x)
{
  uint32_t *waiting = NIRC_NEW_ARRAY(x->net->arena, uint32_t, x->n + 1);
  x->order = NIRC_NEW_ARRAY(x->net->arena, const nirc_op *, x->n + 1);
  NIRC_FOR_EACH_OP(op, x->graph) {
    waiting[op->id] = op->n_operands;
    if (!op->n_operands)
      x->order[x->n_ordered++] = op;
  }
  for (size_t head = 0; head < x->n_ordered; head++)
    for (const nirc_use *u = x->order[head]->results[0].uses; u; u = u->next)
      if (!--waiting[u->user->id])
        x->order[x->n_ordered++] = u->user;
  if (x->n_ordered == x->n)
    return true;
  report_cycle(x, waiting);
  return false;
}

/* ---- ways ------------------------------------------------------------------------------------------------------------------------------ */

/* How spikes leave an op: as they arrived where it passes them on, else as its own. */
static size_t ways_from(const finder *x, const nirc_op *op, way *own, const way **out)
{
  const node *k = &x->nodes[op->id];
  *own = (way){.source = op, .pooling = 1, .area = 1};
  *out = passes_on(op) ? k->in : own;
  return passes_on(op) ? k->n_in : 1;
}

/* All that arrives at an op. */
static void gather(finder *x, const nirc_op *op)
{
  way all[MAX_WAYS], own;
  size_t n = 0;
  node *k = &x->nodes[op->id];
  for (uint32_t i = 0; i < op->n_operands; i++) {
    const nirc_op *before = nirc_op_operand(op, i)->def;
    const way *from;
    size_t n_from = ways_from(x, before, &own, &from);
    k->excused |= passes_on(before) && x->nodes[before->id].excused;
    for (size_t w = 0; w < n_from; w++) {
      size_t same = 0;
      while (same < n && all[same].source != from[w].source)
        same++;
      NIRC_ASSERT(same < MAX_WAYS);
      if (same < n)
        all[same].twice = true;
      else
        all[n++] = from[w];
      x->nodes[from[w].source->id].taken |= op->code != NIR_FLATTEN && op->code != NIR_IDENTITY;
    }
  }
  k->in = NIRC_NEW_ARRAY(x->net->arena, way, n + 1);
  memcpy(k->in, all, n * sizeof *all);
  k->n_in = n;
}

/* The refusal of a way; the ops behind are not blamed for it. */
#define REFUSE(x, op, code, ...) (nirc_error_code((x)->d, code, (op)->loc, __VA_ARGS__), (x)->nodes[(op)->id].excused = true)

static int64_t pool_size(finder *x, const nirc_op *op)
{
  nirc_window w;
  if (!nirc_nir_window(x->m, op, &w, x->d)) {
    x->nodes[op->id].excused = true;
    return 1;
  }
  const char *wrong = w.kernel[0] != w.kernel[1] ? "is not square" : w.stride[0] != w.kernel[0] || w.stride[1] != w.kernel[0] ? "overlaps or leaves gaps" :
                      w.before[0] || w.before[1] ? "is padded" : NULL;
  if (!wrong)
    return w.kernel[0];
  REFUSE(x, op, "speck-pool",
         "'%s': pooling %s: kernel_size = [%" PRId64 ", %" PRId64 "], stride = [%" PRId64 ", %" PRId64 "], padding = [%" PRId64 ", %" PRId64 "]", op->name,
         wrong, w.kernel[0], w.kernel[1], w.stride[0], w.stride[1], w.before[0], w.before[1]);
  nirc_note(x->d, op->loc, "a destination of a core sums squares of 1, 2 or 4, side by side");
  return 1;
}

static void visit_pool(finder *x, const nirc_op *op)
{
  node *k = &x->nodes[op->id];
  int64_t size = pool_size(x, op);
  for (size_t w = 0; w < k->n_in; w++) {
    way *v = &k->in[w];
    if (v->source->code != NIR_IF && !k->excused) {
      REFUSE(x, op, "speck-pattern", "'%s': a %s behind %s '%s': pooling belongs to a destination of a core, so that it follows an IF", op->name, type_of(op),
             v->source->code == NIR_INPUT ? "the Input" : "the weight node", v->source->name);
      continue;
    }
    v->pool = op;
    v->pooling = k->excused || size > NIRC_SPECK_MAX_POOLING ? v->pooling : v->pooling * size;
    v->area *= op->code == NIR_AVG_POOL2D && size <= NIRC_SPECK_MAX_POOLING ? size * size : 1;
    if (!k->excused && (size > NIRC_SPECK_MAX_POOLING || v->pooling == 3 || v->pooling > NIRC_SPECK_MAX_POOLING))
      REFUSE(x, op, "speck-pool", "'%s': pooling by %" PRId64 " behind '%s'; 1, 2 or 4 is wanted", op->name, size > NIRC_SPECK_MAX_POOLING ? size : v->pooling,
             v->source->name);
  }
  if (!op->results[0].uses && !k->excused)
    REFUSE(x, op, "speck-trailing-pool", "'%s': nothing follows this %s: pooling belongs to the way to another core", op->name, type_of(op));
}

static void visit_flatten(finder *x, const nirc_op *op)
{
  const nirc_shape *in = &nirc_op_operand(op, 0)->type->shape, *out = &op->results[0].type->shape;
  if (out->rank != 1 && !nirc_shape_equal(in, out))
    REFUSE(x, op, "speck-pattern", "'%s': Flatten makes %s of %s; only all axes together can vanish", op->name, nirc_shape_text(x->net->arena, out),
           nirc_shape_text(x->net->arena, in));
}

/* ---- layers ---------------------------------------------------------------------------------------------------------------------------- */

/* Everything that a weight node takes in. */
static void visit_weight(finder *x, const nirc_op *op)
{
  node *k = &x->nodes[op->id];
  for (size_t w = 0; w < k->n_in; w++) {
    const way *v = &k->in[w];
    if (is_weight(v->source))
      REFUSE(x, op, "speck-pattern", "'%s': the weight node '%s' feeds this %s without an IF between them", op->name, v->source->name, type_of(op));
    else if (v->twice)
      REFUSE(x, op, "speck-fan-out", "'%s': '%s' feeds this %s by two ways; a core can be a destination once", op->name, v->source->name, type_of(op));
    else if (v->area != k->in[0].area)
      REFUSE(x, op, "speck-avgpool", "'%s': what comes from '%s' is divided by %" PRId64 " (average pooling), what comes from '%s' by %" PRId64
             ": one core has one scale of weights", op->name, k->in[0].source->name, k->in[0].area, v->source->name, v->area);
  }
}

/* A new layer, of this IF and the weight node before it. */
static void visit_if(finder *x, const nirc_op *op)
{
  node *k = &x->nodes[op->id];
  const way *v = k->in;
  if (!k->n_in)
    return;
  if (k->n_in > 1 || v->twice) {
    REFUSE(x, op, "speck-pattern", "'%s': '%s' and '%s' feed this IF; a core has one weight node", op->name, v[0].source->name, v[k->n_in - 1].source->name);
    return;
  }
  const nirc_op *weight = v->source;
  if (!is_weight(weight)) {
    REFUSE(x, op, "speck-pattern", "'%s': this IF follows the %s '%s'; a Conv2d, Affine or Linear is wanted before it", op->name,
           type_of(v->pool ? v->pool : weight), v->pool ? v->pool->name : weight->name);
    return;
  }
  if (!nirc_shape_equal(&weight->results[0].type->shape, &op->results[0].type->shape)) {
    REFUSE(x, op, "speck-pattern", "'%s': a Flatten between '%s' and this IF; it has to come behind the IF", op->name, weight->name);
    return;
  }
  node *kw = &x->nodes[weight->id];
  if (kw->layer != NONE) {
    REFUSE(x, op, "speck-pattern", "'%s': the weight node '%s' feeds '%s', too; a core has one IF", op->name, weight->name, x->net->layers[kw->layer].neuron);
    return;
  }
  kw->layer = k->layer = x->net->n;
  x->net->layers[x->net->n++] =
    (nirc_speck_layer){.weight = weight->name, .neuron = op->name, .weight_op = weight, .neuron_op = op, .area = kw->n_in ? kw->in[0].area : 1, .core = -1};
}

static void visit_output(finder *x, const nirc_op *op)
{
  const node *k = &x->nodes[op->id];
  unsigned before = x->d->errors;
  for (size_t w = 0; w < k->n_in; w++) {
    const way *v = &k->in[w];
    if (v->pool) {
      REFUSE(x, v->pool, "speck-trailing-pool", "'%s': a %s between '%s' and the Output '%s': events that leave the chip are not pooled", v->pool->name,
             type_of(v->pool), v->source->name, op->name);
      nirc_note(x->d, v->pool->loc, "leave the pooling out and sum the events where they are read");
    } else if (v->source->code != NIR_IF) {
      REFUSE(x, op, "speck-pattern", "'%s': the %s '%s' feeds this Output; only spikes of an IF leave the chip", op->name, type_of(v->source), v->source->name);
    }
  }
  if (x->d->errors == before && k->n_in && (k->n_in > 1 || k->in[0].twice))
    REFUSE(x, op, "speck-pattern", "'%s': several ways lead to this Output; events are not added up when they leave the chip", op->name);
}

static void visit(finder *x, const nirc_op *op)
{
  gather(x, op);
  if (is_pool(op))
    visit_pool(x, op);
  else if (op->code == NIR_FLATTEN)
    visit_flatten(x, op);
  else if (is_weight(op))
    visit_weight(x, op);
  else if (op->code == NIR_IF)
    visit_if(x, op);
  else if (op->code == NIR_OUTPUT)
    visit_output(x, op);
}

/* A weight node that no other op was found to follow. */
static void check_ends(finder *x)
{
  for (size_t i = 0; i < x->n; i++)
    if (is_weight(x->order[i]) && !x->nodes[x->order[i]->id].taken)
      REFUSE(x, x->order[i], "speck-pattern", "'%s': no IF follows this %s", x->order[i]->name, type_of(x->order[i]));
}

/* ---- connections ------------------------------------------------------------------------------------------------------------------------ */

static void connect_layer(finder *x, size_t to, unsigned count[])
{
  nirc_speck_layer *l = &x->net->layers[to];
  const node *k = &x->nodes[l->weight_op->id];
  for (size_t w = 0; w < k->n_in; w++) {
    const way *v = &k->in[w];
    if (v->source->code == NIR_INPUT) {
      l->from_input = true;
      l->inputs[l->n_inputs++] = v->source;
      continue;
    }
    size_t from = x->nodes[v->source->id].layer;
    nirc_speck_layer *s = &x->net->layers[from];
    if (count[from]++ < NIRC_SPECK_DESTINATIONS)
      s->to[s->n_to++] = (nirc_speck_way){.layer = to, .pooling = v->pooling};
  }
}

static void connect(finder *x)
{
  unsigned count[NIRC_SPECK_CORES] = {0};
  for (size_t i = 0; i < x->net->n; i++)
    connect_layer(x, i, count);
  for (size_t i = 0; i < x->net->n; i++)
    if (count[i] > NIRC_SPECK_DESTINATIONS) {
      const nirc_speck_layer *l = &x->net->layers[i];
      nirc_error_code(x->d, "speck-fan-out", l->neuron_op->loc, "'%s': this IF feeds %u layers; a core has %d destinations", l->neuron, count[i], NIRC_SPECK_DESTINATIONS);
      nirc_note(x->d, l->neuron_op->loc, "%u too many; a copy of '%s' and '%s', on another core, has %d more", count[i] - NIRC_SPECK_DESTINATIONS, l->weight, l->neuron,
                NIRC_SPECK_DESTINATIONS);
    }
}

/* Sources first; among layers that may come next, the one whose IF comes first by name. */
static void sort_layers(nirc_speck_net *net)
{
  nirc_speck_layer sorted[NIRC_SPECK_CORES];
  size_t waiting[NIRC_SPECK_CORES] = {0}, number[NIRC_SPECK_CORES];
  for (size_t i = 0; i < net->n; i++)
    for (size_t t = 0; t < net->layers[i].n_to; t++)
      waiting[net->layers[i].to[t].layer]++;
  for (size_t n = 0; n < net->n; n++) {
    size_t next = NONE;
    for (size_t i = 0; i < net->n; i++)
      if (waiting[i] == 0 && (next == NONE || strcmp(net->layers[i].neuron, net->layers[next].neuron) < 0))
        next = i;
    NIRC_ASSERT(next != NONE);
    sorted[n] = net->layers[next];
    number[next] = n;
    waiting[next] = NONE;
    for (size_t t = 0; t < sorted[n].n_to; t++)
      waiting[sorted[n].to[t].layer]--;
  }
  for (size_t n = 0; n < net->n; n++) {
    nirc_speck_layer *l = &net->layers[n];
    *l = sorted[n];
    for (size_t t = 0; t < l->n_to; t++)
      l->to[t].layer = number[l->to[t].layer];
    if (l->n_to == 2 && l->to[0].layer > l->to[1].layer) {
      nirc_speck_way first = l->to[1];
      l->to[1] = l->to[0];
      l->to[0] = first;
    }
  }
}

static void find_outputs(finder *x)
{
  nirc_speck_net *net = x->net;
  net->outputs = NIRC_NEW_ARRAY(net->arena, nirc_speck_output, x->n + 1);
  NIRC_FOR_EACH_OP(op, x->graph) {
    if (op->code != NIR_OUTPUT)
      continue;
    nirc_speck_output *o = &net->outputs[net->n_outputs++];
    o->op = op;
    while (net->layers[o->layer].neuron_op != x->nodes[op->id].in[0].source)
      o->layer++;
    net->layers[o->layer].monitored = true;
  }
}

bool nirc_speck_find_layers(nirc_speck_net *net, nirc_module *m, nirc_diag *d)
{
  finder x = {.net = net, .m = m, .d = d, .graph = &m->body.first->body[0]};
  unsigned before = d->errors;
  NIRC_FOR_EACH_OP(op, x.graph)
    op->id = (uint32_t)x.n++;
  if (!check_nodes(&x) || !order_nodes(&x))
    return false;
  x.nodes = NIRC_NEW_ARRAY(net->arena, node, x.n + 1);
  for (size_t i = 0; i < x.n; i++)
    x.nodes[i].layer = NONE;
  for (size_t i = 0; i < x.n; i++)
    visit(&x, x.order[i]);
  check_ends(&x);
  if (d->errors != before)
    return false;
  connect(&x);
  if (d->errors != before)
    return false;
  sort_layers(net);
  find_outputs(&x);
  return true;
}
