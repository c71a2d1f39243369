/* frontend/snn/marks.c: `~>` stands on just the edges that deliver the value of the step before. Source: docs/semantics.md, "Order, loops, delays". */
#include <stdlib.h>
#include <string.h>

#include "frontend/graph.h"
#include "frontend/snn/build.h"

/* An edge of the text and what it is in the graph as inlining leaves it. */
typedef struct mark { const nirc_op *user; uint32_t operand; const nirc_snn_edge *edge; size_t flat; } mark;

typedef struct checker {
  nirc_snn_eval *x;
  nirc_graph g;
  mark *marks;                                       /* by user and operand */
  size_t n;
  size_t *first, *follow;                            /* out-edges of node i: follow[first[i]] to follow[first[i + 1]], indices of g.edges */
  size_t *came, *queue;                              /* of a search: the edge by which a node was reached, + 1 */
} checker;

static size_t count_edges(const nirc_snn_graph *g)
{
  size_t n = g->n_edges;
  for (const nirc_snn_node *k = g->nodes; k; k = k->next)
    if (k->kind == NIRC_SNN_NESTED)
      n += count_edges(k->graph);
  return n;
}

static int by_user(const void *a, const void *b)
{
  const mark *x = a, *y = b;
  return x->user != y->user ? ((uintptr_t)x->user > (uintptr_t)y->user) - ((uintptr_t)x->user < (uintptr_t)y->user) : (x->operand > y->operand) - (x->operand < y->operand);
}

static void collect_marks(checker *c, const nirc_snn_graph *g)
{
  for (const nirc_snn_node *k = g->nodes; k; k = k->next)
    if (k->kind == NIRC_SNN_NESTED)
      collect_marks(c, k->graph);
  uint32_t *operand = NIRC_NEW_ARRAY(c->x->m->arena, uint32_t, g->n_nodes);
  for (size_t i = 0; i < g->n_edges; i++) {
    const nirc_snn_edge *e = &g->edges[i];
    c->marks[c->n++] = (mark){e->to->op, operand[e->to->id]++, e, SIZE_MAX};
  }
}

static void match_edges(checker *c)
{
  if (c->n)
    qsort(c->marks, c->n, sizeof *c->marks, by_user);
  for (size_t e = 0; e < c->g.n_edges; e++) {
    mark key = {.user = c->g.edges[e].user, .operand = c->g.edges[e].operand};
    mark *m = bsearch(&key, c->marks, c->n, sizeof *c->marks, by_user);
    if (m)
      m->flat = e;
  }
}

static void collect_out_edges(checker *c)
{
  nirc_arena *a = c->x->m->arena;
  c->first = NIRC_NEW_ARRAY(a, size_t, c->g.n_nodes + 2);
  c->follow = NIRC_NEW_ARRAY(a, size_t, c->g.n_edges);
  c->came = NIRC_NEW_ARRAY(a, size_t, c->g.n_nodes);
  c->queue = NIRC_NEW_ARRAY(a, size_t, c->g.n_nodes);
  for (size_t e = 0; e < c->g.n_edges; e++)
    c->first[c->g.edges[e].from + 2]++;
  for (size_t i = 2; i < c->g.n_nodes + 2; i++)
    c->first[i] += c->first[i - 1];
  for (size_t e = 0; e < c->g.n_edges; e++)
    c->follow[c->first[c->g.edges[e].from + 1]++] = e;
}

/* A shortest way from one node to another; false where there is none. c->came then leads back. */
static bool search(checker *c, size_t from, size_t to)
{
  size_t head = 0, tail = 0;
  memset(c->came, 0, c->g.n_nodes * sizeof *c->came);
  c->queue[tail++] = from;
  while (head < tail) {
    size_t n = c->queue[head++];
    if (n == to)
      return true;
    for (size_t k = c->first[n]; k < c->first[n + 1]; k++) {
      const nirc_graph_edge *e = &c->g.edges[c->follow[k]];
      if (e->to != from && !c->came[e->to]) {
        c->came[e->to] = c->follow[k] + 1;
        c->queue[tail++] = e->to;
      }
    }
  }
  return false;
}

