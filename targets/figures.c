/* targets/figures.c: the figures of a placement, by their names. */
#include "targets/figures.h"

static void add_figures(json_t *to, const nirc_figures *x)
{
  json_object_set_new(to, "cores", json_integer((json_int_t)x->n_cores));
  json_object_set_new(to, "chips", json_integer((json_int_t)x->n_chips));
  json_object_set_new(to, "core_balance", json_real(x->core_balance));
  json_object_set_new(to, "chip_balance", json_real(x->chip_balance));
  json_object_set_new(to, "spikes_per_step", json_pack("{s:f, s:f, s:f, s:f}", "input_to_cores", x->input_to_cores, "input_to_chips", x->input_to_chips,
                                                       "between_cores", x->between_cores, "between_chips", x->between_chips));
}

double nirc_figures_rate(const nirc_activity *x, const char *node)
{
  double rate = nirc_activity_rate(x, node);
  return rate < 0 ? NIRC_ACTIVITY_ASSUMED : rate;
}

json_t *nirc_figures_json(const nirc_figures *x, const nirc_figures *first_fit, const nirc_activity *activity)
{
  json_t *o = json_pack("{s:s, s:b, s:s}", "method", first_fit ? "min-cut" : "first-fit", "estimate", 1, "activity", activity->measured ? "measured" : "assumed");
  if (activity->measured)
    json_object_set_new(o, "input", json_string(activity->input));
  else
    json_object_set_new(o, "spikes_per_neuron_and_step", json_real(activity->rate));
  add_figures(o, x);
  if (first_fit) {
    json_t *other = json_object();
    add_figures(other, first_fit);
    json_object_set_new(o, "first_fit", other);
  }
  return o;
}

static void describe(nirc_module *m, nirc_attr *dict, const nirc_figures *x)
{
  nirc_dict_add_size(m, dict, "cores", x->n_cores);
  nirc_dict_add_size(m, dict, "chips", x->n_chips);
  nirc_dict_add_float(m, dict, "core_balance", x->core_balance);
  nirc_dict_add_float(m, dict, "chip_balance", x->chip_balance);
  nirc_dict_add_float(m, dict, "input_to_cores", x->input_to_cores);
  nirc_dict_add_float(m, dict, "input_to_chips", x->input_to_chips);
  nirc_dict_add_float(m, dict, "between_cores", x->between_cores);
  nirc_dict_add_float(m, dict, "between_chips", x->between_chips);
}

void nirc_figures_describe(nirc_module *m, nirc_attr *chip, const nirc_figures *x, const nirc_figures *first_fit, const nirc_activity *activity)
{
  nirc_attr *a = nirc_dict_add(m, chip, "partition", NIRC_ATTR_DICT);
  nirc_dict_add_string(m, a, "method", first_fit ? "min-cut" : "first-fit");
  if (activity->measured)
    nirc_dict_add_string(m, a, "measured_on", activity->input);
  else
    nirc_dict_add_float(m, a, "assumed_rate", activity->rate);
  describe(m, a, x);
  if (first_fit)
    describe(m, nirc_dict_add(m, a, "first_fit", NIRC_ATTR_DICT), first_fit);
}
