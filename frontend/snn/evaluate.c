/* frontend/snn/evaluate.c: names, literals, lists and arithmetic. One rounding to double an operation. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/snn/value.h"

nirc_loc nirc_snn_at(const nirc_snn_scope *s, nirc_loc loc)
{
  loc.via = s->via;
  return loc;
}

#define FAULT(e, ...) (nirc_error(x->d, nirc_snn_at(s, (e)->loc), __VA_ARGS__), false)

/* ---- names ---------------------------------------------------------------------------------------------------------------- */

const nirc_snn_name *nirc_snn_lookup(const nirc_snn_scope *s, const char *name)
{
  for (; s; s = s->outer)
    for (const nirc_snn_name *n = s->names; n; n = n->next)
      if (strcmp(n->name, name) == 0)
        return n;
  return NULL;
}

bool nirc_snn_define(nirc_snn_eval *x, nirc_snn_scope *s, const char *name, nirc_loc loc, const nirc_snn_value *v)
{
  nirc_snn_scope only = {.names = s->names};
  const nirc_snn_name *before = nirc_snn_lookup(&only, name);
  if (before) {
    nirc_error(x->d, nirc_snn_at(s, loc), "'%s' is defined already", name);
    nirc_note(x->d, before->loc, "here");
    return false;
  }
  nirc_snn_name *n = NIRC_NEW(x->m->arena, nirc_snn_name);
  *n = (nirc_snn_name){name, loc, *v, s->names};
  s->names = n;
  return true;
}

static bool unknown_name(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_expr *e)
{
  nirc_guess g = {0};
  for (const nirc_snn_scope *k = s; k; k = k->outer)
    for (const nirc_snn_name *n = k->names; n; n = n->next)
      nirc_guess_consider(&g, e->text, n->name);
  nirc_error(x->d, nirc_snn_at(s, e->name_loc), "no constant or parameter is called '%s' here", e->text);
  nirc_guess_note(&g, x->d, e->name_loc);
  return false;
}

static bool eval_name(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_expr *e, nirc_snn_value *out)
{
  const nirc_snn_name *n = nirc_snn_lookup(s, e->text);
  if (n) {
    *out = n->value;
    out->loc = e->loc;
    return out->kind != NIRC_SNN_V_FAULTY;
  }
  if (strcmp(e->text, "inf") && strcmp(e->text, "nan"))
    return unknown_name(x, s, e);
  *out = (nirc_snn_value){.kind = NIRC_SNN_V_NUMBER, .loc = e->loc, .x = e->text[0] == 'i' ? (double)INFINITY : (double)NAN};
  return true;
}

/* ---- literals --------------------------------------------------------------------------------------------------------------- */

static bool eval_number(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_expr *e, nirc_snn_value *out)
{
  *out = (nirc_snn_value){.kind = NIRC_SNN_V_NUMBER, .loc = e->loc};
  if (e->unit && !nirc_unit_find(e->unit)) {
    nirc_guess g = {0};
    for (const nirc_unit *u = nirc_units; u->name; u++)
      nirc_guess_consider(&g, e->unit, u->name);
    nirc_error(x->d, nirc_snn_at(s, e->loc), "'%s' is no unit", e->unit);
    if (g.name)
      nirc_note_fix(x->d, e->loc, nirc_arena_printf(x->m->arena, "%s %s", e->text, g.name), "did you mean '%s'?", g.name);
    return false;
  }
  if (!nirc_quantity_parse(e->text, strlen(e->text), e->unit, &out->x, &out->dims))
    return FAULT(e, "this number is beyond float64");
  out->whole = !e->unit && e->text[strspn(e->text, "0123456789")] == '\0' && strlen(e->text) <= 20;
  if (out->whole) {
    errno = 0;
    out->magnitude = strtoull(e->text, NULL, 10);
    out->whole = errno == 0;
  }
  return true;
}

static bool eval_bits(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_expr *e, nirc_snn_value *out)
{
  *out = (nirc_snn_value){.kind = NIRC_SNN_V_BITS, .loc = e->loc, .magnitude = strtoull(e->text, NULL, 16)};
  return strlen(e->text) <= 18 || FAULT(e, "more bits than any number has");
}

bool nirc_snn_whole(const nirc_snn_value *v, int64_t *out)
{
  if (v->kind == NIRC_SNN_V_TYPED)
    return v->blob->count == 1 && nirc_blob_get_int(v->blob, 0, out);
  if (v->kind == NIRC_SNN_V_NUMBER && v->whole && v->magnitude <= INT64_MAX) {
    *out = v->negative ? -(int64_t)v->magnitude : (int64_t)v->magnitude;
    return true;
  }
  if (v->kind != NIRC_SNN_V_NUMBER || v->dims.second || v->dims.volt || v->dims.ohm || !(fabs(v->x) < 0x1p63) || v->x != floor(v->x))
    return false;
  *out = (int64_t)v->x;
  return true;
}

