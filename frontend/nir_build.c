#include "frontend/nir_build.h"

#include <stdlib.h>
#include <string.h>

#include "ir/base/guess.h"
#include "ir/dialect_nir.h"

typedef struct builder {
  nirc_module *m;
  nirc_diag *d;
  const nirc_h5_file *file;
  bool lenient;
} builder;

static nirc_loc loc_of(const builder *x, const nirc_h5_object *o)
{
  return (nirc_loc){.file = x->m->path, .object = o->path};
}

/* ---- parameters -------------------------------------------------------------------------------------------------------------- */

/* NULL after a diagnostic. */
static nirc_blob *blob_of(builder *x, const nirc_h5_object *o)
{
  size_t count;
  nirc_shape s = {.rank = o->rank};
  memcpy(s.dims, o->dims, sizeof s.dims);
  if (!nirc_shape_count(&s, &count)) {               /* an axis of 0 beside a huge one: no bytes, so the reader's caps let it through */
    nirc_error_status(x->d, NIRC_STATUS_LIMIT, loc_of(x, o), "shape %s is more than any network has", nirc_shape_text(x->m->arena, &s));
    return NULL;
  }
  return nirc_module_hold(x->m, nirc_blob_borrow(x->m->heap, o->dtype, &s, o->data));
}

static const char *kind_text(const nirc_h5_object *o)
{
  return o->kind == NIRC_H5_GROUP ? "a group" : o->kind == NIRC_H5_STRINGS ? "text" : "numbers";
}

static nirc_attr *new_attr(builder *x, nirc_attr **end, const nirc_h5_object *o, nirc_attr_kind kind)
{
  nirc_attr *a = NIRC_NEW(x->m->arena, nirc_attr);
  a->name = o->name;
  a->kind = kind;
  *end = a;
  return a;
}

/* A metadata group: any tree of groups and datasets. */
static nirc_attr *metadata_of(builder *x, const nirc_h5_object *group)
{
  nirc_attr *first = NULL, **end = &first;
  for (const nirc_h5_object *o = group->children; o; o = o->next) {
    nirc_attr *a;
    if (o->kind == NIRC_H5_GROUP) {
      a = new_attr(x, end, o, NIRC_ATTR_DICT);
      a->dict = metadata_of(x, o);
    } else if (o->kind == NIRC_H5_NUMBERS) {
      a = new_attr(x, end, o, NIRC_ATTR_DENSE);
      a->blob = blob_of(x, o);
    } else if (o->rank == 0) {
      a = new_attr(x, end, o, NIRC_ATTR_STRING);
      a->s = o->strings[0];
    } else {
      a = new_attr(x, end, o, NIRC_ATTR_STRINGS);
      a->strings = o->strings;
      a->shape.rank = o->rank;
      memcpy(a->shape.dims, o->dims, sizeof a->shape.dims);
    }
    end = &a->next;
  }
  return first;
}

static void read_metadata(builder *x, nirc_op *op, const nirc_h5_object *o)
{
  if (o->kind != NIRC_H5_GROUP) {
    nirc_error(x->d, loc_of(x, o), "'%s': metadata is %s, a group is wanted", op->name, kind_text(o));
    return;
  }
  if (o->children)
    nirc_op_set_attr(x->m, op, "metadata", NIRC_ATTR_DICT)->dict = metadata_of(x, o);
}

static void unknown_parameter(builder *x, const nirc_op *op, const nirc_h5_object *o)
{
  nirc_guess g = {0};
  for (size_t i = 0; i < op->def->n_attrs && op->code != NIR_GRAPH; i++)        /* `version` of a graph is not its own dataset */
    nirc_guess_consider(&g, o->name, op->def->attrs[i].name);
  nirc_error(x->d, loc_of(x, o), "'%s': %s has no parameter '%s'", op->name, op->def->nir_type, o->name);
  nirc_guess_note(&g, x->d, loc_of(x, o));
}

