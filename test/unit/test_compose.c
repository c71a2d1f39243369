/* test/unit/test_compose.c: matrices and convolutions of linear nodes against the sums that define them, on whole numbers, which every order adds up to the same. */
#include <stdio.h>
#include <stdlib.h>

#include "passes/compose.h"
#include "test/unit/run_suite.h"

static uint32_t next(uint32_t *seed)
{
  *seed = *seed * 1664525u + 1013904223u;
  return *seed >> 16;
}

/* From 0 to 8, about half of them 0. */
static void fill(double *v, size_t n, uint32_t *seed)
{
  for (size_t i = 0; i < n; i++)
    v[i] = next(seed) % 2 ? next(seed) % 9 : 0;
}

/* To maps of as many positions as fit. */
static nirc_conv make_conv(nirc_arena *a, const uint64_t in[3], uint64_t channels, uint64_t kernel, uint64_t stride, uint64_t padding, uint64_t dilation, uint64_t groups,
                           uint32_t *seed)
{
  nirc_conv c = {.in = {in[0], in[1], in[2]}, .out = {channels}, .kernel = {kernel, kernel + 1}, .stride = {stride, 1}, .padding = {padding, padding},
                 .dilation = {dilation, 1}, .groups = groups, .symmetric = true};
  for (int k = 0; k < 2; k++)
    c.out[1 + k] = (in[1 + k] + 2 * padding - c.dilation[k] * (c.kernel[k] - 1) - 1) / c.stride[k] + 1;
  c.value = NIRC_NEW_ARRAY(a, double, nirc_conv_count(&c));
  fill(c.value, nirc_conv_count(&c), seed);
  return c;
}

static size_t size(const uint64_t map[3]) { return (size_t)(map[0] * map[1] * map[2]); }

/* As PyTorch defines it, one output at a time. */
static double *convolve(nirc_arena *a, const nirc_conv *c, const double *in)
{
  double *out = NIRC_NEW_ARRAY(a, double, size(c->out)), *to = out;
  for (uint64_t o = 0; o < c->out[0]; o++)
    for (uint64_t y = 0; y < c->out[1]; y++)
      for (uint64_t x = 0; x < c->out[2]; x++, to++)
        for (uint64_t i = 0; i < c->in[0]; i++)
          for (uint64_t v = 0; v < c->kernel[0]; v++)
            for (uint64_t h = 0; h < c->kernel[1]; h++) {
              int64_t row = (int64_t)(y * c->stride[0] + v * c->dilation[0]) - (int64_t)c->padding[0],
                      column = (int64_t)(x * c->stride[1] + h * c->dilation[1]) - (int64_t)c->padding[1];
              uint64_t each = c->in[0] / c->groups;
              if (i / each != o / (c->out[0] / c->groups) || row < 0 || column < 0 || row >= (int64_t)c->in[1] || column >= (int64_t)c->in[2])
                continue;
              *to += c->value[((o * each + i % each) * c->kernel[0] + v) * c->kernel[1] + h] * in[(i * c->in[1] + (uint64_t)row) * c->in[2] + (uint64_t)column];
            }
  return out;
}

/* A matrix times numbers; its rows ascend, and nothing in it is 0. */
static double *times(nirc_arena *a, const nirc_matrix *m, const double *in)
{
  double *out = NIRC_NEW_ARRAY(a, double, m->rows);
  ck_assert_uint_eq(m->first[0], 0);
  for (size_t i = 0; i < m->rows; i++)
    for (size_t e = m->first[i]; e < m->first[i + 1]; e++) {
      ck_assert(m->value[e] != 0 && m->column[e] < m->columns);
      ck_assert(e == m->first[i] || m->column[e] > m->column[e - 1]);
      out[i] += m->value[e] * in[m->column[e]];
    }
  return out;
}

static void same(const double *got, const double *want, size_t n)
{
  for (size_t i = 0; i < n; i++)
    ck_assert_msg(got[i] == want[i], "element %zu is %g, %g is wanted", i, got[i], want[i]);
}

static nirc_matrix identity(size_t n) { return (nirc_matrix){.rows = n, .columns = n}; }

static nirc_matrix expand(nirc_arena *a, const nirc_conv *c)
{
  nirc_linear l = nirc_linear_of_conv(a, c);
  nirc_matrix m, before = identity(l.columns);
  ck_assert(nirc_linear_times(a, &l, &before, SIZE_MAX, &m));
  return m;
}

START_TEST(convolutions_are_the_sums_that_define_them)
{
  uint32_t seed = 1;
  for (int t = 0; t < 60; t++) {
    nirc_arena *a = nirc_arena_new(nirc_heap_default());
    uint64_t groups = 1 + next(&seed) % 2, in[3] = {2 * groups, 5 + next(&seed) % 5, 6 + next(&seed) % 4};
    nirc_conv c = make_conv(a, in, 2 * groups, 1 + next(&seed) % 3, 1 + next(&seed) % 2, next(&seed) % 3, 1 + next(&seed) % 2, groups, &seed);
    double *x = NIRC_NEW_ARRAY(a, double, size(in)), *y = NIRC_NEW_ARRAY(a, double, size(c.out));
    fill(x, size(in), &seed);
    nirc_matrix m = expand(a, &c);
    nirc_linear l = nirc_linear_of_conv(a, &c);
    nirc_linear_apply(&l, x, y);
    same(times(a, &m, x), convolve(a, &c, x), size(c.out));
    same(y, convolve(a, &c, x), size(c.out));
    nirc_arena_free(a);
  }
}
END_TEST

