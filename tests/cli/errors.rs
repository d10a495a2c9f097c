//! Every kind of wrong argument and bad file: one readable error, exit code 2, no answer.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::thread;

use crate::files;
use crate::run::{Outcome, assert_accepted, command, command_in, outcome};

/// The transcripts of commands that must fail without an answer.
fn refusals(cases: &[&str], run: impl Fn(&str) -> Outcome) -> String {
    let refusal = |arguments: &&str| {
        let outcome = run(arguments);
        assert_eq!(outcome.status.code(), Some(2), "{arguments}");
        assert_eq!(outcome.stdout, "", "{arguments}");
        assert!(
            outcome.stderr.starts_with("pilotfish: error: "),
            "{}",
            outcome.stderr
        );
        outcome.transcript(arguments)
    };
    cases.iter().map(refusal).collect::<Vec<_>>().join("\n")
}

#[test]
fn wrong_usage_is_refused() {
    let cases = [
        "flow captures/shop",
        "flows",
        "flows captures/shop --nope",
        "flows captures/shop --namespace shop",
        "flows captures/shop --src-ip=10.0.0.1",
        "connections captures/shop --dst-service cart",
        "summary captures/shop --clust cluster.yaml",
        "flows captures/shop --url http://127.0.0.1:8898",
        "flows --url http://127.0.0.1:8898 --cluster cluster.yaml",
        "connections --url http://127.0.0.1:8898 --max-connections 5",
        "flows captures/shop -o yaml",
        "flows captures/shop --color sometimes",
        "flows captures/shop --cluster-cidr 10.0.0.0/33",
        "connections captures/shop --max-connections many",
        "flows captures/shop --threads 0",
        "replay",
        "replay captures/shop --ns payments",
        "top --cluster cluster.yaml",
        "top captures/shop --limit 5",
        "top --interval 1ms",
        "top --url ftp://127.0.0.1:8898",
        "top -",
        "top",
        "completions tcsh",
    ];
    assert_accepted("errors__usage", &refusals(&cases, |a| outcome(command(a))));
}

#[test]
fn wrong_parameters_are_refused() {
    let cases = [
        "flows captures/shop --limit 0",
        "flows captures/shop --limit -1",
        "flows captures/shop --limit many",
        "flows captures/shop --limit 3 --limit 4",
        "flows captures/shop --l4proto sctp",
        "flows captures/shop --client-ip 10.0.0",
        "flows captures/shop --ns=",
        "flows captures/shop --port 65536",
        "flows captures/shop --rtt-min 10",
        "flows captures/shop --start yesterday",
        "flows captures/shop --start 5 --end 5",
        "flows captures/shop --aggregate cluster",
        "flows captures/shop --sort byte",
        "flows captures/shop --format raw -o json",
        "flows captures/shop --format full",
        "flows captures/shop --format full -o csv",
        "flows captures/shop --client-port 5",
        "summary captures/shop --limit 5",
        "connections captures/shop --format json -o json",
    ];
    assert_accepted(
        "errors__parameters",
        &refusals(&cases, |a| outcome(command(a))),
    );
}

#[test]
fn bad_files_are_refused() {
    let folder = files::bad_files("refused");
    let cases = [
        "flows missing.pcap",
        "flows empty.pcap",
        "flows garbage.pcap",
        "flows short.pcap",
        "flows nothing",
        "flows none-*.pcap",
        "flows quiet.pcap --cluster missing.yaml",
        "flows quiet.pcap --cluster pod.yaml",
        "flows quiet.pcap --cluster broken.yaml",
        "flows quiet.pcap --names missing.txt",
        "flows quiet.pcap --names names.txt",
        "replay garbage.pcap",
        "flows -",
        "flows - --cluster -",
    ];
    let text = refusals(&cases, |a| outcome(command_in(&folder, a)));
    assert_accepted("errors__files", &text);
}

#[cfg(unix)]
#[test]
fn names_of_files_do_not_reach_the_terminal_raw() {
    let folder = files::folder("raw-name");
    let name = "\u{1b}[2J.pcap";
    fs::write(folder.join(name), b"garbage").unwrap();
    let outcome = outcome(command_in(&folder, &format!("flows {name}")));
    assert_eq!(outcome.status.code(), Some(2));
    assert!(
        outcome.stderr.contains(r"\u{1b}[2J.pcap"),
        "{}",
        outcome.stderr
    );
    assert!(!outcome.stderr.contains('\u{1b}'));
}

#[test]
fn an_address_that_cannot_be_served_is_refused() {
    let cases = [
        "replay captures/shop --listen nowhere",
        "replay captures/shop --listen 127.0.0.1:99999",
        "replay captures/shop --listen 0.0.0.0:0",
        "live --listen [::]:0",
        "replay captures/shop --allowed-host http://pilotfish",
        "replay captures/shop --allowed-origin pilotfish",
        "replay captures/shop --token-file none",
        "replay captures/shop --token-file tests/certificates/first.crt",
        "replay captures/shop --tls-cert tests/certificates/first.crt",
        "replay captures/shop --tls-cert tests/certificates/first.crt --tls-key tests/certificates/second.key",
        "replay captures/shop --max-rps many",
    ];
    assert_accepted("errors__listen", &refusals(&cases, |a| outcome(command(a))));

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let arguments = format!("replay captures/shop --listen {address}");
    let text = refusals(&[&arguments], |a| outcome(command(a)));
    assert_accepted("errors__taken", &text.replace(&address, "127.0.0.1:PORT"));
}

#[test]
fn what_can_not_be_captured_or_kept_is_refused() {
    let cases = [
        "live --interface=",
        "live --retention 1ms",
        "live --retention 9999999h",
    ];
    assert_accepted("errors__live", &refusals(&cases, |a| outcome(command(a))));
}

#[test]
fn a_server_that_is_none_is_refused() {
    let cases = [
        "flows --url ftp://127.0.0.1:8898",
        "flows --url http://admin:secret@127.0.0.1:8898",
        "flows --url https://127.0.0.1:1",
        "flows --url https://127.0.0.1:1 --ca captures/shop/README.md",
        "flows --url http://127.0.0.1:1 --token-file none",
        "flows --url 127.0.0.1:8898",
        "flows --url http://",
        "flows --url http://127.0.0.1:1",
    ];
    assert_accepted("errors__url", &refusals(&cases, |a| outcome(command(a))));
}

/// What `flows --url` says to a server that answers everything with `answer`.
fn said_to(answer: &'static str, output: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let read = std::io::Read::read(&mut stream, &mut request).unwrap();
        assert!(read > 0);
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let arguments = format!("flows --url http://{address} -o {output}");
    let text = refusals(&[&arguments], |a| outcome(command(a)));
    server.join().unwrap();
    text.replace(&address.to_string(), "127.0.0.1:PORT")
}

#[test]
fn what_else_listens_there_is_told() {
    let page = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";
    let missing = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let refusal = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n\
                   {\"error\":\"rtt_min: `x` is\\u001b[2J no duration\"}";
    let shorter = "HTTP/1.1 200 OK\r\ncontent-length: 500\r\nconnection: close\r\n\r\n{";
    let mail = "220 mail.example ESMTP\r\n";
    let texts = [
        said_to(page, "table"),
        said_to(page, "json"),
        said_to(missing, "json"),
        said_to(refusal, "table"),
        said_to(shorter, "json"),
        said_to(mail, "json"),
    ];
    assert_accepted("errors__other_servers", &texts.join("\n"));
}
