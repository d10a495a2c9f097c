//! Rust text to what the rules look at: shipped code, the paths it names, the names it declares.
//!
//! **Shape** not a parser: enough tokens to read `use` trees and declarations. A string that looks
//! like code is read as code, which errs on the side of a finding.

/// The code of a file without comments and without its `#[cfg(test)] mod … {` tail.
pub(crate) fn shipped(text: &str) -> String {
    let tail = text.find("#[cfg(test)]\nmod ").filter(|at| {
        let line = text.get(*at..).and_then(|rest| rest.lines().nth(1));
        line.is_some_and(|line| line.ends_with('{'))
    });
    let body = text.get(..tail.unwrap_or(text.len())).unwrap_or(text);
    let lines: Vec<&str> = body.lines().map(uncommented).collect();
    lines.join("\n")
}

fn uncommented(line: &str) -> &str {
    line.match_indices("//")
        .find(|(at, _)| !line.get(..*at).is_some_and(|before| before.ends_with(':')))
        .and_then(|(at, _)| line.get(..at))
        .unwrap_or(line)
}

/// Every path the code names, `use` trees expanded: `use a::{b, c::d}` is `a::b` and `a::c::d`.
pub(crate) fn paths(code: &str) -> Vec<String> {
    let tokens = tokens(code);
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at = if is_name(token) {
            read_path(&tokens, at, "", &mut found)
        } else {
            at + 1
        };
    }
    found
}

/// Reads one path (or one tree of them) that starts at `at`; returns where the next token is.
fn read_path(tokens: &[&str], mut at: usize, prefix: &str, found: &mut Vec<String>) -> usize {
    let mut path = prefix.to_owned();
    while let Some(&token) = tokens.get(at) {
        at += 1;
        if token == "{" {
            return read_group(tokens, at, &path, found);
        }
        path.push_str(token);
        if tokens.get(at) != Some(&"::") {
            break;
        }
        path.push_str("::");
        at += 1;
    }
    found.push(path);
    at
}

fn read_group(tokens: &[&str], mut at: usize, prefix: &str, found: &mut Vec<String>) -> usize {
    while let Some(&token) = tokens.get(at) {
        match token {
            "}" => return at + 1,
            "," => at += 1,
            _ => at = read_path(tokens, at, prefix, found),
        }
    }
    at
}

/// A name that code declares, and the keyword before it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Declared {
    pub(crate) keyword: String,
    pub(crate) name: String,
}

/// Every module, function and type that the code declares.
pub(crate) fn declared(code: &str) -> Vec<Declared> {
    let tokens = tokens(code);
    let pairs = tokens.iter().zip(tokens.iter().skip(1));
    pairs
        .filter(|(keyword, name)| {
            matches!(
                **keyword,
                "mod" | "fn" | "struct" | "enum" | "trait" | "type"
            ) && is_name(name)
        })
        .map(|(keyword, name)| Declared {
            keyword: (*keyword).to_owned(),
            name: (*name).to_owned(),
        })
        .collect()
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// Names, numbers, `::` and single marks; white space is dropped.
fn tokens(mut code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    while let Some(first) = code.chars().next() {
        let word = code
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(code.len());
        let len = match word {
            0 if code.starts_with("::") => 2,
            0 => first.len_utf8(),
            len => len,
        };
        let (token, rest) = code.split_at(len);
        if !first.is_whitespace() {
            found.push(token);
        }
        code = rest;
    }
    found
}

#[test]
fn use_trees_are_expanded() {
    let code = "use crate::{a::B, c::{self, d::*}};\nlet x = ::std::fs::read(y)?;";
    assert_eq!(
        paths(code),
        [
            "use",
            "crate::a::B",
            "crate::c::self",
            "crate::c::d::*",
            "let",
            "x",
            "std::fs::read",
            "y"
        ]
    );
}

#[test]
fn comments_and_the_tests_at_the_end_are_not_shipped() {
    let text = "/// crate::a\nfn f() {} // crate::b\n#[cfg(test)]\nmod tests {\n crate::c\n}\n";
    assert_eq!(paths(&shipped(text)), ["fn", "f"]);
    let declared_elsewhere = "#[cfg(test)]\nmod tests;\nuse crate::a;\n";
    assert!(paths(&shipped(declared_elsewhere)).contains(&"crate::a".to_owned()));
    assert_eq!(shipped("\"http://host\" // why"), "\"http://host\" ");
}

#[test]
fn declarations_carry_their_keyword() {
    let found = declared("pub(crate) mod a; pub async fn b() { mod_c() } struct D;");
    let names: Vec<_> = found
        .iter()
        .map(|d| (d.keyword.as_str(), d.name.as_str()))
        .collect();
    assert_eq!(names, [("mod", "a"), ("fn", "b"), ("struct", "D")]);
}
