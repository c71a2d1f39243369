/* test/unit/test_quantise.c: the rule by which weights become whole numbers, and what the interpreter makes of those. Every expected number was worked out by
 * hand; scales are powers of two where rounding is not the point, so that they are exact. */
#include <math.h>
#include <stdlib.h>

#include "passes/quantise_rule.h"
#include "test/unit/run_suite.h"
#include "test/unit/snn_fixture.h"

static nirc_quantise_rule rule(int bits, double percentile, bool power)
{
  return (nirc_quantise_rule){.bits = bits, .percentile = percentile, .power_of_two = power, .type = NIRC_F32};
}

/* ---- the rule ------------------------------------------------------------------------------------------------------------- */

START_TEST(the_largest_weight_gets_the_largest_number)
{
  nirc_quantise_rule r = rule(8, 100, false);
  double w[] = {0.25, -63.5, 1};
  ck_assert_int_eq(nirc_quantise_most(&r), 127);
  ck_assert(nirc_quantise_scale(&r, w, 3) == 0.5);
  ck_assert_int_eq(nirc_quantise_number(&r, -63.5, 0.5, NULL), -127);
  r.bits = 4;
  ck_assert_int_eq(nirc_quantise_most(&r), 7);
  double v[] = {3.5, -0.5};
  ck_assert(nirc_quantise_scale(&r, v, 2) == 0.5);
}
END_TEST

START_TEST(scales_are_rounded_to_their_type)
{
  nirc_quantise_rule r = rule(8, 100, false);
  double w[] = {0.5, 0.1};
  ck_assert(nirc_quantise_scale(&r, w, 2) == (double)(0.5f / 127.0f));
  r.type = NIRC_F64;
  ck_assert(nirc_quantise_scale(&r, w, 2) == 0.5 / 127.0);
}
END_TEST

