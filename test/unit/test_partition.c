/* test/unit/test_partition.c: the partitioner against cuts worked out by hand and against all partitions of small problems; limits; and, with --measure, how its
 * time grows.
 *
 *   test_partition --measure UNITS...    a chain of maps in blocks, parts of 120: units, nets, parts, cut in order, cut found, seconds */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "passes/partition_nets.h"
#include "test/unit/run_suite.h"

/* ---- problems ------------------------------------------------------------------------------------------------------------------------ */

enum { MOST = 4096 };

typedef struct problem {
  nirc_arena *a;
  nirc_partition_nets nets;
  nirc_partition_problem p;
  uint64_t limits[NIRC_PARTITION_MOST_RESOURCES + 1];              /* of each resource; their number first */
} problem;

static bool within(const uint64_t *total, const void *user)
{
  const uint64_t *limits = user;
  for (size_t r = 0; r < limits[0]; r++)
    if (total[r] > limits[1 + r])
      return false;
  return true;
}

/* Units that take 1 each of the only resource. */
static problem begin(void)
{
  problem x = {.a = nirc_arena_new(nirc_heap_default())};
  nirc_partition_nets_init(&x.nets, x.a, MOST);
  return x;
}

static void net(problem *x, uint32_t source, double events, size_t n, const uint32_t *units)
{
  for (size_t i = 0; i < n; i++)
    nirc_partition_nets_reach(&x->nets, units[i]);
  nirc_partition_nets_add(&x->nets, source, events);
}
#define NET(x, source, events, ...) net(x, source, events, sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t), (uint32_t[]){__VA_ARGS__})

static void end(problem *x, size_t n_units, uint64_t limit)
{
  uint32_t *one = NIRC_NEW_ARRAY(x->a, uint32_t, n_units);
  for (size_t u = 0; u < n_units; u++)
    one[u] = 1;
  x->p = nirc_partition_nets_problem(&x->nets, n_units);
  x->p.n_resources = 1;
  x->p.amount = one;
  x->p.fits = within;
  x->p.user = x->limits;
  x->limits[0] = 1;
  x->limits[1] = limit;
}

static uint32_t random_below(uint64_t *state, uint32_t n)
{
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)((*state >> 33) % n);
}

/* Every part within the limits, reckoned here from the problem alone. */
static void expect_within_limits(const nirc_partition_problem *p, const nirc_partition *x)
{
  for (size_t t = 0; t < x->n_parts; t++) {
    uint64_t total[NIRC_PARTITION_MOST_RESOURCES] = {0};
    bool *has = calloc(p->n_families + 1, sizeof *has);
    size_t units = 0;
    for (size_t u = 0; u < p->n_units; u++) {
      if (x->part[u] != t)
        continue;
      units++;
      for (size_t r = 0; r < p->n_resources; r++)
        total[r] += p->amount[u * p->n_resources + r];
      if (p->family && p->family[u] != NIRC_PARTITION_NONE && !has[p->family[u]]) {
        has[p->family[u]] = true;
        for (size_t r = 0; r < p->n_resources; r++)
          total[r] += p->shared[p->family[u] * p->n_resources + r];
      }
    }
    ck_assert_uint_gt(units, 0);
    ck_assert(p->fits(total, p->user));
    free(has);
  }
  for (size_t u = 0; u < p->n_units; u++)
    ck_assert_uint_lt(x->part[u], x->n_parts);
}

static nirc_partition min_cut(const problem *x)
{
  nirc_partition found;
  ck_assert(nirc_partition_min_cut(&x->p, x->a, &found));
  expect_within_limits(&x->p, &found);
  ck_assert(!x->p.most_parts || found.n_parts <= x->p.most_parts);
  return found;
}

/* ---- by hand -------------------------------------------------------------------------------------------------------------------------- */

