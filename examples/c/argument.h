/*
 * The value of one option. Each of these ends the program with one line if the value is none.
 *
 * SPDX-License-Identifier: Apache-2.0 OR MIT
 */
#ifndef ARGUMENT_H
#define ARGUMENT_H

#include <stddef.h>
#include <stdint.h>

#include "payload.h"

struct argument {
    const char *program;
    const char *option; /* without the dashes */
    const char *value;
};

/* A whole number within these limits. */
uint64_t argument_number(const struct argument *argument, uint64_t least, uint64_t most);

/* Frames per second. */
double argument_rate(const struct argument *argument);

/* The number that a word of the list stands for. */
int argument_word(const struct argument *argument, const struct word *words);

/* Copies the value into a field with room for a NUL behind it. */
void argument_text(const struct argument *argument, char *field, size_t size);

#endif
