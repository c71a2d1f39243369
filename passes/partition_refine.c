/* passes/partition_refine.c: growing parts, and moving units between them. */
#include "passes/partition_refine.h"

enum {
  PASSES = 8,
  PATIENCE = 200,                                    /* moves that make nothing better before a pass ends */
  LOOK_AHEAD = 32,                                   /* units beyond the first that is left, of which one may fill a part */
  MOST_EXCHANGES = 256,                              /* units of a part that are tried in exchange for one */
  WORK = 256                                         /* for each pin of a level, at the most: nets that are in few parts take far less */
};

/* ---- a heap of units, the highest gain first, then the lowest number ------------------------------------------------------------------ */

typedef struct entry { int64_t gain; uint32_t unit; } entry;
typedef struct queue { nirc_arena *a; entry *at; size_t n, max; } queue;

static bool is_before(entry x, entry y)
{
  return x.gain > y.gain || (x.gain == y.gain && x.unit < y.unit);
}

static void push(queue *q, int64_t gain, size_t unit)
{
  entry e = {gain, (uint32_t)unit};
  if (q->n == q->max) {
    size_t max = 2 * q->max + 64;
    entry *more = NIRC_NEW_ARRAY(q->a, entry, max);
    for (size_t i = 0; i < q->n; i++)
      more[i] = q->at[i];
    q->at = more;
    q->max = max;
  }
  size_t i = q->n++;
  for (; i && is_before(e, q->at[(i - 1) / 2]); i = (i - 1) / 2)
    q->at[i] = q->at[(i - 1) / 2];
  q->at[i] = e;
}

static entry pop(queue *q)
{
  entry top = q->at[0], last = q->at[--q->n];
  size_t i = 0;
  for (size_t k; (k = 2 * i + 1) < q->n; i = k) {
    k += k + 1 < q->n && is_before(q->at[k + 1], q->at[k]);
    if (!is_before(q->at[k], last))
      break;
    q->at[i] = q->at[k];
  }
  if (q->n)
    q->at[i] = last;
  return top;
}

/* ---- growing -------------------------------------------------------------------------------------------------------------------------------- */

typedef struct grower {
  nirc_partition_parts *x;
  queue q;
  int64_t *score;                                    /* by unit: the weight of its nets that are in the part at hand */
  uint32_t *scored, *net_of;                         /* by unit, by net: 1 + the part that it was last seen for */
  size_t cursor;                                     /* no unit before it is left */
} grower;

/* The unit joins the part; what shares a net with it that is new there comes nearer. */
static void join(grower *w, size_t unit, uint32_t part)
{
  const nirc_partition_graph *g = w->x->g;
  nirc_partition_put(w->x, unit, part);
  for (size_t i = g->net_first[unit]; i < g->net_first[unit + 1]; i++) {
    size_t e = g->net[i];
    if (nirc_partition_is_large(g, e) || w->net_of[e] == part + 1)
      continue;
    w->net_of[e] = part + 1;
    for (size_t k = g->first[e]; k < g->first[e + 1]; k++) {
      uint32_t v = g->pin[k];
      if (w->x->part[v] != NIRC_PARTITION_NONE)
        continue;
      w->score[v] = (w->scored[v] == part + 1 ? w->score[v] : 0) + g->weight[e];
      w->scored[v] = part + 1;
      push(&w->q, w->score[v], v);
    }
  }
}

/* The nearest unit that fits; without one, the first of those that are left; the graph's n: none. */
static size_t next_unit(grower *w, uint32_t part)
{
  const nirc_partition_graph *g = w->x->g;
  while (w->q.n) {
    entry e = pop(&w->q);
    if (w->x->part[e.unit] == NIRC_PARTITION_NONE && e.gain == w->score[e.unit] && nirc_partition_has_room(w->x, e.unit, part))
      return e.unit;
  }
  while (w->cursor < g->n && w->x->part[w->cursor] != NIRC_PARTITION_NONE)
    w->cursor++;
  for (size_t u = w->cursor; u < g->n && u < w->cursor + LOOK_AHEAD; u++)
    if (w->x->part[u] == NIRC_PARTITION_NONE && nirc_partition_has_room(w->x, u, part))
      return u;
  return g->n;
}