START_TEST(a_spike_counts_once_for_each_other_part)
{
  problem x = begin();
  NET(&x, 0, 2, 0, 1, 2, 3);                         /* parts 0 0 1 2: to two others */
  NET(&x, NIRC_PARTITION_NONE, 5, 1, 2);              /* from outside: two */
  NET(&x, 3, 7, 3);                                   /* stays */
  NET(&x, 3, 1, 0, 1);                                /* one */
  end(&x, 4, 4);
  nirc_partition of = {3, (uint32_t[]){0, 0, 1, 2}};
  ck_assert_double_eq(nirc_partition_cut(&x.p, x.a, &of), 2 * 2 + 5 * 2 + 0 + 1);
  nirc_partition_problem parts = nirc_partition_contract(&x.p, x.a, &of);
  ck_assert_uint_eq(parts.n_units, 3);
  ck_assert_double_eq(nirc_partition_cut(&parts, x.a, &(nirc_partition){3, (uint32_t[]){0, 1, 2}}), 15);
  ck_assert_double_eq(nirc_partition_cut(&parts, x.a, &(nirc_partition){2, (uint32_t[]){0, 0, 1}}), 2 + 5 + 0 + 1);
  ck_assert_double_eq(nirc_partition_cut(&parts, x.a, &(nirc_partition){1, (uint32_t[]){0, 0, 0}}), 5);
  nirc_arena_free(x.a);
}
END_TEST

/* Even and odd units know each other and hardly the others: in order, each part has both. */
START_TEST(groups_that_talk_come_together)
{
  problem x = begin();
  for (uint32_t u = 0; u < 8; u++)
    NET(&x, u, 1, (u + 2) % 8, (u + 4) % 8, (u + 6) % 8);
  NET(&x, 0, .25, 1);
  end(&x, 8, 4);
  nirc_partition in_order;
  ck_assert(nirc_partition_in_order(&x.p, x.a, &in_order));
  ck_assert_double_eq(nirc_partition_cut(&x.p, x.a, &in_order), 8 + 0);
  nirc_partition found = min_cut(&x);
  ck_assert_double_eq(nirc_partition_cut(&x.p, x.a, &found), .25);
  nirc_arena_free(x.a);
}
END_TEST

/* A map of 4 x 4, each to its neighbours; parts of 4. Squares: their inner corner reaches two others, two of the rest one: 4 for each of 4. Rows: 4 for the outer
 * ones, 8 for the inner ones. */
START_TEST(a_map_is_cut_into_squares)
{
  problem x = begin();
  for (uint32_t y = 0; y < 4; y++)
    for (uint32_t k = 0; k < 4; k++) {
      uint32_t near[4], n = 0;
      if (y) near[n++] = (y - 1) * 4 + k;
      if (y < 3) near[n++] = (y + 1) * 4 + k;
      if (k) near[n++] = y * 4 + k - 1;
      if (k < 3) near[n++] = y * 4 + k + 1;
      net(&x, y * 4 + k, 1, n, near);
    }
  end(&x, 16, 4);
  nirc_partition in_order, found = min_cut(&x);
  ck_assert(nirc_partition_in_order(&x.p, x.a, &in_order));
  ck_assert_double_eq(nirc_partition_cut(&x.p, x.a, &in_order), 24);
  ck_assert_double_eq(nirc_partition_cut(&x.p, x.a, &found), 16);
  nirc_arena_free(x.a);
}
END_TEST

/* What a family shares counts once: 2 units of one and 3 shared are 5; of two families, 8. */
START_TEST(families_share)
{
  problem x = begin();
  NET(&x, 0, 1, 1);
  NET(&x, 2, 1, 3);
  NET(&x, 1, 9, 2);                                   /* would be together, were there room */
  end(&x, 4, 6);
  x.p.n_families = 2;
  x.p.family = (uint32_t[]){0, 0, 1, 1};
  x.p.shared = (uint32_t[]){3, 3};
  nirc_partition found = min_cut(&x);
  ck_assert_uint_eq(found.n_parts, 2);
  ck_assert_double_eq(nirc_partition_cut(&x.p, x.a, &found), 9);
  x.limits[1] = 8;                                    /* 1 and 2 alone */
  found = min_cut(&x);
  ck_assert_double_eq(nirc_partition_cut(&x.p, x.a, &found), 2);
  nirc_arena_free(x.a);
}
END_TEST

/* As many parts as there must be, all full, units numbered against the groups: only exchanges help. */
START_TEST(full_parts_exchange)
{
  problem x = begin();
  for (uint32_t g = 0; g < 6; g++)
    for (uint32_t k = 0; k < 10; k++)
      NET(&x, g + 6 * k, 1, g + 6 * ((k + 1) % 10), g + 6 * ((k + 3) % 10));
  end(&x, 60, 10);
  x.p.most_parts = 6;
  nirc_partition found = min_cut(&x);
  ck_assert_double_eq(nirc_partition_cut(&x.p, x.a, &found), 0);
  nirc_arena_free(x.a);
}
END_TEST

