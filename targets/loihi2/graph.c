/* targets/loihi2/graph.c: which nodes are populations, and one synapse for every way between two of them. A way leads through nodes that are linear; they are
 * multiplied, so a node that several ways pass is used as often. */
#include <math.h>
#include <string.h>

#include "ir/dialect_nir.h"
#include "passes/schedule.h"
#include "targets/hw_read.h"
#include "targets/loihi2/loihi2.h"

enum { MAX_WAY = 1000, MAX_WAYS = 4096, MAX_VISITS = 1 << 20 };            /* nodes of one way; ways to one population; nodes on all of them */
enum { MOST_ENTRIES = 1 << 24 };                    /* of a composed kernel: far beyond what a core holds, so that nothing but holes is lost */

typedef struct mapper {
  nirc_loihi2_net *net;
  nirc_module *m;
  nirc_diag *d;
  const nirc_op *graph;
  nirc_schedule schedule;
  int *population;                                   /* by node id, as all that follows; -1: none */
  nirc_linear **linear;                              /* of a linear node, once it was asked for */
  const nirc_op *way[MAX_WAY + 1];                   /* from the population back to where the walk is */
  size_t depth, ways, visits;
  const nirc_op *target;                             /* whose way it is, once it is complete */
  const nirc_op **seen;                              /* the population whose list of nodes has it */
  const char **nodes;                                /* that list */
} mapper;

bool nirc_loihi2_is_neuron(const nirc_op *op)
{
  switch (op->code) {
  case NIR_I: case NIR_IF: case NIR_LI: case NIR_LIF: case NIR_CUBA_LI: case NIR_CUBA_LIF: case NIR_THRESHOLD: return true;
  default: return false;
  }
}

static bool is_readout(const nirc_op *op)
{
  return op->code == NIR_I || op->code == NIR_LI || op->code == NIR_CUBA_LI;
}

static bool is_linear(const nirc_op *op)
{
  switch (op->code) {
  case NIR_IDENTITY: case NIR_FLATTEN: case NIR_LINEAR: case NIR_AFFINE: case NIR_SCALE: case NIR_DELAY: case NIR_CONV1D: case NIR_CONV2D: case NIR_SUM_POOL2D:
  case NIR_AVG_POOL2D: return true;
  default: return false;
  }
}

/* ---- nodes by themselves ------------------------------------------------------------------------------------------------------ */

static void check_numbers(mapper *x, const nirc_op *op)
{
  for (const nirc_attr *a = op->attrs; a; a = a->next) {
    size_t n = a->kind == NIRC_ATTR_DENSE && nirc_dtype_is_float(a->blob->dtype) ? a->blob->splat ? a->blob->count > 0 : a->blob->count : 0;
    bool is_time = strncmp(a->name, "tau", 3) == 0;
    for (size_t i = 0; i < n; i++) {
      double v = nirc_blob_get(a->blob, i);
      if (isfinite(v) && (!is_time || v > 0))
        continue;
      nirc_error_code(x->d, is_time && isfinite(v) ? "loihi2-time-constant" : "loihi2-parameter", nirc_op_attr_loc(x->m, op, a->name),
                      "'%s': %s = %g (element %zu), a %s is wanted", op->name, a->name, v, i, is_time ? "time above 0" : "finite number");
      break;
    }
  }
}

static void check_delay(mapper *x, const nirc_op *op)
{
  for (size_t i = 0; i < op->results[0].type->count; i++) {
    double steps = rint(nirc_blob_get(nirc_op_blob(op, "delay"), i) / x->net->options.dt);
    if (steps >= 0 && steps <= NIRC_LOIHI2_MAX_DELAY)
      continue;
    nirc_error_code(x->d, "loihi2-delay", nirc_op_attr_loc(x->m, op, "delay"), "'%s': delay = %g s (element %zu) is %g steps, 0 to %d are wanted", op->name,
                    nirc_blob_get(nirc_op_blob(op, "delay"), i), i, steps, NIRC_LOIHI2_MAX_DELAY);
    return;
  }
}

