#include "frontend/nirc_options.h"

#include <stdlib.h>
#include <string.h>

#include "frontend/nirc_option_table.h"
#include "passes/profiles.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof *(a))

/* ---- taking options one by one -------------------------------------------------------------------------------------------------- */

typedef struct reader {
  nirc_options *o;
  nirc_arena *a;
  const char *target;                                /* as written */
  const nirc_option *of_target[64];                  /* options of single targets that were given */
  size_t n_of_target;
} reader;

/* "NAME=VALUE NAME=VALUE ...", as the pass `lower` takes them. */
static bool take_target_option(reader *r, const nirc_option *option, const char *v, nirc_diag *d)
{
  nirc_options *o = r->o;
  size_t k;
  if (option->choices && !nirc_option_choice(option, v, &k, d))
    return false;
  if (r->n_of_target < N_ELEMENTS(r->of_target))
    r->of_target[r->n_of_target++] = option;
  o->target_options = nirc_arena_printf(r->a, "%s%s%s%s%s", o->target_options ? o->target_options : "", o->target_options ? " " : "", option->name,
                                        option->argument ? "=" : "", option->argument ? v : "");
  return true;
}

#define USAGE(...) (nirc_error_status(d, NIRC_STATUS_USAGE, nirc_loc_none(), __VA_ARGS__), false)

static bool take_semantics(reader *r, const char *text, nirc_diag *d)
{
  nirc_semantics s;
  if (!nirc_semantics_parse(&s, r->a, "--semantics", text, d))
    return false;
  r->o->profile = s.profile;
  r->o->dt = s.dt ? s.dt : r->o->dt;
  r->o->reset = s.reset ? s.reset : r->o->reset;
  return true;
}

static bool take_rate(nirc_compare_options *c, const char *text, nirc_diag *d)
{
  char *end;
  c->rate = strtod(text, &end);
  c->has_rate = true;
  return (strchr("0123456789.", text[0]) && text[0] && !*end && c->rate >= 0 && c->rate <= 1) || USAGE("--rate '%s': a number from 0 to 1 is wanted", text);
}

/* A number is a rate, whatever else it might be the name of. */
static bool take_activity(nirc_options *o, const char *text, nirc_diag *d)
{
  char *end;
  o->activity = text;
  o->activity_rate = strtod(text, &end);
  o->activity_assumed = *text && !*end;
  if (!*text)
    return USAGE("--activity '': a file or a number from 0 to 1 is wanted");
  return !o->activity_assumed || (o->activity_rate >= 0 && o->activity_rate <= 1) ||
         USAGE("--activity %s: a number from 0 to 1 is wanted, spikes of a neuron in a step; a file of that name is ./%s", text, text);
}

static bool take_compare(reader *r, const nirc_option *option, const char *text, nirc_diag *d)
{
  nirc_compare_options *c = &r->o->compare;
  switch (option->id) {
  case OPT_INPUT: c->input = text; return true;
  case OPT_STEPS: c->has_steps = true; return nirc_option_number(option, text, 0, NIRC_COMPARE_MOST_STEPS, &c->steps, d);
  case OPT_SEED: c->has_seed = true; return nirc_option_number(option, text, 0, UINT64_MAX, &c->seed, d);
  case OPT_RATE: return take_rate(c, text, d);
  default: return (c->profiles = nirc_semantics_parse_list(r->a, "--compare", text, &c->n_profiles, d)) != NULL;
  }
}

static bool take_emit(nirc_options *o, const nirc_option *option, const char *text, nirc_diag *d)
{
  size_t i;
  if (!nirc_option_choice(option, text, &i, d))
    return false;
  o->emit = (nirc_emit)(NIRC_EMIT_NIR + i);
  return true;
}

static bool take_quantise(nirc_options *o, const nirc_option *option, const char *text, nirc_diag *d)
{
  size_t i;
  if (!nirc_option_choice(option, text, &i, d))
    return false;
  o->quantise = i ? "quantise" : NULL;
  return true;
}

/* Of --stats and --identify: nothing, or `=json`. */
static bool take_json(const nirc_option *option, const char *text, bool *as_text, bool *as_json, nirc_diag *d)
{
  size_t i;
  if (text && !nirc_option_choice(option, text, &i, d))
    return false;
  *as_text = !text;
  *as_json = text;
  return true;
}

static bool take_partition(nirc_options *o, const nirc_option *option, const char *text, nirc_diag *d)
{
  size_t i;
  if (!nirc_option_choice(option, text, &i, d))
    return false;
  o->partition = option->choices[i];
  return true;
}

