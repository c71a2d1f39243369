/* passes/partition.c: the multilevel method: pairs made one until they fill a good part of a part, parts grown of what is left, and refined from level to level
 * on the way back; or units in order, refined, where that cuts less. */
#include "passes/partition.h"

#include <math.h>
#include <string.h>

#include "passes/partition_refine.h"

/* ---- cuts ----------------------------------------------------------------------------------------------------------------------------- */

nirc_partition_problem nirc_partition_some_nets(const nirc_partition_problem *p, size_t first, size_t n)
{
  nirc_partition_problem some = *p;
  some.n_nets = n;
  some.first += first;
  some.source += first;
  some.events += first;
  return some;
}

double nirc_partition_cut(const nirc_partition_problem *p, nirc_arena *a, const nirc_partition *x)
{
  uint32_t *seen = NIRC_NEW_ARRAY(a, uint32_t, x->n_parts);
  double sum = 0;
  for (size_t e = 0; e < p->n_nets; e++) {
    size_t n = 0;
    if (p->source[e] != NIRC_PARTITION_NONE)
      seen[x->part[p->source[e]]] = (uint32_t)e + 1;
    for (size_t i = p->first[e]; i < p->first[e + 1]; i++) {
      uint32_t t = x->part[p->pin[i]];
      n += seen[t] != e + 1;
      seen[t] = (uint32_t)e + 1;
    }
    sum += p->events[e] * (double)n;
  }
  return sum;
}

nirc_partition_problem nirc_partition_contract(const nirc_partition_problem *p, nirc_arena *a, const nirc_partition *x)
{
  size_t *first = NIRC_NEW_ARRAY(a, size_t, p->n_nets + 1);
  uint32_t *pin = NIRC_NEW_ARRAY(a, uint32_t, p->first[p->n_nets]), *source = NIRC_NEW_ARRAY(a, uint32_t, p->n_nets);
  uint32_t *seen = NIRC_NEW_ARRAY(a, uint32_t, x->n_parts);
  size_t n = 0;
  for (size_t e = 0; e < p->n_nets; e++) {
    source[e] = p->source[e] == NIRC_PARTITION_NONE ? NIRC_PARTITION_NONE : x->part[p->source[e]];
    for (size_t i = p->first[e]; i < p->first[e + 1]; i++) {
      uint32_t t = x->part[p->pin[i]];
      if (seen[t] != e + 1)
        pin[n++] = t;
      seen[t] = (uint32_t)e + 1;
    }
    first[e + 1] = n;
  }
  return (nirc_partition_problem){.n_units = x->n_parts, .n_nets = p->n_nets, .first = first, .pin = pin, .source = source, .events = p->events};
}

/* ---- in order --------------------------------------------------------------------------------------------------------------------------- */

bool nirc_partition_in_order(const nirc_partition_problem *p, nirc_arena *a, nirc_partition *out)
{
  nirc_partition_problem bare = *p;                  /* nets make no difference */
  bare.n_nets = 0;
  bare.first = &(size_t){0};
  nirc_arena *scratch = nirc_arena_new(nirc_arena_heap(a));
  nirc_partition_parts x;
  uint32_t *part = NIRC_NEW_ARRAY(a, uint32_t, p->n_units);
  for (size_t u = 0; u < p->n_units; u++)
    part[u] = NIRC_PARTITION_NONE;
  nirc_partition_parts_init(&x, scratch, nirc_partition_graph_new(scratch, &bare), part, 0, p->n_units);
  for (size_t u = 0; u < p->n_units; u++) {
    if (!x.n_parts || !nirc_partition_has_room(&x, u, (uint32_t)x.n_parts - 1))
      x.n_parts++;
    nirc_partition_put(&x, u, (uint32_t)x.n_parts - 1);
  }
  *out = (nirc_partition){x.n_parts, part};
  nirc_arena_free(scratch);
  return !p->most_parts || out->n_parts <= p->most_parts;
}

/* ---- levels -------------------------------------------------------------------------------------------------------------------------------- */

enum { MOST_LEVELS = 40 };
#define CLEARLY_WORSE 1.5

