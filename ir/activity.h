/* ir/activity.h: how often the elements of a network spike: the attribute `activity` of a module's first op, at any level. Measured on given input, or one rate
 * that is assumed of all.
 * Owns: the attribute's form.
 * Must not know: how it is measured, what is made of it. */
#ifndef NIRC_IR_ACTIVITY_H
#define NIRC_IR_ACTIVITY_H

#include "ir/op.h"

#define NIRC_ACTIVITY "activity"
#define NIRC_ACTIVITY_ASSUMED 0.1                    /* where a module says nothing: spikes of an element in a step */

/* What one node does in a step, of one sample: the mean. */
typedef struct nirc_activity_count { const char *node; uint64_t elements; double per_step; } nirc_activity_count;

typedef struct nirc_activity {
  bool given;                                        /* false: the module says nothing, so NIRC_ACTIVITY_ASSUMED is assumed */
  bool measured;
  double rate;                                       /* assumed: spikes of an element in a step */
  const char *input;                                 /* measured: base name of the file, */
  uint64_t steps, samples;                           /* and what is in it */
  const nirc_activity_count *spikes, *operations;    /* measured: of neurons and Inputs; synaptic ones, of weighted sums */
  size_t n_spikes, n_operations;
} nirc_activity;

/* What the module says; one that says nothing, or nothing that can be read, gets the assumed rate. Lists go to `a`. */
nirc_activity nirc_activity_of(const nirc_module *m, nirc_arena *a);

/* Spikes of one element of a layer of neurons, or of an Input, in a step: the mean. Negative where the node was not measured. The name may have '.' for the '/' of
 * nested graphs, as files of chips have it. */
double nirc_activity_rate(const nirc_activity *x, const char *node);

/* What was measured under that name in a list: the sum over its entries; none: negative. */
double nirc_activity_sum(const nirc_activity_count *list, size_t n, const char *node);

/* Writes it into the module: with `measured` the lists, else the rate. */
void nirc_activity_set(nirc_module *m, const nirc_activity *x);

/* From the first op of a module, which is about to be replaced, to the one that replaces it; NULL: it says nothing. */
void nirc_activity_carry(nirc_module *m, nirc_op *to, const nirc_attr *activity);

#endif