void nirc_partition_grow(nirc_partition_parts *x)
{
  size_t n = x->g->n;
  grower w = {.x = x, .q = {.a = x->a}, .score = NIRC_NEW_ARRAY(x->a, int64_t, n), .scored = NIRC_NEW_ARRAY(x->a, uint32_t, n),
              .net_of = NIRC_NEW_ARRAY(x->a, uint32_t, x->g->n_nets)};
  for (; x->n_parts < x->max_parts; x->n_parts++) {
    uint32_t part = (uint32_t)x->n_parts;
    size_t unit = next_unit(&w, part);
    if (unit == n)
      return;
    for (; unit < n; unit = next_unit(&w, part))
      join(&w, unit, part);
  }
}

/* ---- completing ------------------------------------------------------------------------------------------------------------------------------ */

/* A part with room, tried in a circle from the last one that had; max_parts: none. */
static uint32_t find_room(nirc_partition_parts *x, size_t unit, uint32_t *from)
{
  for (size_t i = 0; i < x->n_parts; i++) {
    uint32_t t = (uint32_t)((*from + i) % x->n_parts);
    if (nirc_partition_has_room(x, unit, t))
      return *from = t;
  }
  return (uint32_t)(x->n_parts < x->max_parts ? x->n_parts++ : x->max_parts);
}

bool nirc_partition_complete(nirc_partition_parts *x, bool last)
{
  uint32_t from = 0;
  for (size_t u = 0; u < x->g->n; u++) {
    if (x->part[u] != NIRC_PARTITION_NONE)
      continue;
    uint32_t t = nirc_partition_best_move(x, u, NULL).to;
    if (t == NIRC_PARTITION_NONE && last) {
      t = find_room(x, u, &from);
      if (t == x->max_parts)
        return false;
    }
    if (t != NIRC_PARTITION_NONE)
      nirc_partition_put(x, u, t);
  }
  return true;
}

/* ---- improving -------------------------------------------------------------------------------------------------------------------------------- */

typedef struct step { uint32_t unit, from; } step;

typedef struct mover {
  nirc_partition_parts *x;
  queue q;
  int64_t *queued;                                   /* by unit: the gain it last stood in the queue with; it gains no more than that */
  bool *moved;                                       /* in this pass */
  step *steps;                                       /* of this pass */
  size_t n_steps;
  int64_t sum, best;                                 /* gained by them, and by those up to the best state */
  size_t n_best;
  uint64_t most_work;
} mover;

/* Exactly what it gains. */
static void enqueue(mover *w, size_t unit)
{
  nirc_partition_move any;
  nirc_partition_best_move(w->x, unit, &any);
  w->queued[unit] = any.gain;
  if (any.to != NIRC_PARTITION_NONE)
    push(&w->q, any.gain, unit);
}

/* It may gain more than it did: at most so much; whether it does is looked at when it is its turn. */
static void raise(mover *w, size_t unit, int64_t by)
{
  if (w->moved[unit] || w->x->part[unit] == NIRC_PARTITION_NONE)
    return;
  w->queued[unit] += by;
  push(&w->q, w->queued[unit], unit);
}

/* A unit has moved. Where it is the first of a net in its part, the others of that net gain more by following it; where only one is left behind, that one does by
 * leaving. Who gains less finds out when it is its turn. */
static void raise_neighbours(mover *w, size_t unit, uint32_t from)
{
  const nirc_partition_parts *x = w->x;
  const nirc_partition_graph *g = x->g;
  for (size_t i = g->net_first[unit]; i < g->net_first[unit + 1]; i++) {
    size_t e = g->net[i];
    if (nirc_partition_pins(g, e) > NIRC_PARTITION_PINS_LOOKED_AT)
      continue;
    bool is_first = nirc_partition_units_in(x, e, x->part[unit]) == 1, one_left = nirc_partition_units_in(x, e, from) == 1;
    for (size_t k = g->first[e]; (is_first || one_left) && k < g->first[e + 1]; k++)
      if (g->pin[k] != unit && (is_first || x->part[g->pin[k]] == from))
        raise(w, g->pin[k], g->weight[e] * (is_first + (one_left && x->part[g->pin[k]] == from)));
  }
}

