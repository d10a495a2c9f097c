//! The token: a secret that every request but a probe must show, kept in a file.
//!
//! **Shape** the file is read again while the server runs, so a token is replaced by writing
//! another one, also as Kubernetes replaces a Secret's files. What cannot be read leaves the token
//! as it was.
//! **Source** RFC 6750 section 2.1, RFC 9110 section 11.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::file;

/// Shorter ones could be guessed.
const LENGTH_MIN: usize = 16;
/// Longer ones do not fit into a header with others.
const LENGTH_MAX: usize = 4096;

/// A token and the file it is kept in.
#[derive(Clone)]
pub struct TokenFile(Arc<Kept>);

struct Kept {
    path: PathBuf,
    token: RwLock<Arc<str>>,
}

/// A file that holds no token.
#[derive(Debug, Error)]
#[error(
    "{}: {problem}; expected a token of {LENGTH_MIN} to {LENGTH_MAX} letters, digits and \
     `-._~+/=`, such as `openssl rand -hex 32` writes", path.display()
)]
pub struct TokenError {
    path: PathBuf,
    problem: String,
}

impl TokenFile {
    /// Reads the token.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else.
    pub fn open(path: &Path) -> Result<Self, TokenError> {
        let token = RwLock::new(read(path)?);
        let path = path.to_owned();
        Ok(Self(Arc::new(Kept { path, token })))
    }

    /// The token as it is now.
    #[must_use]
    pub fn token(&self) -> Arc<str> {
        let token = self.0.token.read();
        Arc::clone(&token.unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the file again; whether it holds another token than before.
    ///
    /// # Errors
    /// Those of [`TokenFile::open`]; the token stays as it was.
    pub fn read_again(&self) -> Result<bool, TokenError> {
        let read = read(&self.0.path)?;
        let mut token = self.0.token.write().unwrap_or_else(PoisonError::into_inner);
        let is_new = *token != read;
        *token = read;
        Ok(is_new)
    }

    /// Whether a client shows the token. It takes as long however much of it is right.
    pub(crate) fn accepts(&self, shown: &str) -> bool {
        self.token().as_bytes().ct_eq(shown.as_bytes()).into()
    }
}

impl fmt::Debug for TokenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenFile")
            .field("path", &self.0.path)
            .finish_non_exhaustive()
    }
}

fn read(path: &Path) -> Result<Arc<str>, TokenError> {
    let wrong = |problem: String| TokenError {
        path: path.to_owned(),
        problem,
    };
    let octets = file::read(path).map_err(|error| wrong(error.to_string()))?;
    // A line feed at the end is what editors and `echo` leave.
    let token = octets.trim_ascii();
    let length = token.len();
    if !(LENGTH_MIN..=LENGTH_MAX).contains(&length) {
        return Err(wrong(format!("a token of {length} octets")));
    }
    let is_allowed = |octet: &u8| octet.is_ascii_alphanumeric() || b"-._~+/=".contains(octet);
    match str::from_utf8(token) {
        Ok(text) if token.iter().all(is_allowed) => Ok(text.into()),
        _ => Err(wrong("something else than a token".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const TOKEN: &str = "0123456789abcdef0123";

    #[test]
    fn a_token_is_itself_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, format!("{TOKEN}\n")).unwrap();
        let file = TokenFile::open(&path).unwrap();
        assert!(file.accepts(TOKEN));
        for other in ["", &TOKEN[1..], &TOKEN[..19], &TOKEN.to_uppercase()] {
            assert!(!file.accepts(other), "{other}");
        }
        assert!(!format!("{file:?}").contains(TOKEN));
    }

    #[test]
    fn what_replaces_it_counts_and_what_breaks_it_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, TOKEN).unwrap();
        let file = TokenFile::open(&path).unwrap();
        assert!(!file.read_again().unwrap());
        let other = TOKEN.to_uppercase();
        fs::write(&path, &other).unwrap();
        assert!(file.read_again().unwrap());
        assert!(file.accepts(&other) && !file.accepts(TOKEN));
        fs::write(&path, "").unwrap();
        assert!(file.read_again().is_err());
        fs::remove_file(&path).unwrap();
        assert!(file.read_again().is_err());
        assert!(file.accepts(&other));
    }

    #[test]
    fn a_file_without_a_token_is_refused_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        for text in [
            "",
            "short",
            "a token with spaces in it",
            "größer-als-sechzehn",
        ] {
            fs::write(&path, text).unwrap();
            let error = TokenFile::open(&path).unwrap_err().to_string();
            assert!(error.starts_with(&path.display().to_string()), "{error}");
            assert!(text.is_empty() || !error.contains(text), "{error}");
        }
        fs::write(&path, "x".repeat(LENGTH_MAX + 1)).unwrap();
        assert!(TokenFile::open(&path).is_err());
    }
}
