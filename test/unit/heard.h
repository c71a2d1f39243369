/* test/unit/heard.h: diagnostics, kept as text. */
#ifndef NIRC_TEST_UNIT_HEARD_H
#define NIRC_TEST_UNIT_HEARD_H

#include <stdio.h>
#include <stdlib.h>

#include "ir/base/diag.h"

typedef struct heard {
  nirc_diag d;
  char *text;
  size_t size;
} heard;

static inline void heard_init(heard *h)
{
  *h = (heard){.text = NULL};
  nirc_diag_init(&h->d, open_memstream(&h->text, &h->size), "nirc");
}

static inline const char *heard_text(heard *h)
{
  fflush(h->d.stream);
  return h->text;
}

static inline void heard_deinit(heard *h)
{
  fclose(h->d.stream);
  free(h->text);
}

#endif
