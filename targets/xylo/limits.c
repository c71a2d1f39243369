/* targets/xylo/limits.c: the chips, one row each. Sources: rockpool's overview and deployment notebooks (Audio 2), its memory map of Audio 3
 * (syns65302/ram.py) and its introduction to the IMU. The 32000 connections of Audio 2 are inferred: 1000 neurons times 32. */
#include <stddef.h>
#include <string.h>

#include "targets/xylo/xylo.h"

const nirc_xylo_chip nirc_xylo_chips[] = {
  {.name = "audio2", .inputs = 16, .hidden = 1000, .outputs = 8, .input_targets = 1000, .output_sources = 1000, .connections = 32000, .fanout = 64},
  {.name = "audio3", .samna_class = "samna.xyloAudio3.configuration.XyloConfiguration", .inputs = 16, .hidden = 992, .outputs = 32, .input_targets = 128,
   .output_sources = 128, .connections = 31744, .fanout = 1024},
  {.name = "imu", .samna_class = "samna.xyloImu.configuration.XyloConfiguration", .is_imu = true, .inputs = 16, .hidden = 496, .outputs = 16,
   .input_targets = 128, .output_sources = 128, .connections = 31744, .fanout = 512},
  {0},
};

const char *const nirc_xylo_chip_names[] = {"audio2", "audio3", "imu", NULL};

const nirc_xylo_chip *nirc_xylo_chip_find(const char *name)
{
  const nirc_xylo_chip *c = nirc_xylo_chips;
  while (name && c->name && strcmp(c->name, name))
    c++;
  return c;
}

static size_t limit_of(const nirc_xylo_chip *c, size_t field)
{
  return *(const size_t *)(const void *)((const char *)c + field);
}

void nirc_xylo_suggest(const nirc_xylo_network *x, size_t have, size_t field, nirc_loc loc, nirc_diag *d)
{
  for (const nirc_xylo_chip *c = nirc_xylo_chips; c->name; c++)
    if (limit_of(c, field) >= have)
      nirc_note(d, loc, "%s has room for %zu, where %s has %zu (--xylo-variant=%s)", c->name, limit_of(c, field), x->choices.chip->name,
                limit_of(x->choices.chip, field), c->name);
}

bool nirc_xylo_fits(const nirc_xylo_network *x, size_t have, size_t field, const char *code, const char *what, nirc_loc loc, nirc_diag *d)
{
  size_t limit = limit_of(x->choices.chip, field);
  if (have <= limit)
    return true;
  nirc_error_code(d, code, loc, "%s: %zu required, limit %zu", what, have, limit);
  nirc_xylo_suggest(x, have, field, loc, d);
  return false;
}
