#include "frontend/snn/write.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/graph.h"
#include "frontend/snn/format.h"
#include "frontend/snn/syntax.h"

enum { MAX_FORMAT_BYTES = 256 << 20, MAX_CHAIN = 12 };

/* An edge, and whether it delivers the value of the step before. */
typedef struct edge { const nirc_op *from, *to; int64_t place; size_t order; bool back; } edge;

typedef struct back_edge { const nirc_op *user; uint32_t operand; } back_edge;

typedef struct writer {
  nirc_strbuf *b;
  nirc_arena *a;
  const char *side;
  bool refers;
  back_edge *back;                                   /* by user and operand */
  size_t n_back;
} writer;

static bool uniform(const nirc_blob *b)
{
  size_t size = nirc_dtype_size(b->dtype);
  for (size_t i = 1; !b->splat && i < b->count; i++)
    if (memcmp((const char *)b->data + i * size, b->data, size))
      return false;
  return b->count > 0;
}

bool nirc_snn_is_large(const nirc_blob *b)
{
  return b->count > NIRC_SNN_SMALL && !uniform(b);
}

/* ---- numbers -------------------------------------------------------------------------------------------------------------------- */

/* A finite number whose decimals, read as float64 and rounded to t, give its bits again. */
static void add_real(writer *w, nirc_dtype t, double x, nirc_dims dims)
{
  char text[NIRC_QUANTITY_TEXT];
  const nirc_dims none = {0};
  nirc_dtype as = t == NIRC_F64 ? NIRC_F64 : NIRC_F32;
  if (!nirc_dims_equal(dims, none) && nirc_quantity_text(text, as, x, dims)) {
    nirc_strbuf_add(w->b, text);
    return;
  }
  nirc_float_text(text, as, x);
  if (t != NIRC_F64 && (double)(float)strtod(text, NULL) != x)
    nirc_float_text(text, NIRC_F64, x);
  size_t n = strlen(text);
  if (t != NIRC_F64 && n > 2 && strcmp(text + n - 2, ".0") == 0)         /* f32 has no use for the point */
    text[n - 2] = '\0';
  nirc_strbuf_add(w->b, text);
}

static void add_element(writer *w, const nirc_blob *b, size_t i, nirc_dims dims)
{
  double x = nirc_blob_get(b, i);
  size_t size = nirc_dtype_size(b->dtype), at = b->splat ? 0 : i;
  uint64_t bits = 0;
  int64_t whole = 0;
  memcpy(&bits, (const char *)b->data + at * size, size);
  if (nirc_dtype_is_float(b->dtype) && !isfinite(x))
    nirc_strbuf_addf(w->b, "0x%0*" PRIx64, (int)(2 * size), bits);
  else if (nirc_dtype_is_float(b->dtype))
    add_real(w, b->dtype, x, dims);
  else if (b->dtype >= NIRC_U8 && b->dtype <= NIRC_U64)
    nirc_strbuf_addf(w->b, "%" PRIu64, bits);
  else if (nirc_blob_get_int(b, i, &whole))
    nirc_strbuf_addf(w->b, "%" PRId64, whole);
}

/* ---- arrays ----------------------------------------------------------------------------------------------------------------------- */

static void add_shape(writer *w, const nirc_shape *s)
{
  nirc_strbuf_add(w->b, "[");
  for (uint32_t i = 0; i < s->rank; i++)
    nirc_strbuf_addf(w->b, "%s%" PRIu64, i ? ", " : "", s->dims[i]);
  nirc_strbuf_add(w->b, "]");
}

static void add_typed(writer *w, const nirc_blob *b, nirc_dims dims)
{
  bool one = uniform(b);
  nirc_strbuf_add(w->b, nirc_dtype_name(b->dtype));
  if (b->shape.rank)
    add_shape(w, &b->shape);
  nirc_strbuf_add(w->b, "(");
  for (size_t i = 0; i < (one ? 1 : b->count); i++) {
    nirc_strbuf_add(w->b, i ? ", " : "");
    add_element(w, b, i, dims);
  }
  nirc_strbuf_add(w->b, ")");
}

