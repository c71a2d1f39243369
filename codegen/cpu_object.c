/* codegen/cpu_object.c: one LLVM module per network, its target machine and passes. */
#include <inttypes.h>
#include <llvm-c/Analysis.h>
#include <llvm-c/Target.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <string.h>

#include "codegen/cpu_emit.h"
#include "codegen/link.h"

/* Offsets between code and weights are 32 bits signed in the usual code model. */
#define MAX_CONSTANT_BYTES ((size_t)1900 << 20)

/* ---- target machine ------------------------------------------------------------------------------------------------------ */

typedef struct machine {
  LLVMTargetMachineRef tm;
  char *triple;
  bool has_fma;
} machine;

static LLVMCodeGenOptLevel codegen_level(int level)
{
  static const LLVMCodeGenOptLevel levels[] = {LLVMCodeGenLevelNone, LLVMCodeGenLevelLess, LLVMCodeGenLevelDefault, LLVMCodeGenLevelAggressive};
  return levels[level];
}

static bool open_machine(machine *m, const nirc_cpu_options *o, nirc_diag *d)
{
  if (o->triple) {                                   /* all targets are many: only where asked for */
    LLVMInitializeAllTargetInfos();
    LLVMInitializeAllTargets();
    LLVMInitializeAllTargetMCs();
    LLVMInitializeAllAsmPrinters();
    m->triple = LLVMNormalizeTargetTriple(o->triple);
  } else {
    LLVMInitializeNativeTarget();
    LLVMInitializeNativeAsmPrinter();
    m->triple = LLVMGetDefaultTargetTriple();
  }
  LLVMTargetRef target;
  char *message = NULL;
  if (LLVMGetTargetFromTriple(m->triple, &target, &message)) {
    nirc_error_status(d, NIRC_STATUS_USAGE, nirc_loc_none(), "--mtriple %s: %s", m->triple, message);
    LLVMDisposeMessage(message);
    return false;
  }
  bool native = !o->triple && (!o->cpu || strcmp(o->cpu, "native") == 0);
  char *cpu = native ? LLVMGetHostCPUName() : LLVMCreateMessage(o->cpu && strcmp(o->cpu, "native") ? o->cpu : "");
  char *features = native ? LLVMGetHostCPUFeatures() : LLVMCreateMessage("");
  m->tm = LLVMCreateTargetMachine(target, m->triple, cpu, features, codegen_level(o->level), LLVMRelocPIC, LLVMCodeModelDefault);
  m->has_fma = strstr(features, "+fma,") || strncmp(m->triple, "aarch64", strlen("aarch64")) == 0;
  LLVMDisposeMessage(cpu);
  LLVMDisposeMessage(features);
  if (!m->tm)
    nirc_error_status(d, NIRC_STATUS_USAGE, nirc_loc_none(), "LLVM cannot generate code for %s", m->triple);
  return m->tm != NULL;
}

static void close_machine(machine *m)
{
  if (m->tm)
    LLVMDisposeTargetMachine(m->tm);
  LLVMDisposeMessage(m->triple);
}

/* ---- the module ------------------------------------------------------------------------------------------------------------- */

static void make_types(nirc_emitter *e)
{
  e->t_void = LLVMVoidTypeInContext(e->context);
  e->i1 = LLVMInt1TypeInContext(e->context);
  e->i8 = LLVMInt8TypeInContext(e->context);
  e->i16 = LLVMInt16TypeInContext(e->context);
  e->i32 = LLVMInt32TypeInContext(e->context);
  e->i64 = LLVMInt64TypeInContext(e->context);
  e->f32 = LLVMFloatTypeInContext(e->context);
  e->f64 = LLVMDoubleTypeInContext(e->context);
  e->ptr = LLVMPointerTypeInContext(e->context, 0);
  e->word = LLVMIntPtrTypeInContext(e->context, e->layout);
}

static bool run_passes(nirc_emitter *e, LLVMTargetMachineRef tm, nirc_diag *d)
{
  static const char *const pipelines[] = {NULL, "default<O1>", "default<O2>", "default<O3>"};
  const char *pipeline = pipelines[e->options->level];
  if (!pipeline)
    return true;
  LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
  LLVMErrorRef error = LLVMRunPasses(e->module, pipeline, tm, options);
  LLVMDisposePassBuilderOptions(options);
  if (!error)
    return true;
  char *message = LLVMGetErrorMessage(error);
  nirc_error_status(d, NIRC_STATUS_INTERNAL, nirc_loc_none(), "LLVM: %s", message);
  LLVMDisposeErrorMessage(message);
  return false;
}

