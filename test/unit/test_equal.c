/* test/unit/test_equal.c: each difference that two modules can have is seen, at its op; and the check of a module's text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ir/check_text.h"
#include "ir/equal.h"
#include "ir/parse.h"
#include "test/unit/run_suite.h"

static const char nir_text[] =
  "nirt 1\n"
  "module net {level = nir, path = \"a.nir\", source_hash = 0x00000000000000010000000000000002}\n"
  "nir.graph @g attributes {version = \"1.0\"}  loc(\"a.nir\", \"/node\") {\n"
  "  %x = nir.input {shape = dense<i64[1] 2>, metadata = {i = 7, f = 0.5, s = \"word\", h = [2, 3], n = strings<[2] \"p\", \"q\">, d = {e = 8},"
  " zero = 0.0, nan = 0x7ff8000000000001}} : f32[2]  loc(\"a.txt\":3:4, \"/x\")\n"
  "  %a = nir.scale %x {scale = splat<f32[2] 1.0>} : f32[2]\n"
  "  %b = nir.scale %x {scale = dense<f32[2] 1.0, 2.0>} : f32[2]\n"
  "  %c = nir.scale %x {scale = dense<f32[2] 1.0, 1.0>} : f32[2]\n"
  "  %y = nir.output %a, %b {shape = dense<i64[1] 2>} : f32[2]\n"
  "}\n";

static const char snn_text[] =
  "nirt 1\n"
  "module net {level = snn, path = \"a.nir\", source_hash = 0x00000000000000010000000000000002}\n"
  "snn.step @g attributes {dt = 0.001, profile = \"nir\"} {\n"
  "  %x = snn.input {name = \"x\"} : f32[2]\n"
  "  %v = snn.state {name = \"v\", init = splat<f32[2] 0.0>} : f32[2]\n"
  "  %s = snn.neuron %x, %v {takes = \"x v\", gives = \"z v\", equation = \"h = v + g*x; z = h > v_threshold; v = z ? v_reset : h\","
  " g = splat<f32[2] 0.5>, v_threshold = splat<f32[2] 1.0>, v_reset = splat<f32[2] 0.0>} : i1[2], f32[2]\n"
  "  snn.update @v %v, %s#1\n"
  "  snn.output @o %s {name = \"o\"}\n"
  "}\n";

/* One place of a text changed; `op` is the name of the op that differs, NULL: the module's head. */
typedef struct change { const char *text, *old, *new, *op; } change;

static const change changes[] = {
  {nir_text, "module net", "module other", NULL},
  {nir_text, "path = \"a.nir\"", "path = \"b.nir\"", NULL},
  {nir_text, "0x0000000000000001", "0x0000000000000003", NULL},
  {nir_text, "0000000000000002}", "0000000000000003}", NULL},
  {nir_text, "version = \"1.0\"", "version = \"1.1\"", "g"},
  {nir_text, "attributes {version = \"1.0\"}", "", "g"},
  {nir_text, "\"/node\"", "\"/edon\"", "g"},
  {nir_text, "dense<i64[1] 2>, metadata", "dense<i32[1] 2>, metadata", "x"},
  {nir_text, "i = 7", "i = 6", "x"},
  {nir_text, "i = 7", "i = 7.0", "x"},
  {nir_text, "i = 7", "j = 7", "x"},
  {nir_text, "f = 0.5", "f = 0.25", "x"},
  {nir_text, "zero = 0.0", "zero = -0.0", "x"},
  {nir_text, "0x7ff8000000000001", "0x7ff8000000000002", "x"},
  {nir_text, "\"word\"", "\"words\"", "x"},
  {nir_text, "[2, 3]", "[3, 2]", "x"},
  {nir_text, "[2, 3]", "[2]", "x"},
  {nir_text, "\"p\", \"q\"", "\"p\", \"r\"", "x"},
  {nir_text, "strings<[2]", "strings<[1,2]", "x"},
  {nir_text, "e = 8", "e = 9", "x"},
  {nir_text, "e = 8", "e = 8, e2 = 8", "x"},
  {nir_text, "i = 7, f = 0.5", "f = 0.5, i = 7", "x"},
  {nir_text, "a.txt", "b.txt", "x"},
  {nir_text, ":3:4", ":4:4", "x"},
  {nir_text, ":3:4", ":3:5", "x"},
  {nir_text, ", \"/x\")", ", \"/y\")", "x"},
  {nir_text, ", \"/x\")", ")", "x"},
  {nir_text, "splat<f32[2] 1.0>", "splat<f32[2] 1.5>", "a"},
  {nir_text, "splat<f32[2] 1.0>", "dense<f32[2] 1.0, 1.0>", "a"},
  {nir_text, "dense<f32[2] 1.0, 2.0>", "dense<f32[2] 1.0, 3.0>", "b"},
  {nir_text, "dense<f32[2] 1.0, 1.0>", "splat<f32[2] 1.0>", "c"},
  {nir_text, "dense<f32[2] 1.0, 1.0>", "dense<f64[2] 1.0, 1.0>", "c"},
  {nir_text, "%a, %b", "%b, %a", "y"},
  {nir_text, "%a, %b", "%a, %a", "y"},
  {nir_text, "%a, %b", "%a", "y"},
  {nir_text, "%a, %b", "%a, %c", "y"},
  {snn_text, "dt = 0.001", "dt = 0.002", "g"},
  {snn_text, "z = h > v", "z = h >= v", "s"},
  {snn_text, "g = splat<f32[2] 0.5>", "g = splat<f32[2] 0.25>", "s"},
  {snn_text, "%v, %s#1", "%v, %s", "v"},
  {snn_text, "@o %s", "@o %s#1", "o"},
  {snn_text, "@o %s", "@p %s", "o"},
};

