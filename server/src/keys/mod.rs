//! `doorward keys`: a key's life, over a file that holds digests and never a key.
//!
//! A key goes to stdout, once and alone; words go to stderr. With `--json`, stdout is one JSON object, or one a key.

mod show;
mod store;

use crate::cli::{KeysCommand, KeysOptions, NewOptions};
use doorward::Now;
use doorward::api_keys::file::KeyRecord;
use doorward::api_keys::{ApiKey, ApiKeys, NewKey, ParsedKey};
use doorward::config::{KeySettings, parse_duration};
use doorward::rate::Quota;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use store::Store;
use zeroize::Zeroizing;

pub(crate) type Error = Box<dyn std::error::Error>;

/// The longest text that is read as a key, in bytes.
const LONGEST: u64 = 4096;

/// Does what was asked. A key that is not good is a failure of `check`.
pub(crate) fn run(options: &KeysOptions, settings: &KeySettings) -> Result<ExitCode, Error> {
    let path = options
        .file
        .clone()
        .or_else(|| settings.file.clone())
        .ok_or("no file of keys is named: set API_KEYS_FILE, or give --file")?;
    let keys = Keys { path, settings, json: options.json, now: Now::system().unix.floor() };
    match &options.command {
        KeysCommand::New(wanted) => keys.new_key(wanted),
        KeysCommand::List => keys.list(),
        KeysCommand::Disable { which, undo } => keys.disable(which, !undo),
        KeysCommand::Rotate { which, overlap, expires } => keys.rotate(which, overlap, expires.as_deref()),
        KeysCommand::Check => keys.check(),
    }
}

struct Keys<'a> {
    path: PathBuf,
    settings: &'a KeySettings,
    json: bool,
    /// Seconds since the epoch, whole as the file shows them.
    now: f64,
}

