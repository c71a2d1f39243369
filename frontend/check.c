#include "frontend/check.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "ir/base/json.h"
#include "ir/parse.h"
#include "ir/print.h"

/* What came of one question. */
typedef struct answer {
  const nirc_target *target;
  const char *variant;                               /* NULL: the target has none */
  bool yes;
  unsigned errors;
  nirc_status status;                                /* of the first error; code and text, too */
  const char *code, *text;                           /* NULL: none */
  struct answer *next;
} answer;

typedef struct listener { answer *to; nirc_arena *arena; } listener;

/* ---- asking ------------------------------------------------------------------------------------------------------------------- */

static void hear(void *user, nirc_severity severity, const char *code, const char *text)
{
  listener *l = user;
  if (severity != NIRC_ERROR || l->to->text)
    return;
  l->to->text = nirc_arena_strdup(l->arena, text);
  l->to->code = code ? nirc_arena_strdup(l->arena, code) : NULL;
}

/* Asks about *c->m. */
static void ask(const nirc_check *c, answer *a)
{
  listener l = {a, c->arena};
  unsigned before = c->d->errors;
  c->d->listener = hear;
  c->d->listener_user = &l;
  const nirc_target *t = a->target;
  if (c->ports_repaired && !t->drops_units)
    nirc_error(c->d, nirc_loc_file((*c->m)->path), "the shape of an Input or Output has axes of length 1 that the network has not; --lenient drops them");
  else
    a->yes = c->lower(c->user, t) && (!t->check || t->check(*c->m, &c->o->job, c->d));
  a->errors = c->d->errors - before;
  a->status = c->d->status;
  c->d->listener = NULL;
}

/* The word NAME=... among words with spaces between; NULL: not there. */
static const char *find_word(const char *words, const char *name)
{
  for (const char *at = words ? words + strspn(words, " ") : ""; *at; at += strcspn(at, " "), at += strspn(at, " "))
    if (strcspn(at, "= ") == strlen(name) && strncmp(at, name, strlen(name)) == 0)
      return at;
  return NULL;
}

/* Asks about a copy of the network, with messages into *said. */
static void ask_aside(const nirc_check *c, const nirc_strbuf *network, answer *a, char **said)
{
  FILE *stream = c->d->stream;
  size_t size = 0;
  FILE *aside = open_memstream(said, &size);
  c->d->stream = aside ? aside : stream;
  c->d->errors = 0;
  *c->m = nirc_module_parse(network->data, network->size, c->o->input, c->heap, c->d);
  if (*c->m)
    ask(c, a);
  nirc_module_free(*c->m);
  c->d->stream = stream;
  if (aside && fclose(aside) != 0)
    *said = NULL;
}

/* ---- the table ------------------------------------------------------------------------------------------------------------------ */

static const char *label_of(const nirc_check *c, const answer *a)
{
  return a->variant ? nirc_arena_printf(c->arena, "%s (%s): ", a->target->name, a->variant) : nirc_arena_printf(c->arena, "%s: ", a->target->name);
}

static const char *word_of(const answer *a)
{
  return !a->target->available ? "not in this version" : a->yes ? "yes" : "no";
}

/* NAME (VARIANT): yes|no, and behind it, in a column, the first reason. */
static void print_text(const nirc_check *c, const answer *list, nirc_strbuf *b)
{
  size_t width = 0;
  for (const answer *a = list; a; a = a->next) {
    size_t n = strlen(label_of(c, a)) + strlen("yes");
    width = n > width ? n : width;
  }
  for (const answer *a = list; a; a = a->next) {
    const char *label = label_of(c, a), *word = word_of(a);
    nirc_strbuf_addf(b, "%s%s", label, word);
    if (a->text && !a->yes) {
      nirc_strbuf_addf(b, "%*s  %s", (int)(width - strlen(label) - strlen(word)), "", a->text);
      if (a->code)
        nirc_strbuf_addf(b, " [%s]", a->code);
      if (a->errors > 1)
        nirc_strbuf_addf(b, ", and %u more", a->errors - 1);
    }
    nirc_strbuf_add(b, "\n");
  }
}

static json_t *optional(const char *s)
{
  json_t *text = s ? json_string(s) : NULL;          /* NULL also where it is not UTF-8 */
  return text ? text : json_null();
}

