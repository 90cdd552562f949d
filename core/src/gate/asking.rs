//! Questions to the host: what is lacking, who may ask for it, and how a request goes on with the answer.
//!
//! One attempt is taken from the caller's address before anybody is asked, so that nobody keeps a host busy with guesses, and
//! given back by its receipt where it was none. Nothing is asked twice for one request.

use super::head::Head;
use super::{Gate, Notes, Refused, Step};
use crate::Now;
use crate::address::ClientAddress;

#[cfg(not(feature = "std"))]
use super::{Answer, Ask, Question};

#[cfg(not(feature = "std"))]
impl Gate {
    /// Goes on with the host's answer to a question. Without `std` there is none.
    pub fn resume(&self, ask: Ask, _answer: Answer, _now: Now) -> Step {
        let Question::Never(never) = ask.question;
        match never {}
    }

    #[cold]
    pub(super) fn ask_or_deny(
        &self,
        _head: &Head<'_>,
        refused: Refused,
        address: ClientAddress,
        notes: Notes,
        now: Now,
    ) -> Step {
        self.deny_address(refused, address, notes, now)
    }
}

#[cfg(feature = "std")]
pub(super) use with_std::Lacking;

#[cfg(feature = "std")]
mod with_std {
    use super::{ClientAddress, Gate, Head, Notes, Now, Refused, Step};
    use crate::api_keys::{ApiKeyRefusal, KeyDigest};
    #[cfg(feature = "asymmetric")]
    use crate::gate::KeysWanted;
    use crate::gate::{Answer, Ask, Code, KeyWanted, Principal, Question, credential};
    #[cfg(feature = "asymmetric")]
    use crate::jwks::Jwks;
    #[cfg(feature = "asymmetric")]
    use crate::jwt::TokenError;
    use crate::rate::Decision;
    use alloc::boxed::Box;
    #[cfg(feature = "asymmetric")]
    use alloc::sync::Arc;
    use zeroize::Zeroizing;

    /// What the host could tell to change a refusal.
    pub(in crate::gate) enum Lacking {
        /// A key of that set.
        #[cfg(feature = "asymmetric")]
        Keys(Arc<Jwks>),
        /// The entry of that API key.
        ApiKey(KeyDigest),
        /// What the issuer says of the opaque token.
        Introspection,
    }

    impl Gate {
        /// An API key that is none of the gate's own.
        pub(in crate::gate) fn of_hosts_key(
            &self,
            key: &[u8],
            refusal: ApiKeyRefusal,
            now: Now,
        ) -> Result<Principal, Refused> {
            let refused = |refusal| Refused::from(Code::ApiKey(refusal));
            let Some(lookup) = &self.lookup else { return Err(refused(refusal)) };
            let digest = lookup.digest(key).ok_or_else(|| refused(refusal))?;
            match lookup.known(&digest, now) {
                Some(known) => known.map_err(refused),
                None => Err(Refused {
                    lacking: Some(Box::new(Lacking::ApiKey(digest))),
                    ..Code::ApiKeyUnavailable.into()
                }),
            }
        }

