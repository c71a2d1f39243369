/* codegen/cpu_neurons.c: the neuron ops, and the populations that take their sums tile by tile: a tile of outputs is kept in registers while the active
 * inputs add to it in ascending order, so that the sum of each output has the terms and the order of cpu_kernels.c. */
#include <string.h>

#include "codegen/cpu_kernels.h"
#include "ir/dialect_snn.h"
#include "ir/neuron.h"

enum { TILE = 64 };                                  /* outputs: 4 to 16 vector registers */

/* ---- neurons --------------------------------------------------------------------------------------------------------------- */

typedef struct neuron_body {
  nirc_neuron read;
  nirc_coefficient *coefficients;
  LLVMValueRef *inputs, *values;                     /* of one element */
} neuron_body;

static neuron_body read_neuron(nirc_emitter *e, const nirc_op *op)
{
  neuron_body n;
  const char *fault;
  NIRC_ASSERT(nirc_neuron_read(&n.read, e->arena, op, &fault));
  n.coefficients = NIRC_NEW_ARRAY(e->arena, nirc_coefficient, n.read.n_coefficients);
  n.inputs = NIRC_NEW_ARRAY(e->arena, LLVMValueRef, n.read.n_operands + n.read.n_coefficients);
  n.values = NIRC_NEW_ARRAY(e->arena, LLVMValueRef, n.read.equation.n_nodes);
  for (uint32_t c = 0; c < n.read.n_coefficients; c++)
    n.coefficients[c] = nirc_get_coefficient(e, op, n.read.names[n.read.n_operands + c]);
  return n;
}

/* All of an element is read before any of it is written. `x`: its place in operand 0. */
static void load_inputs(nirc_emitter *e, const nirc_op *op, const neuron_body *n, const nirc_pointers *p, LLVMValueRef x0, LLVMValueRef x, LLVMValueRef at)
{
  for (uint32_t i = 0; i < n->read.n_operands; i++) {
    nirc_dtype elem = nirc_op_operand(op, i)->type->elem;
    LLVMValueRef v = nirc_load(e, nirc_emit_type(e, elem), i ? p->in[i] : x0, i ? at : x);
    n->inputs[i] = elem == NIRC_BOOL ? nirc_emit_is_active(e, v) : v;
  }
  for (uint32_t c = 0; c < n->read.n_coefficients; c++)
    n->inputs[n->read.n_operands + c] = nirc_coefficient_at(e, &n->coefficients[c], at);
}

static void store_results(nirc_emitter *e, const nirc_op *op, const neuron_body *n, const nirc_pointers *p, LLVMValueRef at)
{
  for (uint32_t r = 0; r < op->n_results; r++) {
    nirc_dtype elem = op->results[r].type->elem;
    LLVMValueRef v = n->values[n->read.equation.results[r]];
    nirc_store(e, nirc_emit_type(e, elem), elem == NIRC_BOOL ? LLVMBuildUIToFP(e->b, v, e->f32, "") : v, p->out[r], at);
  }
}

/* Neurons first .. first + count - 1, whose operand 0 is x0[0 .. count - 1]. */
static void emit_neurons(nirc_emitter *e, const nirc_op *op, const neuron_body *n, const nirc_pointers *p, LLVMValueRef x0, LLVMValueRef first, size_t count)
{
  nirc_loop l = nirc_loop_begin(e, nirc_c64(e, count));
  LLVMValueRef at = nirc_add(e, first, l.i);
  load_inputs(e, op, n, p, x0, l.i, at);
  nirc_emit_equation(e, &n->read.equation, n->inputs, n->values);
  store_results(e, op, n, p, at);
  nirc_loop_end(e, &l);
}

enum { USUAL, FIRES, ODD };                          /* of a block: what some neuron is, at most (nirc_emit_equation_usual) */

/* What some neuron of a block is. */
static LLVMValueRef sort_block(nirc_emitter *e, const nirc_op *op, const neuron_body *n, const nirc_pointers *p, LLVMValueRef first, LLVMValueRef kind)
{
  LLVMBuildStore(e->b, nirc_c64(e, USUAL), kind);
  nirc_loop l = nirc_loop_begin(e, nirc_c64(e, TILE));
  LLVMValueRef at = nirc_add(e, first, l.i), rare;
  load_inputs(e, op, n, p, p->in[0], at, at);
  LLVMValueRef holds = nirc_emit_equation_usual(e, &n->read.equation, op->n_results, n->inputs, n->values, true, &rare);
  LLVMValueRef fires = LLVMBuildZExt(e->b, rare, e->i64, ""), odd = LLVMBuildSelect(e->b, holds, nirc_c64(e, 0), nirc_c64(e, ODD), "");
  LLVMBuildStore(e->b, LLVMBuildOr(e->b, LLVMBuildLoad2(e->b, e->i64, kind, ""), LLVMBuildOr(e->b, fires, odd, ""), ""), kind);
  nirc_loop_end(e, &l);
  return LLVMBuildLoad2(e->b, e->i64, kind, "");
}

