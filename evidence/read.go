package evidence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/codewarrant/codewarrant/evidence/calls"
	"github.com/codewarrant/codewarrant/macho"
)

// Read looks at what the code of a slice of the file r does. It is nil for code that no
// current Mac runs. What could not be read is a gap; so is what was left when ctx ended.
func Read(ctx context.Context, r io.ReaderAt, s macho.Slice) *Code {
	return NewReader(r, s).Code(ctx)
}

// A Reader is a file of which the code of one slice is looked at while it is read for another
// purpose, such as to hash it: so it is read once, and looked at while it is in the cache.
type Reader struct {
	io.ReaderAt
	image *image
	code  *Code // of a slice that has no image
	scan  *calls.Scan
}

// NewReader returns a reader of the slice s of the file r.
func NewReader(r io.ReaderAt, s macho.Slice) *Reader {
	img, err := macho.ReadImage(r, s, isAsked)
	switch {
	case errors.Is(err, macho.ErrNot64Bit), errors.Is(err, macho.ErrBigEndian):
		return &Reader{ReaderAt: r}
	case err != nil:
		return &Reader{ReaderAt: r, code: &Code{Gaps: []Gap{{Text: "the code could not be read: " + err.Error()}}}}
	}
	c := &Code{ID: img.ID, RPaths: img.RPaths}
	for _, g := range img.Gaps {
		c.Gaps = append(c.Gaps, Gap{Text: g})
	}
	for _, l := range img.Libraries {
		c.Loads = append(c.Loads, Load{Name: l.Name, Weak: l.Kind == macho.Weak, PassesOn: l.Kind == macho.Reexport})
	}
	i := &image{Code: c, Image: img, r: r, offset: s.Range.Offset, arch: s.Arch, unknown: map[string][]uint64{}}
	return &Reader{ReaderAt: r, image: i, scan: i.begin()}
}

// ReadAt reads from the file, and looks at what is code of the slice. It may be called by
// several goroutines at a time, but not after [Reader.Code].
func (r *Reader) ReadAt(b []byte, off int64) (int, error) {
	n, err := r.ReaderAt.ReadAt(b, off)
	if r.scan == nil {
		return n, err
	}
	from := uint64(off) - r.image.offset
	for _, g := range r.image.Segments {
		// The part of the segment that was read.
		start, end := max(from, g.Range.Offset), min(from+uint64(n), g.Range.Offset+g.Range.Size)
		if g.Prot&0x4 != 0 && uint64(off) >= r.image.offset && start < end { // VM_PROT_EXECUTE
			r.scan.Look(g.Addr+(start-g.Range.Offset), b[start-from:end-from])
		}
	}
	return n, err
}

// Code returns what the function [Read] does, and reads what was not read.
func (r *Reader) Code(ctx context.Context) *Code {
	if r.image == nil {
		return r.code
	}
	i := r.image
	i.libraries()
	i.environment()
	i.imports()
	i.text(ctx, r.scan)
	i.strings(ctx)
	i.temper()
	i.sort()
	return i.Code
}

// image is a slice that is being looked at.
type image struct {
	*Code
	*macho.Image
	r       io.ReaderAt
	offset  uint64 // of the slice in it
	arch    string
	program calls.Program
	window  []byte              // in which constants are looked at
	unknown map[string][]uint64 // calls of which the arguments are not known, by what is not
}

// gap notes what could not be followed, and may hide the needs, once.
func (i *image) gap(needs []Need, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !slices.ContainsFunc(i.Code.Gaps, func(g Gap) bool { return g.Text == text }) {
		i.Code.Gaps = append(i.Code.Gaps, Gap{needs, text})
	}
}

// begin begins to look at the calls in the code, if it can be read.
func (i *image) begin() *calls.Scan {
	for _, imports := range []map[uint64]string{i.Stubs, i.Pointers} {
		maps.DeleteFunc(imports, func(_ uint64, symbol string) bool { return !followed[symbol] })
	}
	i.program = calls.Program{
		Stubs: i.Stubs, Pointers: i.Pointers, Follow: mayTell, Plain: loading,
		Read: func(addr uint64, b []byte) error { return i.ReadAt(i.r, b, addr) },
	}
	p := &i.program
	switch {
	case strings.HasPrefix(i.arch, "arm64"):
		p.Arch = calls.ARM64
	case strings.HasPrefix(i.arch, "x86_64"):
		p.Arch = calls.X8664
	default:
		i.gap(nil, "the code is for %s, which is not read", i.arch)
		return nil
	}
	p.Starts = make([]uint64, 0, min(i.MaxFunctions(), maxStarts))
	if err := i.Functions(i.r, func(addr uint64) bool {
		p.Starts = append(p.Starts, addr)
		return len(p.Starts) < maxStarts
	}); err != nil {
		i.gap(nil, "where functions begin: %v", err)
	}
	p.Text, p.Const = i.sections(p.Starts)
	scan, err := calls.NewScan(*p, wanted)
	if err != nil {
		i.gap(nil, "the calls in the code: %v", err)
	}
	return scan
}

