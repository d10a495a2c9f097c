//! What each part of an answer costs, so that what got slower names its place.
//!
//! In: `micro.pcap` and `micro-any.pcap` of the generator, with the objects of their cluster, in the
//! folder that `PILOTFISH_CAPTURES` names (`just bench-micro` writes them). Out: criterion's
//! report, which compares with the run before.
//!
//! **Shape** as data meets the parts: frames are read, parsed, looked up, folded, made a snapshot,
//! asked; and beside them the file of the cluster. **Units** elements are frames, connections or
//! flows, bytes those of a text.

use std::hint::black_box;
use std::path::{Path, PathBuf};

use analyzer::connection::table::ConnectionTable;
use analyzer::connection::{ConnectionKey, IdleTimeouts, Sighting};
use analyzer::engine::{Engine, Settings};
use analyzer::era::Eras;
use analyzer::ledger::Ledger;
use analyzer::packet;
use analyzer::query::parse::RowLimit;
use analyzer::query::{self, Operation, Query};
use analyzer::snapshot::Snapshot;
use anyhow::Context as _;
use criterion::{BatchSize, Criterion, Throughput};
use pilotfish_micro::Recorded;
use replay::{Captures, Replay, ReplayInputs, cluster_file};

const SEED: u64 = 1;

fn main() -> anyhow::Result<()> {
    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    let folder = std::env::var_os("PILOTFISH_CAPTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/captures"),
        PathBuf::from,
    );
    let tap = folder.join("micro.pcap");
    let recorded = |path: &Path| {
        let hint = "expected a capture; `just bench-micro` writes it";
        Recorded::read(path).with_context(|| hint)
    };
    let (frames, of_node) = (recorded(&tap)?, recorded(&folder.join("micro-any.pcap"))?);
    reading(&mut criterion, &tap);
    parser(&mut criterion, "a tap", &frames);
    parser(&mut criterion, "a node", &of_node);
    let sightings = frames.sightings();
    table(&mut criterion, &sightings);
    fold(&mut criterion, &sightings);
    engine(&mut criterion, "a tap", &frames);
    engine(&mut criterion, "a node", &of_node);
    let objects = folder.join("pods.yaml");
    changes(&mut criterion, &objects)?;
    let snapshot = snapshot(&mut criterion, tap, objects)?;
    queries(&mut criterion, &snapshot)?;
    criterion.final_summary();
    Ok(())
}

fn reading(criterion: &mut Criterion, path: &Path) {
    let mut group = criterion.benchmark_group("reading");
    group.bench_function("a file of 500 000 frames", |bencher| {
        bencher.iter(|| {
            let frames = Captures::open(&[path]).map(|mut captures| {
                captures.give(usize::MAX, |frame| {
                    black_box(frame.data);
                })
            });
            frames.unwrap_or_default()
        });
    });
}

fn parser(criterion: &mut Criterion, from: &str, frames: &Recorded) {
    let mut group = criterion.benchmark_group("parser");
    group.throughput(Throughput::Elements(frames.len() as u64));
    group.bench_function(format!("frames of {from}"), |bencher| {
        bencher.iter(|| {
            for frame in frames.frames() {
                black_box(packet::parse(&frame));
            }
        });
    });
}

fn table(criterion: &mut Criterion, sightings: &[(ConnectionKey, Sighting)]) {
    let mut group = criterion.benchmark_group("table");
    group.throughput(Throughput::Elements(sightings.len() as u64));
    group.bench_function("packets to their connections", |bencher| {
        bencher.iter_with_large_drop(|| filled(sightings));
    });
}

fn filled(sightings: &[(ConnectionKey, Sighting)]) -> ConnectionTable {
    let mut table = ConnectionTable::new(SEED, IdleTimeouts::default());
    for (key, sighting) in sightings {
        let hash = table.hash(key);
        let (_, connection) = table.get_or_insert(hash, None, key, sighting.time);
        connection.add(sighting);
    }
    table
}

