/* passes/cse.c: what is computed twice is computed once: ops of one kind, with equal attributes and operands, give equal bits, because no op depends on
 * anything else. The first of them stays.
 *
 * Inputs, outputs and probes are never touched. Without `all`, neither are states, nor the ops that --stats has a line for: what a user sees does not
 * depend on -O. With it, two states are one where they start alike and are updated alike. All states that start alike are taken to be equal at first, and
 * are parted where it turns out that their updates are not, until nothing changes; by induction over the steps, what is then left together is equal. */
#include <string.h>

#include "ir/equal.h"
#include "ir/neuron.h"
#include "passes/pass.h"

enum { MAX_ROUNDS = 64 };                            /* after which no two states are taken to be equal */

static const nirc_pass_option options[] = {
  {"all", NIRC_OPTION_FLAG, "also equal states, and ops whose spikes or synaptic operations are counted: one line of --stats stays for them", "false"},
};

/* ---- a table of classes ------------------------------------------------------------------------------------------------ */

typedef struct table {
  uint32_t *head, *next;                             /* op id + 1 by hash; by op id */
  size_t n_heads;
} table;

static table table_new(nirc_arena *a, size_t n)
{
  table t = {.n_heads = n | 1, .next = NIRC_NEW_ARRAY(a, uint32_t, n)};
  t.head = NIRC_NEW_ARRAY(a, uint32_t, t.n_heads);
  return t;
}

static void table_clear(table *t)
{
  memset(t->head, 0, t->n_heads * sizeof *t->head);
}

static uint64_t mix(uint64_t h, uint64_t x)
{
  h = (h ^ x) * UINT64_C(0x9e3779b97f4a7c15);
  return h ^ (h >> 29);
}

static void table_add(table *t, uint64_t hash, uint32_t id)
{
  uint32_t *head = &t->head[hash % t->n_heads];
  t->next[id] = *head;
  *head = id + 1;
}

/* ---- kinds -------------------------------------------------------------------------------------------------------------- */

typedef struct cse {
  nirc_op **ops;                                     /* by id */
  uint32_t n, n_results;                             /* most results of an op */
  uint32_t *kind;                                    /* by id: the first op with equal code, attributes and result types */
  uint32_t *class;                                   /* by id: the first op that computes the same */
  nirc_op **update;                                  /* by id of a state */
  table t;
  bool all;
} cse;

static bool is_counted(const nirc_op *op)
{
  return nirc_snn_fires(op) >= 0 || op->code == SNN_DENSE || op->code == SNN_SPARSE_DENSE || op->code == SNN_CONV;
}

/* May it be one with another? */
static bool may_merge(const cse *x, const nirc_op *op)
{
  return op->n_results && op->code != SNN_INPUT && (x->all || (op->code != SNN_STATE && !is_counted(op)));
}

/* The names of states do not say what they hold. */
static const char *ignored(const nirc_op *op)
{
  return op->code == SNN_STATE ? "name" : NULL;
}

static bool same_kind(const nirc_op *a, const nirc_op *b)
{
  if (a->code != b->code || a->n_operands != b->n_operands)
    return false;
  for (uint32_t i = 0; i < a->n_results; i++)        /* types are one object each in a module */
    if (a->results[i].type != b->results[i].type)
      return false;
  return nirc_op_attrs_equal(a, b, ignored(a));
}

static uint64_t hash_kind(const nirc_op *op)
{
  uint64_t h = mix(1, op->code);
  for (const nirc_attr *a = op->attrs; a; a = a->next)
    h = mix(h, a->kind == NIRC_ATTR_DENSE ? nirc_blob_hash(a->blob) : (uint64_t)a->i);
  return h;
}

static void find_kinds(cse *x)
{
  table_clear(&x->t);
  for (uint32_t i = 0; i < x->n; i++) {
    x->kind[i] = i;
    if (!may_merge(x, x->ops[i]))
      continue;
    uint64_t hash = hash_kind(x->ops[i]);
    uint32_t k = x->t.head[hash % x->t.n_heads];
    while (k && !same_kind(x->ops[k - 1], x->ops[i]))
      k = x->t.next[k - 1];
    if (k)
      x->kind[i] = k - 1;
    else
      table_add(&x->t, hash, i);
  }
}

/* ---- classes -------------------------------------------------------------------------------------------------------------- */

static uint64_t value_number(const cse *x, const nirc_value *v)
{
  return (uint64_t)x->class[v->def->id] * x->n_results + v->index;
}

static bool same_operands(const cse *x, const nirc_op *a, const nirc_op *b)
{
  for (uint32_t i = 0; i < a->n_operands; i++)
    if (value_number(x, nirc_op_operand(a, i)) != value_number(x, nirc_op_operand(b, i)))
      return false;
  return true;
}

