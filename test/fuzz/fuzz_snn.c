/* test/fuzz/fuzz_snn.c: arbitrary bytes as a text of the network language, for libFuzzer (`make fuzz`).
 *
 * What is taken is well formed and prints; what is refused must have been reported. Nothing may be left allocated. A text that names a
 * file (import, @) is left out, so that a run opens none. Memory has a limit, so that an input cannot stop the run by asking for much. */
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/snn/read.h"
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
  fprintf(stderr, "fuzz_snn: %s\n", what);
  abort();
}

/* Could it open a file? */
static bool names_a_file(const uint8_t *data, size_t size)
{
  return memchr(data, '@', size) || memmem(data, size, "import", 6);
}

static void read_and_print(const char *text, size_t size, const nirc_heap *h, FILE *messages)
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (names_a_file(data, size))
    return -1;                                       /* not for the corpus */
  limited memory = {.size = 0};
  memory.alive.list.prev = memory.alive.list.next = &memory.alive;
  const nirc_heap heap = {.alloc = limited_alloc, .free = limited_free, .exhausted = limited_exhausted, .user = &memory};
  char *text = malloc(size + 1);
  FILE *messages = fopen("/dev/null", "w");
  require(text && messages, "no memory for the input");
  memcpy(text, data, size);
  text[size] = '\0';
  if (setjmp(memory.out) == 0) {
    read_and_print(text, size, &heap, messages);
    require(memory.alive.list.next == &memory.alive, "something was not freed");
  }
  while (memory.alive.list.next != &memory.alive)
    limited_free(&memory, memory.alive.list.next + 1);
  fclose(messages);
  free(text);
  return 0;
}