/* [[1, 2], [3, 4]] */
static void add_list(writer *w, const nirc_blob *b, uint32_t axis, size_t *at, nirc_dims dims)
{
  nirc_strbuf_add(w->b, "[");
  for (uint64_t i = 0; i < b->shape.dims[axis]; i++) {
    nirc_strbuf_add(w->b, i ? ", " : "");
    if (axis + 1 < b->shape.rank)
      add_list(w, b, axis + 1, at, dims);
    else
      add_element(w, b, (*at)++, dims);
  }
  nirc_strbuf_add(w->b, "]");
}

static bool add_reference(writer *w, const nirc_blob *b, const char *path)
{
  if (!w->side || !nirc_snn_is_large(b))
    return false;
  nirc_strbuf_add(w->b, "@");
  nirc_snn_add_text(w->b, nirc_arena_printf(w->a, "%s:%s", w->side, path));
  w->refers = true;
  return true;
}

/* f32 as the language has it without a type; layer NULL: not a parameter that a single number can spread over. */
static void add_reals(writer *w, const nirc_blob *b, const nirc_shape *layer, nirc_dims dims, const char *path)
{
  size_t at = 0;
  if (b->dtype == NIRC_F32 && layer && nirc_shape_equal(layer, &b->shape) && uniform(b) && isfinite(nirc_blob_get(b, 0)))
    add_element(w, b, 0, dims);
  else if (b->dtype == NIRC_F32 && b->shape.rank && b->count && b->count <= NIRC_SNN_SMALL && nirc_blob_all_finite(b))
    add_list(w, b, 0, &at, dims);
  else if (!add_reference(w, b, path))
    add_typed(w, b, dims);
}

/* Whole numbers as the language has them without a type: see params.c. */
static void add_wholes(writer *w, const nirc_op_def *op, const nirc_attr_def *def, const nirc_blob *b, const char *path)
{
  const nirc_dims none = {0};
  size_t at = 0;
  bool axes = def->rule == NIRC_SHAPE_AXES && op->n_axes == 2, plain = b->dtype == NIRC_I64;
  if (plain && axes && b->shape.rank == 1 && b->count == 2 && uniform(b))
    add_element(w, b, 0, none);
  else if (plain && !axes && b->shape.rank == 0)
    add_element(w, b, 0, none);
  else if (plain && b->shape.rank && b->count && b->count <= NIRC_SNN_SMALL)
    add_list(w, b, 0, &at, none);
  else if (!add_reference(w, b, path))
    add_typed(w, b, none);
}

/* ---- metadata ----------------------------------------------------------------------------------------------------------------------- */

static void add_group(writer *w, const nirc_attr *first, const char *path);

static void add_texts(writer *w, const nirc_attr *a)
{
  size_t n = 0;
  bool list = a->shape.rank == 1 && a->shape.dims[0];
  nirc_shape_count(&a->shape, &n);
  if (list) {
    nirc_strbuf_add(w->b, "[");
  } else {
    nirc_strbuf_add(w->b, "strings");
    add_shape(w, &a->shape);
    nirc_strbuf_add(w->b, "(");
  }
  for (size_t i = 0; i < n; i++) {
    nirc_strbuf_add(w->b, i ? ", " : "");
    nirc_snn_add_text(w->b, a->strings[i]);
  }
  nirc_strbuf_add(w->b, list ? "]" : ")");
}

static void add_entry(writer *w, const nirc_attr *a, const char *path)
{
  const nirc_dims none = {0};
  switch (a->kind) {
  case NIRC_ATTR_STRING: nirc_snn_add_text(w->b, a->s); return;
  case NIRC_ATTR_STRINGS: add_texts(w, a); return;
  case NIRC_ATTR_DICT: add_group(w, a->dict, path); return;
  default:
    if (a->blob->shape.rank == 0 && (a->blob->dtype == NIRC_I64 || (a->blob->dtype == NIRC_F64 && isfinite(nirc_blob_get(a->blob, 0)))))
      add_element(w, a->blob, 0, none);
    else if (!add_reference(w, a->blob, path))
      add_typed(w, a->blob, none);
  }
}

static void add_group(writer *w, const nirc_attr *first, const char *path)
{
  nirc_strbuf_add(w->b, "{");
  for (const nirc_attr *a = first; a; a = a->next) {
    nirc_snn_add_name(w->b, a->name);
    nirc_strbuf_add(w->b, " = ");
    add_entry(w, a, nirc_arena_printf(w->a, "%s/%s", path, a->name));
    nirc_strbuf_add(w->b, a->next ? ", " : "");
  }
  nirc_strbuf_add(w->b, "}");
}

