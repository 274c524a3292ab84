{{/*
The template of a daemon's pods. Takes a dict of `root`, `daemon` and `restartPolicy`.
*/}}
{{- define "fraud-stream.podTemplate" -}}
{{- $root := .root }}
{{- $values := index $root.Values .daemon }}
{{- $port := include "fraud-stream.port" . }}
{{- $secrets := include "fraud-stream.secrets" . | fromYamlArray }}
{{- $fetchesModel := and (eq .daemon "scorer") (contains ":/" (include "fraud-stream.setting" (merge (dict "key" "scorer.model" "default" "") .))) }}
metadata:
  labels:
    {{- include "fraud-stream.selector" . | nindent 4 }}
    app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
    {{- with $values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # A changed configuration restarts the pods.
    checksum/config: {{ include "fraud-stream.config" . | sha256sum }}
    {{- if not $root.Values.serviceMonitor.enabled }}
    prometheus.io/scrape: "true"
    prometheus.io/port: {{ $port | quote }}
    prometheus.io/path: /metrics
    {{- end }}
    {{- with $values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  restartPolicy: {{ .restartPolicy }}
  serviceAccountName: {{ include "fraud-stream.serviceAccount" $root }}
  automountServiceAccountToken: false
  # Their variables (FRAUD_STREAM_…) are noise beside the daemons' own.
  enableServiceLinks: false
  # The daemon's own deadline comes first.
  terminationGracePeriodSeconds: {{ add 10 (include "fraud-stream.seconds" (include "fraud-stream.setting" (merge (dict "key" "service.shutdown_timeout" "default" "25s") .))) }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  {{- with $root.Values.image.pullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  containers:
    - name: {{ include "fraud-stream.binary" . }}
      image: {{ include "fraud-stream.image" . }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      args: [--config, /etc/fraud-stream/config.toml]
      {{- if or $fetchesModel $values.env }}
      env:
        {{- if $fetchesModel }}
        - name: XDG_CACHE_HOME
          value: /var/cache
        {{- end }}
        {{- with $values.env }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- end }}
      ports:
        - name: admin
          containerPort: {{ $port }}
      # Answers as soon as the process runs; loading the model may take longer.
      startupProbe:
        httpGet: {path: /livez, port: admin}
        periodSeconds: 2
        failureThreshold: 30
      livenessProbe:
        httpGet: {path: /livez, port: admin}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 3
      readinessProbe:
        httpGet: {path: /readyz, port: admin}
        periodSeconds: 5
        timeoutSeconds: 5
      resources:
        {{- toYaml $values.resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
      volumeMounts:
        - name: config
          mountPath: /etc/fraud-stream
          readOnly: true
        {{- if $secrets }}
        - name: secrets
          mountPath: /run/secrets/fraud-stream
          readOnly: true
        {{- end }}
        {{- if $values.modelVolume }}
        - name: models
          mountPath: /models
          readOnly: true
        {{- end }}
        {{- if $fetchesModel }}
        - name: cache
          mountPath: /var/cache/fraud-stream
        {{- end }}
        {{- if and (eq .daemon "sink") (include "fraud-stream.sinkHasVolume" $root) }}
        - name: results
          mountPath: {{ $values.storage.mountPath }}
        {{- end }}
        {{- with $values.volumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: config
      configMap:
        name: {{ include "fraud-stream.daemonName" . }}
    {{- if $secrets }}
    - name: secrets
      projected:
        defaultMode: 0440
        sources:
          {{- range $secrets }}
          {{- if .secret }}
          - secret:
              name: {{ .secret }}
          {{- else }}
          - configMap:
              name: {{ .configMap }}
          {{- end }}
              items:
                - key: {{ .key }}
                  path: {{ .file }}
          {{- end }}
    {{- end }}
    {{- with $values.modelVolume }}
    - name: models
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- if $fetchesModel }}
    # For the model that the scorer fetches, which may have 4 GiB.
    - name: cache
      emptyDir:
        sizeLimit: 5Gi
    {{- end }}
    {{- if and (eq .daemon "sink") $values.storage.existingClaim }}
    - name: results
      persistentVolumeClaim:
        claimName: {{ $values.storage.existingClaim }}
    {{- end }}
    {{- with $values.volumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  topologySpreadConstraints:
    {{- if $values.topologySpreadConstraints }}
    {{- toYaml $values.topologySpreadConstraints | nindent 4 }}
    {{- else }}
    {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - topologyKey: {{ . }}
      maxSkew: 1
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "fraud-stream.selector" $ | nindent 10 }}
    {{- end }}
    {{- end }}
  {{- with $values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
{{- end }}

{{/* "yes" if the sink writes to a volume of the chart's. Takes the root. */}}
{{- define "fraud-stream.sinkHasVolume" -}}
{{- if or .Values.sink.storage.existingClaim .Values.sink.storage.size }}yes{{ end }}
{{- end }}
