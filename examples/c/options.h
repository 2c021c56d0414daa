/*
 * The command lines of sender_app and recver_app.
 *
 * SPDX-License-Identifier: Apache-2.0 OR MIT
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "mcm_dp.h"

/* What the programs end with. */
enum outcome { DONE = 0, FAILED = 1, MISUSED = 2 };

struct options {
    const char *program; /* its name, for messages */
    mcm_conn_param param;
    const char *file; /* sent, or written; NULL: none */
    uint64_t frames;  /* how many to send; UINT64_MAX: no limit */
    bool loop;        /* the file begins again at its end */
};

/* Reads the command line of a sender or of a receiver. Ends the program after --help, and with one
 * line that says why at anything it does not understand. */
struct options read_options(transfer_type type, int argc, char **argv);

#endif
