//! The server is asked first what it has to refuse, so that its consent to the rest means something.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::api_server::ApiServer;

/// Hands over a pod with the host's network, one with a misspelt member, and an operator's kind with a wrong value.
pub(crate) fn check(server: &ApiServer) -> Result<()> {
    let pod = |spec: Value| json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "control"}, "spec": spec});
    // The server itself allows no privileged ones, so that Pod Security would not be asked.
    let of_the_host = json!({"hostNetwork": true, "containers": [{"name": "c", "image": "i"}]});
    refuses(server, &pod(of_the_host), "violates PodSecurity \"restricted")?;
    let misspelt = json!({"containers": [{"name": "c", "image": "i", "livenesProbe": {}}]});
    refuses(server, &pod(misspelt), "livenesProbe\"")?;
    let route = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "control"},
        "spec": {"rules": [{"matches": [{"path": {"type": "Exactly", "value": "/"}}]}]},
    });
    refuses(server, &route, "Unsupported value: \"Exactly\"")
}

fn refuses(server: &ApiServer, object: &Value, with: &str) -> Result<()> {
    let applied = server.apply(std::slice::from_ref(object))?;
    let said = applied.complaints.join("\n");
    ensure!(
        applied.taken == 0 && said.contains(with),
        "the server takes {object}, or does not say {with}: {said}"
    );
    Ok(())
}
