{{- /* How much of the memory limit the JavaScript objects of one process may take. */ -}}

{{- /* A quantity of Kubernetes as a plain number: 384Mi, 1.5Gi, 5e8, 500m. What is none counts as 0. */ -}}
{{- define "oidc-authz.quantity" -}}
{{- $text := trimPrefix "+" (toString .) -}}
{{- $number := regexFind "^([0-9]+[.]?[0-9]*|[.][0-9]+)" $text -}}
{{- $unit := trimPrefix $number $text -}}
{{- $decimal := dict "" "e0" "n" "e-9" "u" "e-6" "m" "e-3" "k" "e3" "M" "e6" "G" "e9" "T" "e12" "P" "e15" "E" "e18" -}}
{{- $binary := dict "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 "Pi" 1125899906842624 "Ei" 1152921504606846976 -}}
{{- if and $number (hasKey $binary $unit) -}}
{{- mulf ($number | float64) (get $binary $unit) -}}
{{- else if and $number (hasKey $decimal $unit) -}}
{{- printf "%s%s" $number (get $decimal $unit) | float64 -}}
{{- else if and $number (regexMatch "^[eE][-+]?[0-9]{1,3}$" $unit) -}}
{{- printf "%s%s" $number $unit | float64 -}}
{{- else -}}
0
{{- end -}}
{{- end }}

{{- /* Whole mebibytes. A part of a byte counts as a byte, and more than the API server counts up to is cut off, as it does. */ -}}
{{- define "oidc-authz.mebibytes" -}}
{{- $bytes := include "oidc-authz.quantity" . | float64 | ceil -}}
{{- if gt $bytes 9223372036854775807.0 }}{{ $bytes = 9223372036854775807.0 }}{{ end -}}
{{- divf $bytes 1048576 | floor | int64 }}
{{- end }}

{{- define "oidc-authz.limit" -}}
{{- $limit := get ((.context.Values.resources | default dict).limits | default dict) .of -}}
{{- if not (kindIs "invalid" $limit) }}{{ $limit }}{{ end -}}
{{- end }}

{{- /* The most workers that there can be; empty if nobody knows. `auto` is one for each core of the CPU limit at most. */ -}}
{{- define "oidc-authz.workers" -}}
{{- $workers := (include "oidc-authz.config" . | fromYaml).workers | toString -}}
{{- $cpus := include "oidc-authz.limit" (dict "context" . "of" "cpu") -}}
{{- if ne $workers "auto" -}}
{{- $workers -}}
{{- else if $cpus -}}
{{- max 1 (include "oidc-authz.quantity" $cpus | float64 | ceil | int) -}}
{{- end -}}
{{- end }}

{{- /* The least memory that these workers need, in mebibytes: a process takes 90 when it is idle, and more than one has one more. */ -}}
{{- define "oidc-authz.leastMemory" -}}
{{- mul 96 (ternary 1 (add 1 (int .)) (eq (int .) 1)) -}}
{{- end }}

{{- /* The heap of one process in mebibytes; empty where Node decides. */ -}}
{{- define "oidc-authz.heap" -}}
{{- $workers := include "oidc-authz.workers" . -}}
{{- $memory := include "oidc-authz.limit" (dict "context" . "of" "memory") -}}
{{- if and .Values.heapPercent $memory $workers -}}
{{- div (div (mul (include "oidc-authz.mebibytes" $memory | int64) .Values.heapPercent) 100) (int $workers) -}}
{{- end -}}
{{- end }}

{{- define "oidc-authz.nodeOptions" -}}
{{- $options := list -}}
{{- with include "oidc-authz.heap" . }}{{ $options = append $options (printf "--max-old-space-size=%s" .) }}{{ end -}}
{{- if ne ((include "oidc-authz.config" . | fromYaml).workers | toString) "1" }}{{ $options = append $options "--allow-child-process" }}{{ end -}}
{{- join " " $options -}}
{{- end }}
