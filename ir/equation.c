#include "ir/equation.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_ELEMENTS(a) (sizeof(a) / sizeof *(a))

enum { MAX_NODES = 512, MAX_DEPTH = 100, MAX_WORD = 64 };

/* What an expression gives: a node, or a number that has no type yet. */
typedef struct term { bool untyped; uint32_t node; double number; } term;

typedef struct scope {
  const char *name;
  term value;
  struct scope *next;
} scope;

typedef struct parser {
  nirc_arena *arena;
  const char *at;
  nirc_dtype number;
  nirc_eq_node *nodes;
  uint32_t n_nodes;
  scope *names;                                      /* the latest first */
  unsigned depth;
  const char *fault;
} parser;

/* ---- faults, types ------------------------------------------------------------------------------------------------------ */

static const term nothing = {.untyped = true};

static __attribute__((format(printf, 2, 3))) term fault(parser *p, const char *format, ...)
{
  va_list args;
  char text[200];
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (!p->fault)
    p->fault = nirc_arena_printf(p->arena, "%s", text);
  return nothing;
}

static nirc_dtype type_of(const parser *p, term t)
{
  return p->nodes[t.node].type;
}

static term add_node(parser *p, nirc_eq_code code, nirc_dtype type, const term *args, unsigned n)
{
  if (p->n_nodes == MAX_NODES)
    return fault(p, "more than %d operations", MAX_NODES);
  nirc_eq_node *node = &p->nodes[p->n_nodes];
  *node = (nirc_eq_node){.code = code, .type = type};
  for (unsigned i = 0; i < n; i++)
    node->arg[i] = args[i].node;
  return (term){.node = p->n_nodes++};
}

static double round_to(nirc_dtype type, double x)
{
  return type == NIRC_F32 ? (double)(float)x : x;
}

/* The term as a value of that type: a number becomes one, a bool is widened, f32 becomes f64. */
static term as_type(parser *p, term t, nirc_dtype type)
{
  if (t.untyped) {
    if (type == NIRC_BOOL || (type == NIRC_I64 && (t.number != trunc(t.number) || fabs(t.number) > 0x1p62)))
      return fault(p, "%g is no %s", t.number, type == NIRC_BOOL ? "condition" : "whole number");
    term n = add_node(p, NIRC_EQ_NUMBER, type, NULL, 0);
    p->nodes[n.node].number = (nirc_eq_value){.f = round_to(type, t.number), .i = type == NIRC_I64 ? (int64_t)t.number : 0};
    return n;
  }
  nirc_dtype from = type_of(p, t);
  if (from == type)
    return t;
  if (from == NIRC_BOOL || (from == NIRC_F32 && type == NIRC_F64) || (from == NIRC_I16 && type == NIRC_I64))
    return add_node(p, NIRC_EQ_CONVERT, type, &t, 1);
  return fault(p, "%s where %s is wanted; f32(), f64() and i64() convert", nirc_dtype_name(from), nirc_dtype_name(type));
}

/* The type that operands meet in. */
static nirc_dtype common_type(const parser *p, const term *t, unsigned n)
{
  nirc_dtype best = NIRC_BOOL;
  for (unsigned i = 0; i < n; i++)
    if (!t[i].untyped && type_of(p, t[i]) != NIRC_BOOL && (best == NIRC_BOOL || type_of(p, t[i]) == NIRC_F64))
      best = type_of(p, t[i]) == NIRC_I16 ? NIRC_I64 : type_of(p, t[i]);
  return best == NIRC_BOOL ? p->number : best;
}

/* An operation on operands of one type; `result` is NIRC_BOOL for comparisons. */
static term operation(parser *p, nirc_eq_code code, term *t, unsigned n, bool compares)
{
  nirc_dtype type = common_type(p, t, n);
  for (unsigned i = 0; i < n; i++)
    t[i] = as_type(p, t[i], type);
  return p->fault ? nothing : add_node(p, code, compares ? NIRC_BOOL : type, t, n);
}

static double fold(nirc_eq_code code, double a, double b)
{
  switch (code) {
  case NIRC_EQ_ADD: return a + b;
  case NIRC_EQ_SUB: return a - b;
  case NIRC_EQ_MUL: return a * b;
  default: return a / b;
  }
}

static term arithmetic(parser *p, nirc_eq_code code, term a, term b)
{
  if (a.untyped && b.untyped)
    return (term){.untyped = true, .number = fold(code, a.number, b.number)};
  term t[] = {a, b};
  return operation(p, code, t, 2, false);
}

/* ---- words ----------------------------------------------------------------------------------------------------------------- */

static void skip_space(parser *p)
{
  while (isspace((unsigned char)*p->at))
    p->at++;
}

static bool take(parser *p, const char *symbol)
{
  skip_space(p);
  size_t n = strlen(symbol);
  if (strncmp(p->at, symbol, n))
    return false;
  p->at += n;
  return true;
}

