//! Deserializes types from a tree of YAML values.
//!
//! The type decides how a scalar is read: any scalar is text for a string, and
//! only a plain `true` is a bool. A key without a value is an empty list or
//! mapping where one is expected, and nothing for an `Option`.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{StrDeserializer, UsizeDeserializer};
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};

use crate::text::{Span, Spanned, to_single_line};

use super::node::{NodeKind, ScalarType, YamlNode};
use super::{YamlError, YamlProblem};

/// The name by which [`Spanned`] requests a span from this deserializer.
const SPANNED_NAME: &str = "$countersign::Spanned";

impl YamlNode {
    fn text(&self) -> Result<&str, YamlError> {
        match &self.kind {
            NodeKind::Scalar(text, _) => Ok(text),
            _ => Err(self.invalid_type("a string")),
        }
    }

    fn scalar_type(&self) -> Option<ScalarType> {
        if let NodeKind::Scalar(_, scalar) = &self.kind { Some(*scalar) } else { None }
    }

    /// Whether the value is left out, as after `key:`.
    fn is_omitted(&self) -> bool {
        matches!(&self.kind, NodeKind::Scalar(text, ScalarType::Null) if text.is_empty())
    }

    fn invalid_type(&self, expected: &str) -> YamlError {
        let shown = |text: &str| to_single_line(text, 80);
        let found = match &self.kind {
            NodeKind::List(_) => "a list".to_owned(),
            NodeKind::Map(_) => "a mapping".to_owned(),
            NodeKind::Scalar(text, _) if text.is_empty() => "an empty value".to_owned(),
            NodeKind::Scalar(text, ScalarType::Text) => format!("string `{}`", shown(text)),
            NodeKind::Scalar(text, _) => format!("`{}`", shown(text)),
        };
        YamlError::new(self.span, YamlProblem::InvalidType { found, expected: expected.to_owned() })
    }

    fn visit_list<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, YamlError> {
        let items = match &self.kind {
            NodeKind::List(items) => items.as_slice(),
            _ if self.is_omitted() => &[],
            _ => return Err(self.invalid_type("a list")),
        };
        let mut access = ListAccess { items: items.iter() };
        let value = visitor.visit_seq(&mut access)?;
        match access.items.next() {
            None => Ok(value),
            Some(extra) => {
                let message = format!("the list has {} values too many", access.items.len() + 1);
                Err(YamlError::new(extra.span, YamlProblem::Other(message)))
            }
        }
    }

    fn visit_entries<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, YamlError> {
        let entries = match &self.kind {
            NodeKind::Map(entries) => entries.as_slice(),
            _ if self.is_omitted() => &[],
            _ => return Err(self.invalid_type("a mapping")),
        };
        let mut access = EntryAccess { entries: entries.iter(), current: None };
        visitor.visit_map(&mut access).map_err(|error| match access.current {
            Some((key, _)) => error.at_repeated_key(key.text().unwrap_or_default(), key.span),
            None => error,
        })
    }

    fn visit_number<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, YamlError> {
        match self.scalar_type() {
            Some(ScalarType::Signed(value)) => visitor.visit_i64(value),
            _ => self.visit_unsigned(visitor),
        }
    }

    /// Refuses `-0`, too.
    fn visit_unsigned<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, YamlError> {
        match self.scalar_type() {
            Some(ScalarType::Unsigned(value)) => visitor.visit_u64(value),
            _ => Err(self.invalid_type("a whole number")),
        }
    }
}

macro_rules! whole_numbers {
    ($visit:ident: $($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, YamlError> {
            self.$visit(visitor).map_err(|error| error.at(self.span))
        })*
    };
}