static void check_node(mapper *x, const nirc_op *op)
{
  if (op->code == NIR_INPUT && (op->n_operands || !op->results[0].type->count))
    nirc_error_code(x->d, "loihi2-node", op->loc, "'%s': an Input of the network cannot %s", op->name, op->n_operands ? "have an in-edge" : "be empty");
  if (op->code == NIR_INPUT || op->code == NIR_OUTPUT)
    return;
  if (!nirc_loihi2_is_neuron(op) && !is_linear(op)) {
    nirc_error_code(x->d, "loihi2-node", op->loc, "'%s': %s has no equivalent on Loihi 2", op->name, op->def->nir_type);
    return;
  }
  check_numbers(x, op);
  if (op->code == NIR_DELAY)
    check_delay(x, op);
}

/* Only spikes travel: a readout ends at an Output. */
static void check_graded(mapper *x, const nirc_op *op)
{
  for (const nirc_use *u = op->results[0].uses; is_readout(op) && u; u = u->next)
    if (u->user->code != NIR_OUTPUT) {
      nirc_error_code(x->d, "loihi2-graded", op->loc,
                      "'%s': %s sends a graded value to '%s'; only spikes travel on Loihi 2, and a readout may feed an Output only", op->name,
                      op->def->nir_type, u->user->name);
      return;
    }
}

static bool check_nodes(mapper *x)
{
  unsigned before = x->d->errors;
  NIRC_FOR_EACH_OP(op, x->graph->body) {
    check_node(x, op);
    check_graded(x, op);
    if (op->code == NIR_INPUT && x->net->input)
      nirc_error_code(x->d, "loihi2-node", op->loc, "'%s': a second Input; one is wanted", op->name);
    if (op->code == NIR_OUTPUT && x->net->output)
      nirc_error_code(x->d, "loihi2-node", op->loc, "'%s': a second Output; one is wanted", op->name);
    x->net->input = op->code == NIR_INPUT ? op : x->net->input;
    x->net->output = op->code == NIR_OUTPUT ? op : x->net->output;
  }
  if (x->d->errors == before && (!x->net->input || !x->net->output))
    nirc_error_code(x->d, "loihi2-node", nirc_loc_file(x->m->path), "one Input and one Output are wanted");
  return x->d->errors == before;
}

/* ---- populations --------------------------------------------------------------------------------------------------------------- */

/* As the chip's tools count: a list or a map; one axis more is one row. */
static nirc_shape chip_shape(const nirc_type *t)
{
  const nirc_shape *s = &t->shape;
  if (s->rank == 3)
    return *s;
  return s->rank == 2 ? (nirc_shape){.rank = 3, .dims = {s->dims[0], 1, s->dims[1]}} : nirc_shape_1d(t->count);
}

static void refuse_name(mapper *x, const nirc_op *op)
{
  nirc_error_code(x->d, "loihi2-node", op->loc, "'%s': a population cannot have this name: it stands for something else in network.lava.h5", op->name);
}

/* Two nodes may come to one name, for '/' becomes '.'. */
static void check_names(mapper *x)
{
  size_t n = x->net->n_populations;
  nirc_hw_name *names = NIRC_NEW_ARRAY(x->net->arena, nirc_hw_name, n);
  for (size_t p = 0; p < n; p++)
    names[p] = (nirc_hw_name){x->net->populations[p].name, p};
  nirc_hw_sort_names(names, n);
  for (size_t p = 1; p < n; p++)
    if (strcmp(names[p].name, names[p - 1].name) == 0)
      refuse_name(x, x->net->populations[names[p].index].node);
}

