/* codegen/cpu_cores.c: hw.cores. Each core is a function that takes one event; it calls those of the cores that its neurons' events go to, so that nothing is
 * queued. Where that is not the order first in, first out (ir/cores.c says where), events are followed once for each generation: round r starts from the
 * potentials that each core had before generation 0, 1, ... came to it, works again, on copies, on what causes the events of generation r, and on these
 * for good. However many events a step has, its memory is the same. */
#include "codegen/cpu_kernels.h"
#include "ir/cores.h"

typedef struct cores {
  nirc_cores read;
  LLVMValueRef *receive;                             /* by core: a function of one event */
  const nirc_op **ops;                               /* by core */
  bool counting;                                     /* functions have the counters as one parameter more */
  LLVMValueRef v, z, memory;                         /* in the function being filled */
  LLVMValueRef generation, round;                    /* there, of an event for an ordered core */
  LLVMValueRef now;                                  /* there, i64: 1 where what happens counts, 0 where it only repeats what an earlier round did */
} cores;

/* A step's memory (nirc_cpu_workspace_bytes): a word that says whether another round has anything to do; potentials; bytes. */
enum { KEPT = NIRC_CPU_CORES_WORDS };

static LLVMValueRef whole(nirc_emitter *e, int64_t i)
{
  return LLVMConstInt(e->i64, (unsigned long long)i, true);
}

static LLVMValueRef divide(nirc_emitter *e, LLVMValueRef a, int64_t by)
{
  return by == 1 ? a : LLVMBuildUDiv(e->b, a, whole(e, by), "");
}

static LLVMValueRef least(nirc_emitter *e, LLVMValueRef a, LLVMValueRef b)
{
  return LLVMBuildSelect(e->b, LLVMBuildICmp(e->b, LLVMIntSLT, a, b, ""), a, b, "");
}

static LLVMValueRef flags(nirc_emitter *e, const cores *c, const nirc_core *x)
{
  return nirc_at(e, e->i8, nirc_at(e, e->i64, c->memory, whole(e, KEPT + (int64_t)c->read.n_kept)), whole(e, (int64_t)x->flags));
}

static size_t neurons_of(const nirc_core *x)
{
  return (size_t)(x->out[0] * x->out[1] * x->out[2]);
}

/* What every function takes first; how many these are. */
static unsigned put_pointers(nirc_emitter *e, const cores *c, LLVMValueRef *args)
{
  args[0] = c->v;
  args[1] = c->z;
  args[2] = c->memory;
  args[3] = e->counters;
  return c->counting ? 4 : 3;
}

/* One event to a core's function. */
static void call_core(nirc_emitter *e, const cores *c, size_t core, LLVMValueRef at[3], LLVMValueRef generation)
{
  LLVMValueRef args[9];
  unsigned n = put_pointers(e, c, args);
  for (int i = 0; i < 3; i++)
    args[n++] = at[i];
  if (c->read.core[core].ordered) {
    args[n++] = generation;
    args[n++] = c->round;
  }
  nirc_emit_call(e, c->receive[core], args, n);
}

static void tally(nirc_emitter *e, const cores *c, const nirc_core *x, nirc_count_kind kind, LLVMValueRef n)
{
  if (c->counting)
    nirc_emit_tally(e, c->ops[x - c->read.core], kind, 0, nirc_mul(e, c->now, n));
}

static void tally_where(nirc_emitter *e, const cores *c, const nirc_core *x, nirc_count_kind kind, LLVMValueRef condition)
{
  if (c->counting)
    tally(e, c, x, kind, LLVMBuildZExt(e->b, condition, e->i64, ""));
}

/* ---- ways ------------------------------------------------------------------------------------------------------------------------ */

/* An event of the neuron at `at` at those cores of its ways that are ordered, or at those that are not. */
static void emit_events(nirc_emitter *e, cores *c, const nirc_core *x, bool ordered, LLVMValueRef generation, LLVMValueRef at[3])
{
  for (uint32_t t = 0; t < x->to->rank; t++) {
    if (c->read.core[x->to->dims[t]].ordered != ordered)
      continue;
    int64_t p = (int64_t)x->pooling->dims[t];
    call_core(e, c, (size_t)x->to->dims[t], (LLVMValueRef[]){at[0], divide(e, at[1], p), divide(e, at[2], p)}, generation);
  }
}