/* ---- nodes ------------------------------------------------------------------------------------------------------------------------------ */

/* The layer's shape, where the op has one: that of its first parameter that cannot be a single number. */
static const nirc_shape *layer_of(const nirc_op *op)
{
  for (size_t i = 0; i < op->def->n_attrs; i++) {
    const nirc_attr_def *def = &op->def->attrs[i];
    const nirc_blob *b = def->rule == NIRC_SHAPE_LAYER && !def->or_one ? nirc_op_blob(op, def->name) : NULL;
    if (b)
      return &b->shape;
  }
  return NULL;
}

/* Is it what leaving it out would give? */
static bool is_fallback(const nirc_op *op, const nirc_attr_def *def, const nirc_attr *a, const nirc_shape *layer)
{
  double value = def->fallback && def->fallback[0] == '1' ? 1 : 0;
  if (!def->fallback || strchr("01", def->fallback[0]) == NULL || a->kind != NIRC_ATTR_DENSE || !uniform(a->blob) || nirc_blob_get(a->blob, 0) != value || signbit(nirc_blob_get(a->blob, 0)))
    return false;
  const nirc_shape *s = &a->blob->shape;
  if (nirc_attr_def_is_whole(def))
    return a->blob->dtype == NIRC_I64 && (def->rule == NIRC_SHAPE_AXES && op->def->n_axes == 2 ? s->rank == 1 && s->dims[0] == 2 : s->rank == 0);
  if (def->rule == NIRC_SHAPE_LAYER)
    return a->blob->dtype == NIRC_F32 && layer && nirc_shape_equal(s, layer);
  const nirc_shape *weight = &nirc_op_blob(op, "weight")->shape;         /* bias */
  uint64_t out = op->def->n_axes ? weight->dims[0] : weight->dims[weight->rank - 2];
  return a->blob->dtype == NIRC_F32 && s->rank == 1 && s->dims[0] == out;
}

static void add_param(writer *w, const nirc_op *op, const nirc_attr_def *def, const nirc_attr *a, const nirc_shape *layer, const char *path)
{
  nirc_strbuf_addf(w->b, "%s = ", def->name);
  if (a->kind == NIRC_ATTR_STRING)
    nirc_snn_add_text(w->b, a->s);
  else if (nirc_attr_def_is_whole(def))
    add_wholes(w, op->def, def, a->blob, path);
  else
    add_reals(w, a->blob, def->rule == NIRC_SHAPE_LAYER ? layer : NULL, nirc_dim_dims(def->dim), path);
}

/* In the order of the op table, which is that of the equations. */
static void add_params(writer *w, const nirc_op *op, const nirc_shape *layer, const char *path)
{
  bool first = true;
  for (size_t i = 0; i < op->def->n_attrs; i++) {
    const nirc_attr_def *def = &op->def->attrs[i];
    const nirc_attr *a = nirc_op_attr(op, def->name);
    if (!a || is_fallback(op, def, a, layer))
      continue;
    nirc_strbuf_add(w->b, first ? "" : ", ");
    first = false;
    add_param(w, op, def, a, layer, nirc_arena_printf(w->a, "%s/%s", path, def->name));
  }
  const nirc_attr *metadata = nirc_op_attr(op, "metadata");
  if (!metadata)
    return;
  nirc_strbuf_add(w->b, first ? "metadata = " : ", metadata = ");
  add_group(w, metadata->dict, nirc_arena_printf(w->a, "%s/metadata", path));
}

static bool is_plain_port(const nirc_op *op)
{
  const nirc_blob *s = nirc_op_blob(op, "shape");
  return (op->code == NIR_INPUT || op->code == NIR_OUTPUT) && s && s->dtype == NIRC_I64 && s->shape.rank == 1 && !nirc_op_attr(op, "metadata");
}

static void add_graph(writer *w, const nirc_op *graph, const char *path);

