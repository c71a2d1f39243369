#include "ir/parse.h"

#include <stdlib.h>
#include <string.h>

#include "ir/dialect_nir.h"
#include "ir/parse_attrs.h"
#include "ir/verify.h"

enum { MAX_OPEN_RESULTS = 16 };

typedef struct reference { const char *name; uint64_t namesake, result; nirc_loc loc; } reference;      /* %name~namesake#result */

/* An op whose operands are looked up when its region is complete: a use may stand before the definition. */
typedef struct pending { nirc_op *op; reference *operands; size_t n; struct pending *next; } pending;

/* Names of values that an op with a fault would have defined: their uses are no faults. */
typedef struct lost { const char *name; struct lost *next; } lost;

/* ---- faults -------------------------------------------------------------------------------------------------------------------------- */

static bool any_fault(const nirc_parser *p)
{
  return p->s.d->errors > p->errors_before;
}

/* From the start of an op that has a fault to the end of the line where its brackets are closed, or in front of the one that closes its region. */
static void skip_op(nirc_scanner *s)
{
  size_t depth = 0;
  for (; s->at < s->end; s->at++) {
    if (*s->at == '"')
      s->at += nirc_scan_loc(s).length - 1;
    if (s->at == s->end || (*s->at == '\n' && depth == 0) || (*s->at == '}' && depth == 0))
      return;
    depth += *s->at == '{';
    depth -= *s->at == '}';
    if (*s->at == '\n') {
      s->line++;
      s->line_start = s->at + 1;
    }
  }
}

/* ---- ops --------------------------------------------------------------------------------------------------------------------------- */

static bool reference_at(nirc_parser *p, reference *r)
{
  *r = (reference){.loc = nirc_scan_loc(&p->s)};
  if (!(r->name = nirc_scan_name(&p->s)))
    return false;
  if (p->s.at < p->s.end && *p->s.at == '~' && (p->s.at++, !nirc_scan_whole(&p->s, &r->namesake)))
    return false;
  return !(p->s.at < p->s.end && *p->s.at == '#') || (p->s.at++, nirc_scan_whole(&p->s, &r->result));
}

static bool operands(nirc_parser *p, pending *w)
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
    if (!reference_at(p, &w->operands[w->n]))
      return false;
    w->n++;
    if (!nirc_scan_accept(&p->s, ","))
      break;
  }
  return !p->s.failed;
}

/* Where the definition leaves the number of results open, the types say it. */
static bool open_result_types(nirc_parser *p, nirc_op *op)
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

static bool result_types(nirc_parser *p, nirc_op *op)
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

static bool location(nirc_parser *p, nirc_op *op)
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

static bool region(nirc_parser *p, nirc_region *r, unsigned depth);

static bool op_body(nirc_parser *p, nirc_op *op, pending *w, unsigned depth)
{
  nirc_loc loc = op->loc;
  if (!operands(p, w) || ((nirc_scan_accept(&p->s, "attributes") || (nirc_scan_peek(&p->s, "{") && !op->body)) && !nirc_parse_attrs(p, op, &op->attrs, 0)))
    return false;
  nirc_parse_check_complete(p, op, loc);
  return result_types(p, op) && location(p, op) && (!op->body || region(p, op->body, depth + 1));
}

/* The op of that name; NIRC_N_OPS after a diagnostic. */
static int opcode(nirc_parser *p, const char *mnemonic, nirc_loc loc)
{
  nirc_guess guess = {0};
  for (int code = 0; code < NIRC_N_OPS; code++)
    if (strcmp(nirc_op_defs[code]->mnemonic, mnemonic) == 0)
      return code;
  for (int code = 0; code < NIRC_N_OPS; code++)
    nirc_guess_consider(&guess, mnemonic, nirc_op_defs[code]->mnemonic);
  nirc_parse_fault(p, loc, NIRC_PARSE_TEXT("unknown op `%s`", mnemonic), &guess);
  p->s.failed = true;
  return NIRC_N_OPS;
}

