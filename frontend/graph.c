#include "frontend/graph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "passes/schedule.h"

/* ---- the nir level ------------------------------------------------------------------------------------------------------ */

static size_t count_ops(const nirc_region *region, size_t *clusters)
{
  size_t n = 0;
  NIRC_FOR_EACH_OP(op, region) {
    n++;
    if (op->body) {
      ++*clusters;
      n += count_ops(op->body, clusters);
    }
  }
  return n;
}

/* op->id becomes the index of the node. */
static void add_nodes(nirc_graph *g, nirc_arena *a, const nirc_region *region, int cluster)
{
  const char *prefix = cluster < 0 ? "" : nirc_arena_printf(a, "%s/", g->clusters[cluster].path);
  NIRC_FOR_EACH_OP(op, region) {
    const char *path = nirc_arena_printf(a, "%s%s", prefix, op->name);
    if (op->code == NIR_GRAPH) {
      g->clusters[g->n_clusters++] = (nirc_graph_cluster){op->name, path, cluster};
      add_nodes(g, a, op->body, (int)g->n_clusters - 1);
      continue;
    }
    op->id = (uint32_t)g->n_nodes;
    g->nodes[g->n_nodes++] = (nirc_graph_node){op->name, op->def->nir_type ? op->def->nir_type : op->def->mnemonic, path,
                                               op->n_results ? op->results[0].type : NULL, op, cluster};
  }
}

/* Calls `take` for every node that an edge starts at: its value's own, or the Outputs of a nested graph. */
static void for_each_source(const nirc_use *u, void (*take)(nirc_graph *g, const nirc_value *v, const nirc_use *u, size_t to), nirc_graph *g, size_t to)
{
  if (u->value->def->code != NIR_GRAPH) {
    take(g, u->value, u, to);
    return;
  }
  NIRC_FOR_EACH_OP(op, u->value->def->body)
    if (op->code == NIR_OUTPUT)
      take(g, nirc_op_result(op), u, to);
}

static void count_edge(nirc_graph *g, const nirc_value *v, const nirc_use *u, size_t to)
{
  (void)v; (void)u; (void)to;
  g->n_edges++;
}

static void add_edge(nirc_graph *g, const nirc_value *v, const nirc_use *u, size_t to)
{
  g->edges[g->n_edges++] = (nirc_graph_edge){.from = v->def->id, .to = to, .value = v->type, .user = u->user, .operand = u->index};
}

/* In-edges of every node. What a nested graph receives enters by its Input, before what the graph itself sends there (inline_subgraphs.c). */
static void for_each_edge(nirc_graph *g, void (*take)(nirc_graph *g, const nirc_value *v, const nirc_use *u, size_t to))
{
  for (size_t n = 0; n < g->n_nodes; n++) {
    const nirc_op *op = g->nodes[n].op, *around = op->parent->parent;
    if (op->code == NIR_INPUT && g->nodes[n].cluster >= 0)
      for (uint32_t i = 0; i < around->n_operands; i++)
        for_each_source(&around->operands[i], take, g, n);
    for (uint32_t i = 0; i < op->n_operands; i++)
      for_each_source(&op->operands[i], take, g, n);
  }
}

static bool is_register(const nirc_op *op, const void *user)
{
  const double *dt = user;
  const nirc_blob *delay = op->code == NIR_DELAY ? nirc_op_blob(op, "delay") : NULL;
  for (size_t e = 0; delay && e < delay->count; e++) {
    double seconds = nirc_blob_get(delay, e);
    if (*dt > 0 ? !(rint(seconds / *dt) >= 1) : !(seconds > 0))
      return false;
  }
  return delay && delay->count;
}

