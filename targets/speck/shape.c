/* targets/speck/shape.c: what a core's registers can say of a layer: the kernel and how it moves, maps, one pair of thresholds; and the memory that takes. */
#include <inttypes.h>
#include <math.h>

#include "ir/dialect_nir.h"
#include "targets/speck/speck.h"

#define REFUSE(d, code, op, ...) nirc_error_code(d, code, (op)->loc, __VA_ARGS__)

/* ---- maps ---------------------------------------------------------------------------------------------------------------- */

/* (n) is n features of a 1x1 map. */
static bool map_of(const nirc_shape *s, nirc_speck_map *map)
{
  *map = (nirc_speck_map){s->dims[0], s->rank == 3 ? s->dims[1] : 1, s->rank == 3 ? s->dims[2] : 1};
  return s->rank == 1 || s->rank == 3;
}

static const char *map_text(nirc_speck_net *net, const nirc_speck_map *m)
{
  return nirc_arena_printf(net->arena, "[%" PRIu64 ", %" PRIu64 ", %" PRIu64 "]", m->features, m->rows, m->columns);
}

static bool map_equal(const nirc_speck_map *a, const nirc_speck_map *b)
{
  return a->features == b->features && a->rows == b->rows && a->columns == b->columns;
}

/* One more map that arrives at a layer; all have to be alike. */
static void meet(nirc_speck_net *net, nirc_speck_layer *l, const nirc_op *from, nirc_speck_map map, nirc_diag *d)
{
  if (!l->in.features)
    l->in = map;
  else if (!map_equal(&l->in, &map))
    REFUSE(d, "speck-shape", l->weight_op, "'%s': a map of %s comes from '%s', another of %s; they have to be of one shape before a Flatten, too", l->weight,
           map_text(net, &map), from->name, map_text(net, &l->in));
}

static void find_input_map(nirc_speck_net *net, size_t layer, nirc_diag *d)
{
  nirc_speck_layer *l = &net->layers[layer];
  for (size_t i = 0; i < l->n_inputs; i++) {
    nirc_speck_map map;
    const nirc_shape *s = &l->inputs[i]->results[0].type->shape;
    if (map_of(s, &map))
      meet(net, l, l->inputs[i], map, d);
    else
      REFUSE(d, "speck-shape", l->inputs[i], "'%s': an Input of shape %s; (features) or (features, rows, columns) is wanted", l->inputs[i]->name,
             nirc_shape_text(net->arena, s));
  }
  for (size_t s = 0; s < layer; s++)
    for (size_t t = 0; t < net->layers[s].n_to; t++)
      if (net->layers[s].to[t].layer == layer) {
        const nirc_speck_map *out = &net->layers[s].out;
        uint64_t p = (uint64_t)net->layers[s].to[t].pooling;
        meet(net, l, net->layers[s].neuron_op, (nirc_speck_map){out->features, out->rows / p, out->columns / p}, d);
      }
}

/* ---- kernels --------------------------------------------------------------------------------------------------------------- */

static bool is_stride(int64_t s)
{
  return s == 1 || s == 2 || s == 4 || s == NIRC_SPECK_MAX_STRIDE;
}

