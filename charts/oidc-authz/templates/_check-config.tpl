{{- /* Volumes, mounts and environment of the Job that runs `check-config`. It uses those of the pods that exist before the installation. */ -}}

{{- /* The rendered `extraObjects`. A ConfigMap or Secret named in them may not exist before the installation. */ -}}
{{- define "oidc-authz.extraObjects" -}}
{{- range .Values.extraObjects }}
{{ tpl (ternary . (toYaml .) (kindIs "string" .)) $ }}
{{- end }}
{{- end }}

{{- /* "true" if `extraObjects` names a ConfigMap or a Secret of this name. */ -}}
{{- define "oidc-authz.isExtraObject" -}}
{{- if .name -}}
{{- regexMatch (printf `(^|[\s"':,{\[])%s($|[\s"',}\]])` (regexQuoteMeta .name)) (include "oidc-authz.extraObjects" .context) -}}
{{- end -}}
{{- end }}

{{- /* "true" if the Job can mount the volume: its content exists before the installation, and no init container creates it. */ -}}
{{- define "oidc-authz.existsBefore" -}}
{{- $context := .context -}}
{{- $volume := .volume -}}
{{- $sources := concat (list $volume) (dig "projected" "sources" list $volume) -}}
{{- $exists := or (hasKey $volume "configMap") (hasKey $volume "secret") (hasKey $volume "projected") (hasKey $volume "downwardAPI") (and (hasKey $volume "emptyDir") (empty $context.Values.initContainers)) -}}
{{- range $source := $sources -}}
{{- range list (dig "configMap" "name" "" $source) (dig "secret" "secretName" "" $source) (dig "secret" "name" "" $source) -}}
{{- if eq (include "oidc-authz.isExtraObject" (dict "context" $context "name" .)) "true" }}{{ $exists = false }}{{ end -}}
{{- end -}}
{{- end -}}
{{- $exists -}}
{{- end }}

{{- /* Volumes, mounts and environment of the Job. `hasAll` is true if the Job has every file that the service has. */ -}}
{{- define "oidc-authz.checkConfig" -}}
{{- $volumes := list -}}
{{- $names := list -}}
{{- $hasAll := true -}}
{{- range include "oidc-authz.volumes" . | fromYamlArray -}}
{{- if and (eq .name "config") (not $.Values.existingConfigMap) -}}
{{- $volumes = append $volumes (dict "name" "config" "configMap" (dict "name" (include "oidc-authz.checkConfigName" $))) -}}
{{- $names = append $names .name -}}
{{- else if eq (include "oidc-authz.existsBefore" (dict "context" $ "volume" .)) "true" -}}
{{- $volumes = append $volumes . -}}
{{- $names = append $names .name -}}
{{- else -}}
{{- $hasAll = false -}}
{{- end -}}
{{- end -}}
{{- $mounts := list -}}
{{- range include "oidc-authz.volumeMounts" . | fromYamlArray }}{{ if has .name $names }}{{ $mounts = append $mounts . }}{{ end }}{{ end -}}
{{- $env := list -}}
{{- range .Values.extraEnv | default list -}}
{{- $name := default (dig "valueFrom" "configMapKeyRef" "name" "" .) (dig "valueFrom" "secretKeyRef" "name" "" .) -}}
{{- if ne (include "oidc-authz.isExtraObject" (dict "context" $ "name" $name)) "true" }}{{ $env = append $env . }}{{ end -}}
{{- end -}}
{{- $envFrom := list -}}
{{- range .Values.envFrom | default list -}}
{{- $name := default (dig "configMapRef" "name" "" .) (dig "secretRef" "name" "" .) -}}
{{- if ne (include "oidc-authz.isExtraObject" (dict "context" $ "name" $name)) "true" }}{{ $envFrom = append $envFrom . }}{{ end -}}
{{- end -}}
{{- dict "volumes" $volumes "volumeMounts" $mounts "env" $env "envFrom" $envFrom "hasAll" $hasAll | toYaml }}
{{- end }}

{{- define "oidc-authz.checkConfigName" -}}
{{- include "oidc-authz.fullname" . }}-check-config
{{- end }}

{{- /* Different labels than those of the service, so that no selector of the service matches this pod. */ -}}
{{- define "oidc-authz.checkConfigLabels" -}}
app.kubernetes.io/name: {{ include "oidc-authz.name" . }}-check-config
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "oidc-authz.checkConfigAnnotations" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
