//! What a filter accepts: alternatives, exclusions, and names with `*`.

use std::net::IpAddr;

use ipnet::IpNet;

/// The values of one parameter: separated by commas they are alternatives, a leading `!` excludes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Terms<T> {
    /// One of these must hold, unless there is none.
    pub include: Vec<T>,
    /// None of these may hold.
    pub exclude: Vec<T>,
}

impl<T> Default for Terms<T> {
    fn default() -> Self {
        Self {
            include: Vec::new(),
            exclude: Vec::new(),
        }
    }
}

impl<T> Terms<T> {
    /// Whether every value passes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }

    /// Whether a value is among the alternatives, or there are none.
    pub fn includes(&self, matches: impl Fn(&T) -> bool) -> bool {
        self.include.is_empty() || self.include.iter().any(matches)
    }

    /// Whether a value is excluded.
    pub fn excludes(&self, matches: impl Fn(&T) -> bool) -> bool {
        self.exclude.iter().any(matches)
    }

    /// Whether a value passes both.
    pub fn accepts(&self, matches: impl Fn(&T) -> bool) -> bool {
        self.includes(&matches) && !self.excludes(&matches)
    }
}

impl<T: PartialEq> Terms<T> {
    /// Whether an enumerated or numeric value passes.
    pub fn accepts_value(&self, value: &T) -> bool {
        self.accepts(|term| term == value)
    }
}

/// A name in which `*` stands for any characters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Glob(String);

impl Glob {
    /// The pattern `text`.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `name` has this form.
    ///
    /// The classic two-pointer walk: on a mismatch the last `*` takes one character more, so the
    /// cost is at most the product of the lengths.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let (mut pattern, mut rest) = (self.0.as_str(), name);
        let mut retry: Option<(&str, &str)> = None;
        loop {
            if let Some(after) = pattern.strip_prefix('*') {
                retry = Some((after, rest));
                pattern = after;
            } else if let Some((p, n)) = step(pattern, rest) {
                (pattern, rest) = (p, n);
            } else if pattern.is_empty() && rest.is_empty() {
                return true;
            } else if let Some((after, from)) = retry.and_then(|(p, n)| Some((p, skip_one(n)?))) {
                retry = Some((after, from));
                (pattern, rest) = (after, from);
            } else {
                return false;
            }
        }
    }
}

/// Both strings after one equal character.
fn step<'a>(pattern: &'a str, name: &'a str) -> Option<(&'a str, &'a str)> {
    let first = pattern.chars().next()?;
    Some((pattern.strip_prefix(first)?, name.strip_prefix(first)?))
}

fn skip_one(name: &str) -> Option<&str> {
    let mut chars = name.chars();
    chars.next()?;
    Some(chars.as_str())
}

/// A name within a namespace: `cart*`, or with the namespace as tables show it, `shop/cart*`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QualifiedGlob {
    namespace: Option<Glob>,
    name: Glob,
}

impl QualifiedGlob {
    /// The pattern `text`.
    #[must_use]
    pub fn new(text: &str) -> Self {
        match text.split_once('/') {
            Some((namespace, name)) => Self {
                namespace: Some(Glob::new(namespace)),
                name: Glob::new(name),
            },
            None => Self {
                namespace: None,
                name: Glob::new(text),
            },
        }
    }

    /// Whether `name`, in `namespace`, has this form.
    #[must_use]
    pub fn matches(&self, namespace: Option<&str>, name: Option<&str>) -> bool {
        let in_it = |glob: &Glob| namespace.is_some_and(|namespace| glob.matches(namespace));
        self.namespace.as_ref().is_none_or(in_it)
            && name.is_some_and(|name| self.name.matches(name))
    }
}

/// Whether a network holds an address; an IPv4 address written inside IPv6 is not its IPv4 twin.
#[must_use]
pub fn holds(network: &IpNet, address: IpAddr) -> bool {
    network.contains(&address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        let cases = [
            ("cart", "cart", true),
            ("cart", "cart-1", false),
            ("cart*", "cart", true),
            ("cart-*", "cart-7f9c-hm2ts", true),
            ("*-db", "orders-db", true),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b*", "xxbxxa", false),
            ("a*b*c", "abbc", true),
            ("a*bc", "abbbc", true),
            ("*", "", true),
            ("", "", true),
            ("", "x", false),
            ("é*", "école", true),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(
                Glob::new(pattern).matches(name),
                expected,
                "{pattern} on {name}"
            );
        }
    }

    #[test]
    fn a_name_may_be_given_with_its_namespace() {
        let matches =
            |pattern, namespace| QualifiedGlob::new(pattern).matches(namespace, Some("cart"));
        assert!(matches("cart", Some("shop")) && matches("cart", None));
        assert!(matches("shop/c*", Some("shop")) && matches("*/cart", Some("shop")));
        assert!(!matches("data/cart", Some("shop")) && !matches("shop/cart", None));
        assert!(!QualifiedGlob::new("*").matches(Some("shop"), None));
    }

    #[test]
    fn many_stars_do_not_explode() {
        let pattern = "a*".repeat(40) + "b";
        assert!(!Glob::new(&pattern).matches(&"a".repeat(2_000)));
    }

    #[test]
    fn exclusions_win_and_an_empty_list_takes_all() {
        let terms = Terms {
            include: vec![1, 2],
            exclude: vec![2],
        };
        assert_eq!(
            [1, 2, 3].map(|value| terms.accepts_value(&value)),
            [true, false, false]
        );
        assert!(Terms::default().accepts_value(&7));
    }
}
