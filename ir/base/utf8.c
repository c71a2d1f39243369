#include "ir/base/utf8.h"

size_t nirc_utf8_length(const unsigned char *s)
{
  size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : 0;
  for (size_t i = 1; i < n; i++)
    if ((s[i] & 0xc0) != 0x80)
      return 0;
  if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
    return 0;
  return n;
}

bool nirc_is_utf8(const char *text, size_t size)
{
  size_t n;
  for (const unsigned char *s = (const unsigned char *)text, *end = s + size; s < end; s += n) {
    n = nirc_utf8_length(s);
    if (n == 0 || *s == '\0' || n > (size_t)(end - s))
      return false;
  }
  return true;
}
