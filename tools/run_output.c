#include "tools/run_output.h"

#include <string.h>
#include <sys/stat.h>

#include "ir/base/sink.h"
#include "ir/base/strbuf.h"
#include "tools/run_file.h"
#include "tools/run_state.h"

enum {
  LARGE_BYTES = 16 * 1024 * 1024,                    /* datasets from here on are deflated */
  LARGE_LEVEL = 1,
  NIRDATA_LEVEL = 4                                  /* what nir writes */
};

typedef struct writer {
  const nirc_run_plan *plan;
  const nirc_run_result *result;
  nirc_arena *arena;
  nirc_run_file *file;
} writer;

/* [T, *shape] or [T, B, *shape] */
static void write_plain(const writer *w, const char *name, const nirc_port *p, const float *data)
{
  const nirc_run_input *in = w->plan->input;
  nirc_run_array a = {.dtype = NIRC_F32, .data = data};
  NIRC_ASSERT(p->rank + 2 <= NIRC_RUN_FILE_MAX_RANK);
  a.dims[a.rank++] = w->plan->steps;
  if (in->batched)
    a.dims[a.rank++] = in->batch;
  for (uint32_t i = 0; i < p->rank; i++)
    a.dims[a.rank++] = p->shape[i];
  a.level = w->plan->steps * in->batch * p->count >= LARGE_BYTES / sizeof(float) ? LARGE_LEVEL : 0;
  nirc_run_file_dataset(w->file, name, &a);
}

static void write_h5(const writer *w)
{
  const nirc_model_info *info = w->plan->model->info;
  nirc_run_file_double(w->file, "/", "dt", info->dt);
  for (uint32_t k = 0; k < info->n_outputs; k++)
    write_plain(w, info->n_outputs == 1 ? "output" : nirc_arena_printf(w->arena, "output/%s", info->outputs[k].name), &info->outputs[k],
                w->result->out[k]);
  for (uint32_t k = 0; k < info->n_probes; k++)
    write_plain(w, nirc_arena_printf(w->arena, "trace/%s", info->probes[k].name), &info->probes[k], w->result->out[info->n_outputs + k]);
}

/* "/nodes/GRAPH/nodes/NODE" for the first n bytes of "GRAPH/NODE...". */
static const char *node_group(const writer *w, const char *node, size_t n)
{
  nirc_strbuf b;
  nirc_strbuf_init(&b, nirc_arena_heap(w->arena));
  nirc_strbuf_add(&b, "/nodes/");
  for (size_t i = 0; i < n; i++) {
    nirc_strbuf_add_bytes(&b, &node[i], 1);
    if (node[i] == '/')
      nirc_strbuf_add(&b, "nodes/");
  }
  const char *group = nirc_arena_strdup(w->arena, b.data);
  nirc_strbuf_deinit(&b);
  return group;
}

/* One observable, (samples, steps, neurons), of the node with n bytes of name; and what the groups on the way are. */
static void write_observable(const writer *w, const char *node, size_t n, const char *key, const nirc_port *p, const float *data)
{
  const char *group = nirc_arena_printf(w->arena, "%s/observables/%s", node_group(w, node, n), key);
  nirc_run_array a = {.dtype = NIRC_F32, .rank = 3, .dims = {w->plan->input->batch, w->plan->steps, p->count}, .data = data,
                      .swapped = true, .level = NIRDATA_LEVEL};
  nirc_run_file_dataset(w->file, nirc_arena_printf(w->arena, "%s/data", group), &a);
  nirc_run_file_string(w->file, group, "__type__", "TimeGriddedData");
  nirc_run_file_double(w->file, group, "dt", w->plan->model->info->dt);
  for (size_t i = 1; i < n; i++)
    if (node[i] == '/')
      nirc_run_file_string(w->file, node_group(w, node, i), "__type__", "NIRGraphData");
  nirc_run_file_string(w->file, node_group(w, node, n), "__type__", "NIRNodeData");
}