static void usual_block(nirc_emitter *e, const nirc_op *op, const neuron_body *n, const nirc_pointers *p, LLVMValueRef first, bool fires)
{
  nirc_loop l = nirc_loop_begin(e, nirc_c64(e, TILE));
  LLVMValueRef at = nirc_add(e, first, l.i), rare;
  load_inputs(e, op, n, p, p->in[0], at, at);
  nirc_emit_equation_usual(e, &n->read.equation, op->n_results, n->inputs, n->values, fires, &rare);
  store_results(e, op, n, p, at);
  nirc_loop_end(e, &l);
}

static void emit_blocks(nirc_emitter *e, const nirc_op *op, const neuron_body *n, const nirc_pointers *p, size_t blocks)
{
  LLVMTypeRef type = nirc_emit_type(e, nirc_op_operand(op, 0)->type->elem);
  LLVMValueRef place = LLVMBuildAlloca(e->b, e->i64, "kind");
  nirc_loop block = nirc_loop_begin(e, nirc_c64(e, blocks));
  LLVMValueRef first = nirc_mul(e, block.i, nirc_c64(e, TILE)), kind = sort_block(e, op, n, p, first, place);
  nirc_if usual = nirc_if_begin(e, LLVMBuildICmp(e->b, LLVMIntEQ, kind, nirc_c64(e, USUAL), ""));
  usual_block(e, op, n, p, first, false);
  nirc_if_end(e, &usual);
  nirc_if fires = nirc_if_begin(e, LLVMBuildICmp(e->b, LLVMIntEQ, kind, nirc_c64(e, FIRES), ""));
  usual_block(e, op, n, p, first, true);
  nirc_if_end(e, &fires);
  nirc_if odd = nirc_if_begin(e, LLVMBuildICmp(e->b, LLVMIntUGE, kind, nirc_c64(e, ODD), ""));
  emit_neurons(e, op, n, p, nirc_at(e, type, p->in[0], first), first, TILE);
  nirc_if_end(e, &odd);
  nirc_loop_end(e, &block);
}

/* ---- counters -------------------------------------------------------------------------------------------------------------- */

void nirc_emit_neuron_counts(nirc_emitter *e, const nirc_op *op)
{
  neuron_body n = read_neuron(e, op);
  const nirc_neuron *read = &n.read;
  LLVMValueRef *totals = NIRC_NEW_ARRAY(e->arena, LLVMValueRef, read->n_counts), *values = NIRC_NEW_ARRAY(e->arena, LLVMValueRef, read->counting.n_nodes);
  for (size_t i = 0; i < read->n_counts; i++) {
    totals[i] = LLVMBuildAlloca(e->b, e->i64, "total");
    LLVMBuildStore(e->b, nirc_c64(e, 0), totals[i]);
  }
  nirc_pointers p = nirc_pointers_of(e, op);
  nirc_loop l = nirc_loop_begin(e, nirc_c64(e, op->results[0].type->count));
  load_inputs(e, op, &n, &p, p.in[0], l.i, l.i);
  nirc_emit_equation(e, &read->counting, n.inputs, values);
  for (size_t i = 0; i < read->n_counts; i++) {
    LLVMValueRef v = values[read->counting.results[i]];
    v = LLVMTypeOf(v) == e->i1 ? LLVMBuildZExt(e->b, v, e->i64, "") : v;
    LLVMBuildStore(e->b, nirc_add(e, LLVMBuildLoad2(e->b, e->i64, totals[i], ""), v), totals[i]);
  }
  nirc_loop_end(e, &l);
  for (uint32_t i = 0; i < read->n_counts; i++)
    nirc_emit_tally(e, op, NIRC_COUNT_NAMED, i, LLVMBuildLoad2(e->b, e->i64, totals[i], ""));
}

/* ---- populations: the sum in registers, a tile of outputs at a time ----------------------------------------------------------------------------- */

/* Weights [out, in] as one block [in, width] for each tile of at most TILE outputs. */
static LLVMValueRef tiled_weights(nirc_emitter *e, const nirc_blob *w, size_t out, size_t in)
{
  const nirc_heap *h = e->plan->m->heap;
  size_t size = nirc_dtype_size(w->dtype);
  char *t = nirc_heap_alloc(h, w->count * size), *to = t;
  for (size_t first = 0; first < out; first += TILE)
    for (size_t j = 0; j < in; j++)
      for (size_t o = first; o < out && o < first + TILE; o++, to += size) {
        const char *from = (const char *)w->data + (w->splat ? 0 : o * in + j) * size;
        if (size == 1)                               /* sizes that the compiler knows */
          *to = *from;
        else
          memcpy(to, from, sizeof(float));
      }
  LLVMValueRef g = nirc_emit_bytes(e, "weight", t, w->count * size);
  nirc_heap_free(h, t);
  return g;
}

