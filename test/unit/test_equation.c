/* test/unit/test_equation.c: equations as text (ir/equation.h): types, precedence, faults, and every operation at the ends of its range. The expected numbers
 * were worked out by hand. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ir/equation.h"
#include "test/unit/run_suite.h"

enum { A, B, C, D, E, N, M, T, U, HALF, FIXED, N_NAMES, MOST = 600 };

/* Known in every test: f32 a b c, f64 d e, i64 n m, bool t u; the number half; p, which cannot be assigned. */
static const nirc_eq_name names[N_NAMES] = {
  [A] = {"a", NIRC_F32, false, false, 0}, [B] = {"b", NIRC_F32, false, false, 0}, [C] = {"c", NIRC_F32, false, false, 0}, [D] = {"d", NIRC_F64, false, false, 0},
  [E] = {"e", NIRC_F64, false, false, 0}, [N] = {"n", NIRC_I64, false, false, 0}, [M] = {"m", NIRC_I64, false, false, 0}, [T] = {"t", NIRC_BOOL, false, false, 0},
  [U] = {"u", NIRC_BOOL, false, false, 0}, [HALF] = {"half", NIRC_F64, true, false, 0.5}, [FIXED] = {"p", NIRC_F32, true, true, 8}};

static nirc_arena *arena;

static void setup(void)
{
  arena = nirc_arena_new(nirc_heap_default());
}

static void teardown(void)
{
  nirc_arena_free(arena);
}

/* ---- reading ----------------------------------------------------------------------------------------------------------- */

static nirc_equation parsed_as(const char *text, nirc_dtype number)
{
  nirc_equation q;
  const char *wanted = "y", *fault = NULL;
  ck_assert_msg(nirc_equation_parse(&q, arena, text, names, N_NAMES, &wanted, 1, number, &fault), "%s: %s", text, fault);
  return q;
}

static nirc_dtype type_of(const char *text, nirc_dtype number)
{
  nirc_equation q = parsed_as(text, number);
  return q.nodes[q.results[0]].type;
}

static void expect_fault(const char *text, const char *want)
{
  nirc_equation q;
  const char *wanted = "y", *fault = NULL;
  ck_assert_msg(!nirc_equation_parse(&q, arena, text, names, N_NAMES, &wanted, 1, NIRC_F32, &fault), "%s is taken", text);
  ck_assert_str_eq(fault, want);
}

START_TEST(operands_meet_in_one_type)
{
  ck_assert_int_eq(type_of("y = a + b", NIRC_F32), NIRC_F32);
  ck_assert_int_eq(type_of("y = a + d", NIRC_F32), NIRC_F64);
  ck_assert_int_eq(type_of("y = d * a", NIRC_F32), NIRC_F64);
  ck_assert_int_eq(type_of("y = n + 1", NIRC_F32), NIRC_I64);
  ck_assert_int_eq(type_of("y = a + 1", NIRC_F64), NIRC_F32);           /* a number takes the type of the other operand */
  ck_assert_int_eq(type_of("y = 1 + 2", NIRC_F32), NIRC_F32);           /* where there is none, the equation's */
  ck_assert_int_eq(type_of("y = 1 + 2", NIRC_F64), NIRC_F64);
  ck_assert_int_eq(type_of("y = half", NIRC_F64), NIRC_F64);
  ck_assert_int_eq(type_of("y = t + u", NIRC_F64), NIRC_F64);
  ck_assert_int_eq(type_of("y = 1 - t", NIRC_F32), NIRC_F32);
  ck_assert_int_eq(type_of("y = t * a", NIRC_F64), NIRC_F32);
  ck_assert_int_eq(type_of("y = t * n", NIRC_F32), NIRC_I64);
  ck_assert_int_eq(type_of("y = -t", NIRC_F64), NIRC_F64);
  ck_assert_int_eq(type_of("y = a > d", NIRC_F32), NIRC_BOOL);
  ck_assert_int_eq(type_of("y = n == 3 && t", NIRC_F32), NIRC_BOOL);
  ck_assert_int_eq(type_of("y = t ? a : d", NIRC_F32), NIRC_F64);
  ck_assert_int_eq(type_of("y = t ? 1 : n", NIRC_F32), NIRC_I64);
  ck_assert_int_eq(type_of("y = t ? 1 : 0", NIRC_F64), NIRC_F64);
  ck_assert_int_eq(type_of("y = max(a, d)", NIRC_F32), NIRC_F64);
  ck_assert_int_eq(type_of("y = fma(a, b, d)", NIRC_F32), NIRC_F64);
  ck_assert_int_eq(type_of("y = near(a, 1)", NIRC_F32), NIRC_BOOL);
  ck_assert_int_eq(type_of("y = alike(a)", NIRC_F32), NIRC_BOOL);
  ck_assert_int_eq(type_of("y = least(d)", NIRC_F32), NIRC_F64);
  ck_assert_int_eq(type_of("y = f32(d)", NIRC_F64), NIRC_F32);
  ck_assert_int_eq(type_of("y = f64(1)", NIRC_F32), NIRC_F64);
  ck_assert_int_eq(type_of("y = i64(a)", NIRC_F32), NIRC_I64);
}
END_TEST

