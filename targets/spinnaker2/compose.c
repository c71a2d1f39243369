/* targets/spinnaker2/compose.c: what lies between populations, as one matrix for each source and delay, in double from the file's values. Each row is the
 * sum of the products along all ways, added in the order of the nodes' own sums. Only what is asked for is composed. */
#include <math.h>
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

static nirc_s2_matrix identity;

/* ---- matrices that grow ------------------------------------------------------------------------------------------------------- */

/* A matrix under construction, and one row of it as a dense array: what was touched, and its sums. */
typedef struct builder {
  nirc_s2_composer *c;
  const nirc_op *op;                                 /* to blame */
  nirc_s2_matrix *made;
  size_t room;
  double *sum;
  size_t *mark;                                      /* row number + 1 of the last touch */
  uint32_t *touched;
  size_t n_touched, row;
} builder;

static builder begin(nirc_s2_composer *c, const nirc_op *op, size_t rows, size_t columns)
{
  nirc_arena *a = c->arena;
  builder b = {.c = c, .op = op, .made = NIRC_NEW(a, nirc_s2_matrix), .sum = NIRC_NEW_ARRAY(a, double, columns), .mark = NIRC_NEW_ARRAY(a, size_t, columns),
               .touched = NIRC_NEW_ARRAY(a, uint32_t, columns)};
  b.made->first = NIRC_NEW_ARRAY(a, size_t, rows + 1);
  return b;
}

static void add_to_row(builder *b, uint32_t column, double v)
{
  if (b->mark[column] != b->row + 1) {
    b->mark[column] = b->row + 1;
    b->sum[column] = 0;
    b->touched[b->n_touched++] = column;
  }
  b->sum[column] += v;
}

