{{/*
Each of these takes a dict of `root` and `daemon`: producer, scorer or sink.
*/}}

{{/* The daemon's configuration as YAML: `config` without the other daemons' sections,
its own differences over it, and the files of its secrets. */}}
{{- define "fraud-stream.config" -}}
{{- $own := (index .root.Values .daemon).config }}
{{- $others := without (list "producer" "scorer" "sink") .daemon }}
{{- $config := mergeOverwrite (deepCopy .root.Values.config) (deepCopy $own) }}
{{- range $others }}
{{- $_ := unset $config . }}
{{- end }}
{{- $_ := set $config "admin" (mergeOverwrite (dict "address" (printf "0.0.0.0:%s" (include "fraud-stream.port" .))) ($config.admin | default dict)) }}
{{- range include "fraud-stream.secrets" . | fromYamlArray }}
{{- $_ := set $config .section (mergeOverwrite ((get $config .section) | default dict) (dict .configKey (printf "/run/secrets/fraud-stream/%s" .file))) }}
{{- end }}
{{- toYaml $config }}
{{- end }}

{{/* The secrets that the daemon has, as a YAML list: where each comes from, the file
that it becomes, and the key that names the file. */}}
{{- define "fraud-stream.secrets" -}}
{{- $secrets := mergeOverwrite (deepCopy .root.Values.secrets) (deepCopy (index .root.Values .daemon).secrets) }}
{{- $places := dict
  "kafkaPassword" (dict "section" "kafka" "configKey" "password_file" "file" "kafka-password")
  "kafkaCa" (dict "section" "kafka" "configKey" "ca_file" "file" "kafka-ca.crt")
  "objectStoreKey" (dict "section" "object_store" "configKey" "secret_access_key_file" "file" "object-store-key")
  "mlflowToken" (dict "section" "mlflow" "configKey" "token_file" "file" "mlflow-token") }}
{{- $found := list }}
{{- range $name, $secret := $secrets }}
{{- if or $secret.existingSecret $secret.existingConfigMap }}
{{- $found = append $found (merge (dict "secret" $secret.existingSecret "configMap" $secret.existingConfigMap "key" $secret.key) (get $places $name)) }}
{{- end }}
{{- end }}
{{- toYaml $found }}
{{- end }}

{{/* Sections (a dict) as TOML. `toToml` writes whole numbers as floats, which the daemons refuse. */}}
{{- define "fraud-stream.toml" -}}
{{- range $section, $keys := . }}
[{{ $section }}]
{{- range $key, $value := $keys }}
{{ $key }} = {{ include "fraud-stream.tomlValue" $value }}
{{- end }}
{{ end }}
{{- end }}

{{- define "fraud-stream.tomlValue" -}}
{{- if kindIs "map" . -}}
{ {{- range $index, $key := keys . | sortAlpha }}{{ if $index }},{{ end }} {{ $key | toRawJson }} = {{ include "fraud-stream.tomlValue" (get $ $key) }}{{ end }} }
{{- else if kindIs "slice" . -}}
[{{ range $index, $value := . }}{{ if $index }}, {{ end }}{{ include "fraud-stream.tomlValue" $value }}{{ end }}]
{{- else if and (kindIs "float64" .) (eq (floor .) .) -}}
{{ int64 . }}
{{- else -}}
{{ toRawJson . }}
{{- end -}}
{{- end }}

{{/* The key `key` ("section.name") of the daemon's configuration, else `default`. */}}
{{- define "fraud-stream.setting" -}}
{{- $config := include "fraud-stream.config" . | fromYaml }}
{{- $parts := splitList "." .key }}
{{- get (get $config (first $parts) | default dict) (last $parts) | default .default }}
{{- end }}

{{/* Whole seconds of a duration such as 25s or 1m30s, rounded up. */}}
{{- define "fraud-stream.seconds" -}}
{{- $milliseconds := dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 }}
{{- $sum := 0 }}
{{- range regexFindAll "[0-9]+ *[a-z]+" . -1 }}
{{- $unit := get $milliseconds (regexFind "[a-z]+" .) | required (printf "service.shutdown_timeout: no unit of time in %q; write it as 25s or 1m30s" .) }}
{{- $sum = add $sum (mul (regexFind "[0-9]+" . | int) $unit) }}
{{- end }}
{{- div (add $sum 999) 1000 }}
{{- end }}

{{/* How many replicas the partitions keep busy; 0: not known. */}}
{{- define "fraud-stream.usefulReplicas" -}}
{{- $partitions := ternary .root.Values.partitions.transactions .root.Values.partitions.results (eq .daemon "scorer") | int }}
{{- $workers := ternary (include "fraud-stream.setting" (merge (dict "key" "scorer.workers" "default" 1) .)) "1" (eq .daemon "scorer") | int }}
{{- div (add $partitions (sub $workers 1)) $workers }}
{{- end }}

{{- define "fraud-stream.maxReplicas" -}}
{{- (index .root.Values .daemon).autoscaling.maxReplicas | default (include "fraud-stream.usefulReplicas" .) }}
{{- end }}
