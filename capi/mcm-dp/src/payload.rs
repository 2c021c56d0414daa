//! How large the frames of a connection are, and what they are.
//!
//! Sizes follow the SDK: an audio packet has exactly its samples; every other frame is taken to have
//! width × height × 4 bytes, whatever its pixels, or more where its pixels take more. A peer of the
//! SDK expects exactly that, in one buffer.
//!
//! # Safety
//!
//! Unsafe code here reads members of `payload_args`: plain numbers, for which every pattern of bits
//! is a value.
#![allow(unsafe_code)]

use media::{
    Ancillary, AncillaryFormat, AudioFormat, Caps, PacketTime, PixelFormat, Rational, SampleFormat,
    SampleRate, TRAILER_ROOM, VideoFormat,
};

use crate::abi::{AudioArgs, Param, VideoArgs};
use crate::failure::Failure;

/// Bytes of a frame of ancillary data where the parameters say nothing of a size.
const ANCILLARY: u64 = 65_536;
/// The largest frame: what offsets of 32 bits reach in whole pages, less the room for metadata.
const LARGEST: u64 = 4_294_963_200 - TRAILER_ROOM as u64;

const ST20_VIDEO: u32 = 1;
const ST30_AUDIO: u32 = 3;
const ST40_ANCILLARY: u32 = 4;
const RDMA_VIDEO: u32 = 6;

/// What goes over a connection.
#[derive(Debug)]
pub(crate) struct Payload {
    /// Bytes of the largest frame.
    pub(crate) frame_size: usize,
    /// Bytes of an audio packet; 0 for everything else.
    pub(crate) packet_size: i32,
    /// What the frames are, where that can be said.
    pub(crate) caps: Option<Caps>,
}

impl Payload {
    pub(crate) fn of(param: &Param) -> Result<Self, Failure> {
        match param.payload_type {
            ST30_AUDIO => audio(param),
            ST40_ANCILLARY => ancillary(param),
            RDMA_VIDEO => rdma(param),
            kind @ 0..=RDMA_VIDEO => video(param, kind == ST20_VIDEO),
            kind => Err(Failure::invalid(format!(
                "payload_type {kind} does not exist: it is one of PAYLOAD_TYPE_NONE (0) to PAYLOAD_TYPE_RDMA_VIDEO (6)"
            ))),
        }
    }
}

/// Width, height, rate and pixels: those of the payload, or else those of the connection.
pub(crate) fn picture(param: &Param) -> VideoArgs {
    // SAFETY: see the module.
    let own = unsafe { param.payload_args.video };
    let is_video = !matches!(param.payload_type, ST30_AUDIO | ST40_ANCILLARY | RDMA_VIDEO);
    if is_video && own.width > 0 && own.height > 0 {
        return own;
    }
    VideoArgs {
        width: param.width,
        height: param.height,
        fps: param.fps,
        pix_fmt: param.pix_fmt,
    }
}

fn video(param: &Param, is_raw: bool) -> Result<Payload, Failure> {
    let picture = picture(param);
    let VideoArgs { width, height, .. } = picture;
    if width == 0 || height == 0 {
        return Err(Failure::invalid(format!(
            "{width} x {height} is no picture: give width and height, in payload_args.video_args or at the top level"
        )));
    }
    let assumed = four_bytes_each(width, height);
    let pixel = match (pixel_format(picture.pix_fmt), is_raw) {
        (Err(unknown), true) => return Err(unknown),
        (Err(_), false) => return sized(assumed, None),
        (Ok(pixel), _) => pixel,
    };
    // A picture that the format cannot have exactly, such as one of an odd width, still has room.
    let exact = pixel.frame_bytes(width, height).unwrap_or(0);
    let fps = Rational::try_from(picture.fps).or_else(|_| Rational::new(25, 1));
    let caps = fps.ok().filter(|_| is_raw && exact > 0).map(|fps| {
        Caps::Video(VideoFormat {
            width,
            height,
            fps,
            pixel,
        })
    });
    sized(exact.max(assumed), caps)
}

fn audio(param: &Param) -> Result<Payload, Failure> {
    // SAFETY: see the module.
    let args = unsafe { param.payload_args.audio };
    let AudioArgs {
        format,
        channel,
        sampling,
        ptime,
        ..
    } = args;
    let format = AudioFormat {
        sample: named("audio_args.format", format, SampleFormat::ALL)?,
        channels: channel,
        rate: named("audio_args.sampling", sampling, SampleRate::ALL)?,
        ptime: named("audio_args.ptime", ptime, PacketTime::ALL)?,
    };
    let bytes = format.packet_bytes().map_err(Failure::invalid)?;
    let payload = sized(bytes, Some(Caps::Audio(format)))?;
    Ok(Payload {
        packet_size: i32::try_from(bytes).unwrap_or(i32::MAX),
        ..payload
    })
}

fn ancillary(param: &Param) -> Result<Payload, Failure> {
    // SAFETY: see the module.
    let args = unsafe { param.payload_args.anc };
    let caps = Rational::try_from(args.fps).ok().map(|fps| {
        let format = AncillaryFormat::ClosedCaption;
        Caps::Ancillary(Ancillary { format, fps })
    });
    sized(
        ANCILLARY.max(four_bytes_each(param.width, param.height)),
        caps,
    )
}

fn rdma(param: &Param) -> Result<Payload, Failure> {
    // SAFETY: see the module.
    let said = unsafe { param.payload_args.rdma_transfer_size };
    let bytes = (said as u64).max(four_bytes_each(param.width, param.height));
    if bytes == 0 {
        let text = "payload_args.rdma_args.transfer_size is 0: give the bytes of the largest frame";
        return Err(Failure::invalid(text));
    }
    sized(bytes, None)
}

fn sized(bytes: u64, caps: Option<Caps>) -> Result<Payload, Failure> {
    let frame_size = usize::try_from(bytes).ok().filter(|_| bytes <= LARGEST);
    let frame_size = frame_size.ok_or_else(|| {
        Failure::invalid(format!(
            "a frame of {bytes} bytes is more than one buffer can have: at most {LARGEST}"
        ))
    })?;
    Ok(Payload {
        frame_size,
        packet_size: 0,
        caps,
    })
}

fn four_bytes_each(width: u32, height: u32) -> u64 {
    (u64::from(width) * u64::from(height)).saturating_mul(4)
}

fn pixel_format(number: u32) -> Result<PixelFormat, Failure> {
    Ok(match number {
        0 => PixelFormat::Nv12,
        1 => PixelFormat::Yuv422p,
        2 | 5 => PixelFormat::Yuv422p10le,
        3 => PixelFormat::Yuv444p10le,
        4 => PixelFormat::Rgb8,
        6 => PixelFormat::V210,
        7 => PixelFormat::Rfc4175Yuv422p10,
        _ => {
            return Err(Failure::invalid(format!(
                "pix_fmt {number} does not exist: it is one of PIX_FMT_NV12 (0) to PIX_FMT_YUV422RFC4175BE10 (7)"
            )));
        }
    })
}

/// The value of this number; the names are declared in the header's order.
fn named<T: Copy>(field: &str, number: u32, all: &[T]) -> Result<T, Failure> {
    let found = usize::try_from(number).ok().and_then(|at| all.get(at));
    found.copied().ok_or_else(|| {
        let most = all.len() - 1;
        Failure::invalid(format!(
            "{field} {number} does not exist: it is 0 to {most}"
        ))
    })
}
