/* frontend/snn/convert.c: values to arrays of one element type. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/snn/random.h"
#include "frontend/snn/value.h"

/* The float16 nearest to x, halves to even; infinity beyond the range. */
static uint16_t to_half(double x)
{
  uint16_t sign = signbit(x) ? 0x8000 : 0;
  x = fabs(x);
  if (isnan(x))
    return (uint16_t)(sign | 0x7e00);
  if (x >= 65520)
    return (uint16_t)(sign | 0x7c00);
  int exponent;
  frexp(x, &exponent);                               /* x in [2^(exponent-1), 2^exponent) */
  if (exponent < -13)
    return (uint16_t)(sign | (uint16_t)rint(ldexp(x, 24)));
  return (uint16_t)(sign | (((uint32_t)(exponent + 13) << 10) + ((uint32_t)rint(ldexp(x, 11 - exponent)) - 1024)));
}

/* Range of an integer type as a sign and two magnitudes. */
static bool fits(nirc_dtype t, bool negative, uint64_t magnitude)
{
  unsigned bits = (unsigned)nirc_dtype_size(t) * 8;
  if (t == NIRC_BOOL)
    return !negative && magnitude < 2;
  if (t >= NIRC_U8 && t <= NIRC_U64)
    return !negative && (bits == 64 || magnitude >> bits == 0);
  return magnitude < (UINT64_C(1) << (bits - 1)) || (negative && magnitude == UINT64_C(1) << (bits - 1));
}

static bool store_whole(nirc_dtype t, void *to, const nirc_snn_value *v, double number)
{
  bool exact = v->kind == NIRC_SNN_V_NUMBER && v->whole, negative = exact ? v->negative : number < 0;
  if (!exact && (!(fabs(number) < 0x1p63) || number != floor(number)))
    return false;
  uint64_t magnitude = exact ? v->magnitude : (uint64_t)fabs(number), bits = negative ? UINT64_C(0) - magnitude : magnitude;
  memcpy(to, &bits, nirc_dtype_size(t));             /* little-endian machines only: configure says so */
  return fits(t, negative, magnitude);
}

/* One element; false where it does not fit. */
static bool store(nirc_dtype t, void *to, const nirc_snn_value *v, double number)
{
  if (!nirc_dtype_is_float(t))
    return v->kind != NIRC_SNN_V_BITS && store_whole(t, to, v, number);
  if (v->kind == NIRC_SNN_V_BITS) {
    memcpy(to, &v->magnitude, nirc_dtype_size(t));
    return nirc_dtype_size(t) == 8 || v->magnitude >> (8 * nirc_dtype_size(t)) == 0;
  }
  float narrow = (float)number;
  uint16_t half = to_half(number);
  memcpy(to, t == NIRC_F16 ? (void *)&half : t == NIRC_F32 ? (void *)&narrow : (void *)&number, nirc_dtype_size(t));
  return !isfinite(number) || isfinite(nirc_dtype_get(t, to, 0));
}

static double draw(nirc_random *r, const nirc_snn_random *of)
{
  return of->kind == 'u' ? nirc_random_uniform(r, of->a, of->b) : of->kind == 'n' ? nirc_random_normal(r, of->a, of->b) : nirc_random_bernoulli(r, of->a);
}

/* The number that v has for element i; random ones are drawn in order. */
static double number_at(const nirc_snn_value *v, nirc_random *r, size_t i)
{
  switch (v->kind) {
  case NIRC_SNN_V_NUMBER: return v->x;
  case NIRC_SNN_V_ARRAY: return v->data[i];
  case NIRC_SNN_V_TYPED: return nirc_blob_get(v->blob, i);
  case NIRC_SNN_V_RANDOM: return draw(r, &v->random);
  default: return 0;                                 /* bits */
  }
}

static bool shape_of(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_value *v, const nirc_shape *wanted, nirc_shape *out)
{
  *out = v->kind == NIRC_SNN_V_ARRAY ? v->shape : v->kind == NIRC_SNN_V_TYPED ? v->blob->shape : v->kind == NIRC_SNN_V_RANDOM && v->shaped ? v->shape : wanted ? *wanted : nirc_shape_scalar();
  if (v->kind == NIRC_SNN_V_RANDOM && !v->shaped && !wanted) {
    nirc_error(x->d, nirc_snn_at(s, v->loc), "nothing tells the shape of these random values here");
    return false;
  }
  size_t n;
  if (nirc_shape_count(out, &n) && n <= NIRC_SNN_MAX_ELEMENTS)
    return true;
  nirc_error_status(x->d, NIRC_STATUS_LIMIT, nirc_snn_at(s, v->loc), "an array of shape %s has more than %d elements", nirc_shape_text(x->m->arena, out), NIRC_SNN_MAX_ELEMENTS);
  return false;
}

nirc_blob *nirc_snn_blob(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_value *v, nirc_dtype t, const nirc_shape *wanted)
{
  nirc_shape shape;
  if (v->kind >= NIRC_SNN_V_TEXT) {
    nirc_error(x->d, nirc_snn_at(s, v->loc), "this is %s; numbers are wanted", nirc_snn_describe(x, v));
    return NULL;
  }
  if (!shape_of(x, s, v, wanted, &shape))
    return NULL;
  size_t n, size = nirc_dtype_size(t);
  nirc_shape_count(&shape, &n);
  bool splat = n > 1 && (v->kind == NIRC_SNN_V_NUMBER || v->kind == NIRC_SNN_V_BITS);
  void *data;
  nirc_blob *b = nirc_module_hold(x->m, nirc_blob_new(x->m->heap, t, &shape, splat, &data));
  nirc_random r;
  nirc_random_init(&r, v->random.seed);
  for (size_t i = 0; i < (splat ? 1 : n); i++) {
    double number = number_at(v, &r, i);
    if (store(t, (char *)data + i * size, v, number))
      continue;
    const char *what = v->kind == NIRC_SNN_V_BITS ? "this"
                       : n > 1 && !splat          ? nirc_arena_printf(x->m->arena, "element %zu, %g,", i, number)
                                                  : nirc_arena_printf(x->m->arena, "%g", number);
    nirc_error(x->d, nirc_snn_at(s, v->loc), "%s does not fit %s%s", what, nirc_dtype_name(t), v->kind == NIRC_SNN_V_BITS || nirc_dtype_is_float(t) ? "" : ", which holds whole numbers");
    return NULL;
  }
  return b;
}