/* Classes of all ops but states, from those of the states. */
static void number_ops(cse *x)
{
  table_clear(&x->t);
  for (uint32_t i = 0; i < x->n; i++) {
    nirc_op *op = x->ops[i];
    if (op->code == SNN_STATE)
      continue;
    x->class[i] = i;
    if (!may_merge(x, op))
      continue;
    uint64_t hash = mix(2, x->kind[i]);
    for (uint32_t k = 0; k < op->n_operands; k++)
      hash = mix(hash, value_number(x, nirc_op_operand(op, k)));
    uint32_t k = x->t.head[hash % x->t.n_heads];
    while (k && (x->kind[k - 1] != x->kind[i] || !same_operands(x, x->ops[k - 1], op)))
      k = x->t.next[k - 1];
    if (k)
      x->class[i] = k - 1;
    else
      table_add(&x->t, hash, i);
  }
}

/* Parts states of one class whose updates are of different ones. False where there were none. */
static bool part_states(cse *x, uint32_t *class)
{
  bool parted = false;
  table_clear(&x->t);
  for (uint32_t i = 0; i < x->n; i++) {
    if (x->ops[i]->code != SNN_STATE)
      continue;
    uint64_t next = value_number(x, nirc_op_operand(x->update[i], 1)), hash = mix(mix(3, x->class[i]), next);
    uint32_t k = x->t.head[hash % x->t.n_heads];
    while (k && (x->class[k - 1] != x->class[i] || value_number(x, nirc_op_operand(x->update[k - 1], 1)) != next))
      k = x->t.next[k - 1];
    class[i] = k ? class[k - 1] : i;
    if (!k)
      table_add(&x->t, hash, i);
    parted |= class[i] != x->class[i];
  }
  for (uint32_t i = 0; i < x->n; i++)
    if (x->ops[i]->code == SNN_STATE)
      x->class[i] = class[i];
  return parted;
}

static void find_classes(cse *x, nirc_arena *a)
{
  uint32_t *class = NIRC_NEW_ARRAY(a, uint32_t, x->n);
  for (uint32_t i = 0; i < x->n; i++)
    x->class[i] = x->kind[i];
  number_ops(x);
  for (unsigned round = 1; part_states(x, class); round++) {
    for (uint32_t i = 0; round == MAX_ROUNDS && i < x->n; i++)
      x->class[i] = i;
    number_ops(x);
  }
}

/* ---- rewriting -------------------------------------------------------------------------------------------------------------- */

static void merge(cse *x, nirc_pass_ctx *ctx)
{
  for (uint32_t i = 0; i < x->n; i++) {
    nirc_op *op = x->ops[i], *first = x->ops[x->class[i]];
    if (op == first)
      continue;
    if (op->code == SNN_STATE)
      nirc_op_erase(x->update[i]);
    for (uint32_t r = 0; r < op->n_results; r++)
      nirc_value_replace(&op->results[r], &first->results[r]);
    ctx->counters[op->code == SNN_STATE ? 1 : 0]++;
  }
  for (uint32_t i = x->n; i-- > 0;)
    if (x->class[i] != i)
      nirc_op_erase(x->ops[i]);
}

static bool run(nirc_module *m, nirc_pass_ctx *ctx)
{
  nirc_arena *a = nirc_arena_new(m->heap);
  cse x = {.all = ctx->values[0] && strcmp(ctx->values[0], "true") == 0, .n_results = 1};
  NIRC_FOR_EACH_OP(op, m->body.first->body) {
    op->id = x.n++;
    if (op->n_results > x.n_results)
      x.n_results = op->n_results;
  }
  x.ops = NIRC_NEW_ARRAY(a, nirc_op *, x.n);
  x.update = NIRC_NEW_ARRAY(a, nirc_op *, x.n);
  x.kind = NIRC_NEW_ARRAY(a, uint32_t, x.n);
  x.class = NIRC_NEW_ARRAY(a, uint32_t, x.n);
  x.t = table_new(a, x.n);
  NIRC_FOR_EACH_OP(op, m->body.first->body) {
    x.ops[op->id] = op;
    if (op->code == SNN_UPDATE)
      x.update[nirc_op_operand(op, 0)->def->id] = op;
  }
  find_kinds(&x);
  find_classes(&x, a);
  merge(&x, ctx);
  nirc_arena_free(a);
  return true;
}

static const char *const counters[] = {"ops", "states"};

const nirc_pass nirc_pass_cse = {
  .name = "cse", .summary = "compute once what is computed twice",
  .doc = "Ops with equal attributes and operands give equal values, bit for bit, so one of them serves all. Ops that `nirc-run --stats` has a line for are left, unless `all`.",
  .needs = NIRC_LEVEL_SNN, .leaves = NIRC_LEVEL_SNN, .options = options, .n_options = sizeof options / sizeof *options,
  .counters = counters, .n_counters = sizeof counters / sizeof *counters, .run = run,
};
