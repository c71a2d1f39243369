#include "frontend/nir_h5_child.h"

#define H5_USE_110_API 1                             /* later libraries: the calls as they were in 1.10 */
#include <hdf5.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "frontend/nir_h5_wire.h"

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

/* A dataset or attribute, described but not yet read. */
typedef struct item {
  nirc_h5_record record;
  hid_t memory_type;                                 /* as in the file, but for byte order */
  size_t count, element_bytes, file_bytes;
  size_t chunk_bytes;                                /* 0: not chunked */
  bool variable, boolean;
  H5T_str_t padding;
  nirc_status status;                                /* why it is refused: status and words */
  char why[NIRC_H5_MAX_FAULT_TEXT];
} item;

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

typedef struct cause {
  bool no_memory, unknown_version;
  char text[200];
} cause;

/* Innermost message first. */
static herr_t note_cause(unsigned n, const H5E_error2_t *e, void *user)
{
  cause *c = user;
  c->no_memory |= e->min_num == H5E_NOSPACE || e->min_num == H5E_CANTALLOC;
  c->unknown_version |= e->min_num == H5E_VERSION;
  if (n == 0 && e->desc)
    snprintf(c->text, sizeof c->text, " (%s)", e->desc);
  return 0;
}

/* The last library call failed: that it did, in its words, or that memory ran out. Any further call clears the cause. */
static nirc_status blame_library(char *why, size_t size, const char *what)
{
  cause c = {0};
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, note_cause, &c);
  if (c.no_memory)
    snprintf(why, size, "reading this %s takes more memory than is allowed%s", what, c.text);
  else
    snprintf(why, size, "the HDF5 library could not read this %s; it is damaged%s%s", what,
             c.unknown_version ? ", or written for newer versions of the library" : "", c.text);
  return c.no_memory ? NIRC_STATUS_LIMIT : NIRC_STATUS_REFUSED;
}

static void library_fault(walker *w, const char *what)
{
  char why[NIRC_H5_MAX_FAULT_TEXT];
  nirc_status status = blame_library(why, sizeof why, what);
  fault(w, status, "%s", why);
}

/* ---- types and shapes ------------------------------------------------------------------------------------------------ */

static bool refuse(item *it, nirc_status status, const char *why)
{
  it->status = status;
  snprintf(it->why, sizeof it->why, "%s", why);
  return false;
}

/* `ok`; where that is false and nothing was refused, the library is to blame. */
static bool settle(item *it, bool ok)
{
  if (!ok && !it->why[0])
    it->status = blame_library(it->why, sizeof it->why, it->record.attribute ? "attribute" : "dataset");
  return ok;
}

static bool is_plain_order(hid_t type)
{
  H5T_order_t order = H5Tget_order(type);
  return order == H5T_ORDER_LE || order == H5T_ORDER_BE || (order == H5T_ORDER_NONE && H5Tget_size(type) == 1);
}

static bool describe_integer(item *it, hid_t type)
{
  static const nirc_dtype of_signed[] = {NIRC_I8, NIRC_I16, NIRC_I32, NIRC_I64}, of_unsigned[] = {NIRC_U8, NIRC_U16, NIRC_U32, NIRC_U64};
  size_t size = H5Tget_size(type);
  int i = size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : size == 8 ? 3 : -1;
  H5T_sign_t sign = H5Tget_sign(type);
  if (i < 0 || H5Tget_precision(type) != size * 8 || !is_plain_order(type) || (sign != H5T_SGN_2 && sign != H5T_SGN_NONE))
    return refuse(it, NIRC_STATUS_REFUSED, "integers must have 8, 16, 32 or 64 bits");
  it->record.dtype = sign == H5T_SGN_2 ? of_signed[i] : of_unsigned[i];
  return true;
}

