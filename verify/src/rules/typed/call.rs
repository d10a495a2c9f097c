//! Operators and functions.

use analyzer::query::suggest::nearest;
use cel::IdedExpr;
use cel::common::ast::{CallExpr, Expr, LiteralValue, operators};
use objects::document::field::shown;

use crate::rules::expression::ExpressionError;
use crate::rules::typed::{Node, Typed, Typer, sign};
use crate::rules::value::Type;

/// How two values are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::rules) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What is made of two values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::rules) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// Where in a text another one is looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::rules) enum Search {
    Anywhere,
    AtStart,
    AtEnd,
}

/// What a value is made into.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::rules) enum Conversion {
    Whole,
    Fraction,
    Text,
}

/// The functions there are.
const FUNCTIONS: [&str; 13] = [
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "has",
    "exists",
    "all",
    "exists_one",
    "filter",
    "map",
    "int",
    "double",
    "string",
];

/// Checks calls.
pub(super) trait CallTyper {
    /// A call of an operator or a function.
    fn call(&mut self, tree: &IdedExpr, call: &CallExpr) -> Result<Typed, ExpressionError>;
}

impl CallTyper for Typer<'_> {
    fn call(&mut self, tree: &IdedExpr, call: &CallExpr) -> Result<Typed, ExpressionError> {
        let arguments: Vec<&IdedExpr> = call
            .target
            .as_deref()
            .into_iter()
            .chain(&call.args)
            .collect();
        let name = call.func_name.as_str();
        match (name, arguments.as_slice()) {
            (operators::LOGICAL_AND, [one, other]) => {
                Ok((Node::And(Box::new(self.truths([one, other])?)), Type::Bool))
            }
            (operators::LOGICAL_OR, [one, other]) => {
                Ok((Node::Or(Box::new(self.truths([one, other])?)), Type::Bool))
            }
            (operators::LOGICAL_NOT, [of]) => Ok((
                Node::Not(Box::new(self.of_type(of, &Type::Bool)?)),
                Type::Bool,
            )),
            (operators::NOT_STRICTLY_FALSE, [of]) => Ok((
                Node::NotFalse(Box::new(self.of_type(of, &Type::Bool)?)),
                Type::Bool,
            )),
            (operators::CONDITIONAL, [of, yes, no]) => self.choice(of, yes, no),
            (operators::NEGATE, [of]) => {
                let (node, kind) = self.value(of)?;
                if kind.is_number() {
                    return Ok((Node::Negate(Box::new(node)), kind));
                }
                Err(self.wrong(of, format!("this is {kind}, expected a number")))
            }
            (operators::IN, [item, list]) => self.within(item, list),
            (operators::INDEX, [list, number]) => self.item(list, number),
            (_, [one, other]) if comparison(name).is_some() => self.compare(tree, name, one, other),
            (_, [one, other]) if arithmetic(name).is_some() => {
                self.calculate(tree, name, one, other)
            }
            _ => self.function(tree, name, &arguments),
        }
    }
}

