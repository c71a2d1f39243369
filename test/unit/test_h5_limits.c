/* test/unit/test_h5_limits.c: frontend/nir_h5. Files that are too large, damaged or none, and what reading leaves behind. */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>

#include "test/unit/h5_fixture.h"
#include "test/unit/run_suite.h"

/* `levels` groups, each twice in the one above: 2^levels paths. */
static void nest(unsigned levels, bool twice)
{
  hid_t f = create(), inner = H5Gcreate2(f, "z", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  for (unsigned i = 0; i < levels; i++) {
    hid_t outer = H5Gcreate_anon(f, H5P_DEFAULT, H5P_DEFAULT);
    H5Olink(inner, outer, "a", H5P_DEFAULT, H5P_DEFAULT);
    if (twice)
      H5Olink(inner, outer, "b", H5P_DEFAULT, H5P_DEFAULT);
    H5Gclose(inner);
    inner = outer;
  }
  H5Olink(inner, f, "a", H5P_DEFAULT, H5P_DEFAULT);
  H5Gclose(inner);
  H5Ldelete(f, "z", H5P_DEFAULT);
  H5Fclose(f);
}

START_TEST(depth_has_a_cap)
{
  nest(NIRC_H5_MAX_DEPTH - 1, false);
  read_root();
  nest(NIRC_H5_MAX_DEPTH, false);
  refused("x.h5", NIRC_STATUS_LIMIT, "error: groups lie more than 32 deep\n");
}
END_TEST

START_TEST(objects_have_a_cap)
{
  nest(28, true);
  refused("x.h5", NIRC_STATUS_LIMIT, "error: the file has more than 100000 objects\n");
}
END_TEST

START_TEST(paths_have_a_cap)
{
  static char name[3000];
  memset(name, 'n', sizeof name - 1);
  hid_t f = create(), g = H5Gcreate2(f, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Gclose(H5Gcreate2(g, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  H5Gclose(g);
  H5Fclose(f);
  refused("x.h5", NIRC_STATUS_LIMIT, "error: the path of an object in this group is longer than 4096 bytes\n");
}
END_TEST

START_TEST(sizes_beyond_the_file)
{
  hid_t f = create();
  put(f, "x", H5T_IEEE_F32LE, (hsize_t)1 << 33, NULL, H5P_DEFAULT);
  put(f, "y", H5T_IEEE_F32LE, 3, NULL, H5P_DEFAULT); /* small and never written: zeros */
  H5Fclose(f);
  refused("x.h5", NIRC_STATUS_REFUSED, "x.h5:/x: error: declares more bytes than the whole file has\n");
  ck_assert_uint_eq(diag.errors, 1);
}
END_TEST

START_TEST(sizes_beyond_the_cap)
{
  nirc_h5_limits limits = patient();
  limits.max_tensor_bytes = 1000;
  hid_t f = create();
  put(f, "a", H5T_STD_I8LE, 600, NULL, chunked(10));
  put(f, "b", H5T_STD_I8LE, (hsize_t)1 << 62, NULL, chunked(10));
  put(f, "c", H5T_STD_I64LE, (hsize_t)1 << 62, NULL, chunked(10));
  put(f, "d", H5T_STD_I8LE, 2000, NULL, chunked(2000));
  put(f, "e", H5T_STD_I8LE, 600, NULL, chunked(10));
  H5Fclose(f);
  refused_within("x.h5", &limits, NIRC_STATUS_LIMIT,
                 "x.h5:/b: error: declares more bytes than the limit for a tensor\nx.h5:/c: error: the number of bytes overflows\n"
                 "x.h5:/d: error: one chunk is larger than the limit for a tensor\n"
                 "x.h5:/e: error: all values together have more bytes than the limit for a tensor\n");
}
END_TEST

START_TEST(strings_beyond_the_cap)
{
  nirc_h5_limits limits = patient();
  limits.max_tensor_bytes = 1000;
  static char s[600];
  memset(s, 's', sizeof s - 1);
  hid_t f = create();
  put(f, "x", string_type(H5T_VARIABLE, H5T_STR_NULLTERM), 2, (const char *[]){s, s}, H5P_DEFAULT);
  H5Fclose(f);
  refused_within("x.h5", &limits, NIRC_STATUS_LIMIT, "x.h5:/x: error: ");
}
END_TEST

START_TEST(file_size_has_a_cap)
{
  nirc_h5_limits limits = patient();
  limits.max_file_bytes = 100;
  H5Fclose(create());
  refused_within("x.h5", &limits, NIRC_STATUS_LIMIT, "x.h5: error: the file has 800 bytes, the limit is 100\n");
}
END_TEST

START_TEST(time_has_a_cap)
{
  nirc_h5_limits limits = patient();
  limits.clock_seconds = 0;
  H5Fclose(create());
  refused_within("x.h5", &limits, NIRC_STATUS_LIMIT, "x.h5: error: reading took longer than 0 s");
}
END_TEST

START_TEST(damage_is_said_in_plain_words)
{
  hid_t f = create();
  put(f, "x", H5T_STD_I8LE, 0, NULL, H5P_DEFAULT);
  H5Fclose(f);
  patch("HEAP", "XXXX", 4);
  refused("x.h5", NIRC_STATUS_REFUSED, "x.h5: error: the HDF5 library could not read this ");
}
END_TEST

START_TEST(files_that_are_not_hdf5)
{
  static const char zip[100] = "PK\003\004";
  write_bytes("zip.nir", zip, sizeof zip);
  write_bytes("text.nir", "nirc\n", 5);
  write_bytes("empty.nir", "", 0);
  refused("zip.nir", NIRC_STATUS_REFUSED, "zip.nir: error: a zip archive, not HDF5");
  refused("text.nir", NIRC_STATUS_REFUSED, "text.nir: error: not an HDF5 file");
  refused("empty.nir", NIRC_STATUS_REFUSED, "empty.nir: error: the file is empty");
}
END_TEST

START_TEST(files_that_cannot_be_opened)
{
  static const struct { const char *path, *message; } cases[] = {
    {"nothing", "nothing: error: cannot be opened: No such file"}, {"folder", "folder: error: is a directory"},
    {"pipe", "pipe: error: is not a regular file"}, {"/dev/null", "/dev/null: error: is not a regular file"},
  };
  ck_assert_int_eq(mkdir("folder", 0777), 0);
  ck_assert_int_eq(mkfifo("pipe", 0600), 0);
  refused(cases[_i].path, NIRC_STATUS_IO, cases[_i].message);
}
END_TEST

START_TEST(cut_files)
{
  hid_t f = create();
  put(f, "x", H5T_IEEE_F64LE, 100, (double[100]){1}, H5P_DEFAULT);
  H5Fclose(f);
  struct stat st;
  stat("x.h5", &st);
  ck_assert_int_eq(truncate("x.h5", st.st_size * (_i + 1) / 10), 0);
  refused("x.h5", NIRC_STATUS_REFUSED, "x.h5");
}
END_TEST

START_TEST(a_user_block_comes_first)
{
  hid_t list = H5Pcreate(H5P_FILE_CREATE);
  H5Pset_userblock(list, 2048);
  hid_t f = H5Fcreate("x.h5", H5F_ACC_TRUNC, list, H5P_DEFAULT);
  put(f, "x", H5T_STD_I8LE, 0, (int8_t[]){3}, H5P_DEFAULT);
  H5Fclose(f);
  ck_assert(nirc_dtype_get(NIRC_I8, child(read_root(), "x")->data, 0) == 3);
}
END_TEST

START_TEST(hash_is_of_the_bytes)
{
  H5Fclose(create());
  nirc_h5_limits limits = patient();
  nirc_h5_file *a = nirc_h5_read(arena, "x.h5", &limits, &diag), *b = nirc_h5_read(arena, "x.h5", &limits, &diag);
  ck_assert(a && b && a->hash[0] == b->hash[0] && a->hash[1] == b->hash[1] && a->bytes == 800);
  FILE *f = fopen("x.h5", "ab");
  fputc('!', f);
  fclose(f);
  b = nirc_h5_read(arena, "x.h5", &limits, &diag);
  ck_assert(b && a->hash[0] != b->hash[0] && a->hash[1] != b->hash[1]);
}
END_TEST

/* Reading leaves neither descriptors nor children, and does not need the parent's signals as they come. */
START_TEST(nothing_is_left_behind)
{
  hid_t f = create();
  put(f, "x", H5T_STD_I8LE, 0, NULL, H5P_DEFAULT);
  H5Fclose(f);
  int before = dup(0);
  close(before);
  signal(SIGPIPE, SIG_DFL);
  for (int i = 0; i < 5; i++)
    read_root();
  patch("HEAP", "XXXX", 4);
  refused("x.h5", NIRC_STATUS_REFUSED, "x.h5");
  int after = dup(0);
  close(after);
  ck_assert_int_eq(before, after);
}
END_TEST

int main(void)
{
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  TCase *t = tcase_create("h5_limits");
  tcase_set_timeout(t, 120);                         /* valgrind is slow */
  tcase_add_checked_fixture(t, enter_folder, leave_folder);
  tcase_add_test(t, depth_has_a_cap);
  tcase_add_test(t, objects_have_a_cap);
  tcase_add_test(t, paths_have_a_cap);
  tcase_add_test(t, sizes_beyond_the_file);
  tcase_add_test(t, sizes_beyond_the_cap);
  tcase_add_test(t, strings_beyond_the_cap);
  tcase_add_test(t, file_size_has_a_cap);
  tcase_add_test(t, time_has_a_cap);
  tcase_add_test(t, damage_is_said_in_plain_words);
  tcase_add_test(t, files_that_are_not_hdf5);
  tcase_add_loop_test(t, files_that_cannot_be_opened, 0, 4);
  tcase_add_loop_test(t, cut_files, 0, 9);
  tcase_add_test(t, a_user_block_comes_first);
  tcase_add_test(t, hash_is_of_the_bytes);
  tcase_add_test(t, nothing_is_left_behind);
  Suite *s = suite_create("h5_limits");
  suite_add_tcase(s, t);
  return run_suite(s);
}
