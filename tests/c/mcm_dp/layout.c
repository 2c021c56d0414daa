/*
 * Offsets, sizes and numbers of mcm_dp.h at 24.09 on x86-64, and of what this library adds. Compiling it,
 * as C and as C++, is the test.
 */
#include "mcm_dp.h"
#include "mcm_dp_ext.h"

/* A second time: the header has to guard itself. */
#include "mcm_dp.h"

#ifdef __cplusplus
#define SAME(a, b) static_assert((a) == (b), #a " is not " #b)
#else
#define SAME(a, b) _Static_assert((a) == (b), #a " is not " #b)
#endif
#define AT(type, field, offset) SAME(offsetof(type, field), offset)
#define SIZE(type, bytes) SAME(sizeof(type), bytes)
#define FIELD(type, field, offset, bytes)                                                          \
    AT(type, field, offset);                                                                       \
    SAME(sizeof(((type *)0)->field), bytes)

SAME(MCM_CREATE_SESSION, 1);
SAME(MCM_DESTROY_SESSION, 2);
SAME(MCM_QUERY_MEMIF_PATH, 3);
SAME(MCM_QUERY_MEMIF_ID, 4);
SAME(MCM_QUERY_MEMIF_PARAM, 5);

SAME(MCM_DP_SUCCESS, 0);
SAME(MCM_DP_ERROR_INVALID_PARAM, 1);
SAME(MCM_DP_ERROR_CONNECTION_FAILED, 2);
SAME(MCM_DP_ERROR_TIMEOUT, 3);
SAME(MCM_DP_ERROR_MEMORY_ALLOCATION, 4);
SAME(MCM_DP_ERROR_UNKNOWN, -1);

SAME(is_tx, 0);
SAME(is_rx, 1);
SAME(PROTO_AUTO, 0);
SAME(PROTO_MEMIF, 1);
SAME(PROTO_UDP, 2);
SAME(PROTO_TCP, 3);
SAME(PROTO_HTTP, 4);
SAME(PROTO_GRPC, 5);

SAME(PIX_FMT_NV12, 0);
SAME(PIX_FMT_YUV422P, 1);
SAME(PIX_FMT_YUV422P_10BIT_LE, 2);
SAME(PIX_FMT_YUV444P_10BIT_LE, 3);
SAME(PIX_FMT_RGB8, 4);

SAME(AUDIO_FMT_PCM8, 0);
SAME(AUDIO_FMT_PCM16, 1);
SAME(AUDIO_FMT_PCM24, 2);
SAME(AUDIO_FMT_AM824, 3);
SAME(AUDIO_FMT_MAX, 4);
SAME(AUDIO_SAMPLING_48K, 0);
SAME(AUDIO_SAMPLING_96K, 1);
SAME(AUDIO_SAMPLING_44K, 2);
SAME(AUDIO_SAMPLING_MAX, 3);
SAME(AUDIO_PTIME_1MS, 0);
SAME(AUDIO_PTIME_125US, 1);
SAME(AUDIO_PTIME_250US, 2);
SAME(AUDIO_PTIME_333US, 3);
SAME(AUDIO_PTIME_4MS, 4);
SAME(AUDIO_PTIME_80US, 5);
SAME(AUDIO_PTIME_1_09MS, 6);
SAME(AUDIO_PTIME_0_14MS, 7);
SAME(AUDIO_PTIME_0_09MS, 8);
SAME(AUDIO_PTIME_MAX, 9);
SAME(AUDIO_TYPE_FRAME_LEVEL, 0);
SAME(AUDIO_TYPE_RTP_LEVEL, 1);
SAME(AUDIO_TYPE_MAX, 2);
SAME(ANC_TYPE_FRAME_LEVEL, 0);
SAME(ANC_TYPE_RTP_LEVEL, 1);
SAME(ANC_TYPE_MAX, 2);
SAME(ANC_FORMAT_CLOSED_CAPTION, 0);
SAME(ANC_FORMAT_MAX, 1);

