//! The command line.

use std::path::PathBuf;

use clap::{Arg, ArgMatches, Command, error::ErrorKind, value_parser};

use crate::conversation::LEAST_TCP;
use crate::plan::Size;
use crate::profile::{self, Profile, Traffic};
use crate::topology::{MAX_PODS, MIN_PODS};

/// 2026-01-01T00:00:00Z: any fixed time will do, a clock would not.
const START_NS: u64 = 1_767_225_600_000_000_000;

/// What was asked for.
pub(crate) struct Arguments {
    pub(crate) size: Size,
    pub(crate) pods: u32,
    pub(crate) cluster: Option<PathBuf>,
    pub(crate) output: PathBuf,
}

impl Arguments {
    /// Those of this process; says what is wrong and exits when something is.
    pub(crate) fn parse() -> Self {
        let mut command = command();
        let matches = command.get_matches_mut();
        match Self::read(&matches) {
            Ok(arguments) => arguments,
            Err(wrong) => command.error(ErrorKind::ValueValidation, wrong).exit(),
        }
    }

    fn read(matches: &ArgMatches) -> Result<Self, String> {
        let number = |name: &str| matches.get_one::<u64>(name).copied();
        let name = matches
            .get_one::<String>("profile")
            .map_or("small", String::as_str);
        let profile = Profile::named(name).ok_or_else(|| format!("no profile `{name}`"))?;
        let packets = number("packets").unwrap_or(profile.packets);
        let conversations =
            number("connections").unwrap_or_else(|| profile.conversations_of(packets));
        let least = match profile.traffic {
            Traffic::Conversations(_) => LEAST_TCP,
            Traffic::Hostile(_) => 1,
        };
        if packets / least < conversations {
            return Err(format!(
                "--packets {packets} is too few for --connections {conversations}, \
                 expected at least {least} packets each"
            ));
        }
        Ok(Self {
            size: Size {
                profile,
                seed: number("seed").unwrap_or_default(),
                packets,
                conversations,
                seconds: number("seconds").unwrap_or(profile.seconds),
                start_ns: START_NS,
            },
            pods: matches.get_one::<u32>("pods").copied().unwrap_or(MIN_PODS),
            cluster: matches.get_one::<PathBuf>("cluster").cloned(),
            output: matches
                .get_one::<PathBuf>("output")
                .cloned()
                .unwrap_or_default(),
        })
    }
}

fn command() -> Command {
    let path = value_parser!(PathBuf);
    let count = value_parser!(u64).range(1..=1_000_000_000_000);
    // The last packet must fit a capture's 32 bits of seconds.
    let seconds = value_parser!(u64).range(1..=1_000_000_000);
    Command::new("pilotfish-generator")
        .about("Writes a capture of a cluster's traffic, and prints what is true of it as JSON")
        .arg(
            option("profile", "NAME", "The shape of the traffic")
                .value_parser(profile::ALL.map(|profile| profile.name))
                .default_value("small"),
        )
        .arg(
            option(
                "packets",
                "N",
                "How many packets are sent [default: the profile's, some 2 GB]",
            )
            .value_parser(count),
        )
        .arg(
            option(
                "connections",
                "N",
                "How many conversations they make [default: in the profile's proportion]",
            )
            .value_parser(count),
        )
        .arg(
            option(
                "seed",
                "N",
                "Another seed is another capture of the same shape",
            )
            .value_parser(value_parser!(u64))
            .default_value("1"),
        )
        .arg(
            option(
                "seconds",
                "N",
                "Packet time in which conversations begin [default: the profile's]",
            )
            .value_parser(seconds),
        )
        .arg(
            option("pods", "N", "How many pods the cluster has")
                .value_parser(value_parser!(u32).range(i64::from(MIN_PODS)..=i64::from(MAX_PODS)))
                .default_value("5000"),
        )
        .arg(
            option("cluster", "FILE", "Writes the cluster's objects there, too")
                .value_parser(path.clone()),
        )
        .arg(
            option(
                "output",
                "FILE",
                "Where to write the capture: a pcapng file where its name ends so, compressed \
                 where it ends in .zst",
            )
            .short('o')
            .required(true)
            .value_parser(path),
        )
}

fn option(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Arguments, String> {
        let all = ["generator", "-o", "x.pcap"].iter().chain(arguments);
        Arguments::read(
            &command()
                .try_get_matches_from(all)
                .map_err(|error| error.to_string())?,
        )
    }

    #[test]
    fn the_command_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn a_profile_brings_its_seconds() {
        assert_eq!(
            read(&["--profile", "long"]).ok().unwrap().size.seconds,
            3_600
        );
        assert_eq!(
            read(&["--profile", "long", "--seconds", "9"])
                .ok()
                .unwrap()
                .size
                .seconds,
            9
        );
    }

    #[test]
    fn too_few_packets_are_refused() {
        assert!(read(&["--packets", "60", "--connections", "10"]).is_ok());
        assert_eq!(
            read(&["--packets", "59", "--connections", "10"])
                .err()
                .unwrap(),
            "--packets 59 is too few for --connections 10, expected at least 6 packets each"
        );
        assert!(
            read(&["--pods", "3"])
                .err()
                .unwrap()
                .contains("3 is not in 20..=28160")
        );
        assert!(
            read(&["--profile", "big"])
                .err()
                .unwrap()
                .contains("possible values: small")
        );
    }
}
