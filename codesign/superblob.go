package codesign

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	cs "github.com/blacktop/go-macho/pkg/codesign/types"
	"github.com/codewarrant/codewarrant/internal/inorder"
)

// superBlob is a SuperBlob whose entries lie inside it and share no bytes.
type superBlob struct {
	b        []byte // the SuperBlob, by its own length
	padding  []byte // what follows it in the space of the signature
	blobs    []Blob
	problems []Problem
}

// slots are the slots that cs_blobs.h names.
var slots = map[cs.SlotType]struct {
	name  string
	magic cs.Magic // that belongs into it; 0: any
	file  bool     // it binds a file or a section, and no blob belongs into it
}{
	cs.CSSLOT_CODEDIRECTORY:                 {name: "CodeDirectory", magic: cs.MAGIC_CODEDIRECTORY},
	cs.CSSLOT_INFOSLOT:                      {name: "Info.plist", file: true},
	cs.CSSLOT_REQUIREMENTS:                  {name: "requirements", magic: cs.MAGIC_REQUIREMENTS},
	cs.CSSLOT_RESOURCEDIR:                   {name: "CodeResources", file: true},
	cs.CSSLOT_APPLICATION:                   {name: "application-specific"},
	cs.CSSLOT_ENTITLEMENTS:                  {name: "XML entitlements", magic: cs.MAGIC_EMBEDDED_ENTITLEMENTS},
	cs.CSSLOT_REP_SPECIFIC:                  {name: "rep-specific"},
	cs.CSSLOT_ENTITLEMENTS_DER:              {name: "DER entitlements", magic: cs.MAGIC_EMBEDDED_ENTITLEMENTS_DER},
	cs.CSSLOT_LAUNCH_CONSTRAINT_SELF:        {name: "self launch constraint", magic: cs.MAGIC_EMBEDDED_LAUNCH_CONSTRAINT},
	cs.CSSLOT_LAUNCH_CONSTRAINT_PARENT:      {name: "parent launch constraint", magic: cs.MAGIC_EMBEDDED_LAUNCH_CONSTRAINT},
	cs.CSSLOT_LAUNCH_CONSTRAINT_RESPONSIBLE: {name: "responsible launch constraint", magic: cs.MAGIC_EMBEDDED_LAUNCH_CONSTRAINT},
	cs.CSSLOT_LIBRARY_CONSTRAINT:            {name: "library constraint", magic: cs.MAGIC_EMBEDDED_LAUNCH_CONSTRAINT},
	cs.CSSLOT_ALTERNATE_CODEDIRECTORIES:     {name: "alternate CodeDirectory", magic: cs.MAGIC_CODEDIRECTORY},
	cs.CSSLOT_ALTERNATE_CODEDIRECTORIES1:    {name: "alternate CodeDirectory", magic: cs.MAGIC_CODEDIRECTORY},
	cs.CSSLOT_ALTERNATE_CODEDIRECTORIES2:    {name: "alternate CodeDirectory", magic: cs.MAGIC_CODEDIRECTORY},
	cs.CSSLOT_ALTERNATE_CODEDIRECTORIES3:    {name: "alternate CodeDirectory", magic: cs.MAGIC_CODEDIRECTORY},
	cs.CSSLOT_ALTERNATE_CODEDIRECTORIES4:    {name: "alternate CodeDirectory", magic: cs.MAGIC_CODEDIRECTORY},
	cs.CSSLOT_CMS_SIGNATURE:                 {name: "CMS signature", magic: cs.MAGIC_BLOBWRAPPER},
	cs.CSSLOT_IDENTIFICATIONSLOT:            {name: "identification"},
	cs.CSSLOT_TICKETSLOT:                    {name: "notarization ticket"},
}

// parseSuperBlob reads the index. The error means that there is nothing that
// could be trusted to be the signature; else every entry lies inside b.
func parseSuperBlob(b []byte) (*superBlob, error) {
	if len(b) < 12 {
		return nil, fmt.Errorf("a signature of %d bytes, shorter than a SuperBlob's header", len(b))
	}
	magic, length, count := be32(b), be32(b[4:]), be32(b[8:])
	switch {
	case cs.Magic(magic) == cs.MAGIC_CODEDIRECTORY:
		return nil, fmt.Errorf("a bare CodeDirectory, which the kernel accepts and Security.framework does not")
	case cs.Magic(magic) != cs.MAGIC_EMBEDDED_SIGNATURE:
		return nil, fmt.Errorf("magic %#08x where a SuperBlob's %#08x belongs", magic, uint32(cs.MAGIC_EMBEDDED_SIGNATURE))
	case uint64(length) > uint64(len(b)):
		return nil, fmt.Errorf("a SuperBlob of %d bytes in %d", length, len(b))
	case count == 0 || count > maxBlobs || 12+8*uint64(count) > uint64(length):
		return nil, fmt.Errorf("a SuperBlob of %d bytes that claims %d blobs; the limit is %d", length, count, maxBlobs)
	}
	sb := &superBlob{b: b[:length], padding: b[length:]}
	for i := range count {
		entry := b[12+8*i:]
		blob, err := sb.entry(be32(entry), be32(entry[4:]))
		if err != nil {
			return nil, fmt.Errorf("blob %d of %d: %w", i+1, count, err)
		}
		sb.add(blob)
	}
	return sb, sb.overlap(12 + 8*uint64(count))
}

