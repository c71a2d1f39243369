/* frontend/snn/functions.c: NAME(...) in an expression: functions, and arrays of a stated type. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "frontend/snn/value.h"

#define FAULT(e, ...) (nirc_error(x->d, nirc_snn_at(s, (e)->loc), __VA_ARGS__), false)

enum { MAX_PARAMS = 5 };

/* A call whose arguments were put in their places. `shape` is evaluated as a shape, others as values. */
typedef struct call {
  const nirc_snn_expr *e;
  const nirc_snn_scope *s;
  bool given[MAX_PARAMS];
  nirc_snn_value v[MAX_PARAMS];
  nirc_shape shape;
} call;

typedef struct function {
  const char *name;
  const char *params[MAX_PARAMS];                    /* one that may be left out begins with ? */
  bool (*run)(nirc_snn_eval *x, call *c, nirc_snn_value *out);
} function;

/* ---- making arrays ------------------------------------------------------------------------------------------------------------ */

static double *new_array(nirc_snn_eval *x, call *c, const nirc_shape *shape, nirc_snn_value *out)
{
  size_t n;
  if (!nirc_snn_count(x, c->s, c->e->loc, shape, &n))
    return NULL;
  double *data = NIRC_NEW_ARRAY(x->m->arena, double, n);
  *out = (nirc_snn_value){.kind = NIRC_SNN_V_ARRAY, .loc = c->e->loc, .shape = *shape, .data = data};
  return data;
}

static bool run_zeros(nirc_snn_eval *x, call *c, nirc_snn_value *out)
{
  return new_array(x, c, &c->shape, out) != NULL;
}

static bool run_ones(nirc_snn_eval *x, call *c, nirc_snn_value *out)
{
  double *data = new_array(x, c, &c->shape, out);
  size_t n = 0;
  if (data)
    nirc_shape_count(&c->shape, &n);
  for (size_t i = 0; i < n; i++)
    data[i] = 1;
  return data != NULL;
}

static bool whole(nirc_snn_eval *x, call *c, int i, int64_t low, int64_t *out)
{
  if (nirc_snn_whole(&c->v[i], out) && *out >= low && *out <= NIRC_SNN_MAX_ELEMENTS)
    return true;
  nirc_error(x->d, nirc_snn_at(c->s, c->v[i].loc), "a whole number of at least %" PRId64 " is wanted", low);
  return false;
}

static bool run_eye(nirc_snn_eval *x, call *c, nirc_snn_value *out)
{
  int64_t n;
  if (!whole(x, c, 0, 0, &n))
    return false;
  double *data = new_array(x, c, &(nirc_shape){.rank = 2, .dims = {(uint64_t)n, (uint64_t)n}}, out);
  for (int64_t i = 0; data && i < n; i++)
    data[i * n + i] = 1;
  return data != NULL;
}

static bool number(nirc_snn_eval *x, call *c, int i, nirc_dims *dims)
{
  const nirc_snn_scope *s = c->s;
  const nirc_snn_value *v = &c->v[i];
  const nirc_dims none = {0};
  if (v->kind != NIRC_SNN_V_NUMBER)
    return FAULT(v, "this is %s; a number is wanted", nirc_snn_describe(x, v));
  if (!nirc_dims_equal(*dims, none) && !nirc_dims_equal(v->dims, none) && !nirc_dims_equal(*dims, v->dims))
    return FAULT(v, "this is %s beside %s", nirc_dims_word(v->dims), nirc_dims_word(*dims));
  if (!nirc_dims_equal(v->dims, none))
    *dims = v->dims;
  return true;
}

static bool run_linspace(nirc_snn_eval *x, call *c, nirc_snn_value *out)
{
  int64_t n;
  nirc_dims dims = {0};
  if (!number(x, c, 0, &dims) || !number(x, c, 1, &dims) || !whole(x, c, 2, 2, &n))
    return false;
  nirc_shape shape = nirc_shape_1d((uint64_t)n);
  double *data = new_array(x, c, &shape, out), first = c->v[0].x, step = (c->v[1].x - first) / (double)(n - 1);
  if (!data)
    return false;
  for (int64_t i = 0; i < n; i++)
    data[i] = first + (double)i * step;
  out->dims = dims;
  return true;
}

