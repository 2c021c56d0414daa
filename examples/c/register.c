/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "register.h"

#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 16383 };

static volatile sig_atomic_t ended;

static void end(int signal)
{
    (void)signal;
    ended = 1;
}

bool goes_on(void)
{
    return !ended;
}

void end_on_signals(void)
{
    struct sigaction action = {.sa_handler = end}; /* what waits is interrupted */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int service_number(const char *text)
{
    char *rest;
    long number = strtol(text, &rest, 10);
    return rest == text || *rest != '\0' || number < 0 || number > MOST ? -1 : (int)number;
}

/* Whether the shared file can be where it is to be, as far as there is a directory. */
static bool has_directory(const descsock_client_spec_t *spec)
{
    char path[sizeof spec->dma_shmem_path];
    strcpy(path, spec->dma_shmem_path);
    return access(path, F_OK) == 0 || access(dirname(path), F_OK) == 0;
}

/* Whether that was the doorbell, where nobody is yet. */
static bool is_deserted(const descsock_client_spec_t *spec)
{
    return errno == ECONNREFUSED || (errno == ENOENT && has_directory(spec));
}

/* One number stands for several reasons: which it was. */
static const char *reason(const descsock_client_spec_t *spec)
{
    int why = errno;
    if (why == ENOENT)
        return "there is no such directory";
    if (why != EACCES)
        return strerror(why);
    if (spec->master_socket_path[0] != '@' && access(spec->master_socket_path, W_OK) != 0)
        return "the doorbell is not open to this user";
    if (access(spec->dma_shmem_path, W_OK | X_OK) != 0)
        return "this user may make no file there";
    return "the agent refuses, and its log says why";
}

bool come_in(const char *program, descsock_client_spec_t *spec)
{
    bool is_told = false;
    while (descsock_client_open(spec, 0) != CLIENT_SUCCESS) {
        int why = errno;
        if (!is_deserted(spec)) {
            errno = why;
            fprintf(stderr, "%s: cannot register at %s with a file in %s: %s\n", program, spec->master_socket_path,
                    spec->dma_shmem_path, reason(spec));
            return false;
        }
        if (!is_told)
            fprintf(stderr, "%s: waiting for an agent at %s\n", program, spec->master_socket_path);
        is_told = true;
        sleep(1);
        if (!goes_on())
            return false;
    }
    return true;
}
