package codesign

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"sync"

	"github.com/codewarrant/codewarrant/macho"
)

// block is how much of a file is read at a time: little enough to be hashed out of
// a core's cache, and enough that a read costs nothing beside it.
const block = 1 << 18

// maxNamed is how many pages that do not match are named.
const maxNamed = 5

// pageHashes returns the directories with their page hashes, but for those that
// claim to cover more than there is or do not have a hash for each page, of which
// that has been said. So what is hashed is bounded by the hashes that are there.
func (s *Signature) pageHashes(sb *superBlob, end uint64) []pageHashes {
	var list []pageHashes
	for i := range s.Directories {
		d := &s.Directories[i]
		if d.CodeLimit > end || uint64(d.CodeSlots) != d.pages() {
			continue
		}
		b := sb.bytes(&d.blob)
		hashes := b[be32(b[16:]):][:int(d.CodeSlots)*d.HashType.Size()]
		list = append(list, pageHashes{d, hashes})
	}
	return list
}

// pageHashes is one CodeDirectory with the hashes of its pages.
type pageHashes struct {
	*Directory
	hashes []byte // CodeSlots times the size of a hash
}

// verifyPages compares the code that each CodeDirectory covers with its hashes,
// and returns what does not match. base is where the slice begins in r. An error
// means that the comparison did not come to its end.
func (v *Verifier) verifyPages(ctx context.Context, r io.ReaderAt, base uint64, dirs []pageHashes) ([]Problem, error) {
	var problems []Problem
	for _, group := range alike(dirs) {
		bad, err := v.group(ctx, r, base, group)
		if err != nil {
			return nil, err
		}
		for i, d := range group {
			if len(bad[i]) > 0 {
				problems = append(problems, Problem{Modified, d.Slot, modified(d, bad[i])})
			}
		}
	}
	return problems, nil
}

func modified(d pageHashes, bad []int) string {
	slices.Sort(bad)
	named := fmt.Sprint(bad[:min(len(bad), maxNamed)])
	if len(bad) > maxNamed {
		named += " and more"
	}
	return fmt.Sprintf("%d of %d pages are not what %s hashes (%s): pages %s",
		len(bad), d.CodeSlots, SlotName(d.Slot), d.HashType, named)
}

// alike groups directories that cover the same pages, so that each page is read
// once.
func alike(dirs []pageHashes) [][]pageHashes {
	var groups [][]pageHashes
	for _, d := range dirs {
		same := func(g []pageHashes) bool {
			return g[0].PageSize == d.PageSize && g[0].CodeLimit == d.CodeLimit && g[0].CodeSlots == d.CodeSlots
		}
		if i := slices.IndexFunc(groups, same); i >= 0 {
			groups[i] = append(groups[i], d)
		} else {
			groups = append(groups, []pageHashes{d})
		}
	}
	return groups
}

// group returns the pages that do not match, for each directory of a group.
func (v *Verifier) group(ctx context.Context, r io.ReaderAt, base uint64, group []pageHashes) ([][]int, error) {
	page, limit := uint64(group[0].PageSize), group[0].CodeLimit
	if page == 0 || page > block {
		return v.largePages(ctx, r, base, group)
	}
	var (
		wg  sync.WaitGroup
		mu  sync.Mutex
		bad = make([][]int, len(group))
		err error
	)
	for start := uint64(0); start < limit; start += block {
		buf, taken := v.take(ctx)
		if taken != nil {
			mu.Lock()
			err = errors.Join(err, taken)
			mu.Unlock()
			break
		}
		wg.Go(func() {
			defer func() { v.buffers <- buf }()
			b := buf[:min(block, limit-start)]
			found, rerr := compare(r, base+start, b, int(start/page), int(page), group)
			mu.Lock()
			defer mu.Unlock()
			err = errors.Join(err, rerr)
			for i := range found {
				bad[i] = append(bad[i], found[i]...)
			}
		})
	}
	wg.Wait()
	return bad, err
}

// take waits for a buffer, or for the end of the time.
func (v *Verifier) take(ctx context.Context) ([]byte, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	default:
	}
	select {
	case buf := <-v.buffers:
		return buf, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// compare reads b and compares its pages, of which the first has the given number.
func compare(r io.ReaderAt, offset uint64, b []byte, first, page int, group []pageHashes) ([][]int, error) {
	if n, err := r.ReadAt(b, int64(offset)); n < len(b) {
		return nil, fmt.Errorf("read the code at %d: %w", offset, orShort(err))
	}
	bad := make([][]int, len(group))
	for n := first; len(b) > 0; n++ {
		p := b[:min(page, len(b))]
		b = b[len(p):]
		for i, d := range group {
			if !d.HashType.matches(p, d.page(n)) {
				bad[i] = append(bad[i], n)
			}
		}
	}
	return bad, nil
}

// page returns the hash of a page, nil when the directory has none for it.
func (d pageHashes) page(n int) []byte {
	size := d.HashType.Size()
	if end := (n + 1) * size; end <= len(d.hashes) {
		return d.hashes[n*size : end]
	}
	return nil
}

// largePages compares pages that are larger than a block, or the one page that a
// page size of 0 means, by reading them block by block.
func (v *Verifier) largePages(ctx context.Context, r io.ReaderAt, base uint64, group []pageHashes) ([][]int, error) {
	buf, err := v.take(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { v.buffers <- buf }()
	bad := make([][]int, len(group))
	limit := group[0].CodeLimit
	page := uint64(group[0].PageSize)
	if page == 0 {
		page = limit
	}
	for n, start := 0, uint64(0); start < limit; n, start = n+1, start+page {
		hashes := make([]hash.Hash, len(group))
		for i, d := range group {
			hashes[i] = d.HashType.new()
		}
		section := io.NewSectionReader(r, int64(base+start), int64(min(page, limit-start)))
		for left := section.Size(); left > 0; {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			m, err := io.ReadFull(section, buf[:min(block, left)])
			if err != nil {
				return nil, fmt.Errorf("read the code at %d: %w", base+start, orShort(err))
			}
			for _, h := range hashes {
				h.Write(buf[:m])
			}
			left -= int64(m)
		}
		for i, d := range group {
			if !bytes.Equal(hashes[i].Sum(nil)[:d.HashType.Size()], d.page(n)) {
				bad[i] = append(bad[i], n)
			}
		}
	}
	return bad, nil
}

// uncovered tells of bytes of the slice that no hash covers: between the code and
// the signature, where the kernel would map and Security.framework would not look,
// and behind the signature. Padding behind the SuperBlob inside its space is a
// matter of the signer's and is only remarked on where it is not zero.
func (s *Signature) uncovered(slice macho.Slice, padding []byte) {
	d := s.Directory()
	if start := slice.Signature.Offset; d.CodeLimit < start {
		s.problem(Uncovered, d.Slot, "%d bytes between the code limit %d and the signature at %d are covered by no hash", start-d.CodeLimit, d.CodeLimit, start)
	}
	if end := slice.Signature.Offset + slice.Signature.Size; end < slice.Range.Size {
		s.problem(Uncovered, d.Slot, "%d bytes behind the signature are covered by no hash", slice.Range.Size-end)
	}
	if len(bytes.Trim(padding, "\x00")) > 0 {
		s.problem(Unusual, d.Slot, "bytes that are not zero behind the SuperBlob, in the space of the signature")
	}
}
