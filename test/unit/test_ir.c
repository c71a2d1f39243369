/* test/unit/test_ir.c: the op table, lists of ops and uses, the verifier, the text form. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ir/dialect_nir.h"
#include "ir/print.h"
#include "ir/verify.h"
#include "test/unit/run_suite.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof *(a))
#define SHAPE(...) (&(nirc_shape){.rank = sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t), .dims = {__VA_ARGS__}})

/* ---- small modules ---------------------------------------------------------------------------------------------------------- */

static nirc_blob *dense(nirc_module *m, nirc_dtype t, const nirc_shape *shape, const void *values)
{
  void *data;
  nirc_blob *b = nirc_module_hold(m, nirc_blob_new(m->heap, t, shape, false, &data));
  memcpy(data, values, nirc_blob_bytes(b));
  return b;
}

static nirc_op *add_op(nirc_module *m, nirc_region *r, nirc_opcode code, const char *name, nirc_value *operand)
{
  nirc_op *op = nirc_op_new(m, r, code, name, nirc_loc_none());
  if (operand)
    nirc_op_set_operands(m, op, &operand, 1);
  if (op->n_results)
    nirc_op_result(op)->type = nirc_type_get(&m->types, op->def->spikes ? NIRC_BOOL : NIRC_F32, SHAPE(2));
  return op;
}

static nirc_op *add_port(nirc_module *m, nirc_region *r, nirc_opcode code, const char *name, nirc_value *operand)
{
  nirc_op *op = add_op(m, r, code, name, operand);
  nirc_op_set_blob(m, op, "shape", dense(m, NIRC_I64, SHAPE(1), (const int64_t[]){2}));
  return op;
}

static nirc_op *find(nirc_region *r, const char *name)
{
  NIRC_FOR_EACH_OP(op, r) {
    if (strcmp(op->name, name) == 0)
      return op;
    nirc_op *inside = op->body ? find(op->body, name) : NULL;
    if (inside)
      return inside;
  }
  return NULL;
}

/* in -> lif -> out at the nir level, the lif feeding itself. */
static nirc_module *nir_module(void)
{
  nirc_module *m = nirc_module_new(nirc_heap_default(), "a \"b\".nir", "net");
  m->source_hash[1] = 0x2a;
  nirc_op *graph = nirc_op_new(m, &m->body, NIR_GRAPH, "network", nirc_loc_file("a.nir"));
  nirc_op_set_string(m, graph, "version", "1.0");
  nirc_op *in = add_port(m, graph->body, NIR_INPUT, "in", NULL);
  nirc_op *lif = add_op(m, graph->body, NIR_LIF, "the lif", nirc_op_result(in));
  nirc_op_set_operands(m, lif, (nirc_value *[]){nirc_op_result(in), nirc_op_result(lif)}, 2);
  static const char *const params[] = {"tau", "r", "v_leak", "v_threshold"};
  for (size_t i = 0; i < N_ELEMENTS(params); i++)
    nirc_op_set_blob(m, lif, params[i], nirc_module_hold(m, nirc_blob_splat(m->heap, NIRC_F32, SHAPE(2), 0.02)));
  lif->loc = (nirc_loc){.file = "a.nir", .object = "/node/nodes/the lif"};
  add_port(m, graph->body, NIR_OUTPUT, "out", nirc_op_result(lif));
  return m;
}

