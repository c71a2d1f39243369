/* test/unit/test_estimate.c: what a module says of its activity, whatever a text holds; and estimates of steps made by hand. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/estimate.h"
#include "ir/parse.h"
#include "ir/print.h"
#include "test/unit/run_suite.h"

/* ---- modules ------------------------------------------------------------------------------------------------------------------------ */

static nirc_module *parse(const char *activity, const char *ops)
{
  char text[8192];
  nirc_diag d;
  nirc_diag_init(&d, stderr, "test_estimate");
  snprintf(text, sizeof text, "nirt 1\nmodule m {level = snn, path = \"m.nir\", source_hash = 0x00000000000000000000000000000000}\n"
           "snn.step @m attributes {dt = 0.001, profile = \"nir\"%s%s} {\n%s}\n",
           *activity ? ", activity = " : "", activity, ops);
  nirc_module *m = nirc_module_parse(text, strlen(text), "m.nirt", nirc_heap_default(), &d);
  ck_assert_msg(m && !nirc_diag_failed(&d), "%s", text);
  return m;
}

/* ---- activity -------------------------------------------------------------------------------------------------------------------------- */

START_TEST(activity_is_read_again_as_it_was_set)
{
  nirc_arena *a = nirc_arena_new(nirc_heap_default());
  nirc_module *m = parse("", "");
  const nirc_activity_count spikes[] = {{"block/lif", 4, 2}, {"in.put", 8, 1}, {"none", 0, 0}}, operations[] = {{"w", 0, 3}, {"v", 0, 5}, {"w", 0, .25}};
  const nirc_activity x = {.measured = true, .input = "in.h5", .steps = 7, .samples = 3, .spikes = spikes, .operations = operations, .n_spikes = 3, .n_operations = 3};
  nirc_activity_set(m, &x);
  nirc_strbuf b;
  nirc_strbuf_init(&b, nirc_heap_default());
  nirc_module_print(&b, m, false);
  nirc_diag d;
  nirc_diag_init(&d, stderr, "test_estimate");
  nirc_module *again = nirc_module_parse(b.data, b.size, "m.nirt", nirc_heap_default(), &d);
  ck_assert(again);
  nirc_activity y = nirc_activity_of(again, a);
  ck_assert(y.given && y.measured && y.steps == 7 && y.samples == 3 && strcmp(y.input, "in.h5") == 0);
  /* spikes of an element: 2 of 4 elements; names as files of chips have them; what is not there is negative */
  ck_assert_double_eq(nirc_activity_rate(&y, "block/lif"), .5);
  ck_assert_double_eq(nirc_activity_rate(&y, "block.lif"), .5);
  ck_assert_double_eq(nirc_activity_rate(&y, "in/put"), .125);
  ck_assert_double_eq(nirc_activity_rate(&y, "none"), 0);
  ck_assert(nirc_activity_rate(&y, "block") < 0 && nirc_activity_rate(&y, "block/lif2") < 0 && nirc_activity_rate(&y, "") < 0);
  ck_assert_double_eq(nirc_activity_sum(y.operations, y.n_operations, "w"), 3.25);
  ck_assert(nirc_activity_sum(y.operations, y.n_operations, "x") < 0 && nirc_activity_sum(NULL, 0, "x") < 0);
  const nirc_activity_count alike[] = {{"a/b", 1, 1}, {"a.b", 1, 4}, {"c/d", 1, 2}, {"c/d", 1, 3}};
  const nirc_activity z = {.measured = true, .spikes = alike, .n_spikes = 4};
  ck_assert_double_eq(nirc_activity_sum(alike, 4, "a.b"), 4);                /* a node of the root is not one of a graph inside it */
  ck_assert_double_eq(nirc_activity_rate(&z, "a.b"), 4);
  ck_assert_double_eq(nirc_activity_rate(&z, "a/b"), 1);
  ck_assert_double_eq(nirc_activity_sum(alike, 4, "c.d"), 5);
  nirc_strbuf_deinit(&b);
  nirc_module_free(again);
  nirc_module_free(m);
  nirc_arena_free(a);
}
END_TEST

START_TEST(a_rate_is_that_of_every_node)
{
  nirc_arena *a = nirc_arena_new(nirc_heap_default());
  nirc_module *m = parse("", "");
  nirc_activity x = nirc_activity_of(m, a);
  ck_assert(!x.given && !x.measured);
  ck_assert_double_eq(nirc_activity_rate(&x, "any"), .1);
  nirc_activity_set(m, &(nirc_activity){.rate = .75});
  x = nirc_activity_of(m, a);
  ck_assert(x.given && !x.measured);
  ck_assert_double_eq(nirc_activity_rate(&x, "any"), .75);
  nirc_module_free(m);
  nirc_arena_free(a);
}
END_TEST

#define LISTS(spikes, operations) "spikes = " spikes ", operations = " operations
#define LIST(nodes, elements, per_step) "{nodes = " nodes ", elements = " elements ", per_step = " per_step "}"
#define GOOD LIST("strings<[1] \"x\">", "dense<i64[1] 4>", "dense<f64[1] 2.0>")
#define RUN "input = \"x.h5\", steps = 3, samples = 2, "

