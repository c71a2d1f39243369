#include "frontend/report_chip.h"

#include <string.h>

enum {
  MOST_IDLE_CORES = 16,                              /* of a chip with more cores those that are not in use are left out */
  MOST_CORES = 1 << 16                               /* a text may say anything */
};

/* ---- entries ------------------------------------------------------------------------------------------------------------------ */

const nirc_attr *nirc_chip_entry(const nirc_attr *entries, const char *name)
{
  while (entries && strcmp(entries->name, name))
    entries = entries->next;
  return entries;
}

static const nirc_attr *group(const nirc_attr *entries, const char *name)
{
  const nirc_attr *a = nirc_chip_entry(entries, name);
  return a && a->kind == NIRC_ATTR_DICT ? a->dict : NULL;
}

static const char *text(const nirc_attr *entries, const char *name)
{
  const nirc_attr *a = nirc_chip_entry(entries, name);
  return a && a->kind == NIRC_ATTR_STRING ? a->s : NULL;
}

static int64_t whole(const nirc_attr *entries, const char *name, int64_t absent)
{
  const nirc_attr *a = nirc_chip_entry(entries, name);
  return a && a->kind == NIRC_ATTR_INT ? a->i : absent;
}

/* A count: a module that came as text may hold anything. */
static uint64_t size(const nirc_attr *entries, const char *name)
{
  int64_t n = whole(entries, name, 0);
  return n > 0 ? (uint64_t)n : 0;
}

/* Element i of a list of whole numbers, in either of its forms; false behind its end. */
static bool element(const nirc_attr *list, size_t i, int64_t *out)
{
  if (list && list->kind == NIRC_ATTR_SHAPE && i < list->shape.rank)
    return *out = (int64_t)list->shape.dims[i], true;
  return list && list->kind == NIRC_ATTR_DENSE && i < list->blob->count && nirc_blob_get_int(list->blob, i, out);
}

static size_t count_entries(const nirc_attr *entries)
{
  size_t n = 0;
  for (; entries; entries = entries->next)
    n++;
  return n;
}

/* ---- layers and what leads from one to another ----------------------------------------------------------------------------------- */

/* Does the dictionary name two ends, by name or by number? Or only the layer that an Output is fed with. */
static bool is_way(const nirc_attr *p)
{
  return (text(p, "from") && text(p, "to")) || (whole(p, "pre", -1) >= 0 && whole(p, "post", -1) >= 0) || whole(p, "population", -1) >= 0;
}

static void read_places(nirc_chip *c, const nirc_op *step)
{
  size_t n = 0;
  NIRC_FOR_EACH_OP(op, step->body)
    n += op->code == HW_PLACE;
  c->layers = NIRC_NEW_ARRAY(c->arena, nirc_chip_layer, n + 1);
  c->ways = NIRC_NEW_ARRAY(c->arena, nirc_chip_way, n + 1);
  NIRC_FOR_EACH_OP(op, step->body) {
    if (op->code != HW_PLACE)
      continue;
    const nirc_attr *p = nirc_op_attr(op, "placement")->dict;
    const char *node = nirc_op_attr(op, "node")->s;
    if (is_way(p))
      c->ways[c->n_ways++] = (nirc_chip_way){.node = node, .placement = p, .from = text(p, "from"), .to = text(p, "to")};
    else
      c->layers[c->n_layers++] = (nirc_chip_layer){.node = node, .placement = p, .core = whole(p, "core", -1), .part = text(p, "part"), .first = size(p, "first"),
                                                   .count = size(p, "count"), .in = whole(p, "from_input", 0) > 0, .out = whole(p, "monitored", 0) > 0};
  }
}

/* The layer of that name, else of that number; NULL where there is none. */
static nirc_chip_layer *layer_at(nirc_chip *c, const char *name, int64_t number)
{
  for (size_t l = 0; name && l < c->n_layers; l++)
    if (strcmp(c->layers[l].node, name) == 0)
      return &c->layers[l];
  return !name && number >= 0 && (uint64_t)number < c->n_layers ? &c->layers[number] : NULL;
}

