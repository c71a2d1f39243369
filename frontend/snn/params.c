/* frontend/snn/params.c: the parameters of one primitive, from values to attributes, driven by the op table. */
#include <string.h>

#include "frontend/snn/build.h"

typedef struct completer {
  nirc_snn_eval *x;
  nirc_snn_node *n;
  const nirc_shape *in;                              /* what arrives; NULL: not known yet */
  nirc_shape layer;                                  /* of ops whose parameters have the layer's shape */
} completer;

static const nirc_snn_param *find(const nirc_snn_node *n, const char *name)
{
  for (const nirc_snn_param *p = n->params; p; p = p->next)
    if (strcmp(p->name, name) == 0)
      return p;
  return NULL;
}

static bool fault(const completer *c, nirc_loc loc, const char *text)
{
  nirc_error(c->x->d, loc, "'%s': %s", c->n->name, text);
  return false;
}

#define TEXT(...) nirc_arena_printf(c->x->m->arena, __VA_ARGS__)

/* ---- values ------------------------------------------------------------------------------------------------------------- */

/* The shape that a value has by itself. */
static bool own_shape(const nirc_snn_value *v, nirc_shape *out)
{
  if (v->kind == NIRC_SNN_V_ARRAY || (v->kind == NIRC_SNN_V_RANDOM && v->shaped))
    *out = v->shape;
  else if (v->kind == NIRC_SNN_V_TYPED)
    *out = v->blob->shape;
  else
    return false;
  return true;
}

static bool check_dims(const completer *c, const nirc_attr_def *def, const nirc_snn_param *p)
{
  const nirc_dims none = {0}, wanted = nirc_dim_dims(def->dim);
  if (nirc_dims_equal(p->value.dims, none) || nirc_dims_equal(p->value.dims, wanted))
    return true;
  return fault(c, p->loc, TEXT("%s is %s; %s%s is wanted", p->name, nirc_dims_word(p->value.dims), nirc_dims_word(wanted),
                               def->dim == NIRC_DIM_NONE ? " without a unit" : ""));
}

static bool set(const completer *c, const nirc_attr_def *def, nirc_blob *b, nirc_loc loc)
{
  if (!b)
    return false;
  nirc_op_set_blob(c->x->m, c->n->op, def->name, b);
  nirc_op_set_attr_loc(c->n->op, def->name, loc);
  if (!nirc_blob_all_finite(b))
    nirc_warning(c->x->d, loc, "'%s': %s holds a number that is not finite", c->n->name, def->name);
  return true;
}

/* A whole number, or a list of them, as i64. One number counts for both axes of a two-dimensional op. */
static bool set_ints(const completer *c, const nirc_attr_def *def, const nirc_snn_param *p)
{
  int64_t n;
  nirc_shape pair = nirc_shape_1d(2);
  bool both = def->rule == NIRC_SHAPE_AXES && c->n->def->n_axes == 2;
  if (p->value.kind == NIRC_SNN_V_NUMBER && !nirc_snn_whole(&p->value, &n))
    return fault(c, p->loc, TEXT("%s must be a whole number", def->name));
  if (p->value.kind != NIRC_SNN_V_NUMBER || !both)
    return set(c, def, nirc_snn_blob(c->x, c->n->scope, &p->value, NIRC_I64, NULL), p->loc);
  void *data;
  nirc_blob *b = nirc_module_hold(c->x->m, nirc_blob_new(c->x->m->heap, NIRC_I64, &pair, false, &data));
  ((int64_t *)data)[0] = ((int64_t *)data)[1] = n;
  return set(c, def, b, p->loc);
}

