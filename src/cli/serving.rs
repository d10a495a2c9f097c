//! Serving: where, under which names, to whom and how much; the same for all that serve.

use std::env;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::ArgMatches;
use server::{AllowedHosts, Limits, Log, LogForm, LogLevel, Memory, Options, TlsFiles, TokenFile};

use crate::cli::serving::args::{
    ALLOWED_HOST, ALLOWED_ORIGIN, INSECURE, LISTEN, LOG, MAX_RPS, TLS_CERT, TLS_KEY, TOKEN_FILE,
};

mod args;

pub(crate) use crate::cli::serving::args::{LOCAL, args};

/// Requests a second of one client, beyond loopback.
const RPS_BEYOND: u32 = 50;
/// What chooses the lines of the log.
const RUST_LOG: &str = "RUST_LOG";

/// How the server works.
pub(crate) fn options(matches: &ArgMatches) -> anyhow::Result<Options> {
    let texts = |id| matches.get_many::<String>(id).unwrap_or_default();
    let allowed_hosts = AllowedHosts::parse(texts(ALLOWED_HOST))
        .map_err(|error| anyhow!("--{ALLOWED_HOST}: {error}"))?
        .with_origins(texts(ALLOWED_ORIGIN))
        .map_err(|error| anyhow!("--{ALLOWED_ORIGIN}: {error}"))?;
    let token = path(matches, TOKEN_FILE).map(TokenFile::open).transpose();
    let tls = match (path(matches, TLS_CERT), path(matches, TLS_KEY)) {
        (Some(certificate), Some(key)) => Some(TlsFiles::open(certificate, key)?),
        _ => None,
    };
    Ok(Options {
        allowed_hosts,
        token: token.with_context(|| format!("--{TOKEN_FILE}"))?,
        tls,
        limits: Limits {
            requests_per_second: requests_per_second(matches)?,
            ..Limits::default()
        },
        log: log(matches)?,
        memory: Memory::of_this_process(),
    })
}

/// Troubles as text, unless something else is asked for: with --log requests too, and by
/// `RUST_LOG` whatever it says.
fn log(matches: &ArgMatches) -> anyhow::Result<Option<Log>> {
    let given = matches.get_one::<String>(LOG).map(String::as_str);
    let form = match given {
        Some("off") => return Ok(None),
        Some("json") => LogForm::Json,
        Some(_) | None => LogForm::Text,
    };
    let level = given.map_or(LogLevel::Troubles, |_| LogLevel::Requests);
    match env::var(RUST_LOG) {
        Ok(which) if !which.is_empty() => Log::parse(form, &which).context(RUST_LOG),
        _ => Ok(Log::new(form, level)),
    }
    .map(Some)
}

fn requests_per_second(matches: &ArgMatches) -> anyhow::Result<Option<NonZeroU32>> {
    let given = matches.get_one::<u32>(MAX_RPS).copied();
    let default = if is_loopback(&places(matches)?) {
        0
    } else {
        RPS_BEYOND
    };
    Ok(NonZeroU32::new(given.unwrap_or(default)))
}

/// Takes the place where it is served: clients wait in the listener's backlog from now on.
pub(crate) fn listen(matches: &ArgMatches) -> anyhow::Result<TcpListener> {
    let places = places(matches)?;
    let is_guarded = matches.contains_id(TOKEN_FILE) || matches.get_flag(INSECURE);
    if !is_loopback(&places) && !is_guarded {
        bail!(
            "--{LISTEN}: `{}` is beyond loopback, and everybody who reaches it could read all \
             there is; expected --{TOKEN_FILE} FILE with a token that clients have to show, or a \
             loopback address, such as 127.0.0.1:8898, reached through kubectl port-forward or \
             ssh -L; --{INSECURE} serves without a token all the same",
            address(matches)
        );
    }
    TcpListener::bind(places.as_slice()).map_err(|error| not_taken(matches, &error))
}

/// Files and folders that a server reads again while it runs.
pub(crate) fn read_again(matches: &ArgMatches) -> Vec<PathBuf> {
    let files = [TOKEN_FILE, TLS_CERT, TLS_KEY].map(|id| path(matches, id));
    files.into_iter().flatten().flat_map(places_of).collect()
}

/// A file, and the folders in which it is replaced: that of its name, and that to which its name
/// leads, as the files of a Secret do.
fn places_of(file: &Path) -> Vec<PathBuf> {
    let folder = |path: &Path| {
        let folder = path.parent()?;
        // All files there are would be too much.
        let is_root = folder.parent().is_none() && folder.is_absolute();
        let here = Path::new(".");
        (!is_root).then(|| {
            if folder == Path::new("") {
                here
            } else {
                folder
            }
            .to_owned()
        })
    };
    let leads_to = file.canonicalize().ok();
    let folders = [folder(file), leads_to.as_deref().and_then(folder)];
    folders
        .into_iter()
        .flatten()
        .chain([file.to_owned()])
        .collect()
}

/// Where it is served, and what to ask there.
pub(crate) fn invitation(matches: &ArgMatches, address: SocketAddr) -> String {
    let certificate = path(matches, TLS_CERT);
    let scheme = certificate.map_or("http", |_| "https");
    let url = format!("{scheme}://{address}");
    let vouched = certificate.map(|file| format!("--cacert '{}' ", file.display()));
    let shown = path(matches, TOKEN_FILE)
        .map(|file| format!("-H \"Authorization: Bearer $(cat '{}')\" ", file.display()));
    let (vouched, shown) = (vouched.unwrap_or_default(), shown.unwrap_or_default());
    format!("serving on {url}; try: curl {vouched}{shown}'{url}/mcp/flows?limit=10'")
}

fn path<'m>(matches: &'m ArgMatches, id: &str) -> Option<&'m Path> {
    matches.get_one::<PathBuf>(id).map(PathBuf::as_path)
}

fn address(matches: &ArgMatches) -> &str {
    matches.get_one::<String>(LISTEN).map_or("", String::as_str)
}

fn places(matches: &ArgMatches) -> anyhow::Result<Vec<SocketAddr>> {
    let places = address(matches).to_socket_addrs();
    let places = places.map_err(|error| not_taken(matches, &error))?;
    Ok(places.collect())
}

fn is_loopback(places: &[SocketAddr]) -> bool {
    places
        .iter()
        .all(|place| place.ip().to_canonical().is_loopback())
}

fn not_taken(matches: &ArgMatches, error: &io::Error) -> anyhow::Error {
    anyhow!(
        "--{LISTEN}: `{}`: {error}; expected ADDRESS:PORT of this machine that nobody listens on \
         (port 0 takes a free one)",
        address(matches)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_again_in_its_folders_but_never_in_all() {
        let places = |file: &str| {
            let places = places_of(Path::new(file)).into_iter();
            places
                .map(|place| place.display().to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(places("/none/token"), ["/none", "/none/token"]);
        assert_eq!(places("none"), [".", "none"]);
        assert_eq!(places("/none"), ["/none"]);
    }

    #[cfg(unix)]
    #[test]
    fn the_folder_to_which_a_name_leads_is_read_too() {
        let folder = tempfile::tempdir().unwrap();
        let [real, name] = ["real", "name"].map(|name| folder.path().join(name));
        for made in [&real, &name] {
            std::fs::create_dir(made).unwrap();
        }
        std::fs::write(real.join("token"), "").unwrap();
        std::os::unix::fs::symlink(real.join("token"), name.join("token")).unwrap();
        let places = places_of(&name.join("token"));
        let real = real.canonicalize().unwrap();
        assert_eq!(places, [name.clone(), real, name.join("token")]);
    }
}
