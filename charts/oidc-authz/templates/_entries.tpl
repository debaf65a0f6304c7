{{- /* Entries for the mesh. The header lists come from the configuration. */ -}}

{{- define "oidc-authz.checkHeaders" -}}
{{- $config := include "oidc-authz.config" . | fromYaml -}}
{{- $headers := list "authorization" (lower $config.log.requestIdHeader) -}}
{{- if $config.dpop.origins }}{{- $headers = append $headers "dpop" }}{{- end -}}
{{- if or $config.clientCertificates.trustedHops $config.clientCertificates.trustedProxyUri }}{{- $headers = append $headers "x-forwarded-client-cert" }}{{- end -}}
{{- range $config.trustedHeaders }}{{- $headers = append $headers (lower .) }}{{- end -}}
{{- $rules := $config.rules | default list -}}
{{- range $config.policies | default list }}{{- $rules = concat $rules .rules }}{{- end -}}
{{- range $rules }}
{{- if .allowPreflight }}{{- $headers = append $headers "origin" }}{{- end -}}
{{- if or .allowPreflight (has "OPTIONS" ((.match | default dict).methods | default list)) }}{{- $headers = append $headers "access-control-request-method" }}{{- end -}}
{{- if (.match | default dict).addresses }}{{- $headers = append $headers (lower $config.clientAddress.header) }}{{- end -}}
{{- if (.require | default dict).scopesFromHeader }}{{- $headers = append $headers (lower .require.scopesFromHeader) }}{{- end -}}
{{- end -}}
{{- if $config.login }}{{- $headers = concat $headers (.Files.Get "files/login-headers.yaml" | fromYaml).include }}{{- end -}}
{{- if $config.shadow.authorizer }}{{- $headers = concat $headers (list "x-forwarded-for" "cookie") }}{{- end -}}
{{- concat $headers (.Values.authorizer.includeHeaders | default list) | uniq | toYaml }}
{{- end }}

{{- /* The cookies of sessions, which browsers receive with an allow. */ -}}
{{- define "oidc-authz.browserHeaders" -}}
{{- $headers := list -}}
{{- if .Values.config.login }}{{- $headers = (.Files.Get "files/login-headers.yaml" | fromYaml).toBrowserOnAllow }}{{- end -}}
{{- toYaml $headers }}
{{- end }}

{{- /* The denials of a login or an incumbent contain redirects and cookies for browsers. */ -}}
{{- define "oidc-authz.denialHeaders" -}}
{{- $config := include "oidc-authz.config" . | fromYaml -}}
{{- $headers := .Values.authorizer.onDeny | default list -}}
{{- if and $headers $config.login -}}
{{- $ofLogin := .Files.Get "files/login-headers.yaml" | fromYaml -}}
{{- $headers = concat $headers $ofLogin.onDeny | uniq -}}
{{- if $config.login.cors }}{{- $headers = concat $headers $ofLogin.cors | uniq }}{{- end -}}
{{- end -}}
{{- if and $headers $config.shadow.authorizer }}{{- $headers = concat $headers (list "location" "set-cookie") | uniq }}{{- end -}}
{{- toYaml $headers }}
{{- end }}

{{- define "oidc-authz.upstreamHeaders" -}}
{{- $config := include "oidc-authz.config" . | fromYaml -}}
{{- $headers := list -}}
{{- if eq $config.identityHeaders "set" -}}
{{- range $config.outputClaimToHeaders }}{{- $headers = append $headers (lower .header) }}{{- end -}}
{{- $rules := $config.rules | default list -}}
{{- range $config.policies | default list }}{{- $rules = concat $rules .rules }}{{- end -}}
{{- range $rules }}{{- range .outputClaimToHeaders | default list }}{{- $headers = append $headers (lower .header) }}{{- end -}}{{- end -}}
{{- if $config.outputTokenToHeader }}{{- $headers = append $headers (lower $config.outputTokenToHeader) }}{{- end -}}
{{- end -}}
{{- if $config.setAuthorizationHeader }}{{- $headers = append $headers "authorization" }}{{- end -}}
{{- if $config.login -}}
{{- range $config.issuers -}}
{{- if and .login (ne (default "accessToken" .login.forward) "none") }}{{- $headers = append $headers "authorization" }}{{- end -}}
{{- end -}}
{{- $headers = append $headers "cookie" -}}
{{- end -}}
{{- if and (eq $config.compat "oauth2-proxy") (eq $config.identityHeaders "set") }}{{- $headers = append $headers "gap-auth" }}{{- end -}}
{{- uniq $headers | toYaml }}
{{- end }}

