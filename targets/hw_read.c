/* targets/hw_read.c: entries of dictionaries, and the words for what is wrong with them. */
#include "targets/hw_read.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

bool nirc_hw_read_begin(nirc_hw_reader *r, const nirc_module *m, const char *target, nirc_diag *d)
{
  const nirc_attr *said = m->level == NIRC_LEVEL_HW ? nirc_op_attr(m->body.first, "target") : NULL;
  *r = (nirc_hw_reader){m->body.first, target, d, said && said->kind == NIRC_ATTR_STRING && strcmp(said->s, target) == 0};
  if (!r->ok)
    nirc_error_status(d, NIRC_STATUS_USAGE, nirc_loc_none(), "%s: the module is not one for -t %s; the pass lower{target=%s} makes such", m->path, target,
                      target);
  return r->ok;
}

bool nirc_hw_fault(nirc_hw_reader *r, const nirc_op *op, const char *what)
{
  if (r->ok)
    nirc_error(r->d, op->loc, "'%s' (%s): %s, so this module is not what -t %s makes", op->name, op->def->mnemonic, what, r->target);
  return r->ok = false;
}

const nirc_attr *nirc_hw_entry(nirc_hw_reader *r, const nirc_op *op, const char *dict, const char *name, nirc_attr_kind kind)
{
  static const nirc_attr none = {.s = ""};
  const nirc_attr *a = nirc_dict_find(nirc_op_attr(op, dict), name, kind);
  if (a)
    return a;
  char what[96];
  snprintf(what, sizeof what, "%s has no %s, or one of another kind", dict, name);
  nirc_hw_fault(r, op, what);
  return &none;
}

int64_t nirc_hw_int(nirc_hw_reader *r, const nirc_op *op, const char *dict, const char *name, int64_t low, int64_t high)
{
  int64_t i = nirc_hw_entry(r, op, dict, name, NIRC_ATTR_INT)->i;
  if (r->ok && (i < low || i > high)) {
    char what[96];
    snprintf(what, sizeof what, "%s = %" PRId64 " is out of range", name, i);
    nirc_hw_fault(r, op, what);
  }
  return r->ok ? i : low;
}

const char *nirc_hw_word(const nirc_attr *dict, const char *name)
{
  const nirc_attr *a = nirc_dict_find(dict, name, NIRC_ATTR_STRING);
  return a ? a->s : "";
}

bool nirc_hw_size(const nirc_attr *dict, const char *name, size_t *out)
{
  const nirc_attr *a = nirc_dict_find(dict, name, NIRC_ATTR_INT);
  if (!a || a->i < 0 || a->i > INT32_MAX)
    return false;
  *out = (size_t)a->i;
  return true;
}

bool nirc_hw_is_part(const nirc_op *op, const char *part)
{
  return op->code == HW_PLACE && strcmp(nirc_hw_word(nirc_op_attr(op, "placement"), "part"), part) == 0;
}

static int compare_names(const void *a, const void *b)
{
  const nirc_hw_name *x = a, *y = b;
  int c = strcmp(x->name, y->name);
  return c ? c : (x->index > y->index) - (x->index < y->index);
}

void nirc_hw_sort_names(nirc_hw_name *list, size_t n)
{
  if (n)
    qsort(list, n, sizeof *list, compare_names);
}

const nirc_hw_name *nirc_hw_find_name(const nirc_hw_name *list, size_t n, const char *name)
{
  size_t low = 0, high = n;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (strcmp(list[middle].name, name) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low < n && strcmp(list[low].name, name) == 0 ? &list[low] : NULL;
}
