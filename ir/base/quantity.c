#include "ir/base/quantity.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ir/base/diag.h"

#define NUMBER {0, 0, 0}
#define SECOND {1, 0, 0}
#define VOLT   {0, 1, 0}
#define OHM    {0, 0, 1}
#define AMPERE {0, 1, -1}
#define HERTZ  {-1, 0, 0}
#define FARAD  {1, 0, -1}
#define SIEMENS {0, 0, -1}

static const nirc_dims number = NUMBER;

static const struct {
  nirc_dims dims;
  const char *text, *word;
} named[] = {
  {NUMBER, "1", "a number"},    {SECOND, "s", "a time"},       {VOLT, "V", "a voltage"},      {OHM, "Ohm", "a resistance"},
  {AMPERE, "A", "a current"},   {HERTZ, "Hz", "a frequency"},  {FARAD, "F", "a capacitance"}, {SIEMENS, "S", "a conductance"},
};

const nirc_unit nirc_units[] = {
  {"s", 0, SECOND},   {"ms", -3, SECOND},  {"us", -6, SECOND},  {"ns", -9, SECOND},
  {"kV", 3, VOLT},    {"V", 0, VOLT},      {"mV", -3, VOLT},    {"uV", -6, VOLT},
  {"GOhm", 9, OHM},   {"MOhm", 6, OHM},    {"kOhm", 3, OHM},    {"Ohm", 0, OHM},     {"mOhm", -3, OHM},
  {"A", 0, AMPERE},   {"mA", -3, AMPERE},  {"uA", -6, AMPERE},  {"nA", -9, AMPERE},  {"pA", -12, AMPERE},
  {"MHz", 6, HERTZ},  {"kHz", 3, HERTZ},   {"Hz", 0, HERTZ},
  {"F", 0, FARAD},    {"mF", -3, FARAD},   {"uF", -6, FARAD},   {"nF", -9, FARAD},   {"pF", -12, FARAD},
  {"S", 0, SIEMENS},  {"mS", -3, SIEMENS}, {"uS", -6, SIEMENS}, {"nS", -9, SIEMENS},
  {NULL, 0, NUMBER},
};

/* ---- dimensions ---------------------------------------------------------------------------------------------------------- */

bool nirc_dims_equal(nirc_dims a, nirc_dims b)
{
  return a.second == b.second && a.volt == b.volt && a.ohm == b.ohm;
}

static bool combine(nirc_dims *out, nirc_dims a, nirc_dims b, int sign)
{
  int second = a.second + sign * b.second, volt = a.volt + sign * b.volt, ohm = a.ohm + sign * b.ohm;
  if (second != (int8_t)second || volt != (int8_t)volt || ohm != (int8_t)ohm)
    return false;
  *out = (nirc_dims){(int8_t)second, (int8_t)volt, (int8_t)ohm};
  return true;
}

bool nirc_dims_mul(nirc_dims *out, nirc_dims a, nirc_dims b)
{
  return combine(out, a, b, 1);
}

bool nirc_dims_div(nirc_dims *out, nirc_dims a, nirc_dims b)
{
  return combine(out, a, b, -1);
}

/* The factors whose exponent has that sign, joined by `*`; how many there are. */
static size_t add_factors(char *text, nirc_dims d, int sign)
{
  const struct { const char *name; int exponent; } base[] = {{"s", d.second}, {"V", d.volt}, {"Ohm", d.ohm}};
  size_t n = 0;
  text[0] = '\0';
  for (size_t i = 0; i < sizeof base / sizeof *base; i++) {
    int exponent = base[i].exponent * sign;
    if (exponent <= 0)
      continue;
    text += sprintf(text, n++ > 0 ? "*%s" : "%s", base[i].name);
    if (exponent > 1)
      text += sprintf(text, "^%d", exponent);
  }
  return n;
}

