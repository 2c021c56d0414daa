//! The structures of `mcm_dp.h` as they lie in memory on 64-bit Linux, and proof that they do.
//!
//! Offsets and sizes in bytes are drawn at the fields in the header and asserted below. What C calls
//! an enum is a plain number here: a program may write anything into it.

use std::ffi::{c_char, c_int, c_void};

use capi_door::layout;

/// `transfer_type`: the connection sends.
pub(crate) const IS_TX: u32 = 0;
/// `transfer_type`: the connection receives.
pub(crate) const IS_RX: u32 = 1;

/// `memif_interface_param`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Interface {
    pub(crate) socket_path: [c_char; 108],
    pub(crate) is_master: u8,
    pub(crate) interface_id: u32,
}

/// `mcm_dp_addr`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct NetAddress {
    pub(crate) ip: [c_char; 46],
    pub(crate) port: [c_char; 6],
}

/// `mcm_buffer`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Buffer {
    pub(crate) metadata: BufferMetadata,
    pub(crate) len: usize,
    pub(crate) data: *mut c_void,
}

/// What a sender says about a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct BufferMetadata {
    pub(crate) seq_num: u16,
    pub(crate) timestamp: u32,
}

/// `mcm_video_args`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct VideoArgs {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) fps: f64,
    pub(crate) pix_fmt: u32,
}

/// `mcm_audio_args`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct AudioArgs {
    pub(crate) kind: u32,
    pub(crate) format: u32,
    pub(crate) channel: u16,
    pub(crate) sampling: u32,
    pub(crate) ptime: u32,
}

/// `mcm_anc_args`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct AncArgs {
    pub(crate) kind: u32,
    pub(crate) format: u32,
    pub(crate) fps: f64,
}

/// `payload_args`; every pattern of bits is a value of each member.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) union PayloadArgs {
    pub(crate) video: VideoArgs,
    pub(crate) audio: AudioArgs,
    pub(crate) anc: AncArgs,
    pub(crate) rdma_transfer_size: usize,
}

/// `mcm_conn_param`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Param {
    pub(crate) transfer: u32,
    pub(crate) protocol: u32,
    pub(crate) local_addr: NetAddress,
    pub(crate) remote_addr: NetAddress,
    pub(crate) memif_interface: Interface,
    pub(crate) payload_type: u32,
    pub(crate) payload_codec: u32,
    pub(crate) payload_args: PayloadArgs,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) fps: f64,
    pub(crate) pix_fmt: u32,
    pub(crate) payload_type_nr: u8,
    pub(crate) payload_mtl_flags_mask: u64,
    pub(crate) payload_mtl_pacing: u8,
}

/// `mcm_conn_context`.
#[repr(C)]
pub(crate) struct Context {
    pub(crate) transfer: u32,
    pub(crate) proxy_sockfd: c_int,
    pub(crate) session_id: u32,
    pub(crate) proto: u32,
    pub(crate) private: *const c_void,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) fps: f64,
    pub(crate) pix_fmt: u32,
    pub(crate) frame_size: usize,
    pub(crate) sampling: u32,
    pub(crate) st30_frame_size: c_int,
    pub(crate) pkt_len: c_int,
    pub(crate) dequeue_buffer: Option<Dequeue>,
    pub(crate) enqueue_buffer: Option<Enqueue>,
}

/// The type of `mcm_dequeue_buffer`.
pub(crate) type Dequeue =
    unsafe extern "C-unwind" fn(*mut Context, c_int, *mut c_int) -> *mut Buffer;
/// The type of `mcm_enqueue_buffer`.
pub(crate) type Enqueue = unsafe extern "C-unwind" fn(*mut Context, *mut Buffer) -> c_int;

/// `mcm_dp_stats`.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(crate) struct Stats {
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    pub(crate) lost: u64,
    pub(crate) refused: u64,
    pub(crate) copied: u64,
    pub(crate) timeouts: u64,
    pub(crate) cancelled: u64,
    pub(crate) connections: u64,
    pub(crate) connected: u64,
    pub(crate) held: u64,
}

layout!(Interface, 116: socket_path 0, is_master 108, interface_id 112);
layout!(NetAddress, 52: ip 0, port 46);
layout!(BufferMetadata, 8: seq_num 0, timestamp 4);
layout!(Buffer, 24: metadata 0, len 8, data 16);
layout!(VideoArgs, 24: width 0, height 4, fps 8, pix_fmt 16);
layout!(AudioArgs, 20: kind 0, format 4, channel 8, sampling 12, ptime 16);
layout!(AncArgs, 16: kind 0, format 4, fps 8);
layout!(PayloadArgs, 24: video 0, audio 0, anc 0, rdma_transfer_size 0);
layout!(Param, 304: transfer 0, protocol 4, local_addr 8, remote_addr 60, memif_interface 112,
    payload_type 228, payload_codec 232, payload_args 240, width 264, height 268, fps 272,
    pix_fmt 280, payload_type_nr 284, payload_mtl_flags_mask 288, payload_mtl_pacing 296);
layout!(Context, 88: transfer 0, proxy_sockfd 4, session_id 8, proto 12, private 16, width 24,
    height 28, fps 32, pix_fmt 40, frame_size 48, sampling 56, st30_frame_size 60, pkt_len 64,
    dequeue_buffer 72, enqueue_buffer 80);
layout!(Stats, 80: frames 0, bytes 8, lost 16, refused 24, copied 32, timeouts 40, cancelled 48,
    connections 56, connected 64, held 72);
