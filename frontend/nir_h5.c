#include "frontend/nir_h5.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

#include "frontend/nir_h5_child.h"
#include "frontend/nir_h5_confine.h"
#include "frontend/nir_h5_wire.h"
#include "ir/base/utf8.h"

typedef enum relay_end {
  RELAY_RUNNING,
  RELAY_DONE,                                        /* all records came */
  RELAY_ENDED,                                       /* the pipe was closed before that */
  RELAY_LATE,
  RELAY_BROKEN                                       /* a record that no honest child sends: its memory was overwritten */
} relay_end;

typedef struct relay {
  nirc_arena *arena;
  nirc_diag *diag;
  const char *file;
  int fd;
  int64_t deadline_ms;                               /* of now_ms() */
  relay_end end;
  size_t left;                                       /* bytes of values that may still come */
  unsigned objects, faults;
  unsigned depth;                                    /* groups that are open */
  struct {
    nirc_h5_object *group, *last;                    /* last: newest child */
  } open[NIRC_H5_MAX_DEPTH + 1];
  nirc_h5_object *root, *newest, *last_attribute;    /* newest: object that attributes belong to */
  size_t at, filled;
  unsigned char buffer[1 << 16];
} relay;

nirc_h5_limits nirc_h5_limits_default(void)
{
  return (nirc_h5_limits){.max_file_bytes = (size_t)4 << 30, .max_tensor_bytes = (size_t)2 << 30, .processor_seconds = 1, .clock_seconds = 120};
}

/* ---- the file --------------------------------------------------------------------------------------------------------- */

/* Up to `size` bytes; the number read, or -1. */
static ssize_t read_fully(int fd, unsigned char *to, size_t size)
{
  size_t done = 0;
  while (done < size) {
    ssize_t n = read(fd, to + done, size - done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return -1;
    if (n == 0)
      break;
    done += (size_t)n;
  }
  return (ssize_t)done;
}

/* The open file's bytes; NULL after a diagnostic. Caller frees with nirc_heap_free. */
static unsigned char *read_open_file(const nirc_heap *heap, int fd, nirc_loc loc, const nirc_h5_limits *limits, size_t *size, nirc_diag *d)
{
  struct stat s = {0};
  if (fstat(fd, &s) != 0 || !S_ISREG(s.st_mode)) {
    nirc_error_status(d, NIRC_STATUS_IO, loc, S_ISDIR(s.st_mode) ? "is a directory, not a file" : "is not a regular file");
    return NULL;
  }
  if ((uintmax_t)s.st_size > limits->max_file_bytes) {
    nirc_error_status(d, NIRC_STATUS_LIMIT, loc, "the file has %ju bytes, the limit is %zu", (uintmax_t)s.st_size, limits->max_file_bytes);
    return NULL;
  }
  *size = (size_t)s.st_size;
  unsigned char *image = nirc_heap_alloc(heap, *size);
  ssize_t n = read_fully(fd, image, *size);
  if (n >= 0 && (size_t)n == *size)
    return image;
  nirc_error_status(d, NIRC_STATUS_IO, loc, "cannot be read: %s", n < 0 ? strerror(errno) : "it became shorter meanwhile");
  nirc_heap_free(heap, image);
  return NULL;
}

static unsigned char *read_file(const nirc_heap *heap, const char *path, const nirc_h5_limits *limits, size_t *size, nirc_diag *d)
{
  nirc_loc loc = nirc_loc_file(path);
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);    /* a named pipe must not hang here */
  if (fd < 0) {
    nirc_error_status(d, NIRC_STATUS_IO, loc, "cannot be opened: %s", strerror(errno));
    return NULL;
  }
  unsigned char *image = read_open_file(heap, fd, loc, limits, size, d);
  close(fd);
  return image;
}

