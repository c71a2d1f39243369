/* ir/base/utf8.h: is it UTF-8?
 * Must not know: whose text it is. */
#ifndef NIRC_IR_BASE_UTF8_H
#define NIRC_IR_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the character at s, which a NUL ends (shortest form, no surrogate, nothing above U+10FFFF); 0 where there is none. */
size_t nirc_utf8_length(const unsigned char *s);

/* `size` bytes of characters and no NUL among them; a NUL stands behind them. */
bool nirc_is_utf8(const char *text, size_t size);

#endif
