/* test/unit/test_base.c: ir/base. Memory, text and numbers. */
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "ir/base/arena.h"
#include "ir/base/dtype.h"
#include "ir/base/heap.h"
#include "ir/base/strbuf.h"
#include "test/unit/run_suite.h"

/* ---- heap, arena, strbuf ------------------------------------------------------------------------------------------------ */

/* A heap whose allocation number `good` + 1 fails; counts what is not yet freed. */
typedef struct failing_heap {
  nirc_heap heap;
  size_t good, live, wanted;
  jmp_buf out;
} failing_heap;

static void *failing_alloc(void *user, size_t size)
{
  failing_heap *f = user;
  if (f->good == 0)
    return NULL;
  f->good--;
  void *p = size > ((size_t)1 << 40) ? NULL : malloc(size);
  f->live += p != NULL;
  return p;
}

static void failing_free(void *user, void *p)
{
  failing_heap *f = user;
  f->live -= p != NULL;
  free(p);
}

static void failing_exhausted(void *user, size_t size)
{
  failing_heap *f = user;
  f->wanted = size;
  longjmp(f->out, 1);
}

static void failing_init(failing_heap *f, size_t good)
{
  *f = (failing_heap){.good = good};
  f->heap = (nirc_heap){.alloc = failing_alloc, .free = failing_free, .exhausted = failing_exhausted, .user = f};
}

START_TEST(sizes_are_checked)
{
  size_t r = 7;
  ck_assert(nirc_mul_size(&r, 3, 5) && r == 15);
  ck_assert(!nirc_mul_size(&r, SIZE_MAX, 2) && r == 15);
  ck_assert(nirc_mul_size(&r, SIZE_MAX, 0) && r == 0);
  ck_assert(nirc_add_size(&r, SIZE_MAX, 0) && r == SIZE_MAX);
  r = 7;
  ck_assert(!nirc_add_size(&r, SIZE_MAX, 1) && r == 7);
}
END_TEST

START_TEST(heap_gives_something_for_nothing)
{
  void *p = nirc_heap_alloc(nirc_heap_default(), 0);
  ck_assert_ptr_nonnull(p);
  nirc_heap_free(nirc_heap_default(), p);
  nirc_heap_free(nirc_heap_default(), NULL);
}
END_TEST

START_TEST(arena_aligns_and_zeroes)
{
  nirc_arena *a = nirc_arena_new(nirc_heap_default());
  for (size_t i = 0; i < 2000; i++) {
    size_t align = (size_t)1 << (i % 7), size = i % 131;
    unsigned char *p = nirc_arena_alloc(a, size, align);
    ck_assert_uint_eq((uintptr_t)p % align, 0);
    for (size_t k = 0; k < size; k++)
      ck_assert_uint_eq(p[k], 0);
    memset(p, 0xa5, size);
  }
  unsigned char *big = nirc_arena_alloc(a, 1 << 20, 64);
  memset(big, 1, 1 << 20);
  ck_assert_str_eq(nirc_arena_printf(a, "%s/%d", "x", 12), "x/12");
  ck_assert_str_eq(nirc_arena_strndup(a, "abcdef", 3), "abc");
  ck_assert_str_eq(nirc_arena_strdup(a, ""), "");
  nirc_arena_free(a);
  nirc_arena_free(NULL);
}
END_TEST

/* Everything that an arena holds goes back, wherever the memory ran out. */
START_TEST(arena_without_memory)
{
  failing_heap f;
  failing_init(&f, (size_t)_i);
  nirc_arena *volatile a = NULL;
  volatile bool done = false;
  if (!setjmp(f.out)) {
    a = nirc_arena_new(&f.heap);
    for (int k = 0; k < 40; k++)
      nirc_arena_alloc(a, 20000, 8);                 /* a block holds one of these */
    done = true;
  }
  ck_assert_int_eq(done, _i >= 41);
  nirc_arena_free(a);
  ck_assert_uint_eq(f.live, 0);
}
END_TEST

