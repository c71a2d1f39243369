/* test/fuzz/harness.h: what every target for libFuzzer shares; it includes this once and defines `wanted` (false: not for the corpus) and `examine`.
 *
 * Memory has a limit, so that an input cannot stop the run by asking for much, and none of it may be left allocated. */
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ir/base/heap.h"

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
static bool wanted(const uint8_t *data, size_t size);
static void examine(const char *text, size_t size, const nirc_heap *h, FILE *messages);

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
  fprintf(stderr, "%s\n", what);
  abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (!wanted(data, size))
    return -1;
  limited memory = {.size = 0};
  memory.alive.list.prev = memory.alive.list.next = &memory.alive;
  const nirc_heap heap = {.alloc = limited_alloc, .free = limited_free, .exhausted = limited_exhausted, .user = &memory};
  char *text = malloc(size + 1);
  FILE *messages = fopen("/dev/null", "w");
  require(text && messages, "no memory for the input");
  memcpy(text, data, size);
  text[size] = '\0';
  if (setjmp(memory.out) == 0) {
    examine(text, size, &heap, messages);
    require(memory.alive.list.next == &memory.alive, "something was not freed");
  }
  while (memory.alive.list.next != &memory.alive)
    limited_free(&memory, memory.alive.list.next + 1);
  fclose(messages);
  free(text);
  return 0;
}
