#include "frontend/crash.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ir/base/diag.h"

enum { RERUN_SECONDS = 600, STACK_BYTES = 65536 };

/* A handler gets no argument of ours: the one place where nirc keeps something for the whole process. */
static struct {
  pid_t owner;                                       /* forked processes inherit handlers: they are not meant */
  volatile sig_atomic_t stage;
  char **argv;                                       /* of the other process, NULL-terminated; [1] is `option` */
  char option[sizeof NIRC_CRASH_OPTION + 12];
  const char *input;                                 /* NULL: standard input was not read */
  size_t input_size;
  char stack[STACK_BYTES];                           /* a handler's own: the usual one may be what has run out */
} crash;

extern char **environ;

/* ---- async-signal-safe from here ... -------------------------------------------------------------------------------------------- */

static void say(const char *text)
{
  if (write(STDERR_FILENO, text, strlen(text)) < 0)
    return;                                          /* there is nobody to tell */
}

static void write_option(int stage)
{
  char digits[12], *at = digits + sizeof digits - 1, *end = crash.option + sizeof NIRC_CRASH_OPTION - 1;
  *at = '\0';
  do {
    *--at = (char)('0' + stage % 10);
    stage /= 10;
  } while (stage);
  memcpy(crash.option, NIRC_CRASH_OPTION, sizeof NIRC_CRASH_OPTION - 1);
  memcpy(end, at, strlen(at) + 1);
}

/* Standard input once more, as a file without a name. */
static void offer_input(void)
{
  int fd = crash.input ? memfd_create("input", 0) : -1;
  size_t done = 0;
  while (fd >= 0 && done < crash.input_size) {
    ssize_t n = write(fd, crash.input + done, crash.input_size - done);
    if (n <= 0)
      return;
    done += (size_t)n;
  }
  if (fd >= 0 && lseek(fd, 0, SEEK_SET) == 0)
    dup2(fd, STDIN_FILENO);
}

static void rerun(int stage)
{
  if (stage == NIRC_STAGE_READING) {
    say("nirc: note: this is a fault of nirc; the input repeats it\n");
    return;
  }
  write_option(stage);
  int status = -1;
  pid_t child = _Fork();
  if (child == 0) {
    offer_input();
    alarm(RERUN_SECONDS);
    execve("/proc/self/exe", crash.argv, environ);
    _exit(NIRC_STATUS_INTERNAL);
  }
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
    say("nirc: note: this is a fault of nirc; " NIRC_CRASH_FILE " could not be written\n");
}

static void handle(int number)
{
  if (getpid() != crash.owner)
    return;                                          /* SA_RESETHAND: it comes again, and ends the process */
  if (number != SIGABRT)                             /* who calls abort has said why */
    say(number == SIGSEGV ? "nirc: error: internal error: segmentation fault\n" : number == SIGFPE ? "nirc: error: internal error: arithmetic fault\n" :
        "nirc: error: internal error: bus error\n");
  rerun(crash.stage);
  _exit(NIRC_STATUS_INTERNAL);
}

/* ---- ... to here ---------------------------------------------------------------------------------------------------------------- */

void nirc_crash_watch(int argc, char **argv)
{
  static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGABRT};
  crash.owner = getpid();
  crash.argv = calloc((size_t)argc + 2, sizeof *crash.argv);
  if (!crash.argv || argc < 1)
    return;
  crash.argv[0] = argv[0];
  crash.argv[1] = crash.option;
  memcpy(crash.argv + 2, argv + 1, (size_t)(argc - 1) * sizeof *argv);
  stack_t stack = {.ss_sp = crash.stack, .ss_size = sizeof crash.stack};
  struct sigaction was, own = {.sa_handler = handle, .sa_flags = (int)SA_RESETHAND | SA_ONSTACK};
  sigemptyset(&own.sa_mask);
  stack_t now;
  if (sigaltstack(NULL, &now) == 0 && (now.ss_flags & SS_DISABLE))
    sigaltstack(&stack, NULL);
  for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
    if (sigaction(signals[i], NULL, &was) == 0 && was.sa_handler == SIG_DFL)
      sigaction(signals[i], &own, NULL);
}

void nirc_crash_set_stage(int stage)
{
  crash.stage = stage;
}

void nirc_crash_set_input(const char *text, size_t size)
{
  crash.input = text;
  crash.input_size = size;
}

void nirc_crash_report(int stage)
{
  if (crash.argv && getpid() == crash.owner)
    rerun(stage);
}

bool nirc_crash_is_rerun(int *argc, char **argv, int *stage)
{
  if (*argc < 2 || strncmp(argv[1], NIRC_CRASH_OPTION, sizeof NIRC_CRASH_OPTION - 1))
    return false;
  *stage = atoi(argv[1] + sizeof NIRC_CRASH_OPTION - 1);
  memmove(argv + 1, argv + 2, (size_t)(*argc - 1) * sizeof *argv);
  --*argc;
  return true;
}
