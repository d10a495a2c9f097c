//! Hosts: the names a server may be called by.
//!
//! A web page can make a browser talk to any server the browser reaches, and by pointing its own
//! *name* at that server's address also read the answers (DNS rebinding). The browser then sends
//! the page's name as the host. So a name must be known; `localhost` and addresses need not be,
//! since nobody can point them elsewhere. **Source** RFC 9110 section 7.2, RFC 6454, RFC 6761.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr};

use thiserror::Error;

use crate::error::bounded;

/// Names that a server may be called by, beside `localhost` and addresses, and pages that may call
/// it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AllowedHosts {
    names: BTreeSet<String>,
    origins: BTreeSet<Origin>,
}

/// A text that is no host name.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error(
    "`{0}` is not a host name, expected one such as pilotfish.tools.svc, without scheme and port"
)]
pub struct HostError(String);

/// A text that is no origin of pages.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("`{0}` is not an origin, expected one such as https://tools.example:3000, without a path")]
pub struct OriginError(String);

impl AllowedHosts {
    /// Reads names, one each.
    ///
    /// # Errors
    /// The first text that is no name.
    pub fn parse<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> Result<Self, HostError> {
        let name = |text: N| match Authority::parse(text.as_ref()) {
            Some(Authority {
                host: Host::Name(name),
                port: None,
            }) => Ok(name),
            _ => Err(HostError(bounded(text.as_ref()))),
        };
        Ok(Self {
            names: names.into_iter().map(name).collect::<Result<_, _>>()?,
            origins: BTreeSet::new(),
        })
    }

    /// Reads the origins of pages elsewhere that may call the server too.
    ///
    /// # Errors
    /// The first text that is no origin.
    pub fn with_origins<N: AsRef<str>>(
        mut self,
        origins: impl IntoIterator<Item = N>,
    ) -> Result<Self, OriginError> {
        for text in origins {
            let origin = Origin::parse(text.as_ref());
            let origin = origin.ok_or_else(|| OriginError(bounded(text.as_ref())))?;
            self.origins.insert(origin);
        }
        Ok(self)
    }

    /// Whether the server may be called `authority`, the value of a `Host` header.
    pub(crate) fn accept_host(&self, authority: &str) -> bool {
        Authority::parse(authority).is_some_and(|authority| match authority.host {
            Host::Address(_) => true,
            Host::Name(name) => is_loopback(&name) || self.names.contains(&name),
        })
    }

    /// Whether a page of `origin`, the value of an `Origin` header, may call the server `host`.
    pub(crate) fn accept_origin(&self, origin: &str, host: &str) -> bool {
        let (Some(origin), Some(host)) = (Origin::parse(origin), Authority::parse(host)) else {
            return false;
        };
        origin.authority == host.with_port(&origin.scheme)
            || matches!(&origin.authority.host, Host::Name(name) if self.names.contains(name))
            || self.origins.contains(&origin)
    }
}

/// Where a page comes from.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Origin {
    scheme: String,
    authority: Authority,
}

impl Origin {
    fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet);
        let is_scheme = !scheme.is_empty() && scheme.bytes().all(plain);
        let authority = Authority::parse(authority)?.with_port(&scheme);
        is_scheme.then_some(Self { scheme, authority })
    }
}

/// A host and its port.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Authority {
    host: Host,
    port: Option<u16>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Host {
    Name(String),
    Address(IpAddr),
}

impl Authority {
    fn parse(text: &str) -> Option<Self> {
        let (host, port) = match text.strip_prefix('[') {
            Some(bracketed) => {
                let (address, port) = bracketed.split_once(']')?;
                (
                    Host::Address(address.parse::<Ipv6Addr>().ok()?.into()),
                    port,
                )
            }
            None => {
                let (host, port) = text.split_at(text.find(':').unwrap_or(text.len()));
                (host_of(host)?, port)
            }
        };
        let port = match port.strip_prefix(':') {
            Some(digits) => Some(port_of(digits)?),
            None if port.is_empty() => None,
            None => return None,
        };
        Some(Self { host, port })
    }

    fn with_port(self, scheme: &str) -> Self {
        let default = match scheme {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        };
        Self {
            port: self.port.or(default),
            ..self
        }
    }
}

