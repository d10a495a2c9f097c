//! Which forms of a connection stand before a translation and which after it.
//!
//! In: forms that are one connection, when their packets passed, and the cluster's directory. Out:
//! the form nearest to the client, the one nearest to the server, and the service called; or a
//! refusal.
//! **Shape** objects decide before time does, and an ambiguous join is not made.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::cluster::{Directory, EndKind};
use crate::endpoint::Endpoint;
use crate::protocol::Protocol;
use crate::time::Timestamp;
use crate::translation::form::Form;

/// A form, and when its first packet passed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Passed {
    /// The form.
    pub form: Form,
    /// Its first packet; the end of time when none was counted.
    pub first: Timestamp,
}

/// How the forms of a connection are one flow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Joined {
    /// As the client sent it.
    pub first: Form,
    /// As the server received it.
    pub last: Form,
    /// The address and port of the service that was called, where one was.
    pub service: Option<Endpoint>,
}

/// Decides how the forms of connections are one flow; none when they could be several, or when the
/// objects do not explain them.
#[must_use]
pub fn decide(protocol: Protocol, passed: &[Passed], directory: &Directory) -> Option<Joined> {
    let at = passed.iter().map(|passed| passed.first).min()?;
    let place = |passed: &Passed| Placed::of(protocol, *passed, at, directory);
    let mut placed: Vec<Placed> = passed.iter().map(place).collect();
    placed.sort_unstable_by_key(Placed::order);
    let clients: BTreeSet<_> = placed.iter().map(|p| p.form.client).collect();
    let servers: BTreeSet<_> = placed.iter().map(|p| p.form.server).collect();
    let last = if servers.len() == 1 {
        masqueraded(&placed)
    } else if clients.len() == 1 {
        backend(&placed).or_else(|| latest_of_two(&placed))
    } else {
        // Two connections may look alike: an object must explain that they are one.
        let is_explained = placed.iter().any(|p| p.server == Server::Service);
        backend(&placed).filter(|_| is_explained)
    }?;
    let before = || placed.iter().filter(|p| p.form != last);
    let first = before().next()?.form;
    let service = before().find(|p| p.server == Server::Service);
    Some(Joined {
        first,
        last,
        service: service.map(|p| p.form.server),
    })
}

/// What the objects say of the endpoint that a form calls.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Server {
    /// No object has it: it may be a load balancer that nobody told of.
    Nobody,
    /// A service is called there.
    Service,
    /// A pod or node has it.
    Owned,
}

/// Whose address the client's is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Client {
    /// A pod's, or from outside.
    Own,
    /// A node's, which may stand for another's.
    Node,
}

/// A form with what the objects say of it.
#[derive(Clone, Copy, Debug)]
struct Placed {
    form: Form,
    client: Client,
    server: Server,
    node_port: bool,
    first: Timestamp,
}

impl Placed {
    fn of(protocol: Protocol, passed: Passed, at: Timestamp, directory: &Directory) -> Self {
        let Passed { form, first } = passed;
        let Endpoint { address, port } = form.server;
        let kind = |id| directory.identity(id).kind;
        let client = match kind(directory.resolve(form.client, None, at)) {
            EndKind::Node => Client::Node,
            EndKind::Pod | EndKind::Service | EndKind::External | EndKind::Unresolved => {
                Client::Own
            }
        };
        let server = match kind(directory.resolve(address, Some((protocol, port)), at)) {
            EndKind::Service => Server::Service,
            EndKind::Pod | EndKind::Node => Server::Owned,
            EndKind::External | EndKind::Unresolved => Server::Nobody,
        };
        let on_node = kind(directory.resolve(address, None, at)) == EndKind::Node;
        Self {
            form,
            client,
            server,
            node_port: server == Server::Service && on_node,
            first,
        }
    }

    /// From the client to the server: what is called before what answers, a client's own address
    /// before that of a node which stands for it, an address of the service before its node port;
    /// then by time.
    fn order(&self) -> (bool, Client, bool, Timestamp, Form) {
        let Self {
            form,
            client,
            server,
            node_port,
            first,
        } = *self;
        (server == Server::Owned, client, node_port, first, form)
    }
}

/// The last form, when what answers is one endpoint: the one that an object has, else the one that
/// nobody has beside a service's.
fn backend(placed: &[Placed]) -> Option<Form> {
    let of = |server| placed.iter().filter(move |p| p.server == server);
    let has_service = of(Server::Service).next().is_some();
    let candidates: Vec<&Placed> = match (of(Server::Owned).next(), has_service) {
        (Some(_), _) => of(Server::Owned).collect(),
        (None, true) if of(Server::Nobody).next().is_some() => of(Server::Nobody).collect(),
        // Only addresses of services: the translation to the backend was not seen.
        (None, true) => return placed.last().map(|p| p.form),
        (None, false) => return None,
    };
    let endpoints: BTreeSet<Endpoint> = candidates.iter().map(|p| p.form.server).collect();
    let last = candidates
        .iter()
        .max_by_key(|p| (p.client, p.first, Reverse(p.form)));
    last.filter(|_| endpoints.len() == 1).map(|p| p.form)
}

/// The later one of two forms of which no object knows anything.
fn latest_of_two(placed: &[Placed]) -> Option<Form> {
    match placed {
        [_, last] if placed.iter().all(|p| p.server == Server::Nobody) => Some(last.form),
        _ => None,
    }
}

/// The form with the node's address, when a node stood for a pod.
fn masqueraded(placed: &[Placed]) -> Option<Form> {
    match placed {
        [pod, node] if (pod.client, node.client) == (Client::Own, Client::Node) => Some(node.form),
        _ => None,
    }
}
