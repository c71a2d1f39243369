/* frontend/report_partition.h: how a network is cut into the cores of a chip, for the report: out of the entry `partition` of what the hw level says of the chip.
 * Must not know: targets. */
#ifndef NIRC_FRONTEND_REPORT_PARTITION_H
#define NIRC_FRONTEND_REPORT_PARTITION_H

#include <jansson.h>

#include "ir/op.h"

/* Of the first entry of that dictionary; NULL: the chip is not one of many cores. */
void nirc_partition_print_html(const nirc_attr *entries, nirc_strbuf *b);
json_t *nirc_partition_json(const nirc_attr *entries);      /* to the caller */

#endif
