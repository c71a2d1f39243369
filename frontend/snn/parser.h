/* frontend/snn/parser.h: what lex.l and grammar.y share. For those two and parser.c only. */
#ifndef NIRC_FRONTEND_SNN_PARSER_H
#define NIRC_FRONTEND_SNN_PARSER_H

#include "frontend/snn/syntax.h"

/* From the first byte to behind the last; columns count from 1. */
typedef struct snn_span { uint32_t line, column, last_line, last_column; } snn_span;

typedef struct snn_parser {
  nirc_arena *arena;
  nirc_diag *d;
  const char *path, *at_text, *end;                  /* at_text: behind the token that was read last */
  snn_span at;                                       /* of the token that was read last */
  uint32_t token_line;                               /* on which the last token or comment ended: is a comment alone on its line? */
  unsigned nesting;
  uint32_t skip_line;                                /* behind a fault: what is left of this line is not looked at */
  bool stopped;                                      /* a limit: nothing more is read */
  nirc_snn_file *file;
  nirc_snn_comment **comments;
} snn_parser;

nirc_loc snn_loc(const snn_parser *p, snn_span s);
void snn_fault(snn_parser *p, snn_span s, const char *format, ...) NIRC_PRINTF(3, 4);
void snn_limit(snn_parser *p, snn_span s, const char *format, ...) NIRC_PRINTF(3, 4);

/* Makers of tree nodes; a fault of depth gives a node that may stand in a tree that is not used. */
nirc_snn_expr *snn_expr(snn_parser *p, nirc_snn_expr_kind kind, snn_span s, const char *text);
nirc_snn_expr *snn_operation(snn_parser *p, char op, snn_span s, nirc_snn_expr *a, nirc_snn_expr *b);       /* b NULL: - a */
nirc_snn_arg *snn_arg(snn_parser *p, const char *name, snn_span s, nirc_snn_expr *value);
nirc_snn_stmt *snn_stmt(snn_parser *p, nirc_snn_stmt_kind kind, snn_span all, const char *name, snn_span name_span);

#endif
