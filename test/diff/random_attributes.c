#include "test/diff/random_builder.h"

#include <math.h>
#include <string.h>

/* ---- numbers ------------------------------------------------------------------------------------------------------------ */

uint64_t random_bits(random_source *r)               /* splitmix64 */
{
  uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

uint64_t random_below(random_source *r, uint64_t n)
{
  return random_bits(r) % n;
}

bool random_chance(random_source *r, unsigned percent)
{
  return random_below(r, 100) < percent;
}

double random_between(random_source *r, double low, double high)
{
  return low + (high - low) * (double)(random_bits(r) >> 11) * 0x1p-53;
}

/* ---- attributes ----------------------------------------------------------------------------------------------------------- */

static void store(nirc_dtype t, void *data, size_t i, double x)
{
  switch (t) {
  case NIRC_I8: ((int8_t *)data)[i] = (int8_t)x; break;
  case NIRC_I32: ((int32_t *)data)[i] = (int32_t)x; break;
  case NIRC_I64: ((int64_t *)data)[i] = (int64_t)x; break;
  case NIRC_F16: {                                   /* cut off to 10 bits; small numbers become 0 */
    int exponent;
    double m = frexp(fabs(x), &exponent);
    uint16_t h = fabs(x) < 0x1p-13 ? 0 : (uint16_t)((unsigned)(exponent + 14) << 10 | ((unsigned)(m * 2048) & 1023));
    ((uint16_t *)data)[i] = (uint16_t)(h | (x < 0 ? 0x8000 : 0));
    break;
  }
  case NIRC_F32: ((float *)data)[i] = (float)x; break;
  default: ((double *)data)[i] = x; break;
  }
}

/* Integers as files have them: one number at rank 0, or a list; two equal ones sometimes as one. */
void random_set_ints(random_builder *b, nirc_op *op, const char *name, const int64_t *v, size_t n)
{
  bool one = n == 1 || (n == 2 && v[0] == v[1] && random_chance(&b->r, 30));
  nirc_shape s = one && random_chance(&b->r, 70) ? nirc_shape_scalar() : nirc_shape_1d(one ? 1 : n);
  void *data;
  nirc_op_set_blob(b->m, op, name, nirc_module_hold(b->m, nirc_blob_new(b->m->heap, NIRC_I64, &s, false, &data)));
  memcpy(data, v, (one ? 1 : n) * sizeof *v);
}

void random_set_shape(random_builder *b, nirc_op *op, const char *name, const uint64_t *dims, size_t n)
{
  nirc_shape s = nirc_shape_1d(n);
  void *data;
  nirc_op_set_blob(b->m, op, name, nirc_module_hold(b->m, nirc_blob_new(b->m->heap, NIRC_I64, &s, false, &data)));
  memcpy(data, dims, n * sizeof *dims);
}

/* A neuron's parameter: per element or uniform, stored once or spread out. */
void random_set_param(random_builder *b, nirc_op *op, const char *name, const nirc_shape *shape, double low, double high)
{
  nirc_dtype t = random_with(b, RANDOM_DTYPES) && random_chance(&b->r, 25) ? NIRC_F64 : NIRC_F32;
  bool uniform = random_chance(&b->r, 40), splat = uniform && random_chance(&b->r, 50);
  double x = random_between(&b->r, low, high);
  void *data;
  nirc_blob *blob = nirc_module_hold(b->m, nirc_blob_new(b->m->heap, t, shape, splat, &data));
  for (size_t i = 0; i < (splat ? 1 : blob->count); i++)
    store(t, data, i, uniform ? x : random_between(&b->r, low, high));
  nirc_op_set_blob(b->m, op, name, blob);
}

/* Factors: all 1, one power of two, or one for each element or channel; a few of them negative. */
void random_set_powers(random_builder *b, nirc_op *op, const char *name, const nirc_shape *shape)
{
  bool one = random_chance(&b->r, 25), uniform = one || random_chance(&b->r, 50), negative = random_chance(&b->r, 15);
  double x = one ? 1 : ldexp(negative ? -1 : 1, (int)random_below(&b->r, 7) - 3);
  void *data;
  nirc_blob *blob = nirc_module_hold(b->m, nirc_blob_new(b->m->heap, NIRC_F32, shape, false, &data));
  for (size_t i = 0; i < blob->count; i++) {
    if (!uniform && i % (blob->count / (size_t)shape->dims[0]) == 0)
      x = ldexp(negative ? -1 : 1, (int)random_below(&b->r, 7) - 3);
    store(NIRC_F32, data, i, x);
  }
  nirc_op_set_blob(b->m, op, name, blob);
}

/* Matrices [..., n, n] of ones on the diagonal; all zeros where they are not square. */
void random_set_identity(random_builder *b, nirc_op *op, const char *name, const nirc_shape *shape)
{
  size_t columns = (size_t)shape->dims[shape->rank - 1], rows = (size_t)shape->dims[shape->rank - 2];
  bool zero = rows != columns || random_chance(&b->r, 20);
  void *data;
  nirc_blob *blob = nirc_module_hold(b->m, nirc_blob_new(b->m->heap, NIRC_F32, shape, false, &data));
  for (size_t i = 0; i < blob->count; i++)
    store(NIRC_F32, data, i, !zero && i / columns % rows == i % columns ? 1 : 0);
  nirc_op_set_blob(b->m, op, name, blob);
}

static double any_weight(random_builder *b)                /* NaN, infinite, or 1 */
{
  return random_chance(&b->r, 50) ? (double)NAN : random_chance(&b->r, 50) ? (double)INFINITY : 1;
}

/* Zeros from here to there: most of a matrix of `stored` elements in rows of `row`, in pieces that run along its rows, whole rows, or columns. */
static void clear_blocks(random_builder *b, nirc_dtype t, void *data, size_t stored, size_t row)
{
  unsigned rows = 1 + (unsigned)random_below(&b->r, 8), columns = 1 + (unsigned)random_below(&b->r, 8), share = 50 + (unsigned)random_below(&b->r, 50);
  bool whole_columns = random_chance(&b->r, 30);
  uint64_t salt = random_bits(&b->r);
  for (size_t i = 0; i < stored; i++) {
    random_source piece = {salt + (whole_columns ? 0 : i / row / rows * 1000) + i % row / columns};
    if (random_chance(&piece, share))
      store(t, data, i, 0);
  }
}

/* Weights: not dyadic, so that the order of a sum shows; some exactly 0. `fan_in` terms make one sum; with `silent`, anything may stand at the first
 * `silent` of them for each of the first `rows` outputs. */
void random_set_weights(random_builder *b, nirc_op *op, const char *name, const nirc_shape *shape, size_t fan_in, size_t silent, size_t rows)
{
  static const nirc_dtype other[] = {NIRC_F64, NIRC_F64, NIRC_F16, NIRC_I8, NIRC_I32, NIRC_I64};
  nirc_dtype t = random_with(b, RANDOM_DTYPES) && !silent && random_chance(&b->r, 25) ? other[random_below(&b->r, 6)] : NIRC_F32;
  bool splat = !silent && random_chance(&b->r, 4);
  double scale = nirc_dtype_is_float(t) ? 2 / sqrt((double)fan_in) : 3;
  void *data;
  nirc_blob *blob = nirc_module_hold(b->m, nirc_blob_new(b->m->heap, t, shape, splat, &data));
  size_t stored = splat ? 1 : blob->count;
  for (size_t i = 0; i < stored; i++)
    store(t, data, i, random_chance(&b->r, 15) ? (random_chance(&b->r, 30) ? -0.0 : 0) : scale * random_between(&b->r, -0.8, 1));
  if (!splat && random_chance(&b->r, 40))
    clear_blocks(b, t, data, stored, fan_in);
  for (size_t row = 0; silent && row < rows; row++)
    for (size_t i = 0; i < silent; i++)
      store(t, data, row * fan_in + i, any_weight(b));
  nirc_op_set_blob(b->m, op, name, blob);
}

void random_set_neuron(random_builder *b, nirc_op *op, const nirc_shape *shape)
{
  const nirc_op_def *def = op->def;
  bool counts = op->code == NIR_I || op->code == NIR_IF;                 /* dt*r per step, or r: see the profiles */
  for (size_t i = 0; i < def->n_attrs; i++) {
    const char *name = def->attrs[i].name;
    if (def->attrs[i].optional && random_chance(&b->r, 40))
      continue;
    if (strncmp(name, "tau", 3) == 0)
      random_set_param(b, op, name, shape, 2e-3, 3e-2);
    else if ((strcmp(name, "r") == 0 || strcmp(name, "w_in") == 0) && random_with(b, RANDOM_PATTERNS) && random_chance(&b->r, 50))
      random_set_powers(b, op, name, shape);
    else if (strcmp(name, "r") == 0)
      random_set_param(b, op, name, shape, counts ? 300 : 1, counts ? 1500 : 12);
    else if (strcmp(name, "v_threshold") == 0)
      random_set_param(b, op, name, shape, 0.2, 0.7);
    else if (strcmp(name, "w_in") == 0 && random_chance(&b->r, 30))
      random_set_param(b, op, name, &(nirc_shape){0}, 0.5, 8);
    else
      random_set_param(b, op, name, shape, strcmp(name, "w_in") == 0 ? 0.5 : -0.1, strcmp(name, "w_in") == 0 ? 8 : 0.15);
  }
}
