/*
 * Media connections between two processes of one node, over shared memory.
 *
 *   one side                                  the other side
 *   param.type = is_tx                        param.type = is_rx
 *   memif_interface.is_master = 1             memif_interface.is_master = 0
 *          same socket_path, same interface_id, same width and height
 *   mcm_create_connection                     mcm_create_connection
 *   loop: mcm_dequeue_buffer  room            loop: mcm_dequeue_buffer  a frame
 *         fill buf->data, set buf->len              use buf->data, buf->len bytes
 *         mcm_enqueue_buffer  sends                 mcm_enqueue_buffer  gives it back
 *   mcm_destroy_connection                    mcm_destroy_connection
 *
 * The library has no threads: whoever waits for the peer is let in, and the end of a peer is noticed,
 * during the calls of the other side. A program that does something else for long calls
 * mcm_dequeue_buffer with timeout 0 now and then, or waits on mcm_connection_fd (mcm_dp_ext.h).
 *
 * Either side may send or receive, be master or slave, and start first. Names, numbers and layouts
 * are those of the Media Communications Mesh SDK 24.09; see docs/mcm_dp.md for what works better.
 *
 * SPDX-License-Identifier: Apache-2.0 OR MIT
 */
#ifndef __MCM_DP_H
#define __MCM_DP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mcm_dp/libmemif.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Commands of the media proxy's protocol, which this library does not speak. */
#define MCM_CREATE_SESSION 1
#define MCM_DESTROY_SESSION 2
#define MCM_QUERY_MEMIF_PATH 3
#define MCM_QUERY_MEMIF_ID 4
#define MCM_QUERY_MEMIF_PARAM 5

/* What error_code of mcm_dequeue_buffer and the result of mcm_enqueue_buffer say. */
typedef enum {
    MCM_DP_SUCCESS = 0,
    MCM_DP_ERROR_INVALID_PARAM = 1,     /* the two sides, or the call, do not fit */
    MCM_DP_ERROR_CONNECTION_FAILED = 2, /* the peer is gone, refused, or broke a rule */
    MCM_DP_ERROR_TIMEOUT = 3,           /* no room to send within the time given */
    MCM_DP_ERROR_MEMORY_ALLOCATION = 4, /* no memory, or no descriptors */
    MCM_DP_ERROR_UNKNOWN = -1           /* anything else; errno and mcm_last_error tell */
} mcm_dp_error;

/* Direction of a connection. */
typedef enum { is_tx = 0, is_rx = 1 } transfer_type;

/* PROTO_MEMIF is what this library does; PROTO_AUTO means it too, unless a media proxy is configured
 * (MCM_MEDIA_PROXY_IP or MCM_MEDIA_PROXY_PORT in the environment). The others are refused. */
typedef enum {
    PROTO_AUTO = 0,
    PROTO_MEMIF = 1,
    PROTO_UDP = 2,
    PROTO_TCP = 3,
    PROTO_HTTP = 4,
    PROTO_GRPC = 5
} proto_type;

/* Pixels of ST 2110-20 video, and the bytes of a frame of W x H. The last three are the names of
 * later SDK releases. */
typedef enum {
    PIX_FMT_NV12 = 0,              /* W*H*3/2 */
    PIX_FMT_YUV422P = 1,           /* W*H*2 */
    PIX_FMT_YUV422P_10BIT_LE = 2,  /* W*H*4 */
    PIX_FMT_YUV444P_10BIT_LE = 3,  /* W*H*6 */
    PIX_FMT_RGB8 = 4,              /* W*H*3 */
    PIX_FMT_YUV422PLANAR10LE = 5,  /* W*H*4, as PIX_FMT_YUV422P_10BIT_LE */
    PIX_FMT_V210 = 6,              /* rows of ceil(W/48)*128 */
    PIX_FMT_YUV422RFC4175BE10 = 7  /* W*H*5/2 */
} video_pixel_format;

typedef enum {
    AUDIO_FMT_PCM8 = 0,  /* 1 byte for each sample and channel */
    AUDIO_FMT_PCM16 = 1, /* 2 */
    AUDIO_FMT_PCM24 = 2, /* 3 */
    AUDIO_FMT_AM824 = 3, /* 4 */
    AUDIO_FMT_MAX = 4
} mcm_audio_format;

typedef enum {
    AUDIO_SAMPLING_48K = 0,
    AUDIO_SAMPLING_96K = 1,
    AUDIO_SAMPLING_44K = 2, /* 44.1 kHz */
    AUDIO_SAMPLING_MAX = 3
} mcm_audio_sampling;

