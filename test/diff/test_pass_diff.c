/* test/diff/test_pass_diff.c: passes must not change a bit: the reference interpreter before and after, on random networks.
 *
 *   test_pass_diff [N [FIRST]]     seeds FIRST .. FIRST + N - 1 (default 1000 from 1)
 *
 * Each seed has a network for one of the profiles, by turns. Takes every pass of the registry that stays at the snn level, with its defaults, so a new one is
 * picked up without an entry here; then the pipelines below, those on graphs with the step that becomes of them. A second run of a pass must change nothing, and
 * what is left must be the same module when it is printed and read again. What leaves the text as it was is not interpreted again. Pipelines that may round are
 * held to a tolerance instead, in the first step: later, one spike more or less is another run. Of `quantise`, which is lossy, only the rest is held: what it
 * computes is in test_cpu_diff. Says which seeds fail. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ir/equal.h"
#include "ir/interp.h"
#include "ir/parse.h"
#include "ir/print.h"
#include "passes/pass.h"
#include "test/diff/profile_network.h"

enum { STEPS = 6, MAX_PORTS = 512 };

static const char *const exact[] = {NIRC_OPTIMISING_PASSES, "cse{all=true}", "canonicalize,cse{all=true},fold-scale", "sparsify{work=1}", NULL};
static const char *const rounding[] = {"fold-scale{rounds=true}", "fuse-affine{rounds=true}", NULL};

static const char *const of_graphs[] = {"simplify", "inline-subgraphs,simplify", NULL};

/* LOSSY: results are its own affair, and it may refuse weights that are no numbers. */
typedef enum kind { EXACT, ROUNDING, LOSSY, OF_GRAPH } kind;

static const nirc_profile *profile_of(unsigned long long seed)
{
  size_t n = 0;
  while (nirc_profiles[n].name)
    n++;
  return &nirc_profiles[seed % n];
}

/* A pipeline; a refusal is a message that is not worth a line here. */
static bool run(nirc_module *m, const char *text)
{
  FILE *lost = fopen("/dev/null", "w");
  NIRC_ASSERT(lost);
  nirc_diag d;
  nirc_diag_init(&d, lost, "test_pass_diff");
  bool ok = nirc_pipeline_run(m, text, &(nirc_pipeline_hooks){.verify_each = true}, &d);
  fclose(lost);
  return ok;
}

/* The network after the passes; of passes on graphs, the graph, or the step that becomes of it, without probes: they may remove nodes. Profiles take turns; of
 * three graphs at least one has nested graphs, under `nir`. NULL where anything is refused. */
