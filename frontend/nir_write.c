#include "frontend/nir_write.h"

#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ir/activity.h"

enum { DEFLATE_ABOVE_BYTES = 1024, DEFLATE_LEVEL = 4, MAX_CHUNK_BYTES = 1 << 26, IMAGE_STEP_BYTES = 1 << 20, MAX_WRITE_BYTES = 1 << 30 };

typedef struct writer {
  const nirc_module *m;
  nirc_diag *d;
  nirc_arena *arena;                                 /* scratch */
  hid_t text;                                        /* variable-length UTF-8 string */
  hid_t boolean;                                     /* h5py's enum FALSE/TRUE over int8 */
  hid_t link;                                        /* link creation: names are UTF-8 */
  bool failed;
} writer;

static hid_t check(writer *w, hid_t id)
{
  w->failed |= id < 0;
  return id;
}

/* ---- datasets --------------------------------------------------------------------------------------------------------------------- */

static hid_t number_type(const writer *w, nirc_dtype t)
{
  switch (t) {
  case NIRC_BOOL: return w->boolean;
  case NIRC_I8: return H5T_STD_I8LE;
  case NIRC_I16: return H5T_STD_I16LE;
  case NIRC_I32: return H5T_STD_I32LE;
  case NIRC_I64: return H5T_STD_I64LE;
  case NIRC_U8: return H5T_STD_U8LE;
  case NIRC_U16: return H5T_STD_U16LE;
  case NIRC_U32: return H5T_STD_U32LE;
  case NIRC_U64: return H5T_STD_U64LE;
  case NIRC_F32: return H5T_IEEE_F32LE;
  default: return H5T_IEEE_F64LE;
  }
}

/* IEEE half precision, which HDF5 has no name for: 1 sign, 5 exponent (bias 15), 10 mantissa bits. Caller closes. */
static hid_t half_type(writer *w)
{
  hid_t t = check(w, H5Tcopy(H5T_IEEE_F32LE));
  H5Tset_fields(t, 15, 10, 5, 0, 10);
  H5Tset_size(t, 2);
  H5Tset_ebias(t, 15);
  return t;
}

static hid_t space_of(writer *w, const nirc_shape *s)
{
  if (!s->rank)
    return check(w, H5Screate(H5S_SCALAR));
  hsize_t dims[NIRC_MAX_RANK];
  for (uint32_t i = 0; i < s->rank; i++)
    dims[i] = s->dims[i];
  return check(w, H5Screate_simple((int)s->rank, dims, NULL));
}

/* Contiguous, or one chunk deflated where that pays. No times: equal content, equal bytes. */
static hid_t creation(writer *w, const nirc_shape *s, size_t bytes)
{
  hid_t p = check(w, H5Pcreate(H5P_DATASET_CREATE));
  H5Pset_obj_track_times(p, false);
  if (!s->rank || bytes < DEFLATE_ABOVE_BYTES)
    return p;
  hsize_t chunk[NIRC_MAX_RANK];
  for (uint32_t i = 0; i < s->rank; i++)
    chunk[i] = s->dims[i];
  for (uint32_t i = 0; i < s->rank && bytes > MAX_CHUNK_BYTES; i++) {      /* a chunk has to stay below 4 GiB */
    hsize_t keep = chunk[i] * MAX_CHUNK_BYTES / bytes;
    bytes = bytes / chunk[i] * (keep ? keep : 1);
    chunk[i] = keep ? keep : 1;
  }
  H5Pset_chunk(p, (int)s->rank, chunk);
  H5Pset_deflate(p, DEFLATE_LEVEL);
  return p;
}

static void write_dataset(writer *w, hid_t group, const char *name, hid_t type, const nirc_shape *shape, const void *data, size_t bytes)
{
  hid_t space = space_of(w, shape), p = creation(w, shape, bytes);
  hid_t set = check(w, H5Dcreate2(group, name, type, space, w->link, p, H5P_DEFAULT));
  if (set >= 0) {
    w->failed |= H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0;
    H5Dclose(set);
  }
  H5Pclose(p);
  H5Sclose(space);
}

