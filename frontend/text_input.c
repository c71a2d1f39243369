#include "frontend/text_input.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "ir/base/strbuf.h"

static const unsigned char hdf5_first = 0x89;         /* of HDF5 under another name */

static bool starts_with(const char *text, size_t size, const char *word)
{
  size_t n = strlen(word);
  return size > n && memcmp(text, word, n) == 0 && text[n] && strchr(" \t\r\n#", text[n]);
}

nirc_text_kind nirc_text_kind_of(const char *text, size_t size, const char *path)
{
  const char *at = text, *end = text + size, *dot = strrchr(path, '.');
  while (at < end && (*at == '#' || (*at && strchr(" \t\r\n", *at))))
    if (*at++ == '#')
      while (at < end && *at != '\n')
        at++;
  if (starts_with(at, (size_t)(end - at), "nirt"))
    return NIRC_TEXT_NIRT;
  if (starts_with(at, (size_t)(end - at), "nirc"))
    return NIRC_TEXT_SNN;
  return dot && strcmp(dot, ".snn") == 0 && !(size && (unsigned char)*text == hdf5_first) ? NIRC_TEXT_SNN : NIRC_TEXT_NONE;
}

bool nirc_text_is_input(const char *path)
{
  if (strcmp(path, "-") == 0)
    return true;
  struct stat st;
  char start[65536];
  FILE *f = stat(path, &st) == 0 && S_ISREG(st.st_mode) ? fopen(path, "rb") : NULL;
  if (!f)
    return false;
  size_t n = fread(start, 1, sizeof start, f);
  fclose(f);
  return nirc_text_kind_of(start, n, path) != NIRC_TEXT_NONE;
}

char *nirc_text_read(const nirc_heap *h, const char *path, size_t limit, size_t *size, nirc_diag *d)
{
  struct stat st;
  bool standard = strcmp(path, "-") == 0;
  if (!standard && stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
    nirc_error_status(d, NIRC_STATUS_IO, nirc_loc_file(path), S_ISDIR(st.st_mode) ? "is a directory, not a file" : "is not a regular file");
    return NULL;
  }
  FILE *f = standard ? stdin : fopen(path, "rb");
  nirc_strbuf b;
  nirc_strbuf_init(&b, h);
  char part[65536];
  for (size_t n; f && b.size <= limit && (n = fread(part, 1, sizeof part, f)) > 0;)
    nirc_strbuf_add_bytes(&b, part, n);
  bool ok = f && !ferror(f);
  if (!ok)
    nirc_error_status(d, NIRC_STATUS_IO, nirc_loc_file(path), "cannot be read: %s", strerror(errno));
  else if (b.size > limit)
    nirc_error_status(d, NIRC_STATUS_LIMIT, nirc_loc_file(path), "more than %zu bytes of text", limit);
  if (f && f != stdin)
    fclose(f);
  *size = b.size;
  if (ok && b.size <= limit)
    return b.data;
  nirc_strbuf_deinit(&b);
  return NULL;
}
