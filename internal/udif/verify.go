package udif

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"runtime"
	"slices"
	"sync"
)

// Verify holds the image against its checksums of what is packed, and of the tables'
// checksums, without unpacking it unless there is no checksum of what is packed. Nothing of
// it proves who made the image, so reading does not need it; it tells what was damaged.
func (i *Image) Verify(ctx context.Context) error {
	switch {
	case i.Raw:
		return nil
	case !i.koly.dataSum.isCRC():
		return i.VerifyAll(ctx)
	}
	return errors.Join(i.verifyMaster(), i.verifyPacked(ctx))
}

// VerifyAll compares the checksum of the contents of each table as well. All cores unpack. What
// has no checksum, or one of a kind that is not known, is not told.
func (i *Image) VerifyAll(ctx context.Context) error {
	if i.Raw {
		return nil
	}
	return errors.Join(i.verifyMaster(), i.verifyPacked(ctx), i.verifyTables(ctx))
}

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
			return err
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

// verifyTables unpacks every chunk. Those of one table are put together from their own
// checksums, so that their order does not matter.
func (i *Image) verifyTables(ctx context.Context) error {
	sums := make([]uint32, len(i.chunks))
	faults := make([]error, len(i.chunks))
	work := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for n := range work {
				sums[n], faults[n] = i.sumChunk(ctx, &i.chunks[n])
			}
		})
	}
	for n := range i.chunks {
		work <- n
		if ctx.Err() != nil {
			break
		}
	}
	close(work)
	wg.Wait()
	if err := errors.Join(ctx.Err(), firstOf(faults)); err != nil {
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

// sumChunk returns the checksum of what a chunk holds.
func (i *Image) sumChunk(ctx context.Context, c *chunk) (sum uint32, err error) {
	switch c.kind {
	case kindIgnore:
		return 0, nil
	case kindZero:
		return zeroSum(c.bytes()), nil
	case kindRaw:
		b := make([]byte, min(c.bytes(), 256<<10))
		for at := uint64(0); at < c.bytes() && err == nil; at += uint64(len(b)) {
			b = b[:min(c.bytes()-at, uint64(len(b)))]
			if err = i.read(b, int64(c.offset+at)); err == nil {
				err = ctx.Err()
			}
			sum = crc32.Update(sum, crc32.IEEETable, b)
		}
		return sum, err
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	b, err := i.cache.unpack(i, c)
	defer i.cache.give(b)
	if err != nil {
		return 0, fmt.Errorf("chunk of the sectors %d to %d, at offset %d: %w", c.first, c.first+c.count-1, c.offset, err)
	}
	return crc32.ChecksumIEEE(b), nil
}
