/* test/unit/test_speck.c: the parts of the target speck that know no network: the scale of a layer, and the assignment of layers to cores. */
#include <math.h>
#include <stdlib.h>

#include "targets/speck/speck.h"
#include "test/unit/run_suite.h"

enum { CORES = NIRC_SPECK_CORES };

/* ---- scale: expected values worked out by hand --------------------------------------------------------------------------------- */

START_TEST(the_larger_end_fills_the_bits)
{
  ck_assert_float_eq(nirc_speck_scale((float[]){-0.25f, 0.5f}, 2, 8), 254);        /* 127 / 0.5 */
  ck_assert_float_eq(nirc_speck_scale((float[]){0.25f, -0.5f}, 2, 8), 256);        /* 128 / 0.5 */
  ck_assert_float_eq(nirc_speck_scale((float[]){-2, 2}, 2, 16), 16383.5f);         /* 32767 / 2 */
  ck_assert_float_eq(nirc_speck_scale((float[]){-4, 0}, 2, 8), 32);
  ck_assert_float_eq(nirc_speck_scale((float[]){-4}, 1, 8), 31.75f);             /* it is the largest, too */
  ck_assert_float_eq(nirc_speck_scale((float[]){4}, 1, 8), 31.75f);
}
END_TEST

/* Up to |low| = 128/127 |high| it is the upper end that counts: 127 scales both into range. */
START_TEST(the_ends_are_compared_with_what_their_bits_hold)
{
  ck_assert_float_eq(nirc_speck_scale((float[]){-128, 127}, 2, 8), 1);
  ck_assert_float_eq(nirc_speck_scale((float[]){-256, 127}, 2, 8), 0.5f);
}
END_TEST

/* 1/3 is 11184811 * 2^-25 in float32; times 127 that is 11097429.66 * 2^-18, hence 11097430 * 2^-18. 127/3, rounded once, would be one unit less. */
START_TEST(the_reciprocal_is_rounded_before_the_product)
{
  ck_assert_float_eq(nirc_speck_scale((float[]){3}, 1, 8), ldexpf(11097430, -18));
  ck_assert_float_eq(127.0f / 3.0f, ldexpf(11097429, -18));
}
END_TEST

START_TEST(zeros_have_no_scale_of_their_own)
{
  ck_assert(isinf(nirc_speck_scale((float[]){0, 0, 0}, 3, 8)));
  ck_assert(isinf(nirc_speck_scale((float[]){-0.0f}, 1, 8)));
}
END_TEST

/* ---- assignment ------------------------------------------------------------------------------------------------------------------ */

/* Tries all assignments of layers from `layer` on. */
static bool any_assignment(bool (*fits)[CORES], size_t n, size_t layer, unsigned taken)
{
  if (layer == n)
    return true;
  for (int c = 0; c < CORES; c++)
    if (fits[layer][c] && !(taken & (1u << c)) && any_assignment(fits, n, layer + 1, taken | (1u << c)))
      return true;
  return false;
}

static uint32_t random_number(uint64_t *state)
{
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*state >> 33);
}

/* Where there is an assignment, one is found; where there is none, that is said. */
START_TEST(an_assignment_is_found_where_there_is_one)
{
  uint64_t state = 1;
  unsigned feasible = 0, cases = 4000;
  for (unsigned i = 0; i < cases; i++) {
    bool fits[CORES][CORES];
    int core[CORES];
    size_t n = 1 + random_number(&state) % CORES, share = 1 + random_number(&state) % 4;         /* of ten cores, so many fit */
    for (size_t l = 0; l < n; l++)
      for (int c = 0; c < CORES; c++)
        fits[l][c] = random_number(&state) % 10 < share;
    bool want = any_assignment(fits, n, 0, 0);
    ck_assert_int_eq(nirc_speck_match(fits, n, core), want);
    unsigned taken = 0;
    for (size_t l = 0; l < n; l++) {
      if (core[l] < 0) {
        ck_assert(!want);
        continue;
      }
      ck_assert(fits[l][core[l]] && !(taken & (1u << core[l])));
      taken |= 1u << core[l];
    }
    feasible += want;
  }
  ck_assert(feasible > cases / 10 && feasible < cases * 9 / 10);
}
END_TEST

/* Lowest cores first, in order of layers; the third layer takes core 0 from the first, which moves on. */
START_TEST(layers_move_to_make_room)
{
  bool fits[3][CORES] = {{true, true, true}, {true, true}, {true}};
  int core[3];
  ck_assert(nirc_speck_match(fits, 2, core));
  ck_assert_int_eq(core[0], 0);
  ck_assert_int_eq(core[1], 1);
  ck_assert(nirc_speck_match(fits, 3, core));
  ck_assert_int_eq(core[0], 2);
  ck_assert_int_eq(core[1], 1);
  ck_assert_int_eq(core[2], 0);
  ck_assert(!nirc_speck_match((bool[2][CORES]){{[3] = true}, {[3] = true}}, 2, core));
}
END_TEST

/* The datasheet's table: 9 cores of four kinds. */
START_TEST(a_layer_fits_where_each_of_its_memories_does)
{
  static const struct { nirc_speck_words words; const char *cores; } cases[] = {
    {{16384, 16384, 1024}, "111111111"}, {{16385, 16384, 1024}, "000111100"}, {{32769, 1, 1}, "000001100"}, {{65537, 1, 1}, "000000000"},
    {{1, 16385, 1}, "111110000"}, {{1, 32769, 1}, "111000000"}, {{1, 65537, 1}, "000000000"}, {{16385, 32768, 1}, "000110000"}, {{1, 1, 1025}, "000000000"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    for (int c = 0; c < CORES; c++)
      ck_assert_msg(nirc_speck_fits(&(nirc_speck_layer){.words = cases[i].words}, c) == (cases[i].cores[c] == '1'), "case %zu, core %d", i, c);
}
END_TEST

int main(void)
{
  Suite *s = suite_create("speck");
  TCase *scale = tcase_create("scale"), *place = tcase_create("assignment");
  tcase_add_test(scale, the_larger_end_fills_the_bits);
  tcase_add_test(scale, the_ends_are_compared_with_what_their_bits_hold);
  tcase_add_test(scale, the_reciprocal_is_rounded_before_the_product);
  tcase_add_test(scale, zeros_have_no_scale_of_their_own);
  tcase_add_test(place, an_assignment_is_found_where_there_is_one);
  tcase_add_test(place, layers_move_to_make_room);
  tcase_add_test(place, a_layer_fits_where_each_of_its_memories_does);
  suite_add_tcase(s, scale);
  suite_add_tcase(s, place);
  return run_suite(s);
}
