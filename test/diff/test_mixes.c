/* test/diff/test_mixes.c: every choice of every profile in every other (`discretise{profile=A,mix="CHOICE:B"}`): a step, or a refusal with a message.
 *
 *   test_mixes [N [FIRST]]      networks of seeds FIRST .. FIRST + N - 1 for each profile A (default 2 from 2)
 *
 * That what is made runs as the interpreter says is for test_cpu_diff (`mix`). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "passes/pass.h"
#include "test/diff/profile_network.h"

typedef struct totals { unsigned long long made, refused, failed; } totals;

static void try_mix(uint64_t seed, const nirc_profile *a, int choice, const nirc_profile *b, FILE *lost, totals *t)
{
  char text[300];
  nirc_diag d;
  nirc_diag_init(&d, lost, "test_mixes");
  profile_network n = profile_network_make(seed, a, false);
  n.discretise[strlen(n.discretise) - 1] = 0;        /* the closing brace */
  snprintf(text, sizeof text, "probe{node=all},%s,mix=%s:%s}", n.discretise, nirc_choice_names[choice], b->name);
  bool ok = n.m && nirc_pipeline_run(n.m, text, &(nirc_pipeline_hooks){.verify_each = true}, &d), refused = n.m && !ok && d.errors && d.status != NIRC_STATUS_INTERNAL;
  if (!ok && !refused)
    printf("seed %llu: %s fails without saying why\n", (unsigned long long)seed, text);
  t->made += ok;
  t->refused += refused;
  t->failed += !ok && !refused;
  nirc_module_free(n.m);
}

int main(int argc, char **argv)
{
  uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 2, first = argc > 2 ? strtoull(argv[2], NULL, 10) : 2;
  FILE *lost = fopen("/dev/null", "w");
  totals t = {0};
  for (uint64_t seed = first; lost && seed < first + n; seed++)
    for (const nirc_profile *a = nirc_profiles; a->name; a++)
      for (const nirc_profile *b = nirc_profiles; b->name; b++)
        for (int choice = 0; choice < NIRC_N_CHOICES; choice++)
          try_mix(seed, a, choice, b, lost, &t);
  printf("%llu mixes made, %llu refused, %llu failed\n", t.made, t.refused, t.failed);
  if (lost)
    fclose(lost);
  return t.failed || !t.made || !t.refused;
}