impl Keys<'_> {
    fn new_key(&self, wanted: &NewOptions) -> Result<ExitCode, Error> {
        let mut store = self.open(true)?;
        let (key, id) = self.mint(&wanted.env)?;
        let mut entry = ApiKey::new(id);
        entry = wanted.name.iter().fold(entry, ApiKey::named);
        entry = wanted.role.iter().fold(entry, ApiKey::role);
        entry = wanted.scope.iter().fold(entry, ApiKey::scope);
        if let Some(quota) = &wanted.quota {
            entry = entry.quota(parse_quota(quota)?);
        }
        for pair in &wanted.meta {
            let (name, value) = pair.split_once('=').ok_or("--meta must be as owner=anna")?;
            entry = entry.meta(name, value);
        }
        if let Some(start) = wanted.starts_in.as_deref() {
            entry = entry.not_before(self.now + span("--starts-in", start)?);
        }
        entry = self.ending(entry, wanted.expires.as_deref())?;
        self.add(&mut store, &key, entry)?;
        store.save()?;
        self.show(&key, &format!("a new key is in {}; it is shown this once", self.path.display()))
    }

    fn list(&self) -> Result<ExitCode, Error> {
        let file = store::read(&self.path)?;
        let text = if self.json { show::json(&file, self.now) } else { show::table(&file, self.now) };
        print(&text)?;
        Ok(ExitCode::SUCCESS)
    }

    fn disable(&self, which: &str, disabled: bool) -> Result<ExitCode, Error> {
        let mut store = self.open(false)?;
        let changed = store.file().change(|record| is_named(record, which), |entry| entry.disabled(disabled));
        if changed == 0 {
            return Err(self.nobody());
        }
        store.save()?;
        let what = if disabled { "disabled" } else { "enabled" };
        eprintln!("doorward: {what}: {changed} of the keys in {}", self.path.display());
        Ok(ExitCode::SUCCESS)
    }

    /// The newest good key of that name or id gets a successor; all its good ones end after the overlap.
    fn rotate(&self, which: &str, overlap: &str, expires: Option<&str>) -> Result<ExitCode, Error> {
        let last = self.now + span("--overlap", overlap)?;
        let mut store = self.open(false)?;
        let good = |record: &KeyRecord| is_named(record, which) && show::is_good(record.entry(), self.now);
        let newest = store.file().records().iter().rfind(|record| good(record)).cloned();
        let Some(newest) = newest else {
            return match store.file().records().iter().any(|record| is_named(record, which)) {
                true => Err("no key of that id or name is good now, so there is none to go on from".into()),
                false => Err(self.nobody()),
            };
        };
        store.file().change(good, |entry| {
            let end = entry.valid_until().map_or(last, |end| end.min(last));
            entry.expires(end)
        });
        let env = newest.public().and_then(|public| public.split('_').nth(1)).unwrap_or("live");
        let (key, id) = self.mint(env)?;
        // The same caller: whoever was known by the old key's id is known by it still.
        let entry = newest.entry().successor(id);
        let entry = self.ending(entry, expires)?;
        self.add(&mut store, &key, entry)?;
        store.save()?;
        let days = humantime::format_duration(Duration::from_secs_f64(last - self.now));
        self.show(&key, &format!("a new key beside the old one, which ends in {days}; it is shown this once"))
    }

    /// A key from stdin: whose it is, and whether it is good.
    fn check(&self) -> Result<ExitCode, Error> {
        let file = store::read(&self.path)?;
        let mut text = Zeroizing::new(Vec::new());
        std::io::stdin().take(LONGEST).read_to_end(&mut text)?;
        let presented = text.trim_ascii();
        let builder = ApiKeys::builder().format(self.settings.format.clone());
        let builder = match &self.settings.pepper {
            Some(pepper) => builder.pepper(pepper.clone()),
            None => builder,
        };
        let keys = builder.add_file(&file).map_err(|error| self.of_file(&error))?.build_random()?;
        let standing = keys.find(presented, Now::new(self.now, 0)).map(ApiKey::id);
        let found = keys.locate(presented).map(ApiKey::id);
        let record = found.and_then(|id| file.records().iter().find(|record| record.entry().id() == id));
        let status = standing.map_or_else(|refusal| refusal.code(), |_| "good");
        print(&show::checked(record, status, self.json))?;
        Ok(if standing.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// The file, locked; under the pepper from now on where there is one.
    fn open(&self, may_be_new: bool) -> Result<Store, Error> {
        let mut store = Store::open(&self.path, may_be_new)?;
        match &self.settings.pepper {
            Some(pepper) => store.file().pepper(pepper),
            None => store.file().check_pepper(None),
        }
        .map_err(|error| self.of_file(&error))?;
        Ok(store)
    }

    fn mint(&self, env: &str) -> Result<(NewKey, String), Error> {
        let key = self.settings.format.mint_random(env)?;
        let ParsedKey { id, .. } =
            self.settings.format.parse(key.expose()).ok_or("a key was minted wrong")?;
        let id = id.to_owned();
        Ok((key, id))
    }

    fn ending(&self, entry: ApiKey, expires: Option<&str>) -> Result<ApiKey, Error> {
        Ok(match expires {
            Some(text) => entry.expires(self.now + span("--expires", text)?),
            None => entry,
        })
    }

    fn add(&self, store: &mut Store, key: &NewKey, entry: ApiKey) -> Result<(), Error> {
        let record = KeyRecord::of_key(key, entry, self.settings.pepper.as_ref(), self.now);
        store.file().push(record).map_err(|error| format!("the new key {}", told_of(&error)).into())
    }

    /// The key on stdout, when it is in the file for good.
    fn show(&self, key: &NewKey, words: &str) -> Result<ExitCode, Error> {
        let text = if self.json { show::minted(key) } else { Zeroizing::new(format!("{}\n", key.expose())) };
        print(&text).map_err(|error| {
            format!("the key {} is in the file and could not be shown, so disable it: {error}", key.public())
        })?;
        eprintln!("doorward: {words}");
        Ok(ExitCode::SUCCESS)
    }

    fn nobody(&self) -> Error {
        format!("{} has no key of that id or name: see doorward keys list", self.path.display()).into()
    }

    fn of_file(&self, error: &doorward::api_keys::file::KeyFileError) -> Error {
        format!("{}: {error}: set API_KEY_PEPPER to the one they were stored with", self.path.display())
            .into()
    }
}

/// Where the key would be is of no use to whoever has just made it.
fn told_of(error: &doorward::api_keys::file::KeyFileError) -> String {
    let text = error.to_string();
    text.strip_prefix("line ")
        .and_then(|rest| rest.split_once(' '))
        .map_or(text.clone(), |(_, rest)| rest.into())
}

fn is_named(record: &KeyRecord, which: &str) -> bool {
    record.entry().id() == which || record.entry().name() == which
}

fn span(flag: &str, text: &str) -> Result<f64, Error> {
    Ok(parse_duration(text).map_err(|why| format!("{flag} is not right: {why}"))?.as_secs_f64())
}

/// `100/1m`.
fn parse_quota(text: &str) -> Result<Quota, Error> {
    const WRONG: &str = "--quota must be as 100/1m: how many requests in what time";
    let (max, window) = text.split_once('/').ok_or(WRONG)?;
    let window = parse_duration(window).map_err(|_| WRONG)?;
    Ok(Quota::per(max.parse().map_err(|_| WRONG)?, window)?)
}

fn print(text: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
