/* ir/base/sink.h: a set of output files that appears completely or not at all.
 * Owns: temporaries beside the final names, until commit renames them or discard removes them.
 * Must not know: what is written. */
#ifndef NIRC_IR_BASE_SINK_H
#define NIRC_IR_BASE_SINK_H

#include "ir/base/diag.h"

typedef struct nirc_sink nirc_sink;

/* dir: directory the files go to ("" or "." for the working directory), made (with parents) if missing; what was made is
 * removed again on discard. Reports an error of status 3 and returns NULL where that fails. */
nirc_sink *nirc_sink_new(const char *dir, nirc_diag *d);

/* Path of a temporary that becomes DIR/name at commit; the caller writes it by whatever means (it exists, empty, mode 0600).
 * Borrowed until commit or discard. NULL, with an error of status 3, where it cannot be made. */
const char *nirc_sink_file(nirc_sink *s, const char *name);

/* The same, with content. */
bool nirc_sink_write(nirc_sink *s, const char *name, const void *data, size_t size);

/* fsync and rename every file (mode 0666, or 0777 where the name ends in .so, less the umask); consumes s. False, with an error of status 3 and nothing new left, where
 * one cannot be. */
bool nirc_sink_commit(nirc_sink *s);

/* Remove all temporaries; consumes s. Accepts NULL. */
void nirc_sink_discard(nirc_sink *s);

#endif
