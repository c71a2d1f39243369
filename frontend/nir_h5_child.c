#include "frontend/nir_h5_child.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "frontend/nir_h5_describe.h"

typedef struct walker {
  size_t image_bytes, max_tensor_bytes;
  size_t left;                                       /* bytes that may still be sent: one cap holds for all datasets together */
  hid_t transfer;                                    /* property list for reading strings within `left` */
  rlim_t memory;                                     /* soft RLIMIT_AS; 0: none */
  unsigned objects, faults;
  bool stop;                                         /* a fault after which the walk is pointless */
  unsigned depth;
  haddr_t open[NIRC_H5_MAX_DEPTH + 1];               /* addresses of the groups that the walk is in */
  size_t path_size;
  char path[NIRC_H5_MAX_NAME_BYTES + 1];             /* "" for the root */
  size_t buffered;
  unsigned char buffer[1 << 16];
} walker;

/* ---- memory -------------------------------------------------------------------------------------------------------------- */

static size_t saturating_add(size_t a, size_t b)
{
  return a > SIZE_MAX - b ? SIZE_MAX : a + b;
}

/* Moves the soft limit on memory up by `bytes`, or back down; never above the hard one. */
static void widen(const walker *w, size_t bytes)
{
  struct rlimit now;
  if (!w->memory || getrlimit(RLIMIT_AS, &now) != 0)
    return;
  rlim_t want = saturating_add(w->memory, bytes);
  now.rlim_cur = want < now.rlim_max ? want : now.rlim_max;
  setrlimit(RLIMIT_AS, &now);
}

/* Values whose size was checked may take their time: moves the soft limit on it up, never above the hard one. */
static void allow_time(size_t bytes)
{
  struct rlimit now;
  if (bytes < NIRC_H5_BYTES_PER_SECOND || getrlimit(RLIMIT_CPU, &now) != 0)
    return;
  rlim_t want = now.rlim_cur + bytes / NIRC_H5_BYTES_PER_SECOND;
  now.rlim_cur = want < now.rlim_max ? want : now.rlim_max;
  setrlimit(RLIMIT_CPU, &now);
}

/* ---- sending ------------------------------------------------------------------------------------------------------ */

static void write_all(const void *data, size_t size)
{
  const char *at = data;
  while (size > 0) {
    ssize_t n = write(NIRC_H5_OUT, at, size);
    if (n < 0)
      _exit(1);                                      /* no parent listens; EINTR cannot be, no handler is set */
    at += n;
    size -= (size_t)n;
  }
}

static void flush(walker *w)
{
  write_all(w->buffer, w->buffered);
  w->buffered = 0;
}

static void put(walker *w, const void *data, size_t size)
{
  if (size > sizeof w->buffer - w->buffered)
    flush(w);
  if (size > sizeof w->buffer) {
    write_all(data, size);
  } else if (size > 0) {
    memcpy(w->buffer + w->buffered, data, size);
    w->buffered += size;
  }
}

static void send_head(walker *w, nirc_h5_record record, const char *name)
{
  record.name_bytes = strlen(name);
  put(w, &record, sizeof record);
  put(w, name, record.name_bytes);
}

/* A fault of the object at w->path. */
static __attribute__((format(printf, 3, 4))) void fault(walker *w, nirc_status status, const char *format, ...)
{
  char text[NIRC_H5_MAX_FAULT_TEXT];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  send_head(w, (nirc_h5_record){.kind = NIRC_H5_RECORD_FAULT, .status = (uint32_t)status, .data_bytes = strlen(text)}, w->path);
  put(w, text, strlen(text));
  flush(w);                                          /* should the process die later, this is known */
  w->stop |= ++w->faults == NIRC_H5_MAX_FAULTS;
}

static void library_fault(walker *w, const char *what)
{
  char why[NIRC_H5_MAX_FAULT_TEXT];
  nirc_status status = nirc_h5_blame(why, sizeof why, what);
  fault(w, status, "%s", why);
}

