/* ir/numbering.h: dense numbers for the ops of a module that must not be written to (nirc_op.id is the running pass's).
 * Owns: the table.
 * Must not know: what the numbers are for. */
#ifndef NIRC_IR_NUMBERING_H
#define NIRC_IR_NUMBERING_H

#include "ir/op.h"

typedef struct nirc_numbered {
  const nirc_op *op;
  size_t number;                                     /* place in the order of the text, regions included, from 0 */
  size_t namesake;                                   /* ops with results of this name before it in its region */
} nirc_numbered;

typedef struct nirc_numbering {
  const nirc_heap *heap;
  nirc_numbered *rows;                               /* by address of op: for finding only, never for an order that shows */
  size_t n;
} nirc_numbering;

void nirc_numbering_init(nirc_numbering *t, const nirc_module *m);
void nirc_numbering_deinit(nirc_numbering *t);
const nirc_numbered *nirc_numbering_find(const nirc_numbering *t, const nirc_op *op);    /* NULL: no op of the module */

#endif
