{{- define "oidc-authz.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- /* 50 characters leave room for the longest suffix of an object's name. */ -}}
{{- define "oidc-authz.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $full .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "oidc-authz.chart" -}}
{{- printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "oidc-authz.selectorLabels" -}}
app.kubernetes.io/name: {{ include "oidc-authz.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- /* The selector labels take precedence over the values. */ -}}
{{- define "oidc-authz.labels" -}}
{{- $own := dict "app.kubernetes.io/version" .Chart.AppVersion "app.kubernetes.io/managed-by" .Release.Service "helm.sh/chart" (include "oidc-authz.chart" .) -}}
{{- mergeOverwrite $own (.Values.commonLabels | default dict) (include "oidc-authz.selectorLabels" . | fromYaml) | toYaml }}
{{- end }}

{{- /* Namespace of every object. */ -}}
{{- define "oidc-authz.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride }}
{{- end }}

{{- define "oidc-authz.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "oidc-authz.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- /* The configuration with the defaults of the service. */ -}}
{{- define "oidc-authz.config" -}}
{{- $defaults := .Files.Get "files/defaults.yaml" | fromYaml -}}
{{- $config := .Values.config -}}
{{- if eq (default "none" $config.compat) "oauth2-proxy" -}}
{{- $isSettable := and (ne (default "set" $config.identityHeaders) "remove") (ne (toString $config.forwardOriginalToken) "false") -}}
{{- $_ := set $defaults "outputTokenToHeader" "x-auth-request-access-token" -}}
{{- $_ := set $defaults "setAuthorizationHeader" $isSettable -}}
{{- end -}}
{{- $_ := set $defaults.limits "meshTimeout" .Values.authorizer.timeout -}}
{{- mustMergeOverwrite $defaults (deepCopy $config) | toYaml }}
{{- end }}

{{- /* The configuration file of the service. */ -}}
{{- define "oidc-authz.configFile" -}}
{{- $config := deepCopy .Values.config -}}
{{- if or .Values.caBundle.configMap .Values.caBundle.secret -}}
{{- $issuers := list -}}
{{- range $config.issuers -}}
{{- $issuers = append $issuers (merge . (dict "caFile" (printf "/etc/oidc-authz/ca/%s" $.Values.caBundle.key))) -}}
{{- end -}}
{{- $_ := set $config "issuers" $issuers -}}
{{- end -}}
{{- $config = include "oidc-authz.withLoginFiles" (dict "context" . "config" $config) | fromYaml -}}
{{- $config = include "oidc-authz.withStateFiles" (dict "context" . "config" $config) | fromYaml -}}
{{- /* Istio ignores ports when it routes. The values take precedence. */ -}}
{{- if or .Values.istio.enabled .Values.kyma.enabled .Values.kyma.apiRules -}}
{{- $_ := set $config "hosts" (merge (default dict $config.hosts) (dict "ports" "ignore")) -}}
{{- end -}}
{{- /* The service rejects deadlines that are too close to the timeout of the mesh entries. */ -}}
{{- $meshTimeout := (include "oidc-authz.config" . | fromYaml).limits.meshTimeout -}}
{{- $_ := set $config "limits" (merge (dict "meshTimeout" $meshTimeout) (default dict $config.limits)) -}}
{{- toYaml $config }}
{{- end }}

{{- define "oidc-authz.configMapName" -}}
{{- default (include "oidc-authz.fullname" .) .Values.existingConfigMap }}
{{- end }}

{{- /* Whole seconds of a duration such as 1m30s, rounded up. */ -}}
{{- define "oidc-authz.seconds" -}}
{{- divf (include "oidc-authz.milliseconds" . | float64) 1000 | ceil | int }}
{{- end }}

{{- /* Milliseconds of a duration such as 1m30s, rounded up. */ -}}
{{- define "oidc-authz.milliseconds" -}}
{{- $milliseconds := 0.0 -}}
{{- range regexFindAll "[0-9.]+(ms|s|m|h)" . -1 -}}
{{- $factor := get (dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000) (regexFind "[a-z]+" .) -}}
{{- $milliseconds = addf $milliseconds (mulf (regexFind "[0-9.]+" . | float64) $factor) -}}
{{- end -}}
{{- $milliseconds | ceil | int }}
{{- end }}

{{- define "oidc-authz.host" -}}
{{- printf "%s.%s.svc.%s" (include "oidc-authz.fullname" .) (include "oidc-authz.namespace" .) .Values.clusterDomain }}
{{- end }}

{{- define "oidc-authz.providerName" -}}
{{- default (include "oidc-authz.fullname" .) .Values.authorizer.name }}
{{- end }}

{{- /* Hosts and ports of the URLs in the configuration, as a list of host:port. */ -}}
{{- define "oidc-authz.issuerEndpoints" -}}
{{- $endpoints := list -}}
{{- range .Values.config.issuers -}}
{{- $urls := list .httpsProxy .jwksUri .discoveryUri -}}
{{- with .login }}{{ $urls = concat $urls (list .tokenEndpoint .revocationEndpoint) }}{{ end -}}
{{- if eq (default "" .httpsProxy) "env" }}{{ $urls = concat $urls (include "oidc-authz.proxies" $ | fromYamlArray) }}{{ end -}}
{{- if not (or .jwks .jwksFile .publicKeyFiles .jwksUri .discoveryUri) }}{{- $urls = append $urls .issuer }}{{- end -}}
{{- range $urls -}}
{{- $parts := regexFindAll "^[Hh][Tt][Tt][Pp][Ss]?://[^/?#]+" (default "" .) 1 -}}
{{- range $parts -}}
{{- $authority := regexReplaceAll "^[a-zA-Z]+://([^@]*@)?" . "" -}}
{{- $preset := ternary "80" "443" (regexMatch "^[Hh][Tt][Tt][Pp]:" .) -}}
{{- $port := default $preset (trimPrefix ":" (regexFind ":[0-9]+$" $authority)) -}}
{{- $endpoints = append $endpoints (printf "%s:%s" (regexReplaceAll ":[0-9]+$" $authority "") $port) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $endpoints | uniq | sortAlpha | toYaml }}
{{- end }}

{{- /* URLs of the proxies in `extraEnv`. As in the service, a URL without a scheme is http://. */ -}}
{{- define "oidc-authz.proxies" -}}
{{- $proxies := list -}}
{{- range .Values.extraEnv | default list -}}
{{- if and .value (has (upper .name) (list "HTTPS_PROXY" "HTTP_PROXY")) -}}
{{- $proxies = append $proxies (contains "://" .value | ternary .value (printf "http://%s" .value)) -}}
{{- end -}}
{{- end -}}
{{- $proxies | toYaml }}
{{- end }}

{{- define "oidc-authz.httpServicePort" -}}
{{- default (include "oidc-authz.config" . | fromYaml).http.port .Values.service.httpPort | int }}
{{- end }}

{{- define "oidc-authz.grpcServicePort" -}}
{{- default (include "oidc-authz.config" . | fromYaml).grpc.port .Values.service.grpcPort | int }}
{{- end }}
