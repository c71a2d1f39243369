/* frontend/editors_textmate.c: the grammars in the form of TextMate, JSON. Patterns keep to what the regular expressions of Oniguruma, JavaScript
 * and Python have in common, so that other editors, and our test, read them, too. */
#include <jansson.h>
#include <string.h>

#include "frontend/editors.h"
#include "ir/base/json.h"

/* A row of a grammar. Rows of one name are one entry of its repository: tried in this order where several match at one place. */
typedef struct rule {
  const char *entry;
  const char *scope;                                 /* of all that is matched, or of the region with its ends; NULL: none */
  const char *match;
  const char *captures[4];                           /* scopes of the groups 1, 2, ... of match */
  const char *end;                                   /* not NULL: match begins a region that this ends */
  const char *end_capture;                           /* scope of what ends it */
  const char *inside;                                /* entries that a region may hold, or that an entry without match consists of */
} rule;

/* ---- .snn ---------------------------------------------------------------------------------------------------------------- */

static const nirc_editor_part snn_parts[] = {
  {"ident", "[A-Za-z_][A-Za-z0-9_]*"},
  {"text", "\"(?:[^\"\\\\]|\\\\.)*\""},
  {"name", "(?:<ident>|<text>)"},
  {"piece", "(?:<ident>(?:\\[[^\\]]*\\])*|<text>)"},
  {"endpoint", "<piece>(?:\\.<piece>)*"},
  {"decimal", "[0-9]+(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"},
  {NULL, NULL},
};

