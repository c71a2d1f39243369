#include "passes/check_time.h"

#include <math.h>

#include "ir/time_rules.h"

static const double CLOSE = 0.02;                    /* simulators that find dt from r by an approximation are off by less */
static const double LONG_STEP = 0.1;                 /* a step that is no number of seconds */

/* The node that shows it. */
static const nirc_op *example_of(const nirc_time_survey *s)
{
  for (int k = 0; k < NIRC_N_TIME_RULES; k++)
    if (s->fit[k].holds)
      return s->fit[k].who;
  return s->fastest;
}

void nirc_check_time(const nirc_op *graph, double dt, bool gain_takes_dt, nirc_loc file, nirc_diag *d)
{
  nirc_time_survey s;
  nirc_time_survey_begin(&s);
  NIRC_FOR_EACH_OP(op, graph->body)
    nirc_time_survey_add_op(&s, op);
  nirc_time_survey_end(&s);
  if (s.unit_if && s.has_tau && s.least_tau < 1 && gain_takes_dt && dt != 1)
    nirc_warning(d, file, "the graph mixes IF with r = 1, as simulators that count steps write it, and time constants in seconds; such an IF integrates dt*r*x (--semantics unit: r*x)");
  if (!s.has_tau && !gain_takes_dt)                  /* dt enters no coefficient */
    return;
  double better = dt;
  char why[NIRC_TIME_WHY];
  nirc_time_kind kind = nirc_time_suggest(&s, &better, why);
  bool differs = kind != NIRC_TIME_UNKNOWN && fabs(better - dt) > CLOSE * better;
  const nirc_op *fastest = s.fastest, *example = example_of(&s);
  if (fastest && dt > s.least_tau * (1 + 1e-6)) {                 /* files hold tau as float32 */
    nirc_warning(d, fastest->loc, "'%s': dt = %g is longer than its time constant %g; a smaller --dt is needed for a faithful result", fastest->name, dt,
                 s.least_tau);
    if (differs && better < dt)
      nirc_note(d, fastest->loc, "--dt %g would fit: %s", better, why);
  } else if (differs && kind == NIRC_TIME_BY_RULE) {
    nirc_warning(d, example->loc, "'%s': dt = %g is not the step that the parameters were made with", example->name, dt);
    nirc_note(d, example->loc, "--dt %g would fit: %s", better, why);
  } else if (differs && kind == NIRC_TIME_STEPS && dt <= LONG_STEP) {
    nirc_warning(d, example->loc, "'%s': its time constant %g looks like a number of steps, and dt = %g like seconds", example->name, s.least_tau, dt);
    nirc_note(d, example->loc, "--dt 1 would fit: %s", why);
  }
}
