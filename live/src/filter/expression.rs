//! An expression to a condition.
//!
//! ```text
//! expression = term { "and" term } | term { "or" term }
//! term       = "not" term | "(" expression ")" | question
//! question   = [ "ip" | "ip6" | "tcp" | "udp" ] [ "host" ADDRESS | "net" RANGE | "port" NUMBER
//!            | "portrange" FIRST-LAST ] | ADDRESS | RANGE | NUMBER
//! ```
//!
//! In: text. Out: a [`Condition`], or the first word that does not fit.
//! **Shape** a bare value asks what was asked before it: `port 80 or 443`. `and` beside `or` needs
//! parentheses: `tcpdump` takes both from left to right, and most languages do not.

use std::iter::Peekable;
use std::net::IpAddr;
use std::vec;

use analyzer::protocol::Protocol;
use ipnet::IpNet;

use crate::filter::condition::{Condition, Version};
use crate::filter::word::{Word, words};

/// Characters of an expression, and what may stand within another: more is a mistake.
const LONGEST: usize = 4_096;
const DEEPEST: usize = 32;

/// What may begin a question.
const QUESTION: &str = "host ADDRESS, net RANGE, port NUMBER, portrange FIRST-LAST, tcp, udp, ip \
                        or ip6";

/// An expression that is none.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("at character {at}: {problem}")]
pub struct FilterError {
    /// The character, counted from 1.
    at: usize,
    problem: String,
}

/// What a value belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Asked {
    Host,
    Net,
    Port,
    PortRange,
}

/// What joins questions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Joined {
    All,
    Any,
}

struct Parser<'t> {
    words: Peekable<vec::IntoIter<Word<'t>>>,
    /// Where the text ends.
    end: usize,
    /// What was asked last, which a bare value asks too.
    asked: Option<Asked>,
    depth: usize,
}

/// Reads an expression.
pub(super) fn parse(text: &str) -> Result<Condition, FilterError> {
    let characters = text.chars().count();
    if characters > LONGEST {
        let problem = format!("goes on, expected at most {LONGEST} characters");
        return Err(wrong(LONGEST, problem));
    }
    let mut parser = Parser {
        words: words(text).into_iter().peekable(),
        end: characters + 1,
        asked: None,
        depth: 0,
    };
    let condition = parser.expression()?;
    match parser.words.next() {
        None => Ok(condition),
        Some(word) => Err(unexpected(word, "and, or, or the end")),
    }
}

impl<'t> Parser<'t> {
    fn expression(&mut self) -> Result<Condition, FilterError> {
        let first = self.term()?;
        let Some((_, joined)) = self.joint() else {
            return Ok(first);
        };
        let mut conditions = vec![first, self.term()?];
        while let Some((word, next)) = self.joint() {
            if joined != next {
                let problem = format!(
                    "`{}` beside the other of and, or; expected parentheses, which say what goes \
                     first",
                    word.text
                );
                return Err(wrong(word.at, problem));
            }
            conditions.push(self.term()?);
        }
        Ok(match joined {
            Joined::All => Condition::All(conditions),
            Joined::Any => Condition::Any(conditions),
        })
    }

    /// Takes what joins two terms, if that is next.
    fn joint(&mut self) -> Option<(Word<'t>, Joined)> {
        let word = *self.words.peek()?;
        let joined = match word.text {
            "and" | "&&" => Joined::All,
            "or" | "||" => Joined::Any,
            _ => return None,
        };
        self.words.next();
        Some((word, joined))
    }

    fn term(&mut self) -> Result<Condition, FilterError> {
        let word = self.word(QUESTION)?;
        match word.text {
            "not" | "!" => {
                let condition = self.within(word, Self::term)?;
                Ok(Condition::Not(Box::new(condition)))
            }
            "(" => {
                let condition = self.within(word, Self::expression)?;
                let close = self.word("and, or, or )")?;
                match close.text {
                    ")" => Ok(condition),
                    _ => Err(unexpected(close, "and, or, or )")),
                }
            }
            _ => self.question(word),
        }
    }

