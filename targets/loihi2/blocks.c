/* targets/loihi2/blocks.c: populations cut into blocks. What a convolution reaches from a position is a window, so blocks of a map are rectangles of a shape that
 * few windows lie across: a slice for each of their rows. */
#include "targets/loihi2/place.h"

#include <string.h>

static void begin(const nirc_loihi2_placer *x, nirc_loihi2_blocks *b, size_t max_blocks, size_t max_slices)
{
  *b = (nirc_loihi2_blocks){.first = NIRC_NEW_ARRAY(x->a, size_t, max_blocks + 1), .slices = NIRC_NEW_ARRAY(x->a, nirc_loihi2_slice, max_slices),
                            .max_slices = max_slices, .block_of = NIRC_NEW_ARRAY(x->a, uint32_t *, x->net->n_populations)};
  for (size_t p = 0; p < x->net->n_populations; p++)
    b->block_of[p] = NIRC_NEW_ARRAY(x->a, uint32_t, nirc_loihi2_positions(&x->net->populations[p].shape));
}

/* To the block at hand. */
static void add_slice(nirc_loihi2_blocks *b, nirc_loihi2_slice s)
{
  b->slices[b->n_slices++] = s;
  for (size_t i = s.start; i < s.end; i++)
    b->block_of[s.population][i] = (uint32_t)b->n;
}

static void close_block(nirc_loihi2_blocks *b)
{
  b->first[++b->n] = b->n_slices;
}

void nirc_loihi2_cores_as_blocks(const nirc_loihi2_placer *x, const nirc_loihi2_placement *p, nirc_loihi2_blocks *out)
{
  begin(x, out, p->n_cores, p->n_slices);
  for (size_t c = 0; c < p->n_cores; c++, close_block(out))
    for (size_t i = p->cores[c].first; i < p->cores[c + 1].first; i++)
      add_slice(out, p->slices[i]);
}

/* ---- shapes -------------------------------------------------------------------------------------------------------------------------- */

/* Bands of rows and of columns; 0: slices along the whole map, as without a shape. */
typedef struct shape { size_t bands, columns; } shape;

/* Where band k of n begins. */
static size_t band(size_t size, size_t n, size_t k)
{
  return k * (size / n) + (k < size % n ? k : size % n);
}

/* Rows (axis 0) or columns of the source of which spikes reach each band, summed over the bands. */
static size_t reached(const nirc_conv *c, int axis, size_t bands)
{
  size_t sum = 0, out = (size_t)c->out[1 + axis], in = (size_t)c->in[1 + axis], dilation = (size_t)c->dilation[axis];
  for (size_t k = 0; k < bands; k++) {
    size_t low = band(out, bands, k) * (size_t)c->stride[axis],
           high = (band(out, bands, k + 1) - 1) * (size_t)c->stride[axis] + (size_t)(c->kernel[axis] - 1) * dilation + 1;
    size_t pad = (size_t)c->padding[axis];
    low = low > pad ? low - pad : 0;
    high = high > pad ? high - pad : 0;
    high = high < in ? high : in;
    sum += high > low ? high - low : 0;
  }
  return sum;
}

/* Spikes that arrive at all blocks, were each source's rate 1. */
static double arriving(const nirc_loihi2_placer *x, int p, shape s)
{
  double sum = 0;
  for (size_t k = x->first[p]; k < x->first[p + 1]; k++) {
    const nirc_conv *c = &x->by_target[k]->conv;
    sum += (double)c->in[0] * (double)reached(c, 0, s.bands) * (double)reached(c, 1, s.columns);
  }
  return sum;
}

static bool only_convolutions(const nirc_loihi2_placer *x, int p)
{
  for (size_t k = x->first[p]; k < x->first[p + 1]; k++)
    if (x->by_target[k]->kind != NIRC_LOIHI2_CONV)
      return false;
  return x->first[p + 1] > x->first[p] && x->net->populations[p].shape.rank == 3;
}

