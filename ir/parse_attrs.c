#include "ir/parse_attrs.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

bool nirc_parse_has_many_faults(const nirc_parser *p)
{
  return p->s.d->errors - p->errors_before >= NIRC_MAX_ERRORS;
}

void nirc_parse_fault(nirc_parser *p, nirc_loc loc, const char *what, const nirc_guess *guess)
{
  if (p->s.failed)
    return;
  nirc_error(p->s.d, loc, "%s", what);
  if (guess)
    nirc_guess_note(guess, p->s.d, loc);
  p->s.failed = nirc_parse_has_many_faults(p);
}

/* ---- attributes ------------------------------------------------------------------------------------------------------------------- */

/* dense<type ...> or splat<type x>, behind the word. */
static bool dense(nirc_parser *p, nirc_attr *a, bool splat)
{
  nirc_dtype t;
  nirc_shape s;
  a->kind = NIRC_ATTR_DENSE;
  nirc_scan_space(&p->s);
  nirc_loc loc = nirc_scan_loc(&p->s);
  if (!nirc_scan_type(&p->s, &t, &s))
    return false;
  if (!splat && nirc_scan_accept(&p->s, "@w")) {
    nirc_waiting *w = NIRC_NEW(p->scratch, nirc_waiting);
    *w = (nirc_waiting){.attr = a, .dtype = t, .shape = s, .loc = loc, .next = p->waiting};
    p->waiting = w;
    return nirc_scan_whole(&p->s, &w->number) && nirc_scan_expect(&p->s, ">");
  }
  size_t n = 1;
  if (!splat)
    nirc_shape_count(&s, &n);
  if (n > 4096)
    return nirc_scan_fail(&p->s, loc, "so many elements stand behind the ops, as a blob");
  void *data;
  a->blob = nirc_module_hold(p->m, nirc_blob_new(p->m->heap, t, &s, splat, &data));
  for (size_t i = 0; i < n; i++)
    if ((i && !nirc_scan_expect(&p->s, ",")) || !nirc_scan_element(&p->s, t, (char *)data + i * nirc_dtype_size(t)))
      return false;
  return nirc_scan_expect(&p->s, ">");
}

static bool strings(nirc_parser *p, nirc_attr *a)
{
  size_t n;
  a->kind = NIRC_ATTR_STRINGS;
  if (!nirc_scan_shape(&p->s, &a->shape) || !nirc_shape_count(&a->shape, &n) || n > (size_t)(p->s.end - p->s.at))
    return nirc_scan_fail(&p->s, nirc_scan_loc(&p->s), "no list of strings");
  const char **list = NIRC_NEW_ARRAY(p->m->arena, const char *, n);
  for (size_t i = 0; i < n; i++)
    if ((i && !nirc_scan_expect(&p->s, ",")) || !(list[i] = nirc_scan_string(&p->s)))
      return false;
  a->strings = list;
  return nirc_scan_expect(&p->s, ">");
}

/* A word, which no attribute is: check_kind says what is wanted in its place. */
static bool word(nirc_parser *p, const nirc_op *op, nirc_attr *a)
{
  nirc_loc loc = nirc_scan_loc(&p->s);
  a->kind = NIRC_ATTR_WORD;
  if (nirc_scan_word(&p->s, "", "a value") && op)
    return true;
  return nirc_scan_fail(&p->s, loc, "a number, a string, a list or an array is wanted here");
}

static bool number(nirc_parser *p, nirc_attr *a)
{
  const char *s = p->s.at;
  while (s < p->s.end && (isalnum((unsigned char)*s) || *s == '-' || *s == '+' || *s == '.'))
    s++;
  size_t n = (size_t)(s - p->s.at);
  bool is_float = memchr(p->s.at, '.', n) || memchr(p->s.at, 'e', n) || memchr(p->s.at, 'x', n);
  a->kind = is_float ? NIRC_ATTR_FLOAT : NIRC_ATTR_INT;
  return nirc_scan_element(&p->s, is_float ? NIRC_F64 : NIRC_I64, is_float ? (void *)&a->f : (void *)&a->i);
}

static bool attr_value(nirc_parser *p, const nirc_op *op, nirc_attr *a, unsigned depth)
{
  if (nirc_scan_accept(&p->s, "dense<"))
    return dense(p, a, false);
  if (nirc_scan_accept(&p->s, "splat<"))
    return dense(p, a, true);
  if (nirc_scan_accept(&p->s, "strings<"))
    return strings(p, a);
  if (nirc_scan_peek(&p->s, "\"")) {
    a->kind = NIRC_ATTR_STRING;
    return (a->s = nirc_scan_string(&p->s)) != NULL;
  }
  if (nirc_scan_peek(&p->s, "[")) {
    a->kind = NIRC_ATTR_SHAPE;
    return nirc_scan_shape(&p->s, &a->shape);
  }
  if (nirc_scan_peek(&p->s, "{")) {
    a->kind = NIRC_ATTR_DICT;
    return nirc_parse_attrs(p, NULL, &a->dict, depth + 1);
  }
  if (p->s.at < p->s.end && (*p->s.at == '-' || isdigit((unsigned char)*p->s.at)))
    return number(p, a);
  return word(p, op, a);
}

/* What any nir op may carry besides what the table says. */
static const nirc_attr_def generic[] = {{.name = "edge", .kind = NIRC_ATTR_DENSE}, {.name = "metadata", .kind = NIRC_ATTR_DICT}, {.name = "probe", .kind = NIRC_ATTR_INT}};

