//! Fields: values of a document that know the way to them.
//!
//! In: a [`Value`]. Out: names, numbers, addresses and times.
//! **Errors** [`FieldError`]: the path of the field, its line, what was found and what expected.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use analyzer::name::name;
use analyzer::time::Timestamp;

use crate::document::{Content, Quoting, Value};

/// The longest name that Kubernetes gives anything (RFC 1123).
const MAX_NAME: usize = 253;

/// How much of a wrong text an error repeats.
const MAX_SHOWN: usize = 80;

/// A value and the way to it from its document; what is absent is nothing too.
#[derive(Clone, Copy)]
pub struct Field<'f> {
    value: Option<&'f Value<'f>>,
    step: Step<'f>,
    parent: Option<&'f Field<'f>>,
}

/// The last step to a field.
#[derive(Clone, Copy)]
enum Step<'f> {
    Root,
    Key(&'f str),
    Index(usize),
}

/// What is wrong with a field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldError {
    /// Its line, 0 where the format tells none.
    pub line: usize,
    /// The way to it from its object; empty for the object itself.
    pub path: String,
    /// What is wrong with it.
    pub problem: String,
}

impl<'f> Field<'f> {
    /// A whole document.
    #[must_use]
    pub fn root(value: &'f Value<'f>) -> Self {
        Self {
            value: Some(value),
            step: Step::Root,
            parent: None,
        }
    }

