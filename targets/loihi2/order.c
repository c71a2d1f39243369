/* targets/loihi2/order.c: which synapses close a loop, how late each population is, what delays let ways of different length end together; clocks, which send
 * what a bias cannot; and the kind of each synapse, which follows from all that. */
#include <stdlib.h>
#include <string.h>

#include "targets/loihi2/loihi2.h"

typedef struct walk {
  nirc_loihi2_net *net;
  nirc_diag *d;
  size_t *first, *edges;                             /* synapses by source: those of vertex v (the input is 0) from first[v] to first[v + 1] */
  size_t *next, *place;                              /* the first synapse not yet followed; 1 + depth where on the path */
  size_t *path, depth;
  size_t *order, n;                                  /* vertices, every source before what follows it, from the end */
  bool *done;
} walk;

/* ---- loops and latencies ------------------------------------------------------------------------------------------------------------ */

static void list_edges(walk *w)
{
  const nirc_loihi2_net *x = w->net;
  size_t n = x->n_populations + 1;
  w->first = NIRC_NEW_ARRAY(x->arena, size_t, n + 1);
  w->edges = NIRC_NEW_ARRAY(x->arena, size_t, x->n_synapses);
  w->next = NIRC_NEW_ARRAY(x->arena, size_t, n + 1);
  for (size_t s = 0; s < x->n_synapses; s++)
    w->first[x->synapses[s].from + 2]++;
  for (size_t v = 0; v < n; v++)
    w->first[v + 1] += w->first[v];
  memcpy(w->next, w->first, (n + 1) * sizeof *w->next);
  for (size_t s = 0; s < x->n_synapses; s++)
    w->edges[w->next[x->synapses[s].from + 1]++] = s;
  memcpy(w->next, w->first, (n + 1) * sizeof *w->next);
}

static void found_loop(walk *w, nirc_loihi2_synapse *s)
{
  size_t k = w->depth - w->place[s->to + 1] + 1;
  s->recurrent = true;
  if (k > 1)
    nirc_loihi2_warn(w->net, w->d, true, w->net->populations[s->to].node->loc,
                     "cycle of %zu populations: the way around takes %zu steps on the chip, one in the network", k, k);
}

static void enter(walk *w, size_t v)
{
  w->path[w->depth++] = v;
  w->place[v] = w->depth;
}

/* Depth first; populations are in order of their names, and so are the synapses of one source. */
static void search(walk *w, size_t root)
{
  if (w->done[root])
    return;
  enter(w, root);
  while (w->depth) {
    size_t v = w->path[w->depth - 1];
    if (w->next[v] == w->first[v + 1]) {
      w->order[w->n++] = v;
      w->done[v] = true;
      w->place[v] = 0;
      w->depth--;
      continue;
    }
    nirc_loihi2_synapse *s = &w->net->synapses[w->edges[w->next[v]++]];
    size_t to = (size_t)s->to + 1;
    if (w->place[to])
      found_loop(w, s);
    else if (!w->done[to])
      enter(w, to);
  }
}

static bool any(const double *v, size_t n)
{
  for (size_t i = 0; v && i < n; i++)
    if (v[i] != 0)
      return true;
  return false;
}

/* A bias that has to pass the synaptic filter, or to begin when the first input arrives. */
static bool needs_clock(const nirc_loihi2_net *x, const nirc_loihi2_population *p)
{
  return !p->clock && (p->filtered ? any(p->drive, p->count) : x->options.clock_bias && (any(p->drive, p->count) || any(p->leak, p->count)));
}

static void find_latencies(walk *w)
{
  nirc_loihi2_net *x = w->net;
  for (size_t p = 0; p < x->n_populations; p++)
    x->populations[p].latency = needs_clock(x, &x->populations[p]);
  for (size_t i = w->n; i-- > 0;) {
    size_t v = w->order[i], own = v ? x->populations[v - 1].latency : 0;
    for (size_t e = w->first[v]; e < w->first[v + 1]; e++) {
      const nirc_loihi2_synapse *s = &x->synapses[w->edges[e]];
      nirc_loihi2_population *to = &x->populations[s->to];
      if (!s->recurrent && to->latency < own + 1)
        to->latency = own + 1;
    }
  }
}

/* ---- kinds ------------------------------------------------------------------------------------------------------------------------------ */

static bool is_map(const nirc_shape *s, const uint64_t map[3])
{
  return s->rank == 3 && memcmp(s->dims, map, 3 * sizeof *map) == 0;
}

static bool balance(nirc_loihi2_net *x, nirc_loihi2_synapse *s, nirc_diag *d)
{
  const nirc_loihi2_population *to = &x->populations[s->to];
  size_t before = s->from == NIRC_LOIHI2_INPUT ? 0 : x->populations[s->from].latency;
  s->balance = s->recurrent ? 0 : to->latency - 1 - before;
  s->delay += s->balance;
  if (s->delay > NIRC_LOIHI2_MAX_DELAY) {
    nirc_error_code(d, "loihi2-delay", to->node->loc, "'%s': what comes from '%s' has to wait %zu steps, %zu of them for longer ways; at most %d are wanted",
                    to->node->name, nirc_loihi2_name(x, s->from), s->delay, s->balance, NIRC_LOIHI2_MAX_DELAY);
    return false;
  }
  if (s->kind == NIRC_LOIHI2_CONV &&
      (s->delay || !is_map(nirc_loihi2_shape(x, s->from), s->conv.in) || !is_map(nirc_loihi2_shape(x, s->to), s->conv.out))) {
    s->kind = NIRC_LOIHI2_SPARSE;
    nirc_linear l = nirc_linear_of_conv(x->arena, &s->conv);
    if (!nirc_loihi2_multiply(x, &l, &(nirc_matrix){.rows = l.columns, .columns = l.columns}, &s->matrix, to->node, d))
      return false;
  }
  for (size_t e = 0; s->delays && e < s->matrix.first[s->matrix.rows]; e++)
    s->delays[e] = (uint8_t)(s->delays[e] + s->balance);
  return true;
}

