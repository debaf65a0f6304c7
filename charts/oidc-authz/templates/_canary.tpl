{{- /* The spec of the canary's Job. */ -}}
{{- define "oidc-authz.canaryPod" -}}
{{- $canary := .context.Values.canary -}}
{{- $mount := dict "name" "credential" "mountPath" "/etc/oidc-authz/canary" "readOnly" true -}}
{{- $mounts := append (include "oidc-authz.volumeMounts" .context | fromYamlArray) $mount -}}
{{- $secret := dict "secretName" $canary.token.secretName "defaultMode" 288 "items" (list (dict "key" $canary.token.secretKey "path" "credential")) -}}
{{- $volumes := append (include "oidc-authz.volumes" .context | fromYamlArray) (dict "name" "credential" "secret" $secret) -}}
{{- $ca := .context.Values.caBundle -}}
backoffLimit: 0
activeDeadlineSeconds: 180
template:
  metadata:
    labels:
      {{- toYaml .podLabels | nindent 6 }}
    {{- if .isMesh }}
    annotations:
      # A sidecar that is not native would keep running, and the Job would never complete.
      sidecar.istio.io/nativeSidecar: "true"
    {{- end }}
  spec:
    restartPolicy: Never
    automountServiceAccountToken: false
    enableServiceLinks: false
    {{- with .context }}
    {{- with include "oidc-authz.imagePullSecrets" . }}{{ . | nindent 4 }}{{ end }}
    {{- include "oidc-authz.placement" . | nindent 4 }}
    {{- with .Values.podSecurityContext }}
    securityContext:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- end }}
    containers:
      - name: canary
        image: {{ include "oidc-authz.image" .context | quote }}
        imagePullPolicy: {{ .context.Values.image.pullPolicy }}
        args: {{ toJson .args }}
        {{- if or $ca.configMap $ca.secret }}
        env:
          - {name: NODE_EXTRA_CA_CERTS, value: /etc/oidc-authz/ca/{{ $ca.key }}}
        {{- end }}
        # `kubectl describe pod` then shows the report.
        terminationMessagePolicy: FallbackToLogsOnError
        {{- with .context.Values.securityContext }}
        securityContext:
          {{- toYaml . | nindent 10 }}
        {{- end }}
        resources:
          {{- toYaml $canary.resources | nindent 10 }}
        volumeMounts:
          {{- toYaml $mounts | nindent 10 }}
    volumes:
      {{- toYaml $volumes | nindent 6 }}
{{- end }}

{{- /* Problems in `canary`. */ -}}
{{- define "oidc-authz.canaryProblems" -}}
{{- $problems := list -}}
{{- with .Values.canary -}}
{{- if and .enabled (not .token.secretName) -}}
{{- $problems = append $problems "canary.token.secretName: the canary needs a token; name the Secret that holds a token, or the client secret of canary.token.clientId" -}}
{{- end -}}
{{- if and .enabled (not .url) (not (or $.Values.kyma.enabled (and $.Values.istio.enabled $.Values.istio.sidecar))) -}}
{{- $problems = append $problems "canary.url: nothing guards the workload of the canary without a mesh; set istio.enabled or kyma.enabled, or the URL of a guarded workload that returns its request headers" -}}
{{- end -}}
{{- if and (or .token.scope .token.audience) (not .token.clientId) -}}
{{- $problems = append $problems "canary.token: scope and audience have no effect without clientId; remove them, or set clientId" -}}
{{- end -}}
{{- end -}}
{{- $problems | toYaml }}
{{- end }}
