/* ir/dialect_snn.c: one time step of a network. Values are float32 tensors (i1: the numbers 0 and 1, i32: slot numbers); every operation
 * is rounded by itself in the order written here. What a simulator chooses differently is an attribute, never a name. */
#include <stddef.h>

#include "ir/dialect_snn.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof *(a))
#define NAME(doc_) {.name = "name", .kind = NIRC_ATTR_STRING, .doc = doc_}
#define COEFFICIENT(n, doc_) {.name = n, .kind = NIRC_ATTR_DENSE, .rule = NIRC_SHAPE_LAYER, .doc = doc_}
#define SHAPE(n, doc_) {.name = n, .kind = NIRC_ATTR_SHAPE, .doc = doc_}
#define ENUM(n, names_, doc_) {.name = n, .kind = NIRC_ATTR_ENUM, .enum_names = names_, .doc = doc_}

static const char *const reset_names[] = {"v_reset", "subtract", NULL};
static const char *const compare_names[] = {"gt", "ge", NULL};

static const nirc_attr_def step_attrs[] = {
  {.name = "dt", .kind = NIRC_ATTR_FLOAT, .dim = NIRC_DIM_SECOND, .doc = "the time step"},
  {.name = "profile", .kind = NIRC_ATTR_STRING, .doc = "whose arithmetic it is"}};
static const nirc_attr_def port_attrs[] = {NAME("node name")};
static const nirc_attr_def probe_attrs[] = {NAME("NODE/v, NODE/i, NODE/spikes or NODE/value")};
static const nirc_attr_def state_attrs[] = {
  NAME("NODE/v, NODE/i, or what else is kept; unique"), COEFFICIENT("init", "value before the first step")};
static const nirc_attr_def dense_attrs[] = {
  {.name = "weight", .kind = NIRC_ATTR_DENSE, .doc = "[..., out, in], one matrix for each leading index"},
  {.name = "bias", .kind = NIRC_ATTR_DENSE, .optional = true, .doc = "shape of the result; absent: sums start from 0"}};
static const nirc_attr_def sparse_dense_attrs[] = {
  {.name = "first", .kind = NIRC_ATTR_DENSE, .doc = "i32, one for each input and one more: blocks first[j] to first[j + 1] - 1 belong to input j"},
  {.name = "row", .kind = NIRC_ATTR_DENSE, .doc = "i32, of each block the first of its outputs, a multiple of the block's size; ascending for each input"},
  {.name = "weight", .kind = NIRC_ATTR_DENSE, .doc = "[blocks, size]: weights from one input to `size` consecutive outputs"},
  {.name = "bias", .kind = NIRC_ATTR_DENSE, .optional = true, .doc = "shape of the result; absent: sums start from 0"}};
static const nirc_attr_def conv_attrs[] = {
  {.name = "weight", .kind = NIRC_ATTR_DENSE, .doc = "[out, in/groups, rows, columns]"},
  {.name = "bias", .kind = NIRC_ATTR_DENSE, .optional = true, .doc = "[out]; absent: sums start from 0"},
  SHAPE("stride", "[rows, columns]"), SHAPE("dilation", "[rows, columns]"), SHAPE("before", "zeros above and left: [rows, columns]"),
  {.name = "groups", .kind = NIRC_ATTR_INT, .doc = "number of separate groups of channels"}};
static const nirc_attr_def pool_attrs[] = {
  SHAPE("kernel_size", "[rows, columns]"), SHAPE("stride", "[rows, columns]"), SHAPE("before", "zeros above and left: [rows, columns]")};
static const nirc_attr_def scale_attrs[] = {COEFFICIENT("scale", "factor")};
static const nirc_attr_def threshold_attrs[] = {COEFFICIENT("threshold", "threshold")};
static const nirc_attr_def operand_attrs[] = {{.name = "index", .kind = NIRC_ATTR_INT, .doc = "number of the population's operand, from 0"}};
static const nirc_attr_def delay_attrs[] = {{.name = "steps", .kind = NIRC_ATTR_DENSE, .doc = "i64, steps of delay per element"}};

