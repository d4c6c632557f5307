package artifact

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/codewarrant/codewarrant/internal/apfs"
	"github.com/codewarrant/codewarrant/internal/archive"
	"github.com/codewarrant/codewarrant/internal/hfs"
	"github.com/codewarrant/codewarrant/internal/udif"
)

// Image is a disk image of the format UDIF.
type Image struct {
	// Signed is whether it has a signature: a SuperBlob of Size bytes at Offset of the
	// file, which covers all that is before it, and the Trailer.
	Signed       bool
	Offset, Size uint64
	Trailer      []byte

	disk *udif.Image
}

// Verify holds the image against its checksums, as far as it has any, and says what is wrong. They prove
// nothing, and tell what was damaged. What was unpacked to read the files of the image is
// not unpacked again.
func (i *Image) Verify(ctx context.Context) error {
	switch err := i.disk.Verify(ctx); {
	case err == nil:
		return nil
	case errors.Is(err, udif.ErrUnverified):
		return fmt.Errorf("the image was not held against its checksums: %w", err)
	default:
		return fmt.Errorf("the image is damaged: %w", err)
	}
}

func newImage(disk *udif.Image) *Image {
	i := &Image{disk: disk}
	if s := disk.Signature; s != nil {
		i.Signed, i.Offset, i.Size, i.Trailer = true, s.Offset, s.Length, s.Trailer[:]
	}
	return i
}

// image yields an image of a disk, and what is on it.
func (p *packedFile) image(f *archive.Format) {
	file := p.content
	open := newHolder(file.Close)
	defer open.Hold()()
	part := func() content { return held{noClose{file}, open.Hold()} }
	zips := p.left.await(file, f.Zips)
	disk, err := udif.Open(file, p.size, p.left.chunks)
	if err != nil {
		p.refuse(p.treeName, err)
	} else {
		defer p.left.chunks.Forget(disk)
		defer p.left.keep(disk.Memory())()
		p.disk(f, disk, part)
	}
	if unmet := zips.unmet() || f.ZipsApart; p.more && f.List != nil && unmet {
		p.content = part()
		p.archive(f)
	}
}

// refuse tells why a disk, or a part of it, is not read.
func (p *packedFile) refuse(name treeName, err error) {
	kind := kindOf(err)
	if errors.Is(err, archive.ErrEncrypted) {
		kind = Unsupported
	}
	p.yield(nil, &Problem{name.path, cmp.Or(name.inside, name.name), kind, bare(err)})
}

// disk yields the volumes on an image, and then the image: what one volume holds is directly below the image,
// and what several hold below their names.
func (p *packedFile) disk(f *archive.Format, disk *udif.Image, part func() content) {
	item := Item{Path: p.path, Inside: cmp.Or(p.inside, p.name), Size: p.size, Image: newImage(disk)}
	defer func() {
		if p.more && !disk.Raw {
			item.content = part()
			p.yield(&item, nil)
		}
	}()
	allow := p.left.ofImage(p.size)
	disk.Allow = allow // before anything is read: chunks ahead are unpacked in other goroutines, which ask it
	told := disk.Problems
	if err := begins(f, disk); err != nil {
		told = append(told, err)
	}
	p.left.images = append(p.left.images, allow)
	defer func() { p.left.images = p.left.images[:len(p.left.images)-1] }()
	limited := inTime{disk, allow}
	parts, problems := udif.Partitions(limited, disk.Size())
	for _, err := range append(told, problems...) {
		if p.more {
			p.refuse(p.treeName, err)
		}
	}
	if len(parts) > maxPartitions {
		p.refuse(p.treeName, fmt.Errorf("%d partitions, of which the first %d were looked at", len(parts), maxPartitions))
		parts = parts[:maxPartitions]
	}
	volumes := p.volumes(limited, parts)
	names := newNames()
	for i, v := range volumes {
		name := p.treeName
		name.name, name.packed = stem(name.name), true
		if len(volumes) > 1 {
			name.name = names.unique(v.name, i)
			name.path, name.inside = path.Join(name.path, name.name), path.Join(name.inside, name.name)
		}
		if p.more {
			p.volume(v, name, part)
		}
	}
}

// onDisk is a volume on a disk, or a part of it that is none. It is opened when its turn
// comes, so that one is in memory at a time, with as many bytes at most.
type onDisk struct {
	name   string
	memory int64
	open   func() (opened, error)
}

// opened is a volume that was opened.
type opened struct {
	paths
	problems []error
	hidden   func() []error // asked at the end of the walk, nil for nothing
}

// volumes lists what is on the partitions of a disk.
func (p *packedFile) volumes(disk io.ReaderAt, parts []udif.Partition) (list []onDisk) {
	for _, part := range parts {
		r := io.NewSectionReader(disk, part.Offset, part.Size)
		switch system := udif.FileSystem(r, part.Size); system {
		case "APFS":
			list = append(list, p.container(part.Name, r)...)
		case "HFS+", "HFSX":
			list = append(list, onDisk{hfsName(part.Name, r), min(hfs.Memory, part.Size), func() (opened, error) {
				v, err := hfs.Open(r, r.Size())
				if err != nil {
					return opened{}, err
				}
				v.Allow = p.left.allow
				return opened{v.Paths(), v.Problems, func() []error { return p.hidden(v) }}, nil
			}})
		default:
			if system == "" && isBlank(r) {
				continue
			}
			list = append(list, onDisk{part.Name, 0, func() (opened, error) { return opened{}, notRead(system, part, r) }})
		}
	}
	return list
}

