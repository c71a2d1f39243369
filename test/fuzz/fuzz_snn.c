/* test/fuzz/fuzz_snn.c: arbitrary bytes as a text of the network language, for libFuzzer (`make fuzz`).
 *
 * What is taken is well formed and prints; what is refused must have been reported. Nothing may be left allocated. A text that names a
 * file (import, @) is left out, so that a run opens none. Memory has a limit, so that an input cannot stop the run by asking for much. */
#include "frontend/snn/read.h"
#include "ir/print.h"
#include "ir/verify.h"
#include "test/fuzz/harness.h"

/* One that could open no file. */
static bool wanted(const uint8_t *data, size_t size)
{
  return !memchr(data, '@', size) && !memmem(data, size, "import", 6);
}

static void examine(const char *text, size_t size, const nirc_heap *h, FILE *messages)
{
  nirc_diag d;
  nirc_diag_init(&d, messages, "fuzz_snn");
  nirc_arena *files = nirc_arena_new(h);
  nirc_module *m = nirc_snn_read(text, size, "fuzz.snn", NULL, "fuzz", files, h, &d);
  require(!m == nirc_diag_failed(&d), "refused without a message, or taken with one");
  require(m || d.status != NIRC_STATUS_INTERNAL, "a fault of the text is reported as one of nirc");
  if (m) {
    nirc_strbuf printed;
    require(nirc_module_verify(m, &d), "taken, but not well formed");
    nirc_strbuf_init(&printed, h);
    nirc_module_print(&printed, m, true);
    nirc_strbuf_deinit(&printed);
  }
  nirc_module_free(m);
  nirc_arena_free(files);
}
