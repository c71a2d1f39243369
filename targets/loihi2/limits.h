/* targets/loihi2/limits.h: what is known of the chip. Ranges are those of Lava 0.10.0 (netx, LIF, Dense). What a core holds is an estimate, fitted to tables of
 * Intel's partitioner that lava-dl's tutorials print; it is no figure of Intel's. */
#ifndef NIRC_TARGETS_LOIHI2_LIMITS_H
#define NIRC_TARGETS_LOIHI2_LIMITS_H

enum {
  NIRC_LOIHI2_DECAY_ONE = 4096,                      /* what a decay is a share of */
  NIRC_LOIHI2_DECAY_REGISTER = 4095,                 /* the most that 12 bits hold */
  NIRC_LOIHI2_MAX_THRESHOLD = 131071, NIRC_LOIHI2_MAX_BIAS = 4095, NIRC_LOIHI2_MAX_WEIGHT = 254, NIRC_LOIHI2_MAX_DELAY = 62,
  NIRC_LOIHI2_CURRENT_END = 1 << 23,                 /* u wraps there, v is cut */

  NIRC_LOIHI2_CORE_WORDS = 20000, NIRC_LOIHI2_TABLE_WORDS = 16000, NIRC_LOIHI2_CORE_NEURONS = 4095, NIRC_LOIHI2_CORE_GROUPS = 8, NIRC_LOIHI2_CHIP_CORES = 120,
  NIRC_LOIHI2_WEIGHTS_PER_64_WORDS = 20, NIRC_LOIHI2_CONV_WEIGHTS_PER_WORD = 8
};

#endif