START_TEST(too_few_parts_are_refused)
{
  problem x = begin();
  NET(&x, 0, 1, 1);
  end(&x, 9, 4);
  x.p.most_parts = 2;
  nirc_partition found;
  ck_assert(!nirc_partition_min_cut(&x.p, x.a, &found));
  ck_assert(!nirc_partition_in_order(&x.p, x.a, &found));
  nirc_arena_free(x.a);
}
END_TEST

START_TEST(nothing_and_a_net_of_nothing)
{
  problem x = begin();
  net(&x, 0, 1, 0, NULL);
  end(&x, 0, 1);
  ck_assert_uint_eq(x.p.n_nets, 0);
  ck_assert_uint_eq(min_cut(&x).n_parts, 0);
  nirc_arena_free(x.a);
}
END_TEST

/* ---- random ones ------------------------------------------------------------------------------------------------------------------------- */

static void add_random_nets(problem *x, uint64_t *seed, uint32_t n_units, uint32_t n_nets, uint32_t most_pins)
{
  uint32_t pins[64];
  for (uint32_t e = 0; e < n_nets; e++) {
    uint32_t n = 1 + random_below(seed, most_pins), around = random_below(seed, n_units);
    for (uint32_t i = 0; i < n; i++)                  /* mostly near each other */
      pins[i] = random_below(seed, 4) ? (around + random_below(seed, 8)) % n_units : random_below(seed, n_units);
    net(x, random_below(seed, 5) ? random_below(seed, n_units) : NIRC_PARTITION_NONE, 1 + random_below(seed, 9), n, pins);
  }
}

/* The smallest cut of all partitions, one unit after the other into each part and a new one. */
static double best_of_all(const problem *x, nirc_partition *at, size_t u)
{
  if (u == x->p.n_units)
    return nirc_partition_cut(&x->p, x->a, at);
  double best = 1e300;
  for (uint32_t t = 0; t <= at->n_parts; t++) {
    size_t before = at->n_parts, n = 0;
    for (size_t v = 0; v < u; v++)
      n += at->part[v] == t;
    if (n >= x->limits[1])
      continue;
    at->part[u] = t;
    at->n_parts = t == before ? before + 1 : before;
    double found = best_of_all(x, at, u + 1);
    best = found < best ? found : best;
    at->n_parts = before;
    if (t == before)
      break;
  }
  return best;
}

START_TEST(small_problems_are_cut_as_well_as_can_be)
{
  uint64_t seed = 7;
  double found = 0, best = 0;
  for (int k = 0; k < 60; k++) {
    problem x = begin();
    add_random_nets(&x, &seed, 8, 12, 3);
    end(&x, 8, 2 + (uint64_t)(k % 3));
    nirc_partition got = min_cut(&x), all = {0, NIRC_NEW_ARRAY(x.a, uint32_t, 8)};
    double cut = nirc_partition_cut(&x.p, x.a, &got), least = best_of_all(&x, &all, 0);
    ck_assert_double_ge(cut, least - 1e-9);
    found += cut;
    best += least;
    nirc_arena_free(x.a);
  }
  ck_assert_double_le(found, 1.05 * best);
}
END_TEST

/* Two resources, families, sometimes a limit on parts: limits hold, no worse than in order, twice the same. */
START_TEST(random_problems_keep_their_limits)
{
  uint64_t seed = 11;
  for (int k = 0; k < 40; k++) {
    uint32_t n = 20 + random_below(&seed, 400), n_families = 1 + random_below(&seed, 6);
    problem x = begin();
    add_random_nets(&x, &seed, n, 2 * n, 20);
    end(&x, n, 40);
    uint32_t *amount = NIRC_NEW_ARRAY(x.a, uint32_t, 2 * n), *family = NIRC_NEW_ARRAY(x.a, uint32_t, n), *shared = NIRC_NEW_ARRAY(x.a, uint32_t, 2 * n_families);
    for (uint32_t i = 0; i < 2 * n; i++)
      amount[i] = random_below(&seed, 9);
    for (uint32_t u = 0; u < n; u++)
      family[u] = random_below(&seed, 4) ? random_below(&seed, n_families) : NIRC_PARTITION_NONE;
    for (uint32_t i = 0; i < 2 * n_families; i++)
      shared[i] = random_below(&seed, 12);
    x.p.n_resources = 2;
    x.p.amount = amount;
    x.p.family = family;
    x.p.shared = shared;
    x.p.n_families = n_families;
    memcpy(x.limits, (uint64_t[]){2, 40, 30}, 3 * sizeof *x.limits);
    nirc_partition in_order, found, again;
    ck_assert(nirc_partition_in_order(&x.p, x.a, &in_order));
    expect_within_limits(&x.p, &in_order);
    x.p.most_parts = k % 2 ? in_order.n_parts : 0;
    found = min_cut(&x);
    ck_assert_double_le(nirc_partition_cut(&x.p, x.a, &found), nirc_partition_cut(&x.p, x.a, &in_order));
    again = min_cut(&x);
    ck_assert_uint_eq(found.n_parts, again.n_parts);
    ck_assert_mem_eq(found.part, again.part, n * sizeof *found.part);
    nirc_arena_free(x.a);
  }
}
END_TEST

