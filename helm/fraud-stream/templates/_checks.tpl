{{/*
What a schema can't say: settings that don't fit each other. Each fault is a line that says what to do.
*/}}
{{- define "fraud-stream.checks" -}}
{{- $faults := list }}
{{- range $daemon := list "producer" "scorer" "sink" }}
{{- if (index $.Values $daemon).enabled }}
{{- $found := include "fraud-stream.daemonFaults" (dict "root" $ "daemon" $daemon) | fromYamlArray }}
{{- range $found }}
{{- $faults = append $faults (printf "%s: %s" $daemon .) }}
{{- end }}
{{- end }}
{{- end }}
{{- if $faults }}
{{- fail (printf "\n%s" (join "\n" $faults)) }}
{{- end }}
{{- end }}

{{/* The faults of one daemon, as a YAML list. Takes a dict of `root` and `daemon`. */}}
{{- define "fraud-stream.daemonFaults" -}}
{{- $values := index .root.Values .daemon }}
{{- $config := include "fraud-stream.config" . | fromYaml }}
{{- $own := get $config .daemon | default dict }}
{{- $faults := list }}
{{- if not (or $values.image .root.Values.image.registry) }}
{{- $faults = append $faults "image.registry must be set: where the images were pushed to" }}
{{- end }}
{{- if not (dig "kafka" "bootstrap_servers" "" $config) }}
{{- $faults = append $faults "config.kafka.bootstrap_servers must be set" }}
{{- end }}
{{- if dig "kafka" "password" "" $config }}
{{- $faults = append $faults "config.kafka.password would be readable in a ConfigMap: use secrets.kafkaPassword" }}
{{- end }}
{{- if dig "object_store" "secret_access_key" "" $config }}
{{- $faults = append $faults "config.object_store.secret_access_key would be readable in a ConfigMap: use secrets.objectStoreKey" }}
{{- end }}
{{- if ne (get $config.admin "address") (printf "0.0.0.0:%s" (include "fraud-stream.port" .)) }}
{{- $faults = append $faults "config.admin.address is the chart's: probes and Services need it as it is" }}
{{- end }}
{{- range $values.env }}
{{- if and (hasPrefix "FRAUD_" .name) (hasKey . "value") }}
{{- $faults = append $faults (printf "env %s would pass by these checks: set it in config" .name) }}
{{- end }}
{{- end }}
{{- if and (eq .daemon "producer") (not $own.source) }}
{{- $faults = append $faults "config.producer.source must be set" }}
{{- end }}
{{- if eq .daemon "scorer" }}
{{- $faults = concat $faults (include "fraud-stream.modelFaults" (dict "values" $values "model" ($own.model | default "")) | fromYamlArray) }}
{{- end }}
{{- if eq .daemon "sink" }}
{{- $faults = concat $faults (include "fraud-stream.resultsFaults" (dict "values" $values "sink" $own) | fromYamlArray) }}
{{- end }}
{{- if ne .daemon "producer" }}
{{- $faults = concat $faults (include "fraud-stream.replicaFaults" (merge (dict "values" $values "own" $own) .) | fromYamlArray) }}
{{- end }}
{{- toYaml $faults }}
{{- end }}

{{- define "fraud-stream.modelFaults" -}}
{{- $faults := list }}
{{- if not .model }}
{{- $faults = append $faults "config.scorer.model must be set" }}
{{- else if not (or (contains ":/" .model) (hasPrefix "/models/" .model) .values.volumeMounts) }}
{{- $faults = append $faults (printf "config.scorer.model is %q, but images carry no model: name an s3:// or models:/ URL, or a folder below /models with scorer.modelVolume" .model) }}
{{- else if and (hasPrefix "/models/" .model) (not .values.modelVolume) (not .values.volumeMounts) }}
{{- $faults = append $faults "config.scorer.model lies below /models, where nothing is mounted: set scorer.modelVolume" }}
{{- end }}
{{- toYaml $faults }}
{{- end }}

