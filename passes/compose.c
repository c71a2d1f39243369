/* passes/compose.c: rows of linear nodes, and sums of them. */
#include "passes/compose.h"

#include <string.h>

/* ---- convolutions ----------------------------------------------------------------------------------------------------------------- */

bool nirc_op_has_window(const nirc_op *op)
{
  return op->def->n_axes > 0;
}

static void read_map(const nirc_op *op, const nirc_shape *s, uint64_t map[3])
{
  bool line = op->def->n_axes == 1;
  map[0] = s->dims[0];
  map[1] = line ? 1 : s->dims[1];
  map[2] = s->dims[line ? 1 : 2];
}

bool nirc_conv_read(nirc_conv *c, nirc_arena *a, nirc_module *m, const nirc_op *op, nirc_diag *d)
{
  nirc_window w;
  const nirc_blob *weight = nirc_op_blob(op, "weight");
  if (!nirc_nir_window(m, op, &w, d))
    return false;
  *c = (nirc_conv){.symmetric = true};
  read_map(op, &nirc_op_operand(op, 0)->type->shape, c->in);
  read_map(op, &op->results[0].type->shape, c->out);
  c->groups = weight ? (uint64_t)w.groups : c->in[0];
  for (int k = 0; k < 2; k++) {
    int axis = w.n_axes == 1 ? 0 : k;
    bool absent = w.n_axes == 1 && k == 0;
    c->kernel[k] = absent ? 1 : (uint64_t)w.kernel[axis];
    c->stride[k] = absent ? 1 : (uint64_t)w.stride[axis];
    c->dilation[k] = absent || !weight ? 1 : (uint64_t)w.dilation[axis];
    c->padding[k] = absent ? 0 : (uint64_t)w.before[axis];
    c->symmetric = c->symmetric && (absent || w.before[axis] == w.after[axis]);
  }
  size_t n = nirc_conv_count(c);
  double share = op->code == NIR_AVG_POOL2D ? 1 / (double)(c->kernel[0] * c->kernel[1]) : 1;
  c->value = NIRC_NEW_ARRAY(a, double, n);
  for (size_t i = 0; i < n; i++)
    c->value[i] = weight ? nirc_blob_get(weight, i) : share;
  return true;
}

/* The weight between two channels, whatever the groups; 0 where they are in different ones. */
static double weight_between(const nirc_conv *c, uint64_t o, uint64_t i, uint64_t y, uint64_t x)
{
  uint64_t each = c->in[0] / c->groups;
  if (i / each != o / (c->out[0] / c->groups))
    return 0;
  return c->value[((o * each + i % each) * c->kernel[0] + y) * c->kernel[1] + x];
}

static bool is_by_channel(const nirc_conv *c)
{
  return c->groups == c->in[0] && c->groups == c->out[0];
}

/* Adds what the two kernels make between channels o and i of the whole. */
static void add_kernel(const nirc_conv *f, const nirc_conv *s, uint64_t o, uint64_t i, const uint64_t size[2], double *to)
{
  uint64_t each = s->in[0] / s->groups, group = o / (s->out[0] / s->groups), from_each = f->in[0] / f->groups, from_out = f->out[0] / f->groups;
  for (uint64_t c = group * each; c < (group + 1) * each; c++)
    for (uint64_t y = 0; y < s->kernel[0] && i / from_each == c / from_out; y++)
      for (uint64_t x = 0; x < s->kernel[1]; x++) {
        double outer = weight_between(s, o, c, y, x);
        if (outer == 0)
          continue;
        for (uint64_t v = 0; v < f->kernel[0]; v++)
          for (uint64_t h = 0; h < f->kernel[1]; h++)
            to[(y * s->dilation[0] * f->stride[0] + v * f->dilation[0]) * size[1] + x * s->dilation[1] * f->stride[1] + h * f->dilation[1]] +=
              outer * weight_between(f, c, i, v, h);
      }
}

/* Multiplies; false beyond `most`. */
static bool multiply_within(uint64_t *product, uint64_t factor, uint64_t most)
{
  return !__builtin_mul_overflow(*product, factor, product) && *product <= most;
}

