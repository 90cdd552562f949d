//! Sets of API keys.

use crate::boundary::{Argument, Bound, Octets, Room};
use crate::errors::{self, OrConfigError, Result};
use crate::now::now;
use doorward::api_keys::file::KeyFile;
use doorward::api_keys::{
    ApiKey, ApiKeyRefusal, ApiKeys, ApiKeysBuilder, KeyDigest, KeyFormat, NewKey, Pepper,
};
use doorward::rate::Quota;
use napi::bindgen_prelude::{External, ExternalRef};
use napi_derive::napi;
use std::collections::HashMap;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What an entry is made of.
#[napi(object, object_to_js = false)]
pub(crate) struct ApiKeyGiven {
    /// The public id.
    pub id: String,
    /// The digest, hexadecimal.
    pub digest: Option<String>,
    /// The caller's name.
    pub name: Option<String>,
    /// Roles.
    pub roles: Vec<String>,
    /// Scopes.
    pub scopes: Vec<String>,
    /// A quota of its own.
    pub quota: Option<ExternalRef<Quota>>,
    /// Seconds since the epoch.
    pub not_before: Option<f64>,
    /// Seconds since the epoch.
    pub expires: Option<f64>,
    /// Switched off.
    pub disabled: bool,
    /// Of a digest: the key is of doorward's own format.
    pub strong: bool,
    /// Names and values of the host's own.
    pub metadata: HashMap<String, String>,
}

/// An entry, and the key it is of.
pub(crate) struct ApiKeyHandle {
    pub(crate) entry: ApiKey,
    credential: Credential,
}

enum Credential {
    Text(Zeroizing<Vec<u8>>),
    Digest(KeyDigest),
    /// Of an entry that a set gave.
    Kept,
}

/// An entry; `key` is what its owner sends.
#[napi]
pub(crate) fn api_key_new(given: ApiKeyGiven, key: Option<Octets>) -> Result<External<ApiKeyHandle>> {
    let mut entry = ApiKey::new(given.id).disabled(given.disabled).strong(given.strong);
    if let Some(name) = given.name {
        entry = entry.named(name);
    }
    entry = given.roles.into_iter().fold(entry, ApiKey::role);
    entry = given.scopes.into_iter().fold(entry, ApiKey::scope);
    if let Some(quota) = given.quota {
        entry = entry.quota(*quota);
    }
    if let Some(unix) = given.not_before {
        entry = entry.not_before(unix);
    }
    if let Some(unix) = given.expires {
        entry = entry.expires(unix);
    }
    for (name, value) in given.metadata {
        entry = entry.meta(name, value);
    }
    let credential = match (key, given.digest) {
        (Some(key), None) => Credential::Text(Zeroizing::new(key.as_bytes().to_vec())),
        (None, Some(hex)) => Credential::Digest(KeyDigest::from_hex(&hex).or_config_error()?),
        _ => return Err(errors::config("argument_invalid", "give the key or its digest, and not both")),
    };
    Ok(External::new(ApiKeyHandle { entry, credential }))
}

/// What an entry says.
#[napi(object, object_from_js = false)]
pub(crate) struct ApiKeyParts {
    /// The public id.
    pub id: String,
    /// The caller's name.
    pub name: String,
    /// Roles.
    pub roles: Vec<String>,
    /// Scopes.
    pub scopes: Vec<String>,
    /// A quota of its own.
    pub quota: Option<External<Quota>>,
    /// Seconds since the epoch.
    pub not_before: Option<f64>,
    /// Seconds since the epoch.
    pub expires: Option<f64>,
    /// Switched off.
    pub disabled: bool,
    /// Whether the key is of doorward's own format.
    pub strong: bool,
    /// Names and values of the host's own.
    pub metadata: Vec<Vec<String>>,
}

/// What an entry says.
#[napi]
#[must_use]
pub(crate) fn api_key_parts(key: &External<ApiKeyHandle>) -> ApiKeyParts {
    let entry = &key.entry;
    ApiKeyParts {
        id: entry.id().to_owned(),
        name: entry.name().to_owned(),
        roles: entry.roles().to_vec(),
        scopes: entry.scopes().to_vec(),
        quota: entry.own_quota().copied().map(External::new),
        not_before: entry.valid_from(),
        expires: entry.valid_until(),
        disabled: entry.is_disabled(),
        strong: entry.is_strong(),
        metadata: entry.metadata().iter().map(|(name, value)| vec![name.clone(), value.clone()]).collect(),
    }
}

/// A set, which others may share.
#[derive(Clone)]
pub(crate) struct ApiKeysHandle {
    pub(crate) keys: Arc<ApiKeys>,
}

