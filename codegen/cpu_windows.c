/* codegen/cpu_windows.c: convolution, pooling, and what counters say of weighted sums. Order of sums: docs/abi.md. */
#include <string.h>

#include "codegen/cpu_kernels.h"

/* ---- convolution -------------------------------------------------------------------------------------------------------------------- */

typedef struct conv_shape {
  size_t channels, out_channels, groups, in[2], out[2], kernel[2], stride[2], dilation[2], before[2];
} conv_shape;

static conv_shape conv_shape_of(const nirc_op *op)
{
  const nirc_shape *in = &nirc_op_operand(op, 0)->type->shape, *out = &op->results[0].type->shape;
  const nirc_shape *stride = nirc_op_shape(op, "stride"), *before = nirc_op_shape(op, "before");
  const nirc_blob *w = nirc_op_blob(op, "weight");
  conv_shape c = {.channels = in->dims[0], .out_channels = out->dims[0], .groups = w ? (size_t)nirc_op_int(op, "groups") : 1};
  for (int a = 0; a < 2; a++) {
    c.in[a] = in->dims[a + 1];
    c.out[a] = out->dims[a + 1];
    c.kernel[a] = w ? w->shape.dims[a + 2] : nirc_op_shape(op, "kernel_size")->dims[a];
    c.stride[a] = stride->dims[a];
    c.dilation[a] = w ? nirc_op_shape(op, "dilation")->dims[a] : 1;
    c.before[a] = before->dims[a];
  }
  return c;
}

/* For each position along an axis, which taps of the kernel bring it to which output: entries first[n] to first[n + 1] of `tap` and `to`. */
typedef struct taps {
  uint32_t *first, *tap, *to;
  size_t n;                                          /* entries */
} taps;

static taps taps_of(nirc_emitter *e, const conv_shape *c, int axis)
{
  taps t = {.first = NIRC_NEW_ARRAY(e->arena, uint32_t, c->in[axis] + 1)};
  size_t most = c->kernel[axis] < c->out[axis] ? c->kernel[axis] : c->out[axis];
  t.tap = NIRC_NEW_ARRAY(e->arena, uint32_t, c->in[axis] * most);
  t.to = NIRC_NEW_ARRAY(e->arena, uint32_t, c->in[axis] * most);
  for (size_t i = 0; i < c->in[axis]; i++) {
    for (size_t k = 0; k < c->kernel[axis]; k++) {
      size_t shifted = i + c->before[axis], span = k * c->dilation[axis];
      if (shifted < span || (shifted - span) % c->stride[axis] || (shifted - span) / c->stride[axis] >= c->out[axis])
        continue;
      t.tap[t.n] = (uint32_t)k;
      t.to[t.n++] = (uint32_t)((shifted - span) / c->stride[axis]);
    }
    t.first[i + 1] = (uint32_t)t.n;
  }
  return t;
}

typedef struct tap_arrays { LLVMValueRef first, tap, to; } tap_arrays;

static tap_arrays emit_taps(nirc_emitter *e, const taps *t, size_t n)
{
  return (tap_arrays){nirc_emit_bytes(e, "first", t->first, (n + 1) * sizeof *t->first), nirc_emit_bytes(e, "tap", t->tap, t->n * sizeof *t->tap),
                      nirc_emit_bytes(e, "to", t->to, t->n * sizeof *t->to)};
}

/* Loop over the taps of one position: tap and output. */
typedef struct tap_loop { nirc_loop l; LLVMValueRef tap, to; } tap_loop;

static tap_loop tap_loop_begin(nirc_emitter *e, const tap_arrays *t, LLVMValueRef position)
{
  LLVMValueRef first = nirc_load_index(e, t->first, position), end = nirc_load_index(e, t->first, nirc_add(e, position, nirc_c64(e, 1)));
  tap_loop k = {.l = nirc_loop_begin(e, LLVMBuildSub(e->b, end, first, ""))};
  LLVMValueRef at = nirc_add(e, first, k.l.i);
  k.tap = nirc_load_index(e, t->tap, at);
  k.to = nirc_load_index(e, t->to, at);
  return k;
}

