//! An expression over a flow to true or false.
//!
//! **Shape** work is bounded: every step takes of a budget, and what copies or looks through a value
//! takes by its size, so no expression goes on for ever, whatever names a flow has.
//! **Errors** what only data can make wrong: a number that does not fit, a division by zero, an item
//! that is not there, too much work.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "types were checked: a value of another type than the arms name does not come"
)]

use std::borrow::Cow;
use std::cmp::Ordering;
use std::rc::Rc;

use serde_json::Value as Json;

use crate::rules::expression::Expression;
use crate::rules::schema::Kind;
use crate::rules::typed::{Arithmetic, Comparison, Conversion, Fold, Node, Search};
use crate::rules::value::Value;

/// Steps that one evaluation may take.
const STEPS: usize = 100_000;

/// Work that may yet be done.
#[derive(Debug)]
pub struct Budget {
    left: usize,
}

impl Budget {
    /// So many steps for all flows together.
    #[must_use]
    pub const fn new(steps: usize) -> Self {
        Self { left: steps }
    }

    /// Whether nothing is left.
    #[must_use]
    pub const fn is_spent(&self) -> bool {
        self.left == 0
    }
}

/// Why an expression has no value for a flow.
type Failure = &'static str;

const TOO_MUCH: Failure = "it takes too much work";

impl Expression {
    /// Whether it holds for a flow, as JSON of `format=full`.
    ///
    /// # Errors
    /// Why it cannot be said.
    pub fn holds(&self, flow: &Json, budget: &mut Budget) -> Result<bool, &'static str> {
        let steps = STEPS.min(budget.left);
        let mut evaluation = Evaluation {
            flow,
            variables: vec![Value::Unknown; self.variables],
            steps,
        };
        let result = evaluation.truth(&self.root);
        budget.left = budget.left.saturating_sub(steps - evaluation.steps);
        result
    }
}

struct Evaluation<'f> {
    flow: &'f Json,
    variables: Vec<Value<'f>>,
    steps: usize,
}

impl<'f> Evaluation<'f> {
    fn take(&mut self, steps: usize) -> Result<(), Failure> {
        match self.steps.checked_sub(steps) {
            Some(left) => {
                self.steps = left;
                Ok(())
            }
            None => {
                self.steps = 0;
                Err(TOO_MUCH)
            }
        }
    }

    /// Takes what looking through a value costs.
    fn take_size(&mut self, value: &Value<'_>) -> Result<(), Failure> {
        let is_paid = value.take_size(&mut self.steps);
        is_paid.then_some(()).ok_or(TOO_MUCH)
    }

