/* nirc_model.h: the C interface of every model that nirc compiles. C99 and C++.
 *
 * A compiled model NAME.so exports NAME_info, NAME_size, ... (declared in NAME.h) and nirc_model_query, through which a
 * host that has only dlopened the file gets the same functions. The library needs no libc, keeps no writable globals,
 * and never allocates, locks or does I/O while stepping.
 *
 * Layouts: a port's values are dense float32, `count` of them in C order of `shape`. step takes and gives [batch][count],
 * run [steps][batch][count]. Ports stand in byte order of their node names. */
#ifndef NIRC_MODEL_H
#define NIRC_MODEL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NIRC_MODEL_ABI 1u

typedef int32_t nirc_rc;
#define NIRC_OK 0
#define NIRC_E_ARG (-1)       /* a NULL pointer, batch 0, an event out of range or twice, room for too few events */
#define NIRC_E_SIZE (-2)      /* memory too small or not aligned to 64 bytes; a saved state of another length */
#define NIRC_E_NOMEM (-3)     /* the allocator returned NULL */
#define NIRC_E_STATE (-4)     /* a saved state of another model, version or batch */

typedef struct nirc_model nirc_model;                /* one instance; instances are independent of each other */

typedef struct nirc_allocator {
  void *(*alloc)(void *user, size_t size, size_t align);    /* NULL when there is no more */
  void (*free)(void *user, void *p, size_t size);
  void *user;
} nirc_allocator;

typedef struct nirc_event {
  uint32_t port;                                     /* index into inputs (outputs) of nirc_model_info */
  uint32_t index;                                    /* element, in C order */
  float value;                                       /* 1 for a spike */
} nirc_event;

typedef struct nirc_port {
  const char *name;                                  /* UTF-8; node name, or for a probe NODE/v, NODE/i, NODE/spikes, NODE/value */
  uint64_t count;                                    /* elements */
  const uint64_t *shape;                             /* `rank` axes */
  uint32_t rank;
  uint32_t latency;                                  /* steps still to be reckoned with; 0 on the CPU */
} nirc_port;

typedef struct nirc_state_field {
  const char *name;                                  /* NODE/v, NODE/i, ... */
  const char *dtype;                                 /* "f32", "f64", "i32", "i64" */
  uint64_t offset;                                   /* bytes from the start of a lane's part of a saved state */
  uint64_t count;                                    /* elements */
} nirc_state_field;

typedef struct nirc_counter {
  const char *node;
  const char *key;                                   /* "spikes", "synaptic_operations", and what an emulated chip adds */
} nirc_counter;

/* What a model is. Members are only ever appended; struct_size says how many there are. */
typedef struct nirc_model_info {
  uint32_t abi;                                      /* NIRC_MODEL_ABI of the compiler that made the model */
  uint32_t struct_size;
  const char *name;                                  /* C prefix */
  const char *source_hash;                           /* XXH128 of the input file, hexadecimal (as xxh128sum prints it) */
  const char *compiler;                              /* "nirc VERSION" */
  const char *profile;                               /* whose arithmetic: --semantics */
  const char *target;                                /* "cpu", or the chip that is emulated */
  double dt;                                         /* seconds, or 1 where time is counted in steps */
  uint64_t fingerprint;                              /* of everything that decides the meaning of a saved state */
  uint32_t flags;                                    /* 0 */
  uint32_t n_inputs, n_outputs, n_probes, n_fields, n_counters;
  const nirc_port *inputs, *outputs, *probes;
  const nirc_state_field *fields;
  const nirc_counter *counters;
  uint64_t state_header;                             /* bytes before the first lane of a saved state */
  uint64_t state_lane;                               /* bytes of one lane of a saved state */
  double most_events;                                /* 0: inputs are any numbers; else numbers of events, which above this count as this (infinite: none does) */
} nirc_model_info;

/* The functions of a model; NAME_step and so on are the same ones.
 *
 * info       NULL where the caller's NIRC_MODEL_ABI is one that the model does not serve.
 * size       bytes of an instance of `batch` lanes; 0 where batch is 0 or the size does not fit size_t.
 * create     one allocation, aligned to 64, from `a` (required, copied); then as reset.
 * init       the same in the caller's memory: `size` bytes at `mem`, aligned to 64; destroy is then not needed.
 * destroy    gives the memory back to the allocator of create; accepts NULL.
 * reset      the initial state in every lane.
 * step       in[n_inputs], out[n_outputs + n_probes]: a pointer to [batch][count] values each. The pointer of a probe may
 *            be NULL: it is then not recorded. in and out must not overlap.
 * run        the same for `steps` steps, pointers to [steps][batch][count]. Equal to that many calls of step.
 * step_events  one step of one lane. in[n]: a set, in any order; (port, index) out of range or twice is NIRC_E_ARG. out gets
 *            the values other than 0 of all outputs, by port and index, *n_out their number; cap must be at least the sum of
 *            all outputs' counts, else NIRC_E_ARG and nothing has happened. Bits are those of step.
 * state_size, state_save, state_load   the state of all lanes as bytes; load checks length, model and batch first.
 * count      from now on add what happens to counters[n_counters] (see info); NULL ends it. Does not change a result. */
typedef struct nirc_model_api {
  uint32_t abi;
  uint32_t struct_size;
  const nirc_model_info *(*info)(uint32_t caller_abi);
  size_t (*size)(uint32_t batch);
  nirc_rc (*create)(uint32_t batch, const nirc_allocator *a, nirc_model **out);
  nirc_rc (*init)(void *mem, size_t size, uint32_t batch, nirc_model **out);
  void (*destroy)(nirc_model *x);
  nirc_rc (*reset)(nirc_model *x);
  nirc_rc (*step)(nirc_model *x, const void *const in[], void *const out[]);
  nirc_rc (*step_events)(nirc_model *x, uint32_t lane, const nirc_event *in, size_t n, nirc_event *out, size_t cap, size_t *n_out);
  nirc_rc (*run)(nirc_model *x, uint64_t steps, const void *const in[], void *const out[]);
  size_t (*state_size)(const nirc_model *x);
  nirc_rc (*state_save)(const nirc_model *x, void *buf, size_t size);
  nirc_rc (*state_load)(nirc_model *x, const void *buf, size_t size);
  nirc_rc (*count)(nirc_model *x, uint64_t *counters);
} nirc_model_api;

/* The one symbol that every model has under the same name: its functions, or NULL where max_abi (the highest
 * NIRC_MODEL_ABI that the host knows) is below the model's. */
const nirc_model_api *nirc_model_query(uint32_t max_abi);

#ifdef __cplusplus
}
#endif

#endif