static bool run_reshape(nirc_snn_eval *x, call *c, nirc_snn_value *out)
{
  const nirc_snn_scope *s = c->s;
  size_t a, b;
  *out = c->v[0];
  out->loc = c->e->loc;
  if (out->kind == NIRC_SNN_V_TYPED) {
    nirc_shape_count(&c->shape, &b);
    if (out->blob->count != b)
      return FAULT(c->e, "%zu elements cannot have the shape %s", out->blob->count, nirc_shape_text(x->m->arena, &c->shape));
    const nirc_blob *from = out->blob;
    void *data;
    out->blob = nirc_module_hold(x->m, from->splat ? nirc_blob_new(x->m->heap, from->dtype, &c->shape, true, &data) : nirc_blob_borrow(x->m->heap, from->dtype, &c->shape, from->data));
    if (from->splat)
      memcpy(data, from->data, nirc_dtype_size(from->dtype));
    return true;
  }
  if (!nirc_snn_elements(x, s, out))
    return false;
  nirc_shape_count(&out->shape, &a);
  nirc_shape_count(&c->shape, &b);
  out->shape = c->shape;
  return a == b || FAULT(c->e, "%zu elements cannot have the shape %s", a, nirc_shape_text(x->m->arena, &c->shape));
}

/* Elements of `size` bytes, the axes in reverse order. */
static void permute(void *to, const void *from, size_t size, const nirc_shape *shape, size_t n)
{
  size_t stride[NIRC_MAX_RANK], step = 1;
  uint64_t at[NIRC_MAX_RANK] = {0};
  for (uint32_t i = 0; i < shape->rank; i++) {       /* axis i of the result is axis rank-1-i of what is given */
    stride[i] = step;
    step *= (size_t)shape->dims[shape->rank - 1 - i];
  }
  for (size_t i = 0; i < n; i++) {
    size_t place = 0;
    for (uint32_t k = 0; k < shape->rank; k++)
      place += (size_t)at[k] * stride[k];
    memcpy((char *)to + i * size, (const char *)from + place * size, size);
    for (uint32_t k = shape->rank; k-- > 0 && ++at[k] == shape->dims[shape->rank - 1 - k];)
      at[k] = 0;
  }
}

/* The same element type for arrays that have one. */
static bool run_transpose(nirc_snn_eval *x, call *c, nirc_snn_value *out)
{
  nirc_snn_value v = c->v[0];
  bool typed = v.kind == NIRC_SNN_V_TYPED;
  if (!typed && !nirc_snn_elements(x, c->s, &v))
    return false;
  const nirc_shape *shape = typed ? &v.blob->shape : &v.shape;
  nirc_shape to = *shape;
  size_t n;
  for (uint32_t i = 0; i < to.rank; i++)
    to.dims[i] = shape->dims[to.rank - 1 - i];
  if (typed && !nirc_snn_count(x, c->s, c->e->loc, &to, &n))
    return false;
  if (typed) {
    void *data;
    size_t size = nirc_dtype_size(v.blob->dtype);
    *out = v;
    out->loc = c->e->loc;
    out->blob = nirc_module_hold(x->m, nirc_blob_new(x->m->heap, v.blob->dtype, &to, v.blob->splat, &data));
    if (v.blob->splat)
      memcpy(data, v.blob->data, size);
    else
      permute(data, v.blob->data, size, shape, n);
    return true;
  }
  double *data = new_array(x, c, &to, out);
  if (!data)
    return false;
  nirc_shape_count(&to, &n);
  permute(data, v.data, sizeof *data, shape, n);
  out->dims = v.dims;
  out->whole = v.whole;
  out->rounded = v.rounded;
  return true;
}

/* ---- element by element --------------------------------------------------------------------------------------------------------------- */

static bool each(nirc_snn_eval *x, call *c, nirc_snn_value *out, double (*f)(double))
{
  nirc_snn_value v = c->v[0];
  size_t n;
  if (!nirc_snn_elements(x, c->s, &v))
    return false;
  double *data = new_array(x, c, &v.shape, out);
  nirc_shape_count(&v.shape, &n);
  for (size_t i = 0; data && i < n; i++)
    data[i] = f(v.data[i]);
  if (!data)
    return false;
  out->dims = v.dims;
  if (!v.shape.rank) {
    out->kind = NIRC_SNN_V_NUMBER;
    out->x = data[0];
  }
  return true;
}

