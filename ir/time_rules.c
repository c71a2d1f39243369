#include "ir/time_rules.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double ROUNDING = 0x1p-23;              /* of parameters that were float32 once, as most were */
static const double SAME = 1e-6;                     /* relative: equal but for a few roundings */

/* ---- the rules, each solved for dt -------------------------------------------------------------------------------------- */

static double solve_inverse(double r, double tau)
{
  (void)tau;
  return 1 / r;
}

static double solve_quotient(double r, double tau)
{
  return tau / r;
}

/* r*y = exp(-y) for y = dt/tau: ln r + ln y + y = 0, by Newton's method. */
static double solve_decayed(double r, double tau)
{
  if (!(r > 0))
    return -1;
  double y = 1 / (1 + r);
  for (double step = y; fabs(step) > 1e-15 * y;) {   /* from below, so that it rises until rounding stops it */
    step = (log(r) + log(y) + y) * y / (1 + y);
    y -= step;
    if (step > 0)
      break;
  }
  return y * tau;
}

static double solve_beta(double r, double tau)
{
  return tau * (1 - r);
}

/* How far the rounding of the parameters may have moved dt: by a few units in its own last place, for beta in that of tau. */
static double error_relative(double tau, double dt)
{
  (void)tau;
  return 4 * ROUNDING * dt;
}

static double error_beta(double tau, double dt)
{
  return ROUNDING * (fabs(tau) + 4 * dt);
}

typedef struct rule {
  const char *text;
  double (*solve)(double value, double tau);
  double (*error)(double tau, double dt);
} rule;

static const rule rules[NIRC_N_TIME_RULES] = {
  [NIRC_TIME_R_INVERSE] = {"r = 1/dt", solve_inverse, error_relative},
  [NIRC_TIME_R_TAU] = {"r = tau/dt", solve_quotient, error_relative},
  [NIRC_TIME_R_DECAYED] = {"r = tau*exp(-dt/tau)/dt", solve_decayed, error_relative},
  [NIRC_TIME_R_BETA] = {"r = 1 - dt/tau", solve_beta, error_beta},
  [NIRC_TIME_W_IN] = {"w_in = tau_syn/dt", solve_quotient, error_relative},
};

const char *nirc_time_rule_text(nirc_time_rule r)
{
  return rules[r].text;
}

/* ---- fitting them ---------------------------------------------------------------------------------------------------------- */

/* x is a decimal number of so many digits, but for roundings; *nearest is that number. */
static bool is_short(double x, int digits, double *nearest)
{
  char text[32];
  snprintf(text, sizeof text, "%.*g", digits, x);
  *nearest = strtod(text, NULL);
  return fabs(*nearest - x) <= SAME * fabs(x);
}

static double element(const nirc_blob *b, size_t i)
{
  return nirc_blob_get(b, b->count == 1 ? 0 : i);
}

static void fit_element(nirc_time_fit *f, const rule *r, double value, double tau, const void *who, bool *ok)
{
  double dt = r->solve(value, tau), error = r->error(tau, dt);
  if (!isfinite(dt) || dt <= 0) {
    *ok = false;
    return;
  }
  if (!f->who) {
    *f = (nirc_time_fit){.low = dt - error, .high = dt + error, .least_dt = dt, .greatest_dt = dt, .least = value, .greatest = value, .value = value, .tau = tau, .who = who,
                          .nodes = f->nodes, .misfits = f->misfits};
    return;
  }
  f->low = fmax(f->low, dt - error);
  f->high = fmin(f->high, dt + error);
  f->least_dt = fmin(f->least_dt, dt);
  f->greatest_dt = fmax(f->greatest_dt, dt);
  f->least = fmin(f->least, value);
  f->greatest = fmax(f->greatest, value);
  *ok = *ok && f->low <= f->high;
}

static void fit(nirc_time_fit *f, const rule *r, const nirc_blob *value, const nirc_blob *tau, const void *who)
{
  if (!value || !tau || !value->count || !tau->count || nirc_blob_is_all(value, 1) || (value->count != tau->count && value->count != 1 && tau->count != 1))
    return;
  bool ok = true;
  double last_value = 0, last_tau = 0;               /* most layers have one value throughout */
  for (size_t i = 0; ok && i < value->count; i++) {
    double v = element(value, i), t = element(tau, i);
    if (!i || v != last_value || t != last_tau)
      fit_element(f, r, v, t, who, &ok);
    last_value = v;
    last_tau = t;
  }
  f->nodes += ok;
  f->misfits += !ok;
}

/* An equation for each parameter, and one unknown: it is no accident where several parameters that differ agree, or where a crooked parameter gives
 * a round dt. 1e-4 is the step of two exporters, whatever the parameter. */