static nirc_module *parse(const char *text)
{
  nirc_diag d;
  nirc_diag_init(&d, stdout, "test_equal");
  nirc_module *m = nirc_module_parse(text, strlen(text), "text", nirc_heap_default(), &d);
  ck_assert_msg(m != NULL, "refused: %s", text);
  return m;
}

static void replace(char *to, size_t size, const change *c)
{
  const char *at = strstr(c->text, c->old);
  ck_assert_msg(at != NULL, "`%s` is not in the text", c->old);
  snprintf(to, size, "%.*s%s%s", (int)(at - c->text), c->text, c->new, at + strlen(c->old));
}

/* An op by its name, the last of that name. */
static nirc_op *find(const nirc_module *m, const char *name)
{
  nirc_op *found = m->body.first;
  NIRC_FOR_EACH_OP(op, m->body.first->body)
    if (strcmp(op->name, name) == 0)
      found = op;
  return found;
}

START_TEST(a_module_equals_itself_read_twice)
{
  const char *const texts[] = {nir_text, snn_text};
  for (size_t i = 0; i < 2; i++) {
    nirc_module *a = parse(texts[i]), *b = parse(texts[i]);
    const nirc_op *where = a->body.first;
    ck_assert(nirc_module_equal(a, b, &where));
    ck_assert_ptr_null(where);
    nirc_module_free(a);
    nirc_module_free(b);
  }
}
END_TEST

START_TEST(each_difference_is_seen)
{
  const change *c = &changes[_i];
  char text[4096];
  replace(text, sizeof text, c);
  nirc_module *a = parse(c->text), *b = parse(text);
  const nirc_op *where = NULL;
  ck_assert_msg(!nirc_module_equal(a, b, &where), "`%s` for `%s` is not seen", c->new, c->old);
  ck_assert_msg(c->op ? where && strcmp(where->name, c->op) == 0 : where == NULL, "`%s` for `%s`: at %s", c->new, c->old, where ? where->name : "the head");
  ck_assert_msg(!nirc_module_equal(b, a, NULL), "the other way round");
  nirc_module_free(a);
  nirc_module_free(b);
}
END_TEST

/* What no text could change alone. */
START_TEST(types_names_and_ends_are_seen)
{
  nirc_module *a = parse(nir_text), *b = parse(nir_text);
  const nirc_op *where;
  nirc_value *v = nirc_op_result(find(b, "a"));
  const nirc_type *right = v->type;
  const nirc_shape three = nirc_shape_1d(3);
  v->type = nirc_type_get(&b->types, NIRC_F32, &three);
  ck_assert(!nirc_module_equal(a, b, &where) && where == find(a, "a"));
  v->type = nirc_type_get(&b->types, NIRC_F64, &right->shape);
  ck_assert(!nirc_module_equal(a, b, &where) && where == find(a, "a"));
  v->type = NULL;
  ck_assert(!nirc_module_equal(a, b, &where) && where == find(a, "a"));
  v->type = right;
  ck_assert(nirc_module_equal(a, b, NULL));
  b->level = NIRC_LEVEL_SNN;
  ck_assert(!nirc_module_equal(a, b, &where) && where == NULL);
  b->level = NIRC_LEVEL_NIR;
  nirc_op_erase(find(b, "y"));
  ck_assert(!nirc_module_equal(a, b, NULL) && !nirc_module_equal(b, a, NULL));
  nirc_module_free(a);
  nirc_module_free(b);
}
END_TEST

static nirc_status check_text(const nirc_module *m)
{
  nirc_diag d;
  nirc_diag_init(&d, fopen("/dev/null", "w"), "test_equal");
  ck_assert_ptr_nonnull(d.stream);
  bool ok = nirc_module_check_text(m, &d);
  ck_assert(ok == !nirc_diag_failed(&d));
  fclose(d.stream);
  return d.status;
}

START_TEST(text_that_does_not_say_all_is_an_internal_error)
{
  nirc_module *m = parse(nir_text);
  ck_assert_int_eq(check_text(m), NIRC_STATUS_OK);
  const nirc_shape three = nirc_shape_1d(3);
  nirc_op_result(find(m, "a"))->type = nirc_type_get(&m->types, NIRC_F32, &three);             /* shapes are found anew */
  ck_assert_int_eq(check_text(m), NIRC_STATUS_INTERNAL);
  nirc_module_free(m);
  m = parse(nir_text);
  nirc_op_set_int(m, find(m, "b"), "nonsense", 1);
  ck_assert_int_eq(check_text(m), NIRC_STATUS_INTERNAL);
  nirc_module_free(m);
}
END_TEST

int main(void)
{
  Suite *s = suite_create("equal");
  TCase *equal = tcase_create("equal"), *text = tcase_create("text");
  tcase_add_test(equal, a_module_equals_itself_read_twice);
  tcase_add_loop_test(equal, each_difference_is_seen, 0, sizeof changes / sizeof changes[0]);
  tcase_add_test(equal, types_names_and_ends_are_seen);
  tcase_add_test(text, text_that_does_not_say_all_is_an_internal_error);
  suite_add_tcase(s, equal);
  suite_add_tcase(s, text);
  return run_suite(s);
}
