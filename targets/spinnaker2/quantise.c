/* targets/spinnaker2/quantise.c: the chip's numbers: delays and models, a scale of weights for each neuron (channel, population), whole weights, and what the
 * scale makes of the other parameters. In double, stored as float32; no scale changes what a neuron does, but for the rounding of weights. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ir/dialect_nir.h"
#include "targets/spinnaker2/spinnaker2.h"

#define READOUT_THRESHOLD 1e9                        /* of what never spikes */
#define START_RANGE 16                               /* a start beyond so many thresholds is not taken */

/* What arrives from one population with one delay field. */
typedef struct part { size_t source, delay, lag; bool recurrent; const nirc_matrix *matrix; } part;

/* The double numbers of one neuron, before they are float32. */
typedef struct neuron { double k, k_syn, gain, leak, threshold, reset; } neuron;

typedef struct quantiser {
  nirc_s2_network *net;
  nirc_module *m;
  nirc_diag *d;
  nirc_arena *scratch;                               /* of one population */
  nirc_s2_composer *composer;
  nirc_s2_population *p;                             /* the one at hand, its index, and what arrives there */
  size_t index;
  part *parts;
  size_t n_parts;
  const double *bias;                                /* NULL: 0 */
  const nirc_op *conv, *pool;                        /* where it is a conv2d; pool NULL: none */
  nirc_window window;
  double *scale;                                     /* by neuron */
} quantiser;

static double parameter(const nirc_op *op, const char *name, size_t i, double absent)
{
  const nirc_blob *b = nirc_op_blob(op, name);
  return b && b->count ? nirc_blob_get(b, b->count == 1 ? 0 : i) : absent;
}

/* ---- convolutions that stay ------------------------------------------------------------------------------------------------------ */

static bool is_numeric(const nirc_op *op, const char *name)
{
  const nirc_attr *a = nirc_op_attr(op, name);
  return a && a->kind == NIRC_ATTR_DENSE;
}

static bool is_square(const int64_t v[2]) { return v[0] == v[1]; }

/* The SumPool2d that a conv2d takes over, else the convolution's source itself. */
static bool takes_pool(quantiser *x, const nirc_op *source)
{
  nirc_window w;
  if (source->code != NIR_SUM_POOL2D)
    return true;
  x->pool = source;
  return nirc_nir_window(x->m, source, &w, x->d) && is_square(w.kernel) && w.kernel[0] == w.stride[0] && w.kernel[1] == w.stride[1] && !w.before[0] &&
         !w.before[1] && !w.after[0] && !w.after[1];
}

static bool is_conv2d(quantiser *x)
{
  const nirc_op *op = x->p->op, *conv = nirc_s2_only_source(op), *from;
  nirc_window *w = &x->window;
  x->conv = x->pool = NULL;
  if (x->net->options.no_conv2d || (op->code != NIR_IF && op->code != NIR_LIF) || !conv || conv->code != NIR_CONV2D || !is_numeric(conv, "padding") ||
      !nirc_nir_window(x->m, conv, w, x->d) || w->groups != 1 || w->dilation[0] != 1 || w->dilation[1] != 1 || !is_square(w->stride) || !is_square(w->before))
    return false;
  from = nirc_s2_only_source(conv);
  if (!from || !takes_pool(x, from))
    return false;
  from = x->pool ? nirc_s2_only_source(x->pool) : from;
  if (!from || x->net->population_of[from->id] < 0 || from->results[0].type->shape.rank != 3)
    return false;
  x->conv = conv;
  return true;
}

/* ---- what arrives, and when -------------------------------------------------------------------------------------------------------- */

static bool is_recurrent(const quantiser *x, size_t source)
{
  size_t low = 0, high = x->net->n_links;
  while (low < high) {
    size_t middle = (low + high) / 2;
    const nirc_s2_link *l = &x->net->links[middle];
    if (l->post < x->index || (l->post == x->index && l->pre < source))
      low = middle + 1;
    else
      high = middle;
  }
  return x->net->links[low].recurrent;
}

