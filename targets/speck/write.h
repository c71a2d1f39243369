/* targets/speck/write.h: CHIP.json and placement.json.
 * Must not know: the IR. */
#ifndef NIRC_TARGETS_SPECK_WRITE_H
#define NIRC_TARGETS_SPECK_WRITE_H

#include "ir/base/sink.h"
#include "targets/speck/speck.h"

bool nirc_speck_write(const nirc_speck_net *net, nirc_sink *out);

#endif
