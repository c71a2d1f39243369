#include "frontend/snn/table.h"

#include <string.h>
#include <xxhash.h>

enum { FEW = 16 };

static nirc_snn_entry **slot_of(const nirc_snn_table *t, const char *name)
{
  return &t->slots[XXH3_64bits(name, strlen(name)) & (t->n_slots - 1)];
}

void *nirc_snn_table_find(const nirc_snn_table *t, const char *name)
{
  const nirc_snn_entry *e = t->n_slots ? *slot_of(t, name) : t->entries;
  while (e && strcmp(e->name, name))
    e = t->n_slots ? e->same_slot : e->next;
  return e ? e->what : NULL;
}

static void put(nirc_snn_table *t, nirc_snn_entry *e)
{
  nirc_snn_entry **slot = slot_of(t, e->name);
  e->same_slot = *slot;
  *slot = e;
}

static void grow(nirc_snn_table *t, nirc_arena *a)
{
  t->n_slots = 4 * t->n;
  t->slots = NIRC_NEW_ARRAY(a, nirc_snn_entry *, t->n_slots);
  for (nirc_snn_entry *e = t->entries; e; e = e->next)
    put(t, e);
}

void nirc_snn_table_add(nirc_snn_table *t, nirc_arena *a, const char *name, void *what)
{
  nirc_snn_entry *e = NIRC_NEW(a, nirc_snn_entry);
  *e = (nirc_snn_entry){name, what, t->entries, NULL};
  t->entries = e;
  t->n++;
  if (t->n_slots)
    put(t, e);
  if (t->n >= FEW && t->n >= t->n_slots && (t->n & (t->n - 1)) == 0)
    grow(t, a);
}
