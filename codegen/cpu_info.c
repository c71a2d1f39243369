/* codegen/cpu_info.c: what a model says of itself: the nirc_model_info in the library, NAME.h and NAME.json beside it. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "codegen/cpu_emit.h"
#include "codegen/nirc_model.h"
#include "ir/base/json.h"
#include "ir/base/utf8.h"

extern const char *const nirc_model_text[];          /* lines of nirc_model.h, ended by NULL; made from it by codegen.am */

/* ---- the table in the library ----------------------------------------------------------------------------------------------- */

static LLVMValueRef table(nirc_emitter *e, LLVMTypeRef row, LLVMValueRef *rows, size_t n, const char *name)
{
  if (!n)
    return LLVMConstNull(e->ptr);
  LLVMValueRef g = LLVMAddGlobal(e->module, LLVMArrayType2(row, n), name);
  LLVMSetInitializer(g, LLVMConstArray2(row, rows, n));
  LLVMSetGlobalConstant(g, true);
  LLVMSetLinkage(g, LLVMPrivateLinkage);
  return g;
}

static LLVMValueRef make_struct(nirc_emitter *e, LLVMValueRef *members, unsigned n)
{
  return LLVMConstStructInContext(e->context, members, n, false);
}

/* nirc_port[] */
static LLVMValueRef port_table(nirc_emitter *e, const nirc_cpu_port *ports, size_t n)
{
  LLVMValueRef *rows = NIRC_NEW_ARRAY(e->arena, LLVMValueRef, n + 1);
  for (size_t k = 0; k < n; k++) {
    const nirc_shape *s = &ports[k].type->shape;
    LLVMValueRef shape = s->rank ? nirc_emit_bytes(e, "shape", s->dims, s->rank * sizeof s->dims[0]) : LLVMConstNull(e->ptr);
    LLVMValueRef members[] = {nirc_emit_string(e, ports[k].name), nirc_c64(e, ports[k].type->count), shape, nirc_c32(e, s->rank), nirc_c32(e, nirc_cpu_latency(&ports[k]))};
    rows[k] = make_struct(e, members, 5);
  }
  return table(e, n ? LLVMTypeOf(rows[0]) : NULL, rows, n, "ports");
}

static const char *stored_dtype(const nirc_type *t)
{
  return nirc_dtype_name(nirc_cpu_stored(t->elem));
}

/* nirc_state_field[] */
static LLVMValueRef field_table(nirc_emitter *e)
{
  const nirc_cpu_plan *p = e->plan;
  LLVMValueRef *rows = NIRC_NEW_ARRAY(e->arena, LLVMValueRef, p->n_fields + 1);
  for (size_t k = 0; k < p->n_fields; k++) {
    const nirc_cpu_port *f = &p->fields[k];
    LLVMValueRef members[] = {nirc_emit_string(e, f->name), nirc_emit_string(e, stored_dtype(f->type)), nirc_c64(e, nirc_cpu_place(p, &f->op->results[0]).at),
                              nirc_c64(e, f->type->count)};
    rows[k] = make_struct(e, members, 4);
  }
  return table(e, p->n_fields ? LLVMTypeOf(rows[0]) : NULL, rows, p->n_fields, "fields");
}

/* nirc_counter[] */
static LLVMValueRef counter_table(nirc_emitter *e)
{
  const nirc_cpu_plan *p = e->plan;
  size_t n = p->counters.n_rows;
  LLVMValueRef *rows = NIRC_NEW_ARRAY(e->arena, LLVMValueRef, n + 1);
  for (size_t k = 0; k < n; k++) {
    LLVMValueRef members[] = {nirc_emit_string(e, p->counters.rows[k].node), nirc_emit_string(e, p->counters.rows[k].key)};
    rows[k] = make_struct(e, members, 2);
  }
  return table(e, n ? LLVMTypeOf(rows[0]) : NULL, rows, n, "counters");
}

static const char *source_hash(nirc_arena *a, const nirc_module *m)
{
  return nirc_arena_printf(a, "%016" PRIx64 "%016" PRIx64, m->source_hash[0], m->source_hash[1]);
}

