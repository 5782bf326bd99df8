//! Values on the command line: `name=value`.

use hos_core::id::Name;
use hos_core::time::Timestamp;
use hos_core::value::{Attributes, Schema, Type, Value};

use crate::exit::{Exit, Trouble};

/// Reads `name=value` for each, by the types that the law declares.
pub(crate) fn bag(what: &str, words: &[String], schema: &Schema) -> Result<Attributes, Trouble> {
    let mut bag = Attributes::new();
    let wrong = |message: String| Trouble::new(Exit::Usage, message, "write `name=value`");
    for word in words {
        let Some((name, text)) = word.split_once('=') else {
            return Err(wrong(format!("`{}` is no `name=value`", word.escape_debug())));
        };
        let Some(declared) = schema.get(name) else {
            let message = format!("the law declares no {what} `{}`", name.escape_debug());
            return Err(wrong(message));
        };
        let name = Name::new(name).map_err(|error| wrong(error.to_string()))?;
        let value = value(text, *declared);
        let value = value.ok_or_else(|| {
            wrong(format!("`{}` is no {}", text.escape_debug(), declared.as_str()))
        })?;
        bag.set(name, value);
    }
    Ok(bag)
}

fn value(text: &str, declared: Type) -> Option<Value> {
    let value = match declared {
        Type::String => Value::from(text),
        Type::Time => Value::from(Timestamp::parse(text)?),
        _ => serde_json::from_str(text).ok()?,
    };
    declared.admits(&value).then_some(value)
}

/// What of a bag the law does not declare, or declares of another type.
pub(crate) fn undeclared(what: &str, bag: &Attributes, schema: &Schema) -> Vec<String> {
    let wrong = bag.iter().filter_map(|(name, value)| match schema.get(name.as_str()) {
        None => Some(format!("the law declares no {what} `{name}`")),
        Some(declared) if declared.admits(value) => None,
        Some(declared) => Some(format!("{what} `{name}` is no {}", declared.as_str())),
    });
    wrong.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_by_their_type() {
        let schema: Schema = [("n", Type::Integer), ("s", Type::String), ("b", Type::Bool)]
            .into_iter()
            .map(|(name, type_)| (Name::new(name).unwrap(), type_))
            .collect();
        let words =
            |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let bag_of = |given: &[&str]| bag("context", &words(given), &schema);
        let read = bag_of(&["n=5", "s=5", "b=true"]).unwrap();
        assert_eq!(read.get("n"), Some(&Value::Integer(5)));
        assert_eq!(read.get("s"), Some(&Value::from("5")));
        for wrong in ["n=x", "b=1", "z=1", "n"] {
            assert!(bag_of(&[wrong]).is_err(), "{wrong}");
        }
    }
}
