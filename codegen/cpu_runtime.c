/* codegen/cpu_runtime.c: the functions of nirc_model.h, as LLVM IR. Contracts stand in that header. */
#include <string.h>

#include "codegen/cpu_emit.h"
#include "codegen/nirc_model.h"

/* Header of an instance: fields of the LLVM struct `header`. Lanes follow at NIRC_CPU_HEADER_BYTES, then scratch. */
enum { H_BATCH, H_SIZE, H_ALLOC, H_FREE, H_USER, H_COUNTERS, H_FIELDS };

static const char state_magic[8] = "NIRCST1";

typedef struct runtime {
  nirc_emitter *e;
  LLVMTypeRef header;
  LLVMValueRef lane_fn;                              /* one step of one lane */
  LLVMValueRef info, size, create, init, destroy, reset, step, step_events, run, state_size, state_save, state_load, count;
  size_t event_scratch;                              /* bytes of scratch where step_events keeps its dense ports */
  size_t total_in, total_out;                        /* elements of all inputs, outputs */
} runtime;

static LLVMValueRef field(runtime *r, LLVMValueRef x, unsigned i)
{
  return LLVMBuildStructGEP2(r->e->b, r->header, x, i, "");
}

static LLVMValueRef load_field(runtime *r, LLVMValueRef x, unsigned i)
{
  return LLVMBuildLoad2(r->e->b, LLVMStructGetTypeAtIndex(r->header, i), field(r, x, i), "");
}

static LLVMValueRef is_null(nirc_emitter *e, LLVMValueRef p)
{
  return LLVMBuildIsNull(e->b, p, "");
}

static LLVMValueRef bytes_at(nirc_emitter *e, LLVMValueRef p, LLVMValueRef offset)
{
  return nirc_at(e, e->i8, p, offset);
}

static LLVMValueRef lane_states(runtime *r, LLVMValueRef x, LLVMValueRef lane)
{
  nirc_emitter *e = r->e;
  return bytes_at(e, x, nirc_add(e, nirc_c64(e, NIRC_CPU_HEADER_BYTES), nirc_mul(e, lane, nirc_c64(e, e->plan->lane_bytes))));
}

static LLVMValueRef scratch(runtime *r, LLVMValueRef x)
{
  return lane_states(r, x, load_field(r, x, H_BATCH));
}

/* size_t and uint32_t parameters as i64, and back. */
static LLVMValueRef widen(nirc_emitter *e, LLVMValueRef v)
{
  return LLVMTypeOf(v) == e->i64 ? v : LLVMBuildZExt(e->b, v, e->i64, "");
}

static LLVMValueRef to_word(nirc_emitter *e, LLVMValueRef v)
{
  return e->word == e->i64 ? v : LLVMBuildTrunc(e->b, v, e->word, "");
}

static void ret_code(nirc_emitter *e, int code)
{
  LLVMBuildRet(e->b, LLVMConstInt(e->i32, (unsigned long long)code, true));
}

static LLVMValueRef exported(runtime *r, const char *name, LLVMTypeRef result, const LLVMTypeRef *params, unsigned n)
{
  return nirc_emit_function(r->e, nirc_arena_printf(r->e->arena, "%s_%s", r->e->plan->m->name, name), result, params, n, true);
}

/* ---- one step of one lane ------------------------------------------------------------------------------------------------------ */

typedef struct lane_env { runtime *r; LLVMValueRef x, states, scratch, index, in, out; } lane_env;

static LLVMValueRef port_pointer(nirc_emitter *e, LLVMValueRef array, size_t port, LLVMValueRef index, size_t count)
{
  return nirc_at(e, e->f32, nirc_load(e, e->ptr, array, nirc_c64(e, port)), nirc_mul(e, index, nirc_c64(e, count)));
}

static LLVMValueRef lane_address(nirc_emitter *e, nirc_place place, void *user)
{
  lane_env *l = user;
  if (place.kind == NIRC_PLACE_INPUT)
    return port_pointer(e, l->in, place.at, l->index, e->plan->inputs[place.at].type->count);
  return bytes_at(e, place.kind == NIRC_PLACE_STATE ? l->states : l->scratch, nirc_c64(e, place.at));
}

static LLVMValueRef value_address(lane_env *l, const nirc_value *v)
{
  return lane_address(l->r->e, nirc_cpu_place(l->r->e->plan, v), l);
}

