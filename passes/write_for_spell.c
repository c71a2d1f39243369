/* passes/write_for_spell.c: nodes that an importer does not know, by others that it knows:
 *
 * - the ports of nested graphs that were inlined: their edges go on to their users;
 * - Scale: its factors become part of the weights in front, or of those behind;
 * - AvgPool2d: a SumPool2d, and weights behind it divided by its area;
 * - Linear: an Affine with a bias of 0;
 * - a convolution of several groups: of one, with zeros between them.
 *
 * What cannot be written so is left as it is, and refused later. */
#include <math.h>
#include <string.h>

#include "ir/dialect_nir.h"
#include "passes/write_for.h"

enum { MAX_WEIGHTS = 1 << 26 };                      /* of a convolution of one group */

bool nirc_for_takes(const nirc_simulator *s, nirc_opcode code)
{
  for (size_t i = 0; s->takes[i]; i++)
    if (s->takes[i] == code)
      return true;
  return false;
}

/* ---- leaving a node out ----------------------------------------------------------------------------------------------- */

/* What is known of the edges while nodes go: which of them deliver the value of the step before, by the ids of the first schedule. */
typedef struct edges { nirc_for *x; nirc_schedule first; bool *gone; bool any_back; } edges;

/* What arrives at op arrives at each of its users, in its place. */
static void leave_out(edges *e, nirc_op *op)
{
  nirc_for *x = e->x;
  while (op->results[0].uses) {
    const nirc_use *u = op->results[0].uses;
    nirc_op *user = u->user;
    size_t n = 0, most = user->n_operands + op->n_operands;
    nirc_value **in = NIRC_NEW_ARRAY(x->a, nirc_value *, most);
    bool *back = NIRC_NEW_ARRAY(x->a, bool, most);
    for (uint32_t k = 0; k < user->n_operands; k++) {
      bool here = k == u->index;
      for (uint32_t j = 0; j < (here ? op->n_operands : 1); j++) {
        in[n] = here ? nirc_op_operand(op, j) : nirc_op_operand(user, k);
        back[n++] = e->first.back[user->id][k] || (here && e->first.back[op->id][j]);
      }
    }
    e->first.back[user->id] = back;
    nirc_op_remove_attr(user, "edge");
    nirc_op_set_operands(x->m, user, in, n);
  }
  e->gone[op->id] = true;
  nirc_op_set_operands(x->m, op, NULL, 0);
  nirc_op_erase(op);
}

/* The search for back edges goes by names: without those that went it has to find the same. */
static bool same_loops(edges *e)
{
  nirc_for *x = e->x;
  if (!nirc_for_schedule(x, &x->schedule))
    return false;
  for (size_t i = 0; i < e->first.n; i++) {
    const nirc_op *op = e->first.by_name[i];
    for (uint32_t k = 0; !e->gone[i] && k < op->n_operands; k++)
      if (x->schedule.back[op->id][k] != e->first.back[i][k])
        return nirc_for_refuse(x, op, "without nested graphs another edge closes the loop that it is part of; rename the nodes of the loop");
  }
  return true;
}

/* ---- weights times factors ------------------------------------------------------------------------------------------------ */

static bool is_weights(const nirc_op *op)
{
  const nirc_blob *w = nirc_op_blob(op, "weight");
  return w && w->count && (op->code == NIR_CONV2D || ((op->code == NIR_LINEAR || op->code == NIR_AFFINE) && w->shape.rank == 2));
}

/* The element of `factor`, of n elements, that multiplies part `part` of `parts` (rows, columns, channels); false where they differ within it. */
static bool factor_of(const nirc_blob *factor, size_t n, size_t parts, size_t part, double *f)
{
  size_t spread = n / parts;
  *f = nirc_blob_get(factor, factor->count == 1 ? 0 : part * spread);
  for (size_t e = part * spread; factor->count > 1 && e < (part + 1) * spread; e++)
    if (nirc_blob_get(factor, e) != *f)
      return false;
  return true;
}

