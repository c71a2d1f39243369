/* passes/write_for_neurons.c: the parameters of one neuron node for another simulator. Its update there is that here after a change of variables,
 *
 *     v' = scale*(v - offset)    i' = scale_syn*i    x' = weight*x
 *
 * weight is 1 unless something asks for more (one threshold for a layer; an output that is v itself), and becomes part of the weights in front. */
#include <math.h>
#include <string.h>

#include "passes/write_for.h"

typedef struct fit {
  const nirc_convention *from, *to;
  size_t n;
  const nirc_parameters *had;                        /* of the file */
  nirc_update *want;                                 /* in the other simulator's variables */
  nirc_parameters *p;                                /* for the other simulator */
  double *scale, *offset, *weight;
  bool weighted;
  bool free;                                         /* v may be in any unit: nothing but a Threshold hears it */
  double dt;                                         /* of the source's layer */
  double change;                                     /* the largest relative change of a coefficient */
  bool other_reset, assumed_input;                   /* what the fit needs, as in nirc_for */
  const char *why;                                   /* it does not fit */
} fit;

/* ---- reading and writing parameters -------------------------------------------------------------------------------------- */

static double parameter(const nirc_op *op, const char *name, size_t e, double absent)
{
  const nirc_blob *b = nirc_op_blob(op, name);
  return !b || !b->count ? absent : nirc_blob_get(b, b->count == 1 ? 0 : e);
}

static nirc_parameters *read_parameters(nirc_for *x, const nirc_op *op, size_t n)
{
  nirc_parameters *p = NIRC_NEW_ARRAY(x->a, nirc_parameters, n);
  const char *tau = nirc_op_attr(op, "tau") ? "tau" : "tau_mem";
  for (size_t e = 0; e < n; e++)
    p[e] = (nirc_parameters){
      .tau = parameter(op, tau, e, x->dt), .tau_syn = parameter(op, "tau_syn", e, x->dt),
      .w_in = parameter(op, "w_in", e, 1), .r = parameter(op, "r", e, 1),
      .v_leak = parameter(op, "v_leak", e, 0), .v_threshold = parameter(op, "v_threshold", e, 0),
      .v_reset = parameter(op, "v_reset", e, 0)};
  return p;
}

static double *field(nirc_parameters *p, const char *name)
{
  return strcmp(name, "tau_syn") == 0 ? &p->tau_syn : strcmp(name, "w_in") == 0 ? &p->w_in : strncmp(name, "tau", 3) == 0 ? &p->tau
         : strcmp(name, "r") == 0 ? &p->r : strcmp(name, "v_leak") == 0 ? &p->v_leak : strcmp(name, "v_threshold") == 0 ? &p->v_threshold : &p->v_reset;
}

/* One parameter of a layer as float32, unless it stands there already. */
static bool write_parameter(nirc_for *x, nirc_op *op, const char *name, nirc_parameters *p, size_t n)
{
  const nirc_blob *old = nirc_op_blob(op, name);
  bool optional = nirc_op_def_attr(op->def, name)->optional, kept = old || optional;
  for (size_t e = 0; kept && e < n; e++)
    kept = (float)parameter(op, name, e, strcmp(name, "w_in") == 0) == (float)*field(&p[e], name);
  if (kept && (!old || (old->count == n && old->dtype == NIRC_F32)))
    return false;
  void *data;
  nirc_blob *b = nirc_module_hold(x->m, nirc_blob_new(x->m->heap, NIRC_F32, &op->results[0].type->shape, false, &data));
  for (size_t e = 0; e < n; e++)
    ((float *)data)[e] = (float)*field(&p[e], name);
  nirc_op_set_blob(x->m, op, name, b);
  return !kept;
}

/* ---- how a spike comes about and what it does ---------------------------------------------------------------------------------- */

static nirc_resets resets_here(const nirc_for *x, const nirc_convention *c)
{
  return c->or_resets && x->subtract ? c->or_resets : c->resets;
}

static bool sets(nirc_resets r)
{
  return r == NIRC_RESETS_TO_V_RESET || r == NIRC_RESETS_TO_0;
}

