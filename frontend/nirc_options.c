#include "frontend/nirc_options.h"

#include <stdlib.h>
#include <string.h>

#include "passes/conventions.h"
#include "passes/profiles.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof *(a))

enum {
  OPT_TARGET = NIRC_OPTION_OWN, OPT_OUTPUT, OPT_EMIT, OPT_NAME, OPT_NETWORK, OPT_DT, OPT_SEMANTICS, OPT_RESET, OPT_FOR, OPT_LENIENT, OPT_PROBE, OPT_CHECK, OPT_LEVEL, OPT_MCPU,
  OPT_MTRIPLE, OPT_QUANTISE, OPT_EMULATE, OPT_REPORT, OPT_ACTIVITY, OPT_PIPELINE, OPT_PRINT_PIPELINE, OPT_PRINT_BEFORE, OPT_PRINT_AFTER, OPT_DUMP_DIR, OPT_STOP_AFTER,
  OPT_VERIFY_EACH, OPT_TIME_PASSES, OPT_STATS, OPT_WERROR, OPT_LIST_TARGETS, OPT_LIST_PASSES, OPT_LIST_PROFILES, OPT_PRINT_OPS, OPT_PRINT_PASSES, OPT_PRINT_PROFILES, OPT_PRINT_EDITOR, OPT_SELFTEST, OPT_FORMAT,
  OPT_IDENTIFY, OPT_COMPARE, OPT_INPUT, OPT_STEPS, OPT_SEED, OPT_RATE, OPT_EVALUATE, OPT_CALIBRATE, OPT_PARTITION,
  OPT_OF_TARGET
};

static const char *const emit_kinds[] = {"nir", "snn", "nirt", "llvm", "asm", "obj", "dot", NULL};            /* in the order of nirc_emit */
static const char *const reset_kinds[] = {"v_reset", "subtract", NULL};
static const char *const levels[] = {"0", "1", "2", "3", NULL};
static const char *const quantise_kinds[] = {"none", "int8", NULL};
static const char *const partition_kinds[] = {"first-fit", "min-cut", NULL};
static const char *const warning_kinds[] = {"error", NULL};

