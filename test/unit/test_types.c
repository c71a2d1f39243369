/* test/unit/test_types.c: snn ops that compute in float64, and states of f64 and i64, in the interpreter and before the verifier. Every expected number was
 * worked out by hand, and chosen so that float32 arithmetic gives another one: 2^24 + 1 and 1 + 2^-40 are not float32 numbers. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ir/dialect_snn.h"
#include "test/unit/run_suite.h"
#include "test/unit/snn_fixture.h"

#define DOUBLES(...) ((const double[]){__VA_ARGS__})

static void set_doubles(fixture *f, nirc_op *op, const char *name, const nirc_shape *shape, const double *values)
{
  void *data;
  nirc_blob *b = nirc_module_hold(f->m, nirc_blob_new(f->m->heap, NIRC_F64, shape, false, &data));
  memcpy(data, values, b->count * sizeof *values);
  nirc_op_set_blob(f->m, op, name, b);
}

static nirc_value *add(fixture *f, nirc_value *a, nirc_value *b)
{
  nirc_op *op = add_op(f, SNN_ADD, "add", 2, (nirc_value *[]){a, b});
  set_type(f, op, 0, NIRC_F64, &a->type->shape);
  return nirc_op_result(op);
}

static nirc_value *scale(fixture *f, nirc_value *x, const double *by)
{
  nirc_op *op = add_op(f, SNN_SCALE, "scale", 1, &x);
  set_doubles(f, op, "scale", &x->type->shape, by);
  set_type(f, op, 0, NIRC_F64, &x->type->shape);
  return nirc_op_result(op);
}

START_TEST(add_keeps_what_float32_would_round_away)
{
  fixture f = fixture_new();
  nirc_value *a = input(&f, "a", SHAPE(1)), *b = input(&f, "b", SHAPE(1));
  nirc_value *y = add(&f, add(&f, a, b), scale(&f, a, DOUBLES(-1)));
  output(&f, SNN_OUTPUT, "y", y);
  nirc_interp *x = start(&f);
  expect_step(x, FLOATS(16777216), FLOATS(1), FLOATS(1), 1);            /* (2^24 + 1) - 2^24; float32: 0 */
  expect_step(x, FLOATS(1), FLOATS(0x1p-40f), FLOATS(0x1p-40f), 1);
  finish(&f, x);
}
END_TEST

START_TEST(output_is_rounded_once)
{
  /* 1 + 2^-24 + 2^-40 rounds up to 1 + 2^-23; 1 + 2^-24 is a tie, and goes to 1; 2^130 is beyond float32. */
  fixture f = fixture_new();
  nirc_value *a = input(&f, "a", SHAPE(3));
  output(&f, SNN_OUTPUT, "y", scale(&f, a, DOUBLES(1 + 0x1p-24 + 0x1p-40, 1 + 0x1p-24, 0x1p130)));
  nirc_interp *x = start(&f);
  expect_step(x, FLOATS(1, 1, 1), NULL, FLOATS(1 + 0x1p-23f, 1, (float)HUGE_VAL), 3);
  finish(&f, x);
}
END_TEST

/* The sum of an op with one float64 output, less 2^24. */
static nirc_interp *less(fixture *f, nirc_op *op)
{
  nirc_value *v = nirc_op_result(op);
  nirc_op *minus = add_op(f, SNN_STATE, "minus", 0, NULL);
  nirc_op_set_string(f->m, minus, "name", "minus");
  nirc_op_set_blob(f->m, minus, "init", nirc_module_hold(f->m, nirc_blob_splat(f->m->heap, NIRC_F64, &v->type->shape, -16777216)));
  set_type(f, minus, 0, NIRC_F64, &v->type->shape);
  update(f, nirc_op_result(minus), nirc_op_result(minus));
  output(f, SNN_OUTPUT, "y", add(f, v, nirc_op_result(minus)));
  return start(f);
}

START_TEST(dense_sums_in_float64)
{
  /* (1 + 2^24) + 1 in that order; float32 has 2^24. Second row: 2^-28 beside 2^24. */
  fixture f = fixture_new();
  nirc_value *v = input(&f, "in", SHAPE(2));
  nirc_op *op = add_op(&f, SNN_DENSE, "dense", 1, &v);
  set_doubles(&f, op, "weight", SHAPE(2, 2), DOUBLES(16777216, 0.5, 0x1p-28, 0));
  set_doubles(&f, op, "bias", SHAPE(2), DOUBLES(1, 16777216));
  set_type(&f, op, 0, NIRC_F64, SHAPE(2));
  nirc_interp *x = less(&f, op);
  expect_step(x, FLOATS(1, 2), NULL, FLOATS(2, 0x1p-28f), 2);
  expect_step(x, FLOATS(0, 2), NULL, FLOATS(-16777214, 0), 2);
  finish(&f, x);
}
END_TEST