/* in -> + state -> out at the snn level; the state takes the sum. */
static nirc_module *snn_module(void)
{
  nirc_module *m = nirc_module_new(nirc_heap_default(), "a.nir", "net");
  m->level = NIRC_LEVEL_SNN;
  nirc_op *step = nirc_op_new(m, &m->body, SNN_STEP, "step", nirc_loc_none());
  nirc_op_set_attr(m, step, "dt", NIRC_ATTR_FLOAT)->f = 1e-4;
  nirc_op_set_string(m, step, "profile", "nir");
  nirc_op *in = add_op(m, step->body, SNN_INPUT, "in", NULL);
  nirc_op_set_string(m, in, "name", "in");
  nirc_op *state = add_op(m, step->body, SNN_STATE, "n", NULL);
  nirc_op_set_string(m, state, "name", "n/v");
  nirc_op_set_blob(m, state, "init", nirc_module_hold(m, nirc_blob_splat(m->heap, NIRC_F32, SHAPE(2), 0)));
  nirc_op *sum = add_op(m, step->body, SNN_ADD, "n", NULL);
  nirc_op_set_operands(m, sum, (nirc_value *[]){nirc_op_result(in), nirc_op_result(state)}, 2);
  nirc_op *update = add_op(m, step->body, SNN_UPDATE, "n", NULL);
  nirc_op_set_operands(m, update, (nirc_value *[]){nirc_op_result(state), nirc_op_result(sum)}, 2);
  nirc_op *out = add_op(m, step->body, SNN_OUTPUT, "out", nirc_op_result(sum));
  nirc_op_set_string(m, out, "name", "out");
  return m;
}

/* ---- the table ------------------------------------------------------------------------------------------------------------------ */

START_TEST(op_table_is_complete)
{
  for (int i = 0; i < NIRC_N_OPS; i++) {
    const nirc_op_def *def = nirc_op_defs[i];
    ck_assert_ptr_nonnull(def);
    ck_assert_msg(def->mnemonic && def->doc && *def->doc, "op %d", i);
    ck_assert_msg(def->level < NIRC_LEVEL_ANY, "%s", def->mnemonic);
    size_t n = strlen(nirc_level_name(def->level));
    ck_assert_msg(strncmp(def->mnemonic, nirc_level_name(def->level), n) == 0 && def->mnemonic[n] == '.', "%s", def->mnemonic);
    ck_assert_msg(def->n_operands >= -1 && def->n_results >= -1, "%s", def->mnemonic);
    ck_assert_msg(nirc_level_has_steps(def->level) || def->has_region || def->infer, "%s", def->mnemonic);
    for (int k = 0; k < i; k++)
      ck_assert_msg(strcmp(def->mnemonic, nirc_op_defs[k]->mnemonic), "%s is there twice", def->mnemonic);
    if (def->nir_type)
      ck_assert_ptr_eq(nirc_op_def_of_nir_type(def->nir_type), def);
  }
  ck_assert_ptr_null(nirc_op_def_of_nir_type("Sigmoid"));
}
END_TEST

START_TEST(attributes_are_documented)
{
  for (int i = 0; i < NIRC_N_OPS; i++) {
    const nirc_op_def *def = nirc_op_defs[i];
    ck_assert_msg((def->attrs != NULL) == (def->n_attrs != 0), "%s", def->mnemonic);
    for (size_t a = 0; a < def->n_attrs; a++) {
      const nirc_attr_def *attr = &def->attrs[a];
      ck_assert_msg(attr->name && *attr->name && attr->doc && *attr->doc, "%s, attribute %zu", def->mnemonic, a);
      ck_assert_msg(nirc_op_def_attr(def, attr->name) == attr, "%s.%s is there twice", def->mnemonic, attr->name);
      ck_assert_msg(attr->kind != NIRC_ATTR_WORD, "%s.%s", def->mnemonic, attr->name);
      ck_assert_msg(attr->rule != NIRC_SHAPE_AXES || def->n_axes, "%s.%s", def->mnemonic, attr->name);
    }
  }
}
END_TEST

