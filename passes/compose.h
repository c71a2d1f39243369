/* passes/compose.h: linear nodes as matrices and as convolutions, and what several of them in a row come to. In double, from the numbers of the file; each sum
 * in the order of the node's own: the same bits whoever asks.
 * Must not know: chips, neurons. */
#ifndef NIRC_PASSES_COMPOSE_H
#define NIRC_PASSES_COMPOSE_H

#include "ir/dialect_nir.h"

/* Entries by row, columns ascending, none of them 0. */
typedef struct nirc_matrix {
  size_t rows, columns;
  size_t *first;                                     /* rows + 1; NULL: the identity, which has no lists */
  uint32_t *column;
  double *value;
} nirc_matrix;

/* A convolution or pooling. [out][in/groups][rows][columns]; pairs are [rows, columns]; one-dimensional ones have one row. */
typedef struct nirc_conv {
  uint64_t in[3], out[3];                            /* maps: channels, rows, columns */
  uint64_t kernel[2], stride[2], padding[2], dilation[2], groups;      /* padding: zeros before the first element */
  bool symmetric;                                    /* as many zeros behind each axis as before it */
  double *value;
} nirc_conv;

static inline size_t nirc_conv_count(const nirc_conv *c) { return (size_t)(c->out[0] * (c->in[0] / c->groups) * c->kernel[0] * c->kernel[1]); }

/* A linear node, and one row of what it does: which elements of its input it takes, ascending, and by what. */
typedef struct nirc_linear {
  const nirc_op *op;
  size_t rows, columns;
  const nirc_blob *weight;                           /* of Linear, Affine and Scale; NULL: see conv; without values there: elements go on as they are */
  nirc_conv conv;
  size_t n;                                          /* the row at hand; none of the factors is 0 */
  uint32_t *from;
  double *factor;
} nirc_linear;

bool nirc_op_has_window(const nirc_op *op);          /* Conv1d, Conv2d, SumPool2d, AvgPool2d */
/* False after a diagnostic. */
bool nirc_conv_read(nirc_conv *c, nirc_arena *a, nirc_module *m, const nirc_op *op, nirc_diag *d);
bool nirc_linear_read(nirc_linear *l, nirc_arena *a, nirc_module *m, const nirc_op *op, nirc_diag *d);
nirc_linear nirc_linear_of_conv(nirc_arena *a, const nirc_conv *c);
void nirc_linear_row(nirc_linear *l, size_t row);
/* What it makes of numbers, biases left out. */
void nirc_linear_apply(nirc_linear *l, const double *in, double *out);

/* l times m: what l makes of m's results; of the identity: l itself. False, nothing made, where there are more entries than `most`. */
bool nirc_linear_times(nirc_arena *a, nirc_linear *l, const nirc_matrix *m, size_t most, nirc_matrix *out);
bool nirc_matrix_add(nirc_arena *a, const nirc_matrix *x, const nirc_matrix *y, size_t most, nirc_matrix *out);
nirc_matrix nirc_matrix_diagonal(nirc_arena *a, size_t n, const double *value);             /* NULL: ones */

/* One convolution for two in a row, the second without padding. False, nothing made, where its kernel has more entries than `most`, or its stride is no int32. */
bool nirc_conv_compose(nirc_arena *a, const nirc_conv *first, const nirc_conv *second, size_t most, nirc_conv *out);

#endif