static bool parse_op(nirc_parser *p, nirc_region *r, pending **list, reference *own, unsigned depth)
{
  if (nirc_scan_accept(&p->s, "%") && (!reference_at(p, own) || !nirc_scan_expect(&p->s, "=")))
    return false;
  nirc_scan_space(&p->s);
  nirc_loc loc = nirc_scan_loc(&p->s);
  const char *mnemonic = nirc_scan_word(&p->s, ".", "an op");
  int code = mnemonic ? opcode(p, mnemonic, loc) : NIRC_N_OPS;
  if (code == NIRC_N_OPS)
    return false;
  if (code == SNN_STEP && depth)
    return nirc_scan_fail(&p->s, loc, "a step stands in no other op");
  if (!own->name && (!nirc_scan_expect(&p->s, "@") || !(own->name = nirc_scan_name(&p->s))))
    return false;
  nirc_op *op = nirc_op_new(p->m, r, (nirc_opcode)code, own->name, loc);
  pending *w = NIRC_NEW(p->scratch, pending);
  *w = (pending){.op = op, .next = *list};
  *list = w;
  return op_body(p, op, w, depth);
}

/* parse_op, and the next op where that has a fault. */
static bool parse_op_or_skip(nirc_parser *p, nirc_region *r, pending **list, lost **gone, unsigned depth)
{
  reference own = {0};
  nirc_scan_space(&p->s);
  nirc_scanner start = p->s;
  nirc_op *last = r->last;
  if (start.at == start.end && any_fault(p))         /* a bracket that an op lacks */
    return !(p->s.failed = true);
  if (parse_op(p, r, list, &own, depth))
    return true;
  if (nirc_parse_has_many_faults(p) || start.at == start.end)
    return false;
  p->s = start;
  skip_op(&p->s);
  if (r->last == last) {                             /* it defines nothing now; without a name, no use is to be blamed */
    lost *l = NIRC_NEW(p->scratch, lost);
    *l = (lost){own.name, *gone};
    *gone = l;
  }
  return true;
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

static bool is_lost(const lost *gone, const char *name)
{
  while (gone && gone->name && strcmp(gone->name, name))
    gone = gone->next;
  return gone != NULL;
}

static void unknown_value(nirc_parser *p, const definition *table, size_t n, const reference *r)
{
  nirc_guess guess = {0};
  for (size_t i = 0; i < n; i++)
    nirc_guess_consider(&guess, r->name, table[i].name);
  bool known = guess.name && strcmp(guess.name, r->name) == 0;           /* then it is the number that is wrong */
  nirc_strbuf which;
  nirc_strbuf_init(&which, p->m->heap);
  if (r->namesake)
    nirc_strbuf_addf(&which, "~%llu", (unsigned long long)r->namesake);
  if (r->result)
    nirc_strbuf_addf(&which, "#%llu", (unsigned long long)r->result);
  nirc_parse_fault(p, r->loc, NIRC_PARSE_TEXT("no value %%%s%s is defined in this region", r->name, which.data), known ? NULL : &guess);
  nirc_strbuf_deinit(&which);
}

/* The list, first op first: messages are in the order of the text. */
static const pending *in_order(pending *list)
{
  pending *first = NULL;
  while (list) {
    pending *next = list->next;
    list->next = first;
    first = list;
    list = next;
  }
  return first;
}

static bool resolve(nirc_parser *p, const nirc_region *r, const pending *list, const lost *gone)
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
    size_t known = 0;
    for (size_t i = 0; i < w->n; i++)
      if ((values[i] = find(table, n, &w->operands[i])))
        known++;
      else if (!is_lost(gone, w->operands[i].name))
        unknown_value(p, table, n, &w->operands[i]);
    if (known == w->n)
      nirc_op_set_operands(p->m, w->op, values, w->n);
  }
  return !p->s.failed;
}

