#include "passes/pass.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NIRC_PASS(pass) extern const nirc_pass pass;
#include "passes/passes.def"
#undef NIRC_PASS

const nirc_pass *const nirc_passes[] = {
#define NIRC_PASS(pass) &pass,
#include "passes/passes.def"
#undef NIRC_PASS
  NULL
};

const nirc_pass *nirc_pass_find(const char *name)
{
  for (size_t i = 0; nirc_passes[i]; i++)
    if (strcmp(nirc_passes[i]->name, name) == 0)
      return nirc_passes[i];
  return NULL;
}

void nirc_passes_print_list(nirc_strbuf *b)
{
  for (size_t i = 0; nirc_passes[i]; i++) {
    const nirc_pass *p = nirc_passes[i];
    nirc_strbuf_addf(b, "%s\n    %s\n", p->name, p->summary);
    for (size_t k = 0; k < p->n_options; k++)
      nirc_strbuf_addf(b, "    %s: %s\n", p->options[k].name, p->options[k].doc);
  }
}

bool nirc_parse_time(const char *text, double *seconds)
{
  static const struct { const char *name; double divisor; } units[] = {{"", 1}, {"s", 1}, {"ms", 1e3}, {"us", 1e6}, {"ns", 1e9}};
  if (!strchr("0123456789.", text[0]) || !text[0] || strpbrk(text, "xX"))          /* no sign, no hexadecimal, no "inf" */
    return false;
  char *end;
  double x = strtod(text, &end);
  while (*end == ' ')
    end++;
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    if (strcmp(end, units[i].name) == 0) {
      *seconds = x / units[i].divisor;               /* 1 / 1000 is the double nearest to 0.001; 1 * 1e-3 need not be */
      return *seconds > 0 && isfinite(*seconds);
    }
  return false;
}
