/* targets/xylo/graph.c: from the nodes of a network to layers of the core and blocks of weights between them. The graph is inlined; what was a port of a nested
 * graph (nir.identity) is looked through, as if the edges met there. */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "passes/check_time.h"
#include "passes/schedule.h"
#include "targets/xylo/xylo.h"

/* What arrives at a node: from which nodes, how often the edges lead there, and whether one of them delivers the value of the step before. */
typedef struct origin { const nirc_op *op; bool feedback; double times; } origin;
typedef struct reach { origin *list; size_t n; bool known; } reach;

typedef struct mapper {
  nirc_xylo_network *net;
  nirc_module *m;
  nirc_diag *d;
  const nirc_op *graph;
  nirc_schedule schedule;
  reach *reach;                                      /* by node id, as all that follows */
  const reach **owner;                               /* twice: whose list the entry of `slot` is about; without and with feedback */
  size_t *slot;
  size_t *distance;                                  /* edges from the Input, identities not counted; SIZE_MAX: none lead there */
  int *layer;                                        /* index of a CubaLIF's layer */
  int *block;                                        /* by index of a layer and one more: its block to the layer at hand; a mark before there is one */
  const nirc_op *input, *output_layer;
} mapper;

static bool is_weights(const nirc_op *op) { return op->code == NIR_LINEAR || op->code == NIR_AFFINE; }
static bool is_transparent(const nirc_op *op) { return op->code == NIR_IDENTITY || op->code == NIR_OUTPUT; }

/* ---- nodes by themselves ---------------------------------------------------------------------------------------------------- */

static void check_numbers(mapper *x, const nirc_op *op)
{
  for (const nirc_attr *a = op->attrs; a; a = a->next) {
    bool is_time = strncmp(a->name, "tau", 3) == 0;
    size_t n = a->kind == NIRC_ATTR_DENSE && nirc_dtype_is_float(a->blob->dtype) ? a->blob->splat ? a->blob->count > 0 : a->blob->count : 0;
    for (size_t i = 0; i < n; i++) {
      double v = nirc_blob_get(a->blob, i);
      if (isfinite(v) && (!is_time || v > 0))
        continue;
      nirc_error(x->d, nirc_op_attr_loc(x->m, op, a->name), "'%s': %s = %g (element %zu), a %s is wanted", op->name, a->name, v, i,
                 is_time ? "time above 0" : "finite number");
      break;
    }
  }
}

static void check_node(mapper *x, const nirc_op *op)
{
  const nirc_blob *b;
  switch (op->code) {
  case NIR_IDENTITY: case NIR_OUTPUT: case NIR_LINEAR: break;
  case NIR_INPUT:
    if (op->n_operands)
      nirc_error(x->d, op->loc, "'%s': an Input of the network cannot have an in-edge", op->name);
    return;
  case NIR_AFFINE:
    b = nirc_op_blob(op, "bias");
    if (b->count && !nirc_blob_is_all(b, 0)) {
      nirc_error_code(x->d, "xylo-bias", nirc_op_attr_loc(x->m, op, "bias"),
                      "node %s: non-zero Affine bias (only a per-neuron membrane bias exists on Xylo)", op->name);
      nirc_note(x->d, op->loc, "the v_leak of a CubaLIF becomes the membrane bias");
    }
    break;
  case NIR_CUBA_LIF:
    b = nirc_op_blob(op, "v_reset");
    if (b && b->count && !nirc_blob_is_all(b, 0))
      nirc_error_code(x->d, "xylo-reset", nirc_op_attr_loc(x->m, op, "v_reset"), "node %s: v_reset must be 0 (Xylo subtracts the threshold)", op->name);
    break;
  default:
    nirc_error_code(x->d, "xylo-unsupported-node", op->loc, "node %s: %s has no Xylo equivalent", op->name, op->def->nir_type);
    if (op->code == NIR_LIF || op->code == NIR_IF)
      nirc_note(x->d, op->loc, "a neuron of Xylo always has a synaptic state, as a CubaLIF has");
    return;
  }
  check_numbers(x, op);
  if (!op->n_operands)
    nirc_error(x->d, op->loc, "'%s': no edge leads to this %s", op->name, op->def->nir_type ? op->def->nir_type : "port of a nested graph");
}

static bool check_nodes(mapper *x)
{
  unsigned before = x->d->errors;
  const nirc_xylo_choices *c = &x->net->choices;
  nirc_loc file = nirc_loc_file(x->m->path);
  NIRC_FOR_EACH_OP(op, x->graph->body)
    check_node(x, op);
  if (c->reset_given && !c->subtract)
    nirc_error_code(x->d, "xylo-reset", file, "reset to v_reset is not available (Xylo subtracts the threshold)");
  return x->d->errors == before;
}