START_TEST(faults_say_what_is_wanted)
{
  expect_fault("", "'y' is never assigned");
  expect_fault("z = a", "'y' is never assigned");
  expect_fault("y = q", "'q' has no value here");
  expect_fault("y = y + a", "'y' has no value here");
  expect_fault("y", "NAME = is wanted before ''");
  expect_fault("y == a", "NAME = is wanted before '= a'");
  expect_fault("3 = a", "NAME = is wanted before '3 = a'");
  expect_fault("y = a b", "';' is wanted before 'b'");
  expect_fault("y = a)", "';' is wanted before ')'");
  expect_fault("y = (a", "')' is wanted before ''");
  expect_fault("y = a +", "a name or number is wanted at the end");
  expect_fault("y = ", "a name or number is wanted at the end");
  expect_fault("y = a + ;", "a name or number is wanted before ';'");
  expect_fault("y = +a", "a name or number is wanted before '+a'");
  expect_fault("y = a < b < c", "';' is wanted before '< c'");
  expect_fault("y = t ? a", "':' is wanted before ''");
  expect_fault("y = a ? b : c", "a condition is wanted before '?'");
  expect_fault("y = 1 ? b : c", "a condition is wanted before '?'");
  expect_fault("y = a && t", "conditions are wanted on both sides of &&");
  expect_fault("y = t || 1", "conditions are wanted on both sides of ||");
  expect_fault("y = a + n", "i64 where f32 is wanted; f32(), f64() and i64() convert");
  expect_fault("y = n + a", "f32 where i64 is wanted; f32(), f64() and i64() convert");
  expect_fault("y = d + n", "i64 where f64 is wanted; f32(), f64() and i64() convert");
  expect_fault("y = n + 0.5", "0.5 is no whole number");
  expect_fault("y = a >> 2", "only i64 is shifted");
  expect_fault("y = n >> 0.5", "0.5 is no whole number");
  expect_fault("y = i16(a)", "i16() of f32");
  expect_fault("y = wrap16(a)", "wrap16 of f32");
  expect_fault("y = trunc(n)", "trunc of i64");
  expect_fault("y = fma(n, n, n)", "fma of i64");
  expect_fault("y = sin(a)", "no function 'sin' of 1 operands");
  expect_fault("y = max(a)", "no function 'max' of 1 operands");
  expect_fault("y = trunc(a, b)", "no function 'trunc' of 2 operands");
  expect_fault("y = f32(a, b)", "no function 'f32' of 2 operands");
  expect_fault("y = fma(a, b, c, a)", "too many operands of fma");
  expect_fault("y = trunc(a", "')' is wanted behind the operands of trunc");
}
END_TEST

/* `y = ` and n times open, a, n times close. */
static const char *nested(const char *open, const char *close, size_t n)
{
  char *text = nirc_arena_alloc(arena, 16 + n * (strlen(open) + strlen(close)), 1);
  strcpy(text, "y = ");
  for (size_t i = 0; i < n; i++)
    strcat(text, open);
  strcat(text, "a");
  for (size_t i = 0; i < n; i++)
    strcat(text, close);
  return text;
}

