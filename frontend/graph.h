/* frontend/graph.h: a module as a graph to look at: nodes, edges, nested graphs; and its text in Graphviz's language.
 * Owns: nothing; what it lists lies in the caller's arena, ops are borrowed from the module.
 * Must not know: what nodes compute, files. */
#ifndef NIRC_FRONTEND_GRAPH_H
#define NIRC_FRONTEND_GRAPH_H

#include "ir/op.h"

enum { NIRC_GRAPH_OUTERMOST = -1 };

typedef struct nirc_graph_node {
  const char *name, *type;                           /* as in its own graph; "LIF", or on the snn level the mnemonic */
  const char *path;                                  /* GRAPH/NODE, as it is called once nested graphs are inlined */
  const nirc_type *value;                            /* what it sends; NULL where it sends nothing */
  const nirc_op *op;
  int cluster;                                       /* index, or NIRC_GRAPH_OUTERMOST */
} nirc_graph_node;

typedef struct nirc_graph_edge {
  size_t from, to;
  const nirc_type *value;
  const nirc_op *user;                               /* whose operand it is: of an edge to a nested graph, the graph's */
  uint32_t operand;
  bool back;                                         /* delivers the value of the step before */
} nirc_graph_edge;

typedef struct nirc_graph_cluster { const char *name, *path; int parent; } nirc_graph_cluster;

typedef struct nirc_graph {
  const char *name;
  nirc_graph_node *nodes;                            /* in the order of the module */
  nirc_graph_edge *edges;                            /* by target, those of one target in the order in which they are summed */
  nirc_graph_cluster *clusters;                      /* every one behind its parent */
  size_t n_nodes, n_edges, n_clusters;
  bool scheduled;                                    /* nir level: `back` is known; false where a loop has no neuron */
} nirc_graph;

/* The graph of m, at either level. An edge to (from) a nested graph is drawn to its Inputs (from its Outputs), as inlining has it. On the snn level a
 * snn.update is a back edge to its state. On the nir level dt, in seconds, decides which Delays are registers; 0 where it is not known: those that are
 * positive throughout. A cycle that compiling refuses has no back edge. */
void nirc_graph_make(nirc_graph *g, nirc_arena *a, const nirc_module *m, double dt);

/* What a node is for, as the class of its drawing: "port", "weights", "neuron", "state" or "other". */
const char *nirc_graph_kind(const nirc_op *op);

/* Appends the graph as a `digraph`. */
void nirc_graph_print_dot(const nirc_graph *g, nirc_arena *a, nirc_strbuf *b);

/* Appends a name with what cannot be seen as \xNN, one for each byte: control characters, those that change the direction of text, and what is no UTF-8.
 * `of_name` stands for a backslash of the name, `of_escape` for that of an escape. */
void nirc_graph_add_visible(nirc_strbuf *b, const char *name, const char *of_name, const char *of_escape);

#endif
