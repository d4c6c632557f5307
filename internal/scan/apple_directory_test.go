package scan_test

import (
	"testing"

	mt "github.com/codewarrant/codewarrant/internal/machotest"
)

// Which CodeDirectory counts. In xnu 11417: bsd/kern/ubc_subr.c. In Security 61901:
// StaticCode.cpp and superblob.h.
func TestAppleChoosesACodeDirectory(t *testing.T) {
	types := func(types ...uint8) mt.Signature { return mt.Signature{HashTypes: types} }
	at := func(s mt.Signature, slots ...uint32) []byte {
		s.DirectorySlots = slots
		return thin(s)
	}
	const sha1, sha256, truncated, sha384 = mt.HashSHA1, mt.HashSHA256, mt.HashSHA256Truncated, mt.HashSHA384
	testAppleRules(t, []appleRule{
		{"hash_rank in ubc_subr.c ranks SHA-1, SHA-256 truncated, SHA-256 and SHA-384, each of which may be there once", thin(types(sha1, truncated, sha256, sha384)), nil},
		{"cs_validate_csblob in ubc_subr.c refuses a CodeDirectory whose hash ranks equal to the best so far", thin(types(sha256, sha1, sha256)), []string{
			"error ambiguous-signature arm64: CodeDirectory (slot 0) and alternate CodeDirectory (slot 0x1001) both use sha256",
		}},
		{"cs_validate_csblob in ubc_subr.c takes SHA-1, SHA-256, SHA-1, of which the last ranks below the best so far", thin(types(sha1, sha256, sha1)), []string{
			"error ambiguous-signature arm64: CodeDirectory (slot 0) and alternate CodeDirectory (slot 0x1001) both use sha1",
		}},
		{"SecStaticCode::loadCodeDirectories in StaticCode.cpp refuses any hash type twice", thin(types(sha384, sha1, sha1)), []string{
			"error ambiguous-signature arm64: alternate CodeDirectory (slot 0x1000) and alternate CodeDirectory (slot 0x1001) both use sha1",
		}},
		{"SecStaticCode::loadCodeDirectories in StaticCode.cpp stops at the first missing alternate", at(types(sha1, sha256), 0, 0x1001), []string{
			"error ambiguous-signature arm64: (slot 0x1001) without one in slot 0x1000",
		}},
		{"SecStaticCode::loadCodeDirectories in StaticCode.cpp takes code without a CodeDirectory in slot 0 for unsigned", at(types(sha256), 0x1000), []string{
			"error malformed-signature arm64: no CodeDirectory in slot 0",
		}},
		{"SuperBlobCore::find in superblob.h takes the first CodeDirectory of a slot, cs_validate_csblob in ubc_subr.c ranks both", at(types(sha1, sha256), 0, 0), []string{
			"error malformed-signature arm64: a second blob for CodeDirectory (slot 0)",
		}},
		{"CSSLOT_ALTERNATE_CODEDIRECTORY_LIMIT in cs_blobs.h is 0x1005: neither reader looks for a CodeDirectory there", at(types(sha256, sha1), 0, 0x1005), []string{
			"note unusual-signature arm64: in unknown (slot 0x1005)",
		}},
	})
}

