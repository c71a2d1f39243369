/* ir/dialect_snn.c: one time step of a network. Values are float32 tensors (i1: the numbers 0 and 1, i32: slot numbers); every operation
 * is rounded by itself in the order written here. What simulators choose differently is the equation of snn.neuron, never a name. */
#include <stddef.h>

#include "ir/dialect_snn.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof *(a))
#define NAME(doc_) {.name = "name", .kind = NIRC_ATTR_STRING, .doc = doc_}
#define COEFFICIENT(n, doc_) {.name = n, .kind = NIRC_ATTR_DENSE, .rule = NIRC_SHAPE_LAYER, .doc = doc_}
#define SHAPE(n, doc_) {.name = n, .kind = NIRC_ATTR_SHAPE, .doc = doc_}

static const nirc_attr_def step_attrs[] = {
  {.name = "dt", .kind = NIRC_ATTR_FLOAT, .dim = NIRC_DIM_SECOND, .doc = "the time step"},
  {.name = "profile", .kind = NIRC_ATTR_STRING, .doc = "whose arithmetic it is"},
  {.name = "reset", .kind = NIRC_ATTR_STRING, .optional = true, .doc = "what a spike does to the membrane, v_reset or subtract; absent: neurons do as their simulator has it, or there are none"},
  {.name = "target", .kind = NIRC_ATTR_STRING, .optional = true, .doc = "of the hw level: the chip"},
  {.name = "most_events", .kind = NIRC_ATTR_INT, .optional = true, .doc = "of the hw level: events of one input and step that the chip tells apart; absent: any number"},
  {.name = "chip", .kind = NIRC_ATTR_DICT, .optional = true, .doc = "of the hw level: what the target has decided for the whole chip"},
  {.name = "activity", .kind = NIRC_ATTR_DICT, .optional = true, .doc = "how often its elements spike, measured or assumed (`--activity`); computes nothing"}};
#define LATENCY {.name = "latency", .kind = NIRC_ATTR_INT, .optional = true, .doc = "of the hw level: steps by which the chip is later than the network"}
static const nirc_attr_def port_attrs[] = {NAME("node name"), LATENCY};
static const nirc_attr_def probe_attrs[] = {NAME("NODE/v, NODE/i, NODE/spikes or NODE/value"), LATENCY};
static const nirc_attr_def state_attrs[] = {
  NAME("NODE/v, NODE/i, or what else is kept; unique"), COEFFICIENT("init", "value before the first step")};
/* Of weighted sums: with it, weights are whole numbers. */
#define QUANTISED(shape_) {.name = "scale", .kind = NIRC_ATTR_DENSE, .optional = true, .doc = shape_ SCALE_DOC}
#define SCALE_DOC ", above 0: of each sum what its weights, then i8, are multiples of; absent: weights stand for themselves"
static const nirc_attr_def dense_attrs[] = {
  {.name = "weight", .kind = NIRC_ATTR_DENSE, .doc = "[..., out, in], one matrix for each leading index"},
  {.name = "bias", .kind = NIRC_ATTR_DENSE, .optional = true, .doc = "shape of the result; absent: sums start from 0"}, QUANTISED("shape of the result")};
static const nirc_attr_def sparse_dense_attrs[] = {
  {.name = "first", .kind = NIRC_ATTR_DENSE, .doc = "i32, one for each input and one more: blocks first[j] to first[j + 1] - 1 belong to input j"},
  {.name = "row", .kind = NIRC_ATTR_DENSE, .doc = "i32, of each block the first of its outputs, a multiple of the block's size; ascending for each input"},
  {.name = "weight", .kind = NIRC_ATTR_DENSE, .doc = "[blocks, size]: weights from one input to `size` consecutive outputs"},
  {.name = "bias", .kind = NIRC_ATTR_DENSE, .optional = true, .doc = "shape of the result; absent: sums start from 0"}, QUANTISED("shape of the result")};
