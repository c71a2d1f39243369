#include "test/diff/random_step.h"

#include <math.h>
#include <string.h>

#include "test/diff/random_network.h"

enum { MAX_VALUES = 64, MAX_STATES = 16 };

/* A state waits for what it is updated with; a buffer for what is written into it. */
typedef struct waiting { nirc_value *state, *slot; nirc_shape shape; } waiting;

typedef struct builder {
  nirc_module *m;
  nirc_region *step;
  random_source r;
  unsigned serial;                                   /* of names */
  nirc_value *values[MAX_VALUES];                    /* i1, f32, f64 */
  size_t n;
  waiting states[MAX_STATES];
  size_t n_states;
} builder;

/* ---- ops ------------------------------------------------------------------------------------------------------------------ */

static nirc_op *new_op(builder *b, nirc_opcode code, size_t n, nirc_value *const *operands)
{
  nirc_op *op = nirc_op_new(b->m, b->step, code, nirc_arena_printf(b->m->arena, "n%u", b->serial++), nirc_loc_none());
  nirc_op_set_operands(b->m, op, operands, n);
  return op;
}

static nirc_value *give(builder *b, nirc_op *op, nirc_dtype elem, const nirc_shape *shape)
{
  op->results[0].type = nirc_type_get(&b->m->types, elem, shape);
  return nirc_op_result(op);
}

static void keep(builder *b, nirc_value *v)
{
  NIRC_ASSERT(b->n < MAX_VALUES);
  b->values[b->n++] = v;
}

static void name_port(builder *b, nirc_op *op, const char *kind)
{
  nirc_op_set_string(b->m, op, "name", nirc_arena_printf(b->m->arena, "%s%u", kind, b->serial++));
}

/* Numbers that float32 does not have, where it is f64; some of them 0. */
static void set_numbers(builder *b, nirc_op *op, const char *name, nirc_dtype elem, const nirc_shape *shape, double scale)
{
  bool splat = random_chance(&b->r, 10);
  unsigned zeros = random_chance(&b->r, 30) ? 90 : 10;
  void *data;
  nirc_blob *blob = nirc_module_hold(b->m, nirc_blob_new(b->m->heap, elem, shape, splat, &data));
  for (size_t i = 0; i < (splat ? 1 : blob->count); i++) {
    double x = random_chance(&b->r, zeros) ? (random_chance(&b->r, 30) ? -0.0 : 0) : scale * random_between(&b->r, -0.8, 1);
    if (elem == NIRC_F64)
      ((double *)data)[i] = x;
    else if (elem == NIRC_I64)
      ((int64_t *)data)[i] = (int64_t)(random_bits(&b->r) >> 2) - (INT64_C(1) << 60);      /* more bits than a double has */
    else if (elem == NIRC_I32)
      ((int32_t *)data)[i] = 0;
    else
      ((float *)data)[i] = (float)x;
  }
  nirc_op_set_blob(b->m, op, name, blob);
}

/* Weights and perhaps a bias; now and then weights are whole numbers with a scale, one for each sum as the bias is. */
static void set_weights(builder *b, nirc_op *op, nirc_dtype elem, const nirc_shape *shape, const nirc_shape *sums, double size)
{
  if (random_chance(&b->r, 50))
    set_numbers(b, op, "bias", elem, sums, 0.5);
  if (random_chance(&b->r, 65)) {
    set_numbers(b, op, "weight", elem, shape, size);
    return;
  }
  bool splat = random_chance(&b->r, 10);
  void *data;
  nirc_op_set_blob(b->m, op, "weight", nirc_module_hold(b->m, nirc_blob_new(b->m->heap, NIRC_I8, shape, splat, &data)));
  for (size_t i = 0; i < (splat ? 1 : nirc_op_blob(op, "weight")->count); i++)
    ((int8_t *)data)[i] = (int8_t)(random_chance(&b->r, 20) ? 0 : (int)random_below(&b->r, 256) - 128);
  splat = random_chance(&b->r, 30);
  nirc_op_set_blob(b->m, op, "scale", nirc_module_hold(b->m, nirc_blob_new(b->m->heap, elem, sums, splat, &data)));
  for (size_t i = 0; i < (splat ? 1 : nirc_op_blob(op, "scale")->count); i++) {
    double x = size / 127 * random_between(&b->r, 0.1, 1);
    if (elem == NIRC_F64)
      ((double *)data)[i] = x;
    else
      ((float *)data)[i] = (float)x;
  }
}