/* ---- what arrives where ----------------------------------------------------------------------------------------------------- */

static void add_origin(mapper *x, reach *r, const nirc_op *op, bool feedback, double times)
{
  size_t key = 2 * (size_t)op->id + feedback;
  if (x->owner[key] != r) {
    x->owner[key] = r;
    x->slot[key] = r->n;
    r->list[r->n++] = (origin){op, feedback, 0};
  }
  r->list[x->slot[key]].times += times;
}

static void collect(mapper *x, const nirc_op *op)
{
  reach *r = &x->reach[op->id];
  size_t most = 0;
  for (uint32_t k = 0; k < op->n_operands; k++) {
    const nirc_op *source = nirc_op_operand(op, k)->def;
    most += is_transparent(source) ? x->reach[source->id].n : 1;
  }
  r->list = NIRC_NEW_ARRAY(x->net->arena, origin, most);
  for (uint32_t k = 0; k < op->n_operands; k++) {
    const nirc_op *source = nirc_op_operand(op, k)->def;
    bool back = x->schedule.back[op->id][k];
    const reach *through = &x->reach[source->id];
    if (!is_transparent(source))
      add_origin(x, r, source, back, 1);
    for (size_t i = 0; is_transparent(source) && i < through->n; i++)
      add_origin(x, r, through->list[i].op, back || through->list[i].feedback, through->list[i].times);
  }
  r->known = true;
}

/* Transparent nodes before those that look through them; there is no cycle of such nodes alone (nirc_schedule_graph). */
static void find_reach(mapper *x)
{
  const nirc_schedule *s = &x->schedule;
  nirc_arena *a = x->net->arena;
  const nirc_op **stack = NIRC_NEW_ARRAY(a, const nirc_op *, s->n);
  uint32_t *next = NIRC_NEW_ARRAY(a, uint32_t, s->n);
  x->reach = NIRC_NEW_ARRAY(a, reach, s->n);
  x->owner = NIRC_NEW_ARRAY(a, const reach *, 2 * s->n);
  x->slot = NIRC_NEW_ARRAY(a, size_t, 2 * s->n);
  for (size_t i = 0; i < s->n; i++) {
    size_t depth = 0;
    if (!x->reach[i].known)
      stack[depth++] = s->by_name[i];
    while (depth) {
      const nirc_op *op = stack[depth - 1], *missing = NULL;
      while (!missing && next[op->id] < op->n_operands) {
        const nirc_op *source = nirc_op_operand(op, next[op->id]++)->def;
        missing = is_transparent(source) && !x->reach[source->id].known ? source : NULL;
      }
      if (missing)
        stack[depth++] = missing;
      else
        collect(x, stack[--depth]);
    }
  }
}

/* Breadth first, level by level; a transparent node belongs to the level that it is reached from. */
static void find_distances(mapper *x)
{
  size_t n = x->schedule.n, n_now = 1, n_next;
  const nirc_op **now = NIRC_NEW_ARRAY(x->net->arena, const nirc_op *, n), **next = NIRC_NEW_ARRAY(x->net->arena, const nirc_op *, n), **swap;
  x->distance = NIRC_NEW_ARRAY(x->net->arena, size_t, n);
  for (size_t i = 0; i < n; i++)
    x->distance[i] = SIZE_MAX;
  now[0] = x->input;
  x->distance[x->input->id] = 0;
  for (size_t level = 0; n_now; level++, n_now = n_next, swap = now, now = next, next = swap) {
    n_next = 0;
    for (size_t i = 0; i < n_now; i++)
      for (const nirc_use *u = now[i]->results[0].uses; u; u = u->next) {
        if (x->distance[u->user->id] != SIZE_MAX)
          continue;
        bool same = is_transparent(u->user);
        x->distance[u->user->id] = level + !same;
        *(same ? &now[n_now++] : &next[n_next++]) = u->user;
      }
  }
}

/* ---- the shape of the graph ------------------------------------------------------------------------------------------------- */

