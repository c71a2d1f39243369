/* passes/write_for.c: a graph that one simulator's importer takes, and that computes there what this one computes under a profile; or why there is none.
 * docs/write-for.md has the equations. */
#include "passes/write_for.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ir/base/guess.h"
#include "ir/dialect_nir.h"

static const nirc_pass_option options[] = {
  {"simulator", NIRC_OPTION_WORD, "whom for: norse, snntorch, sinabs, rockpool, spyx, lavadl or nengo", NULL},
  {"profile", NIRC_OPTION_WORD, "whose arithmetic the graph is meant in: a name of --list-profiles", "nir"},
  {"dt", NIRC_OPTION_QUANTITY, "time step that it is meant with", "the network's own, else the profile's, or 1 for a graph with I or IF and no time constant"},
  {"reset", NIRC_OPTION_WORD, "what a spike does to the membrane: v_reset or subtract", "the profile's"},
};

bool nirc_for_refuse(nirc_for *x, const nirc_op *op, const char *format, ...)
{
  char text[512];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  nirc_error(x->d, op->loc, "'%s': cannot be written for %s: %s", op->name, x->to->title, text);
  return false;
}

/* ---- choices ---------------------------------------------------------------------------------------------------------- */

static bool choose_simulators(nirc_for *x, const char *to, const char *from)
{
  x->to = nirc_simulator_find(to);
  x->from = nirc_simulator_find(from ? from : "nir");
  if (!x->to || !x->to->load) {
    nirc_error_status(x->d, NIRC_STATUS_USAGE, nirc_loc_none(), "files are not written for '%s'", to);
    size_t n = 0;
    while (nirc_written_simulators[n])
      n++;
    nirc_guess_word(to, nirc_written_simulators, n, x->d);
    return false;
  }
  if (!x->from)
    nirc_error(x->d, nirc_loc_file(x->m->path), "from profile '%s' no file is written for %s: its neurons have no counterpart there", from, x->to->title);
  return x->from;
}

static bool choose_reset(nirc_for *x, const char *name)
{
  if (name && strcmp(name, "subtract") && strcmp(name, "v_reset")) {
    nirc_error_status(x->d, NIRC_STATUS_USAGE, nirc_loc_none(), "reset '%s' is not known; v_reset and subtract are", name);
    return false;
  }
  x->subtract = name && strcmp(name, "subtract") == 0;
  bool choice = false;
  for (size_t i = 0; i < x->from->n_neurons; i++)
    choice |= x->from->neurons[i].or_resets;
  if (name && !choice)
    nirc_warning(x->d, nirc_loc_file(x->m->path), "--reset %s changes nothing under profile %s", name, x->from->name);
  return true;
}

static bool counts_steps(const nirc_op *graph)
{
  bool gain = false, tau = false;
  NIRC_FOR_EACH_OP(op, graph->body) {
    gain |= op->code == NIR_I || op->code == NIR_IF;
    for (const nirc_attr *a = op->attrs; a; a = a->next)
      tau |= strncmp(a->name, "tau", 3) == 0 && a->kind == NIRC_ATTR_DENSE;
  }
  return gain && !tau;
}

/* As discretise does; 0 where each layer has its own. */
static void choose_dt(nirc_for *x, const char *given)
{
  const nirc_attr *own = nirc_op_attr(x->graph, "dt");
  nirc_loc file = nirc_loc_file(x->m->path);
  if (given)
    nirc_parse_time(given, &x->dt);
  else if (own)
    x->dt = own->f;
  else if (x->from->dt_derived)
    x->dt = 0;
  else
    x->dt = x->from->dt_1_without_tau && counts_steps(x->graph) ? 1 : x->from->dt;
  if (!given && !own && x->dt > 0)
    nirc_remark(x->d, file, "dt = %g s is assumed (--dt says otherwise)", x->dt);
  x->dt_to = x->to->dt_written > 0 ? x->to->dt_written : x->dt > 0 ? x->dt : x->from->dt;
  x->same_dt = x->from->dt_derived ? !(x->dt > 0) : x->dt == x->dt_to;
}

/* ---- nodes without a state ----------------------------------------------------------------------------------------------- */

