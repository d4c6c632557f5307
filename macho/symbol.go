package macho

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/blacktop/go-macho/types"
)

const (
	nlistSize = 16 // struct nlist_64

	// maxSymbols bounds the symbol table; the largest of a corpus of 274 images has
	// 607,396.
	maxSymbols = 8 << 20

	// maxName is the longest name that is read, in bytes. The longest in the corpus is
	// of C++ and has 12,106; of those that are imported, 446.
	maxName = 16 << 10

	// nameWindow is what is read of a table of names at a time.
	nameWindow = 64 << 10

	// nameBatch is how many names are looked up in one pass over their table, or more if
	// there would be more than namePasses of them.
	nameBatch  = 16 << 10
	namePasses = 32

	// maxHeld is how large a table of names is at most that is held, in bytes.
	maxHeld = 4 << 20

	// maxNameBytes bounds the names that [Image.Symbols] gives, which may overlap in
	// their table; those of the largest table of the corpus have 45 MB.
	maxNameBytes = 256 << 20

	// maxImports and maxImportBytes bound the names that are kept. Of one image the
	// corpus has up to 3,387, of 405,682 bytes. maxImportReads bounds the bytes of all
	// that are looked at, of which many may be the same.
	maxImports     = 100_000
	maxImportBytes = 8 << 20
	maxImportReads = 64 << 20
)

// Symbols gives the name and the address of each symbol that is defined in a section, in
// an order of no meaning. They are what the file claims, debugging symbols left out; a
// name of more than 16 KiB is cut. The bytes of a name are valid until yield returns;
// false from it ends the reading. The file r is the one that was given to [ReadImage].
//
// Unless maybe is nil it may be asked about a name before the end of that is looked for: it is given what is in the file
// from where the name begins, eight bytes at most, which may reach past its end, and false leaves the symbol out.
func (i *Image) Symbols(r io.ReaderAt, maybe func(begin []byte) bool, yield func(name []byte, addr uint64) bool) error {
	isDefined := func(t types.NType) bool { return t&types.N_TYPE == types.N_SECT }
	left := maxNameBytes
	return i.eachSymbol(r, isDefined, maybe, func(s nameRef, name []byte) error {
		if left -= len(name); left < 0 {
			return fmt.Errorf("the symbols have names of more than %d bytes", maxNameBytes)
		}
		if !yield(name, s.value) {
			return errStop
		}
		return nil
	})
}

// errStop ends a reading without being an error.
var errStop = errors.New("stop")

// eachSymbol gives the symbols of which the type is taken, and maybe the name; nil: any.
func (i *Image) eachSymbol(r io.ReaderAt, take func(types.NType) bool, maybe func([]byte) bool, yield func(nameRef, []byte) error) error {
	if i.tables.symbols == nil {
		return nil
	}
	if i.tables.strings == nil {
		return errors.New("the symbol table has no string table")
	}
	count := i.tables.symbols.Size / nlistSize
	if count > maxSymbols {
		return fmt.Errorf("the symbol table has %d symbols; the limit is %d", count, maxSymbols)
	}
	var names *namePool
	if strings := i.part(r, *i.tables.strings); strings.Size() > maxHeld {
		names = newNamePool(strings, count)
	} else if err := i.holdNames(strings); err != nil {
		return fmt.Errorf("string table: %w", err)
	} else {
		names = &namePool{size: uint64(strings.Size()), held: i.names, maybe: maybe}
	}
	b := make([]byte, min(nameWindow, i.tables.symbols.Size))
	table := i.part(r, *i.tables.symbols)
	for at := uint64(0); at < count; {
		part := b[:min(uint64(len(b)), (count-at)*nlistSize)]
		if err := readFull(table, part, at*nlistSize, i.tables.symbols.Size); err != nil {
			return fmt.Errorf("symbol table: %w", err)
		}
		for ; len(part) > 0; part, at = part[nlistSize:], at+1 {
			if t := types.NType(part[4]); t&types.N_STAB != 0 || !take(t) {
				continue
			}
			if err := names.want(nameRef{uint32(u32(part, 0)), uint32(at), u64(part, 8)}, yield); err != nil {
				return ignoreStop(err)
			}
		}
	}
	return ignoreStop(names.flush(yield))
}

// holdNames reads the string table, once.
func (i *Image) holdNames(table *io.SectionReader) error {
	if i.names != nil {
		return nil
	}
	b := make([]byte, table.Size())
	if err := readFull(table, b, 0, uint64(len(b))); err != nil {
		return err
	}
	i.names = b
	return nil
}

func ignoreStop(err error) error {
	if err == errStop {
		return nil
	}
	return err
}

// nameRef says where the name of something is in a table of names.
type nameRef struct {
	at    uint32
	id    uint32
	value uint64
}

// key orders names by where they are.
func (n nameRef) key() uint64 { return uint64(n.at)<<32 | uint64(n.id) }

