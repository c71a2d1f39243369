/* codegen/link.h: running the linker.
 * Must not know: LLVM, modules. */
#ifndef NIRC_CODEGEN_LINK_H
#define NIRC_CODEGEN_LINK_H

#include "ir/base/diag.h"

/* Links an object file's bytes into a shared object at `path`, by `ld` or what NIRC_LD names, without a shell, in a private temporary
 * directory. An undefined symbol is an error: the library needs nothing. Errors: status 3 where a file cannot be written or the linker is not
 * found, 70 where it fails. */
bool nirc_link_shared(const void *object, size_t size, const char *path, nirc_diag *d);

#endif
