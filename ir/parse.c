#include "ir/parse.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ir/base/utf8.h"
#include "ir/dialect_nir.h"
#include "ir/verify.h"

enum { MAX_DEPTH = 32 };

typedef struct reference { const char *name; uint64_t namesake, result; nirc_loc loc; } reference;      /* %name~namesake#result */

/* An op whose operands are looked up when its region is complete: a use may stand before the definition. */
typedef struct pending { nirc_op *op; reference *operands; size_t n; struct pending *next; } pending;

/* A dense attribute whose content stands behind the ops. */
typedef struct waiting { nirc_attr *attr; uint64_t number; nirc_dtype dtype; nirc_shape shape; nirc_loc loc; struct waiting *next; } waiting;

typedef struct parser {
  const char *at, *end, *line_start, *path;
  uint32_t line;
  nirc_module *m;
  nirc_diag *d;
  nirc_arena *scratch;
  waiting *waiting;
  bool failed;
} parser;

/* ---- characters ------------------------------------------------------------------------------------------------------------- */

static nirc_loc here(const parser *p)
{
  return (nirc_loc){.file = p->path, .line = p->line, .column = (uint32_t)(p->at - p->line_start) + 1};
}

/* Reports the first fault; the rest of the text is then not looked at. */
static bool fail(parser *p, nirc_loc loc, const char *what)
{
  if (!p->failed)
    nirc_error(p->d, loc, "%s", what);
  p->failed = true;
  return false;
}

static void skip_space(parser *p)
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

static bool peek(parser *p, const char *s)
{
  skip_space(p);
  return !p->failed && (size_t)(p->end - p->at) >= strlen(s) && memcmp(p->at, s, strlen(s)) == 0;
}

static bool accept(parser *p, const char *s)
{
  if (!peek(p, s))
    return false;
  p->at += strlen(s);
  return true;
}

static bool expect(parser *p, const char *s)
{
  return accept(p, s) || fail(p, here(p), nirc_arena_printf(p->scratch, "`%s` is wanted here", s));
}

static bool is_word(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Characters of a word, with `more` among them; NULL after a diagnostic. */
static const char *word(parser *p, const char *more, const char *what)
{
  skip_space(p);
  const char *start = p->at;
  while (p->at < p->end && (is_word(*p->at) || (*p->at && strchr(more, *p->at))))
    p->at++;
  if (p->at == start || p->failed) {
    fail(p, here(p), nirc_arena_printf(p->scratch, "%s is wanted here", what));
    return NULL;
  }
  return nirc_arena_strndup(p->m->arena, start, (size_t)(p->at - start));
}

static int hex_digit(char c)
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
  if (s[1] != 'x' || hex_digit(s[2]) < 0 || hex_digit(s[3]) < 0)
    return false;
  *to = (char)(hex_digit(s[2]) * 16 + hex_digit(s[3]));
  *from = s + 4;
  return *to != '\0';
}

static const char *string(parser *p)
{
  if (!expect(p, "\""))
    return NULL;
  const char *end = p->at;
  while (end < p->end && *end != '"' && *end != '\n')
    end += *end == '\\' && end + 1 < p->end ? 2 : 1;
  if (end >= p->end || *end != '"') {
    fail(p, here(p), "the string has no end on its line");
    return NULL;
  }
  char *text = nirc_arena_alloc(p->m->arena, (size_t)(end - p->at) + 1, 1), *to = text;
  while (p->at < end)
    if (!unescape(&p->at, to++)) {
      fail(p, here(p), "an escape is \\\", \\\\ or \\xNN");
      return NULL;
    }
  p->at = end + 1;
  if (!nirc_is_utf8(text, strlen(text))) {
    fail(p, here(p), "the string is not UTF-8");
    return NULL;
  }
  return text;
}

static const char *name(parser *p)
{
  return peek(p, "\"") ? string(p) : word(p, "", "a name");
}

static bool whole(parser *p, uint64_t *out)
{
  const char *s = word(p, "", "a whole number");
  char *end = NULL;
  errno = 0;
  if (s)
    *out = strtoull(s, &end, 10);
  return s && isdigit((unsigned char)*s) && !*end && !errno ? true : fail(p, here(p), "a whole number is wanted here");
}

/* ---- types and numbers ------------------------------------------------------------------------------------------------------- */

/* [ N { "," N } ] behind an element type; nothing: a single number. */
static bool shape(parser *p, nirc_shape *s)
{
  *s = (nirc_shape){0};
  if (!accept(p, "[") || accept(p, "]"))
    return !p->failed;
  do {
    if (s->rank == NIRC_MAX_RANK)
      return fail(p, here(p), "more than 8 axes");
    if (!whole(p, &s->dims[s->rank++]))
      return false;
  } while (accept(p, ","));
  return expect(p, "]");
}

