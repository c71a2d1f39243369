/* Two instances on two threads, each in a block of memory; built against net.h of the generated library. Argument: steps. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net.h"

typedef struct job {
  nirc_model *model;
  uint64_t steps;
  double sum;                                        /* of all outputs, weighted by step, so that order counts */
} job;

static void *work(void *arg)
{
  job *j = arg;
  const nirc_model_info *info = net_info(NIRC_MODEL_ABI);
  size_t n_in = (size_t)info->inputs[0].count, n_out = (size_t)info->outputs[0].count;
  float *in = malloc(n_in * sizeof *in), *out = malloc(n_out * sizeof *out);
  unsigned noise = 1;
  for (uint64_t t = 0; t < j->steps; t++) {
    for (size_t i = 0; i < n_in; i++) {
      noise = noise * 1664525u + 1013904223u;
      in[i] = (float)(noise >> 31);
    }
    const void *ins[] = {in};
    void *outs[] = {out};
    if (net_step(j->model, ins, outs) != NIRC_OK)
      abort();
    for (size_t i = 0; i < n_out; i++)
      j->sum += out[i] * (double)(t % 97);
  }
  free(in);
  free(out);
  return NULL;
}

int main(int argc, char **argv)
{
  uint64_t steps = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000;
  size_t size = (net_size(1) + 63) / 64 * 64;
  job jobs[2];
  void *memory[2];
  pthread_t threads[2];
  for (int i = 0; i < 2; i++) {
    memory[i] = aligned_alloc(64, size);
    memset(memory[i], i ? 0xff : 0x55, size);        /* whatever was there before must not matter */
    jobs[i] = (job){.steps = steps};
    if (net_init(memory[i], size, 1, &jobs[i].model) != NIRC_OK)
      return 1;
    pthread_create(&threads[i], NULL, work, &jobs[i]);
  }
  for (int i = 0; i < 2; i++)
    pthread_join(threads[i], NULL);
  printf("%s %g\n", jobs[0].sum == jobs[1].sum && jobs[0].sum > 0 ? "equal" : "different", jobs[0].sum);
  for (int i = 0; i < 2; i++)
    free(memory[i]);
  return 0;
}