typedef struct level {
  nirc_partition_graph *g;
  uint32_t *map;                                     /* to the units of the next coarser level */
  uint32_t *part;
} level;

static size_t coarsen(nirc_arena *a, const nirc_partition_problem *p, level *levels)
{
  size_t n = 0;
  levels[0].g = nirc_partition_graph_new(a, p);
  while (n + 1 < MOST_LEVELS && (levels[n + 1].g = nirc_partition_coarsen(a, levels[n].g, &levels[n].map)))
    n++;
  return n;
}

/* Parts in the order of their first units; those without any go. */
static size_t renumber(nirc_arena *a, uint32_t *part, size_t n, size_t n_parts)
{
  uint32_t *number = NIRC_NEW_ARRAY(a, uint32_t, n_parts), used = 0;
  for (size_t u = 0; u < n; u++) {
    if (!number[part[u]])
      number[part[u]] = ++used;
    part[u] = number[part[u]] - 1;
  }
  return used;
}

/* One level: what the coarser one says, completed and refined. */
static bool refine_level(nirc_arena *heap_of, const level *levels, size_t k, size_t *n_parts, size_t most_parts, bool grow)
{
  nirc_arena *a = nirc_arena_new(nirc_arena_heap(heap_of));
  nirc_partition_parts x;
  size_t left = 0;
  for (size_t u = 0; u < levels[k].g->n; u++)
    left += levels[k].part[u] == NIRC_PARTITION_NONE;
  nirc_partition_parts_init(&x, a, levels[k].g, levels[k].part, *n_parts, most_parts ? most_parts : *n_parts + left);
  if (grow)
    nirc_partition_grow(&x);
  bool ok = nirc_partition_complete(&x, k == 0);
  if (ok)
    nirc_partition_improve(&x);
  *n_parts = x.n_parts;
  nirc_arena_free(a);
  return ok;
}

static bool by_levels(const nirc_partition_problem *p, nirc_arena *a, nirc_partition *out)
{
  nirc_arena *scratch = nirc_arena_new(nirc_arena_heap(a));
  level levels[MOST_LEVELS] = {0};
  size_t top = coarsen(scratch, p, levels), n_parts = 0;
  bool ok = true;
  out->part = levels[0].part = NIRC_NEW_ARRAY(a, uint32_t, p->n_units);
  for (size_t k = top + 1; ok && k-- > 0;) {
    if (k)
      levels[k].part = NIRC_NEW_ARRAY(scratch, uint32_t, levels[k].g->n);
    for (size_t u = 0; u < levels[k].g->n; u++)
      levels[k].part[u] = k == top ? NIRC_PARTITION_NONE : levels[k + 1].part[levels[k].map[u]];
    ok = refine_level(scratch, levels, k, &n_parts, p->most_parts, k == top);
  }
  if (ok)
    out->n_parts = renumber(scratch, out->part, p->n_units, n_parts);
  nirc_arena_free(scratch);
  return ok;
}

void nirc_partition_refine(const nirc_partition_problem *p, nirc_arena *a, nirc_partition *x)
{
  nirc_arena *scratch = nirc_arena_new(nirc_arena_heap(a));
  level only = {.g = nirc_partition_graph_new(scratch, p), .part = x->part};
  refine_level(scratch, &only, 0, &x->n_parts, x->n_parts, false);
  x->n_parts = renumber(scratch, x->part, p->n_units, x->n_parts);
  nirc_arena_free(scratch);
}

/* Units in order are refined where they have not lost already. */
bool nirc_partition_min_cut(const nirc_partition_problem *p, nirc_arena *a, nirc_partition *out)
{
  nirc_partition in_order;
  bool leveled = by_levels(p, a, out), ordered = nirc_partition_in_order(p, a, &in_order);
  double cut = leveled ? nirc_partition_cut(p, a, out) : INFINITY;
  if (!ordered || nirc_partition_cut(p, a, &in_order) > CLEARLY_WORSE * cut)
    return leveled;
  nirc_partition_refine(p, a, &in_order);
  if (nirc_partition_cut(p, a, &in_order) < cut || !leveled)
    *out = in_order;
  return true;
}
