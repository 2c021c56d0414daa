/*
 * Makes the calls it is told to on standard input, one a line, and says what came of each: "= RESULT ERRNO [MORE]".
 *
 *   open FILE DOORBELL SERVICE FLAGS [NAME]
 *   send FLAGS HEX          recv FLAGS BYTES          poll MASK
 *   cntl COMMAND            wait COMMAND MS           whether the descriptor of this command becomes readable
 *   close                   null CALL                 with a null pointer
 *   fork FILE DOORBELL      a child closes, opens one of its own, sends and closes that; its exit status
 *   garbage FILE DOORBELL   opens with fields that never end
 *   xsend DID SEP SVC TIER NTI DIRECTED HEX           xrecv BYTES          (released interface)
 *   stats                   behind                    the counters; the eight bytes behind the 72 of old ones
 *
 * With SEED it is for descsock.h, otherwise for descsock_client.h.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef SEED
#include "descsock.h"
#define CALL(name) descsock_##name
#else
#include "descsock_client.h"
#define CALL(name) descsock_client_##name
#define RELEASED
#if DESCSOCK_CLIENT_API >= 10301
#define EXTENDED
#endif
#if DESCSOCK_CLIENT_API >= 10200
#define NAMED
#endif
#endif

enum { ROOM = 65536 };
static unsigned char bytes[ROOM];
static char words[4 * ROOM];

static void answer(long result)
{
    printf("= %ld %d\n", result, errno);
}

static void answer_with(long result, const unsigned char *more, long count)
{
    printf("= %ld %d ", result, errno);
    for (long at = 0; at < count; at++)
        printf("%02x", more[at]);
    printf("\n");
}

/* The next word, "" if there is none. */
static const char *word(void)
{
    char *next = strtok(NULL, " \n");
    return next ? next : "";
}

static long number(void)
{
    return strtol(word(), NULL, 0);
}

static size_t hex(const char *from)
{
    size_t count = strlen(from) / 2;
    for (size_t at = 0; at < count; at++) {
        char digits[3] = {from[2 * at], from[2 * at + 1], 0};
        bytes[at] = (unsigned char)strtoul(digits, NULL, 16);
    }
    return count;
}

static void do_open(void)
{
    descsock_client_spec_t spec;
    int flags;
    memset(&spec, 0, sizeof spec);
    snprintf(spec.dma_shmem_path, sizeof spec.dma_shmem_path, "%s", word());
    snprintf(spec.master_socket_path, sizeof spec.master_socket_path, "%s", word());
    spec.svc_id = (int)number();
    flags = (int)number();
#ifdef NAMED
    snprintf(spec.tenant_name, sizeof spec.tenant_name, "%s", word());
#endif
    errno = 0;
    answer(CALL(open)(&spec, flags));
}

/* Each field in turn without its NUL. */
static void do_garbage(void)
{
    const char *file = word(), *doorbell = word();
    descsock_client_spec_t spec;
    char *fields[] = {
        spec.dma_shmem_path,
        spec.master_socket_path,
#ifdef NAMED
        spec.tenant_name,
#endif
    };
    for (size_t at = 0; at < sizeof fields / sizeof *fields; at++) {
        memset(&spec, 0, sizeof spec);
        snprintf(spec.dma_shmem_path, sizeof spec.dma_shmem_path, "%s", file);
        snprintf(spec.master_socket_path, sizeof spec.master_socket_path, "%s", doorbell);
        memset(fields[at], 'x', DESCSOCK_PATHLEN);
        errno = 0;
        if (CALL(open)(&spec, 0) != -1 || errno != ENAMETOOLONG) {
            answer((long)at);
            return;
        }
    }
    errno = 0;
    answer(-1);
}

static void do_send(void)
{
    int flags = (int)number();
    size_t len = hex(word());
    errno = 0;
    answer(CALL(send)(bytes, len, flags));
}

static void do_recv(void)
{
    int flags = (int)number();
    size_t len = (size_t)number();
    ssize_t got;
    /* What is behind the room has to stay as it is. */
    memset(bytes, 0xee, sizeof bytes);
    errno = 0;
    got = CALL(recv)(bytes, len, flags);
    for (size_t at = len; at < len + 64; at++)
        if (bytes[at] != 0xee) {
            printf("= overrun 0\n");
            return;
        }
    answer_with(got, bytes, got);
}

static void do_wait(void)
{
    int command = (int)number(), ms = (int)number(), descriptor = -1;
    struct pollfd watched;
    errno = 0;
    if (CALL(cntl)(command, &descriptor) < 0) {
        answer(-1);
        return;
    }
    watched.fd = descriptor;
    watched.events = POLLIN;
    answer(poll(&watched, 1, ms));
}

/* What the child does; where it fails. */
static int in_child(const descsock_client_spec_t *given)
{
    descsock_client_spec_t spec = *given;
    alarm(10);
    if (CALL(close)() < 0)
        return 1;
    if (CALL(open)(&spec, 0) < 0)
        return 2;
    memset(bytes, 0xff, 64);
    if (CALL(send)(bytes, 64, 0) < 64)
        return 3;
    return CALL(close)() < 0 ? 4 : 0;
}

