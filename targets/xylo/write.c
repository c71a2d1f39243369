/* targets/xylo/write.c: spec.json (rockpool's specification), xylo.json (the configuration of the chip) and placement.json (what is where), from the chip's
 * numbers. The first two hold a million numbers and no text of the user's, so they are written straight; names are the business of jansson. */
#include <inttypes.h>
#include <jansson.h>
#include <stddef.h>
#include <string.h>

#include "ir/base/json.h"
#include "targets/xylo/xylo.h"

typedef struct matrix { size_t rows, columns; int8_t *weight; } matrix;

typedef struct writer {
  const nirc_xylo_network *net;
  nirc_strbuf *out;
  matrix in, rec, readout;
  bool bias;                                         /* any is not 0 */
} writer;

/* ---- the three matrices ------------------------------------------------------------------------------------------------------- */

static matrix new_matrix(nirc_arena *a, size_t rows, size_t columns)
{
  return (matrix){rows, columns, NIRC_NEW_ARRAY(a, int8_t, rows * columns)};
}

/* `row`, `column`: where the block begins. */
static void enter(matrix *m, const nirc_xylo_block *b, size_t row, size_t column)
{
  for (size_t i = 0; i < b->rows; i++)
    memcpy(&m->weight[(row + i) * m->columns + column], &b->weight[i * b->columns], b->columns);
}

static void make_matrices(writer *w)
{
  const nirc_xylo_network *net = w->net;
  nirc_xylo_use use = nirc_xylo_measure(net);
  size_t silent = net->n_hidden - use.output_sources;
  w->in = new_matrix(net->arena, net->n_inputs, use.input_targets);
  w->rec = new_matrix(net->arena, net->n_hidden, net->n_hidden);
  w->readout = new_matrix(net->arena, use.output_sources, net->n_outputs);
  for (size_t k = 0; k < net->n_blocks; k++) {
    const nirc_xylo_block *b = &net->blocks[k];
    if (b->from == NIRC_XYLO_INPUT)
      enter(&w->in, b, 0, net->layers[b->to].first);
    else if (nirc_xylo_is_output(net, b->to))
      enter(&w->readout, b, net->layers[b->from].first - silent, 0);
    else
      enter(&w->rec, b, net->layers[b->from].first, net->layers[b->to].first);
  }
  for (size_t l = 0; l < net->n_layers; l++)
    for (size_t i = 0; i < net->layers[l].count; i++)
      w->bias |= net->layers[l].bias[i] != 0;
}

/* ---- numbers ---------------------------------------------------------------------------------------------------------------------- */

static void add_int(nirc_strbuf *b, int64_t v)
{
  char text[24], *at = text + sizeof text;
  uint64_t rest = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
  do
    *--at = (char)('0' + rest % 10);
  while (rest /= 10);
  if (v < 0)
    *--at = '-';
  nirc_strbuf_add_bytes(b, at, (size_t)(text + sizeof text - at));
}

/* Rows of lists; `before` and `after` stand around every number. */
static void add_rows(nirc_strbuf *b, const matrix *m, const char *before, const char *after)
{
  nirc_strbuf_add(b, "[");
  for (size_t i = 0; i < m->rows; i++) {
    nirc_strbuf_add(b, i ? ", [" : "[");
    for (size_t k = 0; k < m->columns; k++) {
      nirc_strbuf_add(b, k ? ", " : "");
      nirc_strbuf_add(b, before);
      add_int(b, m->weight[i * m->columns + k]);
      nirc_strbuf_add(b, after);
    }
    nirc_strbuf_add(b, "]");
  }
  nirc_strbuf_add(b, "]");
}

/* ---- spec.json ------------------------------------------------------------------------------------------------------------------ */

/* One number for each neuron of the hidden layers (of the output layer); `field`: offset of an array in nirc_xylo_layer, or ZEROS. */
enum { ZEROS = -1 };

static void add_vector(const writer *w, const char *key, bool output, int field)
{
  const nirc_xylo_network *net = w->net;
  nirc_strbuf_addf(w->out, " \"%s\": [", key);
  const char *between = "";
  for (size_t l = output ? net->n_layers - 1 : 0; l < (output ? net->n_layers : net->n_layers - 1); l++)
    for (size_t i = 0; i < net->layers[l].count; i++) {
      nirc_strbuf_add(w->out, between);
      add_int(w->out, field == ZEROS ? 0 : (*(int64_t *const *)(const void *)((const char *)&net->layers[l] + field))[i]);
      between = ", ";
    }
  nirc_strbuf_add(w->out, "],\n");
}

