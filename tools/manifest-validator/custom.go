package main

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"
)

// kind is a served version of a custom resource.
type kind struct {
	namespaced bool
	structural *schema.Structural
	schema     validation.SchemaValidator
	rules      *cel.Validator
}

func addKinds(document []byte, kinds map[string]*kind) error {
	var crd apiextensionsv1.CustomResourceDefinition
	if err := yaml.Unmarshal(document, &crd); err != nil || crd.Kind != "CustomResourceDefinition" {
		return err
	}
	for _, version := range crd.Spec.Versions {
		if !version.Served || version.Schema == nil {
			continue
		}
		var internal apiextensions.CustomResourceValidation
		if err := apiextensionsv1.Convert_v1_CustomResourceValidation_To_apiextensions_CustomResourceValidation(version.Schema, &internal, nil); err != nil {
			return err
		}
		structural, err := schema.NewStructural(internal.OpenAPIV3Schema)
		if err != nil {
			return fmt.Errorf("%s %s: %w", crd.Name, version.Name, err)
		}
		validator, _, err := validation.NewSchemaValidator(internal.OpenAPIV3Schema)
		if err != nil {
			return err
		}
		kinds[crd.Spec.Group+"/"+version.Name+"/"+crd.Spec.Names.Kind] = &kind{
			namespaced: crd.Spec.Scope == apiextensionsv1.NamespaceScoped,
			structural: structural,
			schema:     validator,
			rules:      cel.NewValidator(structural, true, celconfig.PerCallLimit),
		}
	}
	return nil
}

// validateCustom validates a custom resource as an API server does on creation, with strict field validation.
func validateCustom(ctx context.Context, object map[string]any, kinds map[string]*kind) []string {
	apiVersion, _ := object["apiVersion"].(string)
	group, _, isGrouped := strings.Cut(apiVersion, "/")
	if !isGrouped || isBuiltIn(group) {
		return nil
	}
	found := kinds[apiVersion+"/"+fmt.Sprint(object["kind"])]
	if found == nil {
		return []string{fmt.Sprintf("no CRD has %s %v", apiVersion, object["kind"])}
	}

	var problems []string
	pruned := pruning.PruneWithOptions(object, found.structural, true, schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	for _, path := range pruned {
		problems = append(problems, fmt.Sprintf("unknown field %q", path))
	}
	defaulting.Default(object, found.structural)

	var errors field.ErrorList
	errors = append(errors, validateMetadata(object, found.namespaced)...)
	errors = append(errors, validation.ValidateCustomResource(nil, object, found.schema)...)
	errors = append(errors, listtype.ValidateListSetsAndMaps(nil, found.structural, object)...)
	if len(errors) == 0 {
		broken, _ := found.rules.Validate(ctx, nil, found.structural, object, nil, celconfig.RuntimeCELCostBudget)
		errors = append(errors, broken...)
	}
	for _, err := range errors {
		problems = append(problems, err.Error())
	}
	return problems
}

func validateMetadata(object map[string]any, namespaced bool) field.ErrorList {
	resource := unstructured.Unstructured{Object: object}
	path := field.NewPath("metadata")
	errors := apivalidation.ValidateAnnotations(resource.GetAnnotations(), path.Child("annotations"))
	errors = append(errors, metavalidation.ValidateLabels(resource.GetLabels(), path.Child("labels"))...)
	for _, problem := range utilvalidation.IsDNS1123Subdomain(resource.GetName()) {
		errors = append(errors, field.Invalid(path.Child("name"), resource.GetName(), problem))
	}
	if namespaced && resource.GetNamespace() == "" {
		errors = append(errors, field.Required(path.Child("namespace"), "the kind is namespaced"))
	}
	return errors
}

// isBuiltIn reports whether a group belongs to Kubernetes itself; other validators check those.
func isBuiltIn(group string) bool {
	return !strings.Contains(group, ".") ||
		(strings.HasSuffix(group, ".k8s.io") && group != "gateway.networking.k8s.io" && group != "autoscaling.k8s.io")
}