fn fold(criterion: &mut Criterion, sightings: &[(ConnectionKey, Sighting)]) {
    let (table, limits) = (filled(sightings), Settings::default().limits);
    let mut group = criterion.benchmark_group("fold");
    group.throughput(Throughput::Elements(table.len() as u64));
    group.bench_function("connections to their legs", |bencher| {
        bencher.iter_with_large_drop(|| {
            let records = (limits.connection_records, Settings::default().surplus);
            let mut ledger = Ledger::new(limits.intervals, records, SEED);
            ledger.fold_all(&table, table.iter(), &Eras::default(), |_| None);
            ledger
        });
    });
}

fn engine(criterion: &mut Criterion, from: &str, frames: &Recorded) {
    let mut group = criterion.benchmark_group("engine");
    group.throughput(Throughput::Elements(frames.len() as u64));
    group.bench_function(format!("frames of {from}"), |bencher| {
        bencher.iter_with_large_drop(|| {
            let mut engine = Engine::new(Settings {
                seed: SEED,
                ..Settings::default()
            });
            for frame in frames.frames() {
                engine.ingest(&frame);
            }
            engine
        });
    });
}

fn changes(criterion: &mut Criterion, objects: &Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(objects)?;
    let mut group = criterion.benchmark_group("cluster file");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("objects of 5 000 pods", |bencher| {
        bencher.iter_with_large_drop(|| cluster_file::decode(objects, &text));
    });
    Ok(())
}

/// Measures how a snapshot is made, and answers with it.
fn snapshot(
    criterion: &mut Criterion,
    capture: PathBuf,
    objects: PathBuf,
) -> anyhow::Result<Snapshot> {
    let inputs = ReplayInputs {
        captures: vec![capture],
        cluster: vec![objects],
        ..ReplayInputs::default()
    };
    let mut replay = Replay::open(&inputs, Settings::default())?;
    while replay.step(1 << 16) {}
    let flows = replay.snapshot().flows.len();
    let mut group = criterion.benchmark_group("snapshot");
    group.throughput(Throughput::Elements(flows as u64));
    group.bench_function("of a copy of the engine", |bencher| {
        bencher.iter_batched(|| (), |()| replay.snapshot(), BatchSize::PerIteration);
    });
    group.finish();
    Ok(replay.finish())
}

fn queries(criterion: &mut Criterion, snapshot: &Snapshot) -> anyhow::Result<()> {
    let mut group = criterion.benchmark_group("query");
    group.throughput(Throughput::Elements(snapshot.flows.len() as u64));
    for (name, operation, parameters) in [
        ("a page", Operation::Flows, &[("limit", "100")][..]),
        (
            "a filtered page",
            Operation::Flows,
            &[("ns", "team-3"), ("limit", "100")],
        ),
        (
            "by rate",
            Operation::Flows,
            &[("sort", "bps"), ("limit", "100")],
        ),
        (
            "by namespace",
            Operation::Flows,
            &[("aggregate", "namespace")],
        ),
        ("a summary", Operation::Summary, &[]),
        ("workloads", Operation::Workloads, &[]),
        ("dependencies", Operation::Dependencies, &[]),
    ] {
        let parameters = parameters.iter().copied();
        let query = Query::parse(operation, parameters, RowLimit::Bounded)?;
        group.bench_function(name, |bencher| {
            bencher.iter_with_large_drop(|| query::run(snapshot, operation, &query));
        });
    }
    group.finish();
    let mut group = criterion.benchmark_group("json");
    group.throughput(Throughput::Elements(10_000));
    let parameters = [("limit", "10000"), ("format", "full")];
    let query = Query::parse(Operation::Flows, parameters, RowLimit::Bounded)?;
    let answer = query::run(snapshot, Operation::Flows, &query)?;
    group.bench_function("10 000 flows", |bencher| {
        bencher.iter_with_large_drop(|| serde_json::to_vec(&answer));
    });
    Ok(())
}