/* One parameter; shape is what a number or unshaped random values have, NULL where nothing tells it. */
static bool set_param(const completer *c, const nirc_attr_def *def, const nirc_snn_param *p, const nirc_shape *shape)
{
  if (!check_dims(c, def, p))
    return false;
  nirc_shape own;
  switch (p->value.kind) {
  case NIRC_SNN_V_TYPED: return set(c, def, p->value.blob, p->loc);
  case NIRC_SNN_V_TEXT:
    if (!def->or_string)
      return fault(c, p->loc, TEXT("%s is text; numbers are wanted", def->name));
    nirc_op_set_string(c->x->m, c->n->op, def->name, p->value.text);
    nirc_op_set_attr_loc(c->n->op, def->name, p->loc);
    return true;
  default:
    if (nirc_attr_def_is_whole(def))
      return set_ints(c, def, p);
    if (!shape && !own_shape(&p->value, &own))
      return fault(c, p->loc, TEXT("nothing tells the shape of %s", def->name));
    return set(c, def, nirc_snn_blob(c->x, c->n->scope, &p->value, NIRC_F32, shape), p->loc);
  }
}

/* What stands for a parameter that was left out; NULL where it is to be absent, or (*ok false) needed. */
static const nirc_snn_param *fallback(const completer *c, const nirc_attr_def *def, bool *ok)
{
  if (!def->fallback) {
    if (!def->optional)
      *ok = fault(c, c->n->loc, TEXT("%s needs %s (%s)", c->n->def->nir_type, def->name, def->doc));
    return NULL;
  }
  const nirc_snn_param *other = find(c->n, def->fallback);
  if (other) {
    *ok = nirc_op_attr(c->n->op, other->name) != NULL;                   /* which was set before, unless it has a fault */
    return *ok ? other : NULL;
  }
  nirc_snn_param *p = NIRC_NEW(c->x->m->arena, nirc_snn_param);
  bool one = def->fallback[0] == '1';
  *p = (nirc_snn_param){.name = def->name, .loc = c->n->loc, .value = {.kind = NIRC_SNN_V_NUMBER, .loc = c->n->loc, .whole = true, .magnitude = one, .x = one}};
  return p;
}

/* ---- by kind of primitive -------------------------------------------------------------------------------------------------- */

/* The layer's shape: as it stands in brackets, else that of the first parameter that has one (w_in, which may be a single number, last), else what arrives. */
static bool layer_shape(completer *c)
{
  if (c->n->has_shape) {
    c->layer = c->n->shape;
    return true;
  }
  for (int last = 0; last < 2; last++)
    for (const nirc_snn_param *p = c->n->params; p; p = p->next) {
      const nirc_attr_def *def = nirc_op_def_attr(c->n->def, p->name);
      if (def && def->rule == NIRC_SHAPE_LAYER && def->or_one == last && own_shape(&p->value, &c->layer))
        return true;
    }
  if (c->in)
    c->layer = *c->in;
  return c->in != NULL;
}

/* Does each parameter that has a shape have that of the layer, where it stands in brackets? A single w_in may. */
static bool check_layer(const completer *c)
{
  bool ok = true;
  nirc_shape own;
  for (const nirc_snn_param *p = c->n->params; p && c->n->has_shape; p = p->next) {
    const nirc_attr_def *def = nirc_op_def_attr(c->n->def, p->name);
    if (def && def->rule == NIRC_SHAPE_LAYER && own_shape(&p->value, &own) && !nirc_shape_equal(&own, &c->layer) && (own.rank || !def->or_one))
      ok = fault(c, p->loc, TEXT("%s has shape %s, the layer %s", p->name, nirc_shape_text(c->x->m->arena, &own), nirc_shape_text(c->x->m->arena, &c->layer)));
  }
  return ok;
}

static void set_shape_list(const completer *c, const char *name, const uint64_t *dims, uint32_t rank)
{
  nirc_shape list = nirc_shape_1d(rank);
  void *data;
  nirc_blob *b = nirc_module_hold(c->x->m, nirc_blob_new(c->x->m->heap, NIRC_I64, &list, false, &data));
  memcpy(data, dims, rank * sizeof *dims);
  nirc_op_set_blob(c->x->m, c->n->op, name, b);
}