static nirc_value *new_state(builder *b, nirc_dtype elem, const nirc_shape *shape)
{
  nirc_op *op = new_op(b, SNN_STATE, 0, NULL);
  name_port(b, op, "s");
  set_numbers(b, op, "init", elem, shape, 1);
  return give(b, op, elem, shape);
}

static void update(builder *b, nirc_value *state, nirc_value *by)
{
  new_op(b, SNN_UPDATE, 2, (nirc_value *[]){state, by});
}

/* What an op computes in that takes v. */
static nirc_dtype arithmetic(builder *b, const nirc_value *v)
{
  return v->type->elem == NIRC_F64 || random_chance(&b->r, 60) ? NIRC_F64 : NIRC_F32;
}

/* Any value, more often one of the last. */
static nirc_value *any_value(builder *b)
{
  size_t last = b->n < 4 ? b->n : 4;
  return b->values[random_chance(&b->r, 50) ? b->n - 1 - random_below(&b->r, last) : random_below(&b->r, b->n)];
}

/* A value of that shape that elements `elem` can hold, often a narrower one; the last resort is `fallback`. */
static nirc_value *pick(builder *b, const nirc_shape *shape, nirc_dtype elem, nirc_value *fallback)
{
  unsigned narrow = random_chance(&b->r, 40) ? 30 : 0;
  for (unsigned tries = 0; tries < 50; tries++) {
    nirc_value *v = any_value(b);
    if (nirc_shape_equal(&v->type->shape, shape) && ((elem == NIRC_F64 && tries >= narrow) || v->type->elem != NIRC_F64))
      return v;
  }
  return fallback;
}

static void add_dense(builder *b, nirc_value *v)
{
  nirc_shape in = v->type->shape, out = in, w = in;
  nirc_dtype elem = arithmetic(b, v);
  uint64_t n = in.dims[in.rank - 1];
  if (random_chance(&b->r, 50))
    out.dims[out.rank - 1] = 1 + random_below(&b->r, in.rank == 1 ? 70 : 9);
  w.rank++;
  w.dims[w.rank - 1] = n;
  w.dims[w.rank - 2] = out.dims[out.rank - 1];
  nirc_op *op = new_op(b, SNN_DENSE, 1, &v);
  set_weights(b, op, elem, &w, &out, 2 / sqrt((double)n));
  keep(b, give(b, op, elem, &out));
}

/* A convolution, or a pooling of the same geometry. */
static void add_window(builder *b, nirc_value *v)
{
  static const nirc_opcode codes[] = {SNN_CONV, SNN_SUM_POOL, SNN_AVG_POOL};
  const nirc_shape *in = &v->type->shape;
  nirc_op *op = new_op(b, codes[random_below(&b->r, 3)], 1, &v);
  bool conv = op->code == SNN_CONV;
  nirc_dtype elem = arithmetic(b, v);
  uint64_t size[2] = {1 + random_below(&b->r, 3), 1 + random_below(&b->r, 3)}, stride = 1 + random_below(&b->r, 2), before = random_below(&b->r, 2);
  nirc_shape out = {.rank = 3, .dims = {conv ? 1 + random_below(&b->r, 5) : in->dims[0]}}, bias = nirc_shape_1d(out.dims[0]);
  for (int a = 0; a < 2; a++)                        /* the last window may reach over the end */
    out.dims[a + 1] = (in->dims[a + 1] + before + stride - 1) / stride;
  nirc_op_set_shape(b->m, op, "stride", &(nirc_shape){.rank = 2, .dims = {stride, stride}});
  nirc_op_set_shape(b->m, op, "before", &(nirc_shape){.rank = 2, .dims = {before, before}});
  if (conv) {
    set_weights(b, op, elem, &(nirc_shape){.rank = 4, .dims = {out.dims[0], in->dims[0], size[0], size[1]}}, &bias, 0.5);
    nirc_op_set_shape(b->m, op, "dilation", &(nirc_shape){.rank = 2, .dims = {1, 1}});
    nirc_op_set_int(b->m, op, "groups", 1);
  } else {
    nirc_op_set_shape(b->m, op, "kernel_size", &(nirc_shape){.rank = 2, .dims = {size[0], size[1]}});
  }
  keep(b, give(b, op, elem, &out));
}

