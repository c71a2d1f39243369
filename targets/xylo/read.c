/* targets/xylo/read.c: the chip's numbers out of a module of the hw level, which may have come as text: nothing in it is taken for granted. */
#include <string.h>

#include "targets/hw_read.h"
#include "targets/xylo/xylo.h"

typedef struct reader {
  nirc_xylo_network *net;
  nirc_hw_reader hw;
} reader;

/* ---- attributes --------------------------------------------------------------------------------------------------------------- */

static bool real(const nirc_attr *dict, const char *name, double *out)
{
  const nirc_attr *a = nirc_dict_find(dict, name, NIRC_ATTR_FLOAT);
  if (a)
    *out = a->f;
  return a != NULL;
}

/* ---- what is where -------------------------------------------------------------------------------------------------------------- */

static bool read_choices(reader *x)
{
  nirc_xylo_choices *c = &x->net->choices;
  const nirc_attr *chip = nirc_op_attr(x->hw.step, "chip");
  c->chip = nirc_xylo_chip_find(nirc_hw_word(chip, "variant"));
  if (!c->chip->name)
    return nirc_hw_fault(&x->hw, x->hw.step, "its variant is none of a Xylo");
  c->dt = nirc_op_attr(x->hw.step, "dt")->f;
  c->global = strcmp(nirc_hw_word(chip, "quant"), "global") == 0;
  c->unit_gain = strcmp(nirc_hw_word(chip, "gain"), "unit") == 0;
  c->match_dc = strcmp(nirc_hw_word(chip, "match"), "dc") == 0;
  return true;
}

static bool read_scale(const nirc_attr *dict, nirc_xylo_layer *l, nirc_arena *a)
{
  const nirc_attr *scale = nirc_dict_find(dict, "scale", NIRC_ATTR_DENSE);
  if (!scale || scale->blob->count != l->count)
    return false;
  l->scale = NIRC_NEW_ARRAY(a, double, l->count);
  for (size_t i = 0; i < l->count; i++)
    l->scale[i] = nirc_blob_get(scale->blob, i);
  return true;
}

/* The places in their order: input, hidden layers, output layer. */
static bool read_place(reader *x, const nirc_op *op)
{
  nirc_xylo_network *net = x->net;
  const nirc_attr *p = nirc_op_attr(op, "placement");
  const char *node = nirc_op_attr(op, "node")->s, *part = nirc_hw_word(p, "part");
  size_t first, count, skew, *population = strcmp(part, "hidden") == 0 ? &net->n_hidden : strcmp(part, "output") == 0 ? &net->n_outputs : NULL;
  if (!nirc_hw_size(p, "first", &first) || !nirc_hw_size(p, "count", &count))
    return nirc_hw_fault(&x->hw, op, "its place is incomplete");
  if (!net->input && strcmp(part, "input") == 0) {
    net->input = node;
    net->n_inputs = count;
    return true;
  }
  nirc_xylo_layer l = {.name = node, .first = first, .count = count};
  if (!net->input || !population || net->n_outputs || first != *population || !nirc_hw_size(p, "latency", &l.latency) || !nirc_hw_size(p, "skew", &skew) ||
      !real(p, "tau_mem_error", &l.tau_mem_error) || !real(p, "tau_syn_error", &l.tau_syn_error) || !read_scale(p, &l, net->arena))
    return nirc_hw_fault(&x->hw, op, "its place is incomplete or out of order");
  l.skew = skew > 0;
  *population += count;
  net->layers[net->n_layers++] = l;
  return true;
}

/* Index of the layer that `name` begins with, `suffix` being the rest; -1: none. */
static int layer_of(reader *x, const char *name, const char *suffix)
{
  for (size_t l = 0; l < x->net->n_layers; l++) {
    size_t n = strlen(x->net->layers[l].name);
    if (strncmp(x->net->layers[l].name, name, n) == 0 && strcmp(name + n, suffix) == 0)
      return (int)l;
  }
  return -1;
}

/* ---- numbers -------------------------------------------------------------------------------------------------------------------- */

