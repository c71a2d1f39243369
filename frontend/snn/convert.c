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
  if (x < 0x1p-14)                                   /* subnormal: multiples of 2^-24; 1024 of them are the smallest normal number */
    return (uint16_t)(sign | (uint16_t)rint(ldexp(x, 24)));
  int exponent;
  frexp(x, &exponent);                               /* x in [2^(exponent-1), 2^exponent), so that 1024 to 2048 steps of 2^(exponent-11) remain */
  return (uint16_t)(sign | (((uint32_t)(exponent + 13) << 10) + (uint32_t)rint(ldexp(x, 11 - exponent))));
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

/* Element i as a sign and a magnitude, with all its bits; false where it is no whole number. */
static bool whole_at(const nirc_snn_value *v, size_t i, double number, bool *negative, uint64_t *magnitude)
{
  int64_t n;
  if (v->kind == NIRC_SNN_V_NUMBER && v->whole) {
    *negative = v->negative;
    *magnitude = v->magnitude;
  } else if (v->kind == NIRC_SNN_V_TYPED && nirc_blob_get_int(v->blob, i, &n)) {
    *negative = n < 0;
    *magnitude = *negative ? UINT64_C(0) - (uint64_t)n : (uint64_t)n;
  } else if (v->kind == NIRC_SNN_V_TYPED && v->blob->dtype == NIRC_U64) {
    *negative = false;
    memcpy(magnitude, (const char *)v->blob->data + (v->blob->splat ? 0 : i) * sizeof *magnitude, sizeof *magnitude);
  } else {
    if (v->rounded || !(fabs(number) < 0x1p64) || number != floor(number))
      return false;
    *negative = number < 0;
    *magnitude = (uint64_t)fabs(number);
  }
  return true;
}

static bool store_whole(nirc_dtype t, void *to, const nirc_snn_value *v, size_t i, double number)
{
  bool negative;
  uint64_t magnitude;
  if (!whole_at(v, i, number, &negative, &magnitude) || !fits(t, negative, magnitude))
    return false;
  uint64_t bits = negative ? UINT64_C(0) - magnitude : magnitude;
  memcpy(to, &bits, nirc_dtype_size(t));             /* little-endian machines only: configure says so */
  return true;
}

/* Element i; false where it does not fit. */
static bool store(nirc_dtype t, void *to, const nirc_snn_value *v, size_t i, double number)
{
  if (v->kind == NIRC_SNN_V_TYPED && v->blob->dtype == t) {     /* bits of NaNs too */
    memcpy(to, (const char *)v->blob->data + (v->blob->splat ? 0 : i) * nirc_dtype_size(t), nirc_dtype_size(t));
    return true;
  }
  if (!nirc_dtype_is_float(t))
    return v->kind != NIRC_SNN_V_BITS && store_whole(t, to, v, i, number);
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

/* Of a number that counts for all elements, one is kept. */
static bool count(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_value *v, const nirc_shape *shape, bool *splat, size_t *n)
{
  *splat = (v->kind == NIRC_SNN_V_NUMBER || v->kind == NIRC_SNN_V_BITS) && nirc_shape_count(shape, n) && *n > 1 && *n <= NIRC_SNN_MAX_ELEMENTS;
  return *splat || nirc_snn_count(x, s, v->loc, shape, n);
}

static bool shape_of(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_value *v, const nirc_shape *wanted, nirc_shape *out)
{
  *out = v->kind == NIRC_SNN_V_ARRAY ? v->shape : v->kind == NIRC_SNN_V_TYPED ? v->blob->shape : v->kind == NIRC_SNN_V_RANDOM && v->shaped ? v->shape : wanted ? *wanted : nirc_shape_scalar();
  if (v->kind == NIRC_SNN_V_RANDOM && !v->shaped && !wanted) {
    nirc_error(x->d, nirc_snn_at(s, v->loc), "nothing tells the shape of these random values here");
    return false;
  }
  return true;
}

static void report_misfit(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_value *v, nirc_dtype t, size_t i)
{
  bool ints = !nirc_dtype_is_float(t);
  const char *what = v->kind == NIRC_SNN_V_BITS     ? "this"
                     : v->kind == NIRC_SNN_V_NUMBER ? nirc_arena_printf(x->m->arena, "%g", v->x)
                     : v->kind == NIRC_SNN_V_ARRAY  ? nirc_arena_printf(x->m->arena, "element %zu, %g,", i, v->data[i])
                                                    : nirc_arena_printf(x->m->arena, "element %zu", i);
  if (ints && v->rounded)
    nirc_error(x->d, nirc_snn_at(s, v->loc), "a whole number in this is rounded, since lists and arithmetic are float64; %s[...](...) keeps each element", nirc_dtype_name(t));
  else
    nirc_error(x->d, nirc_snn_at(s, v->loc), "%s does not fit %s%s", what, nirc_dtype_name(t), v->kind == NIRC_SNN_V_BITS || !ints ? "" : ", which holds whole numbers");
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
  bool splat;
  if (!count(x, s, v, &shape, &splat, &n))
    return NULL;
  void *data;
  nirc_blob *b = nirc_module_hold(x->m, nirc_blob_new(x->m->heap, t, &shape, splat, &data));
  nirc_random r;
  nirc_random_init(&r, v->random.seed);
  for (size_t i = 0; i < (splat ? 1 : n); i++)
    if (!store(t, (char *)data + i * size, v, i, number_at(v, &r, i))) {
      report_misfit(x, s, v, t, i);
      return NULL;
    }
  return b;
}

bool nirc_snn_store(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_value *v, nirc_dtype t, void *to)
{
  if (v->kind == NIRC_SNN_V_NUMBER || v->kind == NIRC_SNN_V_BITS) {
    bool fits_in = store(t, to, v, 0, number_at(v, NULL, 0));
    if (!fits_in)
      report_misfit(x, s, v, t, 0);
    return fits_in;
  }
  const nirc_blob *one = nirc_snn_blob(x, s, v, t, NULL);
  if (one && one->count == 1)
    memcpy(to, one->data, nirc_dtype_size(t));
  else if (one)
    nirc_error(x->d, nirc_snn_at(s, v->loc), "this is %s; a number is wanted", nirc_snn_describe(x, v));
  return one && one->count == 1;
}
