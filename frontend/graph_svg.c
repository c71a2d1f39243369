#include "frontend/graph_svg.h"

#include <errno.h>
#include <fcntl.h>
#include <gvc.h>
#include <gvplugin.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "frontend/nir_h5_confine.h"
#include "frontend/nir_h5_wire.h"
#include "ir/base/utf8.h"

extern gvplugin_library_t gvplugin_core_LTX_library, gvplugin_dot_layout_LTX_library;

enum {
  PROCESSOR_SECONDS = 20,                            /* 1,000 nodes in a chain take 0.5 s, in random edges some times as much */
  CLOCK_SECONDS = 60,
  MOST_BYTES = 64 << 20                              /* of a drawing */
};

/* ---- the child ------------------------------------------------------------------------------------------------------------- */

/* What the page says elsewhere is not written on edges again: the shape stands in the nodes, the name above. */
static void make_compact(graph_t *g)
{
  char ranksep[] = "0.32", nodesep[] = "0.3", margin[] = "0.17,0.06", empty[] = "", label[] = "label", before[] = "step before", none[] = "transparent";
  agattr(g, AGRAPH, (char[]){"ranksep"}, ranksep);
  agattr(g, AGRAPH, (char[]){"nodesep"}, nodesep);
  agattr(g, AGRAPH, (char[]){"bgcolor"}, none);
  agattr(g, AGNODE, (char[]){"margin"}, margin);
  agset(g, label, empty);
  for (Agnode_t *n = agfstnode(g); n; n = agnxtnode(g, n))
    for (Agedge_t *e = agfstout(g, n); e; e = agnxtout(g, e)) {
      const char *text = agget(e, label);
      agset(e, label, text && strstr(text, before) ? before : empty);
    }
}

static _Noreturn void run_child(const char *dot, pid_t parent, int out)
{
  nirc_h5_limits limits = {.max_tensor_bytes = MOST_BYTES, .processor_seconds = PROCESSOR_SECONDS};
  nirc_h5_confine(out, parent, strlen(dot), &limits);
  /* Only what is linked here: no configuration, no fonts, no other plugin. */
  lt_symlist_t plugins[] = {{"gvplugin_dot_layout_LTX_library", &gvplugin_dot_layout_LTX_library},
                            {"gvplugin_core_LTX_library", &gvplugin_core_LTX_library}, {NULL, NULL}};
  GVC_t *gvc = gvContextPlugins(plugins, 0);
  graph_t *g = gvc ? agmemread(dot) : NULL;
  char *svg = NULL;
  unsigned size = 0;
  if (!g)
    _exit(1);
  make_compact(g);
  if (gvLayout(gvc, g, "dot") || gvRenderData(gvc, g, "svg", &svg, &size) || !svg)
    _exit(1);
  for (size_t done = 0; done < size;) {
    ssize_t n = write(NIRC_H5_OUT, svg + done, size - done);
    if (n < 0 && errno != EINTR)
      _exit(1);
    done += n > 0 ? (size_t)n : 0;
  }
  _exit(0);
}

/* ---- the parent -------------------------------------------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* All that comes before the end, the deadline or too much of it; true at the end. */
static bool receive(int fd, nirc_strbuf *b)
{
  char part[65536];
  int64_t deadline = now_ms() + CLOCK_SECONDS * 1000;
  for (;;) {
    int64_t wait = deadline - now_ms();
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (wait <= 0 || b->size > MOST_BYTES)
      return false;
    int ready = poll(&p, 1, (int)wait);
    ssize_t n = ready > 0 ? read(fd, part, sizeof part) : -1;
    if (n == 0)
      return true;
    if (n > 0)
      nirc_strbuf_add_bytes(b, part, (size_t)n);
    else if (ready > 0 && errno != EINTR)
      return false;
  }
}

static bool run_graphviz(const char *dot, nirc_strbuf *b)
{
  int ends[2], status = 0;
  if (pipe2(ends, O_CLOEXEC) != 0)
    return false;
  pid_t self = getpid(), child = fork(), got;
  if (child == 0)
    run_child(dot, self, ends[1]);
  close(ends[1]);
  bool ok = child > 0 && receive(ends[0], b);
  close(ends[0]);
  if (child < 0)
    return false;
  if (!ok)
    kill(child, SIGKILL);
  do
    got = waitpid(child, &status, 0);
  while (got < 0 && errno == EINTR);
  return ok && got == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Length of what a page does not need at s: comments, and titles, which are only the names of the graph's text. 0 where there is none. */
static size_t needless(const char *s)
{
  static const struct { const char *from, *to; } parts[] = {{"<!--", "-->"}, {"<title>", "</title>"}};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    const char *end = strncmp(s, parts[i].from, strlen(parts[i].from)) == 0 ? strstr(s, parts[i].to) : NULL;
    if (end)
      return (size_t)(end - s) + strlen(parts[i].to) + (end[strlen(parts[i].to)] == '\n');
  }
  return 0;
}

bool nirc_graph_draw_svg(const char *dot, const char *title, const char *desc, nirc_strbuf *svg)
{
  nirc_strbuf drawn;
  nirc_strbuf_init(&drawn, svg->heap);
  bool ok = run_graphviz(dot, &drawn) && nirc_is_utf8(drawn.data, drawn.size);
  const char *at = ok ? strstr(drawn.data, "<svg ") : NULL, *tag_end = at ? strchr(at, '>') : NULL;
  ok = tag_end && strstr(tag_end, "</svg>");
  if (ok) {
    nirc_strbuf_add(svg, "<svg role=\"img\" aria-labelledby=\"drawing-title drawing-desc\"");
    at += strlen("<svg");
    nirc_strbuf_add_bytes(svg, at, (size_t)(tag_end + 1 - at));
    nirc_strbuf_addf(svg, "\n<title id=\"drawing-title\">%s</title>\n<desc id=\"drawing-desc\">%s</desc>", title, desc);
    for (at = tag_end + 1; *at;) {
      size_t skip = needless(at);
      if (!skip)
        nirc_strbuf_add_bytes(svg, at, 1);
      at += skip ? skip : 1;
    }
  }
  nirc_strbuf_deinit(&drawn);
  return ok;
}