static bool has_way(const cores *c, const nirc_core *x, bool ordered)
{
  for (uint32_t t = 0; t < x->to->rank; t++)
    if (c->read.core[x->to->dims[t]].ordered == ordered)
      return true;
  return false;
}

/* The neuron fires: in its own round that is a spike, and others have work in the next; before that it only causes what this round is about. */
static void emit_ordered_spike(nirc_emitter *e, cores *c, const nirc_core *x, LLVMValueRef at[3])
{
  bool leads_on = has_way(c, x, true);
  nirc_if now = nirc_if_begin(e, LLVMBuildICmp(e->b, LLVMIntEQ, c->generation, c->round, ""));
  if (leads_on)
    nirc_store(e, e->i64, nirc_c64(e, 1), c->memory, nirc_c64(e, 0));
  emit_events(e, c, x, false, NULL, at);
  nirc_if_end(e, &now);
  if (!leads_on)
    return;
  nirc_if before = nirc_if_begin(e, LLVMBuildICmp(e->b, LLVMIntULT, c->generation, c->round, ""));
  emit_events(e, c, x, true, nirc_add(e, c->generation, nirc_c64(e, 1)), at);
  nirc_if_end(e, &before);
}

/* ---- potentials ------------------------------------------------------------------------------------------------------------------ */

/* Adds to neuron `place` of a core, whose potentials are `v`, and says whether it fires; where that counts, it is a spike more. */
static LLVMValueRef emit_sum(nirc_emitter *e, cores *c, const nirc_core *x, LLVMValueRef v, LLVMValueRef place, LLVMValueRef more)
{
  LLVMValueRef sum = nirc_add(e, nirc_load(e, e->i64, v, place), more), low = whole(e, x->v_low);
  LLVMValueRef kept = LLVMBuildSelect(e->b, LLVMBuildICmp(e->b, LLVMIntSGT, sum, low, ""), sum, low, "");
  LLVMValueRef left = x->to_zero ? whole(e, 0) : LLVMBuildSub(e->b, sum, whole(e, x->v_threshold), "");
  LLVMValueRef fires = LLVMBuildICmp(e->b, LLVMIntSGE, sum, whole(e, x->v_threshold), "");
  if (c->counting) {
    LLVMValueRef moved = nirc_add(e, sum, whole(e, -(int64_t)INT16_MIN)), missed = LLVMBuildICmp(e->b, LLVMIntSGE, left, whole(e, x->v_threshold), "");
    tally_where(e, c, x, NIRC_COUNT_SATURATIONS, LLVMBuildICmp(e->b, LLVMIntUGT, moved, whole(e, UINT16_MAX), ""));
    tally_where(e, c, x, NIRC_COUNT_LOWER_BOUNDS, LLVMBuildICmp(e->b, LLVMIntSLT, sum, low, ""));
    tally_where(e, c, x, NIRC_COUNT_MISSED, LLVMBuildAnd(e->b, fires, missed, ""));
    tally_where(e, c, x, NIRC_COUNT_SPIKES, fires);
  }
  nirc_store(e, e->i64, LLVMBuildSelect(e->b, fires, left, kept, ""), v, place);
  return fires;
}

static LLVMValueRef place_of(nirc_emitter *e, const nirc_core *x, LLVMValueRef at[3])
{
  return nirc_add(e, nirc_mul(e, nirc_add(e, nirc_mul(e, at[0], whole(e, x->out[1])), at[1]), whole(e, x->out[2])), at[2]);
}

static LLVMValueRef own(nirc_emitter *e, LLVMTypeRef type, LLVMValueRef all, const nirc_core *x)
{
  return nirc_at(e, type, all, whole(e, (int64_t)x->first));
}

static void add_spike(nirc_emitter *e, cores *c, const nirc_core *x, LLVMValueRef place, LLVMValueRef n)
{
  LLVMValueRef z = own(e, e->f64, c->z, x);
  nirc_store(e, e->f64, LLVMBuildFAdd(e->b, nirc_load(e, e->f64, z, place), n, ""), z, place);
}

static void emit_settle(nirc_emitter *e, cores *c, const nirc_core *x, LLVMValueRef v, LLVMValueRef at[3], LLVMValueRef more)
{
  LLVMValueRef place = place_of(e, x, at), one = LLVMConstReal(e->f64, 1);
  nirc_if spike = nirc_if_begin(e, emit_sum(e, c, x, v, place, more));
  if (x->ordered) {
    LLVMValueRef now = LLVMBuildICmp(e->b, LLVMIntEQ, c->generation, c->round, "");
    add_spike(e, c, x, place, LLVMBuildSelect(e->b, now, one, LLVMConstReal(e->f64, 0), ""));
    emit_ordered_spike(e, c, x, at);
  } else {
    add_spike(e, c, x, place, one);
    emit_events(e, c, x, false, NULL, at);
  }
  nirc_if_end(e, &spike);
}