static void write_blob(writer *w, hid_t group, const char *name, const nirc_blob *b)
{
  size_t size = nirc_dtype_size(b->dtype), bytes = b->count * size;
  const void *data = b->data;
  unsigned char *wide = NULL;
  if (b->splat && b->count != 1) {
    wide = nirc_heap_alloc(w->m->heap, bytes);
    for (size_t i = 0; i < b->count; i++)
      memcpy(wide + i * size, b->data, size);
    data = wide;
  }
  hid_t type = b->dtype == NIRC_F16 ? half_type(w) : number_type(w, b->dtype);
  write_dataset(w, group, name, type, &b->shape, data, bytes);
  if (b->dtype == NIRC_F16)
    H5Tclose(type);
  nirc_heap_free(w->m->heap, wide);
}

static void write_strings(writer *w, hid_t group, const char *name, const nirc_shape *shape, const char *const *strings)
{
  write_dataset(w, group, name, w->text, shape, strings, 0);
}

static void write_string(writer *w, hid_t group, const char *name, const char *s)
{
  nirc_shape scalar = nirc_shape_scalar();
  write_strings(w, group, name, &scalar, &s);
}

/* What a pass made, or a name that HDF5 would take for a path, has no place in a file. */
static bool can_stand(writer *w, const nirc_op *op)
{
  if (!op->def->nir_type)
    nirc_error(w->d, op->loc, "'%s' (%s) has no node type in a .nir file", op->name, op->def->mnemonic);
  else if (strchr(op->name, '/') || !*op->name || strcmp(op->name, ".") == 0)
    nirc_error(w->d, op->loc, "'%s': no node of a .nir file can have this name", op->name);
  else
    return true;
  return false;
}

/* ---- nodes -------------------------------------------------------------------------------------------------------------------------- */

static hid_t new_group(writer *w, hid_t parent, const char *name)
{
  hid_t p = check(w, H5Pcreate(H5P_GROUP_CREATE));
  H5Pset_obj_track_times(p, false);
  hid_t g = check(w, H5Gcreate2(parent, name, w->link, p, H5P_DEFAULT));
  H5Pclose(p);
  return g;
}

static void write_attr(writer *w, hid_t group, const nirc_attr *a)
{
  switch (a->kind) {
  case NIRC_ATTR_DENSE: write_blob(w, group, a->name, a->blob); return;
  case NIRC_ATTR_STRING: write_string(w, group, a->name, a->s); return;
  case NIRC_ATTR_STRINGS: write_strings(w, group, a->name, &a->shape, a->strings); return;
  case NIRC_ATTR_DICT: {
    hid_t g = new_group(w, group, a->name);
    for (const nirc_attr *entry = a->dict; entry; entry = entry->next)
      write_attr(w, g, entry);
    H5Gclose(g);
    return;
  }
  default: return;                                   /* marks of passes: not of the file */
  }
}

static void write_attrs(writer *w, hid_t group, const nirc_attr *attrs)
{
  for (const nirc_attr *a = attrs; a; a = a->next)
    if (strcmp(a->name, "edge") && strcmp(a->name, "version") && strcmp(a->name, NIRC_ACTIVITY))
      write_attr(w, group, a);
}

typedef struct edge { int64_t place; size_t order; const char *from, *to; } edge;

static int compare_edges(const void *a, const void *b)
{
  const edge *x = a, *y = b;
  return x->place != y->place ? (x->place > y->place) - (x->place < y->place) : (x->order > y->order) - (x->order < y->order);
}

/* By their places in the file they came from; new ones behind. */
static void write_edges(writer *w, hid_t group, const nirc_op *graph)
{
  size_t n = 0, k = 0;
  NIRC_FOR_EACH_OP(op, graph->body)
    n += op->n_operands;
  if (!n) {                                          /* as the nir package writes an empty list */
    nirc_shape none = nirc_shape_1d(0);
    write_dataset(w, group, "edges", H5T_IEEE_F64LE, &none, &(double){0}, 0);
    return;
  }
  edge *edges = NIRC_NEW_ARRAY(w->arena, edge, n);
  NIRC_FOR_EACH_OP(op, graph->body) {
    const nirc_blob *places = nirc_op_blob(op, "edge");
    for (uint32_t i = 0; i < op->n_operands; i++, k++) {
      edges[k] = (edge){INT64_MAX, k, nirc_op_operand(op, i)->def->name, op->name};
      if (places && places->count == op->n_operands)
        nirc_blob_get_int(places, i, &edges[k].place);
    }
  }
  qsort(edges, n, sizeof *edges, compare_edges);
  const char **names = NIRC_NEW_ARRAY(w->arena, const char *, 2 * n);
  for (k = 0; k < n; k++) {
    names[2 * k] = edges[k].from;
    names[2 * k + 1] = edges[k].to;
  }
  write_strings(w, group, "edges", &(nirc_shape){.rank = 2, .dims = {n, 2}}, names);
}

