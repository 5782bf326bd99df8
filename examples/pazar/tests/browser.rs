//! Pazar as people use it, in a headless Chromium: buy, book, be refused, change the language.
//!
//! `HOS_AXE` names the file of the accessibility rules; `HOS_SHOTS` a directory for pictures.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]
#![expect(clippy::indexing_slicing, reason = "helpers of tests")]

#[path = "browser/booking.rs"]
mod booking;
#[path = "browser/driver.rs"]
mod driver;
#[path = "browser/look.rs"]
mod look;
#[path = "support/program.rs"]
#[expect(dead_code, reason = "a browser sends its own requests")]
mod program;
#[path = "browser/sale.rs"]
mod sale;

use driver::{Driver, Reader, Window};
use program::Program;

/// A shop that runs, and a browser to look at it.
struct Scene {
    program: Program,
    driver: Driver,
    _directory: tempfile::TempDir,
}

impl Scene {
    async fn open() -> Option<Self> {
        let driver = Driver::start()?;
        let directory = tempfile::tempdir().unwrap();
        let program = Program::start(directory.path(), &[]).await;
        Some(Self { program, driver, _directory: directory })
    }

    /// A window of somebody who is signed in.
    async fn as_person(&self, email: &str, reader: Reader) -> Window {
        let window = self.driver.window(&self.program.url, reader).await;
        window.sign_in(email).await;
        window
    }

    async fn as_nobody(&self, reader: Reader) -> Window {
        self.driver.window(&self.program.url, reader).await
    }
}