/* ---- an event --------------------------------------------------------------------------------------------------------------------- */

/* The outputs of one axis that an input at `from` (padding counted) reaches: the first, and how many. */
static void emit_reach(nirc_emitter *e, const nirc_core *x, int axis, LLVMValueRef from, LLVMValueRef *first, LLVMValueRef *n)
{
  LLVMValueRef kernel = whole(e, x->kernel), below = LLVMBuildICmp(e->b, LLVMIntULT, from, kernel, "");
  LLVMValueRef later = nirc_add(e, divide(e, LLVMBuildSub(e->b, from, kernel, ""), x->stride[axis]), nirc_c64(e, 1));
  *first = LLVMBuildSelect(e->b, below, nirc_c64(e, 0), later, "");
  LLVMValueRef end = nirc_add(e, least(e, divide(e, from, x->stride[axis]), whole(e, x->out[1 + axis] - 1)), nirc_c64(e, 1));
  *n = LLVMBuildSelect(e->b, LLVMBuildICmp(e->b, LLVMIntSGT, end, *first, ""), LLVMBuildSub(e->b, end, *first, ""), nirc_c64(e, 0), "");
}

/* Where in the kernel the output `at` sees the input. */
static LLVMValueRef emit_tap(nirc_emitter *e, const nirc_core *x, int axis, LLVMValueRef from, LLVMValueRef at)
{
  return LLVMBuildSub(e->b, from, nirc_mul(e, at, whole(e, x->stride[axis])), "");
}

static void emit_reached(nirc_emitter *e, cores *c, const nirc_core *x, LLVMValueRef v, LLVMValueRef feature, LLVMValueRef row, LLVMValueRef column)
{
  LLVMValueRef weight = nirc_emit_elements(e, "weight", x->weight), r0, c0, n_rows, n_columns, k = whole(e, x->kernel);
  emit_reach(e, x, 0, row, &r0, &n_rows);
  emit_reach(e, x, 1, column, &c0, &n_columns);
  tally(e, c, x, NIRC_COUNT_OPERATIONS, nirc_mul(e, whole(e, x->out[0]), nirc_mul(e, n_rows, n_columns)));
  nirc_loop f = nirc_loop_begin(e, whole(e, x->out[0])), r = nirc_loop_begin(e, n_rows), q = nirc_loop_begin(e, n_columns);
  LLVMValueRef at[] = {f.i, nirc_add(e, r0, r.i), nirc_add(e, c0, q.i)};
  LLVMValueRef block = nirc_add(e, nirc_mul(e, f.i, whole(e, x->in[0])), feature), line = nirc_add(e, nirc_mul(e, block, k), emit_tap(e, x, 0, row, at[1]));
  LLVMValueRef w = nirc_load(e, x->weight->dtype == NIRC_I8 ? e->i8 : e->i32, weight, nirc_add(e, nirc_mul(e, line, k), emit_tap(e, x, 1, column, at[2])));
  emit_settle(e, c, x, v, at, LLVMBuildSExt(e->b, w, e->i64, ""));
  nirc_loop_end(e, &q);
  nirc_loop_end(e, &r);
  nirc_loop_end(e, &f);
}

/* With n numbers behind the pointers; *first: the first of them. */
static LLVMValueRef begin_function(nirc_emitter *e, cores *c, const char *name, unsigned n, unsigned *first)
{
  LLVMTypeRef types[9];
  unsigned pointers = c->counting ? 4 : 3;
  for (unsigned i = 0; i < pointers + n; i++)
    types[i] = i < pointers ? e->ptr : e->i64;
  LLVMValueRef fn = nirc_emit_function(e, name, e->t_void, types, pointers + n, false);
  nirc_emit_mark_kernel(e, pointers);
  *first = pointers;
  c->now = nirc_c64(e, 1);
  e->counters = c->counting ? nirc_emit_param(e, 3) : NULL;
  c->v = nirc_emit_param(e, 0);
  c->z = nirc_emit_param(e, 1);
  c->memory = nirc_emit_param(e, 2);
  return fn;
}

