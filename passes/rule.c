#include "passes/rule.h"

#include <ctype.h>
#include <string.h>

/* ---- parameters ----------------------------------------------------------------------------------------------------------- */

/* What NIR means by a parameter that is not there. */
static double absent(const char *name)
{
  return strcmp(name, "w_in") == 0 ? 1 : 0;
}

static nirc_eq_value rounded(nirc_dtype type, double v)
{
  return (nirc_eq_value){.f = type == NIRC_F32 ? (double)(float)v : v};
}

/* One number for the whole layer, however it is stored. */
static bool is_single(const nirc_blob *b)
{
  size_t size = b ? nirc_dtype_size(b->dtype) : 0;
  return !b || b->splat || b->count == 1 || (b->count && memcmp(b->data, (const char *)b->data + size, (b->count - 1) * size) == 0);
}

static void add_parameter(nirc_parameters *p, const char *name, const nirc_blob *b, nirc_precision precision)
{
  bool single = is_single(b);
  nirc_dtype type = precision == NIRC_AS_F32 || (precision == NIRC_AS_STORED && b && b->dtype == NIRC_F32) ? NIRC_F32 : NIRC_F64;
  size_t count = single ? 1 : b->count;
  nirc_eq_value *values = NIRC_NEW_ARRAY(p->arena, nirc_eq_value, count);
  for (size_t e = 0; e < count; e++)
    values[e] = rounded(type, b ? nirc_blob_get(b, e) : absent(name));
  p->names[p->n_names] = (nirc_eq_name){.name = name, .type = type, .is_number = !b, .value = absent(name)};
  p->values[p->n_names] = values;
  p->single[p->n_names++] = single;
  if (!single)
    p->n = count;
  if (b && !b->splat && b->count > p->count)         /* an attribute may be one number where others are a layer's */
    p->count = b->count;
}

nirc_parameters nirc_parameters_of(nirc_arena *a, const nirc_op *node, nirc_precision precision, double dt, bool dt_fixed)
{
  size_t most = node->def->n_attrs + 1;
  nirc_parameters p = {.arena = a, .n = 1, .count = 1, .names = NIRC_NEW_ARRAY(a, nirc_eq_name, most), .values = NIRC_NEW_ARRAY(a, const nirc_eq_value *, most),
                       .single = NIRC_NEW_ARRAY(a, bool, most)};
  for (size_t i = 0; i < node->def->n_attrs; i++)
    if (node->def->attrs[i].kind == NIRC_ATTR_DENSE && node->def->attrs[i].rule == NIRC_SHAPE_LAYER)
      add_parameter(&p, node->def->attrs[i].name, nirc_op_blob(node, node->def->attrs[i].name), precision);
  p.names[p.n_names++] = (nirc_eq_name){.name = "dt", .is_number = true, .fixed = dt_fixed, .value = dt};
  return p;
}

/* Element by element unless an operation goes over the layer, which needs them all: also where all are alike, for a mean is rounded. */
static void evaluate(const nirc_parameters *p, const nirc_equation *q, size_t n_wanted, nirc_eq_value *values)
{
  bool layer = false;
  for (uint32_t i = 0; i < q->n_nodes; i++)
    layer |= q->nodes[i].code >= NIRC_EQ_FIRST;
  nirc_heap const *h = nirc_arena_heap(p->arena);
  size_t rows = layer ? p->count : 1;
  nirc_eq_value *all = nirc_heap_alloc(h, rows * (q->n_nodes + p->n_names) * sizeof *all), *inputs = all + rows * q->n_nodes;
  if (layer)
    nirc_equation_eval_layer(q, p->values, p->single, rows, all);
  for (size_t e = 0; e < p->n; e++) {
    for (size_t i = 0; !layer && i < p->n_names; i++)
      inputs[i] = p->values[i] ? p->values[i][p->single[i] ? 0 : e] : (nirc_eq_value){0};
    if (!layer)
      nirc_equation_eval(q, inputs, all);
    for (size_t w = 0; w < n_wanted; w++)
      values[w * p->n + e] = layer ? all[q->results[w] * rows + e] : all[q->results[w]];
  }
  nirc_heap_free(h, all);
}

