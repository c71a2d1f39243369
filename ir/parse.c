#include "ir/parse.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "ir/dialect_nir.h"
#include "ir/scan.h"
#include "ir/verify.h"

enum { MAX_DEPTH = 32, MAX_OPEN_RESULTS = 16 };

typedef struct reference { const char *name; uint64_t namesake, result; nirc_loc loc; } reference;      /* %name~namesake#result */

/* An op whose operands are looked up when its region is complete: a use may stand before the definition. */
typedef struct pending { nirc_op *op; reference *operands; size_t n; struct pending *next; } pending;

/* A dense attribute whose content stands behind the ops. */
typedef struct waiting { nirc_attr *attr; uint64_t number; nirc_dtype dtype; nirc_shape shape; nirc_loc loc; struct waiting *next; } waiting;

typedef struct parser {
  nirc_scanner s;
  nirc_module *m;
  nirc_arena *scratch;
  waiting *waiting;
} parser;

/* ---- attributes ------------------------------------------------------------------------------------------------------------------- */

static bool attrs(parser *p, const nirc_op *op, nirc_attr **first, unsigned depth);

/* dense<type ...> or splat<type x>, behind the word. */
static bool dense(parser *p, nirc_attr *a, bool splat)
{
  nirc_dtype t;
  nirc_shape s;
  a->kind = NIRC_ATTR_DENSE;
  nirc_scan_space(&p->s);
  nirc_loc loc = nirc_scan_loc(&p->s);
  if (!nirc_scan_type(&p->s, &t, &s))
    return false;
  if (!splat && nirc_scan_accept(&p->s, "@w")) {
    waiting *w = NIRC_NEW(p->scratch, waiting);
    *w = (waiting){.attr = a, .dtype = t, .shape = s, .loc = loc, .next = p->waiting};
    p->waiting = w;
    return nirc_scan_whole(&p->s, &w->number) && nirc_scan_expect(&p->s, ">");
  }
  size_t n = 1;
  if (!splat)
    nirc_shape_count(&s, &n);
  if (n > 4096)
    return nirc_scan_fail(&p->s, loc, "so many elements stand behind the ops, as a blob");
  void *data;
  a->blob = nirc_module_hold(p->m, nirc_blob_new(p->m->heap, t, &s, splat, &data));
  for (size_t i = 0; i < n; i++)
    if ((i && !nirc_scan_expect(&p->s, ",")) || !nirc_scan_element(&p->s, t, (char *)data + i * nirc_dtype_size(t)))
      return false;
  return nirc_scan_expect(&p->s, ">");
}

static bool strings(parser *p, nirc_attr *a)
{
  size_t n;
  a->kind = NIRC_ATTR_STRINGS;
  if (!nirc_scan_shape(&p->s, &a->shape) || !nirc_shape_count(&a->shape, &n) || n > (size_t)(p->s.end - p->s.at))
    return nirc_scan_fail(&p->s, nirc_scan_loc(&p->s), "no list of strings");
  const char **list = NIRC_NEW_ARRAY(p->m->arena, const char *, n);
  for (size_t i = 0; i < n; i++)
    if ((i && !nirc_scan_expect(&p->s, ",")) || !(list[i] = nirc_scan_string(&p->s)))
      return false;
  a->strings = list;
  return nirc_scan_expect(&p->s, ">");
}

/* A word: a choice of the attribute's definition. */
static bool choice(parser *p, const nirc_op *op, nirc_attr *a)
{
  nirc_loc loc = nirc_scan_loc(&p->s);
  const nirc_attr_def *def = op ? nirc_op_def_attr(op->def, a->name) : NULL;
  const char *w = nirc_scan_word(&p->s, "", "a value");
  a->kind = NIRC_ATTR_ENUM;
  for (; w && def && def->enum_names && def->enum_names[a->i]; a->i++)
    if (strcmp(def->enum_names[a->i], w) == 0) {
      a->s = def->enum_names[a->i];
      return true;
    }
  return nirc_scan_fail(&p->s, loc, nirc_arena_printf(p->scratch, "'%s' has no such value", a->name));
}

static bool number(parser *p, nirc_attr *a)
{
  const char *s = p->s.at;
  while (s < p->s.end && (isalnum((unsigned char)*s) || *s == '-' || *s == '+' || *s == '.'))
    s++;
  size_t n = (size_t)(s - p->s.at);
  bool is_float = memchr(p->s.at, '.', n) || memchr(p->s.at, 'e', n) || memchr(p->s.at, 'x', n);
  a->kind = is_float ? NIRC_ATTR_FLOAT : NIRC_ATTR_INT;
  return nirc_scan_element(&p->s, is_float ? NIRC_F64 : NIRC_I64, is_float ? (void *)&a->f : (void *)&a->i);
}

