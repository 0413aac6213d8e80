// Checks objects of standard input, a JSON array, against the kinds that operators add to Kubernetes.
//
// Prints a line for each: the kind and "fine", "unknown kind", or what is wrong. The validators take members that they do
// not know, so each object is handed over in a wrapping that notes what is looked at: a member that nobody looks at is
// unknown.

import { readFileSync } from "node:fs";

import { HTTPRoute } from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute";
import { ScaledObject } from "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject";
import { TriggerAuthentication } from "@kubernetes-models/keda/keda.sh/v1alpha1/TriggerAuthentication";
import { PodMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor";
import { Probe } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/Probe";
import { PrometheusRule } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule";

const KINDS = [HTTPRoute, PodMonitor, Probe, PrometheusRule, ScaledObject, TriggerAuthentication];

/** The value, which adds the path of every member that is read to `seen`. */
function noted(value, path, seen) {
  if (value === null || typeof value !== "object") return value;
  return new Proxy(value, {
    get(target, name) {
      const member = target[name];
      if (typeof name !== "string" || !Object.hasOwn(target, name)) return member;
      seen.add(`${path}.${name}`);
      return noted(member, `${path}.${name}`, seen);
    },
  });
}

/** The paths of all members of a value. */
function* paths(value, path) {
  if (value === null || typeof value !== "object") return;
  for (const [name, member] of Object.entries(value)) {
    // A list's length is looked at, and an empty one has nothing else.
    yield `${path}.${name}`;
    yield* paths(member, `${path}.${name}`);
  }
}

function check(thing) {
  const kind = KINDS.find((kind) => kind.kind === thing.kind && kind.apiVersion === thing.apiVersion);
  if (kind === undefined) return "unknown kind";
  const seen = new Set(["spec", "metadata"]);
  const parts = Object.entries(thing).map(([name, part]) => [name, noted(part, name, seen)]);
  try {
    // Assigned, since the constructor copies, which looks at everything.
    Object.assign(new kind({}), Object.fromEntries(parts)).validate();
  } catch (error) {
    return error.message;
  }
  const unseen = [...paths(thing.spec, "spec")].filter((path) => !seen.has(path));
  const others = Object.keys(thing).filter((name) => !["apiVersion", "kind", "metadata", "spec"].includes(name));
  return [...others, ...unseen].map((path) => `${path} is unknown`).join(", ") || "fine";
}

for (const thing of JSON.parse(readFileSync(0, "utf8"))) {
  console.log(`${thing.kind} ${thing.metadata.name}: ${check(thing)}`);
}
