/* test/unit/test_nir.c: from a .nir file to the nir level and back: frontend/nir_build, nir_lenient, nir_write, ir/nir_infer. Files are made here
 * through libhdf5. */
#include <fcntl.h>
#include <hdf5.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "frontend/nir_build.h"
#include "frontend/nir_write.h"
#include "ir/dialect_nir.h"
#include "ir/verify.h"
#include "test/unit/run_suite.h"

static char folder[] = "/tmp/nirc-test-XXXXXX";      /* the working directory of a test */
static nirc_arena *arena;
static nirc_diag diag;
static char *messages;
static size_t messages_size;
static hid_t file, text, names;                      /* file being made; its string type; link creation that makes groups on the way */

static void begin(void)
{
  ck_assert_ptr_nonnull(mkdtemp(folder));
  ck_assert_int_eq(chdir(folder), 0);
  arena = nirc_arena_new(nirc_heap_default());
  nirc_diag_init(&diag, open_memstream(&messages, &messages_size), "test");
  text = H5Tcopy(H5T_C_S1);
  H5Tset_size(text, H5T_VARIABLE);
  names = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_create_intermediate_group(names, 1);
  file = H5Fcreate("a.nir", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
}

static void end(void)
{
  H5Pclose(names);
  H5Tclose(text);
  nirc_arena_free(arena);
  fclose(diag.stream);
  free(messages);
  ck_assert_int_eq(chdir("/"), 0);
  char command[64];
  snprintf(command, sizeof command, "rm -r '%s'", folder);
  ck_assert_int_eq(system(command), 0);
}

/* ---- making files ------------------------------------------------------------------------------------------------------------ */

/* A dataset at an absolute path; data NULL: never written. */
static void put(const char *path, hid_t type, int rank, const hsize_t *dims, const void *data)
{
  hid_t space = rank ? H5Screate_simple(rank, dims, NULL) : H5Screate(H5S_SCALAR), set = H5Dcreate2(file, path, type, space, names, H5P_DEFAULT, H5P_DEFAULT);
  ck_assert_int_ge(set, 0);
  if (data)
    ck_assert_int_ge(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), 0);
  H5Dclose(set);
  H5Sclose(space);
}

static void put_text(const char *path, const char *s)
{
  put(path, text, 0, NULL, &s);
}

/* n floats of the value x; n 0: a scalar. */
static void put_floats(const char *path, hsize_t n, float x)
{
  float *data = malloc((n + 1) * sizeof *data);
  for (hsize_t i = 0; i <= n; i++)
    data[i] = x;
  put(path, H5T_NATIVE_FLOAT, n > 0, &n, data);
  free(data);
}

static void put_matrix(const char *path, hsize_t rows, hsize_t columns)
{
  float *data = calloc(rows * columns, sizeof *data);
  put(path, H5T_NATIVE_FLOAT, 2, (hsize_t[]){rows, columns}, data);
  free(data);
}

static void put_edges(size_t n, const char *const *pairs)
{
  put("/node/edges", text, 2, (hsize_t[]){n, 2}, pairs);
}

static void put_port(const char *name, const char *type, int rank, const hsize_t *shape)
{
  char path[80];
  hsize_t n = (hsize_t)rank;
  snprintf(path, sizeof path, "/node/nodes/%s/type", name);
  put_text(path, type);
  snprintf(path, sizeof path, "/node/nodes/%s/shape", name);
  put(path, H5T_NATIVE_HSIZE, 1, &n, shape);
}

/* LIF parameters of n elements; 0: scalars. */
static void put_lif(hsize_t n)
{
  put_text("/node/nodes/lif/type", "LIF");
  put_floats("/node/nodes/lif/tau", n, 0.01f);
  put_floats("/node/nodes/lif/r", n, 1);
  put_floats("/node/nodes/lif/v_leak", n, 0);
  put_floats("/node/nodes/lif/v_threshold", n, 1);
}

/* Input [3] - Linear fc - LIF [lif] - Output [2], less the weight. */
static void put_network(hsize_t lif)
{
  static const char *const edges[] = {"lif", "output", "fc", "lif", "input", "fc"};
  put_text("/version", "1.0.7");
  put_text("/node/type", "NIRGraph");
  put_edges(3, edges);
  put_port("input", "Input", 1, (hsize_t[]){3});
  put_port("output", "Output", 1, (hsize_t[]){2});
  put_text("/node/nodes/fc/type", "Linear");
  put_lif(lif);
}

