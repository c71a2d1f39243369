/* frontend/snn/random.h: random numbers of a network's text, specified to the bit: one seed gives the same numbers on every machine.
 * Owns: nothing; the state is the caller's.
 * Must not know: the language, types, IR.
 *
 * Every operation below is one operation on doubles (or on 64-bit integers, modulo 2^64), rounded to nearest even, in the order written; no function of the
 * C library decides a bit, but for sqrt, which is exactly rounded everywhere.
 *
 *   bits       SplitMix64. The state begins as the seed. Each draw:
 *              state += 0x9e3779b97f4a7c15; z = state;
 *              z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9; z = (z ^ (z >> 27)) * 0x94d049bb133111eb; the draw is z ^ (z >> 31).
 *   u          in [0, 1): (bits >> 11) * 2^-53.
 *   uniform    low + (high - low) * u.
 *   bernoulli  1 where u < p, else 0.
 *   normal     Marsaglia's polar method. A pair: x = 2 * u - 1 from one draw, y = 2 * u - 1 from the next, s = x * x + y * y, and again while s >= 1 or s == 0;
 *              then f = sqrt(-2 * L(s) / s). The first normal of the pair is x * f, the next y * f; the result is mean + std * that. The second stays behind
 *              for the next normal, whatever else is drawn in between.
 *   L          the natural logarithm: x = m * 2^k with m in [0.5, 1), as frexp gives it; where m < 0x1.6a09e667f3bcdp-1, m = 2 * m and k = k - 1. Then
 *              f = m - 1; h = 0.5 * f * f; t = f / (2 + f); z = t * t;
 *              R = 2/21, then R = 2/n + z * R for n = 19, 17, ..., 3, then R = z * R;
 *              L = k * 0x1.62e42feep-1 - ((h - (t * (h + R) + k * 0x1.a39ef35793c76p-33)) - f).
 *              Products and quotients bind more tightly than sums, and equal ones go from left to right. */
#ifndef NIRC_FRONTEND_SNN_RANDOM_H
#define NIRC_FRONTEND_SNN_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

typedef struct nirc_random {
  uint64_t state;
  bool has_spare;
  double spare;                                      /* the second normal of a pair, before mean and std */
} nirc_random;

void nirc_random_init(nirc_random *r, uint64_t seed);
uint64_t nirc_random_bits(nirc_random *r);
double nirc_random_uniform(nirc_random *r, double low, double high);     /* high itself only where rounding gives it */
double nirc_random_normal(nirc_random *r, double mean, double std);
double nirc_random_bernoulli(nirc_random *r, double p);

double nirc_random_log(double x);                    /* L, of a finite x above 0: within one unit in the last place of the logarithm */

#endif