static void find_convolution(nirc_speck_layer *l, nirc_module *m, nirc_diag *d)
{
  const nirc_op *op = l->weight_op;
  nirc_window w;
  if (!nirc_nir_window(m, op, &w, d))
    return;
  if (w.kernel[0] != w.kernel[1] || w.kernel[0] > NIRC_SPECK_MAX_KERNEL)
    REFUSE(d, "speck-shape", op, "'%s': a kernel of %" PRId64 "x%" PRId64 "; a square of at most %dx%d is wanted", l->weight, w.kernel[0], w.kernel[1],
           NIRC_SPECK_MAX_KERNEL, NIRC_SPECK_MAX_KERNEL);
  if (w.dilation[0] != 1 || w.dilation[1] != 1)
    REFUSE(d, "speck-shape", op, "'%s': dilation = [%" PRId64 ", %" PRId64 "]; the chip has 1 only", l->weight, w.dilation[0], w.dilation[1]);
  if (w.groups != 1)
    REFUSE(d, "speck-shape", op, "'%s': groups = %" PRId64 "; the chip has 1 only", l->weight, w.groups);
  for (int a = 0; a < 2; a++) {
    const char *axis = a ? "columns" : "rows";
    if (w.same && (w.stride[a] != 1 || w.before[a] != w.after[a]))
      REFUSE(d, "speck-shape", op, "'%s': padding \"same\" of a kernel of %" PRId64 " %s and stride %" PRId64 "; it is taken of odd kernels and stride 1",
             l->weight, w.kernel[a], axis, w.stride[a]);
    else if (w.before[a] > NIRC_SPECK_MAX_PADDING)
      REFUSE(d, "speck-shape", op, "'%s': padding of %" PRId64 " %s; at most %d is wanted", l->weight, w.before[a], axis, NIRC_SPECK_MAX_PADDING);
    if (!is_stride(w.stride[a]))
      REFUSE(d, "speck-shape", op, "'%s': a stride of %" PRId64 " %s; 1, 2, 4 or 8 is wanted", l->weight, w.stride[a], axis);
    l->stride[a] = w.stride[a];
    l->padding[a] = w.before[a];
  }
  l->kernel = w.kernel[0];
}

/* Could all that arrives at the layer be pooled by `by` (as well)? */
static bool can_pool(const nirc_speck_net *net, const nirc_speck_layer *l, int64_t by)
{
  for (size_t s = 0; s < net->n; s++)
    for (size_t t = 0; t < net->layers[s].n_to; t++)
      if (&net->layers[net->layers[s].to[t].layer] == l && net->layers[s].to[t].pooling * by > NIRC_SPECK_MAX_POOLING)
        return false;
  return l->n_inputs == 0;
}

static void refuse_matrix(nirc_speck_net *net, const nirc_speck_layer *l, nirc_diag *d)
{
  const nirc_op *op = l->weight_op;
  REFUSE(d, "speck-shape", op, "'%s': the map of %s becomes the kernel of this %s; a square of at most %dx%d is wanted", l->weight, map_text(net, &l->in), op->def->nir_type,
         NIRC_SPECK_MAX_KERNEL, NIRC_SPECK_MAX_KERNEL);
  for (int by = 2; l->in.rows == l->in.columns && by <= NIRC_SPECK_MAX_POOLING; by *= 2)
    if (l->in.rows / (uint64_t)by <= NIRC_SPECK_MAX_KERNEL && can_pool(net, l, by)) {
      nirc_note(d, op->loc, "pooling by %d before it would do: %" PRIu64 "x%" PRIu64, by, l->in.rows / (uint64_t)by, l->in.columns / (uint64_t)by);
      return;
    }
}

/* A matrix is a kernel as large as the map. */
static void find_matrix(nirc_speck_net *net, nirc_speck_layer *l, nirc_diag *d)
{
  const nirc_op *op = l->weight_op;
  const nirc_shape *w = &nirc_op_blob(op, "weight")->shape;
  if (w->rank != 2) {
    REFUSE(d, "speck-pattern", op, "'%s': weight has shape %s; a Flatten before a matrix of two axes is wanted", l->weight, nirc_shape_text(net->arena, w));
    return;
  }
  if (l->in.rows != l->in.columns || l->in.rows > NIRC_SPECK_MAX_KERNEL)
    refuse_matrix(net, l, d);
  l->kernel = (int64_t)l->in.rows;
  l->stride[0] = l->stride[1] = 1;
}

/* A larger stride, where one makes the output small enough. */
static void note_stride(const nirc_speck_layer *l, unsigned limit, nirc_diag *d)
{
  for (int64_t s = 2; l->weight_op->code == NIR_CONV2D && s <= NIRC_SPECK_MAX_STRIDE; s *= 2) {
    int64_t down = s > l->stride[0] ? s : l->stride[0], across = s > l->stride[1] ? s : l->stride[1];
    uint64_t rows = nirc_speck_window_count(l, 0, down), columns = nirc_speck_window_count(l, 1, across);
    if (!rows || !columns || rows > limit || columns > limit)
      continue;
    nirc_note(d, l->weight_op->loc, "a stride of %" PRId64 "x%" PRId64 " would do: a map of %" PRIu64 "x%" PRIu64, down, across, rows, columns);
    return;
  }
}

