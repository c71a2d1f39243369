/* frontend/snn/write.h: a module at the nir level in the network language; reading the text gives the same module.
 * Must not know: files. The caller writes the text, and the arrays that it refers to. */
#ifndef NIRC_FRONTEND_SNN_WRITE_H
#define NIRC_FRONTEND_SNN_WRITE_H

#include "ir/op.h"
#include "ir/base/strbuf.h"

enum { NIRC_SNN_SMALL = 16 };                        /* elements that are still read easily */

/* Is it for the side file: more than NIRC_SNN_SMALL elements, not all alike? */
bool nirc_snn_is_large(const nirc_blob *b);

/* Appends the text, in its canonical layout. `side` is the name of the HDF5 file, beside the text, that holds large arrays at /nodes/NODE/PARAMETER (nested: /nodes/GRAPH/nodes/...; metadata:
 * .../metadata/KEY); NULL: everything stands in the text. *refers tells whether the text refers to that file. */
void nirc_snn_write(nirc_strbuf *b, const nirc_module *m, const char *side, bool *refers);

#endif
