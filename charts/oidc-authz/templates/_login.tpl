{{- /* The login: its listener, its Secrets, and the options that name their files. */ -}}

{{- /* The login listener with its defaults; empty if it is disabled. */ -}}
{{- define "oidc-authz.loginListener" -}}
{{- $login := (include "oidc-authz.config" . | fromYaml).login | default dict -}}
{{- $listener := $login.listener | default dict -}}
{{- if $listener.enabled }}{{ mustMerge (deepCopy $listener) (dict "port" 8082) | toYaml }}{{ end -}}
{{- end }}

{{- /* Whether people sign in: "true" or empty. */ -}}
{{- define "oidc-authz.hasLogin" -}}
{{- if .Values.config.login }}true{{ end -}}
{{- end }}

{{- define "oidc-authz.createdSessionKeys" -}}
{{- include "oidc-authz.fullname" . }}-session-keys
{{- end }}

{{- /* Name of the Secret with the session keys; empty if the values name none. */ -}}
{{- define "oidc-authz.sessionKeysSecret" -}}
{{- with .Values.loginSecrets.sessionKeys -}}
{{- if .create }}{{ include "oidc-authz.createdSessionKeys" $ }}{{ else }}{{ .existingSecret }}{{ end -}}
{{- end -}}
{{- end }}

{{- /* Whether an issuer authenticates with a client secret that `config` does not name: "true" or empty. */ -}}
{{- define "oidc-authz.needsClientSecret" -}}
{{- with .login -}}
{{- $isSecret := has (default "client_secret_basic" .clientAuthentication) (list "client_secret_basic" "client_secret_post") -}}
{{- if and $isSecret (not (or .clientSecretFile .privateKeyFile .clientAssertionFile .certFile .keyFile)) }}true{{ end -}}
{{- end -}}
{{- end }}

{{- /* The configuration with the files of the mounted Secrets. */ -}}
{{- define "oidc-authz.withLoginFiles" -}}
{{- $config := .config -}}
{{- with .context.Values.loginSecrets -}}
{{- if and $config.login .client.existingSecret -}}
{{- $key := .client.key -}}
{{- $issuers := list -}}
{{- range $config.issuers -}}
{{- if include "oidc-authz.needsClientSecret" . }}{{ $_ := set .login "clientSecretFile" (printf "/etc/oidc-authz/login/%s" $key) }}{{ end -}}
{{- $issuers = append $issuers . -}}
{{- end -}}
{{- $_ := set $config "issuers" $issuers -}}
{{- end -}}
{{- if and $config.login (include "oidc-authz.sessionKeysSecret" $.context) -}}
{{- $_ := set $config "sessions" (merge (default dict $config.sessions) (dict "keysFile" (printf "/etc/oidc-authz/session/%s" .sessionKeys.key))) -}}
{{- end -}}
{{- end -}}
{{- toYaml $config }}
{{- end }}

{{- /* Problems in the values of the login. */ -}}
{{- define "oidc-authz.loginProblems" -}}
{{- $problems := list -}}
{{- $login := include "oidc-authz.hasLogin" . -}}
{{- with .Values.loginSecrets -}}
{{- if and .sessionKeys.create .sessionKeys.existingSecret -}}
{{- $problems = append $problems "loginSecrets.sessionKeys: create and existingSecret are both set; set only one of them" -}}
{{- end -}}
{{- $names := list "client.existingSecret" "sessionKeys.existingSecret" "sessionKeys.create" -}}
{{- range $index, $value := list .client.existingSecret .sessionKeys.existingSecret .sessionKeys.create -}}
{{- if and $value (not $login) (not $.Values.existingConfigMap) -}}
{{- $problems = append $problems (printf "loginSecrets.%s: it has no effect without config.login; add config.login, or remove it" (index $names $index)) -}}
{{- end -}}
{{- end -}}
{{- $without := 0 -}}
{{- range $.Values.config.issuers }}{{ if include "oidc-authz.needsClientSecret" . }}{{ $without = add1 $without }}{{ end }}{{ end -}}
{{- if and .client.existingSecret (gt (int $without) 1) -}}
{{- $problems = append $problems "loginSecrets.client.existingSecret: several issuers with login name no file; set config.issuers[].login.clientSecretFile of each, such as /etc/oidc-authz/login/KEY" -}}
{{- end -}}
{{- end -}}
{{- if and $login (not (include "oidc-authz.sessionKeysSecret" .)) (not (dig "sessions" "keysFile" "" .Values.config)) -}}
{{- $problems = append $problems "loginSecrets.sessionKeys: config.login needs session keys; set existingSecret, or create to true, or config.sessions.keysFile" -}}
{{- end -}}
{{- $problems | toYaml }}
{{- end }}

{{- /* Redirect URIs that people register at their issuers, a line for each issuer. */ -}}
{{- define "oidc-authz.redirectUris" -}}
{{- $login := .Values.config.login -}}
{{- $paths := $login.paths | default dict -}}
{{- $callback := default (printf "%s/callback" (default "/.oidc-authz" $paths.prefix)) $paths.callback -}}
{{- $clients := list -}}
{{- range .Values.config.issuers }}{{ if .login }}{{ $clients = append $clients . }}{{ end }}{{ end -}}
{{- range $clients }}
{{- $path := ternary $callback (printf "%s/%s" $callback (default "" .name)) (eq (len $clients) 1) }}
{{ .issuer }}, client {{ .login.clientId }}:
{{- range ternary (list $login.host) $login.hosts (not (empty $login.host)) }}
  {{ ternary "http" "https" (has . ($login.httpHosts | default list)) }}://{{ . }}{{ $path }}
{{- end }}
{{- end -}}
{{- end }}
