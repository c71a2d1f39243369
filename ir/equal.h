/* ir/equal.h: are two modules, or the attributes of two ops, the same, in everything that their text says?
 * Owns: nothing.
 * Must not know: the text form, files. */
#ifndef NIRC_IR_EQUAL_H
#define NIRC_IR_EQUAL_H

#include "ir/op.h"

/* Level, name, path, hash, and of every op: kind, name, place, operands, result types, attributes in their order. Blobs are compared by content, bit for
 * bit, shared or not; a splat is not equal to its dense form. What text cannot hold of a place (its length, its chain of uses) does not count, nor does `id`.
 * Where they differ, *where (unless NULL) is the op of `a` that differs, or the last one looked at before one is missing; NULL: the module's own head. */
bool nirc_module_equal(const nirc_module *a, const nirc_module *b, const nirc_op **where);

/* The same attributes in the same order, blobs by content. `but` (may be NULL) names one that does not count. */
bool nirc_op_attrs_equal(const nirc_op *a, const nirc_op *b, const char *but);

#endif