/* The op itself; where somebody counts, together with the counts that are known only while it computes. */
static void emit_op(lane_env *l, const nirc_op *op, LLVMValueRef kernel, LLVMValueRef counted)
{
  nirc_emitter *e = l->r->e;
  if (!counted) {
    nirc_emit_kernel_call(e, op, kernel, NULL, lane_address, l);
    return;
  }
  LLVMValueRef counters = load_field(l->r, l->x, H_COUNTERS);
  nirc_if counting = nirc_if_begin(e, LLVMBuildIsNotNull(e->b, counters, ""));
  nirc_emit_kernel_call(e, op, counted, counters, lane_address, l);
  nirc_if_end(e, &counting);
  nirc_if not = nirc_if_begin(e, LLVMBuildIsNull(e->b, counters, ""));
  nirc_emit_kernel_call(e, op, kernel, NULL, lane_address, l);
  nirc_if_end(e, &not);
}

/* What is known of the op without computing it, where somebody counts. */
static void emit_counting(lane_env *l, const nirc_op *op, LLVMValueRef kernel)
{
  nirc_emitter *e = l->r->e;
  LLVMValueRef counters = load_field(l->r, l->x, H_COUNTERS);
  nirc_if counting = nirc_if_begin(e, LLVMBuildIsNotNull(e->b, counters, ""));
  nirc_emit_call(e, kernel, (LLVMValueRef[]){value_address(l, nirc_count_value(op)), counters}, 2);
  nirc_if_end(e, &counting);
}

static void emit_port(lane_env *l, const nirc_value *v, size_t slot, bool optional)
{
  nirc_emitter *e = l->r->e;
  nirc_if wanted = {0};
  if (optional)
    wanted = nirc_if_begin(e, LLVMBuildIsNotNull(e->b, nirc_load(e, e->ptr, l->out, nirc_c64(e, slot)), ""));
  nirc_emit_copy_as(e, NIRC_F32, port_pointer(e, l->out, slot, l->index, v->type->count), v->type->elem, value_address(l, v), nirc_c64(e, v->type->count));
  if (optional)
    nirc_if_end(e, &wanted);
}

/* Bits, whatever they stand for. */
static LLVMTypeRef bits_of(const nirc_emitter *e, nirc_dtype elem)
{
  switch (nirc_dtype_size(nirc_cpu_stored(elem))) {
  case 2: return e->i16;
  case 8: return e->i64;
  default: return e->i32;
  }
}

static void emit_state_copies(lane_env *l)
{
  nirc_emitter *e = l->r->e;
  for (size_t k = 0; k < e->plan->n_copies; k++) {
    const nirc_cpu_copy *c = &e->plan->copies[k];
    if (c->two_steps)
      nirc_emit_copy(e, bits_of(e, c->from->type->elem), lane_address(e, c->via, l), value_address(l, c->from), nirc_c64(e, c->from->type->count));
  }
  for (size_t k = 0; k < e->plan->n_copies; k++) {
    const nirc_cpu_copy *c = &e->plan->copies[k];
    LLVMValueRef from = c->two_steps ? lane_address(e, c->via, l) : value_address(l, c->from), n = nirc_c64(e, c->from->type->count);
    nirc_dtype as = c->state->type->elem, is = c->from->type->elem;
    if (nirc_cpu_stored(as) == nirc_cpu_stored(is))
      nirc_emit_copy(e, bits_of(e, as), lane_address(e, c->to, l), from, n);
    else
      nirc_emit_copy_as(e, as, lane_address(e, c->to, l), is, from, n);
  }
}

/* lane(instance, lane, index, in, out): the ports' values of this lane and step stand at element index * count. */
static void emit_lane(runtime *r)
{
  nirc_emitter *e = r->e;
  const nirc_cpu_plan *p = e->plan;
  const nirc_counters *c = &p->counters;
  LLVMValueRef *kernels = NIRC_NEW_ARRAY(e->arena, LLVMValueRef, p->n_ops), *counted = NIRC_NEW_ARRAY(e->arena, LLVMValueRef, p->n_ops),
               *counts = NIRC_NEW_ARRAY(e->arena, LLVMValueRef, c->n_counts);
  for (size_t id = 0; id < p->n_ops; id++) {
    kernels[id] = nirc_emit_kernel(e, p->ops[id]);
    counted[id] = nirc_emit_counted_kernel(e, p->ops[id], kernels[id]);
  }
  for (size_t k = 0, n; k < c->n_counts; k += n) {
    for (n = 1; c->counts[k].kind == NIRC_COUNT_SPIKES && k + n < c->n_counts && c->counts[k + n].op == c->counts[k].op && c->counts[k + n].kind == NIRC_COUNT_SPIKES;)
      n++;
    if (!nirc_count_is_inside(&c->counts[k]))
      counts[k] = c->counts[k].kind == NIRC_COUNT_SPIKES ? nirc_emit_spikes_kernel(e, &c->counts[k], n) : nirc_emit_count_kernel(e, &c->counts[k]);
  }
  r->lane_fn = nirc_emit_function(e, "lane", e->t_void, (LLVMTypeRef[]){e->ptr, e->i64, e->i64, e->ptr, e->ptr}, 5, false);
  lane_env l = {.r = r, .x = nirc_emit_param(e, 0), .index = nirc_emit_param(e, 2), .in = nirc_emit_param(e, 3), .out = nirc_emit_param(e, 4)};
  l.states = lane_states(r, l.x, nirc_emit_param(e, 1));
  l.scratch = scratch(r, l.x);
  size_t k = 0, slot;
  for (size_t id = 0; id < p->n_ops; id++) {
    const nirc_op *op = p->ops[id];
    if (kernels[id])
      emit_op(&l, op, kernels[id], counted[id]);
    for (; k < c->n_counts && c->counts[k].op == op; k++)
      if (counts[k])
        emit_counting(&l, op, counts[k]);
    if (op->code == SNN_OUTPUT) {
      for (slot = 0; p->outputs[slot].op != op;)
        slot++;
      emit_port(&l, nirc_op_operand(op, 0), slot, false);
    } else if (op->code == SNN_PROBE) {
      for (slot = 0; p->probes[slot].op != op;)
        slot++;
      emit_port(&l, nirc_op_operand(op, 0), p->n_outputs + slot, true);
    }
  }
  emit_state_copies(&l);
  LLVMBuildRetVoid(e->b);
}