static bool read_numbers(reader *x, const nirc_op *op, const char *name, int64_t least, int64_t most, int64_t **out)
{
  const nirc_blob *b = nirc_op_blob(op, name);
  size_t n = op->results[0].type->count;
  if (!b || b->count != n)
    return nirc_hw_fault(&x->hw, op, "a number of its neurons is missing");
  *out = NIRC_NEW_ARRAY(x->net->arena, int64_t, n);
  for (size_t i = 0; i < n; i++)
    if (!nirc_blob_get_int(b, i, &(*out)[i]) || (*out)[i] < least || (*out)[i] > most)
      return nirc_hw_fault(&x->hw, op, "a number of its neurons is out of the chip's range");
  return true;
}

static bool read_neurons(reader *x, const nirc_op *op)
{
  int index = layer_of(x, op->name, "");
  nirc_xylo_layer *l = index < 0 ? NULL : &x->net->layers[index];
  if (!l || l->threshold || l->count != op->results[0].type->count)
    return nirc_hw_fault(&x->hw, op, "its neurons have no place");
  return read_numbers(x, op, "dash_mem", 0, NIRC_XYLO_MAX_DASH, &l->dash_mem) && read_numbers(x, op, "dash_syn", 1, NIRC_XYLO_MAX_DASH, &l->dash_syn) &&
         read_numbers(x, op, "bias", -NIRC_XYLO_MAX_BIAS, NIRC_XYLO_MAX_BIAS, &l->bias) &&
         read_numbers(x, op, "v_threshold", 1, NIRC_XYLO_MAX_THRESHOLD, &l->threshold);
}

/* Weights: from the input or a state NODE/last, on the way from a state NODE/i. */
static bool read_block(reader *x, const nirc_op *op)
{
  const nirc_blob *w = nirc_op_blob(op, "weight");
  const nirc_op *source = nirc_op_operand(op, 1)->def, *state = nirc_op_operand(op, 0)->def;
  while (state->code == HW_PROJECT)
    state = nirc_op_operand(state, 0)->def;
  nirc_xylo_block b = {.from = NIRC_XYLO_INPUT, .to = state->code == SNN_STATE ? layer_of(x, nirc_op_attr(state, "name")->s, "/i") : -1,
                       .rows = (size_t)w->shape.dims[0], .columns = (size_t)w->shape.dims[1], .weight = NIRC_NEW_ARRAY(x->net->arena, int8_t, w->count)};
  bool from_input = source->code == SNN_INPUT;
  if (source->code == SNN_STATE)
    b.from = layer_of(x, nirc_op_attr(source, "name")->s, "/last");
  bool hidden = b.from >= 0 && !nirc_xylo_is_output(x->net, b.from);
  if (b.to < 0 || from_input == hidden || (from_input && nirc_xylo_is_output(x->net, b.to)) || b.columns != x->net->layers[b.to].count ||
      b.rows != (from_input ? x->net->n_inputs : x->net->layers[b.from].count))
    return nirc_hw_fault(&x->hw, op, "its weights lead from no layer, or to none");
  for (size_t i = 0; i < w->count; i++)
    b.weight[i] = (int8_t)nirc_blob_get(w, i);
  x->net->blocks[x->net->n_blocks++] = b;
  return true;
}

bool nirc_xylo_read(nirc_xylo_network *net, const nirc_module *m, nirc_diag *d)
{
  reader x = {.net = net};
  size_t places = 0, projects = 0;
  if (!nirc_hw_read_begin(&x.hw, m, "xylo", d))
    return false;
  NIRC_FOR_EACH_OP(op, x.hw.step->body) {
    places += op->code == HW_PLACE;
    projects += op->code == HW_PROJECT;
  }
  net->layers = NIRC_NEW_ARRAY(net->arena, nirc_xylo_layer, places);
  net->blocks = NIRC_NEW_ARRAY(net->arena, nirc_xylo_block, projects);
  if (!read_choices(&x))
    return false;
  NIRC_FOR_EACH_OP(op, x.hw.step->body)
    if (op->code == HW_PLACE && !read_place(&x, op))
      return false;
  if (!net->n_outputs || !net->n_hidden)
    return nirc_hw_fault(&x.hw, x.hw.step, "it has no place of a hidden and an output layer");
  NIRC_FOR_EACH_OP(op, x.hw.step->body)
    if ((op->code == SNN_NEURON && !read_neurons(&x, op)) || (op->code == HW_PROJECT && !read_block(&x, op)))
      return false;
  for (size_t l = 0; l < net->n_layers; l++)
    if (!net->layers[l].threshold)
      return nirc_hw_fault(&x.hw, x.hw.step, "a layer has a place and no neurons");
  return true;
}