/* ---- lines: outputs side by side have their weights side by side, so that one input adds to all that it reaches in a line of the map at once -------------- */

/* By column: the first output that an input there reaches, its weight's place in a line of the kernel, and how many there are. */
typedef struct line_arrays { LLVMValueRef to, place, length; size_t *order; } line_arrays;

/* By tap, its place: those that one input meets are `stride` apart; they stand side by side, the last first. */
static size_t *order_of(nirc_emitter *e, const conv_shape *c)
{
  size_t *order = NIRC_NEW_ARRAY(e->arena, size_t, c->kernel[1]), at = 0;
  for (size_t phase = 0; phase < c->stride[1] && phase < c->kernel[1]; phase++)
    for (size_t k = (c->kernel[1] - 1 - phase) / c->stride[1] + 1; k-- > 0;)
      order[phase + k * c->stride[1]] = at++;
  return order;
}

/* Without dilation, outputs that follow one another see an input under taps that are `stride` apart. */
static line_arrays emit_lines(nirc_emitter *e, const conv_shape *c)
{
  taps t = taps_of(e, c, 1);
  line_arrays l = {.order = order_of(e, c)};
  size_t n = c->in[1];
  uint32_t *to = NIRC_NEW_ARRAY(e->arena, uint32_t, n), *place = NIRC_NEW_ARRAY(e->arena, uint32_t, n), *length = NIRC_NEW_ARRAY(e->arena, uint32_t, n);
  for (size_t x = 0; x < n; x++) {
    length[x] = t.first[x + 1] - t.first[x];
    if (!length[x])
      continue;
    to[x] = t.to[t.first[x + 1] - 1];
    place[x] = (uint32_t)l.order[t.tap[t.first[x + 1] - 1]];
  }
  l.to = nirc_emit_bytes(e, "to", to, n * sizeof *to);
  l.place = nirc_emit_bytes(e, "place", place, n * sizeof *place);
  l.length = nirc_emit_bytes(e, "length", length, n * sizeof *length);
  return l;
}

static bool has_lines(const conv_shape *c)
{
  return c->groups == 1 && c->dilation[1] == 1;
}

/* Weights [out, in/groups, rows, columns] as [group, in, row, place of the column (`order`; NULL: as they are), `each` channels]; those behind
 * the last are 0. */
static LLVMValueRef conv_weights(nirc_emitter *e, const nirc_blob *w, const conv_shape *c, const size_t *order, size_t each)
{
  size_t out = c->out_channels / c->groups, in = c->channels / c->groups, width = c->kernel[1], lines = in * c->kernel[0];
  const nirc_heap *h = e->plan->m->heap;
  size_t size = nirc_dtype_size(w->dtype), bytes = c->groups * lines * width * each * size;
  char *t = nirc_heap_alloc(h, bytes);
  memset(t, 0, bytes);
  for (size_t g = 0; g < c->groups; g++)
    for (size_t o = 0; o < out; o++)
      for (size_t j = 0; j < lines * width; j++) {
        size_t to = (g * lines + j / width) * width + (order ? order[j % width] : j % width);
        nirc_copy_element(t + (to * each + o) * size, w->data, w->splat ? 0 : (g * out + o) * lines * width + j, size);
      }
  LLVMValueRef global = nirc_emit_bytes(e, "weight", t, bytes);
  nirc_heap_free(h, t);
  return global;
}

/* What a convolution is made of; `each`: channels of a group and those behind them, `all`: of all groups. */
typedef struct conv_parts { conv_shape shape; size_t each, all; LLVMValueRef sums, weights; tap_arrays rows, columns; line_arrays lines; } conv_parts;

