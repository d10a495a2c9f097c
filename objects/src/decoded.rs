//! Documents to changes: lists, watch events, and objects by their kind.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use analyzer::cluster::change::{Change, ChangeKind};
use analyzer::cluster::object::{Controller, Namespace, Object};
use analyzer::time::Timestamp;

use crate::document::field::{Field, FieldError, shown};
use crate::metadata::Metadata;
use crate::{endpoint, node, pod, range, service};

/// Where an object stands in its file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ObjectPlace {
    /// The number of its document.
    pub document: usize,
    /// Its number within a list.
    pub item: Option<usize>,
    /// Kind, namespace and name, as far as they are known.
    pub name: String,
}

impl fmt::Display for ObjectPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "document {}", self.document)?;
        if let Some(item) = self.item {
            write!(f, ", item {item}")?;
        }
        if !self.name.is_empty() {
            write!(f, " ({})", self.name)?;
        }
        Ok(())
    }
}

/// An error and the object it is in.
pub type ObjectError = Box<(ObjectPlace, FieldError)>;

/// What was decoded so far.
#[derive(Debug, Default)]
pub struct Decoded {
    /// The changes, in the order of the text.
    pub changes: Vec<Change>,
    /// Objects that say nothing about identity, by kind.
    pub skipped: BTreeMap<String, u64>,
    /// Errors of the watch that was written down.
    pub watch_errors: u64,
}

/// What happened to an object, and when.
#[derive(Clone, Copy)]
struct Event {
    kind: ChangeKind,
    time: Option<Timestamp>,
}

/// An object of a dump: there, at an unknown time.
const FOUND: Event = Event {
    kind: ChangeKind::Added,
    time: None,
};

impl Decoded {
    /// Decodes a document: an object, a list of objects, a change, or nothing.
    ///
    /// # Errors
    /// The first wrong object, with its field.
    pub fn add_document(
        &mut self,
        place: ObjectPlace,
        document: &Field<'_>,
    ) -> Result<(), ObjectError> {
        if document.is_absent() {
            return Ok(());
        }
        let at = |error| Box::new((place.clone(), error));
        let object = document.get("object").map_err(at)?;
        if !object.is_absent() {
            return match line(document).map_err(at)? {
                Line::Change(event) => self.add_object(place, &object.detached(), None, event),
                Line::Bookmark => Ok(()),
                Line::Error => {
                    self.watch_errors += 1;
                    Ok(())
                }
            };
        }
        let kind = kind(document, None).map_err(at)?;
        match kind.name.strip_suffix("List") {
            Some(item_kind) => self.add_list(&place, document, item_kind),
            None => self.add_object(place, document, None, FOUND),
        }
    }

    fn add_list(
        &mut self,
        place: &ObjectPlace,
        list: &Field<'_>,
        item_kind: &str,
    ) -> Result<(), ObjectError> {
        let at = |error| Box::new((place.clone(), error));
        let items = list.get("items").map_err(at)?;
        // A plain `List` leaves the kind to its items.
        let default_kind = Some(item_kind).filter(|kind| !kind.is_empty());
        for (number, item) in (1..).zip(items.items().map_err(at)?) {
            let place = ObjectPlace {
                item: Some(number),
                ..place.clone()
            };
            self.add_object(place, &item.detached(), default_kind, FOUND)?;
        }
        Ok(())
    }

    fn add_object(
        &mut self,
        place: ObjectPlace,
        object: &Field<'_>,
        default_kind: Option<&str>,
        event: Event,
    ) -> Result<(), ObjectError> {
        let kind = match kind(object, default_kind) {
            Ok(kind) => kind,
            Err(error) => return Err(Box::new((place, error))),
        };
        let wrong = |error| {
            let name = title(object, &kind.name);
            Box::new((ObjectPlace { name, ..place }, error))
        };
        match decode(&kind, object).map_err(wrong)? {
            Known::Object(object, resource_version) => self.changes.push(Change {
                time: event.time,
                kind: event.kind,
                resource_version,
                line: self.changes.len() as u64,
                object: *object,
            }),
            Known::Skipped(kind) => self.skip(kind),
        }
        Ok(())
    }

    fn skip(&mut self, kind: String) {
        *self.skipped.entry(kind).or_default() += 1;
    }
}

/// What an object says when this happened to it; `None` where that is nothing about identity.
///
/// # Errors
/// The field that is wrong.
pub fn change(
    object: &Field<'_>,
    kind: ChangeKind,
    time: Timestamp,
    line: u64,
) -> Result<Option<Change>, FieldError> {
    match decode(&self::kind(object, None)?, object)? {
        Known::Object(object, resource_version) => Ok(Some(Change {
            time: Some(time),
            kind,
            resource_version,
            line,
            object: *object,
        })),
        Known::Skipped(_) => Ok(None),
    }
}