static bool attr_value(parser *p, const nirc_op *op, nirc_attr *a, unsigned depth)
{
  if (nirc_scan_accept(&p->s, "dense<"))
    return dense(p, a, false);
  if (nirc_scan_accept(&p->s, "splat<"))
    return dense(p, a, true);
  if (nirc_scan_accept(&p->s, "strings<"))
    return strings(p, a);
  if (nirc_scan_peek(&p->s, "\"")) {
    a->kind = NIRC_ATTR_STRING;
    return (a->s = nirc_scan_string(&p->s)) != NULL;
  }
  if (nirc_scan_peek(&p->s, "[")) {
    a->kind = NIRC_ATTR_SHAPE;
    return nirc_scan_shape(&p->s, &a->shape);
  }
  if (nirc_scan_peek(&p->s, "{")) {
    a->kind = NIRC_ATTR_DICT;
    return attrs(p, NULL, &a->dict, depth + 1);
  }
  if (p->s.at < p->s.end && (*p->s.at == '-' || isdigit((unsigned char)*p->s.at)))
    return number(p, a);
  return choice(p, op, a);
}

static bool attrs(parser *p, const nirc_op *op, nirc_attr **first, unsigned depth)
{
  if (depth > MAX_DEPTH)
    return nirc_scan_fail(&p->s, nirc_scan_loc(&p->s), "nested too deep");
  if (!nirc_scan_expect(&p->s, "{"))
    return false;
  for (nirc_attr **end = first; !nirc_scan_accept(&p->s, "}"); end = &(*end)->next) {
    if (p->s.failed || (*first && !nirc_scan_expect(&p->s, ",")))
      return false;
    nirc_attr *a = *end = NIRC_NEW(p->m->arena, nirc_attr);
    if (!(a->name = nirc_scan_name(&p->s)) || !nirc_scan_expect(&p->s, "=") || !attr_value(p, op, a, depth))
      return false;
  }
  return true;
}

/* ---- ops --------------------------------------------------------------------------------------------------------------------------- */

static bool reference_at(parser *p, reference *r)
{
  *r = (reference){.loc = nirc_scan_loc(&p->s)};
  if (!(r->name = nirc_scan_name(&p->s)))
    return false;
  if (p->s.at < p->s.end && *p->s.at == '~' && (p->s.at++, !nirc_scan_whole(&p->s, &r->namesake)))
    return false;
  return !(p->s.at < p->s.end && *p->s.at == '#') || (p->s.at++, nirc_scan_whole(&p->s, &r->result));
}

static bool operands(parser *p, pending *w)
{
  size_t capacity = 0;
  while (nirc_scan_peek(&p->s, "%")) {
    p->s.at++;
    if (w->n == capacity) {
      reference *more = NIRC_NEW_ARRAY(p->scratch, reference, capacity = 2 * capacity + 4);
      if (w->n)
        memcpy(more, w->operands, w->n * sizeof *more);
      w->operands = more;
    }
    if (!reference_at(p, &w->operands[w->n++]))
      return false;
    if (!nirc_scan_accept(&p->s, ","))
      break;
  }
  return !p->s.failed;
}

/* Where the definition leaves the number of results open, the types say it. */
static bool open_result_types(parser *p, nirc_op *op)
{
  const nirc_type *types[MAX_OPEN_RESULTS];
  uint32_t n = 0;
  do {
    nirc_dtype t;
    nirc_shape s;
    nirc_loc loc = nirc_scan_loc(&p->s);
    if (n == MAX_OPEN_RESULTS)
      return nirc_scan_fail(&p->s, loc, "more results than any op has");
    if (!nirc_scan_type(&p->s, &t, &s))
      return false;
    types[n++] = nirc_type_get(&p->m->types, t, &s);
  } while (nirc_scan_accept(&p->s, ","));
  nirc_op_set_results(p->m, op, types, n);
  return !p->s.failed;
}

static bool result_types(parser *p, nirc_op *op)
{
  if (!nirc_scan_accept(&p->s, ":"))
    return !p->s.failed;
  if (op->def->n_results < 0)
    return open_result_types(p, op);
  for (uint32_t i = 0; i < op->n_results; i++) {
    nirc_dtype t;
    nirc_shape s;
    if (i && !nirc_scan_expect(&p->s, ","))
      return false;
    if (nirc_scan_accept(&p->s, "?"))
      continue;
    if (!nirc_scan_type(&p->s, &t, &s))
      return false;
    op->results[i].type = nirc_type_get(&p->m->types, t, &s);
  }
  return true;
}

