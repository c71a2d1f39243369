#include "frontend/snn/format.h"

#include <string.h>

enum { WIDTH = 120, INDENT = 2 };

typedef struct printer {
  nirc_strbuf *b;
  const nirc_snn_comment *comments;                  /* the next that was not printed */
  size_t indent;
  uint32_t line;                                     /* of the source, where what was printed last ended */
  bool fresh;                                        /* nothing in this block yet: no blank line first */
} printer;

/* ---- words ---------------------------------------------------------------------------------------------------------------- */

void nirc_snn_add_text(nirc_strbuf *b, const char *text)
{
  nirc_strbuf_add(b, "\"");
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    if (c < 0x20 || c == 0x7f)
      nirc_strbuf_addf(b, "\\x%02x", c);
    else if (c == '"' || c == '\\')
      nirc_strbuf_addf(b, "\\%c", c);
    else
      nirc_strbuf_add_bytes(b, text, 1);
  }
  nirc_strbuf_add(b, "\"");
}

static bool is_word(const char *s)
{
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
  for (size_t i = 0; nirc_snn_keywords[i]; i++)
    if (strcmp(nirc_snn_keywords[i], s) == 0)
      return false;
  return *s && !strchr("0123456789", *s) && s[strspn(s, letters)] == '\0';
}

void nirc_snn_add_name(nirc_strbuf *b, const char *name)
{
  if (is_word(name))
    nirc_strbuf_add(b, name);
  else
    nirc_snn_add_text(b, name);
}

/* ---- expressions ------------------------------------------------------------------------------------------------------------ */

static void add_expr(nirc_strbuf *b, const nirc_snn_expr *e);

static void add_arg(nirc_strbuf *b, const nirc_snn_arg *a)
{
  if (a->name) {
    if (a->quoted)
      nirc_snn_add_name(b, a->name);
    else
      nirc_strbuf_add(b, a->name);
    if (a->value)
      nirc_strbuf_add(b, " = ");
  }
  if (a->value)
    add_expr(b, a->value);
}

static void add_args(nirc_strbuf *b, const nirc_snn_arg *args, const char *open, const char *close)
{
  nirc_strbuf_add(b, open);
  for (const nirc_snn_arg *a = args; a; a = a->next) {
    add_arg(b, a);
    nirc_strbuf_add(b, a->next ? ", " : "");
  }
  nirc_strbuf_add(b, close);
}

static void add_bare(nirc_strbuf *b, const nirc_snn_expr *e)
{
  switch (e->kind) {
  case NIRC_SNN_NUMBER: nirc_strbuf_addf(b, e->unit ? "%s %s" : "%s", e->text, e->unit); return;
  case NIRC_SNN_BITS: case NIRC_SNN_NAME: nirc_strbuf_add(b, e->text); return;
  case NIRC_SNN_FILE: nirc_strbuf_add(b, "@"); nirc_snn_add_text(b, e->text); return;
  case NIRC_SNN_STRING: nirc_snn_add_text(b, e->text); return;
  case NIRC_SNN_INDEX: nirc_strbuf_add(b, e->text); add_args(b, e->args, "[", "]"); return;
  case NIRC_SNN_LIST: add_args(b, e->args, "[", "]"); return;
  case NIRC_SNN_GROUP: add_args(b, e->args, "{", "}"); return;
  case NIRC_SNN_CALL:
    nirc_strbuf_add(b, e->text);
    if (e->shape)
      add_expr(b, e->shape);
    add_args(b, e->args, "(", ")");
    return;
  case NIRC_SNN_NEGATE: nirc_strbuf_add(b, "-"); add_expr(b, e->a); return;
  default:
    add_expr(b, e->a);
    nirc_strbuf_addf(b, " %c ", e->op);
    add_expr(b, e->b);
  }
}

static void add_expr(nirc_strbuf *b, const nirc_snn_expr *e)
{
  nirc_strbuf_add(b, e->parentheses ? "(" : "");
  add_bare(b, e);
  nirc_strbuf_add(b, e->parentheses ? ")" : "");
}

/* ---- lines ------------------------------------------------------------------------------------------------------------------------ */

static void begin_line(nirc_strbuf *b, size_t indent)
{
  nirc_strbuf_add(b, "\n");
  while (indent--)
    nirc_strbuf_add(b, " ");
}

static size_t column(const nirc_strbuf *b)
{
  size_t n = b->size;
  while (n && b->data[n - 1] != '\n')
    n--;
  return b->size - n;
}

/* Takes back what an attempt added. */
static void cut(nirc_strbuf *b, size_t size)
{
  b->size = size;
  b->data[size] = '\0';
}

static bool is_atom(const nirc_snn_arg *a)
{
  const nirc_snn_expr *e = a->value;
  return !a->name && (e->kind == NIRC_SNN_NUMBER || e->kind == NIRC_SNN_BITS || (e->kind == NIRC_SNN_NEGATE && e->a->kind == NIRC_SNN_NUMBER));
}

static void wrap_arg(nirc_strbuf *b, const nirc_snn_arg *a, size_t indent);

