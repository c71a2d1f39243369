/* test/diff/random_network.h: networks at the nir level for differential tests, made from a seed.
 * Owns: nothing.
 * Must not know: what is done with them. */
#ifndef NIRC_TEST_RANDOM_NETWORK_H
#define NIRC_TEST_RANDOM_NETWORK_H

#include "ir/op.h"

enum {
  RANDOM_LOOPS = 1,                                  /* back edges onto neurons and through Delays of at least 1 ms */
  RANDOM_NESTED = 2,                                 /* nested graphs, up to two deep */
  RANDOM_DTYPES = 4,                                 /* parameters in f64, f16 and integers beside f32 */
  RANDOM_NAN = 8,                                    /* NaN and infinite weights on silent inputs (see below) */
  RANDOM_JOINS = 16,                                 /* nodes with two to four in-edges */
  RANDOM_WIDE = 32,                                  /* layers of up to some hundred elements: full vectors and their tails */
  RANDOM_PATTERNS = 64,                              /* what passes look for: factors of 1 and powers of two, identities, equal nodes, no delay ... */
  RANDOM_ALL = 127,
  RANDOM_FLAT = 128                                  /* one axis throughout: no convolutions, no maps; not among ALL */
};

/* The same network for the same seed and flags, with types inferred; its neurons are drawn from these types (NULL: all). NULL, after a message on stderr,
 * where inference refused it (a fault of one of the two). Compilable with a dt of at most 1 ms. The first random_silent elements of an Input whose name begins
 * with "silent" must be fed nothing but 0. Caller frees. */
nirc_module *random_network(uint64_t seed, unsigned flags, const nirc_opcode *neurons, size_t n_neurons);
size_t random_silent(const nirc_shape *input);       /* the first channel where there are several, else one element */

/* The generator, for inputs. */
typedef struct random_source { uint64_t state; } random_source;
uint64_t random_bits(random_source *r);
uint64_t random_below(random_source *r, uint64_t n); /* n > 0 */
bool random_chance(random_source *r, unsigned percent);
double random_between(random_source *r, double low, double high);

#endif
