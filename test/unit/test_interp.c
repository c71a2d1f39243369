/* test/unit/test_interp.c: the reference interpreter, op by op. Every expected number was worked out by hand from the equation in the op table; where the
 * rounding or the order of a sum is the point, the numbers are chosen so that another order gives another result. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ir/dialect_snn.h"
#include "test/unit/run_suite.h"
#include "test/unit/snn_fixture.h"

/* ---- sums and windows ---------------------------------------------------------------------------------------------------- */

START_TEST(add_keeps_operand_order_of_values)
{
  fixture f = fixture_new();
  nirc_value *a = input(&f, "a", SHAPE(2)), *b = input(&f, "b", SHAPE(2));
  nirc_op *op = add_op(&f, SNN_ADD, "sum", 2, (nirc_value *[]){a, b});
  set_type(&f, op, 0, NIRC_F32, SHAPE(2));
  output(&f, SNN_OUTPUT, "out", nirc_op_result(op));
  nirc_interp *x = start(&f);
  expect_step(x, FLOATS(1, -0.0f), FLOATS(0.5f, -0.0f), FLOATS(1.5f, -0.0f), 2);
  finish(&f, x);
}
END_TEST

static nirc_interp *dense(fixture *f, const nirc_shape *in, const nirc_shape *out, const nirc_shape *w, const float *weight, const float *bias)
{
  nirc_value *v = input(f, "in", in);
  nirc_op *op = add_op(f, SNN_DENSE, "dense", 1, &v);
  set_dense(f, op, "weight", w, weight);
  if (bias)
    set_dense(f, op, "bias", out, bias);
  set_type(f, op, 0, NIRC_F32, out);
  output(f, SNN_OUTPUT, "out", nirc_op_result(op));
  return start(f);
}

START_TEST(dense_adds_in_ascending_order)
{
  /* 2^24 + 1 = 2^24 in float32 (half to even), so 1 at the front is kept only where it meets 2^24 as 1 + 1. */
  fixture f = fixture_new();
  nirc_interp *x = dense(&f, SHAPE(3), SHAPE(2), SHAPE(2, 3), FLOATS(1, 1, 16777216, 16777216, 1, 1), NULL);
  expect_step(x, FLOATS(1, 1, 1), NULL, FLOATS(16777218, 16777216), 2);
  expect_step(x, FLOATS(2, 0, 0.5f), NULL, FLOATS(8388610, 33554432), 2);
  finish(&f, x);
}
END_TEST

START_TEST(dense_starts_from_bias)
{
  fixture f = fixture_new();
  nirc_interp *x = dense(&f, SHAPE(2), SHAPE(2), SHAPE(2, 2), FLOATS(1, 1, -16777216, 1), FLOATS(16777216, 16777216));
  expect_step(x, FLOATS(1, 1), NULL, FLOATS(16777216, 1), 2);          /* (2^24 + 1) + 1; (2^24 - 2^24) + 1 */
  expect_step(x, FLOATS(0, 0), NULL, FLOATS(16777216, 16777216), 2);
  finish(&f, x);
}
END_TEST

START_TEST(dense_leaves_out_silent_inputs)
{
  fixture f = fixture_new();
  nirc_interp *x = dense(&f, SHAPE(2), SHAPE(2), SHAPE(2, 2), FLOATS(NAN, 3, INFINITY, -2), NULL);
  expect_step(x, FLOATS(0, 1), NULL, FLOATS(3, -2), 2);
  expect_step(x, FLOATS(-0.0f, 0), NULL, FLOATS(0, 0), 2);              /* the sum of no terms is +0 */
  finish(&f, x);
}
END_TEST

START_TEST(dense_multiplies_and_adds_apart)
{
  /* (1 + 2^-12)^2 = 1 + 2^-11 + 2^-24 rounds to 1 + 2^-11; less 1 + 2^-11 that is 0, fused it would be 2^-24. */
  fixture f = fixture_new();
  float w = 1 + 0x1p-12f;
  nirc_interp *x = dense(&f, SHAPE(1), SHAPE(1), SHAPE(1, 1), &w, FLOATS(-(1 + 0x1p-11f)));
  expect_step(x, &w, NULL, FLOATS(0), 1);
  finish(&f, x);
}
END_TEST