static void do_fork(void)
{
    descsock_client_spec_t spec;
    int status = -1;
    pid_t child;
    memset(&spec, 0, sizeof spec);
    snprintf(spec.dma_shmem_path, sizeof spec.dma_shmem_path, "%s", word());
    snprintf(spec.master_socket_path, sizeof spec.master_socket_path, "%s", word());
    fflush(stdout);
    child = fork();
    if (child == 0)
        _exit(in_child(&spec));
    waitpid(child, &status, 0);
    errno = 0;
    answer(status);
}

static void do_null(void)
{
    const char *call = word();
    errno = 0;
    if (!strcmp(call, "open"))
        answer(CALL(open)(NULL, 0));
    else if (!strcmp(call, "send"))
        answer(CALL(send)(NULL, 64, 0));
    else if (!strcmp(call, "recv"))
        answer(CALL(recv)(NULL, 64, 0));
    else if (!strcmp(call, "cntl"))
        answer(CALL(cntl)(DESCSOCK_RECV_FD, (int *)NULL));
}

#ifdef EXTENDED
static void do_xsend(void)
{
    dsk_ifh_fields_t ifh;
    size_t len;
    memset(&ifh, 0, sizeof ifh);
    ifh.did = (uint32_t)number();
    ifh.sep = (uint32_t)number();
    ifh.svc = (uint32_t)number();
    ifh.qos_tier = (uint32_t)number();
    ifh.nti = (uint32_t)number();
    ifh.directed = number() != 0;
    len = hex(word());
    errno = 0;
    answer(descsock_client_send_extended(&ifh, bytes, len, 0));
}

static void do_xrecv(void)
{
    struct {
        dsk_ifh_fields_t ifh;
        unsigned char behind[8];
    } place;
    size_t len = (size_t)number();
    ssize_t got;
    memset(&place, 0xee, sizeof place);
    errno = 0;
    got = descsock_client_recv_extended(&place.ifh, bytes, len, 0);
    for (int at = 0; at < 8; at++)
        if (place.behind[at] != 0xee) {
            printf("= overrun 0\n");
            return;
        }
    printf("= %zd %d did=%u sep=%u svc=%u tier=%u nti=%u directed=%d\n", got, errno, place.ifh.did, place.ifh.sep,
           place.ifh.svc, place.ifh.qos_tier, place.ifh.nti, place.ifh.directed);
}
#endif

#ifdef RELEASED
static void do_stats(void)
{
    const descsock_client_stats_t *s = &descsock_client_stats;
    printf("= 0 0 rx=%lu,%lu,%lu,%lu,%lu tx=%lu,%lu,%lu,%lu", s->rx_packets_in, s->rx_packets_out, s->rx_bytes_in,
           s->rx_bytes_out, s->rx_fc_drops, s->tx_packets_in, s->tx_packets_out, s->tx_bytes_in, s->tx_bytes_out);
#if DESCSOCK_CLIENT_API >= 10304
    printf(" not4b=%lu", s->not4b);
#endif
    printf("\n");
}

static void do_behind(void)
{
    /* By way of a number that the compiler does not know: this is none of the variable's bytes. */
    volatile uintptr_t address = (uintptr_t)&descsock_client_stats;
    printf("= 0 0 %lu\n", *(volatile uint64_t *)(address + 72));
}
#endif

static void do_word(const char *command)
{
    errno = 0;
    if (!strcmp(command, "open"))
        do_open();
    else if (!strcmp(command, "garbage"))
        do_garbage();
    else if (!strcmp(command, "send"))
        do_send();
    else if (!strcmp(command, "recv"))
        do_recv();
    else if (!strcmp(command, "poll")) {
        int mask = (int)number();
        errno = 0;
        answer(CALL(poll)(mask));
    } else if (!strcmp(command, "cntl"))
        answer(CALL(cntl)((int)number()));
#ifdef RELEASED
    else if (!strcmp(command, "ctrl"))
        answer(CALL(ctrl)((int)number()));
    else if (!strcmp(command, "stats"))
        do_stats();
    else if (!strcmp(command, "behind"))
        do_behind();
#endif
#ifdef EXTENDED
    else if (!strcmp(command, "xsend"))
        do_xsend();
    else if (!strcmp(command, "xrecv"))
        do_xrecv();
#endif
    else if (!strcmp(command, "wait"))
        do_wait();
    else if (!strcmp(command, "null"))
        do_null();
    else if (!strcmp(command, "fork"))
        do_fork();
    else if (!strcmp(command, "close"))
        answer(CALL(close)());
    else
        printf("= unknown 0\n");
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("ready\n");
    while (fgets(words, sizeof words, stdin)) {
        const char *command = strtok(words, " \n");
        if (command)
            do_word(command);
    }
    return 0;
}
