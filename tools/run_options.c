#include "tools/run_options.h"

#include <string.h>

#include "frontend/options.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0"                          /* built without configure */
#endif

#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))

enum {
  OPT_INPUT = NIRC_OPTION_OWN,
  OPT_OUTPUT,
  OPT_FORMAT,
  OPT_STEPS,
  OPT_THREADS,
  OPT_REPEAT,
  OPT_TIME,
  OPT_STATS,
  OPT_SAVE_STATE,
  OPT_LOAD_STATE
};

enum { MAX_THREADS = 1024, TIMED_RUNS = 5, MAX_RUNS = 1000000 };

static const char *const formats[] = {"h5", "nirdata", NULL};

static const nirc_option table[] = {
  {.id = OPT_INPUT, .letter = 'i', .name = "input", .argument = "FILE", .files = ".h5", .heading = "Files",
   .help = "HDF5 file with the dataset `input`, or with `input/NODE` for each of several Input nodes, of shape [T, *shape] or "
           "[T, B, *shape] and any integer, boolean or float type; or a NIRData file"},
  {.id = OPT_OUTPUT, .letter = 'o', .name = "output", .argument = "FILE", .files = ".h5",
   .help = "HDF5 file to write: `output`, or `output/NODE` for each of several Output nodes, and `trace/NODE/v`, `i`, `spikes` or "
           "`value` for each probed node; float32, with the leading axes of the input"},
  {.id = OPT_FORMAT, .name = "format", .argument = "FORMAT", .choices = formats,
   .help = "what `--output` writes: `h5` (default), or `nirdata` for the format of NIR's data files"},
  {.id = OPT_LOAD_STATE, .name = "load-state", .argument = "FILE", .files = ".h5", .help = "go on from a saved state instead of the initial one"},
  {.id = OPT_SAVE_STATE, .name = "save-state", .argument = "FILE", .files = ".h5", .help = "write the state after the last step"},
  {.id = OPT_STEPS, .name = "steps", .argument = "N", .heading = "Running",
   .help = "stop after N steps, or go on to N with zero input (default: the steps of the input)"},
  {.id = OPT_THREADS, .name = "threads", .argument = "N",
   .help = "share the samples of a batch between N threads (default 1); results do not depend on it"},
  {.id = OPT_REPEAT, .name = "repeat", .argument = "N", .help = "run N times, each from the start, and write the first result"},
  {.id = OPT_TIME, .name = "time",
   .help = "time the runs (5 unless `--repeat` says), and print the smallest and the median time of a step per sample, and of a step"},
  {.id = OPT_STATS, .name = "stats", .help = "print what a run amounted to, one line `stat NODE KEY VALUE` each (abi.md, \"Counters\")"},
  NIRC_OPTIONS_COMMON,
};

static const nirc_manual_section sections[] = {
  {"EXIT STATUS",
   "0\tdone\n"
   "1\tthe model or the input was refused\n"
   "2\twrong usage\n"
   "3\ta file cannot be opened, read or written\n"
   "4\ta resource limit was met\n"
   "70\tinternal error\n"
   "\n"
   "Messages go to standard error in the form `PLACE: error|warning|remark|note: text`, PLACE being `FILE:/OBJECT` for an object of an "
   "HDF5 file. After a failure no output file is new or changed.\n"},
  {"FILES",
   "Input\tDataset `input` where the model has one Input node, else a dataset `input/NODE` for each, of equal T and B. The rank tells "
   "whether there is an axis B of samples. A root attribute `dt` other than the model's draws a warning. Other objects are ignored. "
   "Values are converted to float32, with a warning where that rounds one.\n"
   "NIRData\tA file whose root attribute `__type__` is NIRGraphData. Samples are B. Of a node's observables `spikes` is taken, else the "
   "only one. An event's step is its time divided by the model's dt, rounded down; a time within one part in a billion of a whole step "
   "counts as that step.\n"
   "Output\tDatasets as under `--output`, root attribute `dt`. A node of a nested graph is GRAPH/NODE. As NIRData, an Output node "
   "has the observable `value`, a probed node `v`, `i`, `spikes` or `value`.\n"
   "State\tDataset `state`, bytes, one row for each sample; root attributes say of which model. It joins runs of equal B, whatever "
   "their `--threads`.\n"
   "\n"
   "An emulated chip takes whole numbers of events: a value that is negative, not whole or not finite is refused, and one that the chip "
   "counts as less draws a warning.\n"},
  {"EXAMPLES",
   "  nirc keyword.nir -o keyword\n"
   "  nirc-run keyword -i test.h5 -o result.h5\n"
   "  nirc-run keyword -i test.h5 --time --threads 4\n"
   "\n"
   "The time lines are\n"
   "\n"
   "  seconds_per_step_sample minimum 1.234000e-06 median 1.301000e-06 runs 5\n"
   "  seconds_per_step minimum 1.974400e-05 median 2.081600e-05 runs 5\n"
   "\n"
   "The second is the time of a run over T, the first that over T times B; only the steps are timed. A run of no steps has the time 0.\n"},
  {"SEE ALSO", "`nirc`(1)\n"},
};

