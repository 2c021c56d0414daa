//! Silence, unless `MEMWIRE_LOG` asks for more.

use std::io::IsTerminal;
use std::sync::Once;

use tracing_subscriber::EnvFilter;

/// Logs what `MEMWIRE_LOG` asks for (error, warn, info, debug, trace) to standard error. Without it
/// nothing is ever printed, not even by a defect of `library`.
pub fn start(library: &'static str) {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        if std::env::var_os("MEMWIRE_LOG").is_some() {
            subscribe();
        }
        // The hook is that of this library's own copy of the runtime.
        std::panic::set_hook(Box::new(
            move |panic| tracing::error!(%panic, library, "a defect"),
        ));
    });
}

fn subscribe() {
    let filter = EnvFilter::try_from_env("MEMWIRE_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .finish();
    // Fails only where a program links the static library into a Rust program that logs already.
    let _ = tracing::subscriber::set_global_default(subscriber);
}
