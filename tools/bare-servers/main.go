// Servers that check nothing, as a comparison for the benchmarks.
//
//	bare-servers http           net/http, answers 200 without a body
//	bare-servers grpc           grpc-go, decodes each CheckRequest and encodes a prepared CheckResponse
//	bare-servers grpc-prepared  grpc-go, ignores the bytes of the request and answers prepared bytes
//
// Each one listens on a free port of the loopback, and prints it as a line of JSON.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	rpc "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

func main() {
	servers := map[string]func(net.Listener) error{
		"http":          serveHTTP,
		"grpc":          serveDecoded,
		"grpc-prepared": servePrepared,
	}
	if len(os.Args) != 2 || servers[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: bare-servers http|grpc|grpc-prepared")
		os.Exit(2)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fail(err)
	}
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"listener": "bare",
		"port":     listener.Addr().(*net.TCPAddr).Port,
	})
	fail(servers[os.Args[1]](listener))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func serveHTTP(listener net.Listener) error {
	return http.Serve(listener, http.HandlerFunc(func(writer http.ResponseWriter, _ *http.Request) {
		writer.WriteHeader(http.StatusOK)
	}))
}

type authorizer struct {
	auth.UnimplementedAuthorizationServer
	answer *auth.CheckResponse
}

func (a authorizer) Check(context.Context, *auth.CheckRequest) (*auth.CheckResponse, error) {
	return a.answer, nil
}

func serveDecoded(listener net.Listener) error {
	server := grpc.NewServer()
	auth.RegisterAuthorizationServer(server, authorizer{answer: answer()})
	return server.Serve(listener)
}

// bytesCodec passes messages on as bytes.
type bytesCodec struct{}

func (bytesCodec) Name() string { return "proto" }

func (bytesCodec) Marshal(message any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(message.([]byte))}, nil
}

func (bytesCodec) Unmarshal(mem.BufferSlice, any) error { return nil }

var _ encoding.CodecV2 = bytesCodec{}

func servePrepared(listener net.Listener) error {
	prepared, err := proto.Marshal(answer())
	if err != nil {
		return err
	}
	check := func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		if err := decode(nil); err != nil {
			return nil, err
		}
		return prepared, nil
	}
	server := grpc.NewServer(grpc.ForceServerCodecV2(bytesCodec{}))
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "envoy.service.auth.v3.Authorization",
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Check", Handler: check}},
	}, struct{}{})
	return server.Serve(listener)
}

func answer() *auth.CheckResponse {
	names := []string{"user", "email", "groups", "preferred-username"}
	headers := make([]*core.HeaderValueOption, 0, len(names))
	for _, name := range names {
		headers = append(headers, &core.HeaderValueOption{
			Header: &core.HeaderValue{Key: "x-auth-request-" + name, Value: "alice@example.com"},
		})
	}
	return &auth.CheckResponse{
		Status:       &rpc.Status{},
		HttpResponse: &auth.CheckResponse_OkResponse{OkResponse: &auth.OkHttpResponse{Headers: headers}},
	}
}
