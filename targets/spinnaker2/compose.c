/* targets/spinnaker2/compose.c: what lies between populations, as one matrix for each source and delay (passes/compose.h). Each row is the sum of the products
 * along all ways, added in the order of the nodes' own sums. Only what is asked for is composed. */
#include <stdlib.h>
#include <string.h>

#include "ir/dialect_nir.h"
#include "targets/spinnaker2/spinnaker2.h"

enum { MOST_ENTRIES = 1 << 27 };                     /* of one matrix; more synapses than the largest board holds */

struct nirc_s2_composer {
  const nirc_s2_network *net;
  nirc_arena *arena;
  nirc_module *m;
  nirc_diag *d;
  const nirc_s2_flow **arrives, **sends;             /* by op id; NULL: not composed yet */
  bool *under_way;                                   /* by op id */
  bool failed;
};

/* ---- nodes ---------------------------------------------------------------------------------------------------------------------- */

static bool refuse_size(nirc_s2_composer *c, const nirc_op *op)
{
  nirc_error_code(c->d, "S2-PES", op->loc, "'%s': more than %d weights lead to it from one population; the largest board holds fewer", op->name, MOST_ENTRIES);
  c->failed = true;
  return false;
}

static bool read_linear(nirc_s2_composer *c, nirc_linear *l, const nirc_op *op)
{
  nirc_window w;
  if (!nirc_linear_read(l, c->arena, c->m, op, c->d))
    return false;
  if (!nirc_op_has_window(op) || !nirc_nir_window(c->m, op, &w, c->d) || !w.same || (w.stride[0] == 1 && (w.n_axes == 1 || w.stride[1] == 1)))
    return true;
  nirc_error_code(c->d, "S2-PRIM", nirc_op_attr_loc(c->m, op, "padding"), "'%s': padding \"same\" with a stride other than 1 has no agreed meaning", op->name);
  nirc_note(c->d, op->loc, "give the padding in numbers");
  return false;
}

/* The node's own bias, and what it makes of one that arrives. */
static const double *bias_of(nirc_s2_composer *c, nirc_linear *l, const double *in)
{
  const nirc_blob *own = nirc_op_blob(l->op, "bias");
  size_t n = l->rows;
  if (!in && !own)
    return NULL;
  double *out = NIRC_NEW_ARRAY(c->arena, double, n);
  if (in)
    nirc_linear_apply(l, in, out);
  size_t each = own && nirc_op_has_window(l->op) ? n / own->count : 1;   /* of a convolution: one number for a map */
  for (size_t row = 0; own && row < n; row++)
    out[row] += nirc_blob_get(own, own->count == 1 ? 0 : row / each % own->count);
  return out;
}

/* ---- flows ---------------------------------------------------------------------------------------------------------------------- */

static int by_source(const void *a, const void *b)
{
  const nirc_s2_term *x = a, *y = b;
  return x->source != y->source ? (x->source > y->source) - (x->source < y->source) : (x->steps > y->steps) - (x->steps < y->steps);
}

static const nirc_s2_flow *of_population(nirc_s2_composer *c, size_t p)
{
  nirc_s2_flow *f = NIRC_NEW(c->arena, nirc_s2_flow);
  f->terms = NIRC_NEW(c->arena, nirc_s2_term);
  nirc_matrix *identity = NIRC_NEW(c->arena, nirc_matrix);
  identity->rows = identity->columns = c->net->populations[p].size;
  f->terms[0] = (nirc_s2_term){p, 0, identity};
  f->n = 1;
  return f;
}

static const nirc_s2_flow *flow_from(nirc_s2_composer *c, const nirc_op *op)
{
  if (!c->sends[op->id] && c->net->population_of[op->id] >= 0)
    c->sends[op->id] = of_population(c, (size_t)c->net->population_of[op->id]);
  return c->sends[op->id];
}

static bool add_term(nirc_s2_composer *c, const nirc_op *op, nirc_s2_flow *f, const nirc_s2_term *t)
{
  size_t i = 0;
  while (i < f->n && (f->terms[i].source != t->source || f->terms[i].steps != t->steps))
    i++;
  if (i == f->n) {
    f->terms[f->n++] = *t;
    return true;
  }
  f->terms[i].matrix = nirc_s2_matrix_add(c, op, f->terms[i].matrix, t->matrix);
  return f->terms[i].matrix != NULL;
}

/* In-edges add up, in their order. */
static bool gather(nirc_s2_composer *c, const nirc_op *op)
{
  nirc_s2_flow *f = NIRC_NEW(c->arena, nirc_s2_flow);
  size_t rows = op->n_operands ? nirc_op_operand(op, 0)->type->count : 0, most = 0;
  for (uint32_t k = 0; k < op->n_operands; k++)
    most += flow_from(c, nirc_op_operand(op, k)->def)->n;
  f->terms = NIRC_NEW_ARRAY(c->arena, nirc_s2_term, most);
  double *bias = NULL;
  for (uint32_t k = 0; k < op->n_operands; k++) {
    const nirc_s2_flow *from = flow_from(c, nirc_op_operand(op, k)->def);
    for (size_t i = 0; i < from->n; i++)
      if (!add_term(c, op, f, &from->terms[i]))
        return false;
    if (from->bias && !bias)
      bias = NIRC_NEW_ARRAY(c->arena, double, rows);
    for (size_t i = 0; from->bias && i < rows; i++)
      bias[i] += from->bias[i];
  }
  f->bias = bias;
  qsort(f->terms, f->n, sizeof *f->terms, by_source);
  c->arrives[op->id] = f;
  return true;
}