    /// The same value as a document of its own.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self {
            step: Step::Root,
            parent: None,
            ..*self
        }
    }

    /// The field of a mapping; absent in what is absent.
    ///
    /// # Errors
    /// When this is no mapping.
    pub fn get(&'f self, key: &'f str) -> Result<Self, FieldError> {
        let value = match self.content() {
            None | Some(Content::Null) => None,
            Some(Content::Map(entries)) => entries
                .iter()
                .find(|(known, _)| known == key)
                .map(|(_, value)| value),
            Some(Content::Scalar(..) | Content::List(_)) => {
                return Err(self.expected("a mapping"));
            }
        };
        Ok(Self {
            value,
            step: Step::Key(key),
            parent: Some(self),
        })
    }

    /// The fields of a mapping with their keys.
    ///
    /// # Errors
    /// When this is no mapping.
    pub fn entries(&'f self) -> Result<Vec<(&'f str, Self)>, FieldError> {
        match self.content() {
            None | Some(Content::Null) => Ok(Vec::new()),
            Some(Content::Map(entries)) => {
                let field = |(key, value): &'f (Cow<'f, str>, Value<'f>)| {
                    let key: &'f str = key;
                    (
                        key,
                        Self {
                            value: Some(value),
                            step: Step::Key(key),
                            parent: Some(self),
                        },
                    )
                };
                Ok(entries.iter().map(field).collect())
            }
            Some(Content::Scalar(..) | Content::List(_)) => Err(self.expected("a mapping")),
        }
    }

    /// Refuses fields that nobody knows, with the nearest one that is known.
    ///
    /// # Errors
    /// The first field that is not known, or that this is no mapping.
    pub fn only(&'f self, known: &[&str]) -> Result<(), FieldError> {
        for (key, field) in self.entries()? {
            if !known.contains(&key) {
                let nearest = known.iter().max_by(|one, other| {
                    strsim::jaro_winkler(one, key).total_cmp(&strsim::jaro_winkler(other, key))
                });
                let nearest = nearest.copied().unwrap_or_default();
                return Err(field.wrong(format!("unknown field, did you mean `{nearest}`?")));
            }
        }
        Ok(())
    }

    /// The items of a list; none in what is absent.
    ///
    /// # Errors
    /// When this is no list.
    pub fn items(&'f self) -> Result<Vec<Self>, FieldError> {
        match self.content() {
            None | Some(Content::Null) => Ok(Vec::new()),
            Some(Content::List(items)) => {
                let item = |(place, value)| Self {
                    value: Some(value),
                    step: Step::Index(place),
                    parent: Some(self),
                };
                Ok(items.iter().enumerate().map(item).collect())
            }
            Some(Content::Scalar(..) | Content::Map(_)) => Err(self.expected("a list")),
        }
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self.content(), None | Some(Content::Null))
    }

    /// Its text, whatever it looks like; empty text is nothing.
    ///
    /// # Errors
    /// When this is a list or a mapping.
    pub fn text(&self) -> Result<Option<&'f str>, FieldError> {
        match self.content() {
            None | Some(Content::Null) => Ok(None),
            Some(Content::Scalar(text, _)) => Ok(Some(&**text).filter(|text| !text.is_empty())),
            Some(Content::List(_) | Content::Map(_)) => Err(self.expected("text")),
        }
    }

    /// A name, within the length that Kubernetes allows, as it may be shown.
    ///
    /// # Errors
    /// When this is no text, or longer than a name may be.
    pub fn name(&self) -> Result<Option<Arc<str>>, FieldError> {
        match self.text()? {
            Some(text) if text.len() > MAX_NAME => {
                let problem = format!("{} bytes long, expected at most {MAX_NAME}", text.len());
                Err(self.wrong(problem))
            }
            text => Ok(text
                .map(name)
                .filter(|name| !name.is_empty())
                .map(Arc::from)),
        }
    }

    /// A name that must be there.
    ///
    /// # Errors
    /// When this is missing, no text, or longer than a name may be.
    pub fn required_name(&self) -> Result<Arc<str>, FieldError> {
        self.name()?
            .ok_or_else(|| self.wrong("missing, expected a name"))
    }

    /// An IP address; an IPv4 address within IPv6 is that IPv4 address.
    ///
    /// # Errors
    /// When this is no IP address.
    pub fn address(&self) -> Result<Option<IpAddr>, FieldError> {
        let Some(text) = self.text()? else {
            return Ok(None);
        };
        match text.parse::<IpAddr>() {
            Ok(address) => Ok(Some(address.to_canonical())),
            Err(_) => Err(self.wrong(format!("{} is not an IP address", shown(text)))),
        }
    }

    /// Anything that is read from text, such as a range.
    ///
    /// # Errors
    /// When this does not read as `expected` says.
    pub fn parse<T: std::str::FromStr>(&self, expected: &str) -> Result<Option<T>, FieldError> {
        let Some(text) = self.text()? else {
            return Ok(None);
        };
        let parsed = text.parse().map(Some);
        parsed.map_err(|_| self.wrong(format!("{} is not {expected}", shown(text))))
    }

    /// An RFC 3339 time.
    ///
    /// # Errors
    /// When this is no RFC 3339 time.
    pub fn time(&self) -> Result<Option<Timestamp>, FieldError> {
        let Some(text) = self.text()? else {
            return Ok(None);
        };
        let wrong = |_| {
            let example = "an RFC 3339 time such as 2026-11-22T10:00:00Z";
            self.wrong(format!("{} is not {example}", shown(text)))
        };
        Timestamp::parse_rfc3339(text).map(Some).map_err(wrong)
    }

    /// An RFC 3339 time, or Unix seconds.
    ///
    /// # Errors
    /// When this is neither.
    pub fn moment(&self) -> Result<Option<Timestamp>, FieldError> {
        match self.content() {
            Some(Content::Scalar(text, Quoting::Plain)) => {
                Timestamp::parse_unix_seconds(text).map_or_else(|| self.time(), |at| Ok(Some(at)))
            }
            _ => self.time(),
        }
    }

    /// A port; 0 is nothing.
    ///
    /// # Errors
    /// When this is no number of a port.
    pub fn port(&self) -> Result<Option<u16>, FieldError> {
        match self.content() {
            None | Some(Content::Null) => Ok(None),
            Some(Content::Scalar(text, Quoting::Plain)) => match text.parse::<u16>() {
                Ok(port) => Ok(Some(port).filter(|port| *port > 0)),
                Err(_) => Err(self.wrong(format!(
                    "{} is not a port, expected 1 to 65535",
                    shown(text)
                ))),
            },
            Some(Content::Scalar(..) | Content::List(_) | Content::Map(_)) => {
                Err(self.expected("a port"))
            }
        }
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// When this is neither.
    pub fn truth(&self) -> Result<Option<bool>, FieldError> {
        match self.content() {
            None | Some(Content::Null) => Ok(None),
            Some(Content::Scalar(text, Quoting::Plain)) if text == "true" => Ok(Some(true)),
            Some(Content::Scalar(text, Quoting::Plain)) if text == "false" => Ok(Some(false)),
            Some(_) => Err(self.expected("true or false")),
        }
    }

    /// An error of this field.
    pub fn wrong(&self, problem: impl Into<String>) -> FieldError {
        FieldError {
            line: self.line(),
            path: self.to_string(),
            problem: problem.into(),
        }
    }

    fn expected(&self, what: &str) -> FieldError {
        let found = match self.content() {
            None | Some(Content::Null) => "nothing".to_owned(),
            Some(Content::Scalar(text, Quoting::Quoted)) => format!("the text {}", shown(text)),
            Some(Content::Scalar(text, Quoting::Plain)) => shown(text),
            Some(Content::List(_)) => "a list".to_owned(),
            Some(Content::Map(_)) => "a mapping".to_owned(),
        };
        self.wrong(format!("found {found}, expected {what}"))
    }

    fn content(&self) -> Option<&'f Content<'f>> {
        self.value.map(|value| &value.content)
    }

    /// The line of the value, or of the nearest one around it.
    #[must_use]
    pub fn line(&self) -> usize {
        match (self.value, self.parent) {
            (Some(value), _) => value.line,
            (None, Some(parent)) => parent.line(),
            (None, None) => 0,
        }
    }
}

/// The path: `spec.containers[0].ports`.
impl fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match (self.step, self.parent) {
            (Step::Root, _) => Ok(()),
            (Step::Index(place), _) => write!(f, "[{place}]"),
            (
                Step::Key(key),
                Some(Field {
                    step: Step::Root, ..
                }),
            ) => {
                write!(f, "{}", key.escape_debug())
            }
            (Step::Key(key), _) => write!(f, ".{}", key.escape_debug()),
        }
    }
}

/// A wrong text as an error repeats it: quoted, escaped, and not too long.
#[must_use]
pub fn shown(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}