static const nirc_manual manual = {
  .program = "nirc-run",
  .version = PACKAGE_VERSION,
  .summary = "run a spiking neural network that nirc compiled",
  .synopsis = "[OPTIONS] MODEL -i INPUT.h5 -o OUTPUT.h5",
  .about = "Runs a network that nirc compiled: MODEL is the .so file, or the directory that holds one.",
  .description =
    "`nirc-run` loads a network that `nirc`(1) compiled, runs it on the recorded input, and writes what the Output nodes and the nodes "
    "given to `nirc --probe` did. MODEL is the shared object, or the directory that holds one. It is native code, and is run: load only "
    "what you would run.\n"
    "\n"
    "`-o` may be left out with `--time`, `--stats` or `--save-state`.\n",
  .sections = sections,
  .n_sections = N_ELEMENTS(sections),
  .files = ".so",
};

static void usage(nirc_diag *d, const char *text)
{
  nirc_error_status(d, NIRC_STATUS_USAGE, nirc_loc_none(), "%s", text);
}

static bool take_operand(nirc_run_options *o, const char *argument, nirc_diag *d)
{
  if (o->model) {
    nirc_error_status(d, NIRC_STATUS_USAGE, nirc_loc_none(), "one MODEL at a time: '%s' and '%s'", o->model, argument);
    return false;
  }
  o->model = argument;
  return true;
}

/* One option or operand (nirc_option_take). */
static bool take(void *user, const nirc_option *option, const char *argument, nirc_diag *d)
{
  nirc_run_options *o = user;
  uint64_t number = 0;
  size_t k = 0;
  if (!option)
    return take_operand(o, argument, d);
  switch (option->id) {
  case OPT_INPUT: o->input = argument; return true;
  case OPT_OUTPUT: o->output = argument; return true;
  case OPT_SAVE_STATE: o->save_state = argument; return true;
  case OPT_LOAD_STATE: o->load_state = argument; return true;
  case OPT_TIME: o->time = true; return true;
  case OPT_STATS: o->stats = true; return true;
  case OPT_FORMAT:
    if (!nirc_option_choice(option, argument, &k, d))
      return false;
    o->nirdata = k == 1;
    return true;
  case OPT_STEPS:
    o->has_steps = true;
    return nirc_option_number(option, argument, 0, UINT64_MAX, &o->steps, d);
  case OPT_REPEAT:
    return nirc_option_number(option, argument, 1, MAX_RUNS, &o->runs, d);
  case OPT_THREADS:
    if (!nirc_option_number(option, argument, 1, MAX_THREADS, &number, d))
      return false;
    o->threads = (unsigned)number;
    return true;
  case NIRC_OPTION_HELP: case NIRC_OPTION_VERSION: case NIRC_OPTION_MAN:
    o->print = option->id;
    return true;
  case NIRC_OPTION_COMPLETION:
    return nirc_option_completion(option, argument, &o->print, d);
  default:
    return nirc_option_common(option, argument, d);
  }
}

bool nirc_run_options_parse(nirc_run_options *o, int argc, char **argv, nirc_diag *d)
{
  *o = (nirc_run_options){.threads = 1};
  if (!nirc_options_parse(table, N_ELEMENTS(table), argc, argv, take, o, d))
    return false;
  if (o->print)
    return true;
  if (o->runs == 0)
    o->runs = o->time ? TIMED_RUNS : 1;
  if (!o->model)
    usage(d, "no MODEL given: a compiled .so, or the directory that holds one (see --help)");
  if (!o->input)
    usage(d, "no input given (-i FILE)");
  if (!o->output && !o->time && !o->stats && !o->save_state)
    usage(d, "nothing to be done with the result: give -o FILE, --time, --stats or --save-state");
  if (o->output && o->save_state && strcmp(o->output, o->save_state) == 0)
    usage(d, "--output and --save-state name the same file");
  return !nirc_diag_failed(d);
}

void nirc_run_options_print(FILE *to, int id)
{
  nirc_options_print(to, id, &manual, table, N_ELEMENTS(table));
}
