//! Into the arrays and objects of a text that was read: for hosts that make values of their own language of it.

use super::scan::{Depth, Members};
use super::{JsonStr, Value, array_items};

/// The text was checked, and so was how deep it goes.
const CHECKED: Depth = Depth { left: usize::MAX, members: None };

impl<'a> Value<'a> {
    /// Each item, where this is an array.
    pub fn for_each_item(&self, each: impl FnMut(Self)) {
        if let Self::Array(text) = self {
            array_items(text, each);
        }
    }

    /// Each member, where this is an object.
    pub fn for_each_member(&self, mut each: impl FnMut(JsonStr<'a>, Self)) {
        let Self::Object(text) = self else { return };
        let Ok(mut members) = Members::of(text, CHECKED) else { return };
        // Checked before, so the only way this ends early is at its end.
        while let Ok(true) = members.more() {
            let Ok((name, _, value)) = members.read() else { return };
            each(name, value.value());
        }
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use crate::jwt::{Claims, Limits, Value};
    use std::format;
    use std::string::{String, ToString as _};

    /// Prints what was walked through.
    fn print(value: Value<'_>, out: &mut String) {
        match value {
            Value::Null => out.push_str("null"),
            Value::Bool(value) => out.push_str(if value { "true" } else { "false" }),
            Value::Number(number) => out.push_str(number.as_text()),
            Value::String(text) => out.push_str(&format!("<{text}>")),
            Value::Array(_) => {
                out.push('[');
                value.for_each_item(|item| {
                    print(item, out);
                    out.push(' ');
                });
                out.push(']');
            }
            Value::Object(_) => {
                out.push('{');
                value.for_each_member(|name, value| {
                    out.push_str(&name.to_string());
                    out.push('=');
                    print(value, out);
                    out.push(' ');
                });
                out.push('}');
            }
        }
    }

    #[test]
    fn everything_is_walked_through_once() {
        let deep = format!("{}{}", "[".repeat(12), "]".repeat(12));
        let many: String = (0..64).map(|n| format!("\"m{n}\":{n},")).collect();
        let payload = format!(
            r#"{{ "a" : [1, -0.5e3, "x\u0041", [], {{}}, null, true] , "o":{{"\u0062":{{"c":[{{"d":false}}]}},"e":""}},
               "deep":{deep},"many":{{{}}} }}"#,
            many.trim_end_matches(',')
        );
        let claims = Claims::read(&payload, &Limits::DEFAULT).unwrap();
        let mut out = String::new();
        claims.for_each(|name, value| {
            out.push_str(&format!("{name}:"));
            print(value, &mut out);
            out.push('\n');
        });
        // One by one they are what they are together.
        let owned = claims.to_owned();
        claims.for_each(|name, value| assert!(owned.get(&name.to_string()) == Some(value)));
        assert!(owned.get("b").is_none() && owned.get("").is_none());
        let lines: std::vec::Vec<_> = out.lines().collect();
        assert_eq!(lines[0], "a:[1 -0.5e3 <xA> [] {} null true ]");
        assert_eq!(lines[1], "o:{b={c=[{d=false } ] } e=<> }");
        assert_eq!(lines[2].matches('[').count(), 12);
        assert!(lines[3].starts_with("many:{m0=0 m1=1 ") && lines[3].ends_with(" m63=63 }"));
        assert_eq!(lines.len(), 4);
        // What is of another kind has nothing to walk through.
        Value::Null.for_each_item(|_| unreachable!());
        Value::Array("[1]").for_each_member(|_, _| unreachable!());
        Value::Object("{\"a\":1}").for_each_item(|_| unreachable!());
    }
}