/* ---- values ---------------------------------------------------------------------------------------------------------- */

typedef struct string_budget {
  size_t left, longest;
} string_budget;

/* Space for one string, for H5Dread. None is longer than the file, but many elements may name one string, so their sum has
 * a cap of its own. */
static void *take_string(size_t size, void *user)
{
  string_budget *b = user;
  if (size > b->left || size > b->longest)
    return NULL;
  b->left -= size;
  return malloc(size ? size : 1);
}

static void drop_string(void *p, void *user)
{
  (void)user;
  free(p);
}

/* Length of fixed-length element s; SIZE_MAX where its padding hides something. */
static size_t fixed_length(const nirc_h5_item *it, const char *s)
{
  size_t n = strnlen(s, it->element_bytes), end = it->element_bytes;
  if (it->padding == H5T_STR_NULLTERM)
    return n;
  while (end > 0 && s[end - 1] == (it->padding == H5T_STR_SPACEPAD ? ' ' : '\0'))
    end--;
  return end <= n ? end : SIZE_MAX;
}

/* Element i and its length; a variable-length string that was never written is empty. */
static const char *string_at(const nirc_h5_item *it, const void *values, size_t i, size_t *length)
{
  if (it->variable) {
    const char *s = ((const char *const *)values)[i];
    *length = s ? strlen(s) : 0;
    return s ? s : "";
  }
  const char *s = (const char *)values + i * it->element_bytes;
  *length = fixed_length(it, s);
  return s;
}

static bool send_strings(walker *w, nirc_h5_item *it, const char *name, const void *values)
{
  size_t total = 0, length;
  for (size_t i = 0; i < it->count; i++) {
    string_at(it, values, i, &length);
    if (length == SIZE_MAX)
      return nirc_h5_refuse(it, NIRC_STATUS_REFUSED, "a string has a NUL inside");
    if (!nirc_add_size(&total, total, length + 1) || total > w->left)
      return nirc_h5_refuse(it, NIRC_STATUS_LIMIT, "the strings are larger than the limit for a tensor");
  }
  it->record.data_bytes = total;
  w->left -= total;
  send_head(w, it->record, name);
  for (size_t i = 0; i < it->count; i++) {
    const char *s = string_at(it, values, i, &length);
    put(w, s, length);
    put(w, "", 1);
  }
  return true;
}

static bool send_numbers(walker *w, nirc_h5_item *it, const char *name, void *values, size_t bytes)
{
  if (it->boolean)
    for (unsigned char *b = values, *end = b + bytes; b < end; b++)
      *b = *b != 0;
  it->record.data_bytes = bytes;
  w->left -= bytes;
  send_head(w, it->record, name);
  put(w, values, bytes);
  return true;
}

static bool read_values(const walker *w, const nirc_h5_item *it, hid_t owner, void *values)
{
  if (it->record.attribute)
    return H5Aread(owner, it->memory_type, values) >= 0;
  string_budget budget = {.left = w->left, .longest = w->image_bytes};
  return H5Pset_vlen_mem_manager(w->transfer, take_string, &budget, drop_string, NULL) >= 0 &&
         H5Dread(owner, it->memory_type, H5S_ALL, H5S_ALL, w->transfer, values) >= 0;
}

