/* test/unit/snn_fixture.h: modules of a few snn ops made by hand, and what the interpreter makes of them. */
#ifndef NIRC_TEST_UNIT_SNN_FIXTURE_H
#define NIRC_TEST_UNIT_SNN_FIXTURE_H

#include <check.h>
#include <string.h>

#include "ir/interp.h"
#include "ir/verify.h"

/* One module with one op under test: inputs in0, in1, ... and outputs out0, out1, ... for its operands and results. */
typedef struct fixture { nirc_module *m; nirc_op *step; } fixture;

static inline fixture fixture_new(void)
{
  fixture f = {.m = nirc_module_new(nirc_heap_default(), "test.nir", "test")};
  f.m->level = NIRC_LEVEL_SNN;
  f.step = nirc_op_new(f.m, &f.m->body, SNN_STEP, "step", nirc_loc_none());
  nirc_op_set_attr(f.m, f.step, "dt", NIRC_ATTR_FLOAT)->f = 1e-3;
  nirc_op_set_string(f.m, f.step, "profile", "nir");
  return f;
}

#define SHAPE(...) (&(nirc_shape){.rank = sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t), .dims = {__VA_ARGS__}})
#define FLOATS(...) ((const float[]){__VA_ARGS__})

static inline nirc_op *add_op(fixture *f, nirc_opcode code, const char *name, size_t n, nirc_value *const *operands)
{
  nirc_op *op = nirc_op_new(f->m, f->step->body, code, name, nirc_loc_none());
  nirc_op_set_operands(f->m, op, operands, n);
  return op;
}

static inline void set_type(fixture *f, nirc_op *op, uint32_t result, nirc_dtype elem, const nirc_shape *shape)
{
  op->results[result].type = nirc_type_get(&f->m->types, elem, shape);
}

static inline nirc_value *input(fixture *f, const char *name, const nirc_shape *shape)
{
  nirc_op *op = add_op(f, SNN_INPUT, name, 0, NULL);
  nirc_op_set_string(f->m, op, "name", name);
  set_type(f, op, 0, NIRC_F32, shape);
  return nirc_op_result(op);
}

static inline void output(fixture *f, nirc_opcode code, const char *name, nirc_value *v)
{
  nirc_op_set_string(f->m, add_op(f, code, name, 1, &v), "name", name);
}

static inline void set_dense(fixture *f, nirc_op *op, const char *name, const nirc_shape *shape, const float *values)
{
  void *data;
  nirc_blob *b = nirc_module_hold(f->m, nirc_blob_new(f->m->heap, NIRC_F32, shape, false, &data));
  memcpy(data, values, b->count * sizeof *values);
  nirc_op_set_blob(f->m, op, name, b);
}

static inline void set_splat(fixture *f, nirc_op *op, const char *name, const nirc_shape *shape, double value)
{
  nirc_op_set_blob(f->m, op, name, nirc_module_hold(f->m, nirc_blob_splat(f->m->heap, NIRC_F32, shape, value)));
}

static inline nirc_value *state(fixture *f, const char *name, const nirc_shape *shape, double init)
{
  nirc_op *op = add_op(f, SNN_STATE, name, 0, NULL);
  nirc_op_set_string(f->m, op, "name", name);
  set_splat(f, op, "init", shape, init);
  set_type(f, op, 0, NIRC_F32, shape);
  return nirc_op_result(op);
}

static inline void update(fixture *f, nirc_value *to, nirc_value *from)
{
  add_op(f, SNN_UPDATE, "update", 2, (nirc_value *[]){to, from});
}

/* snn.neuron: `takes` names the operands, `gives` the results, of which `n_spikes` (the first ones) are i1, the others f32. */
static inline nirc_op *add_neuron(fixture *f, nirc_region *region, const char *takes, nirc_value *const *in, size_t n, const char *gives, size_t n_spikes, size_t n_gives,
                                  const char *equation)
{
  const nirc_type *types[8];
  nirc_op *op = nirc_op_new(f->m, region, SNN_NEURON, "n", nirc_loc_none());
  nirc_op_set_operands(f->m, op, in, n);
  for (size_t i = 0; i < n_gives; i++)
    types[i] = nirc_type_get(&f->m->types, i < n_spikes ? NIRC_BOOL : NIRC_F32, &in[0]->type->shape);
  nirc_op_set_results(f->m, op, types, n_gives);
  nirc_op_set_string(f->m, op, "takes", takes);
  nirc_op_set_string(f->m, op, "gives", gives);
  nirc_op_set_string(f->m, op, "equation", equation);
  return op;
}

static inline nirc_interp *start(fixture *f)
{
  nirc_diag d;
  nirc_diag_init(&d, stderr, "test_interp");
  ck_assert(nirc_module_verify(f->m, &d));
  return nirc_interp_new(f->m);
}

/* Bits of one step's single output. */
static inline void expect_step(nirc_interp *x, const float *in0, const float *in1, const float *want, size_t n)
{
  float got[64];
  nirc_interp_step(x, (const float *const[]){in0, in1}, (float *const[]){got}, 1);
  for (size_t i = 0; i < n; i++) {
    uint32_t a, b;
    memcpy(&a, &got[i], sizeof a);
    memcpy(&b, &want[i], sizeof b);
    ck_assert_msg(a == b, "element %zu: %.9g (0x%08x), wanted %.9g (0x%08x)", i, (double)got[i], a, (double)want[i], b);
  }
}

static inline void finish(fixture *f, nirc_interp *x)
{
  nirc_interp_free(x);
  nirc_module_free(f->m);
}

#endif
