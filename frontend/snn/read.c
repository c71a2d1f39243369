#include "frontend/snn/read.h"

#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "frontend/snn/build.h"

enum { MAX_TOLD = 20 };                              /* names of networks in a message */

/* A file on the way of imports, or one that was read. */
typedef struct seen { const char *path; dev_t device; ino_t inode; bool open; struct seen *next; } seen;

typedef struct reader {
  nirc_snn_eval e;
  nirc_snn_files *files, **files_end;
  seen *seen;
  XXH3_state_t *hash;
} reader;

static nirc_snn_file *read_text(reader *r, const char *text, size_t size, const char *path, unsigned depth);

/* Registers the file of a path; NULL where it was imported before, or (*fault) is being imported right now. */
static seen *enter(reader *r, const char *path, bool *circle)
{
  struct stat st;
  bool known = stat(path, &st) == 0;
  *circle = false;
  for (seen *s = r->seen; s && known; s = s->next)
    if (s->device == st.st_dev && s->inode == st.st_ino) {
      *circle = s->open;
      return NULL;
    }
  seen *s = NIRC_NEW(r->e.files, seen);
  *s = (seen){path, known ? st.st_dev : 0, known ? st.st_ino : 0, true, r->seen};
  r->seen = s;
  return s;
}

static bool import(reader *r, const nirc_snn_stmt *t, const char *from, unsigned depth)
{
  const char *path = nirc_snn_beside(r->e.files, from, t->name);
  bool circle;
  if (depth >= NIRC_SNN_MAX_IMPORTS) {
    nirc_error_status(r->e.d, NIRC_STATUS_LIMIT, t->loc, "files import one another more than %d deep", NIRC_SNN_MAX_IMPORTS);
    return false;
  }
  seen *s = enter(r, path, &circle);
  if (!s && circle)
    nirc_error(r->e.d, t->loc, "'%s' imports itself, at once or by way of others", t->name);
  if (!s)
    return !circle;
  size_t size;
  char *bytes = nirc_snn_read_bytes(&r->e, path, NIRC_SNN_MAX_BYTES, &size);
  nirc_snn_file *f = bytes ? read_text(r, bytes, size, path, depth + 1) : NULL;
  nirc_heap_free(r->e.m->heap, bytes);
  s->open = false;
  if (!f)
    nirc_note(r->e.d, t->loc, "imported here");
  return f != NULL;
}

/* The tree of a text and, behind it in the list, those that it imports. */
static nirc_snn_file *read_text(reader *r, const char *text, size_t size, const char *path, unsigned depth)
{
  char *kept = nirc_arena_alloc(r->e.files, size + 1, 1);
  memcpy(kept, text, size);
  nirc_source *source = NIRC_NEW(r->e.files, nirc_source);
  *source = (nirc_source){.path = path, .text = kept, .size = size};
  nirc_diag_add_source(r->e.d, source);
  XXH3_128bits_update(r->hash, text, size);
  nirc_snn_file *f = nirc_snn_parse(r->e.files, path, kept, size, r->e.d);
  if (!f)
    return NULL;
  nirc_snn_files *entry = *r->files_end = NIRC_NEW(r->e.files, nirc_snn_files);
  entry->file = f;
  r->files_end = &entry->next;
  bool ok = true;
  for (const nirc_snn_stmt *t = f->items; t; t = t->next)
    if (t->kind == NIRC_SNN_IMPORT)
      ok &= import(r, t, path, depth);
  return ok ? f : NULL;
}

/* Networks of the main file; names once each. */
static const nirc_snn_stmt *choose(reader *r, const nirc_snn_file *f, const char *wanted)
{
  const nirc_snn_stmt *found = NULL, *first = NULL;
  nirc_guess g = {0};
  nirc_snn_table names = {0};
  unsigned n = 0;
  for (nirc_snn_stmt *t = f->items; t; t = t->next) {
    if (t->kind != NIRC_SNN_NETWORK)
      continue;
    const nirc_snn_stmt *before = nirc_snn_table_find(&names, t->name);
    if (before) {
      nirc_error(r->e.d, t->loc, "network '%s' is defined already", t->name);
      nirc_note(r->e.d, before->loc, "here");
      return NULL;
    }
    nirc_snn_table_add(&names, r->e.m->arena, t->name, t);
    first = first ? first : t;
    n++;
    if (wanted && strcmp(t->name, wanted) == 0)
      found = t;
    else if (wanted)
      nirc_guess_consider(&g, wanted, t->name);
  }
  if (found || (!wanted && n == 1))
    return found ? found : first;
  if (n == 0) {
    nirc_error(r->e.d, nirc_loc_file(f->path), "the file has no network");
  } else if (wanted) {
    nirc_error_status(r->e.d, NIRC_STATUS_USAGE, nirc_loc_file(f->path), "--network %s: the file has no network of that name", wanted);
    nirc_guess_note(&g, r->e.d, nirc_loc_file(f->path));
  } else {
    nirc_error_status(r->e.d, NIRC_STATUS_USAGE, nirc_loc_file(f->path), "the file has %u networks; --network NAME says which is meant", n);
    n = 0;
    for (const nirc_snn_stmt *t = f->items; t && n < MAX_TOLD; t = t->next)
      if (t->kind == NIRC_SNN_NETWORK && ++n)
        nirc_note(r->e.d, t->loc, "'%s' is one of them", t->name);
  }
  return NULL;
}

static bool build(reader *r, const nirc_snn_stmt *network)
{
  double dt;
  const char *version;
  nirc_snn_graph *g = nirc_snn_expand(&r->e, r->files, network, &dt, &version);
  if (!g || !nirc_snn_build(&r->e, g, network->name))
    return false;
  nirc_op *root = r->e.m->body.first;
  root->loc = network->loc;
  if (dt > 0)
    nirc_op_set_attr(r->e.m, root, "dt", NIRC_ATTR_FLOAT)->f = dt;
  if (version)
    nirc_op_set_string(r->e.m, root, "version", version);
  return true;
}

nirc_module *nirc_snn_read(const char *text, size_t size, const char *path, const char *network, const char *name, nirc_arena *files, const nirc_heap *h, nirc_diag *d)
{
  reader r = {.e = {.m = nirc_module_new(h, path, name), .d = d, .files = files}};
  r.files_end = &r.files;
  unsigned errors = d->errors;
  bool circle;
  r.hash = XXH3_createState();
  NIRC_ASSERT(r.hash);
  XXH3_128bits_reset(r.hash);
  nirc_snn_file *f = NULL;
  if (size > NIRC_SNN_MAX_BYTES)
    nirc_error_status(d, NIRC_STATUS_LIMIT, nirc_loc_file(path), "the text has %zu bytes, the limit is %d", size, NIRC_SNN_MAX_BYTES);
  else if (enter(&r, path, &circle))
    f = read_text(&r, text, size, path, 0);
  XXH128_hash_t hash = XXH3_128bits_digest(r.hash);
  XXH3_freeState(r.hash);
  r.e.m->source_hash[0] = hash.high64;
  r.e.m->source_hash[1] = hash.low64;
  const nirc_snn_stmt *chosen = f ? choose(&r, f, network) : NULL;
  if (chosen && build(&r, chosen) && d->errors == errors)
    return r.e.m;
  nirc_module_free(r.e.m);
  return NULL;
}
