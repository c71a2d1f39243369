#include "passes/profiles.h"

#include <string.h>

#include "ir/base/guess.h"
#include "passes/profile_rules.h"

const char *const nirc_choice_names[NIRC_N_CHOICES] = {
  [NIRC_CHOICE_COEFFICIENTS] = "coefficients", [NIRC_CHOICE_INTEGRATION] = "integration", [NIRC_CHOICE_FIRES] = "fires", [NIRC_CHOICE_RESET] = "reset",
  [NIRC_CHOICE_START] = "start", [NIRC_CHOICE_OUTPUT] = "output", [NIRC_CHOICE_LOOP] = "loop", [NIRC_CHOICE_RECURRENT_BIAS] = "recurrent-bias",
  [NIRC_CHOICE_FLATTEN] = "flatten", [NIRC_CHOICE_NUMBER] = "number", [NIRC_CHOICE_DT] = "dt",
};

/* ---- what importers do not take ------------------------------------------------------------------------------------------- */

#define SAYS(node_, says_) {.node = node_, .says = says_}
#define WHERE(node_, says_, attribute_, neutral_) {.node = node_, .says = says_, .attribute = attribute_, .neutral = neutral_}
#define VANISHES(node) SAYS(node, "lets it vanish, with its edges")
#define DROPS(node) SAYS(node, "drops it without a word")
#define FAILS(node) SAYS(node, "cannot import it")
#define NO_PADDING WHERE(NIR_SUM_POOL2D, "ignores its padding", "padding", 0)
#define NOBODY(how) how(NIR_I), how(NIR_CUBA_LI), how(NIR_SCALE), how(NIR_DELAY)

static const nirc_import norse[] = {NOBODY(VANISHES), VANISHES(NIR_LI), VANISHES(NIR_CONV1D), VANISHES(NIR_AVG_POOL2D), VANISHES(NIR_THRESHOLD), NO_PADDING, {0}};
static const nirc_import snntorch[] = {NOBODY(FAILS), FAILS(NIR_LI), FAILS(NIR_CONV1D), FAILS(NIR_THRESHOLD), NO_PADDING, {0}};
static const nirc_import sinabs[] = {
  NOBODY(VANISHES), VANISHES(NIR_CUBA_LIF), VANISHES(NIR_LINEAR), FAILS(NIR_CONV1D), VANISHES(NIR_AVG_POOL2D), VANISHES(NIR_THRESHOLD), NO_PADDING, {0}};
static const nirc_import rockpool[] = {
  NOBODY(FAILS), FAILS(NIR_LIF), FAILS(NIR_IF), FAILS(NIR_CONV1D), FAILS(NIR_CONV2D), FAILS(NIR_SUM_POOL2D), FAILS(NIR_AVG_POOL2D), FAILS(NIR_FLATTEN),
  FAILS(NIR_THRESHOLD), {0}};
static const nirc_import spyx[] = {
  NOBODY(DROPS), DROPS(NIR_CONV1D), DROPS(NIR_AVG_POOL2D), WHERE(NIR_CONV2D, "ignores its dilation", "dilation", 1), WHERE(NIR_CONV2D, "ignores its groups", "groups", 1),
  WHERE(NIR_SUM_POOL2D, "turns any padding of it into 'same'", "padding", 0), {0}};
static const nirc_import spikingjelly[] = {NOBODY(FAILS), FAILS(NIR_LI), FAILS(NIR_THRESHOLD), NO_PADDING, {0}};
static const nirc_import nengo[] = {NOBODY(FAILS), FAILS(NIR_CONV1D), FAILS(NIR_AVG_POOL2D), FAILS(NIR_THRESHOLD), NO_PADDING, {0}};
static const nirc_import lava[] = {
  NOBODY(FAILS), FAILS(NIR_IF), FAILS(NIR_LI), FAILS(NIR_CUBA_LIF), FAILS(NIR_CONV1D), FAILS(NIR_CONV2D), FAILS(NIR_SUM_POOL2D), FAILS(NIR_AVG_POOL2D),
  FAILS(NIR_FLATTEN), FAILS(NIR_THRESHOLD), {0}};
static const nirc_import lavadl[] = {NOBODY(FAILS), FAILS(NIR_LIF), FAILS(NIR_LI), FAILS(NIR_LINEAR), FAILS(NIR_CONV1D), FAILS(NIR_AVG_POOL2D), FAILS(NIR_THRESHOLD), {0}};
static const nirc_import neurocuda[] = {
  NOBODY(DROPS), DROPS(NIR_LIF), DROPS(NIR_LI), DROPS(NIR_CUBA_LIF), DROPS(NIR_LINEAR), DROPS(NIR_CONV1D), DROPS(NIR_SUM_POOL2D), DROPS(NIR_THRESHOLD), {0}};

/* ---- the table -------------------------------------------------------------------------------------------------------------- */

/* 8-bit weights: even where signs are mixed. */
#define LAVA_WEIGHT \
  "w = weight*dt/tau; low = least(w); high = most(w); w = trunc(256*w); " \
  "weight = low >= 0 ? min(w, 255) : high <= 0 ? max(w, -255) : 2*floor(min(max(w, -256), 255)/2)"

