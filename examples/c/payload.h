/*
 * What is sent: the words for it on the command line, its parameters, its size.
 *
 * SPDX-License-Identifier: Apache-2.0 OR MIT
 */
#ifndef PAYLOAD_H
#define PAYLOAD_H

#include <stddef.h>

#include "mcm_dp.h"

/* A word of the command line and the number it stands for; a list ends with a word of NULL. */
struct word {
    const char *word;
    int value;
};

extern const struct word payload_words[];
extern const struct word pixel_words[];
extern const struct word protocol_words[];

/* Fills payload_codec and payload_args from payload_type, width, height, fps and pix_fmt. */
void describe_payload(mcm_conn_param *param);

/* The bytes of a full frame; capacity, if they do not follow from the parameters. */
size_t payload_bytes(const mcm_conn_param *param, size_t capacity);

#endif
