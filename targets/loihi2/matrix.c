/* targets/loihi2/matrix.c: linear maps as sparse matrices and as convolutions, and what two of them in a row are. */
#include <string.h>

#include "targets/loihi2/loihi2.h"

static nirc_loihi2_matrix new_matrix(nirc_arena *a, size_t rows, size_t columns, size_t entries)
{
  return (nirc_loihi2_matrix){.rows = rows, .columns = columns, .first = NIRC_NEW_ARRAY(a, size_t, rows + 1), .column = NIRC_NEW_ARRAY(a, uint32_t, entries),
                              .value = NIRC_NEW_ARRAY(a, double, entries)};
}

nirc_loihi2_matrix nirc_loihi2_diagonal(nirc_arena *a, size_t n, const double *value)
{
  nirc_loihi2_matrix m = new_matrix(a, n, n, n);
  for (size_t i = 0; i < n; i++) {
    m.first[i + 1] = i + 1;
    m.column[i] = (uint32_t)i;
    m.value[i] = value ? value[i] : 1;
  }
  return m;
}

/* Columns of each row in ascending order: by way of the transpose, in linear time. */
static void sort_rows(nirc_arena *a, nirc_loihi2_matrix *m)
{
  size_t n = m->first[m->rows], *next = NIRC_NEW_ARRAY(a, size_t, m->columns + 1);
  uint32_t *row = NIRC_NEW_ARRAY(a, uint32_t, n);
  double *value = NIRC_NEW_ARRAY(a, double, n);
  for (size_t e = 0; e < n; e++)
    next[m->column[e] + 1]++;
  for (size_t j = 0; j < m->columns; j++)
    next[j + 1] += next[j];
  for (size_t i = 0; i < m->rows; i++)
    for (size_t e = m->first[i]; e < m->first[i + 1]; e++) {
      size_t at = next[m->column[e]]++;
      row[at] = (uint32_t)i;
      value[at] = m->value[e];
    }
  size_t *place = NIRC_NEW_ARRAY(a, size_t, m->rows + 1), e = 0;
  memcpy(place, m->first, (m->rows + 1) * sizeof *place);
  for (size_t j = 0; j < m->columns; j++)            /* next[j] is now where column j ends */
    for (; e < next[j]; e++) {
      size_t at = place[row[e]]++;
      m->column[at] = (uint32_t)j;
      m->value[at] = value[e];
    }
}

/* Row by row: `sum` by column, `touched` the columns in it. */
nirc_loihi2_matrix nirc_loihi2_product(nirc_arena *a, const nirc_loihi2_matrix *left, const nirc_loihi2_matrix *right)
{
  double *sum = NIRC_NEW_ARRAY(a, double, right->columns);
  size_t *row_of = NIRC_NEW_ARRAY(a, size_t, right->columns), n = 0;       /* 1 + the row that the sum is of */
  for (size_t i = 0; i < left->rows; i++)
    for (size_t k = left->first[i]; k < left->first[i + 1]; k++)
      for (size_t e = right->first[left->column[k]]; e < right->first[left->column[k] + 1]; e++)
        if (row_of[right->column[e]] != i + 1) {
          row_of[right->column[e]] = i + 1;
          n++;
        }
  nirc_loihi2_matrix m = new_matrix(a, left->rows, right->columns, n);
  memset(row_of, 0, right->columns * sizeof *row_of);
  n = 0;
  for (size_t i = 0; i < left->rows; i++) {
    for (size_t k = left->first[i]; k < left->first[i + 1]; k++)
      for (size_t e = right->first[left->column[k]]; e < right->first[left->column[k] + 1]; e++) {
        uint32_t c = right->column[e];
        if (row_of[c] != i + 1) {
          row_of[c] = i + 1;
          sum[c] = 0;
          m.column[n++] = c;
        }
        sum[c] += left->value[k] * right->value[e];
      }
    for (size_t e = m.first[i]; e < n; e++)
      m.value[e] = sum[m.column[e]];
    m.first[i + 1] = n;
  }
  sort_rows(a, &m);
  return m;
}