START_TEST(sparse_dense_sums_in_float64)
{
  fixture f = fixture_new();
  nirc_value *v = input(&f, "in", SHAPE(2));
  nirc_op *op = add_op(&f, SNN_SPARSE_DENSE, "sparse", 1, &v);
  nirc_shape three = nirc_shape_1d(3), two = nirc_shape_1d(2);
  int32_t first[] = {0, 1, 2}, row[] = {0, 0};
  nirc_op_set_blob(f.m, op, "first", nirc_module_hold(f.m, nirc_blob_borrow(f.m->heap, NIRC_I32, &three, first)));
  nirc_op_set_blob(f.m, op, "row", nirc_module_hold(f.m, nirc_blob_borrow(f.m->heap, NIRC_I32, &two, row)));
  set_doubles(&f, op, "weight", SHAPE(2, 2), DOUBLES(16777216, 16777216, 1, 0x1p-20));
  set_type(&f, op, 0, NIRC_F64, SHAPE(2));
  nirc_interp *x = less(&f, op);
  expect_step(x, FLOATS(1, 1), NULL, FLOATS(1, 0x1p-20f), 2);
  finish(&f, x);
}
END_TEST

static nirc_op *window(fixture *f, nirc_opcode code, nirc_value *v)
{
  nirc_op *op = add_op(f, code, "window", 1, &v);
  nirc_op_set_shape(f->m, op, "stride", SHAPE(1, 1));
  nirc_op_set_shape(f->m, op, "before", SHAPE(0, 0));
  if (code == SNN_CONV) {
    set_doubles(f, op, "weight", SHAPE(1, 1, 1, 3), DOUBLES(1, 1, 1));
    nirc_op_set_shape(f->m, op, "dilation", SHAPE(1, 1));
    nirc_op_set_int(f->m, op, "groups", 1);
  } else {
    nirc_op_set_shape(f->m, op, "kernel_size", SHAPE(1, 3));
  }
  set_type(f, op, 0, NIRC_F64, SHAPE(1, 1, 1));
  return op;
}

START_TEST(windows_sum_in_float64)
{
  /* 2^24 + 1 + 1 of the convolution and the sum; the mean of (3 * 2^24, 1, 1) is 2^24 + 2/3 in float64, of which less 2^24 is known to 2^-28. */
  static const nirc_opcode codes[] = {SNN_CONV, SNN_SUM_POOL, SNN_AVG_POOL};
  for (int i = 0; i < 3; i++) {
    fixture f = fixture_new();
    nirc_interp *x = less(&f, window(&f, codes[i], input(&f, "in", SHAPE(1, 1, 3))));
    if (codes[i] == SNN_AVG_POOL)
      expect_step(x, FLOATS(50331648, 1, 1), NULL, FLOATS((float)(178956971 * 0x1p-28)), 1);     /* 2/3 * 2^28 = 178956970.67 */
    else
      expect_step(x, FLOATS(16777216, 1, 1), NULL, FLOATS(2), 1);
    finish(&f, x);
  }
}
END_TEST

START_TEST(threshold_compares_in_float64)
{
  fixture f = fixture_new();
  nirc_value *a = input(&f, "a", SHAPE(2)), *b = input(&f, "b", SHAPE(2)), *sum = add(&f, a, b);
  nirc_op *op = add_op(&f, SNN_THRESHOLD, "z", 1, &sum);
  set_doubles(&f, op, "threshold", SHAPE(2), DOUBLES(1, 1 + 0x1p-40));
  set_type(&f, op, 0, NIRC_BOOL, SHAPE(2));
  output(&f, SNN_OUTPUT, "z", nirc_op_result(op));
  nirc_interp *x = start(&f);
  expect_step(x, FLOATS(1, 1), FLOATS(0x1p-40f, 0x1p-40f), FLOATS(1, 0), 2);
  expect_step(x, FLOATS(1, 1), FLOATS(0, 0x1p-39f), FLOATS(0, 1), 2);
  finish(&f, x);
}
END_TEST

