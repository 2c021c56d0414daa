/*
 * cancelled FILE DOORBELL CALL TYPE ROUNDS: threads that do nothing but CALL (recv, poll, send) are cancelled, one after the
 * other, by TYPE (deferred, asynchronous). Another thread goes on sending, and what it sends comes back from outside.
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

enum { FRAME = 64, NUMBER = 20, AT_ONCE_MS = 50 };

static int type;
static volatile int is_over;
static unsigned long calls, sent;

static void check(int is_good, const char *what)
{
    if (!is_good) {
        fprintf(stderr, "not so: %s (errno %d)\n", what, errno);
        abort();
    }
}

static void send_number(unsigned char number, int flags)
{
    unsigned char frame[FRAME] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2};
    frame[12] = 0x88;
    frame[13] = 0xb5;
    frame[NUMBER] = number;
    ssize_t done = descsock_send(frame, sizeof frame, flags);
    check(done == FRAME || errno == EWOULDBLOCK, "sent");
}

static void *recv_on(void *nothing)
{
    char frame[2048];
    pthread_setcanceltype(type, NULL);
    for (;;) {
        __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
        check(descsock_recv(frame, sizeof frame, 0) == FRAME, "received");
        pthread_testcancel();
    }
    return nothing;
}

static void *poll_on(void *nothing)
{
    pthread_setcanceltype(type, NULL);
    for (;;) {
        __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
        check(descsock_poll(DESCSOCK_POLLIN | DESCSOCK_POLLOUT) >= 0, "polled");
        pthread_testcancel();
    }
    return nothing;
}

static void *send_on(void *nothing)
{
    pthread_setcanceltype(type, NULL);
    for (;;) {
        __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
        send_number(0, DESCSOCK_NONBLOCK);
        pthread_testcancel();
    }
    return nothing;
}

/* The one that is not cancelled. */
static void *go_on(void *nothing)
{
    while (!is_over) {
        send_number(0, 0);
        __atomic_add_fetch(&sent, 1, __ATOMIC_RELAXED);
        usleep(200);
    }
    return nothing;
}

static unsigned long now(unsigned long *count)
{
    return __atomic_load_n(count, __ATOMIC_RELAXED);
}

static void becomes_more(unsigned long *count, unsigned long before)
{
    while (now(count) == before)
        usleep(100);
}

static pthread_t start(void *(*call_on)(void *))
{
    unsigned long before = now(&calls);
    pthread_t thread;
    check(!pthread_create(&thread, NULL, call_on, NULL), "a thread");
    becomes_more(&calls, before);
    return thread;
}

static void cancel_one(void *(*call_on)(void *), int round)
{
    pthread_t thread = start(call_on);
    usleep((useconds_t)(round * 37 % 500)); /* somewhere in the call */
    check(!pthread_cancel(thread), "cancelled");
    check(!pthread_join(thread, NULL), "ended"); /* there is no other way for it to end */
    becomes_more(&sent, now(&sent));
}

/* A thread that is cancelled in a call that waits ends when the call does, and nothing else has changed. */
static void cancel_while_it_waits(void)
{
    pthread_t thread = start(recv_on);
    usleep(AT_ONCE_MS * 1000);
    check(!pthread_cancel(thread), "cancelled");
    usleep(AT_ONCE_MS * 1000);
    check(pthread_tryjoin_np(thread, NULL) == EBUSY, "it waits on");
    send_number(1, 0);
    check(!pthread_join(thread, NULL), "ended"); /* there is no other way for it to end */
}

/* What is sent still comes back; what there was no room for meanwhile is lost. */
static void exchange_once_more(void)
{
    unsigned char frame[2048] = {0};
    while (frame[NUMBER] != 255) {
        send_number(255, DESCSOCK_NONBLOCK);
        usleep(1000);
        while (frame[NUMBER] != 255 && descsock_recv(frame, sizeof frame, DESCSOCK_NONBLOCK) > 0)
            ;
    }
}

int main(int count, char **words)
{
    static descsock_client_spec_t spec;
    pthread_t bystander;
    check(count == 6, "five words");
    alarm(100);
    snprintf(spec.dma_shmem_path, sizeof spec.dma_shmem_path, "%s", words[1]);
    snprintf(spec.master_socket_path, sizeof spec.master_socket_path, "%s", words[2]);
    spec.svc_id = 8;
    type = strcmp(words[4], "deferred") ? PTHREAD_CANCEL_ASYNCHRONOUS : PTHREAD_CANCEL_DEFERRED;
    void *(*call_on)(void *) = !strcmp(words[3], "recv") ? recv_on : !strcmp(words[3], "poll") ? poll_on : send_on;
    check(!descsock_open(&spec, 0), "opened");
    if (call_on == recv_on)
        cancel_while_it_waits();
    check(!pthread_create(&bystander, NULL, go_on, NULL), "a thread");
    for (int round = 0; round < atoi(words[5]); round++)
        cancel_one(call_on, round);
    is_over = 1;
    check(!pthread_join(bystander, NULL), "ended");
    exchange_once_more();
    check(!descsock_close(), "closed");
    return 0;
}
