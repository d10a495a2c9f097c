//! A running server: its address, what it is shown, and who vouches for it.
//!
//! In: `--url`, `--token-file` or the variable `PILOTFISH_TOKEN`, `--ca`. Out: the status and the
//! body of what it answers. **Shape** the token's file is read before each request, so that what
//! asks for hours goes on with the next token. A redirection is not followed: the token is for this
//! server alone.

use std::env::{self, VarError};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use clap::builder::PathBufValueParser;
use clap::{Arg, ArgMatches, ValueHint};
use serde_json::Value;
use server::TokenFile;
use ureq::http::{HeaderValue, Response, header};
use ureq::tls::{PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};
use ureq::{Agent, Body};

use crate::cli::answer::URL;
use crate::cli::parameters::Pair;

const TOKEN_FILE: &str = "token-file";
const CA: &str = "ca";
const HEADING: &str = "The server that is asked";
/// Where a token is that is in no file.
const TOKEN: &str = "PILOTFISH_TOKEN";

const CONNECT: Duration = Duration::from_secs(10);
/// An answer over a large capture takes a while to be made.
const ANSWER: Duration = Duration::from_secs(120);
/// The longest body that is read.
const BODY_BYTES: u64 = 256 << 20;

/// The options beside `--url`, which they need.
pub(crate) fn args() -> [Arg; 2] {
    args_of_default().map(|arg| arg.requires(URL))
}

/// The same, where a server is asked by default.
pub(crate) fn args_of_default() -> [Arg; 2] {
    let file = |id: &'static str| {
        Arg::new(id)
            .long(id)
            .value_name("FILE")
            .value_parser(PathBufValueParser::new())
            .value_hint(ValueHint::FilePath)
            .help_heading(HEADING)
    };
    [
        file(TOKEN_FILE).help(
            "the token that the server wants, in a file; without, that of the variable \
             PILOTFISH_TOKEN, if it is set",
        ),
        file(CA).help(
            "who vouches for an https server: certificates in PEM, or its own [default: those that \
             this machine trusts]",
        ),
    ]
}

/// A server that is asked.
pub(crate) struct Server {
    url: String,
    token: Token,
    has_ca: bool,
    agent: Agent,
}

/// What a server is shown.
enum Token {
    None,
    Given(String),
    File(TokenFile),
}

impl Server {
    /// The server that the options name; `None` where they name none.
    pub(crate) fn named(matches: &ArgMatches) -> anyhow::Result<Option<Self>> {
        let url = matches.get_one::<String>(URL);
        url.map(|url| Self::at(url, matches)).transpose()
    }

    /// The server at `url`, with the options beside it.
    pub(crate) fn at(url: &str, matches: &ArgMatches) -> anyhow::Result<Self> {
        check(url)?;
        let file = |id| matches.get_one::<PathBuf>(id);
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            token: token(file(TOKEN_FILE).map(PathBuf::as_path))?,
            has_ca: file(CA).is_some(),
            agent: agent(file(CA).map(PathBuf::as_path))?,
        })
    }

    /// A server with an address alone.
    #[cfg(test)]
    pub(crate) fn plain(url: &str) -> Self {
        Self {
            url: url.trim_end_matches('/').to_owned(),
            token: Token::None,
            has_ca: false,
            agent: agent(None).unwrap(),
        }
    }

    /// Whether its address is all there is to say.
    pub(crate) const fn is_plain(&self) -> bool {
        matches!(self.token, Token::None) && !self.has_ca
    }

    /// Gets a path with parameters.
    pub(crate) fn get(&self, path: &str, pairs: &[Pair]) -> anyhow::Result<(u16, Vec<u8>)> {
        let pairs = pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let mut request = self
            .agent
            .get(format!("{}{path}", self.url))
            .query_pairs(pairs);
        if let Some(bearer) = self.bearer()? {
            request = request.header(header::AUTHORIZATION, bearer);
        }
        self.taken(request.call())
    }

    /// Posts a small JSON document.
    pub(crate) fn post(&self, path: &str, document: &Value) -> anyhow::Result<(u16, Vec<u8>)> {
        let body = serde_json::to_vec(document)?;
        let request = self.agent.post(format!("{}{path}", self.url));
        let mut request = request.header(header::CONTENT_TYPE, "application/json");
        if let Some(bearer) = self.bearer()? {
            request = request.header(header::AUTHORIZATION, bearer);
        }
        self.taken(request.send(body.as_slice()))
    }

    fn bearer(&self) -> anyhow::Result<Option<HeaderValue>> {
        let token = match &self.token {
            Token::None => return Ok(None),
            Token::Given(token) => format!("Bearer {token}"),
            Token::File(file) => {
                file.read_again()
                    .with_context(|| format!("--{TOKEN_FILE}"))?;
                format!("Bearer {}", file.token())
            }
        };
        let mut bearer = HeaderValue::try_from(token).context(TOKEN)?;
        bearer.set_sensitive(true);
        Ok(Some(bearer))
    }

    fn taken(
        &self,
        response: Result<Response<Body>, ureq::Error>,
    ) -> anyhow::Result<(u16, Vec<u8>)> {
        let mut response = response.map_err(|error| self.unreached(&error))?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(BODY_BYTES);
        let body = body.read_to_vec();
        let body = body.map_err(|error| anyhow!("{self}: the answer broke off: {error}"))?;
        Ok((status, body))
    }

    fn unreached(&self, error: &ureq::Error) -> anyhow::Error {
        use ureq::Error::{BadUri, Http, Io, Protocol};
        if matches!(error, Http(_) | BadUri(_)) {
            return anyhow!("--{URL}: `{self}` is no address, expected {EXPECTED}");
        }
        if matches!(error, Protocol(_)) {
            return anyhow!("{self}: no pilotfish answers there: {error}");
        }
        let reason = if let Io(error) = error {
            error.to_string()
        } else {
            error.to_string()
        };
        if reason.contains("CaUsedAsEndEntity") {
            return anyhow!(
                "{self}: its certificate is marked as an authority's, expected one of its own; \
                 make one with `openssl req -x509 … -addext basicConstraints=critical,CA:FALSE`, or \
                 have an authority sign one"
            );
        }
        if reason.contains("certificate") {
            return anyhow!(
                "{self}: {reason}; expected a certificate that this machine trusts, or one that \
                 --{CA} FILE vouches for"
            );
        }
        anyhow!(
            "{self}: no answer: {reason}; is `pilotfish live` or `pilotfish replay` running and \
             listening there?"
        )
    }
}

