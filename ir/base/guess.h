/* ir/base/guess.h: which known name was meant by one that is not known.
 * Must not know: what the names are of. */
#ifndef NIRC_IR_BASE_GUESS_H
#define NIRC_IR_BASE_GUESS_H

#include "ir/base/diag.h"

/* The best so far; begins as {0}. */
typedef struct nirc_guess { const char *name; int distance; } nirc_guess;

/* Takes `name` where it is closer to `wanted` than what there is: at most two letters changed, left out or put in, fewer than `wanted` has; case counts for nothing. */
void nirc_guess_consider(nirc_guess *g, const char *wanted, const char *name);

/* "did you mean 'NAME'?" at loc, with the name as the fix; nothing where there is no guess. */
void nirc_guess_note(const nirc_guess *g, nirc_diag *d, nirc_loc loc);

/* That note for a word of the command line that is none of n names. */
void nirc_guess_word(const char *wanted, const char *const *names, size_t n, nirc_diag *d);

#endif
