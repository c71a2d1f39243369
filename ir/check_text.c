#include "ir/check_text.h"

#include <string.h>

#include "ir/equal.h"
#include "ir/parse.h"
#include "ir/print.h"

enum { MAX_TEXT = 1 << 20 };

/* Would the blobs alone be too much? */
static bool is_large(const nirc_module *m)
{
  size_t bytes = 0;
  for (const struct nirc_blob_list *l = m->blobs; l && bytes < MAX_TEXT; l = l->next)
    bytes += 2 * nirc_blob_bytes(l->blob);
  return bytes >= MAX_TEXT;
}

static bool fault(const nirc_module *m, const nirc_op *where, const char *what, nirc_diag *d)
{
  nirc_error_status(d, NIRC_STATUS_INTERNAL, where ? where->loc : nirc_loc_none(), "'%s': %s", where ? where->name : m->name, what);
  return false;
}

static bool compare(const nirc_module *m, const nirc_module *back, const nirc_strbuf *text, nirc_diag *d)
{
  const nirc_op *where;
  if (!nirc_module_equal(m, back, &where))
    return fault(m, where, "is another when its text is read", d);
  nirc_strbuf again;
  nirc_strbuf_init(&again, m->heap);
  nirc_module_print(&again, back, false);
  bool same = again.size == text->size && memcmp(again.data, text->data, text->size) == 0;
  nirc_strbuf_deinit(&again);
  return same || fault(m, NULL, "has another text when it is printed again", d);
}

bool nirc_module_check_text(const nirc_module *m, nirc_diag *d)
{
  if (is_large(m))
    return true;
  nirc_strbuf text;
  nirc_strbuf_init(&text, m->heap);
  nirc_module_print(&text, m, false);
  bool ok = true;
  if (text.size < MAX_TEXT) {
    nirc_diag own = *d;                              /* its messages are shown; what counts is the one below */
    own.quiet = true;
    own.warnings_are_errors = false;
    own.errors = 0;
    nirc_module *back = nirc_module_parse(text.data, text.size, "the module's text", m->heap, &own);
    ok = back ? compare(m, back, &text, d) : fault(m, NULL, "its text is refused", d);
    nirc_module_free(back);
  }
  nirc_strbuf_deinit(&text);
  return ok;
}