/* What stands in brackets, opened up: numbers fill lines, anything else has a line each. */
static void wrap_args(nirc_strbuf *b, const nirc_snn_arg *args, const char *open, const char *close, size_t indent)
{
  nirc_strbuf_add(b, open);
  bool atoms = true;
  for (const nirc_snn_arg *a = args; a; a = a->next)
    atoms &= is_atom(a);
  begin_line(b, indent + INDENT);
  for (const nirc_snn_arg *a = args; a; a = a->next) {
    size_t before = b->size;
    bool first = column(b) == indent + INDENT;
    nirc_strbuf_add(b, first ? "" : " ");
    wrap_arg(b, a, indent + INDENT);
    if (!first && column(b) + 1 > WIDTH) {
      cut(b, before);
      begin_line(b, indent + INDENT);
      wrap_arg(b, a, indent + INDENT);
    }
    nirc_strbuf_add(b, a->next || !atoms ? "," : "");
    if (!atoms && a->next)
      begin_line(b, indent + INDENT);
  }
  begin_line(b, indent);
  nirc_strbuf_add(b, close);
}

/* On this line where it fits, else with its brackets opened up. */
static void wrap_expr(nirc_strbuf *b, const nirc_snn_expr *e, size_t indent, size_t behind)
{
  size_t before = b->size;
  bool brackets = e->args && !e->parentheses && (e->kind == NIRC_SNN_LIST || e->kind == NIRC_SNN_GROUP || e->kind == NIRC_SNN_CALL);
  add_expr(b, e);
  if (!brackets || column(b) + behind <= WIDTH)
    return;
  cut(b, before);
  if (e->kind == NIRC_SNN_CALL) {
    nirc_strbuf_add(b, e->text);
    if (e->shape)
      add_expr(b, e->shape);
  }
  const char *open = e->kind == NIRC_SNN_LIST ? "[" : e->kind == NIRC_SNN_GROUP ? "{" : "(", *close = e->kind == NIRC_SNN_LIST ? "]" : e->kind == NIRC_SNN_GROUP ? "}" : ")";
  wrap_args(b, e->args, open, close, indent);
}

static void wrap_arg(nirc_strbuf *b, const nirc_snn_arg *a, size_t indent)
{
  nirc_snn_arg name = {.name = a->name, .quoted = a->quoted};
  if (a->name) {
    add_arg(b, &name);
    nirc_strbuf_add(b, " = ");
  }
  wrap_expr(b, a->value, indent, 1);
}

/* ---- comments and blank lines --------------------------------------------------------------------------------------------------------- */

/* A new line for something that begins at `line` of the source: behind a blank one where there was one. */
static void separate(printer *p, uint32_t line)
{
  if (p->line + 1 < line && !p->fresh)
    nirc_strbuf_add(p->b, "\n");
  begin_line(p->b, p->indent);
  p->fresh = false;
}

/* Comments before that line, each on a line of its own. */
static void comments_before(printer *p, uint32_t line)
{
  for (; p->comments && p->comments->line < line; p->comments = p->comments->next) {
    separate(p, p->comments->line);
    nirc_strbuf_add(p->b, p->comments->text);
    p->line = p->comments->line;
  }
}

/* A comment that ends that line stays at the end of what was printed. */
static void comment_behind(printer *p, uint32_t line)
{
  p->line = line;
  if (!p->comments || p->comments->line != line || p->comments->own_line)
    return;
  nirc_strbuf_addf(p->b, "  %s", p->comments->text);
  p->comments = p->comments->next;
}

/* ---- statements ---------------------------------------------------------------------------------------------------------------------------- */

static void add_path(nirc_strbuf *b, const nirc_snn_endpoint *e)
{
  for (const nirc_snn_part *p = e->parts; p; p = p->next) {
    nirc_snn_add_name(b, p->name);
    for (const nirc_snn_arg *i = p->indices; i; i = i->next) {
      nirc_strbuf_add(b, "[");
      add_expr(b, i->value);
      nirc_strbuf_add(b, "]");
    }
    nirc_strbuf_add(b, p->next ? "." : "");
  }
}

static void add_chain(printer *p, const nirc_snn_stmt *t)
{
  for (const nirc_snn_endpoint *e = t->path; e; e = e->next) {
    size_t before = p->b->size;
    nirc_strbuf_add(p->b, e == t->path ? "" : e->feedback ? " ~> " : " -> ");
    add_path(p->b, e);
    if (e == t->path || column(p->b) <= WIDTH)
      continue;
    cut(p->b, before);
    begin_line(p->b, p->indent + 2 * INDENT);
    nirc_strbuf_add(p->b, e->feedback ? "~> " : "-> ");
    add_path(p->b, e);
  }
}