func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }

func (sb *superBlob) entry(slot, offset uint32) (Blob, error) {
	if uint64(offset)+8 > uint64(len(sb.b)) {
		return Blob{}, fmt.Errorf("%s at offset %d is past the end %d", SlotName(slot), offset, len(sb.b))
	}
	blob := Blob{Slot: slot, Offset: offset, Magic: be32(sb.b[offset:]), Size: be32(sb.b[offset+4:])}
	if blob.Size < 8 || uint64(offset)+uint64(blob.Size) > uint64(len(sb.b)) {
		return Blob{}, fmt.Errorf("%s at offset %d has size %d where %d bytes are left", SlotName(slot), offset, blob.Size, uint32(len(sb.b))-offset)
	}
	return blob, nil
}

// add records a blob and what is wrong with its place.
func (sb *superBlob) add(blob Blob) {
	problem := func(kind ProblemKind, format string, args ...any) {
		sb.problems = append(sb.problems, Problem{kind, blob.Slot, fmt.Sprintf(format, args...)})
	}
	slot, known := slots[cs.SlotType(blob.Slot)]
	known = known && !slot.file
	switch {
	case sb.find(blob.Slot) != nil:
		// The kernel refuses a second blob of entitlements; for others it takes
		// the first, and other readers the last.
		problem(Malformed, "a second blob for %s", SlotName(blob.Slot))
	case known && slot.magic != 0 && blob.Magic != uint32(slot.magic):
		problem(Malformed, "%s has magic %#08x instead of %#08x", SlotName(blob.Slot), blob.Magic, uint32(slot.magic))
	case !known && isEntitlements(blob.Magic):
		problem(Malformed, "entitlements in %s, where no reader looks for them", SlotName(blob.Slot))
	case !known:
		problem(Unusual, "a blob of %d bytes in %s", blob.Size, SlotName(blob.Slot))
	}
	sb.blobs = append(sb.blobs, blob)
}

func isEntitlements(magic uint32) bool {
	return magic == uint32(cs.MAGIC_EMBEDDED_ENTITLEMENTS) || magic == uint32(cs.MAGIC_EMBEDDED_ENTITLEMENTS_DER)
}

// overlap refuses blobs that share bytes with one another or with the index: a
// byte would then have two meanings, and hashing would cost more than there is.
func (sb *superBlob) overlap(end uint64) error {
	sorted := inorder.Copied(sb.blobs, func(a, b Blob) int { return cmp.Compare(a.Offset, b.Offset) })
	for _, blob := range sorted {
		if uint64(blob.Offset) < end {
			return fmt.Errorf("%s at offset %d overlaps what ends at %d", SlotName(blob.Slot), blob.Offset, end)
		}
		end = uint64(blob.Offset) + uint64(blob.Size)
	}
	return nil
}

// find returns the first blob of a slot, or nil.
func (sb *superBlob) find(slot uint32) *Blob {
	i := slices.IndexFunc(sb.blobs, func(b Blob) bool { return b.Slot == slot })
	if i < 0 {
		return nil
	}
	return &sb.blobs[i]
}

// bytes returns a blob with its header, which is what a special slot hashes.
func (sb *superBlob) bytes(b *Blob) []byte { return sb.b[b.Offset:][:b.Size] }

// payload returns what follows the header of the first blob of a slot; nil when
// there is none.
func (sb *superBlob) payload(slot uint32) []byte {
	if b := sb.find(slot); b != nil {
		return sb.bytes(b)[8:]
	}
	return nil
}

// SlotName names a slot for a reader, such as "XML entitlements (slot 5)".
func SlotName(slot uint32) string {
	name := slots[cs.SlotType(slot)].name
	if name == "" {
		name = "unknown"
	}
	if slot > 0xff {
		return fmt.Sprintf("%s (slot %#x)", name, slot)
	}
	return fmt.Sprintf("%s (slot %d)", name, slot)
}

func isAlternate(slot uint32) bool {
	return slot >= uint32(cs.CSSLOT_ALTERNATE_CODEDIRECTORIES) && slot < uint32(cs.CSSLOT_ALTERNATE_CODEDIRECTORY_LIMIT)
}
