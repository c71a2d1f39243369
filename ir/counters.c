#include "ir/counters.h"

#include <inttypes.h>
#include <string.h>
#include <xxhash.h>

#include "ir/neuron.h"

enum { NO_ROW = UINT32_MAX };

typedef struct finder {
  nirc_counters *c;
  nirc_arena *arena;
  const nirc_op *step;
  uint32_t *table;                                   /* by hash of node and key: a row, counted from 1; 0: none */
  size_t room;                                       /* in the table, a power of two */
  uint32_t *core_row;                                /* by core; NULL: none has a row yet */
} finder;

/* Where the row of that node and key is in the table, or would be. */
static size_t slot_of(const finder *x, const char *node, const char *key)
{
  size_t at = XXH3_64bits_withSeed(node, strlen(node), XXH3_64bits(key, strlen(key))) & (x->room - 1);
  while (x->table[at] && (strcmp(x->c->rows[x->table[at] - 1].node, node) != 0 || strcmp(x->c->rows[x->table[at] - 1].key, key) != 0))
    at = (at + 1) & (x->room - 1);
  return at;
}

/* Room for a power of two rows; the table has twice as many places. */
static void make_room(finder *x)
{
  nirc_counters *c = x->c;
  size_t room = c->n_rows ? 2 * c->n_rows : 1;
  nirc_counter_row *more = NIRC_NEW_ARRAY(x->arena, nirc_counter_row, room);
  if (c->n_rows)
    memcpy(more, c->rows, c->n_rows * sizeof *more);
  c->rows = more;
  x->room = 2 * room;
  x->table = NIRC_NEW_ARRAY(x->arena, uint32_t, x->room);
  for (uint32_t r = 0; r < c->n_rows; r++)
    x->table[slot_of(x, c->rows[r].node, c->rows[r].key)] = r + 1;
}

static uint32_t row_of(finder *x, const char *node, const char *key)
{
  nirc_counters *c = x->c;
  uint32_t *row = x->room ? &x->table[slot_of(x, node, key)] : NULL;
  if (row && *row)
    return *row - 1;
  if ((c->n_rows & (c->n_rows - 1)) == 0) {
    make_room(x);
    row = &x->table[slot_of(x, node, key)];
  }
  c->rows[c->n_rows++] = (nirc_counter_row){node, key};
  *row = (uint32_t)c->n_rows;
  return *row - 1;
}

static void add_to(finder *x, uint32_t row, nirc_count k)
{
  nirc_counters *c = x->c;
  k.row = row;
  if ((c->n_counts & (c->n_counts - 1)) == 0) {
    nirc_count *more = NIRC_NEW_ARRAY(x->arena, nirc_count, c->n_counts ? 2 * c->n_counts : 1);
    if (c->n_counts)
      memcpy(more, c->counts, c->n_counts * sizeof *more);
    c->counts = more;
  }
  c->counts[c->n_counts++] = k;
}

static void add(finder *x, const char *node, const char *key, nirc_count k)
{
  add_to(x, row_of(x, node, key), k);
}

/* No node of a network has a name that begins with a slash. */
static void add_core(finder *x, int64_t core, nirc_count k)
{
  NIRC_ASSERT(core >= 0 && core < NIRC_COUNT_CORES);
  if (!x->core_row) {
    x->core_row = NIRC_NEW_ARRAY(x->arena, uint32_t, NIRC_COUNT_CORES);
    memset(x->core_row, 0xff, NIRC_COUNT_CORES * sizeof *x->core_row);
  }
  if (x->core_row[core] == NO_ROW)
    x->core_row[core] = row_of(x, nirc_arena_printf(x->arena, "/core/%" PRId64, core), "spikes");
  add_to(x, x->core_row[core], k);
}

/* Neurons that stand on one core one behind the other are counted together. */
static void add_cores(finder *x, const nirc_op *op, size_t count)
{
  const nirc_blob *cores = NULL;
  NIRC_FOR_EACH_OP(place, x->step->body)
    if (place->code == HW_PLACE && nirc_op_blob(place, "cores") && strcmp(nirc_op_attr(place, "node")->s, op->name) == 0)
      cores = nirc_op_blob(place, "cores");
  if (cores && !cores->splat && cores->count != count)
    return;                                          /* of another op of that name */
  for (size_t first = 0, end; cores && first < count; first = end) {
    int64_t core = 0, other = 0;
    NIRC_ASSERT(nirc_blob_get_int(cores, first, &core));
    for (end = first + 1; end < count && nirc_blob_get_int(cores, end, &other) && other == core;)
      end++;
    add_core(x, core, (nirc_count){.op = op, .kind = NIRC_COUNT_SPIKES, .first = first, .n = end - first});
  }
}

static void add_neuron(finder *x, const nirc_op *op)
{
  const nirc_attr *counts = nirc_op_attr(op, "counts");
  int fires = nirc_snn_fires(op);
  if (fires >= 0) {
    size_t n = op->results[fires].type->count;
    add(x, op->name, "spikes", (nirc_count){.op = op, .kind = NIRC_COUNT_SPIKES, .n = n});
    add_cores(x, op, n);
  }
  const char **names = NULL;
  size_t n = counts ? nirc_neuron_words(x->arena, counts->s, &names) : 0;
  for (uint32_t i = 0; i < n; i++)
    add(x, op->name, names[i], (nirc_count){.op = op, .kind = NIRC_COUNT_NAMED, .index = i});
}

