{{- /* The heap size of one process, computed from the memory limit. */ -}}

{{- /* Converts a Kubernetes quantity (384Mi, 1.5Gi, 5e8, 500m) to a number. An invalid quantity is 0. */ -}}
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

{{- /* Whole mebibytes. As in the API server, fractions of a byte are rounded up, and the maximum is 2^63 - 1 bytes. */ -}}
{{- define "oidc-authz.mebibytes" -}}
{{- $bytes := include "oidc-authz.quantity" . | float64 | ceil -}}
{{- if gt $bytes 9223372036854775807.0 }}{{ $bytes = 9223372036854775807.0 }}{{ end -}}
{{- divf $bytes 1048576 | floor | int64 }}
{{- end }}

{{- define "oidc-authz.limit" -}}
{{- $limit := get ((.context.Values.resources | default dict).limits | default dict) .resource -}}
{{- if not (kindIs "invalid" $limit) }}{{ $limit }}{{ end -}}
{{- end }}

{{- /* Maximum number of workers; empty if unknown. `auto` starts at most one for each core of the CPU limit. */ -}}
{{- define "oidc-authz.workers" -}}
{{- $workers := (include "oidc-authz.config" . | fromYaml).workers | toString -}}
{{- $cpus := include "oidc-authz.limit" (dict "context" . "resource" "cpu") -}}
{{- if ne $workers "auto" -}}
{{- $workers -}}
{{- else if $cpus -}}
{{- max 1 (include "oidc-authz.quantity" $cpus | float64 | ceil | int) -}}
{{- end -}}
{{- end }}

{{- /* Minimum memory for this number of workers, in MiB. 96 per process is slightly more than an idle process takes. With several workers, one more process owns the keys. */ -}}
{{- define "oidc-authz.minimumMemory" -}}
{{- mul 96 (ternary 1 (add 1 (int .)) (eq (int .) 1)) -}}
{{- end }}

{{- /* Heap size of one process, in MiB; empty if Node.js chooses it. */ -}}
{{- define "oidc-authz.heap" -}}
{{- $workers := include "oidc-authz.workers" . -}}
{{- $memory := include "oidc-authz.limit" (dict "context" . "resource" "memory") -}}
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
