/* passes/fuse_neuron.c: a weighted sum and the neurons that alone take it become one snn.population: what a chip maps as a whole, and what the CPU can
 * compute without keeping the sum. The ops themselves and what they compute stay the same. */
#include "ir/dialect_snn.h"
#include "passes/pass.h"

/* The sum that drives this op and nothing else; NULL: none. A probe is a use, too. */
static nirc_op *synapse_of(const nirc_op *neuron)
{
  if (!nirc_snn_is_neuron(neuron->code))
    return NULL;
  const nirc_value *x = nirc_op_operand(neuron, 0);
  return nirc_snn_is_synapse(x->def->code) && !x->uses->next ? x->def : NULL;
}

/* What stands for operand `index` inside of the population. */
static nirc_value *stand_in(nirc_module *m, nirc_op *population, uint32_t index)
{
  const nirc_value *outside = nirc_op_operand(population, index);
  nirc_op *op = nirc_op_new(m, population->body, SNN_OPERAND, outside->def->name, population->loc);
  nirc_op_set_int(m, op, "index", index);
  nirc_op_result(op)->type = outside->type;
  return nirc_op_result(op);
}

static void fuse(nirc_module *m, nirc_op *synapse, nirc_op *neuron)
{
  nirc_op *population = nirc_op_new_before(m, neuron, SNN_POPULATION, neuron->name, neuron->loc);
  nirc_value **values = NIRC_NEW_ARRAY(m->arena, nirc_value *, neuron->n_operands);
  const nirc_type **types = NIRC_NEW_ARRAY(m->arena, const nirc_type *, neuron->n_results);
  for (uint32_t i = 0; i < neuron->n_operands; i++)
    values[i] = i ? nirc_op_operand(neuron, i) : nirc_op_operand(synapse, 0);
  nirc_op_set_operands(m, population, values, neuron->n_operands);
  for (uint32_t i = 0; i < neuron->n_results; i++)
    types[i] = neuron->results[i].type;
  nirc_op_set_results(m, population, types, neuron->n_results);
  for (uint32_t i = 0; i < neuron->n_results; i++)
    nirc_value_replace(&neuron->results[i], &population->results[i]);
  for (uint32_t i = 0; i < neuron->n_operands; i++)
    values[i] = stand_in(m, population, i);
  nirc_op_set_operands(m, synapse, values, 1);
  values[0] = nirc_op_result(synapse);
  nirc_op_set_operands(m, neuron, values, neuron->n_operands);
  nirc_op_move_to(synapse, population->body);
  nirc_op_move_to(neuron, population->body);
}

static bool run(nirc_module *m, nirc_pass_ctx *ctx)
{
  for (nirc_op *op = m->body.first->body->first, *next; op; op = next) {
    next = op->next;
    nirc_op *synapse = synapse_of(op);
    if (!synapse)
      continue;
    fuse(m, synapse, op);
    ctx->counters[0]++;
  }
  return true;
}

static const char *const counters[] = {"populations"};

const nirc_pass nirc_pass_fuse_neuron = {
  .name = "fuse-neuron", .summary = "make one population of neurons and the weighted sum that only they take",
  .doc = "A weighted sum that only one neuron op takes, and that op, become a population: one loop over outputs, whose sums are not stored. Sums keep their order, so no bit changes. "
         "It is also the unit that a chip maps.",
  .needs = NIRC_LEVEL_SNN, .leaves = NIRC_LEVEL_SNN, .counters = counters, .n_counters = 1, .run = run,
};