fn builder(prefix: &str, pepper: Option<&Octets>) -> Result<ApiKeysBuilder> {
    let builder = ApiKeys::builder().format(KeyFormat::new(prefix).or_config_error()?);
    match pepper {
        None => Ok(builder),
        Some(pepper) => Ok(builder.pepper(Pepper::new(pepper.as_bytes()).or_config_error()?)),
    }
}

fn built(builder: ApiKeysBuilder) -> Result<External<ApiKeysHandle>> {
    let keys = Arc::new(builder.build_random().or_config_error()?);
    Ok(External::new(ApiKeysHandle { keys }))
}

/// A set of entries.
#[napi]
pub(crate) fn api_keys_new(
    keys: Vec<ExternalRef<ApiKeyHandle>>,
    prefix: String,
    pepper: Option<Octets>,
    max_presented: u32,
) -> Result<External<ApiKeysHandle>> {
    let mut builder = builder(&prefix, pepper.as_ref())?.max_presented(max_presented as usize);
    for key in keys {
        let entry = key.entry.clone();
        builder = match &key.credential {
            Credential::Text(text) => builder.add(text, entry),
            Credential::Digest(digest) => builder.add_digest(*digest, entry),
            Credential::Kept => {
                let message = "an entry that a set gave has no key: add the one the set was made of";
                return Err(errors::config("argument_invalid", message));
            }
        };
    }
    built(builder)
}

/// The keys of a file's text.
#[napi]
pub(crate) fn api_keys_from_text(
    text: Octets,
    prefix: String,
    pepper: Option<Octets>,
) -> Result<External<ApiKeysHandle>> {
    let file = KeyFile::parse(text.as_bytes()).or_config_error()?;
    built(builder(&prefix, pepper.as_ref())?.add_file(&file).or_config_error()?)
}

/// How many keys there are.
#[napi]
#[must_use]
pub(crate) fn api_keys_length(keys: &External<ApiKeysHandle>) -> u32 {
    u32::try_from(keys.keys.len()).unwrap_or(u32::MAX)
}

/// The entry at that place.
#[napi]
#[must_use]
pub(crate) fn api_keys_entry(keys: &External<ApiKeysHandle>, place: u32) -> Option<External<ApiKeyHandle>> {
    let entry = keys.keys.iter().nth(place as usize)?.clone();
    Some(External::new(ApiKeyHandle { entry, credential: Credential::Kept }))
}

/// Every reason a presented key is refused for, in the order of their numbers.
const REFUSALS: [ApiKeyRefusal; 5] = [
    ApiKeyRefusal::Malformed,
    ApiKeyRefusal::Unknown,
    ApiKeyRefusal::Expired,
    ApiKeyRefusal::NotYetValid,
    ApiKeyRefusal::Disabled,
];

/// The longest that is read of what is presented, in bytes: beyond that nothing is a key.
const LONGEST: usize = 1 << 20;

/// A function that finds a key: `(presented, unix)`. It answers with the entry's place; below zero, −1 less the place of the
/// refusal in `apiKeyRefusals`; or −100, where what is presented is neither text nor bytes.
#[napi(ts_return_type = "(presented: string | Uint8Array, unix: number) => number")]
#[must_use]
pub(crate) fn api_keys_find(keys: &External<ApiKeysHandle>) -> Bound {
    let keys = Arc::clone(&keys.keys);
    Bound::new(move |call| {
        let mut room = Room::new();
        let found = match call.octets(0, &mut room, LONGEST) {
            Argument::Bytes(presented) => keys.position(presented, now(call.number(1), 0.0)),
            Argument::TooLong => Err(ApiKeyRefusal::Malformed),
            Argument::Other => return call.int(-100),
        };
        call.int(match found {
            Ok(place) => i32::try_from(place).unwrap_or(i32::MIN),
            Err(refusal) => {
                let place = REFUSALS.iter().position(|one| *one == refusal).unwrap_or_default();
                -1 - i32::try_from(place).unwrap_or_default()
            }
        })
    })
}

/// Codes and messages of refusals.
#[napi]
#[must_use]
pub(crate) fn api_key_refusals() -> Vec<Vec<String>> {
    REFUSALS.map(|refusal| vec![refusal.code().to_owned(), refusal.to_string()]).to_vec()
}

/// A minted key: its text, what comes before the secret, and its digest.
#[napi]
pub(crate) fn api_key_mint(env: String, prefix: String) -> Result<Vec<String>> {
    let format = KeyFormat::new(&prefix).or_config_error()?;
    let key: NewKey = format.mint_random(&env).or_config_error()?;
    Ok(vec![key.expose().to_owned(), key.public().to_owned(), key.digest().to_hex()])
}
