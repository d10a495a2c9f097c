//! The Model Context Protocol, spoken with the binary by no client of ours.

#[cfg(test)]
mod budget;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod server;
#[cfg(test)]
mod streams;