/* What is active, listed once for all tiles: after this nothing reads the operand, so the neurons may write where it was. */
typedef struct active_list { LLVMValueRef index, value, n; } active_list;        /* value: NULL where all are 1 */

static active_list emit_active_list(nirc_emitter *e, LLVMValueRef x, LLVMValueRef workspace, size_t in, bool binary)
{
  active_list a = {.index = workspace, .value = binary ? NULL : nirc_at(e, e->i32, workspace, nirc_c64(e, in))};
  LLVMValueRef count = LLVMBuildAlloca(e->b, e->i64, "count");
  LLVMBuildStore(e->b, nirc_c64(e, 0), count);
  nirc_loop j = nirc_loop_begin(e, nirc_c64(e, in));
  LLVMValueRef value = nirc_load(e, e->f32, x, j.i), n = LLVMBuildLoad2(e->b, e->i64, count, "");
  nirc_store(e, e->i32, LLVMBuildTrunc(e->b, j.i, e->i32, ""), a.index, n);      /* without a branch: the next one overwrites it */
  if (a.value)
    nirc_store(e, e->f32, value, a.value, n);
  LLVMBuildStore(e->b, nirc_add(e, n, LLVMBuildZExt(e->b, nirc_emit_is_active(e, value), e->i64, "")), count);
  nirc_loop_end(e, &j);
  a.n = LLVMBuildLoad2(e->b, e->i64, count, "");
  return a;
}

typedef struct tile { LLVMTypeRef type; LLVMValueRef sums, memory; unsigned width; } tile;

/* Room on the stack; in the function's first block, so that `sums` becomes registers. */
static tile new_tile(nirc_emitter *e, size_t width)
{
  tile t = {.type = LLVMVectorType(e->f32, (unsigned)width), .width = (unsigned)width};
  t.sums = LLVMBuildAlloca(e->b, t.type, "sums");
  t.memory = LLVMBuildAlloca(e->b, t.type, "tile");
  LLVMSetAlignment(t.sums, NIRC_CPU_ALIGN);
  LLVMSetAlignment(t.memory, NIRC_CPU_ALIGN);
  return t;
}

static LLVMValueRef load_tile(nirc_emitter *e, const tile *t, LLVMValueRef p, unsigned align)
{
  LLVMValueRef v = LLVMBuildLoad2(e->b, t->type, p, "");
  LLVMSetAlignment(v, align);
  return v;
}

static void store_tile(nirc_emitter *e, LLVMValueRef v, LLVMValueRef p)
{
  LLVMSetAlignment(LLVMBuildStore(e->b, v, p), NIRC_CPU_ALIGN);
}

static LLVMValueRef spread(nirc_emitter *e, const tile *t, LLVMValueRef x)
{
  LLVMValueRef one = LLVMBuildInsertElement(e->b, LLVMGetPoison(t->type), x, nirc_c32(e, 0), "");
  return LLVMBuildShuffleVector(e->b, one, LLVMGetPoison(t->type), LLVMConstNull(LLVMVectorType(e->i32, t->width)), "");
}

/* What stands around the terms of the sums: a bias before them, or, where weights are whole numbers, their scale and the bias behind them. */
typedef struct tile_weights { LLVMTypeRef type; LLVMValueRef all; nirc_coefficient before, scale, behind; bool has_scale, has_behind; } tile_weights;

static tile_weights read_weights(nirc_emitter *e, const nirc_op *sum, size_t out, size_t in)
{
  const nirc_blob *weight = nirc_op_blob(sum, "weight");
  tile_weights w = {.type = nirc_emit_type(e, weight->dtype), .has_scale = nirc_op_attr(sum, "scale") != NULL};
  nirc_coefficient bias = {0};
  if (nirc_op_attr(sum, "bias"))
    bias = nirc_get_coefficient(e, sum, "bias");
  if (w.has_scale)
    w.scale = nirc_get_coefficient(e, sum, "scale");
  w.has_behind = w.has_scale && nirc_op_attr(sum, "bias");
  *(w.has_scale ? &w.behind : &w.before) = bias;
  w.all = tiled_weights(e, weight, out, in);
  return w;
}