impl<'de> Deserializer<'de> for &YamlNode {
    type Error = YamlError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, YamlError> {
        let value = match &self.kind {
            NodeKind::List(_) => self.visit_list(visitor),
            NodeKind::Map(_) => self.visit_entries(visitor),
            NodeKind::Scalar(text, scalar) => match *scalar {
                ScalarType::Null => visitor.visit_unit(),
                ScalarType::Bool(value) => visitor.visit_bool(value),
                ScalarType::Unsigned(value) => visitor.visit_u64(value),
                ScalarType::Signed(value) => visitor.visit_i64(value),
                ScalarType::Float(value) => visitor.visit_f64(value),
                ScalarType::Text => visitor.visit_str(text),
            },
        };
        value.map_err(|error| error.at(self.span))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, YamlError> {
        match self.scalar_type() {
            Some(ScalarType::Bool(value)) => visitor.visit_bool(value),
            _ => Err(self.invalid_type("`true` or `false`")),
        }
    }

    whole_numbers! { visit_number: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128 }
    whole_numbers! { visit_unsigned: deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, YamlError> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, YamlError> {
        match self.scalar_type() {
            Some(ScalarType::Float(value)) => visitor.visit_f64(value),
            _ => self.visit_number(visitor),
        }
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, YamlError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, YamlError> {
        visitor.visit_str(self.text()?).map_err(|error: YamlError| error.at(self.span))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, YamlError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, YamlError> {
        Err(self.invalid_type("a type that YAML has"))
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, YamlError> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, YamlError> {
        if self.scalar_type() == Some(ScalarType::Null) {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, YamlError> {
        if self.scalar_type() == Some(ScalarType::Null) {
            visitor.visit_unit()
        } else {
            Err(self.invalid_type("no value"))
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, YamlError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, YamlError> {
        if name == SPANNED_NAME {
            visitor.visit_seq(SpannedAccess { node: self, part: 0 })
        } else {
            visitor.visit_newtype_struct(self)
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, YamlError> {
        self.visit_list(visitor).map_err(|error| error.at(self.span))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, YamlError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, YamlError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, YamlError> {
        self.visit_entries(visitor).map_err(|error| error.at(self.span))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, YamlError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, YamlError> {
        let name: StrDeserializer<'_, YamlError> = self.text()?.into_deserializer();
        visitor.visit_enum(name).map_err(|error| error.at(self.span))
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, YamlError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, YamlError> {
        visitor.visit_unit()
    }
}

struct ListAccess<'node> {
    items: std::slice::Iter<'node, YamlNode>,
}

impl<'de> SeqAccess<'de> for ListAccess<'_> {
    type Error = YamlError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, YamlError> {
        self.items.next().map(|item| seed.deserialize(item)).transpose()
    }
}

struct EntryAccess<'node> {
    entries: std::slice::Iter<'node, (YamlNode, YamlNode)>,
    current: Option<&'node (YamlNode, YamlNode)>,
}

impl<'de> MapAccess<'de> for EntryAccess<'_> {
    type Error = YamlError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, YamlError> {
        self.current = self.entries.next();
        self.current.map(|(key, _)| seed.deserialize(key)).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, YamlError> {
        match self.current {
            Some((_, value)) => seed.deserialize(value),
            None => Err(de::Error::custom("a value is read before its key")),
        }
    }
}

/// A value, then the start and the end of its span.
struct SpannedAccess<'node> {
    node: &'node YamlNode,
    part: usize,
}

impl<'de> SeqAccess<'de> for SpannedAccess<'_> {
    type Error = YamlError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, YamlError> {
        let number = |value: usize| -> UsizeDeserializer<YamlError> { value.into_deserializer() };
        self.part += 1;
        match self.part {
            1 => seed.deserialize(self.node).map(Some),
            2 => seed.deserialize(number(self.node.span.start)).map(Some),
            3 => seed.deserialize(number(self.node.span.end)).map(Some),
            _ => Ok(None),
        }
    }
}

/// From YAML with the value's span; from other formats with an empty span.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(SPANNED_NAME, SpannedVisitor(PhantomData))
    }
}

struct SpannedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for SpannedVisitor<T> {
    type Value = Spanned<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Spanned<T>, D::Error> {
        T::deserialize(deserializer).map(|value| Spanned::new(value, Span::default()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Spanned<T>, A::Error> {
        let missing = || de::Error::custom("a part of a value with its span is missing");
        let value = access.next_element()?.ok_or_else(missing)?;
        let start = access.next_element()?.ok_or_else(missing)?;
        let end = access.next_element()?.ok_or_else(missing)?;
        Ok(Spanned::new(value, Span::new(start, end)))
    }
}

/// The entries of a mapping in the order of the file, keys with their spans.
#[derive(Debug, Clone)]
pub(crate) struct YamlMap<T>(pub Vec<(Spanned<String>, T)>);

impl<T> Default for YamlMap<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for YamlMap<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(YamlMapVisitor(PhantomData))
    }
}

struct YamlMapVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for YamlMapVisitor<T> {
    type Value = YamlMap<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<YamlMap<T>, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(YamlMap(entries))
    }
}
