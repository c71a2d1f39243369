/* ir/op.h: the structure of the IR: modules, regions, ops, values, attributes; and the table that defines the ops.
 * Owns: everything in a module's arena; blobs are counted and released with the module.
 * Must not know: what any op means (dialect_*.c do), passes, files, targets.
 *
 * Passes do not edit these lists: they go through the functions at the end of this header, which keep uses and order right. */
#ifndef NIRC_IR_OP_H
#define NIRC_IR_OP_H

#include "ir/base/diag.h"
#include "ir/base/quantity.h"
#include "ir/blob.h"

typedef struct nirc_module nirc_module;
typedef struct nirc_region nirc_region;
typedef struct nirc_op nirc_op;
typedef struct nirc_value nirc_value;

/* ---- attributes ---------------------------------------------------------------------------------------- */

typedef enum nirc_attr_kind {
  NIRC_ATTR_INT,                                     /* i */
  NIRC_ATTR_FLOAT,                                   /* f, a double */
  NIRC_ATTR_STRING,                                  /* s */
  NIRC_ATTR_WORD,                                    /* of a text only, to be named in a fault: no attribute is one */
  NIRC_ATTR_SHAPE,                                   /* shape: a short list of integers */
  NIRC_ATTR_DENSE,                                   /* blob */
  NIRC_ATTR_STRINGS,                                 /* strings, in `shape` */
  NIRC_ATTR_DICT                                     /* dict: named attributes (metadata) */
} nirc_attr_kind;

typedef struct nirc_attr {
  const char *name;
  nirc_attr_kind kind;
  int64_t i;
  double f;
  const char *s;
  nirc_shape shape;
  nirc_blob *blob;                                   /* borrowed from the module */
  const char *const *strings;
  struct nirc_attr *dict;                            /* first of a list */
  nirc_loc loc;                                      /* where it was written; no line: the op's place with its name behind */
  struct nirc_attr *next;
} nirc_attr;

/* ---- the op table ------------------------------------------------------------------------------------------ */

/* Physical dimension of a number; the unit is the SI one. */
typedef enum nirc_dim { NIRC_DIM_NONE, NIRC_DIM_SECOND, NIRC_DIM_VOLT, NIRC_DIM_OHM } nirc_dim;
const char *nirc_dim_unit(nirc_dim d);               /* "s", "V", "Ohm", "" */
nirc_dims nirc_dim_dims(nirc_dim d);

/* What shape a dense attribute has to have. */
typedef enum nirc_shape_rule {
  NIRC_SHAPE_ANY,                                    /* checked by the op's verify hook, if at all */
  NIRC_SHAPE_LAYER,                                  /* the shape of the layer; all such attributes of a node alike */
  NIRC_SHAPE_ONE,                                    /* one number: rank 0, or one element */
  NIRC_SHAPE_AXES,                                   /* one number, or one per spatial axis (`n_axes` of the op) */
  NIRC_SHAPE_LIST                                    /* a shape, as a list */
} nirc_shape_rule;

typedef struct nirc_attr_def {
  const char *name;
  nirc_attr_kind kind;
  nirc_dim dim;
  bool optional;
  nirc_shape_rule rule;                              /* of dense attributes */
  const char *doc;                                   /* one line; says what absence means for an optional one */
  bool or_string;                                    /* a dense attribute that may be a string instead (Conv padding) */
  bool or_one;                                       /* of a layer's attributes: may be a single number instead */
  const char *fallback;                              /* where a network's text (.snn) leaves it out: a number, another attribute, `input` (what arrives); NULL: see `optional` */
} nirc_attr_def;

/* hw: what is on a chip, in whole numbers; made of snn ops and its own, and executed like the snn level. */
typedef enum nirc_level { NIRC_LEVEL_NIR, NIRC_LEVEL_SNN, NIRC_LEVEL_HW, NIRC_LEVEL_ANY } nirc_level;

const char *nirc_level_name(nirc_level l);           /* "nir", "snn", "hw", "any" */
static inline bool nirc_level_has_steps(nirc_level l) { return l == NIRC_LEVEL_SNN || l == NIRC_LEVEL_HW; }
/* May an op (a pass) of level `l` stand in (work on) a module at `at`? */
static inline bool nirc_level_allows(nirc_level at, nirc_level l) { return l == at || l == NIRC_LEVEL_ANY || (at == NIRC_LEVEL_HW && l == NIRC_LEVEL_SNN); }