/* Input [1, 4, 4] - Conv2d - Output [2, 2, 2]. input_shape with n numbers; 0: none. */
static void put_conv(hsize_t n)
{
  static const char *const edges[] = {"input", "c", "c", "output"};
  const int64_t ones[] = {1, 1}, zeros[] = {0, 0}, sizes[] = {4, 4, 4};
  const hsize_t two = 2;
  float weight[18] = {0};
  put_text("/node/type", "NIRGraph");
  put_edges(2, edges);
  put_port("input", "Input", 3, (hsize_t[]){1, 4, 4});
  put_port("output", "Output", 3, (hsize_t[]){2, 2, 2});
  put_text("/node/nodes/c/type", "Conv2d");
  put("/node/nodes/c/weight", H5T_NATIVE_FLOAT, 4, (hsize_t[]){2, 1, 3, 3}, weight);
  put("/node/nodes/c/stride", H5T_NATIVE_INT64, 1, &two, ones);
  put("/node/nodes/c/dilation", H5T_NATIVE_INT64, 1, &two, ones);
  put("/node/nodes/c/padding", H5T_NATIVE_INT64, 1, &two, zeros);
  put("/node/nodes/c/groups", H5T_NATIVE_INT64, 0, NULL, ones);
  put_floats("/node/nodes/c/bias", 2, 0);
  if (n)
    put("/node/nodes/c/input_shape", H5T_NATIVE_INT64, 1, &n, sizes);
}

/* ---- reading ----------------------------------------------------------------------------------------------------------------- */

static nirc_module *read_file(const char *path, bool lenient)
{
  nirc_h5_limits limits = nirc_h5_limits_default();
  nirc_h5_file *f = nirc_h5_read(arena, path, &limits, &diag);
  nirc_module *m = f ? nirc_nir_build(f, "net", lenient ? NIRC_REPAIR_ALL : NIRC_REPAIR_NONE, nirc_heap_default(), &diag) : NULL;
  fflush(diag.stream);
  return m;
}

static nirc_module *finish(bool lenient)
{
  H5Fclose(file);
  return read_file("a.nir", lenient);
}

static void refused(bool lenient, nirc_status status, const char *message)
{
  ck_assert_ptr_null(finish(lenient));
  ck_assert_msg(strstr(messages, message) != NULL, "no `%s` in: %s", message, messages);
  ck_assert_int_eq(diag.status, status);
}

static nirc_op *node(const nirc_module *m, const char *name)
{
  NIRC_FOR_EACH_OP(op, m->body.first->body)
    if (strcmp(op->name, name) == 0)
      return op;
  ck_abort_msg("no node %s", name);
}

static bool same_bytes(const char *a, const char *b)
{
  char command[80];
  snprintf(command, sizeof command, "cmp -s %s %s", a, b);
  return system(command) == 0;
}

START_TEST(everything_is_kept)
{
  const int8_t weight[6] = {1, -2, 3, -4, 5, -6};
  const char *const words[] = {"x", "y"};
  const hsize_t two = 2, none[] = {0, 3};
  put_network(2);
  put("/node/nodes/fc/weight", H5T_NATIVE_INT8, 2, (hsize_t[]){2, 3}, weight);
  put_text("/node/metadata/author", "someone");
  put("/node/nodes/fc/metadata/deep/words", text, 1, &two, words);
  put("/node/nodes/fc/metadata/empty", H5T_NATIVE_DOUBLE, 2, none, NULL);
  nirc_module *m = finish(false);
  ck_assert_msg(m != NULL, "%s", messages);
  ck_assert(nirc_module_verify(m, &diag));
  ck_assert(nirc_nir_write(m, "b.nir", &diag));
  ck_assert(nirc_nir_write(m, "c.nir", &diag));
  ck_assert(same_bytes("b.nir", "c.nir"));
  nirc_module_free(m);
  m = read_file("b.nir", false);
  ck_assert_msg(m != NULL, "%s", messages);
  const nirc_op *fc = node(m, "fc");
  ck_assert_str_eq(nirc_op_attr(m->body.first, "version")->s, "1.0.7");
  ck_assert_str_eq(nirc_op_attr(m->body.first, "metadata")->dict->s, "someone");
  const nirc_attr *deep = nirc_op_attr(fc, "metadata")->dict;
  ck_assert_str_eq(deep->dict->strings[1], "y");
  ck_assert_uint_eq(deep->next->blob->count, 0);
  ck_assert_int_eq(nirc_op_blob(fc, "weight")->dtype, NIRC_I8);
  ck_assert_mem_eq(nirc_op_blob(fc, "weight")->data, weight, sizeof weight);
  ck_assert_int_eq((int)nirc_blob_get(nirc_op_blob(fc, "edge"), 0), 2);                      /* its place in the list of the file */
  ck_assert_int_eq(nirc_op_result(node(m, "lif"))->type->elem, NIRC_BOOL);
  ck_assert_uint_eq(diag.warnings, 0);
  nirc_module_free(m);
}
END_TEST

