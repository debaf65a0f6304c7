// Serves HTTP/2 with golang.org/x/net/http2, and reports the calls of each connection. It also reads the output of another
// server with its framer.
//
// The first line of the output is {"port": N}. Then each connection that has ended gives a line with the port of its client
// and its calls. A line {"id": N, "hex": "..."} of the input gives a line with that id and the frames of the bytes.
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// Call is a request that reached the handler.
type Call struct {
	Method   string `json:"method"`
	Path     string `json:"path"`
	Complete bool   `json:"complete"`
	Body     string `json:"body"`
}

// Connection is a connection that has ended.
type Connection struct {
	Client int    `json:"client"`
	Calls  []Call `json:"calls"`
}

// Question is the output of a server.
type Question struct {
	ID  int    `json:"id"`
	Hex string `json:"hex"`
}

// Frame is a frame of that output.
type Frame struct {
	Type    uint8       `json:"type"`
	Flags   uint8       `json:"flags"`
	Stream  uint32      `json:"stream"`
	Length  uint32      `json:"length"`
	Headers [][2]string `json:"headers,omitempty"`
	// Block is the first byte of a header block.
	Block int `json:"block,omitempty"`
	// Value is the error code, or the increment of a window.
	Value uint32 `json:"value,omitempty"`
	Data  string `json:"data,omitempty"`
}

// Reading is the answer to a question.
type Reading struct {
	ID     int     `json:"id"`
	Frames []Frame `json:"frames"`
	Error  string  `json:"error"`
}

const (
	mostCalls        = 4096
	headerListSize   = 64 * 1024
	streamWindow     = 64*1024 - 1
	connectionWindow = 1024 * 1024
	// What the library adds to the limit of net/http: 10 fields of 32 bytes.
	libraryReserve = 320
	// rejected stands for the type of a frame that the framer rejects.
	rejected = 255
)

var (
	output  = json.NewEncoder(os.Stdout)
	writing sync.Mutex
	wanted  = regexp.MustCompile(`[?&]size=([0-9]{1,6})(&|$)`)
	early   = regexp.MustCompile(`[?&]early(&|$)`)
)

func print(line any) {
	writing.Lock()
	defer writing.Unlock()
	if err := output.Encode(line); err != nil {
		os.Exit(1)
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	print(map[string]int{"port": listener.Addr().(*net.TCPAddr).Port})
	go serveAll(listener)
	input := bufio.NewReaderSize(os.Stdin, 1<<20)
	for {
		line, err := input.ReadBytes('\n')
		if err != nil {
			return
		}
		var question Question
		if err := json.Unmarshal(line, &question); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		print(read(question))
	}
}

func serveAll(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go serve(conn)
	}
}

func serve(conn net.Conn) {
	calls := []Call{}
	var guard sync.Mutex
	var running sync.WaitGroup
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		running.Add(1)
		defer running.Done()
		call := Call{Method: r.Method, Path: r.RequestURI, Complete: true}
		if !early.MatchString(r.RequestURI) {
			hash := sha256.New()
			length, err := io.Copy(hash, r.Body)
			call.Complete = err == nil
			call.Body = fmt.Sprintf("%d:%x", length, hash.Sum(nil)[:8])
		}
		guard.Lock()
		calls = append(calls, call)
		guard.Unlock()
		if size := wanted.FindStringSubmatch(r.RequestURI); size != nil {
			length, _ := strconv.Atoi(size[1])
			_, _ = w.Write(make([]byte, length))
		}
	})
	server := &http2.Server{
		MaxConcurrentStreams:         mostCalls,
		MaxReadFrameSize:             1 << 14,
		MaxUploadBufferPerStream:     streamWindow,
		MaxUploadBufferPerConnection: connectionWindow,
	}
	server.ServeConn(conn, &http2.ServeConnOpts{
		Handler:    handler,
		BaseConfig: &http.Server{MaxHeaderBytes: headerListSize - libraryReserve, ErrorLog: log.New(io.Discard, "", 0)},
	})
	// The library has started a goroutine for each call, but it may not have run yet.
	for range 100 {
		runtime.Gosched()
	}
	time.Sleep(2 * time.Millisecond)
	running.Wait()
	guard.Lock()
	defer guard.Unlock()
	print(Connection{Client: conn.RemoteAddr().(*net.TCPAddr).Port, Calls: calls})
}

func read(question Question) Reading {
	reading := Reading{ID: question.ID, Frames: []Frame{}}
	bytesOf, err := hex.DecodeString(question.Hex)
	if err != nil {
		reading.Error = err.Error()
		return reading
	}
	framer := http2.NewFramer(io.Discard, bytes.NewReader(bytesOf))
	framer.SetMaxReadFrameSize(1<<24 - 1)
	decoder := hpack.NewDecoder(4096, nil)
	var block []byte
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			if reading.Error == "" && !errors.Is(err, io.EOF) {
				reading.Error = err.Error()
			}
			// An error of a stream leaves the framer at the next frame.
			if errors.As(err, &http2.StreamError{}) {
				reading.Frames = append(reading.Frames, Frame{Type: rejected})
				continue
			}
			return reading
		}
		head := frame.Header()
		one := Frame{Type: uint8(head.Type), Flags: uint8(head.Flags), Stream: head.StreamID, Length: head.Length}
		isLastOfBlock := false
		switch f := frame.(type) {
		case *http2.HeadersFrame:
			block = append([]byte(nil), f.HeaderBlockFragment()...)
			isLastOfBlock = f.HeadersEnded()
		case *http2.ContinuationFrame:
			block = append(block, f.HeaderBlockFragment()...)
			isLastOfBlock = f.HeadersEnded()
		case *http2.RSTStreamFrame:
			one.Value = uint32(f.ErrCode)
		case *http2.GoAwayFrame:
			one.Value = uint32(f.ErrCode)
		case *http2.WindowUpdateFrame:
			one.Value = f.Increment
		case *http2.PingFrame:
			one.Data = hex.EncodeToString(f.Data[:])
		}
		if isLastOfBlock {
			fields, err := decoder.DecodeFull(block)
			if err != nil {
				reading.Error = err.Error()
				return reading
			}
			if len(block) > 0 {
				one.Block = int(block[0])
			}
			for _, field := range fields {
				one.Headers = append(one.Headers, [2]string{field.Name, field.Value})
			}
		}
		reading.Frames = append(reading.Frames, one)
	}
}
