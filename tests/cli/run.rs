//! Runs the binary and writes down what it did.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Nothing the tests do takes longer than this, on any machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a command did.
pub(crate) struct Outcome {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The binary with `arguments`, separated by spaces, in the repository's root. Nothing of the
/// environment reaches it.
pub(crate) fn command(arguments: &str) -> Command {
    command_in(Path::new(env!("CARGO_MANIFEST_DIR")), arguments)
}

/// The same, in another folder.
pub(crate) fn command_in(folder: &Path, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pilotfish"));
    command
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub(crate) fn outcome(mut command: Command) -> Outcome {
    let output = command.output().unwrap();
    Outcome {
        status: output.status,
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs a command with `input` piped into it.
pub(crate) fn outcome_with(mut command: Command, input: &[u8]) -> Outcome {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // A command that fails early does not read it all.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Outcome {
        status: output.status,
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A command in the repository's root and all it did, as text.
pub(crate) fn transcript(arguments: &str) -> String {
    outcome(command(arguments)).transcript(arguments)
}

/// The same, in another folder.
pub(crate) fn transcript_in(folder: &Path, arguments: &str) -> String {
    outcome(command_in(folder, arguments)).transcript(arguments)
}

impl Outcome {
    /// The command, its exit code and what it printed. Numbers of system errors, which differ
    /// between systems, are left out.
    pub(crate) fn transcript(&self, arguments: &str) -> String {
        let code = self.status.code().expect("it ended by itself");
        let mut text = format!("$ pilotfish {arguments}\nexit {code}\n");
        for (name, output) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !output.is_empty() {
                text += &["--- ", name, "\n", output].concat();
            }
        }
        without_error_numbers(&text)
    }
}

fn without_error_numbers(text: &str) -> String {
    let mut parts = text.split(" (os error ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + part.split_once(')').map_or(part, |(_, rest)| rest)
    })
}

/// Waits for a child, but not for ever.
pub(crate) fn wait(child: &mut Child) -> ExitStatus {
    #[expect(clippy::disallowed_methods, reason = "a test that hangs should fail")]
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if started.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("the command did not end within {PATIENCE:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Says that a test did not test anything, past what captures the output of tests.
pub(crate) fn skipped(test: &str, tool: &str) {
    let line = format!("SKIPPED: {test}: {tool} is not installed, nothing was tested\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// Compares `text` with the snapshot of that name in `snapshots/cli`.
pub(crate) fn assert_accepted(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/cli");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}
