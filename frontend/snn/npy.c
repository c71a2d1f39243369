#include "frontend/snn/npy.h"

#include <inttypes.h>
#include <string.h>

/* magic, version (2 bytes), length of the header (2 bytes in version 1, else 4; little-endian), header, data */
static const unsigned char magic[] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

/* Elements that we read; `<` little-endian or `>` big-endian stands in front, `|` where it makes no difference. */
static const struct { const char *name; nirc_dtype dtype; } elements[] = {
  {"b1", NIRC_BOOL}, {"i1", NIRC_I8}, {"i2", NIRC_I16}, {"i4", NIRC_I32}, {"i8", NIRC_I64}, {"u1", NIRC_U8},
  {"u2", NIRC_U16},  {"u4", NIRC_U32}, {"u8", NIRC_U64}, {"f2", NIRC_F16}, {"f4", NIRC_F32}, {"f8", NIRC_F64},
};

typedef struct reader {
  const unsigned char *bytes;
  size_t at, end;                                    /* of what is being read: the header, then the data */
  nirc_loc loc;
  nirc_diag *d;
  nirc_dtype dtype;
  nirc_shape shape;
  bool big_endian, fortran_order;
} reader;

#define REFUSE(r, ...) (nirc_error((r)->d, (r)->loc, __VA_ARGS__), false)

/* ---- the header: a dictionary as Python writes it ------------------------------------------------------------------------ */

static bool damaged(const reader *r, const char *wanted)
{
  return REFUSE(r, "the header of this .npy file is damaged at byte %zu: %s is wanted", r->at, wanted);
}

static int peek(const reader *r)
{
  return r->at < r->end ? r->bytes[r->at] : -1;
}

static void skip_space(reader *r)
{
  while (peek(r) == ' ' || peek(r) == '\t' || peek(r) == '\n' || peek(r) == '\r')
    r->at++;
}

/* That character behind white space. */
static bool take(reader *r, char c)
{
  skip_space(r);
  if (peek(r) != c)
    return false;
  r->at++;
  return true;
}

static bool take_word(reader *r, const char *word)
{
  size_t n = strlen(word);
  skip_space(r);
  if (r->end - r->at < n || memcmp(r->bytes + r->at, word, n) != 0)
    return false;
  r->at += n;
  return true;
}

/* A string in either kind of quotes, without escapes, borrowed from the file. */
static bool take_string(reader *r, const char **s, size_t *n)
{
  skip_space(r);
  int quote = peek(r);
  if (quote != '\'' && quote != '"')
    return false;
  size_t from = r->at + 1, to = from;
  while (to < r->end && r->bytes[to] != quote && r->bytes[to] != '\\' && r->bytes[to] != '\n')
    to++;
  if (to == r->end || r->bytes[to] != quote)
    return false;
  *s = (const char *)r->bytes + from;
  *n = to - from;
  r->at = to + 1;
  return true;
}

static bool is(const char *s, size_t n, const char *word)
{
  return n == strlen(word) && memcmp(s, word, n) == 0;
}

static const char *kind_of(char c)
{
  switch (c) {
  case 'c': return "complex numbers";
  case 'S': case 'a': case 'U': case 'T': return "strings";
  case 'O': return "Python objects";
  case 'V': return "records";
  case 'M': case 'm': return "dates or times";
  default: return "of a kind that nirc does not know";
  }
}

static bool read_descr(reader *r)
{
  const char *s;
  size_t n;
  skip_space(r);
  if (peek(r) == '[')
    return REFUSE(r, "the elements of this .npy file are records; numbers are wanted: save each field as an array of its own");
  if (!take_string(r, &s, &n))
    return damaged(r, "a type such as '<f4'");
  char order = n > 0 ? *s : '\0';
  bool has_order = order == '<' || order == '>' || order == '|';
  for (size_t i = 0; has_order && i < sizeof elements / sizeof *elements; i++)
    if (is(s + 1, n - 1, elements[i].name) && (order != '|' || nirc_dtype_size(elements[i].dtype) == 1)) {
      r->dtype = elements[i].dtype;
      r->big_endian = order == '>';
      return true;
    }
  int shown = n > 40 ? 40 : (int)n;
  return REFUSE(r, "the elements of this .npy file are '%.*s' (%s); bool, int8 to int64, uint8 to uint64 or float16 to float64 is wanted, such as "
                "array.astype('float32')", shown, s, kind_of(n > has_order ? s[has_order] : '\0'));
}

static bool read_order(reader *r)
{
  r->fortran_order = take_word(r, "True");
  return r->fortran_order || take_word(r, "False") || damaged(r, "True or False");
}

static bool read_length(reader *r, uint64_t *out)
{
  skip_space(r);
  if (peek(r) < '0' || peek(r) > '9')
    return damaged(r, "a length or `)`");
  uint64_t x = 0;
  for (; peek(r) >= '0' && peek(r) <= '9'; r->at++)
    if (__builtin_mul_overflow(x, 10, &x) || __builtin_add_overflow(x, (uint64_t)(peek(r) - '0'), &x))
      return REFUSE(r, "the shape in this .npy file has a length beyond 64 bits");
  *out = x;
  return true;
}

