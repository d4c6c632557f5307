package scan_test

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"testing"

	mt "github.com/codewarrant/codewarrant/internal/machotest"
)

const jit = "com.apple.security.cs.allow-jit"

var xml, der = mt.XML(jit, true), mt.DER(jit, true)

// How blobs are bound. In xnu 11417: bsd/kern/ubc_subr.c. In Security 61901:
// StaticCode.cpp and machorep.cpp.
func TestAppleBindsBlobs(t *testing.T) {
	type edit func(s *mt.Signature)
	entitled := func(e edit) []byte {
		s := mt.Signature{Entitlements: xml, EntitlementsDER: der}
		e(&s)
		return thin(s)
	}
	constrained := func(e edit) []byte {
		s := mt.Signature{LaunchConstraints: map[uint32][]byte{
			mt.SlotSelfConstraint: mt.DER("ccat", 0, "comp", 1, "reqs", map[string]any{}, "vers", 1),
		}}
		e(&s)
		return thin(s)
	}
	required := func(e edit) []byte {
		var s mt.Signature
		e(&s)
		return thin(s)
	}
	unbound := func(slot uint32) edit { return func(s *mt.Signature) { s.Unbound = []uint32{slot} } }
	missing := func(slot uint32) edit { return func(s *mt.Signature) { s.Missing = []uint32{slot} } }
	special := func(edit func(special [][]byte) [][]byte) edit {
		return func(s *mt.Signature) {
			s.Directory = func(_ int, d *mt.Directory) { d.Special = edit(d.Special) }
		}
	}
	beyond := func(slot int) edit { return special(func(h [][]byte) [][]byte { return h[:slot-1] }) }
	hash := func(slot int, content []byte) edit {
		return special(func(h [][]byte) [][]byte {
			sum := sha256.Sum256(content)
			h[slot-1] = sum[:]
			return h
		})
	}
	plist := func(s mt.Signature) []byte { return mt.Binary{InfoPlist: []byte(infoPlist), Signature: &s}.Bytes() }
	testAppleRules(t, []appleRule{
		{"csblob_get_entitlements in ubc_subr.c takes entitlements whose hash is that of the whole blob", entitled(func(*mt.Signature) {}), nil},
		{"csblob_get_entitlements in ubc_subr.c refuses a hash of what follows the blob's header", entitled(hash(5, xml)), []string{
			"error slot-mismatch arm64: XML entitlements (slot 5) is not the one that CodeDirectory (slot 0) hashes",
		}},
		{"csblob_get_entitlements in ubc_subr.c refuses a blob beyond nSpecialSlots", thin(mt.Signature{
			Entitlements: xml, Directory: func(_ int, d *mt.Directory) { d.Special = d.Special[:4] },
		}), []string{"error unbound-blob arm64: CodeDirectory (slot 0) has no hash for XML entitlements (slot 5)"}},
		{"csblob_get_entitlements in ubc_subr.c refuses a hash without a blob", entitled(missing(5)), []string{
			"error missing-blob arm64: CodeDirectory (slot 0) binds XML entitlements (slot 5)",
		}},
		{"csblob_get_entitlements in ubc_subr.c refuses another blob than was hashed", entitled(hash(5, nil)), []string{
			"error slot-mismatch arm64: XML entitlements (slot 5) is not",
		}},
		{"SecStaticCode::component in StaticCode.cpp ignores a blob whose slot hash is zero: XML entitlements", entitled(unbound(5)), []string{
			"error unbound-blob arm64: CodeDirectory (slot 0) has no hash for XML entitlements (slot 5)",
		}},
		{"csblob_get_der_entitlements in ubc_subr.c refuses a blob beyond nSpecialSlots", entitled(beyond(7)), []string{
			"error unbound-blob arm64: CodeDirectory (slot 0) has no hash for DER entitlements (slot 7)",
		}},
		{"csblob_get_der_entitlements in ubc_subr.c refuses a hash without a blob", entitled(missing(7)), []string{
			"error missing-blob arm64: CodeDirectory (slot 0) binds DER entitlements (slot 7)",
		}},
		{"csblob_get_der_entitlements in ubc_subr.c refuses another blob than was hashed", entitled(hash(7, nil)), []string{
			"error slot-mismatch arm64: DER entitlements (slot 7) is not",
		}},
		{"SecStaticCode::component in StaticCode.cpp ignores a blob whose slot hash is zero: DER entitlements", entitled(unbound(7)), []string{
			"error unbound-blob arm64: CodeDirectory (slot 0) has no hash for DER entitlements (slot 7)",
		}},
		{"csblob_find_special_slot_blob in ubc_subr.c takes a launch constraint that is bound", constrained(func(*mt.Signature) {}), nil},
		{"csblob_find_special_slot_blob in ubc_subr.c refuses a blob beyond nSpecialSlots", constrained(beyond(8)), []string{
			"error unbound-blob arm64: CodeDirectory (slot 0) has no hash for self launch constraint (slot 8)",
		}},
		{"csblob_find_special_slot_blob in ubc_subr.c refuses a hash without a blob", constrained(missing(8)), []string{
			"error missing-blob arm64: CodeDirectory (slot 0) binds self launch constraint (slot 8)",
		}},
		{"csblob_find_special_slot_blob in ubc_subr.c refuses another blob than was hashed", constrained(hash(8, nil)), []string{
			"error slot-mismatch arm64: self launch constraint (slot 8) is not",
		}},
		{"SecStaticCode::component in StaticCode.cpp ignores a blob whose slot hash is zero: requirements", required(unbound(2)), []string{
			"error unbound-blob arm64: CodeDirectory (slot 0) has no hash for requirements (slot 2)",
		}},
		{"SecStaticCode::component in StaticCode.cpp refuses a hash without a blob", required(missing(2)), []string{
			"error missing-blob arm64: CodeDirectory (slot 0) binds requirements (slot 2)",
		}},
		{"CodeDirectory::validateSlot in codedirectory.cpp refuses another blob than was hashed", required(hash(2, nil)), []string{
			"error slot-mismatch arm64: requirements (slot 2) is not",
		}},
		{"MachORep::component in machorep.cpp has for slot 1 the section __TEXT,__info_plist", plist(mt.Signature{InfoPlist: []byte("another")}), []string{
			"error slot-mismatch arm64: the Info.plist is not the one that was signed (slot 1)",
		}},
		{"SecStaticCode::component in StaticCode.cpp ignores an Info.plist whose slot hash is zero", plist(mt.Signature{Unbound: []uint32{1}}), []string{
			"note unusual-signature arm64: the Info.plist is not bound by the signature",
		}},
		{"cs_validate_page in ubc_subr.c and SecStaticCode::validateExecutable in StaticCode.cpp refuse a page that is not the one that was hashed", mt.Binary{
			Signature: &mt.Signature{}, Patch: func(b []byte) []byte { b[5000]++; return b },
		}.Bytes(), []string{"error modified-code arm64: 1 of 5 pages are not what CodeDirectory (slot 0) hashes (sha256): pages [1]"}},
	})
}

