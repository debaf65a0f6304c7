// Decodes and encodes header blocks with Go's HPACK, as a reference for other decoders.
//
//	hpack-oracle < connections
//
// Each input line is a connection: the maximum size of its table, and its blocks in hexadecimal, separated by spaces.
// Each output line is a JSON object: the fields of each block, and why the block after those is invalid.
//
// With the argument "encode", each input line is a list of blocks in JSON, each with its fields, and each output line has
// the encoded blocks. With the argument "measure" and a number, each input line is a connection that is decoded that many
// times, and each output line is the CPU time of one block, in nanoseconds.
package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/net/http2/hpack"
)

// The maximum size of a table until the encoder changes it.
const firstTableSize = 4096

// A field has a name and a value.
type field [2][]byte

type decoded struct {
	Blocks [][]field `json:"blocks"`
	Error  string    `json:"error,omitempty"`
}

// A block to encode, after changes of the size of the table.
type list struct {
	Sizes  []uint32 `json:"sizes"`
	Fields []field  `json:"fields"`
}

func main() {
	answer := func(line string) any { return decode(line) }
	if len(os.Args) == 2 && os.Args[1] == "encode" {
		answer = func(line string) any { return encode(line) }
	}
	if len(os.Args) == 3 && os.Args[1] == "measure" {
		times, err := strconv.Atoi(os.Args[2])
		exitOn(err)
		answer = func(line string) any { return measure(line, times) }
	}
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	answers := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(answers)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			break
		}
		exitOn(encoder.Encode(answer(strings.TrimSuffix(line, "\n"))))
		if lines.Buffered() == 0 {
			answers.Flush()
		}
	}
	answers.Flush()
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func connection(line string) (uint32, [][]byte) {
	words := strings.Split(line, " ")
	size, err := strconv.ParseUint(words[0], 10, 32)
	exitOn(err)
	blocks := [][]byte{}
	for _, word := range words[1:] {
		block, err := hex.DecodeString(word)
		exitOn(err)
		blocks = append(blocks, block)
	}
	return uint32(size), blocks
}

func newDecoder(size uint32) *hpack.Decoder {
	decoder := hpack.NewDecoder(min(size, firstTableSize), nil)
	decoder.SetAllowedMaxDynamicTableSize(size)
	return decoder
}

func decode(line string) decoded {
	size, blocks := connection(line)
	decoder := newDecoder(size)
	all := decoded{Blocks: [][]field{}}
	for _, block := range blocks {
		read, err := decoder.DecodeFull(block)
		if err != nil {
			all.Error = err.Error()
			break
		}
		fields := []field{}
		for _, one := range read {
			fields = append(fields, field{[]byte(one.Name), []byte(one.Value)})
		}
		all.Blocks = append(all.Blocks, fields)
	}
	return all
}

func encode(line string) [][]byte {
	var lists []list
	exitOn(json.Unmarshal([]byte(line), &lists))
	var written bytes.Buffer
	encoder := hpack.NewEncoder(&written)
	encoder.SetMaxDynamicTableSizeLimit(math.MaxUint32)
	blocks := [][]byte{}
	for _, list := range lists {
		written.Reset()
		for _, size := range list.Sizes {
			encoder.SetMaxDynamicTableSize(size)
		}
		for _, one := range list.Fields {
			exitOn(encoder.WriteField(hpack.HeaderField{Name: string(one[0]), Value: string(one[1])}))
		}
		blocks = append(blocks, append([]byte{}, written.Bytes()...))
	}
	return blocks
}

func measure(line string, times int) float64 {
	size, blocks := connection(line)
	fields := 0
	start := cpuTime()
	for range times {
		decoder := newDecoder(size)
		decoder.SetEmitFunc(func(hpack.HeaderField) { fields++ })
		for _, block := range blocks {
			_, err := decoder.Write(block)
			exitOn(err)
			exitOn(decoder.Close())
		}
	}
	return float64(cpuTime()-start) / float64(times*len(blocks))
}

func cpuTime() int64 {
	var usage syscall.Rusage
	exitOn(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return usage.Utime.Nano() + usage.Stime.Nano()
}