#define G COEFFICIENT("g", "gain of the input")
#define K COEFFICIENT("k", "share of the way to equilibrium in one step")
#define K_SYN COEFFICIENT("k_syn", "the same of the synapse")
#define K_MEM COEFFICIENT("k_mem", "the same of the membrane")
#define R COEFFICIENT("r", "resistance")
#define W_IN COEFFICIENT("w_in", "weight of the input into the synapse")
#define V_LEAK COEFFICIENT("v_leak", "leak potential")
#define SPIKING \
  COEFFICIENT("v_threshold", "firing threshold"), COEFFICIENT("v_reset", "potential after a spike, where reset = v_reset"), \
  ENUM("reset", reset_names, "after a spike: v = v_reset, or v = h - v_threshold"), ENUM("compare", compare_names, "spike where h > or >= v_threshold")
static const nirc_attr_def i_attrs[] = {G};
static const nirc_attr_def if_attrs[] = {G, SPIKING};
static const nirc_attr_def li_attrs[] = {K, R, V_LEAK};
static const nirc_attr_def lif_attrs[] = {K, R, V_LEAK, SPIKING};
static const nirc_attr_def cuba_li_attrs[] = {K_SYN, K_MEM, W_IN, R, V_LEAK};
static const nirc_attr_def cuba_lif_attrs[] = {K_SYN, K_MEM, W_IN, R, V_LEAK, SPIKING};

#define OP(mnemonic_, operands, results) .mnemonic = mnemonic_, .level = NIRC_LEVEL_SNN, .n_operands = operands, .n_results = results
#define ATTRS(a) .attrs = a, .n_attrs = N_ELEMENTS(a)
#define FIRES "; z = 1 where h > v_threshold (compare), there v' = v_reset or h - v_threshold (reset), elsewhere v' = h"

const nirc_op_def nirc_def_snn_step = {
  OP("snn.step", 0, 0), ATTRS(step_attrs), .has_region = true, .doc = "What one time step computes, in order of execution; no value is used before it is defined."};
const nirc_op_def nirc_def_snn_input = {OP("snn.input", 0, 1), ATTRS(port_attrs), .doc = "Value of an Input node in this step."};
const nirc_op_def nirc_def_snn_output = {OP("snn.output", 1, 0), ATTRS(port_attrs), .doc = "Value of an Output node in this step."};
const nirc_op_def nirc_def_snn_probe = {OP("snn.probe", 1, 0), ATTRS(probe_attrs), .doc = "A value recorded beside the outputs."};
const nirc_op_def nirc_def_snn_state = {
  OP("snn.state", 0, 1), ATTRS(state_attrs), .doc = "Declares a state; its value at the start of the step. Exactly one snn.update belongs to it."};
const nirc_op_def nirc_def_snn_update = {OP("snn.update", 2, 0), .doc = "(state, value): what the state is at the start of the next step."};
const nirc_op_def nirc_def_snn_add = {OP("snn.add", 2, 1), .verify = nirc_snn_verify_add, .doc = "Elementwise sum of several in-edges, in their order.", .equation = "y = a + b"};
const nirc_op_def nirc_def_snn_dense = {
  OP("snn.dense", 1, 1), ATTRS(dense_attrs), .verify = nirc_snn_verify_dense, .doc = "Matrix times vector.",
  .equation = "y starts as bias or 0; then for each input j in ascending order whose x[j] is not 0, y += weight[:, j] * x[j]"};
const nirc_op_def nirc_def_snn_sparse_dense = {
  OP("snn.sparse_dense", 1, 1), ATTRS(sparse_dense_attrs), .verify = nirc_snn_verify_sparse_dense,
  .doc = "Matrix times vector, of a matrix with many zeros; with leading axes, inputs count through all of them and rows within the input's own.",
  .equation = "y starts as bias or 0; then for each input j in ascending order whose x[j] is not 0, for each block b of j and each t, "
              "y[row[b] + t] += weight[b, t] * x[j]"};
const nirc_op_def nirc_def_snn_conv = {
  OP("snn.conv", 1, 1), ATTRS(conv_attrs), .n_axes = 2, .verify = nirc_snn_verify_conv,
  .doc = "Cross-correlation of [channels, rows, columns], zero padding; one-dimensional ones have one row.",
  .equation = "y starts as bias or 0; then + weight * x for each (channel, row, column) of the kernel in ascending order whose x is inside and not 0"};
const nirc_op_def nirc_def_snn_sum_pool = {
  OP("snn.sum_pool", 1, 1), ATTRS(pool_attrs), .n_axes = 2, .verify = nirc_snn_verify_pool, .doc = "Sum over windows, from 0, by (row, column); padding left out."};
