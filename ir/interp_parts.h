/* ir/interp_parts.h: values and instructions of the interpreter, for interp.c and interp_count.c.
 * Must not know: what the ops compute. */
#ifndef NIRC_IR_INTERP_PARTS_H
#define NIRC_IR_INTERP_PARTS_H

#include <string.h>

#include "ir/cores.h"
#include "ir/neuron.h"

/* Of a value in this step: the member of its element type is set, no other. */
typedef struct cells {
  const nirc_type *type;
  float *f;                                          /* i1, f32 */
  double *d;                                         /* f64 */
  int16_t *h;                                        /* i16 */
  int32_t *i;                                        /* i32 */
  int64_t *l;                                        /* i64 */
} cells;

enum { MAX_OPERANDS = 8, MAX_RESULTS = 8 };

/* An snn.neuron with room for one element's values. */
typedef struct neuron_values {
  nirc_neuron read;
  nirc_eq_value *inputs, *values;
} neuron_values;

/* An op with the places of its values. */
typedef struct instruction {
  const nirc_op *op;
  cells in[MAX_OPERANDS];
  cells out[MAX_RESULTS];                            /* of an snn.state: the state itself */
  const neuron_values *neuron;
} instruction;

/* What the ops that these values are of have done in this step, added to the counters' rows. */
void nirc_interp_count_op(const instruction *k, const nirc_counters *c, bool on_chip, uint64_t *counters);

/* One step of cores whose inputs are in[1 ..]; `counts` by core, or NULL. */
void nirc_interp_run_cores(const instruction *k, int64_t *v, double *z, uint64_t (*counts)[NIRC_COUNT_KINDS]);

static inline double cell_get(cells c, size_t e)
{
  return c.f ? (double)c.f[e] : c.d ? c.d[e] : c.h ? (double)c.h[e] : c.i ? (double)c.i[e] : (double)c.l[e];
}

/* Rounds to the element type; a whole number must be one. */
static inline void cell_put(cells c, size_t e, double v)
{
  if (c.f)
    c.f[e] = (float)v;
  else if (c.d)
    c.d[e] = v;
  else if (c.h)
    c.h[e] = (int16_t)v;
  else if (c.i)
    c.i[e] = (int32_t)v;
  else
    c.l[e] = (int64_t)v;
}

static inline int64_t whole(const nirc_blob *b, size_t i)
{
  int64_t v = 0;
  NIRC_ASSERT(nirc_blob_get_int(b, i, &v));
  return v;
}

/* A value of the equation's types, from and to the cells. */
static inline nirc_eq_value eq_get(cells c, size_t e)
{
  return c.l || c.h ? (nirc_eq_value){.i = c.l ? c.l[e] : c.h[e]} : (nirc_eq_value){.f = cell_get(c, e)};
}

static inline void eq_put(cells c, size_t e, nirc_eq_value v)
{
  if (c.l)
    c.l[e] = v.i;
  else if (c.h)
    c.h[e] = (int16_t)v.i;
  else
    cell_put(c, e, v.f);
}

/* What element e of an snn.neuron takes, in its inputs. */
static inline void neuron_inputs(const instruction *k, size_t e)
{
  const nirc_neuron *read = &k->neuron->read;
  nirc_eq_value *inputs = k->neuron->inputs;
  for (uint32_t i = 0; i < read->n_operands; i++)
    inputs[i] = eq_get(k->in[i], e);
  for (uint32_t c = 0; c < read->n_coefficients; c++) {
    const nirc_blob *b = read->coefficients[c];
    inputs[read->n_operands + c] = b->dtype == NIRC_I64 || b->dtype == NIRC_I16 ? (nirc_eq_value){.i = whole(b, e)} : (nirc_eq_value){.f = nirc_blob_get(b, e)};
  }
}

/* How many events a value stands for. */
static inline int64_t events(cells x, size_t e, int64_t most)
{
  double n = cell_get(x, e);
  return !(n >= 1) ? 0 : n >= (double)most ? most : (int64_t)n;
}

#endif
