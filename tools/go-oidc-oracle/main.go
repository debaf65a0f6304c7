// Verifies tokens with go-oidc and a key set. It reads and writes one JSON object a line.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

type question struct {
	// The key set, as text.
	Jwks       string   `json:"jwks"`
	Issuer     string   `json:"issuer"`
	Audience   string   `json:"audience"`
	Algorithms []string `json:"algorithms"`
	Token      string   `json:"token"`
	// Seconds since the epoch.
	Now int64 `json:"now"`
}

type answer struct {
	// Empty if the token is accepted.
	Error string `json:"error"`
}

// published answers each request with a key set.
type published string

func (text published) RoundTrip(request *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK,
		Status:     "200 OK",
		Header:     http.Header{"Content-Type": {"application/json"}},
		Body:       io.NopCloser(strings.NewReader(string(text))),
		Request:    request,
	}, nil
}

func judge(asked question) error {
	ctx := oidc.ClientContext(context.Background(), &http.Client{Transport: published(asked.Jwks)})
	verifier := oidc.NewVerifier(asked.Issuer, oidc.NewRemoteKeySet(ctx, "https://issuer.example.com/keys"), &oidc.Config{
		ClientID:             asked.Audience,
		SupportedSigningAlgs: asked.Algorithms,
		Now:                  func() time.Time { return time.Unix(asked.Now, 0) },
	})
	_, err := verifier.Verify(ctx, asked.Token)
	return err
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var asked question
		said := answer{}
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			said.Error = "not a question: " + err.Error()
		} else if err := judge(asked); err != nil {
			said.Error = err.Error()
		}
		text, err := json.Marshal(said)
		if err != nil {
			panic(err)
		}
		fmt.Println(string(text))
	}
}
