#include "ir/activity.h"

#include <math.h>
#include <string.h>

/* ---- reading ------------------------------------------------------------------------------------------------------------------ */

static bool read_whole(const nirc_attr *dict, const char *name, uint64_t *out)
{
  const nirc_attr *a = nirc_dict_find(dict, name, NIRC_ATTR_INT);
  if (!a || a->i < 1)
    return false;
  *out = (uint64_t)a->i;
  return true;
}

static const nirc_blob *column(const nirc_attr *list, const char *name, size_t n)
{
  const nirc_attr *a = nirc_dict_find(list, name, NIRC_ATTR_DENSE);
  return a && a->blob->count == n ? a->blob : NULL;
}

/* {nodes = strings, elements = whole numbers, per_step = numbers}. A text may hold anything. */
static bool read_list(const nirc_attr *dict, const char *name, nirc_arena *a, const nirc_activity_count **out, size_t *n)
{
  const nirc_attr *list = nirc_dict_find(dict, name, NIRC_ATTR_DICT), *nodes = nirc_dict_find(list, "nodes", NIRC_ATTR_STRINGS);
  *n = nodes && nodes->shape.rank == 1 ? (size_t)nodes->shape.dims[0] : 0;
  const nirc_blob *elements = column(list, "elements", *n), *per_step = column(list, "per_step", *n);
  if (!list || (*n && (!elements || !per_step)))
    return false;
  nirc_activity_count *counts = NIRC_NEW_ARRAY(a, nirc_activity_count, *n);
  for (size_t i = 0; i < *n; i++) {
    int64_t size;
    double x = nirc_blob_get(per_step, i);
    if (!nirc_blob_get_int(elements, i, &size) || size < 0 || !isfinite(x) || x < 0)
      return false;
    counts[i] = (nirc_activity_count){nodes->strings[i], (uint64_t)size, x};
  }
  *out = counts;
  return true;
}

nirc_activity nirc_activity_of(const nirc_module *m, nirc_arena *a)
{
  const nirc_activity nothing = {.rate = NIRC_ACTIVITY_ASSUMED};
  const nirc_attr *dict = nirc_op_attr(m->body.first, NIRC_ACTIVITY);
  const nirc_attr *rate = nirc_dict_find(dict, "rate", NIRC_ATTR_FLOAT), *input = nirc_dict_find(dict, "input", NIRC_ATTR_STRING);
  if (rate)
    return rate->f >= 0 && rate->f <= 1 ? (nirc_activity){.given = true, .rate = rate->f} : nothing;
  nirc_activity x = {.given = true, .measured = true, .input = input ? input->s : NULL};
  bool ok = input && read_whole(dict, "steps", &x.steps) && read_whole(dict, "samples", &x.samples) && read_list(dict, "spikes", a, &x.spikes, &x.n_spikes) &&
            read_list(dict, "operations", a, &x.operations, &x.n_operations);
  return ok ? x : nothing;
}

/* ---- asking ------------------------------------------------------------------------------------------------------------------- */

static bool is_node(const char *a, const char *b)
{
  for (; *a && *b; a++, b++)
    if (*a != *b && !((*a == '/' || *a == '.') && (*b == '/' || *b == '.')))
      return false;
  return *a == *b;
}

/* Is entry i of that name? One of just that name comes before those that only differ in what stands between nested graphs. */
static bool is_meant(const nirc_activity_count *list, size_t i, const char *node, bool exact)
{
  return exact ? strcmp(list[i].node, node) == 0 : is_node(list[i].node, node);
}

static bool has_name(const nirc_activity_count *list, size_t n, const char *node)
{
  for (size_t i = 0; i < n; i++)
    if (strcmp(list[i].node, node) == 0)
      return true;
  return false;
}

double nirc_activity_sum(const nirc_activity_count *list, size_t n, const char *node)
{
  double sum = -1;
  bool exact = has_name(list, n, node);
  for (size_t i = 0; i < n; i++)
    if (is_meant(list, i, node, exact))
      sum = (sum < 0 ? 0 : sum) + list[i].per_step;
  return sum;
}

double nirc_activity_rate(const nirc_activity *x, const char *node)
{
  if (!x->measured)
    return x->rate;
  bool exact = has_name(x->spikes, x->n_spikes, node);
  for (size_t i = 0; i < x->n_spikes; i++)
    if (is_meant(x->spikes, i, node, exact))
      return x->spikes[i].elements ? x->spikes[i].per_step / (double)x->spikes[i].elements : 0;
  return -1;
}

/* ---- writing ------------------------------------------------------------------------------------------------------------------- */

static void add_list(nirc_module *m, nirc_attr *dict, const char *name, const nirc_activity_count *counts, size_t n)
{
  nirc_attr *list = nirc_dict_add(m, dict, name, NIRC_ATTR_DICT), *nodes = nirc_dict_add(m, list, "nodes", NIRC_ATTR_STRINGS);
  const char **names = NIRC_NEW_ARRAY(m->arena, const char *, n);
  nirc_shape shape = nirc_shape_1d(n);
  int64_t *elements;
  double *per_step;
  nirc_dict_add(m, list, "elements", NIRC_ATTR_DENSE)->blob = nirc_module_hold(m, nirc_blob_new(m->heap, NIRC_I64, &shape, false, (void **)&elements));
  nirc_dict_add(m, list, "per_step", NIRC_ATTR_DENSE)->blob = nirc_module_hold(m, nirc_blob_new(m->heap, NIRC_F64, &shape, false, (void **)&per_step));
  for (size_t i = 0; i < n; i++) {
    names[i] = nirc_arena_strdup(m->arena, counts[i].node);
    elements[i] = (int64_t)counts[i].elements;
    per_step[i] = counts[i].per_step;
  }
  nodes->shape = shape;
  nodes->strings = names;
}

void nirc_activity_set(nirc_module *m, const nirc_activity *x)
{
  nirc_attr *dict = nirc_op_set_attr(m, m->body.first, NIRC_ACTIVITY, NIRC_ATTR_DICT);
  if (!x->measured) {
    nirc_dict_add(m, dict, "rate", NIRC_ATTR_FLOAT)->f = x->rate;
    return;
  }
  nirc_dict_add(m, dict, "input", NIRC_ATTR_STRING)->s = nirc_arena_strdup(m->arena, x->input);
  nirc_dict_add(m, dict, "steps", NIRC_ATTR_INT)->i = (int64_t)x->steps;
  nirc_dict_add(m, dict, "samples", NIRC_ATTR_INT)->i = (int64_t)x->samples;
  add_list(m, dict, "spikes", x->spikes, x->n_spikes);
  add_list(m, dict, "operations", x->operations, x->n_operations);
}

void nirc_activity_carry(nirc_module *m, nirc_op *to, const nirc_attr *activity)
{
  if (activity)
    nirc_op_set_attr(m, to, NIRC_ACTIVITY, activity->kind)->dict = activity->dict;
}
