//! Code that the compiler cannot check stands in few files, and each says why it is right.

use crate::tree;

/// The files with `unsafe`, and what they need it for. Whoever adds one argues for it there.
const FILES: [(&str, &str); 4] = [
    (
        "analyzer/src/prefetch.rs",
        "an instruction that the language does not have",
    ),
    (
        "live/src/capture/memory.rs",
        "memory shared with the kernel",
    ),
    (
        "live/src/capture/socket.rs",
        "system calls of packet sockets",
    ),
    (
        "live/src/session/own/socket.rs",
        "the address of a descriptor of unknown kind",
    ),
];

/// What lifts the ban in a file, and every block below it.
fn uses(text: &str) -> bool {
    let words = |line: &str| {
        let code = line.split("//").next().unwrap_or_default();
        code.contains("unsafe_code") || code.contains("unsafe {") || code.contains("unsafe impl")
    };
    text.lines().any(words)
}

/// The lines with a block or implementation that no `SAFETY:` stands before.
fn unargued(text: &str) -> Vec<usize> {
    let mut argued = false;
    let mut wrong = Vec::new();
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        argued |= line.starts_with("// SAFETY: ");
        let code = line.split("//").next().unwrap_or_default();
        if code.contains("unsafe {") || code.contains("unsafe impl") {
            if !argued {
                wrong.push(number);
            }
            argued = false;
        }
    }
    wrong
}

#[test]
fn a_block_without_an_argument_is_found() {
    let right = "// SAFETY: it is\n// so.\nlet x = unsafe { f() };\n";
    assert!(uses(right) && unargued(right).is_empty());
    assert_eq!(unargued(&format!("{right}unsafe {{ g() }};\n")), [4]);
    assert!(uses("#![expect(unsafe_code, reason = \"\")]"));
    assert!(!uses("// no unsafe { here\nlet unsafely = 1;"));
}

#[test]
fn unsafe_code_is_where_it_is_argued_for() {
    let sources = tree::files()
        .into_iter()
        .filter(|file| file.is_rust() && file.path != "tests/house/soundness.rs");
    let mut found = Vec::new();
    for file in sources {
        let text = file.text().unwrap();
        if uses(&text) {
            assert_eq!(unargued(&text), [0; 0], "{}", file.path);
            found.push(file.path);
        }
    }
    found.sort();
    assert_eq!(found, FILES.map(|(path, _)| path));
}