static bool add_part(quantiser *x, const nirc_s2_term *t)
{
  const nirc_s2_population *pre = &x->net->populations[t->source];
  bool recurrent = is_recurrent(x, t->source);
  int64_t d = (int64_t)t->steps + (int64_t)x->p->phase - (int64_t)pre->phase - !recurrent;
  if (d > NIRC_S2_MAX_DELAY) {
    nirc_error_code(x->d, "S2-DELAY", x->p->op->loc, "'%s': what '%s' sends needs a delay of %lld in the synapse, which has 0 to %d", x->p->name, pre->name,
                    (long long)d, NIRC_S2_MAX_DELAY);
    nirc_note(x->d, pre->op->loc, "%zu steps of Delay, and every population on a longer way takes a step", t->steps);
    return false;
  }
  if (d < 0)
    nirc_warning(x->d, x->p->op->loc,
                 "'%s': what '%s' sends arrives %lld step%s later than in the network, for every population on the way takes a step [S2-FEEDBACK]", x->p->name,
                 pre->name, (long long)-d, d == -1 ? "" : "s");
  size_t delay = d < 0 ? 0 : (size_t)d, lag = 0;
  x->p->delayed |= delay > 0;
  if (nirc_s2_lacks(x->net, NIRC_S2_FEEDBACK) && recurrent && pre->phase > x->p->phase) {
    lag = pre->phase - x->p->phase;
    delay = t->steps;
  }
  for (size_t i = 0; i < x->n_parts; i++)
    if (x->parts[i].source == t->source && x->parts[i].delay == delay)
      return (x->parts[i].matrix = nirc_s2_matrix_add(x->composer, x->p->op, x->parts[i].matrix, t->matrix)) != NULL;
  x->parts[x->n_parts++] = (part){t->source, delay, lag, recurrent, t->matrix};
  return true;
}

static bool find_conv_source(quantiser *x)
{
  const nirc_op *from = nirc_s2_only_source(x->pool ? x->pool : x->conv);
  x->parts = NIRC_NEW(x->scratch, part);
  return add_part(x, &(nirc_s2_term){.source = (size_t)x->net->population_of[from->id]});
}

static bool find_parts(quantiser *x)
{
  x->n_parts = 0;
  x->bias = NULL;
  if (is_conv2d(x)) {
    if (!find_conv_source(x))
      return false;
    x->p->is_map = !x->p->delayed;
    if (x->p->is_map)
      return true;
    x->n_parts = 0;
    x->p->delayed = false;
  }
  x->conv = NULL;
  const nirc_s2_flow *f = nirc_s2_compose(x->composer, x->p->op);
  if (!f)
    return false;
  x->parts = NIRC_NEW_ARRAY(x->scratch, part, f->n);
  x->bias = f->bias;
  bool ok = true;
  for (size_t i = 0; i < f->n; i++)
    ok = add_part(x, &f->terms[i]) && ok;
  return ok;
}

/* ---- scales ---------------------------------------------------------------------------------------------------------------------- */

/* Magnitudes of a group of weights: the largest, or all of them where a percentile is asked for. */
typedef struct magnitudes { double most, *all; size_t n, room; } magnitudes;

static void take(quantiser *x, magnitudes *g, double v)
{
  v = fabs(v);
  g->most = fmax(g->most, v);
  if (x->net->options.percentile >= 100 || v == 0)
    return;
  if (g->n == g->room) {
    double *more = NIRC_NEW_ARRAY(x->scratch, double, 2 * g->room + 64);
    if (g->n)
      memcpy(more, g->all, g->n * sizeof *more);
    g->all = more;
    g->room = 2 * g->room + 64;
  }
  g->all[g->n++] = v;
}