bool nirc_parameters_eval(const nirc_parameters *p, const char *text, const char *const *wanted, size_t n_wanted, nirc_eq_value *values, nirc_dtype *types,
                          const char **fault)
{
  nirc_equation q;
  if (!nirc_equation_parse(&q, p->arena, text, p->names, p->n_names, wanted, n_wanted, NIRC_F64, fault))
    return false;
  for (size_t w = 0; w < n_wanted; w++)
    types[w] = q.nodes[q.results[w]].type;
  if (values)
    evaluate(p, &q, n_wanted, values);
  return true;
}

bool nirc_parameters_hold(const nirc_parameters *p, const char *condition, size_t *element)
{
  const char *wanted = "holds", *fault;
  nirc_dtype type;
  size_t e = 0;
  nirc_arena *scratch = nirc_arena_new(nirc_arena_heap(p->arena));
  nirc_eq_value *values = NIRC_NEW_ARRAY(scratch, nirc_eq_value, p->n);
  NIRC_ASSERT(nirc_parameters_eval(p, nirc_arena_printf(p->arena, "holds = %s", condition), &wanted, 1, values, &type, &fault));
  while (e < p->n && values[e].f != 0)
    e++;
  nirc_arena_free(scratch);
  if (e < p->n)
    *element = e;
  return e == p->n;
}

const nirc_rule *nirc_rule_find(const nirc_profile *profile, const nirc_heap *heap, const nirc_op *node, double dt)
{
  size_t element;
  for (const nirc_rule *r = profile->rules; r->equations[NIRC_CHOICE_INTEGRATION]; r++) {
    if (r->node != node->code)
      continue;
    if (!r->when)
      return r;
    nirc_arena *scratch = nirc_arena_new(heap);
    nirc_parameters p = nirc_parameters_of(scratch, node, profile->parameters, dt, true);
    bool holds = nirc_parameters_hold(&p, r->when, &element);
    nirc_arena_free(scratch);
    if (holds)
      return r;
  }
  return NULL;
}

/* ---- texts ------------------------------------------------------------------------------------------------------------------- */

static bool in_word(char c)
{
  return isalnum((unsigned char)c) || c == '_';
}

bool nirc_rule_mentions(const char *text, const char *word)
{
  size_t n = strlen(word);
  for (const char *at = text; at && (at = strstr(at, word)); at += n)
    if ((at == text || !in_word(at[-1])) && !in_word(at[n]))
      return true;
  return false;
}

/* The statements of a text, and the names that they assign. */
static size_t statements(nirc_arena *a, const char *text, const char ***all, const char ***names)
{
  size_t n = 0, most = strlen(text) / 2 + 1;
  *all = NIRC_NEW_ARRAY(a, const char *, most);
  *names = NIRC_NEW_ARRAY(a, const char *, most);
  for (const char *at = text; *at;) {
    at += strspn(at, "; ");
    size_t length = strcspn(at, ";"), name = 0;
    while (in_word(at[name]))
      name++;
    if (!length)
      break;
    (*all)[n] = nirc_arena_strndup(a, at, length);
    (*names)[n++] = nirc_arena_strndup(a, at, name);
    at += length;
  }
  return n;
}

size_t nirc_rule_assigned(nirc_arena *a, const char *text, const char ***names)
{
  const char **all;
  return statements(a, text, &all, names);
}

const char *nirc_rule_prune(nirc_arena *a, const char *text, const char *const *wanted, size_t n_wanted)
{
  const char **all, **names, *kept = "";
  size_t n = statements(a, text, &all, &names);
  bool *keep = NIRC_NEW_ARRAY(a, bool, n);
  for (size_t s = n; s-- > 0;) {                     /* needed where a later statement that is kept, or the end, still wants the value assigned here */
    bool needed = false, assigned = false;
    for (size_t later = s + 1; later < n && !needed && !assigned; later++) {
      const char *value = strchr(all[later], '=');
      needed = keep[later] && value && nirc_rule_mentions(value, names[s]);
      assigned = keep[later] && strcmp(names[later], names[s]) == 0;
    }
    for (size_t w = 0; w < n_wanted && !needed && !assigned; w++)
      needed = strcmp(wanted[w], names[s]) == 0;
    keep[s] = needed;
  }
  for (size_t s = 0; s < n; s++)
    if (keep[s])
      kept = nirc_arena_printf(a, "%s%s%s", kept, *kept ? "; " : "", all[s]);
  return kept;
}
