package machotest

import "slices"

// Slots of a SuperBlob, from osfmk/kern/cs_blobs.h.
const (
	SlotDirectory       = 0
	SlotInfoPlist       = 1
	SlotRequirements    = 2
	SlotCodeResources   = 3
	SlotApplication     = 4
	SlotEntitlements    = 5
	SlotEntitlementsDER = 7
	SlotSelfConstraint  = 8
	SlotAlternate       = 0x1000
	SlotCMS             = 0x10000
)

// Flags of a CodeDirectory, from osfmk/kern/cs_blobs.h.
const (
	FlagAdHoc             = 0x2
	FlagLibraryValidation = 0x2000
	FlagRuntime           = 0x10000
	FlagLinkerSigned      = 0x20000
)

const (
	magicRequirements = 0xfade0c01
	magicDirectory    = 0xfade0c02
	magicSignature    = 0xfade0cc0
	magicWrapper      = 0xfade0b01
	magicEntitlements = 0xfade7171
	magicDER          = 0xfade7172
	magicConstraint   = 0xfade8181
)

const maxSpecialSlot = 11 // the library constraint

// Signature describes an embedded signature, a SuperBlob (osfmk/kern/cs_blobs.h). Its zero value is an
// ad-hoc one with the blobs that codesign gives it: one SHA-256 CodeDirectory, an empty set of requirements and an
// empty CMS wrapper.
type Signature struct {
	Identifier     string   // "": com.example.app
	TeamID         string   // "": none
	Version        uint32   // of the CodeDirectories; 0: 0x20500
	Flags          uint32   // 0: FlagAdHoc, or no flag at all when CMS is not empty
	Runtime        uint32   // 0: the SDK of the binary when Flags has FlagRuntime
	ExecSegFlags   uint64   // CS_EXECSEG_MAIN_BINARY is added for main executables
	PageSizeLog2   uint8    // 0: 12
	HashTypes      []uint8  // one CodeDirectory each; nil: SHA-256
	DirectorySlots []uint32 // their slots; nil: 0, 0x1000, 0x1001, ...

	Entitlements      []byte            // XML, slot 5; nil: none
	EntitlementsDER   []byte            // slot 7; nil: none
	Requirements      []byte            // slot 2, the blob after its 8-byte header; nil: an empty set
	NoRequirements    bool              // no slot 2 at all
	CMS               []byte            // slot 0x10000; nil: the empty wrapper of ad-hoc code
	LaunchConstraints map[uint32][]byte // slots 8 to 11
	InfoPlist         []byte            // hashed into slot 1, without a blob; nil: the binary's own section, if any
	CodeResources     []byte            // hashed into slot 3, without a blob; nil: none

	Directory  func(i int, d *Directory)       // edits what the i-th CodeDirectory holds
	Header     func(i int, h *DirectoryHeader) // edits what it claims
	Unbound    []uint32                        // special slots whose hash is zero though the blob is there
	Missing    []uint32                        // slots whose blob is left out, though hashed
	BlobMagic  map[uint32]uint32               // slot to magic; hashed as it is written
	BlobLength map[uint32]uint32               // slot to claimed length; hashed as it is written
	ExtraBlobs []Blob                          // at the end of the index and of the SuperBlob; bound by nothing
	Index      func([]IndexEntry) []IndexEntry // edits the index once its blobs are placed
	Count      *uint32                         // number of blobs that the SuperBlob claims
	Length     *uint32                         // length that it claims
	Slack      []byte                          // after the SuperBlob, inside the space of the signature
}

// LinkerSigned returns the signature that Apple's linker leaves: an ad-hoc CodeDirectory of version 0x20400 and
// nothing else.
func LinkerSigned(identifier string) *Signature {
	return &Signature{
		Identifier:     identifier,
		Version:        0x20400,
		Flags:          FlagAdHoc | FlagLinkerSigned,
		NoRequirements: true,
		Missing:        []uint32{SlotCMS},
	}
}

// Blob is one element of a SuperBlob (struct __SC_GenericBlob).
type Blob struct {
	Slot, Magic uint32
	Payload     []byte  // what follows the 8 bytes of magic and length
	Length      *uint32 // the length that it claims; nil: the true one
}

// Bytes returns the blob with its header, as it is hashed into special slots.
func (b Blob) Bytes() []byte {
	length := uint32(8 + len(b.Payload))
	if b.Length != nil {
		length = *b.Length
	}
	return append(bigEndian(b.Magic, length), b.Payload...)
}

