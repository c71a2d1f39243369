/* targets/speck/write.c: the configuration as the vendor's library stores it, and where each layer is. In JSON, x is the column and y the row: tensors
 * have their last two axes exchanged. Field names: samna reference, `samna.speck2f.configuration`; order and spelling: docs/speck.md. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "targets/speck/write.h"

/* ---- core -------------------------------------------------------------------------------------------------------------------- */

static json_t *xy(int64_t x, int64_t y)
{
  return json_pack("{s:I, s:I}", "x", (json_int_t)x, "y", (json_int_t)y);
}

static json_t *flags(bool x, bool y)
{
  return json_pack("{s:b, s:b}", "x", x, "y", y);
}

static json_t *map_json(const nirc_speck_map *m, uint64_t features)
{
  return json_pack("{s:o, s:I}", "size", xy((int64_t)m->columns, (int64_t)m->rows), "featureCount", (json_int_t)features);
}

static json_t *dimensions(const nirc_speck_net *net, const nirc_speck_layer *l)
{
  return json_pack("{s:o, s:o, s:I, s:o, s:o}", "padding", xy(l->padding[1], l->padding[0]), "stride", xy(l->stride[1], l->stride[0]), "kernelSize",
                   (json_int_t)l->kernel, "inputShape", map_json(&l->in, l->in.features), "outputShape", map_json(&l->out, nirc_speck_features(net, l)));
}

static json_t *destination(int64_t layer, bool enable, int64_t pooling)
{
  return json_pack("{s:I, s:b, s:I, s:i}", "layer", (json_int_t)layer, "enable", enable, "pooling", (json_int_t)pooling, "featureShift", 0);
}

static json_t *destinations(const nirc_speck_net *net, const nirc_speck_layer *l)
{
  json_t *all = json_object();
  for (size_t t = 0; t < NIRC_SPECK_DESTINATIONS; t++) {
    char name[32];
    snprintf(name, sizeof name, "value%zu", t);
    bool readout = net->options.readout && l->monitored && t == l->n_to;
    json_object_set_new(all, name, readout ? destination(NIRC_SPECK_READOUT, true, 1) :
                        t < l->n_to ? destination(net->layers[l->to[t].layer].core, true, l->to[t].pooling) : destination(0, false, 1));
  }
  return all;
}

/* Which feature of the layer is feature `f` on the chip; false where that one stays empty. */
static bool feature_at(const nirc_speck_net *net, const nirc_speck_layer *l, uint64_t f, size_t *out)
{
  uint64_t spread = nirc_speck_features(net, l) == l->out.features ? 1 : NIRC_SPECK_READOUT_SPREAD;
  *out = (size_t)(f / spread);
  return f % spread == 0;
}

static json_t *biases(const nirc_speck_net *net, const nirc_speck_layer *l)
{
  json_t *all = json_array();
  size_t at;
  for (uint64_t f = 0; f < nirc_speck_features(net, l); f++)
    json_array_append_new(all, json_integer(feature_at(net, l, f, &at) ? l->biases[at] : 0));
  return all;
}

static json_t *kernel(const int8_t *w, size_t k)     /* [y][x] as [x][y]; all 0 where w is NULL */
{
  json_t *columns = json_array();
  for (size_t x = 0; x < k; x++) {
    json_t *column = json_array();
    for (size_t y = 0; y < k; y++)
      json_array_append_new(column, json_integer(w ? w[y * k + x] : 0));
    json_array_append_new(columns, column);
  }
  return columns;
}

static json_t *weights(const nirc_speck_net *net, const nirc_speck_layer *l)
{
  json_t *all = json_array();
  size_t k = (size_t)l->kernel, at;
  for (uint64_t f = 0; f < nirc_speck_features(net, l); f++) {
    bool used = feature_at(net, l, f, &at);
    json_t *feature = json_array();
    for (size_t c = 0; c < l->in.features; c++)
      json_array_append_new(feature, kernel(used ? l->weights + (at * l->in.features + c) * k * k : NULL, k));
    json_array_append_new(all, feature);
  }
  return all;
}

static json_t *initial_values(const nirc_speck_net *net, const nirc_speck_layer *l)
{
  json_t *all = json_array();
  for (uint64_t f = 0; f < nirc_speck_features(net, l); f++) {
    json_t *feature = json_array();
    for (uint64_t x = 0; x < l->out.columns; x++) {
      json_t *column = json_array();
      for (uint64_t y = 0; y < l->out.rows; y++)
        json_array_append_new(column, json_integer(0));
      json_array_append_new(feature, column);
    }
    json_array_append_new(all, feature);
  }
  return all;
}

static json_t *core(const nirc_speck_net *net, const nirc_speck_layer *l)
{
  return json_pack("{s:o, s:o, s:o, s:b, s:b, s:b, s:b, s:o, s:b, s:i, s:b, s:i, s:i, s:o}", "biases", biases(net, l), "destinations", destinations(net, l),
                   "dimensions", dimensions(net, l), "inputCongestionBalancerEnable", 0, "leakEnable", nirc_speck_leaks(l), "leakInternalSlowClkEnable", 0,
                   "monitorEnable", l->monitored, "neuronsInitialValue", initial_values(net, l), "outputDecimatorEnable", 0, "outputDecimatorInterval", 0,
                   "returnToZero", net->options.to_zero, "thresholdHigh", (int)l->threshold_high, "thresholdLow", (int)l->threshold_low,
                   "weights", weights(net, l));
}