/* The coefficients of outputs from `first` on. */
static LLVMValueRef coefficient_tile(nirc_emitter *e, const tile *t, const nirc_coefficient *c, LLVMValueRef first)
{
  unsigned align = t->width == TILE ? NIRC_CPU_ALIGN : sizeof(float);
  return c->array ? load_tile(e, t, nirc_at(e, e->f32, c->array, first), align) : spread(e, t, nirc_cf32(e, c->splat));
}

/* The weights at p, as floats. */
static LLVMValueRef weight_tile(nirc_emitter *e, const tile *t, const tile_weights *w, LLVMValueRef p)
{
  if (!w->has_scale)
    return load_tile(e, t, p, t->width == TILE ? NIRC_CPU_ALIGN : sizeof(float));
  LLVMValueRef v = LLVMBuildLoad2(e->b, LLVMVectorType(e->i8, t->width), p, "");
  LLVMSetAlignment(v, t->width == TILE ? NIRC_CPU_ALIGN : 1);
  return LLVMBuildSIToFP(e->b, v, t->type, "");
}

/* Sums of outputs first .. first + width - 1; left in the tile's memory. */
static void emit_tile_sums(nirc_emitter *e, const tile *t, const tile_weights *w, size_t in, const active_list *a, LLVMValueRef first)
{
  LLVMValueRef block = nirc_at(e, w->type, w->all, nirc_mul(e, first, nirc_c64(e, in)));
  store_tile(e, coefficient_tile(e, t, &w->before, first), t->sums);
  nirc_loop k = nirc_loop_begin(e, a->n);
  LLVMValueRef j = nirc_load_index(e, a->index, k.i), term = weight_tile(e, t, w, nirc_at(e, w->type, block, nirc_mul(e, j, nirc_c64(e, t->width))));
  if (a->value)
    term = LLVMBuildFMul(e->b, term, spread(e, t, nirc_load(e, e->f32, a->value, k.i)), "");
  store_tile(e, LLVMBuildFAdd(e->b, load_tile(e, t, t->sums, NIRC_CPU_ALIGN), term, ""), t->sums);
  nirc_loop_end(e, &k);
  LLVMValueRef y = load_tile(e, t, t->sums, NIRC_CPU_ALIGN);
  if (w->has_scale)
    y = LLVMBuildFMul(e->b, coefficient_tile(e, t, &w->scale, first), y, "");
  if (w->has_behind)
    y = LLVMBuildFAdd(e->b, y, coefficient_tile(e, t, &w->behind, first), "");
  store_tile(e, y, t->memory);
}

static void population_kernel(nirc_emitter *e, const nirc_op *neuron, const nirc_op *sum)
{
  const nirc_shape *shape = &nirc_op_blob(sum, "weight")->shape;
  size_t out = shape->dims[0], in = shape->dims[1], rest = out % TILE;
  tile whole = new_tile(e, TILE), last = rest ? new_tile(e, rest) : whole;
  nirc_pointers p = nirc_pointers_of(e, neuron);
  neuron_body n = read_neuron(e, neuron);
  active_list a = emit_active_list(e, p.in[0], p.workspace, in, nirc_op_operand(sum, 0)->type->elem == NIRC_BOOL);
  tile_weights w = read_weights(e, sum, out, in);
  nirc_loop l = nirc_loop_begin(e, nirc_c64(e, out / TILE));
  LLVMValueRef first = nirc_mul(e, l.i, nirc_c64(e, TILE));
  emit_tile_sums(e, &whole, &w, in, &a, first);
  emit_neurons(e, neuron, &n, &p, whole.memory, first, TILE);
  nirc_loop_end(e, &l);
  if (!rest)
    return;
  first = nirc_c64(e, out - rest);
  emit_tile_sums(e, &last, &w, in, &a, first);
  emit_neurons(e, neuron, &n, &p, last.memory, first, rest);
}

void nirc_emit_neuron_kernel(nirc_emitter *e, const nirc_op *op)
{
  const nirc_op *sum = nirc_cpu_tiled_sum(op);
  if (sum) {
    population_kernel(e, op, sum);
    return;
  }
  neuron_body n = read_neuron(e, op);
  nirc_pointers p = nirc_pointers_of(e, op);
  size_t count = op->results[0].type->count, blocks = op->n_operands && nirc_equation_has_usual(e, &n.read.equation, op->n_results) ? count / TILE : 0;
  if (blocks)
    emit_blocks(e, op, &n, &p, blocks);
  LLVMValueRef done = nirc_c64(e, blocks * TILE);
  LLVMValueRef rest = blocks ? nirc_at(e, nirc_emit_type(e, nirc_op_operand(op, 0)->type->elem), p.in[0], done) : p.in[0];
  emit_neurons(e, op, &n, &p, rest, done, count - blocks * TILE);
}