/* ---- making and resetting instances ------------------------------------------------------------------------------------------------ */

static void emit_info_fn(runtime *r)
{
  nirc_emitter *e = r->e;
  LLVMValueRef info = nirc_emit_info(e);
  r->info = exported(r, "info", e->ptr, &e->i32, 1);
  LLVMValueRef serves = LLVMBuildICmp(e->b, LLVMIntEQ, nirc_emit_param(e, 0), nirc_c32(e, NIRC_MODEL_ABI), "");
  LLVMBuildRet(e->b, LLVMBuildSelect(e->b, serves, info, LLVMConstNull(e->ptr), ""));
}

/* header + batch * lane + scratch; 0 where batch is 0 or that does not fit. */
static void emit_size(runtime *r)
{
  nirc_emitter *e = r->e;
  const nirc_cpu_plan *p = e->plan;
  size_t fixed = NIRC_CPU_HEADER_BYTES + p->scratch_bytes, most = e->word == e->i64 ? PTRDIFF_MAX : INT32_MAX;
  uint64_t lanes = fixed > most ? 0 : p->lane_bytes ? (most - fixed) / p->lane_bytes : UINT32_MAX;
  r->size = exported(r, "size", e->word, &e->i32, 1);
  LLVMValueRef batch = widen(e, nirc_emit_param(e, 0));
  LLVMValueRef fits = LLVMBuildAnd(e->b, LLVMBuildICmp(e->b, LLVMIntNE, batch, nirc_c64(e, 0), ""), LLVMBuildICmp(e->b, LLVMIntULE, batch, nirc_c64(e, lanes), ""), "");
  LLVMValueRef bytes = nirc_add(e, nirc_c64(e, fixed), nirc_mul(e, batch, nirc_c64(e, p->lane_bytes)));
  LLVMBuildRet(e->b, to_word(e, LLVMBuildSelect(e->b, fits, bytes, nirc_c64(e, 0), "")));
}

static void emit_field_reset(nirc_emitter *e, const nirc_cpu_port *f, LLVMValueRef at)
{
  const nirc_blob *init = nirc_op_blob(f->op, "init");
  static const unsigned char zero[8];
  if ((init->splat || init->count == 1) && memcmp(init->data, zero, nirc_dtype_size(init->dtype)) == 0)
    return;
  LLVMTypeRef type = bits_of(e, init->dtype);
  LLVMValueRef values = nirc_emit_bytes(e, "init", init->data, nirc_blob_bytes(init)), n = nirc_c64(e, f->type->count);
  if (!init->splat) {
    nirc_emit_copy(e, type, at, values, n);
    return;
  }
  nirc_loop l = nirc_loop_begin(e, n);
  nirc_store(e, type, nirc_load(e, type, values, nirc_c64(e, 0)), at, l.i);
  nirc_loop_end(e, &l);
}