/* A state of that type without an update. */
static nirc_value *state_of(fixture *f, const char *name, nirc_dtype elem, const nirc_shape *shape, const void *init)
{
  nirc_op *op = add_op(f, SNN_STATE, name, 0, NULL);
  nirc_op_set_string(f->m, op, "name", name);
  nirc_op_set_blob(f->m, op, "init", nirc_module_hold(f->m, nirc_blob_borrow(f->m->heap, elem, shape, init)));
  set_type(f, op, 0, elem, shape);
  return nirc_op_result(op);
}

START_TEST(delay_and_reshape_keep_float64)
{
  fixture f = fixture_new();
  nirc_value *a = input(&f, "a", SHAPE(1, 1)), *y = scale(&f, a, DOUBLES(1 + 0x1p-40));
  const double zero[1] = {0};
  const int32_t slot_0[1] = {0};
  int64_t one[1] = {1};
  nirc_value *buffer = state_of(&f, "buffer", NIRC_F64, SHAPE(1, 1), zero), *slot = state_of(&f, "slot", NIRC_I32, &(nirc_shape){0}, slot_0);
  nirc_op *flat = add_op(&f, SNN_RESHAPE, "flat", 1, &y), *read = add_op(&f, SNN_DELAY_READ, "read", 2, (nirc_value *[]){buffer, slot});
  set_type(&f, flat, 0, NIRC_F64, SHAPE(1));
  nirc_op_set_blob(f.m, read, "steps", nirc_module_hold(f.m, nirc_blob_borrow(f.m->heap, NIRC_I64, SHAPE(1), one)));
  set_type(&f, read, 0, NIRC_F64, SHAPE(1));
  nirc_op *write = add_op(&f, SNN_DELAY_WRITE, "write", 3, (nirc_value *[]){buffer, slot, nirc_op_result(flat)});
  set_type(&f, write, 0, NIRC_F64, SHAPE(1, 1));
  nirc_op *next = add_op(&f, SNN_ADVANCE, "next", 2, (nirc_value *[]){slot, buffer});
  set_type(&f, next, 0, NIRC_I32, &(nirc_shape){0});
  update(&f, buffer, nirc_op_result(write));
  update(&f, slot, nirc_op_result(next));
  output(&f, SNN_OUTPUT, "y", add(&f, nirc_op_result(read), scale(&f, nirc_op_result(flat), DOUBLES(-0.5))));
  nirc_interp *x = start(&f);
  expect_step(x, FLOATS(2), NULL, FLOATS(-1), 1);    /* 0 - (1 + 2^-40), rounded */
  expect_step(x, FLOATS(4), NULL, FLOATS(0), 1);     /* 2 + 2^-39 - half of 4 + 2^-38 */
  expect_step(x, FLOATS(0), NULL, FLOATS(4), 1);
  finish(&f, x);
}
END_TEST

START_TEST(states_of_64_bits)
{
  /* v' = v + 2^-40 from 1: v - 1 shows the count. Two i64 change places: 2^62 + 1 and -3; the output has 2^62. */
  fixture f = fixture_new();
  const double from[2] = {1, -1};
  const int64_t big[1] = {(INT64_C(1) << 62) + 1}, small[1] = {-3};
  nirc_value *a = input(&f, "a", SHAPE(1)), *v = state_of(&f, "v", NIRC_F64, SHAPE(1), from), *minus = state_of(&f, "minus", NIRC_F64, SHAPE(1), from + 1);
  nirc_value *p = state_of(&f, "p", NIRC_I64, SHAPE(1), big), *q = state_of(&f, "q", NIRC_I64, SHAPE(1), small);
  update(&f, v, add(&f, v, a));
  update(&f, minus, minus);
  update(&f, p, q);
  update(&f, q, p);
  output(&f, SNN_OUTPUT, "b", add(&f, v, minus));
  output(&f, SNN_PROBE, "p", p);
  nirc_interp *x = start(&f);
  for (int round = 0; round < 2; round++) {
    for (int t = 0; t < 5; t++) {
      float y, whole, step = 0x1p-40f;
      nirc_interp_step(x, (const float *const[]){&step}, (float *const[]){&y, &whole}, 2);
      ck_assert(y == (float)t * 0x1p-40f && whole == (t % 2 ? -3 : 0x1p62f));
    }
    nirc_interp_reset(x);
  }
  finish(&f, x);
}
END_TEST