START_TEST(dense_has_a_matrix_for_each_leading_index)
{
  fixture f = fixture_new();
  nirc_interp *x = dense(&f, SHAPE(2, 2), SHAPE(2, 1), SHAPE(2, 1, 2), FLOATS(1, 2, 3, 4), FLOATS(0, 10));
  expect_step(x, FLOATS(1, 1, 2, 1), NULL, FLOATS(3, 20), 2);
  finish(&f, x);
}
END_TEST

static void set_ints(fixture *f, nirc_op *op, const char *name, size_t n, const int32_t *values)
{
  void *data;
  nirc_shape s = nirc_shape_1d(n);
  nirc_op_set_blob(f->m, op, name, nirc_module_hold(f->m, nirc_blob_new(f->m->heap, NIRC_I32, &s, false, &data)));
  memcpy(data, values, n * sizeof *values);
}

/* Three inputs, four outputs, blocks of two: input 0 to outputs 2 and 3, input 1 to none, input 2 to all. */
static nirc_op *sparse_dense(fixture *f)
{
  nirc_value *v = input(f, "in", SHAPE(3));
  nirc_op *op = add_op(f, SNN_SPARSE_DENSE, "sparse", 1, &v);
  set_ints(f, op, "first", 4, (const int32_t[]){0, 1, 1, 3});
  set_ints(f, op, "row", 3, (const int32_t[]){2, 0, 2});
  set_dense(f, op, "weight", SHAPE(3, 2), FLOATS(1, 16777216, 3, 4, 5, 1));
  set_dense(f, op, "bias", SHAPE(4), FLOATS(0.5f, 0, 0, 0));
  set_type(f, op, 0, NIRC_F32, SHAPE(4));
  output(f, SNN_OUTPUT, "out", nirc_op_result(op));
  return op;
}

START_TEST(sparse_dense_adds_its_blocks_in_order_of_inputs)
{
  fixture f = fixture_new();
  sparse_dense(&f);
  nirc_interp *x = start(&f);
  expect_step(x, FLOATS(1, NAN, 1), NULL, FLOATS(3.5f, 4, 6, 16777216), 4);       /* 2^24 + 1 = 2^24; input 1 leads nowhere */
  expect_step(x, FLOATS(2, 1, 0), NULL, FLOATS(0.5f, 0, 2, 33554432), 4);
  finish(&f, x);
}
END_TEST

START_TEST(sparse_dense_with_blocks_that_do_not_fit_is_refused)
{
  const struct { int32_t first[4], row[3]; } bad[] = {
    {{0, 1, 1, 2}, {2, 0, 2}}, {{1, 1, 1, 3}, {2, 0, 2}}, {{0, 2, 1, 3}, {0, 2, 2}},         /* too few, not from 0, not ascending */
    {{0, 1, 1, 3}, {2, 2, 0}}, {{0, 1, 1, 3}, {1, 0, 2}}, {{0, 1, 1, 3}, {4, 0, 2}}};        /* rows out of order, off the grid, too high */
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    fixture f = fixture_new();
    nirc_op *op = sparse_dense(&f);
    set_ints(&f, op, "first", 4, bad[i].first);
    set_ints(&f, op, "row", 3, bad[i].row);
    nirc_diag d;
    FILE *lost = fopen("/dev/null", "w");
    nirc_diag_init(&d, lost, "test_interp");
    ck_assert_msg(!nirc_module_verify(f.m, &d), "case %zu", i);
    fclose(lost);
    nirc_module_free(f.m);
  }
}
END_TEST

static nirc_op *window(fixture *f, nirc_opcode code, nirc_value *in, const nirc_shape *out, const nirc_shape *stride, const nirc_shape *before)
{
  nirc_op *op = add_op(f, code, "window", 1, &in);
  nirc_shape pair = {.rank = 2};
  memcpy(pair.dims, stride->dims, sizeof pair.dims);
  nirc_op_set_shape(f->m, op, "stride", &pair);
  memcpy(pair.dims, before->dims, sizeof pair.dims);
  nirc_op_set_shape(f->m, op, "before", &pair);
  set_type(f, op, 0, NIRC_F32, out);
  output(f, SNN_OUTPUT, "out", nirc_op_result(op));
  return op;
}