static void emit_reset(runtime *r)
{
  nirc_emitter *e = r->e;
  const nirc_cpu_plan *p = e->plan;
  r->reset = exported(r, "reset", e->i32, &e->ptr, 1);
  LLVMValueRef x = nirc_emit_param(e, 0);
  nirc_emit_return_if(e, is_null(e, x), NIRC_E_ARG);
  nirc_loop lane = nirc_loop_begin(e, load_field(r, x, H_BATCH));
  LLVMValueRef states = lane_states(r, x, lane.i);
  nirc_loop l = nirc_loop_begin(e, nirc_c64(e, p->lane_bytes / 8));      /* gaps between fields too: saved states are all defined */
  nirc_store(e, e->i64, nirc_c64(e, 0), states, l.i);
  nirc_loop_end(e, &l);
  for (size_t k = 0; k < p->n_fields; k++)
    emit_field_reset(e, &p->fields[k], lane_address(e, nirc_cpu_place(p, &p->fields[k].op->results[0]), &(lane_env){.r = r, .states = states}));
  nirc_loop_end(e, &lane);
  ret_code(e, NIRC_OK);
}

/* Fills the header behind `mem` and resets; shared by init and create. */
static void emit_start(runtime *r, LLVMValueRef mem, LLVMValueRef batch, LLVMValueRef size, const LLVMValueRef allocator[3], LLVMValueRef out)
{
  nirc_emitter *e = r->e;
  LLVMBuildStore(e->b, widen(e, batch), field(r, mem, H_BATCH));
  LLVMBuildStore(e->b, widen(e, size), field(r, mem, H_SIZE));
  for (unsigned i = 0; i < 3; i++)
    LLVMBuildStore(e->b, allocator[i], field(r, mem, H_ALLOC + i));
  LLVMBuildStore(e->b, LLVMConstNull(e->ptr), field(r, mem, H_COUNTERS));
  nirc_emit_call(e, r->reset, &mem, 1);
  LLVMBuildStore(e->b, mem, out);
  ret_code(e, NIRC_OK);
}

static LLVMValueRef misaligned(nirc_emitter *e, LLVMValueRef p)
{
  LLVMValueRef low = LLVMBuildAnd(e->b, LLVMBuildPtrToInt(e->b, p, e->i64, ""), nirc_c64(e, NIRC_CPU_ALIGN - 1), "");
  return LLVMBuildICmp(e->b, LLVMIntNE, low, nirc_c64(e, 0), "");
}

static void emit_init(runtime *r)
{
  nirc_emitter *e = r->e;
  r->init = exported(r, "init", e->i32, (LLVMTypeRef[]){e->ptr, e->word, e->i32, e->ptr}, 4);
  LLVMValueRef mem = nirc_emit_param(e, 0), size = nirc_emit_param(e, 1), batch = nirc_emit_param(e, 2), out = nirc_emit_param(e, 3);
  nirc_emit_return_if(e, LLVMBuildOr(e->b, is_null(e, mem), is_null(e, out), ""), NIRC_E_ARG);
  LLVMValueRef need = nirc_emit_call(e, r->size, &batch, 1), zero = LLVMConstNull(e->word);
  nirc_emit_return_if(e, LLVMBuildICmp(e->b, LLVMIntEQ, need, zero, ""), NIRC_E_ARG);
  nirc_emit_return_if(e, LLVMBuildOr(e->b, LLVMBuildICmp(e->b, LLVMIntULT, size, need, ""), misaligned(e, mem), ""), NIRC_E_SIZE);
  LLVMValueRef null = LLVMConstNull(e->ptr);
  emit_start(r, mem, batch, size, (LLVMValueRef[]){null, null, null}, out);
}

static void emit_create(runtime *r)
{
  nirc_emitter *e = r->e;
  r->create = exported(r, "create", e->i32, (LLVMTypeRef[]){e->i32, e->ptr, e->ptr}, 3);
  LLVMValueRef batch = nirc_emit_param(e, 0), a = nirc_emit_param(e, 1), out = nirc_emit_param(e, 2);
  nirc_emit_return_if(e, LLVMBuildOr(e->b, is_null(e, a), is_null(e, out), ""), NIRC_E_ARG);
  LLVMValueRef need = nirc_emit_call(e, r->size, &batch, 1), members[3];
  nirc_emit_return_if(e, LLVMBuildICmp(e->b, LLVMIntEQ, need, LLVMConstNull(e->word), ""), NIRC_E_ARG);
  for (unsigned i = 0; i < 3; i++)                   /* nirc_allocator: alloc, free, user */
    members[i] = nirc_load(e, e->ptr, a, nirc_c64(e, i));
  nirc_emit_return_if(e, LLVMBuildOr(e->b, is_null(e, members[0]), is_null(e, members[1]), ""), NIRC_E_ARG);
  LLVMTypeRef type = LLVMFunctionType(e->ptr, (LLVMTypeRef[]){e->ptr, e->word, e->word}, 3, false);
  LLVMValueRef args[] = {members[2], need, LLVMConstInt(e->word, NIRC_CPU_ALIGN, false)};
  LLVMValueRef mem = LLVMBuildCall2(e->b, type, members[0], args, 3, "");
  nirc_emit_return_if(e, is_null(e, mem), NIRC_E_NOMEM);
  emit_start(r, mem, batch, need, members, out);
}

