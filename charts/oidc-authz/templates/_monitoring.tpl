{{/* URL of the runbooks, with a final slash; empty if it is not set. */}}
{{- define "oidc-authz.runbooks" -}}
{{- with .Values.metrics.prometheusRule.runbookBaseUrl }}{{ trimSuffix "/" . }}/{{ end -}}
{{- end -}}

{{/* The rules of files/rules.template.yaml with the thresholds, severities and labels of the values. */}}
{{- define "oidc-authz.rules" -}}
{{- $set := .Values.metrics.prometheusRule -}}
{{- $template := .Files.Get "files/rules.template.yaml" -}}
{{- range $alert, $numbers := .Files.Get "files/thresholds.yaml" | fromYaml -}}
  {{- $own := ternary $set.objectives (dig $alert "thresholds" dict $set.alerts) (eq $alert "objectives") -}}
  {{- range $name, $number := $numbers -}}
    {{- $value := dig $name $number.default $own -}}
    {{- /* An alert that yields to a disabled alert must fire itself: +Inf as the threshold never suppresses it. */ -}}
    {{- if not (dig $alert "enabled" true $set.alerts) }}{{ $value = "+Inf" }}{{ end -}}
    {{- $template = $template | replace (printf "${%s.%s}" $alert $name) (toString $value) -}}
  {{- end -}}
{{- end -}}
{{- $groups := list -}}
{{- range $group := (fromYaml $template).groups -}}
  {{- $rules := list -}}
  {{- range $rule := $group.rules -}}
    {{- if not $rule.alert -}}
      {{- $rules = append $rules $rule -}}
    {{- else -}}
      {{- $own := dig $rule.alert dict $set.alerts -}}
      {{- if dig "enabled" true $own -}}
        {{- $labels := mergeOverwrite (deepCopy $rule.labels) (deepCopy ($set.alertLabels | default dict)) (dig "labels" dict $own) -}}
        {{- with $own.severity }}{{ $_ := set $labels "severity" . }}{{ end -}}
        {{- $annotations := deepCopy $rule.annotations -}}
        {{- with include "oidc-authz.runbooks" $ }}{{ $_ := set $annotations "runbook_url" (printf "%s%s.md" . $rule.alert) }}{{ end -}}
        {{- $annotations = mergeOverwrite $annotations (dig "annotations" dict $own) -}}
        {{- $rule = merge (dict "labels" $labels "annotations" $annotations) (pick $own "for") $rule -}}
        {{- $rules = append $rules $rule -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- if $rules }}{{ $groups = append $groups (merge (dict "rules" $rules) $group) }}{{ end -}}
{{- end -}}
groups:
  {{- toYaml $groups | nindent 2 }}
{{- end -}}

{{/* The dashboard. It links to the runbooks if their URL is set. */}}
{{- define "oidc-authz.dashboard" -}}
{{- $dashboard := .Files.Get "files/dashboard.json" -}}
{{- with include "oidc-authz.runbooks" . -}}
  {{- $dashboard | replace "docs/runbooks/" . -}}
{{- else -}}
  {{- $dashboard = unset (fromJson $dashboard) "links" -}}
  {{- range $dashboard.panels }}{{ $_ := unset . "links" }}{{ end -}}
  {{- toPrettyJson $dashboard -}}
{{- end -}}
{{- end -}}
