#include "frontend/nir_h5_confine.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "frontend/nir_h5_wire.h"

/* Sanitizers map terabytes of shadow memory. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RESERVES_ADDRESS_SPACE 1
#elif defined(__has_feature)
#define RESERVES_ADDRESS_SPACE (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer))
#else
#define RESERVES_ADDRESS_SPACE 0
#endif

enum {
  LIBRARY_ROOM = 128 << 20,                          /* bytes for libhdf5 itself */
  OBJECT_ROOM = 8,                                   /* times the image, for what it keeps of small objects: a chain of 20,000 nodes needs 4 */
  UNKNOWN_MAPPED = 1 << 30                           /* assumed to be mapped already, where /proc does not tell */
};

static size_t saturating_add(size_t a, size_t b)
{
  return a > SIZE_MAX - b ? SIZE_MAX : a + b;
}

/* Descriptors 0 to 2 become /dev/null (libc writes there when it finds its heap broken), NIRC_H5_OUT the pipe, and all
 * others go. */
static void seal(int out)
{
  int high = fcntl(out, F_DUPFD, NIRC_H5_OUT + 1), null = open("/dev/null", O_RDWR);
  for (int fd = 0; fd < NIRC_H5_OUT; fd++)
    if (null < 0 || dup2(null, fd) < 0)
      close(fd);
  if (high < 0 || dup2(high, NIRC_H5_OUT) < 0)
    _exit(1);
#ifdef SYS_close_range
  syscall(SYS_close_range, NIRC_H5_OUT + 1, ~0U, 0);    /* older kernels lack it; descriptors then stay, though none is used */
#endif
}

static void limit(unsigned resource, rlim_t soft, rlim_t hard)
{
  struct rlimit now;
  if (getrlimit(resource, &now) != 0)
    _exit(1);
  if (now.rlim_max != RLIM_INFINITY && hard > now.rlim_max)
    hard = now.rlim_max;                             /* never raise what stands */
  now.rlim_cur = soft < hard ? soft : hard;
  const struct rlimit both = {.rlim_cur = now.rlim_cur, .rlim_max = hard};
  /* valgrind, which needs descriptors of its own, lets only the soft limit on them be moved. */
  if (setrlimit(resource, &both) != 0 && setrlimit(resource, &now) != 0)
    _exit(1);
}

/* The address space, relative to what the parent has mapped (a compiler library makes that hundreds of megabytes). The hard
 * limit has room for everything, the soft one for the library and some times the image: a damaged length makes libhdf5 allocate
 * and clear gigabytes, which takes many seconds. The child adds what a dataset needs once it has checked its size. Gives the
 * soft limit, 0 for none. */
static size_t limit_memory(size_t image_bytes, const nirc_h5_limits *limits)
{
  if (RESERVES_ADDRESS_SPACE)
    return 0;
  char text[64] = "";
  size_t total = UNKNOWN_MAPPED;
  int fd = open("/proc/self/statm", O_RDONLY);
  if (fd >= 0 && read(fd, text, sizeof text - 1) > 0)
    total = strtoul(text, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
  close(fd);
  size_t objects;
  if (!nirc_mul_size(&objects, image_bytes, OBJECT_ROOM))
    objects = SIZE_MAX;
  total = saturating_add(saturating_add(total, LIBRARY_ROOM), objects);
  const size_t soft = total;
  for (int i = 0; i < 1 + NIRC_H5_CHUNK_COPIES; i++)
    total = saturating_add(total, limits->max_tensor_bytes);
  limit(RLIMIT_AS, soft, total);
  return soft;
}

size_t nirc_h5_confine(int out, pid_t parent, size_t image_bytes, const nirc_h5_limits *limits)
{
  seal(out);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent)
    _exit(1);                                        /* it died before that call */
  /* A crash is an expected end here: no handlers of the parent (stack traces) and no dump. */
  static const int plain[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU, SIGTERM, SIGINT};
  for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
    signal(plain[i], SIG_DFL);
  signal(SIGPIPE, SIG_IGN);
  size_t memory = limit_memory(image_bytes, limits);
  rlim_t processor = limits->processor_seconds + image_bytes / NIRC_H5_FILE_BYTES_PER_SECOND;
  limit(RLIMIT_CPU, processor, processor + limits->max_tensor_bytes / NIRC_H5_BYTES_PER_SECOND + 1);
  limit(RLIMIT_FSIZE, 0, 0);
  limit(RLIMIT_CORE, 0, 0);
  /* architecture: 8. The four that are open suffice, so that nothing at all can be opened, not even by external storage. */
  limit(RLIMIT_NOFILE, NIRC_H5_OUT + 1, NIRC_H5_OUT + 1);
  prctl(PR_SET_DUMPABLE, 0);                         /* dumps that go to a program ignore RLIMIT_CORE */
  return memory;
}