typedef struct nirc_op_def {
  const char *mnemonic;                              /* "nir.lif" */
  const char *nir_type;                              /* node type in a .nir file, "LIF"; NULL where there is none */
  const char *doc;                                   /* what it is */
  const char *equation;                              /* what it computes, and where that is written; NULL where doc says it all */
  nirc_level level;
  int n_operands;                                    /* -1: any number */
  int n_results;                                     /* -1: as many as are given types (of a region: those of its last op) */
  bool has_region;
  bool spikes;                                       /* its first result is 0 or 1 */
  bool integrates;                                   /* nir: has dynamics (breaks a cycle) */
  int n_axes;                                        /* spatial axes, of convolutions and pooling */
  const nirc_attr_def *attrs;
  size_t n_attrs;

  /* nir level. The shape that the node wants to receive, where its own parameters say so (false: they do not). */
  bool (*input_shape)(const nirc_op *op, nirc_shape *out);
  /* nir level. Shape of what it sends, given what it receives (NULL where unknown). False without a diagnostic where `in` is needed
   * and missing, with one where it does not fit. */
  bool (*infer)(nirc_module *m, const nirc_op *op, const nirc_shape *in, nirc_shape *out, nirc_diag *d);
  /* Parameters that contradict each other, whatever the input; for snn ops also operand and result types. Reports every fault. */
  bool (*verify)(nirc_module *m, const nirc_op *op, nirc_diag *d);
} nirc_op_def;

typedef enum nirc_opcode {
#define NIRC_OP(code, def) code,
#include "ir/ops.def"
#undef NIRC_OP
  NIRC_N_OPS
} nirc_opcode;

extern const nirc_op_def *const nirc_op_defs[NIRC_N_OPS];

const nirc_op_def *nirc_op_def_of_nir_type(const char *type);            /* NULL where unknown */
const nirc_attr_def *nirc_op_def_attr(const nirc_op_def *def, const char *name);
nirc_opcode nirc_op_def_code(const nirc_op_def *def);
static inline bool nirc_attr_def_is_whole(const nirc_attr_def *a)        /* its numbers are whole: sizes, strides, axes */
{
  return a->rule == NIRC_SHAPE_ONE || a->rule == NIRC_SHAPE_AXES || a->rule == NIRC_SHAPE_LIST;
}

/* ---- structure --------------------------------------------------------------------------------------------- */

typedef struct nirc_use {
  nirc_value *value;
  nirc_op *user;
  uint32_t index;                                    /* operand number */
  struct nirc_use *prev, *next;                      /* other uses of the value */
} nirc_use;

struct nirc_value {
  const nirc_type *type;                             /* NULL only while a nir graph is being built */
  nirc_op *def;
  uint32_t index;                                    /* result number */
  nirc_use *uses;
};

struct nirc_op {
  nirc_opcode code;
  const nirc_op_def *def;
  const char *name;                                  /* node name; on the snn level a readable name, need not be unique. Never NULL */
  nirc_loc loc;
  nirc_region *parent;
  nirc_op *prev, *next;
  uint32_t n_operands, n_results;
  nirc_use *operands;
  nirc_value *results;
  nirc_attr *attrs;                                  /* in the order they were set */
  nirc_region *body;                                 /* NULL unless def->has_region */
  uint32_t id;                                       /* scratch of whichever pass runs: index into its side tables */
};

struct nirc_region {
  nirc_op *first, *last;
  nirc_op *parent;                                   /* NULL for the module's own */
};

struct nirc_module {
  nirc_arena *arena;
  const nirc_heap *heap;
  nirc_type_table types;
  nirc_level level;
  nirc_region body;                                  /* one nir.graph, or one snn.step */
  const char *path;                                  /* of the input, as given */
  const char *name;                                  /* C identifier: base name of the outputs */
  uint64_t source_hash[2];                           /* XXH128 of the input's bytes, high and low half */
  struct nirc_blob_list { nirc_blob *blob; struct nirc_blob_list *next; } *blobs;
};

