#include "frontend/energy.h"

#include <math.h>
#include <string.h>

enum {
#define NIRC_ENERGY_SOURCE(id, ...) id,
#include "targets/energy.def"
  N_SOURCES
};

static const nirc_energy_source sources[] = {
#define NIRC_ENERGY_SOURCE(id, ...) [id] = {__VA_ARGS__},
#include "targets/energy.def"
};

static const nirc_energy_figure figures[] = {
#define NIRC_ENERGY(target_, chip_, quantity_, least_, most_, unit_, scale_, source_, conditions_) \
  {target_, chip_, NIRC_ENERGY_##quantity_, least_, most_, unit_, scale_, &sources[source_], conditions_},
#include "targets/energy.def"
};

const nirc_energy_figure *nirc_energy_find(const char *target, nirc_energy_quantity quantity)
{
  for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
    if (figures[i].quantity == quantity && strcmp(figures[i].target, target) == 0)
      return &figures[i];
  return NULL;
}

const char *nirc_energy_name(nirc_energy_quantity quantity)
{
  static const char *const names[] = {"synaptic_operation", "neuron_update", "message", "static_power", "update_time", "step_time"};
  return names[quantity];
}
