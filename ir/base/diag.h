/* ir/base/diag.h: places in the input, and messages about them.
 * Owns: the count of what was reported and the exit status that follows from it.
 * Must not know: IR, files, command lines.
 *
 * One message is one line on the stream:  PLACE: error|warning|remark|note: text [CODE]
 * Where its place is in a text that was registered (nirc_diag_add_source), the line of that text and a mark below it follow.
 * Control characters in text and names are escaped, so that a hostile name cannot forge a line. */
#ifndef NIRC_IR_BASE_DIAG_H
#define NIRC_IR_BASE_DIAG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ir/base/arena.h"

/* Exit statuses of both programs (the command line's contract). */
typedef enum nirc_status {
  NIRC_STATUS_OK = 0,
  NIRC_STATUS_REFUSED = 1,                           /* bad input, or the target cannot express it */
  NIRC_STATUS_USAGE = 2,
  NIRC_STATUS_IO = 3,                                /* cannot be opened, read or written */
  NIRC_STATUS_LIMIT = 4,                             /* a resource limit */
  NIRC_STATUS_INTERNAL = 70
} nirc_status;

/* Where something came from. `file` NULL: nowhere (the program's own name is printed). For text, line and column count
 * from 1; for HDF5, `object` is the path inside the file. Strings are borrowed and live as long as the module. */
typedef struct nirc_loc {
  const char *file;
  const char *object;                                /* NULL where the file as a whole is meant */
  uint32_t line, column;                             /* 0: unknown. Columns are bytes */
  uint32_t length;                                   /* bytes from there on that are meant, on the same line; 0: just the place */
  const struct nirc_via *via;                        /* how this text came to be used; NULL: as it stands */
} nirc_loc;

/* One link of a chain: text that is used from elsewhere (an instance of a template). Every error and warning at such a place is followed by a note for each link. */
typedef struct nirc_via { nirc_loc loc; const char *what; } nirc_via;

static inline nirc_loc nirc_loc_none(void) { return (nirc_loc){0}; }
static inline nirc_loc nirc_loc_file(const char *file) { return (nirc_loc){.file = file}; }
/* loc with "/FIELD" behind its object path (text places are returned as they are). */
nirc_loc nirc_loc_field(nirc_arena *a, nirc_loc loc, const char *field);

typedef enum nirc_severity { NIRC_NOTE, NIRC_REMARK, NIRC_WARNING, NIRC_ERROR } nirc_severity;

enum { NIRC_MAX_ERRORS = 20 };                       /* of one run; more are counted and not printed */

/* A text that places may be in. Borrowed: it outlives the messages. */
typedef struct nirc_source { const char *path, *text; size_t size; struct nirc_source *next; } nirc_source;

typedef struct nirc_diag {
  FILE *stream;
  const char *program;                               /* "nirc" or "nirc-run": PLACE of a message without a file */
  bool json, colour, quiet, verbose, warnings_are_errors;
  unsigned errors, warnings;
  nirc_status status;                                /* of the first error */
  bool drop_notes;                                   /* the message they belong to was not printed */
  nirc_source *sources;
  void (*listener)(void *user, nirc_severity severity, const char *code, const char *text);    /* hears what is printed; NULL: nobody. code may be NULL */
  void *listener_user;
} nirc_diag;

void nirc_diag_init(nirc_diag *d, FILE *stream, const char *program);
void nirc_diag_add_source(nirc_diag *d, nirc_source *s);                 /* borrowed */

/* An error makes nirc_diag_failed true; its status decides the exit status if it is the first. Remarks are printed unless
 * quiet, notes belong to the message before them and share its fate. */
#define NIRC_PRINTF(f, a) __attribute__((format(printf, f, a)))
void nirc_error(nirc_diag *d, nirc_loc loc, const char *format, ...) NIRC_PRINTF(3, 4);          /* status 1 */
void nirc_error_status(nirc_diag *d, nirc_status s, nirc_loc loc, const char *format, ...) NIRC_PRINTF(4, 5);
void nirc_error_code(nirc_diag *d, const char *code, nirc_loc loc, const char *format, ...) NIRC_PRINTF(4, 5);
void nirc_warning(nirc_diag *d, nirc_loc loc, const char *format, ...) NIRC_PRINTF(3, 4);
void nirc_remark(nirc_diag *d, nirc_loc loc, const char *format, ...) NIRC_PRINTF(3, 4);
void nirc_note(nirc_diag *d, nirc_loc loc, const char *format, ...) NIRC_PRINTF(3, 4);
/* A note that says what to write in place of the text at loc. */
void nirc_note_fix(nirc_diag *d, nirc_loc loc, const char *replacement, const char *format, ...) NIRC_PRINTF(4, 5);

static inline bool nirc_diag_failed(const nirc_diag *d) { return d->errors > 0; }

/* Only a bug in nirc can make this fail. */
#define NIRC_ASSERT(e) ((e) ? (void)0 : nirc_assert_failed(__FILE__, __LINE__, #e))
_Noreturn void nirc_assert_failed(const char *file, int line, const char *what);    /* exit status 70 */

#endif