START_TEST(reference_has_every_op_and_attribute)
{
  nirc_strbuf b;
  nirc_strbuf_init(&b, nirc_heap_default());
  nirc_ops_print_reference(&b);
  for (int i = 0; i < NIRC_N_OPS; i++) {
    char text[128];
    snprintf(text, sizeof text, "\n### %s\n", nirc_op_defs[i]->mnemonic);
    const char *at = strstr(b.data, text), *end = at ? strstr(at + 1, "\n### ") : NULL;
    ck_assert_msg(at != NULL, "%s", nirc_op_defs[i]->mnemonic);
    for (size_t a = 0; a < nirc_op_defs[i]->n_attrs; a++) {
      snprintf(text, sizeof text, "\n| `%s` |", nirc_op_defs[i]->attrs[a].name);
      const char *row = strstr(at, text);
      ck_assert_msg(row && (!end || row < end), "%s of %s", nirc_op_defs[i]->attrs[a].name, nirc_op_defs[i]->mnemonic);
    }
  }
  nirc_strbuf_deinit(&b);
}
END_TEST

/* ---- lists ---------------------------------------------------------------------------------------------------------------------- */

static void expect_order(const nirc_region *r, const char *want)
{
  char got[64] = "";
  const nirc_op *before = NULL;
  NIRC_FOR_EACH_OP(op, r) {
    strcat(got, op->name);
    ck_assert_ptr_eq(op->prev, before);
    ck_assert_ptr_eq(op->parent, r);
    before = op;
  }
  ck_assert_str_eq(got, want);
  ck_assert_ptr_eq(r->last, before);
}

START_TEST(ops_keep_their_order)
{
  nirc_module *m = nirc_module_new(nirc_heap_default(), "", "");
  nirc_op *graph = nirc_op_new(m, &m->body, NIR_GRAPH, "g", nirc_loc_none());
  nirc_op *b = nirc_op_new(m, graph->body, NIR_IDENTITY, "b", nirc_loc_none());
  nirc_op *d = nirc_op_new(m, graph->body, NIR_IDENTITY, "d", nirc_loc_none());
  nirc_op *a = nirc_op_new_before(m, b, NIR_IDENTITY, "a", nirc_loc_none());
  nirc_op *c = nirc_op_new_before(m, d, NIR_IDENTITY, "c", nirc_loc_none());
  expect_order(graph->body, "abcd");
  nirc_op_move_to(a, graph->body);
  expect_order(graph->body, "bcda");
  nirc_op_erase(c);
  nirc_op_erase(b);
  expect_order(graph->body, "da");
  nirc_op_move_to(d, &m->body);
  expect_order(graph->body, "a");
  expect_order(&m->body, "gd");
  nirc_op_erase(a);
  expect_order(graph->body, "");
  nirc_module_free(m);
}
END_TEST

static unsigned count_uses(const nirc_value *v)
{
  unsigned n = 0;
  for (const nirc_use *u = v->uses; u; u = u->next)
    n++;
  return n;
}

START_TEST(uses_follow_operands)
{
  nirc_module *m = nirc_module_new(nirc_heap_default(), "", "");
  nirc_op *graph = nirc_op_new(m, &m->body, NIR_GRAPH, "g", nirc_loc_none());
  nirc_op *a = nirc_op_new(m, graph->body, NIR_IDENTITY, "a", nirc_loc_none());
  nirc_op *b = nirc_op_new(m, graph->body, NIR_IDENTITY, "b", nirc_loc_none());
  nirc_op *c = nirc_op_new(m, graph->body, NIR_IDENTITY, "c", nirc_loc_none());
  nirc_value *va = nirc_op_result(a), *vb = nirc_op_result(b);
  nirc_op_set_operands(m, c, (nirc_value *[]){va, vb, va}, 3);
  ck_assert_uint_eq(count_uses(va), 2);
  ck_assert_uint_eq(count_uses(vb), 1);
  nirc_value_replace(va, vb);
  ck_assert_uint_eq(count_uses(va), 0);
  ck_assert_uint_eq(count_uses(vb), 3);
  ck_assert_ptr_eq(nirc_op_operand(c, 0), vb);
  ck_assert_ptr_eq(nirc_op_operand(c, 2), vb);
  nirc_op_set_operands(m, c, &va, 1);
  ck_assert_uint_eq(count_uses(va), 1);
  ck_assert_uint_eq(count_uses(vb), 0);
  nirc_op_erase(c);
  ck_assert_uint_eq(count_uses(va), 0);
  nirc_module_free(m);
}
END_TEST

