//! Record = replay, of a node that is captured while it is recorded: segmentation offload, a
//! service's address, loopback, and pods that come and go. Needs root, `ip` and `nft`; elsewhere
//! it says that it is skipped.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use analyzer::cluster::Change;
use analyzer::snapshot::{Snapshot, Source};
use analyzer::time::Timestamp;
use live::capture::{InterfaceChoice, Ring, RingSettings};
use live::clock::now;
use live::filter::PacketFilter;
use live::namespaces::{Namespaces, OpenerError, run as open};
use live::recorder::{Recorder, RecorderOptions};
use live::session::{Ended, OwnTraffic, PodChoice, Session, SessionSettings};
use replay::cluster_file;

use crate::answers;
use crate::lab::inside;
use crate::node::Node;
use crate::scenarios::assert_same;

/// A change of a pod.
fn pod(time: Timestamp, kind: &str, name: &str, ip: &str) -> Change {
    change(&format!(
        r#"{{"time":"{time}","type":"{kind}","object":{{"kind":"Pod","metadata":{{"name":"{name}","namespace":"shop","uid":"u-{name}"}},"spec":{{"nodeName":"node-1"}},"status":{{"startTime":"{time}","podIP":"{ip}"}}}}}}"#
    ))
}

fn service() -> Change {
    change(
        r#"{"kind":"Service","metadata":{"name":"b","namespace":"shop"},"spec":{"clusterIP":"10.96.0.10","ports":[{"port":80,"targetPort":8080}]}}"#,
    )
}

fn change(line: &str) -> Change {
    let file = cluster_file::decode(Path::new("cluster.jsonl"), line).unwrap();
    file.changes.into_iter().next().unwrap()
}

/// What a live run knew at its end, recorded into a folder.
fn run(
    node: &Node,
    folder: &Path,
    interfaces: &[&str],
    (within, filter): (Within, Option<&str>),
) -> Snapshot {
    let ring_settings = RingSettings {
        octets: 8 << 20,
        ..RingSettings::default()
    };
    let ring = inside(&node.host, || Ring::open(&ring_settings).unwrap());
    let settings = SessionSettings {
        node: "node-1".into(),
        engine: answers::settings(),
        retention: Duration::from_secs(3_600),
        interfaces: InterfaceChoice::new(interfaces),
        pods: PodChoice::default(),
        own_traffic: OwnTraffic::Counted,
    };
    let mut session = inside(&node.host, || Session::new(ring, settings).unwrap());
    let recorder = Recorder::create(RecorderOptions {
        folder: folder.to_owned(),
        max_file_octets: Some(64 << 10),
        settings: answers::settings(),
        cluster_cidrs: vec!["10.9.0.0/16".parse().unwrap()],
        names: None,
        filter: filter.map(ToOwned::to_owned),
    })
    .unwrap();
    let recording = recorder.watch();
    if let Some(filter) = filter {
        session.filter(PacketFilter::parse(filter).unwrap());
    }
    session.record(recorder);
    session.add_cluster_range("10.9.0.0/16".parse().unwrap());
    session.apply(service());
    // A pod leaves, and another one gets its address.
    let begin = now();
    let later = |millis| begin.saturating_add(Duration::from_millis(millis));
    for change in [
        pod(begin, "ADDED", "a", "10.9.1.2"),
        pod(begin, "ADDED", "b", "10.9.2.2"),
        pod(later(3_000), "DELETED", "a", "10.9.1.2"),
        pod(later(3_200), "ADDED", "c", "10.9.1.2"),
    ] {
        session.apply(change);
    }
    let inhabitants = match within {
        Within::Node => Vec::new(),
        Within::Pods => {
            let inhabitants = node.inhabit();
            let namespaces = inside(&node.host, || Namespaces::start(opener()).unwrap());
            session.enter_pods(namespaces, ring_settings);
            inhabitants
        }
    };
    let (watch, running) = inside(&node.host, || session.start(|| {}).unwrap());
    node.call(3_000_000);
    node.send(40);
    node.talk_to_itself();
    let is_read = || watch.snapshot().coverage.frames > 0 && recording.look().unwrap().frames > 0;
    let read_by = now().saturating_add(Duration::from_secs(30));
    while !is_read() && now() < read_by {
        sleep(Duration::from_millis(50));
    }
    assert!(is_read(), "it answers and records meanwhile");
    while now() < later(3_400) {
        sleep(Duration::from_millis(20));
    }
    node.call(20_000);
    node.send(7);
    sleep(Duration::from_millis(1_200));
    let Ended {
        snapshot,
        recorded,
        failure,
    } = running.stop().unwrap();
    assert!(failure.is_none(), "{failure:?}");
    assert!(recorded.unwrap().unwrap().files > 1, "it was rotated");
    assert_eq!(recording.look(), None, "it has ended");
    drop(inhabitants);
    snapshot
}

/// Where is captured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Within {
    /// On the node alone.
    Node,
    /// In the network namespaces of its pods, too.
    Pods,
}

/// What enters network namespaces: this program, and of its tests the next one.
fn opener() -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([
        "--exact",
        "live_run::an_opener_works_only_for_who_starts_it",
    ]);
    command
}

#[test]
fn an_opener_works_only_for_who_starts_it() {
    match open() {
        Ok(()) => {}
        Err(error) => assert!(matches!(error, OpenerError::NotStarted), "{error}"),
    }
}

#[test]
fn a_node_that_was_recorded_is_replayed_to_the_same_answers() {
    for (interfaces, within, filter) in [
        (&[] as &[&str], Within::Node, None),
        (&["a*", "b*"], Within::Node, None),
        (&[], Within::Pods, None),
        (&[], Within::Node, Some("tcp and not host 127.0.0.1")),
    ] {
        let Some(node) = Node::build() else {
            return;
        };
        let folder = tempfile::tempdir().unwrap();
        let mut snapshot = run(&node, folder.path(), interfaces, (within, filter));
        assert_eq!(snapshot.provenance.dropped, 0);
        // What a replay has and a live run never does: an end, and all time as default.
        snapshot.provenance.source = Source::Replay;
        snapshot.provenance.complete = true;
        let live = answers::of(&snapshot);
        for expected in [r#""pod":"a""#, r#""pod":"c""#, r#""svc":"b""#] {
            assert!(live.contains(expected), "{expected}: {live}");
        }
        let is_whole = interfaces.is_empty() && filter.is_none();
        assert_eq!(live.contains("127.0.0.1"), is_whole);
        assert_eq!(live.contains(r#""excluded""#), !is_whole);
        assert_eq!(live.contains(r#""proto":"udp""#), filter.is_none());
        let replayed = answers::replay(folder.path());
        let warnings = &replayed.provenance.warnings;
        let is_told = |filter| warnings.iter().any(|warning| warning.contains(filter));
        assert!(filter.is_none_or(is_told), "{warnings:?}");
        let what = format!("{interfaces:?}, {within:?}, {filter:?}");
        assert_same(&live, &answers::of(&replayed), &what);
        let told = fs::read_to_string(folder.path().join("scenario.yaml")).unwrap();
        // Whose an address will be is told from the beginning here.
        let in_pods = [r#"{pod: "shop/b"}"#, r#"{pod: "shop/c"}"#];
        let is_told = in_pods.map(|pod| told.contains(&format!("    at: {pod}")));
        assert_eq!(is_told, [within == Within::Pods; 2], "{told}");
    }
}
