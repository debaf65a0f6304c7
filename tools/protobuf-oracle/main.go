// Reads Envoy's CheckRequest with Go's protocol buffers and Envoy's definitions, as a reference for other readers.
//
//	protobuf-oracle < messages
//
// Each input line is a message in hexadecimal. Each output line is a JSON object: its content, or why it is invalid.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/protobuf/proto"
)

type headerLine struct {
	Key      string `json:"key"`
	Value    string `json:"value"`
	RawValue []byte `json:"rawValue"`
}

type reading struct {
	Error             string            `json:"error,omitempty"`
	Method            string            `json:"method"`
	Host              string            `json:"host"`
	Path              string            `json:"path"`
	Headers           map[string]string `json:"headers"`
	HeaderMap         []headerLine      `json:"headerMap"`
	Address           string            `json:"address"`
	Principal         string            `json:"principal"`
	Certificate       string            `json:"certificate"`
	ContextExtensions map[string]string `json:"contextExtensions"`
}

func main() {
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	answers := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(answers)
	for {
		line, err := lines.ReadString('\n')
		if len(line) < 1 || line[len(line)-1] != '\n' {
			break
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		if err := encoder.Encode(read(line[:len(line)-1])); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		if lines.Buffered() == 0 {
			answers.Flush()
		}
	}
	answers.Flush()
}

func read(line string) reading {
	bytes, err := hex.DecodeString(line)
	if err != nil {
		return reading{Error: err.Error()}
	}
	var request auth.CheckRequest
	if err := proto.Unmarshal(bytes, &request); err != nil {
		return reading{Error: err.Error()}
	}
	attributes := request.GetAttributes()
	http := attributes.GetRequest().GetHttp()
	source := attributes.GetSource()
	lines := []headerLine{}
	for _, header := range http.GetHeaderMap().GetHeaders() {
		lines = append(lines, headerLine{header.GetKey(), header.GetValue(), header.GetRawValue()})
	}
	return reading{
		Method:            http.GetMethod(),
		Host:              http.GetHost(),
		Path:              http.GetPath(),
		Headers:           http.GetHeaders(),
		HeaderMap:         lines,
		Address:           source.GetAddress().GetSocketAddress().GetAddress(),
		Principal:         source.GetPrincipal(),
		Certificate:       source.GetCertificate(),
		ContextExtensions: attributes.GetContextExtensions(),
	}
}