static nirc_module *make(unsigned long long seed, const char *pass, kind k, bool step)
{
  char text[512];
  const char *probe = k != OF_GRAPH && seed % 4 == 1 ? "probe{node=all}," : "";
  profile_network n = {.discretise = "inline-subgraphs,discretise{dt=1ms}"};
  const nirc_profile *p = profile_of(seed);          /* where a Linear takes a step, or dt comes from parameters, a node without effect has one */
  if (k == OF_GRAPH && (seed % 3 == 0 || p->late || p->dt_rule == NIRC_DT_DERIVED))
    n.m = random_network(seed, seed % 4 ? RANDOM_ALL : RANDOM_ALL & ~(unsigned)RANDOM_PATTERNS, NULL, 0);
  else
    n = profile_network_make(seed, p, false);
  if (k == OF_GRAPH)
    snprintf(text, sizeof text, "%s%s%s", pass, *pass && step ? "," : "", step ? n.discretise : "");
  else
    snprintf(text, sizeof text, "%s%s%s%s", probe, n.discretise, *pass ? "," : "", pass);
  NIRC_ASSERT(n.m);
  if (!*text || run(n.m, text))
    return n.m;
  nirc_module_free(n.m);
  return NULL;
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

/* May two values of a step differ like that, where weights were rounded once more? */
static bool is_near(float a, float b)
{
  return (isnan(a) && isnan(b)) || a == b || fabsf(a - b) <= 1e-4f * (1 + fabsf(a));
}

static bool same_values(const nirc_module *a, const nirc_module *b, unsigned long long seed, bool rounds)
{
  float *x, *y;
  size_t n = interpret(a, seed, &x), n_b = interpret(b, seed, &y);
  bool ok = n == n_b;
  for (size_t i = 0; ok && i < (rounds ? n / STEPS : n); i++)
    ok = memcmp(&x[i], &y[i], sizeof *x) == 0 || (x[i] != x[i] && y[i] != y[i]) || (rounds && is_near(x[i], y[i]));
  free(x);
  free(y);
  return ok;
}

static bool reads_back(const nirc_module *m, const nirc_strbuf *text)
{
  nirc_diag d;
  nirc_diag_init(&d, stdout, "test_pass_diff");
  nirc_module *back = nirc_module_parse(text->data, text->size, "text", m->heap, &d);
  bool ok = back && nirc_module_equal(m, back, NULL);
  nirc_module_free(back);
  return ok;
}

static bool fault(unsigned long long seed, const char *passes, const char *what)
{
  printf("seed %llu: %s %s\n", seed, passes, what);
  return false;
}

typedef struct totals { unsigned long long runs, changed, refused, failed; } totals;

static bool gives_the_same(unsigned long long seed, const char *passes, kind k)
{
  nirc_module *before = make(seed, "", k, true), *after = make(seed, passes, k, true);
  bool ok = before && after ? same_values(before, after, seed, k == ROUNDING) : !before && !after;
  nirc_module_free(before);
  nirc_module_free(after);
  return ok;
}

static bool compare(unsigned long long seed, const char *passes, kind k, const nirc_module *before, const nirc_module *after, const nirc_module *twice, totals *t)
{
  nirc_strbuf a, b, c;
  print(before, &a);
  print(after, &b);
  print(twice, &c);
  bool same = strcmp(a.data, b.data) == 0, ok = true;
  if (strcmp(b.data, c.data) && !strchr(passes, ','))
    ok = fault(seed, passes, "run again changes something");
  if (!same && !reads_back(after, &b))
    ok = fault(seed, passes, "leaves what cannot be read back");
  if (!same && k != LOSSY && !gives_the_same(seed, passes, k))
    ok = fault(seed, passes, "changes a result");
  t->changed += !same;
  nirc_strbuf_deinit(&a);
  nirc_strbuf_deinit(&b);
  nirc_strbuf_deinit(&c);
  return ok;
}

static void check(unsigned long long seed, const char *passes, kind k, totals *t)
{
  char again[256];
  snprintf(again, sizeof again, "%s,%s", passes, passes);
  nirc_module *before = make(seed, "", k, false), *after = before ? make(seed, passes, k, false) : NULL, *twice = after ? make(seed, again, k, false) : NULL;
  bool ok = !before || (after && twice) || (k == LOSSY && !after) || fault(seed, passes, "refuses it");
  if (before && after && twice)
    ok = compare(seed, passes, k, before, after, twice, t);
  t->runs++;
  t->refused += !before;
  t->failed += !ok;
  nirc_module_free(before);
  nirc_module_free(after);
  nirc_module_free(twice);
}

/* One line of the report. */
static unsigned long long check_all(const char *passes, kind k, unsigned long long first, unsigned long long n)
{
  totals t = {0};
  for (unsigned long long seed = first; seed < first + n; seed++)
    check(seed, passes, k, &t);
  bool few = n >= 20 && t.refused * 10 > t.runs;
  printf("%s: %llu networks, %llu refused by their profiles%s, %llu changed, %llu failed\n", passes, t.runs, t.refused, few ? ", too many" : "", t.changed, t.failed);
  return t.failed + few;
}

int main(int argc, char **argv)
{
  unsigned long long n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000, first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1, failed = 0;
  time_t start = time(NULL);
  for (size_t i = 0; nirc_passes[i]; i++)
    if (nirc_passes[i]->needs != NIRC_LEVEL_NIR && nirc_passes[i]->leaves != NIRC_LEVEL_NIR)
      failed += check_all(nirc_passes[i]->name, strcmp(nirc_passes[i]->name, "quantise") ? EXACT : LOSSY, first, n);
  for (size_t i = 0; exact[i]; i++)
    failed += check_all(exact[i], EXACT, first, n);
  for (size_t i = 0; rounding[i]; i++)
    failed += check_all(rounding[i], ROUNDING, first, n);
  for (size_t i = 0; of_graphs[i]; i++)
    failed += check_all(of_graphs[i], OF_GRAPH, first, n);
  printf("%llu networks, %llu failed, %lld s\n", n, failed, (long long)(time(NULL) - start));
  return failed != 0;
}
