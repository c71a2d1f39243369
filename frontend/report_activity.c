/* frontend/report_activity.c: what a trace says of each layer: how much of it was active, and how many synaptic operations that caused. A trace is what nirc-run
 * writes for a network compiled with --probe; it is not trusted. */
#include <stdlib.h>
#include <string.h>

#include "frontend/nir_h5.h"
#include "frontend/report.h"
#include "ir/dialect_nir.h"

enum { MOST_REACH_STEPS = 1 << 30 };                 /* pairs of a tap and an input along one axis */

typedef struct reader {
  nirc_report *r;
  nirc_module *m;
  const char *path;
  nirc_diag *d;
  nirc_report_layer **by_name;
  const nirc_h5_object **sent;                       /* by place of the layer: what it sent; NULL: not traced */
  const nirc_h5_object *first;                       /* dataset that T and B were taken from */
  uint64_t steps, samples;
  bool has_samples;
} reader;

static nirc_loc place(const reader *x, const char *object)
{
  return (nirc_loc){.file = x->path, .object = object};
}

/* ---- finding the datasets ------------------------------------------------------------------------------------------------------ */

static int compare_layers(const void *a, const void *b)
{
  return strcmp((*(nirc_report_layer *const *)a)->name, (*(nirc_report_layer *const *)b)->name);
}

static int compare_name(const void *name, const void *b)
{
  return strcmp(name, (*(nirc_report_layer *const *)b)->name);
}

static bool ends_alike(const nirc_h5_object *o, const nirc_shape *s)
{
  for (uint32_t i = 0; i < s->rank; i++)
    if (o->dims[o->rank - s->rank + i] != s->dims[i])
      return false;
  return true;
}

/* [T, shape...] or [T, B, shape...], alike for all. */
static bool check_shape(reader *x, const nirc_h5_object *o, const nirc_report_layer *l)
{
  const nirc_shape *s = &(l->out ? l->out : l->in)->shape;
  nirc_shape all = {.rank = o->rank};
  memcpy(all.dims, o->dims, sizeof all.dims);
  if (o->kind != NIRC_H5_NUMBERS || o->rank < s->rank + 1 || o->rank > s->rank + 2 || !ends_alike(o, s)) {
    nirc_error(x->d, place(x, o->path), "has shape %s; [T, *shape] or [T, B, *shape] is wanted, where '%s' has shape %s", nirc_shape_text(x->r->arena, &all), l->name,
               nirc_shape_text(x->r->arena, s));
    return false;
  }
  bool has_samples = o->rank == s->rank + 2;
  if (!x->first) {
    x->first = o;
    x->steps = o->dims[0];
    x->samples = has_samples ? o->dims[1] : 1;
    x->has_samples = has_samples;
  }
  if (has_samples == x->has_samples && o->dims[0] == x->steps && (!has_samples || o->dims[1] == x->samples))
    return true;
  nirc_error(x->d, place(x, o->path), "has shape %s; the number of steps and samples differs from that of %s", nirc_shape_text(x->r->arena, &all), x->first->path);
  return false;
}

static bool take_dataset(reader *x, const nirc_h5_object *o, const char *node)
{
  nirc_report_layer **found = bsearch(node, x->by_name, x->r->n_layers, sizeof *x->by_name, compare_name);
  bool spikes = strcmp(o->name, "spikes") == 0, value = strcmp(o->name, "value") == 0;
  if (found && !(*found)->out && !(*found)->in) {
    nirc_error(x->d, place(x, o->path), "nothing reaches or leaves '%s' in this network; is the trace of another one?", node);
    return false;
  }
  if (!found) {
    nirc_error(x->d, place(x, o->path), *node ? "the network has no node '%s'; is the trace of another network?" : "a group for each node is wanted here%s", node);
    return false;
  }
  if (!spikes && !value && strcmp(o->name, "v") && strcmp(o->name, "i"))
    return true;
  if (!check_shape(x, o, *found))
    return false;
  size_t n = (size_t)(*found - x->r->layers);
  if (spikes || (value && !x->sent[n]))
    x->sent[n] = o;
  return true;
}

