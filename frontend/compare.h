/* frontend/compare.h: where one network parts from itself under several profiles: collected once, printed as text, JSON or part of a page.
 * Owns: nothing; all of it lies in the caller's arena.
 * Must not know: how a network is compiled or run. docs/compare.md says what each number means. */
#ifndef NIRC_FRONTEND_COMPARE_H
#define NIRC_FRONTEND_COMPARE_H

#include <jansson.h>

#include "ir/type.h"

enum {
  NIRC_COMPARE_MOST_SHIFT = 4,                       /* steps by which one train may follow the other */
  NIRC_COMPARE_NO_SHIFT = INT32_MAX,
  NIRC_COMPARE_MOST_ROWS = 64,                       /* elements of a raster, */
  NIRC_COMPARE_MOST_COLUMNS = 300                    /* and its steps */
};

/* A profile with its options. */
typedef struct nirc_compare_variant {
  const char *name;                                  /* as written */
  const char *profile, *reset;                       /* reset NULL: not given */
  double dt;                                         /* as used */
} nirc_compare_variant;

/* A node with a state or with spikes; an Output behind any other node. */
typedef struct nirc_compare_layer {
  const char *name, *type;                           /* GRAPH/NODE; "LIF" */
  nirc_shape shape;
  size_t count;                                      /* elements */
  bool spikes;                                       /* its spikes are compared, else its values */
  bool has_v;
} nirc_compare_layer;

/* Where something was first, or largest. */
typedef struct nirc_compare_place {
  bool known;                                        /* false: nowhere */
  uint64_t step;
  uint32_t sample;
  size_t element;
} nirc_compare_place;

/* One layer under two variants, a and b. */
typedef struct nirc_compare_difference {
  nirc_compare_place first;                          /* that is sent: spikes, else values */
  uint64_t n;                                        /* elements, over all steps and samples, that differ there */
  int32_t shift;                                     /* by which b's train is a's: in steps, above 0 where b is late; NO_SHIFT: none. 0: they are equal */
  nirc_compare_place first_v, most_v;
  double most, a, b;                                 /* the largest difference in v, and both values there, b's in the unit of a */
  double mean_v;                                     /* of the difference in v, over all elements, steps and samples */
  nirc_compare_place most_v_agreed;                  /* the same as long as what the layer sends has not differed in that sample, */
  double most_agreed;                                /* which is before steps that follow from a spike */
  bool scaled;                                       /* thresholds differ: b's v was brought to the unit of a by their quotient */
} nirc_compare_difference;

/* A choice of the table of profiles, changed alone in a to what it is in b. */
typedef struct nirc_compare_choice {
  const char *name;
  bool differs;                                      /* what is computed is then something else */
  bool refused;                                      /* it cannot be changed alone */
  bool agrees;                                       /* then nothing differs from b in what the pair's subject is */
  const nirc_compare_difference *layers;             /* from b; NULL where it was not run */
} nirc_compare_choice;

/* The most telling of what differs anywhere: spikes, else values that are sent, else v. */
typedef enum nirc_compare_subject { NIRC_COMPARE_NOTHING, NIRC_COMPARE_V, NIRC_COMPARE_VALUES, NIRC_COMPARE_SPIKES } nirc_compare_subject;

/* Two variants, the first of the list and another. */
typedef struct nirc_compare_pair {
  size_t a, b;
  nirc_compare_difference *layers;
  nirc_compare_subject subject;
  nirc_compare_choice *choices;                      /* n of them; none where the two agree in every bit */
  size_t n_choices;
  bool *together;                                    /* by choice: a set that makes the two agree, and no less of it does; NULL: none was found or looked for */
  const nirc_compare_difference *together_layers;    /* from b, with that set */
} nirc_compare_pair;

/* Spikes of one sample: window [first_step, first_step + n_steps), some elements. */
typedef struct nirc_compare_raster {
  size_t *elements;                                  /* ascending */
  size_t n_elements;
  float **values;                                    /* by variant: [n_steps][n_elements] */
} nirc_compare_raster;

typedef struct nirc_comparison {
  const char *source;                                /* base names */
  const char *input;                                 /* NULL: random spikes */
  uint64_t seed;
  double rate;
  uint64_t steps;
  uint32_t samples;
  bool batched;                                      /* samples are to be named */
  bool without_causes;                               /* what differs is known (quantised weights): no choice of a profile is looked for */
  nirc_compare_variant *variants;
  size_t n_variants;
  nirc_compare_layer *layers;                        /* in the order in which the first variant evaluates them */
  size_t n_layers;
  double **spikes;                                   /* by variant, layer: how many, over all steps and samples */
  nirc_compare_pair *pairs;                          /* n_variants - 1 */
  nirc_compare_raster *rasters;                      /* by layer, without rows where it has no spikes; NULL: none are wanted */
  uint64_t first_step, n_steps;                      /* of the rasters, */
  uint32_t sample;                                   /* and whose they are */
} nirc_comparison;

/* Of a pair. */
nirc_compare_subject nirc_compare_subject_of(const nirc_comparison *c, const nirc_compare_difference *layers);

/* Where layer n first differs in the subject; not known for a layer without such. */
const nirc_compare_place *nirc_compare_first(const nirc_comparison *c, const nirc_compare_difference *layers, size_t n, nirc_compare_subject s);
/* The layer that differs in it first; n_layers where none does. */
size_t nirc_compare_first_layer(const nirc_comparison *c, const nirc_compare_difference *layers, nirc_compare_subject s);

/* What the pair's choices have to do with layer n: appends "reset", "reset or start", "reset (moves it to step 30)", "integration and reset together",
 * "no single choice"; nothing where it does not differ. */
void nirc_compare_add_cause(nirc_strbuf *b, const nirc_compare_pair *p, size_t n);

/* "[3]", "[0, 2, 5]": an element of the layer. */
void nirc_compare_add_element(nirc_strbuf *b, const nirc_compare_layer *l, size_t element);

/* One sentence, or two, on what is behind a pair's difference. */
void nirc_compare_add_summary(nirc_strbuf *b, const nirc_comparison *c, const nirc_compare_pair *p);
/* What was run on what: "100 steps of random spikes (rate 0.1, seed 1)". */
void nirc_compare_add_input(nirc_strbuf *b, const nirc_comparison *c);

void nirc_compare_print_text(const nirc_comparison *c, nirc_strbuf *b);
json_t *nirc_compare_json(const nirc_comparison *c);                     /* a reference for the caller */
void nirc_compare_print_json(const nirc_comparison *c, nirc_strbuf *b);
extern const char nirc_compare_style[];              /* of that page */
void nirc_compare_print_html(const nirc_comparison *c, nirc_strbuf *b);  /* sections of a page */
void nirc_compare_print_rasters(const nirc_comparison *c, const char *more, nirc_strbuf *b);             /* one section, the last of them; `more`: behind what it says */

#endif