/* Bias or 0, the latter of channels that nobody reads, too. */
static void start_pixels(nirc_emitter *e, const nirc_op *op, const conv_parts *p)
{
  size_t pixels = p->shape.out[0] * p->shape.out[1];
  LLVMTypeRef type = nirc_arithmetic_type(e, op);
  if (p->all == p->shape.out_channels) {
    nirc_start_sums(e, op, p->sums, pixels * p->all, p->all);
    return;
  }
  nirc_loop l = nirc_loop_begin(e, nirc_c64(e, pixels * p->all));
  nirc_store(e, type, LLVMConstReal(type, 0), p->sums, l.i);
  nirc_loop_end(e, &l);
  nirc_loop pixel = nirc_loop_begin(e, nirc_c64(e, nirc_op_attr(op, "bias") ? pixels : 0));
  nirc_start_sums(e, op, nirc_at(e, type, p->sums, nirc_mul(e, pixel.i, nirc_c64(e, p->all))), p->shape.out_channels, p->shape.out_channels);
  nirc_loop_end(e, &pixel);
}

/* y[0..n) += w[0..n) * x, n a multiple of `width`: nirc_add_column in steps of which none is left over. */
static void add_line(nirc_emitter *e, const nirc_op *op, LLVMValueRef y, LLVMValueRef w, LLVMValueRef x, LLVMValueRef n, unsigned width)
{
  LLVMTypeRef type = nirc_arithmetic_type(e, op), from = nirc_weight_type(e, op), vector = LLVMVectorType(type, width);
  unsigned size = type == e->f64 ? 8 : 4;
  LLVMValueRef one = LLVMBuildInsertElement(e->b, LLVMGetPoison(vector), x, nirc_c32(e, 0), "");
  LLVMValueRef all = LLVMBuildShuffleVector(e->b, one, LLVMGetPoison(vector), LLVMConstNull(LLVMVectorType(e->i32, width)), "");
  nirc_loop l = nirc_loop_begin(e, LLVMBuildUDiv(e->b, n, nirc_c64(e, width), ""));
  LLVMValueRef at = nirc_mul(e, l.i, nirc_c64(e, width)), to = nirc_at(e, type, y, at);
  LLVMValueRef term = LLVMBuildLoad2(e->b, LLVMVectorType(from, width), nirc_at(e, from, w, at), ""), sum = LLVMBuildLoad2(e->b, vector, to, "");
  LLVMSetAlignment(term, from == e->i8 ? 1 : from == e->f64 ? 8 : 4);
  LLVMSetAlignment(sum, size);
  term = from == e->i8 ? LLVMBuildSIToFP(e->b, term, vector, "") : LLVMBuildFPCast(e->b, term, vector, "");
  if (nirc_op_operand(op, 0)->type->elem != NIRC_BOOL)
    term = LLVMBuildFMul(e->b, term, all, "");
  LLVMSetAlignment(LLVMBuildStore(e->b, LLVMBuildFAdd(e->b, sum, term, ""), to), size);
  nirc_loop_end(e, &l);
}

/* The sums [row][column] and weights [tap]; for an input of this channel. */
static LLVMValueRef sums_at(nirc_emitter *e, const nirc_op *op, const conv_parts *p, LLVMValueRef channel, LLVMValueRef row, LLVMValueRef column)
{
  const conv_shape *c = &p->shape;
  LLVMValueRef pixel = nirc_add(e, nirc_mul(e, row, nirc_c64(e, c->out[1])), column), group = LLVMBuildUDiv(e->b, channel, nirc_c64(e, c->channels / c->groups), "");
  LLVMValueRef at = nirc_add(e, nirc_mul(e, pixel, nirc_c64(e, p->all)), nirc_mul(e, group, nirc_c64(e, p->each)));
  return nirc_at(e, nirc_arithmetic_type(e, op), p->sums, at);
}

static LLVMValueRef weights_at(nirc_emitter *e, const nirc_op *op, const conv_parts *p, LLVMValueRef channel, LLVMValueRef row, LLVMValueRef place)
{
  LLVMValueRef line = nirc_add(e, nirc_mul(e, channel, nirc_c64(e, p->shape.kernel[0])), row), at = nirc_add(e, nirc_mul(e, line, nirc_c64(e, p->shape.kernel[1])), place);
  return nirc_at(e, nirc_weight_type(e, op), p->weights, nirc_mul(e, at, nirc_c64(e, p->each)));
}

