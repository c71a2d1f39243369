/* test/unit/test_values.c: the values that a network's text may hold: quantities with units, random numbers, arrays in .npy files. Expected numbers are
 * literals that the C compiler rounds, or stand in the specification of the generator or of the file format; test/snn works more of them out in Python. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/snn/npy.h"
#include "frontend/snn/random.h"
#include "ir/base/quantity.h"
#include "passes/pass.h"
#include "test/unit/run_suite.h"

/* ---- dimensions ------------------------------------------------------------------------------------------------------------ */

static nirc_dims dims_of(const char *unit)
{
  const nirc_unit *u = nirc_unit_find(unit);
  ck_assert_ptr_nonnull(u);
  return u->dims;
}

START_TEST(dims_follow_from_the_base)
{
  static const struct { const char *a, *b, *product, *quotient; } rows[] = {
    {"A", "Ohm", "V", "V/Ohm^2"}, {"F", "Ohm", "s", "s/Ohm^2"}, {"s", "Hz", "1", "s^2"},     {"F", "V", "s*V/Ohm", "s/(V*Ohm)"},
    {"V", "Ohm", "V*Ohm", "A"},   {"S", "V", "A", "1/(V*Ohm)"}, {"V", "s", "s*V", "V/s"},    {"S", "Ohm", "1", "1/Ohm^2"},
    {"s", "Ohm", "s*Ohm", "F"},   {"A", "s", "s*V/Ohm", "V/(s*Ohm)"}, {"Hz", "s", "1", "1/s^2"},
  };
  char text[NIRC_DIMS_TEXT];
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    nirc_dims out;
    ck_assert(nirc_dims_mul(&out, dims_of(rows[i].a), dims_of(rows[i].b)));
    nirc_dims_text(text, out);
    ck_assert_str_eq(text, rows[i].product);
    ck_assert(nirc_dims_div(&out, dims_of(rows[i].a), dims_of(rows[i].b)));
    nirc_dims_text(text, out);
    ck_assert_str_eq(text, rows[i].quotient);
  }
}
END_TEST