static const nirc_option table[] = {
  {.id = OPT_TARGET, .letter = 't', .name = "target", .argument = "NAME", .heading = "What to make",
   .help = "target to compile for: `cpu` (default), or another name of `--list-targets`; with `--check` also `all`"},
  {.id = OPT_OUTPUT, .letter = 'o', .name = "output", .argument = "PATH", .files = "",
   .help = "directory to write (made if missing), or with `--emit` the file, `-` for standard output; default: NAME in the working directory, with "
           "`--emit` NAME.KIND"},
  {.id = OPT_EMIT, .name = "emit", .argument = "KIND", .choices = emit_kinds,
   .help = "write one file instead of the target's set: `nir` (a .nir file), `snn` (our network language; large weights go to PATH.h5 beside it, with `-o -` everything stands in the text), `nirt` (IR text), `llvm`, `asm`, `obj` or `dot` (the network as read, for Graphviz)"},
  {.id = OPT_NAME, .name = "name", .argument = "NAME", .help = "base name of the outputs and C prefix; default: the input's file name, made a C identifier"},
  {.id = OPT_NETWORK, .name = "network", .argument = "NAME", .help = "which network of a text (.snn) that holds several"},
  {.id = OPT_FORMAT, .name = "format", .help = "print a text (.snn) in its canonical layout, comments kept, and do nothing else"},
  {.id = OPT_PROBE, .name = "probe", .argument = "NODE", .repeats = true,
   .help = "record this node's state and value as well (may repeat); `all` for every node, GRAPH/NODE in a nested graph"},
  {.id = OPT_CHECK, .name = "check", .help = "read, verify and say whether the target can take it (status 0 or 1), with the first reason why not; write nothing. `-t all` asks every target and each of its variants"},
  {.id = OPT_IDENTIFY, .name = "identify", .argument = "[=json]",
   .help = "say which program wrote a .nir file, by the evidence in it, which time step follows, and how to compile it; with `=json` as one JSON object; write nothing"},
  {.id = OPT_REPORT, .name = "report", .argument = "FILE", .files = "",
   .help = "also write what each layer holds and costs and what the passes did: a page where FILE ends in `.html`, else JSON; `-` for standard output. Written only where the run succeeds"},
  {.id = OPT_ACTIVITY, .name = "activity", .argument = "FILE|RATE", .files = ".h5",
   .help = "with `--report` or a chip target: how often neurons spike, for estimates. FILE is an input as of `nirc-run`, which the network is then run on (on a chip: in the chip's arithmetic), or a "
           "trace, an output of `nirc-run` for this network compiled with `--probe`; RATE, from 0 to 1, is assumed of every neuron and input: spikes in a step (default: 0.1)"},
  {.id = OPT_SEMANTICS, .name = "semantics", .argument = "PROFILE", .heading = "What it means",
   .help = "whose arithmetic: `nir` (default), `nir_exact` or `unit`; `:reset=KIND` and `:dt=TIME` behind it are the options of that name"},
  {.id = OPT_DT, .name = "dt", .argument = "TIME", .help = "time step, as 1ms, 100us or a number of seconds; default 1e-4, or 1 for a graph with I or IF and no time constant"},
  {.id = OPT_RESET, .name = "reset", .argument = "KIND", .choices = reset_kinds,
   .help = "what a spike does to the membrane: `v_reset` (default) sets it to v_reset, `subtract` takes v_threshold off"},
  {.id = OPT_FOR, .name = "for", .argument = "SIMULATOR",
   .help = "with `--emit nir`: a file that this simulator's importer takes and that computes there what the network computes under `--semantics`, or why there is none "
           "(docs/write-for.md): `norse`, `snntorch`, `sinabs`, `rockpool`, `spyx`, `lavadl` or `nengo`"},
  {.id = OPT_LENIENT, .name = "lenient", .help = "read files that break a rule but whose meaning is plain, with one warning for each repair"},
  {.id = OPT_COMPARE, .name = "compare", .argument = "LIST", .heading = "Where profiles part",
   .help = "compile the network once for each profile of LIST (`norse:reset=subtract,snntorch,nir`), run all on one input and say, layer by layer, where each parts from the first and by which of "
           "its choices; status 0 whether or not they differ. `--report FILE` writes it as well, with rasters in a page; `--report -` and `--diag-format json` print JSON"},
  {.id = OPT_INPUT, .letter = 'i', .name = "input", .argument = "FILE", .files = ".h5", .help = "with `--compare`: the input, as of `nirc-run`; default: random spikes"},
  {.id = OPT_STEPS, .name = "steps", .argument = "N", .help = "with `--compare`, `--evaluate` and an input of `--activity`: how many steps; default: those of the input (zeros behind its end), 100 of random spikes. With `--report`: of an inference"},
  {.id = OPT_SEED, .name = "seed", .argument = "N", .help = "with `--compare`: of the random spikes; default 1"},
  {.id = OPT_RATE, .name = "rate", .argument = "SHARE", .help = "with `--compare`: the share of the inputs that random spikes arrive at in a step; default 0.1"},
  {.id = OPT_EVALUATE, .name = "evaluate", .argument = "FILE", .files = ".h5", .heading = "Will it work on the chip",
   .help = "run the network on labelled data (an input as of `nirc-run`, with the class of each sample in the dataset `labels`): as it is, with the weights of the chip of `-t`, on the "
           "chip, and on the chip without one of its constraints after the other; print accuracies and the spikes of each layer; status 0 whatever they are. `--steps`, `--report FILE` and "
           "`--diag-format json` as with `--compare`"},
  {.id = OPT_LEVEL, .letter = 'O', .argument = "LEVEL", .choices = levels, .heading = "Code",
   .help = "0 to 3, default 2: how hard to optimise; results do not depend on it, bit for bit"},
  {.id = OPT_MCPU, .name = "mcpu", .argument = "NAME", .help = "processor to generate code for; default `native`, this machine's"},
  {.id = OPT_MTRIPLE, .name = "mtriple", .argument = "TRIPLE", .help = "machine to generate code for; default: this machine's (NIRC_LD names a linker for another)"},
  {.id = OPT_QUANTISE, .name = "quantise", .argument = "KIND", .choices = quantise_kinds,
   .help = "`none` (default): weights stay float32; `int8`: they become whole numbers of 8 bits with a scale for each output row or channel, which loses something, and a "
           "remark says how much"},
  {.id = OPT_CALIBRATE, .name = "calibrate", .argument = "FILE", .files = ".h5",
   .help = "with `--quantise int8`: run the network with float32 weights and quantised in several ways on FILE, an input as of `nirc-run`; take the way by which "
           "fewest spikes differ, and say how many do"},
  {.id = OPT_PARTITION, .name = "partition", .argument = "KIND", .choices = partition_kinds,
   .help = "with `-t loihi2` and `-t spinnaker2`: how the network is cut into cores: `first-fit` (default), in order, as the chip's document says; `min-cut`, so that few spikes "
           "go between cores and chips (docs/partition.md)"},
  {.id = OPT_EMULATE, .name = "emulate", .help = "with a chip target: also a library of the chip's arithmetic", .hidden = true},
  {.id = OPT_PIPELINE, .name = "pass-pipeline", .argument = "P", .heading = "Passes", .help = "run these passes instead of those of -O: PASS{option=value,...},PASS,..."},
  {.id = OPT_PRINT_PIPELINE, .name = "print-pipeline", .help = "print the passes that the other options ask for, and end"},
  {.id = OPT_PRINT_BEFORE, .name = "print-ir-before", .argument = "PASS", .help = "print the IR before this pass (or `all`) to standard error"},
  {.id = OPT_PRINT_AFTER, .name = "print-ir-after", .argument = "PASS", .help = "print the IR after this pass (or `all`) to standard error"},
  {.id = OPT_DUMP_DIR, .name = "dump-dir", .argument = "DIR", .files = "/", .help = "write the IR after each pass to DIR/NN-PASS.nirt"},
  {.id = OPT_STOP_AFTER, .name = "stop-after", .argument = "PASS", .help = "end after this pass; with `--emit nirt` or `dot`"},
  {.id = OPT_VERIFY_EACH, .name = "verify-each", .help = "verify the IR after each pass"},
  {.id = OPT_TIME_PASSES, .name = "time-passes", .help = "print how long each pass took to standard error"},
  {.id = OPT_STATS, .name = "stats", .argument = "[=json]", .help = "print what each pass counted to standard error; with `=json` as one JSON object, in the end"},
  NIRC_OPTIONS_COMMON,
  {.id = OPT_WERROR, .letter = 'W', .argument = "error", .choices = warning_kinds, .help = "warnings are errors"},
  {.id = OPT_LIST_TARGETS, .name = "list-targets", .help = "print the targets and end"},
  {.id = OPT_LIST_PASSES, .name = "list-passes", .help = "print the passes with their options and end"},
  {.id = OPT_LIST_PROFILES, .name = "list-profiles", .help = "print the profiles of `--semantics` and end"},
  {.id = OPT_SELFTEST, .name = "selftest", .help = "compile a built-in network, compare it with the interpreter, and end"},
  {.id = OPT_PRINT_OPS, .name = "print-ops", .help = "print the reference of the ops (Markdown) and end", .hidden = true},
  {.id = OPT_PRINT_PROFILES, .name = "print-profiles", .help = "print the equations of the profiles (Markdown) and end", .hidden = true},
  {.id = OPT_PRINT_PASSES, .name = "print-passes", .help = "print the reference of the passes (Markdown) and end", .hidden = true},
  {.id = OPT_PRINT_EDITOR, .name = "print-editor", .argument = "KIND", .choices = nirc_editor_files, .help = "print this grammar for an editor and end", .hidden = true},
};

