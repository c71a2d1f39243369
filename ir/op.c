#include "ir/op.h"

#include <string.h>

#define NIRC_OP(code, def) extern const nirc_op_def def;
#include "ir/ops.def"
#undef NIRC_OP

const char *nirc_level_name(nirc_level l)
{
  static const char *const names[] = {"nir", "snn", "hw", "any"};
  return names[l];
}

const nirc_op_def *const nirc_op_defs[NIRC_N_OPS] = {
#define NIRC_OP(code, def) &def,
#include "ir/ops.def"
#undef NIRC_OP
};

const char *nirc_dim_unit(nirc_dim d)
{
  static const char *const unit[] = {"", "s", "V", "Ohm"};
  return unit[d];
}

nirc_dims nirc_dim_dims(nirc_dim d)
{
  static const nirc_dims dims[] = {[NIRC_DIM_NONE] = {0}, [NIRC_DIM_SECOND] = {.second = 1}, [NIRC_DIM_VOLT] = {.volt = 1}, [NIRC_DIM_OHM] = {.ohm = 1}};
  return dims[d];
}

nirc_opcode nirc_op_def_code(const nirc_op_def *def)
{
  int i = 0;
  while (nirc_op_defs[i] != def)
    i++;
  return (nirc_opcode)i;
}

const nirc_op_def *nirc_op_def_of_nir_type(const char *type)
{
  for (int i = 0; i < NIRC_N_OPS; i++)
    if (nirc_op_defs[i]->nir_type && strcmp(nirc_op_defs[i]->nir_type, type) == 0)
      return nirc_op_defs[i];
  return NULL;
}

const nirc_attr_def *nirc_op_def_attr(const nirc_op_def *def, const char *name)
{
  for (size_t i = 0; i < def->n_attrs; i++)
    if (strcmp(def->attrs[i].name, name) == 0)
      return &def->attrs[i];
  return NULL;
}

/* ---- modules ------------------------------------------------------------------------------------------------ */

nirc_module *nirc_module_new(const nirc_heap *h, const char *path, const char *name)
{
  nirc_arena *a = nirc_arena_new(h);
  nirc_module *m = NIRC_NEW(a, nirc_module);
  m->arena = a;
  m->heap = h;
  m->types.arena = a;
  m->path = nirc_arena_strdup(a, path);
  m->name = nirc_arena_strdup(a, name);
  return m;
}

void nirc_module_free(nirc_module *m)
{
  if (!m)
    return;
  for (struct nirc_blob_list *l = m->blobs; l; l = l->next)
    nirc_blob_unref(l->blob);
  nirc_arena_free(m->arena);
}

nirc_blob *nirc_module_hold(nirc_module *m, nirc_blob *b)
{
  struct nirc_blob_list *l = NIRC_NEW(m->arena, struct nirc_blob_list);
  l->blob = b;
  l->next = m->blobs;
  m->blobs = l;
  return b;
}

/* ---- ops and their order -------------------------------------------------------------------------------------- */

static void link_before(nirc_op *op, nirc_region *region, nirc_op *at)
{
  op->parent = region;
  op->next = at;
  op->prev = at ? at->prev : region->last;
  *(op->prev ? &op->prev->next : &region->first) = op;
  *(at ? &at->prev : &region->last) = op;
}

static void unlink_op(nirc_op *op)
{
  *(op->prev ? &op->prev->next : &op->parent->first) = op->next;
  *(op->next ? &op->next->prev : &op->parent->last) = op->prev;
  op->prev = op->next = NULL;
}

static void make_results(nirc_module *m, nirc_op *op, uint32_t n)
{
  op->n_results = n;
  op->results = NIRC_NEW_ARRAY(m->arena, nirc_value, n);
  for (uint32_t i = 0; i < n; i++)
    op->results[i] = (nirc_value){.def = op, .index = i};
}

static nirc_op *make(nirc_module *m, nirc_opcode code, const char *name, nirc_loc loc)
{
  nirc_op *op = NIRC_NEW(m->arena, nirc_op);
  op->code = code;
  op->def = nirc_op_defs[code];
  op->name = nirc_arena_strdup(m->arena, name);
  op->loc = loc;
  make_results(m, op, op->def->n_results < 0 ? 0 : (uint32_t)op->def->n_results);
  if (op->def->has_region) {
    op->body = NIRC_NEW(m->arena, nirc_region);
    op->body->parent = op;
  }
  return op;
}

