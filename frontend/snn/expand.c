#include "frontend/snn/expand.h"

#include <inttypes.h>
#include <string.h>

#include "frontend/snn/names.h"

enum { MAX_NODES = 1000000, MAX_STATEMENTS = 4000000, MAX_NESTED = 32, MAX_DEPTH = 500, MAX_NAME = 4096 };

/* A chain's arrow, looked up when its block is complete. */
typedef struct pending { const char *from, *to; nirc_loc from_loc, to_loc, loc; bool feedback; const nirc_snn_scope *scope; struct pending *next; } pending;

/* A template with a fault inside, which was reported at the first instance. */
typedef struct faulty { const nirc_snn_stmt *template; struct faulty *next; } faulty;

typedef struct expander {
  nirc_snn_eval *e;
  nirc_arena *a;
  nirc_snn_scope *globals;
  const nirc_snn_files *files;
  nirc_snn_table templates;
  unsigned depth;                                    /* of statements in one another */
  size_t n_nodes, n_statements;
  unsigned n_instances;
  uint64_t serial;
  faulty *faulty;
  bool stopped;                                      /* a limit was met: nothing more is said */
} expander;

/* Where statements are written out to. */
typedef struct block {
  nirc_snn_graph *graph;
  const char *prefix;                                /* of names in the graph: "", "front." */
  nirc_snn_node *instance;                           /* NULL: the graph itself */
  unsigned owner, depth;                             /* depth: of nested graphs */
  const nirc_snn_stmt *template;                     /* of the instance, for recursion */
  const struct block *outer;
  pending *pending, **pending_end;
} block;

static bool expand(expander *x, block *b, nirc_snn_scope *s, const nirc_snn_stmt *body);

#define FAULT(loc_, ...) (nirc_error(x->e->d, loc_, __VA_ARGS__), false)

static bool limit(expander *x, nirc_loc loc, const char *what, unsigned most)
{
  if (!x->stopped)
    nirc_error_status(x->e->d, NIRC_STATUS_LIMIT, loc, "%s than %u", what, most);
  x->stopped = true;
  return false;
}

/* ---- names ------------------------------------------------------------------------------------------------------------------ */

/* As constants: what is imported comes before what imports it. */
static const nirc_snn_stmt *find_template(const expander *x, const char *name)
{
  return nirc_snn_table_find(&x->templates, name);
}

static nirc_snn_node *find_node(const expander *x, const block *b, const char *name)
{
  return nirc_snn_table_find(&b->graph->names, nirc_arena_printf(x->a, "%s%s", b->prefix, name));
}

static nirc_snn_node *new_node(expander *x, block *b, nirc_snn_scope *s, nirc_snn_node_kind kind, const char *name, nirc_loc loc)
{
  if (strlen(b->prefix) + strlen(name) > MAX_NAME) {
    limit(x, nirc_snn_at(s, loc), "a node's name has more bytes", MAX_NAME);
    return NULL;
  }
  nirc_snn_node *n = NIRC_NEW(x->a, nirc_snn_node);
  *n = (nirc_snn_node){.kind = kind, .name = nirc_arena_printf(x->a, "%s%s", b->prefix, name), .loc = nirc_snn_at(s, loc), .scope = s, .owner = b->owner};
  n->in_end = &n->in;
  const nirc_snn_node *there = nirc_snn_table_find(&b->graph->names, n->name);
  if (there) {
    nirc_error(x->e->d, n->loc, "'%s' is declared already", n->name);
    nirc_note(x->e->d, there->loc, "here");
    return NULL;
  }
  nirc_snn_table_add(&b->graph->names, x->a, n->name, n);
  if (++x->n_nodes > MAX_NODES) {
    limit(x, n->loc, "the network has more nodes", MAX_NODES);
    return NULL;
  }
  if (kind == NIRC_SNN_PRIMITIVE || kind == NIRC_SNN_NESTED) {
    if (!*n->name || strchr(n->name, '/') || strcmp(n->name, ".") == 0) {
      nirc_error(x->e->d, n->loc, "a node's name cannot be empty or \".\", and has no /");
      return NULL;
    }
    n->id = (uint32_t)b->graph->n_nodes++;
  }
  *b->graph->nodes_end = n;
  b->graph->nodes_end = &n->next;
  return n;
}