/* ---- elements ------------------------------------------------------------------------------------------------------------------ */

static const nirc_dims none;

static bool bare(nirc_dims d)
{
  return nirc_dims_equal(d, none);
}

bool nirc_snn_spend(nirc_snn_eval *x, const nirc_snn_scope *s, nirc_loc loc, size_t n)
{
  bool said = x->elements > NIRC_SNN_MAX_ALL_ELEMENTS;
  x->elements += n;
  if (x->elements <= NIRC_SNN_MAX_ALL_ELEMENTS)
    return true;
  if (!said)
    nirc_error_status(x->d, NIRC_STATUS_LIMIT, nirc_snn_at(s, loc), "the arrays that are reckoned with have more than %d elements together", NIRC_SNN_MAX_ALL_ELEMENTS);
  return false;
}

static bool count_of(nirc_snn_eval *x, const nirc_snn_scope *s, nirc_loc loc, const nirc_shape *shape, size_t *n)
{
  if (nirc_shape_count(shape, n) && *n <= NIRC_SNN_MAX_ELEMENTS)
    return nirc_snn_spend(x, s, loc, *n);
  nirc_error_status(x->d, NIRC_STATUS_LIMIT, nirc_snn_at(s, loc), "an array of shape %s has more than %d elements", nirc_shape_text(x->m->arena, shape), NIRC_SNN_MAX_ELEMENTS);
  return false;
}

bool nirc_snn_elements(nirc_snn_eval *x, const nirc_snn_scope *s, nirc_snn_value *v)
{
  nirc_snn_value one = *v;
  size_t n;
  if (v->kind == NIRC_SNN_V_ARRAY)
    return true;
  if (v->kind == NIRC_SNN_V_RANDOM && !v->shaped)
    return FAULT(v, "nothing tells the shape of these random values here; say it, as in normal([10, 20], seed = 1)");
  if (v->kind == NIRC_SNN_V_TYPED)
    one.shape = v->blob->shape;
  else if (v->kind == NIRC_SNN_V_NUMBER)
    one.shape = nirc_shape_scalar();
  else if (v->kind != NIRC_SNN_V_RANDOM)
    return FAULT(v, "this is %s; numbers are wanted", nirc_snn_describe(x, v));
  if (!count_of(x, s, v->loc, &one.shape, &n))
    return false;
  double *data = NIRC_NEW_ARRAY(x->m->arena, double, n);
  nirc_blob *drawn = v->kind == NIRC_SNN_V_RANDOM ? nirc_snn_blob(x, s, v, NIRC_F64, &one.shape) : v->blob;
  for (size_t i = 0; i < n; i++)
    data[i] = v->kind == NIRC_SNN_V_NUMBER ? v->x : nirc_blob_get(drawn, i);
  one.kind = NIRC_SNN_V_ARRAY;
  one.data = data;
  *v = one;
  return true;
}

/* ---- lists --------------------------------------------------------------------------------------------------------------------------- */

bool nirc_snn_same_dims(nirc_snn_eval *x, const nirc_snn_scope *s, nirc_snn_value *list, const nirc_snn_value *v)
{
  if (bare(v->dims) || nirc_dims_equal(list->dims, v->dims))
    return true;
  if (!bare(list->dims))
    return FAULT(v, "%s in a list of which another element is %s", nirc_dims_word(v->dims), nirc_dims_word(list->dims));
  list->dims = v->dims;
  return true;
}

static bool list_of_texts(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_value *v, size_t n, nirc_snn_value *out)
{
  const char **texts = NIRC_NEW_ARRAY(x->m->arena, const char *, n);
  for (size_t i = 0; i < n; i++) {
    if (v[i].kind != NIRC_SNN_V_TEXT)
      return FAULT(&v[i], "this is %s in a list of text", nirc_snn_describe(x, &v[i]));
    texts[i] = v[i].text;
  }
  out->kind = NIRC_SNN_V_TEXTS;
  out->texts = texts;
  out->shape = nirc_shape_1d(n);
  return true;
}

