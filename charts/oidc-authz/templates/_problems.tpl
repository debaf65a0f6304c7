{{- /* What cannot work, each as a list of messages that begin with the value that they are about. */ -}}

{{- /* About `config`, as far as the chart has to know it. */ -}}
{{- define "oidc-authz.configProblems" -}}
{{- $config := include "oidc-authz.config" . | fromYaml -}}
{{- $problems := list -}}
{{- if and (not .Values.existingConfigMap) (not .Values.config.issuers) -}}
{{- $problems = append $problems "config.issuers: expected at least one issuer with its audiences, such as config.issuers=[{issuer: https://tenant.example.com, audiences: [orders-api]}]; or existingConfigMap" -}}
{{- end -}}
{{- if and .Values.existingConfigMap .Values.config.issuers -}}
{{- $problems = append $problems "existingConfigMap: the issuers stand there; remove config.issuers, or existingConfigMap" -}}
{{- end -}}
{{- if not (or $config.http.enabled $config.grpc.enabled) -}}
{{- $problems = append $problems "config.http.enabled and config.grpc.enabled are both false: nothing would answer checks" -}}
{{- end -}}
{{- $ports := list (int $config.admin.port) -}}
{{- if $config.http.enabled }}{{- $ports = append $ports (int $config.http.port) }}{{- end -}}
{{- if $config.grpc.enabled }}{{- $ports = append $ports (int $config.grpc.port) }}{{- end -}}
{{- if or (has 0 $ports) (ne (len $ports) (len (uniq $ports))) -}}
{{- $problems = append $problems "config: http.port, grpc.port and admin.port must be three different ports other than 0, since the Services point at them" -}}
{{- end -}}
{{- if and $config.admin.tls $config.admin.tls.clientCaFile -}}
{{- $problems = append $problems "config.admin.tls.clientCaFile: the kubelet has no certificate, so no probe could pass; bound the admin port by networkPolicy.adminFrom" -}}
{{- end -}}
{{- if and $config.shadow.authorizer (contains (printf "//%s" (include "oidc-authz.host" .)) $config.shadow.authorizer) -}}
{{- $problems = append $problems "config.shadow.authorizer: this is the Service of this installation, so each check would ask for itself" -}}
{{- end -}}
{{- $problems | toYaml }}
{{- end }}

{{- /* Durations and sizes of `config` that are out of bounds. */ -}}
{{- define "oidc-authz.rangeProblems" -}}
{{- $problems := list -}}
{{- range .Files.Get "files/ranges.yaml" | fromYamlArray -}}
{{- $value := $.Values.config -}}
{{- range splitList "." .path }}{{ $value = kindIs "map" $value | ternary (get (kindIs "map" $value | ternary $value dict) .) "" }}{{ end -}}
{{- if not (empty $value) -}}
{{- $measure := ternary "oidc-authz.milliseconds" "oidc-authz.quantity" (eq .kind "duration") -}}
{{- $number := include $measure (toString $value) | float64 -}}
{{- if or (lt $number (include $measure .from | float64)) (gt $number (include $measure .to | float64)) -}}
{{- $problems = append $problems (printf "config.%s: expected a %s from %s to %s, not %v" .path .kind .from .to $value) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $problems | toYaml }}
{{- end }}

{{- /* About times that must fit each other. */ -}}
{{- define "oidc-authz.timeProblems" -}}
{{- $config := include "oidc-authz.config" . | fromYaml -}}
{{- $problems := list -}}
{{- if or (not (regexMatch "^[0-9]+s$" .Values.authorizer.timeout)) (eq (include "oidc-authz.seconds" .Values.authorizer.timeout) "0") -}}
{{- $problems = append $problems "authorizer.timeout: expected whole seconds of at least 1s; Kyma makes 0s of 500ms, and Envoy then waits for ever" -}}
{{- end -}}
{{- $most := mulf (include "oidc-authz.milliseconds" $config.limits.meshTimeout | float64) 0.8 | floor | int -}}
{{- if gt (include "oidc-authz.milliseconds" $config.limits.meshTimeout | int) (include "oidc-authz.milliseconds" .Values.authorizer.timeout | int) -}}
{{- $problems = append $problems (printf "config.limits.meshTimeout: %s is longer than authorizer.timeout (%s), after which the mesh gives up; leave it out, or raise authorizer.timeout" $config.limits.meshTimeout .Values.authorizer.timeout) -}}
{{- end -}}
{{- $late := "%s: %s is not at least 20 %% below authorizer.timeout and config.limits.meshTimeout (%s), so the mesh could give up before the answer; lower it to at most %dms, or raise authorizer.timeout" -}}
{{- if gt (include "oidc-authz.milliseconds" $config.limits.checkDeadline | int) $most -}}
{{- $problems = append $problems (printf $late "config.limits.checkDeadline" $config.limits.checkDeadline $config.limits.meshTimeout $most) -}}
{{- end -}}
{{- if and $config.shadow.authorizer (gt (include "oidc-authz.milliseconds" $config.shadow.timeout | int) $most) -}}
{{- $problems = append $problems (printf $late "config.shadow.timeout" $config.shadow.timeout $config.limits.meshTimeout $most) -}}
{{- end -}}
{{- with .Values.terminationGracePeriodSeconds -}}
{{- $preStop := include "oidc-authz.preStop" $ | int -}}
{{- if le (int .) (add $preStop (include "oidc-authz.seconds" $config.shutdown.timeout | int) | int) -}}
{{- $sleep := ternary (printf " and lifecycle.preStop.sleep (%ds)" $preStop) "" (gt $preStop 0) -}}
{{- $problems = append $problems (printf "terminationGracePeriodSeconds: %d is not longer than config.shutdown.timeout (%s)%s, so the drain would be cut off" (int .) $config.shutdown.timeout $sleep) -}}
{{- end -}}
{{- end -}}
{{- $problems | toYaml }}
{{- end }}

