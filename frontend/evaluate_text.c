/* frontend/evaluate_text.c: an evaluation in words and in tables for a terminal; the tables are those of a page, too. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/evaluate.h"
#include "frontend/graph.h"

/* ---- words ---------------------------------------------------------------------------------------------------------------- */

static double quotient(uint64_t n, uint64_t of)
{
  return of ? (double)n / (double)of : 0;
}

const char *nirc_evaluate_share(nirc_arena *a, uint64_t n, uint64_t of)
{
  return nirc_arena_printf(a, "%.3f (%" PRIu64 "/%" PRIu64 ")", quotient(n, of), n, of);
}

/* Of spikes that differ in one of millions, not all are equal. */
static const char *equal_share(nirc_arena *a, uint64_t equal, uint64_t elements)
{
  if (!elements)
    return "";
  double share = quotient(equal, elements);
  return equal == elements ? "all" : nirc_arena_printf(a, "%.6f", share < 0.999999 ? share : 0.999999);
}

int64_t nirc_evaluate_gain(const nirc_evaluation *e, const nirc_evaluate_variant *v)
{
  return (int64_t)v->correct - (int64_t)e->variants[NIRC_EVALUATE_CHIP].correct;
}

/* The constraint, or the option, that the chip would gain most without (with); NULL: it would gain nothing. */
static const nirc_evaluate_variant *best_of(const nirc_evaluation *e, nirc_evaluate_kind kind)
{
  const nirc_evaluate_variant *best = NULL;
  for (size_t k = 0; k < e->n_variants; k++) {
    const nirc_evaluate_variant *v = &e->variants[k];
    if (v->kind == kind && !v->refused && nirc_evaluate_gain(e, v) > (best ? nirc_evaluate_gain(e, best) : 0))
      best = v;
  }
  return best;
}

void nirc_evaluate_add_summary(nirc_strbuf *b, const nirc_evaluation *e)
{
  uint32_t of = e->run->samples, network = e->variants[NIRC_EVALUATE_NETWORK].correct;
  if (!nirc_evaluate_has_chip(e)) {
    nirc_strbuf_addf(b, "%" PRIu32 " of %" PRIu32 " samples are right (%.3f)", network, of, quotient(network, of));
    if (e->n_variants > 1)
      nirc_strbuf_addf(b, ", quantised %" PRIu32, e->variants[NIRC_EVALUATE_QUANTISED].correct);
    nirc_strbuf_add(b, ".");
    return;
  }
  uint32_t chip = e->variants[NIRC_EVALUATE_CHIP].correct;
  nirc_strbuf_addf(b, "On the chip %" PRIu32 " of %" PRIu32 " samples are right (%.3f), in the network %" PRIu32 " (%.3f). ", chip, of,
                   quotient(chip, of), network, quotient(network, of));
  const nirc_evaluate_variant *worst = best_of(e, NIRC_EVALUATE_WITHOUT), *option = best_of(e, NIRC_EVALUATE_TRIAL);
  if (worst)
    nirc_strbuf_addf(b, "What costs most is %s: without it %" PRIu32 " are right.", worst->name, worst->correct);
  else
    nirc_strbuf_add(b, "No constraint of the chip alone costs a sample: without any one of them no more are right.");
  if (option)
    nirc_strbuf_addf(b, " With %s %" PRIu32 " are right.", option->name, option->correct);
}

static uint32_t largest_latency(const nirc_evaluation *e)
{
  uint32_t most = 0;
  for (size_t n = 0; nirc_evaluate_has_chip(e) && n < e->run->n_layers; n++) {
    uint32_t latency = e->variants[NIRC_EVALUATE_CHIP].layers[n].latency;
    most = latency > most ? latency : most;
  }
  return most;
}

void nirc_evaluate_add_notes(nirc_strbuf *b, const char *lead, const nirc_evaluation *e)
{
  uint32_t latency = largest_latency(e);
  double spikes = 0;
  for (size_t n = 0; n < e->run->n_layers; n++)
    spikes += e->variants[0].layers[n].spikes;
  if (latency)
    nirc_strbuf_addf(b, "%sThe chip is up to %" PRIu32 " step%s behind; what the last steps cause is seen with --steps %" PRIu64 ".", lead, latency,
                     latency == 1 ? "" : "s",
                     e->run->steps + latency);
  if (spikes == 0)
    nirc_strbuf_addf(b, "%sNothing spikes in the network: every sample is class 0.", lead);
}

