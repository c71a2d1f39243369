/* test/unit/test_diag.c: ir/base/diag. What is said, and what follows from it. */
#include <jansson.h>
#include <string.h>

#include "test/unit/heard.h"
#include "test/unit/run_suite.h"

START_TEST(diag_places)
{
  heard h;
  heard_init(&h);
  nirc_error(&h.d, (nirc_loc){.file = "a.snn", .line = 3, .column = 9}, "%d", 1);
  nirc_warning(&h.d, (nirc_loc){.file = "a.nir", .object = "/node/nodes/fc/weight"}, "two");
  nirc_error_code(&h.d, "xylo-fanout", nirc_loc_file("b"), "three");
  nirc_remark(&h.d, nirc_loc_none(), "four");
  ck_assert_str_eq(heard_text(&h), "a.snn:3:9: error: 1\na.nir:/node/nodes/fc/weight: warning: two\nb: error: three [xylo-fanout]\n"
                                   "nirc: remark: four\n");
  ck_assert(h.d.errors == 2 && h.d.warnings == 1 && nirc_diag_failed(&h.d));
  heard_deinit(&h);
}
END_TEST

START_TEST(diag_fields)
{
  nirc_arena *a = nirc_arena_new(nirc_heap_default());
  nirc_loc h5 = {.file = "f", .object = "/node"}, text = {.file = "f", .line = 1};
  ck_assert_str_eq(nirc_loc_field(a, h5, "type").object, "/node/type");
  ck_assert_ptr_null(nirc_loc_field(a, text, "type").object);
  nirc_arena_free(a);
}
END_TEST

/* A hostile name cannot forge a line of its own. */
START_TEST(diag_escapes_control_characters)
{
  heard h;
  heard_init(&h);
  nirc_error(&h.d, (nirc_loc){.file = "a\nb", .object = "/x\x1b[2J"}, "%s", "one\ntwo\x7f h\xc3\xa9");
  ck_assert_str_eq(heard_text(&h), "a\\x0ab:/x\\x1b[2J: error: one\\x0atwo\\x7f h\xc3\xa9\n");
  heard_deinit(&h);
}
END_TEST

START_TEST(diag_json)
{
  heard h;
  heard_init(&h);
  h.d.json = true;
  nirc_error_code(&h.d, "S2-DELAY", (nirc_loc){.file = "a\"b", .line = 2, .column = 5}, "x\ny");
  nirc_error(&h.d, nirc_loc_file("\xff"), "not UTF-8");
  const char *text = heard_text(&h), *second = strchr(text, '\n');
  ck_assert_ptr_nonnull(second);
  json_t *o = json_loads(text, JSON_DISABLE_EOF_CHECK, NULL);
  ck_assert_ptr_nonnull(o);
  ck_assert_str_eq(json_string_value(json_object_get(o, "severity")), "error");
  ck_assert_str_eq(json_string_value(json_object_get(o, "file")), "a\"b");
  ck_assert_str_eq(json_string_value(json_object_get(o, "code")), "S2-DELAY");
  ck_assert_str_eq(json_string_value(json_object_get(o, "text")), "x\ny");
  ck_assert_int_eq(json_integer_value(json_object_get(o, "line")), 2);
  json_decref(o);
  o = json_loads(second + 1, 0, NULL);
  ck_assert_ptr_nonnull(o);
  json_decref(o);
  heard_deinit(&h);
}
END_TEST

