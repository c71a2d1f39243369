/* frontend/identify_scene.h: a .nir file as the evidence of its origin is looked for in it: nodes of all levels in a list, whatever is wrong with the network.
 * Owns: nothing; objects belong to the file.
 * Must not know: exporters. */
#ifndef NIRC_FRONTEND_IDENTIFY_SCENE_H
#define NIRC_FRONTEND_IDENTIFY_SCENE_H

#include "frontend/nir_h5.h"
#include "ir/time_rules.h"

typedef struct nirc_scene_node {
  const nirc_h5_object *object;
  const char *type;                                  /* "" where it has none */
  const char *name;                                  /* GRAPH/NODE in a nested graph */
  nirc_opcode code;                                  /* NIRC_N_OPS where the type is unknown */
  bool nested;
  bool port;                                         /* Input or Output */
  bool neuron;                                       /* has an r */
} nirc_scene_node;

typedef struct nirc_scene {
  nirc_arena *arena;
  const nirc_h5_object *root;                        /* /node */
  const char *version;                               /* NULL: the file has none */
  nirc_scene_node *nodes;
  size_t n;
  nirc_time_survey time;                             /* of all neurons; `who` is a nirc_scene_node */
  bool metadata;                                     /* of the graph or a node */
} nirc_scene;

/* False after a diagnostic: the file holds no network. */
bool nirc_scene_make(nirc_scene *s, nirc_arena *a, const nirc_h5_file *f, nirc_diag *d);

/* A parameter that is numbers, at least one; NULL where there is none of that name. */
const nirc_h5_object *nirc_scene_numbers(const nirc_scene_node *n, const char *name);
bool nirc_scene_is_all(const nirc_h5_object *numbers, double x);

#endif
