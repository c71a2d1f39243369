#include "ir/neuron.h"

#include <string.h>

size_t nirc_neuron_words(nirc_arena *a, const char *list, const char ***words)
{
  size_t n = 0;
  *words = NIRC_NEW_ARRAY(a, const char *, strlen(list) / 2 + 1);
  for (const char *at = list + strspn(list, " "); *at; at += strspn(at, " ")) {
    size_t length = strcspn(at, " ");
    (*words)[n++] = nirc_arena_strndup(a, at, length);
    at += length;
  }
  return n;
}

static bool is_number(nirc_dtype t)
{
  return t == NIRC_BOOL || t == NIRC_F32 || t == NIRC_F64 || t == NIRC_I64 || t == NIRC_I16;
}

static bool repeats(const char *const *names, size_t n, const char *name)
{
  for (size_t i = 0; i < n; i++)
    if (strcmp(names[i], name) == 0)
      return true;
  return false;
}

/* Operands and coefficients as names of the equation; they are what it begins with, so a statement may assign one anew. */
static bool add_names(nirc_neuron *n, nirc_arena *a, const nirc_op *op, nirc_eq_name *known, nirc_dtype *number, const char **fault)
{
  const char **takes;
  if (nirc_neuron_words(a, nirc_op_attr(op, "takes")->s, &takes) != op->n_operands) {
    *fault = "`takes` must name each operand";
    return false;
  }
  for (uint32_t i = 0; i < op->n_operands; i++)
    known[i] = (nirc_eq_name){.name = takes[i], .type = nirc_op_operand(op, i)->type->elem};
  n->n_operands = op->n_operands;
  for (const nirc_attr *k = op->attrs; k; k = k->next)
    if (k->kind == NIRC_ATTR_DENSE) {
      known[n->n_operands + n->n_coefficients] = (nirc_eq_name){.name = k->name, .type = k->blob->dtype};
      n->coefficients[n->n_coefficients++] = k->blob;
    }
  for (uint32_t i = 0; i < n->n_operands + n->n_coefficients; i++) {
    if (repeats(n->names, i, known[i].name) || !is_number(known[i].type)) {
      *fault = nirc_arena_printf(a, "'%s' %s", known[i].name, is_number(known[i].type) ? "is named twice" : "has elements that equations do not know");
      return false;
    }
    n->names[i] = known[i].name;
    if (known[i].type == NIRC_F64)
      *number = NIRC_F64;
  }
  return true;
}

static bool check_results(const nirc_neuron *n, nirc_arena *a, const nirc_op *op, const char **fault)
{
  for (uint32_t r = 0; r < op->n_results; r++) {
    nirc_dtype t = n->equation.nodes[n->equation.results[r]].type;
    if (op->results[r].type->elem != t) {
      *fault = nirc_arena_printf(a, "'%s' is %s, result %u has elements %s", n->gives[r], nirc_dtype_name(t), r, nirc_dtype_name(op->results[r].type->elem));
      return false;
    }
  }
  for (uint32_t c = 0; c < n->n_coefficients; c++)
    if (!n->equation.used[n->n_operands + c]) {
      *fault = nirc_arena_printf(a, "the equation does not use %s", n->names[n->n_operands + c]);
      return false;
    }
  for (uint32_t i = 0; i < n->equation.n_nodes; i++)
    if (nirc_eq_is_once(n->equation.nodes[i].code) || (n->equation.nodes[i].code == NIRC_EQ_FMA && n->equation.nodes[i].type == NIRC_F64)) {
      *fault = "the equation has an operation that is for coefficients only, or fma of f64";
      return false;
    }
  return true;
}