void nirc_dims_text(char text[NIRC_DIMS_TEXT], nirc_dims d)
{
  for (size_t i = 0; i < sizeof named / sizeof *named; i++)
    if (nirc_dims_equal(named[i].dims, d)) {
      strcpy(text, named[i].text);
      return;
    }
  char above[NIRC_DIMS_TEXT], below[NIRC_DIMS_TEXT];
  if (add_factors(above, d, 1) == 0)
    strcpy(above, "1");
  size_t n = add_factors(below, d, -1);
  /* At most three factors with exponents of up to four characters: 22 bytes and a NUL, wherever they stand. */
  size_t length = strlen(above);
  memcpy(text, above, length + 1);
  if (n > 0)
    snprintf(text + length, NIRC_DIMS_TEXT - length, n > 1 ? "/(%s)" : "/%s", below);
}

const char *nirc_dims_word(nirc_dims d)
{
  for (size_t i = 0; i < sizeof named / sizeof *named; i++)
    if (nirc_dims_equal(named[i].dims, d))
      return named[i].word;
  return "a quantity";
}

/* ---- reading --------------------------------------------------------------------------------------------------------------- */

const nirc_unit *nirc_unit_find(const char *name)
{
  for (const nirc_unit *u = nirc_units; u->name; u++)
    if (strcmp(u->name, name) == 0)
      return u;
  return NULL;
}

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

/* Every double, and every point halfway between two, has fewer significant digits than this; what follows only says whether there is more. */
enum { KEPT_DIGITS = 800 };

/* A decimal number as 0.DIGITS * 10^exponent, without leading zeros. */
typedef struct decimal {
  bool negative;
  char digits[KEPT_DIGITS + 1];
  size_t n;
  long long exponent;
} decimal;

static void take_digit(decimal *x, char c)
{
  if (x->n == 0 && c == '0')
    return;
  if (x->n < KEPT_DIGITS)
    x->digits[x->n++] = c;
  else if (c != '0')
    x->digits[KEPT_DIGITS] = '1';                    /* just above the kept digits is all that rounding has to know */
}

/* `e`, a sign or none, digits: bytes, 0 where there is no exponent at s. Bounded, so that sums with it cannot overflow. */
static size_t scan_exponent(const char *s, const char *end, long long *value)
{
  const char *from = s;
  if (s == end || (*s != 'e' && *s != 'E'))
    return 0;
  s++;
  bool negative = s < end && *s == '-';
  if (s < end && (*s == '-' || *s == '+'))
    s++;
  if (s == end || !is_digit(*s))
    return 0;
  long long x = 0;
  for (; s < end && is_digit(*s); s++)
    x = x < (1LL << 50) ? x * 10 + (*s - '0') : x;
  *value = negative ? -x : x;
  return (size_t)(s - from);
}

/* The unsigned decimal number that the bytes up to end begin with: its length, 0 where there is none. */
static size_t scan_decimal(const char *s, const char *end, decimal *x)
{
  const char *from = s;
  bool point = false, any = false;
  *x = (decimal){.n = 0};
  x->digits[KEPT_DIGITS] = '0';
  for (; s < end && (is_digit(*s) || (*s == '.' && !point)); s++) {
    if (*s == '.') {
      point = true;
      continue;
    }
    any = true;
    take_digit(x, *s);
    x->exponent += !point && x->n > 0;
    x->exponent -= point && x->n == 0;
  }
  if (!any)
    return 0;
  long long exponent = 0;
  s += scan_exponent(s, end, &exponent);
  x->exponent += exponent;
  return (size_t)(s - from);
}

size_t nirc_decimal_length(const char *text)
{
  decimal x;
  return scan_decimal(text, text + strlen(text), &x);
}

/* The nearest double to x * 10^shift; false where that is beyond the doubles. */
static bool to_double(const decimal *x, int shift, double *out)
{
  char text[KEPT_DIGITS + 32];
  if (x->n == 0) {
    *out = x->negative ? -0.0 : 0.0;
    return true;
  }
  long long exponent = x->exponent + shift;
  if (exponent > 400)
    return false;
  if (exponent < -400)
    exponent = -400;                                 /* 0 either way */
  size_t n = x->n + (x->n == KEPT_DIGITS);
  text[0] = x->negative ? '-' : '+';
  text[1] = '.';
  memcpy(text + 2, x->digits, n);
  snprintf(text + 2 + n, sizeof text - 2 - n, "e%lld", exponent);
  double value = strtod(text, NULL);
  if (isinf(value))
    return false;
  *out = value;
  return true;
}