/* sums[row][column][out channel] of every tap of one active input (channel, y, x). */
static void scatter(nirc_emitter *e, const nirc_op *op, const conv_parts *p, LLVMValueRef channel, LLVMValueRef y, LLVMValueRef x, LLVMValueRef value)
{
  tap_loop row = tap_loop_begin(e, &p->rows, y), column = tap_loop_begin(e, &p->columns, x);
  nirc_add_column(e, op, sums_at(e, op, p, channel, row.to, column.to), weights_at(e, op, p, channel, row.tap, column.tap), value, nirc_c64(e, p->each));
  nirc_loop_end(e, &column.l);
  nirc_loop_end(e, &row.l);
}

/* The same, line by line. */
static void scatter_lines(nirc_emitter *e, const nirc_op *op, const conv_parts *p, LLVMValueRef channel, LLVMValueRef y, LLVMValueRef x, LLVMValueRef value)
{
  unsigned width = p->each % (2 * NIRC_CPU_CHANNELS) ? NIRC_CPU_CHANNELS : 2 * NIRC_CPU_CHANNELS;
  LLVMValueRef to = nirc_load_index(e, p->lines.to, x), place = nirc_load_index(e, p->lines.place, x);
  LLVMValueRef n = nirc_mul(e, nirc_load_index(e, p->lines.length, x), nirc_c64(e, p->each));
  tap_loop row = tap_loop_begin(e, &p->rows, y);
  add_line(e, op, sums_at(e, op, p, channel, row.to, to), weights_at(e, op, p, channel, row.tap, place), value, n, width);
  nirc_loop_end(e, &row.l);
}

/* ---- active inputs ------------------------------------------------------------------------------------------------------------- */

enum { SEEN = 16 };                                  /* inputs that are looked at together */

/* Loop over the active ones of n elements at p, ascending: `at`. */
typedef struct active_loop { nirc_loop block, each; LLVMValueRef at; } active_loop;

static LLVMValueRef bit_intrinsic(nirc_emitter *e, const char *name, LLVMValueRef x, bool flag)
{
  unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
  LLVMValueRef fn = LLVMGetIntrinsicDeclaration(e->module, id, &e->i64, 1), args[] = {x, LLVMConstInt(e->i1, 1, false)};
  return LLVMBuildCall2(e->b, LLVMIntrinsicGetType(e->context, id, &e->i64, 1), fn, args, flag ? 2 : 1, "");
}

/* A bit for each active one of `width` elements at p. */
static LLVMValueRef seen_bits(nirc_emitter *e, LLVMTypeRef type, LLVMValueRef p, unsigned width, unsigned align)
{
  LLVMTypeRef vector = LLVMVectorType(type, width);
  LLVMValueRef v = LLVMBuildLoad2(e->b, vector, p, "");
  LLVMSetAlignment(v, align);
  LLVMValueRef active = LLVMBuildFCmp(e->b, LLVMRealUNE, v, LLVMConstNull(vector), "");
  return LLVMBuildZExt(e->b, LLVMBuildBitCast(e->b, active, LLVMIntTypeInContext(e->context, width), ""), e->i64, "");
}

/* `bits`: room on the stack; of the function's first block, so that it becomes a register. */
static active_loop active_begin(nirc_emitter *e, LLVMValueRef bits, LLVMTypeRef type, LLVMValueRef p, size_t n)
{
  unsigned rest = (unsigned)(n % SEEN), align = type == e->f64 ? 8 : 4;
  active_loop l = {.block = nirc_loop_begin(e, nirc_c64(e, n / SEEN + (rest > 0)))};
  LLVMValueRef first = nirc_mul(e, l.block.i, nirc_c64(e, SEEN)), from = nirc_at(e, type, p, first);
  LLVMValueRef full = LLVMBuildICmp(e->b, LLVMIntULT, l.block.i, nirc_c64(e, n / SEEN), "");
  nirc_if many = nirc_if_begin(e, full);
  LLVMBuildStore(e->b, seen_bits(e, type, from, SEEN, align), bits);
  nirc_if_end(e, &many);
  if (rest) {
    nirc_if last = nirc_if_begin(e, LLVMBuildNot(e->b, full, ""));
    LLVMBuildStore(e->b, seen_bits(e, type, from, rest, align), bits);
    nirc_if_end(e, &last);
  }
  l.each = nirc_loop_begin(e, bit_intrinsic(e, "llvm.ctpop", LLVMBuildLoad2(e->b, e->i64, bits, ""), false));
  LLVMValueRef now = LLVMBuildLoad2(e->b, e->i64, bits, "");
  LLVMBuildStore(e->b, LLVMBuildAnd(e->b, now, LLVMBuildSub(e->b, now, nirc_c64(e, 1), ""), ""), bits);
  l.at = nirc_add(e, first, bit_intrinsic(e, "llvm.cttz", now, true));
  return l;
}

