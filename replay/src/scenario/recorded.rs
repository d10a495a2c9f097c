//! What a recorder says of the live run: how its engine worked, when it watched, what it left out.
//!
//! In: the description. Out: [`Recorded`], for the engine of the replay.
//! **Shape** a limit can only become smaller: a description from elsewhere takes no more memory
//! than whoever replays it allows.
//! **Units** timeouts are written in seconds, `300s`.

use std::collections::BTreeMap;

use analyzer::connection::record::Surplus;
use analyzer::engine::{Limits, Settings, Unrecorded};
use analyzer::time::Timestamp;
use objects::document::field::{Field, FieldError, shown};

/// What a recorder says of a live run, as far as it does.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Recorded {
    /// By the names of [`Limits::named`].
    limits: BTreeMap<&'static str, usize>,
    /// Nanoseconds that a connection of TCP may be silent.
    tcp_ns: Option<u64>,
    /// The same of UDP.
    udp_ns: Option<u64>,
    /// Which records of connections went when there were more than the limit.
    surplus: Option<Surplus>,
    /// What was recorded of the frames; all where it does not say.
    pub(crate) filter: Option<String>,
    /// From when to when it was watched, though no frame may say so.
    pub(crate) watched: Option<(Timestamp, Timestamp)>,
}

impl Recorded {
    /// The fields of a description that are read here.
    pub(super) const FIELDS: [&str; 5] = ["filter", "limits", "surplus", "timeouts", "watched"];

    /// Reads a description.
    pub(super) fn read(root: &Field<'_>) -> Result<Self, FieldError> {
        let mut recorded = Self {
            filter: root.get("filter")?.text()?.map(ToOwned::to_owned),
            ..Self::default()
        };
        let limits = root.get("limits")?;
        let names = Limits::default().named().map(|(name, _)| name);
        limits.only(&names)?;
        for name in names {
            let field = limits.get(name)?;
            let limit: Option<usize> = field.parse("a number of records")?;
            recorded.limits.extend(limit.map(|limit| (name, limit)));
        }
        recorded.surplus = surplus(&root.get("surplus")?)?;
        let timeouts = root.get("timeouts")?;
        timeouts.only(&["tcp", "udp"])?;
        recorded.tcp_ns = duration(&timeouts.get("tcp")?)?;
        recorded.udp_ns = duration(&timeouts.get("udp")?)?;
        let watched = root.get("watched")?;
        watched.only(&["from", "until"])?;
        if !watched.is_absent() {
            recorded.watched = Some(span(&watched, ("from", "until"))?);
        }
        Ok(recorded)
    }

    /// Lays what it says over the settings of a replay.
    pub(crate) fn lay_over(&self, settings: &mut Settings) {
        for (name, own) in settings.limits.named() {
            let recorded = self.limits.get(name).copied().unwrap_or(*own);
            *own = recorded.min(*own);
        }
        settings.surplus = self.surplus.unwrap_or(settings.surplus);
        let idle = &mut settings.idle;
        idle.tcp_ns = self.tcp_ns.unwrap_or(idle.tcp_ns);
        idle.udp_ns = self.udp_ns.unwrap_or(idle.udp_ns);
    }
}

fn surplus(field: &Field<'_>) -> Result<Option<Surplus>, FieldError> {
    let Some(text) = field.text()? else {
        return Ok(None);
    };
    let named = Surplus::ALL
        .into_iter()
        .find(|surplus| surplus.name() == text);
    let unknown = || {
        field.wrong(format!(
            "{} is unknown, expected latest or earliest",
            shown(text)
        ))
    };
    named.map(Some).ok_or_else(unknown)
}

/// What a recorder left out of a capture.
pub(super) fn left_out(field: &Field<'_>) -> Result<Option<Unrecorded>, FieldError> {
    if field.is_absent() {
        return Ok(None);
    }
    field.only(&["frames", "first", "last"])?;
    let count = field.get("frames")?;
    let Some(frames) = count.parse("a number of frames")? else {
        return Err(count.wrong("missing, expected a number of frames"));
    };
    let (first, last) = span(field, ("first", "last"))?;
    Ok(Some(Unrecorded {
        frames,
        first,
        last,
    }))
}

/// Two times, the later one last.
fn span(
    field: &Field<'_>,
    (from, until): (&str, &str),
) -> Result<(Timestamp, Timestamp), FieldError> {
    let time = |key| {
        let field = field.get(key)?;
        let missing = || field.wrong("missing, expected a time such as 2026-11-22T10:00:00Z");
        Ok(field.time()?.ok_or_else(missing)?.min(Timestamp::LAST))
    };
    let (begin, end) = (time(from)?, time(until)?);
    if begin > end {
        return Err(field.wrong(format!("`{from}` is after `{until}`")));
    }
    Ok((begin, end))
}

fn duration(field: &Field<'_>) -> Result<Option<u64>, FieldError> {
    let Some(text) = field.text()? else {
        return Ok(None);
    };
    let seconds = text
        .strip_suffix('s')
        .and_then(Timestamp::parse_unix_seconds);
    match seconds {
        Some(seconds) => Ok(Some(seconds.as_nanos())),
        None => Err(field.wrong(format!(
            "{} is not a number of seconds such as 300s",
            shown(text)
        ))),
    }
}
