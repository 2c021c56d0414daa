/*
 * The types of libmemif that mcm_dp.h and programs written for it name.
 *
 * Types and numbers only: libmcm_dp brings its own memif and exports none of libmemif's functions.
 * The include guard is libmemif's, so that a program which includes the real header too gets
 * whichever comes first.
 *
 * SPDX-License-Identifier: Apache-2.0 OR MIT
 */
#ifndef _LIBMEMIF_H_
#define _LIBMEMIF_H_

#include <inttypes.h>
#include <stddef.h>
#include <sys/timerfd.h>
#include <sys/types.h>

#define LIBMEMIF_VERSION "4.0"
#define MEMIF_DEFAULT_APP_NAME "libmemif-app"

#define MEMIF_BUFFER_FLAG_NEXT (1 << 0)
#define MEMIF_QUEUE_FLAG_POLLING 1

/* Errors as libmemif numbers them. libmcm_dp returns none of them; see mcm_dp_error. */
typedef enum {
    MEMIF_ERR_SUCCESS = 0,
    MEMIF_ERR_SYSCALL = 1,
    MEMIF_ERR_CONNREFUSED = 2,
    MEMIF_ERR_ACCES = 3,
    MEMIF_ERR_NO_FILE = 4,
    MEMIF_ERR_FILE_LIMIT = 5,
    MEMIF_ERR_PROC_FILE_LIMIT = 6,
    MEMIF_ERR_ALREADY = 7,
    MEMIF_ERR_AGAIN = 8,
    MEMIF_ERR_BAD_FD = 9,
    MEMIF_ERR_NOMEM = 10,
    MEMIF_ERR_INVAL_ARG = 11,
    MEMIF_ERR_NOCONN = 12,
    MEMIF_ERR_CONN = 13,
    MEMIF_ERR_CB_FDUPDATE = 14,
    MEMIF_ERR_FILE_NOT_SOCK = 15,
    MEMIF_ERR_NO_SHMFD = 16,
    MEMIF_ERR_COOKIE = 17,
    MEMIF_ERR_NOBUF_RING = 18,
    MEMIF_ERR_NOBUF = 19,
    MEMIF_ERR_NOBUF_DET = 20,
    MEMIF_ERR_INT_WRITE = 21,
    MEMIF_ERR_MFMSG = 22,
    MEMIF_ERR_QID = 23,
    MEMIF_ERR_PROTO = 24,
    MEMIF_ERR_ID = 25,
    MEMIF_ERR_ACCSLAVE = 26,
    MEMIF_ERR_ALRCONN = 27,
    MEMIF_ERR_MODE = 28,
    MEMIF_ERR_SECRET = 29,
    MEMIF_ERR_NOSECRET = 30,
    MEMIF_ERR_MAXREG = 31,
    MEMIF_ERR_MAXRING = 32,
    MEMIF_ERR_NO_INTFD = 33,
    MEMIF_ERR_DISCONNECT = 34,
    MEMIF_ERR_DISCONNECTED = 35,
    MEMIF_ERR_UNKNOWN_MSG = 36,
    MEMIF_ERR_POLL_CANCEL = 37,
    MEMIF_ERR_MAX_RING = 38,
    MEMIF_ERR_PRIVHDR = 39
} memif_err_t;

typedef enum {
    MEMIF_INTERFACE_MODE_ETHERNET = 0,
    MEMIF_INTERFACE_MODE_IP = 1,
    MEMIF_INTERFACE_MODE_PUNT_INJECT = 2
} memif_interface_mode_t;

typedef enum {
    MEMIF_RX_MODE_INTERRUPT = 0,
    MEMIF_RX_MODE_POLLING = 1
} memif_rx_mode_t;

typedef enum {
    MEMIF_FD_EVENT_READ = 1,
    MEMIF_FD_EVENT_WRITE = 2,
    MEMIF_FD_EVENT_ERROR = 4,
    MEMIF_FD_EVENT_DEL = 8,
    MEMIF_FD_EVENT_MOD = 16
} memif_fd_event_type_t;

typedef void *memif_conn_handle_t;
typedef void *memif_socket_handle_t;

typedef struct memif_fd_event {
    int fd;
    memif_fd_event_type_t type;
    void *private_ctx;
} memif_fd_event_t;

typedef void *(memif_alloc_t)(size_t size);
typedef void *(memif_realloc_t)(void *ptr, size_t size);
typedef void(memif_free_t)(void *ptr);
typedef int(memif_control_fd_update_t)(memif_fd_event_t event, void *private_ctx);
typedef int(memif_connection_update_t)(memif_conn_handle_t conn, void *private_ctx);
typedef int(memif_on_interrupt_t)(memif_conn_handle_t conn, void *private_ctx, uint16_t queue);

/*
 * A socket of libmemif, 208 bytes: path @0 (108), app_name @108 (32), 4 bytes of padding, connection_request_timer @144 (32),
 * on_control_fd_update @176, alloc @184, realloc @192, free @200.
 */
typedef struct memif_socket_args {
    char path[108];
    char app_name[32];
    struct itimerspec connection_request_timer;
    memif_control_fd_update_t *on_control_fd_update;
    memif_alloc_t *alloc;
    memif_realloc_t *realloc;
    memif_free_t *free;
} memif_socket_args_t;

/*
 * An interface of libmemif, 88 bytes: socket @0 (8), secret @8 (24), num_s2m_rings @32,
 * num_m2s_rings @33, buffer_size @36 (4), log2_ring_size @40, is_master @41, interface_id @44 (4),
 * interface_name @48 (32), mode @80 (8 bits of it).
 */
typedef struct {
    memif_socket_handle_t socket;
    uint8_t secret[24];
    uint8_t num_s2m_rings;
    uint8_t num_m2s_rings;
    uint32_t buffer_size;
    uint8_t log2_ring_size;
    uint8_t is_master;
    uint32_t interface_id;
    uint8_t interface_name[32];
    memif_interface_mode_t mode : 8;
} memif_conn_args_t;

/* A piece of a packet, 32 bytes: desc_index @0 (2), queue @8, len @16 (4), flags @20, data @24. */
typedef struct {
    uint16_t desc_index;
    void *queue;
    uint32_t len;
    uint8_t flags;
    void *data;
} memif_buffer_t;

#endif
