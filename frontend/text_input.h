/* frontend/text_input.h: inputs that are text: a network in our language, or IR text.
 * Must not know: what the text says. */
#ifndef NIRC_FRONTEND_TEXT_INPUT_H
#define NIRC_FRONTEND_TEXT_INPUT_H

#include "ir/base/diag.h"

typedef enum nirc_text_kind { NIRC_TEXT_NONE, NIRC_TEXT_SNN, NIRC_TEXT_NIRT } nirc_text_kind;

/* By the first word, behind blanks and comments: `nirc` or `nirt`; else by the name of the file, so that a fault in the first word is told as one. */
nirc_text_kind nirc_text_kind_of(const char *text, size_t size, const char *path);

/* Is the input text, or "-"? What is no regular file (a pipe would make us wait) or cannot be read is none: the reader of HDF5 says so. */
bool nirc_text_is_input(const char *path);

/* All of the file, or of standard input ("-"). NULL after a diagnostic: status 3 where it cannot be read, 4 where it has more than `limit` bytes. The caller frees it with nirc_heap_free. */
char *nirc_text_read(const nirc_heap *h, const char *path, size_t limit, size_t *size, nirc_diag *d);

#endif
