//! User signatures: `{username}{DDMMYYYYHHMM}` or, older,
//! `{username}{DDMMYYHHMMSS}`.

use jiff::civil::DateTime;

/// A user signature with a valid date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signature {
    /// The whole text.
    pub text: String,
    /// The letters before the digits.
    pub user: String,
    /// The time in the signature, in the signer's local time.
    pub at: DateTime,
    /// Whether the digits are the older form, `DDMMYYHHMMSS`.
    pub is_older_form: bool,
}

/// Reason why a text is not a valid signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SignatureError {
    /// Not letters followed by twelve digits.
    #[error("expected a lower-case user name followed by twelve digits, DDMMYYYYHHMM")]
    Shape,
    /// The digits are not a date in either form.
    #[error("invalid date `{0}`; expected DDMMYYYYHHMM or DDMMYYHHMMSS")]
    Date(String),
}

impl Signature {
    /// Reads a signature.
    ///
    /// # Errors
    /// The text does not have the form of a signature, or its date is invalid.
    pub(crate) fn parse(text: &str) -> Result<Self, SignatureError> {
        let split = text.find(|c: char| !c.is_ascii_lowercase()).ok_or(SignatureError::Shape)?;
        let (user, digits) = text.split_at(split);
        if user.is_empty() || digits.len() != 12 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(SignatureError::Shape);
        }
        let long = parse_long_form(digits);
        let at = long
            .or_else(|| parse_short_form(digits))
            .ok_or_else(|| SignatureError::Date(digits.to_owned()))?;
        Ok(Self { text: text.to_owned(), user: user.to_owned(), at, is_older_form: long.is_none() })
    }
}

fn parse_digits(digits: &str, from: usize, to: usize) -> Option<i16> {
    digits.get(from..to)?.parse().ok()
}

fn build_date_time(year: i16, rest: [i16; 5]) -> Option<DateTime> {
    let [month, day, hour, minute, second] = rest.map(|value| i8::try_from(value).unwrap_or(-1));
    DateTime::new(year, month, day, hour, minute, second, 0).ok()
}

fn parse_long_form(d: &str) -> Option<DateTime> {
    let year = parse_digits(d, 4, 8).filter(|year| (2000..2100).contains(year))?;
    build_date_time(
        year,
        [
            parse_digits(d, 2, 4)?,
            parse_digits(d, 0, 2)?,
            parse_digits(d, 8, 10)?,
            parse_digits(d, 10, 12)?,
            0,
        ],
    )
}

fn parse_short_form(d: &str) -> Option<DateTime> {
    let year = 2000 + parse_digits(d, 4, 6)?;
    build_date_time(
        year,
        [
            parse_digits(d, 2, 4)?,
            parse_digits(d, 0, 2)?,
            parse_digits(d, 6, 8)?,
            parse_digits(d, 8, 10)?,
            parse_digits(d, 10, 12)?,
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_needs_a_valid_date() {
        let signed = Signature::parse("mira180120262320").ok();
        assert_eq!(signed.as_ref().map(|s| s.user.as_str()), Some("mira"));
        assert_eq!(signed.map(|s| s.at.to_string()), Some("2026-01-18T23:20:00".into()));
        assert_eq!(
            Signature::parse("mira251225032800").ok().map(|s| s.at.to_string()),
            Some("2025-12-25T03:28:00".into())
        );
        assert_eq!(Signature::parse("x"), Err(SignatureError::Shape));
        assert_eq!(Signature::parse("180120262320"), Err(SignatureError::Shape));
        assert!(matches!(Signature::parse("mira310220262320"), Err(SignatureError::Date(_))));
        assert_eq!(Signature::parse("mira18012026232"), Err(SignatureError::Shape));
    }
}