// The kernel and Security.framework obey the best CodeDirectory, a CMS signs the
// first, and neither reader compares them.
func TestAppleComparesNoCodeDirectories(t *testing.T) {
	differ := func(edit func(d *mt.Directory)) []byte {
		return thin(mt.Signature{
			Entitlements: xml, EntitlementsDER: der, HashTypes: []uint8{mt.HashSHA1, mt.HashSHA256},
			Directory: func(i int, d *mt.Directory) {
				if i == 1 {
					edit(d)
				}
			},
		})
	}
	const differs = "error ambiguous-signature arm64: CodeDirectory (slot 0) and alternate CodeDirectory (slot 0x1000) differ: "
	const obeys = "cs_blob_init_validated in ubc_subr.c obeys the best CodeDirectory alone: "
	testAppleRules(t, []appleRule{
		{obeys + "its identifier", differ(func(d *mt.Directory) { d.Identifier = "com.other.app" }), []string{differs + `identifier "com.example.app" and "com.other.app"`}},
		{obeys + "its team id", differ(func(d *mt.Directory) { d.TeamID = "A1B2C3D4E5" }), []string{differs + `team id "" and "A1B2C3D4E5"`}},
		{obeys + "its flags", differ(func(d *mt.Directory) { d.Flags |= mt.FlagRuntime }), []string{differs + "flags 0x2(adhoc) and 0x10002(adhoc,runtime)"}},
		{obeys + "its special slots", differ(func(d *mt.Directory) { clear(d.Special[4]) }), []string{
			differs + "only one of them binds XML entitlements (slot 5)",
			"error unbound-blob arm64: alternate CodeDirectory (slot 0x1000) has no hash for XML entitlements (slot 5)",
		}},
		{obeys + "its code limit", differ(func(d *mt.Directory) { d.CodeLimit = 4096 }), []string{
			differs + "code limit 16400 and 4096",
			"error uncovered-bytes arm64: 12304 bytes between the code limit",
		}},
		{obeys + "its page size", differ(func(d *mt.Directory) { d.PageSize = 14 }), []string{differs + "page size 4096 and 16384"}},
		{obeys + "its platform", differ(func(d *mt.Directory) { d.Platform = 1 }), []string{differs + "platform 0 and 1"}},
		{obeys + "its executable segment", differ(func(d *mt.Directory) { d.ExecSegFlags = 0 }), []string{differs + "executable segment flags 0x1 and 0x0"}},
		{obeys + "its version of the runtime", differ(func(d *mt.Directory) { d.Runtime = 14 << 16 }), []string{differs + `runtime version "" and "14.0"`}},
	})
}

