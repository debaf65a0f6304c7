// Reads quantities as an API server does.
//
//	quantity < list.yaml
//
// The list has numbers and texts. It prints a line for each: the value, rounded up to a whole number, or "invalid: …".
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"
)

func main() {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		fail(err)
	}
	var written []json.RawMessage
	if err := yaml.Unmarshal(text, &written); err != nil {
		fail(err)
	}
	for _, one := range written {
		var quantity resource.Quantity
		if err := json.Unmarshal(one, &quantity); err != nil {
			fmt.Printf("invalid: %v\n", err)
			continue
		}
		fmt.Println(quantity.Value())
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(2)
}