/* (), (3,) or (3, 4), with or without a comma at the end of the latter. */
static bool read_shape(reader *r)
{
  if (!take(r, '('))
    return damaged(r, "`(` and the shape");
  bool comma = true;
  while (!take(r, ')')) {
    if (!comma)
      return damaged(r, "`,` or `)`");
    if (r->shape.rank == NIRC_MAX_RANK)
      return REFUSE(r, "the array in this .npy file has more than %d dimensions", NIRC_MAX_RANK);
    if (!read_length(r, &r->shape.dims[r->shape.rank++]))
      return false;
    comma = take(r, ',');
  }
  return r->shape.rank != 1 || comma || damaged(r, "a comma in a shape of one length");
}

static bool read_dictionary(reader *r)
{
  static const struct { const char *name; bool (*read)(reader *r); } keys[] = {{"descr", read_descr}, {"fortran_order", read_order}, {"shape", read_shape}};
  enum { N_KEYS = sizeof keys / sizeof *keys };
  bool seen[N_KEYS] = {false}, comma = true;
  if (!take(r, '{'))
    return damaged(r, "`{`");
  while (!take(r, '}')) {
    const char *s;
    size_t n, k = 0;
    if (!comma || !take_string(r, &s, &n))
      return damaged(r, comma ? "a key or `}`" : "`,` or `}`");
    while (k < N_KEYS && !is(s, n, keys[k].name))
      k++;
    if (k == N_KEYS || seen[k])
      return damaged(r, "one each of 'descr', 'fortran_order' and 'shape'");
    seen[k] = true;
    if (!take(r, ':'))
      return damaged(r, "`:`");
    if (!keys[k].read(r))
      return false;
    comma = take(r, ',');
  }
  for (size_t k = 0; k < N_KEYS; k++)
    if (!seen[k])
      return REFUSE(r, "the header of this .npy file has no '%s'", keys[k].name);
  skip_space(r);
  return r->at == r->end || damaged(r, "the end");
}

/* Leaves the reader at the data. */
static bool read_header(reader *r)
{
  size_t size = r->end;
  if (size < sizeof magic || memcmp(r->bytes, magic, sizeof magic) != 0)
    return REFUSE(r, "this is not a .npy file: it does not begin with \\x93NUMPY");
  unsigned major = size > 6 ? r->bytes[6] : 1, minor = size > 7 ? r->bytes[7] : 0;
  if (major < 1 || major > 3 || minor != 0)
    return REFUSE(r, "this .npy file has version %u.%u of the format; 1.0, 2.0 and 3.0 are read", major, minor);
  size_t length = 0, at = major == 1 ? 10 : 12;
  if (size < at)
    return REFUSE(r, "this .npy file ends before its header does, at byte %zu", size);
  for (size_t i = at; i > 8; i--)
    length = length << 8 | r->bytes[i - 1];
  if (length > size - at)
    return REFUSE(r, "this .npy file ends before its header does, at byte %zu of %zu", size, at + length);
  r->at = at;
  r->end = at + length;
  if (!read_dictionary(r))
    return false;
  r->end = size;
  return true;
}

/* ---- the data -------------------------------------------------------------------------------------------------------------- */

static void copy_element(unsigned char *to, const unsigned char *from, size_t size, bool swap)
{
  for (size_t i = 0; i < size; i++)
    to[i] = from[swap ? size - 1 - i : i];
}

/* Element by element in C order; `at` is where the element is in the file's order. */
static void copy_data(const reader *r, unsigned char *to, size_t count)
{
  size_t size = nirc_dtype_size(r->dtype), strides[NIRC_MAX_RANK], index[NIRC_MAX_RANK] = {0}, at = 0, stride = 1;
  const unsigned char *from = r->bytes + r->at;
  uint32_t rank = r->shape.rank;
  for (uint32_t i = 0; i < rank; i++) {
    uint32_t k = r->fortran_order ? i : rank - 1 - i;
    strides[k] = stride;
    stride *= r->shape.dims[k];
  }
  for (size_t i = 0; i < count; i++) {
    copy_element(to + i * size, from + at * size, size, r->big_endian);
    for (uint32_t k = rank; k-- > 0; index[k] = 0) {
      at += strides[k];
      if (++index[k] < r->shape.dims[k])
        break;
      at -= strides[k] * r->shape.dims[k];
    }
  }
}

/* nirc's i1 is a byte 0 or 1. */
static bool check_bools(const reader *r, const unsigned char *data, size_t count)
{
  for (size_t i = 0; r->dtype == NIRC_BOOL && i < count; i++)
    if (data[i] > 1)
      return REFUSE(r, "element %zu of the bools in this .npy file is %u; 0 or 1 is wanted", i, data[i]);
  return true;
}

nirc_blob *nirc_npy_read(const nirc_heap *h, const void *bytes, size_t size, nirc_loc loc, nirc_diag *d)
{
  reader r = {.bytes = bytes, .end = size, .loc = loc, .d = d};
  if (!read_header(&r))
    return NULL;
  size_t count, wanted;
  if (!nirc_shape_count(&r.shape, &count) || !nirc_mul_size(&wanted, count, nirc_dtype_size(r.dtype))) {
    nirc_error(d, loc, "the array in this .npy file has more elements than nirc takes (2^40)");
    return NULL;
  }
  if (wanted != r.end - r.at) {
    nirc_error(d, loc, "this .npy file has %zu bytes of data; its shape and type want %zu", r.end - r.at, wanted);
    return NULL;
  }
  void *data;
  nirc_blob *b = nirc_blob_new(h, r.dtype, &r.shape, false, &data);
  if (r.big_endian || r.fortran_order)
    copy_data(&r, data, count);
  else
    memcpy(data, r.bytes + r.at, wanted);
  if (check_bools(&r, data, count))
    return b;
  nirc_blob_unref(b);
  return NULL;
}