START_TEST(arena_reports_sizes_that_overflow)
{
  failing_heap f;
  failing_init(&f, 100);
  nirc_arena *volatile a = nirc_arena_new(&f.heap);
  volatile int reported = 0;
  if (!setjmp(f.out))
    nirc_arena_alloc_array(a, SIZE_MAX / 2, 3, 1);
  else
    reported++;
  if (!setjmp(f.out))
    nirc_arena_alloc(a, SIZE_MAX - 3, 64);
  else
    reported++;
  ck_assert_int_eq(reported, 2);
  nirc_arena_free(a);
  ck_assert_uint_eq(f.live, 0);
}
END_TEST

START_TEST(strbuf_grows)
{
  nirc_strbuf b;
  nirc_strbuf_init(&b, nirc_heap_default());
  ck_assert_str_eq(b.data, "");
  for (int i = 0; i < 1000; i++)
    nirc_strbuf_addf(&b, "%04d", i);
  ck_assert_uint_eq(b.size, 4000);
  ck_assert_int_eq(memcmp(b.data + 3996, "0999", 5), 0);
  nirc_strbuf_add_bytes(&b, "a\0b", 3);
  nirc_strbuf_add_bytes(&b, NULL, 0);
  nirc_strbuf_add(&b, "");
  ck_assert_uint_eq(b.size, 4003);
  ck_assert_int_eq(memcmp(b.data + 4000, "a\0b", 4), 0);
  nirc_strbuf_deinit(&b);
}
END_TEST

/* ---- dtype ---------------------------------------------------------------------------------------------------------------- */

START_TEST(dtype_table)
{
  static const struct { nirc_dtype t; const char *name; size_t size; } want[] = {
    {NIRC_BOOL, "i1", 1}, {NIRC_I8, "i8", 1}, {NIRC_I16, "i16", 2}, {NIRC_I32, "i32", 4}, {NIRC_I64, "i64", 8}, {NIRC_U8, "u8", 1},
    {NIRC_U16, "u16", 2}, {NIRC_U32, "u32", 4}, {NIRC_U64, "u64", 8}, {NIRC_F16, "f16", 2}, {NIRC_F32, "f32", 4}, {NIRC_F64, "f64", 8},
  };
  ck_assert_uint_eq(sizeof want / sizeof *want, NIRC_N_DTYPES);
  for (size_t i = 0; i < NIRC_N_DTYPES; i++) {
    ck_assert_str_eq(nirc_dtype_name(want[i].t), want[i].name);
    ck_assert_uint_eq(nirc_dtype_size(want[i].t), want[i].size);
    ck_assert_int_eq(nirc_dtype_is_float(want[i].t), want[i].name[0] == 'f');
  }
}
END_TEST

START_TEST(dtype_reads_elements)
{
  const int8_t i8[] = {0, -128};
  const uint64_t u64[] = {UINT64_MAX};
  const float f32[] = {0, 0.5f};
  ck_assert(nirc_dtype_get(NIRC_I8, i8, 1) == -128);
  ck_assert(nirc_dtype_get(NIRC_U8, i8, 1) == 128);
  ck_assert(nirc_dtype_get(NIRC_U64, u64, 0) == 0x1p64);
  ck_assert(nirc_dtype_get(NIRC_I64, u64, 0) == -1);
  ck_assert(nirc_dtype_get(NIRC_F32, f32, 1) == 0.5);
}
END_TEST

START_TEST(dtype_reads_halves)
{
  const uint16_t h[] = {0x3c00, 0x0001, 0x7bff, 0xfc00, 0x7e00, 0x8000, 0x03ff, 0x0400};
  const double want[] = {1, 0x1p-24, 65504, -INFINITY, NAN, -0.0, 1023 * 0x1p-24, 0x1p-14};
  for (size_t i = 0; i < sizeof h / sizeof *h; i++) {
    double got = nirc_dtype_get(NIRC_F16, h, i);
    ck_assert(isnan(want[i]) ? isnan(got) : got == want[i] && signbit(got) == signbit(want[i]));
  }
}
END_TEST

