/* values KIND ...: numbers that nirc makes, as bits, for tests that work them out again.
 *
 *   values read           lines `DIGITS UNIT` from standard input (UNIT may be missing): the bits of the double and the dimension, or `no`
 *   values write f32|f64  lines `BITS UNIT`: the text of the double of these bits, in that unit's dimension
 *   values log            lines `BITS`: the logarithm of that double
 *   values random SEED    lines `bits 0 0`, `uniform LOW HIGH`, `normal MEAN STD` or `bernoulli P 0`: the next number of one generator
 *   values npy FILE...    a line for each: `TYPE DIMS BYTES`, as `f32 2,3 0000803f...` (`-` for no dims or no bytes), or `refused`; messages go to stderr
 *
 * Exit status 2: usage, 3: a file cannot be read. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/snn/npy.h"
#include "frontend/snn/random.h"
#include "ir/base/quantity.h"

static int usage(void)
{
  fprintf(stderr, "usage: values read | write f32|f64 | log | random SEED | npy FILE...\n");
  return 2;
}

static void print_bits(double x)
{
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  printf("%016" PRIx64, bits);
}

/* Words of a line: one or two. */
static char *split(char *line)
{
  line[strcspn(line, "\n")] = '\0';
  char *space = strchr(line, ' ');
  if (!space)
    return NULL;
  *space = '\0';
  return space + 1;
}

static int read_quantities(void)
{
  char line[4096];
  while (fgets(line, sizeof line, stdin)) {
    const char *unit = split(line);
    double si;
    nirc_dims dims;
    char text[NIRC_DIMS_TEXT];
    if (!nirc_quantity_parse(line, strlen(line), unit, &si, &dims)) {
      puts("no");
      continue;
    }
    print_bits(si);
    nirc_dims_text(text, dims);
    printf(" %s\n", text);
  }
  return 0;
}

static int write_quantities(nirc_dtype t)
{
  char line[4096], text[NIRC_QUANTITY_TEXT];
  while (fgets(line, sizeof line, stdin)) {
    const char *name = split(line);
    const nirc_unit *unit = name ? nirc_unit_find(name) : NULL;
    uint64_t bits = strtoull(line, NULL, 16);
    double x;
    memcpy(&x, &bits, sizeof x);
    nirc_quantity_text(text, t, x, unit ? unit->dims : (nirc_dims){0, 0, 0});
    puts(text);
  }
  return 0;
}

static int logarithms(void)
{
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    uint64_t bits = strtoull(line, NULL, 16);
    double x;
    memcpy(&x, &bits, sizeof x);
    print_bits(nirc_random_log(x));
    puts("");
  }
  return 0;
}

static int random_numbers(uint64_t seed)
{
  nirc_random r;
  nirc_random_init(&r, seed);
  char kind[16];
  double a, b;
  while (scanf("%15s %lf %lf", kind, &a, &b) == 3) {
    if (strcmp(kind, "bits") == 0)
      printf("%016" PRIx64, nirc_random_bits(&r));
    else if (strcmp(kind, "uniform") == 0)
      print_bits(nirc_random_uniform(&r, a, b));
    else if (strcmp(kind, "normal") == 0)
      print_bits(nirc_random_normal(&r, a, b));
    else
      print_bits(nirc_random_bernoulli(&r, a));
    puts("");
  }
  return 0;
}

static void print_blob(const nirc_blob *b)
{
  printf("%s ", nirc_dtype_name(b->dtype));
  for (uint32_t i = 0; i < b->shape.rank; i++)
    printf("%s%" PRIu64, i ? "," : "", b->shape.dims[i]);
  printf("%s ", b->shape.rank == 0 ? "-" : "");
  for (size_t i = 0; i < nirc_blob_bytes(b); i++)
    printf("%02x", ((const unsigned char *)b->data)[i]);
  puts(nirc_blob_bytes(b) == 0 ? "-" : "");
}

static int arrays(char *const *files)
{
  for (; *files; files++) {
    nirc_diag d;
    nirc_diag_init(&d, stderr, "values");
    FILE *f = fopen(*files, "rb");
    if (!f || fseek(f, 0, SEEK_END) != 0)
      return 3;
    size_t size = (size_t)ftell(f);
    void *bytes = malloc(size);                      /* of just that size: a byte read behind it is found by sanitizers */
    rewind(f);
    if (!bytes || fread(bytes, 1, size, f) != size)
      return 3;
    fclose(f);
    nirc_blob *b = nirc_npy_read(nirc_heap_default(), bytes, size, nirc_loc_file(*files), &d);
    free(bytes);
    if (b)
      print_blob(b);
    else
      puts(d.errors == 1 ? "refused" : "refused, but not with one message");
    nirc_blob_unref(b);
  }
  return 0;
}

int main(int argc, char **argv)
{
  if (argc == 2 && strcmp(argv[1], "read") == 0)
    return read_quantities();
  if (argc == 3 && strcmp(argv[1], "write") == 0)
    return write_quantities(strcmp(argv[2], "f32") == 0 ? NIRC_F32 : NIRC_F64);
  if (argc == 2 && strcmp(argv[1], "log") == 0)
    return logarithms();
  if (argc == 3 && strcmp(argv[1], "random") == 0)
    return random_numbers(strtoull(argv[2], NULL, 10));
  if (argc >= 3 && strcmp(argv[1], "npy") == 0)
    return arrays(argv + 2);
  return usage();
}