/* Is the reset of `to` that of `from`, by its choice or the other one? */
static void match_resets(const nirc_for *x, fit *f)
{
  nirc_resets here = resets_here(x, f->from);
  bool keeps = f->from->decay == NIRC_DECAYS_NOT;    /* late or not is the same where nothing decays between */
  const nirc_resets there[] = {f->to->resets, f->to->or_resets};
  for (int i = 0; i < 2; i++) {
    bool both_set = sets(here) && sets(there[i]);
    bool both_subtract = here >= NIRC_RESETS_BY_THRESHOLD && there[i] >= NIRC_RESETS_BY_THRESHOLD && (here == there[i] || keeps);
    if (!both_set && !both_subtract && !(here == NIRC_RESETS_NOT && there[i] == NIRC_RESETS_NOT && !i))
      continue;
    f->other_reset = i == 1;
    return;
  }
  const char *from = x->from->title, *to = x->to->title;
  nirc_arena *a = x->m->arena;
  if (sets(here))
    f->why = nirc_arena_printf(a, "a spike sets v under %s and takes v_threshold off v in %s%s", from, to,
                               f->from->or_resets ? "; --reset subtract takes it off, too" : "");
  else if (sets(f->to->resets))
    f->why = nirc_arena_printf(a, "a spike takes v_threshold off v under %s and sets v in %s%s", from, to,
                               x->subtract ? "; --reset v_reset sets it, too" : "");
  else
    f->why = nirc_arena_printf(a, "%s takes v_threshold off what v has decayed to, %s off v", f->to->resets == NIRC_RESETS_LATE ? to : from,
                               f->to->resets == NIRC_RESETS_LATE ? from : to);
}

/* h may not reach twice the threshold where one simulator fires twice then and the other once. */
static void check_single_spikes(nirc_for *x, const nirc_op *op, fit *f)
{
  for (size_t e = 0; !f->why && e < f->n; e++) {
    nirc_update u = nirc_convention_update(f->from, f->had, f->n, e, f->dt);
    double low, high;
    nirc_for_arriving(x, op, e, &low, &high);
    if (nirc_convention_has_synapse(f->from))
      high = fmax(u.start_syn, (u.gain_syn * high + u.pull_syn) / (1 - u.decay_syn));
    double most = u.decay * u.threshold + u.gain * high + u.pull;
    if (u.threshold > 0 && u.start <= u.threshold && most < 2 * u.threshold * (1 - 1e-6))
      continue;
    bool several_there = f->to->fires == NIRC_FIRES_OFTEN;
    const char *bound = isfinite(most) ? nirc_arena_printf(x->a, "neuron %zu may reach %.4g, its threshold is %.4g", e, most, u.threshold) : "nothing bounds what arrives";
    f->why = nirc_arena_printf(x->m->arena, "where v reaches twice the threshold, %s gives several spikes and %s one; %s", several_there ? x->to->title : x->from->title,
                               several_there ? x->from->title : x->to->title, bound);
  }
  f->assumed_input |= !f->why;
}

/* A bound from below is never met where nothing drives v below where it starts. */
static void check_floor(nirc_for *x, const nirc_op *op, fit *f)
{
  for (size_t e = 0; !f->why && e < f->n; e++) {
    const nirc_update *u = &f->want[e];
    double low, high;
    nirc_for_arriving(x, op, e, &low, &high);
    if (!(low >= 0 && u->start >= 0 && u->start_syn >= 0 && u->pull >= 0 && u->pull_syn >= 0 && u->reset >= 0 && u->decay >= 0))
      f->why = nirc_arena_printf(x->m->arena, "v has a lower bound in %s only, and what arrives at neuron %zu may be negative",
                                 f->to->floor ? x->to->title : x->from->title, e);
  }
  f->assumed_input |= !f->why;
}

static void match_spikes(nirc_for *x, const nirc_op *op, fit *f)
{
  match_resets(x, f);
  if (!f->why && (f->from->fires == NIRC_FIRES_NEVER) != (f->to->fires == NIRC_FIRES_NEVER))
    f->why = "it spikes in one of the two only";
  if (!f->why && (f->from->fires == NIRC_FIRES_OFTEN) != (f->to->fires == NIRC_FIRES_OFTEN))
    check_single_spikes(x, op, f);
}

/* The least threshold that acts in `to` as this one in `from`. */
static double other_threshold(const fit *f, double threshold)
{
  bool strict = f->from->fires == NIRC_FIRES_ABOVE, strict_there = f->to->fires == NIRC_FIRES_ABOVE;
  return f->to->fires == NIRC_FIRES_NEVER || strict == strict_there ? threshold : (double)nextafterf((float)threshold, strict ? INFINITY : -INFINITY);
}

/* ---- the change of variables ------------------------------------------------------------------------------------------------------ */

