/* passes/partition_parts.c: what parts hold, kept up to date from move to move. */
#include "passes/partition_parts.h"

#include <string.h>

void nirc_partition_parts_init(nirc_partition_parts *x, nirc_arena *a, const nirc_partition_graph *g, uint32_t *part, size_t n_parts, size_t max_parts)
{
  *x = (nirc_partition_parts){.a = a, .g = g, .n_parts = n_parts, .max_parts = max_parts, .part = part};
  x->total = NIRC_NEW_ARRAY(a, uint64_t, max_parts * g->problem->n_resources);
  x->families = NIRC_NEW_ARRAY(a, nirc_partition_count *, max_parts);
  x->n_families = NIRC_NEW_ARRAY(a, uint32_t, max_parts);
  x->max_families = NIRC_NEW_ARRAY(a, uint32_t, max_parts);
  x->head = NIRC_NEW_ARRAY(a, uint32_t, max_parts);
  x->next = NIRC_NEW_ARRAY(a, uint32_t, g->n);
  x->previous = NIRC_NEW_ARRAY(a, uint32_t, g->n);
  x->in = NIRC_NEW_ARRAY(a, nirc_partition_count, g->first[g->n_nets]);
  x->n_in = NIRC_NEW_ARRAY(a, uint32_t, g->n_nets);
  x->worth = NIRC_NEW_ARRAY(a, int64_t, max_parts);
  x->near_parts = NIRC_NEW_ARRAY(a, uint32_t, max_parts);
  for (size_t u = 0; u < g->n; u++) {
    uint32_t t = part[u];
    part[u] = NIRC_PARTITION_NONE;
    if (t != NIRC_PARTITION_NONE)
      nirc_partition_put(x, u, t);
  }
}

/* ---- families ------------------------------------------------------------------------------------------------------------------------ */

static uint32_t find_family(const nirc_partition_parts *x, uint32_t part, uint32_t family)
{
  uint32_t i = 0;
  while (i < x->n_families[part] && x->families[part][i].id != family)
    i++;
  return i;
}

static void add_shared(nirc_partition_parts *x, uint32_t part, uint32_t family, bool minus)
{
  const nirc_partition_problem *p = x->g->problem;
  for (size_t r = 0; r < p->n_resources; r++) {
    uint32_t amount = p->shared[family * p->n_resources + r];
    x->total[part * p->n_resources + r] += minus ? -(uint64_t)amount : amount;
  }
}

static void put_family(nirc_partition_parts *x, uint32_t part, uint32_t family)
{
  uint32_t i = find_family(x, part, family);
  if (i < x->n_families[part]) {
    x->families[part][i].n++;
    return;
  }
  if (i == x->max_families[part]) {
    nirc_partition_count *more = NIRC_NEW_ARRAY(x->a, nirc_partition_count, 2 * i + 4);
    if (i)
      memcpy(more, x->families[part], i * sizeof *more);
    x->families[part] = more;
    x->max_families[part] = 2 * i + 4;
  }
  x->families[part][i] = (nirc_partition_count){family, 1};
  x->n_families[part]++;
  add_shared(x, part, family, false);
}

static void take_family(nirc_partition_parts *x, uint32_t part, uint32_t family)
{
  uint32_t i = find_family(x, part, family);
  if (--x->families[part][i].n)
    return;
  x->families[part][i] = x->families[part][--x->n_families[part]];
  add_shared(x, part, family, true);
}

/* ---- in and out ------------------------------------------------------------------------------------------------------------------------ */

static nirc_partition_count *find_part(const nirc_partition_parts *x, size_t net, uint32_t part)
{
  nirc_partition_count *in = x->in + x->g->first[net], *end = in + x->n_in[net];
  while (in < end && in->id != part)
    in++;
  return in;
}

size_t nirc_partition_units_in(const nirc_partition_parts *x, size_t net, uint32_t part)
{
  const nirc_partition_count *in = find_part(x, net, part);
  return in == x->in + x->g->first[net] + x->n_in[net] ? 0 : in->n;
}

void nirc_partition_put(nirc_partition_parts *x, size_t unit, uint32_t part)
{
  const nirc_partition_graph *g = x->g;
  size_t k = g->problem->n_resources;
  x->part[unit] = part;
  x->next[unit] = x->head[part];
  x->previous[unit] = 0;
  if (x->head[part])
    x->previous[x->head[part] - 1] = (uint32_t)unit + 1;
  x->head[part] = (uint32_t)unit + 1;
  for (size_t r = 0; r < k; r++)
    x->total[part * k + r] += g->amount[unit * k + r];
  for (size_t i = g->family_first[unit]; i < g->family_first[unit + 1]; i++)
    put_family(x, part, g->family[i]);
  for (size_t i = g->net_first[unit]; i < g->net_first[unit + 1]; i++) {
    size_t e = g->net[i];
    if (nirc_partition_is_large(g, e))
      continue;
    nirc_partition_count *in = find_part(x, e, part);
    if (in == x->in + g->first[e] + x->n_in[e]) {
      *in = (nirc_partition_count){part, 0};
      x->n_in[e]++;
    }
    in->n++;
  }
}

