/* frontend/nir_h5_confine.h: what a process that reads untrusted bytes may still do.
 * Must not know: HDF5. */
#ifndef NIRC_FRONTEND_NIR_H5_CONFINE_H
#define NIRC_FRONTEND_NIR_H5_CONFINE_H

#include <sys/types.h>

#include "frontend/nir_h5.h"

/* Called in a forked child: leaves it the descriptor `out` as NIRC_H5_OUT and /dev/null as 0, 1 and 2; limits on memory, processor time, files and core
 * dumps (soft ones on the first two, which the child moves up for values whose size it has checked); and an end with its parent. Gives the soft limit on memory, 0 for
 * none. Leaves with _exit(1) where a limit cannot be set. */
size_t nirc_h5_confine(int out, pid_t parent, size_t image_bytes, const nirc_h5_limits *limits);

#endif