nirc_op *nirc_op_new(nirc_module *m, nirc_region *region, nirc_opcode code, const char *name, nirc_loc loc)
{
  nirc_op *op = make(m, code, name, loc);
  link_before(op, region, NULL);
  return op;
}

nirc_op *nirc_op_new_before(nirc_module *m, nirc_op *at, nirc_opcode code, const char *name, nirc_loc loc)
{
  nirc_op *op = make(m, code, name, loc);
  link_before(op, at->parent, at);
  return op;
}

void nirc_op_set_results(nirc_module *m, nirc_op *op, const nirc_type *const *types, size_t n)
{
  NIRC_ASSERT(op->def->n_results < 0 && n <= UINT32_MAX);
  for (uint32_t i = 0; i < op->n_results; i++)
    NIRC_ASSERT(!op->results[i].uses);
  make_results(m, op, (uint32_t)n);
  for (uint32_t i = 0; i < n; i++)
    op->results[i].type = types[i];
}

void nirc_op_move_to(nirc_op *op, nirc_region *region)
{
  unlink_op(op);
  link_before(op, region, NULL);
}

/* ---- uses ------------------------------------------------------------------------------------------------------- */

static void drop_use(nirc_use *u)
{
  if (!u->value)
    return;
  *(u->prev ? &u->prev->next : &u->value->uses) = u->next;
  if (u->next)
    u->next->prev = u->prev;
  u->value = NULL;
}

static void add_use(nirc_use *u, nirc_value *v)
{
  u->value = v;
  u->prev = NULL;
  u->next = v->uses;
  if (v->uses)
    v->uses->prev = u;
  v->uses = u;
}

void nirc_op_set_operands(nirc_module *m, nirc_op *op, nirc_value *const *values, size_t n)
{
  NIRC_ASSERT(n <= UINT32_MAX);
  for (uint32_t i = 0; i < op->n_operands; i++)
    drop_use(&op->operands[i]);
  op->operands = NIRC_NEW_ARRAY(m->arena, nirc_use, n);
  op->n_operands = (uint32_t)n;
  for (uint32_t i = 0; i < n; i++) {
    op->operands[i] = (nirc_use){.user = op, .index = i};
    add_use(&op->operands[i], values[i]);
  }
}

void nirc_value_replace(nirc_value *old, nirc_value *by)
{
  while (old->uses) {
    nirc_use *u = old->uses;
    drop_use(u);
    add_use(u, by);
  }
}

void nirc_op_erase(nirc_op *op)
{
  for (uint32_t i = 0; i < op->n_operands; i++)
    drop_use(&op->operands[i]);
  for (uint32_t i = 0; i < op->n_results; i++)
    NIRC_ASSERT(!op->results[i].uses);
  unlink_op(op);
}

nirc_value *nirc_op_result(nirc_op *op)
{
  NIRC_ASSERT(op->n_results > 0);
  return &op->results[0];
}

nirc_value *nirc_op_operand(const nirc_op *op, uint32_t i)
{
  NIRC_ASSERT(i < op->n_operands);
  return op->operands[i].value;
}

/* ---- attributes --------------------------------------------------------------------------------------------------- */

static nirc_attr *find(const nirc_op *op, const char *name)
{
  for (nirc_attr *a = op->attrs; a; a = a->next)
    if (strcmp(a->name, name) == 0)
      return a;
  return NULL;
}

const nirc_attr *nirc_op_attr(const nirc_op *op, const char *name)
{
  return find(op, name);
}

nirc_attr *nirc_op_set_attr(nirc_module *m, nirc_op *op, const char *name, nirc_attr_kind kind)
{
  nirc_attr *a = find(op, name);
  if (!a) {
    nirc_attr **end = &op->attrs;
    while (*end)
      end = &(*end)->next;
    a = *end = NIRC_NEW(m->arena, nirc_attr);
  }
  *a = (nirc_attr){.name = nirc_arena_strdup(m->arena, name), .kind = kind, .next = a->next};
  return a;
}

void nirc_op_set_blob(nirc_module *m, nirc_op *op, const char *name, nirc_blob *b)
{
  nirc_op_set_attr(m, op, name, NIRC_ATTR_DENSE)->blob = b;
}