static const rule snn_rules[] = {
  {.entry = "$file", .inside = "comment header declaration metadata node edge expression"},

  {.entry = "comment", .scope = "comment.line.number-sign", .match = "(#).*$", .captures = {"punctuation.definition.comment"}},
  {.entry = "header", .match = "^\\s*(nirc)\\s+([0-9]+)", .captures = {"keyword.control.version", "constant.numeric.version"}},

  {.entry = "declaration", .match = "\\b(import)\\b", .captures = {"keyword.control.import"}},
  {.entry = "declaration", .match = "\\b(const)\\s+(<ident>)\\s*(=)",
   .captures = {"storage.modifier.const", "variable.other.constant", "keyword.operator.assignment"}},
  {.entry = "declaration", .scope = "meta.template.parameters", .match = "\\b(template)\\s+(<ident>)\\s*(\\()",
   .captures = {"storage.type.template", "entity.name.type.template", "punctuation.section.parameters.begin"},
   .end = "\\)", .end_capture = "punctuation.section.parameters.end", .inside = "comment template-parameter expression"},
  {.entry = "declaration", .match = "\\b(network)\\s+(<name>)", .captures = {"storage.type.network", "entity.name.type.network"}},
  {.entry = "declaration", .match = "\\b(graph)\\s+(<name>)(?=\\s*\\{)", .captures = {"storage.type.graph", "entity.name.type.graph"}},
  {.entry = "declaration", .match = "\\b(repeat)\\s+(<ident>)\\s+(in)\\b",
   .captures = {"keyword.control.loop", "variable.parameter.loop", "keyword.control.loop"}},
  {.entry = "declaration", .match = "\\b(in|out)\\s+(<name>)", .captures = {"storage.type.port", "entity.name.tag.node"}},
  {.entry = "template-parameter", .match = "(?:^|(?<=[(,]))\\s*(<ident>)", .captures = {"variable.parameter.template"}},

  {.entry = "metadata", .scope = "meta.metadata", .match = "\\b(metadata)\\s*(=)?\\s*(\\{)",
   .captures = {"keyword.other.metadata", "keyword.operator.assignment", "punctuation.section.group.begin"},
   .end = "\\}", .end_capture = "punctuation.section.group.end", .inside = "comment key group expression"},
  {.entry = "group", .match = "(\\{)", .captures = {"punctuation.section.group.begin"}, .end = "\\}", .end_capture = "punctuation.section.group.end",
   .inside = "comment key group expression"},
  {.entry = "key", .match = "(<name>)\\s*(=)", .captures = {"variable.other.property", "keyword.operator.assignment"}},

  {.entry = "node", .match = "(<endpoint>)\\s*(=)(?:\\s*\\b(graph)\\b)?",
   .captures = {"entity.name.tag.node", "keyword.operator.assignment", "storage.type.graph"}},
  {.entry = "edge", .match = "(->)\\s*(<endpoint>)?", .captures = {"keyword.operator.arrow", "variable.other.node"}},
  {.entry = "edge", .match = "(~>)\\s*(<endpoint>)?", .captures = {"keyword.operator.arrow.feedback", "variable.other.node"}},
  {.entry = "edge", .match = "(<endpoint>)(?=\\s*(?:->|~>))", .captures = {"variable.other.node"}},
  {.entry = "edge", .match = "^\\s*(<endpoint>)(?=\\s*(?:#.*)?$)", .captures = {"variable.other.node"}},      /* the chain goes on in the next line */

  {.entry = "expression", .inside = "comment string number word operator list arguments"},
  {.entry = "string", .scope = "string.quoted.double.file", .match = "(@)(\")", .captures = {"keyword.operator.file", "punctuation.definition.string.begin"},
   .end = "\"|$", .end_capture = "punctuation.definition.string.end", .inside = "escape"},
  {.entry = "string", .scope = "string.quoted.double", .match = "(\")", .captures = {"punctuation.definition.string.begin"},
   .end = "\"|$", .end_capture = "punctuation.definition.string.end", .inside = "escape"},
  {.entry = "escape", .scope = "constant.character.escape", .match = "\\\\(?:[\"\\\\]|x[0-9A-Fa-f]{2})"},
  {.entry = "escape", .scope = "invalid.illegal.escape", .match = "\\\\."},
  {.entry = "number", .scope = "constant.numeric.hex", .match = "(?<![A-Za-z0-9_])0x[0-9A-Fa-f]+"},
  {.entry = "number", .match = "(?<![A-Za-z0-9_])(<decimal>)[ \\t]*(<units>)(?![A-Za-z0-9_])", .captures = {"constant.numeric", "keyword.other.unit"}},
  {.entry = "number", .scope = "constant.numeric", .match = "(?<![A-Za-z0-9_])<decimal>"},
  {.entry = "number", .scope = "constant.language", .match = "\\b(?:inf|nan)\\b"},
  {.entry = "word", .scope = "storage.type.element", .match = "\\b(?:<dtypes>)(?=\\s*[\\[(])"},
  {.entry = "word", .scope = "support.class.primitive", .match = "\\b(?:<primitives>)(?=\\s*[\\[(])"},
  {.entry = "word", .scope = "support.function", .match = "\\b(?:<functions>)(?=\\s*\\()"},
  {.entry = "word", .scope = "keyword.other", .match = "\\b(?:<keywords>)\\b"},
  {.entry = "word", .scope = "entity.name.function.template", .match = "\\b<ident>(?=\\s*\\()"},
  {.entry = "word", .match = "<ident>"},             /* whole, so that no rule takes a part of it */
  {.entry = "operator", .scope = "keyword.operator.range", .match = "\\.\\."},
  {.entry = "operator", .scope = "keyword.operator.arithmetic", .match = "[+\\-*/]"},
  {.entry = "operator", .scope = "keyword.operator.assignment", .match = "="},
  {.entry = "list", .match = "(\\[)", .captures = {"punctuation.section.list.begin"}, .end = "\\]", .end_capture = "punctuation.section.list.end",
   .inside = "expression"},
  {.entry = "arguments", .match = "(\\()", .captures = {"punctuation.section.arguments.begin"},
   .end = "\\)", .end_capture = "punctuation.section.arguments.end",
   .inside = "comment metadata parameter expression"},
  {.entry = "parameter", .match = "\\b(<parameters>)\\s*(=)", .captures = {"variable.parameter.primitive", "keyword.operator.assignment"}},
  {.entry = "parameter", .match = "\\b(<ident>)\\s*(=)", .captures = {"variable.parameter", "keyword.operator.assignment"}},
  {.entry = NULL},
};

/* ---- .nirt --------------------------------------------------------------------------------------------------------------- */