static double most_events(const nirc_cpu_plan *p)
{
  if (!nirc_op_attr(p->step, "target"))             /* no chip */
    return 0;
  return nirc_op_attr(p->step, "most_events") ? (double)nirc_op_int(p->step, "most_events") : (double)INFINITY;
}

LLVMValueRef nirc_emit_info(nirc_emitter *e)
{
  const nirc_cpu_plan *p = e->plan;
  const nirc_op *step = p->step;
  LLVMValueRef members[] = {                         /* in the order of nirc_model_info */
    nirc_c32(e, NIRC_MODEL_ABI), nirc_c32(e, 0), nirc_emit_string(e, p->m->name), nirc_emit_string(e, source_hash(e->arena, p->m)),
    nirc_emit_string(e, "nirc " PACKAGE_VERSION), nirc_emit_string(e, nirc_op_attr(step, "profile")->s), nirc_emit_string(e, e->options->target),
    LLVMConstReal(e->f64, nirc_op_attr(step, "dt")->f), nirc_c64(e, p->fingerprint), nirc_c32(e, 0), nirc_c32(e, p->n_inputs), nirc_c32(e, p->n_outputs),
    nirc_c32(e, p->n_probes), nirc_c32(e, p->n_fields), nirc_c32(e, p->counters.n_rows), port_table(e, p->inputs, p->n_inputs),
    port_table(e, p->outputs, p->n_outputs), port_table(e, p->probes, p->n_probes), field_table(e), counter_table(e),
    nirc_c64(e, NIRC_CPU_STATE_HEADER_BYTES), nirc_c64(e, p->lane_bytes), LLVMConstReal(e->f64, most_events(p))};
  unsigned n = sizeof members / sizeof *members;
  members[1] = nirc_c32(e, LLVMABISizeOfType(e->layout, LLVMTypeOf(make_struct(e, members, n))));
  LLVMValueRef value = make_struct(e, members, n), g = LLVMAddGlobal(e->module, LLVMTypeOf(value), "info");
  LLVMSetInitializer(g, value);
  LLVMSetGlobalConstant(g, true);
  LLVMSetLinkage(g, LLVMPrivateLinkage);
  return g;
}

/* ---- NAME.h --------------------------------------------------------------------------------------------------------------------- */

static void add_port_comment(nirc_strbuf *out, const char *what, const nirc_cpu_port *ports, size_t n)
{
  for (size_t k = 0; k < n; k++) {
    nirc_strbuf_addf(out, " *   %s[%zu]  ", what, k);
    for (const char *s = ports[k].name; *s; s++)     /* a name must not end the comment */
      nirc_strbuf_addf(out, "%c", (unsigned char)*s < 0x20 || *s == '/' || *s == '\\' ? '.' : *s);
    nirc_strbuf_add(out, "  ");
    nirc_shape_add_text(out, &ports[k].type->shape);
    nirc_strbuf_add(out, "\n");
  }
}

void nirc_cpu_print_header(const nirc_cpu_plan *p, nirc_strbuf *out)
{
  const char *n = p->m->name;
  nirc_strbuf_addf(out, "/* %s.h: a network compiled by nirc %s. Ports, float32, in C order:\n", n, PACKAGE_VERSION);
  add_port_comment(out, "in", p->inputs, p->n_inputs);
  add_port_comment(out, "out", p->outputs, p->n_outputs);
  nirc_strbuf_addf(out, " */\n#ifndef NIRC_GENERATED_%s_H\n#define NIRC_GENERATED_%s_H\n\n", n, n);
  for (size_t i = 0; nirc_model_text[i]; i++)
    nirc_strbuf_add(out, nirc_model_text[i]);
  nirc_strbuf_add(out, "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n");
  nirc_strbuf_addf(out, "const nirc_model_info *%s_info(uint32_t caller_abi);\n", n);
  nirc_strbuf_addf(out, "size_t %s_size(uint32_t batch);\n", n);
  nirc_strbuf_addf(out, "nirc_rc %s_create(uint32_t batch, const nirc_allocator *a, nirc_model **out);\n", n);
  nirc_strbuf_addf(out, "nirc_rc %s_init(void *mem, size_t size, uint32_t batch, nirc_model **out);\n", n);
  nirc_strbuf_addf(out, "void %s_destroy(nirc_model *x);\nnirc_rc %s_reset(nirc_model *x);\n", n, n);
  nirc_strbuf_addf(out, "nirc_rc %s_step(nirc_model *x, const void *const in[], void *const out[]);\n", n);
  nirc_strbuf_addf(out, "nirc_rc %s_step_events(nirc_model *x, uint32_t lane, const nirc_event *in, size_t n, nirc_event *out, size_t cap, size_t *n_out);\n", n);
  nirc_strbuf_addf(out, "nirc_rc %s_run(nirc_model *x, uint64_t steps, const void *const in[], void *const out[]);\n", n);
  nirc_strbuf_addf(out, "size_t %s_state_size(const nirc_model *x);\n", n);
  nirc_strbuf_addf(out, "nirc_rc %s_state_save(const nirc_model *x, void *buf, size_t size);\n", n);
  nirc_strbuf_addf(out, "nirc_rc %s_state_load(nirc_model *x, const void *buf, size_t size);\n", n);
  nirc_strbuf_addf(out, "nirc_rc %s_count(nirc_model *x, uint64_t *counters);\n", n);
  nirc_strbuf_add(out, "\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n");
}