static void active_end(nirc_emitter *e, active_loop *l)
{
  nirc_loop_end(e, &l->each);
  nirc_loop_end(e, &l->block);
}

enum { BLOCK = 32 };                                 /* pixels, whose sums are near when they are put channel by channel */

/* The sums of n pixels from `first` on, [pixel][channel], to where they belong. */
static void end_pixels(nirc_emitter *e, const nirc_op *op, const conv_parts *p, LLVMValueRef out, LLVMValueRef first, size_t n)
{
  const conv_shape *c = &p->shape;
  LLVMTypeRef type = nirc_arithmetic_type(e, op);
  if (!n)
    return;
  nirc_sum_end end = nirc_sum_end_of(e, op);
  nirc_loop o = nirc_loop_begin(e, nirc_c64(e, c->out_channels)), l = nirc_loop_begin(e, nirc_c64(e, n));
  LLVMValueRef pixel = nirc_add(e, first, l.i), from = nirc_add(e, nirc_mul(e, pixel, nirc_c64(e, p->all)), o.i);
  LLVMValueRef to = nirc_add(e, nirc_mul(e, o.i, nirc_c64(e, c->out[0] * c->out[1])), pixel);
  nirc_store(e, type, nirc_end_sum(e, &end, nirc_load(e, type, p->sums, from), o.i), out, to);
  nirc_loop_end(e, &l);
  nirc_loop_end(e, &o);
}

/* Inputs in ascending (channel, row, column): for each output that is the order of its kernel's taps. */
void nirc_emit_conv_kernel(nirc_emitter *e, const nirc_op *op)
{
  if (!op->results[0].type->count)
    return;
  LLVMValueRef bits = LLVMBuildAlloca(e->b, e->i64, "bits");
  nirc_pointers p = nirc_pointers_of(e, op);
  conv_parts parts = {.shape = conv_shape_of(op), .sums = p.workspace};
  const conv_shape *c = &parts.shape;
  size_t pixels = c->out[0] * c->out[1];
  LLVMTypeRef type = nirc_emit_type(e, nirc_op_operand(op, 0)->type->elem);
  taps rows = taps_of(e, c, 0);
  parts.rows = emit_taps(e, &rows, c->in[0]);
  if (has_lines(c)) {
    parts.lines = emit_lines(e, c);
  } else {
    taps columns = taps_of(e, c, 1);
    parts.columns = emit_taps(e, &columns, c->in[1]);
  }
  parts.each = has_lines(c) ? nirc_cpu_padded(c->out_channels) : c->out_channels / c->groups;
  parts.all = parts.each * c->groups;
  parts.weights = conv_weights(e, nirc_op_blob(op, "weight"), c, parts.lines.order, parts.each);
  start_pixels(e, op, &parts);
  active_loop l = active_begin(e, bits, type, p.in[0], c->channels * c->in[0] * c->in[1]);
  LLVMValueRef width = nirc_c64(e, c->in[1]), line = LLVMBuildUDiv(e->b, l.at, width, ""), x = LLVMBuildURem(e->b, l.at, width, "");
  LLVMValueRef height = nirc_c64(e, c->in[0]), channel = LLVMBuildUDiv(e->b, line, height, ""), y = LLVMBuildURem(e->b, line, height, "");
  (has_lines(c) ? scatter_lines : scatter)(e, op, &parts, channel, y, x, nirc_load_operand(e, op, 0, p.in[0], l.at));
  active_end(e, &l);
  nirc_loop block = nirc_loop_begin(e, nirc_c64(e, pixels / BLOCK));
  end_pixels(e, op, &parts, p.out[0], nirc_mul(e, block.i, nirc_c64(e, BLOCK)), BLOCK);
  nirc_loop_end(e, &block);
  end_pixels(e, op, &parts, p.out[0], nirc_c64(e, pixels / BLOCK * BLOCK), pixels % BLOCK);
}

