//! What is captured on a node and how long it is kept: options of all that capture, and the session
//! that follows from them.
//!
//! **Shape** everything that needs a privilege or a file is opened here, before either is given
//! up.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs, process};

use analyzer::connection::IdleTimeouts;
use analyzer::connection::record::Surplus;
use analyzer::engine::Settings;
use analyzer::query::pattern::Glob;
use anyhow::{Context, ensure};
use clap::builder::PathBufValueParser;
use clap::{Arg, ArgAction, ArgMatches, ValueHint};
use live::capture::{InterfaceChoice, Ring, RingSettings};
use live::cluster::connection::Connection;
use live::cluster::source::{self, Choice, ClusterSource, Offered};
use live::confine::{Connections, Needs, Opener};
use live::filter::PacketFilter;
use live::namespaces::Namespaces;
use live::recorder::{Recorder, RecorderOptions, RecordingWatch};
use live::session::{self, OwnTraffic, PodChoice, Session, SessionSettings};
use replay::{ReplayInputs, Told};

use crate::cli::{entering, inputs, quantity, units};

const NODE: &str = "node";
const INTERFACE: &str = "interface";
const NAMESPACE: &str = "namespace";
const POD: &str = "pod";
const IN_POD_NAMESPACES: &str = "in-pod-namespaces";
const KUBECONFIG: &str = "kubeconfig";
const RING_SIZE: &str = "ring-size";
const DNS_SNAPLEN: &str = "dns-snaplen";
const NO_EXCLUDE_SELF: &str = "no-exclude-self";
const RETENTION: &str = "retention";
const MEMORY_LIMIT: &str = "memory-limit";
const TCP_IDLE: &str = "tcp-idle";
const UDP_IDLE: &str = "udp-idle";

const CAPTURED: &str = "What is captured";
const KEPT: &str = "What is kept";

/// From the length of an interval of counts, below which nothing can be forgotten, to a year.
const RETENTIONS: RangeInclusive<Duration> =
    Duration::from_secs(10)..=Duration::from_secs(365 * 86_400);

/// Where a pod finds the name of its node, when its manifest says so.
const NODE_NAME: &str = "NODE_NAME";
/// What this machine calls itself.
const HOSTNAME: &str = "/proc/sys/kernel/hostname";

/// A session that may begin, and what to say of it.
pub(crate) struct Capturing {
    /// The session.
    pub(crate) session: Session,
    /// What it still needs when it is open.
    pub(crate) needs: Needs,
    /// Where the cluster is known from, and what is captured: a line each.
    pub(crate) notes: Vec<String>,
}

/// Where it is recorded.
pub(crate) struct RecordTo {
    /// The folder.
    pub(crate) folder: PathBuf,
    /// The size at which another file is begun.
    pub(crate) max_file_octets: Option<u64>,
    /// What is recorded of the frames; all without one.
    pub(crate) filter: Option<PacketFilter>,
}

/// The options.
pub(crate) fn args() -> Vec<Arg> {
    let [_, cluster, names, cluster_cidr, ..] = inputs::args();
    let kubeconfig = Arg::new(KUBECONFIG)
        .long(KUBECONFIG)
        .value_name("FILE")
        .value_parser(PathBufValueParser::new())
        .value_hint(ValueHint::FilePath)
        .help(
            "how to reach the API server of the cluster [default: this pod's service account, else \
             the variable KUBECONFIG]",
        );
    let knowledge = [kubeconfig, cluster, names, cluster_cidr];
    let mut args = captured();
    args.extend(knowledge.map(|arg| arg.help_heading("What is known")));
    args.extend(kept());
    args
}

