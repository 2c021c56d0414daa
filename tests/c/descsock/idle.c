/*
 * idle FILE DOORBELL: polls a hundred thousand times in a thread that may make no system call but read, write and exit;
 * any other would end the thread.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "descsock.h"

static int done[2];

static void *poll_on(void *nothing)
{
    char result = 'y';
    (void)nothing;
    /* The worker is done with what there is to do at first, and nobody else uses the locks. */
    while (descsock_poll(DESCSOCK_POLLOUT) != DESCSOCK_POLLOUT)
        ;
    usleep(200000);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
        result = 'p';
    for (int count = 0; count < 100000 && result == 'y'; count++)
        if (descsock_poll(DESCSOCK_POLLIN | DESCSOCK_POLLOUT) != DESCSOCK_POLLOUT)
            result = 'n';
    while (write(done[1], &result, 1) == 1)
        ;
    return NULL;
}

int main(int count, char **words)
{
    descsock_client_spec_t spec;
    pthread_t thread;
    char result = 0;
    alarm(30);
    if (count != 3 || pipe(done))
        return 2;
    memset(&spec, 0, sizeof spec);
    snprintf(spec.dma_shmem_path, sizeof spec.dma_shmem_path, "%s", words[1]);
    snprintf(spec.master_socket_path, sizeof spec.master_socket_path, "%s", words[2]);
    spec.svc_id = 8;
    if (descsock_open(&spec, 0) || pthread_create(&thread, NULL, poll_on, NULL))
        return 3;
    if (read(done[0], &result, 1) != 1 || result != 'y')
        return 4;
    unlink(words[1]);
    _exit(0);
}
