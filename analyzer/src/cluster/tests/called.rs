//! Services called, and the ends that were reached through them.

use std::fmt::Write;

use crate::cluster::called::Call;
use crate::cluster::tests::script::{answers, changes, cluster, second};
use crate::endpoint::Endpoint;
use crate::protocol::Protocol;

const SHOP: &str = "
    node n1 ip=192.168.0.1
    pod shop/cart-1 uid=u1 ip=10.0.0.5 node=n1
    @50 -pod shop/cart-1 uid=u1 ip=10.0.0.5 node=n1
    @60 pod shop/cart-2 uid=u2 ip=10.0.0.5 node=n1 start=60
    service shop/cart ip=10.96.0.7 external=198.51.100.7 port=tcp/80+30080
    service shop/old ip=10.96.0.8 port=tcp/80
    @40 -service shop/old ip=10.96.0.8 port=tcp/80
    slice shop/cart-x svc=cart at=10.0.0.5 port=tcp/8080
    slice shop/old-x svc=old at=10.0.0.5 port=tcp/8080";

fn endpoint(text: &str) -> Endpoint {
    let (address, port) = text.split_once('/').unwrap();
    Endpoint {
        address: address.parse().unwrap(),
        port: port.parse().unwrap(),
    }
}

#[test]
fn a_service_is_called_by_any_of_its_addresses_while_it_is_there() {
    let directory = cluster(&changes(SHOP)).directory();
    let called = |text, at| {
        let id = directory.service_called(Protocol::Tcp, endpoint(text), second(at))?;
        let identity = directory.identity(id);
        Some((identity.service.clone()?.to_string(), identity.service_port))
    };
    let cart = Some(("cart".to_owned(), Some(80)));
    for text in ["10.96.0.7/80", "198.51.100.7/80", "192.168.0.1/30080"] {
        assert_eq!(called(text, "9"), cart, "{text}");
    }
    assert_eq!(called("10.96.0.7/81", "9"), Some(("cart".to_owned(), None)));
    assert_eq!(called("192.168.0.1/22", "9"), None);
    assert_eq!(
        called("10.0.0.5/8080", "9"),
        None,
        "a backend is called itself"
    );
    assert_eq!(
        called("10.96.0.8/80", "39"),
        Some(("old".to_owned(), Some(80)))
    );
    assert_eq!(called("10.96.0.8/80", "41"), None);
}

#[test]
fn an_endpoint_may_be_of_several_services() {
    let directory = cluster(&changes(SHOP)).directory();
    let service = |text| {
        let called = directory.service_called(Protocol::Tcp, endpoint(text), second("9"));
        called.unwrap()
    };
    let is_endpoint = |text, service| {
        directory.is_endpoint_of(Protocol::Tcp, endpoint(text), service, second("9"))
    };
    let (cart, old) = (service("10.96.0.7/80"), service("10.96.0.8/80"));
    assert!(is_endpoint("10.0.0.5/8080", cart) && is_endpoint("10.0.0.5/8080", old));
    assert!(!is_endpoint("10.0.0.5/8081", cart) && !is_endpoint("10.0.0.6/8080", cart));
}

#[test]
fn who_answers_a_call_is_the_backend_of_that_time_with_the_service_called() {
    let mut directory = cluster(&changes(SHOP)).directory();
    let questions = "10.0.0.5 tcp/8080 @9\n10.0.0.5 tcp/8080 @70\n10.96.0.8 tcp/80 @9\n1.1.1.1 @9";
    let before = answers(&directory, questions);
    let (service, backend) = (endpoint("10.96.0.8/80"), endpoint("10.0.0.5/8080"));
    let call = Call {
        protocol: Protocol::Tcp,
        service,
        backend,
    };
    assert_eq!(directory.add_calls([call]), 0);
    assert_eq!(
        answers(&directory, questions),
        before,
        "ids change, answers do not"
    );
    assert!(directory.identities().is_sorted());

    let called = directory.service_called(Protocol::Tcp, service, second("9"));
    let mut text = String::new();
    for at in ["9", "70"] {
        let address = Some((Protocol::Tcp, backend.port));
        let own = directory.resolve(backend.address, address, second(at));
        let reached = directory.called(own, called.unwrap());
        let identity = directory.identity(reached);
        let _ = writeln!(
            text,
            "{:?} {:?} {:?} {:?}",
            identity.pod, identity.service, identity.service_basis, identity.service_port
        );
        assert_ne!(directory.owner(reached), directory.owner(own));
        assert_eq!(
            directory.owner(directory.uncalled(reached)),
            directory.owner(own)
        );
    }
    assert_eq!(
        text,
        "Some(\"cart-1\") Some(\"old\") Some(Called) Some(80)\n\
         Some(\"cart-2\") Some(\"old\") Some(Called) Some(80)\n"
    );
}

#[test]
fn all_calls_together_have_one_limit() {
    let call = |port| Call {
        protocol: Protocol::Tcp,
        service: endpoint("10.96.0.7/80"),
        backend: endpoint(&format!("10.0.0.5/{port}")),
    };
    let refused = |limit, ports: &[u16]| {
        let mut directory = cluster(&changes(SHOP)).directory();
        directory.add_calls_within(limit, ports.iter().copied().map(call))
    };
    assert_eq!(refused(1_000, &[8080, 8081, 8082]), 0);
    let one = (0..1_000)
        .find(|limit| refused(*limit, &[8080]) == 0)
        .unwrap();
    assert_eq!(refused(one, &[8080, 8080, 8080]), 0, "the same call");
    assert_eq!(refused(one, &[8080, 8081, 8082]), 2);
    assert_eq!(refused(0, &[8080, 8081]), 2);
}