/* The Input, and the layer that alone feeds the Output. */
static bool find_ends(mapper *x)
{
  size_t n_inputs = 0, n_outputs = 0, spiking = 0;
  const nirc_op *output = NULL;
  NIRC_FOR_EACH_OP(op, x->graph->body) {
    if (op->code == NIR_INPUT && ++n_inputs)
      x->input = op;
    if (op->code == NIR_OUTPUT && ++n_outputs)
      output = op;
  }
  const reach *r = output ? &x->reach[output->id] : NULL;
  for (size_t i = 0; r && i < r->n; i++)
    spiking += r->list[i].op->code == NIR_CUBA_LIF && r->list[i].times == 1;
  bool elements = x->input && x->input->results[0].type->count && output && output->results[0].type->count;
  if (n_inputs == 1 && n_outputs == 1 && r->n == 1 && spiking == 1 && elements) {
    x->output_layer = r->list[0].op;
    return true;
  }
  nirc_loc loc = output && n_outputs == 1 && n_inputs == 1 ? output->loc : nirc_loc_file(x->m->path);
  nirc_error_code(x->d, "xylo-graph", loc, "one input and one spiking output layer are required");
  if (n_inputs != 1 || n_outputs != 1)
    nirc_note(x->d, loc, "the network has %zu Input and %zu Output nodes", n_inputs, n_outputs);
  else if (!elements)
    nirc_note(x->d, loc, "the Input or the Output has no elements");
  else if (r->n)
    nirc_note(x->d, loc, "the Output receives what %s, a %s, sends%s; what one CubaLIF sends is wanted", r->list[0].op->name, r->list[0].op->def->nir_type,
              r->n > 1 ? ", and more" : "");
  return false;
}

/* One edge of what arrives at `op`, from `from`. False where the core has no place for it. */
static bool check_edge(mapper *x, const nirc_op *op, const nirc_op *from)
{
  const nirc_op *out = x->output_layer;
  if (from == out) {
    nirc_error_code(x->d, "xylo-graph", out->loc, "output layer %s may not drive other neurons", out->name);
    nirc_note(x->d, op->loc, "it leads to %s", op->name);
    return false;
  }
  if (is_weights(op) != is_weights(from))
    return true;
  nirc_error_code(x->d, "xylo-graph", op->loc, is_weights(op) ? "node %s: receives what %s, another weight node, sends; neurons must lie between"
                                                              : "node %s: receives what %s sends without weights between", op->name, from->name);
  nirc_note(x->d, op->loc, is_weights(op) ? "the product of the two matrices says the same in one node" : "a Linear with the identity matrix says the same");
  return false;
}

/* Does the Input reach this layer? Where that is the output layer, a refusal. */
static bool check_input(mapper *x, const nirc_op *layer)
{
  const reach *r = &x->reach[layer->id];
  bool reached = false;
  for (size_t i = 0; i < r->n && is_weights(r->list[i].op); i++) {
    const reach *sources = &x->reach[r->list[i].op->id];
    for (size_t k = 0; k < sources->n; k++) {
      if (sources->list[k].op == x->input && layer == x->output_layer)
        nirc_error_code(x->d, "xylo-graph", r->list[i].op->loc, "the input may not reach the output layer directly");
      reached |= sources->list[k].op == x->input;
    }
  }
  return reached;
}

static bool check_edges(mapper *x)
{
  unsigned before = x->d->errors;
  size_t n_hidden = 0;
  bool reached = false;
  NIRC_FOR_EACH_OP(op, x->graph->body) {
    const reach *r = &x->reach[op->id];
    if (op->code == NIR_CUBA_LIF) {
      n_hidden += op == x->output_layer ? 0 : op->results[0].type->count;
      reached |= check_input(x, op);
    }
    for (size_t i = 0; !is_transparent(op) && i < r->n && check_edge(x, op, r->list[i].op); i++)
      ;
  }
  if (!n_hidden)
    nirc_error_code(x->d, "xylo-graph", nirc_loc_file(x->m->path), "at least one hidden layer is required besides the output layer");
  else if (!reached && x->d->errors == before)
    nirc_error_code(x->d, "xylo-graph", x->input->loc, "the input reaches no layer");
  return x->d->errors == before;
}

/* ---- numbers ---------------------------------------------------------------------------------------------------------------- */

typedef struct ranked { const nirc_op *op; size_t distance; } ranked;

static int by_rank(const void *a, const void *b)
{
  const ranked *x = a, *y = b;
  return x->distance != y->distance ? (x->distance > y->distance) - (x->distance < y->distance) : strcmp(x->op->name, y->op->name);
}

