/* passes/rule.h: the rule of a profile for one node, and its equations evaluated on the node's parameters.
 * Must not know: what ops the equations become. */
#ifndef NIRC_PASSES_RULE_H
#define NIRC_PASSES_RULE_H

#include "passes/discretise.h"

/* What equations of one node know before a step is made: its parameters, and dt. */
typedef struct nirc_parameters {
  nirc_arena *arena;
  nirc_eq_name *names;
  const nirc_eq_value **values;                      /* by name: `n` values, or one where single */
  bool *single;
  size_t n_names, n;                                 /* n: 1 where every parameter is one number */
  size_t count;                                      /* elements of a layer that has them one by one, alike or not; else 1 */
} nirc_parameters;

/* dt_fixed: an equation that assigns dt is left out. */
nirc_parameters nirc_parameters_of(nirc_arena *a, const nirc_op *node, nirc_precision precision, double dt, bool dt_fixed);

/* Values of `wanted` after `text`: values[w * n + element], types[w]. False with a sentence where the text makes no sense. */
bool nirc_parameters_eval(const nirc_parameters *p, const char *text, const char *const *wanted, size_t n_wanted, nirc_eq_value *values, nirc_dtype *types,
                          const char **fault);

/* True where the condition holds for every element; else *element is the first where it does not. */
bool nirc_parameters_hold(const nirc_parameters *p, const char *condition, size_t *element);

/* The rule of this profile for the node; NULL: none. */
const nirc_rule *nirc_rule_find(const nirc_profile *profile, const nirc_heap *heap, const nirc_op *node, double dt);

/* Words of a text; of its statements, those that assign. */
bool nirc_rule_mentions(const char *text, const char *word);             /* text may be NULL */
size_t nirc_rule_assigned(nirc_arena *a, const char *text, const char ***names);
/* The statements that `wanted` needs, in order. */
const char *nirc_rule_prune(nirc_arena *a, const char *text, const char *const *wanted, size_t n_wanted);

#endif
