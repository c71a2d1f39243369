/* frontend/snn/parser.c: from text to tree: the two generated parts put together, and the makers of tree nodes. */
#include "frontend/snn/parser.h"

#include <stdarg.h>
#include <string.h>

#include "frontend/snn/grammar.h"

/* What flex makes; it has no header. */
int snn_yylex_init_extra(snn_parser *p, void **scanner);
void *snn_yy_scan_bytes(const char *bytes, int n, void *scanner);
int snn_yylex_destroy(void *scanner);

const char *const nirc_snn_keywords[] = {"nirc", "import", "const", "template", "network", "graph", "in", "out", "repeat", "metadata", NULL};

nirc_loc snn_loc(const snn_parser *p, snn_span s)
{
  return (nirc_loc){.file = p->path, .line = s.line, .column = s.column, .length = s.last_line == s.line && s.last_column > s.column ? s.last_column - s.column : 0};
}

static void report(snn_parser *p, nirc_status status, snn_span s, const char *format, va_list args)
{
  char text[512];
  vsnprintf(text, sizeof text, format, args);
  nirc_error_status(p->d, status, snn_loc(p, s), "%s", text);
}

void snn_fault(snn_parser *p, snn_span s, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  report(p, NIRC_STATUS_REFUSED, s, format, args);
  va_end(args);
}

void snn_limit(snn_parser *p, snn_span s, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  if (!p->stopped)
    report(p, NIRC_STATUS_LIMIT, s, format, args);
  va_end(args);
  p->stopped = true;
}

nirc_snn_expr *snn_expr(snn_parser *p, nirc_snn_expr_kind kind, snn_span s, const char *text)
{
  nirc_snn_expr *e = NIRC_NEW(p->arena, nirc_snn_expr);
  e->kind = kind;
  e->loc = e->name_loc = snn_loc(p, s);
  e->text = text;
  e->depth = 1;
  return e;
}

nirc_snn_expr *snn_operation(snn_parser *p, char op, snn_span s, nirc_snn_expr *a, nirc_snn_expr *b)
{
  nirc_snn_expr *e = snn_expr(p, b ? NIRC_SNN_BINARY : NIRC_SNN_NEGATE, s, NULL);
  e->op = op;
  e->a = a;
  e->b = b;
  e->depth = 1 + (b && b->depth > a->depth ? b->depth : a->depth);
  if (e->depth > NIRC_SNN_MAX_DEPTH)
    snn_limit(p, s, "more than %d operators stand in one another", NIRC_SNN_MAX_DEPTH);
  return e;
}

nirc_snn_arg *snn_arg(snn_parser *p, const char *name, snn_span s, nirc_snn_expr *value)
{
  nirc_snn_arg *a = NIRC_NEW(p->arena, nirc_snn_arg);
  a->name = name;
  a->loc = snn_loc(p, s);
  a->value = value;
  return a;
}

nirc_snn_stmt *snn_stmt(snn_parser *p, nirc_snn_stmt_kind kind, snn_span all, const char *name, snn_span name_span)
{
  nirc_snn_stmt *s = NIRC_NEW(p->arena, nirc_snn_stmt);
  s->kind = kind;
  s->loc = snn_loc(p, name_span);
  s->first_line = all.line;
  s->last_line = all.last_line;
  s->name = name;
  return s;
}

static bool check_bytes(snn_parser *p, size_t size)
{
  const char *nul = memchr(p->at_text, 0, size), *start = p->at_text;
  if (!nul)
    return true;
  snn_span at = p->at;
  for (const char *c = start; c < nul; c++)
    if (*c == '\n') {
      at.line++;
      start = c + 1;
    }
  at.last_line = at.line;
  at.column = at.last_column = (uint32_t)(nul - start) + 1;
  snn_fault(p, at, "a byte that is 0: this is no text");
  return false;
}

nirc_snn_file *nirc_snn_parse(nirc_arena *a, const char *path, const char *text, size_t size, nirc_diag *d)
{
  snn_parser p = {.arena = a, .d = d, .path = path, .at_text = text, .end = text + size, .at = {1, 1, 1, 1}, .file = NIRC_NEW(a, nirc_snn_file)};
  unsigned errors = d->errors;
  void *scanner;
  p.comments = &p.file->comments;
  p.file->path = path;
  if (!check_bytes(&p, size))
    return NULL;
  if (snn_yylex_init_extra(&p, &scanner))
    nirc_heap_default()->exhausted(nirc_heap_default()->user, size);
  snn_yy_scan_bytes(text, (int)size, scanner);
  snn_yyparse(&p, scanner);
  snn_yylex_destroy(scanner);
  p.file->last_line = p.at.last_line;
  return d->errors == errors ? p.file : NULL;
}