/* ---- the manual ------------------------------------------------------------------------------------------------------------ */

static const nirc_manual_section sections[] = {
  {"INPUT",
   "A `.nir` file (HDF5) of the NIR format, versions 0.1 to 1.0.8, told by its content. Files are taken as the nir package 1.0.8 reads them with its type check, "
   "and with the right shapes of grouped and non-square convolutions, which that check gets wrong; `--lenient` takes more. The file is parsed in "
   "a child process with limits on memory and time.\n"
   "\n"
   "Or a text of the network language, `.snn`, told by its first word, `nirc`; docs/language.md is its manual. Or IR text, `.nirt`, as `--emit nirt` writes it, told by its first word, too. `-` reads either from standard input. A module at the snn level goes on from there.\n"},
  {"OUTPUT",
   "`cpu`\tNAME.so, a library that needs nothing else; NAME.h, its C interface; NAME.json, a description\n"
   "`loihi2`\tnetwork.lava.h5, placement.json; network.net where netx can express the network; run_lava.py, which runs network.lava.h5 on Lava\n"
   "`spinnaker2`\tnetwork.json, weights.h5, mapping.json; run_spinnaker2.py, which loads them\n"
   "`speck`\tspeck2f.json (named after the chip), placement.json\n"
   "`xylo`\tspec.json, xylo.json, placement.json\n"
   "\n"
   "Chips with `--emulate`: also what `cpu` has, of the chip's arithmetic.\n"
   "\n"
   "All files of a run appear at once, or none does. Equal input and options give equal bytes.\n"},
  {"EXIT STATUS",
   "0\tdone\n"
   "1\tthe input was refused: a bad file, or the target cannot express it\n"
   "2\twrong usage\n"
   "3\ta file cannot be opened, read or written\n"
   "4\ta resource limit was met\n"
   "70\tinternal error; the module before it is then in nirc-crash.nirt\n"
   "\n"
   "Messages go to standard error in the form `PLACE: error|warning|remark|note: text [CODE]`, PLACE being `FILE:/node/nodes/NAME/FIELD` for a .nir file.\n"},
  {"ENVIRONMENT",
   "`NIRC_LD`\tlinker to run instead of `ld`\n"
   "`TMPDIR`\twhere the object file stands while it is linked; default /tmp\n"
   "`NO_COLOR`\tno colour in messages\n"},
  {"FILES",
   "`SHARE/bash-completion/completions/`, `SHARE/zsh/site-functions/`, `SHARE/fish/vendor_completions.d/`\tcompletion of the command lines of `nirc` and "
   "`nirc-run`, SHARE being PREFIX/share; `--print-completion` bash, zsh or fish prints the same\n"
   "`SHARE/nirc/editors/`\tcolours for `.snn` and `.nirt` in Visual Studio Code, Vim and others; its README.md says how to install them\n"
   "`SHARE/nirc/run_lava.py`\tthe program that `-t loihi2` writes beside its files\n"},
  {"EXAMPLES",
   "  nirc keyword.nir -o out\n"
   "  nirc --identify keyword.nir\n"
   "  nirc cnn.nir --dt 1 --reset subtract --probe if1 -o out\n"
   "  nirc --compare norse:reset=subtract,snntorch,nir model.nir -i input.h5 --report parts.html\n"
   "  nirc model.nir -t loihi2 --dt 1ms -o out --report cost.html --activity input.h5\n"
   "  nirc old.nir --lenient --emit nir -o repaired.nir\n"},
  {"SEE ALSO", "`nirc-run`(1)\n"},
};