// What the CMS signs: SecStaticCode::verifySignature in StaticCode.cpp. The tests'
// own signer is nobody's whom Apple knows, which is told of each.
func TestAppleVerifiesTheCMS(t *testing.T) {
	signer := mt.Certificate{CommonName: "Tester"}.Issue(nil)
	sign := func(s mt.Signature, edit func(*mt.CMS)) mt.Binary {
		c := mt.CMS{Signer: signer}
		if edit != nil {
			edit(&c)
		}
		return mt.Binary{Signature: &s}.Signed(c)
	}
	signed := func(edit func(*mt.CMS)) []byte {
		return sign(mt.Signature{HashTypes: []uint8{mt.HashSHA1, mt.HashSHA256}}, edit).Bytes()
	}
	swapped := sign(mt.Signature{HashTypes: []uint8{mt.HashSHA1, mt.HashSHA256}}, nil)
	swapped.Signature.HashTypes = []uint8{mt.HashSHA256, mt.HashSHA1}
	const untrusted = "error untrusted-signer arm64: certificate signed by unknown authority"
	testAppleRules(t, []appleRule{
		{"SecStaticCode::verifySignature in StaticCode.cpp compares the hash agility attributes with the CodeDirectories", signed(nil), []string{untrusted}},
		{"SecStaticCode::verifySignature in StaticCode.cpp verifies the CMS over the CodeDirectory in slot 0, and no other", swapped.Bytes(), []string{
			"error invalid-signature arm64: the message digest is not that of the content",
		}},
		{"SecStaticCode::verifySignature in StaticCode.cpp tolerates alternates that no hash agility attribute lists", signed(func(c *mt.CMS) { c.NoAgility = true }), []string{
			"error invalid-signature arm64: alternate CodeDirectory (slot 0x1000) is not bound by the signature", untrusted,
		}},
		{"SecStaticCode::verifySignature in StaticCode.cpp wants in attribute 100.9.1 the cdhashes that are there", signed(func(c *mt.CMS) {
			c.CDHashes = func(h [][]byte) [][]byte { return h[:1] }
		}), []string{"error invalid-signature arm64: list of cdhashes: ", untrusted}},
		{"SecStaticCode::cdHashes in StaticCode.cpp has them in the order of their hash types", signed(func(c *mt.CMS) {
			c.CDHashes = func(h [][]byte) [][]byte { return [][]byte{h[1], h[0]} }
		}), []string{"error invalid-signature arm64: list of cdhashes: ", untrusted}},
		{"SecStaticCode::verifySignature in StaticCode.cpp wants in attribute 100.9.2 as many hashes as there are CodeDirectories", signed(func(c *mt.CMS) {
			c.WholeHashes = func(h []mt.AgilityHash) []mt.AgilityHash { return h[:1] }
		}), []string{"error invalid-signature arm64: list of hashes: 1 are listed, 2 CodeDirectories are there", untrusted}},
		{"SecStaticCode::verifySignature in StaticCode.cpp wants in attribute 100.9.2 the hash of each CodeDirectory", signed(func(c *mt.CMS) {
			c.WholeHashes = func(h []mt.AgilityHash) []mt.AgilityHash {
				h[1].Hash = make([]byte, 32)
				return h
			}
		}), []string{"error invalid-signature arm64: list of hashes: the hash of alternate CodeDirectory (slot 0x1000)", untrusted}},
		{"SecStaticCode::verifySignature in StaticCode.cpp takes code that is flagged ad hoc for valid, whatever the CMS says", sign(mt.Signature{Flags: mt.FlagAdHoc}, nil).Bytes(), []string{
			"error ambiguous-signature arm64: a CMS signature in code that is flagged ad hoc", untrusted,
		}},
		{"SecStaticCode::verifySignature in StaticCode.cpp wants a CMS of code that is not flagged ad hoc", thin(mt.Signature{Flags: mt.FlagRuntime}), []string{
			"error malformed-signature arm64: nobody signed it",
		}},
		{"EmbeddedSignatureBlob::component in sigblob.cpp wants the CMS in a BlobWrapper, csblob_find_blob_bytes in ubc_subr.c passes over another", thin(mt.Signature{
			BlobMagic: map[uint32]uint32{mt.SlotCMS: 0xfade7171},
		}), []string{"error malformed-signature arm64: CMS signature (slot 0x10000) has magic 0xfade7171"}},
		{"ubc_cs_reconstitute_code_signature in ubc_subr.c refuses a CMS without a CodeDirectory in slot 0", sign(mt.Signature{DirectorySlots: []uint32{0x1000}}, nil).Bytes(), []string{
			"error malformed-signature arm64: no CodeDirectory in slot 0",
			"error invalid-signature arm64: there is no CodeDirectory in slot 0, the one that is signed",
		}},
	})
}