impl Typer<'_> {
    fn truths(&mut self, [one, other]: [&IdedExpr; 2]) -> Result<[Node; 2], ExpressionError> {
        Ok([
            self.of_type(one, &Type::Bool)?,
            self.of_type(other, &Type::Bool)?,
        ])
    }

    fn choice(
        &mut self,
        of: &IdedExpr,
        yes: &IdedExpr,
        no: &IdedExpr,
    ) -> Result<Typed, ExpressionError> {
        let of = self.of_type(of, &Type::Bool)?;
        let ((yes, kind), (other, second)) = (self.value(yes)?, self.value(no)?);
        let kind = kind
            .unify(&second)
            .ok_or_else(|| self.wrong(no, format!("this is {second}, expected {kind}")))?;
        Ok((Node::Choice(Box::new([of, yes, other])), kind))
    }

    fn within(&mut self, item: &IdedExpr, list: &IdedExpr) -> Result<Typed, ExpressionError> {
        let (node, kind) = self.value(item)?;
        let (within, of) = self.value(list)?;
        let expected = Type::List(Box::new(kind));
        if of.unify(&expected).is_none() {
            return Err(self.wrong(list, format!("this is {of}, expected {expected}")));
        }
        self.check_words(&expected, list)?;
        self.check_words(&of, item)?;
        Ok((Node::In(Box::new([node, within])), Type::Bool))
    }

    fn item(&mut self, list: &IdedExpr, number: &IdedExpr) -> Result<Typed, ExpressionError> {
        let (node, kind) = self.value(list)?;
        let Type::List(of) = kind else {
            return Err(self.wrong(list, format!("this is {kind}, expected a list")));
        };
        let number = self.of_type(number, &Type::Whole)?;
        Ok((Node::Item(Box::new([node, number])), *of))
    }

    fn compare(
        &mut self,
        tree: &IdedExpr,
        name: &str,
        one: &IdedExpr,
        other: &IdedExpr,
    ) -> Result<Typed, ExpressionError> {
        let ((left, first), (right, second)) = (self.value(one)?, self.value(other)?);
        let how = comparison(name).unwrap_or(Comparison::Equal);
        let are_numbers = first.is_number() && second.is_number();
        let is_equality = matches!(how, Comparison::Equal | Comparison::NotEqual);
        let unified = first.unify(&second);
        let has_order =
            are_numbers || matches!(unified, Some(Type::Text | Type::Word(_) | Type::Any));
        self.check_words(&first, other)?;
        self.check_words(&second, one)?;
        if (unified.is_some() && is_equality) || has_order {
            return Ok((Node::Compare(how, Box::new([left, right])), Type::Bool));
        }
        Err(self.wrong(tree, mismatch(name, &first, &second)))
    }

    /// Refuses a text that what it is compared with never is.
    fn check_words(&self, compared: &Type, with: &IdedExpr) -> Result<(), ExpressionError> {
        let Some(words) = compared.words() else {
            return Ok(());
        };
        let mut texts = Vec::new();
        texts_of(with, &mut texts);
        let wrong = texts
            .into_iter()
            .find(|(_, text)| words.iter().all(|word| word != text));
        match wrong {
            Some((tree, text)) => {
                Err(self.wrong(tree, format!("this is never {}", one_of_words(text, words))))
            }
            None => Ok(()),
        }
    }

    fn calculate(
        &mut self,
        tree: &IdedExpr,
        name: &str,
        one: &IdedExpr,
        other: &IdedExpr,
    ) -> Result<Typed, ExpressionError> {
        let ((left, first), (right, second)) = (self.value(one)?, self.value(other)?);
        let how = arithmetic(name).unwrap_or(Arithmetic::Add);
        let kind = first.unify(&second).filter(|kind| match kind {
            Type::Whole => true,
            Type::Fraction => how != Arithmetic::Remainder,
            Type::Text | Type::Word(_) | Type::List(_) => how == Arithmetic::Add,
            Type::Bool | Type::Any | Type::Object(_) => false,
        });
        match kind {
            Some(kind) => {
                // Two words together are none.
                let is_word = matches!(kind, Type::Word(_));
                let kind = if is_word { Type::Text } else { kind };
                Ok((Node::Calculate(how, Box::new([left, right])), kind))
            }
            None => Err(self.wrong(tree, mismatch(name, &first, &second))),
        }
    }

    fn function(
        &mut self,
        tree: &IdedExpr,
        name: &str,
        arguments: &[&IdedExpr],
    ) -> Result<Typed, ExpressionError> {
        match (name, arguments) {
            ("size", [of]) => {
                let (node, kind) = self.value(of)?;
                if matches!(kind, Type::Text | Type::Word(_) | Type::List(_)) {
                    return Ok((Node::Size(Box::new(node)), Type::Whole));
                }
                Err(self.wrong(of, format!("this is {kind}, expected text or a list")))
            }
            ("contains", [text, part]) => self.search(Search::Anywhere, text, part),
            ("startsWith", [text, part]) => self.search(Search::AtStart, text, part),
            ("endsWith", [text, part]) => self.search(Search::AtEnd, text, part),
            ("int", [of]) => self.convert(Conversion::Whole, of, Type::Whole),
            ("double", [of]) => self.convert(Conversion::Fraction, of, Type::Fraction),
            ("string", [of]) => self.convert(Conversion::Text, of, Type::Text),
            _ if FUNCTIONS.contains(&name) => {
                Err(self.wrong(tree, format!("{name} is called with the wrong arguments")))
            }
            _ => {
                let problem = one_of(name, FUNCTIONS.into_iter());
                Err(self.wrong(tree, format!("there is no function {problem}")))
            }
        }
    }

    fn search(
        &mut self,
        how: Search,
        text: &IdedExpr,
        part: &IdedExpr,
    ) -> Result<Typed, ExpressionError> {
        let nodes = [
            self.of_type(text, &Type::Text)?,
            self.of_type(part, &Type::Text)?,
        ];
        Ok((Node::Search(how, Box::new(nodes)), Type::Bool))
    }

    fn convert(
        &mut self,
        how: Conversion,
        of: &IdedExpr,
        kind: Type,
    ) -> Result<Typed, ExpressionError> {
        let (node, from) = self.value(of)?;
        if from.is_number() {
            return Ok((Node::Convert(how, Box::new(node)), kind));
        }
        Err(self.wrong(of, format!("this is {from}, expected a number")))
    }
}