START_TEST(long_and_deep_text_has_limits)
{
  parsed_as(nested("(", ")", 90), NIRC_F32);
  parsed_as(nested("-", "", 90), NIRC_F32);
  parsed_as(nested("", "+a", 400), NIRC_F32);
  expect_fault(nested("(", ")", 5000), "nested too deeply");
  expect_fault(nested("-", "", 5000), "nested too deeply");
  expect_fault(nested("max(", ",a)", 5000), "nested too deeply");
  expect_fault(nested("t ? a : ", "", 5000), "nested too deeply");
  expect_fault(nested("", "+a", 5000), "more than 512 operations");
}
END_TEST

/* ---- values ------------------------------------------------------------------------------------------------------------- */

typedef struct given { float a, b, c; double d, e; int64_t n, m; bool t, u; } given;

static nirc_eq_value value(const char *text, given g)
{
  nirc_equation q = parsed_as(text, NIRC_F32);
  nirc_eq_value in[N_NAMES] = {[A].f = (double)g.a, [B].f = (double)g.b, [C].f = (double)g.c, [D].f = g.d, [E].f = g.e, [N].i = g.n, [M].i = g.m,
                               [T].f = g.t, [U].f = g.u}, all[MOST];
  ck_assert_uint_le(q.n_nodes, MOST);
  nirc_equation_eval(&q, in, all);
  return all[q.results[0]];
}

/* Bit for bit, so that -0 is not 0; every NaN is as good as another. */
static void expect(const char *text, given g, double want)
{
  double got = value(text, g).f;
  ck_assert_msg(memcmp(&got, &want, sizeof got) == 0 || (isnan(got) && isnan(want)), "%s: %a, %a is wanted", text, got, want);
}

static void expect_whole(const char *text, given g, int64_t want)
{
  int64_t got = value(text, g).i;
  ck_assert_msg(got == want, "%s: %lld, %lld is wanted", text, (long long)got, (long long)want);
}

#define GIVEN(...) ((given){__VA_ARGS__})

START_TEST(operators_bind_as_in_c)
{
  given g = GIVEN(.a = 2, .b = 3, .c = 5, .n = 7, .t = true);
  expect("y = a + b*c", g, 17);
  expect("y = (a + b)*c", g, 25);
  expect("y = a - b - c", g, -6);
  expect("y = a - (b - c)", g, 4);
  expect("y = c/a/a", g, 1.25);
  expect("y = c/a*a", g, 5);
  expect("y = -a*b", g, -6);
  expect("y = -(a - b)", g, 1);
  expect("y = a - -b", g, 5);
  expect("y = a + b > c - 1", g, 1);
  expect("y = a > b || c > b && t", g, 1);
  expect("y = a > b && c > b || a < b", g, 1);                           /* (0 && 1) || 1 */
  expect("y = u || u && t", g, 0);
  expect("y = a > b ? a : c > b ? b : c", g, 3);
  expect("y = t ? a > b ? 1 : 4 : 6", g, 4);
  expect("y = a*(t ? b : c) + 1", g, 7);
  expect_whole("y = n - 7/2*2", GIVEN(.n = 7), 0);                       /* numbers among themselves are no integers: 7 - 3.5*2 */
  expect_whole("y = n/2*2", GIVEN(.n = 7), 6);
}
END_TEST

START_TEST(statements_run_in_order)
{
  given g = GIVEN(.a = 2, .b = 3);
  expect("y = a; y = y*y; y = y + b", g, 7);
  expect(" ;; a = a + 1;b=a*b ; y = a + b;", g, 12);                     /* a = 3, b = 9 */
  expect("y = half; half = a; y = y + half", g, 2.5);
  expect("p = 3; y = p*a", g, 16);                                       /* p keeps its 8 */
  expect("y = p > 7 ? a : b", g, 2);
}
END_TEST