// IndexEntry is one entry of a SuperBlob's index (struct __BlobIndex). Offset is from the SuperBlob's beginning.
type IndexEntry struct{ Slot, Offset uint32 }

// Bytes returns the SuperBlob over code by itself, as if for a file that has no executable segment.
func (s *Signature) Bytes(code []byte) []byte {
	return s.prepare(site{codeLimit: uint64(len(code))}).bytes(code)
}

// site is what a signature takes from the file that it sits in.
type site struct {
	codeLimit, textSize uint64
	main                bool
	sdk                 uint32
	infoPlist           []byte
}

func (s *Signature) prepare(at site) *superBlob {
	b := &superBlob{sig: s, blobs: s.blobs()}
	types := s.HashTypes
	if types == nil {
		types = []uint8{HashSHA256}
	}
	for i, t := range types {
		d := s.directory(at, t)
		d.Special = s.special(at, b.blobs, t)
		if s.Directory != nil {
			s.Directory(i, d)
		}
		b.directories = append(b.directories, d)
	}
	return b
}

func (s *Signature) directory(at site, hashType uint8) *Directory {
	d := &Directory{
		Version:      orDefault(s.Version, 0x20500),
		Flags:        s.Flags,
		Identifier:   orDefault(s.Identifier, "com.example.app"),
		TeamID:       s.TeamID,
		PageSize:     orDefault(s.PageSizeLog2, 12),
		CodeLimit:    at.codeLimit,
		ExecSegLimit: at.textSize,
		ExecSegFlags: s.ExecSegFlags,
		Runtime:      s.Runtime,
		hashType:     hashType,
	}
	if d.Flags == 0 && len(s.CMS) == 0 {
		d.Flags = FlagAdHoc
	}
	if d.Flags&FlagRuntime != 0 {
		d.Runtime = orDefault(d.Runtime, at.sdk)
	}
	if at.main {
		d.ExecSegFlags |= 1 // CS_EXECSEG_MAIN_BINARY
	}
	return d
}

// blobs returns everything but the CodeDirectories and the extra blobs.
func (s *Signature) blobs() []Blob {
	var all []Blob
	add := func(slot, magic uint32, payload []byte) {
		b := Blob{Slot: slot, Magic: magic, Payload: payload}
		if m, ok := s.BlobMagic[slot]; ok {
			b.Magic = m
		}
		if n, ok := s.BlobLength[slot]; ok {
			b.Length = &n
		}
		all = append(all, b)
	}
	switch {
	case s.Requirements != nil:
		add(SlotRequirements, magicRequirements, s.Requirements)
	case !s.NoRequirements:
		add(SlotRequirements, magicRequirements, bigEndian(0))
	}
	if s.Entitlements != nil {
		add(SlotEntitlements, magicEntitlements, s.Entitlements)
	}
	if s.EntitlementsDER != nil {
		add(SlotEntitlementsDER, magicDER, s.EntitlementsDER)
	}
	for slot, payload := range s.LaunchConstraints {
		add(slot, magicConstraint, payload)
	}
	add(SlotCMS, magicWrapper, s.CMS)
	return all
}

// special hashes what the special slots stand for. As codesign has it, the highest slot in use is the last.
func (s *Signature) special(at site, blobs []Blob, hashType uint8) [][]byte {
	content := map[uint32][]byte{}
	if s.InfoPlist != nil {
		content[SlotInfoPlist] = s.InfoPlist
	} else if at.infoPlist != nil {
		content[SlotInfoPlist] = at.infoPlist
	}
	if s.CodeResources != nil {
		content[SlotCodeResources] = s.CodeResources
	}
	for _, b := range blobs {
		if b.Slot <= maxSpecialSlot {
			content[b.Slot] = b.Bytes()
		}
	}
	var hashes [][]byte
	for slot := uint32(maxSpecialSlot); slot > 0; slot-- {
		data, ok := content[slot]
		if !ok && hashes == nil {
			continue
		}
		if hashes == nil {
			hashes = make([][]byte, slot)
		}
		hash := digest(hashType, data)
		if !ok || slices.Contains(s.Unbound, slot) {
			clear(hash)
		}
		hashes[slot-1] = hash
	}
	return hashes
}
