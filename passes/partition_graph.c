/* passes/partition_graph.c: hypergraphs of the partitioner, and heavy pairs made one. */
#include "passes/partition_graph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
  ROOM = 4,                                          /* a pair becomes one where so many of it fit into a part: larger ones would not fill parts well */
  WEIGHT_BITS = 30
};

/* ---- nets ------------------------------------------------------------------------------------------------------------------------- */

/* Nets as they are collected: those with the same units become one. */
typedef struct collector {
  nirc_arena *a;
  nirc_partition_graph *g;
  size_t n_units;
  uint32_t *slots, *same;                            /* by hash: 1 + the last net of it; by net: 1 + the one before with the same hash */
  size_t mask;
} collector;

static int ascending(const void *a, const void *b)
{
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static void sort(uint32_t *v, size_t n)
{
  if (n > 16) {
    qsort(v, n, sizeof *v, ascending);
    return;
  }
  for (size_t i = 1; i < n; i++)
    for (size_t k = i; k && v[k - 1] > v[k]; k--) {
      uint32_t t = v[k];
      v[k] = v[k - 1];
      v[k - 1] = t;
    }
}

static collector begin(nirc_arena *a, nirc_partition_graph *g, size_t n, size_t most_nets, size_t most_pins)
{
  collector c = {.a = a, .g = g, .n_units = n, .mask = 1};
  while (c.mask < 2 * most_nets)
    c.mask *= 2;
  c.slots = NIRC_NEW_ARRAY(a, uint32_t, c.mask--);
  c.same = NIRC_NEW_ARRAY(a, uint32_t, most_nets);
  g->first = NIRC_NEW_ARRAY(a, size_t, most_nets + 1);
  g->pin = NIRC_NEW_ARRAY(a, uint32_t, most_pins);
  g->weight = NIRC_NEW_ARRAY(a, int64_t, most_nets);
  return c;
}

/* The net whose units, in any order, were put behind the last one's; one unit alone is no net. */
static void collect(collector *c, size_t n, int64_t weight)
{
  nirc_partition_graph *g = c->g;
  uint32_t *pins = g->pin + g->first[g->n_nets];
  uint64_t hash = n;
  size_t kept = 0;
  sort(pins, n);
  for (size_t i = 0; i < n; i++)
    if (!i || pins[i] != pins[i - 1])
      pins[kept++] = pins[i];
  if (kept < 2 || !weight)
    return;
  for (size_t i = 0; i < kept; i++)
    hash = (hash ^ pins[i]) * 0x9e3779b97f4a7c15u, hash ^= hash >> 29;
  uint32_t *slot = &c->slots[hash & c->mask];
  for (uint32_t e = *slot; e; e = c->same[e - 1])
    if (nirc_partition_pins(g, e - 1) == kept && memcmp(g->pin + g->first[e - 1], pins, kept * sizeof *pins) == 0) {
      g->weight[e - 1] += weight;
      return;
    }
  c->same[g->n_nets] = *slot;
  *slot = (uint32_t)g->n_nets + 1;
  g->weight[g->n_nets++] = weight;
  g->first[g->n_nets] = g->first[g->n_nets - 1] + kept;
}

/* Which nets each unit is in. */
static void end(collector *c)
{
  nirc_partition_graph *g = c->g;
  g->n = c->n_units;
  g->net_first = NIRC_NEW_ARRAY(c->a, size_t, g->n + 2);
  g->net = NIRC_NEW_ARRAY(c->a, uint32_t, g->first[g->n_nets]);
  for (size_t i = 0; i < g->first[g->n_nets]; i++)
    g->net_first[g->pin[i] + 2]++;
  for (size_t u = 0; u < g->n; u++)
    g->net_first[u + 2] += g->net_first[u + 1];
  for (size_t e = 0; e < g->n_nets; e++)
    for (size_t i = g->first[e]; i < g->first[e + 1]; i++)
      g->net[g->net_first[g->pin[i] + 1]++] = (uint32_t)e;
}

/* ---- the first level ------------------------------------------------------------------------------------------------------------------ */

/* Events as whole numbers, so that no order of additions matters. */
static double find_unit(const nirc_partition_problem *p)
{
  double most = 0;
  for (size_t e = 0; e < p->n_nets; e++)
    most = fmax(most, p->events[e]);
  return most > 0 ? ldexp(1, WEIGHT_BITS) / most : 0;
}

nirc_partition_graph *nirc_partition_graph_new(nirc_arena *a, const nirc_partition_problem *p)
{
  nirc_partition_graph *g = NIRC_NEW(a, nirc_partition_graph);
  size_t k = p->n_resources;
  *g = (nirc_partition_graph){.problem = p, .amount = NIRC_NEW_ARRAY(a, uint64_t, p->n_units * k), .family_first = NIRC_NEW_ARRAY(a, size_t, p->n_units + 1),
                              .family = NIRC_NEW_ARRAY(a, uint32_t, p->n_units)};
  for (size_t i = 0; i < p->n_units * k; i++)
    g->amount[i] = p->amount[i];
  for (size_t u = 0, n = 0; u < p->n_units; u++) {
    if (p->family && p->family[u] != NIRC_PARTITION_NONE)
      g->family[n++] = p->family[u];
    g->family_first[u + 1] = n;
  }
  collector c = begin(a, g, p->n_units, p->n_nets, p->first[p->n_nets] + p->n_nets);
  double unit = find_unit(p);
  for (size_t e = 0; e < p->n_nets; e++) {
    size_t n = p->first[e + 1] - p->first[e];
    uint32_t *pins = g->pin + g->first[g->n_nets];
    memcpy(pins, p->pin + p->first[e], n * sizeof *pins);
    if (p->source[e] != NIRC_PARTITION_NONE)
      pins[n++] = p->source[e];
    collect(&c, n, p->events[e] > 0 ? llrint(fmax(1, p->events[e] * unit)) : 0);
  }
  end(&c);
  return g;
}

/* ---- coarser ones ----------------------------------------------------------------------------------------------------------------------- */

/* Does a part have room for several of the pair? */
static bool may_pair(const nirc_partition_graph *g, size_t u, size_t v)
{
  const nirc_partition_problem *p = g->problem;
  uint64_t total[NIRC_PARTITION_MOST_RESOURCES];
  size_t k = p->n_resources, i = g->family_first[u], j = g->family_first[v];
  for (size_t r = 0; r < k; r++)
    total[r] = ROOM * (g->amount[u * k + r] + g->amount[v * k + r]);
  while (i < g->family_first[u + 1] || j < g->family_first[v + 1]) {
    uint32_t f = i == g->family_first[u + 1] ? g->family[j] : j == g->family_first[v + 1] || g->family[i] < g->family[j] ? g->family[i] : g->family[j];
    i += i < g->family_first[u + 1] && g->family[i] == f;
    j += j < g->family_first[v + 1] && g->family[j] == f;
    for (size_t r = 0; r < k; r++)
      total[r] += p->shared[f * k + r];
  }
  return p->fits(total, p->user);
}

typedef struct matcher {
  const nirc_partition_graph *g;
  uint32_t *map;                                     /* 1 + the new unit; 0: not yet paired */
  double *score;
  uint32_t *touched;
  size_t n_touched;
} matcher;

/* Units that share nets with u, by the events that would stay within the pair. */
static void score_neighbours(matcher *m, size_t u)
{
  const nirc_partition_graph *g = m->g;
  m->n_touched = 0;
  for (size_t i = g->net_first[u]; i < g->net_first[u + 1]; i++) {
    size_t e = g->net[i];
    if (nirc_partition_is_large(g, e))
      continue;
    double each = (double)g->weight[e] / (double)(nirc_partition_pins(g, e) - 1);
    for (size_t k = g->first[e]; k < g->first[e + 1]; k++) {
      uint32_t v = g->pin[k];
      if (v == u || m->map[v])
        continue;
      if (m->score[v] == 0)
        m->touched[m->n_touched++] = v;
      m->score[v] += each;
    }
  }
}

/* The best partner that fits, the one of lower number where two are alike; u itself where there is none. */
static size_t find_partner(matcher *m, size_t u)
{
  size_t best = u;
  double most = 0;
  score_neighbours(m, u);
  for (size_t i = 0; i < m->n_touched; i++) {
    uint32_t v = m->touched[i];
    if ((m->score[v] > most || (m->score[v] == most && v < best)) && may_pair(m->g, u, v)) {
      most = m->score[v];
      best = v;
    }
  }
  for (size_t i = 0; i < m->n_touched; i++)
    m->score[m->touched[i]] = 0;
  return best;
}

static size_t match(nirc_arena *a, const nirc_partition_graph *g, uint32_t *map)
{
  matcher m = {g, map, NIRC_NEW_ARRAY(a, double, g->n), NIRC_NEW_ARRAY(a, uint32_t, g->n), 0};
  size_t n = 0;
  for (size_t u = 0; u < g->n; u++) {
    if (map[u])
      continue;
    size_t v = find_partner(&m, u);
    map[u] = map[v] = (uint32_t)++n;
  }
  for (size_t u = 0; u < g->n; u++)
    map[u]--;
  return n;
}

static void add_families(const nirc_partition_graph *g, nirc_partition_graph *c, const uint32_t *map)
{
  size_t k = g->problem->n_resources;
  for (size_t u = 0; u < g->n; u++) {
    for (size_t r = 0; r < k; r++)
      c->amount[map[u] * k + r] += g->amount[u * k + r];
    c->family_first[map[u] + 1] += g->family_first[u + 1] - g->family_first[u];
  }
  for (size_t u = 0; u < c->n; u++)
    c->family_first[u + 1] += c->family_first[u];
}

/* Families of pairs, each once. */
static void merge_families(nirc_arena *a, const nirc_partition_graph *g, nirc_partition_graph *c, const uint32_t *map)
{
  size_t *end = NIRC_NEW_ARRAY(a, size_t, c->n), kept = 0;
  c->family = NIRC_NEW_ARRAY(a, uint32_t, c->family_first[c->n]);
  memcpy(end, c->family_first, c->n * sizeof *end);
  for (size_t u = 0; u < g->n; u++)
    for (size_t i = g->family_first[u]; i < g->family_first[u + 1]; i++)
      c->family[end[map[u]]++] = g->family[i];
  for (size_t u = 0, at = 0; u < c->n; u++) {
    size_t begin_of_u = kept;
    sort(c->family + at, end[u] - at);
    for (; at < end[u]; at++)
      if (kept == begin_of_u || c->family[kept - 1] != c->family[at])
        c->family[kept++] = c->family[at];
    c->family_first[u] = begin_of_u;
  }
  c->family_first[c->n] = kept;
}

nirc_partition_graph *nirc_partition_coarsen(nirc_arena *a, const nirc_partition_graph *g, uint32_t **map)
{
  *map = NIRC_NEW_ARRAY(a, uint32_t, g->n);
  size_t n = match(a, g, *map);
  if (n >= g->n - g->n / 16)
    return NULL;
  nirc_partition_graph *c = NIRC_NEW(a, nirc_partition_graph);
  *c = (nirc_partition_graph){.problem = g->problem, .n = n, .amount = NIRC_NEW_ARRAY(a, uint64_t, n * g->problem->n_resources),
                              .family_first = NIRC_NEW_ARRAY(a, size_t, n + 1)};
  add_families(g, c, *map);
  merge_families(a, g, c, *map);
  collector nets = begin(a, c, n, g->n_nets, g->first[g->n_nets]);
  for (size_t e = 0; e < g->n_nets; e++) {
    uint32_t *pins = c->pin + c->first[c->n_nets];
    for (size_t i = g->first[e]; i < g->first[e + 1]; i++)
      pins[i - g->first[e]] = (*map)[g->pin[i]];
    collect(&nets, nirc_partition_pins(g, e), g->weight[e]);
  }
  end(&nets);
  return c;
}
