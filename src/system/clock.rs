//! The system clock.

use std::time::{Instant, SystemTime};

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

/// Returns the current time as RFC 3339 text, in UTC, with seconds.
#[must_use]
pub(crate) fn now_text() -> String {
    now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Returns the current time; 1970-01-01 if the system clock is out of range.
#[must_use]
pub(crate) fn now() -> Timestamp {
    Timestamp::try_from(SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Returns the current date and time in UTC.
#[must_use]
pub(crate) fn now_civil() -> DateTime {
    now().to_zoned(TimeZone::UTC).datetime()
}

/// Measures elapsed time with the monotonic clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts a measurement.
    #[must_use]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Returns the milliseconds since the start.
    #[must_use]
    pub(crate) fn elapsed_milliseconds(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
