#include "ir/base/diag.h"

#include <jansson.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ir/base/snippet.h"
#include "ir/base/strbuf.h"

enum { MAX_VIA = 8 };                                 /* links of a chain that are shown */

/* A message before it is printed. */
typedef struct message {
  nirc_severity severity;
  nirc_loc loc;
  const char *code, *fix, *text;                     /* code and fix may be NULL */
} message;

static const char *const severity_name[] = {"note", "remark", "warning", "error"};
static const char *const severity_colour[] = {"\033[36m", "\033[34m", "\033[35m", "\033[31m"};

nirc_loc nirc_loc_field(nirc_arena *a, nirc_loc loc, const char *field)
{
  if (loc.object)
    loc.object = nirc_arena_printf(a, "%s/%s", loc.object, field);
  return loc;
}

void nirc_diag_init(nirc_diag *d, FILE *stream, const char *program)
{
  *d = (nirc_diag){.stream = stream, .program = program};
}

void nirc_diag_add_source(nirc_diag *d, nirc_source *s)
{
  s->next = d->sources;
  d->sources = s;
}

/* Bytes below 0x20 and DEL as \xNN. */
static void add_escaped(nirc_strbuf *b, const char *s)
{
  for (; *s; s++) {
    unsigned char c = (unsigned char)*s;
    if (c < 0x20 || c == 0x7f)
      nirc_strbuf_addf(b, "\\x%02x", c);
    else
      nirc_strbuf_add_bytes(b, s, 1);
  }
}

static void add_place(nirc_strbuf *b, const nirc_diag *d, nirc_loc loc)
{
  add_escaped(b, loc.file ? loc.file : d->program);
  if (loc.object) {
    nirc_strbuf_add(b, ":");
    add_escaped(b, loc.object);
  } else if (loc.line) {
    nirc_strbuf_addf(b, ":%u:%u", loc.line, loc.column);
  }
}

static void print_json(const nirc_diag *d, const message *m)
{
  const nirc_loc *loc = &m->loc;
  const char *severity = severity_name[m->severity];
  json_t *o = json_pack("{s:s, s:s?, s:s?, s:s?, s:s}", "severity", severity, "file", loc->file, "object", loc->object, "code", m->code, "text", m->text);
  if (!o)                                            /* text that is not UTF-8 */
    o = json_pack("{s:s, s:s}", "severity", severity, "text", "(message with bytes that are not UTF-8)");
  if (o && loc->line) {
    json_object_set_new(o, "line", json_integer(loc->line));
    json_object_set_new(o, "column", json_integer(loc->column));
    if (loc->length)
      json_object_set_new(o, "length", json_integer(loc->length));
  }
  if (o && m->fix)
    json_object_set_new(o, "fix", json_string(m->fix));
  char *line = o ? json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
  fprintf(d->stream, "%s\n", line ? line : "{\"severity\":\"error\",\"text\":\"out of memory\"}");
  free(line);
  json_decref(o);
}

static const nirc_source *source_of(const nirc_diag *d, const nirc_loc *loc)
{
  const nirc_source *s = loc->line && loc->file ? d->sources : NULL;
  while (s && strcmp(s->path, loc->file))
    s = s->next;
  return s;
}

static void print_text(const nirc_diag *d, const message *m)
{
  nirc_strbuf b;
  nirc_strbuf_init(&b, nirc_heap_default());
  add_place(&b, d, m->loc);
  nirc_strbuf_addf(&b, ": %s%s:%s ", d->colour ? severity_colour[m->severity] : "", severity_name[m->severity], d->colour ? "\033[0m" : "");
  add_escaped(&b, m->text);
  if (m->code)
    nirc_strbuf_addf(&b, " [%s]", m->code);
  nirc_strbuf_add(&b, "\n");
  const nirc_source *s = source_of(d, &m->loc);
  if (s)
    nirc_snippet_add(&b, s, m->loc, m->fix, d->colour);
  fwrite(b.data, 1, b.size, d->stream);
  nirc_strbuf_deinit(&b);
}

static void print(const nirc_diag *d, const message *m)
{
  if (d->json)
    print_json(d, m);
  else
    print_text(d, m);
}

