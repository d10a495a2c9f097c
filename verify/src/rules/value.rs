//! Values that expressions have, and the types they are known by before.

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;

use crate::rules::schema::{Field, Kind};

/// The type of an expression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Type {
    /// True or false.
    Bool,
    /// A whole number.
    Whole,
    /// A number with a fraction.
    Fraction,
    /// Text.
    Text,
    /// One of these words, as text.
    Word(&'static [String]),
    /// A list of what is of one type.
    List(Box<Self>),
    /// What an empty list holds: anything.
    Any,
    /// An object, of which only fields are values.
    Object(&'static [Field]),
}

impl Type {
    /// The type of a field.
    pub(super) fn of(kind: &'static Kind) -> Self {
        match kind {
            Kind::Text => Self::Text,
            Kind::Word(words) => Self::Word(words),
            Kind::Whole => Self::Whole,
            Kind::Fraction => Self::Fraction,
            Kind::Texts => Self::List(Box::new(Self::Text)),
            Kind::Object(fields) => Self::Object(fields),
        }
    }

    /// The words that it, or an item of it, is one of; `None` of what may be anything.
    pub(super) fn words(&self) -> Option<&'static [String]> {
        match self {
            Self::Word(words) => Some(words),
            Self::List(of) => of.words(),
            Self::Bool
            | Self::Whole
            | Self::Fraction
            | Self::Text
            | Self::Any
            | Self::Object(_) => None,
        }
    }

    /// Whether it is a number.
    pub(super) const fn is_number(&self) -> bool {
        matches!(self, Self::Whole | Self::Fraction)
    }

    /// The type that is both; `None` where there is none.
    pub(super) fn unify(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Any, known) | (known, Self::Any) => Some(known.clone()),
            (Self::Text | Self::Word(_), Self::Text | Self::Word(_)) if self != other => {
                Some(Self::Text)
            }
            (Self::List(one), Self::List(other)) => Some(Self::List(Box::new(one.unify(other)?))),
            (one, other) => (one == other).then(|| one.clone()),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("true or false"),
            Self::Whole => f.write_str("a whole number"),
            Self::Fraction => f.write_str("a number with a fraction"),
            Self::Text | Self::Word(_) => f.write_str("text"),
            Self::List(_) => f.write_str("a list"),
            Self::Any => f.write_str("anything"),
            Self::Object(_) => f.write_str("an object"),
        }
    }
}

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Value<'f> {
    Bool(bool),
    /// A whole number; 128 bits hold every count and every literal.
    Whole(i128),
    Fraction(f64),
    /// A number that is not known.
    Unknown,
    Text(Cow<'f, str>),
    List(Rc<Vec<Value<'f>>>),
}

impl Value<'_> {
    /// Whether it is known, and not empty.
    pub(super) fn is_known(&self) -> bool {
        match self {
            Self::Unknown => false,
            Self::Text(text) => !text.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Bool(_) | Self::Whole(_) | Self::Fraction(_) => true,
        }
    }

    /// Takes a step for every value and every few octets that it is made of; false where there are
    /// not so many. A list may hold another one very often, so counting ends there, too.
    pub(super) fn take_size(&self, steps: &mut usize) -> bool {
        let own = match self {
            Self::Text(text) => text_size(text),
            Self::Bool(_) | Self::Whole(_) | Self::Fraction(_) | Self::Unknown | Self::List(_) => 1,
        };
        let left = steps.checked_sub(own);
        *steps = left.unwrap_or(0);
        match self {
            Self::List(items) => left.is_some() && items.iter().all(|item| item.take_size(steps)),
            Self::Bool(_) | Self::Whole(_) | Self::Fraction(_) | Self::Unknown | Self::Text(_) => {
                left.is_some()
            }
        }
    }

    /// The steps of a clone: what is borrowed or shared is not copied.
    pub(super) fn clone_size(&self) -> usize {
        match self {
            Self::Text(Cow::Owned(text)) => text_size(text),
            Self::Text(Cow::Borrowed(_))
            | Self::Bool(_)
            | Self::Whole(_)
            | Self::Fraction(_)
            | Self::Unknown
            | Self::List(_) => 1,
        }
    }
}

const fn text_size(text: &str) -> usize {
    1 + text.len() / 16
}
