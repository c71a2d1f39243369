/* ir/equation_eval.c: what the operations of an equation compute.
 * One + - * / of f32 computed in f64 and rounded is the correctly rounded f32 result: 53 bits are more than twice 24 and two. */
#include <math.h>

#include "ir/equation.h"

static double round_to(nirc_dtype type, double x)
{
  return type == NIRC_F32 ? (double)(float)x : x;
}

static int64_t saturated(double x)
{
  if (isnan(x))
    return 0;
  return x >= 0x1p63 ? INT64_MAX : x <= -0x1p63 ? INT64_MIN : (int64_t)x;
}

static nirc_eq_value convert(nirc_dtype from, nirc_dtype to, nirc_eq_value a)
{
  if (to == NIRC_I16)
    return (nirc_eq_value){.i = a.i > INT16_MAX ? INT16_MAX : a.i < INT16_MIN ? INT16_MIN : a.i};
  if (to == NIRC_I64)
    return (nirc_eq_value){.i = from == NIRC_I64 || from == NIRC_I16 ? a.i : saturated(a.f)};
  if (from != NIRC_I64 && from != NIRC_I16)
    return (nirc_eq_value){.f = round_to(to, a.f)};
  return (nirc_eq_value){.f = to == NIRC_F32 ? (double)(float)a.i : (double)a.i};
}

static bool near(double a, double b)
{
  return fabs(a - b) <= 1e-5 * fmax(fabs(a), fabs(b));
}

static nirc_eq_value apply_i64(nirc_eq_code code, int64_t a, int64_t b)
{
  uint64_t x = (uint64_t)a, y = (uint64_t)b;
  nirc_eq_value r = {0};
  switch (code) {
  case NIRC_EQ_NEG: r.i = (int64_t)(0 - x); break;
  case NIRC_EQ_ADD: r.i = (int64_t)(x + y); break;
  case NIRC_EQ_SUB: r.i = (int64_t)(x - y); break;
  case NIRC_EQ_MUL: r.i = (int64_t)(x * y); break;
  case NIRC_EQ_DIV: r.i = b > 0 ? a / b : 0; break;
  case NIRC_EQ_SHIFT: b = b < 0 || b > 63 ? 63 : b; r.i = a < 0 ? ~(~a >> b) : a >> b; break;
  case NIRC_EQ_WRAP16: r.i = (int64_t)(x & 0x7fff) - (int64_t)(x & 0x8000); break;
  case NIRC_EQ_ABS: r.i = a < 0 ? (int64_t)(0 - x) : a; break;
  case NIRC_EQ_MAX: r.i = a > b ? a : b; break;
  case NIRC_EQ_MIN: r.i = a < b ? a : b; break;
  case NIRC_EQ_GT: r.f = a > b; break;
  case NIRC_EQ_GE: r.f = a >= b; break;
  case NIRC_EQ_LT: r.f = a < b; break;
  case NIRC_EQ_LE: r.f = a <= b; break;
  case NIRC_EQ_EQ: r.f = a == b; break;
  case NIRC_EQ_NE: r.f = a != b; break;
  default: break;
  }
  return r;
}

static double apply_float(nirc_eq_code code, double a, double b)
{
  switch (code) {
  case NIRC_EQ_NEG: return -a;
  case NIRC_EQ_ADD: return a + b;
  case NIRC_EQ_SUB: return a - b;
  case NIRC_EQ_MUL: return a * b;
  case NIRC_EQ_DIV: return a / b;
  case NIRC_EQ_GT: return a > b;
  case NIRC_EQ_GE: return a >= b;
  case NIRC_EQ_LT: return a < b;
  case NIRC_EQ_LE: return a <= b;
  case NIRC_EQ_EQ: return a == b;
  case NIRC_EQ_NE: return a != b;
  case NIRC_EQ_AND: return a != 0 && b != 0;
  case NIRC_EQ_OR: return a != 0 || b != 0;
  case NIRC_EQ_TRUNC: return trunc(a);
  case NIRC_EQ_FLOOR: return floor(a);
  case NIRC_EQ_RINT: return rint(a);
  case NIRC_EQ_ABS: return fabs(a);
  case NIRC_EQ_MAX: return a > b ? a : b;
  case NIRC_EQ_MIN: return a < b ? a : b;
  case NIRC_EQ_EXP: return exp(a);
  case NIRC_EQ_EXPM1: return expm1(a);
  case NIRC_EQ_LOG: return log(a);
  case NIRC_EQ_NEAR: return near(a, b);
  default: return 0;
  }
}

