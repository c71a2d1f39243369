#include "targets/speck/limits.h"

const nirc_speck_words nirc_speck_memory[NIRC_SPECK_CORES] = {           /* DS table 1 and 3, and sinabs, agree */
  {16384, 65536, 1024}, {16384, 65536, 1024}, {16384, 65536, 1024}, {32768, 32768, 1024}, {32768, 32768, 1024},
  {65536, 16384, 1024}, {65536, 16384, 1024}, {16384, 16384, 1024}, {16384, 16384, 1024},
};