static const nirc_manual manual = {
  .program = "nirc", .version = PACKAGE_VERSION, .summary = "compiler for spiking neural networks", .synopsis = "[OPTIONS] INPUT",
  .about = "Compiles a spiking neural network, a .nir file or a text of our network language, ahead of time: into a native library with a C interface.",
  .description = "`nirc` reads a spiking neural network and compiles it ahead of time. For the CPU it writes a shared library of the network's own that needs no other, "
                 "its C header and a description. `nirc-run`(1) runs such a library on a file of input.\n",
  .sections = sections, .n_sections = N_ELEMENTS(sections), .files = ".nir .snn .nirt",
};

/* ---- names that the registries know, for completion: what this version can do ------------------------------------------------- */

static const char *const *target_names(nirc_arena *a)
{
  size_t n = 0, k = 0;
  while (nirc_targets[n])
    n++;
  const char **names = NIRC_NEW_ARRAY(a, const char *, n + 2);
  for (size_t i = 0; i < n; i++)
    if (nirc_targets[i]->available)
      names[k++] = nirc_targets[i]->name;
  names[k] = "all";
  return names;
}

static const char *const *profile_names(nirc_arena *a)
{
  size_t n = 0, k = 0;
  while (nirc_profiles[n].name)
    n++;
  const char **names = NIRC_NEW_ARRAY(a, const char *, n + 1);
  for (size_t i = 0; i < n; i++)
    names[k++] = nirc_profiles[i].name;
  return names;
}

