/* test/unit/h5_fixture.h: files written through libhdf5, and read back as untrusted ones. */
#ifndef NIRC_TEST_UNIT_H5_FIXTURE_H
#define NIRC_TEST_UNIT_H5_FIXTURE_H

#include <check.h>
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frontend/nir_h5.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof *(a))

static char folder[] = "/tmp/nirc-test-XXXXXX";      /* the working directory of a test */
static nirc_arena *arena;
static nirc_diag diag;
static char *messages;
static size_t messages_size;

static inline void enter_folder(void)
{
  ck_assert_ptr_nonnull(mkdtemp(folder));
  ck_assert_int_eq(chdir(folder), 0);
  arena = nirc_arena_new(nirc_heap_default());
  nirc_diag_init(&diag, open_memstream(&messages, &messages_size), "test");
}

static inline void leave_folder(void)
{
  nirc_arena_free(arena);
  fclose(diag.stream);
  free(messages);
  ck_assert_int_eq(chdir("/"), 0);
  char command[64];
  snprintf(command, sizeof command, "rm -r '%s'", folder);
  ck_assert_int_eq(system(command), 0);
}

/* ---- writing ----------------------------------------------------------------------------------------------------------------- */

static inline hid_t create(void)
{
  hid_t f = H5Fcreate("x.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  ck_assert_int_ge(f, 0);
  return f;
}

/* A dataset of rank 1; n 0: scalar. data NULL: never written. list: creation properties. */
static inline void put(hid_t at, const char *name, hid_t type, hsize_t n, const void *data, hid_t list)
{
  hid_t space = n ? H5Screate_simple(1, &n, NULL) : H5Screate(H5S_SCALAR);
  hid_t d = H5Dcreate2(at, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
  ck_assert_int_ge(d, 0);
  if (data)
    ck_assert_int_ge(H5Dwrite(d, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), 0);
  H5Dclose(d);
  H5Sclose(space);
}

static inline void put_attribute(hid_t at, const char *name, hid_t type, const void *data)
{
  hid_t space = H5Screate(H5S_SCALAR), a = H5Acreate2(at, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  ck_assert_int_ge(H5Awrite(a, type, data), 0);
  H5Aclose(a);
  H5Sclose(space);
}

static inline hid_t string_type(size_t size, H5T_str_t padding)
{
  hid_t t = H5Tcopy(H5T_C_S1);
  H5Tset_size(t, size);
  H5Tset_strpad(t, padding);
  H5Tset_cset(t, H5T_CSET_UTF8);
  return t;
}

static inline hid_t chunked(hsize_t chunk)
{
  hid_t list = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(list, 1, &chunk);
  return list;
}

static inline hid_t half_type(H5T_order_t order)
{
  hid_t t = H5Tcopy(H5T_IEEE_F32LE);
  H5Tset_fields(t, 15, 10, 5, 0, 10);
  H5Tset_size(t, 2);
  H5Tset_ebias(t, 15);
  H5Tset_order(t, order);
  return t;
}

static inline void write_bytes(const char *path, const void *data, size_t size)
{
  FILE *f = fopen(path, "wb");
  ck_assert_ptr_nonnull(f);
  ck_assert_uint_eq(fwrite(data, 1, size, f), size);
  fclose(f);
}

/* Replaces all occurrences of `from` in x.h5 by `to`, which is as long. */
static inline void patch(const void *from, const void *to, size_t size)
{
  static char bytes[1 << 16];
  FILE *f = fopen("x.h5", "rb");
  size_t n = fread(bytes, 1, sizeof bytes, f), found = 0;
  fclose(f);
  for (size_t i = 0; i + size <= n; i++)
    if (memcmp(bytes + i, from, size) == 0) {
      memcpy(bytes + i, to, size);
      found++;
    }
  ck_assert_uint_gt(found, 0);
  write_bytes("x.h5", bytes, n);
}

/* ---- reading ----------------------------------------------------------------------------------------------------------------- */

/* Time enough for valgrind on a busy machine; time_has_a_cap sets its own. */
static inline nirc_h5_limits patient(void)
{
  nirc_h5_limits limits = nirc_h5_limits_default();
  limits.processor_seconds = 100;
  return limits;
}

static inline const char *said(void)
{
  fflush(diag.stream);
  return messages;
}

static inline nirc_h5_object *read_root(void)
{
  nirc_h5_limits limits = patient();
  nirc_h5_file *f = nirc_h5_read(arena, "x.h5", &limits, &diag);
  ck_assert_msg(f, "%s", said());
  ck_assert_str_eq(said(), "");
  ck_assert_str_eq(f->path, "x.h5");
  ck_assert_str_eq(f->root->path, "/");
  ck_assert_str_eq(f->root->name, "");
  return f->root;
}

/* Refused with this status; `message` stands in what was said. */
static inline void refused_within(const char *path, const nirc_h5_limits *limits, nirc_status status, const char *message)
{
  ck_assert_ptr_null(nirc_h5_read(arena, path, limits, &diag));
  ck_assert_msg(strstr(said(), message), "%s does not say: %s", said(), message);
  ck_assert_int_eq(diag.status, status);
}

static inline void refused(const char *path, nirc_status status, const char *message)
{
  nirc_h5_limits limits = patient();
  refused_within(path, &limits, status, message);
}

static inline nirc_h5_object *child(const nirc_h5_object *group, const char *name)
{
  nirc_h5_object *o = nirc_h5_child(group, name);
  ck_assert_msg(o, "%s is not there", name);
  ck_assert_str_eq(o->name, name);
  return o;
}

#endif