static const nirc_attr_def conv_attrs[] = {
  {.name = "weight", .kind = NIRC_ATTR_DENSE, .doc = "[out, in/groups, rows, columns]"},
  {.name = "bias", .kind = NIRC_ATTR_DENSE, .optional = true, .doc = "[out]; absent: sums start from 0"},
  SHAPE("stride", "[rows, columns]"), SHAPE("dilation", "[rows, columns]"), SHAPE("before", "zeros above and left: [rows, columns]"),
  {.name = "groups", .kind = NIRC_ATTR_INT, .doc = "number of separate groups of channels"}, QUANTISED("[out]")};
static const nirc_attr_def pool_attrs[] = {
  SHAPE("kernel_size", "[rows, columns]"), SHAPE("stride", "[rows, columns]"), SHAPE("before", "zeros above and left: [rows, columns]")};
static const nirc_attr_def scale_attrs[] = {COEFFICIENT("scale", "factor")};
static const nirc_attr_def threshold_attrs[] = {COEFFICIENT("threshold", "threshold")};
static const nirc_attr_def operand_attrs[] = {{.name = "index", .kind = NIRC_ATTR_INT, .doc = "number of the population's operand, from 0"}};
static const nirc_attr_def delay_attrs[] = {{.name = "steps", .kind = NIRC_ATTR_DENSE, .doc = "i64, steps of delay per element"}};

/* Which of them there are follows from the equation. */
#define OPTIONAL(n, doc_) {.name = n, .kind = NIRC_ATTR_DENSE, .rule = NIRC_SHAPE_LAYER, .optional = true, .doc = doc_}
static const nirc_attr_def neuron_attrs[] = {
  {.name = "takes", .kind = NIRC_ATTR_STRING, .doc = "what the equation calls the operands, in order; x is what arrives, f what arrives over back edges where that is added apart"},
  {.name = "gives", .kind = NIRC_ATTR_STRING, .doc = "what it calls the results; z: how often it fires in this step"},
  {.name = "equation", .kind = NIRC_ATTR_STRING, .doc = "statements, see below"},
  {.name = "counts", .kind = NIRC_ATTR_STRING, .optional = true, .doc = "names of values of it, bool or i64: where the host counts, each is added up over the elements, under its name as a key"},
  OPTIONAL("g", "gain of the input"), OPTIONAL("k", "share of the way to equilibrium in one step"), OPTIONAL("k_syn", "the same of the synapse"),
  OPTIONAL("k_mem", "the same of the membrane"), OPTIONAL("alpha", "what is left after one step, of the synapse or of the only state"),
  OPTIONAL("beta", "what is left after one step, of the membrane (rockpool: of the synapse)"), OPTIONAL("tau", "time constant in steps"), OPTIONAL("r", "resistance"),
  OPTIONAL("w_in", "weight of the input into the synapse"), OPTIONAL("v_leak", "leak potential"), OPTIONAL("v_threshold", "firing threshold"),
  OPTIONAL("v_reset", "potential after a spike"), OPTIONAL("step", "dt"), OPTIONAL("keep_u", "4096 times what is left of the synapse's integer"),
  OPTIONAL("keep_v", "the same of the membrane"), OPTIONAL("theta", "threshold of what is compared"), OPTIONAL("dash_syn", "bits by which the synapse's decay is shifted"),
  OPTIONAL("dash_mem", "the same of the membrane"),
  OPTIONAL("bias", "added to the potential in each step"), OPTIONAL("v_low", "the lowest potential"), OPTIONAL("limit", "threshold of the integer state"),
  OPTIONAL("drive", "added to the synapse in each step"), OPTIONAL("v_scale", "of the hw level: the chip's potential for one unit of the network's")};

#define OP(mnemonic_, operands, results) .mnemonic = mnemonic_, .level = NIRC_LEVEL_SNN, .n_operands = operands, .n_results = results
#define ATTRS(a) .attrs = a, .n_attrs = N_ELEMENTS(a)

#define SCALED "; with scale: y starts as 0, then the same sum, then y = scale * y, then y = y + bias, if any"

const nirc_op_def nirc_def_snn_step = {
  OP("snn.step", 0, 0), ATTRS(step_attrs), .has_region = true, .verify = nirc_snn_verify_step, .doc = "What one time step computes, in order of execution; no value is used before it is defined."};
