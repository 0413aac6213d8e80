//! How what Meta has compares with what should be there. Pure.

use super::desired::{Desired, What};
use std::collections::BTreeSet;
use std::fmt;
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
    pub(in crate::meta) lacks: BTreeSet<String>,
    /// Fields that should not.
    pub(in crate::meta) beyond: BTreeSet<String>,
    /// Another address.
    pub(in crate::meta) callback_url: Option<String>,
    /// Meta does not deliver.
    pub(in crate::meta) is_inactive: bool,
}

/// Compares an app's subscription with those that it has.
pub(super) fn of_object(desired: &Desired, present: &[AppSubscription]) -> Finding {
    let What::Object { object, callback_url } = &desired.what else { return Finding::Missing };
    let Some(present) = present.iter().find(|present| present.object == object.as_str()) else {
        return Finding::Missing;
    };
    let other = (present.callback_url != *callback_url).then(|| present.callback_url.clone());
    let fields = Difference::of_fields(&desired.fields, &present.fields);
    Finding::of(Difference { callback_url: other, is_inactive: !present.active, ..fields })
}

/// Compares an account's install with those that it has. One that names no app is the token's own.
pub(super) fn of_install(desired: &Desired, present: &[Install]) -> Finding {
    let is_own = |install: &&Install| install.app.as_deref().is_none_or(|app| app == desired.app_id.as_str());
    match present.iter().find(is_own) {
        Some(own) => Finding::of(Difference::of_fields(&desired.fields, &own.fields)),
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
            Self::Differs(difference) => difference.loses_events(),
        }
    }
}

impl Difference {
    fn loses_events(&self) -> bool {
        !self.lacks.is_empty() || self.callback_url.is_some() || self.is_inactive
    }

    fn of_fields(desired: &BTreeSet<String>, present: &BTreeSet<String>) -> Self {
        let without = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect();
        Self { lacks: without(desired, present), beyond: without(present, desired), ..Self::default() }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lacks, beyond, callback_url, is_inactive } = self;
        let list = |fields: &BTreeSet<String>| fields.iter().cloned().collect::<Vec<_>>().join(", ");
        let parts = [
            is_inactive.then(|| String::from("is not active")),
            callback_url.as_ref().map(|url| format!("goes to {url}")),
            (!lacks.is_empty()).then(|| format!("lacks {}", list(lacks))),
            (!beyond.is_empty()).then(|| format!("has {} beyond", list(beyond))),
        ];
        formatter.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::file::Object;
    use weir_graph::GraphId;

    fn fields(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn desired() -> Desired {
        let what = What::Object { object: Object::Page, callback_url: "https://a/".to_owned() };
        let app_id = GraphId::parse("111").unwrap();
        Desired { app: 0, app_id, what, fields: fields(&["messages", "messaging_referrals"]) }
    }

    fn present() -> AppSubscription {
        AppSubscription {
            object: "page".to_owned(),
            callback_url: "https://a/".to_owned(),
            active: true,
            fields: desired().fields,
        }
    }

    #[test]
    fn only_what_is_exactly_as_declared_is_fine() {
        assert_eq!(of_object(&desired(), &[present()]), Finding::Fine);
        assert_eq!(of_object(&desired(), &[]), Finding::Missing);
        let other = AppSubscription { object: "user".to_owned(), ..present() };
        assert_eq!(of_object(&desired(), &[other]), Finding::Missing);
    }

    #[test]
    fn what_differs_is_said_and_whether_events_are_lost_by_it() {
        let differs = AppSubscription {
            callback_url: "https://b/".to_owned(),
            active: false,
            fields: fields(&["messages", "name"]),
            ..present()
        };
        let Finding::Differs(difference) = of_object(&desired(), &[differs]) else { unreachable!() };
        let said = "is not active; goes to https://b/; lacks messaging_referrals; has name beyond";
        assert_eq!(difference.to_string(), said);
        assert!(Finding::Differs(difference).loses_events());
        let more =
            AppSubscription { fields: fields(&["messages", "messaging_referrals", "name"]), ..present() };
        assert!(!of_object(&desired(), &[more]).loses_events());
    }

    #[test]
    fn an_install_is_the_one_of_the_own_app_or_of_none_that_is_named() {
        let install = |app: Option<&str>| Install { app: app.map(str::to_owned), fields: desired().fields };
        assert_eq!(of_install(&desired(), &[install(Some("9")), install(Some("111"))]), Finding::Fine);
        assert_eq!(of_install(&desired(), &[install(Some("9"))]), Finding::Missing);
        assert_eq!(of_install(&desired(), &[install(None)]), Finding::Fine);
    }
}