static bool region(nirc_parser *p, nirc_region *r, unsigned depth)
{
  if (depth > NIRC_PARSE_MAX_DEPTH)
    return nirc_scan_fail(&p->s, nirc_scan_loc(&p->s), "regions nested too deep");
  if (!nirc_scan_expect(&p->s, "{"))
    return false;
  pending *list = NULL;
  lost *gone = NULL;
  while (!nirc_scan_accept(&p->s, "}"))
    if (p->s.failed || !parse_op_or_skip(p, r, &list, &gone, depth))
      return false;
  return resolve(p, r, in_order(list), gone);
}

/* ---- blobs and the module -------------------------------------------------------------------------------------------------------------- */

static bool hex_bytes(nirc_parser *p, unsigned char *to, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    nirc_scan_blank(&p->s);
    int high = p->s.end - p->s.at >= 2 ? nirc_scan_hex_digit(p->s.at[0]) : -1, low = high < 0 ? -1 : nirc_scan_hex_digit(p->s.at[1]);
    if (low < 0)
      return nirc_scan_fail(&p->s, nirc_scan_loc(&p->s), "two hexadecimal digits are wanted here: the blob has fewer bytes than its type");
    to[i] = (unsigned char)(high * 16 + low);
    p->s.at += 2;
  }
  nirc_scan_blank(&p->s);
  return nirc_scan_accept(&p->s, "\"") || nirc_scan_fail(&p->s, nirc_scan_loc(&p->s), "the blob has more bytes than its type");
}

/* All dense attributes that wait, by number, then in the order of the text. */
typedef struct waiting_queue { nirc_waiting **rows; size_t n; } waiting_queue;

static int by_number(const void *pa, const void *pb)
{
  const nirc_waiting *a = *(nirc_waiting *const *)pa, *b = *(nirc_waiting *const *)pb;
  int c = (a->number > b->number) - (a->number < b->number);
  if (!c)
    c = (a->loc.line > b->loc.line) - (a->loc.line < b->loc.line);
  return c ? c : (a->loc.column > b->loc.column) - (a->loc.column < b->loc.column);
}