nirc_op *nirc_for_replace(nirc_for *x, nirc_op *op, nirc_opcode code)
{
  nirc_op *by = nirc_op_new_before(x->m, op, code, op->name, op->loc);
  nirc_value **in = NIRC_NEW_ARRAY(x->a, nirc_value *, op->n_operands);
  for (uint32_t k = 0; k < op->n_operands; k++)
    in[k] = nirc_op_operand(op, k);
  nirc_op_set_operands(x->m, by, in, op->n_operands);
  nirc_op_result(by)->type = nirc_op_result(op)->type;
  const nirc_attr *metadata = nirc_op_attr(op, "metadata");
  if (metadata)
    nirc_op_set_attr(x->m, by, "metadata", NIRC_ATTR_DICT)->dict = metadata->dict;
  by->id = op->id;
  if (x->op)
    x->op[op->id] = by;
  nirc_value_replace(nirc_op_result(op), nirc_op_result(by));
  nirc_op_erase(op);
  return by;
}

/* Importers take the type of the file, and would mix float64 weights with float32 inputs. */
static void as_float32(nirc_for *x, nirc_op *op, const char *name)
{
  const nirc_blob *b = nirc_op_blob(op, name);
  if (!b || b->dtype == NIRC_F32 || x->from == x->to)
    return;
  void *data;
  nirc_blob *made = nirc_module_hold(x->m, nirc_blob_new(x->m->heap, NIRC_F32, &b->shape, false, &data));
  for (size_t i = 0; i < b->count; i++)
    ((float *)data)[i] = (float)nirc_blob_get(b, i);
  nirc_op_set_blob(x->m, op, name, made);
}

/* A window's numbers, one for each axis: importers take them as pairs. */
static void as_pairs(nirc_for *x, nirc_op *op)
{
  static const char *const names[] = {"kernel_size", "stride", "padding"};
  nirc_shape pair = nirc_shape_1d(2);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    int64_t values[2];
    if (nirc_op_blob(op, names[i])->count == 2 || !nirc_nir_ints(op, names[i], 2, values))
      continue;
    void *data;
    nirc_blob *made = nirc_module_hold(x->m, nirc_blob_new(x->m->heap, NIRC_I64, &pair, false, &data));
    memcpy(data, values, sizeof values);
    nirc_op_set_blob(x->m, op, names[i], made);
  }
}

static bool check_matrix(nirc_for *x, const nirc_op *op)
{
  const nirc_blob *w = nirc_op_blob(op, "weight");
  if (w->shape.rank != 2)
    return nirc_for_refuse(x, op, "its weight has %u axes, and its importer takes matrices only", w->shape.rank);
  return true;
}

static bool check_window(nirc_for *x, nirc_op *op)
{
  nirc_window w;
  if (op->code != NIR_CONV2D)
    as_pairs(x, op);
  if (!nirc_nir_window(x->m, op, &w, x->d))
    return false;
  if (w.groups != 1)
    return nirc_for_refuse(x, op, "its importer takes convolutions of one group only, and written as one it would be too large");
  if (x->to->channels_last && (w.dilation[0] != 1 || w.dilation[1] != 1) && op->code == NIR_CONV2D)
    return nirc_for_refuse(x, op, "its importer ignores the dilation");
  if (op->code == NIR_SUM_POOL2D && (w.before[0] || w.before[1]))
    return nirc_for_refuse(x, op, "its importer ignores the padding");
  if (op->code == NIR_CONV2D && x->to->no_conv_bias && !nirc_blob_is_all(nirc_op_blob(op, "bias"), 0))
    return nirc_for_refuse(x, op, "its importer takes convolutions without a bias only");
  return true;
}

/* Columns of a matrix behind a Flatten in the other order of elements: (channel, row, column), or (row, column, channel). */
static void permute_columns(nirc_for *x, nirc_op *op, const nirc_shape *s)
{
  const nirc_blob *w = nirc_op_blob(op, "weight");
  size_t channels = (size_t)s->dims[0], places = (size_t)(s->dims[1] * s->dims[2]), n = channels * places, size = nirc_dtype_size(w->dtype);
  void *data;
  nirc_blob *b = nirc_module_hold(x->m, nirc_blob_new(x->m->heap, w->dtype, &w->shape, false, &data));
  for (size_t i = 0; i < w->count; i++) {
    size_t j = i % n;
    size_t from = x->to->channels_last ? j % channels * places + j / channels : j % places * channels + j / places;
    memcpy((char *)data + i * size, (const char *)w->data + (w->splat ? 0 : i - j + from) * size, size);
  }
  nirc_op_set_blob(x->m, op, "weight", b);
  x->anew = true;
  nirc_remark(x->d, op->loc, "'%s': its columns are in the order in which %s flattens, (%s)", op->name, x->to->title,
              x->to->channels_last ? "row, column, channel" : "channel, row, column");
}