static void write_graph(writer *w, hid_t group, const nirc_op *graph)
{
  write_string(w, group, "type", "NIRGraph");
  write_edges(w, group, graph);
  write_attrs(w, group, graph->attrs);
  hid_t nodes = new_group(w, group, "nodes");
  NIRC_FOR_EACH_OP(op, graph->body) {
    if (!can_stand(w, op))
      continue;
    hid_t g = new_group(w, nodes, op->name);
    if (op->code == NIR_GRAPH) {
      write_graph(w, g, op);
    } else {
      write_string(w, g, "type", op->def->nir_type);
      write_attrs(w, g, op->attrs);
    }
    H5Gclose(g);
  }
  H5Gclose(nodes);
}

/* ---- the file ---------------------------------------------------------------------------------------------------------------------------- */

static void open_types(writer *w)
{
  w->text = check(w, H5Tcopy(H5T_C_S1));
  H5Tset_size(w->text, H5T_VARIABLE);
  H5Tset_cset(w->text, H5T_CSET_UTF8);
  w->boolean = check(w, H5Tenum_create(H5T_STD_I8LE));
  H5Tenum_insert(w->boolean, "FALSE", &(int8_t){0});
  H5Tenum_insert(w->boolean, "TRUE", &(int8_t){1});
  w->link = check(w, H5Pcreate(H5P_LINK_CREATE));
  H5Pset_char_encoding(w->link, H5T_CSET_UTF8);
}

/* A file in memory: one on disk that fills up leaves libhdf5 with pages it cannot get rid of, and it dies at exit. */
static hid_t new_image(writer *w)
{
  hid_t fcpl = check(w, H5Pcreate(H5P_FILE_CREATE)), fapl = check(w, H5Pcreate(H5P_FILE_ACCESS));
  H5Pset_obj_track_times(fcpl, false);
  w->failed |= H5Pset_fapl_core(fapl, IMAGE_STEP_BYTES, false) < 0;
  hid_t file = check(w, H5Fcreate("image", H5F_ACC_TRUNC, fcpl, fapl));
  H5Pclose(fapl);
  H5Pclose(fcpl);
  return file;
}

/* The bytes of the file; closes it. Caller frees with the module's heap; NULL where it fails. */
static void *take_image(writer *w, hid_t file, size_t *size)
{
  w->failed |= H5Fflush(file, H5F_SCOPE_LOCAL) < 0;
  ssize_t n = H5Fget_file_image(file, NULL, 0);
  void *image = n > 0 ? nirc_heap_alloc(w->m->heap, (size_t)n) : NULL;
  w->failed |= !image || H5Fget_file_image(file, image, (size_t)n) != n;
  w->failed |= H5Fclose(file) < 0;
  *size = image ? (size_t)n : 0;
  return image;
}

static bool write_bytes(int fd, const unsigned char *p, size_t n)
{
  while (n) {
    ssize_t k = write(fd, p, n < MAX_WRITE_BYTES ? n : MAX_WRITE_BYTES);
    if (k < 0 && errno != EINTR)
      return false;
    p += k < 0 ? 0 : k;
    n -= k < 0 ? 0 : (size_t)k;
  }
  return true;
}

static bool write_file(const char *path, const void *data, size_t size, nirc_diag *d)
{
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  bool ok = fd >= 0 && write_bytes(fd, data, size);
  int why = errno;
  if (fd >= 0 && close(fd) < 0 && ok) {
    ok = false;
    why = errno;
  }
  if (!ok)
    nirc_error_status(d, NIRC_STATUS_IO, nirc_loc_file(path), "the .nir file cannot be written: %s", strerror(why));
  return ok;
}