/* ---- refusals ------------------------------------------------------------------------------------------------------------------- */

START_TEST(one_wrong_shape_is_said_once)
{
  put_network(4);
  put_matrix("/node/nodes/fc/weight", 2, 3);
  refused(false, NIRC_STATUS_REFUSED, "a.nir:/node/nodes/lif: error: 'lif': receives shape [2] from 'fc', wants [4]\n");
  ck_assert_uint_eq(diag.errors, 1);                 /* the Output behind it is not blamed */
}
END_TEST

START_TEST(wrong_class_is_said_once)
{
  put_network(2);
  put_text("/node/nodes/fc/weight", "x");
  refused(false, NIRC_STATUS_REFUSED, "a.nir:/node/nodes/fc/weight: error: ");
  ck_assert_uint_eq(diag.errors, 1);
}
END_TEST

START_TEST(no_elements_of_a_huge_shape)
{
  put_network(2);
  put("/node/nodes/fc/weight", H5T_NATIVE_FLOAT, 2, (hsize_t[]){(hsize_t)1 << 50, 0}, NULL);
  refused(false, NIRC_STATUS_LIMIT, "a.nir:/node/nodes/fc/weight: error: ");
}
END_TEST

START_TEST(a_version_inside_the_graph)
{
  put_network(2);
  put_matrix("/node/nodes/fc/weight", 2, 3);
  put_text("/node/version", "1");
  refused(false, NIRC_STATUS_REFUSED, "a.nir:/node/version: error: ");
}
END_TEST

START_TEST(case_of_types)
{
  put_network(2);
  put_matrix("/node/nodes/fc/weight", 2, 3);
  put_text("/node/nodes/x/type", "Lif");
  refused(false, NIRC_STATUS_REFUSED, "did you mean 'LIF'?");
}
END_TEST

START_TEST(recordings_are_no_networks)
{
  const char *type = "NIRGraphData";
  hid_t space = H5Screate(H5S_SCALAR), a = H5Acreate2(file, "__type__", text, space, H5P_DEFAULT, H5P_DEFAULT);
  H5Awrite(a, text, &type);
  H5Aclose(a);
  H5Sclose(space);
  H5Gclose(H5Gcreate2(file, "nodes", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  refused(false, NIRC_STATUS_REFUSED, "a.nir: error: holds NIRGraphData");
}
END_TEST

/* Guessing what was meant must not take long where nothing is printed any more. The time limit of the test is what fails. */
START_TEST(many_edges_to_nowhere)
{
  enum { NODES = 300, EDGES = 20000, LENGTH = 40 };
  char path[100], (*bad)[LENGTH + 1] = malloc(EDGES * sizeof *bad);
  const char **pairs = malloc(2 * EDGES * sizeof *pairs);
  put_text("/node/type", "NIRGraph");
  for (int i = 0; i < NODES; i++) {
    snprintf(path, sizeof path, "/node/nodes/%0*d/type", LENGTH, i);
    put_text(path, "Scale");
    snprintf(path, sizeof path, "/node/nodes/%0*d/scale", LENGTH, i);
    put_floats(path, 2, 1);
  }
  for (int i = 0; i < EDGES; i++) {
    snprintf(bad[i], sizeof bad[i], "x%0*d", LENGTH - 1, i);
    pairs[2 * i] = pairs[2 * i + 1] = bad[i];
  }
  put_edges(EDGES, pairs);
  refused(false, NIRC_STATUS_REFUSED, "no node is called 'x000");
  free(pairs);
  free(bad);
}
END_TEST

/* ---- lenient -------------------------------------------------------------------------------------------------------------------- */

START_TEST(single_numbers_spread)
{
  put_network((hsize_t)_i);                          /* rank 0 and [1] */
  put_matrix("/node/nodes/fc/weight", 2, 3);
  nirc_module *m = finish(true);
  ck_assert_msg(m != NULL, "%s", messages);
  const nirc_blob *tau = nirc_op_blob(node(m, "lif"), "tau");
  ck_assert_uint_eq(tau->count, 2);
  ck_assert_int_eq(tau->dtype, NIRC_F32);
  ck_assert_uint_eq(diag.warnings, 1);
  nirc_module_free(m);
}
END_TEST

START_TEST(size_of_a_convolution)
{
  put_conv((hsize_t)_i);                             /* 0: missing; 1, 3: of another length */
  nirc_module *m = finish(true);
  ck_assert_msg(m != NULL, "%s", messages);
  ck_assert_uint_eq(nirc_op_blob(node(m, "c"), "input_shape")->count, 2);
  ck_assert(diag.warnings > 0 || _i == 2);
  nirc_module_free(m);
}
END_TEST

START_TEST(size_of_a_convolution_is_checked)
{
  put_conv((hsize_t)_i);
  refused(false, NIRC_STATUS_REFUSED, "a.nir:/node/nodes/c/input_shape: error: ");
}
END_TEST

/* A repair that is none is not announced. */
START_TEST(units_before_a_linear_are_not_dropped)
{
  static const char *const edges[] = {"input", "s", "s", "fc", "fc", "output"};
  put_text("/node/type", "NIRGraph");
  put_edges(3, edges);
  put_port("input", "Input", 2, (hsize_t[]){1, 3});
  put_port("output", "Output", 1, (hsize_t[]){2});
  put_text("/node/nodes/s/type", "Scale");
  put_matrix("/node/nodes/s/scale", 1, 3);
  put_text("/node/nodes/fc/type", "Linear");
  put_matrix("/node/nodes/fc/weight", 2, 3);
  refused(true, NIRC_STATUS_REFUSED, "'fc': receives shape [1, 3] from 's', wants [3]");
  ck_assert_uint_eq(diag.warnings, 0);
}
END_TEST

/* ---- writing -------------------------------------------------------------------------------------------------------------------- */

/* libhdf5 must not be left with bytes that do not fit: it would die at the end of the process, which here is that of the test. */
START_TEST(a_full_disk)
{
  put_network(2);
  put_matrix("/node/nodes/fc/weight", 2, 3);
  nirc_module *m = finish(false);
  ck_assert_ptr_nonnull(m);
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit old, few;
  ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
  few = old;
  few.rlim_cur = 2048;
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &few), 0);
  ck_assert(!nirc_nir_write(m, "b.nir", &diag));
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
  ck_assert_int_eq(diag.status, NIRC_STATUS_IO);
  nirc_module_free(m);
}
END_TEST