/* A path as it is written in the block: "front.act", "t[0]". NULL after a diagnostic. */
static const char *path_name(expander *x, const nirc_snn_scope *s, const nirc_snn_endpoint *p)
{
  nirc_strbuf b;
  nirc_strbuf_init(&b, x->e->m->heap);
  bool ok = true;
  for (const nirc_snn_part *part = p->parts; part && ok; part = part->next) {
    nirc_strbuf_addf(&b, "%s%s", part == p->parts ? "" : ".", part->name);
    for (const nirc_snn_arg *i = part->indices; i && ok; i = i->next) {
      int64_t n;
      ok = nirc_snn_evaluate_whole(x->e, s, i->value, &n);
      nirc_strbuf_addf(&b, "[%" PRId64 "]", ok ? n : 0);
    }
  }
  if (ok && b.size > MAX_NAME)
    ok = limit(x, nirc_snn_at(s, p->loc), "a node's name has more bytes", MAX_NAME);
  const char *name = ok ? nirc_arena_strdup(x->a, b.data) : NULL;
  nirc_strbuf_deinit(&b);
  return name;
}

/* ---- statements -------------------------------------------------------------------------------------------------------------------- */

static bool expand_port(expander *x, block *b, nirc_snn_scope *s, const nirc_snn_stmt *t)
{
  bool is_in = t->kind == NIRC_SNN_IN;
  nirc_snn_node *n = new_node(x, b, s, b->instance ? NIRC_SNN_PORT : NIRC_SNN_PRIMITIVE, t->name, t->loc);
  if (!n)
    return false;
  n->is_in = is_in;
  if (t->value) {
    n->has_shape = true;
    n->shape_loc = nirc_snn_at(s, t->value->loc);
    if (!nirc_snn_evaluate_shape(x->e, s, t->value, &n->shape))
      return false;
  }
  if (b->instance) {
    b->instance->port[is_in] = n;
    b->instance->n_ports[is_in]++;
    return true;
  }
  n->def = nirc_op_defs[is_in ? NIR_INPUT : NIR_OUTPUT];
  return true;
}

static bool expand_params(expander *x, nirc_snn_scope *s, nirc_snn_node *n, const nirc_snn_arg *args)
{
  nirc_snn_param **end = &n->params;
  nirc_snn_table names = {0};
  bool ok = true;
  for (const nirc_snn_arg *a = args; a && x->e->d->errors < NIRC_MAX_ERRORS; a = a->next) {
    nirc_loc loc = nirc_snn_at(s, a->loc);
    if (!a->name) {
      ok = FAULT(loc, "parameters of a primitive go by name, as in %s(%s = ...)", n->def->nir_type, n->def->n_attrs ? n->def->attrs[0].name : "");
      continue;
    }
    if (nirc_snn_table_find(&names, a->name)) {
      ok = FAULT(loc, "%s is given twice", a->name);
      continue;
    }
    nirc_snn_param *p = *end = NIRC_NEW(x->a, nirc_snn_param);
    nirc_snn_table_add(&names, x->a, a->name, p);
    end = &p->next;
    p->name = a->name;
    p->loc = loc;
    ok &= nirc_snn_evaluate(x->e, s, a->value, &p->value);
  }
  return ok;
}

static bool expand_primitive(expander *x, block *b, nirc_snn_scope *s, const nirc_snn_stmt *t, const char *name, const nirc_op_def *def)
{
  nirc_snn_node *n = new_node(x, b, s, NIRC_SNN_PRIMITIVE, name, t->path->loc);
  if (!n)
    return false;
  n->def = def;
  bool ok = true;
  if (t->value->shape) {
    n->has_shape = true;
    n->shape_loc = nirc_snn_at(s, t->value->shape->loc);
    ok = nirc_snn_evaluate_shape(x->e, s, t->value->shape, &n->shape);
  }
  return expand_params(x, s, n, t->value->args) && ok;
}