{{- /* About the other values. */ -}}
{{- define "oidc-authz.valueProblems" -}}
{{- $config := include "oidc-authz.config" . | fromYaml -}}
{{- $problems := list -}}
{{- if not .Values.image.repository -}}
{{- $problems = append $problems "image.repository: expected where the image is, such as image.repository=registry.example.com/oidc-authz; docs/image.md says how to build and push it" -}}
{{- end -}}
{{- $problems = concat $problems (include "oidc-authz.overridden" . | fromYamlArray) -}}
{{- with include "oidc-authz.memoryProblem" . }}{{ $problems = append $problems . }}{{ end -}}
{{- if and .Values.kyma.apiRules (not $config.http.enabled) -}}
{{- $problems = append $problems "kyma.apiRules: Kyma asks over HTTP only; set config.http.enabled" -}}
{{- end -}}
{{- $problems = concat $problems (include "oidc-authz.policyProblems" . | fromYamlArray) -}}
{{- if and .Values.metrics.serviceMonitor.enabled .Values.metrics.podMonitor.enabled -}}
{{- $problems = append $problems "metrics: serviceMonitor and podMonitor are both enabled, and everything would be counted twice" -}}
{{- end -}}
{{- range $name := list "serviceMonitor" "podMonitor" -}}
{{- with get $.Values.metrics $name -}}
{{- if and .enabled .scrapeTimeout (gt (include "oidc-authz.milliseconds" .scrapeTimeout | int64) (include "oidc-authz.milliseconds" .interval | int64)) -}}
{{- $problems = append $problems (printf "metrics.%s.scrapeTimeout: %s is longer than the interval (%s), and the operator refuses that" $name .scrapeTimeout .interval) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and .Values.caBundle.configMap .Values.caBundle.secret -}}
{{- $problems = append $problems "caBundle: name either a configMap or a secret" -}}
{{- end -}}
{{- with .Values.podDisruptionBudget -}}
{{- if and .enabled (kindIs "invalid" .minAvailable) (kindIs "invalid" .maxUnavailable) -}}
{{- $problems = append $problems "podDisruptionBudget: expected minAvailable or maxUnavailable, or enabled: false" -}}
{{- end -}}
{{- end -}}
{{- with .Values.autoscaling -}}
{{- if and .enabled (gt (int .minReplicas) (int .maxReplicas)) -}}
{{- $problems = append $problems (printf "autoscaling.minReplicas: %d is more than autoscaling.maxReplicas (%d)" (int .minReplicas) (int .maxReplicas)) -}}
{{- end -}}
{{- if and .enabled (not .targetCPUUtilizationPercentage) (not .metrics) -}}
{{- $problems = append $problems "autoscaling: expected targetCPUUtilizationPercentage or metrics, by which the autoscaler decides" -}}
{{- end -}}
{{- end -}}
{{- if and .Values.verticalPodAutoscaler.enabled .Values.autoscaling.enabled .Values.autoscaling.targetCPUUtilizationPercentage -}}
{{- if and (ne .Values.verticalPodAutoscaler.updateMode "Off") (has "cpu" .Values.verticalPodAutoscaler.controlledResources) -}}
{{- $problems = append $problems "verticalPodAutoscaler.controlledResources: autoscaling goes by the requested CPU, so the two would work against each other; say [memory], or updateMode: \"Off\"" -}}
{{- end -}}
{{- end -}}
{{- concat $problems (include "oidc-authz.serviceProblems" . | fromYamlArray) | toYaml }}
{{- end }}

