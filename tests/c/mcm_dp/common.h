/*
 * What the C programs that test libmcm_dp share: time, checks, numbered frames.
 *
 * A numbered frame carries a little-endian u64 at offset 14; every other byte at offset i is
 * (7 * i + number) mod 256. One of less than 22 bytes has no room for the number and shows only the
 * lowest eight bits of it. The same in tests/src/frames.rs.
 */
#ifndef COMMON_H
#define COMMON_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mcm_dp.h"
#include "mcm_dp_ext.h"

enum { NUMBER_AT = 14, NUMBER_END = 22, BLOCK = 256 };

/* Ends the program, and says where and why, if the condition does not hold. */
#define CHECK(condition, ...)                                                                      \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_at(__FILE__, __LINE__, #condition, __VA_ARGS__);                                  \
    } while (0)

__attribute__((format(printf, 4, 5), noreturn)) static inline void
fail_at(const char *file, int line, const char *condition, const char *format, ...)
{
    int number = errno;
    va_list values;
    fprintf(stderr, "%s:%d: not so: %s: ", file, line, condition);
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fprintf(stderr, " (errno %d, last error \"%s\")\n", number, mcm_last_error());
    exit(1);
}

static inline uint64_t clock_us(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static inline uint64_t now_us(void)
{
    return clock_us(CLOCK_MONOTONIC);
}

static inline uint64_t cpu_us(void)
{
    return clock_us(CLOCK_PROCESS_CPUTIME_ID);
}

/* Sleeps until a time of now_us(), whatever signals come. */
static inline void sleep_until(uint64_t us)
{
    struct timespec end;
    end.tv_sec = (time_t)(us / 1000000);
    end.tv_nsec = (long)(us % 1000000) * 1000;
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) == EINTR)
        ;
}

/* The first bytes of a frame, which have the number in them. */
static inline void first_block(unsigned char block[BLOCK], size_t len, uint64_t number)
{
    for (unsigned i = 0; i < BLOCK; i++)
        block[i] = (unsigned char)(7 * i + number);
    for (unsigned i = 0; i < 8 && len >= NUMBER_END; i++)
        block[NUMBER_AT + i] = (unsigned char)(number >> (8 * i));
}

static inline size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline void fill_frame(void *frame, size_t len, uint64_t number)
{
    unsigned char block[BLOCK], *bytes = (unsigned char *)frame;
    first_block(block, len, number);
    memcpy(bytes, block, least(len, BLOCK));
    first_block(block, 0, number);
    for (size_t at = BLOCK; at < len; at += BLOCK)
        memcpy(bytes + at, block, least(len - at, BLOCK));
}

static inline uint64_t frame_number(const void *frame, size_t len)
{
    const unsigned char *bytes = (const unsigned char *)frame;
    uint64_t number = 0;
    if (len < NUMBER_END)
        return len ? bytes[0] : 0;
    for (int i = 7; i >= 0; i--)
        number = number << 8 | bytes[NUMBER_AT + i];
    return number;
}

/* Where a frame differs from the one with this number; -1 if nowhere. */
static inline long wrong_byte(const void *frame, size_t len, uint64_t number)
{
    unsigned char block[BLOCK];
    const unsigned char *bytes = (const unsigned char *)frame;
    first_block(block, len, number);
    for (size_t at = 0; at < len; at += BLOCK) {
        if (at == BLOCK)
            first_block(block, 0, number);
        size_t here = least(len - at, BLOCK);
        if (memcmp(bytes + at, block, here) == 0)
            continue;
        for (size_t i = 0; i < here; i++)
            if (bytes[at + i] != block[i])
                return (long)(at + i);
    }
    return -1;
}

#endif
