#include "frontend/snn/names.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_THROUGH = 1000, MAX_STEPS = 4000000 };     /* ports that one edge may lead through; arrows followed in a graph, each as often as edges share it */

static nirc_snn_node *find(const nirc_snn_ends *x, const char *name)
{
  return nirc_snn_table_find(&x->graph->names, name);
}

/* Is it in an instance whose declaration has a fault? */
static bool in_faulty(const nirc_snn_ends *x, const char *name)
{
  for (const char *dot = strchr(name, '.'); dot; dot = strchr(dot + 1, '.')) {
    const nirc_snn_node *n = find(x, nirc_arena_printf(x->arena, "%s%.*s", x->prefix, (int)(dot - name), name));
    if (n && n->kind == NIRC_SNN_FAULTY)
      return true;
  }
  return false;
}

static nirc_snn_node *unknown(nirc_snn_ends *x, const char *name, nirc_loc loc)
{
  if (x->graph->cut || name == x->unknown || in_faulty(x, name))
    return NULL;
  x->unknown = name;
  nirc_guess g = {0};
  size_t skip = strlen(x->prefix), seen = 0;
  for (const nirc_snn_node *n = x->graph->nodes; n && seen++ < 1000; n = n->next)
    if (strncmp(n->name, x->prefix, skip) == 0)
      nirc_guess_consider(&g, name, n->name + skip);
  nirc_error(x->d, loc, "no node is called '%s' here", name);
  for (const char *dot = strchr(name, '.'); dot; dot = strchr(dot + 1, '.')) {
    const nirc_snn_node *n = find(x, nirc_arena_printf(x->arena, "%s%.*s", x->prefix, (int)(dot - name), name));
    if (n && n->kind == NIRC_SNN_NESTED) {
      nirc_note(x->d, n->loc, "'%s' is a nested graph: nodes in it have edges in it only", n->name);
      return NULL;
    }
  }
  nirc_guess_note(&g, x->d, loc);
  return NULL;
}

/* The port by which an edge leaves (enters) an instance. */
static nirc_snn_node *only_port(const nirc_snn_ends *x, const nirc_snn_node *instance, nirc_loc loc, bool source)
{
  nirc_snn_node *found = instance->port[!source];
  unsigned n = instance->n_ports[!source];
  if (n == 1)
    return found;
  nirc_error(x->d, loc, "'%s' has %u %s ports%s", instance->name, n, source ? "out" : "in", n ? "; say which, as in" : "");
  if (n)
    nirc_note_fix(x->d, loc, found->name + strlen(x->prefix), "'%s'", found->name + strlen(x->prefix));
  return NULL;
}

nirc_snn_node *nirc_snn_find_end(nirc_snn_ends *x, const char *name, nirc_loc loc, bool source)
{
  nirc_snn_node *n = find(x, nirc_arena_printf(x->arena, "%s%s", x->prefix, name));
  if (!n)
    return unknown(x, name, loc);
  if (n->kind == NIRC_SNN_FAULTY)
    return NULL;
  if (n->kind == NIRC_SNN_INSTANCE)
    return only_port(x, n, loc, source);
  if (n->kind != NIRC_SNN_PORT)
    return n;
  bool inside = n->owner == x->owner;
  if ((n->is_in == source) == inside)                /* from inside, an in port is a source; from outside, a target */
    return n;
  nirc_error(x->d, loc, "'%s' is an %s port; seen from %s, %s", n->name, n->is_in ? "in" : "out", inside ? "inside" : "outside",
             source ? "nothing comes from it" : "nothing goes to it");
  return NULL;
}

/* ---- joining ------------------------------------------------------------------------------------------------------------------ */

typedef struct joiner {
  nirc_snn_eval *x;
  nirc_snn_graph *g;
  size_t capacity, steps;
  uint64_t rank;
} joiner;

static void add_edge(joiner *j, nirc_snn_edge e)
{
  if (j->g->n_edges == j->capacity) {
    nirc_snn_edge *more = NIRC_NEW_ARRAY(j->x->m->arena, nirc_snn_edge, j->capacity * 2 + 16);
    if (j->g->n_edges)
      memcpy(more, j->g->edges, j->g->n_edges * sizeof *more);
    j->g->edges = more;
    j->capacity = j->capacity * 2 + 16;
  }
  j->g->edges[j->g->n_edges++] = e;
}

