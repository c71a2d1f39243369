/* ir/parse_attrs.h: attributes of IR text; and what the two files of the parser share.
 * Must not know: ops, regions, blobs behind the ops. */
#ifndef NIRC_IR_PARSE_ATTRS_H
#define NIRC_IR_PARSE_ATTRS_H

#include "ir/base/guess.h"
#include "ir/op.h"
#include "ir/scan.h"

enum { NIRC_PARSE_MAX_DEPTH = 32 };

/* A dense attribute whose content stands behind the ops. */
typedef struct nirc_waiting { nirc_attr *attr; uint64_t number; nirc_dtype dtype; nirc_shape shape; nirc_loc loc; struct nirc_waiting *next; } nirc_waiting;

typedef struct nirc_parser {
  nirc_scanner s;
  nirc_module *m;
  nirc_arena *scratch;
  nirc_waiting *waiting;
  unsigned errors_before;                            /* of the run, before this text */
} nirc_parser;

/* A fault that does not keep the rest from being read, unless there are many. guess may be NULL. */
void nirc_parse_fault(nirc_parser *p, nirc_loc loc, const char *what, const nirc_guess *guess);
bool nirc_parse_has_many_faults(const nirc_parser *p);
#define NIRC_PARSE_TEXT(...) nirc_arena_printf(p->scratch, __VA_ARGS__)

/* { NAME = VALUE, ... }. With an op, by its definition: unknown names, values of the wrong kind, names that are set twice are faults; without one (a dictionary), the last of these only. False where nothing can be read behind them. */
bool nirc_parse_attrs(nirc_parser *p, const nirc_op *op, nirc_attr **first, unsigned depth);
/* Required attributes that are not there are faults; `loc` is the op's word. */
void nirc_parse_check_complete(nirc_parser *p, const nirc_op *op, nirc_loc loc);

#endif
