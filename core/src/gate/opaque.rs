//! Steps 3 and 4 for what comes behind `Bearer` and is no JWT, where issuers are asked about such tokens.

use super::{Gate, Principal, Refused};
use crate::Now;
use crate::address::ClientAddress;

#[cfg(not(feature = "std"))]
impl Gate {
    #[expect(clippy::unused_self, reason = "nobody can be asked without std")]
    pub(super) const fn accepts_opaque(&self) -> bool {
        false
    }

    pub(super) fn of_opaque(
        &self,
        key: &[u8],
        address: ClientAddress,
        now: Now,
    ) -> Result<Principal, Refused> {
        self.of_key(key, address, now)
    }
}

#[cfg(feature = "std")]
mod with_std {
    use super::{ClientAddress, Gate, Now, Principal, Refused};
    use crate::api_keys::ApiKeyRefusal;
    use crate::gate::asking::Lacking;
    use crate::gate::introspect::Introspecting;
    use crate::gate::keyring::Found;
    use crate::gate::{Answer, AuthMethod, Code, IntrospectionWanted};
    use crate::jwt::TokenError;
    use std::boxed::Box;

    impl Gate {
        pub(in crate::gate) const fn accepts_opaque(&self) -> bool {
            self.introspecting.is_some()
        }

        /// A key by its form; a token that was told of; a key of another form; and only then is the issuer asked.
        pub(in crate::gate) fn of_opaque(
            &self,
            bearer: &[u8],
            address: ClientAddress,
            now: Now,
        ) -> Result<Principal, Refused> {
            let ring = self.keys.current();
            let ring = ring.as_deref();
            if ring.is_some_and(|ring| ring.looks_strong(bearer)) {
                return self.of_key(bearer, address, now);
            }
            let Some(asking) = &self.introspecting else { return Err(Code::CredentialMissing.into()) };
            let digest = Introspecting::digest(bearer);
            // As a token of the cache of verified ones: of no use to a guesser, so it works from any address.
            if let Some(known) = asking.good(&digest, now) {
                self.tokens.revocation.check(&known, bearer, now)?;
                return Ok(known.principal);
            }
            self.may_guess(address, now)?;
            match ring.map(|ring| ring.find(bearer, now)) {
                Some(Found::Principal(principal)) => return Ok(principal),
                None
                | Some(Found::Unsure(_))
                | Some(Found::Refused(ApiKeyRefusal::Unknown | ApiKeyRefusal::Malformed)) => {}
                Some(Found::Refused(refusal)) => return Err(Code::ApiKey(refusal).into()),
            }
            if let Some(code) = asking.bad(&digest, now) {
                return Err(code.into());
            }
            // Said to whoever can't be asked about; the rest is asked about by what is lacking.
            Err(Refused {
                lacking: Some(Box::new(Lacking::Introspection)),
                ..Code::Token(TokenError::TooLarge).into()
            })
        }

        pub(in crate::gate) fn with_introspection(
            &self,
            wanted: &IntrospectionWanted,
            token: &[u8],
            answer: Answer,
            now: Now,
        ) -> Result<Principal, Refused> {
            let (Some(asking), Answer::Introspection(reply)) = (&self.introspecting, answer) else {
                return Err(Code::IntrospectionUnavailable.into());
            };
            asking.answered(wanted, token, &reply, &self.tokens.revocation, now).map_err(|(code, detail)| {
                Refused { told: detail.map(|detail| Box::new(detail.into())), ..code.into() }
            })
        }

        /// Whether the host's answer that told of a principal has not been forgotten.
        pub(in crate::gate) fn remembers(&self, principal: &Principal) -> bool {
            let Some(answer) = principal.looked_up() else { return true };
            match principal.method() {
                AuthMethod::Opaque => {
                    self.introspecting.as_ref().is_some_and(|asking| asking.remembers(answer))
                }
                _ => self.lookup.as_ref().is_none_or(|lookup| lookup.remembers(answer)),
            }
        }

        /// Forgets what issuers said of opaque tokens: each is asked about anew, and streaming answers to those that were
        /// good end at the next sweep. For a host that has just revoked some at their issuer.
        pub fn forget_opaque_tokens(&self) {
            if let Some(asking) = &self.introspecting {
                asking.forget();
            }
        }
    }
}