static int ascending(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* What becomes the largest weight; linear interpolation between order statistics. */
static double reference(const quantiser *x, magnitudes *g)
{
  if (!g->n)
    return g->most;
  qsort(g->all, g->n, sizeof *g->all, ascending);
  double at = (double)(g->n - 1) * x->net->options.percentile / 100;
  size_t i = (size_t)at;
  return i + 1 < g->n ? g->all[i] + (g->all[i + 1] - g->all[i]) * (at - (double)i) : g->all[g->n - 1];
}

static size_t limit_of(const quantiser *x) { return x->p->delayed ? NIRC_S2_MAX_DELAYED_WEIGHT : NIRC_S2_MAX_WEIGHT; }

static double scale_of(const quantiser *x, magnitudes *g)
{
  double m = reference(x, g), w = m > 0 ? (double)limit_of(x) / m : 1;
  if (nirc_s2_lacks(x->net, NIRC_S2_WEIGHTS))
    w = exp2(floor(log2(w)));                        /* it has no say: so what is equal to the threshold stays equal to it */
  g->n = 0;
  g->most = 0;
  return w;
}

static void take_row(quantiser *x, magnitudes *g, size_t row)
{
  for (size_t k = 0; k < x->n_parts; k++) {
    const nirc_matrix *m = x->parts[k].matrix;
    if (!m->first)
      take(x, g, 1);
    for (size_t i = m->first ? m->first[row] : 0; m->first && i < m->first[row + 1]; i++)
      take(x, g, m->value[i]);
  }
}

/* Does a row (column) of the kernel ever stand on the map, or on padding only? */
static bool touches(const quantiser *x, int axis, int64_t at)
{
  int64_t n = (int64_t)nirc_op_operand(x->conv, 0)->type->shape.dims[axis + 1], out = (int64_t)x->p->shape.dims[axis + 1];
  for (int64_t i = 0; i < out; i++) {
    int64_t from = i * x->window.stride[axis] + at - x->window.before[axis];
    if (from >= 0 && from < n)
      return true;
  }
  return false;
}

/* Weight i of the convolution; 0 where it never stands on the map. */
static double kernel_weight(const quantiser *x, size_t i)
{
  const nirc_blob *w = nirc_op_blob(x->conv, "weight");
  int64_t columns = (int64_t)w->shape.dims[3], rows = (int64_t)w->shape.dims[2];
  double v = nirc_blob_get(w, i);
  return v != 0 && touches(x, 0, (int64_t)i / columns % rows) && touches(x, 1, (int64_t)i % columns) ? v : 0;
}

static void take_channel(quantiser *x, magnitudes *g, size_t channel)
{
  const nirc_blob *w = nirc_op_blob(x->conv, "weight");
  size_t each = w->count / (size_t)w->shape.dims[0];
  for (size_t i = 0; i < each; i++)
    take(x, g, kernel_weight(x, channel * each + i));
}

static void find_scales(quantiser *x)
{
  magnitudes g = {0};
  size_t n = x->p->size, groups = x->conv ? (size_t)x->p->shape.dims[0] : n, each = n / groups;
  x->scale = NIRC_NEW_ARRAY(x->scratch, double, n);
  for (size_t k = 0; k < groups; k++) {
    if (x->conv)
      take_channel(x, &g, k);
    else
      take_row(x, &g, k);
    for (size_t i = 0; !x->net->options.per_population && i < each; i++)
      x->scale[k * each + i] = i ? x->scale[k * each] : scale_of(x, &g);
  }
  double all = x->net->options.per_population ? scale_of(x, &g) : 0;
  for (size_t i = 0; x->net->options.per_population && i < n; i++)
    x->scale[i] = all;
}

/* ---- parameters -------------------------------------------------------------------------------------------------------------------- */

static double share(const quantiser *x, const char *name, size_t i)
{
  double ratio = x->net->options.dt / parameter(x->p->op, name, i, 0);
  return x->net->options.exponential ? 1 - exp(-ratio) : ratio;
}

/* False after a refusal. */
static bool check_share(quantiser *x, const char *name, size_t i, double k)
{
  if (k > 0 && k <= 1)
    return true;
  nirc_loc loc = nirc_op_attr_loc(x->m, x->p->op, name);
  nirc_error_code(x->d, "S2-PARAM", loc, "'%s': %s = %g s at a step of %g s (element %zu): the share of a step is %g, above 0 and at most 1 is wanted",
                  x->p->name, name, parameter(x->p->op, name, i, 0), x->net->options.dt, i, k);
  nirc_note(x->d, loc, "a smaller --dt, or --s2-integrator=exponential");
  return false;
}

static bool read_neuron(quantiser *x, size_t i, neuron *n)
{
  const nirc_op *op = x->p->op;
  double r = parameter(op, "r", i, 1);
  *n = (neuron){.k_syn = 1, .leak = parameter(op, "v_leak", i, 0), .reset = parameter(op, "v_reset", i, 0),
                .threshold = parameter(op, op->code == NIR_THRESHOLD ? "threshold" : "v_threshold", i, 0)};
  switch (op->code) {
  case NIR_IF: case NIR_I:
    n->gain = x->net->options.times_dt ? x->net->options.dt * r : r;
    return true;
  case NIR_THRESHOLD:
    n->k = n->gain = 1;
    return true;
  case NIR_LIF: case NIR_LI:
    n->k = share(x, "tau", i);
    n->gain = n->k * r;
    return check_share(x, "tau", i, n->k);
  default:
    n->k = share(x, "tau_mem", i);
    n->k_syn = share(x, "tau_syn", i);
    n->gain = n->k * r * (n->k_syn * parameter(op, "w_in", i, 1));
    return check_share(x, "tau_mem", i, n->k) && check_share(x, "tau_syn", i, n->k_syn);
  }
}

static bool check_neuron(quantiser *x, size_t i, const neuron *n)
{
  const nirc_op *op = x->p->op;
  if (n->gain == 0 || !isfinite(n->gain) || (n->gain < 0 && !x->p->readout)) {
    nirc_error_code(x->d, "S2-PARAM", op->loc, "'%s': a weight of 1 moves v by %g (element %zu), %s is wanted", x->p->name, n->gain, i,
                    x->p->readout ? "a number other than 0" : "a number above 0");
    nirc_note(x->d, op->loc, x->p->kind == NIRC_S2_CURRENT ? "that is dt/tau_mem * r * dt/tau_syn * w_in" : "that is r, times dt/tau of a neuron with tau");
    return false;
  }
  if (x->p->readout || n->threshold > n->reset)
    return true;
  nirc_error_code(x->d, "S2-PARAM", op->loc, "'%s': %s = %g is not above %g, which a spike returns v to (element %zu)", x->p->name,
                  op->code == NIR_THRESHOLD ? "threshold" : "v_threshold", n->threshold, n->reset, i);
  return false;
}

/* V0, so that v is the network's start after `phase` steps that add i_offset only. */
static double start_of(const quantiser *x, double leak, double alpha, double offset, double threshold)
{
  double v = leak;
  if (nirc_s2_lacks(x->net, NIRC_S2_START))
    return leak;
  if (x->net->options.plain)
    return 0;
  for (size_t t = 0; alpha != 0 && t < x->p->phase; t++)
    v = (v - offset) / alpha;
  return alpha == 0 || v > threshold || !(fabs(v) <= START_RANGE * fabs(threshold)) ? leak : v;
}

/* As the step has it: float32, unless rounding does not hold. */
static double single(const quantiser *x, double v)
{
  return nirc_s2_lacks(x->net, NIRC_S2_ROUNDING) ? v : (double)(float)v;
}

/* Does a bias take the way through the synapse? Where not, it acts on v at its steady state. */
static bool to_synapse(const quantiser *x)
{
  return nirc_s2_lacks(x->net, NIRC_S2_FILTER) && x->p->kind == NIRC_S2_CURRENT;
}

static bool set_neuron(quantiser *x, size_t i, const neuron *n)
{
  const nirc_s2_numbers *to = &x->p->numbers;
  bool leaks = x->p->op->code != NIR_IF && x->p->op->code != NIR_I && x->p->op->code != NIR_THRESHOLD;
  double w = x->scale[i], v = x->p->op->code == NIR_THRESHOLD ? w : w / n->gain, b = x->bias ? x->bias[i] : 0;
  bool apart = to_synapse(x);
  double offset = (leaks ? n->k * n->leak * v : 0) + (apart ? 0 : w * b / n->k_syn), alpha = 1 - n->k, threshold = x->p->readout ? READOUT_THRESHOLD : n->threshold * v;
  double values[] = {alpha, 1 - n->k_syn, offset, threshold, x->p->readout ? 0 : n->reset * v,
                     start_of(x, leaks ? n->leak * v : 0, alpha, offset, threshold), w, v};
  float *const fields[] = {to->decay, to->synapse, to->offset, to->threshold, to->reset, to->start, to->w_scale, to->v_scale};
  const nirc_s2_reals *exact = &x->p->reals;
  double *const reals[] = {exact->decay, exact->synapse, exact->offset, exact->threshold, exact->reset, exact->start, NULL, exact->v_scale};
  if (apart)
    exact->drive[i] = single(x, w * b);
  for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) {
    fields[k][i] = (float)values[k];
    if (reals[k])
      reals[k][i] = single(x, values[k]);
    if (isfinite(fields[k][i]))
      continue;
    nirc_error_code(x->d, "S2-PARAM", x->p->op->loc, "'%s': in the scale of its weights a parameter of neuron %zu is %g, beyond float32", x->p->name, i,
                    values[k]);
    return false;
  }
  return true;
}

