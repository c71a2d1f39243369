#include "tools/run_model.h"

#include <dirent.h>
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool ends_in_so(const char *name)
{
  size_t n = strlen(name);
  return n > 3 && strcmp(name + n - 3, ".so") == 0;
}

/* The only NAME.so in a directory; NULL after a diagnostic. */
static const char *find_in_directory(nirc_arena *a, const char *path, nirc_diag *d)
{
  DIR *dir = opendir(path);
  if (!dir) {
    nirc_error_status(d, NIRC_STATUS_IO, nirc_loc_file(path), "cannot be opened: %s", strerror(errno));
    return NULL;
  }
  const char *one = NULL, *other = NULL;             /* the first two in byte order, whatever the order of the directory */
  for (struct dirent *e; (e = readdir(dir));) {
    if (!ends_in_so(e->d_name))
      continue;
    const char *name = nirc_arena_strdup(a, e->d_name);
    if (!one || strcmp(name, one) < 0) {
      other = one;
      one = name;
    } else if (!other || strcmp(name, other) < 0) {
      other = name;
    }
  }
  closedir(dir);
  if (!one)
    nirc_error(d, nirc_loc_file(path), "there is no compiled model (*.so) in this directory");
  else if (other)
    nirc_error(d, nirc_loc_file(path), "there is more than one model in this directory: '%s', '%s'; name one of them", one, other);
  if (!one || other)
    return NULL;
  size_t n = strlen(path);
  return nirc_arena_printf(a, "%s%s%s", path, n && path[n - 1] == '/' ? "" : "/", one);
}

/* What a loadable segment promises lies in the file; loading one that does not ends in SIGBUS. */
static bool segments_are_there(int fd, uint64_t size)
{
  ElfW(Ehdr) header;
  if (pread(fd, &header, sizeof header, 0) != (ssize_t)sizeof header || header.e_phentsize != sizeof(ElfW(Phdr)))
    return false;
  for (unsigned i = 0; i < header.e_phnum; i++) {
    ElfW(Phdr) p;
    uint64_t at = header.e_phoff + (uint64_t)i * sizeof p;
    if (at > size || pread(fd, &p, sizeof p, (off_t)at) != (ssize_t)sizeof p)
      return false;
    if (p.p_type == PT_LOAD && (p.p_offset > size || p.p_filesz > size - p.p_offset))
      return false;
  }
  return true;
}

/* Is this a whole ELF file? */
static bool check_file(const char *path, nirc_diag *d)
{
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat st;
  if (fd < 0 || fstat(fd, &st) != 0) {
    nirc_error_status(d, NIRC_STATUS_IO, nirc_loc_file(path), "cannot be opened: %s", strerror(errno));
    if (fd >= 0)
      close(fd);
    return false;
  }
  unsigned char ident[EI_NIDENT];
  bool elf = S_ISREG(st.st_mode) && pread(fd, ident, sizeof ident, 0) == (ssize_t)sizeof ident && memcmp(ident, ELFMAG, SELFMAG) == 0;
  bool native = elf && ident[EI_CLASS] == (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32);
  bool whole = native && segments_are_there(fd, (uint64_t)st.st_size);
  close(fd);
  if (!elf)
    nirc_error(d, nirc_loc_file(path), "this is no compiled model (not an ELF shared object)");
  else if (!native)
    nirc_error(d, nirc_loc_file(path), "this is a shared object of another kind of machine");
  else if (!whole)
    nirc_error(d, nirc_loc_file(path), "this shared object is cut short or damaged");
  return whole;
}

/* Without the path that dlerror puts in front. */
static const char *loader_message(const char *path)
{
  const char *text = dlerror();
  size_t n = strlen(path);
  if (text && strncmp(text, path, n) == 0 && strncmp(text + n, ": ", 2) == 0)
    text += n + 2;
  return text ? text : "unknown reason";
}

static bool query(nirc_run_model *m, nirc_diag *d)
{
  nirc_loc loc = nirc_loc_file(m->path);
  void *symbol = dlsym(m->handle, "nirc_model_query");
  if (!symbol) {
    nirc_error(d, loc, "this shared object is no compiled model (it has no nirc_model_query)");
    return false;
  }
  const nirc_model_api *(*ask)(uint32_t);
  memcpy(&ask, &symbol, sizeof ask);                 /* ISO C has no cast from an object to a function pointer */
  m->api = ask(NIRC_MODEL_ABI);
  if (m->api && m->api->struct_size >= sizeof(nirc_model_api))
    m->info = m->api->info(NIRC_MODEL_ABI);
  if (!m->info || m->info->struct_size < offsetof(nirc_model_info, most_events)) {
    nirc_error(d, loc, "the model's interface is not the one that this nirc-run knows (version %u)", NIRC_MODEL_ABI);
    nirc_note(d, loc, "compile it with the nirc that belongs to this nirc-run");
    return false;
  }
  return true;
}

double nirc_run_most_events(const nirc_model_info *info)
{
  return info->struct_size >= offsetof(nirc_model_info, most_events) + sizeof info->most_events ? info->most_events : 0;
}

bool nirc_run_model_open(nirc_run_model *m, nirc_arena *a, const char *path, nirc_diag *d)
{
  *m = (nirc_run_model){.path = path};
  struct stat st;
  if (stat(path, &st) != 0) {
    nirc_error_status(d, NIRC_STATUS_IO, nirc_loc_file(path), "cannot be opened: %s", strerror(errno));
    return false;
  }
  if (S_ISDIR(st.st_mode))
    m->path = find_in_directory(a, path, d);
  if (!m->path || !check_file(m->path, d))
    return false;
  /* A name without a slash would be looked for along the library path. */
  const char *file = strchr(m->path, '/') ? m->path : nirc_arena_printf(a, "./%s", m->path);
  m->handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (!m->handle) {
    nirc_error(d, nirc_loc_file(m->path), "cannot be loaded: %s", loader_message(file));
    return false;
  }
  return query(m, d);
}

void nirc_run_model_close(nirc_run_model *m)
{
  if (m->handle)
    dlclose(m->handle);
  *m = (nirc_run_model){0};
}
