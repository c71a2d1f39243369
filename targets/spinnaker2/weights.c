/* targets/spinnaker2/weights.c: weights.h5: numbers of neurons that differ within a population, connections and kernels. */
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

#include "targets/spinnaker2/spinnaker2.h"

enum { IMAGE_STEP_BYTES = 1 << 20, DEFLATE_ABOVE_BYTES = 1024, DEFLATE_LEVEL = 4, MAX_CHUNK_ROWS = 1 << 20 };

typedef struct writer { hid_t file; bool failed; } writer;

static hid_t check(writer *w, hid_t id)
{
  w->failed |= id < 0;
  return id;
}

/* Groups of the path are made as they are met. No times: equal content, equal bytes. */
static void write_dataset(writer *w, const char *path, hid_t type, int rank, const hsize_t *dims, size_t bytes, hid_t memory, const void *data)
{
  hid_t link = check(w, H5Pcreate(H5P_LINK_CREATE)), p = check(w, H5Pcreate(H5P_DATASET_CREATE)), space = check(w, H5Screate_simple(rank, dims, NULL));
  H5Pset_create_intermediate_group(link, 1);
  H5Pset_obj_track_times(p, false);
  if (bytes >= DEFLATE_ABOVE_BYTES) {
    hsize_t chunk[4];
    memcpy(chunk, dims, (size_t)rank * sizeof *chunk);
    chunk[0] = chunk[0] < MAX_CHUNK_ROWS ? chunk[0] : MAX_CHUNK_ROWS;
    H5Pset_chunk(p, rank, chunk);
    H5Pset_shuffle(p);
    H5Pset_deflate(p, DEFLATE_LEVEL);
  }
  hid_t set = check(w, H5Dcreate2(w->file, path, type, space, link, p, H5P_DEFAULT));
  if (set >= 0) {
    w->failed |= H5Dwrite(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0;
    H5Dclose(set);
  }
  H5Sclose(space);
  H5Pclose(p);
  H5Pclose(link);
}

static void write_population(writer *w, const nirc_s2_network *net, size_t i)
{
  const nirc_s2_population *p = &net->populations[i];
  nirc_s2_parameter list[NIRC_S2_PARAMETERS];
  size_t n = nirc_s2_parameters(p, list);
  for (size_t k = 0; k < n; k++)
    if (!nirc_s2_alike(list[k].values, p->size))
      write_dataset(w, nirc_arena_printf(net->arena, "/populations/%zu/%s", i, list[k].name), H5T_IEEE_F32LE, 1, (hsize_t[]){p->size}, p->size * sizeof(float),
                    H5T_NATIVE_FLOAT, list[k].values);
}

static void write_list(writer *w, const nirc_s2_network *net, size_t i)
{
  const nirc_s2_projection *p = &net->projections[i];
  int32_t (*rows)[4] = nirc_heap_alloc(nirc_arena_heap(net->arena), p->n_rows * sizeof *rows);
  for (size_t k = 0; k < p->n_rows; k++) {
    const nirc_s2_row *r = &p->rows[k];
    rows[k][0] = (int32_t)r->pre;
    rows[k][1] = (int32_t)r->post;
    rows[k][2] = r->weight;
    rows[k][3] = r->delay;
  }
  write_dataset(w, nirc_arena_printf(net->arena, "/projections/%zu/connections", i), H5T_STD_I32LE, 2, (hsize_t[]){p->n_rows, 4}, p->n_rows * sizeof *rows,
                H5T_NATIVE_INT32, rows);
  nirc_heap_free(nirc_arena_heap(net->arena), rows);
}

static void write_kernel(writer *w, const nirc_s2_network *net, size_t i)
{
  const nirc_s2_kernel *k = &net->projections[i].kernel;
  write_dataset(w, nirc_arena_printf(net->arena, "/projections/%zu/weights", i), H5T_STD_I8LE, 4, (hsize_t[]){k->in, k->out, k->rows, k->columns},
                k->in * k->out * k->rows * k->columns, H5T_NATIVE_INT8, k->weights);
}

/* A file in memory: one on disk that fills up leaves libhdf5 with pages it cannot get rid of, and it dies at exit. */
static bool write_image(const nirc_s2_network *net, nirc_sink *out, nirc_diag *d)
{
  const nirc_heap *heap = nirc_arena_heap(net->arena);
  writer w = {0};
  hid_t fcpl = check(&w, H5Pcreate(H5P_FILE_CREATE)), fapl = check(&w, H5Pcreate(H5P_FILE_ACCESS));
  H5Pset_obj_track_times(fcpl, false);
  w.failed |= H5Pset_fapl_core(fapl, IMAGE_STEP_BYTES, false) < 0;
  w.file = check(&w, H5Fcreate("image", H5F_ACC_TRUNC, fcpl, fapl));
  H5Pclose(fapl);
  H5Pclose(fcpl);
  for (size_t i = 0; i < net->n_populations; i++)
    write_population(&w, net, i);
  for (size_t i = 0; i < net->n_projections; i++)
    if (net->projections[i].is_conv)
      write_kernel(&w, net, i);
    else
      write_list(&w, net, i);
  w.failed |= H5Fflush(w.file, H5F_SCOPE_LOCAL) < 0;
  ssize_t n = H5Fget_file_image(w.file, NULL, 0);
  void *image = n > 0 ? nirc_heap_alloc(heap, (size_t)n) : NULL;
  w.failed |= !image || H5Fget_file_image(w.file, image, (size_t)n) != n;
  w.failed |= H5Fclose(w.file) < 0;
  if (w.failed)
    nirc_error_status(d, NIRC_STATUS_IO, nirc_loc_file("weights.h5"), "libhdf5 cannot make it");
  bool ok = !w.failed && nirc_sink_write(out, "weights.h5", image, (size_t)n);
  nirc_heap_free(heap, image);
  return ok;
}

bool nirc_s2_write_weights(const nirc_s2_network *net, nirc_sink *out, nirc_diag *d)
{
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  return write_image(net, out, d);
}
