/* ir/base/json.h: JSON, once it is built. */
#ifndef NIRC_IR_BASE_JSON_H
#define NIRC_IR_BASE_JSON_H

#include <jansson.h>

#include "ir/base/strbuf.h"

/* Appends it, members in the order in which they were set, indented by `indent` (up to 31), and a line feed; takes ownership. A root that is NULL is a fault of
 * the caller: texts were checked to be UTF-8 when they were read. */
void nirc_strbuf_add_json(nirc_strbuf *b, json_t *root, size_t indent);

#endif
