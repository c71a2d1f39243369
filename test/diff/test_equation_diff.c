/* test/diff/test_equation_diff.c: the generated code of each operation of equations against the interpreter, which computes with C's fmaf, trunc, floor, rint.
 *
 *   test_equation_diff [N [FIRST]]      seeds FIRST .. FIRST + N - 1 (default 6 from 1)
 *
 * Operands are numbers at the ends of ranges, halves, ties, subnormal numbers, infinities, NaN and random bits; each seed is compiled for this machine and
 * without fused multiply-add, at all levels. */
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codegen/cpu.h"
#include "codegen/nirc_model.h"
#include "ir/interp.h"
#include "ir/parse.h"
#include "test/diff/random_network.h"

enum { COUNT = 509, N_INPUTS = 3 };                  /* full vectors and a tail */

/* f64 results are seen in two parts. */
#define BOTH(d) "d = " d "; y = f32(d)", "d = " d "; y = f32(d - f32(d))"

static const char *const equations[] = {
  "y = a + b", "y = a - b", "y = a*b", "y = a/b", "y = -a", "y = abs(a)", "y = max(a, b)", "y = min(a, b)", "y = fma(a, b, c)", "y = fma(-a, b, c)",
  "y = trunc(a)", "y = floor(a)", "y = rint(a)", "y = trunc(a*b)", "y = floor(a/b)", "y = rint(a*0.5)", "y = a > b ? a : c", "y = a >= b ? 1 : 0", "y = (a < b) + 0",
  "y = (a <= b)*c", "y = a == b ? c : -c", "y = a != b || b > c ? 1 : 2", "y = a != a && b < c ? 1 : 2", "y = a*b + c", "y = (1 - (a > b))*c + (a > b)*0",
  BOTH("f64(a)*b + c"), BOTH("f64(a)/b"), BOTH("f64(a) - b*f64(c)"), BOTH("trunc(f64(a)*b)"), BOTH("floor(f64(a)*b)"), BOTH("rint(f64(a)*b)"), BOTH("max(f64(a)*b, c)"),
  BOTH("min(f64(a), f64(b)*c)"), BOTH("abs(f64(a)*b)"), BOTH("f64(a)*b > c ? f64(a) : 0.1"), BOTH("f64(i64(a))"), BOTH("f64(i64(f64(a)*b))"), BOTH("f64(-i64(a))"),
  BOTH("f64(abs(i64(a)*i64(b)))"), BOTH("f64(i64(a)*i64(b) + i64(c))"), BOTH("f64(i64(a)*3 - i64(b))"), BOTH("f64(i64(a)/4096)"), BOTH("f64(i64(f64(a)*b)*4095/4096)"),
  BOTH("f64(min(max(i64(a)*64, -8388607), 8388607))"), "y = f32(i64(a)*i64(b))", "y = f32(i64(f64(a)*4097))", "y = i64(a) > i64(b) ? 1 : 0", "y = i64(a) == i64(b) ? c : a",
  "n = i64(a) <= i64(b) ? i64(c) : 5; y = f32(n)/4096", "n = i64(a > b); y = f32(n + 2)",
  BOTH("f64(i64(a)/i64(b))"), BOTH("f64(i64(a) >> i64(b))"), BOTH("f64(i64(f64(a)*b) >> 3)"), BOTH("f64(i16(i64(f64(a)*b)))"), BOTH("f64(wrap16(i64(f64(a)*b)))"),
  "n = i16(i64(a)); y = f32(n*n >> 2)", "n = i64(a)*i64(b); y = f32(n >= 3 ? min(n/7, 31) : 0)"};

enum { N_EQUATIONS = sizeof equations / sizeof *equations };

typedef struct values { float in[N_INPUTS][COUNT], want[N_EQUATIONS][COUNT], got[N_EQUATIONS][COUNT]; } values;

static float of_bits(uint32_t u)
{
  float f;
  memcpy(&f, &u, sizeof f);
  return f;
}

static uint32_t bits(float f)
{
  uint32_t u;
  memcpy(&u, &f, sizeof u);
  return u;
}

/* ---- operands ------------------------------------------------------------------------------------------------------------ */