/* ---- tables -------------------------------------------------------------------------------------------------------------------- */

static nirc_evaluate_table *new_table(nirc_evaluate_table *t, nirc_arena *a, const char *title, const char *const *header, const bool *is_number,
                                      size_t n_columns, size_t most)
{
  *t = (nirc_evaluate_table){.title = title, .n_rows = 1, .n_columns = n_columns, .is_number = is_number,
                              .cells = NIRC_NEW_ARRAY(a, const char *, n_columns * (most + 1))};
  memcpy(t->cells, header, n_columns * sizeof *header);
  return t;
}

static const char **new_row(nirc_evaluate_table *t)
{
  return t->cells + t->n_columns * t->n_rows++;
}

static const char *name_of(nirc_arena *a, const char *name)
{
  nirc_strbuf b;
  nirc_strbuf_init(&b, nirc_arena_heap(a));
  nirc_graph_add_visible(&b, name, "\\\\", "\\");
  const char *s = nirc_arena_strdup(a, b.data);
  nirc_strbuf_deinit(&b);
  return s;
}

static void fill_accuracy(nirc_evaluate_table *t, nirc_arena *a, const nirc_evaluation *e)
{
  static const char *const header[] = {"", "accuracy", "network's class", "equal spikes", ""};
  static const bool numbers[] = {false, true, true, true, false};
  new_table(t, a, "Accuracy", header, numbers, 5, NIRC_EVALUATE_CHIP + 1);
  for (size_t k = 0; k < e->n_variants && k <= NIRC_EVALUATE_CHIP; k++) {
    const nirc_evaluate_variant *v = &e->variants[k];
    const char **cells = new_row(t);
    cells[0] = v->name;
    cells[1] = v->refused ? "refused" : nirc_evaluate_share(a, v->correct, e->run->samples);
    cells[2] = v->refused || !k ? "" : nirc_evaluate_share(a, v->agreeing, e->run->samples);
    cells[3] = v->refused || !k ? "" : equal_share(a, v->equal, v->elements);
    cells[4] = v->what;
  }
}

static void fill_layers(nirc_evaluate_table *t, nirc_arena *a, const nirc_evaluation *e)
{
  static const char *const header[] = {"layer", "type", "spikes network", "quantised", "equal", "chip", "equal", "latency"};
  static const bool numbers[] = {false, false, true, true, true, true, true, true};
  new_table(t, a, "Spikes by layer", header, numbers, nirc_evaluate_has_chip(e) ? 8 : e->n_variants > 1 ? 5 : 3, e->run->n_layers);
  for (size_t n = 0; n < e->run->n_layers; n++) {
    const nirc_compare_layer *l = &e->run->layers[n];
    if (!l->spikes)
      continue;
    const char **cells = new_row(t);
    cells[0] = name_of(a, l->name);
    cells[1] = l->type;
    cells[2] = nirc_arena_printf(a, "%.10g", e->variants[0].layers[n].spikes);
    for (size_t k = 1; k < e->n_variants && k <= NIRC_EVALUATE_CHIP; k++) {
      const nirc_evaluate_layer *y = &e->variants[k].layers[n];
      cells[1 + 2 * k] = e->variants[k].refused ? "" : nirc_arena_printf(a, "%.10g", y->spikes);
      cells[2 + 2 * k] = e->variants[k].refused ? "" : equal_share(a, y->equal, y->elements);
    }
    if (nirc_evaluate_has_chip(e))
      cells[7] = nirc_arena_printf(a, "%" PRIu32, e->variants[NIRC_EVALUATE_CHIP].layers[n].latency);
  }
}