/* The second with padding: as matrices only; without: also as one convolution. */
START_TEST(two_in_a_row_are_one_after_the_other)
{
  uint32_t seed = 2;
  for (int t = 0; t < 60; t++) {
    nirc_arena *a = nirc_arena_new(nirc_heap_default());
    uint64_t in[3] = {4, 12 + next(&seed) % 4, 12 + next(&seed) % 4};
    bool by_channel = next(&seed) % 3 == 0, padded = next(&seed) % 2;
    nirc_conv f = make_conv(a, in, 4, 1 + next(&seed) % 3, 1 + next(&seed) % 2, next(&seed) % 3, 1, by_channel ? 4 : 1 + next(&seed) % 2, &seed);
    nirc_conv s = make_conv(a, f.out, 4, 1 + next(&seed) % 2, 1 + next(&seed) % 2, padded, 1 + next(&seed) % 2, by_channel ? 4 : 2, &seed);
    double *x = NIRC_NEW_ARRAY(a, double, size(in)), *want;
    fill(x, size(in), &seed);
    want = convolve(a, &s, convolve(a, &f, x));
    nirc_matrix first = expand(a, &f), m;
    nirc_linear l = nirc_linear_of_conv(a, &s);
    ck_assert(nirc_linear_times(a, &l, &first, SIZE_MAX, &m));
    same(times(a, &m, x), want, size(s.out));
    if (!padded) {
      nirc_conv both;
      ck_assert(nirc_conv_compose(a, &f, &s, SIZE_MAX, &both));
      same(convolve(a, &both, x), want, size(s.out));
      size_t n = nirc_conv_count(&both);
      ck_assert(nirc_conv_compose(a, &f, &s, n, &both) && !nirc_conv_compose(a, &f, &s, n - 1, &both));
    }
    nirc_arena_free(a);
  }
}
END_TEST

/* Kernels of 2^32 by 2^32 entries, and of a stride of 2^33: what wraps is more than any limit. */
START_TEST(no_kernel_is_larger_than_its_numbers)
{
  nirc_arena *a = nirc_arena_new(nirc_heap_default());
  double ones[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
  nirc_conv f = {.in = {1, 2, 2}, .out = {1, 2, 2}, .kernel = {3, 3}, .stride = {INT32_MAX, INT32_MAX}, .padding = {INT32_MAX, INT32_MAX},
                 .dilation = {1 << 30, 1 << 30}, .groups = 1, .symmetric = true, .value = ones};
  nirc_conv s = {.in = {1, 2, 2}, .out = {1, 1, 1}, .kernel = {2, 2}, .stride = {1, 1}, .dilation = {1, 1}, .groups = 1, .symmetric = true, .value = ones}, both;
  ck_assert(!nirc_conv_compose(a, &f, &s, SIZE_MAX, &both));
  nirc_conv g = {.in = {1, 1, 1}, .out = {1, 1, 1}, .kernel = {1, 1}, .stride = {1 << 22, 1 << 22}, .dilation = {1, 1}, .groups = 1, .symmetric = true, .value = ones};
  nirc_conv h = g;
  h.stride[0] = h.stride[1] = 1 << 11;
  ck_assert(!nirc_conv_compose(a, &g, &h, SIZE_MAX, &both));
  nirc_arena_free(a);
}
END_TEST

/* Columns beyond 64^3, so that each level of the set is used; what adds up to 0 is no entry; a limit is kept. */
START_TEST(sums_leave_out_what_comes_to_0)
{
  enum { COLUMNS = 64 * 64 * 64 + 5 };
  nirc_arena *a = nirc_arena_new(nirc_heap_default());
  uint32_t left[] = {3, 64, 70000, COLUMNS - 1}, right[] = {0, 64, 4096, 70000, 262143};
  nirc_matrix x = {1, COLUMNS, (size_t[]){0, 4}, left, (double[]){1, 2, -5, 4}}, y = {1, COLUMNS, (size_t[]){0, 5}, right, (double[]){7, 0.5, 1, 5, 9}}, m;
  const uint32_t columns[] = {0, 3, 64, 4096, 262143, COLUMNS - 1};
  const double values[] = {7, 1, 2.5, 1, 9, 4};
  ck_assert(!nirc_matrix_add(a, &x, &y, 5, &m));
  ck_assert(nirc_matrix_add(a, &x, &y, 6, &m));
  ck_assert_uint_eq(m.first[1], 6);
  for (int e = 0; e < 6; e++)
    ck_assert(m.column[e] == columns[e] && m.value[e] == values[e]);
  nirc_arena_free(a);
}
END_TEST

START_TEST(an_identity_has_no_lists)
{
  nirc_arena *a = nirc_arena_new(nirc_heap_default());
  nirc_matrix one = identity(3), diagonal = nirc_matrix_diagonal(a, 3, (const double[]){2, 0, -1}), m;
  ck_assert(nirc_matrix_add(a, &one, &diagonal, SIZE_MAX, &m));
  same(times(a, &m, (const double[]){10, 20, 30}), (const double[]){30, 20, 0}, 3);
  ck_assert_uint_eq(m.first[3], 2);
  nirc_arena_free(a);
}
END_TEST

int main(void)
{
  TCase *c = tcase_create("compose");
  tcase_add_test(c, convolutions_are_the_sums_that_define_them);
  tcase_add_test(c, two_in_a_row_are_one_after_the_other);
  tcase_add_test(c, no_kernel_is_larger_than_its_numbers);
  tcase_add_test(c, sums_leave_out_what_comes_to_0);
  tcase_add_test(c, an_identity_has_no_lists);
  Suite *s = suite_create("compose");
  suite_add_tcase(s, c);
  return run_suite(s);
}
