//! What is read off a kept ranking is what was measured before.

use analyzer::query::Operation;
use serde_json::json;

use crate::client::Server;
use crate::mcp::call;

#[test]
fn an_answer_at_hand_is_the_one_that_was_measured() {
    let server = Server::ready();
    for arguments in [
        json!({"limit": 3}),
        json!({"sort": "bps", "format": "full"}),
    ] {
        let ask = || call(&server, Operation::Flows, arguments.clone()).unwrap();
        let measured = ask();
        for _ in 0..3 {
            assert_eq!(ask(), measured, "{arguments}");
        }
    }
}
