//! Times of the options `valid-after` and `valid-before`.

use jiff::civil::{Date, DateTime};

/// Reads a time: `YYYYMMDD[HHMM[SS]]`, with the suffix `Z` or `UTC` or without. The suffix
/// makes no difference; see [`super::AllowedSigner::is_valid_at`]. As in OpenSSH, a day after the
/// end of a month is a day of the next month.
pub(super) fn parse_timestamp(text: &str) -> Result<DateTime, String> {
    let upper = text.to_ascii_uppercase();
    let digits = match (upper.strip_suffix('Z'), upper.strip_suffix("UTC")) {
        (Some(digits), _) | (None, Some(digits)) if !digits.is_empty() => digits,
        _ => upper.as_str(),
    };
    let time = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| parse_digits(digits))
        .flatten()
        .filter(|time| *time > DateTime::constant(1970, 1, 1, 0, 0, 0, 0));
    time.ok_or_else(|| {
        let shown = crate::text::to_single_line(text, 40);
        format!("invalid time `{shown}`; expected YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS")
    })
}

/// Reads 8, 12 or 14 digits.
fn parse_digits(digits: &str) -> Option<DateTime> {
    let part = |range: std::ops::Range<usize>| digits.get(range).and_then(|text| text.parse::<i16>().ok());
    let (hour, minute, second) = match digits.len() {
        8 => (0, 0, 0),
        12 => (part(8..10)?, part(10..12)?, 0),
        14 => (part(8..10)?, part(10..12)?, part(12..14)?),
        _ => return None,
    };
    let (year, month, day) = (part(0..4)?, part(4..6)?, part(6..8)?);
    let in_range = (1..=31).contains(&day) && hour <= 23 && minute <= 59 && second <= 61;
    let first = Date::new(year, i8::try_from(month).ok()?, 1).ok().filter(|_| in_range)?;
    let span = jiff::Span::new().days(day - 1).hours(hour).minutes(minute).seconds(second);
    first.to_datetime(jiff::civil::Time::midnight()).checked_add(span).ok()
}