static bool find_populations(mapper *x)
{
  unsigned before = x->d->errors;
  nirc_arena *a = x->net->arena;
  x->population = NIRC_NEW_ARRAY(a, int, x->schedule.n);
  for (size_t i = 0; i < x->schedule.n; i++) {
    const nirc_op *op = x->schedule.by_name[i];
    x->population[i] = -1;
    if (!nirc_loihi2_is_neuron(op))
      continue;
    char *name = nirc_arena_strdup(x->m->arena, op->name);
    for (char *c = name; *c; c++)
      *c = *c == '/' ? '.' : *c;
    bool taken = strcmp(name, "input") == 0 || (strncmp(name, "clock", 5) == 0 && name[5 + strspn(name + 5, "0123456789")] == '\0');
    if (taken || !*name || strcmp(name, ".") == 0)
      refuse_name(x, op);
    if (!op->results[0].type->count)
      nirc_error_code(x->d, "loihi2-node", op->loc, "'%s': a population without neurons", op->name);
    x->population[i] = (int)x->net->n_populations;
    nirc_loihi2_population *p = nirc_loihi2_add_population(x->net, name);
    p->node = op;
    p->shape = chip_shape(op->results[0].type);
    p->count = op->results[0].type->count;
    p->readout = is_readout(op);
    p->filtered = op->code == NIR_CUBA_LI || op->code == NIR_CUBA_LIF;
  }
  check_names(x);
  return x->d->errors == before;
}

/* ---- linear nodes ---------------------------------------------------------------------------------------------------------------- */

/* NULL after a diagnostic. */
static nirc_linear *linear_of(mapper *x, const nirc_op *op)
{
  nirc_linear **known = &x->linear[op->id];
  if (!*known) {
    *known = NIRC_NEW(x->net->arena, nirc_linear);
    if (!nirc_linear_read(*known, x->net->arena, x->m, op, x->d))
      *known = NULL;
  }
  return *known;
}

bool nirc_loihi2_multiply(const nirc_loihi2_net *x, nirc_linear *l, const nirc_matrix *m, nirc_matrix *out, const nirc_op *to, nirc_diag *d)
{
  if (nirc_linear_times(x->arena, l, m, INT32_MAX, out))
    return true;
  nirc_error_code(d, "loihi2-chips", to->loc, "'%s': more than %d weights arrive here from one population, too many for a list of them", to->name, INT32_MAX);
  nirc_note(d, to->loc, "a convolution stays one where the population, its source and its parameters have its maps, and no delay is on the way");
  return false;
}

/* ---- what a bias adds ------------------------------------------------------------------------------------------------------------ */

/* The bias of way[depth - 1], sent on through what is before it in the list. */
static bool add_bias(mapper *x, nirc_loihi2_population *p)
{
  const nirc_op *op = x->way[x->depth - 1];
  const nirc_blob *bias = nirc_op_blob(op, "bias");
  if (!bias || !bias->count || nirc_blob_is_all(bias, 0))
    return true;
  size_t n = op->results[0].type->count, each = bias->count && bias->count < n ? n / bias->count : 1;
  double *v = NIRC_NEW_ARRAY(x->net->arena, double, n);
  for (size_t i = 0; i < n; i++)
    v[i] = nirc_blob_get(bias, nirc_op_has_window(op) ? i / each : i % bias->count);
  for (size_t k = x->depth - 1; k-- > 0;) {
    nirc_linear *l = linear_of(x, x->way[k]);
    if (!l)
      return false;
    double *next = NIRC_NEW_ARRAY(x->net->arena, double, l->rows);
    nirc_linear_apply(l, v, next);
    v = next;
  }
  if (!p->drive)
    p->drive = NIRC_NEW_ARRAY(x->net->arena, double, p->count);
  for (size_t i = 0; i < p->count; i++)
    p->drive[i] += v[i];
  return true;
}

/* ---- a way as a linear map --------------------------------------------------------------------------------------------------------- */

typedef enum form_kind { ELEMENTWISE, CONVOLUTION, MATRIX } form_kind;

typedef struct form {
  form_kind kind;
  double *factor;                                    /* of an elementwise form; NULL: ones */
  nirc_conv conv;
  nirc_matrix matrix;
  bool dense;                                        /* a Linear is in it */
  unsigned steps, *in_steps, *out_steps;             /* delay of all, of each source, of each target; NULL: none */
  size_t sources;
} form;