SAME(PAYLOAD_TYPE_NONE, 0);
SAME(PAYLOAD_TYPE_ST20_VIDEO, 1);
SAME(PAYLOAD_TYPE_ST22_VIDEO, 2);
SAME(PAYLOAD_TYPE_ST30_AUDIO, 3);
SAME(PAYLOAD_TYPE_ST40_ANCILLARY, 4);
SAME(PAYLOAD_TYPE_RTSP_VIDEO, 5);
SAME(PAYLOAD_TYPE_RDMA_VIDEO, 6);
SAME(PAYLOAD_CODEC_NONE, 0);
SAME(PAYLOAD_CODEC_JPEGXS, 1);
SAME(PAYLOAD_CODEC_H264, 2);

SIZE(memif_interface_param, 116);
FIELD(memif_interface_param, socket_path, 0, 108);
FIELD(memif_interface_param, is_master, 108, 1);
FIELD(memif_interface_param, interface_id, 112, 4);

SIZE(mcm_dp_addr, 52);
FIELD(mcm_dp_addr, ip, 0, 46);
FIELD(mcm_dp_addr, port, 46, 6);

SIZE(mcm_buffer, 24);
FIELD(mcm_buffer, metadata.seq_num, 0, 2);
FIELD(mcm_buffer, metadata.timestamp, 4, 4);
FIELD(mcm_buffer, len, 8, 8);
FIELD(mcm_buffer, data, 16, 8);

SIZE(mcm_video_args, 24);
FIELD(mcm_video_args, width, 0, 4);
FIELD(mcm_video_args, height, 4, 4);
FIELD(mcm_video_args, fps, 8, 8);
FIELD(mcm_video_args, pix_fmt, 16, 4);

SIZE(mcm_audio_args, 20);
FIELD(mcm_audio_args, type, 0, 4);
FIELD(mcm_audio_args, format, 4, 4);
FIELD(mcm_audio_args, channel, 8, 2);
FIELD(mcm_audio_args, sampling, 12, 4);
FIELD(mcm_audio_args, ptime, 16, 4);

SIZE(mcm_anc_args, 16);
FIELD(mcm_anc_args, type, 0, 4);
FIELD(mcm_anc_args, format, 4, 4);
FIELD(mcm_anc_args, fps, 8, 8);

FIELD(mcm_rdma_args, transfer_size, 0, 8);

SIZE(mcm_conn_param, 304);
FIELD(mcm_conn_param, type, 0, 4);
FIELD(mcm_conn_param, protocol, 4, 4);
FIELD(mcm_conn_param, local_addr, 8, 52);
FIELD(mcm_conn_param, remote_addr, 60, 52);
FIELD(mcm_conn_param, memif_interface, 112, 116);
FIELD(mcm_conn_param, memif_interface.socket_path, 112, 108);
FIELD(mcm_conn_param, path, 112, 108);
FIELD(mcm_conn_param, payload_type, 228, 4);
FIELD(mcm_conn_param, payload_codec, 232, 4);
FIELD(mcm_conn_param, payload_args, 240, 24);
AT(mcm_conn_param, payload_args.video_args, 240);
AT(mcm_conn_param, payload_args.audio_args, 240);
AT(mcm_conn_param, payload_args.anc_args, 240);
AT(mcm_conn_param, payload_args.rdma_args, 240);
FIELD(mcm_conn_param, width, 264, 4);
FIELD(mcm_conn_param, height, 268, 4);
FIELD(mcm_conn_param, fps, 272, 8);
FIELD(mcm_conn_param, pix_fmt, 280, 4);
FIELD(mcm_conn_param, payload_type_nr, 284, 1);
FIELD(mcm_conn_param, payload_mtl_flags_mask, 288, 8);
FIELD(mcm_conn_param, payload_mtl_pacing, 296, 1);