/// An object that matters, with its version, or the kind of one that does not.
enum Known {
    Object(Box<Object>, Option<u64>),
    Skipped(String),
}

/// The kind of an object and the API group it belongs to, where that is said.
struct Kind {
    name: Arc<str>,
    api_version: Option<Arc<str>>,
}

impl Kind {
    /// The group, where it is said; that of the core is empty.
    fn group(&self) -> Option<&str> {
        let version = self.api_version.as_deref()?;
        Some(version.split_once('/').map_or("", |(group, _)| group))
    }
}

fn kind(object: &Field<'_>, default: Option<&str>) -> Result<Kind, FieldError> {
    let field = object.get("kind")?;
    let Some(name) = field.name()?.or(default.map(Arc::from)) else {
        return Err(field.wrong("missing, expected the kind of an object such as Pod"));
    };
    Ok(Kind {
        name,
        api_version: object.get("apiVersion")?.name()?,
    })
}

/// Kind, namespace and name for errors, as far as they can be read.
fn title(object: &Field<'_>, kind: &str) -> String {
    let metadata = object.get("metadata");
    let read = |key| -> Option<String> {
        let name = metadata.as_ref().ok()?.get(key).ok()?.name().ok()??;
        Some(name.escape_debug().to_string())
    };
    let kind = kind.escape_debug();
    match (read("namespace"), read("name")) {
        (Some(namespace), Some(name)) => format!("{kind} {namespace}/{name}"),
        (None, Some(name)) => format!("{kind} {name}"),
        (_, None) => kind.to_string(),
    }
}

/// Decodes an object whose kind and group are known.
fn decode(kind: &Kind, object: &Field<'_>) -> Result<Known, FieldError> {
    let groups: &[&str] = match &*kind.name {
        "Pod" | "Service" | "Endpoints" | "Node" | "Namespace" => &[""],
        "EndpointSlice" => &["discovery.k8s.io"],
        "ReplicaSet" => &["apps"],
        "Job" => &["batch"],
        "ServiceCIDR" => &["networking.k8s.io"],
        "IPPool" => &["crd.projectcalico.org", "projectcalico.org"],
        "CiliumNode" => &["cilium.io"],
        _ => return Ok(Known::Skipped(kind.name.to_string())),
    };
    if let Some(other) = kind.group().filter(|group| !groups.contains(group)) {
        return Ok(Known::Skipped(format!("{}.{other}", kind.name)));
    }
    let field = object.get("metadata")?;
    let metadata = Metadata::read(&field)?;
    let version = metadata.resource_version;
    let Metadata {
        namespace,
        name,
        created,
        owner,
        ..
    } = metadata.clone();
    let controller = Controller {
        namespace,
        name: name.clone(),
        created,
        owner,
    };
    let object = match &*kind.name {
        "Pod" => Object::Pod(pod::pod(metadata, object)?),
        "Service" => Object::Service(service::service(metadata, object)?),
        "Endpoints" => Object::EndpointSlice(endpoint::endpoints(metadata, object)?),
        "EndpointSlice" => match endpoint::slice(metadata, object)? {
            Ok(slice) => Object::EndpointSlice(slice),
            Err(why) => return Ok(Known::Skipped(format!("EndpointSlice {why}"))),
        },
        "Node" => Object::Node(node::node(metadata, object)?),
        "ServiceCIDR" | "IPPool" | "CiliumNode" => {
            Object::AddressRange(range::range(&kind.name, &name, created, object)?)
        }
        "ReplicaSet" => Object::ReplicaSet(controller),
        "Job" => Object::Job(controller),
        _ => Object::Namespace(Namespace { name, created }),
    };
    Ok(Known::Object(Box::new(object), version))
}

/// A line of a watch.
enum Line {
    Change(Event),
    /// How far the watch is.
    Bookmark,
    /// The watch broke.
    Error,
}

/// Reads the type of a line, and the time of a change.
fn line(document: &Field<'_>) -> Result<Line, FieldError> {
    let field = document.get("type")?;
    let kind = match field.text()? {
        Some("ADDED") => ChangeKind::Added,
        Some("MODIFIED") => ChangeKind::Modified,
        Some("DELETED") => ChangeKind::Deleted,
        Some("BOOKMARK") => return Ok(Line::Bookmark),
        Some("ERROR") => return Ok(Line::Error),
        Some(other) => {
            let known = "ADDED, MODIFIED or DELETED";
            return Err(field.wrong(format!("{} is unknown, expected {known}", shown(other))));
        }
        None => return Err(field.wrong("missing, expected ADDED, MODIFIED or DELETED")),
    };
    let time = document.get("time")?;
    match time.moment()? {
        Some(at) => Ok(Line::Change(Event {
            kind,
            time: Some(at),
        })),
        None => Err(time.wrong(
            "missing, expected the time of the change in RFC 3339 or Unix seconds; kubectl prints \
             none, so add it to each line as it comes",
        )),
    }
}
