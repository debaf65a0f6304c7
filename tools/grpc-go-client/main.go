// Calls a gRPC server like a busy proxy, with grpc-go: many calls at once on one connection, with random deadlines and
// cancellations, and large messages. It prints the results as JSON.
//
// The input is {"address", "method", "small", "large", "calls", "seed"}. The messages are in hexadecimal.
package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
)

// Input says what to call.
type Input struct {
	Address string `json:"address"`
	Method  string `json:"method"`
	Small   string `json:"small"`
	Large   string `json:"large"`
	Calls   int    `json:"calls"`
	Seed    int64  `json:"seed"`
}

// Output counts the results: the status codes by the kind of call, and the responses in hexadecimal.
type Output struct {
	Codes       map[string]map[string]int `json:"codes"`
	Responses   map[string]int            `json:"responses"`
	Connections int64                     `json:"connections"`
	Watched     []string                  `json:"watched"`
}

const concurrency = 500

// rawCodec sends and receives bytes.
type rawCodec struct{}

func (rawCodec) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }
func (rawCodec) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}
func (rawCodec) Name() string { return "proto" }

// connections counts the connections that begin.
type connections struct{ begun atomic.Int64 }

func (*connections) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (*connections) HandleRPC(context.Context, stats.RPCStats)                         {}
func (*connections) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (c *connections) HandleConn(_ context.Context, s stats.ConnStats) {
	if _, ok := s.(*stats.ConnBegin); ok {
		c.begun.Add(1)
	}
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	var input Input
	if err := json.NewDecoder(os.Stdin).Decode(&input); err != nil {
		return err
	}
	small, err := hex.DecodeString(input.Small)
	if err != nil {
		return err
	}
	large, err := hex.DecodeString(input.Large)
	if err != nil {
		return err
	}
	counter := &connections{}
	conn, err := grpc.NewClient(input.Address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithStatsHandler(counter),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, PermitWithoutStream: true}))
	if err != nil {
		return err
	}
	defer conn.Close()
	output := Output{Codes: map[string]map[string]int{}, Responses: map[string]int{}}
	if output.Watched, err = watch(conn); err != nil {
		return err
	}
	var guard sync.Mutex
	record := func(kind string, err error, response []byte) {
		guard.Lock()
		defer guard.Unlock()
		if output.Codes[kind] == nil {
			output.Codes[kind] = map[string]int{}
		}
		output.Codes[kind][status.Code(err).String()]++
		if err == nil {
			output.Responses[hex.EncodeToString(response)]++
		}
	}
	jobs := make(chan int)
	var workers sync.WaitGroup
	for worker := range concurrency {
		workers.Add(1)
		random := rand.New(rand.NewSource(input.Seed + int64(worker)))
		go func() {
			defer workers.Done()
			for range jobs {
				kind, message := "whole", small
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				switch random.Intn(20) {
				case 0, 1, 2:
					kind = "deadline"
					cancel()
					ctx, cancel = context.WithTimeout(context.Background(), time.Duration(random.Intn(20_000))*time.Microsecond)
				case 3, 4, 5:
					kind = "canceled"
					time.AfterFunc(time.Duration(random.Intn(10_000))*time.Microsecond, cancel)
				case 6:
					if random.Intn(10) == 0 {
						kind, message = "large", large
					}
				}
				var response []byte
				err := conn.Invoke(ctx, input.Method, &message, &response, grpc.ForceCodec(rawCodec{}))
				cancel()
				record(kind, err, response)
			}
		}()
	}
	for call := range input.Calls {
		jobs <- call
	}
	close(jobs)
	workers.Wait()
	output.Connections = counter.begun.Load()
	return json.NewEncoder(os.Stdout).Encode(output)
}

// watch returns the first status of the health service's Watch, and the code of its end by cancellation.
func watch(conn *grpc.ClientConn) ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	stream, err := grpc_health_v1.NewHealthClient(conn).Watch(ctx, &grpc_health_v1.HealthCheckRequest{})
	if err != nil {
		return nil, err
	}
	first, err := stream.Recv()
	if err != nil {
		return nil, err
	}
	cancel()
	_, err = stream.Recv()
	return []string{first.Status.String(), status.Code(err).String()}, nil
}
