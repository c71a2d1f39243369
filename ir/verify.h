/* ir/verify.h: is a module well formed?
 * Must not know: where it came from, what runs next. */
#ifndef NIRC_IR_VERIFY_H
#define NIRC_IR_VERIFY_H

#include "ir/op.h"

/* Structure: use lists agree with operands, counts of operands and results, every value typed, attributes known to the op table, of their
 * kind, required ones present; definitions before uses outside nir graphs; ops of the module's level only; on the snn level unique state names, one
 * update per state; then every op's verify hook. Reports each fault (as internal errors: `'NAME' (MNEMONIC): ...`). */
bool nirc_module_verify(nirc_module *m, nirc_diag *d);

#endif
