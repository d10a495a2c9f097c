//! The options of a server.

use clap::builder::{PathBufValueParser, PossibleValuesParser};
use clap::{Arg, ArgAction, ValueHint};

pub(super) const LISTEN: &str = "listen";
/// Where it is served unless another place is named.
pub(crate) const LOCAL: &str = "127.0.0.1:8898";
pub(super) const TOKEN_FILE: &str = "token-file";
pub(super) const TLS_CERT: &str = "tls-cert";
pub(super) const TLS_KEY: &str = "tls-key";
pub(super) const ALLOWED_HOST: &str = "allowed-host";
pub(super) const ALLOWED_ORIGIN: &str = "allowed-origin";
pub(super) const MAX_RPS: &str = "max-rps";
pub(super) const LOG: &str = "log";
pub(super) const INSECURE: &str = "insecure";

const HEADING: &str = "Serving";

/// Where it is served, to whom and how much.
pub(crate) fn args() -> Vec<Arg> {
    let file = |id: &'static str| {
        option(id, "FILE")
            .value_parser(PathBufValueParser::new())
            .value_hint(ValueHint::FilePath)
    };
    vec![
        option(LISTEN, "ADDRESS:PORT")
            .default_value(LOCAL)
            .help("where to serve; port 0 takes a free one"),
        file(TOKEN_FILE).help(
            "answer only who shows the token in this file (Authorization: Bearer …); read again \
             when it changes",
        ),
        file(TLS_CERT).requires(TLS_KEY).help(
            "serve https with this certificate, in PEM, with those that vouch for it; read again \
             when it changes",
        ),
        file(TLS_KEY)
            .requires(TLS_CERT)
            .help("the private key of the certificate, in PEM"),
        option(ALLOWED_HOST, "NAME")
            // Its name until it had a sibling.
            .alias("allow-host")
            .action(ArgAction::Append)
            .help("name the server may be called by, besides localhost and addresses"),
        option(ALLOWED_ORIGIN, "ORIGIN")
            .action(ArgAction::Append)
            .help(
                "pages that may ask it, besides its own and those of allowed names, such as \
                 https://tools.example:3000",
            ),
        option(MAX_RPS, "N").value_parser(whole_number).help(
            "requests a second of one client, 0 for no limit [default: none on loopback, 50 \
                 beyond]",
        ),
        option(LOG, "FORM")
            .value_parser(PossibleValuesParser::new(["text", "json", "off"]))
            .hide_possible_values(true)
            .help(
                "log every request to standard error: text, json, or off [default: troubles alone]; \
                 the variable RUST_LOG chooses levels",
            ),
        Arg::new(INSECURE)
            .long(INSECURE)
            .action(ArgAction::SetTrue)
            .help_heading(HEADING)
            .help("serve beyond loopback without a token too, to everybody who reaches it"),
    ]
}

fn option(id: &'static str, value: &'static str) -> Arg {
    Arg::new(id)
        .long(id)
        .value_name(value)
        .help_heading(HEADING)
}

fn whole_number(text: &str) -> Result<u32, &'static str> {
    text.parse()
        .map_err(|_| "expected a whole number, 0 or more")
}
