{{- /*
How many pods the Deployment asks for; empty: it does not say. Where the autoscaler decides, the number that runs is kept: without a
number the API server makes 1 of a field that helm had set before.
*/ -}}
{{- define "oidc-authz.replicas" -}}
{{- if not .Values.autoscaling.enabled -}}
{{- .Values.replicaCount -}}
{{- else if not .Values.autoscaling.omitReplicas -}}
{{- $running := lookup "apps/v1" "Deployment" (include "oidc-authz.namespace" .) (include "oidc-authz.fullname" .) | default dict -}}
{{- default .Values.autoscaling.minReplicas (dig "spec" "replicas" 0 $running) | int -}}
{{- end -}}
{{- end }}
