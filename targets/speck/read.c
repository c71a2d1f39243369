/* targets/speck/read.c: layers from the hw level. The module may come from a text that anybody wrote: what the verifier does not ask for is asked for here. */
#include <inttypes.h>
#include <string.h>

#include "ir/cores.h"
#include "targets/hw_read.h"
#include "targets/speck/lower.h"

typedef struct reader {
  nirc_speck_net *net;
  nirc_hw_reader hw;
  const nirc_op *cores;                              /* of the model of events; else NULL */
  nirc_cores read;
} reader;

/* ---- attributes -------------------------------------------------------------------------------------------------------------- */

static bool flag_entry(reader *r, const nirc_op *op, const char *name)
{
  return nirc_hw_int(&r->hw, op, "placement", name, 0, 1) == 1;
}

/* Element i of an attribute as a whole number within bounds. */
static int64_t whole(reader *r, const nirc_op *op, const char *name, size_t i, int64_t low, int64_t high)
{
  const nirc_blob *b = nirc_op_blob(op, name);
  int64_t v = low;
  if (!b || i >= b->count || !nirc_blob_get_int(b, i, &v) || v < low || v > high) {
    char what[96];
    snprintf(what, sizeof what, "%s has no element %zu that is a whole number from %" PRId64 " to %" PRId64, name, i, low, high);
    nirc_hw_fault(&r->hw, op, what);
    return low;
  }
  return v;
}

/* ---- layers ------------------------------------------------------------------------------------------------------------------- */

static const nirc_op *find(reader *r, const nirc_op *place, nirc_opcode code, const char *name)
{
  NIRC_FOR_EACH_OP(op, r->hw.step->body)
    if (op->code == code && strcmp(op->name, name) == 0)
      return op;
  nirc_hw_fault(&r->hw, place, code == SNN_CONV ? "there is no snn.conv of the name `weight`" : "there is no snn.neuron of the name `node`");
  return NULL;
}

static nirc_speck_map map_of(const nirc_shape *s)
{
  return (nirc_speck_map){s->dims[0], s->dims[1], s->dims[2]};
}

static bool within(uint64_t n, uint64_t high)
{
  return n >= 1 && n <= high;
}

static bool map_within(const nirc_speck_map *m, uint64_t side)
{
  return within(m->features, NIRC_SPECK_MAX_FEATURES) && within(m->rows, side) && within(m->columns, side);
}

static void check_size(reader *r, const nirc_speck_layer *l, const nirc_op *op)
{
  if (!within((uint64_t)l->kernel, NIRC_SPECK_MAX_KERNEL) || !map_within(&l->in, NIRC_SPECK_MAX_INPUT_MAP) || !map_within(&l->out, NIRC_SPECK_MAX_OUTPUT_MAP))
    nirc_hw_fault(&r->hw, op, "kernel or maps are not those of a core");
}

/* The verifier knows that shapes fit each other. */
static void read_convolution(reader *r, nirc_speck_layer *l, const nirc_op *conv)
{
  const nirc_shape *w = &nirc_op_blob(conv, "weight")->shape;
  l->in = map_of(&nirc_op_operand(conv, 0)->type->shape);
  l->out = map_of(&conv->results[0].type->shape);
  l->kernel = (int64_t)w->dims[2];
  for (int a = 0; a < 2; a++) {
    l->stride[a] = (int64_t)nirc_op_shape(conv, "stride")->dims[a];
    l->padding[a] = (int64_t)nirc_op_shape(conv, "before")->dims[a];
  }
  if (w->dims[2] != w->dims[3] || nirc_op_int(conv, "groups") != 1)
    nirc_hw_fault(&r->hw, conv, "kernel or groups are not those of a core");
  check_size(r, l, conv);
}

static void read_numbers(reader *r, nirc_speck_layer *l, const nirc_op *conv, const nirc_op *neuron)
{
  const nirc_blob *bias = nirc_op_blob(neuron, "bias");
  size_t f = (size_t)l->out.features, n = nirc_op_blob(conv, "weight")->count, each = (size_t)(l->out.rows * l->out.columns);
  l->weights = NIRC_NEW_ARRAY(r->net->arena, int8_t, n);
  for (size_t i = 0; r->hw.ok && i < n; i++)
    l->weights[i] = (int8_t)whole(r, conv, "weight", i, INT8_MIN, INT8_MAX);
  l->biases = NIRC_NEW_ARRAY(r->net->arena, int8_t, f);
  for (size_t i = 0; bias && r->hw.ok && i < f; i++)
    l->biases[i] = (int8_t)whole(r, neuron, "bias", i * each, INT8_MIN, INT8_MAX);
  l->threshold_high = (int32_t)whole(r, neuron, "v_threshold", 0, 1, INT16_MAX);
  l->threshold_low = (int32_t)whole(r, neuron, "v_low", 0, INT16_MIN, -1);
}

