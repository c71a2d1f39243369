/* passes/uniform_to_splat.c: arrays whose elements are all the same bits are stored once. Element type and shape stay, so no result and no written file
 * changes. Integer arrays (shapes, places of edges) are left: they are short, and lists rather than layers. */
#include <string.h>

#include "passes/pass.h"

static bool is_uniform(const nirc_blob *b)
{
  size_t size = nirc_dtype_size(b->dtype);
  const char *data = b->data;
  if (b->splat || b->count < 2 || !nirc_dtype_is_float(b->dtype))
    return false;
  for (size_t i = 1; i < b->count; i++)              /* bits, not values: -0 is not 0, and a NaN equals itself */
    if (memcmp(data, data + i * size, size))
      return false;
  return true;
}

static void convert_region(nirc_module *m, nirc_region *region, nirc_pass_ctx *ctx)
{
  NIRC_FOR_EACH_OP(op, region) {
    for (nirc_attr *a = op->attrs; a; a = a->next) {
      if (a->kind != NIRC_ATTR_DENSE || !is_uniform(a->blob))
        continue;
      void *data;
      nirc_blob *splat = nirc_module_hold(m, nirc_blob_new(m->heap, a->blob->dtype, &a->blob->shape, true, &data));
      memcpy(data, a->blob->data, nirc_dtype_size(splat->dtype));
      a->blob = splat;
      ctx->counters[0]++;
    }
    if (op->body)
      convert_region(m, op->body, ctx);
  }
}

static bool run(nirc_module *m, nirc_pass_ctx *ctx)
{
  convert_region(m, &m->body, ctx);
  return true;
}

static const char *const counters[] = {"arrays-to-scalars"};

const nirc_pass nirc_pass_uniform_to_splat = {
  .name = "uniform-to-splat", .summary = "store arrays whose elements are all the same once",
  .doc = "Exact: bits are compared, so -0 is not 0. Element type and shape stay, and so does every file that is written. Use it before code is generated: "
         "a parameter that all neurons of a layer share then is a constant of the code and takes no memory.",
  .needs = NIRC_LEVEL_ANY, .leaves = NIRC_LEVEL_ANY, .counters = counters, .n_counters = 1, .run = run,
};