fn captured() -> Vec<Arg> {
    let captured = |id: &'static str, value: &'static str| {
        let arg = Arg::new(id).long(id).value_name(value);
        arg.help_heading(CAPTURED)
    };
    vec![
        captured(NODE, "NAME").help(
            "name of this node in the cluster [default: the variable NODE_NAME, else the hostname]",
        ),
        captured(INTERFACE, "NAME")
            .value_parser(interface)
            .action(ArgAction::Append)
            .help("only this node's interfaces of this name, such as eth0 or 'veth*'; may be repeated"),
        captured(NAMESPACE, "NAME")
            .action(ArgAction::Append)
            .help("only interfaces of pods in this namespace; globs, may be repeated"),
        captured(POD, "NAME")
            .action(ArgAction::Append)
            .help("only interfaces of pods of this name; globs such as 'cart-*', may be repeated"),
        Arg::new(IN_POD_NAMESPACES)
            .long(IN_POD_NAMESPACES)
            .action(ArgAction::SetTrue)
            .help_heading(CAPTURED)
            .help(
                "capture within each pod too, where a data plane hands packets to pods past their \
                 interfaces here; a process beside this one keeps CAP_SYS_ADMIN and CAP_SYS_PTRACE for it",
            ),
        captured(RING_SIZE, "OCTETS")
            .value_parser(quantity::octets)
            .default_value("32Mi")
            .help("memory in which the kernel keeps frames until they are read; a 64th of it in a pod"),
        captured(DNS_SNAPLEN, "OCTETS")
            .value_parser(clap::value_parser!(u32))
            .default_value("65553")
            .help("octets kept of a frame with DNS answers; others are kept up to their headers"),
        Arg::new(NO_EXCLUDE_SELF)
            .long(NO_EXCLUDE_SELF)
            .action(ArgAction::SetTrue)
            .help_heading(CAPTURED)
            .help("count the traffic of pilotfish itself too: its clients, the API server"),
    ]
}

fn kept() -> [Arg; 4] {
    let time = |id: &'static str, default: &'static str| {
        Arg::new(id)
            .long(id)
            .value_name("DURATION")
            .value_parser(quantity::duration)
            .default_value(default)
            .help_heading(KEPT)
    };
    [
        time(RETENTION, "1h")
            .value_parser(retention)
            .help("how long it is kept what was counted"),
        Arg::new(MEMORY_LIMIT)
            .long(MEMORY_LIMIT)
            .value_name("OCTETS")
            .value_parser(quantity::octets)
            .default_value("256Mi")
            .help_heading(KEPT)
            .help(
                "memory of the whole process; becomes limits in records: at first intervals of old \
                 packets become longer, then the oldest go",
            ),
        time(TCP_IDLE, "5m").help("silence after which a TCP connection has ended"),
        time(UDP_IDLE, "1m").help("the same for UDP"),
    ]
}

/// Opens what the options say. `listening` is where the process is asked.
pub(crate) fn open(matches: &ArgMatches, listening: SocketAddr) -> anyhow::Result<Capturing> {
    let (capturing, ()) = open_with(matches, listening, |_, _| Ok(()))?;
    Ok(capturing)
}

/// Opens what the options say, and a folder in which it is recorded.
pub(crate) fn record(
    matches: &ArgMatches,
    to: &RecordTo,
) -> anyhow::Result<(Capturing, RecordingWatch)> {
    // Nobody asks it: it has no port.
    let nowhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    let (mut capturing, watch) = open_with(matches, nowhere, |session, settings| {
        let known = inputs::known(matches);
        let recorder = Recorder::create(RecorderOptions {
            folder: to.folder.clone(),
            max_file_octets: to.max_file_octets,
            settings,
            cluster_cidrs: known.cluster_cidrs,
            names: known.names,
            filter: to.filter.as_ref().map(ToString::to_string),
        })?;
        let watch = recorder.watch();
        if let Some(filter) = &to.filter {
            session.filter(filter.clone());
        }
        session.record(recorder);
        Ok(watch)
    })?;
    capturing.needs.write.push(to.folder.clone());
    let filter = to.filter.as_ref();
    let note = filter
        .map(|filter| format!("records only what is `{filter}`; the rest is counted as excluded"));
    capturing.notes.extend(note);
    Ok((capturing, watch))
}