static bool take_for(nirc_options *o, const nirc_option *option, const char *text, nirc_diag *d)
{
  size_t i;
  if (!nirc_option_choice(option, text, &i, d))
    return false;
  o->simulator = option->choices[i];
  return true;
}

static bool take_print_editor(nirc_options *o, const nirc_option *option, const char *text, nirc_diag *d)
{
  size_t i = 0;
  if (!nirc_option_choice(option, text, &i, d))
    return false;
  o->print = NIRC_PRINT_EDITOR;
  o->editor = (nirc_editor_file)i;
  return true;
}

static bool take_probe(reader *r, const char *node)
{
  nirc_options *o = r->o;
  const char **more = NIRC_NEW_ARRAY(r->a, const char *, o->n_probes + 1);
  if (o->n_probes)
    memcpy(more, o->probes, o->n_probes * sizeof *more);
  more[o->n_probes++] = node;
  o->probes = more;
  return true;
}

static bool take_name(nirc_options *o, const char *text, nirc_diag *d)
{
  o->name = text;
  bool ok = *text && !strchr("0123456789", *text);
  for (const char *s = text; *s; s++)
    ok = ok && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_", *s);
  return ok || USAGE("--name '%s': letters, digits and _ are allowed, no digit first", text);
}

static bool take_operand(nirc_options *o, const char *text, nirc_diag *d)
{
  if (o->input)
    return USAGE("one input is wanted, `%s` is a second one", text);
  o->input = text;
  return true;
}

static bool take(void *user, const nirc_option *option, const char *v, nirc_diag *d)
{
  reader *r = user;
  nirc_options *o = r->o;
  if (!option)
    return take_operand(o, v, d);
  switch (option->id) {
  case NIRC_OPTION_HELP: case NIRC_OPTION_VERSION: case NIRC_OPTION_MAN: o->print = option->id; return true;
  case NIRC_OPTION_COMPLETION: return nirc_option_completion(option, v, &o->print, d);
  case OPT_TARGET: r->target = v; return true;
  case OPT_OUTPUT: o->output = v; return true;
  case OPT_EMIT: return take_emit(o, option, v, d);
  case OPT_NAME: return take_name(o, v, d);
  case OPT_NETWORK: o->network = v; return true;
  case OPT_FORMAT: o->format = true; return true;
  case OPT_DT: return nirc_semantics_take_dt(&o->dt, v, d);
  case OPT_SEMANTICS: return take_semantics(r, v, d);
  case OPT_RESET: return nirc_semantics_take_reset(&o->reset, v, d);
  case OPT_EVALUATE: o->evaluate = v; return true;
  case OPT_COMPARE: case OPT_INPUT: case OPT_STEPS: case OPT_SEED: case OPT_RATE: return take_compare(r, option, v, d);
  case OPT_LENIENT: o->lenient = true; return true;
  case OPT_PROBE: return take_probe(r, v);
  case OPT_FOR: return take_for(o, option, v, d);
  case OPT_CHECK: o->check = true; return true;
  case OPT_LEVEL:
    if (strlen(v) != 1 || !strchr("0123", *v))
      return USAGE("-O%s: 0, 1, 2 or 3 is wanted", v);
    o->job.level = *v - '0';
    return true;
  case OPT_MCPU: o->job.cpu = v; return true;
  case OPT_MTRIPLE: o->job.triple = v; return true;
  case OPT_QUANTISE: return take_quantise(o, option, v, d);
  case OPT_CALIBRATE: o->calibrate = v; return true;
  case OPT_PARTITION: return take_partition(o, option, v, d);
  case OPT_EMULATE: o->job.emulate = true; return true;
  case OPT_REPORT: o->report = v; return true;
  case OPT_ACTIVITY: return take_activity(o, v, d);
  case OPT_PIPELINE: o->pipeline = v; return true;
  case OPT_PRINT_PIPELINE: o->print = NIRC_PRINT_PIPELINE; return true;
  case OPT_PRINT_BEFORE: o->hooks.print_before = v; return true;
  case OPT_PRINT_AFTER: o->hooks.print_after = v; return true;
  case OPT_DUMP_DIR: o->hooks.dump_dir = v; return true;
  case OPT_STOP_AFTER: o->hooks.stop_after = v; return true;
  case OPT_VERIFY_EACH: o->hooks.verify_each = true; return true;
  case OPT_TIME_PASSES: o->hooks.time_passes = true; return true;
  case OPT_STATS: return take_json(option, v, &o->hooks.stats, &o->hooks.stats_json, d);
  case OPT_IDENTIFY: return take_json(option, v, &o->identify, &o->identify_json, d);
  case OPT_WERROR:
    d->warnings_are_errors = true;
    return strcmp(v, "error") == 0 || USAGE("-W%s: -Werror is meant?", v);
  case OPT_LIST_TARGETS: o->print = NIRC_PRINT_TARGETS; return true;
  case OPT_LIST_PASSES: o->print = NIRC_PRINT_PASSES; return true;
  case OPT_LIST_PROFILES: o->print = NIRC_PRINT_PROFILES; return true;
  case OPT_PRINT_OPS: o->print = NIRC_PRINT_OPS; return true;
  case OPT_PRINT_PASSES: o->print = NIRC_PRINT_PASS_REFERENCE; return true;
  case OPT_PRINT_PROFILES: o->print = NIRC_PRINT_PROFILE_REFERENCE; return true;
  case OPT_PRINT_EDITOR: return take_print_editor(o, option, v, d);
  case OPT_SELFTEST: o->print = NIRC_PRINT_SELFTEST; return true;
  default:
    if (option->id < OPT_OF_TARGET)
      return nirc_option_common(option, v, d);
    return take_target_option(r, option, v, d);
  }
}

