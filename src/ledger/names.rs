//! Enumerations that are stored as text: one spelling is written, all others are
//! refused when they are read.

/// A name that is not one of an enumeration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is not a {what}; known are {}", known.join(", "))]
pub(crate) struct UnknownName {
    /// The enumeration, in words.
    pub what: &'static str,
    /// The text that was read.
    pub value: String,
    /// The names that are written.
    pub known: Vec<&'static str>,
}

/// Defines an enumeration with its stored names.
macro_rules! named_values {
    ($(#[$attribute:meta])* $name:ident, $what:literal, { $($(#[$note:meta])* $variant:ident = $text:literal $(| $alias:literal)*,)+ }) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum $name { $($(#[$note])* $variant,)+ }

        impl $name {
            /// All values, in their published order.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Returns the stored name.
            #[must_use]
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::ledger::names::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let is_named = |value: &&Self| value.as_str() == text;
                let found = Self::ALL.iter().find(is_named).copied();
                // A former spelling is read, and never written.
                let former = match text {
                    $($($alias => Some(Self::$variant),)*)+
                    _ => None,
                };
                found.or(former).ok_or_else(|| $crate::ledger::names::UnknownName {
                    what: $what,
                    value: $crate::text::to_single_line(text, 80),
                    known: Self::ALL.iter().map(|value| value.as_str()).collect(),
                })
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use named_values;
