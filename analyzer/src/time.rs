//! Time, as an argument: `Timestamp` is the only clock value in the engine.
//!
//! **Shape** nanoseconds since the Unix epoch in a `u64`, enough until the year 2554.
//! **Errors** parsing says what was read and what was expected.
//! **Source** RFC 3339 for text.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Nanoseconds in a second.
pub const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// A moment: nanoseconds since the Unix epoch. There is no `now()`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The epoch, before everything.
    pub const MIN: Self = Self(0);
    /// The last moment that a frame may have: those after it stand for what was not seen.
    pub const LAST: Self = Self(u64::MAX - 2);

    /// After everything.
    pub const MAX: Self = Self(u64::MAX);

    /// The moment `nanos` nanoseconds after the epoch.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the epoch.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Nanoseconds from `earlier` to here, 0 when `earlier` is later.
    #[must_use]
    pub const fn nanos_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Nanoseconds between the two, whichever comes first.
    #[must_use]
    pub const fn abs_diff(self, other: Self) -> u64 {
        self.0.abs_diff(other.0)
    }

    /// Reads seconds since the epoch, with up to nine decimals; `None` for anything else.
    #[must_use]
    pub fn parse_unix_seconds(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() > 9 {
            return None;
        }
        let nanos = format!("{fraction:0<9}").parse().ok()?;
        let time = Duration::new(whole.parse().ok()?, nanos);
        Some(Self(u64::try_from(time.as_nanos()).ok()?))
    }

    /// The moment `duration` later, or the last one there is.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(nanos))
    }

    /// The moment `duration` earlier, or the epoch.
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Self {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_sub(nanos))
    }

    /// Reads RFC 3339 (`2026-11-22T10:00:00.5Z`, any offset).
    ///
    /// # Errors
    /// The text, when it is not such a time or lies before 1970.
    pub fn parse_rfc3339(text: &str) -> Result<Self, TimestampError> {
        let wrong = || TimestampError(text.to_owned());
        let time: jiff::Timestamp = text.parse().map_err(|_| wrong())?;
        let nanos = u64::try_from(time.as_nanosecond()).map_err(|_| wrong())?;
        Ok(Self(nanos))
    }
}

/// RFC 3339 in UTC with nine digits of a second, so that text sorts as time does.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_nanosecond(i128::from(self.0)) {
            Ok(time) => write!(f, "{time:.9}"),
            Err(_) => write!(f, "{}ns", self.0),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse_rfc3339(&text).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "date-time",
            "description": "RFC 3339 in UTC, with nanoseconds",
        })
    }
}

/// A text that is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time: expected RFC 3339 such as 2026-11-22T10:00:00Z")]
pub struct TimestampError(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips_with_nine_digits() {
        for text in [
            "1970-01-01T00:00:00.000000000Z",
            "2026-11-22T10:00:00.123456789Z",
        ] {
            assert_eq!(Timestamp::parse_rfc3339(text).unwrap().to_string(), text);
        }
        let offset = Timestamp::parse_rfc3339("2026-11-22T11:00:00+01:00").unwrap();
        assert_eq!(offset.to_string(), "2026-11-22T10:00:00.000000000Z");
        assert_eq!(Timestamp::MAX.to_string(), "2554-07-21T23:34:33.709551615Z");
    }

    #[test]
    fn what_is_no_time_is_said() {
        for text in ["yesterday", "", "1969-12-31T23:59:59Z"] {
            assert_eq!(
                Timestamp::parse_rfc3339(text).unwrap_err().to_string(),
                format!("`{text}` is not a time: expected RFC 3339 such as 2026-11-22T10:00:00Z")
            );
        }
    }
}
