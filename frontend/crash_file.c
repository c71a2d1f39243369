#include "frontend/crash_file.h"

#include <stdlib.h>

#include "frontend/crash.h"
#include "ir/base/sink.h"
#include "ir/print.h"

/* Names in a pipeline may hold anything: what would end the line or the word is quoted. */
void nirc_crash_file_make(nirc_strbuf *b, const nirc_module *m, const char *rest, const char *name)
{
  b->size = 0;
  nirc_strbuf_addf(b, "# nirc %s failed by a fault of its own. This is the module as it was before. To repeat it%s:\n#   nirc " NIRC_CRASH_FILE " --name %s --pass-pipeline '", PACKAGE_VERSION,
                   *rest ? "" : ", with -O, -t and --emit as they were", name);
  for (; *rest; rest++)
    if (*rest == '\'')
      nirc_strbuf_add(b, "'\\''");
    else if ((unsigned char)*rest < 0x20)
      nirc_strbuf_add(b, " ");
    else
      nirc_strbuf_add_bytes(b, rest, 1);
  nirc_strbuf_add(b, "'\n");
  nirc_module_print(b, m, false);
}

void nirc_crash_file_write(const nirc_strbuf *b)
{
  nirc_diag d;
  nirc_diag_init(&d, stderr, "nirc");
  nirc_sink *out = nirc_sink_new("", &d);
  bool ok = out && nirc_sink_write(out, NIRC_CRASH_FILE, b->data, b->size);
  if (ok)
    ok = nirc_sink_commit(out);
  else
    nirc_sink_discard(out);
  if (ok)
    nirc_note(&d, nirc_loc_none(), "this is a fault of nirc; " NIRC_CRASH_FILE " repeats it, its first lines say how");
  fflush(stderr);
  _Exit(ok ? NIRC_STATUS_OK : NIRC_STATUS_IO);
}