nirc_module *nirc_module_new(const nirc_heap *h, const char *path, const char *name);
void nirc_module_free(nirc_module *m);               /* accepts NULL */

/* Hands a reference to the module, which drops it when it is freed; returns b. */
nirc_blob *nirc_module_hold(nirc_module *m, nirc_blob *b);

/* A new op at the end of `region`, its results untyped. name is copied. */
nirc_op *nirc_op_new(nirc_module *m, nirc_region *region, nirc_opcode code, const char *name, nirc_loc loc);
/* The same before `at`. */
nirc_op *nirc_op_new_before(nirc_module *m, nirc_op *at, nirc_opcode code, const char *name, nirc_loc loc);
void nirc_op_set_operands(nirc_module *m, nirc_op *op, nirc_value *const *values, size_t n);     /* replaces all */
/* The results of an op whose definition leaves their number open; the ones before must have no use. */
void nirc_op_set_results(nirc_module *m, nirc_op *op, const nirc_type *const *types, size_t n);
void nirc_op_move_to(nirc_op *op, nirc_region *region);                  /* to its end; operands and results keep */
void nirc_value_replace(nirc_value *old, nirc_value *by);                /* in all uses */
void nirc_op_erase(nirc_op *op);                     /* its results must have no use */

nirc_value *nirc_op_result(nirc_op *op);             /* the first */
nirc_value *nirc_op_operand(const nirc_op *op, uint32_t i);

/* Attributes. Setting one that is there replaces it. Names and strings are copied; a blob is borrowed (nirc_module_hold). */
const nirc_attr *nirc_op_attr(const nirc_op *op, const char *name);      /* NULL where absent */
nirc_attr *nirc_op_set_attr(nirc_module *m, nirc_op *op, const char *name, nirc_attr_kind kind);
void nirc_op_set_blob(nirc_module *m, nirc_op *op, const char *name, nirc_blob *b);
void nirc_op_set_int(nirc_module *m, nirc_op *op, const char *name, int64_t i);
void nirc_op_set_string(nirc_module *m, nirc_op *op, const char *name, const char *s);
void nirc_op_set_shape(nirc_module *m, nirc_op *op, const char *name, const nirc_shape *s);
void nirc_op_remove_attr(nirc_op *op, const char *name);
void nirc_op_set_attr_loc(nirc_op *op, const char *name, nirc_loc loc);  /* where it was written; it must be there */

nirc_blob *nirc_op_blob(const nirc_op *op, const char *name);            /* NULL where absent or no dense attribute */
int64_t nirc_op_int(const nirc_op *op, const char *name);                /* must be there */
const nirc_shape *nirc_op_shape(const nirc_op *op, const char *name);    /* must be there */

/* Entries of a dictionary. Adding puts one at its end, whatever is there (the name is copied); finding gives NULL where none has that name and kind, or `dict` is no
 * dictionary or NULL. */
nirc_attr *nirc_dict_add(nirc_module *m, nirc_attr *dict, const char *name, nirc_attr_kind kind);
void nirc_dict_add_int(nirc_module *m, nirc_attr *dict, const char *name, int64_t i);
void nirc_dict_add_size(nirc_module *m, nirc_attr *dict, const char *name, size_t n);                      /* an int */
void nirc_dict_add_float(nirc_module *m, nirc_attr *dict, const char *name, double f);
void nirc_dict_add_string(nirc_module *m, nirc_attr *dict, const char *name, const char *s);              /* copied */
void nirc_dict_add_shape(nirc_module *m, nirc_attr *dict, const char *name, nirc_shape s);
void nirc_dict_add_blob(nirc_module *m, nirc_attr *dict, const char *name, nirc_blob *b);                 /* borrowed */
const nirc_attr *nirc_dict_find(const nirc_attr *dict, const char *name, nirc_attr_kind kind);

/* Place of an attribute of this op: its own, or the op's object path with the name behind it. */
nirc_loc nirc_op_attr_loc(nirc_module *m, const nirc_op *op, const char *name);
#define NIRC_FOR_EACH_OP(op, region) for (nirc_op *op = (region)->first; op; op = op->next)

#endif
