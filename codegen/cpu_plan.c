#include "codegen/cpu_plan.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "ir/activity.h"
#include "ir/cores.h"
#include "ir/dialect_snn.h"

typedef struct planner {
  nirc_cpu_plan *p;
  nirc_arena *arena;
  size_t n_values;
  const nirc_value **values;                         /* by value index */
  size_t *root;                                      /* by value index: the value whose memory it shares (through reshapes and populations) */
  size_t *last_use;                                  /* by root: id of the last op that reads it; n_ops: the end of the step */
  bool *placed;
  bool overflow;
} planner;

static size_t value_index(const planner *x, const nirc_value *v)
{
  return x->p->first_value[v->def->id] + v->index;
}

static size_t root_of(const planner *x, const nirc_value *v)
{
  return x->root[value_index(x, v)];
}

nirc_dtype nirc_cpu_stored(nirc_dtype elem)
{
  return elem == NIRC_BOOL ? NIRC_F32 : elem;
}

nirc_place nirc_cpu_place(const nirc_cpu_plan *p, const nirc_value *v)
{
  return p->places[p->first_value[v->def->id] + v->index];
}

bool nirc_place_equal(nirc_place a, nirc_place b)
{
  return a.kind == b.kind && a.at == b.at;
}

uint32_t nirc_cpu_latency(const nirc_cpu_port *port)
{
  return nirc_op_attr(port->op, "latency") ? (uint32_t)nirc_op_int(port->op, "latency") : 0;
}

const nirc_op *nirc_cpu_tiled_sum(const nirc_op *neuron)
{
  const nirc_op *around = neuron->parent->parent, *sum = neuron->prev;
  if (around->code != SNN_POPULATION || neuron->next || sum->code != SNN_DENSE || nirc_op_attr(neuron, "counts"))
    return NULL;
  const nirc_blob *w = nirc_op_blob(sum, "weight");
  return w->shape.rank == 2 && w->count && nirc_snn_arithmetic(sum) == NIRC_F32 ? sum : NULL;
}

bool nirc_cpu_is_tiled_sum(const nirc_op *op)
{
  return op->next && nirc_cpu_tiled_sum(op->next) == op;
}

static size_t value_bytes(const nirc_type *t)
{
  return t->count * nirc_dtype_size(nirc_cpu_stored(t->elem));
}

size_t nirc_cpu_padded(size_t channels)
{
  return (channels + NIRC_CPU_CHANNELS - 1) / NIRC_CPU_CHANNELS * NIRC_CPU_CHANNELS;
}

static size_t cores_bytes(const nirc_op *op)
{
  nirc_arena *a = nirc_arena_new(nirc_heap_default());
  nirc_cores c;
  const char *why;
  NIRC_ASSERT(nirc_cores_read(&c, a, op, &why));
  size_t bytes = (NIRC_CPU_CORES_WORDS + c.n_kept) * sizeof(int64_t) + c.n_flags;
  nirc_arena_free(a);
  return bytes;
}

size_t nirc_cpu_workspace_bytes(const nirc_op *op)
{
  if (op->code == HW_CORES)
    return cores_bytes(op);
  const nirc_op *sum = nirc_cpu_tiled_sum(op);
  if (sum)
    return nirc_op_operand(sum, 0)->type->count * (nirc_op_operand(sum, 0)->type->elem == NIRC_BOOL ? 4 : 8);
  const nirc_type *t = op->code == SNN_CONV ? op->results[0].type : NULL;
  if (!t || !t->count)
    return 0;
  return t->count / t->shape.dims[0] * nirc_cpu_padded(t->shape.dims[0]) * nirc_dtype_size(t->elem);
}

static size_t advance(planner *x, size_t at, size_t bytes)
{
  size_t end;
  if (!nirc_add_size(&end, at, bytes) || !nirc_add_size(&end, end, NIRC_CPU_ALIGN - 1) || end > PTRDIFF_MAX) {
    x->overflow = true;
    return at;
  }
  return end / NIRC_CPU_ALIGN * NIRC_CPU_ALIGN;
}

/* ---- numbering and lifetimes ------------------------------------------------------------------------------------------ */

static void count(planner *x, const nirc_region *region)
{
  NIRC_FOR_EACH_OP(op, region) {
    if (op->body)
      count(x, op->body);
    op->id = (uint32_t)x->p->n_ops++;
    x->n_values += op->n_results;
  }
}