// What a SuperBlob may hold: cs_validate_csblob in ubc_subr.c of xnu 11417,
// superblob.h and blob.h of Security 61901.
func TestAppleValidatesSuperBlobs(t *testing.T) {
	const (
		xmlMagic, derMagic, constraintMagic = 0xfade7171, 0xfade7172, 0xfade8181
		requirements                        = "error malformed-signature arm64: requirements (slot 2) "
	)
	second := func(slot, magic uint32, payload []byte) []byte {
		return thin(mt.Signature{
			Entitlements: mt.XML(), EntitlementsDER: mt.DER(), LaunchConstraints: map[uint32][]byte{8: mt.DER("reqs", map[string]any{})},
			ExtraBlobs: []mt.Blob{{Slot: slot, Magic: magic, Payload: payload}},
		})
	}
	magic := func(slot, magic uint32) []byte {
		return thin(mt.Signature{
			Entitlements: xml, EntitlementsDER: der, LaunchConstraints: map[uint32][]byte{8: mt.DER("reqs", map[string]any{})},
			BlobMagic: map[uint32]uint32{slot: magic},
		})
	}
	offset := func(at uint32) []byte {
		return thin(mt.Signature{Index: func(e []mt.IndexEntry) []mt.IndexEntry { e[1].Offset = at; return e }})
	}
	length := func(n uint32) []byte { return thin(mt.Signature{BlobLength: map[uint32]uint32{2: n}}) }
	testAppleRules(t, []appleRule{
		{"cs_validate_csblob in ubc_subr.c refuses a second blob of XML entitlements", second(5, xmlMagic, xml), []string{
			"error malformed-signature arm64: a second blob for XML entitlements (slot 5)",
			"error slot-mismatch arm64: XML entitlements (slot 5) is not",
		}},
		{"cs_validate_csblob in ubc_subr.c refuses a second blob of DER entitlements", second(7, derMagic, der), []string{
			"error malformed-signature arm64: a second blob for DER entitlements (slot 7)",
			"error slot-mismatch arm64: DER entitlements (slot 7) is not",
		}},
		{"cs_validate_csblob in ubc_subr.c refuses a second launch constraint of one slot", second(8, constraintMagic, nil), []string{
			"error malformed-signature arm64: a second blob for self launch constraint (slot 8)",
			"error slot-mismatch arm64: self launch constraint (slot 8) is not",
		}},
		{"SuperBlobCore::find in superblob.h takes the first blob of a slot, other readers the last", second(2, 0xfade0c01, make([]byte, 8)), []string{
			"error malformed-signature arm64: a second blob for requirements (slot 2)",
			"error slot-mismatch arm64: requirements (slot 2) is not",
		}},
		{"cs_validate_csblob in ubc_subr.c refuses XML entitlements with another magic", magic(5, derMagic), []string{
			"error malformed-signature arm64: XML entitlements (slot 5) has magic 0xfade7172",
		}},
		{"cs_validate_csblob in ubc_subr.c refuses DER entitlements with another magic", magic(7, xmlMagic), []string{
			"error malformed-signature arm64: DER entitlements (slot 7) has magic 0xfade7171",
		}},
		{"cs_validate_csblob in ubc_subr.c refuses a launch constraint with another magic", magic(8, xmlMagic), []string{
			"error malformed-signature arm64: self launch constraint (slot 8) has magic 0xfade7171",
		}},
		{"cs_validate_csblob in ubc_subr.c passes over entitlements in a slot that it does not know", second(0x20000, xmlMagic, xml), []string{
			"error malformed-signature arm64: entitlements in unknown (slot 0x20000), where no reader looks",
		}},
		{"cs_validate_csblob in ubc_subr.c passes over anything else in a slot that it does not know", second(0x20000, 1, nil), []string{
			"note unusual-signature arm64: a blob of 8 bytes in unknown (slot 0x20000)",
		}},
		{"cs_validate_csblob in ubc_subr.c refuses other magics than those of a SuperBlob and a CodeDirectory", mt.Binary{Signature: &mt.Signature{}, Patch: func(b []byte) []byte {
			return bytes.Replace(b, []byte{0xfa, 0xde, 0x0c, 0xc0}, []byte{0xfa, 0xde, 0x0b, 0x02}, 1)
		}}.Bytes(), []string{"error malformed-signature arm64: magic 0xfade0b02 where a SuperBlob's"}},
		{"cs_validate_blob in ubc_subr.c refuses a SuperBlob longer than LC_CODE_SIGNATURE says", thin(mt.Signature{Length: new(uint32(1 << 16))}), []string{
			"error malformed-signature arm64: a SuperBlob of 65536 bytes in",
		}},
		{"cs_validate_csblob in ubc_subr.c refuses an index that does not fit", thin(mt.Signature{Count: new(uint32(1 << 16))}), []string{
			"error malformed-signature arm64: claims 65536 blobs",
		}},
		{"cs_validate_csblob in ubc_subr.c refuses a blob that begins past the end", offset(1 << 16), []string{
			requirements + "at offset 65536 is past the end",
		}},
		{"cs_validate_blob in ubc_subr.c refuses a blob that ends past the end", length(1 << 16), []string{
			"error malformed-signature arm64: has size 65536",
		}},
		{"BlobCore::validateBlob in blob.h refuses a blob shorter than its header, cs_validate_blob in ubc_subr.c does not", length(0), []string{
			"error malformed-signature arm64: has size 0",
		}},
		{"SuperBlobCore::validateBlob in superblob.h refuses a blob inside of the index, cs_validate_csblob in ubc_subr.c does not", offset(12), []string{
			requirements + "at offset 12 overlaps what ends at 36",
		}},
		{"SuperBlobCore::find in superblob.h takes a blob at offset 0 for absent, cs_validate_csblob in ubc_subr.c for the SuperBlob itself", offset(0), []string{
			requirements + "at offset 0 overlaps what ends at 36",
		}},
		{"cs_validate_csblob in ubc_subr.c and SuperBlobCore::validateBlob in superblob.h take blobs that overlap", thin(mt.Signature{
			Entitlements: xml, Index: func(e []mt.IndexEntry) []mt.IndexEntry { e[2].Offset = e[1].Offset; return e },
		}), []string{"error malformed-signature arm64: overlaps what ends at"}},
	})
}