/// Opens what the options say; `begin` is called before the session is told anything.
fn open_with<T>(
    matches: &ArgMatches,
    listening: SocketAddr,
    begin: impl FnOnce(&mut Session, Settings) -> anyhow::Result<T>,
) -> anyhow::Result<(Capturing, T)> {
    let ring = ring_settings(matches)?;
    let in_pods = (matches.get_flag(IN_POD_NAMESPACES)).then(|| session::ring_in_pods(&ring));
    let of_pods = in_pods.map_or(0, |in_pod| in_pod.octets * session::NAMESPACES);
    let settings = settings(matches, listening, (ring.octets + of_pods) as u64)?;
    let known = inputs::known(matches);
    let kubeconfig = matches.get_one::<PathBuf>(KUBECONFIG).cloned();
    let choice = Offered::here(kubeconfig, known.cluster.clone()).choose();
    ensure!(
        settings.pods.is_all() || !matches!(choice.source, ClusterSource::None),
        "--{NAMESPACE}, --{POD}: nothing would be captured, as no pod is known without a cluster; \
         expected --{KUBECONFIG} or --cluster beside them"
    );
    ensure!(
        in_pods.is_none() || !matches!(choice.source, ClusterSource::None),
        "--{IN_POD_NAMESPACES}: no namespace would be known as a pod's without a cluster; expected \
         --{KUBECONFIG} or --cluster beside it"
    );
    let connection = Connection::open(&choice.source)?;
    let told = told(&known, &choice)?;
    let mut notes = vec![choice.to_string(), capture_note(matches, &settings, &ring)];
    let engine = settings.engine;
    let ring = Ring::open(&ring)?;
    let entered = in_pods.map(|in_pod| Ok::<_, anyhow::Error>((enter()?, in_pod)));
    let entered = entered.transpose()?;
    let session = Session::new(ring, settings);
    let mut session = session.with_context(|| {
        format!("--{NAMESPACE}, --{POD}: it is not known which interfaces are the pods'")
    })?;
    notes.extend(session.unmet());
    let opened = begin(&mut session, engine)?;
    for change in told.changes {
        session.apply(change);
    }
    if choice.source == ClusterSource::None {
        session.apply_machine();
    }
    for range in told.ranges {
        session.add_cluster_range(range);
    }
    session.set_names(told.names);
    for warning in told.warnings {
        session.warn(warning);
    }
    let mut needs = Needs::default();
    if let Some((namespaces, in_pod)) = entered {
        let process = namespaces.opener();
        needs.opener = Opener::EntersNamespaces { process };
        session.enter_pods(namespaces, in_pod);
    }
    if let Some(connection) = connection {
        needs.connections = Connections::Made;
        needs.read.clone_from(&connection.read_again);
        notes.extend(connection.warnings.iter().cloned());
        session.follow(connection);
    }
    let capturing = Capturing {
        session,
        needs,
        notes,
    };
    Ok((capturing, opened))
}

/// Starts the opener that enters network namespaces: this program, while it may do what it may.
fn enter() -> anyhow::Result<Namespaces> {
    let mut opener = process::Command::new(env::current_exe()?);
    opener.arg(entering::NAME);
    Ok(Namespaces::start(opener)?)
}

fn ring_settings(matches: &ArgMatches) -> anyhow::Result<RingSettings> {
    let octets = matches.get_one::<u64>(RING_SIZE).copied().unwrap_or(0);
    let usual = RingSettings::default();
    let dns_snaplen = matches.get_one::<u32>(DNS_SNAPLEN).copied();
    Ok(RingSettings {
        octets: usize::try_from(octets)?,
        dns_snaplen: dns_snaplen.unwrap_or(usual.dns_snaplen),
        ..usual
    })
}

