// Command codewarrant holds the entitlements of signed macOS binaries against a
// policy. See README.md, or run codewarrant --help.
package main

import (
	"os"
	"runtime/debug"
	"time"

	"github.com/codewarrant/codewarrant/internal/cli"
)

// memory is what the garbage collector is told to keep the process under, in bytes.
// What a run keeps is limited to half of it (see internal/scan), so that it can.
const memory = 1 << 30

func main() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memory)
	}
	os.Exit(cli.Main(cli.Env{
		Args: os.Args[1:], Stdout: os.Stdout, Stderr: os.Stderr,
		Getenv: os.Getenv, Now: time.Now,
	}))
}
