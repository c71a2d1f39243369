/* passes/profile_rules.c: what each simulator computes for each type of neuron; the data behind docs/profiles.md. Each equation was obtained from the
 * simulator's importer and confirmed by running it. */
#include "passes/profile_rules.h"

#define RULE(code, c, h, z, r, s, o) .node = code, .equations = {c, h, z, r, s, o}
#define END {0}

/* ---- NIR's own equations: forward Euler, or exponential decay ------------------------------------------------------------ */

#define V_RESET "v = z ? v_reset : h"
#define SUBTRACT "v = z ? h - v_threshold : h"
#define FIRES "z = h > v_threshold"
#define SYNAPSE "i = i + k_syn*(w_in*x - i); "
#define CUBA_START "v = v_leak; i = 0"

#define NIR_RULES(gain, decay, decays) { \
  {RULE(NIR_I, gain, "v = v + g*x", NULL, NULL, "v = 0", "v")}, \
  {RULE(NIR_IF, gain, "h = v + g*x", FIRES, V_RESET, "v = 0", "z"), .subtract = SUBTRACT}, \
  {RULE(NIR_LI, decay, "v = v + k*((v_leak - v) + r*x)", NULL, NULL, "v = v_leak", "v")}, \
  {RULE(NIR_LIF, decay, "h = v + k*((v_leak - v) + r*x)", FIRES, V_RESET, "v = v_leak", "z"), .subtract = SUBTRACT}, \
  {RULE(NIR_CUBA_LI, decays, SYNAPSE "v = v + k_mem*((v_leak - v) + r*i)", NULL, NULL, CUBA_START, "v")}, \
  {RULE(NIR_CUBA_LIF, decays, SYNAPSE "h = v + k_mem*((v_leak - v) + r*i)", FIRES, V_RESET, CUBA_START, "z"), .subtract = SUBTRACT}, \
  END}

#define EULER "k = dt/tau"
#define EULERS "k_syn = dt/tau_syn; k_mem = dt/tau_mem"
const nirc_rule nirc_rules_nir[] = NIR_RULES("g = dt*r", EULER, EULERS);
const nirc_rule nirc_rules_unit[] = NIR_RULES("g = r", EULER, EULERS);
const nirc_rule nirc_rules_nir_exact[] = NIR_RULES("g = dt*r", "k = -expm1(-(dt/tau))", "k_syn = -expm1(-(dt/tau_syn)); k_mem = -expm1(-(dt/tau_mem))");

/* ---- Norse --------------------------------------------------------------------------------------------------------------------- */

#define TO_ZERO "v = (1 - z)*h + z*0"
#define MARGIN "z = h - v_threshold > 0"

const nirc_rule nirc_rules_norse[] = {
  {RULE(NIR_LIF, "k = dt*(1/tau)", "h = v + k*((x + v_leak) - v)", MARGIN, TO_ZERO, "v = v_leak", "z")},
  {RULE(NIR_IF, "", "h = v + x", MARGIN, TO_ZERO, "v = 0", "z")},
  {RULE(NIR_CUBA_LIF, "k_syn = dt*(1/tau_syn); k_mem = dt*(1/tau_mem)", "i = i + k_syn*((v_leak - i) + w_in*x); h = v + k_mem*((r*i + v_leak) - v)", MARGIN, TO_ZERO,
        "v = v_leak; i = v_leak", "z"),
   .subtract = "v = (1 - z)*h + z*(h - v_threshold)", .doubts = "v_leak == 0",
   .doubt = "Norse puts v_leak into the equation of the synapse, too, so that a neuron without input does not rest"},
  END};

/* ---- snnTorch: weights stay, the threshold is divided --------------------------------------------------------------------------- */

#define UNEQUAL "snnTorch has one threshold for a layer and divides it by the least of the factors: neurons with another factor fire at a wrong potential"

const nirc_rule nirc_rules_snntorch[] = {
  {RULE(NIR_LIF, "beta = min(max(1 - dt/tau, 0), 1); w = r*dt/tau; v_threshold = v_threshold/least(w)", "h = beta*v + x", MARGIN, "v = h - z*h", "v = 0", "z"),
   .needs = "v_leak == 0; alike(v_threshold)", .doubts = "alike(r*dt/tau)", .doubt = UNEQUAL},
  {RULE(NIR_CUBA_LIF, "alpha = 1 - dt/tau_syn; beta = 1 - dt/tau_mem; w = w_in*dt/tau_syn; v_threshold = v_threshold/least(w)", "i = alpha*i + x; h = beta*v + i", MARGIN,
        "v = h - z*h", "v = 0; i = 0", "z"),
   .needs = "v_leak == 0; alike(v_threshold); near(r, tau_mem/dt)", .doubts = "alike(w_in*dt/tau_syn)", .doubt = UNEQUAL},
  {RULE(NIR_IF, "", "h = 0.9*v + x", MARGIN, "v = h - z*v_threshold", "v = 0", "z"), .needs = "near(r, 1)",
   .doubt = "snnTorch's import makes it a leaky neuron with beta 0.9, which works as the last node only"},
  END};