/* Time of one packet. The last three exist at 44.1 kHz, and only they. */
typedef enum {
    AUDIO_PTIME_1MS = 0,
    AUDIO_PTIME_125US = 1,
    AUDIO_PTIME_250US = 2,
    AUDIO_PTIME_333US = 3,
    AUDIO_PTIME_4MS = 4,
    AUDIO_PTIME_80US = 5,
    AUDIO_PTIME_1_09MS = 6,
    AUDIO_PTIME_0_14MS = 7,
    AUDIO_PTIME_0_09MS = 8,
    AUDIO_PTIME_MAX = 9
} mcm_audio_ptime;

typedef enum { AUDIO_TYPE_FRAME_LEVEL = 0, AUDIO_TYPE_RTP_LEVEL = 1, AUDIO_TYPE_MAX = 2 } mcm_audio_type;
typedef enum { ANC_TYPE_FRAME_LEVEL = 0, ANC_TYPE_RTP_LEVEL = 1, ANC_TYPE_MAX = 2 } mcm_anc_type;
typedef enum { ANC_FORMAT_CLOSED_CAPTION = 0, ANC_FORMAT_MAX = 1 } mcm_anc_format;

typedef enum {
    PAYLOAD_TYPE_NONE = 0,
    PAYLOAD_TYPE_ST20_VIDEO = 1,
    PAYLOAD_TYPE_ST22_VIDEO = 2,
    PAYLOAD_TYPE_ST30_AUDIO = 3,
    PAYLOAD_TYPE_ST40_ANCILLARY = 4,
    PAYLOAD_TYPE_RTSP_VIDEO = 5,
    PAYLOAD_TYPE_RDMA_VIDEO = 6
} mcm_payload_type;

typedef enum {
    PAYLOAD_CODEC_NONE = 0,
    PAYLOAD_CODEC_JPEGXS = 1,
    PAYLOAD_CODEC_H264 = 2
} mcm_payload_codec;

/* How a program of libmemif describes a connection: the two structures of mcm_dp/libmemif.h. */
typedef struct {
    memif_socket_args_t socket_args;
    memif_conn_args_t conn_args;
} memif_conn_param;

/* Where the two sides meet; 116 bytes: socket_path @0 (108), is_master @108 (1), interface_id @112 (4). */
typedef struct {
    char socket_path[108]; /* empty: /run/mcm/mcm_rx_memif.sock; "@name": abstract */
    uint8_t is_master;     /* 1: listens; 0: connects */
    uint32_t interface_id; /* the same on both sides; any number of ids on one socket */
} memif_interface_param;

/* 52 bytes: ip @0 (46), port @46 (6). Only local_addr.port is used, in the names shown to the peer. */
typedef struct {
    char ip[46];
    char port[6];
} mcm_dp_addr;

/* A frame, or room for one; 24 bytes: metadata.seq_num @0 (2), metadata.timestamp @4 (4), len @8,
 * data @16. It belongs to the library; what mcm_dequeue_buffer gives goes back with mcm_enqueue_buffer. */
typedef struct {
    struct {
        uint16_t seq_num;   /* sender: starts as the next number in turn, change it or leave it */
        uint32_t timestamp; /* sender: starts as 0 */
    } metadata;             /* receiver: what the sender set, if it is a program of this library; else 0 */
    size_t len;             /* sender: room, then set to the bytes to send; receiver: bytes received */
    void *data;             /* in shared memory */
} mcm_buffer;

/* 24 bytes: width @0, height @4, fps @8, pix_fmt @16. */
typedef struct {
    uint32_t width;
    uint32_t height;
    double fps;
    video_pixel_format pix_fmt;
} mcm_video_args;

/* 20 bytes: type @0, format @4, channel @8 (2), sampling @12, ptime @16. */
typedef struct {
    mcm_audio_type type;
    mcm_audio_format format;
    uint16_t channel;
    mcm_audio_sampling sampling;
    mcm_audio_ptime ptime;
} mcm_audio_args;

/* 16 bytes: type @0, format @4, fps @8. */
typedef struct {
    mcm_anc_type type;
    mcm_anc_format format;
    double fps;
} mcm_anc_args;

/* 8 bytes. */
typedef struct {
    size_t transfer_size; /* bytes of the largest frame */
} mcm_rdma_args;

/* What a connection should be; 304 bytes, offsets at the fields. Zero it first: a field that is not
 * needed is then left alone. */
typedef struct {
    transfer_type type;    /* @0 */
    proto_type protocol;   /* @4 */
    mcm_dp_addr local_addr;  /* @8 */
    mcm_dp_addr remote_addr; /* @60 */
    union {                  /* @112; "path" is another name for memif_interface.socket_path */
        memif_interface_param memif_interface;
        char path[108];
    };
    mcm_payload_type payload_type;   /* @228 */
    mcm_payload_codec payload_codec; /* @232 */
    union {                          /* @240 */
        mcm_video_args video_args;
        mcm_audio_args audio_args;
        mcm_anc_args anc_args;
        mcm_rdma_args rdma_args;
    } payload_args;
    uint32_t width;             /* @264; used where payload_args has no width and height */
    uint32_t height;            /* @268 */
    double fps;                 /* @272 */
    video_pixel_format pix_fmt; /* @280 */
    uint8_t payload_type_nr;    /* @284; not used, as the next two */
    uint64_t payload_mtl_flags_mask; /* @288 */
    uint8_t payload_mtl_pacing;      /* @296 */
} mcm_conn_param;

