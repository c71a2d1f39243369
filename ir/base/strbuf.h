/* ir/base/strbuf.h: a growing byte string.
 * Owns: its bytes, always followed by a NUL that `size` does not count.
 * Must not know: what the text means. */
#ifndef NIRC_IR_BASE_STRBUF_H
#define NIRC_IR_BASE_STRBUF_H

#include <stddef.h>

#include "ir/base/heap.h"

typedef struct nirc_strbuf {
  const nirc_heap *heap;
  char *data;                                        /* never NULL after init */
  size_t size, capacity;
} nirc_strbuf;

void nirc_strbuf_init(nirc_strbuf *b, const nirc_heap *h);
void nirc_strbuf_deinit(nirc_strbuf *b);
void nirc_strbuf_add(nirc_strbuf *b, const char *s);
void nirc_strbuf_add_bytes(nirc_strbuf *b, const void *s, size_t n);
void nirc_strbuf_addf(nirc_strbuf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