/* ---- pooling ----------------------------------------------------------------------------------------------------------------------------- */

/* Without padding: line by line, each term to the sums of a line at once. A term of 0 is added, too: no sum is -0. */
static void pool_lines(nirc_emitter *e, const nirc_op *op, const conv_shape *c, const nirc_pointers *p)
{
  LLVMTypeRef type = nirc_arithmetic_type(e, op);
  nirc_loop channel = nirc_loop_begin(e, nirc_c64(e, c->channels)), y = nirc_loop_begin(e, nirc_c64(e, c->out[0]));
  LLVMValueRef line = nirc_add(e, nirc_mul(e, channel.i, nirc_c64(e, c->out[0])), y.i), to = nirc_at(e, type, p->out[0], nirc_mul(e, line, nirc_c64(e, c->out[1])));
  nirc_loop row = nirc_loop_begin(e, nirc_c64(e, c->kernel[0]));
  LLVMValueRef from = nirc_add(e, nirc_mul(e, channel.i, nirc_c64(e, c->in[0])), nirc_add(e, nirc_mul(e, y.i, nirc_c64(e, c->stride[0])), row.i));
  from = nirc_mul(e, from, nirc_c64(e, c->in[1]));
  nirc_loop column = nirc_loop_begin(e, nirc_c64(e, c->kernel[1])), x = nirc_loop_begin(e, nirc_c64(e, c->out[1]));
  LLVMValueRef at = nirc_add(e, from, nirc_add(e, nirc_mul(e, x.i, nirc_c64(e, c->stride[1])), column.i));
  nirc_store(e, type, LLVMBuildFAdd(e->b, nirc_load(e, type, to, x.i), nirc_load_operand(e, op, 0, p->in[0], at), ""), to, x.i);
  nirc_loop_end(e, &x);
  nirc_loop_end(e, &column);
  nirc_loop_end(e, &row);
  nirc_loop_end(e, &y);
  nirc_loop_end(e, &channel);
}

static bool is_whole(const conv_shape *c)
{
  bool whole = true;
  for (int a = 0; a < 2; a++)
    whole &= !c->before[a] && (c->out[a] - 1) * c->stride[a] + c->kernel[a] <= c->in[a];
  return whole;
}

/* Each input in ascending (row, column) to the windows that hold it; for each window that is its own order. */
static void pool_inputs(nirc_emitter *e, const nirc_op *op, const conv_shape *shape, const nirc_pointers *pointers)
{
  conv_shape c = *shape;
  nirc_pointers p = *pointers;
  size_t pixels = c.out[0] * c.out[1];
  LLVMTypeRef type = nirc_arithmetic_type(e, op);
  taps ty = taps_of(e, &c, 0), tx = taps_of(e, &c, 1);
  tap_arrays t[2] = {emit_taps(e, &ty, c.in[0]), emit_taps(e, &tx, c.in[1])};
  nirc_loop channel = nirc_loop_begin(e, nirc_c64(e, c.channels)), y = nirc_loop_begin(e, nirc_c64(e, c.in[0]));
  LLVMValueRef line = nirc_mul(e, nirc_add(e, nirc_mul(e, channel.i, nirc_c64(e, c.in[0])), y.i), nirc_c64(e, c.in[1]));
  LLVMValueRef sums = nirc_at(e, type, p.out[0], nirc_mul(e, channel.i, nirc_c64(e, pixels)));
  nirc_loop x = nirc_loop_begin(e, nirc_c64(e, c.in[1]));
  LLVMValueRef value = nirc_load_operand(e, op, 0, p.in[0], nirc_add(e, line, x.i));
  nirc_if active = nirc_if_begin(e, nirc_emit_is_active(e, value));
  tap_loop row = tap_loop_begin(e, &t[0], y.i), column = tap_loop_begin(e, &t[1], x.i);
  LLVMValueRef to = nirc_add(e, nirc_mul(e, row.to, nirc_c64(e, c.out[1])), column.to);
  nirc_store(e, type, LLVMBuildFAdd(e->b, nirc_load(e, type, sums, to), value, ""), sums, to);
  nirc_loop_end(e, &column.l);
  nirc_loop_end(e, &row.l);
  nirc_if_end(e, &active);
  nirc_loop_end(e, &x);
  nirc_loop_end(e, &y);
  nirc_loop_end(e, &channel);
}

