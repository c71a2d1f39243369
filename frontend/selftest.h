/* frontend/selftest.h: does this installation compile correctly on this machine?
 * Must not know: command lines. */
#ifndef NIRC_FRONTEND_SELFTEST_H
#define NIRC_FRONTEND_SELFTEST_H

#include "ir/base/diag.h"
#include "ir/base/strbuf.h"

/* Compiles a built-in network (an Affine, LIF, a recurrent CubaLIF) at every level, loads the result, and compares each bit of 64 steps with the reference
 * interpreter. Appends what it found to `out`; false after a diagnostic. */
bool nirc_selftest(nirc_strbuf *out, const nirc_heap *h, nirc_diag *d);

#endif