/* Scales of v and i such that the gains of `to` can be had. */
static const char *find_scales(const fit *f, const nirc_update *u, double *scale, double *scale_syn)
{
  double fixed_syn = nirc_convention_has_synapse(f->to) ? nirc_gain_fixed(f->to->gain_syn, u->decay_syn) : NAN;
  double fixed = nirc_gain_fixed(f->to->gain, u->decay);
  bool synapse = nirc_convention_has_synapse(f->from);
  if (synapse && !nirc_convention_has_synapse(f->to) && u->decay_syn != 0)
    return "its synapse has a time constant, which such a neuron lacks there";
  double into_syn = synapse ? u->gain_syn : 1;
  if (!(u->gain > 0) || !(into_syn > 0) || !isfinite(u->gain) || !isfinite(into_syn))
    return "what arrives is not multiplied by a number above 0";
  if (fixed == 0 || fixed_syn == 0)
    return "what arrives in a step is gone after it here, and acts for longer there";
  *scale_syn = isnan(fixed_syn) ? nirc_convention_has_synapse(f->to) ? 1 : 1 / into_syn : fixed_syn / into_syn;
  *scale = isnan(fixed) ? 1 : fixed * *scale_syn / u->gain;
  return NULL;
}

static void change_variables(nirc_for *x, fit *f, size_t e)
{
  nirc_update u = nirc_convention_update(f->from, f->had, f->n, e, f->dt);
  double s = 1, s_syn = 1;
  f->why = find_scales(f, &u, &s, &s_syn);
  if (f->why)
    return;
  double o = f->to->resets == NIRC_RESETS_TO_0 && sets(resets_here(x, f->from)) ? u.reset : 0;
  f->scale[e] = s;
  f->offset[e] = o;
  f->weight[e] = 1;
  f->want[e] = (nirc_update){
    .decay_syn = u.decay_syn, .gain_syn = u.gain_syn * s_syn, .pull_syn = u.pull_syn * s_syn, .start_syn = u.start_syn * s_syn,
    .decay = u.decay, .gain = s * u.gain / s_syn, .pull = s * (u.pull - (1 - u.decay) * o), .start = s * (u.start - o),
    .threshold = other_threshold(f, s * (u.threshold - o)), .reset = s * (u.reset - o)};
}

/* Multiplies what arrives at neuron e, and all that follows from it. */
static void weigh(fit *f, size_t e, double w)
{
  nirc_update *u = &f->want[e];
  double *of_v_and_i[] = {&u->pull_syn, &u->start_syn, &u->pull, &u->start, &u->threshold, &u->reset};
  for (size_t i = 0; i < sizeof of_v_and_i / sizeof *of_v_and_i; i++)
    *of_v_and_i[i] *= w;
  f->scale[e] *= w;
  f->weight[e] *= w;
  f->weighted |= w != 1;
}

/* One threshold for all, as that of the first; v itself, where it is the output. */
static void find_weights(fit *f)
{
  bool analog = f->to->fires == NIRC_FIRES_NEVER;
  double target = f->want[0].threshold;
  for (size_t e = 0; e < f->n && !f->why; e++) {
    if (analog && !f->free && f->scale[e] != 1)
      weigh(f, e, 1 / f->scale[e]);
    else if (!analog && f->to->alike & NIRC_ALIKE_THRESHOLD && f->want[e].threshold != target) {
      if (!(target > 0) || !(f->want[e].threshold > 0))
        f->why = "there is one threshold for the layer there, and one of these is not above 0";
      else
        weigh(f, e, target / f->want[e].threshold);
      f->want[e].threshold = target;
    }
  }
}

/* ---- rounding ------------------------------------------------------------------------------------------------------------------------- */

static void note_change(double *change, double want, double got)
{
  double c = want == got ? 0 : want == 0 ? fabs(got) : fabs((got - want) / want);
  if (!(c <= *change))
    *change = c;
}

