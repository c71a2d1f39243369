#include "frontend/identify_scene.h"

#include <string.h>

const nirc_h5_object *nirc_scene_numbers(const nirc_scene_node *n, const char *name)
{
  const nirc_h5_object *o = nirc_h5_child(n->object, name);
  return o && o->kind == NIRC_H5_NUMBERS && o->count ? o : NULL;
}

bool nirc_scene_is_all(const nirc_h5_object *numbers, double x)
{
  for (size_t i = 0; i < numbers->count; i++)
    if (!(nirc_dtype_get(numbers->dtype, numbers->data, i) == x))
      return false;
  return true;
}

static size_t count_nodes(const nirc_h5_object *graph)
{
  size_t n = 0;
  const nirc_h5_object *nodes = nirc_h5_child(graph, "nodes");
  for (const nirc_h5_object *o = nodes ? nodes->children : NULL; o; o = o->next)
    n += 1 + count_nodes(o);
  return n;
}

static void add_nodes(nirc_scene *s, const nirc_h5_object *graph, const char *prefix)
{
  const nirc_h5_object *nodes = nirc_h5_child(graph, "nodes");
  s->metadata = s->metadata || nirc_h5_child(graph, "metadata");
  for (const nirc_h5_object *o = nodes ? nodes->children : NULL; o; o = o->next) {
    const nirc_h5_object *type = nirc_h5_child(o, "type");
    nirc_scene_node *n = &s->nodes[s->n++];
    *n = (nirc_scene_node){.object = o, .name = nirc_arena_printf(s->arena, "%s%s", prefix, o->name), .nested = *prefix != 0, .code = NIRC_N_OPS};
    n->type = type && type->kind == NIRC_H5_STRINGS && type->count == 1 ? type->strings[0] : "";
    const nirc_op_def *def = nirc_op_def_of_nir_type(n->type);
    if (def)
      n->code = nirc_op_def_code(def);
    n->port = n->code == NIR_INPUT || n->code == NIR_OUTPUT;
    n->neuron = nirc_scene_numbers(n, "r") != NULL;
    s->metadata = s->metadata || nirc_h5_child(o, "metadata");
    if (n->code == NIR_GRAPH)
      add_nodes(s, o, nirc_arena_printf(s->arena, "%s/", n->name));
  }
}

/* NULL where there is none, or it has more elements than any network. The caller unrefs it. */
static nirc_blob *blob_of(const nirc_scene *s, const nirc_scene_node *n, const char *name)
{
  const nirc_h5_object *o = nirc_scene_numbers(n, name);
  if (!o)
    return NULL;
  size_t count;
  nirc_shape shape = {.rank = o->rank};
  memcpy(shape.dims, o->dims, sizeof shape.dims);
  return nirc_shape_count(&shape, &count) ? nirc_blob_borrow(nirc_arena_heap(s->arena), o->dtype, &shape, o->data) : NULL;
}

static void survey(nirc_scene *s)
{
  nirc_time_survey_begin(&s->time);
  for (size_t k = 0; k < s->n; k++) {
    const nirc_scene_node *n = &s->nodes[k];
    nirc_blob *r = blob_of(s, n, "r"), *w_in = blob_of(s, n, "w_in"), *tau = blob_of(s, n, "tau"), *mem = blob_of(s, n, "tau_mem"), *syn = blob_of(s, n, "tau_syn");
    nirc_time_survey_add(&s->time, &(nirc_time_node){.code = n->code, .r = r, .w_in = w_in, .tau = tau, .tau_mem = mem, .tau_syn = syn, .who = n});
    nirc_blob_unref(r);
    nirc_blob_unref(w_in);
    nirc_blob_unref(tau);
    nirc_blob_unref(mem);
    nirc_blob_unref(syn);
  }
  nirc_time_survey_end(&s->time);
}

bool nirc_scene_make(nirc_scene *s, nirc_arena *a, const nirc_h5_file *f, nirc_diag *d)
{
  const nirc_h5_object *root = nirc_h5_child(f->root, "node"), *version = nirc_h5_child(f->root, "version");
  if (!root || !nirc_h5_child(root, "nodes")) {
    nirc_error(d, nirc_loc_file(f->path), "holds no network (a group /node/nodes): nothing to identify");
    return false;
  }
  *s = (nirc_scene){.arena = a, .root = root};
  if (version && version->kind == NIRC_H5_STRINGS && version->count == 1)
    s->version = version->strings[0];
  s->nodes = NIRC_NEW_ARRAY(a, nirc_scene_node, count_nodes(root));
  add_nodes(s, root, "");
  if (!s->n) {
    nirc_error(d, nirc_loc_file(f->path), "the network has no nodes: nothing to identify");
    return false;
  }
  survey(s);
  return true;
}
