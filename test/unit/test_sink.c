/* test/unit/test_sink.c: ir/base/sink. Outputs appear together or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ir/base/sink.h"
#include "test/unit/heard.h"
#include "test/unit/run_suite.h"

/* An empty working directory. */
static char folder[] = "/tmp/nirc-test-XXXXXX";
static heard h_sink;

static void enter_folder(void)
{
  strcpy(strrchr(folder, '-') + 1, "XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
  ck_assert_int_eq(chdir(folder), 0);
  umask(022);
  heard_init(&h_sink);
}

static void leave_folder(void)
{
  heard_deinit(&h_sink);
  ck_assert_int_eq(chdir("/"), 0);
  char command[64];
  snprintf(command, sizeof command, "rm -r '%s'", folder);
  ck_assert_int_eq(system(command), 0);
}

static void write_text(const char *path, const char *text)
{
  FILE *f = fopen(path, "w");
  ck_assert_ptr_nonnull(f);
  fputs(text, f);
  fclose(f);
}

#define ck_assert_holds(path, text) \
  do { \
    char now_[64] = ""; \
    FILE *f_ = fopen((path), "r"); \
    ck_assert_ptr_nonnull(f_); \
    ck_assert(fread(now_, 1, sizeof now_ - 1, f_) < sizeof now_); \
    fclose(f_); \
    ck_assert_str_eq(now_, (text)); \
  } while (0)

/* The names in the working directory's tree, "./" left out, in order. */
#define ck_assert_tree(want) \
  do { \
    char now_[512] = ""; \
    FILE *f_ = popen("find . -mindepth 1 -printf '%P ' | tr ' ' '\\n' | LC_ALL=C sort | tr '\\n' ' '", "r"); \
    ck_assert_ptr_nonnull(f_); \
    size_t n_ = fread(now_, 1, sizeof now_ - 1, f_); \
    pclose(f_); \
    while (n_ > 0 && now_[n_ - 1] == ' ') \
      now_[--n_] = '\0'; \
    ck_assert_str_eq(now_[0] == ' ' ? now_ + 1 : now_, (want)); \
  } while (0)

static mode_t mode_of(const char *path)
{
  struct stat st;
  ck_assert_int_eq(stat(path, &st), 0);
  return st.st_mode & 07777;
}

START_TEST(sink_appears_at_commit)
{
  nirc_sink *s = nirc_sink_new("a/b/", &h_sink.d);
  ck_assert_ptr_nonnull(s);
  ck_assert(nirc_sink_write(s, "m.h", "text", 4));
  const char *temporary = nirc_sink_file(s, "m.so");
  ck_assert_ptr_nonnull(temporary);
  ck_assert_uint_eq(mode_of(temporary), 0600);
  write_text(temporary, "code");
  ck_assert_int_ne(access("a/b/m.h", F_OK), 0);
  ck_assert(nirc_sink_commit(s));
  ck_assert_tree("a a/b a/b/m.h a/b/m.so");
  ck_assert_holds("a/b/m.h", "text");
  ck_assert_holds("a/b/m.so", "code");
  ck_assert_uint_eq(mode_of("a/b/m.h"), 0644);
  ck_assert_uint_eq(mode_of("a/b/m.so"), 0755);
  ck_assert_str_eq(heard_text(&h_sink), "");
}
END_TEST

START_TEST(sink_discard_leaves_nothing)
{
  ck_assert_int_eq(mkdir("there", 0777), 0);
  nirc_sink *s = nirc_sink_new("there/a/b", &h_sink.d);
  ck_assert(nirc_sink_write(s, "x", "1", 1));
  nirc_sink_discard(s);
  nirc_sink_discard(NULL);
  ck_assert_tree("there");
}
END_TEST

START_TEST(sink_replaces_old_files)
{
  write_text("x", "old");
  nirc_sink *s = nirc_sink_new("", &h_sink.d);
  ck_assert(nirc_sink_write(s, "x", "new", 3));
  ck_assert(nirc_sink_write(s, "y", "", 0));
  ck_assert(nirc_sink_commit(s));
  ck_assert_holds("x", "new");
  ck_assert_tree("x y");
}
END_TEST

/* The first file is in place already when the second cannot be: it goes back to what it was. */
START_TEST(sink_takes_a_failed_commit_back)
{
  write_text("a", "old");
  nirc_sink *s = nirc_sink_new(".", &h_sink.d);
  ck_assert(nirc_sink_write(s, "b", "new", 3));
  ck_assert(nirc_sink_write(s, "c", "new", 3));
  ck_assert(nirc_sink_write(s, "a", "new", 3));
  ck_assert_int_eq(mkdir("b", 0777), 0);
  ck_assert(!nirc_sink_commit(s));
  ck_assert_holds("a", "old");
  ck_assert_tree("a b");
  ck_assert_int_eq(h_sink.d.status, NIRC_STATUS_IO);
  ck_assert_ptr_nonnull(strstr(heard_text(&h_sink), "b: error: "));
}
END_TEST

START_TEST(sink_misses_a_temporary)
{
  write_text("a", "old");
  nirc_sink *s = nirc_sink_new("new", &h_sink.d);
  ck_assert(nirc_sink_write(s, "a", "new", 3));
  ck_assert_int_eq(unlink(nirc_sink_file(s, "b")), 0);
  ck_assert(!nirc_sink_commit(s));
  ck_assert_tree("a");
  ck_assert_str_eq(heard_text(&h_sink), "new/b: error: cannot be written: No such file or directory\n");
}
END_TEST

START_TEST(sink_refuses_what_is_no_directory)
{
  write_text("plain", "a file");
  ck_assert_ptr_null(nirc_sink_new("plain/out", &h_sink.d));
  ck_assert_ptr_null(nirc_sink_new("plain", &h_sink.d));
  ck_assert_int_eq(h_sink.d.status, NIRC_STATUS_IO);
  ck_assert_uint_eq(h_sink.d.errors, 2);
  ck_assert_tree("plain");
}
END_TEST

START_TEST(sink_keeps_devices_and_directories)
{
  ck_assert_int_eq(mkdir("x", 0777), 0);
  ck_assert_int_eq(mkfifo("y", 0600), 0);
  nirc_sink *s = nirc_sink_new("", &h_sink.d);
  ck_assert_ptr_null(nirc_sink_file(s, "x"));
  ck_assert(!nirc_sink_write(s, "y", "1", 1));
  nirc_sink_discard(s);
  ck_assert_int_eq(h_sink.d.status, NIRC_STATUS_IO);
  ck_assert_tree("x y");
}
END_TEST

int main(void)
{
  Suite *s = suite_create("sink");
  TCase *sink = tcase_create("sink");
  tcase_set_timeout(sink, 60);                      /* valgrind is slow */
  tcase_add_checked_fixture(sink, enter_folder, leave_folder);
  tcase_add_test(sink, sink_appears_at_commit);
  tcase_add_test(sink, sink_discard_leaves_nothing);
  tcase_add_test(sink, sink_replaces_old_files);
  tcase_add_test(sink, sink_takes_a_failed_commit_back);
  tcase_add_test(sink, sink_misses_a_temporary);
  tcase_add_test(sink, sink_refuses_what_is_no_directory);
  tcase_add_test(sink, sink_keeps_devices_and_directories);
  suite_add_tcase(s, sink);
  return run_suite(s);
}
