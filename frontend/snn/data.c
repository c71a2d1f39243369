/* frontend/snn/data.c: values from files: a dataset of an HDF5 file, or a .npy file. HDF5 is read by a confined child process (nir_h5.h), .npy by code of our own. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "frontend/nir_h5.h"
#include "frontend/snn/npy.h"
#include "frontend/snn/value.h"

/* A file that was read. */
typedef struct nirc_snn_data { const char *path; const nirc_h5_file *h5; nirc_blob *npy; struct nirc_snn_data *next; } nirc_snn_data;

const char *nirc_snn_beside(nirc_arena *a, const char *text_path, const char *name)
{
  const char *slash = strrchr(text_path, '/');
  return name[0] == '/' || !slash ? name : nirc_arena_printf(a, "%.*s/%s", (int)(slash - text_path), text_path, name);
}

void *nirc_snn_read_bytes(nirc_snn_eval *x, const char *path, size_t limit, size_t *size)
{
  struct stat st = {0};
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  const char *fault = fd < 0 || fstat(fd, &st) ? strerror(errno) : !S_ISREG(st.st_mode) ? "is no regular file" : NULL;
  bool large = !fault && (uintmax_t)st.st_size > limit;
  void *bytes = fault || large ? NULL : nirc_heap_alloc(x->m->heap, (size_t)st.st_size);
  *size = (size_t)st.st_size;
  for (size_t at = 0; bytes && at < *size;) {
    ssize_t n = read(fd, (char *)bytes + at, *size - at);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0) {
      fault = n ? strerror(errno) : "became shorter meanwhile";
      nirc_heap_free(x->m->heap, bytes);
      bytes = NULL;
    } else {
      at += (size_t)n;
    }
  }
  if (fd >= 0)
    close(fd);
  if (large)
    nirc_error_status(x->d, NIRC_STATUS_LIMIT, nirc_loc_file(path), "has more than %zu bytes", limit);
  else if (fault)
    nirc_error_status(x->d, NIRC_STATUS_IO, nirc_loc_file(path), "cannot be read: %s", fault);
  return bytes;
}

static nirc_snn_data *read_file(nirc_snn_eval *x, const char *path, bool npy)
{
  nirc_snn_data *f = x->data;
  while (f && (strcmp(f->path, path) || (f->npy != NULL) != npy))
    f = f->next;
  if (f)
    return f;
  f = NIRC_NEW(x->m->arena, nirc_snn_data);
  f->path = path;
  if (npy) {
    size_t size;
    void *bytes = nirc_snn_read_bytes(x, path, nirc_h5_limits_default().max_tensor_bytes, &size);
    nirc_blob *b = bytes ? nirc_npy_read(x->m->heap, bytes, size, nirc_loc_file(path), x->d) : NULL;
    nirc_heap_free(x->m->heap, bytes);
    f->npy = b ? nirc_module_hold(x->m, b) : NULL;
  } else {
    nirc_h5_limits limits = nirc_h5_limits_default();
    f->h5 = nirc_h5_read(x->files, path, &limits, x->d);
  }
  if (!f->h5 && !f->npy)
    return NULL;
  f->next = x->data;
  x->data = f;
  return f;
}

/* The dataset at "/a/b" of the file; NULL where there is none, and a guess at what was meant. */
static const nirc_h5_object *find(nirc_snn_eval *x, const nirc_h5_file *file, const char *object, nirc_guess *g)
{
  const nirc_h5_object *o = file->root;
  char *rest = nirc_arena_strdup(x->m->arena, object), *part;
  while (o && (part = strsep(&rest, "/")))
    if (*part) {
      for (const nirc_h5_object *k = o->kind == NIRC_H5_GROUP ? o->children : NULL; k; k = k->next)
        nirc_guess_consider(g, part, k->name);
      o = o->kind == NIRC_H5_GROUP ? nirc_h5_child(o, part) : NULL;
      *g = o ? (nirc_guess){0} : *g;
    }
  return o;
}

bool nirc_snn_load(nirc_snn_eval *x, const nirc_snn_scope *s, const nirc_snn_expr *e, nirc_snn_value *out)
{
  const char *colon = strstr(e->text, ":/");
  size_t n = strlen(e->text);
  bool npy = !colon && n > 4 && strcmp(e->text + n - 4, ".npy") == 0;
  nirc_loc loc = nirc_snn_at(s, e->loc);
  if (!colon && !npy) {
    nirc_error(x->d, loc, "@ takes \"FILE:/OBJECT\" of an HDF5 file, or \"FILE.npy\"");
    return false;
  }
  const char *path = nirc_snn_beside(x->m->arena, e->loc.file, colon ? nirc_arena_strndup(x->m->arena, e->text, (size_t)(colon - e->text)) : e->text);
  nirc_snn_data *f = read_file(x, path, npy);
  if (!f) {
    nirc_note(x->d, loc, "needed here");
    return false;
  }
  *out = (nirc_snn_value){.kind = NIRC_SNN_V_TYPED, .loc = e->loc, .blob = f->npy};
  if (npy)
    return true;
  nirc_guess g = {0};
  const nirc_h5_object *o = find(x, f->h5, colon + 1, &g);
  nirc_shape shape = {.rank = o ? o->rank : 0};
  size_t count;
  if (!o || o->kind != NIRC_H5_NUMBERS) {
    nirc_error(x->d, loc, o ? "'%s' of %s holds no numbers" : "no dataset is called '%s' in %s", colon + 1, path);
    if (g.name)
      nirc_note(x->d, loc, "did you mean '%s'?", g.name);
    return false;
  }
  memcpy(shape.dims, o->dims, sizeof shape.dims);
  if (!nirc_shape_count(&shape, &count)) {
    nirc_error_status(x->d, NIRC_STATUS_LIMIT, loc, "'%s' of %s has the shape %s, which is more than any network has", colon + 1, path, nirc_shape_text(x->m->arena, &shape));
    return false;
  }
  out->blob = nirc_module_hold(x->m, nirc_blob_borrow(x->m->heap, o->dtype, &shape, o->data));
  return true;
}
