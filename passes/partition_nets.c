/* passes/partition_nets.c: a list of nets that grows. */
#include "passes/partition_nets.h"

#include <string.h>

static void *grown(nirc_arena *a, const void *old, size_t n, size_t max, size_t size)
{
  char *more = nirc_arena_alloc_array(a, max, size, 8);
  if (n)
    memcpy(more, old, n * size);
  return more;
}

static void make_room(nirc_partition_nets *x)
{
  if (x->n + 1 >= x->max) {
    x->max = 2 * x->max + 256;
    x->first = grown(x->a, x->first, x->n + 1, x->max, sizeof *x->first);
    x->source = grown(x->a, x->source, x->n, x->max, sizeof *x->source);
    x->events = grown(x->a, x->events, x->n, x->max, sizeof *x->events);
  }
  if (x->n_pins == x->max_pins) {
    x->max_pins = 2 * x->max_pins + 1024;
    x->pin = grown(x->a, x->pin, x->n_pins, x->max_pins, sizeof *x->pin);
  }
}

void nirc_partition_nets_init(nirc_partition_nets *x, nirc_arena *a, size_t n_units)
{
  *x = (nirc_partition_nets){.a = a, .first = NIRC_NEW(a, size_t), .seen = NIRC_NEW_ARRAY(a, uint32_t, n_units), .stamp = 1};
  make_room(x);
}

void nirc_partition_nets_reach(nirc_partition_nets *x, uint32_t unit)
{
  if (x->seen[unit] == x->stamp)
    return;
  x->seen[unit] = x->stamp;
  make_room(x);
  x->pin[x->n_pins++] = unit;
}

static bool is_like_the_last(const nirc_partition_nets *x, uint32_t source)
{
  size_t n = x->n_pins - x->first[x->n];
  return x->n && x->source[x->n - 1] == source && x->first[x->n] - x->first[x->n - 1] == n &&
         memcmp(x->pin + x->first[x->n - 1], x->pin + x->first[x->n], n * sizeof *x->pin) == 0;
}

void nirc_partition_nets_add(nirc_partition_nets *x, uint32_t source, double events)
{
  x->stamp++;
  if (is_like_the_last(x, source) || x->n_pins == x->first[x->n]) {
    if (x->n_pins > x->first[x->n])
      x->events[x->n - 1] += events;
    x->n_pins = x->first[x->n];
    return;
  }
  make_room(x);
  x->source[x->n] = source;
  x->events[x->n++] = events;
  x->first[x->n] = x->n_pins;
}

nirc_partition_problem nirc_partition_nets_problem(const nirc_partition_nets *x, size_t n_units)
{
  return (nirc_partition_problem){.n_units = n_units, .n_nets = x->n, .first = x->first, .pin = x->pin, .source = x->source, .events = x->events};
}
