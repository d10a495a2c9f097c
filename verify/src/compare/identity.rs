//! Who a row is of.

use serde_json::Value;

/// What two rows have in common when they are taken for the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Likeness {
    /// Names and addresses.
    Whole,
    /// Addresses and ports.
    Address,
    /// Names and ports.
    Name,
}

impl Likeness {
    /// The strongest first.
    pub(super) const ALL: [Self; 3] = [Self::Whole, Self::Address, Self::Name];

    /// The fields of an end that it looks at.
    const fn of_end(self) -> &'static [&'static str] {
        match self {
            Self::Whole => &[
                "ip", "port", "pod", "ns", "svc", "node", "kind", "workload", "dns",
            ],
            Self::Address => &["ip", "port"],
            Self::Name => &["port", "pod", "ns", "svc", "workload"],
        }
    }
}

/// Fields that say who a row is of, beside those of its ends.
const OF_ROWS: [&str; 4] = ["proto", "from", "to", "start"];

/// What tells a row from others; `None` where it has nothing of what is looked at.
pub(super) fn key(row: &Value, likeness: Likeness) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    for field in OF_ROWS {
        parts.extend(row.get(field).map(|value| format!("{field}={value}")));
    }
    for end in ends(row) {
        let mut is_known = false;
        for field in likeness.of_end() {
            if let Some(value) = end.get(field) {
                parts.push(format!("{field}={value}"));
                is_known |= *field != "port";
            }
        }
        // Ends without what is looked at are not alike for that.
        if likeness != Likeness::Whole && !is_known {
            return None;
        }
        parts.push("|".to_owned());
    }
    Some(parts.join(" "))
}

/// The ends of a row; a row of one end has its fields beside its counts, an edge has names of them.
fn ends(row: &Value) -> Vec<&Value> {
    match (row.get("client"), row.get("server")) {
        (Some(client), Some(server)) => vec![client, server],
        _ if row.get("from").is_some() => Vec::new(),
        _ => vec![row],
    }
}
