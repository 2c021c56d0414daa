/*
 * Waits for frames and for the end of its input in one poll loop.
 *
 * SPDX-License-Identifier: Apache-2.0 OR MIT
 */
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "mcm_dp_ext.h"

/* Uses all frames that are there; false when the sender is gone. */
static bool take_frames(mcm_conn_context *connection)
{
    int error = MCM_DP_SUCCESS;
    mcm_buffer *buf;

    while ((buf = mcm_dequeue_buffer(connection, 0, &error)) != NULL) {
        printf("frame %u at %u: %zu bytes\n", buf->metadata.seq_num, buf->metadata.timestamp, buf->len);
        mcm_enqueue_buffer(connection, buf);
    }
    return error == MCM_DP_SUCCESS;
}

int main(int argc, char **argv)
{
    mcm_conn_param param = {.type = is_rx, .protocol = PROTO_MEMIF, .width = 640, .height = 360};

    snprintf(param.path, sizeof(param.path), "%s", argc > 1 ? argv[1] : "");
    mcm_conn_context *connection = mcm_create_connection_timeout(&param, 10000);
    if (connection == NULL) {
        fprintf(stderr, "poll_receiver: %s\n", mcm_last_error());
        return 1;
    }
    struct pollfd waits[] = {
        {.fd = mcm_connection_fd(connection), .events = POLLIN},
        {.fd = STDIN_FILENO, .events = POLLIN},
    };
    while (poll(waits, 2, -1) > 0 && waits[1].revents == 0) {
        if (!take_frames(connection))
            break;
    }
    mcm_destroy_connection(connection);
    return 0;
}