START_TEST(conv_pads_strides_and_dilates)
{
  /* One channel of 2 x 3, kernel 1 x 2 with dilation 2, one zero to the left, stride (1, 2): columns -1 and 1, then 1 and 3 (padding). */
  fixture f = fixture_new();
  nirc_op *op = window(&f, SNN_CONV, input(&f, "in", SHAPE(1, 2, 3)), SHAPE(1, 2, 2), SHAPE(1, 2), SHAPE(0, 1));
  set_dense(&f, op, "weight", SHAPE(1, 1, 1, 2), FLOATS(10, 1));
  nirc_op_set_shape(f.m, op, "dilation", SHAPE(1, 2));
  nirc_op_set_int(f.m, op, "groups", 1);
  nirc_interp *x = start(&f);
  expect_step(x, FLOATS(1, 2, 3, 4, 5, 6), NULL, FLOATS(2, 20, 5, 50), 4);
  finish(&f, x);
}
END_TEST

START_TEST(conv_groups_and_bias)
{
  /* Two groups of one channel each, two outputs per group, kernel 1 x 1. */
  fixture f = fixture_new();
  nirc_op *op = window(&f, SNN_CONV, input(&f, "in", SHAPE(2, 1, 1)), SHAPE(4, 1, 1), SHAPE(1, 1), SHAPE(0, 0));
  set_dense(&f, op, "weight", SHAPE(4, 1, 1, 1), FLOATS(1, 2, 3, 4));
  set_dense(&f, op, "bias", SHAPE(4), FLOATS(0, 100, 0, 100));
  nirc_op_set_shape(f.m, op, "dilation", SHAPE(1, 1));
  nirc_op_set_int(f.m, op, "groups", 2);
  nirc_interp *x = start(&f);
  expect_step(x, FLOATS(10, 1), NULL, FLOATS(10, 120, 3, 104), 4);
  finish(&f, x);
}
END_TEST

START_TEST(conv_adds_by_channel_row_column)
{
  /* 1 + 1 + 2^24 = 2^24 + 2 is exact; + 1 is halfway and goes to the even neighbour, 2^24 + 4. Without the first channel: 2^24 + 1 = 2^24. */
  fixture f = fixture_new();
  nirc_op *op = window(&f, SNN_CONV, input(&f, "in", SHAPE(2, 1, 2)), SHAPE(1, 1, 1), SHAPE(1, 1), SHAPE(0, 0));
  set_dense(&f, op, "weight", SHAPE(1, 2, 1, 2), FLOATS(1, 1, 16777216, 1));
  nirc_op_set_shape(f.m, op, "dilation", SHAPE(1, 1));
  nirc_op_set_int(f.m, op, "groups", 1);
  nirc_interp *x = start(&f);
  expect_step(x, FLOATS(1, 1, 1, 1), NULL, FLOATS(16777220), 1);
  expect_step(x, FLOATS(0, 0, 1, 1), NULL, FLOATS(16777216), 1);
  finish(&f, x);
}
END_TEST

START_TEST(pools_leave_padding_out_and_divide_by_the_whole_window)
{
  for (int average = 0; average < 2; average++) {
    /* 1 x 3, window 1 x 3 around each second element from the first. */
    fixture f = fixture_new();
    nirc_op *op = window(&f, average ? SNN_AVG_POOL : SNN_SUM_POOL, input(&f, "in", SHAPE(1, 1, 3)), SHAPE(1, 1, 2), SHAPE(1, 2), SHAPE(0, 1));
    nirc_op_set_shape(f.m, op, "kernel_size", SHAPE(1, 3));
    nirc_interp *x = start(&f);
    expect_step(x, FLOATS(1, 4, 2), NULL, average ? FLOATS(5.0f / 3, 2) : FLOATS(5, 6), 2);
    finish(&f, x);
  }
}
END_TEST

