//! A watch of a server that is not there.

use std::net::TcpListener;
use std::thread::sleep;
use std::time::Duration;

use crate::cluster::connection::Connection;
use crate::cluster::health::{Trouble, WatchState};
use crate::cluster::{ClusterSource, watch};

/// A connection to a port that nobody listens at.
fn nowhere() -> Connection {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kubeconfig");
    let text = format!(
        "clusters: [{{name: c, cluster: {{server: \"http://127.0.0.1:{port}\"}}}}]\n\
         contexts: [{{name: c, context: {{cluster: c, user: u}}}}]\n\
         users: [{{name: u, user: {{}}}}]\n\
         current-context: c\n"
    );
    std::fs::write(&file, text).unwrap();
    let source = ClusterSource::Kubeconfig(vec![file]);
    Connection::open(&source).unwrap().unwrap()
}

#[test]
fn a_server_that_is_not_there_is_said_and_ends_nothing() {
    let (watch, mut events) = watch(nowhere()).unwrap();
    let health = watch.health();
    for _ in 0..600 {
        let resources = health.resources();
        let is_away = |state: &WatchState| match state {
            WatchState::Retrying { trouble, .. } => matches!(trouble, Trouble::Unreachable(_)),
            WatchState::Starting | WatchState::Following | WatchState::Absent => false,
        };
        if resources.values().all(|health| is_away(&health.state)) {
            break;
        }
        sleep(Duration::from_millis(50));
    }
    let warnings = health.warnings();
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert!(warnings[0].contains("Connection refused"), "{warnings:#?}");
    assert!(!health.is_complete());
    assert!(events.try_next().is_none());
}

#[test]
fn a_watch_ends_when_it_is_dropped_and_its_health_says_so() {
    let (watch, mut events) = watch(nowhere()).unwrap();
    let health = watch.health().clone();
    drop(watch);
    assert_eq!(events.next_blocking(), None);
    let warnings = health.warnings();
    assert!(warnings[0].contains("not watched since"), "{warnings:#?}");
}
