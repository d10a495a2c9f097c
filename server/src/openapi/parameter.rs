//! Parameters of the table as the document describes them.

use analyzer::query::parameter::{Domain, Parameter};
use utoipa::openapi::path::{
    Parameter as Described, ParameterBuilder, ParameterIn, ParameterStyle,
};
use utoipa::openapi::schema::{Object, ObjectBuilder};
use utoipa::openapi::{Required, Type};

/// A parameter of the query string.
pub(super) fn described(parameter: &Parameter) -> Described {
    ParameterBuilder::new()
        .name(&*parameter.name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(&*parameter.help))
        .style(Some(ParameterStyle::Form))
        .schema(Some(schema(parameter)))
        .example(Some(parameter.example.into()))
        .build()
}

fn schema(parameter: &Parameter) -> Object {
    let text = ObjectBuilder::new().schema_type(Type::String);
    match parameter.domain {
        Domain::Choice(words) => text.enum_values(Some(words.iter().copied())).build(),
        Domain::Some(words) => text.pattern(Some(some(words))).build(),
        Domain::Number { least, most } => {
            let number = ObjectBuilder::new()
                .schema_type(Type::Integer)
                .minimum(Some(least));
            let greatest = (most < usize::MAX).then_some(most);
            number.maximum(greatest).build()
        }
        Domain::Text => text.min_length(Some(1)).build(),
    }
}

/// Some of these words, separated by commas.
fn some(words: &[&str]) -> String {
    let one = format!("!?({})", words.join("|"));
    format!("^{one}(,{one})*$")
}