static bool take_word(parser *p, char word[MAX_WORD])
{
  size_t n = 0;
  skip_space(p);
  if (!isalpha((unsigned char)*p->at) && *p->at != '_')
    return false;
  for (; isalnum((unsigned char)*p->at) || *p->at == '_'; p->at++)
    if (n + 1 < MAX_WORD)
      word[n++] = *p->at;
  word[n] = 0;
  return true;
}

static scope *find(const parser *p, const char *name)
{
  for (scope *s = p->names; s; s = s->next)
    if (strcmp(s->name, name) == 0)
      return s;
  return NULL;
}

/* ---- functions ---------------------------------------------------------------------------------------------------------------- */

static term conversion(parser *p, term t, nirc_dtype type)
{
  if (t.untyped && type == NIRC_I16)
    t = as_type(p, t, NIRC_I64);
  if (t.untyped || type_of(p, t) == type)
    return as_type(p, t, type);
  if (type == NIRC_I16 && type_of(p, t) != NIRC_I64)
    return fault(p, "i16() of %s", nirc_dtype_name(type_of(p, t)));
  return p->fault ? nothing : add_node(p, NIRC_EQ_CONVERT, type, &t, 1);
}

static const struct { const char *name; unsigned n; nirc_eq_code code; } functions[] = {
  {"fma", 3, NIRC_EQ_FMA}, {"trunc", 1, NIRC_EQ_TRUNC}, {"floor", 1, NIRC_EQ_FLOOR}, {"rint", 1, NIRC_EQ_RINT}, {"abs", 1, NIRC_EQ_ABS},
  {"max", 2, NIRC_EQ_MAX}, {"min", 2, NIRC_EQ_MIN}, {"exp", 1, NIRC_EQ_EXP}, {"expm1", 1, NIRC_EQ_EXPM1}, {"log", 1, NIRC_EQ_LOG},
  {"wrap16", 1, NIRC_EQ_WRAP16}, {"near", 2, NIRC_EQ_NEAR}, {"first", 1, NIRC_EQ_FIRST}, {"least", 1, NIRC_EQ_LEAST}, {"most", 1, NIRC_EQ_MOST}, {"mean", 1, NIRC_EQ_MEAN},
  {"alike", 1, NIRC_EQ_ALIKE},
};

static bool floats_only(nirc_eq_code c)
{
  return c != NIRC_EQ_MAX && c != NIRC_EQ_MIN && c != NIRC_EQ_ABS && c != NIRC_EQ_WRAP16;
}

static term expression(parser *p);

static term call(parser *p, const char *name)
{
  term args[3] = {nothing, nothing, nothing};
  unsigned n = 0;
  do {
    if (n == 3)
      return fault(p, "too many operands of %s", name);
    args[n++] = expression(p);
  } while (!p->fault && take(p, ","));
  if (p->fault || !take(p, ")"))
    return fault(p, "')' is wanted behind the operands of %s", name);
  static const struct { const char *name; nirc_dtype type; } conversions[] = {{"f32", NIRC_F32}, {"f64", NIRC_F64}, {"i64", NIRC_I64}, {"i16", NIRC_I16}};
  for (size_t i = 0; i < N_ELEMENTS(conversions); i++)
    if (strcmp(name, conversions[i].name) == 0 && n == 1)
      return conversion(p, args[0], conversions[i].type);
  for (size_t i = 0; i < N_ELEMENTS(functions); i++) {
    if (strcmp(name, functions[i].name) || n != functions[i].n)
      continue;
    term r = operation(p, functions[i].code, args, n, functions[i].code == NIRC_EQ_NEAR || functions[i].code == NIRC_EQ_ALIKE);
    bool whole = !p->fault && type_of(p, args[0]) == NIRC_I64;
    if (!p->fault && (whole ? floats_only(functions[i].code) : functions[i].code == NIRC_EQ_WRAP16))
      return fault(p, "%s of %s", name, nirc_dtype_name(type_of(p, args[0])));
    return r;
  }
  return fault(p, "no function '%s' of %u operands", name, n);
}

/* ---- expressions ---------------------------------------------------------------------------------------------------------------- */

static term primary(parser *p)
{
  char word[MAX_WORD];
  skip_space(p);
  if (take(p, "(")) {
    term t = expression(p);
    return p->fault || take(p, ")") ? t : fault(p, "')' is wanted before '%.20s'", p->at);
  }
  if (isdigit((unsigned char)*p->at)) {
    char *end;
    double number = strtod(p->at, &end);
    p->at = end;
    return (term){.untyped = true, .number = number};
  }
  if (!take_word(p, word))
    return fault(p, *p->at ? "a name or number is wanted before '%.20s'" : "a name or number is wanted at the end", p->at);
  if (take(p, "("))
    return call(p, word);
  const scope *s = find(p, word);
  return s ? s->value : fault(p, "'%s' has no value here", word);
}