/* Parameters that what arrives tells. */
static nirc_snn_progress set_from_input(const completer *c, const nirc_attr_def *def)
{
  bool port = c->n->def->input_shape && (c->n->def == nirc_op_defs[NIR_INPUT] || c->n->def == nirc_op_defs[NIR_OUTPUT]);
  if (port && c->n->has_shape) {
    set_shape_list(c, def->name, c->n->shape.dims, c->n->shape.rank);
    return NIRC_SNN_DONE;
  }
  if (!c->in)
    return NIRC_SNN_WAITS;
  if (strcmp(def->name, "input_shape")) {
    set_shape_list(c, def->name, c->in->dims, c->in->rank);
  } else if (c->in->rank != (uint32_t)c->n->def->n_axes + 1) {
    fault(c, c->n->loc, TEXT("a %s takes %d axes, what arrives has shape %s", c->n->def->nir_type, c->n->def->n_axes + 1, nirc_shape_text(c->x->m->arena, c->in)));
    return NIRC_SNN_FAILED;
  } else if (c->n->def->n_axes == 1) {
    nirc_shape scalar = nirc_shape_scalar();
    void *data;
    nirc_op_set_blob(c->x->m, c->n->op, def->name, nirc_module_hold(c->x->m, nirc_blob_new(c->x->m->heap, NIRC_I64, &scalar, false, &data)));
    memcpy(data, c->in->dims + 1, sizeof(int64_t));
  } else {
    set_shape_list(c, def->name, c->in->dims + 1, 2);
  }
  return NIRC_SNN_DONE;
}

/* [..., out, in] of a Linear or Affine whose weight has no shape of its own: its shape in brackets and what arrives. */
static nirc_snn_progress matrix_shape(const completer *c, const nirc_snn_param *weight, nirc_shape *out)
{
  if (own_shape(&weight->value, out))
    return NIRC_SNN_DONE;
  if (!c->n->has_shape || c->n->shape.rank == 0 || c->n->shape.rank == NIRC_MAX_RANK) {
    fault(c, weight->loc, TEXT("nothing tells the shape of weight; say it, or that of the output, as in %s[10](...)", c->n->def->nir_type));
    return NIRC_SNN_FAILED;
  }
  if (!c->in)
    return NIRC_SNN_WAITS;
  if (c->in->rank == 0) {
    fault(c, c->n->loc, "what arrives is a single number; an axis is wanted");
    return NIRC_SNN_FAILED;
  }
  *out = c->n->shape;
  out->dims[out->rank++] = c->in->dims[c->in->rank - 1];
  return NIRC_SNN_DONE;
}

static nirc_snn_progress set_weight(const completer *c, const nirc_attr_def *def, const nirc_snn_param *p)
{
  nirc_shape shape;
  bool matrix = c->n->def->n_axes == 0;
  if (p->value.kind >= NIRC_SNN_V_TEXT) {
    fault(c, p->loc, TEXT("weight is %s; numbers are wanted", nirc_snn_describe(c->x, &p->value)));
    return NIRC_SNN_FAILED;
  }
  nirc_snn_progress how = matrix ? matrix_shape(c, p, &shape) : NIRC_SNN_DONE;
  if (how == NIRC_SNN_DONE && !set_param(c, def, p, matrix ? &shape : NULL))
    how = NIRC_SNN_FAILED;
  return how;
}

/* The number of outputs, which is the shape of a bias; weight is set. */
static bool set_bias(const completer *c, const nirc_attr_def *def, const nirc_snn_param *p)
{
  const nirc_shape *w = &nirc_op_blob(c->n->op, "weight")->shape;
  bool conv = c->n->def->n_axes > 0;
  nirc_shape out = nirc_shape_1d(conv ? (w->rank ? w->dims[0] : 0) : w->rank > 1 ? w->dims[w->rank - 2] : 0);
  return set_param(c, def, p, &out);
}

static nirc_snn_progress set_one(const completer *c, const nirc_attr_def *def)
{
  const nirc_snn_param *p = find(c->n, def->name);
  bool ok = true;
  if (nirc_op_attr(c->n->op, def->name))             /* set when it was tried before */
    return NIRC_SNN_DONE;
  if (!p && def->fallback && strcmp(def->fallback, "input") == 0)
    return set_from_input(c, def);
  if (!p && !(p = fallback(c, def, &ok)))
    return ok ? NIRC_SNN_DONE : NIRC_SNN_FAILED;
  if (strcmp(def->name, "weight") == 0)
    return set_weight(c, def, p);
  if (strcmp(def->name, "bias") == 0)
    ok = set_bias(c, def, p);
  else
    ok = set_param(c, def, p, def->rule == NIRC_SHAPE_LAYER ? &c->layer : NULL);
  return ok ? NIRC_SNN_DONE : NIRC_SNN_FAILED;
}