START_TEST(halves_go_to_the_even_number)
{
  nirc_quantise_rule r = rule(8, 100, false);
  const struct { double w; int64_t number; } cases[] = {{0.25, 0}, {0.75, 2}, {1.25, 2}, {-0.25, 0}, {-0.75, -2}, {-1.25, -2}, {0.375, 1}, {63.25, 126}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    ck_assert_int_eq(nirc_quantise_number(&r, cases[i].w, 0.5, NULL), cases[i].number);
}
END_TEST

START_TEST(what_is_beyond_is_clipped_and_counted)
{
  nirc_quantise_rule r = rule(4, 100, false);
  nirc_quantise_error e = {0};
  ck_assert_int_eq(nirc_quantise_number(&r, 7.5, 1, &e), 7);            /* 8 after rounding */
  ck_assert_int_eq(nirc_quantise_number(&r, -20, 1, &e), -7);
  ck_assert_int_eq(nirc_quantise_number(&r, 7.25, 1, &e), 7);           /* rounded, not clipped */
  ck_assert_int_eq(nirc_quantise_number(&r, 2, 1, &e), 2);
  ck_assert_uint_eq(e.n, 4);
  ck_assert_uint_eq(e.clipped, 2);
  ck_assert(e.largest_clipped == 20 && e.largest == 13 && e.sum == 13.75);
}
END_TEST

START_TEST(a_percentile_is_the_least_magnitude_that_as_many_do_not_exceed)
{
  nirc_quantise_rule r = rule(8, 80, false);
  double five[] = {0.5, -127.5, 2.5, -3.5, 63.5};                         /* 80 of 100 are 4 of 5: up to 63.5 */
  ck_assert(nirc_quantise_scale(&r, five, 5) == 0.5);
  r.percentile = 80.1;                                                    /* 5 of 5 */
  double again[] = {0.5, -127.5, 2.5, -3.5, 63.5};
  ck_assert(nirc_quantise_scale(&r, again, 5) == (double)(127.5f / 127.0f));
  double pruned[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 63.5};                    /* that would be 0: nothing to divide by */
  ck_assert(nirc_quantise_scale(&r, pruned, 10) == 0.5);
}
END_TEST

START_TEST(powers_of_two_reach_as_far)
{
  nirc_quantise_rule r = rule(8, 100, true);
  const struct { double w, scale; } cases[] = {{63.5, 0.5}, {63.75, 1}, {0.3, 0x1p-8}, {0x1p-140, 0x1p-146}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {             /* 0.3/127 = 0.00236, 2^-9 = 0.00195, 2^-8 = 0.0039; 2^-140/127 is above 2^-147 */
    double w[] = {cases[i].w};
    ck_assert_msg(nirc_quantise_scale(&r, w, 1) == cases[i].scale, "case %zu: %g", i, nirc_quantise_scale(&r, w, 1));
  }
}
END_TEST

START_TEST(whole_numbers_stay_and_zeros_have_a_scale)
{
  nirc_quantise_rule r = rule(8, 100, false);
  double whole[] = {3, -127, 0}, beyond[] = {128, 0}, zeros[] = {0, 0}, tiny[] = {0x1p-149, 0x1p-148};
  ck_assert(nirc_quantise_scale(&r, whole, 3) == 1);
  ck_assert(nirc_quantise_scale(&r, beyond, 2) == (double)(128.0f / 127.0f));
  ck_assert(nirc_quantise_scale(&r, zeros, 2) == 1);
  ck_assert(nirc_quantise_scale(&r, NULL, 0) == 1);
  ck_assert(nirc_quantise_scale(&r, tiny, 2) == 0x1p-149);                /* 2^-148 / 127 is 0 in float32 */
  ck_assert_int_eq(nirc_quantise_number(&r, 0x1p-148, 0x1p-149, NULL), 2);
}
END_TEST

/* ---- what is computed --------------------------------------------------------------------------------------------------------- */

static void set_bytes(fixture *f, nirc_op *op, const char *name, const nirc_shape *shape, const int8_t *values)
{
  void *data;
  nirc_blob *b = nirc_module_hold(f->m, nirc_blob_new(f->m->heap, NIRC_I8, shape, false, &data));
  memcpy(data, values, b->count);
  nirc_op_set_blob(f->m, op, name, b);
}

#define BYTES(...) ((const int8_t[]){__VA_ARGS__})

static nirc_op *dense(fixture *f)
{
  nirc_value *v = input(f, "in", SHAPE(3));
  nirc_op *op = add_op(f, SNN_DENSE, "dense", 1, &v);
  set_bytes(f, op, "weight", SHAPE(2, 3), BYTES(1, 1, 127, -128, 2, 3));
  set_dense(f, op, "scale", SHAPE(2), FLOATS(0.5f, 3));
  set_dense(f, op, "bias", SHAPE(2), FLOATS(16777216, 1));
  set_type(f, op, 0, NIRC_F32, SHAPE(2));
  output(f, SNN_OUTPUT, "out", nirc_op_result(op));
  return op;
}

START_TEST(dense_scales_its_sum_and_then_adds_the_bias)
{
  /* First row: from 0 on, 1 + 1 = 2, times 0.5 is 1, and 2^24 + 1 is 2^24 in float32. Second: (-128 + 2) * 3 + 1. In the last step the sums are
   * 2^24 + 1 = 2^24, halved and added to 2^24, and -128 * 2^24 + 2 = -2^31 (float32 has multiples of 128 there), times 3. */
  fixture f = fixture_new();
  dense(&f);
  nirc_interp *x = start(&f);
  expect_step(x, FLOATS(1, 1, 0), NULL, FLOATS(16777216, -377), 2);
  expect_step(x, FLOATS(0, 0, 0), NULL, FLOATS(16777216, 1), 2);
  expect_step(x, FLOATS(16777216, 1, 0), NULL, FLOATS(25165824, -6442450944), 2);
  finish(&f, x);
}
END_TEST

START_TEST(sparse_dense_scales_its_sum_and_then_adds_the_bias)
{
  /* Input 0 to outputs 2 and 3, input 1 to all. */
  fixture f = fixture_new();
  nirc_value *v = input(&f, "in", SHAPE(2));
  nirc_op *op = add_op(&f, SNN_SPARSE_DENSE, "sparse", 1, &v);
  nirc_shape three = nirc_shape_1d(3);
  int32_t first[] = {0, 1, 3}, row[] = {2, 0, 2};
  nirc_op_set_blob(f.m, op, "first", nirc_module_hold(f.m, nirc_blob_borrow(f.m->heap, NIRC_I32, &three, first)));
  nirc_op_set_blob(f.m, op, "row", nirc_module_hold(f.m, nirc_blob_borrow(f.m->heap, NIRC_I32, &three, row)));
  set_bytes(&f, op, "weight", SHAPE(3, 2), BYTES(1, 2, 3, 4, 5, 6));
  set_dense(&f, op, "scale", SHAPE(4), FLOATS(1, 2, 0.5f, 0.25f));
  set_dense(&f, op, "bias", SHAPE(4), FLOATS(0, 1, 0, 10));
  set_type(&f, op, 0, NIRC_F32, SHAPE(4));
  output(&f, SNN_OUTPUT, "out", nirc_op_result(op));
  nirc_interp *x = start(&f);
  expect_step(x, FLOATS(1, 1), NULL, FLOATS(3, 9, 3, 12), 4);
  expect_step(x, FLOATS(2, 0), NULL, FLOATS(0, 1, 1, 11), 4);
  finish(&f, x);
}
END_TEST

START_TEST(conv_scales_each_channel)
{
  fixture f = fixture_new();
  nirc_value *v = input(&f, "in", SHAPE(1, 1, 2));
  nirc_op *op = add_op(&f, SNN_CONV, "conv", 1, &v);
  nirc_op_set_shape(f.m, op, "stride", SHAPE(1, 1));
  nirc_op_set_shape(f.m, op, "before", SHAPE(0, 0));
  nirc_op_set_shape(f.m, op, "dilation", SHAPE(1, 1));
  nirc_op_set_int(f.m, op, "groups", 1);
  set_bytes(&f, op, "weight", SHAPE(2, 1, 1, 2), BYTES(1, 2, 3, -4));
  set_dense(&f, op, "scale", SHAPE(2), FLOATS(0.5f, 2));
  set_dense(&f, op, "bias", SHAPE(2), FLOATS(0, 1));
  set_type(&f, op, 0, NIRC_F32, SHAPE(2, 1, 2));                         /* the second window reaches over the end */
  output(&f, SNN_OUTPUT, "out", nirc_op_result(op));
  nirc_interp *x = start(&f);
  expect_step(x, FLOATS(1, 2), NULL, FLOATS(2.5f, 1, -9, 13), 4);        /* (1 + 4)/2, 2/2; 2 * (3 - 8) + 1, 2 * 6 + 1 */
  finish(&f, x);
}
END_TEST

/* ---- what the verifier wants ------------------------------------------------------------------------------------------------------ */

static bool verifies(fixture *f)
{
  nirc_diag d;
  FILE *lost = fopen("/dev/null", "w");
  nirc_diag_init(&d, lost, "test_quantise");
  bool ok = nirc_module_verify(f->m, &d);
  fclose(lost);
  nirc_module_free(f->m);
  return ok;
}

START_TEST(scales_that_do_not_fit_are_refused)
{
  for (int i = 0; i < 6; i++) {
    fixture f = fixture_new();
    nirc_op *op = dense(&f);
    switch (i) {
    case 0: break;                                   /* as it is, it is fine */
    case 1: nirc_op_remove_attr(op, "scale"); break; /* i8 without a scale */
    case 2: set_dense(&f, op, "weight", SHAPE(2, 3), FLOATS(1, 2, 3, 4, 5, 6)); break;         /* a scale of f32 */
    case 3: set_dense(&f, op, "scale", SHAPE(1), FLOATS(1)); break;
    case 4: set_dense(&f, op, "scale", SHAPE(2), FLOATS(1, 0)); break;
    default: set_dense(&f, op, "scale", SHAPE(2), FLOATS(1, INFINITY));
    }
    ck_assert_msg(verifies(&f) == (i == 0), "case %d", i);
  }
}
END_TEST

int main(void)
{
  Suite *s = suite_create("quantise");
  TCase *t = tcase_create("all");
  tcase_add_test(t, the_largest_weight_gets_the_largest_number);
  tcase_add_test(t, scales_are_rounded_to_their_type);
  tcase_add_test(t, halves_go_to_the_even_number);
  tcase_add_test(t, what_is_beyond_is_clipped_and_counted);
  tcase_add_test(t, a_percentile_is_the_least_magnitude_that_as_many_do_not_exceed);
  tcase_add_test(t, powers_of_two_reach_as_far);
  tcase_add_test(t, whole_numbers_stay_and_zeros_have_a_scale);
  tcase_add_test(t, dense_scales_its_sum_and_then_adds_the_bias);
  tcase_add_test(t, sparse_dense_scales_its_sum_and_then_adds_the_bias);
  tcase_add_test(t, conv_scales_each_channel);
  tcase_add_test(t, scales_that_do_not_fit_are_refused);
  suite_add_tcase(s, t);
  return run_suite(s);
}
