{{- /* Problems in the values. Each template returns a list of messages; a message begins with the name of the value. */ -}}

{{- /* Problems in `config`, as far as the chart depends on it. */ -}}
{{- define "oidc-authz.configProblems" -}}
{{- $config := include "oidc-authz.config" . | fromYaml -}}
{{- $problems := list -}}
{{- if and (not .Values.existingConfigMap) (not .Values.config.issuers) -}}
{{- $problems = append $problems "config.issuers: no issuer is set; set at least one issuer with its audiences, such as config.issuers=[{issuer: https://tenant.example.com, audiences: [orders-api]}], or set existingConfigMap" -}}
{{- end -}}
{{- if and .Values.existingConfigMap .Values.config.issuers -}}
{{- $problems = append $problems "existingConfigMap: config.issuers is set too, and the service would ignore it; remove one of the two" -}}
{{- end -}}
{{- if not (or $config.http.enabled $config.grpc.enabled) -}}
{{- $problems = append $problems "config.http.enabled: both check listeners are disabled, so the service would answer no checks; enable config.http or config.grpc" -}}
{{- end -}}
{{- $ports := list (int $config.admin.port) -}}
{{- if $config.http.enabled }}{{- $ports = append $ports (int $config.http.port) }}{{- end -}}
{{- if $config.grpc.enabled }}{{- $ports = append $ports (int $config.grpc.port) }}{{- end -}}
{{- with include "oidc-authz.loginListener" . | fromYaml }}{{- $ports = append $ports (int .port) }}{{- end -}}
{{- if or (has 0 $ports) (ne (len $ports) (len (uniq $ports))) -}}
{{- $problems = append $problems "config: http.port, grpc.port, admin.port and login.listener.port must be different ports other than 0, because the Services point to them; change the duplicate or the 0" -}}
{{- end -}}
{{- if and $config.admin.tls $config.admin.tls.clientCaFile -}}
{{- $problems = append $problems "config.admin.tls.clientCaFile: the kubelet has no client certificate, so every probe would fail; remove it, and limit access to the admin port with networkPolicy.adminFrom" -}}
{{- end -}}
{{- if and $config.shadow.authorizer (contains (printf "//%s" (include "oidc-authz.host" .)) $config.shadow.authorizer) -}}
{{- $problems = append $problems "config.shadow.authorizer: it points to the Service of this release, so each check would send another check to itself; set the URL of the incumbent" -}}
{{- end -}}
{{- $problems | toYaml }}
{{- end }}

{{- /* Durations and sizes in `config` that are out of bounds. */ -}}
{{- define "oidc-authz.rangeProblems" -}}
{{- $problems := list -}}
{{- range .Files.Get "files/ranges.yaml" | fromYamlArray -}}
{{- $value := $.Values.config -}}
{{- range splitList "." .path }}{{ $value = kindIs "map" $value | ternary (get (kindIs "map" $value | ternary $value dict) .) "" }}{{ end -}}
{{- if not (empty $value) -}}
{{- $measure := ternary "oidc-authz.milliseconds" "oidc-authz.quantity" (eq .kind "duration") -}}
{{- $number := include $measure (toString $value) | float64 -}}
{{- if or (lt $number (include $measure .from | float64)) (gt $number (include $measure .to | float64)) -}}
{{- $problems = append $problems (printf "config.%s: %v is out of bounds; set a %s from %s to %s" .path $value .kind .from .to) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $problems | toYaml }}
{{- end }}

{{- /* Timeouts that depend on each other. */ -}}
{{- define "oidc-authz.timeProblems" -}}
{{- $config := include "oidc-authz.config" . | fromYaml -}}
{{- $problems := list -}}
{{- if or (not (regexMatch "^[0-9]+s$" .Values.authorizer.timeout)) (eq (include "oidc-authz.seconds" .Values.authorizer.timeout) "0") -}}
{{- $problems = append $problems (printf "authorizer.timeout: %s is not a whole number of seconds of at least 1s, such as 2s; Kyma turns 500ms into 0s, and Envoy then waits forever" .Values.authorizer.timeout) -}}
{{- end -}}
{{- $most := mulf (include "oidc-authz.milliseconds" $config.limits.meshTimeout | float64) 0.8 | floor | int -}}
{{- if gt (include "oidc-authz.milliseconds" $config.limits.meshTimeout | int) (include "oidc-authz.milliseconds" .Values.authorizer.timeout | int) -}}
{{- $problems = append $problems (printf "config.limits.meshTimeout: %s is longer than authorizer.timeout (%s), after which the mesh stops waiting; remove it, or raise authorizer.timeout" $config.limits.meshTimeout .Values.authorizer.timeout) -}}
{{- end -}}
{{- $late := "%s: %s is not at least 20 %% below authorizer.timeout and config.limits.meshTimeout (%s), so the mesh could stop waiting before the answer; lower it to at most %dms, or raise authorizer.timeout" -}}
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
{{- $problems = append $problems (printf "terminationGracePeriodSeconds: %d is not longer than config.shutdown.timeout (%s)%s, so the kubelet would stop the pod while it drains; raise it, or remove it to use the default" (int .) $config.shutdown.timeout $sleep) -}}
{{- end -}}
{{- end -}}
{{- $problems | toYaml }}
{{- end }}

