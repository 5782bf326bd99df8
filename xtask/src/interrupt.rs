//! Ctrl-C: children in groups of their own do not hear it, so this process listens for it.

/// What the person or the system said to this process since it began to listen.
#[cfg(unix)]
#[derive(Debug)]
pub(crate) struct Interrupt(std::sync::Arc<std::sync::atomic::AtomicBool>);

#[cfg(unix)]
impl Interrupt {
    pub(crate) fn listen() -> std::io::Result<Self> {
        use signal_hook::{consts, flag};

        let came = std::sync::Arc::default();
        flag::register(consts::SIGINT, std::sync::Arc::clone(&came))?;
        flag::register(consts::SIGTERM, std::sync::Arc::clone(&came))?;
        Ok(Self(came))
    }

    pub(crate) fn came(&self) -> bool {
        self.0.load(std::sync::atomic::Ordering::Relaxed)
    }
}

/// Elsewhere nothing is heard.
#[cfg(not(unix))]
#[derive(Debug)]
pub(crate) struct Interrupt;

#[cfg(not(unix))]
impl Interrupt {
    pub(crate) fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    pub(crate) fn came(&self) -> bool {
        false
    }
}
