#include "frontend/nir_h5_describe.h"

#include <stdio.h>
#include <string.h>

/* ---- what the library says ---------------------------------------------------------------------------------------------- */

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
nirc_status nirc_h5_blame(char *why, size_t size, const char *what)
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

/* ---- types, shapes, storage --------------------------------------------------------------------------------------------- */

bool nirc_h5_refuse(nirc_h5_item *it, nirc_status status, const char *why)
{
  it->status = status;
  snprintf(it->why, sizeof it->why, "%s", why);
  return false;
}

/* `ok`; where that is false and nothing was refused, the library is to blame. */
bool nirc_h5_settle(nirc_h5_item *it, bool ok)
{
  if (!ok && !it->why[0])
    it->status = nirc_h5_blame(it->why, sizeof it->why, it->record.attribute ? "attribute" : "dataset");
  return ok;
}

static bool is_plain_order(hid_t type)
{
  H5T_order_t order = H5Tget_order(type);
  return order == H5T_ORDER_LE || order == H5T_ORDER_BE || (order == H5T_ORDER_NONE && H5Tget_size(type) == 1);
}

static bool describe_integer(nirc_h5_item *it, hid_t type)
{
  static const nirc_dtype of_signed[] = {NIRC_I8, NIRC_I16, NIRC_I32, NIRC_I64}, of_unsigned[] = {NIRC_U8, NIRC_U16, NIRC_U32, NIRC_U64};
  size_t size = H5Tget_size(type);
  int i = size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : size == 8 ? 3 : -1;
  H5T_sign_t sign = H5Tget_sign(type);
  if (i < 0 || H5Tget_precision(type) != size * 8 || !is_plain_order(type) || (sign != H5T_SGN_2 && sign != H5T_SGN_NONE))
    return nirc_h5_refuse(it, NIRC_STATUS_REFUSED, "integers must have 8, 16, 32 or 64 bits");
  it->record.dtype = sign == H5T_SGN_2 ? of_signed[i] : of_unsigned[i];
  return true;
}

static bool describe_float(nirc_h5_item *it, hid_t type)
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
  return nirc_h5_refuse(it, NIRC_STATUS_REFUSED, "floating-point numbers must be IEEE 754 of 16, 32 or 64 bits");
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

static bool describe_string(nirc_h5_item *it, hid_t type)
{
  H5T_cset_t set = H5Tget_cset(type);
  if (set != H5T_CSET_ASCII && set != H5T_CSET_UTF8)
    return nirc_h5_refuse(it, NIRC_STATUS_REFUSED, "strings must be ASCII or UTF-8");
  it->record.kind = NIRC_H5_RECORD_STRINGS;
  it->variable = H5Tis_variable_str(type) > 0;
  it->padding = H5Tget_strpad(type);
  it->memory_type = H5Tcopy(type);
  it->element_bytes = it->variable ? sizeof(char *) : H5Tget_size(type);
  return it->memory_type >= 0 && it->element_bytes > 0;
}

static bool describe_number(nirc_h5_item *it, hid_t type, bool is_float)
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
static bool describe_type(nirc_h5_item *it, hid_t type)
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
  case H5T_TIME: return nirc_h5_refuse(it, NIRC_STATUS_REFUSED, "values of HDF5 class time are not supported");
  case H5T_BITFIELD: return nirc_h5_refuse(it, NIRC_STATUS_REFUSED, "values of HDF5 class bit field are not supported");
  case H5T_OPAQUE: return nirc_h5_refuse(it, NIRC_STATUS_REFUSED, "values of HDF5 class opaque are not supported");
  case H5T_COMPOUND: return nirc_h5_refuse(it, NIRC_STATUS_REFUSED, "values of HDF5 class compound are not supported");
  case H5T_REFERENCE: return nirc_h5_refuse(it, NIRC_STATUS_REFUSED, "values of HDF5 class reference are not supported");
  case H5T_VLEN: return nirc_h5_refuse(it, NIRC_STATUS_REFUSED, "values of HDF5 class variable-length sequence are not supported");
  case H5T_ARRAY: return nirc_h5_refuse(it, NIRC_STATUS_REFUSED, "values of HDF5 class array are not supported");
  default: return false;
  }
}

