//! The surfaces of Pilotfish: HTTP over snapshots of the analyzer.