SIZE(mcm_conn_context, 88);
FIELD(mcm_conn_context, type, 0, 4);
FIELD(mcm_conn_context, proxy_sockfd, 4, 4);
FIELD(mcm_conn_context, session_id, 8, 4);
FIELD(mcm_conn_context, proto, 12, 4);
FIELD(mcm_conn_context, priv, 16, 8);
FIELD(mcm_conn_context, width, 24, 4);
FIELD(mcm_conn_context, height, 28, 4);
FIELD(mcm_conn_context, fps, 32, 8);
FIELD(mcm_conn_context, pix_fmt, 40, 4);
FIELD(mcm_conn_context, frame_size, 48, 8);
FIELD(mcm_conn_context, sampling, 56, 4);
FIELD(mcm_conn_context, st30_frame_size, 60, 4);
FIELD(mcm_conn_context, pkt_len, 64, 4);
FIELD(mcm_conn_context, dequeue_buffer, 72, 8);
FIELD(mcm_conn_context, enqueue_buffer, 80, 8);

SIZE(mcm_dp_stats, 80);
AT(mcm_dp_stats, frames, 0);
AT(mcm_dp_stats, bytes, 8);
AT(mcm_dp_stats, lost, 16);
AT(mcm_dp_stats, refused, 24);
AT(mcm_dp_stats, copied, 32);
AT(mcm_dp_stats, timeouts, 40);
AT(mcm_dp_stats, cancelled, 48);
AT(mcm_dp_stats, connections, 56);
AT(mcm_dp_stats, connected, 64);
AT(mcm_dp_stats, held, 72);

/* What the header has of libmemif. */
SIZE(memif_conn_param, sizeof(memif_socket_args_t) + sizeof(memif_conn_args_t));
AT(memif_conn_param, socket_args, 0);
SIZE(memif_socket_args_t, 208);
FIELD(memif_socket_args_t, path, 0, 108);
FIELD(memif_socket_args_t, app_name, 108, 32);
FIELD(memif_socket_args_t, connection_request_timer, 144, 32);
SIZE(memif_conn_args_t, 88);
FIELD(memif_conn_args_t, secret, 8, 24);
FIELD(memif_conn_args_t, buffer_size, 36, 4);
FIELD(memif_conn_args_t, log2_ring_size, 40, 1);
FIELD(memif_conn_args_t, is_master, 41, 1);
FIELD(memif_conn_args_t, interface_id, 44, 4);
FIELD(memif_conn_args_t, interface_name, 48, 32);
SIZE(memif_buffer_t, 32);
SAME(MEMIF_ERR_NOBUF_RING, 18);
SAME(MEMIF_ERR_DISCONNECTED, 35);
SAME(MEMIF_ERR_POLL_CANCEL, 37);

/* All pixel formats are case labels of one switch: none may be another's number. */
const char *name_of(video_pixel_format format);

const char *name_of(video_pixel_format format)
{
    switch (format) {
    case PIX_FMT_NV12:
        return "nv12";
    case PIX_FMT_YUV422P:
        return "yuv422p";
    case PIX_FMT_YUV422P_10BIT_LE:
        return "yuv422p10le";
    case PIX_FMT_YUV444P_10BIT_LE:
        return "yuv444p10le";
    case PIX_FMT_RGB8:
        return "rgb8";
    case PIX_FMT_YUV422PLANAR10LE:
        return "yuv422p10le, later";
    case PIX_FMT_V210:
        return "v210";
    case PIX_FMT_YUV422RFC4175BE10:
        return "rfc4175";
    }
    return NULL;
}

/* The documented functions have the documented types. */
mcm_conn_context *(*const to_create)(mcm_conn_param *) = mcm_create_connection;
void (*const to_destroy)(mcm_conn_context *) = mcm_destroy_connection;
mcm_buffer *(*const to_dequeue)(mcm_conn_context *, int, int *) = mcm_dequeue_buffer;
int (*const to_enqueue)(mcm_conn_context *, mcm_buffer *) = mcm_enqueue_buffer;
