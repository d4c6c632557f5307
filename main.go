// Command codewarrant holds the entitlements of signed macOS binaries against a
// policy. See README.md, or run codewarrant --help.
package main

import (
	"os"
	"time"

	"github.com/codewarrant/codewarrant/internal/cli"
)

func main() {
	os.Exit(cli.Main(cli.Env{
		Args: os.Args[1:], Stdout: os.Stdout, Stderr: os.Stderr,
		Getenv: os.Getenv, Now: time.Now,
	}))
}
