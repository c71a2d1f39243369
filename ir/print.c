#include "ir/print.h"

#include <inttypes.h>
#include <string.h>

#include "ir/base/utf8.h"
#include "ir/numbering.h"

enum { INLINE_ELEMENTS = 16, HEX_BYTES_PER_LINE = 64 };

/* A blob that is defined behind the ops. Equal content has one number, whether it is shared or not. */
typedef struct named_blob { const nirc_blob *blob; uint64_t hash; } named_blob;

enum { NO_BLOB = 0 };                                /* of the slots; others hold a number + 1 */

typedef struct printer {
  nirc_strbuf *b;
  nirc_numbering numbers;
  named_blob *blobs;                                 /* in order of first appearance */
  size_t n_blobs, blob_capacity;
  size_t *slots;                                     /* hash table of twice the capacity */
} printer;

static void indent(printer *p, unsigned depth)
{
  nirc_strbuf_addf(p->b, "%*s", (int)(2 * depth), "");
}

/* ---- words and strings --------------------------------------------------------------------------------------------------- */

static bool is_word(const char *s)
{
  if (!*s)
    return false;
  for (; *s; s++)
    if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9') || *s == '_'))
      return false;
  return true;
}

static void add_string(printer *p, const char *text)
{
  nirc_strbuf_add(p->b, "\"");
  for (const unsigned char *s = (const unsigned char *)text; *s;) {
    size_t n = nirc_utf8_length(s);
    if (*s == '"' || *s == '\\')
      nirc_strbuf_addf(p->b, "\\%c", *s);
    else if (n == 0 || *s < 0x20 || *s == 0x7f)
      nirc_strbuf_addf(p->b, "\\x%02x", *s);
    else
      nirc_strbuf_add_bytes(p->b, s, n);
    s += n ? n : 1;
  }
  nirc_strbuf_add(p->b, "\"");
}

/* A name: as it is where it is a word, else quoted. */
static void add_name(printer *p, const char *name)
{
  if (is_word(name))
    nirc_strbuf_add(p->b, name);
  else
    add_string(p, name);
}

/* ---- dense data ------------------------------------------------------------------------------------------------------------- */

static void add_blob_type(printer *p, const nirc_blob *b)
{
  nirc_type t = {.elem = b->dtype, .shape = b->shape};
  nirc_type_add_text(p->b, &t);
}

/* The bits of a stored element of 2, 4 or 8 bytes. */
static uint64_t element_bits(const nirc_blob *b, size_t i)
{
  const char *at = (const char *)b->data + i * nirc_dtype_size(b->dtype);
  uint16_t h;
  uint32_t s;
  uint64_t d;
  switch (nirc_dtype_size(b->dtype)) {
  case 2: memcpy(&h, at, sizeof h); return h;
  case 4: memcpy(&s, at, sizeof s); return s;
  default: memcpy(&d, at, sizeof d); return d;
  }
}

/* Stored element i. NaN and infinities by their bits: a conversion could change the payload. */
static void add_element(printer *p, const nirc_blob *b, size_t i)
{
  int64_t whole;
  if (nirc_dtype_is_float(b->dtype)) {
    double x = nirc_dtype_get(b->dtype, b->data, i);
    char text[32];
    if (x - x == 0) {
      nirc_float_text(text, b->dtype == NIRC_F32 ? NIRC_F32 : NIRC_F64, x);
      nirc_strbuf_add(p->b, text);
    } else {
      nirc_strbuf_addf(p->b, "0x%0*" PRIx64, (int)(2 * nirc_dtype_size(b->dtype)), element_bits(b, i));
    }
  } else if (nirc_dtype_get_int(b->dtype, b->data, i, &whole)) {
    nirc_strbuf_addf(p->b, "%" PRId64, whole);
  } else {
    nirc_strbuf_addf(p->b, "%" PRIu64, element_bits(b, i));              /* u64 above the range of i64 */
  }
}

static bool same_blob(const nirc_blob *a, const nirc_blob *b)
{
  return a == b || (a->dtype == b->dtype && nirc_shape_equal(&a->shape, &b->shape) && a->splat == b->splat &&
                    memcmp(a->data, b->data, nirc_blob_bytes(a)) == 0);
}

/* The slot of an equal blob, or the free one where it belongs. */
static size_t *slot_of_blob(const printer *p, const nirc_blob *b, uint64_t hash)
{
  size_t i = (size_t)(hash % (2 * p->blob_capacity));
  while (p->slots[i] != NO_BLOB && !(p->blobs[p->slots[i] - 1].hash == hash && same_blob(p->blobs[p->slots[i] - 1].blob, b)))
    i = (i + 1) % (2 * p->blob_capacity);
  return &p->slots[i];
}

