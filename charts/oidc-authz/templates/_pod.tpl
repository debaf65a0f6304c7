{{- define "oidc-authz.podAnnotations" -}}
{{- $config := include "oidc-authz.config" . | fromYaml -}}
kubectl.kubernetes.io/default-container: oidc-authz
{{- if .Values.metrics.annotations }}
prometheus.io/scrape: "true"
prometheus.io/port: {{ $config.admin.port | quote }}
prometheus.io/path: /metrics
prometheus.io/scheme: {{ ternary "https" "http" (not (empty $config.admin.tls)) }}
{{- end }}
{{- if and .Values.istio.enabled .Values.istio.sidecar }}
{{- if .Values.istio.nativeSidecar }}
sidecar.istio.io/nativeSidecar: "true"
{{- end }}
sidecar.istio.io/rewriteAppHTTPProbers: "true"
proxy.istio.io/config: |
  holdApplicationUntilProxyStarts: true
  terminationDrainDuration: {{ include "oidc-authz.seconds" $config.shutdown.timeout }}s
{{- end }}
{{- with .Values.podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* Without the chart's version: a new one must not roll the pods by itself. */ -}}
{{- define "oidc-authz.podLabels" -}}
{{ include "oidc-authz.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- if .Values.istio.enabled }}
sidecar.istio.io/inject: {{ .Values.istio.sidecar | quote }}
{{- end }}
{{- if .Values.kyma.fromIngressGateway }}
networking.kyma-project.io/from-ingressgateway: allowed
{{- end }}
{{- with .Values.podLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* The drain takes config.shutdown.timeout at most; the rest is for the container to end in. */ -}}
{{- define "oidc-authz.gracePeriod" -}}
{{- $config := include "oidc-authz.config" . | fromYaml -}}
{{- default (add 5 (include "oidc-authz.seconds" $config.shutdown.timeout)) .Values.terminationGracePeriodSeconds | int }}
{{- end }}

{{- /* Every process gets its part of the memory; how many `auto` will be is not known here. */ -}}
{{- define "oidc-authz.nodeOptions" -}}
{{- $workers := (include "oidc-authz.config" . | fromYaml).workers | toString -}}
{{- $options := list -}}
{{- if and .Values.heapPercent .Values.resources.limits.memory (ne $workers "auto") -}}
{{- $mebibytes := include "oidc-authz.mebibytes" (toString .Values.resources.limits.memory) | int -}}
{{- $options = append $options (printf "--max-old-space-size=%d" (div (div (mul $mebibytes .Values.heapPercent) 100) (int $workers))) -}}
{{- end -}}
{{- if ne $workers "1" -}}
{{- $options = append $options "--allow-child-process" -}}
{{- end -}}
{{- join " " $options -}}
{{- end }}

{{- define "oidc-authz.env" -}}
{{- with include "oidc-authz.nodeOptions" . -}}
- name: NODE_OPTIONS
  value: {{ . }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "oidc-authz.probes" -}}
{{- $config := include "oidc-authz.config" . | fromYaml -}}
{{- $scheme := ternary "HTTPS" "HTTP" (not (empty $config.admin.tls)) -}}
{{- range $probe, $path := dict "startup" "/livez" "liveness" "/livez" "readiness" "/readyz" }}
{{ $probe }}Probe:
  httpGet: {path: {{ $path }}, port: http-admin, scheme: {{ $scheme }}}
  {{- toYaml (get $.Values.probes $probe) | nindent 2 }}
{{- end }}
{{- end }}

{{- define "oidc-authz.scheduling" -}}
{{- $selector := dict "matchLabels" (include "oidc-authz.selectorLabels" . | fromYaml) -}}
{{- $constraints := list -}}
{{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" -}}
{{- $constraints = append $constraints (dict "maxSkew" 1 "topologyKey" . "whenUnsatisfiable" "ScheduleAnyway" "labelSelector" $selector "matchLabelKeys" (list "pod-template-hash")) -}}
{{- end -}}
{{- $term := dict "weight" 100 "podAffinityTerm" (dict "topologyKey" "kubernetes.io/hostname" "labelSelector" $selector) -}}
{{- $apart := dict "podAntiAffinity" (dict "preferredDuringSchedulingIgnoredDuringExecution" (list $term)) -}}
topologySpreadConstraints:
  {{- toYaml (default $constraints .Values.topologySpreadConstraints) | nindent 2 }}
affinity:
  {{- toYaml (default $apart .Values.affinity) | nindent 2 }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
