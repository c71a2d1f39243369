/* targets/speck/limits.h: what the chip has, as numbers. Speck 2e and 2f have the same.
 * Sources: sinabs 3.1.3, backend/dynapcnn/chips/dynapcnn.py; SynSense, "Speck Dev Kit Datasheet", August 2023 (DS).
 * Must not know: networks. */
#ifndef NIRC_TARGETS_SPECK_LIMITS_H
#define NIRC_TARGETS_SPECK_LIMITS_H

#include <stdint.h>

enum {
  NIRC_SPECK_CORES = 9,                              /* DS 2.4 */
  NIRC_SPECK_DESTINATIONS = 2,                       /* of one core; DS 3.2.4.8 */
  NIRC_SPECK_MAX_INPUT_MAP = 128,                    /* rows, columns; DS 2.4 */
  NIRC_SPECK_MAX_OUTPUT_MAP = 64,
  NIRC_SPECK_MAX_FEATURES = 1024,
  NIRC_SPECK_MAX_KERNEL = 16,                        /* square */
  NIRC_SPECK_MAX_STRIDE = 8,                         /* 1, 2, 4, 8 */
  NIRC_SPECK_MAX_PADDING = 7,
  NIRC_SPECK_MAX_POOLING = 4,                        /* 1, 2, 4; of one destination */
  NIRC_SPECK_SENSOR_MAP = 128,                       /* DS 3.2.3 */
  NIRC_SPECK_SENSOR_DESTINATIONS = 2,
  NIRC_SPECK_READOUT = 12,                           /* destination that is the readout; DS 3.2.5 */
  NIRC_SPECK_READOUT_CLASSES = 15,
  NIRC_SPECK_READOUT_SPREAD = 4                      /* class i, from 0, is feature 4 i: erratum of the readout */
};

/* Words of one core's memories: kernel 8 bit, neuron 16 bit, bias 16 bit. */
typedef struct nirc_speck_words { uint64_t kernel, neuron, bias; } nirc_speck_words;
extern const nirc_speck_words nirc_speck_memory[NIRC_SPECK_CORES];

#endif
