#include "tools/run_state.h"

#include <inttypes.h>
#include <string.h>

#include "frontend/nir_h5.h"
#include "tools/run_file.h"

static const char *text_attribute(const nirc_h5_object *o, const char *name)
{
  const nirc_h5_object *t = nirc_h5_attribute(o, name);
  return t && t->kind == NIRC_H5_STRINGS && t->count == 1 ? t->strings[0] : "?";
}

const unsigned char *nirc_run_state_read(nirc_arena *a, const char *path, const nirc_model_info *info, uint32_t batch, nirc_diag *d)
{
  nirc_h5_limits limits = nirc_h5_limits_default();
  const nirc_h5_file *f = nirc_h5_read(a, path, &limits, d);
  if (!f)
    return NULL;
  const nirc_h5_object *state = nirc_h5_child(f->root, "state"), *print = nirc_h5_attribute(f->root, "fingerprint");
  if (!state || state->kind != NIRC_H5_NUMBERS || state->dtype != NIRC_U8 || state->rank != 2 || !print || print->kind != NIRC_H5_NUMBERS ||
      print->dtype != NIRC_U64 || print->count != 1) {
    nirc_error(d, nirc_loc_file(path), "this is no saved state (dataset 'state' of bytes, attribute 'fingerprint')");
    return NULL;
  }
  uint64_t fingerprint;
  memcpy(&fingerprint, print->data, sizeof fingerprint);
  if (fingerprint != info->fingerprint || state->dims[1] != info->state_lane) {
    nirc_error(d, nirc_loc_file(path), "this is the state of another model: '%s' (fingerprint %016" PRIx64 "), not '%s' (%016" PRIx64 ")",
               text_attribute(f->root, "model"), fingerprint, info->name, info->fingerprint);
    return NULL;
  }
  if (state->dims[0] != batch) {
    nirc_error(d, (nirc_loc){.file = path, .object = state->path}, "the state is of %" PRIu64 " samples, the input has %" PRIu32, state->dims[0],
               batch);
    return NULL;
  }
  static const unsigned char none[1];                /* of a model without state */
  return state->count ? state->data : none;
}

bool nirc_run_state_write(const char *temporary, const char *path, const nirc_model_info *info, uint32_t batch, const unsigned char *lanes,
                          nirc_diag *d)
{
  nirc_run_file *f = nirc_run_file_open(temporary, path, d);
  nirc_run_file_u64(f, "/", "fingerprint", info->fingerprint);
  nirc_run_file_string(f, "/", "model", info->name);
  nirc_run_file_string(f, "/", "compiler", info->compiler);
  nirc_run_array a = {.dtype = NIRC_U8, .rank = 2, .dims = {batch, info->state_lane}, .data = lanes};
  nirc_run_file_dataset(f, "state", &a);
  return nirc_run_file_close(f);
}