void nirc_emit_pool_kernel(nirc_emitter *e, const nirc_op *op)
{
  conv_shape c = conv_shape_of(op);
  nirc_pointers p = nirc_pointers_of(e, op);
  size_t all = op->results[0].type->count;
  LLVMTypeRef type = nirc_arithmetic_type(e, op);
  nirc_start_sums(e, op, p.out[0], all, all);
  if (is_whole(&c))
    pool_lines(e, op, &c, &p);
  else
    pool_inputs(e, op, &c, &p);
  if (op->code == SNN_SUM_POOL)
    return;
  nirc_loop l = nirc_loop_begin(e, nirc_c64(e, all));
  LLVMValueRef area = LLVMConstReal(type, (double)(c.kernel[0] * c.kernel[1]));
  nirc_store(e, type, LLVMBuildFDiv(e->b, nirc_load(e, type, p.out[0], l.i), area, ""), p.out[0], l.i);
  nirc_loop_end(e, &l);
}

/* ---- counters --------------------------------------------------------------------------------------------------------------------------------- */

/* By element of what arrives at a sparse matrix, the weights that it meets. */
static LLVMValueRef sparse_weights(nirc_emitter *e, const nirc_op *op, size_t n)
{
  uint32_t *each = NIRC_NEW_ARRAY(e->arena, uint32_t, n);
  for (size_t i = 0; i < n; i++)
    each[i] = (uint32_t)nirc_count_weights(op, i, true);
  return nirc_emit_bytes(e, "weights", each, n * sizeof *each);
}

/* What one element adds: one, or as many as events that it stands for, times `n`. */
static LLVMValueRef count_element(nirc_emitter *e, const nirc_count *k, nirc_dtype elem, LLVMValueRef value, LLVMValueRef n)
{
  bool events = e->plan->m->level == NIRC_LEVEL_HW || k->kind == NIRC_COUNT_SPIKES;
  if (events && elem != NIRC_BOOL)
    return nirc_mul(e, n, nirc_emit_events(e, elem, value, k->op->code == HW_PROJECT ? nirc_op_int(k->op, "most") : INT64_MAX));
  return LLVMBuildSelect(e->b, nirc_emit_is_active(e, value), n, nirc_c64(e, 0), "");
}

static LLVMValueRef begin_counting(nirc_emitter *e, const char *name, LLVMValueRef *total)
{
  LLVMValueRef fn = nirc_emit_function(e, name, e->t_void, (LLVMTypeRef[]){e->ptr, e->ptr}, 2, false);
  nirc_emit_mark_kernel(e, 2);
  nirc_emit_mark_rare(e, fn);
  *total = LLVMBuildAlloca(e->b, e->i64, "total");
  return fn;
}

static void add_to_total(nirc_emitter *e, LLVMValueRef total, LLVMValueRef more)
{
  LLVMBuildStore(e->b, nirc_add(e, LLVMBuildLoad2(e->b, e->i64, total, ""), more), total);
}

static void add_to_row(nirc_emitter *e, LLVMValueRef row, LLVMValueRef total)
{
  LLVMValueRef counters = nirc_emit_param(e, 1), sum = nirc_add(e, nirc_load(e, e->i64, counters, row), LLVMBuildLoad2(e->b, e->i64, total, ""));
  nirc_store(e, e->i64, sum, counters, row);
}