/* The entries of one row of outputs (channel, row, column), appended. */
static size_t expand_one(const nirc_loihi2_conv *c, uint64_t o, uint64_t y, uint64_t x, nirc_loihi2_matrix *m, size_t n)
{
  uint64_t each = c->in[0] / c->groups, group = o / (c->out[0] / c->groups);
  for (uint64_t i = 0; i < each; i++)
    for (uint64_t ky = 0; ky < c->kernel[0]; ky++)
      for (uint64_t kx = 0; kx < c->kernel[1]; kx++) {
        uint64_t row = y * c->stride[0] + ky * c->dilation[0], column = x * c->stride[1] + kx * c->dilation[1];
        if (row < c->padding[0] || column < c->padding[1] || row - c->padding[0] >= c->in[1] || column - c->padding[1] >= c->in[2])
          continue;
        if (m) {
          m->column[n] = (uint32_t)(((group * each + i) * c->in[1] + row - c->padding[0]) * c->in[2] + column - c->padding[1]);
          m->value[n] = c->value[((o * each + i) * c->kernel[0] + ky) * c->kernel[1] + kx];
        }
        n++;
      }
  return n;
}

nirc_loihi2_matrix nirc_loihi2_expand(nirc_arena *a, const nirc_loihi2_conv *c)
{
  nirc_loihi2_matrix m = {0};
  for (int fill = 0; fill < 2; fill++) {             /* first to count */
    size_t n = 0, row = 0;
    for (uint64_t o = 0; o < c->out[0]; o++)
      for (uint64_t y = 0; y < c->out[1]; y++)
        for (uint64_t x = 0; x < c->out[2]; x++) {
          n = expand_one(c, o, y, x, fill ? &m : NULL, n);
          if (fill)
            m.first[++row] = n;
        }
    if (!fill)
      m = new_matrix(a, (size_t)(c->out[0] * c->out[1] * c->out[2]), (size_t)(c->in[0] * c->in[1] * c->in[2]), n);
  }
  return m;
}

nirc_loihi2_matrix nirc_loihi2_select(nirc_arena *a, const nirc_loihi2_matrix *m, unsigned delay)
{
  size_t n = 0;
  for (size_t e = 0; e < m->first[m->rows]; e++)
    n += m->value[e] != 0 && (!m->delay || m->delay[e] == delay);
  nirc_loihi2_matrix s = new_matrix(a, m->rows, m->columns, n);
  n = 0;
  for (size_t i = 0; i < m->rows; i++) {
    for (size_t e = m->first[i]; e < m->first[i + 1]; e++)
      if (m->value[e] != 0 && (!m->delay || m->delay[e] == delay)) {
        s.column[n] = m->column[e];
        s.value[n++] = m->value[e];
      }
    s.first[i + 1] = n;
  }
  return s;
}

/* The weight between two channels, whatever the groups; 0 where they are in different ones. */
static double weight_between(const nirc_loihi2_conv *c, uint64_t o, uint64_t i, uint64_t y, uint64_t x)
{
  uint64_t each = c->in[0] / c->groups;
  if (i / each != o / (c->out[0] / c->groups))
    return 0;
  return c->value[((o * each + i % each) * c->kernel[0] + y) * c->kernel[1] + x];
}

static bool is_by_channel(const nirc_loihi2_conv *c)
{
  return c->groups == c->in[0] && c->groups == c->out[0];
}

/* Adds what the two kernels make between channels o and i of the whole. */
static void add_kernel(const nirc_loihi2_conv *f, const nirc_loihi2_conv *s, uint64_t o, uint64_t i, const uint64_t size[2], double *to)
{
  for (uint64_t c = 0; c < f->out[0]; c++)
    for (uint64_t y = 0; y < s->kernel[0]; y++)
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

nirc_loihi2_conv nirc_loihi2_compose(nirc_arena *a, const nirc_loihi2_conv *f, const nirc_loihi2_conv *s)
{
  nirc_loihi2_conv c = {.groups = is_by_channel(f) && is_by_channel(s) ? f->groups : 1};
  memcpy(c.in, f->in, sizeof c.in);
  memcpy(c.out, s->out, sizeof c.out);
  for (int k = 0; k < 2; k++) {
    c.kernel[k] = (s->kernel[k] - 1) * s->dilation[k] * f->stride[k] + (f->kernel[k] - 1) * f->dilation[k] + 1;
    c.stride[k] = f->stride[k] * s->stride[k];
    c.padding[k] = f->padding[k];
    c.dilation[k] = 1;
  }
  uint64_t each = c.in[0] / c.groups;
  c.value = NIRC_NEW_ARRAY(a, double, nirc_loihi2_conv_count(&c));
  for (uint64_t o = 0; o < c.out[0]; o++)
    for (uint64_t i = 0; i < each; i++)
      add_kernel(f, s, o, c.groups == 1 ? i : o, c.kernel, c.value + (o * each + i) * c.kernel[0] * c.kernel[1]);
  return c;
}
