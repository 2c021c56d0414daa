/*
 * Receives from a sender on the same node: into a file, or to check and time what comes. See --help.
 *
 * SPDX-License-Identifier: Apache-2.0 OR MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "mcm_dp_ext.h"
#include "options.h"
#include "report.h"
#include "stamp.h"

#define FIRST_FRAME_MS (-1) /* for ever */
#define NEXT_FRAME_MS 1000

struct receiver {
    const struct options *options;
    mcm_conn_context *connection;
    FILE *dump;       /* NULL: frames are checked */
    uint32_t next;    /* the number that should come */
    uint64_t missing; /* frames that came with another */
    struct report report;
};

/* Compares the number of a frame, and takes its time. */
static void check(struct receiver *receiver, const mcm_buffer *buf)
{
    double microseconds;

    if (buf->len < STAMP_BYTES)
        return;
    uint32_t number = stamp_read(buf->data, &microseconds);
    if (number == receiver->next)
        report_latency(&receiver->report, microseconds);
    else
        receiver->missing++;
    receiver->next = number + 1;
}

/* Uses a frame while it is ours; false if that fails. */
static bool use(struct receiver *receiver, const mcm_buffer *buf)
{
    if (receiver->dump == NULL)
        check(receiver, buf);
    else if (fwrite(buf->data, 1, buf->len, receiver->dump) != buf->len)
        return false;
    report_frame(&receiver->report, buf->len);
    return true;
}

/* No frame: what the reason in error and errno means. */
static int no_frame(const struct receiver *receiver, int error)
{
    if (was_interrupted() || errno == ENOTCONN)
        return DONE; /* the sender closed the connection, after its last frame */
    if (error == MCM_DP_SUCCESS) {
        fprintf(stderr, "%s: no frame for %d ms\n", receiver->options->program, NEXT_FRAME_MS);
        return DONE;
    }
    report_failure(receiver->options, "cannot receive");
    return FAILED;
}

static int receive_frames(struct receiver *receiver)
{
    int timeout = FIRST_FRAME_MS;

    while (!was_interrupted()) {
        int error = 0;
        mcm_buffer *buf = mcm_dequeue_buffer(receiver->connection, timeout, &error);
        if (buf == NULL)
            return no_frame(receiver, error);
        if (!use(receiver, buf)) {
            report_file(receiver->options, "cannot write");
            return FAILED;
        }
        if (mcm_enqueue_buffer(receiver->connection, buf) != 0) {
            report_failure(receiver->options, "cannot give a frame back");
            return FAILED;
        }
        timeout = NEXT_FRAME_MS;
    }
    return DONE;
}

/* Whether everything came; says so if not. */
static int completeness(const struct receiver *receiver)
{
    const char *program = receiver->options->program;
    mcm_dp_stats stats = {0};

    mcm_connection_stats(receiver->connection, &stats, sizeof(stats));
    if (stats.lost > 0 || stats.refused > 0)
        fprintf(stderr, "%s: %" PRIu64 " frames lost, %" PRIu64 " refused\n", program, stats.lost,
                stats.refused);
    if (receiver->missing > 0)
        fprintf(stderr, "%s: %" PRIu64 " frames have another number than the next; if the sender "
                "sends a file, receive it with -b\n", program, receiver->missing);
    return stats.lost > 0 || stats.refused > 0 || receiver->missing > 0 ? FAILED : DONE;
}

/* From the connection to the end of the stream. */
static int run(struct receiver *receiver)
{
    mcm_conn_param param = receiver->options->param;

    report_waiting(receiver->options);
    receiver->connection = mcm_create_connection(&param);
    if (receiver->connection == NULL)
        return report_unconnected(receiver->options);
    report_begin(&receiver->report, receiver->options->program);
    int outcome = receive_frames(receiver);
    report_end(&receiver->report);
    if (completeness(receiver) == FAILED)
        outcome = FAILED;
    mcm_destroy_connection(receiver->connection);
    return outcome;
}

int main(int argc, char **argv)
{
    struct options options = read_options(is_rx, argc, argv);
    struct receiver receiver = {.options = &options};

    if (options.file != NULL) {
        receiver.dump = fopen(options.file, "wb");
        if (receiver.dump == NULL) {
            report_file(&options, "cannot create");
            return MISUSED;
        }
    }
    catch_signals();
    int outcome = run(&receiver);
    if (receiver.dump != NULL && fclose(receiver.dump) != 0) {
        report_file(&options, "cannot write");
        return FAILED;
    }
    return outcome;
}
