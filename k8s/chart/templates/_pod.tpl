{{/* What every pod has, as k8s/base/pod.yaml: no rights but those of weir-tokens, settings from one map, Kafka's files, probes on the admin port. */}}

{{- define "weir.podLabels" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/component: {{ .component }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/part-of: weir
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- end }}

{{- define "weir.labels" -}}
{{ include "weir.podLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion }}
{{- end }}

{{- define "weir.image" -}}
{{- $tag := dig "tag" "" (.of | default dict) -}}
{{- with .root.Values.image -}}
{{ .repository }}{{ if $tag }}:{{ $tag }}{{ else if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.root.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{/* The members of a pod's spec that values may change: `pod` of all and `pod` of the process, each member over that of the chart. */}}
{{- define "weir.pod" -}}
{{- $values := mergeOverwrite (deepCopy (.root.Values.pod | default dict)) (deepCopy (dig "pod" dict (.of | default dict))) -}}
{{- if not .ends }}{{ $values = omit $values "terminationGracePeriodSeconds" "topologySpreadConstraints" }}{{ end -}}
{{ mergeOverwrite (include "weir.pod.own" . | fromYaml) $values | toYaml }}
{{- end }}

{{- define "weir.pod.own" -}}
automountServiceAccountToken: {{ .asks | default false }}
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  {{- if .writes }}
  fsGroup: 65532
  {{- end }}
  {{- if .stays }}
  fsGroupChangePolicy: OnRootMismatch
  {{- end }}
  seccompProfile: {type: RuntimeDefault}
{{- if .ends }}
terminationGracePeriodSeconds: 45
{{- end }}
{{- if .stays }}
topologySpreadConstraints:
{{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector: {matchLabels: {app.kubernetes.io/name: {{ $.name }}}}
    {{- if eq $.component "consumer" }}
    matchLabelKeys: [pod-template-hash]
    {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Labels, annotations, volumes and their mounts that a process has by its values, beside those of the chart. */}}
{{- define "weir.more" -}}
{{- with get (.of | default dict) .what }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "weir.container" -}}
image: {{ include "weir.image" . }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
envFrom: [{configMapRef: {name: weir-settings}}{{ range .from }}, {{ toJson . }}{{ end }}]
securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
{{- end }}

{{- define "weir.probes" -}}
# Kafka may be away when a pod starts: it is given five minutes before it is started again.
startupProbe: {httpGet: {path: /startupz, port: admin}, periodSeconds: 2, timeoutSeconds: 3, failureThreshold: 150}
# Fails where the process answers no more; no check counts for it, not that of Kafka either.
livenessProbe: {httpGet: {path: /livez, port: admin}, periodSeconds: 10, timeoutSeconds: 3, failureThreshold: 3}
readinessProbe: {httpGet: {path: /readyz, port: admin}, periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 2}
{{- end }}

{{/* Each once: what the values set counts, where the chart has it too. */}}
{{- define "weir.env" -}}
{{- range $name, $value := mergeOverwrite .own (.of.settings | default dict) }}
- {name: {{ $name }}, value: {{ include "weir.setting" $value }}}
{{- end }}
{{- end }}

{{/* Numbers as they are written: a template prints those of a million and more as 1e+06, which no setting takes. */}}
{{- define "weir.setting" -}}
{{ kindIs "string" . | ternary . (toJson .) | quote }}
{{- end }}
