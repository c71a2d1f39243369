/* targets/speck/quantise.c: float32 to whole numbers, as sinabs 3.1.3 does it (backend/dynapcnn/discretize.py), bit for bit: every operation is rounded to
 * float32. The largest scale with which weights and biases fit 8 bits and the thresholds 16 is the scale of a layer. */
#include <math.h>

#include "targets/speck/speck.h"

float nirc_speck_scale(const float *x, size_t n, int bits)
{
  float low = x[0], high = x[0];
  for (size_t i = 1; i < n; i++) {
    low = x[i] < low ? x[i] : low;
    high = x[i] > high ? x[i] : high;
  }
  double limit = (double)(1 << (bits - 1));
  float ratio = (float)(limit / (limit - 1)), reciprocal;
  if (fabsf(low) <= fabsf(high) * ratio) {
    reciprocal = 1 / high;                           /* first the reciprocal, then the product: two roundings */
    return fabsf(reciprocal * (float)(limit - 1));
  }
  reciprocal = 1 / low;
  return fabsf(reciprocal * (float)-limit);
}

/* Elements of a parameter times `factor`, then times `average`; all 0 where the node has none. One number stands for all. NULL where one is not finite. */
static float *numbers(nirc_arena *a, const nirc_blob *b, size_t n, float factor, float average)
{
  float *x = NIRC_NEW_ARRAY(a, float, n + 1);
  for (size_t i = 0; b && i < n; i++) {
    float v = (float)nirc_blob_get(b, b->count == 1 ? 0 : i) * factor;
    x[i] = v * average;
    if (!isfinite(x[i]))
      return NULL;
  }
  return x;
}

static int8_t *rounded(nirc_arena *a, const float *x, size_t n, float scale)
{
  int8_t *q = NIRC_NEW_ARRAY(a, int8_t, n + 1);
  for (size_t i = 0; i < n; i++) {
    float v = rintf(x[i] * scale);
    NIRC_ASSERT(v >= INT8_MIN && v <= INT8_MAX);     /* by construction of the scale */
    q[i] = (int8_t)v;
  }
  return q;
}

/* What is lost of `n` weights. */
static void measure_error(nirc_speck_layer *l, const float *w, size_t n)
{
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    double error = fabs((double)w[i] - l->weights[i] / (double)l->scale);
    l->weight_error_max = fmax(l->weight_error_max, error);
    sum += error;
  }
  l->weight_error_mean = n ? sum / (double)n : 0;
}

static bool quantise_layer(nirc_speck_net *net, nirc_speck_layer *l, nirc_module *m, double dt, nirc_diag *d)
{
  const nirc_blob *bias = nirc_op_blob(l->weight_op, "bias");
  size_t f = (size_t)l->out.features, n = f * (size_t)l->in.features * (size_t)(l->kernel * l->kernel);
  float factor = (float)(dt * (double)l->r), bounds[2] = {-l->threshold, l->threshold};
  if (bias && bias->count != 1 && bias->count != f) {
    nirc_error_code(d, "speck-shape", nirc_op_attr_loc(m, l->weight_op, "bias"), "'%s': bias has %zu elements, the output %zu features", l->weight,
                    bias->count, f);
    return false;
  }
  float *w = numbers(net->arena, nirc_op_blob(l->weight_op, "weight"), n, factor, (float)(1.0 / (double)l->area)), *b = numbers(net->arena, bias, f, factor, 1);
  if (!w || !b) {
    nirc_error_code(d, "speck-threshold", nirc_op_attr_loc(m, l->weight_op, w ? "bias" : "weight"),
                    "'%s': %s times r = %g of '%s' is not finite in float32; there is no scale for it", l->weight, w ? "bias" : "weight", (double)factor,
                    l->neuron);
    return false;
  }
  float sw = nirc_speck_scale(w, n, 8), sb = nirc_speck_scale(b, f, 8), st = nirc_speck_scale(bounds, 2, 16);
  l->scale = fminf(fminf(sw, sb), st);
  float high = rintf(l->threshold * l->scale);
  if (!isfinite(l->scale) || high == 0) {
    nirc_error_code(d, "speck-threshold", l->neuron_op->loc,
                    "'%s': v_threshold = %g times the scale %g of this layer is %g, which is no threshold: 1 to 32767 is wanted", l->neuron,
                    (double)l->threshold, (double)l->scale, (double)high);
    nirc_note(d, l->weight_op->loc, "the largest weight of '%s' decides the scale; it is too large beside the threshold", l->weight);
    if (isfinite(l->scale) && l->threshold * l->scale > 0)
      nirc_note(d, l->neuron_op->loc, "v_threshold more than %.4g times as large would do, or weights less than %.4g times as large", 0.5 / (double)(l->threshold * l->scale),
                (double)(l->threshold * l->scale) / 0.5);
    return false;
  }
  NIRC_ASSERT(high > 0 && high <= INT16_MAX);
  l->exact_weights = w;
  l->exact_biases = b;
  l->weights = rounded(net->arena, w, n, l->scale);
  l->biases = rounded(net->arena, b, f, l->scale);
  measure_error(l, w, n);
  l->threshold_high = (int32_t)high;
  l->threshold_low = (int32_t)rintf(-l->threshold * l->scale);
  return true;
}

bool nirc_speck_leaks(const nirc_speck_layer *l)
{
  for (uint64_t f = 0; f < l->out.features; f++)
    if (l->biases[f])
      return true;
  return false;
}

bool nirc_speck_quantise(nirc_speck_net *net, nirc_module *m, double dt, nirc_diag *d)
{
  bool ok = true;
  for (size_t i = 0; i < net->n; i++)
    ok = quantise_layer(net, &net->layers[i], m, dt, d) && ok;
  return ok;
}
