/*
 * The documented interface: greets everybody, and waits for the answers of one.
 *
 * SPDX-License-Identifier: Apache-2.0 OR MIT
 */
#include <stdio.h>

#include "descsock.h"

enum { HEADER = 14, FRAME = 60, CRC = 4, GREETINGS = 3 };

int main(int argc, char **argv)
{
    static descsock_client_spec_t spec = {.svc_id = 8};
    unsigned char frame[FRAME + CRC] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, /* to all */
        0x02, 0x00, 0x00, 0x00, 0x00, 0x08, /* from an address that nobody else has */
        0x88, 0xb5,                         /* a type for experiments */
    };
    unsigned char answer[2048];

    snprintf(spec.master_socket_path, sizeof spec.master_socket_path, "%s", argc > 1 ? argv[1] : "");
    snprintf(spec.dma_shmem_path, sizeof spec.dma_shmem_path, "%s", argc > 2 ? argv[2] : "");
    if (descsock_open(&spec, 0) != 0) {
        perror("descsock_open");
        return 1;
    }
    for (int number = 1; number <= GREETINGS; number++) {
        snprintf((char *)frame + HEADER, FRAME - HEADER, "greeting %d", number);
        if (descsock_send(frame, sizeof frame, 0) == -1) {
            perror("descsock_send");
            return 1;
        }
        ssize_t bytes = descsock_recv(answer, sizeof answer, 0);
        if (bytes == -1) {
            perror("descsock_recv");
            return 1;
        }
        printf("greeter: %zd bytes, \"%.46s\"\n", bytes, (char *)answer + HEADER);
    }
    return descsock_close() == 0 ? 0 : 1;
}