static bool describe_space(nirc_h5_item *it, hid_t space)
{
  hsize_t dims[H5S_MAX_RANK] = {0};
  H5S_class_t kind = H5Sget_simple_extent_type(space);
  int rank = kind == H5S_NULL ? 1 : H5Sget_simple_extent_ndims(space);
  if (kind == H5S_NO_CLASS || rank < 0 || rank > H5S_MAX_RANK || (kind == H5S_SIMPLE && H5Sget_simple_extent_dims(space, dims, NULL) < 0))
    return false;
  if (rank > NIRC_H5_MAX_RANK)
    return nirc_h5_refuse(it, NIRC_STATUS_REFUSED, "more than 8 axes");
  it->record.rank = (uint32_t)rank;
  it->count = 1;
  for (int i = 0; i < rank; i++) {
    it->record.dims[i] = dims[i];
    if (dims[i] == 0)
      it->count = 0;                                 /* whatever the other axes say */
  }
  for (int i = 0; i < rank; i++)
    if (it->count > 0 && !nirc_mul_size(&it->count, it->count, dims[i]))
      return nirc_h5_refuse(it, NIRC_STATUS_LIMIT, "the number of elements overflows");
  return true;
}

/* Takes `type` and `space`, which may be invalid handles. */
bool nirc_h5_describe(nirc_h5_item *it, hid_t type, hid_t space)
{
  *it = (nirc_h5_item){.memory_type = H5I_INVALID_HID, .status = NIRC_STATUS_REFUSED};
  bool ok = type >= 0 && space >= 0 && describe_space(it, space) && describe_type(it, type);
  if (ok && !nirc_mul_size(&it->file_bytes, it->count, H5Tget_size(type)))
    ok = nirc_h5_refuse(it, NIRC_STATUS_LIMIT, "the number of bytes overflows");
  nirc_h5_settle(it, ok);
  H5Tclose(type);
  H5Sclose(space);
  return ok;
}

/* How a dataset is stored. */
bool nirc_h5_check_storage(size_t image_bytes, size_t max_tensor_bytes, nirc_h5_item *it, hid_t dataset)
{
  hid_t list = H5Dget_create_plist(dataset);
  int n_filters = list < 0 ? -1 : H5Pget_nfilters(list), n_external = list < 0 ? -1 : H5Pget_external_count(list);
  H5D_layout_t layout = list < 0 ? H5D_LAYOUT_ERROR : H5Pget_layout(list);
  bool ok = n_filters >= 0 && n_external >= 0 && layout != H5D_LAYOUT_ERROR;
  if (ok && n_external > 0)
    ok = nirc_h5_refuse(it, NIRC_STATUS_REFUSED, "values in another file (external storage) are not read");
  if (ok && layout == H5D_VIRTUAL)
    ok = nirc_h5_refuse(it, NIRC_STATUS_REFUSED, "values in other datasets (virtual storage) are not read");
  for (int i = 0; ok && i < n_filters; i++) {
    unsigned flags;
    size_t n_values = 0;
    H5Z_filter_t filter = H5Pget_filter2(list, (unsigned)i, &flags, &n_values, NULL, 0, NULL, NULL);
    it->record.compressed |= filter == H5Z_FILTER_DEFLATE;
    if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE && filter != H5Z_FILTER_FLETCHER32)
      ok = filter >= 0 && nirc_h5_refuse(it, NIRC_STATUS_REFUSED, "stored through a filter other than deflate (gzip), shuffle and fletcher32");
  }
  if (ok && layout == H5D_CHUNKED) {
    hsize_t chunk[H5S_MAX_RANK];
    int rank = H5Pget_chunk(list, H5S_MAX_RANK, chunk);
    size_t bytes = it->element_bytes;
    ok = rank >= 0;
    for (int i = 0; ok && i < rank; i++)
      if (!nirc_mul_size(&bytes, bytes, chunk[i]) || bytes > max_tensor_bytes)
        ok = nirc_h5_refuse(it, NIRC_STATUS_LIMIT, "one chunk is larger than the limit for a tensor");
    it->chunk_bytes = bytes;
  } else if (ok && it->file_bytes > image_bytes) {
    ok = nirc_h5_refuse(it, NIRC_STATUS_REFUSED, "declares more bytes than the whole file has");
  }
  nirc_h5_settle(it, ok);
  H5Pclose(list);
  return ok;
}