static bool become_matrix(mapper *x, form *f)
{
  form_kind kind = f->kind;
  f->kind = MATRIX;
  if (kind == ELEMENTWISE)
    f->matrix = nirc_matrix_diagonal(x->net->arena, f->sources, f->factor);
  if (kind != CONVOLUTION)
    return true;
  nirc_linear l = nirc_linear_of_conv(x->net->arena, &f->conv);
  return nirc_loihi2_multiply(x->net, &l, &(nirc_matrix){.rows = f->sources, .columns = f->sources}, &f->matrix, x->target, x->d);
}

static bool multiply(mapper *x, form *f, const nirc_op *op)
{
  nirc_linear *l = linear_of(x, op);
  nirc_matrix before = {.rows = f->sources, .columns = f->sources};
  if (!l || ((f->kind != ELEMENTWISE || f->factor) && !become_matrix(x, f)))
    return false;
  if (f->kind == MATRIX)
    before = f->matrix;
  f->kind = MATRIX;
  return nirc_loihi2_multiply(x->net, l, &before, &f->matrix, x->target, x->d);
}

static bool is_by_channel(const double *v, const uint64_t map[3])
{
  size_t each = (size_t)(map[1] * map[2]), n = (size_t)map[0] * each;
  for (size_t i = 0; v && i < n; i++)
    if (v[i] != v[i / each * each])
      return false;
  return true;
}

static bool scale_form(mapper *x, form *f, const nirc_op *op)
{
  size_t n = op->results[0].type->count;
  double *s = NIRC_NEW_ARRAY(x->net->arena, double, n);
  for (size_t i = 0; i < n; i++)
    s[i] = nirc_blob_get(nirc_op_blob(op, "scale"), i);
  if (f->kind == CONVOLUTION && !is_by_channel(s, f->conv.out) && !become_matrix(x, f))
    return false;
  if (f->kind == ELEMENTWISE) {
    for (size_t i = 0; i < n && f->factor; i++)
      s[i] *= f->factor[i];
    f->factor = s;
  } else if (f->kind == CONVOLUTION) {
    size_t count = nirc_conv_count(&f->conv), each = count / (size_t)f->conv.out[0], map = (size_t)(f->conv.out[1] * f->conv.out[2]);
    for (size_t i = 0; i < count; i++)
      f->conv.value[i] *= s[i / each * map];
  } else {
    for (size_t i = 0; i < n; i++)
      for (size_t e = f->matrix.first[i]; e < f->matrix.first[i + 1]; e++)
        f->matrix.value[e] *= s[i];
  }
  return true;
}

/* Delays of targets when the targets become sources of another node: only where they are all alike. */
static bool close_delays(mapper *x, form *f, const nirc_op *op)
{
  for (size_t i = 1; f->out_steps && i < nirc_op_operand(op, 0)->type->count; i++)
    if (f->out_steps[i] != f->out_steps[0]) {
      nirc_error_code(x->d, "loihi2-delay", op->loc, "'%s': what it adds up has different delays behind another weight node; no synapse can express that",
                      op->name);
      return false;
    }
  f->steps += f->out_steps ? f->out_steps[0] : 0;
  f->out_steps = NULL;
  return true;
}

static void delay_form(mapper *x, form *f, const nirc_op *op)
{
  size_t n = op->results[0].type->count;
  unsigned **steps = f->kind == ELEMENTWISE ? &f->in_steps : &f->out_steps;
  if (!*steps)
    *steps = NIRC_NEW_ARRAY(x->net->arena, unsigned, n);
  for (size_t i = 0; i < n; i++)
    (*steps)[i] += (unsigned)rint(nirc_blob_get(nirc_op_blob(op, "delay"), i) / x->net->options.dt);
}