START_TEST(attributes_are_set_replaced_removed)
{
  nirc_module *m = nirc_module_new(nirc_heap_default(), "", "");
  nirc_op *graph = nirc_op_new(m, &m->body, NIR_GRAPH, "g", nirc_loc_none());
  nirc_op_set_int(m, graph, "a", 1);
  nirc_op_set_string(m, graph, "b", "text");
  nirc_op_set_int(m, graph, "c", 3);
  nirc_op_set_string(m, graph, "a", "now text");
  ck_assert_str_eq(graph->attrs->name, "a");         /* keeps its place */
  ck_assert_str_eq(nirc_op_attr(graph, "a")->s, "now text");
  ck_assert_int_eq(nirc_op_int(graph, "c"), 3);
  nirc_op_remove_attr(graph, "b");
  nirc_op_remove_attr(graph, "none");
  ck_assert_ptr_null(nirc_op_attr(graph, "b"));
  ck_assert_str_eq(graph->attrs->next->name, "c");
  ck_assert_ptr_null(nirc_op_blob(graph, "c"));
  nirc_module_free(m);
}
END_TEST

/* ---- the verifier ----------------------------------------------------------------------------------------------------------------- */

/* What the verifier says of m; empty where it finds nothing. */
static const char *verdict(nirc_module *m)
{
  char *text = NULL;
  size_t size = 0;
  FILE *f = open_memstream(&text, &size);
  nirc_diag d;
  nirc_diag_init(&d, f, "test");
  bool ok = nirc_module_verify(m, &d);
  fclose(f);
  ck_assert_msg(ok == (size == 0), "%s", text);
  ck_assert(ok == !nirc_diag_failed(&d) && (ok || d.status == NIRC_STATUS_INTERNAL));
  const char *kept = nirc_arena_strdup(m->arena, text);
  free(text);
  return kept;
}

static void expect_fault(nirc_module *m, const char *part)
{
  const char *text = verdict(m);
  ck_assert_msg(strstr(text, part) != NULL, "wanted \"%s\", got \"%s\"", part, text);
  nirc_module_free(m);
}

START_TEST(good_modules_pass)
{
  nirc_module *m = nir_module(), *s = snn_module();
  ck_assert_str_eq(verdict(m), "");
  ck_assert_str_eq(verdict(s), "");
  nirc_op *lif = find(&m->body, "the lif");          /* what any nir op may have */
  nirc_op_set_attr(m, lif, "metadata", NIRC_ATTR_DICT);
  nirc_op_set_blob(m, lif, "edge", dense(m, NIRC_I64, SHAPE(2), (const int64_t[]){4, 1}));
  nirc_op_set_int(m, lif, "probe", 1);
  nirc_op_new(m, m->body.first->body, NIR_GRAPH, "nested, unused, untyped", nirc_loc_none());
  ck_assert_str_eq(verdict(m), "");
  nirc_module_free(m);
  nirc_module_free(s);
}
END_TEST

START_TEST(earlier_errors_are_kept_apart)
{
  nirc_module *m = nir_module();
  nirc_diag d;
  FILE *f = fopen("/dev/null", "w");
  nirc_diag_init(&d, f, "test");
  nirc_error(&d, nirc_loc_none(), "something before");
  ck_assert(nirc_module_verify(m, &d));
  ck_assert_uint_eq(d.errors, 1);
  ck_assert_int_eq(d.status, NIRC_STATUS_REFUSED);
  fclose(f);
  nirc_module_free(m);
}
END_TEST