static void round_parameters(nirc_for *x, fit *f)
{
  for (size_t e = 0; e < f->n && !f->why; e++) {
    f->why = nirc_convention_parameters(f->to, &f->want[e], x->dt_to, &f->p[e]);
    double *all[] = {&f->p[e].tau_syn, &f->p[e].w_in, &f->p[e].tau, &f->p[e].r, &f->p[e].v_leak, &f->p[e].v_threshold, &f->p[e].v_reset};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
      *all[i] = (double)(float)*all[i];
      if (!f->why && !isfinite(*all[i]))
        f->why = "a parameter would be too large for float32";
    }
    if (!f->why && f->to->alike & NIRC_ALIKE_TAU && (f->p[e].tau != f->p[0].tau || f->p[e].tau_syn != f->p[0].tau_syn))
      f->why = "its time constants differ, and those of the first neuron count for all there";
  }
  double dt = x->to->dt_derived ? nirc_convention_derived_dt(f->p, f->n) : x->dt_to;
  for (size_t e = 0; e < f->n && !f->why; e++) {
    nirc_update got = nirc_convention_update(f->to, f->p, f->n, e, dt);
    const nirc_update *want = &f->want[e];
    note_change(&f->change, want->decay, got.decay);
    note_change(&f->change, want->gain, got.gain);
    note_change(&f->change, want->pull, got.pull);
    if (f->to->fires != NIRC_FIRES_NEVER)
      note_change(&f->change, want->threshold, got.threshold);
    if (nirc_convention_has_synapse(f->to)) {
      note_change(&f->change, want->decay_syn, got.decay_syn);
      note_change(&f->change, want->gain_syn, got.gain_syn);
    }
  }
}

/* ---- states that are whole numbers ------------------------------------------------------------------------------------------------- */

enum { GRID = 2048, LARGEST_SUM = 64 };

/* Weights, bias and threshold of an IF such that whole numbers of 1/2048 lose nothing: then the threshold goes between two of them. */
static void fit_whole(nirc_for *x, const nirc_op *op, fit *f)
{
  if (op->code != NIR_IF || f->weighted) {
    f->why = "states are whole numbers there, and decay to whole numbers";
    return;
  }
  for (uint32_t k = 0; k < op->n_operands && !f->why; k++) {
    const nirc_op *in = nirc_op_operand(op, k)->def;
    const nirc_blob *both[] = {nirc_op_blob(in, "weight"), nirc_op_blob(in, "bias")};
    if (!both[0])
      continue;                                      /* spikes, or sums of them */
    for (int i = 0; i < 2 && both[i]; i++)
      for (size_t j = 0; j < both[i]->count && !f->why; j++)
        if (nirc_blob_get(both[i], j) * GRID != floor(nirc_blob_get(both[i], j) * GRID))
          f->why = nirc_arena_printf(x->m->arena, "states are whole numbers there, and %.9g, a weight of '%s', is no multiple of 1/%d",
                                     nirc_blob_get(both[i], j), in->name, GRID);
  }
  for (size_t e = 0; e < f->n && !f->why; e++) {
    double low, high, t = f->want[e].threshold * GRID;
    nirc_for_arriving(x, op, e, &low, &high);
    if (!(fabs(low) <= LARGEST_SUM && fabs(high) <= LARGEST_SUM))
      f->why = "states are whole numbers there, and what arrives may be too large for them";
    f->want[e].threshold = (f->from->fires == NIRC_FIRES_ABOVE ? floor(t) + 0.5 : ceil(t) - 0.5) / GRID;
  }
}

/* ---- weights in front ------------------------------------------------------------------------------------------------------------------ */

/* Rows of weights, with one element or channel of the layer each; 0: they cannot be scaled for this layer alone. */
static size_t rows_for(const nirc_op *in, const fit *f)
{
  const nirc_blob *w = nirc_op_blob(in, "weight");
  size_t rows = w && w->shape.rank ? (size_t)w->shape.dims[0] : 0;
  if (!rows || rows > f->n || in->results[0].uses->next || (in->code == NIR_LINEAR || in->code == NIR_AFFINE ? w->shape.rank != 2 : in->code != NIR_CONV2D))
    return 0;
  size_t spread = f->n / rows;
  for (size_t e = 0; e < f->n; e++)
    if (f->weight[e] != f->weight[e / spread * spread])
      return 0;
  return rows;
}

static void check_weights(nirc_for *x, const nirc_op *op, fit *f)
{
  for (uint32_t k = 0; f->weighted && !f->why && k < op->n_operands; k++)
    if (!rows_for(nirc_op_operand(op, k)->def, f))
      f->why = nirc_arena_printf(x->m->arena, "its inputs have to be multiplied by numbers that cannot become part of the weights in front: "
                                 "'%s' has none, or serves others, too", nirc_op_operand(op, k)->def->name);
}

