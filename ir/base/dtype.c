#include "ir/base/dtype.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *name;
  size_t size;
  bool is_float;
} table[NIRC_N_DTYPES] = {
  [NIRC_BOOL] = {"i1", 1, false}, [NIRC_I8] = {"i8", 1, false},   [NIRC_I16] = {"i16", 2, false}, [NIRC_I32] = {"i32", 4, false},
  [NIRC_I64] = {"i64", 8, false}, [NIRC_U8] = {"u8", 1, false},   [NIRC_U16] = {"u16", 2, false}, [NIRC_U32] = {"u32", 4, false},
  [NIRC_U64] = {"u64", 8, false}, [NIRC_F16] = {"f16", 2, true},  [NIRC_F32] = {"f32", 4, true},  [NIRC_F64] = {"f64", 8, true},
};

const char *nirc_dtype_name(nirc_dtype t)
{
  return table[t].name;
}

size_t nirc_dtype_size(nirc_dtype t)
{
  return table[t].size;
}

bool nirc_dtype_is_float(nirc_dtype t)
{
  return table[t].is_float;
}

static double half_to_double(uint16_t h)
{
  int exponent = (h >> 10) & 31;
  double mantissa = h & 1023;
  double x = exponent == 0    ? ldexp(mantissa, -24)
             : exponent == 31 ? (mantissa != 0 ? (double)NAN : (double)INFINITY)
                              : ldexp(mantissa + 1024, exponent - 25);
  return h & 0x8000 ? -x : x;
}

#define LOAD(type) (memcpy(&u.type, (const char *)data + i * table[t].size, sizeof u.type), u.type)

typedef union scalar {
  int8_t i8; int16_t i16; int32_t i32; int64_t i64;
  uint8_t u8; uint16_t u16; uint32_t u32; uint64_t u64;
  float f32; double f64;
} scalar;

double nirc_dtype_get(nirc_dtype t, const void *data, size_t i)
{
  scalar u;
  switch (t) {
  case NIRC_BOOL: case NIRC_U8: return LOAD(u8);
  case NIRC_I8: return LOAD(i8);
  case NIRC_I16: return LOAD(i16);
  case NIRC_I32: return LOAD(i32);
  case NIRC_I64: return (double)LOAD(i64);
  case NIRC_U16: return LOAD(u16);
  case NIRC_U32: return LOAD(u32);
  case NIRC_U64: return (double)LOAD(u64);
  case NIRC_F16: return half_to_double(LOAD(u16));
  case NIRC_F32: return (double)LOAD(f32);
  case NIRC_F64: return LOAD(f64);
  case NIRC_N_DTYPES: break;
  }
  return 0;
}

bool nirc_dtype_get_int(nirc_dtype t, const void *data, size_t i, int64_t *out)
{
  scalar u;
  if (t == NIRC_I64) {
    *out = LOAD(i64);
    return true;
  }
  if (t == NIRC_U64) {
    if (LOAD(u64) > INT64_MAX)
      return false;
    *out = (int64_t)u.u64;
    return true;
  }
  double x = nirc_dtype_get(t, data, i);
  if (!(x >= -9.2e18 && x <= 9.2e18) || x != floor(x))
    return false;
  *out = (int64_t)x;
  return true;
}

void nirc_float_text(char *text, nirc_dtype t, double x)
{
  bool single = t == NIRC_F32;
  if (isnan(x) || isinf(x)) {
    float f = (float)x;
    uint32_t b32;
    uint64_t b64;
    memcpy(&b32, &f, sizeof b32);
    memcpy(&b64, &x, sizeof b64);
    if (single)
      snprintf(text, 32, "0x%08" PRIx32, b32);
    else
      snprintf(text, 32, "0x%016" PRIx64, b64);
    return;
  }
  for (int digits = 1; digits <= 17; digits++) {
    snprintf(text, 32, "%.*g", digits, x);
    double back = single ? (double)strtof(text, NULL) : strtod(text, NULL);
    if (memcmp(&back, &x, sizeof x) == 0)
      break;
  }
  if (!strpbrk(text, ".en"))                         /* a float never looks like an integer */
    strcat(text, ".0");
}
