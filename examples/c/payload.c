/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "payload.h"

const struct word payload_words[] = {
    {"st20", PAYLOAD_TYPE_ST20_VIDEO},
    {"st22", PAYLOAD_TYPE_ST22_VIDEO},
    {"st30", PAYLOAD_TYPE_ST30_AUDIO},
    {"st40", PAYLOAD_TYPE_ST40_ANCILLARY},
    {"rdma", PAYLOAD_TYPE_RDMA_VIDEO},
    {NULL, 0},
};

const struct word pixel_words[] = {
    {"yuv422p10le", PIX_FMT_YUV422P_10BIT_LE},
    {"yuv422p", PIX_FMT_YUV422P},
    {"yuv444p10le", PIX_FMT_YUV444P_10BIT_LE},
    {"rgb8", PIX_FMT_RGB8},
    {"nv12", PIX_FMT_NV12},
    {"yuv422planar10le", PIX_FMT_YUV422PLANAR10LE},
    {"v210", PIX_FMT_V210},
    {"yuv422rfc4175be10", PIX_FMT_YUV422RFC4175BE10},
    {NULL, 0},
};

const struct word protocol_words[] = {
    {"memif", PROTO_MEMIF}, {"auto", PROTO_AUTO}, {"udp", PROTO_UDP},   {"tcp", PROTO_TCP},
    {"http", PROTO_HTTP},   {"grpc", PROTO_GRPC}, {NULL, 0},
};

static size_t video_bytes(const mcm_conn_param *param)
{
    size_t width = param->width;
    size_t height = param->height;

    switch (param->pix_fmt) {
    case PIX_FMT_NV12:
        return width * height * 3 / 2;
    case PIX_FMT_YUV422P:
        return width * height * 2;
    case PIX_FMT_YUV444P_10BIT_LE:
        return width * height * 6;
    case PIX_FMT_RGB8:
        return width * height * 3;
    case PIX_FMT_V210:
        return (width + 47) / 48 * 128 * height; /* rows of whole groups of 48 pixels */
    case PIX_FMT_YUV422RFC4175BE10:
        return width * height * 5 / 2;
    case PIX_FMT_YUV422P_10BIT_LE:
    case PIX_FMT_YUV422PLANAR10LE:
        break;
    }
    return width * height * 4;
}

static mcm_video_args video(const mcm_conn_param *param)
{
    return (mcm_video_args){
        .width = param->width,
        .height = param->height,
        .fps = param->fps,
        .pix_fmt = param->pix_fmt,
    };
}

/* Two channels of 16 bits, 48 samples in each packet: 192 bytes. */
static mcm_audio_args stereo(void)
{
    return (mcm_audio_args){
        .type = AUDIO_TYPE_FRAME_LEVEL,
        .format = AUDIO_FMT_PCM16,
        .channel = 2,
        .sampling = AUDIO_SAMPLING_48K,
        .ptime = AUDIO_PTIME_1MS,
    };
}

static mcm_anc_args captions(const mcm_conn_param *param)
{
    return (mcm_anc_args){
        .type = ANC_TYPE_FRAME_LEVEL,
        .format = ANC_FORMAT_CLOSED_CAPTION,
        .fps = param->fps,
    };
}

void describe_payload(mcm_conn_param *param)
{
    switch (param->payload_type) {
    case PAYLOAD_TYPE_ST30_AUDIO:
        param->payload_args.audio_args = stereo();
        break;
    case PAYLOAD_TYPE_ST40_ANCILLARY:
        param->payload_args.anc_args = captions(param);
        break;
    case PAYLOAD_TYPE_RDMA_VIDEO:
        param->payload_args.rdma_args.transfer_size = video_bytes(param);
        break;
    case PAYLOAD_TYPE_ST22_VIDEO:
        param->payload_codec = PAYLOAD_CODEC_JPEGXS;
        param->payload_args.video_args = video(param);
        break;
    default:
        param->payload_args.video_args = video(param);
        break;
    }
}

size_t payload_bytes(const mcm_conn_param *param, size_t capacity)
{
    switch (param->payload_type) {
    case PAYLOAD_TYPE_ST20_VIDEO:
    case PAYLOAD_TYPE_RDMA_VIDEO:
        return video_bytes(param);
    case PAYLOAD_TYPE_ST30_AUDIO:
        return 48 * 2 * 2; /* samples, channels, bytes: see stereo() */
    default:
        return capacity; /* compressed or ancillary: as much as there is */
    }
}
