//! Who is client and who is server, and how that is known.

use insta::assert_snapshot;

use crate::script::flows;

#[test]
fn the_sender_of_the_syn_is_the_client_whatever_the_ports() {
    assert_snapshot!(flows("0 10.0.0.2:80 > 10.0.0.1:40000 S seq=1"), @"");
}

#[test]
fn the_receiver_of_a_syn_ack_is_the_client() {
    assert_snapshot!(flows("0 10.0.0.2:50000 > 10.0.0.1:80 SA seq=1 ack=5"), @"");
}

#[test]
fn who_answered_a_syn_elsewhere_is_a_server_for_all_its_connections() {
    assert_snapshot!(flows(
        "0 10.0.0.2:50000 > 10.0.0.1:80 A
         5 10.0.0.3:40000 > 10.0.0.2:50000 S seq=1
         6 10.0.0.2:50000 > 10.0.0.3:40000 SA seq=9 ack=2"
    ), @"");
}

#[test]
fn an_unanswered_syn_makes_no_server() {
    assert_snapshot!(flows(
        "0 10.0.0.2:50000 > 10.0.0.1:80 A
         5 10.0.0.3:40000 > 10.0.0.2:50000 S seq=1"
    ), @"");
}

#[test]
fn ports_decide_where_nothing_else_does() {
    assert_snapshot!(flows(
        "0 10.0.0.2:53 > 10.0.0.1:40000 udp
         1 10.0.0.3:5432 > 10.0.0.1:50000 udp"
    ), @"");
}

#[test]
fn the_first_sender_is_the_client_when_ports_are_alike() {
    assert_snapshot!(flows(
        "0 10.0.0.9:7000 > 10.0.0.1:7001 udp
         1 10.0.0.1:7001 > 10.0.0.9:7000 udp"
    ), @"");
}

#[test]
fn of_two_first_packets_at_one_time_the_smaller_end_is_the_client() {
    assert_snapshot!(flows(
        "0 10.0.0.9:7000 > 10.0.0.1:7001 udp
         0 10.0.0.1:7001 > 10.0.0.9:7000 udp"
    ), @"");
}

#[test]
fn connections_of_one_client_to_one_port_are_one_flow() {
    assert_snapshot!(flows(
        "0 10.0.0.1:40000 > 10.0.0.2:53 udp len=30
         1 10.0.0.1:40001 > 10.0.0.2:53 udp len=30
         2 10.0.0.2:53 > 10.0.0.1:40001 udp len=60
         3 10.0.0.1:40001 > 10.0.0.2:54 udp"
    ), @"");
}
