//! When connections begin and end.

use insta::assert_snapshot;

use crate::script::{connections, flows};

#[test]
fn both_fins_close_a_connection() {
    assert_snapshot!(connections(
        "0.000 10.0.0.1:40000 > 10.0.0.2:80 S seq=1
         0.010 10.0.0.2:80 > 10.0.0.1:40000 SA seq=9 ack=2
         0.020 10.0.0.1:40000 > 10.0.0.2:80 A seq=2 ack=10
         0.030 10.0.0.1:40000 > 10.0.0.2:80 FA seq=2 ack=10
         0.040 10.0.0.2:80 > 10.0.0.1:40000 FA seq=10 ack=3
         0.050 10.0.0.1:40000 > 10.0.0.2:80 A seq=3 ack=11"
    ), @"10.0.0.1:40000 tcp 10.0.0.1 > 10.0.0.2:80 by Syn, Closed, 1, 50 ms, Fin, flags FSA FSA");
}

#[test]
fn one_fin_leaves_a_connection_half_open() {
    assert_snapshot!(connections(
        "0.000 10.0.0.1:40000 > 10.0.0.2:80 S seq=1
         0.010 10.0.0.2:80 > 10.0.0.1:40000 SA seq=9 ack=2
         0.020 10.0.0.1:40000 > 10.0.0.2:80 FA seq=2 ack=10"
    ), @"10.0.0.1:40000 tcp 10.0.0.1 > 10.0.0.2:80 by Syn, Active, 1, 20 ms, open, flags FSA SA");
}

#[test]
fn a_refused_connection_ends_by_rst() {
    assert_snapshot!(connections(
        "0.000 10.0.0.1:40000 > 10.0.0.2:81 S seq=1
         0.001 10.0.0.2:81 > 10.0.0.1:40000 RA ack=2"
    ), @"10.0.0.1:40000 tcp 10.0.0.1 > 10.0.0.2:81 by Syn, Closed, 1, 1 ms, Rst, flags S RA");
}

