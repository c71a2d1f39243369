/* targets/loihi2/hdf5.c: the file is made in memory, since libhdf5 does not survive a disk that fills up, and bears no times: equal content, equal bytes. Long lists
 * are deflated: those of sparse synapses come to a thirtieth, in the time that writing the rest would take. */
#include "targets/loihi2/hdf5.h"

#include <string.h>

enum { STEP_BYTES = 1 << 20, CHUNK = 1 << 18, DEFLATE_LEVEL = 1 };                    /* numbers of a chunk */

static hid_t check(nirc_loihi2_file *f, hid_t id)
{
  f->failed |= id < 0;
  return id;
}

void nirc_loihi2_file_open(nirc_loihi2_file *f, nirc_arena *a)
{
  *f = (nirc_loihi2_file){.arena = a};
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  hid_t creation = check(f, H5Pcreate(H5P_FILE_CREATE)), access = check(f, H5Pcreate(H5P_FILE_ACCESS));
  H5Pset_obj_track_times(creation, false);
  f->failed |= H5Pset_fapl_core(access, STEP_BYTES, false) < 0;
  f->file = check(f, H5Fcreate("loihi2", H5F_ACC_TRUNC, creation, access));
  f->link = check(f, H5Pcreate(H5P_LINK_CREATE));
  H5Pset_char_encoding(f->link, H5T_CSET_UTF8);
  H5Pclose(access);
  H5Pclose(creation);
}

bool nirc_loihi2_file_commit(nirc_loihi2_file *f, const char *name, nirc_sink *out, nirc_diag *d)
{
  f->failed |= H5Fflush(f->file, H5F_SCOPE_LOCAL) < 0;
  ssize_t n = H5Fget_file_image(f->file, NULL, 0);
  void *image = n > 0 ? nirc_arena_alloc(f->arena, (size_t)n, 1) : NULL;
  f->failed |= !image || H5Fget_file_image(f->file, image, (size_t)n) != n;
  H5Pclose(f->link);
  f->failed |= H5Fclose(f->file) < 0;
  if (!f->failed)
    return nirc_sink_write(out, name, image, (size_t)n);
  nirc_error_status(d, NIRC_STATUS_IO, nirc_loc_file(name), "libhdf5 cannot make this file");
  return false;
}

hid_t nirc_loihi2_group(nirc_loihi2_file *f, hid_t in, const char *name)
{
  hid_t p = check(f, H5Pcreate(H5P_GROUP_CREATE));
  H5Pset_obj_track_times(p, false);
  hid_t g = check(f, H5Gcreate2(in, name, f->link, p, H5P_DEFAULT));
  H5Pclose(p);
  return g;
}

static void put(nirc_loihi2_file *f, hid_t in, const char *name, hid_t stored, hid_t given, uint32_t rank, const uint64_t *dims, const void *value)
{
  hsize_t extent[NIRC_MAX_RANK];
  for (uint32_t i = 0; i < rank; i++)
    extent[i] = dims[i];
  hid_t space = check(f, rank ? H5Screate_simple((int)rank, extent, NULL) : H5Screate(H5S_SCALAR)), p = check(f, H5Pcreate(H5P_DATASET_CREATE));
  H5Pset_obj_track_times(p, false);
  if (rank == 1 && extent[0] > CHUNK) {
    H5Pset_chunk(p, 1, (const hsize_t[]){CHUNK});
    H5Pset_shuffle(p);
    H5Pset_deflate(p, DEFLATE_LEVEL);
  }
  hid_t set = check(f, H5Dcreate2(in, name, stored, space, f->link, p, H5P_DEFAULT));
  if (set >= 0) {
    f->failed |= H5Dwrite(set, given, H5S_ALL, H5S_ALL, H5P_DEFAULT, value) < 0;
    H5Dclose(set);
  }
  H5Pclose(p);
  H5Sclose(space);
}

static size_t count(uint32_t rank, const uint64_t *dims)
{
  size_t n = 1;
  for (uint32_t i = 0; i < rank; i++)
    n *= (size_t)dims[i];
  return n;
}