START_TEST(scale_threshold_reshape)
{
  fixture f = fixture_new();
  nirc_value *v = input(&f, "in", SHAPE(3));
  nirc_op *scale = add_op(&f, SNN_SCALE, "scale", 1, &v);
  set_dense(&f, scale, "scale", SHAPE(3), FLOATS(2, -1, 0.5f));
  set_type(&f, scale, 0, NIRC_F32, SHAPE(3));
  v = nirc_op_result(scale);
  nirc_op *threshold = add_op(&f, SNN_THRESHOLD, "threshold", 1, &v);
  set_splat(&f, threshold, "threshold", SHAPE(3), 1);
  set_type(&f, threshold, 0, NIRC_BOOL, SHAPE(3));
  v = nirc_op_result(threshold);
  nirc_op *reshape = add_op(&f, SNN_RESHAPE, "reshape", 1, &v);
  set_type(&f, reshape, 0, NIRC_BOOL, SHAPE(1, 3));
  output(&f, SNN_OUTPUT, "out", nirc_op_result(reshape));
  nirc_interp *x = start(&f);
  expect_step(x, FLOATS(0.5f, -1.5f, 2), NULL, FLOATS(0, 1, 0), 3);      /* 1, 1.5, 1 against > 1 */
  finish(&f, x);
}
END_TEST

/* ---- delays --------------------------------------------------------------------------------------------------------------------- */

/* A ring buffer of two slots before which (register) or after which (not) elements are read. */
static nirc_interp *delay(fixture *f, bool reads_first, int64_t first, int64_t second)
{
  nirc_value *in = input(f, "in", SHAPE(2));
  nirc_value *buffer = state(f, "d/buffer", SHAPE(2, 2), 0);
  nirc_op *slot_op = add_op(f, SNN_STATE, "d", 0, NULL);
  void *data;
  nirc_shape one = nirc_shape_scalar();
  nirc_op_set_blob(f->m, slot_op, "init", nirc_module_hold(f->m, nirc_blob_new(f->m->heap, NIRC_I32, &one, false, &data)));
  memset(data, 0, sizeof(int32_t));
  nirc_op_set_string(f->m, slot_op, "name", "d/slot");
  set_type(f, slot_op, 0, NIRC_I32, &one);
  nirc_value *slot = nirc_op_result(slot_op);
  nirc_op *write = add_op(f, SNN_DELAY_WRITE, "d", 3, (nirc_value *[]){buffer, slot, in});
  set_type(f, write, 0, NIRC_F32, SHAPE(2, 2));
  nirc_op *read = add_op(f, SNN_DELAY_READ, "d", 2, (nirc_value *[]){reads_first ? buffer : nirc_op_result(write), slot});
  nirc_blob *steps = nirc_module_hold(f->m, nirc_blob_new(f->m->heap, NIRC_I64, SHAPE(2), false, &data));
  memcpy(data, (int64_t[]){first, second}, 2 * sizeof(int64_t));
  nirc_op_set_blob(f->m, read, "steps", steps);
  set_type(f, read, 0, NIRC_F32, SHAPE(2));
  nirc_op *advance = add_op(f, SNN_ADVANCE, "d", 2, (nirc_value *[]){slot, buffer});
  set_type(f, advance, 0, NIRC_I32, &one);
  update(f, buffer, nirc_op_result(write));
  update(f, slot, nirc_op_result(advance));
  output(f, SNN_OUTPUT, "out", nirc_op_result(read));
  return start(f);
}

START_TEST(delay_as_a_register)
{
  fixture f = fixture_new();
  nirc_interp *x = delay(&f, true, 1, 2);            /* a delay of all slots reads what this step is about to overwrite */
  expect_step(x, FLOATS(1, 10), NULL, FLOATS(0, 0), 2);
  expect_step(x, FLOATS(2, 20), NULL, FLOATS(1, 0), 2);
  expect_step(x, FLOATS(3, 30), NULL, FLOATS(2, 10), 2);
  expect_step(x, FLOATS(4, 40), NULL, FLOATS(3, 20), 2);
  nirc_interp_reset(x);
  expect_step(x, FLOATS(5, 50), NULL, FLOATS(0, 0), 2);
  finish(&f, x);
}
END_TEST

