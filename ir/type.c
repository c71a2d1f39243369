#include "ir/type.h"

#include <inttypes.h>
#include <string.h>

#include "ir/base/diag.h"

bool nirc_shape_count(const nirc_shape *s, size_t *count)
{
  size_t n = 1;
  for (uint32_t i = 0; i < s->rank; i++)
    if (!nirc_mul_size(&n, n, s->dims[i]) || n > (size_t)1 << 40)
      return false;
  *count = n;
  return true;
}

bool nirc_shape_equal(const nirc_shape *a, const nirc_shape *b)
{
  return a->rank == b->rank && memcmp(a->dims, b->dims, a->rank * sizeof a->dims[0]) == 0;
}

static void add_dims(nirc_strbuf *b, const nirc_shape *s, const char *separator)
{
  nirc_strbuf_add(b, "[");
  for (uint32_t i = 0; i < s->rank; i++)
    nirc_strbuf_addf(b, "%s%" PRIu64, i ? separator : "", s->dims[i]);
  nirc_strbuf_add(b, "]");
}

void nirc_shape_add_text(nirc_strbuf *b, const nirc_shape *s)
{
  add_dims(b, s, ", ");
}

const char *nirc_shape_text(nirc_arena *a, const nirc_shape *s)
{
  nirc_strbuf b;
  nirc_strbuf_init(&b, nirc_arena_heap(a));
  nirc_shape_add_text(&b, s);
  const char *text = nirc_arena_strdup(a, b.data);
  nirc_strbuf_deinit(&b);
  return text;
}

const nirc_type *nirc_type_get(nirc_type_table *t, nirc_dtype elem, const nirc_shape *shape)
{
  for (nirc_type *k = t->types; k; k = k->next)
    if (k->elem == elem && nirc_shape_equal(&k->shape, shape))
      return k;
  nirc_type *k = NIRC_NEW(t->arena, nirc_type);
  *k = (nirc_type){.elem = elem, .shape = *shape, .next = t->types};
  NIRC_ASSERT(nirc_shape_count(shape, &k->count));
  t->types = k;
  return k;
}

void nirc_type_add_text(nirc_strbuf *b, const nirc_type *t)
{
  nirc_strbuf_add(b, nirc_dtype_name(t->elem));
  if (t->shape.rank)
    add_dims(b, &t->shape, ",");
}