static void read_parameter(builder *x, nirc_op *op, const nirc_h5_object *o)
{
  const nirc_attr_def *def = nirc_op_def_attr(op->def, o->name);
  if (!def) {
    unknown_parameter(x, op, o);
  } else if (o->kind == NIRC_H5_STRINGS && (def->kind == NIRC_ATTR_STRING || def->or_string) && o->count == 1) {
    nirc_op_set_string(x->m, op, o->name, o->strings[0]);
  } else if (o->kind == NIRC_H5_NUMBERS && def->kind == NIRC_ATTR_DENSE) {
    nirc_blob *b = blob_of(x, o);
    if (!b)
      return;
    nirc_op_set_blob(x->m, op, o->name, b);
    if (!nirc_blob_all_finite(b))
      nirc_warning(x->d, loc_of(x, o), "'%s': %s holds a number that is not finite", op->name, o->name);
  } else {
    nirc_error(x->d, loc_of(x, o), "'%s': %s is %s, %s", op->name, o->name, kind_text(o), def->or_string ? "numbers or one word are wanted" : "numbers are wanted");
  }
}

static void check_required(builder *x, const nirc_op *op, const nirc_h5_object *node)
{
  for (size_t i = 0; i < op->def->n_attrs; i++) {
    const nirc_attr_def *def = &op->def->attrs[i];
    if (def->optional || nirc_h5_child(node, def->name) || (x->lenient && strcmp(def->name, "input_shape") == 0))
      continue;
    nirc_error(x->d, nirc_op_attr_loc(x->m, op, def->name), "'%s': %s has no %s (%s)", op->name, op->def->nir_type, def->name, def->doc);
  }
}

static void read_parameters(builder *x, nirc_op *op, const nirc_h5_object *node)
{
  unsigned before = x->d->errors;
  for (const nirc_h5_object *o = node->children; o; o = o->next) {
    if (strcmp(o->name, "type") == 0)
      continue;
    if (strcmp(o->name, "metadata") == 0)
      read_metadata(x, op, o);
    else
      read_parameter(x, op, o);
  }
  if (x->lenient)
    nirc_lenient_parameters(x->m, op, x->d);
  check_required(x, op, node);
  if (x->d->errors == before && op->def->verify)
    op->def->verify(x->m, op, x->d);
}

/* ---- nodes ------------------------------------------------------------------------------------------------------------------------ */

/* One word; NULL after a diagnostic. */
static const char *type_of(builder *x, const nirc_h5_object *node)
{
  const nirc_h5_object *type = node->kind == NIRC_H5_GROUP ? nirc_h5_child(node, "type") : NULL;
  if (type && type->kind == NIRC_H5_STRINGS && type->count == 1)
    return type->strings[0];
  nirc_error(x->d, loc_of(x, node), "'%s': %s", node->name, node->kind != NIRC_H5_GROUP ? "a node must be a group" : type ? "type must be one word" : "the node has no type");
  return NULL;
}

static void read_graph(builder *x, nirc_op *graph, const nirc_h5_object *o);

static void read_node(builder *x, nirc_region *region, const nirc_h5_object *node)
{
  const char *type = type_of(x, node);
  if (!type)
    return;
  const nirc_op_def *def = nirc_op_def_of_nir_type(type);
  if (!def) {
    nirc_guess g = {0};
    for (int i = 0; i < NIRC_N_OPS; i++)
      if (nirc_op_defs[i]->nir_type)
        nirc_guess_consider(&g, type, nirc_op_defs[i]->nir_type);
    nirc_error(x->d, loc_of(x, nirc_h5_child(node, "type")), "'%s': unknown type '%s'", node->name, type);
    nirc_guess_note(&g, x->d, loc_of(x, node));
    return;
  }
  nirc_op *op = nirc_op_new(x->m, region, nirc_op_def_code(def), node->name, loc_of(x, node));
  if (op->code == NIR_GRAPH)
    read_graph(x, op, node);
  else
    read_parameters(x, op, node);
}

/* ---- edges ------------------------------------------------------------------------------------------------------------------------ */

typedef struct edge { nirc_op *from, *to; int64_t place; } edge;

static int compare_names(const void *a, const void *b)
{
  return strcmp((*(nirc_op *const *)a)->name, (*(nirc_op *const *)b)->name);
}

static int compare_edges(const void *a, const void *b)
{
  const edge *x = a, *y = b;
  if (x->to != y->to)
    return x->to->id < y->to->id ? -1 : 1;
  return (x->place > y->place) - (x->place < y->place);
}

static int compare_ends(const void *a, const void *b)
{
  const edge *x = a, *y = b;
  if (x->to != y->to)
    return x->to->id < y->to->id ? -1 : 1;
  return x->from != y->from ? (x->from->id < y->from->id ? -1 : 1) : 0;
}