// namePool reads names that end with a zero byte, in any order, without holding their
// table: it gathers references and passes once over the table for a batch of them.
//
// A small table is held, and no batch is gathered.
type namePool struct {
	r     io.ReaderAt
	size  uint64
	batch []nameRef
	held  []byte
	maybe func([]byte) bool // asked of what is held

	window     []byte
	start      uint64 // of the window in the table
	from, stop uint64 // no zero byte stands in between, nor before the end of the window if not ended
	ended      bool   // a zero byte stands at stop
}

// newNamePool returns a pool of which count names at most will be asked for.
func newNamePool(r *io.SectionReader, count uint64) *namePool {
	batch := min(count, max(nameBatch, count/namePasses+1))
	return &namePool{r: r, size: uint64(r.Size()), batch: make([]nameRef, 0, batch), from: 1}
}

// want asks for a name, and yields what was asked for when that is enough for a pass.
func (p *namePool) want(ref nameRef, yield func(nameRef, []byte) error) error {
	if p.held != nil {
		return p.direct(ref, yield)
	}
	p.batch = append(p.batch, ref)
	if len(p.batch) < cap(p.batch) {
		return nil
	}
	return p.flush(yield)
}

// direct yields the name in a table that is held.
func (p *namePool) direct(ref nameRef, yield func(nameRef, []byte) error) error {
	if uint64(ref.at) >= p.size {
		return fmt.Errorf("a name at %d of a table of names of %d bytes", ref.at, p.size)
	}
	name := p.held[ref.at:]
	if p.maybe != nil && !p.maybe(name[:min(len(name), 8)]) {
		return nil
	}
	name = name[:min(len(name), maxName)]
	switch end := bytes.IndexByte(name, 0); {
	case end >= 0:
		name = name[:end]
	case len(name) < maxName:
		return fmt.Errorf("a name at %d has no end", ref.at)
	}
	return yield(ref, name)
}

// flush yields what was asked for. Names that are longer than maxName are cut there.
func (p *namePool) flush(yield func(nameRef, []byte) error) error {
	slices.SortFunc(p.batch, func(a, b nameRef) int { return cmp.Compare(a.key(), b.key()) })
	for _, ref := range p.batch {
		name, err := p.name(uint64(ref.at))
		if err != nil {
			return err
		}
		if err := yield(ref, name); err != nil {
			return err
		}
	}
	p.batch = p.batch[:0]
	return nil
}

// name returns the name at an offset of the table. For ascending offsets no byte is
// looked at more than twice, however the names overlap.
func (p *namePool) name(at uint64) ([]byte, error) {
	if at >= p.size {
		return nil, fmt.Errorf("a name at %d of a table of names of %d bytes", at, p.size)
	}
	for {
		if at < p.from || at > p.stop {
			p.search(at)
		}
		switch length := p.stop - at; {
		case at < p.from || at > p.stop:
			// not in the window
		case length >= maxName:
			return p.window[at-p.start:][:maxName], nil
		case p.ended:
			return p.window[at-p.start:][:length], nil
		case p.stop == p.size:
			return nil, fmt.Errorf("a name at %d has no end", at)
		}
		p.window = slices.Grow(p.window[:0], nameWindow)[:min(nameWindow, p.size-at)]
		p.start, p.from, p.stop = at, 1, 0
		if err := readFull(p.r, p.window, at, p.size); err != nil {
			return nil, err
		}
	}
}

// search looks for the end of the name, if it begins in the window.
func (p *namePool) search(at uint64) {
	if at < p.start || at >= p.start+uint64(len(p.window)) {
		return
	}
	rest := p.window[at-p.start:]
	end := bytes.IndexByte(rest, 0)
	p.ended = end >= 0
	if !p.ended {
		end = len(rest)
	}
	p.from, p.stop = at, at+uint64(end)
}

// imports are the names that a loader looks up.
type imports struct {
	wanted func([]byte) bool
	seen   map[string]string // those that are wanted
	bytes  int               // of seen
	reads  int               // bytes that were looked at
}

// add notes a name if it is wanted, and returns it and whether it is.
func (m *imports) add(name []byte) (string, bool, error) {
	if len(name) >= maxName {
		return "", false, fmt.Errorf("an imported symbol has a name of %d bytes or more", maxName)
	}
	if m.reads += len(name); m.reads > maxImportReads {
		return "", false, fmt.Errorf("the names of imported symbols have more than %d bytes", maxImportReads)
	}
	if m.wanted != nil && !m.wanted(name) {
		return "", false, nil
	}
	if symbol, ok := m.seen[string(name)]; ok {
		return symbol, true, nil
	}
	if len(m.seen) == maxImports || m.bytes+len(name) > maxImportBytes {
		return "", false, fmt.Errorf("there are more than %d imported symbols, or %d bytes of their names", maxImports, maxImportBytes)
	}
	symbol := string(name)
	m.seen[symbol] = symbol
	m.bytes += len(name)
	return symbol, true, nil
}

func (m *imports) sorted() []string { return slices.Sorted(maps.Keys(m.seen)) }
