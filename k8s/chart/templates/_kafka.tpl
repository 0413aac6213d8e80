{{/* How a process reaches Kafka: the properties, and the Secret of the user that it is. */}}

{{- define "weir.kafka.secret" -}}
{{- get .root.Values.kafka.secrets .user | default .root.Values.kafka.secret }}
{{- end }}

{{- define "weir.kafka.config" -}}
{{- if .Values.kafka.properties -}}
/etc/weir/kafka/client.properties
{{- else if or .Values.kafka.secret .Values.kafka.secrets -}}
/etc/weir/kafka-user/client.properties
{{- end }}
{{- end }}

{{- define "weir.kafka.mounts" -}}
{{- with .root.Values.kafka }}
{{- if .properties }}
- {name: kafka-client, mountPath: /etc/weir/kafka, readOnly: true}
{{- end }}
{{- if .caSecret }}
- {name: kafka-ca, mountPath: /etc/weir/kafka-ca, readOnly: true}
{{- end }}
{{- end }}
{{- if include "weir.kafka.secret" . }}
- {name: kafka-user, mountPath: /etc/weir/kafka-user, readOnly: true}
{{- end }}
{{- end }}

{{- define "weir.kafka.volumes" -}}
{{- with .root.Values.kafka }}
{{- if .properties }}
- name: kafka-client
  configMap: {name: weir-kafka-client}
{{- end }}
{{- with .caSecret }}
- name: kafka-ca
  secret: {secretName: {{ . }}, defaultMode: 0440, items: [{key: ca.crt, path: ca.crt}]}
{{- end }}
{{- end }}
{{- with include "weir.kafka.secret" . }}
- name: kafka-user
  secret: {secretName: {{ . }}, defaultMode: 0440}
{{- end }}
{{- end }}
