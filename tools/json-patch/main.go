// Applies JSON patches (RFC 6902) with the library of the API server.
//
//	json-patch < cases
//
// Each line is {"document": …, "patch": […]}; each line of the output is {"document": …} or {"error": "…"}.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
)

type question struct {
	Document json.RawMessage `json:"document"`
	Patch    json.RawMessage `json:"patch"`
}

type answer struct {
	Document json.RawMessage `json:"document,omitempty"`
	Error    string          `json:"error,omitempty"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	output := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		if err := output.Encode(patched(lines.Bytes())); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func patched(line []byte) answer {
	var asked question
	if err := json.Unmarshal(line, &asked); err != nil {
		return answer{Error: err.Error()}
	}
	patch, err := jsonpatch.DecodePatch(asked.Patch)
	if err != nil {
		return answer{Error: err.Error()}
	}
	document, err := patch.Apply(asked.Document)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Document: document}
}