START_TEST(narrow_values_widen_into_states)
{
  fixture f = fixture_new();
  const double third[1] = {1.0 / 3};
  nirc_value *a = input(&f, "a", SHAPE(1)), *v = state_of(&f, "v", NIRC_F64, SHAPE(1), third);
  update(&f, v, a);
  output(&f, SNN_OUTPUT, "b", v);
  nirc_interp *x = start(&f);
  expect_step(x, FLOATS(0.1f), NULL, FLOATS((float)(1.0 / 3)), 1);
  expect_step(x, FLOATS(0), NULL, FLOATS(0.1f), 1);
  finish(&f, x);
}
END_TEST

/* ---- what the verifier refuses ------------------------------------------------------------------------------------------------ */

/* One fault each in x -> scale (f64) -> dense (f64) -> threshold, with a state of f64 that takes the sum. */
static void build(fixture *f, int fault)
{
  const double numbers[2] = {1, 2};
  nirc_value *in = input(f, "in", SHAPE(2)), *x = scale(f, in, numbers);
  nirc_op *dense = add_op(f, SNN_DENSE, "dense", 1, &x);
  set_doubles(f, dense, "weight", SHAPE(2, 2), DOUBLES(1, 2, 3, 4));
  set_type(f, dense, 0, NIRC_F64, SHAPE(2));
  nirc_value *sum = nirc_op_result(dense);
  nirc_op *z = add_op(f, SNN_THRESHOLD, "z", 1, &sum);
  set_doubles(f, z, "threshold", SHAPE(2), numbers);
  set_type(f, z, 0, NIRC_BOOL, SHAPE(2));
  nirc_value *v = state_of(f, "v", NIRC_F64, SHAPE(2), numbers);
  update(f, v, sum);
  output(f, SNN_OUTPUT, "z", nirc_op_result(z));
  switch (fault) {
  case 0: set_dense(f, dense, "weight", SHAPE(2, 2), FLOATS(1, 2, 3, 4)); break;
  case 1: set_dense(f, dense, "bias", SHAPE(2), FLOATS(1, 2)); break;
  case 2: set_dense(f, z, "threshold", SHAPE(2), FLOATS(1, 2)); break;
  case 3: set_splat(f, x->def, "scale", SHAPE(2), 1); break;
  case 4: set_type(f, dense, 0, NIRC_F32, SHAPE(2)), set_dense(f, dense, "weight", SHAPE(2, 2), FLOATS(1, 2, 3, 4)); break;        /* f64 in, f32 out */
  case 5: set_type(f, z, 0, NIRC_F64, SHAPE(2)); break;
  case 6: set_type(f, in->def, 0, NIRC_F64, SHAPE(2)); break;           /* ports are f32 */
  case 7: set_splat(f, v->def, "init", SHAPE(2), 0); break;
  case 8: set_type(f, v->def, 0, NIRC_F32, SHAPE(2)), set_splat(f, v->def, "init", SHAPE(2), 0); break;          /* an f32 state, an f64 value */
  case 9: set_type(f, v->def, 0, NIRC_I64, SHAPE(2)); break;
  case 10: set_type(f, v->def, 0, NIRC_F16, SHAPE(2)); break;
  case 11: set_type(f, dense, 0, NIRC_I64, SHAPE(2)); break;
  default: break;
  }
}

START_TEST(other_types_are_refused)
{
  for (int fault = 0; fault <= 12; fault++) {
    fixture f = fixture_new();
    nirc_diag d;
    FILE *lost = fopen("/dev/null", "w");
    nirc_diag_init(&d, lost, "test_types");
    build(&f, fault);
    ck_assert_msg(nirc_module_verify(f.m, &d) == (fault == 12), "case %d", fault);       /* 12: none */
    fclose(lost);
    nirc_module_free(f.m);
  }
}
END_TEST

int main(void)
{
  Suite *s = suite_create("types");
  TCase *t = tcase_create("types");
  tcase_add_test(t, add_keeps_what_float32_would_round_away);
  tcase_add_test(t, output_is_rounded_once);
  tcase_add_test(t, dense_sums_in_float64);
  tcase_add_test(t, sparse_dense_sums_in_float64);
  tcase_add_test(t, windows_sum_in_float64);
  tcase_add_test(t, threshold_compares_in_float64);
  tcase_add_test(t, delay_and_reshape_keep_float64);
  tcase_add_test(t, states_of_64_bits);
  tcase_add_test(t, narrow_values_widen_into_states);
  tcase_add_test(t, other_types_are_refused);
  suite_add_tcase(s, t);
  return run_suite(s);
}
