#include "codegen/link.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ir/base/strbuf.h"

extern char **environ;

static bool write_file(const char *path, const void *data, size_t size, nirc_diag *d)
{
  FILE *f = fopen(path, "wb");
  bool ok = f && fwrite(data, 1, size, f) == size;
  if (f && fclose(f))
    ok = false;
  if (!ok)
    nirc_error_status(d, NIRC_STATUS_IO, nirc_loc_file(path), "cannot be written: %s", strerror(errno));
  return ok;
}

/* The linked library to where it belongs; here a full disk can be told from a linker's failure. */
static bool copy_file(const char *from, const char *to, nirc_diag *d)
{
  FILE *f = fopen(from, "rb");
  nirc_strbuf b;
  nirc_strbuf_init(&b, nirc_heap_default());
  char part[65536];
  for (size_t n; f && (n = fread(part, 1, sizeof part, f)) > 0;)
    nirc_strbuf_add_bytes(&b, part, n);
  bool ok = f && !ferror(f);
  if (!ok)
    nirc_error_status(d, NIRC_STATUS_IO, nirc_loc_file(from), "cannot be read: %s", strerror(errno));
  if (f)
    fclose(f);
  ok = ok && write_file(to, b.data, b.size, d);
  nirc_strbuf_deinit(&b);
  return ok;
}

static bool run_linker(const char *object, const char *path, nirc_diag *d)
{
  const char *given = getenv("NIRC_LD"), *linker = given && *given ? given : "ld";
  /* Build ids and time stamps are left out, so that equal input gives equal bytes. */
  const char *argv[] = {linker, "-shared", "-Bsymbolic", "--no-undefined", "--build-id=none", "-z", "relro", "-z", "now", "-z", "noexecstack",
                        "-o", path, object, NULL};
  char *args[sizeof argv / sizeof *argv];
  memcpy(args, argv, sizeof argv);                   /* posix_spawn wants char *, and changes nothing */
  pid_t pid;
  int status = 0, e = posix_spawnp(&pid, linker, NULL, NULL, args, environ);
  if (e) {
    nirc_error_status(d, NIRC_STATUS_IO, nirc_loc_none(), "the linker `%s` cannot be run: %s", linker, strerror(e));
    nirc_note(d, nirc_loc_none(), "install binutils, or set NIRC_LD to a linker");
    return false;
  }
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
    continue;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
    return true;
  nirc_error_status(d, NIRC_STATUS_INTERNAL, nirc_loc_none(), "the linker `%s` failed", linker);
  return false;
}

bool nirc_link_shared(const void *object, size_t size, const char *path, nirc_diag *d)
{
  const char *base = getenv("TMPDIR");
  nirc_arena *a = nirc_arena_new(nirc_heap_default());
  char *dir = nirc_arena_printf(a, "%s/nirc-XXXXXX", base && *base ? base : "/tmp");
  bool ok = false;
  if (!mkdtemp(dir)) {
    nirc_error_status(d, NIRC_STATUS_IO, nirc_loc_file(dir), "cannot make a temporary directory: %s", strerror(errno));
  } else {
    const char *file = nirc_arena_printf(a, "%s/model.o", dir), *library = nirc_arena_printf(a, "%s/model.so", dir);      /* these names do not enter the result */
    ok = write_file(file, object, size, d) && run_linker(file, library, d) && copy_file(library, path, d);
    unlink(library);
    unlink(file);
    rmdir(dir);
  }
  nirc_arena_free(a);
  return ok;
}