/* Reads and sends; `owner` is a dataset or an attribute. */
static bool relay_values(walker *w, nirc_h5_item *it, const char *name, hid_t owner)
{
  size_t bytes, room;
  if (!nirc_mul_size(&bytes, it->count, it->element_bytes) || bytes > w->max_tensor_bytes)
    return nirc_h5_refuse(it, NIRC_STATUS_LIMIT, "declares more bytes than the limit for a tensor");
  if (bytes > w->left)
    return nirc_h5_refuse(it, NIRC_STATUS_LIMIT, "all values together have more bytes than the limit for a tensor");
  if (!nirc_mul_size(&room, it->chunk_bytes, NIRC_H5_CHUNK_COPIES))
    room = SIZE_MAX;
  widen(w, saturating_add(room, bytes));
  bool ok = false;
  allow_time(bytes);
  void *values = calloc(bytes ? bytes : 1, 1);
  if (!values) {
    nirc_h5_refuse(it, NIRC_STATUS_LIMIT, "reading this takes more memory than is allowed");
  } else if (nirc_h5_settle(it, bytes == 0 || read_values(w, it, owner, values))) {
    ok = it->record.kind == NIRC_H5_RECORD_STRINGS ? send_strings(w, it, name, values) : send_numbers(w, it, name, values, bytes);
    for (size_t i = 0; it->variable && i < it->count; i++)
      free(((char **)values)[i]);
  }
  free(values);
  widen(w, 0);
  return ok;
}

/* ---- the walk -------------------------------------------------------------------------------------------------------- */

static bool count_object(walker *w)
{
  if (++w->objects <= NIRC_H5_MAX_OBJECTS)
    return true;
  fault(w, NIRC_STATUS_LIMIT, "the file has more than %d objects", NIRC_H5_MAX_OBJECTS);
  w->stop = true;
  return false;
}

/* spec/nir-format.md section 1: attributes are no part of a model. So what cannot be represented is left out. */
static herr_t visit_attribute(hid_t object, const char *name, const H5A_info_t *info, void *user)
{
  walker *w = user;
  (void)info;
  if (!count_object(w))
    return 1;
  hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
  if (attribute < 0)
    return -1;
  nirc_h5_item it;
  bool ok = nirc_h5_describe(&it, H5Aget_type(attribute), H5Aget_space(attribute)) && it.file_bytes <= w->image_bytes &&
            strlen(name) <= NIRC_H5_MAX_NAME_BYTES;
  it.record.attribute = 1;
  if (ok)
    relay_values(w, &it, name, attribute);
  H5Tclose(it.memory_type);
  H5Aclose(attribute);
  return 0;
}

static void walk_attributes(walker *w, hid_t object)
{
  if (H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, NULL, visit_attribute, w) < 0)
    library_fault(w, "object's attributes");
}

static void walk_dataset(walker *w, hid_t dataset, const char *name)
{
  nirc_h5_item it;
  bool ok = nirc_h5_describe(&it, H5Dget_type(dataset), H5Dget_space(dataset)) && nirc_h5_check_storage(w->image_bytes, w->max_tensor_bytes, &it, dataset) && relay_values(w, &it, name, dataset);
  if (ok)
    walk_attributes(w, dataset);
  else
    fault(w, it.status, "%s", it.why);
  H5Tclose(it.memory_type);
}

static herr_t visit_link(hid_t group, const char *name, const H5L_info_t *info, void *user);

static void walk_group(walker *w, hid_t group, const char *name, haddr_t address)
{
  for (unsigned i = 0; i < w->depth; i++)
    if (w->open[i] == address) {
      fault(w, NIRC_STATUS_REFUSED, "a group that lies inside itself");
      return;
    }
  if (w->depth > NIRC_H5_MAX_DEPTH) {
    fault(w, NIRC_STATUS_LIMIT, "groups lie more than %d deep", NIRC_H5_MAX_DEPTH);
    return;
  }
  w->open[w->depth++] = address;
  send_head(w, (nirc_h5_record){.kind = NIRC_H5_RECORD_GROUP}, name);
  walk_attributes(w, group);
  if (!w->stop && H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, visit_link, w) < 0)
    library_fault(w, "group");
  send_head(w, (nirc_h5_record){.kind = NIRC_H5_RECORD_LEAVE}, "");
  w->depth--;
}

static void walk_object(walker *w, hid_t object, const char *name)
{
  H5O_info_t info;
  if (object < 0 || H5Oget_info2(object, &info, H5O_INFO_BASIC) < 0)
    library_fault(w, w->path[0] ? "object" : "file");
  else if (info.type == H5O_TYPE_GROUP)
    walk_group(w, object, name, info.addr);
  else if (info.type == H5O_TYPE_DATASET)
    walk_dataset(w, object, name);
  else
    fault(w, NIRC_STATUS_REFUSED, "neither a group nor a dataset");
}

