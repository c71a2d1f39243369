/* targets/spinnaker2/graph.c: from the nodes of a network to populations, the links between them, and the step that each population is in. The graph is
 * inlined; all nodes that are no population (Input, neurons) are linear, and what they come to is composed later. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "targets/spinnaker2/spinnaker2.h"

typedef struct mapper {
  nirc_s2_network *net;
  nirc_module *m;
  nirc_diag *d;
  const nirc_op *graph;
  size_t n_ops;
} mapper;

static bool is_neuron(const nirc_op *op) { return op->def->integrates || op->code == NIR_THRESHOLD; }
static bool is_readout(const nirc_op *op) { return op->code == NIR_I || op->code == NIR_LI || op->code == NIR_CUBA_LI; }
static bool is_population(const nirc_op *op) { return op->code == NIR_INPUT || is_neuron(op); }
static bool is_way(const nirc_op *op) { return op->code == NIR_IDENTITY || op->code == NIR_FLATTEN || op->code == NIR_OUTPUT; }

const nirc_op *nirc_s2_only_source(const nirc_op *op)
{
  const nirc_op *source = op->n_operands == 1 ? nirc_op_operand(op, 0)->def : NULL;
  while (source && source->code == NIR_IDENTITY)
    source = source->n_operands == 1 ? nirc_op_operand(source, 0)->def : NULL;
  return source;
}

double nirc_s2_delay_steps(const nirc_op *op, double dt)
{
  const nirc_blob *b = nirc_op_blob(op, "delay");
  double steps = b->count ? rint(nirc_blob_get(b, 0) / dt) : 0;
  for (size_t i = 1; i < b->count; i++)
    if (rint(nirc_blob_get(b, i) / dt) != steps)
      return -1;
  return steps >= 0 && isfinite(steps) ? steps : -1;
}

/* ---- nodes by themselves ---------------------------------------------------------------------------------------------------- */

static bool is_known(const nirc_op *op)
{
  switch (op->code) {
  case NIR_INPUT: case NIR_OUTPUT: case NIR_IDENTITY: case NIR_LINEAR: case NIR_AFFINE: case NIR_SCALE: case NIR_CONV1D: case NIR_CONV2D: case NIR_SUM_POOL2D:
  case NIR_AVG_POOL2D: case NIR_FLATTEN: case NIR_DELAY: case NIR_THRESHOLD: case NIR_IF: case NIR_LIF:
  case NIR_CUBA_LIF: case NIR_I: case NIR_LI: case NIR_CUBA_LI:
    return true;
  default:
    return false;
  }
}

static void check_numbers(mapper *x, const nirc_op *op)
{
  for (const nirc_attr *a = op->attrs; a; a = a->next) {
    bool tested = a->kind == NIRC_ATTR_DENSE && nirc_dtype_is_float(a->blob->dtype) && nirc_op_def_attr(op->def, a->name);
    for (size_t i = 0; tested && i < a->blob->count; i += a->blob->splat ? a->blob->count : 1) {
      double v = nirc_blob_get(a->blob, i);
      if (isfinite(v))
        continue;
      nirc_error_code(x->d, "S2-PARAM", nirc_op_attr_loc(x->m, op, a->name), "'%s': %s = %g (element %zu), a finite number is wanted", op->name, a->name, v, i);
      break;
    }
  }
}

/* The readout that arrives at op's operand `k` as it is; NULL: another node, or what is made of it. */
static const nirc_op *arriving_readout(const nirc_op *op, uint32_t k)
{
  const nirc_op *source = nirc_op_operand(op, k)->def;
  while ((source->code == NIR_IDENTITY || source->code == NIR_FLATTEN) && source->n_operands == 1)
    source = nirc_op_operand(source, 0)->def;
  return is_readout(source) ? source : NULL;
}

static void check_delay(mapper *x, const nirc_op *op)
{
  double steps = nirc_s2_delay_steps(op, x->net->options.dt);
  nirc_loc loc = nirc_op_attr_loc(x->m, op, "delay");
  if (steps < 0)
    nirc_error_code(x->d, "S2-DELAY", loc, "'%s': its elements have different delays, or one below 0; a projection has one for all", op->name);
  else if (steps > (double)(NIRC_S2_MAX_DELAY + x->net->n_populations))
    nirc_error_code(x->d, "S2-DELAY", loc, "'%s': %.0f steps of delay; a synapse has at most %d", op->name, steps, NIRC_S2_MAX_DELAY);
}