/* NAME(args), opened up where the line would be too long with what stands behind. */
static void add_head(printer *p, const nirc_snn_stmt *t, size_t behind)
{
  nirc_snn_add_name(p->b, t->name);
  size_t before = p->b->size;
  if (!t->args && t->kind != NIRC_SNN_TEMPLATE)
    return;
  add_args(p->b, t->args, "(", ")");
  bool values = true;
  for (const nirc_snn_arg *a = t->args; a; a = a->next)
    values &= a->value != NULL;
  if (column(p->b) + behind <= WIDTH || !t->args || !values)
    return;
  cut(p->b, before);
  wrap_args(p->b, t->args, "(", ")", p->indent);
}

static void add_statements(printer *p, const nirc_snn_stmt *list);

static void add_block(printer *p, const nirc_snn_stmt *t)
{
  nirc_strbuf_add(p->b, " {");
  uint32_t first = t->body ? t->body->first_line : t->body_line;
  if (p->comments && !p->comments->own_line && p->comments->line < first)
    comment_behind(p, p->comments->line);
  p->indent += INDENT;
  p->line = t->first_line;
  p->fresh = true;
  add_statements(p, t->body);
  comments_before(p, t->body_line);
  p->indent -= INDENT;
  begin_line(p->b, p->indent);
  nirc_strbuf_add(p->b, "}");
  p->fresh = false;
}

static void add_statement(printer *p, const nirc_snn_stmt *t)
{
  nirc_strbuf *b = p->b;
  switch (t->kind) {
  case NIRC_SNN_IMPORT: nirc_strbuf_add(b, "import "); nirc_snn_add_text(b, t->name); return;
  case NIRC_SNN_CONST: nirc_strbuf_addf(b, "const %s = ", t->name); wrap_expr(b, t->value, p->indent, 0); return;
  case NIRC_SNN_TEMPLATE: case NIRC_SNN_NETWORK: case NIRC_SNN_GRAPH:
    nirc_strbuf_add(b, t->kind == NIRC_SNN_TEMPLATE ? "template " : t->kind == NIRC_SNN_NETWORK ? "network " : "graph ");
    add_head(p, t, 2);
    add_block(p, t);
    return;
  case NIRC_SNN_IN: case NIRC_SNN_OUT:
    nirc_strbuf_add(b, t->kind == NIRC_SNN_IN ? "in " : "out ");
    nirc_snn_add_name(b, t->name);
    if (t->value) {
      nirc_strbuf_add(b, " : ");
      wrap_expr(b, t->value, p->indent, 0);
    }
    return;
  case NIRC_SNN_METADATA: nirc_strbuf_add(b, "metadata "); wrap_expr(b, t->value, p->indent, 0); return;
  case NIRC_SNN_NODE: case NIRC_SNN_NODE_GRAPH:
    add_path(b, t->path);
    nirc_strbuf_add(b, t->kind == NIRC_SNN_NODE ? " = " : " = graph ");
    wrap_expr(b, t->value, p->indent, 0);
    return;
  case NIRC_SNN_CHAIN: add_chain(p, t); return;
  default:
    nirc_strbuf_addf(b, "repeat %s in ", t->name);
    add_expr(b, t->value);
    nirc_strbuf_add(b, "..");
    add_expr(b, t->last);
    add_block(p, t);
  }
}

static bool has_block(const nirc_snn_stmt *t)
{
  return t->kind == NIRC_SNN_TEMPLATE || t->kind == NIRC_SNN_NETWORK || t->kind == NIRC_SNN_GRAPH || t->kind == NIRC_SNN_REPEAT;
}

static bool stands_apart(const nirc_snn_stmt *t)
{
  return t->kind == NIRC_SNN_TEMPLATE || t->kind == NIRC_SNN_NETWORK;
}

static void add_statements(printer *p, const nirc_snn_stmt *list)
{
  const nirc_snn_stmt *before = NULL;
  for (const nirc_snn_stmt *t = list; t; before = t, t = t->next) {
    /* Comments within a statement that is no block go before it; but one at its end. */
    uint32_t last = has_block(t) ? t->first_line : t->last_line;
    bool apart = ((before && stands_apart(before)) || stands_apart(t)) && !p->fresh;
    uint32_t next = p->comments && p->comments->line < last ? p->comments->line : t->first_line;
    if (apart && p->line + 1 >= next)
      p->line = next - 2;                            /* as if there had been a blank line */
    comments_before(p, last);
    separate(p, t->first_line);
    add_statement(p, t);
    comment_behind(p, t->last_line);
  }
}

void nirc_snn_format(nirc_strbuf *b, const nirc_snn_file *f)
{
  printer p = {.b = b, .comments = f->comments};
  uint32_t first = f->items ? f->items->first_line : f->last_line + 1;
  for (; p.comments && p.comments->line < f->head_line; p.comments = p.comments->next)
    nirc_strbuf_addf(b, "%s\n", p.comments->text);
  nirc_strbuf_addf(b, "nirc %s", f->version);
  if (p.comments && !p.comments->own_line && p.comments->line < first)
    comment_behind(&p, p.comments->line);
  p.line = f->head_line;
  add_statements(&p, f->items);
  comments_before(&p, UINT32_MAX);
  nirc_strbuf_add(b, "\n");
}
