/* frontend/crash.h: what comes of a fault of nirc's own: the module before the pass that failed, in nirc-crash.nirt.
 * Owns: the handlers of SIGSEGV, SIGBUS, SIGFPE and SIGABRT, and what they have to know.
 * Must not know: modules, passes.
 *
 * Nothing of a process that has failed can be trusted. So another one is started with the same arguments and `--stop-before=STAGE` in front of them; what is
 * compiled depends on the arguments only, and so it comes to the same place, where it writes the file and ends (frontend/driver.c). */
#ifndef NIRC_FRONTEND_CRASH_H
#define NIRC_FRONTEND_CRASH_H

#include <stdbool.h>
#include <stddef.h>

#define NIRC_CRASH_FILE "nirc-crash.nirt"
#define NIRC_CRASH_OPTION "--stop-before="

/* Where a compilation is. Passes have their numbers, from 1. */
enum { NIRC_STAGE_READING = 0, NIRC_STAGE_CODE = 1000000, NIRC_STAGE_VERIFY };      /* VERIFY: before the pass behind which the verifier finds a fault */

/* Installs the handlers, each where there is none yet (a sanitizer has its own). argv is borrowed for good. */
void nirc_crash_watch(int argc, char **argv);
void nirc_crash_set_stage(int stage);
/* What came on standard input, for the other process; borrowed. */
void nirc_crash_set_input(const char *text, size_t size);
/* Writes the file for a fault that was found and reported, in place of a signal. */
void nirc_crash_report(int stage);

/* Is this the other process? Then takes the option out of the arguments. */
bool nirc_crash_is_rerun(int *argc, char **argv, int *stage);

#endif
