/*
 * The released interface: answers three greetings, in a poll loop.
 *
 * SPDX-License-Identifier: Apache-2.0 OR MIT
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

#include "descsock_client.h"

enum { HEADER = 14, FRAME = 60, GREETER = 8, GREETINGS = 3 };

/* Answers the frames that have come; how many. */
static int answer_all(void)
{
    static unsigned char frame[DESCSOCK_CLIENT_BUF_SIZE];
    dsk_ifh_fields_t from;
    ssize_t bytes;
    int answered = 0;

    while ((bytes = descsock_client_recv_extended(&from, frame, sizeof frame, 0)) > 0) {
        dsk_ifh_fields_t to = {.did = from.sid, .svc = GREETER, .sep = 15, .nti = from.nti, .directed = true};

        printf("listener: %zd bytes from did %" PRIu32 ", \"%.46s\"\n", bytes, from.sid, (char *)frame + HEADER);
        snprintf((char *)frame + HEADER, FRAME - HEADER, "welcome");
        if (descsock_client_send_extended(&to, frame, FRAME, 0) <= 0)
            perror("descsock_client_send_extended");
        answered++;
    }
    return answered;
}

int main(int argc, char **argv)
{
    static descsock_client_spec_t spec = {.svc_id = 9, .tenant_name = "listener"};
    struct pollfd news = {.events = POLLIN};
    int answered = 0;

    snprintf(spec.master_socket_path, sizeof spec.master_socket_path, "%s", argc > 1 ? argv[1] : "");
    snprintf(spec.dma_shmem_path, sizeof spec.dma_shmem_path, "%s", argc > 2 ? argv[2] : "");
    if (descsock_client_open(&spec, 0) != CLIENT_SUCCESS ||
        descsock_client_cntl(DESCSOCK_RECV_FD, &news.fd) != CLIENT_SUCCESS) {
        perror("listener");
        return 1;
    }
    puts("listener: ready");
    fflush(stdout);
    while (answered < GREETINGS && poll(&news, 1, -1) > 0)
        answered += answer_all();
    printf("listener: %" PRIu64 " frames received, %" PRIu64 " sent\n", descsock_client_stats.rx_packets_out,
           descsock_client_stats.tx_packets_in);
    return descsock_client_close() == CLIENT_SUCCESS ? 0 : 1;
}