/* The same of the model of events: all of it stands in a hw.core. */
static void read_core(reader *r, nirc_speck_layer *l, const nirc_core *k, const nirc_op *op)
{
  size_t f = (size_t)k->out[0];
  l->in = (nirc_speck_map){(uint64_t)k->in[0], (uint64_t)k->in[1], (uint64_t)k->in[2]};
  l->out = (nirc_speck_map){(uint64_t)k->out[0], (uint64_t)k->out[1], (uint64_t)k->out[2]};
  l->kernel = k->kernel;
  memcpy(l->stride, k->stride, sizeof l->stride);
  memcpy(l->padding, k->before, sizeof l->padding);
  check_size(r, l, op);
  l->weights = NIRC_NEW_ARRAY(r->net->arena, int8_t, k->weight->count);
  for (size_t i = 0; r->hw.ok && i < k->weight->count; i++)
    l->weights[i] = (int8_t)whole(r, op, "weight", i, INT8_MIN, INT8_MAX);
  l->biases = NIRC_NEW_ARRAY(r->net->arena, int8_t, f);
  for (size_t i = 0; k->bias && r->hw.ok && i < f; i++)
    l->biases[i] = (int8_t)whole(r, op, "bias", i, INT8_MIN, INT8_MAX);
  if (k->v_threshold > INT16_MAX || k->v_low < INT16_MIN || k->v_low >= 0)
    nirc_hw_fault(&r->hw, op, "v_threshold or v_low is not one of a core");
  l->threshold_high = (int32_t)k->v_threshold;
  l->threshold_low = (int32_t)k->v_low;
}

static void read_ways(reader *r, nirc_speck_layer *l, const nirc_op *place)
{
  const nirc_shape *to = &nirc_hw_entry(&r->hw, place, "placement", "to", NIRC_ATTR_SHAPE)->shape;
  const nirc_shape *pooling = &nirc_hw_entry(&r->hw, place, "placement", "pooling", NIRC_ATTR_SHAPE)->shape;
  if (to->rank != pooling->rank || to->rank > NIRC_SPECK_DESTINATIONS) {
    nirc_hw_fault(&r->hw, place, "`to` and `pooling` are not lists of at most two numbers each");
    return;
  }
  for (l->n_to = 0; l->n_to < to->rank; l->n_to++) {
    if (to->dims[l->n_to] >= NIRC_SPECK_CORES || !within(pooling->dims[l->n_to], NIRC_SPECK_MAX_POOLING))
      nirc_hw_fault(&r->hw, place, "`to` or `pooling` is out of range");
    l->to[l->n_to] = (nirc_speck_way){(size_t)to->dims[l->n_to], (int64_t)pooling->dims[l->n_to]};
  }
}

static void read_layer(reader *r, const nirc_op *place)
{
  if (r->net->n == NIRC_SPECK_CORES) {
    nirc_hw_fault(&r->hw, place, "one layer more than there are cores");
    return;
  }
  nirc_speck_layer *l = &r->net->layers[r->net->n++];
  const int64_t most = INT32_MAX;
  *l = (nirc_speck_layer){.weight = nirc_hw_entry(&r->hw, place, "placement", "weight", NIRC_ATTR_STRING)->s, .neuron = nirc_op_attr(place, "node")->s,
                            .area = 1, .r = 1};
  l->core = (int)nirc_hw_int(&r->hw, place, "placement", "core", 0, NIRC_SPECK_CORES - 1);
  l->from_input = flag_entry(r, place, "from_input");
  l->monitored = flag_entry(r, place, "monitored");
  l->words = (nirc_speck_words){(uint64_t)nirc_hw_int(&r->hw, place, "placement", "kernel_words", 0, most),
                                (uint64_t)nirc_hw_int(&r->hw, place, "placement", "neuron_words", 0, most),
                                (uint64_t)nirc_hw_int(&r->hw, place, "placement", "bias_words", 0, most)};
  l->scale = (float)nirc_hw_entry(&r->hw, place, "placement", "scale", NIRC_ATTR_FLOAT)->f;
  read_ways(r, l, place);
  if (r->cores) {
    size_t k = 0;
    const nirc_op *op = r->cores->body->first;
    for (; op && strcmp(op->name, l->neuron) != 0; op = op->next)
      k++;
    if (op)
      read_core(r, l, &r->read.core[k], op);
    else
      nirc_hw_fault(&r->hw, place, "there is no hw.core of the name `node`");
    return;
  }
  const nirc_op *conv = find(r, place, SNN_CONV, l->weight), *neuron = find(r, place, SNN_NEURON, l->neuron);
  if (!conv || !neuron)
    return;
  read_convolution(r, l, conv);
  if (neuron->results[0].type->count != conv->results[0].type->count)
    nirc_hw_fault(&r->hw, neuron, "it has other neurons than the snn.conv has sums");
  if (r->hw.ok)
    read_numbers(r, l, conv, neuron);
}

