/* tools/nirc.c: the compiler's main. */
#include "frontend/driver.h"

int main(int argc, char **argv)
{
  return (int)nirc_driver_main(argc, argv);
}