START_TEST(dims_have_words)
{
  static const struct { const char *unit, *word; } rows[] = {
    {"us", "a time"}, {"mV", "a voltage"}, {"MOhm", "a resistance"}, {"nA", "a current"}, {"kHz", "a frequency"}, {"pF", "a capacitance"},
    {"nS", "a conductance"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    ck_assert_str_eq(nirc_dims_word(dims_of(rows[i].unit)), rows[i].word);
  ck_assert_str_eq(nirc_dims_word((nirc_dims){0, 0, 0}), "a number");
  ck_assert_str_eq(nirc_dims_word((nirc_dims){2, 0, 0}), "a quantity");
}
END_TEST

START_TEST(dims_do_not_overflow)
{
  nirc_dims x = {127, -128, 0}, second = {1, 0, 0}, volt = {0, 1, 0}, out = {9, 9, 9};
  ck_assert(!nirc_dims_mul(&out, x, second) && !nirc_dims_div(&out, x, volt) && out.second == 9);
  ck_assert(nirc_dims_div(&out, x, second) && out.second == 126);
  ck_assert(nirc_dims_mul(&out, x, volt) && out.volt == -127);
  ck_assert(nirc_dims_mul(&second, second, second) && second.second == 2);       /* in place */
  char text[NIRC_DIMS_TEXT];
  nirc_dims_text(text, (nirc_dims){-128, -128, -128});
  ck_assert_str_eq(text, "1/(s^128*V^128*Ohm^128)");
  nirc_dims_text(text, (nirc_dims){127, 127, 127});
  ck_assert_str_eq(text, "s^127*V^127*Ohm^127");
  ck_assert(!nirc_dims_equal((nirc_dims){0, 0, 1}, (nirc_dims){0, 0, 0}) && nirc_dims_equal(second, (nirc_dims){2, 0, 0}));
}
END_TEST

/* ---- quantities ------------------------------------------------------------------------------------------------------------ */

static bool parse(const char *digits, const char *unit, double *si)
{
  nirc_dims dims;
  return nirc_quantity_parse(digits, strlen(digits), unit, si, &dims);
}

START_TEST(quantity_is_the_nearest_double)
{
  static const struct { const char *digits, *unit; double si; } rows[] = {
    {"0.1", "ms", 1e-4},  {"20", "ms", 0.02},    {"-65", "mV", -0.065}, {"10", "MOhm", 1e7}, {"0.3", "us", 0.3e-6}, {"7", "ns", 7e-9},
    {"250", "pF", 2.5e-10}, {"1.1", "GOhm", 1.1e9}, {"2.", NULL, 2},    {".5", "", 0.5},     {"1e-3", "s", 0.001},  {"1E+3", "uA", 1e-3},
    {"000.000250", "kV", 0.25}, {"0", "V", 0.0}, {"1e-400", NULL, 0},   {"1e300", "ns", 1e291}, {"1e310", "ns", 1e301},
    {"0e99999999999999999999", NULL, 0}, {"1e-99999999999999999999", NULL, 0}, {"4.9e-321", "mV", 4.9e-324},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    double si;
    ck_assert(parse(rows[i].digits, rows[i].unit, &si));
    ck_assert(memcmp(&si, &rows[i].si, sizeof si) == 0);
  }
  double si;
  ck_assert(parse("-0", NULL, &si) && si == 0 && signbit(si));
}
END_TEST

START_TEST(quantity_refuses_what_is_no_number)
{
  static const char *const digits[] = {"", "-", ".", "+1", "--1", "1.2.3", "1e", "1e+", "e5", "0x10", "inf", "nan", "1 ", " 1", "1_0", "1f",
                                      "1e309", "1e99999999999999999999"};
  double si = 7;
  for (size_t i = 0; i < sizeof digits / sizeof *digits; i++)
    ck_assert_msg(!parse(digits[i], NULL, &si) && si == 7, "%s", digits[i]);
  ck_assert(!parse("1", "m", &si) && !parse("1", "MS", &si) && !parse("1", "sec", &si) && !parse("1e300", "GOhm", &si) && si == 7);
}
END_TEST

/* 1 + 2^-53 is halfway between two doubles: what follows after a thousand digits decides, and so does its absence. */
START_TEST(quantity_rounds_once_however_long)
{
  enum { ZEROS = 5000 };
  static char text[ZEROS + 128];
  const char *half = "1.00000000000000011102230246251565404236316680908203125";
  double si;
  ck_assert(parse(half, NULL, &si) && si == 1);
  strcpy(text, half);
  memset(text + strlen(half), '0', ZEROS);
  ck_assert(parse(text, NULL, &si) && si == 1);
  strcat(text, "1");
  ck_assert(parse(text, NULL, &si) && si == 0x1.0000000000001p0);
  memset(text, '0', ZEROS);
  text[1] = '.';
  strcpy(text + ZEROS, "25e4999");
  ck_assert(parse(text, "V", &si) && si == 25.0 / 10);                             /* 4998 zeros after the point, then 25 */
}
END_TEST

START_TEST(decimal_length)
{
  static const struct { const char *text; size_t n; } rows[] = {
    {"1ms", 1}, {"0.1 ms", 3}, {".5", 2}, {"5.", 2}, {"1e-3s", 4}, {"1em", 1}, {"1.2.3", 3}, {"1e+", 1}, {"", 0}, {".", 0}, {"-1", 0}, {"e1", 0}, {"0x1", 1},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    ck_assert_uint_eq(nirc_decimal_length(rows[i].text), rows[i].n);
}
END_TEST

START_TEST(quantity_text)
{
  static const struct { nirc_dtype t; double si; const char *unit, *text; } rows[] = {
    {NIRC_F64, 0.02, "s", "20 ms"},        {NIRC_F32, (double)0.02f, "s", "20 ms"},   {NIRC_F32, (double)-0.065f, "V", "-65 mV"},
    {NIRC_F64, 1e7, "Ohm", "10 MOhm"},     {NIRC_F64, 1, "V", "1 V"},                 {NIRC_F64, 1, "Ohm", "1 Ohm"},
    {NIRC_F64, 0, "V", "0"},               {NIRC_F64, -0.0, "V", "-0"},               {NIRC_F64, 0.5, "Ohm", "500 mOhm"},
    {NIRC_F64, 999, "V", "999 V"},         {NIRC_F64, 1000, "V", "1 kV"},             {NIRC_F64, 3600, "s", "3600 s"},
    {NIRC_F64, 2.5e-10, "F", "250 pF"},    {NIRC_F64, 1.5e-13, "A", "0.15 pA"},       {NIRC_F64, 1.5e-30, "A", "1.5e-18 pA"},
    {NIRC_F64, 1e12, "V", "1e9 kV"},       {NIRC_F64, 0.25, "Hz", "0.25 Hz"},         {NIRC_F64, 1e-8, "S", "10 nS"},
    {NIRC_F64, 0.1, NULL, "0.1"},          {NIRC_F64, 1, NULL, "1"},                  {NIRC_F64, 16777217, NULL, "16777217"},
    {NIRC_F64, 1e22, NULL, "1e22"},        {NIRC_F64, 1234.5, "V", "1.2345 kV"},      {NIRC_F64, 0x1p-1074, NULL, "5e-324"},
    {NIRC_F64, (double)0.1f, "s", "100.00000149011612 ms"},
    /* The float next to it, where 7.038531e-26 is read as a double first: the shortest text does not do. */
    {NIRC_F32, 0x1.5c87fap-84, NULL, "7.0385307e-26"},
  };
  char text[NIRC_QUANTITY_TEXT];
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    ck_assert(nirc_quantity_text(text, rows[i].t, rows[i].si, rows[i].unit ? dims_of(rows[i].unit) : (nirc_dims){0, 0, 0}));
    ck_assert_str_eq(text, rows[i].text);
  }
  ck_assert(!nirc_quantity_text(text, NIRC_F64, 3, (nirc_dims){-1, 1, 0}));
  ck_assert_str_eq(text, "3 V/s");
  ck_assert(!nirc_quantity_text(text, NIRC_F64, -2.2250738585072014e-308, (nirc_dims){-128, -128, -128}));
  ck_assert_str_eq(text, "-2.2250738585072014e-308 1/(s^128*V^128*Ohm^128)");
}
END_TEST

START_TEST(times_of_options)
{
  static const struct { const char *text; double seconds; } rows[] = {
    {"0.1ms", 1e-4}, {"1ms", 1e-3}, {"100us", 1e-4}, {"2 s", 2}, {"0.001", 1e-3}, {"1e-3", 1e-3}, {"5.", 5}, {".5ms", 5e-4}, {"3   ns", 3e-9}, {"2 ", 2},
  };
  static const char *const refused[] = {"", "ms", "-1ms", "+1ms", "0", "0ms", "1V", "1 Hz", "1m", "1ms ", "inf", "nan", "0x1", "0x1p3s", "1e999",
                                       "1e-999", "1ms2", " 1ms", "."};
  double seconds;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    ck_assert(nirc_parse_time(rows[i].text, &seconds) && seconds == rows[i].seconds);
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
    ck_assert_msg(!nirc_parse_time(refused[i], &seconds), "%s", refused[i]);
}
END_TEST

/* ---- random numbers ---------------------------------------------------------------------------------------------------- */

/* What others print for SplitMix64 from the seed 1234567. */
START_TEST(random_bits_are_splitmix64)
{
  static const uint64_t want[] = {UINT64_C(6457827717110365317), UINT64_C(3203168211198807973), UINT64_C(9817491932198370423),
                                  UINT64_C(4593380528125082431), UINT64_C(16408922859458223821)};
  nirc_random r;
  nirc_random_init(&r, 1234567);
  for (size_t i = 0; i < sizeof want / sizeof *want; i++)
    ck_assert_uint_eq(nirc_random_bits(&r), want[i]);
}
END_TEST

START_TEST(random_uniform_and_bernoulli_take_one_draw)
{
  double u = (double)(UINT64_C(6457827717110365317) >> 11) / 9007199254740992.0;       /* 0.35 */
  nirc_random r;
  nirc_random_init(&r, 1234567);
  ck_assert(nirc_random_uniform(&r, -2, 6) == -2 + 8 * u);
  ck_assert_uint_eq(nirc_random_bits(&r), UINT64_C(3203168211198807973));
  nirc_random_init(&r, 1234567);
  ck_assert(nirc_random_bernoulli(&r, u) == 0);                                        /* u < p, and not <= */
  nirc_random_init(&r, 1234567);
  ck_assert(nirc_random_bernoulli(&r, nextafter(u, 1)) == 1);
  ck_assert_uint_eq(nirc_random_bits(&r), UINT64_C(3203168211198807973));
}
END_TEST

/* The second normal of a pair waits, and what is drawn in between does not disturb it; mean and std are those of the call. */
START_TEST(random_normal_keeps_its_pair)
{
  nirc_random a, b;
  nirc_random_init(&a, 99);
  nirc_random_init(&b, 99);
  double first = nirc_random_normal(&a, 0, 1), second = nirc_random_normal(&a, 0, 1);
  uint64_t next = nirc_random_bits(&a);
  ck_assert(first != second && nirc_random_normal(&b, 0, 1) == first);
  ck_assert_uint_eq(nirc_random_bits(&b), next);
  ck_assert(nirc_random_normal(&b, 3, 2) == 3 + 2 * second);
  nirc_random_normal(&b, 0, 1);
  nirc_random_init(&b, 99);
  ck_assert(nirc_random_normal(&b, 0, 1) == first);                                    /* init forgets it */
}
END_TEST

START_TEST(random_log)
{
  ck_assert(nirc_random_log(1) == 0);
  ck_assert(nirc_random_log(0.5) == -0x1.62e42fefa39efp-1 && nirc_random_log(2) == 0x1.62e42fefa39efp-1);     /* log 2 */
  ck_assert(nirc_random_log(0x1p-104) == -0x1.205966f2b4f12p6);                        /* -104 log 2, the smallest s there is */
}
END_TEST

/* ---- arrays ------------------------------------------------------------------------------------------------------------------ */

/* A file of that version around a header and n bytes of data, in malloced memory of just its size; cut: so many bytes less, or more where negative. */
static nirc_blob *read_npy(int version, const char *header, const void *data, size_t n, long cut, const char **message)
{
  static char *text;
  static size_t text_size;
  size_t length = strlen(header), lead = version == 1 ? 10 : 12, size = (size_t)((long)(lead + length + n) - cut);
  unsigned char *whole = calloc(1, lead + length + n + 64), *bytes;
  memcpy(whole, "\x93NUMPY", 6);
  whole[6] = (unsigned char)version;
  whole[8] = (unsigned char)length;
  whole[9] = (unsigned char)(length >> 8);
  memcpy(whole + lead, header, length);
  if (n > 0)
    memcpy(whole + lead + length, data, n);
  bytes = malloc(size);
  memcpy(bytes, whole, size);
  free(text);
  nirc_diag d;
  nirc_diag_init(&d, open_memstream(&text, &text_size), "nirc");
  nirc_blob *b = nirc_npy_read(nirc_heap_default(), bytes, size, nirc_loc_file("w.npy"), &d);
  fclose(d.stream);
  ck_assert_uint_eq(d.errors, b ? 0 : 1);
  *message = text;
  free(whole);
  free(bytes);
  return b;
}

START_TEST(npy_orders)
{
  static const uint8_t little[] = {1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0}, big[] = {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6};
  static const struct { int version; const char *header; const uint8_t *data; int16_t want[6]; } rows[] = {
    {1, "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }   \n", little, {1, 2, 3, 4, 5, 6}},
    {2, "{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3), }\n", little, {1, 3, 5, 2, 4, 6}},
    {3, "{\"shape\":(2,3,),\"fortran_order\":False,\"descr\":\">i2\"}", big, {1, 2, 3, 4, 5, 6}},
    {1, " {\t'fortran_order' : True , 'shape' : ( 2 , 3 ) , 'descr' : '>i2' } \n", big, {1, 3, 5, 2, 4, 6}},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const char *message;
    nirc_blob *b = read_npy(rows[i].version, rows[i].header, rows[i].data, 12, 0, &message);
    ck_assert_msg(b != NULL, "%s", message);
    ck_assert(b->refs == 1 && b->dtype == NIRC_I16 && b->shape.rank == 2 && b->shape.dims[0] == 2 && b->shape.dims[1] == 3 && b->count == 6 && !b->splat);
    ck_assert_int_eq(memcmp(b->data, rows[i].want, 12), 0);
    nirc_blob_unref(b);
  }
}
END_TEST

#define DICT(descr, order, shape) "{'descr': " descr ", 'fortran_order': " order ", 'shape': " shape ", }\n"

START_TEST(npy_scalars_and_nothing)
{
  const char *message;
  const double x = -0.065;
  nirc_blob *b = read_npy(1, DICT("'<f8'", "False", "()"), &x, 8, 0, &message);
  ck_assert(b && b->dtype == NIRC_F64 && b->shape.rank == 0 && b->count == 1 && nirc_blob_get(b, 0) == x);
  nirc_blob_unref(b);
  b = read_npy(1, DICT("'|b1'", "True", "(3, 0, 18446744073709551615)"), NULL, 0, 0, &message);
  ck_assert(b && b->dtype == NIRC_BOOL && b->shape.rank == 3 && b->count == 0);
  nirc_blob_unref(b);
}
END_TEST

START_TEST(npy_refused)
{
  static const struct { int version; const char *header; long cut; const char *says; } rows[] = {
    {0, DICT("'<u2'", "False", "(2,)"), 0, "version 0.0 of the format; 1.0, 2.0 and 3.0 are read"},
    {4, DICT("'<u2'", "False", "(2,)"), 0, "version 4.0 of the format"},
    {1, DICT("'<u2'", "False", "(2,)"), 1, "has 3 bytes of data; its shape and type want 4"},
    {1, DICT("'<u2'", "False", "(2,)"), -1, "has 5 bytes of data; its shape and type want 4"},
    {1, DICT("'<u2'", "False", "(2,)"), 8, "ends before its header does, at byte"},
    {1, DICT("'<c8'", "False", "(2,)"), 0, "are '<c8' (complex numbers); bool, int8 to int64"},
    {1, DICT("'<U5'", "False", "(2,)"), 0, "are '<U5' (strings)"},
    {1, DICT("'|S5'", "False", "(2,)"), 0, "are '|S5' (strings)"},
    {1, DICT("'|O'", "False", "(2,)"), 0, "are '|O' (Python objects)"},
    {1, DICT("'|V4'", "False", "(1,)"), 0, "are '|V4' (records)"},
    {1, DICT("'<M8[ns]'", "False", "(1,)"), 0, "are '<M8[ns]' (dates or times)"},
    {1, DICT("'<f16'", "False", "(1,)"), 0, "are '<f16' (of a kind"},
    {1, DICT("'|i4'", "False", "(1,)"), 0, "are '|i4'"},
    {1, DICT("'=i4'", "False", "(1,)"), 0, "are '=i4'"},
    {1, DICT("''", "False", "(1,)"), 0, "are ''"},
    {1, DICT("[('a', '<f4')]", "False", "(1,)"), 0, "are records; numbers are wanted"},
    {1, DICT("4", "False", "(1,)"), 0, "at byte 20: a type such as '<f4' is wanted"},
    {1, DICT("'<u2", "False", "(1,)"), 0, "are '<u2, '"},
    {1, DICT("'<\\x75'", "False", "(1,)"), 0, "a type such as '<f4' is wanted"},
    {1, DICT("'<u2'", "false", "(2,)"), 0, "True or False is wanted"},
    {1, DICT("'<u2'", "False", "(2)"), 0, "a comma in a shape of one length is wanted"},
    {1, DICT("'<u2'", "False", "2"), 0, "`(` and the shape is wanted"},
    {1, DICT("'<u2'", "False", "(,)"), 0, "a length or `)` is wanted"},
    {1, DICT("'<u2'", "False", "(-2,)"), 0, "a length or `)` is wanted"},
    {1, DICT("'<u2'", "False", "(1 2)"), 0, "`,` or `)` is wanted"},
    {1, DICT("'<u2'", "False", "(1,1,1,1,1,1,1,1,2)"), 0, "has more than 8 dimensions"},
    {1, DICT("'<u2'", "False", "(18446744073709551616,)"), 0, "has a length beyond 64 bits"},
    {1, DICT("'<u2'", "False", "(4294967296, 4294967296)"), 0, "more elements than nirc takes"},
    {1, DICT("'<u2'", "False", "(9223372036854775809,)"), 0, "more elements than nirc takes"},
    {1, DICT("'<u2'", "False", "(1099511627776,)"), 0, "has 4 bytes of data; its shape and type want 2199023255552"},
    {1, DICT("'<u2'", "False", "(2,), 'shape': (2,)"), 0, "one each of 'descr', 'fortran_order' and 'shape' is wanted"},
    {1, DICT("'<u2'", "False", "(2,), 'x': 1"), 0, "one each of"},
    {1, "{'descr': '<u2', 'fortran_order': False}\n", 0, "has no 'shape'"},
    {1, "{'descr': '<u2' 'fortran_order': False, 'shape': (2,)}", 0, "`,` or `}` is wanted"},
    {1, "{'descr': '<u2', 'fortran_order': False, 'shape': (2,)} x", 0, "the end is wanted"},
    {1, "{'descr': '<u2', 'fortran_order': False, 'shape': (2,)", 0, "`,` or `}` is wanted"},
    {1, "{,}", 0, "a key or `}` is wanted"},
    {1, "{'descr' '<u2'}", 0, "`:` is wanted"},
    {1, "", 0, "at byte 10: `{` is wanted"},
    {1, DICT("'|b1'", "False", "(4,)"), 0, "element 2 of the bools in this .npy file is 3; 0 or 1 is wanted"},
  };
  static const uint8_t data[] = {0, 1, 3, 1};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const char *message;
    ck_assert_ptr_null(read_npy(rows[i].version, rows[i].header, data, sizeof data, rows[i].cut, &message));
    ck_assert_msg(strncmp(message, "w.npy: error: ", 14) == 0 && strstr(message, rows[i].says), "%s: %s", rows[i].header, message);
  }
}
END_TEST

/* Whatever its length, a file that was cut off is refused. */
START_TEST(npy_cut_off)
{
  const char *header = DICT("'<f4'", "False", "(1,)"), *message;
  long whole = 12 + (long)strlen(header) + 4;
  for (long cut = 1; cut <= whole; cut++) {
    ck_assert_ptr_null(read_npy(2, header, "abcd", 4, cut, &message));
    ck_assert(strstr(message, cut <= 4 ? "bytes of data" : cut <= whole - 6 ? "ends before its header" : "does not begin with"));
  }
}
END_TEST

/* ------------------------------------------------------------------------------------------------------------------------------ */

int main(void)
{
  Suite *s = suite_create("values");
  TCase *quantity = tcase_create("quantity"), *random = tcase_create("random"), *npy = tcase_create("npy");
  tcase_add_test(quantity, dims_follow_from_the_base);
  tcase_add_test(quantity, dims_have_words);
  tcase_add_test(quantity, dims_do_not_overflow);
  tcase_add_test(quantity, quantity_is_the_nearest_double);
  tcase_add_test(quantity, quantity_refuses_what_is_no_number);
  tcase_add_test(quantity, quantity_rounds_once_however_long);
  tcase_add_test(quantity, decimal_length);
  tcase_add_test(quantity, quantity_text);
  tcase_add_test(quantity, times_of_options);
  tcase_add_test(random, random_bits_are_splitmix64);
  tcase_add_test(random, random_uniform_and_bernoulli_take_one_draw);
  tcase_add_test(random, random_normal_keeps_its_pair);
  tcase_add_test(random, random_log);
  tcase_add_test(npy, npy_orders);
  tcase_add_test(npy, npy_scalars_and_nothing);
  tcase_add_test(npy, npy_refused);
  tcase_add_test(npy, npy_cut_off);
  TCase *all[] = {quantity, random, npy};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    tcase_set_timeout(all[i], 60);                   /* valgrind is slow */
    suite_add_tcase(s, all[i]);
  }
  return run_suite(s);
}