/* Where the copies for a generation of an ordered core are; those before anything came to it, or those of a round. */
static size_t kept_at(const nirc_core *x, uint32_t generation, bool of_round)
{
  size_t before = 0;
  for (uint32_t g = 0; g < generation; g++)
    before += x->generations >> g & 1;
  return KEPT + x->kept + (2 * before + of_round) * neurons_of(x);
}

/* The potentials that an event adds to: the core's own in its generation's round, a copy in later ones. */
static LLVMValueRef emit_potentials(nirc_emitter *e, const cores *c, const nirc_core *x)
{
  LLVMValueRef v = own(e, e->i64, c->v, x);
  if (!x->ordered || x->reach == 1)
    return v;
  uint64_t *at = NIRC_NEW_ARRAY(e->arena, uint64_t, c->read.rounds);
  for (uint32_t g = 0; g < c->read.rounds; g++)
    at[g] = kept_at(x, g, true);
  LLVMValueRef table = nirc_emit_bytes(e, "kept", at, c->read.rounds * sizeof *at);
  LLVMValueRef copy = nirc_at(e, e->i64, c->memory, nirc_load(e, e->i64, table, c->generation));
  return LLVMBuildSelect(e->b, LLVMBuildICmp(e->b, LLVMIntEQ, c->generation, c->round, ""), v, copy, "");
}

/* Does what an event of that generation causes come to ordered cores in this round? */
static LLVMValueRef emit_matters(nirc_emitter *e, const nirc_core *x, LLVMValueRef generation, LLVMValueRef round)
{
  LLVMValueRef ahead = LLVMBuildLShr(e->b, nirc_c64(e, x->reach), LLVMBuildSub(e->b, round, generation, ""), "");
  return LLVMBuildTrunc(e->b, ahead, e->i1, "");
}

/* One event; what lies outside of the map is lost. */
static LLVMValueRef emit_receive(nirc_emitter *e, cores *c, const nirc_core *x)
{
  unsigned n;
  LLVMValueRef fn = begin_function(e, c, "core", x->ordered ? 5 : 3, &n), row = nirc_emit_param(e, n + 1), column = nirc_emit_param(e, n + 2);
  LLVMValueRef row_inside = LLVMBuildICmp(e->b, LLVMIntULT, row, whole(e, x->in[1]), "");
  LLVMValueRef inside = LLVMBuildAnd(e->b, row_inside, LLVMBuildICmp(e->b, LLVMIntULT, column, whole(e, x->in[2]), ""), "");
  if (x->ordered) {
    c->generation = nirc_emit_param(e, n + 3);
    c->round = nirc_emit_param(e, n + 4);
    c->now = LLVMBuildZExt(e->b, LLVMBuildICmp(e->b, LLVMIntEQ, c->generation, c->round, ""), e->i64, "");
    inside = LLVMBuildAnd(e->b, inside, emit_matters(e, x, c->generation, c->round), "");
  }
  nirc_if there = nirc_if_begin(e, inside);
  row = nirc_add(e, row, whole(e, x->before[0]));
  column = nirc_add(e, column, whole(e, x->before[1]));
  emit_reached(e, c, x, emit_potentials(e, c, x), nirc_emit_param(e, n), row, column);
  nirc_if_end(e, &there);
  LLVMBuildRetVoid(e->b);
  return fn;
}

/* ---- biases ------------------------------------------------------------------------------------------------------------------------- */

typedef struct map_loop { nirc_loop f, r, q; LLVMValueRef at[3]; } map_loop;

static map_loop map_begin(nirc_emitter *e, const nirc_core *x)
{
  map_loop l = {.f = nirc_loop_begin(e, whole(e, x->out[0])), .r = nirc_loop_begin(e, whole(e, x->out[1])), .q = nirc_loop_begin(e, whole(e, x->out[2]))};
  l.at[0] = l.f.i;
  l.at[1] = l.r.i;
  l.at[2] = l.q.i;
  return l;
}

static void map_end(nirc_emitter *e, map_loop *l)
{
  nirc_loop_end(e, &l->q);
  nirc_loop_end(e, &l->r);
  nirc_loop_end(e, &l->f);
}