/* "a -> b ~> a": the loop that the edge closes, from its target round to its target. */
static const char *loop_text(checker *c, size_t edge)
{
  const nirc_graph_edge *e = &c->g.edges[edge];
  size_t n = 0;
  for (size_t at = e->from; at != e->to; at = c->g.edges[c->came[at] - 1].from)
    c->queue[n++] = at;
  nirc_strbuf b;
  nirc_strbuf_init(&b, c->x->m->heap);
  nirc_strbuf_add(&b, c->g.nodes[e->to].path);
  for (size_t i = n; i-- > 0;)
    if (i > 3 && n - i > 4)
      nirc_strbuf_add(&b, n - i == 5 ? " -> ..." : "");
    else
      nirc_strbuf_addf(&b, " -> %s", c->g.nodes[c->queue[i]].path);
  nirc_strbuf_addf(&b, " ~> %s", c->g.nodes[e->to].path);
  const char *text = nirc_arena_strdup(c->x->m->arena, b.data);
  nirc_strbuf_deinit(&b);
  return text;
}

static const mark *mark_of(const checker *c, size_t flat)
{
  for (size_t i = 0; i < c->n; i++)
    if (c->marks[i].flat == flat)
      return &c->marks[i];
  return NULL;
}

static void report_unmarked(checker *c, const mark *m)
{
  const nirc_graph_edge *e = &c->g.edges[m->flat];
  if (!search(c, e->to, e->from)) {
    nirc_error(c->x->d, m->edge->loc, "this edge closes a loop and has to be marked with ~>");
    return;
  }
  nirc_error(c->x->d, m->edge->loc, "this edge closes a loop and has to be marked with ~>: %s", loop_text(c, m->flat));
  nirc_note_fix(c->x->d, m->edge->loc, "~>", "it delivers the value of the step before");
}

static void report_marked(checker *c, const mark *m)
{
  const nirc_graph_edge *e = &c->g.edges[m->flat];
  if (!search(c, e->to, e->from)) {
    nirc_error(c->x->d, m->edge->mark, "~> on an edge that closes no loop: '%s' to '%s'", m->edge->from->name, m->edge->to->name);
    nirc_note_fix(c->x->d, m->edge->mark, "->", "it delivers the value of the same step");
    return;
  }
  const mark *right = NULL;
  for (size_t at = e->from; at != e->to && !right; at = c->g.edges[c->came[at] - 1].from)
    if (c->g.edges[c->came[at] - 1].back)
      right = mark_of(c, c->came[at] - 1);
  nirc_error(c->x->d, m->edge->mark, "~> on an edge that does not close its loop towards the input: %s", loop_text(c, m->flat));
  if (right)
    nirc_note_fix(c->x->d, right->edge->loc, "~>", "this edge of the loop is to be marked");
  else
    nirc_note(c->x->d, m->edge->mark, "a Delay above 0 in the loop holds its values back already: no mark is needed");
}

bool nirc_snn_check_marks(nirc_snn_eval *x, const nirc_snn_graph *g)
{
  checker c = {.x = x};
  unsigned errors = x->d->errors;
  nirc_graph_make(&c.g, x->m->arena, x->m, 0);
  if (!c.g.scheduled)                                /* a loop without a neuron: compiling says so */
    return true;
  c.marks = NIRC_NEW_ARRAY(x->m->arena, mark, count_edges(g));
  collect_marks(&c, g);
  match_edges(&c);
  collect_out_edges(&c);
  for (size_t i = 0; i < c.n && x->d->errors < NIRC_MAX_ERRORS; i++) {
    const mark *m = &c.marks[i];
    if (m->flat == SIZE_MAX)
      continue;
    bool back = c.g.edges[m->flat].back;
    if (back && !m->edge->feedback)
      report_unmarked(&c, m);
    else if (!back && m->edge->feedback)
      report_marked(&c, m);
  }
  return x->d->errors == errors;
}