static void emit_destroy(runtime *r)
{
  nirc_emitter *e = r->e;
  r->destroy = exported(r, "destroy", e->t_void, &e->ptr, 1);
  LLVMValueRef x = nirc_emit_param(e, 0);
  nirc_if given = nirc_if_begin(e, LLVMBuildIsNotNull(e->b, x, ""));
  LLVMValueRef release = load_field(r, x, H_FREE);
  nirc_if ours = nirc_if_begin(e, LLVMBuildIsNotNull(e->b, release, ""));
  LLVMTypeRef type = LLVMFunctionType(e->t_void, (LLVMTypeRef[]){e->ptr, e->ptr, e->word}, 3, false);
  LLVMValueRef args[] = {load_field(r, x, H_USER), x, to_word(e, load_field(r, x, H_SIZE))};
  LLVMBuildCall2(e->b, type, release, args, 3, "");
  nirc_if_end(e, &ours);
  nirc_if_end(e, &given);
  LLVMBuildRetVoid(e->b);
}

/* ---- stepping ------------------------------------------------------------------------------------------------------------------------ */

/* NIRC_E_ARG unless x, the arrays, and the pointers of all inputs and outputs are there. */
static void check_ports(runtime *r, LLVMValueRef x, LLVMValueRef in, LLVMValueRef out)
{
  nirc_emitter *e = r->e;
  LLVMValueRef bad = LLVMBuildOr(e->b, is_null(e, x), LLVMBuildOr(e->b, is_null(e, in), is_null(e, out), ""), "");
  nirc_emit_return_if(e, bad, NIRC_E_ARG);
  for (int side = 0; side < 2; side++) {
    nirc_loop l = nirc_loop_begin(e, nirc_c64(e, side ? e->plan->n_outputs : e->plan->n_inputs));
    nirc_emit_return_if(e, is_null(e, nirc_load(e, e->ptr, side ? out : in, l.i)), NIRC_E_ARG);
    nirc_loop_end(e, &l);
  }
}

static void emit_step(runtime *r)
{
  nirc_emitter *e = r->e;
  r->step = exported(r, "step", e->i32, (LLVMTypeRef[]){e->ptr, e->ptr, e->ptr}, 3);
  LLVMValueRef x = nirc_emit_param(e, 0), in = nirc_emit_param(e, 1), out = nirc_emit_param(e, 2);
  check_ports(r, x, in, out);
  nirc_loop lane = nirc_loop_begin(e, load_field(r, x, H_BATCH));
  nirc_emit_call(e, r->lane_fn, (LLVMValueRef[]){x, lane.i, lane.i, in, out}, 5);
  nirc_loop_end(e, &lane);
  ret_code(e, NIRC_OK);
}

static void emit_run(runtime *r)
{
  nirc_emitter *e = r->e;
  r->run = exported(r, "run", e->i32, (LLVMTypeRef[]){e->ptr, e->i64, e->ptr, e->ptr}, 4);
  LLVMValueRef x = nirc_emit_param(e, 0), in = nirc_emit_param(e, 2), out = nirc_emit_param(e, 3);
  check_ports(r, x, in, out);
  LLVMValueRef batch = load_field(r, x, H_BATCH);
  nirc_loop t = nirc_loop_begin(e, nirc_emit_param(e, 1)), lane = nirc_loop_begin(e, batch);
  nirc_emit_call(e, r->lane_fn, (LLVMValueRef[]){x, lane.i, nirc_add(e, nirc_mul(e, t.i, batch), lane.i), in, out}, 5);
  nirc_loop_end(e, &lane);
  nirc_loop_end(e, &t);
  ret_code(e, NIRC_OK);
}

/* nirc_event {port, index, value} at element i of an array. */
static LLVMValueRef event_part(nirc_emitter *e, LLVMValueRef events, LLVMValueRef i, unsigned part)
{
  return nirc_at(e, e->i32, events, nirc_add(e, nirc_mul(e, i, nirc_c64(e, 3)), nirc_c64(e, part)));
}

/* Ports one after the other: their pointers in an array on the stack (NULL for probes). */
static LLVMValueRef port_array(nirc_emitter *e, const nirc_cpu_port *ports, size_t n, size_t more, LLVMValueRef base)
{
  LLVMValueRef array = LLVMBuildArrayAlloca(e->b, e->ptr, nirc_c32(e, n + more + 1), "");
  size_t at = 0;
  for (size_t k = 0; k < n + more; k++) {
    nirc_store(e, e->ptr, k < n ? nirc_at(e, e->f32, base, nirc_c64(e, at)) : LLVMConstNull(e->ptr), array, nirc_c64(e, k));
    at += k < n ? ports[k].type->count : 0;
  }
  return array;
}