fn host_of(text: &str) -> Option<Host> {
    if let Ok(address) = text.parse() {
        return Some(Host::Address(address));
    }
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let fits = (1..=253).contains(&name.len());
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-._".contains(&octet);
    (fits && name.bytes().all(plain)).then_some(Host::Name(name))
}

fn port_of(digits: &str) -> Option<u16> {
    let plain = digits.bytes().all(|octet| octet.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

fn is_loopback(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed() -> AllowedHosts {
        AllowedHosts::parse(["Pilotfish.tools.svc."]).unwrap()
    }

    #[test]
    fn localhost_addresses_and_listed_names_are_hosts() {
        for host in [
            "localhost",
            "LocalHost:8898",
            "localhost.",
            "ui.localhost",
            "127.0.0.1:8898",
            "10.0.0.7",
            "[::1]:8898",
            "[fd00::7]",
            "pilotfish.tools.svc",
            "pilotfish.TOOLS.svc.:8898",
        ] {
            assert!(allowed().accept_host(host), "{host}");
        }
    }

    #[test]
    fn other_names_and_nonsense_are_not() {
        for host in [
            "",
            ":80",
            "evil.example",
            "localhost.evil.example",
            "notlocalhost",
            "tools.svc",
            "127.0.0.1.evil.example",
            "127.1",
            "localhost:http",
            "localhost:+80",
            "localhost:99999",
            "localhost:80:80",
            "::1",
            "[::1",
            "[::1]8898",
            "[127.0.0.1]",
            "user@localhost",
            "localhost/",
            "localhost evil",
        ] {
            assert!(!allowed().accept_host(host), "{host}");
        }
    }

    #[test]
    fn an_origin_is_the_host_itself_or_a_listed_name() {
        for (origin, host) in [
            ("http://localhost:8898", "localhost:8898"),
            ("http://LOCALHOST:8898", "localhost:8898"),
            ("http://10.0.0.7", "10.0.0.7:80"),
            ("https://10.0.0.7", "10.0.0.7"),
            ("http://[::1]:8898", "[::1]:8898"),
            ("https://pilotfish.tools.svc", "pilotfish.tools.svc:8898"),
        ] {
            assert!(allowed().accept_origin(origin, host), "{origin} {host}");
        }
        for (origin, host) in [
            ("null", "localhost:8898"),
            ("", "localhost:8898"),
            ("localhost:8898", "localhost:8898"),
            ("http://evil.example", "localhost:8898"),
            ("http://localhost:3000", "localhost:8898"),
            ("http://127.0.0.1:8898", "localhost:8898"),
            ("http://localhost:8898/", "localhost:8898"),
            ("ftp://localhost", "localhost:80"),
        ] {
            assert!(!allowed().accept_origin(origin, host), "{origin} {host}");
        }
    }

    #[test]
    fn a_listed_origin_is_that_origin_alone() {
        let listed = [
            "https://Tools.example",
            "http://10.0.0.9:3000",
            "vscode-webview://abc",
        ];
        let allowed = allowed().with_origins(listed).unwrap();
        for origin in [
            "https://tools.example",
            "https://tools.example:443",
            listed[1],
            listed[2],
        ] {
            assert!(allowed.accept_origin(origin, "localhost"), "{origin}");
        }
        for origin in [
            "http://tools.example",
            "https://tools.example:3000",
            "http://10.0.0.9",
        ] {
            assert!(!allowed.accept_origin(origin, "localhost"), "{origin}");
        }
        assert!(!allowed.accept_host("tools.example"));
        for text in [
            "tools.example",
            "null",
            "https://tools.example/",
            "://a",
            "https://",
        ] {
            let error = AllowedHosts::default().with_origins([text]).unwrap_err();
            assert!(
                error
                    .to_string()
                    .starts_with(&format!("`{text}` is not an origin"))
            );
        }
    }

    #[test]
    fn an_allowed_host_is_a_name_alone() {
        for text in ["http://a", "a:80", "", "10.0.0.7", "*", "a b"] {
            let error = AllowedHosts::parse([text]).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("`{text}` is not a host name")),
                "{error}"
            );
        }
    }
}
