{{- /*
`replicas` of the Deployment; empty to omit the field. With autoscaling, the current number is kept: if helm set the field before and then
omits it, the API server resets it to 1. Once another manager owns the field, the chart omits it: a revision that contains the field
could not be rolled back after the autoscaler has changed the number.
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

{{- /* "true" if helm applied the Deployment on the server side and no longer owns `replicas`. */ -}}
{{- define "oidc-authz.isScaledByOthers" -}}
{{- $isOthers := false -}}
{{- range dig "metadata" "managedFields" list . -}}
{{- if and (eq .manager "helm") (eq .operation "Apply") (not (hasKey (dig "fieldsV1" "f:spec" dict .) "f:replicas")) }}{{ $isOthers = true }}{{ end -}}
{{- end -}}
{{- $isOthers -}}
{{- end }}