static bool make_numbers(quantiser *x)
{
  nirc_arena *a = x->net->arena;
  size_t n = x->p->size;
  float **fields[] = {&x->p->numbers.decay, &x->p->numbers.synapse, &x->p->numbers.offset, &x->p->numbers.threshold, &x->p->numbers.reset, &x->p->numbers.start,
                      &x->p->numbers.w_scale, &x->p->numbers.v_scale};
  for (size_t k = 0; k < sizeof fields / sizeof *fields; k++)
    *fields[k] = NIRC_NEW_ARRAY(a, float, n);
  nirc_s2_reals *r = &x->p->reals;
  double **reals[] = {&r->decay, &r->synapse, &r->offset, &r->threshold, &r->reset, &r->start, &r->v_scale, to_synapse(x) ? &r->drive : NULL};
  for (size_t k = 0; k < sizeof reals / sizeof *reals; k++)
    if (reals[k])
      *reals[k] = NIRC_NEW_ARRAY(a, double, n);
  for (size_t i = 0; i < n; i++) {
    neuron one;
    if (!read_neuron(x, i, &one) || !check_neuron(x, i, &one) || !set_neuron(x, i, &one))
      return false;
  }
  return true;
}

/* The bias of a convolution that stays: one number for a map. */
static void spread_bias(quantiser *x)
{
  const nirc_blob *b = nirc_op_blob(x->conv, "bias");
  double *bias = NIRC_NEW_ARRAY(x->scratch, double, x->p->size);
  size_t each = x->p->size / (size_t)x->p->shape.dims[0];
  for (size_t i = 0; i < x->p->size; i++)
    bias[i] = nirc_blob_get(b, b->count == 1 ? 0 : i / each);
  x->bias = bias;
}

