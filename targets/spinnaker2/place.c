/* targets/spinnaker2/place.c: how many neurons of each population a core takes. The sum of bytes is this project's own and meant to be safe: what the host
 * library really takes is known to nobody outside of it (docs/spinnaker2.md, "Memory"). */
#include <string.h>

#include "targets/spinnaker2/spinnaker2.h"

/* What does not depend on the cut, by population. */
typedef struct load {
  size_t *rows_before;                               /* rows of lists to the neurons before this one; size + 1; NULL: none */
  size_t kernels, rows;                              /* bytes of whole kernels, and of one row pointer for each neuron of each list's source */
} load;

typedef struct placer {
  const nirc_s2_network *net;
  load *loads;
  const size_t *first;                               /* of the projections to each population */
} placer;

size_t *nirc_s2_projections_to(const nirc_s2_network *net, nirc_arena *a)
{
  size_t *first = NIRC_NEW_ARRAY(a, size_t, net->n_populations + 1);
  for (size_t k = 0; k < net->n_projections; k++)
    first[net->projections[k].post + 1]++;
  for (size_t p = 0; p < net->n_populations; p++)
    first[p + 1] += first[p];
  return first;
}

static placer measure(const nirc_s2_network *net, nirc_arena *a)
{
  placer x = {net, NIRC_NEW_ARRAY(a, load, net->n_populations), nirc_s2_projections_to(net, a)};
  for (size_t k = 0; k < net->n_projections; k++) {
    const nirc_s2_projection *p = &net->projections[k];
    load *l = &x.loads[p->post];
    if (p->is_conv) {
      l->kernels += (p->kernel.in * p->kernel.out * p->kernel.rows * p->kernel.columns + 3) / 4 * 4;
      continue;
    }
    l->rows += 4 * net->populations[p->pre].size;
    if (!l->rows_before)
      l->rows_before = NIRC_NEW_ARRAY(a, size_t, net->populations[p->post].size + 1);
    for (size_t i = 0; i < p->n_rows; i++)
      l->rows_before[p->rows[i].post + 1]++;
  }
  for (size_t p = 0; p < net->n_populations; p++)
    for (size_t i = 0; x.loads[p].rows_before && i < net->populations[p].size; i++)
      x.loads[p].rows_before[i + 1] += x.loads[p].rows_before[i];
  return x;
}

/* Bytes of the entries for all slices of all sources. */
static size_t table_of(const placer *x, size_t population)
{
  size_t bytes = 0;
  for (size_t k = x->first[population]; k < x->first[population + 1]; k++)
    bytes += 12 * nirc_s2_n_slices(&x->net->populations[x->net->projections[k].pre]);
  return bytes;
}

static nirc_s2_bytes bytes_of(const placer *x, size_t population, size_t start, size_t stop, size_t table)
{
  const nirc_s2_population *p = &x->net->populations[population];
  const load *l = &x->loads[population];
  size_t n = stop - start, steps = x->net->options.steps, spikes = 4 * ((n + 31) / 32) * steps;
  nirc_s2_bytes b = {0};
  if (p->kind == NIRC_S2_SOURCE) {
    b.recording = b.total = spikes;
    return b;
  }
  b = (nirc_s2_bytes){.params = 36 * n, .synapses = l->kernels + (l->rows_before ? 4 * (l->rows_before[stop] - l->rows_before[start]) : 0), .rows = l->rows,
                      .table = table, .ring = (p->delayed ? 64 : 8) * n, .recording = (p->record_spikes ? spikes : 0) + (p->record_v ? 4 * n * steps : 0)};
  b.total = b.synapses + b.rows + b.table + b.ring + b.recording;
  return b;
}

static bool fits(const nirc_s2_bytes *b) { return b->total <= NIRC_S2_DATA_BYTES && b->params <= NIRC_S2_PARAM_BYTES; }

/* Do all slices of so many neurons fit? If not, *worst is the first that does not. */
static bool all_fit(const placer *x, size_t population, size_t atoms, nirc_s2_bytes *worst)
{
  nirc_s2_population *p = &x->net->populations[population];
  p->atoms = atoms;
  size_t table = table_of(x, population);
  for (size_t start = 0; start < p->size; start += atoms) {
    *worst = bytes_of(x, population, start, p->size - start < atoms ? p->size : start + atoms, table);
    if (!fits(worst))
      return false;
  }
  return true;
}

