#include "ir/base/json.h"

#include <stdlib.h>

#include "ir/base/diag.h"

void nirc_strbuf_add_json(nirc_strbuf *b, json_t *root, size_t indent)
{
  char *text = root ? json_dumps(root, JSON_INDENT(indent) | JSON_PRESERVE_ORDER) : NULL;
  NIRC_ASSERT(text);
  nirc_strbuf_add(b, text);
  nirc_strbuf_add(b, "\n");
  free(text);
  json_decref(root);
}