/* ---- weights ----------------------------------------------------------------------------------------------------------------------- */

static int8_t whole(const quantiser *x, double v)
{
  double q = x->net->options.truncate ? trunc(v) : rint(v), limit = (double)limit_of(x);
  return (int8_t)(q > limit ? limit : q < -limit ? -limit : q);
}

static void warn_empty(quantiser *x, const part *from)
{
  nirc_warning(x->d, x->p->op->loc, "'%s': every weight from '%s' is 0, or rounded to it; the projection is left out [S2-EMPTY]", x->p->name,
               x->net->populations[from->source].name);
}

/* A counting sort by one key. */
static void sort_by(nirc_s2_row *to, const nirc_s2_row *from, size_t n, size_t *count, size_t n_keys, unsigned key)
{
#define KEY(r) (key == 0 ? (r)->delay : key == 1 ? (r)->post : (r)->pre)
  memset(count, 0, (n_keys + 1) * sizeof *count);
  for (size_t i = 0; i < n; i++)
    count[KEY(&from[i]) + 1]++;
  for (size_t i = 0; i < n_keys; i++)
    count[i + 1] += count[i];
  for (size_t i = 0; i < n; i++)
    to[count[KEY(&from[i])]++] = from[i];
#undef KEY
}

void nirc_s2_sort_rows(const nirc_s2_network *net, nirc_s2_row *rows, size_t n, size_t n_pre, size_t n_post)
{
  size_t most = n_pre > n_post ? n_pre : n_post;
  nirc_arena *a = nirc_arena_new(nirc_arena_heap(net->arena));
  nirc_s2_row *other = NIRC_NEW_ARRAY(a, nirc_s2_row, n);
  size_t *count = NIRC_NEW_ARRAY(a, size_t, most + NIRC_S2_MAX_DELAY + 2);
  sort_by(other, rows, n, count, NIRC_S2_MAX_DELAY + 1, 0);
  sort_by(rows, other, n, count, n_post, 1);
  sort_by(other, rows, n, count, n_pre, 2);
  memcpy(rows, other, n * sizeof *rows);
  nirc_arena_free(a);
}

