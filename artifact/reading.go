package artifact

import (
	"bytes"
	"io"
	"slices"

	"github.com/codewarrant/codewarrant/internal/archive"
	"github.com/codewarrant/codewarrant/internal/udif"
	"github.com/codewarrant/codewarrant/macho"
)

// Other readings of a disk image: as what it begins as, and as a zip by its end.

// begins returns why readers may take an image for what it begins as. It is none where that is what the disk has there, as it
// is, or a stream of a chunk that holds neither code nor an archive.
func begins(f *archive.Format, disk *udif.Image) error {
	if f.Begins == "" || disk.Raw {
		return nil
	}
	offset, packed, is := disk.Begin()
	switch stream := f.Begins != archive.Disk; {
	case !is || packed != stream || !stream && offset != 0:
		return archive.Ambiguous("it begins as %s does, which is no part of the disk, and which some readers take it for", f.Begins)
	case !stream:
		return nil
	}
	part := io.NewSectionReader(disk, offset, disk.Size()-offset)
	var head [4]byte
	if n, _ := part.ReadAt(head[:], 0); n == len(head) && macho.IsMagic(head) {
		return archive.Ambiguous("it begins as %s does, and the disk has code there", f.Begins)
	}
	held, err := archive.Recognise(part, part.Size(), nil, false)
	if err == nil && held != nil && !held.Image {
		err = archive.Ambiguous("it begins as %s does, and the disk has a file of the format %s there", f.Begins, held.Name)
	}
	return err
}

// endZip is a zip that readers find by the end of an image. It is no other reading of that where it is a file on the disk,
// and all of it is before its end: see [archive.Format.ZipsApart].
type endZip struct {
	image io.ReaderAt
	end   int64
	met   bool
}

// awaited are those of one image.
type awaited struct {
	left *limits
	from int
}

// await makes ready to meet the zips that end at some offsets of an image.
func (l *limits) await(image io.ReaderAt, ends []int64) awaited {
	a := awaited{l, len(l.zips)}
	for _, end := range ends {
		l.zips = append(l.zips, &endZip{image: image, end: end})
	}
	return a
}

// unmet reports whether one of them is no file on the disk, and awaits them no longer.
func (a awaited) unmet() bool {
	unmet := slices.ContainsFunc(a.left.zips[a.from:], func(z *endZip) bool { return !z.met })
	a.left.zips = a.left.zips[:a.from]
	return unmet
}

// meet notes that a zip is one of those that are awaited.
func (l *limits) meet(r io.ReaderAt, size int64) {
	for _, z := range l.zips {
		if !z.met && size <= z.end {
			z.met = same(r, io.NewSectionReader(z.image, z.end-size, size), size)
		}
	}
}

// same reports whether two files of a size are the same, and begins with their ends.
func same(a, b io.ReaderAt, size int64) bool {
	const portion = 64 << 10
	var x, y [portion]byte
	for end := size; end > 0; end -= portion {
		n := min(portion, end)
		if read, _ := a.ReadAt(x[:n], end-n); int64(read) < n {
			return false
		}
		if read, _ := b.ReadAt(y[:n], end-n); int64(read) < n || !bytes.Equal(x[:n], y[:n]) {
			return false
		}
	}
	return true
}
