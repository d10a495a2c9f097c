//! A parsed expression to a typed one: every field, function and type is checked on the way.
//!
//! In: the tree of `cel`, in which macros such as `exists` are folds over lists already.
//! Out: [`Node`]s whose evaluation can only fail by what data it meets.

use std::sync::Arc;

use cel::IdedExpr;
use cel::common::ast::{
    ComprehensionExpr, Expr, ListExpr, LiteralValue, SelectExpr, SourceInfo, operators,
};

use crate::rules::expression::{Expression, ExpressionError};
use crate::rules::schema;
use crate::rules::typed::call::{CallTyper, one_of};
use crate::rules::value::Type;

mod call;

pub(super) use crate::rules::typed::call::{Arithmetic, Comparison, Conversion, Search};

/// How deep a typed expression may be.
const DEEPEST: usize = 200;

/// An expression that is checked.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Bool(bool),
    Whole(i64),
    Fraction(f64),
    Text(Arc<str>),
    List(Vec<Node>),
    /// A field of the flow, and what it holds.
    Field(Vec<&'static str>, &'static schema::Kind),
    /// Whether a field is known.
    Has(Vec<&'static str>, &'static schema::Kind),
    /// A variable by its number.
    Variable(usize),
    Not(Box<Node>),
    And(Box<[Node; 2]>),
    Or(Box<[Node; 2]>),
    Choice(Box<[Node; 3]>),
    Compare(Comparison, Box<[Node; 2]>),
    Calculate(Arithmetic, Box<[Node; 2]>),
    Negate(Box<Node>),
    In(Box<[Node; 2]>),
    Item(Box<[Node; 2]>),
    Size(Box<Node>),
    Search(Search, Box<[Node; 2]>),
    Convert(Conversion, Box<Node>),
    /// True, unless it is false for certain.
    NotFalse(Box<Node>),
    Fold(Box<Fold>),
}

/// A value carried along a list.
#[derive(Clone, Debug)]
pub(super) struct Fold {
    pub(super) over: Node,
    /// The number of the variable for an item; the carried value has the next one.
    pub(super) item: usize,
    pub(super) first: Node,
    pub(super) goes_on: Node,
    pub(super) next: Node,
    pub(super) result: Node,
}

/// Checks a whole expression.
pub(super) fn expression(
    source: &str,
    tree: &IdedExpr,
    places: &SourceInfo,
) -> Result<Expression, ExpressionError> {
    let mut typer = Typer {
        places,
        characters: source.chars().count(),
        scope: Vec::new(),
        variables: 0,
        depth: 0,
    };
    let (root, kind) = typer.node(tree)?;
    if kind != Type::Bool {
        return Err(typer.wrong(tree, format!("this is {kind}, expected true or false")));
    }
    Ok(Expression {
        root,
        variables: typer.variables,
    })
}

/// A node and its type.
pub(super) type Typed = (Node, Type);

pub(super) struct Typer<'t> {
    places: &'t SourceInfo,
    characters: usize,
    /// Names and types of the variables that are there.
    scope: Vec<(String, Type)>,
    variables: usize,
    depth: usize,
}

