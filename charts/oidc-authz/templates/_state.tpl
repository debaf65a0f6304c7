{{- /* The store that the pods share: its Secrets, the options that name their files, and its ports. */ -}}

{{- /* The options that name the files of the Secret, by the value with the key. */ -}}
{{- define "oidc-authz.stateFileOptions" -}}
passwordKey: passwordFile
usernameKey: usernameFile
sentinelPasswordKey: sentinelPasswordFile
sentinelUsernameKey: sentinelUsernameFile
caKey: caFile
certKey: certFile
keyKey: keyFile
{{- end }}

{{- /* The configuration with the files of the mounted Secrets. */ -}}
{{- define "oidc-authz.withStateFiles" -}}
{{- $config := .config -}}
{{- with .context.Values.stateSecrets -}}
{{- if and $config.state .valkey.existingSecret -}}
{{- $files := dict -}}
{{- range $value, $option := include "oidc-authz.stateFileOptions" $ | fromYaml -}}
{{- with get $.context.Values.stateSecrets.valkey $value }}{{ $_ := set $files $option (printf "/etc/oidc-authz/state/%s" .) }}{{ end -}}
{{- end -}}
{{- $_ := set $config.state "valkey" (merge (default dict $config.state.valkey) $files) -}}
{{- end -}}
{{- if and $config.state .keys.existingSecret -}}
{{- $_ := set $config "state" (merge $config.state (dict "keysFile" (printf "/etc/oidc-authz/state-keys/%s" .keys.key))) -}}
{{- end -}}
{{- end -}}
{{- toYaml $config }}
{{- end }}

{{- /* Whether sessions are in the store: "true" or empty. */ -}}
{{- define "oidc-authz.sharesSessions" -}}
{{- if and .Values.config.state (ne (dig "sessions" "store" "valkey" .Values.config) "cookie") }}true{{ end -}}
{{- end }}

{{- /* The ports of the store, as a list. Servers have the port 6379 by default, and sentinels 26379. */ -}}
{{- define "oidc-authz.statePorts" -}}
{{- $valkey := dig "state" "valkey" dict .Values.config -}}
{{- $ports := list -}}
{{- $isSentinel := eq (default "single" $valkey.mode) "sentinel" -}}
{{- range $valkey.urls | default list -}}
{{- $port := regexFind ":[0-9]+" (regexFind "\\]?(:[0-9]+)?(/[0-9]+)?$" .) | trimPrefix ":" -}}
{{- $ports = append $ports (default (ternary "26379" "6379" $isSentinel) $port | int) -}}
{{- end -}}
{{- if $isSentinel }}{{ $ports = append $ports 6379 }}{{ end -}}
{{- $ports | uniq | toYaml }}
{{- end }}

{{- /* Problems in the values of the store. */ -}}
{{- define "oidc-authz.stateProblems" -}}
{{- $problems := list -}}
{{- $state := .Values.config.state -}}
{{- range $name := list "valkey" "keys" -}}
{{- if and (get $.Values.stateSecrets $name).existingSecret (not $state) (not $.Values.existingConfigMap) -}}
{{- $problems = append $problems (printf "stateSecrets.%s.existingSecret: it has no effect without config.state; add config.state, or remove it" $name) -}}
{{- end -}}
{{- end -}}
{{- with .Values.stateSecrets.keys.existingSecret -}}
{{- if $.Values.config.login -}}
{{- $problems = append $problems "stateSecrets.keys.existingSecret: config.login is set, and its session keys are used for the store too; remove it" -}}
{{- end -}}
{{- end -}}
{{- with .Values.stateSecrets.valkey -}}
{{- if and .existingSecret (ne (empty .certKey) (empty .keyKey)) -}}
{{- $problems = append $problems "stateSecrets.valkey: only one of certKey and keyKey is set; set both, or neither" -}}
{{- end -}}
{{- end -}}
{{- $problems | toYaml }}
{{- end }}
