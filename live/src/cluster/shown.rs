//! Objects as the client reads them: trimmed while they are read, whole or their metadata alone.

use std::borrow::Cow;

use kube::core::{DynamicResourceScope, ObjectMeta};
use objects::watched::WatchedObject;
use serde::{Deserialize, Deserializer};

use crate::cluster::resource::Resource;

/// An object of a list or a watch.
#[derive(Clone, Debug)]
pub(super) struct Shown<const METADATA: bool> {
    /// What is kept of it.
    pub(super) object: WatchedObject,
    /// What the client asks of every object: here its name and version.
    metadata: ObjectMeta,
}

impl<'de, const METADATA: bool> Deserialize<'de> for Shown<METADATA> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = WatchedObject::deserialize(deserializer)?;
        let metadata = ObjectMeta {
            name: object.metadata("name"),
            namespace: object.metadata("namespace"),
            resource_version: object.metadata("resourceVersion"),
            ..ObjectMeta::default()
        };
        Ok(Self { object, metadata })
    }
}

impl<const METADATA: bool> kube::Resource for Shown<METADATA> {
    type DynamicType = Resource;
    type Scope = DynamicResourceScope;

    fn kind(resource: &Resource) -> Cow<'_, str> {
        resource.kind.into()
    }

    fn group(resource: &Resource) -> Cow<'_, str> {
        resource.group.into()
    }

    fn version(resource: &Resource) -> Cow<'_, str> {
        resource.version.into()
    }

    fn plural(resource: &Resource) -> Cow<'_, str> {
        resource.plural.into()
    }

    fn metadata_api() -> bool {
        METADATA
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}
