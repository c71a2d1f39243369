/* frontend/nir_h5.h: an untrusted HDF5 file as a plain tree in memory.
 * Owns: the reading of HDF5, in a limited child process (architecture: libhdf5 is killed or hung by damaged files).
 * Must not know: NIR, the IR, what any object means.
 *
 * The calling process reads the file's bytes and never calls libhdf5 on them. A forked child with limits on memory, time,
 * files and core dumps opens the image through the core driver, walks it once and sends length-prefixed records
 * (nir_h5_child.c); the parent believes none of them: lengths are bounded, names are UTF-8 and unique in their group. */
#ifndef NIRC_FRONTEND_NIR_H5_H
#define NIRC_FRONTEND_NIR_H5_H

#include "ir/base/arena.h"
#include "ir/base/diag.h"
#include "ir/base/dtype.h"

enum {
  NIRC_H5_MAX_RANK = 8,
  NIRC_H5_MAX_DEPTH = 32,
  NIRC_H5_MAX_OBJECTS = 100000,
  NIRC_H5_MAX_NAME_BYTES = 4096                      /* of a whole path */
};

typedef struct nirc_h5_limits {
  size_t max_file_bytes;                             /* of the file */
  size_t max_tensor_bytes;                           /* of one dataset, and of all values together */
  unsigned processor_seconds;                        /* of the child; one more for each 4 MiB of the file, and 64 MiB of values */
  unsigned clock_seconds;                            /* deadline by the clock: a busy machine is no fault of the file */
} nirc_h5_limits;
nirc_h5_limits nirc_h5_limits_default(void);         /* 4 GiB, 2 GiB, 1 s, 120 s */

typedef enum nirc_h5_kind { NIRC_H5_GROUP, NIRC_H5_NUMBERS, NIRC_H5_STRINGS } nirc_h5_kind;

/* A group, a dataset, or an attribute. */
typedef struct nirc_h5_object {
  const char *name;                                  /* link name; "" for the root */
  const char *path;                                  /* absolute path in the file, "/node/nodes/fc" */
  nirc_h5_kind kind;
  /* datasets and attributes */
  nirc_dtype dtype;                                  /* of NIRC_H5_NUMBERS; the h5py enum FALSE/TRUE is NIRC_BOOL, other enums their base type */
  uint32_t rank;                                     /* 0: scalar. A null dataspace is rank 1 of length 0 */
  uint64_t dims[NIRC_H5_MAX_RANK];
  size_t count;                                      /* elements */
  const void *data;                                  /* packed, native byte order */
  const char *const *strings;                        /* of NIRC_H5_STRINGS, `count` of them, valid UTF-8, NUL-terminated */
  bool compressed;                                   /* had a deflate filter */
  /* groups; children and attributes in byte order of their names */
  struct nirc_h5_object *children, *attributes, *next;
} nirc_h5_object;

typedef struct nirc_h5_file {
  const char *path;                                  /* as given */
  nirc_h5_object *root;
  uint64_t hash[2];                                  /* XXH128 of the bytes, high and low half */
  size_t bytes;
} nirc_h5_file;

/* Reads a whole file into `a`. NULL after a diagnostic: status 3 where it cannot be opened or read, 1 where it is no HDF5, is
 * damaged, or holds what is refused (links other than hard ones, a group inside itself, external or virtual storage, filters other
 * than deflate, shuffle and fletcher32, more than 8 axes, object classes other than integer, float, string, enum), 4 where
 * a cap (bytes, depth, objects, path) or limit was met. Attributes that cannot be represented are left out instead. A dead or
 * late child is one ordinary diagnostic. Diagnostics name the object as PLACE. */
nirc_h5_file *nirc_h5_read(nirc_arena *a, const char *path, const nirc_h5_limits *limits, nirc_diag *d);

/* Child (attribute) of that name; NULL where there is none. */
nirc_h5_object *nirc_h5_child(const nirc_h5_object *group, const char *name);
nirc_h5_object *nirc_h5_attribute(const nirc_h5_object *object, const char *name);

#endif