/* The HDF5 signature stands at 0 or, behind a user block, at 512, 1024, 2048, ... */
static bool check_signature(const unsigned char *image, size_t size, const char *path, nirc_diag *d)
{
  static const unsigned char signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
  for (size_t at = 0; at <= size && size - at >= sizeof signature; at = at ? at * 2 : 512)
    if (memcmp(image + at, signature, sizeof signature) == 0)
      return true;
  if (size == 0)
    nirc_error(d, nirc_loc_file(path), "the file is empty, not HDF5");
  else if (size >= 4 && memcmp(image, "PK\003\004", 4) == 0)
    nirc_error(d, nirc_loc_file(path), "a zip archive, not HDF5 (a PyTorch checkpoint is one; export the network with the NIR package)");
  else
    nirc_error(d, nirc_loc_file(path), "not an HDF5 file (its signature is missing)");
  return false;
}

/* ---- bytes from the child ------------------------------------------------------------------------------------------------ */

static int64_t now_ms(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Some bytes, at most `size`, before the deadline; 0 after setting r->end. */
static size_t read_some(relay *r, void *to, size_t size)
{
  for (;;) {
    int64_t wait = r->deadline_ms - now_ms();
    struct pollfd p = {.fd = r->fd, .events = POLLIN};
    int ready = wait <= 0 ? 0 : poll(&p, 1, wait > 1000000 ? 1000000 : (int)wait);
    if (wait <= 0) {
      r->end = RELAY_LATE;
      return 0;
    }
    if (ready == 0 || (ready < 0 && errno == EINTR))
      continue;
    ssize_t n = read(r->fd, to, size);
    if (n > 0)
      return (size_t)n;
    if (n == 0 || errno != EINTR) {
      r->end = RELAY_ENDED;
      return 0;
    }
  }
}

static bool get(relay *r, void *to, size_t size)
{
  unsigned char *at = to;
  while (size > 0) {
    if (r->at < r->filled) {
      size_t n = r->filled - r->at < size ? r->filled - r->at : size;
      memcpy(at, r->buffer + r->at, n);
      r->at += n;
      at += n;
      size -= n;
    } else if (size >= sizeof r->buffer) {           /* tensors: no copy between */
      size_t n = read_some(r, at, size);
      if (n == 0)
        return false;
      at += n;
      size -= n;
    } else {
      r->at = 0;
      r->filled = read_some(r, r->buffer, sizeof r->buffer);
      if (r->filled == 0)
        return false;
    }
  }
  return true;
}

static bool broken(relay *r)
{
  r->end = RELAY_BROKEN;
  return false;
}

/* A string of `size` bytes from the pipe; NULL after setting r->end. */
static char *get_text(relay *r, uint64_t size, size_t most)
{
  if (size > most) {
    broken(r);
    return NULL;
  }
  char *text = nirc_arena_alloc(r->arena, (size_t)size + 1, 1);
  return get(r, text, (size_t)size) ? text : NULL;
}

/* ---- the tree -------------------------------------------------------------------------------------------------------------- */

static nirc_loc loc_of(const relay *r, const char *path)
{
  return (nirc_loc){.file = r->file, .object = path && path[0] && strcmp(path, "/") != 0 ? path : NULL};
}

/* A fault that the parent sees: reported, counted, and the reading goes on. */
static bool object_fault(relay *r, const char *path, const char *what)
{
  nirc_error(r->diag, loc_of(r, path), "%s", what);
  r->faults++;
  return true;
}

static bool take_fault(relay *r, const nirc_h5_record *rec)
{
  char *path = get_text(r, rec->name_bytes, NIRC_H5_MAX_NAME_BYTES);
  char *text = path ? get_text(r, rec->data_bytes, NIRC_H5_MAX_FAULT_TEXT) : NULL;
  if (!text)
    return false;
  if (++r->faults > NIRC_H5_MAX_FAULTS || (rec->status != NIRC_STATUS_REFUSED && rec->status != NIRC_STATUS_LIMIT))
    return broken(r);
  if (!nirc_is_utf8(text, (size_t)rec->data_bytes))       /* the library quotes names from the file */
    text = nirc_arena_strdup(r->arena, "the HDF5 library could not read this; it is damaged");
  if (!nirc_is_utf8(path, (size_t)rec->name_bytes))
    path = NULL;
  nirc_error_status(r->diag, (nirc_status)rec->status, loc_of(r, path), "%s", text);
  return true;
}

static bool get_numbers(relay *r, const nirc_h5_record *rec, nirc_h5_object *o)
{
  size_t bytes;
  if (rec->dtype >= NIRC_N_DTYPES || !nirc_mul_size(&bytes, o->count, nirc_dtype_size((nirc_dtype)rec->dtype)) || bytes != rec->data_bytes)
    return broken(r);
  o->kind = NIRC_H5_NUMBERS;
  o->dtype = (nirc_dtype)rec->dtype;
  unsigned char *data = nirc_arena_alloc(r->arena, bytes, 64);
  o->data = data;
  if (!get(r, data, bytes))
    return false;
  for (size_t i = 0; o->dtype == NIRC_BOOL && i < bytes; i++)
    if (data[i] > 1)
      return broken(r);
  return true;
}

/* *valid: whether all are UTF-8. */
static bool get_strings(relay *r, const nirc_h5_record *rec, nirc_h5_object *o, bool *valid)
{
  size_t bytes = (size_t)rec->data_bytes;
  if (o->count > bytes)                              /* each has its NUL */
    return broken(r);
  char *text = nirc_arena_alloc(r->arena, bytes + 1, 1);
  if (!get(r, text, bytes))
    return false;
  const char **strings = NIRC_NEW_ARRAY(r->arena, const char *, o->count);
  const char *at = text, *end = text + bytes;
  for (size_t i = 0; i < o->count; i++) {
    if (at >= end)
      return broken(r);
    size_t n = strlen(at);
    strings[i] = at;
    *valid = *valid && nirc_is_utf8(at, n);
    at += n + 1;
  }
  if (at != end)
    return broken(r);
  o->kind = NIRC_H5_STRINGS;
  o->strings = strings;
  return true;
}

static bool get_values(relay *r, const nirc_h5_record *rec, nirc_h5_object *o, bool *valid)
{
  if (rec->rank > NIRC_H5_MAX_RANK || rec->data_bytes > r->left)
    return broken(r);
  r->left -= (size_t)rec->data_bytes;
  o->rank = rec->rank;
  o->compressed = rec->compressed != 0;
  o->count = 1;
  for (uint32_t i = 0; i < rec->rank; i++)
    if (rec->dims[i] == 0)
      o->count = 0;
  for (uint32_t i = 0; i < rec->rank; i++) {
    o->dims[i] = rec->dims[i];
    if (o->count > 0 && !nirc_mul_size(&o->count, o->count, (size_t)rec->dims[i]))
      return broken(r);
  }
  return rec->kind == NIRC_H5_RECORD_NUMBERS ? get_numbers(r, rec, o) : get_strings(r, rec, o, valid);
}

/* Appends to a list, or drops it: HDF5 gives names in byte order, each once; else its index of names is damaged. */
static bool append(relay *r, nirc_h5_object **first, nirc_h5_object **last, nirc_h5_object *o)
{
  if (*last && strcmp((*last)->name, o->name) >= 0)
    return object_fault(r, o->path, "two objects of this name, or names out of order; the group is damaged");
  if (*last)
    (*last)->next = o;
  else
    *first = o;
  *last = o;
  return true;
}

static bool take_attribute(relay *r, const nirc_h5_record *rec)
{
  char *name = get_text(r, rec->name_bytes, NIRC_H5_MAX_NAME_BYTES);
  if (!name || !r->newest)
    return name ? broken(r) : false;
  nirc_h5_object *o = NIRC_NEW(r->arena, nirc_h5_object);
  o->name = name;
  o->path = r->newest->path;
  bool valid = nirc_is_utf8(name, (size_t)rec->name_bytes);
  if (!get_values(r, rec, o, &valid))
    return false;
  return !valid || append(r, &r->newest->attributes, &r->last_attribute, o);    /* what is no text is left out, as in the child */
}

/* The path of a new object, whose name is checked; NULL after setting r->end. */
static const char *new_path(relay *r, const char *name, size_t size)
{
  if (!r->depth) {
    if (r->root || size > 0)
      broken(r);
    return r->root || size > 0 ? NULL : "/";
  }
  const nirc_h5_object *parent = r->open[r->depth - 1].group;
  size_t outer = r->depth == 1 ? 0 : strlen(parent->path);
  if (size == 0 || strlen(name) != size || strchr(name, '/') || outer + 1 + size > NIRC_H5_MAX_NAME_BYTES) {
    broken(r);
    return NULL;
  }
  return nirc_arena_printf(r->arena, "%s/%s", r->depth == 1 ? "" : parent->path, name);
}

static bool take_object(relay *r, const nirc_h5_record *rec)
{
  char *name = get_text(r, rec->name_bytes, NIRC_H5_MAX_NAME_BYTES);
  const char *path = name ? new_path(r, name, (size_t)rec->name_bytes) : NULL;
  if (!path)
    return false;
  nirc_h5_object *o = NIRC_NEW(r->arena, nirc_h5_object);
  o->name = name;
  o->path = path;
  bool group = rec->kind == NIRC_H5_RECORD_GROUP, valid = true;
  if (group ? r->depth > NIRC_H5_MAX_DEPTH : !r->depth)
    return broken(r);
  if (!group && !get_values(r, rec, o, &valid))
    return false;
  if (!nirc_is_utf8(name, (size_t)rec->name_bytes))
    object_fault(r, r->open[r->depth - 1].group->path, "holds an object whose name is not UTF-8");
  else if (!valid)
    object_fault(r, path, "holds a string that is not UTF-8");
  if (r->depth)
    append(r, &r->open[r->depth - 1].group->children, &r->open[r->depth - 1].last, o);
  else
    r->root = o;
  r->newest = o;
  r->last_attribute = NULL;
  if (group) {
    r->open[r->depth].group = o;
    r->open[r->depth++].last = NULL;
  }
  return true;
}

static bool take_record(relay *r)
{
  nirc_h5_record rec;
  if (!get(r, &rec, sizeof rec))
    return false;
  bool leaf = rec.kind == NIRC_H5_RECORD_NUMBERS || rec.kind == NIRC_H5_RECORD_STRINGS;
  if (leaf || rec.kind == NIRC_H5_RECORD_GROUP) {
    /* The root is not counted by the child. */
    if (++r->objects > NIRC_H5_MAX_OBJECTS + 1 || (!leaf && (rec.data_bytes || rec.attribute)))
      return broken(r);
    return rec.attribute ? take_attribute(r, &rec) : take_object(r, &rec);
  }
  if (rec.kind == NIRC_H5_RECORD_FAULT)
    return take_fault(r, &rec);
  if (rec.name_bytes || rec.data_bytes)
    return broken(r);
  if (rec.kind == NIRC_H5_RECORD_LEAVE && r->depth) {
    r->depth--;
    r->newest = NULL;
    return true;
  }
  if (rec.kind != NIRC_H5_RECORD_DONE || r->depth || (!r->root && !r->faults))
    return broken(r);
  r->end = RELAY_DONE;
  return false;
}

/* ---- the child ------------------------------------------------------------------------------------------------------------- */

/* Ends the child and gives its wait status. One that closed the pipe by itself is dying: its own end tells why. */
static int reap(const relay *r, pid_t child)
{
  int status = 0;
  pid_t got = 0;
  while (r->end == RELAY_ENDED && (got = waitpid(child, &status, WNOHANG)) == 0 && now_ms() < r->deadline_ms)
    nanosleep(&(struct timespec){.tv_nsec = 500000}, NULL);
  if (got == 0) {
    kill(child, SIGKILL);
    do
      got = waitpid(child, &status, 0);
    while (got < 0 && errno == EINTR);
  }
  return got == child ? status : 0;
}

/* What a child that was not done means. */
static void report_end(const relay *r, int status, const nirc_h5_limits *limits)
{
  nirc_loc loc = nirc_loc_file(r->file);
  int by = r->end == RELAY_ENDED && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  if (r->end == RELAY_LATE)
    nirc_error_status(r->diag, NIRC_STATUS_LIMIT, loc, "reading took longer than %u s", limits->clock_seconds);
  else if (by == SIGXCPU)
    nirc_error_status(r->diag, NIRC_STATUS_LIMIT, loc, "reading took more than %u s of processor time (more for large values); the file is damaged or made to do so",
                      limits->processor_seconds);
  else if (by == SIGKILL)
    nirc_error_status(r->diag, NIRC_STATUS_LIMIT, loc, "the process that reads the file was killed (a limit on memory or time)");
  else
    nirc_error(r->diag, loc, "the HDF5 library could not read this file; it is damaged");
}

static _Noreturn void run_child(const unsigned char *image, size_t size, const nirc_h5_limits *limits, pid_t parent, int out)
{
  size_t memory = nirc_h5_confine(out, parent, size, limits);
  nirc_h5_child_run(image, size, limits->max_tensor_bytes, memory);
}

/* Runs a child over the image and builds the tree; NULL after a diagnostic. */
static nirc_h5_object *read_tree(relay *r, const unsigned char *image, size_t size, const nirc_h5_limits *limits)
{
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    nirc_error_status(r->diag, NIRC_STATUS_LIMIT, nirc_loc_file(r->file), "no pipe for reading: %s", strerror(errno));
    return NULL;
  }
  pid_t self = getpid(), child = fork();
  if (child == 0)
    run_child(image, size, limits, self, ends[1]);
  close(ends[1]);
  r->fd = ends[0];
  if (child < 0) {
    nirc_error_status(r->diag, NIRC_STATUS_LIMIT, nirc_loc_file(r->file), "no process for reading: %s", strerror(errno));
    close(ends[0]);
    return NULL;
  }
#ifdef F_SETPIPE_SZ
  fcntl(ends[0], F_SETPIPE_SZ, 1 << 20);             /* fewer switches; a refusal does no harm */
#endif
  r->deadline_ms = now_ms() + (int64_t)limits->clock_seconds * 1000;
  while (take_record(r))
    continue;
  int status = reap(r, child);
  close(ends[0]);
  if (r->end != RELAY_DONE)
    report_end(r, status, limits);
  return r->end == RELAY_DONE && !r->faults ? r->root : NULL;
}

