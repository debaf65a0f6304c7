{{- /* Volumes and mounts: the configuration, the CA bundle, the Secrets of the login and of the store, and those of the values. */ -}}

{{- define "oidc-authz.configPath" -}}
/etc/oidc-authz/config/oidc-authz.yaml
{{- end }}

{{- define "oidc-authz.volumeMounts" -}}
{{- $mounts := list (dict "name" "config" "mountPath" "/etc/oidc-authz/config" "readOnly" true) -}}
{{- if or .Values.caBundle.configMap .Values.caBundle.secret -}}
{{- $mounts = append $mounts (dict "name" "ca" "mountPath" "/etc/oidc-authz/ca" "readOnly" true) -}}
{{- end -}}
{{- with .Values.loginSecrets.client.existingSecret -}}
{{- $mounts = append $mounts (dict "name" "login" "mountPath" "/etc/oidc-authz/login" "readOnly" true) -}}
{{- end -}}
{{- with include "oidc-authz.sessionKeysSecret" . -}}
{{- $mounts = append $mounts (dict "name" "session-keys" "mountPath" "/etc/oidc-authz/session" "readOnly" true) -}}
{{- end -}}
{{- with .Values.stateSecrets.valkey.existingSecret -}}
{{- $mounts = append $mounts (dict "name" "state" "mountPath" "/etc/oidc-authz/state" "readOnly" true) -}}
{{- end -}}
{{- with .Values.stateSecrets.keys.existingSecret -}}
{{- $mounts = append $mounts (dict "name" "state-keys" "mountPath" "/etc/oidc-authz/state-keys" "readOnly" true) -}}
{{- end -}}
{{- concat $mounts (.Values.extraVolumeMounts | default list) | toYaml }}
{{- end }}

{{- define "oidc-authz.volumes" -}}
{{- $volumes := list (dict "name" "config" "configMap" (dict "name" (include "oidc-authz.configMapName" .))) -}}
{{- with .Values.caBundle.configMap }}{{ $volumes = append $volumes (dict "name" "ca" "configMap" (dict "name" .)) }}{{ end -}}
{{- with .Values.caBundle.secret }}{{ $volumes = append $volumes (dict "name" "ca" "secret" (dict "secretName" . "defaultMode" 288)) }}{{ end -}}
{{- with .Values.loginSecrets.client.existingSecret }}{{ $volumes = append $volumes (dict "name" "login" "secret" (dict "secretName" . "defaultMode" 288)) }}{{ end -}}
{{- with include "oidc-authz.sessionKeysSecret" . }}{{ $volumes = append $volumes (dict "name" "session-keys" "secret" (dict "secretName" . "defaultMode" 288)) }}{{ end -}}
{{- with .Values.stateSecrets.valkey.existingSecret }}{{ $volumes = append $volumes (dict "name" "state" "secret" (dict "secretName" . "defaultMode" 288)) }}{{ end -}}
{{- with .Values.stateSecrets.keys.existingSecret }}{{ $volumes = append $volumes (dict "name" "state-keys" "secret" (dict "secretName" . "defaultMode" 288)) }}{{ end -}}
{{- concat $volumes (.Values.extraVolumes | default list) | toYaml }}
{{- end }}
