//! How what Meta has compares with what should be there. Pure.

use std::collections::BTreeSet;
use std::fmt;
use weir_graph::GraphId;
use weir_graph::edges::{AppSubscription, Install};

/// How one thing compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::meta) enum Finding {
    /// Exactly as declared.
    Fine,
    /// Not there at all.
    Missing,
    /// There, and different.
    Differs(Difference),
}

/// In what it differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::meta) struct Difference {
    /// Fields that should be there.
    pub(in crate::meta) lacks: Vec<String>,
    /// Fields that should not.
    pub(in crate::meta) beyond: Vec<String>,
    /// Another address.
    pub(in crate::meta) callback_url: Option<String>,
    /// Meta does not deliver.
    pub(in crate::meta) is_inactive: bool,
}

/// Compares an app's subscription with those that it has.
pub(super) fn of_object(desired: &AppSubscription, present: &[AppSubscription]) -> Finding {
    let Some(present) = present.iter().find(|present| present.object == desired.object) else {
        return Finding::Missing;
    };
    let other = (present.callback_url != desired.callback_url).then(|| present.callback_url.clone());
    let fields = Difference::of_fields(&desired.fields, &present.fields);
    Finding::of(Difference { callback_url: other, is_inactive: !present.active, ..fields })
}

/// Compares an account's install of an app with those that it has. One that names no app is the token's own.
pub(super) fn of_install(app: &GraphId, fields: &BTreeSet<String>, present: &[Install]) -> Finding {
    let is_own = |install: &&Install| install.app.as_deref().is_none_or(|named| named == app.as_str());
    match present.iter().find(is_own) {
        Some(own) => Finding::of(Difference::of_fields(fields, &own.fields)),
        None => Finding::Missing,
    }
}

impl Finding {
    fn of(difference: Difference) -> Self {
        if difference == Difference::default() { Self::Fine } else { Self::Differs(difference) }
    }

    /// Whether events do not come that should.
    pub(in crate::meta) fn loses_events(&self) -> bool {
        match self {
            Self::Fine => false,
            Self::Missing => true,
            Self::Differs(Difference { lacks, callback_url, is_inactive, .. }) => {
                !lacks.is_empty() || callback_url.is_some() || *is_inactive
            }
        }
    }
}

impl Difference {
    fn of_fields(desired: &BTreeSet<String>, present: &BTreeSet<String>) -> Self {
        let without = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect();
        Self { lacks: without(desired, present), beyond: without(present, desired), ..Self::default() }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lacks, beyond, callback_url, is_inactive } = self;
        let parts = [
            is_inactive.then(|| String::from("is not active")),
            callback_url.as_ref().map(|url| format!("goes to {url}")),
            (!lacks.is_empty()).then(|| format!("lacks {}", lacks.join(", "))),
            (!beyond.is_empty()).then(|| format!("has {} beyond the file", beyond.join(", "))),
        ];
        formatter.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn desired() -> AppSubscription {
        AppSubscription {
            object: "page".to_owned(),
            callback_url: "https://a/".to_owned(),
            active: true,
            fields: fields(&["messages", "messaging_referrals"]),
        }
    }

    #[test]
    fn only_what_is_exactly_as_declared_is_fine() {
        assert_eq!(of_object(&desired(), &[desired()]), Finding::Fine);
        assert_eq!(of_object(&desired(), &[]), Finding::Missing);
        let other = AppSubscription { object: "user".to_owned(), ..desired() };
        assert_eq!(of_object(&desired(), &[other]), Finding::Missing);
    }

    #[test]
    fn what_differs_is_said_and_whether_events_are_lost_by_it() {
        let differs = AppSubscription {
            callback_url: "https://b/".to_owned(),
            active: false,
            fields: fields(&["messages", "name"]),
            ..desired()
        };
        let Finding::Differs(difference) = of_object(&desired(), &[differs]) else { unreachable!() };
        let said = "is not active; goes to https://b/; lacks messaging_referrals; has name beyond the file";
        assert_eq!(difference.to_string(), said);
        assert!(Finding::Differs(difference).loses_events());
        let more =
            AppSubscription { fields: fields(&["messages", "messaging_referrals", "name"]), ..desired() };
        assert!(!of_object(&desired(), &[more]).loses_events());
    }

    #[test]
    fn an_install_is_the_one_of_the_own_app_or_of_none_that_is_named() {
        let install = |app: Option<&str>| Install { app: app.map(str::to_owned), fields: desired().fields };
        let found =
            |present: &[Install]| of_install(&GraphId::parse("111").unwrap(), &desired().fields, present);
        assert_eq!(found(&[install(Some("9")), install(Some("111"))]), Finding::Fine);
        assert_eq!(found(&[install(Some("9"))]), Finding::Missing);
        assert_eq!(found(&[install(None)]), Finding::Fine);
    }
}