/* Elements of equal shape, one behind the other along a new first axis. */
static bool stack(nirc_snn_eval *x, const nirc_snn_scope *s, nirc_snn_value *v, size_t n, nirc_snn_value *out)
{
  out->whole = n > 0;
  for (size_t i = 0; i < n; i++) {
    bool whole = v[i].whole;
    if (!nirc_snn_elements(x, s, &v[i]) || !nirc_snn_same_dims(x, s, out, &v[i]))
      return false;
    out->whole &= whole;
    if (i && !nirc_shape_equal(&v[i].shape, &v[0].shape))
      return FAULT(&v[i], "this element has shape %s, those before it have %s", nirc_shape_text(x->m->arena, &v[i].shape), nirc_shape_text(x->m->arena, &v[0].shape));
  }
  nirc_shape inner = n ? v[0].shape : nirc_shape_scalar();
  if (inner.rank == NIRC_MAX_RANK)
    return FAULT(out, "lists are nested deeper than %d axes", NIRC_MAX_RANK);
  out->shape = (nirc_shape){.rank = inner.rank + 1, .dims = {n}};
  memcpy(out->shape.dims + 1, inner.dims, inner.rank * sizeof inner.dims[0]);
  size_t count = 0, each = 0;
  if (!count_of(x, s, out->loc, &out->shape, &count) || !nirc_shape_count(&inner, &each))
    return false;
  double *data = NIRC_NEW_ARRAY(x->m->arena, double, count);
  for (size_t i = 0; each && i < n; i++)
    memcpy(data + i * each, v[i].data, each * sizeof *data);
  out->kind = NIRC_SNN_V_ARRAY;
  out->data = data;
  return true;
}

static bool eval_list(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_expr *e, nirc_snn_value *out)
{
  size_t n = 0;
  for (const nirc_snn_arg *a = e->args; a; a = a->next)
    n++;
  nirc_snn_value *v = NIRC_NEW_ARRAY(x->m->arena, nirc_snn_value, n);
  n = 0;
  for (const nirc_snn_arg *a = e->args; a; a = a->next)
    if (!nirc_snn_evaluate(x, s, a->value, &v[n++]))
      return false;
  *out = (nirc_snn_value){.loc = e->loc};
  return n && v[0].kind == NIRC_SNN_V_TEXT ? list_of_texts(x, s, v, n, out) : stack(x, s, v, n, out);
}

static bool eval_index(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_expr *e, nirc_snn_value *out)
{
  nirc_snn_value v;
  if (!eval_name(x, s, e, &v))
    return false;
  if (!e->args)
    return FAULT(e, "an index is wanted, as in %s[0]", e->text);
  for (const nirc_snn_arg *a = e->args; a; a = a->next) {
    int64_t i;
    size_t n;
    if (!nirc_snn_evaluate_whole(x, s, a->value, &i) || !nirc_snn_elements(x, s, &v))
      return false;
    if (v.shape.rank == 0)
      return FAULT(a, "'%s' is a number here and has no elements", e->text);
    if (i < 0 || (uint64_t)i >= v.shape.dims[0])
      return FAULT(a, "'%s' of shape %s has no element %" PRId64, e->text, nirc_shape_text(x->m->arena, &v.shape), i);
    v.shape.rank--;
    memmove(v.shape.dims, v.shape.dims + 1, v.shape.rank * sizeof v.shape.dims[0]);
    nirc_shape_count(&v.shape, &n);
    v.data += (size_t)i * n;
  }
  if (v.shape.rank == 0) {
    v.kind = NIRC_SNN_V_NUMBER;
    v.x = v.data[0];
    v.whole = false;
  }
  *out = v;
  return true;
}

/* ---- shapes ------------------------------------------------------------------------------------------------------------------------------- */

static bool add_axis(nirc_snn_eval *x, const nirc_snn_scope *s, nirc_loc loc, double n, nirc_shape *out)
{
  if (!(n >= 0 && n <= 0x1p40) || n != floor(n)) {
    nirc_error(x->d, nirc_snn_at(s, loc), "%g in a shape; whole numbers that are not negative are wanted", n);
    return false;
  }
  if (out->rank == NIRC_MAX_RANK) {
    nirc_error(x->d, nirc_snn_at(s, loc), "a shape has at most %d axes", NIRC_MAX_RANK);
    return false;
  }
  out->dims[out->rank++] = (uint64_t)n;
  return true;
}

