package artifact

import (
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/codewarrant/codewarrant/internal/boundedplist"
)

// infoName begins what is said about the contents of an Info.plist.
const infoName = "Info.plist"

// readInfo reads the Info.plist at name, once, into b.
func (w *walker) readInfo(b *Bundle, name string) error {
	c, size, err := w.tree.Open(name)
	if err != nil {
		return fmt.Errorf("%s: %w", path.Base(name), bare(err))
	}
	defer c.Close()
	if size > boundedplist.MaxSize {
		return fmt.Errorf("%s: %d bytes, more than %d", path.Base(name), size, boundedplist.MaxSize)
	}
	if w.left.info -= size; w.left.info < 0 {
		return w.left.passed() // of which the walk tells
	}
	raw, err := io.ReadAll(io.NewSectionReader(c, 0, size))
	if err != nil {
		return fmt.Errorf("%s: %w", path.Base(name), bare(err))
	}
	b.InfoPlist = raw
	var root any
	if err := boundedplist.Unmarshal(raw, &root); err != nil {
		return fmt.Errorf("%s: %w", path.Base(name), err)
	}
	info, ok := root.(map[string]any)
	if !ok {
		return fmt.Errorf("%s: not a dictionary", path.Base(name))
	}
	return b.take(info)
}

// take reads the keys that identify b. A version may be a number; it is for show.
func (b *Bundle) take(info map[string]any) error {
	var errs []error
	text := func(key string) string {
		s, ok := info[key].(string)
		if _, there := info[key]; there && !ok {
			errs = append(errs, fmt.Errorf("%s: %s is not a string", infoName, key))
		}
		return strings.Clone(s) // a string of a binary list keeps the whole list
	}
	b.Identifier = text("CFBundleIdentifier")
	key := "CFBundleExecutable"
	if _, ok := info[key]; !ok {
		key = "NSExecutable" // _CFBundleCopyExecutableName
	}
	if name := text(key); name != "" {
		b.Executable, b.named = name, true
	}
	b.Version, b.ShortVersion = shown(info["CFBundleVersion"]), shown(info["CFBundleShortVersionString"])
	return errors.Join(errs...)
}

func shown(v any) string {
	switch v := v.(type) {
	case string:
		return strings.Clone(v)
	case uint64, int64, float64, float32:
		return fmt.Sprint(v)
	}
	return ""
}