static const nirc_attr_def *generic_attr(const nirc_op *op, const char *name)
{
  for (size_t i = 0; op->def->level == NIRC_LEVEL_NIR && i < sizeof generic / sizeof generic[0]; i++)
    if (strcmp(generic[i].name, name) == 0)
      return &generic[i];
  return NULL;
}

/* What the table says of an attribute; NULL after a diagnostic. */
static const nirc_attr_def *definition_of(nirc_parser *p, const nirc_op *op, const char *name, nirc_loc loc)
{
  nirc_guess guess = {0};
  const nirc_attr_def *def = nirc_op_def_attr(op->def, name);
  if (!def)
    def = generic_attr(op, name);
  for (size_t i = 0; !def && i < op->def->n_attrs; i++)
    nirc_guess_consider(&guess, name, op->def->attrs[i].name);
  if (!def)
    nirc_parse_fault(p, loc, NIRC_PARSE_TEXT("'%s' has no attribute '%s'", op->def->mnemonic, name), &guess);
  return def;
}

static void check_kind(nirc_parser *p, const nirc_attr_def *def, const nirc_attr *a, nirc_loc loc)
{
  static const char *const kind[] = {[NIRC_ATTR_INT] = "a whole number", [NIRC_ATTR_FLOAT] = "a number", [NIRC_ATTR_STRING] = "a string",
                                     [NIRC_ATTR_WORD] = "a word", [NIRC_ATTR_SHAPE] = "a list of numbers", [NIRC_ATTR_DENSE] = "an array",
                                     [NIRC_ATTR_STRINGS] = "an array of strings", [NIRC_ATTR_DICT] = "a list of attributes"};
  if (a->kind != def->kind && !(def->or_string && a->kind == NIRC_ATTR_STRING))
    nirc_parse_fault(p, loc, NIRC_PARSE_TEXT("'%s' is %s, %s%s is wanted", a->name, kind[a->kind], kind[def->kind], def->or_string ? " or a string" : ""), NULL);
}

static bool one_attr(nirc_parser *p, const nirc_op *op, nirc_attr *a, unsigned depth)
{
  nirc_scan_space(&p->s);
  nirc_loc loc = nirc_scan_loc(&p->s);
  if (!(a->name = nirc_scan_name(&p->s)) || !nirc_scan_expect(&p->s, "="))
    return false;
  const nirc_attr_def *def = op ? definition_of(p, op, a->name, loc) : NULL;
  if (def && nirc_op_attr(op, a->name) != a)
    nirc_parse_fault(p, loc, NIRC_PARSE_TEXT("'%s' is set a second time", a->name), NULL);
  nirc_scan_space(&p->s);
  loc = nirc_scan_loc(&p->s);
  if (!attr_value(p, op, a, depth))
    return false;
  if (def)
    check_kind(p, def, a, loc);
  return !p->s.failed;
}

static int compare_names(const void *a, const void *b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Of a dictionary with n entries; readers look for the first of a name. */
static void check_names(nirc_parser *p, const nirc_attr *first, size_t n, nirc_loc loc)
{
  const char **names = NIRC_NEW_ARRAY(p->m->arena, const char *, n);
  size_t at = 0;
  for (const nirc_attr *a = first; a; a = a->next)
    names[at++] = a->name;
  qsort(names, n, sizeof *names, compare_names);
  for (size_t i = 1; i < n; i++)
    if (strcmp(names[i], names[i - 1]) == 0) {
      nirc_parse_fault(p, loc, NIRC_PARSE_TEXT("'%s' stands here twice; each entry wants a name of its own", names[i]), NULL);
      return;
    }
}

bool nirc_parse_attrs(nirc_parser *p, const nirc_op *op, nirc_attr **first, unsigned depth)
{
  if (depth > NIRC_PARSE_MAX_DEPTH)
    return nirc_scan_fail(&p->s, nirc_scan_loc(&p->s), "nested too deep");
  nirc_scan_space(&p->s);
  nirc_loc loc = nirc_scan_loc(&p->s);
  size_t n = 0;
  if (!nirc_scan_expect(&p->s, "{"))
    return false;
  for (nirc_attr **end = first; !nirc_scan_accept(&p->s, "}"); end = &(*end)->next, n++) {
    if (p->s.failed || (*first && !nirc_scan_expect(&p->s, ",")))
      return false;
    *end = NIRC_NEW(p->m->arena, nirc_attr);
    if (!one_attr(p, op, *end, depth))
      return false;
  }
  if (!op && n > 1)
    check_names(p, *first, n, loc);
  return true;
}

void nirc_parse_check_complete(nirc_parser *p, const nirc_op *op, nirc_loc loc)
{
  for (const nirc_attr *a = op->attrs; a; a = a->next)                  /* the unknown one may be the one that is missing */
    if (!nirc_op_def_attr(op->def, a->name) && !generic_attr(op, a->name))
      return;
  for (size_t i = 0; i < op->def->n_attrs; i++)
    if (!op->def->attrs[i].optional && !nirc_op_attr(op, op->def->attrs[i].name))
      nirc_parse_fault(p, loc, NIRC_PARSE_TEXT("'%s' (%s) wants an attribute '%s'", op->name, op->def->mnemonic, op->def->attrs[i].name), NULL);
}

