//! What is read: captures, the cluster's objects, names; as options and as [`ReplayInputs`].

use std::hash::{BuildHasher, RandomState};
use std::io::{self, IsTerminal};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use analyzer::engine::{Answers, DuplicatePolicy, Limits, Settings};
use analyzer::hop::declaration::{PodName, TakenAt};
use clap::builder::PathBufValueParser;
use clap::{Arg, ArgAction, ArgMatches, ValueHint};
use ipnet::IpNet;
use replay::{ReplayInputs, Taken};

use crate::cli::quantity;

/// The captures.
pub(crate) const CAPTURE: &str = "CAPTURE";
const CLUSTER: &str = "cluster";
const NAMES: &str = "names";
const CLUSTER_CIDR: &str = "cluster-cidr";
const DEDUP: &str = "dedup";
const AT: &str = "at";
const MAX_CONNECTIONS: &str = "max-connections";
const THREADS: &str = "threads";
const MEMORY_LIMIT: &str = "memory-limit";

/// The options that say what is read: all that make no sense with a running server.
pub(crate) const IDS: [&str; 7] = [
    CAPTURE,
    CLUSTER,
    NAMES,
    CLUSTER_CIDR,
    AT,
    DEDUP,
    MEMORY_LIMIT,
];

const HEADING: &str = "What is read";

/// The captures and what goes with them.
pub(crate) fn args() -> [Arg; 7] {
    [
        Arg::new(CAPTURE)
            .num_args(1..)
            .required(true)
            .value_parser(PathBufValueParser::new())
            .value_hint(ValueHint::AnyPath)
            .help(
                "captures: a file (pcap or pcapng, also gzip or zstd), a folder, a scenario folder, a \
                 pattern such as 'node-*.pcap', or - for standard input",
            ),
        Arg::new(CLUSTER)
            .long(CLUSTER)
            .value_name("FILE")
            .value_parser(PathBufValueParser::new())
            .value_hint(ValueHint::FilePath)
            .action(ArgAction::Append)
            .help_heading(HEADING)
            .help(
                "Kubernetes objects, as kubectl writes them (YAML or JSON), or - for standard \
                 input; may be repeated",
            ),
        Arg::new(NAMES)
            .long(NAMES)
            .value_name("FILE")
            .value_parser(PathBufValueParser::new())
            .value_hint(ValueHint::FilePath)
            .help_heading(HEADING)
            .help(
                "names where there is no cluster: an address or CIDR and a name a line; a name is \
                 shown as node (filter: --node)",
            ),
        Arg::new(CLUSTER_CIDR)
            .long(CLUSTER_CIDR)
            .value_name("CIDR")
            .value_parser(range)
            .action(ArgAction::Append)
            .help_heading(HEADING)
            .help("addresses that are the cluster's, such as 10.244.0.0/16; may be repeated"),
        Arg::new(AT)
            .long(AT)
            .value_name("FILE=PLACE")
            .value_parser(taken)
            .action(ArgAction::Append)
            .help_heading(HEADING)
            .help(
                "where a capture was taken: FILE=node:NAME or FILE=pod:NAMESPACE/NAME; FILE may be a \
                 pattern, whose files are one rotated capture; may be repeated",
            ),
        Arg::new(DEDUP)
            .long(DEDUP)
            .action(ArgAction::SetTrue)
            .help_heading(HEADING)
            .help("count packets that a mirror port shows twice within a millisecond once"),
        Arg::new(MEMORY_LIMIT)
            .long(MEMORY_LIMIT)
            .value_name("OCTETS")
            .value_parser(memory)
            .help_heading(HEADING)
            .help(
                "memory of the whole process, 48Mi or more; becomes limits in records: at first \
                 intervals of old packets become longer, then the oldest go",
            ),
    ]
}

/// `--max-connections`, for the commands that keep records of single connections.
pub(crate) fn max_connections() -> Arg {
    Arg::new(MAX_CONNECTIONS)
        .long(MAX_CONNECTIONS)
        .value_name("N")
        .value_parser(whole_number)
        .default_value("1000000")
        .help_heading(HEADING)
        .help("single connections kept, about 300 bytes each; 0 keeps none")
}

/// `--threads`, for the commands that read to the end and answer.
pub(crate) fn threads() -> Arg {
    Arg::new(THREADS)
        .long(THREADS)
        .value_name("N")
        .value_parser(number_of_threads)
        .help_heading(HEADING)
        .help(
            "threads that read: with 2 or more, files are read and decompressed ahead while packets are \
             counted, where packets are short one takes them in while another counts, and at the end \
             all of them build flows; the answer is the same [default: as many as there are processors]",
        )
}