/* ---- Sinabs: time in steps, several spikes a step --------------------------------------------------------------------------------- */

#define TRUNCATED "z = h > 0 ? trunc(h/v_threshold) : 0"
#define SUBTRACT_ALL "v = h - z*v_threshold"

const nirc_rule nirc_rules_sinabs[] = {
  {RULE(NIR_LIF, "alpha = exp(-1/(tau/dt))", "h = alpha*v + x", TRUNCATED, SUBTRACT_ALL, "v = 0", "z"), .needs = "v_leak == 0"},
  {RULE(NIR_IF, "", "h = v + x", TRUNCATED, SUBTRACT_ALL "; v = max(v + v_threshold, 0) - v_threshold", "v = 0", "z")},
  {RULE(NIR_LI, "alpha = exp(-1/(tau/dt))", "v = alpha*v + x", NULL, NULL, "v = 0", "v"), .needs = "near(r, 1); v_leak == 0"},
  END};

/* ---- Rockpool: dt from r, several spikes a step ------------------------------------------------------------------------------------ */

const nirc_rule nirc_rules_rockpool[] = {
  {RULE(NIR_CUBA_LIF, "dt = least(tau_mem/(1 + r)); alpha = exp(-f32(dt)/f32(tau_mem)); beta = exp(-f32(dt)/f32(tau_syn))",
        "i = (i + x)[ + f]; i = beta*i; h = alpha*v + i; h = h + v_leak", "z = h >= v_threshold ? min(floor(h/v_threshold), 65536) : 0", SUBTRACT_ALL, "v = 0; i = 0", "z"),
   .doubts = "v_leak == 0", .doubt = "Rockpool adds v_leak in every step, as a bias"},
  {RULE(NIR_LI, "dt = least(tau/(1 + r)); alpha = tau >= 1 ? exp(-f32(dt)/f32(trunc(tau))) : 0", "v = (v + x)*alpha", NULL, NULL, "v = 0", "v"),
   .doubts = "tau == trunc(tau)", .doubt = "Rockpool's import cuts the tau of a LI to whole seconds: below 1 s it sends 0"},
  END};

/* ---- Spyx: the threshold looks at the state before the step --------------------------------------------------------------------------- */

#define BEFORE "z = v - v_threshold > 0"

const nirc_rule nirc_rules_spyx[] = {
  {RULE(NIR_LIF, "beta = min(max(1 - dt/tau, 0), 1)", "h = fma(beta, v, x)[ + f]", BEFORE, "v = fma(-z, v_threshold, h)", "v = 0", "z"),
   .order = NIRC_FIRES_INTEGRATES_RESETS},
  {RULE(NIR_IF, "", "h = (v + x)[ + f]", BEFORE, "v = fma(-z, v_threshold, h)", "v = 0", "z"), .order = NIRC_FIRES_INTEGRATES_RESETS},
  {RULE(NIR_CUBA_LIF, "alpha = min(max(1 - dt/tau_syn, 0), 1); beta = min(max(1 - dt/tau_mem, 0), 1)", "i = fma(alpha, i, x)[ + f]; v = fma(beta, v, i)", BEFORE,
        "v = v - z*v_threshold", "v = 0; i = 0", "z"),
   .order = NIRC_FIRES_RESETS_INTEGRATES},
  {RULE(NIR_LI, "beta = min(max(1 - dt/tau, 0), 1)", "v = fma(beta, v, x)", NULL, NULL, "v = 0", "v")},
  END};

/* ---- SpikingJelly ------------------------------------------------------------------------------------------------------------------------ */

#define AT_LEAST "z = h - v_threshold >= 0"
#define TO_V_RESET "v = (1 - z)*h + v_reset*z"
#define ALIKE "alike(v_threshold); alike(v_reset)"

const nirc_rule nirc_rules_spikingjelly[] = {
  {RULE(NIR_LIF, "tau = tau/dt", "h = v + (x - (v - v_reset))/tau", AT_LEAST, TO_V_RESET, "v = v_reset", "z"), .when = "near(r, 1)",
   .needs = "tau/dt > 1; v_leak == v_reset; alike(tau); " ALIKE},
  {RULE(NIR_LIF, "tau = tau/dt", "h = (v - (v - v_reset)/tau) + x", AT_LEAST, TO_V_RESET, "v = v_reset", "z"),
   .needs = "near(r, tau/dt); tau/dt > 1; v_leak == v_reset; alike(tau); " ALIKE},
  {RULE(NIR_IF, "", "h = v + x", AT_LEAST, TO_V_RESET, "v = v_reset", "z"), .needs = "near(r, 1/dt); " ALIKE},
  {RULE(NIR_CUBA_LIF, "alpha = 1 - dt/tau_syn; beta = 1 - dt/tau_mem", "i = i*alpha + x; h = v*beta + i", AT_LEAST, TO_V_RESET, "v = v_reset; i = 0", "z"),
   .needs = "near(r, tau_mem/dt); near(w_in, tau_syn/dt); v_leak == 0; alike(tau_syn); alike(tau_mem); " ALIKE},
  END};