/* All biases of a core; which neurons they make fire is kept. */
static LLVMValueRef emit_biases(nirc_emitter *e, cores *c, const nirc_core *x)
{
  unsigned n;
  LLVMValueRef fn = begin_function(e, c, "biases", 0, &n), bias = nirc_emit_elements(e, "bias", x->bias);
  map_loop l = map_begin(e, x);
  LLVMValueRef place = place_of(e, x, l.at), fires = emit_sum(e, c, x, own(e, e->i64, c->v, x), place, nirc_load(e, e->i64, bias, l.at[0]));
  add_spike(e, c, x, place, LLVMBuildUIToFP(e->b, fires, e->f64, ""));
  if (x->to->rank)
    nirc_store(e, e->i8, LLVMBuildZExt(e->b, fires, e->i8, ""), flags(e, c, x), place);
  map_end(e, &l);
  LLVMBuildRetVoid(e->b);
  return fn;
}

/* The events of these neurons, of generation 0. */
static void emit_bias_events(nirc_emitter *e, cores *c, const nirc_core *x, bool ordered)
{
  if (!x->bias || !has_way(c, x, ordered))
    return;
  map_loop l = map_begin(e, x);
  LLVMValueRef flag = nirc_load(e, e->i8, flags(e, c, x), place_of(e, x, l.at));
  nirc_if fired = nirc_if_begin(e, LLVMBuildICmp(e->b, LLVMIntNE, flag, LLVMConstNull(e->i8), ""));
  emit_events(e, c, x, ordered, nirc_c64(e, 0), l.at);
  nirc_if_end(e, &fired);
  map_end(e, &l);
}

/* ---- the host's events ----------------------------------------------------------------------------------------------------------------- */

static bool takes(const nirc_core *x, uint32_t operand)
{
  for (uint32_t i = 0; i < x->inputs->rank; i++)
    if (x->inputs->dims[i] == operand)
      return true;
  return false;
}

/* The events of operand `o` at the cores that it goes to, ordered ones or the others. */
static void emit_input(nirc_emitter *e, cores *c, const nirc_op *op, uint32_t o, LLVMValueRef x, bool ordered)
{
  const nirc_type *type = nirc_op_operand(op, o)->type;
  bool taken = false;
  for (size_t k = 0; k < c->read.n; k++)
    taken |= c->read.core[k].ordered == ordered && takes(&c->read.core[k], o);
  if (!taken)
    return;
  nirc_loop at = nirc_loop_begin(e, nirc_c64(e, type->count));
  nirc_loop each = nirc_loop_begin(e, nirc_emit_events(e, type->elem, nirc_load(e, nirc_emit_type(e, type->elem), x, at.i), INT64_MAX));
  for (size_t k = 0; k < c->read.n; k++) {
    const nirc_core *to = &c->read.core[k];
    if (to->ordered != ordered)
      continue;
    for (uint32_t i = 0; i < to->inputs->rank; i++) {
      if (to->inputs->dims[i] != o)
        continue;
      LLVMValueRef row = LLVMBuildURem(e->b, divide(e, at.i, to->in[2]), whole(e, to->in[1]), ""), column = LLVMBuildURem(e->b, at.i, whole(e, to->in[2]), "");
      call_core(e, c, k, (LLVMValueRef[]){divide(e, at.i, to->in[1] * to->in[2]), row, column}, nirc_c64(e, 0));
    }
  }
  nirc_loop_end(e, &each);
  nirc_loop_end(e, &at);
}

/* ---- rounds ------------------------------------------------------------------------------------------------------------------------------ */

/* Before the round that is about a generation its core's potentials are kept; later rounds start from these. */
static void emit_copies(nirc_emitter *e, cores *c, const nirc_core *x)
{
  LLVMValueRef n = nirc_c64(e, neurons_of(x));
  for (uint32_t g = 0; x->ordered && x->reach != 1 && g < c->read.rounds; g++) {
    if (!(x->generations >> g & 1))
      continue;
    LLVMValueRef kept = nirc_at(e, e->i64, c->memory, nirc_c64(e, kept_at(x, g, false))), copy = nirc_at(e, e->i64, c->memory, nirc_c64(e, kept_at(x, g, true)));
    nirc_if now = nirc_if_begin(e, LLVMBuildICmp(e->b, LLVMIntEQ, c->round, nirc_c64(e, g), ""));
    nirc_emit_copy(e, e->i64, kept, own(e, e->i64, c->v, x), n);
    nirc_if_end(e, &now);
    nirc_if later = nirc_if_begin(e, LLVMBuildICmp(e->b, LLVMIntUGT, c->round, nirc_c64(e, g), ""));
    nirc_if matters = nirc_if_begin(e, emit_matters(e, x, nirc_c64(e, g), c->round));
    nirc_emit_copy(e, e->i64, copy, kept, n);
    nirc_if_end(e, &matters);
    nirc_if_end(e, &later);
  }
}