const nirc_op_def nirc_def_snn_input = {OP("snn.input", 0, 1), ATTRS(port_attrs), .doc = "Value of an Input node in this step."};
const nirc_op_def nirc_def_snn_output = {OP("snn.output", 1, 0), ATTRS(port_attrs), .verify = nirc_snn_verify_port, .doc = "Value of an Output node in this step."};
const nirc_op_def nirc_def_snn_probe = {OP("snn.probe", 1, 0), ATTRS(probe_attrs), .verify = nirc_snn_verify_port, .doc = "A value recorded beside the outputs."};
const nirc_op_def nirc_def_snn_state = {
  OP("snn.state", 0, 1), ATTRS(state_attrs), .doc = "Declares a state; its value at the start of the step. Exactly one snn.update belongs to it."};
const nirc_op_def nirc_def_snn_update = {OP("snn.update", 2, 0), .doc = "(state, value): what the state is at the start of the next step."};
const nirc_op_def nirc_def_snn_add = {OP("snn.add", 2, 1), .verify = nirc_snn_verify_add, .doc = "Elementwise sum of several in-edges, in their order.", .equation = "y = a + b"};
const nirc_op_def nirc_def_snn_dense = {
  OP("snn.dense", 1, 1), ATTRS(dense_attrs), .verify = nirc_snn_verify_dense, .doc = "Matrix times vector.",
  .equation = "y starts as bias or 0; then for each input j in ascending order whose x[j] is not 0, y += weight[:, j] * x[j]" SCALED};
const nirc_op_def nirc_def_snn_sparse_dense = {
  OP("snn.sparse_dense", 1, 1), ATTRS(sparse_dense_attrs), .verify = nirc_snn_verify_sparse_dense,
  .doc = "Matrix times vector, of a matrix with many zeros; with leading axes, inputs count through all of them and rows within the input's own.",
  .equation = "y starts as bias or 0; then for each input j in ascending order whose x[j] is not 0, for each block b of j and each t, "
              "y[row[b] + t] += weight[b, t] * x[j]" SCALED};
const nirc_op_def nirc_def_snn_conv = {
  OP("snn.conv", 1, 1), ATTRS(conv_attrs), .n_axes = 2, .verify = nirc_snn_verify_conv,
  .doc = "Cross-correlation of [channels, rows, columns], zero padding; one-dimensional ones have one row.",
  .equation = "y starts as bias or 0; then + weight * x for each (channel, row, column) of the kernel in ascending order whose x is inside and not 0" SCALED};
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
const nirc_op_def nirc_def_snn_neuron = {
  OP("snn.neuron", -1, -1), ATTRS(neuron_attrs), .verify = nirc_snn_verify_neuron,
  .doc = "One step of a layer of neurons, each element by itself, as a profile has it (profiles.md). The equation is a list of statements `NAME = EXPRESSION`, separated by semicolons, which "
         "run in order and may assign a name again; results are final values. Expressions: + - * / unary -, comparisons, `C ? A : B`, fma(a, b, c), trunc, floor, rint (half to even), "
         "abs, max, min, and f32(), f64(), i64(), which convert. Each operation is rounded by itself to the type of its operands, f32, f64 or i64; a number takes the other operand's. i64 wraps, "
         "and its division (by a positive number) rounds toward zero.",
  .equation = "for example h = v + k*((v_leak - v) + r*x); z = h > v_threshold; v = z ? v_reset : h"};
const nirc_op_def nirc_def_snn_population = {
  OP("snn.population", -1, -1), .has_region = true, .verify = nirc_snn_verify_population,
  .doc = "Neurons with the weighted sum that drives them, as one unit: in its region a snn.operand for each operand, a snn.dense, snn.sparse_dense or snn.conv, "
         "and last the neuron op that alone takes that sum. Its results are the neuron op's."};
const nirc_op_def nirc_def_snn_operand = {
  OP("snn.operand", 0, 1), ATTRS(operand_attrs), .verify = nirc_snn_verify_operand, .doc = "Stands in a population for one of its operands."};
