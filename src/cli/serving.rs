//! Serving: where, and under which names; the same for all that serve.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

use anyhow::{anyhow, bail};
use clap::{Arg, ArgAction, ArgMatches};
use server::{AllowedHosts, Options};

const LISTEN: &str = "listen";
const ALLOW_HOST: &str = "allow-host";
const INSECURE: &str = "insecure";
const HEADING: &str = "Serving";

/// The options of a server.
pub(crate) fn args() -> [Arg; 3] {
    [
        Arg::new(LISTEN)
            .long(LISTEN)
            .value_name("ADDRESS:PORT")
            .default_value("127.0.0.1:8898")
            .help_heading(HEADING)
            .help("where to serve; port 0 takes a free one"),
        Arg::new(ALLOW_HOST)
            .long(ALLOW_HOST)
            .value_name("NAME")
            .action(ArgAction::Append)
            .help_heading(HEADING)
            .help("name the server may be called by, besides localhost and addresses"),
        Arg::new(INSECURE)
            .long(INSECURE)
            .action(ArgAction::SetTrue)
            .help_heading(HEADING)
            .help("serve beyond loopback too, to everybody who reaches it: there is no login"),
    ]
}

/// How the server works.
pub(crate) fn options(matches: &ArgMatches) -> anyhow::Result<Options> {
    let names = matches.get_many::<String>(ALLOW_HOST).unwrap_or_default();
    let allowed_hosts =
        AllowedHosts::parse(names).map_err(|error| anyhow!("--{ALLOW_HOST}: {error}"))?;
    Ok(Options {
        allowed_hosts,
        ..Options::default()
    })
}

/// Takes the place where it is served: clients wait in the listener's backlog from now on.
pub(crate) fn listen(matches: &ArgMatches) -> anyhow::Result<TcpListener> {
    let address = matches.get_one::<String>(LISTEN).map_or("", String::as_str);
    let wrong = |error: io::Error| {
        anyhow!(
            "--{LISTEN}: `{address}`: {error}; expected ADDRESS:PORT of this machine that nobody \
             listens on (port 0 takes a free one)"
        )
    };
    let places: Vec<SocketAddr> = address.to_socket_addrs().map_err(wrong)?.collect();
    let is_loopback = |place: &SocketAddr| place.ip().to_canonical().is_loopback();
    if !places.iter().all(is_loopback) && !matches.get_flag(INSECURE) {
        bail!(
            "--{LISTEN}: `{address}` is beyond loopback, and everybody who reaches it could read \
             all there is: there is no login; expected a loopback address, such as \
             127.0.0.1:8898, reached through kubectl port-forward or ssh -L; or add --{INSECURE}"
        );
    }
    TcpListener::bind(places.as_slice()).map_err(wrong)
}

/// Where it is served, and what to ask there.
pub(crate) fn invitation(address: SocketAddr) -> String {
    format!("serving on http://{address}; try: curl 'http://{address}/mcp/flows?limit=10'")
}