/* ---- templates ------------------------------------------------------------------------------------------------------------------------ */

/* The parameter that an argument is for; *next is that of the next argument without a name. NULL after a diagnostic. */
static const nirc_snn_arg *param_of(expander *x, const nirc_snn_scope *s, const nirc_snn_stmt *template, const nirc_snn_table *params, const nirc_snn_arg *a,
                                    const nirc_snn_arg **next)
{
  const nirc_snn_arg *p = a->name ? nirc_snn_table_find(params, a->name) : *next;
  if (p && !a->name)
    *next = p->next;
  if (p)
    return p;
  nirc_guess g = {0};
  for (const nirc_snn_entry *e = params->entries; e && a->name; e = e->next)
    nirc_guess_consider(&g, a->name, e->name);
  if (!a->name)
    nirc_error(x->e->d, nirc_snn_at(s, a->loc), "more arguments than template '%s' has parameters", template->name);
  else
    nirc_error(x->e->d, nirc_snn_at(s, a->loc), "template '%s' has no parameter '%s'", template->name, a->name);
  nirc_guess_note(&g, x->e->d, a->loc);
  nirc_note(x->e->d, template->loc, "the template is here");
  return NULL;
}

static bool bind_arguments(expander *x, const nirc_snn_scope *s, const nirc_snn_stmt *template, const nirc_snn_expr *call, nirc_snn_scope *inner)
{
  const nirc_snn_arg *next = template->args;
  nirc_snn_table params = {0};
  for (nirc_snn_arg *p = template->args; p && call->args; p = p->next)
    if (!nirc_snn_table_find(&params, p->name))
      nirc_snn_table_add(&params, x->a, p->name, p);
  for (const nirc_snn_arg *a = call->args; a; a = a->next) {
    nirc_snn_value v;
    const nirc_snn_arg *p = param_of(x, s, template, &params, a, &next);
    if (!p || !nirc_snn_evaluate(x->e, s, a->value, &v))
      return false;
    if (nirc_snn_table_find(&inner->names, p->name))
      return FAULT(nirc_snn_at(s, a->loc), "%s is given twice", p->name);
    if (!nirc_snn_define(x->e, inner, p->name, p->loc, &v))
      return false;
  }
  for (const nirc_snn_arg *p = template->args; p; p = p->next) {
    nirc_snn_value v;
    if (nirc_snn_table_find(&inner->names, p->name))
      continue;
    if (!p->value) {
      nirc_error(x->e->d, nirc_snn_at(s, call->name_loc), "template '%s' needs %s", template->name, p->name);
      nirc_note(x->e->d, p->loc, "it has no default here");
      return false;
    }
    if (!nirc_snn_evaluate(x->e, inner, p->value, &v) || !nirc_snn_define(x->e, inner, p->name, p->loc, &v))
      return false;
  }
  return true;
}

static bool resolve(expander *x, block *b);

static bool uses_itself(expander *x, const block *b, const nirc_snn_scope *s, const nirc_snn_expr *call, const nirc_snn_stmt *template)
{
  for (const block *k = b; k; k = k->outer)
    if (k->template == template)
      return !FAULT(nirc_snn_at(s, call->name_loc), "template '%s' uses itself", template->name);
  return false;
}

static block nested_block(expander *x, const block *b, nirc_loc loc)
{
  nirc_snn_graph *g = NIRC_NEW(x->a, nirc_snn_graph);
  g->nodes_end = &g->nodes;
  if (b->depth + 1 > MAX_NESTED)
    limit(x, loc, "graphs are nested deeper", MAX_NESTED);
  return (block){.graph = g, .prefix = "", .depth = b->depth + 1, .outer = b, .owner = ++x->n_instances};
}