START_TEST(a_text_that_says_nonsense_says_nothing)
{
  static const char *const bad[] = {
    "{}", "{rate = -0.5}", "{rate = 1.5}", "{rate = 0x7ff8000000000000}", "{rate = \"0.5\"}",
    "{" LISTS(GOOD, GOOD) "}", "{input = \"x.h5\", steps = 0, samples = 2, " LISTS(GOOD, GOOD) "}", "{input = \"x.h5\", steps = 3, samples = -1, " LISTS(GOOD, GOOD) "}",
    "{" RUN "spikes = " GOOD "}", "{" RUN LISTS("3", GOOD) "}",
    "{" RUN LISTS(LIST("strings<[2] \"x\", \"y\">", "dense<i64[1] 4>", "dense<f64[1] 2.0>"), GOOD) "}",
    "{" RUN LISTS(LIST("strings<[1] \"x\">", "dense<i64[2] 4, 4>", "dense<f64[1] 2.0>"), GOOD) "}",
    "{" RUN LISTS(LIST("strings<[1] \"x\">", "dense<i64[1] -4>", "dense<f64[1] 2.0>"), GOOD) "}",
    "{" RUN LISTS(LIST("strings<[1] \"x\">", "dense<i64[1] 4>", "dense<f64[1] -2.0>"), GOOD) "}",
    "{" RUN LISTS(LIST("strings<[1] \"x\">", "dense<i64[1] 4>", "dense<f64[1] 0x7ff0000000000000>"), GOOD) "}",
    "{" RUN LISTS(LIST("strings<[1] \"x\">", "dense<f64[1] 0.5>", "dense<f64[1] 2.0>"), GOOD) "}",
  };
  nirc_arena *a = nirc_arena_new(nirc_heap_default());
  for (size_t i = 0; i <= sizeof bad / sizeof *bad; i++) {
    bool good = i == sizeof bad / sizeof *bad;
    nirc_module *m = parse(good ? "{" RUN LISTS(GOOD, GOOD) "}" : bad[i], "");
    nirc_activity x = nirc_activity_of(m, a);
    ck_assert_msg(x.given == good && x.measured == good, "case %zu", i);
    ck_assert_msg(fabs(nirc_activity_rate(&x, "x") - (good ? .5 : .1)) < 1e-15, "case %zu", i);
    nirc_module_free(m);
  }
  nirc_arena_free(a);
}
END_TEST

/* ---- estimates ---------------------------------------------------------------------------------------------------------------------------- */

#define IN "%x = snn.input {name = \"x\"} : f32[4]\n"
#define FIRES "%t = snn.threshold %x {threshold = splat<f32[4] 1.0>} : i1[4]\n"
#define DENSE(result, from, in, out) "%" result " = snn.dense %" from " {weight = splat<f32[" out "," in "] 1.0>} : f32[" out "]\n"

static void expect(const char *activity, const char *ops, uint64_t steps, double operations, double spikes)
{
  nirc_arena *a = nirc_arena_new(nirc_heap_default());
  nirc_module *m = parse(activity, ops);
  const nirc_estimate *e = nirc_estimate_make(a, m, steps);
  ck_assert_msg(fabs(e->counts[NIRC_ESTIMATE_OPERATIONS] - operations) < 1e-9 || (isnan(operations) && isnan(e->counts[NIRC_ESTIMATE_OPERATIONS])),
                "%.17g operations, %g wanted:\n%s", e->counts[NIRC_ESTIMATE_OPERATIONS], operations, ops);
  ck_assert_msg(fabs(e->counts[NIRC_ESTIMATE_SPIKES] - spikes) < 1e-9 || (isnan(spikes) && isnan(e->counts[NIRC_ESTIMATE_SPIKES])),
                "%.17g spikes, %g wanted:\n%s", e->counts[NIRC_ESTIMATE_SPIKES], spikes, ops);
  ck_assert_uint_eq(e->steps, steps ? steps : e->activity.measured ? e->activity.steps : 100);
  ck_assert(isnan(e->least) && isnan(e->computing) && e->n_sources == 0);                  /* of a CPU nothing is published */
  nirc_module_free(m);
  nirc_arena_free(a);
}

START_TEST(operations_follow_from_what_is_active)
{
  expect("{rate = 0.5}", IN DENSE("w", "x", "4", "3"), 0, 6, 0);
  expect("", IN DENSE("w", "x", "4", "3"), 7, 1.2, 0);
  /* behind a matrix everything is active; scaled is as active as before; half or half is three quarters */
  expect("{rate = 0.5}", IN DENSE("w", "x", "4", "3") DENSE("v", "w", "3", "2"), 0, 6 + 6, 0);
  expect("{rate = 0.5}", IN "%s = snn.scale %x {scale = splat<f32[4] 2.0>} : f32[4]\n" DENSE("w", "s", "4", "3"), 0, 6, 0);
  expect("{rate = 0.5}", IN "%s = snn.add %x, %x : f32[4]\n" DENSE("w", "s", "4", "3"), 0, 9, 0);
  /* spikes: 4 of them, half */
  expect("{rate = 0.5}", IN FIRES DENSE("w", "t", "4", "3"), 0, 6, 2);
}
END_TEST