START_TEST(broken_lists_are_found)
{
  nirc_module *m = nir_module();
  m->body.first->body->last->prev = NULL;
  expect_fault(m, "lists of ops are broken");
  m = nir_module();
  m->body.first->body->last = m->body.first->body->first;
  expect_fault(m, "lists of ops are broken");
  m = nir_module();
  find(&m->body, "the lif")->parent = &m->body;
  expect_fault(m, "lists of ops are broken");
  m = nir_module();
  find(&m->body, "in")->code = NIR_OUTPUT;           /* and not its definition */
  expect_fault(m, "lists of ops are broken");
}
END_TEST

START_TEST(broken_uses_are_found)
{
  nirc_module *m = nir_module();
  find(&m->body, "out")->operands[0].value = nirc_op_result(find(&m->body, "in"));
  expect_fault(m, "list of uses of result 0 is broken");
  m = nir_module();
  find(&m->body, "in")->results[0].uses = NULL;
  expect_fault(m, "3 operands, but 2 uses");
  m = nir_module();
  nirc_use *u = find(&m->body, "the lif")->results[0].uses;
  u->next->next = u;                                 /* never ends */
  expect_fault(m, "list of uses of result 0 is broken");
  m = nir_module();
  find(&m->body, "out")->operands[0].value = NULL;
  expect_fault(m, "operand 0 is no value of this module");
}
END_TEST

START_TEST(erased_and_foreign_operands_are_found)
{
  nirc_module *m = nir_module();
  nirc_op *in = find(&m->body, "in");
  in->results[0].uses = NULL;                        /* what a careless pass would do */
  nirc_op_erase(in);
  expect_fault(m, "'the lif' (nir.lif): operand 0 is no value of this module");
  m = nir_module();
  nirc_op *nested = nirc_op_new(m, m->body.first->body, NIR_GRAPH, "nested", nirc_loc_none());
  add_op(m, nested->body, NIR_IDENTITY, "inside", nirc_op_result(find(&m->body, "in")));
  expect_fault(m, "'inside' (nir.identity): operand 0, 'in', is defined in another region");
}
END_TEST

START_TEST(types_and_counts_are_wanted)
{
  nirc_module *m = nir_module();
  find(&m->body, "in")->results[0].type = NULL;
  expect_fault(m, "'in' (nir.input): result 0 has no type");
  m = snn_module();
  nirc_op *sum = find(&m->body, "out")->operands[0].value->def;
  nirc_op_set_operands(m, sum, (nirc_value *[]){nirc_op_operand(sum, 0)}, 1);
  expect_fault(m, "'n' (snn.add): 1 operands, 2 are wanted");
  m = snn_module();
  sum = find(&m->body, "out")->operands[0].value->def;
  sum->results[0].type = nirc_type_get(&m->types, NIRC_F32, SHAPE(3));
  expect_fault(m, "operand 0 has shape [2], the result [3]");
}
END_TEST

START_TEST(attributes_are_checked)
{
  nirc_module *m = nir_module();
  nirc_op_remove_attr(find(&m->body, "the lif"), "tau");
  expect_fault(m, "'the lif' (nir.lif): attribute tau is missing");
  m = nir_module();
  nirc_op_set_int(m, find(&m->body, "the lif"), "tau", 1);
  expect_fault(m, "attribute tau is of the wrong kind");
  m = nir_module();
  nirc_op_set_int(m, find(&m->body, "the lif"), "vth", 1);
  expect_fault(m, "unknown attribute vth");
  m = nir_module();
  nirc_op_set_blob(m, find(&m->body, "the lif"), "edge", dense(m, NIRC_I64, SHAPE(1), (const int64_t[]){0}));
  expect_fault(m, "unknown attribute edge");         /* one number for two operands */
  m = snn_module();
  nirc_op_set_int(m, find(&m->body, "in"), "metadata", 1);
  expect_fault(m, "unknown attribute metadata");
}
END_TEST