/* ---- Nengo: potentials in units of the threshold, never below 0 ---------------------------------------------------------------------------- */

#define CLIPPED "v = z ? 0 : max(h, 0)"

const nirc_rule nirc_rules_nengo[] = {
  {RULE(NIR_LIF, "k = -expm1(-dt/first(tau))", "h = v + (x/v_threshold - v)*k", "z = h > 1", CLIPPED, "v = 0", "z"), .needs = "near(r, 1); v_leak == 0",
   .doubts = "alike(tau)", .doubt = "Nengo takes the tau of the first neuron for the layer"},
  {RULE(NIR_CUBA_LIF, "g = w_in*r/v_threshold; k = -expm1(-dt/first(tau_mem)); ts = -dt/log(1 - dt/first(tau_syn)); alpha = exp(-dt/ts)",
        "h = v + (g*i - v)*k; i = alpha*i + (1 - alpha)*x", "z = h > 1", CLIPPED, "v = 0; i = 0", "z"),
   .needs = "v_leak == 0", .doubts = "alike(tau_mem) && alike(tau_syn)", .doubt = "Nengo takes the time constants of the first neuron for the layer"},
  {RULE(NIR_IF, "step = f64(dt)", "h = v + (x/(v_threshold*step))*step", "z = h > 1", "v = z ? 0 : h", "v = 0", "z"), .needs = "near(r, 1)"},
  {RULE(NIR_LI, "alpha = exp(-dt/first(tau))", "v = i; i = alpha*i + (1 - alpha)*x", NULL, NULL, "i = 0", "v"), .doubts = "alike(tau)",
   .doubt = "Nengo takes the tau of the first neuron for the layer"},
  END};

/* ---- Lava ------------------------------------------------------------------------------------------------------------------------------------- */

const nirc_rule nirc_rules_lava_float[] = {
  {RULE(NIR_LIF, "beta = 1 - dt/tau", "h = v*beta + x", FIRES, "v = z ? 0 : h", "v = 0", "z")},
  END};

const nirc_rule nirc_rules_lava_fixed[] = {
  {RULE(NIR_LIF, "keep_v = i64(4096 - trunc(4095*dt/tau)); limit = i64(floor(trunc(131071*v_threshold)/512)*64)",
        "h = v*keep_v/4096 + i64(x)*64; h = min(max(h, -8388607), 8388607)", "z = h > limit", "v = z ? 0 : h", "v = i64(0)", "z")},
  END};

/* Lava-DL: integers at scale S = 64*w; w = 64 for CubaLIF, 4096 for IF. */
#define SLAYER(s, syn) syn " y = y*keep_v/4096 + i64(f32(u)); v = f32(y)/" s, "z = f32(y)/" s " >= theta", "y = f32(y) >= limit ? 0 : y"

const nirc_rule nirc_rules_lavadl[] = {
  {.node = NIR_CUBA_LIF, .needs = "near(r, tau_mem/dt); v_leak == 0; alike(tau_syn); alike(tau_mem); alike(v_threshold); alike(w_in)", .equations = {
     "keep_u = i64(4096 - rint(4096*dt/tau_syn)); keep_v = i64(4096 - rint(4096*dt/tau_mem)); g = w_in*dt/tau_syn; g = near(g, 1) ? 1 : g; "
     "theta = f64(trunc(v_threshold*64))/64 + 0.01/4096; limit = f32(theta*4096); theta = f32(theta)",
     SLAYER("4096", "u = u*keep_u/4096 + i64(4096*(g*x)); i = f32(u)/4096;"), "u = i64(0); y = i64(0)", "z"}},
  {.node = NIR_IF, .needs = "alike(v_threshold); alike(r)", .equations = {
     "keep_v = i64(4096); theta = f64(trunc(v_threshold*r*4096))/4096 + 0.01/262144; limit = f32(theta*262144); theta = f32(theta)",
     SLAYER("262144", "u = i64(262144*x);"), "y = i64(0)", "z"}},
  END};

/* ---- NeuroCUDA ---------------------------------------------------------------------------------------------------------------------------------- */

const nirc_rule nirc_rules_neurocuda[] = {
  {RULE(NIR_IF, "v_threshold = mean(v_threshold)", "h = v + x", "z = h >= v_threshold", SUBTRACT_ALL, "v = v_threshold/2", "y = z*v_threshold"),
   .doubts = "alike(v_threshold)", .doubt = "NeuroCUDA takes the mean of v_threshold for the layer"},
  END};