static bool describe_float(item *it, hid_t type)
{
  static const struct { nirc_dtype dtype; size_t size, exponent, mantissa, bias; } ieee[] = {
    {NIRC_F16, 2, 5, 10, 15}, {NIRC_F32, 4, 8, 23, 127}, {NIRC_F64, 8, 11, 52, 1023},
  };
  size_t size = H5Tget_size(type), sign, exponent, exponent_size, mantissa, mantissa_size;
  for (size_t i = 0; i < sizeof ieee / sizeof *ieee; i++) {
    if (ieee[i].size != size || H5Tget_fields(type, &sign, &exponent, &exponent_size, &mantissa, &mantissa_size) < 0)
      continue;
    if (is_plain_order(type) && H5Tget_precision(type) == size * 8 && sign == size * 8 - 1 && exponent == ieee[i].mantissa &&
        exponent_size == ieee[i].exponent && mantissa == 0 && mantissa_size == ieee[i].mantissa && H5Tget_ebias(type) == ieee[i].bias &&
        H5Tget_norm(type) == H5T_NORM_IMPLIED) {
      it->record.dtype = ieee[i].dtype;
      return true;
    }
  }
  return refuse(it, NIRC_STATUS_REFUSED, "floating-point numbers must be IEEE 754 of 16, 32 or 64 bits");
}

/* h5py's bool: {FALSE = 0, TRUE = 1} over int8. */
static bool is_boolean(hid_t type)
{
  if (H5Tget_nmembers(type) != 2 || H5Tget_size(type) != 1)
    return false;
  bool same = true;
  static const char *const names[] = {"FALSE", "TRUE"};
  for (unsigned i = 0; i < 2; i++) {
    char *name = H5Tget_member_name(type, i);
    unsigned char value = 2;
    same = same && name && strcmp(name, names[i]) == 0 && H5Tget_member_value(type, i, &value) >= 0 && value == i;
    H5free_memory(name);
  }
  return same;
}

static bool describe_string(item *it, hid_t type)
{
  H5T_cset_t set = H5Tget_cset(type);
  if (set != H5T_CSET_ASCII && set != H5T_CSET_UTF8)
    return refuse(it, NIRC_STATUS_REFUSED, "strings must be ASCII or UTF-8");
  it->record.kind = NIRC_H5_RECORD_STRINGS;
  it->variable = H5Tis_variable_str(type) > 0;
  it->padding = H5Tget_strpad(type);
  it->memory_type = H5Tcopy(type);
  it->element_bytes = it->variable ? sizeof(char *) : H5Tget_size(type);
  return it->memory_type >= 0 && it->element_bytes > 0;
}

static bool describe_number(item *it, hid_t type, bool is_float)
{
  if (is_float ? !describe_float(it, type) : !describe_integer(it, type))
    return false;
  it->record.kind = NIRC_H5_RECORD_NUMBERS;
  it->element_bytes = nirc_dtype_size((nirc_dtype)it->record.dtype);
  it->memory_type = H5Tcopy(type);
  /* The native type: equal but for byte order. HDF5 has no native half to convert to. */
  return it->memory_type >= 0 && (it->element_bytes == 1 || H5Tset_order(it->memory_type, H5Tget_order(H5T_NATIVE_INT)) >= 0);
}

/* On false without `why`, the library failed (see settle). */
static bool describe_type(item *it, hid_t type)
{
  switch (H5Tget_class(type)) {
  case H5T_INTEGER: return describe_number(it, type, false);
  case H5T_FLOAT: return describe_number(it, type, true);
  case H5T_STRING: return describe_string(it, type);
  case H5T_ENUM: {
    hid_t base = H5Tget_super(type);
    if (base < 0 || !describe_number(it, base, false))
      return false;
    it->boolean = is_boolean(type);
    if (it->boolean)
      it->record.dtype = NIRC_BOOL;
    return true;
  }
  case H5T_TIME: return refuse(it, NIRC_STATUS_REFUSED, "values of HDF5 class time are not supported");
  case H5T_BITFIELD: return refuse(it, NIRC_STATUS_REFUSED, "values of HDF5 class bit field are not supported");
  case H5T_OPAQUE: return refuse(it, NIRC_STATUS_REFUSED, "values of HDF5 class opaque are not supported");
  case H5T_COMPOUND: return refuse(it, NIRC_STATUS_REFUSED, "values of HDF5 class compound are not supported");
  case H5T_REFERENCE: return refuse(it, NIRC_STATUS_REFUSED, "values of HDF5 class reference are not supported");
  case H5T_VLEN: return refuse(it, NIRC_STATUS_REFUSED, "values of HDF5 class variable-length sequence are not supported");
  case H5T_ARRAY: return refuse(it, NIRC_STATUS_REFUSED, "values of HDF5 class array are not supported");
  default: return false;
  }
}