/* The most positions of a block. */
static size_t most_positions(nirc_loihi2_placer *x, int p, size_t divisor)
{
  size_t low = 1, high = nirc_loihi2_positions(&x->net->populations[p].shape);
  while (low < high) {
    size_t middle = (low + high + 1) / 2;
    nirc_loihi2_words w = nirc_loihi2_count_words(x, &(nirc_loihi2_slice){p, 0, middle}, 1);
    if (nirc_loihi2_words_fit(&w))
      low = middle;
    else
      high = middle - 1;
  }
  return low / divisor ? low / divisor : 1;
}

/* The shape with the fewest arriving spikes that is cut into not many more blocks than slices in order would be; of small blocks, what is left of a core is filled by
 * others. */
static shape choose_shape(nirc_loihi2_placer *x, int p, size_t divisor)
{
  const nirc_shape *map = &x->net->populations[p].shape;
  size_t rows = (size_t)map->dims[1], columns = (size_t)map->dims[2], most = most_positions(x, p, divisor), in_order = (rows * columns + most - 1) / most;
  size_t groups = NIRC_LOIHI2_CORE_GROUPS / divisor ? NIRC_LOIHI2_CORE_GROUPS / divisor : 1, more = in_order / (divisor > 1 ? 2 : 4) + 1;
  shape best = {0};
  double least = 0;
  for (size_t n = 1; n <= columns; n++) {
    size_t width = (columns + n - 1) / n, height = most / width;
    if (n > 1 && height > groups)
      height = groups;
    if (!height)
      continue;
    shape s = {(rows + height - 1) / height, n};
    double cost = arriving(x, p, s);
    if (s.bands * n <= in_order + more && (!best.bands || cost < least)) {
      best = s;
      least = cost;
    }
  }
  return best;
}

/* ---- blocks -------------------------------------------------------------------------------------------------------------------------------- */

static void add_rectangles(nirc_loihi2_placer *x, int p, shape s, nirc_loihi2_blocks *b)
{
  const nirc_shape *map = &x->net->populations[p].shape;
  size_t rows = (size_t)map->dims[1], columns = (size_t)map->dims[2];
  for (size_t i = 0; i < s.bands; i++)
    for (size_t k = 0; k < s.columns; k++, close_block(b)) {
      size_t top = band(rows, s.bands, i), bottom = band(rows, s.bands, i + 1), left = band(columns, s.columns, k), right = band(columns, s.columns, k + 1);
      if (s.columns == 1)
        add_slice(b, (nirc_loihi2_slice){p, top * columns, bottom * columns});
      for (size_t y = top; s.columns > 1 && y < bottom; y++)
        add_slice(b, (nirc_loihi2_slice){p, y * columns + left, y * columns + right});
    }
}

static void add_slices(nirc_loihi2_placer *x, int p, size_t divisor, nirc_loihi2_blocks *b)
{
  size_t n = nirc_loihi2_positions(&x->net->populations[p].shape), parts = x->n_slices[p];
  for (size_t k = 0; k < parts; k++) {
    size_t start = band(n, parts, k), size = band(n, parts, k + 1) - start, m = size < divisor ? size : divisor;
    for (size_t i = 0; i < m; i++, close_block(b))
      add_slice(b, (nirc_loihi2_slice){p, start + band(size, m, i), start + band(size, m, i + 1)});
  }
}

void nirc_loihi2_make_blocks(nirc_loihi2_placer *x, size_t divisor, nirc_loihi2_blocks *out)
{
  size_t n = x->net->n_populations, blocks = 0, slices = 0;
  shape *shapes = NIRC_NEW_ARRAY(x->a, shape, n);
  for (size_t p = 0; p < n; p++) {
    if (only_convolutions(x, (int)p))
      shapes[p] = choose_shape(x, (int)p, divisor);
    size_t rows = shapes[p].columns > 1 ? (size_t)x->net->populations[p].shape.dims[1] : shapes[p].bands, each = x->n_slices[p] * divisor;
    blocks += shapes[p].bands ? shapes[p].bands * shapes[p].columns : each;
    slices += shapes[p].bands ? rows * shapes[p].columns : each;
  }
  begin(x, out, blocks, slices);
  for (size_t i = 0; i < n; i++) {
    int p = x->order[i];
    if (shapes[p].bands)
      add_rectangles(x, p, shapes[p], out);
    else
      add_slices(x, p, divisor, out);
  }
}