START_TEST(snn_rules_are_checked)
{
  nirc_module *m = snn_module();
  nirc_op *state = find(&m->body, "n"), *step = m->body.first;
  nirc_op_move_to(state, step->body);                /* behind its uses */
  expect_fault(m, "'n' (snn.add): operand 1, 'n', is used before it is defined");
  m = snn_module();
  step = m->body.first;
  nirc_op_erase(step->body->last->prev);             /* the update */
  expect_fault(m, "'n' (snn.state): 0 snn.update belong to this state");
  m = snn_module();
  nirc_op_set_string(m, add_op(m, m->body.first->body, SNN_INPUT, "again", NULL), "name", "in");
  expect_fault(m, "'again' (snn.input): a second one with the name \"in\"");
  m = snn_module();
  nirc_op_set_blob(m, find(&m->body, "n"), "init", nirc_module_hold(m, nirc_blob_splat(m->heap, NIRC_F32, SHAPE(3), 0)));
  expect_fault(m, "'n' (snn.state): init is f32[3]");
  m = snn_module();
  m->level = NIRC_LEVEL_NIR;
  expect_fault(m, "not an op of this module's level (nir)");
}
END_TEST

/* ---- the text form ------------------------------------------------------------------------------------------------------------------- */

static void expect_text(nirc_module *m, bool elide, const char *want)
{
  nirc_strbuf b;
  nirc_strbuf_init(&b, nirc_heap_default());
  nirc_module_print(&b, m, elide);
  ck_assert_str_eq(b.data, want);
  nirc_strbuf_deinit(&b);
  nirc_module_free(m);
}

START_TEST(prints_the_nir_level)
{
  expect_text(nir_module(), false,
              "nirt 1\n"
              "module net {level = nir, path = \"a \\\"b\\\".nir\", source_hash = 0x0000000000000000000000000000002a}\n"
              "nir.graph @network attributes {version = \"1.0\"}  loc(\"a.nir\") {\n"
              "  %in = nir.input {shape = dense<i64[1] 2>} : f32[2]\n"
              "  %\"the lif\" = nir.lif %in, %\"the lif\" {tau = splat<f32[2] 0.02>, r = splat<f32[2] 0.02>, v_leak = splat<f32[2] 0.02>, "
              "v_threshold = splat<f32[2] 0.02>} : i1[2]  loc(\"a.nir\", \"/node/nodes/the lif\")\n"
              "  %out = nir.output %\"the lif\" {shape = dense<i64[1] 2>} : f32[2]\n"
              "}\n");
}
END_TEST

START_TEST(prints_the_snn_level)
{
  expect_text(snn_module(), false,
              "nirt 1\n"
              "module net {level = snn, path = \"a.nir\", source_hash = 0x00000000000000000000000000000000}\n"
              "snn.step @step attributes {dt = 0.0001, profile = \"nir\"} {\n"
              "  %in = snn.input {name = \"in\"} : f32[2]\n"
              "  %n = snn.state {name = \"n/v\", init = splat<f32[2] 0.0>} : f32[2]\n"
              "  %n~1 = snn.add %in, %n : f32[2]\n"
              "  snn.update @n %n, %n~1\n"
              "  snn.output @out %n~1 {name = \"out\"}\n"
              "}\n");
}
END_TEST

/* A graph with one attribute on it. */
static nirc_module *bare(nirc_op **graph)
{
  nirc_module *m = nirc_module_new(nirc_heap_default(), "p", "0net");
  *graph = nirc_op_new(m, &m->body, NIR_GRAPH, "g\n", (nirc_loc){.file = "x.snn", .line = 3, .column = 7});
  return m;
}

#define HEAD "nirt 1\nmodule 0net {level = nir, path = \"p\", source_hash = 0x00000000000000000000000000000000}\nnir.graph @\"g\\x0a\" attributes "
#define TAIL "  loc(\"x.snn\":3:7) {\n}\n"

