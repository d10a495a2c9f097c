//! The watch of a cluster, against a real API server with its etcd.
//!
//! `live/tests/apiserver/build` makes both; `KUBEBUILDER_ASSETS` may name others. Where neither is
//! there the tests say so and pass, unless `PILOTFISH_NEEDS_ASSETS` is set.
//! There are no controllers: what a kubelet or a controller would write, the tests write.

#![cfg(target_os = "linux")]

#[cfg(test)]
mod deploy;
#[cfg(test)]
mod following;
#[cfg(test)]
mod names;
#[cfg(test)]
mod node;
#[cfg(test)]
mod objects;
#[cfg(test)]
mod restart;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod sending;
#[cfg(test)]
mod server;
#[cfg(test)]
mod watching;