static bool describe_space(item *it, hid_t space)
{
  hsize_t dims[H5S_MAX_RANK] = {0};
  H5S_class_t kind = H5Sget_simple_extent_type(space);
  int rank = kind == H5S_NULL ? 1 : H5Sget_simple_extent_ndims(space);
  if (kind == H5S_NO_CLASS || rank < 0 || rank > H5S_MAX_RANK || (kind == H5S_SIMPLE && H5Sget_simple_extent_dims(space, dims, NULL) < 0))
    return false;
  if (rank > NIRC_H5_MAX_RANK)
    return refuse(it, NIRC_STATUS_REFUSED, "more than 8 axes");
  it->record.rank = (uint32_t)rank;
  it->count = 1;
  for (int i = 0; i < rank; i++) {
    it->record.dims[i] = dims[i];
    if (dims[i] == 0)
      it->count = 0;                                 /* whatever the other axes say */
  }
  for (int i = 0; i < rank; i++)
    if (it->count > 0 && !nirc_mul_size(&it->count, it->count, dims[i]))
      return refuse(it, NIRC_STATUS_LIMIT, "the number of elements overflows");
  return true;
}

/* Takes `type` and `space`, which may be invalid handles. */
static bool describe(item *it, hid_t type, hid_t space)
{
  *it = (item){.memory_type = H5I_INVALID_HID, .status = NIRC_STATUS_REFUSED};
  bool ok = type >= 0 && space >= 0 && describe_space(it, space) && describe_type(it, type);
  if (ok && !nirc_mul_size(&it->file_bytes, it->count, H5Tget_size(type)))
    ok = refuse(it, NIRC_STATUS_LIMIT, "the number of bytes overflows");
  settle(it, ok);
  H5Tclose(type);
  H5Sclose(space);
  return ok;
}

/* How a dataset is stored. */
static bool check_storage(const walker *w, item *it, hid_t dataset)
{
  hid_t list = H5Dget_create_plist(dataset);
  int n_filters = list < 0 ? -1 : H5Pget_nfilters(list), n_external = list < 0 ? -1 : H5Pget_external_count(list);
  H5D_layout_t layout = list < 0 ? H5D_LAYOUT_ERROR : H5Pget_layout(list);
  bool ok = n_filters >= 0 && n_external >= 0 && layout != H5D_LAYOUT_ERROR;
  if (ok && n_external > 0)
    ok = refuse(it, NIRC_STATUS_REFUSED, "values in another file (external storage) are not read");
  if (ok && layout == H5D_VIRTUAL)
    ok = refuse(it, NIRC_STATUS_REFUSED, "values in other datasets (virtual storage) are not read");
  for (int i = 0; ok && i < n_filters; i++) {
    unsigned flags;
    size_t n_values = 0;
    H5Z_filter_t filter = H5Pget_filter2(list, (unsigned)i, &flags, &n_values, NULL, 0, NULL, NULL);
    it->record.compressed |= filter == H5Z_FILTER_DEFLATE;
    if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE && filter != H5Z_FILTER_FLETCHER32)
      ok = filter >= 0 && refuse(it, NIRC_STATUS_REFUSED, "stored through a filter other than deflate (gzip), shuffle and fletcher32");
  }
  if (ok && layout == H5D_CHUNKED) {
    hsize_t chunk[H5S_MAX_RANK];
    int rank = H5Pget_chunk(list, H5S_MAX_RANK, chunk);
    size_t bytes = it->element_bytes;
    ok = rank >= 0;
    for (int i = 0; ok && i < rank; i++)
      if (!nirc_mul_size(&bytes, bytes, chunk[i]) || bytes > w->max_tensor_bytes)
        ok = refuse(it, NIRC_STATUS_LIMIT, "one chunk is larger than the limit for a tensor");
    it->chunk_bytes = bytes;
  } else if (ok && it->file_bytes > w->image_bytes) {
    ok = refuse(it, NIRC_STATUS_REFUSED, "declares more bytes than the whole file has");
  }
  settle(it, ok);
  H5Pclose(list);
  return ok;
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
static size_t fixed_length(const item *it, const char *s)
{
  size_t n = strnlen(s, it->element_bytes), end = it->element_bytes;
  if (it->padding == H5T_STR_NULLTERM)
    return n;
  while (end > 0 && s[end - 1] == (it->padding == H5T_STR_SPACEPAD ? ' ' : '\0'))
    end--;
  return end <= n ? end : SIZE_MAX;
}

