//! The budgets that a call counts against: pure.

use super::Scope;
use crate::{AccessToken, Account};
use std::sync::Arc;

/// The budgets that a call counts against: those of its app and of its token's user, and of whom Meta names in its headers, the
/// account or its page. Accounts that share a token have budgets of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallBudgets {
    app: Arc<str>,
    token: Arc<str>,
    account: Arc<str>,
    page: Option<Arc<str>>,
}

impl CallBudgets {
    /// Those of a call of an account with a token.
    pub fn new(account: &Account, token: &AccessToken) -> Self {
        Self {
            app: Arc::clone(token.app()),
            token: Arc::clone(token.file()),
            account: Arc::from(account.id.as_str()),
            page: account.page.as_ref().map(|page| Arc::from(page.as_str())),
        }
    }

    /// The name of the budget of a scope.
    pub(super) const fn of(&self, scope: Scope) -> &Arc<str> {
        match scope {
            Scope::App => &self.app,
            Scope::Token => &self.token,
            Scope::Account => &self.account,
        }
    }

    /// Every budget by its name. That of a token which is the account's own is the account's.
    pub(super) fn all(&self) -> impl Iterator<Item = (&Arc<str>, Scope)> {
        let of = |scope| (self.of(scope), scope);
        let token = Some(of(Scope::Token)).filter(|_| self.token != self.account);
        let page =
            self.page.as_ref().filter(|page| **page != self.account).map(|page| (page, Scope::Account));
        [of(Scope::App), of(Scope::Account)].into_iter().chain(token).chain(page)
    }

    /// Its own budget that Meta calls by this id.
    pub(super) fn named(&self, id: &str) -> Option<&Arc<str>> {
        [Some(&self.account), self.page.as_ref()].into_iter().flatten().find(|name| ***name == *id)
    }
}
