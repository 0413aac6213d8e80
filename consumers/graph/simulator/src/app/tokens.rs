//! Access tokens: what one is, short ones for long ones, and long ones renewed.

use super::Apps;
use crate::behaviour::{Answered, Behaviour};
use crate::request::Asked;
use hmac::{Hmac, KeyInit as _, Mac as _};
use schemas::Subscribable;
use serde_json::json;
use sha2::Sha256;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// 60 days, as long-lived tokens have.
const LONG: Duration = Duration::from_hours(60 * 24);
/// A token must be so old to be renewed.
const RENEWED_FROM: Duration = Duration::from_hours(24);

/// By which login a token was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// Of a page, or of its user.
    Facebook,
    /// Of an Instagram account.
    Instagram,
    /// Of a business' system user.
    Unified,
}

/// A token that the simulator knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownToken {
    /// The app that it was given to.
    pub app: String,
    /// By which login.
    pub login: Login,
    /// The permissions that it has.
    pub scopes: Vec<String>,
    /// Since when.
    pub issued: SystemTime,
    /// Until when; without end where there is none.
    pub expires: Option<SystemTime>,
}

impl Login {
    pub(super) const fn permission_to_install(self) -> &'static str {
        match self {
            Self::Facebook => "pages_manage_metadata",
            Self::Instagram => "instagram_business_basic",
            Self::Unified => "instagram_basic",
        }
    }

    pub(super) fn fields(self) -> Vec<&'static str> {
        match self {
            Self::Facebook => Subscribable::Page.fields(),
            Self::Instagram => Subscribable::InstagramLogin.fields(),
            Self::Unified => Subscribable::UnifiedLogin.fields(),
        }
    }
}

impl KnownToken {
    /// A token of this app with what installing it needs, given now and without end.
    pub fn of(app: &str, login: Login) -> Self {
        let scopes = vec![login.permission_to_install().to_owned()];
        Self { app: app.to_owned(), login, scopes, issued: SystemTime::now(), expires: None }
    }

    pub(super) fn may(&self, scope: &str) -> bool {
        self.scopes.iter().any(|own| own == scope)
    }

    fn is_expired(&self) -> bool {
        self.expires.is_some_and(|end| end <= SystemTime::now())
    }
}

impl Apps {
    /// The token of a call, where it is known, has not ended, and is proven by its own app's secret if by any.
    pub(super) fn valid_token(&self, asked: &Asked) -> Result<&KnownToken, Behaviour> {
        let invalid = || Behaviour::error(190, None);
        let token = asked.token.as_ref().ok_or_else(invalid)?;
        let known = self.tokens.get(token).ok_or_else(invalid)?;
        if known.is_expired() {
            return Err(Behaviour::error(190, Some(463)));
        }
        let secret = self.secrets.get(&known.app);
        match (&asked.proof, secret) {
            (Some(proof), Some(secret)) if *proof != proof_of(token, secret) => {
                Err(Behaviour::refusal(100, "Invalid appsecret_proof provided in the API argument"))
            }
            _ => Ok(known),
        }
    }

    pub(super) fn debug(&self, asked: &Asked) -> Answered {
        let app = self.app_of(asked).ok_or_else(|| Behaviour::error(190, None))?;
        let known = asked.parameter("input_token").and_then(|token| self.tokens.get(token));
        let Some(known) = known.filter(|known| known.app == app) else {
            let error = json!({"code": 190, "message": "Invalid OAuth access token."});
            return Ok(json!({"data": {"error": error, "is_valid": false, "scopes": []}}));
        };
        let mut data = json!({
            "app_id": known.app,
            "type": if known.login == Login::Unified { "SYSTEM_USER" } else { "PAGE" },
            "application": "Weir",
            "expires_at": known.expires.map_or(0, seconds),
            "is_valid": !known.is_expired(),
            "issued_at": seconds(known.issued),
            "scopes": known.scopes,
        });
        if known.is_expired() {
            data["error"] = json!({"code": 190, "message": "Session has expired.", "subcode": 463});
        }
        Ok(json!({ "data": data }))
    }

    /// `fb_exchange_token`.
    pub(super) fn exchange_of_facebook(&mut self, asked: &Asked) -> Answered {
        let of = |name| asked.parameter(name).unwrap_or_default();
        let secret = self.secrets.get(of("client_id"));
        if of("grant_type") != "fb_exchange_token" || secret.is_none() {
            return Err(Behaviour::error(101, None));
        }
        if secret.is_some_and(|secret| secret != of("client_secret")) {
            return Err(Behaviour::refusal(1, "Error validating client secret."));
        }
        self.longer(of("fb_exchange_token"), of("client_id"))
    }

    /// `ig_exchange_token`.
    pub(super) fn exchange_of_instagram(&mut self, asked: &Asked) -> Answered {
        let secret = asked.parameter("client_secret").unwrap_or_default();
        let app = self.secrets.iter().find(|(_, of)| *of == secret).map(|(app, _)| app.clone());
        let is_meant = asked.parameter("grant_type") == Some("ig_exchange_token");
        match (app, is_meant) {
            (Some(app), true) => self.longer(asked.token.as_deref().unwrap_or_default(), &app),
            _ => Err(Behaviour::error(101, None)),
        }
    }

    /// `ig_refresh_token`, of a token that is older than a day.
    pub(super) fn refresh(&mut self, asked: &Asked) -> Answered {
        let known = self.valid_token(asked)?.clone();
        let is_meant = asked.parameter("grant_type") == Some("ig_refresh_token");
        let is_old = known.issued + RENEWED_FROM <= SystemTime::now();
        if !is_meant || known.login != Login::Instagram || !is_old {
            return Err(Behaviour::error(100, None));
        }
        self.longer(asked.token.as_deref().unwrap_or_default(), &known.app)
    }

    /// The page's own token, which has no end.
    pub(super) fn of_page(&mut self, page: &str, asked: &Asked) -> Answered {
        let known = self.valid_token(asked)?.clone();
        let token = format!("{}P", asked.token.as_deref().unwrap_or_default());
        self.tokens.insert(token.clone(), KnownToken { expires: None, ..known });
        Ok(json!({"access_token": token, "id": page}))
    }

    /// A token of 60 days in the place of another, which stays what it is.
    fn longer(&mut self, token: &str, app: &str) -> Answered {
        let Some(known) = self.tokens.get(token).filter(|known| known.app == app && !known.is_expired())
        else {
            return Err(Behaviour::error(190, None));
        };
        let (longer, now) = (format!("{token}L"), SystemTime::now());
        let renewed = KnownToken { issued: now, expires: Some(now + LONG), ..known.clone() };
        self.tokens.insert(longer.clone(), renewed);
        Ok(json!({"access_token": longer, "token_type": "bearer", "expires_in": LONG.as_secs()}))
    }
}

fn proof_of(token: &str, secret: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(token.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
