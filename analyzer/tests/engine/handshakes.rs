//! Handshake times at a tap between the ends.

use insta::assert_snapshot;

use crate::script::flows;

#[test]
fn the_client_waits_for_syn_ack_and_the_server_for_ack() {
    assert_snapshot!(flows(
        "0.000 10.0.0.1:40000 > 10.0.0.2:80 S seq=1
         0.010 10.0.0.2:80 > 10.0.0.1:40000 SA seq=9 ack=2
         0.013 10.0.0.1:40000 > 10.0.0.2:80 A seq=2 ack=10"
    ), @"tcp 10.0.0.1 > 10.0.0.2:80 by Syn, Active, 1 connections, 2 packets 80 bytes out, 1 40 back, handshake 10000us 13000us");
}

#[test]
fn retransmitted_openings_are_no_samples() {
    assert_snapshot!(flows(
        "0.000 10.0.0.1:40000 > 10.0.0.2:80 S seq=1
         1.000 10.0.0.1:40000 > 10.0.0.2:80 S seq=1
         1.010 10.0.0.2:80 > 10.0.0.1:40000 SA seq=9 ack=2
         1.013 10.0.0.1:40000 > 10.0.0.2:80 A seq=2 ack=10
         2.000 10.0.0.3:40000 > 10.0.0.2:80 S seq=1
         2.010 10.0.0.2:80 > 10.0.0.3:40000 SA seq=9 ack=2
         2.013 10.0.0.3:40000 > 10.0.0.2:80 A seq=2 ack=10
         2.050 10.0.0.2:80 > 10.0.0.3:40000 SA seq=9 ack=2"
    ), @"
    tcp 10.0.0.1 > 10.0.0.2:80 by Syn, Active, 1 connections, 3 packets 120 bytes out, 1 40 back, handshake - -
    tcp 10.0.0.3 > 10.0.0.2:80 by Syn, Active, 1 connections, 2 packets 80 bytes out, 2 80 back, handshake - -
    ");
}

#[test]
fn the_same_frame_seen_twice_is_no_retransmission() {
    assert_snapshot!(flows(
        "0.000000 10.0.0.1:40000 > 10.0.0.2:80 S seq=1 id=7
         0.000010 10.0.0.1:40000 > 10.0.0.2:80 S seq=1 id=7
         0.010000 10.0.0.2:80 > 10.0.0.1:40000 SA seq=9 ack=2
         0.013000 10.0.0.1:40000 > 10.0.0.2:80 A seq=2 ack=10"
    ), @"tcp 10.0.0.1 > 10.0.0.2:80 by Syn, Active, 1 connections, 3 packets 120 bytes out, 1 40 back, handshake 10000us 13000us");
}

#[test]
fn an_unanswered_or_refused_opening_is_no_sample() {
    assert_snapshot!(flows(
        "0.000 10.0.0.1:40000 > 10.0.0.2:80 S seq=1
         0.500 10.0.0.1:40001 > 10.0.0.2:81 S seq=1
         0.501 10.0.0.2:81 > 10.0.0.1:40001 RA ack=2"
    ), @"
    tcp 10.0.0.1 > 10.0.0.2:80 by Syn, Active, 1 connections, 1 packets 40 bytes out, 0 0 back, handshake - -
    tcp 10.0.0.1 > 10.0.0.2:81 by Syn, Closed, 1 connections, 1 packets 40 bytes out, 1 40 back, handshake - -
    ");
}

#[test]
fn without_the_ack_only_the_client_has_a_sample() {
    assert_snapshot!(flows(
        "0.000 10.0.0.1:40000 > 10.0.0.2:80 S seq=1
         0.010 10.0.0.2:80 > 10.0.0.1:40000 SA seq=9 ack=2"
    ), @"tcp 10.0.0.1 > 10.0.0.2:80 by Syn, Active, 1 connections, 1 packets 40 bytes out, 1 40 back, handshake 10000us -");
}
