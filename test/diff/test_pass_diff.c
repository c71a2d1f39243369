/* test/diff/test_pass_diff.c: passes must not change a bit: the reference interpreter before and after, on random networks.
 *
 *   test_pass_diff [N [FIRST]]     seeds FIRST .. FIRST + N - 1 (default 1000 from 1)
 *
 * Takes every pass of the registry that stays at the snn level and has no options, so a new one is picked up without an entry here. A second run of it must change
 * nothing. A pass that leaves the text as it was is not interpreted again. Prints the first difference of each seed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ir/interp.h"
#include "ir/print.h"
#include "passes/pass.h"
#include "test/diff/random_network.h"

enum { STEPS = 6, MAX_PORTS = 512 };

static nirc_module *make(unsigned long long seed, const char *pass)
{
  char text[256];
  snprintf(text, sizeof text, "inline-subgraphs,%sdiscretise{dt=1ms}%s%s", seed % 2 ? "probe{node=all}," : "", *pass ? "," : "", pass);
  nirc_module *m = random_network(seed, RANDOM_ALL);
  nirc_diag d;
  nirc_diag_init(&d, stdout, "test_pass_diff");
  d.quiet = true;
  if (m && nirc_pipeline_run(m, text, &(nirc_pipeline_hooks){.verify_each = true}, &d))
    return m;
  printf("seed %llu: %s refused\n", seed, text);
  exit(1);
}

/* All outputs and probes of all steps, one after the other. */
static size_t interpret(const nirc_module *m, unsigned long long seed, float **all)
{
  nirc_interp *x = nirc_interp_new(m);
  const nirc_interp_port *in, *out, *probes;
  size_t n_in = nirc_interp_inputs(x, &in), n_out = nirc_interp_outputs(x, &out), n_probes = nirc_interp_probes(x, &probes), total = 0, at = 0;
  float *from[MAX_PORTS], *to[MAX_PORTS];
  NIRC_ASSERT(n_in <= MAX_PORTS && n_out + n_probes <= MAX_PORTS);
  for (size_t p = 0; p < n_out + n_probes; p++)
    total += (p < n_out ? out[p] : probes[p - n_out]).type->count;
  *all = calloc(total * STEPS + 1, sizeof **all);
  NIRC_ASSERT(*all);
  random_source r = {seed};
  for (size_t step = 0; step < STEPS; step++) {
    for (size_t p = 0; p < n_in; p++) {
      from[p] = calloc(in[p].type->count + 1, sizeof **from);
      NIRC_ASSERT(from[p]);
      size_t silent = strncmp(in[p].name, "silent", 6) == 0 ? random_silent(&in[p].type->shape) : 0;
      for (size_t i = silent; i < in[p].type->count; i++)
        from[p][i] = random_chance(&r, 40) ? (float)random_between(&r, -1, 2) : random_chance(&r, 10) ? -0.0f : random_chance(&r, 40) ? 1.0f : 0.0f;
    }
    for (size_t p = 0; p < n_out + n_probes; at += (p < n_out ? out[p] : probes[p - n_out]).type->count, p++)
      to[p] = *all + at;
    nirc_interp_step(x, (const float *const *)from, to, n_out + n_probes);
    for (size_t p = 0; p < n_in; p++)
      free(from[p]);
  }
  nirc_interp_free(x);
  return total * STEPS;
}

static void print(const nirc_module *m, nirc_strbuf *b)
{
  nirc_strbuf_init(b, m->heap);
  nirc_module_print(b, m, false);
}

static bool same_values(const nirc_module *a, const nirc_module *b, unsigned long long seed)
{
  float *x, *y;
  size_t n = interpret(a, seed, &x), n_b = interpret(b, seed, &y);
  bool ok = n == n_b;
  for (size_t i = 0; ok && i < n; i++)
    ok = memcmp(&x[i], &y[i], sizeof *x) == 0 || (x[i] != x[i] && y[i] != y[i]);
  free(x);
  free(y);
  return ok;
}

static bool check(unsigned long long seed, const char *pass, unsigned long long *changed)
{
  char again[128];
  snprintf(again, sizeof again, "%s,%s", pass, pass);
  nirc_module *before = make(seed, ""), *after = make(seed, pass), *twice = make(seed, again);
  nirc_strbuf a, b, c;
  print(before, &a);
  print(after, &b);
  print(twice, &c);
  bool same = strcmp(a.data, b.data) == 0, ok = strcmp(b.data, c.data) == 0;
  if (!ok)
    printf("seed %llu: a second run of %s changes something\n", seed, pass);
  if (!same && !same_values(before, after, seed)) {
    printf("seed %llu: %s changes a result\n", seed, pass);
    ok = false;
  }
  *changed += !same;
  nirc_strbuf_deinit(&a);
  nirc_strbuf_deinit(&b);
  nirc_strbuf_deinit(&c);
  nirc_module_free(before);
  nirc_module_free(after);
  nirc_module_free(twice);
  return ok;
}

int main(int argc, char **argv)
{
  unsigned long long n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000, first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1, failed = 0, changed = 0, runs = 0;
  time_t start = time(NULL);
  for (unsigned long long seed = first; seed < first + n; seed++)
    for (size_t i = 0; nirc_passes[i]; i++) {
      const nirc_pass *p = nirc_passes[i];
      if (p->needs == NIRC_LEVEL_NIR || p->leaves == NIRC_LEVEL_NIR || p->n_options)
        continue;
      failed += !check(seed, p->name, &changed);
      runs++;
    }
  printf("%llu networks, %llu runs of passes, %llu changed the text, %llu failed, %lld s\n", n, runs, changed, failed, (long long)(time(NULL) - start));
  return failed != 0;
}