static bool run_abs(nirc_snn_eval *x, call *c, nirc_snn_value *out) { return each(x, c, out, fabs); }
static bool run_floor(nirc_snn_eval *x, call *c, nirc_snn_value *out) { return each(x, c, out, floor); }
static bool run_ceil(nirc_snn_eval *x, call *c, nirc_snn_value *out) { return each(x, c, out, ceil); }
static bool run_round(nirc_snn_eval *x, call *c, nirc_snn_value *out) { return each(x, c, out, rint); }

static bool run_sqrt(nirc_snn_eval *x, call *c, nirc_snn_value *out)
{
  const nirc_snn_scope *s = c->s;
  if (!each(x, c, out, sqrt))
    return false;
  if (out->dims.second % 2 || out->dims.volt % 2 || out->dims.ohm % 2)
    return FAULT(c->e, "%s has no square root with a unit", nirc_dims_word(out->dims));
  out->dims = (nirc_dims){(int8_t)(out->dims.second / 2), (int8_t)(out->dims.volt / 2), (int8_t)(out->dims.ohm / 2)};
  return true;
}

static double least(double a, double b) { return b < a ? b : a; }
static double most(double a, double b) { return b > a ? b : a; }

static bool pairs(nirc_snn_eval *x, call *c, nirc_snn_value *out, double (*f)(double, double))
{
  const nirc_snn_scope *s = c->s;
  nirc_snn_value a = c->v[0], b = c->v[1];
  size_t n;
  if (!nirc_snn_elements(x, s, &a) || !nirc_snn_elements(x, s, &b))
    return false;
  if (!nirc_dims_equal(a.dims, b.dims))
    return FAULT(c->e, "%s and %s cannot be compared", nirc_dims_word(a.dims), nirc_dims_word(b.dims));
  if (a.shape.rank && b.shape.rank && !nirc_shape_equal(&a.shape, &b.shape))
    return FAULT(c->e, "arrays of shapes %s and %s do not go together", nirc_shape_text(x->m->arena, &a.shape), nirc_shape_text(x->m->arena, &b.shape));
  double *data = new_array(x, c, a.shape.rank ? &a.shape : &b.shape, out);
  nirc_shape_count(&out->shape, &n);
  for (size_t i = 0; data && i < n; i++)
    data[i] = f(a.data[a.shape.rank ? i : 0], b.data[b.shape.rank ? i : 0]);
  if (!data)
    return false;
  out->dims = a.dims;
  if (!out->shape.rank) {
    out->kind = NIRC_SNN_V_NUMBER;
    out->x = data[0];
  }
  return true;
}

static bool run_min(nirc_snn_eval *x, call *c, nirc_snn_value *out) { return pairs(x, c, out, least); }
static bool run_max(nirc_snn_eval *x, call *c, nirc_snn_value *out) { return pairs(x, c, out, most); }

/* ---- random ------------------------------------------------------------------------------------------------------------------------------ */

/* Parameters of all three: shape, a, b, seed; bernoulli has no b. */
static bool run_random(nirc_snn_eval *x, call *c, nirc_snn_value *out, char kind, double a, double b, int seed)
{
  const nirc_snn_scope *s = c->s;
  nirc_snn_random r = {.kind = kind, .a = a, .b = b};
  int64_t small;
  for (int i = 1; i < seed; i++)
    if (c->given[i] && !number(x, c, i, &r.dims))
      return false;
  r.a = c->given[1] ? c->v[1].x : a;
  r.b = seed > 2 && c->given[2] ? c->v[2].x : b;
  const nirc_snn_value *v = &c->v[seed];
  if (!(v->kind == NIRC_SNN_V_NUMBER && v->whole && !v->negative) && (!nirc_snn_whole(v, &small) || small < 0))
    return FAULT(v, "a seed is a whole number from 0 to 2^64 - 1");
  r.seed = v->kind == NIRC_SNN_V_NUMBER && v->whole ? v->magnitude : (uint64_t)small;
  *out = (nirc_snn_value){.kind = NIRC_SNN_V_RANDOM, .loc = c->e->loc, .shaped = c->given[0], .shape = c->shape, .random = r, .dims = r.dims};
  if (kind == 'b' && !nirc_dims_equal(r.dims, (nirc_dims){0}))
    return FAULT(&c->v[1], "p is %s; a probability has no unit", nirc_dims_word(r.dims));
  if (kind == 'b' && !(r.a >= 0 && r.a <= 1))
    return FAULT(&c->v[1], "p = %g is no probability", r.a);
  return true;
}