/* Events to dense values: NIRC_E_ARG for one out of range or twice, before any state has changed. */
static void emit_scatter(runtime *r, LLVMValueRef events, LLVMValueRef n, LLVMValueRef dense, LLVMValueRef seen)
{
  nirc_emitter *e = r->e;
  const nirc_cpu_plan *p = e->plan;
  uint32_t *counts = NIRC_NEW_ARRAY(e->arena, uint32_t, p->n_inputs);
  uint64_t *starts = NIRC_NEW_ARRAY(e->arena, uint64_t, p->n_inputs), at = 0;
  for (size_t k = 0; k < p->n_inputs; k++) {
    starts[k] = at;
    at += p->inputs[k].type->count;
    counts[k] = p->inputs[k].type->count > UINT32_MAX ? UINT32_MAX : (uint32_t)p->inputs[k].type->count;
  }
  LLVMValueRef count_of = nirc_emit_bytes(e, "counts", counts, p->n_inputs * sizeof *counts);
  LLVMValueRef start_of = nirc_emit_bytes(e, "starts", starts, p->n_inputs * sizeof *starts);
  nirc_loop zero = nirc_loop_begin(e, nirc_c64(e, r->total_in));
  nirc_store(e, e->f32, nirc_cf32(e, 0), dense, zero.i);
  nirc_store(e, e->i8, LLVMConstInt(e->i8, 0, false), seen, zero.i);
  nirc_loop_end(e, &zero);
  nirc_loop l = nirc_loop_begin(e, n);
  LLVMValueRef port = LLVMBuildLoad2(e->b, e->i32, event_part(e, events, l.i, 0), ""), index = LLVMBuildLoad2(e->b, e->i32, event_part(e, events, l.i, 1), "");
  nirc_emit_return_if(e, LLVMBuildICmp(e->b, LLVMIntUGE, port, nirc_c32(e, p->n_inputs), ""), NIRC_E_ARG);
  LLVMValueRef wide = widen(e, port);
  nirc_emit_return_if(e, LLVMBuildICmp(e->b, LLVMIntUGE, index, nirc_load(e, e->i32, count_of, wide), ""), NIRC_E_ARG);
  LLVMValueRef to = nirc_add(e, nirc_load(e, e->i64, start_of, wide), widen(e, index));
  nirc_emit_return_if(e, LLVMBuildICmp(e->b, LLVMIntNE, nirc_load(e, e->i8, seen, to), LLVMConstInt(e->i8, 0, false), ""), NIRC_E_ARG);
  nirc_store(e, e->i8, LLVMConstInt(e->i8, 1, false), seen, to);
  nirc_store(e, e->f32, LLVMBuildLoad2(e->b, e->f32, event_part(e, events, l.i, 2), ""), dense, to);
  nirc_loop_end(e, &l);
}

/* Dense outputs to events; returns their number. */
static LLVMValueRef emit_gather(runtime *r, LLVMValueRef dense, LLVMValueRef events)
{
  nirc_emitter *e = r->e;
  LLVMValueRef n = LLVMBuildAlloca(e->b, e->i64, "");
  LLVMBuildStore(e->b, nirc_c64(e, 0), n);
  size_t start = 0;
  for (size_t k = 0; k < e->plan->n_outputs; k++) {
    nirc_loop l = nirc_loop_begin(e, nirc_c64(e, e->plan->outputs[k].type->count));
    LLVMValueRef v = nirc_load(e, e->f32, dense, nirc_add(e, nirc_c64(e, start), l.i));
    nirc_if active = nirc_if_begin(e, LLVMBuildFCmp(e->b, LLVMRealUNE, v, nirc_cf32(e, 0), ""));
    LLVMValueRef at = LLVMBuildLoad2(e->b, e->i64, n, "");
    LLVMBuildStore(e->b, nirc_c32(e, k), event_part(e, events, at, 0));
    LLVMBuildStore(e->b, LLVMBuildTrunc(e->b, l.i, e->i32, ""), event_part(e, events, at, 1));
    LLVMBuildStore(e->b, v, event_part(e, events, at, 2));
    LLVMBuildStore(e->b, nirc_add(e, at, nirc_c64(e, 1)), n);
    nirc_if_end(e, &active);
    nirc_loop_end(e, &l);
    start += e->plan->outputs[k].type->count;
  }
  return LLVMBuildLoad2(e->b, e->i64, n, "");
}