/* The schedule is that of the graph as inlining leaves it; a copy without parameters does. */
static void mark_back_edges(nirc_graph *g, const nirc_module *m, double dt)
{
  nirc_module *flat = nirc_module_new(m->heap, m->path, m->name);
  nirc_arena *a = flat->arena;
  nirc_op *root = nirc_op_new(flat, &flat->body, NIR_GRAPH, g->name, nirc_loc_none()), **copy = NIRC_NEW_ARRAY(a, nirc_op *, g->n_nodes);
  for (size_t n = 0; n < g->n_nodes; n++) {
    const nirc_graph_node *node = &g->nodes[n];
    bool nested_port = node->cluster >= 0 && (node->op->code == NIR_INPUT || node->op->code == NIR_OUTPUT);
    copy[n] = nirc_op_new(flat, root->body, nested_port ? NIR_IDENTITY : node->op->code, node->path, nirc_loc_none());
    nirc_op_result(copy[n])->type = node->value;
    if (node->op->code == NIR_DELAY)
      nirc_op_set_blob(flat, copy[n], "delay", nirc_op_blob(node->op, "delay"));
  }
  nirc_value **in = NIRC_NEW_ARRAY(a, nirc_value *, g->n_edges);
  for (size_t e = 0, end; e < g->n_edges; e = end) {
    for (end = e; end < g->n_edges && g->edges[end].to == g->edges[e].to; end++)
      in[end] = nirc_op_result(copy[g->edges[end].from]);
    nirc_op_set_operands(flat, copy[g->edges[e].to], in + e, end - e);
  }
  nirc_diag silent;
  nirc_diag_init(&silent, stderr, "nirc");
  silent.errors = NIRC_MAX_ERRORS;                   /* a cycle without a neuron is for compiling to report */
  nirc_schedule s = {0};
  g->scheduled = nirc_schedule_graph(&s, a, root, is_register, &dt, &silent);
  if (g->scheduled)
    for (size_t e = 0, k = 0; e < g->n_edges; e++) {
      k = e && g->edges[e - 1].to == g->edges[e].to ? k + 1 : 0;
      g->edges[e].back = s.back[copy[g->edges[e].to]->id][k];
    }
  nirc_module_free(flat);
}

/* ---- the snn level ------------------------------------------------------------------------------------------------------- */

static void add_step(nirc_graph *g, const nirc_region *region)
{
  NIRC_FOR_EACH_OP(op, region)
    if (op->code != SNN_UPDATE) {
      op->id = (uint32_t)g->n_nodes;
      g->nodes[g->n_nodes++] = (nirc_graph_node){op->name, op->def->mnemonic, op->name, op->n_results ? op->results[0].type : NULL, op, NIRC_GRAPH_OUTERMOST};
    }
  NIRC_FOR_EACH_OP(op, region)
    for (uint32_t i = op->code == SNN_UPDATE; i < op->n_operands; i++) {
      add_edge(g, nirc_op_operand(op, i), &op->operands[i], op->code == SNN_UPDATE ? nirc_op_operand(op, 0)->def->id : op->id);
      g->edges[g->n_edges - 1].back = op->code == SNN_UPDATE;
    }
}

static size_t count_operands(const nirc_region *region)
{
  size_t n = 0;
  NIRC_FOR_EACH_OP(op, region)
    n += op->n_operands;
  return n;
}

void nirc_graph_make(nirc_graph *g, nirc_arena *a, const nirc_module *m, double dt)
{
  const nirc_op *root = m->body.first;
  size_t clusters = 0, n = count_ops(root->body, &clusters);
  *g = (nirc_graph){.name = root->name, .nodes = NIRC_NEW_ARRAY(a, nirc_graph_node, n), .clusters = NIRC_NEW_ARRAY(a, nirc_graph_cluster, clusters)};
  if (nirc_level_has_steps(m->level)) {
    g->edges = NIRC_NEW_ARRAY(a, nirc_graph_edge, count_operands(root->body));
    add_step(g, root->body);
    return;
  }
  add_nodes(g, a, root->body, NIRC_GRAPH_OUTERMOST);
  for_each_edge(g, count_edge);
  g->edges = NIRC_NEW_ARRAY(a, nirc_graph_edge, g->n_edges);
  g->n_edges = 0;
  for_each_edge(g, add_edge);
  mark_back_edges(g, m, dt);
}