/* Nothing is said of a core that is not in use, so that nothing is overwritten there. */
static json_t *cores(const nirc_speck_net *net)
{
  json_t *all = json_object();
  for (int c = 0; c < NIRC_SPECK_CORES; c++) {
    json_t *one = json_object();
    for (size_t i = 0; i < net->n; i++)
      if (net->layers[i].core == c) {
        json_decref(one);
        one = core(net, &net->layers[i]);
      }
    char name[32];
    snprintf(name, sizeof name, "value%d", c);
    json_object_set_new(all, name, one);
  }
  return all;
}

/* ---- sensor, readout ----------------------------------------------------------------------------------------------------------- */

static json_t *sensor_destination(int core_number, bool enable)
{
  return json_pack("{s:i, s:b}", "layer", core_number, "enable", enable);
}

static json_t *sensor(const nirc_speck_net *net)
{
  bool dvs = net->options.dvs;
  json_t *to[NIRC_SPECK_SENSOR_DESTINATIONS] = {NULL};
  size_t n = 0;
  for (size_t i = 0; dvs && i < net->n; i++)
    if (net->layers[i].from_input)
      to[n++] = sensor_destination(net->layers[i].core, true);
  while (n < NIRC_SPECK_SENSOR_DESTINATIONS)
    to[n++] = sensor_destination(0, false);
  json_t *cut = dvs ? xy((int64_t)net->sensor.columns - 1, (int64_t)net->sensor.rows - 1) : xy(0, 0);    /* the last column and row that pass */
  return json_pack("{s:o, s:{s:o, s:o}, s:b, s:o, s:b, s:b, s:b, s:b, s:o, s:b, s:o, s:b}", "cut", cut, "destinations", "value0", to[0], "value1", to[1],
                   "merge", dvs && net->sensor.features == 1, "mirror", flags(false, false), "mirrorDiagonal", 0, "monitorEnable", 0, "offChannel", 1,
                   "onChannel", 1, "origin", xy(0, 0), "passSensorEvents", dvs, "pooling", xy(1, 1), "rawMonitorEnable", 0);
}

static json_t *filter(void)
{
  return json_pack("{s:b, s:o, s:b, s:b, s:b, s:i}", "enable", 0, "filterSize", xy(0, 0), "hotPixelFilterEnable", 0, "internalSlowClk", 0, "lowPassModeEnable",
                   0, "threshold", 0);
}

static json_t *readout(bool on)
{
  return json_pack("{s:b, s:b, s:b, s:b, s:b, s:i, s:i, s:b, s:i, s:b, s:i}", "enable", on, "internalSlowClk", 0, "lowPassFilter32Not16", 0,
                   "lowPassFilterDisable", on, "monitorEnable", 0, "outputModeSel", 0, "outputNeuronNum", 0, "overrideThresholdMax", 0,
                   "readoutConfigurationSel", on ? 3 : 0, "readoutPinMonitorEnable", 0, "threshold", on ? 1 : 0);
}

/* ---- placement ------------------------------------------------------------------------------------------------------------------- */

static json_t *shape_json(const nirc_speck_map *m, uint64_t features)
{
  return json_pack("[I, I, I]", (json_int_t)features, (json_int_t)m->rows, (json_int_t)m->columns);
}

static json_t *layer_json(const nirc_speck_net *net, const nirc_speck_layer *l)
{
  return json_pack("{s:s, s:s, s:i, s:I, s:I, s:I, s:o, s:o}", "weight", l->weight, "neuron", l->neuron, "core", l->core,
                   "kernel_words", (json_int_t)l->words.kernel, "neuron_words", (json_int_t)l->words.neuron, "bias_words", (json_int_t)l->words.bias,
                   "input_shape", shape_json(&l->in, l->in.features), "output_shape", shape_json(&l->out, nirc_speck_features(net, l)));
}

static json_t *placement(const nirc_speck_net *net)
{
  json_t *layers = json_array(), *inputs = json_array(), *outputs = json_array();
  for (size_t i = 0; i < net->n; i++) {
    const nirc_speck_layer *l = &net->layers[i];
    json_array_append_new(layers, layer_json(net, l));
    if (l->from_input)
      json_array_append_new(inputs, json_integer(l->core));
    if (l->monitored)
      json_array_append_new(outputs, json_integer(l->core));
  }
  return json_pack("{s:s, s:o, s:o, s:o}", "chip", net->options.chip, "layers", layers, "input_cores", inputs, "output_cores", outputs);
}

/* ---- files ------------------------------------------------------------------------------------------------------------------------- */

static bool write_json(nirc_sink *out, nirc_arena *a, const char *name, json_t *root)
{
  char *text = root ? json_dumps(root, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
  NIRC_ASSERT(text);                                 /* names were checked to be UTF-8 when they were read */
  const char *line = nirc_arena_printf(a, "%s\n", text);
  bool ok = nirc_sink_write(out, name, line, strlen(line));
  free(text);
  json_decref(root);
  return ok;
}

bool nirc_speck_write(const nirc_speck_net *net, nirc_sink *out)
{
  json_t *config = json_pack("{s:{s:o, s:o, s:o, s:o}}", "value0", "cnnLayers", cores(net), "dvsFilter", filter(), "dvsLayer", sensor(net), "readout",
                             readout(net->options.readout));
  return write_json(out, net->arena, nirc_arena_printf(net->arena, "%s.json", net->options.chip), config) &&
         write_json(out, net->arena, "placement.json", placement(net));
}
