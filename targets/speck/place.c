/* targets/speck/place.c: layers to cores. A matching by shortest augmenting paths: each path from a layer without a core, by cores that would fit and
 * the layers that have them, to a free core. With this order of search the result is that of the flow search of sinabs 3.1.3
 * (backend/dynapcnn/mapping.py). */
#include <inttypes.h>
#include <string.h>

#include "targets/speck/speck.h"

enum { CORES = NIRC_SPECK_CORES, NOBODY = -1 };

typedef struct search {
  bool (*fits)[CORES];
  size_t n;
  int *core;                                         /* by layer */
  int layer[CORES];                                  /* by core */
  int before_core[CORES], before_layer[CORES];       /* on the path: the layer before a core, the core before a layer */
} search;

/* A queue of layers (number) and cores (CORES + number); each enters once. */
static int find_free_core(search *x)
{
  int queue[2 * CORES], head = 0, tail = 0;
  bool seen_layer[CORES] = {false}, seen_core[CORES] = {false};
  for (size_t i = 0; i < x->n; i++)
    if (x->core[i] == NOBODY) {
      seen_layer[i] = true;
      x->before_layer[i] = NOBODY;
      queue[tail++] = (int)i;
    }
  for (; head < tail; head++) {
    int at = queue[head];
    if (at >= CORES) {
      int l = x->layer[at - CORES];
      if (l == NOBODY)
        return at - CORES;
      if (!seen_layer[l]) {
        seen_layer[l] = true;
        x->before_layer[l] = at - CORES;
        queue[tail++] = l;
      }
      continue;
    }
    for (int c = 0; c < CORES; c++)
      if (x->fits[at][c] && x->core[at] != c && !seen_core[c]) {
        seen_core[c] = true;
        x->before_core[c] = at;
        queue[tail++] = CORES + c;
      }
  }
  return NOBODY;
}

bool nirc_speck_match(bool (*fits)[NIRC_SPECK_CORES], size_t n, int core[])
{
  search x = {.fits = fits, .n = n, .core = core};
  NIRC_ASSERT(n <= CORES);
  for (size_t i = 0; i < n; i++)
    core[i] = NOBODY;
  for (int c = 0; c < CORES; c++)
    x.layer[c] = NOBODY;
  for (int c; (c = find_free_core(&x)) != NOBODY;)
    while (c != NOBODY) {                            /* from the end of the path to its start */
      int l = x.before_core[c];
      x.layer[c] = l;
      core[l] = c;
      c = x.before_layer[l];
    }
  for (size_t i = 0; i < n; i++)
    if (core[i] == NOBODY)
      return false;
  return true;
}

bool nirc_speck_fits(const nirc_speck_layer *l, int core)
{
  const nirc_speck_words *have = &nirc_speck_memory[core];
  return l->words.kernel <= have->kernel && l->words.neuron <= have->neuron && l->words.bias <= have->bias;
}

static void report(nirc_speck_net *net, bool (*fits)[CORES], const nirc_speck_layer *left, nirc_diag *d)
{
  nirc_error_code(d, "speck-no-placement", left->weight_op->loc,
                  "'%s': no core is left for this layer; there is no assignment of the %zu layers to the %d cores", left->weight, net->n, CORES);
  for (size_t i = 0; i < net->n; i++) {
    const nirc_speck_layer *l = &net->layers[i];
    const char *cores = "";
    for (int c = 0; c < CORES; c++)
      if (fits[i][c])
        cores = nirc_arena_printf(net->arena, "%s%s%d", cores, *cores ? ", " : "", c);
    nirc_note(d, l->weight_op->loc, "'%s' needs kernel %" PRIu64 ", neuron %" PRIu64 ", bias %" PRIu64 " words; fits %s%s", l->weight, l->words.kernel,
              l->words.neuron, l->words.bias, *cores ? "core " : "no core", cores);
  }
}

bool nirc_speck_place(nirc_speck_net *net, nirc_diag *d)
{
  bool fits[CORES][CORES] = {{false}};
  int core[CORES];
  size_t left = net->n;
  for (size_t i = 0; i < net->n; i++)
    for (int c = 0; c < CORES; c++)
      fits[i][c] = nirc_speck_fits(&net->layers[i], c);
  bool ok = nirc_speck_match(fits, net->n, core);
  for (size_t i = net->n; i-- > 0;) {
    net->layers[i].core = core[i];
    left = core[i] == NOBODY ? i : left;
  }
  if (ok)
    return true;
  report(net, fits, &net->layers[left], d);
  nirc_speck_advise(net, fits, left, d);
  return false;
}

bool nirc_speck_map_network(nirc_speck_net *net, nirc_module *m, double dt, nirc_diag *d)
{
  return nirc_speck_find_layers(net, m, d) && nirc_speck_check_shapes(net, m, d) && nirc_speck_quantise(net, m, dt, d) && nirc_speck_place(net, d);
}
