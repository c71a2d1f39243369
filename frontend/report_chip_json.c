/* frontend/report_chip_json.c: a chip in the report's JSON. */
#include <math.h>
#include <string.h>

#include "frontend/report_chip.h"
#include "frontend/report_partition.h"

static json_t *number(uint64_t n)
{
  return json_integer((json_int_t)n);
}

static json_t *real(double x)
{
  return isfinite(x) ? json_real(x) : json_null();
}

/* Whole numbers one by one, real ones (a scale for each neuron) by their range. */
static json_t *array_json(const nirc_blob *b)
{
  if (nirc_dtype_is_float(b->dtype)) {
    double least = INFINITY, largest = -INFINITY;
    for (size_t i = 0; i < b->count; i++) {
      least = fmin(least, nirc_blob_get(b, i));
      largest = fmax(largest, nirc_blob_get(b, i));
    }
    return json_pack("{s:o, s:o}", "least", real(least), "largest", real(largest));
  }
  json_t *list = json_array();
  int64_t n;
  for (size_t i = 0; i < b->count && nirc_blob_get_int(b, i, &n); i++)
    json_array_append_new(list, json_integer(n));
  return list;
}

static json_t *value_json(const nirc_attr *a)
{
  json_t *list;
  switch (a->kind) {
  case NIRC_ATTR_INT: return json_integer(a->i);
  case NIRC_ATTR_FLOAT: return real(a->f);
  case NIRC_ATTR_STRING: return json_string(a->s);
  case NIRC_ATTR_SHAPE:
    list = json_array();
    for (uint32_t i = 0; i < a->shape.rank; i++)
      json_array_append_new(list, number(a->shape.dims[i]));
    return list;
  case NIRC_ATTR_DENSE: return array_json(a->blob);
  default: return json_null();
  }
}

static json_t *uses_json(const nirc_chip_use *list, size_t n)
{
  json_t *o = json_object();
  for (size_t i = 0; i < n; i++)
    json_object_set_new(o, list[i].name, json_pack("[o, o]", number(list[i].used), number(list[i].limit)));
  return o;
}

static json_t *core_json(const nirc_chip *c, const nirc_chip_box *box)
{
  json_t *names = json_array(), *o = json_pack("{s:I, s:o}", "core", (json_int_t)box->core, "layers", names);
  for (size_t i = 0; i < box->n_layers; i++)
    json_array_append_new(names, json_string(c->layers[box->layers[i]].node));
  for (size_t i = 0; i < box->n_bars; i++)
    json_object_set_new(o, box->bars[i].name, json_pack("[o, o]", number(box->bars[i].used), number(box->bars[i].limit)));
  return o;
}

static json_t *place_json(const char *node, const nirc_attr *placement)
{
  json_t *o = json_pack("{s:s}", "name", node);
  for (const nirc_attr *a = placement; a; a = a->next)
    json_object_set_new(o, a->name, value_json(a));
  return o;
}

json_t *nirc_chip_json(const nirc_chip *c)
{
  if (!c)
    return NULL;
  json_t *root = json_object(), *layers = json_array(), *ways = json_array(), *cores = json_array();
  json_object_set_new(root, "target", json_string(c->target));
  for (const nirc_attr *a = c->entries; a; a = a->next)
    if (a->kind != NIRC_ATTR_DICT && strcmp(a->name, "edges"))
      json_object_set_new(root, a->name, value_json(a));
  for (size_t i = 0; i < c->n_boxes && c->n_cores; i++)
    json_array_append_new(cores, core_json(c, &c->boxes[i]));
  for (size_t l = 0; l < c->n_layers; l++)
    json_array_append_new(layers, place_json(c->layers[l].node, c->layers[l].placement));
  for (size_t k = 0; k < c->n_ways; k++)
    json_array_append_new(ways, place_json(c->ways[k].node, c->ways[k].placement));
  json_object_set_new(root, "resources", uses_json(c->resources, c->n_resources));
  json_object_set_new(root, "parts", uses_json(c->parts, c->n_parts));
  json_object_set_new(root, "cores", cores);
  json_object_set_new(root, "layers", layers);
  json_object_set_new(root, "ways", ways);
  if (c->partition)
    json_object_set_new(root, "partition", nirc_partition_json(c->partition));
  return root;
}