/* A buffer of a few slots, what comes out of it, and the promise that something goes in. */
static void add_delay(builder *b, const nirc_value *v)
{
  nirc_dtype elem = random_chance(&b->r, 60) ? NIRC_F64 : NIRC_F32;
  nirc_shape shape = v->type->shape, buffer = {.rank = shape.rank + 1, .dims = {1 + random_below(&b->r, 4)}}, one = nirc_shape_scalar();
  memcpy(buffer.dims + 1, shape.dims, shape.rank * sizeof *shape.dims);
  if (b->n_states == MAX_STATES)
    return;
  nirc_value *in[2] = {new_state(b, elem, &buffer), new_state(b, NIRC_I32, &one)};
  nirc_op *read = new_op(b, SNN_DELAY_READ, 2, in);
  void *steps;
  nirc_op_set_blob(b->m, read, "steps", nirc_module_hold(b->m, nirc_blob_new(b->m->heap, NIRC_I64, &shape, false, &steps)));
  for (size_t i = 0; i < v->type->count; i++)
    ((int64_t *)steps)[i] = 1 + (int64_t)random_below(&b->r, buffer.dims[0]);
  keep(b, give(b, read, elem, &shape));
  b->states[b->n_states++] = (waiting){in[0], in[1], shape};
}

/* A state that anything may read, or one that only its sum with v reads: what comes later may then take its place. */
static void add_state(builder *b, nirc_value *v)
{
  if (b->n_states == MAX_STATES)
    return;
  nirc_value *s = new_state(b, random_chance(&b->r, 60) ? NIRC_F64 : NIRC_F32, &v->type->shape);
  b->states[b->n_states++] = (waiting){s, NULL, v->type->shape};
  if (random_chance(&b->r, 40)) {
    keep(b, s);
    return;
  }
  nirc_op *sum = new_op(b, SNN_ADD, 2, (nirc_value *[]){v, s});
  keep(b, give(b, sum, s->type->elem == NIRC_F64 ? NIRC_F64 : arithmetic(b, v), &v->type->shape));
}

/* Factors: all 1, powers of two, or anything. */
static void set_factors(builder *b, nirc_op *op, nirc_dtype elem, const nirc_shape *shape)
{
  if (random_chance(&b->r, 50)) {
    double x = random_chance(&b->r, 50) ? 1 : ldexp(1, (int)random_below(&b->r, 7) - 3);
    nirc_op_set_blob(b->m, op, "scale", nirc_module_hold(b->m, nirc_blob_splat(b->m->heap, elem, shape, x)));
  } else {
    set_numbers(b, op, "scale", elem, shape, 1.5);
  }
}

static void add_elementwise(builder *b, nirc_value *v, nirc_opcode code)
{
  nirc_value *other = code == SNN_ADD ? pick(b, &v->type->shape, NIRC_F64, v) : v;
  nirc_dtype elem = other->type->elem == NIRC_F64 ? NIRC_F64 : arithmetic(b, v);
  nirc_op *op = new_op(b, code, code == SNN_ADD ? 2 : 1, (nirc_value *[]){v, other});
  if (code == SNN_THRESHOLD) {
    set_numbers(b, op, "threshold", v->type->elem == NIRC_F64 ? NIRC_F64 : NIRC_F32, &v->type->shape, 0.7);
    elem = NIRC_BOOL;
  } else if (code == SNN_SCALE) {
    set_factors(b, op, elem, &v->type->shape);
  }
  keep(b, give(b, op, elem, &v->type->shape));
}

/* What fold-scale looks for: spikes, a factor, weights, a factor, with no other use between them. */
static void add_spikes_to_dense(builder *b, nirc_value *v)
{
  add_elementwise(b, v, SNN_THRESHOLD);
  if (random_chance(&b->r, 50))
    add_elementwise(b, b->values[--b->n], SNN_SCALE);
  add_dense(b, b->values[--b->n]);
  if (random_chance(&b->r, 50))
    add_elementwise(b, b->values[--b->n], SNN_SCALE);
}