START_TEST(delay_with_an_element_of_no_steps)
{
  fixture f = fixture_new();
  nirc_interp *x = delay(&f, false, 0, 1);
  expect_step(x, FLOATS(1, 10), NULL, FLOATS(1, 0), 2);
  expect_step(x, FLOATS(2, 20), NULL, FLOATS(2, 10), 2);
  expect_step(x, FLOATS(3, 30), NULL, FLOATS(3, 20), 2);
  finish(&f, x);
}
END_TEST

/* ---- neurons ---------------------------------------------------------------------------------------------------------------------- */

typedef struct coefficients { double g, k, k_syn, w_in, r, v_leak, v_threshold, v_reset; } coefficients;

#define LEAK "k*((v_leak - v) + r*x)"
#define SYNAPSE "i = i + k_syn*(w_in*x - i); "
#define FIRES "; z = h > v_threshold; v = z ? v_reset : h"
#define SUBTRACTS "; z = h > v_threshold; v = z ? h - v_threshold : h"

/* A neuron op of one element, whose results are `gives`; output the one numbered `result`. v starts as v_leak. */
static nirc_interp *neuron(fixture *f, const char *equation, const char *gives, coefficients c, uint32_t result)
{
  const struct { const char *name; double value; } all[] = {
    {"g*", c.g}, {"k*", c.k}, {"k_syn*", c.k_syn}, {"w_in*", c.w_in}, {"r*", c.r}, {"v_leak ", c.v_leak}, {"v_threshold", c.v_threshold},
    {"v_reset", c.v_reset}};
  bool synapse = strstr(gives, "i") != NULL, spikes = *gives == 'z';
  nirc_value *in[3] = {input(f, "in", SHAPE(1)), state(f, "n/v", SHAPE(1), c.v_leak)};
  if (synapse)
    in[2] = state(f, "n/i", SHAPE(1), 0);
  nirc_op *op = add_neuron(f, f->step->body, synapse ? "x v i" : "x v", in, synapse ? 3 : 2, gives, spikes, (size_t)(1 + synapse + spikes), equation);
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (strstr(equation, all[i].name)) {
      char name[16] = "";
      strncat(name, all[i].name, strcspn(all[i].name, "* "));
      set_splat(f, op, name, SHAPE(1), all[i].value);
    }
  for (uint32_t i = 1; i < op->n_operands; i++)
    update(f, in[i], &op->results[i - 1 + spikes]);
  output(f, SNN_OUTPUT, "out", &op->results[result]);
  return start(f);
}

static void expect_trace(const char *equation, const char *gives, coefficients c, uint32_t result, const float *in, const float *want, size_t n)
{
  fixture f = fixture_new();
  nirc_interp *x = neuron(&f, equation, gives, c, result);
  for (size_t i = 0; i < n; i++)
    expect_step(x, &in[i], NULL, &want[i], 1);
  finish(&f, x);
}

START_TEST(integrator)
{
  expect_trace("v = v + g*x", "v", (coefficients){.g = 0.5}, 0, FLOATS(1, 2, -4), FLOATS(0.5f, 1.5f, -0.5f), 3);
}
END_TEST

START_TEST(integrate_and_fire)
{
  /* h: 0.5, 1.0 (not above 1), 1.5 fires to 0.25, 0.75. */
  coefficients c = {.g = 0.5, .v_threshold = 1, .v_reset = 0.25};
  expect_trace("h = v + g*x" FIRES, "z v", c, 0, FLOATS(1, 1, 1, 1), FLOATS(0, 0, 1, 0), 4);
  expect_trace("h = v + g*x" FIRES, "z v", c, 1, FLOATS(1, 1, 1, 1), FLOATS(0.5f, 1, 0.25f, 0.75f), 4);
  /* 1.0 is enough: 0.25, 0.75 */
  expect_trace("h = v + g*x; z = h >= v_threshold; v = z ? v_reset : h", "z v", c, 1, FLOATS(1, 1, 1), FLOATS(0.5f, 0.25f, 0.75f), 3);
  expect_trace("h = v + g*x" SUBTRACTS, "z v", c, 1, FLOATS(5, 0, 0), FLOATS(1.5f, 0.5f, 0.5f), 3);      /* 2.5 - 1, again - 1 */
}
END_TEST