static void check_map(nirc_speck_net *net, const nirc_speck_layer *l, const nirc_speck_map *map, const char *what, unsigned limit, nirc_diag *d)
{
  nirc_loc loc = l->weight_op->loc;
  if (map->rows < 1 || map->columns < 1 || map->rows > limit || map->columns > limit) {
    REFUSE(d, "speck-shape", l->weight_op, "'%s': %s map of %s; at most %ux%u is wanted", l->weight, what, map_text(net, map), limit, limit);
    if (map == &l->out)
      note_stride(l, limit, d);
    else
      nirc_note(d, loc, "%" PRIu64 " rows and %" PRIu64 " columns too many; maps can be pooled or cut before", map->rows > limit ? map->rows - limit : 0,
                map->columns > limit ? map->columns - limit : 0);
  }
  if (map->features < 1 || map->features > NIRC_SPECK_MAX_FEATURES) {
    REFUSE(d, "speck-shape", l->weight_op, "'%s': %s map of %" PRIu64 " features; at most %d are wanted", l->weight, what, map->features, NIRC_SPECK_MAX_FEATURES);
    if (map->features)
      nirc_note(d, loc, "%" PRIu64 " too many", map->features - NIRC_SPECK_MAX_FEATURES);
  }
}

/* ---- neurons --------------------------------------------------------------------------------------------------------------- */

/* The one value that all elements of a parameter have. */
static bool uniform(const nirc_speck_layer *l, nirc_module *m, const char *name, double *value, nirc_diag *d)
{
  const nirc_blob *b = nirc_op_blob(l->neuron_op, name);
  *value = b->count ? nirc_blob_get(b, 0) : 0;
  for (size_t e = 1; e < b->count; e++)
    if (nirc_blob_get(b, e) != *value) {
      nirc_error_code(d, "speck-neuron", nirc_op_attr_loc(m, l->neuron_op, name),
                      "'%s': %s = %g (element 0) and %g (element %zu); a core has one for all of its neurons", l->neuron, name, *value, nirc_blob_get(b, e), e);
      return false;
    }
  return true;
}

static void find_neuron(nirc_speck_layer *l, nirc_module *m, nirc_diag *d)
{
  double r, threshold, reset;
  if (uniform(l, m, "r", &r, d)) {
    l->r = (float)r;
    if (!isfinite(l->r))
      nirc_error_code(d, "speck-neuron", nirc_op_attr_loc(m, l->neuron_op, "r"), "'%s': r = %g; a finite number is wanted", l->neuron, r);
  }
  if (uniform(l, m, "v_threshold", &threshold, d)) {
    l->threshold = (float)threshold;
    if (!(l->threshold > 0) || !isfinite(l->threshold))
      nirc_error_code(d, "speck-neuron", nirc_op_attr_loc(m, l->neuron_op, "v_threshold"), "'%s': v_threshold = %g; a finite number above 0 is wanted",
                      l->neuron, threshold);
  }
  if (nirc_op_attr(l->neuron_op, "v_reset") && uniform(l, m, "v_reset", &reset, d) && reset != 0)
    nirc_error_code(d, "speck-neuron", nirc_op_attr_loc(m, l->neuron_op, "v_reset"), "'%s': v_reset = %g; the chip returns to 0 or subtracts the threshold",
                    l->neuron, reset);
}

/* ---- memory, sensor, readout -------------------------------------------------------------------------------------------------- */

static unsigned up2(uint64_t n)                      /* smallest e with 2^e >= n */
{
  unsigned e = 0;
  while (((uint64_t)1 << e) < n)
    e++;
  return e;
}

void nirc_speck_count_words(const nirc_speck_net *net, nirc_speck_layer *l)
{
  uint64_t f = nirc_speck_features(net, l);
  l->words.kernel = l->in.features << (up2((uint64_t)(l->kernel * l->kernel)) + up2(f));
  l->words.neuron = f << (up2(l->out.rows) + up2(l->out.columns));
  l->words.bias = f;
}