/* ---- NAME.json -------------------------------------------------------------------------------------------------------------------- */

static json_t *port_json(const nirc_cpu_port *ports, size_t n)
{
  json_t *list = json_array();
  for (size_t k = 0; k < n; k++) {
    json_t *shape = json_array();
    for (uint32_t i = 0; i < ports[k].type->shape.rank; i++)
      json_array_append_new(shape, json_integer((json_int_t)ports[k].type->shape.dims[i]));
    json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:i}", "name", ports[k].name, "dtype", "f32", "shape", shape, "latency", (int)nirc_cpu_latency(&ports[k])));
  }
  return list;
}

static json_t *field_json(const nirc_cpu_plan *p)
{
  json_t *list = json_array();
  for (size_t k = 0; k < p->n_fields; k++) {
    const nirc_cpu_port *f = &p->fields[k];
    json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:I}", "name", f->name, "dtype", stored_dtype(f->type), "offset",
                                          (json_int_t)nirc_cpu_place(p, &f->op->results[0]).at, "count", (json_int_t)f->type->count));
  }
  return list;
}

/* No directory of this machine goes into an output. A name that is not UTF-8, which JSON cannot say, has \\xNN in place of its odd bytes. */
static const char *base_name(nirc_arena *a, const char *path)
{
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  if (nirc_is_utf8(name, strlen(name)))
    return name;
  const char *text = "";
  for (; *name; name++)
    text = (unsigned char)*name < 0x80 ? nirc_arena_printf(a, "%s%c", text, *name) : nirc_arena_printf(a, "%s\\x%02x", text, (unsigned char)*name);
  return text;
}

void nirc_cpu_print_json(const nirc_cpu_plan *p, const nirc_cpu_options *o, nirc_strbuf *out)
{
  nirc_arena *a = nirc_arena_new(p->m->heap);
  const nirc_attr *reset = nirc_op_attr(p->step, "reset");
  json_t *root = json_pack("{s:s, s:s, s:i, s:s, s:s, s:s?, s:f, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:I}", "name", p->m->name, "compiler", "nirc " PACKAGE_VERSION, "abi",
                           NIRC_MODEL_ABI, "target", o->target, "profile", nirc_op_attr(p->step, "profile")->s, "reset",
                           reset ? reset->s : NULL, "dt", nirc_op_attr(p->step, "dt")->f, "source",
                           base_name(a, p->m->path), "source_xxh128", source_hash(a, p->m), "fingerprint", nirc_arena_printf(a, "%016" PRIx64, p->fingerprint), "inputs",
                           port_json(p->inputs, p->n_inputs), "outputs", port_json(p->outputs, p->n_outputs), "probes", port_json(p->probes, p->n_probes), "state",
                           field_json(p), "state_bytes_per_lane", (json_int_t)p->lane_bytes);
  nirc_strbuf_add_json(out, root, 2);
  nirc_arena_free(a);
}
