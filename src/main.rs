//! `pilotfish`: who talks to whom in a Kubernetes cluster, from packets.

fn main() {}