        /// What is lacking may be had from the host, unless it has just been asked for.
        #[cold]
        pub(in crate::gate) fn ask_or_deny(
            &self,
            head: &Head<'_>,
            mut refused: Refused,
            address: ClientAddress,
            notes: Notes,
            now: Now,
        ) -> Step {
            let Some(lacking) = refused.lacking.take() else {
                return self.deny_address(refused, address, notes, now);
            };
            let spent = match refused.rate.take() {
                Some(spent) => spent,
                None => self.address_limiter.check(&address.key(), self.address_limiter.base(), 1, now),
            };
            if !spent.allowed {
                return self.deny_address(
                    Refused::with_rate(Code::AddressLimited, spent),
                    address,
                    notes,
                    now,
                );
            }
            let (question, credential) = match *lacking {
                #[cfg(feature = "asymmetric")]
                Lacking::Keys(jwks) => {
                    let fetch = jwks.fetch(now);
                    let bearer = credential::bearer(head.authorization, &mut Notes::default());
                    match bearer {
                        Ok(Some(token)) if fetch.is_some() || jwks.is_fetching(now) => {
                            (Question::Keys(KeysWanted { jwks, fetch }), token)
                        }
                        // It was asked for a moment ago, and this is what came of it.
                        _ => return self.deny_unasked(refused, spent, address, notes, now),
                    }
                }
                Lacking::Introspection => {
                    let bearer = credential::bearer(head.authorization, &mut Notes::default());
                    let token = bearer.ok().flatten().unwrap_or_default();
                    match self.introspecting.as_ref().and_then(|asking| asking.wanted(token)) {
                        Some(wanted) => (Question::Introspect(wanted), token),
                        None => return self.deny_unasked(refused, spent, address, notes, now),
                    }
                }
                Lacking::ApiKey(digest) => match &self.lookup {
                    Some(lookup) => (Question::ApiKey(lookup.wanted(digest)), &[][..]),
                    None => return self.deny_unasked(refused, spent, address, notes, now),
                },
            };
            Step::Ask(Ask {
                question,
                credential: Zeroizing::new(credential.into()),
                address,
                then: self.then(head),
                notes,
                receipt: spent.receipt,
            })
        }

        fn deny_unasked(
            &self,
            mut refused: Refused,
            spent: Decision,
            address: ClientAddress,
            notes: Notes,
            now: Now,
        ) -> Step {
            if refused.code.spends() {
                refused.rate = Some(spent);
            } else if let Some(receipt) = spent.receipt {
                self.address_limiter.give_back(receipt);
            }
            self.deny_address(refused, address, notes, now)
        }

        /// Goes on with the host's answer to a question.
        pub fn resume(&self, ask: Ask, answer: Answer, now: Now) -> Step {
            let Ask { question, credential, address, then, notes, receipt } = ask;
            let outcome = match question {
                Question::SharedLimit(wanted) => return self.spent_shared(wanted, answer, now),
                #[cfg(feature = "asymmetric")]
                Question::Keys(wanted) => self.with_keys(&wanted, &credential, &answer, now),
                Question::ApiKey(wanted) => self.with_entry(&wanted, answer, now),
                Question::Introspect(wanted) => self.with_introspection(&wanted, &credential, answer, now),
            };
            let give_back = || receipt.map(|receipt| self.address_limiter.give_back(receipt));
            match outcome {
                Ok(principal) => {
                    give_back();
                    self.go_on(principal, address, then, notes, now)
                }
                Err(refused) => {
                    if !refused.code.spends() {
                        give_back();
                    }
                    self.deny_address(refused, address, notes, now)
                }
            }
        }

        #[cfg(feature = "asymmetric")]
        fn with_keys(
            &self,
            wanted: &KeysWanted,
            token: &[u8],
            answer: &Answer,
            now: Now,
        ) -> Result<Principal, Refused> {
            self.tokens.verify(token, now).map_err(|failure| {
                let mut refused = Refused::from(failure);
                // Whether there is such a key is not known.
                let known = matches!(answer, Answer::Ready) && !wanted.jwks.is_fetching(now);
                if refused.code == Code::Token(TokenError::KeyNotFound) && !known {
                    refused.code = Code::Token(TokenError::KeysUnavailable);
                }
                Refused { lacking: None, ..refused }
            })
        }

        fn with_entry(&self, wanted: &KeyWanted, answer: Answer, now: Now) -> Result<Principal, Refused> {
            let (Some(lookup), Answer::ApiKey(entry)) = (&self.lookup, answer) else {
                return Err(Code::ApiKeyUnavailable.into());
            };
            let entry = entry.map(|entry| *entry);
            let (limiter, headers) = (&self.principal_limiter, &self.principal_headers);
            lookup.answered(wanted, entry, now, limiter, headers).map_err(|(code, detail)| {
                let told = detail.map(|detail| Box::new(detail.into()));
                Refused { told, ..code.into() }
            })
        }
    }
}
