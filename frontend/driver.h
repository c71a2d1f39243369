/* frontend/driver.h: one invocation of nirc: read, passes, write.
 * Must not know: what passes and targets do. */
#ifndef NIRC_FRONTEND_DRIVER_H
#define NIRC_FRONTEND_DRIVER_H

#include "ir/base/diag.h"

/* The whole program; returns the exit status. */
nirc_status nirc_driver_main(int argc, char **argv);

#endif
