{{- define "fraud-stream.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* Short enough for what Kubernetes appends to the names of a StatefulSet's pods and their labels. */}}
{{- define "fraud-stream.fullname" -}}
{{- $name := include "fraud-stream.name" . }}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- .Values.fullnameOverride | default $full | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "fraud-stream.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (ternary (include "fraud-stream.fullname" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{- define "fraud-stream.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/name: {{ include "fraud-stream.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* What follows takes a dict of `root` and `daemon`: producer, scorer or sink. */}}

{{- define "fraud-stream.daemonName" -}}
{{ include "fraud-stream.fullname" .root }}-{{ .daemon }}
{{- end }}

{{- define "fraud-stream.binary" -}}
{{ get (dict "producer" "producer-svc" "scorer" "scorer-svc" "sink" "results-sink-svc") .daemon }}
{{- end }}

{{- define "fraud-stream.port" -}}
{{ get (dict "producer" "9464" "scorer" "9465" "sink" "9466") .daemon }}
{{- end }}

{{- define "fraud-stream.selector" -}}
app.kubernetes.io/name: {{ include "fraud-stream.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .daemon }}
{{- end }}

{{- define "fraud-stream.metadata" -}}
name: {{ include "fraud-stream.daemonName" . }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "fraud-stream.labels" .root | nindent 2 }}
  app.kubernetes.io/component: {{ .daemon }}
{{- end }}

{{- define "fraud-stream.image" -}}
{{- $own := (index .root.Values .daemon).image }}
{{- $image := .root.Values.image }}
{{- $own | default (printf "%s/%s:%s" (trimSuffix "/" $image.registry) (include "fraud-stream.binary" .) ($image.tag | default .root.Chart.AppVersion)) }}
{{- end }}
