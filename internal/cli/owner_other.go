//go:build !unix

package cli

import "os"

// inherit does nothing where files have no numeric owner.
func inherit(*os.Root, string) error { return nil }

// keepOwner does nothing either.
func keepOwner(*os.File, os.FileInfo) {}