static void check_node(mapper *x, const nirc_op *op)
{
  if (!is_known(op)) {
    nirc_error_code(x->d, "S2-PRIM", op->loc, "'%s': a %s has no place on SpiNNaker 2", op->name, op->def->nir_type ? op->def->nir_type : op->def->mnemonic);
    return;
  }
  check_numbers(x, op);
  if (op->code == NIR_INPUT && op->n_operands)
    nirc_error_code(x->d, "S2-PRIM", op->loc, "'%s': an Input of the network cannot have an in-edge", op->name);
  if (op->code == NIR_DELAY)
    check_delay(x, op);
  for (uint32_t k = 0; !is_way(op) && k < op->n_operands; k++) {
    const nirc_op *readout = arriving_readout(op, k);
    if (!readout)
      continue;
    nirc_error_code(x->d, "S2-SPIKELESS", readout->loc, "'%s': the potential of a %s cannot be sent to '%s', a %s: only spikes travel on the chip",
                    readout->name, readout->def->nir_type, op->name, op->def->nir_type);
    nirc_note(x->d, op->loc, "a readout may feed an Output only");
  }
}

static bool check_nodes(mapper *x)
{
  unsigned before = x->d->errors;
  NIRC_FOR_EACH_OP(op, x->graph->body)
    check_node(x, op);
  return x->d->errors == before;
}

/* ---- populations -------------------------------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
  const nirc_s2_population *x = a, *y = b;
  return x->kind == NIRC_S2_SOURCE ? y->kind == NIRC_S2_SOURCE ? strcmp(x->name, y->name) : -1 : y->kind == NIRC_S2_SOURCE ? 1 : strcmp(x->name, y->name);
}

static int by_phase(const void *a, const void *b)
{
  const nirc_s2_population *x = a, *y = b;
  return x->phase != y->phase ? (x->phase > y->phase) - (x->phase < y->phase) : by_name(a, b);
}

static void number_populations(mapper *x)
{
  for (size_t i = 0; i < x->net->n_populations; i++)
    x->net->population_of[x->net->populations[i].op->id] = (int)i;
}

static bool collect_populations(mapper *x)
{
  nirc_s2_network *net = x->net;
  unsigned before = x->d->errors;
  size_t n_inputs = 0, n_outputs = 0;
  NIRC_FOR_EACH_OP(op, x->graph->body) {
    op->id = (uint32_t)x->n_ops++;
    net->n_populations += is_population(op);
    n_inputs += op->code == NIR_INPUT;
    n_outputs += op->code == NIR_OUTPUT;
  }
  net->population_of = NIRC_NEW_ARRAY(net->arena, int, x->n_ops);
  for (size_t i = 0; i < x->n_ops; i++)
    net->population_of[i] = -1;
  net->populations = NIRC_NEW_ARRAY(net->arena, nirc_s2_population, net->n_populations);
  size_t n = 0;
  NIRC_FOR_EACH_OP(op, x->graph->body)
    if (is_population(op)) {
      const nirc_type *t = op->results[0].type;
      nirc_s2_kind kind = op->code == NIR_INPUT ? NIRC_S2_SOURCE : op->code == NIR_CUBA_LIF || op->code == NIR_CUBA_LI ? NIRC_S2_CURRENT : NIRC_S2_LIF;
      net->populations[n++] = (nirc_s2_population){.name = op->name, .op = op, .shape = t->shape, .size = t->count, .kind = kind, .readout = is_readout(op)};
      if (t->count == 0 || t->count > INT32_MAX)
        nirc_error_code(x->d, "S2-PRIM", op->loc, "'%s': a population of %zu neurons", op->name, t->count);
    }
  qsort(net->populations, net->n_populations, sizeof *net->populations, by_name);
  number_populations(x);
  if (n_inputs && n_outputs)
    return x->d->errors == before;
  nirc_error_code(x->d, "S2-PRIM", nirc_loc_file(x->m->path), "the network has no %s; the loader wants at least one", n_inputs ? "Output" : "Input");
  return false;
}

/* ---- links ---------------------------------------------------------------------------------------------------------------------- */