static void add_hw_core(finder *x, const nirc_op *op)
{
  const nirc_attr *synapse = nirc_op_attr(op, "synapse"), *core = nirc_op_attr(op, "core");
  add(x, synapse ? synapse->s : op->name, "synaptic_operations", (nirc_count){.op = op, .kind = NIRC_COUNT_OPERATIONS});
  add(x, op->name, "spikes", (nirc_count){.op = op, .kind = NIRC_COUNT_SPIKES});
  if (core)
    add_core(x, core->i, (nirc_count){.op = op, .kind = NIRC_COUNT_SPIKES});
  add(x, op->name, "saturations_v", (nirc_count){.op = op, .kind = NIRC_COUNT_SATURATIONS});
  add(x, op->name, "lower_bounds", (nirc_count){.op = op, .kind = NIRC_COUNT_LOWER_BOUNDS});
  add(x, op->name, "missed_thresholds", (nirc_count){.op = op, .kind = NIRC_COUNT_MISSED});
}

static void add_op(finder *x, const nirc_op *op)
{
  const nirc_attr *node = nirc_op_attr(op, "node"), *counts = nirc_op_attr(op, "counts");
  switch (op->code) {
  case SNN_NEURON: case SNN_THRESHOLD: add_neuron(x, op); break;
  case HW_CORE: add_hw_core(x, op); break;
  case SNN_DENSE: case SNN_SPARSE_DENSE: case SNN_CONV: case HW_PROJECT:
    add(x, op->name, "synaptic_operations", (nirc_count){.op = op, .kind = NIRC_COUNT_OPERATIONS});
    if (op->code == HW_PROJECT && counts)
      add(x, node ? node->s : op->name, counts->s, (nirc_count){.op = op, .kind = NIRC_COUNT_SATURATIONS});
    break;
  default: break;
  }
}

static void add_region(finder *x, const nirc_region *region)
{
  NIRC_FOR_EACH_OP(op, region) {
    if (op->body)
      add_region(x, op->body);
    add_op(x, op);
  }
}

/* Rows of nodes in their order, then those of cores by number. What a row is of its name does not say: a text may give any to a node. */
static void sort_rows(finder *x)
{
  nirc_counters *c = x->c;
  uint32_t *place = NIRC_NEW_ARRAY(x->arena, uint32_t, c->n_rows), n = 0;
  nirc_counter_row *rows = NIRC_NEW_ARRAY(x->arena, nirc_counter_row, c->n_rows);
  if (!x->core_row)
    return;
  bool *of_core = NIRC_NEW_ARRAY(x->arena, bool, c->n_rows);
  for (size_t core = 0; core < NIRC_COUNT_CORES; core++)
    if (x->core_row[core] != NO_ROW)
      of_core[x->core_row[core]] = true;
  for (uint32_t r = 0; r < c->n_rows; r++)
    if (!of_core[r])
      place[r] = n++;
  for (size_t core = 0; core < NIRC_COUNT_CORES; core++)
    if (x->core_row[core] != NO_ROW)
      place[x->core_row[core]] = n++;
  for (uint32_t r = 0; r < c->n_rows; r++)
    rows[place[r]] = c->rows[r];
  for (size_t k = 0; k < c->n_counts; k++)
    c->counts[k].row = place[c->counts[k].row];
  c->rows = rows;
}

void nirc_counters_find(nirc_counters *c, nirc_arena *a, const nirc_op *step)
{
  finder x = {.c = c, .arena = a, .step = step};
  *c = (nirc_counters){0};
  add_region(&x, step->body);
  sort_rows(&x);
}

const nirc_value *nirc_count_value(const nirc_op *op)
{
  int fires = nirc_snn_fires(op);
  return fires >= 0 ? &op->results[fires] : nirc_op_operand(op, op->code == HW_PROJECT);
}

uint64_t nirc_count_weights(const nirc_op *op, size_t element, bool on_chip)
{
  const nirc_blob *w = nirc_op_blob(op, "weight");
  int64_t first = 0, end = 0;
  switch (op->code) {
  case SNN_DENSE: return w->shape.dims[w->shape.rank - 2];
  case SNN_CONV: return w->shape.dims[0] / (uint64_t)nirc_op_int(op, "groups");
  case HW_PROJECT: return op->results[0].type->count;
  default:
    if (!on_chip)                                    /* as the matrix that it was made from: the counts do not depend on -O */
      return op->results[0].type->shape.dims[op->results[0].type->shape.rank - 1];
    NIRC_ASSERT(nirc_blob_get_int(nirc_op_blob(op, "first"), element, &first) && nirc_blob_get_int(nirc_op_blob(op, "first"), element + 1, &end));
    return (uint64_t)(end - first) * w->shape.dims[1];
  }
}