static bool type(parser *p, nirc_dtype *elem, nirc_shape *s)
{
  nirc_loc loc = here(p);
  const char *w = word(p, "", "an element type");
  int t = 0;
  while (w && t < NIRC_N_DTYPES && strcmp(nirc_dtype_name((nirc_dtype)t), w))
    t++;
  if (!w || t == NIRC_N_DTYPES)
    return fail(p, loc, "an element type is wanted here: i1, i8 to i64, u8 to u64, f16, f32, f64");
  *elem = (nirc_dtype)t;
  size_t count;
  return shape(p, s) && (nirc_shape_count(s, &count) ? true : fail(p, loc, "too many elements"));
}

/* A float64 that is a float16 to its bits; false where none is equal. */
static bool to_half(double x, uint16_t *bits)
{
  for (uint32_t h = 0; h < 0x10000; h++) {           /* at most 16 inline elements are written so */
    uint16_t b = (uint16_t)h;
    double back = nirc_dtype_get(NIRC_F16, &b, 0);
    if (memcmp(&back, &x, sizeof x) == 0) {
      *bits = b;
      return true;
    }
  }
  return false;
}

static bool float_element(const char *s, nirc_dtype t, void *to)
{
  char *end;
  if (s[0] == '0' && s[1] == 'x') {                  /* bits */
    uint64_t bits = strtoull(s, &end, 16);
    memcpy(to, &bits, nirc_dtype_size(t));           /* little-endian machines only: configure says so */
    return !*end && strlen(s) == 2 + 2 * nirc_dtype_size(t);
  }
  double wide = strtod(s, &end);
  float narrow = strtof(s, NULL);
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

static bool element(parser *p, nirc_dtype t, void *to)
{
  nirc_loc loc = here(p);
  const char *s = word(p, "+-.", "a number");
  if (s && (nirc_dtype_is_float(t) ? float_element(s, t, to) : whole_element(s, t, to)))
    return true;
  return fail(p, loc, nirc_arena_printf(p->scratch, "no %s number", nirc_dtype_name(t)));
}

/* ---- attributes ------------------------------------------------------------------------------------------------------------------- */

static bool attrs(parser *p, const nirc_op *op, nirc_attr **first, unsigned depth);

/* dense<type ...> or splat<type x>, behind the word. */
static bool dense(parser *p, nirc_attr *a, bool splat)
{
  nirc_dtype t;
  nirc_shape s;
  a->kind = NIRC_ATTR_DENSE;
  skip_space(p);
  nirc_loc loc = here(p);
  if (!type(p, &t, &s))
    return false;
  if (!splat && accept(p, "@w")) {
    waiting *w = NIRC_NEW(p->scratch, waiting);
    *w = (waiting){.attr = a, .dtype = t, .shape = s, .loc = loc, .next = p->waiting};
    p->waiting = w;
    return whole(p, &w->number) && expect(p, ">");
  }
  size_t n = 1;
  if (!splat)
    nirc_shape_count(&s, &n);
  if (n > 4096)
    return fail(p, loc, "so many elements stand behind the ops, as a blob");
  void *data;
  a->blob = nirc_module_hold(p->m, nirc_blob_new(p->m->heap, t, &s, splat, &data));
  for (size_t i = 0; i < n; i++)
    if ((i && !expect(p, ",")) || !element(p, t, (char *)data + i * nirc_dtype_size(t)))
      return false;
  return expect(p, ">");
}

static bool strings(parser *p, nirc_attr *a)
{
  size_t n;
  a->kind = NIRC_ATTR_STRINGS;
  if (!shape(p, &a->shape) || !nirc_shape_count(&a->shape, &n) || n > (size_t)(p->end - p->at))
    return fail(p, here(p), "no list of strings");
  const char **list = NIRC_NEW_ARRAY(p->m->arena, const char *, n);
  for (size_t i = 0; i < n; i++)
    if ((i && !expect(p, ",")) || !(list[i] = string(p)))
      return false;
  a->strings = list;
  return expect(p, ">");
}

/* A word: a choice of the attribute's definition. */
static bool choice(parser *p, const nirc_op *op, nirc_attr *a)
{
  nirc_loc loc = here(p);
  const nirc_attr_def *def = op ? nirc_op_def_attr(op->def, a->name) : NULL;
  const char *w = word(p, "", "a value");
  a->kind = NIRC_ATTR_ENUM;
  for (; w && def && def->enum_names && def->enum_names[a->i]; a->i++)
    if (strcmp(def->enum_names[a->i], w) == 0) {
      a->s = def->enum_names[a->i];
      return true;
    }
  return fail(p, loc, nirc_arena_printf(p->scratch, "'%s' has no such value", a->name));
}

static bool number(parser *p, nirc_attr *a)
{
  const char *s = p->at;
  while (s < p->end && (is_word(*s) || *s == '-' || *s == '+' || *s == '.'))
    s++;
  size_t n = (size_t)(s - p->at);
  bool is_float = memchr(p->at, '.', n) || memchr(p->at, 'e', n) || memchr(p->at, 'x', n);
  a->kind = is_float ? NIRC_ATTR_FLOAT : NIRC_ATTR_INT;
  return element(p, is_float ? NIRC_F64 : NIRC_I64, is_float ? (void *)&a->f : (void *)&a->i);
}

static bool attr_value(parser *p, const nirc_op *op, nirc_attr *a, unsigned depth)
{
  if (accept(p, "dense<"))
    return dense(p, a, false);
  if (accept(p, "splat<"))
    return dense(p, a, true);
  if (accept(p, "strings<"))
    return strings(p, a);
  if (peek(p, "\"")) {
    a->kind = NIRC_ATTR_STRING;
    return (a->s = string(p)) != NULL;
  }
  if (peek(p, "[")) {
    a->kind = NIRC_ATTR_SHAPE;
    return shape(p, &a->shape);
  }
  if (peek(p, "{")) {
    a->kind = NIRC_ATTR_DICT;
    return attrs(p, NULL, &a->dict, depth + 1);
  }
  if (p->at < p->end && (*p->at == '-' || isdigit((unsigned char)*p->at)))
    return number(p, a);
  return choice(p, op, a);
}

static bool attrs(parser *p, const nirc_op *op, nirc_attr **first, unsigned depth)
{
  if (depth > MAX_DEPTH)
    return fail(p, here(p), "nested too deep");
  if (!expect(p, "{"))
    return false;
  for (nirc_attr **end = first; !accept(p, "}"); end = &(*end)->next) {
    if (p->failed || (*first && !expect(p, ",")))
      return false;
    nirc_attr *a = *end = NIRC_NEW(p->m->arena, nirc_attr);
    if (!(a->name = name(p)) || !expect(p, "=") || !attr_value(p, op, a, depth))
      return false;
  }
  return true;
}

/* ---- ops --------------------------------------------------------------------------------------------------------------------------- */

static bool reference_at(parser *p, reference *r)
{
  *r = (reference){.loc = here(p)};
  if (!(r->name = name(p)))
    return false;
  if (p->at < p->end && *p->at == '~' && (p->at++, !whole(p, &r->namesake)))
    return false;
  return !(p->at < p->end && *p->at == '#') || (p->at++, whole(p, &r->result));
}

static bool operands(parser *p, pending *w)
{
  size_t capacity = 0;
  while (peek(p, "%")) {
    p->at++;
    if (w->n == capacity) {
      reference *more = NIRC_NEW_ARRAY(p->scratch, reference, capacity = 2 * capacity + 4);
      if (w->n)
        memcpy(more, w->operands, w->n * sizeof *more);
      w->operands = more;
    }
    if (!reference_at(p, &w->operands[w->n++]))
      return false;
    if (!accept(p, ","))
      break;
  }
  return !p->failed;
}

static bool result_types(parser *p, nirc_op *op)
{
  if (!accept(p, ":"))
    return !p->failed;
  for (uint32_t i = 0; i < op->n_results; i++) {
    nirc_dtype t;
    nirc_shape s;
    if (i && !expect(p, ","))
      return false;
    if (accept(p, "?"))
      continue;
    if (!type(p, &t, &s))
      return false;
    op->results[i].type = nirc_type_get(&p->m->types, t, &s);
  }
  return true;
}

static bool location(parser *p, nirc_op *op)
{
  op->loc = nirc_loc_none();
  if (!accept(p, "loc("))
    return !p->failed;
  uint64_t line = 0, column = 0;
  if (!accept(p, "-") && !(op->loc.file = string(p)))
    return false;
  if (accept(p, ":") && (!whole(p, &line) || !expect(p, ":") || !whole(p, &column)))
    return false;
  op->loc.line = (uint32_t)line;
  op->loc.column = (uint32_t)column;
  if (accept(p, ",") && !(op->loc.object = string(p)))
    return false;
  return expect(p, ")");
}

static bool region(parser *p, nirc_region *r, unsigned depth);

static bool op_body(parser *p, nirc_op *op, pending *w, unsigned depth)
{
  if (!operands(p, w) || ((accept(p, "attributes") || (peek(p, "{") && !op->body)) && !attrs(p, op, &op->attrs, 0)))
    return false;
  return result_types(p, op) && location(p, op) && (!op->body || region(p, op->body, depth + 1));
}

static int opcode(const char *mnemonic)
{
  int code = 0;
  while (code < NIRC_N_OPS && strcmp(nirc_op_defs[code]->mnemonic, mnemonic))
    code++;
  return code;
}

static bool parse_op(parser *p, nirc_region *r, pending **list, unsigned depth)
{
  reference own = {0};
  if (accept(p, "%") && (!reference_at(p, &own) || !expect(p, "=")))
    return false;
  skip_space(p);
  nirc_loc loc = here(p);
  const char *mnemonic = word(p, ".", "an op");
  int code = mnemonic ? opcode(mnemonic) : NIRC_N_OPS;
  if (code == SNN_STEP && depth)
    return fail(p, loc, "a step stands in no other op");
  if (code == NIRC_N_OPS)
    return fail(p, loc, mnemonic ? nirc_arena_printf(p->scratch, "unknown op `%s`", mnemonic) : "an op is wanted here");
  if (!own.name && (!expect(p, "@") || !(own.name = name(p))))
    return false;
  nirc_op *op = nirc_op_new(p->m, r, (nirc_opcode)code, own.name, loc);
  pending *w = NIRC_NEW(p->scratch, pending);
  *w = (pending){.op = op, .next = *list};
  *list = w;
  return op_body(p, op, w, depth);
}

/* ---- uses --------------------------------------------------------------------------------------------------------------------------- */

typedef struct definition { const char *name; size_t order; nirc_op *op; } definition;

static int compare_definitions(const void *a, const void *b)
{
  const definition *x = a, *y = b;
  int names = strcmp(x->name, y->name);
  return names ? names : (x->order > y->order) - (x->order < y->order);
}

static nirc_value *find(const definition *table, size_t n, const reference *r)
{
  size_t low = 0, high = n;
  while (low < high) {                               /* the first of that name */
    size_t middle = (low + high) / 2;
    if (strcmp(table[middle].name, r->name) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  if (r->namesake >= n - low || strcmp(table[low + r->namesake].name, r->name) || r->result >= table[low + r->namesake].op->n_results)
    return NULL;
  return &table[low + r->namesake].op->results[r->result];
}

static bool resolve(parser *p, const nirc_region *r, const pending *list)
{
  size_t n = 0;
  NIRC_FOR_EACH_OP(op, r)
    n += op->n_results > 0;
  definition *table = NIRC_NEW_ARRAY(p->scratch, definition, n);
  n = 0;
  NIRC_FOR_EACH_OP(op, r)
    if (op->n_results) {
      table[n] = (definition){op->name, n, op};
      n++;
    }
  qsort(table, n, sizeof *table, compare_definitions);
  for (const pending *w = list; w; w = w->next) {
    nirc_value **values = NIRC_NEW_ARRAY(p->scratch, nirc_value *, w->n);
    for (size_t i = 0; i < w->n; i++)
      if (!(values[i] = find(table, n, &w->operands[i])))
        return fail(p, w->operands[i].loc, nirc_arena_printf(p->scratch, "no value %%%s is defined in this region", w->operands[i].name));
    nirc_op_set_operands(p->m, w->op, values, w->n);
  }
  return true;
}

static bool region(parser *p, nirc_region *r, unsigned depth)
{
  if (depth > MAX_DEPTH)
    return fail(p, here(p), "regions nested too deep");
  if (!expect(p, "{"))
    return false;
  pending *list = NULL;
  while (!accept(p, "}"))
    if (p->failed || !parse_op(p, r, &list, depth))
      return false;
  return resolve(p, r, list);
}

/* ---- blobs and the module -------------------------------------------------------------------------------------------------------------- */

static bool hex_bytes(parser *p, unsigned char *to, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    skip_space(p);
    int high = p->end - p->at >= 2 ? hex_digit(p->at[0]) : -1, low = high < 0 ? -1 : hex_digit(p->at[1]);
    if (low < 0)
      return fail(p, here(p), "two hexadecimal digits are wanted here: the blob has fewer bytes than its type");
    to[i] = (unsigned char)(high * 16 + low);
    p->at += 2;
  }
  return accept(p, "\"") || fail(p, here(p), "the blob has more bytes than its type");
}

static bool parse_blob(parser *p)
{
  uint64_t number_of;
  nirc_dtype t;
  nirc_shape s;
  size_t bytes;
  nirc_loc loc = here(p);
  if (!expect(p, "@w") || !whole(p, &number_of) || !expect(p, ":") || !type(p, &t, &s) || !expect(p, "="))
    return false;
  if (peek(p, "elided"))
    return fail(p, loc, "the blob's content was left out when the text was printed");
  nirc_shape_count(&s, &bytes);
  if (!nirc_mul_size(&bytes, bytes, nirc_dtype_size(t)) || bytes > (size_t)(p->end - p->at))
    return fail(p, loc, "the blob has fewer bytes than its type");
  void *data;
  if (!expect(p, "hex\""))
    return false;
  nirc_blob *b = nirc_module_hold(p->m, nirc_blob_new(p->m->heap, t, &s, false, &data));
  if (!hex_bytes(p, data, bytes))
    return false;
  for (waiting *w = p->waiting; w; w = w->next)
    if (w->number == number_of) {
      if (w->dtype != t || !nirc_shape_equal(&w->shape, &s))
        return fail(p, w->loc, "the blob has another type");
      w->attr->blob = b;
    }
  return true;
}

static bool header(parser *p)
{
  uint64_t version;
  if (!expect(p, "nirt") || !whole(p, &version))
    return false;
  if (version != 1)
    return fail(p, here(p), "only version 1 of the text form is known");
  if (!expect(p, "module") || !(p->m->name = name(p)) || !expect(p, "{") || !expect(p, "level") || !expect(p, "="))
    return false;
  p->m->level = accept(p, "nir") ? NIRC_LEVEL_NIR : NIRC_LEVEL_SNN;
  if ((p->m->level == NIRC_LEVEL_SNN && !expect(p, "snn")) || !expect(p, ",") || !expect(p, "path") || !expect(p, "=") || !(p->m->path = string(p)) ||
      !expect(p, ",") || !expect(p, "source_hash") || !expect(p, "="))
    return false;
  nirc_loc loc = here(p);
  const char *hash = word(p, "", "a hash");
  if (!hash || strlen(hash) != 34 || strspn(hash + 2, "0123456789abcdef") != 32)
    return fail(p, loc, "a hash of 32 hexadecimal digits behind 0x is wanted here");
  p->m->source_hash[1] = strtoull(hash + 18, NULL, 16);
  p->m->source_hash[0] = strtoull(nirc_arena_strndup(p->scratch, hash + 2, 16), NULL, 16);
  return expect(p, "}");
}

static bool module(parser *p)
{
  pending *list = NULL;
  if (!header(p) || !parse_op(p, &p->m->body, &list, 0) || !resolve(p, &p->m->body, list))
    return false;
  const nirc_op *root = p->m->body.first;
  if (root->code != (p->m->level == NIRC_LEVEL_NIR ? NIR_GRAPH : SNN_STEP) || root->n_operands)
    return fail(p, (nirc_loc){.file = p->path, .line = 1, .column = 1}, "the module must be one nir.graph or one snn.step, as its level says");
  while (accept(p, "blob"))
    if (!parse_blob(p))
      return false;
  skip_space(p);
  if (p->at < p->end)
    return fail(p, here(p), "nothing may stand behind the module and its blobs");
  for (const waiting *w = p->waiting; w; w = w->next)
    if (!w->attr->blob)
      return fail(p, w->loc, "no blob of that number stands behind the ops");
  return true;
}

/* What the verifier finds in a module of our own is a fault of ours; here it is one of the text. */
static bool check(parser *p)
{
  bool first = p->d->errors == 0;
  if (nirc_module_verify(p->m, p->d) && (p->m->level != NIRC_LEVEL_NIR || nirc_nir_infer(p->m, p->m->body.first, p->d)))
    return true;
  nirc_note(p->d, nirc_loc_file(p->path), "the places above are those that the text gives");
  if (first)
    p->d->status = NIRC_STATUS_REFUSED;
  return false;
}

nirc_module *nirc_module_parse(const char *text, size_t size, const char *path, const nirc_heap *h, nirc_diag *d)
{
  parser p = {.at = text, .end = text + size, .line_start = text, .path = path, .line = 1, .m = nirc_module_new(h, path, "module"), .d = d,
              .scratch = nirc_arena_new(h)};
  bool ok = module(&p) && !p.failed && check(&p);
  nirc_arena_free(p.scratch);
  if (ok)
    return p.m;
  nirc_module_free(p.m);
  return NULL;
}