/* Multiplies rows (outputs) or columns (inputs) of weights by `factor`, which has n elements in all. With `try_only`, says whether that can be done. */
static bool multiply(nirc_for *x, nirc_op *op, const char *name, const nirc_blob *factor, size_t n, bool rows, bool try_only)
{
  const nirc_blob *w = nirc_op_blob(op, name);
  if (!w)
    return true;
  const nirc_shape *s = &nirc_op_blob(op, "weight")->shape;
  size_t n_rows = (size_t)s->dims[0], n_columns = (size_t)s->dims[1], parts = rows ? n_rows : n_columns, row = w->count / n_rows;
  if (w->count % n_rows || n % parts)
    return false;
  void *data = NULL;
  nirc_blob *made = try_only ? NULL : nirc_module_hold(x->m, nirc_blob_new(x->m->heap, NIRC_F32, &w->shape, false, &data));
  double f;
  if (try_only) {
    for (size_t part = 0; part < parts; part++)
      if (!factor_of(factor, n, parts, part, &f))
        return false;
    return true;
  }
  for (size_t i = 0; i < w->count; i++) {
    factor_of(factor, n, parts, rows ? i / row : i % row / (row / n_columns), &f);
    double exact = nirc_blob_get(w, i) * f, got = (double)(float)exact;
    ((float *)data)[i] = (float)exact;
    if (got != exact && !(fabs((got - exact) / exact) <= x->change))
      x->change = fabs((got - exact) / exact);
  }
  nirc_op_set_blob(x->m, op, name, made);
  return true;
}

/* ---- Scale ------------------------------------------------------------------------------------------------------------------ */

static bool has_groups(const nirc_op *op)
{
  const nirc_blob *groups = nirc_op_blob(op, "groups");
  return groups && !nirc_blob_is_all(groups, 1);
}

static bool can_fold(nirc_for *x, nirc_op *op, bool front)
{
  const nirc_blob *factor = nirc_op_blob(op, "scale");
  size_t n = op->results[0].type->count;
  for (uint32_t k = 0; front && k < op->n_operands; k++) {
    nirc_op *w = nirc_op_operand(op, k)->def;
    if (!is_weights(w) || w->results[0].uses->next || !multiply(x, w, "weight", factor, n, true, true))
      return false;
  }
  for (const nirc_use *u = op->results[0].uses; !front && u; u = u->next)
    if (!is_weights(u->user) || u->user->n_operands != 1 || has_groups(u->user) || !multiply(x, u->user, "weight", factor, n, false, true))
      return false;
  return front ? op->n_operands > 0 : op->results[0].uses != NULL;
}

static void fold_scale(edges *e, nirc_op *op)
{
  nirc_for *x = e->x;
  const nirc_blob *factor = nirc_op_blob(op, "scale");
  size_t n = op->results[0].type->count;
  bool front = can_fold(x, op, true);
  if (e->any_back || nirc_for_takes(x->to, NIR_SCALE) || (!front && !can_fold(x, op, false)))
    return;
  for (uint32_t k = 0; front && k < op->n_operands; k++) {
    multiply(x, nirc_op_operand(op, k)->def, "weight", factor, n, true, false);
    multiply(x, nirc_op_operand(op, k)->def, "bias", factor, n, true, false);
  }
  for (const nirc_use *u = op->results[0].uses; !front && u; u = u->next)
    multiply(x, u->user, "weight", factor, n, false, false);
  x->anew = true;
  nirc_remark(x->d, op->loc, "'%s': for %s its factors are part of the weights %s it", op->name, x->to->title, front ? "in front of" : "behind");
  leave_out(e, op);
}

/* ---- AvgPool2d -------------------------------------------------------------------------------------------------------------- */

/* Do only weights hear this node, perhaps through a Flatten? With `divide`, multiplies them by 1/area. */
static bool divide_behind(nirc_for *x, const nirc_op *op, double area, bool divide)
{
  for (const nirc_use *u = op->results[0].uses; u; u = u->next) {
    nirc_op *user = u->user;
    if (user->n_operands != 1 || !(user->code == NIR_FLATTEN ? divide_behind(x, user, area, divide) : is_weights(user)))
      return false;
    if (!divide || user->code == NIR_FLATTEN)
      continue;
    nirc_shape one = nirc_shape_scalar();
    nirc_blob *factor = nirc_module_hold(x->m, nirc_blob_splat(x->m->heap, NIRC_F64, &one, 1 / area));
    multiply(x, user, "weight", factor, (size_t)nirc_op_blob(user, "weight")->shape.dims[0], true, false);
  }
  return op->results[0].uses != NULL;
}