static const char *const *pass_names(nirc_arena *a, bool all)
{
  size_t n = 0;
  while (nirc_passes[n])
    n++;
  const char **names = NIRC_NEW_ARRAY(a, const char *, n + 2);
  for (size_t i = 0; i < n; i++)
    names[i] = nirc_passes[i]->name;
  names[n] = all ? "all" : NULL;
  return names;
}

static void add_registered_choices(nirc_option *o, nirc_arena *a)
{
  if (o->id == OPT_TARGET)
    o->choices = target_names(a);
  else if (o->id == OPT_SEMANTICS || o->id == OPT_COMPARE)
    o->choices = profile_names(a);
  else if (o->id == OPT_FOR)
    o->choices = nirc_written_simulators;
  else if (o->id == OPT_PRINT_BEFORE || o->id == OPT_PRINT_AFTER || o->id == OPT_STOP_AFTER)
    o->choices = pass_names(a, o->id != OPT_STOP_AFTER);
}

/* The table above and, behind it, the options of every target. */
static const nirc_option *full_table(nirc_arena *a, size_t *n)
{
  *n = N_ELEMENTS(table);
  for (size_t t = 0; nirc_targets[t]; t++)
    *n += nirc_targets[t]->n_options;
  nirc_option *all = NIRC_NEW_ARRAY(a, nirc_option, *n);
  memcpy(all, table, sizeof table);
  for (size_t i = 0; i < N_ELEMENTS(table); i++)
    add_registered_choices(&all[i], a);
  size_t at = N_ELEMENTS(table);
  for (size_t t = 0; nirc_targets[t]; t++) {
    const nirc_target *target = nirc_targets[t];
    for (size_t k = 0; k < target->n_options; k++) {
      const nirc_target_option *o = &target->options[k];
      all[at++] = (nirc_option){.id = OPT_OF_TARGET + (int)t, .name = o->name, .argument = o->argument, .help = o->help, .hidden = !target->available,
                                .choices = o->choices,
                                .heading = k ? NULL : nirc_arena_printf(a, "With -t %s", target->name)};
    }
  }
  return all;
}

void nirc_options_show(FILE *to, int id, nirc_arena *a)
{
  size_t n;
  const nirc_option *all = full_table(a, &n);
  nirc_options_print(to, id, &manual, all, n);
}

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
  size_t n = 0, k;
  while (option->choices && option->choices[n])
    n++;
  if (n && !nirc_option_choice(option, v, option->choices, n, &k, d))
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
  if (!nirc_option_choice(option, text, emit_kinds, N_ELEMENTS(emit_kinds) - 1, &i, d))
    return false;
  o->emit = (nirc_emit)(NIRC_EMIT_NIR + i);
  return true;
}

static bool take_quantise(nirc_options *o, const nirc_option *option, const char *text, nirc_diag *d)
{
  size_t i;
  if (!nirc_option_choice(option, text, quantise_kinds, N_ELEMENTS(quantise_kinds) - 1, &i, d))
    return false;
  o->quantise = i ? "quantise" : NULL;
  return true;
}

/* Of --stats and --identify: nothing, or `=json`. */
static bool take_json(const nirc_option *option, const char *text, bool *as_text, bool *as_json, nirc_diag *d)
{
  static const char *const names[] = {"json"};
  size_t i;
  if (text && !nirc_option_choice(option, text, names, 1, &i, d))
    return false;
  *as_text = !text;
  *as_json = text;
  return true;
}

static bool take_partition(nirc_options *o, const nirc_option *option, const char *text, nirc_diag *d)
{
  size_t i;
  if (!nirc_option_choice(option, text, partition_kinds, N_ELEMENTS(partition_kinds) - 1, &i, d))
    return false;
  o->partition = partition_kinds[i];
  return true;
}

static bool take_for(nirc_options *o, const nirc_option *option, const char *text, nirc_diag *d)
{
  size_t n = 0, i;
  while (nirc_written_simulators[n])
    n++;
  if (!nirc_option_choice(option, text, nirc_written_simulators, n, &i, d))
    return false;
  o->simulator = nirc_written_simulators[i];
  return true;
}

static bool take_print_editor(nirc_options *o, const nirc_option *option, const char *text, nirc_diag *d)
{
  size_t i = 0;
  if (!nirc_option_choice(option, text, nirc_editor_files, NIRC_EDITOR_VIM_NIRT + 1, &i, d))
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
  const nirc_option *all = full_table(a, &n);
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
