/* frontend/graph_svg.h: a graph in Graphviz's language as a drawing.
 * Owns: all calls of Graphviz, in a limited child process: its time and memory are not foreseeable, and names are untrusted.
 * Must not know: the IR, pages. */
#ifndef NIRC_FRONTEND_GRAPH_SVG_H
#define NIRC_FRONTEND_GRAPH_SVG_H

#include <stdbool.h>

#include "ir/base/strbuf.h"

/* Appends one <svg> element (no prolog, no comments) that is described by `title` and `desc`, both escaped; elements carry the classes of
 * the graph. False, nothing appended, where Graphviz could not draw it within its limits. */
bool nirc_graph_draw_svg(const char *dot, const char *title, const char *desc, nirc_strbuf *svg);

#endif
