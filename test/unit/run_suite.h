/* test/unit/run_suite.h: the end of every main() of a Check suite. */
#ifndef NIRC_TEST_UNIT_RUN_SUITE_H
#define NIRC_TEST_UNIT_RUN_SUITE_H

#include <check.h>
#include <stdlib.h>

/* The exit status of the program. */
static inline int run_suite(Suite *s)
{
  SRunner *r = srunner_create(s);
  srunner_run_all(r, CK_ENV);
  int failed = srunner_ntests_failed(r);
  srunner_free(r);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