static void judge(nirc_time_fit *f, nirc_time_rule which)
{
  if (!f->nodes || f->misfits)
    return;
  f->dt = (f->low + f->high) / 2;
  double dt, crooked;
  bool round = is_short(f->dt, 2, &dt), varied = f->greatest - f->least > 1e-3 * fabs(f->greatest);
  if (round)
    f->dt = dt;
  if (which == NIRC_TIME_R_INVERSE)                  /* any r has an inverse: it says something where that is round, and short as a step is */
    f->holds = round && f->dt <= 0.01 && !varied;
  else if (which == NIRC_TIME_R_BETA)
    f->holds = varied;
  else
    f->holds = varied || (round && (dt == 1e-4 || !is_short(f->value, 3, &crooked)));
}

double nirc_time_fit_off(const nirc_time_fit *f)
{
  return fmax(fabs(f->dt - f->least_dt), fabs(f->greatest_dt - f->dt)) / f->dt;
}

static void survey_tau(nirc_time_survey *s, const nirc_blob *tau, const void *who)
{
  for (size_t i = 0; tau && i < tau->count; i++) {
    double t = nirc_blob_get(tau, i);
    if (!(t > 0) || !isfinite(t))
      continue;
    if (!s->has_tau || t < s->least_tau) {
      s->least_tau = t;
      s->fastest = who;
    }
    s->greatest_tau = s->has_tau ? fmax(s->greatest_tau, t) : t;
    s->has_tau = true;
  }
}

void nirc_time_survey_begin(nirc_time_survey *s)
{
  *s = (nirc_time_survey){.unit_r = true};
}

void nirc_time_survey_add(nirc_time_survey *s, const nirc_time_node *n)
{
  bool unit = n->r && nirc_blob_is_all(n->r, 1);
  s->integrators += n->code == NIR_I || n->code == NIR_IF;
  s->unit_r = s->unit_r && (!n->r || unit);
  s->unit_if = s->unit_if || (n->code == NIR_IF && unit);
  const nirc_blob *tau = n->tau ? n->tau : n->tau_mem;
  survey_tau(s, tau, n->who);
  survey_tau(s, n->tau_syn, n->who);
  if (n->code == NIR_IF)
    fit(&s->fit[NIRC_TIME_R_INVERSE], &rules[NIRC_TIME_R_INVERSE], n->r, n->r, n->who);
  for (int k = NIRC_TIME_R_TAU; k <= NIRC_TIME_R_BETA; k++)
    fit(&s->fit[k], &rules[k], n->r, tau, n->who);
  fit(&s->fit[NIRC_TIME_W_IN], &rules[NIRC_TIME_W_IN], n->w_in, n->tau_syn, n->who);
}

void nirc_time_survey_add_op(nirc_time_survey *s, const nirc_op *op)
{
  nirc_time_node n = {.code = op->code, .r = nirc_op_blob(op, "r"), .w_in = nirc_op_blob(op, "w_in"), .tau = nirc_op_blob(op, "tau"), .tau_mem = nirc_op_blob(op, "tau_mem"),
                      .tau_syn = nirc_op_blob(op, "tau_syn"), .who = op};
  nirc_time_survey_add(s, &n);
}

void nirc_time_survey_end(nirc_time_survey *s)
{
  for (int k = 0; k < NIRC_N_TIME_RULES; k++)
    judge(&s->fit[k], (nirc_time_rule)k);
}

/* ---- what follows ------------------------------------------------------------------------------------------------------------ */

nirc_time_kind nirc_time_suggest(const nirc_time_survey *s, double *dt, char why[NIRC_TIME_WHY])
{
  for (int k = 0; k < NIRC_N_TIME_RULES; k++) {
    const nirc_time_fit *f = &s->fit[k];
    if (!f->holds)
      continue;
    *dt = f->dt;
    snprintf(why, NIRC_TIME_WHY, "%s holds for dt = %g, to %.1g, in %u node%s", rules[k].text, f->dt, nirc_time_fit_off(f), f->nodes, f->nodes == 1 ? "" : "s");
    return NIRC_TIME_BY_RULE;
  }
  if (!s->has_tau)
    return NIRC_TIME_UNKNOWN;
  if (s->unit_r && s->greatest_tau < 1e-4) {
    double step = s->least_tau < 2e-6 ? 1e-4 : 1e-3;  /* the usual one, unless it would leave less than 2 ms */
    *dt = step * step;
    snprintf(why, NIRC_TIME_WHY, "time constants of %g to %g look multiplied by a step of %g s, as Norse writes them", s->least_tau, s->greatest_tau, step);
    return NIRC_TIME_SCALED;
  }
  if (s->least_tau >= 1) {
    *dt = 1;
    snprintf(why, NIRC_TIME_WHY, "time constants of %g to %g look like numbers of steps", s->least_tau, s->greatest_tau);
    return NIRC_TIME_STEPS;
  }
  return NIRC_TIME_UNKNOWN;
}