// text looks at the calls in the code.
func (i *image) text(ctx context.Context, scan *calls.Scan) {
	if scan == nil {
		return
	}
	found, err := scan.Find(ctx)
	if err != nil {
		i.gap(nil, "the calls in the code: %v", err)
	}
	for _, g := range found.Gaps {
		i.gap(nil, "%s", g)
	}
	i.sites(i.program, found.Sites)
}

// maxStarts bounds the functions whose beginning is kept, 8 bytes for each. The largest
// programs have under 500,000.
const maxStarts = 2 << 20

// sections returns where code is, and what never changes. Of an executable segment in
// which no section says that it has code, all may be code. The kernel and dyld do not look at
// what sections say: one in which functions begin has code, too.
func (i *image) sections(starts []uint64) (text, fixed []calls.Section) {
	for _, g := range i.Segments {
		if g.Prot&0x4 == 0 { // VM_PROT_EXECUTE
			continue
		}
		any := false
		for _, s := range i.Sections {
			switch {
			case s.Addr < g.Addr || s.Addr-g.Addr >= g.Size || s.Range.Size == 0:
			case s.IsStubs():
			case s.HasCode() || s.Name == "__text" || i.begins(s, starts):
				text = append(text, calls.Section{Addr: s.Addr, Size: s.Range.Size})
				any = true
			case g.Prot&0x2 == 0:
				fixed = append(fixed, calls.Section{Addr: s.Addr, Size: s.Range.Size})
			}
		}
		if !any && g.Range.Size > 0 {
			text = append(text, calls.Section{Addr: g.Addr, Size: g.Range.Size})
		}
	}
	return text, fixed
}

// begins reports whether a function begins in a section.
func (i *image) begins(s macho.Section, starts []uint64) bool {
	n := sort.Search(len(starts), func(n int) bool { return starts[n] >= s.Addr })
	return n < len(starts) && starts[n]-s.Addr < s.Range.Size
}

// isCode reports whether an address is in a segment that is executable and comes from
// the file.
func (i *image) isCode(addr uint64) bool {
	return slices.ContainsFunc(i.Segments, func(g macho.Segment) bool {
		return g.Prot&0x4 != 0 && addr >= g.Addr && addr-g.Addr < g.Size
	})
}

// libraries says what the frameworks that are linked have to do with the needs. Apple's
// pages of the entitlements name them.
func (i *image) libraries() {
	for _, l := range i.Libraries {
		for _, known := range []struct {
			framework string
			need      Need
			strength  Strength
			text      string
		}{
			{"JavaScriptCore", MapJIT, Suggests, "links JavaScriptCore, whose fast path uses MAP_JIT"},
			{"WebKit", MapJIT, Consistent, "links WebKit, whose pages run in processes of Apple's, unless it uses the old WebView"},
			{"DVDPlayback", UnsignedMemory, Suggests, "links DVDPlayback, which needs memory of that kind"},
		} {
			if strings.HasPrefix(l.Name, "/System/Library/Frameworks/"+known.framework+".framework/") {
				i.add(Item{Need: known.need, Strength: known.strength, Symbol: l.Name, Text: known.text})
			}
		}
	}
}

// environment tells of variables that the program asks dyld to take from itself.
func (i *image) environment() {
	for _, v := range i.Environment {
		name, _, _ := strings.Cut(v, "=")
		if strings.HasPrefix(name, "DYLD_") {
			i.add(Item{Need: DyldEnvironment, Strength: Suggests, Symbol: printable(name), Text: "has " + printable(name) + " set by its load commands (LC_DYLD_ENVIRONMENT)"})
		}
	}
}

// printable shortens what comes out of a file for a sentence.
func printable(s string) string {
	const most = 80
	s = strings.ToValidUTF8(s, "?")
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}