/* The chip, changed in one thing. */
static void fill_changes(nirc_evaluate_table *t, nirc_arena *a, const nirc_evaluation *e, nirc_evaluate_kind kind)
{
  static const char *const without[] = {"without", "accuracy", "right", "network's class", "equal spikes", "that is"};
  static const char *const with[] = {"with", "accuracy", "right", "network's class", "equal spikes"};
  static const bool numbers[] = {false, true, true, true, true, false};
  bool trial = kind == NIRC_EVALUATE_TRIAL;
  new_table(t, a, trial ? "The chip with another option" : "The chip without one of its constraints",
            trial ? with : without, numbers, trial ? 5 : 6, e->n_variants);
  for (size_t k = 0; k < e->n_variants; k++) {
    const nirc_evaluate_variant *v = &e->variants[k];
    if (v->kind != kind)
      continue;
    const char **cells = new_row(t);
    cells[0] = v->name;
    cells[1] = v->refused ? "refused" : nirc_evaluate_share(a, v->correct, e->run->samples);
    cells[2] = v->refused ? "" : nirc_arena_printf(a, "%+" PRId64, nirc_evaluate_gain(e, v));
    cells[3] = v->refused ? "" : nirc_evaluate_share(a, v->agreeing, e->run->samples);
    cells[4] = v->refused ? "" : equal_share(a, v->equal, v->elements);
    if (!trial)
      cells[5] = v->what;
  }
}

size_t nirc_evaluate_tables(nirc_evaluate_table tables[NIRC_EVALUATE_TABLES], nirc_arena *a, const nirc_evaluation *e)
{
  nirc_evaluate_table all[NIRC_EVALUATE_TABLES];
  fill_accuracy(&all[0], a, e);
  fill_layers(&all[1], a, e);
  fill_changes(&all[2], a, e, NIRC_EVALUATE_WITHOUT);
  fill_changes(&all[3], a, e, NIRC_EVALUATE_TRIAL);
  size_t n = 0;
  for (size_t i = 0; i < NIRC_EVALUATE_TABLES; i++)
    if (all[i].n_rows > 1)
      tables[n++] = all[i];
  return n;
}

/* ---- a terminal ----------------------------------------------------------------------------------------------------------------- */

static size_t width_of(const nirc_evaluate_table *t, size_t column)
{
  size_t most = 0;
  for (size_t row = 0; row < t->n_rows; row++) {
    size_t n = strlen(t->cells[row * t->n_columns + column]);
    most = n > most ? n : most;
  }
  return most;
}

static void add_row(nirc_strbuf *b, const nirc_evaluate_table *t, size_t row)
{
  const char *const *cells = t->cells + row * t->n_columns;
  size_t end = t->n_columns;
  while (end && !*cells[end - 1])
    end--;                                           /* no blanks at the end of a line */
  for (size_t i = 0; i < end; i++) {
    int blanks = (int)(width_of(t, i) - strlen(cells[i]));
    if (t->is_number[i])
      nirc_strbuf_addf(b, "  %*s%s", blanks, "", cells[i]);
    else
      nirc_strbuf_addf(b, "  %s%*s", cells[i], i + 1 < end ? blanks : 0, "");
  }
  nirc_strbuf_add(b, "\n");
}

void nirc_evaluate_print_text(const nirc_evaluation *e, nirc_strbuf *b)
{
  nirc_arena *a = nirc_arena_new(b->heap);
  nirc_evaluate_table tables[NIRC_EVALUATE_TABLES];
  nirc_strbuf_addf(b, "%s on %s, ", e->run->source, e->target);
  nirc_compare_add_input(b, e->run);
  nirc_strbuf_addf(b, ", %zu classes\n\n", e->classes);
  nirc_evaluate_add_summary(b, e);
  nirc_strbuf_add(b, "\n");
  size_t n = nirc_evaluate_tables(tables, a, e);
  for (size_t i = 0; i < n; i++) {
    nirc_strbuf_addf(b, "\n%s\n\n", tables[i].title);
    for (size_t row = 0; row < tables[i].n_rows; row++)
      add_row(b, &tables[i], row);
  }
  size_t before = b->size;
  nirc_evaluate_add_notes(b, "\n", e);
  nirc_strbuf_add(b, b->size > before ? "\n" : "");
  nirc_arena_free(a);
}
