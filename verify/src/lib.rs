//! Recorded scenarios as tests: answers that were accepted, rules over flows, differences.
