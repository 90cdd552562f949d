//! What the figures were measured on, and with which versions.

use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs};

/// The lock file the report was built from.
const LOCK: &str = include_str!("../../../../Cargo.lock");
/// The crates whose versions bear on a figure.
const CRATES: [&str; 12] = [
    "doorward",
    "ring",
    "hmac",
    "sha2",
    "base64-simd",
    "ahash",
    "siphasher",
    "subtle",
    "jsonwebtoken",
    "aws-lc-rs",
    "governor",
    "dashmap",
];
/// The processor's features that make a difference here.
const FEATURES: [&str; 10] =
    ["sse4_2", "avx", "avx2", "bmi2", "adx", "aes", "sha_ni", "avx512f", "avx512ifma", "vaes"];

/// The machine and the folder cargo builds into.
pub(crate) struct Machine {
    pub(crate) target: PathBuf,
    rustc: String,
    cpu: String,
}

impl Machine {
    /// Asks cargo, rustc and, where there is one, `/proc`.
    pub(crate) fn read() -> Result<Self, Box<dyn std::error::Error>> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let metadata = Command::new(cargo)
            .args([
                "metadata",
                "--no-deps",
                "--offline",
                "--format-version",
                "1",
                "--manifest-path",
                manifest,
            ])
            .output()?;
        let metadata: Value = serde_json::from_slice(&metadata.stdout)?;
        let target = metadata["target_directory"].as_str().ok_or("cargo names no target folder")?.into();
        let rustc = Command::new("rustc").arg("--version").output()?.stdout;
        let rustc = String::from_utf8(rustc)?.trim().into();
        Ok(Self { target, rustc, cpu: fs::read_to_string("/proc/cpuinfo").unwrap_or_default() })
    }

    /// The report's first row.
    pub(crate) fn row(&self) -> Value {
        let flags: Vec<&str> = self.cpu_field("flags").split(' ').collect();
        let features: Vec<&str> = FEATURES.into_iter().filter(|feature| flags.contains(feature)).collect();
        let measured = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        json!({
            "machine": {
                "cpu": self.cpu_field("model name"),
                "cores": std::thread::available_parallelism().map_or(1, usize::from),
                "features": features,
                "virtual": flags.contains(&"hypervisor"),
                "os": env::consts::OS,
                "arch": env::consts::ARCH,
            },
            "versions": { "rustc": self.rustc, "crates": crates() },
            "measured_unix": measured,
        })
    }

    fn cpu_field(&self, name: &str) -> &str {
        let fields = self.cpu.lines().filter_map(|line| line.split_once(':'));
        fields
            .into_iter()
            .find(|(field, _)| field.trim() == name)
            .map_or("unknown", |(_, value)| value.trim())
    }
}

fn crates() -> Value {
    let lock: toml::Table = LOCK.parse().unwrap_or_default();
    let packages = lock.get("package").and_then(toml::Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut versions = serde_json::Map::new();
    for name in CRATES {
        if let Some(version) = newest(packages, name) {
            versions.insert(name.into(), version.into());
        }
    }
    Value::Object(versions)
}

/// Of several versions of one crate the newest is ours: they stand in order.
fn newest<'l>(packages: &'l [toml::Value], name: &str) -> Option<&'l str> {
    packages.iter().rfind(|package| package["name"].as_str() == Some(name))?.get("version")?.as_str()
}
