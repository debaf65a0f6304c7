{{- /* Fields of the Service that carry the names of values; what is empty is left to the cluster. */ -}}
{{- define "oidc-authz.serviceOptions" -}}
{{- $values := first . -}}
{{- range $name := rest . }}
{{- with get $values $name }}
{{ toYaml (dict $name .) }}
{{- end }}
{{- end }}
{{- end }}
