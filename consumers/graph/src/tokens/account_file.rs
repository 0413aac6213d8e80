//! A file of one account: a JSON object of what is known of it, or its bare token: pure.

use crate::account::Login;
use crate::{Account, GraphId, GraphUrl};
use serde::Deserialize;
use std::path::PathBuf;

/// What a file may hold; what it leaves out comes from the flags.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountFile {
    login: Option<Login>,
    host: Option<String>,
    page: Option<String>,
    pub(super) token: Option<String>,
    /// Beside the file, unless it begins with a slash.
    pub(super) token_file: Option<PathBuf>,
    pub(super) app_secret_file: Option<PathBuf>,
}

const FORM: &str = "it must be a token, or a JSON object of login (facebook, instagram), host, page, token or token_file, \
                    app_secret_file, each a string";

impl AccountFile {
    /// Reads its text. Messages quote nothing of it, since it may be a secret.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with(['[', '"']) {
            return Err(FORM.to_owned());
        }
        if !text.starts_with('{') {
            return Ok(Self { token: Some(text.to_owned()), ..Self::default() });
        }
        let file: Self = serde_json::from_str(text)
            .map_err(|error| format!("{FORM}; see line {} column {}", error.line(), error.column()))?;
        if file.token.is_some() && file.token_file.is_some() {
            return Err(String::from("token and token_file exclude each other"));
        }
        Ok(file)
    }

    /// The account, and its host where that is another than `usual`, whose login it has unless it says otherwise.
    pub(super) fn account(
        &self,
        id: GraphId,
        usual: &GraphUrl,
    ) -> Result<(Account, Option<GraphUrl>), String> {
        let host = self
            .host
            .as_deref()
            .map(|host| GraphUrl::parse(host).ok_or_else(|| format!("host must be {}", GraphUrl::EXPECTED)));
        let host = host.transpose()?;
        let login = self.login.unwrap_or_else(|| Login::of_host(host.as_ref().unwrap_or(usual)));
        let host = host.or_else(|| if Login::of_host(usual) == login { None } else { login.host() });
        let page = self
            .page
            .as_deref()
            .map(|page| GraphId::parse(page).ok_or("page must be an id of digits, as a string"));
        let page = page.transpose()?;
        if page.is_some() && login == Login::Instagram {
            return Err(String::from(
                "page is for the login facebook: by Instagram Login an account writes as itself",
            ));
        }
        Ok((Account::new(id, login, page), host.filter(|host| host != usual)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Node for messages and host.
    fn read(text: &str, usual: &str) -> Result<(String, Option<String>), String> {
        let (id, usual) = (GraphId::parse("17841405726653026").unwrap(), GraphUrl::parse(usual).unwrap());
        let (account, host) = AccountFile::parse(text)?.account(id, &usual)?;
        Ok((account.messaging_node().to_owned(), host.map(|host| host.origin())))
    }

    #[test]
    fn what_a_file_leaves_out_is_the_flags_and_a_login_has_its_host() {
        let (facebook, instagram) = ("https://graph.facebook.com", "https://graph.instagram.com");
        let (own, page) = ("17841405726653026".to_owned(), "1067".to_owned());
        for (text, usual, node, host) in [
            ("EAAtoken", facebook, "me", None),
            ("EAAtoken", instagram, &own, None),
            (r#"{"login":"facebook","page":"1067"}"#, facebook, &page, None),
            (r#"{"login":"facebook","page":"1067"}"#, instagram, &page, Some(facebook)),
            (r#"{"login":"instagram","token":"IGA"}"#, facebook, &own, Some(instagram)),
            (r#"{"host":"https://graph.instagram.com"}"#, facebook, &own, Some(instagram)),
            (
                r#"{"login":"instagram","host":"http://127.0.0.1:9"}"#,
                facebook,
                &own,
                Some("http://127.0.0.1:9"),
            ),
        ] {
            let expected = (node.to_string(), host.map(str::to_owned));
            assert_eq!(read(text, usual), Ok(expected), "{text} {usual}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_without_a_word_of_the_file() {
        for (text, said) in [
            ("{", "line 1"),
            ("[]", "it must be a token, or a JSON object"),
            (r#""EAAsecret""#, "it must be a token, or a JSON object"),
            (r#"{"login":"EAAsecret"}"#, "login (facebook, instagram)"),
            (r#"{"tokens":"EAAsecret"}"#, "it must be a token, or a JSON object"),
            (r#"{"token":"EAAsecret","token_file":"t"}"#, "exclude each other"),
            (r#"{"host":"http://graph.example.com"}"#, "host must be https://"),
            (r#"{"page":"my page"}"#, "page must be an id"),
            (r#"{"login":"instagram","page":"1"}"#, "page is for the login facebook"),
        ] {
            let why = read(text, "https://graph.facebook.com").unwrap_err();
            assert!(why.contains(said) && !why.contains("EAAsecret"), "{why}");
        }
    }
}
