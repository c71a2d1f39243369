/* ir/base/quantity.h: physical units, and decimal numbers that become exactly the double that was meant.
 * Owns: the table of units.
 * Must not know: languages, options, IR. */
#ifndef NIRC_IR_BASE_QUANTITY_H
#define NIRC_IR_BASE_QUANTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ir/base/dtype.h"

/* ---- dimensions ---------------------------------------------------------------------------------------------------------- */

/* Exponents of the base s, V, Ohm: 1 A = 1 V/Ohm, 1 F = 1 s/Ohm, 1 S = 1/Ohm, 1 Hz = 1/s. All 0: a number. */
typedef struct nirc_dims { int8_t second, volt, ohm; } nirc_dims;

bool nirc_dims_equal(nirc_dims a, nirc_dims b);
bool nirc_dims_mul(nirc_dims *out, nirc_dims a, nirc_dims b);            /* *out = a * b (a / b); false, *out untouched, where an */
bool nirc_dims_div(nirc_dims *out, nirc_dims a, nirc_dims b);            /* exponent leaves int8_t. out may point to an operand. */

enum { NIRC_DIMS_TEXT = 32, NIRC_QUANTITY_TEXT = 64 };                   /* bytes that hold any text of the functions below */

/* For messages: the SI unit where it has a name ("s", "V", "Ohm", "A", "Hz", "F", "S"), else a product of s, V and Ohm ("V/s", "1/s^2",
 * "V/(s*Ohm)"); "1" for a number. */
void nirc_dims_text(char text[NIRC_DIMS_TEXT], nirc_dims d);
/* "a time", "a voltage", "a resistance", "a current", "a frequency", "a capacitance", "a conductance", "a number"; else "a quantity". */
const char *nirc_dims_word(nirc_dims d);

/* ---- units ----------------------------------------------------------------------------------------------------------------- */

typedef struct nirc_unit {
  const char *name;                                  /* "ms" */
  int8_t exponent;                                   /* of ten: 1 ms = 10^-3 s */
  nirc_dims dims;
} nirc_unit;

extern const nirc_unit nirc_units[];                 /* ends with a NULL name; units of one dimension stand together, larger ones first */
const nirc_unit *nirc_unit_find(const char *name);   /* NULL where unknown */

/* ---- quantities ------------------------------------------------------------------------------------------------------------ */

/* Bytes of the longest decimal number that text begins with: digits, with one point at most, and an exponent (`1`, `.5`, `2.`, `1e-3`);
 * no sign, no hexadecimal, no "inf". 0 where there is none. */
size_t nirc_decimal_length(const char *text);

/* The n bytes at digits are a decimal number as above, with or without a minus in front; unit is a name of the table, and NULL or "" is a plain
 * number. *si is the double nearest to the decimal times the power of ten of the unit, rounded once: 0.1 ms is 1e-4 and not 0.1 * 1e-3.
 * False, nothing written, where digits are anything else, the unit is unknown or the value is beyond the doubles. */
bool nirc_quantity_parse(const char *digits, size_t n, const char *unit, double *si, nirc_dims *dims);

/* The inverse: si (finite; where t is f32, a float) with a unit of that dimension, shortest where the mantissa can be in [1, 1000): "20 ms", "-65 mV",
 * "10 MOhm". 0 has no unit. Read by nirc_quantity_parse and converted to t, the text gives the bits of si back.
 * False where no unit has that dimension: the text ("3 V/s") is then for messages only. t is f32 or f64. */
bool nirc_quantity_text(char text[NIRC_QUANTITY_TEXT], nirc_dtype t, double si, nirc_dims dims);

#endif