impl Typer<'_> {
    pub(super) fn node(&mut self, tree: &IdedExpr) -> Result<Typed, ExpressionError> {
        if self.depth >= DEEPEST {
            return Err(self.wrong(tree, format!("more than {DEEPEST} levels deep")));
        }
        self.depth += 1;
        let typed = match &tree.expr {
            Expr::Literal(literal) => self.literal(tree, literal),
            Expr::Ident(name) => self.name(tree, name),
            Expr::Select(select) => self.field(tree, select),
            Expr::Call(call) => self.call(tree, call),
            Expr::List(list) => self.list(list),
            Expr::Comprehension(fold) => self.fold(fold),
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                Err(self.wrong(tree, "maps and messages are not offered in rules"))
            }
        };
        self.depth -= 1;
        typed
    }

    /// What is wrong with a part of the expression.
    pub(super) fn wrong(&self, tree: &IdedExpr, problem: impl Into<String>) -> ExpressionError {
        self.wrong_at(tree, 0, problem)
    }

    fn wrong_at(
        &self,
        tree: &IdedExpr,
        behind: usize,
        problem: impl Into<String>,
    ) -> ExpressionError {
        let start = self
            .places
            .offset_for(tree.id)
            .map_or(0, |(start, _)| start);
        let at = usize::try_from(start).unwrap_or(0) + behind;
        ExpressionError {
            at: at.min(self.characters),
            problem: problem.into(),
        }
    }

    fn literal(&self, tree: &IdedExpr, literal: &LiteralValue) -> Result<Typed, ExpressionError> {
        Ok(match literal {
            LiteralValue::Boolean(value) => (Node::Bool(*value.inner()), Type::Bool),
            LiteralValue::Int(value) => (Node::Whole(*value.inner()), Type::Whole),
            LiteralValue::UInt(value) => match i64::try_from(*value.inner()) {
                Ok(value) => (Node::Whole(value), Type::Whole),
                Err(_) => return Err(self.wrong(tree, "greater than any count")),
            },
            LiteralValue::Double(value) => (Node::Fraction(*value.inner()), Type::Fraction),
            LiteralValue::String(value) => (Node::Text(value.inner().into()), Type::Text),
            LiteralValue::Bytes(_) | LiteralValue::Null => {
                let problem = "bytes and null are not offered in rules; unknown text is \"\"";
                return Err(self.wrong(tree, problem));
            }
        })
    }

    fn name(&self, tree: &IdedExpr, name: &str) -> Result<Typed, ExpressionError> {
        let known = self.scope.iter().enumerate().rev();
        let mut known = known.filter(|(_, (known, _))| known == name);
        if let Some((number, (_, kind))) = known.next() {
            return Ok((Node::Variable(number), kind.clone()));
        }
        self.member(tree, 0, Vec::new(), "a flow", schema::flow(), name)
    }

    fn field(&mut self, tree: &IdedExpr, select: &SelectExpr) -> Result<Typed, ExpressionError> {
        let (of, kind) = self.node(&select.operand)?;
        let (Node::Field(path, _), Type::Object(fields)) = (of, &kind) else {
            return Err(self.wrong_at(tree, 0, format!("{kind} has no fields")));
        };
        let whose = path.join(".");
        // The place of a selection is its dot.
        let (node, kind) = self.member(tree, 1, path, &whose, fields, &select.field)?;
        if !select.test {
            return Ok((node, kind));
        }
        if let Node::Field(path, kind) = node
            && !matches!(kind, schema::Kind::Object(_))
        {
            return Ok((Node::Has(path, kind), Type::Bool));
        }
        Err(self.wrong_at(tree, 0, "has() asks for a field that holds a value"))
    }

    /// A field of an object that is at `path`.
    fn member(
        &self,
        tree: &IdedExpr,
        behind: usize,
        mut path: Vec<&'static str>,
        whose: &str,
        fields: &'static [schema::Field],
        name: &str,
    ) -> Result<Typed, ExpressionError> {
        let Some((known, kind)) = fields.iter().find(|(known, _)| known == name) else {
            let problem = one_of(name, fields.iter().map(|(known, _)| known.as_str()));
            return Err(self.wrong_at(tree, behind, format!("{whose} has no field {problem}")));
        };
        path.push(known);
        Ok((Node::Field(path, kind), Type::of(kind)))
    }

    fn list(&mut self, list: &ListExpr) -> Result<Typed, ExpressionError> {
        let (mut items, mut of) = (Vec::new(), Type::Any);
        for item in &list.elements {
            let (node, kind) = self.value(item)?;
            of = of.unify(&kind).ok_or_else(|| {
                self.wrong(item, format!("{kind} in a list of another type ({of})"))
            })?;
            items.push(node);
        }
        Ok((Node::List(items), Type::List(Box::new(of))))
    }

    fn fold(&mut self, fold: &ComprehensionExpr) -> Result<Typed, ExpressionError> {
        let (over, kind) = self.value(&fold.iter_range)?;
        let Type::List(of) = kind else {
            return Err(self.wrong(&fold.iter_range, format!("this is {kind}, expected a list")));
        };
        if fold.iter_var2.is_some() {
            return Err(self.wrong(&fold.iter_range, "two variables are not offered in rules"));
        }
        let (first, carried) = self.value(&fold.accu_init)?;
        let item = self.scope.len();
        self.scope.push((fold.iter_var.clone(), *of));
        self.scope.push((fold.accu_var.clone(), carried.clone()));
        self.variables = self.variables.max(self.scope.len());
        let goes_on = self.of_type(&fold.loop_cond, &Type::Bool)?;
        let (next, kind) = self.value(&fold.loop_step)?;
        let carried = carried.unify(&kind).ok_or_else(|| {
            self.wrong(
                &fold.loop_step,
                format!("this is {kind}, expected {carried}"),
            )
        })?;
        if let Some(slot) = self.scope.last_mut() {
            slot.1 = carried;
        }
        let (result, kind) = self.value(&fold.result)?;
        self.scope.truncate(item);
        let fold = Fold {
            over,
            item,
            first,
            goes_on,
            next,
            result,
        };
        Ok((Node::Fold(Box::new(fold)), kind))
    }

    /// A part that is a value, and not an object.
    pub(super) fn value(&mut self, tree: &IdedExpr) -> Result<Typed, ExpressionError> {
        let (node, kind) = self.node(tree)?;
        if let Type::Object(fields) = kind {
            let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
            let problem = format!(
                "this is an object, expected one of its fields: {}",
                names.join(", ")
            );
            return Err(self.wrong(tree, problem));
        }
        Ok((node, kind))
    }

    /// A part that must be of a type.
    pub(super) fn of_type(
        &mut self,
        tree: &IdedExpr,
        expected: &Type,
    ) -> Result<Node, ExpressionError> {
        let (node, kind) = self.value(tree)?;
        match kind.unify(expected) {
            Some(_) => Ok(node),
            None => Err(self.wrong(tree, format!("this is {kind}, expected {expected}"))),
        }
    }
}

/// The names of operators that people write.
pub(super) fn sign(function: &str) -> &str {
    match function {
        operators::EQUALS => "==",
        operators::NOT_EQUALS => "!=",
        operators::LESS => "<",
        operators::LESS_EQUALS => "<=",
        operators::GREATER => ">",
        operators::GREATER_EQUALS => ">=",
        operators::ADD => "+",
        operators::SUBSTRACT => "-",
        operators::MULTIPLY => "*",
        operators::DIVIDE => "/",
        operators::MODULO => "%",
        operators::IN => "in",
        other => other,
    }
}
