package main

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// podSecurity returns the reasons why "restricted" rejects a pod, or the pods of an object.
func podSecurity(object map[string]any) []string {
	template := object
	switch object["kind"] {
	case "Pod":
	case "Deployment", "StatefulSet", "DaemonSet", "Job":
		spec, _ := object["spec"].(map[string]any)
		template, _ = spec["template"].(map[string]any)
	default:
		return nil
	}
	var pod struct {
		metav1.ObjectMeta `json:"metadata"`
		Spec              corev1.PodSpec `json:"spec"`
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(template, &pod); err != nil {
		return []string{err.Error()}
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return []string{err.Error()}
	}
	var problems []string
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for _, result := range evaluator.EvaluatePod(restricted, &pod.ObjectMeta, &pod.Spec) {
		if !result.Allowed {
			problems = append(problems, "Pod Security restricted: "+result.ForbiddenReason+": "+result.ForbiddenDetail)
		}
	}
	return problems
}