// What a CodeDirectory may say: cs_validate_codedirectory in ubc_subr.c of xnu 11417,
// CodeDirectory::checkIntegrity in codedirectory.cpp of Security 61901.
func TestAppleValidatesCodeDirectories(t *testing.T) {
	header := func(edit func(h *mt.DirectoryHeader)) []byte {
		return thin(mt.Signature{TeamID: "A1B2C3D4E5", Version: 0x20600, Header: func(_ int, h *mt.DirectoryHeader) { edit(h) }})
	}
	page := func(cpu uint32, log2 uint8) []byte {
		return mt.Binary{CPU: cpu, Signature: &mt.Signature{Directory: func(_ int, d *mt.Directory) { d.PageSize = log2 }}}.Bytes()
	}
	const unread = "error malformed-signature arm64: no CodeDirectory that can be read: CodeDirectory (slot 0): "
	testAppleRules(t, []appleRule{
		{"cs_validate_codedirectory in ubc_subr.c takes version 0x20600, which has fields for all of these rules", header(func(*mt.DirectoryHeader) {}), nil},
		{"cs_validate_codedirectory in ubc_subr.c refuses what is shorter than its struct, of whatever version", thin(mt.Signature{
			Version: 0x20001, Identifier: "a", HashTypes: []uint8{mt.HashSHA1}, PageSizeLog2: 14, NoRequirements: true,
		}), []string{unread + "86 bytes, where the kernel wants 108"}},
		{"cs_validate_codedirectory in ubc_subr.c refuses one byte less than its struct", thin(mt.Signature{
			Version: 0x20001, Identifier: "a.b.c.d.e.f.g.h.i.j.kl", HashTypes: []uint8{mt.HashSHA1}, PageSizeLog2: 14, NoRequirements: true,
		}), []string{unread + "107 bytes, where the kernel wants 108"}},
		{"cs_validate_codedirectory in ubc_subr.c takes as many bytes as its struct", thin(mt.Signature{
			Version: 0x20001, Identifier: "a.b.c.d.e.f.g.h.i.j.klm", HashTypes: []uint8{mt.HashSHA1}, PageSizeLog2: 14, NoRequirements: true,
		}), nil},
		{"cs_find_md in ubc_subr.c knows hash types 1 to 4", header(func(h *mt.DirectoryHeader) { h.HashType = 5 }), []string{unread + "hash type 5 with hashes of 32 bytes"}},
		{"cs_validate_codedirectory in ubc_subr.c wants hashes as long as their type has them", header(func(h *mt.DirectoryHeader) { h.HashSize = 20 }), []string{unread + "hash type 2 with hashes of 20 bytes"}},
		{"cs_validate_codedirectory in ubc_subr.c wants pages of 4 KiB, or of its own 16 KiB", page(0, 14), nil},
		{"cs_validate_codedirectory in ubc_subr.c refuses pages of 16 KiB on Intel, whose own are of 4 KiB", page(mt.CPUX86_64, 14), []string{
			"error malformed-signature x86_64: pages of 16384 bytes, which the kernel for x86_64 refuses",
		}},
		{"cs_validate_codedirectory in ubc_subr.c refuses pages of other sizes", page(0, 13), []string{"error malformed-signature arm64: pages of 8192 bytes, which the kernel for arm64 refuses"}},
		{"cs_validate_codedirectory in ubc_subr.c refuses a page size of 0, which to CodeDirectory::checkIntegrity is one page for everything", page(0, 0), []string{
			"error malformed-signature arm64: pages of 0 bytes",
		}},
		{"cs_validate_codedirectory in ubc_subr.c refuses hashes that begin past the end", header(func(h *mt.DirectoryHeader) { h.HashOffset = h.Length + 1 }), []string{unread + "2 special and 5 code hashes of 32 bytes do not fit"}},
		{"cs_validate_codedirectory in ubc_subr.c refuses special slots that do not fit in front of the hashes", header(func(h *mt.DirectoryHeader) { h.NSpecialSlots = h.HashOffset/32 + 1 }), []string{unread + "7 special and 5 code hashes of 32 bytes do not fit"}},
		{"cs_validate_codedirectory in ubc_subr.c refuses page hashes that do not fit behind the offset", header(func(h *mt.DirectoryHeader) { h.NCodeSlots++ }), []string{unread + "2 special and 6 code hashes of 32 bytes do not fit"}},
		{"cs_validate_codedirectory in ubc_subr.c takes bytes behind the page hashes, which are part of the cdhash", thin(mt.Signature{
			Directory: func(_ int, d *mt.Directory) { d.CodeLimit += 4096 },
			Header:    func(_ int, h *mt.DirectoryHeader) { h.CodeLimit, h.NCodeSlots = h.CodeLimit-4096, h.NCodeSlots-1 },
		}), nil},
		{"CodeDirectory::checkIntegrity in codedirectory.cpp wants a hash for each page up to the code limit", header(func(h *mt.DirectoryHeader) { h.NCodeSlots-- }), []string{
			"error malformed-signature arm64: 4 page hashes for 5 pages",
		}},
		{"CodeDirectory::checkIntegrity in codedirectory.cpp wants a code limit that is not 0", header(func(h *mt.DirectoryHeader) { h.CodeLimit, h.NCodeSlots = 0, 0 }), []string{
			"error uncovered-bytes arm64: 16400 bytes between the code limit 0",
		}},
		{"CodeDirectory::signingLimit in codedirectory.h is codeLimit64 where that is set", header(func(h *mt.DirectoryHeader) { h.CodeLimit64 = uint64(h.CodeLimit) }), nil},
		{"cs_blob_init_validated in ubc_subr.c covers codeLimit, whatever codeLimit64 says", header(func(h *mt.DirectoryHeader) { h.CodeLimit64, h.CodeLimit = uint64(h.CodeLimit), 4096 }), []string{
			"error ambiguous-signature arm64: the code limit is 4096 to the kernel, and 16400 (codeLimit64) to Security.framework",
		}},
		{"hashes in ubc_subr.c follows a scatter vector, and codesign writes none", header(func(h *mt.DirectoryHeader) { h.ScatterOffset = 108 }), []string{unread + "a scatter vector"}},
		{"cs_validate_codedirectory in ubc_subr.c wants an identifier that ends inside", header(func(h *mt.DirectoryHeader) { h.IdentOffset = h.Length }), []string{unread + "identifier: offset"}},
		{"cs_validate_codedirectory in ubc_subr.c takes an identOffset of 0 for no identifier, CodeDirectory::checkIntegrity in codedirectory.cpp refuses it", header(func(h *mt.DirectoryHeader) { h.IdentOffset = 0 }), []string{unread + "identifier: offset 0 is not inside"}},
		{"cs_validate_codedirectory in ubc_subr.c wants a team id that ends inside", header(func(h *mt.DirectoryHeader) { h.TeamOffset = h.Length }), []string{unread + "team id: offset"}},
		{"BlobCore::stringAt in blob.h finds no string in the header of 8 bytes", header(func(h *mt.DirectoryHeader) { h.TeamOffset = 4 }), []string{unread + "team id: offset 4 is not inside"}},
		{"cs_validate_codedirectory in ubc_subr.c refuses linkage that ends past the end", header(func(h *mt.DirectoryHeader) {
			h.LinkageHashType, h.LinkageOffset, h.LinkageSize = mt.HashSHA256, h.Length-19, 20
		}), []string{unread + "20 bytes of linkage do not fit"}},
		{"CodeDirectory::checkIntegrity in codedirectory.cpp refuses pre-encryption hashes that end past the end", header(func(h *mt.DirectoryHeader) { h.PreEncryptOffset = h.HashOffset + 1 }), []string{unread + "160 bytes of hashes from before encryption do not fit"}},
		{"CodeDirectory::checkIntegrity in codedirectory.cpp refuses pre-encryption hashes in the blob's header", header(func(h *mt.DirectoryHeader) { h.PreEncryptOffset = 7 }), []string{unread + "160 bytes of hashes from before encryption do not fit at offset 7"}},
		{"CodeDirectory::checkIntegrity in codedirectory.cpp refuses versions before 0x20001", header(func(h *mt.DirectoryHeader) { h.Version = 0x20000 }), []string{unread + "version 0x20000"}},
		{"CodeDirectory::checkIntegrity in codedirectory.cpp refuses versions after 0x2f000", header(func(h *mt.DirectoryHeader) { h.Version = 0x2f001 }), []string{unread + "version 0x2f001"}},
		{"CS_EXECSEG_ALLOW_UNSIGNED in cs_blobs.h allows unsigned pages in the executable segment, for debugging", thin(mt.Signature{ExecSegFlags: 0x10}), []string{
			"note unusual-signature arm64: flags 0x11 of the executable segment, which permit more than running",
		}},
		{"CS_ALLOWED_MACHO in cs_blobs.h are the flags that cs_blob_init_validated takes from a signature: get-task-allow is none", thin(mt.Signature{Flags: mt.FlagAdHoc | 4}), []string{
			"note unusual-signature arm64: flags 0x4, which the kernel takes from no signature",
		}},
	})
}