static bool expand_instance(expander *x, block *b, nirc_snn_scope *s, const nirc_snn_stmt *t, const char *name, const nirc_snn_stmt *template)
{
  const nirc_snn_expr *call = t->value;
  if (call->shape)
    return FAULT(nirc_snn_at(s, call->shape->loc), "a template takes no shape; say it as an argument");
  if (uses_itself(x, b, s, call, template))
    return false;
  for (const faulty *f = x->faulty; f; f = f->next)
    if (f->template == template)
      return false;
  bool graph = t->kind == NIRC_SNN_NODE_GRAPH;
  nirc_snn_node *n = new_node(x, b, s, graph ? NIRC_SNN_NESTED : NIRC_SNN_INSTANCE, name, t->path->loc);
  if (!n)
    return false;
  nirc_via *via = NIRC_NEW(x->a, nirc_via);
  *via = (nirc_via){nirc_snn_at(s, call->name_loc), nirc_arena_printf(x->a, "in '%s', which is made of template '%s' here", n->name, template->name)};
  nirc_snn_scope *inner = NIRC_NEW(x->a, nirc_snn_scope);
  *inner = (nirc_snn_scope){.outer = x->globals, .via = via};
  if (!bind_arguments(x, s, template, call, inner))
    return false;
  block k = graph ? nested_block(x, b, n->loc)
                  : (block){.graph = b->graph, .prefix = nirc_arena_printf(x->a, "%s.", n->name), .instance = n, .depth = b->depth, .outer = b, .owner = ++x->n_instances};
  k.template = template;
  k.pending_end = &k.pending;
  if (graph) {
    n->graph = k.graph;
    n->def = nirc_op_defs[NIR_GRAPH];
  }
  bool ok = !x->stopped && expand(x, &k, inner, template->body);
  if (resolve(x, &k) && ok)
    return true;
  faulty *f = NIRC_NEW(x->a, faulty);
  *f = (faulty){template, x->faulty};
  x->faulty = f;
  return false;
}

static bool expand_graph(expander *x, block *b, nirc_snn_scope *s, const nirc_snn_stmt *t)
{
  nirc_snn_node *n = new_node(x, b, s, NIRC_SNN_NESTED, t->name, t->loc);
  if (!n)
    return false;
  block k = nested_block(x, b, n->loc);
  k.pending_end = &k.pending;
  k.template = b->template;
  n->graph = k.graph;
  n->def = nirc_op_defs[NIR_GRAPH];
  nirc_snn_scope *inner = NIRC_NEW(x->a, nirc_snn_scope);
  *inner = (nirc_snn_scope){.outer = s, .via = s->via};
  bool ok = !x->stopped && expand(x, &k, inner, t->body);
  return resolve(x, &k) && ok;
}

/* A primitive, or what a template makes; false after a diagnostic. */
static bool make_node(expander *x, block *b, nirc_snn_scope *s, const nirc_snn_stmt *t, const char *name)
{
  const char *type = t->value->text;
  const nirc_op_def *def = t->kind == NIRC_SNN_NODE ? nirc_op_def_of_nir_type(type) : NULL;
  const nirc_snn_stmt *template = find_template(x, type);
  if (template)
    return expand_instance(x, b, s, t, name, template);
  if (def && def != nirc_op_defs[NIR_GRAPH])
    return expand_primitive(x, b, s, t, name, def);
  if (def)
    return FAULT(nirc_snn_at(s, t->value->name_loc), "a nested graph is made by graph NAME { ... }, or of a template by NAME = graph TEMPLATE(...)");
  nirc_guess g = {0};
  for (int i = 0; i < NIRC_N_OPS; i++)
    if (nirc_op_defs[i]->nir_type && nirc_op_defs[i] != nirc_op_defs[NIR_GRAPH] && t->kind == NIRC_SNN_NODE)
      nirc_guess_consider(&g, type, nirc_op_defs[i]->nir_type);
  for (const nirc_snn_files *f = x->files; f; f = f->next)
    for (const nirc_snn_stmt *i = f->file->items; i; i = i->next)
      if (i->kind == NIRC_SNN_TEMPLATE)
        nirc_guess_consider(&g, type, i->name);
  nirc_error(x->e->d, nirc_snn_at(s, t->value->name_loc), t->kind == NIRC_SNN_NODE ? "no primitive or template is called '%s'" : "no template is called '%s'", type);
  nirc_guess_note(&g, x->e->d, t->value->name_loc);
  return false;
}

