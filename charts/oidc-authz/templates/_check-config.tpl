{{- /* What the hook that runs `check-config` shares with the pods of the service, and what it cannot have before an installation. */ -}}

{{- /* The text of the further objects: what is named in it may not be there before them. */ -}}
{{- define "oidc-authz.madeHere" -}}
{{- range .Values.extraObjects }}
{{ tpl (ternary . (toYaml .) (kindIs "string" .)) $ }}
{{- end }}
{{- end }}

{{- /* "true" where a ConfigMap or a Secret of this name stands in the further objects. */ -}}
{{- define "oidc-authz.isMadeHere" -}}
{{- if .name -}}
{{- regexMatch (printf `(^|[\s"':,{\[])%s($|[\s"',}\]])` (regexQuoteMeta .name)) (include "oidc-authz.madeHere" .context) -}}
{{- end -}}
{{- end }}

{{- /* "true" where the hook can mount a volume: what it holds is there before an installation, and is not made by the pod itself. */ -}}
{{- define "oidc-authz.isThereBefore" -}}
{{- $context := .context -}}
{{- $volume := .volume -}}
{{- $sources := concat (list $volume) (dig "projected" "sources" list $volume) -}}
{{- $isThere := or (hasKey $volume "configMap") (hasKey $volume "secret") (hasKey $volume "projected") (hasKey $volume "downwardAPI") (and (hasKey $volume "emptyDir") (empty $context.Values.initContainers)) -}}
{{- range $source := $sources -}}
{{- range list (dig "configMap" "name" "" $source) (dig "secret" "secretName" "" $source) (dig "secret" "name" "" $source) -}}
{{- if eq (include "oidc-authz.isMadeHere" (dict "context" $context "name" .)) "true" }}{{ $isThere = false }}{{ end -}}
{{- end -}}
{{- end -}}
{{- $isThere -}}
{{- end }}

{{- /* Volumes, mounts and environment of the hook, and whether all files are there that the service will have. */ -}}
{{- define "oidc-authz.checkConfig" -}}
{{- $volumes := list -}}
{{- $names := list -}}
{{- $hasAll := true -}}
{{- range include "oidc-authz.volumes" . | fromYamlArray -}}
{{- if and (eq .name "config") (not $.Values.existingConfigMap) -}}
{{- $volumes = append $volumes (dict "name" "config" "configMap" (dict "name" (include "oidc-authz.checkConfigName" $))) -}}
{{- $names = append $names .name -}}
{{- else if eq (include "oidc-authz.isThereBefore" (dict "context" $ "volume" .)) "true" -}}
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
{{- if ne (include "oidc-authz.isMadeHere" (dict "context" $ "name" $name)) "true" }}{{ $env = append $env . }}{{ end -}}
{{- end -}}
{{- $envFrom := list -}}
{{- range .Values.envFrom | default list -}}
{{- $name := default (dig "configMapRef" "name" "" .) (dig "secretRef" "name" "" .) -}}
{{- if ne (include "oidc-authz.isMadeHere" (dict "context" $ "name" $name)) "true" }}{{ $envFrom = append $envFrom . }}{{ end -}}
{{- end -}}
{{- dict "volumes" $volumes "volumeMounts" $mounts "env" $env "envFrom" $envFrom "hasAll" $hasAll | toYaml }}
{{- end }}

{{- define "oidc-authz.checkConfigName" -}}
{{- include "oidc-authz.fullname" . }}-check-config
{{- end }}

{{- /* Other labels than those of the service: nothing that looks for its pods must find this one. */ -}}
{{- define "oidc-authz.checkConfigLabels" -}}
app.kubernetes.io/name: {{ include "oidc-authz.name" . }}-check-config
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "oidc-authz.checkConfigAnnotations" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
