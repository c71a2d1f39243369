/* test/unit/test_base.c: ir/base. Memory, text, numbers, diagnostics and output sets. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ir/base/arena.h"
#include "ir/base/diag.h"
#include "ir/base/dtype.h"
#include "ir/base/heap.h"
#include "ir/base/sink.h"
#include "ir/base/strbuf.h"

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

/* ---- diag ------------------------------------------------------------------------------------------------------------------ */

typedef struct heard {
  nirc_diag d;
  char *text;
  size_t size;
} heard;

static void heard_init(heard *h)
{
  *h = (heard){.text = NULL};
  nirc_diag_init(&h->d, open_memstream(&h->text, &h->size), "nirc");
}

static const char *heard_text(heard *h)
{
  fflush(h->d.stream);
  return h->text;
}

static void heard_deinit(heard *h)
{
  fclose(h->d.stream);
  free(h->text);
}

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

/* ---- sink ------------------------------------------------------------------------------------------------------------------ */

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

/* ------------------------------------------------------------------------------------------------------------------------------ */

int main(void)
{
  Suite *s = suite_create("base");
  TCase *memory = tcase_create("memory"), *dtype = tcase_create("dtype"), *diag = tcase_create("diag"), *sink = tcase_create("sink");
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
  tcase_add_test(diag, diag_places);
  tcase_add_test(diag, diag_fields);
  tcase_add_test(diag, diag_escapes_control_characters);
  tcase_add_test(diag, diag_json);
  tcase_add_test(diag, diag_shows_the_source);
  tcase_add_test(diag, diag_warnings_as_errors);
  tcase_add_test(diag, diag_first_error_decides_the_status);
  tcase_add_test(diag, diag_quiet_drops_warnings_with_their_notes);
  tcase_add_test(diag, diag_stops_printing_errors);
  tcase_add_checked_fixture(sink, enter_folder, leave_folder);
  tcase_add_test(sink, sink_appears_at_commit);
  tcase_add_test(sink, sink_discard_leaves_nothing);
  tcase_add_test(sink, sink_replaces_old_files);
  tcase_add_test(sink, sink_takes_a_failed_commit_back);
  tcase_add_test(sink, sink_misses_a_temporary);
  tcase_add_test(sink, sink_refuses_what_is_no_directory);
  tcase_add_test(sink, sink_keeps_devices_and_directories);
  TCase *all[] = {memory, dtype, diag, sink};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    tcase_set_timeout(all[i], 60);                   /* valgrind is slow */
    suite_add_tcase(s, all[i]);
  }
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_ENV);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