/* A window behind what is there: composed where one convolution can say it, and is not mostly holes between its taps. */
static bool convolve_form(mapper *x, form *f, const nirc_op *op)
{
  nirc_conv c;
  if (!nirc_conv_read(&c, x->net->arena, x->m, op, x->d))
    return false;
  bool unpadded = c.padding[0] == 0 && c.padding[1] == 0;
  if (c.symmetric && f->kind == ELEMENTWISE && is_by_channel(f->factor, c.in)) {
    size_t count = nirc_conv_count(&c), kernel = (size_t)(c.kernel[0] * c.kernel[1]), each = (size_t)(c.in[0] / c.groups),
           map = (size_t)(c.in[1] * c.in[2]);
    for (size_t i = 0; f->factor && i < count; i++) {
      size_t out = i / kernel / each, in = out / (size_t)(c.out[0] / c.groups) * each + i / kernel % each;
      c.value[i] *= f->factor[in * map];
    }
    f->conv = c;
    f->kind = CONVOLUTION;
  } else {
    bool composed = c.symmetric && unpadded && f->kind == CONVOLUTION && memcmp(f->conv.out, c.in, sizeof c.in) == 0;
    return (composed && nirc_conv_compose(x->net->arena, &f->conv, &c, MOST_ENTRIES, &f->conv)) || multiply(x, f, op);
  }
  return true;
}

static bool extend(mapper *x, form *f, const nirc_op *op)
{
  bool weights = op->code == NIR_LINEAR || op->code == NIR_AFFINE;
  if ((weights || nirc_op_has_window(op)) && !close_delays(x, f, op))
    return false;
  if (op->code == NIR_DELAY)
    delay_form(x, f, op);
  f->dense = f->dense || weights;
  return op->code == NIR_SCALE ? scale_form(x, f, op) : nirc_op_has_window(op) ? convolve_form(x, f, op) : !weights || multiply(x, f, op);
}

/* ---- synapses ------------------------------------------------------------------------------------------------------------------------ */

/* The delay of each entry, or of all in `s->delay`. */
static bool set_delays(mapper *x, const form *f, nirc_loihi2_synapse *s, const nirc_op *at)
{
  unsigned least = UINT32_MAX, most = 0;
  if (!f->in_steps && !f->out_steps) {
    least = most = f->steps;
  } else {
    const nirc_matrix *m = &s->matrix;
    s->delays = NIRC_NEW_ARRAY(x->net->arena, uint8_t, m->first[m->rows]);
    for (size_t i = 0; i < m->rows; i++)
      for (size_t e = m->first[i]; e < m->first[i + 1]; e++) {
        unsigned steps = f->steps + (f->in_steps ? f->in_steps[m->column[e]] : 0) + (f->out_steps ? f->out_steps[i] : 0);
        least = steps < least ? steps : least;
        most = steps > most ? steps : most;
        s->delays[e] = (uint8_t)(steps < UINT8_MAX ? steps : UINT8_MAX);
      }
    if (least >= most)
      s->delays = NULL;
  }
  s->delay = most;
  if (most > NIRC_LOIHI2_MAX_DELAY)
    nirc_error_code(x->d, "loihi2-delay", at->loc, "'%s': delays of %u steps in all arrive, at most %d are wanted", at->name, most, NIRC_LOIHI2_MAX_DELAY);
  return most <= NIRC_LOIHI2_MAX_DELAY;
}

static bool add_way(mapper *x, int to, const nirc_op *source)
{
  form f = {.sources = source->results[0].type->count};
  const nirc_op *target = x->target = x->net->populations[to].node;
  for (size_t k = x->depth; k-- > 0;)
    if (!extend(x, &f, x->way[k]))
      return false;
  if (++x->ways > MAX_WAYS) {
    nirc_error_code(x->d, "loihi2-node", target->loc, "'%s': more than %d ways of linear nodes lead here", target->name, MAX_WAYS);
    return false;
  }
  nirc_loihi2_synapse *s = nirc_loihi2_add_synapse(x->net);
  s->from = source->code == NIR_INPUT ? NIRC_LOIHI2_INPUT : x->population[source->id];
  s->to = to;
  s->kind = f.kind == CONVOLUTION ? NIRC_LOIHI2_CONV : f.dense ? NIRC_LOIHI2_DENSE : NIRC_LOIHI2_SPARSE;
  s->conv = f.conv;
  if (f.kind == CONVOLUTION && (f.steps || f.in_steps || f.out_steps))
    s->kind = NIRC_LOIHI2_SPARSE;
  if (s->kind != NIRC_LOIHI2_CONV) {
    if (!become_matrix(x, &f))
      return false;
    s->matrix = f.matrix;
  }
  return set_delays(x, &f, s, target);
}