START_TEST(prints_numbers_exactly)
{
  nirc_op *g;
  nirc_module *m = bare(&g);
  uint32_t bits[] = {0x7fc00001, 0xff800000, 0x80000000, 0x3dcccccd, 0x00000001, 0x7f7fffff, 0x4b800000, 0x7f800001};
  nirc_op_set_blob(m, g, "f", dense(m, NIRC_F32, SHAPE(8), bits));
  nirc_op_set_blob(m, g, "d", dense(m, NIRC_F64, SHAPE(3), (const double[]){0.1, -1e300, (double)INFINITY}));
  nirc_op_set_blob(m, g, "h", dense(m, NIRC_F16, SHAPE(3), (const uint16_t[]){0x3c00, 0x7e01, 0x2e66}));
  nirc_op_set_blob(m, g, "u", dense(m, NIRC_U64, SHAPE(2), (const uint64_t[]){UINT64_MAX, 0}));
  nirc_op_set_blob(m, g, "i", dense(m, NIRC_I64, SHAPE(1, 1), (const int64_t[]){INT64_MIN}));
  nirc_op_set_blob(m, g, "s", dense(m, NIRC_I8, &(nirc_shape){0}, (const int8_t[]){-5}));
  nirc_op_set_blob(m, g, "z", dense(m, NIRC_F32, SHAPE(0), ""));
  nirc_op_set_attr(m, g, "x", NIRC_ATTR_FLOAT)->f = 1;
  expect_text(m, false, HEAD
              "{f = dense<f32[8] 0x7fc00001, 0xff800000, -0.0, 0.1, 1e-45, 3.4028235e+38, 16777216.0, 0x7f800001>, "
              "d = dense<f64[3] 0.1, -1e+300, 0x7ff0000000000000>, h = dense<f16[3] 1.0, 0x7e01, 0.0999755859375>, "
              "u = dense<u64[2] 18446744073709551615, 0>, i = dense<i64[1,1] -9223372036854775808>, s = dense<i8 -5>, z = dense<f32[0]>, x = 1.0}" TAIL);
}
END_TEST

START_TEST(prints_strings_and_dictionaries)
{
  static const char *const list[] = {"a", "\"\\", "\x7f\xc3\xa4\xff"};
  nirc_op *g;
  nirc_module *m = bare(&g);
  nirc_attr *strings = nirc_op_set_attr(m, g, "list", NIRC_ATTR_STRINGS);
  strings->shape = nirc_shape_1d(3);
  strings->strings = list;
  nirc_attr *dict = nirc_op_set_attr(m, g, "metadata", NIRC_ATTR_DICT);
  nirc_attr inner = {.name = "deep key", .kind = NIRC_ATTR_INT, .i = -1}, empty = {.name = "e", .kind = NIRC_ATTR_DICT};
  nirc_attr middle = {.name = "m", .kind = NIRC_ATTR_DICT, .dict = &inner, .next = &empty};
  dict->dict = &middle;
  nirc_op_set_shape(m, g, "shape", SHAPE(2, 3));
  expect_text(m, false, HEAD "{list = strings<[3] \"a\", \"\\\"\\\\\", \"\\x7f\xc3\xa4\\xff\">, metadata = {m = {\"deep key\" = -1}, e = {}}, shape = [2, 3]}" TAIL);
}
END_TEST

START_TEST(prints_large_arrays_behind_the_ops)
{
  nirc_op *g;
  nirc_module *m = bare(&g);
  int16_t values[17];
  for (int i = 0; i < 17; i++)
    values[i] = (int16_t)(i * 256 - 1);
  nirc_op_set_blob(m, g, "a", dense(m, NIRC_I16, SHAPE(17), values));
  nirc_op_set_blob(m, g, "b", dense(m, NIRC_I16, SHAPE(17), values));    /* equal: the same blob */
  nirc_op_set_blob(m, g, "c", dense(m, NIRC_I16, SHAPE(1, 17), values));
  const char *hex = "\n  ffffff00ff01ff02ff03ff04ff05ff06ff07ff08ff09ff0aff0bff0cff0dff0eff0f\"\n";
  char want[1024];
  snprintf(want, sizeof want, HEAD "{a = dense<i16[17] @w0>, b = dense<i16[17] @w0>, c = dense<i16[1,17] @w1>}" TAIL
           "blob @w0 : i16[17] = hex\"%sblob @w1 : i16[1,17] = hex\"%s", hex, hex);
  expect_text(m, false, want);
}
END_TEST

