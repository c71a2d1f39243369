/* frontend/compare_unit.c: the potential at which a layer fires, as its step has it: the unit in which profiles keep v differs by that. */
#include <math.h>
#include <string.h>

#include "frontend/compare_run.h"
#include "ir/neuron.h"

/* A coefficient, or a number other than 0. */
static bool is_level(const nirc_neuron *n, uint32_t at, nirc_compare_level *level)
{
  const nirc_eq_node *x = &n->equation.nodes[at];
  if (x->code == NIRC_EQ_CONVERT)
    return is_level(n, x->arg[0], level);
  if (x->code == NIRC_EQ_NUMBER)
    *level = (nirc_compare_level){.number = x->type == NIRC_I64 ? (double)x->number.i : x->number.f};
  else if (x->code == NIRC_EQ_INPUT && x->arg[0] >= n->n_operands)
    *level = (nirc_compare_level){.each = n->coefficients[x->arg[0] - n->n_operands]};
  return level->each || level->number != 0;
}

/* What the potential is compared with, or divided by to count spikes: `h > L`, `h - L > 0`, `trunc(h/L)`. */
static bool find_level(const nirc_neuron *n, uint32_t at, nirc_compare_level *level)
{
  const nirc_eq_node *nodes = n->equation.nodes, *x = &nodes[at];
  switch (x->code) {
  case NIRC_EQ_GT: case NIRC_EQ_GE:
    return is_level(n, x->arg[1], level) || (nodes[x->arg[0]].code == NIRC_EQ_SUB && is_level(n, nodes[x->arg[0]].arg[1], level));
  case NIRC_EQ_DIV: return is_level(n, x->arg[1], level);
  case NIRC_EQ_SELECT: case NIRC_EQ_MIN: case NIRC_EQ_MAX: case NIRC_EQ_TRUNC: case NIRC_EQ_FLOOR: case NIRC_EQ_CONVERT:
    for (unsigned k = 0; k < nirc_eq_n_args(x->code); k++)
      if (find_level(n, x->arg[k], level))
        return true;
    return false;
  default: return false;
  }
}

static void level_of(nirc_arena *a, const nirc_op *op, nirc_compare_level *level)
{
  nirc_neuron n;
  const char *fault;
  int fires = nirc_snn_fires(op);
  if (op->code == SNN_NEURON && fires >= 0 && nirc_neuron_read(&n, a, op, &fault))
    find_level(&n, n.equation.results[fires], level);
}

nirc_compare_level *nirc_compare_levels(nirc_arena *a, const nirc_comparison *c, const nirc_module *m)
{
  nirc_compare_level *list = NIRC_NEW_ARRAY(a, nirc_compare_level, c->n_layers);
  NIRC_FOR_EACH_OP(op, m->body.first->body)
    for (size_t n = 0; op->code != SNN_PROBE && n < c->n_layers; n++)
      if (!list[n].each && list[n].number == 0 && strcmp(c->layers[n].name, op->name) == 0)
        level_of(a, op, &list[n]);
  return list;
}

double nirc_compare_level_at(const nirc_compare_level *level, size_t element)
{
  return level->each ? nirc_blob_get(level->each, element) : level->number;
}

bool nirc_compare_units_differ(const nirc_compare_level *a, const nirc_compare_level *b, size_t count)
{
  bool differ = false;
  for (size_t e = 0; e < count; e++) {
    double by = nirc_compare_level_at(a, e) / nirc_compare_level_at(b, e);
    if (!(by > 0 && isfinite(by)))
      return false;
    differ |= by < 0.9 || by > 1.1;                  /* less is a threshold that is rounded */
  }
  return differ;
}