static const nirc_editor_part nirt_parts[] = {
  {"word", "[A-Za-z0-9_]+"},
  {"text", "\"(?:[^\"\\\\]|\\\\.)*\""},
  {"name", "(?:<word>|<text>)"},
  {NULL, NULL},
};

static const rule nirt_rules[] = {
  {.entry = "$file", .inside = "header blob value symbol op type array attribute string number word"},

  {.entry = "header", .match = "^\\s*(nirt)\\s+([0-9]+)", .captures = {"keyword.control.version", "constant.numeric.version"}},
  {.entry = "header", .match = "\\b(module)\\s+(<name>)", .captures = {"storage.type.module", "entity.name.type.module"}},
  {.entry = "header", .match = "\\b(level|path|source_hash)\\s*(=)", .captures = {"keyword.other.header", "keyword.operator.assignment"}},
  {.entry = "blob", .match = "\\b(blob)\\s+(@w[0-9]+)", .captures = {"storage.type.blob", "entity.name.tag.blob"}},
  {.entry = "blob", .scope = "string.quoted.double.hex", .match = "\\b(hex)(\")", .captures = {"keyword.other.hex", "punctuation.definition.string.begin"},
   .end = "\"", .end_capture = "punctuation.definition.string.end"},
  {.entry = "blob", .match = "\\b(elided)\\s+([0-9A-Fa-f]+)", .captures = {"keyword.other.elided", "constant.numeric.hex"}},
  {.entry = "value", .match = "(%<name>)(?=\\s*=)", .captures = {"entity.name.tag.value"}},
  {.entry = "value", .match = "(%<name>)((?:~[0-9]+)?(?:#[0-9]+)?)", .captures = {"variable.other.value", "constant.numeric.index"}},
  {.entry = "symbol", .scope = "variable.other.blob", .match = "@w[0-9]+(?=\\s*>)"},
  {.entry = "symbol", .scope = "entity.name.function.symbol", .match = "@<name>"},
  {.entry = "op", .scope = "support.function.op", .match = "\\b(?:<mnemonics>)(?![A-Za-z0-9_.])"},
  {.entry = "type", .match = "\\b(<dtypes>)\\b(\\[[0-9, ]*\\])?", .captures = {"storage.type.element", "constant.numeric.shape"}},
  {.entry = "type", .scope = "constant.language.unknown-type", .match = "\\?"},
  {.entry = "array", .scope = "keyword.other.array", .match = "\\b(?:splat|dense|strings)(?=<)"},
  {.entry = "array", .scope = "keyword.other.attributes", .match = "\\battributes(?=\\s*\\{)"},
  {.entry = "array", .scope = "keyword.other.loc", .match = "\\bloc(?=\\()"},
  {.entry = "attribute", .match = "\\b(<attributes>)\\s*(=)", .captures = {"variable.parameter.attribute", "keyword.operator.assignment"}},
  {.entry = "attribute", .match = "(<name>)\\s*(=)", .captures = {"variable.other.property", "keyword.operator.assignment"}},
  {.entry = "attribute", .scope = "constant.language.choice", .match = "\\b(?:<choices>)\\b(?=\\s*[,}])"},
  {.entry = "string", .scope = "string.quoted.double", .match = "(\")", .captures = {"punctuation.definition.string.begin"},
   .end = "\"|$", .end_capture = "punctuation.definition.string.end", .inside = "escape"},
  {.entry = "escape", .scope = "constant.character.escape", .match = "\\\\(?:[\"\\\\]|x[0-9A-Fa-f]{2})"},
  {.entry = "escape", .scope = "invalid.illegal.escape", .match = "\\\\."},
  {.entry = "number", .scope = "constant.numeric.hex", .match = "(?<![A-Za-z0-9_])0x[0-9A-Fa-f]+"},
  {.entry = "number", .scope = "constant.numeric", .match = "(?<![A-Za-z0-9_])-?[0-9]+(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![A-Za-z0-9_])"},
  {.entry = "word", .match = "<word>"},              /* whole, so that no rule takes a part of it */
  {.entry = NULL},
};

