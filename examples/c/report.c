/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "report.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mcm_dp_ext.h"

static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
    if (interrupted)
        _exit(128 + signal);
    interrupted = 1;
}

void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal}; /* without SA_RESTART */

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool was_interrupted(void)
{
    return interrupted;
}

static double seconds_since(const struct timespec *then, const struct timespec *now)
{
    return (double)(now->tv_sec - then->tv_sec) + (double)(now->tv_nsec - then->tv_nsec) / 1e9;
}

static struct timespec now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time;
}

static void show(const char *program, const struct count *count, double seconds)
{
    double frames = seconds > 0 ? (double)count->frames / seconds : 0;
    double bytes = seconds > 0 ? (double)count->bytes / seconds : 0;

    char latency[96] = "";

    if (count->delayed > 0)
        snprintf(latency, sizeof latency, "; latency %.0f us on average, %.0f us at most",
                 count->latency_us / (double)count->delayed, count->longest_us);
    /* The whole line at once: another program may be writing to the same terminal. */
    fprintf(stderr, "%s: %" PRIu64 " frames, %" PRIu64 " bytes in %.2f s: %.1f frames/s, %.3f GB/s%s\n",
            program, count->frames, count->bytes, seconds, frames, bytes / 1e9, latency);
}

static void add(struct count *count, size_t bytes)
{
    count->frames++;
    count->bytes += bytes;
}

static void add_latency(struct count *count, double microseconds)
{
    count->delayed++;
    count->latency_us += microseconds;
    if (microseconds > count->longest_us)
        count->longest_us = microseconds;
}

void report_waiting(const struct options *options)
{
    const memif_interface_param *interface = &options->param.memif_interface;

    fprintf(stderr, "%s: waiting for the %s at %s, interface %" PRIu32 "\n", options->program,
            options->param.type == is_tx ? "receiver" : "sender", interface->socket_path,
            interface->interface_id);
}

int report_unconnected(const struct options *options)
{
    if (was_interrupted())
        return DONE;
    report_failure(options, "cannot connect");
    return FAILED;
}

void report_begin(struct report *report, const char *program)
{
    struct count empty = {.since = now()};

    *report = (struct report){.program = program, .all = empty, .second = empty};
    fprintf(stderr, "%s: connected\n", program);
}

void report_frame(struct report *report, size_t bytes)
{
    struct timespec time = now();
    double seconds = seconds_since(&report->second.since, &time);

    add(&report->all, bytes);
    add(&report->second, bytes);
    if (seconds >= 1) {
        show(report->program, &report->second, seconds);
        report->second = (struct count){.since = time};
    }
}

void report_latency(struct report *report, double microseconds)
{
    add_latency(&report->all, microseconds);
    add_latency(&report->second, microseconds);
}

void report_end(const struct report *report)
{
    struct timespec time = now();

    show(report->program, &report->all, seconds_since(&report->all.since, &time));
}

/* What can be done about errno, with the options of these programs. */
static const char *advice(const struct options *options)
{
    bool master = options->param.memif_interface.is_master;

    switch (errno) {
    case EADDRINUSE:
        return "; try -m 0 to connect to it, or another -k";
    case EACCES:
    case ENOENT:
        return "; try another -k, in a directory that is yours";
    case EPROTONOSUPPORT:
        return "; try -o memif";
    case ETIMEDOUT:
        return master ? "; start the other side with -m 0 and the same -k and -d"
                      : "; start the other side with -m 1 and the same -k and -d";
    default:
        return "";
    }
}

void report_failure(const struct options *options, const char *what)
{
    const char *hint = advice(options);
    const char *why = mcm_last_error();

    fprintf(stderr, "%s: %s: %s%s\n", options->program, what, *why ? why : strerror(errno), hint);
}

void report_file(const struct options *options, const char *what)
{
    fprintf(stderr, "%s: %s %s: %s\n", options->program, what, options->file, strerror(errno));
}