static bool check_flatten(nirc_for *x, nirc_op *op)
{
  const nirc_shape *in = &nirc_op_operand(op, 0)->type->shape;
  if (x->to->channels_last && op->results[0].type->shape.rank != 1)
    return nirc_for_refuse(x, op, "its importer flattens all axes");
  if (x->from->channels_last == x->to->channels_last || in->rank != 3 || in->dims[0] == 1 || in->dims[1] * in->dims[2] == 1)
    return true;
  for (const nirc_use *u = op->results[0].uses; u; u = u->next)
    if ((u->user->code != NIR_LINEAR && u->user->code != NIR_AFFINE) || u->user->n_operands != 1)
      return nirc_for_refuse(x, op, "it flattens in another order of axes there, which only weights behind it can undo; '%s' has none", u->user->name);
  for (const nirc_use *u = op->results[0].uses; u; u = u->next)
    permute_columns(x, u->user, in);
  return true;
}

static bool write_node(nirc_for *x, nirc_op *op)
{
  if (op->def->integrates)
    return nirc_for_neuron(x, op);
  if (op->code == NIR_INPUT || op->code == NIR_OUTPUT)
    return true;
  if (op->code == NIR_THRESHOLD && x->to->needs_threshold_after_li && op->n_operands == 1 && nirc_op_operand(op, 0)->def->code == NIR_LI)
    return true;
  if (!nirc_for_takes(x->to, op->code))
    return nirc_for_refuse(x, op, "its importer knows no %s: %s", op->def->nir_type ? op->def->nir_type : "such node", x->to->drops);
  as_float32(x, op, "weight");
  as_float32(x, op, "bias");
  switch (op->code) {
  case NIR_LINEAR: case NIR_AFFINE: return check_matrix(x, op);
  case NIR_CONV2D: case NIR_SUM_POOL2D: case NIR_AVG_POOL2D: return check_window(x, op);
  case NIR_FLATTEN: return check_flatten(x, op);
  default: return true;
  }
}

/* ---- steps by which values come late ----------------------------------------------------------------------------------------- */

static const char *steps(const nirc_for *x, int n)
{
  return nirc_arena_printf(x->m->arena, "%d step%s", n, n == 1 ? "" : "s");
}

/* x->late holds what each node adds itself. All that arrives has to be late by the same, and be 0 before. */
static bool find_lateness(nirc_for *x)
{
  for (size_t i = 0; i < x->schedule.n; i++) {
    nirc_op *op = x->op[x->schedule.order[i]->id];
    int own = x->late[op->id], in = 0;
    bool any = false;
    for (uint32_t k = 0; k < op->n_operands; k++) {
      int from = x->late[nirc_op_operand(op, k)->def->id];
      if (x->schedule.back[op->id][k])
        continue;
      if (any && from != in)
      return nirc_for_refuse(x, op, "what arrives over one edge would come %s later than over another, for spikes leave neurons one step later there",
                               steps(x, abs(from - in)));
      in = from;
      any = true;
    }
    const nirc_blob *bias = nirc_op_blob(op, "bias");
    if (in && bias && !nirc_blob_is_all(bias, 0))
      return nirc_for_refuse(x, op, "spikes reach it %s %s there, and its bias does not; a bias of 0 is wanted behind the first layer", steps(x, abs(in)),
                             in > 0 ? "later" : "earlier");
    x->late[op->id] = in + own;
  }
  return true;
}

/* ---- the pass ------------------------------------------------------------------------------------------------------------------- */

static bool check_graph(nirc_for *x)
{
  unsigned inputs = 0, outputs = 0, before = x->d->errors;
  NIRC_FOR_EACH_OP(op, x->graph->body) {
    inputs += op->code == NIR_INPUT;
    outputs += op->code == NIR_OUTPUT;
    if (op->code == NIR_GRAPH)
      nirc_error(x->d, op->loc, "'%s': nested graph; the pass inline-subgraphs has to run first", op->name);
    if (op->code != NIR_INPUT && !op->n_operands)
      nirc_for_refuse(x, op, "no edge leads to this %s", op->def->nir_type ? op->def->nir_type : "port of a nested graph");
    for (uint32_t k = 0; k < op->n_operands; k++)
      for (uint32_t j = 0; j < k; j++)
        if (nirc_op_operand(op, k) == nirc_op_operand(op, j))
          nirc_for_refuse(x, op, "two edges from '%s' reach it, and a graph holds an edge once", nirc_op_operand(op, k)->def->name);
  }
  if (inputs != 1 || outputs != 1)
    nirc_error(x->d, nirc_loc_file(x->m->path), "the network has %u Inputs and %u Outputs; the importer of %s wants one of each", inputs, outputs,
               x->to->title);
  return x->d->errors == before;
}

