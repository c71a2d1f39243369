/* test/unit/test_h5.c: frontend/nir_h5. What stands in a file, as it is read. */
#include "test/unit/h5_fixture.h"
#include "test/unit/run_suite.h"

START_TEST(numbers_of_every_type_and_order)
{
  const struct { hid_t type; nirc_dtype want; unsigned char bytes[8]; double value; } cases[] = {
    {H5T_STD_I8LE, NIRC_I8, {0x80}, -128}, {H5T_STD_U8BE, NIRC_U8, {0x80}, 128}, {H5T_STD_I16LE, NIRC_I16, {0, 0x80}, -32768},
    {H5T_STD_I16BE, NIRC_I16, {0x80, 0}, -32768}, {H5T_STD_U16LE, NIRC_U16, {1, 2}, 513}, {H5T_STD_U16BE, NIRC_U16, {1, 2}, 258},
    {H5T_STD_I32LE, NIRC_I32, {0, 0, 0, 0x80}, -0x1p31}, {H5T_STD_I32BE, NIRC_I32, {0, 0, 1, 0}, 256},
    {H5T_STD_U32BE, NIRC_U32, {0x80, 0, 0, 0}, 0x1p31}, {H5T_STD_I64LE, NIRC_I64, {1, 0, 0, 0, 1}, 4294967297.},
    {H5T_STD_I64BE, NIRC_I64, {0x80}, -0x1p63}, {H5T_STD_U64BE, NIRC_U64, {0x80}, 0x1p63}, {H5T_IEEE_F32LE, NIRC_F32, {0, 0, 0x80, 0x3f}, 1},
    {H5T_IEEE_F32BE, NIRC_F32, {0x3f, 0x80}, 1}, {H5T_IEEE_F64LE, NIRC_F64, {0, 0, 0, 0, 0, 0, 0xf0, 0x3f}, 1},
    {H5T_IEEE_F64BE, NIRC_F64, {0x3f, 0xf0}, 1}, {half_type(H5T_ORDER_LE), NIRC_F16, {1, 0x3c}, 1 + 0x1p-10},
    {half_type(H5T_ORDER_BE), NIRC_F16, {0x3c, 1}, 1 + 0x1p-10},
  };
  hid_t f = create();
  char name[8];
  for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
    snprintf(name, sizeof name, "%02zu", i);
    put(f, name, cases[i].type, 0, cases[i].bytes, H5P_DEFAULT);
  }
  H5Fclose(f);
  const nirc_h5_object *o = read_root()->children;
  for (size_t i = 0; i < N_ELEMENTS(cases); i++, o = o->next) {
    ck_assert(o->kind == NIRC_H5_NUMBERS && o->rank == 0 && o->count == 1 && !o->compressed);
    ck_assert_str_eq(nirc_dtype_name(o->dtype), nirc_dtype_name(cases[i].want));
    ck_assert_msg(nirc_dtype_get(o->dtype, o->data, 0) == cases[i].value, "case %zu", i);
  }
  ck_assert_ptr_null(o);
}
END_TEST

START_TEST(numbers_of_other_widths_are_refused)
{
  hid_t f = create(), i24 = H5Tcopy(H5T_STD_I32LE), bfloat = H5Tcopy(H5T_IEEE_F32LE);
  H5Tset_precision(i24, 24);
  H5Tset_fields(bfloat, 15, 7, 8, 0, 7);
  H5Tset_size(bfloat, 2);
  put(f, "a", i24, 0, NULL, H5P_DEFAULT);
  put(f, "b", bfloat, 0, NULL, H5P_DEFAULT);
  put(f, "c", H5T_NATIVE_LDOUBLE, 0, NULL, H5P_DEFAULT);
  H5Fclose(f);
  refused("x.h5", NIRC_STATUS_REFUSED, "x.h5:/a: error: integers must have 8, 16, 32 or 64 bits\n"
                                       "x.h5:/b: error: floating-point numbers must be IEEE 754 of 16, 32 or 64 bits\nx.h5:/c: error: floating");
}
END_TEST

START_TEST(booleans_and_enums)
{
  hid_t f = create(), b = H5Tenum_create(H5T_STD_I8LE), e = H5Tenum_create(H5T_STD_I16BE);
  H5Tenum_insert(b, "FALSE", (int8_t[]){0});
  H5Tenum_insert(b, "TRUE", (int8_t[]){1});
  H5Tenum_insert(e, "A", (uint16_t[]){0x0100});      /* 1 */
  put(f, "b", b, 4, (int8_t[]){0, 1, 5, -1}, H5P_DEFAULT);
  put(f, "e", e, 2, (uint16_t[]){0x0100, 0x0700}, H5P_DEFAULT);    /* 7: of no name */
  H5Fclose(f);
  const nirc_h5_object *root = read_root(), *o = child(root, "b");
  ck_assert_int_eq(o->dtype, NIRC_BOOL);
  ck_assert_int_eq(memcmp(o->data, "\0\1\1\1", 4), 0);
  o = child(root, "e");
  ck_assert_int_eq(o->dtype, NIRC_I16);
  ck_assert(nirc_dtype_get(o->dtype, o->data, 0) == 1 && nirc_dtype_get(o->dtype, o->data, 1) == 7);
}
END_TEST

