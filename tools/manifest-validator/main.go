// Validates manifests as an API server does: custom resources against their CRDs, pods against Pod Security "restricted".
//
//	manifest-validator CRD... < manifests.yaml
//
// Each CRD is a file or a folder of files. It prints one problem a line. Exit code 1: problems; 2: it cannot run.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/util/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

func main() {
	kinds := map[string]*kind{}
	for _, path := range os.Args[1:] {
		if err := loadCRDs(path, kinds); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	problems, err := validateAll(os.Stdin, kinds)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	for _, problem := range problems {
		fmt.Println(problem)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
}

func loadCRDs(path string, kinds map[string]*kind) error {
	return filepath.WalkDir(path, func(file string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !(strings.HasSuffix(file, ".yaml") || strings.HasSuffix(file, ".yml")) {
			return err
		}
		content, err := os.Open(file)
		if err != nil {
			return err
		}
		defer content.Close()
		return eachDocument(content, func(document []byte) error {
			if err := addKinds(document, kinds); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			return nil
		})
	})
}

func validateAll(input io.Reader, kinds map[string]*kind) ([]string, error) {
	var problems []string
	err := eachDocument(input, func(document []byte) error {
		problems = append(problems, validate(document, kinds)...)
		return nil
	})
	return problems, err
}

func validate(document []byte, kinds map[string]*kind) []string {
	// The second step reads whole numbers as CEL rules expect them, and as the API server does.
	text, err := yaml.YAMLToJSONStrict(document)
	if err != nil {
		return []string{err.Error()}
	}
	var object map[string]any
	if err := json.Unmarshal(text, &object); err != nil {
		return []string{err.Error()}
	}
	if len(object) == 0 {
		return nil
	}
	name := describe(object)
	var problems []string
	for _, problem := range append(validateCustom(context.Background(), object, kinds), podSecurity(object)...) {
		problems = append(problems, name+": "+problem)
	}
	return problems
}

func describe(object map[string]any) string {
	metadata, _ := object["metadata"].(map[string]any)
	return fmt.Sprintf("%v %v/%v", object["kind"], metadata["namespace"], metadata["name"])
}

func eachDocument(input io.Reader, use func([]byte) error) error {
	reader := utilyaml.NewYAMLReader(bufio.NewReader(input))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := use(document); err != nil {
			return err
		}
	}
}
