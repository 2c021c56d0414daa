/*
 * Sends a file, or numbered frames, to a receiver on the same node. See --help.
 *
 * SPDX-License-Identifier: Apache-2.0 OR MIT
 */
#include <stdio.h>

#include "mcm_dp_ext.h"
#include "options.h"
#include "payload.h"
#include "report.h"
#include "stamp.h"

struct sender {
    const struct options *options;
    mcm_conn_context *connection;
    FILE *file; /* NULL: numbered frames */
    struct report report;
};

/* Reads the next bytes of the file straight into shared memory; 0 at its end. */
static size_t read_frame(const struct sender *sender, void *data, size_t bytes)
{
    size_t got = fread(data, 1, bytes, sender->file);

    if (got > 0 || ferror(sender->file) || !sender->options->loop)
        return got;
    if (fseek(sender->file, 0, SEEK_SET) != 0)
        return 0;
    return fread(data, 1, bytes, sender->file);
}

/* The sender's clock for a frame: 90 kHz for pictures, samples for sound, as RTP has it. */
static uint32_t media_time(const mcm_conn_param *param, uint64_t number)
{
    if (param->payload_type == PAYLOAD_TYPE_ST30_AUDIO)
        return (uint32_t)(number * 48);
    return (uint32_t)(uint64_t)((double)number * 90000 / param->fps);
}

/* Fills a frame, and sets how long it is; 0 when there is nothing more to send. */
static size_t fill(const struct sender *sender, mcm_buffer *buf, uint64_t number)
{
    const mcm_conn_param *param = &sender->options->param;
    size_t bytes = payload_bytes(param, buf->len);

    if (bytes > buf->len)
        bytes = buf->len; /* a stranger's buffers may be smaller */
    if (sender->file != NULL)
        bytes = read_frame(sender, buf->data, bytes);
    else if (bytes >= STAMP_BYTES)
        stamp_write(buf->data, (uint32_t)number);
    buf->len = bytes;
    buf->metadata.seq_num = (uint16_t)number;
    buf->metadata.timestamp = media_time(param, number);
    return bytes;
}

/* Why there is nothing more to send. */
static int end_of_file(const struct sender *sender)
{
    if (!ferror(sender->file) || was_interrupted())
        return DONE;
    report_file(sender->options, "cannot read");
    return FAILED;
}

static int cannot_send(const struct sender *sender)
{
    if (was_interrupted())
        return DONE;
    report_failure(sender->options, "cannot send");
    return FAILED;
}

static int send_frames(struct sender *sender)
{
    uint64_t frames = sender->options->frames;

    for (uint64_t number = 0; number < frames && !was_interrupted(); number++) {
        mcm_buffer *buf = mcm_dequeue_buffer(sender->connection, -1, NULL);
        if (buf == NULL)
            return cannot_send(sender);
        size_t bytes = fill(sender, buf, number);
        if (bytes == 0) {
            mcm_cancel_buffer(sender->connection, buf);
            return end_of_file(sender);
        }
        if (mcm_enqueue_buffer(sender->connection, buf) != 0)
            return cannot_send(sender);
        report_frame(&sender->report, bytes);
    }
    return DONE;
}

/* From the connection to the last frame in the receiver's hands. */
static int run(struct sender *sender)
{
    mcm_conn_param param = sender->options->param;

    report_waiting(sender->options);
    sender->connection = mcm_create_connection(&param);
    if (sender->connection == NULL)
        return report_unconnected(sender->options);
    report_begin(&sender->report, sender->options->program);
    int outcome = send_frames(sender);
    mcm_destroy_connection(sender->connection); /* waits until the receiver has them */
    report_end(&sender->report);
    return outcome;
}

int main(int argc, char **argv)
{
    struct options options = read_options(is_tx, argc, argv);
    struct sender sender = {.options = &options};

    if (options.file != NULL) {
        sender.file = fopen(options.file, "rb");
        if (sender.file == NULL) {
            report_file(&options, "cannot open");
            return MISUSED;
        }
    }
    catch_signals();
    int outcome = run(&sender);
    if (sender.file != NULL)
        fclose(sender.file);
    return outcome;
}