/* Rows with the weights that they would have had; by (pre, post, delay). */
typedef struct exact_row { nirc_s2_row row; double weight; } exact_row;

static int by_place(const void *a, const void *b)
{
  const nirc_s2_row *x = &((const exact_row *)a)->row, *y = &((const exact_row *)b)->row;
  if (x->pre != y->pre)
    return x->pre < y->pre ? -1 : 1;
  if (x->post != y->post)
    return x->post < y->post ? -1 : 1;
  return (x->delay > y->delay) - (x->delay < y->delay);
}

static void sort_exact(nirc_s2_network *net, nirc_s2_projection *p, nirc_arena *scratch)
{
  exact_row *all = NIRC_NEW_ARRAY(scratch, exact_row, p->n_rows);
  for (size_t i = 0; i < p->n_rows; i++)
    all[i] = (exact_row){p->rows[i], p->exact[i]};
  qsort(all, p->n_rows, sizeof *all, by_place);
  for (size_t i = 0; i < p->n_rows; i++) {
    p->rows[i] = all[i].row;
    p->exact[i] = all[i].weight;
  }
  net->n_projections++;
}

/* Rows of the parts from one population; parts[0] to parts[n - 1]. */
static void add_list(quantiser *x, const part *parts, size_t n)
{
  nirc_s2_network *net = x->net;
  nirc_s2_projection *to = &net->projections[net->n_projections];
  size_t room = 0, n_pre = net->populations[parts->source].size;
  for (size_t k = 0; k < n; k++)
    room += parts[k].matrix->first ? parts[k].matrix->first[x->p->size] : x->p->size;
  bool exact = nirc_s2_lacks(net, NIRC_S2_WEIGHTS);
  *to = (nirc_s2_projection){.pre = parts->source, .post = x->index, .recurrent = parts->recurrent, .lag = parts->lag,
                             .exact = exact ? NIRC_NEW_ARRAY(net->arena, double, room) : NULL, .rows = NIRC_NEW_ARRAY(net->arena, nirc_s2_row, room)};
  for (size_t k = 0; k < n; k++)
    for (size_t post = 0; post < x->p->size; post++) {
      const nirc_matrix *m = parts[k].matrix;
      size_t first = m->first ? m->first[post] : 0, last = m->first ? m->first[post + 1] : 1;
      for (size_t i = first; i < last; i++) {
        double w = (m->first ? m->value[i] : 1) * x->scale[post];
        int8_t q = exact ? 0 : whole(x, w);
        if (exact)
          to->exact[to->n_rows] = w;
        if (exact ? w != 0 : q != 0)
          to->rows[to->n_rows++] = (nirc_s2_row){m->first ? m->column[i] : (uint32_t)post, (uint32_t)post, q, (uint8_t)parts[k].delay};
      }
    }
  if (to->n_rows && exact) {
    sort_exact(net, to, x->scratch);
  } else if (to->n_rows) {
    nirc_s2_sort_rows(net, to->rows, to->n_rows, n_pre, x->p->size);
    net->n_projections++;
  } else {
    warn_empty(x, parts);
  }
}

