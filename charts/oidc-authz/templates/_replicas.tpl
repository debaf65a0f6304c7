{{- /*
How many pods the Deployment asks for; empty: it does not say. Where the autoscaler decides, the number that runs is kept: without a
number the API server makes 1 of a field that helm had set before. Once somebody else has set it, it is not said any more: a revision
that says it could not be rolled back to after the autoscaler has moved on.
*/ -}}
{{- define "oidc-authz.replicas" -}}
{{- if not .Values.autoscaling.enabled -}}
{{- .Values.replicaCount -}}
{{- else if not .Values.autoscaling.omitReplicas -}}
{{- $running := lookup "apps/v1" "Deployment" (include "oidc-authz.namespace" .) (include "oidc-authz.fullname" .) | default dict -}}
{{- if ne (include "oidc-authz.isScaledByOthers" $running) "true" -}}
{{- default .Values.autoscaling.minReplicas (dig "spec" "replicas" 0 $running) | int -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- /* "true" where helm has applied a Deployment on the server's side, and its number of pods is no longer helm's. */ -}}
{{- define "oidc-authz.isScaledByOthers" -}}
{{- $isOthers := false -}}
{{- range dig "metadata" "managedFields" list . -}}
{{- if and (eq .manager "helm") (eq .operation "Apply") (not (hasKey (dig "fieldsV1" "f:spec" dict .) "f:replicas")) }}{{ $isOthers = true }}{{ end -}}
{{- end -}}
{{- $isOthers -}}
{{- end }}