/* Hidden layers by (distance, name), the output layer behind them; neurons of a layer keep their order. */
static void number_layers(mapper *x)
{
  nirc_xylo_network *net = x->net;
  size_t n = 0;
  ranked *list = NIRC_NEW_ARRAY(net->arena, ranked, x->schedule.n);
  NIRC_FOR_EACH_OP(op, x->graph->body)
    if (op->code == NIR_CUBA_LIF && op != x->output_layer)
      list[n++] = (ranked){op, x->distance[op->id]};
  qsort(list, n, sizeof *list, by_rank);
  list[n] = (ranked){x->output_layer, 0};
  net->layers = NIRC_NEW_ARRAY(net->arena, nirc_xylo_layer, n + 1);
  net->n_layers = n + 1;
  x->layer = NIRC_NEW_ARRAY(net->arena, int, x->schedule.n);
  for (size_t i = 0; i <= n; i++) {
    const nirc_op *op = list[i].op;
    x->layer[op->id] = (int)i;
    net->layers[i] = (nirc_xylo_layer){.name = op->name, .node = op, .first = i < n ? net->n_hidden : 0, .count = op->results[0].type->count};
    *(i < n ? &net->n_hidden : &net->n_outputs) += net->layers[i].count;
  }
  net->input = x->input->name;
  net->n_inputs = x->input->results[0].type->count;
}

static bool check_sizes(mapper *x)
{
  const nirc_xylo_network *net = x->net;
  nirc_loc out = nirc_xylo_output(net)->node->loc, file = nirc_loc_file(x->m->path);
  bool ok = nirc_xylo_fits(net, net->n_inputs, offsetof(nirc_xylo_chip, inputs), "xylo-too-many-inputs", "input channels", x->input->loc, x->d);
  if (!nirc_xylo_fits(net, net->n_hidden, offsetof(nirc_xylo_chip, hidden), "xylo-too-many-hidden", "hidden neurons", file, x->d)) {
    for (size_t l = 0; l + 1 < net->n_layers && l < 8; l++)
      nirc_note(x->d, net->layers[l].node->loc, "layer %s: %zu", net->layers[l].name, net->layers[l].count);
    ok = false;
  }
  return nirc_xylo_fits(net, net->n_outputs, offsetof(nirc_xylo_chip, outputs), "xylo-too-many-outputs", "output neurons", out, x->d) && ok;
}

/* ---- latency ---------------------------------------------------------------------------------------------------------------- */

/* In which steps what arrives at a layer comes, as numbers of steps behind the network's own time. */
typedef struct arrival { bool any; size_t first, last; } arrival;

static void arrive(arrival *a, size_t step)
{
  a->first = a->any && a->first < step ? a->first : step;
  a->last = a->any && a->last > step ? a->last : step;
  a->any = true;
}

/* Every path to `op` of one weight node; those by which the step before is delivered, or the others. */
static void find_arrivals(const mapper *x, const nirc_op *op, bool feedback, arrival *a)
{
  const reach *weights = &x->reach[op->id];
  for (size_t i = 0; i < weights->n; i++) {
    const reach *sources = &x->reach[weights->list[i].op->id];
    for (size_t k = 0; k < sources->n; k++) {
      const origin *o = &sources->list[k];
      if ((weights->list[i].feedback || o->feedback) != feedback)
        continue;
      size_t hop = o->op == x->input || feedback ? 0 : 1;                /* the network itself delays a feedback by a step */
      arrive(a, (o->op == x->input ? 0 : x->net->layers[x->layer[o->op->id]].latency) + hop);
    }
  }
}

static void find_latencies(mapper *x)
{
  for (size_t i = 0; i < x->schedule.n; i++) {
    const nirc_op *op = x->schedule.order[i];
    if (op->code != NIR_CUBA_LIF)
      continue;
    nirc_xylo_layer *l = &x->net->layers[x->layer[op->id]];
    arrival a = {0};
    find_arrivals(x, op, false, &a);
    l->latency = a.last;
    l->skew = a.first != a.last;
  }
  for (size_t i = 0; i < x->net->n_layers; i++) {
    nirc_xylo_layer *l = &x->net->layers[i];
    arrival a = {0};
    find_arrivals(x, l->node, true, &a);
    l->skew |= a.any && (a.first != l->latency || a.last != l->latency);
    if (l->skew)
      nirc_warning(x->d, l->node->loc,
                   "'%s': paths of different length meet, and on Xylo each neuron of a path takes a step: what arrives together in NIR does not on the chip",
                   l->name);
  }
}

/* ---- weights ---------------------------------------------------------------------------------------------------------------- */