static bool is_output(const nirc_model_info *info, const char *node, size_t n)
{
  for (uint32_t k = 0; k < info->n_outputs; k++)
    if (strlen(info->outputs[k].name) == n && memcmp(info->outputs[k].name, node, n) == 0)
      return true;
  return false;
}

static void write_nirdata(const writer *w)
{
  const nirc_model_info *info = w->plan->model->info;
  nirc_run_file_string(w->file, "/", "__type__", "NIRGraphData");
  for (uint32_t k = 0; k < info->n_outputs; k++)
    write_observable(w, info->outputs[k].name, strlen(info->outputs[k].name), "value", &info->outputs[k], w->result->out[k]);
  for (uint32_t k = 0; k < info->n_probes; k++) {
    const char *name = info->probes[k].name, *slash = strrchr(name, '/');
    NIRC_ASSERT(slash);                              /* NODE/KEY */
    size_t n = (size_t)(slash - name);
    if (!(strcmp(slash, "/value") == 0 && is_output(info, name, n)))     /* that one is written already */
      write_observable(w, name, n, slash + 1, &info->probes[k], w->result->out[info->n_outputs + k]);
  }
}

/* --- the files --------------------------------------------------------------------------------- */

typedef struct destination {
  const char *path, *directory, *name;               /* path NULL: not wanted */
  nirc_sink *sink;                                   /* NULL where it shares that of the one before */
  const char *temporary;
} destination;

/* Only a regular file is replaced: a rename over a device would be the end of it. */
static bool destination_open(destination *to, const char *path, const destination *before, nirc_arena *a, nirc_diag *d)
{
  *to = (destination){.path = path};
  if (!path)
    return true;
  struct stat st;
  const char *slash = strrchr(path, '/');
  to->name = slash ? slash + 1 : path;
  to->directory = slash ? nirc_arena_strndup(a, path, slash == path ? 1 : (size_t)(slash - path)) : ".";
  if (*to->name == '\0' || (stat(path, &st) == 0 && !S_ISREG(st.st_mode))) {
    nirc_error_status(d, NIRC_STATUS_IO, nirc_loc_file(path), "cannot be written: it is no regular file");
    return false;
  }
  nirc_sink *sink = before && before->sink && strcmp(before->directory, to->directory) == 0 ? before->sink : NULL;
  if (!sink)
    sink = to->sink = nirc_sink_new(to->directory, d);
  to->temporary = sink ? nirc_sink_file(sink, to->name) : NULL;
  return to->temporary != NULL;
}

static bool destination_commit(destination *to)
{
  nirc_sink *s = to->sink;
  to->sink = NULL;
  return !s || nirc_sink_commit(s);
}

static bool write_output(const nirc_run_options *o, const nirc_run_plan *plan, const nirc_run_result *result, const char *temporary,
                         nirc_arena *a, nirc_diag *d)
{
  writer w = {.plan = plan, .result = result, .arena = a, .file = nirc_run_file_open(temporary, o->output, d)};
  if (o->nirdata)
    write_nirdata(&w);
  else
    write_h5(&w);
  return nirc_run_file_close(w.file);
}

bool nirc_run_publish(const nirc_run_options *o, const nirc_run_plan *plan, const nirc_run_result *result, nirc_arena *a, nirc_diag *d)
{
  destination output = {0}, state = {0};
  bool ok = destination_open(&output, o->output, NULL, a, d) && destination_open(&state, o->save_state, &output, a, d);
  if (ok && output.path)
    ok = write_output(o, plan, result, output.temporary, a, d);
  if (ok && state.path)
    ok = nirc_run_state_write(state.temporary, state.path, plan->model->info, plan->input->batch, result->state, d);
  ok = ok && destination_commit(&output) && destination_commit(&state);
  nirc_sink_discard(output.sink);
  nirc_sink_discard(state.sink);
  return ok;
}
