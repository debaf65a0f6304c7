{{- /* Fields of the Service that have the same names as the values. Empty values are omitted, so the cluster chooses. */ -}}
{{- define "oidc-authz.serviceOptions" -}}
{{- $values := first . -}}
{{- range $name := rest . }}
{{- with get $values $name }}
{{ toYaml (dict $name .) }}
{{- end }}
{{- end }}
{{- end }}