/// RFC 9293 §3.5.1: the server did not see the client end, and knows an older connection still.
#[test]
fn who_finds_an_older_connection_there_resets_it_and_opens_another() {
    assert_snapshot!(connections(
        "0.000 10.0.0.1:40000 > 10.0.0.2:80 S seq=1
         0.001 10.0.0.2:80 > 10.0.0.1:40000 SA seq=900 ack=2
         0.002 10.0.0.1:40000 > 10.0.0.2:80 A seq=2 ack=901
         9.000 10.0.0.1:40000 > 10.0.0.2:80 S seq=5000
         9.001 10.0.0.2:80 > 10.0.0.1:40000 A seq=901 ack=2
         9.002 10.0.0.1:40000 > 10.0.0.2:80 R seq=2
         10.00 10.0.0.1:40000 > 10.0.0.2:80 S seq=5000
         10.01 10.0.0.2:80 > 10.0.0.1:40000 SA seq=7000 ack=5001
         10.02 10.0.0.1:40000 > 10.0.0.2:80 A seq=5001 ack=7001
         10.03 10.0.0.1:40000 > 10.0.0.2:80 FA seq=5001 ack=7001
         10.04 10.0.0.2:80 > 10.0.0.1:40000 FA seq=7001 ack=5002"
    ), @"
    10.0.0.1:40000 tcp 10.0.0.1 > 10.0.0.2:80 by Syn, Closed, 1, 2 ms, NewSyn, flags SA SA
    10.0.0.1:40000 tcp 10.0.0.1 > 10.0.0.2:80 by Syn, Closed, 1, 1040 ms, Fin, flags FSRA FSA
    ");
}

/// Of one direction alone, nobody answers; the reset is the opener's end.
#[test]
fn the_reset_of_an_opener_that_nobody_answers_ends_its_connection() {
    assert_snapshot!(connections(
        "0.000 10.0.0.1:40000 > 10.0.0.2:80 S seq=1
         0.002 10.0.0.1:40000 > 10.0.0.2:80 A seq=2 ack=901 len=100
         0.003 10.0.0.1:40000 > 10.0.0.2:80 R seq=102"
    ), @"10.0.0.1:40000 tcp 10.0.0.1 > 10.0.0.2:80 by Syn, Closed, 1, 3 ms, Rst, flags SRA ");
}

#[test]
fn a_silence_above_the_timeout_begins_a_new_connection() {
    assert_snapshot!(connections(
        "0 10.0.0.1:40000 > 10.0.0.2:80 A
         300 10.0.0.1:40000 > 10.0.0.2:80 A
         600.000000001 10.0.0.1:40000 > 10.0.0.2:80 A
         700 10.0.0.1:5000 > 10.0.0.2:53 udp
         760 10.0.0.1:5000 > 10.0.0.2:53 udp
         820.000000001 10.0.0.1:5000 > 10.0.0.2:53 udp"
    ), @"
    10.0.0.1:40000 tcp 10.0.0.1 > 10.0.0.2:80 by Port, Closed, 1, 300000 ms, Timeout, flags A 
    10.0.0.1:40000 tcp 10.0.0.1 > 10.0.0.2:80 by Port, Active, 1, 0 ms, open, flags A 
    10.0.0.1:5000 udp 10.0.0.1 > 10.0.0.2:53 by Port, Closed, 1, 60000 ms, Timeout
    10.0.0.1:5000 udp 10.0.0.1 > 10.0.0.2:53 by Port, Active, 1, 0 ms, open
    ");
}

#[test]
fn a_closed_connection_takes_its_stragglers_for_five_seconds() {
    assert_snapshot!(connections(
        "0 10.0.0.1:40000 > 10.0.0.2:80 A
         1 10.0.0.2:80 > 10.0.0.1:40000 R
         6 10.0.0.1:40000 > 10.0.0.2:80 A
         6.000000001 10.0.0.1:40000 > 10.0.0.2:80 A"
    ), @"
    10.0.0.1:40000 tcp 10.0.0.1 > 10.0.0.2:80 by Port, Closed, 1, 6000 ms, Rst, flags A R
    10.0.0.1:40000 tcp 10.0.0.1 > 10.0.0.2:80 by Port, Active, 1, 0 ms, open, flags A
    ");
}

#[test]
fn a_new_syn_on_the_same_ports_is_a_new_connection_of_the_same_flow() {
    let script = "0.0 10.0.0.1:40000 > 10.0.0.2:80 S seq=1
         0.1 10.0.0.2:80 > 10.0.0.1:40000 SA seq=9 ack=2
         0.2 10.0.0.1:40000 > 10.0.0.2:80 A seq=2
         2.0 10.0.0.1:40000 > 10.0.0.2:80 S seq=5000
         2.1 10.0.0.2:80 > 10.0.0.1:40000 SA seq=7000 ack=5001
         2.2 10.0.0.1:40000 > 10.0.0.2:80 A seq=5001";
    assert_snapshot!(connections(script), @"
    10.0.0.1:40000 tcp 10.0.0.1 > 10.0.0.2:80 by Syn, Closed, 1, 200 ms, NewSyn, flags SA SA
    10.0.0.1:40000 tcp 10.0.0.1 > 10.0.0.2:80 by Syn, Active, 1, 200 ms, open, flags SA SA
    ");
    assert_snapshot!(flows(script), @"tcp 10.0.0.1 > 10.0.0.2:80 by Syn, Active, 2 connections, 4 packets 160 bytes out, 2 80 back, handshake 100000us 200000us");
}

#[test]
fn a_retransmitted_syn_is_no_new_connection() {
    assert_snapshot!(connections(
        "0 10.0.0.1:40000 > 10.0.0.2:80 S seq=1
         1 10.0.0.1:40000 > 10.0.0.2:80 S seq=1
         3 10.0.0.1:40000 > 10.0.0.2:80 S seq=1"
    ), @"10.0.0.1:40000 tcp 10.0.0.1 > 10.0.0.2:80 by Syn, Active, 1, 3000 ms, open, flags S");
}

#[test]
fn a_syn_that_comes_after_its_syn_ack_continues_the_opening() {
    assert_snapshot!(connections(
        "0.00 10.0.0.2:80 > 10.0.0.1:40000 SA seq=9 ack=2
         0.01 10.0.0.1:40000 > 10.0.0.2:80 S seq=1
         0.02 10.0.0.1:40000 > 10.0.0.2:80 A seq=2 ack=10"
    ), @"10.0.0.1:40000 tcp 10.0.0.1 > 10.0.0.2:80 by Syn, Active, 1, 20 ms, open, flags SA SA");
}

#[test]
fn a_simultaneous_open_is_one_connection() {
    assert_snapshot!(connections(
        "0.00 10.0.0.1:7000 > 10.0.0.2:7000 S seq=1
         0.01 10.0.0.2:7000 > 10.0.0.1:7000 S seq=9
         0.02 10.0.0.1:7000 > 10.0.0.2:7000 SA seq=1 ack=10
         0.03 10.0.0.2:7000 > 10.0.0.1:7000 SA seq=9 ack=2"
    ), @"10.0.0.1:7000 tcp 10.0.0.1 > 10.0.0.2:7000 by Syn, Active, 1, 30 ms, open, flags SA SA");
}

#[test]
fn a_syn_after_data_without_one_is_a_new_connection() {
    assert_snapshot!(connections(
        "0 10.0.0.1:40000 > 10.0.0.2:80 A seq=77
         1 10.0.0.2:80 > 10.0.0.1:40000 A seq=88
         2 10.0.0.1:40000 > 10.0.0.2:80 S seq=1"
    ), @"
    10.0.0.1:40000 tcp 10.0.0.1 > 10.0.0.2:80 by Port, Closed, 1, 1000 ms, NewSyn, flags A A
    10.0.0.1:40000 tcp 10.0.0.1 > 10.0.0.2:80 by Syn, Active, 1, 0 ms, open, flags S
    ");
}

#[test]
fn a_capture_written_twice_into_one_file_counts_every_packet_twice() {
    assert_snapshot!(flows(
        "0 10.0.0.1:40000 > 10.0.0.2:80 S seq=1
         1 10.0.0.2:80 > 10.0.0.1:40000 RA ack=2
         30 10.0.0.9:40000 > 10.0.0.2:80 S seq=1
         0 10.0.0.1:40000 > 10.0.0.2:80 S seq=1
         1 10.0.0.2:80 > 10.0.0.1:40000 RA ack=2"
    ), @"
    tcp 10.0.0.1 > 10.0.0.2:80 by Syn, Closed, 1 connections, 2 packets 80 bytes out, 2 80 back, handshake - -
    tcp 10.0.0.9 > 10.0.0.2:80 by Syn, Active, 1 connections, 1 packets 40 bytes out, 0 0 back, handshake - -
    ");
}
