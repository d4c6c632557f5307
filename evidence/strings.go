package evidence

import (
	"bytes"
	"context"
	"io"
	"strings"

	"github.com/blacktop/go-macho/types"

	"github.com/codewarrant/codewarrant/evidence/engines"
	"github.com/codewarrant/codewarrant/macho"
)

// stringWindow is what is read at a time of what may hold strings.
const stringWindow = 64 << 10

// strings looks for engines: first at the strings of C, which are a small part of any
// program, and where these tell of none, at all other constants and at the names of symbols.
func (i *image) strings(ctx context.Context) {
	var m engines.Matcher
	i.sectionsOf(ctx, &m, func(s macho.Section) bool { return s.Type() == types.CstringLiterals })
	if len(m.Engines()) == 0 {
		i.sectionsOf(ctx, &m, func(s macho.Section) bool {
			return s.Segment == "__TEXT" && s.Type() == types.Regular && !s.HasCode() && !numbers[s.Name]
		})
		if err := i.Symbols(i.r, engines.MayBegin, func(name []byte, _ uint64) bool {
			m.Symbol(name)
			return ctx.Err() == nil
		}); err != nil {
			i.gap(nil, "the symbols: %v", err)
		}
	}
	for _, e := range m.Engines() {
		i.engine(e)
	}
}

// numbers are sections that have tables for unwinding and for the runtime of Go, and no strings.
var numbers = map[string]bool{
	"__unwind_info": true, "__eh_frame": true, "__gcc_except_tab": true,
	"__gopclntab": true, "__typelink": true, "__itablink": true,
}

// sectionsOf looks at the strings in the sections that take says.
func (i *image) sectionsOf(ctx context.Context, m *engines.Matcher, take func(macho.Section) bool) {
	for _, s := range i.Sections {
		if !take(s) {
			continue
		}
		part := io.NewSectionReader(i.r, int64(i.offset+s.Range.Offset), int64(s.Range.Size))
		if err := i.constants(ctx, part, m); err != nil {
			i.gap(nil, "the strings in %s,%s: %v", s.Segment, s.Name, err)
		}
		m.End()
	}
}

// constants looks at the strings of a section.
func (i *image) constants(ctx context.Context, r io.Reader, m *engines.Matcher) error {
	if i.window == nil {
		i.window = make([]byte, stringWindow)
	}
	buf := i.window
	kept := 1 // of the window before, in which a variable may begin; at first a zero byte
	buf[0] = 0
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n, err := io.ReadFull(r, buf[kept:])
		m.Strings(buf[kept : kept+n])
		i.variables(buf[:kept+n])
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return nil
		case err != nil:
			return err
		}
		kept = copy(buf, buf[len(buf)-maxVariable:])
	}
}

// maxVariable bounds the variables of dyld that are found, in bytes.
const maxVariable = 64

// variables looks for strings that begin as the variables of dyld do.
func (i *image) variables(b []byte) {
	for {
		before, rest, found := bytes.Cut(b, []byte("DYLD_"))
		if !found {
			return
		}
		b = rest
		if !bytes.HasSuffix(before, []byte{0}) {
			continue
		}
		name, _, ended := bytes.Cut(rest[:min(len(rest), maxVariable)], []byte{0})
		if variable, _, assigned := strings.Cut("DYLD_"+string(name), "="); (ended || assigned) && isVariable(variable) {
			i.variable(variable, assigned)
		}
	}
}

func isVariable(s string) bool {
	return s != "DYLD_" && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == ""
}

func (i *image) variable(name string, assigned bool) {
	text := "names " + name
	if assigned {
		text = "has " + name + "= for the environment of what it starts"
	}
	i.add(Item{Need: DyldEnvironment, Strength: Consistent, Symbol: name, Text: text})
}

// memories are the needs by which package engines says how an engine gets memory.
var memories = map[engines.Memory]struct {
	need Need
	text string
}{
	engines.MapJIT:   {MapJIT, "which maps memory with MAP_JIT"},
	engines.Unsigned: {UnsignedMemory, "which makes memory executable without MAP_JIT"},
}

// engine notes a generator of machine code. Where it depends on the build how one gets
// memory, neither way is suggested.
func (i *image) engine(found engines.Engine) {
	needs := found.On(i.arch)
	e := Engine{Name: found.Name, Version: found.Version, Category: found.Category, Generates: len(needs) > 0}
	i.Engines = append(i.Engines, e)
	for _, n := range needs {
		m := memories[n.Memory]
		strength, text := Suggests, "has "+e.String()+", "+m.text
		if len(needs) > 1 {
			strength, text = Consistent, text+" in some builds"
		}
		i.add(Item{Need: m.need, Strength: strength, Symbol: found.Rests[0], Text: text})
	}
}
