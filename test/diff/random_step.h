/* test/diff/random_step.h: modules at the snn level for differential tests, made from a seed: tensor ops and states of f32, f64 and i64 in any order, which
 * no graph at the nir level comes to.
 * Owns: nothing.
 * Must not know: what is done with them. */
#ifndef NIRC_TEST_RANDOM_STEP_H
#define NIRC_TEST_RANDOM_STEP_H

#include "ir/op.h"

nirc_module *random_step(uint64_t seed);             /* the same for the same seed; caller frees */

#endif