static void add_matrix(const writer *w, const char *key, const matrix *m, const char *before, const char *after)
{
  nirc_strbuf_addf(w->out, " \"%s\": ", key);
  add_rows(w->out, m, before, after);
  nirc_strbuf_add(w->out, ",\n");
}

static void print_spec(writer *w)
{
  static const struct { const char *key; bool output; int field; } vectors[] = {
    {"dash_mem", false, offsetof(nirc_xylo_layer, dash_mem)}, {"dash_mem_out", true, offsetof(nirc_xylo_layer, dash_mem)},
    {"dash_syn", false, offsetof(nirc_xylo_layer, dash_syn)}, {"dash_syn_2", false, ZEROS}, {"dash_syn_out", true, offsetof(nirc_xylo_layer, dash_syn)},
    {"threshold", false, offsetof(nirc_xylo_layer, threshold)}, {"threshold_out", true, offsetof(nirc_xylo_layer, threshold)},
    {"bias", false, offsetof(nirc_xylo_layer, bias)}, {"bias_out", true, offsetof(nirc_xylo_layer, bias)}};
  nirc_strbuf_add(w->out, "{\n");
  add_matrix(w, "weights_in", &w->in, "[", "]");
  add_matrix(w, "weights_out", &w->readout, "", "");
  add_matrix(w, "weights_rec", &w->rec, "[", "]");
  for (size_t k = 0; k < sizeof vectors / sizeof *vectors; k++)
    add_vector(w, vectors[k].key, vectors[k].output, vectors[k].field);
  nirc_strbuf_add(w->out, " \"weight_shift_in\": 0,\n \"weight_shift_rec\": 0,\n \"weight_shift_out\": 0,\n \"aliases\": [");
  for (size_t i = 0; i < w->net->n_hidden; i++)
    nirc_strbuf_add(w->out, i ? ", []" : "[]");
  char dt[32];
  nirc_float_text(dt, NIRC_F64, w->net->choices.dt);
  nirc_strbuf_addf(w->out, "],\n \"dt\": %s\n}\n", dt);
}

/* ---- xylo.json of Audio 2: what samna's XyloConfiguration.to_json() writes -------------------------------------------------------- */

static const char *truth(bool b)
{
  return b ? "true" : "false";
}

static void add_samna_matrix(const writer *w, const char *key, const matrix *m, bool zeros)
{
  nirc_strbuf_addf(w->out, "\"%s\": {\"dimensions\": {\"value0\": %zu, \"value1\": %zu}, \"offsets\": {\"value0\": %zu, \"value1\": 1}, \"values\": [", key,
                   m->rows, m->columns, m->columns);
  for (size_t i = 0; i < m->rows * m->columns; i++) {
    nirc_strbuf_add(w->out, i ? ", " : "");
    add_int(w->out, zeros ? 0 : m->weight[i]);
  }
  nirc_strbuf_add(w->out, "]}");
}

/* The neurons of a population, as `one` prints them. */
static void add_neurons(const writer *w, bool output, void (*one)(nirc_strbuf *b, const nirc_xylo_layer *l, size_t i, bool output))
{
  const nirc_xylo_network *net = w->net;
  nirc_strbuf_add(w->out, "\"neurons\": [");
  const char *between = "";
  for (size_t l = output ? net->n_layers - 1 : 0; l < (output ? net->n_layers : net->n_layers - 1); l++)
    for (size_t i = 0; i < net->layers[l].count; i++) {
      nirc_strbuf_add(w->out, between);
      one(w->out, &net->layers[l], i, output);
      between = ", ";
    }
  nirc_strbuf_add(w->out, "]");
}

static void add_samna_neuron(nirc_strbuf *b, const nirc_xylo_layer *l, size_t i, bool output)
{
  nirc_strbuf_addf(b, "{\"threshold\": %" PRId64 ", \"vMemDecay\": %" PRId64 ", \"iSynDecay\": %" PRId64 ", \"vMemBias\": %" PRId64 "%s}", l->threshold[i],
                   l->dash_mem[i], l->dash_syn[i], l->bias[i], output ? "" : ", \"iSyn2Decay\": 0, \"aliasTarget\": {\"nullopt\": true}");
}