static void scale_rows(nirc_for *x, nirc_op *in, const char *name, const fit *f, size_t rows)
{
  const nirc_blob *b = nirc_op_blob(in, name);
  if (!b || !b->count)
    return;
  void *data;
  nirc_blob *made = nirc_module_hold(x->m, nirc_blob_new(x->m->heap, NIRC_F32, &b->shape, false, &data));
  for (size_t i = 0; i < b->count; i++) {
    double exact = nirc_blob_get(b, i) * f->weight[i * rows / b->count * (f->n / rows)];
    ((float *)data)[i] = (float)exact;
    note_change(&x->change, exact, (double)((float *)data)[i]);
  }
  nirc_op_set_blob(x->m, in, name, made);
}

static void apply_weights(nirc_for *x, const nirc_op *op, const fit *f)
{
  for (uint32_t k = 0; f->weighted && k < op->n_operands; k++) {
    nirc_op *in = nirc_op_operand(op, k)->def;
    size_t rows = rows_for(in, f);
    scale_rows(x, in, "weight", f, rows);
    scale_rows(x, in, "bias", f, rows);
    nirc_remark(x->d, in->loc, "'%s': its weights are multiplied for '%s', which has one %s there", in->name, op->name,
                f->to->fires == NIRC_FIRES_NEVER ? "unit of v" : "threshold for all neurons");
  }
}

/* ---- one node -------------------------------------------------------------------------------------------------------------------------- */

static void try_row(nirc_for *x, const nirc_op *op, fit *f)
{
  match_spikes(x, op, f);
  for (size_t e = 0; e < f->n && !f->why; e++)
    change_variables(x, f, e);
  if (!f->why && f->n && f->from->floor != f->to->floor)
    check_floor(x, op, f);
  if (!f->why && f->n)
    find_weights(f);
  if (!f->why && f->to->whole)
    fit_whole(x, op, f);
  if (!f->why)
    check_weights(x, op, f);
  if (!f->why)
    round_parameters(x, f);
}

static bool has_threshold_only(const nirc_op *op)
{
  const nirc_use *u = op->results[0].uses;
  return u && !u->next && u->user->code == NIR_THRESHOLD && u->user->n_operands == 1;
}

/* What became of it, where anything did. */
static void report(nirc_for *x, const nirc_op *op, const fit *f, const char *written)
{
  bool alike = true;
  for (size_t e = 1; e < f->n; e++)
    alike = alike && f->scale[e] == f->scale[0] && f->offset[e] == f->offset[0];
  double scale = f->n ? f->scale[0] : 1, offset = f->n ? f->offset[0] : 0;
  nirc_strbuf b;
  nirc_strbuf_init(&b, nirc_heap_default());
  nirc_strbuf_add(&b, written);
  if (!alike)
    nirc_strbuf_add(&b, "; v there is in a unit of its own for each neuron");
  else if (offset != 0)
    nirc_strbuf_addf(&b, "; v there is %.6g*(v - %.6g)", scale, offset);
  else if (scale != 1)
    nirc_strbuf_addf(&b, "; v there is %.6g*v", scale);
  if (f->change > 0)
    nirc_strbuf_addf(&b, "; coefficients are rounded by at most %.2g of themselves", f->change);
  nirc_remark(x->d, op->loc, "'%s': for %s %s", op->name, x->to->title, b.data);
  nirc_strbuf_deinit(&b);
}

static void apply(nirc_for *x, nirc_op *op, const fit *f)
{
  bool replaced = f->to->node != op->code;
  nirc_strbuf written;
  nirc_strbuf_init(&written, nirc_heap_default());
  if (replaced) {
    nirc_strbuf_addf(&written, "it is a %s", nirc_op_defs[f->to->node]->nir_type);
    op = nirc_for_replace(x, op, f->to->node);
  }
  for (size_t i = 0; i < op->def->n_attrs; i++) {
    const char *name = op->def->attrs[i].name;
    if (write_parameter(x, op, name, f->p, f->n) && !replaced)
      nirc_strbuf_addf(&written, "%s%s", written.size ? ", " : "", name);
  }
  if (written.size && !replaced)
    nirc_strbuf_add(&written, " written anew");
  apply_weights(x, op, f);
  x->anew |= written.size > 0 || f->weighted;
  if (!(f->change <= x->change))
    x->change = f->change;
  if (written.size)
    report(x, op, f, written.data);
  nirc_strbuf_deinit(&written);
}

/* What else a node can be written as, where its own type does not do. */
static const nirc_opcode others[][2] = {{NIR_IF, NIR_LIF}, {NIR_LIF, NIR_CUBA_LIF}, {NIR_I, NIR_LI}};