{{- /* Problems in the other values. */ -}}
{{- define "oidc-authz.valueProblems" -}}
{{- $config := include "oidc-authz.config" . | fromYaml -}}
{{- $problems := list -}}
{{- if not .Values.image.repository -}}
{{- $problems = append $problems "image.repository: no image is set; build and push one (docs/image.md), and set its repository, such as image.repository=registry.example.com/oidc-authz" -}}
{{- end -}}
{{- $problems = concat $problems (include "oidc-authz.overridden" . | fromYamlArray) -}}
{{- with include "oidc-authz.memoryProblem" . }}{{ $problems = append $problems . }}{{ end -}}
{{- if and .Values.kyma.apiRules (not $config.http.enabled) -}}
{{- $problems = append $problems "kyma.apiRules: Kyma sends checks over HTTP only, and config.http.enabled is false; set config.http.enabled to true" -}}
{{- end -}}
{{- $problems = concat $problems (include "oidc-authz.policyProblems" . | fromYamlArray) -}}
{{- $problems = concat $problems (include "oidc-authz.loginProblems" . | fromYamlArray) -}}
{{- $problems = concat $problems (include "oidc-authz.stateProblems" . | fromYamlArray) -}}
{{- if and .Values.metrics.serviceMonitor.enabled .Values.metrics.podMonitor.enabled -}}
{{- $problems = append $problems "metrics: serviceMonitor and podMonitor are both enabled, so Prometheus would count everything twice; disable one of them" -}}
{{- end -}}
{{- range $name := list "serviceMonitor" "podMonitor" -}}
{{- with get $.Values.metrics $name -}}
{{- if and .enabled .scrapeTimeout (gt (include "oidc-authz.milliseconds" .scrapeTimeout | int64) (include "oidc-authz.milliseconds" .interval | int64)) -}}
{{- $problems = append $problems (printf "metrics.%s.scrapeTimeout: %s is longer than the interval (%s), and the Prometheus operator rejects that; lower it to at most the interval" $name .scrapeTimeout .interval) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and .Values.caBundle.configMap .Values.caBundle.secret -}}
{{- $problems = append $problems "caBundle: configMap and secret are both set; set only one of them" -}}
{{- end -}}
{{- with .Values.podDisruptionBudget -}}
{{- if and .enabled (kindIs "invalid" .minAvailable) (kindIs "invalid" .maxUnavailable) -}}
{{- $problems = append $problems "podDisruptionBudget: neither minAvailable nor maxUnavailable is set; set one of them, or set enabled to false" -}}
{{- end -}}
{{- end -}}
{{- with .Values.autoscaling -}}
{{- if and .enabled (gt (int .minReplicas) (int .maxReplicas)) -}}
{{- $problems = append $problems (printf "autoscaling.minReplicas: %d is more than autoscaling.maxReplicas (%d); lower it, or raise autoscaling.maxReplicas" (int .minReplicas) (int .maxReplicas)) -}}
{{- end -}}
{{- if and .enabled (not .targetCPUUtilizationPercentage) (not .metrics) -}}
{{- $problems = append $problems "autoscaling: neither targetCPUUtilizationPercentage nor metrics is set, so the autoscaler has no target; set one of them" -}}
{{- end -}}
{{- end -}}
{{- if and .Values.verticalPodAutoscaler.enabled .Values.autoscaling.enabled .Values.autoscaling.targetCPUUtilizationPercentage -}}
{{- if and (ne .Values.verticalPodAutoscaler.updateMode "Off") (has "cpu" .Values.verticalPodAutoscaler.controlledResources) -}}
{{- $problems = append $problems "verticalPodAutoscaler.controlledResources: it contains cpu, and autoscaling uses the requested CPU, so the two autoscalers would work against each other; set it to [memory], or set updateMode to \"Off\"" -}}
{{- end -}}
{{- end -}}
{{- concat $problems (include "oidc-authz.serviceProblems" . | fromYamlArray) | toYaml }}
{{- end }}