{{- define "oidc-authz.checkPorts" -}}
{{- $config := include "oidc-authz.config" . | fromYaml -}}
{{- $ports := list -}}
{{- if $config.http.enabled }}{{- $ports = append $ports (toString $config.http.port) }}{{- end -}}
{{- if $config.grpc.enabled }}{{- $ports = append $ports (toString $config.grpc.port) }}{{- end -}}
{{- with include "oidc-authz.loginListener" . | fromYaml }}{{- $ports = append $ports (toString .port) }}{{- end -}}
{{- toJson $ports }}
{{- end }}

{{- /*
Entries for checks over HTTP: one, or one for each policy. The policies differ in the prefix that the mesh adds to each path. Without the
prefix, the path that the client sends would select the policy.
*/ -}}
{{- define "oidc-authz.httpEntries" -}}
{{- $config := include "oidc-authz.config" . | fromYaml -}}
{{- $name := include "oidc-authz.providerName" . -}}
{{- $entries := list -}}
{{- range $config.policies | default list -}}
{{- $entries = append $entries (dict "name" (printf "%s-%s" $name .name) "pathPrefix" .pathPrefix "suffix" (printf "-%s" .name)) -}}
{{- end -}}
{{- default (list (dict "name" $name "pathPrefix" $config.http.pathPrefix "suffix" "")) $entries | toYaml }}
{{- end }}

{{- /* Name of the entry that an APIRule or a guard uses. */ -}}
{{- define "oidc-authz.providerOf" -}}
{{- $name := include "oidc-authz.providerName" .context -}}
{{- if .item.policy }}{{ printf "%s-%s" $name .item.policy }}{{ else }}{{ $name }}{{ end -}}
{{- end }}

{{- /* An entry for spec.config.authorizers of Kyma's Istio resource. */ -}}
{{- define "oidc-authz.kymaEntry" -}}
{{- $entry := .entry -}}
{{- with .context -}}
{{- $onAllow := include "oidc-authz.upstreamHeaders" . | fromYamlArray -}}
{{- $onDeny := include "oidc-authz.denialHeaders" . | fromYamlArray -}}
{{- $toBrowser := include "oidc-authz.browserHeaders" . | fromYamlArray -}}
name: {{ $entry.name }}
service: {{ include "oidc-authz.host" . }}
port: {{ include "oidc-authz.httpServicePort" . }}
timeout: {{ .Values.authorizer.timeout }}
{{- with $entry.pathPrefix }}
pathPrefix: {{ . }}
{{- end }}
headers:
  inCheck:
    include: {{ include "oidc-authz.checkHeaders" . | fromYamlArray | toJson }}
  {{- with $onAllow }}
  toUpstream:
    onAllow: {{ toJson . }}
  {{- end }}
  {{- if or $onDeny $toBrowser }}
  toDownstream:
    {{- with $toBrowser }}
    onAllow: {{ toJson . }}
    {{- end }}
    {{- with $onDeny }}
    onDeny: {{ toJson . }}
    {{- end }}
  {{- end }}
{{- end -}}
{{- end }}

{{- /* Entries for extensionProviders of Istio's mesh configuration. */ -}}
{{- define "oidc-authz.istioHttpProvider" -}}
{{- $entry := .entry -}}
{{- with .context -}}
{{- $onAllow := include "oidc-authz.upstreamHeaders" . | fromYamlArray -}}
{{- $onDeny := include "oidc-authz.denialHeaders" . | fromYamlArray -}}
{{- $toBrowser := include "oidc-authz.browserHeaders" . | fromYamlArray -}}
name: {{ $entry.name }}
envoyExtAuthzHttp:
  service: {{ include "oidc-authz.host" . }}
  port: {{ include "oidc-authz.httpServicePort" . }}
  timeout: {{ .Values.authorizer.timeout }}
  {{- with $entry.pathPrefix }}
  pathPrefix: {{ . }}
  {{- end }}
  failOpen: false
  includeRequestHeadersInCheck: {{ include "oidc-authz.checkHeaders" . | fromYamlArray | toJson }}
  {{- with $onAllow }}
  headersToUpstreamOnAllow: {{ toJson . }}
  {{- end }}
  {{- with $toBrowser }}
  headersToDownstreamOnAllow: {{ toJson . }}
  {{- end }}
  {{- with $onDeny }}
  headersToDownstreamOnDeny: {{ toJson . }}
  {{- end }}
{{- end -}}
{{- end }}

{{- define "oidc-authz.istioGrpcProvider" -}}
{{- $config := include "oidc-authz.config" . | fromYaml -}}
name: {{ include "oidc-authz.providerName" . }}{{ if $config.http.enabled }}-grpc{{ end }}
envoyExtAuthzGrpc:
  service: {{ include "oidc-authz.host" . }}
  port: {{ include "oidc-authz.grpcServicePort" . }}
  timeout: {{ .Values.authorizer.timeout }}
  failOpen: false
{{- end }}