static bool write_nodes(nirc_for *x)
{
  size_t n = x->schedule.n;
  unsigned before = x->d->errors;
  x->op = NIRC_NEW_ARRAY(x->a, nirc_op *, n);
  x->range = NIRC_NEW_ARRAY(x->a, nirc_range, n);
  x->late = NIRC_NEW_ARRAY(x->a, int, n);
  for (size_t i = 0; i < n; i++)
    x->op[i] = x->schedule.by_name[i];
  nirc_for_find_ranges(x);
  uint32_t *order = NIRC_NEW_ARRAY(x->a, uint32_t, n);
  for (size_t i = 0; i < n; i++)
    order[i] = x->schedule.order[i]->id;
  for (size_t i = 0; i < n; i++)
    write_node(x, x->op[order[i]]);
  for (size_t i = 0; i < n; i++)
    x->schedule.order[i] = x->op[order[i]];
  return x->d->errors == before;
}

/* What whoever runs the file has to know. */
static void hint(const nirc_for *x, nirc_loc file)
{
  bool flatten = false, image = false;
  for (size_t i = 0; i < x->schedule.n; i++) {
    const nirc_op *op = x->op[i];
    flatten |= op->code == NIR_FLATTEN;
    image |= op->code == NIR_INPUT && op->results[0].type->shape.rank == 3;
  }
  const char *const hints[] = {x->loop ? x->to->loop_hint : NULL, flatten ? x->to->flatten_hint : NULL, image ? x->to->image_hint : NULL};
  for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
    if (hints[i])
      nirc_remark(x->d, file, "%s", hints[i]);
}

static void report(const nirc_for *x)
{
  nirc_loc file = nirc_loc_file(x->m->path);
  NIRC_FOR_EACH_OP(op, x->graph->body)
    if (op->code == NIR_OUTPUT && x->late[op->id])
      nirc_remark(x->d, op->loc, "'%s': in %s its values come %s %s than under %s", op->name, x->to->title, steps(x, abs(x->late[op->id])),
                  x->late[op->id] > 0 ? "later" : "earlier", x->from->title);
  if (x->assumed_input)
    nirc_remark(x->d, file, "equal as long as every input is within 0 and 1");
  if (x->from != x->to || x->anew)
    nirc_remark(x->d, file, "the equations are the same, operations are rounded in the order of %s%s", x->to->title,
                x->change > 0 ? nirc_arena_printf(x->m->arena, ", and parameters by at most %.2g of themselves", x->change) : "");
  const char *reset = x->other_reset && x->to->reset_argument ? nirc_arena_printf(x->m->arena, ", with %s", x->to->reset_argument) : "";
  if (x->to->load_takes_dt)
    nirc_remark(x->d, file, "load it by %s, dt = %.9g%s", x->to->load, x->dt_to, reset);
  else
    nirc_remark(x->d, file, "load it by %s%s", x->to->load, reset);
  hint(x, file);
}

static bool run(nirc_module *m, nirc_pass_ctx *ctx)
{
  nirc_for x = {.m = m, .d = ctx->d, .a = nirc_arena_new(m->heap), .graph = m->body.first};
  bool ok = choose_simulators(&x, ctx->values[0], ctx->values[1]) && choose_reset(&x, ctx->values[3]);
  ok = ok && nirc_for_schedule(&x, &x.schedule) && nirc_for_spell(&x) && check_graph(&x);
  if (ok) {
    choose_dt(&x, ctx->values[2]);
    ok = write_nodes(&x) && find_lateness(&x) && nirc_for_loops(&x);
  }
  if (ok) {
    report(&x);
    nirc_op_remove_attr(x.graph, "dt");              /* the file is for another, and remarks say which */
    nirc_for_names(&x);
    ok = nirc_for_edges(&x);
  }
  nirc_arena_free(x.a);
  return ok;
}

const nirc_pass nirc_pass_write_for = {
  .name = "write-for", .summary = "a graph that another simulator computes in the same way, from its own importer",
  .doc = "Parameters are expressed anew so that the importer of a simulator makes of them the update that a profile has here: the units of tau, r and w_in, the threshold, weights in "
         "front where there is no other way; names, ports, recurrence and the order of edges are as it wants them. What it cannot express is refused, with the node and the "
         "reason. Equations are kept, rounding is not: remarks say how far coefficients change. `write-for.md` has the table. Nested graphs have to be inlined before.",
  .needs = NIRC_LEVEL_NIR, .leaves = NIRC_LEVEL_NIR, .options = options, .n_options = sizeof options / sizeof *options, .run = run,
};