    /// Reads what stands within something else.
    fn within(
        &mut self,
        word: Word<'_>,
        read: impl FnOnce(&mut Self) -> Result<Condition, FilterError>,
    ) -> Result<Condition, FilterError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            let problem = format!("is within {DEEPEST} others, expected fewer");
            return Err(wrong(word.at, problem));
        }
        let condition = read(self);
        self.depth -= 1;
        condition
    }

    fn question(&mut self, word: Word<'t>) -> Result<Condition, FilterError> {
        let kind = match word.text {
            "tcp" => Condition::Transport(Protocol::Tcp),
            "udp" => Condition::Transport(Protocol::Udp),
            "ip" => Condition::Version(Version::V4),
            "ip6" => Condition::Version(Version::V6),
            text => {
                let Some(asked) = asked(text) else {
                    return self.value_of_before(word);
                };
                return self.value(asked);
            }
        };
        match self.words.peek().and_then(|next| asked(next.text)) {
            None => Ok(kind),
            Some(asked) => {
                self.words.next();
                Ok(Condition::All(vec![kind, self.value(asked)?]))
            }
        }
    }

    /// The value of what is asked, which comes next.
    fn value(&mut self, asked: Asked) -> Result<Condition, FilterError> {
        self.asked = Some(asked);
        let word = self.word(asked.expected())?;
        asked.of(word)
    }

    /// A word that asks nothing: a value, where something was asked before.
    fn value_of_before(&mut self, word: Word<'_>) -> Result<Condition, FilterError> {
        let is_value = word.text.starts_with(|first: char| first.is_ascii_digit());
        match self.asked {
            Some(asked) if is_value || word.text.contains(':') => asked.of(word),
            Some(_) | None => Err(unknown(word)),
        }
    }

    fn word(&mut self, expected: &str) -> Result<Word<'t>, FilterError> {
        let ends = || wrong(self.end, format!("the text ends, expected {expected}"));
        self.words.next().ok_or_else(ends)
    }
}

impl Asked {
    const fn expected(self) -> &'static str {
        match self {
            Self::Host => "an address such as 10.0.0.7 (names are not looked up)",
            Self::Net => "a range such as 10.0.0.0/8",
            Self::Port => "a port from 0 to 65535 (names of services are not looked up)",
            Self::PortRange => "two ports such as 8000-8080",
        }
    }

    fn of(self, word: Word<'_>) -> Result<Condition, FilterError> {
        let text = word.text;
        let condition = match self {
            Self::Host => text
                .parse()
                .ok()
                .map(|address: IpAddr| Condition::Net(address.into())),
            Self::Net => return net(word),
            Self::Port => port(text).map(|port| Condition::Ports(port..=port)),
            Self::PortRange => text.split_once('-').and_then(|(first, last)| {
                let (first, last) = (port(first)?, port(last)?);
                (first <= last).then_some(Condition::Ports(first..=last))
            }),
        };
        condition.ok_or_else(|| unexpected(word, self.expected()))
    }
}

fn asked(text: &str) -> Option<Asked> {
    match text {
        "host" => Some(Asked::Host),
        "net" => Some(Asked::Net),
        "port" => Some(Asked::Port),
        "portrange" => Some(Asked::PortRange),
        _ => None,
    }
}

/// A range, or an address, which is one of its own.
fn net(word: Word<'_>) -> Result<Condition, FilterError> {
    let Ok(net) = word
        .text
        .parse()
        .or_else(|_| word.text.parse().map(|own: IpAddr| own.into()))
    else {
        return Err(unexpected(word, Asked::Net.expected()));
    };
    let whole: IpNet = IpNet::trunc(&net);
    if whole != net {
        let problem = format!(
            "`{}` has more than its prefix covers, expected {whole}",
            word.text
        );
        return Err(wrong(word.at, problem));
    }
    Ok(Condition::Net(net))
}

fn port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|_| !text.starts_with('+'))
}

fn unexpected(word: Word<'_>, expected: &str) -> FilterError {
    wrong(word.at, format!("`{}`, expected {expected}", word.text))
}

/// A word that begins no question: those of `tcpdump` are known by name.
fn unknown(word: Word<'_>) -> FilterError {
    let problem = match word.text {
        "src" | "dst" => format!(
            "`{}` keeps one direction of a conversation, of which no flow can be counted; \
             expected host, net or port, which keep both",
            word.text
        ),
        "icmp" | "icmp6" | "arp" | "sctp" | "igmp" | "esp" | "ah" => format!(
            "`{}` makes no flow and is never recorded by a filter; expected {QUESTION}",
            word.text
        ),
        _ => return unexpected(word, QUESTION),
    };
    wrong(word.at, problem)
}

const fn wrong(at: usize, problem: String) -> FilterError {
    FilterError { at, problem }
}