/* How the text at a place came to be used, from the inside out. */
static void print_chain(const nirc_diag *d, const nirc_via *via)
{
  unsigned shown = 0, more = 0;
  nirc_loc end = nirc_loc_none();
  for (; via; via = via->loc.via)
    if (shown++ < MAX_VIA) {
      print(d, &(message){.severity = NIRC_NOTE, .loc = via->loc, .text = via->what});
    } else {
      more++;
      end = via->loc;
    }
  char text[64];
  snprintf(text, sizeof text, "and from %u more", more);
  if (more)
    print(d, &(message){.severity = NIRC_NOTE, .loc = end, .text = text});
}

/* Counts the message; true where it is to be printed. */
static bool admit(nirc_diag *d, nirc_severity *severity, nirc_status status)
{
  if (*severity == NIRC_NOTE)
    return !d->drop_notes;
  if (*severity == NIRC_WARNING && d->warnings_are_errors)
    *severity = NIRC_ERROR;
  bool show = true;
  if (*severity == NIRC_ERROR) {
    if (!d->errors)
      d->status = status;
    show = ++d->errors <= NIRC_MAX_ERRORS;
  } else {
    d->warnings += *severity == NIRC_WARNING;
    show = !d->quiet;
  }
  d->drop_notes = !show;
  return show;
}

static NIRC_PRINTF(4, 0) void report(nirc_diag *d, message m, nirc_status status, const char *format, va_list args)
{
  if (!admit(d, &m.severity, status))
    return;
  va_list again;
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, args);
  char *text = nirc_heap_alloc(nirc_heap_default(), n < 0 ? 1 : (size_t)n + 1);
  text[0] = '\0';
  if (n >= 0)
    vsnprintf(text, (size_t)n + 1, format, again);
  va_end(again);
  m.text = text;
  print(d, &m);
  if (d->listener)
    d->listener(d->listener_user, m.severity, m.code, text);
  if (m.severity >= NIRC_WARNING)
    print_chain(d, m.loc.via);
  nirc_heap_free(nirc_heap_default(), text);
}

#define REPORT(severity_, status, code_, fix_) \
  do { \
    va_list args_; \
    va_start(args_, format); \
    report(d, (message){.severity = severity_, .loc = loc, .code = code_, .fix = fix_}, status, format, args_); \
    va_end(args_); \
  } while (0)

void nirc_error(nirc_diag *d, nirc_loc loc, const char *format, ...)
{
  REPORT(NIRC_ERROR, NIRC_STATUS_REFUSED, NULL, NULL);
}

void nirc_error_status(nirc_diag *d, nirc_status s, nirc_loc loc, const char *format, ...)
{
  REPORT(NIRC_ERROR, s, NULL, NULL);
}

void nirc_error_code(nirc_diag *d, const char *code, nirc_loc loc, const char *format, ...)
{
  REPORT(NIRC_ERROR, NIRC_STATUS_REFUSED, code, NULL);
}

void nirc_warning(nirc_diag *d, nirc_loc loc, const char *format, ...)
{
  REPORT(NIRC_WARNING, NIRC_STATUS_REFUSED, NULL, NULL);
}

void nirc_remark(nirc_diag *d, nirc_loc loc, const char *format, ...)
{
  REPORT(NIRC_REMARK, NIRC_STATUS_REFUSED, NULL, NULL);
}

void nirc_note(nirc_diag *d, nirc_loc loc, const char *format, ...)
{
  REPORT(NIRC_NOTE, NIRC_STATUS_REFUSED, NULL, NULL);
}

void nirc_note_fix(nirc_diag *d, nirc_loc loc, const char *replacement, const char *format, ...)
{
  REPORT(NIRC_NOTE, NIRC_STATUS_REFUSED, NULL, replacement);
}

void nirc_assert_failed(const char *file, int line, const char *what)
{
  fprintf(stderr, "nirc: error: internal error at %s:%d: %s\n", file, line, what);
  fflush(stderr);
  struct sigaction on_abort;
  if (sigaction(SIGABRT, NULL, &on_abort) == 0 && on_abort.sa_handler != SIG_DFL)
    abort();                                         /* someone wants to know: the driver, a fuzzer */
  _Exit(NIRC_STATUS_INTERNAL);
}
