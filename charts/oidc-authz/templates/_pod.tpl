{{- define "oidc-authz.podAnnotations" -}}
{{- $config := include "oidc-authz.config" . | fromYaml -}}
{{- $own := dict "kubectl.kubernetes.io/default-container" "oidc-authz" -}}
{{- if .Values.metrics.annotations -}}
{{- $scheme := ternary "https" "http" (not (empty $config.admin.tls)) -}}
{{- $scrape := dict "scrape" "true" "port" (toString $config.admin.port) "path" "/metrics" "scheme" $scheme -}}
{{- range $name, $value := $scrape }}{{ $_ := set $own (printf "prometheus.io/%s" $name) $value }}{{ end -}}
{{- end -}}
{{- if and .Values.istio.enabled .Values.istio.sidecar -}}
{{- if .Values.istio.nativeSidecar }}{{ $_ := set $own "sidecar.istio.io/nativeSidecar" "true" }}{{ end -}}
{{- $_ := set $own "sidecar.istio.io/rewriteAppHTTPProbers" "true" -}}
{{- $drain := printf "%ss" (include "oidc-authz.seconds" $config.shutdown.timeout) -}}
{{- $proxy := dict "holdApplicationUntilProxyStarts" true "terminationDrainDuration" $drain -}}
{{- $_ := set $own "proxy.istio.io/config" (toYaml $proxy) -}}
{{- end -}}
{{- mergeOverwrite $own (.Values.podAnnotations | default dict) | toYaml }}
{{- end }}

{{- /* The chart's version is not a label: a new chart version alone must not replace the pods. */ -}}
{{- define "oidc-authz.podLabels" -}}
{{- $own := dict "app.kubernetes.io/version" .Chart.AppVersion -}}
{{- $_ := mergeOverwrite $own (.Values.commonLabels | default dict) -}}
{{- if .Values.istio.enabled }}{{ $_ := set $own "sidecar.istio.io/inject" (toString .Values.istio.sidecar) }}{{ end -}}
{{- if .Values.kyma.fromIngressGateway }}{{ $_ := set $own "networking.kyma-project.io/from-ingressgateway" "allowed" }}{{ end -}}
{{- mergeOverwrite $own (.Values.podLabels | default dict) (include "oidc-authz.selectorLabels" . | fromYaml) | toYaml }}
{{- end }}

{{- /* Seconds of the preStop sleep. */ -}}
{{- define "oidc-authz.preStop" -}}
{{- dig "preStop" "sleep" "seconds" 0 (.Values.lifecycle | default dict) | int }}
{{- end }}

{{- /* The drain begins after `lifecycle.preStop` and takes at most config.shutdown.timeout. 5 s are left for the container to stop. */ -}}
{{- define "oidc-authz.gracePeriod" -}}
{{- $config := include "oidc-authz.config" . | fromYaml -}}
{{- default (add 5 (include "oidc-authz.preStop" .) (include "oidc-authz.seconds" $config.shutdown.timeout)) .Values.terminationGracePeriodSeconds | int }}
{{- end }}

{{- /* The API server rejects duplicate names, so a NODE_OPTIONS in the values replaces the chart's. */ -}}
{{- define "oidc-authz.env" -}}
{{- $env := .Values.extraEnv | default list -}}
{{- $names := list -}}
{{- range $env }}{{ $names = append $names .name }}{{ end -}}
{{- $options := include "oidc-authz.nodeOptions" . -}}
{{- if and $options (not (has "NODE_OPTIONS" $names)) }}{{ $env = prepend $env (dict "name" "NODE_OPTIONS" "value" $options) }}{{ end -}}
{{- with $env }}{{ toYaml . }}{{ end -}}
{{- end }}

{{- /* The entry point of the image without --disallow-code-generation-from-strings: fastify compiles code. It serves the console and the login listener. */ -}}
{{- define "oidc-authz.command" -}}
{{- if or (include "oidc-authz.config" . | fromYaml).admin.console.enabled (include "oidc-authz.loginListener" .) -}}
{{- list "/nodejs/bin/node" "--permission" "--allow-net" "--allow-fs-read=/app" "--allow-fs-read=/etc" "--allow-fs-read=/run" "--allow-fs-read=/var/run" "--allow-fs-read=/proc/self" "--disable-warning=ExperimentalWarning" "--disable-proto=delete" "--disable-sigusr1" "/app/dist/main.js" | toJson -}}
{{- end -}}
{{- end }}

{{- define "oidc-authz.probes" -}}
{{- $config := include "oidc-authz.config" . | fromYaml -}}
{{- $scheme := ternary "HTTPS" "HTTP" (not (empty $config.admin.tls)) -}}
{{- range $probe, $path := dict "startup" "/livez" "liveness" "/livez" "readiness" "/readyz" }}
{{ $probe }}Probe:
  httpGet: {path: {{ $path }}, port: http-admin, scheme: {{ $scheme }}}
  {{- with get $.Values.probes $probe }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
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
{{ include "oidc-authz.placement" . }}
{{- end }}

{{- /* Placement of the pods of the service, of the hook and of `helm test`. */ -}}
{{- define "oidc-authz.placement" -}}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- end }}

{{- /* DNS and scheduler settings of the pods. */ -}}
{{- define "oidc-authz.podOptions" -}}
{{- range $name := list "priorityClassName" "schedulerName" "dnsPolicy" "dnsConfig" "hostAliases" }}
{{- with get $.Values $name }}
{{ toYaml (dict $name .) }}
{{- end }}
{{- end }}
{{- end }}