// Which entitlements count: StaticCode.cpp of Security 61901; what AMFI and
// CoreEntitlements do is from Project Zero (P0), and of XML from Siguza.
func TestAppleReadsEntitlements(t *testing.T) {
	signed := func(xml, der []byte) []byte { return thin(mt.Signature{Entitlements: xml, EntitlementsDER: der}) }
	entries := func(entries ...[]byte) []byte { return signed(nil, mt.DEREntries(entries...)) }
	value := func(tag byte, content ...byte) []byte { return entries(mt.DEREntry(jit, mt.Raw(mt.TLV(tag, content)))) }
	const malformed = "error malformed-entitlements arm64: "
	testAppleRules(t, []appleRule{
		{"SecStaticCode::component in StaticCode.cpp makes DER of XML that comes without", signed(xml, nil), nil},
		{"SecStaticCode::component in StaticCode.cpp takes DER that comes without XML", signed(nil, der), nil},
		{"CoreEntitlements reads the older form of DER, too (P0)", signed(nil, mt.OldDER(jit, true)), nil},
		{"AMFI obeys the DER, up to macOS 11 the XML (P0): a claim that only the DER makes", signed(mt.XML(), der), []string{
			"error entitlements-differ arm64: disagree on " + jit,
		}},
		{"AMFI obeys the DER, up to macOS 11 the XML (P0): a claim that only the XML makes", signed(xml, mt.DER()), []string{
			"error entitlements-differ arm64: disagree on " + jit,
		}},
		{"CoreEntitlements wants keys in ascending order (P0)", entries(mt.DEREntry("b", true), mt.DEREntry("a", true)), []string{
			malformed + `the key "a" is out of order`,
		}},
		{"CoreEntitlements wants each key once (P0)", entries(mt.DEREntry(jit, true), mt.DEREntry(jit, false)), []string{
			malformed + "twice in one dictionary",
		}},
		{"CoreEntitlements wants no NUL in a string (P0)", entries(mt.DEREntry(jit+"\x00", true)), []string{malformed + "has a NUL in it"}},
		{"CoreEntitlements wants booleans of one byte (P0)", value(mt.TagBoolean, 0, 0xff), []string{malformed + "a boolean that is not one byte"}},
		{"CoreEntitlements wants integers of 64 bits (P0)", value(mt.TagInteger, 1, 0, 0, 0, 0, 0, 0, 0, 0), []string{malformed + "an integer of 9 bytes"}},
		{"CoreEntitlements wants nothing after the end (P0)", signed(nil, append(bytes.Clone(der), 0)), []string{malformed + "1 bytes after the end"}},
		{"CoreEntitlements wants no endless depth (P0)", signed(nil, mt.DER(jit, mt.Nested(17, true))), []string{malformed + "values nest deeper than 16"}},
		{"CoreEntitlements measured lengths in three ways before CVE-2022-42855 (P0)", entries(mt.TLV(mt.TagSequence,
			mt.TLV(mt.TagUTF8String, []byte(jit)), mt.LongTLV(1, mt.TagBoolean, []byte{0xff}))), []string{malformed + "a length that is not in its shortest form"}},
		{"OSUnserializeXML in OSUnserializeXML.y and CoreFoundation end a comment at different bytes (Siguza)", signed(
			[]byte(strings.Replace(string(xml), "<dict>", "<dict><!---->", 1)), nil), []string{"error ambiguous-entitlements arm64: parsers disagree on where it ends"}},
	})
}