START_TEST(leaky_integrator)
{
  /* v = v + 0.25*((1 - v) + 2x), from 1: 1 + 0.25*2 = 1.5; 1.5 + 0.25*(-0.5) = 1.375. */
  expect_trace("v = v + " LEAK, "v", (coefficients){.k = 0.25, .r = 2, .v_leak = 1}, 0, FLOATS(1, 0), FLOATS(1.5f, 1.375f), 2);
}
END_TEST

START_TEST(leaky_integrator_rounds_in_order)
{
  /* From v = 2^24: (0 - 2^24) + 1 = -(2^24 - 1) is exact, and 2^24 - (2^24 - 1) = 1. Taking v + r*x first would lose the 1. */
  expect_trace("v = v + " LEAK, "v", (coefficients){.k = 1, .r = 1}, 0, FLOATS(16777216, 1), FLOATS(16777216, 1), 2);
}
END_TEST

START_TEST(leaky_integrate_and_fire)
{
  /* h = v + 0.5*((0 - v) + 2x): 1; 0.5 + 1 = 1.5 fires, v = 1.5 - 1.25 = 0.25 or -1; then 0.125 or -0.5. */
  coefficients c = {.k = 0.5, .r = 2, .v_threshold = 1.25, .v_reset = -1};
  expect_trace("h = v + " LEAK FIRES, "z v", c, 0, FLOATS(1, 1, 0), FLOATS(0, 1, 0), 3);
  expect_trace("h = v + " LEAK FIRES, "z v", c, 1, FLOATS(1, 1, 0), FLOATS(1, -1, -0.5f), 3);
  expect_trace("h = v + " LEAK SUBTRACTS, "z v", c, 1, FLOATS(1, 1, 0), FLOATS(1, 0.25f, 0.125f), 3);
}
END_TEST

START_TEST(synapse_then_membrane)
{
  /* i = i + 0.5*(4x - i): 2, 1; v = v + 0.25*((0 - v) + 2i), of the new i: 1, then 0.75 + 0.5 = 1.25. */
  coefficients c = {.k = 0.25, .k_syn = 0.5, .w_in = 4, .r = 2, .v_threshold = 1.125, .v_reset = 0.5};
  expect_trace(SYNAPSE "v = v + k*((v_leak - v) + r*i)", "v i", c, 0, FLOATS(1, 0), FLOATS(1, 1.25f), 2);
  expect_trace(SYNAPSE "v = v + k*((v_leak - v) + r*i)", "v i", c, 1, FLOATS(1, 0), FLOATS(2, 1), 2);
  expect_trace(SYNAPSE "h = v + k*((v_leak - v) + r*i)" FIRES, "z v i", c, 0, FLOATS(1, 0), FLOATS(0, 1), 2);
  expect_trace(SYNAPSE "h = v + k*((v_leak - v) + r*i)" FIRES, "z v i", c, 1, FLOATS(1, 0), FLOATS(1, 0.5f), 2);
  expect_trace(SYNAPSE "h = v + k*((v_leak - v) + r*i)" FIRES, "z v i", c, 2, FLOATS(1, 0), FLOATS(2, 1), 2);
}
END_TEST

/* ---- states, ports ------------------------------------------------------------------------------------------------------------------ */

START_TEST(update_waits_for_the_end_of_the_step)
{
  fixture f = fixture_new();
  nirc_value *in = input(&f, "in", SHAPE(1)), *last = state(&f, "last", SHAPE(1), 7);
  update(&f, last, in);                              /* before the state is read */
  output(&f, SNN_OUTPUT, "out", last);
  nirc_interp *x = start(&f);
  expect_step(x, FLOATS(1), NULL, FLOATS(7), 1);
  expect_step(x, FLOATS(2), NULL, FLOATS(1), 1);
  nirc_interp_reset(x);
  expect_step(x, FLOATS(3), NULL, FLOATS(7), 1);
  finish(&f, x);
}
END_TEST