static void add_node(writer *w, const nirc_op *op, const char *graph_path)
{
  const char *path = nirc_arena_printf(w->a, "%s/nodes/%s", graph_path, op->name);
  if (op->code == NIR_GRAPH) {
    nirc_strbuf_add(w->b, "graph ");
    nirc_snn_add_name(w->b, op->name);
    add_graph(w, op, path);
    return;
  }
  if (is_plain_port(op)) {
    const nirc_blob *s = nirc_op_blob(op, "shape");
    const nirc_dims none = {0};
    size_t at = 0;
    nirc_strbuf_add(w->b, op->code == NIR_INPUT ? "in " : "out ");
    nirc_snn_add_name(w->b, op->name);
    nirc_strbuf_add(w->b, " : ");
    add_list(w, s, 0, &at, none);
    nirc_strbuf_add(w->b, "\n");
    return;
  }
  const nirc_shape *layer = layer_of(op);
  nirc_snn_add_name(w->b, op->name);
  nirc_strbuf_addf(w->b, " = %s", op->def->nir_type);
  if (layer)
    add_shape(w, layer);
  nirc_strbuf_add(w->b, "(");
  add_params(w, op, layer, path);
  nirc_strbuf_add(w->b, ")\n");
}

/* ---- edges -------------------------------------------------------------------------------------------------------------------------------- */

static int by_place(const void *a, const void *b)
{
  const edge *x = a, *y = b;
  return x->place != y->place ? (x->place > y->place) - (x->place < y->place) : (x->order > y->order) - (x->order < y->order);
}

static int by_user(const void *a, const void *b)
{
  const back_edge *x = a, *y = b;
  return x->user != y->user ? ((uintptr_t)x->user > (uintptr_t)y->user) - ((uintptr_t)x->user < (uintptr_t)y->user) : (x->operand > y->operand) - (x->operand < y->operand);
}

static edge *edges_of(writer *w, const nirc_op *graph, size_t *n)
{
  *n = 0;
  NIRC_FOR_EACH_OP(op, graph->body)
    *n += op->n_operands;
  edge *e = NIRC_NEW_ARRAY(w->a, edge, *n);
  size_t k = 0;
  NIRC_FOR_EACH_OP(op, graph->body) {
    const nirc_blob *places = nirc_op_blob(op, "edge");
    for (uint32_t i = 0; i < op->n_operands; i++, k++) {
      back_edge key = {op, i};
      e[k] = (edge){nirc_op_operand(op, i)->def, op, INT64_MAX, k, w->n_back && bsearch(&key, w->back, w->n_back, sizeof key, by_user)};
      if (places && places->count == op->n_operands)
        nirc_blob_get_int(places, i, &e[k].place);
    }
  }
  if (*n)
    qsort(e, *n, sizeof *e, by_place);
  return e;
}

static void add_edges(writer *w, const edge *e, size_t n)
{
  for (size_t i = 0, length = 0; i < n; i++) {
    bool goes_on = length && length < MAX_CHAIN && e[i].from == e[i - 1].to;
    if (!goes_on) {
      nirc_strbuf_add(w->b, length ? "\n" : "");
      nirc_snn_add_name(w->b, e[i].from->name);
    }
    length = goes_on ? length + 1 : 1;
    nirc_strbuf_add(w->b, e[i].back ? " ~> " : " -> ");
    nirc_snn_add_name(w->b, e[i].to->name);
  }
  nirc_strbuf_add(w->b, n ? "\n" : "");
}

/* Nodes in the order in which edges reach them, Inputs first; the rest as they come. */
static const nirc_op **in_order(writer *w, const nirc_op *graph, const edge *e, size_t n_edges, size_t *n)
{
  *n = 0;
  NIRC_FOR_EACH_OP(op, graph->body)
    op->id = (uint32_t)(*n)++;
  const nirc_op **order = NIRC_NEW_ARRAY(w->a, const nirc_op *, *n);
  bool *seen = NIRC_NEW_ARRAY(w->a, bool, *n);
  size_t *first = NIRC_NEW_ARRAY(w->a, size_t, *n + 2), *follow = NIRC_NEW_ARRAY(w->a, size_t, n_edges), head = 0, tail = 0;
  for (size_t i = 0; i < n_edges; i++)
    first[e[i].from->id + 2]++;
  for (size_t i = 2; i < *n + 2; i++)
    first[i] += first[i - 1];
  for (size_t i = 0; i < n_edges; i++)
    follow[first[e[i].from->id + 1]++] = i;
  for (int rest = 0; rest < 2; rest++)
    NIRC_FOR_EACH_OP(op, graph->body) {
      if (seen[op->id] || (!rest && op->code != NIR_INPUT))
        continue;
      seen[op->id] = true;
      order[tail++] = op;
      while (rest && head < tail)
        for (size_t id = order[head++]->id, k = first[id]; k < first[id + 1]; k++)
          if (!seen[e[follow[k]].to->id]) {
            seen[e[follow[k]].to->id] = true;
            order[tail++] = e[follow[k]].to;
          }
    }
  return order;
}