nirc_h5_file *nirc_h5_read(nirc_arena *a, const char *path, const nirc_h5_limits *limits, nirc_diag *d)
{
  const nirc_heap *heap = nirc_arena_heap(a);
  size_t size;
  unsigned char *image = read_file(heap, path, limits, &size, d);
  if (!image)
    return NULL;
  nirc_h5_object *root = NULL;
  XXH128_hash_t hash = {0};
  if (check_signature(image, size, path, d)) {
    hash = XXH3_128bits(image, size);
    relay *r = nirc_heap_alloc(heap, sizeof *r);
    *r = (relay){.arena = a, .diag = d, .file = path, .left = limits->max_tensor_bytes};
    root = read_tree(r, image, size, limits);
    nirc_heap_free(heap, r);
  }
  nirc_heap_free(heap, image);
  if (!root)
    return NULL;
  nirc_h5_file *f = NIRC_NEW(a, nirc_h5_file);
  *f = (nirc_h5_file){.path = nirc_arena_strdup(a, path), .root = root, .hash = {hash.high64, hash.low64}, .bytes = size};
  return f;
}

static nirc_h5_object *find(nirc_h5_object *first, const char *name)
{
  while (first && strcmp(first->name, name) != 0)
    first = first->next;
  return first;
}

nirc_h5_object *nirc_h5_child(const nirc_h5_object *group, const char *name)
{
  return find(group->children, name);
}

nirc_h5_object *nirc_h5_attribute(const nirc_h5_object *object, const char *name)
{
  return find(object->attributes, name);
}
