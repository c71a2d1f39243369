#include "ir/base/snippet.h"

#include <string.h>

#include "ir/base/utf8.h"

enum { MAX_COLUMNS = 120, CONTEXT = 40, TAB = 8 };     /* of a long line, this many characters before the place */

/* What is shown of a line: characters from `first` on; the place is at `mark`, `width` characters wide. */
typedef struct view { const char *line; size_t size, first, mark, width; } view;

static bool find_line(const nirc_source *s, uint32_t number, view *v)
{
  const char *at = s->text, *end = s->text + s->size;
  for (uint32_t n = 1; n < number; n++) {
    const char *next = memchr(at, '\n', (size_t)(end - at));
    if (!next)
      return false;
    at = next + 1;
  }
  const char *stop = memchr(at, '\n', (size_t)(end - at));
  *v = (view){.line = at, .size = (size_t)((stop ? stop : end) - at)};
  return true;
}

/* Bytes of the character at `at`; what is no character counts as one byte. */
static size_t step(const view *v, size_t at)
{
  char four[5] = {0};
  size_t left = v->size - at;
  memcpy(four, v->line + at, left < 4 ? left : 4);
  size_t n = nirc_utf8_length((const unsigned char *)four);
  return n ? n : 1;
}

/* Columns that the character at `at` takes when it stands in `column`. */
static size_t columns(const view *v, size_t at, size_t column)
{
  return v->line[at] == '\t' ? TAB - column % TAB : 1;
}

/* Byte places to columns. */
static void place_mark(view *v, nirc_loc loc)
{
  size_t column = 0, from = loc.column - 1, to = from + (loc.length ? loc.length : 1);
  for (size_t at = 0; at < v->size && at < to; at += step(v, at)) {
    if (at < from)
      v->mark = column + columns(v, at, column);
    column += columns(v, at, column);
  }
  if (from >= v->size)                               /* behind the end of the line */
    v->mark = column;
  v->width = column > v->mark ? column - v->mark : 1;
  v->first = v->mark > MAX_COLUMNS - CONTEXT ? v->mark - CONTEXT : 0;
  if (v->width > MAX_COLUMNS - (v->mark - v->first))
    v->width = MAX_COLUMNS - (v->mark - v->first);
}

static void add_line(nirc_strbuf *b, const view *v)
{
  size_t column = 0;
  for (size_t at = 0, n; at < v->size && column < v->first + MAX_COLUMNS; at += n) {
    n = step(v, at);
    size_t wide = columns(v, at, column);
    for (size_t i = 0; i < wide; i++, column++) {
      unsigned char c = (unsigned char)v->line[at];
      if (column < v->first || c == '\r')
        continue;
      if (c == '\t')
        nirc_strbuf_add(b, " ");
      else if (c < 0x20 || c == 0x7f || (n == 1 && c >= 0x80) || (n == 2 && c == 0xc2 && (unsigned char)v->line[at + 1] < 0xa0))
        nirc_strbuf_add(b, "?");
      else
        nirc_strbuf_add_bytes(b, v->line + at, n);
    }
  }
  nirc_strbuf_add(b, "\n");
}

static void add_repeated(nirc_strbuf *b, char c, size_t n)
{
  while (n--)
    nirc_strbuf_add_bytes(b, &c, 1);
}

void nirc_snippet_add(nirc_strbuf *b, const nirc_source *s, nirc_loc loc, const char *fix, bool colour)
{
  view v;
  if (!loc.column || !find_line(s, loc.line, &v))
    return;
  place_mark(&v, loc);
  nirc_strbuf_addf(b, "%5u | ", loc.line);
  add_line(b, &v);
  nirc_strbuf_addf(b, "      | ");
  add_repeated(b, ' ', v.mark - v.first);
  nirc_strbuf_add(b, colour ? "\033[32m^" : "^");
  add_repeated(b, '~', v.width - 1);
  nirc_strbuf_add(b, colour ? "\033[0m\n" : "\n");
  if (!fix)
    return;
  nirc_strbuf_addf(b, "      | ");
  add_repeated(b, ' ', v.mark - v.first);
  nirc_strbuf_addf(b, "%s%s%s\n", colour ? "\033[32m" : "", fix, colour ? "\033[0m" : "");
}
