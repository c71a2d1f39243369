#include "ir/equal.h"

#include <string.h>

#include "ir/numbering.h"

typedef struct comparison {
  nirc_numbering a, b;
  const nirc_op *where;
} comparison;

static bool same_text(const char *a, const char *b)
{
  return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_blob(const nirc_blob *a, const nirc_blob *b)
{
  if (a == b || !a || !b)
    return a == b;
  return a->dtype == b->dtype && nirc_shape_equal(&a->shape, &b->shape) && a->splat == b->splat && memcmp(a->data, b->data, nirc_blob_bytes(a)) == 0;
}

static bool same_strings(const nirc_attr *a, const nirc_attr *b)
{
  size_t n = 0;
  if (!nirc_shape_equal(&a->shape, &b->shape) || !nirc_shape_count(&a->shape, &n))
    return false;
  for (size_t i = 0; i < n; i++)
    if (!same_text(a->strings[i], b->strings[i]))
      return false;
  return true;
}

static bool same_attrs(const nirc_attr *a, const nirc_attr *b);

static bool same_attr(const nirc_attr *a, const nirc_attr *b)
{
  if (!same_text(a->name, b->name) || a->kind != b->kind)
    return false;
  switch (a->kind) {
  case NIRC_ATTR_INT: return a->i == b->i;
  case NIRC_ATTR_FLOAT: return memcmp(&a->f, &b->f, sizeof a->f) == 0;                   /* -0 is not 0, a NaN is itself */
  case NIRC_ATTR_STRING: return same_text(a->s, b->s);
  case NIRC_ATTR_WORD: break;
  case NIRC_ATTR_SHAPE: return nirc_shape_equal(&a->shape, &b->shape);
  case NIRC_ATTR_DENSE: return same_blob(a->blob, b->blob);
  case NIRC_ATTR_STRINGS: return same_strings(a, b);
  case NIRC_ATTR_DICT: return same_attrs(a->dict, b->dict);
  }
  return false;
}

static bool same_attrs(const nirc_attr *a, const nirc_attr *b)
{
  for (; a && b; a = a->next, b = b->next)
    if (!same_attr(a, b))
      return false;
  return a == b;                                     /* both at their end */
}

/* Types are objects of their module: by what they say. */
static bool same_type(const nirc_type *a, const nirc_type *b)
{
  return a && b ? a->elem == b->elem && nirc_shape_equal(&a->shape, &b->shape) : a == b;
}

/* The same result of the op at the same place. */
static bool same_value(const comparison *c, const nirc_value *a, const nirc_value *b)
{
  const nirc_numbered *x = nirc_numbering_find(&c->a, a->def), *y = nirc_numbering_find(&c->b, b->def);
  return x && y && x->number == y->number && a->index == b->index;
}

static bool same_op(const comparison *c, const nirc_op *a, const nirc_op *b)
{
  if (a->code != b->code || !same_text(a->name, b->name) || a->n_operands != b->n_operands || a->n_results != b->n_results)
    return false;
  if (!same_text(a->loc.file, b->loc.file) || !same_text(a->loc.object, b->loc.object) || a->loc.line != b->loc.line || a->loc.column != b->loc.column)
    return false;
  for (uint32_t i = 0; i < a->n_operands; i++)
    if (!same_value(c, a->operands[i].value, b->operands[i].value))
      return false;
  for (uint32_t i = 0; i < a->n_results; i++)
    if (!same_type(a->results[i].type, b->results[i].type))
      return false;
  return same_attrs(a->attrs, b->attrs);
}

static bool same_region(comparison *c, const nirc_region *a, const nirc_region *b)
{
  const nirc_op *x = a->first, *y = b->first;
  for (; x && y; x = x->next, y = y->next) {
    c->where = x;
    if (!same_op(c, x, y) || !x->body != !y->body || (x->body && !same_region(c, x->body, y->body)))
      return false;
  }
  return !x && !y;
}

bool nirc_module_equal(const nirc_module *a, const nirc_module *b, const nirc_op **where)
{
  comparison c = {.where = NULL};
  nirc_numbering_init(&c.a, a);
  nirc_numbering_init(&c.b, b);
  bool ok = a->level == b->level && same_text(a->name, b->name) && same_text(a->path, b->path) &&
            memcmp(a->source_hash, b->source_hash, sizeof a->source_hash) == 0 && same_region(&c, &a->body, &b->body);
  nirc_numbering_deinit(&c.a);
  nirc_numbering_deinit(&c.b);
  if (where)
    *where = ok ? NULL : c.where;
  return ok;
}

bool nirc_op_attrs_equal(const nirc_op *a, const nirc_op *b, const char *but)
{
  const nirc_attr *x = a->attrs, *y = b->attrs;
  for (; x && y; x = x->next, y = y->next)
    if (but && strcmp(x->name, but) == 0 ? strcmp(y->name, but) != 0 : !same_attr(x, y))
      return false;
  return x == y;
}