static bool send(nirc_s2_composer *c, const nirc_op *op)
{
  const nirc_s2_flow *in = c->arrives[op->id];
  if (op->code == NIR_IDENTITY || op->code == NIR_FLATTEN || op->code == NIR_OUTPUT) {
    c->sends[op->id] = in;
    return true;
  }
  nirc_s2_flow *f = NIRC_NEW(c->arena, nirc_s2_flow);
  *f = (nirc_s2_flow){.terms = NIRC_NEW_ARRAY(c->arena, nirc_s2_term, in->n), .n = in->n, .bias = in->bias};
  memcpy(f->terms, in->terms, in->n * sizeof *f->terms);
  c->sends[op->id] = f;
  if (op->code == NIR_DELAY) {
    for (size_t i = 0; i < f->n; i++)
      f->terms[i].steps += (size_t)nirc_s2_delay_steps(op, c->net->options.dt);
    return true;
  }
  if (!op->n_operands)
    return nirc_op_blob(op, "bias") == NULL || (nirc_error_code(c->d, "S2-PRIM", op->loc, "'%s': no edge leads to this %s", op->name, op->def->nir_type),
                                                false);
  nirc_linear l;
  if (!read_linear(c, &l, op))
    return false;
  for (size_t i = 0; i < f->n; i++) {
    nirc_matrix *m = NIRC_NEW(c->arena, nirc_matrix);
    if (!nirc_linear_times(c->arena, &l, in->terms[i].matrix, MOST_ENTRIES, m))
      return refuse_size(c, op);
    f->terms[i].matrix = m;
  }
  f->bias = bias_of(c, &l, in->bias);
  return true;
}

/* ---- in order ------------------------------------------------------------------------------------------------------------------- */

/* The first in-edge whose node is not composed yet; NULL: all are. */
static const nirc_op *missing(nirc_s2_composer *c, const nirc_op *op)
{
  for (uint32_t k = 0; k < op->n_operands; k++) {
    const nirc_op *source = nirc_op_operand(op, k)->def;
    if (!flow_from(c, source))
      return source;
  }
  return NULL;
}

static bool compose(nirc_s2_composer *c, const nirc_op *root)
{
  const nirc_op **stack = NIRC_NEW_ARRAY(c->arena, const nirc_op *, 1), **more;
  size_t depth = 0, room = 1;
  stack[depth++] = root;
  while (depth) {
    const nirc_op *op = stack[depth - 1], *next = missing(c, op);
    if (!next) {
      if (!gather(c, op) || (op != root && !send(c, op)))
        return false;
      depth--;
      continue;
    }
    if (c->under_way[next->id]) {
      nirc_error_code(c->d, "S2-DELAY", next->loc, "'%s': a loop without a neuron in it", next->name);
      return false;
    }
    c->under_way[next->id] = true;
    if (depth == room) {
      more = NIRC_NEW_ARRAY(c->arena, const nirc_op *, 2 * room);
      memcpy(more, stack, room * sizeof *more);
      stack = more;
      room *= 2;
    }
    stack[depth++] = next;
  }
  return true;
}

nirc_s2_composer *nirc_s2_composer_new(const nirc_s2_network *net, nirc_arena *a, nirc_module *m, nirc_diag *d)
{
  size_t n = 0;
  NIRC_FOR_EACH_OP(op, m->body.first->body)
    n++;
  nirc_s2_composer *c = NIRC_NEW(a, nirc_s2_composer);
  *c = (nirc_s2_composer){net, a, m, d, NIRC_NEW_ARRAY(a, const nirc_s2_flow *, n), NIRC_NEW_ARRAY(a, const nirc_s2_flow *, n), NIRC_NEW_ARRAY(a, bool, n),
                          false};
  return c;
}

const nirc_s2_flow *nirc_s2_compose(nirc_s2_composer *c, const nirc_op *op)
{
  if (c->failed || !compose(c, op)) {
    c->failed = true;
    return NULL;
  }
  return c->arrives[op->id];
}

const nirc_matrix *nirc_s2_matrix_add(nirc_s2_composer *c, const nirc_op *op, const nirc_matrix *a, const nirc_matrix *b)
{
  nirc_matrix *m = NIRC_NEW(c->arena, nirc_matrix);
  if (nirc_matrix_add(c->arena, a, b, MOST_ENTRIES, m))
    return m;
  refuse_size(c, op);
  return NULL;
}