/* ---- what fits together ------------------------------------------------------------------------------------------------------------ */

static bool check_pass_name(const char *name, nirc_diag *d)
{
  if (!name || strcmp(name, "all") == 0 || nirc_pass_find(name))
    return true;
  (void)USAGE("no pass is called '%s'; --list-passes shows what there is", name);
  nirc_pass_guess(name, d);
  return false;
}

/* The target, and what of the other options it cannot have. */
static bool check_target(reader *r, nirc_diag *d)
{
  nirc_options *o = r->o;
  bool all = o->check && r->target && strcmp(r->target, "all") == 0;
  o->target = nirc_target_find(r->target ? r->target : "cpu");
  if (!o->target && !all) {
    (void)USAGE("-t '%s': no such target; --list-targets shows what there is", r->target);
    nirc_target_guess(r->target, d);
    return false;
  }
  for (size_t k = 0; k < r->n_of_target; k++)
    if (!all && nirc_targets[r->of_target[k]->id - OPT_OF_TARGET] != o->target)
      return USAGE("--%s is an option of -t %s, not of -t %s", r->of_target[k]->name, nirc_targets[r->of_target[k]->id - OPT_OF_TARGET]->name, o->target->name);
  if (all)
    return true;
  if (o->profile && !nirc_target_takes_profile(o->target, o->profile))
    return USAGE("--semantics %s: -t %s takes %s or %s", o->profile, o->target->name, o->target->profiles[0], o->target->profiles[1]);
  if (o->partition && !o->target->cuts)
    return USAGE("--partition: -t %s cuts nothing into cores", o->target->name);
  return !o->job.emulate || o->target->profiles || USAGE("--emulate is for chips, -t %s is none", o->target->name);
}

static bool check_for(const nirc_options *o, nirc_diag *d)
{
  if (!o->simulator || (o->emit == NIRC_EMIT_NIR && !o->pipeline && !o->check))
    return true;
  return USAGE("--for %s: goes with --emit nir%s", o->simulator, o->pipeline ? ", without --pass-pipeline" : o->check ? ", without --check" : "");
}

static bool check_quantise(const nirc_options *o, nirc_diag *d)
{
  if (o->quantise && o->target && o->target->lower)
    return USAGE("--quantise is for -t cpu; -t %s quantises by the chip's own rules", o->target->name);
  if (!o->calibrate)
    return true;
  if (!o->quantise)
    return USAGE("--calibrate goes with --quantise int8");
  if (o->pipeline)
    return USAGE("--calibrate chooses among ways to quantise, --pass-pipeline has its own");
  bool is_text = o->emit && o->emit < NIRC_EMIT_LLVM;
  return !((is_text && !o->hooks.stop_after) || o->emit == NIRC_EMIT_DOT) || USAGE("--calibrate has no meaning with --emit of the network as read");
}