START_TEST(what_no_file_can_hold)
{
  nirc_module *m = nirc_module_new(nirc_heap_default(), "x", "net");
  nirc_op *graph = nirc_op_new(m, &m->body, NIR_GRAPH, "net", nirc_loc_none());
  nirc_op_new(m, graph->body, _i ? NIR_GRAPH : NIR_IDENTITY, _i ? "a/b" : "a", nirc_loc_none());
  ck_assert(!nirc_nir_write(m, "b.nir", &diag));
  ck_assert_int_eq(diag.status, NIRC_STATUS_REFUSED);
  ck_assert_int_ne(access("b.nir", F_OK), 0);
  nirc_module_free(m);
  H5Fclose(file);
}
END_TEST

START_TEST(splats_are_written_out)
{
  put_network(0);
  put_matrix("/node/nodes/fc/weight", 2, 3);
  nirc_module *m = finish(true);
  ck_assert_ptr_nonnull(m);
  ck_assert(nirc_nir_write(m, "b.nir", &diag));
  nirc_module_free(m);
  m = read_file("b.nir", false);                     /* what was repaired is strict */
  ck_assert_msg(m != NULL, "%s", messages);
  ck_assert(nirc_blob_get(nirc_op_blob(node(m, "lif"), "tau"), 1) == (double)0.01f);
  nirc_module_free(m);
}
END_TEST

int main(void)
{
  TCase *t = tcase_create("nir");
  tcase_add_checked_fixture(t, begin, end);
  tcase_set_timeout(t, 10);
  tcase_add_test(t, everything_is_kept);
  tcase_add_test(t, one_wrong_shape_is_said_once);
  tcase_add_test(t, wrong_class_is_said_once);
  tcase_add_test(t, no_elements_of_a_huge_shape);
  tcase_add_test(t, a_version_inside_the_graph);
  tcase_add_test(t, case_of_types);
  tcase_add_test(t, recordings_are_no_networks);
  tcase_add_test(t, many_edges_to_nowhere);
  tcase_add_loop_test(t, single_numbers_spread, 0, 2);
  tcase_add_loop_test(t, size_of_a_convolution, 0, 4);
  tcase_add_loop_test(t, size_of_a_convolution_is_checked, 3, 4);
  tcase_add_loop_test(t, size_of_a_convolution_is_checked, 0, 2);
  tcase_add_test(t, units_before_a_linear_are_not_dropped);
  tcase_add_test(t, a_full_disk);
  tcase_add_loop_test(t, what_no_file_can_hold, 0, 2);
  tcase_add_test(t, splats_are_written_out);
  Suite *s = suite_create("nir");
  suite_add_tcase(s, t);
  return run_suite(s);
}