static term unary(parser *p)
{
  if (p->depth == MAX_DEPTH)
    return fault(p, "nested too deeply");
  if (!take(p, "-"))
    return primary(p);
  p->depth++;
  term t = unary(p);
  p->depth--;
  if (t.untyped)
    return (term){.untyped = true, .number = -t.number};
  return p->fault ? nothing : operation(p, NIRC_EQ_NEG, &t, 1, false);
}

static term product(parser *p)
{
  term t = unary(p);
  for (;;) {
    if (p->fault)
      return nothing;
    if (take(p, "*"))
      t = arithmetic(p, NIRC_EQ_MUL, t, unary(p));
    else if (take(p, "/"))
      t = arithmetic(p, NIRC_EQ_DIV, t, unary(p));
    else
      return t;
  }
}

static term sum(parser *p)
{
  term t = product(p);
  for (;;) {
    if (p->fault)
      return nothing;
    if (take(p, "+"))
      t = arithmetic(p, NIRC_EQ_ADD, t, product(p));
    else if (take(p, "-"))
      t = arithmetic(p, NIRC_EQ_SUB, t, product(p));
    else
      return t;
  }
}

static term shift(parser *p)
{
  term t = sum(p);
  while (!p->fault && take(p, ">>")) {
    term both[] = {t, sum(p)};
    t = p->fault ? nothing : operation(p, NIRC_EQ_SHIFT, both, 2, false);
    if (!p->fault && type_of(p, t) != NIRC_I64)
      return fault(p, "only i64 is shifted");
  }
  return t;
}

static term comparison(parser *p)
{
  static const struct { const char *symbol; nirc_eq_code code; } symbols[] = {
    {">=", NIRC_EQ_GE}, {"<=", NIRC_EQ_LE}, {"==", NIRC_EQ_EQ}, {"!=", NIRC_EQ_NE}, {">", NIRC_EQ_GT}, {"<", NIRC_EQ_LT}};
  term t = shift(p);
  for (size_t i = 0; !p->fault && i < N_ELEMENTS(symbols); i++)
    if (take(p, symbols[i].symbol)) {
      term both[] = {t, shift(p)};
      return p->fault ? nothing : operation(p, symbols[i].code, both, 2, true);
    }
  return t;
}

static bool is_condition(const parser *p, term t)
{
  return !t.untyped && type_of(p, t) == NIRC_BOOL;
}

static term logic(parser *p, const char *symbol, nirc_eq_code code, term (*next)(parser *p))
{
  term t = next(p);
  while (!p->fault && take(p, symbol)) {
    term both[] = {t, next(p)};
    if (p->fault || !is_condition(p, both[0]) || !is_condition(p, both[1]))
      return fault(p, "conditions are wanted on both sides of %s", symbol);
    t = add_node(p, code, NIRC_BOOL, both, 2);
  }
  return t;
}

static term conjunction(parser *p)
{
  return logic(p, "&&", NIRC_EQ_AND, comparison);
}

static term expression(parser *p)
{
  if (p->depth == MAX_DEPTH)
    return fault(p, "nested too deeply");
  p->depth++;
  term t = logic(p, "||", NIRC_EQ_OR, conjunction);
  if (!p->fault && take(p, "?")) {
    term c = t, both[2] = {expression(p), nothing};
    if (!p->fault && !take(p, ":"))
      fault(p, "':' is wanted before '%.20s'", p->at);
    if (!p->fault)
      both[1] = expression(p);
    if (!p->fault && !is_condition(p, c))
      fault(p, "a condition is wanted before '?'");
    nirc_dtype type = p->fault ? NIRC_F32 : common_type(p, both, 2);
    term args[] = {c, as_type(p, both[0], type), as_type(p, both[1], type)};
    t = p->fault ? nothing : add_node(p, NIRC_EQ_SELECT, type, args, 3);
  }
  p->depth--;
  return t;
}

/* ---- statements ------------------------------------------------------------------------------------------------------------------- */

static void assign(parser *p, const char *name, term t)
{
  scope *s = NIRC_NEW(p->arena, scope);
  *s = (scope){nirc_arena_strdup(p->arena, name), t, p->names};
  p->names = s;
}

static bool is_fixed(const nirc_eq_name *known, size_t n, const char *name)
{
  for (size_t i = 0; i < n; i++)
    if (known[i].fixed && strcmp(known[i].name, name) == 0)
      return true;
  return false;
}

