#include "frontend/snn/random.h"

#include <float.h>
#include <math.h>

/* The header promises one rounding an operation; -ffp-contract=off does the rest. */
_Static_assert(FLT_EVAL_METHOD == 0, "doubles are computed with as doubles");

void nirc_random_init(nirc_random *r, uint64_t seed)
{
  *r = (nirc_random){.state = seed};
}

uint64_t nirc_random_bits(nirc_random *r)
{
  uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static double draw(nirc_random *r)
{
  return (double)(nirc_random_bits(r) >> 11) * 0x1p-53;
}

double nirc_random_uniform(nirc_random *r, double low, double high)
{
  return low + (high - low) * draw(r);
}

double nirc_random_bernoulli(nirc_random *r, double p)
{
  return draw(r) < p ? 1 : 0;
}

/* log(1 + f) = f - (h - t * (h + R)) with h = f^2/2, t = f/(2 + f), and R the series of log((1 + t)/(1 - t))/t - 2: what is rounded is small beside f.
 * |t| <= 0.172, so the first term left out, 2/23 * t^22, is below 2^-59. */
double nirc_random_log(double x)
{
  int k;
  double m = frexp(x, &k);
  if (m < 0x1.6a09e667f3bcdp-1) {                    /* sqrt(1/2) */
    m = 2 * m;
    k = k - 1;
  }
  double f = m - 1, h = 0.5 * f * f, t = f / (2 + f), z = t * t;
  double R = 2.0 / 21;
  for (int n = 19; n >= 3; n -= 2)
    R = 2.0 / n + z * R;
  R = z * R;
  /* log 2 = 0x1.62e42feep-1 + 0x1.a39ef35793c76p-33; the first has so few bits that its product with k is exact. */
  return k * 0x1.62e42feep-1 - ((h - (t * (h + R) + k * 0x1.a39ef35793c76p-33)) - f);
}

double nirc_random_normal(nirc_random *r, double mean, double std)
{
  if (r->has_spare) {
    r->has_spare = false;
    return mean + std * r->spare;
  }
  double x, y, s;
  do {
    x = 2 * draw(r) - 1;
    y = 2 * draw(r) - 1;
    s = x * x + y * y;
  } while (s >= 1 || s == 0);
  double f = sqrt(-2 * nirc_random_log(s) / s);
  r->has_spare = true;
  r->spare = y * f;
  return mean + std * (x * f);
}