static void emit_step_events(runtime *r)
{
  nirc_emitter *e = r->e;
  const nirc_cpu_plan *p = e->plan;
  LLVMTypeRef params[] = {e->ptr, e->i32, e->ptr, e->word, e->ptr, e->word, e->ptr};
  r->step_events = exported(r, "step_events", e->i32, params, 7);
  LLVMValueRef x = nirc_emit_param(e, 0), lane = widen(e, nirc_emit_param(e, 1)), in = nirc_emit_param(e, 2), n = widen(e, nirc_emit_param(e, 3));
  LLVMValueRef out = nirc_emit_param(e, 4), cap = widen(e, nirc_emit_param(e, 5)), n_out = nirc_emit_param(e, 6);
  nirc_emit_return_if(e, LLVMBuildOr(e->b, is_null(e, x), is_null(e, n_out), ""), NIRC_E_ARG);
  LLVMValueRef some = LLVMBuildICmp(e->b, LLVMIntNE, n, nirc_c64(e, 0), "");
  nirc_emit_return_if(e, LLVMBuildAnd(e->b, some, is_null(e, in), ""), NIRC_E_ARG);
  nirc_emit_return_if(e, LLVMBuildICmp(e->b, LLVMIntULT, cap, nirc_c64(e, r->total_out), ""), NIRC_E_ARG);
  if (r->total_out)
    nirc_emit_return_if(e, is_null(e, out), NIRC_E_ARG);
  nirc_emit_return_if(e, LLVMBuildICmp(e->b, LLVMIntUGE, lane, load_field(r, x, H_BATCH), ""), NIRC_E_ARG);
  LLVMValueRef dense_in = bytes_at(e, scratch(r, x), nirc_c64(e, r->event_scratch)), dense_out = nirc_at(e, e->f32, dense_in, nirc_c64(e, r->total_in));
  emit_scatter(r, in, n, dense_in, nirc_at(e, e->f32, dense_out, nirc_c64(e, r->total_out)));
  LLVMValueRef ins = port_array(e, p->inputs, p->n_inputs, 0, dense_in), outs = port_array(e, p->outputs, p->n_outputs, p->n_probes, dense_out);
  nirc_emit_call(e, r->lane_fn, (LLVMValueRef[]){x, lane, nirc_c64(e, 0), ins, outs}, 5);
  LLVMBuildStore(e->b, to_word(e, emit_gather(r, dense_out, out)), n_out);
  ret_code(e, NIRC_OK);
}

/* ---- saved states ---------------------------------------------------------------------------------------------------------------------- */

static LLVMValueRef saved_bytes(runtime *r, LLVMValueRef x)
{
  nirc_emitter *e = r->e;
  return nirc_add(e, nirc_c64(e, NIRC_CPU_STATE_HEADER_BYTES), nirc_mul(e, load_field(r, x, H_BATCH), nirc_c64(e, e->plan->lane_bytes)));
}

static void emit_state_size(runtime *r)
{
  nirc_emitter *e = r->e;
  r->state_size = exported(r, "state_size", e->word, &e->ptr, 1);
  LLVMValueRef x = nirc_emit_param(e, 0);
  nirc_if none = nirc_if_begin(e, is_null(e, x));
  LLVMBuildRet(e->b, LLVMConstNull(e->word));
  nirc_if_end(e, &none);
  LLVMBuildRet(e->b, to_word(e, saved_bytes(r, x)));
}

/* Words of a saved state's header, 8 bytes each: magic, fingerprint, batch, bytes of a lane, zeros. */
static LLVMValueRef state_header_word(runtime *r, LLVMValueRef x, unsigned i)
{
  nirc_emitter *e = r->e;
  uint64_t magic;
  memcpy(&magic, state_magic, sizeof magic);
  switch (i) {
  case 0: return nirc_c64(e, magic);
  case 1: return nirc_c64(e, e->plan->fingerprint);
  case 2: return load_field(r, x, H_BATCH);
  case 3: return nirc_c64(e, e->plan->lane_bytes);
  default: return nirc_c64(e, 0);
  }
}

