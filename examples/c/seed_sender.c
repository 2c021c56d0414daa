/*
 * The sender of docs/mcm_dp.md, "Two snippets": its lines stand here as they stand there, at the
 * left margin; what is around them makes a program of them.
 *
 * SPDX-License-Identifier: Apache-2.0 OR MIT
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mcm_dp.h"

/* Outside of a function, where everything begins as 0: what the snippet does not set stays 0, also
 * the protocol (PROTO_AUTO). Inside of one, say mcm_conn_param param = {0}. */
mcm_conn_param param;

static mcm_conn_context *connect_to(const char *socket_path, uint32_t interface_id)
{
    const transfer_type type = is_tx;
    const uint32_t width = 640;
    const uint32_t height = 360;
    mcm_conn_context *dp_ctx;

strncpy(param.path, socket_path, sizeof(param.path));

param.type = type;
param.memif_interface.is_master = 1;
param.memif_interface.interface_id = interface_id;
param.width = width;
param.height = height;

dp_ctx = mcm_create_connection(&param);
    return dp_ctx;
}

/* A grey picture, a little lighter each time. */
static void fill(mcm_buffer *buf, unsigned number)
{
    memset(buf->data, (int)(number % 256), buf->len);
    buf->metadata.seq_num = (uint16_t)number;
    buf->metadata.timestamp = number * 3000; /* 90 kHz, 30 frames a second */
}

static unsigned send_frames(mcm_conn_context *dp_ctx, unsigned frames)
{
    unsigned sent = 0;
    mcm_buffer *buf;

    while (sent < frames) {

/* Alocate memif buffers */
buf = mcm_dequeue_buffer(dp_ctx, -1, NULL);
if (buf == NULL) {
    break;
}
/*
    Fill out the buffers.

    buf.data field points to the shared memory.
    update buf.len to your packet length.
    update buf.metadata.seq_num to your packet sequence number.
    update buf.metadata.timestamp to your packet timestamp.
*/
        fill(buf, sent);

/* Transmit the buffers */
if (mcm_enqueue_buffer(dp_ctx, buf) != 0) {
    break;
}
        sent++;
    }
    return sent;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "Usage: seed_sender SOCKET FRAMES\n");
        return 2;
    }
    unsigned frames = (unsigned)strtoul(argv[2], NULL, 10);
    mcm_conn_context *dp_ctx = connect_to(argv[1], 0);
    if (dp_ctx == NULL) {
        perror("seed_sender: no connection");
        return 1;
    }
    unsigned sent = send_frames(dp_ctx, frames);
    printf("%u frames sent\n", sent);
    mcm_destroy_connection(dp_ctx); /* waits until the receiver has them */
    return sent == frames ? 0 : 1;
}