START_TEST(only_what_the_results_need_is_kept)
{
  nirc_equation q;
  const char *wanted[] = {"y", "z", "a"}, *fault;
  ck_assert(nirc_equation_parse(&q, arena, "q = d*d; y = b + c; z = b > 0", names, N_NAMES, wanted, 3, NIRC_F32, &fault));
  ck_assert_uint_eq(q.n_nodes, 6);                                       /* a b c, b + c, 0, b > 0 */
  ck_assert(q.used[A] && q.used[B] && q.used[C] && !q.used[D] && !q.used[N]);
  ck_assert(nirc_equation_depends(&q, 0, B) && nirc_equation_depends(&q, 0, C) && !nirc_equation_depends(&q, 0, A));
  ck_assert(nirc_equation_depends(&q, 1, B) && !nirc_equation_depends(&q, 1, C));
  ck_assert(nirc_equation_depends(&q, 2, A) && !nirc_equation_depends(&q, 2, B));
}
END_TEST

START_TEST(each_operation_is_rounded_to_its_type)
{
  /* 2^24 + 1 is no f32: it goes to 2^24, twice. In f64 nothing is lost; f32 next to f64 is widened before. */
  expect("y = a + 1 + 1", GIVEN(.a = 0x1p24f), 0x1p24);
  expect("y = 1 + 1 + a", GIVEN(.a = 0x1p24f), 0x1p24 + 2);
  expect("y = d + 1 + 1", GIVEN(.d = 0x1p24), 0x1p24 + 2);
  expect("y = a + d + 1", GIVEN(.a = 0x1p24f, .d = 1), 0x1p24 + 2);
  expect("y = (a + 1) + d", GIVEN(.a = 0x1p24f, .d = 1), 0x1p24 + 1);
  expect("y = f64(a) + 1", GIVEN(.a = 0x1p24f), 0x1p24 + 1);
  expect("y = f32(d)", GIVEN(.d = 0x1p24 + 1), 0x1p24);
  expect("y = f32(d)", GIVEN(.d = 0x1p24 + 3), 0x1p24 + 4);
  expect("y = a*0.1", GIVEN(.a = 1), 0x1.99999ap-4);                     /* 0.1f */
  expect("y = d*0.1", GIVEN(.d = 1), 0x1.999999999999ap-4);
  expect("y = a*(16777216 + 1 - 16777216)", GIVEN(.a = 1), 1);           /* numbers among themselves are f64 */
  expect("y = a*a - b", GIVEN(.a = 1 + 0x1p-12f, .b = 1 + 0x1p-11f), 0);          /* the product loses 2^-24 (a tie, to even) */
  expect("y = f64(a)*a - b", GIVEN(.a = 1 + 0x1p-12f, .b = 1 + 0x1p-11f), 0x1p-24);
  expect("y = a*b", GIVEN(.a = 0x1p127f, .b = 2), INFINITY);
  expect("y = a*b", GIVEN(.a = 0x1p-149f, .b = 0.5f), 0);                /* half of the least: a tie, to even */
  expect("y = a*b", GIVEN(.a = 0x1p-149f, .b = 0.75f), 0x1p-149);
  expect("y = a/b", GIVEN(.a = 1, .b = 3), 0x1.555556p-2);
  expect("y = d/e", GIVEN(.d = 1, .e = 3), 0x1.5555555555555p-2);
}
END_TEST

