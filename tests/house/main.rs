//! The rules of the house that no compiler holds.
//!
//! Every rule is a function from text to the list of what breaks it. Each is tried twice: on a
//! sample that breaks it, which must be found, and on this repository, where nothing may be.

#[cfg(test)]
mod captures;
#[cfg(test)]
mod code;
#[cfg(test)]
mod crates;
#[cfg(test)]
mod engine;
#[cfg(test)]
mod files;
#[cfg(test)]
mod imports;
#[cfg(test)]
mod names;
#[cfg(test)]
mod soundness;
#[cfg(test)]
mod tree;
