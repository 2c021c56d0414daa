/*
 * What a program says on its standard error while it runs, and when it fails; and Ctrl-C.
 *
 * SPDX-License-Identifier: Apache-2.0 OR MIT
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "options.h"

/* Frames and bytes, of the whole run or of the present second. */
struct count {
    struct timespec since;
    uint64_t frames;
    uint64_t bytes;
    uint64_t delayed;   /* frames whose latency is known */
    double latency_us;  /* the sum of theirs */
    double longest_us;
};

struct report {
    const char *program;
    struct count all;
    struct count second;
};

/* The first SIGINT or SIGTERM makes was_interrupted() true and ends waits of the library with EINTR;
 * the second ends the program. */
void catch_signals(void);
bool was_interrupted(void);

/* Says where the program waits for its peer. */
void report_waiting(const struct options *options);

/* Says why there is no connection, unless it was interrupted; the program's outcome. */
int report_unconnected(const struct options *options);

/* Says that there is a connection, and begins to count. */
void report_begin(struct report *report, const char *program);

/* Counts a frame; once a second, shows what the last second brought. */
void report_frame(struct report *report, size_t bytes);

/* The same for a frame that says when it was sent. */
void report_latency(struct report *report, double microseconds);

/* One line about the whole run. */
void report_end(const struct report *report);

/* "PROGRAM: WHAT: why the library's last call failed, and what can be done about it". */
void report_failure(const struct options *options, const char *what);

/* "PROGRAM: WHAT FILE: errno in words". */
void report_file(const struct options *options, const char *what);

#endif
