package udif

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"sync"
	"sync/atomic"
)

// Verify holds the image against its checksums, as attaching one does (hdiutil(1), "attach", -noverify): that of
// what is packed, that of what each table holds, and that of the tables' checksums. Nothing of
// it proves who made the image, so reading does not need it; it tells what was damaged. What
// was unpacked before is not unpacked again, and of the rest all cores unpack. What has no
// checksum, or one of a kind that is not known, is not told. The error wraps
// [ErrUnverified] where it is not the image that is at fault.
func (i *Image) Verify(ctx context.Context) error {
	if i.Raw {
		return nil
	}
	return errors.Join(i.verifyMaster(), i.verifyPacked(ctx), i.verifyTables(ctx))
}

// ErrUnverified is why an image was not held against all of its checksums.
var ErrUnverified = errors.New("not all of it was unpacked")

// verifyMaster compares the checksum of those of the tables, in their order.
func (i *Image) verifyMaster() error {
	h := crc32.NewIEEE()
	for _, t := range i.tables {
		h.Write([]byte{byte(t.sum.crc >> 24), byte(t.sum.crc >> 16), byte(t.sum.crc >> 8), byte(t.sum.crc)})
	}
	return compare("the tables", i.koly.masterSum, h.Sum32())
}

// verifyPacked compares the checksum of the contents as they are packed.
func (i *Image) verifyPacked(ctx context.Context) error {
	s := i.koly.data
	switch {
	case !i.koly.dataSum.isCRC():
		return nil
	case !s.within(uint64(i.size)):
		return fmt.Errorf("contents of %d bytes at offset %d, past the end at %d", s.length, s.offset, i.size)
	}
	h := crc32.NewIEEE()
	b := make([]byte, 256<<10)
	for at, left := s.offset, s.length; left > 0; {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("%w: %w", ErrUnverified, err)
		}
		part := b[:min(left, uint64(len(b)))]
		if err := i.read(part, int64(at)); err != nil {
			return err
		}
		h.Write(part)
		at += uint64(len(part))
		left -= uint64(len(part))
	}
	return compare("the contents as they are packed", i.koly.dataSum, h.Sum32())
}

func compare(what string, want checksum, got uint32) error {
	if want.isCRC() && want.crc != got {
		return fmt.Errorf("the checksum of %s is %08x, where the image says %08x", what, got, want.crc)
	}
	return nil
}

// What is packed may hold maxRatio times as much without being a bomb, but for the first
// freeRatio bytes: what is zero, of which there is much more on some disks, is not packed.
const (
	maxRatio  = 250
	freeRatio = 64 << 20
)

// verifyTables unpacks every chunk that was not yet. Those of one table are put together from their own
// checksums, so that their order does not matter.
func (i *Image) verifyTables(ctx context.Context) error {
	if !slices.ContainsFunc(i.tables, func(t table) bool { return t.sum.isCRC() }) {
		return nil
	}
	total := uint64(0)
	for _, c := range i.chunks {
		if c.packed() || c.kind == kindRaw { // chunks may be the same bytes of the file
			total += c.bytes()
		}
	}
	if total > freeRatio && total/maxRatio > uint64(i.size) {
		return fmt.Errorf("%w: %d packed bytes hold more than %d times as much, as those of a decompression bomb do", ErrUnverified, i.size, maxRatio)
	}
	sums := make([]uint32, len(i.chunks))
	faults := make([]error, len(i.chunks))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range Cores() {
		wg.Go(func() {
			for {
				n := int(next.Add(1)) - 1
				if n >= len(i.chunks) {
					return
				}
				if sums[n], faults[n] = i.sumChunk(ctx, n); faults[n] != nil {
					next.Store(int64(len(i.chunks))) // for the others
				}
			}
		})
	}
	wg.Wait()
	if err := firstOf(faults); err != nil {
		return err
	}
	totals := make([]uint32, len(i.tables))
	for n, c := range i.chunks {
		if c.kind != kindIgnore {
			totals[c.table] = appendSum(totals[c.table], sums[n], c.bytes())
		}
	}
	for n, t := range i.tables {
		if err := compare(fmt.Sprintf("table %d, %.80q", n+1, t.name), t.sum, totals[n]); err != nil {
			return err
		}
	}
	return nil
}

func firstOf(list []error) error {
	if n := slices.IndexFunc(list, func(err error) bool { return err != nil }); n >= 0 {
		return list[n]
	}
	return nil
}

// sumChunk returns the checksum of what chunk n holds.
func (i *Image) sumChunk(ctx context.Context, n int) (sum uint32, err error) {
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrUnverified, err)
	}
	switch c := &i.chunks[n]; c.kind {
	case kindIgnore:
		return 0, nil
	case kindZero:
		return zeroSum(c.bytes()), nil
	case kindRaw:
		return i.sumRaw(ctx, c)
	default:
		if sum, err = i.cache.sum(key{i, n}); err != nil {
			return 0, i.inChunk(n, err)
		}
		return sum, nil
	}
}

func (i *Image) sumRaw(ctx context.Context, c *chunk) (sum uint32, err error) {
	b := make([]byte, min(c.bytes(), 256<<10))
	for at := uint64(0); at < c.bytes(); at += uint64(len(b)) {
		if err := ctx.Err(); err != nil {
			return 0, fmt.Errorf("%w: %w", ErrUnverified, err)
		}
		b = b[:min(c.bytes()-at, uint64(len(b)))]
		if err := i.read(b, int64(c.offset+at)); err != nil {
			return 0, err
		}
		sum = crc32.Update(sum, crc32.IEEETable, b)
	}
	return sum, nil
}