START_TEST(refining_never_makes_worse)
{
  uint64_t seed = 3;
  for (int k = 0; k < 20; k++) {
    problem x = begin();
    add_random_nets(&x, &seed, 200, 500, 12);
    end(&x, 200, 16);
    nirc_partition at = {20, NIRC_NEW_ARRAY(x.a, uint32_t, 200)};
    for (uint32_t u = 0; u < 200; u++)
      at.part[u] = u * 7 % 20;
    double before = nirc_partition_cut(&x.p, x.a, &at);
    nirc_partition_refine(&x.p, x.a, &at);
    expect_within_limits(&x.p, &at);
    ck_assert_double_lt(nirc_partition_cut(&x.p, x.a, &at), before);
    nirc_arena_free(x.a);
  }
}
END_TEST

/* ---- time ----------------------------------------------------------------------------------------------------------------------------------- */

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Ten square maps of blocks one after the other, each block to the 3 x 3 below it. */
static void measure(uint32_t units)
{
  uint32_t side = 1;
  while (10 * (side + 1) * (side + 1) <= units)
    side++;
  problem x = {.a = nirc_arena_new(nirc_heap_default())};
  nirc_partition_nets_init(&x.nets, x.a, 10 * side * side);
  for (uint32_t map = 0; map < 9; map++)
    for (uint32_t y = 0; y < side; y++)
      for (uint32_t k = 0; k < side; k++)
        for (uint32_t group = 0; group < 4; group++) {               /* the block's corners reach different ones */
          uint32_t pins[4], n = 0;
          for (uint32_t i = 0; i < 4; i++) {
            uint32_t row = y + (i & 1) * ((group & 1) ? 1 : UINT32_MAX), column = k + (i >> 1) * ((group & 2) ? 1 : UINT32_MAX);
            if (row < side && column < side)
              pins[n++] = ((map + 1) * side + row) * side + column;
          }
          net(&x, (map * side + y) * side + k, 1, n, pins);
        }
  end(&x, 10 * side * side, 120);
  x.p.most_parts = (x.p.n_units + 119) / 120;
  nirc_partition in_order, found;
  nirc_partition_in_order(&x.p, x.a, &in_order);
  double since = now();
  bool ok = nirc_partition_min_cut(&x.p, x.a, &found);
  double seconds = now() - since;
  printf("%zu units, %zu nets, %zu parts: %.0f in order, %.0f found, %.3f s%s\n", x.p.n_units, x.p.n_nets, found.n_parts, nirc_partition_cut(&x.p, x.a, &in_order),
         nirc_partition_cut(&x.p, x.a, &found), seconds, ok ? "" : " (refused)");
  nirc_arena_free(x.a);
}

int main(int argc, char **argv)
{
  if (argc > 1 && strcmp(argv[1], "--measure") == 0) {
    for (int i = 2; i < argc; i++)
      measure((uint32_t)strtoul(argv[i], NULL, 10));
    return 0;
  }
  Suite *suite = suite_create("partition");
  TCase *c = tcase_create("partition");
  tcase_set_timeout(c, 60);
  tcase_add_test(c, a_spike_counts_once_for_each_other_part);
  tcase_add_test(c, groups_that_talk_come_together);
  tcase_add_test(c, a_map_is_cut_into_squares);
  tcase_add_test(c, families_share);
  tcase_add_test(c, full_parts_exchange);
  tcase_add_test(c, too_few_parts_are_refused);
  tcase_add_test(c, nothing_and_a_net_of_nothing);
  tcase_add_test(c, small_problems_are_cut_as_well_as_can_be);
  tcase_add_test(c, random_problems_keep_their_limits);
  tcase_add_test(c, refining_never_makes_worse);
  suite_add_tcase(suite, c);
  return run_suite(suite);
}