START_TEST(states_exchange_values)
{
  /* a and b swap: each update reads the other's value from before the step. */
  fixture f = fixture_new();
  input(&f, "in", SHAPE(1));
  nirc_value *a = state(&f, "a", SHAPE(1), 1), *b = state(&f, "b", SHAPE(1), 2);
  update(&f, a, b);
  update(&f, b, a);
  output(&f, SNN_OUTPUT, "out", a);
  nirc_interp *x = start(&f);
  expect_step(x, FLOATS(0), NULL, FLOATS(1), 1);
  expect_step(x, FLOATS(0), NULL, FLOATS(2), 1);
  expect_step(x, FLOATS(0), NULL, FLOATS(1), 1);
  finish(&f, x);
}
END_TEST

START_TEST(ports_stand_in_byte_order)
{
  fixture f = fixture_new();
  nirc_value *b = input(&f, "b", SHAPE(1)), *a = input(&f, "\xc3\xa4", SHAPE(1)), *capital = input(&f, "B", SHAPE(1));
  output(&f, SNN_OUTPUT, "z", b);
  output(&f, SNN_OUTPUT, "y", a);
  output(&f, SNN_PROBE, "p", capital);
  nirc_interp *x = start(&f);
  const nirc_interp_port *ports;
  ck_assert_uint_eq(nirc_interp_inputs(x, &ports), 3);
  ck_assert_str_eq(ports[0].name, "B");
  ck_assert_str_eq(ports[1].name, "b");
  ck_assert_str_eq(ports[2].name, "\xc3\xa4");
  ck_assert_uint_eq(nirc_interp_outputs(x, &ports), 2);
  ck_assert_str_eq(ports[0].name, "y");
  ck_assert_uint_eq(nirc_interp_probes(x, &ports), 1);
  float y = -1, p = -1;
  nirc_interp_step(x, (const float *const[]){FLOATS(1), FLOATS(2), FLOATS(3)}, (float *const[]){&y, NULL, &p}, 3);
  ck_assert(y == 3 && p == 1);
  nirc_interp_step(x, (const float *const[]){FLOATS(4), FLOATS(5), FLOATS(6)}, (float *const[]){&y}, 1);
  ck_assert(y == 6 && p == 1);                       /* out is one long: nothing else is written */
  finish(&f, x);
}
END_TEST

int main(void)
{
  Suite *s = suite_create("interp");
  TCase *sums = tcase_create("sums"), *delays = tcase_create("delays"), *neurons = tcase_create("neurons"), *module = tcase_create("module");
  tcase_add_test(sums, add_keeps_operand_order_of_values);
  tcase_add_test(sums, dense_adds_in_ascending_order);
  tcase_add_test(sums, dense_starts_from_bias);
  tcase_add_test(sums, dense_leaves_out_silent_inputs);
  tcase_add_test(sums, dense_multiplies_and_adds_apart);
  tcase_add_test(sums, dense_has_a_matrix_for_each_leading_index);
  tcase_add_test(sums, sparse_dense_adds_its_blocks_in_order_of_inputs);
  tcase_add_test(sums, sparse_dense_with_blocks_that_do_not_fit_is_refused);
  tcase_add_test(sums, conv_pads_strides_and_dilates);
  tcase_add_test(sums, conv_groups_and_bias);
  tcase_add_test(sums, conv_adds_by_channel_row_column);
  tcase_add_test(sums, pools_leave_padding_out_and_divide_by_the_whole_window);
  tcase_add_test(sums, scale_threshold_reshape);
  tcase_add_test(delays, delay_as_a_register);
  tcase_add_test(delays, delay_with_an_element_of_no_steps);
  tcase_add_test(neurons, integrator);
  tcase_add_test(neurons, integrate_and_fire);
  tcase_add_test(neurons, leaky_integrator);
  tcase_add_test(neurons, leaky_integrator_rounds_in_order);
  tcase_add_test(neurons, leaky_integrate_and_fire);
  tcase_add_test(neurons, synapse_then_membrane);
  tcase_add_test(module, update_waits_for_the_end_of_the_step);
  tcase_add_test(module, states_exchange_values);
  tcase_add_test(module, ports_stand_in_byte_order);
  suite_add_tcase(s, sums);
  suite_add_tcase(s, delays);
  suite_add_tcase(s, neurons);
  suite_add_tcase(s, module);
  return run_suite(s);
}
