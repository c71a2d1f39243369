/* frontend/nir_h5_child.h: the half of the HDF5 reader that runs in a process of its own.
 * Owns: all calls of libhdf5 on untrusted bytes.
 * Must not know: what becomes of the records, how its process was limited (nir_h5_confine.h). */
#ifndef NIRC_FRONTEND_NIR_H5_CHILD_H
#define NIRC_FRONTEND_NIR_H5_CHILD_H

#include <stddef.h>

/* Called in a forked child and nowhere else: walks the HDF5 file that lies in image[0..size) and writes records
 * (nir_h5_wire.h) to NIRC_H5_OUT. `memory` is the soft RLIMIT_AS, to be widened by what checked datasets need; 0: there is
 * none. Leaves with _exit, so that nothing of the parent's (stdio buffers, atexit handlers) runs twice. */
_Noreturn void nirc_h5_child_run(const void *image, size_t size, size_t max_tensor_bytes, size_t memory);

#endif
