/* frontend/compare_text.c: a comparison in words and in a table for a terminal. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "frontend/compare_table.h"
#include "frontend/graph.h"

/* ---- words ---------------------------------------------------------------------------------------------------------------- */

static void add_name(nirc_strbuf *b, const char *name)
{
  nirc_graph_add_visible(b, name, "\\\\", "\\");
}

void nirc_compare_add_element(nirc_strbuf *b, const nirc_compare_layer *l, size_t element)
{
  size_t below = l->count;
  nirc_strbuf_add(b, "[");
  for (uint32_t i = 0; i < l->shape.rank; i++) {
    below /= (size_t)l->shape.dims[i];
    nirc_strbuf_addf(b, "%s%zu", i ? ", " : "", element / below % (size_t)l->shape.dims[i]);
  }
  nirc_strbuf_add(b, "]");
}

static void add_place(nirc_strbuf *b, const nirc_comparison *c, const nirc_compare_layer *l, const nirc_compare_place *p)
{
  nirc_strbuf_addf(b, "step %" PRIu64, p->step);
  if (c->batched)
    nirc_strbuf_addf(b, ", sample %" PRIu32, p->sample);
  nirc_strbuf_add(b, " ");
  nirc_compare_add_element(b, l, p->element);
}

void nirc_compare_add_input(nirc_strbuf *b, const nirc_comparison *c)
{
  nirc_strbuf_addf(b, "%" PRIu64 " step%s of ", c->steps, c->steps == 1 ? "" : "s");
  if (c->input)
    nirc_strbuf_add(b, c->input);
  else
    nirc_strbuf_addf(b, "random spikes (rate %g, seed %" PRIu64 ")", c->rate, c->seed);
  if (c->batched)
    nirc_strbuf_addf(b, ", %" PRIu32 " sample%s", c->samples, c->samples == 1 ? "" : "s");
}

const nirc_compare_place *nirc_compare_first(const nirc_comparison *c, const nirc_compare_difference *layers, size_t n, nirc_compare_subject s)
{
  static const nirc_compare_place nowhere = {0};
  if (s == NIRC_COMPARE_V)
    return &layers[n].first_v;
  return s == NIRC_COMPARE_VALUES || (s == NIRC_COMPARE_SPIKES && c->layers[n].spikes) ? &layers[n].first : &nowhere;
}

size_t nirc_compare_first_layer(const nirc_comparison *c, const nirc_compare_difference *layers, nirc_compare_subject s)
{
  size_t best = c->n_layers;
  uint64_t step = 0;
  for (size_t n = 0; n < c->n_layers; n++) {
    const nirc_compare_place *p = nirc_compare_first(c, layers, n, s);
    if (p->known && (best == c->n_layers || p->step < step)) {
      best = n;
      step = p->step;
    }
  }
  return best;
}

nirc_compare_subject nirc_compare_subject_of(const nirc_comparison *c, const nirc_compare_difference *layers)
{
  for (nirc_compare_subject s = NIRC_COMPARE_SPIKES; s > NIRC_COMPARE_NOTHING; s--)
    if (nirc_compare_first_layer(c, layers, s) < c->n_layers)
      return s;
  return NIRC_COMPARE_NOTHING;
}

/* "a", "a and b", "a, b and c" */
static void add_together(nirc_strbuf *b, const nirc_compare_pair *p)
{
  size_t n = 0, k = 0;
  for (size_t i = 0; i < p->n_choices; i++)
    n += p->together[i];
  for (size_t i = 0; i < p->n_choices; i++)
    if (p->together[i]) {
      nirc_strbuf_addf(b, "%s%s", k == 0 ? "" : k + 1 == n ? " and " : ", ", p->choices[i].name);
      k++;
    }
}

/* What a layer sends; v, where it sends the same. */
static const nirc_compare_place *difference_of(const nirc_compare_difference *d, bool v)
{
  return v ? &d->first_v : &d->first;
}

void nirc_compare_add_cause(nirc_strbuf *b, const nirc_compare_pair *p, size_t n)
{
  const nirc_compare_difference *d = &p->layers[n];
  bool v = !d->first.known;
  if (!difference_of(d, v)->known || !p->n_choices)
    return;
  size_t before = b->size;
  for (size_t k = 0; k < p->n_choices; k++)
    if (p->choices[k].layers && !difference_of(&p->choices[k].layers[n], v)->known)
      nirc_strbuf_addf(b, "%s%s", b->size > before ? " or " : "", p->choices[k].name);
  if (b->size == before && p->together && !difference_of(&p->together_layers[n], v)->known) {
    add_together(b, p);
    nirc_strbuf_add(b, " together");
  }
  for (size_t k = 0; b->size == before && k < p->n_choices; k++)
    if (p->choices[k].layers && difference_of(&p->choices[k].layers[n], v)->step > difference_of(d, v)->step)
      nirc_strbuf_addf(b, "%s (moves it to step %" PRIu64 ")", p->choices[k].name, difference_of(&p->choices[k].layers[n], v)->step);
  if (b->size == before)
    nirc_strbuf_add(b, "no single choice");
}