static void statements(parser *p, const nirc_eq_name *known, size_t n)
{
  char name[MAX_WORD];
  for (;;) {
    while (take(p, ";"))
      continue;
    skip_space(p);
    if (!*p->at || p->fault)
      return;
    if (!take_word(p, name) || !take(p, "=") || *p->at == '=') {
      fault(p, "NAME = is wanted before '%.20s'", p->at);
      return;
    }
    term t = expression(p);
    skip_space(p);
    if (!p->fault && *p->at && *p->at != ';')
      fault(p, "';' is wanted before '%.20s'", p->at);
    if (!p->fault && !is_fixed(known, n, name))
      assign(p, name, t);
  }
}

static void add_known(parser *p, const nirc_eq_name *known, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    if (known[i].is_number) {
      assign(p, known[i].name, (term){.untyped = true, .number = known[i].value});
      continue;
    }
    term t = add_node(p, NIRC_EQ_INPUT, known[i].type, NULL, 0);
    p->nodes[t.node].arg[0] = (uint32_t)i;
    assign(p, known[i].name, t);
  }
}

unsigned nirc_eq_n_args(nirc_eq_code c)
{
  switch (c) {
  case NIRC_EQ_INPUT: case NIRC_EQ_NUMBER: return 0;
  case NIRC_EQ_SELECT: case NIRC_EQ_FMA: return 3;
  case NIRC_EQ_ADD: case NIRC_EQ_SUB: case NIRC_EQ_MUL: case NIRC_EQ_DIV: case NIRC_EQ_GT: case NIRC_EQ_GE: case NIRC_EQ_LT: case NIRC_EQ_LE: case NIRC_EQ_EQ:
  case NIRC_EQ_NE: case NIRC_EQ_AND: case NIRC_EQ_OR: case NIRC_EQ_MAX: case NIRC_EQ_MIN: case NIRC_EQ_SHIFT: case NIRC_EQ_NEAR: return 2;
  default: return 1;
  }
}

/* Marks what `root` needs, itself included. */
static void mark_needed(const nirc_eq_node *nodes, uint32_t root, bool *needed)
{
  needed[root] = true;
  for (uint32_t i = root + 1; i-- > 0;)
    for (unsigned k = 0; needed[i] && k < nirc_eq_n_args(nodes[i].code); k++)
      needed[nodes[i].arg[k]] = true;
}

/* Drops what no result needs. */
static void keep_needed(nirc_equation *q, nirc_arena *a, size_t n_results)
{
  bool needed[MAX_NODES] = {false};
  uint32_t place[MAX_NODES], n = 0;
  for (size_t r = 0; r < n_results; r++)
    mark_needed(q->nodes, q->results[r], needed);
  for (uint32_t i = 0; i < q->n_nodes; i++) {
    if (!needed[i])
      continue;
    nirc_eq_node node = q->nodes[i];
    if (node.code == NIRC_EQ_INPUT)
      q->used[node.arg[0]] = true;
    for (unsigned k = 0; k < nirc_eq_n_args(node.code); k++)
      node.arg[k] = place[node.arg[k]];
    place[i] = n;
    q->nodes[n++] = node;
  }
  for (size_t r = 0; r < n_results; r++)
    q->results[r] = place[q->results[r]];
  q->n_nodes = n;
  nirc_eq_node *kept = NIRC_NEW_ARRAY(a, nirc_eq_node, n);
  if (n)
    memcpy(kept, q->nodes, n * sizeof *kept);
  q->nodes = kept;
}

bool nirc_equation_parse(nirc_equation *q, nirc_arena *a, const char *text, const nirc_eq_name *known, size_t n_known, const char *const *wanted, size_t n_wanted,
                         nirc_dtype number, const char **why)
{
  nirc_eq_node nodes[MAX_NODES];
  parser p = {.arena = a, .at = text, .number = number, .nodes = nodes};
  add_known(&p, known, n_known);
  statements(&p, known, n_known);
  *q = (nirc_equation){.nodes = nodes, .results = NIRC_NEW_ARRAY(a, uint32_t, n_wanted), .used = NIRC_NEW_ARRAY(a, bool, n_known)};
  for (size_t r = 0; r < n_wanted && !p.fault; r++) {
    const scope *s = find(&p, wanted[r]);
    if (!s)
      fault(&p, "'%s' is never assigned", wanted[r]);
    else
      q->results[r] = (s->value.untyped ? as_type(&p, s->value, number) : s->value).node;
  }
  if (p.fault) {
    *why = p.fault;
    return false;
  }
  q->n_nodes = p.n_nodes;
  keep_needed(q, a, n_wanted);
  return true;
}

bool nirc_equation_depends(const nirc_equation *q, size_t result, size_t name)
{
  bool needed[MAX_NODES] = {false};
  mark_needed(q->nodes, q->results[result], needed);
  for (uint32_t i = 0; i < q->n_nodes; i++)
    if (needed[i] && q->nodes[i].code == NIRC_EQ_INPUT && q->nodes[i].arg[0] == name)
      return true;
  return false;
}