const nirc_op_def nirc_def_snn_avg_pool = {
  OP("snn.avg_pool", 1, 1), ATTRS(pool_attrs), .n_axes = 2, .verify = nirc_snn_verify_pool,
  .doc = "snn.sum_pool divided by the whole window's area (one division, rounded once)."};
const nirc_op_def nirc_def_snn_scale = {OP("snn.scale", 1, 1), ATTRS(scale_attrs), .verify = nirc_snn_verify_layer, .doc = "Elementwise product.", .equation = "y = scale * x"};
const nirc_op_def nirc_def_snn_threshold = {
  OP("snn.threshold", 1, 1), ATTRS(threshold_attrs), .spikes = true, .verify = nirc_snn_verify_layer, .doc = "Comparison.", .equation = "y = 1 where x > threshold, else 0"};
const nirc_op_def nirc_def_snn_reshape = {OP("snn.reshape", 1, 1), .verify = nirc_snn_verify_reshape, .doc = "The same elements in another shape."};
const nirc_op_def nirc_def_snn_delay_read = {
  OP("snn.delay_read", 2, 1), ATTRS(delay_attrs), .verify = nirc_snn_verify_delay,
  .doc = "(buffer [slots, shape...], slot i32): element e comes from slot (slot - steps[e]) mod slots."};
const nirc_op_def nirc_def_snn_delay_write = {
  OP("snn.delay_write", 3, 1), .verify = nirc_snn_verify_delay, .doc = "(buffer, slot, x): the buffer with x in that slot."};
const nirc_op_def nirc_def_snn_advance = {OP("snn.advance", 2, 1), .verify = nirc_snn_verify_delay, .doc = "(slot, buffer): (slot + 1) mod slots of the buffer."};
const nirc_op_def nirc_def_snn_i_step = {
  OP("snn.i_step", 2, 1), ATTRS(i_attrs), .verify = nirc_snn_verify_layer, .doc = "(x, v): integrators; gives v'.", .equation = "v' = v + g*x"};
const nirc_op_def nirc_def_snn_if_step = {
  OP("snn.if_step", 2, 2), ATTRS(if_attrs), .spikes = true, .verify = nirc_snn_verify_layer, .doc = "(x, v): integrate-and-fire; gives (z, v').",
  .equation = "h = v + g*x" FIRES};
const nirc_op_def nirc_def_snn_li_step = {
  OP("snn.li_step", 2, 1), ATTRS(li_attrs), .verify = nirc_snn_verify_layer, .doc = "(x, v): leaky integrators; gives v'.",
  .equation = "v' = v + k*((v_leak - v) + r*x)"};
const nirc_op_def nirc_def_snn_lif_step = {
  OP("snn.lif_step", 2, 2), ATTRS(lif_attrs), .spikes = true, .verify = nirc_snn_verify_layer, .doc = "(x, v): leaky integrate-and-fire; gives (z, v').",
  .equation = "h = v + k*((v_leak - v) + r*x)" FIRES};
const nirc_op_def nirc_def_snn_cuba_li_step = {
  OP("snn.cuba_li_step", 3, 2), ATTRS(cuba_li_attrs), .verify = nirc_snn_verify_layer,
  .doc = "(x, v, i): leaky integrators behind a synapse; gives (v', i').", .equation = "i' = i + k_syn*(w_in*x - i); v' = v + k_mem*((v_leak - v) + r*i')"};
const nirc_op_def nirc_def_snn_cuba_lif_step = {
  OP("snn.cuba_lif_step", 3, 3), ATTRS(cuba_lif_attrs), .spikes = true, .verify = nirc_snn_verify_layer,
  .doc = "(x, v, i): leaky integrate-and-fire behind a synapse; gives (z, v', i').",
  .equation = "i' = i + k_syn*(w_in*x - i); h = v + k_mem*((v_leak - v) + r*i')" FIRES};
const nirc_op_def nirc_def_snn_population = {
  OP("snn.population", -1, -1), .has_region = true, .verify = nirc_snn_verify_population,
  .doc = "Neurons with the weighted sum that drives them, as one unit: in its region a snn.operand for each operand, a snn.dense, snn.sparse_dense or snn.conv, "
         "and last the neuron op that alone takes that sum. Its results are the neuron op's."};
const nirc_op_def nirc_def_snn_operand = {
  OP("snn.operand", 0, 1), ATTRS(operand_attrs), .verify = nirc_snn_verify_operand, .doc = "Stands in a population for one of its operands."};