static bool expand_node(expander *x, block *b, nirc_snn_scope *s, const nirc_snn_stmt *t)
{
  const char *name = path_name(x, s, t->path);
  if (!name || make_node(x, b, s, t, name))
    return name != NULL;
  nirc_snn_node *n = find_node(x, b, name);
  if (!n)
    n = new_node(x, b, s, NIRC_SNN_FAULTY, name, t->path->loc);
  else if (n->kind != NIRC_SNN_NESTED)               /* whose graph is still to be released */
    n->kind = NIRC_SNN_FAULTY;
  return false;
}

static bool expand_chain(expander *x, block *b, nirc_snn_scope *s, const nirc_snn_stmt *t)
{
  const char *from = path_name(x, s, t->path);
  const nirc_snn_endpoint *last = t->path;
  for (const nirc_snn_endpoint *p = t->path->next; p; last = p, p = p->next) {
    const char *to = path_name(x, s, p);
    if (!from || !to)
      return false;
    pending *w = *b->pending_end = NIRC_NEW(x->a, pending);
    b->pending_end = &w->next;
    *w = (pending){from, to, nirc_snn_at(s, last->loc), nirc_snn_at(s, p->loc), nirc_snn_at(s, p->arrow), p->feedback, s, NULL};
    from = to;
  }
  return true;
}

static bool expand_repeat(expander *x, block *b, nirc_snn_scope *s, const nirc_snn_stmt *t)
{
  int64_t first, last;
  if (!nirc_snn_evaluate_whole(x->e, s, t->value, &first) || !nirc_snn_evaluate_whole(x->e, s, t->last, &last))
    return false;
  bool ok = true;
  unsigned errors = x->e->d->errors;
  nirc_snn_scope *inner = NULL;
  nirc_snn_table only = {0};                         /* the counter, and no constant of the body */
  size_t nodes = 0;
  pending **end = NULL;
  for (int64_t i = first; i < last && !x->stopped && x->e->d->errors == errors; i++) {
    if (++x->n_statements > MAX_STATEMENTS)
      return limit(x, nirc_snn_at(s, t->loc), "templates and repetitions make more statements", MAX_STATEMENTS);
    nirc_snn_value v = {.kind = NIRC_SNN_V_NUMBER, .loc = t->loc, .x = (double)i, .whole = true, .negative = i < 0, .magnitude = i < 0 ? -(uint64_t)i : (uint64_t)i};
    if (!inner || x->n_nodes != nodes || b->pending_end != end) {        /* else nothing refers to the scope before */
      inner = NIRC_NEW(x->a, nirc_snn_scope);
      *inner = (nirc_snn_scope){.outer = s, .via = s->via};
      ok &= nirc_snn_define(x->e, inner, t->name, t->loc, &v);
      only = inner->names;
    } else {
      inner->names = only;
      ((nirc_snn_name *)only.entries->what)->value = v;
    }
    nodes = x->n_nodes;
    end = b->pending_end;
    ok &= expand(x, b, inner, t->body);
  }
  b->graph->cut |= !ok;
  return ok;
}

static bool expand_metadata(expander *x, block *b, nirc_snn_scope *s, const nirc_snn_stmt *t)
{
  nirc_snn_value v;
  if (b->instance)
    return FAULT(nirc_snn_at(s, t->loc), "an instance of a template is no graph of its own, so it has no metadata; `= graph TEMPLATE(...)` makes one");
  if (b->graph->metadata)
    return FAULT(nirc_snn_at(s, t->loc), "this graph has metadata already");
  if (!nirc_snn_evaluate(x->e, s, t->value, &v))
    return false;
  b->graph->metadata = v.group;
  return true;
}