// notRead says what is on a partition that is not read.
func notRead(system string, part udif.Partition, r io.ReaderAt) error {
	var b [8]byte
	n, _ := r.ReadAt(b[:], 0)
	what := "a disk with the file system " + system
	switch {
	case system != "":
	case strings.HasPrefix(string(b[:n]), "sprs"):
		what = "a sparse disk image"
	case strings.HasPrefix(string(b[:n]), "shdw"):
		what = "a disk image of Apple's sparse format (ASIF)"
	default:
		what = "a disk without a file system that is known"
	}
	if part.Scheme != "" {
		what = strings.Replace(what, "a disk", fmt.Sprintf("the partition %.80q of the type %.80s", part.Name, part.Type), 1)
	}
	return &archive.UnsupportedError{What: what}
}

// isBlank reports whether there is nothing where file systems begin: the superblocks of all
// that macOS mounts are in the first MiB.
func isBlank(r *io.SectionReader) bool {
	b := make([]byte, min(r.Size(), 1<<20))
	if n, _ := r.ReadAt(b, 0); n < len(b) {
		return false
	}
	return len(bytes.Trim(b, "\x00")) == 0
}

// container lists the volumes of an APFS container. Each is opened anew with it.
func (p *packedFile) container(name string, r *io.SectionReader) (list []onDisk) {
	c, err := apfs.Open(r, r.Size())
	if err != nil {
		return []onDisk{{name, 0, func() (opened, error) { return opened{}, fmt.Errorf("APFS: %w", err) }}}
	}
	for i, v := range c.Volumes {
		open := c.Opener(i)
		list = append(list, onDisk{v.Name, min(apfs.Memory, r.Size()), func() (opened, error) {
			v, err := open()
			if err != nil {
				return opened{}, fmt.Errorf("APFS: %w", err)
			}
			v.Allow = p.left.allow
			return opened{v.Paths(), v.Problems, nil}, nil
		}})
	}
	return list
}

// hfsName returns the name of a volume, or else that of its partition.
func hfsName(name string, r *io.SectionReader) string {
	if v, err := hfs.Open(r, r.Size()); err == nil {
		return v.Name
	}
	return name
}

// volume yields what is on one volume.
func (p *packedFile) volume(v onDisk, name treeName, part func() content) {
	defer p.left.keep(v.memory)()
	volume, err := v.open()
	for _, err := range append(volume.problems, err) {
		if err != nil && p.more {
			p.refuse(name, err)
		}
	}
	if err == nil && p.more {
		file := part()
		walkTree(onVolume{newHolder(file.Close), inTimePaths{volume.paths, p.left.unpacker}}, name, p.left, p.yield)
	}
	if err != nil || volume.hidden == nil {
		return
	}
	for _, err := range volume.hidden() {
		if p.more {
			p.refuse(name, err)
		}
	}
}

// hidden returns why what no folder of a volume lists is not judged: programs that no hard link leads to.
func (p *packedFile) hidden(v *hfs.Volume) (list []error) {
	const most = 10
	for e, err := range v.Hidden() {
		p.left.entries--
		if err := p.left.passed(); err != nil {
			return append(list, err)
		}
		if err == nil {
			err = unlinked(v, e)
		}
		switch {
		case err == nil:
		case len(list) == most:
			return append(list, fmt.Errorf("there are more files like these in the folder of what hard links lead to; the first %d are told", most))
		default:
			list = append(list, err)
		}
	}
	return list
}

// unlinked returns why a file that no hard link leads to may be a program.
func unlinked(v *hfs.Volume, e hfs.Entry) error {
	const folder = "in the folder of what hard links lead to"
	var data, fork bool
	err := e.Err
	if err == nil && e.Mode.IsRegular() {
		var other error
		data, err = beginsAsCode(v.Open(e))
		fork, other = beginsAsCode(v.OpenResources(e))
		err = errors.Join(err, other)
	}
	switch {
	case data:
		return archive.Ambiguous("the program %.200q is "+folder+", and none leads to it, so that nothing was told of it", e.Name)
	case fork:
		return archive.Ambiguous("%.200q is "+folder+" with a program as its resource fork, and none leads to it, so that nothing was told of it", e.Name)
	case err != nil:
		return fmt.Errorf("%.200q "+folder+": %w", e.Name, err)
	}
	return nil
}

// names are those that volumes have in paths.
type names map[string]bool

func newNames() names { return names{} }

// unique returns the name of volume i as a part of a path, that no other volume has.
func (n names) unique(name string, i int) string {
	name = strings.Map(func(r rune) rune {
		if r == '/' || r == 0 {
			return ':'
		}
		return r
	}, strings.ToValidUTF8(name, "?"))
	if name == "" || name == "." || name == ".." {
		name = fmt.Sprintf("volume %d", i+1)
	}
	unique := name
	for more := 2; n[fold(unique)]; more++ {
		unique = fmt.Sprintf("%s (%d)", name, more)
	}
	n[fold(unique)] = true
	return unique
}