static void add_responsible(nirc_strbuf *b, const nirc_comparison *c, const nirc_compare_pair *p)
{
  const char *what = p->subject == NIRC_COMPARE_SPIKES ? "every spike" : p->subject == NIRC_COMPARE_VALUES ? "every value" : "every v";
  const char *of_a = c->variants[p->a].name, *of_b = c->variants[p->b].name;
  size_t alone = 0;
  for (size_t k = 0; k < p->n_choices; k++)
    if (p->choices[k].agrees)
      nirc_strbuf_addf(b, "%s%s", alone++ ? " or " : "Responsible: ", p->choices[k].name);
  if (alone) {
    nirc_strbuf_addf(b, ": %s with that choice%s of %s agrees with it in %s.", of_a, alone > 1 ? ", either," : " alone", of_b, what);
  } else if (p->together) {
    nirc_strbuf_add(b, "Responsible: ");
    add_together(b, p);
    nirc_strbuf_addf(b, " together: %s with these choices of %s agrees with it in %s, and with any of them left out it does not.", of_a, of_b, what);
  } else {
    nirc_strbuf_addf(b, "No single choice is responsible, and with all that can be taken from %s, %s still differs from it.", of_b, of_a);
  }
}

/* Every layer's train is the other's, some steps earlier or later. */
static bool only_shifted(const nirc_comparison *c, const nirc_compare_pair *p)
{
  bool all = p->subject == NIRC_COMPARE_SPIKES;
  for (size_t n = 0; n < c->n_layers; n++)
    all = all && (!c->layers[n].spikes || p->layers[n].shift != NIRC_COMPARE_NO_SHIFT);
  return all;
}

void nirc_compare_add_summary(nirc_strbuf *b, const nirc_comparison *c, const nirc_compare_pair *p)
{
  static const char *const subjects[] = {[NIRC_COMPARE_V] = "Nothing that a layer sends differs. v differs", [NIRC_COMPARE_VALUES] = "Values differ",
                                         [NIRC_COMPARE_SPIKES] = "Spikes differ"};
  if (p->subject == NIRC_COMPARE_NOTHING) {
    nirc_strbuf_add(b, p->n_choices || c->without_causes ? "They agree in every spike, value and v on this input." : "They compute the same: their steps are equal, op by op.");
    return;
  }
  size_t n = nirc_compare_first_layer(c, p->layers, p->subject);
  const nirc_compare_place *first = nirc_compare_first(c, p->layers, n, p->subject);
  nirc_strbuf_addf(b, "%s from step %" PRIu64 " on, first in ", subjects[p->subject], first->step);
  add_name(b, c->layers[n].name);
  nirc_compare_add_element(b, &c->layers[n], first->element);
  if (c->batched)
    nirc_strbuf_addf(b, " of sample %" PRIu32, first->sample);
  nirc_strbuf_add(b, only_shifted(c, p) ? "; but for the shift, every layer's train is the same. " : ". ");
  if (!c->without_causes)
    add_responsible(b, c, p);
}

/* ---- a table -------------------------------------------------------------------------------------------------------------------- */

void nirc_compare_header(const char *cells[NIRC_COMPARE_COLUMNS], nirc_arena *a, const nirc_comparison *c, const nirc_compare_pair *p)
{
  static const char *const columns[NIRC_COMPARE_COLUMNS] = {"layer", "type", NULL, NULL, "first differs", "differing", "shift", "largest |dv|", "at", "while equal",
                                                            "because of"};
  memcpy(cells, columns, sizeof columns);
  cells[2] = nirc_arena_printf(a, "spikes %s", c->variants[p->a].name);
  cells[3] = nirc_arena_printf(a, "spikes %s", c->variants[p->b].name);
  cells[10] = c->without_causes ? "mean |dv|" : cells[10];
}

static const char *taken(nirc_arena *a, nirc_strbuf *b)
{
  const char *s = nirc_arena_strdup(a, b->data);
  b->size = 0;
  b->data[0] = '\0';
  return s;
}

static const char *shift_text(nirc_arena *a, const nirc_compare_layer *l, const nirc_compare_difference *d)
{
  if (!l->spikes || !d->first.known)
    return "";
  return d->shift == NIRC_COMPARE_NO_SHIFT ? "none" : nirc_arena_printf(a, "%+d", (int)d->shift);
}