static void make_room(printer *p)
{
  named_blob *old = p->blobs;
  p->blob_capacity = 2 * p->blob_capacity + 16;
  p->blobs = nirc_heap_alloc(p->b->heap, p->blob_capacity * sizeof *p->blobs);
  nirc_heap_free(p->b->heap, p->slots);
  p->slots = nirc_heap_alloc(p->b->heap, 2 * p->blob_capacity * sizeof *p->slots);
  memset(p->slots, 0, 2 * p->blob_capacity * sizeof *p->slots);
  for (size_t i = 0; i < p->n_blobs; i++) {
    p->blobs[i] = old[i];
    *slot_of_blob(p, old[i].blob, old[i].hash) = i + 1;
  }
  nirc_heap_free(p->b->heap, old);
}

static size_t number_of_blob(printer *p, const nirc_blob *b)
{
  if (p->n_blobs == p->blob_capacity)
    make_room(p);
  uint64_t hash = nirc_blob_hash(b);
  size_t *slot = slot_of_blob(p, b, hash);
  if (*slot == NO_BLOB) {
    p->blobs[p->n_blobs++] = (named_blob){b, hash};
    *slot = p->n_blobs;
  }
  return *slot - 1;
}

static void add_dense(printer *p, const nirc_blob *b)
{
  nirc_strbuf_add(p->b, b->splat ? "splat<" : "dense<");
  add_blob_type(p, b);
  if (!b->splat && b->count > INLINE_ELEMENTS) {
    nirc_strbuf_addf(p->b, " @w%zu", number_of_blob(p, b));
  } else {
    size_t stored = b->splat ? 1 : b->count;
    for (size_t i = 0; i < stored; i++) {
      nirc_strbuf_add(p->b, i ? ", " : " ");
      add_element(p, b, i);
    }
  }
  nirc_strbuf_add(p->b, ">");
}

/* The elements in order, each from its least significant byte up, whatever the machine. */
static void add_hex(printer *p, const nirc_blob *b)
{
  static const char digits[] = "0123456789abcdef";
  const unsigned char *data = b->data;
  size_t n = nirc_blob_bytes(b), size = nirc_dtype_size(b->dtype);
  char line[2 * HEX_BYTES_PER_LINE];
  nirc_strbuf_add(p->b, "hex\"");
  for (size_t i = 0; i < n; i++) {
    size_t in_line = i % HEX_BYTES_PER_LINE;
    size_t k = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? i : i - i % size + (size - 1 - i % size);
    line[2 * in_line] = digits[data[k] >> 4];
    line[2 * in_line + 1] = digits[data[k] & 15];
    if (in_line == HEX_BYTES_PER_LINE - 1 || i == n - 1) {
      nirc_strbuf_add(p->b, "\n  ");
      nirc_strbuf_add_bytes(p->b, line, 2 * in_line + 2);
    }
  }
  nirc_strbuf_add(p->b, "\"");
}

static void add_blobs(printer *p, bool elide)
{
  for (size_t i = 0; i < p->n_blobs; i++) {
    nirc_strbuf_addf(p->b, "blob @w%zu : ", i);
    add_blob_type(p, p->blobs[i].blob);
    nirc_strbuf_add(p->b, " = ");
    if (elide)
      nirc_strbuf_addf(p->b, "elided 0x%016" PRIx64, p->blobs[i].hash);
    else
      add_hex(p, p->blobs[i].blob);
    nirc_strbuf_add(p->b, "\n");
  }
}

/* ---- attributes --------------------------------------------------------------------------------------------------------------- */

static void add_attrs(printer *p, const nirc_attr *first);

static void add_strings(printer *p, const nirc_attr *a)
{
  size_t n = 0;
  nirc_shape_count(&a->shape, &n);
  nirc_strbuf_add(p->b, "strings<");
  nirc_shape_add_text(p->b, &a->shape);
  for (size_t i = 0; i < n; i++) {
    nirc_strbuf_add(p->b, i ? ", " : " ");
    add_string(p, a->strings[i]);
  }
  nirc_strbuf_add(p->b, ">");
}

static void add_attr_value(printer *p, const nirc_attr *a)
{
  char text[32];
  switch (a->kind) {
  case NIRC_ATTR_INT: nirc_strbuf_addf(p->b, "%" PRId64, a->i); break;
  case NIRC_ATTR_FLOAT:
    nirc_float_text(text, NIRC_F64, a->f);
    nirc_strbuf_add(p->b, text);
    break;
  case NIRC_ATTR_STRING: add_string(p, a->s); break;
  case NIRC_ATTR_WORD: break;
  case NIRC_ATTR_SHAPE: nirc_shape_add_text(p->b, &a->shape); break;
  case NIRC_ATTR_DENSE: add_dense(p, a->blob); break;
  case NIRC_ATTR_STRINGS: add_strings(p, a); break;
  case NIRC_ATTR_DICT: add_attrs(p, a->dict); break;
  }
}

