/*
 * The receiver of docs/mcm_dp.md, "Two snippets": its lines stand here as they stand there, at the
 * left margin; what is around them makes a program of them.
 *
 * SPDX-License-Identifier: Apache-2.0 OR MIT
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "mcm_dp.h"

/* Outside of a function, where everything begins as 0: what the snippet does not set stays 0, also
 * the protocol (PROTO_AUTO). Inside of one, say mcm_conn_param param = {0}. */
mcm_conn_param param;

static mcm_conn_context *connect_to(const char *socket_path, uint32_t interface_id)
{
    const transfer_type type = is_rx;
    const uint32_t width = 640;
    const uint32_t height = 360;
    mcm_conn_context *dp_ctx;

strncpy(param.path, socket_path, sizeof(param.path));

param.type = type;
param.memif_interface.is_master = 0;
param.memif_interface.interface_id = interface_id;
param.width = width;
param.height = height;

dp_ctx = mcm_create_connection(&param);
    return dp_ctx;
}

static uint64_t receive(mcm_conn_context *dp_ctx)
{
    const int timeout = 1000;
    uint64_t frames = 0;
    mcm_buffer *buf;

    for (;;) {
/* Fill out memif buffers and mark them as received */
buf = mcm_dequeue_buffer(dp_ctx, timeout, NULL);
        if (buf == NULL) {
            printf("get data from buffer fail\n");
            break;
        }
/*
    Process the buffers.
*/
        printf("frame %u: %zu bytes\n", buf->metadata.seq_num, buf->len);
        frames++;
/* Refill the queue, so that the peer interface can transmit more packets */
if (mcm_enqueue_buffer(dp_ctx, buf) != 0) {
     printf("free buffer fail\n");
     break;
}
    }
    return frames;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "Usage: seed_receiver SOCKET\n");
        return 2;
    }
    mcm_conn_context *dp_ctx = connect_to(argv[1], 0);
    if (dp_ctx == NULL) {
        perror("seed_receiver: no connection");
        return 1;
    }
    printf("%llu frames\n", (unsigned long long)receive(dp_ctx));
    mcm_destroy_connection(dp_ctx);
    return 0;
}