static void write_root(writer *w, hid_t file)
{
  const nirc_op *graph = w->m->body.first;
  const nirc_attr *version = nirc_op_attr(graph, "version"), *dt = nirc_op_attr(graph, "dt");
  if (dt)
    nirc_remark(w->d, graph->loc, "a .nir file has no place for the network's dt = %g s; give it when the file is compiled: --dt %g", dt->f, dt->f);
  write_string(w, file, "version", version ? version->s : "1.0.8");
  hid_t node = new_group(w, file, "node");
  write_graph(w, node, graph);
  H5Gclose(node);
}

/* Whatever fills the file. */
typedef struct content { void (*write)(writer *w, hid_t file, const struct content *c); bool (*wanted)(const nirc_blob *b); } content;

static bool write_image(const nirc_module *m, const content *c, const char *path, nirc_diag *d)
{
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  unsigned errors = d->errors;
  writer w = {.m = m, .d = d, .arena = nirc_arena_new(m->heap)};
  size_t size = 0;
  void *image = NULL;
  open_types(&w);
  hid_t file = new_image(&w);
  if (file >= 0) {
    c->write(&w, file, c);
    image = take_image(&w, file, &size);
  }
  H5Pclose(w.link);
  H5Tclose(w.boolean);
  H5Tclose(w.text);
  nirc_arena_free(w.arena);
  bool ok = !w.failed && d->errors == errors && write_file(path, image, size, d);
  if (w.failed && d->errors == errors)
    nirc_error_status(d, NIRC_STATUS_IO, nirc_loc_file(path), "the file cannot be made: the HDF5 library reports a failure");
  nirc_heap_free(m->heap, image);
  return ok;
}

static void write_network(writer *w, hid_t file, const content *c)
{
  (void)c;
  write_root(w, file);
}

bool nirc_nir_write(const nirc_module *m, const char *path, nirc_diag *d)
{
  return write_image(m, &(content){.write = write_network}, path, d);
}

/* ---- arrays only --------------------------------------------------------------------------------------------------------------------------- */

static bool any_wanted(const nirc_attr *attrs, const content *c)
{
  for (const nirc_attr *a = attrs; a; a = a->next)
    if (strcmp(a->name, "edge") && ((a->kind == NIRC_ATTR_DENSE && c->wanted(a->blob)) || (a->kind == NIRC_ATTR_DICT && any_wanted(a->dict, c))))
      return true;
  return false;
}

static void write_wanted(writer *w, hid_t group, const nirc_attr *attrs, const content *c)
{
  for (const nirc_attr *a = attrs; a; a = a->next)
    if (!strcmp(a->name, "edge")) {
      continue;
    } else if (a->kind == NIRC_ATTR_DENSE && c->wanted(a->blob)) {
      write_blob(w, group, a->name, a->blob);
    } else if (a->kind == NIRC_ATTR_DICT && any_wanted(a->dict, c)) {
      hid_t g = new_group(w, group, a->name);
      write_wanted(w, g, a->dict, c);
      H5Gclose(g);
    }
}

static bool graph_has_wanted(const nirc_op *op, const content *c)
{
  if (any_wanted(op->attrs, c))
    return true;
  if (op->body)
    NIRC_FOR_EACH_OP(inner, op->body)
      if (graph_has_wanted(inner, c))
        return true;
  return false;
}

static void write_arrays_of(writer *w, hid_t group, const nirc_op *op, const content *c)
{
  write_wanted(w, group, op->attrs, c);
  if (!op->body)
    return;
  hid_t nodes = new_group(w, group, "nodes");
  NIRC_FOR_EACH_OP(inner, op->body)
    if (graph_has_wanted(inner, c) && can_stand(w, inner)) {
      hid_t g = new_group(w, nodes, inner->name);
      write_arrays_of(w, g, inner, c);
      H5Gclose(g);
    }
  H5Gclose(nodes);
}

static void write_arrays(writer *w, hid_t file, const content *c)
{
  write_arrays_of(w, file, w->m->body.first, c);
}

bool nirc_nir_write_arrays(const nirc_module *m, bool (*wanted)(const nirc_blob *b), const char *path, nirc_diag *d)
{
  return write_image(m, &(content){.write = write_arrays, .wanted = wanted}, path, d);
}