/// Its address, without a slash at the end.
impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

const EXPECTED: &str = "http://HOST:PORT or https://HOST:PORT";

/// Refuses what is no address of a server.
fn check(url: &str) -> anyhow::Result<()> {
    let Some((scheme, rest)) = url.split_once("://") else {
        let near = if url.contains(':') {
            format!("; did you mean http://{url}")
        } else {
            String::new()
        };
        bail!("--{URL}: `{url}` is not offered, expected {EXPECTED}{near}");
    };
    ensure!(
        ["http", "https"].contains(&scheme),
        "--{URL}: `{url}` is not offered, expected {EXPECTED}"
    );
    // It may be a secret, so it is not said back.
    ensure!(
        !rest
            .split('/')
            .next()
            .is_some_and(|authority| authority.contains('@')),
        "--{URL}: a name or a secret before @ is not offered, expected {EXPECTED}; a token is taken \
         with --{TOKEN_FILE} FILE or from the variable {TOKEN}"
    );
    Ok(())
}

fn token(file: Option<&Path>) -> anyhow::Result<Token> {
    if let Some(file) = file {
        let file = TokenFile::open(file).with_context(|| format!("--{TOKEN_FILE}"))?;
        return Ok(Token::File(file));
    }
    match env::var(TOKEN) {
        Ok(token) if token.trim().is_empty() => Ok(Token::None),
        Ok(token) => Ok(Token::Given(token.trim().to_owned())),
        Err(VarError::NotPresent) => Ok(Token::None),
        Err(VarError::NotUnicode(_)) => bail!("{TOKEN}: not UTF-8, expected the server's token"),
    }
}

fn agent(ca: Option<&Path>) -> anyhow::Result<Agent> {
    let roots = match ca {
        Some(file) => roots(file).with_context(|| format!("--{CA}: {}", file.display()))?,
        None => RootCerts::PlatformVerifier,
    };
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(roots)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        // What is asked is a port that was forwarded, or a service of the cluster.
        .proxy(None)
        .tls_config(tls)
        // Between two questions a server may close what is idle.
        .max_idle_connections(0)
        .timeout_connect(Some(CONNECT))
        .timeout_recv_response(Some(ANSWER))
        .timeout_recv_body(Some(ANSWER))
        .user_agent(concat!("pilotfish/", env!("CARGO_PKG_VERSION")))
        .build();
    Ok(config.new_agent())
}

fn roots(file: &Path) -> anyhow::Result<RootCerts> {
    let pem = fs::read(file)?;
    let mut certificates = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(certificate) = item? {
            certificates.push(certificate);
        }
    }
    ensure!(
        !certificates.is_empty(),
        "no certificate, expected some in PEM"
    );
    Ok(RootCerts::new_with_certs(&certificates))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_of_http_and_holds_no_secret() {
        for url in [
            "http://localhost:8898",
            "https://10.0.0.7",
            "http://[::1]:8898/",
        ] {
            assert!(check(url).is_ok(), "{url}");
        }
        for url in ["localhost:8898", "localhost", "ftp://localhost", "://x"] {
            assert!(check(url).is_err(), "{url}");
        }
        let error = check("http://admin:secret@localhost")
            .unwrap_err()
            .to_string();
        assert!(
            !error.contains("secret@") && !error.contains("admin"),
            "{error}"
        );
    }
}
