//! Sends segments of many TCP connections at a steady rate, as fast as one processor can.
//!
//! In: how many connections, packets and packets a second, and two network namespaces that are
//! neighbours. Out: IPv4 packets, what clients send from the one, what servers send from the other,
//! through raw sockets; on standard output how many, of how many octets, and in what time.
//! **Shape** the connections take turns, one packet a turn, so that all of them live as long as it
//! sends. **Errors** what the kernel refuses; what it has no room for is sent again.
//! Linux only; elsewhere it says so.

#[cfg(target_os = "linux")]
mod arguments;
#[cfg(target_os = "linux")]
mod batch;
#[cfg(target_os = "linux")]
mod pace;
mod segment;

/// Sends what the arguments say.
#[cfg(target_os = "linux")]
fn main() -> anyhow::Result<()> {
    use std::io::Write as _;

    let arguments = arguments::Arguments::parse();
    let sent = batch::send(&arguments)?;
    writeln!(std::io::stdout(), "{sent}")?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn main() -> anyhow::Result<()> {
    anyhow::bail!("raw sockets are used as Linux has them, expected Linux")
}
