#include "ir/scan.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ir/base/guess.h"
#include "ir/base/utf8.h"

/* ---- characters ------------------------------------------------------------------------------------------------------------- */

static bool is_word(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Bytes of the word, number, mnemonic or string that comes next; 0 for any other sign. */
static size_t length_of_next(const nirc_scanner *p)
{
  const char *s = p->at;
  if (s < p->end && *s == '"') {
    for (s++; s < p->end && *s != '"' && *s != '\n'; s++)
      s += *s == '\\' && s + 1 < p->end && s[1] != '\n';
    return (size_t)(s - p->at) + (s < p->end && *s == '"');
  }
  while (s < p->end && (is_word(*s) || *s == '.' || *s == '-' || *s == '+'))
    s++;
  return (size_t)(s - p->at);
}

nirc_loc nirc_scan_loc(const nirc_scanner *p)
{
  return (nirc_loc){.file = p->path, .line = p->line, .column = (uint32_t)(p->at - p->line_start) + 1, .length = (uint32_t)length_of_next(p)};
}

/* Reports the first fault; the rest of the text is then not looked at, unless the parser goes on behind it. */
bool nirc_scan_fail(nirc_scanner *p, nirc_loc loc, const char *what)
{
  if (!p->failed)
    nirc_error(p->d, loc, "%s", what);
  p->failed = true;
  return false;
}

void nirc_scan_blank(nirc_scanner *p)
{
  for (; p->at < p->end; p->at++) {
    if (*p->at == '\n') {
      p->line++;
      p->line_start = p->at + 1;
    } else if (*p->at != ' ' && *p->at != '\t' && *p->at != '\r') {
      return;
    }
  }
}

void nirc_scan_space(nirc_scanner *p)
{
  for (nirc_scan_blank(p); p->at < p->end && *p->at == '#'; nirc_scan_blank(p))
    while (p->at < p->end && *p->at != '\n')
      p->at++;
}

bool nirc_scan_peek(nirc_scanner *p, const char *s)
{
  nirc_scan_space(p);
  return !p->failed && (size_t)(p->end - p->at) >= strlen(s) && memcmp(p->at, s, strlen(s)) == 0;
}

bool nirc_scan_accept(nirc_scanner *p, const char *s)
{
  if (!nirc_scan_peek(p, s))
    return false;
  p->at += strlen(s);
  return true;
}

bool nirc_scan_expect(nirc_scanner *p, const char *s)
{
  return nirc_scan_accept(p, s) || nirc_scan_fail(p, nirc_scan_loc(p), nirc_arena_printf(p->scratch, "`%s` is wanted here", s));
}

/* Characters of a word, with `more` among them; NULL after a diagnostic. */
const char *nirc_scan_word(nirc_scanner *p, const char *more, const char *what)
{
  nirc_scan_space(p);
  const char *start = p->at;
  while (p->at < p->end && (is_word(*p->at) || (*p->at && strchr(more, *p->at))))
    p->at++;
  if (p->at == start || p->failed) {
    nirc_scan_fail(p, nirc_scan_loc(p), nirc_arena_printf(p->scratch, "%s is wanted here", what));
    return NULL;
  }
  return nirc_arena_strndup(p->arena, start, (size_t)(p->at - start));
}

int nirc_scan_hex_digit(char c)
{
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One character of a string at *from; false where the escape is none. */
static bool unescape(const char **from, char *to)
{
  const char *s = *from;
  *from = s + 1;
  *to = *s;
  if (*s != '\\')
    return true;
  *to = s[1];
  *from = s + 2;
  if (s[1] == '"' || s[1] == '\\')
    return true;
  if (s[1] != 'x' || nirc_scan_hex_digit(s[2]) < 0 || nirc_scan_hex_digit(s[3]) < 0)
    return false;
  *to = (char)(nirc_scan_hex_digit(s[2]) * 16 + nirc_scan_hex_digit(s[3]));
  *from = s + 4;
  return *to != '\0';
}

const char *nirc_scan_string(nirc_scanner *p)
{
  if (!nirc_scan_expect(p, "\""))
    return NULL;
  const char *end = p->at;
  while (end < p->end && *end != '"' && *end != '\n')
    end += *end == '\\' && end + 1 < p->end ? 2 : 1;
  if (end >= p->end || *end != '"') {
    nirc_scan_fail(p, nirc_scan_loc(p), "the string has no end on its line");
    return NULL;
  }
  char *text = nirc_arena_alloc(p->arena, (size_t)(end - p->at) + 1, 1), *to = text;
  while (p->at < end)
    if (!unescape(&p->at, to++)) {
      nirc_scan_fail(p, nirc_scan_loc(p), "an escape is \\\", \\\\ or \\xNN");
      return NULL;
    }
  p->at = end + 1;
  if (!nirc_is_utf8(text, strlen(text))) {
    nirc_scan_fail(p, nirc_scan_loc(p), "the string is not UTF-8");
    return NULL;
  }
  return text;
}

const char *nirc_scan_name(nirc_scanner *p)
{
  return nirc_scan_peek(p, "\"") ? nirc_scan_string(p) : nirc_scan_word(p, "", "a name");
}

bool nirc_scan_whole(nirc_scanner *p, uint64_t *out)
{
  nirc_scan_space(p);
  nirc_loc loc = nirc_scan_loc(p);
  const char *s = nirc_scan_word(p, "", "a whole number");
  char *end = NULL;
  errno = 0;
  if (s)
    *out = strtoull(s, &end, 10);
  return s && isdigit((unsigned char)*s) && !*end && !errno ? true : nirc_scan_fail(p, loc, "a whole number is wanted here");
}

/* ---- types and numbers ------------------------------------------------------------------------------------------------------- */

/* [ N { "," N } ] behind an element type; nothing: a single number. */
bool nirc_scan_shape(nirc_scanner *p, nirc_shape *s)
{
  *s = (nirc_shape){0};
  if (!nirc_scan_accept(p, "[") || nirc_scan_accept(p, "]"))
    return !p->failed;
  do {
    if (s->rank == NIRC_MAX_RANK)
      return nirc_scan_fail(p, nirc_scan_loc(p), "more than 8 axes");
    if (!nirc_scan_whole(p, &s->dims[s->rank++]))
      return false;
  } while (nirc_scan_accept(p, ","));
  return nirc_scan_expect(p, "]");
}

bool nirc_scan_type(nirc_scanner *p, nirc_dtype *elem, nirc_shape *s)
{
  nirc_scan_space(p);
  nirc_loc loc = nirc_scan_loc(p);
  const char *w = nirc_scan_word(p, "", "an element type");
  int t = 0;
  while (w && t < NIRC_N_DTYPES && strcmp(nirc_dtype_name((nirc_dtype)t), w))
    t++;
  if (!w)
    return false;
  if (t == NIRC_N_DTYPES) {
    nirc_guess guess = {0};
    for (t = 0; t < NIRC_N_DTYPES; t++)
      nirc_guess_consider(&guess, w, nirc_dtype_name((nirc_dtype)t));
    nirc_scan_fail(p, loc, nirc_arena_printf(p->scratch, "unknown element type `%s`; there are i1, i8 to i64, u8 to u64, f16, f32, f64", w));
    nirc_guess_note(&guess, p->d, loc);
    return false;
  }
  *elem = (nirc_dtype)t;
  size_t count;
  return nirc_scan_shape(p, s) && (nirc_shape_count(s, &count) ? true : nirc_scan_fail(p, loc, "too many elements"));
}

/* A finite float64 that is a float16 to its bits; false where none is equal. */
static bool to_half(double x, uint16_t *bits)
{
  uint16_t low = 0, high = 0x7c00;                   /* bits without the sign are in the order of their numbers; 0x7c00 is infinity */
  while (low < high) {
    uint16_t middle = (uint16_t)((low + high) / 2);
    if (nirc_dtype_get(NIRC_F16, &middle, 0) < fabs(x))
      low = (uint16_t)(middle + 1);
    else
      high = middle;
  }
  *bits = (uint16_t)(low | (signbit(x) ? 0x8000 : 0));
  return nirc_dtype_get(NIRC_F16, &low, 0) == fabs(x);
}

static bool float_element(const char *s, nirc_dtype t, void *to)
{
  char *end;
  if (s[0] == '0' && s[1] == 'x') {                  /* bits */
    uint64_t bits = strtoull(s, &end, 16);
    memcpy(to, &bits, nirc_dtype_size(t));           /* little-endian machines only: configure says so */
    return !*end && strlen(s) == 2 + 2 * nirc_dtype_size(t);
  }
  if (s[strspn(s, "0123456789+-.eE")])               /* strtod knows other notations */
    return false;
  double wide = strtod(s, &end);
  float narrow = strtof(s, NULL);
  if (!isfinite(t == NIRC_F32 ? (double)narrow : wide))
    return false;
  uint16_t half = 0;
  if (t == NIRC_F16 && !to_half(wide, &half))
    return false;
  memcpy(to, t == NIRC_F16 ? (void *)&half : t == NIRC_F32 ? (void *)&narrow : (void *)&wide, nirc_dtype_size(t));
  return end != s && !*end;
}

static bool whole_element(const char *s, nirc_dtype t, void *to)
{
  bool is_signed = t >= NIRC_I8 && t <= NIRC_I64;
  size_t size = nirc_dtype_size(t);
  char *end;
  errno = 0;
  uint64_t v = is_signed ? (uint64_t)strtoll(s, &end, 10) : strtoull(s, &end, 10);
  memcpy(to, &v, size);
  int64_t high = size < 8 ? (int64_t)(v << (64 - 8 * size)) >> (64 - 8 * size) : (int64_t)v;
  bool fits = is_signed ? high == (int64_t)v : *s != '-' && (size == 8 || v >> (8 * size) == 0) && (t != NIRC_BOOL || v < 2);
  return end != s && !*end && !errno && fits;
}

bool nirc_scan_element(nirc_scanner *p, nirc_dtype t, void *to)
{
  nirc_scan_space(p);
  nirc_loc loc = nirc_scan_loc(p);
  const char *s = nirc_scan_word(p, "+-.", "a number");
  if (s && (nirc_dtype_is_float(t) ? float_element(s, t, to) : whole_element(s, t, to)))
    return true;
  return nirc_scan_fail(p, loc, nirc_arena_printf(p->scratch, "`%s` is no %s number", s ? s : "", nirc_dtype_name(t)));
}
