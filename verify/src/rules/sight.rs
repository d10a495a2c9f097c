//! How to see the packets of a flow: commands of tshark.
//!
//! **Shape** a command is for a shell: what files are called cannot end its quotes.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

/// Files for which there is a command.
const FILES: usize = 3;

/// On this port Linux and many networks of clusters speak VXLAN, which tshark takes for another
/// protocol; without it, packets within would not be shown.
const VXLAN: &str = "-d udp.port==8472,vxlan";

/// The commands that show a flow in the captures it may be in.
#[must_use]
pub fn commands(captures: &[PathBuf], flow: &Json) -> Vec<String> {
    let Some(filter) = filter(flow) else {
        return Vec::new();
    };
    let shown = captures.iter().take(FILES);
    let mut commands: Vec<String> = shown
        .map(|file| format!("tshark -r {} {VXLAN} -Y '{filter}'", quoted(file)))
        .collect();
    if captures.len() > FILES {
        commands.push(format!("and the other {} captures", captures.len() - FILES));
    }
    commands
}

/// A display filter for both directions of a flow.
fn filter(flow: &Json) -> Option<String> {
    let address =
        |end: &str| -> Option<IpAddr> { flow.get(end)?.get("ip")?.as_str()?.parse().ok() };
    let (client, server) = (address("client")?, address("server")?);
    let field = |address: IpAddr| {
        if address.is_ipv4() {
            "ip.addr"
        } else {
            "ipv6.addr"
        }
    };
    let port = flow.get("server")?.get("port")?.as_u64()?;
    let proto = match flow.get("proto")?.as_str()? {
        "udp" => "udp",
        _ => "tcp",
    };
    Some(format!(
        "{} == {client} && {} == {server} && {proto}.port == {port}",
        field(client),
        field(server)
    ))
}

/// A name of a file as one word of a shell.
fn quoted(file: &Path) -> String {
    let text = file.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:".contains(c);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(is_plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_command_shows_both_directions_of_a_flow() {
        let flow = json!({"proto": "udp", "client": {"ip": "2001:db8::1"}, "server": {"ip": "2001:db8::2", "port": 53}});
        assert_eq!(
            commands(&["it's/a.pcap".into(), "b.pcap".into()], &flow),
            [
                "tshark -r 'it'\\''s/a.pcap' -d udp.port==8472,vxlan -Y 'ipv6.addr == 2001:db8::1 && ipv6.addr == 2001:db8::2 && udp.port == 53'",
                "tshark -r b.pcap -d udp.port==8472,vxlan -Y 'ipv6.addr == 2001:db8::1 && ipv6.addr == 2001:db8::2 && udp.port == 53'",
            ]
        );
        assert_eq!(
            commands(&["b.pcap".into()], &json!({"proto": "tcp"})),
            [""; 0]
        );
    }
}