START_TEST(zeros_keep_their_sign_and_nan_stays)
{
  expect("y = -a", GIVEN(.a = 0), -0.0);
  expect("y = 0 - a", GIVEN(.a = 0), 0);
  expect("y = a + b", GIVEN(.a = -0.0f, .b = -0.0f), -0.0);
  expect("y = a + 0", GIVEN(.a = -0.0f), 0);
  expect("y = a*b", GIVEN(.a = -1, .b = 0), -0.0);
  expect("y = 1/a", GIVEN(.a = -0.0f), -INFINITY);
  expect("y = a/b", GIVEN(.a = 0, .b = 0), NAN);
  expect("y = a - a", GIVEN(.a = INFINITY), NAN);
  expect("y = a == b", GIVEN(.a = 0, .b = -0.0f), 1);
  expect("y = a > b", GIVEN(.a = NAN, .b = 0), 0);
  expect("y = a <= b", GIVEN(.a = NAN, .b = 0), 0);
  expect("y = a == a", GIVEN(.a = NAN), 0);
  expect("y = a != a", GIVEN(.a = NAN), 1);
  expect("y = a >= b", GIVEN(.a = 2, .b = 2), 1);
  expect("y = a < b", GIVEN(.a = -INFINITY, .b = -0x1.fffffep127f), 1);
  expect("y = t ? a : b", GIVEN(.a = NAN, .b = 2, .t = false), 2);       /* a choice, not a product */
  expect("y = (1 - t)*a", GIVEN(.a = INFINITY, .t = true), NAN);
}
END_TEST

START_TEST(max_and_min_compare)
{
  /* a > b ? a : b, so b where they are equal or one is NaN. */
  expect("y = max(a, b)", GIVEN(.a = 1, .b = 2), 2);
  expect("y = max(a, b)", GIVEN(.a = 0, .b = -0.0f), -0.0);
  expect("y = max(a, b)", GIVEN(.a = -0.0f, .b = 0), 0);
  expect("y = max(a, b)", GIVEN(.a = NAN, .b = 2), 2);
  expect("y = max(a, b)", GIVEN(.a = 2, .b = NAN), NAN);
  expect("y = min(a, b)", GIVEN(.a = 1, .b = 2), 1);
  expect("y = min(a, b)", GIVEN(.a = -0.0f, .b = 0), 0);
  expect("y = min(a, b)", GIVEN(.a = NAN, .b = 2), 2);
  expect("y = min(a, b)", GIVEN(.a = 2, .b = NAN), NAN);
  expect_whole("y = max(n, m)", GIVEN(.n = INT64_MIN, .m = -1), -1);
  expect_whole("y = min(n, 5)", GIVEN(.n = 7), 5);
  expect("y = abs(a)", GIVEN(.a = -0.0f), 0);
  expect("y = abs(d)", GIVEN(.d = -INFINITY), INFINITY);
}
END_TEST

START_TEST(rounding_to_whole_numbers)
{
  static const struct { float x, trunc, floor, rint; } cases[] = {
    {0.5f, 0, 0, 0}, {1.5f, 1, 1, 2}, {2.5f, 2, 2, 2}, {-0.5f, -0.0f, -1, -0.0f}, {-1.5f, -1, -2, -2}, {-2.5f, -2, -3, -2}, {0, 0, 0, 0}, {-0.0f, -0.0f, -0.0f, -0.0f},
    {0.25f, 0, 0, 0}, {-0.25f, -0.0f, -1, -0.0f}, {7, 7, 7, 7}, {-7, -7, -7, -7}, {0x1.fffffep-1f, 0, 0, 1}, {-0x1.fffffep-1f, -0.0f, -1, -1},
    {0x1.fffffep22f, 0x1.fffffcp22f, 0x1.fffffcp22f, 0x1p23f},           /* 8388607.5: a tie, to even */
    {0x1p23f, 0x1p23f, 0x1p23f, 0x1p23f}, {0x1.fffffep127f, 0x1.fffffep127f, 0x1.fffffep127f, 0x1.fffffep127f}, {0x1p-149f, 0, 0, 0}, {-0x1p-149f, -0.0f, -1, -0.0f},
    {INFINITY, INFINITY, INFINITY, INFINITY}, {-INFINITY, -INFINITY, -INFINITY, -INFINITY}, {NAN, NAN, NAN, NAN}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    given g = GIVEN(.a = cases[i].x, .d = (double)cases[i].x);
    expect("y = trunc(a)", g, (double)cases[i].trunc);
    expect("y = floor(a)", g, (double)cases[i].floor);
    expect("y = rint(a)", g, (double)cases[i].rint);
    expect("y = trunc(d)", g, (double)cases[i].trunc);
    expect("y = floor(d)", g, (double)cases[i].floor);
    expect("y = rint(d)", g, i == 14 ? 0x1p23 : (double)cases[i].rint);
  }
  expect("y = floor(d)", GIVEN(.d = 0x1.fffffffffffffp51), 0x1.ffffffffffffep51);
  expect("y = rint(d)", GIVEN(.d = 0x1.fffffffffffffp51), 0x1p52);
  expect("y = trunc(d)", GIVEN(.d = -0x1p300), -0x1p300);
}
END_TEST