bool nirc_quantity_parse(const char *digits, size_t n, const char *unit, double *si, nirc_dims *dims)
{
  static const nirc_unit none = {"", 0, NUMBER};
  const nirc_unit *u = unit && *unit ? nirc_unit_find(unit) : &none;
  size_t sign = n > 0 && digits[0] == '-';
  decimal x;
  if (!u || n == sign || scan_decimal(digits + sign, digits + n, &x) != n - sign)
    return false;
  x.negative = sign;
  if (!to_double(&x, u->exponent, si))
    return false;
  *dims = u->dims;
  return true;
}

/* ---- writing --------------------------------------------------------------------------------------------------------------- */

/* The unit that leaves one to three digits before the point, else the nearest one; NULL where no unit has that dimension. */
static const nirc_unit *choose_unit(const decimal *x, nirc_dims dims)
{
  const nirc_unit *best = NULL;
  for (const nirc_unit *u = nirc_units; u->name; u++)
    if (nirc_dims_equal(u->dims, dims) && (!best || x->exponent <= best->exponent))
      best = u;                                      /* larger ones come first: go down while the value is below 1 */
  return best;
}

/* x * 10^shift, laid out. At most 17 digits. */
static void add_mantissa(char *text, const decimal *x, int shift)
{
  int n = (int)x->n, whole = (int)x->exponent + shift;             /* digits before the point */
  const char *d = x->digits;
  if (x->negative)
    *text++ = '-';
  if (whole > 7 && whole > n)
    sprintf(text, n > 1 ? "%c.%.*se%d" : "%c%.*se%d", d[0], n - 1, d + 1, whole - 1);
  else if (whole >= n)
    sprintf(text, "%.*s%.*d", n, d, whole - n, 0);    /* 0 in so many digits, none included */
  else if (whole > 0)
    sprintf(text, "%.*s.%.*s", whole, d, n - whole, d + whole);
  else if (whole > -4)
    sprintf(text, "0.%.*s%.*s", -whole, "000", n, d);
  else
    sprintf(text, n > 1 ? "%c.%.*se%d" : "%c%.*se%d", d[0], n - 1, d + 1, whole - 1);
}

/* Digits as printf or nirc_float_text give them, without the zeros at the end. */
static void to_decimal(decimal *x, const char *text)
{
  bool negative = *text == '-';
  scan_decimal(text + negative, text + strlen(text), x);
  x->negative = negative;
  while (x->n > 0 && x->digits[x->n - 1] == '0')
    x->n--;
}

static bool reads_back(const char *text, const nirc_unit *u, nirc_dtype t, double want)
{
  double got;
  nirc_dims dims;
  if (!nirc_quantity_parse(text, strlen(text), u ? u->name : NULL, &got, &dims))
    return false;
  if (t == NIRC_F32)
    got = (double)(float)got;
  return memcmp(&got, &want, sizeof got) == 0;
}

bool nirc_quantity_text(char text[NIRC_QUANTITY_TEXT], nirc_dtype t, double si, nirc_dims dims)
{
  NIRC_ASSERT(isfinite(si) && (t == NIRC_F32 || t == NIRC_F64));
  if (si == 0) {
    strcpy(text, signbit(si) ? "-0" : "0");
    return true;
  }
  char digits[NIRC_QUANTITY_TEXT];
  decimal x;
  nirc_float_text(digits, t, si);
  to_decimal(&x, digits);
  const nirc_unit *u = choose_unit(&x, dims);
  add_mantissa(text, &x, u ? -u->exponent : 0);
  /* The shortest text of a float is meant for reading as a float; by way of a double, a few need more digits. */
  for (int n = (int)x.n; !reads_back(text, u, t, si); n++) {
    NIRC_ASSERT(n <= 17);
    snprintf(digits, sizeof digits, "%.*e", n, si);
    to_decimal(&x, digits);
    add_mantissa(text, &x, u ? -u->exponent : 0);
  }
  if (nirc_dims_equal(dims, number))
    return true;
  size_t length = strlen(text);
  text[length++] = ' ';
  if (u)
    strcpy(text + length, u->name);
  else
    nirc_dims_text(text + length, dims);
  return u != NULL;
}