/* ---- all -------------------------------------------------------------------------------------------------------------------- */

/* Names that the primitive does not have; its metadata. Once. */
static bool check_names(const completer *c)
{
  bool ok = true;
  for (const nirc_snn_param *p = c->n->params; p; p = p->next) {
    if (strcmp(p->name, "metadata") == 0) {
      if (p->value.kind != NIRC_SNN_V_GROUP)
        ok = fault(c, p->loc, "metadata is a group, as in metadata = {key = 1}");
      else if (p->value.group)
        nirc_op_set_attr(c->x->m, c->n->op, "metadata", NIRC_ATTR_DICT)->dict = p->value.group;
      continue;
    }
    if (nirc_op_def_attr(c->n->def, p->name))
      continue;
    nirc_guess g = {0};
    for (size_t i = 0; i < c->n->def->n_attrs; i++)
      nirc_guess_consider(&g, p->name, c->n->def->attrs[i].name);
    ok = fault(c, p->loc, TEXT("%s has no parameter '%s'", c->n->def->nir_type, p->name));
    nirc_guess_note(&g, c->x->d, p->loc);
  }
  return ok;
}

static bool has_layer(const nirc_op_def *def)
{
  return def->n_attrs && def->attrs[0].rule == NIRC_SHAPE_LAYER;
}

/* In byte order of their names, as a file has them. */
static void sort_attrs(nirc_op *op)
{
  nirc_attr *sorted = NULL;
  while (op->attrs) {
    nirc_attr *a = op->attrs, **at = &sorted;
    op->attrs = a->next;
    while (*at && strcmp((*at)->name, a->name) < 0)
      at = &(*at)->next;
    a->next = *at;
    *at = a;
  }
  op->attrs = sorted;
}

nirc_snn_progress nirc_snn_complete(nirc_snn_eval *x, nirc_snn_node *n, const nirc_shape *in, nirc_shape *out)
{
  completer on = {.x = x, .n = n, .in = in}, *c = &on;
  if (!n->state && !check_names(c))
    return NIRC_SNN_FAILED;
  n->state = 1;
  if (has_layer(n->def) && !layer_shape(c))
    return NIRC_SNN_WAITS;
  if (has_layer(n->def) && !check_layer(c))
    return NIRC_SNN_FAILED;
  nirc_snn_progress worst = NIRC_SNN_DONE;
  for (size_t i = 0; i < n->def->n_attrs; i++) {
    nirc_snn_progress how = worst == NIRC_SNN_WAITS ? worst : set_one(c, &n->def->attrs[i]);
    worst = how > worst ? how : worst;
    if (how == NIRC_SNN_FAILED && strcmp(n->def->attrs[i].name, "weight") == 0)
      return how;
  }
  if (worst != NIRC_SNN_DONE)
    return worst;
  sort_attrs(n->op);
  if (n->def->verify && !n->def->verify(x->m, n->op, x->d))
    return NIRC_SNN_FAILED;
  unsigned errors = x->d->errors;
  nirc_shape wanted;
  bool own = n->def->input_shape && n->def->input_shape(n->op, &wanted);
  if (!n->def->infer(x->m, n->op, own ? &wanted : in, out, x->d))
    return x->d->errors == errors ? NIRC_SNN_WAITS : NIRC_SNN_FAILED;
  if (!n->has_shape || nirc_shape_equal(out, &n->shape))
    return NIRC_SNN_DONE;
  fault(c, n->shape_loc, TEXT("this %s sends shape %s, not %s", n->def->nir_type, nirc_shape_text(x->m->arena, out), nirc_shape_text(x->m->arena, &n->shape)));
  return NIRC_SNN_FAILED;
}
