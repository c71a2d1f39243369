#include "ir/base/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct file {
  struct file *next;
  char *final, *temporary;
  char *backup;                                      /* second name of what `final` was, while commit may still fail; else NULL */
  bool renamed;
} file;

typedef struct made {
  struct made *next;                                 /* its parent, if that was made, too */
  char *path;
} made;

struct nirc_sink {
  nirc_diag *diag;
  nirc_arena *arena;
  const char *dir;                                   /* "." for the working directory */
  file *files;                                       /* newest first */
  made *made;                                        /* deepest first */
};

/* "DIR/NAME", without "./" before NAME, as users will read it in messages. */
static char *path_in(const nirc_sink *s, const char *name)
{
  if (strcmp(s->dir, ".") == 0)
    return nirc_arena_strdup(s->arena, name);
  size_t n = strlen(s->dir);
  return nirc_arena_printf(s->arena, "%s%s%s", s->dir, s->dir[n - 1] == '/' ? "" : "/", name);
}

static bool fail(const nirc_sink *s, const char *path, const char *what)
{
  nirc_error_status(s->diag, NIRC_STATUS_IO, nirc_loc_file(path), "%s: %s", what, strerror(errno));
  return false;
}

static bool is_directory(const char *path)
{
  struct stat st;
  return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* mkdir -p, keeping a list of what was not there. */
static bool make_directories(nirc_sink *s)
{
  char *path = nirc_arena_strdup(s->arena, s->dir);
  for (char *at = path + 1;; at++) {
    char c = *at;
    if (c != '/' && c != '\0')
      continue;
    *at = '\0';
    if (mkdir(path, 0777) == 0) {
      made *m = NIRC_NEW(s->arena, made);
      *m = (made){.next = s->made, .path = nirc_arena_strdup(s->arena, path)};
      s->made = m;
    } else if (!is_directory(path)) {
      return fail(s, s->dir, "the directory cannot be made");
    }
    *at = c;
    if (c == '\0')
      return true;
  }
}

nirc_sink *nirc_sink_new(const char *dir, nirc_diag *d)
{
  nirc_arena *a = nirc_arena_new(nirc_heap_default());
  nirc_sink *s = NIRC_NEW(a, nirc_sink);
  *s = (nirc_sink){.diag = d, .arena = a, .dir = nirc_arena_strdup(a, dir[0] ? dir : ".")};
  if (make_directories(s))
    return s;
  nirc_sink_discard(s);
  return NULL;
}

static file *find(const nirc_sink *s, const char *final)
{
  file *f = s->files;
  while (f && strcmp(f->final, final) != 0)
    f = f->next;
  return f;
}

const char *nirc_sink_file(nirc_sink *s, const char *name)
{
  NIRC_ASSERT(name[0] && !strchr(name, '/'));
  char *final = path_in(s, name), *temporary = path_in(s, ".nirc-XXXXXX");
  NIRC_ASSERT(!find(s, final));
  struct stat st;
  if (stat(final, &st) == 0 && !S_ISREG(st.st_mode)) {
    /* Renaming over a directory fails, over a device it would replace the device. */
    nirc_error_status(s->diag, NIRC_STATUS_IO, nirc_loc_file(final), "exists and is not a regular file");
    return NULL;
  }
  int fd = mkostemp(temporary, O_CLOEXEC);           /* mode 0600 until it is complete */
  if (fd < 0) {
    fail(s, final, "cannot be written");
    return NULL;
  }
  close(fd);
  file *f = NIRC_NEW(s->arena, file);
  *f = (file){.next = s->files, .final = final, .temporary = temporary};
  s->files = f;
  return temporary;
}

static bool write_all(int fd, const char *data, size_t size)
{
  while (size > 0) {
    ssize_t n = write(fd, data, size);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return false;
    data += n;
    size -= (size_t)n;
  }
  return true;
}

bool nirc_sink_write(nirc_sink *s, const char *name, const void *data, size_t size)
{
  const char *temporary = nirc_sink_file(s, name);
  if (!temporary)
    return false;
  int fd = open(temporary, O_WRONLY | O_TRUNC | O_CLOEXEC);
  bool ok = fd >= 0 && write_all(fd, data, size);
  if (fd >= 0 && close(fd) != 0)                     /* some file systems tell only here that the disk is full */
    ok = false;
  return ok || fail(s, s->files->final, "cannot be written");
}

/* Final mode, and bytes on the disk. */
static bool finish(const file *f, mode_t mask)
{
  size_t n = strlen(f->final);
  mode_t mode = n >= 3 && strcmp(f->final + n - 3, ".so") == 0 ? 0777 : 0666;
  int fd = open(f->temporary, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  bool ok = fchmod(fd, mode & ~mask) == 0 && fsync(fd) == 0;
  int cause = errno;
  close(fd);
  errno = cause;
  return ok;
}

/* Gives what stands at the final name a second one, so that it can come back. */
static bool back_up(nirc_sink *s, file *f)
{
  struct stat st;
  if (lstat(f->final, &st) != 0)
    return errno == ENOENT;
  if (S_ISDIR(st.st_mode)) {                         /* made since nirc_sink_file looked */
    errno = EISDIR;
    return false;
  }
  char *name = path_in(s, ".nirc-XXXXXX");
  int fd = mkostemp(name, O_CLOEXEC);                /* only for a name that is free */
  if (fd < 0)
    return false;
  close(fd);
  unlink(name);
  if (link(f->final, name) != 0 && rename(f->final, name) != 0)    /* file systems without hard links */
    return false;
  f->backup = name;
  return true;
}

static void undo(const file *f)
{
  if (f->renamed)
    unlink(f->final);
  else
    unlink(f->temporary);
  if (f->backup && rename(f->backup, f->final) == 0)
    unlink(f->backup);                               /* rename does nothing where both are one file already */
}

/* The new names survive a power cut once their directory does; not every file system can be asked. */
static void sync_directory(const char *dir)
{
  int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return;
  fsync(fd);
  close(fd);
}

bool nirc_sink_commit(nirc_sink *s)
{
  mode_t mask = umask(0);
  umask(mask);
  bool ok = true;
  for (file *f = s->files; ok && f; f = f->next)
    ok = finish(f, mask) || fail(s, f->final, "cannot be written");
  for (file *f = s->files; ok && f; f = f->next) {
    f->renamed = back_up(s, f) && rename(f->temporary, f->final) == 0;
    ok = f->renamed || fail(s, f->final, "cannot be replaced");
  }
  if (!ok) {
    nirc_sink_discard(s);
    return false;
  }
  for (const file *f = s->files; f; f = f->next)
    if (f->backup)
      unlink(f->backup);
  sync_directory(s->dir);
  nirc_arena_free(s->arena);
  return true;
}

void nirc_sink_discard(nirc_sink *s)
{
  if (!s)
    return;
  for (const file *f = s->files; f; f = f->next)
    undo(f);
  for (const made *m = s->made; m; m = m->next)
    rmdir(m->path);                                  /* stays where somebody else has put something there */
  nirc_arena_free(s->arena);
}
