/* test/fuzz/fuzz_nirt.c: arbitrary bytes as IR text, for libFuzzer (`make fuzz`).
 *
 * What is taken must print to text that is taken again, as an equal module that prints the same text; what is refused must have been reported. Nothing may be
 * left allocated. Memory has a limit, so that an input cannot stop the run by asking for much. */
#include "ir/equal.h"
#include "ir/parse.h"
#include "ir/print.h"
#include "ir/verify.h"
#include "test/fuzz/harness.h"

static nirc_module *parse(const char *text, size_t size, const nirc_heap *h, FILE *messages)
{
  nirc_diag d;
  nirc_diag_init(&d, messages, "fuzz_nirt");
  nirc_source source = {.path = "fuzz.nirt", .text = text, .size = size};
  nirc_diag_add_source(&d, &source);
  nirc_module *m = nirc_module_parse(text, size, "fuzz.nirt", h, &d);
  require(!m == nirc_diag_failed(&d), "refused without a message, or taken with one");
  require(m || d.status != NIRC_STATUS_INTERNAL, "a fault of the text is reported as one of nirc");
  return m;
}

static void round_trip(nirc_module *m, const nirc_heap *h, FILE *messages)
{
  nirc_diag d;
  nirc_diag_init(&d, messages, "fuzz_nirt");
  require(nirc_module_verify(m, &d), "taken, but not well formed");
  nirc_strbuf text, again;
  nirc_strbuf_init(&text, h);
  nirc_strbuf_init(&again, h);
  nirc_module_print(&text, m, false);
  nirc_module *back = parse(text.data, text.size, h, messages);
  require(back, "the printed text is refused");
  require(nirc_module_equal(m, back, NULL), "read back, the module is another");
  nirc_module_print(&again, back, false);
  require(again.size == text.size && memcmp(again.data, text.data, text.size) == 0, "printed again, the text is another");
  nirc_module_free(back);
  nirc_strbuf_deinit(&text);
  nirc_strbuf_deinit(&again);
}

static bool wanted(const uint8_t *data, size_t size)
{
  (void)data; (void)size;
  return true;
}

static void examine(const char *text, size_t size, const nirc_heap *h, FILE *messages)
{
  nirc_module *m = parse(text, size, h, messages);
  if (m)
    round_trip(m, h, messages);
  nirc_module_free(m);
}
