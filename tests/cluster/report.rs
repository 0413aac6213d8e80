//! The page: what was handed over, how much of it was taken, and every word that the server had to say.

use weir_tests::page::add;

use crate::api_server::Applied;
use crate::runbooks::Done;

const HEAD: &str = "\
# What an API server says

Every overlay, and the base with each component, is rendered by kustomize and applied with `--dry-run=server` and strict validation
to a real API server of Kubernetes, so that its defaulting, its validation and its admission have looked at each object. Since no
controller runs there, the pod of each workload is handed over too, into a namespace that enforces the profile `restricted` of Pod
Security; so are the pods of Strimzi, with the contexts of their templates and nothing else, which is what its default provider
makes. The renderings of the Helm chart that tests/chart keeps are applied likewise. What the server has to refuse is asked first: a pod with
the host's network, a misspelt member, a wrong value of a Gateway's route; then what `k8s/guard` guards: a claim, a topic and the
namespace are deleted only after they were annotated, and what is none of Weir's at once. Made by:

    tests/cluster/run
";

const RUNBOOKS: &str = "
## The runbooks

The overlay `prod` was applied for good, with claims that are bound and can grow, and what the runbooks say to do with kubectl was done to it
as it stands there, in this order; so was `k8s/toolbox`, which made its Job, and the claims were asked for their new size. What failed is named below. Left out
is what needs a kubelet, a controller or an operator to end: commands in pods, their logs, waiting for a rollout.

";

const BOUNDS: &str = "
## What this does not say

No kubelet, no controller and no operator runs: that an image can be had, a volume is bound and an operator acts on its kinds is seen in a
real cluster alone. The kinds of KEDA, of the Prometheus operator and of the Gateway API are the released ones; those of Strimzi
take every member here, and its classes check their members in the tests. Those of Google's clusters (`BackendConfig`,
`HealthCheckPolicy`) are left out.
";

/// What came of a case.
pub(crate) struct Answer {
    pub(crate) case: String,
    pub(crate) objects: Applied,
    pub(crate) pods: Applied,
}

impl Answer {
    pub(crate) fn complaints(&self) -> impl Iterator<Item = &str> {
        self.objects.complaints.iter().chain(&self.pods.complaints).map(String::as_str)
    }
}

/// The whole page.
pub(crate) fn page(version: &str, answers: &[Answer], commands: &[Done]) -> String {
    let mut text = HEAD.to_owned();
    add(
        &mut text,
        &format!(
            "\nKubernetes {version}.\n\n| applied | objects taken | pods taken | warnings and refusals |\n|---|---|---|---|"
        ),
    );
    for answer in answers {
        let said = answer.complaints().count();
        add(
            &mut text,
            &format!("| {} | {} | {} | {said} |", answer.case, answer.objects.taken, answer.pods.taken),
        );
    }
    for answer in answers.iter().filter(|answer| answer.complaints().count() > 0) {
        add(&mut text, &format!("\n{}:\n", answer.case));
        for complaint in answer.complaints() {
            add(&mut text, &format!("    {complaint}"));
        }
    }
    text.push_str(RUNBOOKS);
    for line in commands.iter().flat_map(|done| done.command.lines()) {
        add(&mut text, &format!("    {line}"));
    }
    for complaint in commands.iter().filter_map(|done| done.complaint.as_deref()) {
        add(&mut text, &format!("\n- {complaint}"));
    }
    text.push_str(BOUNDS);
    text
}
