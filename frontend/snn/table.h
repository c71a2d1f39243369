/* frontend/snn/table.h: names and what they stand for; a few are looked up one by one, many by their hash.
 * Owns: nothing; entries lie in the caller's arena, names are borrowed.
 * Must not know: what names stand for. */
#ifndef NIRC_FRONTEND_SNN_TABLE_H
#define NIRC_FRONTEND_SNN_TABLE_H

#include "ir/base/arena.h"

typedef struct nirc_snn_entry { const char *name; void *what; struct nirc_snn_entry *next, *same_slot; } nirc_snn_entry;

/* All zero: empty. */
typedef struct nirc_snn_table {
  nirc_snn_entry *entries, **slots;                  /* entries: the newest first */
  size_t n, n_slots;                                 /* n_slots: 0 while there are few, else a power of two */
} nirc_snn_table;

void *nirc_snn_table_find(const nirc_snn_table *t, const char *name);                          /* NULL where unknown */
void nirc_snn_table_add(nirc_snn_table *t, nirc_arena *a, const char *name, void *what);       /* name is not there yet */

#endif
