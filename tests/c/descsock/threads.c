/*
 * threads FILE DOORBELL: four threads send, two receive, others poll, open and close what is open, all at once.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "descsock.h"

enum { ROUNDS = 30, SENDERS = 4, RECEIVERS = 2, POLLERS = 2, CLOSERS = 1 };

static descsock_client_spec_t spec;
static volatile int is_over;

static void check(int is_good, const char *what)
{
    if (!is_good) {
        fprintf(stderr, "not so: %s (errno %d)\n", what, errno);
        abort();
    }
}

static void *send_on(void *nothing)
{
    char frame[64];
    memset(frame, 0xff, sizeof frame);
    while (!is_over) {
        ssize_t sent = descsock_send(frame, sizeof frame, DESCSOCK_NONBLOCK);
        check(sent == sizeof frame || errno == EWOULDBLOCK || errno == ENOTCONN, "sent");
    }
    return nothing;
}

/* Waits: closing has to end that. */
static void *receive_on(void *nothing)
{
    char frame[2048];
    while (!is_over) {
        ssize_t got = descsock_recv(frame, sizeof frame, 0);
        check(got >= 64 || (got == -1 && errno == ENOTCONN), "received");
    }
    return nothing;
}

static void *poll_on(void *nothing)
{
    while (!is_over) {
        int found = descsock_poll(DESCSOCK_POLLIN | DESCSOCK_POLLOUT);
        check(found >= 0 || (found == -1 && errno == ENOTCONN), "polled");
    }
    return nothing;
}

static void *close_on(void *nothing)
{
    while (!is_over) {
        usleep(2000);
        check(descsock_close() == 0 || errno == ENOTCONN, "closed");
    }
    return nothing;
}

int main(int count, char **words)
{
    void *(*roles[])(void *) = {send_on, receive_on, poll_on, close_on};
    int numbers[] = {SENDERS, RECEIVERS, POLLERS, CLOSERS};
    pthread_t threads[SENDERS + RECEIVERS + POLLERS + CLOSERS];
    int started = 0;
    check(count == 3, "two words");
    snprintf(spec.dma_shmem_path, sizeof spec.dma_shmem_path, "%s", words[1]);
    snprintf(spec.master_socket_path, sizeof spec.master_socket_path, "%s", words[2]);
    spec.svc_id = 8;
    for (int role = 0; role < 4; role++)
        for (int one = 0; one < numbers[role]; one++)
            check(!pthread_create(&threads[started++], NULL, roles[role], NULL), "a thread");
    for (int round = 0; round < ROUNDS;) {
        int opened = descsock_open(&spec, 0);
        check(opened == 0 || errno == EISCONN || errno == EALREADY, "opened");
        round += opened == 0;
    }
    is_over = 1;
    /* Opened once more, it is closed by somebody, or here. */
    while (started > 0) {
        if (descsock_close() != 0)
            check(errno == ENOTCONN, "closed at the end");
        pthread_join(threads[--started], NULL);
    }
    descsock_close();
    check(descsock_close() == -1 && errno == ENOTCONN, "closed");
    return 0;
}
