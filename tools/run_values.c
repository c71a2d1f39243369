#include "tools/run_values.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "ir/base/strbuf.h"

/* --- conversion -------------------------------------------------------------------------------- */

static void note_rounding(nirc_run_rounding *r, size_t i, bool overflow)
{
  if ((overflow && !r->overflows) || (!overflow && !r->rounded && !r->overflows))
    r->where = i;
  r->overflows |= overflow;
  r->rounded |= !overflow;
}

/* x87's or a wider long double holds every 64-bit integer; elsewhere a rounded one may go without its warning. */
#define CONVERT(type, wide) \
  do { \
    type x_; \
    for (size_t i = 0; i < n; i++) { \
      memcpy(&x_, (const char *)o->data + (first + i) * sizeof x_, sizeof x_); \
      to[i] = (float)x_; \
      if ((wide)to[i] != (wide)x_) \
        note_rounding(r, first + i, false); \
    } \
  } while (0)

static void convert_doubles(const nirc_h5_object *o, size_t first, size_t n, float *to, nirc_run_rounding *r)
{
  for (size_t i = 0; i < n; i++) {
    double x = nirc_dtype_get(o->dtype, o->data, first + i);
    to[i] = (float)x;
    if (!isnan(x) && (double)to[i] != x)
      note_rounding(r, first + i, isinf(to[i]));
  }
}

void nirc_run_to_float(const nirc_h5_object *o, size_t first, size_t n, float *to, nirc_run_rounding *r)
{
  switch (o->dtype) {
  case NIRC_BOOL: case NIRC_U8: CONVERT(uint8_t, float); break;
  case NIRC_I8: CONVERT(int8_t, float); break;
  case NIRC_I16: CONVERT(int16_t, float); break;
  case NIRC_U16: CONVERT(uint16_t, float); break;
  case NIRC_I32: CONVERT(int32_t, double); break;
  case NIRC_U32: CONVERT(uint32_t, double); break;
  case NIRC_I64: CONVERT(int64_t, long double); break;
  case NIRC_U64: CONVERT(uint64_t, long double); break;
  case NIRC_F32:
    if (n)
      memcpy(to, (const char *)o->data + first * sizeof *to, n * sizeof *to);
    break;
  case NIRC_F16: case NIRC_F64: case NIRC_N_DTYPES: convert_doubles(o, first, n, to, r); break;
  }
}

bool nirc_run_rounding_report(const nirc_run_rounding *r, const nirc_h5_object *o, nirc_loc loc, nirc_diag *d)
{
  if (r->overflows) {
    nirc_error(d, loc, "element %zu is %g, which does not fit float32", r->where, nirc_dtype_get(o->dtype, o->data, r->where));
    return false;
  }
  if (r->rounded)
    nirc_warning(d, loc, "values of type %s are rounded to float32 (the first is element %zu, %.17g)", nirc_dtype_name(o->dtype), r->where,
                 nirc_dtype_get(o->dtype, o->data, r->where));
  return true;
}

/* --- ports agree ------------------------------------------------------------------------------- */

static void add_extent(nirc_strbuf *b, uint64_t steps, uint64_t batch, bool batched)
{
  nirc_strbuf_addf(b, "T = %" PRIu64, steps);
  if (batched)
    nirc_strbuf_addf(b, ", B = %" PRIu64, batch);
  else
    nirc_strbuf_add(b, " and no axis B");
}

bool nirc_run_input_agree(nirc_run_input *in, uint64_t steps, uint64_t batch, bool batched, nirc_loc loc, nirc_diag *d)
{
  if (batch == 0 || batch > UINT32_MAX) {
    nirc_error(d, loc, "input has %" PRIu64 " samples (axis B); a model takes 1 to %" PRIu32, batch, UINT32_MAX);
    return false;
  }
  if (!in->decided) {
    in->decided = true;
    in->steps = steps;
    in->batch = (uint32_t)batch;
    in->batched = batched;
    return true;
  }
  if (in->steps == steps && in->batch == batch && in->batched == batched)
    return true;
  nirc_strbuf b;
  nirc_strbuf_init(&b, nirc_heap_default());
  nirc_strbuf_add(&b, "input has ");
  add_extent(&b, steps, batch, batched);
  nirc_strbuf_add(&b, ", but that of another Input node has ");
  add_extent(&b, in->steps, in->batch, in->batched);
  nirc_error(d, loc, "%s", b.data);
  nirc_strbuf_deinit(&b);
  return false;
}

float *nirc_run_input_room(nirc_arena *a, uint64_t steps, uint64_t batch, uint64_t count, nirc_loc loc, nirc_diag *d)
{
  size_t n;
  if (!nirc_mul_size(&n, steps, batch) || !nirc_mul_size(&n, n, count) || n > nirc_h5_limits_default().max_file_bytes / sizeof(float)) {
    nirc_error_status(d, NIRC_STATUS_LIMIT, loc, "%" PRIu64 " steps of %" PRIu64 " samples of %" PRIu64 " elements are too much to hold", steps,
                      batch, count);
    return NULL;
  }
  return NIRC_NEW_ARRAY(a, float, n);
}

void nirc_run_check_dt(double dt, const nirc_model_info *info, nirc_loc loc, nirc_diag *d)
{
  if (!(fabs(dt - info->dt) <= 1e-6 * fabs(info->dt)))       /* a float32 dt is no other one */
    nirc_warning(d, loc, "dt is %g, but the model was compiled for %g; the input is taken step by step", dt, info->dt);
}