/* What layers say of each other. */
static void check_layers(reader *r)
{
  const nirc_speck_net *net = r->net;
  unsigned taken = 0;
  for (size_t i = 0; i < net->n; i++) {
    const nirc_speck_layer *l = &net->layers[i];
    if (taken & (1u << l->core))
      nirc_hw_fault(&r->hw, r->hw.step, "two layers have one core");
    taken |= 1u << l->core;
    for (size_t t = 0; t < l->n_to; t++)
      if (l->to[t].layer <= i || l->to[t].layer >= net->n)
        nirc_hw_fault(&r->hw, r->hw.step, "a layer's spikes do not go to one behind it");
    if (net->options.readout && l->monitored && l->n_to == NIRC_SPECK_DESTINATIONS)
      nirc_hw_fault(&r->hw, r->hw.step, "no destination is left for the readout");
  }
}

static void read_chip(reader *r)
{
  const nirc_op *step = r->hw.step;
  const char *input = nirc_hw_entry(&r->hw, step, "chip", "input", NIRC_ATTR_STRING)->s,
             *reset = nirc_hw_entry(&r->hw, step, "chip", "reset", NIRC_ATTR_STRING)->s,
             *model = nirc_hw_entry(&r->hw, step, "chip", "model", NIRC_ATTR_STRING)->s, *why;
  r->net->options = (nirc_speck_options){.chip = nirc_hw_entry(&r->hw, step, "chip", "variant", NIRC_ATTR_STRING)->s, .dvs = strcmp(input, "dvs") == 0,
                                         .readout = nirc_hw_entry(&r->hw, step, "chip", "readout", NIRC_ATTR_INT)->i != 0, .event = strcmp(model, "event") == 0,
                                         .to_zero = strcmp(reset, "v_reset") == 0};
  if (strcmp(r->net->options.chip, "speck2f") != 0 && strcmp(r->net->options.chip, "speck2e") != 0)
    nirc_hw_fault(&r->hw, step, "its variant is neither speck2f nor speck2e");
  NIRC_FOR_EACH_OP(op, step->body)
    if (op->code == HW_CORES)
      r->cores = op;
  if (r->net->options.event != (r->cores != NULL))
    nirc_hw_fault(&r->hw, step, "its model is another one than that of its ops");
  if (r->cores)
    NIRC_ASSERT(nirc_cores_read(&r->read, r->net->arena, r->cores, &why));         /* verified before */
  if (r->net->options.dvs)
    r->net->sensor = map_of(&nirc_hw_entry(&r->hw, step, "chip", "sensor", NIRC_ATTR_SHAPE)->shape);
}

bool nirc_speck_read(nirc_speck_net *net, nirc_arena *a, const nirc_module *m, nirc_diag *d)
{
  reader r = {.net = net};
  *net = (nirc_speck_net){.arena = a};
  if (!nirc_hw_read_begin(&r.hw, m, "speck", d))
    return false;
  read_chip(&r);
  NIRC_FOR_EACH_OP(op, r.hw.step->body)
    if (op->code == HW_PLACE)
      read_layer(&r, op);
  if (!net->n)
    nirc_hw_fault(&r.hw, r.hw.step, "it holds no hw.place");
  if (r.hw.ok)
    check_layers(&r);
  unsigned sensors = 0;
  for (size_t i = 0; i < net->n; i++)
    sensors += net->layers[i].from_input;
  if (r.hw.ok && net->options.dvs && sensors > NIRC_SPECK_SENSOR_DESTINATIONS)
    nirc_hw_fault(&r.hw, r.hw.step, "more layers take the sensor's events than it has destinations");
  return r.hw.ok;
}