static void add_graph(writer *w, const nirc_op *graph, const char *path)
{
  size_t n_edges, n;
  const edge *e = edges_of(w, graph, &n_edges);
  const nirc_op **order = in_order(w, graph, e, n_edges, &n);
  const nirc_attr *metadata = nirc_op_attr(graph, "metadata");
  nirc_strbuf_add(w->b, " {\n");
  if (metadata) {
    nirc_strbuf_add(w->b, "metadata ");
    add_group(w, metadata->dict, nirc_arena_printf(w->a, "%s/metadata", path));
    nirc_strbuf_add(w->b, "\n");
  }
  for (int kind = 0; kind < 3; kind++)               /* what comes in, what goes out, what is between */
    for (size_t i = 0; i < n; i++)
      if ((order[i]->code == NIR_INPUT ? 0 : order[i]->code == NIR_OUTPUT ? 1 : 2) == kind)
        add_node(w, order[i], path);
  nirc_strbuf_add(w->b, n_edges ? "\n" : "");
  add_edges(w, e, n_edges);
  nirc_strbuf_add(w->b, "}\n");
}

/* ---- the text ---------------------------------------------------------------------------------------------------------------------------------- */

static void collect_back_edges(writer *w, const nirc_module *m)
{
  nirc_graph g;
  nirc_graph_make(&g, w->a, m, 0);
  w->back = NIRC_NEW_ARRAY(w->a, back_edge, g.n_edges);
  for (size_t i = 0; i < g.n_edges; i++)
    if (g.edges[i].back)
      w->back[w->n_back++] = (back_edge){g.edges[i].user, g.edges[i].operand};
  if (w->n_back)
    qsort(w->back, w->n_back, sizeof *w->back, by_user);
}

static void add_network(writer *w, const nirc_op *graph)
{
  const nirc_attr *dt = nirc_op_attr(graph, "dt"), *version = nirc_op_attr(graph, "version");
  const nirc_dims second = {.second = 1};
  nirc_strbuf_add(w->b, "nirc 1\n\nnetwork ");
  nirc_snn_add_name(w->b, graph->name);
  if (dt || version)
    nirc_strbuf_add(w->b, "(");
  if (dt) {
    nirc_strbuf_add(w->b, "dt = ");
    add_real(w, NIRC_F64, dt->f, second);
  }
  if (version) {
    nirc_strbuf_add(w->b, dt ? ", version = " : "version = ");
    nirc_snn_add_text(w->b, version->s);
  }
  if (dt || version)
    nirc_strbuf_add(w->b, ")");
  add_graph(w, graph, "");
}

void nirc_snn_write(nirc_strbuf *b, const nirc_module *m, const char *side, bool *refers)
{
  nirc_strbuf text;
  nirc_strbuf_init(&text, m->heap);
  writer w = {.b = &text, .a = nirc_arena_new(m->heap), .side = side};
  collect_back_edges(&w, m);
  add_network(&w, m->body.first);
  nirc_diag d;
  nirc_diag_init(&d, stderr, "nirc");
  nirc_snn_file *f = text.size < MAX_FORMAT_BYTES ? nirc_snn_parse(w.a, m->path, text.data, text.size, &d) : NULL;
  NIRC_ASSERT(f || text.size >= MAX_FORMAT_BYTES);
  if (f)
    nirc_snn_format(b, f);
  else
    nirc_strbuf_add_bytes(b, text.data, text.size);
  *refers = w.refers;
  nirc_arena_free(w.a);
  nirc_strbuf_deinit(&text);
}