static herr_t visit_link(hid_t group, const char *name, const H5L_info_t *info, void *user)
{
  walker *w = user;
  if (!count_object(w))
    return 1;
  size_t outer = w->path_size, size = strlen(name);
  if (size + 1 > NIRC_H5_MAX_NAME_BYTES - outer) {
    fault(w, NIRC_STATUS_LIMIT, "the path of an object in this group is longer than %d bytes", NIRC_H5_MAX_NAME_BYTES);
    return w->stop;
  }
  w->path[outer] = '/';
  memcpy(w->path + outer + 1, name, size + 1);
  w->path_size = outer + 1 + size;
  if (info->type == H5L_TYPE_HARD) {
    hid_t object = H5Oopen(group, name, H5P_DEFAULT);
    walk_object(w, object, name);
    if (object >= 0)
      H5Oclose(object);
  } else {
    fault(w, NIRC_STATUS_REFUSED, "%s link; only hard links are followed",
          info->type == H5L_TYPE_SOFT ? "a soft" : info->type == H5L_TYPE_EXTERNAL ? "an external" : "a user-defined");
  }
  w->path[outer] = '\0';
  w->path_size = outer;
  return w->stop;
}

/* ---- the image ------------------------------------------------------------------------------------------------------- */

/* The core driver copies its image up to three times; these callbacks hand it the one that is there (it is only read). */
static void *image_take(size_t size, H5FD_file_image_op_t op, void *image)
{
  (void)size, (void)op;
  return image;
}

static void *image_copy(void *to, const void *from, size_t size, H5FD_file_image_op_t op, void *image)
{
  (void)from, (void)size, (void)op, (void)image;
  return to;
}

static void *image_resize(void *p, size_t size, H5FD_file_image_op_t op, void *image)
{
  (void)p, (void)size, (void)op, (void)image;
  return NULL;                                       /* a file opened for reading does not grow */
}

static herr_t image_drop(void *p, H5FD_file_image_op_t op, void *image)
{
  (void)p, (void)op, (void)image;
  return 0;
}

static void *user_copy(void *image)
{
  return image;
}

static herr_t user_drop(void *image)
{
  (void)image;
  return 0;
}

static hid_t open_image(const void *image, size_t size)
{
  /* libhdf5 takes no const here, and writes nothing: in this process the bytes are a private copy in any case. */
  void *bytes;
  memcpy(&bytes, &image, sizeof bytes);
  H5FD_file_image_callbacks_t callbacks = {image_take, image_copy, image_resize, image_drop, user_copy, user_drop, bytes};
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  if (access < 0 || H5Pset_fapl_core(access, 1 << 16, 0) < 0 || H5Pset_file_image_callbacks(access, &callbacks) < 0 ||
      H5Pset_file_image(access, bytes, size) < 0)
    return H5I_INVALID_HID;
  return H5Fopen("image", H5F_ACC_RDONLY, access);
}

_Noreturn void nirc_h5_child_run(const void *image, size_t size, size_t max_tensor_bytes, size_t memory)
{
  walker *w = calloc(1, sizeof *w);
  if (!w)
    _exit(1);
  w->image_bytes = size;
  w->max_tensor_bytes = w->left = max_tensor_bytes;
  w->memory = memory;
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  H5PLset_loading_state(0);                          /* no filter plugins */
  w->transfer = H5Pcreate(H5P_DATASET_XFER);
  hid_t file = open_image(image, size);
  hid_t root = file < 0 ? H5I_INVALID_HID : H5Oopen(file, "/", H5P_DEFAULT);
  walk_object(w, root, "");
  send_head(w, (nirc_h5_record){.kind = NIRC_H5_RECORD_DONE}, "");
  flush(w);
  _exit(0);
}