static void add_edge(nirc_chip *c, const nirc_chip_layer *from, const nirc_chip_layer *to)
{
  const nirc_chip_edge e = {.from = (size_t)(from - c->layers), .to = (size_t)(to - c->layers)};
  for (size_t i = c->n_edges; i-- > 0;)
    if (c->edges[i].from == e.from && c->edges[i].to == e.to)
      return;
  c->edges[c->n_edges++] = e;
}

/* What comes from no layer comes from outside. */
static void follow_ways(nirc_chip *c)
{
  nirc_chip_layer *last = layer_at(c, text(c->entries, "output"), -1);
  if (last)
    last->out = true;
  for (size_t k = 0; k < c->n_ways; k++) {
    nirc_chip_way *w = &c->ways[k];
    nirc_chip_layer *from = layer_at(c, w->from, whole(w->placement, "pre", -1)), *to = layer_at(c, w->to, whole(w->placement, "post", -1));
    nirc_chip_layer *out = layer_at(c, NULL, whole(w->placement, "population", -1));
    w->from = w->from ? w->from : from ? from->node : NULL;
    w->to = w->to ? w->to : to ? to->node : NULL;
    if (out)
      out->out = true;
    if (from && to)
      add_edge(c, from, to);
    else if (to)
      to->in = true;
  }
}

static void read_edges(nirc_chip *c)
{
  size_t most = c->n_ways;
  int64_t to;
  for (size_t l = 0; l < c->n_layers; l++)
    for (size_t i = 0; element(nirc_chip_entry(c->layers[l].placement, "to"), i, &to); i++)
      most++;
  c->edges = NIRC_NEW_ARRAY(c->arena, nirc_chip_edge, most + 1);
  follow_ways(c);
  for (size_t l = 0; l < c->n_layers; l++) {
    const nirc_attr *p = c->layers[l].placement, *numbers = c->edge_number ? nirc_chip_entry(p, c->edge_number) : NULL;
    for (size_t i = 0; element(nirc_chip_entry(p, "to"), i, &to); i++) {
      nirc_chip_edge e = {.from = l, .to = (size_t)to};
      e.numbered = element(numbers, i, &e.number);
      if (to >= 0 && (size_t)to < c->n_layers)
        c->edges[c->n_edges++] = e;
    }
  }
}

/* ---- boxes ------------------------------------------------------------------------------------------------------------------------- */

static void add_bar(nirc_chip *c, nirc_chip_box *box, const char *name, uint64_t limit)
{
  nirc_chip_bar *bar = &box->bars[box->n_bars++];
  *bar = (nirc_chip_bar){.name = name, .limit = limit, .shares = NIRC_NEW_ARRAY(c->arena, nirc_chip_share, box->n_layers + 1)};
  for (size_t i = 0; i < box->n_layers; i++) {
    uint64_t used = size(c->layers[box->layers[i]].placement, name);
    if (!used)
      continue;
    bar->shares[bar->n_shares++] = (nirc_chip_share){box->layers[i], used};
    bar->used += used;
  }
}

static void make_core(nirc_chip *c, const nirc_attr *memory, size_t core)
{
  nirc_chip_box *box = &c->boxes[c->n_boxes];
  *box = (nirc_chip_box){.core = (int64_t)core, .layers = NIRC_NEW_ARRAY(c->arena, size_t, c->n_layers + 1), .bars = NIRC_NEW_ARRAY(c->arena, nirc_chip_bar, count_entries(memory))};
  for (size_t l = 0; l < c->n_layers; l++)
    if (c->layers[l].core == (int64_t)core)
      box->layers[box->n_layers++] = l;
  if (!box->n_layers && c->n_cores > MOST_IDLE_CORES)
    return;
  c->n_boxes++;
  for (const nirc_attr *m = memory; m; m = m->next) {
    int64_t limit;
    if (element(m, core, &limit) && limit > 0)
      add_bar(c, box, m->name, (uint64_t)limit);
  }
}