static void add_kernel(quantiser *x)
{
  nirc_s2_network *net = x->net;
  const nirc_blob *w = nirc_op_blob(x->conv, "weight");
  const nirc_shape *s = &w->shape, *in = &net->populations[x->parts->source].shape;
  nirc_s2_kernel k = {.in = (size_t)s->dims[1], .out = (size_t)s->dims[0], .rows = (size_t)s->dims[2], .columns = (size_t)s->dims[3],
                      .in_height = (size_t)in->dims[1], .in_width = (size_t)in->dims[2], .stride = (size_t)x->window.stride[0],
                      .pad = (size_t)x->window.before[0], .weights = NIRC_NEW_ARRAY(net->arena, int8_t, w->count)};
  nirc_window pool;
  k.pool = x->pool && nirc_nir_window(x->m, x->pool, &pool, x->d) ? (size_t)pool.kernel[0] : 1;
  size_t area = k.rows * k.columns, each = x->p->size / k.out, left = 0;
  k.exact = nirc_s2_lacks(net, NIRC_S2_WEIGHTS) ? NIRC_NEW_ARRAY(net->arena, double, w->count) : NULL;
  for (size_t i = 0; i < w->count; i++) {
    size_t out = i / area / k.in, channel = i / area % k.in;
    size_t at = (channel * k.out + out) * area + i % area;
    double v = kernel_weight(x, i) * x->scale[out * each];
    k.weights[at] = k.exact ? 0 : whole(x, v);
    if (k.exact)
      k.exact[at] = v;
    left += nirc_s2_kernel_weight(&k, at) != 0;
  }
  if (left) {
    net->projections[net->n_projections++] = (nirc_s2_projection){.pre = x->parts->source, .post = x->index, .recurrent = x->parts->recurrent, .is_conv = true,
                                                                  .lag = x->parts->lag,
                                                                  .kernel = k};
    return;
  }
  x->p->is_map = false;
  warn_empty(x, x->parts);
}

/* ---- in order ------------------------------------------------------------------------------------------------------------------------- */

static bool quantise_population(quantiser *x)
{
  if (!find_parts(x))
    return false;
  if (x->conv)
    spread_bias(x);
  find_scales(x);
  if (!make_numbers(x))
    return false;
  if (x->conv) {
    add_kernel(x);
    return true;
  }
  for (size_t k = 0, next; k < x->n_parts; k = next) {
    for (next = k + 1; next < x->n_parts && x->parts[next].source == x->parts[k].source; next++)
      ;
    add_list(x, &x->parts[k], next - k);
  }
  return true;
}

bool nirc_s2_quantise(nirc_s2_network *net, nirc_module *m, nirc_diag *d)
{
  bool ok = true;
  nirc_arena *a = nirc_arena_new(m->heap);
  quantiser x = {.net = net, .m = m, .d = d, .composer = nirc_s2_composer_new(net, a, m, d)};
  net->projections = NIRC_NEW_ARRAY(net->arena, nirc_s2_projection, net->n_links);
  for (x.index = 0; x.index < net->n_populations; x.index++) {
    x.p = &net->populations[x.index];
    x.scratch = nirc_arena_new(m->heap);
    ok = (x.p->kind == NIRC_S2_SOURCE || quantise_population(&x)) && ok;
    nirc_arena_free(x.scratch);
  }
  nirc_arena_free(a);
  return ok;
}