static bool expand_const(expander *x, nirc_snn_scope *s, const nirc_snn_stmt *t)
{
  nirc_snn_value v;
  bool ok = nirc_snn_evaluate(x->e, s, t->value, &v);
  if (!ok)
    v.kind = NIRC_SNN_V_FAULTY;
  return nirc_snn_define(x->e, s, t->name, t->loc, &v) && ok;
}

/* All statements, whatever becomes of one of them: every fault is told. */
static bool expand(expander *x, block *b, nirc_snn_scope *s, const nirc_snn_stmt *body)
{
  bool ok = true;
  if (++x->depth > MAX_DEPTH)
    ok = limit(x, nirc_snn_at(s, body ? body->loc : nirc_loc_none()), "templates and blocks are nested deeper", MAX_DEPTH);
  for (const nirc_snn_stmt *t = body; t && !x->stopped && x->e->d->errors < NIRC_MAX_ERRORS; t = t->next) {
    if (++x->n_statements > MAX_STATEMENTS)
      return limit(x, nirc_snn_at(s, t->loc), "templates and repetitions make more statements", MAX_STATEMENTS);
    switch (t->kind) {
    case NIRC_SNN_IN: case NIRC_SNN_OUT: ok &= expand_port(x, b, s, t); break;
    case NIRC_SNN_CONST: ok &= expand_const(x, s, t); break;
    case NIRC_SNN_METADATA: ok &= expand_metadata(x, b, s, t); break;
    case NIRC_SNN_NODE: case NIRC_SNN_NODE_GRAPH: ok &= expand_node(x, b, s, t); break;
    case NIRC_SNN_GRAPH: ok &= expand_graph(x, b, s, t); break;
    case NIRC_SNN_CHAIN: ok &= expand_chain(x, b, s, t); break;
    default: ok &= expand_repeat(x, b, s, t); break;
    }
  }
  x->depth--;
  return ok;
}

/* ---- edges -------------------------------------------------------------------------------------------------------------------------------- */

static bool resolve(expander *x, block *b)
{
  bool ok = true;
  nirc_snn_ends ends = {.d = x->e->d, .arena = x->a, .graph = b->graph, .prefix = b->prefix, .owner = b->owner};
  for (const pending *w = b->pending; w && !x->stopped && x->e->d->errors < NIRC_MAX_ERRORS; w = w->next) {
    nirc_snn_node *from = nirc_snn_find_end(&ends, w->from, w->from_loc, true), *to = nirc_snn_find_end(&ends, w->to, w->to_loc, false);
    ok &= from && to;
    if (!from || !to)
      continue;
    nirc_snn_segment *g = *to->in_end = NIRC_NEW(x->a, nirc_snn_segment);
    to->in_end = &g->next;
    *g = (nirc_snn_segment){from, w->loc, w->feedback, x->serial++, NULL};
  }
  return ok;
}

/* ---- the network ------------------------------------------------------------------------------------------------------------------------------- */