/// On how many threads captures are read.
pub(crate) fn reading_threads(matches: &ArgMatches) -> NonZeroUsize {
    let asked = matches.get_one::<NonZeroUsize>(THREADS).copied();
    let processors = || available_parallelism().ok();
    asked.or_else(processors).unwrap_or(NonZeroUsize::MIN)
}

fn range(text: &str) -> Result<IpNet, &'static str> {
    text.parse()
        .map_err(|_| "expected a range of addresses such as 10.244.0.0/16")
}

fn taken(text: &str) -> Result<Taken, String> {
    const EXPECTED: &str = "expected FILE=node:NAME or FILE=pod:NAMESPACE/NAME";
    let place = |place: &str| match place.split_once(':')? {
        ("node", name) if !name.is_empty() => Some(TakenAt::Node(name.into())),
        ("pod", pod) => {
            let (namespace, name) = pod.split_once('/')?;
            (!namespace.is_empty() && !name.is_empty()).then(|| {
                TakenAt::Pod(PodName {
                    namespace: namespace.into(),
                    name: name.into(),
                })
            })
        }
        _ => None,
    };
    let (file, at) = text.rsplit_once('=').ok_or(EXPECTED)?;
    let at = place(at).ok_or_else(|| format!("{at} is no place, {EXPECTED}"))?;
    if file.is_empty() {
        return Err(format!("no file, {EXPECTED}"));
    }
    let files = PathBuf::from(file);
    Ok(Taken { files, at })
}

fn memory(text: &str) -> Result<u64, String> {
    let octets = quantity::octets(text)?;
    if octets < Limits::LEAST_MEMORY {
        let least = Limits::LEAST_MEMORY >> 20;
        return Err(format!("{text} is too little, expected at least {least}Mi"));
    }
    Ok(octets)
}

fn whole_number(text: &str) -> Result<usize, &'static str> {
    text.parse()
        .map_err(|_| "expected a whole number, 0 or more")
}

fn number_of_threads(text: &str) -> Result<NonZeroUsize, &'static str> {
    text.parse()
        .map_err(|_| "expected a whole number, 1 or more")
}

/// What is known beside captures.
pub(crate) fn known(matches: &ArgMatches) -> ReplayInputs {
    let ranges = matches.get_many::<IpNet>(CLUSTER_CIDR).unwrap_or_default();
    ReplayInputs {
        cluster: paths(matches, CLUSTER),
        names: matches.get_one::<PathBuf>(NAMES).cloned(),
        cluster_cidrs: ranges.copied().collect(),
        ..ReplayInputs::default()
    }
}

fn paths(matches: &ArgMatches, id: &str) -> Vec<PathBuf> {
    let paths = matches.get_many::<PathBuf>(id).unwrap_or_default();
    paths.cloned().collect()
}

/// What is read.
pub(crate) fn inputs(matches: &ArgMatches) -> anyhow::Result<ReplayInputs> {
    let known = known(matches);
    let (captures, cluster) = (paths(matches, CAPTURE), &known.cluster);
    for (files, expected) in [(&captures, "a capture"), (cluster, "the cluster's objects")] {
        if files.iter().any(|path| path == Path::new("-")) && io::stdin().is_terminal() {
            anyhow::bail!("-: standard input is a terminal, expected {expected} piped into it");
        }
    }
    Ok(ReplayInputs {
        captures,
        at: matches
            .get_many::<Taken>(AT)
            .unwrap_or_default()
            .cloned()
            .collect(),
        ..known
    })
}

/// Whether standard input is among the captures.
pub(crate) fn has_pipe(inputs: &ReplayInputs) -> bool {
    inputs.captures.iter().any(|path| path == Path::new("-"))
}

/// How it is counted for what is asked so often.
pub(crate) fn settings(matches: &ArgMatches, answers: Answers) -> Settings {
    // Only some commands have the options; the others list no connections, and keep none.
    let kept = matches.try_get_one::<usize>(MAX_CONNECTIONS).ok().flatten();
    let dedup = matches.try_get_one::<bool>(DEDUP).ok().flatten();
    let memory = matches.try_get_one::<u64>(MEMORY_LIMIT).ok().flatten();
    let default = default_settings();
    let connection_records = kept.copied().unwrap_or(0);
    let limits = match memory {
        Some(octets) => {
            let within = Limits::within(*octets, answers);
            Limits {
                connection_records: connection_records.min(within.connection_records),
                ..within
            }
        }
        None => Limits {
            connection_records,
            ..default.limits
        },
    };
    Settings {
        limits,
        duplicates: if dedup.copied().unwrap_or(false) {
            DuplicatePolicy::Copy
        } else {
            DuplicatePolicy::Suspect
        },
        ..default
    }
}

/// How it is counted where nothing else is asked for.
pub(crate) fn default_settings() -> Settings {
    Settings {
        // Traffic whose author knew the seed could be made slow to count.
        seed: RandomState::new().hash_one(0),
        ..Settings::default()
    }
}
