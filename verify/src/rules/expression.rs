//! Expressions: text to a typed tree, or the place of what is wrong.
//!
//! **Shape** length, signs and depth are bounded before anything is built of them, and parsing has
//! a stack of its own: the parser bounds brackets, but not how many signs follow each other.

use std::thread;

use cel::parser::Parser;

use crate::rules::typed::{self, Node};

/// The longest expression, in characters.
const LONGEST: usize = 4_000;

/// How deep an expression may be.
const DEEPEST: u16 = 64;

/// What may stand within brackets within brackets.
const BRACKETS: usize = 32;

/// The most signs: each may add a level, and some of them are in texts.
const SIGNS: usize = 600;

/// The stack for parsing: a level of so many signs takes about 20 KB of it without optimization.
const STACK: usize = 64 << 20;

/// An expression over a flow that is true or false.
#[derive(Clone, Debug)]
pub struct Expression {
    /// Its tree.
    pub(super) root: Node,
    /// How many variables are there at once.
    pub(super) variables: usize,
}

/// What is wrong with an expression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExpressionError {
    /// The character it begins at, from 0.
    pub at: usize,
    /// What is wrong.
    pub problem: String,
}

impl Expression {
    /// Reads an expression and checks its fields and types.
    ///
    /// # Errors
    /// The first thing that is wrong, and where.
    pub fn parse(source: &str) -> Result<Self, ExpressionError> {
        check_size(source)?;
        thread::scope(|scope| {
            let thread = thread::Builder::new().stack_size(STACK);
            let parsed = thread.spawn_scoped(scope, || parse(source));
            let parsed = parsed.ok().and_then(|thread| thread.join().ok());
            parsed.unwrap_or_else(|| {
                Err(ExpressionError {
                    at: 0,
                    problem: "the parser gave up, expected a simpler expression".to_owned(),
                })
            })
        })
    }
}

fn parse(source: &str) -> Result<Expression, ExpressionError> {
    let parser = Parser::new().max_recursion_depth(DEEPEST);
    let (tree, places) = parser
        .parse_with_source_info(source)
        .map_err(|errors| syntax(source, &errors.errors))?;
    typed::expression(source, &tree, &places)
}

fn check_size(source: &str) -> Result<(), ExpressionError> {
    let error = |at, problem: String| Err(ExpressionError { at, problem });
    if source.trim().is_empty() {
        return error(
            0,
            "empty, expected an expression such as server.port == 443".to_owned(),
        );
    }
    let (mut depth, mut length, mut signs) = (0_usize, 0_usize, 0_usize);
    for (at, c) in source.chars().enumerate() {
        signs += usize::from(c.is_ascii_punctuation() && !"_,'\"".contains(c));
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > BRACKETS {
            return error(
                at,
                format!("more than {BRACKETS} brackets within each other"),
            );
        }
        if signs > SIGNS {
            return error(
                at,
                format!("more than {SIGNS} signs, expected several rules"),
            );
        }
        length = at;
    }
    if length >= LONGEST {
        return error(
            LONGEST,
            format!("longer than {LONGEST} characters, expected several rules"),
        );
    }
    Ok(())
}

fn syntax(source: &str, errors: &[cel::ParseError]) -> ExpressionError {
    let Some(first) = errors.first() else {
        return ExpressionError {
            at: 0,
            problem: "no expression".to_owned(),
        };
    };
    let (line, column) = first.pos;
    let line = usize::try_from(line).unwrap_or(1).max(1);
    let column = usize::try_from(column).unwrap_or(1).max(1);
    let lines = source.split('\n').take(line - 1);
    let above: usize = lines.map(|line| line.chars().count() + 1).sum();
    let problem = first.msg.trim_start_matches("Syntax error: ");
    // The parser lists every sign that could follow.
    let problem = problem.split(" expecting ").next().unwrap_or(problem);
    ExpressionError {
        at: above + column - 1,
        problem: format!("no expression: {problem}"),
    }
}