static bool run_uniform(nirc_snn_eval *x, call *c, nirc_snn_value *out) { return run_random(x, c, out, 'u', 0, 1, 3); }
static bool run_normal(nirc_snn_eval *x, call *c, nirc_snn_value *out) { return run_random(x, c, out, 'n', 0, 1, 3); }
static bool run_bernoulli(nirc_snn_eval *x, call *c, nirc_snn_value *out) { return run_random(x, c, out, 'b', 0, 0, 2); }

/* ---- calling -------------------------------------------------------------------------------------------------------------------------------- */

static const function functions[] = {
  {"abs", {"x"}, run_abs},
  {"bernoulli", {"?shape", "p", "seed"}, run_bernoulli},
  {"ceil", {"x"}, run_ceil},
  {"eye", {"n"}, run_eye},
  {"floor", {"x"}, run_floor},
  {"linspace", {"first", "last", "n"}, run_linspace},
  {"max", {"a", "b"}, run_max},
  {"min", {"a", "b"}, run_min},
  {"normal", {"?shape", "?mean", "?std", "seed"}, run_normal},
  {"ones", {"shape"}, run_ones},
  {"reshape", {"x", "shape"}, run_reshape},
  {"round", {"x"}, run_round},
  {"sqrt", {"x"}, run_sqrt},
  {"transpose", {"x"}, run_transpose},
  {"uniform", {"?shape", "?low", "?high", "seed"}, run_uniform},
  {"zeros", {"shape"}, run_zeros},
};

const char *nirc_snn_function_name(size_t i)
{
  return i < sizeof functions / sizeof *functions ? functions[i].name : NULL;
}

static void suggest_function(nirc_guess *g, const char *name)
{
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
    nirc_guess_consider(g, name, functions[i].name);
  for (int t = 0; t < NIRC_N_DTYPES; t++)
    nirc_guess_consider(g, name, nirc_dtype_name((nirc_dtype)t));
}

static const char *param_name(const function *f, int i)
{
  const char *p = i < MAX_PARAMS ? f->params[i] : NULL;
  return p && *p == '?' ? p + 1 : p;
}

/* The parameter that an argument is for; -1 after a diagnostic. */
static int place(nirc_snn_eval *x, call *c, const function *f, const nirc_snn_arg *a, int position)
{
  int i = 0;
  if (!a->name) {
    if (param_name(f, position))
      return position;
    nirc_error(x->d, nirc_snn_at(c->s, a->loc), "%s takes no argument here", f->name);
    return -1;
  }
  while (param_name(f, i) && strcmp(param_name(f, i), a->name))
    i++;
  if (param_name(f, i))
    return i;
  nirc_guess g = {0};
  for (i = 0; param_name(f, i); i++)
    nirc_guess_consider(&g, a->name, param_name(f, i));
  nirc_error(x->d, nirc_snn_at(c->s, a->loc), "%s has no parameter '%s'", f->name, a->name);
  nirc_guess_note(&g, x->d, a->loc);
  return -1;
}

static bool bind(nirc_snn_eval *x, call *c, const function *f)
{
  int position = 0;
  for (const nirc_snn_arg *a = c->e->args; a; a = a->next) {
    int i = place(x, c, f, a, a->name ? -1 : position++);
    if (i < 0)
      return false;
    if (c->given[i]) {
      nirc_error(x->d, nirc_snn_at(c->s, a->loc), "%s is given twice", param_name(f, i));
      return false;
    }
    c->given[i] = true;
    bool ok = strcmp(param_name(f, i), "shape") == 0 ? nirc_snn_evaluate_shape(x, c->s, a->value, &c->shape) : nirc_snn_evaluate(x, c->s, a->value, &c->v[i]);
    if (!ok)
      return false;
  }
  for (int i = 0; param_name(f, i); i++)
    if (!c->given[i] && f->params[i][0] != '?') {
      nirc_error(x->d, nirc_snn_at(c->s, c->e->loc), "%s needs %s%s", f->name, param_name(f, i), strcmp(param_name(f, i), "seed") ? "" : ", so that the same network comes out each time");
      return false;
    }
  return true;
}

