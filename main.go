// Command codewarrant holds the entitlements of signed macOS binaries against a
// policy. See README.md, or run codewarrant --help.
package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/codewarrant/codewarrant/internal/cli"
)

// memory is what the garbage collector is told to keep the process under, in bytes.
// What a run keeps is limited to half of it (see internal/scan), so that it can.
const memory = 1 << 30

// floor is in bytes. The garbage collector runs when as much was allocated as is in use: with the floor in use it does not
// before there is something to collect, which takes a tenth to a fifth of the time off. It is never written to, so that it takes no memory.
const floor = 8 << 20

func main() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memory)
	}
	used := make([]byte, floor)
	code := cli.Main(cli.Env{
		Args: os.Args[1:], Stdout: os.Stdout, Stderr: os.Stderr,
		Getenv: os.Getenv, Now: time.Now,
	})
	runtime.KeepAlive(used)
	os.Exit(code)
}
