#include "frontend/editors.h"

#include <string.h>

#include "frontend/snn/value.h"
#include "ir/base/dtype.h"
#include "ir/base/quantity.h"
#include "ir/op.h"

const char *const nirc_editor_files[] = {"textmate-snn", "textmate-nirt", "vim-snn", "vim-nirt", NULL};

/* ---- words --------------------------------------------------------------------------------------------------------------- */

/* What ops carry beside the attributes of their table (docs/ops.md). */
static const char *const general_attributes[] = {"metadata", "edge", "probe", NULL};
static const char *const levels[] = {"nir", "snn", "hw", NULL};

/* Words of several sources, each once, in the order in which they come. */
typedef struct list {
  nirc_arena *a;
  const char **words;
  size_t n, capacity;
} list;

static void add(list *l, const char *word)
{
  for (size_t i = 0; i < l->n; i++)
    if (strcmp(l->words[i], word) == 0)
      return;
  if (l->n == l->capacity) {
    size_t capacity = 2 * l->capacity + 16;
    const char **words = NIRC_NEW_ARRAY(l->a, const char *, capacity);
    if (l->n)
      memcpy(words, l->words, l->n * sizeof *words);
    l->words = words;
    l->capacity = capacity;
  }
  l->words[l->n++] = word;
}

static void add_all(list *l, const char *const *words)
{
  for (size_t i = 0; words && words[i]; i++)
    add(l, words[i]);
}

static void add_dtypes(list *l)
{
  for (int t = 0; t < NIRC_N_DTYPES; t++)
    add(l, nirc_dtype_name((nirc_dtype)t));
}

/* What stands behind `=` in a .snn file: the nodes of a .nir file, but nested graphs. */
static bool is_primitive(const nirc_op_def *def)
{
  return def->nir_type && !def->has_region;
}

static void add_primitives(list *l)
{
  for (int i = 0; i < NIRC_N_OPS; i++)
    if (is_primitive(nirc_op_defs[i]))
      add(l, nirc_op_defs[i]->nir_type);
}

static void add_mnemonics(list *l)
{
  for (int i = 0; i < NIRC_N_OPS; i++)
    add(l, nirc_op_defs[i]->mnemonic);
}

static void add_attributes(list *l, bool of_primitives)
{
  for (int i = 0; i < NIRC_N_OPS; i++)
    for (size_t k = 0; k < nirc_op_defs[i]->n_attrs; k++)
      if (!of_primitives || is_primitive(nirc_op_defs[i]))
        add(l, nirc_op_defs[i]->attrs[k].name);
  if (!of_primitives)
    add_all(l, general_attributes);
}

static void add_choices(list *l)
{
  add_all(l, levels);
}

/* The words as a regular expression; a point in one of them stands for itself. */
static nirc_editor_part joined(const char *name, const list *l, const char *bar)
{
  nirc_strbuf b;
  nirc_strbuf_init(&b, nirc_heap_default());
  for (size_t i = 0; i < l->n; i++) {
    nirc_strbuf_add(&b, i ? bar : "");
    for (const char *s = l->words[i]; *s; s++)
      nirc_strbuf_addf(&b, "%s%c", *s == '.' ? "\\" : "", *s);
  }
  nirc_editor_part part = {name, nirc_arena_strdup(l->a, b.data)};
  nirc_strbuf_deinit(&b);
  return part;
}

const nirc_editor_part *nirc_editor_words(nirc_arena *a, const char *bar)
{
  static const char *const names[] = {"units", "primitives", "parameters", "functions", "keywords", "dtypes", "mnemonics", "attributes", "choices"};
  enum { N = sizeof names / sizeof *names };
  list lists[N];
  for (size_t i = 0; i < N; i++)
    lists[i] = (list){.a = a};
  for (const nirc_unit *u = nirc_units; u->name; u++)
    add(&lists[0], u->name);
  add_primitives(&lists[1]);
  add_attributes(&lists[2], true);
  for (size_t i = 0; nirc_snn_function_name(i); i++)
    add(&lists[3], nirc_snn_function_name(i));
  add_all(&lists[4], nirc_snn_keywords);
  add_dtypes(&lists[5]);
  add_mnemonics(&lists[6]);
  add_attributes(&lists[7], false);
  add_choices(&lists[8]);
  nirc_editor_part *parts = NIRC_NEW_ARRAY(a, nirc_editor_part, N + 1);
  for (size_t i = 0; i < N; i++)
    parts[i] = joined(names[i], &lists[i], bar);
  return parts;
}

/* ---- patterns ------------------------------------------------------------------------------------------------------------ */

static const nirc_editor_part *find(const nirc_editor_part *parts, const char *name, size_t n)
{
  for (; parts->name; parts++)
    if (strlen(parts->name) == n && memcmp(parts->name, name, n) == 0)
      return parts;
  return NULL;
}

void nirc_editor_expand(nirc_strbuf *b, const char *pattern, const nirc_editor_part *words, const nirc_editor_part *own)
{
  for (const char *s = pattern; *s; s++) {
    size_t n = *s == '<' ? strcspn(s + 1, ">") : 0;
    const nirc_editor_part *part = n ? find(words, s + 1, n) : NULL;
    if (n && !part)
      part = find(own, s + 1, n);
    if (part) {
      nirc_editor_expand(b, part->text, words, own);
      s += n + 1;
    } else {
      nirc_strbuf_add_bytes(b, s, 1);
    }
  }
}

void nirc_editor_print(nirc_strbuf *b, nirc_editor_file file)
{
  nirc_arena *a = nirc_arena_new(b->heap);
  bool nirt = file == NIRC_EDITOR_TEXTMATE_NIRT || file == NIRC_EDITOR_VIM_NIRT;
  if (file == NIRC_EDITOR_TEXTMATE_SNN || file == NIRC_EDITOR_TEXTMATE_NIRT)
    nirc_editor_textmate(b, a, nirc_editor_words(a, "|"), nirt);
  else
    nirc_editor_vim(b, nirc_editor_words(a, "\\|"), nirt);
  nirc_arena_free(a);
}