START_TEST(elides_large_arrays)
{
  nirc_op *g;
  nirc_module *m = bare(&g);
  nirc_op_set_blob(m, g, "a", dense(m, NIRC_I8, SHAPE(17), "0123456789abcdefg"));
  char want[512];
  snprintf(want, sizeof want, HEAD "{a = dense<i8[17] @w0>}" TAIL "blob @w0 : i8[17] = elided 0x%016llx\n",
           (unsigned long long)nirc_blob_hash(nirc_op_blob(g, "a")));
  expect_text(m, true, want);
}
END_TEST

START_TEST(tells_regions_and_unfinished_types_apart)
{
  nirc_op *g;
  nirc_module *m = bare(&g);
  nirc_op *inner = nirc_op_new(m, g->body, NIR_GRAPH, "x", nirc_loc_none()), *same = nirc_op_new(m, g->body, NIR_IDENTITY, "x", nirc_loc_none());
  nirc_op *inside = nirc_op_new(m, inner->body, NIR_IDENTITY, "x", nirc_loc_none());
  nirc_op_set_operands(m, inside, (nirc_value *[]){nirc_op_result(inside)}, 1);
  nirc_op_set_operands(m, same, (nirc_value *[]){nirc_op_result(inner), nirc_op_result(same)}, 2);
  expect_text(m, false,
              "nirt 1\nmodule 0net {level = nir, path = \"p\", source_hash = 0x00000000000000000000000000000000}\n"
              "nir.graph @\"g\\x0a\"  loc(\"x.snn\":3:7) {\n"
              "  %x = nir.graph {\n"
              "    %x = nir.identity %x\n"
              "  }\n"
              "  %x~1 = nir.identity %x, %x~1\n"
              "}\n");
}
END_TEST

int main(void)
{
  Suite *s = suite_create("ir");
  TCase *table = tcase_create("table"), *lists = tcase_create("lists"), *verifier = tcase_create("verifier"), *text = tcase_create("text");
  tcase_add_test(table, op_table_is_complete);
  tcase_add_test(table, attributes_are_documented);
  tcase_add_test(table, reference_has_every_op_and_attribute);
  tcase_add_test(lists, ops_keep_their_order);
  tcase_add_test(lists, uses_follow_operands);
  tcase_add_test(lists, attributes_are_set_replaced_removed);
  tcase_add_test(verifier, good_modules_pass);
  tcase_add_test(verifier, earlier_errors_are_kept_apart);
  tcase_add_test(verifier, broken_lists_are_found);
  tcase_add_test(verifier, broken_uses_are_found);
  tcase_add_test(verifier, erased_and_foreign_operands_are_found);
  tcase_add_test(verifier, types_and_counts_are_wanted);
  tcase_add_test(verifier, attributes_are_checked);
  tcase_add_test(verifier, snn_rules_are_checked);
  tcase_add_test(text, prints_the_nir_level);
  tcase_add_test(text, prints_the_snn_level);
  tcase_add_test(text, prints_numbers_exactly);
  tcase_add_test(text, prints_strings_and_dictionaries);
  tcase_add_test(text, prints_large_arrays_behind_the_ops);
  tcase_add_test(text, elides_large_arrays);
  tcase_add_test(text, tells_regions_and_unfinished_types_apart);
  suite_add_tcase(s, table);
  suite_add_tcase(s, lists);
  suite_add_tcase(s, verifier);
  suite_add_tcase(s, text);
  return run_suite(s);
}