static nirc_op *find_node(builder *x, nirc_op **nodes, size_t n, const char *name, nirc_loc loc, const char *from, const char *to)
{
  nirc_op key = {.name = name}, *pkey = &key, **found = n ? bsearch(&pkey, nodes, n, sizeof *nodes, compare_names) : NULL;
  if (found)
    return *found;
  nirc_guess g = {0};
  for (size_t i = 0; i < n && i < 1000 && x->d->errors < NIRC_MAX_ERRORS; i++)     /* of later errors nothing is printed */
    nirc_guess_consider(&g, name, nodes[i]->name);
  nirc_error(x->d, loc, "edge '%s' -> '%s': no node is called '%s'", from, to, name);
  nirc_guess_note(&g, x->d, loc);
  return NULL;
}

/* The edge list itself; NULL after a diagnostic, or where it is empty (*n is then 0). */
static const nirc_h5_object *edge_list(builder *x, const nirc_h5_object *graph, size_t *n)
{
  const nirc_h5_object *e = nirc_h5_child(graph, "edges");
  *n = 0;
  if (!e) {
    nirc_error(x->d, loc_of(x, graph), "the graph has no edges");
    return NULL;
  }
  if (e->kind != NIRC_H5_GROUP && e->count == 0)
    return NULL;
  if (e->kind == NIRC_H5_NUMBERS) {
    nirc_error(x->d, loc_of(x, e), "edges are numbers, pairs of node names are wanted (files of NIR before 0.1 have numbers; they are not read)");
    return NULL;
  }
  if (e->kind != NIRC_H5_STRINGS || e->rank != 2 || e->dims[1] != 2) {
    nirc_error(x->d, loc_of(x, e), "edges must be pairs of node names, an array of shape [E, 2]");
    return NULL;
  }
  *n = (size_t)e->dims[0];
  return e;
}

static void set_operands(builder *x, const edge *edges, size_t n)
{
  nirc_value **in = NIRC_NEW_ARRAY(x->m->arena, nirc_value *, n);
  void *data;
  nirc_shape shape = nirc_shape_1d(n);
  nirc_blob *places = nirc_module_hold(x->m, nirc_blob_new(x->m->heap, NIRC_I64, &shape, false, &data));
  for (size_t i = 0; i < n; i++) {
    in[i] = nirc_op_result(edges[i].from);
    ((int64_t *)data)[i] = edges[i].place;
  }
  nirc_op_set_operands(x->m, edges[0].to, in, n);
  nirc_op_set_blob(x->m, edges[0].to, "edge", places);
}

static void refuse_duplicates(builder *x, edge *edges, size_t n, nirc_loc loc)
{
  qsort(edges, n, sizeof *edges, compare_ends);
  for (size_t i = 1; i < n; i++)
    if (compare_ends(&edges[i - 1], &edges[i]) == 0) {
      nirc_error(x->d, loc, "duplicate edge '%s' -> '%s'", edges[i].from->name, edges[i].to->name);
      nirc_note(x->d, loc, "one edge adds the value once; for twice the value, put a Scale between the nodes");
    }
}

static void read_edges(builder *x, nirc_op *graph, const nirc_h5_object *o)
{
  size_t n_edges, n_nodes = 0, n = 0;
  const nirc_h5_object *e = edge_list(x, o, &n_edges);
  if (!e)
    return;
  NIRC_FOR_EACH_OP(op, graph->body)
    op->id = (uint32_t)n_nodes++;
  nirc_op **nodes = NIRC_NEW_ARRAY(x->m->arena, nirc_op *, n_nodes);
  NIRC_FOR_EACH_OP(op, graph->body)
    nodes[op->id] = op;
  qsort(nodes, n_nodes, sizeof *nodes, compare_names);
  edge *edges = NIRC_NEW_ARRAY(x->m->arena, edge, n_edges);
  for (size_t i = 0; i < n_edges; i++) {
    const char *from = e->strings[2 * i], *to = e->strings[2 * i + 1];
    nirc_op *a = find_node(x, nodes, n_nodes, from, loc_of(x, e), from, to), *b = find_node(x, nodes, n_nodes, to, loc_of(x, e), from, to);
    if (a && b)
      edges[n++] = (edge){a, b, (int64_t)i};
  }
  refuse_duplicates(x, edges, n, loc_of(x, e));
  qsort(edges, n, sizeof *edges, compare_edges);
  for (size_t i = 0, end; i < n; i = end) {
    for (end = i + 1; end < n && edges[end].to == edges[i].to;)
      end++;
    set_operands(x, edges + i, end - i);
  }
}

