//! Entries for the programs that speak with models.
//!
//! In: how the command was typed. Out: text to copy, with paths that hold wherever a client starts
//! the command.

use std::env;
use std::path::{Path, absolute};

use serde_json::{Value, json};

use crate::cli::NAME as PROGRAM;
use crate::cli::client::Server;

/// The entries for this command, or for a server that is asked directly.
pub(crate) fn entries(server: Option<&Server>) -> anyhow::Result<String> {
    let (claude, entry) = match server {
        // Who shows a token, or names who vouches for a server, has this command ask it: no token
        // is written into a file of settings.
        Some(server) if server.is_plain() => {
            let url = format!("{server}/mcp");
            let claude = format!("claude mcp add --transport http {PROGRAM} {}", quoted(&url));
            (claude, json!({"type": "http", "url": url}))
        }
        Some(_) | None => {
            let (command, arguments) = (program()?, arguments()?);
            let words: Vec<String> = arguments.iter().map(|word| quoted(word)).collect();
            let claude = format!(
                "claude mcp add {PROGRAM} -- {} {}",
                quoted(&command),
                words.join(" ")
            );
            (
                claude,
                json!({"type": "stdio", "command": command, "args": arguments}),
            )
        }
    };
    let file = |list: &str, entry: &Value| {
        let file = json!({list: {PROGRAM: entry}});
        serde_json::to_string_pretty(&file)
    };
    Ok(format!(
        "Claude Code, in a shell:\n\n{claude}\n\n\
         Cursor, in .cursor/mcp.json or ~/.cursor/mcp.json:\n\n{}\n\n\
         VS Code, in .vscode/mcp.json:\n\n{}\n",
        file("mcpServers", &entry)?,
        file("servers", &entry)?
    ))
}

/// This program, wherever it was called from.
fn program() -> anyhow::Result<String> {
    Ok(env::current_exe()?.to_string_lossy().into_owned())
}

/// What was typed behind the program's name, with whole paths and without the flag for this.
fn arguments() -> anyhow::Result<Vec<String>> {
    let typed = env::args_os()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned());
    let kept = typed.filter(|word| word != "--print-config");
    kept.map(|word| {
        let path = Path::new(&word);
        let is_file = !word.starts_with('-') && word != "mcp" && path.exists();
        Ok(if is_file {
            absolute(path)?.to_string_lossy().into_owned()
        } else {
            word
        })
    })
    .collect()
}

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_a_shell_would_read_is_quoted() {
        assert_eq!(quoted("captures/shop"), "captures/shop");
        assert_eq!(quoted("my captures"), "'my captures'");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn a_server_is_asked_directly() {
        let server = Server::plain("http://127.0.0.1:8898/");
        let entries = entries(Some(&server)).unwrap();
        let command = "claude mcp add --transport http pilotfish http://127.0.0.1:8898/mcp\n";
        assert!(entries.contains(command), "{entries}");
        let entry = "\"type\": \"http\",\n      \"url\": \"http://127.0.0.1:8898/mcp\"";
        assert_eq!(entries.matches(entry).count(), 2, "{entries}");
    }
}