{{/* Files are complete only in one place that all replicas see and that outlives them. */}}
{{- define "fraud-stream.resultsFaults" -}}
{{- $faults := list }}
{{- $parquet := .sink.parquet | default "" }}
{{- $storage := .values.storage }}
{{- $isFolder := and $parquet (not (contains "://" $parquet)) }}
{{- $isAutoscaled := ne .values.autoscaling.kind "" }}
{{- if not (or $parquet .sink.console) }}
{{- $faults = append $faults "config.sink.parquet must be set, or config.sink.console be true: results would go nowhere" }}
{{- end }}
{{- if and $isFolder (not (hasPrefix (printf "%s/" $storage.mountPath) (printf "%s/" $parquet))) }}
{{- $faults = append $faults (printf "config.sink.parquet is %q, which is not below sink.storage.mountPath (%s): files there would be lost with the pod" $parquet $storage.mountPath) }}
{{- else if and $isFolder (include "fraud-stream.isShadowed" (dict "folder" $parquet "mounts" .values.volumeMounts)) }}
{{- $faults = append $faults (printf "config.sink.parquet is %q, where sink.volumeMounts mounts something else: only sink.storage is known to outlive the pod" $parquet) }}
{{- else if and $isFolder (not (or $storage.existingClaim $storage.size)) }}
{{- $faults = append $faults "config.sink.parquet is a folder: set sink.storage.existingClaim or sink.storage.size; an emptyDir would be lost with the pod, after the offsets were committed" }}
{{- else if and $isFolder (not (and $storage.existingClaim $storage.shared)) (or $isAutoscaled (gt (int .values.replicas) 1)) }}
{{- $faults = append $faults "several replicas need a place that all of them see: an s3:// URL, or sink.storage.existingClaim with sink.storage.shared" }}
{{- end }}
{{- toYaml $faults }}
{{- end }}

{{/* "yes" if `folder` lies in one of `mounts`. */}}
{{- define "fraud-stream.isShadowed" -}}
{{- $folder := printf "%s/" .folder }}
{{- range .mounts }}
{{- if hasPrefix (printf "%s/" (trimSuffix "/" .mountPath)) $folder }}yes{{ end }}
{{- end }}
{{- end }}

{{- define "fraud-stream.replicaFaults" -}}
{{- $faults := list }}
{{- $scaling := .values.autoscaling }}
{{- $useful := include "fraud-stream.usefulReplicas" . | int }}
{{- $topic := ternary "transactions" "results" (eq .daemon "scorer") }}
{{- $replicas := ternary (int .values.replicas) (include "fraud-stream.maxReplicas" . | int) (eq $scaling.kind "") }}
{{- if and $useful (gt $replicas $useful) }}
{{- $faults = append $faults (printf "%d replicas, but the partitions of %s (partitions.%s) keep at most %d busy" $replicas $topic $topic $useful) }}
{{- end }}
{{- if and $scaling.kind (not $useful) }}
{{- $faults = append $faults (printf "autoscaling needs partitions.%s: more replicas than partitions have nothing to do" $topic) }}
{{- else if and $scaling.kind (lt $replicas (int $scaling.minReplicas)) }}
{{- $faults = append $faults (printf "autoscaling.minReplicas is above the most (%d)" $replicas) }}
{{- end }}
{{- if and (eq $scaling.kind "keda") (not $scaling.prometheusAddress) }}
{{- $faults = append $faults "autoscaling.prometheusAddress must be set for KEDA" }}
{{- end }}
{{- $idKey := ternary "transactional_id" "instance_id" (eq .daemon "scorer") }}
{{- if and (get .own $idKey) (or $scaling.kind (gt (int .values.replicas) 1)) }}
{{- $faults = append $faults (printf "config.%s.%s would be the same for all replicas, which would fence each other: leave it empty, the pod's name serves" .daemon $idKey) }}
{{- end }}
{{- toYaml $faults }}
{{- end }}
