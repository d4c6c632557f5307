package codesign

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	cs "github.com/blacktop/go-macho/pkg/codesign/types"
	"github.com/blacktop/go-macho/types"

	"github.com/codewarrant/codewarrant/internal/inorder"
	"github.com/codewarrant/codewarrant/macho"
)

// readDirectories reads every CodeDirectory of the SuperBlob. One that cannot be
// read is a problem; it is not passed over in favour of another.
func (s *Signature) readDirectories(sb *superBlob) {
	for i := range sb.blobs {
		blob := &sb.blobs[i]
		if blob.Slot != uint32(cs.CSSLOT_CODEDIRECTORY) && !isAlternate(blob.Slot) {
			continue
		}
		if sb.find(blob.Slot) != blob {
			continue // a second one in its slot, of which has been told
		}
		d, err := parseDirectory(sb.bytes(blob), blob.Slot)
		if err != nil {
			s.problem(Malformed, blob.Slot, "%s: %v", SlotName(blob.Slot), err)
			continue
		}
		d.blob = *blob
		s.Directories = append(s.Directories, d)
	}
	inorder.By(s.Directories, func(a, b Directory) int { return cmp.Compare(a.Slot, b.Slot) })
}

// compareDirectories finds what would make the kernel and Security.framework
// obey different CodeDirectories, or the same ones differently. Of a disk image the
// kernel reads no signature.
func (s *Signature) compareDirectories(slice macho.Slice, image bool) {
	end := slice.Signature.Offset
	first := s.Directories[0]
	if first.Slot != uint32(cs.CSSLOT_CODEDIRECTORY) {
		s.problem(Malformed, 0, "no CodeDirectory in slot 0, the one that a CMS signature signs")
	}
	for i, d := range s.Directories {
		if d.CodeLimit > end {
			s.problem(Malformed, d.Slot, "%s: the code limit %d is past the signature's own offset %d", SlotName(d.Slot), d.CodeLimit, end)
		}
		if !image {
			s.compareKernel(&d, slice)
		}
		if want := d.pages(); uint64(d.CodeSlots) != want {
			s.problem(Malformed, d.Slot, "%s: %d page hashes for %d pages", SlotName(d.Slot), d.CodeSlots, want)
		}
		if i == 0 {
			continue
		}
		// Security.framework stops at the first alternate that is missing
		// (StaticCode.cpp:592); the kernel looks at all of them.
		if want := uint32(cs.CSSLOT_ALTERNATE_CODEDIRECTORIES) + uint32(i) - 1; first.Slot == 0 && d.Slot != want {
			s.problem(Ambiguous, d.Slot, "%s without one in slot %#x: Security.framework does not see it, the kernel does", SlotName(d.Slot), want)
		}
		// The kernel refuses a rank equal to the best so far, Security.framework
		// any duplicate (ubc_subr.c:582, StaticCode.cpp:583).
		if j := slices.IndexFunc(s.Directories[:i], func(o Directory) bool { return o.HashType == d.HashType }); j >= 0 {
			s.problem(Ambiguous, d.Slot, "%s and %s both use %s", SlotName(s.Directories[j].Slot), SlotName(d.Slot), d.HashType)
		}
		for _, diff := range first.differences(&d) {
			s.problem(Ambiguous, d.Slot, "%s and %s differ: %s", SlotName(first.Slot), SlotName(d.Slot), diff)
		}
	}
}

// compareKernel tells of what the kernel refuses in a CodeDirectory, or reads otherwise.
func (s *Signature) compareKernel(d *Directory, slice macho.Slice) {
	if d.codeLimit32 != d.CodeLimit {
		// cs_blob_init_validated in ubc_subr.c, signingLimit in codedirectory.h.
		s.problem(Ambiguous, d.Slot, "%s: the code limit is %d to the kernel, and %d (codeLimit64) to Security.framework", SlotName(d.Slot), d.codeLimit32, d.CodeLimit)
	}
	if !kernelPage(d.PageSize, slice.CPU) {
		s.problem(Malformed, d.Slot, "%s: pages of %d bytes, which the kernel for %s refuses", SlotName(d.Slot), d.PageSize, slice.Arch)
	}
	if extra := d.Flags &^ allowedFlags; extra != 0 {
		s.problem(Unusual, d.Slot, "%s: flags %#x, which the kernel takes from no signature", SlotName(d.Slot), uint32(extra))
	}
	if d.ExecSegFlags&^uint64(cs.EXECSEG_MAIN_BINARY) != 0 {
		s.problem(Unusual, d.Slot, "%s: flags %#x of the executable segment, which permit more than running", SlotName(d.Slot), d.ExecSegFlags)
	}
}