START_TEST(strings_of_every_kind)
{
  hid_t f = create(), variable = string_type(H5T_VARIABLE, H5T_STR_NULLTERM);
  put(f, "v", variable, 3, (const char *[]){"", "h\xc3\xa9", "long enough to be somewhere else"}, H5P_DEFAULT);
  put(f, "s", variable, 0, (const char *[]){"NIRGraph"}, H5P_DEFAULT);
  put(f, "t", string_type(4, H5T_STR_NULLTERM), 2, "ab\0zabc", H5P_DEFAULT);
  put(f, "n", string_type(3, H5T_STR_NULLPAD), 2, "abca\0", H5P_DEFAULT);
  put(f, "p", string_type(3, H5T_STR_SPACEPAD), 2, "a  bcd", H5P_DEFAULT);
  put(f, "u", variable, 2, NULL, H5P_DEFAULT);       /* never written */
  H5Fclose(f);
  static const struct { const char *name; size_t n; const char *strings[3]; } want[] = {
    {"n", 2, {"abc", "a"}}, {"p", 2, {"a", "bcd"}}, {"s", 1, {"NIRGraph"}}, {"t", 2, {"ab", "abc"}}, {"u", 2, {"", ""}},
    {"v", 3, {"", "h\xc3\xa9", "long enough to be somewhere else"}},
  };
  const nirc_h5_object *o = read_root()->children;
  for (size_t i = 0; i < N_ELEMENTS(want); i++, o = o->next) {
    ck_assert_str_eq(o->name, want[i].name);
    ck_assert(o->kind == NIRC_H5_STRINGS && o->count == want[i].n);
    for (size_t k = 0; k < o->count; k++)
      ck_assert_str_eq(o->strings[k], want[i].strings[k]);
  }
}
END_TEST

