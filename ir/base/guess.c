#include "ir/base/guess.h"

#include <string.h>

static char fold(char c)
{
  return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Edit distance, up to 3; more counts as 4. */
static int distance(const char *a, const char *b)
{
  size_t n = strlen(a), m = strlen(b);
  if (n > 40 || m > 40)
    return 4;
  int row[41];
  for (size_t j = 0; j <= m; j++)
    row[j] = (int)j;
  for (size_t i = 1; i <= n; i++) {
    int diagonal = row[0];
    row[0] = (int)i;
    for (size_t j = 1; j <= m; j++) {
      int change = diagonal + (fold(a[i - 1]) != fold(b[j - 1])), least = row[j] < row[j - 1] ? row[j] : row[j - 1];
      diagonal = row[j];
      row[j] = change <= least ? change : least + 1;
    }
  }
  return row[m] > 3 ? 4 : row[m];
}

void nirc_guess_consider(nirc_guess *g, const char *wanted, const char *name)
{
  int far = distance(wanted, name);
  if (far < 3 && far < (int)strlen(wanted) && (!g->name || far < g->distance))
    *g = (nirc_guess){name, far};
}

void nirc_guess_note(const nirc_guess *g, nirc_diag *d, nirc_loc loc)
{
  if (g->name)
    nirc_note_fix(d, loc, g->name, "did you mean '%s'?", g->name);
}

void nirc_guess_word(const char *wanted, const char *const *names, size_t n, nirc_diag *d)
{
  nirc_guess g = {0};
  for (size_t i = 0; i < n; i++)
    nirc_guess_consider(&g, wanted, names[i]);
  nirc_guess_note(&g, d, nirc_loc_none());
}