static float any_number(random_source *r)
{
  static const float special[] = {0, 0.5f, 1, 1.5f, 2.5f, 3, 0x1p-149f, 0x1p-126f, 0x1.fffffcp-127f, 0x1p-24f, 0x1p-60f, 1 + 0x1p-23f, 1 + 0x1p-12f, 1 - 0x1p-24f, 0x1p22f + 0.5f,
                                  0x1p23f, 0x1p23f - 0.5f, 0x1p24f, 0x1p31f, 0x1p52f, 0x1p62f, 0x1p63f, 0x1.fffffep62f, 0x1p64f, 0x1.fffffep127f, 4096, 64, 0.1f, INFINITY, NAN};
  float x = random_chance(r, 55) ? special[random_below(r, sizeof special / sizeof *special)] : random_chance(r, 50) ? (float)random_between(r, -4, 4) : of_bits((uint32_t)random_bits(r));
  return random_chance(r, 40) ? -x : x;
}

/* Near where a*b + c is a tie of f32, or nearly cancels. */
static float hard_term(random_source *r, float a, float b)
{
  double p = (double)a * b;
  switch (random_below(r, 4)) {
  case 0: return -(float)p;
  case 1: return nextafterf(-(float)p, random_chance(r, 50) ? INFINITY : -INFINITY);
  case 2: return (float)ldexp(random_chance(r, 50) ? p : -p, -20 - (int)random_below(r, 45));
  default: return (float)ldexp(random_chance(r, 50) ? p : -p, (int)random_below(r, 40));
  }
}

/* a*b is halfway between two f32 numbers (an odd number of 25 bits, often), and c far below its last bit: what is rounded twice goes the wrong way. */
static void make_tie(random_source *r, float *a, float *b, float *c)
{
  *a = (float)(4097 + 2 * random_below(r, 2048));
  *b = (float)(4097 + 2 * random_below(r, 2048)) * (random_chance(r, 50) ? 1 : -1);
  *c = (float)ldexp(random_chance(r, 50) ? 1 : -1, -(int)random_below(r, 140));
}

static void make_operands(values *v, uint64_t seed)
{
  random_source r = {seed};
  for (size_t i = 0; i < COUNT; i++) {
    float a = any_number(&r), b = any_number(&r);
    float c = random_chance(&r, 50) ? hard_term(&r, a, b) : any_number(&r);
    if (random_chance(&r, 20))
      make_tie(&r, &a, &b, &c);
    v->in[0][i] = a;
    v->in[1][i] = b;
    v->in[2][i] = c;
  }
}

/* ---- the module ------------------------------------------------------------------------------------------------------------ */

/* The statements of an equation mention these operands. */
static size_t operands_of(const char *equation, char takes[8])
{
  size_t n = 0;
  for (char c = 'a'; c <= 'c'; c++)
    for (const char *at = strchr(equation, c); at; at = strchr(at + 1, c))
      if (!(at > equation && at[-1] >= 'a' && at[-1] <= 'z') && !(at[1] >= 'a' && at[1] <= 'z')) {
        takes[n++] = c;
        break;
      }
  takes[n] = 0;
  return n;
}

static nirc_module *make_module(void)
{
  nirc_strbuf b;
  nirc_diag d;
  nirc_strbuf_init(&b, nirc_heap_default());
  nirc_diag_init(&d, stdout, "test_equation_diff");
  nirc_strbuf_addf(&b, "nirt 1\nmodule m {level = snn, path = \"m\", source_hash = 0x%032d}\nsnn.step @m attributes {dt = 0.001, profile = \"nir\"} {\n", 1);
  for (char c = 'a'; c <= 'c'; c++)
    nirc_strbuf_addf(&b, "  %%%c = snn.input {name = \"%c\"} : f32[%d]\n", c, c, COUNT);
  for (size_t k = 0; k < N_EQUATIONS; k++) {
    char takes[8];
    size_t n = operands_of(equations[k], takes);
    nirc_strbuf_addf(&b, "  %%n%zu = snn.neuron ", k);
    for (size_t i = 0; i < n; i++)
      nirc_strbuf_addf(&b, "%s%%%c", i ? ", " : "", takes[i]);
    nirc_strbuf_addf(&b, " {takes = \"");
    for (size_t i = 0; i < n; i++)
      nirc_strbuf_addf(&b, "%s%c", i ? " " : "", takes[i]);
    nirc_strbuf_addf(&b, "\", gives = \"y\", equation = \"%s\"} : f32[%d]\n  snn.output @y%03zu %%n%zu {name = \"y%03zu\"}\n", equations[k], COUNT, k, k, k);
  }
  nirc_strbuf_addf(&b, "}\n");
  nirc_module *m = nirc_module_parse(b.data, b.size, "text", nirc_heap_default(), &d);
  nirc_strbuf_deinit(&b);
  return m;
}