static bool walk(mapper *x, int to, const nirc_op *op)
{
  nirc_loihi2_population *p = &x->net->populations[to];
  for (uint32_t k = 0; k < op->n_operands; k++) {
    const nirc_op *source = nirc_op_operand(op, k)->def;
    if (!is_linear(source)) {
      if (!add_way(x, to, source))
        return false;
      continue;
    }
    if (x->depth == MAX_WAY || ++x->visits > MAX_VISITS) {
      nirc_error_code(x->d, "loihi2-node", source->loc, "'%s': more than %d linear nodes %s", source->name, x->depth == MAX_WAY ? MAX_WAY : MAX_VISITS,
                      x->depth == MAX_WAY ? "in a row" : "on the ways to one population");
      return false;
    }
    x->way[x->depth++] = source;
    if (!add_bias(x, p) || !walk(x, to, source))
      return false;
    x->depth--;
    if (x->seen[source->id] != p->node && source->code != NIR_IDENTITY) {
      x->seen[source->id] = p->node;
      x->nodes[p->n_nodes++] = source->name;
    }
  }
  return true;
}

static bool find_synapses(mapper *x)
{
  nirc_arena *a = x->net->arena;
  x->linear = NIRC_NEW_ARRAY(a, nirc_linear *, x->schedule.n);
  x->seen = NIRC_NEW_ARRAY(a, const nirc_op *, x->schedule.n);
  x->nodes = NIRC_NEW_ARRAY(a, const char *, x->schedule.n);
  for (size_t p = 0; p < x->net->n_populations; p++) {
    nirc_loihi2_population *to = &x->net->populations[p];
    x->depth = x->ways = x->visits = 0;
    if (!walk(x, (int)p, to->node))
      return false;
    x->nodes[to->n_nodes++] = to->node->name;
    to->nodes = NIRC_NEW_ARRAY(a, const char *, to->n_nodes);
    memcpy(to->nodes, x->nodes, to->n_nodes * sizeof *to->nodes);
  }
  return true;
}

/* The population behind the Output; ports of nested graphs are looked through. */
static bool find_output(mapper *x)
{
  const nirc_op *op = x->net->output;
  while ((op->code == NIR_OUTPUT || op->code == NIR_IDENTITY || op->code == NIR_FLATTEN) && op->n_operands == 1)
    op = nirc_op_operand(op, 0)->def;
  if (nirc_loihi2_is_neuron(op)) {
    x->net->last = x->population[op->id];
    return true;
  }
  nirc_error_code(x->d, op->n_operands > 1 || op->code == NIR_INPUT ? "loihi2-node" : "loihi2-graded", x->net->output->loc,
                  "'%s': an Output receives the spikes of one population, or the v of one readout; here it receives what '%s' sends", x->net->output->name,
                  op->name);
  return false;
}

static bool never(const nirc_op *op, const void *user)
{
  (void)op;
  (void)user;
  return false;
}

bool nirc_loihi2_map(nirc_loihi2_net *net, nirc_module *m, nirc_diag *d)
{
  mapper *x = NIRC_NEW(net->arena, mapper);
  x->net = net;
  x->m = m;
  x->d = d;
  x->graph = m->body.first;
  if (!check_nodes(x) || !nirc_schedule_graph(&x->schedule, net->arena, x->graph, never, NULL, d))
    return false;
  net->input_shape = chip_shape(net->input->results[0].type);
  return find_populations(x) && find_output(x) && find_synapses(x);
}
