//! Receives frames from `cam.sock` until the sender is done.
use media::Receiver;
use memif::Connector;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let connector = Connector::new(&"cam.sock".parse()?);
    let mut receiver = Receiver::open(connector.link(Receiver::options(0))?)?;
    let mut picture = Vec::new();
    loop {
        match receiver.recv(None) {
            Ok(frame) => {
                picture.resize(frame.len(), 0);
                frame.copy_to(&mut picture);
            } // dropping the frame gives its buffer back
            Err(end) if end.is_disconnected() => break,
            Err(other) => return Err(other.into()),
        }
    }
    println!(
        "{} frames, {} lost",
        receiver.totals().frames,
        receiver.totals().lost
    );
    Ok(())
}