static bool add_axes(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_expr *e, nirc_shape *out)
{
  if (e->kind == NIRC_SNN_LIST) {
    for (const nirc_snn_arg *a = e->args; a; a = a->next)
      if (!add_axes(x, s, a->value, out))
        return false;
    return true;
  }
  nirc_snn_value v;
  size_t n;
  if (!nirc_snn_evaluate(x, s, e, &v) || !nirc_snn_elements(x, s, &v))
    return false;
  if (!bare(v.dims) || v.shape.rank > 1)
    return FAULT(e, "this is %s; a shape is wanted", nirc_snn_describe(x, &v));
  nirc_shape_count(&v.shape, &n);
  for (size_t i = 0; i < n; i++)
    if (!add_axis(x, s, e->loc, v.data[i], out))
      return false;
  return true;
}

bool nirc_snn_evaluate_shape(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_expr *e, nirc_shape *out)
{
  *out = (nirc_shape){0};
  size_t n;
  if (!add_axes(x, s, e, out))
    return false;
  if (nirc_shape_count(out, &n))
    return true;
  nirc_error_status(x->d, NIRC_STATUS_LIMIT, nirc_snn_at(s, e->loc), "shape %s is more than any network has", nirc_shape_text(x->m->arena, out));
  return false;
}

bool nirc_snn_evaluate_whole(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_expr *e, int64_t *out)
{
  nirc_snn_value v;
  if (!nirc_snn_evaluate(x, s, e, &v))
    return false;
  if (nirc_snn_whole(&v, out))
    return true;
  return v.kind == NIRC_SNN_V_NUMBER && bare(v.dims) ? FAULT(e, "%g is no whole number, which is wanted here", v.x) : FAULT(e, "this is %s; a whole number is wanted", nirc_snn_describe(x, &v));
}

/* ---- groups --------------------------------------------------------------------------------------------------------------------------------- */

/* What a value becomes in metadata: whole numbers i64, others f64. */
static bool set_entry(nirc_snn_eval *x, const nirc_snn_scope *s, nirc_snn_value *v, nirc_attr *a)
{
  int64_t whole;
  switch (v->kind) {
  case NIRC_SNN_V_TEXT: a->kind = NIRC_ATTR_STRING; a->s = v->text; return true;
  case NIRC_SNN_V_TEXTS: a->kind = NIRC_ATTR_STRINGS; a->strings = v->texts; a->shape = v->shape; return true;
  case NIRC_SNN_V_GROUP: a->kind = NIRC_ATTR_DICT; a->dict = v->group; return true;
  case NIRC_SNN_V_TYPED: a->kind = NIRC_ATTR_DENSE; a->blob = v->blob; return true;
  default:
    a->kind = NIRC_ATTR_DENSE;
    a->blob = nirc_snn_blob(x, s, v, v->whole && (v->kind != NIRC_SNN_V_NUMBER || nirc_snn_whole(v, &whole)) ? NIRC_I64 : NIRC_F64, NULL);
    return a->blob != NULL;
  }
}

static bool eval_group(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_expr *e, nirc_snn_value *out)
{
  *out = (nirc_snn_value){.kind = NIRC_SNN_V_GROUP, .loc = e->loc};
  for (const nirc_snn_arg *a = e->args; a; a = a->next) {
    nirc_snn_value v;
    nirc_attr **at = &out->group;                    /* in byte order of names, as a file has them */
    while (*at && strcmp((*at)->name, a->name) < 0)
      at = &(*at)->next;
    if (*at && strcmp((*at)->name, a->name) == 0)
      return FAULT(a, "'%s' stands in this group already", a->name);
    if (!*a->name || strchr(a->name, '/') || strcmp(a->name, ".") == 0)
      return FAULT(a, "a name in metadata cannot be empty or \".\", and has no /");
    if (!nirc_snn_evaluate(x, s, a->value, &v))
      return false;
    nirc_attr *entry = NIRC_NEW(x->m->arena, nirc_attr);
    entry->name = a->name;
    if (!set_entry(x, s, &v, entry))
      return false;
    entry->next = *at;
    *at = entry;
  }
  return true;
}

/* ---- arithmetic ----------------------------------------------------------------------------------------------------------------------------------- */

static double operate(char op, double a, double b)
{
  return op == '+' ? a + b : op == '-' ? a - b : op == '*' ? a * b : a / b;
}

static bool result_dims(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_expr *e, const nirc_snn_value *a, const nirc_snn_value *b, nirc_dims *out)
{
  if (e->op == '*' || e->op == '/')
    return (e->op == '*' ? nirc_dims_mul(out, a->dims, b->dims) : nirc_dims_div(out, a->dims, b->dims)) || FAULT(e, "no quantity has such a dimension");
  *out = a->dims;
  return nirc_dims_equal(a->dims, b->dims) ||
         FAULT(e, "%s %s %s: both sides of %c need one dimension", nirc_dims_word(a->dims), e->op == '+' ? "and" : "less", nirc_dims_word(b->dims), e->op);
}

