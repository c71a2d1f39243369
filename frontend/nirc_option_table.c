#include "frontend/nirc_option_table.h"

#include <string.h>

#include "frontend/editors.h"
#include "passes/conventions.h"
#include "passes/pass.h"
#include "passes/profiles.h"
#include "targets/target.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof *(a))

static const char *const emit_kinds[] = {"nir", "snn", "nirt", "llvm", "asm", "obj", "dot", NULL};            /* in the order of nirc_emit */
static const char *const reset_kinds[] = {"v_reset", "subtract", NULL};
static const char *const levels[] = {"0", "1", "2", "3", NULL};
static const char *const quantise_kinds[] = {"none", "int8", NULL};
static const char *const partition_kinds[] = {"first-fit", "min-cut", NULL};
static const char *const warning_kinds[] = {"error", NULL};
static const char *const json_kinds[] = {"json", NULL};

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
  {.id = OPT_IDENTIFY, .name = "identify", .argument = "[=json]", .choices = json_kinds,
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
  {.id = OPT_STATS, .name = "stats", .argument = "[=json]", .choices = json_kinds, .help = "print what each pass counted to standard error; with `=json` as one JSON object, in the end"},
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

const nirc_option *nirc_option_table(nirc_arena *a, size_t *n)
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
  const nirc_option *all = nirc_option_table(a, &n);
  nirc_options_print(to, id, &manual, all, n);
}
