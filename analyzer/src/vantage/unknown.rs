//! Declared places that nothing is known of: most are slips of the pen.
//!
//! In: what is declared of sources, the places that were seen, the cluster's directory. Out: a
//! sentence for each node, pod and interface that is declared and known to neither.
//! **Shape** a cluster of which no node, or no pod, is known says nothing of them. The sentences
//! are limited, and what names are compared of.

use std::collections::{BTreeMap, BTreeSet};

use crate::cluster::{Directory, EndKind};
use crate::hop::Interface;
use crate::hop::declaration::{InterfaceOwner, PodName, SourceDeclaration, TakenAt};
use crate::hop::places::Places;

/// The most sentences.
const SENTENCES: usize = 20;

/// The most names that a sentence lists.
const NAMED: usize = 5;

/// The most characters of a declared name that are compared.
const COMPARED: usize = 253;

/// What is declared and not there.
#[must_use]
pub fn unknown(
    declarations: &[SourceDeclaration],
    places: &Places,
    directory: &Directory,
) -> Vec<String> {
    let is_declared = |source: &SourceDeclaration| {
        let owners = source.owners.len() + source.numbered.len();
        source.at != TakenAt::Between || owners > 0
    };
    if !declarations.iter().any(is_declared) {
        return Vec::new();
    }
    let objects = Objects::of(directory);
    let numbers = interface_numbers(places);
    (0..)
        .zip(declarations)
        .flat_map(|(number, source)| {
            let owners = source.owners.iter();
            let pods = owners.filter_map(|(interface, owner)| {
                objects.lack_of_owner(&source.name, interface, owner)
            });
            let taken_at = objects.lack_of_place(source).into_iter();
            taken_at
                .chain(pods)
                .chain(unseen_interfaces(source, numbers.get(&number)))
        })
        .take(SENTENCES)
        .collect()
}

/// The names that the cluster's objects have and mention.
struct Objects {
    nodes: BTreeSet<String>,
    /// With their namespaces.
    pods: BTreeSet<String>,
}

impl Objects {
    fn of(directory: &Directory) -> Self {
        let (mut nodes, mut pods) = (BTreeSet::new(), BTreeSet::new());
        let members = directory.roster().members().iter();
        let members = members.map(|member| &member.identity);
        for identity in directory.identities().iter().chain(members) {
            if matches!(identity.kind, EndKind::Pod | EndKind::Node) {
                nodes.extend(identity.node.as_ref().map(ToString::to_string));
            }
            if let (Some(namespace), Some(pod)) = (&identity.namespace, &identity.pod) {
                pods.insert(format!("{namespace}/{pod}"));
            }
        }
        Self { nodes, pods }
    }

    fn lack_of_place(&self, source: &SourceDeclaration) -> Option<String> {
        let (kind, name, known) = match &source.at {
            TakenAt::Between => return None,
            TakenAt::Node(node) => ("on node", node.to_string(), &self.nodes),
            TakenAt::Pod(pod) => ("in pod", full_name(pod), &self.pods),
        };
        let next = instead(&name, known)?;
        let file = &source.name;
        Some(format!(
            "{file}: said to be taken {kind} {name}, which no object of the cluster names: {next}"
        ))
    }

    fn lack_of_owner(&self, file: &str, interface: &str, owner: &InterfaceOwner) -> Option<String> {
        let InterfaceOwner::Pod(pod) = owner else {
            return None;
        };
        let name = full_name(pod);
        let next = instead(&name, &self.pods)?;
        Some(format!(
            "{file}: interface {interface} is said to be of pod {name}, which no object of the \
             cluster names: {next}"
        ))
    }
}

/// The numbers of interfaces at which packets were counted, by source: none where packets tell no
/// interface.
fn interface_numbers(places: &Places) -> BTreeMap<u32, BTreeSet<u32>> {
    let mut numbers: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for place in places.all() {
        let of_source = numbers.entry(place.source).or_default();
        if let Interface::Numbered(number) = place.interface {
            of_source.insert(number);
        }
    }
    numbers
}

/// Declared interfaces that are none of a source's. A source without packets tells nothing.
fn unseen_interfaces(
    source: &SourceDeclaration,
    numbers: Option<&BTreeSet<u32>>,
) -> impl Iterator<Item = String> {
    let seen_numbers = numbers.into_iter().flatten().copied();
    let tells_interfaces =
        !source.names.is_empty() || seen_numbers.clone().any(|number| number != 0);
    let name_of = |number: u32| match source.names.get(&number) {
        Some(name) => name.to_string(),
        None => number.to_string(),
    };
    let mut seen: BTreeSet<String> = seen_numbers.map(name_of).collect();
    seen.extend(source.names.values().map(ToString::to_string));
    let has_packets = numbers.is_some();
    let declared = source.owners.keys().filter(move |_| has_packets);
    declared.filter_map(move |interface| {
        let file = &source.name;
        if seen.contains(&**interface) {
            return None;
        }
        if !tells_interfaces {
            return Some(format!(
                "{file}: interface {interface} is declared, but no counted packet there tells its \
                 interface: expected the place of the whole capture, with `at`"
            ));
        }
        let next = instead(interface, &seen)?;
        Some(format!(
            "{file}: interface {interface} is declared, but no counted packet was seen at one of \
             that name or number: {next}"
        ))
    })
}

/// What to write instead of a name that is not among those known; `None` when it is, and when none
/// is known.
fn instead(name: &str, known: &BTreeSet<String>) -> Option<String> {
    if known.is_empty() || known.contains(name) {
        return None;
    }
    Some(match nearest(name, known) {
        Some(near) => format!("did you mean {near}?"),
        None => {
            let listed: Vec<&str> = known.iter().map(String::as_str).take(NAMED).collect();
            let others = known.len().saturating_sub(NAMED);
            let more = match others {
                0 => String::new(),
                n => format!(" or {n} more"),
            };
            format!("expected one of {}{more}", listed.join(", "))
        }
    })
}

fn nearest<'n>(name: &str, known: &'n BTreeSet<String>) -> Option<&'n String> {
    const LIKE: f64 = 0.8;
    let name: String = name.chars().take(COMPARED).collect();
    let likeness = |known: &String| strsim::jaro_winkler(&name, known);
    let near = known.iter().map(|known| (likeness(known), known));
    let near = near.filter(|(likeness, _)| *likeness >= LIKE);
    near.max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, known)| known)
}

fn full_name(pod: &PodName) -> String {
    format!("{}/{}", pod.namespace, pod.name)
}