void nirc_compare_row(const char *cells[NIRC_COMPARE_COLUMNS], nirc_arena *a, const nirc_comparison *c, const nirc_compare_pair *p, size_t n)
{
  const nirc_compare_layer *l = &c->layers[n];
  const nirc_compare_difference *d = &p->layers[n];
  nirc_strbuf b;
  nirc_strbuf_init(&b, nirc_arena_heap(a));
  add_name(&b, l->name);
  cells[0] = taken(a, &b);
  cells[1] = l->type;
  cells[2] = l->spikes ? nirc_arena_printf(a, "%.10g", c->spikes[p->a][n]) : "";
  cells[3] = l->spikes ? nirc_arena_printf(a, "%.10g", c->spikes[p->b][n]) : "";
  if (d->first.known)
    add_place(&b, c, l, &d->first);
  cells[4] = d->first.known ? taken(a, &b) : "never";
  cells[5] = d->first.known ? nirc_arena_printf(a, "%" PRIu64, d->n) : "";
  cells[6] = shift_text(a, l, d);
  cells[7] = !l->has_v ? "" : !d->most_v.known ? "0" : nirc_arena_printf(a, "%.4g%s", d->most, d->scaled ? "*" : "");
  if (d->most_v.known)
    add_place(&b, c, l, &d->most_v);
  cells[8] = taken(a, &b);
  cells[9] = !l->has_v || !l->spikes ? "" : nirc_arena_printf(a, "%.4g", d->most_agreed);
  if (c->without_causes && l->has_v)
    nirc_strbuf_addf(&b, "%.4g", d->mean_v);
  nirc_compare_add_cause(&b, p, n);
  cells[10] = taken(a, &b);
  nirc_strbuf_deinit(&b);
}

bool nirc_compare_is_number(size_t column)
{
  return column == 2 || column == 3 || column == 5 || column == 6 || column == 7 || column == 9;
}

static void add_row(nirc_strbuf *b, const char *const cells[NIRC_COMPARE_COLUMNS], const size_t width[NIRC_COMPARE_COLUMNS])
{
  size_t end = NIRC_COMPARE_COLUMNS;
  while (end && !*cells[end - 1])
    end--;                                           /* no blanks at the end of a line */
  nirc_strbuf_add(b, " ");
  for (size_t i = 0; i < end; i++) {
    int blanks = (int)(width[i] - strlen(cells[i]));
    if (nirc_compare_is_number(i))
      nirc_strbuf_addf(b, " %*s%s", blanks, "", cells[i]);
    else
      nirc_strbuf_addf(b, " %s%*s", cells[i], i + 1 < end ? blanks : 0, "");
    nirc_strbuf_add(b, i + 1 < end ? " " : "");
  }
  nirc_strbuf_add(b, "\n");
}

static void add_pair(nirc_strbuf *b, nirc_arena *a, const nirc_comparison *c, const nirc_compare_pair *p)
{
  const char *(*rows)[NIRC_COMPARE_COLUMNS] = nirc_arena_alloc_array(a, c->n_layers + 1, sizeof *rows, alignof(const char *));
  size_t width[NIRC_COMPARE_COLUMNS] = {0};
  nirc_compare_header(rows[0], a, c, p);
  for (size_t n = 0; n < c->n_layers; n++)
    nirc_compare_row(rows[n + 1], a, c, p, n);
  for (size_t n = 0; n <= c->n_layers; n++)
    for (size_t i = 0; i < NIRC_COMPARE_COLUMNS; i++)
      width[i] = strlen(rows[n][i]) > width[i] ? strlen(rows[n][i]) : width[i];
  nirc_strbuf_addf(b, "\n%s against %s: ", c->variants[p->a].name, c->variants[p->b].name);
  nirc_compare_add_summary(b, c, p);
  nirc_strbuf_add(b, "\n\n");
  for (size_t n = 0; n <= c->n_layers; n++)
    add_row(b, rows[n], width);
  size_t before = b->size;
  nirc_compare_add_notes(b, "\n  ", c, p);
  nirc_strbuf_add(b, b->size > before ? "\n" : "");
}

void nirc_compare_add_notes(nirc_strbuf *b, const char *lead, const nirc_comparison *c, const nirc_compare_pair *p)
{
  const nirc_compare_variant *x = &c->variants[p->a], *y = &c->variants[p->b];
  bool scaled = false;
  double spikes = 0;
  for (size_t n = 0; n < c->n_layers; n++) {
    scaled |= p->layers[n].scaled;
    spikes += c->spikes[p->a][n] + c->spikes[p->b][n];
  }
  if (scaled)
    nirc_strbuf_addf(b, "%s* v of %s is in another unit; it is brought to that of %s by the quotient of their thresholds.", lead, y->name, x->name);
  if (x->dt != y->dt)
    nirc_strbuf_addf(b, "%sA step is %g s for %s and %g s for %s; steps are compared one by one.", lead, x->dt, x->name, y->dt, y->name);
  if (spikes == 0)
    nirc_strbuf_addf(b, "%sNo layer spikes: with another input (%s) they may differ.", lead, c->without_causes ? "--calibrate" : c->input ? "-i" : "-i, or a higher --rate");
}

void nirc_compare_print_text(const nirc_comparison *c, nirc_strbuf *b)
{
  nirc_arena *a = nirc_arena_new(b->heap);
  nirc_strbuf_addf(b, "%s, ", c->source);
  nirc_compare_add_input(b, c);
  nirc_strbuf_add(b, "\n");
  for (size_t p = 0; p + 1 < c->n_variants; p++)
    add_pair(b, a, c, &c->pairs[p]);
  nirc_arena_free(a);
}