static void print_samna(writer *w)
{
  nirc_strbuf *b = w->out;
  nirc_strbuf_addf(b,
                   "{\"value0\": {\"operationMode\": 0, \"synapse2Enable\": false, \"biasEnable\": %s, \"directFetchStateRam\": false, "
                   "\"enableHibernationMode\": false, \"clearNetworkState\": false, \"timeResolutionWrap\": 0, "
                   "\"hibernationModeTimeResolutionWrap\": 0,\n\"input\": {\"weightBitShift\": 0, ",
                   truth(w->bias));
  add_samna_matrix(w, "weights", &w->in, false);
  nirc_strbuf_add(b, ", ");
  add_samna_matrix(w, "syn2_weights", &w->in, true);
  nirc_strbuf_add(b, "},\n\"reservoir\": {\"weightBitShift\": 0, ");
  add_samna_matrix(w, "weights", &w->rec, false);
  nirc_strbuf_add(b, ", ");
  add_samna_matrix(w, "syn2Weights", &w->rec, true);
  nirc_strbuf_add(b, ", ");
  add_neurons(w, false, add_samna_neuron);
  nirc_strbuf_add(b, ", \"aliasing\": false},\n\"readout\": {\"weightBitShift\": 0, ");
  add_samna_matrix(w, "weights", &w->readout, false);
  nirc_strbuf_add(b, ", ");
  add_neurons(w, true, add_samna_neuron);
  nirc_strbuf_addf(b,
                   "},\n\"debug\": {\"keepInterrupt\": false, \"alwaysUpdateOmpStat\": false, \"enableRstPadPull\": true, \"rstPadPullSelect\": false, "
                   "\"ramWakeUpSettleTime\": 0, \"ramPowerEnable\": true, \"monitors\": {\"value0\": 0, \"value1\": 0, \"value2\": 0, \"value3\": 0}, "
                   "\"isynClockEnable\": true, \"isyn2ClockEnable\": false, \"raClockEnable\": true, \"biasClockEnable\": %s, \"hmClockEnable\": true, "
                   "\"inputWriteSelect\": 0, \"inputReadSelect\": 0, "
                   "\"inputSelectEnable\": false, \"ramManualSleepControl\": 0, \"ramAutoSleepControl\": 0, \"ramLightSleep\": false, \"ramDeepSleep\": false, "
                   "\"debugStatusUpdateEnable\": false, \"monitorDebugEnable\": false, \"peInternalSelect\": 3, \"peFsmSelect\": 7, \"peEngineSelect\": 7, "
                   "\"peAccessRamFsmSelect\": 31, \"memShellRamArbiterSelect\": 31, \"readTimingSelect\": 1, \"writeTimingSelect\": 1, "
                   "\"monitorNeuronVMem\": {\"nullopt\": true}, \"monitorNeuronISyn\": {\"nullopt\": true}, \"monitorNeuronISyn2\": {\"nullopt\": true}, "
                   "\"monitorNeuronSpike\": {\"nullopt\": true}}}}\n",
                   truth(w->bias));
}

/* ---- xylo.json of Audio 3 and IMU: properties for a loader to set ------------------------------------------------------------------- */

static void add_property_neuron(nirc_strbuf *b, const nirc_xylo_layer *l, size_t i, bool output)
{
  nirc_strbuf_addf(b, "{\"i_syn_decay\": %" PRId64 ", \"v_mem_decay\": %" PRId64 ", \"threshold\": %" PRId64 ", \"v_mem_bias\": %" PRId64 "%s}", l->dash_syn[i],
                   l->dash_mem[i], l->threshold[i], l->bias[i], output ? "" : ", \"alias_target\": null");
}

