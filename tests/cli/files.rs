//! Files that commands are tried on, written where builds write.

use std::fs;
use std::path::{Path, PathBuf};

/// A pcap header of Ethernet frames, in the byte order of most machines.
pub(crate) const PCAP_HEADER: [u8; 24] = [
    0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0,
];

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// An empty folder for the test of that name.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("cli")
        .join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A folder with one file of each kind that can not be read as it should.
pub(crate) fn bad_files(name: &str) -> PathBuf {
    let folder = folder(name);
    let write = |name: &str, octets: &[u8]| fs::write(folder.join(name), octets).unwrap();
    write("empty.pcap", b"");
    write("garbage.pcap", b"this is no capture");
    write("short.pcap", &PCAP_HEADER[..10]);
    write("quiet.pcap", &PCAP_HEADER);
    write("pod.yaml", b"kind: Pod\nmetadata: [1]\n");
    write("broken.yaml", b"kind: {\n");
    write("names.txt", b"10.0.0.1 good\n10.0.0.999 bad\n");
    fs::create_dir(folder.join("nothing")).unwrap();
    folder
}

/// A capture of `n` flows, a datagram each.
pub(crate) fn many_flows(n: u32) -> Vec<u8> {
    let mut capture = PCAP_HEADER.to_vec();
    capture[20] = 101;
    for client in 0..n {
        for number in [1_700_000_000 + client / 1_000, client % 1_000, 28, 28] {
            capture.extend(number.to_le_bytes());
        }
        capture.extend([0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0]);
        capture.extend((0x0a00_0000 + client).to_be_bytes());
        capture.extend([192, 0, 2, 1]);
        capture.extend([0x9c, 0x40, 0, 53, 0, 8, 0, 0]);
    }
    capture
}

/// The octets of the shop's capture.
pub(crate) fn shop() -> Vec<u8> {
    let path = root().join("captures/shop/shop.pcap");
    fs::read(path).unwrap()
}