static void list(planner *x, const nirc_region *region)
{
  NIRC_FOR_EACH_OP(op, region) {
    if (op->body)
      list(x, op->body);
    x->p->ops[op->id] = op;
  }
}

/* The value that result r of the op is by another name; its own where it is none. */
static const nirc_value *stands_for(const nirc_op *op, uint32_t r)
{
  switch (op->code) {
  case SNN_RESHAPE: return nirc_op_operand(op, 0);
  case SNN_OPERAND: return nirc_op_operand(op->parent->parent, (uint32_t)nirc_op_int(op, "index"));
  case SNN_POPULATION: return &op->body->last->results[r];
  default: return &op->results[r];
  }
}

static void note_uses(planner *x, const nirc_op *op)
{
  for (uint32_t i = 0; i < op->n_operands; i++) {
    size_t r = root_of(x, nirc_op_operand(op, i)), when = op->code == SNN_UPDATE && i == 1 ? x->p->n_ops : nirc_cpu_is_tiled_sum(op) ? op->next->id : op->id;
    if ((op->code == SNN_UPDATE && i == 0) || (op->code == SNN_ADVANCE && i == 1) || op->code == SNN_POPULATION)
      continue;                                      /* names the state, counts its slots, hands on: reads nothing */
    if (x->last_use[r] < when)
      x->last_use[r] = when;
  }
}

static void number(planner *x)
{
  nirc_cpu_plan *p = x->p;
  count(x, p->step->body);
  p->ops = NIRC_NEW_ARRAY(x->arena, const nirc_op *, p->n_ops);
  list(x, p->step->body);
  x->values = NIRC_NEW_ARRAY(x->arena, const nirc_value *, x->n_values);
  x->root = NIRC_NEW_ARRAY(x->arena, size_t, x->n_values);
  x->last_use = NIRC_NEW_ARRAY(x->arena, size_t, x->n_values);
  x->placed = NIRC_NEW_ARRAY(x->arena, bool, x->n_values);
  p->first_value = NIRC_NEW_ARRAY(x->arena, uint32_t, p->n_ops);
  p->places = NIRC_NEW_ARRAY(x->arena, nirc_place, x->n_values);
  p->workspace = NIRC_NEW_ARRAY(x->arena, nirc_place, p->n_ops);
  size_t n = 0;
  for (size_t id = 0; id < p->n_ops; id++) {
    const nirc_op *op = p->ops[id];
    p->first_value[id] = (uint32_t)n;
    for (uint32_t r = 0; r < op->n_results; r++, n++) {
      const nirc_value *v = stands_for(op, r);
      x->values[n] = &op->results[r];
      x->root[n] = v == x->values[n] ? n : root_of(x, v);
      x->last_use[x->root[n]] = id;
    }
  }
  for (size_t id = 0; id < p->n_ops; id++)
    note_uses(x, p->ops[id]);
}

/* ---- states -------------------------------------------------------------------------------------------------------------- */

/* Ops that read element e of operand `i` only before they write element e of their result (or that write beside it). */
static bool in_place(const nirc_op *op, uint32_t i)
{
  switch (op->code) {
  case SNN_NEURON: return true;
  case HW_PROJECT: case HW_CORES: return i == 0;
  case SNN_DELAY_WRITE: case SNN_ADVANCE: return i == 0;
  default: return false;
  }
}

/* May `next` be written where `state` is kept, at the moment it is computed? */
static bool fits_in_place(const planner *x, const nirc_value *state, const nirc_value *next)
{
  const nirc_op *def = next->def;
  size_t r = value_index(x, state);
  if (nirc_cpu_stored(state->type->elem) != nirc_cpu_stored(next->type->elem))
    return false;
  if (def->code == SNN_STATE || def->code == SNN_INPUT || def->code == SNN_RESHAPE || x->placed[value_index(x, next)] || x->last_use[r] > def->id)
    return false;
  for (uint32_t i = 0; i < def->n_operands; i++)
    if (root_of(x, nirc_op_operand(def, i)) == r && !in_place(def, i))
      return false;
  return true;
}