/* In how many instances a place stands. */
static unsigned depth_of(nirc_loc loc)
{
  unsigned n = 0;
  for (const nirc_via *v = loc.via; v; v = v->loc.via)
    n++;
  return n;
}

/* All edges that end with the arrow `g`, through ports; `e` holds what is known of them from the end. */
static bool follow(joiner *j, const nirc_snn_segment *g, nirc_snn_edge e, unsigned depth)
{
  nirc_snn_node *from = g->from;
  if (j->steps++ >= MAX_STEPS) {
    if (j->steps == MAX_STEPS + 1)
      nirc_error_status(j->x->d, NIRC_STATUS_LIMIT, g->loc, "the arrows make more than %d edges", MAX_STEPS);
    return false;
  }
  if (g->feedback && !e.feedback)
    e.mark = g->loc;
  e.feedback |= g->feedback;
  if (depth_of(g->loc) < depth_of(e.loc))
    e.loc = g->loc;
  if (from->kind != NIRC_SNN_PORT) {
    e.from = from;
    e.rank = j->rank++;
    add_edge(j, e);
    return true;
  }
  if (from->visiting || depth > MAX_THROUGH) {
    nirc_error(j->x->d, g->loc, from->visiting ? "ports are joined in a circle: '%s' leads to itself" : "an edge leads through too many ports before '%s'", from->name);
    return false;
  }
  if (from->has_shape) {
    nirc_snn_through *t = NIRC_NEW(j->x->m->arena, nirc_snn_through);
    *t = (nirc_snn_through){from, e.through};
    e.through = t;
  }
  from->visiting = true;
  bool ok = true;
  for (const nirc_snn_segment *k = from->in; k && ok; k = k->next)
    ok = follow(j, k, e, depth + 1);
  from->visiting = false;
  return ok;
}

static int by_place(const void *a, const void *b)
{
  const nirc_snn_edge *x = a, *y = b;
  return x->serial != y->serial ? (x->serial > y->serial) - (x->serial < y->serial) : (x->rank > y->rank) - (x->rank < y->rank);
}

static int by_ends(const void *a, const void *b)
{
  const nirc_snn_edge *x = a, *y = b;
  return x->to->id != y->to->id ? (x->to->id > y->to->id) - (x->to->id < y->to->id)
         : x->from->id != y->from->id ? (x->from->id > y->from->id) - (x->from->id < y->from->id) : by_place(a, b);
}

static bool each_edge_once(joiner *j)
{
  bool ok = true;
  nirc_snn_edge *e = j->g->edges;
  if (j->g->n_edges)
    qsort(e, j->g->n_edges, sizeof *e, by_ends);
  for (size_t i = 1; i < j->g->n_edges; i++)
    if (e[i].from == e[i - 1].from && e[i].to == e[i - 1].to) {
      nirc_error(j->x->d, e[i].loc, "there is an edge from '%s' to '%s' already", e[i].from->name, e[i].to->name);
      nirc_note(j->x->d, e[i - 1].loc, "here; one edge adds the value once, and for twice the value a Scale may stand between");
      ok = false;
    }
  if (j->g->n_edges)
    qsort(e, j->g->n_edges, sizeof *e, by_place);
  return ok;
}

static bool port_is_fed(joiner *j, const nirc_snn_node *n)
{
  if (n->kind != NIRC_SNN_PORT || n->in)
    return true;
  nirc_error(j->x->d, n->loc, n->is_in ? "nothing feeds the in port '%s'" : "nothing leads to the out port '%s'", n->name);
  return false;
}

bool nirc_snn_connect(nirc_snn_eval *x, nirc_snn_graph *g)
{
  joiner j = {.x = x, .g = g};
  bool ok = true;
  for (nirc_snn_node *n = g->nodes; n; n = n->next) {
    ok &= port_is_fed(&j, n);
    if (n->kind == NIRC_SNN_NESTED)
      ok &= nirc_snn_connect(x, n->graph);
    if (n->kind == NIRC_SNN_PRIMITIVE || n->kind == NIRC_SNN_NESTED)
      for (const nirc_snn_segment *s = n->in; s; s = s->next)
        ok &= follow(&j, s, (nirc_snn_edge){.to = n, .loc = s->loc, .serial = s->serial}, 0);
  }
  return each_edge_once(&j) && ok;
}