START_TEST(fma_rounds_once)
{
  /* (1 + 2^-12)^2 = 1 + 2^-11 + 2^-24 lies halfway between two f32 numbers; a term far below the last bit of the f64 sum decides. */
  float x = 1 + 0x1p-12f;
  expect("y = fma(a, b, c)", GIVEN(.a = x, .b = x, .c = 0), 1 + 0x1p-11);
  expect("y = fma(a, b, c)", GIVEN(.a = x, .b = x, .c = 0x1p-60f), 1 + 0x1p-11 + 0x1p-23);
  expect("y = fma(a, b, c)", GIVEN(.a = x, .b = x, .c = -0x1p-60f), 1 + 0x1p-11);
  expect("y = fma(a, b, c)", GIVEN(.a = -x, .b = x, .c = -0x1p-149f), -(1 + 0x1p-11 + 0x1p-23));
  expect("y = fma(a, b, c)", GIVEN(.a = -x, .b = x, .c = 0x1p-149f), -(1 + 0x1p-11));
  expect("y = fma(a, b, c)", GIVEN(.a = 0x1p-40f, .b = 0x1p-40f, .c = 1), 1);
  expect("y = a*b + c", GIVEN(.a = x, .b = x, .c = -(1 + 0x1p-11f)), 0);
  expect("y = fma(a, b, c)", GIVEN(.a = x, .b = x, .c = -(1 + 0x1p-11f)), 0x1p-24);
  expect("y = fma(a, b, c)", GIVEN(.a = 0x1p100f, .b = 0x1p100f, .c = -INFINITY), -INFINITY);      /* no f32 holds the product; the sum is -inf, not NaN */
  expect("y = fma(a, b, c)", GIVEN(.a = 0x1p127f, .b = 2, .c = -0x1p127f), 0x1p127);
  expect("y = fma(a, b, c)", GIVEN(.a = INFINITY, .b = 0, .c = 1), NAN);
  expect("y = fma(a, b, c)", GIVEN(.a = 1, .b = 0, .c = -0.0f), 0);
  expect("y = fma(a, b, c)", GIVEN(.a = -1, .b = 0, .c = -0.0f), -0.0);
  expect("y = fma(a, b, c)", GIVEN(.a = 0x1p-149f, .b = 0.5f, .c = 0x1p-149f), 0x1p-148);          /* 1.5 of the least: a tie, to even */
  expect("y = fma(d, d, e)", GIVEN(.d = 1 + 0x1p-27, .e = -(1 + 0x1p-26)), 0x1p-54);
}
END_TEST

