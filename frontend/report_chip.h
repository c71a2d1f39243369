/* frontend/report_chip.h: where a network stands on a chip, for the report: out of the dictionaries of a module at the hw level, and nothing else, so that no chip is
 * known by name. docs/report.md says which entries are looked for.
 * Must not know: targets. */
#ifndef NIRC_FRONTEND_REPORT_CHIP_H
#define NIRC_FRONTEND_REPORT_CHIP_H

#include <jansson.h>

#include "ir/op.h"

typedef struct nirc_chip_use { const char *name; uint64_t used, limit; } nirc_chip_use;

/* One hw.place. Where the dictionary does not say: core -1, part NULL, numbers 0. */
typedef struct nirc_chip_layer {
  const char *node;
  const nirc_attr *placement;                        /* first entry of its dictionary */
  int64_t core;
  const char *part;
  uint64_t first, count;
  bool in, out;                                      /* input events arrive at it; its spikes leave the chip */
} nirc_chip_layer;

/* A place of what leads from one layer to another, or out of the chip. */
typedef struct nirc_chip_way {
  const char *node;
  const nirc_attr *placement;
  const char *from, *to;                             /* layers, or what stands for outside; NULL: it does not say */
} nirc_chip_way;

typedef struct nirc_chip_edge { size_t from, to; int64_t number; bool numbered; } nirc_chip_edge;      /* indices of layers */

/* What a bar is made of: so much of it belongs to that layer. */
typedef struct nirc_chip_share { size_t layer; uint64_t used; } nirc_chip_share;

typedef struct nirc_chip_bar { const char *name; uint64_t used, limit; nirc_chip_share *shares; size_t n_shares; } nirc_chip_bar;

/* A core with its memories, or a layer where the chip has no cores to tell apart. */
typedef struct nirc_chip_box {
  int64_t core;                                      /* -1: it is a layer */
  size_t *layers, n_layers;
  nirc_chip_bar *bars;
  size_t n_bars;
} nirc_chip_box;

typedef struct nirc_chip {
  nirc_arena *arena;
  const char *target;
  const nirc_attr *entries;                          /* of the dictionary of the whole chip */
  const nirc_attr *partition;                        /* first entry of what is said of a cut into cores; NULL: nothing */
  const char *edge_number;                           /* what the number on a connection is; NULL: there is none */
  nirc_chip_layer *layers;
  nirc_chip_way *ways;
  nirc_chip_edge *edges;
  nirc_chip_box *boxes;                              /* of cores all, or where they are many those in use */
  nirc_chip_use *resources, *parts;                  /* used: of a part, neurons or channels of all its layers */
  size_t n_layers, n_ways, n_edges, n_boxes, n_resources, n_parts;
  size_t n_cores;                                    /* 0: the chip does not tell cores apart */
} nirc_chip;

/* NULL where the step says nothing of a chip. Strings and attributes are borrowed from the module. */
nirc_chip *nirc_chip_read(nirc_arena *a, const nirc_op *step);

/* What is called `node` and is no layer; NULL: nothing. */
const nirc_chip_way *nirc_chip_find_way(const nirc_chip *c, const char *node);

/* The entry of that name, in a list of entries; NULL: none. */
const nirc_attr *nirc_chip_entry(const nirc_attr *entries, const char *name);

extern const char nirc_chip_style[];
void nirc_chip_print_html(const nirc_chip *c, nirc_strbuf *b);
json_t *nirc_chip_json(const nirc_chip *c);          /* to the caller; NULL: c is */

#endif
