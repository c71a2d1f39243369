/* frontend/snn/expand.h: a network of the language with its templates and repetitions written out: graphs of nodes and edges.
 * Owns: names, ports, the order of edges.
 * Must not know: parameters of primitives, shapes (build.c). Source: docs/language.md. */
#ifndef NIRC_FRONTEND_SNN_EXPAND_H
#define NIRC_FRONTEND_SNN_EXPAND_H

#include "frontend/snn/value.h"

typedef struct nirc_snn_node nirc_snn_node;
typedef struct nirc_snn_graph nirc_snn_graph;

/* One arrow to a node or port. */
typedef struct nirc_snn_segment { nirc_snn_node *from; nirc_loc loc; bool feedback; uint64_t serial; struct nirc_snn_segment *next; } nirc_snn_segment;

typedef struct nirc_snn_param { const char *name; nirc_loc loc; nirc_snn_value value; struct nirc_snn_param *next; } nirc_snn_param;

/* FAULTY: an error was reported of its declaration; nothing is said of its edges. */
typedef enum nirc_snn_node_kind { NIRC_SNN_PRIMITIVE, NIRC_SNN_NESTED, NIRC_SNN_INSTANCE, NIRC_SNN_PORT, NIRC_SNN_FAULTY } nirc_snn_node_kind;

struct nirc_snn_node {
  nirc_snn_node_kind kind;
  const char *name;                                  /* in its graph: "front.act", "t[0]" */
  nirc_loc loc;
  const nirc_snn_scope *scope;
  const nirc_op_def *def;                            /* of a primitive */
  nirc_snn_param *params;
  bool has_shape, is_in;                             /* is_in: a port; an instance's or a template's in */
  nirc_shape shape;
  nirc_loc shape_loc;
  nirc_snn_graph *graph;                             /* of a nested graph */
  unsigned owner;                                    /* the instance that it stands in */
  nirc_snn_node *port[2];                            /* an instance's last out port, its last in port */
  unsigned n_ports[2];
  nirc_snn_segment *in, **in_end;
  bool visiting;
  nirc_snn_node *next;
  nirc_op *op;                                       /* for build.c */
  uint32_t id;
  unsigned char state;
};

/* Ports with a shape that an edge leads through. */
typedef struct nirc_snn_through { nirc_snn_node *port; const struct nirc_snn_through *next; } nirc_snn_through;

typedef struct nirc_snn_edge {
  nirc_snn_node *from, *to;
  nirc_loc loc, mark;                                /* the arrow that stands in the fewest instances, of these the last; the one with the mark, where there is one */
  bool feedback;
  const nirc_snn_through *through;
  uint64_t serial, rank;                             /* order: of the last arrow, then of those before it */
} nirc_snn_edge;

struct nirc_snn_graph {
  nirc_loc loc;                                      /* of the network */
  nirc_snn_node *nodes, **nodes_end;                 /* in order of declaration; ports and instances among them */
  nirc_snn_table names;                              /* of nodes */
  nirc_attr *metadata;
  nirc_snn_edge *edges;                              /* between primitives and nested graphs, in order */
  size_t n_nodes, n_edges;
  bool cut;                                          /* a repetition ended early at a fault: names may be missing */
};

/* The network `network` of the trees `files` (main file first; a list of what was imported). NULL after diagnostics. dt: 0 where it says none; version NULL. */
typedef struct nirc_snn_files { nirc_snn_file *file; struct nirc_snn_files *next; } nirc_snn_files;
nirc_snn_graph *nirc_snn_expand(nirc_snn_eval *x, const nirc_snn_files *files, const nirc_snn_stmt *network, double *dt, const char **version);

#endif
