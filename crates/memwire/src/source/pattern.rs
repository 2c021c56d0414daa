//! The moving test picture, which carries its number and a checksum in every frame.

use media::{Caps, Pattern, VideoFormat};

use super::{About, Fill, Source};
use crate::exit::misuse;
use crate::input::Idle;

/// Test pictures without end, numbered from 0.
#[derive(Debug)]
pub(crate) struct TestPicture {
    pattern: Pattern,
    about: About,
    caps: Caps,
    number: u64,
}

impl TestPicture {
    /// Prepares the picture.
    pub(crate) fn new(format: VideoFormat) -> anyhow::Result<TestPicture> {
        let pattern = Pattern::new(&format).map_err(misuse)?;
        let about = About {
            name: "the test picture".into(),
            frame_bytes: pattern.frame_bytes(),
            fps: format.fps,
            frames: None,
            rewinds: true,
        };
        Ok(TestPicture {
            pattern,
            about,
            caps: Caps::Video(format),
            number: 0,
        })
    }
}

impl Source for TestPicture {
    fn about(&self) -> &About {
        &self.about
    }

    fn next(&mut self, into: &mut dyn Fill, _: Idle) -> anyhow::Result<bool> {
        let mut put = Ok(());
        self.pattern.write(self.number, |offset, bytes| {
            if put.is_ok() {
                put = into.put(offset, bytes);
            }
        });
        self.number += 1;
        put.map(|()| true)
    }

    fn caps(&self) -> &Caps {
        &self.caps
    }

    fn rewind(&mut self) -> anyhow::Result<()> {
        self.number = 0;
        Ok(())
    }
}