START_TEST(a_pool_is_as_active_as_its_taps_inside)
{
  /* 2 x 2 taps at stride 2, one row and column of zeros before: every window holds one element; without them all four */
  expect("{rate = 0.5}", "%x = snn.input {name = \"x\"} : f32[1,2,2]\n%p = snn.sum_pool %x {kernel_size = [2, 2], stride = [2, 2], before = [1, 1]} : f32[1,2,2]\n"
         "%r = snn.reshape %p : f32[4]\n" DENSE("w", "r", "4", "3"), 0, 6, 0);
  expect("{rate = 0.5}", "%x = snn.input {name = \"x\"} : f32[1,2,2]\n%p = snn.avg_pool %x {kernel_size = [2, 2], stride = [2, 2], before = [0, 0]} : f32[1,1,1]\n"
         "%r = snn.reshape %p : f32[1]\n" DENSE("w", "r", "1", "3"), 0, 3 * (1 - .0625), 0);
}
END_TEST

START_TEST(a_state_is_as_active_as_what_it_is_updated_with)
{
  /* two states in a row, read before they are updated; one that keeps adding up is never 0 again */
  expect("{rate = 0.5}", IN "%b = snn.state {name = \"b\", init = splat<f32[4] 0.0>} : f32[4]\n%a = snn.state {name = \"a\", init = splat<f32[4] 0.0>} : f32[4]\n"
         DENSE("w", "b", "4", "3") "snn.update @u %b, %a\nsnn.update @v %a, %x\n", 0, 6, 0);
  expect("{rate = 0.5}", IN "%s = snn.state {name = \"s\", init = splat<f32[4] 0.0>} : f32[4]\n%t = snn.add %s, %x : f32[4]\n" DENSE("w", "t", "4", "3")
         "snn.update @u %s, %t\n", 0, 12, 0);
}
END_TEST

START_TEST(what_was_not_measured_is_not_known)
{
  const char *x_only = "{" RUN LISTS(GOOD, LIST("strings<[0]>", "dense<i64[0]>", "dense<f64[0]>")) "}";
  expect(x_only, IN DENSE("w", "x", "4", "3"), 0, 6, 0);
  expect(x_only, IN DENSE("w", "x", "4", "3") FIRES, 0, 6, NAN);
  expect(x_only, IN FIRES DENSE("w", "t", "4", "3"), 0, NAN, NAN);
  /* what was counted goes before what would follow; of both ops of a name once */
  expect("{" RUN LISTS(GOOD, LIST("strings<[1] \"w\">", "dense<i64[1] 0>", "dense<f64[1] 11.0>")) "}", IN DENSE("w", "x", "4", "3") DENSE("w~1", "x", "4", "3"), 0, 11, 0);
}
END_TEST

START_TEST(every_figure_has_a_source_and_a_range)
{
  static const char *const targets[] = {"cpu", "loihi2", "spinnaker2", "speck", "xylo"};
  size_t n = 0;
  for (size_t t = 0; t < sizeof targets / sizeof *targets; t++)
    for (nirc_energy_quantity q = 0; q < NIRC_ENERGY_QUANTITIES; q++) {
      const nirc_energy_figure *f = nirc_energy_find(targets[t], q);
      if (!f)
        continue;
      n++;
      ck_assert(f->quantity == q && f->least > 0 && f->most >= f->least && f->scale > 0 && f->scale < 1 && *f->unit && *f->chip && *f->conditions);
      ck_assert(*f->source->authors && *f->source->title && *f->source->where && *f->source->link && *f->source->read && f->source->year > 1990);
      ck_assert(*nirc_energy_name(q));
    }
  ck_assert_uint_gt(n, 0);
  ck_assert_ptr_null(nirc_energy_find("nobody", NIRC_ENERGY_MESSAGE));
  ck_assert_ptr_null(nirc_energy_find("xyl", NIRC_ENERGY_UPDATE_TIME));
}
END_TEST

int main(void)
{
  Suite *s = suite_create("estimate");
  TCase *t = tcase_create("estimate");
  tcase_add_test(t, activity_is_read_again_as_it_was_set);
  tcase_add_test(t, a_rate_is_that_of_every_node);
  tcase_add_test(t, a_text_that_says_nonsense_says_nothing);
  tcase_add_test(t, operations_follow_from_what_is_active);
  tcase_add_test(t, a_pool_is_as_active_as_its_taps_inside);
  tcase_add_test(t, a_state_is_as_active_as_what_it_is_updated_with);
  tcase_add_test(t, what_was_not_measured_is_not_known);
  tcase_add_test(t, every_figure_has_a_source_and_a_range);
  suite_add_tcase(s, t);
  return run_suite(s);
}