/* Two things cannot go to one place. */
static bool check_report(const nirc_options *o, nirc_diag *d)
{
  if (!o->report) {
    bool places = o->target && o->target->lower && !o->check;
    return !o->activity || places || o->compare.profiles || o->evaluate || USAGE("--activity goes with --report or a chip target");
  }
  if (o->compare.has_steps && !o->compare.steps && !o->compare.profiles && !o->evaluate)
    return USAGE("--steps 0: an inference has at least one step");
  size_t n = strlen(o->report);
  if (!n || o->report[n - 1] == '/')
    return USAGE("--report '%s': a file name is wanted", o->report);
  bool is_stdout = strcmp(o->report, "-") == 0;
  if (o->output && strcmp(o->report, o->output) == 0)
    return USAGE("--report %s: the output goes there (-o %s)", o->report, o->output);
  return !(is_stdout && o->check) || USAGE("--report -: --check prints to standard output; name a file");
}

/* What has no effect with an option that compiles for itself; NULL: nothing was given. */
static const char *idle_option(const nirc_options *o)
{
  return o->emit ? "--emit" : o->output ? "-o" : o->check ? "--check" : o->format ? "--format" : o->n_probes ? "--probe" : o->activity ? "--activity"
         : o->pipeline ? "--pass-pipeline" : o->job.triple ? "--mtriple" : o->job.cpu ? "--mcpu" : o->job.emulate ? "--emulate"
         : o->hooks.print_before || o->hooks.print_after || o->hooks.dump_dir || o->hooks.stop_after || o->hooks.time_passes || o->hooks.stats || o->hooks.stats_json
           ? "what looks into passes" : NULL;
}

static bool check_evaluate(const nirc_options *o, nirc_diag *d)
{
  const char *other = !o->evaluate ? NULL : o->compare.profiles ? "--compare" : idle_option(o);
  return !other || USAGE("--evaluate: %s has no meaning with it", other);
}

/* --compare compiles for itself; what would have no effect with it, or without it, is refused. */
static bool check_compare(nirc_options *o, nirc_diag *d)
{
  nirc_compare_options *c = &o->compare;
  if (!c->profiles) {
    const char *alone = c->input ? "-i" : c->has_steps && !o->evaluate && !o->report ? "--steps" : c->has_seed ? "--seed" : c->has_rate ? "--rate" : NULL;
    return !alone || USAGE("%s goes with --compare", alone);
  }
  const char *other = o->profile ? "--semantics" : o->quantise ? "--quantise" : idle_option(o);
  if (other)
    return USAGE("--compare: %s has no meaning with it", other);
  if (o->target->lower)
    return USAGE("--compare: profiles are run on this machine, not on -t %s", o->target->name);
  if (c->input && (c->has_seed || c->has_rate))
    return USAGE("--%s is of random spikes; the input is %s (-i)", c->has_seed ? "seed" : "rate", c->input);
  for (size_t k = 0; k < c->n_profiles; k++) {
    c->profiles[k].dt = c->profiles[k].dt ? c->profiles[k].dt : o->dt;
    c->profiles[k].reset = c->profiles[k].reset ? c->profiles[k].reset : o->reset;
  }
  return true;
}

bool nirc_options_read(nirc_options *o, int argc, char **argv, nirc_arena *a, nirc_diag *d)
{
  *o = (nirc_options){.job = {.level = 2}, .compare = {.seed = 1, .rate = 0.1}};
  reader r = {.o = o, .a = a};
  size_t n;
  const nirc_option *all = nirc_option_table(a, &n);
  if (!nirc_options_parse(all, n, argc, argv, take, &r, d))
    return false;
  if (!o->print && !check_for(o, d))
    return false;
  if (o->print && o->print != NIRC_PRINT_PIPELINE)
    return true;
  if (!o->input && !o->print)
    return USAGE("%s: no input file", "nirc [OPTIONS] INPUT");
  return check_target(&r, d) && check_report(o, d) && check_quantise(o, d) && check_compare(o, d) && check_evaluate(o, d) && check_pass_name(o->hooks.print_before, d) &&
         check_pass_name(o->hooks.print_after, d) && check_pass_name(o->hooks.stop_after, d);
}

/* ---- names -------------------------------------------------------------------------------------------------------------- */

const char *nirc_file_part(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

const char *nirc_default_name(nirc_arena *a, const char *input)
{
  if (strcmp(input, "-") == 0)
    return "model";
  const char *file = nirc_file_part(input), *dot = strrchr(file, '.');
  size_t n = dot && dot != file ? (size_t)(dot - file) : strlen(file);
  char *name = nirc_arena_alloc(a, n + 2, 1), *to = name;
  if (n && strchr("0123456789", file[0]))
    *to++ = '_';
  for (size_t i = 0; i < n; i++)
    *to++ = strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_", file[i]) ? file[i] : '_';
  return *name ? name : "model";
}
