/*
 * The smallest tenant: each second it takes all frames that have come, and sends five.
 *
 *   test_client [DOORBELL [DIRECTORY [SERVICE]]]
 *
 * Without arguments the doorbell is /run/dmaa_doorbell.sock, the shared file goes to /var/hugepages, and the service is 1.
 * `memwire agent` is an agent to try it with; for a directory without huge pages, say /dev/shm.
 *
 * SPDX-License-Identifier: Apache-2.0 OR MIT
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "register.h"

enum { FRAME = 50, BURST = 5 };

static void use(FILE *where)
{
    fputs("usage: test_client [DOORBELL [DIRECTORY [SERVICE]]]\n"
          "Each second: takes the frames that have come, sends five of 50 bytes. Waits for its agent. Ctrl-C ends it.\n"
          "Default: test_client /run/dmaa_doorbell.sock /var/hugepages 1\n"
          "Try it:  memwire agent --doorbell /tmp/bell.sock &\n"
          "         test_client /tmp/bell.sock /dev/shm 8 & test_client /tmp/bell.sock /dev/shm 9\n",
          where);
}

static int set(char *field, size_t size, const char *value)
{
    if (strlen(value) >= size) {
        fprintf(stderr, "test_client: %s is longer than %zu bytes\n", value, size - 1);
        return 2;
    }
    strcpy(field, value);
    return 0;
}

static int read_arguments(int count, char **argument, descsock_client_spec_t *spec)
{
    const char *doorbell = count > 1 ? argument[1] : "/run/dmaa_doorbell.sock";
    const char *directory = count > 2 ? argument[2] : "/var/hugepages";
    const char *service = count > 3 ? argument[3] : "1";
    spec->svc_id = service_number(service);
    if (count > 4 || spec->svc_id < 0) {
        use(stderr);
        return 2;
    }
    return set(spec->master_socket_path, sizeof spec->master_socket_path, doorbell) |
           set(spec->dma_shmem_path, sizeof spec->dma_shmem_path, directory);
}

/* Takes frames until there are none; how many. */
static unsigned drain(void)
{
    static char frame[DESCSOCK_CLIENT_BUF_SIZE];
    unsigned frames = 0;
    while (descsock_client_recv(frame, sizeof frame, 0) > 0)
        frames++;
    return frames;
}

/* Sends a burst to everybody; how many frames went. */
static unsigned send_burst(void)
{
    unsigned char frame[FRAME];
    unsigned frames = 0;
    memset(frame, 0, sizeof frame);
    memset(frame, 0xff, 6); /* to all */
    frame[6] = 0x02;        /* from an address that nobody else has */
    memcpy(frame + 7, &(pid_t){getpid()}, 4);
    frame[12] = 0x88; /* a type for experiments */
    frame[13] = 0xb5;
    while (frames < BURST && descsock_client_send(frame, sizeof frame, 0) > 0)
        frames++;
    return frames;
}

int main(int count, char **argument)
{
    static descsock_client_spec_t spec;
    if (count > 1 && (strcmp(argument[1], "--help") == 0 || strcmp(argument[1], "-h") == 0)) {
        use(stdout);
        return 0;
    }
    int misuse = read_arguments(count, argument, &spec);
    if (misuse != 0)
        return misuse;
    end_on_signals();
    if (!come_in("test_client", &spec))
        return goes_on() ? 1 : 0;
    while (goes_on()) {
        unsigned received = drain();
        unsigned sent = send_burst();
        printf("received %u, sent %u%s\n", received, sent,
               descsock_client_poll(0) == DESCSOCK_POLLERR ? ", no agent" : "");
        fflush(stdout);
        sleep(1);
    }
    return descsock_client_close() == CLIENT_SUCCESS ? 0 : 1;
}