/* ---- to JSON -------------------------------------------------------------------------------------------------------------- */

typedef struct writer {
  nirc_arena *a;
  const nirc_editor_part *words, *parts;
  const char *language;                              /* last part of every scope */
} writer;

static void set_text(json_t *o, const char *key, const char *text)
{
  json_object_set_new(o, key, json_string(text));
}

static void set_scope(const writer *w, json_t *o, const char *key, const char *scope)
{
  set_text(o, key, nirc_arena_printf(w->a, "%s.%s", scope, w->language));
}

static void set_pattern(const writer *w, json_t *o, const char *key, const char *pattern)
{
  nirc_strbuf b;
  nirc_strbuf_init(&b, nirc_heap_default());
  nirc_editor_expand(&b, pattern, w->words, w->parts);
  set_text(o, key, b.data);
  nirc_strbuf_deinit(&b);
}

static json_t *captures(const writer *w, const char *const *scopes, size_t n)
{
  json_t *all = json_object();
  for (size_t i = 0; i < n && scopes[i]; i++) {
    json_t *one = json_object();
    set_scope(w, one, "name", scopes[i]);
    json_object_set_new(all, nirc_arena_printf(w->a, "%zu", i + 1), one);
  }
  return all;
}

/* `entries` as a list of includes. */
static json_t *includes(const writer *w, const char *entries)
{
  json_t *all = json_array();
  for (size_t n; *entries; entries += n + (entries[n] == ' ')) {
    n = strcspn(entries, " ");
    json_t *one = json_object();
    set_text(one, "include", nirc_arena_printf(w->a, "#%.*s", (int)n, entries));
    json_array_append_new(all, one);
  }
  return all;
}

static json_t *one_rule(const writer *w, const rule *r)
{
  json_t *o = json_object();
  if (r->scope)
    set_scope(w, o, "name", r->scope);
  set_pattern(w, o, r->end ? "begin" : "match", r->match);
  if (r->captures[0])
    json_object_set_new(o, r->end ? "beginCaptures" : "captures", captures(w, r->captures, sizeof r->captures / sizeof *r->captures));
  if (!r->end)
    return o;
  set_pattern(w, o, "end", r->end);
  json_t *zero = json_object(), *ends = json_object();
  set_scope(w, zero, "name", r->end_capture);
  json_object_set_new(ends, "0", zero);
  json_object_set_new(o, "endCaptures", ends);
  if (r->inside)
    json_object_set_new(o, "patterns", includes(w, r->inside));
  return o;
}

/* The entry that begins at r; *r becomes the row behind it. */
static json_t *patterns(const writer *w, const rule **r)
{
  const char *entry = (*r)->entry;
  if (!(*r)->match)
    return includes(w, (*r)++->inside);
  json_t *all = json_array();
  for (; (*r)->entry && strcmp((*r)->entry, entry) == 0; (*r)++)
    json_array_append_new(all, one_rule(w, *r));
  return all;
}

void nirc_editor_textmate(nirc_strbuf *b, nirc_arena *a, const nirc_editor_part *words, bool nirt)
{
  writer w = {.a = a, .words = words, .parts = nirt ? nirt_parts : snn_parts, .language = nirt ? "nirt" : "snn"};
  json_t *grammar = json_object(), *repository = json_object();
  set_text(grammar, "information_for_contributors", nirc_arena_printf(a, "Printed by `nirc --print-editor textmate-%s`, not to be edited.", w.language));
  set_text(grammar, "name", nirt ? "nirc IR" : "nirc network");
  set_text(grammar, "scopeName", nirc_arena_printf(a, "source.%s", w.language));
  const rule *r = nirt ? nirt_rules : snn_rules;
  json_object_set_new(grammar, "patterns", patterns(&w, &r));
  while (r->entry) {
    const char *entry = r->entry;
    json_t *o = json_object();
    json_object_set_new(o, "patterns", patterns(&w, &r));
    json_object_set_new(repository, entry, o);
  }
  json_object_set_new(grammar, "repository", repository);
  nirc_strbuf_add_json(b, grammar, 2);
}