/* Everything in a group of /trace; `node` is its path below there. Groups nest no deeper than the reader lets them. */
static bool take_group(reader *x, const nirc_h5_object *group, const char *node)
{
  bool ok = true;
  for (const nirc_h5_object *o = group->children; o; o = o->next)
    ok &= o->kind == NIRC_H5_GROUP ? take_group(x, o, nirc_arena_printf(x->r->arena, "%s%s%s", node, *node ? "/" : "", o->name)) : take_dataset(x, o, node);
  return ok;
}

static double trace_dt(const reader *x, const nirc_h5_file *f)
{
  const nirc_h5_object *o = nirc_h5_attribute(f->root, "dt");
  double dt = o && o->kind == NIRC_H5_NUMBERS && o->count == 1 ? nirc_dtype_get(o->dtype, o->data, 0) : 0;
  if (!(dt > 0) || dt > 1e30)
    return x->r->dt;
  if (x->r->dt > 0 && dt != x->r->dt)
    nirc_warning(x->d, nirc_loc_file(x->path), "the trace was made with dt = %g s, --dt says %g s; rates are those of the trace", dt, x->r->dt);
  return dt;
}

/* ---- measuring ------------------------------------------------------------------------------------------------------------------- */

static float element(const nirc_h5_object *o, size_t i)
{
  return o->dtype == NIRC_F32 ? ((const float *)o->data)[i] : (float)nirc_dtype_get(o->dtype, o->data, i);
}

static void measure(const reader *x, size_t n)
{
  const nirc_h5_object *o = x->sent[n];
  nirc_report_layer *l = &x->r->layers[n];
  size_t active = 0;
  for (size_t i = 0; i < o->count; i++)
    active += element(o, i) != 0;
  double per_step = (double)active / ((double)x->steps * (double)x->samples), elements = (double)o->count / ((double)x->steps * (double)x->samples);
  l->active = (nirc_report_active){.known = true, .spikes = strcmp(o->name, "spikes") == 0, .per_step = per_step, .share = per_step / elements};
}

/* What a node sends, also where it only hands on the value of its one in-edge and was not traced itself. */
static const nirc_h5_object *sent_by(const reader *x, size_t node)
{
  const nirc_graph *g = x->r->graph;
  for (size_t hops = 0; hops < g->n_nodes; hops++) {
    const nirc_h5_object *o = x->sent[x->r->at[node]];
    nirc_opcode code = g->nodes[node].op->code;
    bool hands_on = code == NIR_FLATTEN || (g->nodes[node].cluster >= 0 && (code == NIR_INPUT || code == NIR_OUTPUT));
    size_t e = x->r->first_edge[node];
    if (o || !hands_on || e == g->n_edges || g->edges[e].back || (e + 1 < g->n_edges && g->edges[e + 1].to == node))
      return o;
    node = g->edges[e].from;
  }
  return NULL;
}

/* reach[i]: pairs of an output and a tap that meet input i of an axis. NULL where that is too much to count. */
static uint64_t *reach_of(const reader *x, const nirc_window *w, int axis, uint64_t in, uint64_t out)
{
  if (in * (uint64_t)w->kernel[axis] > MOST_REACH_STEPS || out > MOST_REACH_STEPS)
    return NULL;
  uint64_t *reach = NIRC_NEW_ARRAY(x->r->arena, uint64_t, in);
  for (int64_t k = 0; k < w->kernel[axis]; k++)
    for (int64_t i = 0; i < (int64_t)in; i++) {
      int64_t from = i + w->before[axis] - k * w->dilation[axis];        /* the output's number times the stride */
      reach[i] += from >= 0 && from % w->stride[axis] == 0 && from / w->stride[axis] < (int64_t)out;
    }
  return reach;
}

/* Connections of each input element: one number for all, or by row and column. */
typedef struct fan_out { uint64_t each, *rows, *columns; size_t n_rows, n_columns; } fan_out;

