//go:build !linux

package main

import (
	"errors"
	"time"
)

func limitMemory(uint64) error { return errors.New("the limit of memory is set on Linux only") }

func processorTime() time.Duration { return 0 }
