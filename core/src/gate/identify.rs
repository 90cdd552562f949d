//! Steps 1 to 4: Host and Origin, the address's bucket, the credential, and whose it is.

#[cfg(feature = "std")]
use super::credential::perhaps_seen;
use super::credential::{Accepts, Credential, classify};
use super::head::Head;
use super::keyring::Found;
use super::{Code, Gate, Notes, Principal, Refused};
use crate::Now;
use crate::address::ClientAddress;
#[cfg(feature = "std")]
use crate::api_keys::ApiKeyRefusal;
use crate::origin::HostRules;
use crate::rate::Decision;

impl Gate {
    /// Steps 1 to 4: Host and Origin, the address's bucket, the credential, the principal.
    pub(super) fn identify(
        &self,
        head: &Head<'_>,
        address: ClientAddress,
        now: Now,
        notes: &mut Notes,
    ) -> Result<Principal, Refused> {
        self.hosts.check_host(head.host.as_slice()).map_err(Code::Origin)?;
        self.hosts.check_origin(head.origin.as_slice()).map_err(Code::Origin)?;
        if head.origin.as_slice().is_empty() {
            HostRules::check_site(head.fetch_site.as_slice()).map_err(Code::Origin)?;
        }
        // A token seen before is of no use to a guesser, so it works from any address at any time.
        #[cfg(feature = "std")]
        let looked_up = match perhaps_seen(head) {
            Some(token) => match self.tokens.seen(token, now) {
                Some(seen) => return seen.map_err(|code| self.spend(code.into(), address, now)),
                None => true,
            },
            None => false,
        };
        #[cfg(not(feature = "std"))]
        let looked_up = true;
        let accepts = Accepts {
            tokens: self.tokens.are_accepted(),
            keys: self.keys.are_accepted(),
            opaque: self.accepts_opaque(),
        };
        let outcome = match classify(head, accepts, notes) {
            Ok(Credential::Token(token)) => self.of_token(token, looked_up, address, now),
            Ok(Credential::Key(key)) => self.of_key(key, address, now),
            Ok(Credential::Opaque(bearer)) => self.of_opaque(bearer, address, now),
            Ok(Credential::None) => self.of_nobody(head, address),
            Err(code) => Err(code.into()),
        };
        outcome.map_err(|refused| self.spend(refused, address, now))
    }

    /// What a failure costs. The spend itself decides whether the answer is the failure's own or 429.
    pub(super) fn spend(&self, refused: Refused, address: ClientAddress, now: Now) -> Refused {
        if !refused.code.spends() {
            return refused;
        }
        let apart = self.missing.as_ref().filter(|_| refused.code == Code::CredentialMissing);
        let missing = apart.is_some();
        let spent = match apart {
            Some(bucket) => bucket.check(address, now),
            None => self.address_limiter.check(&address.key(), self.address_limiter.base(), 1, now),
        };
        if spent.allowed {
            return Refused { rate: Some(spent), missing, ..refused };
        }
        Refused { missing, ..Refused::with_rate(Code::AddressLimited, spent) }
    }

    /// Whether the address may make another attempt that could be a guess.
    pub(super) fn may_guess(&self, address: ClientAddress, now: Now) -> Result<(), Refused> {
        let left = self.peek_address(address, now);
        if left.allowed { Ok(()) } else { Err(Refused::with_rate(Code::AddressLimited, left)) }
    }

    pub(super) fn peek_address(&self, address: ClientAddress, now: Now) -> Decision {
        self.address_limiter.peek(&address.key(), self.address_limiter.base(), 1, now)
    }

    #[cfg_attr(not(feature = "std"), expect(unused_variables, reason = "there is no cache without std"))]
    pub(super) fn of_token(
        &self,
        token: &[u8],
        looked_up: bool,
        address: ClientAddress,
        now: Now,
    ) -> Result<Principal, Refused> {
        #[cfg(feature = "std")]
        {
            if !looked_up && let Some(seen) = self.tokens.seen(token, now) {
                return Ok(seen?);
            }
            self.tokens.count_unseen();
        }
        self.may_guess(address, now)?;
        Ok(self.tokens.verify(token, now)?)
    }

    pub(super) fn of_key(&self, key: &[u8], address: ClientAddress, now: Now) -> Result<Principal, Refused> {
        // One set for the whole look-up, whatever is swapped meanwhile.
        let ring = self.keys.current();
        let Some(ring) = ring.as_deref() else { return Err(Code::CredentialMissing.into()) };
        // A found key of our own format holds 160 bits that nobody guesses: it works from any address at any time.
        let guessable = !ring.looks_strong(key);
        if guessable {
            self.may_guess(address, now)?;
        }
        match ring.find(key, now) {
            Found::Principal(principal) => Ok(principal),
            #[cfg(feature = "std")]
            Found::Refused(refusal @ (ApiKeyRefusal::Unknown | ApiKeyRefusal::Malformed)) => {
                self.of_hosts_key(key, refusal, now)
            }
            Found::Refused(refusal) => Err(Code::ApiKey(refusal).into()),
            Found::Unsure(refusal) if guessable => {
                // It costs what a wrong guess does, for that is what it may be.
                let spent = self.spend(Code::ApiKey(refusal).into(), address, now);
                let limited = spent.code == Code::AddressLimited;
                Err(if limited { spent } else { Refused { code: Code::ApiKeysStale, ..spent } })
            }
            Found::Unsure(_) => Err(Code::ApiKeysStale.into()),
        }
    }
}