static void refuse(const nirc_s2_network *net, const nirc_s2_population *p, const nirc_s2_bytes *b, nirc_module *m, nirc_diag *d)
{
  nirc_error_code(d, "S2-SRAM", p->op ? p->op->loc : nirc_loc_file(m->path), "'%s': one neuron takes %zu bytes of a core's memory, which has %d for this",
                  p->name, b->total, NIRC_S2_DATA_BYTES);
  nirc_note(d, nirc_loc_none(), "recording %zu, synapses %zu, rows %zu, table %zu, ring %zu", b->recording, b->synapses, b->rows, b->table, b->ring);
  if (b->recording > NIRC_S2_DATA_BYTES / 2)
    nirc_note(d, nirc_loc_none(), "--s2-steps=%zu is what recordings are reckoned with; fewer take less", net->options.steps);
}

/* The cut of one population depends on those of its sources, by its table: from the largest down, until nothing changes. */
static bool choose_atoms(placer *x, nirc_module *m, nirc_diag *d)
{
  const nirc_s2_network *net = x->net;
  for (size_t i = 0; i < net->n_populations; i++) {
    nirc_s2_population *p = &net->populations[i];
    p->atoms = p->size < net->options.max_atoms ? p->size : net->options.max_atoms;
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = 0; i < net->n_populations; i++) {
      size_t atoms = net->populations[i].atoms;
      nirc_s2_bytes worst;
      while (!all_fit(x, i, atoms, &worst)) {
        if (atoms == 1) {
          refuse(net, &net->populations[i], &worst, m, d);
          return false;
        }
        atoms--;
        changed = true;
      }
    }
  }
  return true;
}

/* Slices of populations that feed others. */
static size_t n_routes(const nirc_s2_network *net)
{
  bool *projects = NIRC_NEW_ARRAY(net->arena, bool, net->n_populations);
  size_t n = 0;
  for (size_t k = 0; k < net->n_projections; k++)
    projects[net->projections[k].pre] = true;
  for (size_t p = 0; p < net->n_populations; p++)
    n += projects[p] ? nirc_s2_n_slices(&net->populations[p]) : 0;
  return n;
}

bool nirc_s2_place(nirc_s2_network *net, nirc_module *m, nirc_diag *d)
{
  nirc_arena *a = nirc_arena_new(m->heap);
  placer x = measure(net, a);
  bool ok = choose_atoms(&x, m, d);
  nirc_arena_free(a);
  if (!ok)
    return false;
  size_t pes = 0, have = net->options.board48 ? NIRC_S2_PES * NIRC_S2_CHIPS : NIRC_S2_PES, routes = n_routes(net), most = 0;
  for (size_t p = 0; p < net->n_populations; p++) {
    pes += nirc_s2_n_slices(&net->populations[p]);
    most = nirc_s2_n_slices(&net->populations[p]) > nirc_s2_n_slices(&net->populations[most]) ? p : most;
  }
  const nirc_s2_population *largest = &net->populations[most];
  nirc_loc loc = largest->op ? largest->op->loc : nirc_loc_file(m->path);
  if (pes > have) {
    nirc_error_code(d, "S2-PES", loc, "'%s': the network takes %zu cores, %zu of them for this population; %s has %zu", largest->name, pes,
                    nirc_s2_n_slices(largest), net->options.board48 ? "a board of 48 chips" : "a chip", have);
    nirc_note(d, loc,
              net->options.board48 ? "fewer --s2-steps, or fewer recorded populations, leave more memory for neurons" : "--s2-board=board48 has %d cores",
              NIRC_S2_PES * NIRC_S2_CHIPS);
  }
  if (routes > NIRC_S2_ROUTES)
    nirc_error_code(d, "S2-ROUTES", loc, "'%s': the network takes %zu routes, %zu of them for this population; a router has %d", largest->name, routes,
                    nirc_s2_n_slices(largest), NIRC_S2_ROUTES);
  return pes <= have && routes <= NIRC_S2_ROUTES;
}

nirc_s2_slice *nirc_s2_slices(const nirc_s2_network *net, size_t *n)
{
  *n = 0;
  for (size_t p = 0; p < net->n_populations; p++)
    *n += nirc_s2_n_slices(&net->populations[p]);
  nirc_s2_slice *slices = NIRC_NEW_ARRAY(net->arena, nirc_s2_slice, *n), *next = slices;
  nirc_arena *a = nirc_arena_new(nirc_arena_heap(net->arena));
  placer x = measure(net, a);
  for (size_t k = 0; k < net->n_populations; k++) {
    const nirc_s2_population *p = &net->populations[k];
    size_t table = table_of(&x, k);
    for (size_t start = 0; start < p->size; start += p->atoms) {
      size_t stop = p->size - start < p->atoms ? p->size : start + p->atoms;
      *next++ = (nirc_s2_slice){k, start, stop, bytes_of(&x, k, start, stop, table)};
    }
  }
  nirc_arena_free(a);
  return slices;
}