// kernelPage reports whether cs_validate_codedirectory takes a page size: 4 KiB, and
// the kernel's own, which is 16 KiB but on Intel. 0, one page for everything, is for
// files that are no Mach-O images.
func kernelPage(size uint32, cpu types.CPU) bool {
	intel := cpu == types.CPUAmd64 || cpu == types.CPUI386
	return size == 4<<10 || size == 16<<10 && !intel
}

// pages returns how many pages the code has: ceil(CodeLimit / PageSize).
func (d *Directory) pages() uint64 {
	size := uint64(d.PageSize)
	switch {
	case d.CodeLimit == 0:
		return 0
	case size == 0:
		return 1
	}
	return (d.CodeLimit-1)/size + 1
}

// differences lists the fields in which two directories of one signature
// disagree; only hashes may, by their type.
func (d *Directory) differences(o *Directory) []string {
	var list []string
	add := func(field string, a, b any) {
		if a != b {
			list = append(list, fmt.Sprintf("%s %v and %v", field, a, b))
		}
	}
	add("identifier", fmt.Sprintf("%q", d.Identifier), fmt.Sprintf("%q", o.Identifier))
	add("team id", fmt.Sprintf("%q", d.TeamID), fmt.Sprintf("%q", o.TeamID))
	add("flags", d.Flags, o.Flags)
	add("code limit", d.CodeLimit, o.CodeLimit)
	add("page size", d.PageSize, o.PageSize)
	add("platform", d.Platform, o.Platform)
	add("executable segment flags", fmt.Sprintf("%#x", d.ExecSegFlags), fmt.Sprintf("%#x", o.ExecSegFlags))
	add("runtime version", fmt.Sprintf("%q", d.Runtime), fmt.Sprintf("%q", o.Runtime))
	for n := range uint32(max(len(d.SpecialHashes), len(o.SpecialHashes))) {
		if (d.Special(n+1) == nil) != (o.Special(n+1) == nil) {
			list = append(list, fmt.Sprintf("only one of them binds %s", SlotName(n+1)))
		}
	}
	return list
}

// checkSlots compares each blob with the hash that every CodeDirectory has for
// it. A special slot hashes the whole blob, its header included (ubc_subr.c:794,
// :850, :912). Slots that have no blob bind files, or the trailer of a disk image.
func (s *Signature) checkSlots(sb *superBlob, trailer []byte) {
	for i := range s.Directories {
		d := &s.Directories[i]
		for n := range uint32(len(d.SpecialHashes)) {
			slot := n + 1
			elsewhere := trailer == nil && slots[cs.SlotType(slot)].file || trailer != nil && slot == uint32(cs.CSSLOT_REP_SPECIFIC)
			if d.Special(slot) != nil && !elsewhere && sb.find(slot) == nil {
				s.problem(Missing, slot, "%s binds %s, which is not there", SlotName(d.Slot), SlotName(slot))
			}
		}
		for j := range sb.blobs {
			blob := &sb.blobs[j]
			if blob.Slot == 0 || blob.Slot > maxSpecial {
				continue
			}
			hash := d.Special(blob.Slot)
			if hash == nil {
				s.problem(Unbound, blob.Slot, "%s has no hash for %s", SlotName(d.Slot), SlotName(blob.Slot))
			} else if !bytes.Equal(hash, d.HashType.sum(sb.bytes(blob))) {
				s.problem(Mismatch, blob.Slot, "%s is not the one that %s hashes", SlotName(blob.Slot), SlotName(d.Slot))
			}
		}
	}
}

// Binding says how a file relates to the special slot that may bind it.
type Binding string

// The bindings.
const (
	Bound      Binding = "bound"       // every CodeDirectory that binds one has its hash
	NotBound   Binding = "not-bound"   // no CodeDirectory has a hash for it
	WrongHash  Binding = "mismatch"    // some CodeDirectory has another hash
	NotPresent Binding = "not-present" // a hash, and no content that was looked at
	None       Binding = "none"        // neither content nor hash
)

// InfoPlist compares the Info.plist of a bundle, or the section
// __TEXT,__info_plist, with special slot 1. nil means that there is none.
func (s *Signature) InfoPlist(content []byte) Binding {
	return s.binding(uint32(cs.CSSLOT_INFOSLOT), content)
}

// CodeResources compares the list of what a bundle seals with special slot 3. nil
// means that there is none.
func (s *Signature) CodeResources(content []byte) Binding {
	return s.binding(uint32(cs.CSSLOT_RESOURCEDIR), content)
}

func (s *Signature) binding(slot uint32, content []byte) Binding {
	result := None
	if content != nil {
		result = NotBound
	}
	for i := range s.Directories {
		d := &s.Directories[i]
		hash := d.Special(slot)
		switch {
		case hash == nil:
		case content == nil:
			result = NotPresent
		case !bytes.Equal(hash, d.HashType.sum(content)):
			return WrongHash
		default:
			result = Bound
		}
	}
	return result
}