static void shift(nirc_partition_parts *x, size_t unit, uint32_t to)
{
  nirc_partition_take(x, unit);
  nirc_partition_put(x, unit, to);
}

static void note(mover *w, size_t unit, uint32_t from)
{
  w->moved[unit] = true;
  w->steps[w->n_steps++] = (step){(uint32_t)unit, from};
}

static void settle(mover *w, int64_t gain)
{
  w->sum += gain;
  if (w->sum > w->best) {
    w->best = w->sum;
    w->n_best = w->n_steps;
  }
}

/* Where the better part is full: one of its units in exchange, so that both together gain. */
static bool exchange(mover *w, size_t unit, nirc_partition_move want)
{
  nirc_partition_parts *x = w->x;
  uint32_t from = x->part[unit], partner = 0;
  int64_t most = -want.gain;                         /* what the partner has to gain more than */
  size_t tried = 0;
  shift(x, unit, want.to);                           /* for a moment, whether it fits or not */
  for (uint32_t v = x->head[want.to]; v && tried < MOST_EXCHANGES; v = x->next[v - 1], tried++) {
    if (v - 1 == unit || w->moved[v - 1])
      continue;
    int64_t gain = nirc_partition_gain(x, v - 1, from);
    if (gain < most || (gain == most && (!partner || v > partner)))
      continue;
    most = gain;
    partner = v;
  }
  shift(x, unit, from);
  if (!partner || most + want.gain <= 0 || !nirc_partition_can_swap(x, unit, partner - 1))
    return false;
  shift(x, unit, want.to);
  shift(x, partner - 1, from);
  note(w, unit, from);
  note(w, partner - 1, want.to);
  settle(w, most + want.gain);
  raise_neighbours(w, unit, from);
  raise_neighbours(w, partner - 1, want.to);
  return true;
}

/* The unit with the highest gain, if that is still what it gains. */
static void try_one(mover *w)
{
  entry e = pop(&w->q);
  nirc_partition_move any, best;
  if (w->moved[e.unit] || e.gain != w->queued[e.unit])
    return;
  best = nirc_partition_best_move(w->x, e.unit, &any);
  if (any.to == NIRC_PARTITION_NONE)
    return;
  if (any.gain < e.gain) {                           /* less than it might have */
    w->queued[e.unit] = any.gain;
    push(&w->q, any.gain, e.unit);
    return;
  }
  if (any.gain > 0 && any.gain > best.gain && exchange(w, e.unit, any))
    return;
  if (best.to == NIRC_PARTITION_NONE)
    return;
  if (best.gain < e.gain && w->q.n && best.gain < w->q.at[0].gain && best.gain < 0)
    return;                                          /* what it wants is full, and others gain more */
  uint32_t from = w->x->part[e.unit];
  shift(w->x, e.unit, best.to);
  note(w, e.unit, from);
  settle(w, best.gain);
  raise_neighbours(w, e.unit, from);
}

static bool run_pass(mover *w)
{
  size_t n = w->x->g->n;
  w->q.n = w->n_steps = w->n_best = 0;
  w->sum = w->best = 0;
  for (size_t u = 0; u < n; u++)
    w->moved[u] = false;
  for (size_t u = 0; u < n; u++)
    if (w->x->part[u] != NIRC_PARTITION_NONE)
      enqueue(w, u);
  while (w->q.n && w->n_steps < w->n_best + PATIENCE && w->x->work < w->most_work)
    try_one(w);
  while (w->n_steps > w->n_best) {
    step s = w->steps[--w->n_steps];
    shift(w->x, s.unit, s.from);
  }
  return w->best > 0 && w->x->work < w->most_work;
}

void nirc_partition_improve(nirc_partition_parts *x)
{
  size_t n = x->g->n;
  mover w = {.x = x, .q = {.a = x->a}, .queued = NIRC_NEW_ARRAY(x->a, int64_t, n), .moved = NIRC_NEW_ARRAY(x->a, bool, n),
             .steps = NIRC_NEW_ARRAY(x->a, step, n), .most_work = x->work + WORK * (x->g->first[x->g->n_nets] + n)};
  for (int pass = 0; pass < PASSES && run_pass(&w); pass++)
    ;
}