void nirc_partition_take(nirc_partition_parts *x, size_t unit)
{
  const nirc_partition_graph *g = x->g;
  size_t k = g->problem->n_resources;
  uint32_t part = x->part[unit];
  x->part[unit] = NIRC_PARTITION_NONE;
  if (x->previous[unit])
    x->next[x->previous[unit] - 1] = x->next[unit];
  else
    x->head[part] = x->next[unit];
  if (x->next[unit])
    x->previous[x->next[unit] - 1] = x->previous[unit];
  for (size_t r = 0; r < k; r++)
    x->total[part * k + r] -= g->amount[unit * k + r];
  for (size_t i = g->family_first[unit]; i < g->family_first[unit + 1]; i++)
    take_family(x, part, g->family[i]);
  for (size_t i = g->net_first[unit]; i < g->net_first[unit + 1]; i++) {
    size_t e = g->net[i];
    if (nirc_partition_is_large(g, e))
      continue;
    nirc_partition_count *in = find_part(x, e, part);
    if (!--in->n)
      *in = x->in[g->first[e] + --x->n_in[e]];
  }
}

bool nirc_partition_has_room(const nirc_partition_parts *x, size_t unit, uint32_t part)
{
  const nirc_partition_graph *g = x->g;
  const nirc_partition_problem *p = g->problem;
  uint64_t total[NIRC_PARTITION_MOST_RESOURCES];
  size_t k = p->n_resources;
  for (size_t r = 0; r < k; r++)
    total[r] = x->total[part * k + r] + g->amount[unit * k + r];
  for (size_t i = g->family_first[unit]; i < g->family_first[unit + 1]; i++)
    for (size_t r = 0; find_family(x, part, g->family[i]) == x->n_families[part] && r < k; r++)
      total[r] += p->shared[g->family[i] * k + r];
  return p->fits(total, p->user);
}

bool nirc_partition_can_swap(nirc_partition_parts *x, size_t unit, size_t other)
{
  uint32_t from = x->part[unit], to = x->part[other];
  nirc_partition_take(x, unit);
  nirc_partition_take(x, other);
  bool ok = nirc_partition_has_room(x, unit, to) && nirc_partition_has_room(x, other, from);
  nirc_partition_put(x, unit, from);
  nirc_partition_put(x, other, to);
  return ok;
}

/* ---- gains ------------------------------------------------------------------------------------------------------------------------------ */

/* What leaving its part would gain less what a part without any of its nets would cost; what is there already of its nets, in x->worth. */
static int64_t look(nirc_partition_parts *x, size_t unit)
{
  const nirc_partition_graph *g = x->g;
  uint32_t own = x->part[unit];
  int64_t gain = 0;
  x->n_near = 0;
  for (size_t i = g->net_first[unit]; i < g->net_first[unit + 1]; i++) {
    size_t e = g->net[i];
    if (nirc_partition_is_large(g, e))
      continue;
    const nirc_partition_count *in = x->in + g->first[e];
    bool alone = false;
    x->work += x->n_in[e];
    for (uint32_t k = 0; k < x->n_in[e]; k++) {
      if (in[k].id == own) {
        alone = in[k].n == 1;
        continue;
      }
      if (!x->worth[in[k].id])
        x->near_parts[x->n_near++] = in[k].id;
      x->worth[in[k].id] += g->weight[e];
    }
    gain -= alone ? 0 : g->weight[e];
  }
  return gain;
}

static void forget(nirc_partition_parts *x)
{
  for (size_t i = 0; i < x->n_near; i++)
    x->worth[x->near_parts[i]] = 0;
}

static bool is_better(int64_t gain, uint32_t to, const nirc_partition_move *than)
{
  return than->to == NIRC_PARTITION_NONE || gain > than->gain || (gain == than->gain && to < than->to);
}

nirc_partition_move nirc_partition_best_move(nirc_partition_parts *x, size_t unit, nirc_partition_move *crowded)
{
  nirc_partition_move best = {NIRC_PARTITION_NONE, 0}, any = best;
  int64_t base = look(x, unit);
  for (size_t i = 0; i < x->n_near; i++) {
    uint32_t t = x->near_parts[i];
    int64_t gain = base + x->worth[t];
    if (is_better(gain, t, &any))
      any = (nirc_partition_move){t, gain};
    if (is_better(gain, t, &best) && nirc_partition_has_room(x, unit, t))
      best = (nirc_partition_move){t, gain};
  }
  forget(x);
  if (crowded)
    *crowded = (nirc_partition_move){any.to, any.to == NIRC_PARTITION_NONE ? base : any.gain};
  return best;
}

int64_t nirc_partition_gain(nirc_partition_parts *x, size_t unit, uint32_t to)
{
  int64_t gain = look(x, unit) + x->worth[to];
  forget(x);
  return gain;
}
