/* test/diff/test_text.c: random networks as text and back, at both levels.
 *
 *   test_text [N [FIRST]]      seeds FIRST .. FIRST + N - 1 (default 300 from 1)
 *
 * parse(print(m)) has to equal m, and print(parse(t)) has to be t. A module that differs in one name must not be equal: else it sees nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ir/equal.h"
#include "ir/parse.h"
#include "ir/print.h"
#include "passes/pass.h"
#include "test/diff/profile_network.h"
#include "test/diff/random_step.h"

static bool fault(uint64_t seed, const char *level, const char *what)
{
  printf("seed %llu, %s level: %s\n", (unsigned long long)seed, level, what);
  return false;
}

static bool compare(uint64_t seed, const char *level, const nirc_module *m, nirc_module *back, const nirc_strbuf *text)
{
  const nirc_op *where;
  if (!nirc_module_equal(m, back, &where))
    return fault(seed, level, where ? where->name : "the module's head differs");
  nirc_strbuf again;
  nirc_strbuf_init(&again, m->heap);
  nirc_module_print(&again, back, false);
  bool same = again.size == text->size && memcmp(again.data, text->data, text->size) == 0;
  nirc_strbuf_deinit(&again);
  back->body.first->body->last->name = "another name";
  if (nirc_module_equal(m, back, &where) || where != m->body.first->body->last)
    return fault(seed, level, "another name of the last op is not seen");
  return same || fault(seed, level, "printed again, the text is another");
}

static bool round_trip(uint64_t seed, const char *level, const nirc_module *m)
{
  nirc_diag d;
  nirc_diag_init(&d, stdout, "test_text");
  nirc_strbuf text;
  nirc_strbuf_init(&text, m->heap);
  nirc_module_print(&text, m, false);
  nirc_module *back = nirc_module_parse(text.data, text.size, "text", m->heap, &d);
  bool ok = back ? compare(seed, level, m, back, &text) : fault(seed, level, "refused");
  nirc_module_free(back);
  nirc_strbuf_deinit(&text);
  return ok;
}

/* The steps that a profile makes. */
static bool try_profile(uint64_t seed)
{
  size_t n_profiles = 0;
  while (nirc_profiles[n_profiles].name)
    n_profiles++;
  const nirc_profile *p = &nirc_profiles[seed % n_profiles];
  profile_network n = profile_network_make(seed, p, false);
  FILE *lost = fopen("/dev/null", "w");
  nirc_diag d;
  nirc_diag_init(&d, lost, "test_text");
  bool ok = n.m && lost && round_trip(seed, "nir, a profile's", n.m), refused = ok && !nirc_pipeline_run(n.m, n.discretise, NULL, &d);
  ok = ok && (refused || (round_trip(seed, p->name, n.m) && nirc_pipeline_run(n.m, NIRC_OPTIMISING_PASSES, NULL, &d) && round_trip(seed, p->name, n.m)));
  nirc_module_free(n.m);
  if (lost)
    fclose(lost);
  return ok;
}

static bool try_seed(uint64_t seed)
{
  nirc_diag d;
  nirc_diag_init(&d, stdout, "test_text");
  d.quiet = true;
  nirc_module *m = random_network(seed, RANDOM_ALL, NULL, 0);
  bool ok = m && round_trip(seed, "nir", m) && nirc_pipeline_run(m, "inline-subgraphs,discretise{dt=1ms}", NULL, &d) && round_trip(seed, "snn", m) &&
            nirc_pipeline_run(m, "fuse-neuron", NULL, &d) && round_trip(seed, "snn, populations", m);
  nirc_module_free(m);
  m = random_step(seed);
  ok = ok && round_trip(seed, "snn, types", m);
  nirc_module_free(m);
  ok = ok && try_profile(seed);
  return ok || fault(seed, "either", "failed");
}

int main(int argc, char **argv)
{
  uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 300, first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1, failed = 0;
  for (uint64_t seed = first; seed < first + n; seed++)
    failed += !try_seed(seed);
  printf("%llu networks, %llu failed\n", (unsigned long long)n, (unsigned long long)failed);
  return failed || n == 0;
}