static void print_properties(writer *w)
{
  const nirc_xylo_chip *c = w->net->choices.chip;
  nirc_strbuf *b = w->out;
  nirc_strbuf_addf(b, "{\"format\": \"nirc-xylo-properties\", \"version\": 1, \"device\": \"%s\",\n\"class\": \"%s\",\n\"properties\": {\n", c->name,
                   c->samna_class);
  if (c->is_imu)
    nirc_strbuf_add(b, "\"imu_if_input_enable\": false, \"debug\": {\"always_update_omp_stat\": true},\n");
  nirc_strbuf_addf(b, "\"bias_enable\": %s,\n\"input\": {\"weight_bit_shift\": 0, \"weights\": ", truth(w->bias));
  add_rows(b, &w->in, "", "");
  nirc_strbuf_add(b, "},\n\"hidden\": {\"aliasing\": false, \"weight_bit_shift\": 0, \"weights\": ");
  add_rows(b, &w->rec, "", "");
  nirc_strbuf_add(b, ",\n");
  add_neurons(w, false, add_property_neuron);
  nirc_strbuf_add(b, "},\n\"readout\": {\"weight_bit_shift\": 0, \"weights\": ");
  add_rows(b, &w->readout, "", "");
  nirc_strbuf_add(b, ",\n");
  add_neurons(w, true, add_property_neuron);
  nirc_strbuf_add(b, "}}}\n");
}

/* ---- placement.json ------------------------------------------------------------------------------------------------------------------- */

static json_t *integer(size_t n)
{
  return json_integer((json_int_t)n);
}

static json_t *pair(size_t used, size_t limit)
{
  return json_pack("[o, o]", integer(used), integer(limit));
}

static json_t *layer_json(const nirc_xylo_layer *l)
{
  return json_pack("{s:s, s:o, s:o, s:o, s:b, s:f, s:f}", "node", l->name, "first", integer(l->first), "count", integer(l->count), "latency",
                   integer(l->latency), "skew", (int)l->skew, "tau_mem_error", l->tau_mem_error, "tau_syn_error", l->tau_syn_error);
}

static void add_scales(json_t *list, const nirc_xylo_layer *l)
{
  for (size_t i = 0; i < l->count; i++)
    json_array_append_new(list, json_real(l->scale[i]));
}

static void print_placement(const writer *w)
{
  const nirc_xylo_network *net = w->net;
  const nirc_xylo_choices *o = &net->choices;
  const nirc_xylo_chip *c = o->chip;
  nirc_xylo_use use = nirc_xylo_measure(net);
  json_t *hidden = json_array(), *scale_hidden = json_array(), *scale_output = json_array();
  for (size_t l = 0; l + 1 < net->n_layers; l++) {
    json_array_append_new(hidden, layer_json(&net->layers[l]));
    add_scales(scale_hidden, &net->layers[l]);
  }
  add_scales(scale_output, nirc_xylo_output(net));
  json_t *scale = json_pack("{s:o, s:o}", "hidden", scale_hidden, "output", scale_output);
  json_t *resources = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "inputs", pair(net->n_inputs, c->inputs), "hidden", pair(net->n_hidden, c->hidden),
                                "outputs", pair(net->n_outputs, c->outputs), "input_targets", pair(use.input_targets, c->input_targets), "output_sources",
                                pair(use.output_sources, c->output_sources), "connections", pair(use.connections, c->connections), "fanout",
                                pair(use.fanout, c->fanout));
  json_t *root = json_pack("{s:s, s:s, s:f, s:s, s:s, s:s, s:[{s:s, s:i, s:o}], s:o, s:[o], s:o, s:o}", "target", "xylo", "variant", c->name, "dt", o->dt,
                           "quant", o->global ? "global" : "channel", "gain", o->unit_gain ? "unit" : "nir", "match", o->match_dc ? "dc" : "none", "inputs",
                           "node", net->input, "first", 0, "count", integer(net->n_inputs), "hidden", hidden, "outputs", layer_json(nirc_xylo_output(net)),
                           "scale", scale, "resources", resources);
  nirc_strbuf_add_json(w->out, root, 2);
}

/* ---- the files ------------------------------------------------------------------------------------------------------------------------ */

static bool write_one(nirc_sink *out, const char *name, nirc_strbuf *text)
{
  bool ok = nirc_sink_write(out, name, text->data, text->size);
  text->size = 0;
  return ok;
}

bool nirc_xylo_write(const nirc_xylo_network *net, nirc_sink *out)
{
  nirc_strbuf text;
  nirc_strbuf_init(&text, nirc_arena_heap(net->arena));
  writer w = {.net = net, .out = &text};
  make_matrices(&w);
  print_spec(&w);
  bool ok = write_one(out, "spec.json", &text);
  if (net->choices.chip->samna_class)
    print_properties(&w);
  else
    print_samna(&w);
  ok = ok && write_one(out, "xylo.json", &text);
  print_placement(&w);
  ok = ok && write_one(out, "placement.json", &text);
  nirc_strbuf_deinit(&text);
  return ok;
}