START_TEST(whole_numbers_saturate_wrap_and_divide)
{
  expect_whole("y = i64(a)", GIVEN(.a = 2.75f), 2);
  expect_whole("y = i64(a)", GIVEN(.a = -2.75f), -2);
  expect_whole("y = i64(a)", GIVEN(.a = NAN), 0);
  expect_whole("y = i64(a)", GIVEN(.a = INFINITY), INT64_MAX);
  expect_whole("y = i64(a)", GIVEN(.a = -INFINITY), INT64_MIN);
  expect_whole("y = i64(d)", GIVEN(.d = 0x1p63), INT64_MAX);
  expect_whole("y = i64(d)", GIVEN(.d = -0x1p63), INT64_MIN);
  expect_whole("y = i64(d)", GIVEN(.d = 0x1.fffffffffffffp62), INT64_MAX - 1023);
  expect_whole("y = i64(t)", GIVEN(.t = true), 1);
  expect_whole("y = n + 1", GIVEN(.n = INT64_MAX), INT64_MIN);
  expect_whole("y = n - 1", GIVEN(.n = INT64_MIN), INT64_MAX);
  expect_whole("y = -n", GIVEN(.n = INT64_MIN), INT64_MIN);
  expect_whole("y = abs(n)", GIVEN(.n = INT64_MIN), INT64_MIN);
  expect_whole("y = abs(n)", GIVEN(.n = -5), 5);
  expect_whole("y = n*m", GIVEN(.n = INT64_C(1) << 62, .m = 6), INT64_MIN);      /* 6 * 2^62 = 2^64 + 2^63 */
  expect_whole("y = n/4096", GIVEN(.n = 4095), 0);
  expect_whole("y = n/4096", GIVEN(.n = -4095), 0);
  expect_whole("y = n/4096", GIVEN(.n = -4097), -1);
  expect_whole("y = n/3", GIVEN(.n = INT64_MIN), -INT64_C(3074457345618258602));
  expect_whole("y = n/m", GIVEN(.n = -7, .m = 2), -3);
  expect_whole("y = n/m", GIVEN(.n = 7, .m = 0), 0);
  expect_whole("y = n/m", GIVEN(.n = 7, .m = -2), 0);                     /* a divisor that is not positive gives 0 */
  expect_whole("y = n >> 1", GIVEN(.n = -3), -2);
  expect_whole("y = n >> m", GIVEN(.n = -1, .m = 63), -1);
  expect_whole("y = n >> m", GIVEN(.n = INT64_MAX, .m = 64), 0);          /* as by 63 */
  expect_whole("y = n >> m", GIVEN(.n = INT64_MIN, .m = -1), -1);
  expect_whole("y = n >> 1 + 1", GIVEN(.n = 16), 4);                      /* sums first */
  expect_whole("y = i16(n)", GIVEN(.n = 40000), 32767);
  expect_whole("y = i16(n)", GIVEN(.n = INT64_MIN), -32768);
  expect_whole("y = i16(n) + i16(n)", GIVEN(.n = 32767), 65534);          /* i64 where it is read */
  expect_whole("y = wrap16(n)", GIVEN(.n = 32768), -32768);
  expect_whole("y = wrap16(n)", GIVEN(.n = -32769), 32767);
  expect_whole("y = wrap16(-i16(n))", GIVEN(.n = -32768), -32768);
  expect("y = n >> 2 > m ? 1 : 0", GIVEN(.n = 20, .m = 4), 1);
  expect("y = n >= m", GIVEN(.n = INT64_MAX, .m = INT64_MAX - 1), 1);     /* equal as f64 */
  expect("y = n == m", GIVEN(.n = INT64_MAX, .m = INT64_MAX - 1), 0);
  expect("y = f32(n)", GIVEN(.n = (INT64_C(1) << 24) + 1), 0x1p24);
  expect("y = f32(n)", GIVEN(.n = (INT64_C(1) << 54) + (INT64_C(1) << 30) + 1), 0x1p54 + 0x1p31);  /* above the tie by 1, which f64 cannot hold */
  expect("y = f64(n)", GIVEN(.n = (INT64_C(1) << 53) + 1), 0x1p53);
  expect_whole("y = t ? n : m", GIVEN(.n = 3, .m = 4, .t = true), 3);
}
END_TEST

START_TEST(coefficients_know_exponentials_and_nearness)
{
  expect("y = exp(d)", GIVEN(.d = 0), 1);
  expect("y = exp(a)", GIVEN(.a = 1), 0x1.5bf0a8p+1);                     /* e = 2.718281828..., to f32 */
  expect("y = exp(d)", GIVEN(.d = -INFINITY), 0);
  expect("y = expm1(d)", GIVEN(.d = 0x1p-60), 0x1p-60);
  expect("y = log(d)", GIVEN(.d = 1), 0);
  expect("y = log(a)", GIVEN(.a = 0), -INFINITY);
  expect("y = near(d, e)", GIVEN(.d = 1, .e = 1.000009), 1);              /* within 1e-5 of the larger */
  expect("y = near(d, e)", GIVEN(.d = 1, .e = 1.000011), 0);
  expect("y = near(d, e)", GIVEN(.d = -1, .e = 1), 0);
  expect("y = near(d, 0)", GIVEN(.d = 0), 1);
  expect("y = near(d, 0)", GIVEN(.d = 1e-300), 0);
}
END_TEST