static void spell_pool(edges *e, nirc_op *op)
{
  nirc_for *x = e->x;
  nirc_window w;
  if (nirc_for_takes(x->to, NIR_AVG_POOL2D) || !nirc_for_takes(x->to, NIR_SUM_POOL2D) || !nirc_nir_window(x->m, op, &w, x->d) || w.before[0] || w.before[1])
    return;
  double area = (double)w.kernel[0] * (double)w.kernel[1];
  if (!divide_behind(x, op, area, false))
    return;
  divide_behind(x, op, area, true);
  static const char *const fields[] = {"kernel_size", "stride", "padding"};
  nirc_blob *blobs[3];
  for (int i = 0; i < 3; i++)
    blobs[i] = nirc_op_blob(op, fields[i]);
  nirc_op *sum = nirc_for_replace(x, op, NIR_SUM_POOL2D);
  for (int i = 0; i < 3; i++)
    nirc_op_set_blob(x->m, sum, fields[i], blobs[i]);
  x->anew = true;
  nirc_remark(x->d, sum->loc, "'%s': for %s it is a SumPool2d, and the weights behind it are divided by %g", sum->name, x->to->title, area);
}

/* ---- matrices and convolutions ------------------------------------------------------------------------------------------------- */

static void spell_linear(edges *e, nirc_op *op)
{
  nirc_for *x = e->x;
  nirc_blob *w = nirc_op_blob(op, "weight");
  if (!x->to->no_linear || w->shape.rank != 2)
    return;
  nirc_op *affine = nirc_for_replace(x, op, NIR_AFFINE);
  nirc_shape out = nirc_shape_1d(w->shape.dims[0]);
  nirc_op_set_blob(x->m, affine, "weight", w);
  nirc_op_set_blob(x->m, affine, "bias", nirc_module_hold(x->m, nirc_blob_splat(x->m->heap, NIRC_F32, &out, 0)));
  nirc_remark(x->d, affine->loc, "'%s': for %s it is an Affine with a bias of 0", affine->name, x->to->title);
}

/* Sums get terms that are 0, and are the same. */
static void join_groups(edges *e, nirc_op *op)
{
  nirc_for *x = e->x;
  nirc_window w;
  if (!nirc_for_takes(x->to, NIR_CONV2D) || !nirc_nir_window(x->m, op, &w, x->d) || w.groups == 1)
    return;
  const nirc_blob *old = nirc_op_blob(op, "weight");
  nirc_shape shape = old->shape;
  size_t groups = (size_t)w.groups, per = (size_t)shape.dims[1], area = (size_t)(shape.dims[2] * shape.dims[3]), out = (size_t)shape.dims[0];
  if (old->count > MAX_WEIGHTS / groups)
    return;
  shape.dims[1] = per * groups;
  size_t size = nirc_dtype_size(old->dtype), row = per * area;
  void *data;
  nirc_blob *b = nirc_module_hold(x->m, nirc_blob_new(x->m->heap, old->dtype, &shape, false, &data));
  memset(data, 0, b->count * size);
  for (size_t c = 0; c < out; c++)
    for (size_t i = 0; i < row; i++) {
      size_t to = c * row * groups + c / (out / groups) * row + i;
      memcpy((char *)data + to * size, (const char *)old->data + (old->splat ? 0 : c * row + i) * size, size);
    }
  nirc_op_set_blob(x->m, op, "weight", b);
  nirc_shape one = nirc_shape_scalar();
  void *number;
  nirc_blob *single = nirc_module_hold(x->m, nirc_blob_new(x->m->heap, NIRC_I64, &one, false, &number));
  *(int64_t *)number = 1;
  nirc_op_set_blob(x->m, op, "groups", single);
  nirc_remark(x->d, op->loc, "'%s': for %s its %zu groups are one, with zeros between them", op->name, x->to->title, groups);
}

/* In this order: factors go into convolutions that have one group by then. */
static const struct { nirc_opcode code; void (*spell)(edges *e, nirc_op *op); } spellings[] = {
  {NIR_IDENTITY, leave_out}, {NIR_CONV2D, join_groups}, {NIR_SCALE, fold_scale}, {NIR_AVG_POOL2D, spell_pool}, {NIR_LINEAR, spell_linear},
};

bool nirc_for_spell(nirc_for *x)
{
  edges e = {.x = x, .first = x->schedule};
  e.gone = NIRC_NEW_ARRAY(x->a, bool, e.first.n);
  for (size_t i = 0; i < e.first.n; i++)
    for (uint32_t k = 0; k < e.first.by_name[i]->n_operands; k++)
      e.any_back |= e.first.back[i][k];
  x->op = e.first.by_name;                           /* kept up to date where a node is replaced */
  for (size_t k = 0; k < sizeof spellings / sizeof *spellings; k++)
    for (size_t i = 0; i < e.first.n; i++)
      if (!e.gone[i] && x->op[i]->code == spellings[k].code)
        spellings[k].spell(&e, x->op[i]);
  x->op = NULL;
  return same_loops(&e);
}
