/* passes/inline_subgraphs.c: nested graphs become part of the graph around them. A node of graph G is then called G/NODE; the
 * Input and Output of G become nir.identity, so that the order of edges and the search for back edges are those of the file. */
#include "passes/pass.h"

/* An identity in place of a port. What the nested graph receives enters by its Input, before what the graph itself sends there. */
static nirc_op *port_to_identity(nirc_module *m, nirc_op *port, const nirc_op *graph, nirc_region *region, const char *name)
{
  nirc_op *id = nirc_op_new(m, region, NIR_IDENTITY, name, port->loc);
  uint32_t n = 0, from_outside = port->code == NIR_INPUT ? graph->n_operands : 0;
  nirc_value **in = NIRC_NEW_ARRAY(m->arena, nirc_value *, from_outside + port->n_operands);
  for (uint32_t i = 0; i < from_outside; i++)
    in[n++] = nirc_op_operand(graph, i);
  for (uint32_t i = 0; i < port->n_operands; i++)
    in[n++] = nirc_op_operand(port, i);
  nirc_op_set_operands(m, id, in, n);
  nirc_op_result(id)->type = nirc_op_result(port)->type;
  nirc_value_replace(nirc_op_result(port), nirc_op_result(id));
  return id;
}

static void inline_graph(nirc_module *m, nirc_op *graph, nirc_pass_ctx *ctx);

static void inline_nested(nirc_module *m, nirc_region *region, nirc_pass_ctx *ctx)
{
  for (nirc_op *op = region->first, *next; op; op = next) {
    next = op->next;
    if (op->code == NIR_GRAPH)
      inline_graph(m, op, ctx);
  }
}

/* Moves the nodes of a nested graph behind the graph around it. An Input that no edge reaches is left without in-edge: compiling says so. */
static void inline_graph(nirc_module *m, nirc_op *graph, nirc_pass_ctx *ctx)
{
  inline_nested(m, graph->body, ctx);
  nirc_region *outer = graph->parent;
  for (nirc_op *op = graph->body->first, *next; op; op = next) {
    next = op->next;
    const char *name = nirc_arena_printf(m->arena, "%s/%s", graph->name, op->name);
    if (op->code == NIR_INPUT || op->code == NIR_OUTPUT) {
      nirc_op *id = port_to_identity(m, op, graph, outer, name);
      if (op->code == NIR_OUTPUT)
        nirc_value_replace(nirc_op_result(graph), nirc_op_result(id));
      nirc_op_erase(op);
    } else {
      op->name = name;
      nirc_op_move_to(op, outer);
    }
  }
  nirc_op_erase(graph);
  ctx->counters[0]++;
}

static bool run(nirc_module *m, nirc_pass_ctx *ctx)
{
  inline_nested(m, m->body.first->body, ctx);
  return true;
}

static const char *const counters[] = {"graphs-inlined"};

const nirc_pass nirc_pass_inline_subgraphs = {
  .name = "inline-subgraphs", .summary = "make nested graphs part of the graph around them; their nodes are then called GRAPH/NODE",
  .doc = "Exact: the Input and the Output of a nested graph become a `nir.identity`, so the order of edges, and with it every sum, and the search for the edges that "
         "close a cycle are those of the file. Use it before `discretise`, which refuses nested graphs, and before a `probe` of a node inside one.",
  .needs = NIRC_LEVEL_NIR, .leaves = NIRC_LEVEL_NIR, .counters = counters, .n_counters = 1, .run = run,
};
