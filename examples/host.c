/* examples/host.c: a C program that runs a compiled network, without Python and without nirc.
 *
 *   nirc digits_mlp/model.nir --dt 1ms --name digits -o out
 *   cc -Iout host.c out/digits.so -Wl,-rpath,out -o host && ./host
 *
 * It shows each pixel as a spike in every step, for 16 steps, and prints how often each of the ten outputs fired. */
#include <stdio.h>
#include <stdlib.h>

#include "digits.h"

/* The library allocates once per instance, through the host. `size` is a multiple of 64 only by chance, hence the rounding. */
static void *allocate(void *user, size_t size, size_t align)
{
  (void)user;
  return aligned_alloc(align, (size + align - 1) / align * align);
}

static void release(void *user, void *p, size_t size)
{
  (void)user;
  (void)size;
  free(p);
}

int main(void)
{
  const nirc_model_info *info = digits_info(NIRC_MODEL_ABI);
  nirc_allocator allocator = {allocate, release, NULL};
  nirc_model *model = NULL;
  if (!info || info->n_inputs != 1 || info->n_outputs != 1) {
    fprintf(stderr, "another model was expected\n");
    return 1;
  }
  nirc_rc rc = digits_create(1, &allocator, &model);
  if (rc != NIRC_OK) {
    fprintf(stderr, "digits_create: %d\n", (int)rc);
    return 1;
  }
  size_t n_in = (size_t)info->inputs[0].count, n_out = (size_t)info->outputs[0].count;
  float *in = malloc(n_in * sizeof *in), *out = malloc(n_out * sizeof *out);
  unsigned *total = calloc(n_out, sizeof *total);
  if (!in || !out || !total)
    return 1;
  for (size_t i = 0; i < n_in; i++)
    in[i] = 1;

  const void *ins[] = {in};                          /* one pointer per input, in the order of info->inputs */
  void *outs[] = {out};                              /* one per output, then one (or NULL) per probe */
  for (int t = 0; t < 16; t++) {
    rc = digits_step(model, ins, outs);
    if (rc != NIRC_OK) {
      fprintf(stderr, "digits_step: %d\n", (int)rc);
      return 1;
    }
    for (size_t i = 0; i < n_out; i++)
      total[i] += out[i] != 0;
  }
  for (size_t i = 0; i < n_out; i++)
    printf("%s[%zu] %u\n", info->outputs[0].name, i, total[i]);

  digits_destroy(model);
  free(total);
  free(out);
  free(in);
  return 0;
}
