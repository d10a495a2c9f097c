//! `interfaces` of a capture: whose they are, and what they are called.
//!
//! In: a mapping of names to owners, as people write it, or a list by number, as a recorder does.
//! Out: [`Interfaces`].

use std::collections::BTreeMap;
use std::sync::Arc;

use analyzer::hop::declaration::InterfaceOwner;

use crate::scenario::declaration::pod_name;
use objects::document::field::{Field, FieldError};

/// What is said of a capture's interfaces.
#[derive(Debug, Default)]
pub(super) struct Interfaces {
    /// Owners by name.
    pub(super) owners: BTreeMap<Arc<str>, InterfaceOwner>,
    /// Owners by number.
    pub(super) numbered: BTreeMap<u32, InterfaceOwner>,
    /// Names by number.
    pub(super) names: BTreeMap<u32, Arc<str>>,
}

impl Interfaces {
    /// Reads either form.
    pub(super) fn read(field: &Field<'_>) -> Result<Self, FieldError> {
        let mut interfaces = Self::default();
        if let Ok(items) = field.items() {
            for item in items {
                interfaces.add(&item)?;
            }
            return Ok(interfaces);
        }
        let Ok(entries) = field.entries() else {
            return Err(field.wrong(
                "expected owners by name, such as {eth0: uplink}, or a list of \
                 {index: NUMBER, name: NAME, owner: OWNER}",
            ));
        };
        for (name, owned) in entries {
            interfaces.owners.insert(name.into(), owner(&owned)?);
        }
        Ok(interfaces)
    }

    /// What has no number is said of the name.
    fn add(&mut self, item: &Field<'_>) -> Result<(), FieldError> {
        item.only(&["index", "name", "owner"])?;
        let index = item.get("index")?;
        let name = item.get("name")?.name()?;
        let field = item.get("owner")?;
        let owned_by = if field.is_absent() {
            None
        } else {
            Some(owner(&field)?)
        };
        match (index.parse::<u32>("the number of an interface")?, name) {
            (Some(number), name) => {
                let named = name.and_then(|name| self.names.insert(number, name));
                let owned = owned_by.and_then(|owner| self.numbered.insert(number, owner));
                if named.is_some() || owned.is_some() {
                    return Err(index.wrong(format!("{number} is described twice")));
                }
            }
            (None, name) => {
                let Some(of_name) = name.zip(owned_by) else {
                    return Err(index.wrong("missing, expected the number of an interface"));
                };
                self.owners.extend([of_name]);
            }
        }
        Ok(())
    }
}

fn owner(field: &Field<'_>) -> Result<InterfaceOwner, FieldError> {
    const EXPECTED: &str = "expected uplink, ignore or {pod: NAMESPACE/NAME}";
    match field.text() {
        Ok(Some("uplink")) => return Ok(InterfaceOwner::Uplink),
        Ok(Some("ignore")) => return Ok(InterfaceOwner::Ignore),
        Ok(_) => return Err(field.wrong(EXPECTED)),
        Err(_) => {}
    }
    let Ok(entries) = field.entries() else {
        return Err(field.wrong(EXPECTED));
    };
    match entries.as_slice() {
        [("pod", pod)] => Ok(InterfaceOwner::Pod(pod_name(pod)?)),
        _ => Err(field.wrong(EXPECTED)),
    }
}