/* state_save and state_load: byte by byte, since the caller's buffer may have any alignment. */
static LLVMValueRef emit_state_transfer(runtime *r, const char *name, bool load)
{
  nirc_emitter *e = r->e;
  LLVMValueRef fn = exported(r, name, e->i32, (LLVMTypeRef[]){e->ptr, e->ptr, e->word}, 3);
  LLVMValueRef x = nirc_emit_param(e, 0), buffer = nirc_emit_param(e, 1), size = widen(e, nirc_emit_param(e, 2));
  nirc_emit_return_if(e, LLVMBuildOr(e->b, is_null(e, x), is_null(e, buffer), ""), NIRC_E_ARG);
  LLVMValueRef bytes = saved_bytes(r, x);
  nirc_emit_return_if(e, LLVMBuildICmp(e->b, load ? LLVMIntNE : LLVMIntULT, size, bytes, ""), NIRC_E_SIZE);
  for (unsigned i = 0; i < NIRC_CPU_STATE_HEADER_BYTES / 8; i++) {
    LLVMValueRef at = nirc_at(e, e->i64, buffer, nirc_c64(e, i)), word = state_header_word(r, x, i), access;
    if (load)
      access = LLVMBuildLoad2(e->b, e->i64, at, "");
    else
      access = LLVMBuildStore(e->b, word, at);
    LLVMSetAlignment(access, 1);
    if (load)
      nirc_emit_return_if(e, LLVMBuildICmp(e->b, LLVMIntNE, access, word, ""), NIRC_E_STATE);
  }
  LLVMValueRef states = lane_states(r, x, nirc_c64(e, 0)), saved = bytes_at(e, buffer, nirc_c64(e, NIRC_CPU_STATE_HEADER_BYTES));
  LLVMValueRef n = LLVMBuildSub(e->b, bytes, nirc_c64(e, NIRC_CPU_STATE_HEADER_BYTES), "");
  nirc_emit_copy(e, e->i8, load ? states : saved, load ? saved : states, n);
  ret_code(e, NIRC_OK);
  return fn;
}

static void emit_count(runtime *r)
{
  nirc_emitter *e = r->e;
  r->count = exported(r, "count", e->i32, (LLVMTypeRef[]){e->ptr, e->ptr}, 2);
  LLVMValueRef x = nirc_emit_param(e, 0);
  nirc_emit_return_if(e, is_null(e, x), NIRC_E_ARG);
  LLVMBuildStore(e->b, nirc_emit_param(e, 1), field(r, x, H_COUNTERS));
  ret_code(e, NIRC_OK);
}

/* ---- the table of functions ---------------------------------------------------------------------------------------------------------------- */

static void emit_query(runtime *r)
{
  nirc_emitter *e = r->e;
  LLVMValueRef members[] = {nirc_c32(e, NIRC_MODEL_ABI), NULL, r->info, r->size, r->create, r->init, r->destroy, r->reset, r->step, r->step_events, r->run,
                            r->state_size, r->state_save, r->state_load, r->count};
  unsigned n = sizeof members / sizeof *members;
  LLVMTypeRef types[sizeof members / sizeof *members];
  for (unsigned i = 0; i < n; i++)
    types[i] = i < 2 ? e->i32 : e->ptr;
  LLVMTypeRef type = LLVMStructTypeInContext(e->context, types, n, false);
  members[1] = nirc_c32(e, LLVMABISizeOfType(e->layout, type));
  LLVMValueRef table = LLVMAddGlobal(e->module, type, "api");
  LLVMSetInitializer(table, LLVMConstStructInContext(e->context, members, n, false));
  LLVMSetGlobalConstant(table, true);
  LLVMSetLinkage(table, LLVMPrivateLinkage);
  nirc_emit_function(e, "nirc_model_query", e->ptr, &e->i32, 1, true);
  LLVMValueRef serves = LLVMBuildICmp(e->b, LLVMIntUGE, nirc_emit_param(e, 0), nirc_c32(e, NIRC_MODEL_ABI), "");
  LLVMBuildRet(e->b, LLVMBuildSelect(e->b, serves, table, LLVMConstNull(e->ptr), ""));
}

void nirc_emit_runtime(nirc_emitter *e)
{
  runtime r = {.e = e};
  LLVMTypeRef fields[H_FIELDS] = {[H_BATCH] = e->i64, [H_SIZE] = e->i64, [H_ALLOC] = e->ptr, [H_FREE] = e->ptr, [H_USER] = e->ptr, [H_COUNTERS] = e->ptr};
  r.header = LLVMStructTypeInContext(e->context, fields, H_FIELDS, false);
  for (size_t k = 0; k < e->plan->n_inputs; k++)
    r.total_in += e->plan->inputs[k].type->count;
  for (size_t k = 0; k < e->plan->n_outputs; k++)
    r.total_out += e->plan->outputs[k].type->count;
  r.event_scratch = e->plan->event_scratch;
  emit_lane(&r);
  emit_info_fn(&r);
  emit_size(&r);
  emit_reset(&r);
  emit_init(&r);
  emit_create(&r);
  emit_destroy(&r);
  emit_step(&r);
  emit_step_events(&r);
  emit_run(&r);
  emit_state_size(&r);
  r.state_save = emit_state_transfer(&r, "state_save", false);
  r.state_load = emit_state_transfer(&r, "state_load", true);
  emit_count(&r);
  emit_query(&r);
}