{{- /* Each policy has an entry of its own, so whoever asks must say which. */ -}}
{{- define "oidc-authz.policyProblems" -}}
{{- $config := include "oidc-authz.config" . | fromYaml -}}
{{- $names := list -}}
{{- range $config.policies | default list }}{{ $names = append $names .name }}{{ end -}}
{{- $problems := list -}}
{{- if $config.http.enabled -}}
{{- range $value, $items := dict "kyma.apiRules" .Values.kyma.apiRules "istio.guards" .Values.istio.guards -}}
{{- range $items | default list -}}
{{- if and $names (not (has .policy $names)) -}}
{{- $problems = append $problems (printf "%s: %s: policy: expected one of %s, since each of config.policies has an entry of its own" $value .name (join ", " $names)) -}}
{{- else if and .policy (not $names) -}}
{{- $problems = append $problems (printf "%s: %s: policy: there are no config.policies" $value .name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $problems | toYaml }}
{{- end }}

{{- /* What the chart reads out of `config` must stand there: an argument or a variable would change the service alone. */ -}}
{{- define "oidc-authz.overridden" -}}
{{- $problems := list -}}
{{- $options := list "http.enabled" "http.port" "http.tls.certFile" "http.pathPrefix" "grpc.enabled" "grpc.port" "grpc.tls.certFile" "admin.port" "admin.tls.certFile" "workers" "compat" "identityHeaders" "outputTokenToHeader" "setAuthorizationHeader" "log.requestIdHeader" "limits.checkDeadline" "limits.meshTimeout" "shutdown.timeout" -}}
{{- range $option := $options -}}
{{- $snake := snakecase (replace "." "_" $option) -}}
{{- $flag := printf "--%s" (replace "_" "-" $snake) -}}
{{- range $.Values.extraArgs | default list -}}
{{- if eq $flag (first (splitList "=" .)) }}{{ $problems = append $problems (printf "extraArgs: %s is config.%s, which the chart reads too; set it there" $flag $option) }}{{ end -}}
{{- end -}}
{{- $variable := printf "OIDC_AUTHZ_%s" (upper $snake) -}}
{{- range $.Values.extraEnv | default list -}}
{{- if eq $variable .name }}{{ $problems = append $problems (printf "extraEnv: %s is config.%s, which the chart reads too; set it there" $variable $option) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- $problems | toYaml }}
{{- end }}

{{- define "oidc-authz.memoryProblem" -}}
{{- $workers := include "oidc-authz.workers" . -}}
{{- $memory := include "oidc-authz.limit" (dict "context" . "of" "memory") -}}
{{- if and $workers $memory -}}
{{- $least := include "oidc-authz.leastMemory" $workers -}}
{{- if lt (include "oidc-authz.mebibytes" $memory | int64) (int64 $least) -}}
{{- $who := ternary "the service needs" (printf "%s workers and the process that owns the keys need" $workers) (eq $workers "1") -}}
{{- printf "resources.limits.memory: %s is too little, %s at least %sMi; raise it, or lower config.workers (with auto: resources.limits.cpu)" $memory $who $least -}}
{{- else if and .Values.heapPercent (lt (include "oidc-authz.heap" . | int64) 32) -}}
{{- printf "heapPercent: %d leaves a process %sMi for its objects, and it needs at least 32Mi; raise it, or say 0, which leaves it to Node" (int .Values.heapPercent) (include "oidc-authz.heap" .) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "oidc-authz.serviceProblems" -}}
{{- $problems := list -}}
{{- with .Values.service -}}
{{- $needed := dict "httpNodePort" "NodePort or LoadBalancer" "grpcNodePort" "NodePort or LoadBalancer" "externalTrafficPolicy" "NodePort or LoadBalancer" "loadBalancerClass" "LoadBalancer" "loadBalancerSourceRanges" "LoadBalancer" -}}
{{- range $name, $types := $needed -}}
{{- if and (get $.Values.service $name) (not (contains $.Values.service.type $types)) -}}
{{- $problems = append $problems (printf "service.%s: has no meaning with service.type %s; expected the type %s" $name $.Values.service.type $types) -}}
{{- end -}}
{{- end -}}
{{- if and (eq (default "" .ipFamilyPolicy) "SingleStack") (gt (len (.ipFamilies | default list)) 1) -}}
{{- $problems = append $problems "service.ipFamilies: SingleStack has one family; expected one, or another service.ipFamilyPolicy" -}}
{{- end -}}
{{- end -}}
{{- $problems | toYaml }}
{{- end }}
