/* test/unit/test_population.c: snn.population in the interpreter and before the verifier. The expected numbers were worked out by hand. */
#include <stdio.h>
#include <stdlib.h>

#include "ir/dialect_snn.h"
#include "test/unit/run_suite.h"
#include "test/unit/snn_fixture.h"

/* x -> dense -> neurons, as one op: x, v to z, v'. */
static nirc_op *population(fixture *f)
{
  nirc_value *outside[] = {input(f, "in", SHAPE(2)), state(f, "n/v", SHAPE(2), 0)}, *inside[2];
  nirc_op *op = add_op(f, SNN_POPULATION, "n", 2, outside);
  const nirc_type *spikes = nirc_type_get(&f->m->types, NIRC_BOOL, SHAPE(2)), *types[] = {spikes, outside[1]->type};
  nirc_op_set_results(f->m, op, types, 2);
  for (int64_t i = 0; i < 2; i++) {
    nirc_op *o = nirc_op_new(f->m, op->body, SNN_OPERAND, "o", nirc_loc_none());
    nirc_op_set_int(f->m, o, "index", i);
    set_type(f, o, 0, NIRC_F32, SHAPE(2));
    inside[i] = nirc_op_result(o);
  }
  nirc_op *sum = nirc_op_new(f->m, op->body, SNN_DENSE, "fc", nirc_loc_none());
  nirc_op_set_operands(f->m, sum, inside, 1);
  set_dense(f, sum, "weight", SHAPE(2, 2), FLOATS(1, 2, 4, 0.5f));
  set_type(f, sum, 0, NIRC_F32, SHAPE(2));
  nirc_op *n = add_neuron(f, op->body, "x v", (nirc_value *[]){nirc_op_result(sum), inside[1]}, 2, "z v", 1, 2, "h = v + g*x; z = h > v_threshold; v = z ? v_reset : h");
  set_splat(f, n, "g", SHAPE(2), 0.5);
  set_splat(f, n, "v_threshold", SHAPE(2), 1);
  set_splat(f, n, "v_reset", SHAPE(2), 0.25);
  update(f, outside[1], &op->results[1]);
  return op;
}

START_TEST(population_gives_what_its_last_op_gives)
{
  /* Sums (3, 4.5), (2, 0.5), (-1, 3.5); h = v + sum/2: (1.5, 2.25) fires, (1.25, 0.5), (-0.25, 2.25); v after a spike is 0.25. */
  const float in[3][2] = {{1, 1}, {0, 1}, {1, -1}}, want[2][3][2] = {{{1, 1}, {1, 0}, {0, 1}}, {{0.25f, 0.25f}, {0.25f, 0.5f}, {-0.25f, 0.25f}}};
  for (int r = 0; r < 2; r++) {
    fixture f = fixture_new();
    output(&f, SNN_OUTPUT, "out", &population(&f)->results[r]);
    nirc_interp *x = start(&f);
    for (int t = 0; t < 3; t++)
      expect_step(x, in[t], NULL, want[r][t], 2);
    finish(&f, x);
  }
}
END_TEST

/* One fault each. */
static void spoil(fixture *f, nirc_op *op, int fault)
{
  nirc_op *o = op->body->first, *sum = op->body->last->prev, *n = op->body->last;
  switch (fault) {
  case 0: nirc_op_set_int(f->m, o, "index", 2); break;
  case 1: nirc_op_set_int(f->m, o, "index", -1); break;
  case 2: set_type(f, o, 0, NIRC_F32, SHAPE(3)); break;                  /* not the operand's */
  case 3: nirc_op_new(f->m, op->body, SNN_OPERAND, "last", nirc_loc_none()); break;      /* no neurons at the end */
  case 4: nirc_op_set_operands(f->m, n, (nirc_value *[]){nirc_op_result(sum), nirc_op_result(sum)}, 2); break;
  case 5: nirc_op_set_operands(f->m, n, (nirc_value *[]){nirc_op_result(o), nirc_op_result(sum)}, 2); break;     /* the sum as v */
  case 6: nirc_op_set_operands(f->m, op, (nirc_value *[]){nirc_op_operand(op, 0), nirc_op_operand(op, 1), nirc_op_operand(op, 1)}, 3); break;
  case 7: op->results[1].type = op->results[0].type; break;
  case 8: nirc_value_replace(&op->results[1], nirc_op_operand(op, 1)), op->n_results = 1; break;         /* without v' */
  case 9: nirc_op_new_before(f->m, sum, SNN_POPULATION, "inner", nirc_loc_none()); break;
  case 10: nirc_op_set_operands(f->m, op, (nirc_value *[]){nirc_op_operand(op, 0)}, 1); break;
  case 11: nirc_op_set_operands(f->m, sum, (nirc_value *[]){nirc_op_operand(op, 0)}, 1); break;            /* from outside */
  default: set_type(f, o = nirc_op_new(f->m, f->step->body, SNN_OPERAND, "o", nirc_loc_none()), 0, NIRC_F32, SHAPE(2)), nirc_op_set_int(f->m, o, "index", 0);
  }
}

START_TEST(population_of_anything_else_is_refused)
{
  for (int fault = 0; fault <= 12; fault++) {
    fixture f = fixture_new();
    nirc_op *op = population(&f);
    output(&f, SNN_OUTPUT, "out", nirc_op_result(op));
    nirc_diag d;
    FILE *lost = fopen("/dev/null", "w");
    nirc_diag_init(&d, lost, "test_population");
    ck_assert_msg(nirc_module_verify(f.m, &d), "case %d, before", fault);
    spoil(&f, op, fault);
    ck_assert_msg(!nirc_module_verify(f.m, &d), "case %d", fault);
    fclose(lost);
    nirc_module_free(f.m);
  }
}
END_TEST

int main(void)
{
  Suite *s = suite_create("population");
  TCase *t = tcase_create("population");
  tcase_add_test(t, population_gives_what_its_last_op_gives);
  tcase_add_test(t, population_of_anything_else_is_refused);
  suite_add_tcase(s, t);
  return run_suite(s);
}
