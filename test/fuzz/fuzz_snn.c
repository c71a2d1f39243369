/* test/fuzz/fuzz_snn.c: arbitrary bytes as a text of the network language, for libFuzzer (`make fuzz`).
 *
 * What is taken is well formed, and written in the language again it is a text that is taken and written the same; what is refused must have been reported. Nothing may be left allocated. A text that names a
 * file (import, @) is left out, so that a run opens none. Memory has a limit, so that an input cannot stop the run by asking for much. */
#include "frontend/snn/read.h"
#include "frontend/snn/write.h"
#include "ir/verify.h"
#include "test/fuzz/harness.h"

/* One that could open no file. */
static bool wanted(const uint8_t *data, size_t size)
{
  return !memchr(data, '@', size) && !memmem(data, size, "import", 6);
}

static nirc_module *take(const char *text, size_t size, const nirc_heap *h, nirc_arena *files, FILE *messages)
{
  nirc_diag d;
  nirc_diag_init(&d, messages, "fuzz_snn");
  nirc_module *m = nirc_snn_read(text, size, "fuzz.snn", NULL, "fuzz", files, h, &d);
  require(!m == nirc_diag_failed(&d), "refused without a message, or taken with one");
  require(m || d.status != NIRC_STATUS_INTERNAL, "a fault of the text is reported as one of nirc");
  require(!m || nirc_module_verify(m, &d), "taken, but not well formed");
  return m;
}

static void examine(const char *text, size_t size, const nirc_heap *h, FILE *messages)
{
  nirc_arena *files = nirc_arena_new(h);
  nirc_module *m = take(text, size, h, files, messages);
  if (m) {
    bool refers;
    nirc_strbuf written, again;
    nirc_strbuf_init(&written, h);
    nirc_strbuf_init(&again, h);
    nirc_snn_write(&written, m, NULL, &refers);
    nirc_module *back = take(written.data, written.size, h, files, messages);
    require(back, "what was written is refused");
    nirc_snn_write(&again, back, NULL, &refers);
    require(again.size == written.size && memcmp(again.data, written.data, written.size) == 0, "written again, the text is another");
    nirc_module_free(back);
    nirc_strbuf_deinit(&written);
    nirc_strbuf_deinit(&again);
  }
  nirc_module_free(m);
  nirc_arena_free(files);
}
