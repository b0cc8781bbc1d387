//! The clock.

use std::time::{Instant, SystemTime};

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

/// Now, as RFC 3339 UTC with seconds.
#[must_use]
pub fn now_text() -> String {
    now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Now, UTC.
#[must_use]
pub fn now() -> Timestamp {
    Timestamp::try_from(SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Now, UTC, as a civil date and time.
#[must_use]
pub fn now_civil() -> DateTime {
    now().to_zoned(TimeZone::UTC).datetime()
}

/// A stopwatch.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Milliseconds since the start.
    #[must_use]
    pub fn elapsed_milliseconds(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