bool nirc_conv_compose(nirc_arena *a, const nirc_conv *f, const nirc_conv *s, size_t most, nirc_conv *out)
{
  nirc_conv c = {.groups = is_by_channel(f) && is_by_channel(s) ? f->groups : 1, .symmetric = f->symmetric};
  memcpy(c.in, f->in, sizeof c.in);
  memcpy(c.out, s->out, sizeof c.out);
  uint64_t each = c.in[0] / c.groups, entries = c.out[0];
  bool ok = multiply_within(&entries, each, most);
  for (int k = 0; ok && k < 2; k++) {
    uint64_t step = s->dilation[k];
    c.stride[k] = f->stride[k];
    c.padding[k] = f->padding[k];
    c.dilation[k] = 1;
    ok = multiply_within(&c.stride[k], s->stride[k], INT32_MAX) && multiply_within(&step, s->kernel[k] - 1, most) && multiply_within(&step, f->stride[k], most);
    c.kernel[k] = step + (f->kernel[k] - 1) * f->dilation[k] + 1;
    ok = ok && multiply_within(&entries, c.kernel[k], most);
  }
  if (!ok)
    return false;
  c.value = NIRC_NEW_ARRAY(a, double, (size_t)entries);
  for (uint64_t o = 0; o < c.out[0]; o++)
    for (uint64_t i = 0; i < each; i++)
      add_kernel(f, s, o, c.groups == 1 ? i : o, c.kernel, c.value + (o * each + i) * c.kernel[0] * c.kernel[1]);
  *out = c;
  return true;
}

/* ---- rows of a node ----------------------------------------------------------------------------------------------------------------- */

static void make_room(nirc_linear *l, nirc_arena *a, size_t most)
{
  l->from = NIRC_NEW_ARRAY(a, uint32_t, most);
  l->factor = NIRC_NEW_ARRAY(a, double, most);
}

nirc_linear nirc_linear_of_conv(nirc_arena *a, const nirc_conv *c)
{
  nirc_linear l = {.rows = (size_t)(c->out[0] * c->out[1] * c->out[2]), .columns = (size_t)(c->in[0] * c->in[1] * c->in[2]), .conv = *c};
  make_room(&l, a, (size_t)(c->in[0] / c->groups * c->kernel[0] * c->kernel[1]));
  return l;
}

bool nirc_linear_read(nirc_linear *l, nirc_arena *a, nirc_module *m, const nirc_op *op, nirc_diag *d)
{
  nirc_conv c;
  if (nirc_op_has_window(op)) {
    if (!nirc_conv_read(&c, a, m, op, d))
      return false;
    *l = nirc_linear_of_conv(a, &c);
    l->op = op;
    return true;
  }
  const nirc_blob *w = nirc_op_blob(op, op->code == NIR_SCALE ? "scale" : "weight");
  *l = (nirc_linear){.op = op, .rows = op->results[0].type->count, .columns = nirc_op_operand(op, 0)->type->count, .weight = w};
  make_room(l, a, w && op->code != NIR_SCALE ? (size_t)w->shape.dims[w->shape.rank - 1] : 1);
  return true;
}

static void put(nirc_linear *l, size_t from, double factor)
{
  l->from[l->n] = (uint32_t)from;
  l->factor[l->n] = factor;
  l->n += factor != 0;
}

/* [..., out, in]: one block for each leading index. */
static void dense_row(nirc_linear *l, size_t row)
{
  const nirc_shape *s = &l->weight->shape;
  size_t n = (size_t)s->dims[s->rank - 1], block = row / (size_t)s->dims[s->rank - 2] * n;
  if (l->weight->dtype == NIRC_F32 && !l->weight->splat)
    for (size_t j = 0; j < n; j++)
      put(l, block + j, (double)((const float *)l->weight->data)[row * n + j]);
  else
    for (size_t j = 0; j < n; j++)
      put(l, block + j, nirc_blob_get(l->weight, row * n + j));
}

/* Positions of the kernel along an axis that stand on the map, for the window of output `at`; *start: where on the map, its padding included, that window begins. */
static void find_inside(const nirc_conv *c, int axis, uint64_t at, uint64_t *low, uint64_t *high, uint64_t *start)
{
  uint64_t n = c->in[axis + 1], before = c->padding[axis], step = c->dilation[axis];
  *start = at * c->stride[axis];
  *low = *start < before ? (before - *start + step - 1) / step : 0;
  *high = *start < n + before ? (n + before - *start - 1) / step + 1 : 0;
  *high = *high < c->kernel[axis] ? *high : c->kernel[axis];
}