/* The populations that reach population `post`, marked in reaches[]. */
static void walk_back(mapper *x, size_t post, uint32_t *seen, const nirc_op **stack, bool *reaches)
{
  size_t depth = 0;
  stack[depth++] = x->net->populations[post].op;
  while (depth) {
    const nirc_op *op = stack[--depth];
    for (uint32_t k = 0; k < op->n_operands; k++) {
      const nirc_op *source = nirc_op_operand(op, k)->def;
      int population = x->net->population_of[source->id];
      if (population >= 0)
        reaches[population] = true;
      else if (seen[source->id] != post + 1) {
        seen[source->id] = (uint32_t)(post + 1);
        stack[depth++] = source;
      }
    }
  }
}

static void find_links(mapper *x)
{
  nirc_s2_network *net = x->net;
  size_t n = net->n_populations, room = n;
  bool *reaches = NIRC_NEW_ARRAY(net->arena, bool, n);
  uint32_t *seen = NIRC_NEW_ARRAY(net->arena, uint32_t, x->n_ops);
  const nirc_op **stack = NIRC_NEW_ARRAY(net->arena, const nirc_op *, x->n_ops + 1);
  net->links = NIRC_NEW_ARRAY(net->arena, nirc_s2_link, room);
  for (size_t post = 0; post < n; post++) {
    memset(reaches, 0, n * sizeof *reaches);
    walk_back(x, post, seen, stack, reaches);
    for (size_t pre = 0; pre < n; pre++) {
      if (!reaches[pre])
        continue;
      if (net->n_links == room) {
        nirc_s2_link *more = NIRC_NEW_ARRAY(net->arena, nirc_s2_link, 2 * room);
        memcpy(more, net->links, room * sizeof *more);
        net->links = more;
        room *= 2;
      }
      net->links[net->n_links++] = (nirc_s2_link){pre, post, false};
    }
  }
}

/* ---- phases ----------------------------------------------------------------------------------------------------------------------- */

/* Out-links by population: out[first[p]] to out[first[p + 1] - 1] are indices of links, by post. */
typedef struct fan { size_t *first, *out; } fan;

static fan fan_out(const nirc_s2_network *net)
{
  size_t n = net->n_populations;
  fan f = {NIRC_NEW_ARRAY(net->arena, size_t, n + 2), NIRC_NEW_ARRAY(net->arena, size_t, net->n_links)};
  for (size_t k = 0; k < net->n_links; k++)
    f.first[net->links[k].pre + 2]++;
  for (size_t i = 2; i < n + 2; i++)
    f.first[i] += f.first[i - 1];
  for (size_t k = 0; k < net->n_links; k++)          /* links are by post, so these are */
    f.out[f.first[net->links[k].pre + 1]++] = k;
  return f;
}

enum mark { NEW, ON_PATH, DONE };

/* Depth first: links to a population on the path close a cycle. Populations are left in the reverse of an order that the others agree with. */
static void find_cycles(nirc_s2_network *net, const fan *f, size_t *order)
{
  size_t n = net->n_populations, left = n;
  unsigned char *mark = NIRC_NEW_ARRAY(net->arena, unsigned char, n);
  size_t *path = NIRC_NEW_ARRAY(net->arena, size_t, n), *next = NIRC_NEW_ARRAY(net->arena, size_t, n);
  for (size_t i = 0; i < n; i++)
    next[i] = f->first[i];
  for (size_t root = 0; root < n; root++) {
    size_t depth = 0;
    if (mark[root] == NEW) {
      path[depth++] = root;
      mark[root] = ON_PATH;
    }
    while (depth) {
      size_t p = path[depth - 1];
      if (next[p] == f->first[p + 1]) {
        mark[p] = DONE;
        order[--left] = p;
        depth--;
        continue;
      }
      nirc_s2_link *l = &net->links[f->out[next[p]++]];
      l->recurrent = mark[l->post] == ON_PATH;
      if (mark[l->post] == NEW) {
        mark[l->post] = ON_PATH;
        path[depth++] = l->post;
      }
    }
  }
}