static void interpret(const nirc_module *m, values *v)
{
  nirc_interp *x = nirc_interp_new(m);
  const float *in[N_INPUTS];
  float *out[N_EQUATIONS];
  for (size_t i = 0; i < N_INPUTS; i++)
    in[i] = v->in[i];
  for (size_t k = 0; k < N_EQUATIONS; k++)
    out[k] = v->want[k];
  nirc_interp_step(x, in, out, N_EQUATIONS);
  nirc_interp_free(x);
}

/* ---- compiled --------------------------------------------------------------------------------------------------------------- */

static void *allocate(void *user, size_t size, size_t align)
{
  void *p;
  (void)user;
  return posix_memalign(&p, align, size) ? NULL : p;
}

static void release(void *user, void *p, size_t size)
{
  (void)user; (void)size;
  free(p);
}

static bool run_library(const char *path, values *v)
{
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    printf("%s\n", dlerror());
    return false;
  }
  const nirc_model_api *(*query)(uint32_t max_abi);
  *(void **)&query = dlsym(library, "nirc_model_query");
  const nirc_model_api *api = query ? query(NIRC_MODEL_ABI) : NULL;
  nirc_model *model = NULL;
  const void *in[N_INPUTS];
  void *out[N_EQUATIONS];
  for (size_t i = 0; i < N_INPUTS; i++)
    in[i] = v->in[i];
  for (size_t k = 0; k < N_EQUATIONS; k++)
    out[k] = v->got[k];
  bool ok = api && api->create(1, &(nirc_allocator){.alloc = allocate, .free = release}, &model) == NIRC_OK && api->step(model, in, out) == NIRC_OK;
  if (model)
    api->destroy(model);
  dlclose(library);
  if (!ok)
    printf("%s cannot be run\n", path);
  return ok;
}

static bool same_values(const values *v, uint64_t seed, int level, const char *cpu)
{
  bool ok = true;
  for (size_t k = 0; k < N_EQUATIONS; k++)
    for (size_t i = 0; i < COUNT; i++) {
      float want = v->want[k][i], got = v->got[k][i];
      if (bits(want) == bits(got) || (want != want && got != got))
        continue;
      printf("seed %llu, level %d%s%s: `%s` of a = %a, b = %a, c = %a: %a, the interpreter has %a\n", (unsigned long long)seed, level, cpu ? ", " : "", cpu ? cpu : "",
             equations[k], (double)v->in[0][i], (double)v->in[1][i], (double)v->in[2][i], (double)got, (double)want);
      ok = false;
      break;
    }
  return ok;
}

static bool check_level(const nirc_module *m, values *v, uint64_t seed, int level, const char *cpu, const char *folder)
{
  char path[4096];
  nirc_diag d;
  nirc_diag_init(&d, stdout, "test_equation_diff");
  nirc_cpu_options o = {.level = level, .target = "cpu", .cpu = cpu};
  snprintf(path, sizeof path, "%s/e%llu-%d%s.so", folder, (unsigned long long)seed, level, cpu ? cpu : "");
  memset(v->got, 0xa5, sizeof v->got);
  bool ok = nirc_cpu_write_library(m, &o, path, &d) && run_library(path, v) && same_values(v, seed, level, cpu);
  unlink(path);
  return ok;
}

int main(int argc, char **argv)
{
  unsigned long long n = argc > 1 ? strtoull(argv[1], NULL, 10) : 6, first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1, failed = 0;
  const char *tmp = getenv("TMPDIR");
  char folder[2048];
  values *v = calloc(1, sizeof *v);
  snprintf(folder, sizeof folder, "%s/nirc-diff-XXXXXX", tmp ? tmp : "/tmp");
  if (!v || !mkdtemp(folder)) {
    perror(folder);
    return 2;
  }
  nirc_module *m = make_module();
  for (unsigned long long seed = first; m && seed < first + n; seed++) {
    int level = (int)(seed % 4);
    make_operands(v, seed);
    interpret(m, v);
    bool ok = check_level(m, v, seed, level, NULL, folder);
#ifdef __x86_64__
    ok = check_level(m, v, seed, level, "x86-64", folder) && ok;         /* no fused multiply-add, no instruction that rounds to whole numbers */
#endif
    failed += !ok;
  }
  rmdir(folder);
  printf("%llu seeds of %d equations, %llu differ\n", n, (int)N_EQUATIONS, failed);
  bool made = m != NULL;
  nirc_module_free(m);
  free(v);
  return failed || !made;
}