static bool location(parser *p, nirc_op *op)
{
  op->loc = nirc_loc_none();
  if (!nirc_scan_accept(&p->s, "loc("))
    return !p->s.failed;
  uint64_t line = 0, column = 0;
  if (!nirc_scan_accept(&p->s, "-") && !(op->loc.file = nirc_scan_string(&p->s)))
    return false;
  if (nirc_scan_accept(&p->s, ":") && (!nirc_scan_whole(&p->s, &line) || !nirc_scan_expect(&p->s, ":") || !nirc_scan_whole(&p->s, &column)))
    return false;
  op->loc.line = (uint32_t)line;
  op->loc.column = (uint32_t)column;
  if (nirc_scan_accept(&p->s, ",") && !(op->loc.object = nirc_scan_string(&p->s)))
    return false;
  return nirc_scan_expect(&p->s, ")");
}

static bool region(parser *p, nirc_region *r, unsigned depth);

static bool op_body(parser *p, nirc_op *op, pending *w, unsigned depth)
{
  if (!operands(p, w) || ((nirc_scan_accept(&p->s, "attributes") || (nirc_scan_peek(&p->s, "{") && !op->body)) && !attrs(p, op, &op->attrs, 0)))
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
  if (nirc_scan_accept(&p->s, "%") && (!reference_at(p, &own) || !nirc_scan_expect(&p->s, "=")))
    return false;
  nirc_scan_space(&p->s);
  nirc_loc loc = nirc_scan_loc(&p->s);
  const char *mnemonic = nirc_scan_word(&p->s, ".", "an op");
  int code = mnemonic ? opcode(mnemonic) : NIRC_N_OPS;
  if (code == SNN_STEP && depth)
    return nirc_scan_fail(&p->s, loc, "a step stands in no other op");
  if (code == NIRC_N_OPS)
    return nirc_scan_fail(&p->s, loc, mnemonic ? nirc_arena_printf(p->scratch, "unknown op `%s`", mnemonic) : "an op is wanted here");
  if (!own.name && (!nirc_scan_expect(&p->s, "@") || !(own.name = nirc_scan_name(&p->s))))
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
        return nirc_scan_fail(&p->s, w->operands[i].loc, nirc_arena_printf(p->scratch, "no value %%%s is defined in this region", w->operands[i].name));
    nirc_op_set_operands(p->m, w->op, values, w->n);
  }
  return true;
}

static bool region(parser *p, nirc_region *r, unsigned depth)
{
  if (depth > MAX_DEPTH)
    return nirc_scan_fail(&p->s, nirc_scan_loc(&p->s), "regions nested too deep");
  if (!nirc_scan_expect(&p->s, "{"))
    return false;
  pending *list = NULL;
  while (!nirc_scan_accept(&p->s, "}"))
    if (p->s.failed || !parse_op(p, r, &list, depth))
      return false;
  return resolve(p, r, list);
}

/* ---- blobs and the module -------------------------------------------------------------------------------------------------------------- */

static bool hex_bytes(parser *p, unsigned char *to, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    nirc_scan_space(&p->s);
    int high = p->s.end - p->s.at >= 2 ? nirc_scan_hex_digit(p->s.at[0]) : -1, low = high < 0 ? -1 : nirc_scan_hex_digit(p->s.at[1]);
    if (low < 0)
      return nirc_scan_fail(&p->s, nirc_scan_loc(&p->s), "two hexadecimal digits are wanted here: the blob has fewer bytes than its type");
    to[i] = (unsigned char)(high * 16 + low);
    p->s.at += 2;
  }
  return nirc_scan_accept(&p->s, "\"") || nirc_scan_fail(&p->s, nirc_scan_loc(&p->s), "the blob has more bytes than its type");
}

static bool parse_blob(parser *p)
{
  uint64_t number_of;
  nirc_dtype t;
  nirc_shape s;
  size_t bytes;
  nirc_loc loc = nirc_scan_loc(&p->s);
  if (!nirc_scan_expect(&p->s, "@w") || !nirc_scan_whole(&p->s, &number_of) || !nirc_scan_expect(&p->s, ":") || !nirc_scan_type(&p->s, &t, &s) || !nirc_scan_expect(&p->s, "="))
    return false;
  if (nirc_scan_peek(&p->s, "elided"))
    return nirc_scan_fail(&p->s, loc, "the blob's content was left out when the text was printed");
  nirc_shape_count(&s, &bytes);
  if (!nirc_mul_size(&bytes, bytes, nirc_dtype_size(t)) || bytes > (size_t)(p->s.end - p->s.at))
    return nirc_scan_fail(&p->s, loc, "the blob has fewer bytes than its type");
  void *data;
  if (!nirc_scan_expect(&p->s, "hex\""))
    return false;
  nirc_blob *b = nirc_module_hold(p->m, nirc_blob_new(p->m->heap, t, &s, false, &data));
  if (!hex_bytes(p, data, bytes))
    return false;
  for (waiting *w = p->waiting; w; w = w->next)
    if (w->number == number_of) {
      if (w->dtype != t || !nirc_shape_equal(&w->shape, &s))
        return nirc_scan_fail(&p->s, w->loc, "the blob has another type");
      w->attr->blob = b;
    }
  return true;
}

