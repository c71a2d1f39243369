/* frontend/snn/syntax.h: the syntax tree of the network language, and the parser that makes it.
 * Owns: the words and the grammar (lex.l, grammar.y). Trees live in the arena of their parser.
 * Must not know: what any name means, files. Source: docs/language.md, "Grammar". */
#ifndef NIRC_FRONTEND_SNN_SYNTAX_H
#define NIRC_FRONTEND_SNN_SYNTAX_H

#include "ir/base/diag.h"

/* Words that are taken, in the order of the tokens in lex.l; NULL-terminated. */
extern const char *const nirc_snn_keywords[];

enum { NIRC_SNN_MAX_NESTING = 200, NIRC_SNN_MAX_DEPTH = 1000 };          /* brackets; operators in one another */

typedef struct nirc_snn_expr nirc_snn_expr;
typedef struct nirc_snn_stmt nirc_snn_stmt;

/* An argument, an element of a list (no name), an entry of a group, a parameter of a template (value NULL: it has no default). */
typedef struct nirc_snn_arg {
  const char *name;
  bool quoted;                                       /* the name stood in quotes */
  nirc_loc loc;                                      /* of the name; of the value where there is none */
  nirc_snn_expr *value;
  struct nirc_snn_arg *next;
} nirc_snn_arg;

typedef enum nirc_snn_expr_kind {
  NIRC_SNN_NUMBER,                                   /* text, unit or NULL */
  NIRC_SNN_BITS,                                     /* text: 0x... */
  NIRC_SNN_STRING,                                   /* text */
  NIRC_SNN_FILE,                                     /* text: what stands behind @ */
  NIRC_SNN_NAME,                                     /* text */
  NIRC_SNN_INDEX,                                    /* text, args */
  NIRC_SNN_CALL,                                     /* text, shape or NULL, args */
  NIRC_SNN_LIST,                                     /* args */
  NIRC_SNN_GROUP,                                    /* args */
  NIRC_SNN_NEGATE,                                   /* a */
  NIRC_SNN_BINARY                                    /* op, a, b */
} nirc_snn_expr_kind;

struct nirc_snn_expr {
  nirc_snn_expr_kind kind;
  nirc_loc loc, name_loc;                            /* the whole; a call's name */
  const char *text, *unit;
  char op;
  bool parentheses;
  unsigned depth;
  nirc_snn_expr *a, *b, *shape;
  nirc_snn_arg *args;
};

/* NAME[i][j], one step of a path. */
typedef struct nirc_snn_part { const char *name; bool quoted; nirc_loc loc; nirc_snn_arg *indices; struct nirc_snn_part *next; } nirc_snn_part;

/* A path and, where it stands behind an arrow, that arrow. */
typedef struct nirc_snn_endpoint { nirc_snn_part *parts; nirc_loc loc, arrow; bool feedback; struct nirc_snn_endpoint *next; } nirc_snn_endpoint;

typedef enum nirc_snn_stmt_kind {
  NIRC_SNN_IMPORT,                                   /* name: the file */
  NIRC_SNN_CONST,                                    /* name, value */
  NIRC_SNN_TEMPLATE,                                 /* name, args, body */
  NIRC_SNN_NETWORK,                                  /* name, args, body */
  NIRC_SNN_IN, NIRC_SNN_OUT,                         /* name, value: the shape, or NULL */
  NIRC_SNN_METADATA,                                 /* value */
  NIRC_SNN_NODE, NIRC_SNN_NODE_GRAPH,                /* path, value: the call */
  NIRC_SNN_GRAPH,                                    /* name, body */
  NIRC_SNN_CHAIN,                                    /* path: the first of two or more */
  NIRC_SNN_REPEAT                                    /* name, value, last, body */
} nirc_snn_stmt_kind;

struct nirc_snn_stmt {
  nirc_snn_stmt_kind kind;
  nirc_loc loc;                                      /* of the name, or of the word it begins with */
  uint32_t first_line, last_line;
  const char *name;
  bool quoted;
  nirc_snn_expr *value, *last;
  nirc_snn_arg *args;
  nirc_snn_endpoint *path;
  nirc_snn_stmt *body, *next;
  uint32_t body_line;                                /* of the closing brace */
};

typedef struct nirc_snn_comment { uint32_t line; bool own_line; const char *text; struct nirc_snn_comment *next; } nirc_snn_comment;

typedef struct nirc_snn_file {
  const char *path;
  const char *version;                               /* as written */
  uint32_t head_line;                                /* of `nirc` */
  nirc_snn_stmt *items;
  nirc_snn_comment *comments;                        /* in order */
  uint32_t last_line;
} nirc_snn_file;

/* The tree of a text, in the arena; path is borrowed. NULL after diagnostics: all independent faults are reported. A fault of syntax leaves out its statement. */
nirc_snn_file *nirc_snn_parse(nirc_arena *a, const char *path, const char *text, size_t size, nirc_diag *d);

#endif