{{- /* Each policy has its own entry, so each APIRule and each guard must name one. */ -}}
{{- define "oidc-authz.policyProblems" -}}
{{- $config := include "oidc-authz.config" . | fromYaml -}}
{{- $names := list -}}
{{- range $config.policies | default list }}{{ $names = append $names .name }}{{ end -}}
{{- $problems := list -}}
{{- if $config.http.enabled -}}
{{- range $policy := $names -}}
{{- $entry := printf "%s-%s" (include "oidc-authz.providerName" $) $policy -}}
{{- if or (gt (len $entry) 63) (not (regexMatch "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" $entry)) -}}
{{- $problems = append $problems (printf "config.policies: %s: %s is the name of its entry in the mesh, and must be a DNS label (at most 63 lowercase letters, digits and hyphens); rename the policy" $policy $entry) -}}
{{- end -}}
{{- end -}}
{{- range $value, $items := dict "kyma.apiRules" .Values.kyma.apiRules "istio.guards" .Values.istio.guards -}}
{{- range $items | default list -}}
{{- if and $names (not (has .policy $names)) -}}
{{- $problems = append $problems (printf "%s: %s: policy: it does not name a policy of config.policies; set it to one of %s" $value .name (join ", " $names)) -}}
{{- else if and .policy (not $names) -}}
{{- $problems = append $problems (printf "%s: %s: policy: config.policies is empty; remove policy, or add the policy to config.policies" $value .name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $problems | toYaml }}
{{- end }}

{{- /* Options that the chart reads from `config` must be set there: an argument or a variable would change only the service. */ -}}
{{- define "oidc-authz.overridden" -}}
{{- $problems := list -}}
{{- $options := list "http.enabled" "http.port" "http.tls.certFile" "http.pathPrefix" "grpc.enabled" "grpc.port" "grpc.tls.certFile" "admin.port" "admin.tls.certFile" "login.listener.enabled" "login.listener.port" "login.listener.tls.certFile" "workers" "compat" "identityHeaders" "outputTokenToHeader" "setAuthorizationHeader" "log.requestIdHeader" "limits.checkDeadline" "limits.meshTimeout" "shutdown.timeout" -}}
{{- range $option := $options -}}
{{- $snake := snakecase (replace "." "_" $option) -}}
{{- $flag := printf "--%s" (replace "_" "-" $snake) -}}
{{- range $.Values.extraArgs | default list -}}
{{- if eq $flag (first (splitList "=" .)) }}{{ $problems = append $problems (printf "extraArgs: %s sets config.%s, which the chart reads too; set config.%s instead" $flag $option $option) }}{{ end -}}
{{- end -}}
{{- $variable := printf "OIDC_AUTHZ_%s" (upper $snake) -}}
{{- range $.Values.extraEnv | default list -}}
{{- if eq $variable .name }}{{ $problems = append $problems (printf "extraEnv: %s sets config.%s, which the chart reads too; set config.%s instead" $variable $option $option) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- $problems | toYaml }}
{{- end }}

{{- define "oidc-authz.memoryProblem" -}}
{{- $workers := include "oidc-authz.workers" . -}}
{{- $memory := include "oidc-authz.limit" (dict "context" . "resource" "memory") -}}
{{- if and $workers $memory -}}
{{- $minimum := include "oidc-authz.minimumMemory" $workers -}}
{{- if lt (include "oidc-authz.mebibytes" $memory | int64) (int64 $minimum) -}}
{{- $who := ternary "the service needs" (printf "%s workers and the process that owns the keys need" $workers) (eq $workers "1") -}}
{{- printf "resources.limits.memory: %s is too low, because %s at least %sMi; raise it, or lower config.workers (with auto: resources.limits.cpu)" $memory $who $minimum -}}
{{- else if and .Values.heapPercent (lt (include "oidc-authz.heap" . | int64) 32) -}}
{{- printf "heapPercent: %d gives each process a heap of %sMi, and it needs at least 32Mi; raise it, or set 0 to let Node.js choose" (int .Values.heapPercent) (include "oidc-authz.heap" .) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "oidc-authz.serviceProblems" -}}
{{- $problems := list -}}
{{- with .Values.service -}}
{{- $needed := dict "httpNodePort" "NodePort or LoadBalancer" "grpcNodePort" "NodePort or LoadBalancer" "externalTrafficPolicy" "NodePort or LoadBalancer" "loadBalancerClass" "LoadBalancer" "loadBalancerSourceRanges" "LoadBalancer" -}}
{{- range $name, $types := $needed -}}
{{- if and (get $.Values.service $name) (not (contains $.Values.service.type $types)) -}}
{{- $problems = append $problems (printf "service.%s: it has no effect with service.type %s; remove it, or set service.type to %s" $name $.Values.service.type $types) -}}
{{- end -}}
{{- end -}}
{{- if and (eq (default "" .ipFamilyPolicy) "SingleStack") (gt (len (.ipFamilies | default list)) 1) -}}
{{- $problems = append $problems "service.ipFamilies: SingleStack allows only one family; remove the other one, or change service.ipFamilyPolicy" -}}
{{- end -}}
{{- end -}}
{{- $problems | toYaml }}
{{- end }}
