//! The watch of a cluster, against a real API server with its etcd.
//!
//! `live/tests/apiserver/build` makes both; `KUBEBUILDER_ASSETS` may name others. Where neither is
//! there the tests say so and pass, unless `PILOTFISH_NEEDS_ASSETS` is set.
//! There are no controllers: what a kubelet or a controller would write, the tests write.

#[cfg(all(test, target_os = "linux"))]
mod deploy;
#[cfg(all(test, target_os = "linux"))]
mod names;
#[cfg(all(test, target_os = "linux"))]
mod objects;
#[cfg(all(test, target_os = "linux"))]
mod restart;
#[cfg(all(test, target_os = "linux"))]
mod rights;
#[cfg(all(test, target_os = "linux"))]
mod server;
#[cfg(all(test, target_os = "linux"))]
mod watching;