/* TYPE[shape](...): one value for all, or each. */
static bool typed(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_expr *e, nirc_dtype t, nirc_snn_value *out)
{
  nirc_shape shape = nirc_shape_scalar();
  size_t n = 0, count;
  nirc_snn_value v;
  if (e->shape && !nirc_snn_evaluate_shape(x, s, e->shape, &shape))
    return false;
  nirc_shape_count(&shape, &count);
  for (const nirc_snn_arg *a = e->args; a; a = a->next) {
    if (a->name)
      return FAULT(a, "%s takes values without names", e->text);
    n++;
  }
  *out = (nirc_snn_value){.kind = NIRC_SNN_V_TYPED, .loc = e->loc};
  if (n == 1) {
    if (!nirc_snn_evaluate(x, s, e->args->value, &v) || !(out->blob = nirc_snn_blob(x, s, &v, t, &shape)))
      return false;
    out->dims = v.dims;
    return !e->shape || nirc_shape_equal(&out->blob->shape, &shape) ||
           FAULT(e->args, "this is %s; shape %s is wanted", nirc_snn_describe(x, &v), nirc_shape_text(x->m->arena, &shape));
  }
  if (n != count)
    return FAULT(e, "%zu values for %zu elements of shape %s; one for all, or one for each are wanted", n, count, nirc_shape_text(x->m->arena, &shape));
  void *data;
  out->blob = nirc_module_hold(x->m, nirc_blob_new(x->m->heap, t, &shape, false, &data));
  n = 0;
  for (const nirc_snn_arg *a = e->args; a; a = a->next, n++)
    if (!nirc_snn_evaluate(x, s, a->value, &v) || !nirc_snn_same_dims(x, s, out, &v) || !nirc_snn_store(x, s, &v, t, (char *)data + n * nirc_dtype_size(t)))
      return false;
  return true;
}

/* strings[shape](...), for metadata. */
static bool strings(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_expr *e, nirc_snn_value *out)
{
  nirc_shape shape;
  size_t n = 0, count;
  if (!e->shape)
    return FAULT(e, "strings needs a shape, as in strings[2, 2](...)");
  if (!nirc_snn_evaluate_shape(x, s, e->shape, &shape))
    return false;
  for (const nirc_snn_arg *a = e->args; a; a = a->next)
    n++;
  nirc_shape_count(&shape, &count);
  if (n != count)
    return FAULT(e, "%zu strings for %zu elements of shape %s", n, count, nirc_shape_text(x->m->arena, &shape));
  const char **texts = NIRC_NEW_ARRAY(x->m->arena, const char *, n);
  n = 0;
  for (const nirc_snn_arg *a = e->args; a; a = a->next) {
    nirc_snn_value v;
    if (!nirc_snn_evaluate(x, s, a->value, &v))
      return false;
    if (v.kind != NIRC_SNN_V_TEXT)
      return FAULT(a, "this is %s; text is wanted", nirc_snn_describe(x, &v));
    texts[n++] = v.text;
  }
  *out = (nirc_snn_value){.kind = NIRC_SNN_V_TEXTS, .loc = e->loc, .shape = shape, .texts = texts};
  return true;
}

bool nirc_snn_call(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_expr *e, nirc_snn_value *out)
{
  for (int t = 0; t < NIRC_N_DTYPES; t++)
    if (strcmp(nirc_dtype_name((nirc_dtype)t), e->text) == 0)
      return typed(x, s, e, (nirc_dtype)t, out);
  if (strcmp(e->text, "strings") == 0)
    return strings(x, s, e, out);
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
    if (strcmp(functions[i].name, e->text) == 0) {
      if (e->shape)
        return FAULT(e->shape, "%s takes its shape as an argument: %s([...], ...)", e->text, e->text);
      call *c = NIRC_NEW(x->m->arena, call);
      c->e = e;
      c->s = s;
      return bind(x, c, &functions[i]) && functions[i].run(x, c, out);
    }
  nirc_guess g = {0};
  suggest_function(&g, e->text);
  nirc_error(x->d, nirc_snn_at(s, e->name_loc), nirc_op_def_of_nir_type(e->text) ? "'%s' makes a node; it is no value" : "no function is called '%s'", e->text);
  nirc_guess_note(&g, x->d, e->name_loc);
  return false;
}
