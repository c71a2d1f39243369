#include "passes/pass.h"

#include <string.h>

#include "ir/base/guess.h"
#include "ir/base/quantity.h"

#define NIRC_PASS(pass) extern const nirc_pass pass;
#include "passes/passes.def"
#undef NIRC_PASS

const nirc_pass *const nirc_passes[] = {
#define NIRC_PASS(pass) &pass,
#include "passes/passes.def"
#undef NIRC_PASS
  NULL
};

extern const nirc_pass nirc_pass_fail;

const nirc_pass *nirc_pass_find(const char *name)
{
  if (strcmp(name, nirc_pass_fail.name) == 0)
    return &nirc_pass_fail;
  for (size_t i = 0; nirc_passes[i]; i++)
    if (strcmp(nirc_passes[i]->name, name) == 0)
      return nirc_passes[i];
  return NULL;
}

void nirc_pass_guess(const char *name, nirc_diag *d)
{
  nirc_guess g = {0};
  for (size_t i = 0; nirc_passes[i]; i++)
    nirc_guess_consider(&g, name, nirc_passes[i]->name);
  nirc_guess_note(&g, d, nirc_loc_none());
}

bool nirc_parse_time(const char *text, double *seconds)
{
  static const nirc_dims number = {0, 0, 0}, second = {1, 0, 0};
  size_t n = nirc_decimal_length(text);
  const char *unit = text + n;
  while (*unit == ' ')
    unit++;
  nirc_dims dims;
  if (n == 0 || !nirc_quantity_parse(text, n, unit, seconds, &dims))
    return false;
  return *seconds > 0 && (nirc_dims_equal(dims, second) || nirc_dims_equal(dims, number));
}

void nirc_pass_add_figure(nirc_module *m, nirc_pass_ctx *ctx, const char *node, const char *name, double value)
{
  nirc_pass_figure *f = NIRC_NEW(m->arena, nirc_pass_figure);
  *f = (nirc_pass_figure){.node = node, .name = name, .value = value};
  if (ctx->last_figure)
    ctx->last_figure->next = f;
  else
    ctx->figures = f;
  ctx->last_figure = f;
}