static void print_json(const answer *list, bool any, nirc_strbuf *b)
{
  json_t *rows = json_array();
  for (const answer *a = list; a; a = a->next)
    json_array_append_new(rows, json_pack("{s:s, s:o, s:b, s:b, s:o, s:o, s:I}", "target", a->target->name, "variant", optional(a->variant), "available",
                                          (int)a->target->available, "fits", (int)a->yes, "code", optional(a->yes ? NULL : a->code), "reason",
                                          optional(a->yes ? NULL : a->text), "reasons", (json_int_t)(a->yes ? 0 : a->errors)));
  json_t *root = json_pack("{s:b, s:o}", "fits", (int)any, "targets", rows);
  nirc_strbuf_add_json(b, root, 2);
}

static void print(const nirc_check *c, const answer *list, bool any, nirc_strbuf *b)
{
  if (c->d->json)
    print_json(list, any, b);
  else
    print_text(c, list, b);
}

bool nirc_check_target(const nirc_check *c, nirc_strbuf *b)
{
  answer a = {.target = c->o->target};
  if (!a.target->available) {
    nirc_error(c->d, nirc_loc_file(c->o->input), "-t %s is not in this version", a.target->name);
    return false;
  }
  ask(c, &a);
  print(c, &a, a.yes, b);
  return a.yes;
}

/* ---- all of them ------------------------------------------------------------------------------------------------------------------ */

static answer *add_answer(nirc_arena *arena, answer **end, const nirc_target *t, const char *variant)
{
  *end = NIRC_NEW(arena, answer);
  **end = (answer){.target = t, .variant = variant};
  return *end;
}

/* The questions: one for each target, or for each of its variants where the command line does not choose one. */
static answer *make_questions(const nirc_check *c, const char *given)
{
  answer *first = NULL, **end = &first;
  for (size_t i = 0; nirc_targets[i]; i++) {
    const nirc_target *t = nirc_targets[i];
    const char *word = t->variants ? find_word(given, t->variants->name) : NULL;
    if (!t->variants || word) {
      const char *equals = word ? word + strcspn(word, "= ") : NULL;
      end = &add_answer(c->arena, end, t, word && *equals == '=' ? nirc_arena_strndup(c->arena, equals + 1, strcspn(equals + 1, " ")) : NULL)->next;
      continue;
    }
    for (size_t k = 0; t->variants->choices[k]; k++)
      end = &add_answer(c->arena, end, t, t->variants->choices[k])->next;
  }
  return first;
}

/* Asks one after the other. What a variant says in the same words as the one before is not said again. */
static bool ask_all(const nirc_check *c, answer *list, const nirc_strbuf *network, const char *given)
{
  bool any = false;
  char *before = NULL;
  const nirc_target *same = NULL;
  for (answer *a = list; a; a = a->next) {
    if (!a->target->available)
      continue;
    c->o->target_options = given;
    if (a->variant && !find_word(given, a->target->variants->name))
      c->o->target_options = nirc_arena_printf(c->arena, "%s%s%s=%s", given ? given : "", given ? " " : "", a->target->variants->name, a->variant);
    char *said = NULL;
    ask_aside(c, network, a, &said);
    if (said && (a->target != same || !before || strcmp(said, before)))
      fputs(said, c->d->stream);
    free(before);
    before = said;
    same = a->target;
    any |= a->yes;
  }
  free(before);
  return any;
}

bool nirc_check_all_targets(const nirc_check *c, nirc_strbuf *b)
{
  nirc_module *m = *c->m;
  const char *given = c->o->target_options;
  unsigned errors = c->d->errors;
  nirc_status status = c->d->status;
  answer *list = make_questions(c, given);
  nirc_strbuf network;
  nirc_strbuf_init(&network, c->heap);
  nirc_module_print(&network, m, false);
  bool any = ask_all(c, list, &network, given);
  nirc_strbuf_deinit(&network);
  *c->m = m;
  c->o->target_options = given;
  c->d->errors = errors;
  c->d->status = status;
  const answer *refused = any ? NULL : list;
  while (refused && !refused->errors)
    refused = refused->next;
  if (refused) {                                     /* none fits: the first refusal decides the status */
    c->d->errors += refused->errors;
    c->d->status = refused->status;
  }
  print(c, list, any, b);
  return any;
}