static void window_row(nirc_linear *l, size_t row)
{
  const nirc_conv *c = &l->conv;
  uint64_t x = row % c->out[2], y = row / c->out[2] % c->out[1], o = row / c->out[2] / c->out[1], each = c->in[0] / c->groups;
  uint64_t first = o / (c->out[0] / c->groups) * each, low[2], high[2], start[2];
  find_inside(c, 0, y, &low[0], &high[0], &start[0]);
  find_inside(c, 1, x, &low[1], &high[1], &start[1]);
  for (uint64_t i = 0; i < each; i++)
    for (uint64_t v = low[0]; v < high[0]; v++) {
      const double *value = c->value + ((o * each + i) * c->kernel[0] + v) * c->kernel[1];
      size_t line = (size_t)(((first + i) * c->in[1] + start[0] + v * c->dilation[0] - c->padding[0]) * c->in[2]);
      for (uint64_t h = low[1]; h < high[1]; h++)
        put(l, line + (size_t)(start[1] + h * c->dilation[1] - c->padding[1]), value[h]);
    }
}

void nirc_linear_row(nirc_linear *l, size_t row)
{
  l->n = 0;
  if (l->conv.value)
    window_row(l, row);
  else if (!l->weight)
    put(l, row, 1);
  else if (l->op->code == NIR_SCALE)
    put(l, row, nirc_blob_get(l->weight, l->weight->count == 1 ? 0 : row));
  else
    dense_row(l, row);
}

void nirc_linear_apply(nirc_linear *l, const double *in, double *out)
{
  for (size_t row = 0; row < l->rows; row++) {
    nirc_linear_row(l, row);
    out[row] = 0;
    for (size_t k = 0; k < l->n; k++)
      out[row] += l->factor[k] * in[l->from[k]];
  }
}

/* ---- sums of rows --------------------------------------------------------------------------------------------------------------------- */

enum { MAX_LEVELS = 6, WORD_BITS = 64 };             /* 64^6 columns */

/* One row as it adds up: a sum for each column, and which of them there are, as a set of bits; a bit of a further level says that a word of the one before is not
 * 0. So columns come out ascending, in a time that depends on their number only. */
typedef struct row_sum {
  uint64_t *level[MAX_LEVELS];
  int top;
  double *sum;
  nirc_matrix *to;                                   /* NULL: entries are counted only */
  size_t n;
} row_sum;

static void start_sums(row_sum *x, nirc_arena *a, size_t columns)
{
  *x = (row_sum){.sum = NIRC_NEW_ARRAY(a, double, columns)};
  for (size_t words = columns / WORD_BITS + 1;; words = words / WORD_BITS + 1) {
    x->level[x->top] = NIRC_NEW_ARRAY(a, uint64_t, words);
    if (words == 1)
      return;
    x->top++;
  }
}

static void add(row_sum *x, size_t column, double v)
{
  uint64_t *word = &x->level[0][column / WORD_BITS], bit = (uint64_t)1 << column % WORD_BITS;
  if (*word & bit) {
    x->sum[column] += v;
    return;
  }
  x->sum[column] = v;
  for (int k = 1; k <= x->top && !*word; k++) {
    *word |= bit;
    column /= WORD_BITS;
    word = &x->level[k][column / WORD_BITS];
    bit = (uint64_t)1 << column % WORD_BITS;
  }
  *word |= bit;
}

static void take(row_sum *x, size_t column)
{
  if (x->sum[column] == 0)
    return;
  if (x->to) {
    x->to->column[x->n] = (uint32_t)column;
    x->to->value[x->n] = x->sum[column];
  }
  x->n++;
}

static void take_word(row_sum *x, int level, size_t at)
{
  uint64_t bits = x->level[level][at];
  x->level[level][at] = 0;
  for (; bits; bits &= bits - 1) {
    size_t next = at * WORD_BITS + (size_t)__builtin_ctzll(bits);
    if (level)
      take_word(x, level - 1, next);
    else
      take(x, next);
  }
}

