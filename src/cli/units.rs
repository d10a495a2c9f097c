//! Numbers as people read them.
//!
//! **Shape** at most one decimal, rounded half up, in the greatest unit that leaves at least one
//! whole. **Units** in: what the name says; out: SI prefixes of 1000.

/// A unit and how many of the smallest one it holds.
type Unit = (&'static str, u128);

const BYTES: [Unit; 6] = [
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("PB", 1_000_000_000_000_000),
];

const BITS_PER_SECOND: [Unit; 5] = [
    ("bit/s", 1),
    ("kbit/s", 1_000),
    ("Mbit/s", 1_000_000),
    ("Gbit/s", 1_000_000_000),
    ("Tbit/s", 1_000_000_000_000),
];

const NANOS: [Unit; 4] = [
    ("ns", 1),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
];

const MICROS: [Unit; 3] = [("µs", 1), ("ms", 1_000), ("s", 1_000_000)];

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// `1.2 MB`.
pub(crate) fn bytes(bytes: u64) -> String {
    scaled(u128::from(bytes), &BYTES)
}

/// `3.4 kbit/s`.
pub(crate) fn bit_rate(bits_per_second: f64) -> String {
    // A rate is finite and not negative; what is neither becomes a bound.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let bits = bits_per_second.round() as u64;
    scaled(u128::from(bits), &BITS_PER_SECOND)
}

/// `13.1 pkt/s`.
pub(crate) fn packet_rate(packets_per_second: f64) -> String {
    format!("{packets_per_second:.1} pkt/s")
}

/// `15.3 ms`; below a millisecond whole, as it was counted.
pub(crate) fn micros(micros: u64) -> String {
    scaled(u128::from(micros), &MICROS)
}

/// `15.3 ms`, `58.6 s`, `2 min 5 s`, `1 h 3 min`, `2 d 4 h`.
pub(crate) fn duration(nanos: u64) -> String {
    let seconds = nanos / SECOND;
    let pair = |whole: (u64, &str), part: (u64, &str)| match part.0 {
        0 => format!("{} {}", whole.0, whole.1),
        n => format!("{} {} {n} {}", whole.0, whole.1, part.1),
    };
    match seconds {
        _ if nanos == 0 => "0 s".to_owned(),
        s if s < MINUTE => scaled(u128::from(nanos), &NANOS),
        s if s < HOUR => pair((s / MINUTE, "min"), (s % MINUTE, "s")),
        s if s < DAY => pair((s / HOUR, "h"), (s % HOUR / MINUTE, "min")),
        s => pair((s / DAY, "d"), (s % DAY / HOUR, "h")),
    }
}

/// `1,234,567`.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 flow`, `2 flows`.
pub(crate) fn counted(n: u64, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(n))
}

fn scaled(value: u128, units: &[Unit]) -> String {
    let tenths = |size: u128| (value * 10 + size / 2) / size;
    let fits = |unit: &&Unit| tenths(unit.1) < 10_000;
    let Some((name, size)) = units.iter().find(fits).or(units.last()) else {
        return value.to_string();
    };
    if *size == 1 {
        return format!("{value} {name}");
    }
    let tenths = tenths(*size);
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_take_the_unit_that_leaves_one_whole() {
        let cases = [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (1_249, "1.2 kB"),
            (1_250, "1.3 kB"),
            (999_949, "999.9 kB"),
            (999_950, "1.0 MB"),
            (1_234_567, "1.2 MB"),
            (u64::MAX, "18446.7 PB"),
        ];
        for (value, text) in cases {
            assert_eq!(bytes(value), text);
        }
    }

    #[test]
    fn rates_are_bits() {
        let cases = [
            (0.0, "0 bit/s"),
            (999.4, "999 bit/s"),
            (3_400.0, "3.4 kbit/s"),
            (1e18, "1000000.0 Tbit/s"),
            (f64::NAN, "0 bit/s"),
        ];
        for (value, text) in cases {
            assert_eq!(bit_rate(value), text);
        }
    }

    #[test]
    fn rates_of_packets_have_a_tenth() {
        assert_eq!(packet_rate(13.1), "13.1 pkt/s");
        assert_eq!(packet_rate(0.0), "0.0 pkt/s");
    }

    #[test]
    fn times_go_from_nanoseconds_to_days() {
        let cases = [
            (0, "0 s"),
            (1, "1 ns"),
            (153_000, "153.0 µs"),
            (15_300_000, "15.3 ms"),
            (58_556_000_000, "58.6 s"),
            (60_000_000_000, "1 min"),
            (125_000_000_000, "2 min 5 s"),
            (3_780_000_000_000, "1 h 3 min"),
            (187_200_000_000_000, "2 d 4 h"),
        ];
        for (value, text) in cases {
            assert_eq!(duration(value), text);
        }
        assert_eq!(micros(15_306), "15.3 ms");
        assert_eq!(micros(25), "25 µs");
    }

    #[test]
    fn counts_are_grouped() {
        let cases = [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ];
        for (value, text) in cases {
            assert_eq!(count(value), text);
        }
        assert_eq!(counted(1, "flow"), "1 flow");
        assert_eq!(counted(0, "flow"), "0 flows");
    }
}
