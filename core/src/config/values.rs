//! Values with units.

use std::net::SocketAddr;
use std::string::String;
use std::time::Duration;

/// A span of time such as `1h`, `7d`, `90s`, `1h 30m`; one second at least, a hundred years at most.
///
/// # Errors
/// One sentence, without the value.
///
/// ```
/// use doorward::config::parse_duration;
/// assert_eq!(parse_duration("24h").map(|span| span.as_secs()), Ok(86_400));
/// assert!(parse_duration("soon").is_err() && parse_duration("0s").is_err() && parse_duration("3600").is_err());
/// ```
pub fn parse_duration(text: &str) -> Result<Duration, &'static str> {
    const HUNDRED_YEARS: Duration = Duration::from_secs(100 * 366 * 24 * 3600);
    let span = humantime::parse_duration(text)
        .map_err(|_| "it must be a span of time such as 90s, 30m, 24h or 7d")?;
    if span < Duration::from_secs(1) || span > HUNDRED_YEARS {
        return Err("it must be between one second and a hundred years");
    }
    Ok(span)
}

/// A size in bytes: `1mb`, `512kb`, `100b`, `1048576`; units are powers of 1024, as the seeds' servers have them.
pub(super) fn parse_size(text: &str) -> Result<usize, &'static str> {
    const WRONG: &str = "it must be a size such as 512kb, 1mb or a number of bytes";
    let lower: String = text.to_ascii_lowercase();
    let (digits, unit) = lower.split_at(lower.find(|c: char| !c.is_ascii_digit()).unwrap_or(lower.len()));
    let scale = match unit.trim() {
        "" | "b" => 1,
        "kb" => 1024,
        "mb" => 1024 * 1024,
        _ => return Err(WRONG),
    };
    let bytes = digits.parse::<usize>().ok().and_then(|size| size.checked_mul(scale)).ok_or(WRONG)?;
    if (1..=64 * 1024 * 1024).contains(&bytes) {
        Ok(bytes)
    } else {
        Err("it must be between 1 byte and 64mb")
    }
}

/// A loopback address and port: whoever reaches it may read without a credential.
pub(super) fn parse_metrics_address(text: &str) -> Result<SocketAddr, &'static str> {
    let text = text.replace("localhost:", "127.0.0.1:");
    let address: SocketAddr =
        text.parse().map_err(|_| "it must be an address and a port such as 127.0.0.1:9464")?;
    if address.ip().to_canonical().is_loopback() {
        Ok(address)
    } else {
        Err(
            "it must be a loopback address, for it asks for no credential: have what is to be seen from elsewhere go through a proxy",
        )
    }
}

/// Seconds of clock tolerance.
pub(super) fn parse_seconds(text: &str) -> Result<f64, &'static str> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=300.0).contains(&seconds) => Ok(seconds),
        _ => Err("it must be a number of seconds from 0 to 300"),
    }
}
