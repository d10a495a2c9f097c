//! Quantities on the command line: octets and durations.

use std::time::Duration;

/// Suffixes and what they stand for, as Kubernetes has them for memory.
const UNITS: [(&str, u64); 8] = [
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
    ("k", 1_000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
];

/// `256Mi`, `1G`, `65536`.
pub(crate) fn octets(text: &str) -> Result<u64, &'static str> {
    const EXPECTED: &str = "expected a number of octets such as 65536, 64Ki, 256Mi or 1G";
    let unit = UNITS.iter().find_map(|(suffix, octets)| {
        let number = text.strip_suffix(suffix)?;
        Some((number, *octets))
    });
    let (number, octets) = unit.unwrap_or((text, 1));
    let is_number = number.starts_with(|c: char| c.is_ascii_digit());
    let number = number.parse::<u64>().ok().filter(|_| is_number);
    number
        .and_then(|number| number.checked_mul(octets))
        .ok_or(EXPECTED)
}

/// `90s`, `5m`, `1h`; not nothing.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let duration = analyzer::query::duration(text)?;
    if duration.is_zero() {
        return Err("is no time, expected a duration such as 90s, 5m or 1h".to_owned());
    }
    Ok(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_have_the_suffixes_of_kubernetes() {
        for (text, expected) in [
            ("0", 0),
            ("65536", 65_536),
            ("64Ki", 65_536),
            ("256Mi", 256 << 20),
            ("1G", 1_000_000_000),
        ] {
            assert_eq!(octets(text), Ok(expected), "{text}");
        }
        for wrong in ["", "Mi", "1.5Gi", "-1", "+1", "1mb", "99999999999Ti"] {
            assert!(octets(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn durations_have_a_unit_and_are_some_time() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1h30m"), Ok(Duration::from_secs(5_400)));
        for wrong in ["", "5", "0s", "soon"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