nirc_matrix nirc_loihi2_select(nirc_arena *a, const nirc_loihi2_synapse *s, unsigned delay)
{
  const nirc_matrix *m = &s->matrix;
  size_t all = m->first[m->rows], n = 0;
  for (size_t e = 0; e < all; e++)
    n += m->value[e] != 0 && (!s->delays || s->delays[e] == delay);
  if (n == all)
    return *m;
  nirc_matrix part = {.rows = m->rows, .columns = m->columns, .first = NIRC_NEW_ARRAY(a, size_t, m->rows + 1), .column = NIRC_NEW_ARRAY(a, uint32_t, n),
                      .value = NIRC_NEW_ARRAY(a, double, n)};
  n = 0;
  for (size_t i = 0; i < m->rows; i++) {
    for (size_t e = m->first[i]; e < m->first[i + 1]; e++)
      if (m->value[e] != 0 && (!s->delays || s->delays[e] == delay)) {
        part.column[n] = m->column[e];
        part.value[n++] = m->value[e];
      }
    part.first[i + 1] = n;
  }
  return part;
}

/* A sparse synapse has one delay: several where there are several. */
static void split(nirc_loihi2_net *x, size_t index)
{
  nirc_loihi2_synapse whole = x->synapses[index];
  bool first = true;
  if (whole.kind != NIRC_LOIHI2_SPARSE || !whole.delays)
    return;
  for (unsigned delay = 0; delay <= NIRC_LOIHI2_MAX_DELAY; delay++) {
    nirc_matrix m = nirc_loihi2_select(x->arena, &whole, delay);
    if (!m.first[m.rows])
      continue;
    nirc_loihi2_synapse *s = first ? &x->synapses[index] : nirc_loihi2_add_synapse(x);
    *s = whole;
    s->matrix = m;
    s->delays = NULL;
    s->delay = delay;
    first = false;
  }
}

/* ---- clocks -------------------------------------------------------------------------------------------------------------------------------- */

static nirc_loihi2_numbers one_number(nirc_arena *a, int64_t value)
{
  nirc_loihi2_numbers n = {1, NIRC_NEW(a, int64_t)};
  *n.value = value;
  return n;
}

static void add_connection(nirc_loihi2_net *x, int from, int to, const double *value)
{
  size_t n = x->populations[to].count;
  nirc_loihi2_synapse *s = nirc_loihi2_add_synapse(x);
  *s = (nirc_loihi2_synapse){.from = from, .to = to, .kind = NIRC_LOIHI2_DENSE, .matrix = {.rows = n, .columns = 1}};
  s->matrix.value = NIRC_NEW_ARRAY(x->arena, double, n);
  s->matrix.first = NIRC_NEW_ARRAY(x->arena, size_t, n + 1);
  s->matrix.column = NIRC_NEW_ARRAY(x->arena, uint32_t, n);
  for (size_t i = 0; i < n; i++) {
    s->matrix.first[i + 1] = i + 1;
    s->matrix.value[i] = value ? value[i] : 0;
  }
}

/* Clock k first fires at step k, and in every step from there: clock 0 by its bias, each other by the one before. */
static void add_clocks(nirc_loihi2_net *x)
{
  size_t n = x->n_populations, most = 0;
  for (size_t p = 0; p < n; p++)
    if (needs_clock(x, &x->populations[p]) && x->populations[p].latency > most)
      most = x->populations[p].latency;
  for (size_t k = 0; k < most; k++) {
    nirc_loihi2_population *c = nirc_loihi2_add_population(x, nirc_arena_printf(x->arena, "clock%zu", k));
    c->clock = true;
    c->shape = nirc_shape_1d(1);
    c->count = 1;
    c->scale = 1;
    c->latency = k;
    c->i_decay = c->v_decay = one_number(x->arena, NIRC_LOIHI2_DECAY_ONE);
    c->threshold = one_number(x->arena, 1);
    c->bias = one_number(x->arena, k ? 0 : 2);
    if (k)
      add_connection(x, (int)(n + k - 1), (int)(n + k), &(double){2});
  }
  for (size_t p = 0; p < n; p++)
    if (needs_clock(x, &x->populations[p])) {
      add_connection(x, (int)(n + x->populations[p].latency - 1), (int)p, x->populations[p].drive);
      x->populations[p].drive = NULL;                /* the synapse has it now */
    }
}

bool nirc_loihi2_order(nirc_loihi2_net *x, nirc_diag *d)
{
  unsigned before = d->errors;
  size_t n = x->n_populations + 1;
  walk w = {.net = x, .d = d, .place = NIRC_NEW_ARRAY(x->arena, size_t, n), .path = NIRC_NEW_ARRAY(x->arena, size_t, n),
            .order = NIRC_NEW_ARRAY(x->arena, size_t, n), .done = NIRC_NEW_ARRAY(x->arena, bool, n)};
  list_edges(&w);
  for (size_t v = 0; v < n; v++)
    search(&w, v);
  find_latencies(&w);
  size_t given = x->n_synapses;
  for (size_t s = 0; s < given; s++)
    if (balance(x, &x->synapses[s], d))
      split(x, s);
  add_clocks(x);
  return d->errors == before;
}
