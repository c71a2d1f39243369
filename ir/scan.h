/* ir/scan.h: the words of IR text: names, strings, numbers, types.
 * Owns: the place in the text, and the first fault; after one, everything fails.
 * Must not know: ops, modules. */
#ifndef NIRC_IR_SCAN_H
#define NIRC_IR_SCAN_H

#include "ir/base/diag.h"
#include "ir/type.h"

typedef struct nirc_scanner {
  const char *at, *end, *line_start, *path;          /* a NUL stands at end */
  uint32_t line;                                     /* from 1 */
  nirc_diag *d;
  nirc_arena *arena;                                 /* for names and strings */
  nirc_arena *scratch;                               /* for messages */
  bool failed;
} nirc_scanner;

nirc_loc nirc_scan_loc(const nirc_scanner *p);       /* of the next character, as long as the word or string that begins there */
/* Reports the first fault; false in any case. */
bool nirc_scan_fail(nirc_scanner *p, nirc_loc loc, const char *what);
void nirc_scan_blank(nirc_scanner *p);               /* past blanks and ends of lines */
void nirc_scan_space(nirc_scanner *p);               /* the same, and comments: from # to the end of the line */
bool nirc_scan_peek(nirc_scanner *p, const char *s);     /* does s come next, space aside? */
bool nirc_scan_accept(nirc_scanner *p, const char *s);   /* takes it where it does */
bool nirc_scan_expect(nirc_scanner *p, const char *s);   /* a fault where it does not */

/* Each takes one thing; NULL or false after a diagnostic. */
const char *nirc_scan_word(nirc_scanner *p, const char *more, const char *what);     /* letters, digits, _ and what `more` holds */
const char *nirc_scan_string(nirc_scanner *p);       /* in quotes; valid UTF-8 */
const char *nirc_scan_name(nirc_scanner *p);         /* a word, or in quotes */
bool nirc_scan_whole(nirc_scanner *p, uint64_t *out);
bool nirc_scan_shape(nirc_scanner *p, nirc_shape *s);    /* [2, 3]; nothing: rank 0 */
bool nirc_scan_type(nirc_scanner *p, nirc_dtype *elem, nirc_shape *s);
bool nirc_scan_element(nirc_scanner *p, nirc_dtype t, void *to);         /* one number, stored as its type; refused where it does not fit exactly */

int nirc_scan_hex_digit(char c);                      /* 0 to 15; -1 for what is none (capitals, too) */

#endif