static void place_states(planner *x)
{
  nirc_cpu_plan *p = x->p;
  for (size_t n = 0; n < x->n_values; n++) {
    const nirc_value *v = x->values[n];
    if (v->def->code != SNN_STATE)
      continue;
    p->places[n] = (nirc_place){NIRC_PLACE_STATE, p->lane_bytes};
    p->fields[p->n_fields++] = (nirc_cpu_port){nirc_op_attr(v->def, "name")->s, v->type, v->def};
    p->lane_bytes = advance(x, p->lane_bytes, value_bytes(v->type));
    x->placed[n] = true;
  }
  for (size_t id = 0; id < p->n_ops; id++) {
    const nirc_op *op = p->ops[id];
    if (op->code != SNN_UPDATE)
      continue;
    const nirc_value *state = nirc_op_operand(op, 0), *next = nirc_op_operand(op, 1);
    if (next->def->code == SNN_POPULATION)
      next = stands_for(next->def, next->index);
    nirc_place to = nirc_cpu_place(p, state);
    if (fits_in_place(x, state, next)) {
      p->places[value_index(x, next)] = to;
      x->placed[value_index(x, next)] = true;
    } else {
      p->copies[p->n_copies++] = (nirc_cpu_copy){.state = state, .from = next, .to = to};
    }
  }
}

/* ---- scratch: first fit over lifetimes ------------------------------------------------------------------------------------- */

typedef struct block { size_t at, bytes, until; } block;

static size_t first_fit(planner *x, block *live, size_t *n, size_t now, size_t bytes, size_t until)
{
  size_t kept = 0;
  for (size_t k = 0; k < *n; k++)                    /* sorted by place; drop what is dead */
    if (live[k].until >= now)
      live[kept++] = live[k];
  *n = kept;
  size_t at = 0, k = 0;
  for (; k < *n && (live[k].at < at || live[k].at - at < bytes); k++)
    at = advance(x, live[k].at, live[k].bytes);
  memmove(live + k + 1, live + k, (*n - k) * sizeof *live);
  live[k] = (block){at, bytes, until};
  ++*n;
  size_t end = advance(x, at, bytes);
  if (x->p->scratch_bytes < end)
    x->p->scratch_bytes = end;
  return at;
}

static void place_scratch(planner *x)
{
  nirc_cpu_plan *p = x->p;
  block *live = NIRC_NEW_ARRAY(x->arena, block, x->n_values + 2 * p->n_ops + 1);
  size_t n_live = 0;
  for (size_t id = 0; id < p->n_ops; id++) {
    const nirc_op *op = p->ops[id];
    for (uint32_t r = 0; r < op->n_results; r++) {
      size_t n = p->first_value[id] + r;
      if (x->placed[n] || x->root[n] != n || op->code == SNN_INPUT || nirc_cpu_is_tiled_sum(op))
        continue;
      p->places[n] = (nirc_place){NIRC_PLACE_SCRATCH, first_fit(x, live, &n_live, id, value_bytes(op->results[r].type), x->last_use[n])};
      x->placed[n] = true;
    }
    size_t own = nirc_cpu_workspace_bytes(op);
    if (own)
      p->workspace[id] = (nirc_place){NIRC_PLACE_SCRATCH, first_fit(x, live, &n_live, id, own, id)};
  }
  for (size_t k = 0; k < p->n_copies; k++) {
    nirc_cpu_copy *c = &p->copies[k];
    c->two_steps = x->values[root_of(x, c->from)]->def->code == SNN_STATE;
    if (c->two_steps)
      c->via = (nirc_place){NIRC_PLACE_SCRATCH, first_fit(x, live, &n_live, p->n_ops, value_bytes(c->from->type), p->n_ops)};
  }
}

/* Behind everything else, since a step runs between filling and reading it. */
static void place_events(planner *x)
{
  nirc_cpu_plan *p = x->p;
  size_t bytes = 0;
  for (size_t k = 0; k < p->n_inputs; k++)
    bytes = advance(x, bytes, p->inputs[k].type->count * (sizeof(float) + 1));
  for (size_t k = 0; k < p->n_outputs; k++)
    bytes = advance(x, bytes, p->outputs[k].type->count * sizeof(float));
  p->event_scratch = p->scratch_bytes;
  p->scratch_bytes = advance(x, p->scratch_bytes, bytes);
}

static void place_inputs_and_other_names(planner *x)
{
  for (size_t k = 0; k < x->p->n_inputs; k++)
    x->p->places[value_index(x, &x->p->inputs[k].op->results[0])] = (nirc_place){NIRC_PLACE_INPUT, k};
  for (size_t n = 0; n < x->n_values; n++)
    x->p->places[n] = x->p->places[x->root[n]];
}