void nirc_loihi2_put_small(nirc_loihi2_file *f, hid_t in, const char *name, uint32_t rank, const uint64_t *dims, const void *value)
{
  put(f, in, name, H5T_STD_I32LE, H5T_NATIVE_INT32, rank, dims, value);
}

/* libhdf5 converts by way of a buffer of a mebibyte, for one number as for many; so numbers are given as they are stored. */
void nirc_loihi2_put_ints(nirc_loihi2_file *f, hid_t in, const char *name, hid_t type, uint32_t rank, const uint64_t *dims, const int64_t *value)
{
  size_t n = count(rank, dims);
  if (H5Tget_size(type) == sizeof *value) {
    put(f, in, name, type, H5T_NATIVE_INT64, rank, dims, value);
    return;
  }
  int32_t *stored = NIRC_NEW_ARRAY(f->arena, int32_t, n);
  for (size_t i = 0; i < n; i++)
    stored[i] = (int32_t)value[i];
  nirc_loihi2_put_small(f, in, name, rank, dims, stored);
}

void nirc_loihi2_put_int(nirc_loihi2_file *f, hid_t in, const char *name, hid_t type, int64_t value)
{
  nirc_loihi2_put_ints(f, in, name, type, 0, NULL, &value);
}

void nirc_loihi2_put_reals(nirc_loihi2_file *f, hid_t in, const char *name, hid_t type, uint32_t rank, const uint64_t *dims, const double *value)
{
  size_t n = count(rank, dims);
  if (H5Tget_class(type) == H5T_INTEGER) {
    int32_t *whole = NIRC_NEW_ARRAY(f->arena, int32_t, n);
    for (size_t i = 0; i < n; i++)
      whole[i] = (int32_t)value[i];
    nirc_loihi2_put_small(f, in, name, rank, dims, whole);
    return;
  }
  float *single = NIRC_NEW_ARRAY(f->arena, float, n);
  for (size_t i = 0; i < n; i++)
    single[i] = (float)value[i];
  put(f, in, name, type, H5T_NATIVE_FLOAT, rank, dims, single);
}

static hid_t text_type(nirc_loihi2_file *f, size_t length)
{
  hid_t t = check(f, H5Tcopy(H5T_C_S1));
  H5Tset_size(t, length ? length : 1);
  H5Tset_strpad(t, H5T_STR_NULLPAD);
  return t;
}

void nirc_loihi2_put_text(nirc_loihi2_file *f, hid_t in, const char *name, const char *text, size_t length, bool array)
{
  size_t n = length ? length : strlen(text);
  char *padded = NIRC_NEW_ARRAY(f->arena, char, n + 1);
  hid_t t = text_type(f, n);
  memcpy(padded, text, strlen(text) < n ? strlen(text) : n);
  put(f, in, name, t, t, array, &(uint64_t){1}, padded);
  H5Tclose(t);
}

/* As h5py stores a bool. */
void nirc_loihi2_put_false(nirc_loihi2_file *f, hid_t in, const char *name)
{
  hid_t t = check(f, H5Tenum_create(H5T_STD_I8LE));
  H5Tenum_insert(t, "FALSE", &(int8_t){0});
  H5Tenum_insert(t, "TRUE", &(int8_t){1});
  put(f, in, name, t, t, 0, NULL, &(int8_t){0});
  H5Tclose(t);
}

static void set_attribute(nirc_loihi2_file *f, const char *name, hid_t stored, hid_t given, const void *value)
{
  hid_t space = check(f, H5Screate(H5S_SCALAR)), a = check(f, H5Acreate2(f->file, name, stored, space, H5P_DEFAULT, H5P_DEFAULT));
  f->failed |= H5Awrite(a, given, value) < 0;
  H5Aclose(a);
  H5Sclose(space);
}

void nirc_loihi2_set_attributes(nirc_loihi2_file *f, const char *format, int32_t version)
{
  hid_t t = text_type(f, strlen(format));
  set_attribute(f, "format", t, t, format);
  set_attribute(f, "version", H5T_STD_I32LE, H5T_NATIVE_INT32, &version);
  H5Tclose(t);
}
