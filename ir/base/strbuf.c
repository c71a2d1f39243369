#include "ir/base/strbuf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

void nirc_strbuf_init(nirc_strbuf *b, const nirc_heap *h)
{
  *b = (nirc_strbuf){.heap = h, .data = nirc_heap_alloc(h, 64), .capacity = 64};
  b->data[0] = '\0';
}

void nirc_strbuf_deinit(nirc_strbuf *b)
{
  nirc_heap_free(b->heap, b->data);
  b->data = NULL;
}

/* Room for `more` bytes and the NUL. */
static void reserve(nirc_strbuf *b, size_t more)
{
  size_t need;
  if (!nirc_add_size(&need, b->size, more) || !nirc_add_size(&need, need, 1))
    need = SIZE_MAX;
  if (need <= b->capacity)
    return;
  size_t capacity = b->capacity <= SIZE_MAX / 2 && b->capacity * 2 > need ? b->capacity * 2 : need;
  char *data = nirc_heap_alloc(b->heap, capacity);
  memcpy(data, b->data, b->size + 1);
  nirc_heap_free(b->heap, b->data);
  b->data = data;
  b->capacity = capacity;
}

void nirc_strbuf_add_bytes(nirc_strbuf *b, const void *s, size_t n)
{
  reserve(b, n);
  if (n)
    memcpy(b->data + b->size, s, n);
  b->size += n;
  b->data[b->size] = '\0';
}

void nirc_strbuf_add(nirc_strbuf *b, const char *s)
{
  nirc_strbuf_add_bytes(b, s, strlen(s));
}

void nirc_strbuf_addf(nirc_strbuf *b, const char *format, ...)
{
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (n > 0) {
    reserve(b, (size_t)n);
    vsnprintf(b->data + b->size, (size_t)n + 1, format, again);
    b->size += (size_t)n;
  }
  va_end(again);
}