nirc_eq_value nirc_eq_apply(const nirc_equation *q, const nirc_eq_node *n, const nirc_eq_value arg[3])
{
  nirc_dtype from = q->nodes[n->arg[0]].type;
  switch (n->code) {
  case NIRC_EQ_NUMBER: return n->number;
  case NIRC_EQ_CONVERT: return convert(from, n->type, arg[0]);
  case NIRC_EQ_SELECT: return arg[0].f != 0 ? arg[1] : arg[2];
  case NIRC_EQ_FMA:
    return (nirc_eq_value){.f = n->type == NIRC_F32 ? (double)fmaf((float)arg[0].f, (float)arg[1].f, (float)arg[2].f) : fma(arg[0].f, arg[1].f, arg[2].f)};
  default:
    if (from == NIRC_I64 || from == NIRC_I16)
      return apply_i64(n->code, arg[0].i, arg[1].i);
    return (nirc_eq_value){.f = round_to(n->type, apply_float(n->code, arg[0].f, arg[1].f))};
  }
}

void nirc_equation_eval(const nirc_equation *q, const nirc_eq_value *inputs, nirc_eq_value *values)
{
  for (uint32_t i = 0; i < q->n_nodes; i++) {
    const nirc_eq_node *n = &q->nodes[i];
    nirc_eq_value arg[3] = {{0}};
    for (unsigned k = 0; k < nirc_eq_n_args(n->code); k++)
      arg[k] = values[n->arg[k]];
    values[i] = n->code == NIRC_EQ_INPUT ? inputs[n->arg[0]] : nirc_eq_apply(q, n, arg);
  }
}

/* What goes over a layer: one value for all n elements. */
static double over_layer(nirc_eq_code code, const nirc_eq_value *a, size_t n)
{
  double least = a[0].f, most = a[0].f, sum = 0;
  for (size_t e = 0; e < n; e++) {
    least = fmin(least, a[e].f);
    most = fmax(most, a[e].f);
    sum += a[e].f;
  }
  switch (code) {
  case NIRC_EQ_FIRST: return a[0].f;
  case NIRC_EQ_LEAST: return least;
  case NIRC_EQ_MOST: return most;
  case NIRC_EQ_MEAN: return sum / (double)n;
  default: return most - least <= 1e-6 * fmax(fabs(most), fabs(least));
  }
}

void nirc_equation_eval_layer(const nirc_equation *q, const nirc_eq_value *const *inputs, const bool *single, size_t n, nirc_eq_value *values)
{
  for (uint32_t i = 0; n && i < q->n_nodes; i++) {
    const nirc_eq_node *node = &q->nodes[i];
    nirc_eq_value *to = values + i * n, all = {0};
    bool layer = node->code >= NIRC_EQ_FIRST;
    if (layer)
      all.f = round_to(node->type, over_layer(node->code, values + node->arg[0] * n, n));
    for (size_t e = 0; e < n; e++) {
      nirc_eq_value arg[3] = {{0}};
      for (unsigned k = 0; !layer && k < nirc_eq_n_args(node->code); k++)
        arg[k] = values[node->arg[k] * n + e];
      if (layer)
        to[e] = all;
      else
        to[e] = node->code == NIRC_EQ_INPUT ? inputs[node->arg[0]][single[node->arg[0]] ? 0 : e] : nirc_eq_apply(q, node, arg);
    }
  }
}