    fn cloned(&mut self, value: &Value<'f>) -> Result<Value<'f>, Failure> {
        self.take(value.clone_size())?;
        Ok(value.clone())
    }

    fn truth(&mut self, node: &'f Node) -> Result<bool, Failure> {
        match self.value(node)? {
            Value::Bool(truth) => Ok(truth),
            // Types were checked.
            _ => Err("it is neither true nor false"),
        }
    }

    fn value(&mut self, node: &'f Node) -> Result<Value<'f>, Failure> {
        self.take(1)?;
        Ok(match node {
            Node::Bool(truth) => Value::Bool(*truth),
            Node::Whole(number) => Value::Whole((*number).into()),
            Node::Fraction(number) => Value::Fraction(*number),
            Node::Text(text) => Value::Text(Cow::Borrowed(text)),
            Node::List(nodes) => {
                let items: Result<Vec<_>, _> = nodes.iter().map(|node| self.value(node)).collect();
                Value::List(Rc::new(items?))
            }
            Node::Field(path, kind) => self.field(path, kind)?,
            Node::Has(path, kind) => Value::Bool(self.field(path, kind)?.is_known()),
            Node::Variable(number) => {
                let size = self.variables.get(*number).map_or(1, Value::clone_size);
                self.take(size)?;
                let value = self.variables.get(*number).cloned();
                value.unwrap_or(Value::Unknown)
            }
            Node::Not(of) => Value::Bool(!self.truth(of)?),
            Node::And(of) => Value::Bool(self.decided(of, false)?),
            Node::Or(of) => Value::Bool(self.decided(of, true)?),
            Node::NotFalse(of) => Value::Bool(self.truth(of).unwrap_or(true)),
            Node::Choice(of) => {
                let [of, yes, no] = &**of;
                let chosen = if self.truth(of)? { yes } else { no };
                self.value(chosen)?
            }
            Node::Fold(fold) => self.fold(fold)?,
            operation => return self.operation(operation),
        })
    }

    /// The value of an operation on values.
    fn operation(&mut self, node: &'f Node) -> Result<Value<'f>, Failure> {
        Ok(match node {
            Node::Compare(how, of) => {
                let [one, other] = self.both(of)?;
                self.take_size(&one)?;
                self.take_size(&other)?;
                Value::Bool(compared(*how, &one, &other))
            }
            Node::Calculate(how, of) => {
                let [one, other] = self.both(of)?;
                self.take_size(&one)?;
                self.take_size(&other)?;
                calculated(*how, one, other)?
            }
            Node::Negate(of) => match self.value(of)? {
                Value::Whole(number) => whole(number.checked_neg())?,
                Value::Fraction(number) => Value::Fraction(-number),
                value => value,
            },
            Node::In(of) => {
                let [item, list] = self.both(of)?;
                self.take_size(&list)?;
                let found = items(&list).any(|other| are_equal(&item, other));
                Value::Bool(found)
            }
            Node::Item(of) => {
                let [list, number] = self.both(of)?;
                let number = match number {
                    Value::Whole(number) => usize::try_from(number).ok(),
                    _ => None,
                };
                let item = number.and_then(|number| items(&list).nth(number));
                self.cloned(item.ok_or("a list has no such item")?)?
            }
            Node::Size(of) => match self.value(of)? {
                Value::Text(text) => {
                    self.take(text.len() / 16)?;
                    count(text.chars().count())
                }
                list => count(items(&list).count()),
            },
            Node::Search(how, of) => {
                let [text, part] = self.both(of)?;
                self.take_size(&text)?;
                self.take_size(&part)?;
                Value::Bool(found(*how, &text, &part))
            }
            Node::Convert(how, of) => converted(*how, self.value(of)?),
            _ => Value::Unknown,
        })
    }

    fn both(&mut self, of: &'f [Node; 2]) -> Result<[Value<'f>; 2], Failure> {
        let [one, other] = of;
        Ok([self.value(one)?, self.value(other)?])
    }

    /// Either side decides by itself, also where the other one fails.
    fn decided(&mut self, of: &'f [Node; 2], by: bool) -> Result<bool, Failure> {
        let [one, other] = of;
        let first = self.truth(one);
        if first == Ok(by) {
            return Ok(by);
        }
        let second = self.truth(other);
        if second == Ok(by) {
            return Ok(by);
        }
        first.and(second)
    }

    fn field(&mut self, path: &[&str], kind: &Kind) -> Result<Value<'f>, Failure> {
        let start = Some(self.flow);
        let found = path.iter().fold(start, |value, name| value?.get(name));
        Ok(match kind {
            Kind::Text | Kind::Word(_) => {
                Value::Text(found.and_then(Json::as_str).unwrap_or_default().into())
            }
            Kind::Whole => {
                let number = found.and_then(Json::as_u64);
                number.map_or(Value::Unknown, |number| Value::Whole(number.into()))
            }
            Kind::Fraction => {
                let number = found.and_then(Json::as_f64);
                number.map_or(Value::Unknown, Value::Fraction)
            }
            Kind::Texts => {
                let texts = found
                    .and_then(Json::as_array)
                    .map_or(&[][..], Vec::as_slice);
                self.take(texts.len())?;
                let texts = texts.iter().filter_map(Json::as_str);
                Value::List(Rc::new(
                    texts.map(|text| Value::Text(text.into())).collect(),
                ))
            }
            // Objects are no values: types were checked.
            Kind::Object(_) => Value::Unknown,
        })
    }

    fn fold(&mut self, fold: &'f Fold) -> Result<Value<'f>, Failure> {
        let over = self.value(&fold.over)?;
        let first = self.value(&fold.first)?;
        self.set(fold.item + 1, first);
        for item in items(&over) {
            let item = self.cloned(item)?;
            self.set(fold.item, item);
            if !self.truth(&fold.goes_on)? {
                break;
            }
            let next = self.value(&fold.next)?;
            self.set(fold.item + 1, next);
        }
        self.value(&fold.result)
    }

    fn set(&mut self, number: usize, value: Value<'f>) {
        if let Some(slot) = self.variables.get_mut(number) {
            *slot = value;
        }
    }
}

/// The items of a list; none of anything else.
fn items<'v, 'f>(value: &'v Value<'f>) -> impl Iterator<Item = &'v Value<'f>> + use<'v, 'f> {
    let items: &[Value<'f>] = match value {
        Value::List(items) => items,
        Value::Bool(_) | Value::Whole(_) | Value::Fraction(_) | Value::Unknown | Value::Text(_) => {
            &[]
        }
    };
    items.iter()
}

/// A comparison with an unknown number is false, whichever it is.
fn compared(how: Comparison, one: &Value<'_>, other: &Value<'_>) -> bool {
    if matches!(one, Value::Unknown) || matches!(other, Value::Unknown) {
        return false;
    }
    let order = ordered(one, other);
    match how {
        Comparison::Equal => are_equal(one, other),
        Comparison::NotEqual => !are_equal(one, other),
        Comparison::Less => order == Some(Ordering::Less),
        Comparison::LessOrEqual => order.is_some_and(Ordering::is_le),
        Comparison::Greater => order == Some(Ordering::Greater),
        Comparison::GreaterOrEqual => order.is_some_and(Ordering::is_ge),
    }
}

fn are_equal(one: &Value<'_>, other: &Value<'_>) -> bool {
    match (one, other) {
        (Value::Bool(one), Value::Bool(other)) => one == other,
        (Value::List(_), Value::List(_)) => {
            items(one).count() == items(other).count()
                && items(one)
                    .zip(items(other))
                    .all(|(one, other)| are_equal(one, other))
        }
        _ => ordered(one, other) == Some(Ordering::Equal),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a whole number beside a fraction is compared as one"
)]
fn ordered(one: &Value<'_>, other: &Value<'_>) -> Option<Ordering> {
    match (one, other) {
        (Value::Text(one), Value::Text(other)) => Some(one.cmp(other)),
        (Value::Whole(one), Value::Whole(other)) => Some(one.cmp(other)),
        (Value::Fraction(one), Value::Fraction(other)) => one.partial_cmp(other),
        (Value::Whole(one), Value::Fraction(other)) => (*one as f64).partial_cmp(other),
        (Value::Fraction(one), Value::Whole(other)) => one.partial_cmp(&(*other as f64)),
        _ => None,
    }
}

fn calculated<'f>(how: Arithmetic, one: Value<'f>, other: Value<'f>) -> Result<Value<'f>, Failure> {
    match (one, other) {
        (Value::Whole(one), Value::Whole(other)) => match how {
            Arithmetic::Divide | Arithmetic::Remainder if other == 0 => Err("it divides by zero"),
            Arithmetic::Add => whole(one.checked_add(other)),
            Arithmetic::Subtract => whole(one.checked_sub(other)),
            Arithmetic::Multiply => whole(one.checked_mul(other)),
            Arithmetic::Divide => whole(one.checked_div(other)),
            Arithmetic::Remainder => whole(one.checked_rem(other)),
        },
        (Value::Fraction(one), Value::Fraction(other)) => Ok(Value::Fraction(match how {
            Arithmetic::Add => one + other,
            Arithmetic::Subtract => one - other,
            Arithmetic::Multiply => one * other,
            Arithmetic::Divide => one / other,
            Arithmetic::Remainder => one % other,
        })),
        (Value::Text(one), Value::Text(other)) => Ok(Value::Text(one + other)),
        (Value::List(mut one), Value::List(other)) => {
            Rc::make_mut(&mut one).extend(other.iter().cloned());
            Ok(Value::List(one))
        }
        // What is made of an unknown number is not known.
        _ => Ok(Value::Unknown),
    }
}

/// Whole numbers have 64 bits.
fn whole<'f>(number: Option<i128>) -> Result<Value<'f>, Failure> {
    let fits =
        number.filter(|number| (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(number));
    fits.map(Value::Whole).ok_or("a number does not fit")
}

fn count<'f>(count: usize) -> Value<'f> {
    Value::Whole(count as i128)
}

fn found(how: Search, text: &Value<'_>, part: &Value<'_>) -> bool {
    let (Value::Text(text), Value::Text(part)) = (text, part) else {
        return false;
    };
    match how {
        Search::Anywhere => text.contains(&**part),
        Search::AtStart => text.starts_with(&**part),
        Search::AtEnd => text.ends_with(&**part),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "what is converted says so"
)]
fn converted(how: Conversion, value: Value<'_>) -> Value<'_> {
    match (how, value) {
        (Conversion::Whole, Value::Fraction(number)) => Value::Whole(number as i128),
        (Conversion::Fraction, Value::Whole(number)) => Value::Fraction(number as f64),
        (Conversion::Text, Value::Whole(number)) => Value::Text(number.to_string().into()),
        (Conversion::Text, Value::Fraction(number)) => Value::Text(number.to_string().into()),
        (Conversion::Text, Value::Unknown) => Value::Text("".into()),
        (_, value) => value,
    }
}