static int ascending(const void *a, const void *b)
{
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static void make_room(builder *b, size_t more)
{
  nirc_s2_matrix *m = b->made;
  if (m->n + more <= b->room)
    return;
  size_t room = 2 * (m->n + more);
  uint32_t *column = NIRC_NEW_ARRAY(b->c->arena, uint32_t, room);
  double *value = NIRC_NEW_ARRAY(b->c->arena, double, room);
  if (m->n) {
    memcpy(column, m->column, m->n * sizeof *column);
    memcpy(value, m->value, m->n * sizeof *value);
  }
  m->column = column;
  m->value = value;
  b->room = room;
}

/* The row ends; what came to 0 is left out. False after an error. */
static bool end_row(builder *b)
{
  nirc_s2_matrix *m = b->made;
  bool sorted = true;
  for (size_t i = 1; i < b->n_touched; i++)
    sorted = sorted && b->touched[i - 1] < b->touched[i];
  if (!sorted)
    qsort(b->touched, b->n_touched, sizeof *b->touched, ascending);
  make_room(b, b->n_touched);
  for (size_t i = 0; i < b->n_touched; i++) {
    double v = b->sum[b->touched[i]];
    if (v == 0)
      continue;
    m->column[m->n] = b->touched[i];
    m->value[m->n++] = v;
  }
  b->n_touched = 0;
  m->first[++b->row] = m->n;
  if (m->n <= MOST_ENTRIES)
    return true;
  nirc_error_code(b->c->d, "S2-PES", b->op->loc, "'%s': more than %d weights lead to it from one population; the largest board holds fewer", b->op->name,
                  MOST_ENTRIES);
  b->c->failed = true;
  return false;
}

static void add_scaled_row(builder *b, const nirc_s2_matrix *m, size_t row, double factor)
{
  if (!m->first) {
    add_to_row(b, (uint32_t)row, factor);
    return;
  }
  for (size_t i = m->first[row]; i < m->first[row + 1]; i++)
    add_to_row(b, m->column[i], factor * m->value[i]);
}

static size_t n_columns(const nirc_s2_composer *c, size_t source) { return c->net->populations[source].size; }

static const nirc_s2_matrix *add(nirc_s2_composer *c, const nirc_op *op, const nirc_s2_matrix *x, const nirc_s2_matrix *y, size_t rows, size_t columns)
{
  builder b = begin(c, op, rows, columns);
  for (size_t row = 0; row < rows; row++) {
    add_scaled_row(&b, x, row, 1);
    add_scaled_row(&b, y, row, 1);
    if (!end_row(&b))
      return NULL;
  }
  return b.made;
}

/* ---- the rows of a node ------------------------------------------------------------------------------------------------------- */

typedef struct linear {
  const nirc_op *op;
  const nirc_shape *in, *out;
  const nirc_blob *weight;                           /* or scale; NULL: pooling */
  nirc_window window;
  double share;                                      /* of each element of a window of pooling */
  size_t *from;                                      /* one row: elements of the input, and factors */
  double *factor;
  size_t n;
} linear;

static void put(linear *l, size_t from, double factor)
{
  if (factor == 0)
    return;
  l->from[l->n] = from;
  l->factor[l->n++] = factor;
}

static void dense_row(linear *l, size_t row)
{
  const nirc_shape *w = &l->weight->shape;
  size_t columns = (size_t)w->dims[w->rank - 1], rows = (size_t)w->dims[w->rank - 2], block = row / rows;
  for (size_t j = 0; j < columns; j++)
    put(l, block * columns + j, nirc_blob_get(l->weight, row * columns + j));
}

/* Kernel positions of an axis whose element lies inside of the input, for window `at`. */
static void inside(const nirc_window *w, int axis, int64_t at, int64_t n, int64_t *low, int64_t *high)
{
  int64_t start = at * w->stride[axis] - w->before[axis], dilation = w->dilation[axis];
  *low = start < 0 ? (-start + dilation - 1) / dilation : 0;
  *high = n - 1 - start < 0 ? 0 : (n - 1 - start) / dilation + 1;
  *high = *high < w->kernel[axis] ? *high : w->kernel[axis];
}

static void window_row(linear *l, size_t row)
{
  const nirc_window *w = &l->window;
  int last = w->n_axes - 1;
  int64_t height = w->n_axes == 2 ? (int64_t)l->in->dims[1] : 1, width = (int64_t)l->in->dims[w->n_axes];
  int64_t out_width = (int64_t)l->out->dims[w->n_axes], out_height = w->n_axes == 2 ? (int64_t)l->out->dims[1] : 1;
  int64_t x = (int64_t)row % out_width, y = (int64_t)row / out_width % out_height, channel = (int64_t)row / out_width / out_height;
  int64_t low_y = 0, high_y = 1, low_x, high_x, kernel_height = w->n_axes == 2 ? w->kernel[0] : 1;
  if (w->n_axes == 2)
    inside(w, 0, y, height, &low_y, &high_y);
  inside(w, last, x, width, &low_x, &high_x);
  int64_t top = w->n_axes == 2 ? y * w->stride[0] - w->before[0] : 0, left = x * w->stride[last] - w->before[last];
  int64_t taps = l->weight ? (int64_t)l->weight->shape.dims[1] : 1;
  int64_t first = l->weight ? channel / ((int64_t)l->out->dims[0] / w->groups) * taps : channel;
  for (int64_t c = 0; c < taps; c++)
    for (int64_t a = low_y; a < high_y; a++)
      for (int64_t b = low_x; b < high_x; b++) {
        int64_t from = ((first + c) * height + top + a * (w->n_axes == 2 ? w->dilation[0] : 1)) * width + left + b * w->dilation[last];
        put(l, (size_t)from, l->weight ? nirc_blob_get(l->weight, (size_t)(((channel * taps + c) * kernel_height + a) * w->kernel[last] + b)) : l->share);
      }
}

static void make_row(linear *l, size_t row)
{
  l->n = 0;
  switch (l->op->code) {
  case NIR_LINEAR: case NIR_AFFINE: dense_row(l, row); break;
  case NIR_SCALE: put(l, row, nirc_blob_get(l->weight, l->weight->count == 1 ? 0 : row)); break;
  default: window_row(l, row); break;
  }
}

static bool read_linear(nirc_s2_composer *c, linear *l, const nirc_op *op)
{
  const nirc_type *in = nirc_op_operand(op, 0)->type;
  *l = (linear){.op = op, .in = &in->shape, .out = &op->results[0].type->shape, .weight = nirc_op_blob(op, op->code == NIR_SCALE ? "scale" : "weight"),
                .share = 1};
  l->from = NIRC_NEW_ARRAY(c->arena, size_t, in->count);
  l->factor = NIRC_NEW_ARRAY(c->arena, double, in->count);
  if (!op->def->n_axes)
    return true;
  if (!nirc_nir_window(c->m, op, &l->window, c->d))
    return false;
  if (op->code == NIR_AVG_POOL2D)
    l->share = 1 / ((double)l->window.kernel[0] * (double)l->window.kernel[1]);
  if (l->window.same && (l->window.stride[0] != 1 || (l->window.n_axes == 2 && l->window.stride[1] != 1))) {
    nirc_error_code(c->d, "S2-PRIM", nirc_op_attr_loc(c->m, op, "padding"), "'%s': padding \"same\" with a stride other than 1 has no agreed meaning",
                    op->name);
    nirc_note(c->d, op->loc, "give the padding in numbers");
    return false;
  }
  return true;
}

static const nirc_s2_matrix *product(nirc_s2_composer *c, linear *l, const nirc_s2_matrix *m, size_t columns)
{
  size_t rows = l->op->results[0].type->count;
  builder b = begin(c, l->op, rows, columns);
  for (size_t row = 0; row < rows; row++) {
    make_row(l, row);
    for (size_t i = 0; i < l->n; i++)
      add_scaled_row(&b, m, l->from[i], l->factor[i]);
    if (!end_row(&b))
      return NULL;
  }
  return b.made;
}

/* The node's own bias, and what it makes of one that arrives. */
static const double *bias_of(nirc_s2_composer *c, linear *l, const double *in)
{
  const nirc_blob *own = nirc_op_blob(l->op, "bias");
  size_t n = l->op->results[0].type->count;
  if (!in && !own)
    return NULL;
  double *out = NIRC_NEW_ARRAY(c->arena, double, n);
  for (size_t row = 0; in && row < n; row++) {
    make_row(l, row);
    for (size_t i = 0; i < l->n; i++)
      out[row] += l->factor[i] * in[l->from[i]];
  }
  size_t each = own && l->op->def->n_axes ? n / own->count : 1;          /* of a convolution: one number for a map */
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
  f->terms[0] = (nirc_s2_term){p, 0, &identity};
  f->n = 1;
  return f;
}

static const nirc_s2_flow *flow_from(nirc_s2_composer *c, const nirc_op *op)
{
  if (!c->sends[op->id] && c->net->population_of[op->id] >= 0)
    c->sends[op->id] = of_population(c, (size_t)c->net->population_of[op->id]);
  return c->sends[op->id];
}

static bool add_term(nirc_s2_composer *c, const nirc_op *op, nirc_s2_flow *f, const nirc_s2_term *t, size_t rows)
{
  size_t i = 0;
  while (i < f->n && (f->terms[i].source != t->source || f->terms[i].steps != t->steps))
    i++;
  if (i == f->n) {
    f->terms[f->n++] = *t;
    return true;
  }
  f->terms[i].matrix = add(c, op, f->terms[i].matrix, t->matrix, rows, n_columns(c, t->source));
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
      if (!add_term(c, op, f, &from->terms[i], rows))
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
  linear l;
  if (!read_linear(c, &l, op))
    return false;
  for (size_t i = 0; i < f->n; i++)
    if (!(f->terms[i].matrix = product(c, &l, in->terms[i].matrix, n_columns(c, in->terms[i].source))))
      return false;
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

const nirc_s2_matrix *nirc_s2_matrix_add(nirc_s2_composer *c, const nirc_op *op, const nirc_s2_matrix *a, const nirc_s2_matrix *b, size_t source)
{
  return add(c, op, a, b, op->results[0].type->count, n_columns(c, source));
}