/// `svcc, did you mean svc?`, or all there are.
pub(super) fn one_of<'n>(name: &str, known: impl Iterator<Item = &'n str> + Clone) -> String {
    match nearest(name, known.clone()) {
        Some(near) => format!("{name}, did you mean {near}?"),
        None => format!(
            "{name}, expected one of {}",
            known.collect::<Vec<_>>().join(", ")
        ),
    }
}

/// `"TCP", did you mean "tcp"?`, or all words there are.
fn one_of_words(text: &str, words: &[String]) -> String {
    let known = words.iter().filter(|word| !word.is_empty());
    let near = nearest(&text.to_lowercase(), known.clone().map(String::as_str));
    let text = shown(text);
    match near {
        Some(near) => format!("{text}, did you mean {near:?}?"),
        None => format!(
            "{text}, expected one of {}",
            known.cloned().collect::<Vec<_>>().join(", ")
        ),
    }
}

/// The texts that an expression may be, or may have as items, as far as they are written in it.
fn texts_of<'t>(tree: &'t IdedExpr, texts: &mut Vec<(&'t IdedExpr, &'t str)>) {
    if let Expr::Literal(LiteralValue::String(text)) = &tree.expr {
        texts.push((tree, text.inner()));
    }
    if let Expr::List(list) = &tree.expr {
        for item in &list.elements {
            texts_of(item, texts);
        }
    }
    if let Expr::Call(call) = &tree.expr
        && call.func_name == operators::CONDITIONAL
    {
        for part in call.args.iter().skip(1) {
            texts_of(part, texts);
        }
    }
}

fn mismatch(name: &str, first: &Type, second: &Type) -> String {
    format!("{first} {} {second}: expected both of one type", sign(name))
}

fn comparison(name: &str) -> Option<Comparison> {
    Some(match name {
        operators::EQUALS => Comparison::Equal,
        operators::NOT_EQUALS => Comparison::NotEqual,
        operators::LESS => Comparison::Less,
        operators::LESS_EQUALS => Comparison::LessOrEqual,
        operators::GREATER => Comparison::Greater,
        operators::GREATER_EQUALS => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

fn arithmetic(name: &str) -> Option<Arithmetic> {
    Some(match name {
        operators::ADD => Arithmetic::Add,
        operators::SUBSTRACT => Arithmetic::Subtract,
        operators::MULTIPLY => Arithmetic::Multiply,
        operators::DIVIDE => Arithmetic::Divide,
        operators::MODULO => Arithmetic::Remainder,
        _ => return None,
    })
}