static bool network_arguments(expander *x, const nirc_snn_stmt *network, double *dt, const char **version)
{
  bool ok = true;
  for (const nirc_snn_arg *a = network->args; a; a = a->next) {
    nirc_snn_value v;
    const nirc_dims second = {.second = 1}, none = {0};
    bool twice = false;
    for (const nirc_snn_arg *k = network->args; k != a; k = k->next)
      twice |= a->name && k->name && strcmp(a->name, k->name) == 0;
    if (twice) {
      ok = FAULT(a->loc, "%s is given twice", a->name);
      continue;
    }
    if (!a->name || (strcmp(a->name, "dt") && strcmp(a->name, "version"))) {
      nirc_guess g = {0};
      ok = FAULT(a->loc, "a network has the arguments dt = TIME and version = TEXT");
      if (a->name) {
        nirc_guess_consider(&g, a->name, "dt");
        nirc_guess_consider(&g, a->name, "version");
        nirc_guess_note(&g, x->e->d, a->loc);
      }
    } else if (!nirc_snn_evaluate(x->e, x->globals, a->value, &v)) {
      ok = false;
    } else if (a->name[0] == 'v') {
      ok = v.kind == NIRC_SNN_V_TEXT ? ok : FAULT(a->value->loc, "version is %s; text is wanted", nirc_snn_describe(x->e, &v));
      *version = v.text;
    } else if (v.kind != NIRC_SNN_V_NUMBER || !(nirc_dims_equal(v.dims, second) || nirc_dims_equal(v.dims, none)) || !(v.x > 0) || v.x > 1e300) {
      ok = FAULT(a->value->loc, "dt is %s; a time above 0 is wanted", v.kind == NIRC_SNN_V_NUMBER && !(v.x > 0) ? "not above 0" : nirc_snn_describe(x->e, &v));
    } else {
      *dt = v.x;
    }
  }
  return ok;
}

static bool check_template(expander *x, const nirc_snn_stmt *t)
{
  const nirc_snn_stmt *first = find_template(x, t->name);
  bool ok = true;
  if (first != t) {
    ok = FAULT(t->loc, "template '%s' is defined already", t->name);
    nirc_note(x->e->d, first->loc, "here");
  } else if (nirc_op_def_of_nir_type(t->name)) {
    ok = FAULT(t->loc, "'%s' is a primitive; a template needs another name", t->name);
  }
  nirc_snn_table names = {0};
  for (nirc_snn_arg *p = t->args; p; p = p->next)
    if (nirc_snn_table_find(&names, p->name))
      ok = FAULT(p->loc, "parameter '%s' is declared twice", p->name);
    else
      nirc_snn_table_add(&names, x->a, p->name, p);
  return ok;
}

static const nirc_snn_file *file_at(const expander *x, size_t i)
{
  const nirc_snn_files *f = x->files;
  while (i-- > 0)
    f = f->next;
  return f->file;
}

/* Constants of all files, imported ones first; names of templates once each. */
static bool define_globals(expander *x)
{
  bool ok = true;
  size_t n = 0;
  for (const nirc_snn_files *f = x->files; f; f = f->next)
    n++;
  for (size_t k = n; k-- > 0;)
    for (nirc_snn_stmt *t = file_at(x, k)->items; t; t = t->next)
      if (t->kind == NIRC_SNN_TEMPLATE && !find_template(x, t->name))
        nirc_snn_table_add(&x->templates, x->a, t->name, t);
  while (n-- > 0)
    for (const nirc_snn_stmt *t = file_at(x, n)->items; t && x->e->d->errors < NIRC_MAX_ERRORS; t = t->next)
      if (t->kind == NIRC_SNN_CONST)
        ok &= expand_const(x, x->globals, t);
      else if (t->kind == NIRC_SNN_TEMPLATE)
        ok &= check_template(x, t);
  return ok;
}

nirc_snn_graph *nirc_snn_expand(nirc_snn_eval *e, const nirc_snn_files *files, const nirc_snn_stmt *network, double *dt, const char **version)
{
  expander x = {.e = e, .a = e->m->arena, .files = files};
  nirc_snn_graph *g = NIRC_NEW(x.a, nirc_snn_graph);
  g->nodes_end = &g->nodes;
  g->loc = network->loc;
  nirc_snn_scope *s = NIRC_NEW(x.a, nirc_snn_scope);
  s->outer = x.globals = NIRC_NEW(x.a, nirc_snn_scope);
  *dt = 0;
  *version = NULL;
  bool ok = define_globals(&x);
  ok &= network_arguments(&x, network, dt, version);
  block b = {.graph = g, .prefix = ""};
  b.pending_end = &b.pending;
  ok &= expand(&x, &b, s, network->body);
  ok &= resolve(&x, &b);
  return ok && nirc_snn_connect(e, g) ? g : NULL;
}
