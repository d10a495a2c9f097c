//! Recorded scenarios as tests: answers that were accepted, rules over flows.
//!
//! ```text
//!                        ┌─► expect: queries ──► answers ──► compared with accepted ones ─┐
//! scenario ──► snapshot ─┤                                                                ├─► report
//!                        └─► rules: expressions, checked against the schema ──► each flow ─┘
//! ```
//!
//! In: scenario folders. Out: a [`report::Report`], which has a form for people, for programs and
//! for each kind of CI. **Shape** scenarios are read in parallel and reported in order of name.

pub mod answer;
pub mod compare;
pub mod error;
pub mod expect;
pub mod parallel;
pub mod report;
pub mod rules;
pub mod scenario;

mod sentence;