static void add_row(row_sum *x, const nirc_matrix *m, size_t row, double factor)
{
  if (!m->first) {
    add(x, row, factor);
    return;
  }
  for (size_t e = m->first[row]; e < m->first[row + 1]; e++)
    add(x, m->column[e], factor * m->value[e]);
}

/* Row `row` of l times x, or of x + y where l is NULL. */
static void add_up(row_sum *s, nirc_linear *l, const nirc_matrix *x, const nirc_matrix *y, size_t row)
{
  if (l) {
    nirc_linear_row(l, row);
    for (size_t k = 0; k < l->n; k++)
      add_row(s, x, l->from[k], l->factor[k]);
  } else {
    add_row(s, x, row, 1);
    add_row(s, y, row, 1);
  }
}

/* Twice: to count, and to write. */
static bool combine(nirc_arena *a, nirc_linear *l, const nirc_matrix *x, const nirc_matrix *y, size_t rows, size_t most, nirc_matrix *out)
{
  nirc_arena *scratch = nirc_arena_new(nirc_arena_heap(a));
  nirc_matrix m = {.rows = rows, .columns = x->columns};
  row_sum s;
  start_sums(&s, scratch, x->columns);
  for (size_t row = 0; row < rows && s.n <= most; row++) {
    add_up(&s, l, x, y, row);
    take_word(&s, s.top, 0);
  }
  bool ok = s.n <= most;
  if (ok) {
    m.first = NIRC_NEW_ARRAY(a, size_t, rows + 1);
    m.column = NIRC_NEW_ARRAY(a, uint32_t, s.n);
    m.value = NIRC_NEW_ARRAY(a, double, s.n);
    s.n = 0;
    s.to = &m;
    for (size_t row = 0; row < rows; row++) {
      add_up(&s, l, x, y, row);
      take_word(&s, s.top, 0);
      m.first[row + 1] = s.n;
    }
    *out = m;
  }
  nirc_arena_free(scratch);
  return ok;
}

/* The node's own rows, which are in order and have no 0. */
static bool write_out(nirc_arena *a, nirc_linear *l, size_t most, nirc_matrix *out)
{
  nirc_matrix m = {.rows = l->rows, .columns = l->columns, .first = NIRC_NEW_ARRAY(a, size_t, l->rows + 1)};
  for (size_t row = 0; row < l->rows; row++) {
    nirc_linear_row(l, row);
    m.first[row + 1] = m.first[row] + l->n;
    if (m.first[row + 1] > most)
      return false;
  }
  m.column = NIRC_NEW_ARRAY(a, uint32_t, m.first[l->rows]);
  m.value = NIRC_NEW_ARRAY(a, double, m.first[l->rows]);
  for (size_t row = 0; row < l->rows; row++) {
    nirc_linear_row(l, row);
    memcpy(m.column + m.first[row], l->from, l->n * sizeof *l->from);
    memcpy(m.value + m.first[row], l->factor, l->n * sizeof *l->factor);
  }
  *out = m;
  return true;
}

bool nirc_linear_times(nirc_arena *a, nirc_linear *l, const nirc_matrix *m, size_t most, nirc_matrix *out)
{
  return m->first ? combine(a, l, m, NULL, l->rows, most, out) : write_out(a, l, most, out);
}

bool nirc_matrix_add(nirc_arena *a, const nirc_matrix *x, const nirc_matrix *y, size_t most, nirc_matrix *out)
{
  return combine(a, NULL, x, y, x->rows, most, out);
}

nirc_matrix nirc_matrix_diagonal(nirc_arena *a, size_t n, const double *value)
{
  nirc_matrix m = {.rows = n, .columns = n, .first = NIRC_NEW_ARRAY(a, size_t, n + 1), .column = NIRC_NEW_ARRAY(a, uint32_t, n),
                   .value = NIRC_NEW_ARRAY(a, double, n)};
  for (size_t i = 0, kept = 0; i < n; i++) {
    m.column[kept] = (uint32_t)i;
    m.value[kept] = value ? value[i] : 1;
    kept += m.value[kept] != 0;
    m.first[i + 1] = kept;
  }
  return m;
}
