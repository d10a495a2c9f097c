//! The packet parser: layers as text in, facts as text out.
#![cfg(test)]

mod facts;
mod fragments;
mod ip;
mod links;
mod properties;
mod reference;
mod tunnels;
mod wire;