/* ---- ports, counters, fingerprint ----------------------------------------------------------------------------------------------- */

static int compare_ports(const void *a, const void *b)
{
  return strcmp(((const nirc_cpu_port *)a)->name, ((const nirc_cpu_port *)b)->name);
}

static void collect_ports(nirc_cpu_plan *p, nirc_arena *a)
{
  p->inputs = NIRC_NEW_ARRAY(a, nirc_cpu_port, p->n_ops);
  p->outputs = NIRC_NEW_ARRAY(a, nirc_cpu_port, p->n_ops);
  p->probes = NIRC_NEW_ARRAY(a, nirc_cpu_port, p->n_ops);
  p->fields = NIRC_NEW_ARRAY(a, nirc_cpu_port, p->n_ops);
  p->copies = NIRC_NEW_ARRAY(a, nirc_cpu_copy, p->n_ops);
  nirc_counters_find(&p->counters, a, p->step);
  for (size_t id = 0; id < p->n_ops; id++) {
    const nirc_op *op = p->ops[id];
    const nirc_value *v = op->code == SNN_INPUT ? &op->results[0] : op->n_operands ? op->operands[0].value : NULL;
    if (op->code == SNN_INPUT)
      p->inputs[p->n_inputs++] = (nirc_cpu_port){nirc_op_attr(op, "name")->s, v->type, op};
    else if (op->code == SNN_OUTPUT)
      p->outputs[p->n_outputs++] = (nirc_cpu_port){nirc_op_attr(op, "name")->s, v->type, op};
    else if (op->code == SNN_PROBE)
      p->probes[p->n_probes++] = (nirc_cpu_port){nirc_op_attr(op, "name")->s, v->type, op};
  }
  qsort(p->inputs, p->n_inputs, sizeof *p->inputs, compare_ports);
  qsort(p->outputs, p->n_outputs, sizeof *p->outputs, compare_ports);
  qsort(p->probes, p->n_probes, sizeof *p->probes, compare_ports);
}

static void mix(uint64_t *h, const void *data, size_t n)
{
  *h = XXH3_64bits_withSeed(data, n, *h);
}

static void mix_attr(uint64_t *h, const nirc_attr *a)
{
  mix(h, a->name, strlen(a->name));
  if (a->s)
    mix(h, a->s, strlen(a->s));
  mix(h, &a->i, sizeof a->i);
  mix(h, &a->f, sizeof a->f);
  mix(h, a->shape.dims, a->shape.rank * sizeof a->shape.dims[0]);
  if (a->blob) {
    uint64_t content = nirc_blob_hash(a->blob);
    mix(h, &content, sizeof content);
  }
}

/* The step itself: any difference in meaning or layout is a difference here; names of files are not in it. */
static uint64_t fingerprint(const planner *x)
{
  uint64_t h = 0;
  for (const nirc_attr *a = x->p->step->attrs; a; a = a->next)
    if (strcmp(a->name, NIRC_ACTIVITY))
      mix_attr(&h, a);
  for (size_t id = 0; id < x->p->n_ops; id++) {
    const nirc_op *op = x->p->ops[id];
    mix(&h, op->def->mnemonic, strlen(op->def->mnemonic));
    for (const nirc_attr *a = op->attrs; a; a = a->next)
      mix_attr(&h, a);
    for (uint32_t i = 0; i < op->n_results; i++)
      if (op->results[i].type->elem == NIRC_F64)     /* pooling has nothing else to tell by */
        mix(&h, &op->results[i].type->elem, sizeof op->results[i].type->elem);
    for (uint32_t i = 0; i < op->n_operands; i++) {
      uint64_t v = value_index(x, nirc_op_operand(op, i));
      mix(&h, &v, sizeof v);
    }
  }
  return h;
}

bool nirc_cpu_plan_make(nirc_cpu_plan *p, nirc_arena *a, const nirc_module *m, nirc_diag *d)
{
  *p = (nirc_cpu_plan){.m = m, .step = m->body.first};
  planner x = {.p = p, .arena = a};
  number(&x);
  collect_ports(p, a);
  place_states(&x);
  place_scratch(&x);
  place_events(&x);
  place_inputs_and_other_names(&x);
  p->fingerprint = fingerprint(&x);
  if (x.overflow)
    nirc_error_status(d, NIRC_STATUS_LIMIT, nirc_loc_file(m->path), "the network's state does not fit into memory");
  return !x.overflow;
}
