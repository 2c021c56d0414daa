//! Sends 300 frames of 1080p to whoever connects to `cam.sock`.
use std::time::Duration;

use media::{Sender, VideoFormat};
use memif::Listener;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let format: VideoFormat = "1920x1080@60 v210".parse()?;
    let size = format.frame_bytes()?;
    let listener = Listener::bind(&"cam.sock".parse()?)?;
    let mut sender = Sender::open(listener.link(Sender::options(0, size))?)?;
    let picture = vec![0x80; usize::try_from(size)?];
    for number in 0..300 {
        let mut frame = sender.loan(picture.len(), None)?; // room in shared memory
        frame.write_at(0, &picture)?;
        frame.send(number)?; // with the time on your media clock
    }
    sender.close(Duration::from_secs(1));
    Ok(())
}
