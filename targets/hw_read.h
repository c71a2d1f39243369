/* targets/hw_read.h: what a target asks of a module of the hw level before it writes files of it. The module may come from a text that anybody wrote: what the
 * verifier does not ask for is asked for here.
 * Must not know: any chip. */
#ifndef NIRC_TARGETS_HW_READ_H
#define NIRC_TARGETS_HW_READ_H

#include "ir/op.h"

typedef struct nirc_hw_reader {
  const nirc_op *step;
  const char *target;
  nirc_diag *d;
  bool ok;                                           /* nothing was found wrong so far */
} nirc_hw_reader;

/* Is the module one of that target? An error where it is not. */
bool nirc_hw_read_begin(nirc_hw_reader *r, const nirc_module *m, const char *target, nirc_diag *d);
/* Reports the first fault only; false. */
bool nirc_hw_fault(nirc_hw_reader *r, const nirc_op *op, const char *what);

/* An entry of an op's dictionary; an empty one after a fault. */
const nirc_attr *nirc_hw_entry(nirc_hw_reader *r, const nirc_op *op, const char *dict, const char *name, nirc_attr_kind kind);
/* A whole number within bounds; the least after a fault. */
int64_t nirc_hw_int(nirc_hw_reader *r, const nirc_op *op, const char *dict, const char *name, int64_t low, int64_t high);

/* Entries that may be absent: "" then, or false. A size is one of 0 to INT32_MAX. */
const char *nirc_hw_word(const nirc_attr *dict, const char *name);
bool nirc_hw_size(const nirc_attr *dict, const char *name, size_t *out);
/* Is it a hw.place of that part of the network? */
bool nirc_hw_is_part(const nirc_op *op, const char *part);

/* What has a name, to be found by it: a list that is sorted first. */
typedef struct nirc_hw_name { const char *name; size_t index; } nirc_hw_name;
void nirc_hw_sort_names(nirc_hw_name *list, size_t n);                   /* of one name by index */
const nirc_hw_name *nirc_hw_find_name(const nirc_hw_name *list, size_t n, const char *name);       /* the first; NULL where there is none */

#endif
