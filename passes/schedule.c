#include "passes/schedule.h"

#include <stdlib.h>
#include <string.h>

enum mark { NEW, ON_PATH, DONE };

typedef struct edge { uint32_t user, operand; } edge;

typedef struct walk {
  nirc_schedule *s;
  edge *edges;                                       /* out-edges of all nodes, those of node i at first[i] to first[i + 1], by user */
  size_t *first, *next;                              /* next: the first out-edge not yet followed */
  unsigned char *mark;
  uint32_t *path;
  size_t depth;
} walk;

static int compare_names(const void *a, const void *b)
{
  return strcmp((*(nirc_op *const *)a)->name, (*(nirc_op *const *)b)->name);
}

static int compare_edges(const void *a, const void *b)
{
  const edge *x = a, *y = b;
  return x->user != y->user ? (x->user > y->user) - (x->user < y->user) : (x->operand > y->operand) - (x->operand < y->operand);
}

static void number_nodes(nirc_schedule *s, nirc_arena *a, const nirc_op *graph)
{
  NIRC_FOR_EACH_OP(op, graph->body)
    s->n++;
  s->by_name = NIRC_NEW_ARRAY(a, nirc_op *, s->n);
  size_t i = 0;
  NIRC_FOR_EACH_OP(op, graph->body)
    s->by_name[i++] = op;
  qsort(s->by_name, s->n, sizeof *s->by_name, compare_names);
  for (i = 0; i < s->n; i++)
    s->by_name[i]->id = (uint32_t)i;
}

/* Out-edges by node; `keep` says whose out-edges count. */
static void collect_edges(walk *w, nirc_arena *a, bool (*keep)(const walk *w, size_t id))
{
  const nirc_schedule *s = w->s;
  size_t total = 0;
  for (size_t i = 0; i < s->n; i++)
    total += s->by_name[i]->n_operands;
  w->edges = NIRC_NEW_ARRAY(a, edge, total);
  w->first = NIRC_NEW_ARRAY(a, size_t, s->n + 1);
  w->next = NIRC_NEW_ARRAY(a, size_t, s->n);
  w->mark = NIRC_NEW_ARRAY(a, unsigned char, s->n);
  w->path = NIRC_NEW_ARRAY(a, uint32_t, s->n);
  size_t n = 0;
  for (size_t i = 0; i < s->n; i++) {
    w->first[i] = w->next[i] = n;
    if (keep(w, i))
      for (const nirc_use *u = nirc_op_result(s->by_name[i])->uses; u; u = u->next)
        w->edges[n++] = (edge){u->user->id, u->index};
    qsort(w->edges + w->first[i], n - w->first[i], sizeof *w->edges, compare_edges);
  }
  w->first[s->n] = n;
}

/* Depth-first from `root`, without recursion. on_back is called for an edge to a node on the path, on_done when a node is left;
 * false from on_back ends the walk. */
static bool visit(walk *w, uint32_t root, bool (*on_back)(walk *w, edge e, void *user), void (*on_done)(walk *w, uint32_t id, void *user), void *user)
{
  if (w->mark[root] != NEW)
    return true;
  w->path[0] = root;
  w->depth = 1;
  w->mark[root] = ON_PATH;
  while (w->depth) {
    uint32_t id = w->path[w->depth - 1];
    if (w->next[id] == w->first[id + 1]) {
      w->mark[id] = DONE;
      w->depth--;
      on_done(w, id, user);
      continue;
    }
    edge e = w->edges[w->next[id]++];
    if (w->mark[e.user] == ON_PATH) {
      if (!on_back(w, e, user))
        return false;
    } else if (w->mark[e.user] == NEW) {
      w->mark[e.user] = ON_PATH;
      w->path[w->depth++] = e.user;
    }
  }
  return true;
}

/* ---- the order ---------------------------------------------------------------------------------------------------------- */

static bool mark_back_edge(walk *w, edge e, void *user)
{
  (void)user;
  w->s->back[e.user][e.operand] = true;
  return true;
}

/* Nodes are left in reverse topological order of what remains without the back edges. */
static void put_in_order(walk *w, uint32_t id, void *user)
{
  size_t *left = user;
  w->s->order[--*left] = w->s->by_name[id];
}

static bool not_register(const walk *w, size_t id)
{
  return !w->s->is_register[id];
}

/* ---- cycles that nothing delays --------------------------------------------------------------------------------------------- */

static bool stateless(const walk *w, size_t id)
{
  return !w->s->is_register[id] && !w->s->by_name[id]->def->integrates;
}

static bool report_cycle(walk *w, edge e, void *user)
{
  nirc_diag *d = user;
  size_t start = 0;
  while (w->path[start] != e.user)
    start++;
  nirc_strbuf b;
  nirc_strbuf_init(&b, nirc_heap_default());
  for (size_t i = start; i < w->depth; i++)
    nirc_strbuf_addf(&b, "%s -> ", w->s->by_name[w->path[i]]->name);
  const nirc_op *head = w->s->by_name[e.user];
  nirc_error(d, head->loc, "'%s': cycle without a neuron or a Delay of at least one step: %s%s", head->name, b.data, head->name);
  nirc_note(d, head->loc, "its values would depend on themselves within one step; put a neuron or a Delay into the cycle");
  nirc_strbuf_deinit(&b);
  return false;
}

static void ignore(walk *w, uint32_t id, void *user)
{
  (void)w; (void)id; (void)user;
}

bool nirc_schedule_graph(nirc_schedule *s, nirc_arena *a, const nirc_op *graph, bool (*is_register)(const nirc_op *op, const void *user), const void *user,
                         nirc_diag *d)
{
  *s = (nirc_schedule){0};
  number_nodes(s, a, graph);
  s->order = NIRC_NEW_ARRAY(a, nirc_op *, s->n);
  s->is_register = NIRC_NEW_ARRAY(a, bool, s->n);
  s->back = NIRC_NEW_ARRAY(a, bool *, s->n);
  for (size_t i = 0; i < s->n; i++) {
    s->is_register[i] = is_register(s->by_name[i], user);
    s->back[i] = NIRC_NEW_ARRAY(a, bool, s->by_name[i]->n_operands);
  }

  walk loops = {.s = s};
  collect_edges(&loops, a, stateless);
  for (size_t i = 0; i < s->n; i++)
    if (!visit(&loops, (uint32_t)i, report_cycle, ignore, d))
      return false;

  walk w = {.s = s};
  collect_edges(&w, a, not_register);
  size_t left = s->n;
  for (size_t i = 0; i < s->n; i++)
    if (s->by_name[i]->code == NIR_INPUT)
      visit(&w, (uint32_t)i, mark_back_edge, put_in_order, &left);
  for (size_t i = 0; i < s->n; i++)
    visit(&w, (uint32_t)i, mark_back_edge, put_in_order, &left);
  NIRC_ASSERT(left == 0);
  return true;
}