static void make_cores(nirc_chip *c, const nirc_attr *memory)
{
  int64_t any;
  for (const nirc_attr *m = memory; m; m = m->next)
    while (c->n_cores < MOST_CORES && element(m, c->n_cores, &any))
      c->n_cores++;
  c->boxes = NIRC_NEW_ARRAY(c->arena, nirc_chip_box, c->n_cores + 1);
  for (size_t core = 0; core < c->n_cores; core++)
    make_core(c, memory, core);
}

/* A layer, with the share of its part that it takes, and what else of it is held against a limit of the chip. */
static void make_layer(nirc_chip *c, size_t l)
{
  nirc_chip_box *box = &c->boxes[c->n_boxes++];
  *box = (nirc_chip_box){.core = -1, .layers = NIRC_NEW(c->arena, size_t), .n_layers = 1, .bars = NIRC_NEW_ARRAY(c->arena, nirc_chip_bar, c->n_resources + 1)};
  box->layers[0] = l;
  for (size_t i = 0; i < c->n_parts; i++)
    if (c->layers[l].part && strcmp(c->parts[i].name, c->layers[l].part) == 0)
      add_bar(c, box, "count", c->parts[i].limit);
  for (size_t i = 0; i < c->n_resources; i++) {
    const nirc_attr *a = nirc_chip_entry(c->layers[l].placement, c->resources[i].name);
    if (a && a->kind == NIRC_ATTR_INT)
      add_bar(c, box, c->resources[i].name, c->resources[i].limit);
  }
}

/* A text may name a part twice; the first counts. */
static bool has_part(const nirc_chip *c, const char *name)
{
  for (size_t i = 0; i < c->n_parts; i++)
    if (strcmp(c->parts[i].name, name) == 0)
      return true;
  return false;
}

static void read_uses(nirc_chip *c)
{
  const nirc_attr *resources = group(c->entries, "resources"), *parts = group(c->entries, "parts");
  c->resources = NIRC_NEW_ARRAY(c->arena, nirc_chip_use, count_entries(resources) + 1);
  c->parts = NIRC_NEW_ARRAY(c->arena, nirc_chip_use, count_entries(parts) + 1);
  for (const nirc_attr *a = resources; a; a = a->next) {
    int64_t used, limit;
    if (element(a, 0, &used) && element(a, 1, &limit) && used >= 0 && limit > 0)
      c->resources[c->n_resources++] = (nirc_chip_use){a->name, (uint64_t)used, (uint64_t)limit};
  }
  for (const nirc_attr *a = parts; a; a = a->next) {
    nirc_chip_use part = {.name = a->name, .limit = size(parts, a->name)};
    for (size_t l = 0; l < c->n_layers; l++)
      if (c->layers[l].part && strcmp(c->layers[l].part, a->name) == 0)
        part.used += c->layers[l].count;
    if (part.limit && !has_part(c, a->name))
      c->parts[c->n_parts++] = part;
  }
}

nirc_chip *nirc_chip_read(nirc_arena *a, const nirc_op *step)
{
  const nirc_attr *target = nirc_op_attr(step, "target"), *chip = nirc_op_attr(step, "chip");
  if (!target || !chip || chip->kind != NIRC_ATTR_DICT)
    return NULL;
  nirc_chip *c = NIRC_NEW(a, nirc_chip);
  *c = (nirc_chip){.arena = a, .target = target->s, .entries = chip->dict, .partition = group(chip->dict, "partition"), .edge_number = text(chip->dict, "edges")};
  read_places(c, step);
  read_edges(c);
  read_uses(c);
  const nirc_attr *memory = group(c->entries, "memory");
  if (memory) {
    make_cores(c, memory);
    return c;
  }
  c->boxes = NIRC_NEW_ARRAY(a, nirc_chip_box, c->n_layers + 1);
  for (size_t l = 0; l < c->n_layers; l++)
    make_layer(c, l);
  return c;
}

const nirc_chip_way *nirc_chip_find_way(const nirc_chip *c, const char *node)
{
  for (size_t l = 0; l < c->n_layers; l++)
    if (strcmp(c->layers[l].node, node) == 0)
      return NULL;
  for (size_t k = 0; k < c->n_ways; k++)
    if (strcmp(c->ways[k].node, node) == 0)
      return &c->ways[k];
  return NULL;
}