/* A connection; 88 bytes, offsets at the fields. Read what you like, change nothing. */
typedef struct _mcm_conn_context mcm_conn_context;
struct _mcm_conn_context {
    transfer_type type;          /* @0 */
    int proxy_sockfd;            /* @4; -1 */
    uint32_t session_id;         /* @8; 0 */
    proto_type proto;            /* @12; PROTO_MEMIF */
    void *priv;                  /* @16 */
    uint32_t width;              /* @24 */
    uint32_t height;             /* @28 */
    double fps;                  /* @32 */
    video_pixel_format pix_fmt;  /* @40 */
    size_t frame_size;           /* @48; bytes of the largest frame, what len is after a sender's dequeue */
    mcm_audio_sampling sampling; /* @56 */
    int st30_frame_size;         /* @60; bytes of an audio packet, as the next; 0 for the other payloads */
    int pkt_len;                 /* @64 */
    mcm_buffer *(*dequeue_buffer)(mcm_conn_context *self, int timeout, int *error_code); /* @72 */
    int (*enqueue_buffer)(mcm_conn_context *self, mcm_buffer *buf);                      /* @80 */
};

/*
 * Connects to the peer, and returns when it is there. Waits for ever, or for MCM_CREATE_TIMEOUT_MS
 * milliseconds if the environment has that. Signals do not end the wait, except SIGINT and SIGTERM
 * where the program handles them.
 *
 * NULL on failure; errno and mcm_last_error() of mcm_dp_ext.h say why: EINVAL (parameters),
 * EPROTONOSUPPORT (protocol), ETIMEDOUT, EINTR, EADDRINUSE (another master, or the id), ENOENT (no such
 * directory), EACCES, ENOTSOCK (another file is there), ENOMEM, EMFILE, and others of the system.
 */
mcm_conn_context *mcm_create_connection(mcm_conn_param *param);

/*
 * Ends a connection. What was sent arrives: a receiver of this library takes it also afterwards; for
 * another one a sender waits until it has, at most 20 frame times (1 to 10 seconds). Buffers not
 * given back are gone, and their data with them. Calls that wait on the connection in other threads
 * return NULL and ECANCELED; none may begin any more. NULL is allowed.
 */
void mcm_destroy_connection(mcm_conn_context *pctx);

/*
 * A received frame, or room for one to send. Waits at most timeout milliseconds in all; 0: not at
 * all; -1: for ever. Several buffers may be out at once. Signals do not end the wait, except SIGINT and
 * SIGTERM where the program handles them.
 *
 * NULL on failure; *error_code, unless error_code is NULL, and errno:
 *
 *   0                               EAGAIN, ETIMEDOUT  receiver: the time is over (EAGAIN with timeout 0)
 *   MCM_DP_ERROR_TIMEOUT            EAGAIN, ETIMEDOUT  sender: the same
 *   MCM_DP_ERROR_CONNECTION_FAILED  ENOTCONN           the peer has closed
 *                                   ECONNRESET         it died, or broke a rule
 *                                   ECANCELED          the connection was destroyed
 *   MCM_DP_ERROR_INVALID_PARAM      EMSGSIZE           the peer's frame was larger than frame_size
 *                                   EINVAL             pctx is NULL
 *   MCM_DP_ERROR_MEMORY_ALLOCATION  ENOMEM, EMFILE
 *   MCM_DP_ERROR_UNKNOWN            EINTR              SIGINT or SIGTERM came
 *
 * The end of a peer is told once, after all its frames: the next call waits for the peer to come back.
 * Limits below 50 ms do not listen for signals, nor does a thread while another one waits on the same
 * connection. No call of this library is a cancellation point. A connection does not survive fork.
 */
mcm_buffer *mcm_dequeue_buffer(mcm_conn_context *pctx, int timeout, int *error_code);

/*
 * Sends a sender's buffer, gives back a receiver's; in any order, from any thread. Never waits.
 *
 * 0, or an mcm_dp_error and errno: MCM_DP_ERROR_CONNECTION_FAILED when it was not sent because the
 * receiver it was meant for is gone; MCM_DP_ERROR_INVALID_PARAM when buf is none of this
 * connection's (EINVAL), len is more than fits (EMSGSIZE), or len is 0 and the receiver is no program
 * of this library (EINVAL). After EMSGSIZE the buffer is still the caller's; after anything else it
 * is not.
 */
int mcm_enqueue_buffer(mcm_conn_context *pctx, mcm_buffer *buf);

#ifdef __cplusplus
}
#endif

#endif