/* ---- layers ------------------------------------------------------------------------------------------------------------------ */

static void expect_layer(const char *text, const double *a, size_t n, const double *want)
{
  nirc_equation q = parsed_as(text, NIRC_F32);
  nirc_eq_value d[8], e = {.f = 10}, all[MOST];
  const nirc_eq_value *in[N_NAMES] = {[D] = d, [E] = &e};
  bool single[N_NAMES] = {[E] = true};
  ck_assert_uint_le(n * q.n_nodes, MOST);
  for (size_t i = 0; i < n; i++)
    d[i].f = a[i];
  nirc_equation_eval_layer(&q, in, single, n, all);
  for (size_t i = 0; i < n; i++)
    ck_assert_msg(all[q.results[0] * n + i].f == want[i], "%s, element %zu: %g, %g is wanted", text, i, all[q.results[0] * n + i].f, want[i]);
}

#define DOUBLES(...) ((const double[]){__VA_ARGS__})

START_TEST(reductions_go_over_the_layer)
{
  const double *d = DOUBLES(3, -1, 4);
  expect_layer("y = first(d)", d, 3, DOUBLES(3, 3, 3));
  expect_layer("y = least(d)", d, 3, DOUBLES(-1, -1, -1));
  expect_layer("y = most(d)", d, 3, DOUBLES(4, 4, 4));
  expect_layer("y = mean(d)", d, 3, DOUBLES(2, 2, 2));
  expect_layer("y = d - mean(d)", d, 3, DOUBLES(1, -3, 2));
  expect_layer("y = least(d*d) + e", d, 3, DOUBLES(11, 11, 11));
  expect_layer("y = d/most(abs(d))", d, 3, DOUBLES(0.75, -0.25, 1));
  expect_layer("y = mean(f32(d))", DOUBLES(0x1p24, 0x1p24 + 2, 0x1p24), 3, DOUBLES(0x1p24, 0x1p24, 0x1p24));      /* 2^24 + 2/3, to f32 */
  expect_layer("y = alike(d) ? 1 : 0", d, 3, DOUBLES(0, 0, 0));
  expect_layer("y = alike(d) ? 1 : 0", DOUBLES(1, 1.0000009, 1), 3, DOUBLES(1, 1, 1));                              /* within 1e-6 */
  expect_layer("y = alike(d) ? 1 : 0", DOUBLES(1, 1.0000011, 1), 3, DOUBLES(0, 0, 0));
  expect_layer("y = alike(d) ? 1 : 0", DOUBLES(0, 0, 0), 3, DOUBLES(1, 1, 1));
  expect_layer("y = alike(e) ? d : 0", d, 3, d);
  expect_layer("y = least(d)", DOUBLES(7), 1, DOUBLES(7));
}
END_TEST

int main(void)
{
  Suite *s = suite_create("equation");
  TCase *t = tcase_create("equation");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, operands_meet_in_one_type);
  tcase_add_test(t, faults_say_what_is_wanted);
  tcase_add_test(t, long_and_deep_text_has_limits);
  tcase_add_test(t, operators_bind_as_in_c);
  tcase_add_test(t, statements_run_in_order);
  tcase_add_test(t, only_what_the_results_need_is_kept);
  tcase_add_test(t, each_operation_is_rounded_to_its_type);
  tcase_add_test(t, zeros_keep_their_sign_and_nan_stays);
  tcase_add_test(t, max_and_min_compare);
  tcase_add_test(t, rounding_to_whole_numbers);
  tcase_add_test(t, fma_rounds_once);
  tcase_add_test(t, whole_numbers_saturate_wrap_and_divide);
  tcase_add_test(t, coefficients_know_exponentials_and_nearness);
  tcase_add_test(t, reductions_go_over_the_layer);
  suite_add_tcase(s, t);
  return run_suite(s);
}