static size_t first_waiting(const waiting_queue *q, uint64_t number)
{
  size_t low = 0, high = q->n;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (q->rows[middle]->number < number)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static bool parse_blob(nirc_parser *p, const waiting_queue *queue)
{
  uint64_t number_of;
  nirc_dtype t;
  nirc_shape s;
  size_t bytes;
  nirc_scan_space(&p->s);
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
  for (size_t i = first_waiting(queue, number_of); i < queue->n && queue->rows[i]->number == number_of; i++) {
    const nirc_waiting *w = queue->rows[i];
    if (w->dtype != t || !nirc_shape_equal(&w->shape, &s))
      nirc_parse_fault(p, w->loc, NIRC_PARSE_TEXT("the blob @w%llu has another type", (unsigned long long)number_of), NULL);
    w->attr->blob = b;
  }
  return true;
}

static bool blobs(nirc_parser *p)
{
  waiting_queue queue = {.n = 0};
  for (nirc_waiting *w = p->waiting; w; w = w->next)
    queue.n++;
  queue.rows = NIRC_NEW_ARRAY(p->scratch, nirc_waiting *, queue.n);
  size_t n = 0;
  for (nirc_waiting *w = p->waiting; w; w = w->next)
    queue.rows[n++] = w;
  qsort(queue.rows, queue.n, sizeof *queue.rows, by_number);
  while (nirc_scan_accept(&p->s, "blob"))
    if (!parse_blob(p, &queue))
      return false;
  nirc_scan_space(&p->s);
  if (p->s.at < p->s.end && !any_fault(p))
    return nirc_scan_fail(&p->s, nirc_scan_loc(&p->s), "nothing may stand behind the module and its blobs");
  for (size_t i = 0; i < queue.n && !any_fault(p); i++)
    if (!queue.rows[i]->attr->blob)
      nirc_parse_fault(p, queue.rows[i]->loc, NIRC_PARSE_TEXT("no blob @w%llu stands behind the ops", (unsigned long long)queue.rows[i]->number), NULL);
  return !any_fault(p);
}

static bool header(nirc_parser *p)
{
  uint64_t version;
  if (!nirc_scan_expect(&p->s, "nirt"))
    return false;
  nirc_scan_space(&p->s);
  nirc_loc loc = nirc_scan_loc(&p->s);
  if (!nirc_scan_whole(&p->s, &version))
    return false;
  if (version != 1)
    return nirc_scan_fail(&p->s, loc, "only version 1 of the text form is known");
  if (!nirc_scan_expect(&p->s, "module") || !(p->m->name = nirc_scan_name(&p->s)) || !nirc_scan_expect(&p->s, "{") || !nirc_scan_expect(&p->s, "level") || !nirc_scan_expect(&p->s, "="))
    return false;
  p->m->level = nirc_scan_accept(&p->s, "nir") ? NIRC_LEVEL_NIR : nirc_scan_accept(&p->s, "hw") ? NIRC_LEVEL_HW : NIRC_LEVEL_SNN;
  if ((p->m->level == NIRC_LEVEL_SNN && !nirc_scan_expect(&p->s, "snn")) || !nirc_scan_expect(&p->s, ",") || !nirc_scan_expect(&p->s, "path") || !nirc_scan_expect(&p->s, "=") || !(p->m->path = nirc_scan_string(&p->s)) ||
      !nirc_scan_expect(&p->s, ",") || !nirc_scan_expect(&p->s, "source_hash") || !nirc_scan_expect(&p->s, "="))
    return false;
  nirc_scan_space(&p->s);
  loc = nirc_scan_loc(&p->s);
  const char *hash = nirc_scan_word(&p->s, "", "a hash");
  if (!hash || strlen(hash) != 34 || strspn(hash + 2, "0123456789abcdef") != 32)
    return nirc_scan_fail(&p->s, loc, "a hash of 32 hexadecimal digits behind 0x is wanted here");
  p->m->source_hash[1] = strtoull(hash + 18, NULL, 16);
  p->m->source_hash[0] = strtoull(nirc_arena_strndup(p->scratch, hash + 2, 16), NULL, 16);
  return nirc_scan_expect(&p->s, "}");
}

static bool module(nirc_parser *p)
{
  pending *list = NULL;
  reference own = {0};
  if (!header(p))
    return false;
  nirc_scan_space(&p->s);
  nirc_loc loc = nirc_scan_loc(&p->s);
  if (!parse_op(p, &p->m->body, &list, &own, 0) || !resolve(p, &p->m->body, list, NULL))
    return false;
  const nirc_op *root = p->m->body.first;
  if (root->code != (p->m->level == NIRC_LEVEL_NIR ? NIR_GRAPH : SNN_STEP) || root->n_operands)
    return nirc_scan_fail(&p->s, loc, p->m->level == NIRC_LEVEL_NIR ? "a module of level nir is one nir.graph" : "a module of level snn is one snn.step");
  return blobs(p);
}

/* What the verifier finds in a module of our own is a fault of ours; here it is one of the text. */
static bool check(nirc_parser *p)
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
  nirc_parser p = {.m = nirc_module_new(h, path, "module"), .scratch = nirc_arena_new(h), .errors_before = d->errors};
  p.s = (nirc_scanner){.at = text, .end = text + size, .line_start = text, .path = path, .line = 1, .d = d, .arena = p.m->arena, .scratch = p.scratch};
  bool ok = module(&p) && !any_fault(&p) && check(&p);
  nirc_arena_free(p.scratch);
  if (ok)
    return p.m;
  nirc_module_free(p.m);
  return NULL;
}
