#include "ir/numbering.h"

#include <stdlib.h>
#include <string.h>

static size_t count_ops(const nirc_region *region)
{
  size_t n = 0;
  NIRC_FOR_EACH_OP(op, region)
    n += 1 + (op->body ? count_ops(op->body) : 0);
  return n;
}

static size_t fill(nirc_numbered *rows, size_t n, const nirc_region *region)
{
  NIRC_FOR_EACH_OP(op, region) {
    rows[n] = (nirc_numbered){.op = op, .number = n};
    n++;
    if (op->body)
      n = fill(rows, n, op->body);
  }
  return n;
}

static int compare_addresses(uintptr_t a, uintptr_t b)
{
  return (a > b) - (a < b);
}

/* Groups of one region and name, ops with results first, each group in the order of the text. */
static int by_name(const void *pa, const void *pb)
{
  const nirc_numbered *a = pa, *b = pb;
  int c = compare_addresses((uintptr_t)a->op->parent, (uintptr_t)b->op->parent);
  if (!c)
    c = strcmp(a->op->name, b->op->name);
  if (!c)
    c = (a->op->n_results == 0) - (b->op->n_results == 0);
  return c ? c : (a->number > b->number) - (a->number < b->number);
}

static int by_address(const void *pa, const void *pb)
{
  const nirc_numbered *a = pa, *b = pb;
  return compare_addresses((uintptr_t)a->op, (uintptr_t)b->op);
}

void nirc_numbering_init(nirc_numbering *t, const nirc_module *m)
{
  *t = (nirc_numbering){.heap = m->heap, .n = count_ops(&m->body)};
  size_t bytes = 0;
  NIRC_ASSERT(nirc_mul_size(&bytes, t->n, sizeof *t->rows));
  t->rows = nirc_heap_alloc(t->heap, bytes);
  fill(t->rows, 0, &m->body);
  qsort(t->rows, t->n, sizeof *t->rows, by_name);
  for (size_t i = 1; i < t->n; i++) {
    const nirc_op *a = t->rows[i - 1].op, *b = t->rows[i].op;
    if (a->parent == b->parent && strcmp(a->name, b->name) == 0)
      t->rows[i].namesake = t->rows[i - 1].namesake + 1;
  }
  qsort(t->rows, t->n, sizeof *t->rows, by_address);
}

void nirc_numbering_deinit(nirc_numbering *t)
{
  nirc_heap_free(t->heap, t->rows);
  *t = (nirc_numbering){0};
}

const nirc_numbered *nirc_numbering_find(const nirc_numbering *t, const nirc_op *op)
{
  nirc_numbered key = {.op = op};
  return bsearch(&key, t->rows, t->n, sizeof *t->rows, by_address);
}