/* The same statements, of which only those are left that the counts need. */
static bool read_counts(nirc_neuron *n, nirc_arena *a, const nirc_op *op, const nirc_eq_name *known, nirc_dtype number, const char **fault)
{
  const nirc_attr *counts = nirc_op_attr(op, "counts");
  if (!counts)
    return true;
  n->n_counts = nirc_neuron_words(a, counts->s, &n->counts);
  if (!nirc_equation_parse(&n->counting, a, nirc_op_attr(op, "equation")->s, known, n->n_operands + n->n_coefficients, n->counts, n->n_counts, number, fault))
    return false;
  for (size_t i = 0; i < n->n_counts; i++) {
    nirc_dtype t = n->counting.nodes[n->counting.results[i]].type;
    if (t != NIRC_BOOL && t != NIRC_I64) {
      *fault = nirc_arena_printf(a, "'%s' is %s; what is counted is bool or i64", n->counts[i], nirc_dtype_name(t));
      return false;
    }
  }
  return true;
}

bool nirc_neuron_read(nirc_neuron *n, nirc_arena *a, const nirc_op *op, const char **fault)
{
  size_t most = op->n_operands;
  for (const nirc_attr *k = op->attrs; k; k = k->next)
    most += k->kind == NIRC_ATTR_DENSE;
  *n = (nirc_neuron){.coefficients = NIRC_NEW_ARRAY(a, const nirc_blob *, most), .names = NIRC_NEW_ARRAY(a, const char *, most)};
  nirc_eq_name *known = NIRC_NEW_ARRAY(a, nirc_eq_name, most);
  nirc_dtype number = NIRC_F32;
  if (!add_names(n, a, op, known, &number, fault))
    return false;
  if (nirc_neuron_words(a, nirc_op_attr(op, "gives")->s, &n->gives) != op->n_results || !op->n_results) {
    *fault = "`gives` must name each result, at least one";
    return false;
  }
  return nirc_equation_parse(&n->equation, a, nirc_op_attr(op, "equation")->s, known, n->n_operands + n->n_coefficients, n->gives, op->n_results, number, fault) &&
         check_results(n, a, op, fault) && read_counts(n, a, op, known, number, fault);
}

int nirc_snn_fires(const nirc_op *op)
{
  if (op->code == SNN_THRESHOLD)
    return 0;
  if (op->code != SNN_NEURON)
    return -1;
  int i = 0;
  for (const char *at = nirc_op_attr(op, "gives")->s; *at; i++, at += strspn(at, " ")) {
    size_t n = strcspn(at, " ");
    if (n == 1 && *at == 'z')
      return i;
    at += n;
  }
  return -1;
}

/* Index of the only node that takes node `of`; -1: none, or several. */
static int only_user(const nirc_equation *q, uint32_t of)
{
  int user = -1;
  for (uint32_t i = 0; i < q->n_nodes; i++) {
    const nirc_eq_node *n = &q->nodes[i];
    for (unsigned k = 0; k < nirc_eq_n_args(n->code); k++) {
      if (n->arg[k] == of && user >= 0)
        return -1;
      if (n->arg[k] == of)
        user = (int)i;
    }
  }
  return user;
}

const char *nirc_neuron_factor(nirc_arena *a, const nirc_op *op)
{
  nirc_neuron n;
  const char *fault;
  if (op->code != SNN_NEURON || !nirc_neuron_read(&n, a, op, &fault) || !op->n_operands)
    return NULL;
  const nirc_equation *q = &n.equation;
  for (uint32_t i = 0; i < q->n_nodes; i++) {
    if (q->nodes[i].code != NIRC_EQ_INPUT || q->nodes[i].arg[0] != 0)
      continue;
    int user = only_user(q, i);
    if (user >= 0 && q->nodes[user].code == NIRC_EQ_CONVERT)             /* spikes as numbers */
      user = only_user(q, (uint32_t)user);
    if (user < 0 || q->nodes[user].code != NIRC_EQ_MUL)
      return NULL;
    for (unsigned k = 0; k < 2; k++) {
      const nirc_eq_node *other = &q->nodes[q->nodes[user].arg[k]];
      if (other->code == NIRC_EQ_INPUT && other->arg[0] >= n.n_operands && only_user(q, q->nodes[user].arg[k]) == user)
        return n.names[other->arg[0]];
    }
    return NULL;
  }
  return NULL;
}