fn settings(
    matches: &ArgMatches,
    listening: SocketAddr,
    ring: u64,
) -> anyhow::Result<SessionSettings> {
    let memory = matches.get_one::<u64>(MEMORY_LIMIT).copied().unwrap_or(0);
    let least = session::least_memory(ring);
    ensure!(
        memory >= least,
        "--{MEMORY_LIMIT}: {memory} octets are too few beside a ring of {ring}, expected at least \
         {least}; a smaller --{RING_SIZE} needs less"
    );
    let names = matches.get_many::<String>(INTERFACE).unwrap_or_default();
    Ok(SessionSettings {
        node: node(matches)?.into(),
        engine: Settings {
            limits: session::limits(memory, ring),
            idle: IdleTimeouts {
                tcp_ns: nanos(matches, TCP_IDLE),
                udp_ns: nanos(matches, UDP_IDLE),
            },
            surplus: Surplus::Earliest,
            ..inputs::default_settings()
        },
        retention: time(matches, RETENTION),
        interfaces: InterfaceChoice::new(names),
        pods: PodChoice {
            namespaces: globs(matches, NAMESPACE),
            pods: globs(matches, POD),
        },
        own_traffic: if matches.get_flag(NO_EXCLUDE_SELF) {
            OwnTraffic::Counted
        } else {
            OwnTraffic::LeftOut {
                listening,
                service: source::service_address(),
            }
        },
    })
}

/// A name, or a glob of names.
fn interface(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() {
        return Err("is no name, expected one such as eth0 or 'veth*'");
    }
    Ok(text.to_owned())
}

fn retention(text: &str) -> Result<Duration, String> {
    let duration = quantity::duration(text)?;
    if !RETENTIONS.contains(&duration) {
        return Err("expected from 10s to 8760h, a year".to_owned());
    }
    Ok(duration)
}

fn globs(matches: &ArgMatches, id: &str) -> Vec<Glob> {
    let names = matches.get_many::<String>(id).unwrap_or_default();
    names.map(|name| Glob::new(name)).collect()
}

fn time(matches: &ArgMatches, id: &str) -> Duration {
    let time = matches.get_one::<Duration>(id);
    time.copied().unwrap_or_default()
}

fn nanos(matches: &ArgMatches, id: &str) -> u64 {
    u64::try_from(time(matches, id).as_nanos()).unwrap_or(u64::MAX)
}

/// As it is typed, else as the pod's manifest says, else as the machine does.
fn node(matches: &ArgMatches) -> anyhow::Result<String> {
    let typed = matches.get_one::<String>(NODE).cloned();
    let told = || env::var(NODE_NAME).ok();
    let own = || fs::read_to_string(HOSTNAME).ok();
    let name = typed.or_else(told).or_else(own).unwrap_or_default();
    let name = name.trim();
    ensure!(
        !name.is_empty(),
        "--{NODE}: this machine has no name, expected that of its node, or of anything"
    );
    Ok(name.to_owned())
}

/// What files say; where an API server does, its objects are the ones.
fn told(known: &ReplayInputs, choice: &Choice) -> anyhow::Result<Told> {
    let files: &[PathBuf] = match &choice.source {
        ClusterSource::Files(files) => files,
        ClusterSource::InCluster | ClusterSource::Kubeconfig(_) | ClusterSource::None => &[],
    };
    ensure!(
        files.iter().all(|file| file != Path::new("-")),
        "--cluster: - is standard input, expected a file here"
    );
    let files = files.iter().map(PathBuf::as_path);
    let names = known.names.as_deref();
    Ok(Told::read(files, names, known.cluster_cidrs.clone())?)
}

fn capture_note(matches: &ArgMatches, settings: &SessionSettings, ring: &RingSettings) -> String {
    let names: Vec<&str> = matches
        .get_many::<String>(INTERFACE)
        .unwrap_or_default()
        .map(String::as_str)
        .collect();
    let interfaces = match names.as_slice() {
        [] => "all interfaces".to_owned(),
        names => format!("interfaces {}", names.join(", ")),
    };
    let of_pods = if settings.pods.is_all() {
        ""
    } else {
        " of the pods that were asked for"
    };
    let in_pods = if matches.get_flag(IN_POD_NAMESPACES) {
        ", and within pods"
    } else {
        ""
    };
    let own = match settings.own_traffic {
        OwnTraffic::Counted => "",
        OwnTraffic::LeftOut { .. } => ", without its own traffic",
    };
    format!(
        "captures on node {}: {interfaces}{of_pods}{in_pods}{own}, {} octets a frame, ring of {}, kept for {}",
        settings.node,
        ring.snaplen,
        units::bytes(ring.octets as u64),
        units::duration(u64::try_from(settings.retention.as_nanos()).unwrap_or(u64::MAX)),
    )
}