uint64_t nirc_speck_features(const nirc_speck_net *net, const nirc_speck_layer *l)
{
  return net->options.readout && l->monitored ? NIRC_SPECK_READOUT_SPREAD * (l->out.features - 1) + 1 : l->out.features;
}

static void check_sensor(nirc_speck_net *net, nirc_diag *d)
{
  const nirc_op *input = NULL;
  unsigned layers = 0;
  for (size_t i = 0; i < net->n; i++) {
    const nirc_speck_layer *l = &net->layers[i];
    layers += l->from_input;
    if (l->n_inputs > 1 || (input && l->n_inputs && l->inputs[0] != input))
      REFUSE(d, "speck-pattern", l->weight_op, "'%s': the network has several Inputs; the sensor (--speck-input=dvs) is one", l->weight);
    if (l->n_inputs)
      input = l->inputs[0];
  }
  if (!input)
    return;
  const nirc_shape *s = &input->results[0].type->shape;
  map_of(s, &net->sensor);
  if (s->rank != 3 || net->sensor.features > 2 || net->sensor.rows > NIRC_SPECK_SENSOR_MAP || net->sensor.columns > NIRC_SPECK_SENSOR_MAP)
    REFUSE(d, "speck-shape", input, "'%s': an Input of shape %s; with --speck-input=dvs [1 or 2, rows, columns] of at most %dx%d is wanted", input->name,
           nirc_shape_text(net->arena, s), NIRC_SPECK_SENSOR_MAP, NIRC_SPECK_SENSOR_MAP);
  if (layers > NIRC_SPECK_SENSOR_DESTINATIONS)
    REFUSE(d, "speck-fan-out", input, "'%s': this Input feeds %u layers; the sensor (--speck-input=dvs) has %d destinations", input->name, layers,
           NIRC_SPECK_SENSOR_DESTINATIONS);
}

static void check_readout(nirc_speck_net *net, nirc_diag *d)
{
  const nirc_speck_layer *first = NULL;
  for (size_t i = 0; i < net->n; i++) {
    const nirc_speck_layer *l = &net->layers[i];
    if (!l->monitored)
      continue;
    if (first)
      REFUSE(d, "speck-pattern", l->neuron_op, "'%s' and '%s' both feed an Output; the readout (--speck-readout) takes the spikes of one layer", first->neuron,
             l->neuron);
    else if (l->n_to)
      REFUSE(d, "speck-fan-out", l->neuron_op, "'%s': this IF feeds '%s' as well; a layer that feeds the readout (--speck-readout) has no other destination",
             l->neuron, net->layers[l->to[0].layer].neuron);
    if (l->out.rows != 1 || l->out.columns != 1 || l->out.features > NIRC_SPECK_READOUT_CLASSES)
      REFUSE(d, "speck-shape", l->neuron_op, "'%s': a map of %s; the readout (--speck-readout) takes [at most %d, 1, 1]", l->neuron, map_text(net, &l->out),
             NIRC_SPECK_READOUT_CLASSES);
    first = l;
  }
}

bool nirc_speck_check_shapes(nirc_speck_net *net, nirc_module *m, nirc_diag *d)
{
  unsigned before = d->errors;
  for (size_t i = 0; i < net->n; i++) {
    nirc_speck_layer *l = &net->layers[i];
    map_of(&l->neuron_op->results[0].type->shape, &l->out);
    find_input_map(net, i, d);
    if (l->weight_op->code == NIR_CONV2D)
      find_convolution(l, m, d);
    else
      find_matrix(net, l, d);
    check_map(net, l, &l->in, "input", NIRC_SPECK_MAX_INPUT_MAP, d);
    check_map(net, l, &l->out, "output", NIRC_SPECK_MAX_OUTPUT_MAP, d);
    find_neuron(l, m, d);
  }
  if (net->options.dvs)
    check_sensor(net, d);
  if (net->options.readout)
    check_readout(net, d);
  if (d->errors != before)
    return false;
  for (size_t i = 0; i < net->n; i++)
    nirc_speck_count_words(net, &net->layers[i]);
  return true;
}
