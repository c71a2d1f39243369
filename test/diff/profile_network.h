/* test/diff/profile_network.h: random networks that a semantics profile takes.
 * Owns: what is changed in a random network so that it meets what the profile's rules demand (`needs`, passes/profiles.h).
 * Must not know: what a profile computes. */
#ifndef NIRC_TEST_PROFILE_NETWORK_H
#define NIRC_TEST_PROFILE_NETWORK_H

#include "passes/profiles.h"
#include "test/diff/random_network.h"

typedef struct profile_network {
  nirc_module *m;                                    /* at the nir level, without nested graphs; the caller frees. NULL after a message on stderr */
  char discretise[200];                              /* the pass that makes a step of it, with its options */
} profile_network;

/* The same for the same seed and profile. With `mixed`, one or two choices are another profile's, and the pass may refuse that. */
profile_network profile_network_make(uint64_t seed, const nirc_profile *profile, bool mixed);

#endif
