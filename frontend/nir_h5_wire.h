/* frontend/nir_h5_wire.h: what the reading child sends to its parent.
 * Owns: the layout of a record. Sender and receiver are one program after fork(), so fields are native.
 * Must not know: libhdf5, arenas.
 *
 * A record is this struct, `name_bytes` bytes of name and `data_bytes` bytes of data, neither with a NUL behind it. Order: the
 * root GROUP, its attributes, its children (each with its attributes and, for a group, its children and a LEAVE), LEAVE,
 * DONE. A FAULT may stand anywhere; objects at fault are left out and the walk goes on. */
#ifndef NIRC_FRONTEND_NIR_H5_WIRE_H
#define NIRC_FRONTEND_NIR_H5_WIRE_H

#include <stdint.h>

#include "frontend/nir_h5.h"

typedef enum nirc_h5_record_kind {
  NIRC_H5_RECORD_GROUP,                              /* name */
  NIRC_H5_RECORD_LEAVE,                              /* end of the group */
  NIRC_H5_RECORD_NUMBERS,                            /* name; data: packed elements */
  NIRC_H5_RECORD_STRINGS,                            /* name; data: every string with its NUL, one behind the other */
  NIRC_H5_RECORD_FAULT,                              /* name: path of the object, empty for the file; data: text of the message */
  NIRC_H5_RECORD_DONE,                               /* all was sent */
  NIRC_H5_N_RECORDS
} nirc_h5_record_kind;

enum {
  NIRC_H5_OUT = 3,                                   /* the child's only open descriptor, beside /dev/null as 0, 1 and 2 */
  NIRC_H5_FILE_BYTES_PER_SECOND = 1 << 22,           /* the slowest pace that a child may have with objects of a file, */
  NIRC_H5_BYTES_PER_SECOND = 1 << 26,                /* and with large values */
  NIRC_H5_CHUNK_COPIES = 4,                          /* of one chunk in memory while libhdf5 unpacks it */
  NIRC_H5_MAX_FAULTS = NIRC_MAX_ERRORS,              /* the child stops there */
  NIRC_H5_MAX_FAULT_TEXT = 1024
};

typedef struct nirc_h5_record {
  uint32_t kind;                                     /* nirc_h5_record_kind */
  uint32_t attribute;                                /* 1: of the object sent last, 0: an object of the group that is open */
  uint32_t dtype;                                    /* nirc_dtype of NUMBERS */
  uint32_t rank;
  uint32_t compressed;
  uint32_t status;                                   /* nirc_status of a FAULT */
  uint64_t dims[NIRC_H5_MAX_RANK];
  uint64_t name_bytes, data_bytes;
} nirc_h5_record;

#endif