/* ---- graphs ------------------------------------------------------------------------------------------------------------------------ */

static void read_graph(builder *x, nirc_op *graph, const nirc_h5_object *o)
{
  const nirc_h5_object *nodes = nirc_h5_child(o, "nodes");
  unsigned before = x->d->errors;
  for (const nirc_h5_object *k = o->children; k; k = k->next)
    if (strcmp(k->name, "metadata") == 0)
      read_metadata(x, graph, k);
    else if (strcmp(k->name, "type") && strcmp(k->name, "nodes") && strcmp(k->name, "edges"))
      unknown_parameter(x, graph, k);
  if (!nodes || nodes->kind != NIRC_H5_GROUP) {
    nirc_error(x->d, loc_of(x, o), "the graph has no group of nodes");
    return;
  }
  for (const nirc_h5_object *k = nodes->children; k; k = k->next)
    read_node(x, graph->body, k);
  if (x->d->errors == before)                        /* else edges would be blamed for nodes that were refused */
    read_edges(x, graph, o);
}

/* What a file without a root graph is instead. */
static void report_no_graph(builder *x, const nirc_h5_object *root)
{
  nirc_loc file = nirc_loc_file(x->m->path);
  const nirc_h5_object *type = nirc_h5_attribute(root, "__type__");
  if (type && type->kind == NIRC_H5_STRINGS && type->count == 1)
    nirc_error(x->d, file, "holds %s: recorded spikes or traces, no network", type->strings[0]);
  else if (nirc_h5_child(root, "nodes"))
    nirc_error(x->d, file, "a NIR file of version 0.0, which is not read");
  else
    nirc_error(x->d, file, "no NIR file: it has no group /node");
}

static bool read_root(builder *x)
{
  const nirc_h5_object *node = nirc_h5_child(x->file->root, "node"), *version = nirc_h5_child(x->file->root, "version");
  if (!node || node->kind != NIRC_H5_GROUP) {
    report_no_graph(x, x->file->root);
    return false;
  }
  const char *type = type_of(x, node);
  if (!type)
    return false;
  if (strcmp(type, "NIRGraph")) {
    nirc_error(x->d, loc_of(x, node), "the root is a node of type '%s', a NIRGraph is wanted", type);
    return false;
  }
  nirc_op *graph = nirc_op_new(x->m, &x->m->body, NIR_GRAPH, x->m->name, loc_of(x, node));
  if (version && version->kind == NIRC_H5_STRINGS && version->count == 1)
    nirc_op_set_string(x->m, graph, "version", version->strings[0]);
  read_graph(x, graph, node);
  return !nirc_diag_failed(x->d);
}

nirc_module *nirc_nir_build(const nirc_h5_file *f, const char *name, nirc_repair repair, const nirc_heap *h, nirc_diag *d)
{
  builder x = {.m = nirc_module_new(h, f->path, name), .d = d, .file = f, .lenient = repair == NIRC_REPAIR_ALL};
  memcpy(x.m->source_hash, f->hash, sizeof f->hash);
  bool ok = read_root(&x);
  if (ok && repair == NIRC_REPAIR_ALL)
    nirc_lenient_shapes(x.m, x.m->body.first, d);
  else if (ok && repair == NIRC_REPAIR_PORTS)
    nirc_lenient_ports(x.m, x.m->body.first, d);
  if (ok && nirc_nir_infer(x.m, x.m->body.first, d) && !nirc_diag_failed(d))
    return x.m;
  nirc_module_free(x.m);
  return NULL;
}

nirc_module *nirc_nir_try(const nirc_h5_file *f, const char *name, nirc_repair repair, const nirc_heap *h)
{
  nirc_diag silent;
  FILE *nowhere = fopen("/dev/null", "w");
  if (!nowhere)
    return NULL;
  nirc_diag_init(&silent, nowhere, "nirc");
  nirc_module *m = nirc_nir_build(f, name, repair, h, &silent);
  fclose(nowhere);
  return m;
}