static bool eval_binary(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_expr *e, nirc_snn_value *out)
{
  nirc_snn_value a, b;
  if (!nirc_snn_evaluate(x, s, e->a, &a) || !nirc_snn_evaluate(x, s, e->b, &b) || !nirc_snn_elements(x, s, &a) || !nirc_snn_elements(x, s, &b))
    return false;
  *out = (nirc_snn_value){.kind = NIRC_SNN_V_ARRAY, .loc = e->loc};
  if (!result_dims(x, s, e, &a, &b, &out->dims))
    return false;
  if (a.shape.rank && b.shape.rank && !nirc_shape_equal(&a.shape, &b.shape))
    return FAULT(e, "arrays of shapes %s and %s do not go together; equal shapes, or a number beside an array are wanted", nirc_shape_text(x->m->arena, &a.shape),
                 nirc_shape_text(x->m->arena, &b.shape));
  out->shape = a.shape.rank ? a.shape : b.shape;
  size_t n;
  nirc_shape_count(&out->shape, &n);
  if (!nirc_snn_spend(x, s, e->loc, n))
    return false;
  double *data = NIRC_NEW_ARRAY(x->m->arena, double, n);
  for (size_t i = 0; i < n; i++) {
    double left = a.data[a.shape.rank ? i : 0], right = b.data[b.shape.rank ? i : 0];
    if (e->op == '/' && right == 0)
      return FAULT(e->b, "division by 0");
    data[i] = operate(e->op, left, right);
  }
  out->data = data;
  if (out->shape.rank == 0) {
    out->kind = NIRC_SNN_V_NUMBER;
    out->x = data[0];
  }
  return true;
}

static bool eval_negate(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_expr *e, nirc_snn_value *out)
{
  if (!nirc_snn_evaluate(x, s, e->a, out))
    return false;
  out->loc = e->loc;
  if (out->kind == NIRC_SNN_V_NUMBER) {
    out->x = -out->x;
    out->negative = !out->negative;
    out->whole &= out->magnitude != 0;               /* -0 is no whole number */
    return true;
  }
  if (!nirc_snn_elements(x, s, out))
    return false;
  size_t n;
  nirc_shape_count(&out->shape, &n);
  if (!nirc_snn_spend(x, s, e->loc, n))
    return false;
  double *data = NIRC_NEW_ARRAY(x->m->arena, double, n);
  for (size_t i = 0; i < n; i++)
    data[i] = -out->data[i];
  out->data = data;
  return true;
}

bool nirc_snn_evaluate(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_expr *e, nirc_snn_value *out)
{
  *out = (nirc_snn_value){.loc = e->loc, .text = e->text};
  switch (e->kind) {
  case NIRC_SNN_NUMBER: return eval_number(x, s, e, out);
  case NIRC_SNN_BITS: return eval_bits(x, s, e, out);
  case NIRC_SNN_STRING: out->kind = NIRC_SNN_V_TEXT; return true;
  case NIRC_SNN_FILE: return nirc_snn_load(x, s, e, out);
  case NIRC_SNN_NAME: return eval_name(x, s, e, out);
  case NIRC_SNN_INDEX: return eval_index(x, s, e, out);
  case NIRC_SNN_CALL: return nirc_snn_call(x, s, e, out);
  case NIRC_SNN_LIST: return eval_list(x, s, e, out);
  case NIRC_SNN_GROUP: return eval_group(x, s, e, out);
  case NIRC_SNN_NEGATE: return eval_negate(x, s, e, out);
  default: return eval_binary(x, s, e, out);
  }
}

const char *nirc_snn_describe(nirc_snn_eval *x, const nirc_snn_value *v)
{
  switch (v->kind) {
  case NIRC_SNN_V_NUMBER: return nirc_dims_word(v->dims);
  case NIRC_SNN_V_BITS: return "the bits of a number";
  case NIRC_SNN_V_ARRAY: return !v->shape.rank ? nirc_dims_word(v->dims) : nirc_arena_printf(x->m->arena, "an array of shape %s", nirc_shape_text(x->m->arena, &v->shape));
  case NIRC_SNN_V_TYPED: return nirc_arena_printf(x->m->arena, "an array of %s, shape %s", nirc_dtype_name(v->blob->dtype), nirc_shape_text(x->m->arena, &v->blob->shape));
  case NIRC_SNN_V_RANDOM: return "a random array";
  case NIRC_SNN_V_TEXT: return "text";
  case NIRC_SNN_V_TEXTS: return "a list of text";
  default: return "a group";
  }
}