static void add_reshape(builder *b, nirc_value *v)
{
  nirc_shape flat = nirc_shape_1d(v->type->count);
  keep(b, give(b, new_op(b, SNN_RESHAPE, 1, &v), v->type->elem, &flat));
}

static void add_something(builder *b)
{
  nirc_value *v = any_value(b);
  switch (random_below(&b->r, 12)) {
  case 0: add_elementwise(b, v, SNN_ADD); break;
  case 1: add_elementwise(b, v, SNN_SCALE); break;
  case 2: add_elementwise(b, v, SNN_THRESHOLD); break;
  case 3: add_reshape(b, v); break;
  case 4: add_delay(b, v); break;
  case 5: case 11: add_state(b, v); break;
  case 6: add_spikes_to_dense(b, v); break;
  case 7: add_elementwise(b, v, random_chance(&b->r, 50) ? SNN_ADD : SNN_SCALE); break;
  case 8: case 9:
    if (v->type->shape.rank == 3) {
      add_window(b, v);
      break;
    }                                                /* fall through */
  default: add_dense(b, v);
  }
}

/* ---- all ---------------------------------------------------------------------------------------------------------------------- */

static void update_states(builder *b)
{
  for (size_t i = 0; i < b->n_states; i++) {
    const waiting *w = &b->states[i];
    nirc_dtype elem = w->state->type->elem;
    nirc_value *by = pick(b, &w->shape, elem, w->slot ? NULL : w->state);
    if (!w->slot) {
      update(b, w->state, by);
      continue;
    }
    by = by ? by : w->state->uses->user->results;    /* what is read goes in again */
    nirc_op *write = new_op(b, SNN_DELAY_WRITE, 3, (nirc_value *[]){w->state, w->slot, by});
    update(b, w->state, give(b, write, elem, &w->state->type->shape));
    nirc_op *next = new_op(b, SNN_ADVANCE, 2, (nirc_value *[]){w->slot, w->state});
    update(b, w->slot, give(b, next, NIRC_I32, &w->slot->type->shape));
  }
}

/* Two states of i64 that change places. */
static void add_whole_states(builder *b, const nirc_shape *shape)
{
  nirc_value *one = new_state(b, NIRC_I64, shape), *other = new_state(b, NIRC_I64, shape);
  update(b, one, other);
  update(b, other, one);
  name_port(b, new_op(b, SNN_OUTPUT, 1, &one), "whole");
  name_port(b, new_op(b, SNN_PROBE, 1, &other), "whole");
}

nirc_module *random_step(uint64_t seed)
{
  builder b = {.m = nirc_module_new(nirc_heap_default(), "random.nirt", "random"), .r = {seed * 77 + 5}};
  b.m->level = NIRC_LEVEL_SNN;
  nirc_op *step = nirc_op_new(b.m, &b.m->body, SNN_STEP, "step", nirc_loc_none());
  nirc_op_set_attr(b.m, step, "dt", NIRC_ATTR_FLOAT)->f = 1e-3;
  nirc_op_set_string(b.m, step, "profile", "nir");
  b.step = step->body;
  for (uint64_t i = 1 + random_below(&b.r, 3); i; i--) {
    nirc_shape shape = nirc_shape_1d(1 + random_below(&b.r, 70));
    if (random_chance(&b.r, 50))
      shape = (nirc_shape){.rank = 3, .dims = {1 + random_below(&b.r, 3), 1 + random_below(&b.r, 6), 1 + random_below(&b.r, 6)}};
    nirc_op *in = new_op(&b, SNN_INPUT, 0, NULL);
    name_port(&b, in, "in");
    keep(&b, give(&b, in, NIRC_F32, &shape));
  }
  for (uint64_t i = 4 + random_below(&b.r, 14); i; i--)
    add_something(&b);
  update_states(&b);
  if (random_chance(&b.r, 30))
    add_whole_states(&b, &b.values[0]->type->shape);
  for (size_t i = 0; i < b.n; i++)
    if (i + 1 == b.n || random_chance(&b.r, 40))
      name_port(&b, new_op(&b, random_chance(&b.r, 40) ? SNN_PROBE : SNN_OUTPUT, 1, &b.values[i]), "out");
  return b.m;
}
