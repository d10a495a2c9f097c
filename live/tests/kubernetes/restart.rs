//! A server that goes away, comes back, and has forgotten what was.

use analyzer::cluster::ChangeKind;
use live::cluster::connection::Listing;
use live::cluster::health::WatchState;

use crate::objects::{Objects, namespace, pod};
use crate::server::{ApiServer, Lists, free_port};
use crate::watching::Watching;

const STARTED: &str = "2020-01-01T10:00:00Z";
const LATER: &str = "2099-01-01T00:00:00Z";

#[test]
fn a_server_may_restart_and_forget() {
    let Some(mut server) = ApiServer::start() else {
        return;
    };
    let objects = Objects(server.client());
    server.runtime.block_on(async {
        objects.create(namespace("shop")).await;
        objects.create(pod("cart-1", "10.244.1.2", STARTED)).await;
        objects.create(pod("web-1", "10.244.1.3", STARTED)).await;
    });
    let mut watching = Watching::start(server.kubeconfig(None), Listing::AsTheServerCan);
    watching.until_complete();

    a_restart_loses_nothing(&mut server, &mut watching);
    what_was_missed_is_told_at_the_end(&mut server, &mut watching);
}

fn a_restart_loses_nothing(server: &mut ApiServer, watching: &mut Watching) {
    let before = watching.changes.len();
    server.stop();
    watching.until("the outage", |watching| {
        let warnings = watching.watch.health().warnings();
        warnings
            .iter()
            .any(|warning| warning.contains("does not answer since"))
    });
    assert_eq!(watching.who("10.244.1.2", LATER), "pod shop cart-1");

    server.start_again(server.port(), Lists::Streamed);
    watching.until_complete();
    assert_eq!(watching.told(before), [""; 0], "nothing changed");

    let objects = Objects(server.client());
    let new = pod("new-1", "10.244.1.4", STARTED);
    server.runtime.block_on(objects.create(new));
    watching.until("the pod after the restart", |watching| {
        watching.who("10.244.1.4", LATER) == "pod shop new-1"
    });
}

/// While the watch cannot see the server, a pod goes, another takes its place, and etcd forgets
/// that it was so: the place in the watch is lost, and all is listed again.
fn what_was_missed_is_told_at_the_end(server: &mut ApiServer, watching: &mut Watching) {
    let before = watching.changes.len();
    server.stop();
    watching.until("the outage", |watching| {
        let resources = watching.watch.health().resources();
        resources
            .values()
            .any(|health| matches!(health.state, WatchState::Retrying { .. }))
    });
    let elsewhere = free_port();
    server.start_again(elsewhere, Lists::Streamed);
    let objects = Objects(server.client_at(elsewhere));
    server.runtime.block_on(async {
        objects.delete(&pod("cart-1", "10.244.1.2", STARTED)).await;
        objects.delete(&pod("web-1", "10.244.1.3", STARTED)).await;
        objects.create(pod("web-1", "10.244.1.9", STARTED)).await;
    });
    server.compact();
    server.stop();
    assert_eq!(
        watching.who("10.244.1.2", LATER),
        "pod shop cart-1",
        "as it was"
    );

    server.start_again(server.port(), Lists::Streamed);
    watching.until("what was missed", |watching| {
        watching.was_told(before, ChangeKind::Deleted, "cart-1")
            && watching.was_told(before, ChangeKind::Added, "web-1")
    });
    watching.until_complete();
    let told = watching.told(before);
    for change in ["Deleted cart-1", "Deleted web-1", "Added web-1"] {
        assert_eq!(
            told.iter().filter(|told| *told == change).count(),
            1,
            "{told:?}"
        );
    }
    assert_eq!(watching.who("10.244.1.2", LATER), "unresolved");
    assert_eq!(watching.who("10.244.1.3", LATER), "unresolved");
    assert_eq!(watching.who("10.244.1.9", LATER), "pod shop web-1");
    assert_eq!(watching.who("10.244.1.4", LATER), "pod shop new-1");
}