LLVMValueRef nirc_emit_spikes_kernel(nirc_emitter *e, const nirc_count *k, size_t n)
{
  const nirc_type *t = nirc_count_value(k->op)->type;
  uint64_t *list = NIRC_NEW_ARRAY(e->arena, uint64_t, 3 * n);    /* of each: first, n, row */
  for (size_t i = 0; i < n; i++) {
    list[3 * i] = k[i].first;
    list[3 * i + 1] = k[i].n;
    list[3 * i + 2] = k[i].row;
  }
  LLVMValueRef total, fn = begin_counting(e, "spikes", &total), table = nirc_emit_bytes(e, "slices", list, 3 * n * sizeof *list);
  nirc_loop slice = nirc_loop_begin(e, nirc_c64(e, n));
  LLVMValueRef at = nirc_mul(e, slice.i, nirc_c64(e, 3)), first = nirc_load(e, e->i64, table, at);
  LLVMBuildStore(e->b, nirc_c64(e, 0), total);
  nirc_loop l = nirc_loop_begin(e, nirc_load(e, e->i64, table, nirc_add(e, at, nirc_c64(e, 1))));
  LLVMValueRef value = nirc_load(e, nirc_emit_type(e, t->elem), nirc_emit_param(e, 0), nirc_add(e, first, l.i));
  add_to_total(e, total, count_element(e, k, t->elem, value, nirc_c64(e, 1)));
  nirc_loop_end(e, &l);
  add_to_row(e, nirc_load(e, e->i64, table, nirc_add(e, at, nirc_c64(e, 2))), total);
  nirc_loop_end(e, &slice);
  LLVMBuildRetVoid(e->b);
  return fn;
}

/* Sum over elements x[c][y][x] of what each adds, times rows[y] * columns[x] of a convolution. */
LLVMValueRef nirc_emit_count_kernel(nirc_emitter *e, const nirc_count *k)
{
  const nirc_op *op = k->op;
  bool conv = op->code == SNN_CONV;
  const nirc_type *t = nirc_count_value(op)->type;
  conv_shape c = {.channels = 1, .in = {1, t->count}};
  if (conv)
    c = conv_shape_of(op);
  LLVMValueRef total, fn = begin_counting(e, "count", &total), first[2] = {0};
  LLVMValueRef each = op->code == SNN_SPARSE_DENSE && e->plan->m->level == NIRC_LEVEL_HW ? sparse_weights(e, op, t->count) : NULL;
  LLVMBuildStore(e->b, nirc_c64(e, 0), total);
  for (int a = 0; conv && a < 2; a++) {
    taps tap = taps_of(e, &c, a);
    first[a] = nirc_emit_bytes(e, "first", tap.first, (c.in[a] + 1) * sizeof *tap.first);
  }
  nirc_loop row = nirc_loop_begin(e, nirc_c64(e, c.channels * c.in[0])), column = nirc_loop_begin(e, nirc_c64(e, c.in[1]));
  LLVMValueRef element = nirc_add(e, nirc_mul(e, row.i, nirc_c64(e, c.in[1])), column.i);
  LLVMValueRef value = nirc_load(e, nirc_emit_type(e, t->elem), nirc_emit_param(e, 0), element);
  LLVMValueRef n = each ? nirc_load_index(e, each, element) : nirc_c64(e, nirc_count_weights(op, 0, false));
  for (int a = 0; conv && a < 2; a++) {
    LLVMValueRef at = a ? column.i : LLVMBuildURem(e->b, row.i, nirc_c64(e, c.in[0]), "");
    n = nirc_mul(e, n, LLVMBuildSub(e->b, nirc_load_index(e, first[a], nirc_add(e, at, nirc_c64(e, 1))), nirc_load_index(e, first[a], at), ""));
  }
  add_to_total(e, total, count_element(e, k, t->elem, value, n));
  nirc_loop_end(e, &column);
  nirc_loop_end(e, &row);
  add_to_row(e, nirc_c64(e, k->row), total);
  LLVMBuildRetVoid(e->b);
  return fn;
}
