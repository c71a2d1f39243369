/* targets/hw_build.c: ops of a step of the hw level, one after the other. */
#include "targets/hw_build.h"

#include <string.h>

nirc_hw_builder nirc_hw_build(nirc_module *m, double dt, const char *profile, const char *reset)
{
  const nirc_op *graph = m->body.first;
  nirc_hw_builder b = {m, nirc_op_new(m, &m->body, SNN_STEP, graph->name, graph->loc)};
  nirc_op_set_attr(m, b.step, "dt", NIRC_ATTR_FLOAT)->f = dt;
  nirc_op_set_string(m, b.step, "profile", profile);
  nirc_op_set_string(m, b.step, "reset", reset);
  return b;
}

nirc_op *nirc_hw_append(const nirc_hw_builder *b, const nirc_op *node, nirc_opcode code, const char *name, nirc_value *const *in, size_t n)
{
  nirc_op *op = nirc_op_new(b->m, b->step->body, code, name ? name : node->name, node->loc);
  nirc_op_set_operands(b->m, op, in, n);
  return op;
}

nirc_value *nirc_hw_typed(const nirc_hw_builder *b, nirc_op *op, nirc_dtype elem, const nirc_shape *shape)
{
  nirc_op_result(op)->type = nirc_type_get(&b->m->types, elem, shape);
  return nirc_op_result(op);
}

nirc_value *nirc_hw_reshaped(const nirc_hw_builder *b, const nirc_op *node, const char *name, nirc_value *v, const nirc_shape *shape)
{
  if (nirc_shape_equal(&v->type->shape, shape))
    return v;
  return nirc_hw_typed(b, nirc_hw_append(b, node, SNN_RESHAPE, name, &v, 1), v->type->elem, shape);
}

nirc_value *nirc_hw_sum(const nirc_hw_builder *b, const nirc_op *node, const char *name, nirc_value *sum, nirc_value *v)
{
  if (!sum)
    return v;
  return nirc_hw_typed(b, nirc_hw_append(b, node, SNN_ADD, name, (nirc_value *[]){sum, v}, 2), sum->type->elem, &sum->type->shape);
}

nirc_value *nirc_hw_state(const nirc_hw_builder *b, const nirc_op *node, const char *name, nirc_blob *init)
{
  nirc_op *op = nirc_hw_append(b, node, SNN_STATE, name, NULL, 0);
  nirc_op_set_string(b->m, op, "name", op->name);
  nirc_op_set_blob(b->m, op, "init", init);
  return nirc_hw_typed(b, op, init->dtype, &init->shape);
}

void nirc_hw_update(const nirc_hw_builder *b, const nirc_op *node, const char *name, nirc_value *state, nirc_value *next)
{
  nirc_hw_append(b, node, SNN_UPDATE, name, (nirc_value *[]){state, next}, 2);
}

nirc_op *nirc_hw_neuron(const nirc_hw_builder *b, const nirc_op *node, const char *name, nirc_value *const *in, size_t n, const char *takes, const char *gives,
                        const char *equation)
{
  nirc_op *op = nirc_hw_append(b, node, SNN_NEURON, name, in, n);
  nirc_op_set_string(b->m, op, "takes", takes);
  nirc_op_set_string(b->m, op, "gives", gives);
  nirc_op_set_string(b->m, op, "equation", equation);
  return op;
}

nirc_value *nirc_hw_input(const nirc_hw_builder *b, const nirc_op *node)
{
  nirc_op *in = nirc_hw_append(b, node, SNN_INPUT, NULL, NULL, 0);
  nirc_op_set_string(b->m, in, "name", node->name);
  return nirc_hw_typed(b, in, NIRC_F32, &node->results[0].type->shape);
}

nirc_op *nirc_hw_probe(const nirc_hw_builder *b, const nirc_op *node, const char *what, nirc_value *v)
{
  nirc_op *op = nirc_hw_append(b, node, SNN_PROBE, NULL, &v, 1);
  nirc_op_set_string(b->m, op, "name", nirc_arena_printf(b->m->arena, "%s/%s", node->name, what));
  return op;
}

nirc_attr *nirc_hw_place(const nirc_hw_builder *b, const nirc_op *node, const char *name, const char *part)
{
  nirc_op *op = nirc_hw_append(b, node, HW_PLACE, name, NULL, 0);
  nirc_op_set_string(b->m, op, "node", op->name);
  nirc_attr *a = nirc_op_set_attr(b->m, op, "placement", NIRC_ATTR_DICT);
  if (part)
    nirc_dict_add_string(b->m, a, "part", part);
  return a;
}

nirc_blob *nirc_hw_blob(const nirc_hw_builder *b, nirc_dtype elem, const nirc_shape *shape, void **data)
{
  return nirc_module_hold(b->m, nirc_blob_new(b->m->heap, elem, shape, false, data));
}

nirc_blob *nirc_hw_splat(const nirc_hw_builder *b, nirc_dtype elem, const nirc_shape *shape, const void *value)
{
  void *data;
  nirc_blob *splat = nirc_module_hold(b->m, nirc_blob_new(b->m->heap, elem, shape, true, &data));
  memcpy(data, value, nirc_dtype_size(elem));
  return splat;
}

nirc_blob *nirc_hw_zero(const nirc_hw_builder *b, nirc_dtype elem, const nirc_shape *shape)
{
  return nirc_hw_splat(b, elem, shape, &(double){0});
}
