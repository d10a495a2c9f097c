//! What a confined thread can still do. A thread is confined alone, so the tests need no process
//! of their own.
#![cfg(all(test, target_os = "linux"))]
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that meets the unexpected fails, and one that is skipped says so"
)]

use std::fs::{self, File};
use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::process::Command;
use std::slice::from_ref;
use std::thread;

use live::capture::{Ring, RingSettings};
use live::confine::{Connections, Held, Needs, Opener, confine};

/// Does something in a thread that has been confined.
fn confined<T: Send + 'static>(needs: Needs, act: impl FnOnce(Held) -> T + Send + 'static) -> T {
    let thread = thread::spawn(move || act(confine(&needs).unwrap()));
    thread.join().unwrap()
}

fn needs(read: &[PathBuf], write: &[PathBuf]) -> Needs {
    Needs {
        read: read.to_vec(),
        write: write.to_vec(),
        connections: Connections::Made,
        opener: Opener::None,
    }
}

/// Whether all of it is to be had here; says so where it is not.
fn holds(held: &Held) -> bool {
    if !held.is_whole() {
        eprintln!("skipped: this kernel does not offer all of it: {held}");
    }
    held.is_whole()
}

#[test]
fn only_files_that_are_needed_are_opened() {
    let folder = tempfile::tempdir().unwrap();
    let (read, write) = (folder.path().join("read"), folder.path().join("write"));
    for made in [&read, &write] {
        fs::create_dir(made).unwrap();
    }
    let token = read.join("token");
    fs::write(&token, "secret").unwrap();
    let outside = folder.path().join("other");
    fs::write(&outside, "").unwrap();
    confined(needs(from_ref(&read), from_ref(&write)), move |held| {
        if !holds(&held) {
            return;
        }
        assert_eq!(fs::read_to_string(&token).unwrap(), "secret");
        fs::write(write.join("1.pcapng"), "octets").unwrap();
        fs::rename(write.join("1.pcapng"), write.join("2.pcapng")).unwrap();
        for closed in [
            PathBuf::from("/etc/shadow"),
            outside,
            PathBuf::from("/proc/self/mem"),
        ] {
            let error = File::open(&closed).unwrap_err();
            assert_eq!(
                error.kind(),
                ErrorKind::PermissionDenied,
                "{}",
                closed.display()
            );
        }
        let replaced = fs::write(&token, "other").unwrap_err();
        assert_eq!(replaced.kind(), ErrorKind::PermissionDenied);
    });
}

#[test]
fn a_token_that_is_replaced_as_kubernetes_does_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().to_owned();
    let renew = |name: &str, token: &str| {
        fs::create_dir(at.join(name)).unwrap();
        fs::write(at.join(name).join("token"), token).unwrap();
        drop(fs::remove_file(at.join("..data")));
        std::os::unix::fs::symlink(name, at.join("..data")).unwrap();
    };
    renew("..1", "old");
    std::os::unix::fs::symlink("..data/token", at.join("token")).unwrap();
    let (renewed, wait) = std::sync::mpsc::channel::<()>();
    let token = at.join("token");
    let reader = thread::spawn(move || {
        confined(
            needs(&[token.parent().unwrap().to_owned()], &[]),
            move |_| {
                let before = fs::read_to_string(&token).unwrap();
                wait.recv().unwrap();
                (before, fs::read_to_string(&token).unwrap())
            },
        )
    });
    renew("..2", "new");
    renewed.send(()).unwrap();
    let (before, after) = reader.join().unwrap();
    assert!(["old", "new"].contains(&before.as_str()));
    assert_eq!(after, "new");
}

#[test]
fn it_serves_and_connects_but_opens_no_new_port_and_no_new_capture() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    confined(needs(&[], &[]), move |held| {
        if !holds(&held) {
            return;
        }
        let client = TcpStream::connect(address).unwrap();
        drop(listener.accept().unwrap());
        drop(client);
        let refused = TcpListener::bind("127.0.0.1:0").unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
        assert!(Ring::open(&RingSettings::default()).is_err());
        assert!(
            UdpSocket::bind("127.0.0.1:0").is_ok(),
            "name resolution asks by UDP"
        );
    });
}

#[test]
fn who_needs_nobody_connects_to_nobody() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    confined(Needs::default(), move |held| {
        if holds(&held) {
            let refused = TcpStream::connect(address).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
        }
    });
}

#[test]
fn it_starts_no_other_program() {
    confined(needs(&["/".into()], &[]), |held| {
        if holds(&held) {
            let refused = Command::new("/bin/true").status().unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
        }
    });
}

#[test]
fn threads_it_starts_are_confined_as_well() {
    let status = confined(needs(&["/proc".into()], &[]), |_| {
        let status = || fs::read_to_string("/proc/thread-self/status").unwrap();
        thread::spawn(status).join().unwrap()
    });
    for line in [
        "CapEff:\t0000000000000000",
        "CapPrm:\t0000000000000000",
        "NoNewPrivs:\t1",
    ] {
        assert!(status.contains(line), "{line} in {status}");
    }
}
