/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "argument.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

__attribute__((noreturn))
static void misuse(const struct argument *argument, const char *why)
{
    fprintf(stderr, "%s: --%s %s: %s; see --help\n", argument->program, argument->option,
            argument->value, why);
    exit(MISUSED);
}

uint64_t argument_number(const struct argument *argument, uint64_t least, uint64_t most)
{
    char why[100];
    char *end = NULL;
    bool digit = argument->value[0] >= '0' && argument->value[0] <= '9';

    errno = 0;
    unsigned long long value = strtoull(argument->value, &end, 10);
    if (digit && *end == '\0' && errno == 0 && value >= least && value <= most)
        return value;
    snprintf(why, sizeof(why), "not a number from %" PRIu64 " to %" PRIu64, least, most);
    misuse(argument, why);
}

double argument_rate(const struct argument *argument)
{
    char *end = NULL;
    double value = strtod(argument->value, &end);

    if (*end != '\0' || !(value > 0 && value <= 1e6))
        misuse(argument, "not a rate such as 30 or 59.94");
    return value;
}

int argument_word(const struct argument *argument, const struct word *words)
{
    char known[200] = "not known; known are";

    for (const struct word *word = words; word->word != NULL; word++) {
        if (strcmp(word->word, argument->value) == 0)
            return word->value;
        size_t used = strlen(known);
        snprintf(known + used, sizeof(known) - used, " %s", word->word);
    }
    misuse(argument, known);
}

void argument_text(const struct argument *argument, char *field, size_t size)
{
    char why[60];
    size_t len = strlen(argument->value);

    if (len >= size) {
        snprintf(why, sizeof(why), "longer than %zu characters", size - 1);
        misuse(argument, why);
    }
    memcpy(field, argument->value, len + 1);
}