static void emit_rounds(nirc_emitter *e, cores *c, const nirc_op *op, const nirc_pointers *p)
{
  if (!c->read.rounds)
    return;
  LLVMValueRef zero = nirc_c64(e, 0);
  nirc_store(e, e->i64, nirc_c64(e, 1), c->memory, zero);
  nirc_loop round = nirc_loop_begin(e, nirc_c64(e, c->read.rounds));
  c->round = round.i;
  nirc_if more = nirc_if_begin(e, LLVMBuildICmp(e->b, LLVMIntNE, nirc_load(e, e->i64, c->memory, zero), zero, ""));
  nirc_store(e, e->i64, zero, c->memory, zero);
  for (size_t k = 0; k < c->read.n; k++)
    emit_copies(e, c, &c->read.core[k]);
  for (size_t k = 0; k < c->read.n; k++)
    emit_bias_events(e, c, &c->read.core[k], true);
  for (uint32_t o = 1; o < op->n_operands; o++)
    emit_input(e, c, op, o, p->in[o], true);
  nirc_if_end(e, &more);
  nirc_loop_end(e, &round);
}

/* ---- the kernel ------------------------------------------------------------------------------------------------------------------------------ */

/* All functions, those that are called before those that call; biases are added where the builder stood. */
static void emit_functions(nirc_emitter *e, cores *c, LLVMValueRef *biases)
{
  LLVMValueRef kernel = e->fn, counters = e->counters;
  LLVMBasicBlockRef here = LLVMGetInsertBlock(e->b);
  for (size_t i = c->read.n; i-- > 0;) {
    size_t k = c->read.order[i];
    c->receive[k] = emit_receive(e, c, &c->read.core[k]);
    if (c->read.core[k].bias)
      biases[k] = emit_biases(e, c, &c->read.core[k]);
  }
  e->fn = kernel;
  e->counters = counters;
  LLVMPositionBuilderAtEnd(e->b, here);
}

void nirc_emit_cores_kernel(nirc_emitter *e, const nirc_op *op)
{
  cores c = {.counting = e->counters != NULL};
  const char *why;
  NIRC_ASSERT(nirc_cores_read(&c.read, e->arena, op, &why));
  size_t n = c.read.n;
  LLVMValueRef *biases = NIRC_NEW_ARRAY(e->arena, LLVMValueRef, n), args[4];
  c.ops = NIRC_NEW_ARRAY(e->arena, const nirc_op *, n);
  size_t at = 0;
  NIRC_FOR_EACH_OP(core, op->body)
    c.ops[at++] = core;
  c.receive = NIRC_NEW_ARRAY(e->arena, LLVMValueRef, n);
  emit_functions(e, &c, biases);
  nirc_pointers p = nirc_pointers_of(e, op);
  c.z = p.out[0];
  c.v = p.out[1];
  c.memory = p.workspace;
  if (c.v != p.in[0])
    nirc_emit_copy(e, e->i64, c.v, p.in[0], nirc_c64(e, c.read.n_neurons));
  nirc_loop l = nirc_loop_begin(e, nirc_c64(e, c.read.n_neurons));
  nirc_store(e, e->f64, LLVMConstReal(e->f64, 0), c.z, l.i);
  nirc_loop_end(e, &l);
  for (size_t k = 0; k < n; k++)
    if (biases[k])
      nirc_emit_call(e, biases[k], args, put_pointers(e, &c, args));
  for (size_t i = n; i-- > 0;)                       /* a core's own before what others cause it to send */
    emit_bias_events(e, &c, &c.read.core[c.read.order[i]], false);
  for (uint32_t o = 1; o < op->n_operands; o++)
    emit_input(e, &c, op, o, p.in[o], false);
  emit_rounds(e, &c, op, &p);
}

void nirc_emit_slice_kernel(nirc_emitter *e, const nirc_op *op)
{
  nirc_pointers p = nirc_pointers_of(e, op);
  LLVMTypeRef type = nirc_emit_type(e, op->results[0].type->elem);
  nirc_emit_copy(e, type, p.out[0], nirc_at(e, type, p.in[0], nirc_c64(e, (uint64_t)nirc_op_int(op, "first"))), nirc_c64(e, op->results[0].type->count));
}