/* Element i and its length; a variable-length string that was never written is empty. */
static const char *string_at(const item *it, const void *values, size_t i, size_t *length)
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

static bool send_strings(walker *w, item *it, const char *name, const void *values)
{
  size_t total = 0, length;
  for (size_t i = 0; i < it->count; i++) {
    string_at(it, values, i, &length);
    if (length == SIZE_MAX)
      return refuse(it, NIRC_STATUS_REFUSED, "a string has a NUL inside");
    if (!nirc_add_size(&total, total, length + 1) || total > w->left)
      return refuse(it, NIRC_STATUS_LIMIT, "the strings are larger than the limit for a tensor");
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

static bool send_numbers(walker *w, item *it, const char *name, void *values, size_t bytes)
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

static bool read_values(const walker *w, const item *it, hid_t owner, void *values)
{
  if (it->record.attribute)
    return H5Aread(owner, it->memory_type, values) >= 0;
  string_budget budget = {.left = w->left, .longest = w->image_bytes};
  return H5Pset_vlen_mem_manager(w->transfer, take_string, &budget, drop_string, NULL) >= 0 &&
         H5Dread(owner, it->memory_type, H5S_ALL, H5S_ALL, w->transfer, values) >= 0;
}

/* Reads and sends; `owner` is a dataset or an attribute. */
static bool relay_values(walker *w, item *it, const char *name, hid_t owner)
{
  size_t bytes, room;
  if (!nirc_mul_size(&bytes, it->count, it->element_bytes) || bytes > w->max_tensor_bytes)
    return refuse(it, NIRC_STATUS_LIMIT, "declares more bytes than the limit for a tensor");
  if (bytes > w->left)
    return refuse(it, NIRC_STATUS_LIMIT, "all values together have more bytes than the limit for a tensor");
  if (!nirc_mul_size(&room, it->chunk_bytes, NIRC_H5_CHUNK_COPIES))
    room = SIZE_MAX;
  widen(w, saturating_add(room, bytes));
  bool ok = false;
  if (bytes > NIRC_H5_EXPECT_ABOVE_BYTES) {
    send_head(w, (nirc_h5_record){.kind = NIRC_H5_RECORD_EXPECT, .dims = {bytes}}, "");
    flush(w);
  }
  void *values = calloc(bytes ? bytes : 1, 1);
  if (!values) {
    refuse(it, NIRC_STATUS_LIMIT, "reading this takes more memory than is allowed");
  } else if (settle(it, bytes == 0 || read_values(w, it, owner, values))) {
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
  item it;
  bool ok = describe(&it, H5Aget_type(attribute), H5Aget_space(attribute)) && it.file_bytes <= w->image_bytes &&
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
  item it;
  bool ok = describe(&it, H5Dget_type(dataset), H5Dget_space(dataset)) && check_storage(w, &it, dataset) && relay_values(w, &it, name, dataset);
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
