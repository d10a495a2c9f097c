//! Who is client and who is server, and how that is known.

use insta::assert_snapshot;

use crate::script::flows;

#[test]
fn the_sender_of_the_syn_is_the_client_whatever_the_ports() {
    assert_snapshot!(flows("0 10.0.0.2:80 > 10.0.0.1:40000 S seq=1"), @"tcp 10.0.0.2 > 10.0.0.1:40000 by Syn, Active, 1 connections, 1 packets 40 bytes out, 0 0 back, handshake - -");
}

#[test]
fn the_receiver_of_a_syn_ack_is_the_client() {
    assert_snapshot!(flows("0 10.0.0.2:50000 > 10.0.0.1:80 SA seq=1 ack=5"), @"tcp 10.0.0.1 > 10.0.0.2:50000 by Syn, Active, 1 connections, 0 packets 0 bytes out, 1 40 back, handshake - -");
}

#[test]
fn who_answered_a_syn_elsewhere_is_a_server_for_all_its_connections() {
    assert_snapshot!(flows(
        "0 10.0.0.2:50000 > 10.0.0.1:80 A
         5 10.0.0.3:40000 > 10.0.0.2:50000 S seq=1
         6 10.0.0.2:50000 > 10.0.0.3:40000 SA seq=9 ack=2"
    ), @"
    tcp 10.0.0.1 > 10.0.0.2:50000 by SynElsewhere, Active, 1 connections, 0 packets 0 bytes out, 1 40 back, handshake - -
    tcp 10.0.0.3 > 10.0.0.2:50000 by Syn, Active, 1 connections, 1 packets 40 bytes out, 1 40 back, handshake 1000000us -
    ");
}

#[test]
fn an_unanswered_syn_makes_no_server() {
    assert_snapshot!(flows(
        "0 10.0.0.2:50000 > 10.0.0.1:80 A
         5 10.0.0.3:40000 > 10.0.0.2:50000 S seq=1"
    ), @"
    tcp 10.0.0.2 > 10.0.0.1:80 by Port, Active, 1 connections, 1 packets 40 bytes out, 0 0 back, handshake - -
    tcp 10.0.0.3 > 10.0.0.2:50000 by Syn, Active, 1 connections, 1 packets 40 bytes out, 0 0 back, handshake - -
    ");
}

#[test]
fn ports_decide_where_nothing_else_does() {
    assert_snapshot!(flows(
        "0 10.0.0.2:53 > 10.0.0.1:40000 udp
         1 10.0.0.3:5432 > 10.0.0.1:50000 udp"
    ), @"
    udp 10.0.0.1 > 10.0.0.2:53 by Port, Active, 1 connections, 0 packets 0 bytes out, 1 28 back, handshake - -
    udp 10.0.0.1 > 10.0.0.3:5432 by Port, Active, 1 connections, 0 packets 0 bytes out, 1 28 back, handshake - -
    ");
}

#[test]
fn the_first_sender_is_the_client_when_ports_are_alike() {
    assert_snapshot!(flows(
        "0 10.0.0.9:7000 > 10.0.0.1:7001 udp
         1 10.0.0.1:7001 > 10.0.0.9:7000 udp"
    ), @"udp 10.0.0.9 > 10.0.0.1:7001 by FirstPacket, Active, 1 connections, 1 packets 28 bytes out, 1 28 back, handshake - -");
}

#[test]
fn of_two_first_packets_at_one_time_the_smaller_end_is_the_client() {
    assert_snapshot!(flows(
        "0 10.0.0.9:7000 > 10.0.0.1:7001 udp
         0 10.0.0.1:7001 > 10.0.0.9:7000 udp"
    ), @"udp 10.0.0.1 > 10.0.0.9:7000 by FirstPacket, Active, 1 connections, 1 packets 28 bytes out, 1 28 back, handshake - -");
}

#[test]
fn connections_of_one_client_to_one_port_are_one_flow() {
    assert_snapshot!(flows(
        "0 10.0.0.1:40000 > 10.0.0.2:53 udp len=30
         1 10.0.0.1:40001 > 10.0.0.2:53 udp len=30
         2 10.0.0.2:53 > 10.0.0.1:40001 udp len=60
         3 10.0.0.1:40001 > 10.0.0.2:54 udp"
    ), @"
    udp 10.0.0.1 > 10.0.0.2:53 by Port, Active, 2 connections, 2 packets 116 bytes out, 1 88 back, handshake - -
    udp 10.0.0.1 > 10.0.0.2:54 by Port, Active, 1 connections, 1 packets 28 bytes out, 0 0 back, handshake - -
    ");
}
