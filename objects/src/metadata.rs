//! `metadata`: what every object has.

use std::collections::BTreeMap;
use std::sync::Arc;

use analyzer::cluster::object::{Labels, Owner};
use analyzer::time::Timestamp;

use crate::document::field::{Field, FieldError};

/// The namespace of an object that names none, as for `kubectl`.
const DEFAULT_NAMESPACE: &str = "default";

/// Name, age and owner of an object.
#[derive(Clone, Debug)]
pub(crate) struct Metadata {
    pub(crate) namespace: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) uid: Option<Arc<str>>,
    pub(crate) created: Option<Timestamp>,
    pub(crate) resource_version: Option<u64>,
    pub(crate) owner: Option<Owner>,
}

impl Metadata {
    /// Reads the `metadata` of an object.
    pub(crate) fn read(metadata: &Field<'_>) -> Result<Self, FieldError> {
        let version = metadata.get("resourceVersion")?;
        Ok(Self {
            name: metadata.get("name")?.required_name()?,
            namespace: metadata
                .get("namespace")?
                .name()?
                .unwrap_or(Arc::from(DEFAULT_NAMESPACE)),
            uid: metadata.get("uid")?.name()?,
            created: metadata.get("creationTimestamp")?.time()?,
            // The API promises no number: what is none does not order.
            resource_version: version.text()?.and_then(|text| text.parse().ok()),
            owner: owner(&metadata.get("ownerReferences")?)?,
        })
    }
}

/// Labels, or a selector, in order of their keys.
pub(crate) fn labels_of(field: &Field<'_>) -> Result<Labels, FieldError> {
    let mut labels = BTreeMap::new();
    for (key, field) in field.entries()? {
        // Empty text is a value, too.
        labels.insert(Arc::from(key), field.name()?.unwrap_or_default());
    }
    Ok(labels.into_iter().collect())
}

/// The controller, else the first owner.
fn owner(references: &Field<'_>) -> Result<Option<Owner>, FieldError> {
    let mut first = None;
    for reference in references.items()? {
        let owner = Owner {
            kind: reference.get("kind")?.required_name()?,
            name: reference.get("name")?.required_name()?,
        };
        if reference.get("controller")?.truth()? == Some(true) {
            return Ok(Some(owner));
        }
        first = first.or(Some(owner));
    }
    Ok(first)
}