START_TEST(strings_that_are_no_text)
{
  static const char *const bad[] = {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\xe2\x82"};
  hid_t f = create(), variable = string_type(H5T_VARIABLE, H5T_STR_NULLTERM);
  put(f, "a", variable, 1, &bad[_i], H5P_DEFAULT);
  put(f, "b", string_type(3, H5T_STR_NULLPAD), 0, "a\0b", H5P_DEFAULT);
  put_attribute(f, "k", variable, &bad[_i]);         /* left out without a word */
  H5Fclose(f);
  refused("x.h5", NIRC_STATUS_REFUSED, "x.h5:/a: error: holds a string that is not UTF-8\nx.h5:/b: error: a string has a NUL inside\n");
}
END_TEST

START_TEST(names_that_are_no_text)
{
  hid_t f = create();
  H5Gclose(H5Gcreate2(f, "\xff\xfe", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  H5Fclose(f);
  refused("x.h5", NIRC_STATUS_REFUSED, "x.h5: error: holds an object whose name is not UTF-8\n");
}
END_TEST

START_TEST(names_that_forge_lines)
{
  hid_t f = create();
  put(f, "a\nx: error", H5T_STD_REF_OBJ, 0, NULL, H5P_DEFAULT);
  H5Fclose(f);
  refused("x.h5", NIRC_STATUS_REFUSED, "x.h5:/a\\x0ax: error: error: values of HDF5 class reference are not supported\n");
}
END_TEST

START_TEST(shapes)
{
  hid_t f = create();
  const hsize_t dims[] = {2, 0, 5}, eight[8] = {1, 1, 1, 1, 1, 1, 1, 2};
  hid_t empty = H5Screate_simple(3, dims, NULL), null = H5Screate(H5S_NULL), most = H5Screate_simple(8, eight, NULL);
  H5Dclose(H5Dcreate2(f, "empty", H5T_STD_I32LE, empty, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  H5Dclose(H5Dcreate2(f, "null", H5T_STD_I32LE, null, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  H5Dclose(H5Dcreate2(f, "most", H5T_STD_I32LE, most, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  H5Fclose(f);
  const nirc_h5_object *root = read_root(), *o = child(root, "empty");
  ck_assert(o->rank == 3 && o->count == 0 && o->dims[0] == 2 && o->dims[1] == 0 && o->dims[2] == 5);
  o = child(root, "null");
  ck_assert(o->rank == 1 && o->count == 0 && o->dims[0] == 0);
  o = child(root, "most");
  ck_assert(o->rank == 8 && o->count == 2 && o->dims[7] == 2);
}
END_TEST

START_TEST(nine_axes_are_refused)
{
  hid_t f = create();
  const hsize_t nine[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
  H5Dclose(H5Dcreate2(f, "x", H5T_STD_I8LE, H5Screate_simple(9, nine, NULL), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  H5Fclose(f);
  refused("x.h5", NIRC_STATUS_REFUSED, "x.h5:/x: error: more than 8 axes");
}
END_TEST

START_TEST(groups_in_byte_order)
{
  hid_t f = create(), g = H5Gcreate2(f, "node", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  static const char *const names[] = {"2", "10", "\xc3\xa9", "fc 1", "a.b", "_"}, *const sorted[] = {"10", "2", "_", "a.b", "fc 1", "\xc3\xa9"};
  for (size_t i = 0; i < N_ELEMENTS(names); i++)
    H5Gclose(H5Gcreate2(g, names[i], H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  H5Gclose(g);
  H5Fclose(f);
  const nirc_h5_object *o = child(read_root(), "node")->children;
  for (size_t i = 0; i < N_ELEMENTS(sorted); i++, o = o->next) {
    ck_assert(o->kind == NIRC_H5_GROUP && !o->children);
    ck_assert_str_eq(o->name, sorted[i]);
    ck_assert_str_eq(o->path + strlen("/node/"), sorted[i]);
  }
}
END_TEST

START_TEST(attributes_that_can_be_read)
{
  hid_t f = create(), opaque = H5Tcreate(H5T_OPAQUE, 4);
  put_attribute(f, "dt", H5T_IEEE_F64LE, (double[]){0.5});
  put_attribute(f, "__type__", string_type(H5T_VARIABLE, H5T_STR_NULLTERM), (const char *[]){"NIRGraphData"});
  put_attribute(f, "opaque", opaque, "abcd");
  put(f, "x", H5T_STD_I8LE, 0, NULL, H5P_DEFAULT);
  hid_t x = H5Dopen2(f, "x", H5P_DEFAULT);
  put_attribute(x, "n", H5T_STD_I64LE, (int64_t[]){7});
  H5Dclose(x);
  H5Fclose(f);
  const nirc_h5_object *root = read_root(), *a = nirc_h5_attribute(root, "dt");
  ck_assert(a && a->dtype == NIRC_F64 && *(const double *)a->data == 0.5);
  a = nirc_h5_attribute(root, "__type__");
  ck_assert(a && a->kind == NIRC_H5_STRINGS);
  ck_assert_str_eq(a->strings[0], "NIRGraphData");
  ck_assert_ptr_null(nirc_h5_attribute(root, "opaque"));
  a = nirc_h5_attribute(child(root, "x"), "n");
  ck_assert(a && *(const int64_t *)a->data == 7);
}
END_TEST

START_TEST(filters_that_are_read)
{
  static float data[1000];
  for (size_t i = 0; i < N_ELEMENTS(data); i++)
    data[i] = (float)i;
  hid_t f = create(), list = chunked(100);
  H5Pset_shuffle(list);
  H5Pset_deflate(list, 4);
  H5Pset_fletcher32(list);
  put(f, "x", H5T_IEEE_F32LE, N_ELEMENTS(data), data, list);
  put(f, "y", H5T_IEEE_F32LE, N_ELEMENTS(data), data, chunked(7));
  H5Fclose(f);
  const nirc_h5_object *root = read_root(), *x = child(root, "x"), *y = child(root, "y");
  ck_assert(x->compressed && !y->compressed);
  ck_assert_int_eq(memcmp(x->data, data, sizeof data), 0);
  ck_assert_int_eq(memcmp(y->data, data, sizeof data), 0);
}
END_TEST

START_TEST(other_filters_are_refused)
{
  hid_t f = create(), list = chunked(10);
  H5Pset_scaleoffset(list, H5Z_SO_INT, H5Z_SO_INT_MINBITS_DEFAULT);
  put(f, "x", H5T_STD_I32LE, 10, NULL, list);
  H5Fclose(f);
  refused("x.h5", NIRC_STATUS_REFUSED, "x.h5:/x: error: stored through a filter other than deflate");
}
END_TEST

START_TEST(values_elsewhere_are_refused)
{
  write_bytes("secret", "secret", 6);
  hid_t f = create(), external = H5Pcreate(H5P_DATASET_CREATE), virtual_list = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_external(external, "secret", 0, 6);
  put(f, "external", H5T_STD_I8LE, 6, NULL, external);
  hid_t space = H5Screate_simple(1, (hsize_t[]){6}, NULL);
  H5Pset_virtual(virtual_list, space, "other.h5", "x", space);
  put(f, "virtual", H5T_STD_I8LE, 6, NULL, virtual_list);
  H5Fclose(f);
  refused("x.h5", NIRC_STATUS_REFUSED, "x.h5:/external: error: values in another file (external storage) are not read\n"
                                       "x.h5:/virtual: error: values in other datasets (virtual storage) are not read\n");
}
END_TEST

START_TEST(links_are_refused)
{
  hid_t f = create();
  H5Lcreate_soft("/nothing", f, "soft", H5P_DEFAULT, H5P_DEFAULT);
  H5Lcreate_external("other.h5", "/x", f, "external", H5P_DEFAULT, H5P_DEFAULT);
  H5Fclose(f);
  refused("x.h5", NIRC_STATUS_REFUSED, "x.h5:/external: error: an external link; only hard links are followed\n"
                                       "x.h5:/soft: error: a soft link; only hard links are followed\n");
}
END_TEST

START_TEST(hard_links_are_followed_but_not_round)
{
  hid_t f = create(), g = H5Gcreate2(f, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Lcreate_hard(f, "g", f, "same", H5P_DEFAULT, H5P_DEFAULT);
  put(g, "x", H5T_STD_I8LE, 0, NULL, H5P_DEFAULT);
  H5Fflush(f, H5F_SCOPE_GLOBAL);
  ck_assert_ptr_nonnull(nirc_h5_child(child(read_root(), "same"), "x"));
  H5Lcreate_hard(f, "/", g, "up", H5P_DEFAULT, H5P_DEFAULT);
  H5Gclose(g);
  H5Fclose(f);
  refused("x.h5", NIRC_STATUS_REFUSED, "x.h5:/g/up: error: a group that lies inside itself\n");
}
END_TEST

START_TEST(values_of_other_classes_are_refused)
{
  hid_t f = create(), compound = H5Tcreate(H5T_COMPOUND, 4);
  H5Tinsert(compound, "a", 0, H5T_STD_I32LE);
  put(f, "array", H5Tarray_create2(H5T_STD_I8LE, 1, (hsize_t[]){3}), 0, NULL, H5P_DEFAULT);
  put(f, "bits", H5T_STD_B8LE, 0, NULL, H5P_DEFAULT);
  put(f, "compound", compound, 0, NULL, H5P_DEFAULT);
  put(f, "opaque", H5Tcreate(H5T_OPAQUE, 4), 0, NULL, H5P_DEFAULT);
  put(f, "sequence", H5Tvlen_create(H5T_STD_I8LE), 0, NULL, H5P_DEFAULT);
  H5Tcommit2(f, "type", compound, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Tclose(compound);
  H5Fclose(f);
  refused("x.h5", NIRC_STATUS_REFUSED, "x.h5:/type: error: neither a group nor a dataset\n");
  ck_assert_uint_eq(diag.errors, 6);
  ck_assert_ptr_nonnull(strstr(said(), "x.h5:/compound: error: values of HDF5 class compound are not supported\n"));
}
END_TEST

START_TEST(names_twice)
{
  hid_t f = create();
  put(f, "same1", H5T_STD_I8LE, 0, NULL, H5P_DEFAULT);
  put(f, "same2", H5T_STD_I8LE, 0, NULL, H5P_DEFAULT);
  H5Fclose(f);
  patch("same2", "same1", 6);
  refused("x.h5", NIRC_STATUS_REFUSED, "x.h5:/same1: error: two objects of this name, or names out of order; the group is damaged\n");
}
END_TEST

/* The signature of every local heap is spoiled. */

int main(void)
{
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  TCase *t = tcase_create("h5");
  tcase_set_timeout(t, 120);                         /* valgrind is slow */
  tcase_add_checked_fixture(t, enter_folder, leave_folder);
  tcase_add_test(t, numbers_of_every_type_and_order);
  tcase_add_test(t, numbers_of_other_widths_are_refused);
  tcase_add_test(t, booleans_and_enums);
  tcase_add_test(t, strings_of_every_kind);
  tcase_add_loop_test(t, strings_that_are_no_text, 0, 5);
  tcase_add_test(t, names_that_are_no_text);
  tcase_add_test(t, names_that_forge_lines);
  tcase_add_test(t, shapes);
  tcase_add_test(t, nine_axes_are_refused);
  tcase_add_test(t, groups_in_byte_order);
  tcase_add_test(t, attributes_that_can_be_read);
  tcase_add_test(t, filters_that_are_read);
  tcase_add_test(t, other_filters_are_refused);
  tcase_add_test(t, values_elsewhere_are_refused);
  tcase_add_test(t, links_are_refused);
  tcase_add_test(t, hard_links_are_followed_but_not_round);
  tcase_add_test(t, values_of_other_classes_are_refused);
  tcase_add_test(t, names_twice);
  Suite *s = suite_create("h5");
  suite_add_tcase(s, t);
  return run_suite(s);
}