static void find_phases(mapper *x)
{
  nirc_s2_network *net = x->net;
  fan f = fan_out(net);
  size_t n = net->n_populations, *order = NIRC_NEW_ARRAY(net->arena, size_t, n);
  find_cycles(net, &f, order);
  for (size_t i = 0; i < n; i++) {
    size_t p = order[i];
    for (size_t k = f.first[p]; k < f.first[p + 1]; k++) {
      const nirc_s2_link *l = &net->links[f.out[k]];
      nirc_s2_population *post = &net->populations[l->post];
      if (!l->recurrent && post->phase < net->populations[p].phase + 1)
        post->phase = net->populations[p].phase + 1;
    }
  }
}

static int by_ends(const void *a, const void *b)
{
  const nirc_s2_link *x = a, *y = b;
  return x->post != y->post ? (x->post > y->post) - (x->post < y->post) : (x->pre > y->pre) - (x->pre < y->pre);
}

/* Populations in their final order, and links between those numbers. */
static void put_in_order(mapper *x)
{
  nirc_s2_network *net = x->net;
  const nirc_op **op = NIRC_NEW_ARRAY(net->arena, const nirc_op *, net->n_populations);
  for (size_t i = 0; i < net->n_populations; i++)
    op[i] = net->populations[i].op;
  qsort(net->populations, net->n_populations, sizeof *net->populations, by_phase);
  number_populations(x);
  for (size_t k = 0; k < net->n_links; k++) {
    net->links[k].pre = (size_t)net->population_of[op[net->links[k].pre]->id];
    net->links[k].post = (size_t)net->population_of[op[net->links[k].post]->id];
  }
  qsort(net->links, net->n_links, sizeof *net->links, by_ends);
}

/* ---- what leaves -------------------------------------------------------------------------------------------------------------------- */

/* Only what a population sends, as it is, can leave the chip. */
static void find_output(mapper *x, const nirc_op *output)
{
  nirc_s2_network *net = x->net;
  const nirc_op *source = nirc_s2_only_source(output);
  while (source && source->code == NIR_FLATTEN)
    source = nirc_s2_only_source(source);
  if (source && net->population_of[source->id] >= 0) {
    size_t p = (size_t)net->population_of[source->id];
    *(net->populations[p].readout ? &net->populations[p].record_v : &net->populations[p].record_spikes) = true;
    net->outputs[net->n_outputs++] = (nirc_s2_port){output->name, output, p};
    return;
  }
  const char *code = source && source->code == NIR_DELAY ? "S2-DELAY" : "S2-PRIM";
  if (!source)
    nirc_error_code(x->d, code, output->loc,
                    "'%s': an Output takes what one population sends; it has %u in-edges, or a port of a nested graph before it has several", output->name,
                    output->n_operands);
  else
    nirc_error_code(x->d, code, output->loc, "'%s': what '%s', a %s, sends cannot leave the chip: an Output takes spikes, or the potential of I, LI or CubaLI",
                    output->name, source->name, source->def->nir_type);
}

static void find_outputs(mapper *x)
{
  x->net->outputs = NIRC_NEW_ARRAY(x->net->arena, nirc_s2_port, x->n_ops);
  NIRC_FOR_EACH_OP(op, x->graph->body)
    if (op->code == NIR_OUTPUT)
      find_output(x, op);
}

/* --s2-record */
static void take_records(mapper *x)
{
  nirc_s2_network *net = x->net;
  for (const char *at = net->options.record ? net->options.record : ""; *at; at += *at == ',') {
    size_t length = strcspn(at, ","), p = 0;
    while (p < net->n_populations && (strlen(net->populations[p].name) != length || strncmp(net->populations[p].name, at, length) != 0))
      p++;
    if (p < net->n_populations)
      net->populations[p].record_spikes = true;
    else
      nirc_error(x->d, nirc_loc_file(x->m->path), "--s2-record: no population is called '%.*s'; the Input and neuron nodes of the network are populations",
                 (int)length, at);
    at += length;
  }
}

bool nirc_s2_map(nirc_s2_network *net, nirc_module *m, nirc_diag *d)
{
  mapper x = {.net = net, .m = m, .d = d, .graph = m->body.first};
  unsigned before = d->errors;
  if (!collect_populations(&x) || !check_nodes(&x))
    return false;
  find_links(&x);
  find_phases(&x);
  put_in_order(&x);
  find_outputs(&x);
  take_records(&x);
  return d->errors == before;
}