/* The line and a mark below it; tabs are columns, other control characters cannot reach the terminal; the way a text came to be used. */
START_TEST(diag_shows_the_source)
{
  heard h;
  heard_init(&h);
  static const char text[] = "nirc 1\n\ta\xc3\xa9 = \x1b LIF(tua = 1)\n";
  nirc_source s = {.path = "a.snn", .text = text, .size = sizeof text - 1};
  nirc_diag_add_source(&h.d, &s);
  nirc_via outer = {(nirc_loc){.file = "a.snn", .line = 1, .column = 6, .length = 1}, "outer"}, inner = {(nirc_loc){.file = "b.snn", .line = 7, .column = 1, .via = &outer}, "inner"};
  nirc_error(&h.d, (nirc_loc){.file = "a.snn", .line = 2, .column = 14, .length = 3, .via = &inner}, "no tua");
  nirc_note_fix(&h.d, (nirc_loc){.file = "a.snn", .line = 2, .column = 14, .length = 3}, "tau", "did you mean 'tau'?");
  nirc_note(&h.d, (nirc_loc){.file = "a.snn", .line = 9, .column = 1}, "no such line");
  ck_assert_str_eq(heard_text(&h), "a.snn:2:14: error: no tua\n"
                                   "    2 |         a\xc3\xa9 = ? LIF(tua = 1)\n"
                                   "      |                    ^~~\n"
                                   "b.snn:7:1: note: inner\n"
                                   "a.snn:1:6: note: outer\n"
                                   "    1 | nirc 1\n"
                                   "      |      ^\n"
                                   "a.snn:2:14: note: did you mean 'tau'?\n"
                                   "    2 |         a\xc3\xa9 = ? LIF(tua = 1)\n"
                                   "      |                    ^~~\n"
                                   "      |                    tau\n"
                                   "a.snn:9:1: note: no such line\n");
  heard_deinit(&h);
}
END_TEST

START_TEST(diag_warnings_as_errors)
{
  heard h;
  heard_init(&h);
  h.d.warnings_are_errors = true;
  nirc_warning(&h.d, nirc_loc_file("f"), "w");
  ck_assert_str_eq(heard_text(&h), "f: error: w\n");
  ck_assert(nirc_diag_failed(&h.d) && h.d.status == NIRC_STATUS_REFUSED);
  heard_deinit(&h);
}
END_TEST

START_TEST(diag_first_error_decides_the_status)
{
  heard h;
  heard_init(&h);
  nirc_error_status(&h.d, NIRC_STATUS_IO, nirc_loc_file("f"), "a");
  nirc_error_status(&h.d, NIRC_STATUS_LIMIT, nirc_loc_file("f"), "b");
  ck_assert_int_eq(h.d.status, NIRC_STATUS_IO);
  heard_deinit(&h);
}
END_TEST

START_TEST(diag_quiet_drops_warnings_with_their_notes)
{
  heard h;
  heard_init(&h);
  h.d.quiet = true;
  nirc_warning(&h.d, nirc_loc_file("f"), "w");
  nirc_note(&h.d, nirc_loc_file("f"), "of w");
  nirc_error(&h.d, nirc_loc_file("f"), "e");
  nirc_note(&h.d, nirc_loc_file("f"), "of e");
  ck_assert_str_eq(heard_text(&h), "f: error: e\nf: note: of e\n");
  heard_deinit(&h);
}
END_TEST

START_TEST(diag_stops_printing_errors)
{
  heard h;
  heard_init(&h);
  for (int i = 0; i < 3 * NIRC_MAX_ERRORS; i++)
    nirc_error(&h.d, nirc_loc_none(), "e");
  size_t lines = 0;
  for (const char *s = heard_text(&h); *s; s++)
    lines += *s == '\n';
  ck_assert_uint_eq(lines, NIRC_MAX_ERRORS);
  ck_assert_uint_eq(h.d.errors, 3 * NIRC_MAX_ERRORS);
  heard_deinit(&h);
}
END_TEST

int main(void)
{
  Suite *s = suite_create("diag");
  TCase *diag = tcase_create("diag");
  tcase_set_timeout(diag, 60);                      /* valgrind is slow */
  tcase_add_test(diag, diag_places);
  tcase_add_test(diag, diag_fields);
  tcase_add_test(diag, diag_escapes_control_characters);
  tcase_add_test(diag, diag_json);
  tcase_add_test(diag, diag_shows_the_source);
  tcase_add_test(diag, diag_warnings_as_errors);
  tcase_add_test(diag, diag_first_error_decides_the_status);
  tcase_add_test(diag, diag_quiet_drops_warnings_with_their_notes);
  tcase_add_test(diag, diag_stops_printing_errors);
  suite_add_tcase(s, diag);
  return run_suite(s);
}