START_TEST(dtype_integers_fit_or_not)
{
  const uint64_t u64[] = {(uint64_t)INT64_MAX, (uint64_t)INT64_MAX + 1};
  const int64_t i64[] = {INT64_MIN};
  const double f64[] = {-3, 2.5, NAN, 1e300, INFINITY};
  int64_t x = 7;
  ck_assert(nirc_dtype_get_int(NIRC_U64, u64, 0, &x) && x == INT64_MAX);
  ck_assert(!nirc_dtype_get_int(NIRC_U64, u64, 1, &x) && x == INT64_MAX);
  ck_assert(nirc_dtype_get_int(NIRC_I64, i64, 0, &x) && x == INT64_MIN);
  ck_assert(nirc_dtype_get_int(NIRC_F64, f64, 0, &x) && x == -3);
  for (size_t i = 1; i < 5; i++)
    ck_assert(!nirc_dtype_get_int(NIRC_F64, f64, i, &x) && x == -3);
}
END_TEST

START_TEST(float_text)
{
  static const struct { nirc_dtype t; double x; const char *text; } want[] = {
    {NIRC_F32, (double)0.1f, "0.1"}, {NIRC_F64, (double)0.1f, "0.10000000149011612"}, {NIRC_F64, 0.1, "0.1"}, {NIRC_F32, 1, "1.0"},
    {NIRC_F64, -0.0, "-0.0"}, {NIRC_F32, 1e30, "1e+30"}, {NIRC_F32, 0x1p-149, "1e-45"}, {NIRC_F64, 0x1p-1074, "5e-324"},
    {NIRC_F64, 12345678, "12345678.0"}, {NIRC_F32, INFINITY, "0x7f800000"}, {NIRC_F64, -INFINITY, "0xfff0000000000000"},
    {NIRC_F32, NAN, "0x7fc00000"}, {NIRC_F64, NAN, "0x7ff8000000000000"},
  };
  char text[32];
  for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
    nirc_float_text(text, want[i].t, want[i].t == NIRC_F32 ? (double)(float)want[i].x : want[i].x);
    ck_assert_str_eq(text, want[i].text);
  }
}
END_TEST

START_TEST(float_text_reads_back)
{
  uint64_t bits = 1;
  char text[32];
  for (int i = 0; i < 20000; i++) {
    bits = bits * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    double x;
    memcpy(&x, &bits, sizeof x);
    uint32_t high = (uint32_t)(bits >> 32);
    float f;
    memcpy(&f, &high, sizeof f);
    if (isfinite(x)) {
      nirc_float_text(text, NIRC_F64, x);
      ck_assert(strtod(text, NULL) == x);
    }
    if (isfinite(f)) {
      nirc_float_text(text, NIRC_F32, (double)f);
      ck_assert(strtof(text, NULL) == f);
    }
  }
}
END_TEST

int main(void)
{
  Suite *s = suite_create("base");
  TCase *memory = tcase_create("memory"), *dtype = tcase_create("dtype"), *all[] = {memory, dtype};
  tcase_add_test(memory, sizes_are_checked);
  tcase_add_test(memory, heap_gives_something_for_nothing);
  tcase_add_test(memory, arena_aligns_and_zeroes);
  tcase_add_loop_test(memory, arena_without_memory, 0, 45);
  tcase_add_test(memory, arena_reports_sizes_that_overflow);
  tcase_add_test(memory, strbuf_grows);
  tcase_add_test(dtype, dtype_table);
  tcase_add_test(dtype, dtype_reads_elements);
  tcase_add_test(dtype, dtype_reads_halves);
  tcase_add_test(dtype, dtype_integers_fit_or_not);
  tcase_add_test(dtype, float_text);
  tcase_add_test(dtype, float_text_reads_back);
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    tcase_set_timeout(all[i], 60);                   /* valgrind is slow */
    suite_add_tcase(s, all[i]);
  }
  return run_suite(s);
}