static bool print_module(nirc_emitter *e, LLVMTargetMachineRef tm, nirc_cpu_kind kind, nirc_strbuf *out, nirc_diag *d)
{
  if (kind == NIRC_CPU_LLVM) {
    char *text = LLVMPrintModuleToString(e->module);
    nirc_strbuf_add(out, text);
    LLVMDisposeMessage(text);
    return true;
  }
  char *message = NULL;
  LLVMMemoryBufferRef buffer;
  LLVMCodeGenFileType type = kind == NIRC_CPU_ASM ? LLVMAssemblyFile : LLVMObjectFile;
  if (LLVMTargetMachineEmitToMemoryBuffer(tm, e->module, type, &message, &buffer)) {
    nirc_error_status(d, NIRC_STATUS_INTERNAL, nirc_loc_none(), "LLVM: %s", message);
    LLVMDisposeMessage(message);
    return false;
  }
  nirc_strbuf_add_bytes(out, LLVMGetBufferStart(buffer), LLVMGetBufferSize(buffer));
  LLVMDisposeMemoryBuffer(buffer);
  return true;
}

static bool check_size(const nirc_cpu_plan *p, nirc_diag *d)
{
  size_t bytes = 0;
  for (size_t id = 0; id < p->n_ops; id++)
    for (const nirc_attr *a = p->ops[id]->attrs; a; a = a->next)
      if (a->blob && !nirc_add_size(&bytes, bytes, nirc_blob_bytes(a->blob)))
        bytes = SIZE_MAX;
  if (bytes <= MAX_CONSTANT_BYTES)
    return true;
  nirc_error_status(d, NIRC_STATUS_LIMIT, nirc_loc_file(p->m->path), "%zu MiB of constants, at most %zu MiB fit into one library", bytes >> 20, MAX_CONSTANT_BYTES >> 20);
  return false;
}

static bool build_module(nirc_emitter *e, const machine *m, nirc_diag *d)
{
  e->context = LLVMContextCreate();
  e->module = LLVMModuleCreateWithNameInContext(e->plan->m->name, e->context);
  e->b = LLVMCreateBuilderInContext(e->context);
  e->has_fma = m->has_fma;
  e->layout = LLVMCreateTargetDataLayout(m->tm);
  LLVMSetModuleDataLayout(e->module, e->layout);
  LLVMSetTarget(e->module, m->triple);
  if (LLVMByteOrder(e->layout) != LLVMLittleEndian) {
    nirc_error_status(d, NIRC_STATUS_USAGE, nirc_loc_none(), "--mtriple %s: big-endian machines are not in this version", m->triple);
    return false;
  }
  make_types(e);
  nirc_emit_runtime(e);
  char *message = NULL;
  bool broken = LLVMVerifyModule(e->module, LLVMReturnStatusAction, &message);
  if (broken)
    nirc_error_status(d, NIRC_STATUS_INTERNAL, nirc_loc_none(), "invalid LLVM IR: %s", message);
  LLVMDisposeMessage(message);
  return !broken;
}

bool nirc_cpu_emit(const nirc_module *module, const nirc_cpu_options *o, nirc_cpu_kind kind, nirc_strbuf *out, nirc_diag *d)
{
  nirc_cpu_plan plan;
  machine m = {0};
  nirc_emitter e = {.plan = &plan, .options = o, .arena = nirc_arena_new(module->heap)};
  bool ok = nirc_cpu_plan_make(&plan, e.arena, module, d) && check_size(&plan, d) && open_machine(&m, o, d) && build_module(&e, &m, d) && run_passes(&e, m.tm, d) &&
            print_module(&e, m.tm, kind, out, d);
  if (e.context) {
    LLVMDisposeTargetData(e.layout);
    LLVMDisposeBuilder(e.b);
    LLVMDisposeModule(e.module);
    LLVMContextDispose(e.context);
  }
  close_machine(&m);
  nirc_arena_free(e.arena);
  return ok;
}

bool nirc_cpu_write_library(const nirc_module *m, const nirc_cpu_options *o, const char *path, nirc_diag *d)
{
  nirc_strbuf object;
  nirc_strbuf_init(&object, m->heap);
  bool ok = nirc_cpu_emit(m, o, NIRC_CPU_OBJECT, &object, d) && nirc_link_shared(object.data, object.size, path, d);
  nirc_strbuf_deinit(&object);
  return ok;
}