static bool header(parser *p)
{
  uint64_t version;
  if (!nirc_scan_expect(&p->s, "nirt") || !nirc_scan_whole(&p->s, &version))
    return false;
  if (version != 1)
    return nirc_scan_fail(&p->s, nirc_scan_loc(&p->s), "only version 1 of the text form is known");
  if (!nirc_scan_expect(&p->s, "module") || !(p->m->name = nirc_scan_name(&p->s)) || !nirc_scan_expect(&p->s, "{") || !nirc_scan_expect(&p->s, "level") || !nirc_scan_expect(&p->s, "="))
    return false;
  p->m->level = nirc_scan_accept(&p->s, "nir") ? NIRC_LEVEL_NIR : NIRC_LEVEL_SNN;
  if ((p->m->level == NIRC_LEVEL_SNN && !nirc_scan_expect(&p->s, "snn")) || !nirc_scan_expect(&p->s, ",") || !nirc_scan_expect(&p->s, "path") || !nirc_scan_expect(&p->s, "=") || !(p->m->path = nirc_scan_string(&p->s)) ||
      !nirc_scan_expect(&p->s, ",") || !nirc_scan_expect(&p->s, "source_hash") || !nirc_scan_expect(&p->s, "="))
    return false;
  nirc_loc loc = nirc_scan_loc(&p->s);
  const char *hash = nirc_scan_word(&p->s, "", "a hash");
  if (!hash || strlen(hash) != 34 || strspn(hash + 2, "0123456789abcdef") != 32)
    return nirc_scan_fail(&p->s, loc, "a hash of 32 hexadecimal digits behind 0x is wanted here");
  p->m->source_hash[1] = strtoull(hash + 18, NULL, 16);
  p->m->source_hash[0] = strtoull(nirc_arena_strndup(p->scratch, hash + 2, 16), NULL, 16);
  return nirc_scan_expect(&p->s, "}");
}

static bool module(parser *p)
{
  pending *list = NULL;
  if (!header(p) || !parse_op(p, &p->m->body, &list, 0) || !resolve(p, &p->m->body, list))
    return false;
  const nirc_op *root = p->m->body.first;
  if (root->code != (p->m->level == NIRC_LEVEL_NIR ? NIR_GRAPH : SNN_STEP) || root->n_operands)
    return nirc_scan_fail(&p->s, (nirc_loc){.file = p->s.path, .line = 1, .column = 1}, "the module must be one nir.graph or one snn.step, as its level says");
  while (nirc_scan_accept(&p->s, "blob"))
    if (!parse_blob(p))
      return false;
  nirc_scan_space(&p->s);
  if (p->s.at < p->s.end)
    return nirc_scan_fail(&p->s, nirc_scan_loc(&p->s), "nothing may stand behind the module and its blobs");
  for (const waiting *w = p->waiting; w; w = w->next)
    if (!w->attr->blob)
      return nirc_scan_fail(&p->s, w->loc, "no blob of that number stands behind the ops");
  return true;
}

/* What the verifier finds in a module of our own is a fault of ours; here it is one of the text. */
static bool check(parser *p)
{
  bool first = p->s.d->errors == 0;
  if (nirc_module_verify(p->m, p->s.d) && (p->m->level != NIRC_LEVEL_NIR || nirc_nir_infer(p->m, p->m->body.first, p->s.d)))
    return true;
  nirc_note(p->s.d, nirc_loc_file(p->s.path), "the places above are those that the text gives");
  if (first)
    p->s.d->status = NIRC_STATUS_REFUSED;
  return false;
}

nirc_module *nirc_module_parse(const char *text, size_t size, const char *path, const nirc_heap *h, nirc_diag *d)
{
  parser p = {.m = nirc_module_new(h, path, "module"), .scratch = nirc_arena_new(h)};
  p.s = (nirc_scanner){.at = text, .end = text + size, .line_start = text, .path = path, .line = 1, .d = d, .arena = p.m->arena, .scratch = p.scratch};
  bool ok = module(&p) && !p.s.failed && check(&p);
  nirc_arena_free(p.scratch);
  if (ok)
    return p.m;
  nirc_module_free(p.m);
  return NULL;
}