static void add_weights(nirc_xylo_block *b, const nirc_op *node, double times)
{
  const nirc_blob *w = nirc_op_blob(node, "weight");
  size_t in = (size_t)w->shape.dims[w->shape.rank - 1], out = (size_t)w->shape.dims[w->shape.rank - 2];
  for (size_t k = 0; k < w->count; k++) {            /* [..., out, in]: one matrix for each leading index */
    size_t matrix = k / (in * out), row = k / in % out, column = k % in;
    b->value[(matrix * in + column) * b->columns + matrix * out + row] += times * nirc_blob_get(w, k);
  }
}

static int source_layer(const mapper *x, const origin *o)
{
  return o->op == x->input ? NIRC_XYLO_INPUT : x->layer[o->op->id];
}

/* Calls `each` for every path of one weight node to layer `to`. */
static void for_each_path(mapper *x, int to, void (*each)(mapper *x, int from, int to, const nirc_op *node, double times))
{
  const reach *weights = &x->reach[x->net->layers[to].node->id];
  for (size_t i = 0; i < weights->n; i++) {
    const reach *sources = &x->reach[weights->list[i].op->id];
    for (size_t k = 0; k < sources->n; k++)
      each(x, source_layer(x, &sources->list[k]), to, weights->list[i].op, weights->list[i].times * sources->list[k].times);
  }
}

static void mark_path(mapper *x, int from, int to, const nirc_op *node, double times)
{
  (void)node; (void)times;
  x->block[from + 1] = to + 1;                       /* a mark that is not yet a number of a block */
}

static void enter_path(mapper *x, int from, int to, const nirc_op *node, double times)
{
  (void)to;
  nirc_xylo_block *b = &x->net->blocks[x->block[from + 1]];
  b->node = b->node ? b->node : node;
  add_weights(b, node, times);
}

/* A block for each pair of layers that weights lead from and to; where several meet, they add. */
static void find_blocks(mapper *x)
{
  nirc_xylo_network *net = x->net;
  nirc_arena *a = net->arena;
  size_t most = 0;
  for (size_t l = 0; l < net->n_layers; l++) {
    const reach *weights = &x->reach[net->layers[l].node->id];
    for (size_t i = 0; i < weights->n; i++)
      most += x->reach[weights->list[i].op->id].n;
  }
  net->blocks = NIRC_NEW_ARRAY(a, nirc_xylo_block, most);
  x->block = NIRC_NEW_ARRAY(a, int, net->n_layers + 1);
  for (int to = 0; to < (int)net->n_layers; to++) {
    net->layers[to].blocks = net->n_blocks;
    for_each_path(x, to, mark_path);
    for (int from = NIRC_XYLO_INPUT; from < (int)net->n_layers; from++) {
      if (x->block[from + 1] != to + 1)
        continue;
      size_t rows = from == NIRC_XYLO_INPUT ? net->n_inputs : net->layers[from].count, columns = net->layers[to].count;
      net->blocks[net->n_blocks] = (nirc_xylo_block){
        .from = from, .to = to, .rows = rows, .columns = columns, .value = NIRC_NEW_ARRAY(a, double, rows * columns),
        .weight = NIRC_NEW_ARRAY(a, int8_t, rows * columns)};
      x->block[from + 1] = (int)net->n_blocks++;
    }
    for_each_path(x, to, enter_path);
    net->layers[to].n_blocks = net->n_blocks - net->layers[to].blocks;
    memset(x->block, 0, (net->n_layers + 1) * sizeof *x->block);
  }
}

/* ---- a graph as a whole ------------------------------------------------------------------------------------------------------- */

static bool never(const nirc_op *op, const void *user)
{
  (void)op; (void)user;
  return false;
}

bool nirc_xylo_map(nirc_xylo_network *net, nirc_module *m, nirc_diag *d)
{
  mapper x = {.net = net, .m = m, .d = d, .graph = m->body.first};
  if (!check_nodes(&x) || !nirc_schedule_graph(&x.schedule, net->arena, x.graph, never, NULL, d))
    return false;
  find_reach(&x);
  if (!find_ends(&x) || !check_edges(&x))
    return false;
  find_distances(&x);
  number_layers(&x);
  if (!check_sizes(&x))
    return false;
  find_latencies(&x);
  find_blocks(&x);
  nirc_check_time(x.graph, net->choices.dt, false, nirc_loc_file(m->path), d);
  if (!net->choices.reset_given)
    nirc_warning(d, nirc_loc_file(m->path),
                 "Xylo subtracts the threshold when a neuron fires; NIR does not say whether the network was trained so (--reset subtract: it was)");
  return true;
}
