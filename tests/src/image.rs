//! The image of a container, as a reference names it: `repository:tag@sha256:…`.

/// The parts of a reference.
#[derive(Debug, Clone, Copy)]
pub struct Image<'r> {
    /// Where it is.
    pub repository: &'r str,
    /// What it is called, which may be something else tomorrow.
    pub tag: Option<&'r str>,
    digest: Option<&'r str>,
}

impl<'r> Image<'r> {
    /// The parts of `reference`.
    pub fn of(reference: &'r str) -> Self {
        let (name, digest) = apart(reference, "@sha256:");
        let (repository, tag) = apart(name, ":");
        Self { repository, tag, digest }
    }

    /// Whether it is the same for good.
    pub fn is_pinned(&self) -> bool {
        self.digest
            .is_some_and(|digest| digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()))
    }
}

fn apart<'r>(text: &'r str, by: &str) -> (&'r str, Option<&'r str>) {
    text.split_once(by).map_or((text, None), |(before, after)| (before, Some(after)))
}
