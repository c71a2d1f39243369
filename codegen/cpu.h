/* codegen/cpu.h: from an snn module to code for a CPU.
 * Must not know: the nir level, files other than those it is told to write, command lines. */
#ifndef NIRC_CODEGEN_CPU_H
#define NIRC_CODEGEN_CPU_H

#include "codegen/cpu_plan.h"

typedef enum nirc_cpu_kind { NIRC_CPU_LLVM, NIRC_CPU_ASM, NIRC_CPU_OBJECT } nirc_cpu_kind;

typedef struct nirc_cpu_options {
  const char *triple;                                /* NULL: this machine's */
  const char *cpu;                                   /* NULL or "native": this machine's with all its features; a generic one for another triple */
  int level;                                         /* 0 to 3; the bits of results do not depend on it */
  const char *target;                                /* for nirc_model_info: "cpu", or the chip that is emulated */
} nirc_cpu_options;

/* The code of m as LLVM IR text, assembly or an object file, appended to out. m is at the snn level and verified. */
bool nirc_cpu_emit(const nirc_module *m, const nirc_cpu_options *o, nirc_cpu_kind kind, nirc_strbuf *out, nirc_diag *d);

/* A shared object at `path` (which may exist: it is overwritten). Runs the linker: `ld`, or what NIRC_LD names. */
bool nirc_cpu_write_library(const nirc_module *m, const nirc_cpu_options *o, const char *path, nirc_diag *d);

/* NAME.h: the declarations of this model, nirc_model.h included. NAME.json: what it is. */
void nirc_cpu_print_header(const nirc_cpu_plan *p, nirc_strbuf *out);
void nirc_cpu_print_json(const nirc_cpu_plan *p, const nirc_cpu_options *o, nirc_strbuf *out);

#endif