static bool find_fan_out(const reader *x, const nirc_op *op, const nirc_report_layer *l, fan_out *f)
{
  const nirc_shape *weight = &nirc_op_blob(op, "weight")->shape, *in = &l->in->shape, *out = &l->out->shape;
  *f = (fan_out){.each = weight->rank > 1 ? weight->dims[weight->rank - 2] : 0};
  if (!op->def->n_axes)
    return true;
  nirc_window w;
  if (!nirc_nir_window(x->m, op, &w, x->d))
    return false;
  f->each = weight->dims[0] / (uint64_t)w.groups;
  f->n_rows = w.n_axes == 2 ? in->dims[1] : 1;
  f->n_columns = in->dims[w.n_axes];
  f->columns = reach_of(x, &w, w.n_axes - 1, in->dims[w.n_axes], out->dims[w.n_axes]);
  f->rows = w.n_axes == 2 ? reach_of(x, &w, 0, in->dims[1], out->dims[1]) : NIRC_NEW(x->r->arena, uint64_t);
  if (w.n_axes == 1)
    f->rows[0] = 1;
  return f->rows && f->columns;
}

/* Inputs that are not 0 times their connections, as nirc-run counts them. What arrives is the sum of the in-edges; a back edge brings the value of the step before. */
static void count_operations(const reader *x, size_t node)
{
  const nirc_graph *g = x->r->graph;
  nirc_report_layer *l = &x->r->layers[x->r->at[node]];
  size_t first = x->r->first_edge[node], n = 0;
  while (first + n < g->n_edges && g->edges[first + n].to == node)
    n++;
  const nirc_h5_object **from = NIRC_NEW_ARRAY(x->r->arena, const nirc_h5_object *, n);
  bool known = n > 0 && l->in && l->out;
  for (size_t k = 0; known && k < n; k++)
    known = (from[k] = sent_by(x, g->edges[first + k].from)) && from[k]->count == x->steps * x->samples * l->in->count;
  fan_out f;
  if (!known || !find_fan_out(x, g->nodes[node].op, l, &f))
    return;
  double operations = 0;
  size_t elements = l->in->count, lanes = (size_t)x->samples;
  for (size_t row = 0; row < (size_t)x->steps * lanes; row++)
    for (size_t i = 0; i < elements; i++) {
      float sum = 0;
      for (size_t k = 0; k < n; k++) {
        bool back = g->edges[first + k].back;
        float value = !back ? element(from[k], row * elements + i) : row >= lanes ? element(from[k], (row - lanes) * elements + i) : 0;
        sum = k ? sum + value : value;
      }
      if (sum != 0)
        operations += (double)(f.columns ? f.each * f.rows[i / f.n_columns % f.n_rows] * f.columns[i % f.n_columns] : f.each);
    }
  l->has_operations = true;
  l->operations = operations / ((double)x->steps * (double)x->samples);
}

static void measure_all(reader *x)
{
  nirc_report *r = x->r;
  for (size_t n = 0; n < r->n_layers; n++)
    if (x->sent[n])
      measure(x, n);
  r->has_operations = r->has_nodes;
  for (size_t n = 0; r->has_nodes && n < r->graph->n_nodes; n++) {
    const nirc_report_layer *l = &r->layers[r->at[n]];
    if (!l->connections)
      continue;
    count_operations(x, n);
    r->has_operations = r->has_operations && l->has_operations;
    r->operations += l->operations;
  }
}

bool nirc_report_read_activity(nirc_report *r, nirc_module *m, const char *path, nirc_diag *d)
{
  nirc_h5_limits limits = nirc_h5_limits_default();
  nirc_h5_file *f = nirc_h5_read(r->arena, path, &limits, d);
  if (!f)
    return false;
  const nirc_h5_object *trace = nirc_h5_child(f->root, "trace");
  if (!trace || trace->kind != NIRC_H5_GROUP) {
    nirc_error(d, nirc_loc_file(path), "there is no group `trace`; nirc-run writes one for a network that was compiled with --probe");
    return false;
  }
  reader x = {.r = r, .m = m, .path = path, .d = d, .sent = NIRC_NEW_ARRAY(r->arena, const nirc_h5_object *, r->n_layers),
              .by_name = NIRC_NEW_ARRAY(r->arena, nirc_report_layer *, r->n_layers)};
  for (size_t n = 0; n < r->n_layers; n++)
    x.by_name[n] = &r->layers[n];
  qsort(x.by_name, r->n_layers, sizeof *x.by_name, compare_layers);
  if (!take_group(&x, trace, ""))
    return false;
  r->trace = nirc_report_file_name(r->arena, path);
  r->steps = x.steps;
  r->samples = x.samples;
  r->trace_dt = trace_dt(&x, f);
  if (x.steps && x.samples)
    measure_all(&x);
  return true;
}
