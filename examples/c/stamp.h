/*
 * What sender_app writes into a frame that is not from a file:
 *
 *   0  u32              number of the frame, from 0
 *   4  struct timespec  CLOCK_REALTIME when it was filled
 *
 * SPDX-License-Identifier: Apache-2.0 OR MIT
 */
#ifndef STAMP_H
#define STAMP_H

#include <stdint.h>
#include <string.h>
#include <time.h>

#define STAMP_TIME_AT 4
#define STAMP_BYTES (STAMP_TIME_AT + sizeof(struct timespec))

static inline void stamp_write(void *frame, uint32_t number)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    memcpy(frame, &number, sizeof(number));
    memcpy((char *)frame + STAMP_TIME_AT, &now, sizeof(now));
}

/* The number; microseconds is how long ago the frame was filled. */
static inline uint32_t stamp_read(const void *frame, double *microseconds)
{
    struct timespec now;
    struct timespec then;
    uint32_t number;

    clock_gettime(CLOCK_REALTIME, &now);
    memcpy(&number, frame, sizeof(number));
    memcpy(&then, (const char *)frame + STAMP_TIME_AT, sizeof(then));
    *microseconds = (double)(now.tv_sec - then.tv_sec) * 1e6 + (double)(now.tv_nsec - then.tv_nsec) / 1e3;
    return number;
}

#endif