const nirc_profile nirc_profiles[] = {
  {.name = "nir", .summary = "forward Euler of the NIR equations, every parameter honoured", .number = NIRC_F32, .parameters = NIRC_AS_F64,
   .dt_rule = NIRC_DT_COUNTS, .dt = 1e-4, .rules = nirc_rules_nir},
  {.name = "nir_exact", .summary = "as nir, with exponential decay: exact while the input is held during a step", .number = NIRC_F32, .parameters = NIRC_AS_F64,
   .dt_rule = NIRC_DT_COUNTS, .dt = 1e-4, .rules = nirc_rules_nir_exact},
  {.name = "unit", .summary = "as nir, but I and IF integrate r*x per step whatever dt is, as most simulators and the chips do", .number = NIRC_F32,
   .parameters = NIRC_AS_F64, .dt_rule = NIRC_DT_COUNTS, .dt = 1e-4, .rules = nirc_rules_unit},
  {.name = "norse", .summary = "Norse 1.1.0", .number = NIRC_F32, .parameters = NIRC_AS_F32, .dt = 1e-3, .rules = nirc_rules_norse, .imports = norse},
  {.name = "snntorch", .summary = "snnTorch 1.0.0", .number = NIRC_F32, .dt_rule = NIRC_DT_FIXED, .dt = 1e-4, .rules = nirc_rules_snntorch, .imports = snntorch,
   .loops = "cannot import a loop"},
  {.name = "sinabs", .summary = "Sinabs 3.1.3", .number = NIRC_F32, .parameters = NIRC_AS_F32, .dt_rule = NIRC_DT_STEPS, .dt = 1, .rules = nirc_rules_sinabs,
   .imports = sinabs,
   .loops = "heeds the back edge of a loop only when it is stepped"},
  {.name = "rockpool", .summary = "Rockpool 3.0.3", .number = NIRC_F32, .dt_rule = NIRC_DT_DERIVED, .dt = 1e-4, .drops_recurrent_bias = true,
   .rules = nirc_rules_rockpool, .imports = rockpool,
   .loops = "imports a loop only where it is a nested graph"},
  {.name = "spyx", .summary = "Spyx 1.0.0", .number = NIRC_F32, .dt_rule = NIRC_DT_STEPS, .dt = 1, .same_step = true, .drops_recurrent_bias = true, .channels_last = true,
   .rules = nirc_rules_spyx, .imports = spyx},
  {.name = "spikingjelly", .summary = "SpikingJelly 2.0.0", .number = NIRC_F32, .parameters = NIRC_AS_F64, .dt = 1e-4, .rules = nirc_rules_spikingjelly,
   .imports = spikingjelly},
  {.name = "nengo", .summary = "Nengo 4.1.0, with the importer of the NIR paper", .number = NIRC_F64, .parameters = NIRC_AS_F64, .dt = 1e-3, .same_step = true,
   .rules = nirc_rules_nengo, .imports = nengo},
  {.name = "lava_float", .summary = "lava-nc 0.10.0, floating point", .number = NIRC_F64, .parameters = NIRC_AS_F64, .dt = 1e-4, .weight = "weight = weight*dt/tau",
   .late = true, .rules = nirc_rules_lava_float, .imports = lava, .loops = "cannot import a loop"},
  {.name = "lava_fixed", .summary = "lava-nc 0.10.0, fixed point", .number = NIRC_F64, .parameters = NIRC_AS_F64, .dt = 1e-4, .weight = LAVA_WEIGHT, .late = true,
   .rules = nirc_rules_lava_fixed, .imports = lava, .loops = "cannot import a loop"},
  {.name = "lavadl", .summary = "lava-dl 0.6.0, with the importer of the NIR paper", .number = NIRC_F32, .dt = 1e-4, .drops_recurrent_bias = true,
   .rules = nirc_rules_lavadl, .imports = lavadl},
  {.name = "neurocuda", .summary = "NeuroCUDA nir_executor", .number = NIRC_F32, .dt_rule = NIRC_DT_STEPS, .dt = 1, .averages_maps = true, .rules = nirc_rules_neurocuda,
   .imports = neurocuda,
   .loops = "cannot import a loop"},
  {0},
};

const nirc_profile *nirc_profile_find(const char *name)
{
  for (const nirc_profile *p = nirc_profiles; p->name; p++)
    if (strcmp(p->name, name) == 0)
      return p;
  return NULL;
}

const nirc_choice *nirc_rule_order(const nirc_rule *r)
{
  static const nirc_choice orders[][3] = {
    [NIRC_INTEGRATES_FIRES_RESETS] = {NIRC_CHOICE_INTEGRATION, NIRC_CHOICE_FIRES, NIRC_CHOICE_RESET},
    [NIRC_FIRES_INTEGRATES_RESETS] = {NIRC_CHOICE_FIRES, NIRC_CHOICE_INTEGRATION, NIRC_CHOICE_RESET},
    [NIRC_FIRES_RESETS_INTEGRATES] = {NIRC_CHOICE_FIRES, NIRC_CHOICE_RESET, NIRC_CHOICE_INTEGRATION}};
  return orders[r->order];
}

static bool applies(const nirc_import *i, const nirc_op *node)
{
  const nirc_attr *a = i->attribute ? nirc_op_attr(node, i->attribute) : NULL;
  if (i->node != node->code || !i->attribute || !a || a->kind != NIRC_ATTR_DENSE)
    return i->node == node->code && (!i->attribute || (a && a->kind == NIRC_ATTR_STRING));
  for (size_t e = 0; e < a->blob->count; e++)
    if (nirc_blob_get(a->blob, e) != i->neutral)
      return true;
  return false;
}

const char *nirc_import_says(const nirc_profile *p, const nirc_op *node)
{
  for (const nirc_import *i = p->imports; i && i->says; i++)
    if (applies(i, node))
      return i->says;
  return NULL;
}

void nirc_profile_guess(const char *name, nirc_diag *d)
{
  nirc_guess g = {0};
  for (const nirc_profile *p = nirc_profiles; p->name; p++)
    nirc_guess_consider(&g, name, p->name);
  nirc_guess_note(&g, d, nirc_loc_none());
}

void nirc_reset_guess(const char *name, nirc_diag *d)
{
  nirc_guess_word(name, (const char *const[]){"v_reset", "subtract"}, 2, d);
}
