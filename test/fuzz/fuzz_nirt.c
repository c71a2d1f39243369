/* test/fuzz/fuzz_nirt.c: arbitrary bytes as IR text, for libFuzzer (`make fuzz`).
 *
 * What is taken must print to text that is taken again, as an equal module that prints the same text; what is refused must have been reported. Nothing may be
 * left allocated. Memory has a limit, so that an input cannot stop the run by asking for much. */
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ir/equal.h"
#include "ir/parse.h"
#include "ir/print.h"
#include "ir/verify.h"

enum { MEMORY_LIMIT = 64 << 20 };

/* In front of each allocation; all that are alive form a list. */
typedef union block {
  struct { union block *prev, *next; size_t size; } list;
  max_align_t align;
} block;

typedef struct limited {
  jmp_buf out;
  block alive;                                       /* head of a ring */
  size_t size;
} limited;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *limited_alloc(void *user, size_t size)
{
  limited *x = user;
  block *b = size <= MEMORY_LIMIT - x->size ? malloc(sizeof *b + size) : NULL;
  if (!b)
    return NULL;
  x->size += b->list.size = size;
  b->list.prev = &x->alive;
  b->list.next = x->alive.list.next;
  b->list.next->list.prev = x->alive.list.next = b;
  return b + 1;
}

static void limited_free(void *user, void *p)
{
  limited *x = user;
  if (!p)
    return;
  block *b = (block *)p - 1;
  x->size -= b->list.size;
  b->list.prev->list.next = b->list.next;
  b->list.next->list.prev = b->list.prev;
  free(b);
}

static void limited_exhausted(void *user, size_t size)
{
  (void)size;
  longjmp(((limited *)user)->out, 1);
}

static void require(bool ok, const char *what)
{
  if (ok)
    return;
  fprintf(stderr, "fuzz_nirt: %s\n", what);
  abort();
}

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  limited memory = {.size = 0};
  memory.alive.list.prev = memory.alive.list.next = &memory.alive;
  const nirc_heap heap = {.alloc = limited_alloc, .free = limited_free, .exhausted = limited_exhausted, .user = &memory};
  char *text = malloc(size + 1);
  FILE *messages = fopen("/dev/null", "w");
  require(text && messages, "no memory for the input");
  memcpy(text, data, size);
  text[size] = '\0';
  if (setjmp(memory.out) == 0) {
    nirc_module *m = parse(text, size, &heap, messages);
    if (m)
      round_trip(m, &heap, messages);
    nirc_module_free(m);
    require(memory.alive.list.next == &memory.alive, "something was not freed");
  }
  while (memory.alive.list.next != &memory.alive)
    limited_free(&memory, memory.alive.list.next + 1);
  fclose(messages);
  free(text);
  return 0;
}