static void add_attrs(printer *p, const nirc_attr *first)
{
  nirc_strbuf_add(p->b, "{");
  for (const nirc_attr *a = first; a; a = a->next) {
    add_name(p, a->name);
    nirc_strbuf_add(p->b, " = ");
    add_attr_value(p, a);
    if (a->next)
      nirc_strbuf_add(p->b, ", ");
  }
  nirc_strbuf_add(p->b, "}");
}

/* ---- ops ------------------------------------------------------------------------------------------------------------------------ */

/* %NAME, with ~N behind it where N ops of its region have the name before it. */
static void add_value_name(printer *p, const nirc_op *op)
{
  const nirc_numbered *row = nirc_numbering_find(&p->numbers, op);
  nirc_strbuf_add(p->b, "%");
  add_name(p, op->name);
  if (row && row->namesake)
    nirc_strbuf_addf(p->b, "~%zu", row->namesake);
}

static void add_operand(printer *p, const nirc_value *v)
{
  add_value_name(p, v->def);
  if (v->index)
    nirc_strbuf_addf(p->b, "#%u", v->index);
}

static bool has_types(const nirc_op *op)
{
  for (uint32_t i = 0; i < op->n_results; i++)
    if (op->results[i].type)
      return true;
  return false;
}

static void add_types(printer *p, const nirc_op *op)
{
  for (uint32_t i = 0; has_types(op) && i < op->n_results; i++) {
    nirc_strbuf_add(p->b, i ? ", " : " : ");
    if (op->results[i].type)
      nirc_type_add_text(p->b, op->results[i].type);
    else
      nirc_strbuf_add(p->b, "?");
  }
}

static void add_loc(printer *p, nirc_loc loc)
{
  if (!loc.file && !loc.object && !loc.line)
    return;
  nirc_strbuf_add(p->b, "  loc(");
  if (loc.file)
    add_string(p, loc.file);
  else
    nirc_strbuf_add(p->b, "-");
  if (loc.line || loc.column)
    nirc_strbuf_addf(p->b, ":%u:%u", loc.line, loc.column);
  if (loc.object) {
    nirc_strbuf_add(p->b, ", ");
    add_string(p, loc.object);
  }
  nirc_strbuf_add(p->b, ")");
}

static void add_region(printer *p, const nirc_region *region, unsigned depth);

static void add_op(printer *p, const nirc_op *op, unsigned depth)
{
  /* A graph that nothing uses and that has no type reads like a definition, not like a value. */
  bool value = op->n_results > 0 && !(op->body && !op->results[0].uses && !has_types(op));
  indent(p, depth);
  if (value) {
    add_value_name(p, op);
    nirc_strbuf_add(p->b, " = ");
  }
  nirc_strbuf_add(p->b, op->def->mnemonic);
  if (!value) {
    nirc_strbuf_add(p->b, " @");
    add_name(p, op->name);
  }
  for (uint32_t i = 0; i < op->n_operands; i++) {
    nirc_strbuf_add(p->b, i ? ", " : " ");
    add_operand(p, op->operands[i].value);
  }
  if (op->attrs) {
    nirc_strbuf_add(p->b, op->body ? " attributes " : " ");              /* else one could not tell them from the region */
    add_attrs(p, op->attrs);
  }
  add_types(p, op);
  add_loc(p, op->loc);
  if (op->body)
    add_region(p, op->body, depth);
  nirc_strbuf_add(p->b, "\n");
}

static void add_region(printer *p, const nirc_region *region, unsigned depth)
{
  nirc_strbuf_add(p->b, " {\n");
  NIRC_FOR_EACH_OP(op, region)
    add_op(p, op, depth + 1);
  indent(p, depth);
  nirc_strbuf_add(p->b, "}");
}

void nirc_module_print(nirc_strbuf *b, const nirc_module *m, bool elide_blobs)
{
  printer p = {.b = b};
  nirc_numbering_init(&p.numbers, m);
  nirc_strbuf_add(b, "nirt 1\nmodule ");
  add_name(&p, m->name);
  nirc_strbuf_addf(b, " {level = %s, path = ", nirc_level_name(m->level));
  add_string(&p, m->path);
  nirc_strbuf_addf(b, ", source_hash = 0x%016" PRIx64 "%016" PRIx64 "}\n", m->source_hash[0], m->source_hash[1]);
  NIRC_FOR_EACH_OP(op, &m->body)
    add_op(&p, op, 0);
  add_blobs(&p, elide_blobs);
  nirc_heap_free(b->heap, p.blobs);
  nirc_heap_free(b->heap, p.slots);
  nirc_numbering_deinit(&p.numbers);
}