void nirc_op_set_int(nirc_module *m, nirc_op *op, const char *name, int64_t i)
{
  nirc_op_set_attr(m, op, name, NIRC_ATTR_INT)->i = i;
}

void nirc_op_set_string(nirc_module *m, nirc_op *op, const char *name, const char *s)
{
  nirc_op_set_attr(m, op, name, NIRC_ATTR_STRING)->s = nirc_arena_strdup(m->arena, s);
}

void nirc_op_set_shape(nirc_module *m, nirc_op *op, const char *name, const nirc_shape *s)
{
  nirc_op_set_attr(m, op, name, NIRC_ATTR_SHAPE)->shape = *s;
}

void nirc_op_remove_attr(nirc_op *op, const char *name)
{
  for (nirc_attr **p = &op->attrs; *p; p = &(*p)->next)
    if (strcmp((*p)->name, name) == 0) {
      *p = (*p)->next;
      return;
    }
}

void nirc_op_set_attr_loc(nirc_op *op, const char *name, nirc_loc loc)
{
  nirc_attr *a = find(op, name);
  NIRC_ASSERT(a);
  a->loc = loc;
}

nirc_blob *nirc_op_blob(const nirc_op *op, const char *name)
{
  nirc_attr *a = find(op, name);
  return a && a->kind == NIRC_ATTR_DENSE ? a->blob : NULL;
}

int64_t nirc_op_int(const nirc_op *op, const char *name)
{
  const nirc_attr *a = find(op, name);
  NIRC_ASSERT(a && a->kind == NIRC_ATTR_INT);
  return a->i;
}

const nirc_shape *nirc_op_shape(const nirc_op *op, const char *name)
{
  const nirc_attr *a = find(op, name);
  NIRC_ASSERT(a && a->kind == NIRC_ATTR_SHAPE);
  return &a->shape;
}

nirc_loc nirc_op_attr_loc(nirc_module *m, const nirc_op *op, const char *name)
{
  const nirc_attr *a = find(op, name);
  return a && a->loc.line ? a->loc : nirc_loc_field(m->arena, op->loc, name);
}

nirc_attr *nirc_dict_add(nirc_module *m, nirc_attr *dict, const char *name, nirc_attr_kind kind)
{
  nirc_attr **end = &dict->dict;
  while (*end)
    end = &(*end)->next;
  *end = NIRC_NEW(m->arena, nirc_attr);
  **end = (nirc_attr){.name = nirc_arena_strdup(m->arena, name), .kind = kind};
  return *end;
}

void nirc_dict_add_int(nirc_module *m, nirc_attr *dict, const char *name, int64_t i)
{
  nirc_dict_add(m, dict, name, NIRC_ATTR_INT)->i = i;
}

void nirc_dict_add_size(nirc_module *m, nirc_attr *dict, const char *name, size_t n)
{
  nirc_dict_add_int(m, dict, name, (int64_t)n);
}

void nirc_dict_add_float(nirc_module *m, nirc_attr *dict, const char *name, double f)
{
  nirc_dict_add(m, dict, name, NIRC_ATTR_FLOAT)->f = f;
}

void nirc_dict_add_string(nirc_module *m, nirc_attr *dict, const char *name, const char *s)
{
  nirc_dict_add(m, dict, name, NIRC_ATTR_STRING)->s = nirc_arena_strdup(m->arena, s);
}

void nirc_dict_add_shape(nirc_module *m, nirc_attr *dict, const char *name, nirc_shape s)
{
  nirc_dict_add(m, dict, name, NIRC_ATTR_SHAPE)->shape = s;
}

void nirc_dict_add_blob(nirc_module *m, nirc_attr *dict, const char *name, nirc_blob *b)
{
  nirc_dict_add(m, dict, name, NIRC_ATTR_DENSE)->blob = b;
}

const nirc_attr *nirc_dict_find(const nirc_attr *dict, const char *name, nirc_attr_kind kind)
{
  for (const nirc_attr *a = dict && dict->kind == NIRC_ATTR_DICT ? dict->dict : NULL; a; a = a->next)
    if (strcmp(a->name, name) == 0 && a->kind == kind)
      return a;
  return NULL;
}