static fit new_fit(nirc_for *x, const nirc_op *op, const nirc_convention *from, const nirc_convention *to)
{
  size_t n = op->results[0].type->count;
  nirc_parameters *had = read_parameters(x, op, n);
  return (fit){
    .from = from, .to = to, .n = n, .dt = x->dt > 0 ? x->dt : nirc_convention_derived_dt(had, n), .had = had, .want = NIRC_NEW_ARRAY(x->a, nirc_update, n),
    .p = NIRC_NEW_ARRAY(x->a, nirc_parameters, n), .scale = NIRC_NEW_ARRAY(x->a, double, n), .offset = NIRC_NEW_ARRAY(x->a, double, n),
    .weight = NIRC_NEW_ARRAY(x->a, double, n)};
}

/* The Threshold behind an LI moves with v. */
static void scale_threshold(nirc_for *x, const nirc_op *op, const fit *f)
{
  nirc_op *t = op->results[0].uses->user;
  void *data;
  nirc_blob *b = nirc_module_hold(x->m, nirc_blob_new(x->m->heap, NIRC_F32, &op->results[0].type->shape, false, &data));
  for (size_t e = 0; e < f->n; e++)
    ((float *)data)[e] = (float)(f->scale[e] * parameter(t, "threshold", e, 0));
  nirc_op_set_blob(x->m, t, "threshold", b);
}

static bool try_as(nirc_for *x, nirc_op *op, const nirc_convention *from, nirc_opcode code, const char **why)
{
  const nirc_convention *to = nirc_convention_find(x->to, code);
  if (!to || to->read_only)
    return false;
  fit f = new_fit(x, op, from, to);
  bool thresholds = x->to->needs_threshold_after_li && code == NIR_LI;
  if (thresholds && !has_threshold_only(op))
    f.why = "it needs a Threshold right behind it there";
  f.free = thresholds;
  if (to->flat && op->results[0].type->shape.rank != 1)
    f.why = "neurons with a synapse run in layers of one axis only there";
  if (!f.why)
    try_row(x, op, &f);
  if (f.why) {
    if (!*why)
      *why = f.why;
    return false;
  }
  x->other_reset |= f.other_reset;
  x->assumed_input |= f.assumed_input;
  x->late[op->id] = to->late - from->late;
  if (to->high)
    nirc_warning(x->d, op->loc, "'%s': spikes of a %s are as high as 1/dt with the published importer of %s; as high as 1, as here, with amplitude=dt", op->name,
                 nirc_op_defs[code]->nir_type, x->to->title);
  if (thresholds)
    scale_threshold(x, op, &f);
  apply(x, op, &f);
  return true;
}

/* Parameters that no simulator can be given. */
static bool check_parameters(nirc_for *x, const nirc_op *op)
{
  for (const nirc_attr *a = op->attrs; a; a = a->next) {
    if (a->kind != NIRC_ATTR_DENSE || !nirc_op_def_attr(op->def, a->name))
      continue;
    bool is_tau = strncmp(a->name, "tau", 3) == 0;
    for (size_t e = 0; e < a->blob->count; e++) {
      double value = nirc_blob_get(a->blob, e);
      if (x->from->leak_is_0 && value != 0 && strcmp(a->name, "v_leak") == 0)
        return nirc_for_refuse(x, op, "v_leak = %g, and %s, whose arithmetic it is meant in, takes 0 only", value, x->from->title);
      if (!isfinite(value) || (is_tau && !(value > 0)))
        return nirc_for_refuse(x, op, "%s = %g; a %s is wanted", a->name, value, is_tau ? "time constant above 0" : "finite number");
    }
  }
  return true;
}

bool nirc_for_neuron(nirc_for *x, nirc_op *op)
{
  const nirc_convention *from = nirc_convention_find(x->from, op->code), *own = nirc_convention_find(x->to, op->code);
  const char *why = NULL;
  if (!check_parameters(x, op))
    return false;
  if (!from)
    return nirc_for_refuse(x, op, "what %s makes of a %s is not known here", x->from->title, op->def->nir_type);
  if (x->from == x->to && x->same_dt && own && !own->read_only) {
    x->other_reset |= from->or_resets && x->subtract;
    return true;
  }
  if (try_as(x, op, from, op->code, &why))
    return true;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (others[i][0] == op->code && try_as(x, op, from, others[i][1], &why))
      return true;
  if (!why)
    return nirc_for_refuse(x, op, "its importer knows no %s: %s", op->def->nir_type, x->to->drops);
  return nirc_for_refuse(x, op, "%s", why);
}
