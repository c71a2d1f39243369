#include "tools/run_file.h"

#include <errno.h>
#include <hdf5.h>
#include <string.h>

enum { CHUNK_BYTES = 1024 * 1024 };                  /* as large as HDF5's chunk cache: every chunk is deflated once */

struct nirc_run_file {
  hid_t id;
  const char *path;
  nirc_diag *diag;
  bool failed;
};

static void fail(nirc_run_file *f, const char *what)
{
  if (!f->failed)
    nirc_error_status(f->diag, NIRC_STATUS_IO, nirc_loc_file(f->path), "%s cannot be written%s%s", what, errno ? ": " : "",
                      errno ? strerror(errno) : "");
  f->failed = true;
}

nirc_run_file *nirc_run_file_open(const char *temporary, const char *path, nirc_diag *d)
{
  nirc_run_file *f = nirc_heap_alloc(nirc_heap_default(), sizeof *f);
  H5dont_atexit();                                   /* else the library tries once more, at exit, what has failed here */
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  errno = 0;
  *f = (nirc_run_file){.id = H5Fcreate(temporary, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), .path = path, .diag = d};
  if (f->id < 0)
    fail(f, "the file");
  return f;
}

bool nirc_run_file_close(nirc_run_file *f)
{
  errno = 0;
  if (f->id >= 0 && !f->failed && H5Fflush(f->id, H5F_SCOPE_GLOBAL) < 0)
    fail(f, "the file");
  if (f->id >= 0 && H5Fclose(f->id) < 0)
    fail(f, "the file");
  bool ok = !f->failed;
  nirc_heap_free(nirc_heap_default(), f);
  return ok;
}

static hid_t file_type(nirc_dtype t)
{
  NIRC_ASSERT(t == NIRC_F32 || t == NIRC_U8);
  return t == NIRC_F32 ? H5T_IEEE_F32LE : H5T_STD_U8LE;
}

static hid_t memory_type(nirc_dtype t)
{
  return t == NIRC_F32 ? H5T_NATIVE_FLOAT : H5T_NATIVE_UINT8;
}

/* Chunks of about CHUNK_BYTES: axes are halved from the slowest. */
static bool set_chunks(hid_t creation, const nirc_run_array *a)
{
  hsize_t chunk[NIRC_RUN_FILE_MAX_RANK];
  double bytes = (double)nirc_dtype_size(a->dtype);
  for (uint32_t i = 0; i < a->rank; i++) {
    chunk[i] = a->dims[i];
    bytes *= (double)a->dims[i];
  }
  for (uint32_t i = 0; i < a->rank; i++)
    while (chunk[i] > 1 && bytes > (double)CHUNK_BYTES) {
      hsize_t half = (chunk[i] + 1) / 2;
      bytes = bytes / (double)chunk[i] * (double)half;
      chunk[i] = half;
    }
  return H5Pset_chunk(creation, (int)a->rank, chunk) >= 0 && H5Pset_shuffle(creation) >= 0 &&
         H5Pset_deflate(creation, (unsigned)a->level) >= 0;
}

/* Sample by sample: in memory that is the second axis. */
static bool write_swapped(hid_t set, const nirc_run_array *a)
{
  hsize_t d0 = a->dims[0], d1 = a->dims[1], d2 = a->dims[2];
  hid_t memory = H5Screate_simple(3, (const hsize_t[]){d1, d0, d2}, NULL), file = H5Dget_space(set);
  bool ok = memory >= 0 && file >= 0;
  for (hsize_t i = 0; ok && i < d0; i++)
    ok = H5Sselect_hyperslab(memory, H5S_SELECT_SET, (const hsize_t[]){0, i, 0}, NULL, (const hsize_t[]){d1, 1, d2}, NULL) >= 0 &&
         H5Sselect_hyperslab(file, H5S_SELECT_SET, (const hsize_t[]){i, 0, 0}, NULL, (const hsize_t[]){1, d1, d2}, NULL) >= 0 &&
         H5Dwrite(set, memory_type(a->dtype), memory, file, H5P_DEFAULT, a->data) >= 0;
  ok = H5Sclose(memory) >= 0 && ok;
  return H5Sclose(file) >= 0 && ok;
}

static bool write_array(hid_t file, const char *name, const nirc_run_array *a, bool empty)
{
  hsize_t dims[NIRC_RUN_FILE_MAX_RANK];
  for (uint32_t i = 0; i < a->rank; i++)
    dims[i] = a->dims[i];
  hid_t links = H5Pcreate(H5P_LINK_CREATE), creation = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple((int)a->rank, dims, NULL);
  hid_t set = -1;
  bool ok = links >= 0 && creation >= 0 && space >= 0 && H5Pset_create_intermediate_group(links, 1) >= 0 &&
            H5Pset_char_encoding(links, H5T_CSET_UTF8) >= 0 && H5Pset_obj_track_times(creation, false) >= 0;
  if (ok && a->level && !empty)
    ok = set_chunks(creation, a);
  if (ok)
    set = H5Dcreate2(file, name, file_type(a->dtype), space, links, creation, H5P_DEFAULT);
  ok = ok && set >= 0;
  if (ok && !empty)
    ok = a->swapped ? write_swapped(set, a) : H5Dwrite(set, memory_type(a->dtype), H5S_ALL, H5S_ALL, H5P_DEFAULT, a->data) >= 0;
  if (set >= 0)
    ok = H5Dclose(set) >= 0 && ok;
  H5Sclose(space);
  H5Pclose(creation);
  H5Pclose(links);
  return ok;
}

void nirc_run_file_dataset(nirc_run_file *f, const char *name, const nirc_run_array *a)
{
  NIRC_ASSERT(a->rank <= NIRC_RUN_FILE_MAX_RANK && (!a->swapped || a->rank == 3));
  bool empty = false;
  for (uint32_t i = 0; i < a->rank; i++)
    empty |= a->dims[i] == 0;
  errno = 0;
  if (!f->failed && !write_array(f->id, name, a, empty))
    fail(f, name);
}

static void write_attribute(nirc_run_file *f, const char *name, const char *key, hid_t file_as, hid_t memory_as, const void *value)
{
  errno = 0;
  if (f->failed || H5Aexists_by_name(f->id, name, key, H5P_DEFAULT) > 0)
    return;
  hid_t space = H5Screate(H5S_SCALAR);
  hid_t attribute = H5Acreate_by_name(f->id, name, key, file_as, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  if (attribute < 0 || H5Awrite(attribute, memory_as, value) < 0)
    fail(f, key);
  if (attribute >= 0)
    H5Aclose(attribute);
  H5Sclose(space);
}

void nirc_run_file_double(nirc_run_file *f, const char *name, const char *key, double value)
{
  write_attribute(f, name, key, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}

void nirc_run_file_u64(nirc_run_file *f, const char *name, const char *key, uint64_t value)
{
  write_attribute(f, name, key, H5T_STD_U64LE, H5T_NATIVE_UINT64, &value);
}

void nirc_run_file_string(nirc_run_file *f, const char *name, const char *key, const char *value)
{
  hid_t type = H5Tcopy(H5T_C_S1);
  if (type < 0 || H5Tset_size(type, H5T_VARIABLE) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0)
    fail(f, key);
  else
    write_attribute(f, name, key, type, type, &value);
  H5Tclose(type);
}
