/* frontend/graph_dot.c: a graph in Graphviz's language. Names are untrusted: they stand only in quoted strings, and nothing of them is read as an escape,
 * an entity or the end of the string. */
#include <string.h>

#include "frontend/graph.h"
#include "ir/base/utf8.h"

/* Characters of a name that would not be seen, or would move what stands around them. */
static bool is_hidden(const unsigned char *s, size_t n)
{
  if (n == 1)
    return s[0] < 0x20 || s[0] == 0x7f;
  if (n == 2)
    return s[0] == 0xc2 && s[1] < 0xa0;              /* U+0080 to U+009F */
  if (n != 3)
    return false;
  unsigned c = (s[0] & 15u) << 12 | (s[1] & 63u) << 6 | (s[2] & 63u);
  return (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff || c >= 0xfffe;
}

void nirc_graph_add_visible(nirc_strbuf *b, const char *name, const char *of_name, const char *of_escape)
{
  const unsigned char *s = (const unsigned char *)name;
  for (size_t n; *s; s += n) {
    n = nirc_utf8_length(s);
    bool hide = n == 0 || is_hidden(s, n);
    n = n ? n : 1;
    for (size_t i = 0; hide && i < n; i++)
      nirc_strbuf_addf(b, "%sx%02x", of_escape, s[i]);
    if (!hide && *s == '\\')
      nirc_strbuf_add(b, of_name);
    else if (!hide)
      nirc_strbuf_add_bytes(b, s, n);
  }
}

/* Text of a label or tooltip, between its quotes: a backslash begins an escape there, `&` an entity. */
static void add_label(nirc_strbuf *b, const nirc_heap *h, const char *text)
{
  nirc_strbuf visible;
  nirc_strbuf_init(&visible, h);
  nirc_graph_add_visible(&visible, text, "\\\\", "\\\\");
  for (const char *s = visible.data; *s; s++)
    if (*s == '"')
      nirc_strbuf_add(b, "&quot;");
    else if (*s == '&')
      nirc_strbuf_add(b, "&amp;");
    else
      nirc_strbuf_add_bytes(b, s, 1);
  nirc_strbuf_deinit(&visible);
}

const char *nirc_graph_kind(const nirc_op *op)
{
  switch (op->code) {
  case NIR_INPUT: case NIR_OUTPUT: case SNN_INPUT: case SNN_OUTPUT: case SNN_PROBE: return "port";
  case NIR_LINEAR: case NIR_AFFINE: case NIR_CONV1D: case NIR_CONV2D: case SNN_DENSE: case SNN_CONV: return "weights";
  case SNN_STATE: return "state";
  case SNN_NEURON: case SNN_POPULATION: return "neuron";
  default: return op->def->integrates || op->def->spikes ? "neuron" : "other";
  }
}

static void add_node(nirc_strbuf *b, nirc_arena *a, const nirc_graph_node *n, size_t index, int depth)
{
  static const struct { const char *kind, *fill; } fills[] = {{"port", "#e8e8e8"}, {"weights", "#dbe9f6"}, {"neuron", "#fde6c8"}, {"state", "#e3f1dc"}, {"other", "#ffffff"}};
  const nirc_heap *h = nirc_arena_heap(a);
  const char *kind = nirc_graph_kind(n->op), *fill = "#ffffff";
  for (size_t i = 0; i < sizeof fills / sizeof *fills; i++)
    if (strcmp(fills[i].kind, kind) == 0)
      fill = fills[i].fill;
  nirc_strbuf_addf(b, "%*sn%zu [label=\"", depth * 2 + 2, "", index);
  add_label(b, h, n->name);
  nirc_strbuf_addf(b, "\\n%s", n->type);
  if (n->value)
    nirc_strbuf_addf(b, "\\n%s", nirc_shape_text(a, &n->value->shape));
  nirc_strbuf_add(b, "\", tooltip=\"");
  add_label(b, h, n->path);
  nirc_strbuf_addf(b, "\", class=\"%s\", fillcolor=\"%s\"];\n", kind, fill);
}

/* What is in each cluster, and in slot 0 outside all of them; in the order of the graph. */
typedef struct contents {
  size_t *nodes, *first;                             /* those of slot s: nodes[first[s]] to nodes[first[s + 1] - 1] */
  size_t *child, *sibling;                           /* slots; 0: no more */
} contents;

static contents sort_contents(nirc_arena *a, const nirc_graph *g)
{
  size_t slots = g->n_clusters + 1;
  contents c = {NIRC_NEW_ARRAY(a, size_t, g->n_nodes), NIRC_NEW_ARRAY(a, size_t, slots + 1), NIRC_NEW_ARRAY(a, size_t, slots), NIRC_NEW_ARRAY(a, size_t, slots)};
  for (size_t n = 0; n < g->n_nodes; n++)
    c.first[g->nodes[n].cluster + 2]++;
  for (size_t s = 0; s < slots; s++)
    c.first[s + 1] += c.first[s];
  size_t *next = NIRC_NEW_ARRAY(a, size_t, slots);
  memcpy(next, c.first, slots * sizeof *next);
  for (size_t n = 0; n < g->n_nodes; n++)
    c.nodes[next[g->nodes[n].cluster + 1]++] = n;
  for (size_t k = g->n_clusters; k-- > 0;) {
    size_t parent = (size_t)(g->clusters[k].parent + 1);
    c.sibling[k + 1] = c.child[parent];
    c.child[parent] = k + 1;
  }
  return c;
}

/* Nodes of a cluster, then the clusters in it. Clusters nest no deeper than files do. */
static void add_slot(nirc_strbuf *b, nirc_arena *a, const nirc_graph *g, const contents *c, size_t slot, int depth)
{
  for (size_t k = c->first[slot]; k < c->first[slot + 1]; k++)
    add_node(b, a, &g->nodes[c->nodes[k]], c->nodes[k], depth);
  for (size_t s = c->child[slot]; s; s = c->sibling[s]) {
    nirc_strbuf_addf(b, "%*ssubgraph cluster_%zu {\n%*slabel=\"", depth * 2 + 2, "", s - 1, depth * 2 + 4, "");
    add_label(b, nirc_arena_heap(a), g->clusters[s - 1].name);
    nirc_strbuf_add(b, "\";\n");
    add_slot(b, a, g, c, s, depth + 1);
    nirc_strbuf_addf(b, "%*s}\n", depth * 2 + 2, "");
  }
}

void nirc_graph_print_dot(const nirc_graph *g, nirc_arena *a, nirc_strbuf *b)
{
  nirc_strbuf_add(b, "digraph network {\n  label=\"");
  add_label(b, nirc_arena_heap(a), g->name);
  nirc_strbuf_add(b, "\";\n  graph [fontname=\"Helvetica\", labelloc=t, charset=\"UTF-8\"];\n"
                     "  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\"];\n  edge [fontname=\"Helvetica\", fontsize=10];\n");
  contents c = sort_contents(a, g);
  add_slot(b, a, g, &c, 0, 0);
  for (size_t e = 0; e < g->n_edges; e++) {
    const nirc_graph_edge *edge = &g->edges[e];
    nirc_strbuf_addf(b, "  n%zu -> n%zu [label=\"%s%s\"%s];\n", edge->from, edge->to, edge->value ? nirc_shape_text(a, &edge->value->shape) : "",
                     edge->back ? "\\nstep before" : "", edge->back ? ", style=dashed, constraint=false, class=\"back\"" : "");
  }
  nirc_strbuf_add(b, "}\n");
}
